"""Functions that write to what triggers them.

The resource is the same by its identity in the template: the bucket, queue, topic, table or bus that a
trigger names and that the target of a call resolves to, or the bucket that the event itself names. Whether
what is written triggers the function again, filters, prefixes and event patterns decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lambdalint.python import symbols
from lambdalint.python.calls import Credentials
from lambdalint.python.object_keys import notification_key
from lambdalint.python.unchecked import unchecked
from lambdalint.template.identity import render
from lambdalint.template.values import Known, Reference, Text, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.application.targets import Resolved
    from lambdalint.python.calls import AwsCall
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.triggers import Trigger


@dataclass(frozen=True, eq=False)
class Recursion:
    """A call that writes to what triggers its function; `what` names the resource for people."""

    handler: Handler
    function: LambdaFunction
    trigger: Trigger
    call: AwsCall
    what: str


# S3 operations that make objects, and the events they send:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
_OBJECT_EVENTS: Mapping[str, tuple[str, ...]] = {
    "put_object": ("s3:ObjectCreated:Put",),
    "copy_object": ("s3:ObjectCreated:Copy",),
    "complete_multipart_upload": ("s3:ObjectCreated:CompleteMultipartUpload",),
}
_WRITES: Mapping[str, tuple[str, frozenset[str]]] = {
    "S3": ("s3", frozenset(_OBJECT_EVENTS)),
    "SQS": ("sqs", frozenset({"send_message", "send_message_batch"})),
    "SNS": ("sns", frozenset({"publish", "publish_batch"})),
    "DynamoDB": ("dynamodb", frozenset({"put_item", "update_item", "batch_write_item"})),
    "Kinesis": ("kinesis", frozenset({"put_record", "put_records"})),
    "EventBridgeRule": ("events", frozenset({"put_events"})),
}
# What is sent in one call, by operation: lists that code may have filled with some records only.
_BATCHES: Mapping[str, str] = {
    "batch_write_item": "RequestItems",
    "publish_batch": "PublishBatchRequestEntries",
    "put_events": "Entries",
    "put_records": "Records",
    "send_message_batch": "Entries",
}


def recursions(handler: Handler) -> Iterator[Recursion]:
    """The writes of a handler that trigger it again, whatever the record is; each function's, once a call."""
    for function in handler.functions:
        if function.known("RecursiveLoop") == "Allow":
            continue
        for trigger in function.triggers:
            if trigger.proof == "permission" or trigger.source not in _WRITES:
                continue
            for call in handler.calls:
                if _repeats(handler, function, trigger, call):
                    yield Recursion(handler, function, trigger, call, _named(trigger))


def _repeats(handler: Handler, function: LambdaFunction, trigger: Trigger, call: AwsCall) -> bool:
    service, operations = _WRITES[trigger.source]
    bridged = (
        trigger.source == "EventBridgeRule" and call.service == "s3" and call.operation in _OBJECT_EVENTS
    )
    if not bridged and (call.service != service or call.operation not in operations):
        return False
    if call.interface == "presign" or call.credentials is not Credentials.OWN:
        return False
    again = _OBJECT_BRIDGED if bridged else _AGAIN[trigger.source]
    return again(handler, function, trigger, call) and unchecked(
        handler.evaluator, handler.reach, call.module, call.node
    )


def _named(trigger: Trigger) -> str:
    value = trigger.resource
    if isinstance(value, Reference):
        return f"`{value.logical_id}`"
    return f"`{render(value)}`" if isinstance(value, Known) else "the resource"


# Identity


def _same(trigger: Trigger, target: Resolved) -> bool:
    """Whether a call's target is what sends the events."""
    source = trigger.resource
    if source is None or target.options:
        return False
    logical_id = _logical_id(source)
    if logical_id is not None:
        reference = target.reference
        return reference is not None and reference.logical_id == logical_id
    if isinstance(source, Unknown):  # the same parameter, whatever is given for it
        return bool(source.name) and source == target.value and source.reason.startswith("parameter")
    if isinstance(source, Known) and target.literal is not None:
        return _plain(str(source.value)) == _plain(target.literal)
    return render(source) == render(target.value) and "${?" not in render(source)


def _logical_id(value: Value) -> str | None:
    if isinstance(value, Reference):
        return value.logical_id
    if isinstance(value, Text) and len(value.references) == 1:
        return value.references[0].logical_id
    return None


def _plain(text: str) -> str:
    """An ARN or queue URL without what may be written in two ways: the account, and what follows a slash."""
    if text.startswith("arn:"):
        service, region, name = text.split(":")[2], text.split(":")[3], ":".join(text.split(":")[5:])
        if service == "sqs":
            return f"{region}/{name}"
        return name.removeprefix("table/").partition("/stream/")[0]
    if text.startswith("https://sqs."):
        return f"{text.split('.')[1]}/{text.rpartition('/')[2]}"
    return text


