from __future__ import annotations

import ast
from typing import Any

import pytest
from samtranslator.plugins.globals.globals import GlobalProperties

from lambdalint.source import Span
from lambdalint.template.function import (
    ImageCode,
    InlineCode,
    LambdaFunction,
    LocalCode,
    Property,
    RemoteCode,
    merge,
)
from lambdalint.template.values import Known, Reference, Unknown
from tests.unit.template.templates import function, plain, template


def sam(properties: str, head: str = "", name: str = "Fn") -> LambdaFunction:
    """A SAM function with these lines of properties."""
    lines = "\n".join(f"      {line}" for line in properties.splitlines())
    return function(
        f"Transform: AWS::Serverless-2016-10-31\n{head}\nResources:\n  {name}:\n"
        f"    Type: AWS::Serverless::Function\n    Properties:\n{lines}\n"
    )


def cfn(properties: str) -> LambdaFunction:
    lines = "\n".join(f"      {line}" for line in properties.splitlines())
    return function(f"Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n{lines}\n")


GLOBALS = """\
Globals:
  Function:
    Runtime: python3.13
    Timeout: 10
    Layers: [common]
    Environment:
      Variables: {STAGE: dev, LEVEL: INFO}
    VpcConfig: {SubnetIds: [a], SecurityGroupIds: [s]}
Conditions:
  C: !Equals [!Ref AWS::Region, x]
"""


def values(found: tuple[Property, ...]) -> list[tuple[object, str]]:
    return [
        (plain(one.value.value) if isinstance(one.value, Known) else one.value, one.origin) for one in found
    ]


def test_scalars_of_globals_are_overridden() -> None:
    found = sam("Timeout: 30", GLOBALS)
    assert values(found.property("Timeout")) == [(30, "own")]
    assert values(found.property("Runtime")) == [("python3.13", "globals")]
    assert found.property("Runtime")[0].path == ("Globals", "Function", "Runtime")
    assert found.property("MemorySize") == ()


def test_mappings_of_globals_are_merged_by_key() -> None:
    found = sam("Environment:\n  Variables: {STAGE: prod, TABLE: t}", GLOBALS)
    environment = found.environment
    assert not isinstance(environment, Unknown)
    assert {name: values(one) for name, one in environment.items()} == {
        "STAGE": [("prod", "own")],
        "LEVEL": [("INFO", "globals")],
        "TABLE": [("t", "own")],
    }
    assert found.known("Environment", "Variables") == {"STAGE": "prod", "LEVEL": "INFO", "TABLE": "t"}


def test_lists_of_globals_come_first() -> None:
    found = sam("Layers: [own, !Ref AWS::NoValue]\nVpcConfig: {SubnetIds: [b]}", GLOBALS)
    assert values(found.layers) == [("common", "globals"), ("own", "own")]
    assert found.layers[1].path[-2:] == ("Layers", 0)
    assert found.known("VpcConfig", "SubnetIds") == ["a", "b"]
    assert found.known("VpcConfig", "SecurityGroupIds") == ["s"]


def test_an_intrinsic_counts_as_one_value() -> None:
    found = sam("Environment: !If [C, {Variables: {A: 1}}, !Ref AWS::NoValue]", GLOBALS)
    assert values(found.property("Environment", "Variables", "A")) == [(1, "own")]
    assert found.property("Environment", "Variables", "STAGE") == ()


@pytest.mark.parametrize("ignored", ["'*'", "[Timeout, Environment]"])
def test_globals_can_be_ignored(ignored: str) -> None:
    found = function(
        f"Transform: AWS::Serverless-2016-10-31\n{GLOBALS}Resources:\n  Fn:\n"
        f"    Type: AWS::Serverless::Function\n    IgnoreGlobals: {ignored}\n"
    )
    assert found.property("Timeout") == ()
    assert found.environment == {}
    assert bool(found.property("Runtime")) is ("Environment" in ignored)


def test_globals_concern_sam_functions_only() -> None:
    found = function(
        f"Transform: AWS::Serverless-2016-10-31\n{GLOBALS}Resources:\n  Fn: {{Type: AWS::Lambda::Function}}\n"
    )
    assert found.property("Timeout") == ()


