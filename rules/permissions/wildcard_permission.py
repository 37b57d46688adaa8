"""wildcard-permission: a statement of a function's role allows more than can be named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lambdalint.application.advice import BASIC, MSK, VPC, Anywhere, Replacement, replacement
from lambdalint.application.policy_edits import replace_statement
from lambdalint.application.starred import limitable, told
from lambdalint.application.wide import Wide, wide
from lambdalint.application.wording import some, who
from lambdalint.finding import Finding, Fix, Label, Role, Safety, Severity
from lambdalint.rule import Rule
from lambdalint.template.grants import Statement, grants, role_statements
from lambdalint.template.synthesis import is_granted

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.iam.match import Need
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path

_SHOWN_CALLS = 3


class WildcardPermission(Rule):
    """A statement of a function's role has a wildcard for actions, or a star for the resource.

    **Why**

    A function that may do anything with every table does so for whoever finds a way to make it: through an
    injected expression, a dependency that was taken over, a log that leaked its credentials. The code shows
    what a function really calls, and on what; a role that grants just that limits the damage to it.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      GetOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              TABLE_NAME: !Ref Orders
          Policies:
            - Statement:
                - Effect: Allow
                  Action: dynamodb:*
                  Resource: "*"
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
      GetOrder:
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

    A star inside a named resource is right: `bucket/*`, `table/x/index/*`, `parameter/app/*`. So is `*` for
    actions that cannot be limited to resources, such as `xray:PutTraceSegments` or `ec2:DescribeInstances`.

    **Fix**

    Replaces the statement by the SAM policy templates, else the exact statement, that cover every call within
    reach of the handlers with the least excess; in a role written by hand, and in plain CloudFormation, by
    the exact statement. Offered only where every call is understood and every resource can be named without
    a circular dependency. Unsafe: what runs with the role but is not in sight (an extension, a tool) loses
    what the statement gave it.

    **Limits**

    A star for the resource is right where only run time tells on what the code acts: what an event or an
    answer of AWS names, a loop over all accounts. It is flagged where every call of an action that is in
    sight names its resource, or where all calls are in sight and none needs the action. Where calls may be
    hidden, as in code that is not Python, it is flagged only if the function's environment names a resource
    of the template that the action can be limited to, and the template has what invokes the function.
    Wildcards for actions are flagged in any case, but for those that AWS's documentation prescribes for one
    resource, such as `kms:ReEncrypt*`, and those that grants of the CDK (`bucket.grant_read`) write.

    Only roles and policies that functions of the template use are read; a role outside it is unknown. Any
    Condition that limits resources, tags, services or an organisation silences the rule; one about the
    network, time or transport does not. Creating and writing logs on `*` is what
    `AWSLambdaBasicExecutionRole` grants, and network interfaces on `*` what `AWSLambdaVPCAccessExecutionRole`
    grants: `info`, once a policy. A library that is not known by name may call AWS by itself: no fix.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-permissions.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
    - https://docs.aws.amazon.com/service-authorization/latest/reference/
    """

    name = "wildcard-permission"
    severity = "warning"
    reads = "both"
    fix = "unsafe"
    security_severity = "6.0"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        """One finding for each statement that is too wide; what every function needs, once a policy."""
        advised: set[Path] = set()
        for statement, functions in role_statements(template):
            found = wide(statement)
            if found is None or (found.kind == "action" and _is_of_the_cdk(template, statement)):
                continue
            if found.is_logging or found.is_networking:
                if statement.policy not in advised:
                    advised.add(statement.policy)
                    yield self._routine(template, statement, found, functions)
                continue
            anywhere: Anywhere = "told" if found.everywhere else "none"
            hints: Sequence[Need] = ()
            if found.kind == "resource":
                anywhere = "all"
                named = limitable(application, statement, functions, found)
                if not named:
                    continue
                found = replace(found, actions=named)
                hints = tuple(told(functions, named))
            instead = replacement(application, statement, functions, anywhere, hints)
            yield self._finding(template, statement, found, functions, instead)

    def _finding(
        self,
        template: Template,
        statement: Statement,
        found: Wide,
        functions: Sequence[LambdaFunction],
        instead: Replacement,
    ) -> Finding:
        known = found.kind in ("action", "resource") and instead.complete
        edits = replace_statement(template, statement, instead) if known else None
        return self.finding(
            f"{who([each.logical_id for each in functions])} may {_what(found)}",
            template.label(found.part.path, _place(found)),
            *_owners(statement, functions),
            *_proofs(found, instead),
            help=instead.text(),
            fix=Fix("Grant what the code needs", edits, Safety.UNSAFE) if edits else None,
            functions=[function.id for function in functions],
        )

    def _routine(
        self, template: Template, statement: Statement, found: Wide, functions: Sequence[LambdaFunction]
    ) -> Finding:
        managed = BASIC if found.is_logging else VPC
        if not found.is_logging and _adds(template, functions, MSK):
            managed = MSK
        what = "write to every log group" if found.is_logging else "manage every network interface"
        others = len(statement.actions) > len(found.actions)
        if statement.owner == "function" and _adds(template, functions, managed):
            advice = f"SAM attaches `{managed}` to the role by itself: remove " + (
                "these actions." if others else "the statement."
            )
        else:
            advice = f"Attach the managed policy `{managed}`, which AWS keeps up to date, instead" + (
                " of these actions." if others else "."
            )
        return self.finding(
            f"{who([each.logical_id for each in functions])} may {what} by a statement of its own",
            template.label(found.part.path, f"`{managed}` grants this"),
            *_owners(statement, functions),
            help=advice,
            functions=[function.id for function in functions],
            severity=Severity.INFO,
        )


def _is_of_the_cdk(template: Template, statement: Statement) -> bool:
    """Whether all wildcards are those that `bucket.grant_read` and its like write."""
    return is_granted(template, statement.path, [part.text for part in statement.actions if "*" in part.text])


def _adds(template: Template, functions: Sequence[LambdaFunction], managed: str) -> bool:
    """Whether SAM attaches a managed policy to the roles that it makes for the functions."""
    return all(managed in grants(template, function).implicit for function in functions)


def _what(found: Wide) -> str:
    text = found.part.text
    if found.kind == "not-action":
        return f"do everything but `{text}`"
    if found.kind == "not-resource":
        return f"act on everything but `{text}`"
    if found.kind == "action":
        return f"do `{text}`" + (" on every resource" if found.everywhere else "")
    names = some([action.full for action in found.actions])
    return f"{names} on " + ("every resource" if not text.strip("*") else f"`{text}`")


def _place(found: Wide) -> str:
    if found.kind == "action":
        return "a wildcard grants every action that it matches, and those that AWS adds"
    if found.kind == "resource":
        return "names no resource"
    return "grants all that it does not name, and what AWS adds"


def _owners(statement: Statement, functions: Sequence[LambdaFunction]) -> Iterator[Label]:
    """The functions that run with a role or policy that stands elsewhere."""
    if statement.owner == "function":
        return
    for function in functions:
        yield function.label("runs with this role", Role.RELATED, tied=True)


def _proofs(found: Wide, instead: Replacement) -> Iterator[Label]:
    """The first calls that the statement serves, and could do without the star."""
    shown = 0
    names = {action.full for action in found.actions}
    for needed in sorted(instead.needed, key=lambda needed: needed.need.action not in names):
        for call in needed.calls[:1]:
            if shown < _SHOWN_CALLS:
                shown += 1
                yield call.module.label(call.node, f"needs {needed.need.action}", Role.RELATED)
