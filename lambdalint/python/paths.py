"""Whether every invocation comes to some code, or only those that take one side of a branch.

The code is read backwards, from the end of the handler to its start. Of each place it is kept what may
follow: whether some way uses the code in question, and whether some way ends normally without it, idle or
after work of its own. A branch where one side may use it, while the other works and never does, is a fork:
there, what the code needs is needed on some invocations only. A guard clause, which returns an answer and
does nothing else, is no such side, and neither is what follows an exception.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.control import Runs
from lambdalint.python.module import PythonModule
from lambdalint.python.names import dotted_name
from lambdalint.python.reach import Phase
from lambdalint.python.syntax import decorator_name
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


class _Ahead(NamedTuple):
    """What may follow a place, until the invocation ends."""

    uses: bool = False
    idle: bool = False  # some way ends normally without using it, and does nothing more
    busy: bool = False  # some way ends normally without using it, and works on
    fork: Fork | None = None


_END = _Ahead(idle=True)
_FAILURE = _Ahead()


class _Targets(NamedTuple):
    """Where return, break and continue lead to."""

    returned: _Ahead
    broken: _Ahead
    continued: _Ahead


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
_WORKING_BUILTINS = frozenset({"builtins.open", "builtins.exec", "builtins.eval", "os.system", "time.sleep"})
# Methods of strings, containers, loggers, metrics and exceptions.
_QUIET_METHODS = frozenset(
    """
    add add_annotation add_dimension add_metadata add_metric add_namespace append append_keys appendleft
    as_string capitalize casefold clear copy count critical date debug decode difference dict discard encode
    endswith error exception extend find findall flush format fromisoformat fromkeys get get_logger getLogger
    getvalue group groups hex hexdigest index info insert intersection isalnum isalpha isdigit isnumeric
    isoformat items join json keys log lower lstrip match model_dump model_dump_json now partition pop popleft
    print put_annotation put_metadata put_metric remove replace reverse rfind rpartition rsplit rstrip search
    setdefault setLevel set_dimensions set_namespace set_property sort split splitlines startswith strftime
    strip strptime sub timestamp title to_dict to_json today total_seconds union update upper utcnow values
    warn warning with_traceback zfill
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
_MAX_CALLEES = 40


