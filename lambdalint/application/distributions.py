"""Distributions and what they install, from `data/distributions.toml`, and what the runtime itself has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from lambdalint.application.requirements import Requirement
from lambdalint.data.tables import load


@dataclass(frozen=True)
class Distribution:
    """A row of the table. `brings` is None where it is not known what the distribution brings along."""

    name: str
    imports: tuple[str, ...]
    brings: tuple[str, ...] | None
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    serves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Runtime:
    """What Lambda's runtimes for Python have: `imports` always, `sometimes` in some of them, `inline` for
    code that stands in a template."""

    imports: frozenset[str]
    sometimes: frozenset[str]
    inline: frozenset[str]


def distribution(name: str) -> Distribution | None:
    """The row of a distribution, by its normalised name; None for one that the table does not have."""
    return _tables()[0].get(name)


def providers(root: str) -> tuple[str, ...]:
    """The distributions that install a top-level name, the likeliest first; () where none is known."""
    return _tables()[1].get(root, ())


def runtime() -> Runtime:
    """What the runtime has by itself."""
    return _tables()[2]


def carried(requirements: Iterable[Requirement]) -> frozenset[str] | None:
    """All distributions that the requirements may install, those that they bring along included; None where
    that cannot be told of one of them."""
    found: set[str] = set()
    waiting: list[tuple[str, tuple[str, ...]]] = []
    for requirement in requirements:
        if requirement.direct:
            return None
        waiting.append((requirement.name, requirement.extras))
    while waiting:
        name, extras = waiting.pop()
        row = distribution(name)
        if row is None or row.brings is None or not set(extras) <= row.extras.keys():
            return None
        if name not in found:
            found.add(name)
            waiting.extend((brought, ()) for brought in row.brings)
        waiting.extend((brought, ()) for extra in extras for brought in row.extras[extra])
    return frozenset(found)


@cache
def _tables() -> tuple[Mapping[str, Distribution], Mapping[str, tuple[str, ...]], Runtime]:
    data = load("distributions.toml")
    rows = {
        name: Distribution(
            name=name,
            imports=tuple(row["imports"]),
            brings=tuple(row["brings"]) if "brings" in row else None,
            extras={extra: tuple(brought) for extra, brought in row.get("extras", {}).items()},
            serves=tuple(row.get("serves", ())),
        )
        for name, row in data["distributions"].items()
    }
    by_import: dict[str, tuple[str, ...]] = {}
    for row in rows.values():
        for root in row.imports:
            by_import[root] = (*by_import.get(root, ()), row.name)
    for root, names in by_import.items():
        # The one of the same name first.
        same = root.lower().replace("_", "-")
        by_import[root] = tuple(sorted(names, key=lambda name: (name != same, len(name), name)))
    part = data["runtime"]
    known = Runtime(frozenset(part["imports"]), frozenset(part["sometimes"]), frozenset(part["inline"]))
    return rows, by_import, known
