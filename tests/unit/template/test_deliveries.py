from __future__ import annotations

import pytest

from lambdalint.template.deliveries import Delivery, subscriptions, targets
from lambdalint.template.template import Template
from tests.unit.template.templates import template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  P: {Type: String, Default: lambda}
Conditions:
  C: !Equals [!Ref P, a]
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Plain: {Type: AWS::Lambda::Function}
"""


def with_event(kind: str, properties: str) -> Template:
    return template(
        f"{HEAD}  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      Events: {{E: {{Type: {kind}, Properties: {properties}}}}}\n"
    )


def with_resource(kind: str, properties: str) -> Template:
    return template(f"{HEAD}  R:\n    Type: {kind}\n    Properties: {properties}\n")


def keeps(found: Delivery) -> tuple[bool | None, list[str]]:
    return found.keeps, [each.logical_id for each in found.functions]


DLQ = "DeadLetterConfig: {Arn: !ImportValue q}"


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("Schedule", "{Schedule: rate(1 day)}", False),
        ("ScheduleV2", "{ScheduleExpression: rate(1 day)}", False),
        ("EventBridgeRule", "{Pattern: {source: [a]}}", False),
        ("CloudWatchEvent", "{Pattern: {source: [a]}}", False),
        ("EventBridgeRule", f"{{Pattern: {{source: [a]}}, {DLQ}}}", True),
        (
            "Schedule",
            f"{{Schedule: rate(1 day), DeadLetterConfig: !If [C, {{{DLQ}}}, !Ref AWS::NoValue]}}",
            True,
        ),
        ("Schedule", "{Fn::Transform: {Name: AWS::Include, Parameters: {Location: x}}}", None),
    ],
)
def test_targets_of_events(kind: str, properties: str, expected: bool | None) -> None:
    (found,) = targets(with_event(kind, properties))
    assert keeps(found) == (expected, ["Fn"])


@pytest.mark.parametrize("kind", ["Api", "SQS", "SNS", "S3"])
def test_other_events_are_no_targets(kind: str) -> None:
    assert list(targets(with_event(kind, "{}"))) == []


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        (
            "AWS::Events::Rule",
            "{Targets: [{Id: a, Arn: !GetAtt Plain.Arn}]}",
            [(False, ["Plain"])],
        ),
        (
            "AWS::Events::Rule",
            f"{{Targets: [{{Id: a, Arn: !GetAtt Plain.Arn, {DLQ}}}, {{Id: b, Arn: !ImportValue b}}]}}",
            [(True, ["Plain"]), (False, [])],
        ),
        ("AWS::Events::Rule", "{Targets: !ImportValue p}", []),
        ("AWS::Events::Rule", "{ScheduleExpression: rate(1 day)}", []),
        ("AWS::Scheduler::Schedule", "{Target: {Arn: !GetAtt Plain.Arn}}", [(False, ["Plain"])]),
        ("AWS::Scheduler::Schedule", f"{{Target: {{Arn: !GetAtt Plain.Arn, {DLQ}}}}}", [(True, ["Plain"])]),
    ],
)
def test_targets_of_resources(kind: str, properties: str, expected: list[tuple[bool, list[str]]]) -> None:
    assert [keeps(found) for found in targets(with_resource(kind, properties))] == expected


def test_targets_are_counted_from_one() -> None:
    found = with_resource("AWS::Events::Rule", "{Targets: [{Id: a, Arn: x}, {Id: b, Arn: y}]}")
    assert [each.name.split(" of ")[0] for each in targets(found)] == ["target 1", "target 2"]


REDRIVE = "RedrivePolicy: {deadLetterTargetArn: !ImportValue q}"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("{Topic: !Ref Topic}", False),
        (f"{{Topic: !Ref Topic, {REDRIVE}}}", True),
        ("{Topic: !Ref Topic, SqsSubscription: true}", False),
    ],
)
def test_subscriptions_of_events(properties: str, expected: bool) -> None:
    (found,) = subscriptions(with_event("SNS", properties))
    assert keeps(found) == (expected, ["Fn"])


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("{Protocol: lambda, TopicArn: !Ref Topic, Endpoint: !GetAtt Plain.Arn}", (False, ["Plain"])),
        (
            f"{{Protocol: lambda, TopicArn: !Ref Topic, Endpoint: !GetAtt Plain.Arn, {REDRIVE}}}",
            (True, ["Plain"]),
        ),
        ("{Protocol: sqs, TopicArn: !Ref Topic, Endpoint: !ImportValue q}", (False, [])),
        # People and other systems are asked again or told by other means.
        ("{Protocol: email, TopicArn: !Ref Topic, Endpoint: a@example.org}", None),
        ("{Protocol: https, TopicArn: !Ref Topic, Endpoint: 'https://example.org'}", None),
        ("{Protocol: !Ref P, TopicArn: !Ref Topic, Endpoint: !ImportValue q}", None),
    ],
)
def test_subscriptions_of_resources(properties: str, expected: tuple[bool, list[str]] | None) -> None:
    found = [keeps(each) for each in subscriptions(with_resource("AWS::SNS::Subscription", properties))]
    assert found == ([] if expected is None else [expected])


def test_subscriptions_within_a_topic_can_keep_nothing() -> None:
    (found,) = subscriptions(
        with_resource(
            "AWS::SNS::Topic",
            "{Subscription: [{Protocol: email, Endpoint: a}, "
            "{Protocol: lambda, Endpoint: !GetAtt Plain.Arn}]}",
        )
    )
    assert found.inline
    assert keeps(found) == (False, ["Plain"])
    assert found.path[-1] == 1
