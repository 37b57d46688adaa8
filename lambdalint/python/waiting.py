"""Waits and retries: what each pause of the invoke path is for, told once for every rule that asks.

A pause is one of these, by the code around it:

- a retry's: the loop (or recursion) around it does the same again because it failed;
- a poll's: the loop around it asks again and again for a state that something else changes;
- neither: a pause of its own, between steps or items.

Left out are pauses that are no idle waiting: for what this very environment does meanwhile (a thread, a child
process), in threads beside the handler, between partial results that a service asks to send again, and work
that a comment says is only simulated.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python.control import Loop, handlers_around, is_endless, loops, tries_around
from lambdalint.python.numeric import Number, Numbers
from lambdalint.python.reach import Phase
from lambdalint.python.repetition import READS, Repetition, Tried, tells
from lambdalint.python.symbols import External, Function, alternatives
from lambdalint.python.syntax import last_name
from lambdalint.source import Span

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall, AwsCalls
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["Job", "Retry", "Wait", "WaitKind", "Waiting", "head", "jobs", "sleeps", "started", "waiting"]

_MAX_CALLERS = 3
_SIMULATED = re.compile(r"simulat|\bmock|\bfake|\bdummy|pretend", re.IGNORECASE)
_SIMULATED_BY_SLEEP = re.compile(r"simulat[^\n]{0,60}sleep|sleep[^\n(]{0,60}simulat", re.IGNORECASE)
# Two writers at once: the loop is how optimistic locking works, and nothing retries it for the code.
_LOCKING = re.compile(
    r"ConditionalCheck|TransactionCancel|TransactionConflict|OptimisticLock|StaleData|VersionConflict"
    r"|PreconditionFailed"
)
_ABSENT = re.compile(r"NotFound|NoSuch|DoesNotExist|NotExist|\b404\b|NotReady|InProgress")
# A service that is in trouble: what is asked for may be there or not, that is no matter.
_BUSY = re.compile(r"Throttl|TooManyRequests|LimitExceeded|SlowDown|InternalServer|InternalError|Unavailable")
_BESIDE = frozenset({"threading.Thread", "threading.Timer", "multiprocessing.Process", "asyncio.to_thread"})
_CONCURRENT = re.compile(r"\b(?:gather|create_task|ensure_future|TaskGroup|as_completed|asyncio\.wait)\b")
_RESULTS = frozenset({"retry_if_result", "retry_if_not_result", "retry_on_result"})


class WaitKind(enum.Enum):
    """What a wait is for."""

    SLEEP = "sleep"  # a pause of its own
    POLL = "poll"  # between two questions for a state
    WAITER = "waiter"  # the SDK polls


@dataclass(frozen=True, eq=False)
class Wait:
    """Idle time on the invoke path. `node` is the call that waits; for a decorator that polls, its call.

    `length` is the time of one pause, at least, where it is known. `loop` repeats it, `polled` is the call
    that is repeated, with what it calls of AWS in `calls`; of a pause of its own, the calls of its loop.
    """

    kind: WaitKind
    module: PythonModule
    node: cst.CSTNode
    length: Number | None
    loop: Loop | None = None
    polled: cst.Call | None = None
    calls: tuple[AwsCall, ...] = ()


@dataclass(frozen=True, eq=False)
class Retry:
    """Work that is done again after a pause because it failed.

    `place` is the head of the loop, the decorator, the call of itself, or the `try` that repeats its own
    call. `calls` are AWS's in what is done again; `caught` is the code that says which failures those are.
    """

    module: PythonModule
    place: Span
    node: cst.CSTNode
    form: str  # "loop" | "recursion" | "again" | "library"
    sleeps: tuple[tuple[PythonModule, cst.Call], ...]
    calls: tuple[AwsCall, ...] = ()
    library: str = ""
    caught: str = ""


@dataclass(frozen=True)
class Waiting:
    """All waits and retries of one handler's invoke path, in the order of the source."""

    waits: tuple[Wait, ...] = ()
    retries: tuple[Retry, ...] = ()


@dataclass(frozen=True)
class Job:
    """A row of data/waits.toml: work of a service that code polls for, and what tells its end for nothing."""

    what: str
    sync: str
    event: str
    source: str


@cache
def _table() -> Mapping[str, object]:
    found: Mapping[str, object] = load("waits.toml")
    return found


@cache
def _sleeps() -> frozenset[str]:
    return frozenset(_table()["sleeps"])  # type: ignore[call-overload, no-any-return]


