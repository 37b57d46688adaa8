"""Whether a handler comes to a call whatever the event holds: no test on the record stands before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.control import ArmKind, deciders, loops
from lambdalint.python.reach import Phase
from lambdalint.python.symbols import (
    Class,
    Context,
    EnvVar,
    External,
    FromEvent,
    Function,
    Literal,
    LocalModule,
    Sdk,
    Symbol,
    Text,
    alternatives,
)

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

_MAX_DEPTH = 6
_FIXED = (Class, Context, EnvVar, External, Function, Literal, LocalModule, Sdk, Text)
# Parts of the event that are there for every record alike.
_WHOLE = ((), ("Records",), ("records",))


def unchecked(evaluator: Evaluator, reach: Reach, module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether some way leads from the handler's start to the node on which nothing depends on the record:
    neither a branch, nor a guard that leaves, nor a loop over what was picked out before."""
    return _Ways(evaluator, reach).open(module, node, 0)


class _Ways:
    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach

    def open(self, module: PythonModule, node: cst.CSTNode, depth: int) -> bool:
        if Phase.INVOKE not in self.reach.phases(module, node) or depth > _MAX_DEPTH:
            return False
        for test, arm in deciders(module, node):
            if test is None or (arm is not None and arm.kind is ArmKind.COMPREHENSION):
                return False
            if self._tells(module, test):
                return False
        if any(not self._goes_over_event(module, loop) for loop in loops(module, node)):
            return False
        function = module.enclosing_function(node)
        if function is None:
            return False
        if self.reach.is_entry(module, function):
            return True
        return any(
            self.open(caller, call, depth + 1) for caller, call in self.reach.call_sites(module, function)
        )

    def _tells(self, module: PythonModule, test: cst.BaseExpression) -> bool:
        """Whether a test may tell one record from another: it depends on anything but what is fixed."""
        for node in module.descendants(test):
            parent = module.parent(node)
            if not isinstance(node, (cst.Name, cst.Attribute, cst.Subscript, cst.Call)):
                continue
            if node is not test and _is_part(parent, node):
                continue  # the whole of it is looked at
            if not all(_is_fixed(option) for option in alternatives(self.evaluator.value(module, node))):
                return True
        return False

    def _goes_over_event(self, module: PythonModule, loop: cst.For | cst.While) -> bool:
        if isinstance(loop, cst.While):
            return False
        found = self.evaluator.value(module, loop.iter)
        return all(isinstance(option, FromEvent) for option in alternatives(found)) or _is_range(module, loop)


def _is_part(parent: cst.CSTNode | None, node: cst.CSTNode) -> bool:
    """Whether a node is the beginning of a longer chain: `a` in `a.b`, `a[b]` and `a(b)`."""
    if isinstance(parent, cst.Call):
        return parent.func is node
    return isinstance(parent, (cst.Attribute, cst.Subscript)) and parent.value is node


def _is_range(module: PythonModule, loop: cst.For) -> bool:
    call = loop.iter
    return isinstance(call, cst.Call) and module.names.qualified(call.func) == "builtins.range"


def _is_fixed(symbol: Symbol) -> bool:
    if isinstance(symbol, FromEvent):
        return symbol.path in _WHOLE
    return isinstance(symbol, _FIXED)
