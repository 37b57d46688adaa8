"""Where code reads secrets and configuration from a store, and how long it keeps them.

Which calls there are, and which of them keep the value with an age by themselves, is data/secret_reads.toml.
Decrypting an environment variable with KMS reads no store, and is none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python import symbols
from lambdalint.python.lifetimes import Life, Made
from lambdalint.python.module import PythonModule
from lambdalint.python.varying import Varies, varies

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall, AwsCalls
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.lifetimes import Lifetimes
    from lambdalint.python.reach import Reach

# Parameters that AWS publishes: of machine images, regions and the like.
_PUBLIC = "/aws/service/"
# Parameter Store's own way of reading a secret.
_REFERENCE = "/aws/reference/secretsmanager/"
_LOCAL = ("localhost", "127.0.0.1")
_PORTS = ("2772", "2773", "SECRETS_EXTENSION_HTTP_PORT")
# What can be asked over HTTP, by the last parts of the callable's name.
_GETTERS = frozenset({"get", "request", "urlopen", "Request", "urlretrieve"})
_WRITES = frozenset(
    {
        "secretsmanager.put_secret_value",
        "secretsmanager.update_secret",
        "ssm.put_parameter",
    }
)


@dataclass(frozen=True)
class Reader:
    """A call that reads a store; the fields are those of data/secret_reads.toml."""

    store: str
    kind: str
    source: str
    decrypts: str = ""
    caches: bool = False
    age: str = ""
    fresh: str = ""
    by_object: bool = False
    lists: bool = False


CUSTOM = Reader("its store", "secret", "configuration")
"""What a user names as a reader of secrets."""


@dataclass(frozen=True, eq=False)
class SecretRead:
    """One call that reads a secret or a piece of configuration.

    `is_secret`: what it reads is secret, or decrypted. `name` is what it asks for, None where the call names
    nothing. `caches`: the call keeps the value by itself, with an age.
    """

    reader: Reader
    module: PythonModule
    call: cst.Call
    made: Made
    is_secret: bool
    name: symbols.Symbol | None
    caches: bool

    @property
    def what(self) -> str:
        """What a message calls it."""
        if self.is_secret:
            return "secret"
        return "parameter" if self.reader.kind == "parameter" else "configuration"

    def may_read_the_same(self, other: SecretRead) -> bool:
        """Whether two reads may be of one secret."""
        if self.reader.store != other.reader.store and CUSTOM not in (self.reader, other.reader):
            return False
        if self.name is None or other.name is None:
            return True
        return _may_be_equal(self.name, other.name)


def _may_be_equal(one: symbols.Symbol, other: symbols.Symbol) -> bool:
    """Whether two names may be the same: not where both are certain, or begin in different ways."""
    if one == other:
        return True
    if _is_certain(one) and _is_certain(other):
        return False
    first, second = _beginning(one), _beginning(other)
    return not first or not second or first.startswith(second) or second.startswith(first)


def _is_certain(symbol: symbols.Symbol) -> bool:
    return isinstance(symbol, (symbols.Literal, symbols.EnvVar))


@lru_cache(maxsize=1)
def readers() -> Mapping[str, Reader]:
    """The known readers, by operation, callable or path."""
    rows: list[dict[str, Any]] = load("secret_reads.toml")["read"]
    found: dict[str, Reader] = {}
    for row in rows:
        reader = Reader(
            row["store"],
            row["kind"],
            row["source"],
            row.get("decrypts", ""),
            row.get("caches", False),
            row.get("age", ""),
            row.get("fresh", ""),
            row.get("by_object", False),
            row.get("lists", False),
        )
        names = [*row.get("operations", ()), *row.get("calls", ()), *row.get("endpoints", ())]
        found.update(dict.fromkeys(names, reader))
    return found


@lru_cache(maxsize=1)
def _roots() -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in readers() if "()" in name or "_" in name) - {""}


def secret_reads(
    evaluator: Evaluator, reach: Reach, calls: AwsCalls, lifetimes: Lifetimes, more: Sequence[str] = ()
) -> tuple[SecretRead, ...]:
    """The reads of secrets and configuration within a reach. `more` are callables that read secrets too, by
    import path."""
    found = [
        *_of_sdk(evaluator, calls, lifetimes),
        *_of_libraries(evaluator, reach, lifetimes, more),
    ]
    return tuple(found)


def is_written(read: SecretRead, evaluator: Evaluator, calls: AwsCalls) -> bool:
    """Whether code may write what a read reads: then it is state, which must be read anew."""
    service = {"Secrets Manager": "secretsmanager", "Parameter Store": "ssm"}.get(read.reader.store, "")
    for call in calls:
        if call.api not in _WRITES or call.service != service:
            continue
        name = call.target.symbol
        if name is None or read.name is None or _may_be_equal(name, read.name):
            return True
    return False


# The SDK


def _of_sdk(evaluator: Evaluator, calls: AwsCalls, lifetimes: Lifetimes) -> Iterator[SecretRead]:
    by_node: dict[int, list[AwsCall]] = {}
    for call in calls:
        if call.api in readers() and call.interface != "powertools":
            by_node.setdefault(id(call.node), []).append(call)
    for found in by_node.values():
        call = found[0]
        reader = readers()[call.api]
        name = _asked(found)
        if _beginning(name).startswith(_PUBLIC):
            continue
        is_secret = reader.kind == "secret" or _beginning(name).startswith(_REFERENCE)
        is_secret |= _is_true(evaluator, call, reader.decrypts)
        made = lifetimes.of(call.module, call.node)
        yield SecretRead(reader, call.module, call.node, made, is_secret, name, caches=False)


def _asked(calls: list[AwsCall]) -> symbols.Symbol | None:
    """What the calls at one place ask for, together."""
    if all(call.target.kind == "none" for call in calls):
        return None
    return symbols.choice([call.target.symbol or symbols.Unknown("target") for call in calls])


def _is_true(evaluator: Evaluator, call: AwsCall, argument: str) -> bool:
    found = call.arguments.get(argument) if argument else None
    return found is not None and evaluator.value(*found) == symbols.Literal(True)


# Libraries and extensions


def _of_libraries(
    evaluator: Evaluator, reach: Reach, lifetimes: Lifetimes, more: Sequence[str]
) -> Iterator[SecretRead]:
    roots = _roots() | {name.partition(".")[0] for name in more}
    for module in reach.modules:
        text = module.source.text
        by_library = any(root in text for root in roots)
        by_extension = any(port in text for port in _PORTS)
        if not by_library and not by_extension:
            continue
        for call in module.nodes(cst.Call):
            func = call.func
            if not isinstance(func, (cst.Name, cst.Attribute)):
                continue
            if by_library:
                yield from _of_library(evaluator, lifetimes, module, call, more)
            if by_extension and (func.value if isinstance(func, cst.Name) else func.attr.value) in _GETTERS:
                yield from _of_extension(evaluator, lifetimes, module, call)


def _of_library(
    evaluator: Evaluator, lifetimes: Lifetimes, module: PythonModule, call: cst.Call, more: Sequence[str]
) -> Iterator[SecretRead]:
    for option in symbols.alternatives(evaluator.value(module, call.func)):
        name = _called(option)
        reader = readers().get(name) or (CUSTOM if name in more else None)
        if reader is None or "." not in name:
            continue
        arguments = evaluator.arguments(module, call)
        made = lifetimes.of(module, call)
        if not made.init and made.life is None:
            return
        decrypted = arguments.get(-1, reader.decrypts) == symbols.Literal(True) if reader.decrypts else False
        asked = arguments.get(0, "name", "path", "secret_id", "parameters")
        if asked is not None and _beginning(asked).startswith(_PUBLIC):
            return
        caches = reader.caches and not _is_fresh(reader, arguments)
        if caches and reader.by_object and not _is_kept(option, lifetimes):
            caches = False
        is_secret = reader.kind == "secret" or decrypted
        yield SecretRead(reader, module, call, made, is_secret, asked, caches)
        return


def _called(symbol: symbols.Symbol) -> str:
    if isinstance(symbol, symbols.External):
        return symbol.qualified
    if isinstance(symbol, symbols.Member) and isinstance(symbol.base, symbols.Instance):
        return f"{symbol.base.qualified}().{symbol.name}"
    return ""


def _is_fresh(reader: Reader, arguments: Any) -> bool:
    if reader.fresh and arguments.get(-1, reader.fresh) == symbols.Literal(True):
        return True
    return bool(reader.age) and arguments.get(-1, reader.age) == symbols.Literal(0)


def _is_kept(symbol: symbols.Symbol, lifetimes: Lifetimes) -> bool:
    """Whether the object that keeps the values is there for more than one invocation."""
    base = symbol.base if isinstance(symbol, symbols.Member) else None
    if not isinstance(base, symbols.Instance):
        return True
    return lifetimes.of(base.module, base.node).life is not Life.INVOCATION


def _of_extension(
    evaluator: Evaluator, lifetimes: Lifetimes, module: PythonModule, call: cst.Call
) -> Iterator[SecretRead]:
    for argument in call.args:
        for option in symbols.alternatives(evaluator.value(module, argument.value)):
            url = _known_parts(option)
            if not any(host in url for host in _LOCAL):
                continue
            for path, reader in readers().items():
                if path.startswith("/") and path in url:
                    made = lifetimes.of(module, call)
                    is_secret = reader.kind == "secret" or f"{reader.decrypts}=true" in url
                    if made.init or made.life is not None:
                        yield SecretRead(reader, module, call, made, is_secret, None, caches=True)
                    return


def _known_parts(symbol: symbols.Symbol) -> str:
    if isinstance(symbol, symbols.Literal):
        return str(symbol.value)
    if isinstance(symbol, symbols.Text):
        return "".join(_known_parts(part) for part in symbol.parts)
    return ""


def _beginning(symbol: symbols.Symbol | None) -> str:
    if isinstance(symbol, symbols.Text):
        return _beginning(symbol.parts[0])
    return str(symbol.value) if isinstance(symbol, symbols.Literal) else ""


def is_the_same_each_time(evaluator: Evaluator, read: SecretRead) -> bool:
    """Whether each invocation asks for the same: its name comes from constants and the environment, and it is
    no listing of plain parameters, which may be data."""
    if read.reader.lists and not read.is_secret:
        return False
    return read.name is None or varies(evaluator, read.name) is Varies.NO
