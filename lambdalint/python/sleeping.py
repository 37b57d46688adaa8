"""How long one invocation can sleep: the lengths of the sleeps on one path, added up.

The code of the invoke path that leads to a sleep is walked as it would run, with the numbers that it
computes and a clock that only sleeping moves. Where a test cannot be decided both ways are gone, and what was
decided is remembered, so that two sleeps behind contrary tests are never added. A loop counts as often as its
bound says: a count, a deadline, what is left of the Timeout. A loop without a known bound counts once.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.evaluate import Evaluator
from lambdalint.python.names import dotted_name
from lambdalint.python.numeric import Clock, Number, Numbers
from lambdalint.python.symbols import Display, EnvVar, Function, alternatives
from lambdalint.python.syntax import last_name, string_value
from lambdalint.python.waiting import sleeps, started

if TYPE_CHECKING:
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["Sleep", "Slept", "longest"]

_MAX_PATHS = 4  # that are followed at once; those that slept longest
_MAX_TURNS = 2_000  # of a loop, before it counts as endless
_MAX_STEPS = 6_000  # statements on all paths, before the analysis gives up
_MAX_CALLS = 8  # deep
# What runs coroutines beside one another: their sleeps do not add up.
_BESIDE = frozenset(
    {"asyncio.gather", "asyncio.wait", "asyncio.create_task", "asyncio.ensure_future", "asyncio.as_completed"}
)
_CLOCK_NAMES = frozenset(
    {"time", "monotonic", "perf_counter", "now", "utcnow", "get_remaining_time_in_millis"}
)
_RUNNERS = frozenset({"asyncio.run", "asyncio.wait_for", "asyncio.shield", "asgiref.sync.async_to_sync"})


@dataclass(frozen=True, eq=False)
class Sleep:
    """A call that sleeps, how often it does on the path, and for how many seconds in all, at least."""

    module: PythonModule
    node: cst.Call
    times: int
    seconds: float


@dataclass(frozen=True)
class Slept:
    """The path that sleeps longest, and its sleeps, the longest first."""

    seconds: float
    sleeps: tuple[Sleep, ...]


def longest(
    evaluator: Evaluator,
    reach: Reach,
    timeout: float | None = None,
    variable: Callable[[EnvVar], str | None] = lambda found: None,
) -> Slept | None:
    """The path of an invocation that sleeps longest; None where none is known to sleep.

    `timeout` is what the code can ask the context for; `variable` gives the text of environment variables.
    """
    pauses = list(sleeps(evaluator, reach))
    if not pauses:
        return None
    return _Walk(evaluator, reach, Numbers(evaluator, variable), timeout, pauses).longest()


@dataclass(frozen=True)
class _Taken:
    """One sleep that was taken, and those before it."""

    node: cst.Call
    module: PythonModule
    seconds: float
    before: _Taken | None
    times: int = 1


@dataclass(frozen=True)
class _Path:
    """A way through the code so far: what it slept, what its variables are, and what its tests decided.

    `result` is whether what it returned is true, where that can be told.
    """

    seconds: float = 0.0
    taken: _Taken | None = None
    names: Mapping[str, Number | None] = field(default_factory=dict)
    facts: frozenset[tuple[str, object]] = frozenset()
    result: bool | None = None

    def bind(self, name: str, value: Number | None) -> _Path:
        """With a variable set; what was decided about it holds no longer."""
        facts = self.facts
        if facts:
            word = re.compile(rf"\b{re.escape(name)}\b")
            facts = frozenset(fact for fact in facts if not word.search(fact[0]))
        return replace(self, names={**self.names, name: value}, facts=facts)


_Paths = list[_Path]


@dataclass
class _Ends:
    """The paths by how they end."""

    through: _Paths = field(default_factory=list)
    broke: _Paths = field(default_factory=list)
    continued: _Paths = field(default_factory=list)
    returned: _Paths = field(default_factory=list)
    raised: _Paths = field(default_factory=list)

    def leave(self, other: _Ends) -> None:
        """Takes over all that left, but not what goes on."""
        self.broke += other.broke
        self.continued += other.continued
        self.returned += other.returned
        self.raised += other.raised


class _Turns:
    """What a loop's variable is in each turn."""

    def __init__(self, values: range | Sequence[Number | None]) -> None:
        self._values = values
        self._next = 0

    @property
    def left(self) -> int:
        """How many turns are to come."""
        return len(self._values) - self._next

    def take(self) -> Number | None:
        """The next turn's value."""
        found = self._values[self._next]
        self._next += 1
        return Number(float(found)) if isinstance(found, int) else found

    def skip(self, count: int) -> None:
        """Leaves turns out."""
        self._next += count

    def after(self, count: int) -> _Turns:
        """The turns after some."""
        found = _Turns(self._values)
        found._next = self._next + count
        return found


class _GaveUp(Exception):
    """Too much to walk."""


