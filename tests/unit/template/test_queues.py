from __future__ import annotations

import pytest

from lambdalint.template.queues import names_fifo
from lambdalint.template.template import Template
from lambdalint.template.values import Known
from tests.unit.template.templates import template

HEAD = """\
Parameters:
  P: {Type: String}
Conditions:
  C: !Equals [!Ref P, a]
Resources:
  Main:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${P}-main"}
  Ordered:
    Type: AWS::SQS::Queue
    Properties: {FifoQueue: true}
  Either:
    Type: AWS::SQS::Queue
    Properties: {FifoQueue: !If [C, true, false]}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {FifoTopic: 'true'}
"""


def with_other(body: str) -> Template:
    return template(f"{HEAD}  Other:\n    Type: AWS::SQS::Queue\n    Properties: {body}\n")


@pytest.mark.parametrize(
    "value",
    [
        "!Ref Main",
        "!GetAtt Main.Arn",
        "!Sub '${Main.Arn}'",
        "!Sub 'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${P}-main'",
        "!Sub 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Main.QueueName}'",
        "!Join [':', ['arn:aws:sqs', !Ref AWS::Region, !Ref AWS::AccountId, !Sub '${P}-main']]",
    ],
)
def test_a_queue_is_known_by_reference_arn_and_name(value: str) -> None:
    found = with_other(f"{{RedrivePolicy: {{deadLetterTargetArn: {value}, maxReceiveCount: 5}}}}")
    other = found.resources["Other"]
    (named,) = found.queues.redrives(other)
    queue = found.queues.of(named.value)
    assert queue is not None
    assert queue.logical_id == "Main"
    assert found.queues.takes_failures(queue)
    assert not found.queues.takes_failures(other)


@pytest.mark.parametrize("value", ["!ImportValue x", "!Ref P", "arn:aws:sqs:eu-west-1:1:elsewhere"])
def test_what_is_elsewhere_is_no_queue_of_the_template(value: str) -> None:
    found = with_other(f"{{RedrivePolicy: {{deadLetterTargetArn: {value}, maxReceiveCount: 5}}}}")
    (named,) = found.queues.redrives(found.resources["Other"])
    assert found.queues.of(named.value) is None


def test_a_policy_that_only_some_branch_has_is_one() -> None:
    found = with_other("{RedrivePolicy: !If [C, {deadLetterTargetArn: !Ref Main}, !Ref AWS::NoValue]}")
    assert found.queues.redrives(found.resources["Other"])


def test_a_policy_that_is_left_empty_is_none() -> None:
    found = template("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: }}}")
    assert found.queues.redrives(found.resources["Q"]) == ()


@pytest.mark.parametrize(
    ("reference", "takes"),
    [
        ("Type: AWS::Lambda::Function, Properties: {DeadLetterConfig: {TargetArn: !GetAtt Main.Arn}}", True),
        ("Type: AWS::SNS::Subscription, Properties: {RedrivePolicy: {deadLetterTargetArn: !Ref Main}}", True),
        (
            "Type: AWS::Events::Rule, Properties: {Targets: [{DeadLetterConfig: {Arn: !GetAtt Main.Arn}}]}",
            True,
        ),
        (
            "Type: AWS::Serverless::Function, Properties: {DeadLetterQueue: {TargetArn: !GetAtt Main.Arn}}",
            True,
        ),
        ("Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {DLQ_URL: !Ref Main}}}", True),
        (
            "Type: AWS::Lambda::EventInvokeConfig, "
            "Properties: {DestinationConfig: {OnFailure: {Destination: !If [C, !GetAtt Main.Arn, x]}}}",
            True,
        ),
        (
            "Type: AWS::Lambda::EventInvokeConfig, "
            "Properties: {DestinationConfig: {OnSuccess: {Destination: !GetAtt Main.Arn}}}",
            False,
        ),
        # The queue whose dead letters another one takes.
        (
            "Type: AWS::SQS::Queue, Properties: {RedriveAllowPolicy: {sourceQueueArns: [!GetAtt Main.Arn]}}",
            False,
        ),
        ("Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Main]}", False),
    ],
)
def test_who_takes_what_failed(reference: str, takes: bool) -> None:
    found = template(f"{HEAD}  X: {{{reference}}}\n")
    assert found.queues.takes_failures(found.resources["Main"]) is takes


@pytest.mark.parametrize(
    "body",
    [
        "{RedriveAllowPolicy: {redrivePermission: allowAll}}",
        "{QueueName: orders-dlq}",
        "{QueueName: Dead-Letters}",
    ],
)
def test_a_queue_says_itself_what_it_is_for(body: str) -> None:
    found = with_other(body)
    assert found.queues.takes_failures(found.resources["Other"])


@pytest.mark.parametrize(
    ("body", "fifo"),
    [
        ("{}", False),
        ("{FifoQueue: 'true'}", True),
        ("{FifoQueue: false}", False),
        ("{FifoQueue: !Ref P}", None),
        ("{FifoQueue: !If [C, true, false]}", None),
        ("{QueueName: a.fifo}", True),
    ],
)
def test_the_type_of_a_queue(body: str, fifo: bool | None) -> None:
    found = with_other(body)
    assert found.queues.is_fifo(found.resources["Other"]) is fifo


@pytest.mark.parametrize(
    ("value", "fifo"),
    [
        ("!GetAtt Ordered.Arn", True),
        ("!GetAtt Main.Arn", False),
        ("!GetAtt Either.Arn", None),
        ("!Ref Topic", True),
        ("arn:aws:sqs:eu-west-1:1:a.fifo", True),
        ("arn:aws:sns:eu-west-1:1:a", False),
        ("!Sub 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:a.fifo'", True),
        ("!Sub 'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${P}'", None),
        ("!ImportValue x", None),
        ("arn:aws:lambda:eu-west-1:1:function:a", None),
    ],
)
def test_the_type_of_what_is_named(value: str, fifo: bool | None) -> None:
    found = template(f"{HEAD}  X: {{Type: A::B::C, Properties: {{V: {value}}}}}\n")
    (named,) = found.resources["X"].get("V")
    assert names_fifo(found, named.value) is fifo


def test_periods() -> None:
    found = with_other("{VisibilityTimeout: !If [C, 60, !Ref P]}")
    other = found.resources["Other"]
    ((seconds, place, conditions),) = found.queues.seconds(other, "VisibilityTimeout", 30)
    assert (seconds, conditions) == (60, (("C", True),))
    assert place is not None
    assert place.value == Known(60)
    assert found.queues.seconds(found.resources["Main"], "VisibilityTimeout", 30) == ((30, None, ()),)
