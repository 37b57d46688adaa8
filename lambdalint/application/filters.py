"""What of a test on the event its trigger could do: filter criteria, filter policies, event patterns.

Which keys a source filters by is what the developer guide's pages on each say. Of a test only the parts that
must each hold count: what a pattern cannot express stays in the code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdalint.python.conditions import Compared, Condition, Field, Joined, conjuncts
from lambdalint.python.records import depth
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.template.triggers import Trigger

Step = str | int | None


@dataclass(frozen=True)
class Filter:
    """What to write: a property of the trigger with its value, and the page that documents it."""

    advice: str
    page: str


_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/"
# By source: the key of a record that holds the payload, its name in a pattern, and the decodings around it.
_PAYLOADS: Mapping[str, tuple[tuple[str, ...], str, tuple[str, ...], str]] = {
    "Kinesis": (("kinesis", "data"), "data", ("base64",), "with-kinesis-filtering.html"),
    "MQ": (("data",), "data", ("base64",), "with-mq-filtering.html"),
    "MSK": (("value",), "value", ("base64",), "kafka-filtering.html"),
    "SQS": (("body",), "body", (), "with-sqs-filtering.html"),
    "SelfManagedKafka": (("value",), "value", ("base64",), "kafka-filtering.html"),
}
# The page names `dynamodb` only; that `eventName` and `userIdentity` work too is in
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.Lambda.Tutorial2.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
_TABLE_KEYS = frozenset({"dynamodb", "eventName", "userIdentity"})
# What puts another event in the place of the source's own.
_RESHAPING = ("Input", "InputPath", "InputTransformer")
_OBJECT_KEY = ("s3", "object", "key")


def filters(trigger: Trigger, kept: Condition) -> Filter | None:
    """What makes the trigger leave out what does not fulfil a condition; None where nothing does, or where it
    has a filter already that may."""
    parts = list(conjuncts(kept))
    if trigger.source == "EventBridgeRule":
        return _event_pattern(trigger, parts)
    if trigger.source == "SNS":
        return _filter_policy(trigger, parts)
    if trigger.source == "S3":
        return _key_filter(trigger, parts)
    return _filter_criteria(trigger, parts)


def _filter_criteria(trigger: Trigger, parts: list[Condition]) -> Filter | None:
    if trigger.batch_size is None or trigger.option("FilterCriteria") or _is_made_by_sam(trigger):
        return None
    payload = _PAYLOADS.get(trigger.source)
    page = "with-ddb-filtering.html" if payload is None else payload[3]
    if payload is None and trigger.source != "DynamoDB":
        return None
    pattern = _pattern(parts, lambda field: _record_path(trigger.source, field), mapping=True)
    if not pattern:
        return None
    quoted = json.dumps(pattern).replace("'", "''")
    value = f"FilterCriteria: {{Filters: [{{Pattern: '{quoted}'}}]}}"
    return Filter(value, _GUIDE + page)


def _is_made_by_sam(trigger: Trigger) -> bool:
    """SAM's own queue for a topic has no filter criteria; its subscription has a policy."""
    return bool(trigger.template.get((*trigger.path, "Type")) == "SNS")


def _record_path(source: str, field: Field) -> tuple[str, ...] | None:
    """The keys of a field in a pattern for records of a source."""
    count = depth(field.path)
    if count is None or len(field.path) <= count + 1:
        return None
    inside = field.path[count + 1 :]
    if source == "DynamoDB":
        return _keys(inside) if inside[0] in _TABLE_KEYS and not field.steps else None
    place, name, decodings, _ = _PAYLOADS[source]
    if inside[: len(place)] != place:
        return None
    rest = _keys(inside[len(place) :])
    steps = tuple(step for step in field.steps if step != "str")
    if steps == (*decodings, "json") and rest:
        return (name, *rest)
    return (name,) if steps == decodings and rest == () else None


def _event_pattern(trigger: Trigger, parts: list[Condition]) -> Filter | None:
    name = "Pattern" if trigger.proof == "event" else "EventPattern"
    target = trigger.options if trigger.proof == "event" else trigger.path[:-1]
    reshaped = any(trigger.template.get((*target, each)) is not None for each in _RESHAPING)
    if trigger.proof == "permission" or reshaped:
        return None
    written = trigger.option(name)
    known = [each.value.value for each in written if isinstance(each.value, Known)]
    if len(known) != len(written):
        return None

    def path(field: Field) -> tuple[str, ...] | None:
        keys = _keys(field.path) if not field.steps else None
        return keys if keys and not any(_mentions(pattern, keys) for pattern in known) else None

    pattern = _pattern(parts, path, mapping=False)
    if not pattern:
        return None
    page = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"
    return Filter(f"add {json.dumps(pattern)} to the {name}", page)


