"""secret-per-invocation: a secret or parameter that every invocation reads anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.rate import may_be_idle
from lambdalint.finding import Finding
from lambdalint.python.lifetimes import Life
from lambdalint.python.secret_reads import is_the_same_each_time, is_written
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.secret_reads import SecretRead


class SecretPerInvocation(Rule):
    """A secret or parameter is fetched on every invocation, with nothing to keep it.

    **Why**

    Each invocation waits for one more call, some tens of milliseconds, and Secrets Manager bills every ten
    thousand of them. Under load the calls are throttled (Parameter Store answers 40 a second unless more is
    paid for), and then the function fails for want of a value that hardly ever changes.

    **Bad**

    ```python title=src/app.py
    import os

    import boto3
    import requests

    secrets = boto3.client("secretsmanager")


    def handler(event, context):
        token = secrets.get_secret_value(SecretId=os.environ["TOKEN_SECRET"])["SecretString"]
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get("https://api.example.com/orders", headers=headers, timeout=5).json()
    ```

    **Good**

    ```python title=src/app.py
    import os
    import time

    import boto3
    import requests

    MAX_AGE = 300  # seconds

    secrets = boto3.client("secretsmanager")
    token = None
    fetched = 0.0


    def get_token():
        global token, fetched
        if token is None or time.monotonic() - fetched > MAX_AGE:
            token = secrets.get_secret_value(SecretId=os.environ["TOKEN_SECRET"])["SecretString"]
            fetched = time.monotonic()
        return token


    def handler(event, context):
        headers = {"Authorization": f"Bearer {get_token()}"}
        return requests.get("https://api.example.com/orders", headers=headers, timeout=5).json()
    ```

    Powertools' `parameters.get_secret(name, max_age=300)`, aws-secretsmanager-caching and the AWS Parameters
    and Secrets extension do the same in one line. To keep the value without an age is stale-secret.

    **Limits**

    Opt-in: of 22 findings in real repositories, three are in functions, or on paths of them, that run so
    seldom that nothing is gained by keeping the value. Neither code nor template tells how often they run.

    Known are the calls in `data/secret_reads.toml`; the option `reads` names more, by import path. Silent
    where what is read depends on the event or cannot be told, where code of the application writes it (then
    it is state), where plain parameters are listed by path (they may be data), for functions that are handed
    to a thread pool or a library, in `except` clauses, where only schedules rarer than 15 minutes (or
    a state machine that they start) and deployments invoke the function, and where a template deploys it and
    nothing in sight invokes it. Powertools keeps for five seconds (from version 3 on, for five minutes) where
    no `max_age` is given, and so counts as a cache.

    **References**

    - https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
    - https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
    - https://docs.aws.amazon.com/general/latest/gr/ssm.html
    - https://docs.powertools.aws.dev/lambda/python/latest/utilities/parameters/
    """

    name = "secret-per-invocation"
    severity = "warning"
    reads = "code"
    default = False
    options: ClassVar[Mapping[str, OptionValue]] = {"reads": []}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each read."""
        found = handler.reads_of_secrets(self)
        if not found or may_be_idle(handler):
            return
        for read in found:
            if read.made.life is not Life.INVOCATION or read.caches or handler.seldom:
                continue
            if is_the_same_each_time(handler.evaluator, read) and not _is_state(handler, read):
                yield self._finding(handler, read)

    def _finding(self, handler: Handler, read: SecretRead) -> Finding:
        return self.finding(
            f"the {read.what} is read from {read.reader.store} on each invocation, and nothing keeps it",
            read.module.label(read.call, "read again on every invocation that comes here"),
            *handler.way(read.made),
            help=_advice(read),
            functions=handler.ids,
        )


def _is_state(handler: Handler, read: SecretRead) -> bool:
    """Whether some function of the application writes what this one reads."""
    others = handler.application.handlers
    return any(is_written(read, other.evaluator, other.calls) for other in others)


def _advice(read: SecretRead) -> str:
    if read.reader.store == "AppConfig":
        return "keep the session's token between invocations, or ask Powertools' get_app_config or the agent"
    function = "get_secret" if read.reader.store == "Secrets Manager" else "get_parameter"
    return (
        f"keep it with an age: Powertools' {function}(name, max_age=300), the Parameters and Secrets "
        "extension, or a timestamp beside the value"
    )
