"""What invokes a function, by the template: the source, how it invokes, and what proves it.

Modes follow the Lambda developer guide: "Invoking Lambda with events from other AWS services" (S3, SNS,
EventBridge, … put events on Lambda's queue), "Event source mappings" (Lambda polls queues and streams) and
the pages of the services named beside the tables.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from lambdalint.template.values import Alternative, Condition, Known, Path, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template

Proof = Literal["event", "resource", "permission"]


class Mode(enum.Enum):
    """How a source invokes a function."""

    SYNC = "sync"  # the caller waits and sees the failure
    ASYNC = (
        "async"  # Lambda queues the event, retries twice, then drops it or sends it to a failure destination
    )
    STREAM = "stream"  # Lambda polls shards or partitions; a failed batch blocks its shard
    QUEUE = "queue"  # Lambda polls a queue; a failed message comes back
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Trigger:
    """One thing that invokes a function.

    `path` is the proof: the event's key, the target, the permission. `name` is the event's name or the
    logical id of the resource that holds it, `resource` what sends the events (bucket, queue, table, bus)
    where the template tells. `proof` says whether it is an event of SAM's, a resource, or only a permission
    to invoke. `reason` says why a mode is UNKNOWN. `integration` is what an OpenAPI body says of how the API
    hands over the request; see `contracts`. `state` is the state machine's state that invokes it.
    """

    source: str
    mode: Mode
    path: Path
    template: Template = field(repr=False, compare=False)
    name: str
    proof: Proof
    description: str
    resource: Value | None = None
    options: Path = ()
    conditions: tuple[Condition, ...] = ()
    reason: str = ""
    integration: str = ""
    state: str = ""

    def option(self, *keys: str | int) -> tuple[Alternative, ...]:
        """What an option of the trigger (`BatchSize`, `Schedule`, `FilterCriteria`) comes to; () if
        absent."""
        return self.template.alternatives((*self.options, *keys)) if self.options else ()

    @cached_property
    def batch_size(self) -> Known | Unknown | None:
        """The most records in one event, the source's default where none is written; None where the trigger
        sends no batches. `batches.batch_size_path` says where it is written."""
        from lambdalint.template.batches import batch_size

        return batch_size(self)

    @cached_property
    def reports_failures(self) -> bool | None:
        """Whether Lambda reads `batchItemFailures` from the answer; None where the template does not tell."""
        from lambdalint.template.batches import reports_failures

        return reports_failures(self)


Claim = tuple[str, Trigger]
"""A function's logical id, and a trigger of it."""


def triggers(template: Template, function: LambdaFunction) -> tuple[Trigger, ...]:
    """What invokes a function, in the order: its events, other resources, permissions that nothing else
    proves."""
    return template.triggers.get(function.logical_id, ())


def collect(template: Template) -> Mapping[str, tuple[Trigger, ...]]:
    """The triggers of every function of a template, by logical id; `Template.triggers` keeps them."""
    from lambdalint.template.trigger_apis import api_claims
    from lambdalint.template.trigger_events import event_claims
    from lambdalint.template.trigger_machines import machine_claims
    from lambdalint.template.trigger_resources import permission_claims, resource_claims

    if not template.functions:
        return {}
    found: dict[str, list[Trigger]] = {}
    for claims in (event_claims, resource_claims, api_claims, machine_claims):
        _add(found, claims(template))
    proven = {name: {_family(trigger.source) for trigger in known} for name, known in found.items()}
    permissions = (
        (name, trigger)
        for name, trigger in permission_claims(template)
        if _family(trigger.source) not in proven.get(name, ())
    )
    _add(found, permissions)
    return {name: tuple(known) for name, known in found.items()}


def _add(found: dict[str, list[Trigger]], claims: Iterable[Claim] | Iterator[Claim]) -> None:
    for name, trigger in claims:
        known = found.setdefault(name, [])
        if trigger not in known:
            known.append(trigger)


_FAMILIES = {
    "Schedule": "EventBridgeRule",
    "HttpApi": "Api",
    "WebSocketApi": "Api",
    "Authorizer": "Api",
}


def _family(source: str) -> str:
    """Sources that invoke through the same service principal; a permission for it proves none of them
    alone."""
    return _FAMILIES.get(source, source)
