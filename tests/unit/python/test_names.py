"""Scopes, bindings and what names mean."""

from __future__ import annotations

from textwrap import dedent

import libcst as cst
import pytest

from lambdalint.python.imports import unread_imports
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding

from .helpers import function, name, parse


def module(text: str) -> PythonModule:
    return parse(dedent(text))


def kinds(bindings: tuple[Binding, ...]) -> list[str]:
    return [binding.kind.name for binding in bindings]


def meaning(text: str, of: str, index: int = -1) -> list[str]:
    """The kinds of what the last read of a name can mean, each with the scope that holds it."""
    parsed = module(text)
    names = parsed.names
    reads = [
        node
        for node in parsed.nodes(cst.Name)
        if node.value == of and (names.bound_by(node) is None or names.lookup(node))
    ]
    found = parsed.names.lookup(reads[index])
    return [f"{binding.kind.name} in {binding.scope.kind}" for binding in found]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("import x", "IMPORT"),
        ("import x.y", "IMPORT"),
        ("import y as x", "IMPORT"),
        ("from y import x", "IMPORT_FROM"),
        ("from . import y as x", "IMPORT_FROM"),
        ("from y import *", None),
        ("x = 1", "ASSIGN"),
        ("y = x = 1", "ASSIGN"),
        ("y, (x, z) = 1", "ASSIGN"),
        ("[*x] = 1", "ASSIGN"),
        ("x += 1", "AUGMENTED"),
        ("x: int", "ANNOTATED"),
        ("x: int = 1", "ANNOTATED"),
        ("def x(): pass", "FUNCTION"),
        ("class x: pass", "CLASS"),
        ("for x in y: pass", "FOR"),
        ("for y, x in z: pass", "FOR"),
        ("with y as x: pass", "WITH"),
        ("with y as (z, x): pass", "WITH"),
        ("try: pass\nexcept y as x: pass", "EXCEPT"),
        ("(x := 1)", "WALRUS"),
        ("[(x := y) for y in z]", "WALRUS"),
        ("del x", "DELETE"),
        ("del (y, x)", "DELETE"),
        ("match y:\n    case x: pass", "MATCH"),
        ("match y:\n    case [*x]: pass", "MATCH"),
        ("match y:\n    case {**x}: pass", "MATCH"),
        ("match y:\n    case int() as x: pass", "MATCH"),
        ("type x = int", "TYPE"),
        ("def f():\n    global x\n    x = 1", "ASSIGN"),
        ("x.y = 1", None),
        ("x[0] = 1", None),
        ("[x for x in y]", None),
        ("lambda x: x", None),
        ("f(x=1)", None),
        ("y.x", None),
        ("def f(x): pass", None),
        ("class C:\n    x = 1", None),
        ("match y:\n    case C(x=1): pass", None),
        ("match y:\n    case x.z: pass", None),
    ],
)
def test_what_binds_a_name_at_module_level(text: str, kind: str | None) -> None:
    bindings = module(text).names.module_scope.bindings.get("x", [])
    assert kinds(tuple(bindings)) == ([] if kind is None else [kind])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\ndef f(): return x", ["ASSIGN in module"]),
        ("x = 1\ndef f(x): return x", ["PARAMETER in function"]),
        ("x = 1\ndef f(a=x): pass", ["ASSIGN in module"]),
        ("x = 1\ndef f(x=x): pass", ["ASSIGN in module"]),
        ("def f(*x, **y): return x", ["PARAMETER in function"]),
        ("def f(a, /, *, x): return x", ["PARAMETER in function"]),
        ("x = 1\ndef f():\n    print(x)\n    x = 2", ["ASSIGN in function"]),
        ("x = 1\ndef f():\n    global x\n    print(x)\n    x = 2", ["ASSIGN in module", "ASSIGN in module"]),
        (
            "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return x",
            ["ASSIGN in function"] * 2,
        ),
        ("def f():\n    x = 1\n    def g(): return x", ["ASSIGN in function"]),
        ("x = 1\nclass C:\n    x = 2\n    def f(self): return x", ["ASSIGN in module"]),
        ("class C:\n    x = 2\n    y = x", ["ASSIGN in class"]),
        ("x = 1\nclass C:\n    x = x", ["ASSIGN in class", "ASSIGN in module"]),
        ("class C:\n    x = 2\n    y = [x for _ in z]", []),
        ("class C:\n    x = 2\n    y = [z for z in x]", ["ASSIGN in class"]),
        ("class C:\n    x = 2\n    def f(self, y=x): pass", ["ASSIGN in class"]),
        ("class C:\n    x = 2\n    y = lambda: x", []),
        ("x = 1\ny = [x for x in z]", ["COMPREHENSION in comprehension"]),
        ("x = 1\ny = [z for z in x]", ["ASSIGN in module"]),
        ("x = 1\ny = [z for w in v for z in x]", ["ASSIGN in module"]),
        ("y = {x: w for x, w in z}", ["COMPREHENSION in comprehension"]),
        ("y = [w for x in z for w in x]", ["COMPREHENSION in comprehension"]),
        ("y = [w for w in z if (x := w)]\nx", ["WALRUS in module"]),
        ("y = lambda x, z=1: x", ["PARAMETER in lambda"]),
        ("x = 1\ny = lambda z=x: z", ["ASSIGN in module"]),
        ("import x\nx.y.z = 1", ["IMPORT in module"]),
        ("x = 1\nx += 1", ["ASSIGN in module", "AUGMENTED in module"]),
        ("import x\ndel x", ["IMPORT in module", "DELETE in module"]),
        ("def f[x](a: x) -> x: pass", ["TYPE in type"]),
        ("class C[x](B[x]):\n    def f(self): return x", ["TYPE in type"]),
        ("type A[x] = list[x]", ["TYPE in type"]),
        ("def f(a: x): pass\nimport x", ["IMPORT in module"]),
        ("@x\ndef f(x): pass\nimport x", ["IMPORT in module"]),
        ("from a import *\nx", ["STAR_IMPORT in module"]),
        ("from a import *\nx = 1\nx", ["ASSIGN in module"]),
        (
            "try:\n    import x\nexcept ImportError:\n    x = None\nx",
            ["IMPORT in module", "ASSIGN in module"],
        ),
        ("match y:\n    case x.A: pass\nimport x", ["IMPORT in module"]),
        ("import x\nf'{x!r:{x}}'", ["IMPORT in module"]),
        ("def f():\n    import x\n    return x", ["IMPORT in function"]),
    ],
)
def test_what_a_read_means(text: str, expected: list[str]) -> None:
    assert meaning(text, "x") == expected


