from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

import jsonschema
import pytest

import lambdalint.data
from lambdalint.finding import Finding, Label, Role, Severity
from lambdalint.report import Report, Stats
from lambdalint.reporters import FORMATS, Options, render
from lambdalint.reporters.terminal import expand, printable, table, width
from lambdalint.source import SourceFile, Span
from tests.unit.surface.samples import APP, CONNECTION, CRASH, ORDERS, place, report

TEXT = """\
info[unused-import]: `json` is imported and never used.
 --> src/my app/app.py:1:1
  |
1 | import json
  | ^^^^^^^^^^^
  |
  = help: remove the import
  = fix: Remove the import (--fix)

warning[unguarded-connection]: `db` is opened at init and nothing re-establishes it
 --> src/my app/app.py:4:6
  |
4 | db = pymysql.connect(host="h")  # 数据库
  |      ^^^^^^^^^^^^^^^^^^^^^^^^^ opened when the environment starts
  …
8 |     db.cursor().execute("SELECT 1")
  |     ----------- used [here](now) on every invocation
  |
 ::: template.yaml:2:3
  |
2 |   Orders:
  |   ------ deployed by this function
  |
  = help: call `db.ping(reconnect=True)` in the handler

error[wildcard-permission]: `dynamodb:*` allows
  every action
 --> template.yaml:8:23
  |
8 |             - Action: dynamodb:*
  |                       ^^^^^^^^^^ allows 64 actions
  |
  = help: grant this instead:
          - DynamoDBReadPolicy:
              TableName: !Ref Table
  = fix: Grant what the code needs (--fix --unsafe-fixes)

1 error, 1 warning and 1 info in 2 files of 1 application.
1 can be fixed with `--fix`; 1 more can be fixed with `--fix --unsafe-fixes`.
2 findings silenced by ignores (--show-suppressed lists them).
1 of 2 functions linked to their code; `lambdalint links` says why not the others.
"""


class TestText:
    def test_shows_lines_labels_help_and_summary(self) -> None:
        assert render(report(crashes=()), "text") == TEXT

    def test_quiet_has_no_summary(self) -> None:
        text = render(report(crashes=()), "text", Options(quiet=True))
        assert text == TEXT[: TEXT.index("\n1 error,")]

    def test_color_changes_nothing_but_the_color(self) -> None:
        import re

        text = render(report(crashes=()), "text", Options(color=True))
        assert "\x1b[31;1merror[wildcard-permission]\x1b[0m" in text
        assert re.sub(r"\x1b\[[0-9;]*m", "", text) == TEXT

    def test_statistics_and_suppressed(self) -> None:
        text = render(report(), "text", Options(statistics=True, show_suppressed=True))
        assert (
            "src/my app/app.py:2:1: info unused-import `pymysql` is imported and never used (inSource: the"
            in text
        )
        assert "(per-path: src/**)" in text
        assert "1         2         0.010    unused-import" in text
        assert "3        parameter without default" in text
        assert "--show-suppressed" not in text

    def test_crashes_say_what_is_missing(self) -> None:
        text = render(report(), "text")
        assert "error[rule-crash]: `broken-rule` raised KeyError: 'x'\n  --> src/my app/app.py" in text
        assert "1 crash: what those rules would say there is missing." in text

    def test_counts_what_unsafe_fixes_would_fix(self) -> None:
        text = render(report(), "text", Options(unsafe_fixes=True))
        assert "2 can be fixed with `--fix --unsafe-fixes`." in text

    def test_no_findings(self) -> None:
        assert (
            render(Report(Path("."), stats=Stats(3, 2)), "text")
            == "No findings in 3 files of 2 applications.\n"
        )

    def test_long_lines_are_cut_around_the_span(self) -> None:
        source = SourceFile(PurePosixPath("a.py"), "x = [" + "1, " * 200 + "bad()" + ", 2" * 200 + "]\n")
        finding = Finding("r", Severity.ERROR, "m", (Label(source, place(source, "bad()"), "here"),))
        lines = render(Report(Path("."), (finding,)), "text", Options(width=80)).splitlines()
        shown, marks = lines[3], lines[4]
        assert max(width(line) for line in lines) <= 80
        assert shown.startswith("1 | …")
        assert shown.endswith("…")
        assert shown[marks.index("^") : marks.rindex("^") + 1] == "bad()"

    @pytest.mark.parametrize("text", ["\tif x: y()\n", "数 = 据(y())\n", "é\u0301 = y()\n", "a\tb = y()\n"])
    def test_underlines_the_span_whatever_stands_before(self, text: str) -> None:
        source = SourceFile(PurePosixPath("a.py"), text)
        finding = Finding("r", Severity.ERROR, "m", (Label(source, place(source, "y()"), ""),))
        lines = render(Report(Path("."), (finding,)), "text").splitlines()
        before = lines[3][: lines[3].index("y()")]
        assert lines[4] == "  | " + " " * (width(before) - 4) + "^^^"

    def test_marks_the_first_line_of_a_longer_span_and_an_empty_one(self) -> None:
        source = SourceFile(PurePosixPath("a.py"), "call(\n  1)\n\n")
        long = Finding("r", Severity.ERROR, "m", (Label(source, Span(0, 10), ""),))
        empty = Finding("r", Severity.ERROR, "m", (Label(source, Span(11, 11), ""),))
        lines = render(Report(Path("."), (long, empty)), "text").splitlines()
        assert "  | ^^^^^" in lines
        assert "  | ^" in lines

    def test_many_related_places_are_counted(self) -> None:
        source = SourceFile(PurePosixPath("a.py"), "x\n" * 20)
        labels = [
            Label(source, Span(2 * line, 2 * line + 1), f"l{line}", Role.RELATED) for line in range(1, 10)
        ]
        finding = Finding("r", Severity.ERROR, "m", (Label(source, Span(0, 1), ""), *labels))
        text = render(Report(Path("."), (finding,)), "text")
        assert "= note: and 3 more places" in text
        assert "l6" in text
        assert "l7" not in text

    def test_escape_sequences_do_not_reach_the_terminal(self) -> None:
        source = SourceFile(PurePosixPath("a\x1b[2J.py"), "x = '\x1b]0;owned\x07\u202e'\n")
        finding = Finding(
            "r", Severity.ERROR, "m\x1b[0m", (Label(source, Span(0, 1), "l\x1b"),), help="h\x1b"
        )
        for format in ("text", "concise"):
            text = render(Report(Path("."), (finding,)), format)
            assert "\x1b" not in text
            assert "\x07" not in text
            assert "\u202e" not in text


