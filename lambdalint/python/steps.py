"""The service calls of a handler as steps of a workflow: which of them take another's result, or happen
because of it.

Where a value comes from is followed back through names, attributes, containers, helpers and what they are
handed, and through any computing on the way. A test around a call counts as well: what it reads decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import library
from lambdalint.python.calls import AwsCall, AwsCalls
from lambdalint.python.control import arms
from lambdalint.python.index import Index
from lambdalint.python.names import Binding, BindingKind, dotted_name
from lambdalint.python.reach import Phase
from lambdalint.python.symbols import Function, alternatives
from lambdalint.python.syntax import is_static, last_name, parameter

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["Step", "chain"]

# Services through which code watches, configures or proves itself; no state of a workflow would call them.
_BESIDE = frozenset(
    {"appconfig", "appconfigdata", "cloudwatch", "kms", "logs", "secretsmanager", "ssm", "sts", "xray"}
)
_FILLS = frozenset({"add", "append", "extend", "insert", "setdefault", "update", "write"})
_MAX_DEPTH = 30


@dataclass(frozen=True, eq=False)
class Step:
    """One service call of the invoke path."""

    call: AwsCall

    @property
    def api(self) -> str:
        """What it calls."""
        return self.call.api


def chain(evaluator: Evaluator, reach: Reach, calls: AwsCalls) -> tuple[Step, ...]:
    """The longest chain of calls of different services in which each takes what the one before it returned,
    or happens because of it; () where there are no two of that kind."""
    steps: dict[int, Step] = {}
    for call in calls:
        if call.service in _BESIDE or call.api in library.CONFIGURATION or call.interface == "presign":
            continue
        if Phase.INVOKE in reach.phases(call.module, call.node):
            steps.setdefault(id(call.node), Step(call))
    if len({step.call.service for step in steps.values()}) < 2:
        return ()
    origins = _Origins(evaluator, reach, frozenset(steps))
    before = {key: origins.of_call(step.call) - {key} for key, step in steps.items()}
    return _longest(steps, before)


def _longest(steps: Mapping[int, Step], before: Mapping[int, frozenset[int]]) -> tuple[Step, ...]:
    best: tuple[Step, ...] = ()
    known: dict[int, tuple[Step, ...]] = {}

    def ending(key: int, active: frozenset[int]) -> tuple[Step, ...]:
        """The best chain that ends with a step; each service once."""
        if key in known:
            return known[key]
        step = steps[key]
        found: tuple[Step, ...] = (step,)
        for earlier in sorted(before[key] - active, key=lambda each: steps[each].api):
            head = ending(earlier, active | {key})
            if all(each.call.service != step.call.service for each in head):
                candidate: tuple[Step, ...] = (*head, step)
            else:
                candidate = head  # goes through the service again: no further step
            if len(candidate) > len(found):
                found = candidate
        if not active:
            known[key] = found
        return found

    for key in steps:
        candidate = ending(key, frozenset())
        if len(candidate) > len(best):
            best = candidate
    return best if len(best) > 1 else ()


class _Origins:
    """Which of some calls values come from."""

    def __init__(self, evaluator: Evaluator, reach: Reach, wanted: frozenset[int]) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.wanted = wanted
        self._known: dict[int, frozenset[int]] = {}
        self._active: set[int] = set()
        self._filled: dict[int, dict[str, list[cst.Call]]] = {}

    def of_call(self, call: AwsCall) -> frozenset[int]:
        """What a call's arguments come from, and the tests that lead to it."""
        module, node = call.module, call.node
        found = [self.of(module, argument.value) for argument in node.args]
        found.append(self._leading(module, node, 0))
        return frozenset().union(*found)

    def _leading(self, module: PythonModule, node: cst.CSTNode, depth: int) -> frozenset[int]:
        """What the tests around a place read, those around its callers included."""
        found: set[int] = set()
        for arm in arms(module, node):
            if arm.is_conditional and arm.test is not None:
                found |= self.of(module, arm.test)
            elif isinstance(arm.node, cst.For) and arm.part is arm.node.body:
                found |= self.of(module, arm.node.iter)
        function = module.enclosing_function(node)
        if function is not None and depth < 3 and not self.reach.is_entry(module, function):
            for caller, call in self.reach.call_sites(module, function):
                found |= self._leading(caller, call, depth + 1)
        return frozenset(found)

    def of(self, module: PythonModule, expr: cst.CSTNode) -> frozenset[int]:
        """The calls that an expression's value comes from."""
        key = id(expr)
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._active or len(self._active) > _MAX_DEPTH:
            return frozenset()
        self._active.add(key)
        try:
            found = frozenset(self._within(module, expr))
        finally:
            self._active.discard(key)
        if not self._active:
            self._known[key] = found
        return found

    def _within(self, module: PythonModule, expr: cst.CSTNode) -> Iterator[int]:
        for node in module.descendants(expr):
            if isinstance(node, cst.Call):
                if id(node) in self.wanted:
                    yield id(node)
                else:
                    yield from self._returned(module, node)
            elif isinstance(node, cst.Name):
                for binding in module.names.lookup(node):
                    yield from self._bound(module, binding)
            elif isinstance(node, cst.Attribute):
                yield from self._kept(module, node)

    def _returned(self, module: PythonModule, call: cst.Call) -> Iterator[int]:
        for each in alternatives(self.evaluator.value(module, call.func)):
            if isinstance(each, Function):
                results = (
                    [each.node.body]
                    if isinstance(each.node, cst.Lambda)
                    else [value for value in Index.of(each.module).returns.get(id(each.node), ()) if value]
                )
                for value in results:
                    yield from self.of(each.module, value)

    def _bound(self, module: PythonModule, binding: Binding) -> Iterator[int]:
        key = id(binding)
        if key in self._active:
            return
        self._active.add(key)
        try:
            if binding.kind is BindingKind.PARAMETER:
                yield from self._passed(module, binding)
                return
            value = _value(binding)
            if value is not None:
                yield from self.of(module, value)
            for filling in self._fillings(module).get(binding.name, ()):
                if binding.scope is module.names.scope(filling):
                    for argument in filling.args:
                        yield from self.of(module, argument.value)
            for target, item in Index.of(module).items.get(binding.name, ()):
                if isinstance(target.value, cst.Name) and binding in module.names.lookup(target.value):
                    yield from self.of(module, item)
        finally:
            self._active.discard(key)

    def _passed(self, module: PythonModule, binding: Binding) -> Iterator[int]:
        function = binding.scope.node
        if not isinstance(function, cst.FunctionDef) or self.reach.is_entry(module, function):
            return
        position, _ = parameter(function, binding.name)
        skip = 1 if module.enclosing_class(function) is not None and not is_static(function) else 0
        for caller, call in self.reach.call_sites(module, function):
            positional = [each for each in call.args if each.keyword is None and not each.star]
            for argument in call.args:
                if argument.keyword is not None and argument.keyword.value == binding.name:
                    yield from self.of(caller, argument.value)
            if 0 <= position - skip < len(positional):
                yield from self.of(caller, positional[position - skip].value)

    def _kept(self, module: PythonModule, attribute: cst.Attribute) -> Iterator[int]:
        """What the methods of an object keep: `self.name = …`."""
        if not isinstance(attribute.value, cst.Name) or attribute.value.value not in ("self", "cls"):
            return
        for target, value in Index.of(module).attributes.get(attribute.attr.value, ()):
            if dotted_name(target) == dotted_name(attribute):
                yield from self.of(module, value)

    def _fillings(self, module: PythonModule) -> Mapping[str, Sequence[cst.Call]]:
        found = self._filled.get(id(module))
        if found is None:
            found = self._filled[id(module)] = defaultdict(list)
            for call in module.nodes(cst.Call):
                func = call.func
                if isinstance(func, cst.Attribute) and func.attr.value in _FILLS and call.args:
                    name = last_name(func.value)
                    if isinstance(func.value, cst.Name) and name:
                        found[name].append(call)
        return found


def _value(binding: Binding) -> cst.BaseExpression | None:
    if binding.value is not None:
        return binding.value
    node = binding.node
    if isinstance(node, (cst.For, cst.CompFor)):
        return node.iter
    if isinstance(node, cst.WithItem):
        return node.item
    if isinstance(node, (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.NamedExpr)):
        return node.value
    return None
