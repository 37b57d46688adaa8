"""Source text and places in it: the only module that computes lines, columns and offsets.

Offsets count characters of the decoded text (a byte order mark is not part of it). Lines and columns
handed to people are 1-based, and columns count characters.
"""

from __future__ import annotations

import bisect
import codecs
import io
import os
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

_SAVE_AS = "save it as UTF-8, or declare its encoding in the first line"

# Lines end where CPython's tokenizer and YAML agree that they do. str.splitlines() also breaks at form feeds
# and at U+2028, which would shift every later line.
_LINE_END = re.compile(r"\r\n|\r|\n")


class SourceError(Exception):
    """A file cannot be read as text. `reason` says why and `help` what to do, in words fit for a user; `line`
    is 1-based."""

    def __init__(self, reason: str, line: int = 1, help: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.help = help or "check its permissions, or exclude it in the configuration"


@dataclass(frozen=True, order=True)
class Span:
    """Half-open range of character offsets into a text."""

    start: int
    end: int

    def contains(self, other: Span) -> bool:
        """Whether `other` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a character; an empty span overlaps what it lies strictly inside of."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Position:
    """A 1-based line and a 1-based column, in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class SourceFile:
    """A file of the project, decoded once.

    `path` is relative to the project root, with forward slashes. `encoding` and `bom` are what is needed to
    write the text back as it was.
    """

    path: PurePosixPath
    text: str = field(repr=False)
    encoding: str = "utf-8"
    bom: bool = False

    # Two readings of one file are the same file; comparing texts would make every set of labels quadratic.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, SourceFile) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @cached_property
    def line_starts(self) -> Sequence[int]:
        """Offset at which each line begins."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    @cached_property
    def newline(self) -> str:
        """The newline that the file uses first; a line feed for a file without one."""
        match = _LINE_END.search(self.text)
        return match.group() if match else "\n"

    def position(self, offset: int) -> Position:
        """Line and column of an offset."""
        line = bisect.bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)

    def offset(self, line: int, column: int = 1) -> int:
        """Offset of a 1-based line and column, clamped to the text."""
        if line < 1:
            return 0
        if line > len(self.line_starts):
            return len(self.text)
        return min(self.line_starts[line - 1] + column - 1, len(self.text))

    def line_span(self, line: int) -> Span:
        """The characters of a 1-based line, without its newline."""
        if not 1 <= line <= len(self.line_starts):
            return Span(len(self.text), len(self.text))
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return Span(start, end)

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, without its newline."""
        return self.slice(self.line_span(line))

    def lines(self, span: Span) -> range:
        """The 1-based lines that a span touches: at least one, also for an empty span."""
        last = self.position(max(span.start, span.end - 1)).line
        return range(self.position(span.start).line, last + 1)

    def slice(self, span: Span) -> str:
        """The text of a span."""
        return self.text[span.start : span.end]

    def encode(self, text: str) -> bytes:
        """`text` as this file's bytes: its encoding, and its byte order mark if it had one."""
        data = text.encode(self.encoding)
        return codecs.BOM_UTF8 + data if self.bom else data


@dataclass(frozen=True)
class EmbeddedSource:
    """Code that stands inside a template: `InlineCode` or `ZipFile`.

    `offset_map[i]` is the host's offset of character i of `text`, with one more entry for the end. It is None
    where the template's text is not the code character for character (escapes, folding, `Fn::Sub`); findings
    then point at `fallback`, the property's value, and cannot be fixed.
    """

    host: SourceFile
    text: str = field(repr=False)
    fallback: Span
    offset_map: Sequence[int] | None = field(default=None, repr=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.host, self.fallback))

    @property
    def path(self) -> PurePosixPath:
        """The path of the template that holds the code."""
        return self.host.path

    def host_span(self, span: Span) -> Span:
        """Where a span of the code lies in the template."""
        if self.offset_map is None:
            return self.fallback
        return Span(self.offset_map[span.start], self.offset_map[span.end])


