"""The service calls of a handler as steps of a workflow: which of them take another's result, or happen
because of it.

Where a value comes from is followed back through names, attributes, containers, helpers and what they are
handed, and through any computing on the way. A test around a call counts as well: what it reads decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import library
from lambdalint.python.calls import AwsCall, AwsCalls
from lambdalint.python.control import arms
from lambdalint.python.index import Index
from lambdalint.python.names import Binding, BindingKind, dotted_name
from lambdalint.python.reach import Phase
from lambdalint.python.repetition import READS
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
_MAX_CALLERS = 3
_MAX_STEPS = 12


@dataclass(frozen=True, eq=False)
class Step:
    """One service call of the invoke path."""

    call: AwsCall

    @property
    def api(self) -> str:
        """What it calls."""
        return self.call.api

    @property
    def acts(self) -> bool:
        """Whether it does more than to read what is there."""
        return READS.match(self.call.operation) is None


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
    before: dict[int, list[int]] = {}
    for key, step in steps.items():
        found = origins.of_call(step.call)
        before[key] = [each for each in steps if each != key and each in found]
    return _longest(steps, before)


def _longest(steps: Mapping[int, Step], before: Mapping[int, Sequence[int]]) -> tuple[Step, ...]:
    """The longest chain, in which each service counts once: found in rounds, each a step longer."""
    best: dict[int, tuple[Step, ...]] = {key: (step,) for key, step in steps.items()}
    for _ in range(_MAX_STEPS):
        longer: dict[int, tuple[Step, ...]] = {}
        for key, step in steps.items():
            for earlier in before[key]:
                head = best[earlier]
                again = any(each.call.service == step.call.service for each in head)
                candidate = head if again else (*head, step)
                if _worth(candidate) > _worth(longer.get(key, best[key])):
                    longer[key] = candidate
        if not longer:
            break
        best.update(longer)
    found = max(best.values(), key=_worth)
    return found if len(found) > 1 else ()


def _worth(steps: Sequence[Step]) -> tuple[int, int]:
    """Reading from place to place is no workflow: two steps that act come before length."""
    return min(2, sum(step.acts for step in steps)), len(steps)


_Place = tuple["PythonModule", cst.CSTNode]


class _Origins:
    """Which of some calls values come from."""

    def __init__(self, evaluator: Evaluator, reach: Reach, wanted: frozenset[int]) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.wanted = wanted
        self._direct: dict[int, tuple[frozenset[int], tuple[_Place, ...]]] = {}
        self._bound: dict[int, tuple[_Place, ...]] = {}
        self._filled: dict[int, dict[str, list[cst.Call]]] = {}

    def of_call(self, call: AwsCall) -> frozenset[int]:
        """What a call's arguments come from, and the tests that lead to it."""
        places = [(call.module, argument.value) for argument in call.node.args]
        return self.of([*places, *self._leading(call.module, call.node, 0)])

    def of(self, places: Iterable[_Place]) -> frozenset[int]:
        """The calls that the values of some expressions come from."""
        found: set[int] = set()
        seen: set[int] = set()
        todo = list(places)
        while todo:
            module, node = todo.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            calls, others = self._sources(module, node)
            found |= calls
            todo.extend(others)
        return frozenset(found)

    def _leading(self, module: PythonModule, node: cst.CSTNode, depth: int) -> Iterator[_Place]:
        """The tests around a place, and what loops around it go through; those around its callers, too."""
        for arm in arms(module, node):
            if arm.is_conditional and arm.test is not None:
                yield module, arm.test
            elif isinstance(arm.node, cst.For) and arm.part is arm.node.body:
                yield module, arm.node.iter
        function = module.enclosing_function(node)
        if function is not None and depth < _MAX_CALLERS and not self.reach.is_entry(module, function):
            for caller, call in self.reach.call_sites(module, function):
                yield from self._leading(caller, call, depth + 1)

    def _sources(self, module: PythonModule, expr: cst.CSTNode) -> tuple[frozenset[int], tuple[_Place, ...]]:
        """The calls in an expression, and the expressions that its other parts come from."""
        known = self._direct.get(id(expr))
        if known is None:
            calls: set[int] = set()
            others: list[_Place] = []
            for node in module.descendants(expr):
                if isinstance(node, cst.Call):
                    if id(node) in self.wanted:
                        calls.add(id(node))
                    else:
                        others.extend(self._returned(module, node))
                elif isinstance(node, cst.Name):
                    for binding in module.names.lookup(node):
                        others.extend(self._made(module, binding))
                elif isinstance(node, cst.Attribute):
                    others.extend(self._kept(module, node))
            known = self._direct[id(expr)] = (frozenset(calls), tuple(others))
        return known

    def _returned(self, module: PythonModule, call: cst.Call) -> Iterator[_Place]:
        for each in alternatives(self.evaluator.value(module, call.func)):
            if not isinstance(each, Function):
                continue
            if isinstance(each.node, cst.Lambda):
                yield each.module, each.node.body
                continue
            for value in Index.of(each.module).returns.get(id(each.node), ()):
                if value is not None:
                    yield each.module, value

    def _made(self, module: PythonModule, binding: Binding) -> tuple[_Place, ...]:
        known = self._bound.get(id(binding))
        if known is None:
            known = self._bound[id(binding)] = tuple(self._values(module, binding))
        return known

    def _values(self, module: PythonModule, binding: Binding) -> Iterator[_Place]:
        """What a name is bound to, and what is put into it afterwards."""
        if binding.kind is BindingKind.PARAMETER:
            yield from self._passed(module, binding)
            return
        value = _value(binding)
        if value is not None:
            yield module, value
        for filling in self._fillings(module).get(binding.name, ()):
            if binding.scope is module.names.scope(filling):
                for argument in filling.args:
                    yield module, argument.value
        for target, item in Index.of(module).items.get(binding.name, ()):
            if isinstance(target.value, cst.Name) and binding in module.names.lookup(target.value):
                yield module, item

    def _passed(self, module: PythonModule, binding: Binding) -> Iterator[_Place]:
        function = binding.scope.node
        if not isinstance(function, cst.FunctionDef) or self.reach.is_entry(module, function):
            return
        position, _ = parameter(function, binding.name)
        skip = 1 if module.enclosing_class(function) is not None and not is_static(function) else 0
        for caller, call in self.reach.call_sites(module, function):
            positional = [each for each in call.args if each.keyword is None and not each.star]
            for argument in call.args:
                if argument.keyword is not None and argument.keyword.value == binding.name:
                    yield caller, argument.value
            if 0 <= position - skip < len(positional):
                yield caller, positional[position - skip].value

    def _kept(self, module: PythonModule, attribute: cst.Attribute) -> Iterator[_Place]:
        """What the methods of an object keep: `self.name = …`."""
        if not isinstance(attribute.value, cst.Name) or attribute.value.value not in ("self", "cls"):
            return
        for target, value in Index.of(module).attributes.get(attribute.attr.value, ()):
            if dotted_name(target) == dotted_name(attribute):
                yield module, value

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
