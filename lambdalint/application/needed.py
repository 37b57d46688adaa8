"""A need of a function, and a reason why there may be more of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.iam.match import Need

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall

ANY = "*"
"""Stands for the IAM prefix of any service."""


@dataclass(frozen=True)
class Needed:
    """A need with what makes it: calls in the code, or a feature of the function (`SQS event Jobs`).

    `optional` is what the call does without, in a worse way. `certain` are those of the calls of which it is
    sure that they need just this with the function's own credentials; the others may.
    """

    need: Need
    calls: tuple[AwsCall, ...] = ()
    feature: str = ""
    optional: bool = False
    certain: tuple[AwsCall, ...] = ()


@dataclass(frozen=True)
class Open:
    """A reason why there may be more needs, of actions with these prefixes (`*`: any)."""

    reason: str
    prefixes: tuple[str, ...] = (ANY,)
