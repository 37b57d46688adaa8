from __future__ import annotations

import pytest

from lambdalint.template.dead_letters import early, wrong_types
from lambdalint.template.template import Template
from tests.unit.template.templates import template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  P: {Type: String}
Conditions:
  C: !Equals [!Ref P, a]
Resources:
"""
REDRIVE = "RedrivePolicy: {deadLetterTargetArn: !GetAtt Aside.Arn, maxReceiveCount: 5}"


def pair(source: str, aside: str) -> Template:
    """A queue and its dead-letter queue, with these properties."""
    return template(
        f"{HEAD}  Source: {{Type: AWS::SQS::Queue, Properties: {{{source}{REDRIVE}}}}}\n"
        f"  Aside: {{Type: AWS::SQS::Queue, Properties: {{{aside}}}}}\n"
    )


@pytest.mark.parametrize(
    ("source", "aside", "fifo"),
    [
        ("FifoQueue: true, ", "", False),
        ("QueueName: a.fifo, ", "FifoQueue: 'false'", False),
        ("", "FifoQueue: true", True),
        ("FifoQueue: true, ", "FifoQueue: true", None),
        ("", "", None),
        ("FifoQueue: !Ref P, ", "", None),
        ("FifoQueue: true, ", "FifoQueue: !If [C, true, false]", None),
    ],
)
def test_queues_of_two_types(source: str, aside: str, fifo: bool | None) -> None:
    assert [wrong.fifo for wrong in wrong_types(pair(source, aside))] == ([] if fifo is None else [fifo])


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Ordered.Arn}", "queue"),
        ("DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Loose.Arn}", None),
        ("DeadLetterQueue: {Type: SNS, TargetArn: !Ref Topic}", "topic"),
        ("DeadLetterQueue: {Type: SQS, TargetArn: 'arn:aws:sqs:eu-west-1:1:a.fifo'}", "queue"),
        ("DeadLetterQueue: {Type: SQS, TargetArn: !ImportValue x}", None),
        ("EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: !GetAtt Ordered.Arn}}}", "queue"),
        ("EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: !GetAtt Loose.Arn}}}", None),
    ],
)
def test_functions_send_to_standard_queues_and_topics(properties: str, expected: str | None) -> None:
    found = template(
        f"{HEAD}  Ordered: {{Type: AWS::SQS::Queue, Properties: {{FifoQueue: true}}}}\n"
        "  Loose: {Type: AWS::SQS::Queue}\n"
        "  Topic: {Type: AWS::SNS::Topic, Properties: {FifoTopic: true}}\n"
        f"  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      {properties}\n"
    )
    assert [wrong.what for wrong in wrong_types(found)] == ([] if expected is None else [expected])


def test_configurations_of_plain_functions_count() -> None:
    found = template(
        f"{HEAD}  Ordered: {{Type: AWS::SQS::Queue, Properties: {{FifoQueue: true}}}}\n"
        "  Fn: {Type: AWS::Lambda::Function}\n"
        "  Config:\n    Type: AWS::Lambda::EventInvokeConfig\n    Properties:\n      FunctionName: !Ref Fn\n"
        "      DestinationConfig: {OnFailure: {Destination: !GetAtt Ordered.Arn}}\n"
    )
    (wrong,) = wrong_types(found)
    assert wrong.path[:2] == ("Resources", "Config")
    assert [(resource.logical_id, fifo) for resource, fifo, _ in wrong.known()] == [("Ordered", True)]


@pytest.mark.parametrize(
    ("source", "aside", "expected"),
    [
        ("MessageRetentionPeriod: 1209600, ", "", (345_600, 1_209_600)),
        ("", "MessageRetentionPeriod: 60", (60, 345_600)),
        ("MessageRetentionPeriod: 60, ", "", None),
        ("", "", None),
        ("MessageRetentionPeriod: !Ref P, ", "", None),
        ("", "MessageRetentionPeriod: !Ref P", None),
        # FIFO: a message's time begins anew.
        ("FifoQueue: true, MessageRetentionPeriod: 1209600, ", "FifoQueue: true", None),
        # Both long or both short.
        (
            "MessageRetentionPeriod: !If [C, 1209600, 60], ",
            "MessageRetentionPeriod: !If [C, 1209600, 60]",
            None,
        ),
    ],
)
def test_what_forgets_before_its_source(source: str, aside: str, expected: tuple[int, int] | None) -> None:
    found = [(each.seconds, each.source_seconds) for each in early(pair(source, aside))]
    assert found == ([] if expected is None else [expected])


def test_each_dead_letter_queue_is_told_once_with_the_longest_source() -> None:
    found = template(
        HEAD
        + "".join(
            f"  S{seconds}:\n    Type: AWS::SQS::Queue\n"
            f"    Properties: {{MessageRetentionPeriod: {seconds}, {REDRIVE}}}\n"
            for seconds in (400_000, 900_000, 500_000)
        )
        + "  Aside: {Type: AWS::SQS::Queue}\n"
    )
    (each,) = early(found)
    assert (each.source.logical_id, each.place) == ("S900000", None)


def test_a_queue_of_its_own_dead_letters_is_left_alone() -> None:
    found = template(f"{HEAD}  Aside: {{Type: AWS::SQS::Queue, Properties: {{{REDRIVE}}}}}\n")
    assert list(early(found)) == []
    assert list(wrong_types(found)) == []
