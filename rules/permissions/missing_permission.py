"""missing-permission: a call that nothing in the function's role allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.application.advice import written
from lambdalint.application.naming import nameable
from lambdalint.application.permissions import Missing, permissions
from lambdalint.application.wording import and_, some, who
from lambdalint.finding import Finding, Label, Role
from lambdalint.iam import match
from lambdalint.iam.targets import NONE, UNKNOWN
from lambdalint.python.unset import deciding_variables
from lambdalint.rule import Rule
from lambdalint.template.grants import grants
from lambdalint.template.values import Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction

_SHOWN = 3


class MissingPermission(Rule):
    """A call that nothing in the function's role allows.

    **Why**

    AWS refuses the call with AccessDenied, every time. Unit tests with a mocked SDK do not see it, and nor
    does the deployment: it shows when the first event takes that path.

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
            - DynamoDBReadPolicy:
                TableName: !Ref Orders
    ```

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


    def handler(event, context):
        table.put_item(Item=event)
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
            - DynamoDBWritePolicy:
                TableName: !Ref Orders
    ```

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


    def handler(event, context):
        table.put_item(Item=event)
    ```

    **Limits**

    Silent where the function's role is not all in sight: a role or policy outside the template, a managed
    policy whose content is not known, a macro. A grant that may cover the call counts as one that does: by a
    parameter, in one branch of a condition, under a Condition. Calls with other credentials, and calls behind
    an `if` on an environment variable that the template does not set, are left out. Buckets, keys, queues,
    topics, secrets and roles can let a function in by policies of their own; calls on these are reported only
    where the resource is in the template and has none. That the statement names the resource by an ARN of the
    wrong kind is another rule's business. Calls on one resource that lack the same grant are one finding, at
    the first.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html
    - https://docs.aws.amazon.com/service-authorization/latest/reference/
    """

    name = "missing-permission"
    severity = "error"
    reads = "both"

    def check_application(self, application: Application) -> Iterator[Finding]:
        """One finding for each grant that functions lack."""
        groups: dict[tuple[object, ...], tuple[list[Missing], list[LambdaFunction]]] = {}
        for function in application.functions:
            for missing in _grouped(application, function):
                actions = tuple(one.needed.need.action for one in missing)
                key = (id(missing[0].call.node), actions)
                groups.setdefault(key, (missing, []))[1].append(function)
        for missing, functions in groups.values():
            yield self._finding(missing, functions)

    def _finding(self, missing: Sequence[Missing], functions: Sequence[LambdaFunction]) -> Finding:
        first, function = missing[0], functions[0]
        actions = list(dict.fromkeys(one.needed.need.action for one in missing))
        target = first.needed.need.target
        on = "" if target in (NONE, UNKNOWN) else f" on {target.shown}"
        verdict = f"its role denies {some(actions)}" if first.deny else f"nothing grants {some(actions)}"
        calls = list(dict.fromkeys(call for one in missing for call in one.needed.certain))
        return self.finding(
            f"{who([each.logical_id for each in functions])} may not call `{first.call.api}`: {verdict}{on}",
            first.call.module.label(first.call.node, f"needs {and_(actions[:_SHOWN])}"),
            *_places(first, function),
            *(function.label("its role lacks it", Role.RELATED, tied=True) for function in functions),
            *(
                call.module.label(call.node, "so does this", Role.RELATED)
                for call in calls[1:_SHOWN]
                if call.node is not first.call.node
            ),
            help=_help(missing, function),
            functions=[one.id for one in functions],
        )


def _grouped(application: Application, function: LambdaFunction) -> Iterator[list[Missing]]:
    """What a function lacks, by service, resource and the grants that come near."""
    handler = application.handler(function)
    if handler is None or not handler.calls.calls:
        return
    declared = () if isinstance(function.environment, Unknown) else function.environment
    groups: dict[tuple[object, ...], list[Missing]] = {}
    for missing in permissions(application, function).missing:
        call = missing.call
        deciding = deciding_variables(
            handler.evaluator, handler.reach, handler.environment, call.module, call.node
        )
        if not deciding <= set(declared):
            continue  # for a deployment that sets it
        need = missing.needed.need
        key = (need.action.partition(":")[0], need.target.key, missing.near, missing.deny)
        groups.setdefault(key, []).append(missing)
    yield from groups.values()


def _places(missing: Missing, function: LambdaFunction) -> Iterator[Label]:
    for grant, message in ((missing.near, "grants it on other resources"), (missing.deny, "denies it")):
        if grant is not None and grant.path is not None:
            yield function.label(message, Role.RELATED, path=grant.path)


def _help(missing: Sequence[Missing], function: LambdaFunction) -> str:
    if missing[0].deny:
        return "Take the call out of the Deny, or do without it."
    known = grants(function.template, function).role
    holder = known or function.logical_id
    wanted = [nameable(function.template, holder, one.needed.need) for one in missing]
    advice = match.advise(wanted)
    found = list(dict.fromkeys(written(advice, function.sam and known is None)))
    more = [f"{len(found) - 4} more"] if len(found) > 4 else []
    return f"Grant {and_([*found[:4], *more])}" + (f" in {known}." if known else ".")
