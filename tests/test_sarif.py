"""SARIF: valid against the OASIS schema, readable by others, and saying all that findings say.

tests/data/sarif-schema-2.1.0.json is the OASIS schema, as the npm package @datadog/datadog-ci-plugin-sarif
5.25.0 carries it. Microsoft's SARIF Multitool, which holds GitHub's rules too, runs in tests/ecosystem.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema
import pytest
from sarif import loader

from lambdalint import cli
from lambdalint.finding import Finding, Label, Role, Severity
from lambdalint.registry import load_registry
from lambdalint.report import Report
from lambdalint.reporters import render
from lambdalint.source import SourceFile, Span
from tests.unit.surface.samples import APP, CONNECTION, report

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


def validate(log: object) -> None:
    jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(log)


@pytest.fixture(scope="module")
def log() -> Any:
    return json.loads(render(report(), "sarif"))


@pytest.fixture(scope="module")
def run(log: Any) -> Any:
    (run,) = log["runs"]
    return run


def results(run: Any, rule: str) -> list[Any]:
    return [result for result in run["results"] if result["ruleId"] == rule]


def test_is_valid(log: Any) -> None:
    validate(log)
    assert log["version"] == "2.1.0"


def test_of_an_empty_report_is_valid() -> None:
    validate(json.loads(render(Report(Path(".")), "sarif")))


def test_of_every_rule_is_valid() -> None:
    rules = load_registry().rules
    log = json.loads(render(Report(Path("."), rules=rules), "sarif"))
    validate(log)
    for rule in log["runs"][0]["tool"]["driver"]["rules"]:
        assert rule["helpUri"].startswith("https://")
        assert rule["help"]["markdown"].strip() == rules[rule["id"]].doc.strip()
        for text in (rule["shortDescription"]["text"], rule["fullDescription"]["text"]):
            assert text.endswith(".")
            assert "\n" not in text


def test_describes_the_rules(run: Any) -> None:
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert "rule-crash" not in rules
    rule = rules["wildcard-permission"]
    assert rule["name"] == "WildcardPermission"
    assert rule["defaultConfiguration"] == {"level": "error", "enabled": True}
    assert rule["properties"] == {
        "precision": "high",
        "problem.severity": "error",
        "tags": ["security", "aws-lambda", "init"],
        "security-severity": "7.5",
    }
    assert rule["fullDescription"]["text"] == "Because it does."
    assert rule["helpUri"] == "https://docs.aws.amazon.com/lambda/latest/dg/welcome.html"
    assert rule["help"]["text"].splitlines()[2] == "Why"
    assert rules["unused-import"]["properties"]["problem.severity"] == "recommendation"
    assert "security" not in rules["unused-import"]["properties"]["tags"]


def test_results_refer_to_rules_and_files_by_index(run: Any) -> None:
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [artifact["location"]["uri"] for artifact in run["artifacts"]] == [
        "src/my%20app/app.py",
        "template.yaml",
    ]
    assert [artifact["sourceLanguage"] for artifact in run["artifacts"]] == ["python", "yaml"]
    (result,) = results(run, "unguarded-connection")
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "src/my%20app/app.py", "uriBaseId": "%SRCROOT%", "index": 0}
    assert "%SRCROOT%" in run["originalUriBaseIds"]
    assert run["columnKind"] == "unicodeCodePoints"


def test_a_result_says_what_where_and_for_which_function(run: Any) -> None:
    (result,) = results(run, "unguarded-connection")
    assert result["level"] == "warning"
    assert result["message"]["text"] == (
        "`db` is opened at init and nothing re-establishes it.\n"
        "Call `db.ping(reconnect=True)` in the handler.\n"
        "See [used \\[here\\](now) on every invocation](1); [deployed by this function](2)."
    )
    assert result["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 4,
        "startColumn": 6,
        "endLine": 4,
        "endColumn": 31,
        "snippet": {"text": 'pymysql.connect(host="h")'},
    }
    assert result["locations"][0]["logicalLocations"] == [
        {"name": "Orders", "fullyQualifiedName": "template.yaml#Orders", "kind": "resource"}
    ]
    assert result["partialFingerprints"] == {"lambdalint/v1": report().fingerprint(CONNECTION)}


def test_related_places_are_those_that_the_message_links(run: Any) -> None:
    (result,) = results(run, "unguarded-connection")
    linked = {int(number) for number in re.findall(r"\]\((\d+)\)", result["message"]["text"])}
    assert linked == {related["id"] for related in result["relatedLocations"]} == {1, 2}
    assert result["relatedLocations"][0]["message"]["text"] == "used \\[here](now) on every invocation."


def test_fixes_hold_all_edits_by_file(run: Any) -> None:
    (result,) = results(run, "wildcard-permission")
    (fix,) = result["fixes"]
    assert fix["description"]["text"] == "Grant what the code needs."
    assert [change["artifactLocation"]["uri"] for change in fix["artifactChanges"]] == [
        "template.yaml",
        "src/my%20app/app.py",
    ]
    assert fix["artifactChanges"][1]["replacements"] == [
        {
            "deletedRegion": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
            "insertedContent": {"text": "# é\n"},
        }
    ]


def test_silenced_findings_are_there_as_suppressed(run: Any) -> None:
    suppressed = [result["suppressions"] for result in run["results"] if "suppressions" in result]
    assert suppressed == [
        [{"kind": "inSource", "justification": "the driver registers"}],
        [{"kind": "external", "justification": "src/**"}],
    ]


def test_crashes_are_notifications() -> None:
    (run,) = json.loads(render(report(), "sarif"))["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["level"] == "error"
    assert notification["message"]["text"].startswith("`broken-rule` raised KeyError: 'x'. Report it")
    assert [item["id"] for item in run["tool"]["driver"]["notifications"]] == ["rule-crash"]
    (run,) = json.loads(render(report(crashes=()), "sarif"))["runs"]
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_columns_count_characters_and_uris_are_escaped() -> None:
    source = SourceFile(PurePosixPath("a b/ü:%.py"), "𝒳 = bad  # 𝒳\n")
    labels = (Label(source, Span(4, 7), ""), Label(source, Span(0, 1), "", Role.RELATED))
    log = json.loads(render(Report(Path("."), (Finding("r", Severity.INFO, "m!", labels),)), "sarif"))
    validate(log)
    (result,) = log["runs"][0]["results"]
    assert result["level"] == "note"
    assert result["message"]["text"] == "m!"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/%C3%BC%3A%25.py"
    assert (place["region"]["startColumn"], place["region"]["endColumn"]) == (5, 8)
    assert place["region"]["snippet"]["text"] == "bad"


def test_is_read_back_by_sarif_tools(tmp_path: Path) -> None:
    path = tmp_path / "report.sarif"
    path.write_text(render(report(), "sarif"), encoding="utf-8")
    read: Any = loader.load_sarif_file(str(path))
    assert read.get_distinct_tool_names() == ["lambdalint"]
    records = read.get_records()
    assert {(record["Severity"], record["Line"]) for record in records} >= {("warning", 4), ("error", 8)}
    assert {record["Location"].replace("%20", " ") for record in records} == {str(APP.path), "template.yaml"}


def test_the_command_writes_what_can_be_uploaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app.py").write_text("def handler(event, context)\n")
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {CodeUri: ., Handler: app.handler, Runtime: python3.13}\n"
    )
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "out.sarif"
    assert (
        cli.run(
            ["check", "--ignore", "environment", "--output-format", "sarif", "--output-file", str(target)]
        )
        == 1
    )
    assert capsys.readouterr().out == ""
    text = target.read_text(encoding="utf-8")
    validate(json.loads(text))
    assert [result["ruleId"] for result in json.loads(text)["runs"][0]["results"]] == ["syntax-error"]
    assert str(tmp_path) not in text
