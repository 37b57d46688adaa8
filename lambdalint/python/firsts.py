"""Whether code reads the first record of an event only, and never sees the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.effects import Effects
from lambdalint.python.evaluate import Evaluator
from lambdalint.python.module import PythonModule
from lambdalint.python.reach import Phase, Reach
from lambdalint.python.records import is_list
from lambdalint.python.symbols import External, FromEvent, alternatives
from lambdalint.python.traces import Traces

if TYPE_CHECKING:
    from lambdalint.python.failures import HandlerLike

_PICKS_ONE = re.compile(r"\[\s*-?\d+\s*\]|\bnext\(")


@dataclass(frozen=True, eq=False)
class First:
    """A place that takes one record out of the list."""

    module: PythonModule
    node: cst.Subscript | cst.Call


def only_firsts(handler: HandlerLike) -> tuple[First, ...]:
    """Where the first record (or some other by a constant index) is read; () where anything else may be made
    of the list of records, or of the event as a whole."""
    if not any(module.mentions(_PICKS_ONE) for module in handler.reach.modules):
        return ()
    return _Firsts(handler.evaluator, handler.reach, handler.effects, handler.node).found()


class _Firsts:
    def __init__(self, evaluator: Evaluator, reach: Reach, effects: Effects, entry: cst.CSTNode) -> None:
        self._evaluator = evaluator
        self._reach = reach
        self._effects = effects
        self._traces = Traces(evaluator, reach, effects, answering=[entry], unread=())

    def found(self) -> tuple[First, ...]:
        firsts: list[First] = []
        for module, node in self._expressions():
            first = self._first(module, node)
            if first is not None:
                firsts.append(First(module, first))
            elif self._is_used(module, node):
                return ()
        return tuple(firsts)

    def _expressions(self) -> Iterator[tuple[PythonModule, cst.BaseExpression]]:
        """The expressions on the invoke path that give the list of records, or the event."""
        for module in self._reach.modules:
            nodes: list[cst.BaseExpression] = [
                *module.nodes(cst.Name),
                *module.nodes(cst.Subscript),
                *module.nodes(cst.Attribute),
                *module.nodes(cst.Call),
            ]
            for node in nodes:
                if isinstance(node, cst.Name) and not module.names.lookup(node):
                    continue
                if Phase.INVOKE in self._reach.phases(module, node) and self._is_whole(module, node):
                    yield module, node

    def _is_whole(self, module: PythonModule, node: cst.BaseExpression) -> bool:
        return any(
            is_list(option) or option == FromEvent()
            for option in alternatives(self._evaluator.value(module, node))
        )

    def _first(self, module: PythonModule, node: cst.BaseExpression) -> cst.Subscript | cst.Call | None:
        """The expression that takes one record out of a list, by a constant index or `next`."""
        if not self._is_list(module, node):
            return None
        parent = module.parent(node)
        if isinstance(parent, cst.Subscript) and parent.value is node and len(parent.slice) == 1:
            index = parent.slice[0].slice
            return parent if isinstance(index, cst.Index) and _is_number(index.value) else None
        call = module.parent(parent) if isinstance(parent, cst.Arg) else None
        if isinstance(call, cst.Call) and call.args[0] is parent:
            function = self._evaluator.value(module, call.func)
            return call if function == External("builtins.next") else None
        return None

    def _is_used(self, module: PythonModule, node: cst.BaseExpression) -> bool:
        """Whether more than one record may be read of what an expression gives, as far as this place goes."""
        parent = module.parent(node)
        if isinstance(parent, (cst.For, cst.CompFor)):
            return True
        if isinstance(parent, cst.Arg):
            call = module.parent(parent)
            if not isinstance(call, cst.Call) or parent.star:
                return True
            if self._effects.functions(module, call) or self._is_whole(module, call):
                return False  # followed where it goes
        elif isinstance(parent, (cst.Assign, cst.AnnAssign, cst.NamedExpr)):
            targets = parent.targets if isinstance(parent, cst.Assign) else [parent]
            return not all(isinstance(each.target, cst.Name) for each in targets)
        elif isinstance(parent, cst.Subscript) and parent.value is node:
            return self._is_list(module, node)  # by an index that is not constant, or several
        elif isinstance(parent, cst.Attribute):
            return self._is_list(module, node) or not self._is_lookup(module, parent)
        if _is_tested(module, node):
            return False
        return self._traces.value_matters(module, node)

    def _is_list(self, module: PythonModule, node: cst.BaseExpression) -> bool:
        return any(is_list(option) for option in alternatives(self._evaluator.value(module, node)))

    def _is_lookup(self, module: PythonModule, node: cst.Attribute) -> bool:
        """`event.get(…)`, `event.records`, which are expressions of their own."""
        parent = module.parent(node)
        if isinstance(parent, cst.Call) and parent.func is node:
            return node.attr.value == "get" or self._is_whole(module, parent)
        return self._is_whole(module, node) or node.attr.value not in ("pop", "items", "values")


def _is_number(expr: cst.BaseExpression) -> bool:
    if isinstance(expr, cst.UnaryOperation):
        expr = expr.expression
    return isinstance(expr, cst.Integer)


def _is_tested(module: PythonModule, node: cst.BaseExpression) -> bool:
    """Whether it is only asked if there is anything: `if records`, `not records`, `"Records" in event`."""
    below: cst.CSTNode = node
    for above in module.ancestors(node):
        if isinstance(above, cst.ComparisonTarget):
            return isinstance(above.operator, (cst.In, cst.NotIn))
        if isinstance(above, (cst.If, cst.IfExp, cst.While)):
            return below is above.test
        plain = isinstance(above, cst.UnaryOperation) and isinstance(above.operator, cst.Not)
        if not plain and not isinstance(above, cst.BooleanOperation):
            return False
        below = above
    return False
