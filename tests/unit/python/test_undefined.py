"""Names that nothing binds, and how the answer agrees with ruff's F821."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from lambdalint.python.undefined import undefined_names
from tests.unit.python.helpers import parse

AGREED = {
    "a plain read": "def f():\n    return missing\n",
    "a call": "def f():\n    missing()\n",
    "an attribute": "def f():\n    missing.x\n",
    "builtins": "print(len, __name__, __file__, __doc__, ExceptionGroup, aiter)\n",
    "a local of another function": "def f():\n    x = 1\ndef g():\n    return x\n",
    "a class attribute in a method": "class A:\n    x = 1\n    def f(self):\n        return x\n",
    "a class attribute in its body": "class A:\n    x = 1\n    y = x\n",
    "a class attribute in a comprehension": "class A:\n    x = 1\n    y = [x for _ in range(3)]\n",
    "a class attribute as first iterable": "class A:\n    x = []\n    y = [i for i in x]\n",
    "what Python supplies": "class A:\n    n = __qualname__\n    def f(self):\n        return __class__\n",
    "the same outside": "def f():\n    return __class__, __qualname__\n",
    "a comprehension's variable": "def f(xs):\n    [x for x in xs]\n    return x\n",
    "a walrus in a comprehension": "def f(xs):\n    any((y := x) for x in xs)\n    return y\n",
    "global": "def f():\n    global state\n    state = 1\ndef g():\n    return state\n",
    "global without a binding": "def f():\n    global state\n    return state\n",
    "nonlocal": "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return g\n",
    "an imported name": "import os.path\ndef f():\n    return os, path\n",
    "a conditional import": "if True:\n    import json\nprint(json)\n",
    "an import that may fail": "try:\n    import a\nexcept ImportError:\n    a = None\nprint(a)\n",
    "a read above its assignment": "print(x)\nx = 1\n",
    "a read above in a function": "def f():\n    print(x)\n    x = 1\n",
    "a function that is defined below": "def f():\n    return g()\ndef g(): ...\n",
    "a function that is called too early": "f()\ndef f(): ...\n",
    "itself": "x = x + 1\n",
    "added to itself": "x += 1\n",
    "an exception's name afterwards": (
        "def f():\n    try:\n        pass\n    except ValueError as e:\n        print(e)\n    print(e)\n"
    ),
    "an exception's name that is bound before": (
        "def f():\n    e = 1\n    try:\n        f()\n    except OSError as e:\n        f()\n    print(e)\n"
    ),
    "after del": "x = 1\ndel x\nprint(x)\n",
    "bound again after del": "x = 1\ndel x\nx = 2\nprint(x)\n",
    "del in a branch": "x = 1\nif x:\n    del x\nprint(x)\n",
    "del of nothing": "def f():\n    del missing\n",
    "a decorator": "@missing\ndef f(): ...\n",
    "a default": "def f(x=missing): ...\n",
    "a base class": "class A(Missing): ...\n",
    "an annotation": "def f(x: Missing) -> Other: ...\n",
    "an f-string": "def f():\n    return f'{missing} {1:{width}}'\n",
    "match": "def f(x):\n    match x:\n        case {'a': y, **rest}:\n            return y, rest, z\n",
    "except with NameError": "try:\n    unicode\nexcept NameError:\n    pass\n",
    "old builtins": "def f(x):\n    return unicode(x), xrange(3), basestring\n",
    "noqa": "def f():\n    return missing  # noqa: F821\n",
    "noqa of all": "def f():\n    return missing  # noqa\n",
    "noqa of another": "def f():\n    return missing  # noqa: E501\n",
    "noqa of the file": "# ruff: noqa: F821\ndef f():\n    return missing\n",
    "a lambda's parameter": "f = lambda x: x + y\n",
    "star import": "from os import *\ndef f():\n    return missing\n",
    "with": "def f():\n    with open('x') as g:\n        return g, h\n",
    "type parameters": "def f[T](x: T) -> T:\n    return T\ndef g():\n    return T\n",
}
RUFFS_ONLY = {
    "an annotation in quotation marks": "def f(x: 'Missing'): ...\n",
    "annotations that are not evaluated": "from __future__ import annotations\ndef f(x: Missing): ...\n",
    "an annotation of a local variable": "def f():\n    x: Missing = 1\n    return x\n",
    "exec": "def f(text):\n    exec(text)\n    return missing\n",
    "a name that globals() may bind": "globals()['client'] = 1\ndef f():\n    return client\n",
    "a name that is tested for": "def f():\n    if 'cache' in globals():\n        return cache\n",
    "a name put into builtins": "import builtins\nbuiltins.log = 1\ndef f():\n    return log\n",
    "a branch for Python 2": "import sys\nif sys.version_info[0] == 2:\n    text = unicode\n",
    "gettext": "import gettext\ngettext.install('x')\ndef f():\n    return _('a')\n",
    "pylint": "def f():\n    return missing  # pylint: disable=undefined-variable\n",
    "mypy": "def f():\n    return missing  # type: ignore[name-defined]\n",
    "bound by the loop before": (
        "def f(xs):\n    for i in xs:\n        if i:\n            print(last)\n        last = i\n"
    ),
}


def found(text: str) -> set[tuple[int, str]]:
    parsed = parse(text)
    return {(parsed.line_of(name), name.value) for name in undefined_names(parsed)}


def ruff(texts: dict[str, str], folder: Path) -> dict[str, set[tuple[int, str]]]:
    """What ruff says, by the names of the texts."""
    names = {}
    for at, (name, text) in enumerate(texts.items()):
        path = folder / f"case_{at}.py"
        path.write_text(text)
        names[path.name] = name
    program = str(Path(sys.executable).with_name("ruff"))
    command = [program, "check", "--isolated", "--no-cache", "--select=F821", "--target-version=py313"]
    done = subprocess.run(
        [*command, "--output-format=json", str(folder)], capture_output=True, text=True, check=False
    )
    said: dict[str, set[tuple[int, str]]] = {name: set() for name in texts}
    for each in json.loads(done.stdout):
        name = names[Path(each["filename"]).name]
        said[name].add((each["location"]["row"], each["message"].split("`")[1]))
    return said


def test_agrees_with_ruff(tmp_path: Path) -> None:
    said = ruff(AGREED, tmp_path)
    assert {name: found(text) for name, text in AGREED.items()} == said


def test_leaves_alone_what_does_not_break(tmp_path: Path) -> None:
    said = ruff(RUFFS_ONLY, tmp_path)
    assert all(said.values()), said
    assert {name: found(text) for name, text in RUFFS_ONLY.items()} == {name: set() for name in RUFFS_ONLY}


@pytest.mark.parametrize("lazy", [False, True])
def test_annotations_of_newer_pythons(lazy: bool) -> None:
    parsed = parse(dedent("def f(x: Missing): ..."))
    assert bool(list(undefined_names(parsed, lazy))) is not lazy
