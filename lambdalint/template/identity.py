"""Which function of a template a value names: by reference, by ARN, by name, through aliases and versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdalint.template.values import Known, Reference, Text, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.template.template import Template

# AWS::Serverless::WebFunction is none: it has neither handler nor events, and answers HTTP only.
FUNCTION_TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_QUALIFIER_TYPES = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
_ARN_NAME = re.compile(r":function:(?P<name>.+?)(?::[^:]+)?(?:/invocations)?$", re.DOTALL)


class Identity:
    """Answers for one template which functions a value names."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._functions = frozenset(resource.logical_id for resource in template.of_type(*FUNCTION_TYPES))
        self._by_name = self._names()
        self._qualifiers: dict[str, tuple[str, ...]] = {}

    def of(self, value: Value) -> tuple[str, ...]:
        """The logical ids of the functions that a value names; () where it names none or is not known."""
        if isinstance(value, Known):
            return self._named(value.value) if isinstance(value.value, str) else ()
        if isinstance(value, Reference):
            return self._referenced(value)
        if isinstance(value, Unknown):
            return self._by_name.get(render(value), ()) if value.name else ()
        found = [name for reference in value.references for name in self._referenced(reference)]
        return tuple(dict.fromkeys(found)) or self._named(render(value))

    def within(self, node: object) -> tuple[str, ...]:
        """The functions that any string or intrinsic of a node mentions."""
        found: list[str] = []
        for value in self._values(node):
            found.extend(self.of(value))
        return tuple(dict.fromkeys(found))

    def _values(self, node: object) -> Iterator[Value]:
        stack = [node]
        while stack:
            current = stack.pop()
            if isinstance(current, dict):
                if len(current) == 1 and next(iter(current)) in ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join"):
                    for alternative in self._template.resolve(current, ()):
                        yield alternative.value
                stack.extend(current.values())
            elif isinstance(current, list):
                stack.extend(current)
            elif isinstance(current, str) and ":function:" in current:
                yield Known(str(current))

    def _referenced(self, reference: Reference) -> tuple[str, ...]:
        logical_id = reference.logical_id
        if logical_id in self._functions:
            return () if reference.attribute == "RoleArn" else (logical_id,)
        resource = self._template.resources.get(logical_id)
        if resource is not None:
            return self._qualified(logical_id) if resource.type in _QUALIFIER_TYPES else ()
        generated = self._template.generated(logical_id)
        if generated is None or generated.owner not in self._functions:
            return ()
        return (generated.owner,) if generated.kind.startswith(("Alias", "Version")) else ()

    def _qualified(self, logical_id: str) -> tuple[str, ...]:
        """The function behind an alias or a version."""
        if logical_id not in self._qualifiers:
            self._qualifiers[logical_id] = ()  # one that names itself
            alternatives = self._template.resources[logical_id].get("FunctionName")
            found = [name for alternative in alternatives for name in self.of(alternative.value)]
            self._qualifiers[logical_id] = tuple(dict.fromkeys(found))
        return self._qualifiers[logical_id]

    def _named(self, text: str) -> tuple[str, ...]:
        if text in self._by_name:
            return self._by_name[text]
        match = _ARN_NAME.search(text)
        if match is None:
            head, colon, _ = text.rpartition(":")  # name:alias
            return self._by_name.get(head, ()) if colon else ()
        name = match.group("name")
        return self._by_name.get(name) or self._by_name.get(text[match.start("name") :], ())

    def _names(self) -> Mapping[str, tuple[str, ...]]:
        names: dict[str, tuple[str, ...]] = {}
        for logical_id in sorted(self._functions):
            for alternative in self._template.resources[logical_id].get("FunctionName"):
                name = render(alternative.value)
                names[name] = (*names.get(name, ()), logical_id)
        return names


def render(value: Value) -> str:
    """A value as one string, with `${Name}` for what is not known; equal values give equal strings."""
    if isinstance(value, Known):
        return value.value if isinstance(value.value, str) else repr(value.value)
    if isinstance(value, Text):
        return "".join(part if isinstance(part, str) else render(part) for part in value.parts)
    if isinstance(value, Reference):
        return f"${{{value.logical_id}.{value.attribute}}}" if value.attribute else f"${{{value.logical_id}}}"
    return f"${{{value.name}}}" if value.name else f"${{?{value.reason}}}"
