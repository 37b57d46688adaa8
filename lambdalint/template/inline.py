"""Code that stands in a template: `InlineCode` and `ZipFile`, with the template's offset of every
character."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import yaml

from lambdalint.source import EmbeddedSource, Span
from lambdalint.template.identity import render
from lambdalint.template.values import Known, Path, Text, Value

if TYPE_CHECKING:
    from lambdalint.template.function import RemoteCode
    from lambdalint.template.template import Template

_NEWLINE = re.compile(r"\r\n|\r|\n")
_HEADER = re.compile(r"[|>][^\r\n]*")
_INDICATOR = re.compile(r"[1-9]")


def inline_source(template: Template, value: Value, path: Path, python: bool) -> EmbeddedSource | RemoteCode:
    """The code at a path, or why it cannot be read.

    Where `Fn::Sub` or `Fn::Join` leaves pieces open, they stay as `${Name}`; that is code only where they
    stand inside strings, so the whole must still parse if it is Python.
    """
    from lambdalint.template.function import RemoteCode

    node = template.get(path)
    if isinstance(node, dict) and "Fn::Sub" in node:
        path = (*path, "Fn::Sub")
    fallback = template.span(path)
    if isinstance(value, Known) and isinstance(value.value, str):
        text = value.value
        return EmbeddedSource(template.source, text, fallback, _offset_map(template, path, text))
    if isinstance(value, Text):
        text = render(value)
        if not python or _parses(text):
            return EmbeddedSource(template.source, text, fallback)
        return RemoteCode("inline code is completed at deployment")
    return RemoteCode("inline code is not known")


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _offset_map(template: Template, path: Path, text: str) -> Sequence[int] | None:
    node = template.places.node(path)
    if not isinstance(node, yaml.ScalarNode):
        return None
    span = template.places.content(path)
    written = template.source.text
    if node.style == "|":
        return _block_map(written, span, text)
    if node.style in ("'", '"'):
        span = Span(span.start + 1, span.end - 1)
    if written[span.start : span.end] != text:
        return None
    return range(span.start, span.end + 1)


def _block_map(written: str, span: Span, text: str) -> Sequence[int] | None:
    """The map of a literal block: the indentation is taken out of every line, a newline is one character."""
    header = _HEADER.match(written, span.start, span.end)
    if header is None:
        return None
    start = header.end()
    newline = _NEWLINE.match(written, start)
    start = newline.end() if newline else start
    indentation = _indentation(written, header.group(), start, span.end)
    offsets: list[int] = []
    while start < span.end and len(offsets) < len(text):
        newline = _NEWLINE.search(written, start, span.end)
        end = newline.start() if newline else span.end
        offsets.extend(range(min(start + indentation, end), end))
        if newline is None:
            start = end
            break
        offsets.append(newline.start())
        start = newline.end()
    offsets = offsets[: len(text)]
    end = start
    if offsets:
        end = offsets[-1] + (2 if written.startswith("\r\n", offsets[-1]) else 1)
    rebuilt = "".join("\n" if written[offset] == "\r" else written[offset] for offset in offsets)
    return [*offsets, end] if rebuilt == text else None


def _indentation(written: str, header: str, start: int, end: int) -> int:
    """Spaces that the block takes from each line: those of its first line with text."""
    indicator = _INDICATOR.search(header.split("#")[0])
    for line in re.finditer(r"([ ]*)[^\r\n]*", written[start:end]):
        if line.group().strip():
            own = len(line.group(1))
            # With an indicator the first line may be indented more than the block; the map is then checked
            # against the value and given up where it does not fit.
            return own if indicator is None else min(own, int(indicator.group()) + _parent(written, start))
    return 0


def _parent(written: str, start: int) -> int:
    """Indentation of the line with the block's header."""
    line_start = written.rfind("\n", 0, start - 1) + 1
    line = written[line_start:start]
    return len(line) - len(line.lstrip(" "))
