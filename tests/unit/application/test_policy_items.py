"""What stands in `Policies` and is no policy."""

from __future__ import annotations

from textwrap import indent

import pytest

from lambdalint.application.policy_grammar import Mistake
from lambdalint.application.policy_items import attached, misnamed, misplaced
from lambdalint.template.grants import attachments
from lambdalint.template.template import Template
from tests.unit.template.templates import template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Name: {Type: String, Default: AWSLambdaBasicExecutionRol}
Resources:
  Orders: {Type: AWS::Serverless::SimpleTable}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
"""


def of(policies: str) -> Template:
    return template(f"{HEAD}      Policies:\n{indent(policies, ' ' * 8)}\n")


def found(policies: str) -> list[Mistake]:
    made = of(policies)
    return [mistake for _, mistake in (*misplaced(made), *misnamed(made))]


@pytest.mark.parametrize(
    "policies",
    [
        "- AWSLambdaBasicExecutionRole",
        "AWSLambdaBasicExecutionRole",
        "- arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        "- !Sub arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaRole",
        "- arn:aws:iam::123456789012:policy/AWSLambdaBasicExecutionRol",
        "- SomePolicyThatIsNewToAws",
        "- !Ref Name",
        "- !ImportValue policy",
        "- DynamoDBReadPolicy:\n    TableName: !Ref Orders",
        "- DynamoDBReadPolicy:\n    TableName: !If [A, x, y]",
        "- CloudWatchPutMetricPolicy: {}",
        "- Statement:\n    - {Effect: Allow, Action: s3:GetObject, Resource: '*'}",
        "- Version: '2012-10-17'\n  Statement: {Effect: Allow, Action: s3:GetObject, Resource: '*'}",
        "- !If [Own, !Ref Name, !Ref AWS::NoValue]",
        "- Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/p.yaml}}",
    ],
)
def test_policies(policies: str) -> None:
    assert found(policies) == []


@pytest.mark.parametrize(
    ("policies", "what", "advice"),
    [
        ("- {Effect: Allow, Action: s3:GetObject, Resource: '*'}", "without a document", "under `Statement`"),
        ("- PolicyName: p\n  PolicyDocument: {Statement: []}", "a role's inline policy", "PolicyDocument"),
        ("- Statment:\n    - {Effect: Allow, Action: 's3:*', Resource: '*'}", "`Statment`", "`Statement`"),
        ("- Version: '2012-10-17'", "no `Statement`", "`Statement`"),
        ("- DynamoDBReedPolicy: {TableName: x}", "`DynamoDBReedPolicy`", "`DynamoDBReadPolicy`"),
        ("- DynamoDBReadPolicy: {Tablename: x}", "`Tablename`", "`TableName`"),
        ("- DynamoDBReadPolicy: {TableName: x, Index: y}", "`Index`", "remove `Index`"),
        ("- DynamoDBReadPolicy: {}", "lacks its parameter `TableName`", "`TableName`"),
        ("- DynamoDBReadPolicy: orders", "no parameters", "TableName"),
        ("- DynamoDBReadPolicy:\n  TableName: x", "beside `DynamoDBReadPolicy`", "indent `TableName`"),
        ("- DynamoDBReadPolicy: {TableName: x}\n  S3ReadPolicy: {BucketName: y}", "2 policy templates", "- "),
        ("- CloudWatchPutMetricPolicy:", "without a mapping", "{}"),
        ("- DynamoDBReadPolicy", "as the name of a managed policy", "TableName"),
        ("- AWSLambdaBasicExecutionRole: {}", "no policy template", "without a colon"),
        ("- AWSLambdaVPCAccesExecutionRole", "no managed policy", "`AWSLambdaVPCAccessExecutionRole`"),
        ("- service-role/AWSLambdaBasicExecutionRole", "no managed policy", "`AWSLambdaBasicExecutionRole`"),
        ("- arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole", "no managed policy", "service-role/"),
        ("- arn:aws:iam::policy/AmazonS3ReadOnlyAccess", "no managed policy", "iam::aws:policy/AmazonS3"),
        ("- One: {}\n  Other: {}", "is no policy", "`Statement`"),
    ],
)
def test_mistakes(policies: str, what: str, advice: str) -> None:
    (mistake,) = found(policies)
    assert what in mistake.what
    assert advice in mistake.advice
    assert mistake.path[:4] == ("Resources", "F", "Properties", "Policies")


ROLE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [{arn}]
  F:
    Type: AWS::Serverless::Function
    Properties: {{Handler: app.handler, Role: !GetAtt R.Arn}}
"""


@pytest.mark.parametrize(
    ("arn", "advice"),
    [
        ("AWSLambdaBasicExecutionRole", "policy/service-role/AWSLambdaBasicExecutionRole"),
        ("service-role/AWSLambdaRole", "policy/service-role/AWSLambdaRole"),
        ("arn:aws:iam::aws:policy/AWSLambdaRole", "policy/service-role/AWSLambdaRole"),
        ("arn:aws:iam::aws:policy/service-role/AWSLambdaRole", None),
        ("MyOwnPolicy", None),
    ],
)
def test_attached(arn: str, advice: str | None) -> None:
    ((item, functions),) = attachments(template(ROLE.format(arn=arn)))
    mistake = attached(item)
    assert [function.logical_id for function in functions] == ["F"]
    assert (mistake is None) if advice is None else (mistake is not None and advice in mistake.advice)
