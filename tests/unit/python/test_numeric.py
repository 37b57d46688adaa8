from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.numeric import Clock, Number, Numbers
from lambdalint.python.symbols import EnvVar

from .analysis import analyse

HEAD = """
import datetime, math, os, random, time
from time import monotonic as now
BASE = 2
LIMIT = BASE * 30

class Settings:
    def __init__(self, delay=5):
        self.delay = delay

settings = Settings()

def handler(event, context):
    return """


def number(expression: str, clock: Clock | None = None, **names: float) -> Number | None:
    found = analyse(HEAD + expression)
    (statement,) = [each for each in found.module.nodes(cst.Return) if each.value is not None]
    assert statement.value is not None
    known = {name: Number(value) for name, value in names.items()}
    numbers = Numbers(found.evaluator, lambda variable: {"DELAY": "7"}.get(_name(variable)))
    return numbers.number(found.module, statement.value, known, clock)


def _name(variable: EnvVar) -> str:
    return variable.name


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("-3 + 4", 1),
        ("LIMIT", 60),
        ("2 ** 3 * 1.5", 12),
        ("7 // 2 + 7 % 4 + 9 / 3", 9),
        ("min(2 ** 10, 60)", 60),
        ("max(1, 2)", 2),
        ("int('15')", 15),
        ("float(2)", 2),
        ("math.ceil(1.2)", 2),
        ("pow(2, 4)", 16),
        ("settings.delay", 5),
        ("int(os.environ['DELAY'])", 7),
        ("datetime.timedelta(minutes=2, seconds=5).total_seconds()", 125),
        ("(wait := 4)", 4),
        ("True + 1", 2),
    ],
)
def test_what_is_computed(expression: str, expected: float) -> None:
    assert number(expression) == Number(expected)


@pytest.mark.parametrize(
    ("expression", "least"),
    [
        ("random.uniform(2, 4)", 2),
        ("random.randint(1, 3) * 10", 10),
        ("random.random()", 0),
        ("5 + random.random()", 5),
        ("3 if event else 8", 3),
        ("max(event['n'], 4)", 4),
    ],
)
def test_what_is_at_least(expression: str, least: float) -> None:
    assert number(expression) == Number(least, exact=False)


@pytest.mark.parametrize(
    "expression",
    [
        "event['seconds']",
        "min(event['n'], 4)",
        "5 - random.random()",
        "1 / 0",
        "int(os.environ['OTHER'])",
        "int('many')",
        "time.time()",
        "context.get_remaining_time_in_millis()",
        "[1][0]" + " + event",
        "'text'",
        "None",
        "10 ** 10 ** 10",
        "3 if event else event['n']",
    ],
)
def test_what_is_unknown(expression: str) -> None:
    assert number(expression) is None


def test_local_names_win_over_what_the_evaluator_knows() -> None:
    assert number("BASE + delay", delay=3) == Number(5)
    assert number("BASE", BASE=9) == Number(9)


def test_the_clock_shows_what_was_slept() -> None:
    clock = Clock(slept=5, timeout=30)
    assert number("context.get_remaining_time_in_millis()", clock) == Number(25_000)
    one, other = number("time.time() + 60", clock), number("now()", Clock(slept=65))
    assert one == other
    later = number("datetime.datetime.now() + datetime.timedelta(hours=1)", clock)
    assert later is not None
    assert one is not None
    assert later.low - one.low == 3540


def test_a_condition_of_equal_sides_is_exact() -> None:
    assert number("4 if event else 4") == Number(4)