# What is written


def _object(handler: Handler, function: LambdaFunction, trigger: Trigger, call: AwsCall) -> bool:
    """An object in the bucket whose notification names what the call sends, under a key it asks for."""
    events = [
        *trigger.template.items(trigger.option("Events")),
        *trigger.template.items(trigger.option("Event")),
    ]
    wanted = [event.value.value for event in events if isinstance(event.value, Known)]
    sent = _OBJECT_EVENTS[call.operation]
    if not any(fnmatchcase(event, str(pattern)) for event in sent for pattern in wanted):
        return False
    return _is_bucket(handler, function, trigger, call, ("s3", "bucket", "name")) and _is_asked_for(
        handler, trigger, call
    )


def _is_bucket(
    handler: Handler, function: LambdaFunction, trigger: Trigger, call: AwsCall, tail: tuple[str, ...]
) -> bool:
    symbol = call.target.symbol
    part = symbols.laid_over(symbol) if symbol is not None else None
    if part is not None and part.path[-len(tail) :] in (tail, tuple(f".{name}" for name in tail)):
        return len([each for each in function.triggers if each.source == trigger.source]) == 1
    return _same(trigger, handler.target(call, function))


def _is_asked_for(handler: Handler, trigger: Trigger, call: AwsCall) -> bool:
    """Whether the key that is written passes the notification's filter."""
    rules = [
        *trigger.template.items(trigger.option("Filter", "S3Key", "Rules")),
        *trigger.template.items(trigger.option("Filter", "Key", "FilterRules")),
    ]
    if not rules:
        return not trigger.option("Filter")
    key = _key(handler, call)
    if key is None:
        return False
    for rule in rules:
        name, value = (_text(trigger.template.step((rule,), part)) for part in ("Name", "Value"))
        if name is None or value is None or not _passes(key, name.lower(), value):
            return False
    return True


def _key(handler: Handler, call: AwsCall) -> symbols.Symbol | None:
    if "Key" in call.arguments:
        return handler.evaluator.value(*call.arguments["Key"])
    return call.receiver.identifier("Key") if call.receiver is not None else None


def _passes(key: symbols.Symbol, name: str, value: str) -> bool:
    """Whether a key certainly has the prefix or suffix: it is known, or it is the key of the event itself."""
    for option in symbols.given(key):
        parts = option.parts if isinstance(option, symbols.Text) else (option,)
        part = parts[0] if name == "prefix" else parts[-1]
        if isinstance(part, symbols.Literal):
            text = str(part.value)
            if not (text.startswith(value) if name == "prefix" else text.endswith(value)):
                return False
        elif notification_key(part) is None:
            return False
    return True


def _text(found: Sequence[object]) -> str | None:
    values = [getattr(one, "value", None) for one in found]
    if len(values) == 1 and isinstance(values[0], Known) and isinstance(values[0].value, str):
        return str(values[0].value)
    return None


def _record(handler: Handler, function: LambdaFunction, trigger: Trigger, call: AwsCall) -> bool:
    """A message to the queue or topic, or a record to the stream, that no filter holds back."""
    if trigger.option("FilterCriteria") or trigger.option("FilterPolicy"):
        return False
    return _is_whole(handler, call) and _same(trigger, handler.target(call, function))


