"""How a block of code can end: by running to its end, or by leaving."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from lambdalint.python.control import ENDING_CALLS, is_endless
from lambdalint.python.module import PythonModule

__all__ = ["BREAK", "CONTINUE", "FALL", "LEAVE_LOOP", "RAISE", "RETURN", "endings"]

FALL = "fall"  # runs to its end
CONTINUE = "continue"
BREAK = "break"
RETURN = "return"
RAISE = "raise"

LEAVE_LOOP = frozenset({BREAK, RETURN})


_ONLY_FALL = frozenset({FALL})


def endings(module: PythonModule, block: cst.CSTNode | Sequence[cst.CSTNode] | None) -> frozenset[str]:
    """The ways in which a block, a statement or a sequence of statements can end.

    `break` and `continue` are those of a loop around it. What a call may raise is not counted.
    """
    if block is None:
        return _ONLY_FALL
    if isinstance(block, cst.CSTNode):
        return _node(module, block)
    found: frozenset[str] = frozenset()
    for statement in block:
        ends = _node(module, statement)
        found |= ends - _ONLY_FALL
        if FALL not in ends:
            return found
    return found | _ONLY_FALL


def _node(module: PythonModule, node: cst.CSTNode) -> frozenset[str]:
    if isinstance(node, (cst.IndentedBlock, cst.SimpleStatementSuite, cst.SimpleStatementLine)):
        return endings(module, node.body)
    if isinstance(node, (cst.Else, cst.Finally, cst.With)):
        return _node(module, node.body)
    if isinstance(node, cst.If):
        return _node(module, node.body) | endings(module, node.orelse)
    if isinstance(node, (cst.For, cst.While)):
        return _loop(module, node)
    if isinstance(node, (cst.Try, cst.TryStar)):
        return _try(module, node)
    if isinstance(node, cst.Match):
        found = frozenset[str]().union(*(_node(module, case.body) for case in node.cases))
        last = node.cases[-1] if node.cases else None
        wild = last is not None and last.guard is None and _is_wild(last.pattern)
        return found if wild else found | _ONLY_FALL
    if isinstance(node, cst.Return):
        return frozenset({RETURN})
    if isinstance(node, cst.Raise):
        return frozenset({RAISE})
    if isinstance(node, cst.Break):
        return frozenset({BREAK})
    if isinstance(node, cst.Continue):
        return frozenset({CONTINUE})
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call):
        ends = module.names.qualified(node.value.func) in ENDING_CALLS
        return frozenset({RAISE}) if ends else _ONLY_FALL
    return _ONLY_FALL


def _loop(module: PythonModule, node: cst.For | cst.While) -> frozenset[str]:
    inner = _node(module, node.body)
    found = inner & {RETURN, RAISE}
    if isinstance(node, cst.While) and is_endless(node):
        return found
    return found | endings(module, node.orelse) | _ONLY_FALL


def _try(module: PythonModule, node: cst.Try | cst.TryStar) -> frozenset[str]:
    found = _node(module, node.body)
    if FALL in found:
        found = (found - _ONLY_FALL) | endings(module, node.orelse)
    for handler in node.handlers:
        found |= _node(module, handler.body)
    if node.finalbody is not None:
        last = _node(module, node.finalbody)
        found = found | (last - _ONLY_FALL) if FALL in last else last
    return found


def _is_wild(pattern: cst.MatchPattern) -> bool:
    return isinstance(pattern, cst.MatchAs) and pattern.pattern is None
