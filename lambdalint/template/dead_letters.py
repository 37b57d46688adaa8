"""Dead-letter queues that do not fit: of another type than what sends there, or with a shorter memory.

SQS developer guide, "Using dead-letter queues in Amazon SQS": the dead-letter queue of a FIFO queue must be a
FIFO queue, that of a standard queue a standard queue. Lambda developer guide, "Capturing records of Lambda
asynchronous invocations": standard queues and topics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.template.identity import render
from lambdalint.template.queues import DEFAULT_RETENTION, TOPIC, names_fifo
from lambdalint.template.values import Alternative, Condition, Path, Reference, Value, agree

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template


@dataclass(frozen=True, eq=False)
class WrongType:
    """A reference at `path` to a queue or topic that is FIFO (`fifo`) or is not, and should not be. `source`
    is the queue that names it, or the resource of the function or mapping; `target` what is named, if the
    template has it."""

    path: Path
    source: Resource
    target: Resource | None
    fifo: bool
    what: str
    function: LambdaFunction | None = None

    def known(self) -> Iterator[tuple[Resource, bool, str]]:
        """What the template has, whether it is FIFO, and what it is."""
        if self.function is None:
            yield self.source, not self.fifo, "queue"
        if self.target is not None:
            yield self.target, self.fifo, self.what


@dataclass(frozen=True, eq=False)
class Early:
    """A dead-letter queue that forgets earlier than its source. `place` is where its retention is written,
    None for the default; `reference` where the source names it."""

    target: Resource
    place: Path | None
    seconds: int
    source: Resource
    source_seconds: int
    reference: Path


def wrong_types(template: Template) -> Iterator[WrongType]:
    """References to dead-letter queues and failure destinations of the wrong type."""
    for queue in template.queues.all:
        fifo = template.queues.is_fifo(queue)
        for named in template.queues.redrives(queue):
            other = names_fifo(template, named.value)
            if fifo is not None and other is not None and other is not fifo:
                yield WrongType(named.path, queue, template.queues.of(named.value), other, "queue")
    for function in template.functions:
        for named in _failures(function):
            if names_fifo(template, named.value):
                target, what = _named(template, named.value)
                yield WrongType(named.path, function.resource, target, True, what, function)


def early(template: Template) -> Iterator[Early]:
    """Standard dead-letter queues that keep messages for a shorter time than their source; each once, with
    the source that keeps them longest."""
    found: dict[Path, Early] = {}
    for queue in template.queues.all:
        for named in template.queues.redrives(queue):
            target = template.queues.of(named.value)
            if target is None or target is queue or template.queues.is_fifo(target) is not False:
                continue
            for each in _shorter(queue, target, named):
                place = each.place or target.path
                known = found.get(place)
                if known is None or known.source_seconds < each.source_seconds:
                    found[place] = each
    yield from found.values()


def _shorter(queue: Resource, target: Resource, named: Alternative) -> Iterator[Early]:
    queues = queue.template.queues
    around = (named.conditions, _of(queue), _of(target))
    for kept, _, when in queues.seconds(queue, "MessageRetentionPeriod", DEFAULT_RETENTION):
        for seconds, place, then in queues.seconds(target, "MessageRetentionPeriod", DEFAULT_RETENTION):
            if seconds < kept and agree(*around, when, then):
                yield Early(target, place.path if place else None, seconds, queue, kept, named.path)


def _failures(function: LambdaFunction) -> Iterator[Alternative]:
    """What a function's failures are sent to, by itself, its configurations and its mappings."""
    template = function.template
    for found in function.property("DeadLetterQueue"):
        yield from template.step([Alternative(found.value, found.path, found.conditions)], "TargetArn")
    for found in function.property("EventInvokeConfig", "DestinationConfig", "OnFailure"):
        yield from template.step([Alternative(found.value, found.path, found.conditions)], "Destination")
    for config in function.invoke_configs:
        yield from config.get("DestinationConfig", "OnFailure", "Destination")


def _named(template: Template, value: Value) -> tuple[Resource | None, str]:
    if isinstance(value, Reference):
        resource = template.resources.get(value.logical_id)
        return resource, "topic" if resource is not None and resource.type == TOPIC else "queue"
    return template.queues.of(value), "topic" if ":sns:" in render(value) else "queue"


def _of(resource: Resource) -> tuple[Condition, ...]:
    return ((resource.condition, True),) if resource.condition is not None else ()
