"""Whether every invocation comes to some code, or only those that take one side of a branch.

The code is read forward, piece by piece: by which ways it can be gone through, whether each uses the code in
question, and whether it does other work. A branch where one side may use it, while the other works and never
does, is a fork: there, what the code needs is needed on some invocations only. The other side is the other
arm, or what comes after an arm that leaves. A guard clause, which answers and does nothing else, is no such
side, and neither is what deals with a failure, nor what configuration or an earlier invocation decides.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.connections import factories
from lambdalint.python.control import Runs
from lambdalint.python.module import PythonModule
from lambdalint.python.names import BindingKind, dotted_name
from lambdalint.python.reach import Phase
from lambdalint.python.state import State
from lambdalint.python.syntax import decorator_name
from lambdalint.python.varying import Varies, varies
from lambdalint.python.walk import COMPREHENSIONS, children

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

__all__ = ["Fork", "Paths", "Usage"]


@dataclass(frozen=True, eq=False)
class Fork:
    """A branch on whose one side some code runs, while the other works without it. `node` is the statement or
    expression that branches."""

    module: PythonModule
    node: cst.CSTNode


@dataclass(frozen=True, eq=False)
class Usage:
    """On which invocations some code runs. `fork` is the outermost branch that decides, where one does."""

    runs: Runs
    fork: Fork | None = None


class _Exit(enum.Enum):
    """How a piece of code ends."""

    NEXT = enum.auto()  # what follows is run
    RETURN = enum.auto()
    LOOP = enum.auto()  # continue and break
    FAILURE = enum.auto()


class _Way(NamedTuple):
    """One way through a piece of code."""

    exit: _Exit = _Exit.NEXT
    uses: bool = False
    works: bool = False


@dataclass(frozen=True)
class _Ways:
    """The ways through a piece of code, and the outermost fork in it; `exits` are how its other side ends, as
    long as it has not come to a use after all."""

    ways: frozenset[_Way]
    fork: Fork | None = None
    exits: frozenset[_Exit] = frozenset()

    @property
    def uses(self) -> bool:
        """Whether some way uses the code in question."""
        return any(way.uses for way in self.ways)

    @property
    def falls_through(self) -> bool:
        """Whether some way goes on to what follows."""
        return any(way.exit is _Exit.NEXT for way in self.ways)

    def then(self, after: _Ways) -> _Ways:
        """The ways through this and what follows it."""
        if self is _NOTHING:
            return after
        if after is _NOTHING:
            return self
        found: set[_Way] = set()
        open_ = False
        for way in self.ways:
            if way.exit is not _Exit.NEXT:
                found.add(way)
                continue
            open_ = open_ or not way.uses
            found.update(
                _Way(other.exit, way.uses or other.uses, way.works or other.works) for other in after.ways
            )
        exits = self.exits - {_Exit.NEXT}
        if _Exit.NEXT in self.exits:
            exits |= _without(after.ways)
        if self.fork is not None and exits:
            return _Ways(frozenset(found), self.fork, exits)
        if open_:
            return _Ways(frozenset(found), after.fork, after.exits)
        return _Ways(frozenset(found))


def _without(ways: Iterable[_Way]) -> frozenset[_Exit]:
    """How the ways end that do not come to a use, but for failures."""
    return frozenset(way.exit for way in ways if not way.uses and way.exit is not _Exit.FAILURE)


_NOTHING = _Ways(frozenset({_Way()}))
_USE = _Ways(frozenset({_Way(uses=True)}))
_WORK = _Ways(frozenset({_Way(works=True)}))
_LEAVE = {
    cst.Return: _Ways(frozenset({_Way(_Exit.RETURN)})),
    cst.Raise: _Ways(frozenset({_Way(_Exit.FAILURE)})),
    cst.Continue: _Ways(frozenset({_Way(_Exit.LOOP)})),
    cst.Break: _Ways(frozenset({_Way(_Exit.LOOP)})),
}


# Calls of libraries that are no work: they read what is at hand, build values or write a log.
_QUIET_ROOTS = frozenset(
    {
        "abc",
        "base64",
        "builtins",
        "collections",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "hashlib",
        "itertools",
        "json",
        "logging",
        "math",
        "operator",
        "os",
        "pathlib",
        "pprint",
        "random",
        "re",
        "simplejson",
        "string",
        "structlog",
        "sys",
        "textwrap",
        "time",
        "traceback",
        "types",
        "typing",
        "urllib.parse",
        "uuid",
        "warnings",
    }
)
_WORKING_BUILTINS = frozenset({"builtins.open", "builtins.exec", "builtins.eval", "os.system"})
# Methods of strings, containers, loggers, metrics and exceptions.
_QUIET_METHODS = frozenset(
    """
    add add_annotation add_dimension add_metadata add_metric add_namespace append append_keys appendleft
    as_string capitalize casefold clear copy count critical date debug decode difference dict discard encode
    endswith error exception extend find findall flush format fromisoformat fromkeys get get_logger getLogger
    getvalue group groups hex hexdigest index info insert intersection isalnum isalpha isdigit isnumeric
    isoformat items join json keys log lower lstrip match model_dump model_dump_json now partition pop popleft
    print put_annotation put_metadata put_metric remove replace reverse rfind rpartition rsplit rstrip search
    setdefault setLevel set_dimensions set_namespace set_property sleep sort split splitlines startswith
    strftime strip strptime sub timestamp title to_dict to_json today total_seconds union update upper utcnow
    values warn warning with_traceback zfill
    """.split()
)
_QUIET_SUFFIXES = ("Error", "Exception", "Response", "Warning")
# Decorators by which routers have a function called for some of the events.
_ROUTES = frozenset(
    {
        "any",
        "api_route",
        "batch_resolver",
        "create",
        "delete",
        "get",
        "head",
        "options",
        "patch",
        "post",
        "put",
        "resolver",
        "route",
        "update",
        "websocket",
    }
)
# Methods that hand the event to what is registered on their object.
_DISPATCHING = frozenset({"resolve", "handle", "handle_request", "dispatch", "run", "__call__", "process"})
_ENVIRONMENT = frozenset(
    {"os.environ.get", "os.getenv", "builtins.bool", "builtins.int", "builtins.len", "builtins.str"}
)
_MAX_CALLEES = 40
_MAX_DEPTH = 4


class Paths:
    """Answers for one handler's reach."""

    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self._calling: WeakKeyDictionary[PythonModule, frozenset[int]] = WeakKeyDictionary()
        self._callees: dict[int, tuple[symbols.Function, ...]] = {}
        self._state = State(evaluator, reach)
        self._routes: tuple[symbols.Function, ...] | None = None

    def usage(self, places: Collection[tuple[PythonModule, cst.CSTNode]]) -> Usage:
        """On which invocations any of the places runs.

        UNKNOWN where none does, or where it cannot be told who calls what holds one of them.
        """
        wanted = [
            (module, node) for module, node in places if Phase.INVOKE in self.reach.phases(module, node)
        ]
        if not wanted:
            return Usage(Runs.UNKNOWN)
        reading = _Reading(self, wanted)
        try:
            found = reading.entry()
        except RecursionError:
            return Usage(Runs.UNKNOWN)
        if found is None or not found.uses or reading.unseen():
            return Usage(Runs.UNKNOWN)
        if found.fork is not None:
            return Usage(Runs.SOMETIMES, found.fork)
        return Usage(Runs.ALWAYS)

    # What is called

    def callees(self, module: PythonModule, call: cst.Call) -> tuple[symbols.Function, ...]:
        """The application's own functions that a call runs: one of them, where it picks from several."""
        found = self._callees.get(id(call))
        if found is None:
            self._callees[id(call)] = ()  # for calls that are part of their own question
            found = self._callees[id(call)] = tuple(self._called(module, call))
        return found

    def _called(self, module: PythonModule, call: cst.Call) -> Iterator[symbols.Function]:
        seen: set[int] = set()
        for option in symbols.alternatives(self.evaluator.value(module, call.func)):
            for function in self.functions(option):
                if id(function.node) not in seen:
                    seen.add(id(function.node))
                    yield function
        if not seen and self._dispatches(module, call):
            yield from self.routes()

    def functions(self, symbol: symbols.Symbol) -> Iterator[symbols.Function]:
        """The application's own functions that calling a symbol runs."""
        if isinstance(symbol, symbols.Function):
            yield symbol
        elif isinstance(symbol, symbols.Partial):
            yield from self.functions(symbol.function)
        elif isinstance(symbol, symbols.Class):
            made = self.evaluator.method(symbol, "__init__")
            if made is not None:
                yield made
        elif isinstance(symbol, symbols.Object):
            called = self.evaluator.method(symbol.cls, "__call__")
            if called is not None:
                yield called

    def handed_on(self, module: PythonModule, call: cst.Call) -> Iterator[symbols.Function]:
        """The application's own functions among the arguments of a call, which a library then calls."""
        for argument in call.args:
            expr = argument.value
            if expr.__class__ not in (cst.Name, cst.Attribute, cst.Lambda, cst.Call):
                continue
            if isinstance(expr, cst.Call) and dotted_name(expr.func) not in ("partial", "functools.partial"):
                continue
            for option in symbols.alternatives(self.evaluator.value(module, expr)):
                if isinstance(option, (symbols.Function, symbols.Partial)):
                    yield from self.functions(option)

    def routes(self) -> tuple[symbols.Function, ...]:
        """The functions that are registered for some of the events."""
        if self._routes is None:
            self._routes = tuple(
                symbols.Function(module, function)
                for module, function, phases in self.reach.functions()
                if Phase.INVOKE in phases and _is_route(function)
            )
        return self._routes

    def _dispatches(self, module: PythonModule, call: cst.Call) -> bool:
        """Whether a call hands the event to a router: `app.resolve(event, context)`, `adapter(event, …)`."""
        if len(call.args) < 2 or not self.routes():
            return False
        func = call.func
        if isinstance(func, cst.Attribute) and func.attr.value not in _DISPATCHING:
            return False
        first = self.evaluator.value(module, call.args[0].value)
        return any(isinstance(option, symbols.FromEvent) for option in symbols.alternatives(first))

    def is_work(self, module: PythonModule, call: cst.Call) -> bool:
        """Whether a call of what is not the application's own does real work: more than to log, to read what
        is at hand, or to build an answer."""
        if _is_work(module, call):
            return True
        func = call.func
        if not isinstance(func, cst.Attribute) or func.attr.value in _COMPLAINTS:
            return False
        # `get` of a session or a cache asks somebody else.
        return any(
            isinstance(option, symbols.Instance) and option.root.qualified in factories()
            for option in symbols.alternatives(self.evaluator.value(module, func.value))
        )

    # What is asked

    def tells_apart(self, module: PythonModule, test: cst.BaseExpression) -> bool:
        """Whether a test may tell one invocation from another by what each is to do.

        One that asks for configuration has the same answer for all; one that asks for what an earlier
        invocation left is answered one way at the first; and what asks whether something went wrong, or for
        a formality, is a guard.
        """
        if _is_guard(test) or self.asks_for_state(module, test):
            return False
        return not self._is_fixed(module, test)

    def asks_for_state(self, module: PythonModule, test: cst.BaseExpression) -> bool:
        """Whether a test asks for what an earlier invocation left."""
        return self._state.mentioned(module, test)

    def _is_fixed(self, module: PythonModule, expr: cst.CSTNode, depth: int = 0) -> bool:
        """Whether an expression is made of constants and the environment alone."""
        if depth > _MAX_DEPTH:
            return False
        if isinstance(expr, cst.Name):
            return self._is_fixed_name(module, expr, depth)
        if isinstance(expr, cst.Call):
            return self._is_fixed_call(module, expr, depth)
        if isinstance(expr, cst.Attribute):
            return (module.names.qualified(expr) or "").startswith("os.environ") or self._is_same(
                module, expr
            )
        if isinstance(expr, (cst.Lambda, cst.Await, *COMPREHENSIONS)):
            return False
        return all(self._is_fixed(module, child, depth) for child in children(expr))

    def _is_fixed_call(self, module: PythonModule, call: cst.Call, depth: int) -> bool:
        if not all(self._is_fixed(module, argument.value, depth) for argument in call.args):
            return False
        if module.names.qualified(call.func) in _ENVIRONMENT:
            return True
        func = call.func
        if isinstance(func, cst.Attribute) and func.attr.value in _QUIET_METHODS:
            return self._is_fixed(module, func.value, depth)
        # What a function of the application makes of configuration.
        return bool(call.args) and bool(self.callees(module, call))

    def _is_fixed_name(self, module: PythonModule, name: cst.Name, depth: int) -> bool:
        bindings = module.names.lookup(name)
        if not bindings:
            return module.names.qualified(name) is not None  # a builtin
        for binding in bindings:
            if binding.is_import or binding.scope is module.names.module_scope:
                if self._state.is_written(module, name.value):
                    return False
            elif binding.kind is BindingKind.PARAMETER:
                if not self._is_same(module, name):
                    return False
            elif binding.value is None or not self._is_fixed(module, binding.value, depth + 1):
                return False
        return True

    def _is_same(self, module: PythonModule, expr: cst.BaseExpression) -> bool:
        return varies(self.evaluator, self.evaluator.value(module, expr)) is Varies.NO

    def calling(self, module: PythonModule) -> frozenset[int]:
        """The ids of the nodes of a module that hold a call."""
        found = self._calling.get(module)
        if found is None:
            found = self._calling[module] = frozenset(_around(module, module.nodes(cst.Call)))
        return found


