"""What Lambda itself does with a function's role: logging, tracing, polling, destinations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdalint.application.needed import Needed, Open
from lambdalint.application.policy_targets import of_literal
from lambdalint.application.unseen import libraries
from lambdalint.iam import targets
from lambdalint.iam.match import Need
from lambdalint.iam.targets import NONE, UNKNOWN, Target
from lambdalint.template.function import DESTINATIONS
from lambdalint.template.identity import render
from lambdalint.template.values import Known, Reference, Text

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.triggers import Trigger

_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_XRAY = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
# What Lambda's pollers do with the function's role: the managed policies AWSLambda*ExecutionRole.
_POLLERS: Mapping[str, tuple[str, ...]] = {
    "SQS": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "Kinesis": (
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:ListStreams",
        "kinesis:SubscribeToShard",
    ),
    "DynamoDB": (
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ),
}
_POLLED_OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "MSK": ("kafka", "kafka-cluster", "ec2", "secretsmanager", "kms"),
    "SelfManagedKafka": ("ec2", "secretsmanager", "kms"),
    "MQ": ("mq", "ec2", "secretsmanager", "kms"),
    "DocumentDB": ("rds", "ec2", "secretsmanager", "kms"),
}
_DESTINATIONS = {
    "sqs:queue": "sqs:SendMessage",
    "sns:topic": "sns:Publish",
    "lambda:function": "lambda:InvokeFunction",
    "events:event-bus": "events:PutEvents",
    "s3:bucket": "s3:PutObject",
}


def features(function: LambdaFunction) -> Iterator[Needed | Open]:
    """What Lambda itself does with the function's role."""
    for action in _LOGS:
        yield Needed(Need(action, UNKNOWN), feature="Lambda's own logging")
    if function.property("Tracing"):
        for action in _XRAY:
            yield Needed(Need(action, NONE), feature="Tracing")
    if function.property("VpcConfig"):
        for action in _INTERFACES:
            yield Needed(Need(action, UNKNOWN), feature="VpcConfig")
    if function.property("LoggingConfig"):
        yield Open("the function logs to a group of another name", ("logs",))
    if function.property("FileSystemConfigs"):
        yield Open("the function mounts a file system", ("elasticfilesystem", "s3", "s3files"))
    for trigger in function.triggers:
        yield from _poller(function.template, trigger)
        if trigger.option("DestinationConfig"):
            yield Open(f"the {trigger.description} passes on what failed", ("sqs", "sns", "s3"))
    yield from _destinations(function)
    for layer in function.layers:
        text = render(layer.value)
        for name, prefixes in libraries().layers.items():
            if name in text:
                yield Open(f"the layer {name} uses the function's role", prefixes)


def _poller(template: Template, trigger: Trigger) -> Iterator[Needed | Open]:
    if trigger.source in _POLLED_OTHERWISE:
        yield Open(f"the {trigger.description} polls with the role", _POLLED_OTHERWISE[trigger.source])
    for action in _POLLERS.get(trigger.source, ()):
        kind = targets.main_type(action)
        target = UNKNOWN if kind is None or trigger.resource is None else _named(template, trigger, kind)
        yield Needed(Need(action, target), feature=trigger.description)


def _named(template: Template, trigger: Trigger, kind: str) -> Target:
    value = trigger.resource
    if isinstance(value, Text) and len(value.references) == 1:
        value = value.references[0]
    if isinstance(value, Reference):
        resource = template.resources.get(value.logical_id)
        if resource is not None:
            found = targets.of_resource(resource.type, resource.logical_id, resource.properties)
            return found if found is not None and found.type == kind else UNKNOWN
    if isinstance(value, Known) and isinstance(value.value, str) and kind != "dynamodb:table":
        return of_literal(str(value.value), kind)
    return UNKNOWN


def _destinations(function: LambdaFunction) -> Iterator[Needed | Open]:
    for place in DESTINATIONS:
        for outcome in function.property(*place):
            target = _destination(function.template, outcome.value)
            if target is None or target.type not in _DESTINATIONS:
                yield Open(
                    f"the target of {place[-2]} is not known", ("sqs", "sns", "lambda", "events", "s3")
                )
            else:
                yield Needed(Need(_DESTINATIONS[target.type], target), feature=place[-2])


def _destination(template: Template, value: object) -> Target | None:
    if not isinstance(value, Reference):
        return None
    resource = template.resources.get(value.logical_id)
    if resource is None:
        return None
    return targets.of_resource(resource.type, resource.logical_id, resource.properties)
