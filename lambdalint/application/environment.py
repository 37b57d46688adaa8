"""The environment of a function, by the template and its image, against what its code reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.python.variables import runtime_variable
from lambdalint.template.values import Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.application.link import Bundle
    from lambdalint.python.environment import EnvRead
    from lambdalint.template.function import LambdaFunction

# Why a bundle may get variables that neither template nor Dockerfile names (law 9).
_SETTERS = frozenset({"exec wrapper", "image with an entry point", "image on an unknown base"})


@dataclass(frozen=True, eq=False)
class Undeclared:
    """A variable that code requires, and the functions that have none of that name."""

    read: EnvRead
    functions: tuple[LambdaFunction, ...]


def declared(function: LambdaFunction, bundle: Bundle) -> frozenset[str] | None:
    """The variables that the template or the image gives a function in some branch, those that Lambda sets
    aside; None where there may be more."""
    environment = function.environment
    if isinstance(environment, Unknown) or function.template.incomplete:
        return None
    if not _SETTERS.isdisjoint(bundle.opaque) or _runs_on_a_device(function):
        return None
    return frozenset(environment).union(name for name, _ in bundle.environment)


def undeclared(handler: Handler) -> Iterator[Undeclared]:
    """The variables that a handler's reach requires and that some of its functions do not have, where their
    absence breaks it; a place once for each name."""
    from lambdalint.python.environment import Use
    from lambdalint.python.unset import excuse

    required = [read for read in handler.environment.reads if read.use is Use.REQUIRED]
    if not required:
        return
    known = [(function, declared(function, handler.bundle)) for function in handler.functions]
    for read in required:
        lacking = tuple(
            function
            for function, names in known
            if names is not None and not any(read.means(name) for name in names)
        )
        if not lacking or runtime_variable(read.name) is not None:
            continue
        if not excuse(handler.evaluator, handler.reach, handler.environment, read):
            yield Undeclared(read, lacking)


def _runs_on_a_device(function: LambdaFunction) -> bool:
    """Whether IoT Greengrass runs the function, in an environment that its own definition gives it."""
    template = function.template
    pending, seen = [function.logical_id], set[str]()
    while pending:
        name = pending.pop()
        for path in template.references(name):
            holder = template.resources.get(str(path[1])) if len(path) > 1 else None
            if holder is None or holder.logical_id in seen:
                continue
            seen.add(holder.logical_id)
            if holder.type.startswith("AWS::Greengrass"):
                return True
            if holder.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
                pending.append(holder.logical_id)
    return False
