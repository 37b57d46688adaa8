"""Loops that keep some of what was read."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.filtering import kept

from .analysis import analyse

HEAD = "import logging\nlogger = logging.getLogger()\ndef handler(event, context):\n    items = read()\n"


def names(body: str) -> tuple[str, ...] | None:
    """The attributes by which the last loop of a handler keeps things; None where it keeps them all."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    found = analyse(HEAD + lines)
    (read,) = [call for call in found.module.nodes(cst.Call) if isinstance(call.func, cst.Name)][:1]
    loops: list[cst.For | cst.CompFor] = [*found.module.nodes(cst.For), *found.module.nodes(cst.CompFor)]
    loop = loops[-1]
    made = kept(found.evaluator, found.module, loop, read)
    return made.names if made is not None else None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[i for i in items if i['a'] == event['a']]", ("a",)),
        ("[i for i in items if i.get('a', 0) > 3 and not i['b'] != 'x']", ("a", "b")),
        ("[i for i in items if i.a < 3 or i.b.startswith('x')]", ("a", "b")),
        ("[i for i in items if i['a']['S'] == 'x']", ("a",)),
        ("[i for i in items if 'x' == i['a']]", ("a",)),
        ("[i for i in items if i['a'] in ('x', 'y')]", ("a",)),
        ("[i for i in items if i['a']]", None),
        ("[i for i in items if i.get('a') is not None]", None),
        ("[i for i in items if i['a'] != '']", None),
        ("[i for i in items if i['a'] in event['names']]", None),
        ("[i for i in items if f(i['a']) == 3]", None),
        ("[i for i in items if i['a'] == i['b']]", None),
        ("[i for i in items if 'a' in i]", None),
        ("[i for i in items]", None),
        ("[i for i in items if i['a'] == 1 if i['b'] == 2]", None),
        ("for i in items:\n    if i['a'] == 1:\n        print(i)", ("a",)),
        ("for i in items:\n    logger.info(i)\n    a = i['a']\n    if a == 1:\n        print(i)", ("a",)),
        ("for i in items:\n    if i['a'] != 1:\n        continue\n    print(i)", ("a",)),
        ("for i in items:\n    if i['a'] == 1:\n        print(i)\n    else:\n        print(0)", None),
        ("for i in items:\n    if i['a'] == 1:\n        print(i)\n    print(0)", None),
        ("for i in items:\n    print(i)", None),
        ("for i in items:\n    work(i)\n    if i['a'] == 1:\n        print(i)", None),
        ("best = 0\nfor i in items:\n    if i['a'] > best:\n        best = i['a']", None),
        ("for key in event:\n    [i for i in items if i['a'] == key]", None),
        ("for k, i in items:\n    if i['a'] == 1:\n        print(i)", None),
    ],
)
def test_tests_that_a_query_could_do(body: str, expected: tuple[str, ...] | None) -> None:
    assert names(body) == expected


def test_a_read_that_is_made_for_each() -> None:
    found = analyse(
        "def handler(event, context):\n    for key in event:\n        [i for i in read() if i['a'] == key]\n"
    )
    read = found.module.nodes(cst.Call)[0]
    made = kept(found.evaluator, found.module, found.module.nodes(cst.CompFor)[0], read)
    assert made is not None
    assert not made.prefixes
