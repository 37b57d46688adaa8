"""Finds the ignores that are written in comments.

    code  # lambdalint: ignore[rule-a, rule-b] reason      the line that it ends
    # lambdalint: ignore[rule-a] reason                    alone: the line below, further comments passed over
    # lambdalint: file-ignore[rule-a] reason               the whole file

A comment is one to the language of the file, so that text in strings and block scalars is left alone; a block
scalar of a template may be Python, and has comments of its own.
"""

from __future__ import annotations

import difflib
import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from lambdalint.source import SourceFile, Span

MARK = "lambdalint:"

_START = re.compile(r"#\s*lambdalint:[ \t]*")
_END = re.compile(r"[ \t]+#(?=\s)")  # another comment follows in the same one
_FORM = re.compile(r"(?P<word>[A-Za-z][\w-]*)[ \t]*(?P<bracket>\[(?P<names>[^\]]*)(?P<close>\])?)?")
_KINDS = ("ignore", "file-ignore")
_FOREIGN = frozenset({"disable", "noqa", "nolint", "off", "skip", "suppress"})  # of other linters
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\r\n]*", re.MULTILINE)


@dataclass(frozen=True)
class Name:
    """A rule's name in a directive, and where it stands."""

    text: str
    span: Span


@dataclass(frozen=True)
class Directive:
    """An ignore in a comment. `span` runs from its `#` to the end of its reason.

    `lines` are those on which it acts, its own among them; None for the whole file. A directive that cannot
    act has a `fault`, which says what is wrong with it, and no names.
    """

    source: SourceFile
    kind: Literal["ignore", "file-ignore"]
    span: Span
    lines: range | None
    names: tuple[Name, ...] = ()
    names_span: Span | None = None  # what stands between the brackets
    reason: str = ""
    fault: str = ""


def scan(source: SourceFile) -> tuple[Directive, ...]:
    """The directives of a file, in order; a file of JSON has none, as it has no comments."""
    if MARK not in source.text:
        return ()
    suffix = source.path.suffix.lower()
    if suffix == ".py":
        comments = _python_comments(source)
    elif source.text.lstrip().startswith("{"):
        return ()
    elif suffix in (".yaml", ".yml", ".template"):
        comments = _yaml_comments(source)
    else:
        comments = [match.span() for match in _COMMENT.finditer(source.text)]
    lines = _CommentLines(source, comments)
    return tuple(
        directive
        for start, end in comments
        if MARK in source.text[start:end]
        for directive in _directives(source, start, end, lines)
    )


class _CommentLines:
    """Which lines hold nothing but a comment, and so what a directive that stands alone is about."""

    def __init__(self, source: SourceFile, comments: Sequence[tuple[int, int]]) -> None:
        self._alone = {
            source.position(start).line
            for start, _ in comments
            if not source.text[source.line_starts[source.position(start).line - 1] : start].strip()
        }

    def acted_on(self, line: int) -> range:
        """The lines on which a directive on `line` acts."""
        last = line
        while last in self._alone:
            last += 1
        return range(line, last + 1)


def _directives(source: SourceFile, start: int, end: int, lines: _CommentLines) -> Iterator[Directive]:
    text = source.text
    for match in _START.finditer(text, start, end):
        stop = _END.search(text, match.end(), end)
        limit = stop.start() if stop else end
        form = _FORM.match(text, match.end(), limit)
        if form is None or not _is_meant(form["word"]):
            continue
        span = Span(match.start(), len(text[:limit].rstrip()) if limit > match.end() else limit)
        yield _directive(source, form, span, lines)


def _is_meant(word: str) -> bool:
    # Prose may follow the colon too; only what looks like an ignore is worth a finding.
    if word in _KINDS or word.lower() in _FOREIGN:
        return True
    return bool(difflib.get_close_matches(word.lower().replace("_", "-"), _KINDS, n=1, cutoff=0.75))


