"""What an expression comes to: the vocabulary of the evaluator.

Symbols are values: equal ones compare equal, and they hold syntax nodes only where identity matters (the call
that makes a client). Whatever cannot be told is Unknown with a reason short enough to be counted.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import libcst as cst

from lambdalint.python.module import PythonModule


class Credentials(enum.Enum):
    """With whose permissions an SDK call is made."""

    OWN = "own"  # the function's own role
    OTHER = "other"  # an assumed role, keys from elsewhere, another profile
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Unknown:
    """Not to be told from the source. `detail` names what it was about."""

    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Literal:
    """A constant."""

    value: str | int | float | complex | bool | bytes | None


@dataclass(frozen=True)
class EnvVar:
    """An environment variable. `required` if reading it raises where it is not set (`os.environ["X"]`)."""

    name: str
    default: Symbol | None = None
    required: bool = True


@dataclass(frozen=True)
class Text:
    """A string of which some parts are symbols; neighbouring literals are merged."""

    parts: tuple[Symbol, ...]


@dataclass(frozen=True)
class Parameter:
    """A parameter that nothing within reach passes an argument for."""

    function: cst.FunctionDef | cst.Lambda = field(repr=False)
    name: str


@dataclass(frozen=True)
class FromEvent:
    """A part of the handler's event. In `path`, a string is a key, ".x" an attribute (of a data class laid
    over the event), an integer an index and None any item. `steps` are the decodings on the way: "json",
    "base64", "urldecode", "str"."""

    path: tuple[str | int | None, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """The handler's context object."""


@dataclass(frozen=True)
class External:
    """A name of a library, by its import path: a module, a function or a class."""

    qualified: str


@dataclass(frozen=True)
class LocalModule:
    """A module of the application, or (with `module` None) a package folder without `__init__`."""

    dotted: str
    module: PythonModule | None


@dataclass(frozen=True)
class Function:
    """A function of the application; `bound` is what its first parameter gets (an object, a class)."""

    module: PythonModule = field(repr=False)
    node: cst.FunctionDef | cst.Lambda = field(repr=False)
    bound: Symbol | None = None


@dataclass(frozen=True)
class Class:
    """A class of the application."""

    module: PythonModule = field(repr=False)
    node: cst.ClassDef = field(repr=False)


@dataclass(frozen=True)
class Object:
    """An instance of one of the application's classes; `call` made it, None where it is `self`."""

    cls: Class
    module: PythonModule | None = field(default=None, repr=False)
    call: cst.Call | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Instance:
    """What calling a library's function or class gave: `qualified` names the callable, `node` is the call.

    What its methods return is an Instance too, by the name `pymysql.connect().cursor`, with `origin` the
    object it came from. `root` is the first of the chain.
    """

    qualified: str
    module: PythonModule = field(repr=False)
    node: cst.Call = field(repr=False)
    origin: Instance | None = None

    @property
    def root(self) -> Instance:
        """The object that the chain of method calls began with."""
        found = self
        while found.origin is not None:
            found = found.origin
        return found


@dataclass(frozen=True)
class Partial:
    """`functools.partial(function, …)`."""

    function: Symbol
    module: PythonModule = field(repr=False)
    call: cst.Call = field(repr=False)


@dataclass(frozen=True)
class Member:
    """An attribute of a symbol that is not resolved further: mostly a method about to be called."""

    base: Symbol
    name: str


@dataclass(frozen=True)
class Display:
    """A list, tuple, set or dict written out, or a `dict(…)` call; read its items through the evaluator."""

    module: PythonModule = field(repr=False)
    node: cst.Dict | cst.List | cst.Tuple | cst.Set | cst.Call = field(repr=False)
    frame: object = field(default=None, repr=False)


