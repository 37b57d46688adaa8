"""What an action is needed on, and how a policy of the same template names it.

A Target holds expressions of the template (`!Ref Orders`, `!GetAtt Jobs.QueueName`, a literal); ARNs are
built from the formats of the service authorization reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from lambdalint.data import tables
from lambdalint.iam import actions
from lambdalint.iam.actions import Action, ResourceType

NAME = "\0"
"""Stands for a target's name in canonical ARNs, which are compared and never written."""

_PSEUDO = {
    "Partition": "${AWS::Partition}",
    "Region": "${AWS::Region}",
    "Account": "${AWS::AccountId}",
}
# Actions on a log group are authorized against its ARN and `:*`, FilterLogEvents against its streams:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
_LOG_GROUP_SUFFIX = {"FilterLogEvents": ":log-stream:*"}
# Of a dozen types that these accept, the one that a `modelId` mostly names.
_MAIN_TYPES = {
    "bedrock:InvokeModel": "bedrock:foundation-model",
    "bedrock:InvokeModelWithResponseStream": "bedrock:foundation-model",
}
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_QUEUE_URL = re.compile(r"https://(?:sqs\.[\w.-]+|[\w.-]+queue\.amazonaws\.com)/\d+/([\w.-]+)")


@dataclass(frozen=True)
class Expression:
    """A value of a template in long form: a string, or an intrinsic such as `{"Ref": "Orders"}`.

    Kept as canonical JSON, so that equal expressions are equal.
    """

    json: str

    @classmethod
    def of(cls, node: object) -> Expression:
        """The expression of a node of template data. Raises TypeError where the node is not plain data."""
        return cls(json.dumps(node, sort_keys=True))

    @property
    def node(self) -> Any:
        """The node, as template data."""
        return json.loads(self.json)

    @property
    def literal(self) -> str | None:
        """The string, where the expression is one."""
        node = self.node
        return node if isinstance(node, str) else None


@dataclass(frozen=True)
class Target:
    """Something that actions are needed on.

    `type` is an IAM resource type (`dynamodb:table`). Of `name` and `arn` at least one is known, or the
    target is unknown. `slash` says whether the name begins with a slash (SSM parameters); None: not known.
    """

    key: str
    shown: str
    type: str | None = None
    name: Expression | None = None
    arn: Expression | None = None
    slash: bool | None = False

    @property
    def known(self) -> bool:
        """Whether a policy can name it as it stands."""
        return (
            not self.key.startswith("<")
            and (self.name is not None or self.arn is not None)
            and self.slash is not None
        )


UNKNOWN = Target("?", "a resource that cannot be told")
"""A call acts on a resource, and which one is not known."""

NONE = Target("-", "no resource")
"""A call names no resource, although its action can be limited to some: an SMS through sns:Publish."""


def of_resource(cfn_type: str, logical_id: str, properties: Mapping[str, Any] | None = None) -> Target | None:
    """The target that a resource of the template is; None for types that the table does not hold."""
    row = _cfn_resources().get(cfn_type)
    if row is None:
        return None
    slash: bool | None = False
    if row["type"] == "ssm:parameter":
        declared = (properties or {}).get("Name")
        slash = declared.startswith("/") if isinstance(declared, str) else None if declared else False
    return Target(
        key=logical_id,
        shown=logical_id,
        type=row["type"],
        name=_returned(logical_id, row.get("name")),
        arn=_returned(logical_id, row.get("arn")),
        slash=slash,
    )


def of_text(text: str, kind: str) -> Target:
    """The target that a literal name, ARN or queue URL means, as a resource of an IAM type."""
    if text.startswith("arn:"):
        return _of_arn(text, kind)
    if url := _QUEUE_URL.fullmatch(text):
        text = url[1]
    name = Expression.of(text)
    return Target(f"={text}", f"`{text}`", kind, name, None, kind == "ssm:parameter" and text.startswith("/"))


def of_expression(node: object, kind: str, is_arn: bool, shown: str, default: str | None = None) -> Target:
    """The target whose name (or ARN) an expression of the template gives: a parameter, an import.

    `default` is the value that it has as far as the template tells; it decides about the slash of an SSM
    parameter.
    """
    expression = Expression.of(node)
    slash: bool | None = False
    if kind == "ssm:parameter" and not is_arn:
        slash = default.startswith("/") if default else None
    name, arn = (None, expression) if is_arn else (expression, None)
    return Target(f"={expression.json}", shown, kind, name, arn, slash)