def _mentions(pattern: object, keys: tuple[str, ...]) -> bool:
    """Whether a pattern says something of a field already, or of what is around it."""
    for key in keys:
        if not isinstance(pattern, dict):
            return True
        if key not in pattern:
            return False
        pattern = pattern[key]
    return True


def _filter_policy(trigger: Trigger, parts: list[Condition]) -> Filter | None:
    if trigger.proof == "permission" or trigger.option("FilterPolicy"):
        return None
    page = "https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html"
    body = _pattern(parts, lambda field: _message_path(field, "Message", ("json",)), mapping=False)
    if body:
        return Filter(f"FilterPolicy: {json.dumps(body)} with FilterPolicyScope: MessageBody", page)
    attributes = _pattern(parts, _attribute_path, mapping=False)
    return Filter(f"FilterPolicy: {json.dumps(attributes)}", page) if attributes else None


def _message_path(field: Field, member: str, steps: tuple[str, ...]) -> tuple[str, ...] | None:
    if field.path[:1] != ("Records",) or field.path[2:4] != ("Sns", member) or field.steps != steps:
        return None
    return _keys(field.path[4:]) or None


def _attribute_path(field: Field) -> tuple[str, ...] | None:
    keys = _message_path(field, "MessageAttributes", ())
    return keys[:1] if keys is not None and len(keys) == 2 and keys[1] == "Value" else None


def _key_filter(trigger: Trigger, parts: list[Condition]) -> Filter | None:
    """S3 filters by one prefix and one suffix of the key."""
    if trigger.proof == "permission" or trigger.option("Filter") or trigger.option("Filters"):
        return None
    rules: dict[str, str] = {}
    for part in parts:
        if not isinstance(part, Compared) or part.negated or part.how not in ("prefix", "suffix"):
            continue
        if (
            part.field.path[:1] == ("Records",)
            and part.field.path[2:] == _OBJECT_KEY
            and len(part.values) == 1
        ):
            rules.setdefault(part.how, str(part.values[0]))
    if not rules:
        return None
    value = ", ".join(f"{{Name: {name}, Value: {json.dumps(text)}}}" for name, text in rules.items())
    page = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html"
    return Filter(f"Filter: {{S3Key: {{Rules: [{value}]}}}}", page)


# Patterns


def _pattern(parts: list[Condition], path: Any, mapping: bool) -> dict[str, Any]:
    """A pattern of the parts that can be expressed. `mapping` says that an event source mapping reads it,
    which knows fewer operators."""
    found: dict[str, Any] = {}
    for part in parts:
        rule = _rule(part, path, mapping)
        if rule is None:
            continue
        keys, matchers = rule
        holder = found
        for key in keys[:-1]:
            holder = holder.setdefault(key, {})
            if not isinstance(holder, dict):
                break
        if isinstance(holder, dict):
            holder[keys[-1]] = _both(holder.get(keys[-1]), matchers)
    return found


def _both(one: Any, other: list[Any]) -> list[Any]:
    """One list of matchers for two that must both match; the first, where there is no such list."""
    if not isinstance(one, list):
        return other
    for name in ("anything-but", "numeric"):
        parts = [
            each[0].get(name) if len(each) == 1 and isinstance(each[0], dict) else None
            for each in (one, other)
        ]
        if all(isinstance(part, list) for part in parts):
            return [{name: [*parts[0], *parts[1]]}]  # type: ignore[misc]
    return one


def _rule(part: Condition, path: Any, mapping: bool) -> tuple[tuple[str, ...], list[Any]] | None:
    """The keys of a field and what it must match."""
    if isinstance(part, Compared):
        keys = path(part.field)
        matchers = _matchers(part, mapping) if keys else None
        return (keys, matchers) if keys and matchers else None
    if isinstance(part, Joined) and part.word == "or":
        rules = [_rule(each, path, mapping) for each in part.parts]
        known = [rule for rule in rules if rule is not None]
        if len(known) == len(rules) and len({keys for keys, _ in known}) == 1:
            return known[0][0], [matcher for _, matchers in known for matcher in matchers]
    return None


def _matchers(part: Compared, mapping: bool) -> list[Any] | None:
    values = list(part.values)
    if part.how in ("<", "<=", ">", ">="):
        return [{"numeric": [part.how, values[0]]}]
    if not part.negated:
        if part.how == "in":
            return values
        name = {"ignore case": "equals-ignore-case"}.get(part.how, part.how)
        return [{name: value} for value in values]
    # A pattern asks for the field to be there; the code may not.
    if not part.field.required or None in values:
        return None
    if part.how == "in":
        return [{"anything-but": values}]
    if mapping or part.how == "ignore case" or len(values) > 1:
        return None
    return [{"anything-but": {part.how: values[0]}}]


def _keys(path: tuple[Step, ...]) -> tuple[str, ...] | None:
    return (
        tuple(step for step in path if isinstance(step, str))
        if all(isinstance(s, str) for s in path)
        else None
    )