class TestConcise:
    def test_is_one_line_a_finding(self) -> None:
        assert render(report(), "concise") == (
            "src/my app/app.py:1:1: info unused-import `json` is imported and never used.\n"
            "src/my app/app.py:4:6: warning unguarded-connection `db` is opened at init and nothing "
            "re-establishes it\n"
            "template.yaml:8:23: error wildcard-permission `dynamodb:*` allows every action\n"
            "src/my app/app.py:1:1: error rule-crash `broken-rule` raised KeyError: 'x'\n"
        )

    def test_shows_suppressed_when_asked(self) -> None:
        lines = render(report(crashes=()), "concise", Options(show_suppressed=True)).splitlines()
        assert lines[3].endswith("`pymysql` is imported and never used (ignored: the driver registers)")


class TestGithub:
    def test_escapes_what_would_end_a_command(self) -> None:
        source = SourceFile(PurePosixPath("a,b:c%.py"), "x\ny\n")
        finding = Finding(
            "r", Severity.INFO, "100% of:\r\nx", (Label(source, Span(0, 3), ""),), help="do, it"
        )
        assert render(Report(Path("."), (finding,)), "github") == (
            "::notice file=a%2Cb%3Ac%25.py,line=1,endLine=2,title=lambdalint%3A r::"
            "100%25 of:%0D%0Ax%0Ado, it\n"
        )

    def test_one_command_a_finding_and_a_crash(self) -> None:
        lines = render(report(), "github").splitlines()
        assert [line.split(" ")[0] for line in lines] == ["::notice", "::warning", "::error", "::error"]
        assert lines[1].startswith(
            "::warning file=src/my app/app.py,line=4,endLine=4,col=6,endColumn=31,title=lambdalint%3A ungua"
        )
        assert "title=lambdalint%3A rule-crash::`broken-rule` raised KeyError" in lines[3]


