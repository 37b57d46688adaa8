"""What IAM calls the resources that calls act on, and how a policy of the same template names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdalint.iam import targets
from lambdalint.iam.targets import UNKNOWN, Target
from lambdalint.template.identity import render
from lambdalint.template.values import Known, Reference, Text, Unknown

if TYPE_CHECKING:
    from lambdalint.application.targets import Resolved
    from lambdalint.python.calls import AwsCall
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.triggers import Trigger

# Resources that calls are only given by ARN, and those that they can be given by name or by ARN.
_BY_ARN = frozenset({"sns:topic", "states:statemachine", "states:activity"})
# Where the records of a trigger name the resource that sent them.
_SENDERS = {
    "s3:bucket": ("S3", ("s3", "bucket")),
    "sqs:queue": ("SQS", ("eventSourceARN",)),
    "sns:topic": ("SNS", ("TopicArn",)),
    "kinesis:stream": ("Kinesis", ("eventSourceARN",)),
}
_EITHER = frozenset({"secretsmanager:Secret", "lambda:function", "events:event-bus", "kinesis:stream"})


def to_target(resolved: Resolved, kind: str) -> Target:
    """What IAM calls the resource that a call acts on; UNKNOWN where the template cannot name it."""
    value = resolved.value
    template = resolved.template
    if resolved.resource is not None:
        resource = resolved.resource
        found = targets.of_resource(resource.type, resource.logical_id, resource.properties)
        if found is not None and found.type == kind:
            return found
    if template is not None and resolved.path and not isinstance(value, Reference):
        written = template.get(resolved.path)
        if not isinstance(written, str):
            return _of_expression(written, resolved, kind)
    if resolved.literal is not None:
        return of_literal(resolved.literal, kind)
    return UNKNOWN


def of_literal(text: str, kind: str) -> Target:
    """The target that a literal name, ARN or URL means; UNKNOWN where a policy cannot name it by that."""
    if kind == "bedrock:foundation-model" and (text.startswith("arn:") or text.count(".") != 1):
        return UNKNOWN  # an inference profile (`us.…`), whose models need their own statements
    if kind == "kms:key" and "alias/" in text:
        return UNKNOWN  # a policy cannot name a key by its alias
    if not text or "{{resolve:" in text:
        return UNKNOWN
    if kind == "ses:identity" and not text.startswith("arn:"):
        return targets.placeholder(kind)  # the verified identity can be the address or its domain
    return targets.of_text(text, kind)


def of_trigger(call: AwsCall, function: LambdaFunction, kind: str) -> Target:
    """The resource whose event names it to the call (`event["Records"][0]["s3"]["bucket"]["name"]`), where
    the template says which resources send these events and it is one; else UNKNOWN."""
    if call.target.kind != "event":
        return UNKNOWN
    steps = call.target.value.replace(".", " ").split()
    source = _SENDERS.get(kind)
    if source is None or not set(source[1]) <= set(steps) or "body" in steps:
        return UNKNOWN
    senders = [trigger for trigger in function.triggers if trigger.source == source[0]]
    found = {_sender(trigger, kind) for trigger in senders}
    return found.pop() if len(found) == 1 else UNKNOWN


def _sender(trigger: Trigger, kind: str) -> Target:
    value = trigger.resource
    if isinstance(value, Text) and len(value.references) == 1:
        value = value.references[0]
    if isinstance(value, Reference):
        resource = trigger.template.resources.get(value.logical_id)
        found = resource and targets.of_resource(resource.type, resource.logical_id, resource.properties)
        return found if found and found.type == kind else UNKNOWN
    if isinstance(value, Known) and isinstance(value.value, str):
        return of_literal(value.value, kind)
    return UNKNOWN


def _of_expression(node: object, resolved: Resolved, kind: str) -> Target:
    """A target that an intrinsic of the template gives: a parameter, an import, a text with parts."""
    text = render(resolved.value)
    if kind in ("bedrock:foundation-model", "kms:key") or not isinstance(node, dict):
        return UNKNOWN
    if isinstance(resolved.value, Unknown) and resolved.value.reason == "dynamic reference":
        return UNKNOWN
    parameter = resolved.parameter or (resolved.value.name if isinstance(resolved.value, Unknown) else "")
    known = text if isinstance(resolved.value, (Known, Text)) else None
    if (known and "://" in known) or parameter.lower().endswith("url"):
        return UNKNOWN
    if "accesspoint" in parameter.lower():  # an access point's alias can stand where a bucket's name does
        return UNKNOWN
    if kind == "ses:identity" and not (known or "").startswith("arn:"):
        return targets.placeholder(kind)
    is_arn = kind in _BY_ARN or (known.startswith("arn:") if known else parameter.lower().endswith("arn"))
    if kind == "sqs:queue" and not is_arn:
        return UNKNOWN  # a URL, which a policy cannot name a queue by
    if kind in _EITHER and not known and not is_arn and not parameter.lower().endswith("name"):
        return UNKNOWN
    shown = f"`{parameter}`" if parameter else "a value of the template"
    return targets.of_expression(node, kind, is_arn, shown, known)
