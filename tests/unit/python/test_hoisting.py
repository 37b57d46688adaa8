"""What is moved to module level is moved whole, and the function does what it did."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.fixer import splice
from lambdalint.python.hoisting import hoist
from lambdalint.python.module import PythonModule
from lambdalint.source import SourceFile


def hoisted(text: str) -> str | None:
    """The text after the first call of `make` is hoisted; None where it cannot be."""
    source = SourceFile(PurePosixPath("app.py"), text)
    module = PythonModule.parse(source)
    calls = [
        call
        for call in module.nodes(cst.Call)
        if isinstance(call.func, cst.Name)
        and call.func.value == "make"
        and module.enclosing_function(call) is not None
    ]
    if not calls:
        return None
    edits = hoist(module, calls[0], ("made", "made_client"), _may_run)
    return splice(text, edits, source.newline) if edits else None


def _may_run(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Name) and call.func.value in ("make", "option")


HEAD = "from lib import make, option\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = make(1)\nreturn x", "x = make(1)"),
        ("x: object = make(1)\nreturn x", "x: object = make(1)"),
        ("x = make(1)  # the thing\nreturn x", "x = make(1)  # the thing"),
        ("# the client\nx = make(1)\nreturn x", "# the client\nx = make(1)"),
        ("# begin with this\nx = make(1)\nreturn x", "x = make(1)"),
        ("x = make(\n    1,  # one\n    2,\n)\nreturn x", "x = make(\n    1,  # one\n    2,\n)"),
        ("n = 1\nx = make(n)\nreturn x", "n = 1\nx = make(n)"),
        ("o = option(1)\nx = make(o)\nreturn x", "o = option(1)\nx = make(o)"),
        ("return make(1)", "made = make(1)"),
        ("x = y = make(1)\nreturn x", "made = make(1)"),
        ("x, y = make(1), 2\nreturn x", "made = make(1)"),
        ("x = make(1); y = 2\nreturn x", "made = make(1)"),
        ("return use(made, make(1))", "made_client = make(1)"),
        ("return make(f'{option(1)}')", "made = make(f'{option(1)}')"),
    ],
)
def test_what_moves(body: str, expected: str) -> None:
    found = hoisted(_module(body))
    assert found is not None
    assert found.startswith(f"{HEAD}\n{expected}\n\n\ndef handler(event, context):\n"), found


@pytest.mark.parametrize(
    "body",
    [
        "x = make(event)\nreturn x",
        "x = make(1)\nx = 2\nreturn x",
        "x = make(1)\nfor x in event:\n    pass\nreturn x",
        "x = make(1)",  # nothing would be left
        "if event:\n    x = make(1)\nreturn x",
        "n = event['n']\nx = make(n)\nreturn x",
        "n = 1\nn = 2\nx = make(n)\nreturn x",
        "x = make(other())\nreturn x",
        "x = make(lambda: 1)\nreturn x",
        "x = make(n := 1)\nreturn x",
        "x = make([i for i in (1, 2)])\nreturn x",
        "x = make('''\n  text''')\nreturn x",
        "import lib2\nx = make(lib2)\nreturn x",
        "make(1)\nreturn 2",
        "global x\nx = make(1)\nreturn x",
        "def inner():\n    nonlocal x\n    x = 2\nx = make(1)\nreturn x",
        "LIMIT = make(1)\nreturn LIMIT",
    ],
)
def test_what_stays(body: str) -> None:
    assert hoisted(_module(body, "LIMIT = 5\n")) is None


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (
            '"""Doc."""\n\nfrom lib import make\n\nN = 1\n',
            '"""Doc."""\n\nfrom lib import make\n\nx = make(1)\n\nN = 1\n',
        ),
        ("from lib import make\nN = 1\n", "from lib import make\n\nx = make(1)\n\nN = 1\n"),
        ("try:\n    from lib import make\nexcept ImportError:\n    make = None\n", None),
        ("from lib import *\n", None),
        (
            "from lib import make\n\ny = make(2)\n\nN = 1\n",
            "from lib import make\n\ny = make(2)\nx = make(1)\n\nN = 1\n",
        ),
    ],
)
def test_where_it_goes(top: str, expected: str | None) -> None:
    found = hoisted(f"{top}\n\ndef handler(event, context):\n    x = make(1)\n    return x\n")
    assert found == (expected and f"{expected}\n\ndef handler(event, context):\n    return x\n")


def test_behind_what_it_reads() -> None:
    handler = "def handler(event, context):\n    x = make(NAME)\n    return x\n"
    found = hoisted(f"{HEAD}\n\n{handler}\n\nNAME = 'n'\nOTHER = 2\n")
    assert found is not None
    assert found.endswith("    return x\n\n\nNAME = 'n'\nx = make(NAME)\nOTHER = 2\n")


def test_other_newlines() -> None:
    found = hoisted(_module("# a client\nx = make(\n    1)\n\nreturn x").replace("\n", "\r\n"))
    assert found is not None
    assert "\n" not in found.replace("\r\n", "")
    assert "\r\n\r\n# a client\r\nx = make(\r\n    1)\r\n" in found


def _module(body: str, top: str = "") -> str:
    lines = "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())
    return f"{HEAD}{top}\n\ndef handler(event, context):\n{lines}"


LINES = st.sampled_from(
    [
        "a = 1",
        "b = option(2)  # two",
        "# about the client",
        "# about nothing",
        "",
        "log.append('begin')",
        "log.append(event)",
        "if event > 2:\n    log.append('more')",
        "c = [a0 for a0 in (1, 2)]",
    ]
)
TARGETS = st.sampled_from(
    [
        "x = make('x', N)",
        "x = make('x', a)",
        "x = make(\n    'x',\n    option(3),\n)",
        "x: tuple = make('x')",
        "log.append(make('x'))",
        "x = make('x', event)",
    ]
)


@given(before=st.lists(LINES, max_size=4), target=TARGETS, after=st.lists(LINES, max_size=3))
@settings(max_examples=150, deadline=None)
def test_it_does_what_it_did(before: list[str], target: str, after: list[str]) -> None:
    body = "\n".join(["a = 0", *before, target, *after, "return locals().get('x', globals().get('x')), log"])
    text = f'"""Doc."""\n{HEAD}from lib import log\n\nN = 4  # four\n\n\ndef handler(event, context):\n'
    text += "".join(f"    {line}\n" if line else "\n" for line in body.split("\n"))
    changed = hoisted(text)
    if changed is None:
        return
    assert sorted(re.findall(r"#.*", changed)) == sorted(re.findall(r"#.*", text))
    assert _statements(changed) == _statements(text) or "made = " in changed
    for event in (1, 3):
        assert _run(changed, event) == _run(text, event)
    assert _calls(changed) == 1


def _statements(text: str) -> list[str]:
    return sorted(
        ast.unparse(node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Assign, ast.AnnAssign))
    )


def _run(text: str, event: int) -> Any:
    return _load(text).handler(event, None)


def _calls(text: str) -> int:
    """How often `make` was called in three invocations."""
    loaded = _load(text)
    for event in (1, 2, 3):
        loaded.handler(event, None)
    return len(loaded.made)


def _load(text: str) -> SimpleNamespace:
    made: list[Any] = []

    def make(*arguments: Any) -> Any:
        made.append(arguments)
        return arguments

    names: dict[str, Any] = {"make": make, "option": lambda value: ("option", value), "log": []}
    body = "\n".join(line for line in text.splitlines() if not line.startswith("from lib"))
    exec(compile(body, "app.py", "exec"), names)  # the text is this module's own
    return SimpleNamespace(handler=names["handler"], made=made)
