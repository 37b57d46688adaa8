"""Which functions Lambda starts from a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambdalint.finding import FunctionId, Label, Role
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Handler

_ON = "PublishedVersions"


def snapstart(handler: Handler) -> Mapping[FunctionId, Label]:
    """The functions of a handler with SnapStart switched on in some branch of the template, each with a label
    at the switch."""
    found: dict[FunctionId, Label] = {}
    for function in handler.functions:
        for outcome in function.property("SnapStart", "ApplyOn"):
            if isinstance(outcome.value, Known) and outcome.value.value == _ON:
                label = function.label("SnapStart is on", Role.RELATED, outcome.path, tied=True)
                found.setdefault(function.id, label)
    return found
