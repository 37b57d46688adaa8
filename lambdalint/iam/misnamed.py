"""What an action that does not exist was meant to be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache

from lambdalint.data import tables
from lambdalint.iam import actions, sdk
from lambdalint.iam.spelling import slips

_SLIPS = 2
_VERB = re.compile(r"[A-Z]?[a-z]+")
# Services that AWS has shut down, and taken out of the service authorization reference: their prefixes were
# right once, and older policies still hold them.
_RETIRED = frozenset(
    {
        "aws-portal",
        "codestar",
        "deepcomposer",
        "deeplens",
        "deepracer",
        "elastic-inference",
        "evidently",
        "gamesparks",
        "iot1click",
        "iotevents",
        "iotthingsgraph",
        "lumberyard",
        "macie",
        "mobilehub",
        "sumerian",
    }
)


def exists(pattern: str) -> bool:
    """Whether an action, or some action that a pattern with wildcards covers, exists. Also true of what is
    not of the form of an action, and of services that exist no more."""
    prefix, colon, name = pattern.partition(":")
    if not colon or not name or actions.has_wildcard(prefix) or prefix.lower() in _RETIRED:
        return True
    if not actions.service_exists(prefix):
        return False
    return not name.strip("*") or bool(actions.expand(pattern))


@cache
def meant(action: str) -> tuple[str, ...]:
    """The actions that one which does not exist most likely means; () where none comes near.

    Many are operations of the SDK that another action allows (`s3:HeadObject`), or have the SDK's name of the
    service for IAM's (`stepfunctions:StartExecution`).
    """
    prefix, _, name = action.partition(":")
    if actions.service_exists(prefix):
        allowed = _operations().get((prefix.lower(), name.lower()))
        if allowed:
            return allowed
    else:
        own = sdk.prefix(prefix.lower()) or _NICKNAMES.get(prefix.lower())
        if own and actions.service_exists(own):
            renamed = f"{own}:{name}"
            if exists(renamed):
                found = actions.find(renamed)
                return (found.full if found else renamed,)
            return _near(own, name)
        near = actions.nearest(action)
        return (near,) if near and exists(near) else ()
    return _near(prefix, name)


def _near(prefix: str, name: str) -> tuple[str, ...]:
    """The action of a service that a misspelt one means. One that does something else (`Delete` for `Get`)
    is none, however alike the names are."""
    wanted, verb = name.lower(), _verb(name)
    known = actions.service_actions(prefix)
    near = min(
        ((slips(wanted, one.name.lower(), _SLIPS), one.full) for one in known), default=(_SLIPS + 1, "")
    )
    if near[0] <= _SLIPS and len(wanted) > 2 * _SLIPS:
        return (near[1],)
    same = [one for one in known if _verb(one.name) == verb]
    longer = [one for one in same if one.name.lower().startswith(wanted)]
    if longer:
        return (min(longer, key=lambda one: len(one.name)).full,)
    close = difflib.get_close_matches(wanted, [one.name.lower() for one in same], 1, 0.85)
    return tuple(one.full for one in same if one.name.lower() in close)


def _verb(name: str) -> str:
    found = _VERB.match(name)
    return found.group().lower() if found else ""


# What people call services that IAM calls otherwise.
_NICKNAMES = {
    "cloudwatchevents": "events",
    "cloudwatchlogs": "logs",
    "cognito": "cognito-idp",
    "email": "ses",
    "eventbridge": "events",
    "opensearch": "es",
    "parameterstore": "ssm",
    "secretmanager": "secretsmanager",
    "step-functions": "states",
    "systemsmanager": "ssm",
}


@cache
def _operations() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """By IAM prefix and name in lower case: what allows an operation that no action is named after."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for service, rows in tables.load("sdk_calls.toml")["calls"].items():
        prefix = sdk.prefix(service)
        for operation in rows:
            permissions = sdk.permissions(service, operation, ())
            if prefix is None or permissions is None or not permissions.required:
                continue
            allowed = tuple(dict.fromkeys(required.action for required in permissions.required))
            found.setdefault((prefix, operation.replace("_", "").lower()), allowed)
    return found
