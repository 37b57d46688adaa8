from __future__ import annotations

from pathlib import Path, PurePosixPath

from lambdalint.finding import Finding, FunctionId, Label, Severity
from lambdalint.report import Report, Suppressed
from lambdalint.source import SourceFile, Span


def finding(text: str, word: str, number: int = 0, rule: str = "a-rule", **more: str) -> Finding:
    start = -1
    for _ in range(number + 1):
        start = text.index(word, start + 1)
    file = SourceFile(PurePosixPath(more.get("path", "a.py")), text)
    function = FunctionId(PurePosixPath("template.yaml"), more.get("function", "One"))
    label = Label(file, Span(start, start + len(word)), "")
    return Finding(rule, Severity.ERROR, "m", (label,), functions=(function,))


def fingerprint(found: Finding) -> str:
    return Report(Path(), (found,)).fingerprint(found)


def test_a_fingerprint_survives_line_shifts_and_reflowing() -> None:
    before = fingerprint(finding("call(1, 2)\n", "call(1, 2)"))
    assert before == fingerprint(finding("# new\n\n    call(1, 2)\n", "call(1, 2)"))
    assert before == fingerprint(finding("call(1,\n\t 2)\n", "call(1,\n\t 2)"))
    assert len(before) == 64


def test_a_fingerprint_depends_on_rule_path_functions_and_text() -> None:
    found = {
        fingerprint(finding("call(1)\n", "call(1)")),
        fingerprint(finding("call(2)\n", "call(2)")),
        fingerprint(finding("call(1)\n", "call(1)", rule="b-rule")),
        fingerprint(finding("call(1)\n", "call(1)", path="b.py")),
        fingerprint(finding("call(1)\n", "call(1)", function="Two")),
    }
    assert len(found) == 5


def test_equal_findings_are_told_apart_by_their_order() -> None:
    text = "call()\nx\ncall()\n"
    first, second = finding(text, "call()"), finding(text, "call()", 1)
    report = Report(Path(), (first, second))
    assert report.fingerprint(first) == fingerprint(first)
    assert report.fingerprint(second) != report.fingerprint(first)
    reversed_report = Report(Path(), (second, first))
    assert reversed_report.fingerprint(second) == report.fingerprint(second)


def test_silencing_one_of_equal_findings_does_not_rename_the_others() -> None:
    text = "call()\nx\ncall()\n"
    first, second = finding(text, "call()"), finding(text, "call()", 1)
    whole = Report(Path(), (first, second)).fingerprint(second)
    assert Report(Path(), (second,), (Suppressed(first, "inSource"),)).fingerprint(second) == whole
    assert Report(Path(), (second,), baselined=(first,)).fingerprint(second) == whole


def test_the_worst_severity() -> None:
    assert Report(Path()).worst() is None
    assert Report(Path(), (finding("call()", "call()"),)).worst() is Severity.ERROR
