"""Strings made from symbols: `str.format`, the `%` operator, and what decoding does."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdalint.python.symbols import (
    EnvVar,
    FromEvent,
    Literal,
    Member,
    Response,
    Symbol,
    Text,
    Unknown,
    alternatives,
    laid_over,
    text,
)

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Arguments

_CONVERSION = re.compile(
    r"%(?:\((?P<key>[^)]*)\))?[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?P<kind>[a-zA-Z%])"
)


def interpolate(pattern: str, values: Sequence[Symbol]) -> Symbol:
    """`pattern % values`."""
    parts: list[Symbol] = []
    at = 0
    remaining = list(values)
    for match in _CONVERSION.finditer(pattern):
        parts.append(Literal(pattern[at : match.start()]))
        at = match.end()
        if match["kind"] == "%":
            parts.append(Literal("%"))
        elif match["key"] is None and match["kind"] == "s" and remaining:
            parts.append(remaining.pop(0))
        else:
            parts.append(Unknown("formatted"))
    parts.append(Literal(pattern[at:]))
    return text([part for part in parts if part != Literal("")])


def format_text(pattern: str, arguments: Arguments) -> Symbol:
    """`pattern.format(…)`."""
    parts: list[Symbol] = []
    automatic = 0
    try:
        fields = list(string.Formatter().parse(pattern))
    except ValueError:
        return Unknown("formatted")
    for literal, name, spec, conversion in fields:
        if literal:
            parts.append(Literal(literal))
        if name is None:
            continue
        found: Symbol | None = None
        if not spec and not conversion:
            if name == "":
                found = arguments.get(automatic)
                automatic += 1
            elif name.isdigit():
                found = arguments.get(int(name))
            else:
                found = arguments.get(-1, name)
        parts.append(found or Unknown("formatted"))
    return text(parts)


def decoded(symbol: Symbol, step: str) -> Symbol:
    """A symbol after a decoding ("json", "base64", "urldecode") or `str()`."""
    if isinstance(symbol, FromEvent):
        return FromEvent(symbol.path, (*symbol.steps, step))
    if step == "str" and isinstance(symbol, (Literal, EnvVar, Text)):
        return text([symbol])
    if step == "urldecode" and isinstance(symbol, Literal):
        return symbol
    if isinstance(symbol, (Unknown, Response)):
        return symbol  # of a response, nobody asks how it is coded
    if isinstance(symbol, Member):  # an attribute of a data class that is laid over the event
        laid = laid_over(symbol)
        return FromEvent(laid.path, (*laid.steps, step)) if laid is not None else Unknown("decoded", step)
    return Unknown("decoded", step)


def env(name: Symbol, default: Symbol | None, required: bool) -> Symbol:
    """An environment variable by the symbol of its name."""
    if isinstance(name, Literal) and isinstance(name.value, str):
        return EnvVar(name.value, default, required)
    return Unknown("dynamic environment variable")


def is_falsy(symbol: Symbol) -> bool:
    """Whether the symbol certainly counts as false."""
    return isinstance(symbol, Literal) and not symbol.value


def may_be_falsy(symbol: Symbol) -> bool:
    """Whether the symbol can count as false: whatever is data can."""
    for option in alternatives(symbol):
        if isinstance(option, (Unknown, EnvVar, FromEvent, Text)) or is_falsy(option):
            return True
        if type(option).__name__ in ("Parameter", "Response", "Display", "Member", "Instance"):
            return True
    return False
