"""The harness must fail where a rule or its fixtures are wrong; so each test here breaks one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdalint.registry import Registry, load_registry
from lambdalint.testing import check_workers, checks, lint

RULE = '''
import libcst as cst

from lambdalint.finding import Fix, Safety
from lambdalint.rule import Rule


class SpamName(Rule):
    """Something is called spam.

    **Bad**

    ```python title=src/app.py
    def handler(event, context):
        spam = event
    ```

    **Good**

    ```python title=src/app.py
    def handler(event, context):
        eggs = event
    ```
    """

    name = "spam-name"
    severity = "warning"
    reads = "code"
    fix = "safe"

    def check_module(self, module):
        for node in module.module.nodes(cst.Name):
            if node.value != "spam":
                continue
            edit = module.module.edit(module.module.span(node), "eggs")
            fix = Fix("Rename", (edit,), Safety.SAFE) if edit else None
            yield self.finding("spam", module.label(node, "here"), fix=fix, functions=module.functions)
'''

HANDLER = "def handler(event, context):\n"
FLAGGED = HANDLER + "    spam = event  # expect: spam-name\n"
FIXED = HANDLER + "    eggs = event\n"


class Author:
    """Somebody who writes a rule and its fixtures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fixtures = folder / "fixtures"
        self.rule(RULE)
        self.write("flagged/app.py", FLAGGED)
        self.write("fixed/app.py", FIXED)
        self.write("clean/app.py", FIXED)

    def rule(self, text: str) -> None:
        path = self.folder / "rules" / "naming" / "spam_name.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def write(self, name: str, text: str, rule: str = "spam-name") -> None:
        path = self.fixtures / rule / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def registry(self) -> Registry:
        return load_registry([self.folder / "rules"])

    def failures(self) -> dict[str, str]:
        """The names of the checks that fail, each with its message."""
        found = {}
        for check in checks(self.fixtures, self.registry):
            try:
                check()
            except Exception as error:
                found[str(check)] = str(error)
        return found


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


def test_all_is_well(author: Author) -> None:
    assert author.failures() == {}
    names = {str(check) for check in checks(author.fixtures, author.registry)}
    assert names == {
        "spam-name/clean has the findings of its marks",
        "spam-name/fixed has the findings of its marks",
        "spam-name/flagged has the findings of its marks",
        "spam-name/flagged is the same with CRLF and BOM",
        "spam-name/flagged is fixed",
        "spam-name/flagged obeys ignores",
        "spam-name: Bad fires",
        "spam-name: Good does not fire",
    }


def test_a_mark_without_finding(author: Author) -> None:
    author.write("flagged/app.py", FLAGGED + "    return event  # expect: spam-name\n")
    message = author.failures()["spam-name/flagged has the findings of its marks"]
    assert "marked and not found: app.py:3 spam-name; found and not marked: nothing" in message


def test_a_finding_without_mark(author: Author) -> None:
    author.write("clean/app.py", FLAGGED.replace("  # expect: spam-name", ""))
    message = author.failures()["spam-name/clean has the findings of its marks"]
    assert "found and not marked: app.py:2 spam-name" in message


def test_two_findings_on_a_line_need_two_marks(author: Author) -> None:
    author.write("flagged/app.py", HANDLER + "    spam = spam  # expect: spam-name\n")
    assert "spam-name/flagged has the findings of its marks" in author.failures()
    author.write("flagged/app.py", HANDLER + "    spam = spam  # expect: spam-name, spam-name\n")
    author.write("fixed/app.py", HANDLER + "    eggs = eggs\n")
    assert author.failures() == {}


def test_a_clean_case_has_no_marks(author: Author) -> None:
    author.write("clean/app.py", FLAGGED)
    assert "a clean case has a mark" in author.failures()["spam-name/clean has the findings of its marks"]


def test_a_flagged_case_has_one(author: Author) -> None:
    author.write("flagged/app.py", FIXED)
    message = author.failures()["spam-name/flagged has the findings of its marks"]
    assert "no mark expects spam-name" in message


def test_a_known_gap_must_be_one(author: Author) -> None:
    gap = FLAGGED + "    globals()['spam'] = 1  # misses: spam-name\n"
    author.write("flagged/app.py", gap)
    author.write("fixed/app.py", FIXED + "    globals()['spam'] = 1\n")
    assert author.failures() == {}
    author.write("flagged/app.py", gap.replace("globals()['spam']", "spam"))
    message = author.failures()["spam-name/flagged has the findings of its marks"]
    assert "no longer missed, so mark it `expect`: app.py:3 spam-name" in message


def test_marks_of_other_rules_make_them_run(author: Author) -> None:
    author.write("clean/app.py", FIXED + "    return eggs  # lambdalint: ignore  # expect: unknown-ignore\n")
    assert author.failures() == {}


