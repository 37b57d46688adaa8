"""What a handler can return: every `return` of it, and its end where the code can come there.

For those who call a function over HTTP, an end without a `return` is an answer too: None.
"""

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
    the expression of a lambda, or the function whose end is come to. `made` is what the value can be, `ends`
    are the statements from which the code comes to the end."""

    module: PythonModule
    node: cst.CSTNode
    value: cst.BaseExpression | None
    made: tuple[Made, ...]
    ends: tuple[cst.CSTNode, ...] = ()


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
        if module.enclosing_function(statement) is not function or _is_dead(module, statement):
            continue
        value = statement.value
        if value is None:
            yield Reply(module, statement, None, (Made("none", module, statement),))
        else:
            yield Reply(module, statement, value, kinds.of(module, value))
    if not leaves(function.body, module):
        ends = tuple(open_ends(function.body, module))
        yield Reply(module, function, None, (Made("none", module, function),), ends)


def _is_dead(module: PythonModule, statement: cst.CSTNode) -> bool:
    """Whether something before the statement always leaves the block."""
    below = statement
    for above in module.ancestors(statement):
        if isinstance(above, cst.FunctionDef):
            return False
        if isinstance(above, (cst.IndentedBlock, cst.SimpleStatementSuite, cst.SimpleStatementLine)):
            for each in above.body:
                if each is below:
                    break
                if leaves(each, module):
                    return True
        below = above
    return False


def open_ends(block: cst.CSTNode | None, module: PythonModule) -> Iterator[cst.CSTNode]:
    """The statements at the end of a block, in whatever branch, behind which nothing follows: an `if` without
    `else`, a loop, an `except` clause that only logs."""
    if isinstance(block, (cst.Else, cst.Finally)):
        yield from open_ends(block.body, module)
        return
    if not isinstance(block, (cst.IndentedBlock, cst.SimpleStatementSuite)) or leaves(block, module):
        return
    last = block.body[-1]
    if isinstance(last, cst.If):
        yield from open_ends(last.body, module)
        if last.orelse is None:
            yield last
        elif isinstance(last.orelse, cst.If):
            yield from _ends_of_elif(last.orelse, module)
        else:
            yield from open_ends(last.orelse, module)
    elif isinstance(last, (cst.Try, cst.TryStar)):
        yield from _ends_of_try(last, module)
    elif isinstance(last, cst.With):
        yield from open_ends(last.body, module)
    else:
        yield last


def _ends_of_elif(node: cst.If, module: PythonModule) -> Iterator[cst.CSTNode]:
    yield from open_ends(node.body, module)
    if node.orelse is None:
        yield node
    elif isinstance(node.orelse, cst.If):
        yield from _ends_of_elif(node.orelse, module)
    else:
        yield from open_ends(node.orelse, module)


def _ends_of_try(node: cst.Try | cst.TryStar, module: PythonModule) -> Iterator[cst.CSTNode]:
    if not leaves(node.body, module):
        yield from open_ends(node.orelse if node.orelse is not None else node.body, module)
    for handler in node.handlers:
        if not leaves(handler.body, module):
            yield handler
