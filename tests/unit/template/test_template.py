from __future__ import annotations

import pytest

from lambdalint.finding import FunctionId, Role
from lambdalint.template.sniff import looks_like_template
from lambdalint.template.template import Generated
from lambdalint.template.values import Known
from tests.unit.template.templates import at, template


@pytest.mark.parametrize(
    "text",
    [
        "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n",
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  A:\n    Type: AWS::Serverless::Function\n",
        "Transform:\n  - AWS::Serverless-2016-10-31\n",
        "Transform: ['AWS::LanguageExtensions']\n",
        "# comment\n---\nResources:\n  # the bucket\n  A:\n    Type: 'AWS::S3::Bucket'\n",
        '"Resources":\r\n  "A":\r\n    "Type": "AWS::S3::Bucket"\r\n',
        "---\n  # all of it indented\n  Resources:\n\n    A:\n      Type: AWS::S3::Bucket\n",
        '{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}',
        '{"Description": "Resources: {}", "Resources": {"A": {"Type" : "AWS::S3::Bucket"}}}',
        '\ufeff{\n\t"Resources": {"A": {"Type": "Custom::Thing", "X": "AWS::"}}}',
    ],
)
def test_templates_are_told_by_their_content(text: str) -> None:
    assert looks_like_template(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Resources:\n  A: 1\n",
        # serverless.yml: the template lies inside
        "service: x\nresources:\n  Resources:\n    A:\n      Type: AWS::S3::Bucket\n",
        "service: x\nresources:\n  AWSTemplateFormatVersion: '2010-09-09'\n",
        "  service: x\n  resources:\n    Resources:\n      A:\n        Type: AWS::S3::Bucket\n",
        # CodeDeploy's AppSpec has a list there
        "version: 0.0\nResources:\n  # a function\n  - Fn:\n      Type: AWS::Lambda::Function\n",
        "version: 0.0\nResources:\n- Fn:\n    Type: AWS::Lambda::Function\n",
        # templates of templates
        "AWSTemplateFormatVersion: 2010-09-09\nDescription: {{ cookiecutter.name }}\n",
        "AWSTemplateFormatVersion: 2010-09-09\n{% if x %}\nResources: {}\n{% endif %}\n",
        # others
        "services:\n  web:\n    image: x\n    environment:\n      Type: AWS::S3::Bucket\n",
        "on: push\njobs:\n  a:\n    steps:\n      - run: echo AWSTemplateFormatVersion\n",
        "openapi: 3.0.1\npaths: {}\nx: AWS::Region\n",
        '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "AWS::x"}}}',
        '{"TemplateBody": {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}}',
        '{"version": 0.0, "Resources": [{"Fn": {"Type": "AWS::Lambda::Function"}}]}',
        '{"a": "\\"AWSTemplateFormatVersion\\": 1"}',
    ],
)
def test_other_files_are_none(text: str) -> None:
    assert not looks_like_template(text)


TEXT = """\
Transform: AWS::Serverless-2016-10-31
Conditions:
  C: !Equals [!Ref P, x]
Parameters:
  P: {Type: String}
Globals:
  Function: {Timeout: 5}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Condition: C
    Metadata:
      lambdalint: {ignore: [default-memory, no-tracing]}
    Properties:
      Timeout: 30
      Events:
        Tick: {Type: Schedule}
  Other:
    Type: AWS::S3::Bucket
    Metadata: {lambdalint: {ignore: half-trigger}}
    Properties:
      A: !Ref Fn
      B: !Sub ["${Fn.Arn} ${Own} ${!Fn}", {Own: !GetAtt Fn.Arn}]
      C: !Sub "${Own} ${Fn} ${Fn}"
  NoType: {Properties: {}}
  Web: {Type: AWS::Serverless::Api}
"""


def test_resources_are_those_with_a_type() -> None:
    found = template(TEXT)
    assert list(found.resources) == ["Fn", "Other", "Web"]
    assert found.resources["Fn"].condition == "C"
    assert found.resources["Other"].condition is None
    assert [each.logical_id for each in found.of_type("AWS::S3::Bucket", "AWS::Serverless::Api")] == [
        "Other",
        "Web",
    ]


def test_labels_point_at_keys_and_values() -> None:
    found = template(TEXT)
    resource = found.resources["Fn"]
    label = resource.label("here", Role.RELATED, FunctionId(found.source.path, "Fn"))
    assert (at(found, label.span), label.role) == ("Fn", Role.RELATED)
    assert label.function is not None
    assert at(found, resource.label("here", Role.PRIMARY, None, "Timeout").span) == "30"
    assert (
        at(found, found.label((*resource.path, "Properties", "Timeout"), "here", key=True).span) == "Timeout"
    )


