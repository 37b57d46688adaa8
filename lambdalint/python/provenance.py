"""What a value is made of: where its parts come from, and what was done to them on the way.

Values that share content share a cell, so that what is put into a list, a dict or an event is seen by all who
hold it. A fault is sticky: a value with one part that was computed is computed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lambdalint.python.symbols import Symbol

Path = tuple[str | int | None, ...]

# A value with more origins than this comes from the whole event, for all that anyone asks.
_MAX_PATHS = 40


class Source(enum.Flag):
    """Where data comes from."""

    NONE = 0
    EVENT = enum.auto()
    READ = enum.auto()  # the result of an AWS read call
    STATIC = enum.auto()  # constants, the environment, configuration that was read
    GENERATED = enum.auto()  # identifiers and the time of day
    CONTEXT = enum.auto()
    STATUS = enum.auto()  # what a sink answered, and the metadata of any answer
    ERROR = enum.auto()  # an exception


@dataclass(frozen=True)
class Provenance:
    """What a value is made of.

    `steps` names what was done: decodings ("json", "base64", "gzip", "urldecode", "dynamodb"), "build" (a
    dict or list around it), "format" (text around it), "aggregate" (several records in one value), "join" (…
    as one text), "map" (each item of a list rebuilt), "nested" (JSON within JSON), "number", "timestamp".
    `paths` are the parts of the event in it. `fault` says why it is not structure alone; "" where it is.
    """

    sources: Source = Source.NONE
    steps: frozenset[str] = frozenset()
    paths: frozenset[Path] = frozenset()
    fault: str = ""
    text: bool = False  # certainly a string

    def __or__(self, other: Provenance) -> Provenance:
        paths = self.paths | other.paths
        return Provenance(
            self.sources | other.sources,
            self.steps | other.steps,
            paths if len(paths) <= _MAX_PATHS else frozenset({()}),
            self.fault or other.fault,
            self.text and other.text,
        )

    def only(self, allowed: Source) -> bool:
        """Whether nothing but the allowed sources is in it."""
        return not self.sources & ~allowed

    @property
    def is_data(self) -> bool:
        """Whether it carries what came in or was read."""
        return bool(self.sources & (Source.EVENT | Source.READ))


NOTHING = Provenance()
STATIC = Provenance(Source.STATIC)
STATIC_TEXT = Provenance(Source.STATIC, text=True)
GENERATED = Provenance(Source.GENERATED)
STATUS = Provenance(Source.STATUS)
ERROR = Provenance(Source.ERROR)


@dataclass(eq=False)
class Cell:
    """What was put into a container or changed in data, by anyone who holds it."""

    parts: list[Value] = field(default_factory=list)
    aggregate: bool = False


@dataclass(eq=False)
class Value:
    """A value as the flow analysis sees it.

    kind: "data" (known by provenance only), "list" and "dict" (written in the code: `entries` are the values
    under constant keys), "object" (an instance of one of the application's classes: `entries` are its
    attributes), "handle" (a function, module, SDK object: `symbol`). `depth` is how many loops were around
    where it was made. `sized` is the list whose length it is.
    """

    kind: str
    own: Provenance = NOTHING
    cell: Cell | None = None
    entries: dict[str, Value] | None = None
    symbol: Symbol | None = None
    depth: int = 0
    sized: Value | None = None
    shared: bool = False  # made at module level: lives from one invocation to the next

    @property
    def provenance(self) -> Provenance:
        """All that is in it now."""
        return _provenance(self, set())

    def derive(self, *, path: Iterable[str | int | None] = (), steps: Iterable[str] = ()) -> Value:
        """A part of data, or the same after a step; it shares what is put into the whole."""
        step = tuple(path)
        paths = frozenset((*known, *step) for known in self.own.paths) if step else self.own.paths
        own = self.own
        made = Provenance(own.sources, own.steps.union(steps), paths, own.fault)
        return Value("data", made, self.cell, depth=self.depth)

    def put(self, part: Value) -> None:
        """Adds content."""
        if self.cell is None:
            self.cell = Cell()
        if part is not self:
            self.cell.parts.append(part)

    def get(self, key: str) -> Value | None:
        """The value under a constant key, where only constant keys were written."""
        if self.entries is None or key not in self.entries or (self.cell is not None and self.cell.parts):
            return None
        return self.entries[key]


def _provenance(value: Value, seen: set[int]) -> Provenance:
    if id(value) in seen:
        return NOTHING
    seen.add(id(value))
    found = value.own
    if value.kind == "handle":
        return Provenance(fault="object in the data")
    for entry in (value.entries or {}).values():
        found |= _provenance(entry, seen)
    cell = value.cell
    if cell is not None and id(cell) not in seen:
        seen.add(id(cell))
        for part in cell.parts:
            found |= _provenance(part, seen)
        if cell.aggregate:
            found |= Provenance(steps=frozenset({"aggregate"}))
    if value.kind in ("list", "dict", "object") and found.is_data:
        found |= Provenance(steps=frozenset({"build"}))
    return found if found.text == value.own.text else replace(found, text=value.own.text)


def unwrapped(value: Value, levels: int) -> Provenance:
    """What a value holds, without so many levels of lists and dicts around it."""
    parts = [*(value.entries or {}).values(), *(value.cell.parts if value.cell is not None else ())]
    if not levels or value.kind not in ("list", "dict") or any(part.kind == "handle" for part in parts):
        return value.provenance
    found = value.own
    for part in parts:
        found |= unwrapped(part, levels - 1)
    if value.cell is not None and value.cell.aggregate:
        found |= Provenance(steps=frozenset({"aggregate"}))
    return found


def data(provenance: Provenance) -> Value:
    """Data with a cell of its own."""
    return Value("data", provenance, Cell())


def handle(symbol: Symbol) -> Value:
    """Something that is used rather than passed on."""
    return Value("handle", symbol=symbol)


def fault(reason: str, *parts: Value) -> Value:
    """Data that is not structure alone."""
    found = NOTHING
    for part in parts:
        found |= _quiet(part)
    return data(replace(found, fault=found.fault or reason))


def _quiet(part: Value) -> Provenance:
    return part.own if part.kind == "handle" else part.provenance


def joined(values: Iterable[Value], steps: Iterable[str] = (), text: bool = False) -> Value:
    """Data made of several values."""
    found = NOTHING
    for value in values:
        found |= value.provenance
    return data(Provenance(found.sources, found.steps.union(steps), found.paths, found.fault, text))


def either(one: Value | None, other: Value | None) -> Value:
    """What a name holds after two ways that the code can take."""
    if one is other and one is not None:
        return one
    if one is None or other is None:
        found = one or other
        return found if found is not None else data(STATIC)
    if one.kind == other.kind == "handle":
        return one if one.symbol == other.symbol else fault("one of several objects")
    if one.kind == "handle" or other.kind == "handle":
        return other if one.kind == "handle" else one
    merged = Value("data", NOTHING, Cell([one, other]), depth=min(one.depth, other.depth))
    if one.kind == other.kind and one.entries is not None and other.entries is not None:
        keys = {**one.entries, **other.entries}
        merged.kind = one.kind
        merged.symbol = one.symbol
        merged.entries = {key: either(one.entries.get(key), other.entries.get(key)) for key in keys}
    return merged