@pytest.mark.parametrize(
    ("common", "own"),
    [
        (1, 2),
        ({"a": 1, "b": {"c": [1]}}, {"b": {"c": [2], "d": 3}, "e": 4}),
        ([1, 2], [2, 3]),
        ({"a": 1}, [1]),
        ({"Ref": "X"}, {"a": 1}),
        ({"a": {"Fn::If": ["C", 1, 2]}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": {"Fn::If": ["C", 1, 2]}}),
        ({"a": None}, {"a": {"b": 1}}),
    ],
)
def test_merging_is_sams(common: Any, own: Any) -> None:
    theirs = GlobalProperties({"P": common}).merge({"P": own})
    assert merge({"P": common}, {"P": own}) == theirs


def test_a_property_left_empty_is_absent() -> None:
    assert sam("Timeout:\nRuntime: python3.13").property("Timeout") == ()


def test_plain_functions_answer_to_sams_names() -> None:
    found = cfn(
        "Code: {S3Bucket: b, S3Key: k}\n"
        "TracingConfig: {Mode: Active}\n"
        "DeadLetterConfig: {TargetArn: arn}\n"
        "Timeout: '12'\n"
        "Events: {A: {Type: S3}}\n"
    )
    assert found.known("Tracing") == "Active"
    assert found.known("CodeUri", "Bucket") == "b"
    assert found.known("DeadLetterQueue", "TargetArn") == "arn"
    assert found.property("Tracing")[0].path == found.path("Tracing")
    assert found.path("Tracing") == ("Resources", "Fn", "Properties", "TracingConfig", "Mode")
    assert found.timeout == 12
    assert found.property("Events") == ()


def test_what_is_known_is_the_same_in_every_branch() -> None:
    found = sam("Timeout: !If [C, 5, 5]\nMemorySize: !If [C, 128, 256]\nHandler: !Ref P", GLOBALS)
    assert found.known("Timeout") == 5
    assert found.timeout == 5
    assert found.known("MemorySize") is None
    assert found.memory is None
    assert found.handler_text is None
    assert len(found.property("MemorySize")) == 2


def test_lambdas_defaults() -> None:
    found = sam("Handler: app.handler")
    assert (found.timeout, found.memory) == (3, 128)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("Runtime: python3.13", True),
        ("Runtime: nodejs22.x", False),
        ("Runtime: !Ref P", None),
        ("PackageType: Image", None),
        ("Handler: x", None),
    ],
)
def test_python_or_not(properties: str, expected: bool | None) -> None:
    assert sam(properties).is_python is expected


@pytest.mark.parametrize(
    "variables",
    ["!Ref P", "{Fn::Transform: {Name: X}}", "[a]"],
)
def test_an_environment_that_is_not_known(variables: str) -> None:
    assert isinstance(sam(f"Environment: {{Variables: {variables}}}").environment, Unknown)


def test_variables_that_hold_in_some_branch() -> None:
    found = sam("Environment: {Variables: {A: !If [C, x, !Ref AWS::NoValue], B: !GetAtt T.Arn}}", GLOBALS)
    assert not isinstance(found.environment, Unknown)
    assert values(found.environment["A"]) == [("x", "own")]
    assert found.environment["A"][0].conditions == (("C", True),)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("CodeUri: src/", LocalCode("src/", ("Resources", "Fn", "Properties", "CodeUri"))),
        ("Handler: x", LocalCode(".", None)),
        ("CodeUri: s3://bucket/key", RemoteCode("code in S3")),
        ("CodeUri: {Bucket: b, Key: k}", RemoteCode("code in S3")),
        ("CodeUri: app.zip", RemoteCode("code is an archive")),
        ("CodeUri: !Ref P", RemoteCode("undefined P")),
        ("CodeUri: !If [C, a, b]", RemoteCode("code differs by condition")),
        ("PackageType: Image", RemoteCode("image in a registry")),
        ("ImageUri: x", RemoteCode("image in a registry")),
        ("InlineCode: !Ref P", RemoteCode("inline code is not known")),
    ],
)
def test_where_the_code_is(properties: str, expected: object) -> None:
    assert sam(properties, GLOBALS).code == expected


