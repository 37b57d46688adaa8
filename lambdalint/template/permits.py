"""Triggers that need leave to invoke a function, and the AWS::Lambda::Permission resources that give it.

S3, SNS, EventBridge rules, CloudWatch Logs and IoT rules invoke by the function's resource policy: Lambda
developer guide, "Granting Lambda function access to AWS services". SAM's own events bring theirs along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.template.dependencies import depends_on
from lambdalint.template.identity import render
from lambdalint.template.resolve import has_macro
from lambdalint.template.values import Known, Path, Reference, Text, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template
    from lambdalint.template.triggers import Trigger

# Source of a trigger → the service that invokes, the type of resource that its permission names.
_SENDERS: Mapping[str, tuple[str, str]] = {
    "CloudWatchLogs": ("logs", "AWS::Logs::LogGroup"),
    "EventBridgeRule": ("events", "AWS::Events::Rule"),
    "IoTRule": ("iot", "AWS::IoT::TopicRule"),
    "S3": ("s3", "AWS::S3::Bucket"),
    "SNS": ("sns", "AWS::SNS::Topic"),
    "Schedule": ("events", "AWS::Events::Rule"),
}
_TYPES = dict(_SENDERS.values())
# A bucket's notification made by code is none of this template's.
_NOTIFIES = ("AWS::S3::Bucket", "AWS::SNS::Subscription", "AWS::SNS::Topic", "AWS::Events::Rule")
_DECLARES = frozenset({*_NOTIFIES, "AWS::Logs::SubscriptionFilter", "AWS::IoT::TopicRule"})
# What may give or use leave in ways that the template does not show.
_OPAQUE = (
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::CustomResource",
    "AWS::Serverless::Application",
)


@dataclass(frozen=True)
class Unpermitted:
    """A trigger of a function that nothing allows to invoke it."""

    function: LambdaFunction
    trigger: Trigger
    service: str


@dataclass(frozen=True)
class Untimely:
    """A bucket whose notification is made without waiting for its permission; `circular` where the permission
    waits for the bucket."""

    function: LambdaFunction
    trigger: Trigger
    bucket: Resource
    permission: Resource
    circular: bool


@dataclass(frozen=True)
class Unused:
    """A permission for a resource of the template that does not invoke the function."""

    function: LambdaFunction
    permission: Resource
    sender: Resource


def halves(template: Template) -> Iterator[Unpermitted | Untimely | Unused]:
    """Every trigger of a template that lacks its other half; nothing where a macro may bring it."""
    if template.incomplete or not any(
        template.of_type(kind) for kind in (*_DECLARES, "AWS::Lambda::Permission")
    ):
        return
    for function in template.functions:
        for trigger in function.triggers:
            yield from _of_trigger(template, function, trigger)
    for permission in template.of_type("AWS::Lambda::Permission"):
        yield from _of_permission(template, permission)


def _of_trigger(
    template: Template, function: LambdaFunction, trigger: Trigger
) -> Iterator[Unpermitted | Untimely]:
    resource = template.resources.get(trigger.name)
    if trigger.proof != "resource" or trigger.source not in _SENDERS or resource is None:
        return
    if (
        resource.type not in _DECLARES
        or _has_role(template, trigger, resource)
        or _connected(template, function, resource)
    ):
        return
    service, kind = _SENDERS[trigger.source]
    sender = _sender(trigger)
    found = [
        each for each in _permissions(template, function) if _covers(template, each, service, kind, sender)
    ]
    if not found:
        if not _elsewhere(template, function.logical_id):
            yield Unpermitted(function, trigger, service)
        return
    if resource.type != "AWS::S3::Bucket" or any(not _tells(each) for each in found):
        return
    if not any(depends_on(template, resource.logical_id, each.logical_id) for each in found):
        circular = depends_on(template, found[0].logical_id, resource.logical_id)
        yield Untimely(function, trigger, resource, found[0], circular)


def _permissions(template: Template, function: LambdaFunction) -> Iterator[Resource]:
    """The permissions that are, or may be, of the function."""
    for permission in template.of_type("AWS::Lambda::Permission"):
        if has_macro(permission.properties):
            yield permission
            continue
        for found in permission.get("FunctionName"):
            named = template.identity.of(found.value)
            if function.logical_id in named or (not named and _may_be_any(found.value)):
                yield permission
                break


def _may_be_any(value: Value) -> bool:
    return isinstance(value, Unknown) or (
        isinstance(value, Text) and any(isinstance(part, Unknown) for part in value.parts)
    )


def _covers(template: Template, permission: Resource, service: str, kind: str, sender: str | None) -> bool:
    """Whether a permission lets a service in, for all that is known of it: its SourceArn may name another
    resource of the same kind."""
    principals = [render(each.value) for each in permission.get("Principal")]
    if not any(
        text == "*" or text.startswith((f"{service}.", "${")) or text.endswith("}") for text in principals
    ):
        return False
    sources = permission.get("SourceArn")
    named = [_named(template, each.value, kind) for each in sources]
    return not sources or sender is None or any(each is None or each == sender for each in named)


def _named(template: Template, value: Value, kind: str) -> str | None:
    """The resource of a kind that a SourceArn names alone."""
    references = _references(value)
    if len(references) != 1:
        return None
    resource = template.resources.get(references[0].logical_id)
    return resource.logical_id if resource is not None and resource.type == kind else None


def _references(value: Value) -> tuple[Reference, ...]:
    if isinstance(value, Reference):
        return (value,)
    return value.references if isinstance(value, Text) else ()


def _sender(trigger: Trigger) -> str | None:
    """The resource that a permission for the trigger names."""
    if trigger.source in ("S3", "EventBridgeRule", "Schedule", "IoTRule"):
        return trigger.name
    return trigger.resource.logical_id if isinstance(trigger.resource, Reference) else None


def _has_role(template: Template, trigger: Trigger, resource: Resource) -> bool:
    """Whether EventBridge may invoke with a role, of the target's own or of the rule's. EventBridge user
    guide, "Using resource-based policies for Amazon EventBridge": do not give one for functions; but it does
    not say that such a role has no effect."""
    if resource.type == "AWS::Events::Rule" and resource.get("RoleArn"):
        return True
    target: Path = trigger.path[: trigger.path.index("Arn")] if "Arn" in trigger.path else ()
    return bool(target) and bool(template.alternatives((*target, "RoleArn")))


def _connected(template: Template, function: LambdaFunction, sender: Resource) -> bool:
    """Whether a SAM connector gives leave, for all that the template tells."""
    if template.get((*sender.path, "Connectors")) or template.get((*function.resource.path, "Connectors")):
        return True
    for connector in template.of_type("AWS::Serverless::Connector"):
        ends = [connector.properties.get("Destination")]
        ends = ends[0] if isinstance(ends[0], list) else ends
        named = [end.get("Id") if isinstance(end, dict) else None for end in ends]
        if function.logical_id in named or None in named:
            return True
    return False


def _elsewhere(template: Template, logical_id: str) -> bool:
    """Whether a nested stack or a custom resource is told of something, and may do what the template does
    not."""
    for path in template.references(logical_id):
        resource = template.resources.get(str(path[1])) if path[0] == "Resources" else None
        opaque = resource is not None and resource.type.startswith(("Custom::", *_OPAQUE))
        if opaque and "ServiceToken" not in path:
            return True
    return False


def _exported(template: Template, logical_id: str) -> bool:
    """Whether other stacks can import a resource."""
    found = (path for path in template.references(logical_id) if path[0] == "Outputs")
    return any("Export" in (template.get(path[:2]) or ()) for path in found)


def _tells(permission: Resource) -> bool:
    return permission.condition is None and not has_macro(permission.properties)


def _of_permission(template: Template, permission: Resource) -> Iterator[Unused]:
    """A permission of a service for a resource that is declared here and invokes another function or none."""
    services = {render(each.value).split(".", 1)[0] for each in permission.get("Principal")}
    kind = _TYPES.get(services.pop()) if len(services) == 1 else None
    sources = permission.get("SourceArn")
    if kind is None or len(sources) != 1 or has_macro(permission.properties):
        return
    named = _named(template, sources[0].value, kind)
    targets = permission.get("FunctionName")
    ids = template.identity.of(targets[0].value) if len(targets) == 1 else ()
    function = template.function(ids[0]) if len(ids) == 1 else None
    if named is None or function is None or _elsewhere(template, named):
        return
    if _exported(template, named) and _exported(template, function.logical_id):
        return  # another stack may subscribe the one to the other
    sender = template.resources[named]
    if _invokes(template, function, sender) or _elsewhere(template, function.logical_id):
        return
    yield Unused(function, permission, sender)


def _invokes(template: Template, function: LambdaFunction, sender: Resource) -> bool:
    """Whether a resource invokes the function, for all that the template tells."""
    for trigger in function.triggers:
        if trigger.proof == "permission" or _SENDERS.get(trigger.source, ("", ""))[1] != sender.type:
            continue
        known = _sender(trigger) if trigger.proof == "resource" else _event_sender(trigger)
        if known is None or known == sender.logical_id:
            return True
    if function.logical_id in template.identity.within(dict(sender.properties)):
        return True
    return _is_open(template, sender)


def _event_sender(trigger: Trigger) -> str | None:
    return trigger.resource.logical_id if isinstance(trigger.resource, Reference) else None


def _is_open(template: Template, sender: Resource) -> bool:
    """Whether the template does not tell all that a resource invokes."""
    if has_macro(sender.properties):
        return True
    if sender.type == "AWS::Events::Rule":
        found = template.step(sender.items("Targets"), "Arn")
    elif sender.type == "AWS::S3::Bucket":
        found = sender.get("NotificationConfiguration", "LambdaConfigurations")
        found = (*found, *template.step(template.items(found), "Function"))
    elif sender.type == "AWS::SNS::Topic":
        subscriptions = template.of_type("AWS::SNS::Subscription")
        found = (
            *template.step(sender.items("Subscription"), "Endpoint"),
            *(one for each in subscriptions for one in (*each.get("Endpoint"), *each.get("TopicArn"))),
        )
    elif sender.type == "AWS::Logs::LogGroup":
        filters = template.of_type("AWS::Logs::SubscriptionFilter")
        found = tuple(
            one for each in filters for one in (*each.get("DestinationArn"), *each.get("LogGroupName"))
        )
    else:
        found = ()
    return any(
        not isinstance(one.value, Reference)
        and not (isinstance(one.value, Known) and not isinstance(one.value.value, str))
        and not template.identity.of(one.value)
        for one in found
    )
