"""Connections that outlive an invocation, and what makes one good again in between; and those that do not.

Between invocations Lambda freezes the execution environment; servers, proxies and NAT gateways drop what is
idle meanwhile. Which factories there are, and what reconnects by itself, is data/connection_factories.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python import symbols
from lambdalint.python.control import ArmKind, arms
from lambdalint.python.index import Index
from lambdalint.python.lifetimes import Life
from lambdalint.python.names import Binding
from lambdalint.python.reach import Phase
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.lifetimes import Lifetimes, Made
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach


# Methods whose result lives and dies with the connection.
_DERIVING = frozenset(
    {
        "__enter__",
        "acquire",
        "begin",
        "channel",
        "connect",
        "connection",
        "cursor",
        "execution_options",
        "get_connection",
        "get_transport",
        "getconn",
        "invoke_shell",
        "makefile",
        "open_sftp",
        "raw_connection",
        "scoped_session",
        "session",
        "traversal",
        "withRemote",
        "with_options",
        "with_remote",
    }
)
# What holds an engine or connection that it is given, by import path.
_HOLDERS = frozenset(
    {
        "sqlalchemy.orm.sessionmaker",
        "sqlalchemy.orm.session.sessionmaker",
        "sqlalchemy.orm.scoped_session",
        "sqlalchemy.orm.Session",
        "sqlalchemy.orm.session.Session",
        "sqlalchemy.ext.asyncio.async_sessionmaker",
        "sqlalchemy.ext.asyncio.AsyncSession",
        "sqlmodel.Session",
        "paramiko.SFTPClient.from_transport",
    }
)
_CLOSING = frozenset(
    {"close", "dispose", "disconnect", "quit", "closeall", "terminate", "shutdown", "aclose"}
)
# Methods and attributes that say nothing about using the connection.
_IDLE = frozenset({"close", "closed", "quit", "disconnect", "shutdown", "__class__", "putconn", "terminate"})
_IDLE_CALLS = frozenset(
    {
        "builtins.isinstance",
        "builtins.print",
        "builtins.bool",
        "builtins.id",
        "builtins.type",
        "builtins.hasattr",
    }
)
# A decorator that may well connect again before it calls the function another time.
_RETRYING = re.compile(r"retry|reconnect|backoff|on_exception|connect|resilien", re.IGNORECASE)
# Databases that are files, or that are asked over HTTP.
_NO_SERVER = re.compile(
    r"^(?:sqlite|duckdb|awsathena|snowflake|bigquery|databricks|trino|presto|shillelagh)\b"
)
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_EMPTY = ("None", "False", "0", "-1")


@dataclass(frozen=True)
class Factory:
    """A call that opens a connection; the fields are those of data/connection_factories.toml."""

    what: str
    reconnects: bool
    source: str
    pool: bool = False
    opens: str = "always"
    opening: tuple[str, ...] = ()
    opening_by_position: bool = True
    opened_by: frozenset[str] = frozenset()
    reopens: frozenset[str] = frozenset()
    reopens_when_told: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    safe_arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    database: bool = False
    proxy: bool = False
    with_closes: bool = True
    with_opens: bool = False


UNKNOWN_FACTORY = Factory("connection", False, "configuration", database=True)
"""What a user names as a call that opens a connection."""


@dataclass(frozen=True, eq=False)
class Use:
    """A place on the invoke path that reads a connection."""

    module: PythonModule
    node: cst.BaseExpression


@dataclass(frozen=True, eq=False)
class Connection:
    """A connection that is opened once, at init or by the first invocation that needs it, and that later
    invocations use.

    `call` opens it (or makes the engine or pool). `guarded` says what re-establishes it; empty where nothing
    does. `uses` begin with the most telling one.
    """

    factory: Factory
    name: str
    module: PythonModule
    call: cst.Call
    made: Made
    uses: tuple[Use, ...]
    guarded: str = ""


@dataclass(frozen=True, eq=False)
class Opened:
    """A connection to a database that each invocation opens anew.

    `closed` says on which ways out it is closed: "always", "normally" (an exception leaves it open) or
    "never".
    """

    factory: Factory
    module: PythonModule
    call: cst.Call
    made: Made
    closed: str


@lru_cache(maxsize=1)
def factories() -> Mapping[str, Factory]:
    """The known factories by import path."""
    rows: list[dict[str, Any]] = load("connection_factories.toml")["factory"]
    found: dict[str, Factory] = {}
    for row in rows:
        found.update(dict.fromkeys(row["calls"], _factory(row)))
    return found


@lru_cache(maxsize=1)
def drivers() -> Mapping[str, frozenset[str]]:
    """The packages that open connections, by their first name: themselves, and those within (as folders)."""
    found: dict[str, set[str]] = {}
    for name in factories():
        parts = name.split(".")
        packages = found.setdefault(parts[0], {parts[0]})
        if len(parts) > 2 and parts[1].islower():
            packages.add(f"{parts[0]}/{parts[1]}")
    return {top: frozenset(packages) for top, packages in found.items()}


def _factory(row: Mapping[str, Any]) -> Factory:
    return Factory(
        what=row["what"],
        reconnects=row["reconnects"],
        source=row["source"],
        pool=row.get("pool", False),
        opens=row.get("opens", "always"),
        opening=tuple(row.get("opening", ())),
        opening_by_position=row.get("opening_by_position", True),
        opened_by=frozenset(row.get("opened_by", ())),
        reopens=frozenset(row.get("reopens", ())),
        reopens_when_told=frozenset(row.get("reopens_when_told", ())),
        checks=frozenset(row.get("checks", ())),
        safe_arguments={name: tuple(values) for name, values in row.get("safe_arguments", {}).items()},
        database=row.get("database", False),
        proxy=row.get("proxy", False),
        with_closes=row.get("with_closes", True),
        with_opens=row.get("with_opens", False),
    )


def connections(
    evaluator: Evaluator, reach: Reach, lifetimes: Lifetimes, more: Sequence[str] = ()
) -> tuple[Connection, ...]:
    """The connections of a reach that outlive an invocation, in the order of the source. `more` are callables
    that open connections which do not reconnect, by import path."""
    calls = [call for call in _factory_calls(reach, more) if not call[-1].reconnects]
    if not calls:
        return ()
    analyses = (_Analysis(evaluator, reach, lifetimes, *call) for call in calls)
    return tuple(found for analysis in analyses if (found := analysis.connection()) is not None)


def guard(factory: Factory) -> str:
    """What keeps a connection of this kind good from one invocation to the next, as advice."""
    if "pool_pre_ping" in factory.safe_arguments:
        return "give it pool_pre_ping=True, so that a connection is tested before it is handed out"
    if factory.safe_arguments and factory.pool:
        option = next(iter(factory.safe_arguments))
        return f"give it {option}, so that a connection is tested before it is handed out"
    if "ping" in factory.reopens | factory.reopens_when_told:
        return "call its ping(reconnect=True) at the start of each invocation"
    if factory.pool:
        return "use a pool that tests connections, or connect again when using one fails"
    checks = sorted(factory.checks)
    if checks:
        return f"connect again when using it fails, or where `{checks[0]}` says before use that it is gone"
    return "connect again when using it fails"


def opened_anew(
    evaluator: Evaluator, reach: Reach, lifetimes: Lifetimes, more: Sequence[str] = ()
) -> tuple[Opened, ...]:
    """The connections to databases that each invocation opens anew."""
    found: list[Opened] = []
    for module, call, name, factory in _factory_calls(reach, more):
        if not factory.database or _is_asynchronous(module, call, name):
            continue
        made = lifetimes.of(module, call)
        if made.life is not Life.INVOCATION:
            continue
        analysis = _Analysis(evaluator, reach, lifetimes, module, call, name, factory)
        if not analysis.is_local():
            found.append(Opened(factory, module, call, made, analysis.closed()))
    return tuple(found)


def server_calls(evaluator: Evaluator, reach: Reach) -> Iterator[tuple[PythonModule, cst.Call, Factory]]:
    """The calls within reach that open a connection to a server of MySQL, PostgreSQL or SQL Server."""
    for module, call, _, factory in _factory_calls(reach, ()):
        if not factory.proxy or reach.phase(module, call) is None:
            continue
        given = evaluator.arguments(module, call)
        values = (*given.positional, *given.keywords.values())
        texts = [_beginning(option) for value in values for option in symbols.alternatives(value)]
        if not any(_NO_SERVER.match(text) or text in _LOCAL_HOSTS for text in texts):
            yield module, call, factory


def _is_asynchronous(module: PythonModule, call: cst.Call, name: str) -> bool:
    """Whether a connection belongs to an event loop, which ends with the invocation."""
    if "async" in name.lower() or name.startswith("aio"):
        return True
    function = module.enclosing_function(call)
    return isinstance(function, cst.FunctionDef) and function.asynchronous is not None


def _factory_calls(
    reach: Reach, more: Sequence[str]
) -> Iterator[tuple[PythonModule, cst.Call, str, Factory]]:
    known = {**factories(), **dict.fromkeys(more, UNKNOWN_FACTORY)} if more else factories()
    libraries = drivers().keys() | {name.partition(".")[0] for name in more}
    for module in reach.modules:
        if not any(
            (binding.imported or "").partition(".")[0] in libraries for binding in module.names.imports
        ):
            continue
        for call in module.nodes(cst.Call):
            name = module.names.qualified(call.func)
            factory = known.get(name) if name is not None else None
            if name is not None and factory is not None:
                yield module, call, name, factory


@dataclass(frozen=True)
class _Cell:
    """What keeps a connection: a module's variable, or (with `module` None) an attribute."""

    module: PythonModule | None
    name: str


