"""How much of the 4 KB that Lambda allows a function's environment takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.template.values import Condition, Known, Text, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction, Property

LIMIT = 4096
"""Bytes, for all names and values together: "Lambda quotas" in the Lambda developer guide."""


@dataclass(frozen=True)
class Size:
    """The least that an environment takes, in bytes, under `conditions`; `largest` is its largest part."""

    bytes: int
    conditions: tuple[Condition, ...]
    largest: str


def environment_size(function: LambdaFunction) -> Size | None:
    """The size in the branch where it is largest; what is not known counts nothing. None where not even the
    names are known."""
    environment = function.environment
    if isinstance(environment, Unknown) or not environment:
        return None
    sizes = [_size(environment, branch) for branch in _branches(environment)]
    return max(sizes, key=lambda size: size.bytes)


def _branches(environment: Mapping[str, tuple[Property, ...]]) -> Iterable[tuple[Condition, ...]]:
    """No condition, and each set of conditions that some value holds under."""
    found = {outcome.conditions: None for outcomes in environment.values() for outcome in outcomes}
    return dict.fromkeys(((), *found))


def _size(environment: Mapping[str, tuple[Property, ...]], branch: tuple[Condition, ...]) -> Size:
    given = dict(branch)
    sizes = {name: min(_possible(name, outcomes, given), default=0) for name, outcomes in environment.items()}
    return Size(sum(sizes.values()), branch, max(sizes, key=lambda name: sizes[name]))


def _possible(name: str, outcomes: Iterable[Property], given: Mapping[str, bool]) -> Iterator[int]:
    """What a variable can take under the conditions; nothing where it may be absent."""
    certain = False
    for outcome in outcomes:
        if all(given.get(condition, holds) is holds for condition, holds in outcome.conditions):
            certain = certain or all(condition in given for condition, _ in outcome.conditions)
            yield len(name.encode()) + _length(outcome.value)
    if not certain and _may_be_absent(outcomes, given):
        yield 0


def _may_be_absent(outcomes: Iterable[Property], given: Mapping[str, bool]) -> bool:
    """Whether a condition that is not given has only one of its two branches among the outcomes."""
    seen: dict[str, set[bool]] = {}
    for outcome in outcomes:
        for condition, holds in outcome.conditions:
            if condition not in given:
                seen.setdefault(condition, set()).add(holds)
    return any(len(branches) < 2 for branches in seen.values())


def _length(value: Value) -> int:
    if isinstance(value, Known):
        return len(str(value.value).encode()) if isinstance(value.value, (str, int, float)) else 0
    if isinstance(value, Text):
        return sum(len(part.encode()) for part in value.parts if isinstance(part, str))
    return 0
