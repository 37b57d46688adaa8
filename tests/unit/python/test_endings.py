from __future__ import annotations

from textwrap import indent

import libcst as cst
import pytest

from lambdalint.python.endings import endings

from .helpers import parse


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pass", "fall"),
        ("return 1", "return"),
        ("raise ValueError", "raise"),
        ("import sys\nsys.exit()", "raise"),
        ("if x:\n    break", "break fall"),
        ("if x:\n    break\nelse:\n    continue", "break continue"),
        ("while y:\n    break", "fall"),
        ("while True:\n    if x:\n        return", "return"),
        ("for y in z:\n    return", "fall return"),
        ("try:\n    return\nexcept E:\n    pass", "fall return"),
        ("try:\n    f()\nexcept E:\n    raise\nelse:\n    break", "break raise"),
        ("try:\n    f()\nfinally:\n    return", "return"),
        ("try:\n    return\nfinally:\n    f()", "return"),
        ("with x:\n    continue", "continue"),
        ("match x:\n    case 1:\n        return\n    case _:\n        break", "break return"),
        ("match x:\n    case 1:\n        return", "fall return"),
        ("return\nbreak", "return"),
    ],
)
def test_the_ends_of_a_block(body: str, expected: str) -> None:
    module = parse(f"while True:\n{indent(body, '    ')}\n")
    loop = module.nodes(cst.While)[0]
    assert endings(module, loop.body) == set(expected.split())


def test_no_block_runs_to_its_end() -> None:
    module = parse("x = 1\n")
    assert endings(module, None) == {"fall"}
    assert endings(module, []) == {"fall"}
