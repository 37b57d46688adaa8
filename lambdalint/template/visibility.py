"""How long queues hide messages from others, against how long the functions that poll them may need.

Lambda developer guide, "Creating and configuring an Amazon SQS event source mapping": "set the source queue's
visibility timeout to at least six times the configuration timeout on your function", so that Lambda can try
again where it was throttled; and Lambda refuses a mapping whose function may run longer than that timeout.
What Lambda waits for a batch to fill (MaximumBatchingWindowInSeconds) comes on top.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.template.function import DEFAULT_TIMEOUT
from lambdalint.template.queues import DEFAULT_VISIBILITY
from lambdalint.template.values import Alternative, Condition, Path, agree

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.polls import Poll
    from lambdalint.template.template import Resource, Template

TIMES = 6
# SetQueueAttributes: "An integer from 0 to 43,200 (12 hours)".
LONGEST = 43_200


@dataclass(frozen=True, eq=False)
class Demand:
    """What one function asks of the queue that it is polled for: its timeout and the batch window in seconds,
    each with the place where it is written (None for the default)."""

    poll: Poll
    function: LambdaFunction
    timeout: int
    timeout_path: Path | None
    window: int
    window_path: Path | None

    @property
    def seconds(self) -> int:
        """How long the queue should hide a message."""
        return TIMES * self.timeout + self.window


@dataclass(frozen=True, eq=False)
class Short:
    """A queue that hides messages for less than is asked. `queue` is None where SAM makes the queue, and
    `path` then leads to the setting that has it made. `written` is None for SQS's default. The demands that
    are not met come with the greatest first."""

    template: Template
    path: Path
    queue: Resource | None
    written: Alternative | None
    seconds: int
    demands: tuple[Demand, ...]

    @property
    def needed(self) -> int:
        """How long it would have to be."""
        return self.demands[0].seconds

    @property
    def refused(self) -> bool:
        """Whether Lambda refuses the mapping."""
        return any(demand.timeout > self.seconds for demand in self.demands)


def short_timeouts(template: Template) -> Iterator[Short]:
    """The queues of a template whose visibility timeout is too short for a function that is polled for."""
    asked: dict[str, list[tuple[Poll, tuple[Condition, ...]]]] = {}
    for poll in template.polls:
        if poll.source != "SQS":
            continue
        if poll.own_queue is not None:
            demands = _demands([(poll, ())], DEFAULT_VISIBILITY, ())
            if demands:
                yield Short(template, poll.own_queue, None, None, DEFAULT_VISIBILITY, demands)
        for queue, conditions in poll.queues:
            asked.setdefault(queue.logical_id, []).append((poll, conditions))
    for logical_id, polled in asked.items():
        queue = template.resources[logical_id]
        for seconds, written, held in template.queues.seconds(queue, "VisibilityTimeout", DEFAULT_VISIBILITY):
            demands = _demands(polled, seconds, (*held, *_of(queue)))
            if demands:
                path = written.path if written is not None else queue.path
                yield Short(template, path, queue, written, seconds, demands)


def _demands(
    polled: list[tuple[Poll, tuple[Condition, ...]]], seconds: int, held: tuple[Condition, ...]
) -> tuple[Demand, ...]:
    """What is asked beyond a number of seconds; for each function of each mapping the most."""
    found: list[Demand] = []
    for poll, conditions in polled:
        for function in poll.functions:
            around = (held, conditions, poll.trigger.conditions, _of(function.resource), _of_mapping(poll))
            possible = [
                Demand(poll, function, timeout, place.path if place else None, window, path)
                for timeout, place in function.integers("Timeout", DEFAULT_TIMEOUT)
                for window, path, when in poll.window
                if agree(*around, place.conditions if place else (), when)
            ]
            most = max(possible, key=lambda demand: demand.seconds, default=None)
            if most is not None and most.seconds > seconds:
                found.append(most)
    return tuple(sorted(found, key=lambda demand: -demand.seconds))


def _of(resource: Resource) -> tuple[Condition, ...]:
    """The condition under which a resource is there."""
    return ((resource.condition, True),) if resource.condition is not None else ()


def _of_mapping(poll: Poll) -> tuple[Condition, ...]:
    resource = poll.template.resources.get(poll.trigger.name)
    return _of(resource) if poll.trigger.proof != "event" and resource is not None else ()
