"""What encoders of JSON refuse: Lambda's own, which encodes what a handler returns, and `json.dumps`.

Lambda's runtime uses simplejson with an encoder of its own, which also writes Decimal, and bytes as text; a
reply that is bytes as a whole goes out as it is:
https://github.com/aws/aws-lambda-python-runtime-interface-client/blob/main/awslambdaric/lambda_runtime_marshaller.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.kinds import Answer, Kinds, Made, Part, Place, answer_kinds
from lambdalint.python.module import PythonModule

if TYPE_CHECKING:
    from lambdalint.python.kinds import Activation

_JSON = frozenset({"", "bool", "dict", "float", "int", "list", "none", "str", "tuple"})
_MAX_DEPTH = 8
_MAX_VISITS = 400
# Parts of what a DynamoDB resource answers that hold items, numbers in which are Decimals.
_ITEMS: tuple[Place, ...] = (("Item",), ("Items", None), ("Attributes",))


@dataclass(frozen=True)
class Encoder:
    """The kinds of values and of dict keys that an encoder takes."""

    values: frozenset[str]
    keys: frozenset[str]


RUNTIME = Encoder(
    _JSON | {"Decimal", "bytes"}, frozenset({"", "bool", "bytes", "float", "int", "none", "str"})
)
STANDARD = Encoder(_JSON, frozenset({"", "bool", "float", "int", "none", "str"}))


@dataclass(frozen=True)
class Refused:
    """What an encoder refuses: the value, or a part of an SDK's answer in it. `key` says that it is a dict's
    key. `item` is the DynamoDB item that it may come from, with the attribute where one is taken out: whether
    it holds numbers must be asked for."""

    kind: str
    module: PythonModule
    node: cst.CSTNode
    name: str = ""
    key: bool = False
    answer: Answer | None = None
    item: Answer | None = None
    attribute: str | None = None


def refused(
    kinds: Kinds,
    encoder: Encoder,
    module: PythonModule,
    expr: cst.BaseExpression,
    within: Activation | None = None,
) -> Iterator[Refused]:
    """What an encoder refuses of an expression, outermost first."""
    walk = _Walk(kinds, encoder)
    for made in kinds.of(module, expr, within):
        yield from walk.value(made, 0)


class _Walk:
    def __init__(self, kinds: Kinds, encoder: Encoder) -> None:
        self.kinds = kinds
        self.encoder = encoder
        self.left = _MAX_VISITS
        self._seen: set[tuple[int, int]] = set()

    def value(self, made: Made, depth: int) -> Iterator[Refused]:
        self.left -= 1
        key = (id(made.node), id(made.within))
        if self.left < 0 or depth > _MAX_DEPTH or key in self._seen:
            return
        if made.kind not in self.encoder.values:
            yield Refused(made.kind, made.module, made.node, made.name, answer=made.answer)
            return
        if made.answer is not None:
            yield from self._answer(made, made.answer)
        if made.kind not in ("dict", "list", "tuple"):
            return
        self._seen.add(key)
        for part in self.kinds.parts(made):
            yield from self._part(part, depth)
        self._seen.discard(key)

    def _part(self, part: Part, depth: int) -> Iterator[Refused]:
        if part.written is not None and part.key is None:
            for made in self.kinds.of(part.module, part.written, part.within):
                if made.kind not in self.encoder.keys:
                    yield Refused(made.kind, made.module, part.written, made.name, key=True)
        for made in self.kinds.of(part.module, part.value, part.within):
            yield from self.value(made, depth + 1)

    def _answer(self, made: Made, answer: Answer) -> Iterator[Refused]:
        changed = self.kinds.changed(made)
        if changed is None:
            return
        for place, kind in answer_kinds(answer).items():
            if kind not in self.encoder.values and not (place and place[0] in changed):
                name = ".".join("[]" if step is None else str(step) for step in place).replace(".[]", "[]")
                yield Refused(kind, made.module, made.node, name, answer=answer)
                return
        if "Decimal" not in self.encoder.values and answer.resource and answer.api.startswith("dynamodb."):
            yield from self._item(made, answer)

    def _item(self, made: Made, answer: Answer) -> Iterator[Refused]:
        place = answer.place
        if not place or place in (("Items",), ("Items", None)) or place in _ITEMS:
            yield Refused("Decimal", made.module, made.node, answer=answer, item=answer)
            return
        for item in _ITEMS:
            attribute = (
                place[len(item)] if len(place) == len(item) + 1 and place[: len(item)] == item else None
            )
            if isinstance(attribute, str):
                yield Refused(
                    "Decimal", made.module, made.node, answer=answer, item=answer, attribute=attribute
                )


# Words


_PHRASES = {
    "DataFrame": "a DataFrame",
    "Decimal": "a Decimal",
    "HTTP response": "an HTTP response object",
    "HTTP session": "an HTTP session",
    "SDK client": "an SDK client",
    "SDK resource": "an SDK resource object",
    "UUID": "a UUID",
    "async generator": "an asynchronous generator",
    "bytes": "bytes",
    "dict view": "a view of a dict",
    "bool": "a boolean",
    "enum member": "a member of an enumeration",
    "exception": "an exception",
    "executor": "an executor",
    "float": "a number",
    "int": "a number",
    "iterator": "an iterator",
    "ndarray": "a NumPy array",
    "none": "None",
    "object": "an object",
    "process": "a finished process",
    "str": "text",
    "stream": "a stream",
}
_ADVICE = {
    "DataFrame": 'convert it: `frame.to_dict("records")`',
    "Decimal": "convert it to int, float or str, or pass `default=str`",
    "HTTP response": "take its `.json()` or `.text`",
    "UUID": "make it text: `str(…)`",
    "async generator": "collect it with `async for` in a coroutine that `asyncio.run` runs",
    "bytes": "make it text: `.decode()`",
    "coroutine": "run it: `asyncio.run(…)`",
    "date": "make it text: `.isoformat()`",
    "datetime": "make it text: `.isoformat()`",
    "deque": "make it a list: `list(…)`",
    "dict view": "make it a list: `list(…)`",
    "enum member": "take its `.value`",
    "exception": "raise it, or make it text: `str(…)`",
    "generator": "make it a list: `list(…)`",
    "iterator": "make it a list: `list(…)`",
    "function": "call it",
    "ndarray": "convert it: `.tolist()`",
    "object": "make it a dict: `vars(…)`, `dataclasses.asdict(…)` or `.model_dump()`",
    "range": "make it a list: `list(…)`",
    "set": "make it a list: `sorted(…)` or `list(…)`",
    "stream": "read it: `json.load(…)` or `.read()`",
    "time": "make it text: `.isoformat()`",
    "timedelta": "make it a number: `.total_seconds()`",
}


def phrase(kind: str, name: str = "") -> str:
    """A kind of value with its article, as a message names it."""
    found = _PHRASES.get(kind) or f"{'an' if kind[:1] in 'aeio' else 'a'} {kind}"
    return f"{found} of the class `{name}`" if kind == "object" and name else found


def described(found: Refused) -> str:
    """What is refused, as a message names it."""
    text = phrase(found.kind, found.name if found.answer is None else "")
    if found.item is not None:
        return "Decimals of a DynamoDB item"
    if found.answer is not None:
        place = f" (`{found.name}`)" if found.name else ""
        return f"{text} in what `{found.answer.api}` answers{place}"
    return f"{text} as a key" if found.key else text


def source(found: Refused) -> str:
    """What a label at the value says of it."""
    if found.answer is not None:
        return "the answer comes from here"
    return f"this makes {phrase(found.kind, found.name)}"


def advice(found: Refused) -> str:
    """How to make something of it that JSON has."""
    if found.key:
        return "make the key text: `str(…)`"
    if found.answer is not None and found.name:
        return f"take what is needed out of the answer, or convert `{found.name}`"
    return _ADVICE.get(found.kind, "convert it to what JSON has: text, numbers, lists and dicts")
