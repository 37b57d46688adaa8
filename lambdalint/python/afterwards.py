"""What code does after a call: whether it reads something that the call may have brought about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import library
from lambdalint.python.module import PythonModule
from lambdalint.python.symbols import Function, given

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCalls
    from lambdalint.python.evaluate import Evaluator

__all__ = ["is_read_after"]

_MAX_DEPTH = 4


def is_read_after(evaluator: Evaluator, calls: AwsCalls, module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether the same function goes on to read from AWS after a node, by itself or through what it calls."""
    reading = {
        id(call.node)
        for call in (*calls, *calls.unresolved)
        if _is_read(call.operation if hasattr(call, "operation") else call.name)
    }
    return any(
        _reads(evaluator, reading, module, statement, 0, set()) for statement in _following(module, node)
    )


def _is_read(operation: str) -> bool:
    words = operation.split("_")
    return "_".join(words[:2]) in library.READ_VERBS or words[0] in library.READ_VERBS


def _following(module: PythonModule, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The statements that come after a node in the blocks around it, up to its function."""
    below = node
    for above in module.ancestors(node):
        if isinstance(above, cst.IndentedBlock):
            position = next(index for index, statement in enumerate(above.body) if statement is below)
            yield from above.body[position + 1 :]
        if isinstance(above, (cst.FunctionDef, cst.Lambda)):
            return
        below = above


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