def test_references_are_found_in_every_form() -> None:
    found = template(TEXT)
    base = ("Resources", "Other", "Properties")
    assert list(found.references("Fn")) == [
        (*base, "A"),
        (*base, "B"),
        (*base, "B", "Fn::Sub", 1, "Own"),
        (*base, "C"),
    ]
    assert list(found.references("Own")) == [(*base, "C")]
    assert list(found.references("P")) == [("Conditions", "C", "Fn::Equals", 0)]
    assert found.references("Nobody") == ()


def test_ignores_in_metadata_with_their_paths() -> None:
    found = template(TEXT)
    assert {name: set(rules) for name, rules in found.metadata_ignores.items()} == {
        "Fn": {"default-memory", "no-tracing"},
        "Other": {"half-trigger"},
    }
    assert at(found, found.span(found.metadata_ignores["Fn"]["no-tracing"])) == "no-tracing"


def test_values_by_path_and_raw() -> None:
    found = template(TEXT)
    assert found.get(("Globals", "Function", "Timeout")) == 5
    assert found.get(("Globals", "Function", "Timeout", "x")) is None
    assert found.get(("Resources", "Nobody")) is None
    assert found.alternatives(("Resources", "Fn", "Properties", "Timeout"))[0].value == Known(30)
    assert found.alternatives(("Resources", "Nobody", "Properties", "x")) == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FnRole", Generated("Role", "Fn")),
        ("FnVersion0123456789", Generated("Version0123456789", "Fn")),
        ("FnAliaslive", Generated("Aliaslive", "Fn")),
        ("FnUrl", Generated("Url", "Fn")),
        ("FnTickPermission", Generated("TickPermission", "Fn")),
        ("WebStage", Generated("Stage", "Web")),
        ("ServerlessRestApi", Generated("RestApi", None)),
        ("ServerlessRestApiProdStage", Generated("ProdStage", None)),
        ("FnFailureQueue", None),
        ("Fn", None),
        ("Nobody", None),
    ],
)
def test_what_sam_makes(name: str, expected: Generated | None) -> None:
    assert template(TEXT).generated(name) == expected


def test_without_sam_nothing_is_made_and_globals_are_nothing() -> None:
    found = template("Globals: {Function: {}}\nResources:\n  Fn: {Type: AWS::Lambda::Function}\n")
    assert not found.is_sam
    assert found.generated("FnRole") is None
    assert found.globals_ == {}
    assert template(TEXT).globals_ == {"Function": {"Timeout": 5}}


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("Transform: AWS::Serverless-2016-10-31\nResources: {}", ()),
        ("Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]\nResources: {}", ()),
        ("Transform: [AWS::Serverless-2016-10-31, Mine]\nResources: {}", ("the macro Mine",)),
        ("Transform: {Name: Mine}\nResources: {}", ("the macro Mine",)),
        ("Resources:\n  Fn::ForEach::Queues: [X, [a], {}]\n", ("Fn::ForEach::Queues",)),
        ("Fn::Transform: {Name: AWS::Include}\nResources: {}", ("Fn::Transform",)),
    ],
)
def test_what_may_hold_more_than_is_written(text: str, reasons: tuple[str, ...]) -> None:
    assert template(text).incomplete == reasons


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "holds a list"),
        ("just text\n", "holds plain text"),
        ("Parameters: {}\n", "has no Resources section"),
        ("Globals:\nResources:\n# none yet\n", "`Resources` is empty"),
        ("Resources: [a]\n", "`Resources` must be a mapping"),
    ],
)
def test_what_is_no_template_is_a_problem(text: str, message: str) -> None:
    found = template(text)
    (problem,) = found.problems
    assert message in problem.message
    if "`Resources`" in message:
        assert text[problem.span.start : problem.span.end] == "Resources"
    assert found.resources == {}
    assert found.functions == ()


def test_odd_shapes_are_passed_over() -> None:
    found = template(
        """\
        Transform: [AWS::Serverless-2016-10-31, {Name: X}, 3]
        Globals: text
        Parameters: []
        Conditions: 1
        Resources:
          A: text
          B: {Type: [x]}
          1: {Type: AWS::S3::Bucket}
          Fn: {Type: AWS::Serverless::Function, Properties: text, Metadata: [], IgnoreGlobals: 3}
          Perm: {Type: AWS::Lambda::Permission, Properties: {FunctionName: [a], Principal: {x: y}}}
        """
    )
    (function,) = found.functions
    assert function.triggers == ()
    assert function.environment == {}
    assert function.timeout == 3
    assert found.parameters == {}
    assert found.references("x") == ()
