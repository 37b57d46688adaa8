"""How much a function does itself."""

from __future__ import annotations

from pathlib import PurePosixPath

import libcst as cst
import pytest

from lambdalint.python.module import PythonModule
from lambdalint.python.size import Size, size
from lambdalint.source import SourceFile


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pass", Size(0, 0)),
        ('"""Text."""', Size(0, 0)),
        ("import os\nglobal a", Size(0, 0)),
        ("a = 1\nb = 2; c = 3", Size(3, 0)),
        ("return f(x)", Size(1, 0)),
        ("if a:\n    b = 1\nelse:\n    b = 2", Size(3, 1)),
        ("if a:\n    return f(a)", Size(0, 0)),
        ("if a:\n    return f(a)\nelif b:\n    return g(b)\nelse:\n    c = 1", Size(1, 0)),
        ("if a:\n    return 1", Size(2, 1)),
        ("if a: f(a)", Size(2, 1)),
        ("for a in b:\n    f(a)", Size(2, 1)),
        ("try:\n    f()\nexcept E:\n    g()", Size(3, 1)),
        ("a = b and c or d", Size(1, 2)),
        ("a = [b for b in c if b]", Size(1, 1)),
        ("a = b if c else d", Size(1, 1)),
        ("match a:\n    case 1:\n        return f(a)\n    case _:\n        b = 2", Size(2, 1)),
        ("def g():\n    return 1", Size(2, 0)),
        ("g = lambda: 1 if a else 2", Size(1, 1)),
    ],
)
def test_what_counts(body: str, expected: Size) -> None:
    text = "def f():\n" + "".join(f"    {line}\n" for line in body.splitlines())
    module = PythonModule.parse(SourceFile(PurePosixPath("app.py"), text))
    function = next(node for node in module.nodes(cst.FunctionDef) if node.name.value == "f")
    assert size(function) == expected
