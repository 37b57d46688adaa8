"""Whether a policy is wider than it needs to be: resources that are only a star, conditions that narrow.

Strings are as `template` renders them: `${Name}` stands for a part that is not known and is no wildcard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from lambdalint.iam import actions
from lambdalint.iam.actions import Action

# What AWSLambdaBasicExecutionRole and AWSLambdaVPCAccessExecutionRole grant on `*`:
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html
LOGGING = frozenset({"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"})
NETWORK_INTERFACES = frozenset(
    {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    }
)

# Condition keys that say how or when a request is made, not on what. Any other key counts as narrowing.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_CIRCUMSTANCES = re.compile(
    r"aws:(SecureTransport|RequestedRegion|CurrentTime|EpochTime|MultiFactorAuth\w+|SourceIp|SourceVpc|SourceVpce"
    r"|VpcSourceIp|UserAgent|Referer|TokenIssueTime|userid|username|PrincipalType|ViaAWSService)"
    r"|s3:(TlsVersion|authType|signatureAge|signatureversion|x-amz-(acl|storage-class|content-sha256"
    r"|server-side-encryption.*))",
    re.IGNORECASE,
)
_STARS = re.compile(r"(?<=\*)([:/]\*)+$")
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
_FORMAT_VARIABLE = re.compile(r"\$\{\w+\}")


def is_wide(resource: str, action: Action) -> bool:
    """Whether a resource pattern names nothing that the action could be limited to.

    True for `*`, for an ARN whose resource part is only a star, and for one that has a star for every name
    behind the type: `arn:aws:dynamodb:*:*:table/*`. False where anything is named (`bucket/*`) or there is
    but one, and for an ARN of another service or type, which the action cannot match at all.
    """
    parts = _PLACEHOLDER.sub("\1", resource).split(":", 5)
    if resource and not resource.strip("*"):
        return True
    if len(parts) != 6 or parts[0] != "arn":
        return False
    service, name = parts[2], parts[5]
    if name.rstrip("*") in _nameless(action):
        return False  # `catalog*`: the action must be granted on the catalogue, which has no other name
    return any(
        service in ("*", own_service)
        and (actions.matches(name, own_name) or actions.matches(_STARS.sub("", name), own_name))
        for own_service, own_name in _unnamed(action)
    )


def is_narrowing(condition: object) -> bool:
    """Whether a statement's Condition limits it to some resources, tags, services or an organisation.

    A condition that cannot be read counts as narrowing.
    """
    if condition is None:
        return False
    if not isinstance(condition, Mapping):
        return True
    keys = list(_condition_keys(condition))
    return any(not _CIRCUMSTANCES.fullmatch(key) for key in keys)


def covered(patterns: tuple[str, ...], action: str) -> bool:
    """Whether one of a statement's action patterns covers an action."""
    return any(actions.matches(pattern, action) for pattern in patterns)


def _condition_keys(condition: Mapping[object, object]) -> Iterator[str]:
    for operator, operands in condition.items():
        if isinstance(operands, Mapping):
            yield from (str(key) for key in operands)
        else:
            yield str(operator)


@cache
def _unnamed(action: Action) -> frozenset[tuple[str, str]]:
    """Service and resource part of ARNs of the action's types that have a star for every name."""
    found = set()
    for resource in action.resource_types:
        parts = resource.arn.split(":", 5)
        if _FORMAT_VARIABLE.search(parts[5]):
            found.add((parts[2], _FORMAT_VARIABLE.sub("*", parts[5])))
    return frozenset(found)


@cache
def _nameless(action: Action) -> frozenset[str]:
    """Resource parts of the action's types of which an account has but one: Glue's `catalog`."""
    parts = (resource.arn.split(":", 5)[5] for resource in action.resource_types)
    return frozenset(part for part in parts if not _FORMAT_VARIABLE.search(part))
