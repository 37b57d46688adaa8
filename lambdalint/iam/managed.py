"""The managed policies of AWS by name: what those that functions get grant.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lambdalint.data import tables

# An ARN of AWS's own policies; those of an account have its number.
_ARN = re.compile(r"arn:[^:]*:iam::aws:policy/(?P<path>(?:[\w+=,.@-]+/)*)(?P<name>[\w+=,.@-]+)")


@dataclass(frozen=True)
class ManagedStatement:
    """A statement of a managed policy. `inverted`: it is about all actions but `actions`."""

    allows: bool
    inverted: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditional: bool


def policy_name(text: str) -> str | None:
    """The name of an AWS managed policy that a name or an ARN, as `template` renders it, means; None for the
    ARN of a policy of an account. SAM takes names as well as ARNs."""
    if text.startswith("arn:"):
        found = _ARN.fullmatch(text)
        return found["name"] if found else None
    return text if re.fullmatch(r"[\w+=,.@-]+", text) else None


@cache
def statements(name: str) -> tuple[ManagedStatement, ...] | None:
    """What a managed policy says; None where the table does not hold it."""
    kept = _policies().get(name)
    return tuple(_statement(line) for line in kept[1:]) if kept else None


def _statement(line: str) -> ManagedStatement:
    verb, *words = line.split()
    conditional = words[-1] == "if"
    words = words[:-1] if conditional else words
    inverted = words[0] == "not"
    words = words[1:] if inverted else words
    actions, resources = words, ["*"]
    if "on" in words:
        place = words.index("on")
        actions, resources = words[:place], words[place + 1 :]
    return ManagedStatement(verb == "allow", inverted, tuple(actions), tuple(resources), conditional)


def _policies() -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = _table()["policies"]
    return found


@cache
def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = tables.load("managed_policies.json")
    return found
