from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import dedent

import pytest

from lambdalint.directives import scan
from lambdalint.finding import Finding, FunctionId, Label, Role, Severity
from lambdalint.report import Suppressed
from lambdalint.source import SourceFile, Span
from lambdalint.suppression import Suppressions, metadata_ignores, per_path
from lambdalint.template.template import load

TEMPLATE = PurePosixPath("template.yaml")
ONE, TWO = FunctionId(TEMPLATE, "One"), FunctionId(TEMPLATE, "Two")
KNOWN = {"rule-a", "rule-b", "unused-ignore", "unknown-ignore"}


def source(text: str, path: str = "app.py") -> SourceFile:
    return SourceFile(PurePosixPath(path), dedent(text))


def label(
    file: SourceFile, text: str, role: Role = Role.PRIMARY, function: FunctionId | None = None
) -> Label:
    start = file.text.index(text)
    return Label(file, Span(start, start + len(text)), "", role, function)


def finding(*labels: Label, rule: str = "rule-a", functions: tuple[FunctionId, ...] = ()) -> Finding:
    return Finding(rule, Severity.WARNING, "message", labels, functions=functions)


def leftovers(suppressions: Suppressions, *files: SourceFile, ran: set[str] | None = None) -> list[Finding]:
    return list(suppressions.leftovers(KNOWN, {file.path: ran or KNOWN for file in files}))


def fixed(file: SourceFile, problem: Finding) -> str:
    assert problem.fix is not None
    (edit,) = problem.fix.edits
    return file.text[: edit.span.start] + edit.replacement + file.text[edit.span.end :]


@pytest.mark.parametrize(
    "text",
    [
        "call(\n    1,\n)  # lambdalint: ignore[rule-a] why\n",
        "call(  # lambdalint: ignore[rule-a] why\n    1,\n)\n",
        "call(\n    1,  # lambdalint: ignore[rule-b, rule-a] why\n)\n",
        "# lambdalint: ignore[rule-a] why\ncall(\n    1,\n)\n",
        "x = 1\n# lambdalint: file-ignore[rule-a] why\ncall(\n    1,\n)\n",
    ],
)
def test_an_ignore_on_any_line_of_the_primary_silences(text: str) -> None:
    file = source(text)
    call = Label(file, Span(file.text.index("call("), file.text.index(")") + 1), "")
    outcome = Suppressions(scan(file)).apply(finding(call))
    assert isinstance(outcome, Suppressed)
    assert (outcome.kind, outcome.reason) == ("inSource", "why")


@pytest.mark.parametrize(
    "text",
    [
        "call()\n# lambdalint: ignore[rule-a] too late\n",
        "# lambdalint: ignore[rule-a] too early\n\ncall()\n",
        "call()  # lambdalint: ignore[rule-b] another rule\n",
        "x = 1  # lambdalint: ignore[rule-a] another line\ncall()\n",
    ],
)
def test_other_ignores_leave_the_finding(text: str) -> None:
    file = source(text)
    found = finding(label(file, "call()"))
    assert Suppressions(scan(file)).apply(found) == found


def test_an_ignore_on_a_hidden_label_silences() -> None:
    file = source("def f():\n    call()  # lambdalint: ignore[rule-a] r\n")
    found = finding(label(file, "def f"), label(file, "call()", Role.HIDDEN))
    assert isinstance(Suppressions(scan(file)).apply(found), Suppressed)


def test_an_ignore_on_a_related_label_takes_its_function_out() -> None:
    file = source("a: 1\none: 1  # lambdalint: ignore[rule-a] r\ntwo: 2\n", "template.yaml")
    one, two = label(file, "one", Role.RELATED, ONE), label(file, "two", Role.RELATED, TWO)
    outcome = Suppressions(scan(file)).apply(finding(label(file, "a"), one, two, functions=(ONE, TWO)))
    assert isinstance(outcome, Finding)
    assert outcome.functions == (TWO,)
    assert outcome.labels[1:] == (two,)


def test_the_finding_goes_when_no_function_is_left() -> None:
    file = source("a: 1\none: 1  # lambdalint: ignore[rule-a] r\n", "template.yaml")
    found = finding(label(file, "a"), label(file, "one", Role.RELATED, ONE), functions=(ONE,))
    outcome = Suppressions(scan(file)).apply(found)
    assert isinstance(outcome, Suppressed)
    assert (outcome.kind, outcome.reason) == ("inSource", "r")


