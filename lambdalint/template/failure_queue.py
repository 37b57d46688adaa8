"""Edits that add a queue for what fails: behind a function, an event source mapping or another queue; with
the permission to send to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdalint.finding import Edit
from lambdalint.template.edits import append_item, free_name, insert_property, insert_resource, together
from lambdalint.template.values import Path, Reference

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.polls import Poll
    from lambdalint.template.template import Resource

# Fourteen days, the most that SQS keeps a message: time to look into it.
RETENTION = 1_209_600
# "We recommend setting the maxReceiveCount … to at least 5": messages that Lambda could only not take yet
# count as received. Lambda developer guide, "Creating and configuring an Amazon SQS event source mapping".
RECEIVES = 5
_ENCRYPTION = ("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")


def add_failure_queue(function: LambdaFunction) -> tuple[Edit, ...] | None:
    """A queue behind the function, its OnFailure destination, and leave to send to it in a role that stands
    in the template; SAM adds that to a role that it makes itself. None where a role is not in the template,
    or the text does not allow the edits."""
    template = function.template
    queue = free_name(template, f"{function.logical_id}FailureQueue")
    arn = {"Fn::GetAtt": [queue, "Arn"]}
    permission = _permission(function, queue, arn)
    if permission is None:
        return None
    resource: dict[str, Any] = {"Type": "AWS::SQS::Queue"}
    # What names the queue has to be absent wherever the queue is.
    role = _declared_role(function) if permission else None
    condition = function.resource.condition
    if condition is not None and (role is None or role.condition == condition):
        resource["Condition"] = str(condition)
    resource["Properties"] = {"MessageRetentionPeriod": RETENTION}
    added = insert_resource(template, function.logical_id, queue, resource)
    destination = _destination(function, arn)
    inside = destination[:1] if function.sam else ()
    behind = () if function.sam else destination
    return together([*inside, added, *behind, *permission])


def add_dead_letter_queue(queue: Resource) -> tuple[Edit, ...] | None:
    """A dead-letter queue beside a queue, of its type, condition and encryption, and the redrive policy that
    names it. None where the type is not known, or the text does not allow the edits."""
    template = queue.template
    fifo = template.queues.is_fifo(queue)
    if fifo is None:
        return None
    name = free_name(template, f"{queue.logical_id}DeadLetterQueue")
    properties: dict[str, Any] = {"FifoQueue": True} if fifo else {}
    properties["MessageRetentionPeriod"] = RETENTION
    properties.update((key, queue.properties[key]) for key in _ENCRYPTION if key in queue.properties)
    resource: dict[str, Any] = {"Type": queue.type}
    if queue.condition is not None:
        resource["Condition"] = str(queue.condition)
    resource["Properties"] = properties
    policy = {"deadLetterTargetArn": {"Fn::GetAtt": [name, "Arn"]}, "maxReceiveCount": RECEIVES}
    return together(
        [
            insert_property(template, (*queue.path, "Properties"), "RedrivePolicy", policy),
            insert_resource(template, queue.logical_id, name, resource),
        ]
    )


def add_mapping_queue(poll: Poll) -> tuple[Edit, ...] | None:
    """A queue for the batches that a mapping gives up on, its OnFailure destination, and leave to send to it.
    None where the function or its role is not in the template, or the text does not allow the edits."""
    if len(poll.functions) != 1:
        return None
    (function,) = poll.functions
    template = poll.template
    event = poll.trigger.proof == "event"
    queue = free_name(template, f"{function.logical_id}FailureQueue")
    arn = {"Fn::GetAtt": [queue, "Arn"]}
    permission = _permission(function, queue, arn)
    if permission is not None and not permission and not event:  # SAM only looks at its own events
        permission = [_sam_policy(function, queue)]
    if permission is None:
        return None
    holder = function.resource if event else template.resources[poll.trigger.name]
    resource: dict[str, Any] = {"Type": "AWS::SQS::Queue"}
    conditions = {function.resource.condition, holder.condition}
    if permission and len(conditions) > 1:
        return None
    role = _declared_role(function) if permission else None
    if holder.condition is not None and (role is None or role.condition == holder.condition):
        resource["Condition"] = str(holder.condition)
    resource["Properties"] = {"MessageRetentionPeriod": RETENTION}
    on_failure = {"Type": "SQS", "Destination": arn} if event else {"Destination": arn}
    destination = insert_property(
        template, (*poll.trigger.options, "DestinationConfig"), "OnFailure", on_failure
    )
    added = insert_resource(template, holder.logical_id, queue, resource)
    return together([destination, *permission, added] if event else [destination, added, *permission])


def _sam_policy(function: LambdaFunction, queue: str) -> Edit | None:
    policy = {"SQSSendMessagePolicy": {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}}}
    path = function.path("Policies")
    if function.property("Policies"):
        return append_item(function.template, path, policy)
    return insert_property(function.template, path[:-1], "Policies", [policy])


def _destination(function: LambdaFunction, arn: dict[str, Any]) -> Sequence[Edit | None]:
    if function.property("DurableConfig"):  # durable functions take a dead-letter queue
        name, body = ("DeadLetterQueue", {"Type": "SQS", "TargetArn": arn})
        if not function.sam:
            name, body = "DeadLetterConfig", {"TargetArn": arn}
        return [insert_property(function.template, function.path(), name, body)]
    if function.sam and not function.invoke_configs:
        path = function.path("EventInvokeConfig", "DestinationConfig")
        return [insert_property(function.template, path, "OnFailure", {"Type": "SQS", "Destination": arn})]
    return [_by_resource(function, arn)]


def _by_resource(function: LambdaFunction, arn: dict[str, Any]) -> Edit | None:
    """Through an EventInvokeConfig: the one that is there, else one for the unqualified function."""
    template = function.template
    on_failure = {"Destination": arn}
    if function.invoke_configs:
        path = (*function.invoke_configs[0].path, "Properties", "DestinationConfig")
        return insert_property(template, path, "OnFailure", on_failure)
    if _is_qualified(function):
        return None  # the triggers may name an alias, which would need a configuration of its own
    body: dict[str, Any] = {"Type": "AWS::Lambda::EventInvokeConfig"}
    if function.resource.condition is not None:
        body["Condition"] = str(function.resource.condition)
    body["Properties"] = {
        "FunctionName": {"Ref": function.logical_id},
        "Qualifier": "$LATEST",
        "DestinationConfig": {"OnFailure": on_failure},
    }
    name = free_name(template, f"{function.logical_id}EventInvokeConfig")
    return insert_resource(template, function.logical_id, name, body)


def _is_qualified(function: LambdaFunction) -> bool:
    template = function.template
    qualifiers = template.of_type("AWS::Lambda::Alias", "AWS::Lambda::Version")
    return any(
        function.logical_id in template.identity.of(named.value)
        for qualifier in qualifiers
        for named in qualifier.get("FunctionName")
    )


def _permission(function: LambdaFunction, queue: str, arn: dict[str, Any]) -> Sequence[Edit | None] | None:
    """What lets the function's role send to the queue: nothing to do where SAM makes the role, which then
    holds the permission; None where the role is not in the template. Lambda refuses a destination that the
    role cannot send to."""
    roles = function.property("Role")
    if not roles and function.sam:
        return ()
    role = _declared_role(function)
    if role is None:
        return None
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    policy = {
        "PolicyName": f"SendTo{queue}",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    path: Path = (*role.path, "Properties", "Policies")
    if "Policies" in role.properties:
        return [append_item(function.template, path, policy)]
    return [insert_property(function.template, path[:-1], "Policies", [policy])]


def _declared_role(function: LambdaFunction) -> Resource | None:
    roles = function.property("Role")
    if len(roles) != 1 or not isinstance(roles[0].value, Reference):
        return None
    role = function.template.resources.get(roles[0].value.logical_id)
    return role if role is not None and role.type == "AWS::IAM::Role" else None
