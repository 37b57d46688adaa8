"""The layers of a function: which are attached together, and what their ARNs say."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.template.identity import render
from lambdalint.template.values import Alternative, Condition, Known, Path, Text, Value

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction

# https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html
MOST = 5

Slot = tuple[Alternative, ...]
"""One entry of a list, with its outcomes; none of them holds where the entry is `AWS::NoValue`."""

_ARN = re.compile(r"arn:[^:]+:lambda:[^:]+:[^:]+:layer:(?P<name>[^:]+)(?::(?P<version>.*))?", re.DOTALL)

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Attached:
    """The most layers that a function has at once, and the condition that makes it so; None where they are
    always that many."""

    count: int
    condition: Condition | None = None


def most_attached(function: LambdaFunction) -> Attached:
    """How many layers a function has for certain: in every deployment, or in one that a single condition
    chooses. A list that is not known counts as empty."""
    slots = list(_slots(function))
    names = dict.fromkeys(condition for slot in slots for found in slot for condition in found.conditions)
    choices: list[Condition | None] = [None, *names]
    counted = [
        Attached(sum(_holds(slot, [choice] if choice else []) for slot in slots), choice)
        for choice in choices
    ]
    return max(counted, key=lambda each: each.count)


def lists(function: LambdaFunction) -> tuple[Path, ...]:
    """Where the layers of a function are listed: in Globals, on the function, or in both."""
    return tuple(path for _, path in function.sources("Layers") if function.template.alternatives(path))


def unversioned(value: Value) -> tuple[str, str] | None:
    """The name that an ARN of a layer has, and what stands for its version where that is none: an empty text,
    or `latest`. None where the version is a number, or the ARN is not known."""
    if not isinstance(value, (Known, Text)):
        return None
    match = _ARN.fullmatch(_PLACEHOLDER.sub("${}", render(value)))
    if match is None or "${" in match["name"]:  # what is not known may hold the version
        return None
    version = match["version"] or ""
    return None if version.isdecimal() or "${" in version else (match["name"], version)


def _slots(function: LambdaFunction) -> Iterator[Slot]:
    template = function.template
    for _, path in function.sources("Layers"):
        for whole in template.alternatives(path):
            items = whole.value.value if isinstance(whole.value, Known) else None
            for index, item in enumerate(items if isinstance(items, list) else ()):
                found = template.resolver.resolve(item, (*whole.path, index), whole.conditions)
                if found:
                    yield found


def _holds(slot: Slot, given: Sequence[Condition]) -> bool:
    """Whether an entry is there whatever the conditions that are not given come to."""
    fixed = dict(given)
    names = list({name for found in slot for name, _ in found.conditions} - set(fixed))
    for outcomes in itertools.product((True, False), repeat=len(names)):
        chosen = {**fixed, **dict(zip(names, outcomes, strict=True))}
        if not any(all(chosen.get(name) is outcome for name, outcome in each.conditions) for each in slot):
            return False
    return True
