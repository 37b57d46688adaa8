"""Small readings of the tree that several analyses need."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from lambdalint.python.module import PythonModule

_PROPERTIES = frozenset({"property", "cached_property"})


def assignments(module: PythonModule) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """Every target that gets one whole expression, with the expression."""
    for statement in module.nodes(cst.Assign):
        for target in statement.targets:
            yield target.target, statement.value
    for annotated in module.nodes(cst.AnnAssign):
        if annotated.value is not None:
            yield annotated.target, annotated.value


def string_value(expr: cst.SimpleString) -> str | bytes:
    """What a string literal stands for. libcst's own reading compiles each, at a hundred times the cost."""
    prefix = expr.prefix
    if "\\" not in expr.value or "r" in prefix:
        return expr.raw_value.encode("latin-1", "replace") if "b" in prefix else expr.raw_value
    return expr.evaluated_value


def last_name(expr: cst.BaseExpression) -> str:
    """The name that an expression ends with: `x` of `x`, `b` of `a.b`; "" for anything else."""
    if isinstance(expr, cst.Name):
        return expr.value
    return expr.attr.value if isinstance(expr, cst.Attribute) else ""


def operands(expr: cst.BinaryOperation) -> list[cst.BaseExpression]:
    """The operands of a chain of additions, from the left; without recursion, for chains can be long."""
    found: list[cst.BaseExpression] = []
    left: cst.BaseExpression = expr
    while isinstance(left, cst.BinaryOperation) and isinstance(left.operator, cst.Add):
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]


def parameter(function: cst.FunctionDef | cst.Lambda, name: str) -> tuple[int, cst.Param | None]:
    """A parameter's position (-1: by keyword only) and node; None for `*args` and `**kwargs`."""
    positional = [*function.params.posonly_params, *function.params.params]
    for position, found in enumerate(positional):
        if found.name.value == name:
            return position, found
    for found in function.params.kwonly_params:
        if found.name.value == name:
            return -1, found
    return -1, None


def decorator_name(decorator: cst.Decorator) -> str:
    """The last name of a decorator: `cached_property` of `@functools.cached_property`, `app.get` is `get`."""
    expr = decorator.decorator
    return last_name(expr.func if isinstance(expr, cst.Call) else expr)


def is_static(function: cst.FunctionDef | cst.Lambda) -> bool:
    """Whether a method takes neither its object nor its class."""
    return _decorated(function, frozenset({"staticmethod"}))


def is_classmethod(function: cst.FunctionDef | cst.Lambda) -> bool:
    """Whether a method takes its class."""
    name = function.name.value if isinstance(function, cst.FunctionDef) else ""
    return name == "__new__" or _decorated(function, frozenset({"classmethod"}))


def is_property(function: cst.FunctionDef | cst.Lambda) -> bool:
    """Whether reading the attribute calls the method."""
    return _decorated(function, _PROPERTIES)


def _decorated(function: cst.FunctionDef | cst.Lambda, names: frozenset[str]) -> bool:
    if isinstance(function, cst.Lambda):
        return False
    return any(decorator_name(decorator) in names for decorator in function.decorators)


def class_statements(node: cst.ClassDef) -> Iterator[cst.BaseSmallStatement | cst.BaseCompoundStatement]:
    """The statements of a class body, those that share a line one by one."""
    for statement in node.body.body:
        if isinstance(statement, cst.SimpleStatementLine):
            yield from statement.body
        elif isinstance(statement, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            yield statement
