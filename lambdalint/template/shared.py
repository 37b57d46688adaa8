"""What functions share: a property that several take from one place, or that several lack, is one mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.finding import Label, Role
from lambdalint.template.function import Property
from lambdalint.template.values import Known, Path

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template

Message = str | Callable[["LambdaFunction"], str]


@dataclass(frozen=True, eq=False)
class Written:
    """A value of a property where it is written, with the functions that take it from there."""

    property: Property
    path: Path
    functions: tuple[LambdaFunction, ...]

    def labels(self, message: str, taken: str, role: Role = Role.PRIMARY) -> tuple[Label, ...]:
        """A label at the value, and one at each function that takes it from elsewhere than itself."""
        first = self.functions[0]
        return (
            first.template.label(self.path, message, role),
            *(
                each.label(taken, Role.RELATED, tied=True)
                for each in self.functions
                if self.path[:2] != each.resource.path
            ),
        )


def written(template: Template, *keys: str) -> tuple[Written, ...]:
    """The outcomes of a property over all functions, by the place where each is written: the function,
    Globals, or the default of a parameter."""
    return _by_place(template, lambda function: function.property(*keys))


def written_items(template: Template, *keys: str) -> tuple[Written, ...]:
    """The same for the items of a list."""
    return _by_place(template, lambda function: function.items(*keys))


def _by_place(
    template: Template, outcomes: Callable[[LambdaFunction], Sequence[Property]]
) -> tuple[Written, ...]:
    found: dict[Path, list[tuple[Property, LambdaFunction]]] = {}
    for function in template.functions:
        for outcome in outcomes(function):
            found.setdefault(place(template, outcome), []).append((outcome, function))
    return tuple(
        Written(pairs[0][0], path, tuple(dict.fromkeys(function for _, function in pairs)))
        for path, pairs in found.items()
    )


def place(template: Template, outcome: Property) -> Path:
    """Where a value is written: at the parameter's default, where the property only names the parameter."""
    name = outcome.parameter
    if not name or name in template.configured or not isinstance(outcome.value, Known):
        return outcome.path
    path: Path = ("Parameters", name, "Default")
    return path if str(template.get(path)) == str(outcome.value.value) else outcome.path


@dataclass(frozen=True, eq=False)
class Lacking:
    """Functions that lack a property, and could get it by one edit: in Globals, where `globally`."""

    functions: tuple[LambdaFunction, ...]
    globally: bool

    def labels(self, message: Message) -> tuple[Label, ...]:
        """A label at each function; the primary is the first of them, or at Globals."""
        telling = message if callable(message) else lambda function: message
        if not self.globally:
            first, *others = self.functions
            return (
                first.label(telling(first)),
                *(each.label(telling(each), Role.RELATED, tied=True) for each in others),
            )
        template = self.functions[0].template
        path: Path = ("Globals", "Function") if "Function" in template.globals_ else ("Globals",)
        return (
            template.label(path, "nothing here for all of them", key=True),
            *(each.label(telling(each), Role.RELATED, tied=True) for each in self.functions),
        )


def lacking(functions: Sequence[LambdaFunction], name: str) -> Iterator[Lacking]:
    """Functions that lack a property, in as few groups as there are edits to make (law 6): those that take
    from Globals, and the rest."""
    if not functions:
        return
    template = functions[0].template
    if len(functions) == 1 or not template.globals_:
        yield Lacking(tuple(functions), False)
        return
    reached = tuple(each for each in functions if each.sam and not each.ignores_globals(name))
    rest = tuple(each for each in functions if each not in reached)
    if reached:
        yield Lacking(reached, len(reached) > 1)
    if rest:
        yield Lacking(rest, False)