def test_code_of_plain_functions() -> None:
    assert cfn("Code: src/").code == LocalCode("src/", ("Resources", "Fn", "Properties", "Code"))
    assert cfn("Code: {S3Bucket: b, S3Key: k}").code == RemoteCode("code in S3")
    assert cfn("Code: {ImageUri: x}").code == RemoteCode("image in a registry")
    assert cfn("Handler: x").code == RemoteCode("no code is named")
    assert isinstance(cfn("Code: {ZipFile: 'x = 1'}").code, InlineCode)


def test_images_that_are_built_here() -> None:
    found = function(
        """\
        Transform: AWS::Serverless-2016-10-31
        Resources:
          Fn:
            Type: AWS::Serverless::Function
            Metadata: {DockerContext: ./app, Dockerfile: Dockerfile.prod, BuildMethod: makefile}
            Properties:
              PackageType: Image
              ImageConfig: {Command: [app.handler]}
        """
    )
    path = ("Resources", "Fn", "Metadata", "DockerContext")
    assert found.code == ImageCode("./app", "Dockerfile.prod", ("app.handler",), path)
    assert found.build_method == "makefile"


def test_code_that_the_cdk_names() -> None:
    found = function(
        """\
        Resources:
          Fn:
            Type: AWS::Lambda::Function
            Metadata: {'aws:asset:path': asset.1}
            Properties: {Code: {S3Bucket: b, S3Key: k}}
        """
    )
    assert found.code == LocalCode("asset.1", ("Resources", "Fn", "Metadata", "aws:asset:path"))


def inline(found: LambdaFunction) -> InlineCode:
    assert isinstance(found.code, InlineCode)
    return found.code


BODY = ["import os", "", "def handler(event, context):", "    return os.environ['A']"]


def block(header: str, indent: int, blank: str = "") -> str:
    """Inline code as a block scalar."""
    lines = [" " * indent + line if line else blank for line in BODY]
    return "\n".join([f"InlineCode: {header}", *lines, ""])


@pytest.mark.parametrize(
    "written",
    [
        block("|", 2),
        block("|-", 6),
        block("|2", 2),
        block("|  # code", 2, blank="   "),
        block("!Sub |", 2),
        block("!Sub\n  |", 2),
        block("\n  Fn::Sub: |", 4),
        "InlineCode: 'import os'",
        "InlineCode: import os",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_inline_code_is_mapped_character_by_character(written: str, newline: str) -> None:
    lines = "\n".join(f"      {line}" for line in written.split("\n"))
    head = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
    text = f"{head}    Properties:\n{lines}\n  # 😀 after\n".replace("\n", newline)
    source = inline(function(text)).source
    assert source.offset_map is not None
    assert len(source.offset_map) == len(source.text) + 1
    host = source.host.text
    for index, character in enumerate(source.text):
        written_there = host[source.offset_map[index]]
        assert written_there == character or (character, written_there) == ("\n", "\r")
    start = source.text.index("os")
    span = source.host_span(Span(start, start + 2))
    assert host[span.start : span.end] == "os"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("InlineCode: >\n  import os\n\n  x = 1\n", "import os\nx = 1\n"),
        ('InlineCode: "import os\\nx = 1"', "import os\nx = 1"),
        ("InlineCode: {'Fn::Join': [\"\\n\", [import os, x = 1]]}", "import os\nx = 1"),
        ("InlineCode: !Sub |\n  x = '${AWS::Region}'\n", "x = '${AWS::Region}'\n"),
        ("InlineCode: !Sub |\n  x = '${!A}'\n", "x = '${A}'\n"),
        ("InlineCode: {'Fn::Join': ['', [\"x = '\", !Ref AWS::Region, \"'\"]]}", "x = '${AWS::Region}'"),
    ],
)
def test_code_that_is_not_there_character_by_character(written: str, text: str) -> None:
    source = inline(sam(written)).source
    assert source.text == text
    assert source.offset_map is None
    assert source.host_span(Span(0, 1)) == source.fallback


def test_code_that_deployment_completes_is_not_known() -> None:
    assert sam("InlineCode: !Sub |\n  x = ${AWS::AccountId}\n").code == RemoteCode(
        "inline code is completed at deployment"
    )
    node = sam("Runtime: nodejs22.x\nInlineCode: !Sub |\n  const x = ${AWS::AccountId}\n")
    assert inline(node).source.text == "const x = ${AWS::AccountId}\n"


