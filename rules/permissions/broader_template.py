"""broader-template: a SAM policy template that grants kinds of access that the code does not use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lambdalint.application.instead import Instead, instead
from lambdalint.application.policy_edits import replace_item
from lambdalint.application.wording import and_
from lambdalint.finding import Finding, Fix, Safety
from lambdalint.iam import actions, policy_templates
from lambdalint.iam.actions import AccessLevel
from lambdalint.rule import Rule
from lambdalint.template.grants import TemplateGrant, grants

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template

_KINDS = {
    AccessLevel.LIST: "read",
    AccessLevel.READ: "read",
    AccessLevel.TAGGING: "write",
    AccessLevel.WRITE: "write",
    AccessLevel.PERMISSIONS: "write",  # an object's ACL is written with the object
}


class BroaderTemplate(Rule):
    """A SAM policy template that grants kinds of access that the code does not use.

    **Why**

    `DynamoDBCrudPolicy` on a function that only reads lets whoever takes it over delete the orders.
    `DynamoDBReadPolicy` is as short, and says besides what the function does.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              TABLE_NAME: !Ref Orders
          Policies:
            - DynamoDBCrudPolicy:
                TableName: !Ref Orders
    ```

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


    def handler(event, context):
        return table.get_item(Key={"id": event["id"]})["Item"]
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              TABLE_NAME: !Ref Orders
          Policies:
            - DynamoDBReadPolicy:
                TableName: !Ref Orders
    ```

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


    def handler(event, context):
        return table.get_item(Key={"id": event["id"]})["Item"]
    ```

    **Fix**

    Puts the template with the least excess, else the exact statement, in its place. Unsafe: what runs with
    the role but is not in sight loses what the template gave it.

    **Limits**

    Only where every call on the service is understood, with its resource. A template that is too wide in
    actions but not in kinds of access is left alone, and so is one that no call needs at all
    (unused-permission).

    **References**

    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
    """

    name = "broader-template"
    severity = "info"
    reads = "both"
    fix = "unsafe"

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        """One finding for each template that is broader than what the code uses."""
        template = function.template
        for grant in grants(template, function).policy_templates:
            known = policy_templates.find(grant.name)
            if known is None or not known.scoped or len(_kinds(known.granted)) < 2:
                continue
            better = instead(application, [function], grant.path)
            if better.served and better.complete and better.sure and _is_less(better, known.granted):
                yield self._finding(template, function, grant, better, known.granted)

    def _finding(
        self,
        template: Template,
        function: LambdaFunction,
        grant: TemplateGrant,
        better: Instead,
        granted: frozenset[str],
    ) -> Finding:
        used = _kinds(needed.need.action for needed in better.served)
        edits = replace_item(template, grant.path, better.policies())
        return self.finding(
            f"{function.logical_id} may {and_(sorted(_kinds(granted) - used))} by `{grant.name}`, "
            f"and its code does not",
            template.label(grant.path, f"the code uses it to {and_(sorted(used))}"),
            *better.labels(),
            help=better.text(),
            fix=Fix("Grant what the code needs", edits, Safety.UNSAFE) if edits else None,
            functions=[function.id],
        )


def _kinds(found: Iterable[str]) -> frozenset[str]:
    return frozenset(_KINDS[known.level] for action in found if (known := actions.find(action)))


def _is_less(better: Instead, granted: frozenset[str]) -> bool:
    """Whether what would serve grants fewer kinds of access."""
    instead_ = {
        action
        for advice in better.advice
        for action in (
            {action for use in advice.templates for action in use.template.granted}
            or {need.action for need in advice.needs}
        )
    }
    return _kinds(instead_) < _kinds(granted)
