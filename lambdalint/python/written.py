"""Where the literal stands that an expression comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.names import BindingKind
from lambdalint.python.syntax import parameter as parameter_of

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule

_LITERALS = (cst.SimpleString, cst.ConcatenatedString, cst.FormattedString)
_MAX_DEPTH = 4


def where_written(
    evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression, depth: int = 0
) -> tuple[PythonModule, cst.BaseExpression]:
    """The string that an expression comes to, through names, constants of other modules, parameters and what
    callers pass for them; the expression itself where that cannot be told."""
    if isinstance(expr, _LITERALS) or depth > _MAX_DEPTH:
        return module, expr
    if isinstance(expr, cst.Name):
        binding = module.names.latest(expr)
        if binding is not None and binding.kind is BindingKind.PARAMETER:
            passed = _passed(evaluator, module, binding.scope.node, binding.name)
            if passed is not None:
                return where_written(evaluator, *passed, depth + 1)
    if isinstance(expr, (cst.Name, cst.Attribute)):
        found = evaluator.program.definition(module, expr)
        if found is not None and found.binding is not None and found.binding.value is not None:
            written = where_written(evaluator, found.module, found.binding.value, depth + 1)
            if isinstance(written[1], _LITERALS):
                return written
    return module, expr


def _passed(
    evaluator: Evaluator, module: PythonModule, function: cst.CSTNode, name: str
) -> tuple[PythonModule, cst.BaseExpression] | None:
    """What is given for a parameter: by its only caller, or as its default."""
    if not isinstance(function, cst.FunctionDef) or evaluator.reach is None:
        return None
    position, parameter = parameter_of(function, name)
    sites = evaluator.reach.call_sites(module, function)
    skip = 1 if module.enclosing_class(function) is not None else 0
    given: list[tuple[PythonModule, cst.BaseExpression]] = []
    for caller, call in sites:
        positional = [each.value for each in call.args if each.keyword is None and not each.star]
        named = [each.value for each in call.args if each.keyword is not None and each.keyword.value == name]
        if named:
            given.append((caller, named[0]))
        elif 0 <= position - skip < len(positional):
            given.append((caller, positional[position - skip]))
    if given:
        return given[0] if len(given) == 1 else None
    if parameter is not None and parameter.default is not None:
        return module, parameter.default
    return None
