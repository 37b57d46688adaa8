"""Text for terminals: colours, widths, and the defusing of what would steer the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

Style = Literal["bold", "dim", "red", "yellow", "blue", "cyan", "green"]

_CODES = {"bold": "1", "dim": "2", "red": "31", "yellow": "33", "blue": "34", "cyan": "36", "green": "32"}


def paint(text: str, *styles: Style, color: bool) -> str:
    """The text in the styles; as it is without `color`."""
    if not color or not text:
        return text
    return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


def printable(text: str) -> str:
    """The text with control characters as pictures: file names and source lines may hold escape sequences."""
    if text.isprintable():
        return text
    return "".join(_picture(character) for character in text)


def expand(text: str, offset: int) -> tuple[str, int]:
    """A source line with tabs as four spaces and nothing unprintable, and where `offset` falls in it."""
    before = printable(text[:offset].replace("\t", "    "))
    return before + printable(text[offset:].replace("\t", "    ")), len(before)


def width(text: str) -> int:
    """How many columns the text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def table(rows: Sequence[Sequence[str]], header: Sequence[str], color: bool = False) -> str:
    """Aligned columns, the header over them; trailing white space is left out."""
    cells = [[printable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(header))]
    lines = []
    for number, row in enumerate(cells):
        padded = [cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=True)]
        line = "  ".join(padded).rstrip()
        lines.append(paint(line, "bold", color=color) if number == 0 else line)
    return "\n".join(lines) + "\n"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 file, 2 files."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _picture(character: str) -> str:
    if character.isprintable() or character == "\n" or unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # control pictures
    return "␡" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"