class _Analysis:
    """What becomes of the connection that one call opens."""

    def __init__(
        self,
        evaluator: Evaluator,
        reach: Reach,
        lifetimes: Lifetimes,
        module: PythonModule,
        call: cst.Call,
        name: str,
        factory: Factory,
    ) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.lifetimes = lifetimes
        self.module = module
        self.call = call
        self.name = name
        self.factory = factory

    def connection(self) -> Connection | None:
        """The connection, if it is kept and later invocations use it."""
        made = self.lifetimes.of(self.module, self.call)
        if not made.init and made.life is not Life.ONCE:
            return None
        # What the first invocation opens, it keeps as well.
        self.keeping = {Phase.INIT} if made.init else {Phase.INVOKE}
        self.attributes = _kept_attributes(self.reach, self.keeping)
        reads = [*self._reads(), *self._gets(made)]
        uses = [use for use, _ in reads if self._is_use(use)]
        if not uses or not self._is_open(reads):
            return None
        uses.sort(key=lambda use: isinstance(use.module.parent(use.node), cst.Return))
        cells = {cell for _, cell in reads if cell is not None}
        guarded = self._safe_arguments() or self._guard(cells) or self._forgotten(made) or self._retried(uses)
        return Connection(self.factory, self.name, self.module, self.call, made, tuple(uses), guarded)

    # -- where it is read -----------------------------------------------------------------------------------

    def _reads(self) -> Iterator[tuple[Use, _Cell | None]]:
        """Each read of something that keeps the connection (or a cursor, a session … of it)."""
        for module in self.reach.modules:
            for name in module.nodes(cst.Name):
                cell = next(self._cells_of_name(module, name), None)
                if cell is not None and self._holds(module, name):
                    yield Use(module, name), cell
                elif cell is not None and cell.module is not None and _is_collection(cell):
                    yield from self._items(module, name, cell)
            for attribute in module.nodes(cst.Attribute):
                kept = attribute.attr.value in self.attributes
                if kept and self._holds(module, attribute):
                    yield Use(module, attribute), _Cell(None, attribute.attr.value)

    def _items(self, module: PythonModule, container: cst.Name, cell: _Cell) -> Iterator[tuple[Use, _Cell]]:
        """Reads of a list or dict that keeps the connection: `connections[key]`, `connections.get(key)`."""
        around = module.parent(container)
        if isinstance(around, cst.Attribute) and around.attr.value in ("get", "setdefault", "values"):
            around = module.parent(around)
        if not isinstance(around, (cst.Subscript, cst.Call)):
            return
        if isinstance(module.parent(around), (cst.AssignTarget, cst.Del)):
            return
        if self._holds(module, around):
            yield Use(module, around), cell

    def _gets(self, made: Made) -> Iterator[tuple[Use, _Cell | None]]:
        """The calls of a function whose decorator keeps the connection that it returned."""
        keeper = made.keeper
        if keeper is None or not isinstance(keeper.node, cst.Decorator):
            return
        function = keeper.module.parent(keeper.node)
        if function is None:
            return
        for caller, call in self.reach.call_sites(keeper.module, function):
            if self._holds(caller, call):
                yield Use(caller, call), None

    def _cells_of_name(self, module: PythonModule, name: cst.Name) -> Iterator[_Cell]:
        for binding in module.names.lookup(name):
            if binding.is_import:
                found = self.evaluator.program.bound(module, binding)
                if (
                    found is not None
                    and found.binding is not None
                    and self._is_kept(found.module, found.binding)
                ):
                    yield _Cell(found.module, found.binding.name)
            elif binding.scope is module.names.module_scope:
                if self._is_kept(module, binding):
                    yield _Cell(module, binding.name)
            elif isinstance(binding.node, cst.Param):
                default = binding.node.default
                if default is not None and self._holds(module, default):
                    yield _Cell(module, binding.name)

    def _is_kept(self, module: PythonModule, binding: Binding) -> bool:
        """Whether a variable of module level is one that the connection is put into: it is set when the
        connection is opened, or it is a list or dict of init."""
        bindings = module.names.module_scope.bindings.get(binding.name, ())
        return any(
            not _is_none(one.value)
            and (
                not self.keeping.isdisjoint(self.reach.phases(module, one.target or one.node))
                or _is_container(one.value)
            )
            for one in bindings
            if not one.is_import
        )

    def _holds(self, module: PythonModule, expr: cst.BaseExpression, itself: bool = False) -> bool:
        """Whether an expression may be the connection; or, unless `itself`, what lives and dies with it."""
        options = symbols.alternatives(self.evaluator.value(module, expr))
        if itself:
            return any(
                isinstance(option, symbols.Instance) and option.node is self.call for option in options
            )
        return any(self._is_ours(option) for option in options)

    def _is_ours(self, symbol: symbols.Symbol, depth: int = 0) -> bool:
        """Whether a symbol is the connection, or what lives and dies with it."""
        if not isinstance(symbol, symbols.Instance) or depth > 4:
            return False
        current = symbol
        while current.origin is not None:
            step = current.qualified.rpartition(".")[2]
            if step not in _DERIVING and not step.endswith("()"):
                return False
            current = current.origin
        if current.node is self.call:
            return True
        if current.qualified not in _HOLDERS:
            return False
        arguments = self.evaluator.arguments(current.module, current.node)
        given = [*arguments.positional, *arguments.keywords.values()]
        return any(
            self._is_ours(option, depth + 1)
            for argument in given
            for option in symbols.alternatives(argument)
        )

    def _is_use(self, use: Use) -> bool:
        """Whether a read is on the invoke path and does something with the connection."""
        if Phase.INVOKE not in self.reach.phases(use.module, use.node):
            return False
        parent = use.module.parent(use.node)
        if isinstance(parent, cst.Attribute):
            return parent.attr.value not in _IDLE | self.factory.checks
        if isinstance(parent, cst.Arg):
            call = use.module.parent(parent)
            name = use.module.names.qualified(call.func) if isinstance(call, cst.Call) else None
            return name not in _IDLE_CALLS and not _is_logging(call)
        return isinstance(
            parent,
            (cst.WithItem, cst.Return, cst.Call, cst.Assign, cst.AnnAssign, cst.Await, cst.DictElement),
        )

    # -- whether it is opened, and closed -------------------------------------------------------------------

    def closed(self) -> str:
        """On which ways out of the code something closes it: "always", "normally" or "never"."""
        found: set[ArmKind | None] = set()
        for module in self.reach.modules:
            for item in module.nodes(cst.WithItem):
                closing = isinstance(item.item, cst.Call) and last_name(item.item.func) == "closing"
                if (closing or self.factory.with_closes) and self._holds(module, item.item, itself=True):
                    return "always"
            for call in module.nodes(cst.Call):
                func = call.func
                if (
                    isinstance(func, cst.Attribute)
                    and func.attr.value in _CLOSING
                    and self._holds(module, func.value, itself=True)
                ):
                    kinds = {arm.kind for arm in arms(module, call)}
                    if ArmKind.FINALLY in kinds:
                        return "always"
                    found.add(ArmKind.EXCEPT if ArmKind.EXCEPT in kinds else None)
        if not found:
            return "never"
        return "always" if len(found) == 2 else "normally"

    def _is_open(self, reads: Sequence[tuple[Use, _Cell | None]]) -> bool:
        if self.is_local():
            return False
        if self.factory.pool or self.factory.opens == "always":
            return True
        if self.factory.opens == "argument" and self._has_opening_argument():
            return True
        return any(
            Phase.INIT in self.reach.phases(module, call) or self.lifetimes.of(module, call).life is Life.ONCE
            for module, call, method in self._method_calls()
            if method in self.factory.opened_by
        )

    def _has_opening_argument(self) -> bool:
        for position, argument in enumerate(self.call.args):
            if argument.keyword is None and position == 0 and self.factory.opening_by_position:
                return not _is_none(argument.value)
            if argument.keyword is not None and argument.keyword.value in self.factory.opening:
                return not _is_empty(argument.value)
        return False

    def is_local(self) -> bool:
        """Whether there is no server at the other end: a file, HTTP, or this very environment."""
        arguments = self.evaluator.arguments(self.module, self.call)
        first = arguments.get(0, "url")
        if self.factory.pool and first is not None:
            return any(_NO_SERVER.match(_beginning(option)) for option in symbols.alternatives(first))
        if self.name.startswith("socket."):
            text = self.module.tree.code_for_node(self.call)
            return "AF_UNIX" in text or any(host in text for host in _LOCAL_HOSTS)
        return False

    # -- what makes it good again ---------------------------------------------------------------------------

    def _safe_arguments(self) -> str:
        expressions, more = self.evaluator.keyword_expressions(self.module, self.call)
        if more and self.factory.safe_arguments:
            return "options that are not known"
        for name, values in self.factory.safe_arguments.items():
            if name not in expressions:
                continue
            module, expr = expressions[name]
            text = module.tree.code_for_node(expr)
            if (not values and not _is_empty(expr)) or any(value in text for value in values):
                return name
        for argument in self.call.args:
            text = self.module.tree.code_for_node(argument.value)
            if argument.keyword is None and any(
                value in text for values in self.factory.safe_arguments.values() for value in values
            ):
                return text
        return ""

    def _guard(self, cells: set[_Cell]) -> str:
        for module, call, method in self._method_calls():
            if self.lifetimes.of(module, call).life in (None, Life.ONCE):
                continue
            told = _told_to_reconnect(call)
            if method in self.factory.reopens and told is not False:
                return f"{method}()"
            if method in self.factory.reopens_when_told and told:
                return f"{method}()"
        if self.factory.with_opens and self._is_entered():
            return "with"
        return self._reassigned(cells)

    def _is_entered(self) -> bool:
        """Whether an invocation opens it by `with`."""
        return any(
            Phase.INVOKE in self.reach.phases(module, block)
            and any(self._holds(module, item.item) for item in block.items)
            for module in self.reach.modules
            for block in module.nodes(cst.With)
        )

    def _method_calls(self) -> Iterator[tuple[PythonModule, cst.Call, str]]:
        """The calls of methods on the connection that open it, or open it again."""
        methods = self.factory.opened_by | self.factory.reopens | self.factory.reopens_when_told
        for module in self.reach.modules:
            for call in module.nodes(cst.Call):
                func = call.func
                if (
                    isinstance(func, cst.Attribute)
                    and func.attr.value in methods
                    and self._holds(module, func.value)
                ):
                    yield module, call, func.attr.value

    def _reassigned(self, cells: set[_Cell]) -> str:
        """Whether the invoke path puts a new connection into a cell, and not only where there was none."""
        connecting: list[tuple[PythonModule, cst.CSTNode]] = []
        reset = self._is_emptied(cells)
        for module, node, value in self._assignments(cells):
            if Phase.INVOKE not in self.reach.phases(module, node):
                continue
            if _is_none(value):
                reset = True
            else:
                connecting.append((module, node))
        if any(reset or self.lifetimes.of(*place).life is not Life.ONCE for place in connecting):
            return "a new connection"
        return ""

    def _is_emptied(self, cells: set[_Cell]) -> bool:
        """Whether the invoke path takes connections out of the list or dict that keeps them."""
        names = {cell.name for cell in cells}
        for module in self.reach.modules:
            for call in module.nodes(cst.Call):
                func = call.func
                if (
                    isinstance(func, cst.Attribute)
                    and func.attr.value in ("pop", "clear", "popitem", "remove")
                    and last_name(func.value) in names
                    and Phase.INVOKE in self.reach.phases(module, call)
                ):
                    return True
            for statement in module.nodes(cst.Del):
                target = statement.target
                name = last_name(target.value if isinstance(target, cst.Subscript) else target)
                if name in names and Phase.INVOKE in self.reach.phases(module, statement):
                    return True
        return False

    def _forgotten(self, made: Made) -> str:
        """Whether the invoke path clears the cache of the function that keeps the connection."""
        keeper = made.keeper
        function = keeper.module.parent(keeper.node) if keeper is not None else None
        if not isinstance(function, cst.FunctionDef):
            return ""
        for module in self.reach.modules:
            for attribute in module.nodes(cst.Attribute):
                if attribute.attr.value in ("cache_clear", "cache") and last_name(attribute.value) == (
                    function.name.value
                ):
                    return "a cleared cache"
        return ""

    def _assignments(
        self, cells: set[_Cell]
    ) -> Iterator[tuple[PythonModule, cst.CSTNode, cst.BaseExpression | None]]:
        for cell in cells:
            if cell.module is not None:
                for binding in cell.module.names.module_scope.bindings.get(cell.name, ()):
                    if not binding.is_import:
                        yield cell.module, binding.target or binding.node, binding.value
                for target, item in Index.of(cell.module).items.get(cell.name, ()):
                    yield cell.module, target, item
        names = {cell.name for cell in cells}
        for module in self.reach.modules:
            for name, node, value in _attribute_assignments(module):
                if name in names:
                    yield module, node, value

    def _retried(self, uses: Sequence[Use]) -> str:
        for use in uses:
            for ancestor in use.module.ancestors(use.node):
                if not isinstance(ancestor, cst.FunctionDef):
                    continue
                for decorator in ancestor.decorators:
                    if _RETRYING.search(use.module.tree.code_for_node(decorator.decorator)):
                        return "a decorator that retries"
        return ""


