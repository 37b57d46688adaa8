"""What the tests of this folder share: templates from text, edits applied to text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from textwrap import dedent
from typing import Any

from lambdalint.finding import Edit
from lambdalint.source import SourceFile, Span
from lambdalint.template.function import LambdaFunction
from lambdalint.template.template import Template, load


def template(
    text: str, parameters: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> Template:
    """A template of a text, which may be indented as the test is."""
    source = SourceFile(PurePosixPath("template.yaml"), dedent(text))
    return load(source, parameters, (files or {}).get)


def function(text: str, logical_id: str = "Fn", files: Mapping[str, str] | None = None) -> LambdaFunction:
    """A function of a template."""
    found = template(text, files=files).function(logical_id)
    assert found is not None
    return found


def at(template: Template, span: Span) -> str:
    """The text of a span."""
    return template.source.slice(span)


def edited(template: Template, edits: Edit | Iterable[Edit] | None) -> str:
    """The template's text after edits."""
    assert edits is not None
    text = template.source.text
    given = [edits] if isinstance(edits, Edit) else list(edits)
    for edit in sorted(given, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


def plain(node: Any) -> Any:
    """Data without cfn-lint's own classes."""
    if isinstance(node, Mapping):
        return {str(key) if isinstance(key, str) else key: plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(item) for item in node]
    return str(node) if isinstance(node, str) else node
