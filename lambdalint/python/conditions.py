"""What a test asks of the event: comparisons of its fields with constants, joined by `and`, `or` and `not`.

Whatever else stands in a test is Other: whether it holds is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from lambdalint.python.symbols import Display, FromEvent, Literal, alternatives

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule

Constant: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True)
class Field:
    """A part of the event. `required` says that reading it raises where it is absent."""

    path: tuple[str | int | None, ...]
    steps: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Compared:
    """A field and the constants that it is compared with.

    how: "in" (equal to one of the values), "prefix", "suffix", "ignore case", or the operator of a comparison
    of numbers. `negated` says that the comparison does not hold.
    """

    field: Field
    how: str
    values: tuple[Constant, ...]
    negated: bool = False


@dataclass(frozen=True)
class Joined:
    """Several conditions of which all ("and") or one ("or") must hold."""

    word: str
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Other:
    """A test of something else."""


Condition: TypeAlias = Compared | Joined | Other

_OTHER = Other()
_INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def condition(
    evaluator: Evaluator, module: PythonModule, test: cst.BaseExpression, holds: bool = True
) -> Condition:
    """What must be so for a test to hold, or not to."""
    return _Reader(evaluator, module).read(test, not holds)


def conjuncts(found: Condition) -> Iterator[Condition]:
    """The parts of which each must hold by itself."""
    if isinstance(found, Joined) and found.word == "and":
        for part in found.parts:
            yield from conjuncts(part)
    else:
        yield found


class _Reader:
    def __init__(self, evaluator: Evaluator, module: PythonModule) -> None:
        self._evaluator = evaluator
        self._module = module

    def read(self, test: cst.BaseExpression, negated: bool) -> Condition:
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            return self.read(test.expression, not negated)
        if isinstance(test, cst.BooleanOperation):
            both = isinstance(test.operator, cst.And) is not negated
            parts = (self.read(test.left, negated), self.read(test.right, negated))
            return Joined("and" if both else "or", parts)
        if isinstance(test, cst.Comparison):
            return self._comparison(test, negated)
        if isinstance(test, cst.Call):
            return self._call(test, negated)
        return _OTHER

    def _comparison(self, test: cst.Comparison, negated: bool) -> Condition:
        left = test.left
        parts: list[Condition] = []
        for target in test.comparisons:
            parts.append(self._compared(left, target.operator, target.comparator, negated))
            left = target.comparator
        return parts[0] if len(parts) == 1 else Joined("or" if negated else "and", tuple(parts))

    def _compared(
        self,
        left: cst.BaseExpression,
        operator: cst.BaseCompOp,
        right: cst.BaseExpression,
        negated: bool,
    ) -> Condition:
        if isinstance(operator, (cst.Equal, cst.NotEqual, cst.Is, cst.IsNot)):
            negated ^= isinstance(operator, (cst.NotEqual, cst.IsNot))
            for one, other in ((left, right), (right, left)):
                values = self._constants(other, single=True)
                if values is not None:
                    return self._equal(one, values, negated)
            return _OTHER
        if isinstance(operator, (cst.In, cst.NotIn)):
            values = self._constants(right, single=False)
            return (
                _OTHER
                if values is None
                else self._equal(left, values, negated ^ isinstance(operator, cst.NotIn))
            )
        sign = _SIGNS.get(type(operator))
        for one, other, found in ((left, right, sign), (right, left, _FLIPPED.get(sign or ""))):
            values = self._constants(other, single=True)
            field = self._field(one)
            number = (
                values is not None and isinstance(values[0], (int, float)) and not isinstance(values[0], bool)
            )
            if field is not None and found is not None and values is not None and number:
                return Compared(field, _INVERSE[found] if negated else found, values)
        return _OTHER

    def _equal(self, expr: cst.BaseExpression, values: tuple[Constant, ...], negated: bool) -> Condition:
        how = "in"
        func = expr.func if isinstance(expr, cst.Call) and not expr.args else None
        if isinstance(func, cst.Attribute) and func.attr.value in ("lower", "upper", "casefold"):
            expr, how = func.value, "ignore case"
        field = self._field(expr)
        if field is None or (how == "ignore case" and not all(isinstance(each, str) for each in values)):
            return _OTHER
        return Compared(field, how, values, negated)

    def _call(self, test: cst.Call, negated: bool) -> Condition:
        func = test.func
        if not isinstance(func, cst.Attribute) or len(test.args) != 1:
            return _OTHER
        how = {"startswith": "prefix", "endswith": "suffix"}.get(func.attr.value)
        field = self._field(func.value)
        values = self._constants(test.args[0].value, single=True) or self._constants(
            test.args[0].value, single=False
        )
        if how is None or field is None or not values or not all(isinstance(each, str) for each in values):
            return _OTHER
        return Compared(field, how, values, negated)

    def _field(self, expr: cst.BaseExpression) -> Field | None:
        symbol = self._evaluator.value(self._module, expr)
        options = [each for each in alternatives(symbol) if not isinstance(each, Literal)]
        if len(options) != 1 or not isinstance(options[0], FromEvent) or not options[0].path:
            return None
        return Field(options[0].path, options[0].steps, self._is_required(expr))

    def _is_required(self, expr: cst.BaseExpression) -> bool:
        """Whether reading a field raises where it is absent: by a subscript, in a variable too."""
        if isinstance(expr, cst.Subscript):
            return True
        if isinstance(expr, cst.Name):
            bindings = self._module.names.lookup(expr)
            return bool(bindings) and all(isinstance(binding.value, cst.Subscript) for binding in bindings)
        return False

    def _constants(self, expr: cst.BaseExpression, single: bool) -> tuple[Constant, ...] | None:
        """The constant, or the constants of a list that is written out."""
        symbol = self._evaluator.value(self._module, expr)
        if single:
            return (symbol.value,) if isinstance(symbol, Literal) and _is_plain(symbol.value) else None  # type: ignore[return-value]
        if not isinstance(symbol, Display) or isinstance(symbol.node, (cst.Dict, cst.Call)):
            return None
        found: list[Constant] = []
        for _, item in self._evaluator.items(symbol) or ():
            value = self._evaluator.value(symbol.module, item)
            if not isinstance(value, Literal) or not _is_plain(value.value):
                return None
            found.append(value.value)  # type: ignore[arg-type]
        return tuple(found) or None


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


_SIGNS: dict[type[cst.BaseCompOp], str] = {
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
}
