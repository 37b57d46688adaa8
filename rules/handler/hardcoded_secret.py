"""hardcoded-secret: a key, token or password stands in code or in an environment variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.environment import secrets_written
from lambdalint.finding import Finding, Role
from lambdalint.python.hardcoded_secrets import WrittenSecret, written_secrets
from lambdalint.python.unset import chosen_by_variable
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.finding import Label
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template


class HardcodedSecret(Rule):
    """A key, token or password stands in code or in an environment variable.

    **Why**

    Whoever can read the repository, the package or the function's configuration has the secret, and it
    stays in the history when it is taken out. It cannot be rotated without a deployment. A function needs no
    AWS keys at all: its role gives it credentials that change by themselves.

    **Bad**

    ```python title=src/app.py
    import pymysql

    connection = pymysql.connect(host="db.internal", user="app", password="Tr0ub4dor&3")


    def handler(event, context):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    ```

    **Good**

    ```python title=src/app.py
    import json
    import os

    import pymysql
    from aws_lambda_powertools.utilities import parameters


    def handler(event, context):
        secret = json.loads(parameters.get_secret(os.environ["DB_SECRET"], max_age=300))
        connection = pymysql.connect(host="db.internal", user="app", password=secret["password"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    ```

    A secret that was committed is no secret any more: revoke it, then take it out.

    **Limits**

    Knows secrets that their vendors made to be known (`data/secret_patterns.toml`: AWS and other vendors'
    keys and tokens, private keys), the secret keys given to SDK clients, and literal passwords given to
    calls that log in. Never judges by length or by the name of a variable. Documented examples, placeholders
    and what is written by hand to look like a key are left alone; so are passwords for the machine itself,
    and those in branches that an environment variable chooses. `patterns` adds kinds of secrets (what it is:
    regular expression), `allow` leaves strings alone, `*` for any part. In templates, secret-in-env speaks
    instead where both do.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-encryption
    - https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """

    name = "hardcoded-secret"
    severity = "error"
    reads = "both"
    security_severity = "8.0"
    options: ClassVar[Mapping[str, OptionValue]] = {"patterns": {}, "allow": []}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each string in code."""
        more = self._patterns(handler.application)
        for secret in written_secrets(handler.evaluator, handler.reach, more):
            if self._is_allowed(handler.application, _text(secret)) or _is_for_local_use(handler, secret):
                continue
            related = ((secret.call, "given to this call"), (secret.key_id, "its key id"))
            yield self.finding(
                f"{_article(secret.what)} stands in the code",
                secret.module.label(secret.node, "whoever reads the code has it"),
                *(place[0].label(place[1], what, Role.RELATED) for place, what in related if place),
                help=_advice(secret.what),
                functions=handler.ids,
            )

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        """One finding for each variable where it is written."""
        for variable in secrets_written(template, self._patterns(application)):
            text = getattr(variable.value.value, "value", "")
            if self._is_allowed(application, str(text)):
                continue
            yield self.finding(
                f"{_article(variable.what)} stands in the environment variable `{variable.name}`",
                template.label(variable.value.path, "whoever reads the template or the function has it"),
                *(_label(function, "gets it") for function in variable.functions),
                help=_advice(variable.what),
                functions=[function.id for function in variable.functions],
            )

    def _patterns(self, application: Application) -> Mapping[str, str]:
        more = application.options(self)["patterns"]
        assert isinstance(more, dict)
        return more

    def _is_allowed(self, application: Application, text: str) -> bool:
        allowed = application.options(self)["allow"]
        assert isinstance(allowed, list)
        return any(fnmatchcase(text, pattern) for pattern in allowed)


def _label(function: LambdaFunction, message: str) -> Label:
    path = function.resource.path
    return function.template.label(path, message, Role.RELATED, key=True, function=function.id)


def _text(secret: WrittenSecret) -> str:
    value = getattr(secret.node, "evaluated_value", "")
    return value if isinstance(value, str) else ""


def _is_for_local_use(handler: Handler, secret: WrittenSecret) -> bool:
    if secret.call is None:
        return False
    return chosen_by_variable(handler.evaluator, handler.reach, handler.environment, *secret.call)


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "AEIOaeio" else f"a {what}"


def _advice(what: str) -> str:
    if what.startswith("AWS"):
        return "revoke it and leave keys out: the function's role gives the SDK its credentials"
    return "revoke it, keep the new one in Secrets Manager and read it from there"
