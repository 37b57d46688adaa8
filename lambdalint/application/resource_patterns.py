"""The resources of a policy statement as patterns of ARNs: what `lambdalint.iam.arns` compares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lambdalint.iam import actions, arns, targets
from lambdalint.iam.arns import PLAIN, UNKNOWN
from lambdalint.template.values import Alternative, Known, Reference, Text, Value

if TYPE_CHECKING:
    from lambdalint.template.grants import Part
    from lambdalint.template.template import Resource, Template

# Types whose names have neither slash nor colon.
_PLAIN_NAMES = frozenset(
    {"dynamodb:table", "firehose:deliverystream", "kinesis:stream", "s3:bucket", "sqs:queue"}
)
_PLAIN_PARAMETER = re.compile(r"(?:bucket|table|queue|topic|stream)(?:_?name)?$", re.IGNORECASE)
_NAMED = re.compile(r"\$\{\s*(\w+)\s*\}")
_PLAIN_PSEUDO = frozenset({"AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::StackName"})
# ARNs that attributes give, where they are not those of the resource itself.
_OTHER_ARNS = {
    ("AWS::DynamoDB::Table", "StreamArn"): "dynamodb:stream",
    ("AWS::DynamoDB::GlobalTable", "StreamArn"): "dynamodb:stream",
}


def pattern(template: Template, part: Part | Alternative) -> str:
    """A resource of a statement as a pattern. What a parameter gives is not known: whatever its default, a
    text of another form may be given."""
    node = template.get(part.path)
    if not isinstance(node, dict):
        return of_value(template, part.value)
    if set(node) == {"Ref"} and node["Ref"] in template.parameters:
        return UNKNOWN
    open_node = _without_parameters(template, node)
    if open_node == node:
        return of_value(template, part.value)
    found = {of_value(template, one.value) for one in template.resolve(open_node, part.path)}
    return found.pop() if len(found) == 1 else UNKNOWN


def _without_parameters(template: Template, node: Any) -> Any:
    """A node with what stands for unknown text in the place of each parameter."""
    if isinstance(node, list):
        return [_without_parameters(template, item) for item in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Ref"}:
        name = node["Ref"]
        return _of_parameter(name) if isinstance(name, str) and name in template.parameters else node
    if set(node) == {"Fn::Sub"}:
        return {"Fn::Sub": _substituted(template, node["Fn::Sub"])}
    return {key: _without_parameters(template, item) for key, item in node.items()}


def _substituted(template: Template, argument: Any) -> Any:
    text, variables = argument if isinstance(argument, list) and len(argument) == 2 else (argument, None)
    if not isinstance(text, str):
        return argument
    own = variables if isinstance(variables, dict) else {}

    def piece(match: re.Match[str]) -> str:
        name = match[1]
        return _of_parameter(name) if name in template.parameters and name not in own else match[0]

    text = _NAMED.sub(piece, text)
    return text if variables is None else [text, _without_parameters(template, variables)]


def _of_parameter(name: str) -> str:
    return PLAIN if _PLAIN_PARAMETER.search(name) else UNKNOWN


def of_value(template: Template, value: Value) -> str:
    """A value as a pattern of an ARN, or as a part of one."""
    if isinstance(value, Known):
        return value.value if isinstance(value.value, str) else UNKNOWN
    if isinstance(value, Text):
        return "".join(part if isinstance(part, str) else of_value(template, part) for part in value.parts)
    if isinstance(value, Reference):
        return _of_reference(template, value)
    if value.reason == "pseudo parameter":
        return PLAIN if value.name in _PLAIN_PSEUDO else UNKNOWN
    return _of_parameter(value.name) if value.reason.startswith("parameter") else UNKNOWN


def named(template: Template, value: Value) -> tuple[Resource, str] | None:
    """The resource of the template whose name, or URL, stands where a value begins, and what of it that is:
    an ARN never begins so. None where it may be an ARN."""
    first = value.parts[0] if isinstance(value, Text) else value
    if not isinstance(first, Reference):
        return None
    resource = template.resources.get(first.logical_id)
    if resource is None:
        return None
    if resource.type == "AWS::SQS::Queue" and first.attribute is None:
        return resource, "URL"
    found = targets.of_resource(resource.type, resource.logical_id, resource.properties)
    if found is None or found.name is None or found.name.node != _written(first):
        return None
    return resource, "name"


def arn_attribute(resource: Resource) -> str | None:
    """How the template gets the ARN of a resource: `!GetAtt Orders.Arn`; None where that is not known."""
    found = targets.of_resource(resource.type, resource.logical_id, resource.properties)
    if found is None or found.arn is None:
        return None
    node = found.arn.node
    if "Ref" in node:
        return f"!Ref {node['Ref']}"
    return f"!GetAtt {'.'.join(node['Fn::GetAtt'])}"


def _of_reference(template: Template, reference: Reference) -> str:
    resource = template.resources.get(reference.logical_id)
    if resource is None:
        return UNKNOWN
    if resource.type == "AWS::Logs::LogGroup" and reference.attribute == "Arn":
        return f"{_shape('logs:log-group')}:*"
    other = _OTHER_ARNS.get((resource.type, reference.attribute or ""))
    if other is not None:
        return _shape(other)
    found = targets.of_resource(resource.type, resource.logical_id, resource.properties)
    written = _written(reference)
    if found is None or found.type is None:
        return UNKNOWN
    if found.arn is not None and found.arn.node == written:
        return _shape(found.type)
    if found.name is not None and found.name.node == written and found.type in _PLAIN_NAMES:
        return PLAIN
    return UNKNOWN


def _shape(kind: str) -> str:
    prefix, _, name = kind.partition(":")
    found = actions.arn_format(prefix, name)
    return arns.shape(found) if found else UNKNOWN


def _written(reference: Reference) -> object:
    if reference.attribute is None:
        return {"Ref": reference.logical_id}
    return {"Fn::GetAtt": [reference.logical_id, reference.attribute]}
