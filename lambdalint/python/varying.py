"""Whether a value is the same on every invocation of an execution environment."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import library, symbols
from lambdalint.python.names import Binding, BindingKind
from lambdalint.python.syntax import parameter

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule

_MAX_DEPTH = 6


class Varies(enum.Enum):
    """Whether a value differs between invocations."""

    NO = "no"  # constants, the environment, and what is made of them
    YES = "yes"  # the event, the context, data that was read, the time, a loop's item
    UNKNOWN = "unknown"


def varies(evaluator: Evaluator, symbol: symbols.Symbol, depth: int = 0) -> Varies:
    """Whether what a symbol stands for differs between invocations. Configuration that is read from a store
    counts as the same."""
    if depth > _MAX_DEPTH:
        return Varies.UNKNOWN
    if isinstance(symbol, (symbols.FromEvent, symbols.Context)):
        return Varies.YES
    if isinstance(symbol, (symbols.Unknown, symbols.Parameter)):
        return Varies.UNKNOWN
    if isinstance(symbol, symbols.Response):
        known = f"{symbol.service}.{symbol.operation}" in library.CONFIGURATION
        return Varies.NO if known else Varies.YES
    if isinstance(symbol, symbols.Choice):
        return together(varies(evaluator, option, depth + 1) for option in symbol.options)
    if isinstance(symbol, symbols.Text):
        return together(varies(evaluator, part, depth + 1) for part in symbol.parts)
    if isinstance(symbol, symbols.Member):
        return varies(evaluator, symbol.base, depth + 1)
    if isinstance(symbol, symbols.Instance):
        return _of_instance(evaluator, symbol, depth)
    if isinstance(symbol, symbols.Display):
        entries = evaluator.items(symbol)
        if entries is None:
            return Varies.UNKNOWN
        values = [evaluator.value(symbol.module, expr) for _, expr in entries]
        return together(varies(evaluator, value, depth + 1) for value in values)
    if isinstance(symbol, symbols.Object):
        if symbol.call is None or symbol.module is None:
            return Varies.UNKNOWN
        return of_arguments(evaluator, symbol.module, symbol.call, depth + 1)
    if isinstance(symbol, symbols.Sdk):
        return Varies.NO if symbol.credentials is symbols.Credentials.OWN else Varies.UNKNOWN
    return Varies.NO


def _of_instance(evaluator: Evaluator, symbol: symbols.Instance, depth: int) -> Varies:
    if symbol.qualified in library.GENERATORS:
        return Varies.YES
    if symbol.origin is not None:
        made = varies(evaluator, symbol.origin, depth + 1)
        return together((made, of_arguments(evaluator, symbol.module, symbol.node, depth + 1)))
    return of_arguments(evaluator, symbol.module, symbol.node, depth + 1)


def of_arguments(evaluator: Evaluator, module: PythonModule, call: cst.Call, depth: int = 0) -> Varies:
    """Whether some argument of a call differs between invocations."""
    found = []
    for argument in call.args:
        if argument.star:
            arguments = evaluator.arguments(module, call)
            if arguments.open:
                found.append(Varies.UNKNOWN)
                continue
            given = [*arguments.positional, *arguments.keywords.values()]
            found.append(together(varies(evaluator, each, depth + 1) for each in given))
        elif is_loop_item(evaluator, module, argument.value):
            return Varies.YES
        else:
            found.append(varies(evaluator, evaluator.value(module, argument.value), depth + 1))
    return together(found)


def is_loop_item(
    evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression, depth: int = 0
) -> bool:
    """Whether an expression is made of a loop's item, in this function or in one that passes it on."""
    for name in module.descendants(expr):
        if not isinstance(name, cst.Name):
            continue
        for binding in module.names.lookup(name):
            if binding.kind in (BindingKind.FOR, BindingKind.COMPREHENSION):
                return True
            if depth >= _MAX_DEPTH or binding.scope is module.names.module_scope:
                continue
            if binding.kind is BindingKind.PARAMETER:
                if _is_passed_an_item(evaluator, module, binding, depth):
                    return True
            elif binding.value is not None and is_loop_item(evaluator, module, binding.value, depth + 1):
                return True
    return False


def _is_passed_an_item(evaluator: Evaluator, module: PythonModule, binding: Binding, depth: int) -> bool:
    function = binding.scope.node
    if evaluator.reach is None or not isinstance(function, cst.FunctionDef):
        return False
    position, _ = parameter(function, binding.name)
    skip = 1 if module.enclosing_class(function) is not None else 0
    for caller, call in evaluator.reach.call_sites(module, function):
        for index, argument in enumerate(call.args):
            named = argument.keyword is not None and argument.keyword.value == binding.name
            placed = argument.keyword is None and index == position - skip
            if (named or placed) and is_loop_item(evaluator, caller, argument.value, depth + 1):
                return True
    return False


def together(found: Iterable[Varies]) -> Varies:
    """What several values are as one: the same only if all are."""
    kinds = set(found)
    if Varies.YES in kinds:
        return Varies.YES
    return Varies.UNKNOWN if Varies.UNKNOWN in kinds else Varies.NO
