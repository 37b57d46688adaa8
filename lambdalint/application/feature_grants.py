"""What features of a function need of its role before they work, at the place that switches each on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.application.patterns import Answer
from lambdalint.application.permissions import permissions
from lambdalint.iam import targets
from lambdalint.iam.match import Need
from lambdalint.iam.targets import NONE, UNKNOWN, Target
from lambdalint.template.resource_policies import has_policy
from lambdalint.template.values import Known, Path, Reference, Text

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction

# What Lambda refuses to work without. The managed policies hold more, which it does without.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
_NETWORK = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")
# https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
_TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html and its like for streams
_POLLED: Mapping[str, tuple[str, ...]] = {
    "SQS": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "Kinesis": ("kinesis:GetRecords", "kinesis:GetShardIterator"),
    "DynamoDB": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
}
_SENT: Mapping[str, str] = {
    "sqs:queue": "sqs:SendMessage",
    "sns:topic": "sns:Publish",
    "lambda:function": "lambda:InvokeFunction",
    "events:event-bus": "events:PutEvents",
}
_CONFIG = ("EventInvokeConfig", "DestinationConfig")
_TARGETS = (
    ("DeadLetterQueue", "TargetArn"),
    (*_CONFIG, "OnFailure", "Destination"),
    (*_CONFIG, "OnSuccess", "Destination"),
)


@dataclass(frozen=True)
class Feature:
    """A feature that is on: what it is called, where, and what it needs. `at_key`: its name is the place."""

    name: str
    path: Path
    needs: tuple[Need, ...]
    at_key: bool = False


def ungranted(
    application: Application, function: LambdaFunction
) -> Iterator[tuple[Feature, tuple[Need, ...]]]:
    """The features that a hand-written role surely does not allow, each with what it lacks."""
    known = permissions(application, function).granted
    if not known.complete or known.declared.role is None or known.declared.implicit:
        return
    for feature in _features(function):
        lacking = tuple(
            need
            for need in feature.needs
            if known.answer(need) is Answer.NO and not has_policy(function.template, need.target.key)
        )
        if lacking:
            yield feature, lacking


def _features(function: LambdaFunction) -> Iterator[Feature]:
    for outcome in function.property("Tracing"):
        if outcome.value == Known("Active"):
            yield Feature("active tracing", outcome.path, tuple(Need(one, NONE) for one in _TRACING))
    for outcome in function.property("VpcConfig"):
        if _has_subnets(outcome.value):
            yield Feature("its VPC", outcome.path, tuple(Need(one, UNKNOWN) for one in _NETWORK))
    for place in _TARGETS:
        for outcome in function.property(*place):
            target = _resource(function, outcome.value)
            if target is not None and target.type is not None and target.type in _SENT:
                name = (
                    "its dead-letter queue"
                    if place[0] == "DeadLetterQueue"
                    else f"its {place[-2]} destination"
                )
                yield Feature(name, outcome.path, (Need(_SENT[target.type], target),))
    for trigger in function.triggers:
        actions = _POLLED.get(trigger.source, ())
        if actions and trigger.template is function.template:
            target = _resource(function, trigger.resource) or UNKNOWN
            needs = tuple(Need(one, target) for one in actions)
            yield Feature(trigger.description, trigger.path, needs, at_key=True)


def _has_subnets(value: object) -> bool:
    subnets = (
        value.value.get("SubnetIds") if isinstance(value, Known) and isinstance(value.value, dict) else None
    )
    return bool(subnets) and subnets != {"Ref": "AWS::NoValue"}


def _resource(function: LambdaFunction, value: object) -> Target | None:
    if isinstance(value, Text) and len(value.references) == 1:
        value = value.references[0]
    if not isinstance(value, Reference):
        return None
    resource = function.template.resources.get(value.logical_id)
    if resource is None:
        return None
    return targets.of_resource(resource.type, resource.logical_id, resource.properties)
