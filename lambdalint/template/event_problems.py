"""What is wrong with the events, mappings and schedules of a template: what the SAM transform refuses, and
what it hands on and Lambda or EventBridge refuse.

SAM's part is read from the transform's own table (`properties`), the limits of mappings from
`data/mapping_limits.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdalint.data.tables import load
from lambdalint.finding import FunctionId
from lambdalint.template.batches import number
from lambdalint.template.misplacement import belonging_to
from lambdalint.template.mistakes import Mistake, lacks
from lambdalint.template.polls import Poll
from lambdalint.template.properties import EventType, event_types, misplaced, nearest, properties_of
from lambdalint.template.queues import names_fifo
from lambdalint.template.resolve import has_macro, intrinsic
from lambdalint.template.schedules import schedule_problem
from lambdalint.template.values import Alternative, Known, Path

if TYPE_CHECKING:
    from lambdalint.template.template import Resource, Template

HOLDERS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
# Lambda asks for StartingPosition of these (CreateEventSourceMapping).
_STREAMS = ("DocumentDB", "DynamoDB", "Kinesis", "MSK", "SelfManagedKafka")
_METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
# Type of event → property that must be a Ref to a resource of this type in the same template
# (samtranslator.model.eventsources.push: S3, Cognito).
_SAME_TEMPLATE = {"S3": ("Bucket", "AWS::S3::Bucket"), "Cognito": ("UserPool", "AWS::Cognito::UserPool")}
# Where schedules stand: type of resource or event → property, whether EventBridge Scheduler reads it.
_SCHEDULES = {
    "AWS::Events::Rule": ("ScheduleExpression", False),
    "AWS::Scheduler::Schedule": ("ScheduleExpression", True),
    "Schedule": ("Schedule", False),
    "ScheduleV2": ("ScheduleExpression", True),
}


def event_problems(template: Template) -> Iterator[Mistake]:
    """Every mistake in the events, event source mappings and schedules of a template."""
    if template.incomplete:
        return
    for resource in template.of_type(*HOLDERS):
        yield from _events(template, resource)
    for poll in template.polls:
        yield from _mapping(template, poll)
    for kind in ("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        for resource in template.of_type(kind):
            name, scheduler = _SCHEDULES[kind]
            yield from _schedule(template, resource.logical_id, resource.get(name), scheduler, ())


def _events(template: Template, resource: Resource) -> Iterator[Mistake]:
    events = resource.properties.get("Events")
    if not isinstance(events, dict) or intrinsic(events) is not None or has_macro(events):
        return
    function = template.function(resource.logical_id)
    ids = (function.id,) if function is not None else ()
    known = event_types(resource.type)
    own = properties_of(resource.type) or {}
    for name, event in events.items():
        path: Path = (*resource.path, "Properties", "Events", name)
        title = f"`{resource.logical_id}.{name}`"
        if not isinstance(event, dict):
            if name not in own:  # else a property that went astray: see `misplacement`
                yield Mistake(path, True, f"the event {title} is empty", "", "give it a Type", ids)
            continue
        if intrinsic(event) is not None or has_macro(event):
            continue
        kind = event.get("Type")
        if kind is None:
            message = f"the event {title} has no Type"
            yield Mistake(path, True, message, "", f"its Type is one of {', '.join(known)}", ids)
        elif isinstance(kind, str) and kind not in known:
            yield _unknown_type(resource, title, path, kind, known, ids)
        elif isinstance(kind, str):
            yield from _event(template, resource, title, path, event, known[kind], ids)


def _unknown_type(
    resource: Resource,
    title: str,
    path: Path,
    kind: str,
    known: Mapping[str, EventType],
    ids: tuple[FunctionId, ...],
) -> Mistake:
    meant = nearest(kind, known)
    holder = "function" if resource.type == HOLDERS[0] else "state machine"
    return Mistake(
        (*path, "Type"),
        False,
        f"`{kind}` is no type of event of a {holder}: the SAM transform refuses {title}",
        f"did you mean `{meant}`?" if meant else "no such type of event",
        f"write `{meant}`" if meant else f"the types are {', '.join(known)}",
        ids,
    )


def _event(
    template: Template,
    resource: Resource,
    title: str,
    path: Path,
    event: Mapping[str, Any],
    kind: EventType,
    ids: tuple[FunctionId, ...],
) -> Iterator[Mistake]:
    name = str(event["Type"])
    properties = event.get("Properties")
    if properties is None:
        properties = {}
    if not isinstance(properties, dict) or intrinsic(properties) is not None or has_macro(properties):
        return
    base: Path = (*path, "Properties")
    astray = {found.keys[0] for found in misplaced(properties, kind.tree) if len(found.keys) == 1}
    astray.update(belonging_to(properties, kind, properties_of(resource.type) or {}))
    absent = [need for need in kind.required if need not in properties and need not in event]
    for key in properties:
        if not isinstance(key, str) or key in kind.properties or key in astray:
            continue
        meant = nearest(key, kind.properties - properties.keys())
        if meant in absent:
            absent.remove(meant)
        yield Mistake(
            (*base, key),
            True,
            f"{name} events have no property `{key}`: the SAM transform refuses {title}",
            f"did you mean `{meant}`?" if meant else "no such property",
            f"write `{meant}`" if meant else f"its properties are {', '.join(sorted(kind.properties))}",
            ids,
        )
    if absent:
        yield lacks(path, absent, f"the {name} event {title} has no", " to its Properties", ids)
    yield from _values(template, name, title, base, properties, ids)


def _values(
    template: Template,
    name: str,
    title: str,
    base: Path,
    properties: Mapping[str, Any],
    ids: tuple[FunctionId, ...],
) -> Iterator[Mistake]:
    if name in _SCHEDULES:
        key, scheduler = _SCHEDULES[name]
        yield from _schedule(template, title.strip("`"), template.alternatives((*base, key)), scheduler, ids)
    if name in _SAME_TEMPLATE:
        yield from _same_template(template, name, title, base, properties, ids)
    if name in ("Api", "HttpApi"):
        for found in template.alternatives((*base, "Method")):
            method = found.value.value if isinstance(found.value, Known) else None
            if isinstance(method, str) and method.upper() not in (
                *_METHODS,
                "*",
                "X-AMAZON-APIGATEWAY-ANY-METHOD",
            ):
                meant = nearest(method, _METHODS)
                yield Mistake(
                    found.path,
                    False,
                    f"`{method}` is no HTTP method: the API of {title} cannot be made",
                    f"did you mean `{meant}`?" if meant else "no such method",
                    f"write `{meant or 'ANY'}`",
                    ids,
                )
    if "State" in properties and "Enabled" in properties and name not in ("ScheduleV2", "SQS"):
        message = f"{title} has both State and Enabled: the SAM transform refuses it"
        related = ((*base, "State"), "says it already")
        yield Mistake((*base, "Enabled"), True, message, "one too many", "keep State alone", ids, related)
    subscription = properties.get("SqsSubscription") if name == "SNS" else None
    if isinstance(subscription, dict) and intrinsic(subscription) is None and not has_macro(subscription):
        absent = [each for each in ("QueueArn", "QueueUrl") if each not in subscription]
        if absent:
            yield lacks((*base, "SqsSubscription"), absent, f"the SqsSubscription of {title} has no", "", ids)


def _same_template(
    template: Template,
    name: str,
    title: str,
    base: Path,
    properties: Mapping[str, Any],
    ids: tuple[FunctionId, ...],
) -> Iterator[Mistake]:
    """SAM writes the notification into the bucket's own declaration, so it must have that."""
    key, kind = _SAME_TEMPLATE[name]
    node = properties.get(key)
    function = intrinsic(node)
    if node is None or function in ("Fn::If", "Fn::Transform"):
        return
    if function == "Ref":
        named = node["Ref"]
        declared = template.resources.get(named) if isinstance(named, str) else None
        if declared is not None or named not in template.parameters:
            return  # a name that is not declared at all is another mistake
    elif function is None and not isinstance(node, str):
        return
    elif isinstance(node, str) and node in template.resources:
        return  # SAM takes a logical id as text too
    what = kind.rsplit("::", 1)[-1]
    yield Mistake(
        (*base, key),
        False,
        f"the {name} event {title} needs a Ref to an {kind} of this template: the SAM transform refuses it",
        "no Ref to a resource of this template",
        f"declare the {what} here, or make its notification and an AWS::Lambda::Permission yourself",
        ids,
    )