class TestJson:
    def test_follows_its_schema(self) -> None:
        schema = json.loads(Path(lambdalint.data.__file__).with_name("report.schema.json").read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.Draft7Validator(schema).validate(json.loads(render(report(), "json")))

    def test_says_everything_of_a_finding(self) -> None:
        data = json.loads(render(report(), "json"))
        assert data["version"] == 1
        assert data["tool_version"] == lambdalint.__version__
        connection = data["findings"][1]
        fingerprint = report().fingerprint(CONNECTION)
        assert connection == {
            "rule": "unguarded-connection",
            "severity": "warning",
            "message": "`db` is opened at init and nothing re-establishes it",
            "help": "call `db.ping(reconnect=True)` in the handler",
            "path": "src/my app/app.py",
            "start": {"line": 4, "column": 6},
            "end": {"line": 4, "column": 31},
            "functions": [{"template": "template.yaml", "logical_id": "Orders"}],
            "constructs": [],
            "labels": [
                {
                    "path": "src/my app/app.py",
                    "start": {"line": 8, "column": 2},
                    "end": {"line": 8, "column": 13},
                    "message": "used [here](now) on every invocation",
                    "role": "related",
                },
                {
                    "path": "template.yaml",
                    "start": {"line": 2, "column": 3},
                    "end": {"line": 2, "column": 9},
                    "message": "deployed by this function",
                    "role": "related",
                },
                {
                    "path": "template.yaml",
                    "start": {"line": 1, "column": 1},
                    "end": {"line": 1, "column": 10},
                    "message": "",
                    "role": "hidden",
                },
            ],
            "fix": None,
            "fingerprint": fingerprint,
        }

    def test_says_the_rest(self) -> None:
        data = json.loads(render(report(), "json"))
        assert data["findings"][0]["fix"] == {
            "title": "Remove the import",
            "safety": "safe",
            "edits": [
                {
                    "path": "src/my app/app.py",
                    "start": {"line": 1, "column": 1},
                    "end": {"line": 2, "column": 1},
                    "replacement": "",
                }
            ],
        }
        assert [(item["kind"], item["reason"]) for item in data["suppressed"]] == [
            ("inSource", "the driver registers"),
            ("per-path", "src/**"),
        ]
        assert data["crashes"] == [{"rule": CRASH.rule, "path": CRASH.path, "error": CRASH.error}]
        assert data["functions"][1] == {
            "template": "template.yaml",
            "logical_id": "Other",
            "handler": None,
            "reason": "runtime",
            "modes": [],
        }
        assert data["stats"] == {
            "files": 2,
            "applications": 1,
            "seconds": 0.123,
            "unknown": {"parameter without default": 3},
        }


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_ends_with_a_newline_and_takes_an_empty_report(format: str) -> None:
    assert render(report(), format).endswith("\n")
    empty = render(Report(Path(".")), format)
    assert empty == "" or empty.endswith("\n")


@pytest.mark.parametrize("format", FORMATS)
def test_file_names_that_are_not_utf8_can_be_written(format: str) -> None:
    path = PurePosixPath(b"caf\xe9.py".decode("utf-8", "surrogateescape"))
    source = SourceFile(path, "x\n")
    finding = Finding(
        "r", Severity.ERROR, f"in {path}", (Label(source, Span(0, 1), ""),), functions=(ORDERS,)
    )
    text = render(Report(Path("."), (finding,)), format)
    text.encode("utf-8", "backslashreplace")
    if format in ("json", "sarif"):
        json.loads(text.encode("utf-8"))


class TestTerminal:
    def test_width_counts_columns(self) -> None:
        assert [width(text) for text in ("abc", "数据", "e\u0301", "")] == [3, 4, 1, 0]

    def test_printable_keeps_spaces_and_shows_controls(self) -> None:
        assert printable("a b\u3000c") == "a b\u3000c"
        assert printable("\x1b\x7f\x9b") == "␛␡\N{REPLACEMENT CHARACTER}"

    def test_expand_finds_the_offset(self) -> None:
        assert expand("\ta\tb", 3) == ("    a    b", 9)

    def test_table_aligns(self) -> None:
        assert table([("数", "x"), ("ab", "")], ("a", "b")) == "a   b\n数  x\nab\n"


def test_findings_compare_to_their_text() -> None:
    # The sample's own offsets: a guard against a sample that points elsewhere than it reads.
    assert APP.slice(CONNECTION.primary.span) == 'pymysql.connect(host="h")'
    assert replace(CONNECTION).path == APP.path


@pytest.mark.parametrize("format", ["text", "concise", "github", "json", "sarif"])
def test_every_format_names_the_construct(format: str) -> None:
    finding = replace(CONNECTION, constructs=("Shop/Orders", "Shop/Bills"))
    given = Report(Path(), findings=(finding,), rules=report().rules)
    text = render(given, format)
    assert "Shop/Orders" in text
    if format == "sarif":
        names = json.loads(text)["runs"][0]["results"][0]["locations"][0]["logicalLocations"]
        assert [each["fullyQualifiedName"] for each in names][1:] == ["Shop/Orders", "Shop/Bills"]
