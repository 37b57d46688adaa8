"""Resources of policies and of needs as texts that can be compared: may a pattern match, must it, can it not.

A text has a private character for each part that the template does not spell out. *Firm* ones stand for the
name of a resource of the template, which no other resource has; the others (parameters, imports, the name of
the stack) may come to anything.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdalint.application.naming import NAME_PROPERTIES
from lambdalint.iam import actions, globs, targets
from lambdalint.iam.targets import NAME, NONE, UNKNOWN, Expression, Target
from lambdalint.memo import Memo
from lambdalint.template.values import Path

if TYPE_CHECKING:
    from lambdalint.template.template import Resource, Template

_SOFT = 0xE000
_FIRM = 0xF000
_SUB = re.compile(r"\$\{(!?)\s*([^}]+?)\s*\}")
_NO_MARK = "\1"


class Answer(enum.IntEnum):
    """Whether a grant covers a need."""

    NO = 0
    PERHAPS = 1
    YES = 2


class Patterns:
    """Compares the resources of one template's policies with what calls act on."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._marks: dict[str, str] = {}
        self._firm: dict[str, tuple[str, Target | None]] = {}  # by mark: logical id and what it is

    def text(self, node: object, bindings: Mapping[str, str] | None = None) -> str:
        """A node of template data as a text; `bindings` are texts for variables of an `Fn::Sub`."""
        if isinstance(node, str):
            return str(node)
        if not isinstance(node, dict) or len(node) != 1:
            return self._soft(_json(node))
        ((function, argument),) = node.items()
        if function == "Ref" and isinstance(argument, str):
            return self._reference(argument, "Ref")
        if function == "Fn::GetAtt":
            parts = argument.split(".", 1) if isinstance(argument, str) else argument
            if isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, str) for part in parts):
                return self._reference(parts[0], parts[1])
        if function == "Fn::Sub":
            return self._substituted(argument, bindings or {})
        if function == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
            delimiter, parts = argument
            if isinstance(delimiter, str) and isinstance(parts, list):
                return delimiter.join(self.text(part) for part in parts)
        return self._soft(_json(node))

    def arn(self, resource: Resource) -> str:
        """The ARN of a resource of the template."""
        target = targets.of_resource(resource.type, resource.logical_id, resource.properties)
        if target is None:
            return self._soft(f"{resource.logical_id}.Arn")
        return _with_name(targets.canonical_arn(target), self._mark(resource.logical_id, target))

    def atoms(self, action: str, target: Target, parts: Iterable[str] = ()) -> tuple[str | None, ...]:
        """The canonical ARNs that an action on a target is authorized against, each of which some grant must
        cover; None for one that only a grant on everything surely covers."""
        found = actions.find(action)
        if found is None or not found.supports_resources or target in (NONE, UNKNOWN):
            return (None,)
        if target.key.startswith(("<", "*")):
            return (None,)
        return targets.canonical_arns(action, target, tuple(parts)) or (None,)

    def covers(self, text: str, atom: str | None, target: Target) -> Answer:
        """Whether the resource of a statement, as `text` gives it, covers one of the ARNs of a target."""
        if text and not text.strip("*"):
            return Answer.YES
        return Answer.PERHAPS if atom is None else self._covers(text, atom, target)

    def names(self, text: str, target: Target) -> bool:
        """Whether a text speaks of a target, whatever kind of ARN it is."""
        name = self._name(target)
        return bool(name) and (name in text or self._spelled(name) in self._spelled(text))

    # -- texts -----------------------------------------------------------------------------------------------

    def _substituted(self, argument: Any, bindings: Mapping[str, str]) -> str:
        text, variables = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(text, str) or not isinstance(variables, dict):
            return self._soft(_json(argument))

        def piece(match: re.Match[str]) -> str:
            literal, name = match[1], match[2]
            if literal:
                return "${" + name + "}"
            if name in variables:
                return self.text(variables[name])
            if name in bindings:
                return bindings[name]
            logical_id, _, attribute = name.partition(".")
            return self._reference(logical_id, attribute or "Ref")

        return _SUB.sub(piece, text)

    def _reference(self, name: str, attribute: str) -> str:
        if name == "AWS::Partition":
            return "aws"
        resource = self.template.resources.get(name)
        if resource is None:
            return self._soft(name if attribute == "Ref" else f"{name}.{attribute}")
        target = targets.of_resource(resource.type, name, resource.properties)
        mark = self._mark(name, target)
        if target is None:
            return mark if attribute == "Ref" else self._soft(f"{name}.{attribute}")
        written = {"Ref": name} if attribute == "Ref" else {"Fn::GetAtt": [name, attribute]}
        if target.name is not None and target.name == Expression.of(written):
            return mark
        own_arn = _with_name(targets.canonical_arn(target), mark)
        if attribute == "Arn" or (target.arn is not None and target.arn == Expression.of(written)):
            return own_arn
        if attribute == "StreamArn":
            return f"{own_arn}/stream/*"
        return self._soft(f"{name}.{attribute}")

    def _mark(self, logical_id: str, target: Target | None) -> str:
        mark = self._marks.get(f"!{logical_id}")
        if mark is None:
            mark = self._marks[f"!{logical_id}"] = chr(_FIRM + len(self._marks))
            self._firm[mark] = (logical_id, target)
        return mark

    def _soft(self, key: str) -> str:
        mark = self._marks.get(key)
        if mark is None:
            mark = self._marks[key] = chr(_SOFT + len(self._marks))
        return mark

    # -- comparison ------------------------------------------------------------------------------------------

    def _covers(self, text: str, canonical: str, target: Target) -> Answer:
        needed = self._needed(canonical, target)
        if needed is None:
            return Answer.PERHAPS
        grant = _rest(text)
        want = _rest(needed)
        if grant is None or want is None:  # an ARN that is not written out
            return Answer.YES if text == needed else Answer.PERHAPS
        if not _alike(grant[0], want[0]):
            return Answer.NO
        if _glob(grant[1]).fullmatch(want[1]):
            return Answer.YES
        if self._is_of_another(grant[1], target):
            return Answer.NO
        own, other = grant[1], want[1]
        if self._mark_of(target) not in own:  # by name, if at all
            own, other = self._spelled(own), self._spelled(other)
        if _glob(own).fullmatch(other):
            return Answer.YES
        return Answer.PERHAPS if _intersect(_loose(own), _loose(other)) else Answer.NO

    def _needed(self, canonical: str, target: Target) -> str | None:
        """A canonical ARN with the target's name in it."""
        if NAME not in canonical:
            return _with_name(canonical, "")
        base = targets.canonical_arn(target)
        if target.key in self.template.resources:
            return _with_name(canonical, self._mark(target.key, target))
        if target.name is not None:
            name = self.text(target.name.node)
            if name.startswith("/") and f"parameter/{NAME}" in canonical:
                name = name[1:]
            return _with_name(canonical, name)
        if target.arn is not None and base and canonical.startswith(base):
            return self.text(target.arn.node) + canonical[len(base) :]
        return None

    def _mark_of(self, target: Target) -> str:
        return self._mark(target.key, target) if target.key in self.template.resources else _NO_MARK

    def _name(self, target: Target) -> str:
        if target.key in self.template.resources:
            return self._mark(target.key, target)
        expression = target.name or target.arn
        return self.text(expression.node) if expression is not None else ""

    def _is_of_another(self, grant: str, target: Target) -> bool:
        """Whether a pattern has the name of another resource of the target's type."""
        if target.key not in self.template.resources:
            return False
        named = [self._firm[mark] for mark in grant if mark in self._firm]
        same = [logical_id for logical_id, found in named if found is not None and found.type == target.type]
        return bool(same) and target.key not in same

    def _spelled(self, text: str) -> str:
        """A text with the names of resources as the template gives them, or as CloudFormation makes them of
        stack, logical id and a random part."""
        return "".join(self._own_name(char) if char in self._firm else char for char in text)

    def _own_name(self, mark: str) -> str:
        logical_id, _ = self._firm[mark]
        resource = self.template.resources[logical_id]
        for key in NAME_PROPERTIES:
            if key in resource.properties:
                return self.text(resource.properties[key])
        return f"{self._soft('AWS::StackName')}-{logical_id}-{self._soft(f'random of {logical_id}')}"