def _schedule(
    template: Template,
    title: str,
    found: tuple[Alternative, ...],
    scheduler: bool,
    ids: tuple[FunctionId, ...],
) -> Iterator[Mistake]:
    for one in found:
        # A parameter's default need not be what a condition, of the value or of its resource, is about.
        conditional = one.conditions or template.resources[str(one.path[1])].condition
        text = one.value.value if isinstance(one.value, Known) else None
        if one.parameter and conditional:
            continue
        problem = schedule_problem(text, scheduler) if isinstance(text, str) else None
        if problem is not None:
            message = f"`{text}` is no schedule for `{title}`: {problem}"
            yield Mistake(one.path, False, message, problem, "EventBridge refuses it as it is", ids)


def _mapping(template: Template, poll: Poll) -> Iterator[Mistake]:
    source = poll.source
    what = f"`{poll.trigger.name}`"
    through_topic = template.get((*poll.path, "Type")) == "SNS"
    for row in _limits():
        if through_topic and row["setting"] != "BatchSize":
            continue
        keys = row["setting"].split(".")
        for found in poll.settings(*keys):
            yield from _setting(template, poll, row, keys[-1], source, what, found)
    if _needs_position(poll):
        message = f"{what} polls a {poll.what} and has no StartingPosition"
        advice = "add TRIM_HORIZON or LATEST"
        yield _problem(poll, poll.path, True, message, "needs a StartingPosition", advice)
    if source == "SQS":
        yield from _queue(template, poll, what)


