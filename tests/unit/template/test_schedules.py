from __future__ import annotations

from typing import Any

import pytest
from cfnlint.rules.resources.events.RuleScheduleExpression import RuleScheduleExpression

from lambdalint.template.schedules import schedule_problem

RATES = [
    f"rate({number}{space}{unit})"
    for number in ("", "0", "1", "2", "01", "5", "-1", "1.5", "x", "100")
    for space in (" ", "")
    for unit in ("minute", "minutes", "hour", "hours", "day", "days", "week", "seconds", "")
]
CRONS = [
    f"cron({minutes} {hours} {day} {month} {weekday} {year})"
    for minutes, hours in (("0", "12"), ("*/5", "*"), ("0/15", "8-17"), ("0,30", "22"))
    for day in ("*", "?", "1", "L", "3W", "1-7")
    for month in ("*", "JAN-MAR", "12")
    for weekday in ("*", "?", "MON-FRI", "2#1", "6L", "1,7")
    for year in ("*", "2026-2030")
]
OTHERS = ["", "rate", "rate()", "cron()", "every day", "cron(* * * * *)", "cron(0 12 * * ? * *)", "1 day"]


def cfn_lint_refuses(text: str) -> bool:
    class Validator:
        def is_type(self, instance: object, kind: str) -> bool:
            return isinstance(instance, str) and kind == "string"

    validator: Any = Validator()
    return bool(list(RuleScheduleExpression().validate(validator, None, text, {})))


@pytest.mark.parametrize("text", [*RATES, *CRONS, *OTHERS])
def test_agrees_with_cfn_lint(text: str) -> None:
    assert (schedule_problem(text) is not None) is cfn_lint_refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "cron(60 12 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 12 32 * ? *)",
        "cron(0 12 * 13 ? *)",
        "cron(0 12 ? * 0 *)",
        "cron(0 12 ? * MOO *)",
        "cron(0 12 * * ? 1969)",
        "cron(0 12 * * ? */x)",
    ],
)
def test_fields_that_cfn_lint_does_not_look_at(text: str) -> None:
    assert schedule_problem(text) is not None


def test_at_is_for_the_scheduler_alone() -> None:
    assert schedule_problem("at(2026-12-24T18:00:00)", scheduler=True) is None
    assert schedule_problem("at(2026-12-24T18:00:00)") is not None
    assert schedule_problem("at(24.12.2026)", scheduler=True) is not None
    assert schedule_problem("cron(0 12 L-3 * ? *)", scheduler=True) is None
