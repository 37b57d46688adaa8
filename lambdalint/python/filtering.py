"""Loops that keep some things of a list by comparing an attribute: what a query could have done.

A test counts where a query language has it too: an attribute of the thing compared with a value that does not
come from the thing itself, or its beginning, and `and`, `or` and `not` of such. Whether an attribute is there
at all, and what code computes of it, does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.module import PythonModule
from lambdalint.python.names import BindingKind
from lambdalint.python.results import is_logging
from lambdalint.python.symbols import Literal
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator

__all__ = ["Kept", "kept"]

_COMPARISONS = (
    *(cst.Equal, cst.NotEqual, cst.LessThan, cst.LessThanEqual),
    *(cst.GreaterThan, cst.GreaterThanEqual, cst.Is, cst.IsNot),
)


@dataclass(frozen=True)
class Kept:
    """A test that chooses among things: `names` are the attributes that it compares. `prefixes` says that it
    asks for the beginning of an attribute, and for nothing else."""

    module: PythonModule = field(repr=False)
    test: cst.BaseExpression = field(repr=False)
    names: tuple[str, ...]
    prefixes: bool


def kept(
    evaluator: Evaluator, module: PythonModule, loop: cst.For | cst.CompFor, read: cst.CSTNode
) -> Kept | None:
    """The test by which a loop keeps some of what a read gave, and does nothing with the rest.

    None where it has none, or none that the read could do.
    """
    if not isinstance(loop.target, cst.Name):
        return None
    search = _Search(evaluator, module, loop.target.value, loop, read)
    if isinstance(loop, cst.CompFor):
        tests = [part.test for part in loop.ifs]
        return search.kept(tests[0]) if len(tests) == 1 else None
    test = search.deciding(loop.body.body)
    return search.kept(test) if test is not None else None


class _Search:
    def __init__(
        self,
        evaluator: Evaluator,
        module: PythonModule,
        item: str,
        loop: cst.For | cst.CompFor,
        read: cst.CSTNode,
    ) -> None:
        self.evaluator = evaluator
        self.module = module
        self.item = item
        self.loop = loop
        self.read = read
        self.parts: dict[str, str] = {}  # names that stand for an attribute of the item
        self.names: list[str] = []
        self.prefixes = 0

    def kept(self, test: cst.BaseExpression) -> Kept | None:
        if not self.is_filter(test):
            return None
        names = tuple(dict.fromkeys(self.names))
        return Kept(self.module, test, names, self.prefixes == len(self.names))

    # Statements

    def deciding(self, body: Sequence[cst.CSTNode]) -> cst.BaseExpression | None:
        """The test that decides whether a loop does anything with an item."""
        for position, statement in enumerate(body):
            if isinstance(statement, cst.If):
                if statement.orelse is not None:
                    return None
                last = position == len(body) - 1
                return statement.test if last or _skips(statement.body) else None
            if not self.is_preparation(statement):
                return None
        return None

    def is_preparation(self, statement: cst.CSTNode) -> bool:
        """Whether a statement only names an attribute, or writes a log."""
        if not isinstance(statement, cst.SimpleStatementLine):
            return False
        for part in statement.body:
            if isinstance(part, cst.Expr):
                if isinstance(part.value, cst.Call) and is_logging(self.evaluator, self.module, part.value):
                    continue
                return isinstance(part.value, (cst.SimpleString, cst.ConcatenatedString))
            if not isinstance(part, cst.Assign) or len(part.targets) != 1:
                return False
            target, name = part.targets[0].target, self.attribute(part.value)
            if not isinstance(target, cst.Name) or name is None:
                return False
            self.parts[target.value] = name
        return True

    # Tests

    def is_filter(self, test: cst.BaseExpression) -> bool:
        if isinstance(test, cst.BooleanOperation):
            return self.is_filter(test.left) and self.is_filter(test.right)
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            return self.is_filter(test.expression)
        if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
            return self.is_comparison(test.left, test.comparisons[0])
        return isinstance(test, cst.Call) and self.is_prefix(test)

    def is_comparison(self, left: cst.BaseExpression, target: cst.ComparisonTarget) -> bool:
        right = target.comparator
        if isinstance(target.operator, (cst.In, cst.NotIn)):
            if not isinstance(right, (cst.List, cst.Tuple, cst.Set)):
                return False
        elif not isinstance(target.operator, _COMPARISONS):
            return False
        for one, other in ((left, right), (right, left)):
            name = self.attribute(one)
            if name is not None and self.is_known_before(other) and not _is_nothing(other):
                self.names.append(name)
                return True
        return False

    def is_prefix(self, test: cst.Call) -> bool:
        """`item["name"].startswith(value)`."""
        func = test.func
        if not isinstance(func, cst.Attribute) or func.attr.value != "startswith" or len(test.args) != 1:
            return False
        name = self.attribute(func.value)
        if name is None or not self.is_known_before(test.args[0].value):
            return False
        self.names.append(name)
        self.prefixes += 1
        return True

    def attribute(self, expr: cst.BaseExpression) -> str | None:
        """The attribute of the item that an expression reads: by subscript, `get` or dot, its typed value
        included (`item["a"]["S"]`)."""
        if isinstance(expr, cst.Name):
            return self.parts.get(expr.value)
        if isinstance(expr, cst.Attribute):
            return expr.attr.value if self.is_item(expr.value) else None
        key: cst.BaseExpression | None = None
        base: cst.BaseExpression | None = None
        if isinstance(expr, cst.Subscript) and len(expr.slice) == 1:
            part = expr.slice[0].slice
            key, base = (part.value, expr.value) if isinstance(part, cst.Index) else (None, None)
        elif isinstance(expr, cst.Call) and expr.args and last_name(expr.func) == "get":
            key = expr.args[0].value
            base = expr.func.value if isinstance(expr.func, cst.Attribute) else None
        if key is None or base is None:
            return None
        symbol = self.evaluator.value(self.module, key)
        if not isinstance(symbol, Literal) or not isinstance(symbol.value, (str, int)):
            return None
        if self.is_item(base):
            return str(symbol.value)
        return self.attribute(base) if symbol.value in ("S", "N", "BOOL") else None

    def is_item(self, expr: cst.BaseExpression) -> bool:
        return isinstance(expr, cst.Name) and expr.value == self.item

    def is_known_before(self, expr: cst.BaseExpression) -> bool:
        """Whether a value is known when the read is made: it comes neither from the item nor from the loop,
        nor from a loop around it in which the read is not made anew."""
        for node in self.module.descendants(expr):
            if not isinstance(node, cst.Name):
                continue
            if node.value == self.item or node.value in self.parts:
                return False
            for binding in self.module.names.lookup(node):
                looped = binding.kind in (BindingKind.FOR, BindingKind.COMPREHENSION)
                if looped and not self.module.contains(binding.node, self.read):
                    return False
                place = binding.target or binding.node
                if isinstance(self.loop, cst.For) and self.module.contains(self.loop.body, place):
                    return False
        return True


def _skips(body: cst.BaseSuite) -> bool:
    last = body.body[-1] if body.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, cst.Continue)


def _is_nothing(expr: cst.BaseExpression) -> bool:
    """Whether an attribute is only asked to be there: `is not None`, `!= ""`."""
    if isinstance(expr, cst.Name):
        return expr.value == "None"
    return isinstance(expr, cst.SimpleString) and not expr.raw_value
