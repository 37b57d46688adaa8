from __future__ import annotations

import pytest

from lambdalint.template.destinations import Named, Slot, named, slots
from lambdalint.template.template import Template
from tests.unit.template.templates import template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  P: {Type: String}
Conditions:
  C: !Equals [!Ref P, a]
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Bus: {Type: AWS::Events::EventBus}
  Table: {Type: AWS::DynamoDB::Table}
  Other: {Type: AWS::Lambda::Function}
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("!GetAtt Queue.Arn", Named("sqs")),
        ("!Ref Queue", Named("sqs", "Arn")),
        ("!GetAtt Queue.QueueName", Named("sqs", "Arn")),
        ("!Ref Topic", Named("sns")),
        ("!GetAtt Topic.TopicName", Named("sns", "TopicArn")),
        ("!Ref Bus", Named("events", "Arn")),
        ("!GetAtt Bus.Arn", Named("events")),
        ("!Ref Other", Named("lambda", "Arn")),
        ("!Ref Table", Named("dynamodb", "Arn")),
        ("arn:aws:sns:eu-west-1:1:t", Named("sns")),
        ("!Sub 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${P}'", Named("sqs")),
        ("kafka://topic", Named("kafka")),
        ("!Ref P", None),
        ("!ImportValue x", None),
        ("https://sqs.eu-west-1.amazonaws.com/1/q", None),
        ("!Sub '${P}:sqs:a:1:q'", None),
    ],
)
def test_what_a_value_names(value: str, expected: Named | None) -> None:
    found = template(f"{HEAD}  X: {{Type: A::B::C, Properties: {{V: {value}}}}}\n")
    (one,) = found.resources["X"].get("V")
    assert named(found, one.value) == expected


def sam(properties: str) -> Template:
    return template(f"{HEAD}  Fn:\n    Type: AWS::Serverless::Function\n    Properties: {{{properties}}}\n")


def shape(slot: Slot) -> tuple[tuple[str, ...], bool, int, int]:
    return slot.services, slot.needs_type, len(slot.typed), len(slot.named)


INVOKE = ("sqs", "sns", "lambda", "events")


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}", (("sqs", "sns"), True, 1, 1)),
        ("DeadLetterQueue: {TargetArn: !GetAtt Queue.Arn}", (("sqs", "sns"), True, 0, 1)),
        (
            "DeadLetterQueue: {Fn::Transform: {Name: AWS::Include}, TargetArn: !GetAtt Queue.Arn}",
            (("sqs", "sns"), False, 1, 1),
        ),
        (
            "EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SNS, Destination: !Ref Topic}}}",
            (INVOKE, True, 1, 1),
        ),
        (
            "EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}",
            ((*INVOKE, "s3"), True, 1, 0),
        ),
        (
            "Events: {E: {Type: Kinesis, Properties: {Stream: !ImportValue s, StartingPosition: LATEST, "
            "DestinationConfig: {OnFailure: {Destination: !GetAtt Queue.Arn}}}}}",
            (("sqs", "sns", "s3", "kafka"), False, 0, 1),
        ),
    ],
)
def test_places_of_functions(properties: str, expected: tuple[tuple[str, ...], bool, int, int]) -> None:
    (slot,) = slots(sam(properties))
    assert shape(slot) == expected
    assert [each.logical_id for each in slot.functions] == ["Fn"]


@pytest.mark.parametrize(
    ("kind", "properties", "services"),
    [
        ("AWS::SQS::Queue", "{RedrivePolicy: {deadLetterTargetArn: !GetAtt Queue.Arn}}", ("sqs",)),
        ("AWS::SNS::Subscription", "{RedrivePolicy: {deadLetterTargetArn: !GetAtt Queue.Arn}}", ("sqs",)),
        ("AWS::Scheduler::Schedule", "{Target: {DeadLetterConfig: {Arn: !GetAtt Queue.Arn}}}", ("sqs",)),
        ("AWS::Events::Rule", "{Targets: [{DeadLetterConfig: {Arn: !GetAtt Queue.Arn}}]}", ("sqs",)),
        ("AWS::Lambda::Function", "{DeadLetterConfig: {TargetArn: !GetAtt Queue.Arn}}", ("sqs", "sns")),
        (
            "AWS::Lambda::EventInvokeConfig",
            "{DestinationConfig: {OnFailure: {Destination: !GetAtt Queue.Arn}}}",
            (*INVOKE, "s3"),
        ),
        (
            "AWS::Lambda::EventSourceMapping",
            "{FunctionName: f, EventSourceArn: 'arn:aws:kinesis:a:1:stream/s', "
            "DestinationConfig: {OnFailure: {Destination: !GetAtt Queue.Arn}}}",
            ("sqs", "sns", "s3", "kafka"),
        ),
    ],
)
def test_places_of_resources(kind: str, properties: str, services: tuple[str, ...]) -> None:
    (slot,) = slots(template(f"{HEAD}  R: {{Type: {kind}, Properties: {properties}}}\n"))
    assert shape(slot) == (services, False, 0, 1)
    assert slot.types == ()
