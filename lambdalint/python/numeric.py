"""Numbers that code computes, as far as they can be told: lengths of time, counts, deadlines.

A number is a lower bound, and exact where nothing random or unknown made it larger. Time is what a virtual
clock shows, which only sleeping moves; so `time.time() + 300` is a number, and comes to pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.symbols import Choice, EnvVar, Literal, Symbol, given

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule

__all__ = ["CLOCKS", "Clock", "Number", "Numbers"]

CLOCKS = frozenset(
    {
        "time.time",
        "time.monotonic",
        "time.perf_counter",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.now",
        "datetime.utcnow",
    }
)
"""Calls that tell the time, in seconds or as a datetime."""

# Later than any time that code compares a clock with, were it to.
_NOW = 2_000_000_000.0
_MAX_DEPTH = 12
_UNITS = {
    "weeks": 604_800.0,
    "days": 86_400.0,
    "hours": 3_600.0,
    "minutes": 60.0,
    "seconds": 1.0,
    "milliseconds": 0.001,
    "microseconds": 0.000_001,
}
_TIMEDELTA = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
# What hands back the number of its first argument.
_SAME = frozenset({"builtins.int", "builtins.float", "builtins.round", "builtins.abs", "decimal.Decimal"})
_ROUNDED: Mapping[str, Callable[[float], int]] = {
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
}
_SPANS = frozenset({"total_seconds", "timestamp"})


@dataclass(frozen=True)
class Number:
    """At least `low`; exactly that where `exact`."""

    low: float
    exact: bool = True


@dataclass(frozen=True)
class Clock:
    """What the code can learn of time: seconds slept so far, and the Timeout (None: unknown)."""

    slept: float = 0.0
    timeout: float | None = None


Names = Mapping[str, "Number | None"]
"""What local variables are; None for one that is not a number, or not known."""


class Numbers:
    """Reads expressions as numbers. `variable` gives the text of an environment variable, where known."""

    def __init__(
        self, evaluator: Evaluator, variable: Callable[[EnvVar], str | None] = lambda found: None
    ) -> None:
        self._evaluator = evaluator
        self._variable = variable

    def number(
        self,
        module: PythonModule,
        expr: cst.BaseExpression,
        names: Names | None = None,
        clock: Clock | None = None,
    ) -> Number | None:
        """The number that an expression comes to; None where it is none, or cannot be told."""
        return self._number(module, expr, names or {}, clock, 0)

    def _number(
        self, module: PythonModule, expr: cst.BaseExpression, names: Names, clock: Clock | None, depth: int
    ) -> Number | None:
        if depth > _MAX_DEPTH:
            return None
        if type(expr) is cst.Integer or type(expr) is cst.Float:
            return Number(float(expr.evaluated_value))
        if type(expr) is cst.Name:
            return self._name(module, expr, names, clock, depth)
        if type(expr) is cst.UnaryOperation:
            return self._unary(self._number(module, expr.expression, names, clock, depth + 1), expr)
        if type(expr) is cst.BinaryOperation:
            left = self._number(module, expr.left, names, clock, depth + 1)
            right = self._number(module, expr.right, names, clock, depth + 1)
            return _binary(expr.operator, left, right)
        if type(expr) is cst.IfExp:
            return least(
                self._number(module, expr.body, names, clock, depth + 1),
                self._number(module, expr.orelse, names, clock, depth + 1),
            )
        if type(expr) is cst.NamedExpr:
            return self._number(module, expr.value, names, clock, depth + 1)
        if type(expr) is cst.Await:
            inner = expr.expression
            return self._number(module, inner, names, clock, depth + 1)
        if type(expr) is cst.Call:
            return self._call(module, expr, names, clock, depth)
        return self._symbol(self._evaluator.value(module, expr))

    def _name(
        self, module: PythonModule, expr: cst.Name, names: Names, clock: Clock | None, depth: int
    ) -> Number | None:
        if expr.value in names:
            return names[expr.value]
        if expr.value in ("True", "False"):
            return Number(float(expr.value == "True"))
        found = self._symbol(self._evaluator.value(module, expr))
        if found is not None:
            return found
        bindings = module.names.lookup(expr)
        if len(bindings) != 1 or bindings[0].value is None:
            return None
        known = names if bindings[0].scope is module.names.scope(expr) else {}
        return self._number(module, bindings[0].value, known, clock, depth + 1)

    @staticmethod
    def _unary(inner: Number | None, expr: cst.UnaryOperation) -> Number | None:
        if inner is None or isinstance(expr.operator, cst.Plus):
            return inner
        if isinstance(expr.operator, cst.Minus) and inner.exact:
            return Number(-inner.low)
        if isinstance(expr.operator, cst.Not) and inner.exact:
            return Number(float(not inner.low))
        return None

    def _call(
        self, module: PythonModule, expr: cst.Call, names: Names, clock: Clock | None, depth: int
    ) -> Number | None:
        func = expr.func
        name = module.names.qualified(func) or ""
        if name in CLOCKS:
            return Number(_NOW + clock.slept) if clock is not None else None
        if isinstance(func, cst.Attribute) and func.attr.value in _SPANS and not expr.args:
            return self._number(module, func.value, names, clock, depth + 1)
        if isinstance(func, cst.Attribute) and func.attr.value == "get_remaining_time_in_millis":
            if clock is None or clock.timeout is None:
                return None
            return Number(1000.0 * max(0.0, clock.timeout - clock.slept))
        if any(argument.star for argument in expr.args):
            return None
        given_ = [self._number(module, each.value, names, clock, depth + 1) for each in expr.args]
        if name == "datetime.timedelta":
            return _timedelta(expr, given_)
        if not given_:
            return Number(0.0, exact=False) if name == "random.random" else self._value_of(module, expr)
        first = given_[0]
        if name in _SAME:
            return (
                first if first is not None else self._text(self._evaluator.value(module, expr.args[0].value))
            )
        return self._function(module, expr, name, given_)

    def _function(
        self, module: PythonModule, expr: cst.Call, name: str, given_: list[Number | None]
    ) -> Number | None:
        first = given_[0]
        if name == "builtins.min":
            found = least(*given_)
            exact = all(each is not None and each.exact for each in given_)
            return Number(found.low, exact) if found is not None else None
        if name == "builtins.max":
            known = [each for each in given_ if each is not None]
            exact = len(known) == len(given_) and all(each.exact for each in known)
            return Number(max(each.low for each in known), exact) if known else None
        if name in ("random.uniform", "random.randint", "random.randrange", "random.triangular"):
            return Number(first.low, exact=False) if first is not None and len(given_) > 1 else None
        if name in _ROUNDED:
            return Number(float(_ROUNDED[name](first.low)), first.exact) if first is not None else None
        if name in ("math.pow", "builtins.pow") and len(given_) == 2:
            return _binary(cst.Power(), *given_)
        return self._value_of(module, expr)

    def _value_of(self, module: PythonModule, expr: cst.BaseExpression) -> Number | None:
        return self._symbol(self._evaluator.value(module, expr))

    def _symbol(self, symbol: Symbol) -> Number | None:
        if isinstance(symbol, Literal):
            value = symbol.value
            return Number(float(value)) if isinstance(value, (int, float)) else None
        if isinstance(symbol, Choice):
            return least(*(self._symbol(option) for option in given(symbol)))
        return None

    def _text(self, symbol: Symbol) -> Number | None:
        """The number that a text spells: what `int(…)` makes of it."""
        if isinstance(symbol, Choice):
            return least(*(self._text(option) for option in symbol.options))
        if isinstance(symbol, EnvVar):
            found = self._variable(symbol)
            return _spelt(found) if found is not None else None
        if isinstance(symbol, Literal) and isinstance(symbol.value, str):
            return _spelt(symbol.value)
        return self._symbol(symbol)

    @staticmethod
    def combine(operator: cst.BaseBinaryOp, left: Number | None, right: Number | None) -> Number | None:
        """What an operator makes of two numbers."""
        return _binary(operator, left, right)


def least(*numbers: Number | None) -> Number | None:
    """The smallest of several, of which one will be; None where any is unknown."""
    known = [each for each in numbers if each is not None]
    if not known or len(known) < len(numbers):
        return None
    lowest = min(each.low for each in known)
    return Number(lowest, exact=all(each == Number(lowest) for each in known))


def _binary(operator: cst.BaseBinaryOp, left: Number | None, right: Number | None) -> Number | None:
    if left is None or right is None:
        return None
    a, b, exact = left.low, right.low, left.exact and right.exact
    # A lower bound stays one only where the operation grows with it.
    try:
        if isinstance(operator, cst.Add):
            return Number(a + b, exact)
        if isinstance(operator, cst.Multiply):
            return Number(a * b, exact) if exact or (a >= 0 and b >= 0) else None
        if isinstance(operator, cst.Subtract):
            return Number(a - b, exact) if right.exact else None
        if isinstance(operator, cst.Divide):
            return Number(a / b, exact) if right.exact and b > 0 else None
        if isinstance(operator, cst.FloorDivide):
            return Number(float(a // b), exact) if right.exact and b > 0 else None
        if isinstance(operator, cst.Modulo):
            return Number(a % b) if exact and b > 0 else None
        if isinstance(operator, cst.Power):
            value = float(a**b) if exact or (a >= 1 and b >= 0) else None
            return Number(value, exact) if value is not None else None
    except (OverflowError, ZeroDivisionError, TypeError, ValueError):
        return None
    return None


def _timedelta(expr: cst.Call, given_: list[Number | None]) -> Number | None:
    total = Number(0.0)
    for position, (argument, number) in enumerate(zip(expr.args, given_, strict=True)):
        unit = argument.keyword.value if argument.keyword is not None else _TIMEDELTA[min(position, 6)]
        if number is None or unit not in _UNITS:
            return None
        total = Number(total.low + number.low * _UNITS[unit], total.exact and number.exact)
    return total


def _spelt(text: str) -> Number | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return Number(value) if math.isfinite(value) else None
