"""Whether a query can find more than one item, by the keys of the template's tables."""

from pathlib import Path

import pytest

from lambdalint.application.tables import finds_many
from tests.unit.application.projects import application_of

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Other: {Type: String}}
Resources:
  Simple: {Type: AWS::Serverless::SimpleTable}
  Sorted:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
  Plain:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: plain
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      CodeUri: src
      Environment:
        Variables: {SIMPLE: !Ref Simple, SORTED: !Ref Sorted, OTHER: !Ref Other}
"""


@pytest.mark.parametrize(
    ("table", "arguments", "expected"),
    [
        ("os.environ['SIMPLE']", "KeyConditionExpression=Key('id').eq(1)", False),
        ("os.environ['SORTED']", "KeyConditionExpression=Key('pk').eq(1)", True),
        ("os.environ['SORTED']", "KeyConditionExpression=Key('pk').eq(1) & Key('sk').eq(1)", False),
        ("os.environ['OTHER']", "KeyConditionExpression=Key('pk').eq(1)", None),
        ("os.environ['OTHER']", "KeyConditionExpression=Key('pk').eq(1) & Key('sk').gt(1)", True),
        ("os.environ['SIMPLE']", "IndexName='i', KeyConditionExpression=Key('n').eq(1)", True),
        ("'plain'", "KeyConditionExpression=Key('pk').eq(1)", False),
        ("'plain'", "KeyConditionExpression=event['condition']", None),
    ],
)
def test_queries(tmp_path: Path, table: str, arguments: str, expected: bool | None) -> None:
    code = (
        "import os, boto3\nfrom boto3.dynamodb.conditions import Key\n\ndef handler(event, context):\n"
        f"    return boto3.resource('dynamodb').Table({table}).query({arguments})\n"
    )
    application = application_of(tmp_path, {"template.yaml": TEMPLATE, "src/app.py": code})
    (handler,) = application.handlers
    (call,) = handler.calls
    assert finds_many(handler, call) is expected
