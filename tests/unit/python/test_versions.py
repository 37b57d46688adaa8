from __future__ import annotations

import importlib
import sys
import warnings

import pytest

from lambdalint.data.tables import load
from lambdalint.python.versions import (
    is_standard,
    missing_builtins,
    missing_module,
    missing_name,
    newer_syntax,
    runtime_version,
)
from tests.unit.python.helpers import parse

ROWS = load("python_versions.toml")["row"]
HERE = sys.version_info[:2]


def words(text: str, version: tuple[int, int]) -> set[str]:
    return {each.change.what for each in newer_syntax(parse(text), version)}


@pytest.mark.parametrize(
    ("runtime", "version"),
    [("python3.9", (3, 9)), ("python3.13", (3, 13)), ("python2.7", None), ("nodejs22.x", None), (None, None)],
)
def test_runtime_version(runtime: str | None, version: tuple[int, int] | None) -> None:
    assert runtime_version(runtime) == version


@pytest.mark.parametrize("module", [name for row in ROWS for name in row.get("modules", ())])
def test_modules_agree_with_this_python(module: str) -> None:
    if module in ("msilib", "nis", "ossaudiodev", "spwd", "crypt"):
        pytest.skip("not on every system")
    assert _exists(module) is (missing_module(module, HERE) is None)
    assert is_standard(module.partition(".")[0])


@pytest.mark.parametrize("name", [name for row in ROWS for name in row.get("names", ())])
def test_names_agree_with_this_python(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    exists = _exists(module) and hasattr(importlib.import_module(module), attribute)
    assert exists is (missing_name(name, HERE) is None)


def _exists(module: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            importlib.import_module(module)
        except ImportError:
            return False
    return True


def test_rows_are_sound() -> None:
    for row in ROWS:
        assert row["source"].startswith("https://docs.python.org/3/whatsnew/")
        assert ("added" in row) != ("removed" in row)
        assert sum(key in row for key in ("modules", "names", "syntax")) == 1
        assert ("what" in row) is ("syntax" in row)


def test_what_lies_in_a_module_goes_with_it() -> None:
    found = missing_module("distutils.util.strtobool", (3, 12))
    assert found is not None
    assert found[0] == "distutils"
    assert missing_module("distutils.util", (3, 11)) is None
    assert missing_module("tomllib", (3, 10)) is not None
    assert missing_module("tomllib", (3, 11)) is None
    assert missing_name("collections.Mapping.register", (3, 10)) is not None
    assert missing_name("collections.OrderedDict", (3, 13)) is None


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("if (n := 1): pass", (3, 8)),
        ("def f(a, /): pass", (3, 8)),
        ("f'{x=}'", (3, 8)),
        ("with (open('a') as a, open('b') as b): pass", (3, 9)),
        ("@a[0].b\ndef f(): pass", (3, 9)),
        ("def f(x: list[str]): pass", (3, 9)),
        ("x: dict[str, int] = {}", (3, 9)),
        ("match x:\n    case 1: pass", (3, 10)),
        ("def f(x: str | None = None): pass", (3, 10)),
        ("def f() -> 'x' or (int | str): pass", (3, 10)),
        ("class A:\n    x: list[int] | None = None", (3, 10)),
        ("try: pass\nexcept* ValueError: pass", (3, 11)),
        ("x = a[*b]", (3, 11)),
        ("def f[T](x: T): pass", (3, 12)),
        ("class A[T]: pass", (3, 12)),
        ("type X = int", (3, 12)),
        ("""x = f"{d["a"]}" """, (3, 12)),
        ("""x = f"{d['a"b']}" """, (3, 12)),
        ("""x = f"{f"{a}"}" """, (3, 12)),
        (r"""x = f"{'\n'.join(a)}" """, (3, 12)),
        ("def f[T = int](x: T): pass", (3, 13)),
        ("x = t'{a}'", (3, 14)),
    ],
)
def test_syntax(text: str, since: tuple[int, int]) -> None:
    before = (since[0], since[1] - 1)
    assert words(text, before)
    assert not words(text, since)


@pytest.mark.parametrize(
    "text",
    [
        "with (open('a')): pass",
        "@a.b(1)\n@c\ndef f(): pass",
        "from __future__ import annotations\ndef f(x: str | None, y: list[int]): pass",
        "def f():\n    x: list[str] = []\n    y: int | None = None",
        "x = 1 | 2\ny = {'a': 1} | z",
        "def f(x: 'str | None'): pass",
        "def f(x: A | None): pass",
        "list = 1\ndef f(x: list[0]): pass",
        "def f(x: List[str]): pass",
        """x = f"{d['a']}" """,
        '''x = f"""{d["a"]} {'b'}"""''',
        r"""x = f"{a}\n" """,
        "def match(case): return case",
    ],
)
def test_what_old_versions_read(text: str) -> None:
    assert not words(text, (3, 8))


def test_the_first_of_a_kind_is_told() -> None:
    module = parse("match a:\n    case 1: pass\nmatch b:\n    case 1: pass\n")
    (found,) = newer_syntax(module, (3, 9))
    assert module.line_of(found.node) == 1
    assert not found.parses


def test_built_in_names() -> None:
    module = parse("def f():\n    raise ExceptionGroup('a', [])\n")
    assert [(name, change.added) for _, name, change in missing_builtins(module, (3, 10))] == [
        ("ExceptionGroup", (3, 11))
    ]
    assert not list(missing_builtins(module, (3, 11)))
    assert not list(missing_builtins(parse("class ExceptionGroup: pass\nExceptionGroup()\n"), (3, 10)))