@dataclass(frozen=True)
class Sdk:
    """An object of the AWS SDK.

    kind: "session", "client", "resource", "object" (a resource object: `type` is its boto3 type, such as
    "Table"), "collection" (`type` names it: "Bucket.objects"), "paginator" (`type` is the operation),
    "waiter" (`type` is its name), "batch_writer", "meta". `identifiers` name the resource of an object, by
    boto3's identifier names. `module` and `node` are where the client, resource or session is made; they are
    None where only an annotation says what it is.
    """

    kind: str
    service: str = ""
    type: str = ""
    identifiers: tuple[tuple[str, Symbol], ...] = ()
    credentials: Credentials = Credentials.OWN
    module: PythonModule | None = field(default=None, repr=False)
    node: cst.Call | None = field(default=None, repr=False)

    def identifier(self, name: str) -> Symbol | None:
        """The value of one identifier."""
        return dict(self.identifiers).get(name)


@dataclass(frozen=True)
class Response:
    """What an SDK call returned, or the part of it at `path`."""

    service: str
    operation: str
    module: PythonModule = field(repr=False)
    node: cst.Call = field(repr=False)
    path: tuple[str | int | None, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One of several, by the way that the code took or the place it was called from."""

    options: tuple[Symbol, ...]


Symbol: TypeAlias = (
    Unknown
    | Literal
    | EnvVar
    | Text
    | Parameter
    | FromEvent
    | Context
    | External
    | LocalModule
    | Function
    | Class
    | Object
    | Instance
    | Partial
    | Member
    | Display
    | Sdk
    | Response
    | Choice
)

# Beyond this many, a set of alternatives says nothing about any one of them.
MAX_OPTIONS = 12

CYCLE = Unknown("cycle")
"""A value that depends on itself: it adds nothing to the other ways of getting it."""

NONE = Literal(None)


def choice(symbols: list[Symbol] | tuple[Symbol, ...]) -> Symbol:
    """The symbols as one: flattened, without duplicates and cycles; Unknown where there are too many."""
    if len(symbols) == 1:
        return symbols[0]
    options: dict[Symbol, None] = {}
    for symbol in symbols:
        for option in alternatives(symbol):
            if option is not CYCLE:
                options[option] = None
    if not options:
        return CYCLE if symbols else Unknown("no value")
    if len(options) > MAX_OPTIONS:
        return Unknown("too many values")
    found = tuple(options)
    return found[0] if len(found) == 1 else Choice(found)


def alternatives(symbol: Symbol) -> tuple[Symbol, ...]:
    """What the symbol can be: its options, else itself."""
    return symbol.options if isinstance(symbol, Choice) else (symbol,)


def given(symbol: Symbol) -> tuple[Symbol, ...]:
    """The alternatives other than None: what a receiver can be where the call works at all."""
    if not isinstance(symbol, Choice):
        return (symbol,)
    return tuple(option for option in symbol.options if option != NONE) or symbol.options


def each(symbol: Symbol, change: Callable[[Symbol], Symbol]) -> Symbol:
    """Applies `change` to every alternative."""
    if isinstance(symbol, Choice):
        return choice([change(option) for option in symbol.options])
    return change(symbol)


def laid_over(symbol: Symbol) -> FromEvent | None:
    """The part of the event that an attribute of a data class over it stands for: `record.s3.bucket` of
    Powertools; None for what is no such attribute. A part of the event stands for itself."""
    names: list[str] = []
    while isinstance(symbol, Member):
        names.append(f".{symbol.name}")
        symbol = symbol.base
    if not isinstance(symbol, FromEvent):
        return None
    return FromEvent((*symbol.path, *reversed(names)), symbol.steps) if names else symbol


def text(parts: list[Symbol]) -> Symbol:
    """A string from its parts: Literal where all are known, Text otherwise."""
    merged: list[Symbol] = []
    for part in _flat(parts):
        if isinstance(part, Literal):
            known = part.value.decode("latin-1") if isinstance(part.value, bytes) else str(part.value)
            if merged and isinstance(merged[-1], Literal):
                merged[-1] = Literal(str(merged[-1].value) + known)
                continue
            part = Literal(known)
        merged.append(part)
    if not merged:
        return Literal("")
    if len(merged) == 1 and isinstance(merged[0], (Literal, EnvVar)):
        return merged[0]
    return Text(tuple(merged))


def _flat(parts: list[Symbol]) -> Iterator[Symbol]:
    for part in parts:
        if isinstance(part, Text):
            yield from part.parts
        else:
            yield part
