"""Properties that stand where nothing reads them: beside `Properties`, or one object too high or too low.

SAM's transform reads a resource's Type, Properties and attributes and drops what else there is
(samtranslator.model.Resource.from_dict); CloudFormation refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdalint.template.properties import (
    ATTRIBUTES,
    EventType,
    Tree,
    event_types,
    globals_of,
    misplaced,
    properties_of,
)
from lambdalint.template.resolve import has_macro, intrinsic
from lambdalint.template.values import Path

if TYPE_CHECKING:
    from lambdalint.template.template import Resource, Template

_DROPPED = "where the SAM transform drops it without a word"
_REFUSED = "where CloudFormation refuses it"
_SAM_REFUSES = "where the SAM transform refuses it"
_HOLDERS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
_EVENT_KEYS = frozenset({"Type", "Properties"})
# CloudFormation takes one beside any Properties, as a comment: templates that are deployed have it.
_COMMENT = "Description"


@dataclass(frozen=True)
class Misplacement:
    """Properties that were put into the wrong place together. `name` is the resource or the event, `where`
    the place they stand in, `belongs` where to put them ("under `Properties`"), `effect` what comes of it."""

    logical_id: str
    name: str
    paths: tuple[Path, ...]
    where: str
    belongs: str
    effect: str


def misplacements(template: Template) -> Iterator[Misplacement]:
    """Every misplaced property of a template, those that were moved together as one; nothing where a macro
    may rewrite the template."""
    if template.incomplete:
        return
    yield from _in_globals(template)
    for resource in template.resources.values():
        node = template.get(resource.path)
        if not has_macro(node):
            yield from _beside(resource, node)
        yield from _within(resource)
        if resource.type in _HOLDERS:
            yield from _in_events(resource)


def _beside(resource: Resource, node: Mapping[str, Any]) -> Iterator[Misplacement]:
    extra = [key for key in node if key not in ATTRIBUTES and key != _COMMENT]
    tree = properties_of(resource.type) if extra else None
    paths = tuple((*resource.path, key) for key in extra if tree is not None and key in tree)
    if paths:
        sam = resource.type.startswith("AWS::Serverless::")
        missing = "Properties" not in node
        yield Misplacement(
            resource.logical_id,
            resource.logical_id,
            paths,
            f"beside {'its type, without a' if missing else 'its'} `Properties`",
            f"under {'a ' * missing}`Properties`",
            _DROPPED if sam else _REFUSED,
        )


def _within(resource: Resource) -> Iterator[Misplacement]:
    properties = resource.properties
    tree = properties_of(resource.type) if properties else None
    if tree is None or has_macro(properties):
        return
    sam = resource.type.startswith("AWS::Serverless::")
    base: Path = (*resource.path, "Properties")
    for key in properties:
        if key in ATTRIBUTES and key not in tree:
            yield Misplacement(
                resource.logical_id,
                resource.logical_id,
                ((*base, key),),
                "under its `Properties`",
                "beside `Properties`: it is an attribute of the resource",
                _SAM_REFUSES if sam else _REFUSED,
            )
    yield from _nested(
        resource.logical_id, resource.logical_id, base, properties, tree, _SAM_REFUSES if sam else _REFUSED
    )


def _nested(
    logical_id: str, name: str, base: Path, properties: Mapping[str, Any], tree: Tree, effect: str
) -> Iterator[Misplacement]:
    """One for each object that holds keys of the same other object."""
    together: dict[tuple[Path, tuple[str, ...]], list[Path]] = {}
    for found in misplaced(properties, tree):
        path: Path = (*base, *found.keys)
        together.setdefault((path[:-1], found.owner), []).append(path)
    for (holder, owner), paths in together.items():
        owner_name = ".".join(owner) if owner else "Properties"
        yield Misplacement(
            logical_id,
            name,
            tuple(paths),
            f"under `{_object(holder)}`",
            f"under `{owner_name}`",
            effect if holder == base else _REFUSED,
        )


def _object(path: Path) -> str:
    return next(str(key) for key in reversed(path) if isinstance(key, str))


def _in_events(resource: Resource) -> Iterator[Misplacement]:
    events = resource.properties.get("Events")
    if not isinstance(events, dict) or intrinsic(events) is not None:
        return
    own = properties_of(resource.type) or {}
    known = event_types(resource.type)
    base: Path = (*resource.path, "Properties", "Events")
    astray = tuple((*base, key) for key, event in events.items() if key in own and not _is_event(event))
    if astray:
        yield Misplacement(
            resource.logical_id,
            resource.logical_id,
            astray,
            "under `Events`",
            "under `Properties`",
            _SAM_REFUSES,
        )
    for name, event in events.items():
        if _is_event(event) and event["Type"] in known and not has_macro(event):
            yield from _in_event(resource, (*base, name), event, known[event["Type"]], own)


def _is_event(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("Type"), str)


def _in_event(
    resource: Resource, path: Path, event: Mapping[str, Any], kind: EventType, own: Tree
) -> Iterator[Misplacement]:
    name = f"{resource.logical_id}.{path[-1]}"
    extra = [key for key in event if key not in _EVENT_KEYS]
    mine = tuple((*path, key) for key in extra if key in kind.properties)
    if mine:
        missing = "Properties" not in event
        yield Misplacement(
            resource.logical_id,
            name,
            mine,
            f"beside the event's {'type, without a `Properties`' if missing else '`Properties`'}",
            f"under {'a ' * missing}`Properties` of the event",
            _DROPPED,
        )
    others = tuple((*path, key) for key in extra if key in own and key not in kind.properties)
    if others:
        yield Misplacement(
            resource.logical_id,
            name,
            others,
            "in an event",
            f"under `Properties` of `{resource.logical_id}`",
            _DROPPED,
        )
    properties = event.get("Properties")
    if not isinstance(properties, dict) or intrinsic(properties) is not None or has_macro(properties):
        return
    base: Path = (*path, "Properties")
    yield from _nested(resource.logical_id, name, base, properties, kind.tree, _SAM_REFUSES)
    for key in belonging_to(properties, kind, own):
        yield Misplacement(
            resource.logical_id,
            name,
            ((*base, key),),
            "under the event's `Properties`",
            f"under `Properties` of `{resource.logical_id}`",
            _SAM_REFUSES,
        )


def belonging_to(properties: Mapping[str, Any], kind: EventType, own: Tree) -> Iterator[str]:
    """The keys of an event's Properties that are none of its own, nor of objects within it, but properties of
    the function or state machine."""
    within = {found.keys[0] for found in misplaced(properties, kind.tree) if len(found.keys) == 1}
    for key in properties:
        if isinstance(key, str) and key not in kind.properties and key not in within and key in own:
            yield key


def _in_globals(template: Template) -> Iterator[Misplacement]:
    """Properties that stand under Globals itself, and within the sections one object off."""
    for key, value in template.globals_.items():
        kind = globals_of().get(key)
        if kind is not None:
            tree = properties_of(kind)
            if tree is not None and isinstance(value, dict) and not has_macro(value):
                yield from _nested("", f"Globals.{key}", ("Globals", key), value, tree, _SAM_REFUSES)
            continue
        owner = next((s for s, t in globals_of().items() if key in (properties_of(t) or {})), None)
        if owner is not None:
            yield Misplacement(
                "",
                "Globals",
                (("Globals", key),),
                "under `Globals`",
                f"under `Globals.{owner}`",
                _SAM_REFUSES,
            )
