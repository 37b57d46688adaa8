"""What a loop that pauses does again: ask for a state that something else changes, or try what failed.

The state is told from the tests that end the loop, or that lead to the pause: what they read comes from a
call in the loop that is made each time in the same way. Calls that get what the turn before gave (pages,
partial results) or that take something away each time (messages) ask for no state.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.control import ArmKind, Loop, TryStatement, arms
from lambdalint.python.endings import CONTINUE, FALL, LEAVE_LOOP, endings
from lambdalint.python.names import dotted_name
from lambdalint.python.numeric import CLOCKS
from lambdalint.python.symbols import (
    Display,
    External,
    Function,
    Instance,
    Literal,
    alternatives,
)
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCalls
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["READS", "Asked", "Repetition", "Tried", "tells"]

# Modules whose functions compute, or speak of this environment only.
_SILENT_ROOTS = frozenset(
    {"builtins", "collections", "copy", "datetime", "functools", "itertools", "json", "logging", "math"}
    | {"operator", "os", "pathlib", "platform", "random", "re", "secrets", "shutil", "string", "sys"}
    | {"time", "traceback", "typing", "uuid", "warnings", "asyncio", "threading", "aws_xray_sdk"}
    | {"aws_lambda_powertools", "hashlib", "base64", "decimal"}
)
# Methods of strings, containers, loggers, and of what runs within this environment.
_SILENT_METHODS = frozenset(
    {"add", "append", "clear", "copy", "count", "critical", "debug", "decode", "encode", "endswith", "error"}
    | {"exception", "extend", "format", "index", "info", "insert", "isoformat", "items", "join", "keys"}
    | {"log", "lower", "lstrip", "pop", "popitem", "remove", "replace", "rstrip", "setdefault", "sort"}
    | {"split", "splitlines", "startswith", "strftime", "strip", "total_seconds", "update", "upper"}
    | {"values", "warn", "warning", "json", "raise_for_status", "get_remaining_time_in_millis", "timestamp"}
)
_OWN_WORK = frozenset(
    {"is_alive", "is_set", "empty", "qsize", "done", "running", "cancelled", "full", "locked", "exists"}
    | {"is_file", "isfile", "is_dir", "isdir", "flush", "active_count", "unfinished_tasks"}
)
_AMBIGUOUS = frozenset({"get", "poll"})
# Operations that give something else each time.
_DRAINS = frozenset(
    {"receive_message", "receive_messages", "get_records", "get_log_events", "consume", "fetchmany"}
    | {"fetchone", "readline", "recv", "__next__", "next"}
)
READS = re.compile(
    r"^(?:admin_)?(?:describe|get|list|head|batch_get|batch_check|query|scan|lookup|search|check|test)_|^(?:scan|query)$"
)
_STATUS = re.compile(
    r"status_code|statusCode|StatusCode|\.ok\b|\bok\b|getcode|\.status\b|\bstatus\b|\bcode\b|\.reason\b"
)
# What tells that a result is to be asked for again because it is no result.
_RETRYABLE = re.compile(r"should_retry|retryable|retriable|transient", re.IGNORECASE)
_DELAYS = re.compile(r"delays?$|backoffs?$|pauses?$", re.IGNORECASE)
_WRITES = frozenset({"post", "put", "patch", "delete", "request", "urlopen", "invoke", "send", "fetch"})
_REPEATING = frozenset({"builtins.range", "itertools.count", "itertools.repeat", "six.moves.range"})


@dataclass(frozen=True, eq=False)
class Asked:
    """A call that tells a state. `failure` where what is tested is the status of an HTTP reply that says the
    request failed: then it is a retry, though nothing is raised."""

    call: cst.Call
    failure: bool = False


@dataclass(frozen=True, eq=False)
class Tried:
    """A `try` whose work is done again. `once` if the loop ends whenever nothing is raised."""

    node: TryStatement
    once: bool


def tells(evaluator: Evaluator, module: PythonModule, call: cst.Call, depth: int = 0) -> bool:
    """Whether a call may tell something from outside: it does more than compute, log or look around here."""
    func = call.func
    name = module.names.qualified(func) or ""
    root = name.partition(".")[0]
    if name and root in _SILENT_ROOTS:
        return name == "asyncio.run"
    last = last_name(func)
    if name in CLOCKS or (last in _SILENT_METHODS and not name):
        return False
    if last in _AMBIGUOUS and not name:
        return _is_of_client(evaluator, module, func)
    found = evaluator.value(module, func)
    functions = [each for each in alternatives(found) if isinstance(each, Function)]
    if last in _OWN_WORK and not functions:
        return False
    if not functions or depth > 2:
        return not all(isinstance(each, External) and _is_silent(each) for each in alternatives(found))
    return any(_does(evaluator, each, depth) for each in functions)


def _does(evaluator: Evaluator, function: Function, depth: int) -> bool:
    """Whether a function asks or does something outside; an abstract one is some other's to do."""
    nodes = list(function.module.descendants(function.node.body))
    if isinstance(function.node, cst.FunctionDef) and _is_abstract(nodes):
        return True
    return any(
        isinstance(node, cst.Call) and tells(evaluator, function.module, node, depth + 1) for node in nodes
    )