def _around(module: PythonModule, nodes: Sequence[cst.CSTNode]) -> set[int]:
    """The ids of the nodes and of all that is around them."""
    found: set[int] = set()
    parents = module.streams.parents
    for node in nodes:
        at: cst.CSTNode | None = node
        while at is not None and id(at) not in found:
            found.add(id(at))
            at = parents.get(id(at))
    return found


class _Reading:
    """One reading of a handler, for one set of places."""

    def __init__(self, paths: Paths, places: Sequence[tuple[PythonModule, cst.CSTNode]]) -> None:
        self.paths = paths
        self.wanted = {id(node) for _, node in places}
        self.seen: set[int] = set()
        self.around: dict[int, set[int]] = {}
        for module in {id(module): module for module, _ in places}.values():
            self.around[id(module)] = _around(module, [node for home, node in places if home is module])
        self._functions: dict[int, _Ways] = {}
        self._active: set[int] = set()
        self.module: PythonModule = paths.reach.modules[0]

    def unseen(self) -> bool:
        """Whether some of the places was not come to."""
        return not self.wanted <= self.seen

    def entry(self) -> _Ways | None:
        """The ways through the handler; None where they cannot be told."""
        entry = self.paths.reach.entry
        module = self.paths.reach.modules[0]
        if isinstance(entry, (cst.FunctionDef, cst.Lambda)):
            return self._function(symbols.Function(module, entry))
        functions = list(self._named(module, entry)) or list(self.paths.routes())
        if not functions:
            return None
        return self._one_of(entry, functions)

    def _named(self, module: PythonModule, entry: cst.CSTNode) -> Iterator[symbols.Function]:
        value = entry.value if isinstance(entry, (cst.Assign, cst.AnnAssign)) else None
        if value is None:
            return
        for option in symbols.alternatives(self.paths.evaluator.value(module, value)):
            yield from self.paths.functions(option)
        if isinstance(value, cst.Call):
            yield from self.paths.handed_on(module, value)

    # Functions

    def _function(self, function: symbols.Function) -> _Ways:
        """The ways through a call of a function."""
        node = function.node
        known = self._functions.get(id(node))
        if known is not None:
            return known
        if id(node) in self._active:
            return _NOTHING
        outer, self.module = self.module, function.module
        self._active.add(id(node))
        try:
            if isinstance(node, cst.Lambda):
                found = self._expression(node.body)
            else:
                found = self._block(node.body, _NOTHING)
        finally:
            self._active.discard(id(node))
            self.module = outer
        found = _ending(found, _Exit.RETURN)
        self._functions[id(node)] = found
        return found

    def _one_of(self, node: cst.CSTNode, functions: Sequence[symbols.Function]) -> _Ways:
        if len(functions) > _MAX_CALLEES:
            return _WORK
        return self._branch(node, [self._function(function) for function in functions])

    # Statements; `rest` is what may follow in the same function, or in the same round of a loop

    def _block(self, block: cst.BaseSuite, rest: _Ways) -> _Ways:
        found = _NOTHING
        for statement in reversed(block.body):
            found = self._statement(statement, found.then(rest)).then(found)
        return found

    def _statement(self, node: cst.CSTNode, rest: _Ways) -> _Ways:
        if isinstance(node, cst.SimpleStatementLine):
            found = _NOTHING
            for small in node.body:
                found = found.then(self._small(small))
            return found
        read = _STATEMENTS.get(node.__class__)
        if read is not None:
            compound: _Ways = read(self, node, rest)
            return compound
        return self._small(node) if isinstance(node, cst.BaseSmallStatement) else _NOTHING

    def _small(self, node: cst.BaseSmallStatement) -> _Ways:
        return self._expression(node).then(_LEAVE.get(node.__class__, _NOTHING))

    def _if(self, node: cst.If, rest: _Ways) -> _Ways:
        taken, other = self._block(node.body, rest), _NOTHING
        failing = [_reports_failure(node.body), False]
        if isinstance(node.orelse, cst.If):
            other = self._if(node.orelse, rest)
        elif node.orelse is not None:
            other = self._block(node.orelse.body, rest)
            failing[1] = _reports_failure(node.orelse.body)
        found = self._sides(node, [taken, other], rest, failing, node.test)
        return self._expression(node.test).then(found)

    def _match(self, node: cst.Match, rest: _Ways) -> _Ways:
        sides = [self._block(case.body, rest) for case in node.cases]
        failing = [_reports_failure(case.body) for case in node.cases]
        if not _has_wildcard(node):
            sides, failing = [*sides, _NOTHING], [*failing, False]
        guards = _NOTHING
        for case in node.cases:
            if case.guard is not None:
                guards = guards.then(self._expression(case.guard))
        found = self._sides(node, sides, rest, failing, node.subject)
        return self._expression(node.subject).then(guards).then(found)

    def _sides(
        self,
        node: cst.CSTNode,
        sides: Sequence[_Ways],
        rest: _Ways,
        failing: Sequence[bool],
        test: cst.BaseExpression,
    ) -> _Ways:
        """The ways through a branch. Where one side always leaves, what follows belongs to the others."""
        leaving = any(not side.falls_through for side in sides)
        whole = [side.then(rest) if leaving else side for side in sides]
        others = [
            side
            for side, all_, fails in zip(sides, whole, failing, strict=True)
            if not all_.uses
            and not fails
            and any(way.works for way in all_.ways if way.exit is not _Exit.FAILURE)
        ]
        using = any(side.uses for side in whole)
        if using and others and self.paths.tells_apart(self.module, test):
            return _merged(sides, Fork(self.module, node), others)
        return _merged(self._first(sides, test))

    def _first(self, sides: Sequence[_Ways], test: cst.BaseExpression) -> Sequence[_Ways]:
        """The sides that the first invocation takes, where what an earlier one left decides: those that fill
        a cache."""
        using = [side for side in sides if side.uses]
        if using and len(using) < len(sides) and self.paths.asks_for_state(self.module, test):
            return using
        return sides

    def _for(self, node: cst.For | cst.While, rest: _Ways) -> _Ways:
        # A loop counts as gone through once. What follows it follows whatever a round does.
        head = self._expression(node.iter if isinstance(node, cst.For) else node.test)
        body = _ending(self._block(node.body, _NOTHING), _Exit.LOOP)
        after = self._block(node.orelse.body, rest) if node.orelse is not None else _NOTHING
        return head.then(body).then(after)

    def _try(self, node: cst.Try | cst.TryStar, rest: _Ways) -> _Ways:
        final = self._block(node.finalbody.body, rest) if node.finalbody is not None else _NOTHING
        rest = final.then(rest)
        after = self._block(node.orelse.body, rest) if node.orelse is not None else _NOTHING
        tried = self._block(node.body, after.then(rest))
        normal = tried.then(after)
        failed = [self._block(handler.body, rest) for handler in node.handlers]
        if failed:
            normal = self._with_handlers(node, tried, normal, rest, failed)
        return _finally(normal, final)

    def _with_handlers(
        self, node: cst.CSTNode, tried: _Ways, normal: _Ways, rest: _Ways, failed: Sequence[_Ways]
    ) -> _Ways:
        """What an exception leads to is no work of another side; but what only it uses is seldom used."""
        ways = {way for way in normal.ways if way.exit is not _Exit.FAILURE}
        fork, exits = normal.fork, normal.exits
        seldom = any(each.uses for each in failed) and not normal.then(rest).uses
        if seldom and any(way.works for way in ways):
            fork, exits = Fork(self.module, node), _without(ways)
        for each in failed:
            ways.update(_Way(way.exit, way.uses or tried.uses, False) for way in each.ways)
        return _Ways(frozenset(ways), fork, exits)

    def _with(self, node: cst.With, rest: _Ways) -> _Ways:
        found = _NOTHING
        for item in node.items:
            found = found.then(self._expression(item))
        return found.then(self._block(node.body, rest))

    def _definition(self, node: cst.FunctionDef, rest: _Ways) -> _Ways:
        found = self._expression(node.params)
        for decorator in node.decorators:
            found = found.then(self._expression(decorator))
        return found

    # Expressions

    def _expression(self, node: cst.CSTNode) -> _Ways:
        """The ways through an expression, or the expressions of a simple statement."""
        key = id(node)
        around = self.around.get(id(self.module))
        if key not in self.paths.calling(self.module) and (around is None or key not in around):
            return _NOTHING
        if key in self.wanted:
            self.seen.add(key)
            return _USE
        if isinstance(node, cst.Call):
            return self._call(node)
        if isinstance(node, cst.IfExp):
            sides = [self._expression(node.body), self._expression(node.orelse)]
            return self._choice(node, node.test, sides)
        if isinstance(node, cst.BooleanOperation):
            return self._choice(node, node.left, [self._expression(node.right), _NOTHING])
        if isinstance(node, cst.Lambda):
            return _NOTHING
        found = _NOTHING
        for child in children(node):
            found = found.then(self._expression(child))
        return found

    def _choice(self, node: cst.CSTNode, test: cst.BaseExpression, sides: Sequence[_Ways]) -> _Ways:
        found = self._sides(node, sides, _NOTHING, [False] * len(sides), test)
        return self._expression(test).then(found)

    def _call(self, node: cst.Call) -> _Ways:
        found = self._expression(node.func)
        for argument in node.args:
            found = found.then(self._expression(argument.value))
        functions = self.paths.callees(self.module, node)
        if functions:
            return found.then(self._one_of(node, functions))
        for function in self.paths.handed_on(self.module, node):
            found = found.then(self._function(function))
        return found.then(_WORK) if self.paths.is_work(self.module, node) else found

    def _branch(self, node: cst.CSTNode, sides: Sequence[_Ways]) -> _Ways:
        """The ways through one of several functions, which are picked by the event."""
        others = [side for side in sides if not side.uses and any(way.works for way in side.ways)]
        if others and any(side.uses for side in sides):
            return _merged(sides, Fork(self.module, node), others)
        return _merged(sides)