def _kept_attributes(reach: Reach, phases: set[Phase]) -> frozenset[str]:
    """The names of attributes that code of some phases sets: on an object, a class or a module."""
    found: set[str] = set()
    for module in reach.modules:
        for name, node, value in _attribute_assignments(module):
            if not phases.isdisjoint(reach.phases(module, node)) and not _is_none(value):
                found.add(name)
        for scope in module.names.scopes:
            if scope.kind == "class" and Phase.INIT in reach.phases(module, scope.node):
                found.update(scope.bindings)
        if len(reach.modules) > 1:
            found.update(module.names.module_scope.bindings)
    return frozenset(found)


def _attribute_assignments(
    module: PythonModule,
) -> Iterator[tuple[str, cst.CSTNode, cst.BaseExpression | None]]:
    """`x.name = value`: the name, the statement's node and the value (None for a part of one)."""
    for assign in module.nodes(cst.Assign):
        for target in assign.targets:
            if isinstance(target.target, cst.Attribute):
                yield target.target.attr.value, assign, assign.value
            elif isinstance(target.target, cst.Tuple):
                for element in target.target.elements:
                    if isinstance(element.value, cst.Attribute):
                        yield element.value.attr.value, assign, None
    for annotated in module.nodes(cst.AnnAssign):
        if isinstance(annotated.target, cst.Attribute) and annotated.value is not None:
            yield annotated.target.attr.value, annotated, annotated.value