def test_inline_code_of_json() -> None:
    found = function(
        '{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.13",'
        ' "Code": {"ZipFile": {"Fn::Join": ["\\n", ["def handler(event, context):", "  return 1"]]}}}}}}'
    )
    assert ast.parse(inline(found).source.text)


DESTINATION = "DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Q.Arn}}"


@pytest.mark.parametrize(
    ("properties", "state", "kind"),
    [
        ("Handler: x", "absent", ""),
        ("DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Q.Arn}", "present", "DeadLetterQueue"),
        ("DeadLetterQueue: {Type: SQS, TargetArn: !Ref P}", "present", "DeadLetterQueue"),
        ("DeadLetterQueue: !If [C, {TargetArn: x}, !Ref AWS::NoValue]", "present", "DeadLetterQueue"),
        ("DeadLetterQueue: {Type: SQS}", "absent", ""),
        (f"EventInvokeConfig: {{{DESTINATION}}}", "present", "OnFailure"),
        ("EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}", "present", "OnFailure"),
        ("EventInvokeConfig: {MaximumRetryAttempts: 0}", "absent", ""),
        ("EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SQS}}}", "absent", ""),
        ("Fn::Transform: {Name: X}", "unknown", ""),
    ],
)
def test_where_failed_events_go(properties: str, state: str, kind: str) -> None:
    found = sam(properties, GLOBALS).failure_destination
    assert (found.state, found.kind) == (state, kind)


def test_where_failed_events_go_by_globals() -> None:
    found = sam(
        "Handler: x", f"Globals:\n  Function:\n    EventInvokeConfig: {{{DESTINATION}}}"
    ).failure_destination
    assert found.state == "present"
    assert found.path[0] == "Globals"
    assert found.value == Unknown("undefined", "Q")


@pytest.mark.parametrize(
    ("named", "state"),
    [
        ("!Ref Fn", "present"),
        ("!GetAtt Fn.Arn", "present"),
        ("!Sub ${Fn}", "present"),
        ("!Sub '${Fn.Arn}:live'", "present"),
        ("orders", "present"),
        ("'arn:aws:lambda:eu-west-1:123456789012:function:orders'", "present"),
        ("!Sub 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:orders:live'", "present"),
        ("!Ref Live", "present"),
        ("!Ref Fn.Alias", "present"),
        ("!Ref FnAliaslive", "present"),
        ("other", "absent"),
        ("!Ref P", "unknown"),
        ("!ImportValue x", "unknown"),
    ],
)
def test_where_failed_events_go_by_another_resource(named: str, state: str) -> None:
    found = function(
        f"""\
        Transform: AWS::Serverless-2016-10-31
        Parameters: {{P: {{Type: String}}}}
        Resources:
          Q: {{Type: AWS::SQS::Queue}}
          Fn:
            Type: AWS::Serverless::Function
            Properties: {{FunctionName: orders, AutoPublishAlias: live}}
          Live:
            Type: AWS::Lambda::Alias
            Properties: {{FunctionName: !Ref Fn}}
          Config:
            Type: AWS::Lambda::EventInvokeConfig
            Properties:
              FunctionName: {named}
              {DESTINATION}
        """
    ).failure_destination
    assert found.state == state
    if state == "present":
        assert found.value == Reference("Q", "Arn")
        assert found.path[:2] == ("Resources", "Config")


def test_a_macro_may_add_a_destination() -> None:
    found = function(
        "Transform: [AWS::Serverless-2016-10-31, Mine]\nResources:\n  Fn: {Type: AWS::Serverless::Function}"
    )
    assert found.failure_destination.state == "unknown"
    assert found.failure_destination.reason == "the macro Mine"


def test_urls_and_labels() -> None:
    found = template(
        """\
        Resources:
          Fn: {Type: AWS::Lambda::Function, Properties: {Timeout: 5}}
          Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Fn.Arn}}
        """
    )
    (each,) = found.functions
    assert [url.logical_id for url in each.urls] == ["Url"]
    assert found.source.slice(each.label("x").span) == "Fn"
    label = each.label("x", path=each.path("Timeout"), tied=True)
    assert (found.source.slice(label.span), label.function) == ("5", each.id)