def anything(node: object) -> Target:
    """What a policy's resource without a name stands for (`*`, `arn:aws:s3:::*`): it is kept as it is."""
    expression = Expression.of(node)
    if expression.literal is not None and not expression.literal.strip("*"):
        return NONE
    return Target(f"*{expression.json}", "any resource", arn=expression)


def placeholder(kind: str) -> Target:
    """A target for advice whose reader must fill in the name, `<table>`, or the ARN, `<table ARN>`."""
    noun = kind.partition(":")[2].lower()
    name, arn = Expression.of(f"<{noun}>"), Expression.of(f"<{noun} ARN>")
    return Target(f"<{kind}>", f"<{noun}>", kind, name, arn)


def main_type(action: str) -> str | None:
    """The IAM type of the resource that a call of the action is given (`s3:GetObject` → `s3:bucket`); None
    where the reference does not tell it from others."""
    found = actions.find(action)
    if found is None or not found.resource_types:
        return None
    if found.full in _MAIN_TYPES:
        return _MAIN_TYPES[found.full]
    for kind in _known_types(found.prefix):
        if _places(found, kind):
            return kind
    named = [
        resource
        for resource in found.resource_types
        if len(_free_variables(resource.arn)) == 1 and (resource.required or len(found.resource_types) == 1)
    ]
    return f"{found.prefix}:{named[0].name}" if len(named) == 1 else None


def canonical_arns(action: str, target: Target, parts: Sequence[str] = ()) -> tuple[str, ...]:
    """The ARNs that the action is authorized against: NAME for the target's name, `*` for what follows.

    `parts` adds resource types below the target (`index`), `:*` or `/*`. `("*",)` where the action cannot be
    limited to resources or the call names none; () where the action does not act on such a target.
    """
    found = actions.find(action)
    if found is None:
        return ()
    if not found.supports_resources or target.key.startswith(("-", "*")):
        return ("*",)
    if target.type is None:
        return ()
    own = _format(target.type)
    if own is None:
        return ()
    base = _canonical(own, target)
    arns = []
    for resource in _places(found, target.type, parts):
        arn = _canonical(resource.arn, target, like=own)
        arns.append(
            f"{arn}{_LOG_GROUP_SUFFIX.get(found.name, ':*')}" if resource.name == "log-group" else arn
        )
    if target.type == "glue:database" and arns:
        # A table is authorized against its database and the catalogue too:
        # https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
        around = base.partition(":database/")[0]
        arns.append(f"{around}:catalog")
        if any(resource.name == "table" for resource in found.resource_types):
            arns.append(f"{around}:table/{NAME}/*")
    arns.extend(f"{base}{suffix}" for suffix in parts if suffix in (":*", "/*"))
    return tuple(dict.fromkeys(arns))


def canonical_arn(target: Target) -> str:
    """The target's own ARN in canonical form; empty for a target without type."""
    own = _format(target.type) if target.type else None
    return _canonical(own, target) if own else ""


def written(canonical: str, target: Target) -> Expression | None:
    """A canonical ARN as the template would write it, by the target's ARN where it has one; None where only
    the target's ARN is known and another is wanted (an execution of a state machine)."""
    base = canonical_arn(target)
    if canonical == "*":
        return target.arn if target.arn is not None and target.key.startswith("*") else Expression.of("*")
    if target.arn is not None and base and canonical.startswith(base):
        return _appended(target.arn, canonical[len(base) :])
    if target.name is None or target.slash is None:
        return None
    return _joined(canonical, target)


def _of_arn(text: str, kind: str) -> Target:
    own = _format(kind)
    name = None
    slash: bool | None = False
    if own:
        pattern = re.escape(own)
        for variable in _PSEUDO:
            pattern = pattern.replace(re.escape(_variable(variable)), "[^:]*", 1)
        free = _free_variables(own)
        pattern = re.sub(r"\\\$\\\{\w+\\\}", "(.+)", pattern)
        match = re.fullmatch(pattern, text)
        if match and len(free) == 1 and not kind.startswith("secretsmanager:"):
            name = match[1]
    shown = f"`{name or text}`"
    return Target(f"={text}", shown, kind, Expression.of(name) if name else None, Expression.of(text), slash)


