"""Triggers that SAM functions declare themselves: `Events`, `FunctionUrlConfig`, deployment hooks.

SAM specification, "EventSource" (sam-property-function-eventsource).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdalint.template.triggers import Claim, Mode, Trigger
from lambdalint.template.values import Known, Path, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template

# Type of event → source, mode, property that names what sends the events.
SAM_EVENTS: Mapping[str, tuple[str, Mode, str]] = {
    "AlexaSkill": ("AlexaSkill", Mode.SYNC, ""),
    "Api": ("Api", Mode.SYNC, "RestApiId"),
    "CloudWatchEvent": ("EventBridgeRule", Mode.ASYNC, "EventBusName"),
    "CloudWatchLogs": ("CloudWatchLogs", Mode.ASYNC, "LogGroupName"),
    "Cognito": ("Cognito", Mode.SYNC, "UserPool"),
    "DocumentDB": ("DocumentDB", Mode.STREAM, "Cluster"),
    "DynamoDB": ("DynamoDB", Mode.STREAM, "Stream"),
    "EventBridgeRule": ("EventBridgeRule", Mode.ASYNC, "EventBusName"),
    "HttpApi": ("HttpApi", Mode.SYNC, "ApiId"),
    "IoTRule": ("IoTRule", Mode.ASYNC, ""),
    "Kinesis": ("Kinesis", Mode.STREAM, "Stream"),
    "MQ": ("MQ", Mode.QUEUE, "Broker"),
    "MSK": ("MSK", Mode.STREAM, "Stream"),
    "S3": ("S3", Mode.ASYNC, "Bucket"),
    "SNS": ("SNS", Mode.ASYNC, "Topic"),
    "SQS": ("SQS", Mode.QUEUE, "Queue"),
    "Schedule": ("Schedule", Mode.ASYNC, ""),
    "ScheduleV2": ("ScheduleV2", Mode.ASYNC, ""),
    "SelfManagedKafka": ("SelfManagedKafka", Mode.STREAM, ""),
}


def event_claims(template: Template) -> Iterator[Claim]:
    """What the functions of a template declare under their own properties."""
    for function in template.functions:
        if not function.sam:
            continue
        for trigger in (*_events(function), *_function_url(function)):
            yield function.logical_id, trigger
        yield from _hooks(function)


def _events(function: LambdaFunction) -> Iterator[Trigger]:
    template = function.template
    base = function.path("Events")
    events = template.get(base)
    if not isinstance(events, dict):
        return
    for name, event in events.items():
        path: Path = (*base, name)
        kind = event.get("Type") if isinstance(event, dict) else None
        if not isinstance(kind, str):
            continue
        if kind in SAM_EVENTS:
            yield _event(template, str(name), str(kind), path)


def _event(template: Template, name: str, kind: str, path: Path) -> Trigger:
    source, mode, sender = SAM_EVENTS[kind]
    options: Path = (*path, "Properties")
    resource = _first(template, (*options, sender)) if sender else None
    description = f"the {kind} event `{name}`"
    if kind == "SNS" and _through_queue(template, options):
        # SAM puts a queue between topic and function, so that Lambda polls.
        resource = _first(template, (*options, "SqsSubscription", "QueueArn"))
        source, mode, description = "SQS", Mode.QUEUE, f"the queue of the SNS event `{name}`"
    return Trigger(
        source=source,
        mode=mode,
        path=path,
        template=template,
        name=name,
        proof="event",
        description=description,
        resource=resource,
        options=options,
    )


def _through_queue(template: Template, options: Path) -> bool:
    chosen = template.get((*options, "SqsSubscription"))
    return isinstance(chosen, dict) or chosen is True or str(chosen).lower() == "true"


def _function_url(function: LambdaFunction) -> Iterator[Trigger]:
    for found in function.property("FunctionUrlConfig"):
        yield Trigger(
            source="FunctionUrl",
            mode=Mode.SYNC,
            path=found.path,
            template=function.template,
            name=function.logical_id,
            proof="event",
            description="its function URL",
            options=found.path,
            conditions=found.conditions,
        )


def _hooks(function: LambdaFunction) -> Iterator[Claim]:
    """Functions that CodeDeploy runs before and after it shifts traffic. How it invokes is not documented."""
    for hook in ("PreTraffic", "PostTraffic"):
        for found in function.property("DeploymentPreference", "Hooks", hook):
            for logical_id in function.template.identity.of(found.value):
                yield (
                    logical_id,
                    Trigger(
                        source="CodeDeploy",
                        mode=Mode.UNKNOWN,
                        path=found.path,
                        template=function.template,
                        name=function.logical_id,
                        proof="resource",
                        description=f"the {hook} hook of `{function.logical_id}`",
                        conditions=found.conditions,
                        reason="deployment hook",
                    ),
                )


def _first(template: Template, path: Path) -> Value | None:
    found = template.alternatives(path)
    if not found:
        return None
    values = [alternative.value for alternative in found]
    same = all(value == values[0] for value in values)
    if not same:
        return Unknown("differs by condition")
    return None if isinstance(values[0], Known) and values[0].value is None else values[0]
