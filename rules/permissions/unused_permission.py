"""unused-permission: a grant that no call can need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.application.granted import Grant
from lambdalint.application.patterns import Answer
from lambdalint.application.permissions import permissions
from lambdalint.application.starred import is_no_operation
from lambdalint.application.wording import and_, some
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.grants import grants

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path


class UnusedPermission(Rule):
    """A grant that no call can need.

    **Why**

    What a function is allowed and does not do serves only whoever takes it over. Grants stay behind when code
    goes, and get copied from template to template.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Jobs:
        Type: AWS::SQS::Queue
      Greet:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.handler
          CodeUri: src/
          Policies:
            - SQSSendMessagePolicy:
                QueueName: !GetAtt Jobs.QueueName
    ```

    ```python title=src/app.py
    def handler(event, context):
        return f"Hello, {event['name']}"
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Jobs:
        Type: AWS::SQS::Queue
      Greet:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.handler
          CodeUri: src/
    ```

    ```python title=src/app.py
    def handler(event, context):
        return f"Hello, {event['name']}"
    ```

    **Limits**

    Opt-in: a function may use a grant in ways that its code does not show (an extension, a service that acts
    with the caller's rights, a role that other things use). Reported only where every call is understood and
    nothing that is known to work behind the code could use it; whole statements and policy templates only.

    **References**

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#remove-credentials
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    """

    name = "unused-permission"
    severity = "info"
    reads = "both"
    default = False

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        """One finding for each statement or policy template that nothing needs."""
        found: dict[Path, list[tuple[LambdaFunction, list[Grant]]]] = {}
        for function in template.functions:
            declared = grants(template, function)
            if declared.role is not None:
                continue  # something else may run with it
            by_path: dict[Path, list[Grant]] = {}
            for grant in permissions(application, function).granted.grants:
                if grant.path is not None and grant.kind in ("statement", "template"):
                    by_path.setdefault(grant.path, []).append(grant)
            for path, same in by_path.items():
                if path[1] == function.logical_id:
                    found.setdefault(path, []).append((function, same))
        for path, users in found.items():
            if all(_is_idle(application, function, same) for function, same in users):
                functions = [function for function, _ in users]
                actions = list(dict.fromkeys(one for grant in users[0][1] for one in grant.actions))
                names = and_([function.logical_id for function in functions])
                yield self.finding(
                    f"{names} may do {some(actions)}, and nothing in its code needs it",
                    template.label(path, "no call within reach needs this"),
                    *(function.label("runs with it", Role.RELATED, tied=True) for function in functions[1:]),
                    help="Remove it, unless something out of sight uses it.",
                    functions=[function.id for function in functions],
                )


def _is_idle(application: Application, function: LambdaFunction, same: Sequence[Grant]) -> bool:
    known = permissions(application, function)
    patterns = [pattern for grant in same for pattern in grant.actions]
    if any(grant.denies or grant.inverted for grant in same) or "*" in patterns:
        return False
    prefixes = {pattern.partition(":")[0] for pattern in patterns}
    if "kms" in prefixes or function.layers:  # whatever is encrypted may need it; a layer may be an extension
        return False
    if not known.needs.closed(prefixes) or any(is_no_operation(pattern) for pattern in patterns):
        return False
    return all(
        known.granted.by(grant, needed.need) is Answer.NO for grant in same for needed in known.needs.needed
    )