def _returned(logical_id: str, attribute: str | None) -> Expression | None:
    if attribute is None:
        return None
    if attribute == "Ref":
        return Expression.of({"Ref": logical_id})
    return Expression.of({"Fn::GetAtt": [logical_id, attribute]})


def _places(action: Action, kind: str, parts: Sequence[str] = ()) -> tuple[ResourceType, ...]:
    """The resource types of an action that lie at or below a resource of the given type.

    That type itself, if the action has it, else those whose ARNs begin with its ARN (objects of a bucket),
    else those that carry its name (executions of a state machine).
    """
    prefix, _, name = kind.partition(":")
    own = _format(kind)
    if own is None or action.prefix != prefix:
        return ()
    types = action.resource_types
    itself = tuple(resource for resource in types if resource.name.lower() == name.lower())
    below = tuple(resource for resource in types if resource.arn.startswith(own) and resource.arn != own)
    if itself:
        return (*itself, *(resource for resource in below if resource.name in parts))
    if below:
        return below
    variables = _free_variables(own)
    return tuple(
        resource for resource in types if variables and variables[0] in _free_variables(resource.arn)
    )


def _canonical(arn: str, target: Target, like: str | None = None) -> str:
    """An ARN format with pseudo parameters for partition, region and account, NAME for the variable that is
    the first of `like` (the format itself), and `*` for the others."""
    free = _free_variables(like or arn)
    main = free[0] if free else None

    def value(match: re.Match[str]) -> str:
        variable = match[1]
        if variable in _PSEUDO:
            return _PSEUDO[variable]
        return NAME if variable == main else "*"

    text = _VARIABLE.sub(value, arn)
    if target.type == "ssm:parameter" and target.slash:
        text = text.replace(f"parameter/{NAME}", f"parameter{NAME}")
    if target.type == "secretsmanager:Secret" and target.arn is None:
        # Secrets Manager adds a hyphen and six characters to the name:
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
        text = text.replace(f"secret:{NAME}", f"secret:{NAME}-??????")
    return text


def _free_variables(arn: str) -> list[str]:
    return [variable for variable in _VARIABLE.findall(arn) if variable not in _PSEUDO]


def _joined(canonical: str, target: Target) -> Expression:
    assert target.name is not None
    piece, variables = _piece(target.name.node, "Name")
    if piece.startswith("/") and f"parameter/{NAME}" in canonical:
        piece = piece.lstrip("/")
    return _substituted(canonical.replace(NAME, piece), variables)


def _appended(arn: Expression, suffix: str) -> Expression:
    if not suffix:
        return arn
    piece, variables = _piece(arn.node, "Arn")
    return _substituted(piece + suffix, variables)


def _substituted(text: str, variables: Mapping[str, Any]) -> Expression:
    if "${" not in text:
        return Expression.of(text)
    return Expression.of({"Fn::Sub": [text, dict(variables)] if variables else text})


def _piece(node: Any, variable: str) -> tuple[str, Mapping[str, Any]]:
    """A node as part of the text of an `Fn::Sub`, with the variables that this takes."""
    if isinstance(node, str):
        return node.replace("${", "${!"), {}
    if isinstance(node, dict) and len(node) == 1:
        (function, argument), *_ = node.items()
        if function == "Ref" and isinstance(argument, str):
            return _variable(argument), {}
        if (
            function == "Fn::GetAtt"
            and isinstance(argument, list)
            and all(isinstance(a, str) for a in argument)
        ):
            return _variable(".".join(argument)), {}
        if function == "Fn::GetAtt" and isinstance(argument, str):
            return _variable(argument), {}
        if function == "Fn::Sub" and isinstance(argument, str):
            return argument, {}
        if function == "Fn::Sub" and isinstance(argument, list) and len(argument) == 2:
            return argument[0], argument[1]
    return _variable(variable), {variable: node}


def _variable(name: str) -> str:
    return "${" + name + "}"


def _format(kind: str) -> str | None:
    prefix, _, name = kind.partition(":")
    return actions.arn_format(prefix, name)


@cache
def _known_types(prefix: str) -> tuple[str, ...]:
    kinds = (row["type"] for row in _cfn_resources().values())
    return tuple(dict.fromkeys(kind for kind in kinds if kind.startswith(f"{prefix}:")))


@cache
def _cfn_resources() -> Mapping[str, Mapping[str, str]]:
    rows: Mapping[str, Mapping[str, str]] = tables.load("cfn_resources.toml")
    return rows