_known: Memo[Template, Patterns] = Memo()


def patterns(template: Template) -> Patterns:
    """The comparisons of a template's resources."""
    if template not in _known:
        _known[template] = Patterns(template)
    return _known[template]


def at(template: Template, path: Path) -> str:
    """The text of what stands at a path."""
    return patterns(template).text(template.get(path))


def _with_name(canonical: str, name: str) -> str:
    return _SUB.sub("*", canonical.replace("${AWS::Partition}", "aws")).replace(NAME, name)


def _rest(arn: str) -> tuple[str, str] | None:
    """Service and resource of an ARN; regions and accounts are taken to be the right ones."""
    parts = arn.split(":", 5)
    return (parts[2], parts[5]) if len(parts) == 6 and parts[0] == "arn" else None


def _alike(service: str, other: str) -> bool:
    return service == other or service == "*" or any(ord(char) >= _SOFT for char in service)


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _loose(text: str) -> str:
    """A text in which what may come to anything is a star."""
    return re.sub(r"\*+", "*", "".join("*" if _SOFT <= ord(char) < _FIRM else char for char in text))


def _intersect(one: str, other: str) -> bool:
    """Whether some text matches both of two patterns. Case counts for neither: bucket names are made in
    lower case."""
    return globs.meet(globs.tokens(one.lower()), globs.tokens(other.lower()))


def _json(node: object) -> str:
    try:
        return Expression.of(node).json
    except TypeError:
        return repr(node)