class Paths:
    """Answers for one handler's reach."""

    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self._calling: WeakKeyDictionary[PythonModule, frozenset[int]] = WeakKeyDictionary()
        self._callees: dict[int, tuple[symbols.Function, ...]] = {}
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
            ahead = reading.entry()
        except RecursionError:
            return Usage(Runs.UNKNOWN)
        if ahead is None or not ahead.uses or reading.unseen():
            return Usage(Runs.UNKNOWN)
        if ahead.fork is not None:
            return Usage(Runs.SOMETIMES, ahead.fork)
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
            for function in self._functions(option):
                if id(function.node) not in seen:
                    seen.add(id(function.node))
                    yield function
        if not seen and self._dispatches(module, call):
            yield from self.routes()

    def _functions(self, symbol: symbols.Symbol) -> Iterator[symbols.Function]:
        if isinstance(symbol, symbols.Function):
            yield symbol
        elif isinstance(symbol, symbols.Partial):
            yield from self._functions(symbol.function)
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
                    yield from self._functions(option)

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
    """One backward reading of a handler, for one set of places."""

    def __init__(self, paths: Paths, places: Sequence[tuple[PythonModule, cst.CSTNode]]) -> None:
        self.paths = paths
        self.places = places
        self.wanted = {id(node) for _, node in places}
        self.seen: set[int] = set()
        self.around: dict[int, set[int]] = {}
        for module in {id(module): module for module, _ in places}.values():
            self.around[id(module)] = _around(module, [node for home, node in places if home is module])
        self._functions: dict[tuple[int, bool, bool, bool, int], _Ahead] = {}
        self._active: set[int] = set()
        self.module: PythonModule = paths.reach.modules[0]

    def unseen(self) -> bool:
        """Whether some of the places was not come to."""
        return not self.wanted <= self.seen

    def entry(self) -> _Ahead | None:
        """What is ahead at the start of the handler; None where it cannot be told."""
        entry = self.paths.reach.entry
        module = self.paths.reach.modules[0]
        if isinstance(entry, (cst.FunctionDef, cst.Lambda)):
            return self._function(symbols.Function(module, entry), _END)
        functions = list(self._named(module, entry)) or list(self.paths.routes())
        if not functions:
            return None
        return self._one_of(module, entry, functions, _END)

    def _named(self, module: PythonModule, entry: cst.CSTNode) -> Iterator[symbols.Function]:
        value = entry.value if isinstance(entry, (cst.Assign, cst.AnnAssign)) else None
        if value is None:
            return
        for option in symbols.alternatives(self.paths.evaluator.value(module, value)):
            yield from self.paths._functions(option)
        if isinstance(value, cst.Call):
            yield from self.paths.handed_on(module, value)

    # Functions

    def _function(self, function: symbols.Function, ahead: _Ahead) -> _Ahead:
        """What is ahead where a function is called, `ahead` being what follows the call."""
        node = function.node
        key = (id(node), ahead.uses, ahead.idle, ahead.busy, id(ahead.fork))
        known = self._functions.get(key)
        if known is not None:
            return known
        if id(node) in self._active:
            return ahead
        outer, self.module = self.module, function.module
        self._active.add(id(node))
        try:
            if isinstance(node, cst.Lambda):
                found = self._expression(node.body, ahead)
            else:
                found = self._block(node.body, ahead, _Targets(ahead, ahead, ahead))
        finally:
            self._active.discard(id(node))
            self.module = outer
        self._functions[key] = found
        return found

    def _one_of(
        self,
        module: PythonModule,
        node: cst.CSTNode,
        functions: Sequence[symbols.Function],
        ahead: _Ahead,
    ) -> _Ahead:
        if len(functions) > _MAX_CALLEES:
            return _work(ahead)
        found = [self._function(function, ahead) for function in functions]
        return _branch(module, node, found)

    # Statements

    def _block(self, block: cst.BaseSuite, ahead: _Ahead, to: _Targets) -> _Ahead:
        for statement in reversed(block.body):
            ahead = self._statement(statement, ahead, to)
        return ahead

    def _statement(self, node: cst.CSTNode, ahead: _Ahead, to: _Targets) -> _Ahead:
        if isinstance(node, cst.SimpleStatementLine):
            for small in reversed(node.body):
                ahead = self._small(small, ahead, to)
            return ahead
        read = _STATEMENTS.get(node.__class__)
        if read is not None:
            found: _Ahead = read(self, node, ahead, to)
            return found
        return self._small(node, ahead, to) if isinstance(node, cst.BaseSmallStatement) else ahead

    def _small(self, node: cst.BaseSmallStatement, ahead: _Ahead, to: _Targets) -> _Ahead:
        if isinstance(node, cst.Return):
            ahead = to.returned
        elif isinstance(node, cst.Raise):
            ahead = _FAILURE
        elif isinstance(node, cst.Continue):
            return to.continued
        elif isinstance(node, cst.Break):
            return to.broken
        return self._expression(node, ahead)

    def _if(self, node: cst.If, ahead: _Ahead, to: _Targets) -> _Ahead:
        taken = self._block(node.body, ahead, to)
        other = ahead
        if isinstance(node.orelse, cst.If):
            other = self._if(node.orelse, ahead, to)
        elif node.orelse is not None:
            other = self._block(node.orelse.body, ahead, to)
        return self._expression(node.test, self._branch(node, taken, other))

    def _match(self, node: cst.Match, ahead: _Ahead, to: _Targets) -> _Ahead:
        found = [ahead] if not _has_wildcard(node) else []
        for case in node.cases:
            taken = self._block(case.body, ahead, to)
            found.append(self._expression(case.guard, taken) if case.guard is not None else taken)
        return self._expression(node.subject, self._branch(node, *found))

    def _for(self, node: cst.For | cst.While, ahead: _Ahead, to: _Targets) -> _Ahead:
        after = self._block(node.orelse.body, ahead, to) if node.orelse is not None else ahead
        body = self._block(node.body, after, _Targets(to.returned, ahead, after))
        return self._expression(node.iter if isinstance(node, cst.For) else node.test, body)

    def _try(self, node: cst.Try | cst.TryStar, ahead: _Ahead, to: _Targets) -> _Ahead:
        if node.finalbody is not None:
            final = node.finalbody.body
            ahead, to = (
                self._block(final, ahead, to),
                _Targets(*(self._block(final, each, to) for each in to)),
            )
        after = self._block(node.orelse.body, ahead, to) if node.orelse is not None else ahead
        normal = self._block(node.body, after, to)
        failed = [self._block(handler.body, ahead, to) for handler in node.handlers]
        if not failed:
            return normal
        # What follows an exception counts as a way that uses it, and never as the work of another side.
        uses = any(each.uses for each in failed)
        fork = normal.fork
        if fork is None and uses and normal.busy and not normal.uses:
            fork = Fork(self.module, node)
        idle = normal.idle or (not normal.uses and any(each.idle or each.busy for each in failed))
        return _Ahead(normal.uses or uses, idle, normal.busy, fork)

    def _with(self, node: cst.With, ahead: _Ahead, to: _Targets) -> _Ahead:
        ahead = self._block(node.body, ahead, to)
        for item in reversed(node.items):
            ahead = self._expression(item, ahead)
        return ahead

    def _definition(self, node: cst.FunctionDef, ahead: _Ahead, to: _Targets) -> _Ahead:
        for part in (*reversed(node.decorators), node.params):
            ahead = self._expression(part, ahead)
        return ahead

    # Expressions

    def _expression(self, node: cst.CSTNode, ahead: _Ahead) -> _Ahead:
        """What is ahead before an expression (or a simple statement) is evaluated."""
        key = id(node)
        around = self.around.get(id(self.module))
        if key not in self.paths.calling(self.module) and (around is None or key not in around):
            return ahead
        if key in self.wanted:
            self.seen.add(key)
            return _Ahead(uses=True)
        if isinstance(node, cst.Call):
            return self._call(node, ahead)
        if isinstance(node, cst.IfExp):
            taken, other = self._expression(node.body, ahead), self._expression(node.orelse, ahead)
            return self._expression(node.test, self._branch(node, taken, other))
        if isinstance(node, cst.BooleanOperation):
            right = self._expression(node.right, ahead)
            return self._expression(node.left, self._branch(node, right, ahead))
        if isinstance(node, cst.Lambda):
            return ahead
        if isinstance(node, COMPREHENSIONS):
            return self._comprehension(node, ahead)
        for child in reversed(children(node)):
            ahead = self._expression(child, ahead)
        return ahead

    def _comprehension(self, node: cst.CSTNode, ahead: _Ahead) -> _Ahead:
        *elements, loop = children(node)
        found = ahead
        for element in reversed(elements):
            found = self._expression(element, found)
        return self._loop(loop, found, ahead)

    def _loop(self, loop: cst.CSTNode, body: _Ahead, after: _Ahead) -> _Ahead:
        if not isinstance(loop, cst.CompFor):
            return body
        found = body if loop.inner_for_in is None else self._loop(loop.inner_for_in, body, after)
        for condition in reversed(loop.ifs):
            found = self._expression(condition.test, self._branch(loop, found, after))
        return self._expression(loop.iter, found)

    def _call(self, node: cst.Call, ahead: _Ahead) -> _Ahead:
        functions = self.paths.callees(self.module, node)
        if functions:
            ahead = self._one_of(self.module, node, functions, ahead)
        else:
            for function in self.paths.handed_on(self.module, node):
                ahead = self._function(function, ahead)
            if is_work(self.module, node):
                ahead = _work(ahead)
        for argument in reversed(node.args):
            ahead = self._expression(argument.value, ahead)
        return self._expression(node.func, ahead)

    def _branch(self, node: cst.CSTNode, *arms: _Ahead) -> _Ahead:
        return _branch(self.module, node, arms)


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


def _branch(module: PythonModule, node: cst.CSTNode, arms: Sequence[_Ahead]) -> _Ahead:
    """What is ahead of a branch. It is a fork of its own where one side may use it and another never does."""
    uses = any(arm.uses for arm in arms)
    fork = next((arm.fork for arm in arms if arm.fork is not None), None)
    if uses and any(arm.busy and not arm.uses for arm in arms):
        fork = Fork(module, node)
    return _Ahead(uses, any(arm.idle for arm in arms), any(arm.busy for arm in arms), fork)


def _work(ahead: _Ahead) -> _Ahead:
    return ahead._replace(idle=False, busy=ahead.busy or ahead.idle)


def is_work(module: PythonModule, call: cst.Call) -> bool:
    """Whether a call of what is not the application's own does real work: more than to log, to read what is
    at hand, or to build an answer."""
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
