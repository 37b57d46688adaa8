from __future__ import annotations

import pytest

from lambdalint.template.event_problems import event_problems
from tests.unit.template.templates import template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  P: {Type: String, Default: rate(1 hours)}
  Bucketname: {Type: String}
Conditions:
  C: !Equals [!Ref Bucketname, a]
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Ordered: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  Queue: {Type: AWS::SQS::Queue}
"""


def problems(text: str) -> list[tuple[str, str, str]]:
    """The last key of each problem's path, what it says of the place, and the advice."""
    return [(str(each.path[-1]), each.place, each.advice) for each in event_problems(template(HEAD + text))]


def of_event(event: str) -> list[tuple[str, str]]:
    text = f"  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      Events:\n        E: {event}\n"
    return [each[:2] for each in problems(text)]


@pytest.mark.parametrize(
    ("event", "key", "place"),
    [
        ("{Type: Sqs}", "Type", "did you mean `SQS`?"),
        ("{Type: EventBridge}", "Type", "did you mean `EventBridgeRule`?"),
        ("{Type: Carrier}", "Type", "no such type of event"),
        ("{Properties: {}}", "E", ""),
        ("{Type: SQS, Properties: {Que: !GetAtt Queue.Arn}}", "Que", "did you mean `Queue`?"),
        ("{Type: SQS, Properties: {}}", "E", "needs `Queue`"),
        ("{Type: SQS}", "E", "needs `Queue`"),
        ("{Type: SQS, Properties: {Queue: a, Weather: fine}}", "Weather", "no such property"),
        ("{Type: Api, Properties: {Path: /, Method: gett}}", "Method", "did you mean `GET`?"),
        ("{Type: Schedule, Properties: {Schedule: rate(1 hours)}}", "Schedule", "it is `hour` after 1"),
        ("{Type: Kinesis, Properties: {Stream: !ImportValue s}}", "E", "needs `StartingPosition`"),
        (
            "{Type: Kinesis, Properties: {Stream: !ImportValue s, StartingPosition: NEWEST}}",
            "StartingPosition",
            "must be TRIM_HORIZON or LATEST or AT_TIMESTAMP",
        ),
        (
            "{Type: DynamoDB, Properties: {Stream: !ImportValue s, StartingPosition: AT_TIMESTAMP}}",
            "StartingPosition",
            "must be TRIM_HORIZON or LATEST",
        ),
        (
            "{Type: S3, Properties: {Bucket: !Ref Bucketname, Events: 's3:ObjectCreated:*'}}",
            "Bucket",
            "no Ref to a resource of this template",
        ),
        (
            "{Type: S3, Properties: {Bucket: my-bucket, Events: 's3:ObjectCreated:*'}}",
            "Bucket",
            "no Ref to a resource of this template",
        ),
        (
            "{Type: SNS, Properties: {Topic: !ImportValue t, SqsSubscription: {QueueArn: a}}}",
            "SqsSubscription",
            "needs `QueueUrl`",
        ),
        (
            "{Type: Schedule, Properties: {Schedule: rate(1 day), State: ENABLED, Enabled: true}}",
            "Enabled",
            "one too many",
        ),
        ("{Type: SQS, Properties: {Queue: a, BatchSize: 0}}", "BatchSize", "must be 1 to 10,000"),
        (
            "{Type: SQS, Properties: {Queue: a, BatchSize: 11}}",
            "BatchSize",
            "over 10 needs a batching window",
        ),
        (
            "{Type: SQS, Properties: {Queue: !GetAtt Ordered.Arn, BatchSize: 11}}",
            "BatchSize",
            "must be 1 to 10",
        ),
        (
            "{Type: SQS, Properties: {Queue: !GetAtt Ordered.Arn, MaximumBatchingWindowInSeconds: 5}}",
            "MaximumBatchingWindowInSeconds",
            "not for FIFO queues",
        ),
    ],
)
def test_one_mistake_is_told_once(event: str, key: str, place: str) -> None:
    assert of_event(event) == [(key, place)]


