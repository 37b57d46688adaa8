"""The environment variables that a template writes: once where each is written, with the functions that get
it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.template.values import Path, Unknown

if TYPE_CHECKING:
    from lambdalint.finding import FunctionId
    from lambdalint.template.function import LambdaFunction, Property
    from lambdalint.template.template import Template


@dataclass(frozen=True, eq=False)
class Written:
    """A variable of a function's environment or of Globals. `path` leads to its key; `outcomes` are what its
    value can be, each where it is written."""

    name: str
    path: Path
    outcomes: tuple[Property, ...]
    functions: tuple[LambdaFunction, ...]

    @property
    def ids(self) -> tuple[FunctionId, ...]:
        """What findings name the functions by."""
        return tuple(function.id for function in self.functions)


def variables(template: Template) -> tuple[Written, ...]:
    """The variables that functions of a template get, in the order of the functions; none of an environment
    whose names are not known."""
    found: dict[Path, Written] = {}
    for function in template.functions:
        for written in _of_function(function):
            known = found.get(written.path)
            if known is not None:
                functions = (*known.functions, function)
                written = Written(written.name, written.path, written.outcomes, functions)
            found[written.path] = written
    return tuple(found.values())


def _of_function(function: LambdaFunction) -> Iterator[Written]:
    environment = function.environment
    if isinstance(environment, Unknown):
        return
    for name, outcomes in environment.items():
        keys: dict[Path, list[Property]] = {}
        for outcome in outcomes:
            keys.setdefault(_key(outcome.path, name), []).append(outcome)
        for path, written in keys.items():
            yield Written(name, path, tuple(written), (function,))


def _key(path: Path, name: str) -> Path:
    """The path of a variable's key, from that of one of its values (which `Fn::If` may choose)."""
    below = path.index("Variables") + 1
    return path[: path.index(name, below) + 1] if name in path[below:] else path
