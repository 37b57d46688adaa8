"""Edits of calls."""

from __future__ import annotations

from pathlib import PurePosixPath

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.finding import Edit
from lambdalint.python.fixes import give_keyword, rename_method
from lambdalint.python.module import PythonModule
from lambdalint.source import SourceFile


def parsed(text: str) -> tuple[PythonModule, cst.Call]:
    module = PythonModule.parse(SourceFile(PurePosixPath("app.py"), text))
    return module, module.nodes(cst.Call)[0]


def applied(text: str, edit: Edit | None) -> str | None:
    return text[: edit.span.start] + edit.replacement + text[edit.span.end :] if edit is not None else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("c.invoke(a=1)", 'c.invoke(k="E", a=1)'),
        ("c.invoke(a=1, b=2,)", 'c.invoke(a=1, k="E", b=2,)'),
        ("c.invoke(a=1, k='R')", "c.invoke(a=1, k='E')"),
        ('c.invoke(k="""R""")', 'c.invoke(k="E")'),
        ("c.invoke(\n    a=1,\n    b=2,  # two\n)", 'c.invoke(\n    a=1,\n    k="E",\n    b=2,  # two\n)'),
        ("c.invoke(\r\n    a=1\r\n)", 'c.invoke(\r\n    k="E",\r\n    a=1\r\n)'),
        ("c.invoke(k=kind)", None),
        ("c.invoke(**more)", None),
        ("c.invoke()", None),
        ("c.invoke(1)", None),
    ],
)
def test_give_keyword(text: str, expected: str | None) -> None:
    module, call = parsed(text)
    assert applied(text, give_keyword(module, call, "k", '"E"')) == expected


def test_rename_method() -> None:
    text = "c . start (a=1)"
    assert applied(text, rename_method(*parsed(text), "stop")) == "c . stop (a=1)"
    assert rename_method(*parsed("start(a=1)"), "stop") is None


_VALUES = st.sampled_from(["1", "'x'", "f(2)", "{'a': 1}", "(3)", "x or y", "lambda: 0"])
_SPACES = st.sampled_from(["", " ", "\n    ", "  # note\n    "])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_VALUES, _SPACES), min_size=1, max_size=4), st.booleans())
def test_the_call_has_the_keyword_once_and_everything_else_as_before(
    arguments: list[tuple[str, str]], trailing: bool
) -> None:
    inside = ",".join(f"{space}a{index}={value}" for index, (value, space) in enumerate(arguments))
    text = f"c.invoke({inside}{',' if trailing else ''})"
    module, call = parsed(text)
    changed = applied(text, give_keyword(module, call, "k", '"E"'))
    assert changed is not None
    again, edited = parsed(changed)
    names = [argument.keyword.value for argument in edited.args if argument.keyword is not None]
    assert sorted(names) == sorted([*(f"a{index}" for index in range(len(arguments))), "k"])
    assert applied(changed, give_keyword(again, edited, "k", '"E"')) == changed
    assert changed.count("# note") == text.count("# note")
