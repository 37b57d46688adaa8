"""broad-managed-policy: a managed policy that grants everything of a service, or of AWS, on a function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.application.instead import instead
from lambdalint.application.policy_edits import replace_item
from lambdalint.application.wording import who
from lambdalint.finding import Finding, Fix, Label, Role, Safety
from lambdalint.iam import managed
from lambdalint.rule import Rule
from lambdalint.template.grants import ManagedGrant, grants

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path

_BROAD = re.compile(
    r".*Full_?Access\w*|.*_FullAccess|Administrator.*|.*Administrator|.*PowerUser\w*|SecretsManagerReadWrite"
    r"|ReadOnlyAccess|ViewOnlyAccess|\w*AdminAccess"
)


class BroadManagedPolicy(Rule):
    """A managed policy that grants everything of a service, or of AWS, on a function.

    **Why**

    `AmazonDynamoDBFullAccess` lets a function delete every table of the account, and `AdministratorAccess`
    everything else. Whoever makes the function do what it should not, by an injected expression or a
    dependency that was taken over, can do all of that. Such policies are made for people.

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
            - AmazonDynamoDBFullAccess
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

    Puts the SAM policy templates, else the exact statements, that cover every call within reach in its place
    in `Policies`. Offered only where every call is understood and every resource can be named. Unsafe: what
    runs with the role but is not in sight loses what the policy gave it. In a role that is written out there
    is advice only.

    **Limits**

    Only policies of AWS, by name or ARN: FullAccess, PowerUser, Administrator and the like, and
    ReadOnlyAccess, which reads all data of the account.

    **References**

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#bp-use-aws-defined-policies
    - https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html
    """

    name = "broad-managed-policy"
    severity = "warning"
    reads = "both"
    fix = "unsafe"
    security_severity = "6.0"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        """One finding for each policy, with all the functions that get it there."""
        found: dict[Path, tuple[ManagedGrant, list[LambdaFunction]]] = {}
        for function in template.functions:
            for grant in grants(template, function).managed:
                name = managed.policy_name(grant.name.replace("${AWS::Partition}", "aws"))
                if name is not None and _BROAD.fullmatch(name):
                    users = found.setdefault(grant.path, (grant, []))[1]
                    users.extend([] if function in users else [function])
        for path, (grant, functions) in found.items():
            yield self._finding(template, application, path, grant, functions)

    def _finding(
        self,
        template: Template,
        application: Application,
        path: Path,
        grant: ManagedGrant,
        functions: Sequence[LambdaFunction],
    ) -> Finding:
        name = grant.name.rpartition("/")[2]
        better = instead(application, functions, path)
        edits = None
        if better.sam and better.complete and path[1] == functions[0].logical_id:
            edits = replace_item(template, path, better.policies())
        return self.finding(
            f"{who([each.logical_id for each in functions])} may do all that `{name}` grants",
            template.label(path, _what(name)),
            *_owners(path, functions),
            *better.labels(),
            help=better.text(),
            fix=Fix("Grant what the code needs", edits, Safety.UNSAFE) if edits else None,
            functions=[function.id for function in functions],
        )


def _what(name: str) -> str:
    statements = managed.statements(name) or ()
    actions = [action for statement in statements for action in statement.actions]
    shown = [f"`{action}`" for action in actions[:3]]
    if not shown or any(statement.inverted for statement in statements):
        return "made for people, not for functions"
    return f"grants {', '.join(shown)}" + (f" and {len(actions) - 3} more" if len(actions) > 3 else "")


def _owners(path: Path, functions: Sequence[LambdaFunction]) -> Iterator[Label]:
    for function in functions:
        if path[1] != function.logical_id:
            yield function.label("runs with this role", Role.RELATED, tied=True)
