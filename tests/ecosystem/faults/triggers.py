"""Faults for what is wrong with events, triggers and where failures go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.ecosystem.applications import Application
from tests.ecosystem.faults.shapes import Fault, Planted, property_of, sole_event
from tests.ecosystem.faults.shapes import event as _event


def _resources(name: str, block: str) -> Fault:
    """Resources at the end of a template's Resources; FUNCTION stands for the function's logical id."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.template
        text = file.read_text(encoding="utf-8")
        line = f"\n  {place.logical_id}:"
        if line not in text:
            return None
        planted = "".join(f"  {each}\n" for each in block.replace("FUNCTION", place.logical_id).splitlines())
        at = text.index(line) + 1
        file.write_text(text[:at] + planted + text[at:], encoding="utf-8")
        return [place.template]

    return Fault(name, plant)


def _beside(name: str, line: str) -> Fault:
    """A line beside the function's Properties."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.template
        text = file.read_text(encoding="utf-8")
        start = text.find(f"\n  {place.logical_id}:")
        at = text.find("\n    Properties:", start)
        if start < 0 or at < 0:
            return None
        file.write_text(f"{text[:at]}\n    {line}{text[at:]}", encoding="utf-8")
        return [place.template]

    return Fault(name, plant)


def event(name: str, kind: str, *properties: str) -> Fault:
    """One more event."""
    lines = [f"Planted{kind}:", f"  Type: {kind}", "  Properties:", *(f"    {each}" for each in properties)]
    return _event(name, "\n".join(lines))


_QUEUE = "Queue: arn:aws:sqs:eu-west-1:123456789012:orders"
_RULE = """\
PlantedRule:
  Type: AWS::Events::Rule
  Properties:
    EventPattern:
      source: [orders]
    Targets:
      - Id: planted
        Arn: !GetAtt FUNCTION.Arn"""
_SUBSCRIPTION = """\
PlantedSubscription:
  Type: AWS::SNS::Subscription
  Properties:
    Protocol: lambda
    TopicArn: !ImportValue planted-topic
    Endpoint: !GetAtt FUNCTION.Arn"""
_PERMISSION = """\
PlantedTopic:
  Type: AWS::SNS::Topic
PlantedPermission:
  Type: AWS::Lambda::Permission
  Properties:
    Action: lambda:InvokeFunction
    FunctionName: !Ref FUNCTION
    Principal: sns.amazonaws.com
    SourceArn: !Ref PlantedTopic"""
_BUCKET = """\
PlantedBucket:
  Type: AWS::S3::Bucket
  Properties:
    NotificationConfiguration:
      LambdaConfigurations:
        - Event: s3:ObjectCreated:*
          Function: !GetAtt FUNCTION.Arn
PlantedPermission:
  Type: AWS::Lambda::Permission
  Properties:
    Action: lambda:InvokeFunction
    FunctionName: !Ref FUNCTION
    Principal: s3.amazonaws.com
    SourceAccount: !Ref AWS::AccountId"""
_API = "PlantedGet:\n  Type: {}\n  Properties:\n    Path: /planted\n    Method: get"


def _slow(name: str, kind: str) -> Fault:
    """An API as the only event, and a Timeout of its own."""
    alone: Callable[[Application, Path], Planted | None] = sole_event(name, _API.format(kind)).plant
    timeout = property_of("Timeout", "Timeout: 120")

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.template
        if timeout.plant(place, copy) is None:
            return None
        slow = file.read_text(encoding="utf-8")
        added = next(line for line in slow.splitlines() if line.strip() == "Timeout: 120")
        file.write_text(slow.replace(added + "\n", "", 1), encoding="utf-8")
        if alone(place, copy) is None:
            return None
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("PlantedGet:", "PlantedGet: # planted", 1), encoding="utf-8")
        at = text.find("\n    Properties:\n", text.find(f"\n  {place.logical_id}:"))
        if at < 0:
            return None
        at += len("\n    Properties:\n")
        file.write_text(f"{text[:at]}{added}\n{text[at:]}", encoding="utf-8")
        return [place.template]

    return Fault(name, plant)


FAULTS: dict[str, tuple[Fault, ...]] = {
    "invalid-event": (
        event("plural rate", "Schedule", "Schedule: rate(1 hours)"),
        event("five fields", "ScheduleV2", "ScheduleExpression: cron(0 3 * * *)"),
        event("misspelt type", "Sqs", _QUEUE),
        event("misspelt property", "SQS", _QUEUE, "BatchSzie: 5"),
        event("batch without window", "SQS", _QUEUE, "BatchSize: 500"),
        event("fifo batch", "SQS", _QUEUE + ".fifo", "BatchSize: 50"),
        event("no position", "Kinesis", "Stream: !ImportValue planted-stream"),
        event("position of a queue", "SQS", _QUEUE, "StartingPosition: LATEST"),
    ),
    "misplaced-property": (
        _beside("timeout beside", "Timeout: 40"),
        _beside("memory beside", "MemorySize: 512"),
        property_of("SubnetIds", "SubnetIds: [subnet-1]"),
        _event("batch beside", f"Planted:\n  Type: SQS\n  BatchSize: 5\n  Properties:\n    {_QUEUE}"),
    ),
    "invalid-destination": (
        property_of("DeadLetterQueue", "DeadLetterQueue:\n  Type: SNS\n  TargetArn: arn:aws:sqs:a:1:q"),
        property_of("DeadLetterQueue", "DeadLetterQueue:\n  Type: Sqs\n  TargetArn: !ImportValue q"),
        property_of("DeadLetterQueue", "DeadLetterQueue:\n  TargetArn: !ImportValue q"),
        property_of(
            "EventInvokeConfig",
            "EventInvokeConfig:\n  DestinationConfig:\n    OnFailure:\n      Type: Queue\n"
            "      Destination: !ImportValue q",
        ),
    ),
    "half-trigger": (
        _resources("rule alone", _RULE),
        _resources("subscription alone", _SUBSCRIPTION),
        _resources("permission alone", _PERMISSION),
        _resources("bucket does not wait", _BUCKET),
    ),
    "api-timeout": (_slow("REST API", "Api"), _slow("HTTP API", "HttpApi")),
    "rule-target-without-dlq": (
        event("schedule", "Schedule", "Schedule: rate(1 day)"),
        event("scheduler", "ScheduleV2", "ScheduleExpression: rate(1 day)"),
        event("rule", "EventBridgeRule", "Pattern: {source: [orders]}"),
        _resources("rule of its own", _RULE),
    ),
    "subscription-without-dlq": (
        event("event", "SNS", "Topic: !ImportValue planted-topic"),
        event("through a queue", "SNS", "Topic: !ImportValue planted-topic", "SqsSubscription: true"),
        _resources("subscription", _SUBSCRIPTION),
    ),
}
