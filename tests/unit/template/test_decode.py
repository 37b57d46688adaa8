from __future__ import annotations

import json
import time

import pytest
from cfnlint.decode import decode_str
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.template.decode import decode
from tests.unit.template.templates import plain

SAM = """\
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: &shared
      Timeout: 30
      Role: !GetAtt Role.Arn
      Tracing: !If [IsProd, Active, !Ref "AWS::NoValue"]
  Other:
    Type: AWS::Serverless::Function
    Properties:
      <<: *shared
      Timeout: 5
"""


def problems(text: str) -> list[tuple[str, str]]:
    return [
        (problem.message, text[problem.span.start : problem.span.end]) for problem in decode(text).problems
    ]


@pytest.mark.parametrize(
    "text",
    [
        SAM,
        SAM.replace("\n", "\r\n"),
        '{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"N": 1.5, "B": true, "X": null}}}}',
        "A: |\n  code\nB: 2012-10-17\n200: yes\nC: !GetAtt [A, B]\nD: !Sub\n- a\n- {b: c}\n",
        '{\n\t"R": {\n\t\t"A": {"Type": "x", "N": [1, -2.5e3, true]}\n\t}\n}\n',
    ],
)
def test_the_data_equal_cfn_lints(text: str) -> None:
    expected, matches = decode_str(text)
    decoded = decode(text)
    assert not matches
    assert decoded.data == expected
    assert repr(decoded.data) == repr(expected)  # 1 and True are equal, too
    assert decoded.problems == ()


@pytest.mark.parametrize("text", ['{"smile": "\\ud83d\\ude00"}', "\t{}", '{"a":\n\t"b"\n\t}'])
def test_json_that_libyaml_refuses(text: str) -> None:
    decoded = decode(text)
    assert plain(decoded.data) == json.loads(text)
    assert decoded.json
    assert decoded.problems == ()


def test_yaml_is_no_json() -> None:
    assert not decode(SAM).json


def test_the_last_of_two_equal_keys_wins() -> None:
    text = "Resources:\n  A: {Timeout: 1, Memory: 2, Timeout: 3}\n  B: 1\n"
    assert plain(decode(text).data) == {"Resources": {"A": {"Memory": 2, "Timeout": 3}, "B": 1}}
    assert problems(text) == [
        ("the key `Timeout` is given twice (first on line 2): keep one; the last wins", "Timeout")
    ]
    assert decode(text).problems[0].span.start == text.rindex("Timeout")


def test_every_mistake_is_reported_and_the_rest_is_read() -> None:
    text = "A: 1\nA: 2\n~: 3\n[x]: 4\nB: 2012-13-45\nC: [2012-31-31]\n200: a\n200: b\n<<: text\nD: fine\n"
    assert plain(decode(text).data) == {"A": 2, "B": "2012-13-45", "C": ["2012-31-31"], 200: "b", "D": "fine"}
    assert [place for _, place in problems(text)] == [
        "A",
        "~",
        "[x]",
        "2012-13-45",
        "2012-31-31",
        "200",
        "<<",
    ]


def test_an_unknown_tag_is_read_as_text() -> None:
    text = "a: !!python/object:os.system x\nb: 1\n"
    assert plain(decode(text).data) == {"a": "x", "b": 1}
    ((message, place),) = problems(text)
    assert "CloudFormation has no such tag" in message
    assert place == "!!python/object:os.system x"


def test_what_a_merge_brings_may_be_overridden() -> None:
    text = "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\nc: 1\nc: 2\n"
    assert plain(decode(text).data) == {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "c": 2}
    assert len(problems(text)) == 1


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("", "the file is empty", ""),
        ("# nothing\n", "the file is empty", ""),
        ("a:\n\tb: c\n", "a tab stands where only spaces may", "\t"),
        ("a: @b\n", "quote values that begin with", "@"),
        ("a: 1\nb\nc: 2\n", "could not find expected ':'", "b"),
        ("a: b: c\n", "mapping values are not allowed", ":"),
        ("a: 1\n---\nb: 2\n", "keep one document in a file", "-"),
        ("a: &x [*x]\n", "an alias must not stand inside", "&"),
        ("a: \x01\n", "control characters are not allowed", "\x01"),
        ('{"a": 1} x', "is not valid JSON: there is more text", "x"),
        ('{"a": "b', "is not valid JSON: the string that begins here has no end", '"'),
        ("{% if a %}", "cannot be read as YAML", "%"),
    ],
)
def test_what_cannot_be_read_is_said_where_it_is(text: str, message: str, place: str) -> None:
    decoded = decode(text)
    assert decoded.data is None
    ((said, where),) = problems(text)
    assert message in said
    assert where == place


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 5000,
        "a: " + "[" * 900 + "]" * 900,
        "- " * 2000 + "a",
        "{a: " * 600 + "1" + "}" * 600,
        '{\t"a":' * 3000 + "1" + "}" * 3000,
    ],
)
def test_deep_nesting_is_a_problem(text: str) -> None:
    decoded = decode(text)
    assert decoded.data is None
    assert len(decoded.problems) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 [x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)),
        "a0: &a0 {x: 1, y: 2}\n"
        + "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)),
    ],
)
def test_aliases_that_explode_are_one_problem_and_no_hang(text: str) -> None:
    started = time.perf_counter()
    decoded = decode(text)
    assert time.perf_counter() - started < 2
    assert decoded.data is None
    ((message, _),) = problems(text)
    assert "once aliases are resolved" in message


_PIECES = st.sampled_from(
    [
        *"ab:-[]{},&*!|>'\"%@`#~\n \t\\/.?=<0",
        *("\r\n", "\n  ", "\n- ", ": ", "!Ref ", "<<: ", "&a ", "*a", "---\n", "2012-10-17", "null", "0x"),
        *("😀", "\ufeff", "\x85", "\u2028", "!!binary ", "!!set ", "!!timestamp "),
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join))
def test_no_text_makes_it_raise(text: str) -> None:
    decoded = decode(text)
    assert decoded.data is not None or decoded.problems
    for problem in decoded.problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
