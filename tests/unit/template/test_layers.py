from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.template.layers import Attached, most_attached, unversioned
from lambdalint.template.values import Known, Reference, Text, Unknown
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
      Layers: """


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("[one, two]", Attached(2)),
        ("[one, !Ref AWS::NoValue]", Attached(1)),
        ("[one, !If [A, two, three]]", Attached(2)),
        ("[one, !If [A, two, !Ref AWS::NoValue]]", Attached(2, ("A", True))),
        ("[one, !If [A, !Ref AWS::NoValue, two]]", Attached(2, ("A", False))),
        ("!If [A, [one, two, three], [one]]", Attached(3, ("A", True))),
        (
            "[!If [A, one, !Ref AWS::NoValue], !If [B, two, !Ref AWS::NoValue]]",
            Attached(1, ("A", True)),
        ),
        ("[!If [A, !If [B, one, !Ref AWS::NoValue], !Ref AWS::NoValue]]", Attached(0)),
        ("!ImportValue layers", Attached(0)),
    ],
)
def test_what_is_attached_for_certain(layers: str, expected: Attached) -> None:
    assert most_attached(function(HEAD + layers)) == expected


@given(st.integers(0, 9), st.integers(0, 9))
def test_conditions_only_ever_add(always: int, sometimes: int) -> None:
    listed = ["x"] * always + ["!If [A, y, !Ref AWS::NoValue]"] * sometimes
    found = most_attached(function(f"{HEAD}[{', '.join(listed)}]"))
    assert found.count == always + sometimes


ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:tools"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Known(ARN), ("tools", "")),
        (Known(f"{ARN}:"), ("tools", "")),
        (Known(f"{ARN}:latest"), ("tools", "latest")),
        (Known(f"{ARN}:12"), None),
        (Known("tools"), None),
        (Known(7), None),
        (Reference("Tools"), None),
        (Unknown("import"), None),
        (
            Text(("arn:aws:lambda:", Unknown("pseudo parameter", "AWS::Region"), ":1:layer:tools")),
            ("tools", ""),
        ),
        (Text((f"{ARN}:", Unknown("parameter without default", "Version"))), None),
        (Text((ARN, Unknown("parameter without default", "Suffix"))), None),
    ],
)
def test_arns_without_a_version(value: Known | Text, expected: tuple[str, str] | None) -> None:
    assert unversioned(value) == expected
