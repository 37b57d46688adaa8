"""What the events of a function look like: the fields that each of its triggers sends.

The table is data/event_shapes.toml. A trigger of which it holds nothing, or whose events somebody wrote
(`Input`, a mapping template, an IoT rule's SQL), has no shape that is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from lambdalint.data.tables import load
from lambdalint.template.contracts import contract, described
from lambdalint.template.values import Known, Path

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.triggers import Trigger

FieldPath = tuple[str | int | None, ...]
"""A path into an event: a key, or None for any item of a list; an index counts as None."""

# What chooses another event than the source's own: SAM's names, and those of a rule's or schedule's target.
_INPUTS = ("Input", "InputPath", "InputTransformer")
_SCHEDULES = frozenset({"EventBridgeRule", "Schedule", "ScheduleV2"})


@dataclass(frozen=True)
class Shape:
    """The fields of one kind of event.

    `fields` are always there, `sometimes` on some events only. `parts` are the fields of what lies within,
    by the path (None for any item); a part that is not in it is not described. `instead` says where what
    another source sends under a path is found. `name` is what people call the sender, `page` documents the
    shape.
    """

    source: str
    name: str
    fields: frozenset[str]
    sometimes: frozenset[str] = frozenset()
    parts: Mapping[FieldPath, frozenset[str]] = field(default_factory=dict, compare=False)
    instead: Mapping[FieldPath, FieldPath] = field(default_factory=dict, compare=False)
    page: str = ""

    def sends(self, path: Sequence[str | int | None]) -> bool:
        """Whether an event may hold something at a path; what is not described may be there."""
        place: FieldPath = ()
        for step in path:
            key = None if isinstance(step, int) else step
            known = self._known(place)
            if known is not None and isinstance(key, str) and key not in known:
                return False
            place = (*place, key)
        return True

    def within(self, place: FieldPath) -> frozenset[str]:
        """The fields at a place that is described; none for any other."""
        return self._known(place) or frozenset()

    def with_fields(self, names: str) -> Shape:
        """The shape with more fields, whose names have commas between."""
        more = frozenset(name.strip() for name in names.split(",") if name.strip())
        return replace(self, sometimes=self.sometimes | more) if more else self

    def _known(self, place: FieldPath) -> frozenset[str] | None:
        return self.parts.get(place) if place else self.fields | self.sometimes


def shape(trigger: Trigger) -> Shape | None:
    """The shape of a trigger's events; None where it is not known."""
    if trigger.source in _SCHEDULES:
        if trigger.proof == "permission":
            return None  # the rule stands elsewhere, with an input of its own perhaps
        chosen = _input(trigger)
        if chosen is not None:
            return chosen if isinstance(chosen, Shape) else None
    found = contract(trigger)
    return _shapes().get((trigger.source, found.value if found is not None else ""))


def shapes(application: Application, function: LambdaFunction) -> tuple[tuple[Trigger, Shape], ...]:
    """What a function is sent: () unless something triggers it, and the shape of all that is known."""
    if application.invokes.get(function.logical_id):
        return ()
    found: list[tuple[Trigger, Shape]] = []
    for trigger in described(function):
        known = shape(trigger)
        if known is None:
            return ()
        found.append((trigger, known))
    return tuple(found)


def senders(path: Sequence[str | int | None]) -> tuple[Shape, ...]:
    """The shapes that hold a path as something they describe: who sends such events, for advice."""
    return tuple(found for found in _shapes().values() if _describes(found, path))


def _describes(found: Shape, path: Sequence[str | int | None]) -> bool:
    if not path or not found.sends(path):
        return False
    *outer, last = (None if isinstance(step, int) else step for step in path)
    return not outer or last in found.parts.get(tuple(outer), ())


def _input(trigger: Trigger) -> Shape | str | None:
    """The shape of an event that is written out at a schedule or rule; a reason where something else chooses
    it; None where the source's own is sent."""
    for base in _targets(trigger):
        for name in _INPUTS:
            found = trigger.template.alternatives((*base, name))
            if not found:
                continue
            value = found[0].value
            if name != "Input" or len(found) > 1 or not isinstance(value, Known):
                return name
            return _written(trigger, value.value)
    return None


def _targets(trigger: Trigger) -> tuple[Path, ...]:
    """Where an input may stand: in the event's properties, or in the target that names the function."""
    target: Path = trigger.path[:-1] if trigger.proof == "resource" else (*trigger.options, "Target")
    return (trigger.options, target)


def _written(trigger: Trigger, text: object) -> Shape | str:
    try:
        event = json.loads(str(text))
    except ValueError:
        return "Input"
    if not isinstance(event, dict):
        return "Input"
    return Shape(trigger.source, trigger.description, frozenset(event))


@cache
def _shapes() -> Mapping[tuple[str, str], Shape]:
    return {
        (row["source"], row.get("contract", "")): Shape(
            source=row["source"],
            name=row["name"],
            fields=frozenset(row["fields"]),
            sometimes=frozenset(row.get("sometimes", ())),
            parts={_path(path): frozenset(keys) for path, keys in row.get("parts", {}).items()},
            instead={_path(path): _path(other) for path, other in row.get("instead", {}).items()},
            page=row["page"],
        )
        for row in load("event_shapes.toml")["shape"]
    }


def _path(text: str) -> FieldPath:
    """`Records[].s3` as a path."""
    steps: list[str | None] = []
    for word in text.split("."):
        name = word.removesuffix("[]")
        steps.append(name)
        if name != word:
            steps.append(None)
    return tuple(steps)