def read_python(root: Path, path: PurePosixPath) -> SourceFile:
    """Reads a Python file with the encoding that its cookie or byte order mark declares (PEP 263).

    Raises SourceError when the file cannot be read or decoded.
    """
    return as_python(path, read_bytes(root / path))


def read_text(root: Path, path: PurePosixPath) -> SourceFile:
    """Reads a template or another UTF-8 file. Raises SourceError when it cannot be read or decoded."""
    return as_text(path, read_bytes(root / path))


def as_python(path: PurePosixPath, data: bytes) -> SourceFile:
    """The content of a Python file, with the encoding that it declares. Raises SourceError."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SourceError(f"declares an encoding that cannot be used: {error}", help=_SAVE_AS) from error
    source = _decode(path, data, encoding)
    null = source.text.find("\0")
    if null >= 0:
        line = source.position(null).line
        raise SourceError("holds a null byte, which Python refuses", line, "remove it, or exclude the file")
    return source


def as_text(path: PurePosixPath, data: bytes) -> SourceFile:
    """The content of a UTF-8 file. Raises SourceError."""
    return _decode(path, data, "utf-8")


def read_manifest(root: Path, path: PurePosixPath) -> SourceFile:
    """Reads a list of requirements. Raises SourceError when it cannot be read or decoded."""
    return as_manifest(path, read_bytes(root / path))


# The marks that pip looks for; a longer one begins like a shorter one.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def as_manifest(path: PurePosixPath, data: bytes) -> SourceFile:
    """The content of a list of requirements as pip takes it: UTF-8, or what a byte order mark says
    (PowerShell writes UTF-16). Raises SourceError."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    return _decode(path, data, encoding)


def as_can_be_shown(path: PurePosixPath, data: bytes) -> SourceFile:
    """The content as far as it can be shown, for a file that is not the text it should be."""
    return SourceFile(path, data.decode("utf-8", "replace"))


def as_before(path: PurePosixPath, data: bytes, encoding: str, bom: bool) -> SourceFile:
    """The content decoded as it was when it gave a SourceFile of this encoding and mark."""
    text = data[len(codecs.BOM_UTF8) :] if bom else data
    try:
        return SourceFile(path, text.decode(encoding), encoding, bom)
    except (UnicodeError, LookupError):
        return as_can_be_shown(path, data)


# Contents that stand in for those on disk, by real path.
_overlay: Mapping[str, bytes] = {}


@contextmanager
def overlay(contents: Mapping[str, bytes]) -> Iterator[None]:
    """While it lasts, the files at these real paths read as `contents`.

    Fixes are tried so, round upon round, before any is written.
    """
    global _overlay
    before = _overlay
    _overlay = contents
    try:
        yield
    finally:
        _overlay = before


def current_overlay() -> Mapping[str, bytes]:
    """The contents that stand in for files now: for a worker process, which gives them to `begin_overlay`."""
    return _overlay


def begin_overlay(contents: Mapping[str, bytes]) -> None:
    """Begins an overlay that lasts as long as the process."""
    global _overlay
    _overlay = contents


def read_bytes(path: Path | str) -> bytes:
    """The content of a file. Raises SourceError when it cannot be read."""
    if _overlay:
        content = _overlay.get(os.path.realpath(path))
        if content is not None:
            return content
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or error}") from error


def _decode(path: PurePosixPath, data: bytes, encoding: str) -> SourceFile:
    bom = data.startswith(codecs.BOM_UTF8)
    if bom:
        data = data[len(codecs.BOM_UTF8) :]
    encoding = "utf-8" if encoding in ("utf-8", "utf-8-sig") else encoding
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError) as error:
        line = data.count(b"\n", 0, error.start) + 1 if isinstance(error, UnicodeDecodeError) else 1
        raise SourceError(f"is not valid {encoding}", line, _SAVE_AS) from error
    return SourceFile(path, text, encoding, bom)