def _needs_position(poll: Poll) -> bool:
    """Whether a mapping resource lacks what streams need. Without an ARN or brokers, what is polled is only
    guessed from its properties; events of SAM have a list of what they need."""
    if poll.trigger.proof == "event" or poll.source not in _STREAMS or poll.settings("StartingPosition"):
        return False
    return bool(poll.settings("EventSourceArn") or poll.settings("SelfManagedEventSource"))


def _setting(
    template: Template,
    poll: Poll,
    row: Mapping[str, Any],
    name: str,
    source: str,
    what: str,
    found: Alternative,
) -> Iterator[Mistake]:
    if source in row["refused"]:
        message = f"{what} polls {source}, whose mappings have no {name}: Lambda refuses it"
        yield _problem(poll, found.path, True, message, f"not for {source}", f"remove {name}")
        return
    size = number(found)
    low, high = row.get("minimum", 0), row.get("maximum", 0)
    if size is not None and "minimum" in row and not low <= size <= high:
        message = f"{name} of {what} is {size}: Lambda takes {low} to {high:,}"
        yield _problem(poll, found.path, False, message, f"must be {low} to {high:,}", f"see {row['source']}")
    text = found.value.value if isinstance(found.value, Known) else None
    values = row.get("values")
    if values and isinstance(text, str):
        allowed = [each for each in values if source != "DynamoDB" or each != "AT_TIMESTAMP"]
        if text not in allowed:
            meant = nearest(text, allowed)
            message = f"`{text}` is no {name} of a {poll.what}: Lambda refuses {what}"
            place = f"did you mean `{meant}`?" if meant else f"must be {' or '.join(allowed)}"
            yield _problem(poll, found.path, False, message, place, f"write {meant or ' or '.join(allowed)}")


def _queue(template: Template, poll: Poll, what: str) -> Iterator[Mistake]:
    """Batches of more than ten: SQS developer guide, "Lambda parameters for Amazon SQS event source mappings"
    (FIFO queues), and CreateEventSourceMapping (others need a batching window)."""
    sizes = [(number(found), found) for found in poll.settings("BatchSize")]
    windows = poll.settings("MaximumBatchingWindowInSeconds")
    named = poll.trigger.option("Queue") or poll.trigger.option("EventSourceArn")
    fifo = next((each for each in named if names_fifo(template, each.value)), None)
    if fifo is None and any(template.queues.is_fifo(queue) for queue, _ in poll.queues):
        fifo = named[0] if named else None
    for size, found in sizes:
        if size is None or not 10 < size <= 10_000:
            continue
        if fifo is not None:
            message = f"BatchSize of {what} is {size}: Lambda takes 10 messages of a FIFO queue at most"
            related = (fifo.path, "the queue is FIFO")
            yield _problem(poll, found.path, False, message, "must be 1 to 10", "write 10 or less", related)
        elif named and all(number(each) == 0 for each in windows):
            message = (
                f"BatchSize of {what} is {size} without a MaximumBatchingWindowInSeconds: Lambda refuses it"
            )
            advice = "add MaximumBatchingWindowInSeconds of 1 or more, or take batches of 10"
            yield _problem(poll, found.path, False, message, "over 10 needs a batching window", advice)
    for window in windows:
        if fifo is not None and (number(window) or 0) > 0:
            message = f"{what} polls a FIFO queue, which has no batching window: Lambda refuses it"
            related = (fifo.path, "the queue is FIFO")
            advice = "remove MaximumBatchingWindowInSeconds"
            yield _problem(poll, window.path, True, message, "not for FIFO queues", advice, related)


def _problem(
    poll: Poll,
    path: Path,
    key: bool,
    message: str,
    place: str,
    advice: str,
    related: tuple[Path, str] | None = None,
) -> Mistake:
    return Mistake(path, key, message, place, advice, poll.ids, related)


@cache
def _limits() -> tuple[Mapping[str, Any], ...]:
    return tuple(load("mapping_limits.toml")["setting"])
