"""What EventBridge and SNS deliver: the targets of rules and schedules and the subscriptions of topics, those
of SAM's events and those of resources, one face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.finding import FunctionId
from lambdalint.template.event_problems import HOLDERS
from lambdalint.template.resolve import has_macro, intrinsic
from lambdalint.template.values import Alternative, Known, Path

if TYPE_CHECKING:
    from lambdalint.template.template import Resource, Template

_TARGET_EVENTS = ("CloudWatchEvent", "EventBridgeRule", "Schedule", "ScheduleV2")


@dataclass(frozen=True)
class Delivery:
    """One target or subscription. `path` is where it is written (its key where `key`), `name` what it is for
    people. `keeps` says whether what cannot be delivered goes to a dead-letter queue, in some branch at
    least; None where the template does not tell. `inline` is a subscription within its topic, which can have
    none."""

    path: Path
    key: bool
    name: str
    keeps: bool | None
    functions: tuple[FunctionId, ...] = ()
    inline: bool = False


def targets(template: Template) -> Iterator[Delivery]:
    """The targets of the rules and schedules of a template."""
    for resource, event, path in _events(template, *_TARGET_EVENTS):
        name = f"the {event} event `{path[-1]}` of `{resource.logical_id}`"
        yield Delivery(path, True, name, _keeps(template, path, "DeadLetterConfig"), _ids(template, resource))
    for resource in template.of_type("AWS::Events::Rule"):
        for item in resource.items("Targets"):
            if isinstance(item.value, Known):
                keeps = _has(template, item, "DeadLetterConfig")
                name = f"target {_ordinal(item)} of the rule `{resource.logical_id}`"
                yield Delivery(item.path, True, name, keeps, _functions(template, item, "Arn"))
    for resource in template.of_type("AWS::Scheduler::Schedule"):
        for item in resource.get("Target"):
            if isinstance(item.value, Known):
                keeps = _has(template, item, "DeadLetterConfig")
                name = f"the target of the schedule `{resource.logical_id}`"
                yield Delivery(item.path, True, name, keeps, _functions(template, item, "Arn"))


def subscriptions(template: Template) -> Iterator[Delivery]:
    """The subscriptions of functions and queues in a template."""
    for resource, _, path in _events(template, "SNS"):
        name = f"the SNS event `{path[-1]}` of `{resource.logical_id}`"
        yield Delivery(path, True, name, _keeps(template, path, "RedrivePolicy"), _ids(template, resource))
    for resource in template.of_type("AWS::SNS::Subscription"):
        if _is_durable(resource.get("Protocol")):
            whole = Alternative(Known(resource.properties), (*resource.path, "Properties"))
            keeps = _has(template, whole, "RedrivePolicy")
            name = f"the subscription `{resource.logical_id}`"
            yield Delivery(resource.path, True, name, keeps, _functions(template, whole, "Endpoint"))
    for resource in template.of_type("AWS::SNS::Topic"):
        for item in resource.items("Subscription"):
            if isinstance(item.value, Known) and _is_durable(template.step([item], "Protocol")):
                name = f"subscription {_ordinal(item)} of the topic `{resource.logical_id}`"
                ids = _functions(template, item, "Endpoint")
                yield Delivery(item.path, True, name, False, ids, inline=True)


def _events(template: Template, *types: str) -> Iterator[tuple[Resource, str, Path]]:
    """The events of SAM's functions and state machines that are of one of these types, with their paths."""
    for resource in template.of_type(*HOLDERS):
        events = resource.properties.get("Events")
        if not isinstance(events, dict) or intrinsic(events) is not None:
            continue
        for name, event in events.items():
            kind = event.get("Type") if isinstance(event, dict) else None
            if kind in types:
                yield resource, str(kind), (*resource.path, "Properties", "Events", name)


def _keeps(template: Template, event: Path, name: str) -> bool | None:
    node = template.get((*event, "Properties"))
    if not isinstance(node, dict) or intrinsic(node) is not None or has_macro(node):
        return None
    return bool(template.alternatives((*event, "Properties", name)))


def _has(template: Template, holder: Alternative, name: str) -> bool | None:
    node = holder.value.value if isinstance(holder.value, Known) else None
    if not isinstance(node, dict) or has_macro(node):
        return None
    return bool(template.step([holder], name))


def _is_durable(protocol: tuple[Alternative, ...]) -> bool:
    """Whether a function or a queue subscribes; a parameter's default is one choice of several."""
    return any(
        isinstance(one.value, Known) and one.value.value in ("lambda", "sqs") and not one.parameter
        for one in protocol
    )


def _functions(template: Template, holder: Alternative, name: str) -> tuple[FunctionId, ...]:
    named = [
        logical_id
        for found in template.step([holder], name)
        for logical_id in template.identity.of(found.value)
    ]
    return tuple(FunctionId(template.source.path, logical_id) for logical_id in dict.fromkeys(named))


def _ids(template: Template, resource: Resource) -> tuple[FunctionId, ...]:
    function = template.function(resource.logical_id)
    return (function.id,) if function is not None else ()


def _ordinal(item: Alternative) -> int:
    """The position in its list, from 1; of an item that a condition chooses, that of the choice."""
    return next((key + 1 for key in reversed(item.path) if isinstance(key, int)), 1)
