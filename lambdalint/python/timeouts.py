"""How long calls over the network wait: for as long as they are told to, or as the library's default says.

Which calls there are, and what bounds them, is data/network_timeouts.toml. A wait counts only where all of it
is known: a timeout that comes from outside of the code, or arguments that cannot be read, are no proof.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python import symbols
from lambdalint.python.evaluate import Arguments
from lambdalint.python.names import dotted_name
from lambdalint.python.requests import is_near
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["NetworkWait", "Timed", "timed", "waits"]

_BOUNDS_SOCKETS = re.compile(r"\bsetdefaulttimeout\b")
# What ends a call from outside of it.
_ENDS_CALLS = re.compile(r"\bsignal\.(?:alarm|setitimer)\b|\bTimer\(")
_ENDING_DECORATOR = re.compile(r"time_?out|time_?limit|deadline", re.IGNORECASE)
# What bounds parts of a wait, by import path: the parameters by position, the one for all of it first, and
# those of which each bounds a wait that only it bounds.
_PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aiohttp.ClientTimeout": (("total",), ("sock_read",)),
    "httpx.Timeout": (("timeout",), ("connect", "read")),
    "urllib3.Timeout": (("total", "connect", "read"), ("read",)),
    "urllib3.util.Timeout": (("total", "connect", "read"), ("read",)),
    "urllib3.util.timeout.Timeout": (("total", "connect", "read"), ("read",)),
}
_PLAIN_ADAPTERS = frozenset({"requests.adapters.HTTPAdapter", "requests.sessions.HTTPAdapter"})
_PLAIN_SOCKETS = frozenset(
    {"socket.AF_INET", "socket.AF_INET6", "socket.AddressFamily.AF_INET", "socket.SOCK_STREAM"}
)


@dataclass(frozen=True)
class Timed:
    """A call that waits for somebody else; the fields are those of data/network_timeouts.toml."""

    what: str
    parameters: tuple[str, ...]
    default: float
    advice: str
    source: str
    position: int = -1
    limit: int = -1
    zero: bool = False
    maker: tuple[str, ...] = ()
    setters: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    socket: bool = False
    pair: bool = False
    stream: bool = False


@dataclass(frozen=True, eq=False)
class NetworkWait:
    """A call that waits, for how many seconds at most (infinite where nothing ends it), and what says so.

    `given` is the argument that does; None where the library's default holds. `node` is where the timeout
    belongs: the call, or what makes the object on which `uses` are called.
    """

    timed: Timed
    name: str
    module: PythonModule
    node: cst.Call
    seconds: float
    given: cst.BaseExpression | None
    uses: tuple[tuple[PythonModule, cst.Call], ...] = ()


@lru_cache(maxsize=1)
def timed() -> Mapping[str, Timed]:
    """The known calls by import path; methods as `requests.Session().get`."""
    rows: list[dict[str, Any]] = load("network_timeouts.toml")["call"]
    found: dict[str, Timed] = {}
    for row in rows:
        names = [
            *row.get("calls", ()),
            *(f"{on}().{it}" for on in row.get("on", ()) for it in row["methods"]),
        ]
        given: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in row.items()
            if key not in ("calls", "on", "methods", "default")
        }
        default = math.inf if row["default"] == "none" else float(row["default"])
        found.update(dict.fromkeys(names, Timed(default=default, **given)))
    return found


@lru_cache(maxsize=1)
def _libraries() -> frozenset[str]:
    return frozenset(_library(name) for name in timed())


@lru_cache(maxsize=1)
def _methods() -> frozenset[str]:
    return frozenset(name.rpartition(".")[2] for name in timed() if "()." in name)


def _library(name: str) -> str:
    return name.partition(".")[0]


def waits(
    evaluator: Evaluator, reach: Reach, more: Mapping[str, str], variables: Collection[str] = ()
) -> tuple[NetworkWait, ...]:
    """The calls of a reach of which is known how long they may wait: for ever, or for as long as code says.

    `more` are functions that wait for ever, by import path, with the parameter that bounds them; `variables`
    are the names of environment variables that are set.
    """
    modules = [module for module in reach.modules if _may_wait(module, more)]
    if not modules or any(module.mentions(_ENDS_CALLS) for module in reach.modules):
        return ()
    return tuple(_Waits(evaluator, reach, modules, more, variables).found())


def _may_wait(module: PythonModule, more: Mapping[str, str]) -> bool:
    roots = {_library(binding.imported or "") for binding in module.names.imports}
    return not roots.isdisjoint(_libraries()) or any(_library(name) in roots for name in more)


class _Waits:
    def __init__(
        self,
        evaluator: Evaluator,
        reach: Reach,
        modules: Sequence[PythonModule],
        more: Mapping[str, str],
        variables: Collection[str],
    ) -> None:
        self._evaluator = evaluator
        self._reach = reach
        self._modules = modules
        self._variables = variables
        own = {
            name: Timed("the other side", (parameter,), math.inf, f"{parameter}=10", "configuration")
            for name, parameter in more.items()
        }
        self._timed: Mapping[str, Timed] = {**timed(), **own}

    def found(self) -> Iterator[NetworkWait]:
        calls = [
            (module, node, *called)
            for module in self._modules
            for node in module.nodes(cst.Call)
            if (called := self._called(module, node)) is not None
            and self._reach.phase(module, node) is not None
        ]
        if not calls:
            return
        patched = self._patched()
        sockets = self._sockets_bounded()
        made: dict[int, list[NetworkWait]] = {}
        for module, node, name, call, maker, arguments in calls:
            if _library(name) in patched or (call.socket and sockets) or _is_ended(module, node):
                continue
            if is_near(self._evaluator, module, node) or (
                maker is not None and is_near(self._evaluator, maker.module, maker.node)
            ):
                continue
            if any(name in self._variables for name in call.variables):
                continue
            if call.variables and any(
                variable in each.source.text for each in self._reach.modules for variable in call.variables
            ):
                continue
            waiting = self._waiting(module, node, name, call, maker, arguments)
            if waiting is None:
                continue
            if call.maker:
                made.setdefault(id(waiting.node), []).append(waiting)
            else:
                yield waiting
        for group in made.values():
            first = group[0]
            uses = tuple(use for each in group for use in each.uses)
            yield NetworkWait(
                first.timed, first.name, first.module, first.node, first.seconds, first.given, uses
            )

    # Which call it is

    def _called(
        self, module: PythonModule, node: cst.Call
    ) -> tuple[str, Timed, symbols.Instance | None, Arguments | None] | None:
        """What a call calls: its name, its row, the object whose method it is, and the arguments where a
        `functools.partial` adds some."""
        func = node.func
        name = module.names.qualified(func)
        if name is not None and name in self._timed:
            return name, self._timed[name], None, None
        if isinstance(func, cst.Attribute) and func.attr.value in _methods():
            found = []
            for option in symbols.given(self._evaluator.value(module, func.value)):
                made = (
                    f"{option.qualified}().{func.attr.value}" if isinstance(option, symbols.Instance) else ""
                )
                if not isinstance(option, symbols.Instance) or option.origin or made not in self._timed:
                    return None
                found.append((made, self._timed[made], option, None))
            return found[0] if found and not self._is_customised(found) else None
        if isinstance(func, cst.Name) and "partial" in module.source.text:
            return self._partial(module, node)
        return None

    def _partial(
        self, module: PythonModule, node: cst.Call
    ) -> tuple[str, Timed, symbols.Instance | None, Arguments | None] | None:
        option = self._evaluator.value(module, node.func)
        if not isinstance(option, symbols.Partial) or not isinstance(option.function, symbols.External):
            return None
        name = option.function.qualified
        if name not in self._timed:
            return None
        bound = self._evaluator.arguments(option.module, option.call)
        now = self._evaluator.arguments(module, node)
        merged = Arguments(
            [*bound.positional[1:], *now.positional],
            {**bound.keywords, **now.keywords},
            bound.open or now.open,
        )
        return name, self._timed[name], None, merged

    # How long it waits

    def _waiting(
        self,
        module: PythonModule,
        node: cst.Call,
        name: str,
        call: Timed,
        maker: symbols.Instance | None,
        partial: Arguments | None,
    ) -> NetworkWait | None:
        arguments = partial or self._evaluator.arguments(module, node)
        if (
            arguments.open
            or 0 <= call.limit < len(arguments.positional)
            or not self._opens(call, arguments)
            or not self._is_plain_stream(call, maker)
        ):
            return None
        if any(arguments.get(-1, name) not in (None, symbols.NONE) for name in call.unless):
            return None
        value = arguments.get(call.position, *call.parameters) if call.parameters else None
        if value is not None:
            seconds = self._seconds(call, value)
            given = _argument(node, call) if partial is None else None
            uses = ((module, node),) if call.maker else ()
            return (
                NetworkWait(call, name, module, node, seconds, given or node.func, uses)
                if seconds is not None
                else None
            )
        if call.address and not self._is_open_address(call, arguments):
            return None
        if call.setters and self._is_set(module, node, call, maker):
            return None
        if call.maker and maker is not None:
            return self._by_maker(module, node, name, call, maker)
        return NetworkWait(call, name, module, node, call.default, None) if math.isinf(call.default) else None

    def _by_maker(
        self, module: PythonModule, node: cst.Call, name: str, call: Timed, maker: symbols.Instance
    ) -> NetworkWait | None:
        arguments = self._evaluator.arguments(maker.module, maker.node)
        if arguments.open:
            return None
        value = arguments.get(-1, *call.maker)
        # Pools of one host take the timeout by position, too.
        if value is None and len(arguments.positional) > 2:
            return None
        seconds = call.default if value is None else self._seconds(call, value)
        if seconds is None:
            return None
        given = _argument(maker.node, call) if value is not None else None
        return NetworkWait(call, name, maker.module, maker.node, seconds, given, ((module, node),))

    def _seconds(self, call: Timed, value: symbols.Symbol) -> float | None:
        """How long a timeout lets wait; None where that is not known, or not on every way."""
        found = {self._one(call, option) for option in symbols.alternatives(value)}
        if None in found or (math.inf in found and len(found) > 1):
            return None
        return min(each for each in found if each is not None)

    def _one(self, call: Timed, value: symbols.Symbol) -> float | None:
        if isinstance(value, symbols.Literal):
            if value.value is None:
                return math.inf
            if isinstance(value.value, bool) or not isinstance(value.value, (int, float)):
                return None
            if value.value == 0 and call.zero:
                return math.inf
            if call.parameters[0].endswith("MS"):
                return value.value / 1000
            return float(value.value) if value.value > 0 else None
        if isinstance(value, symbols.Display) and call.pair and isinstance(value.node, cst.Tuple):
            items = self._evaluator.items(value) or ()
            parts = [self._seconds(call, self._evaluator.value(value.module, item)) for _, item in items]
            return (
                max((part for part in parts if part is not None), default=None) if None not in parts else None
            )
        if isinstance(value, symbols.Instance) and value.origin is None and value.qualified in _PARTS:
            return self._of_parts(call, value)
        return None

    def _of_parts(self, call: Timed, made: symbols.Instance) -> float | None:
        positions, alone = _PARTS[made.qualified]
        arguments = self._evaluator.arguments(made.module, made.node)
        if arguments.open:
            return None
        total = arguments.get(0, positions[0])
        bounded = self._seconds(call, total) if total is not None else math.inf
        if bounded is None or not math.isinf(bounded):
            return bounded
        parts = [arguments.get(positions.index(name) if name in positions else -1, name) for name in alone]
        if total is None and made.qualified == "httpx.Timeout":
            return None  # must name all its parts
        lengths = [math.inf if part is None else self._seconds(call, part) for part in parts]
        return None if None in lengths else max(each for each in lengths if each is not None)

    def _opens(self, call: Timed, arguments: Arguments) -> bool:
        return not call.opening or arguments.get(0, *call.opening) not in (
            None,
            symbols.NONE,
            symbols.Literal(""),
        )

    def _is_plain_stream(self, call: Timed, maker: symbols.Instance | None) -> bool:
        if not call.stream or maker is None:
            return True
        arguments = self._evaluator.arguments(maker.module, maker.node)
        chosen = [arguments.get(0, "family"), arguments.get(1, "type")]
        return not arguments.open and all(
            each is None or (isinstance(each, symbols.External) and each.qualified in _PLAIN_SOCKETS)
            for each in chosen
        )

    def _is_open_address(self, call: Timed, arguments: Arguments) -> bool:
        """Whether a connection string, where there is one, is known not to hold the timeout."""
        value = arguments.get(0, *call.address)
        for option in symbols.alternatives(value) if value is not None else ():
            if isinstance(option, symbols.Literal):
                written = str(option.value)
            elif isinstance(option, symbols.Text):
                written = "".join(
                    str(part.value) for part in option.parts if isinstance(part, symbols.Literal)
                )
                if "host=" not in written and "@" not in written:
                    return False
            else:
                return False
            if any(name in written for name in call.parameters):
                return False
        return True

    # What bounds it from elsewhere

    def _is_customised(self, found: Sequence[tuple[str, Timed, symbols.Instance, None]]) -> bool:
        """Whether code changes how a session sends: mounts an adapter of its own, or sets a method of it."""
        objects = {id(option.node) for _, _, option, _ in found}
        for module in self._modules:
            for target, _ in _set_attributes(module):
                if target.attr.value in _methods() | {"timeout"} and self._is_of(
                    module, target.value, objects
                ):
                    return True
            for call in module.nodes(cst.Call) if ".mount" in module.source.text else ():
                func = call.func
                if (
                    isinstance(func, cst.Attribute)
                    and func.attr.value == "mount"
                    and self._is_of(module, func.value, objects)
                    and not self._mounts_plain(module, call)
                ):
                    return True
        return False

    def _mounts_plain(self, module: PythonModule, call: cst.Call) -> bool:
        adapter = self._evaluator.arguments(module, call).get(1, "adapter")
        return adapter is not None and all(
            isinstance(option, symbols.Instance) and option.qualified in _PLAIN_ADAPTERS
            for option in symbols.alternatives(adapter)
        )

    def _is_of(self, module: PythonModule, expr: cst.BaseExpression, objects: set[int]) -> bool:
        return any(
            isinstance(option, symbols.Instance) and id(option.root.node) in objects
            for option in symbols.alternatives(self._evaluator.value(module, expr))
        )

    def _is_set(
        self, module: PythonModule, node: cst.Call, call: Timed, maker: symbols.Instance | None
    ) -> bool:
        """Whether something sets the timeout of the object that a call makes, or whose method it is."""
        objects = {id(maker.node if maker is not None else node)}
        for each in self._modules:
            for other in each.nodes(cst.Call):
                func = other.func
                if isinstance(func, cst.Attribute) and func.attr.value in call.setters:
                    value = self._evaluator.value(each, func.value)
                    if isinstance(value, symbols.Unknown) or self._is_of(each, func.value, objects):
                        return True
            for target, _ in _set_attributes(each):
                if target.attr.value == "timeout" and self._is_of(each, target.value, objects):
                    return True
        return False

    def _patched(self) -> set[str]:
        """The libraries of which code sets something: a method of a class, for one."""
        found = set()
        for module in self._reach.modules:
            for target, _ in _set_attributes(module):
                name = module.names.qualified(target) or ""
                if _library(name) in _libraries() and "." in name:
                    found.add(_library(name))
        return found

    def _sockets_bounded(self) -> bool:
        for module in self._reach.modules:
            if not module.mentions(_BOUNDS_SOCKETS):
                continue
            for call in module.nodes(cst.Call):
                if (
                    last_name(call.func) == "setdefaulttimeout"
                    and self._reach.phase(module, call) is not None
                ):
                    return self._evaluator.arguments(module, call).get(0, "timeout") != symbols.NONE
        return False


def _set_attributes(module: PythonModule) -> Iterator[tuple[cst.Attribute, cst.CSTNode]]:
    for node in module.nodes(cst.AssignTarget):
        if isinstance(node.target, cst.Attribute):
            yield node.target, node


def _is_ended(module: PythonModule, node: cst.Call) -> bool:
    """Whether the function around a call, by a decorator, may run only so long."""
    function = module.enclosing_function(node)
    return isinstance(function, cst.FunctionDef) and any(
        _ENDING_DECORATOR.search(
            dotted_name(it.decorator.func if isinstance(it.decorator, cst.Call) else it.decorator) or ""
        )
        for it in function.decorators
    )


def _argument(node: cst.Call, call: Timed) -> cst.BaseExpression | None:
    """The expression that is passed as the timeout."""
    for argument in node.args:
        if argument.keyword is not None and argument.keyword.value in (*call.parameters, *call.maker):
            return argument.value
    if 0 <= call.position < len(node.args) and node.args[call.position].keyword is None:
        return node.args[call.position].value
    return None