def test_marks_beside_files_without_comments(author: Author) -> None:
    template = '{"Resources": {\n"A": {"Type": "a::B::C"},\n"A": {"Type": "AWS::SQS::Queue"}}}\n'
    author.write("clean/template.json", template)
    assert (
        "template.json:3 template-error" in author.failures()["spam-name/clean has the findings of its marks"]
    )
    author.write("clean/expect.txt", "# known\ntemplate.json:3 template-error\n")
    assert author.failures() == {}
    author.write("clean/expect.txt", "template.json line 3\n")
    assert (
        "is not `path:line rule-name`" in author.failures()["spam-name/clean has the findings of its marks"]
    )


def test_the_fixed_files_must_be_those(author: Author) -> None:
    author.write("fixed/app.py", FIXED.replace("eggs", "ham"))
    message = author.failures()["spam-name/flagged is fixed"]
    assert message.startswith("spam-name/flagged: app.py becomes\n" + FIXED)
    author.write("fixed/app.py", FIXED)
    author.write("fixed/other.py", FIXED)
    assert "other files than in `fixed`: ['other.py']" in author.failures()["spam-name/flagged is fixed"]


def test_a_case_without_fixed_counterpart_stays_as_it_is(author: Author) -> None:
    for kind in ("flagged", "fixed", "clean"):
        (author.fixtures / "spam-name" / kind / "app.py").unlink()
        author.write(f"{kind}/one/app.py", FLAGGED if kind == "flagged" else FIXED)
    assert author.failures() == {}
    author.write("flagged/two/app.py", FLAGGED)
    assert list(author.failures()) == ["spam-name/flagged/two is fixed"]


def test_a_fix_that_breaks_the_code(author: Author) -> None:
    author.rule(RULE.replace('"eggs"', '"("'))
    assert "would no longer parse" in author.failures()["spam-name/flagged is fixed"]


def test_a_fix_that_is_not_declared(author: Author) -> None:
    author.rule(RULE.replace('    fix = "safe"\n', ""))
    message = author.failures()["spam-name/flagged has the findings of its marks"]
    assert "spam-name declares no fix and has one" in message


def test_a_rule_that_depends_on_newlines(author: Author) -> None:
    author.rule(RULE.replace('"spam", module', "str(module.source.text.count(chr(13))), module"))
    assert "with CRLF and BOM" in author.failures()["spam-name/flagged is the same with CRLF and BOM"]


def test_a_rule_that_no_ignore_reaches(author: Author) -> None:
    text = RULE.replace('module.label(node, "here")', "Label(module.source, Span(0, 3), '')").replace(
        "import Fix, Safety", "import Fix, Label, Safety\nfrom lambdalint.source import Span"
    )
    author.rule(text)
    author.write("flagged/app.py", f"{HANDLER.rstrip()}  # expect: spam-name\n    spam = 'def '\n")
    author.write("fixed/app.py", f"{HANDLER}    eggs = 'def '\n")
    assert author.failures() == {}


def test_a_rule_that_crashes(author: Author) -> None:
    author.rule(RULE.replace('if node.value != "spam"', "if node.no_such_attribute"))
    assert "AttributeError" in author.failures()["spam-name/flagged has the findings of its marks"]


def test_documentation_must_be_true(author: Author) -> None:
    author.rule(RULE.replace("eggs = event", "spam = 1").replace("spam = event", "ham = event"))
    failures = author.failures()
    assert "Bad does not fire" in failures["spam-name: Bad fires"]
    assert "Good fires" in failures["spam-name: Good does not fire"]


def test_documentation_must_parse(author: Author) -> None:
    author.rule(RULE.replace("eggs = event", "eggs = ("))
    assert "syntax-error" in author.failures()["spam-name: Good does not fire"]


SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  {name}:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: src, Handler: app.handler, Runtime: python3.13}}
"""
PLAIN = """\
Resources:
  {name}:
    Type: AWS::Lambda::Function
    Properties: {{Code: src, Handler: app.handler, Runtime: python3.13, Role: "arn:aws:iam::1:role/r"}}
"""


def test_a_twin_names_the_same_functions(author: Author) -> None:
    for kind, template, code in (("flagged", SAM, FLAGGED), ("fixed", SAM, FIXED), ("twin", PLAIN, FLAGGED)):
        author.write(f"{kind}/template.yaml", template.format(name="One"))
        (author.fixtures / "spam-name" / kind / "app.py").unlink(missing_ok=True)
        author.write(f"{kind}/src/app.py", code)
    assert author.failures() == {}
    author.write("twin/template.yaml", PLAIN.format(name="Two"))
    assert list(author.failures()) == ["spam-name/twin names the same functions"]


def test_fixtures_of_no_rule(author: Author) -> None:
    author.write("flagged/app.py", FLAGGED, rule="spam-nam")
    assert "did you mean `spam-name`?" in author.failures()["spam-nam/flagged names a rule"]


def test_workers(author: Author) -> None:
    for number in range(4):
        author.write(f"flagged/{number}/app.py", FLAGGED)
    own = {n: m for n, m in author.registry.rules.items() if m.theme in ("naming", "engine")}
    check_workers(author.fixtures, 3, Registry(own, author.registry.packages))
    assert len(lint(author.fixtures, ["spam-name"], author.registry).findings) == 5
