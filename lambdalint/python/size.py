"""How much a function does itself: its statements, and the decisions between them."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from lambdalint.python.walk import children

_COMPOUND = frozenset(
    {cst.If, cst.For, cst.While, cst.Try, cst.TryStar, cst.With, cst.Match, cst.FunctionDef}
)
_DECISIONS = frozenset(
    {
        cst.If,
        cst.IfExp,
        cst.For,
        cst.While,
        cst.ExceptHandler,
        cst.ExceptStarHandler,
        cst.MatchCase,
        cst.BooleanOperation,
        cst.CompIf,
    }
)
_NO_WORK = frozenset({cst.Import, cst.ImportFrom, cst.Global, cst.Nonlocal, cst.Pass})


@dataclass(frozen=True)
class Size:
    """`statements` are simple statements and the heads of compound ones; `decisions` what McCabe counts:
    tests, loops, `except` clauses, cases, `and` and `or`.

    Docstrings, imports and declarations are left out. What the function defines within counts as its own: it
    cannot be called from outside either. An `if` or `case` that only hands on (`return list_orders(event)`)
    is a route, and counts as nothing.
    """

    statements: int
    decisions: int


def size(function: cst.FunctionDef) -> Size:
    """The size of a function's body."""
    statements = decisions = 0
    stack: list[cst.CSTNode] = [function.body]
    while stack:
        node = stack.pop()
        below = list(children(node))
        kind = node.__class__
        if isinstance(node, (cst.If, cst.MatchCase)) and _hands_on(node.body):
            below.remove(node.body)
        else:
            statements += kind in _COMPOUND
            decisions += kind in _DECISIONS
        if isinstance(node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            statements += sum(map(_works, node.body))
        stack.extend(below)
    return Size(statements, decisions)


def _hands_on(block: cst.BaseSuite) -> bool:
    """Whether a block is one call, whose answer is returned or not waited for."""
    if not isinstance(block, cst.IndentedBlock) or len(block.body) != 1:
        return False
    line = block.body[0]
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return False
    statement = line.body[0]
    return isinstance(statement, (cst.Return, cst.Expr)) and isinstance(statement.value, cst.Call)


def _works(statement: cst.BaseSmallStatement) -> bool:
    if isinstance(statement, cst.Expr):
        return not isinstance(statement.value, (cst.SimpleString, cst.Ellipsis))
    return statement.__class__ not in _NO_WORK