_STATEMENTS: dict[type[cst.CSTNode], Any] = {
    cst.If: _Reading._if,
    cst.For: _Reading._for,
    cst.While: _Reading._for,
    cst.Try: _Reading._try,
    cst.TryStar: _Reading._try,
    cst.With: _Reading._with,
    cst.Match: _Reading._match,
    cst.FunctionDef: _Reading._definition,
}


def _merged(sides: Sequence[_Ways], fork: Fork | None = None, others: Sequence[_Ways] = ()) -> _Ways:
    """The ways of several sides. `fork` is one between them, on whose other sides there is no use."""
    ways = frozenset(way for side in sides for way in side.ways)
    if fork is not None:
        return _Ways(ways, fork, _without(way for side in others for way in side.ways))
    inner = next((side for side in sides if side.fork is not None), None)
    return _Ways(ways) if inner is None else _Ways(ways, inner.fork, inner.exits)


def _ending(ways: _Ways, exit_: _Exit) -> _Ways:
    """Ways of which one kind of exit ends here: a function's returns, a loop's rounds."""
    ended = frozenset(way._replace(exit=_Exit.NEXT) if way.exit is exit_ else way for way in ways.ways)
    exits = frozenset(_Exit.NEXT if each is exit_ else each for each in ways.exits)
    return _Ways(ended, ways.fork, exits)


