"""Bindings that every way to a read makes: what was bound before them is gone.

The evaluator keeps whatever may still hold after branches; here `if` with `else`, `try` with its clauses and
`match` count as one binding where each of their ways binds the name or leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from lambdalint.python.control import leaves
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding

_BLOCKS = (cst.IndentedBlock, cst.SimpleStatementSuite, cst.Module)
_TRIES = (cst.Try, cst.TryStar)


def certain(module: PythonModule, bindings: Sequence[Binding], read: cst.Name) -> tuple[Binding, ...]:
    """The bindings of one scope that a read in the same scope can mean, without those that are always
    replaced on the way."""
    if len(bindings) < 2 or any(each.scope is not bindings[0].scope for each in bindings):
        return tuple(bindings)
    if module.names.scope(read) is not bindings[0].scope:
        return tuple(bindings)
    nodes = frozenset(id(each.node) for each in bindings)
    below: cst.CSTNode = read
    for above in module.ancestors(read):
        if isinstance(above, _BLOCKS):
            following = _after_certain(module, above, below, nodes)
            if following is not None:
                return _within(module, bindings, following)
        if above is bindings[0].scope.node:
            break
        below = above
    return tuple(bindings)


def _after_certain(
    module: PythonModule, block: cst.CSTNode, around: cst.CSTNode, nodes: frozenset[int]
) -> list[cst.CSTNode] | None:
    """The last statement of a block before the read that certainly binds, and what follows it; None where
    there is none."""
    statements: Sequence[cst.CSTNode] = block.body  # type: ignore[attr-defined]
    at = next((index for index, each in enumerate(statements) if each is around), 0)
    for index in range(at - 1, -1, -1):
        if _binds(module, statements[index], nodes):
            return [*statements[index : at + 1]]
    return None


def _within(
    module: PythonModule, bindings: Sequence[Binding], statements: Sequence[cst.CSTNode]
) -> tuple[Binding, ...]:
    around = {id(each) for each in statements}
    found = [
        binding
        for binding in bindings
        if id(binding.node) in around or any(id(above) in around for above in module.ancestors(binding.node))
    ]
    return tuple(found) or tuple(bindings)


def _binds(module: PythonModule, node: cst.CSTNode | None, nodes: frozenset[int]) -> bool:
    if node is None:
        return False
    if isinstance(node, (cst.Else, cst.Finally)):
        return _binds(module, node.body, nodes)
    if isinstance(node, (cst.IndentedBlock, cst.SimpleStatementSuite)):
        return any(_binds(module, each, nodes) for each in node.body) or leaves(node, module)
    if isinstance(node, cst.SimpleStatementLine):
        return any(id(each) in nodes for each in node.body)
    if isinstance(node, cst.If):
        return _binds(module, node.body, nodes) and _binds(module, node.orelse, nodes)
    if isinstance(node, cst.With):
        return any(id(item) in nodes for item in node.items) or _binds(module, node.body, nodes)
    if isinstance(node, _TRIES):
        body = _binds(module, node.body, nodes) or _binds(module, node.orelse, nodes)
        ways = body and all(_binds(module, handler.body, nodes) for handler in node.handlers)
        return ways or _binds(module, node.finalbody, nodes)
    if isinstance(node, cst.Match):
        last = node.cases[-1] if node.cases else None
        exhaustive = (
            last is not None
            and last.guard is None
            and isinstance(last.pattern, cst.MatchAs)
            and last.pattern.pattern is None
        )
        return exhaustive and all(_binds(module, case.body, nodes) for case in node.cases)
    return id(node) in nodes
