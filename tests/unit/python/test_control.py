"""What surrounds a place, what leaves a block, and what runs on every invocation."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python import control
from lambdalint.python.module import PythonModule

from .helpers import parse
from .test_reach import reach


def marked(module: PythonModule) -> cst.Name:
    """The name `x` of a text."""
    return next(name for name in module.nodes(cst.Name) if name.value == "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", []),
        ("if x: pass", []),
        ("if a: x", ["if"]),
        ("if a: pass\nelse: x", ["else"]),
        ("if a: pass\nelif x: pass", ["else"]),
        ("if a: pass\nelif b: x", ["if", "else"]),
        ("try: x\nexcept E: pass", ["try"]),
        ("try: pass\nexcept E: x", ["except"]),
        ("try: pass\nexcept x: pass", []),
        ("try: pass\nexcept* E: x", ["except"]),
        ("try: pass\nexcept E: pass\nelse: x", ["try else"]),
        ("try: pass\nfinally: x", ["finally"]),
        ("match x:\n    case 1: pass", []),
        ("match a:\n    case 1: x", ["case"]),
        ("match a:\n    case 1 if x: pass", []),
        ("for a in x: pass", []),
        ("for a in b: x", ["for"]),
        ("while x: pass", []),
        ("while a: x", ["while"]),
        ("for a in b: pass\nelse: x", ["loop else"]),
        ("a = [x for b in c]", []),
        ("a = [x for b in c if d]", ["comprehension"]),
        ("a = {x: 1 for b in c for d in e if d}", ["comprehension"]),
        ("a = [b for b in x if d]", []),
        ("a = [b for b in c if x]", []),
        ("a = [b for b in c if d for e in x]", ["comprehension"]),
        ("a = x if b else c", ["conditional"]),
        ("a = b if c else x", ["conditional"]),
        ("a = b if x else c", []),
        ("a = b and x", ["operand"]),
        ("a = x or b", []),
        ("assert a, x", ["operand"]),
        ("if a:\n    def f(): x", []),
        ("if a:\n    def f(b=x): pass", ["if"]),
        ("if a:\n    with b: x", ["if"]),
        ("for a in b:\n    if c:\n        try: x\n        finally: pass", ["try", "if", "for"]),
    ],
)
def test_arms(text: str, expected: list[str]) -> None:
    module = parse(text)
    assert [arm.kind.value for arm in control.arms(module, marked(module))] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if a: x", "a"),
        ("if a: pass\nelse: x", "a"),
        ("match a:\n    case 1: x", "a"),
        ("b = a and x", "a"),
        ("while a: x", "a"),
        ("try: pass\nexcept E: x", None),
    ],
)
def test_the_test_of_an_arm(text: str, expected: str | None) -> None:
    module = parse(text)
    test = next(control.arms(module, marked(module))).test
    assert (test.value if isinstance(test, cst.Name) else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for a in x: pass", 0),
        ("while x: pass", 1),
        ("for a in b: x", 1),
        ("for a in b:\n    while c:\n        x", 2),
        ("for a in b: pass\nelse: x", 0),
        ("for a in b:\n    def f(): x", 0),
    ],
)
def test_loops(text: str, expected: int) -> None:
    module = parse(text)
    assert len(list(control.loops(module, marked(module)))) == expected


@pytest.mark.parametrize(
    ("text", "handlers", "tries"),
    [
        ("try: x\nexcept E: pass", 0, 1),
        ("try: x\nfinally: pass", 0, 0),
        ("try: pass\nexcept E: x", 1, 0),
        ("try: pass\nexcept E: pass\nelse: x", 0, 0),
        ("try:\n    try: pass\n    except E: x\nexcept F: pass", 1, 1),
        ("try: pass\nexcept E:\n    try: x\n    except F: pass", 1, 1),
        ("try:\n    def f(): x\nexcept F: pass", 0, 0),
    ],
)
def test_handlers_around(text: str, handlers: int, tries: int) -> None:
    module = parse(text)
    found = marked(module)
    assert len(list(control.handlers_around(module, found))) == handlers
    assert len(list(control.tries_around(module, found))) == tries


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return", True),
        ("raise E", True),
        ("continue", True),
        ("a; break", True),
        ("pass", False),
        ("if a: return\nelse: raise E", True),
        ("if a: return", False),
        ("if a: return\nelif b: return\nelse: pass", False),
        ("if a: return\nreturn", True),
        ("with a: return", True),
        ("try: return\nexcept E: raise", True),
        ("try: return\nexcept E: pass", False),
        ("try: pass\nexcept E: return\nelse: return", True),
        ("try: pass\nfinally: return", True),
        ("while True: pass", True),
        ("while True:\n    if a: break", False),
        ("while True:\n    for b in c: break", True),
        ("while a: return", False),
        ("for a in b: return", False),
        ("match a:\n    case 1: return\n    case _: return", True),
        ("match a:\n    case 1: return", False),
        ("sys.exit(1)", True),
        ("exit()", True),
        ("f()", False),
        ("def f(): return", False),
    ],
)
def test_leaves(body: str, expected: bool) -> None:
    module = parse("import sys\nfor _ in ():\n" + "".join(f"    {line}\n" for line in body.split("\n")))
    assert control.leaves(module.nodes(cst.For)[0].body, module) is expected


HANDLER = "def handler(event, context):\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HANDLER + "    x()", "always"),
        (HANDLER + "    if event: x()", "sometimes"),
        (HANDLER + "    if not event: return\n    x()", "always"),
        (HANDLER + "    for a in event: x()", "always"),
        (HANDLER + "    for a in event:\n        if a: x()", "sometimes"),
        (HANDLER + "    try: x()\n    except E: pass", "always"),
        (HANDLER + "    try: pass\n    except E: x()", "sometimes"),
        (HANDLER + "    f()\ndef f(): x()", "always"),
        (HANDLER + "    if event: f()\ndef f(): x()", "sometimes"),
        (HANDLER + "    if event: f()\n    f()\ndef f(): x()", "always"),
        (HANDLER + "    f()\ndef f(): g()\ndef g():\n    if a: h()\ndef h(): x()", "sometimes"),
        (HANDLER + "    TABLE[event]()\ndef f(): x()\ndef g(): pass\nTABLE = {1: f, 2: g}", "sometimes"),
        (HANDLER + "    return {1: lambda: x(), 2: g}[event]()\ndef g(): pass", "sometimes"),
        (HANDLER + "    f()\ndef f():\n    x()\n    f()", "always"),
        (HANDLER + "    C().run()\nclass C:\n    def run(self): x()", "always"),
        (HANDLER + "    use(f)\ndef f(): x()", "unknown"),
        ("x()\n" + HANDLER + "    pass", "unknown"),
        (HANDLER + "    pass\ndef f(): x()", "unknown"),
        (
            "from lib import App\napp = App()\n@app.get('/a')\ndef a(): x()\n@app.get('/b')\ndef b(): pass\n"
            + HANDLER
            + "    return app.resolve(event, context)",
            "sometimes",
        ),
    ],
)
def test_runs(text: str, expected: str) -> None:
    project, found = reach(text)
    module = project["app"]
    assert control.runs(found, module, marked(module)).value == expected