def test_a_related_label_of_no_function_speaks_for_the_only_one() -> None:
    file = source("a: 1\nproof: 1  # lambdalint: ignore[rule-a] r\n", "template.yaml")
    related = label(file, "proof", Role.RELATED)
    suppressions = Suppressions(scan(file))
    assert isinstance(suppressions.apply(finding(label(file, "a"), related, functions=(ONE,))), Suppressed)
    both = finding(label(file, "a"), related, functions=(ONE, TWO))
    assert suppressions.apply(both) == both


METADATA = """\
Resources:
  One:
    Type: AWS::Serverless::Function
    Metadata:
      lambdalint:
        ignore: [rule-a]
    Properties:
      Timeout: 3
  Two:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 4
  Queue:
    Type: AWS::SQS::Queue
    Metadata: {lambdalint: {ignore: [rule-a]}}
    Properties:
      DelaySeconds: 5
"""


def with_metadata(text: str = METADATA, path: str = "template.yaml") -> tuple[SourceFile, Suppressions]:
    file = source(text, path)
    return file, Suppressions(scan(file), metadata_ignores(load(file)))


def test_metadata_takes_its_function_out() -> None:
    file, suppressions = with_metadata()
    place = label(file, "Timeout: 4")
    outcome = suppressions.apply(finding(place, functions=(ONE, TWO)))
    assert isinstance(outcome, Finding)
    assert outcome.functions == (TWO,)
    only = suppressions.apply(finding(place, functions=(ONE,)))
    assert isinstance(only, Suppressed)
    assert only.kind == "metadata"


def test_metadata_of_a_resource_silences_what_is_found_in_it() -> None:
    file, suppressions = with_metadata()
    assert isinstance(
        suppressions.apply(finding(label(file, "DelaySeconds: 5"), functions=(TWO,))), Suppressed
    )
    assert isinstance(suppressions.apply(finding(label(file, "Timeout: 3"))), Suppressed)
    elsewhere = finding(label(file, "Timeout: 4"))
    assert suppressions.apply(elsewhere) == elsewhere


def test_metadata_in_one_function_leaves_the_others_of_a_finding_that_lies_in_it() -> None:
    file, suppressions = with_metadata()
    outcome = suppressions.apply(finding(label(file, "Timeout: 3"), functions=(ONE, TWO)))
    assert isinstance(outcome, Finding)
    assert outcome.functions == (TWO,)


def test_metadata_of_json() -> None:
    text = """\
    {"Resources": {"One": {"Type": "AWS::SQS::Queue", "Metadata": {"lambdalint": {"ignore": ["rule-a"]}},
     "Properties": {"DelaySeconds": 5}}}}
    """
    file, suppressions = with_metadata(text, "template.json")
    assert isinstance(suppressions.apply(finding(label(file, '"DelaySeconds"'))), Suppressed)


def test_directives_that_act_are_not_left_over() -> None:
    file = source("call()  # lambdalint: ignore[rule-a] r\n")
    suppressions = Suppressions(scan(file))
    suppressions.apply(finding(label(file, "call()")))
    assert leftovers(suppressions, file) == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("call()  # lambdalint: ignore[rule-a] r\n", "call()\n"),
        ("x\n    # lambdalint: ignore[rule-a] r\ncall()\n", "x\ncall()\n"),
        ("call()  # noqa  # lambdalint: ignore[rule-a] r\n", "call()  # noqa\n"),
        ("call()  # lambdalint: ignore[rule-a] r  # noqa\n", "call()  # noqa\n"),
        ("# lambdalint: ignore[rule-a] r  # noqa\n", "# noqa\n"),
        ("call()\n# lambdalint: ignore[rule-a]", "call()\n"),
        ("# lambdalint: file-ignore[rule-a] r\r\ncall()\r\n", "call()\r\n"),
    ],
)
def test_an_unused_directive_and_its_fix(text: str, left: str) -> None:
    file = SourceFile(PurePosixPath("app.py"), text)
    (problem,) = leftovers(Suppressions(scan(file)), file)
    assert (problem.rule, problem.severity) == ("unused-ignore", Severity.WARNING)
    assert "`rule-a`" in problem.message
    assert fixed(file, problem) == left


def test_the_unused_name_of_several() -> None:
    file = source("call()  # lambdalint: ignore[rule-a, rule-b] r\n")
    suppressions = Suppressions(scan(file))
    suppressions.apply(finding(label(file, "call()")))
    (problem,) = leftovers(suppressions, file)
    assert file.slice(problem.primary.span) == "rule-b"
    assert fixed(file, problem) == "call()  # lambdalint: ignore[rule-a] r\n"


