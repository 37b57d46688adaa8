"""Which properties a resource type or an event of SAM's has, and where in it: from a table that is generated
from the SAM transform and CloudFormation's resource schemas (`data/generate.py`)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lambdalint.data.tables import load
from lambdalint.template.resolve import intrinsic

Tree = Mapping[str, Any]
"""Names of properties; below each 0 where nothing is known, a Tree for an object, a list of one Tree for a
list of objects."""

# What may stand beside a resource's Properties: CloudFormation's "Resource attributes", SAM's Connectors and
# IgnoreGlobals.
ATTRIBUTES = frozenset(
    {
        "Condition",
        "Connectors",
        "CreationPolicy",
        "DeletionPolicy",
        "DependsOn",
        "IgnoreGlobals",
        "Metadata",
        "Properties",
        "Type",
        "UpdatePolicy",
        "UpdateReplacePolicy",
        "Version",
    }
)


@dataclass(frozen=True)
class EventType:
    """A type of event under `Events`. `properties` is what the transform takes, `required` what it or the
    service insists on, `tree` what is below its properties."""

    properties: frozenset[str]
    required: tuple[str, ...]
    tree: Tree


@dataclass(frozen=True)
class Misplaced:
    """A key of an object that has no such property, though another object of the resource has: `owner` leads
    to that object from the resource's Properties, () is Properties itself."""

    keys: tuple[str | int, ...]
    owner: tuple[str, ...]


@cache
def event_types(holder: str) -> Mapping[str, EventType]:
    """By name, the types of event that a function or state machine of SAM (its resource type) can have."""
    section = {
        "AWS::Serverless::Function": "function_events",
        "AWS::Serverless::StateMachine": "state_machine_events",
    }[holder]
    return {
        name: EventType(
            frozenset(row["properties"]),
            tuple(row["required"]),
            {**dict.fromkeys(row["properties"], 0), **row["tree"]},
        )
        for name, row in _table()[section].items()
    }


def properties_of(kind: str) -> Tree | None:
    """The properties of a resource type; None where it is not in the table."""
    found = _table()["types"].get(kind)
    return dict.fromkeys(found.split(), 0) if isinstance(found, str) else found


def globals_of() -> Mapping[str, str]:
    """The sections of Globals, with the resource type whose properties each holds."""
    found: Mapping[str, str] = _table()["globals"]
    return found


def misplaced(properties: Mapping[str, Any], tree: Tree) -> Iterator[Misplaced]:
    """The keys below `properties` that the object they stand in does not have, but the objects around it or
    within it have. Nothing is said of objects that an intrinsic makes."""
    yield from _misplaced(properties, tree, (), (), ((tree, ()),))


def holders(name: str, tree: Tree, depth: int = 3) -> Iterator[tuple[str, ...]]:
    """Where objects below have a property of this name, the nearest first."""
    level: list[tuple[tuple[str, ...], Tree]] = [((), tree)]
    for _ in range(depth):
        below: list[tuple[tuple[str, ...], Tree]] = []
        for keys, each in level:
            for key, value in each.items():
                inner = value[0] if isinstance(value, list) else value
                if isinstance(inner, dict):
                    below.append(((*keys, key), inner))
        yield from (keys for keys, each in below if name in each)
        level = below


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a misspelt one most likely means."""
    names = list(known)
    folded = {each.lower(): each for each in names}
    if name.lower() in folded:
        return folded[name.lower()]
    close = difflib.get_close_matches(name.lower(), folded, 1, 0.75)
    return folded[close[0]] if close else None


def _misplaced(
    node: Mapping[str, Any],
    tree: Tree,
    path: tuple[str | int, ...],
    keys: tuple[str, ...],
    around: tuple[tuple[Tree, tuple[str, ...]], ...],
) -> Iterator[Misplaced]:
    for key, value in node.items():
        if not isinstance(key, str) or key.startswith("Fn::"):
            continue
        below = tree.get(key)
        if below is None:
            owner = _owner(key, tree, keys, around)
            if owner is not None:
                yield Misplaced((*path, key), owner)
        elif isinstance(below, dict):
            if isinstance(value, dict) and intrinsic(value) is None:
                inner = (*keys, key)
                yield from _misplaced(value, below, (*path, key), inner, ((below, inner), *around))
        elif isinstance(below, list) and isinstance(value, list):
            inner = (*keys, key)
            for index, item in enumerate(value):
                if isinstance(item, dict) and intrinsic(item) is None:
                    where = (*path, key, index)
                    yield from _misplaced(item, below[0], where, inner, ((below[0], inner), *around))


def _owner(
    name: str, tree: Tree, keys: tuple[str, ...], around: tuple[tuple[Tree, tuple[str, ...]], ...]
) -> tuple[str, ...] | None:
    """Where a name belongs that this object does not have: within it, else in the nearest object around."""
    inside = next(holders(name, tree), None)
    if inside is not None:
        return (*keys, *inside)
    return next((owner for each, owner in around[1:] if name in each), None)


@cache
def _table() -> Any:
    return load("resource_properties.json")
