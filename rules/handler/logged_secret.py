"""logged-secret: a secret goes to print or a logger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.environment import holding_no_secret
from lambdalint.finding import Finding, Role
from lambdalint.python.logged import logged_secrets
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class LoggedSecret(Rule):
    """A secret, or the whole environment, goes to print or a logger.

    **Why**

    Whatever a function prints is kept in CloudWatch Logs, often for ever, and is shipped on to other systems;
    more people can read logs than secrets. The environment as a whole holds the role's keys besides what the
    template put there.

    **Bad**

    ```python title=src/app.py
    import os

    import boto3

    secrets = boto3.client("secretsmanager")


    def handler(event, context):
        print(dict(os.environ))
        secret = secrets.get_secret_value(SecretId=os.environ["SECRET_ARN"])
        print("got", secret)
        return {"ok": True}
    ```

    **Good**

    ```python title=src/app.py
    import os

    import boto3

    secrets = boto3.client("secretsmanager")


    def handler(event, context):
        print("stage", os.environ["STAGE"])
        secret = secrets.get_secret_value(SecretId=os.environ["SECRET_ARN"])
        print("got version", secret["VersionId"])
        return {"ok": True}
    ```

    **Limits**

    Sees what is read from Secrets Manager, decrypted from Parameter Store or KMS, made by STS and Cognito,
    and what is called a password, key or token (`data/logged_secrets.toml`; `names` adds more), shown as it
    is, in text, dicts and JSON. Not what is masked, cut or hashed first, nor what a logger formats away. A
    whole event is not looked into.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
    - https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html
    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-encryption
    """

    name = "logged-secret"
    severity = "warning"
    reads = "code"
    security_severity = "6.5"
    options: ClassVar[Mapping[str, OptionValue]] = {"names": []}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each call that logs."""
        more = handler.application.options(self)["names"]
        assert isinstance(more, list)
        read = {id(each.call): (each.module, each.call) for each in handler.secret_reads if each.is_secret}
        plain = holding_no_secret(handler)
        for logged in logged_secrets(handler.evaluator, handler.reach, read, plain, more):
            origin = logged.origin
            shown = origin is not None and not logged.module.contains(logged.call, origin[1])
            yield self.finding(
                f"the {logged.what} goes to the log",
                logged.module.label(logged.node, "kept in CloudWatch Logs, for all who can read them"),
                *([origin[0].label(origin[1], "read here", Role.RELATED)] if origin and shown else ()),
                help="leave it out, or log what names it: its ARN, version or length",
                functions=handler.ids,
            )
