"""Schedule expressions of EventBridge: `rate(…)`, `cron(…)` and, for its Scheduler alone, `at(…)`.

EventBridge user guide, "Setting a schedule pattern for scheduled rules"; EventBridge Scheduler user guide,
"Schedule types in EventBridge Scheduler".
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

_EXPRESSION = re.compile(r"\s*(\w+)\((.*)\)\s*", re.S)
_UNITS = ("minute", "hour", "day")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True)
class _Field:
    """One field of a cron expression. `words` stand for the numbers from `low` on; `special` matches what
    only this field can hold."""

    name: str
    low: int
    high: int
    words: Sequence[str] = ()
    special: str = r"(?!)"

    def takes(self, text: str) -> bool:
        return all(self._takes_item(item) for item in text.split(","))

    def _takes_item(self, item: str) -> bool:
        if re.fullmatch(self.special, item, re.I):
            return True
        base, slash, step = item.partition("/")
        if slash and not step.isdigit():
            return False
        if base in ("*", ""):
            return base == "*" or bool(slash)
        return all(self._in_range(end) for end in base.split("-", 1))

    def _in_range(self, text: str) -> bool:
        if text.upper() in self.words:
            return True
        return text.isdigit() and self.low <= int(text) <= self.high


_DAY, _WEEKDAY = "day-of-month", "day-of-week"
_FIELDS = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field(_DAY, 1, 31, special=r"\?|LW?(?:-\d+)?|\d+W"),
    _Field("month", 1, 12, _MONTHS),
    _Field(_WEEKDAY, 1, 7, _DAYS, special=r"\?|L|(?:[1-7]|[A-Z]{3})(?:L|#[1-5])"),
    _Field("year", 1970, 2199),
)


def schedule_problem(text: str, scheduler: bool = False) -> str | None:
    """What is wrong with a schedule expression, as the end of a sentence; None where nothing is.

    `scheduler` says that EventBridge Scheduler reads it, which has `at(…)` as well.
    """
    match = _EXPRESSION.fullmatch(text)
    kinds = ("rate", "cron", "at") if scheduler else ("rate", "cron")
    if match is None or match[1] not in kinds:
        if match is not None and match[1] == "at":
            return "`at(…)` is for EventBridge Scheduler (ScheduleV2) only"
        return f"it must be {' or '.join(f'`{kind}(…)`' for kind in kinds)}"
    if match[1] == "rate":
        return _rate_problem(match[2], scheduler)
    return _cron_problem(match[2]) if match[1] == "cron" else _at_problem(match[2])


def _rate_problem(inner: str, scheduler: bool) -> str | None:
    words = inner.split()
    if len(words) != 2:
        return "a rate is a number and a unit, as in `rate(5 minutes)`"
    number, unit = words
    if not number.isdigit() or int(number) < 1:
        return f"`{number}` is no positive whole number"
    singular = unit.removesuffix("s")
    if singular not in _UNITS:
        return f"`{unit}` is none of minutes, hours and days"
    wanted = singular if int(number) == 1 else f"{singular}s"
    # Only rules tell one from many; the Scheduler's reference has both units without a condition.
    return None if unit == wanted or scheduler else f"it is `{wanted}` after {number}"


def _cron_problem(inner: str) -> str | None:
    texts = inner.split()
    if len(texts) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        return f"it has {len(texts)} fields and needs six: {names}"
    for field, text in zip(_FIELDS, texts, strict=True):
        if not field.takes(text.rstrip(",") or ","):  # a comma at the end is let pass
            return f"`{text}` cannot be its {field.name}"
    if "?" not in (texts[2].rstrip(","), texts[4].rstrip(",")):
        return f"one of {_DAY} (`{texts[2]}`) and {_WEEKDAY} (`{texts[4]}`) must be `?`"
    return None


def _at_problem(inner: str) -> str | None:
    try:
        datetime.datetime.strptime(inner.strip(), "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return "`at` takes a time as `yyyy-mm-ddThh:mm:ss`"
    return None
