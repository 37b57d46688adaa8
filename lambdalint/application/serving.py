"""Which needs of functions a policy statement serves, and what else may rest on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.application.naming import names
from lambdalint.application.needs import Needed, Needs
from lambdalint.iam import actions, policy_templates, wildcards
from lambdalint.iam.match import Need
from lambdalint.iam.targets import Expression
from lambdalint.template.grants import Grants, Part, Statement, grants

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template

# What AWS managed policies for functions grant, as far as it is a need that Lambda itself has.
# https://docs.aws.amazon.com/lambda/latest/dg/permissions-executionrole.html#permissions-executionrole-features
_MANAGED: dict[str, tuple[str, ...]] = {
    "AWSLambdaBasicExecutionRole": ("logs:",),
    "AWSLambdaVPCAccessExecutionRole": ("logs:", "ec2:"),
    "AWSLambdaSQSQueueExecutionRole": ("logs:", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAtt"),
    "AWSLambdaKinesisExecutionRole": ("logs:", "kinesis:"),
    "AWSLambdaDynamoDBExecutionRole": ("logs:", "dynamodb:"),
    "AWSLambdaMSKExecutionRole": ("logs:", "ec2:", "kafka:"),
    "AWSXRayDaemonWriteAccess": ("xray:",),
    "AWSXrayWriteOnlyAccess": ("xray:",),
    "CloudWatchLogsFullAccess": ("logs:",),
}
_PARAMETER = re.compile(r'\$\{(\w+)\}|"Ref": "(\w+)"')


def served_by(
    statement: Statement, functions: Sequence[LambdaFunction], found: Sequence[Needs], sam: bool
) -> tuple[Needed, ...]:
    """The needs of functions that a statement serves, and that nothing else serves already.

    `sam` says that SAM makes the role, and so grants what the functions' own features need.
    """
    patterns = tuple(part.text for part in statement.actions)
    excluded = tuple(part.text for part in statement.not_actions)
    served: dict[Need, Needed] = {}
    for function, of_function in zip(functions, found, strict=True):
        granted = grants(function.template, function)
        for needed in of_function.needed:
            if sam and not needed.calls:
                continue  # SAM grants what the function's own features need
            action = needed.need.action
            if wildcards.covered(excluded, action) if excluded else not wildcards.covered(patterns, action):
                continue
            if _reaches(function.template, statement, needed.need) and not _granted_elsewhere(
                granted, statement, needed
            ):
                served.setdefault(needed.need, needed)
    return tuple(served.values())


def is_own(needed: Needed) -> bool:
    """Whether it is Lambda's own need for logs or network interfaces."""
    action = needed.need.action
    return not needed.calls and (action in wildcards.LOGGING or action in wildcards.NETWORK_INTERFACES)


def _reaches(template: Template, statement: Statement, need: Need) -> bool:
    """Whether a statement's resources can hold the target of a need: parameters that name them can come to
    anything."""
    if not statement.resources or not need.target.known:
        return True
    return any(
        _holds(part.text, need)
        or (need.target.key not in template.resources and _names_parameter(template, part))
        for part in statement.resources
    )


def _names_parameter(template: Template, part: Part) -> bool:
    written = Expression.of(template.get(part.path)).json
    named = {name for pair in _PARAMETER.findall(written) for name in pair if name}
    return not named.isdisjoint(template.parameters)


def _holds(resource: str, need: Need) -> bool:
    action = actions.find(need.action)
    if action is None or wildcards.is_wide(resource, action) or resource == "*":
        return True
    return names(resource, need.target)


def _granted_elsewhere(granted: Grants, statement: Statement, needed: Needed) -> bool:
    need = needed.need
    for managed in granted.managed:
        served = _MANAGED.get(managed.name.rpartition("/")[2], ())
        if not needed.calls and need.action.startswith(served) and served:
            return True
    if not need.target.known and needed.calls:
        return False
    for use in granted.policy_templates:
        template = policy_templates.find(use.name)
        given = [Expression.of(value) for value in use.parameters.values() if _is_data(value)]
        if (
            template is not None
            and need.action in template.granted
            and not use.conditions
            and (need.target.name in given or need.target.arn in given)
        ):
            return True
    return any(
        other.path != statement.path
        and other.allows
        and other.condition is None
        and not other.conditions
        and wildcards.covered(tuple(part.text for part in other.actions), need.action)
        and any(_grants_on(part.text, need) for part in other.resources)
        for other in granted.statements
    )


def _grants_on(resource: str, need: Need) -> bool:
    """Whether another statement's resource grants the need without being the next wildcard."""
    action = actions.find(need.action)
    if action is None:
        return False
    if need.action in wildcards.LOGGING:
        return ":logs:" in resource and not wildcards.is_wide(resource, action)
    if not action.needs_resource:
        return resource == "*"
    return need.target.known and not wildcards.is_wide(resource, action) and names(resource, need.target)


def _is_data(value: object) -> bool:
    return isinstance(value, (str, dict))


def other_users(statement: Statement, functions: Sequence[LambdaFunction]) -> Iterator[str]:
    """What else than the functions gets the role or policy that holds a statement, if it stands alone."""
    template = functions[0].template
    if statement.owner == "function":
        return
    carriers = {str(statement.policy[1])}
    roles = {granted.role for function in functions if (granted := grants(template, function)).role}
    carriers.update(role for role in roles if role)
    own = {function.logical_id for function in functions}
    for carrier in sorted(carriers):
        for path in template.references(carrier):
            name = str(path[1]) if len(path) > 1 else ""
            resource = template.resources.get(name) if path[0] == "Resources" else None
            if resource is not None and name not in own and not resource.type.startswith("AWS::IAM::"):
                yield name
            elif path[0] == "Outputs" and "Export" in (template.get(path[:2]) or {}):
                yield f"whoever imports {name}"
