"""How findings about a role's policies name the functions that run with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.application.wording import and_
from lambdalint.finding import Label, Role

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.grants import Owner

_NAMED = 3


def who(functions: Sequence[LambdaFunction]) -> str:
    """`Orders and Bills`; where there are many, the first and how many others."""
    names = [function.logical_id for function in functions]
    return and_(names) if len(names) <= _NAMED else f"{names[0]} and {len(names) - 1} other functions"


def owners(owner: Owner, functions: Sequence[LambdaFunction]) -> Iterator[Label]:
    """The functions that run with a role or policy that stands elsewhere."""
    if owner == "function":
        return
    for function in functions:
        yield function.label("runs with this role", Role.RELATED, tied=True)
