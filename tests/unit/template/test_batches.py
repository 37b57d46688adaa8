from __future__ import annotations

from textwrap import dedent, indent

import pytest

from lambdalint.template.batches import batch_size_path
from lambdalint.template.triggers import Trigger
from lambdalint.template.values import Known, Unknown
from tests.unit.template.templates import function

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  P: {Type: Number}
  D: {Type: Number, Default: 25}
Conditions:
  C: !Equals [!Ref P, 1]
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Table: {Type: AWS::DynamoDB::Table}
"""


def event(kind: str, properties: str) -> Trigger:
    """The trigger of a function with one event."""
    resource = f"""\
        Fn:
          Type: AWS::Serverless::Function
          Properties:
            Events:
              E: {{Type: {kind}, Properties: {properties}}}
    """
    (found,) = function(HEAD + indent(dedent(resource), "  ")).triggers
    return found


def mapping(properties: str) -> Trigger:
    """The trigger of a function that a mapping names."""
    resource = f"""\
        Fn: {{Type: AWS::Lambda::Function}}
        M:
          Type: AWS::Lambda::EventSourceMapping
          Properties: {{FunctionName: !Ref Fn, {properties}}}
    """
    (found,) = function(HEAD + indent(dedent(resource), "  ")).triggers
    return found


@pytest.mark.parametrize(
    ("kind", "properties", "size"),
    [
        ("SQS", "{Queue: !GetAtt Queue.Arn}", Known(10)),
        ("SQS", "{Queue: !GetAtt Queue.Arn, BatchSize: 1}", Known(1)),
        ("SQS", "{Queue: !GetAtt Queue.Arn, BatchSize: '7'}", Known(7)),
        ("SQS", "{Queue: !GetAtt Queue.Arn, BatchSize: !Ref D}", Known(25)),
        ("SQS", "{Queue: !GetAtt Queue.Arn, BatchSize: !If [C, 1, 5]}", Known(5)),
        ("SQS", "{Queue: !GetAtt Queue.Arn, BatchSize: !If [C, 1, !Ref P]}", Known(1)),
        ("SQS", "{Queue: !GetAtt Queue.Arn, BatchSize: !If [C, 3, !Ref AWS::NoValue]}", Known(10)),
        ("SQS", "{Queue: !GetAtt Queue.Arn, BatchSize: !Ref P}", Unknown("parameter without default", "P")),
        ("DynamoDB", "{Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST}", Known(100)),
        ("MSK", "{Stream: arn, Topics: [t], StartingPosition: LATEST}", Known(100)),
        ("SNS", "{Topic: t, SqsSubscription: true}", Known(10)),
        ("SNS", "{Topic: t, SqsSubscription: {QueueArn: q, QueueUrl: u, BatchSize: 5}}", Known(5)),
        ("SNS", "{Topic: t}", None),
        ("Api", "{Path: /, Method: get}", None),
    ],
)
def test_the_largest_batch_is_known(kind: str, properties: str, size: Known | Unknown | None) -> None:
    assert event(kind, properties).batch_size == size


def test_a_mapping_tells_by_its_source() -> None:
    assert mapping("EventSourceArn: !GetAtt Queue.Arn").batch_size == Known(10)
    assert mapping("EventSourceArn: !GetAtt Table.StreamArn").batch_size == Known(100)
    assert mapping("EventSourceArn: !GetAtt Queue.Arn, BatchSize: 3").batch_size == Known(3)


def test_the_place_of_the_largest_batch_is_known() -> None:
    found = event("SQS", "{Queue: !GetAtt Queue.Arn, BatchSize: !If [C, 1, 5]}")
    path = batch_size_path(found)
    assert path is not None
    assert found.template.source.slice(found.template.span(path)) == "5"
    assert batch_size_path(event("SQS", "{Queue: !GetAtt Queue.Arn}")) is None


@pytest.mark.parametrize(
    ("properties", "answer"),
    [
        ("{Queue: q}", False),
        ("{Queue: q, FunctionResponseTypes: [ReportBatchItemFailures]}", True),
        ("{Queue: q, FunctionResponseTypes: []}", False),
        ("{Queue: q, FunctionResponseTypes: [!Ref P]}", None),
        ("{Queue: q, FunctionResponseTypes: !If [C, [ReportBatchItemFailures], !Ref AWS::NoValue]}", None),
    ],
)
def test_whether_failures_are_reported(properties: str, answer: bool | None) -> None:
    assert event("SQS", properties).reports_failures is answer


def test_a_queue_that_sam_makes_has_no_response_types() -> None:
    found = event(
        "SNS", "{Topic: t, SqsSubscription: true, FunctionResponseTypes: [ReportBatchItemFailures]}"
    )
    assert found.reports_failures is False
