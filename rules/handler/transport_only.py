"""transport-only: a function that moves data and does nothing with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.transport import may_be_replaced, name_of, replaced_by
from lambdalint.finding import Finding, Label, Role
from lambdalint.python.flow import Transport, transport
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class TransportOnly(Rule):
    """The function only moves data from one AWS service to another.

    **Why**

    "Use functions to transform, not to transport": whatever a function passes on unchanged, its trigger or
    another service can pass on by itself. Such a function costs a run for each event, adds a cold start and
    a second queue's delay to every message, and needs a role, retries, alarms, tests and a runtime that gets
    old. The services have all of that built in, and code that is not there cannot fail.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SQS::Queue
      Updates:
        Type: AWS::SNS::Topic
      Forward:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Environment:
            Variables:
              TOPIC_ARN: !Ref Updates
          Policies:
            - SNSPublishMessagePolicy:
                TopicName: !GetAtt Updates.TopicName
          Events:
            Orders:
              Type: SQS
              Properties:
                Queue: !GetAtt Orders.Arn
    ```

    ```python title=src/app.py
    import json
    import os

    import boto3

    sns = boto3.client("sns")


    def handler(event, context):
        for record in event["Records"]:
            order = json.loads(record["body"])
            sns.publish(
                TopicArn=os.environ["TOPIC_ARN"],
                Message=json.dumps({"id": order["id"], "state": order["state"]}),
            )
    ```

    **Good**

    ```yaml title=template.yaml
    Resources:
      Orders:
        Type: AWS::SQS::Queue
      Updates:
        Type: AWS::SNS::Topic
      Forward:
        Type: AWS::Pipes::Pipe
        Properties:
          RoleArn: !GetAtt PipeRole.Arn
          Source: !GetAtt Orders.Arn
          Target: !Ref Updates
          TargetParameters:
            InputTemplate: '{"id": <$.body.id>, "state": <$.body.state>}'
      PipeRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal:
                  Service: pipes.amazonaws.com
                Action: sts:AssumeRole
          Policies:
            - PolicyName: pipe
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - Effect: Allow
                    Action:
                      - sqs:ReceiveMessage
                      - sqs:DeleteMessage
                      - sqs:GetQueueAttributes
                    Resource: !GetAtt Orders.Arn
                  - Effect: Allow
                    Action: sns:Publish
                    Resource: !Ref Updates
    ```

    **Limits**

    Says something only where all that reaches a call comes from the event or a read by structure alone
    (picking, renaming, JSON and Base64, text around values, identifiers, timestamps), nothing decides on the
    way, and AWS documents a feature that takes the function's place for each of its triggers. One line that
    the analysis does not know, a filter, a condition or a computed value keeps it silent; so does a function
    URL or load balancer as trigger, for which there is no such feature. Without a template, the trigger is
    told from the fields that the code reads.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/concepts-application-design.html
    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """

    name = "transport-only"
    severity = "warning"
    reads = "both"
    supersedes = ("notify-in-handler",)

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding, at the `def`, where every trigger has a replacement for every sink."""
        if not may_be_replaced(handler):
            return
        moved = transport(handler)
        if not isinstance(moved, Transport):
            return
        advice = replaced_by(handler, moved)
        if not advice:
            return
        yield self.finding(
            f"`{handler.name}` only moves data {_where(moved)}",
            handler.label("nothing here computes, checks or decides anything"),
            *_sink_labels(moved),
            *_trigger_labels(handler),
            help="; ".join(f"{each.advice} ({each.page})" for each in advice),
            functions=handler.ids,
            severity=min(each.severity for each in advice),
        )


def _where(moved: Transport) -> str:
    ways = (
        f"from {name_of(sink)} to its caller" if sink.kind == "reply" else f"to {name_of(sink)}"
        for sink in moved.sinks
    )
    return " and ".join(dict.fromkeys(ways))


def _sink_labels(moved: Transport) -> Iterator[Label]:
    for sink in moved.sinks:
        message = "what this reads is the answer" if sink.kind == "reply" else "the data goes on as it came"
        yield sink.module.label(sink.node, message, Role.RELATED)
        # For notify-in-handler, which would speak of the same call.
        yield sink.module.label(sink.node, "", Role.HIDDEN)


def _trigger_labels(handler: Handler) -> Iterator[Label]:
    for function in handler.functions:
        for trigger in function.triggers:
            message = f"{trigger.description} invokes it"
            yield trigger.template.label(trigger.path, message, Role.RELATED, key=True, function=function.id)
