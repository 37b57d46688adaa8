"""What a call does to the world: nothing, a read, a write, or what cannot be told.

Logging, metrics and traces only watch; decoding and computing touch nothing outside. Of the application's own
functions, what they do counts as what their calls do.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import library
from lambdalint.python.calls import AwsCall, AwsCalls
from lambdalint.python.connections import factories
from lambdalint.python.control import ENDING_CALLS
from lambdalint.python.module import PythonModule
from lambdalint.python.symbols import (
    Class,
    Context,
    External,
    Function,
    Instance,
    Member,
    Object,
    Partial,
    Sdk,
    Symbol,
    alternatives,
)

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator

__all__ = ["Effect", "Effects", "Summary"]


class Effect(enum.IntEnum):
    """What a call does; the greater, the more there is to lose."""

    NONE = 0  # computes, decodes, logs
    CONFIGURE = 1  # reads a parameter or a secret, opens a connection
    READ = 2  # asks somebody else
    UNKNOWN = 3
    ACT = 4  # writes, sends or starts something


@dataclass(frozen=True)
class Summary:
    """What one of the application's functions does; `raises` says that it has a `raise` of its own, or ends
    the process."""

    effect: Effect = Effect.NONE
    raises: bool = False


_NOTHING = Summary()

# Libraries that watch, beside those of the flow analysis.
_WATCHERS = (
    "bugsnag.",
    "datadog.",
    "datadog_lambda.",
    "ddtrace.",
    "lumigo_tracer.",
    "newrelic.",
    "opentelemetry.",
    "rollbar.",
    "sentry_sdk.",
)
# Modules whose functions compute, or touch this very environment only.
_HARMLESS = (
    *library.HARMLESS_PREFIXES,
    *library.COMPUTING_PREFIXES,
    *library.VALIDATION_PREFIXES,
    *library.STRUCTURAL_PREFIXES,
    *_WATCHERS,
    "aws_lambda_powertools.",
    "ast.",
    "asyncio.",
    "base64.",
    "binascii.",
    "boto3.",
    "botocore.",
    "bz2.",
    "codecs.",
    "concurrent.futures.",
    "contextlib.",
    "copy.",
    "csv.",
    "dataclasses.",
    "enum.",
    "fnmatch.",
    "functools.",
    "gzip.",
    "inspect.",
    "io.",
    "ipaddress.",
    "json.",
    "mimetypes.",
    "numbers.",
    "orjson.",
    "os.",
    "pathlib.",
    "platform.",
    "shlex.",
    "shutil.",
    "simplejson.",
    "struct.",
    "sys.",
    "tempfile.",
    "threading.",
    "time.",
    "types.",
    "typing.",
    "ujson.",
    "xmltodict.",
    "yaml.",
    "zipfile.",
    "zlib.",
)
_RUNS_COMMANDS = ("os.popen", "os.system", "os.spawn", "os.exec", "asyncio.create_subprocess", "subprocess.")
_UNKNOWN_BUILTINS = frozenset({"builtins.eval", "builtins.exec", "builtins.__import__"})
_CLASS_NAME = re.compile(r"(?:^|\.)_*[A-Z]\w*$")

# Methods of strings, containers, dates, numbers, matches, loggers and files, whatever the receiver.
_EVERYDAY = frozenset(
    """
    add append appendleft as_posix as_string astimezone bind bit_length capitalize casefold center clear close
    copy count critical date debug decode dict difference digest discard encode endswith error exception
    exists expandtabs extend fatal find findall finditer flush format format_map fullmatch fromkeys
    get get_all getvalue getMessage group groupdict groups hex hexdigest index info insert intersection
    isalnum isalpha isdecimal isdigit isdisjoint isfile isidentifier islower isnumeric isoformat isspace
    issubset issuperset istitle isupper items join keys ljust log lower lstrip match model_dump
    model_dump_json most_common partition pop popitem popleft read readline readlines remove removeprefix
    removesuffix replace reverse rfind rindex rjust rollback rpartition rsplit rstrip search seek setLevel
    setdefault sort split splitlines startswith strftime strip strptime sub swapcase symmetric_difference
    tell timestamp timetuple title to_dict to_json toordinal total_seconds translate union update
    upper utctimetuple values warn warning weekday zfill run_until_complete addHandler addFilter
    cursor ping fetchone fetchall fetchmany
    """.split()
)
# Services through which code only says how it is doing.
_WATCHING_SERVICES = frozenset({"logs", "xray"})


class Effects:
    """What the calls of one reach do."""

    def __init__(self, evaluator: Evaluator, calls: AwsCalls) -> None:
        self._evaluator = evaluator
        self._sdk: dict[int, list[AwsCall]] = {}
        for call in calls:
            self._sdk.setdefault(id(call.node), []).append(call)
        self._unresolved = {id(call.node) for call in calls.unresolved}
        self._calls: dict[int, Effect] = {}
        self._functions: dict[int, Summary] = {}
        self._active: set[int] = set()

    def of(self, module: PythonModule, call: cst.Call) -> Effect:
        """What a call does."""
        found = self._calls.get(id(call))
        if found is None:
            found = self._calls[id(call)] = self._of(module, call)
        return found

    def within(self, module: PythonModule, node: cst.CSTNode) -> Iterator[tuple[cst.Call, Effect]]:
        """The calls in a piece of one function, in the order of the source, with what they do."""
        for inner in module.acts(node):
            if inner.__class__ is cst.Call:
                yield inner, self.of(module, inner)

    def total(self, module: PythonModule, node: cst.CSTNode) -> Effect:
        """The greatest effect of the calls in a piece of one function."""
        return max((effect for _, effect in self.within(module, node)), default=Effect.NONE)

    def aws(self, call: cst.Call) -> tuple[AwsCall, ...]:
        """The AWS calls that a call makes."""
        return tuple(self._sdk.get(id(call), ()))

    def functions(self, module: PythonModule, call: cst.Call) -> tuple[Function, ...]:
        """The functions of the application that a call may run itself; () unless all that it may run are."""
        found: list[Function] = []
        for option in alternatives(self._evaluator.value(module, call.func)):
            function = self._function(option)
            if function is None:
                return ()
            found.append(function)
        return tuple(found)

    def summary(self, function: Function) -> Summary:
        """What a function does when it is called."""
        key = id(function.node)
        found = self._functions.get(key)
        if found is not None:
            return found
        if key in self._active:
            return _NOTHING  # recursion adds nothing
        self._active.add(key)
        try:
            found = self._summarise(function)
        finally:
            self._active.discard(key)
        self._functions[key] = found
        return found

    def raises(self, module: PythonModule, node: cst.CSTNode) -> bool:
        """Whether something in a piece of a function raises or ends the process: a statement, or a function
        of the application that has one."""
        for inner in module.acts(node):
            if isinstance(inner, cst.Raise):
                return True
            if module.names.qualified(inner.func) in ENDING_CALLS or any(
                self.summary(function).raises for function in self.functions(module, inner)
            ):
                return True
        return False

    # One call

    def _of(self, module: PythonModule, call: cst.Call) -> Effect:
        known = self._sdk.get(id(call))
        if known:
            return max(_of_aws(each) for each in known)
        if id(call) in self._unresolved:
            return Effect.UNKNOWN
        func = call.func
        symbol = self._evaluator.value(module, func)
        name = func.attr.value if isinstance(func, cst.Attribute) else ""
        return max(self._of_symbol(option, name) for option in alternatives(symbol))

    def _of_symbol(self, symbol: Symbol, name: str) -> Effect:
        function = self._function(symbol)
        if function is not None:
            return self.summary(function).effect
        if isinstance(symbol, External):
            return _of_external(symbol.qualified)
        if isinstance(symbol, Class):
            return Effect.NONE  # without a constructor of its own
        if isinstance(symbol, Member):
            return self._of_member(symbol.base, symbol.name)
        return Effect.NONE if name in _EVERYDAY else Effect.UNKNOWN

    def _of_member(self, base: Symbol, name: str) -> Effect:
        if isinstance(base, (Sdk, Context)):
            return Effect.NONE
        if isinstance(base, Instance):
            root = base.root.qualified
            if root.startswith(library.HTTP_SESSIONS):
                return _of_http(name)
            if name in _EVERYDAY or root.startswith(_HARMLESS):
                return Effect.NONE
            return Effect.UNKNOWN
        return Effect.NONE if name in _EVERYDAY else Effect.UNKNOWN

    def _function(self, symbol: Symbol) -> Function | None:
        if isinstance(symbol, Function):
            return symbol
        if isinstance(symbol, Partial):
            return self._function(symbol.function)
        if isinstance(symbol, Class):
            return self._evaluator.method(symbol, "__init__")
        if isinstance(symbol, Object):
            return self._evaluator.method(symbol.cls, "__call__")
        return None

    def _summarise(self, function: Function) -> Summary:
        module, node = function.module, function.node
        return Summary(self.total(module, node.body), self.raises(module, node.body))


def _of_aws(call: AwsCall) -> Effect:
    if call.service in _WATCHING_SERVICES:
        return Effect.NONE
    if call.api in library.CONFIGURATION:
        return Effect.CONFIGURE
    if call.interface == "waiter":
        return Effect.READ
    words = call.operation.split("_")
    for verb in ("_".join(words[:2]), words[0]):
        if verb in library.READ_VERBS:
            return Effect.READ
        if verb in library.SINK_VERBS:
            return Effect.ACT
    return Effect.NONE if call.interface == "presign" else Effect.ACT


def _of_external(qualified: str) -> Effect:
    if qualified.startswith(_RUNS_COMMANDS):
        return Effect.ACT
    if qualified.startswith("builtins."):
        return Effect.UNKNOWN if qualified in _UNKNOWN_BUILTINS else Effect.NONE
    module, _, name = qualified.rpartition(".")
    if module in library.HTTP_MODULES:
        return _of_http(name)
    if qualified in factories():
        return Effect.CONFIGURE
    if qualified in library.CODERS or qualified in library.GENERATORS or qualified.startswith(_HARMLESS):
        return Effect.NONE
    # To make an object does nothing, as a rule.
    return Effect.NONE if _CLASS_NAME.search(qualified) else Effect.UNKNOWN


def _of_http(method: str) -> Effect:
    if method in library.HTTP_READS:
        return Effect.READ
    return Effect.ACT if method in library.HTTP_SENDS or method == "request" else Effect.NONE
