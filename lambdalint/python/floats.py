"""Which expressions certainly give a float, on some way that the code can take.

A name counts only if all it can mean here are floats: what one branch makes a Decimal is taken for checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.index import Index
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind
from lambdalint.python.symbols import External, Function, Instance, Member, given
from lambdalint.python.syntax import parameter

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

__all__ = ["float_in"]

_MAKES_FLOATS = frozenset(
    {
        "builtins.float",
        "os.path.getatime",
        "os.path.getctime",
        "os.path.getmtime",
        "random.gauss",
        "random.random",
        "random.triangular",
        "random.uniform",
        "time.monotonic",
        "time.perf_counter",
        "time.process_time",
        "time.thread_time",
        "time.time",
    }
)
# https://docs.python.org/3/library/math.html: the functions that give integers.
_INTEGER_MATH = frozenset({"ceil", "comb", "factorial", "floor", "gcd", "isqrt", "lcm", "perm", "trunc"})
_TRUTH_MATH = frozenset({"isclose", "isfinite", "isinf", "isnan", "prod", "frexp", "modf", "sumprod"})
_INTEGERS = frozenset({"builtins.int", "builtins.len", "builtins.ord", "time.time_ns"})
_MAX_DEPTH = 6


def float_in(
    evaluator: Evaluator, reach: Reach, module: PythonModule, expr: cst.BaseExpression
) -> tuple[PythonModule, cst.BaseExpression] | None:
    """Where the value of an expression becomes a float: the literal, the call or the division; None where it
    may be none."""
    return _Search(evaluator, reach).origin(module, expr, 0)


_Origin = tuple[PythonModule, cst.BaseExpression]


class _Search:
    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        # What a helper gives back of what it is given may be converted on the way.
        self.returning = False

    def origin(self, module: PythonModule, expr: cst.BaseExpression, depth: int) -> _Origin | None:
        if depth > _MAX_DEPTH:
            return None
        if isinstance(expr, cst.Float):
            return module, expr
        if isinstance(expr, cst.UnaryOperation):
            negated = isinstance(expr.operator, (cst.Minus, cst.Plus))
            return self.origin(module, expr.expression, depth + 1) if negated else None
        if isinstance(expr, cst.IfExp):
            checked = any(isinstance(node, cst.Call) for node in module.descendants(expr.test))
            return None if checked else self.first(module, depth, expr.body, expr.orelse)
        if isinstance(expr, cst.BooleanOperation):
            # Of `x or 0.0` the right side is given where there is no `x`.
            return self.origin(module, expr.right, depth + 1)
        if isinstance(expr, cst.BinaryOperation):
            return self.computed(module, expr, depth)
        if isinstance(expr, cst.Name):
            return self.named(module, expr, depth)
        if isinstance(expr, cst.NamedExpr):
            return self.origin(module, expr.value, depth + 1)
        return self.called(module, expr, depth) if isinstance(expr, cst.Call) else None

    def first(self, module: PythonModule, depth: int, *exprs: cst.BaseExpression) -> _Origin | None:
        return next(
            (found for expr in exprs if (found := self.origin(module, expr, depth + 1)) is not None), None
        )

    def computed(self, module: PythonModule, expr: cst.BinaryOperation, depth: int) -> _Origin | None:
        if not isinstance(
            expr.operator,
            (cst.Add, cst.Subtract, cst.Multiply, cst.Divide, cst.FloorDivide, cst.Modulo, cst.Power),
        ):
            return None
        if isinstance(expr.operator, cst.Divide) and all(
            self.is_integer(module, side, depth) for side in (expr.left, expr.right)
        ):
            return module, expr
        return self.first(module, depth, expr.left, expr.right)

    def is_integer(self, module: PythonModule, expr: cst.BaseExpression, depth: int) -> bool:
        """Whether a value is certainly an int: not a Decimal, which division would leave one."""
        if isinstance(expr, cst.Integer):
            return True
        if isinstance(expr, cst.BinaryOperation):
            return depth < _MAX_DEPTH and all(
                self.is_integer(module, side, depth + 1) for side in (expr.left, expr.right)
            )
        if not isinstance(expr, cst.Call):
            return False
        function = self.evaluator.value(module, expr.func)
        return isinstance(function, External) and function.qualified in _INTEGERS

    def named(self, module: PythonModule, name: cst.Name, depth: int) -> _Origin | None:
        found: _Origin | None = None
        for binding in self.evaluator.reaching(module, name):
            if binding.kind is BindingKind.AUGMENTED:
                continue  # a float stays one, whatever is added to it
            if binding.kind is BindingKind.PARAMETER:
                found = self.passed(module, binding, depth)
            elif binding.value is not None and binding.kind in _WHOLE:
                found = self.origin(module, binding.value, depth + 1)
            else:
                found = None
            if found is None:
                return None
        return found

    def passed(self, module: PythonModule, binding: Binding, depth: int) -> _Origin | None:
        function = binding.scope.node
        if self.returning or not isinstance(function, cst.FunctionDef):
            return None
        position, _ = parameter(function, binding.name)
        for caller, call in self.reach.call_sites(module, function):
            method = isinstance(call.func, cst.Attribute) and module.enclosing_class(function) is not None
            value = _argument(call, position - method, binding.name)
            found = self.origin(caller, value, depth + 1) if value is not None else None
            if found is not None:
                return found
        return None

    def called(self, module: PythonModule, call: cst.Call, depth: int) -> _Origin | None:
        func = call.func
        if isinstance(func, cst.Attribute) and func.attr.value == "total_seconds" and not call.args:
            return module, call  # only a timedelta has it
        for option in given(self.evaluator.value(module, func)):
            if isinstance(option, Function):
                found = self.returned(option, depth)
                if found is not None:
                    return found
            elif isinstance(option, External):
                return self.of_library(module, call, option.qualified, depth)
            elif isinstance(option, Member) and option.name == "timestamp":
                base = option.base
                if isinstance(base, Instance) and base.root.qualified.startswith("datetime."):
                    return module, call
        return None

    def of_library(self, module: PythonModule, call: cst.Call, name: str, depth: int) -> _Origin | None:
        if name in _MAKES_FLOATS:
            return module, call
        package, _, function = name.partition(".")
        if package == "math" and function not in _INTEGER_MATH | _TRUTH_MATH:
            return module, call
        if name == "builtins.abs" or (name == "builtins.round" and len(call.args) == 2):
            return self.origin(module, call.args[0].value, depth + 1) if call.args else None
        return None

    def returned(self, function: Function, depth: int) -> _Origin | None:
        index = Index.of(function.module)
        if id(function.node) in index.yields:
            return None
        before, self.returning = self.returning, True
        values = [value for value in index.returns.get(id(function.node), ()) if value is not None]
        found = self.first(function.module, depth, *values)
        self.returning = before
        return found


_WHOLE = frozenset({BindingKind.ASSIGN, BindingKind.ANNOTATED, BindingKind.WALRUS})


def _argument(call: cst.Call, position: int, name: str) -> cst.BaseExpression | None:
    plain = [argument for argument in call.args if argument.keyword is None and not argument.star]
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == name:
            return argument.value
    return plain[position].value if 0 <= position < len(plain) else None