def _finally(ways: _Ways, final: _Ways) -> _Ways:
    """Ways of which each goes through `finally`, however it ends."""
    if final is _NOTHING:
        return ways
    found = {
        _Way(
            way.exit if after.exit is _Exit.NEXT else after.exit,
            way.uses or after.uses,
            way.works or after.works,
        )
        for way in ways.ways
        for after in final.ways
    }
    if ways.fork is not None and (exits := ways.exits & _without(found)):
        return _Ways(frozenset(found), ways.fork, exits)
    return _Ways(frozenset(found), final.fork, final.exits)


_FAILING = re.compile(
    r"err(?:or)?s?$|^err|error|fail|invalid|(?:^|_)(?:not_found|missing|denied|unauthori[sz]ed|forbidden)",
    re.IGNORECASE,
)
_DEPLOYMENT = re.compile(r"^request_?type$", re.IGNORECASE)  # of a custom resource
_FORMAL = re.compile(
    r"(?:OPTIONS|HEAD|RequestType)$|/?_*(?:ping|warm|warm_?up|warmer|health|healthz|healthcheck)$",
    re.IGNORECASE,
)
_COMPLAINTS = frozenset({"error", "exception", "critical", "fatal", "warning", "warn"})


def _is_guard(test: cst.BaseExpression) -> bool:
    """Whether a test asks whether something went wrong (`result.error`, `status == "FAILED"`), or for a
    request that wants no work (`method == "OPTIONS"`, a ping)."""
    stack: list[cst.CSTNode] = [test]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.Name, cst.Attribute)):
            name = node.value if isinstance(node, cst.Name) else node.attr.value
            if _FAILING.search(name) or _DEPLOYMENT.match(name):
                return True
        if isinstance(node, cst.SimpleString) and (
            _FAILING.search(node.raw_value) or _FORMAL.match(node.raw_value)
        ):
            return True
        stack.extend(children(node))
    return False