def _directive(source: SourceFile, form: re.Match[str], span: Span, lines: _CommentLines) -> Directive:
    kind: Literal["ignore", "file-ignore"] = "file-ignore" if form["word"] == "file-ignore" else "ignore"
    acted_on = None if kind == "file-ignore" else lines.acted_on(source.position(span.start).line)
    names = tuple(_names(form))
    fault = _fault(form, names)
    if fault:
        return Directive(source, kind, span, acted_on, fault=fault)
    reason = source.text[form.end() : span.end].strip(" \t-:")
    return Directive(
        source, kind, span, acted_on, names, Span(form.start("names"), form.end("names")), reason
    )


def _fault(form: re.Match[str], names: Sequence[Name]) -> str:
    if form["word"] not in _KINDS:
        return f"there is no directive `{form['word']}`"
    if form["bracket"] is None:
        return f"`{form['word']}` names no rule"
    if form["close"] is None:
        return f"the bracket of `{form['word']}` is not closed"
    return "" if names else f"`{form['word']}[]` names no rule"


def _names(form: re.Match[str]) -> Iterator[Name]:
    if form["close"] is None:
        return
    for part in re.finditer(r"[^,]+", form["names"]):
        text = part.group().strip()
        if text:
            start = form.start("names") + part.start() + part.group().index(text)
            yield Name(text, Span(start, start + len(text)))


def _python_comments(source: SourceFile) -> list[tuple[int, int]]:
    lines = [source.line_text(number) for number in range(1, len(source.line_starts) + 1)]
    return [
        (start, start + length)
        for row, column, length in _tokenized(lines)
        for start in (source.line_starts[row] + column,)
    ]


def _tokenized(lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Row (from 0), column and length of each comment; of what looks like one where tokens cannot be read."""
    last = -1
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            last = max(last, token.end[0] - 1)
            if token.type == tokenize.COMMENT:
                yield token.start[0] - 1, token.start[1], len(token.string)
    except (tokenize.TokenError, SyntaxError):
        for row in range(last + 1, len(lines)):
            match = _COMMENT.search(lines[row])
            if match:
                yield row, match.start(), len(match.group())


def _yaml_comments(source: SourceFile) -> list[tuple[int, int]]:
    scalars, end = _yaml_scalars(source.text)
    starts = [start for start, _, _ in scalars]
    comments = []
    for match in _COMMENT.finditer(source.text):
        index = bisect_right(starts, match.start()) - 1
        inside = index >= 0 and match.start() < scalars[index][1] and match.start() < end
        if inside and not (
            scalars[index][2] and _on_first_line(source.text, scalars[index][0], match.start())
        ):
            continue
        comments.append(match.span())
    for start, stop, is_block in scalars:
        if is_block and MARK in source.text[start:stop]:
            comments.extend(_block_comments(source, start, stop))
    return sorted(comments)


def _yaml_scalars(text: str) -> tuple[list[tuple[int, int, bool]], int]:
    """Start and end of each scalar and whether it is a block scalar; and how far the text could be read."""
    import yaml

    scalars: list[tuple[int, int, bool]] = []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for token in yaml.scan(text, Loader=loader):
            if isinstance(token, yaml.ScalarToken):
                start, end = token.start_mark.index, token.end_mark.index
                scalars.append((start, end, text[start : start + 1] in ("|", ">")))
    except yaml.YAMLError:
        return scalars, scalars[-1][1] if scalars else 0
    return scalars, len(text)


def _on_first_line(text: str, start: int, offset: int) -> bool:
    return not re.search(r"[\r\n]", text[start:offset])


def _block_comments(source: SourceFile, start: int, stop: int) -> Iterator[tuple[int, int]]:
    first = source.position(start).line + 1
    last = source.position(max(start, stop - 1)).line
    lines = [source.line_text(number) for number in range(first, last + 1)]
    indents = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    indent = min(indents, default=0)
    for row, column, length in _tokenized([line[indent:] for line in lines]):
        begin = source.line_starts[first + row - 1] + indent + column
        yield begin, begin + length
