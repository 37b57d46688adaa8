from pathlib import PurePosixPath

import pytest

from lambdalint.application.granted import granted
from lambdalint.application.patterns import Answer
from lambdalint.iam import targets
from lambdalint.iam.match import Need
from lambdalint.source import SourceFile
from lambdalint.template.template import Template, load

ARN = "arn:aws:dynamodb:*:*:table"
HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Name: {Type: String}
  Stage: {Type: String, Default: dev}
Resources:
  Plain: {Type: AWS::DynamoDB::Table, Properties: {}}
  Other: {Type: AWS::DynamoDB::Table, Properties: {}}
  Named:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Sub "${Stage}-orders"}
  Fixed:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: orders}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Policies:
"""
YES, PERHAPS, NO = Answer.YES, Answer.PERHAPS, Answer.NO


def template(policies: str) -> Template:
    lines = "".join(f"        {line}\n" for line in policies.splitlines())
    return load(SourceFile(PurePosixPath("template.yaml"), HEAD + lines))


def answer(policies: str, action: str, table: str, parts: tuple[str, ...] = ()) -> Answer:
    found = template(policies)
    resource = found.resources.get(table)
    target = (
        targets.of_resource(resource.type, table, resource.properties)
        if resource is not None
        else targets.of_text(table, "dynamodb:table")
    )
    assert target is not None
    return granted(found.functions[0]).answer(Need(action, target, parts))


def allow(resource: str, action: str = "dynamodb:GetItem") -> str:
    return f"- Statement:\n    - Effect: Allow\n      Action: {action}\n      Resource: {resource}"


@pytest.mark.parametrize(
    ("resource", "table", "expected"),
    [
        ("'*'", "Plain", YES),
        ("!GetAtt Plain.Arn", "Plain", YES),
        ("!Sub arn:aws:dynamodb:*:*:table/${Plain}", "Plain", YES),
        ("!Join ['', ['arn:aws:dynamodb:*:*:table/', !Ref Plain]]", "Plain", YES),
        ("!GetAtt Other.Arn", "Plain", NO),
        (f"{ARN}/orders", "Plain", NO),
        ("!Sub arn:aws:dynamodb:*:*:table/${AWS::StackName}-*", "Plain", YES),
        ("!Sub arn:aws:dynamodb:*:*:table/${Name}", "Plain", PERHAPS),
        ("!Ref Name", "Plain", PERHAPS),
        ("!ImportValue tables", "Plain", PERHAPS),
        ("!Sub arn:aws:dynamodb:*:*:table/${Stage}-orders", "Named", YES),
        (f"{ARN}/payments", "Named", NO),
        (f"{ARN}/ord*", "Fixed", YES),
        (f"{ARN}/orders", "Fixed", YES),
        ("!GetAtt Fixed.Arn", "orders", YES),
        (f"{ARN}/payments", "orders", NO),
        ("arn:aws:s3:::orders", "Fixed", PERHAPS),  # names it, by an ARN of the wrong kind
        ("arn:aws:s3:::files", "Fixed", NO),
    ],
)
def test_a_resource_is_set_against_a_table(resource: str, table: str, expected: Answer) -> None:
    assert answer(allow(resource), "dynamodb:GetItem", table) is expected


def test_a_query_of_an_index_needs_the_index() -> None:
    table, index = "!GetAtt Plain.Arn", "!Sub '${Plain.Arn}/index/*'"
    assert answer(allow(table, "dynamodb:Query"), "dynamodb:Query", "Plain", ("index",)) is NO
    assert answer(allow(index, "dynamodb:Query"), "dynamodb:Query", "Plain", ("index",)) is YES
    assert answer(allow(index, "dynamodb:Query"), "dynamodb:Query", "Plain") is PERHAPS


def test_a_policy_template_is_spelled_out() -> None:
    policy = "- DynamoDBReadPolicy:\n    TableName: !Ref Plain"
    assert answer(policy, "dynamodb:Scan", "Plain") is YES
    assert answer(policy, "dynamodb:Scan", "Other") is NO
    assert answer(policy, "dynamodb:PutItem", "Plain") is NO


def test_a_managed_policy_is_spelled_out() -> None:
    assert answer("- AmazonDynamoDBReadOnlyAccess", "dynamodb:Scan", "Plain") is YES
    assert answer("- AmazonDynamoDBReadOnlyAccess", "dynamodb:PutItem", "Plain") is NO


def test_a_deny_takes_away_what_it_surely_covers() -> None:
    deny = "- Statement:\n    - Effect: Deny\n      Action: dynamodb:*\n      Resource: !GetAtt Other.Arn\n"
    assert answer(f"{deny}{allow(chr(39) + chr(42) + chr(39))}", "dynamodb:GetItem", "Other") is NO
    assert answer(f"{deny}{allow(chr(39) + chr(42) + chr(39))}", "dynamodb:GetItem", "Plain") is YES


def test_a_condition_makes_a_grant_unsure() -> None:
    narrowed = allow("'*'") + "\n      Condition: {StringEquals: {aws:RequestedRegion: eu-west-1}}"
    assert answer(narrowed, "dynamodb:GetItem", "Plain") is PERHAPS


@pytest.mark.parametrize(
    ("policies", "complete"),
    [
        ("- AWSLambdaBasicExecutionRole", True),
        ("- arn:aws:iam::123456789012:policy/own", False),
        ("- NoSuchPolicy: {}", False),
        ("- !Ref Name", False),
        ("- DynamoDBReadPolicy: {TableName: !Ref Plain}", True),
    ],
)
def test_what_is_not_known_is_said(policies: str, complete: bool) -> None:
    assert granted(template(policies).functions[0]).complete is complete


def test_an_embedded_connector_grants() -> None:
    text = (HEAD + "        - AWSLambdaBasicExecutionRole\n").replace(
        "    Properties:\n      Runtime",
        "    Connectors:\n      To:\n        Properties:\n          Destination: {Id: Plain}\n"
        "          Permissions: [Read]\n    Properties:\n      Runtime",
    )
    found = load(SourceFile(PurePosixPath("template.yaml"), text))
    target = targets.of_resource("AWS::DynamoDB::Table", "Plain", {})
    assert target is not None
    assert granted(found.functions[0]).answer(Need("dynamodb:PartiQLSelect", target)) is YES
    assert granted(found.functions[0]).answer(Need("dynamodb:PutItem", target)) is NO