def test_builtins_and_unbound_names_mean_nothing() -> None:
    parsed = module("print(missing)\nfrom a import *\n")
    assert parsed.names.lookup(name(parsed, "print")) == ()
    assert kinds(parsed.names.lookup(name(parsed, "missing"))) == ["STAR_IMPORT"]


def test_scope_of_a_node_is_where_it_is_evaluated() -> None:
    parsed = module(
        """
        @decorator
        def outer(a: note = default):
            x = [inside for each in rows]
            class C(Base):
                member = value
        """
    )
    kind = {node.value: parsed.names.scope(node).kind for node in parsed.nodes(cst.Name)}
    assert kind["decorator"] == kind["note"] == kind["default"] == "module"
    assert kind["rows"] == kind["Base"] == kind["x"] == "function"
    assert kind["inside"] == kind["each"] == "comprehension"
    assert kind["value"] == "class"
    assert parsed.names.scope(function(parsed, "outer")).kind == "module"


def test_latest_follows_the_source_in_one_scope_and_takes_the_last_from_elsewhere() -> None:
    parsed = module(
        """
        x = 1
        use(x)
        x = 2
        def f():
            return x
        """
    )
    first, last = parsed.names.module_scope.bindings["x"]
    reads = [node for node in parsed.nodes(cst.Name) if node.value == "x" and parsed.names.lookup(node)]
    assert parsed.names.latest(reads[0]) is first
    assert parsed.names.latest(reads[1]) is last


@pytest.mark.parametrize(
    ("text", "expr", "origin"),
    [
        ("import boto3", "boto3.client", "boto3.client"),
        ("import boto3 as b", "b.client", "boto3.client"),
        ("import a.b", "a.b.c", "a.b.c"),
        ("import a.b as ab", "ab.c", "a.b.c"),
        ("from boto3.dynamodb.conditions import Key", "Key", "boto3.dynamodb.conditions.Key"),
        ("from boto3.dynamodb import conditions as c", "c.Key", "boto3.dynamodb.conditions.Key"),
        ("from .common import db", "db.get", ".common.db.get"),
        ("from . import db", "db.get", ".db.get"),
        ("from .. import db", "db", "..db"),
        ("", "open", "builtins.open"),
        ("", "print.x", "builtins.print.x"),
        ("import boto3\nclient = boto3.client", "client", "boto3.client"),
        ("import boto3\nb = boto3\nc = b", "c.client", "boto3.client"),
        ("import boto3\nclient = boto3.client\nclient = other", "client", None),
        ("def f(boto3): pass", "boto3", None),
        ("x = 1", "x", None),
        ("x = x", "x.y", None),
        ("", "f().x", None),
        ("from a import *", "thing", None),
        ("try:\n    import orjson as json\nexcept ImportError:\n    import json", "json.dumps", "json.dumps"),
    ],
)
def test_qualified_names(text: str, expr: str, origin: str | None) -> None:
    parsed = module(f"{text}\n_({expr})\n")
    outer = next(node for node in parsed.nodes(cst.Call) if getattr(node.func, "value", "") == "_")
    assert parsed.names.qualified(outer.args[0].value) == origin


def test_imports_say_what_they_name() -> None:
    parsed = module(
        "import a.b\nimport c.d as e\nfrom f.g import h\nfrom ..i import j as k\nfrom l import *\n"
    )
    found = [(each.name, each.qualified, each.imported) for each in parsed.names.imports]
    assert found == [
        ("a", "a", "a.b"),
        ("e", "c.d", "c.d"),
        ("h", "f.g.h", "f.g.h"),
        ("k", "..i.j", "..i.j"),
        ("*", "l", "l"),
    ]
    statement = parsed.nodes(cst.Import)[0]
    assert [each.name for each in parsed.names.imported_by(statement)] == ["a"]


