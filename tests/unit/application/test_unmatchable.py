"""Resources of statements as patterns, and actions that can match none of them."""

from __future__ import annotations

from textwrap import indent

import pytest

from lambdalint.application.resource_patterns import arn_attribute, named, of_value, pattern
from lambdalint.application.unmatchable import unmatchable
from lambdalint.iam.arns import PLAIN, UNKNOWN
from lambdalint.template.grants import Statement, role_statements
from lambdalint.template.template import Template
from tests.unit.template.templates import template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  BucketName: {Type: String}
  Target: {Type: String, Default: 'arn:aws:s3:::bucket'}
Resources:
  Files: {Type: AWS::S3::Bucket}
  Orders: {Type: AWS::DynamoDB::Table, Properties: {StreamSpecification: {StreamViewType: KEYS_ONLY}}}
  Jobs: {Type: AWS::SQS::Queue}
  News: {Type: AWS::SNS::Topic}
  Log: {Type: AWS::Logs::LogGroup}
  Flow: {Type: AWS::StepFunctions::StateMachine}
  Other: {Type: AWS::Serverless::Function, Properties: {Handler: app.handler}}
  Strange: {Type: Custom::Thing}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
"""


def made(resource: str, actions: str = "s3:GetObject", more: str = "") -> tuple[Template, Statement]:
    text = f"- Statement:\n    - Effect: Allow\n      Action: {actions}\n      Resource: {resource}\n{more}"
    found = template(f"{HEAD}      Policies:\n{indent(text, ' ' * 8)}\n")
    ((statement, _),) = role_statements(found)
    return found, statement


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:s3:::a/*", "arn:aws:s3:::a/*"),
        ("!GetAtt Files.Arn", f"arn:{PLAIN}:s3:::{PLAIN}"),
        ("!Sub ${Files.Arn}/*", f"arn:{PLAIN}:s3:::{PLAIN}/*"),
        ("!Sub arn:aws:s3:::${Files}/*", f"arn:aws:s3:::{PLAIN}/*"),
        ("!Sub arn:aws:s3:::${BucketName}", f"arn:aws:s3:::{PLAIN}"),
        ("!Sub arn:${AWS::Partition}:s3:::${Target}", f"arn:{PLAIN}:s3:::{UNKNOWN}"),
        ("!Ref Target", UNKNOWN),  # whatever its default
        ("!Ref BucketName", UNKNOWN),
        ("!GetAtt Orders.Arn", f"arn:{PLAIN}:dynamodb:{PLAIN}:{PLAIN}:table/{PLAIN}"),
        (
            "!GetAtt Orders.StreamArn",
            f"arn:{PLAIN}:dynamodb:{PLAIN}:{PLAIN}:table/{PLAIN}/stream/{PLAIN}",
        ),
        ("!Ref News", f"arn:{PLAIN}:sns:{PLAIN}:{PLAIN}:{PLAIN}"),
        ("!GetAtt Log.Arn", f"arn:{PLAIN}:logs:{PLAIN}:{PLAIN}:log-group:{UNKNOWN}:*"),
        ("!GetAtt Strange.Arn", UNKNOWN),
        ("!ImportValue arn", UNKNOWN),
    ],
)
def test_patterns(resource: str, expected: str) -> None:
    found, statement = made(resource)
    assert pattern(found, statement.resources[0]) == expected


@pytest.mark.parametrize(
    ("resource", "what", "arn"),
    [
        ("!Ref Files", "name", "!GetAtt Files.Arn"),
        ("!Sub ${Files}/*", "name", "!GetAtt Files.Arn"),
        ("!Ref Orders", "name", "!GetAtt Orders.Arn"),
        ("!Ref Jobs", "URL", "!GetAtt Jobs.Arn"),
        ("!Ref Other", "name", "!GetAtt Other.Arn"),
        ("!GetAtt News.TopicName", "name", "!Ref News"),
    ],
)
def test_names_for_arns(resource: str, what: str, arn: str) -> None:
    found, statement = made(resource)
    begins = named(found, statement.resources[0].value)
    assert begins is not None
    assert begins[1] == what
    assert arn_attribute(begins[0]) == arn


@pytest.mark.parametrize(
    "resource", ["!Ref News", "!Ref Flow", "!GetAtt Jobs.Arn", "!Ref Target", "!Ref Strange", "'*'"]
)
def test_what_may_be_an_arn(resource: str) -> None:
    found, statement = made(resource)
    assert named(found, statement.resources[0].value) is None


def test_values_that_are_no_text() -> None:
    found, _ = made("'*'")
    assert of_value(found, found.resolve({"a": "b"}, ())[0].value) == UNKNOWN


@pytest.mark.parametrize(
    ("actions", "resource"),
    [
        ("s3:GetObject", "!Sub '${Files.Arn}/*'"),
        ("s3:GetObject", "'*'"),
        ("[s3:GetObject, s3:ListBucket]", "[!GetAtt Files.Arn, !Sub '${Files.Arn}/*']"),
        ("s3:*", "!GetAtt Files.Arn"),  # some of them match
        ("s3:GetObject", "!Ref Target"),
        ("s3:GetObject", "!Sub '${Target}'"),
        ("s3:GetObject", "[!GetAtt Files.Arn, !ImportValue more]"),
        ("s3:NoSuchAction", "!GetAtt Files.Arn"),  # unknown-action
        ("s3:GetObject", "bucket"),  # invalid-statement
        ("sns:Publish", "'arn:aws:sns:::<topic>'"),  # to be filled in
        ("bedrock:InvokeModel", "!GetAtt Files.Arn"),  # not all is known of the service
        ("states:SendTaskSuccess", "!Ref Flow"),
        ("dynamodb:GetRecords", "!GetAtt Orders.StreamArn"),
        ("dynamodb:GetRecords", "!Sub '${Orders.Arn}/stream/*'"),
        ("dynamodb:Query", "!Sub '${Orders.Arn}/index/*'"),
        ("sns:ListTopics", "'arn:aws:sns:*:*:*'"),
        ("lambda:InvokeFunction", "!Sub '${Other.Arn}:*'"),
        ("logs:PutLogEvents", "!GetAtt Log.Arn"),
    ],
)
def test_statements_that_can_match(actions: str, resource: str) -> None:
    assert unmatchable(*made(resource, actions)) == ()


@pytest.mark.parametrize(
    ("actions", "resource", "expected"),
    [
        ("s3:GetObject", "!GetAtt Files.Arn", ["s3:GetObject"]),
        ("[s3:GetObject, s3:ListBucket]", "!Sub '${Files.Arn}/*'", ["s3:ListBucket"]),
        ("s3:Get*Tagging", "arn:aws:sqs:eu-west-1:123456789012:q", ["s3:Get*Tagging"]),
        ("dynamodb:GetRecords", "!GetAtt Orders.Arn", ["dynamodb:GetRecords"]),
        ("dynamodb:GetItem", "!GetAtt Orders.StreamArn", ["dynamodb:GetItem"]),
        ("sqs:SendMessage", "!Ref News", ["sqs:SendMessage"]),
        ("s3:ListAllMyBuckets", "!GetAtt Files.Arn", ["s3:ListAllMyBuckets"]),
    ],
)
def test_statements_that_cannot_match(actions: str, resource: str, expected: list[str]) -> None:
    assert [part.text for part in unmatchable(*made(resource, actions))] == expected


def test_only_what_allows() -> None:
    allows, _ = made("!GetAtt Files.Arn")
    denies = template(allows.source.text.replace("Effect: Allow", "Effect: Deny"))
    ((statement, _),) = role_statements(denies)
    assert unmatchable(denies, statement) == ()
