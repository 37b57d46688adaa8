"""The fields of its event that a handler requires, and those that it only asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.control import always, caught, tries_around
from lambdalint.python.module import PythonModule
from lambdalint.python.symbols import FromEvent

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

FieldPath = tuple[str | int | None, ...]

_MISSING = frozenset({"KeyError", "LookupError"})
# A `try` around so few statements is there for one of them.
_FEW = 2


@dataclass(frozen=True)
class EventRead:
    """A subscript that raises where the event lacks the field at `path`."""

    module: PythonModule
    node: cst.Subscript
    path: FieldPath


def required_reads(evaluator: Evaluator, reach: Reach) -> Iterator[EventRead]:
    """The subscripts of the event that run on every invocation, with nothing to catch a missing key."""
    for module in reach.modules:
        for node in module.nodes(cst.Subscript):
            key = _key(node)
            if key is None or not _is_read(module, node) or not always(reach, module, node):
                continue
            base = evaluator.value(module, node.value)
            if not isinstance(base, FromEvent) or base.steps or not _is_plain(base.path):
                continue
            if not _is_guarded(module, node):
                yield EventRead(module, node, (*base.path, key))


def asked(evaluator: Evaluator, reach: Reach) -> frozenset[str]:
    """The fields of the event itself that code asks for without requiring them: by `get`, by `in`, or in
    `try` with `except KeyError`. Who asks for what one source sends may be called by another too."""
    found: set[str] = set()
    for module in reach.modules:
        for call in module.nodes(cst.Call):
            func = call.func
            if isinstance(func, cst.Attribute) and func.attr.value == "get" and call.args:
                found.update(_asked_key(evaluator, module, func.value, call.args[0].value))
        for test in module.nodes(cst.Comparison):
            for target in test.comparisons:
                if isinstance(target.operator, (cst.In, cst.NotIn)):
                    found.update(_asked_key(evaluator, module, target.comparator, test.left))
        for node in module.nodes(cst.Subscript):
            key = _key(node)
            if key is not None and _is_guarded(module, node) and _is_event(evaluator, module, node.value):
                found.add(key)
    return frozenset(found)


def _asked_key(
    evaluator: Evaluator, module: PythonModule, base: cst.BaseExpression, key: cst.BaseExpression
) -> Iterator[str]:
    if isinstance(base, cst.Call) and isinstance(base.func, cst.Attribute) and base.func.attr.value == "keys":
        base = base.func.value
    if isinstance(key, cst.SimpleString) and _is_event(evaluator, module, base):
        yield str(key.raw_value)


def _is_event(evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression) -> bool:
    return evaluator.value(module, expr) == FromEvent()


def _key(node: cst.Subscript) -> str | None:
    index = node.slice[0].slice if len(node.slice) == 1 else None
    value = index.value if isinstance(index, cst.Index) else None
    return value.raw_value if isinstance(value, cst.SimpleString) and "b" not in value.prefix else None


def _is_read(module: PythonModule, node: cst.Subscript) -> bool:
    parent = module.parent(node)
    return not isinstance(parent, (cst.AssignTarget, cst.Del, cst.AnnAssign, cst.AugAssign))


def _is_plain(path: FieldPath) -> bool:
    """Whether the path is one of keys and items, not of a data class's attributes."""
    return not any(isinstance(step, str) and step.startswith(".") for step in path)


def _is_guarded(module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether a missing key is caught: by name, or by a `try` that is there for little else."""
    for around in tries_around(module, node):
        statements = getattr(around.body, "body", ())
        few = len(statements) <= _FEW and all(
            isinstance(each, cst.SimpleStatementLine) for each in statements
        )
        if few or any(caught(clause) & _MISSING for clause in around.handlers):
            return True
    return False
