from __future__ import annotations

import pytest

from lambdalint.template.api_limits import waits
from tests.unit.template.templates import function

URI = "!Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations'"
SAM = "Transform: AWS::Serverless-2016-10-31\nParameters:\n  P: {Type: String}\nResources:\n"


def seconds(text: str) -> list[float | None]:
    return [waits(trigger) for trigger in function(SAM + text).triggers]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("{Type: Api, Properties: {Path: /, Method: get}}", 29.0),
        ("{Type: HttpApi, Properties: {Path: /, Method: get}}", 30.0),
        ("{Type: HttpApi}", 30.0),
        ("{Type: HttpApi, Properties: {Path: /, Method: get, TimeoutInMillis: 5000}}", 5.0),
        ("{Type: Api, Properties: {Path: /, Method: get, TimeoutInMillis: 60000}}", 60.0),
        ("{Type: HttpApi, Properties: {Path: /, Method: get, TimeoutInMillis: !Ref P}}", None),
        ("{Type: Api, Properties: {Path: /, Method: get, ResponseTransferMode: STREAM}}", None),
        ("{Type: Api, Properties: {Path: /, Method: get, ResponseTransferMode: BUFFERED}}", 29.0),
        ("{Type: Api, Properties: {Path: /, Method: get, ResponseTransferMode: !Ref P}}", None),
        ("{Type: Schedule, Properties: {Schedule: rate(1 day)}}", None),
        ("{Type: SQS, Properties: {Queue: !ImportValue q}}", None),
    ],
)
def test_events(event: str, expected: float | None) -> None:
    found = seconds(
        f"  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      Events:\n        E: {event}\n"
    )
    assert found == [expected]


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("AWS::ApiGateway::Method", f"{{Integration: {{Type: AWS_PROXY, Uri: {URI}}}}}", [29.0]),
        (
            "AWS::ApiGateway::Method",
            f"{{Integration: {{Type: AWS_PROXY, Uri: {URI}, TimeoutInMillis: 50}}}}",
            [0.05],
        ),
        (
            "AWS::Lambda::Permission",
            "{FunctionName: !Ref Fn, Principal: apigateway.amazonaws.com, Action: lambda:InvokeFunction}",
            [None],
        ),
    ],
)
def test_resources(kind: str, properties: str, expected: list[float | None]) -> None:
    text = f"  Fn: {{Type: AWS::Lambda::Function}}\n  R: {{Type: {kind}, Properties: {properties}}}\n"
    assert seconds(text) == expected


@pytest.mark.parametrize(("protocol", "expected"), [("HTTP", 30.0), ("WEBSOCKET", None)])
def test_websockets_do_not_wait(protocol: str, expected: float | None) -> None:
    found = seconds(
        "  Fn: {Type: AWS::Lambda::Function}\n"
        f"  Web: {{Type: AWS::ApiGatewayV2::Api, Properties: {{ProtocolType: {protocol}}}}}\n"
        "  I:\n    Type: AWS::ApiGatewayV2::Integration\n    Properties:\n      ApiId: !Ref Web\n"
        "      IntegrationType: AWS_PROXY\n      IntegrationUri: !GetAtt Fn.Arn\n"
    )
    assert found == [expected]
