"""Connections that are opened at init and used on invocations, and what makes one good again in between.

Between invocations Lambda freezes the execution environment; servers, proxies and NAT gateways drop what is
idle meanwhile. Which factories there are, and what reconnects by itself, is data/connection_factories.toml.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.names import Binding
from lambdalint.python.reach import Phase

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

_DATA = Path(__file__).parent.parent / "data" / "connection_factories.toml"

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


@dataclass(frozen=True, eq=False)
class Use:
    """A place on the invoke path that reads a connection."""

    module: PythonModule
    node: cst.BaseExpression


@dataclass(frozen=True, eq=False)
class Connection:
    """A connection that is opened at init and that the invoke path uses.

    `call` opens it (or makes the engine or pool). `guarded` says what re-establishes it; empty where nothing
    does. `uses` begin with the most telling one.
    """

    factory: Factory
    name: str
    module: PythonModule
    call: cst.Call
    uses: tuple[Use, ...]
    guarded: str = ""


@lru_cache(maxsize=1)
def factories() -> Mapping[str, Factory]:
    """The known factories by import path."""
    with _DATA.open("rb") as stream:
        rows: list[dict[str, Any]] = tomllib.load(stream)["factory"]
    found: dict[str, Factory] = {}
    for row in rows:
        found.update(dict.fromkeys(row["calls"], _factory(row)))
    return found


@lru_cache(maxsize=1)
def _libraries() -> frozenset[str]:
    """The packages whose factories hand out what does not reconnect."""
    return frozenset(
        name.partition(".")[0] for name, factory in factories().items() if not factory.reconnects
    )


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
    )


def connections(evaluator: Evaluator, reach: Reach) -> tuple[Connection, ...]:
    """The connections of a reach that init opens and the invoke path uses, in the order of the source."""
    calls = list(_factory_calls(reach))
    if not calls:
        return ()
    attributes = _attributes_set_at_init(reach)
    analyses = (_Analysis(evaluator, reach, attributes, *call) for call in calls)
    return tuple(found for analysis in analyses if (found := analysis.connection()) is not None)


def _factory_calls(reach: Reach) -> Iterator[tuple[PythonModule, cst.Call, str, Factory]]:
    known = factories()
    for module in reach.modules:
        if not any(
            (binding.imported or "").partition(".")[0] in _libraries() for binding in module.names.imports
        ):
            continue
        for call in module.nodes(cst.Call):
            name = module.names.qualified(call.func)
            factory = known.get(name) if name is not None else None
            if name is not None and factory is not None and not factory.reconnects:
                yield module, call, name, factory


@dataclass(frozen=True)
class _Cell:
    """What keeps a connection from init on: a module's variable, or (with `module` None) an attribute."""

    module: PythonModule | None
    name: str


