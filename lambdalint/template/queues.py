"""The SQS queues of a template: their type, what they name as their dead-letter queue, and who names them.

SQS developer guide, "Using dead-letter queues in Amazon SQS".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from lambdalint.template.batches import number
from lambdalint.template.identity import render
from lambdalint.template.values import Alternative, Condition, Known, Path, Reference, Text, Value

if TYPE_CHECKING:
    from lambdalint.template.template import Resource, Template

QUEUE = "AWS::SQS::Queue"
TOPIC = "AWS::SNS::Topic"

# CreateQueue: VisibilityTimeout and MessageRetentionPeriod, in seconds.
DEFAULT_VISIBILITY = 30
DEFAULT_RETENTION = 345_600

# Keys under which a queue is named as the place for what failed: redrive policies of queues and
# subscriptions, DeadLetterQueue, DeadLetterConfig, OnFailure, IoT's ErrorAction, an environment variable or
# an output that says so.
_FAILURE_KEY = re.compile(
    r"redrive(?!allow)|dead_?-?letter|on_?failure|error_?action|dlq|failed|failure", re.I
)
_ALLOWS = "redriveallowpolicy"
# What people call the queue for what failed.
_FAILURE_NAME = re.compile(r"dlq|dead-?_?letter|fail(?:ure|ed|s\b)|redrive|poison|parking", re.I)
_ARN_NAME = re.compile(r":sqs:.*:(?P<name>(?:[^:}]|\$\{[^}]*\})+)$", re.S)


class Queues:
    """Answers for one template about its queues."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self.all: Sequence[Resource] = template.of_type(QUEUE)

    def of(self, value: Value) -> Resource | None:
        """The queue that a value names: by Ref or GetAtt alike, by an ARN, a URL or a name."""
        if isinstance(value, Reference):
            return self._referenced(value)
        if isinstance(value, Text) and len(value.references) == 1 and not self._by_name:
            return self._referenced(value.references[0])
        if isinstance(value, (Known, Text)):
            match = _ARN_NAME.search(render(value))
            found = self._by_name.get(match["name"]) if match else None
            if found is None and isinstance(value, Text) and len(value.references) == 1:
                return self._referenced(value.references[0])
            return found
        return None

    def is_fifo(self, queue: Resource) -> bool | None:
        """Whether a queue is first in, first out; None where a condition or a parameter decides."""
        found = queue.get("FifoQueue")
        if not found:
            names = [each.value for each in queue.get("QueueName")]
            return bool(names) and all(_ends_fifo(name) for name in names)
        chosen = {_truth(each) for each in found}
        return chosen.pop() if len(chosen) == 1 else None

    def redrives(self, queue: Resource) -> tuple[Alternative, ...]:
        """What a queue names as its dead-letter queue, in every branch; () where it has no redrive policy."""
        found = _present(queue.get("RedrivePolicy"))
        named = self._template.step(found, "deadLetterTargetArn")
        return named or found

    def takes_failures(self, queue: Resource) -> bool:
        """Whether the queue is where others send what failed: by a redrive policy, as a dead-letter queue or
        failure destination of anything in the template, or by what it is called."""
        if queue.logical_id in self._targets or _present(queue.get("RedriveAllowPolicy")):
            return True
        names = [queue.logical_id, *(render(each.value) for each in queue.get("QueueName"))]
        if any(_FAILURE_NAME.search(name) for name in names):
            return True
        return any(map(_tells_failure, self._template.references(queue.logical_id)))

    def seconds(
        self, queue: Resource, name: str, default: int
    ) -> tuple[tuple[int, Alternative | None, tuple[Condition, ...]], ...]:
        """What a period of the queue comes to, with where it is written (None for the default) and the
        conditions; what is not known is left out."""
        found = _present(queue.get(name))
        if not found:
            return ((default, None, ()),)
        known = ((number(each), each) for each in found)
        return tuple((seconds, each, each.conditions) for seconds, each in known if seconds is not None)

    @cached_property
    def _targets(self) -> frozenset[str]:
        """The dead-letter queues of the template's own queues, also those named by ARN."""
        named = (self.of(each.value) for queue in self.all for each in self.redrives(queue))
        return frozenset(queue.logical_id for queue in named if queue is not None)

    @cached_property
    def _by_name(self) -> Mapping[str, Resource]:
        found: dict[str, Resource] = {}
        for queue in self.all:
            for each in queue.get("QueueName"):
                found[render(each.value)] = queue
        return found

    def _referenced(self, reference: Reference) -> Resource | None:
        resource = self._template.resources.get(reference.logical_id)
        return resource if resource is not None and resource.type == QUEUE else None


def names_fifo(template: Template, value: Value) -> bool | None:
    """Whether a value names a FIFO queue or topic; None where the template does not tell."""
    if isinstance(value, Reference):
        resource = template.resources.get(value.logical_id)
        if resource is None or resource.type not in (QUEUE, TOPIC):
            return None
        if resource.type == QUEUE:
            return template.queues.is_fifo(resource)
        chosen = {_truth(each) for each in resource.get("FifoTopic")} or {False}
        return chosen.pop() if len(chosen) == 1 else None
    queue = template.queues.of(value)
    if queue is not None:
        return template.queues.is_fifo(queue)
    text = render(value)
    if not isinstance(value, (Known, Text)) or not re.match(r"arn:[^:]*(?:\$\{[^}]*\})?:(?:sqs|sns):", text):
        return None
    if _ends_fifo(value):
        return True
    last = value.parts[-1] if isinstance(value, Text) else text
    return False if isinstance(last, str) else None


def _tells_failure(path: Path) -> bool:
    """Whether a reference stands under a key that says that what failed goes there."""
    keys = path[2:] if path[0] == "Resources" else path
    words = [key.lower() for key in keys if isinstance(key, str)]
    return _ALLOWS not in words and any(_FAILURE_KEY.search(word) for word in words)


def _present(found: Sequence[Alternative]) -> tuple[Alternative, ...]:
    return tuple(each for each in found if not (isinstance(each.value, Known) and each.value.value is None))


def _truth(found: Alternative) -> bool | None:
    value = found.value.value if isinstance(found.value, Known) else None
    return {"true": True, "false": False}.get(str(value).lower())


def _ends_fifo(value: Value) -> bool:
    return render(value).endswith(".fifo")
