"""Whether a statement is wider than it has to be, and where: RULES, wildcard-permission."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from lambdalint.data import tables
from lambdalint.iam import actions, wildcards
from lambdalint.iam.actions import Action
from lambdalint.template.grants import Part, Statement

Kind = Literal["action", "resource", "not-action", "not-resource"]


# Harmless by themselves: AWS's console grants the first on any group, the rest on the function's own.
_MAKING = frozenset({"logs:CreateLogGroup", "logs:CreateLogStream"})
_ROUTINE = wildcards.LOGGING | wildcards.NETWORK_INTERFACES


@dataclass(frozen=True)
class Wide:
    """How a statement is too wide. `part` is the action or resource that makes it so.

    For a resource, `actions` are those that it leaves unlimited although they could be limited; what every
    function needs for logs and network interfaces is among them only where there is nothing else.
    `everywhere` says for an action that its resources are unlimited as well.
    """

    kind: Kind
    part: Part
    actions: tuple[Action, ...] = ()
    everywhere: bool = False

    @property
    def is_logging(self) -> bool:
        """Whether this is only what every function needs to write its logs."""
        return self.kind == "resource" and all(one.full in wildcards.LOGGING for one in self.actions)

    @property
    def is_networking(self) -> bool:
        """Whether this is only what a function in a VPC needs, with or without logging."""
        own = wildcards.LOGGING | wildcards.NETWORK_INTERFACES
        return (
            self.kind == "resource" and not self.is_logging and all(one.full in own for one in self.actions)
        )


def wide(statement: Statement) -> Wide | None:
    """How a statement is too wide; None where it is not, where it denies, or where a condition narrows it."""
    if not statement.allows or wildcards.is_narrowing(statement.condition):
        return None
    if statement.not_actions:
        return Wide("not-action", statement.not_actions[0])
    if statement.not_resources:
        return Wide("not-resource", statement.not_resources[0])
    for part in statement.actions:
        if actions.has_wildcard(part.text) and part.text.lower() not in idioms():
            return Wide("action", part, everywhere=_is_everywhere(statement))
    found = [action for part in statement.actions for action in actions.expand(part.text)]
    routine: Wide | None = None
    for part in statement.resources:
        unlimited = tuple(one for one in found if one.needs_resource and wildcards.is_wide(part.text, one))
        telling = tuple(one for one in unlimited if one.full not in _ROUTINE)
        if telling:
            return Wide("resource", part, telling)
        if routine is None and any(one.full not in _MAKING for one in unlimited):
            routine = Wide("resource", part, unlimited)
    return routine


@cache
def idioms() -> frozenset[str]:
    """The action patterns that AWS's documentation prescribes, in lower case."""
    return frozenset(row["pattern"].lower() for row in tables.load("iam_idioms.toml")["idioms"])


def _is_everywhere(statement: Statement) -> bool:
    return any(part.text.strip("*") == "" for part in statement.resources)
