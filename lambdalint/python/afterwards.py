"""What code does after a call: whether it reads something that the call may have brought about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import library
from lambdalint.python.module import PythonModule
from lambdalint.python.results import is_logging
from lambdalint.python.symbols import Function, given

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCalls
    from lambdalint.python.evaluate import Evaluator

__all__ = ["is_read_after"]

_MAX_DEPTH = 4


def is_read_after(evaluator: Evaluator, calls: AwsCalls, module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether what comes next in the same function reads from AWS, by itself or through what it calls."""
    reading = {
        id(call.node)
        for call in (*calls, *calls.unresolved)
        if _is_read(call.operation if hasattr(call, "operation") else call.name)
    }
    following = _next(evaluator, module, node)
    return following is not None and _reads(evaluator, reading, module, following, 0, set())


def _is_read(operation: str) -> bool:
    words = operation.split("_")
    return "_".join(words[:2]) in library.READ_VERBS or words[0] in library.READ_VERBS


def _next(evaluator: Evaluator, module: PythonModule, node: cst.CSTNode) -> cst.CSTNode | None:
    """What runs next in the function of a node, logging aside: a statement, or how a compound one begins."""
    below = node
    for above in module.ancestors(node):
        if isinstance(above, cst.IndentedBlock):
            position = next(index for index, statement in enumerate(above.body) if statement is below)
            for statement in above.body[position + 1 :]:
                if not _is_log(evaluator, module, statement):
                    return _beginning(statement)
        if isinstance(above, (cst.FunctionDef, cst.Lambda)):
            return None
        below = above
    return None


def _beginning(statement: cst.CSTNode) -> cst.CSTNode:
    """The part of a compound statement that runs in any case and first."""
    while True:
        if isinstance(statement, (cst.If, cst.While)):
            return statement.test
        if isinstance(statement, cst.For):
            return statement.iter
        if not isinstance(statement, (cst.Try, cst.With)) or not statement.body.body:
            return statement
        statement = statement.body.body[0]


def _is_log(evaluator: Evaluator, module: PythonModule, statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    (only,) = statement.body
    return (
        isinstance(only, cst.Expr)
        and isinstance(only.value, cst.Call)
        and is_logging(evaluator, module, only.value)
    )


def _reads(
    evaluator: Evaluator,
    reading: set[int],
    module: PythonModule,
    code: cst.CSTNode,
    depth: int,
    seen: set[int],
) -> bool:
    if depth > _MAX_DEPTH or id(code) in seen:
        return False
    seen.add(id(code))
    for node in module.descendants(code):
        if not isinstance(node, cst.Call):
            continue
        if id(node) in reading:
            return True
        for option in given(evaluator.value(module, node.func)):
            if isinstance(option, Function) and _reads(
                evaluator, reading, option.module, option.node.body, depth + 1, seen
            ):
                return True
    return False
