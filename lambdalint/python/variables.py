"""Environment variables that Lambda's runtimes set, and those that libraries read by themselves, from
`data/lambda_variables.toml` and `data/library_env_vars.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from lambdalint.data.tables import load


@dataclass(frozen=True)
class RuntimeVariable:
    """A variable that Lambda sets; with `reserved`, a function's configuration must not."""

    pattern: str
    reserved: bool


def runtime_variable(name: str) -> RuntimeVariable | None:
    """The row of a variable that Lambda's runtimes set by themselves; None for any other."""
    exact, patterns = _runtime()
    if name in exact:
        return exact[name]
    return next((row for row in patterns if fnmatchcase(name, row.pattern)), None)


@cache
def _runtime() -> tuple[dict[str, RuntimeVariable], tuple[RuntimeVariable, ...]]:
    rows = [
        RuntimeVariable(name, row["reserved"])
        for row in load("lambda_variables.toml")["variables"]
        for name in row["names"]
    ]
    exact = {row.pattern: row for row in rows if "*" not in row.pattern}
    return exact, tuple(row for row in rows if "*" in row.pattern)


@dataclass(frozen=True)
class Reader:
    """Something that reads variables by itself: a library by its import names, a layer by parts of its ARN;
    with neither, the runtime."""

    variables: tuple[str, ...]
    imports: frozenset[str] = frozenset()
    layers: tuple[str, ...] = ()

    def reads(self, name: str) -> bool:
        """Whether it reads the variable."""
        return any(fnmatchcase(name, pattern) for pattern in self.variables)


@cache
def readers() -> tuple[Reader, ...]:
    """The rows of `data/library_env_vars.toml`."""
    return tuple(
        Reader(tuple(row["variables"]), frozenset(row.get("imports", ())), tuple(row.get("layers", ())))
        for row in load("library_env_vars.toml")["reader"]
    )


def known_layer(arn: str) -> Reader | None:
    """The row of a layer that holds a library or extension and nothing else; None for any other layer."""
    return next((row for row in readers() if any(part in arn for part in row.layers)), None)
