"""Edits of calls that several fixes need."""

from __future__ import annotations

import libcst as cst

from lambdalint.finding import Edit
from lambdalint.python.module import PythonModule
from lambdalint.source import Span

__all__ = ["give_keyword", "rename_method"]


def give_keyword(module: PythonModule, call: cst.Call, name: str, value: str) -> Edit | None:
    """Gives a keyword argument a literal value, or adds it before the last argument.

    None where the argument may come from elsewhere: it is given, but not as a literal, or `**` may hold it.
    """
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == name:
            if not isinstance(argument.value, cst.SimpleString):
                return None
            return module.edit(module.span(argument.value), _quoted_as(argument.value, value))
    if not call.args or any(argument.star for argument in call.args):
        return None
    last = call.args[-1]
    start = module.span(last.keyword if last.keyword is not None else last.value).start
    if last.keyword is None:
        return None  # a positional argument cannot come after it
    separator = _line_break(module.source.text, start) or " "
    return module.edit(Span(start, start), f"{name}={value},{separator}")


def rename_method(module: PythonModule, call: cst.Call, name: str) -> Edit | None:
    """Calls another method of the same object."""
    if not isinstance(call.func, cst.Attribute):
        return None
    return module.edit(module.span(call.func.attr), name)


def _quoted_as(old: cst.SimpleString, new: str) -> str:
    """A text in the quotes of another."""
    quote = old.quote
    return f"{quote}{new[1:-1]}{quote}" if len(quote) == 1 else new


def _line_break(text: str, start: int) -> str:
    """The line break and indentation before a place, where it begins its line; else ""."""
    begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    indentation = text[begin:start]
    if indentation.strip() or not begin:
        return ""
    newline = "\r\n" if text[begin - 2 : begin] == "\r\n" else text[begin - 1]
    return newline + indentation
