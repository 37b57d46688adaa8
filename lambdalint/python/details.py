"""Where the text of an exception gets into a value: `str(error)`, an f-string, `traceback.format_exc()`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.control import caught, handlers_around
from lambdalint.python.module import PythonModule
from lambdalint.python.names import BindingKind
from lambdalint.python.symbols import Class, External, alternatives

if TYPE_CHECKING:
    from lambdalint.python.kinds import Activation, Kinds

_TRACES = frozenset(
    {
        "sys.exc_info",
        "traceback.format_exc",
        "traceback.format_exception",
        "traceback.format_exception_only",
        "traceback.format_tb",
    }
)
# Functions whose result has the text of what they are given.
_KEEPS_TEXT = frozenset(
    {
        "base64.b64encode",
        "builtins.format",
        "builtins.list",
        "builtins.repr",
        "builtins.str",
        "html.escape",
        "json.dumps",
        "simplejson.dumps",
    }
)
_TEXT_METHODS = frozenset(
    {"decode", "encode", "format", "join", "lower", "replace", "strip", "title", "upper"}
)
# Attributes and keys of exceptions that are no text of theirs.
_NO_TEXT = frozenset(
    {"__class__", "code", "errno", "http_status", "pgcode", "returncode", "status", "status_code", "Code"}
)
_BROAD = frozenset({"", "BaseException", "BotoCoreError", "ClientError", "Exception"})
_MAX_DEPTH = 12


@dataclass(frozen=True)
class Detail:
    """An exception's text in a value. `node` reads the exception, or its `trace`; `clause` catches it, None
    where it is not around."""

    module: PythonModule
    node: cst.CSTNode
    clause: cst.ExceptHandler | cst.ExceptStarHandler | None
    trace: bool = False


def details(
    kinds: Kinds, module: PythonModule, expr: cst.BaseExpression, within: Activation | None = None
) -> Iterator[Detail]:
    """The exceptions whose text is in what an expression comes to."""
    yield from _Walk(kinds).expression(module, expr, within, 0)


def is_broad(detail: Detail) -> bool:
    """Whether the exception may be anyone's: it is not caught by the name of what may be wrong."""
    if detail.clause is None or detail.trace:
        return True
    return bool(caught(detail.clause) & _BROAD)


def is_own(kinds: Kinds, detail: Detail) -> bool:
    """Whether the clause catches only classes of the application, whose texts it wrote itself."""
    expr = detail.clause.type if detail.clause is not None else None
    if expr is None or detail.trace:
        return False
    types = [element.value for element in expr.elements] if isinstance(expr, cst.Tuple) else [expr]
    return all(isinstance(kinds.evaluator.value(detail.module, each), Class) for each in types)


class _Walk:
    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds
        self._seen: set[tuple[int, int]] = set()

    def expression(
        self, module: PythonModule, expr: cst.BaseExpression, within: Activation | None, depth: int
    ) -> Iterator[Detail]:
        key = (id(expr), id(within))
        if key in self._seen or depth > _MAX_DEPTH:
            return
        self._seen.add(key)
        if isinstance(expr, cst.Name):
            yield from self._name(module, expr, within, depth)
        elif isinstance(expr, cst.Attribute):
            if expr.attr.value not in _NO_TEXT:
                yield from self._exception_only(module, expr.value, within, depth)
        elif isinstance(expr, cst.Subscript):
            if not _is_code(expr):
                yield from self.expression(module, expr.value, within, depth + 1)
        elif isinstance(expr, cst.Call):
            yield from self._call(module, expr, within, depth)
        else:
            for part in _parts(expr):
                yield from self.expression(module, part, within, depth + 1)

    def _exception_only(
        self, module: PythonModule, expr: cst.BaseExpression, within: Activation | None, depth: int
    ) -> Iterator[Detail]:
        """`error.args`, `error.response`: of other objects, an attribute is another value."""
        if isinstance(expr, cst.Name) and any(
            made.kind == "exception" for made in self.kinds.of(module, expr, within)
        ):
            yield from self.expression(module, expr, within, depth + 1)

    def _name(
        self, module: PythonModule, expr: cst.Name, within: Activation | None, depth: int
    ) -> Iterator[Detail]:
        clause = _clause_of(module, expr)
        if clause is not None:
            yield Detail(module, expr, clause)
            return
        for binding in self.kinds.evaluator.reaching(module, expr):
            inside = within if within is not None and binding.scope.node is within.function else None
            if binding.kind is BindingKind.PARAMETER and inside is not None:
                given = inside.arguments.get(binding.name)
                if given is not None:
                    yield from self.expression(*given, depth + 1)
            elif binding.value is not None:
                yield from self.expression(module, binding.value, inside, depth + 1)
                for made in self.kinds.of(module, expr, within):
                    for part in self.kinds.parts(made) if made.kind in ("dict", "list") else ():
                        yield from self.expression(part.module, part.value, part.within, depth + 1)

    def _call(
        self, module: PythonModule, call: cst.Call, within: Activation | None, depth: int
    ) -> Iterator[Detail]:
        func = call.func
        for symbol in alternatives(self.kinds.evaluator.value(module, func)):
            if isinstance(symbol, External):
                if symbol.qualified in _TRACES:
                    yield Detail(module, call, next(handlers_around(module, call), None), trace=True)
                elif symbol.qualified in _KEEPS_TEXT:
                    for argument in call.args:
                        yield from self.expression(module, argument.value, within, depth + 1)
        if isinstance(func, cst.Attribute) and func.attr.value in _TEXT_METHODS:
            yield from self.expression(module, func.value, within, depth + 1)
            for argument in call.args:
                yield from self.expression(module, argument.value, within, depth + 1)
        for home, node, activation in self.kinds.entered(module, call, within):
            for made in self.kinds.returned(home, node, activation):
                if isinstance(made.node, cst.BaseExpression) and made.node is not call:
                    yield from self.expression(made.module, made.node, made.within, depth + 1)


def _clause_of(module: PythonModule, name: cst.Name) -> cst.ExceptHandler | cst.ExceptStarHandler | None:
    """The clause around a name that binds it."""
    if not any(binding.kind is BindingKind.EXCEPT for binding in module.names.lookup(name)):
        return None
    for clause in handlers_around(module, name):
        bound = clause.name.name if clause.name is not None else None
        if isinstance(bound, cst.Name) and bound.value == name.value:
            return clause
    return None


def _is_code(expr: cst.Subscript) -> bool:
    index = expr.slice[0].slice if len(expr.slice) == 1 else None
    value = index.value if isinstance(index, cst.Index) else None
    return isinstance(value, cst.SimpleString) and value.raw_value in _NO_TEXT


def _parts(expr: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The expressions whose text is in an expression's."""
    if isinstance(expr, cst.FormattedString):
        for part in expr.parts:
            if isinstance(part, cst.FormattedStringExpression):
                yield part.expression
    elif isinstance(expr, (cst.BinaryOperation, cst.BooleanOperation)):
        yield from (expr.left, expr.right)
    elif isinstance(expr, cst.IfExp):
        yield from (expr.body, expr.orelse)
    elif isinstance(expr, (cst.Dict, cst.List, cst.Set, cst.Tuple)):
        yield from (element.value for element in expr.elements)
    elif isinstance(expr, cst.NamedExpr):
        yield expr.value