def _item(handler: Handler, function: LambdaFunction, trigger: Trigger, call: AwsCall) -> bool:
    """A change of the table that its stream tells of: one that alters something each time. Writing what is
    there already tells nobody: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""
    if trigger.option("FilterCriteria") or "ConditionExpression" in call.arguments:
        return False
    if not _same(trigger, handler.target(call, function)) or not _is_whole(handler, call):
        return False
    expression = call.arguments.get("UpdateExpression")
    if expression is not None:
        text = handler.evaluator.value(*expression)
        if isinstance(text, symbols.Literal) and ("+" in str(text.value) or "ADD " in str(text.value)):
            return True
    names = ("Item", "ExpressionAttributeValues", "AttributeUpdates", "RequestItems")
    return any(_varies(handler, *call.arguments[name], 0) for name in names if name in call.arguments)


def _varies(handler: Handler, module: object, node: object, depth: int) -> bool:
    """Whether a written value differs from one time to the next: it is neither fixed nor of the record."""
    evaluator = handler.evaluator
    for option in symbols.given(evaluator.value(module, node)):  # type: ignore[arg-type]
        if isinstance(option, symbols.Display) and depth < 6:
            entries = evaluator.items(option)
            if entries is None or any(
                _varies(handler, option.module, inner, depth + 1) for _, inner in entries
            ):
                return True
        elif isinstance(option, symbols.Text):
            if any(not isinstance(part, _SETTLED) for part in option.parts):
                return True
        elif not isinstance(option, _SETTLED):
            return True
    return False


_SETTLED = (symbols.Literal, symbols.EnvVar, symbols.FromEvent)


def _is_whole(handler: Handler, call: AwsCall) -> bool:
    """Whether what a batch sends is written out, rather than picked out of the records before."""
    name = _BATCHES.get(call.operation)
    if name is None:
        return True
    if name not in call.arguments:
        return call.interface == "resource"  # a batch writer, whose puts stand where they are made
    for option in symbols.given(handler.evaluator.value(*call.arguments[name])):
        entries = handler.evaluator.items(option) if isinstance(option, symbols.Display) else None
        if not entries:
            return False
    return True


# EventBridge


def _event(handler: Handler, function: LambdaFunction, trigger: Trigger, call: AwsCall) -> bool:
    """An event on the rule's bus that its pattern takes: by source and detail-type alone."""
    pattern = _pattern(trigger)
    if pattern is None or not pattern.keys() <= {"source", "detail-type"} or not pattern:
        return False
    target = handler.target(call, function)
    bus = trigger.resource
    on_default = bus is None or (isinstance(bus, Known) and bus.value == "default")
    if not (on_default and target.literal == "default") and not _same(trigger, target):
        return False
    return any(
        all(entry.get(_FIELDS[name]) in wanted for name, wanted in pattern.items())
        for entry in _entries(handler, call)
    )


_FIELDS = {"source": "Source", "detail-type": "DetailType"}


def _pattern(trigger: Trigger) -> dict[str, list[object]] | None:
    """The pattern of a rule: for each field the values it takes; None where it is not plain or not known."""
    found = [*trigger.option("Pattern"), *trigger.option("EventPattern")]
    if len(found) != 1 or not isinstance(found[0].value, Known) or not isinstance(found[0].value.value, dict):
        return None
    pattern: dict[str, list[object]] = {}
    for name in found[0].value.value:
        values = trigger.template.items(trigger.template.step((found[0],), name))
        pattern[str(name)] = [one.value.value for one in values if isinstance(one.value, Known)]
    return pattern


def _entries(handler: Handler, call: AwsCall) -> Iterator[dict[str, object]]:
    """What is known of the entries of put_events: the literal fields of each."""
    if "Entries" not in call.arguments:
        return
    evaluator = handler.evaluator
    for many in symbols.given(evaluator.value(*call.arguments["Entries"])):
        if not isinstance(many, symbols.Display):
            continue
        for _, item in evaluator.items(many) or ():
            for entry in symbols.given(evaluator.value(many.module, item)):
                if isinstance(entry, symbols.Display):
                    yield _fields(handler, entry)


def _fields(handler: Handler, entry: symbols.Display) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, expr in handler.evaluator.items(entry) or ():
        value = handler.evaluator.value(entry.module, expr)
        if isinstance(key, symbols.Literal) and isinstance(value, symbols.Literal):
            found[str(key.value)] = value.value
    return found


def _object_bridged(handler: Handler, function: LambdaFunction, trigger: Trigger, call: AwsCall) -> bool:
    """An object in the bucket that a rule on EventBridge's S3 events names, and that looks at no key."""
    pattern = _pattern(trigger)
    if pattern is None or "aws.s3" not in pattern.get("source", ()):
        return False
    kinds = pattern.get("detail-type", ["Object Created"])
    found = [*trigger.option("Pattern", "detail"), *trigger.option("EventPattern", "detail")]
    detail = found[0].value if len(found) == 1 else None
    if "Object Created" not in kinds or not isinstance(detail, Known) or not isinstance(detail.value, dict):
        return False
    if not detail.value.keys() <= {"bucket"}:
        return False
    names = trigger.template.items(trigger.template.step(found, "bucket", "name"))
    symbol = call.target.symbol
    part = symbols.laid_over(symbol) if symbol is not None else None
    if part is not None and part.path == ("detail", "bucket", "name"):
        return True
    target = handler.target(call, function).reference
    return target is not None and any(_logical_id(name.value) == target.logical_id for name in names)


_Again = Callable[["Handler", "LambdaFunction", "Trigger", "AwsCall"], bool]
_OBJECT_BRIDGED: _Again = _object_bridged
_AGAIN: Mapping[str, _Again] = {
    "S3": _object,
    "SQS": _record,
    "SNS": _record,
    "DynamoDB": _item,
    "Kinesis": _record,
    "EventBridgeRule": _event,
}
