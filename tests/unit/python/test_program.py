"""Definitions followed across modules."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.program import Definition

from .helpers import Project, name


def last_read(project: Project, text: str, module: str = "app") -> cst.Name:
    return [node for node in project[module].nodes(cst.Name) if node.value == text][-1]


def described(definition: Definition | None) -> str | None:
    if definition is None:
        return None
    node = definition.node
    label = node.name.value if isinstance(node, cst.FunctionDef | cst.ClassDef) else type(node).__name__
    return f"{definition.module.source.path}:{label}"


@pytest.mark.parametrize(
    ("qualified", "module", "absolute"),
    [
        ("boto3.client", "app", "boto3.client"),
        (".x", "pkg", "pkg.x"),
        (".", "pkg", "pkg"),
        (".x", "pkg.mod", "pkg.x"),
        ("..x", "pkg.sub.mod", "pkg.x"),
        ("..x.y", "pkg.sub", "pkg.x.y"),
        (".x", "app", "x"),
        ("....x", "pkg.mod", "x"),
    ],
)
def test_absolute_names(qualified: str, module: str, absolute: str) -> None:
    project = Project(
        {
            "app.py": "",
            "pkg/__init__.py": "",
            "pkg/mod.py": "",
            "pkg/sub/__init__.py": "",
            "pkg/sub/mod.py": "",
        }
    )
    assert project.program.absolute(project[module], qualified) == absolute


FILES = {
    "lib/__init__.py": "from .core import run as go\nfrom . import core, values\nfrom .stars import *\n",
    "lib/core.py": "def run(): pass\nclass Base:\n    def act(self): pass\n"
    "class Thing(Base): pass\nalias = run\n",
    "lib/values.py": "client = make()\nSIZE: int = 1\n",
    "lib/stars.py": "from lib.core import Thing\ndef shining(): pass\ndef _hidden(): pass\n",
    "namespace/inner.py": "def deep(): pass\n",
    "loop/__init__.py": "from loop.one import x\n",
    "loop/one.py": "from loop.two import x\n",
    "loop/two.py": "from loop.one import x\n",
}


@pytest.mark.parametrize(
    ("imports", "expr", "found"),
    [
        ("import lib.core", "lib.core.run", "lib/core.py:run"),
        ("from lib import core", "core.run", "lib/core.py:run"),
        ("from lib.core import run as r", "r", "lib/core.py:run"),
        ("from lib import go", "go", "lib/core.py:run"),
        ("import lib as l", "l.go", "lib/core.py:run"),
        ("from lib.core import alias", "alias", "lib/core.py:run"),
        ("from lib.core import run\nmine = run", "mine", "lib/core.py:run"),
        ("from lib.core import Thing", "Thing", "lib/core.py:Thing"),
        ("from lib.core import Thing", "Thing.act", "lib/core.py:act"),
        ("from lib import shining", "shining", "lib/stars.py:shining"),
        ("from lib import *", "shining", "lib/stars.py:shining"),
        ("from lib import *", "Thing", "lib/core.py:Thing"),
        ("from lib.stars import *", "_hidden", None),
        ("from lib.values import client", "client", "lib/values.py:Assign"),
        ("from lib.values import client", "client.get", None),
        ("from lib.values import SIZE", "SIZE", "lib/values.py:AnnAssign"),
        ("import lib", "lib.values", "lib/values.py:Module"),
        ("import lib.values", "lib", "lib/__init__.py:Module"),
        ("import namespace.inner", "namespace.inner.deep", "namespace/inner.py:deep"),
        ("from namespace import inner", "inner.deep", "namespace/inner.py:deep"),
        ("from loop import x", "x", None),
        ("import boto3", "boto3.client", None),
        ("from lib import nothing", "nothing", None),
        ("try:\n    from lib.core import run\nexcept ImportError:\n    run = None", "run", "lib/core.py:run"),
        ("def f(): pass", "f", "app.py:f"),
        ("", "missing", None),
        ("x = x", "x", "app.py:Assign"),
    ],
)
def test_definitions(imports: str, expr: str, found: str | None) -> None:
    project = Project({"app.py": f"{imports}\n_({expr})\n", **FILES})
    call = next(node for node in project["app"].nodes(cst.Call) if getattr(node.func, "value", "") == "_")
    assert described(project.program.definition(project["app"], call.args[0].value)) == found


def test_a_class_has_its_bases_attributes_across_modules_and_cycles_end() -> None:
    project = Project(
        {
            "app.py": "from lib import Base\nclass A(Base):\n    own = 1\nclass B(B): pass\n",
            "lib.py": "class Root:\n    def act(self): pass\nclass Base(Root): pass\n",
        }
    )
    first, second = project["app"].nodes(cst.ClassDef)
    program = project.program
    assert described(program.class_attribute(project["app"], first, "act")) == "lib.py:act"
    assert described(program.class_attribute(project["app"], first, "own")) == "app.py:Assign"
    assert program.class_attribute(project["app"], first, "none") is None
    assert [cls.name.value for _, cls in program.classes(project["app"], first)] == ["A", "Base", "Root"]
    assert [cls.name.value for _, cls in program.classes(project["app"], second)] == ["B"]


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("import lib", True),
        ("import lib.core", True),
        ("import lib.missing", True),
        ("from lib.core import run", True),
        ("from . import x", True),
        ("from namespace.inner import deep", True),
        ("import boto3", False),
        ("from namespace_other import x", False),
        ("from libs import x", False),
    ],
)
def test_own_modules(text: str, local: bool) -> None:
    project = Project({"app.py": text, **FILES})
    (binding,) = project["app"].names.imports
    assert project.program.is_local(project["app"], binding) is local


def test_importing_a_module_runs_its_packages_first() -> None:
    project = Project({"app.py": "from lib.core import run\n", **FILES})
    (binding,) = project["app"].names.imports
    found = [
        each.source.path.as_posix() for each in project.program.imported_modules(project["app"], binding)
    ]
    assert found == ["lib/__init__.py", "lib/core.py"]


def test_a_package_wins_over_a_submodule_of_that_name_only_where_it_binds_it() -> None:
    project = Project(
        {
            "app.py": "from pkg import thing, other\nthing\nother\n",
            "pkg/__init__.py": "def thing(): pass\n",
            "pkg/thing.py": "",
            "pkg/other.py": "",
        }
    )
    assert described(project.program.definition(project["app"], name(project["app"], "thing"))) == (
        "pkg/__init__.py:thing"
    )
    assert described(project.program.definition(project["app"], name(project["app"], "other"))) == (
        "pkg/other.py:Module"
    )
