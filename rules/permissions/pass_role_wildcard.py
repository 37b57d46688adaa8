"""pass-role-wildcard: a function may hand any role to a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.role_labels import owners, who
from lambdalint.finding import Finding, Role
from lambdalint.iam import actions, wildcards
from lambdalint.rule import Rule
from lambdalint.template.grants import Part, Statement, role_statements

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template

PASS_ROLE = "iam:PassRole"


class PassRoleWildcard(Rule):
    """A function's role may pass every role of the account, to any service.

    **Why**

    Whoever may pass a role to a service that runs something (a function, a task, an instance) can do all that
    the role may do. With `iam:PassRole` on `*` that is every role there is, the administrator's among them: a
    way to more rights than the function was given.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      StartTask:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - Statement:
                - Effect: Allow
                  Action: iam:PassRole
                  Resource: "*"
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      TaskRoleArn:
        Type: String
    Resources:
      StartTask:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - Statement:
                - Effect: Allow
                  Action: iam:PassRole
                  Resource: !Ref TaskRoleArn
                  Condition:
                    StringEquals:
                      iam:PassedToService: ecs-tasks.amazonaws.com
    ```

    **Limits**

    A Condition on the service, or on anything else that limits which role goes where, silences the rule.
    `iam:*` and `*` are for wildcard-permission to find.

    **References**

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PassedToService
    """

    name = "pass-role-wildcard"
    severity = "warning"
    reads = "template"
    supersedes = ("wildcard-permission",)
    security_severity = "7.5"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for statement, functions in role_statements(template):
            action, resource = _passes(statement), _wide(statement)
            if action is None or resource is None:
                continue
            yield self.finding(
                f"{who(functions)} may pass every role to any service",
                template.label(resource.path, "names no role"),
                template.label(action.path, "hands a role to a service", Role.RELATED),
                *owners(statement.owner, functions),
                help="name the role, and the service in a Condition on `iam:PassedToService`",
                functions=[function.id for function in functions],
            )


def _passes(statement: Statement) -> Part | None:
    """The action that allows passing roles and little else."""
    if not statement.allows or wildcards.is_narrowing(statement.condition):
        return None
    return next(
        (
            part
            for part in statement.actions
            if part.text.lower().startswith("iam:pass") and actions.matches(part.text, PASS_ROLE)
        ),
        None,
    )


def _wide(statement: Statement) -> Part | None:
    action = actions.find(PASS_ROLE)
    return next((p for p in statement.resources if action and wildcards.is_wide(p.text, action)), None)
