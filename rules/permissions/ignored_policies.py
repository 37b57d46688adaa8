"""ignored-policies: `Policies` beside `Role`, which SAM drops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.values import Known, Reference

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction


class IgnoredPolicies(Rule):
    """A SAM function has both `Role` and `Policies`: the policies are dropped.

    **Why**

    SAM writes `Policies` into the role that it makes for the function. With `Role` it makes none, and drops
    the policies without a word: the function is deployed with the role as it is, and whoever reads the
    template believes that it may do what it may not.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      RoleArn:
        Type: String
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      GetOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Role: !Ref RoleArn
          Policies:
            - DynamoDBReadPolicy:
                TableName: !Ref Orders
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
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - DynamoDBReadPolicy:
                TableName: !Ref Orders
    ```

    **Limits**

    Where `Role` is left out under some condition (`!If [OwnRole, !Ref RoleArn, !Ref AWS::NoValue]`), SAM
    makes a role for that case, with the policies: silent.

    **References**

    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html#sam-function-role
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html#sam-function-policies
    """

    name = "ignored-policies"
    severity = "error"
    reads = "template"

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        if not function.sam or "Policies" not in function.resource.properties:
            return
        roles, policies = function.property("Role"), function.items("Policies")
        if not roles or not policies or _may_be_absent(function):
            return
        if all(isinstance(item.value, Known) and not item.value.value for item in policies):
            return
        yield self.finding(
            f"`{function.logical_id}` has a `Role`, so SAM drops its `Policies`",
            function.label("nothing of this is deployed", path=function.path("Policies")),
            function.label("with it, SAM makes no role to put policies into", Role.RELATED, roles[0].path),
            help=_advice(function),
            functions=[function.id],
        )


def _may_be_absent(function: LambdaFunction) -> bool:
    """Whether SAM makes a role in some case: it reads `Fn::If` with AWS::NoValue for a branch."""
    written = function.resource.properties.get("Role")
    branches = written.get("Fn::If") if isinstance(written, dict) else None
    return isinstance(branches, list) and {"Ref": "AWS::NoValue"} in branches[1:]


def _advice(function: LambdaFunction) -> str:
    for role in function.property("Role"):
        if isinstance(role.value, Reference) and role.value.logical_id in function.template.resources:
            return f"move them to `{role.value.logical_id}`, or remove `Role` and let SAM make one"
    return "move them to the role, or remove `Role` and let SAM make one"
