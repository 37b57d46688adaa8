"""stale-secret: a secret that is read once and kept for as long as the environment lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.rate import LIFETIME, seldom
from lambdalint.finding import Finding, Role, Severity
from lambdalint.python.control import ArmKind, arms
from lambdalint.python.keeping import uses
from lambdalint.python.lifetimes import Life, Place
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.secret_reads import SecretRead


_BRANCHES = (ArmKind.IF, ArmKind.ELSE)


class StaleSecret(Rule):
    """A secret is read once and kept for the life of the environment, so its rotation is never seen.

    **Why**

    Lambda keeps an execution environment for as long as it is busy: for hours, and with SnapStart what init
    read is part of the snapshot for as long as the version is used. What was read at module level, or by the
    first invocation, stays as it was. Once the secret is rotated, every warm environment goes on with the old
    one, and each call that it makes is refused until Lambda happens to retire the environment.

    **Bad**

    ```python title=src/app.py
    import os

    import boto3
    import requests

    secrets = boto3.client("secretsmanager")
    TOKEN = secrets.get_secret_value(SecretId=os.environ["TOKEN_SECRET"])["SecretString"]


    def handler(event, context):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.get("https://api.example.com/orders", headers=headers, timeout=5).json()
    ```

    **Good**

    ```python title=src/app.py
    import os

    import requests
    from aws_lambda_powertools.utilities import parameters


    def handler(event, context):
        token = parameters.get_secret(os.environ["TOKEN_SECRET"], max_age=300)
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get("https://api.example.com/orders", headers=headers, timeout=5).json()
    ```

    What keeps a value with an age will do: Powertools, aws-secretsmanager-caching, the AWS Parameters and
    Secrets extension, a timestamp beside the value. So will reading the secret again when it is refused.

    **Limits**

    Known are the calls in `data/secret_reads.toml`; the option `reads` names more, by import path. Kept
    configuration of AppConfig is `info`, and so is a plain parameter, but only with the option `parameters`:
    most are names of resources, which do not change while environments live. Any read of the same secret
    that an invocation repeats counts as seeing the rotation, as does a cache with an age, whatever it is.
    Decrypting an environment variable with KMS is not this. Silent where only schedules rarer than six hours
    and deployments invoke the function: no environment lives that long.

    **References**

    - https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
    - https://docs.aws.amazon.com/lambda/latest/dg/with-secrets-manager.html
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    - https://docs.powertools.aws.dev/lambda/python/latest/utilities/parameters/
    """

    name = "stale-secret"
    severity = "warning"
    reads = "code"
    options: ClassVar[Mapping[str, OptionValue]] = {"reads": [], "parameters": False}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each read."""
        found = handler.reads_of_secrets(self)
        if not found or seldom(handler, LIFETIME):
            return
        plain = bool(handler.application.options(self)["parameters"])
        again = [read for read in found if read.made.life in (Life.INVOCATION, Life.RENEWED)]
        seen: dict[int, int] = {}
        for read in found:
            if not read.made.kept or any(read.may_read_the_same(other) for other in again):
                continue
            if not read.is_secret and read.reader.kind == "parameter" and not plain:
                continue
            proof = _proof(handler, read)
            branches = {
                id(arm.node): id(arm.part) for arm in arms(read.module, read.call) if arm.kind in _BRANCHES
            }
            # The arms of one `if` are one finding.
            other_arm = any(seen.get(node, part) != part for node, part in branches.items())
            if proof is not None and not other_arm:
                seen.update(branches)
                yield self._finding(handler, read, *proof)

    def _finding(self, handler: Handler, read: SecretRead, place: Place, role: str) -> Finding:
        when = "at init" if read.made.init or read.made.by_import else "by one invocation"
        unseen = "its rotation is never seen" if read.is_secret else "its changes are never seen"
        tied = handler.ids[0] if len(handler.ids) == 1 else None
        return self.finding(
            f"the {read.what} is read {when} and kept for the life of the environment: {unseen}",
            read.module.label(read.call, f"read from {read.reader.store} {when}, once"),
            place.module.label(place.node, role, Role.RELATED, tied),
            help=_advice(read),
            functions=handler.ids,
            severity=None if read.is_secret else Severity.INFO,
        )


def _proof(handler: Handler, read: SecretRead) -> tuple[Place, str] | None:
    """Where an invocation reads what was kept, or what keeps it; None where nothing does."""
    keeper = read.made.keeper
    if keeper is not None and not read.made.init and not read.made.by_import:
        return keeper, "kept from here on"
    found = uses(handler.evaluator, handler.reach, read.module, read.call)
    return (found[0], "used here, however old it is by then") if found else None


def _advice(read: SecretRead) -> str:
    if read.reader.store == "AppConfig":
        return "ask for it in the handler, through Powertools' get_app_config or the AppConfig agent"
    function = "get_secret" if read.reader.store == "Secrets Manager" else "get_parameter"
    again = "; or read it again when it is refused" if read.is_secret else ""
    return (
        f"read it in the handler through what keeps it with an age, such as Powertools' "
        f"{function}(name, max_age=300) or the Parameters and Secrets extension{again}"
    )
