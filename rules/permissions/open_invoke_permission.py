"""open-invoke-permission: a function that everyone, or every customer of a service, may invoke."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, FunctionId
from lambdalint.rule import Rule
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Resource, Template

# Services whose pages show `SourceArn` or `SourceAccount` in the permission to invoke a function:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html. The others may not send them.
_SEND_SOURCE = frozenset(
    {
        "apigateway",
        "cognito-idp",
        "config",
        "elasticloadbalancing",
        "events",
        "iot",
        "logs",
        "s3",
        "secretsmanager",
        "ses",
        "sns",
    }
)
_LIMITS = ("SourceArn", "SourceAccount", "PrincipalOrgID", "EventSourceToken")


class OpenInvokePermission(Rule):
    """An AWS::Lambda::Permission lets everyone, or every customer of a service, invoke the function.

    **Why**

    A permission for `*` is one for every account of AWS. One for a service says nothing of whose bucket,
    topic or rule may use it: anyone can set up one of their own, in their account, that sends events of
    their making to the function, which takes them for its own.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Resize:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
      MayResize:
        Type: AWS::Lambda::Permission
        Properties:
          Action: lambda:InvokeFunction
          FunctionName: !Ref Resize
          Principal: s3.amazonaws.com
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Resize:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
      MayResize:
        Type: AWS::Lambda::Permission
        Properties:
          Action: lambda:InvokeFunction
          FunctionName: !Ref Resize
          Principal: s3.amazonaws.com
          SourceAccount: !Ref AWS::AccountId
    ```

    **Limits**

    Services that are not known to send the source are passed over, and permissions of functions that the
    template does not hold are judged alike. Where a function URL of the template asks for no authorization,
    public-function-url speaks of it.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    - https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
    """

    name = "open-invoke-permission"
    severity = "error"
    reads = "template"
    security_severity = "7.0"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for permission in template.of_type("AWS::Lambda::Permission"):
            if _limited(permission):
                continue
            for principal in permission.get("Principal"):
                text = principal.value.value if isinstance(principal.value, Known) else None
                if principal.parameter or not isinstance(text, str):
                    continue
                service = text.split(".")[0] if text.partition(".")[2] else ""
                if text != "*" and not (".amazonaws.com" in text and service in _SEND_SOURCE):
                    continue
                everyone = text == "*"
                yield self.finding(
                    f"`{permission.logical_id}` lets "
                    + ("everyone" if everyone else f"every customer's {text}")
                    + " invoke the function",
                    template.label(principal.path, "neither `SourceArn` nor `SourceAccount` limits it"),
                    help="name the account or service that calls it"
                    if everyone
                    else "add `SourceArn`, or `SourceAccount: !Ref AWS::AccountId` where that is circular",
                    functions=_functions(template, permission),
                )


def _limited(permission: Resource) -> bool:
    return any(permission.get(name) for name in _LIMITS) or "Fn::Transform" in permission.properties


def _functions(template: Template, permission: Resource) -> list[FunctionId]:
    named = (one for found in permission.get("FunctionName") for one in template.identity.of(found.value))
    found = (template.function(name) for name in dict.fromkeys(named))
    return [function.id for function in found if function is not None]