def _is_silent(symbol: External) -> bool:
    return symbol.qualified.partition(".")[0] in _SILENT_ROOTS


def _is_of_client(evaluator: Evaluator, module: PythonModule, func: cst.BaseExpression) -> bool:
    """Whether `x.get(…)` asks a client of a library rather than a dict."""
    if not isinstance(func, cst.Attribute):
        return True
    for each in alternatives(evaluator.value(module, func.value)):
        if isinstance(each, Instance) and not each.qualified.startswith(("json.", "subprocess.", "dict")):
            return each.origin is None or not each.qualified.endswith(("json", "read"))
    return False


def _is_abstract(nodes: Sequence[cst.CSTNode]) -> bool:
    """Whether a body only raises, or does nothing at all."""
    return not any(
        isinstance(node, (cst.Return, cst.If, cst.Assign, cst.For, cst.While)) for node in nodes
    ) and (
        any(isinstance(node, cst.Raise) for node in nodes)
        or not any(isinstance(node, cst.Call) for node in nodes)
    )


class Repetition:
    """One loop that pauses."""

    def __init__(
        self,
        evaluator: Evaluator,
        reach: Reach,
        module: PythonModule,
        loop: Loop,
        calls: Callable[[], AwsCalls],
    ) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.module = module
        self.loop = loop
        self._calls = calls

    # What is asked

    def state(self) -> Asked | None:
        """The call whose result ends the loop; None where none does."""
        if not self.repeats:
            return None
        return next((asked for test in self._ending_tests() for asked in self._asked(test)), None)

    def state_before(self, node: cst.CSTNode) -> Asked | None:
        """The call whose result leads to a pause in the loop."""
        if not self.repeats:
            return None
        for arm in arms(self.module, node):
            if arm.node is self.loop:
                break
            if arm.kind in (ArmKind.IF, ArmKind.ELSE) and arm.test is not None:
                found = next(self._asked(arm.test), None)
                if found is not None:
                    return found
            elif arm.kind is ArmKind.EXCEPT:
                break
        return None

    @cached_property
    def repeats(self) -> bool:
        """Whether each turn does the same: not once for each item of some data."""
        loop = self.loop
        if isinstance(loop, cst.While):
            return True
        iterated = loop.iter
        if isinstance(iterated, cst.Call) and iterated.args:
            name = self.module.names.qualified(iterated.func)
            iterated = iterated.args[0].value if name == "builtins.enumerate" else iterated
        if isinstance(iterated, cst.Call):
            name = self.module.names.qualified(iterated.func)
            if name in _REPEATING or last_name(iterated.func) == "xrange":
                return not self._indexes()
            return (name or "").startswith(("tenacity.", "stamina."))
        display = self.evaluator.value(self.module, iterated)
        if isinstance(display, Display):
            items = self.evaluator.items(display)
            if not items:
                return False
            values = [self.evaluator.value(display.module, expr) for _, expr in items]
            return all(isinstance(each, Literal) and isinstance(each.value, (int, float)) for each in values)
        return _DELAYS.search(last_name(iterated)) is not None

    def _indexes(self) -> bool:
        """`for i in range(len(items))`, or a counter that picks an item."""
        loop = self.loop
        assert isinstance(loop, cst.For)
        names = {loop.target.value} if isinstance(loop.target, cst.Name) else set()
        for node in self.module.descendants(loop.body):
            if isinstance(node, (cst.Index, cst.Slice)):
                for each in self.module.descendants(node):
                    if isinstance(each, cst.Name) and each.value in names:
                        return True
        return False

    def _ending_tests(self) -> Iterator[cst.BaseExpression]:
        """The tests that decide whether the loop goes on."""
        if isinstance(self.loop, cst.While):
            yield self.loop.test
        for node in self._own:
            if isinstance(node, cst.If):
                ends = endings(self.module, node.body) | endings(self.module, node.orelse)
                if ends & LEAVE_LOOP:
                    yield node.test
            elif isinstance(node, cst.Match) and any(
                endings(self.module, case.body) & LEAVE_LOOP for case in node.cases
            ):
                yield node.subject

    @cached_property
    def _own(self) -> Sequence[cst.CSTNode]:
        """What stands in the loop's body, but not in functions within it."""
        found: list[cst.CSTNode] = []
        stack: list[cst.CSTNode] = [self.loop.body]
        while stack:
            node = stack.pop()
            found.append(node)
            if not isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
                stack.extend(reversed(self.module.children(node)))
        return found

    def _asked(self, test: cst.BaseExpression) -> Iterator[Asked]:
        for call in self._sources(test):
            if self._is_question(call):
                yield Asked(call, self._is_failure(test, call))

    def _is_failure(self, test: cst.BaseExpression, call: cst.Call) -> bool:
        text = self.module.tree.code_for_node(test)
        if _RETRYABLE.search(text):
            return True
        if not _STATUS.search(text) or last_name(call.func) not in _WRITES:
            return False
        return re.search(r"\.ok\b|\b[245]\d\d\b", text) is not None

    def _is_question(self, call: cst.Call) -> bool:
        """Whether a call, made again in the same way, may tell another state."""
        last = last_name(call.func)
        if last in _DRAINS:
            return False
        made = self._calls().at(call)
        if any(each.operation in _DRAINS for each in made):
            return False
        if made and not any(READS.match(each.operation) for each in made):
            return False
        fed = {id(each) for argument in call.args for each in self._sources(argument.value)}
        # What the loop itself learnt goes into the question: pages, or what is left to do.
        return not fed

    # Where values come from

    def _sources(self, expr: cst.CSTNode) -> list[cst.Call]:
        """The telling calls of the loop that an expression's value comes from."""
        found: dict[int, cst.Call] = {}
        for node in self.module.descendants(expr):
            if isinstance(node, cst.Call):
                if id(node) in self._telling:
                    found[id(node)] = node
            elif isinstance(node, (cst.Name, cst.Attribute)):
                for call in self._origins.get(dotted_name(node) or "", ()):
                    found[id(call)] = call
        return list(found.values())

    @cached_property
    def _telling(self) -> dict[int, cst.Call]:
        nodes = list(self._own)
        if isinstance(self.loop, cst.While):
            nodes += self.module.descendants(self.loop.test)
        return {
            id(node): node
            for node in nodes
            if isinstance(node, cst.Call) and tells(self.evaluator, self.module, node)
        }

    @cached_property
    def _origins(self) -> dict[str, list[cst.Call]]:
        """By variable (or dotted attribute): the telling calls of the loop that it gets its value from."""
        found: dict[str, dict[int, cst.Call]] = {}
        self.__dict__["_origins"] = {}
        for _ in range(3):
            for target, value in self._flows():
                calls = self._sources(value)
                if calls:
                    found.setdefault(target, {}).update((id(call), call) for call in calls)
            self.__dict__["_origins"] = {name: list(calls.values()) for name, calls in found.items()}
        return {name: list(calls.values()) for name, calls in found.items()}

    def _flows(self) -> Iterator[tuple[str, cst.CSTNode]]:
        for node in self._own:
            if isinstance(node, cst.Assign):
                for target in node.targets:
                    yield from _to(target.target, node.value)
            elif isinstance(node, (cst.AnnAssign, cst.AugAssign, cst.NamedExpr)):
                if node.value is not None:
                    yield from _to(node.target, node.value)
            elif isinstance(node, (cst.For, cst.CompFor)):
                yield from _to(node.target, node.iter)
            elif isinstance(node, cst.WithItem):
                if node.asname is not None:
                    yield from _to(node.asname.name, node.item)
            elif isinstance(node, cst.Expr) and isinstance(node.value, cst.Call):
                func = node.value.func
                # `instance.reload()`, `found.extend(page)`: the object is another afterwards.
                if isinstance(func, cst.Attribute):
                    yield from _to(func.value, node.value)

    # What is tried again

    def retried(self, node: cst.CSTNode) -> Tried | None:
        """The `try` that the loop does again after a failure, where `node` pauses in between."""
        for tried in self._tries():
            if self.module.contains(tried.body, node) or not self._is_again(tried):
                continue
            in_handler = any(self.module.contains(each.body, node) for each in tried.handlers)
            ends = self._on_success(tried)
            once = not ends & {FALL, CONTINUE} or self._until_set(tried)
            if once or (in_handler and ends & LEAVE_LOOP):
                return Tried(tried, once)
        return None

    def _tries(self) -> Iterator[TryStatement]:
        """The `try` statements of the loop, but not those of loops within it."""
        stack: list[cst.CSTNode] = [self.loop.body]
        while stack:
            node = stack.pop(0)
            if isinstance(node, (cst.Try, cst.TryStar)):
                yield node
            if isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.For, cst.While, cst.BaseExpression)):
                continue
            stack.extend(self.module.children(node))

    def _is_again(self, tried: TryStatement) -> bool:
        """Whether a clause goes on to the next turn, which does the same."""
        goes_on = any(endings(self.module, each.body) & {FALL, CONTINUE} for each in tried.handlers)
        if not goes_on or not self._does_something(tried):
            return False
        if self.repeats or not isinstance(self.loop, cst.For):
            return True
        names = {
            each.value for each in self.module.descendants(self.loop.target) if isinstance(each, cst.Name)
        }
        return not any(
            isinstance(each, cst.Name) and each.value in names for each in self.module.descendants(tried.body)
        )

    def _does_something(self, tried: TryStatement) -> bool:
        return any(
            isinstance(each, cst.Call) and id(each) in self._telling
            for each in self.module.descendants(tried.body)
        )

    def _on_success(self, tried: TryStatement) -> frozenset[str]:
        """How a turn ends in which nothing fails."""
        ends = endings(self.module, tried.body)
        if FALL in ends:
            ends = (ends - {FALL}) | endings(self.module, tried.orelse)
        node: cst.CSTNode = tried
        while FALL in ends:
            parent = self.module.parent(node)
            if parent is None or parent is self.loop:
                break
            if isinstance(parent, (cst.IndentedBlock, cst.SimpleStatementSuite)):
                rest = list(parent.body)
                later = rest[rest.index(node) + 1 :] if node in rest else []
                ends = (ends - {FALL}) | endings(self.module, later)
                if parent is self.loop.body:
                    break
            node = parent
        return ends

    def _until_set(self, tried: TryStatement) -> bool:
        """`while not done: try: …; done = True`, or `if done: break`: success is told by a variable."""
        read = {
            dotted_name(each)
            for test in self._ending_tests()
            for each in self.module.descendants(test)
            if isinstance(each, (cst.Name, cst.Attribute))
        }
        parts = [tried.body, tried.orelse] if tried.orelse is not None else [tried.body]
        for part in parts:
            for each in self.module.descendants(part):
                if isinstance(each, cst.Assign) and any(
                    dotted_name(target.target) in read for target in each.targets
                ):
                    value = self.evaluator.value(self.module, each.value)
                    if isinstance(value, Literal) or last_name(each.value) in ("True", "False"):
                        return True
        return False

    # What is no waiting

    def is_for_own_work(self) -> bool:
        """Whether the loop waits for a thread, a process or a file of this very environment, or sends again
        what a service gave back."""
        if not self.repeats:
            return False
        if self._telling:
            return any(self._sends_rest(call) for call in self._telling.values())
        return any(self._looks_around(test) for test in self._ending_tests())

    def _sends_rest(self, call: cst.Call) -> bool:
        if READS.match(last_name(call.func)):
            return False  # pages
        return any(call in self._sources(argument.value) for argument in call.args)

    def _looks_around(self, test: cst.BaseExpression) -> bool:
        """Whether a test reads what nothing in the loop sets."""
        assigned = {target for target, _ in self._flows()}
        if isinstance(self.loop, cst.For) and isinstance(self.loop.target, cst.Name):
            assigned.add(self.loop.target.value)
        for node in self.module.descendants(test):
            if isinstance(node, cst.Call) and self.module.names.qualified(node.func) in CLOCKS:
                return False
            if isinstance(node, cst.Call) and last_name(node.func) in (*_OWN_WORK, "poll", "get"):
                return True
            if (
                isinstance(node, cst.Attribute)
                and dotted_name(node) not in assigned
                and not isinstance(self.evaluator.value(self.module, node), Literal)
            ):
                return True
        return False


def _to(target: cst.CSTNode, value: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    if isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _to(element.value, value)
        return
    if isinstance(target, cst.StarredElement):
        target = target.value
    if isinstance(target, cst.Subscript):
        target = target.value
    name = dotted_name(target)
    if name:
        yield name, value