def _reports_failure(block: cst.BaseSuite) -> bool:
    """Whether a block deals with a failure: it logs an error, or answers with the status of one."""
    for line in block.body:
        for small in line.body if isinstance(line, cst.SimpleStatementLine) else (line,):
            if isinstance(small, cst.Expr) and isinstance(small.value, cst.Call):
                func = small.value.func
                if isinstance(func, cst.Attribute) and func.attr.value in _COMPLAINTS:
                    return True
            elif isinstance(small, cst.Return) and small.value is not None and _is_error(small.value):
                return True
    return False


def _is_error(answer: cst.CSTNode) -> bool:
    """Whether an answer is built with the HTTP status of an error."""
    if isinstance(answer, cst.Integer):
        return len(answer.value) == 3 and answer.value[0] in "45"
    built = (cst.Dict, cst.DictElement, cst.Call, cst.Arg, cst.Tuple, cst.Element)
    return isinstance(answer, built) and any(_is_error(child) for child in children(answer))


def _is_work(module: PythonModule, call: cst.Call) -> bool:
    func = call.func
    name = module.names.qualified(func)
    if name is not None:
        if name in _WORKING_BUILTINS:
            return True
        parts = name.split(".")
        if any(".".join(parts[:count]) in _QUIET_ROOTS for count in (1, 2)):
            return False
        return not parts[-1].endswith(_QUIET_SUFFIXES)
    if isinstance(func, cst.Attribute):
        return func.attr.value not in _QUIET_METHODS
    return not (isinstance(func, cst.Name) and func.value.endswith(_QUIET_SUFFIXES))


def _has_wildcard(node: cst.Match) -> bool:
    return any(
        case.guard is None and isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None
        for case in node.cases
    )


def _is_route(function: cst.FunctionDef) -> bool:
    return any(
        decorator_name(decorator) in _ROUTES and isinstance(_registrar(decorator), cst.Attribute)
        for decorator in function.decorators
    )


def _registrar(decorator: cst.Decorator) -> cst.BaseExpression:
    expr = decorator.decorator
    return expr.func if isinstance(expr, cst.Call) else expr
