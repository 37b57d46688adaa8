"""plain-cloudformation-function: by hand, what SAM would write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.wording import and_
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.values import Reference

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource

_WIRING = {"AWS::Lambda::Permission": "FunctionName", "AWS::Lambda::EventSourceMapping": "FunctionName"}
# What an event of SAM's cannot be, or is not called by the same name.
_NO_EVENTS = frozenset({"Permission", "CustomResource", "StateMachine", "Destination", "Authorizer"})


class PlainCloudformationFunction(Rule):
    """A function is written with its role and its permissions or mappings, all of which SAM would make.

    **Why**

    A function in plain CloudFormation needs a role, a permission for whoever invokes it, and a mapping for
    each queue or stream, all spelt out and kept in step by hand. AWS SAM makes them of `Events` and
    `Policies`, deploys the code from its folder, and can still stand beside plain resources.

    **Bad**

    ```yaml title=template.yaml
    Resources:
      Work:
        Type: AWS::SQS::Queue
      Orders:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          Role: !GetAtt OrdersRole.Arn
          Code: {S3Bucket: code, S3Key: orders.zip}
      OrdersRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal: {Service: lambda.amazonaws.com}
                Action: sts:AssumeRole
          ManagedPolicyArns:
            - arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole
      OrdersFromWork:
        Type: AWS::Lambda::EventSourceMapping
        Properties:
          FunctionName: !Ref Orders
          EventSourceArn: !GetAtt Work.Arn
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Work:
        Type: AWS::SQS::Queue
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
          Events:
            Work:
              Type: SQS
              Properties:
                Queue: !GetAtt Work.Arn
    ```

    **Limits**

    Opt-in: plain CloudFormation is no mistake. Only functions whose role stands in the template and belongs
    to no other, and that have a permission or a mapping. Silent about what the CDK, Amplify or another tool
    made, which nobody writes by hand.

    **References**

    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html
    """

    name = "plain-cloudformation-function"
    severity = "info"
    reads = "template"
    default = False

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        if function.sam or _is_made(function):
            return
        role = _own_role(function)
        wiring = list(_wiring(function)) if role is not None else []
        if role is None or not wiring:
            return
        kinds = sorted({each.source for each in function.triggers if each.source not in _NO_EVENTS})
        events = f" with Events of the type {and_(kinds)}" if kinds else " with Events"
        yield self.finding(
            f"`{function.logical_id}` is written with {1 + len(wiring)} resources that SAM would make",
            function.label("plain CloudFormation"),
            role.label("its role, which SAM makes of Policies", Role.RELATED),
            *(each.label("SAM makes this of Events", Role.RELATED) for each in wiring),
            help=f"an AWS::Serverless::Function{events}, and Policies in the place of the role",
            functions=[function.id],
        )


def _is_made(function: LambdaFunction) -> bool:
    """Whether a tool wrote the function."""
    tools = ("aws:cdk:path", "aws:asset:path", "aws:cdk:is-custom-resource-handler-runtime-family")
    described = str(function.template.data.get("Description", "")).lower()
    return any(key in function.metadata for key in tools) or "amplify" in described


def _own_role(function: LambdaFunction) -> Resource | None:
    """The role of the template that no other function has."""
    roles = function.property("Role")
    if len(roles) != 1 or not isinstance(roles[0].value, Reference):
        return None
    name = roles[0].value.logical_id
    others = (each for each in function.template.functions if each is not function)
    shared = any(
        isinstance(found.value, Reference) and found.value.logical_id == name
        for other in others
        for found in other.property("Role")
    )
    role = function.template.resources.get(name)
    return role if role is not None and role.type == "AWS::IAM::Role" and not shared else None


def _wiring(function: LambdaFunction) -> Iterator[Resource]:
    """The permissions and mappings that name the function."""
    for resource in function.template.of_type(*_WIRING):
        names = resource.get(_WIRING[resource.type])
        if any(function.logical_id in function.template.identity.of(name.value) for name in names):
            yield resource
