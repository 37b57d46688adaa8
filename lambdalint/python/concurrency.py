"""What code runs beside itself: pools, threads and processes, what they are given to do, and which of them
need memory that processes share.

Lambda mounts no /dev/shm. glibc's `sem_open` fails without it, and so does everything in `multiprocessing`
that is made of a semaphore. A process and a pipe need none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python.control import arms, tries_around
from lambdalint.python.effects import Effect, Effects
from lambdalint.python.symbols import External, Function, Instance, Member, Partial, Symbol, alternatives
from lambdalint.python.walk import own_nodes

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["Needs", "Split", "computes", "needs_shared_memory", "only_elsewhere", "splits"]

_TEXT = ("multiprocess", "concurrent", "Thread", "Process", "process_map", "pathos", "billiard")
_CONTEXTS = frozenset({"multiprocessing.get_context", "torch.multiprocessing.get_context"})
# Errors by which code sees that there is no shared memory.
_MISSING = re.compile(
    r"\b(?:OSError|IOError|ImportError|ModuleNotFoundError|NotImplementedError|PermissionError)\b"
)
_LAMBDA = re.compile(r"lambda|local|\bcli\b", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Needs:
    """A call that needs shared memory between processes. `what` is its name as people know it."""

    module: PythonModule
    node: cst.Call
    what: str


@dataclass(frozen=True, eq=False)
class Split:
    """Work that is handed to threads or processes. `node` makes the pool, thread or process; `worker` is what
    each of them runs."""

    module: PythonModule
    node: cst.Call
    kind: str  # "threads" | "processes"
    worker: Function


@cache
def _table() -> Mapping[str, object]:
    found: Mapping[str, object] = load("concurrency.toml")
    return found


@cache
def _sharing() -> Mapping[str, str]:
    """What needs shared memory, by import path: its short name."""
    found: dict[str, str] = {}
    for row in _table()["shared"]:  # type: ignore[attr-defined]
        for home in row["modules"]:
            found.update((f"{home}.{name}", f"{row['modules'][0]}.{name}") for name in row["names"])
    return found


# Shared memory


def needs_shared_memory(evaluator: Evaluator, reach: Reach) -> Iterator[Needs]:
    """The calls within reach that fail for want of shared memory, and have nothing to fall back on."""
    for module in reach.modules:
        if not any(word in module.source.text for word in _TEXT):
            continue
        for call in module.nodes(cst.Call):
            what = _shared(evaluator, module, call)
            if what is None or not reach.phases(module, call):
                continue
            if not _falls_back(module, call) and not only_elsewhere(module, call):
                yield Needs(module, call, what)


def _shared(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> str | None:
    func = call.func
    name = module.names.qualified(func)
    if name is None and isinstance(func, cst.Attribute):
        name = _of_context(evaluator, module, func)
    what = _sharing().get(name or "")
    if what is None or _without_lock(call):
        return None
    return what


def _of_context(evaluator: Evaluator, module: PythonModule, func: cst.Attribute) -> str | None:
    """`get_context("spawn").Pool` and its like are those of the module."""
    if f"multiprocessing.{func.attr.value}" not in _sharing():
        return None
    for each in alternatives(evaluator.value(module, func.value)):
        if isinstance(each, Instance) and each.qualified in _CONTEXTS:
            return f"multiprocessing.{func.attr.value}"
    return None


def _without_lock(call: cst.Call) -> bool:
    """`Value("i", 0, lock=False)` is made of no semaphore."""
    return any(
        argument.keyword is not None
        and argument.keyword.value == "lock"
        and isinstance(argument.value, cst.Name)
        and argument.value.value == "False"
        for argument in call.args
    )


def _falls_back(module: PythonModule, call: cst.Call) -> bool:
    """Whether the code expects the failure: it catches just that, or does the work in the `except`."""
    for tried in tries_around(module, call):
        names = {each.value for each in module.descendants(tried.body) if isinstance(each, cst.Name)}
        functions = {name for name in names if _is_function(module, name)}
        for handler in tried.handlers:
            if handler.type is not None and _MISSING.search(module.tree.code_for_node(handler.type)):
                return True
            again = {each.value for each in module.descendants(handler.body) if isinstance(each, cst.Name)}
            if functions & again:
                return True
    return False


def _is_function(module: PythonModule, name: str) -> bool:
    bindings = module.names.module_scope.bindings.get(name, ())
    return any(isinstance(binding.node, cst.FunctionDef) for binding in bindings)


def only_elsewhere(module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether a test around the node asks whether the code runs in Lambda: the node may be for elsewhere."""
    return any(
        arm.test is not None and arm.is_conditional and _LAMBDA.search(module.tree.code_for_node(arm.test))
        for arm in arms(module, node)
    )


# Splitting work


def splits(evaluator: Evaluator, reach: Reach) -> Iterator[Split]:
    """The pools, threads and processes within reach that are given a function of the application's own."""
    for module in reach.modules:
        if not any(word in module.source.text for word in _TEXT):
            continue
        for call in module.nodes(cst.Call):
            for node, kind, worker in _given(evaluator, module, call):
                if reach.phases(module, call):
                    yield Split(module, node, kind, worker)


def _given(
    evaluator: Evaluator, module: PythonModule, call: cst.Call
) -> Iterator[tuple[cst.Call, str, Function]]:
    func = call.func
    name = module.names.qualified(func) or ""
    kind = _starters().get(name)
    if kind is not None:
        for worker in _workers(evaluator, module, _argument(call, "target", None)):
            yield call, kind, worker
        return
    if not isinstance(func, cst.Attribute) or func.attr.value not in ("map", "submit"):
        return
    for each in alternatives(evaluator.value(module, func.value)):
        if isinstance(each, Instance) and each.qualified in _pools():
            for worker in _workers(evaluator, module, _argument(call, "fn", 0)):
                yield each.node, _pools()[each.qualified], worker