@cache
def _retriers() -> Mapping[str, tuple[str, ...] | None]:
    """By import path: the keywords that make a library's retries pause; None where they always do."""
    found: dict[str, tuple[str, ...] | None] = {}
    for row in _table()["retrier"]:  # type: ignore[attr-defined]
        pauses = None if row["pauses"] == "always" else tuple(row["pauses"])
        found.update(dict.fromkeys(row["calls"], pauses))
    return found


@cache
def jobs() -> Mapping[str, Job]:
    """The jobs that code polls for, by the operation that tells their state: "batch.describe_jobs"."""
    return {
        polled: Job(row["what"], row.get("sync", ""), row.get("event", ""), row["source"])
        for row in _table()["job"]  # type: ignore[attr-defined]
        for polled in row["polled"]
    }


def sleeps(evaluator: Evaluator, reach: Reach) -> Iterator[tuple[PythonModule, cst.Call]]:
    """The calls on the invoke path that do nothing for a time."""
    for module in reach.modules:
        text = module.source.text
        if "sleep" not in text and "Event().wait(" not in text:
            continue
        others = {each.name for each in module.names.imports if each.imported in _sleeps()}
        for call in module.nodes(cst.Call):
            last = last_name(call.func)
            if last != "wait" and last not in others and "sleep" not in last.lower():
                continue
            if _is_sleep(evaluator, module, call) and Phase.INVOKE in reach.phases(module, call):
                yield module, call


