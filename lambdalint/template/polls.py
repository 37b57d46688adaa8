"""What Lambda polls for functions: the event source mappings of SAM's events and of resources, one face."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from lambdalint.finding import FunctionId, Label, Role
from lambdalint.template.batches import BATCHING, number, setting
from lambdalint.template.trigger_resources import mapping_trigger
from lambdalint.template.triggers import Trigger
from lambdalint.template.values import Alternative, Condition, Known, Path

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template

# Sources whose mapping can send what it gives up on somewhere: CreateEventSourceMapping, DestinationConfig.
# A mapping of SQS cannot (its queue has a redrive policy), nor can one of MQ or DocumentDB.
KEEPS_FAILURES = frozenset({"DynamoDB", "Kinesis", "MSK", "SelfManagedKafka", "Stream"})
# Sources whose records are tried again until they expire, unless the mapping says otherwise.
SHARDED = frozenset({"DynamoDB", "Kinesis", "Stream"})
_PLAIN_NAMES = {
    "DynamoDB": "DynamoDB stream",
    "Kinesis": "Kinesis stream",
    "MSK": "Kafka topic",
    "SelfManagedKafka": "Kafka topic",
    "Stream": "stream",
}


@dataclass(frozen=True, eq=False)
class Poll:
    """One event source mapping. `functions` are those of the template that it invokes: none where it names
    another stack's, several where a condition chooses."""

    trigger: Trigger
    functions: tuple[LambdaFunction, ...]
    template: Template = field(repr=False)

    @property
    def source(self) -> str:
        """What is polled, by the name of SAM's event type; "Stream" for Kinesis or DynamoDB."""
        return self.trigger.source

    @property
    def what(self) -> str:
        """What is polled, for people."""
        return _PLAIN_NAMES.get(self.source, self.source)

    @property
    def whom(self) -> str:
        """Who is given what it reads, for people."""
        return " and ".join(f"`{function.logical_id}`" for function in self.functions) or "the function"

    @property
    def ids(self) -> tuple[FunctionId, ...]:
        """What findings name the functions by."""
        return tuple(function.id for function in self.functions)

    @property
    def path(self) -> Path:
        """The event, or the resource."""
        return self.trigger.path

    def settings(self, *keys: str) -> tuple[Alternative, ...]:
        """What a property of the mapping comes to; () where it is absent in every branch."""
        found = setting(self.trigger, keys[0])
        return self.template.step(found, *keys[1:]) if len(keys) > 1 else found

    @cached_property
    def is_off(self) -> bool:
        """Whether the mapping is switched off in every branch."""
        found = self.settings("Enabled")
        return bool(found) and all(
            isinstance(each.value, Known) and str(each.value.value).lower() == "false" for each in found
        )

    @property
    def window(self) -> tuple[tuple[int, Path | None, tuple[Condition, ...]], ...]:
        """The seconds for which Lambda gathers records, with the place (None for the default) and the
        conditions; what is not known is left out."""
        found = self.settings("MaximumBatchingWindowInSeconds")
        if not found:
            return ((0, None, ()),)
        known = ((number(each), each) for each in found)
        return tuple((size, each.path, each.conditions) for size, each in known if size is not None)

    @cached_property
    def own_queue(self) -> Path | None:
        """The setting by which SAM makes a queue that no property reaches; None where it makes none.

        SAM specification, SqsSubscriptionObject: `SqsSubscription: true` makes a queue with SQS's defaults.
        """
        path: Path = (*self.trigger.options, "SqsSubscription")
        through = self.template.get((*self.path, "Type")) == "SNS"
        return path if through and not isinstance(self.template.get(path), dict) else None

    @cached_property
    def queues(self) -> tuple[tuple[Resource, tuple[Condition, ...]], ...]:
        """The queues of the template that are polled, each with the conditions under which it is."""
        if self.source != "SQS" or self.own_queue is not None:
            return ()
        if self.trigger.proof != "event":
            found = self.trigger.option("EventSourceArn")
        elif self.template.get((*self.path, "Type")) == "SNS":
            found = self.trigger.option("SqsSubscription", "QueueArn")
        else:
            found = self.trigger.option("Queue")
        named = ((self.template.queues.of(each.value), each.conditions) for each in found)
        return tuple((queue, conditions) for queue, conditions in named if queue is not None)

    def label(self, message: str, role: Role = Role.PRIMARY, function: FunctionId | None = None) -> Label:
        """A label at the event's or the mapping's name."""
        return self.template.label(self.path, message, role, key=True, function=function)


def polls(template: Template) -> tuple[Poll, ...]:
    """Every event source mapping of a template, by function first; `Template.polls` keeps them."""
    found: dict[Path, tuple[Trigger, list[LambdaFunction]]] = {}
    for function in template.functions:
        for trigger in function.triggers:
            if trigger.source in BATCHING and trigger.proof != "permission":
                found.setdefault(trigger.path, (trigger, []))[1].append(function)
    for resource in template.of_type("AWS::Lambda::EventSourceMapping"):
        if resource.path not in found:
            found[resource.path] = (mapping_trigger(template, resource), [])
    return tuple(Poll(trigger, tuple(functions), template) for trigger, functions in found.values())
