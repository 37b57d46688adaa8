"""Lists that hold one entry for each record of the event, followed back from where they are used.

Only what is proven: a comprehension over the records, or a list that a loop over them appends to and nothing
cuts into pieces before it gets there; both also through helpers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import control, records
from lambdalint.python.index import Index
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind
from lambdalint.python.results import is_logging
from lambdalint.python.symbols import External, Function, given
from lambdalint.python.syntax import parameter

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

__all__ = ["PerRecord", "per_record"]

_MAX_DEPTH = 6
_SAME_ITEMS = {"builtins.list": 0, "builtins.tuple": 0, "builtins.sorted": 0, "builtins.filter": 1}
_ASKS = frozenset({"builtins.len", "builtins.bool", "json.dumps", "builtins.str"})


@dataclass(frozen=True)
class PerRecord:
    """What makes one entry for each record: `records` is what it goes through."""

    module: PythonModule = field(repr=False)
    records: cst.BaseExpression = field(repr=False)


def per_record(
    evaluator: Evaluator, reach: Reach, module: PythonModule, expr: cst.BaseExpression
) -> PerRecord | None:
    """What makes an expression a list with an entry for each record; None where that is not proven."""
    return _Search(evaluator, reach).list(module, expr, 0)


class _Search:
    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach

    def list(self, module: PythonModule, expr: cst.BaseExpression, depth: int) -> PerRecord | None:
        if depth > _MAX_DEPTH:
            return None
        whole = any(records.is_list(option) for option in given(self.evaluator.value(module, expr)))
        if whole and not self.is_cut(module, expr, 0):
            return PerRecord(module, expr)
        if isinstance(expr, (cst.ListComp, cst.GeneratorExp)):
            return self.comprehension(module, expr.for_in, depth)
        if isinstance(expr, cst.BooleanOperation):
            return self.list(module, expr.left, depth + 1)
        if isinstance(expr, cst.Name):
            return self.named(module, expr, depth)
        return self.called(module, expr, depth) if isinstance(expr, cst.Call) else None

    def comprehension(self, module: PythonModule, loop: cst.CompFor, depth: int) -> PerRecord | None:
        if loop.inner_for_in is not None:
            return None
        if self.over_records(module, loop.iter):
            return PerRecord(module, loop.iter)
        return self.list(module, loop.iter, depth + 1)

    def over_records(self, module: PythonModule, expr: cst.BaseExpression) -> bool:
        found = records.is_list_expression(self.evaluator, module, expr)
        return found and not self.is_cut(module, expr, 0)

    def is_cut(self, module: PythonModule, expr: cst.BaseExpression, depth: int) -> bool:
        """Whether a list may be a part of another: `records[:10]`, by whatever name."""
        if isinstance(expr, cst.Subscript):
            return any(isinstance(part.slice, cst.Slice) for part in expr.slice)
        if isinstance(expr, cst.Call):
            return any(self.is_cut(module, argument.value, depth + 1) for argument in expr.args)
        if not isinstance(expr, cst.Name) or depth > _MAX_DEPTH:
            return False
        for binding in self.evaluator.reaching(module, expr):
            if binding.kind is BindingKind.PARAMETER:
                given_here = self.arguments(module, binding)
                if any(self.is_cut(caller, value, depth + 1) for caller, value in given_here):
                    return True
            elif binding.value is None and binding.kind is not BindingKind.FOR:
                return True  # not one list
            elif binding.value is not None and self.is_cut(module, binding.value, depth + 1):
                return True
        return False

    def called(self, module: PythonModule, call: cst.Call, depth: int) -> PerRecord | None:
        for option in given(self.evaluator.value(module, call.func)):
            if isinstance(option, External):
                position = _SAME_ITEMS.get(option.qualified)
                if position is not None and position < len(call.args):
                    return self.list(module, call.args[position].value, depth + 1)
                if option.qualified == "builtins.map" and len(call.args) == 2:
                    return self.list(module, call.args[1].value, depth + 1)
            elif isinstance(option, Function):
                return self.returned(option, depth)
        return None

    def returned(self, function: Function, depth: int) -> PerRecord | None:
        found = Index.of(function.module).returns.get(id(function.node), [])
        if id(function.node) in Index.of(function.module).yields:
            return None
        for value in found:
            made = self.list(function.module, value, depth + 1) if value is not None else None
            if made is not None:
                return made
        return None

    # Names

    def named(self, module: PythonModule, name: cst.Name, depth: int) -> PerRecord | None:
        bindings = self.evaluator.reaching(module, name)
        if len(bindings) != 1:
            return None
        (binding,) = bindings
        if binding.kind is BindingKind.PARAMETER:
            if not all(self.is_harmless(module, read) for read in binding.reads):
                return None
            return self.passed(module, binding, depth)
        if binding.value is None or binding.kind not in (BindingKind.ASSIGN, BindingKind.ANNOTATED):
            return None
        if self.is_empty(module, binding.value):
            return self.grown(module, binding)
        if not all(self.is_harmless(module, read) for read in binding.reads):
            return None
        return self.list(module, binding.value, depth + 1)

    def is_empty(self, module: PythonModule, expr: cst.BaseExpression) -> bool:
        if isinstance(expr, cst.List):
            return not expr.elements
        return (
            isinstance(expr, cst.Call)
            and not expr.args
            and self.evaluator.value(module, expr.func) == External("builtins.list")
        )

    def passed(self, module: PythonModule, binding: Binding, depth: int) -> PerRecord | None:
        for caller, value in self.arguments(module, binding):
            made = self.list(caller, value, depth + 1)
            if made is not None:
                return made
        return None

    def arguments(
        self, module: PythonModule, binding: Binding
    ) -> Iterator[tuple[PythonModule, cst.BaseExpression]]:
        """What callers pass for a parameter."""
        function = binding.scope.node
        if not isinstance(function, cst.FunctionDef):
            return
        position, _ = parameter(function, binding.name)
        for caller, call in self.reach.call_sites(module, function):
            skip = isinstance(call.func, cst.Attribute) and module.enclosing_class(function) is not None
            found = _argument(call, position - skip, binding.name)
            if found is not None:
                yield caller, found

    def grown(self, module: PythonModule, binding: Binding) -> PerRecord | None:
        """A list that a loop over the records appends to, once for each."""
        found: cst.For | None = None
        for read in binding.reads:
            call = _method_call(module, read, "append")
            if call is None:
                continue
            loop = next(control.loops(module, call), None)
            if not isinstance(loop, cst.For) or not self.over_records(module, loop.iter):
                return None
            found = loop
        if found is None or _breaks(module, found):
            return None
        for read in binding.reads:
            appends = _method_call(module, read, "append") is not None
            inside = module.contains(found.body, read)
            if not appends and (inside or not self.is_harmless(module, read)):
                return None  # sent off, emptied or cut on the way
        return PerRecord(module, found.iter)

    def is_harmless(self, module: PythonModule, read: cst.Name) -> bool:
        """Whether a read leaves the list whole: hands it on, returns, counts, logs or goes through it."""
        parent = module.parent(read)
        if isinstance(parent, cst.Arg):
            call = module.parent(parent)
            return isinstance(call, cst.Call) and self.keeps_whole(module, call)
        return isinstance(
            parent,
            (
                *(cst.BooleanOperation, cst.CompFor, cst.DictElement, cst.For, cst.FormattedStringExpression),
                *(cst.If, cst.Return, cst.UnaryOperation),
            ),
        )

    def keeps_whole(self, module: PythonModule, call: cst.Call) -> bool:
        if is_logging(self.evaluator, module, call):
            return True
        for option in given(self.evaluator.value(module, call.func)):
            if option == External("builtins.len"):
                return not self.is_measured(module, call)
            if isinstance(option, External) and option.qualified not in _ASKS | set(_SAME_ITEMS):
                return False
        return True

    def is_measured(self, module: PythonModule, call: cst.Call) -> bool:
        """Whether `len(…)` is set against anything but nothing, or computed with: pieces are cut by it."""
        parent = module.parent(call)
        if isinstance(parent, cst.Arg):
            outer = module.parent(parent)
            return not (isinstance(outer, cst.Call) and is_logging(self.evaluator, module, outer))
        comparison = module.parent(parent) if isinstance(parent, cst.ComparisonTarget) else parent
        if not isinstance(comparison, cst.Comparison):
            return isinstance(parent, (cst.BinaryOperation, cst.Assign, cst.NamedExpr))
        sides = [comparison.left, *(target.comparator for target in comparison.comparisons)]
        return not all(side is call or _is_at_most_one(side) for side in sides)


def _argument(call: cst.Call, position: int, name: str) -> cst.BaseExpression | None:
    plain = [argument for argument in call.args if argument.keyword is None and not argument.star]
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == name:
            return argument.value
    return plain[position].value if 0 <= position < len(plain) else None


def _method_call(module: PythonModule, read: cst.Name, method: str) -> cst.Call | None:
    attribute = module.parent(read)
    if not isinstance(attribute, cst.Attribute) or attribute.attr.value != method:
        return None
    call = module.parent(attribute)
    return call if isinstance(call, cst.Call) and call.func is attribute else None


def _is_at_most_one(expr: cst.BaseExpression) -> bool:
    return isinstance(expr, cst.Integer) and expr.value in ("0", "1")


def _breaks(module: PythonModule, loop: cst.For) -> bool:
    return any(isinstance(node, cst.Break) for node in module.descendants(loop.body))
