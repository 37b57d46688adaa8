from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from lambdalint import work
from lambdalint.config import Configuration, Overrides
from lambdalint.config_file import ConfigError
from lambdalint.discovery import discover
from lambdalint.engine import Options, check
from lambdalint.registry import load_registry
from lambdalint.report import Report
from lambdalint.source import overlay
from lambdalint.testing import lint

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  {name}:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: {code}, Handler: app.handler, Runtime: python3.13}}
"""
BROKEN = "def handler(event, context)\n"
HANDLER = "def handler(event, context):\n    return event\n"


def put(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def run(root: Path, *given: str, options: Options | None = None) -> Report:
    registry = load_registry()
    overrides = Overrides(select=("syntax-error", "unused-ignore"))
    configuration = Configuration(root, registry, overrides=overrides)
    files = discover(root, [root / path for path in given], None, configuration.exclude_of)
    return check(files, configuration, registry, options or Options(jobs=1))


def paths(report: Report) -> list[str]:
    return [str(finding.path) for finding in report.findings]


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    """Three applications with a broken module each, one of them with its code elsewhere; and a loose one."""
    put(
        tmp_path,
        {
            ".git/HEAD": "",
            "orders/template.yaml": TEMPLATE.format(name="Orders", code="src/"),
            "orders/src/app.py": BROKEN,
            "returns/template.yaml": TEMPLATE.format(name="Returns", code="src/"),
            "returns/src/app.py": BROKEN,
            "infra/template.yaml": TEMPLATE.format(name="Elsewhere", code="../elsewhere/"),
            "elsewhere/app.py": BROKEN,
            "loose/app.py": BROKEN,
        },
    )
    return tmp_path.resolve()


def test_everything_is_checked(monorepo: Path) -> None:
    report = run(monorepo)
    assert paths(report) == ["elsewhere/app.py", "loose/app.py", "orders/src/app.py", "returns/src/app.py"]
    assert [link.logical_id for link in report.links] == ["Elsewhere", "Orders", "Returns"]
    assert report.stats.applications == 4
    assert report.stats.unknown == {"function: handler file cannot be parsed": 3}


@pytest.mark.parametrize(
    ("given", "found", "functions"),
    [
        ("orders/src/app.py", ["orders/src/app.py"], ["Orders"]),
        ("orders/src", ["orders/src/app.py"], ["Orders"]),
        ("orders", ["orders/src/app.py"], ["Orders"]),
        ("orders/template.yaml", [], ["Orders"]),
        ("elsewhere/app.py", ["elsewhere/app.py"], ["Elsewhere"]),
        ("loose/app.py", ["loose/app.py"], []),
    ],
)
def test_a_given_path_is_checked_with_the_applications_that_own_it(
    monorepo: Path, given: str, found: list[str], functions: list[str]
) -> None:
    report = run(monorepo, given)
    assert paths(report) == found
    assert [link.logical_id for link in report.links] == functions
    assert report.stats.applications == 1


def test_the_whole_application_of_a_given_path(monorepo: Path) -> None:
    useless = HANDLER + "    # lambdalint: ignore[syntax-error] nothing\n"
    put(monorepo, {"orders/src/app.py": "import shared\n" + HANDLER, "orders/src/shared.py": useless})
    assert paths(run(monorepo, "orders/src/app.py")) == []
    whole = Options(jobs=1, whole_application=True)
    assert paths(run(monorepo, "orders/src/app.py", options=whole)) == ["orders/src/shared.py"]


def test_ignores_in_files_that_do_not_parse(monorepo: Path) -> None:
    put(
        monorepo,
        {"orders/src/app.py": "# lambdalint: file-ignore[syntax-error, unused-ignore] old\n" + BROKEN},
    )
    report = run(monorepo, "orders/src/app.py")
    assert [(s.finding.rule, s.reason) for s in report.suppressed] == [("syntax-error", "old")]
    assert [finding.rule for finding in report.findings] == ["unused-ignore"]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_see_what_the_parent_sees(
    monorepo: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(work, "START_METHOD", method)
    mended = {str(monorepo / "orders/src/app.py"): HANDLER.encode()}
    with overlay(mended):
        alone, shared = run(monorepo), run(monorepo, options=Options(jobs=2))
    assert paths(alone) == ["elsewhere/app.py", "loose/app.py", "returns/src/app.py"]
    for part in ("findings", "suppressed", "crashes", "links"):
        assert getattr(alone, part) == getattr(shared, part)


@pytest.mark.parametrize("jobs", [1, 2])
def test_errors_of_the_user_come_through(monorepo: Path, jobs: int) -> None:
    put(monorepo, {"orders/lambdalint.toml": "selct = []\n"})
    with pytest.raises(ConfigError, match="selct"):
        run(monorepo, options=Options(jobs=jobs))


SCHEDULED = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: app.handler
      Runtime: python3.13
      Events:
        Timer: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
"""


def test_invocations_can_be_left_out_of_links(tmp_path: Path) -> None:
    put(tmp_path, {"template.yaml": SCHEDULED, "app.py": HANDLER})
    (link,) = run(tmp_path.resolve()).links
    assert (link.handler, link.modes) == ("app.py:handler", ("async",))
    assert "Timer" in link.triggers[0]
    (bare,) = run(tmp_path.resolve(), options=Options(invocations=False)).links
    assert (bare.handler, bare.modes, bare.triggers) == ("app.py:handler", (), ())


def test_a_template_that_vanishes_is_reported(monorepo: Path) -> None:
    registry = load_registry()
    configuration = Configuration(monorepo, registry, overrides=Overrides(select=("engine",)))
    files = discover(monorepo, (), None, configuration.exclude_of)
    (monorepo / "orders/template.yaml").unlink()
    report = check(files, configuration, registry, Options(jobs=1))
    (found,) = [finding for finding in report.findings if finding.rule == "template-error"]
    assert str(found.path) == "orders/template.yaml"
    assert found.message.startswith("the file cannot be read")


def test_lint_of_the_harness_sees_the_configuration(monorepo: Path) -> None:
    put(monorepo, {"lambdalint.toml": '[per-path-ignores]\n"orders/" = ["syntax-error"]\n'})
    report = lint(monorepo, ["syntax-error"])
    assert "orders/src/app.py" not in paths(report)
    assert [(str(s.finding.path), s.kind) for s in report.suppressed] == [("orders/src/app.py", "per-path")]


def test_units_of_loose_modules_are_by_folder(monorepo: Path) -> None:
    desk_files = discover(monorepo, [monorepo / "loose"], None, lambda folder: ())
    registry = load_registry()
    desk = work.Desk(desk_files, Configuration(monorepo, registry), registry, Options())
    tasks = desk.loose_tasks([PurePosixPath("orders/src"), PurePosixPath("returns/src")])
    assert [task.loose for task in tasks] == [((PurePosixPath("loose"), (PurePosixPath("loose/app.py"),)),)]