def test_reads_are_found_by_their_binding() -> None:
    parsed = module("import a\n\ndef f():\n    return a.b, [a for _ in ()], 'a'\n")
    (binding,) = parsed.names.imports
    assert len(binding.reads) == 2
    assert all(read.value == "a" for read in binding.reads)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("__all__ = ['a', \"b\"]", {"a", "b"}),
        ("__all__ = ('a',)\n__all__ += ['b']", {"a", "b"}),
        ("__all__ = ['a'] + other.__all__ + ['b']", {"a", "b"}),
        ("__all__: list[str] = ['a']", {"a"}),
        ("__all__ = []\n__all__.extend(['a'])\n__all__.append('b')", {"a", "b"}),
        ("x = ['a']", None),
        ("def f():\n    __all__ = ['a']", None),
    ],
)
def test_exported_names(text: str, names: set[str] | None) -> None:
    assert module(text).names.exported == names


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("def f(a: 'X'): pass", True),
        ("def f() -> 'list[X]': pass", True),
        ("a: 'X' = 1", True),
        ("a: Optional['X'] = 1", True),
        ("a: \"Callable[['X'], int]\" = 1", True),
        ("from typing import cast\ncast('X', a)", True),
        ("from typing import TypeVar\nT = TypeVar('T', bound='X')", True),
        ("from typing import List\nA = List['X']", True),
        ("import typing as t\nA = t.Union['X', int]", True),
        ("from typing import Annotated\ndef f(a: Annotated['X', 'Y']): pass", True),
        ("a = []  # type: List[X]", True),
        ("def f(a):\n    # type: (X) -> None\n    pass", True),
        ("from typing import Literal\na: Literal['X'] = 1", False),
        ("from typing import Annotated\ndef f(a: Annotated[int, 'X']): pass", False),
        ("a = 'X'", False),
        ("f('X')", False),
        ("a = {'X': 1}['X']", False),
        ("from typing import cast\ncast(int, 'X')", False),
        ("a = 1  # type: ignore", False),
        ("a: 'not a type X' = 1", False),
    ],
)
def test_names_within_strings_and_comments(text: str, mentioned: bool) -> None:
    assert ("X" in module(text).names.mentioned) is mentioned


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("import a", ["a"]),
        ("import a\na", []),
        ("import a.b\nimport a.c\na.b", []),
        ("import a.b\nimport a.c", ["a"]),
        ("import a\nimport a", ["a"]),
        ("import a\na = 1", []),  # rebound: another rule's
        ("import a\ndef f(a): return a", ["a"]),
        ("import a\ndel a", []),
        ("import a\ndef f():\n    global a\n    a = 1", []),
        ("from a import b as b", []),
        ("import a as a", []),
        ("import a.b as b", []),
        ("from __future__ import annotations", []),
        ("from a import *", []),
        ("import a\n__all__ = ['a']", []),
        ("class C:\n    import a", []),
        ("def f():\n    import a", ["a"]),
        ("try:\n    import a\nexcept ImportError:\n    pass", []),
        ("try:\n    pass\nexcept ImportError:\n    import a", []),
        ("try:\n    import a\nexcept:\n    pass", []),
        ("try:\n    import a\nexcept (KeyError, ModuleNotFoundError):\n    pass", []),
        ("try:\n    import a\nexcept KeyError:\n    pass", ["a"]),
        ("try:\n    import a\nfinally:\n    pass", ["a"]),
        ("if TYPE_CHECKING:\n    import a", []),
        ("import a  # noqa", []),
        ("import a  # NOQA: F401", []),
        ("import a  # noqa: E501", ["a"]),
        ("import a  # noqa: E501, F401", []),
        ("import a  # no: qa", ["a"]),
        ("# ruff: noqa: F401\nimport a", []),
        ("# flake8: noqa\nimport a", []),
        ("# ruff: noqa: E501\nimport a", ["a"]),
        ("from a import (\n    b,\n    c,  # noqa: F401\n)", ["b"]),
        ("from a import (  # noqa: F401\n    b,\n)", []),
        ("import a\neval('a')", []),
        ("import a\nglobals()['b']", ["a"]),
        ("import a\nglobals()[b]", []),
        ("import a\n'b' in globals()", ["a"]),
        ("import a\nglobals().get('b')", ["a"]),
        ("import a\nvars(b)", ["a"]),
        ("import a\nvars()", []),
        ("import a\nx.a", ["a"]),
        ("import a\nf(a=1)", ["a"]),
        ("from a import b\ndef f(x: 'b'): pass", []),
        ("import a\nclass C:\n    a = a", []),
        ("import a\n[a for a in b]", ["a"]),
    ],
)
def test_unread_imports(text: str, unread: list[str]) -> None:
    assert [binding.name for binding in unread_imports(module(text))] == unread
