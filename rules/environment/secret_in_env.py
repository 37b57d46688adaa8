"""secret-in-env: a secret is given to a function as an environment variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.secret_variables import SecretVariable, secret_variables
from lambdalint.finding import Finding, Label, Role, Severity
from lambdalint.rule import OptionValue, Rule
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class SecretInEnv(Rule):
    """A secret is given to a function as an environment variable.

    **Why**

    Whoever may read a function's configuration (`lambda:GetFunctionConfiguration`, which every read-only role
    has) reads its variables in plain text, as do the console, deployment logs and every library of the
    package. A secret in the template is in the repository's history too. `NoEcho` hides a parameter in
    CloudFormation only, not the variable that it ends up in. And none of these secrets can be rotated without
    a deployment.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      PaymentToken:
        Type: String
        NoEcho: true
    Resources:
      Charge:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              PAYMENT_TOKEN: !Ref PaymentToken
              DB_PASSWORD: Tr0ub4dor&3
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      PaymentToken:
        Type: String
        NoEcho: true
    Resources:
      PaymentSecret:
        Type: AWS::SecretsManager::Secret
        Properties:
          SecretString: !Ref PaymentToken
      Charge:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              PAYMENT_SECRET: !Ref PaymentSecret
              DB_PASSWORD_PARAMETER: /shop/db-password
          Policies:
            - AWSSecretsManagerGetSecretValuePolicy:
                SecretArn: !Ref PaymentSecret
            - SSMParameterReadPolicy:
                ParameterName: shop/db-password
    ```

    Read it in the code, and keep it for some minutes: `parameters.get_secret(os.environ["PAYMENT_SECRET"],
    max_age=300)` with Powertools.

    **Limits**

    As text, known are secrets that their vendors made to be known (`data/secret_patterns.toml`), passwords in
    connection strings, and texts under the name of a secret (`…PASSWORD`, `…TOKEN`, `…API_KEY`, …) that
    can be one: nothing is judged by its length or its randomness alone. Placeholders, names, paths and ARNs
    are left alone. A parameter takes a secret if it has NoEcho or the name of a secret, unless name,
    description or default say that it takes the name of one. What CloudFormation looks up when it deploys
    (`{{resolve:secretsmanager:…}}`, the secret of an access key) is a warning: it is in no repository.
    `patterns` adds kinds of secrets (what it is: regular expression), `allow` leaves variables alone by name,
    `*` for any part.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    - https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html#creds
    """

    name = "secret-in-env"
    severity = "error"
    reads = "template"
    security_severity = "7.0"
    supersedes = ("hardcoded-secret",)
    options: ClassVar[Mapping[str, OptionValue]] = {"patterns": {}, "allow": []}

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        """One finding for each variable where its value is written."""
        options = application.options(self)
        more, allowed = options["patterns"], options["allow"]
        assert isinstance(more, dict)
        assert isinstance(allowed, list)
        for secret in secret_variables(template, more):
            if any(fnmatchcase(secret.variable.name, pattern) for pattern in allowed):
                continue
            message, label, help = _MESSAGES[secret.way]
            words = {"name": secret.variable.name, "what": secret.what}
            yield self.finding(
                message.format(**words),
                template.label(secret.outcome.path, label.format(**words)),
                *_proofs(template, secret),
                help=help,
                functions=secret.variable.ids,
                severity=Severity.WARNING if secret.way == "lookup" else None,
            )


_MESSAGES = {
    "text": (
        "a {what} stands in the environment variable `{name}`",
        "whoever reads the template or the function has it",
        "revoke it, keep the new one in Secrets Manager, and give the function its name",
    ),
    "parameter": (
        "the environment variable `{name}` shows the secret that the parameter `{what}` takes",
        "whoever reads the function's configuration has it",
        "keep it in Secrets Manager or as a SecureString, and give the function its name",
    ),
    "lookup": (
        "the environment variable `{name}` shows a secret that is looked up at deployment",
        "in plain text from then on, and never rotated",
        "give the function the secret's name, and read it in the code",
    ),
}


def _proofs(template: Template, secret: SecretVariable) -> Iterator[Label]:
    if secret.proof:
        what = "takes a secret: NoEcho hides it here only" if secret.hidden else "takes a secret"
        yield template.label(
            secret.proof, what if secret.way == "parameter" else "makes it", Role.RELATED, key=True
        )
    value = secret.outcome.value
    if secret.way == "text" and secret.outcome.parameter and isinstance(value, Known):
        yield template.label(
            ("Parameters", secret.outcome.parameter, "Default"), "the default of the parameter", Role.RELATED
        )
    if secret.variable.path[0] == "Globals":
        for function in secret.variable.functions:
            yield function.label("gets it", Role.RELATED, tied=True)
