"""Pings that keep execution environments warm: schedules that send them, branches that answer them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.application.rate import intervals
from lambdalint.python.conditions import Compared, Condition, Joined, condition
from lambdalint.python.guards import Guard, guards, mentions
from lambdalint.template.identity import render
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.triggers import Trigger
    from lambdalint.template.values import Alternative

MOST_MINUTES = 15
"""Minutes between two runs of a schedule beyond which an environment may well be gone."""

_WARM = (
    r"warm(?:er|ing|[-_ ]?up)(?![a-z])",
    r"\b(?:is|keep|pre|stay|lambda)?[-_ ]?warm\b",
    r"keep[-_ ]?alive",
)
# A word of every name above: the patterns are slow to search long texts for.
_WORDS = ("warm", "alive")
_SCHEDULES = frozenset({"Schedule", "ScheduleV2"})
# `source` and `detail-type` of what a schedule sends where it has no input.
_SCHEDULED = frozenset({"aws.events", "aws.scheduler", "Scheduled Event"})


@dataclass(frozen=True)
class Pings:
    """Knows pings by their names; `more` are names beside the usual ones."""

    more: tuple[str, ...] = ()

    def answered(self, handler: Handler) -> Guard | None:
        """The branch at the start of a handler that answers pings and does nothing else."""
        scheduled = any(map(is_frequent, handler.triggers))
        if not scheduled and not any(self._named(module.source.text) for module in handler.reach.modules):
            return None
        others = any(trigger.source not in _SCHEDULES for trigger in handler.triggers)
        for guard in guards(handler):
            if guard.keeps:
                continue
            if any(self._named(word) for word in mentions(handler, guard)):
                return guard
            dropped = condition(handler.evaluator, guard.module, guard.node.test)
            if scheduled and others and _is_scheduled(dropped):
                return guard
        return None

    def sent(self, function: LambdaFunction) -> Iterator[tuple[Trigger, Alternative]]:
        """The frequent schedules of a function whose input says that it is a ping, and the input."""
        for trigger in filter(is_frequent, function.triggers):
            for found in inputs(trigger):
                value = found.value
                if self._named(str(value.value) if isinstance(value, Known) else render(value)):
                    yield trigger, found

    def _named(self, text: str) -> bool:
        lower = text.lower()
        words = (*_WORDS, *(name.lower() for name in self.more))
        return any(word in lower for word in words) and self._pattern.search(text) is not None

    @property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join((*_WARM, *map(re.escape, self.more))), re.IGNORECASE)


def is_frequent(trigger: Trigger) -> bool:
    """Whether a trigger is a schedule that runs often enough to keep an environment."""
    found: Sequence[float | None] = list(intervals(trigger)) if trigger.source in _SCHEDULES else ()
    return any(each is not None and each <= MOST_MINUTES for each in found)


def inputs(trigger: Trigger) -> tuple[Alternative, ...]:
    """What a schedule sends instead of its own event."""
    if trigger.proof == "event":
        return trigger.option("Input")
    return trigger.template.alternatives((*trigger.path[:-1], "Input"))


def _is_scheduled(dropped: Condition) -> bool:
    """Whether a condition is that of a schedule's event."""
    if isinstance(dropped, Joined):
        found = map(_is_scheduled, dropped.parts)
        return any(found) if dropped.word == "and" else all(found)
    return isinstance(dropped, Compared) and not dropped.negated and set(dropped.values) <= _SCHEDULED