@cache
def _starters() -> Mapping[str, str]:
    return {name: row["kind"] for row in _table()["starter"] for name in row["calls"]}  # type: ignore[attr-defined]


@cache
def _pools() -> Mapping[str, str]:
    return {name: row["kind"] for row in _table()["pool"] for name in row["calls"]}  # type: ignore[attr-defined]


def _argument(call: cst.Call, keyword: str, position: int | None) -> cst.BaseExpression | None:
    for index, argument in enumerate(call.args):
        if argument.keyword is not None and argument.keyword.value == keyword:
            return argument.value
        if argument.keyword is None and not argument.star and index == position:
            return argument.value
    return None


def _workers(
    evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression | None
) -> Iterator[Function]:
    if expr is None:
        return
    for each in alternatives(evaluator.value(module, expr)):
        found = _function(each)
        if found is not None:
            yield found


def _function(symbol: Symbol) -> Function | None:
    while isinstance(symbol, Partial):
        symbol = symbol.function
    return symbol if isinstance(symbol, Function) else None


# What takes the processor


def computes(evaluator: Evaluator, effects: Effects, split: Split) -> cst.CSTNode | None:
    """What in a worker takes the processor: a loop that computes, or a call that does. None where nothing is
    seen to, or where something waits: for the network, a file, another thread, or nobody knows what."""
    return _Work(evaluator, effects, split).heaviest()


class _Work:
    """What a worker does, with the functions that it calls."""

    def __init__(self, evaluator: Evaluator, effects: Effects, split: Split) -> None:
        self.evaluator = evaluator
        self.effects = effects
        self.split = split
        self.seen: set[int] = set()
        self.heavy: cst.CSTNode | None = None

    def heaviest(self) -> cst.CSTNode | None:
        """The first thing in the worker that takes the processor, if that is all that it does."""
        return self.heavy if self._is_computing(self.split.worker, None) else None

    def _is_computing(self, function: Function, site: cst.Call | None) -> bool:
        """Whether a function does nothing but to compute. `site` is the worker's call that leads to it."""
        if id(function.node) in self.seen:
            return True
        self.seen.add(id(function.node))
        module = function.module
        for node in own_nodes(function.node.body):
            if isinstance(node, (cst.Await, cst.Yield, cst.With)):
                return False
            if isinstance(node, cst.Call):
                if not self._is_computing_call(function, node, site):
                    return False
            elif self.heavy is None and _is_computing_loop(module, node):
                self.heavy = site or node
        return True

    def _is_computing_call(self, function: Function, call: cst.Call, site: cst.Call | None) -> bool:
        module = function.module
        if self.split.kind == "processes" and _hands_back(function, call):
            return True
        inner = self.effects.functions(module, call)
        if inner:
            return all(self._is_computing(each, site or call) for each in inner)
        if self.effects.of(module, call) is not Effect.NONE or _waits(self.evaluator, module, call):
            return False
        if self.heavy is None and _is_heavy(self.evaluator, module, call):
            self.heavy = site or call
        return True


def _hands_back(function: Function, call: cst.Call) -> bool:
    """Whether a process hands its result to the one that started it: `end.send(…)` on a parameter."""
    func = call.func
    if not isinstance(func, cst.Attribute) or func.attr.value not in ("send", "close", "put"):
        return False
    names = {param.name.value for param in function.node.params.params}
    return isinstance(func.value, cst.Name) and func.value.value in names


def _waits(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> bool:
    """Whether a call that changes nothing outside may still wait: sleeps, files, locks."""
    name = module.names.qualified(call.func)
    if name is not None:
        return name in _quiet() or name.startswith(tuple(_quiet_roots()))
    for each in alternatives(evaluator.value(module, call.func)):
        while isinstance(each, Member):
            each = each.base
        if isinstance(each, Instance) and (
            each.root.qualified in _quiet() or each.root.qualified.startswith(tuple(_quiet_roots()))
        ):
            return True
        if isinstance(each, External) and each.qualified.startswith(tuple(_quiet_roots())):
            return True
    return False


@cache
def _quiet() -> frozenset[str]:
    return frozenset(name for name in _table()["waits"] if not name.endswith("."))  # type: ignore[attr-defined]


@cache
def _quiet_roots() -> frozenset[str]:
    return frozenset(name for name in _table()["waits"] if name.endswith("."))  # type: ignore[attr-defined]


def _is_heavy(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> bool:
    heavy: tuple[str, ...] = tuple(_table()["heavy"])  # type: ignore[arg-type]
    name = module.names.qualified(call.func)
    if name is not None:
        return name.startswith(heavy)
    return any(
        isinstance(each, Member)
        and isinstance(each.base, Instance)
        and each.base.root.qualified.startswith(heavy)
        for each in alternatives(evaluator.value(module, call.func))
    )


def _is_computing_loop(module: PythonModule, node: cst.CSTNode) -> bool:
    """A loop, or a comprehension, whose body does arithmetic."""
    if not isinstance(node, (cst.For, cst.While, cst.ListComp, cst.GeneratorExp, cst.SetComp, cst.DictComp)):
        return False
    return any(
        (isinstance(each, cst.BinaryOperation) and isinstance(each.operator, _ARITHMETIC))
        or isinstance(each, cst.AugAssign)
        for each in own_nodes(node)
    )


_ARITHMETIC = (
    cst.Multiply,
    cst.Divide,
    cst.FloorDivide,
    cst.Modulo,
    cst.Power,
    cst.MatrixMultiply,
    cst.BitXor,
)