def test_only_rules_that_ran_on_the_file_are_judged() -> None:
    file = source("call()  # lambdalint: ignore[rule-a] r\n")
    suppressions = Suppressions(scan(file))
    assert leftovers(suppressions, file, ran={"rule-b", "unused-ignore"}) == []
    assert leftovers(suppressions, file, ran={"rule-a"}) == []
    assert list(suppressions.leftovers(KNOWN, {})) == []


def test_an_unknown_name_and_the_nearest() -> None:
    file = source("call()  # lambdalint: ignore[rule-aa, rule-a] r\n")
    suppressions = Suppressions(scan(file))
    suppressions.apply(finding(label(file, "call()")))
    (problem,) = leftovers(suppressions, file)
    assert problem.rule == "unknown-ignore"
    assert problem.message == "there is no rule `rule-aa` to ignore; did you mean `rule-a`?"
    assert file.slice(problem.primary.span) == "rule-aa"
    assert fixed(file, problem) == "call()  # lambdalint: ignore[rule-a] r\n"


def test_a_blanket_ignore_says_how_to_write_one() -> None:
    file = source("call()  # lambdalint: ignore\n")
    suppressions = Suppressions(scan(file))
    found = finding(label(file, "call()"))
    assert suppressions.apply(found) == found
    (problem,) = leftovers(suppressions, file)
    assert problem.rule == "unknown-ignore"
    assert "ignore[rule-name] reason" in problem.help
    assert problem.fix is None


HEAD = "Resources:\n  One:\n    Type: AWS::SQS::Queue\n"


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        ("    Metadata:\n      lambdalint:\n        ignore: [rule-a]\n", ""),
        ("    Metadata: {lambdalint: {ignore: [rule-a]}}\n", ""),
        ("    Metadata:\n      lambdalint:\n        ignore:\n          - rule-a\n", ""),
        ("    Metadata:\n      lambdalint:\n        ignore: rule-a\n", ""),
        (
            "    Metadata:\n      Other: 1\n      lambdalint:\n        ignore: [rule-a]\n",
            "    Metadata:\n      Other: 1\n",
        ),
        (
            "    Metadata: {Other: 1, lambdalint: {ignore: [rule-a]}}\n",
            "    Metadata: {Other: 1, lambdalint: {ignore: []}}\n",
        ),
        (
            "    Metadata:\n      lambdalint:\n        ignore: [rule-a, 'rule-b']\n",
            "    Metadata:\n      lambdalint:\n        ignore: ['rule-b']\n",
        ),
        (
            "    Metadata:\n      lambdalint:\n        ignore:\n        - rule-a\n        - rule-b # why\n",
            "    Metadata:\n      lambdalint:\n        ignore:\n        - rule-b # why\n",
        ),
    ],
)
def test_unused_metadata_and_its_fix(entry: str, left: str) -> None:
    file = source(HEAD + entry + "    Properties:\n      DelaySeconds: 5\n", "template.yaml")
    suppressions = Suppressions((), metadata_ignores(load(file)))
    suppressions.apply(finding(label(file, "DelaySeconds: 5"), rule="rule-b"))
    (problem,) = leftovers(suppressions, file)
    assert problem.rule == "unused-ignore"
    assert "the Metadata of `One`" in problem.message
    assert file.slice(problem.primary.span).strip("'\"") == "rule-a"
    assert fixed(file, problem) == HEAD + left + "    Properties:\n      DelaySeconds: 5\n"


def test_unknown_name_in_json_metadata() -> None:
    text = """\
    {"Resources": {"One": {"Type": "AWS::SQS::Queue", "Metadata": {"lambdalint": {"ignore": ["nothing"]}}}}}
    """
    file, suppressions = with_metadata(text, "template.json")
    (problem,) = leftovers(suppressions, file)
    assert problem.rule == "unknown-ignore"
    assert '{"ignore": []}' in fixed(file, problem)


def test_per_path_ignores_match_as_gitignore_does() -> None:
    names = {"imports": {"rule-a", "rule-b"}, "rule-a": {"rule-a"}}
    ignores = per_path({"tests/": ["imports"], "src/*.py": ["rule-a"]}, names.__getitem__)
    test = source("x", "a/tests/deep/app.py")
    direct, deep = source("x", "src/app.py"), source("x", "src/deep/app.py")
    assert ignores.match(finding(label(test, "x"), rule="rule-b")) == "tests/"
    assert ignores.match(finding(label(direct, "x"))) == "src/*.py"
    assert ignores.match(finding(label(direct, "x"), rule="rule-b")) is None
    assert ignores.match(finding(label(deep, "x"))) is None
