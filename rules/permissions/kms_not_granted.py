"""kms-not-granted: a key encrypts the environment, and no written grant lets the role decrypt with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.environment_keys import ungranted_keys
from lambdalint.application.role_labels import who
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path


class KmsNotGranted(Rule):
    """A function has a KmsKeyArn, and nothing that is written lets its role decrypt with that key.

    **Why**

    Lambda encrypts the environment variables with the key and decrypts them, as the function's role, before
    each start. Where no policy allows that, it rests on a KMS grant that Lambda made when the function was
    created. Such a grant is for the one role: when that is deleted and made anew, by the same name even, or
    the grant is retired, the function fails with `KMSAccessDeniedException` before any of its code runs, and
    nothing in the template says why.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      KeyArn:
        Type: String
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          KmsKeyArn: !Ref KeyArn
          Environment:
            Variables:
              ENDPOINT: https://api.example.com
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      KeyArn:
        Type: String
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          KmsKeyArn: !Ref KeyArn
          Environment:
            Variables:
              ENDPOINT: https://api.example.com
          Policies:
            - Statement:
                - Effect: Allow
                  Action: kms:Decrypt
                  Resource: !Ref KeyArn
    ```

    **Limits**

    Opt-in: the function works as long as nobody touches the role. Only where all that the role grants is
    known. A key that lies outside the template may let the role in by its own policy, which is not seen; one
    of the template whose policy names more than the account is passed over. Code that decrypts by itself is
    for missing-permission.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    - https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    - https://repost.aws/knowledge-center/lambda-kmsaccessdeniedexception-errors
    """

    name = "kms-not-granted"
    severity = "info"
    reads = "template"
    default = False

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        found: dict[Path, list[LambdaFunction]] = {}
        for function in template.functions:
            for key in ungranted_keys(function):
                found.setdefault(key.path, []).append(function)
        for path, functions in found.items():
            globally = path[0] == "Globals"
            yield self.finding(
                f"{who(functions)}: no written grant allows `kms:Decrypt` with the environment's key",
                template.label(path, "decryption rests on a KMS grant that ends with the role"),
                *(
                    function.label("has it from Globals", Role.RELATED, tied=True)
                    for function in functions
                    if globally
                ),
                help="allow `kms:Decrypt` on the key in the role's policies",
                functions=[function.id for function in functions],
            )
