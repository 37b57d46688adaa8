"""Where functions log to: a log group of the template, one elsewhere, or one that Lambda makes by itself.

Lambda creates `/aws/lambda/<function name>` at the first invocation, with logs kept for ever, if the role
lets it create one. Lambda developer guide, "Configuring CloudWatch log groups".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lambdalint.iam.actions import matches
from lambdalint.template.grants import grants
from lambdalint.template.identity import render
from lambdalint.template.values import Reference, Text, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template

_GROUP = "AWS::Logs::LogGroup"
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
_PREFIX = "/aws/lambda/"
# How a custom resource that sets retention is told, such as the CDK's, whatever it is called.
_NAMED_BY = "LogGroupName"
# AWS managed policies that let a function create its log group.
_CREATING = frozenset(
    {
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaBasicDurableExecutionRolePolicy",
        "AWSLambdaDynamoDBExecutionRole",
        "AWSLambdaExecute",
        "AWSLambdaKinesisExecutionRole",
        "AWSLambdaMSKExecutionRole",
        "AWSLambdaSQSQueueExecutionRole",
        "AWSLambdaVPCAccessExecutionRole",
        "AdministratorAccess",
        "CloudWatchFullAccess",
        "CloudWatchLogsFullAccess",
        "PowerUserAccess",
    }
)


@dataclass(frozen=True)
class LogGroup:
    """Where a function logs to. "made" says that Lambda makes the group, with logs kept for ever; "declared"
    that `resource` is the group; "unknown" that the template does not tell."""

    state: Literal["made", "declared", "unknown"]
    resource: Resource | None = None


_UNKNOWN = LogGroup("unknown")


def log_group(function: LambdaFunction) -> LogGroup:
    """Where a function logs to."""
    template = function.template
    if template.incomplete:
        return _UNKNOWN
    named = function.property("LoggingConfig", "LogGroup")
    if named:
        found = [_declared(template, outcome.value) for outcome in named]
        same = all(each is found[0] for each in found)
        return LogGroup("declared", found[0]) if found[0] is not None and same else _UNKNOWN
    for resource in _groups(template):
        for name in resource.get(_NAMED_BY):
            fits = _fits(function, name.value)
            if fits is None:
                return _UNKNOWN
            if fits:
                return LogGroup("declared", resource)
    return LogGroup("made") if _creates(function) else _UNKNOWN


def _groups(template: Template) -> Iterator[Resource]:
    """The log groups, and the custom resources that name one."""
    yield from template.of_type(_GROUP)
    for resource in template.resources.values():
        if resource.type.startswith(_CUSTOM) and _NAMED_BY in resource.properties:
            yield resource


def _declared(template: Template, value: Value) -> Resource | None:
    """The log group that `LoggingConfig` names."""
    if isinstance(value, Reference):
        resource = template.resources.get(value.logical_id)
        return resource if resource is not None and resource.type == _GROUP else None
    if isinstance(value, Unknown):
        return None
    wanted = render(value)
    for group in template.of_type(_GROUP):
        names = (name.value for name in group.get(_NAMED_BY))
        if any(not isinstance(name, Unknown) and render(name) == wanted for name in names):
            return group
    return None


def _fits(function: LambdaFunction, name: Value) -> bool | None:
    """Whether a name is that of the group which Lambda makes for a function; None where it may be."""
    if isinstance(name, Reference):  # the name of another resource
        return False if name.logical_id in function.template.resources else None
    if isinstance(name, Unknown):
        return None
    text = render(name)
    wanted = [render(outcome.value) for outcome in function.property("FunctionName")]
    if text in {f"{_PREFIX}{each}" for each in (*wanted, f"${{{function.logical_id}}}")}:
        return True
    if not isinstance(name, Text):
        return None if any("${" in each for each in wanted) and text.startswith(_PREFIX) else False
    if any(reference.logical_id == function.logical_id for reference in name.references):
        return True
    return _may_be(name, text, wanted)


def _may_be(name: Text, text: str, wanted: list[str]) -> bool | None:
    """Whether what is not known in a name may make it the function's."""
    beginning = name.parts[0]
    if isinstance(beginning, str) and not (beginning.startswith(_PREFIX) or _PREFIX.startswith(beginning)):
        return False
    if name.references:  # that of another function
        return False
    if not wanted:  # a name that CloudFormation makes up, so one from outside cannot know it
        return False
    known = [each for each in wanted if "${" not in each]
    if len(known) == len(wanted):  # the ends that are known have to agree
        end = name.parts[-1]
        fits = any(not isinstance(end, str) or each.endswith(end.rpartition("/")[2]) for each in known)
        return None if fits else False
    return None if _PREFIX in text or not isinstance(beginning, str) else False


def _creates(function: LambdaFunction) -> bool:
    """Whether the function's role is known to let it create its log group: where it may not, somebody else
    creates the group."""
    found = grants(function.template, function)
    if any(name in _CREATING for name in found.implicit):
        return True
    of_logs = [
        statement
        for statement in found.statements
        if any(matches(action.text, "logs:CreateLogGroup") for action in statement.actions)
    ]
    if not all(statement.allows for statement in of_logs):
        return False
    return bool(of_logs) or any(grant.name.rpartition("/")[2] in _CREATING for grant in found.managed)