def _is_sleep(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> bool:
    func = call.func
    name = module.names.qualified(func)
    if name in _sleeps():
        return bool(call.args)
    if isinstance(func, cst.Attribute) and func.attr.value == "wait" and call.args:
        # `threading.Event().wait(5)`: nobody can set it.
        inner = func.value
        return isinstance(inner, cst.Call) and module.names.qualified(inner.func) == "threading.Event"
    if name is not None or "sleep" not in last_name(func).lower() or not call.args:
        return False
    symbol = evaluator.value(module, func)
    return any(isinstance(each, External) and each.qualified in _sleeps() for each in alternatives(symbol))


def head(module: PythonModule, node: cst.CSTNode) -> Span:
    """The first line of a compound statement, without its body: where a loop is pointed at."""
    span = module.span(node)
    if isinstance(node, cst.For):
        return Span(span.start, module.span(node.iter).end)
    if isinstance(node, cst.While):
        return Span(span.start, module.span(node.test).end)
    if isinstance(node, (cst.Try, cst.TryStar)):
        return Span(span.start, span.start + len("try"))
    return span


def waiting(evaluator: Evaluator, reach: Reach, calls: Callable[[], AwsCalls]) -> Waiting:
    """The waits and retries of a handler's invoke path. `calls` are asked for only where something waits."""
    found = _Analysis(evaluator, reach, calls)
    pauses = list(sleeps(evaluator, reach))
    for module, call in pauses:
        found.pause(module, call)
    found.waiters()
    found.libraries()
    return found.result()


class _Analysis:
    """Collects the waits and retries of one reach."""

    def __init__(self, evaluator: Evaluator, reach: Reach, calls: Callable[[], AwsCalls]) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.numbers = Numbers(evaluator)
        self.waits: list[Wait] = []
        self._retries: dict[int, _Found] = {}
        self._calls = calls
        self._repetitions: dict[int, Repetition] = {}
        self._beside: frozenset[int] | None = None

    def result(self) -> Waiting:
        order = {id(module): number for number, module in enumerate(self.reach.modules)}
        retries = [found.retry(self) for found in self._retries.values()]
        return Waiting(
            tuple(sorted(self.waits, key=lambda it: (order[id(it.module)], it.module.span(it.node).start))),
            tuple(sorted(retries, key=lambda it: (order[id(it.module)], it.place.start))),
        )

    # Pauses

    def pause(self, module: PythonModule, call: cst.Call) -> None:
        """Tells what one sleep is for."""
        if _is_simulated(module, call) or self._is_beside(module, call):
            return
        reason = self._reason(module, call, 0)
        if isinstance(reason, _Retrying):
            self._add_retry(reason, module, call)
            return
        if reason is _NOT_IDLE or self._overlaps(module, call):
            return
        length = self.numbers.number(module, call.args[0].value)
        if isinstance(reason, _Polling):
            wait = Wait(
                WaitKind.POLL,
                module,
                call,
                length,
                reason.loop,
                reason.call,
                self._aws_calls(reason.module, reason.call),
            )
        else:
            loop = next(loops(module, call), None)
            paced = self._aws_calls(module, loop.body) if loop is not None else ()
            wait = Wait(WaitKind.SLEEP, module, call, length, loop, None, paced)
        self.waits.append(wait)

    def _reason(self, module: PythonModule, node: cst.Call, depth: int) -> _Reason:
        loop = next(loops(module, node), None)
        if loop is not None:
            return self._in_loop(module, node, loop)
        again = self._again(module, node)
        if again is not None:
            return again
        return self._from_callers(module, node, depth)

    def _in_loop(self, module: PythonModule, node: cst.Call, loop: Loop) -> _Reason:
        repetition = self._repetition(module, loop)
        asked = repetition.state_before(node)
        tried = repetition.retried(node) if asked is None or asked.failure else None
        if asked is None:
            asked = repetition.state()
        if tried is not None and (tried.once or asked is None or asked.failure):
            return self._after_failure(module, loop, tried)
        if asked is not None and asked.failure:
            return _Retrying(module, loop, "loop", loop)
        if asked is not None:
            return _Polling(module, loop, asked.call)
        again = self._until_gone(module, loop) or self._again(module, node)
        if again is not None:
            return again
        return _NOT_IDLE if repetition.is_for_own_work() else _OWN

    def _after_failure(self, module: PythonModule, loop: Loop, tried: Tried) -> _Reason:
        handlers = [_code(module, each) for each in tried.node.handlers]
        if any(_LOCKING.search(each) for each in handlers):
            return _NOT_IDLE
        if any(_ABSENT.search(each) and not _BUSY.search(each) for each in handlers):
            # Whether it is there is what is asked for.
            calls = self._aws_calls(module, tried.node.body)
            if calls and all(READS.match(each.operation) for each in calls):
                return _Polling(module, loop, calls[-1].node)
        return _Retrying(module, loop, "loop", tried.node)

    def _until_gone(self, module: PythonModule, loop: Loop) -> _Polling | None:
        """An endless loop of reads that ends with the error that tells that nothing is there any more."""
        if not isinstance(loop, cst.While) or not is_endless(loop):
            return None
        clauses = [each for tried in tries_around(module, loop) for each in tried.handlers]
        if not any(_ABSENT.search(_code(module, each)) for each in clauses):
            return None
        calls = self._aws_calls(module, loop.body)
        if calls and all(READS.match(each.operation) for each in calls):
            return _Polling(module, loop, calls[-1].node)
        return None

    def _repetition(self, module: PythonModule, loop: Loop) -> Repetition:
        found = self._repetitions.get(id(loop))
        if found is None:
            found = self._repetitions[id(loop)] = Repetition(
                self.evaluator, self.reach, module, loop, self._calls
            )
        return found

    def _again(self, module: PythonModule, node: cst.Call) -> _Reason | None:
        """Recursion and repetition after a failure: in an `except`, or behind a test."""
        function = module.enclosing_function(node)
        if not isinstance(function, cst.FunctionDef):
            return None
        handler = next(handlers_around(module, node), None)
        block = handler.body if handler is not None else module.parent(module.statement(node))
        if block is None:
            return None
        # Behind a test, what follows the pause there and then; a failure's clause may choose.
        parts = [block] if handler is not None else _simple(block)
        later = [
            each
            for part in parts
            for each in module.descendants(part)
            if isinstance(each, cst.Call) and each is not node
        ]
        for call in later:
            if last_name(call.func) == function.name.value and self._calls_itself(module, call, function):
                work = self._aws_calls(module, function.body)
                asked = [each for each in work if each.service != "sts"]
                if handler is None and asked and all(READS.match(each.operation) for each in asked):
                    return _Polling(module, None, asked[0].node)
                return _Retrying(module, call, "recursion", function.body)
        if handler is None:
            return None
        tried = module.parent(handler)
        assert isinstance(tried, (cst.Try, cst.TryStar))
        first = {
            _code(module, each.func) for each in module.descendants(tried.body) if isinstance(each, cst.Call)
        }
        does = [
            call
            for call in later
            if not isinstance(module.parent(call), cst.Raise) and tells(self.evaluator, module, call)
        ]
        # What does something else before it asks again mends the cause, which no other's retry would.
        if does and all(_code(module, call.func) in first for call in does):
            return _Retrying(module, tried, "again", tried.body)
        return None

    def _calls_itself(self, module: PythonModule, call: cst.Call, function: cst.FunctionDef) -> bool:
        symbol = self.evaluator.value(module, call.func)
        return any(isinstance(each, Function) and each.node is function for each in alternatives(symbol))

    def _from_callers(self, module: PythonModule, node: cst.Call, depth: int) -> _Reason:
        """What a pause in a helper that does nothing else is for: that is its callers' to tell."""
        function = module.enclosing_function(node)
        if function is None or depth >= _MAX_CALLERS or self.reach.is_entry(module, function):
            return _OWN
        if not isinstance(function, cst.FunctionDef) or self._works(module, function, node):
            return _OWN
        reasons = [
            self._reason(caller, call, depth + 1)
            for caller, call in self.reach.call_sites(module, function)
            if Phase.INVOKE in self.reach.phases(caller, call)
        ]
        kinds = {type(reason) for reason in reasons}
        return reasons[0] if len(kinds) == 1 else _OWN

    def _works(self, module: PythonModule, function: cst.FunctionDef, pause: cst.Call) -> bool:
        """Whether a function does more than to pause and to compute how long."""
        return any(
            isinstance(each, cst.Call) and each is not pause and tells(self.evaluator, module, each)
            for each in module.descendants(function.body)
        )

    def _overlaps(self, module: PythonModule, call: cst.Call) -> bool:
        """Whether coroutines may do something else during a pause."""
        if not isinstance(module.parent(call), cst.Await):
            return False
        return any(each.mentions(_CONCURRENT) for each in self.reach.modules)

    def _is_beside(self, module: PythonModule, node: cst.CSTNode, depth: int = 0) -> bool:
        """Whether the node runs in a thread or process that the handler starts beside itself."""
        if self._beside is None:
            self._beside = frozenset(started(self.evaluator, self.reach))
        function = module.enclosing_function(node)
        if not self._beside or function is None or depth > _MAX_CALLERS:
            return False
        if id(function) in self._beside:
            return True
        sites = self.reach.call_sites(module, function)
        return bool(sites) and all(self._is_beside(caller, call, depth + 1) for caller, call in sites)

    # Waiters and libraries

    def waiters(self) -> None:
        """The SDK's waiters, which poll by themselves."""
        if not any(".wait" in module.source.text for module in self.reach.modules):
            return
        seen: set[int] = set()
        for call in self._calls():
            if call.interface != "waiter" or id(call.node) in seen:
                continue
            if Phase.INVOKE in self.reach.phases(call.module, call.node):
                seen.add(id(call.node))
                if not self._is_beside(call.module, call.node):
                    self.waits.append(
                        Wait(WaitKind.WAITER, call.module, call.node, None, None, call.node, (call,))
                    )

    def libraries(self) -> None:
        """Decorators, and loops over objects, of libraries that retry."""
        roots = {name.partition(".")[0] for name in _retriers()}
        for module in self.reach.modules:
            if not any((each.imported or "").partition(".")[0] in roots for each in module.names.imports):
                continue
            for call in module.nodes(cst.Call):
                name = self._retrier(module, call)
                if name is not None:
                    self._add_library(module, call, name)

    def _retrier(self, module: PythonModule, call: cst.Call) -> str | None:
        """The library call that this one is, if it pauses between attempts."""
        name = module.names.qualified(call.func)
        if name is None or name not in _retriers():
            return None
        pauses = _retriers()[name]
        given = {each.keyword.value for each in call.args if each.keyword is not None}
        if pauses is not None and given.isdisjoint(pauses):
            return None
        return name

    def _add_library(self, module: PythonModule, call: cst.Call, name: str) -> None:
        parent = module.parent(call)
        work: cst.CSTNode
        if isinstance(parent, cst.Decorator):
            function = module.parent(parent)
            if not isinstance(function, cst.FunctionDef):
                return
            work = function.body
            if Phase.INVOKE not in self.reach.function_phases(function):
                return
        elif isinstance(parent, cst.For) and call is parent.iter:
            work = parent.body
        else:
            work = call
        if not isinstance(parent, cst.Decorator) and Phase.INVOKE not in self.reach.phases(module, call):
            return
        calls = self._aws_calls(module, work)
        asks = bool(calls) and all(READS.match(each.operation) for each in calls)
        raises = any(
            isinstance(each, cst.Raise) and next(handlers_around(module, each), None) is None
            for each in module.descendants(work)
        )
        if name == "backoff.on_predicate" or _RESULTS & _words(module, call) or (asks and raises):
            self.waits.append(Wait(WaitKind.POLL, module, call, None, None, None, calls))
            return
        retry = _Found(module, call, "library", work, name)
        self._retries.setdefault(id(call), retry)

    # AWS calls

    def _aws_calls(self, module: PythonModule, work: cst.CSTNode) -> tuple[AwsCall, ...]:
        """The AWS calls in a piece of code, and in the functions that it calls."""
        found: list[AwsCall] = []
        self._collect(module, work, found, set(), 0)
        return tuple(found)

    def _collect(
        self, module: PythonModule, work: cst.CSTNode, found: list[AwsCall], seen: set[int], depth: int
    ) -> None:
        if not self._calls().calls or depth > _MAX_CALLERS or id(work) in seen:
            return
        seen.add(id(work))
        for node in module.descendants(work):
            if not isinstance(node, cst.Call):
                continue
            made = self._calls().at(node)
            found.extend(made)
            if made:
                continue
            for each in alternatives(self.evaluator.value(module, node.func)):
                if isinstance(each, Function):
                    self._collect(each.module, each.node.body, found, seen, depth + 1)

    def _add_retry(self, reason: _Retrying, module: PythonModule, call: cst.Call) -> None:
        found = self._retries.setdefault(
            id(reason.node), _Found(reason.module, reason.node, reason.form, reason.work)
        )
        found.sleeps.append((module, call))


class _Found:
    """A retry that is being collected."""

    def __init__(
        self, module: PythonModule, node: cst.CSTNode, form: str, work: cst.CSTNode, library: str = ""
    ) -> None:
        self.module = module
        self.node = node
        self.form = form
        self.work = work
        self.library = library
        self.sleeps: list[tuple[PythonModule, cst.Call]] = []

    def retry(self, analysis: _Analysis) -> Retry:
        """What was collected."""
        return Retry(
            self.module,
            head(self.module, self.node),
            self.node,
            self.form,
            tuple(self.sleeps),
            analysis._aws_calls(self.module, self.work),
            self.library,
            self._caught(),
        )

    def _caught(self) -> str:
        if self.form == "library":
            return _code(self.module, self.node)
        tries = (
            each for each in self.module.descendants(self.work) if isinstance(each, (cst.Try, cst.TryStar))
        )
        around: cst.CSTNode | None = self.module.parent(self.work)
        found = [*tries, around] if isinstance(around, (cst.Try, cst.TryStar)) else list(tries)
        return "\n".join(
            _code(self.module, handler)
            for each in found
            if isinstance(each, (cst.Try, cst.TryStar))
            for handler in each.handlers
        )


@dataclass(frozen=True, eq=False)
class _Polling:
    module: PythonModule
    loop: Loop | None
    call: cst.Call


@dataclass(frozen=True, eq=False)
class _Retrying:
    module: PythonModule
    node: cst.CSTNode
    form: str
    work: cst.CSTNode


class _Own(enum.Enum):
    """A pause for no other reason, and one that is none of anybody's business."""

    OWN = enum.auto()
    NOT_IDLE = enum.auto()


_OWN = _Own.OWN
_NOT_IDLE = _Own.NOT_IDLE
_Reason = _Polling | _Retrying | _Own


def _code(module: PythonModule, node: cst.CSTNode) -> str:
    return module.tree.code_for_node(node)


def _words(module: PythonModule, node: cst.CSTNode) -> frozenset[str]:
    """The names and attributes that an expression mentions, and the keywords of its calls."""
    return frozenset(re.findall(r"\w+", _code(module, node)))


def _simple(block: cst.CSTNode) -> list[cst.CSTNode]:
    """The statements of a block that hold no others."""
    return [each for each in getattr(block, "body", ()) if isinstance(each, cst.SimpleStatementLine)]


def _is_simulated(module: PythonModule, call: cst.Call) -> bool:
    """Whether a comment at the pause, or the name of its function, says that it stands for real work."""
    function = module.enclosing_function(call)
    if isinstance(function, cst.FunctionDef) and _SIMULATED.search(function.name.value.replace("_", " ")):
        return True
    if not module.mentions(_SIMULATED):
        return False
    if function is not None and _fails_for_show(module, function):
        return True
    if module.mentions(_SIMULATED_BY_SLEEP):
        return True
    line = module.own_line(module.span(call).start)
    return any(_SIMULATED.search(module.comment_at(each)) for each in (line, line - 1) if each > 0)


def _fails_for_show(module: PythonModule, function: cst.CSTNode) -> bool:
    """Whether a function raises an error of a class that says that the failure is only simulated."""
    return any(
        isinstance(each, cst.Raise) and each.exc is not None and _SIMULATED.search(_code(module, each.exc))
        for each in module.descendants(function)
    )


def started(evaluator: Evaluator, reach: Reach) -> Iterator[int]:
    """The functions that threads and processes are started with, by `id`."""
    for module in reach.modules:
        if not re.search(r"Thread|Timer|Process", module.source.text):
            continue
        for call in module.nodes(cst.Call):
            if module.names.qualified(call.func) not in _BESIDE:
                continue
            for argument in call.args:
                for each in alternatives(evaluator.value(module, argument.value)):
                    if isinstance(each, Function):
                        yield id(each.node)