class _Walk:
    def __init__(
        self,
        evaluator: Evaluator,
        reach: Reach,
        numbers: Numbers,
        timeout: float | None,
        pauses: Sequence[tuple[PythonModule, cst.Call]],
    ) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.numbers = numbers
        self.timeout = timeout
        self.pauses = {id(call) for _, call in pauses}
        # The functions that a call leads to a sleep through, by the `id` of the call.
        self.leads: dict[int, list[Function]] = {}
        self.around: set[int] = set()  # nodes that hold a sleep or a call that leads to one
        self.roots: dict[int, tuple[PythonModule, cst.FunctionDef]] = {}
        self.steps = 0
        self._raised: _Paths = []
        # What calling a function with the same numbers adds to a path; and whether it asks for the time.
        self._runs_of: dict[object, tuple[_Paths, _Path | None]] = {}
        self._clocked: dict[int, bool] = {}
        self._leaving: dict[int, tuple[bool, frozenset[str]]] = {}
        self._equalities = 0  # tests for one very number, which a turn that is skipped may be
        self._texts: dict[int, str] = {}
        self._lines: dict[int, list[cst.CSTNode]] = {}
        self._names: dict[int, set[str]] = {}
        self._mark(pauses)

    def longest(self) -> Slept | None:
        """Over all functions that somebody else calls: the handler, routes, callbacks."""
        best: _Path | None = None
        for module, function in self.roots.values():
            try:
                ends = self.block(module, function.body, [_Path(names=self._parameters(function))], ())
            except _GaveUp:
                continue
            for path in (*ends.through, *ends.returned, *ends.raised):
                if path.seconds > (best.seconds if best is not None else 0.0):
                    best = path
        return _slept(best) if best is not None else None

    @staticmethod
    def _parameters(function: cst.FunctionDef) -> dict[str, Number | None]:
        params = function.params
        every = (*params.posonly_params, *params.params, *params.kwonly_params)
        return {param.name.value: None for param in every}

    # Which code leads to a sleep

    def _mark(self, pauses: Iterable[tuple[PythonModule, cst.Call]]) -> None:
        todo = list(pauses)
        seen: set[int] = set()
        beside = frozenset(started(self.evaluator, self.reach))
        while todo:
            module, call = todo.pop()
            for ancestor in (call, *module.ancestors(call)):
                self.around.add(id(ancestor))
                if isinstance(ancestor, (cst.FunctionDef, cst.Lambda)):
                    break
            function = module.enclosing_function(call)
            if not isinstance(function, cst.FunctionDef) or id(function) in seen:
                continue
            seen.add(id(function))
            sites = []
            for site, at in self.reach.call_sites(module, function):
                if self._leads(site, at, function):
                    sites.append((site, at))
            if not sites and id(function) not in beside:
                self.roots[id(function)] = (module, function)
            todo.extend(sites)
            if self.reach.is_entry(module, function):
                self.roots[id(function)] = (module, function)

    def _leads(self, module: PythonModule, call: cst.Call, function: cst.FunctionDef) -> bool:
        found = [
            each
            for each in alternatives(self.evaluator.value(module, call.func))
            if isinstance(each, Function) and each.node is function
        ]
        if found:
            known = self.leads.setdefault(id(call), [])
            known.extend(each for each in found if all(each.node is not other.node for other in known))
        return bool(found)

    # Statements

    def block(
        self, module: PythonModule, block: cst.CSTNode | None, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Ends:
        """Goes through a block, a statement, an `else` or a `finally`."""
        ends = _Ends(through=paths)
        if block is None:
            return ends
        if isinstance(block, (cst.Else, cst.Finally)):
            return self.block(module, block.body, paths, stack)
        for statement in self._statements(module, block):
            if not ends.through:
                break
            found = self._statement(module, statement, ends.through, stack)
            ends.leave(found)
            ends.raised += self._take_raised()
            ends.through = _best(found.through)
        return ends

    def _take_raised(self) -> _Paths:
        """The paths on which the functions that a statement calls raised something."""
        found, self._raised = self._raised, []
        return found

    def _statement(
        self, module: PythonModule, node: cst.CSTNode, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Ends:
        self.steps += len(paths)
        if self.steps > _MAX_STEPS:
            raise _GaveUp
        if _is_block(node):
            return self.block(module, node, paths, stack)
        if id(node) not in self.around and isinstance(node, _COMPOUND):
            leaves, names = self._effects(module, node)
            if not leaves:
                return _Ends(through=[_unknown(path, names) for path in paths])
        if type(node) is cst.If:
            return self._if(module, node, paths, stack)
        if type(node) is cst.While:
            return self._while(module, node, paths, stack)
        if type(node) is cst.For:
            return self._for(module, node, paths, stack)
        if isinstance(node, (cst.Try, cst.TryStar)):
            return self._try(module, node, paths, stack)
        if type(node) is cst.With:
            for item in node.items:
                paths = self._expression(module, item.item, paths, stack)
            return self.block(module, node.body, paths, stack)
        if type(node) is cst.Match:
            return self._match(module, node, paths, stack)
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return _Ends(through=paths)
        return self._small(module, node, paths, stack)

    def _statements(self, module: PythonModule, block: cst.CSTNode) -> Sequence[cst.CSTNode]:
        """The statements of a block that matter to how long a path sleeps."""
        if not _is_block(block):
            return (block,)
        known = self._lines.get(id(block))
        if known is None:
            needed = self._needed(module, block)
            known = self._lines[id(block)] = [
                each
                for each in _flat(block)
                if id(each) in self.around or self._matters(module, each, needed)
            ]
        return known

    def _matters(self, module: PythonModule, node: cst.CSTNode, needed: set[str]) -> bool:
        """Whether a statement in which nothing sleeps leaves its block, or sets a variable that decides."""
        if isinstance(node, _LEAVING):
            return True
        if isinstance(node, _COMPOUND):
            leaves, names = self._effects(module, node)
            return leaves or not needed.isdisjoint(names)
        return not needed.isdisjoint(_set_by(node))

    def _effects(self, module: PythonModule, node: cst.CSTNode) -> tuple[bool, frozenset[str]]:
        """Whether something in a compound statement leaves a block, and the variables that it sets."""
        known = self._leaving.get(id(node))
        if known is None:
            below = list(module.descendants(node))
            leaves = any(isinstance(each, _LEAVING) for each in below)
            names = frozenset(name for each in below for name in _set_by(each))
            known = self._leaving[id(node)] = (leaves, names)
        return known

    def _needed(self, module: PythonModule, block: cst.CSTNode) -> set[str]:
        """The variables of the function around a block that decide on sleeps and on loops around them."""
        function = module.enclosing_function(block)
        if function is None:
            return set()
        known = self._names.get(id(function))
        if known is None:
            known = self._names[id(function)] = set(self._deciding(module, function))
            assigned = [
                (target, value)
                for node in module.descendants(function.body)
                for target, value in _assigned(node)
            ]
            grown = True
            while grown:
                before = len(known)
                for target, value in assigned:
                    if target in known:
                        known.update(_read(module, value))
                grown = len(known) > before
        return known

    def _deciding(self, module: PythonModule, function: cst.FunctionDef | cst.Lambda) -> Iterator[str]:
        for node in module.descendants(function.body):
            if isinstance(node, (cst.If, cst.While)):
                if id(node) in self.around or self._effects(module, node)[0]:
                    yield from _read(module, node.test)
            elif isinstance(node, cst.For):
                if id(node.body) in self.around:
                    yield from _read(module, node.iter)
            elif isinstance(node, cst.Call) and (id(node) in self.pauses or id(node) in self.leads):
                for argument in node.args:
                    yield from _read(module, argument.value)

    def _small(
        self, module: PythonModule, node: cst.CSTNode, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Ends:
        if type(node) is cst.Break:
            return _Ends(broke=paths)
        if type(node) is cst.Continue:
            return _Ends(continued=paths)
        paths = self._expression(module, node, paths, stack)
        if type(node) is cst.Return:
            result = _is_true(node.value)
            return _Ends(returned=[replace(path, result=result) for path in paths])
        if type(node) is cst.Raise:
            return _Ends(raised=paths)
        if type(node) is cst.Assign:
            for target in node.targets:
                paths = [self._bind(module, target.target, node.value, path) for path in paths]
        elif type(node) is cst.AnnAssign and node.value is not None:
            paths = [self._bind(module, node.target, node.value, path) for path in paths]
        elif type(node) is cst.AugAssign:
            paths = [self._augment(module, node, path) for path in paths]
        return _Ends(through=paths)

    def _bind(
        self, module: PythonModule, target: cst.BaseExpression, value: cst.BaseExpression, path: _Path
    ) -> _Path:
        if isinstance(target, cst.Name):
            after = path.bind(target.value, self._number(module, value, path))
            if id(value) not in self.leads:
                return after
            text = self._text(module, value)
            same = {(target.value, what) for known, what in path.facts if known == text}
            return replace(after, facts=after.facts | same)
        for name in _bound(target):
            path = path.bind(name, None)
        return path

    def _augment(self, module: PythonModule, node: cst.AugAssign, path: _Path) -> _Path:
        if not isinstance(node.target, cst.Name):
            return path
        operator = _OPERATORS.get(node.operator.__class__)
        if operator is None:
            return path.bind(node.target.value, None)
        left = self._number(module, node.target, path)
        right = self._number(module, node.value, path)
        return path.bind(node.target.value, self.numbers.combine(operator(), left, right))

    def _number(self, module: PythonModule, expr: cst.BaseExpression, path: _Path) -> Number | None:
        return self.numbers.number(module, expr, path.names, Clock(path.seconds, self.timeout))

    # Branches

    def _if(self, module: PythonModule, node: cst.If, paths: _Paths, stack: tuple[cst.CSTNode, ...]) -> _Ends:
        paths = self._expression(module, node.test, paths, stack)
        yes = [after for path in paths if (after := self._assume(module, node.test, path, True)) is not None]
        no = [after for path in paths if (after := self._assume(module, node.test, path, False)) is not None]
        first = self.block(module, node.body, yes, stack)
        second = self.block(module, node.orelse, no, stack)
        first.leave(second)
        first.through = [*first.through, *second.through]
        return first

    def _match(
        self, module: PythonModule, node: cst.Match, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Ends:
        paths = self._expression(module, node.subject, paths, stack)
        ends = _Ends()
        for case in node.cases:
            found = self.block(module, case.body, paths, stack)
            ends.leave(found)
            ends.through += found.through
        ends.through += paths
        return ends

    def _try(
        self, module: PythonModule, node: cst.Try | cst.TryStar, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Ends:
        body = self.block(module, node.body, paths, stack)
        # Anything may have been raised at once, or what is raised in sight.
        raised = _best([*paths, *body.raised])
        ends = _Ends(broke=body.broke, continued=body.continued, returned=body.returned)
        after = self.block(module, node.orelse, body.through, stack)
        ends.leave(after)
        ends.through = after.through
        if not node.handlers:
            ends.raised += body.raised
        for handler in node.handlers:
            handled = self.block(module, handler.body, raised, stack)
            ends.leave(handled)
            ends.through = [*ends.through, *handled.through]
        if node.finalbody is not None and id(node.finalbody) in self.around:
            last = self.block(module, node.finalbody, _best(ends.through), stack)
            ends.leave(last)
            ends.through = last.through
        return ends

    # Loops

    def _for(
        self, module: PythonModule, node: cst.For, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Ends:
        paths = self._expression(module, node.iter, paths, stack)
        if id(node.body) not in self.around:
            return self._other_loop(module, node, paths, stack)
        ends = _Ends()
        for path in paths:
            turns = self._turns(module, node, path)
            found = self._repeat(module, node, [path], stack, turns)
            ends.leave(found)
            ends.through += found.through
        return ends

    def _while(
        self, module: PythonModule, node: cst.While, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Ends:
        if id(node.body) not in self.around and id(node.test) not in self.around:
            return self._other_loop(module, node, paths, stack)
        return self._repeat(module, node, paths, stack, None)

    def _other_loop(
        self, module: PythonModule, node: cst.For | cst.While, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Ends:
        """A loop in which nothing sleeps; what it sets is unknown afterwards."""
        names = {name for each in module.descendants(node) for name in _set_by(each)}
        found = self.block(module, node.body, [_unknown(path, names) for path in paths], stack)
        ends = _Ends(returned=found.returned, raised=found.raised)
        ends.through = [_unknown(path, names) for path in paths]
        return ends

    def _repeat(
        self,
        module: PythonModule,
        node: cst.For | cst.While,
        paths: _Paths,
        stack: tuple[cst.CSTNode, ...],
        turns: _Turns | None,
    ) -> _Ends:
        """Goes round a loop until it ends. One without a known end counts once.

        Where each turn does the same to the path that slept longest, turns are not gone one by one.
        """
        ends = _Ends()
        once: _Ends | None = None
        known = frozenset(fact for path in paths for fact in path.facts)
        going = paths
        trail: list[_Path] = []
        turn = 0
        while turns is not None or turn < _MAX_TURNS:
            equalities = self._equalities
            entered, left = self._enter(module, node, going, stack, turns)
            ends.through += left
            if not entered:
                return self._done(module, node, ends, stack)
            found = self.block(module, node.body, entered, stack)
            ends.returned += found.returned
            ends.raised += found.raised
            ends.broke += found.broke
            _prune(ends)
            going = _best([_asked_anew(each, known) for each in (*found.through, *found.continued)])
            turn += 1
            if once is None:
                once = _Ends(
                    [*ends.through, *going], list(ends.broke), [], list(ends.returned), list(ends.raised)
                )
            if not going:
                return self._done(module, node, ends, stack)
            trail = [*trail[-2:], going[0]] if equalities == self._equalities else []
            if len(trail) == 3 and _is_steady(*trail):
                skipped = self._skip(module, node, trail, stack, turns)
                if skipped:
                    turn += skipped
                    going = [trail[-1]]
                trail = []
        assert once is not None
        return self._done(module, node, once, stack)

    def _skip(
        self,
        module: PythonModule,
        node: cst.For | cst.While,
        trail: list[_Path],
        stack: tuple[cst.CSTNode, ...],
        turns: _Turns | None,
    ) -> int:
        """Sets the last of the trail to the path after as many turns like the last one as the loop takes, and
        tells how many. The turn after them must be like it, too: what ends a loop early is a bound that is
        passed once and for all."""
        count = _MAX_TURNS if turns is None else turns.left - 1
        grown = trail[-1].seconds - trail[-2].seconds
        while count > 1:
            later = _after(trail[-2], trail[-1], count)
            ahead = turns.after(count) if turns is not None else None
            entered, _ = self._enter(module, node, [later], stack, ahead)
            found = self.block(module, node.body, entered, stack)
            self._take_raised()
            going = _best([*found.through, *found.continued])
            if going and going[0].seconds - later.seconds == grown:
                if turns is not None:
                    turns.skip(count)
                trail[-1] = later
                return count
            count //= 2
        return 0

    def _done(
        self, module: PythonModule, node: cst.For | cst.While, ends: _Ends, stack: tuple[cst.CSTNode, ...]
    ) -> _Ends:
        last = self.block(module, node.orelse, _best(ends.through), stack)
        found = _Ends(returned=ends.returned, raised=ends.raised)
        found.leave(last)
        found.through = _best([*last.through, *ends.broke])
        return found

    def _enter(
        self,
        module: PythonModule,
        node: cst.For | cst.While,
        paths: _Paths,
        stack: tuple[cst.CSTNode, ...],
        turns: _Turns | None,
    ) -> tuple[_Paths, _Paths]:
        """The paths that take another turn, and those that leave."""
        if isinstance(node, cst.While):
            paths = self._expression(module, node.test, paths, stack)
            on = [a for path in paths if (a := self._assume(module, node.test, path, True)) is not None]
            off = [a for path in paths if (a := self._assume(module, node.test, path, False)) is not None]
            return on, off
        assert turns is not None
        if turns.left == 0:
            return [], paths
        value = turns.take()
        names = list(_bound(node.target))
        if len(names) == 1:
            return [path.bind(names[0], value) for path in paths], []
        return [_unknown(path, set(names)) for path in paths], []

    def _turns(self, module: PythonModule, node: cst.For, path: _Path) -> _Turns | None:
        """What the loop's variable is, turn by turn: one turn where that cannot be told, None where there is
        no end."""
        iterated = node.iter
        if isinstance(iterated, cst.Call) and iterated.args:
            name = module.names.qualified(iterated.func) or dotted_name(iterated.func) or ""
            if name in ("builtins.enumerate", "builtins.list", "builtins.reversed", "builtins.tuple"):
                iterated = iterated.args[0].value
        if isinstance(iterated, cst.Call):
            name = module.names.qualified(iterated.func) or dotted_name(iterated.func) or ""
            if name in ("builtins.range", "xrange", "six.moves.range"):
                return _Turns(self._range(module, iterated, path) or (None,))
            return _Turns((None,))
        display = self.evaluator.value(module, iterated)
        entries = self.evaluator.items(display) if isinstance(display, Display) else None
        if entries is None or not isinstance(display, Display):
            return _Turns((None,))
        return _Turns([self.numbers.number(display.module, expr) for _, expr in entries])

    def _range(self, module: PythonModule, call: cst.Call, path: _Path) -> range | None:
        bounds = [self._number(module, argument.value, path) for argument in call.args]
        if not bounds or any(each is None for each in bounds):
            return None
        low = [int(each.low) for each in bounds if each is not None]
        if len(low) == 3 and low[2] == 0:
            return None
        return range(*low[:3])

    # Tests

    def _assume(
        self, module: PythonModule, test: cst.BaseExpression, path: _Path, wanted: bool
    ) -> _Path | None:
        """The path on which a test comes out as wanted; None where it cannot."""
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            return self._assume(module, test.expression, path, not wanted)
        if isinstance(test, cst.BooleanOperation):
            whole = isinstance(test.operator, cst.And) is wanted
            if whole:
                after = self._assume(module, test.left, path, wanted)
                return self._assume(module, test.right, after, wanted) if after is not None else None
            left = self._assume(module, test.left, path, wanted)
            right = self._assume(module, test.right, path, wanted)
            if left is not None and right is not None:
                return path
            return left if left is not None else right
        decided = self._truth(module, test, path)
        if decided is not None:
            return path if decided is wanted else None
        return _decide(path, *self._fact(module, test, wanted))

    def _fact(self, module: PythonModule, test: cst.BaseExpression, wanted: bool) -> tuple[str, object, bool]:
        """What a test asks, the value that it asks for, and whether it is or is not."""
        if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
            target = test.comparisons[0]
            if isinstance(target.comparator, cst.SimpleString) and isinstance(
                target.operator, (cst.Equal, cst.NotEqual)
            ):
                same = isinstance(target.operator, cst.Equal) is wanted
                return self._text(module, test.left), string_value(target.comparator), same
        return self._text(module, test), True, wanted

    def _text(self, module: PythonModule, node: cst.CSTNode) -> str:
        known = self._texts.get(id(node))
        if known is None:
            known = self._texts[id(node)] = " ".join(module.tree.code_for_node(node).split())
        return known

    def _truth(self, module: PythonModule, test: cst.BaseExpression, path: _Path) -> bool | None:
        if isinstance(test, cst.Comparison):
            return self._compared(module, test, path)
        number = self._number(module, test, path)
        return bool(number.low) if number is not None and number.exact else None

    def _compared(self, module: PythonModule, test: cst.Comparison, path: _Path) -> bool | None:
        if len(test.comparisons) != 1:
            return None
        compare = _COMPARES.get(test.comparisons[0].operator.__class__)
        left = self._number(module, test.left, path)
        right = self._number(module, test.comparisons[0].comparator, path)
        if compare is None or left is None or right is None:
            return None
        if isinstance(test.comparisons[0].operator, (cst.Equal, cst.NotEqual)):
            self._equalities += 1
        return compare(left.low, right.low) if left.exact and right.exact else None

    # Expressions

    def _expression(
        self, module: PythonModule, node: cst.CSTNode, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Paths:
        """Takes the sleeps of an expression, those of the functions that it calls included."""
        if id(node) not in self.around:
            return paths
        if isinstance(node, (cst.FunctionDef, cst.Lambda)):
            return paths
        if isinstance(node, cst.Call):
            if module.names.qualified(node.func) in _BESIDE:
                return paths
            for child in module.children(node):
                paths = self._expression(module, child, paths, stack)
            return self._call(module, node, paths, stack)
        if isinstance(node, (cst.BooleanOperation, cst.IfExp)):
            before = paths
            for child in module.children(node):
                paths = self._expression(module, child, paths, stack)
            return _best([*before, *paths])
        for child in module.children(node):
            paths = self._expression(module, child, paths, stack)
        return paths

    def _call(
        self, module: PythonModule, call: cst.Call, paths: _Paths, stack: tuple[cst.CSTNode, ...]
    ) -> _Paths:
        if id(call) in self.pauses:
            return [self._sleep(module, call, path) for path in paths]
        functions = self.leads.get(id(call), ())
        if not functions or len(stack) >= _MAX_CALLS:
            return paths
        found: _Paths = []
        for function in functions:
            if function.node in stack or not self._runs(module, call, function.node):
                found += paths
                continue
            for path in paths:
                found += self._run(module, call, function, path, stack)
        return _best(found)

    @staticmethod
    def _runs(module: PythonModule, call: cst.Call, function: cst.CSTNode) -> bool:
        """Whether the call runs the function there and then: a coroutine only where it is awaited, a
        generator never."""
        if not isinstance(function, cst.FunctionDef):
            return False
        if any(isinstance(each, cst.Yield) for each in module.nodes(cst.Yield)) and _yields(function):
            return False
        if function.asynchronous is None:
            return True
        parent = module.parent(call)
        if isinstance(parent, cst.Await):
            return True
        owner = module.parent(parent) if isinstance(parent, cst.Arg) else None
        if not isinstance(owner, cst.Call):
            return False
        name = module.names.qualified(owner.func) or ""
        return name in _RUNNERS or last_name(owner.func) == "run_until_complete"

    def _run(
        self,
        module: PythonModule,
        call: cst.Call,
        function: Function,
        path: _Path,
        stack: tuple[cst.CSTNode, ...],
    ) -> _Paths:
        names = self._arguments(module, call, function, path)
        key = (id(function.node), tuple(names.items()))
        known = self._runs_of.get(key)
        if known is None:
            begin = _Path(path.seconds, names=names)
            ends = self.block(function.module, function.node.body, [begin], (*stack, function.node))
            done = [*(replace(each, result=False) for each in ends.through), *ends.returned]
            known = (_by_result(done, begin), _longest(ends.raised, begin))
            if not self._reads_clock(function.module, function.node, 0):
                self._runs_of[key] = known
        returned, raised = known
        if raised is not None:
            self._raised.append(_with(path, raised))
        text = self._text(module, call)
        return [_told(_with(path, each), text, each.result) for each in returned]

    def _reads_clock(self, module: PythonModule, function: cst.CSTNode, depth: int) -> bool:
        """Whether what a function does may depend on the time."""
        if id(function) not in self._clocked:
            self._clocked[id(function)] = depth < _MAX_CALLS and any(
                isinstance(node, cst.Call)
                and (
                    last_name(node.func) in _CLOCK_NAMES
                    or any(
                        self._reads_clock(each.module, each.node, depth + 1)
                        for each in self.leads.get(id(node), ())
                        if each.node is not function
                    )
                )
                for node in module.descendants(function)
            )
        return self._clocked[id(function)]

    def _arguments(
        self, module: PythonModule, call: cst.Call, function: Function, path: _Path
    ) -> dict[str, Number | None]:
        params = function.node.params
        positional = [param.name.value for param in (*params.posonly_params, *params.params)]
        names: dict[str, Number | None] = {}
        for param in (*params.posonly_params, *params.params, *params.kwonly_params):
            default = param.default
            names[param.name.value] = (
                self.numbers.number(function.module, default) if default is not None else None
            )
        if function.bound is not None and positional:
            positional = positional[1:]
        for argument in call.args:
            if argument.star:
                return dict.fromkeys(names)
            value = self._number(module, argument.value, path)
            if argument.keyword is not None:
                names[argument.keyword.value] = value
            elif positional:
                names[positional.pop(0)] = value
        return names

    def _sleep(self, module: PythonModule, call: cst.Call, path: _Path) -> _Path:
        length = self._number(module, call.args[0].value, path)
        if length is None or length.low <= 0:
            return path
        taken = _Taken(call, module, length.low, path.taken)
        return replace(path, seconds=path.seconds + length.low, taken=taken)


def _slept(path: _Path) -> Slept:
    times: dict[int, int] = defaultdict(int)
    seconds: dict[int, float] = defaultdict(float)
    places: dict[int, tuple[PythonModule, cst.Call]] = {}
    taken = path.taken
    while taken is not None:
        key = id(taken.node)
        times[key] += taken.times
        seconds[key] += taken.seconds * taken.times
        places[key] = (taken.module, taken.node)
        taken = taken.before
    found = [Sleep(*places[key], times[key], seconds[key]) for key in places]
    return Slept(path.seconds, tuple(sorted(found, key=lambda each: -each.seconds)))


# Paths


def _best(paths: _Paths) -> _Paths:
    """The paths that slept longest, of those that know the same only one."""
    if len(paths) <= 1:
        return paths
    seen: set[object] = set()
    kept: _Paths = []
    for path in sorted(paths, key=lambda each: (-each.seconds, len(each.facts))):
        key = (path.seconds, path.facts, tuple(sorted(path.names.items(), key=lambda item: item[0])))
        if key not in seen:
            seen.add(key)
            kept.append(path)
        if len(kept) == _MAX_PATHS:
            break
    return kept


def _prune(ends: _Ends) -> None:
    ends.returned = _best(ends.returned)
    ends.raised = _best(ends.raised)
    ends.broke = _best(ends.broke)
    ends.through = _best(ends.through)


def _longest(paths: _Paths, begin: _Path) -> _Path | None:
    """What the longest of some paths slept since they began."""
    if not paths:
        return None
    found = max(paths, key=lambda each: each.seconds)
    return _Path(found.seconds - begin.seconds, found.taken, result=found.result)


def _by_result(paths: _Paths, begin: _Path) -> _Paths:
    """The longest of the paths that return something true, something false, and what cannot be told."""
    groups = ([each for each in paths if each.result is result] for result in (True, False, None))
    return [found for group in groups if (found := _longest(group, begin)) is not None]


def _told(path: _Path, call: str, result: bool | None) -> _Path:
    """A path on which a call has come out true or false; how it came out before is no matter any more."""
    facts = frozenset(fact for fact in path.facts if fact[0] != call)
    if result is not None:
        facts |= {(call, (result, True))}
    return replace(path, facts=facts)


def _with(path: _Path, more: _Path) -> _Path:
    """A path that goes on with the sleeps of another."""
    found = []
    taken = more.taken
    while taken is not None:
        found.append(taken)
        taken = taken.before
    last = path.taken
    for each in reversed(found):
        last = replace(each, before=last)
    return replace(path, seconds=path.seconds + more.seconds, taken=last)


def _asked_anew(path: _Path, known: frozenset[tuple[str, object]]) -> _Path:
    """A path at the next turn of a loop, in which what was called in this one may come out otherwise."""
    facts = path.facts
    if not facts or facts <= known:
        return path
    return replace(
        path, facts=frozenset(fact for fact in facts if fact in known or not _CALLS.search(fact[0]))
    )


def _is_steady(first: _Path, second: _Path, third: _Path) -> bool:
    """Whether two turns of a loop did the same to a path."""
    if third.seconds - second.seconds != second.seconds - first.seconds or third.facts != second.facts:
        return False
    if _sleeps_between(first, second) != _sleeps_between(second, third):
        return False
    if not first.names.keys() == second.names.keys() == third.names.keys():
        return False
    return all(
        _step(second.names[name], number) == _step(first.names[name], second.names[name])
        for name, number in third.names.items()
    )


def _step(one: Number | None, other: Number | None) -> float | None:
    """By how much a variable grows; None where it is not known before or after."""
    if one is None or other is None:
        return None if one is other else math.nan
    return other.low - one.low if one.exact == other.exact else math.nan


def _sleeps_between(one: _Path, other: _Path) -> list[tuple[int, float]]:
    found = []
    taken = other.taken
    while taken is not None and taken is not one.taken:
        found.append((id(taken.node), taken.seconds))
        taken = taken.before
    return found


def _after(before: _Path, path: _Path, count: int) -> _Path:
    """The path after more turns like that from `before` to it."""
    names: dict[str, Number | None] = {}
    for name, number in path.names.items():
        grown = _step(before.names[name], number)
        names[name] = (
            Number(number.low + count * grown, number.exact)
            if number is not None and grown is not None
            else number
        )
    last = path.taken
    taken = path.taken
    while taken is not None and taken is not before.taken:
        last = replace(taken, before=last, times=count * taken.times)
        taken = taken.before
    seconds = path.seconds + count * (path.seconds - before.seconds)
    return replace(path, seconds=seconds, taken=last, names=names)


def _unknown(path: _Path, names: Iterable[str]) -> _Path:
    for name in names:
        path = path.bind(name, None)
    return path


# Facts


def _decide(path: _Path, text: str, value: object, same: bool) -> _Path | None:
    """The path with one more fact; None where the fact contradicts what was decided before."""
    for known, other in path.facts:
        if known != text:
            continue
        is_same, what = other if isinstance(other, tuple) else (True, other)
        if is_same and same and what != value:
            return None
        if is_same != same and what == value:
            return None
    return replace(path, facts=path.facts | {(text, (same, value))})


# Syntax

# A call that may come out otherwise when it is made again.
_CALLS = re.compile(r"(?<!\.get)(?<!\bisinstance)(?<!\blen)\(")
_BLOCKS = frozenset({cst.IndentedBlock, cst.SimpleStatementSuite, cst.SimpleStatementLine})
_LEAVING = (cst.Return, cst.Raise, cst.Break, cst.Continue)
_COMPOUND = (cst.If, cst.While, cst.For, cst.Try, cst.TryStar, cst.With, cst.Match)
_OPERATORS: Mapping[type[cst.CSTNode], type[cst.BaseBinaryOp]] = {
    cst.AddAssign: cst.Add,
    cst.SubtractAssign: cst.Subtract,
    cst.MultiplyAssign: cst.Multiply,
    cst.DivideAssign: cst.Divide,
    cst.FloorDivideAssign: cst.FloorDivide,
    cst.PowerAssign: cst.Power,
}
_COMPARES: Mapping[type[cst.CSTNode], Callable[[float, float], bool]] = {
    cst.LessThan: lambda a, b: a < b,
    cst.LessThanEqual: lambda a, b: a <= b,
    cst.GreaterThan: lambda a, b: a > b,
    cst.GreaterThanEqual: lambda a, b: a >= b,
    cst.Equal: lambda a, b: a == b,
    cst.NotEqual: lambda a, b: a != b,
}


def _is_block(node: cst.CSTNode) -> bool:
    # By type: classes of libcst are abstract base classes, for which isinstance is slow.
    return type(node) in _BLOCKS


def _flat(block: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The statements of a block, those of one line one by one."""
    for each in getattr(block, "body", ()):
        if isinstance(each, cst.SimpleStatementLine):
            yield from each.body
        else:
            yield each


def _is_true(value: cst.BaseExpression | None) -> bool | None:
    """Whether what is written is true, where one can see it."""
    if value is None:
        return False
    if isinstance(value, cst.Name):
        return {"True": True, "False": False, "None": False}.get(value.value)
    if isinstance(value, (cst.Tuple, cst.List, cst.Dict)):
        certain = any(isinstance(each, (cst.Element, cst.DictElement)) for each in value.elements)
        return True if certain else None if value.elements else False
    if isinstance(value, (cst.SimpleString, cst.Integer)):
        return bool(value.evaluated_value)
    return None


def _assigned(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    if isinstance(node, cst.Assign):
        for target in node.targets:
            for name in _bound(target.target):
                yield name, node.value
    elif isinstance(node, (cst.AugAssign, cst.AnnAssign, cst.NamedExpr)) and node.value is not None:
        for name in _bound(node.target):
            yield name, node.value


def _read(module: PythonModule, expr: cst.CSTNode) -> Iterator[str]:
    return (each.value for each in module.descendants(expr) if isinstance(each, cst.Name))


def _bound(target: cst.CSTNode) -> Iterator[str]:
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _bound(element.value)


def _set_by(node: cst.CSTNode) -> Iterator[str]:
    if isinstance(node, cst.Assign):
        for target in node.targets:
            yield from _bound(target.target)
    elif isinstance(node, (cst.AugAssign, cst.AnnAssign, cst.For, cst.NamedExpr)):
        yield from _bound(node.target)


def _yields(function: cst.FunctionDef) -> bool:
    stack: list[cst.CSTNode] = [function.body]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.Yield):
            return True
        if not isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            stack.extend(node.children)
    return False
