"""Which actions of a statement none of its resources can be of a type for: they are granted on nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from lambdalint.application.resource_patterns import pattern
from lambdalint.iam import actions, arns
from lambdalint.iam.actions import AccessLevel
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.iam.actions import Action
    from lambdalint.template.grants import Part, Statement
    from lambdalint.template.template import Template

# Services for which the service authorization reference was found to name all types of resources that IAM
# asks about, where it names any. It does not for others: Bedrock's automation projects, CloudWatch's metrics.
_COMPLETE = frozenset(
    {
        *(
            "dynamodb",
            "firehose",
            "iam",
            "kinesis",
            "kms",
            "logs",
            "s3",
            "secretsmanager",
            "sns",
            "sqs",
            "ssm",
        ),
        *("states", "sts"),
    }
)


def unmatchable(template: Template, statement: Statement) -> tuple[Part, ...]:
    """The actions that match no resource of the statement, whatever is not known of these. Actions that do
    not exist, patterns of which some action matches, and services of which not all is known are none."""
    if not statement.allows or not statement.whole or not statement.resources or statement.not_actions:
        return ()
    resources = tuple(pattern(template, part) for part in statement.resources)
    if any(not resource.strip("*") or resource[0] in (arns.UNKNOWN, arns.PLAIN) for resource in resources):
        return ()
    if any(arns.malformed(resource) or "<" in resource for resource in resources):
        return ()  # invalid-statement's; what has angle brackets is to be filled in
    found = []
    for part in statement.actions:
        prefix = part.text.partition(":")[0].lower()
        known = actions.expand(part.text) if isinstance(part.value, Known) and prefix in _COMPLETE else ()
        if known and not any(_matches(action, resources) for action in known):
            found.append(part)
    return tuple(found)


@cache
def _matches(action: Action, resources: tuple[str, ...]) -> bool:
    if not action.supports_resources:
        # Some of these are asked about all of a service's ARN (`arn:aws:sns:*:*:*`), which nobody documents;
        # of what changes something, the reference leaves out some types (states:SendTaskSuccess is granted on
        # state machines in AWS's own samples). Lists of an account's resources have none.
        listing = action.level is AccessLevel.LIST or action.name.startswith(("List", "Describe"))
        return not listing or any("*" in resource.rpartition(":")[2] for resource in resources)
    return any(arns.can_match(resource, kind.arn) for resource in resources for kind in action.resource_types)
