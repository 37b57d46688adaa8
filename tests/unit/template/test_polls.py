from __future__ import annotations

from lambdalint.template.values import Unknown
from tests.unit.template.templates import template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Conditions:
  C: !Equals [!Ref AWS::Region, a]
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
"""


def test_events_and_mappings_have_one_face() -> None:
    found = template(
        HEAD
        + """\
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Messages: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, MaximumBatchingWindowInSeconds: 20}}
        Web: {Type: Api, Properties: {Path: /, Method: get}}
        Own: {Type: SNS, Properties: {Topic: !Ref Topic, SqsSubscription: true}}
        Through:
          Type: SNS
          Properties: {Topic: !Ref Topic, SqsSubscription: {QueueArn: !GetAtt Queue.Arn}}
  Other: {Type: AWS::Lambda::Function}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !If [C, !Ref Fn, !Ref Other]
      EventSourceArn: !If [C, !GetAtt Queue.Arn, !ImportValue x]
  Elsewhere:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !ImportValue f, EventSourceArn: !ImportValue k, StartingPosition: LATEST}
"""
    )
    polls = {poll.path[-1]: poll for poll in found.polls}
    assert set(polls) == {"Messages", "Own", "Through", "Mapping", "Elsewhere"}
    assert [queue.logical_id for queue, _ in polls["Messages"].queues] == ["Queue"]
    assert polls["Messages"].window[0][0] == 20
    assert polls["Own"].own_queue is not None
    assert polls["Own"].queues == ()
    assert [queue.logical_id for queue, _ in polls["Through"].queues] == ["Queue"]
    assert polls["Through"].window == ((0, None, ()),)
    assert [function.logical_id for function in polls["Mapping"].functions] == ["Fn", "Other"]
    assert [conditions for _, conditions in polls["Mapping"].queues] == [(("C", True),)]
    assert (polls["Elsewhere"].functions, polls["Elsewhere"].source) == ((), "Stream")


def test_settings_below_others() -> None:
    found = template(
        HEAD
        + """\
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: f
      EventSourceArn: arn:aws:kinesis:eu-west-1:1:stream/s
      DestinationConfig: {OnFailure: {Destination: !ImportValue x}}
"""
    )
    (poll,) = found.polls
    ((destination),) = poll.settings("DestinationConfig", "OnFailure", "Destination")
    assert isinstance(destination.value, Unknown)
    assert poll.settings("MaximumRetryAttempts") == ()
