"""Which resources of a template wait for which when a stack is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lambdalint.memo import Memo
from lambdalint.template.resolve import intrinsic

if TYPE_CHECKING:
    from lambdalint.template.template import Template

_edges: Memo[Template, Mapping[str, frozenset[str]]] = Memo()


def depends_on(template: Template, logical_id: str, other: str) -> bool:
    """Whether CloudFormation makes `other` before `logical_id`, by references or DependsOn.

    A reference from `other` to `logical_id` would then be a circular dependency. SAM's S3 events make the
    bucket wait for the function. The role that SAM makes for a function counts as the function.
    """
    edges = _edges_of(template)
    seen: set[str] = set()
    stack = [logical_id]
    while stack:
        current = stack.pop()
        if current == other:
            return True
        if current not in seen:
            seen.add(current)
            stack.extend(edges.get(current, ()))
    return False


def _edges_of(template: Template) -> Mapping[str, frozenset[str]]:
    if template not in _edges:
        edges: dict[str, set[str]] = {}
        for name, resource in template.resources.items():
            node = dict(template.get(resource.path) or {})
            if resource.type == "AWS::Serverless::Function":
                # SAM makes resources of their own of events and connectors.
                node.pop("Connectors", None)
                node["Properties"] = {
                    key: value for key, value in resource.properties.items() if key != "Events"
                }
                for bucket in _notifying_buckets(resource.properties):
                    edges.setdefault(bucket, set()).add(name)
            edges.setdefault(name, set()).update(_owner(template, other) for other in _named_in(node))
        _edges[template] = {name: frozenset(found) for name, found in edges.items()}
    return _edges[template]


def _owner(template: Template, name: str) -> str:
    """The declared resource of which SAM makes one that is referred to."""
    if name in template.resources:
        return name
    generated = template.generated(name)
    return generated.owner if generated is not None and generated.owner is not None else name


def _notifying_buckets(properties: Mapping[str, Any]) -> Iterator[str]:
    events = properties.get("Events")
    for event in events.values() if isinstance(events, dict) else ():
        if isinstance(event, dict) and event.get("Type") == "S3":
            yield from _named_in(event.get("Properties"))


def _named_in(node: object) -> Iterator[str]:
    """The resources that a node refers to, or that its DependsOn names."""
    stack: list[Any] = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, list):
            stack.extend(current)
        if not isinstance(current, dict):
            continue
        name = intrinsic(current)
        argument = current.get(name) if name else None
        if name == "Ref" and isinstance(argument, str):
            yield str(argument)
        elif name == "Fn::GetAtt":
            yield str(argument[0] if isinstance(argument, list) else argument).partition(".")[0]
        elif name == "Fn::Sub":
            text = argument[0] if isinstance(argument, list) and argument else argument
            if isinstance(text, str):
                yield from _in_text(text)
        waits = current.get("DependsOn")
        yield from (str(other) for other in (waits if isinstance(waits, list) else [waits]) if other)
        stack.extend(current.values())


def _in_text(text: str) -> Iterator[str]:
    for piece in text.split("${")[1:]:
        yield piece.partition("}")[0].strip().partition(".")[0]