def _told_to_reconnect(call: cst.Call) -> bool | None:
    """What `ping(reconnect=…)` is told; None where it is told nothing."""
    for argument in call.args:
        if argument.star or (argument.keyword is not None and argument.keyword.value != "reconnect"):
            continue
        return not _is_empty(argument.value)
    return None


def _beginning(symbol: symbols.Symbol) -> str:
    if isinstance(symbol, symbols.Text):
        return _beginning(symbol.parts[0])
    if isinstance(symbol, symbols.EnvVar) and symbol.default is not None:
        return _beginning(symbol.default)
    return str(symbol.value) if isinstance(symbol, symbols.Literal) else ""


def _is_logging(call: cst.CSTNode | None) -> bool:
    return (
        isinstance(call, cst.Call)
        and isinstance(call.func, cst.Attribute)
        and call.func.attr.value in ("debug", "info", "warning", "error", "exception")
    )


def _is_collection(cell: _Cell) -> bool:
    """Whether a variable is a list or dict from the beginning."""
    scope = cell.module.names.module_scope if cell.module is not None else None
    bindings = scope.bindings.get(cell.name, ()) if scope is not None else ()
    return any(_is_container(binding.value) for binding in bindings)


def _is_container(expr: cst.BaseExpression | None) -> bool:
    return isinstance(expr, (cst.Dict, cst.List)) or (
        isinstance(expr, cst.Call) and last_name(expr.func) in ("dict", "list", "defaultdict", "OrderedDict")
    )


def _is_none(expr: cst.BaseExpression | None) -> bool:
    return isinstance(expr, cst.Name) and expr.value == "None"


def _is_empty(expr: cst.BaseExpression) -> bool:
    if isinstance(expr, (cst.Name, cst.Integer)):
        return expr.value in _EMPTY
    return isinstance(expr, cst.UnaryOperation) and isinstance(expr.operator, cst.Minus)
