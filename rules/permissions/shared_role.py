"""shared-role: one role for several functions that need different things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdalint.application.needs import ANY
from lambdalint.application.patterns import Answer
from lambdalint.application.permissions import Permissions, permissions
from lambdalint.application.wording import and_, some
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.grants import grants

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template


class SharedRole(Rule):
    """One role for several functions that need different things.

    **Why**

    Each function may do what any of them may: the one that answers the public reads what only the nightly
    report should. With a role for each, a flaw in one function opens that one's doors only, and nobody has to
    ask who else needs a grant before it is taken away.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      Alerts:
        Type: AWS::SNS::Topic
      AppRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {}
          Policies:
            - PolicyName: app
              PolicyDocument:
                Statement:
                  - Effect: Allow
                    Action: dynamodb:GetItem
                    Resource: !GetAtt Orders.Arn
                  - Effect: Allow
                    Action: sns:Publish
                    Resource: !Ref Alerts
      Show:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.show
          CodeUri: src/
          Role: !GetAtt AppRole.Arn
          Environment:
            Variables:
              ORDERS: !Ref Orders
      Warn:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.warn
          CodeUri: src/
          Role: !GetAtt AppRole.Arn
          Environment:
            Variables:
              ALERTS: !Ref Alerts
    ```

    ```python title=src/app.py
    import os

    import boto3

    dynamodb = boto3.resource("dynamodb")
    sns = boto3.client("sns")


    def show(event, context):
        return dynamodb.Table(os.environ["ORDERS"]).get_item(Key={"id": event["id"]})


    def warn(event, context):
        sns.publish(TopicArn=os.environ["ALERTS"], Message=event["text"])
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      Alerts:
        Type: AWS::SNS::Topic
      Show:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.show
          CodeUri: src/
          Environment:
            Variables:
              ORDERS: !Ref Orders
          Policies:
            - DynamoDBReadPolicy:
                TableName: !Ref Orders
      Warn:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.warn
          CodeUri: src/
          Environment:
            Variables:
              ALERTS: !Ref Alerts
          Policies:
            - SNSPublishMessagePolicy:
                TopicName: !GetAtt Alerts.TopicName
    ```

    ```python title=src/app.py
    import os

    import boto3

    dynamodb = boto3.resource("dynamodb")
    sns = boto3.client("sns")


    def show(event, context):
        return dynamodb.Table(os.environ["ORDERS"]).get_item(Key={"id": event["id"]})


    def warn(event, context):
        sns.publish(TopicArn=os.environ["ALERTS"], Message=event["text"])
    ```

    **Limits**

    Opt-in: in public code too few roles are shared by functions that are understood in full for its precision
    to be known. Only roles of the template whose functions are all linked and all of whose calls are
    understood. A role for functions that need the same is fine, also where one needs a part of it for reading
    what another writes on the same table: what counts is a service or a resource that some function has no
    business with.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
    """

    name = "shared-role"
    severity = "info"
    reads = "both"
    default = False

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        """One finding for each role that grants some of its functions what only others need."""
        for role, functions in _sharing(template).items():
            known = {function: permissions(application, function) for function in functions}
            if not all(one.needs.closed((ANY,)) for one in known.values()):
                continue
            used = {function: _used(one) for function, one in known.items()}
            everything = frozenset().union(*used.values())
            idle = [function for function in functions if used[function] != everything]
            if not idle or not everything:
                continue
            names = [function.logical_id for function in functions]
            who = and_(names) if len(names) < 4 else f"{len(names)} functions"
            services = some(sorted({service for service, _ in everything}))
            advice = "Give each function a role of its own"
            sam = all(function.sam for function in functions)
            yield self.finding(
                f"{role} serves {who}, which need different things",
                template.resources[role].label(f"grants all of them {services}"),
                *(function.label(_what(used[function]), Role.RELATED, tied=True) for function in functions),
                help=f"{advice}: leave `Role` out, and SAM makes one of `Policies`." if sam else f"{advice}.",
                functions=[function.id for function in functions],
            )


def _sharing(template: Template) -> Mapping[str, list[LambdaFunction]]:
    """The roles of the template that several functions run with."""
    found: dict[str, list[LambdaFunction]] = {}
    for function in template.functions:
        if not function.property("Role"):
            continue
        role = grants(template, function).role
        if role is not None and role in template.resources:
            found.setdefault(role, []).append(function)
    return {role: functions for role, functions in found.items() if len(functions) > 1}


def _used(known: Permissions) -> frozenset[tuple[str, str]]:
    """The services and resources that the code needs and the role grants it."""
    return frozenset(
        (needed.need.action.partition(":")[0], needed.need.target.key)
        for needed in known.needs.needed
        if needed.calls and not needed.optional and known.granted.answer(needed.need) is not Answer.NO
    )


def _what(used: frozenset[tuple[str, str]]) -> str:
    if not used:
        return "needs nothing of it"
    return f"needs {and_(sorted({action for action, _ in used}))} only"
