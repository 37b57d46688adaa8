"""Where what failed or finished is sent: the destinations and dead-letter queues that a template names, with
what each place takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.finding import FunctionId
from lambdalint.template.identity import render
from lambdalint.template.resolve import has_macro
from lambdalint.template.values import Alternative, Known, Path, Reference, Text, Value

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template

# What SAM's `Type` stands for, by the service in an ARN.
TYPES: Mapping[str, str] = {
    "EventBridge": "events",
    "Kafka": "kafka",
    "Lambda": "lambda",
    "S3": "s3",
    "S3Bucket": "s3",
    "SNS": "sns",
    "SQS": "sqs",
}
NAMES: Mapping[str, str] = {
    "events": "an event bus",
    "kafka": "a Kafka topic",
    "lambda": "a function",
    "s3": "a bucket",
    "sns": "a topic",
    "sqs": "a queue",
}
# Type of resource → service, whether Ref gives its ARN, the attribute that does.
_RESOURCES: Mapping[str, tuple[str, bool, str]] = {
    "AWS::DynamoDB::Table": ("dynamodb", False, "Arn"),
    "AWS::Events::EventBus": ("events", False, "Arn"),
    "AWS::Kinesis::Stream": ("kinesis", False, "Arn"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", False, "Arn"),
    "AWS::Lambda::Alias": ("lambda", True, "AliasArn"),
    "AWS::Lambda::Function": ("lambda", False, "Arn"),
    "AWS::Lambda::Version": ("lambda", True, "FunctionArn"),
    "AWS::S3::Bucket": ("s3", False, "Arn"),
    "AWS::SNS::Topic": ("sns", True, "TopicArn"),
    "AWS::SQS::Queue": ("sqs", False, "Arn"),
    "AWS::Serverless::Function": ("lambda", False, "Arn"),
    "AWS::Serverless::StateMachine": ("states", True, "Arn"),
    "AWS::StepFunctions::StateMachine": ("states", True, "Arn"),
}
_ARN = re.compile(r"arn:(?:[^:]|\$\{[^}]*\})+:([a-z0-9-]+):")


@dataclass(frozen=True)
class Slot:
    """One place that names where to send to. `types` are the values that `Type` can have beside it, () where
    it has none; `typed` what it says; `needs_type` whether SAM insists on one."""

    what: str  # for people
    path: Path
    services: tuple[str, ...]
    named: tuple[Alternative, ...]
    functions: tuple[FunctionId, ...] = ()
    types: tuple[str, ...] = ()
    typed: tuple[Alternative, ...] = ()
    needs_type: bool = False


@dataclass(frozen=True)
class Named:
    """What a value names: the service of its ARN, and the attribute to ask for where it is no ARN."""

    service: str
    attribute: str = ""


def named(template: Template, value: Value) -> Named | None:
    """What a destination's value names; None where the template does not tell."""
    if isinstance(value, Reference):
        resource = template.resources.get(value.logical_id)
        known = _RESOURCES.get(resource.type) if resource is not None else None
        if known is None:
            return None
        service, by_ref, attribute = known
        is_arn = by_ref if value.attribute is None else value.attribute.endswith("Arn")
        return Named(service, "" if is_arn else attribute)
    if isinstance(value, (Known, Text)):
        text = render(value)
        match = _ARN.match(text)
        if match is not None:
            return Named(match[1])
        return Named("kafka") if text.startswith("kafka://") else None
    return None


def slots(template: Template) -> Iterator[Slot]:
    """Every place of a template that names where failed or finished events go."""
    for function in template.functions:
        yield from _of_function(template, function)
    for config in template.of_type("AWS::Lambda::EventInvokeConfig"):
        for way in ("OnFailure", "OnSuccess"):
            for holder in config.get("DestinationConfig", way):
                yield Slot(
                    f"the {way} destination of `{config.logical_id}`",
                    holder.path,
                    _invoke_services(way),
                    template.step([holder], "Destination"),
                )
    for poll in template.polls:
        for holder in poll.settings("DestinationConfig", "OnFailure"):
            sam = poll.trigger.proof == "event"
            yield Slot(
                f"the OnFailure destination of `{poll.trigger.name}`",
                holder.path,
                ("sqs", "sns", "s3", "kafka"),
                template.step([holder], "Destination"),
                poll.ids,
                ("SQS", "SNS", "S3", "Kafka") if sam else (),
                template.step([holder], "Type") if sam else (),
            )
    yield from _queues_of(template)


def _of_function(template: Template, function: LambdaFunction) -> Iterator[Slot]:
    for holder in function.property("DeadLetterQueue"):
        whole = Alternative(holder.value, holder.path, holder.conditions)
        yield Slot(
            f"the dead-letter queue of `{function.logical_id}`",
            holder.path,
            ("sqs", "sns"),
            template.step([whole], "TargetArn"),
            (function.id,),
            ("SQS", "SNS") if function.sam else (),
            template.step([whole], "Type") if function.sam else (),
            function.sam and not _may_come(template, holder.path),
        )
    for way in ("OnFailure", "OnSuccess"):
        for holder in function.property("EventInvokeConfig", "DestinationConfig", way):
            whole = Alternative(holder.value, holder.path, holder.conditions)
            yield Slot(
                f"the {way} destination of `{function.logical_id}`",
                holder.path,
                _invoke_services(way),
                template.step([whole], "Destination"),
                (function.id,),
                ("SQS", "SNS", "EventBridge", "Lambda", "S3Bucket"),
                template.step([whole], "Type"),
                not _may_come(template, holder.path),
            )


def _may_come(template: Template, path: Path) -> bool:
    """Whether what a mapping lacks may come from a transform, or the mapping is none."""
    node = template.get(path)
    return not isinstance(node, dict) or has_macro(node) or (len(node) == 1 and next(iter(node)) == "Ref")


def _invoke_services(way: str) -> tuple[str, ...]:
    """Lambda developer guide, "Capturing records of Lambda asynchronous invocations": a bucket takes failures
    alone."""
    return ("sqs", "sns", "lambda", "events", *(("s3",) if way == "OnFailure" else ()))


# Type → where in Properties its dead-letter queue is named; it must be one of SQS.
_QUEUES: Sequence[tuple[str, tuple[str, ...]]] = (
    ("AWS::SNS::Subscription", ("RedrivePolicy", "deadLetterTargetArn")),
    ("AWS::SQS::Queue", ("RedrivePolicy", "deadLetterTargetArn")),
    ("AWS::Scheduler::Schedule", ("Target", "DeadLetterConfig", "Arn")),
)


def _queues_of(template: Template) -> Iterator[Slot]:
    for kind, keys in _QUEUES:
        for resource in template.of_type(kind):
            yield from _queue_of(resource, resource.get(*keys))
    for resource in template.of_type("AWS::Events::Rule"):
        found = template.step(resource.items("Targets"), "DeadLetterConfig", "Arn")
        yield from _queue_of(resource, found)


def _queue_of(resource: Resource, found: Sequence[Alternative]) -> Iterator[Slot]:
    for one in found:
        yield Slot(f"the dead-letter queue of `{resource.logical_id}`", one.path, ("sqs",), (one,))
