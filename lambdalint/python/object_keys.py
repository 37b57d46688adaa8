"""The keys of S3 objects in events, on their way to calls that read or write the objects.

A notification's key is URL-encoded, blanks as plus signs; wherever it travels (SNS, SQS), it stays so. The
key in EventBridge's S3 events is not:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.symbols import (
    Display,
    FromEvent,
    Literal,
    Symbol,
    Text,
    alternatives,
    given,
    laid_over,
)

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall, AwsCalls
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["KeyUse", "bridge_key", "decoded_bridge_keys", "notification_key", "undecoded_keys"]

_NOTIFICATION = (("s3", "object", "key"), (".s3", ".get_object", ".key"))
_BRIDGE = (("detail", "object", "key"), (".detail", ".object", ".key"))
_DECODERS = frozenset(
    {"urllib.parse.unquote_plus", "urllib.parse.unquote", "urllib.unquote_plus", "urllib.unquote"}
)
# Services that read an object by bucket and key, in dicts such as {"S3Object": {"Bucket": …, "Name": …}}.
_OBJECT_READERS = frozenset(
    {
        "bedrock-data-automation-runtime",
        "comprehend",
        "lookoutvision",
        "mediaconvert",
        "rekognition",
        "textract",
        "transcribe",
        "translate",
    }
)
_BUCKETS = frozenset({"Bucket", "S3Bucket", "bucket"})
_NAMES = frozenset({"Key", "Name", "S3Key", "key", "name"})
_MAX_DEPTH = 5


@dataclass(frozen=True, eq=False)
class KeyUse:
    """A key as it stands in the event that goes to a call: the call and the argument."""

    key: FromEvent
    call: AwsCall
    module: PythonModule
    node: cst.CSTNode


def notification_key(symbol: Symbol) -> FromEvent | None:
    """The symbol as the object key of an S3 notification, decoded or not; None for anything else."""
    return _ends(symbol, _NOTIFICATION)


def bridge_key(symbol: Symbol) -> FromEvent | None:
    """The symbol as the object key of EventBridge's S3 event; None for anything else."""
    return _ends(symbol, _BRIDGE)


def is_decoded(key: FromEvent) -> bool:
    """Whether the key went through URL decoding."""
    return "urldecode" in key.steps


def _ends(symbol: Symbol, tails: tuple[tuple[str, ...], ...]) -> FromEvent | None:
    part = laid_over(symbol)
    if part is not None and any(part.path[-len(tail) :] == tail for tail in tails):
        return part
    return None


def undecoded_keys(evaluator: Evaluator, calls: AwsCalls) -> Iterator[KeyUse]:
    """The arguments of calls that name an object by a notification's key without decoding it, alone or as a
    part of a longer key."""
    for call in calls:
        if call.service != "s3" and call.service not in _OBJECT_READERS:
            continue
        for module, node, symbol in _keys(evaluator, call):
            key = _undecoded(symbol)
            if key is not None:
                yield KeyUse(key, call, module, node)


def _undecoded(symbol: Symbol) -> FromEvent | None:
    """A key that is not decoded in any of the ways that the code can take."""
    found: FromEvent | None = None
    for option in given(symbol):
        parts = option.parts if isinstance(option, Text) else (option,)
        keys = [key for part in parts for one in alternatives(part) if (key := notification_key(one))]
        if not keys or any(is_decoded(key) for key in keys):
            return None
        found = keys[0]
    return found


def _keys(evaluator: Evaluator, call: AwsCall) -> Iterator[tuple[PythonModule, cst.CSTNode, Symbol]]:
    """What names objects among the arguments of a call."""
    if call.service == "s3":
        own = call.receiver.identifier("Key") if call.receiver is not None else None
        if own is not None and "Key" not in call.arguments:
            yield call.module, call.node, own
        if "Key" in call.arguments:
            module, node = call.arguments["Key"]
            yield module, node, evaluator.value(module, node)
        names: tuple[str, ...] = ("CopySource", "Delete")
    else:
        names = tuple(call.arguments)
    for name in names:
        if name in call.arguments:
            module, node = call.arguments[name]
            yield from _within(evaluator, module, node, call.service == "s3", 0)


def _within(
    evaluator: Evaluator, module: PythonModule, node: cst.BaseExpression, named: bool, depth: int
) -> Iterator[tuple[PythonModule, cst.CSTNode, Symbol]]:
    """The keys within dicts and lists: beside a bucket (or, with `named`, under "Key"), and in S3 URIs."""
    symbol = evaluator.value(module, node)
    for option in given(symbol):
        if isinstance(option, Text) and not named:
            first = option.parts[0]
            if isinstance(first, Literal) and str(first.value).startswith("s3://"):
                yield module, node, option
        entries = evaluator.items(option) if isinstance(option, Display) else None
        if entries is None or not isinstance(option, Display) or depth > _MAX_DEPTH:
            continue
        keys = {key.value for key, _ in entries if isinstance(key, Literal)}
        for key, inner in entries:
            known = key.value if isinstance(key, Literal) else None
            if known in _NAMES and (not _BUCKETS.isdisjoint(keys) or (named and known == "Key")):
                yield option.module, inner, evaluator.value(option.module, inner)
            else:
                yield from _within(evaluator, option.module, inner, named, depth + 1)


def decoded_bridge_keys(
    evaluator: Evaluator, reach: Reach
) -> Iterator[tuple[PythonModule, cst.Call, FromEvent]]:
    """The calls that URL-decode the key of EventBridge's S3 event."""
    for module in reach.modules:
        if "unquote" not in module.source.text or "detail" not in module.source.text:
            continue
        for call in module.nodes(cst.Call):
            name = module.names.qualified(call.func)
            if name not in _DECODERS or not call.args or reach.phase(module, call) is None:
                continue
            for option in given(evaluator.value(module, call.args[0].value)):
                key = bridge_key(option)
                if key is not None:
                    yield module, call, key
                    break


def where_taken(
    evaluator: Evaluator, reach: Reach, key: FromEvent
) -> tuple[PythonModule, cst.CSTNode] | None:
    """The first place within reach where the key is taken out of the event."""
    for module in reach.modules:
        for node in module.nodes(cst.Subscript):
            index = node.slice[0].slice if len(node.slice) == 1 else None
            value = index.value if isinstance(index, cst.Index) else None
            if not isinstance(value, cst.SimpleString) or value.raw_value != "key":
                continue
            if laid_over(evaluator.value(module, node)) == key and reach.phase(module, node):
                return module, node
    return None
