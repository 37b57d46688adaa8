"""Whether the items of a DynamoDB table hold numbers, which a table resource gives as Decimal.

Only what proves it counts: a key of the type N in the template, or a number that the application's own code
writes to the same table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Label, Role
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.kinds import Answer
    from lambdalint.template.template import Resource

_NUMBERS = frozenset({"int", "Decimal"})
_CHANGES = frozenset({"dynamodb.delete_item", "dynamodb.put_item", "dynamodb.update_item"})
_PROJECTIONS = ("ProjectionExpression", "AttributesToGet", "Select")


def proof_of_numbers(handler: Handler, answer: Answer, attribute: str | None = None) -> Label | None:
    """What proves that an answer holds a number: in the attribute where one is named, else in the item."""
    for call in handler.calls.at(answer.node):
        if call.module is not answer.module:
            continue
        own = call.api in _CHANGES
        if own and "ReturnValues" not in call.arguments:
            continue
        if not own and any(name in call.arguments for name in _PROJECTIONS):
            continue
        found = next(
            _proofs(handler, call, attribute, only_own=own and not _returns_all(handler, call)), None
        )
        if found is not None:
            return found
    return None


def _returns_all(handler: Handler, call: AwsCall) -> bool:
    from lambdalint.python.symbols import Literal

    chosen = call.arguments.get("ReturnValues")
    value = handler.evaluator.value(*chosen) if chosen is not None else None
    return isinstance(value, Literal) and str(value.value).startswith("ALL_")


def _proofs(handler: Handler, call: AwsCall, attribute: str | None, only_own: bool) -> Iterator[Label]:
    if only_own:
        yield from _written_by(handler, call, attribute)
        return
    resource = _table(handler, call)
    if resource is not None:
        yield from _key(resource, attribute)
    for other in handler.application.handlers:
        for write in other.calls:
            if write.service == "dynamodb" and _is_same_table(handler, call, other, write):
                yield from _written_by(other, write, attribute)


def _table(handler: Handler, call: AwsCall) -> Resource | None:
    found = [handler.target(call, function).resource for function in handler.functions]
    return found[0] if found and all(each is found[0] for each in found) else None


def _is_same_table(handler: Handler, call: AwsCall, other: Handler, write: AwsCall) -> bool:
    if call.target.kind in ("none", "unknown") or write.target.kind in ("none", "unknown"):
        return False
    table = _table(handler, call)
    if table is not None:
        return _table(other, write) is table
    same = (call.target.kind, call.target.value) == (write.target.kind, write.target.value)
    return same and (other is handler or call.target.kind == "literal")


def _key(resource: Resource, attribute: str | None) -> Iterator[Label]:
    """A key of the table of the type N: every item has it."""
    keys = {_text(item.value, "AttributeName") for item in resource.items("KeySchema")}
    for item in resource.items("AttributeDefinitions"):
        name = _text(item.value, "AttributeName")
        if name not in keys or _text(item.value, "AttributeType") != "N" or attribute not in (None, name):
            continue
        yield resource.template.label(item.path, f"every item has the number `{name}`", Role.RELATED)
    if resource.type == "AWS::Serverless::SimpleTable":
        for found in resource.get("PrimaryKey", "Type"):
            if isinstance(found.value, Known) and found.value.value == "Number" and attribute is None:
                yield resource.template.label(found.path, "every item has this number", Role.RELATED)


def _text(value: object, key: str) -> str | None:
    found = value.value.get(key) if isinstance(value, Known) and isinstance(value.value, dict) else None
    return str(found) if isinstance(found, str) else None


def _written_by(handler: Handler, call: AwsCall, attribute: str | None) -> Iterator[Label]:
    """A number that a call puts into an item: in `Item`, or as a value of an update's expression."""
    if call.receiver is None or call.receiver.kind == "client":
        return  # which writes numbers as text, {"N": "1"}
    item = call.arguments.get("Item")
    values = call.arguments.get("ExpressionAttributeValues") if call.operation == "update_item" else None
    for given, names in ((item, True), (values, False)):
        if given is None or (attribute is not None and not names):
            continue
        for made in handler.kinds.of(*given):
            for part in handler.kinds.parts(made) if made.kind == "dict" else ():
                if attribute not in (None, part.key) or part.key is None:
                    continue
                kinds = {each.kind for each in handler.kinds.of(part.module, part.value, part.within)}
                if kinds and kinds <= _NUMBERS:
                    yield part.module.label(part.value, "a number is written to the table", Role.RELATED)