class _Analysis:
    """What becomes of the connection that one call opens."""

    def __init__(
        self,
        evaluator: Evaluator,
        reach: Reach,
        attributes: frozenset[str],
        module: PythonModule,
        call: cst.Call,
        name: str,
        factory: Factory,
    ) -> None:
        self.attributes = attributes
        self.evaluator = evaluator
        self.reach = reach
        self.module = module
        self.call = call
        self.name = name
        self.factory = factory

    def connection(self) -> Connection | None:
        """The connection, if init opens it and the invoke path uses it."""
        if Phase.INIT not in self.reach.phases(self.module, self.call):
            return None
        reads = list(self._reads())
        uses = [use for use, _ in reads if self._is_use(use)]
        if not uses or not self._is_open(reads):
            return None
        uses.sort(key=lambda use: isinstance(use.module.parent(use.node), cst.Return))
        cells = {cell for _, cell in reads}
        guarded = self._safe_arguments() or self._guard(cells) or self._retried(uses)
        return Connection(self.factory, self.name, self.module, self.call, tuple(uses), guarded)

    # -- where it is read -----------------------------------------------------------------------------------

    def _reads(self) -> Iterator[tuple[Use, _Cell]]:
        """Each read of something that keeps the connection (or a cursor, a session … of it) from init on."""
        for module in self.reach.modules:
            for name in module.nodes(cst.Name):
                cell = next(self._cells_of_name(module, name), None)
                if cell is not None and self._holds(module, name):
                    yield Use(module, name), cell
            for attribute in module.nodes(cst.Attribute):
                kept = attribute.attr.value in self.attributes
                if kept and self._holds(module, attribute):
                    yield Use(module, attribute), _Cell(None, attribute.attr.value)

    def _cells_of_name(self, module: PythonModule, name: cst.Name) -> Iterator[_Cell]:
        for binding in module.names.lookup(name):
            if binding.is_import:
                found = self.evaluator.program.bound(module, binding)
                if (
                    found is not None
                    and found.binding is not None
                    and self._set_at_init(found.module, found.binding)
                ):
                    yield _Cell(found.module, found.binding.name)
            elif binding.scope is module.names.module_scope:
                if self._set_at_init(module, binding):
                    yield _Cell(module, binding.name)
            elif isinstance(binding.node, cst.Param):
                default = binding.node.default
                if default is not None and self._holds(module, default):
                    yield _Cell(module, binding.name)

    def _set_at_init(self, module: PythonModule, binding: Binding) -> bool:
        bindings = module.names.module_scope.bindings.get(binding.name, ())
        return any(
            Phase.INIT in self.reach.phases(module, one.target or one.node) and not _is_none(one.value)
            for one in bindings
            if not one.is_import
        )

    def _holds(self, module: PythonModule, expr: cst.BaseExpression) -> bool:
        return any(
            self._is_ours(option) for option in symbols.alternatives(self.evaluator.value(module, expr))
        )

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

    # -- whether init opens it ------------------------------------------------------------------------------

    def _is_open(self, reads: Sequence[tuple[Use, _Cell]]) -> bool:
        if self._is_local():
            return False
        if self.factory.pool or self.factory.opens == "always":
            return True
        if self.factory.opens == "argument" and self._has_opening_argument():
            return True
        return any(
            Phase.INIT in self.reach.phases(module, call)
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

    def _is_local(self) -> bool:
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
            if Phase.INVOKE not in self.reach.phases(module, call):
                continue
            told = _told_to_reconnect(call)
            if method in self.factory.reopens and told is not False:
                return f"{method}()"
            if method in self.factory.reopens_when_told and told:
                return f"{method}()"
        return self._reassigned(cells)

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
        reset = False
        for module, node, value in self._assignments(cells):
            if Phase.INVOKE not in self.reach.phases(module, node):
                continue
            if _is_none(value):
                reset = True
            else:
                connecting.append((module, node))
        names = {cell.name for cell in cells}
        if any(reset or self._is_effective(module, node, names) for module, node in connecting):
            return "a new connection"
        return ""

    def _assignments(
        self, cells: set[_Cell]
    ) -> Iterator[tuple[PythonModule, cst.CSTNode, cst.BaseExpression | None]]:
        for cell in cells:
            if cell.module is not None:
                for binding in cell.module.names.module_scope.bindings.get(cell.name, ()):
                    if not binding.is_import:
                        yield cell.module, binding.target or binding.node, binding.value
        names = {cell.name for cell in cells}
        for module in self.reach.modules:
            for name, node, value in _attribute_assignments(module):
                if name in names:
                    yield module, node, value

    def _is_effective(self, module: PythonModule, node: cst.CSTNode, names: set[str], depth: int = 0) -> bool:
        """Whether a connection is made anew where the old one may have died: in an `except`, behind a test
        that asks for more than whether there is one, or on every invocation."""
        if any(isinstance(ancestor, cst.ExceptHandler) for ancestor in _within_function(module, node)):
            return True
        tests = list(_tests_before(module, node))
        if tests:
            return not all(_asks_for_none(test, names) for test in tests)
        function = module.enclosing_function(node)
        if function is None:
            return False
        if depth > 2 or self.reach.is_entry(module, function):
            return True
        sites = [
            (caller, call)
            for caller, call in self.reach.call_sites(module, function)
            if Phase.INVOKE in self.reach.phases(caller, call)
        ]
        return not sites or any(self._is_effective(caller, call, names, depth + 1) for caller, call in sites)

    def _retried(self, uses: Sequence[Use]) -> str:
        for use in uses:
            for ancestor in use.module.ancestors(use.node):
                if not isinstance(ancestor, cst.FunctionDef):
                    continue
                for decorator in ancestor.decorators:
                    if _RETRYING.search(use.module.tree.code_for_node(decorator.decorator)):
                        return "a decorator that retries"
        return ""


def _attributes_set_at_init(reach: Reach) -> frozenset[str]:
    """The names of attributes that code of the init phase sets: on an object, a class or a module."""
    found: set[str] = set()
    for module in reach.modules:
        for name, node, value in _attribute_assignments(module):
            if Phase.INIT in reach.phases(module, node) and not _is_none(value):
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


def _within_function(module: PythonModule, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (cst.FunctionDef, cst.Lambda, cst.Module)):
            return
        yield ancestor


def _tests_before(module: PythonModule, node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The tests that decide whether a node is come to: of branches around it, and of those before it that
    leave the function."""
    below = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (cst.If, cst.While, cst.IfExp)) and below is not ancestor.test:
            yield ancestor.test
        elif isinstance(ancestor, cst.IndentedBlock):
            for statement in ancestor.body:
                if statement is below:
                    break
                if isinstance(statement, cst.If) and _leaves(statement.body):
                    yield statement.test
        if isinstance(ancestor, (cst.FunctionDef, cst.Lambda)):
            return
        below = ancestor


def _leaves(body: cst.BaseSuite) -> bool:
    last = body.body[-1] if body.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, (cst.Return, cst.Raise))


def _asks_for_none(test: cst.BaseExpression, names: set[str]) -> bool:
    """Whether a test asks only whether there is a connection: `not conn`, `conn is None`, `if conn`."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return _asks_for_none(test.expression, names)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        return _is_none(test.comparisons[0].comparator) and _last_name(test.left) in names
    if isinstance(test, cst.Call) and isinstance(test.func, cst.Name) and test.func.value == "hasattr":
        return True
    return _last_name(test) in names


def _last_name(expr: cst.BaseExpression) -> str:
    if isinstance(expr, cst.Attribute):
        return expr.attr.value
    return expr.value if isinstance(expr, cst.Name) else ""


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


def _is_none(expr: cst.BaseExpression | None) -> bool:
    return isinstance(expr, cst.Name) and expr.value == "None"


def _is_empty(expr: cst.BaseExpression) -> bool:
    if isinstance(expr, (cst.Name, cst.Integer)):
        return expr.value in _EMPTY
    return isinstance(expr, cst.UnaryOperation) and isinstance(expr.operator, cst.Minus)
