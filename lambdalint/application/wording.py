"""Lists as people write them."""

from __future__ import annotations

from collections.abc import Sequence

_LISTED = 4


def and_(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return _joined(words, "and")


def or_(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return _joined(words, "or")


def some(words: Sequence[str]) -> str:
    """The first few in backquotes, and how many more there are."""
    quoted = [f"`{word}`" for word in words]
    if len(quoted) <= _LISTED:
        return and_(quoted)
    return and_([*quoted[: _LISTED - 1], f"{len(quoted) - _LISTED + 1} more"])


def who(names: Sequence[str]) -> str:
    """Functions by their names: up to three, else the first and how many others."""
    return and_(names) if len(names) < _LISTED else f"{names[0]} and {len(names) - 1} other functions"


def has(words: Sequence[str]) -> str:
    """The verb behind them."""
    return "has" if len(words) == 1 else "have"


def _joined(words: Sequence[str], last: str) -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
