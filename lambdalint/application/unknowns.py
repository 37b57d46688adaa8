"""What stayed unknown in an application, by reason: silence can hide blindness, so it is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambdalint.application.link import Linked
from lambdalint.template.triggers import Mode
from lambdalint.template.values import Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler

KNOWN = ""
"""The reason of what is known."""


def unknowns(application: Application) -> Mapping[str, Counter[str]]:
    """For "functions", "calls", "targets", "triggers" and "environment": how many there are by the reason
    why they are unknown, and under KNOWN how many are not."""
    found: dict[str, Counter[str]] = {}
    found["functions"] = Counter(
        KNOWN if isinstance(linked, Linked) else linked.reason for linked in application.links.values()
    )
    found["triggers"] = Counter(
        trigger.reason or "mode" if trigger.mode is Mode.UNKNOWN else KNOWN
        for function in application.functions
        for trigger in function.triggers
    )
    found["environment"] = Counter(
        outcome.value.reason if isinstance(outcome.value, Unknown) else KNOWN
        for function in application.functions
        if not isinstance(function.environment, Unknown)
        for outcomes in function.environment.values()
        for outcome in outcomes
    )
    found["calls"], found["targets"] = Counter(), Counter()
    for handler in application.handlers:
        _count_calls(handler, found["calls"], found["targets"])
    return found


def _count_calls(handler: Handler, calls: Counter[str], targets: Counter[str]) -> None:
    calls.update(unresolved.reason for unresolved in handler.calls.unresolved)
    calls[KNOWN] += len(handler.calls.calls)
    for call in handler.calls:
        if call.target.kind == "none":
            continue
        targets[handler.target(call).reason or KNOWN] += 1
