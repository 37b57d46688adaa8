from __future__ import annotations

from textwrap import dedent

import pytest

from lambdalint.python.duplicates import Body
from tests.unit.python.helpers import parse

BODY = """
import json

def parse(text):
    return json.loads(text)

def total(order):
    amount = 0
    for line in parse(order)["lines"]:
        amount += line.price * 2
    return {"total": amount}
"""


def body(text: str, name: str = "total") -> Body:
    (found,) = (each for each in parse(dedent(text)).bodies if each.function.name.value == name)
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"lines"', "'rows'"),
        ("* 2", "* 3"),
        ("    amount = 0\n", "    amount = 0  # begin\n\n"),
        ("def total(order):\n", 'def total(order):\n    """Adds."""\n'),
        ('{"total": amount}', '{\n        "total": amount,\n    }'),
        ("def total(order)", "def total(order: str) -> dict"),
    ],
)
def test_what_does_not_count(old: str, new: str) -> None:
    one, other = body(BODY), body(BODY.replace(old, new))
    assert one.meaning == other.meaning
    assert one.outline == other.outline


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("line.price", "line.cost"),
        ("amount += ", "amount -= "),
        ("* 2", "+ 2"),
        ("for line in parse(order)", "for line in parse(order=order)"),
        ("return {", "yield {"),
        ("return json.loads(text)", "return text"),
        ("import json", "import orjson as json"),
        ("amount", "sum_"),
    ],
)
def test_what_counts(old: str, new: str) -> None:
    # What another function of the module does counts, too; what an import of its own takes, does not.
    other = body(BODY.replace(old, new))
    same = old == "import json"
    assert (body(BODY).meaning == other.meaning) is same


def test_imports_that_a_body_reads_count() -> None:
    text = "from {} import load\n\ndef total(order):\n    return load(order)\n"
    one, other = body(text.format("yaml")), body(text.format("json"))
    assert one.digest == other.digest
    assert one.meaning != other.meaning


def test_literals_tell_copies_from_twins() -> None:
    one, other = body(BODY), body(BODY.replace('"lines"', '"rows"'))
    assert one.exact != other.exact
    assert one.exact == body(BODY).exact


def test_statements_are_counted_in_blocks() -> None:
    text = """
    def total(order):
        '''Not this.'''
        if order:
            a = 1; b = 2
        for each in order: print(each)
        def inner():
            return each
        return inner
    """
    assert body(text).statements == 8


def test_which_functions_there_are() -> None:
    module = parse(
        dedent(
            """
            def one():
                def nested(): pass
            class A:
                def method(self): pass
            try:
                from x import two
            except ImportError:
                def two(): pass
            if True:
                async def three(): pass
            """
        )
    )
    assert [each.function.name.value for each in module.bodies] == ["one", "method", "three"]
    assert module.bodies is module.bodies
