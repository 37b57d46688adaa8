from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import dedent

import pytest

from lambdalint.directives import Directive, scan
from lambdalint.source import SourceFile


def directives(text: str, path: str = "app.py") -> tuple[Directive, ...]:
    return scan(SourceFile(PurePosixPath(path), dedent(text)))


def summary(text: str, path: str = "app.py") -> list[tuple[str, int | None, list[str], str]]:
    found = directives(text, path)
    return [(d.kind, d.lines[-1] if d.lines else None, [n.text for n in d.names], d.reason) for d in found]


def test_a_trailing_comment_acts_on_its_line() -> None:
    assert summary("import json\nimport os  # lambdalint: ignore[unused-import] plugins\n") == [
        ("ignore", 2, ["unused-import"], "plugins")
    ]


def test_several_names_and_their_places() -> None:
    (directive,) = directives("x = 1  # lambdalint: ignore[a-b,  c-d ] why\n")
    assert [directive.source.slice(name.span) for name in directive.names] == ["a-b", "c-d"]
    assert directive.names_span is not None
    assert directive.source.slice(directive.names_span) == "a-b,  c-d "
    assert directive.source.slice(directive.span) == "# lambdalint: ignore[a-b,  c-d ] why"


def test_a_comment_alone_acts_on_the_next_line_that_is_none() -> None:
    text = """\
        # lambdalint: ignore[a] first
        # lambdalint: ignore[b] second
        # explanation
        import os
    """
    assert summary(text) == [("ignore", 4, ["a"], "first"), ("ignore", 4, ["b"], "second")]


def test_a_file_ignore_acts_on_the_file() -> None:
    assert summary("# lambdalint: file-ignore[a] all of it\n") == [("file-ignore", None, ["a"], "all of it")]


def test_other_comments_beside_a_directive() -> None:
    text = "import os  # noqa: F401  # lambdalint: ignore[a] see #12  # pragma: no cover\n"
    (directive,) = directives(text)
    assert directive.reason == "see #12"
    assert directive.source.slice(directive.span) == "# lambdalint: ignore[a] see #12"


@pytest.mark.parametrize(
    "text",
    [
        'x = "# lambdalint: ignore[a]"\n',
        '"""\n# lambdalint: ignore[a]\n"""\n',
        "# lambdalint: see the docs\n",
        "# about lambdalint: ignore[a]\n",
        "# lambdalint ignore[a]\n",
    ],
)
def test_what_is_no_directive(text: str) -> None:
    assert summary(text) == []


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("# lambdalint: ignore", "`ignore` names no rule"),
        ("# lambdalint: ignore because", "`ignore` names no rule"),
        ("# lambdalint: ignore[]", "`ignore[]` names no rule"),
        ("# lambdalint: ignore[ , ]", "`ignore[]` names no rule"),
        ("# lambdalint: file-ignore", "`file-ignore` names no rule"),
        ("# lambdalint: ignore[a", "the bracket of `ignore` is not closed"),
        ("# lambdalint: ignroe[a]", "there is no directive `ignroe`"),
        ("# lambdalint: noqa", "there is no directive `noqa`"),
        ("# lambdalint: disable=a", "there is no directive `disable`"),
    ],
)
def test_directives_that_cannot_act_say_why(comment: str, fault: str) -> None:
    (directive,) = directives(f"x = 1  {comment}\n")
    assert (directive.fault, directive.names) == (fault, ())


def test_comments_are_found_after_a_syntax_error() -> None:
    assert summary("def f(:\n    x = '''\n# lambdalint: ignore[a] r\n") == [("ignore", 4, ["a"], "r")]


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_every_newline(newline: str) -> None:
    text = newline.join(["import a", "import b  # lambdalint: ignore[x] r", "import c", ""])
    (directive,) = scan(SourceFile(PurePosixPath("app.py"), text))
    assert (directive.lines, directive.reason) == (range(2, 3), "r")


def test_a_form_feed_moves_no_line() -> None:
    assert summary("import a\n\x0cimport b  # lambdalint: ignore[x] r\n") == [("ignore", 2, ["x"], "r")]


YAML = """\
# lambdalint: file-ignore[a] all
Resources:
  One:  # lambdalint: ignore[b] key
    Type: "x # lambdalint: ignore[no]"
    Sub: 'y
      # lambdalint: ignore[no]
      z'  # lambdalint: ignore[c] end
    Code: |  # lambdalint: ignore[d] header
      import os  # lambdalint: ignore[e] inner
      s = "# lambdalint: ignore[no]"
      # lambdalint: ignore[f] alone
      import sys

    # lambdalint: ignore[g] below the block
    Plain: word # lambdalint: ignore[h] plain
    Flow: [a, b]  # lambdalint: ignore[i] flow
    Fold: >-
      # lambdalint: ignore[j] text that might be code
    Tag: !Sub "${A}#x"  # lambdalint: ignore[k] tag
    Hash: a#lambdalint: ignore[no]
"""


def test_yaml_comments_and_those_of_the_code_in_block_scalars() -> None:
    found = summary(YAML, "template.yaml")
    assert [(names[0], line) for _, line, names, _ in found] == [
        ("a", None),
        ("b", 3),
        ("c", 7),
        ("d", 8),
        ("e", 9),
        ("f", 12),
        ("g", 15),
        ("h", 15),
        ("i", 16),
        ("j", 19),
        ("k", 19),
    ]


def test_yaml_that_does_not_scan_is_read_by_its_lines() -> None:
    text = "a: 1  # lambdalint: ignore[x] r\nb: @bad  # lambdalint: ignore[y] s\n"
    assert [names for _, _, names, _ in summary(text, "t.yaml")] == [["x"], ["y"]]


def test_astral_characters_before_a_comment() -> None:
    (directive,) = directives('a: "\U0001f600"  # lambdalint: ignore[x] r\n', "t.yml")
    assert directive.source.slice(directive.span) == "# lambdalint: ignore[x] r"


def test_json_has_no_comments() -> None:
    assert summary('{"a": "# lambdalint: ignore[x]"}', "t.template") == []


def test_other_files_are_read_by_their_lines() -> None:
    assert summary("moto  # lambdalint: ignore[x] r\n", "requirements.txt") == [("ignore", 1, ["x"], "r")]
