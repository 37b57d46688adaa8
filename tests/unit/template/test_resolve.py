from __future__ import annotations

from collections.abc import Mapping

import pytest

from lambdalint.template.template import Template
from lambdalint.template.values import Alternative, Known, Reference, Text, Unknown, Value
from tests.unit.template.templates import plain, template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Plain: {Type: String, Default: hello}
  Number: {Type: Number, Default: "30"}
  List: {Type: CommaDelimitedList, Default: "a, b"}
  Open: {Type: String}
  Secret: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /app/secret}
  Dynamic: {Type: String, Default: '{{resolve:ssm:/app/x}}'}
Mappings:
  Sizes:
    dev: {memory: 128, same: 1}
    prod: {memory: 512, same: 1}
Conditions:
  IsProd: !Equals [!Ref Open, prod]
  ByDefault: !Equals [!Ref Plain, hello]
  Always: !Equals [a, a]
  Never: !Not [!Condition Always]
  Loop: !Condition Loop
Resources:
  Fn: {Type: AWS::Serverless::Function}
  Bucket: {Type: AWS::S3::Bucket}
  Nested: {Type: AWS::CloudFormation::Stack}
"""


def resolve(expression: str, parameters: Mapping[str, str] | None = None) -> tuple[Alternative, ...]:
    """What an expression comes to, as the value of a property."""
    found = template(f"{HEAD}  X:\n    Type: AWS::X::X\n    Properties:\n      V: {expression}\n", parameters)
    assert found.problems == ()
    return found.resources["X"].get("V")


def value(expression: str, parameters: Mapping[str, str] | None = None) -> Value:
    (found,) = resolve(expression, parameters)
    return found.value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30", Known(30)),
        ("text", Known("text")),
        ("!Ref Plain", Known("hello")),
        ("!Ref Number", Known(30)),
        ("!Ref List", Known(["a", "b"])),
        ("!Ref Open", Unknown("parameter without default", "Open")),
        ("!Ref Secret", Unknown("ssm parameter", "Secret")),
        ("!Ref Dynamic", Unknown("dynamic reference", "{{resolve:ssm:/app/x}}")),
        ("!Ref AWS::Region", Unknown("pseudo parameter", "AWS::Region")),
        ("!Ref Bucket", Reference("Bucket")),
        ("!Ref Nobody", Unknown("undefined", "Nobody")),
        ("!Ref ServerlessRestApi", Reference("ServerlessRestApi")),
        ("!Ref Fn.Alias", Reference("Fn", "Alias")),
        ("!GetAtt FnRole.Arn", Reference("FnRole", "Arn")),
        ("!GetAtt Bucket.Arn", Reference("Bucket", "Arn")),
        ("{'Fn::GetAtt': [Bucket, Arn]}", Reference("Bucket", "Arn")),
        ("{'Fn::GetAtt': Bucket.Arn}", Reference("Bucket", "Arn")),
        ("!GetAtt Nested.Outputs.Url", Unknown("nested stack", "Nested.Outputs.Url")),
        ("!GetAtt Nobody.Arn", Unknown("undefined", "Nobody")),
        ("!ImportValue other", Unknown("import")),
        ("{'Fn::Transform': {Name: X}}", Unknown("transform")),
        ("!Base64 x", Unknown("Fn::Base64")),
        ("'{{resolve:secretsmanager:x}}'", Unknown("dynamic reference", "{{resolve:secretsmanager:x}}")),
        ("!Sub ${Plain}-${Number}", Known("hello-30")),
        ("!Sub ${Bucket}", Reference("Bucket")),
        ("!Sub ${Bucket.Arn}", Reference("Bucket", "Arn")),
        ("!Sub ${!Plain} ${ Plain }", Known("${Plain} hello")),
        ("!Sub ['${V}/${Plain}', {V: !GetAtt Bucket.Arn}]", Text((Reference("Bucket", "Arn"), "/hello"))),
        (
            "!Sub arn:${AWS::Partition}:s3:::${Bucket}/*",
            Text(
                ("arn:", Unknown("pseudo parameter", "AWS::Partition"), ":s3:::", Reference("Bucket"), "/*")
            ),
        ),
        ("!Sub x-{{resolve:ssm:y}}", Text(("x-", Unknown("dynamic reference", "{{resolve:ssm:y}}")))),
        ("!Sub '{{resolve:ssm:${Open}}}'", Unknown("dynamic reference")),
        ("!Join ['-', [a, !Ref Plain, b]]", Known("a-hello-b")),
        ("!Join ['', [a, !Ref Bucket]]", Text(("a", Reference("Bucket")))),
        ("!Join [',', !Ref List]", Known("a,b")),
        ("!Join [',', [a, !Ref AWS::NoValue]]", Known("a")),
        ("!Join [',', !GetAZs '']", Unknown("Fn::GetAZs")),
        ("!Select [1, !Ref List]", Known("b")),
        ("!Select ['0', [x, y]]", Known("x")),
        ("!Select [5, [x]]", Unknown("Fn::Select out of range")),
        ("!Select [1, !Split ['/', a/b/c]]", Known("b")),
        ("!Split ['/', !GetAtt Bucket.Arn]", Unknown("Fn::Split")),
        ("!FindInMap [Sizes, prod, memory]", Known(512)),
        ("!FindInMap [Sizes, !Ref Open, same]", Known(1)),
        ("!FindInMap [Sizes, !Ref Open, memory]", Unknown("mapping", "Sizes")),
        ("!FindInMap [Sizes, test, memory]", Unknown("mapping")),
        ("{'Fn::FindInMap': [Sizes, test, memory, {DefaultValue: 64}]}", Known(64)),
        ("!If [C]", Unknown("malformed Fn::If")),
    ],
)
def test_what_an_expression_comes_to(expression: str, expected: Value) -> None:
    found = value(expression)
    assert (Known(plain(found.value)) if isinstance(found, Known) else found) == expected


def test_no_value_is_absent() -> None:
    assert resolve("!Ref AWS::NoValue") == ()
    assert resolve("!If [IsProd, !Ref AWS::NoValue, !Ref AWS::NoValue]") == ()


def test_a_configured_value_goes_before_the_default() -> None:
    assert value("!Ref Number", {"Number": "5"}) == Known(5)
    assert value("!Ref Open", {"Open": "x"}) == Known("x")


def test_a_value_says_which_parameter_it_comes_from() -> None:
    assert resolve("!Ref Plain")[0].parameter == "Plain"
    assert resolve("!Sub a-${Plain}")[0].parameter == "Plain"
    assert resolve("text")[0].parameter == ""


def test_each_branch_that_can_be_is_an_alternative() -> None:
    yes, no = resolve("!If [IsProd, 1, 2]")
    assert (yes.value, yes.conditions, yes.path[-2:]) == (Known(1), (("IsProd", True),), ("Fn::If", 1))
    assert (no.value, no.conditions, no.path[-2:]) == (Known(2), (("IsProd", False),), ("Fn::If", 2))


def test_a_default_decides_no_condition_but_a_configured_value_does() -> None:
    assert len(resolve("!If [ByDefault, 1, 2]")) == 2
    assert value("!If [ByDefault, 1, 2]", {"Plain": "other"}) == Known(2)
    assert value("!If [IsProd, 1, 2]", {"Open": "prod"}) == Known(1)
    assert value("!If [Always, 1, 2]") == Known(1)
    assert value("!If [Never, 1, 2]") == Known(2)
    assert len(resolve("!If [Loop, 1, 2]")) == 2


def test_branches_that_contradict_each_other_cannot_be() -> None:
    found = resolve("!If [IsProd, !If [IsProd, 1, 2], !If [IsProd, 3, 4]]")
    assert [each.value for each in found] == [Known(1), Known(4)]
    joined = resolve("!Join ['', [!If [IsProd, a, b], !If [IsProd, c, d]]]")
    assert [each.value for each in joined] == [Known("ac"), Known("bd")]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("!And [!Condition Always, !Condition IsProd]", None),
        ("!And [!Condition Never, !Condition IsProd]", False),
        ("!Or [!Condition Always, !Condition IsProd]", True),
        ("!Or [!Condition Never, !Condition IsProd]", None),
        ("!Not [!Condition IsProd]", None),
        ("!Equals [!Ref AWS::Region, eu-west-1]", None),
        ("!Equals ['1', 1]", True),
    ],
)
def test_conditions_are_decided_as_far_as_they_can_be(function: str, expected: bool | None) -> None:
    found = template(HEAD.replace("  Always:", f"  C: {function}\n  Always:"))
    assert found.decide("C") is expected


def test_too_many_alternatives_are_unknown() -> None:
    parts = ", ".join(f"!If [C{n}, a, b]" for n in range(6))
    assert value(f"!Join ['', [{parts}]]") == Unknown("too many alternatives")


def nested(properties: str) -> Template:
    return template(f"{HEAD}  X:\n    Type: AWS::X::X\n    Properties:\n{properties}")


def test_keys_are_found_through_conditions_on_the_way() -> None:
    found = nested(
        "      Environment: !If\n"
        "        - IsProd\n"
        "        - Variables: {STAGE: prod}\n"
        "        - !If [Never, {}, {Variables: !Ref Open}]\n"
    ).resources["X"]
    yes, no = found.get("Environment", "Variables", "STAGE")
    assert (yes.value, yes.conditions) == (Known("prod"), (("IsProd", True),))
    assert yes.path[-5:] == ("Environment", "Fn::If", 1, "Variables", "STAGE")
    assert no.value == Unknown("parameter without default", "Open")
    assert found.get("Environment", "Nope") == ()


def test_a_transform_may_bring_what_is_not_written() -> None:
    found = nested("      Fn::Transform: {Name: AWS::Include}\n      A: 1\n").resources["X"]
    assert found.get("A")[0].value == Known(1)
    assert found.get("B")[0].value == Unknown("transform")


def test_items_of_a_list_and_of_its_branches() -> None:
    found = nested("      L: [a, !If [IsProd, b, !Ref AWS::NoValue], !Ref Open]\n      S: x\n").resources["X"]
    assert [item.value for item in found.items("L")] == [
        Known("a"),
        Known("b"),
        Unknown("parameter without default", "Open"),
    ]
    assert [item.path[-1] for item in found.items("L")] == [0, 1, 2]
    assert [item.value for item in found.items("S")] == [Known("x")]


def test_deep_conditions_end() -> None:
    expression = "x"
    for _ in range(60):
        expression = f"!If [IsProd, {expression}, y]"
    assert resolve(expression)
