"""Where statements begin, found in the text without parsing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Strings, and pairs of brackets on one line with nothing deeper in them, are passed over whole: they make up
# most of what would otherwise be met one by one.
_TOKENS = re.compile(
    r"""
    \"{3}(?:[^\"\\]|\\.|\"(?!\"\"))*\"{3} | '{3}(?:[^'\\]|\\.|'(?!''))*'{3}
    | \"(?:[^\"\\\r\n]|\\(?:\r\n|.))*\" | '(?:[^'\\\r\n]|\\(?:\r\n|.))*'
    | \\(?:\r\n|\r|\n)
    | [(\[](?:[^()\[\]{}\"'\#\\\r\n]|\"[^\"\\\r\n]*\"|'[^'\\\r\n]*')*[)\]]
    | ([(\[{])
    | ([)\]}])
    | (\#[^\r\n]*)
    | ((?:\r\n|\r|\n)[ \t\f]*)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPEN, _CLOSE, _COMMENT, _NEWLINE = 1, 2, 3, 4
_INDENT = re.compile(r"[ \t\f]*")


@dataclass(frozen=True)
class LogicalLines:
    """The offsets of the first characters of logical lines, and of comments, each in order."""

    starts: Sequence[int]
    comments: Sequence[tuple[int, str]]


def logical_lines(text: str) -> LogicalLines:
    """Scans a source for its logical lines: those that are not inside brackets or strings, nor continued.

    A text that parses gives one start for each line that a statement, a clause or a decorator begins. Quotes
    of a kind nested in an f-string of that kind (Python 3.12) can lead it astray: compare the number of
    lines.
    """
    starts: list[int] = []
    comments: list[tuple[int, str]] = []
    depth = 0
    length = len(text)
    first = _INDENT.match(text)
    at = first.end() if first is not None else 0
    if at < length and text[at] not in "#\r\n":
        starts.append(at)
    for match in _TOKENS.finditer(text):
        kind = match.lastindex
        if kind is None:
            continue
        if kind == _NEWLINE:
            if not depth:
                at = match.end()
                if at < length and text[at] not in "#\r\n":
                    starts.append(at)
        elif kind == _OPEN:
            depth += 1
        elif kind == _CLOSE:
            depth -= 1
        else:
            comments.append((match.start(), match.group()))
    return LogicalLines(starts, comments)
