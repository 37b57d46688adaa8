"""What callers over HTTP make of a handler's answer, and which answers they cannot make anything of.

A REST API refuses an answer that is no object, whose body is no text, or that has fields it does not know;
a load balancer wants a statusCode. HTTP APIs with payload format 2.0 and function URLs take any JSON for a
body, but for an object with a statusCode, which they read as the others do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.encoding import phrase
from lambdalint.template.contracts import Contract, contract, described

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.kinds import Kinds, Made, Part
    from lambdalint.python.module import PythonModule
    from lambdalint.python.returns import Reply
    from lambdalint.template.triggers import Trigger

STRICT = frozenset({Contract.REST, Contract.HTTP_1, Contract.ALB, Contract.ALB_MULTI})
LENIENT = frozenset({Contract.HTTP_2, Contract.URL})
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
# LocalStack, which is tested against AWS, has it that none of these is required and no other may be there.
_KNOWN = frozenset({"body", "headers", "isBase64Encoded", "multiValueHeaders", "statusCode"})
_NO_OBJECT = frozenset({"Decimal", "bool", "float", "int", "list", "str", "tuple"})
_NO_TEXT = frozenset({"Decimal", "bool", "dict", "float", "int", "list", "tuple"})
# What a REST API sends of the request that its routes are chosen by: what no route sends does not come.
_ROUTE = re.compile(r"method|path|resource|route|action|operation", re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """A trigger that hands over requests, and its contract."""

    trigger: Trigger
    contract: Contract


@dataclass(frozen=True, eq=False)
class Fault:
    """What is wrong with an answer: at `node`, in words; `source` is where the value comes from."""

    kind: str  # "none", "value", "status", "field", "body", "headers"
    text: str
    module: PythonModule
    node: cst.CSTNode
    source: tuple[PythonModule, cst.CSTNode] | None = None


def callers(handler: Handler) -> tuple[Caller, ...]:
    """Who calls the handler over HTTP: () unless all that invokes its functions does, in a known way."""
    found: list[Caller] = []
    for function in handler.functions:
        if handler.application.invokes.get(function.logical_id):
            return ()
        for trigger in described(function):
            kind = contract(trigger)
            if kind is None or kind not in STRICT | LENIENT:
                return ()
            found.append(Caller(trigger, kind))
    return tuple(found)


def faults(kinds: Kinds, reply: Reply, contracts: frozenset[Contract]) -> Iterator[Fault]:
    """What is wrong with one way to return for callers with these contracts."""
    for made in reply.made:
        if made.kind == "none" and any(other.kind != "none" for other in reply.made):
            continue  # mostly what the name was given before the work began
        fault = _of_value(reply, made) if contracts & STRICT else None
        if fault is not None:
            yield fault
        elif made.kind == "dict":
            yield from _of_dict(kinds, reply, made, contracts)


def _of_value(reply: Reply, made: Made) -> Fault | None:
    place = reply.value if reply.value is not None else reply.node
    if made.kind == "none":
        if reply.ends and all(_is_route(reply.module, end) for end in reply.ends):
            return None
        return Fault("none", "None", reply.module, place)
    if made.kind in _NO_OBJECT:
        return Fault("value", phrase(made.kind), reply.module, place, (made.module, made.node))
    if made.answer is not None and not made.answer.place and made.kind == "dict":
        text = f"what `{made.answer.api}` answers"
        return Fault("value", text, reply.module, place, (made.module, made.node))
    return None


def _is_route(module: PythonModule, end: cst.CSTNode) -> bool:
    """Whether the code comes to the end only where the request is for no route that it knows."""
    if not isinstance(end, cst.If):
        return False
    return any(
        isinstance(node, cst.SimpleString | cst.Name | cst.Attribute)
        and _ROUTE.search(node.attr.value if isinstance(node, cst.Attribute) else node.value) is not None
        for node in module.descendants(end.test)
    )


def _of_dict(kinds: Kinds, reply: Reply, made: Made, contracts: frozenset[Contract]) -> Iterator[Fault]:
    parts = {part.key: part for part in kinds.parts(made) if part.key is not None}
    if "statusCode" in parts:
        yield from _bodies(kinds, kinds.part(made, "body"))
        if Contract.ALB_MULTI in contracts and "headers" in parts and "multiValueHeaders" not in parts:
            headers = parts["headers"]
            yield Fault("headers", "`headers`", headers.module, headers.value)
    elif contracts & STRICT and kinds.lacks(made, "statusCode"):
        unknown = sorted(key for key in parts if key not in _KNOWN)
        if unknown or contracts & {Contract.ALB, Contract.ALB_MULTI}:
            place = reply.value if reply.value is not None else reply.node
            yield Fault("status", "an object without statusCode", reply.module, place, _source(reply, made))
            return
        yield from _bodies(kinds, kinds.part(made, "body"))
    if Contract.REST in contracts and "statusCode" in parts:
        for key, part in parts.items():
            if key not in _KNOWN:
                yield Fault("field", f"`{key}`", part.module, part.written or part.value)


def _bodies(kinds: Kinds, parts: Sequence[Part]) -> Iterator[Fault]:
    for part in parts:
        for made in kinds.of(part.module, part.value, part.within):
            if made.kind in _NO_TEXT:
                yield Fault("body", phrase(made.kind), part.module, part.value, (made.module, made.node))
                return


def _source(reply: Reply, made: Made) -> tuple[PythonModule, cst.CSTNode] | None:
    inside = made.module is reply.module and reply.module.contains(reply.node, made.node)
    return None if inside else (made.module, made.node)
