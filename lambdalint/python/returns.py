"""What a handler can return: every `return` of it, and its end where the code can come there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from lambdalint.python.control import leaves
from lambdalint.python.kinds import Kinds, Made, yields
from lambdalint.python.module import PythonModule


@dataclass(frozen=True, eq=False)
class Reply:
    """One way to return. `value` is the expression, None where nothing is returned. `node` is the `return`,
    the expression of a lambda, or the function whose end is come to. `made` is what the value can be."""

    module: PythonModule
    node: cst.CSTNode
    value: cst.BaseExpression | None
    made: tuple[Made, ...]


def replies(kinds: Kinds, module: PythonModule, function: cst.CSTNode) -> tuple[Reply, ...]:
    """What a function can return, in the order of the source; () for what is no function, and for a function
    whose call makes a coroutine or a generator."""
    if isinstance(function, cst.Lambda):
        return (Reply(module, function.body, function.body, kinds.of(module, function.body)),)
    if not isinstance(function, cst.FunctionDef):
        return ()
    if function.asynchronous is not None or yields(module, function):
        return ()
    return tuple(_replies(kinds, module, function))


def _replies(kinds: Kinds, module: PythonModule, function: cst.FunctionDef) -> Iterator[Reply]:
    for statement in module.nodes(cst.Return):
        if module.enclosing_function(statement) is not function:
            continue
        value = statement.value
        if value is None:
            yield Reply(module, statement, None, (Made("none", module, statement),))
        else:
            yield Reply(module, statement, value, kinds.of(module, value))
    if not leaves(function.body, module):
        yield Reply(module, function, None, (Made("none", module, function),))
