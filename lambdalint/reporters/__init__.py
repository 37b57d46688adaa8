"""Reporters: pure functions from a Report to text. Each is loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

from lambdalint.report import Crash, Report

FORMATS: Mapping[str, str] = {
    "text": "lambdalint.reporters.text",
    "concise": "lambdalint.reporters.concise",
    "json": "lambdalint.reporters.json",
    "sarif": "lambdalint.reporters.sarif",
    "github": "lambdalint.reporters.github",
}


@dataclass(frozen=True)
class Options:
    """How to write a report. Formats that have no use for an option pass over it."""

    color: bool = False
    width: int = 120
    quiet: bool = False  # findings alone, no summary
    statistics: bool = False
    show_suppressed: bool = False
    unsafe_fixes: bool = False  # the user asked for unsafe fixes too


def render(report: Report, format: str, options: Options | None = None) -> str:
    """The report in one of FORMATS: complete, with a newline at the end, or empty."""
    module = importlib.import_module(FORMATS[format])
    text = module.render(report, options or Options())
    assert isinstance(text, str)
    return text


def crash_message(crash: Crash) -> str:
    """What happened, in one line without the path."""
    return f"`{crash.rule}` raised {crash.error}"


def crash_help(crash: Crash) -> str:
    """What to do about it."""
    if crash.rule == "lambdalint":
        return "report it to lambdalint, with this message and the file if you can"
    return f'report it to the author of `{crash.rule}`; until then `ignore = ["{crash.rule}"]` leaves it out'
