"""Packages that exist for development, from `data/development_packages.toml`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from lambdalint.data.tables import load


@dataclass(frozen=True)
class DevelopmentPackage:
    """A row of the table. `what` says what it is, with its article; `reason` why Lambda does not need it.

    `stubs` holds types only: where nothing ships it, importing it fails. `common` is a word that a
    developer's own module may be called, too. `needed` is what other packages may need when they run.
    """

    what: str
    reason: str
    imports: tuple[str, ...]
    distributions: tuple[str, ...] = ()
    stubs: bool = False
    common: bool = False
    needed: bool = False


def development_import(
    dotted: str, more: Iterable[str] = (), table: bool = True
) -> DevelopmentPackage | None:
    """The row of a module that code imports, by its dotted name.

    `more` are further packages of that kind, by import name; without `table` they are the only ones.
    """
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        name = ".".join(parts[:count])
        for pattern in more:
            if fnmatchcase(name, pattern):
                return DevelopmentPackage("a development package", "the configuration lists it", (pattern,))
        found = _find(name, count == 1) if table else None
        if found is not None:
            return found
    return None


def development_distribution(name: str) -> DevelopmentPackage | None:
    """The row of a distribution, by its name in a manifest, normalised as PEP 503 has it."""
    for row in _rows():
        if any(fnmatchcase(name, pattern) for pattern in row.distributions):
            return row
    return None


def _find(name: str, top: bool) -> DevelopmentPackage | None:
    exact, patterns = _by_import()
    if name in exact:
        return exact[name]
    if not top:
        return None
    return next((row for pattern, row in patterns if fnmatchcase(name, pattern)), None)


@cache
def _by_import() -> tuple[dict[str, DevelopmentPackage], tuple[tuple[str, DevelopmentPackage], ...]]:
    names = [(name, row) for row in _rows() for name in row.imports]
    exact = {name: row for name, row in names if "*" not in name}
    return exact, tuple((name, row) for name, row in names if "*" in name)


@cache
def _rows() -> tuple[DevelopmentPackage, ...]:
    return tuple(
        DevelopmentPackage(
            what=row["what"],
            reason=row["reason"],
            imports=tuple(row["imports"]),
            distributions=tuple(row["distributions"]),
            stubs=row.get("stubs", False),
            common=row.get("common", False),
            needed=row.get("needed", False),
        )
        for row in load("development_packages.toml")["package"]
    )