@pytest.mark.parametrize(
    "event",
    [
        "{Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}",
        "{Type: SQS, Properties: {Queue: a, BatchSize: 11, MaximumBatchingWindowInSeconds: 1}}",
        "{Type: SQS, Properties: {Queue: a, BatchSize: 11, MaximumBatchingWindowInSeconds: !Ref Bucketname}}",
        "{Type: SQS, Properties: {Queue: a, BatchSize: !Ref Bucketname}}",
        "{Type: SQS, Properties: {Queue: !GetAtt Ordered.Arn, BatchSize: 10}}",
        "{Type: Api, Properties: {Path: /, Method: x-amazon-apigateway-any-method}}",
        "{Type: HttpApi}",
        "{Type: S3, Properties: {Bucket: !Ref Bucket, Events: 's3:ObjectCreated:*'}}",
        "{Type: S3, Properties: {Bucket: Bucket, Events: 's3:ObjectCreated:*'}}",
        "{Type: S3, Properties: {Bucket: !If [C, !Ref Bucket, x], Events: 's3:ObjectCreated:*'}}",
        "{Type: Schedule, Properties: {Schedule: !If [C, !Ref P, rate(1 day)]}}",
        "{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 minutes)}}",
        "{Type: !Ref Bucketname}",
        "{Fn::Transform: {Name: AWS::Include, Parameters: {Location: x}}}",
        "!If [C, {Type: Sqs}, !Ref AWS::NoValue]",
        "{Type: SNS, Properties: {Topic: !ImportValue t, SqsSubscription: true}}",
        # In the wrong place, which is another rule's.
        "{Type: SQS, Properties: {Queue: a, Timeout: 5}}",
    ],
)
def test_what_is_right_or_not_known_is_silent(event: str) -> None:
    assert of_event(event) == []


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("EventSourceArn: !ImportValue q, BatchSize: 20000", ["BatchSize"]),
        ("EventSourceArn: 'arn:aws:kinesis:a:1:stream/s'", ["R"]),
        ("EventSourceArn: 'arn:aws:kinesis:a:1:stream/s', StartingPosition: LATEST", []),
        ("EventSourceArn: !GetAtt Queue.Arn, StartingPosition: LATEST", ["StartingPosition"]),
        ("EventSourceArn: !GetAtt Queue.Arn, MaximumRetryAttempts: 2", ["MaximumRetryAttempts"]),
        (
            "EventSourceArn: !GetAtt Queue.Arn, DestinationConfig: {OnFailure: {Destination: a}}",
            ["DestinationConfig"],
        ),
        (
            "EventSourceArn: 'arn:aws:kinesis:a:1:stream/s', StartingPosition: LATEST, "
            "ParallelizationFactor: 11",
            ["ParallelizationFactor"],
        ),
        ("EventSourceArn: !GetAtt Queue.Arn, ScalingConfig: {MaximumConcurrency: 1}", ["MaximumConcurrency"]),
        ("EventSourceArn: !GetAtt Queue.Arn, ScalingConfig: {MaximumConcurrency: 2}", []),
    ],
)
def test_mappings(properties: str, expected: list[str]) -> None:
    text = f"  R: {{Type: AWS::Lambda::EventSourceMapping, Properties: {{FunctionName: f, {properties}}}}}\n"
    assert [key for key, _, _ in problems(text)] == expected


@pytest.mark.parametrize(
    ("kind", "expression", "wrong"),
    [
        ("AWS::Events::Rule", "rate(1 minutes)", True),
        ("AWS::Events::Rule", "rate(1 minute)", False),
        ("AWS::Events::Rule", "at(2030-01-01T00:00:00)", True),
        ("AWS::Scheduler::Schedule", "at(2030-01-01T00:00:00)", False),
        ("AWS::Scheduler::Schedule", "cron(0 3 * * *)", True),
        ("AWS::Events::Rule", "!Ref P", True),
        ("AWS::Events::Rule", "!Ref Bucketname", False),
    ],
)
def test_schedules_of_resources(kind: str, expression: str, wrong: bool) -> None:
    text = f"  R: {{Type: {kind}, Properties: {{ScheduleExpression: {expression}}}}}\n"
    assert bool(problems(text)) is wrong
    # The default of a parameter may not be what is deployed where a condition is about it.
    conditional = text.replace("{Type:", "{Condition: C, Type:")
    assert bool(problems(conditional)) is (wrong and expression != "!Ref P")


def test_state_machines_have_other_events() -> None:
    text = (
        "  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      Events:\n"
        "        E: {Type: SQS, Properties: {Queue: a}}\n"
        "        S: {Type: Schedule, Properties: {Schedule: rate(2 days)}}\n"
    )
    ((key, _, advice),) = problems(text)
    assert key == "Type"
    assert "ScheduleV2" in advice


def test_macros_are_not_read() -> None:
    text = HEAD + "  Fn: {Type: AWS::Serverless::Function, Properties: {Events: {E: {Type: Sqs}}}}\n"
    macro = text.replace("AWS::Serverless-2016-10-31", "[Mine, AWS::Serverless-2016-10-31]")
    assert len(list(event_problems(template(text)))) == 1
    assert list(event_problems(template(macro))) == []
