"""Edits that put other grants in the place of a policy statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lambdalint.finding import Edit
from lambdalint.source import Span
from lambdalint.template import edits

if TYPE_CHECKING:
    from lambdalint.application.advice import Replacement
    from lambdalint.template.grants import Statement
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path


def replace_statement(
    template: Template, statement: Statement, replacement: Replacement
) -> tuple[Edit, ...] | None:
    """The edits that put a replacement in the place of a statement; None where the text does not allow it.

    In a SAM function's `Policies` policy templates take the place of the whole item, or stand behind the
    others where the item has more statements. Elsewhere, where no template serves, and where a Condition goes
    on holding, exact statements take the statement's place.
    """
    if "Fn::If" in statement.path:
        return None
    has_templates = any(advice.templates for advice in replacement.advice)
    if replacement.sam and has_templates and statement.condition is None:
        found = _in_policies(template, statement, replacement.policies())
        if found is not None:
            return found
    declared = template.get(statement.path)
    sid = declared.get("Sid") if isinstance(declared, dict) else None
    exact = replacement.exact(str(sid) if sid else None, statement.condition)
    return _in_place(template, statement.path, exact)


def replace_item(
    template: Template, path: Path, policies: Sequence[dict[str, Any]]
) -> tuple[Edit, ...] | None:
    """The edits that put items of `Policies` in the place of one; None where the text does not allow it."""
    return None if "Fn::If" in path else _in_place(template, path, policies)


def _in_policies(
    template: Template, statement: Statement, policies: list[dict[str, Any]]
) -> tuple[Edit, ...] | None:
    holder: Path = (*statement.document, "Statement")
    listed = template.get(holder)
    is_only = statement.path == holder or (isinstance(listed, list) and len(listed) == 1)
    if is_only:
        return _in_place(template, statement.document, policies)
    if not isinstance(statement.document[-1], int):
        return None
    removed = _removed(template, statement.path)
    added = _appended(template, statement.document[:-1], policies)
    if removed is None or added is None:
        return None
    if removed.span.start < added.span.start <= removed.span.end:
        # The statement ends the list: the new items take its lines.
        newline = template.source.newline
        text = added.replacement.removeprefix(newline)
        ended = template.source.slice(removed.span).endswith(newline)
        return (replace(removed, replacement=text + (newline if ended else "")),)
    return removed, added


def _in_place(template: Template, path: Path, nodes: Sequence[dict[str, Any]]) -> tuple[Edit, ...] | None:
    """The first of some nodes at a path, the others behind the last item of its list. A node that is no item
    of a list becomes one."""
    if not nodes:
        return None
    if not isinstance(path[-1], int):
        value = list(nodes) if len(nodes) > 1 or path[-1] == "Policies" else nodes[0]
        edit = edits.replace_value(template, path, value)
        return (edit,) if edit is not None else None
    first = edits.replace_value(template, path, nodes[0])
    if first is None:
        return None
    if len(nodes) == 1:
        return (first,)
    others = _appended(template, path[:-1], nodes[1:])
    if others is None:
        return None
    if others.span.start == first.span.end:  # the item was the last
        return (replace(first, replacement=first.replacement + others.replacement),)
    return first, others


def _appended(template: Template, path: Path, nodes: Sequence[dict[str, Any]]) -> Edit | None:
    """One edit that adds items behind the last of a list."""
    added = [edits.append_item(template, path, node) for node in nodes]
    found = [edit for edit in added if edit is not None]
    if len(found) != len(added):
        return None
    return replace(found[0], replacement="".join(edit.replacement for edit in found))


def _removed(template: Template, path: Path) -> Edit | None:
    """Takes an item out of a block list, its lines whole; None in flow style and JSON."""
    source = template.source
    span = template.full_span(path)
    start = source.line_starts[source.position(span.start).line - 1]
    if template.json or not re.fullmatch(r"[ \t]*- +", source.text[start : span.start]):
        return None
    rest = re.match(r"[ \t]*(\r\n|\r|\n|$)", source.text[span.end :])
    text = source.text[start : span.end]
    if rest is None or " #" in text:
        return None
    return Edit(source, Span(start, span.end + rest.end()), "")
