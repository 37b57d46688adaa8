"""Expressions that certainly give a float."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.floats import float_in

from .analysis import analyse

HEAD = "import time, math, random, datetime\nfrom decimal import Decimal\nRATE = 0.5\n"


def is_float(body: str) -> bool:
    """Whether the argument of the last call of `use` is one."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    found = analyse(
        f"{HEAD}def make():\n    return time.time()\n\ndef same(x):\n    return x\n\n"
        f"def handler(event, context):\n{lines}"
    )
    call = [
        call
        for call in found.module.nodes(cst.Call)
        if isinstance(call.func, cst.Name) and call.func.value == "use"
    ][-1]
    return float_in(found.evaluator, found.reach, found.module, call.args[0].value) is not None


@pytest.mark.parametrize(
    "body",
    [
        "use(1.5)",
        "use(-1.5)",
        "use(RATE)",
        "use(float(event['x']))",
        "use(time.time() + 60)",
        "use(2 * math.sqrt(4))",
        "use(len(event) / 2)",
        "use(int(event['a']) / int(event['b']))",
        "use(round(1.25, 1))",
        "use(abs(-0.5))",
        "use(make())",
        "use(event.get('x') or 0.0)",
        "use(1.5 if event else 2)",
        "x = 0.0\nfor y in event:\n    x += y\nuse(x)",
        "use((datetime.datetime.now() - event['at']).total_seconds())",
        "use(datetime.datetime.now().timestamp())",
    ],
)
def test_floats(body: str) -> None:
    assert is_float(body)


@pytest.mark.parametrize(
    "body",
    [
        "use(1)",
        "use('1.5')",
        "use(Decimal('1.5'))",
        "use(Decimal(str(1.5)))",
        "use(int(time.time()))",
        "use(round(1.5))",
        "use(math.floor(1.5))",
        "use(event['a'] / event['b'])",
        "use(event['a'])",
        "use(same(1.5))",
        "x = 1.5\nx = Decimal(str(x))\nuse(x)",
        "x = 1.5\nif event:\n    x = Decimal(str(x))\nuse(x)",
        "x = 1.5\nuse(Decimal(str(x)) if isinstance(x, float) else x)",
        "use(f'{1.5}')",
        "use(10 // 3)",
    ],
)
def test_others(body: str) -> None:
    assert not is_float(body)
