"""Faults for missing-failure-destination."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, event

_S3_EVENT = """\
PlantedUpload:
  Type: S3
  Properties:
    Bucket: !Ref PlantedBucket
    Events: s3:ObjectCreated:*"""
_SCHEDULE = """\
PlantedSchedule:
  Type: Schedule
  Properties:
    Schedule: rate(1 day)"""
_SCHEDULE_V2 = """\
PlantedNightly:
  Type: ScheduleV2
  Properties:
    ScheduleExpression: cron(0 3 * * ? *)"""
_RULE = """\
PlantedRule:
  Type: EventBridgeRule
  Properties:
    Pattern:
      source: [planted.orders]"""
_TOPIC = """\
PlantedTopic:
  Type: SNS
  Properties:
    Topic: !ImportValue planted-topic-arn"""
_LOGS = """\
PlantedLogs:
  Type: CloudWatchLogs
  Properties:
    LogGroupName: /planted/application
    FilterPattern: ERROR"""

FAULTS: dict[str, tuple[Fault, ...]] = {
    "missing-failure-destination": (
        event("schedule", _SCHEDULE),
        event("scheduler", _SCHEDULE_V2),
        event("bus rule", _RULE),
        event("topic elsewhere", _TOPIC),
        event("log group", _LOGS),
        event("bucket of the same template", _S3_EVENT),
    ),
}
