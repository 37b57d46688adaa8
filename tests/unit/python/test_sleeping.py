from __future__ import annotations

from textwrap import dedent, indent

import pytest

from lambdalint.python.sleeping import Slept, longest

from .analysis import analyse

HEAD = "import asyncio, random, time\nfrom datetime import datetime, timedelta\nfrom shop import job, ready\n"


def slept(body: str, timeout: float | None = None, more: str = "") -> Slept | None:
    code = f"{HEAD}{dedent(more)}\ndef handler(event, context):\n{indent(dedent(body), '    ')}\n"
    found = analyse(code)
    return longest(found.evaluator, found.reach, timeout)


def seconds(body: str, timeout: float | None = None, more: str = "") -> float:
    found = slept(body, timeout, more)
    return found.seconds if found is not None else 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("time.sleep(2)\ntime.sleep(3)", 5),
        ("if event:\n    time.sleep(2)\nelse:\n    time.sleep(3)", 3),
        ("if event:\n    time.sleep(2)\n    return\ntime.sleep(3)", 3),
        ("if event['a'] == 'x':\n    time.sleep(2)\nif event['a'] == 'y':\n    time.sleep(3)", 3),
        ("if event['a']:\n    time.sleep(2)\nif not event['a']:\n    time.sleep(3)", 3),
        ("if event['a']:\n    time.sleep(2)\nif event['b']:\n    time.sleep(3)", 5),
        ("a = event\nif a:\n    time.sleep(2)\na = job()\nif not a:\n    time.sleep(3)", 5),
        ("if event['a'] and event['b']:\n    time.sleep(2)\nelif not event['a']:\n    time.sleep(3)", 3),
        (
            "try:\n    job()\n    time.sleep(2)\nexcept E:\n    time.sleep(3)\nelse:\n    time.sleep(4)",
            6,
        ),
        ("try:\n    job()\nfinally:\n    time.sleep(3)", 3),
        ("with job():\n    time.sleep(2)", 2),
        ("match event:\n    case 1:\n        time.sleep(2)\n    case _:\n        time.sleep(3)", 3),
        ("raise ValueError\ntime.sleep(2)", 0),
        ("for _ in range(4):\n    time.sleep(2)", 8),
        ("for n in range(1, 4):\n    time.sleep(n)", 6),
        ("for n in (1, 2, 5):\n    time.sleep(n)", 8),
        (
            "for _ in range(4):\n    if ready():\n        break\n    time.sleep(2)\nelse:\n    time.sleep(1)",
            9,
        ),
        ("for n in range(4):\n    if n == 2:\n        break\n    time.sleep(2)", 4),
        ("for n in range(1000):\n    if n > 4:\n        break\n    time.sleep(2)", 10),
        ("for each in event:\n    time.sleep(2)", 2),
        ("n = 0\nwhile n < 5:\n    n += 1\n    if n % 2:\n        continue\n    time.sleep(2)", 4),
        ("delay = 1\nfor _ in range(4):\n    time.sleep(delay)\n    delay *= 2", 15),
        (
            "ok = False\nn = 0\nwhile not ok and n < 3:\n    n += 1\n    ok = ready()\n    time.sleep(1)",
            3,
        ),
        ("while True:\n    if ready():\n        return\n    time.sleep(2)", 2),
        ("while not ready():\n    time.sleep(2)", 2),
        ("n = 0\nwhile True:\n    n += 1\n    if n >= 6:\n        raise TimeoutError\n    time.sleep(2)", 10),
        ("end = time.time() + 30\nwhile time.time() < end:\n    time.sleep(4)", 32),
        (
            "a = datetime.now()\nwhile datetime.now() - a < timedelta(minutes=1):\n    time.sleep(10)",
            60,
        ),
        ("time.sleep(random.uniform(2, 9))", 2),
        ("time.sleep(event['n'])\ntime.sleep(1)", 1),
        ("value = time.sleep(2) or job(time.sleep(3))", 5),
        ("value = event and time.sleep(2)", 2),
        ("for _ in range(3):\n    for _ in range(2):\n        time.sleep(1)", 6),
        ("for _ in range(100000):\n    time.sleep(1)", 100000),
    ],
)
def test_one_path(body: str, expected: float) -> None:
    assert seconds(body) == expected


@pytest.mark.parametrize("timeout", [10, 30, 900])
def test_a_loop_that_asks_for_the_time_left_ends_in_time(timeout: float) -> None:
    body = "while context.get_remaining_time_in_millis() > 3000:\n    time.sleep(2)"
    assert timeout - 5 <= seconds(body, timeout) < timeout


def test_helpers_are_walked_with_their_arguments() -> None:
    more = """
    def wait(seconds, times=2):
        for _ in range(times):
            time.sleep(seconds)
    """
    assert seconds("wait(1)\nwait(3, times=4)\nwait(event['n'])", more=more) == 14


def test_what_a_helper_raises_does_not_go_on() -> None:
    more = """
    def fails():
        time.sleep(5)
        raise ValueError
    """
    assert seconds("fails()\ntime.sleep(3)", more=more) == 5
    assert seconds("try:\n    fails()\nexcept ValueError:\n    time.sleep(3)", more=more) == 8


def test_what_a_helper_answers_decides_what_comes_next() -> None:
    more = """
    def there():
        for _ in range(4):
            if ready():
                return True
            time.sleep(5)
        return False
    """
    assert seconds("if not there():\n    raise ValueError\ntime.sleep(3)", more=more) == 20
    assert seconds("if not there():\n    raise ValueError\ntime.sleep(30)", more=more) == 45
    assert seconds("ok = there()\nif ok:\n    time.sleep(30)", more=more) == 45
    assert seconds("ok = there()\nif not ok:\n    time.sleep(30)", more=more) == 50
    assert seconds("if not there():\n    print('late')\ntime.sleep(30)", more=more) == 50
    assert seconds("while not there():\n    time.sleep(1)", more=more) == 21


def test_recursion_counts_once() -> None:
    more = """
    def again(n):
        time.sleep(2)
        return again(n - 1)
    """
    assert seconds("again(4)", more=more) == 2


def test_coroutines_run_where_they_are_awaited() -> None:
    more = """
    async def one():
        await asyncio.sleep(2)

    async def two():
        await one()
        await one()

    async def beside():
        await asyncio.gather(one(), one())
    """
    assert seconds("asyncio.run(two())", more=more) == 4
    assert seconds("two()", more=more) == 0
    assert seconds("asyncio.run(beside())", more=more) == 0


def test_generators_are_not_run_by_calling_them() -> None:
    more = """
    def items():
        time.sleep(5)
        yield 1
    """
    assert seconds("items()\ntime.sleep(1)", more=more) == 1


def test_the_sleeps_of_the_path_are_told_with_their_turns() -> None:
    found = slept("time.sleep(2)\nfor _ in range(500):\n    time.sleep(1)")
    assert found is not None
    assert [(sleep.times, sleep.seconds) for sleep in found.sleeps] == [(500, 500), (1, 2)]


def test_nothing_is_known_to_sleep() -> None:
    assert slept("return event") is None
    assert slept("time.sleep(event['n'])") is None
