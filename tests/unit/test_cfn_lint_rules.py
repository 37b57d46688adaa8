"""The rules inside of cfn-lint, by its real command."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from lambdalint.cfn_lint_rules import rule_id
from lambdalint.data.tables import load
from lambdalint.registry import load_registry

_rules = importlib.import_module("lambdalint.rules").__path__

ROOT = Path(_rules[0]).resolve().parent
REGISTRY = load_registry()

SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Report:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Environment:
        Variables:
          DB_PASSWORD: Tr0ub4dor&3
      Events:
        Nightly:
          Type: Schedule
          Properties:
            Schedule: rate(1 day)
"""
PLAIN = """\
Resources:
  Report:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::123456789012:role/report
      Code:
        ZipFile: |
          def handler(event, context):
              return None
      Environment:
        Variables:
          DB_PASSWORD: Tr0ub4dor&3
"""
CODE = "import pytest\n\n\ndef handler(event, context):\n    return None\n"


def _lint(folder: Path, template: str, *options: str) -> list[str]:
    """`line:column id` of what cfn-lint says, but for its own rules."""
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "app.py").write_text(CODE, encoding="utf-8")
    (folder / "template.yaml").write_text(template, encoding="utf-8")
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    command = [str(cfn_lint), "--append-rules", "lambdalint.cfn_lint_rules"]
    done = subprocess.run(
        [*command, "--format", "parseable", *options, "--template", "template.yaml"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    parts = [line.split(":", 6) for line in done.stdout.splitlines() if line.startswith("template.yaml:")]
    return [f"{part[1]}:{part[2]} {part[5]}" for part in parts if part[5][1:2] == "L" or part[5] == "E0002"]


def _id(name: str) -> str:
    return rule_id(REGISTRY.rules[name])


def test_every_rule_that_may_point_at_templates_has_a_number() -> None:
    lacking = [
        meta.name
        for meta in REGISTRY.rules.values()
        if meta.reads != "code" and meta.theme != "engine" and not rule_id(meta)
    ]
    assert not lacking, "give them the next free numbers of their themes in data/cfn_lint_ids.toml"


def test_numbers_are_unique_and_of_their_theme() -> None:
    themes = load("cfn_lint_ids.toml")
    numbers = [number for theme in themes.values() for number in theme.values()]
    assert len(numbers) == len(set(numbers))
    assert all(len({number // 1000 for number in theme.values()}) == 1 for theme in themes.values())


def test_sam(tmp_path: Path) -> None:
    # What points at code (the import of pytest) is left out.
    assert _lint(tmp_path, SAM) == [
        f"3:3 {_id('missing-failure-destination')}",
        f"11:24 {_id('secret-in-env')}",
    ]


def test_plain_cloudformation(tmp_path: Path) -> None:
    assert _lint(tmp_path, PLAIN) == [f"14:24 {_id('secret-in-env')}"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Tr0ub4dor&3", "Tr0ub4dor&3  # lambdalint: ignore[secret-in-env] not used"),
        (
            "    Type: AWS::Lambda::Function\n",
            "    Type: AWS::Lambda::Function\n    Metadata:\n      cfn-lint:\n        config:\n"
            f"          ignore_checks: [{_id('secret-in-env')}]\n",
        ),
        (
            "    Type: AWS::Lambda::Function\n",
            "    Type: AWS::Lambda::Function\n    Metadata:\n      lambdalint: {ignore: [secret-in-env]}\n",
        ),
    ],
    ids=["comment", "cfn-lint's metadata", "our metadata"],
)
def test_ignores(tmp_path: Path, old: str, new: str) -> None:
    assert _lint(tmp_path, PLAIN.replace(old, new)) == []


def test_cfn_lint_chooses(tmp_path: Path) -> None:
    assert _lint(tmp_path, PLAIN, "--ignore-checks", "EL6") == []
    (tmp_path / "lambdalint.toml").write_text('ignore = ["secret-in-env"]\n', encoding="utf-8")
    assert _lint(tmp_path, PLAIN) == []


def test_findings_about_no_function(tmp_path: Path) -> None:
    api = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Api: {Type: 'AWS::Serverless::Api'}\n"
    properties = api.replace("Api'}", "Api', Properties: {StageName: live}}")
    assert _lint(tmp_path, properties, "--include-checks", "I") == [f"3:3 {_id('no-tracing')}"]
    assert _lint(tmp_path, properties) == []


def test_opt_in_rules_are_experimental(tmp_path: Path) -> None:
    informed = _lint(tmp_path, SAM, "--include-checks", "I")
    assert f"3:3 {_id('default-memory')}" in informed
    assert f"3:3 {_id('x86-only')}" not in informed
    assert f"3:3 {_id('x86-only')}" in _lint(tmp_path, SAM, "--include-checks", "I", "--include-experimental")


def test_nothing_of_lambdalint_imports_it() -> None:
    package = ROOT / "lambdalint"
    others = [path for path in package.rglob("*.py") if path.name != "cfn_lint_rules.py"]
    assert not [path for path in others if "cfn_lint_rules" in path.read_text(encoding="utf-8")]
