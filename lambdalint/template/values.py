"""What the values of a template come to. An intrinsic is never guessed: what is not known is Unknown.

A value that `Fn::If` chooses has several Alternatives; each says where it stands and when it holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and indexes from the root of a template's data to a node."""

Condition = tuple[str, bool]
"""A condition's name and the outcome under which something holds."""


@dataclass(frozen=True)
class Known:
    """A value that is certain: a scalar, or a list or mapping as the loader gave it."""

    value: object


@dataclass(frozen=True)
class Reference:
    """A resource of the same template: by `Ref` (attribute None) or by `Fn::GetAtt`."""

    logical_id: str
    attribute: str | None = None


@dataclass(frozen=True)
class Text:
    """A string of which some parts are known: from `Fn::Sub` or `Fn::Join`, such as an ARN.

    Neighbouring known parts are merged; pseudo parameters stay as Unknown("pseudo parameter", "AWS::Region")
    and the like.
    """

    parts: tuple[str | Reference | Unknown, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        """The resources that the text mentions."""
        return tuple(part for part in self.parts if isinstance(part, Reference))


@dataclass(frozen=True)
class Unknown:
    """A value that reading the template cannot tell. `reason` is short and countable: "parameter without
    default", "import", "dynamic reference", "transform", "pseudo parameter", "cycle", …; `name` is what it
    was about (the parameter's name)."""

    reason: str
    name: str = ""


Value = Known | Reference | Text | Unknown


@dataclass(frozen=True)
class Alternative:
    """One outcome of a value: what it is, the path where it is written, and the conditions that choose it.

    `parameter` names the template parameter whose configured or default value this is; a default may be
    overridden when the stack is deployed.
    """

    value: Value
    path: Path
    conditions: tuple[Condition, ...] = ()
    parameter: str = ""


def agree(*conditions: Iterable[Condition]) -> bool:
    """Whether all of several groups of conditions can hold at once, as far as their names tell."""
    chosen: dict[str, bool] = {}
    return all(chosen.setdefault(name, outcome) is outcome for group in conditions for name, outcome in group)
