"""What a resource's author told other linters to pass over: in its Metadata, or in a checkov comment."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdalint.template.template import Resource

_CHECKOV = re.compile(r"#\s*checkov:skip=\s*(\w+)")


def declines(resource: Resource, rules: Collection[str]) -> bool:
    """Whether a resource's Metadata, or a checkov comment within it, names one of other linters' rules."""
    template = resource.template
    told: list[object] = [template.get((*resource.path, "Metadata"))]
    while told:
        value = told.pop()
        if isinstance(value, dict):
            told.extend(value.values())
        elif isinstance(value, list):
            told.extend(value)
        elif isinstance(value, str) and value in rules:
            return True
    if "checkov:skip" not in template.source.text:
        return False
    span = template.full_span(resource.path)
    comments = _CHECKOV.finditer(template.source.text, span.start, span.end)
    return any(comment.group(1) in rules for comment in comments)
