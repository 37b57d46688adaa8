"""The keys of the template's DynamoDB tables, and whether a query can find more than one item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.python.dynamodb import key_condition
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.template.template import Resource

__all__ = ["Keys", "finds_many", "keys_of"]


@dataclass(frozen=True)
class Keys:
    """The key of a table: its partition key, and its sort key where it has one."""

    partition: str
    sort: str | None


def keys_of(handler: Handler, call: AwsCall) -> Keys | None:
    """The key of the table that a call acts on; None where the template does not tell."""
    found = {_table_keys(resource) for resource in _tables(handler, call)}
    return found.pop() if len(found) == 1 else None


def finds_many(handler: Handler, call: AwsCall) -> bool | None:
    """Whether a query can find several items; None where that cannot be told.

    One item at most has a full key of the table itself; the keys of an index need not be unique.
    """
    if "IndexName" in call.arguments:
        return True
    condition = key_condition(handler.evaluator, call)
    if condition is None:
        return None
    if condition.ranged:
        return True
    if len(condition.equal) > 1:
        return False
    keys = keys_of(handler, call)
    return None if keys is None else keys.sort is not None


def _tables(handler: Handler, call: AwsCall) -> Iterator[Resource | None]:
    for function in handler.functions:
        yield handler.target(call, function).resource


def _table_keys(resource: Resource | None) -> Keys | None:
    if resource is None:
        return None
    if resource.type == "AWS::Serverless::SimpleTable":
        return Keys(_known(resource, "PrimaryKey", "Name") or "id", None)
    keys: dict[str, str] = {}
    for item in resource.items("KeySchema"):
        if not isinstance(item.value, Known) or not isinstance(item.value.value, dict):
            return None
        written = item.value.value
        kind, name = written.get("KeyType"), written.get("AttributeName")
        keys[str(kind)] = name if isinstance(name, str) else ""
    if set(keys) - {"HASH", "RANGE"} or "HASH" not in keys:
        return None
    return Keys(keys["HASH"], keys.get("RANGE"))


def _known(resource: Resource, *keys: str) -> str | None:
    for found in resource.get(*keys):
        if isinstance(found.value, Known) and isinstance(found.value.value, str):
            return found.value.value
    return None
