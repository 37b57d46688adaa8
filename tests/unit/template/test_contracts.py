from __future__ import annotations

from textwrap import indent

import pytest

from lambdalint.template.contracts import Contract, contract, described
from tests.unit.template.templates import template

URI = "!Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations'"


HEAD = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
"""


def contracts(resources: str = "", events: str = "") -> list[Contract | None]:
    """The contracts of all that invokes Fn."""
    text = HEAD
    if events:
        text += "      Events:\n" + indent(events, " " * 8) + "\n"
    text += indent(resources, "  ")
    found = template(text)
    assert found.problems == ()
    (function,) = found.functions
    return [contract(trigger) for trigger in described(function)]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("E: {Type: Api, Properties: {Path: /, Method: get}}", Contract.REST),
        ("E: {Type: HttpApi}", Contract.HTTP_2),
        ("E: {Type: HttpApi, Properties: {PayloadFormatVersion: '1.0'}}", Contract.HTTP_1),
        ("E: {Type: HttpApi, Properties: {PayloadFormatVersion: 2.0}}", Contract.HTTP_2),
        ("E: {Type: HttpApi, Properties: {PayloadFormatVersion: !Ref V}}", None),
        ("E: {Type: SQS, Properties: {Queue: q}}", None),
    ],
)
def test_events_of_sam(event: str, expected: Contract | None) -> None:
    assert contracts(events=event) == [expected]


def test_function_urls() -> None:
    url = "U:\n  Type: AWS::Lambda::Url\n  Properties: {TargetFunctionArn: !Ref Fn, AuthType: NONE}\n"
    assert contracts(url) == [Contract.URL]


@pytest.mark.parametrize(
    ("kind", "expected"), [("AWS_PROXY", Contract.REST), ("AWS", Contract.MAPPED), ("!Ref K", None)]
)
def test_methods(kind: str, expected: Contract | None) -> None:
    method = (
        "M:\n  Type: AWS::ApiGateway::Method\n  Properties:\n    RestApiId: !Ref A\n    Integration:\n"
        f"      Type: {kind}\n      Uri: {URI}\n"
    )
    assert contracts(method) == [expected]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("IntegrationType: AWS_PROXY, PayloadFormatVersion: '2.0'", Contract.HTTP_2),
        ("IntegrationType: AWS_PROXY, PayloadFormatVersion: '1.0'", Contract.HTTP_1),
        ("IntegrationType: AWS_PROXY", None),
    ],
)
def test_integrations(properties: str, expected: Contract | None) -> None:
    integration = (
        "I:\n  Type: AWS::ApiGatewayV2::Integration\n"
        f"  Properties: {{ApiId: !Ref A, IntegrationUri: !GetAtt Fn.Arn, {properties}}}\n"
    )
    assert contracts(integration) == [expected]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("[]", Contract.ALB),
        ("[{Key: lambda.multi_value_headers.enabled, Value: true}]", Contract.ALB_MULTI),
        ("[{Key: lambda.multi_value_headers.enabled, Value: 'false'}]", Contract.ALB),
        ("[{Key: lambda.multi_value_headers.enabled, Value: !Ref M}]", None),
    ],
)
def test_target_groups(attributes: str, expected: Contract | None) -> None:
    group = (
        "G:\n  Type: AWS::ElasticLoadBalancingV2::TargetGroup\n"
        f"  Properties: {{TargetType: lambda, Targets: [{{Id: !GetAtt Fn.Arn}}],"
        f" TargetGroupAttributes: {attributes}}}\n"
    )
    assert contracts(group) == [expected]


@pytest.mark.parametrize(
    ("kind", "expected"), [("aws_proxy", [Contract.REST]), ("AWS", [Contract.MAPPED]), ("!Ref K", [None])]
)
def test_a_definition_says_more_than_the_event(kind: str, expected: list[Contract | None]) -> None:
    event = "E: {Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref A}}"
    api = (
        "A:\n  Type: AWS::Serverless::Api\n  Properties:\n    StageName: s\n    DefinitionBody:\n"
        "      paths:\n        /:\n          get:\n            x-amazon-apigateway-integration:\n"
        f"              type: {kind}\n              httpMethod: POST\n              uri: {URI}\n"
    )
    if kind == "!Ref K":
        assert contracts(api, event) == [None, None]
    else:
        assert contracts(api, event) == expected


def test_an_api_whose_definition_does_not_tell() -> None:
    event = "E: {Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref A}}"
    api = "A:\n  Type: AWS::Serverless::Api\n  Properties: {StageName: s, DefinitionUri: s3://b/api.yaml}\n"
    assert contracts(api, event) == [None]


def test_an_api_of_its_own() -> None:
    event = "E: {Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref A}}"
    api = "A:\n  Type: AWS::Serverless::Api\n  Properties: {StageName: s}\n"
    assert contracts(api, event) == [Contract.REST]


def test_definitions_of_http_apis() -> None:
    api = (
        "A:\n  Type: AWS::ApiGatewayV2::Api\n  Properties:\n    Body:\n      paths:\n        /:\n"
        "          get:\n            x-amazon-apigateway-integration:\n              type: AWS_PROXY\n"
        f"              payloadFormatVersion: '1.0'\n              uri: {URI}\n"
    )
    assert contracts(api) == [Contract.HTTP_1]


def test_a_permission_alone_does_not_tell() -> None:
    permission = (
        "P:\n  Type: AWS::Lambda::Permission\n"
        "  Properties: {FunctionName: !Ref Fn, Action: a, Principal: apigateway.amazonaws.com}\n"
    )
    assert contracts(permission) == [None]
