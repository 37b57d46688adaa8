"""Whether a value decides on anything, or only ends in logs and in an answer that nobody reads.

What the handler returns counts as unread, but for `batchItemFailures`, which Lambda reads.
"""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from lambdalint.python.effects import Effect, Effects
from lambdalint.python.evaluate import Evaluator
from lambdalint.python.module import PythonModule
from lambdalint.python.reach import Reach
from lambdalint.python.symbols import Display, Literal, alternatives
from lambdalint.python.walk import own_nodes

REPORT_KEY = "batchItemFailures"

_FILLING = frozenset({"add", "append", "appendleft", "extend", "insert", "setdefault", "update"})


class Traces:
    """What becomes of values within one reach.

    `answering` are the functions whose result Lambda gets, `unread` those whose result nobody does.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        reach: Reach,
        effects: Effects,
        answering: Iterable[cst.CSTNode],
        unread: Iterable[cst.CSTNode],
    ) -> None:
        self._evaluator = evaluator
        self._reach = reach
        self._effects = effects
        self._answering = {id(node) for node in answering}
        self._unread = {id(node) for node in unread}
        self._active: set[object] = set()
        self._results: dict[int, bool] = {}

    def answers(self, function: cst.CSTNode) -> bool:
        """Whether what a function returns is the handler's answer."""
        return id(function) in self._answering

    def name_matters(
        self, module: PythonModule, function: cst.FunctionDef, name: str, skip: cst.CSTNode | None = None
    ) -> bool:
        """Whether a variable of a function decides on anything, but for within the blocks of `skip`: a `try`
        with its clauses, or a `with`."""
        key = ("name", id(function), name)
        if key in self._active:
            return False
        scope = module.names.inner_scope(function)
        if scope is None or name in scope.global_names or name in scope.nonlocal_names:
            return True
        bindings = scope.bindings.get(name, ())
        if not bindings:
            return True
        self._active.add(key)
        try:
            return any(
                self.value_matters(module, read)
                for binding in bindings
                for read in binding.reads
                if skip is None or not _within(module, skip, read)
            )
        finally:
            self._active.discard(key)

    def value_matters(self, module: PythonModule, node: cst.CSTNode) -> bool:
        """Whether the value of an expression decides on anything or goes anywhere."""
        below: cst.CSTNode = node
        for above in module.ancestors(node):
            if isinstance(above, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
                return self._statement_matters(module, above, below)
            answer = self._expression_matters(module, above, below)
            if answer is not None:
                return answer
            below = above
        return True

    def result_matters(self, module: PythonModule, function: cst.FunctionDef) -> bool:
        """Whether any caller makes something of what a function returns."""
        if id(function) in self._answering or id(function) in self._unread:
            return False
        known = self._results.get(id(function))
        if known is None:
            key = ("result", id(function))
            if key in self._active:
                return False
            self._active.add(key)
            try:
                sites = self._reach.call_sites(module, function)
                known = not sites or any(self.value_matters(*site) for site in sites)
            finally:
                self._active.discard(key)
            self._results[id(function)] = known
        return known

    def reports(self, module: PythonModule, expr: cst.BaseExpression) -> bool:
        """Whether an answer of the handler may name failed items; a list that is written empty names none."""
        for option in alternatives(self._evaluator.value(module, expr)):
            if isinstance(option, Display):
                named = self._evaluator.item(option, REPORT_KEY)
                if named is not None and not _is_written_empty(expr):
                    return True
            elif not isinstance(option, Literal) and REPORT_KEY in module.source.text:
                return True
        return False

    # Climbing out of an expression

    def _expression_matters(
        self, module: PythonModule, above: cst.CSTNode, below: cst.CSTNode
    ) -> bool | None:
        """The answer, where one step up gives it."""
        if isinstance(above, cst.Attribute):
            parent = module.parent(above)
            filled = isinstance(parent, cst.Call) and parent.func is above and above.attr.value in _FILLING
            return False if filled and isinstance(module.parent(parent), cst.Expr) else None  # type: ignore[arg-type]
        if isinstance(above, cst.Call) and below is not above.func:
            return self._argument_matters(module, above)
        if isinstance(above, cst.DictElement):
            return True if below is above.value and _is_report_key(above.key) else None
        if isinstance(above, cst.NamedExpr):
            return True if self._root_matters(module, above.target) else None
        return True if isinstance(above, (cst.Lambda, cst.Yield)) else None

    def _argument_matters(self, module: PythonModule, call: cst.Call) -> bool | None:
        """Whether it matters that a value is given to a call; None where the call's result tells."""
        if self._effects.of(module, call) > Effect.CONFIGURE:
            return True
        if isinstance(call.func, cst.Attribute) and call.func.attr.value in _FILLING:
            return self._root_matters(module, call.func.value)
        functions = self._effects.functions(module, call)
        if isinstance(module.parent(call), cst.Expr) and not functions:
            return False  # a logger, most likely
        return True if any(self._effects.summary(each).raises for each in functions) else None

    # Statements

    def _statement_matters(self, module: PythonModule, statement: cst.CSTNode, part: cst.CSTNode) -> bool:
        function = module.enclosing_function(statement)
        if not isinstance(function, cst.FunctionDef):
            return True
        if isinstance(statement, (cst.Expr, cst.Del)):
            return False
        if isinstance(statement, cst.Return):
            return self.result_matters(module, function)
        if isinstance(statement, cst.Assign):
            return any(self._target_matters(module, target.target) for target in statement.targets)
        if isinstance(statement, (cst.AnnAssign, cst.AugAssign)):
            return part is statement.value and self._target_matters(module, statement.target)
        if isinstance(statement, cst.If) and part is statement.test:
            arms = [statement.body, *([statement.orelse] if statement.orelse is not None else [])]
            return any(self._arm_matters(module, function, arm) for arm in arms)
        if isinstance(statement, cst.For) and part is statement.iter:
            return self._arm_matters(module, function, statement.body, loop=True)
        return True

    def _target_matters(self, module: PythonModule, target: cst.BaseExpression) -> bool:
        if isinstance(target, cst.Subscript) and any(
            isinstance(element.slice, cst.Index) and _is_report_key(element.slice.value)
            for element in target.slice
        ):
            return True
        return self._root_matters(module, target)

    def _root_matters(self, module: PythonModule, target: cst.BaseExpression) -> bool:
        function = module.enclosing_function(target)
        names = roots(target)
        if not isinstance(function, cst.FunctionDef) or names is None:
            return True
        return any(self.name_matters(module, function, name) for name in names)

    def _arm_matters(
        self, module: PythonModule, function: cst.FunctionDef, arm: cst.CSTNode, loop: bool = False
    ) -> bool:
        """Whether it matters that an arm runs or not."""
        if self._effects.raises(module, arm) or self._effects.total(module, arm) >= Effect.UNKNOWN:
            return True
        for node in own_nodes(arm):
            if isinstance(node, (cst.Continue, cst.Break)) and not loop:
                return True
            if isinstance(node, cst.Return) and (
                self.result_matters(module, function)
                or (node.value is not None and self.answers(function) and self.reports(module, node.value))
            ):
                return True
        names = changed(module, arm)
        return names is None or any(self.name_matters(module, function, name) for name in names)


def changed(module: PythonModule, node: cst.CSTNode) -> set[str] | None:
    """The names that a block binds or fills; None where it changes an object that no name holds."""
    names: set[str] = set()
    for inner in own_nodes(node):
        for target in _targets(inner):
            found = roots(target)
            if found is None:
                return None
            names |= found
    return names


def _targets(node: cst.CSTNode) -> list[cst.BaseExpression]:
    if isinstance(node, cst.Assign):
        return [target.target for target in node.targets]
    if isinstance(node, (cst.AugAssign, cst.AnnAssign, cst.NamedExpr)):
        return [node.target]
    if (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in _FILLING
    ):
        return [node.func.value]
    return []


def roots(target: cst.BaseExpression) -> set[str] | None:
    """The variables that an assignment to a target changes; None where it is an object's of its own."""
    if isinstance(target, (cst.Tuple, cst.List)):
        found: set[str] = set()
        for element in target.elements:
            inner = roots(element.value)
            if inner is None:
                return None
            found |= inner
        return found
    while isinstance(target, (cst.Attribute, cst.Subscript)):
        target = target.value
    if not isinstance(target, cst.Name) or target.value in ("self", "cls"):
        return None
    return {target.value}


def _within(module: PythonModule, node: cst.CSTNode, inner: cst.CSTNode) -> bool:
    """Whether something stands in the block of a `try` or `with`, or in a clause."""
    parts: list[cst.CSTNode] = [node.body]  # type: ignore[attr-defined]
    if isinstance(node, (cst.Try, cst.TryStar)):
        parts.extend(handler.body for handler in node.handlers)
    around = {id(inner), *(id(above) for above in module.ancestors(inner))}
    return any(id(part) in around for part in parts)


def _is_report_key(expr: cst.BaseExpression) -> bool:
    return isinstance(expr, cst.SimpleString) and expr.raw_value == REPORT_KEY


def _is_written_empty(expr: cst.BaseExpression) -> bool:
    return isinstance(expr, cst.Dict) and any(
        isinstance(element, cst.DictElement)
        and _is_report_key(element.key)
        and isinstance(element.value, cst.List)
        and not element.value.elements
        for element in expr.elements
    )
