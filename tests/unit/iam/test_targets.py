from typing import Any

import pytest

from lambdalint.data import tables
from lambdalint.iam import actions, targets
from lambdalint.iam.targets import NONE, UNKNOWN, Target

ARN = "arn:${AWS::Partition}:"
HERE = "${AWS::Region}:${AWS::AccountId}"


def written(action: str, target: Target | None, parts: tuple[str, ...] = ()) -> list[Any]:
    assert target is not None
    found = [targets.written(arn, target) for arn in targets.canonical_arns(action, target, parts)]
    return [None if expression is None else expression.node for expression in found]


def test_the_table_names_types_and_attributes_that_exist() -> None:
    manager = pytest.importorskip("cfnlint.schema.manager").PROVIDER_SCHEMA_MANAGER
    for cfn_type, row in tables.load("cfn_resources.toml").items():
        prefix, _, name = row["type"].partition(":")
        known = {kind.name for one in actions.service_actions(prefix) for kind in one.resource_types}
        assert name in known, row
        attributes = set(manager.get_resource_schema("us-east-1", cfn_type).get_atts)
        assert {row.get("name", "Ref"), row.get("arn", "Ref")} <= {"Ref", *attributes}, cfn_type


TABLE = targets.of_resource("AWS::DynamoDB::Table", "Orders")
BUCKET = targets.of_resource("AWS::S3::Bucket", "Files")
MACHINE = targets.of_resource("AWS::Serverless::StateMachine", "Flow")


@pytest.mark.parametrize(
    ("action", "target", "parts", "resources"),
    [
        ("dynamodb:GetItem", TABLE, (), [{"Fn::GetAtt": ["Orders", "Arn"]}]),
        (
            "dynamodb:Query",
            TABLE,
            ("index",),
            [{"Fn::GetAtt": ["Orders", "Arn"]}, {"Fn::Sub": "${Orders.Arn}/index/*"}],
        ),
        ("dynamodb:GetRecords", TABLE, (), [{"Fn::Sub": "${Orders.Arn}/stream/*"}]),
        ("dynamodb:ListTables", TABLE, (), ["*"]),
        ("s3:GetObject", BUCKET, (), [{"Fn::Sub": "${Files.Arn}/*"}]),
        ("s3:ListBucket", BUCKET, (), [{"Fn::GetAtt": ["Files", "Arn"]}]),
        ("states:StartExecution", MACHINE, (), [{"Ref": "Flow"}]),
        (
            "states:StopExecution",
            MACHINE,
            (),
            [{"Fn::Sub": f"{ARN}states:{HERE}:execution:${{Flow.Name}}:*"}],
        ),
        ("sns:Publish", targets.of_resource("AWS::SNS::Topic", "News"), (), [{"Ref": "News"}]),
        (
            "sqs:SendMessage",
            targets.of_resource("AWS::SQS::Queue", "Jobs"),
            (),
            [{"Fn::GetAtt": ["Jobs", "Arn"]}],
        ),
        (
            "lambda:InvokeFunction",
            targets.of_resource("AWS::Serverless::Function", "Other"),
            (":*",),
            [{"Fn::GetAtt": ["Other", "Arn"]}, {"Fn::Sub": "${Other.Arn}:*"}],
        ),
        (
            "logs:FilterLogEvents",
            targets.of_resource("AWS::Logs::LogGroup", "Log"),
            (),
            [{"Fn::Sub": f"{ARN}logs:{HERE}:log-group:${{Log}}:log-stream:*"}],
        ),
        ("sns:Publish", NONE, (), ["*"]),
        ("sns:Publish", UNKNOWN, (), []),
        ("kms:Decrypt", TABLE, (), []),
        ("nosuch:Action", TABLE, (), []),
    ],
)
def test_resources_of_an_action(
    action: str, target: Target | None, parts: tuple[str, ...], resources: list[Any]
) -> None:
    assert written(action, target, parts) == resources


@pytest.mark.parametrize(
    ("text", "kind", "action", "resource"),
    [
        ("orders", "dynamodb:table", "dynamodb:GetItem", {"Fn::Sub": f"{ARN}dynamodb:{HERE}:table/orders"}),
        ("files", "s3:bucket", "s3:GetObject", {"Fn::Sub": f"{ARN}s3:::files/*"}),
        ("arn:aws:s3:::files", "s3:bucket", "s3:GetObject", "arn:aws:s3:::files/*"),
        (
            "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
            "sqs:queue",
            "sqs:SendMessage",
            {"Fn::Sub": f"{ARN}sqs:{HERE}:jobs"},
        ),
        (
            "arn:aws:sqs:eu-west-1:123456789012:jobs",
            "sqs:queue",
            "sqs:SendMessage",
            "arn:aws:sqs:eu-west-1:123456789012:jobs",
        ),
        (
            "db/password",
            "secretsmanager:Secret",
            "secretsmanager:GetSecretValue",
            {"Fn::Sub": f"{ARN}secretsmanager:{HERE}:secret:db/password-??????"},
        ),
        ("app/key", "ssm:parameter", "ssm:GetParameter", {"Fn::Sub": f"{ARN}ssm:{HERE}:parameter/app/key"}),
        ("/app/key", "ssm:parameter", "ssm:GetParameter", {"Fn::Sub": f"{ARN}ssm:{HERE}:parameter/app/key"}),
    ],
)
def test_literal_names_arns_and_urls(text: str, kind: str, action: str, resource: Any) -> None:
    assert written(action, targets.of_text(text, kind)) == [resource]


def test_an_arn_gives_the_name() -> None:
    found = targets.of_text("arn:aws:dynamodb:eu-west-1:1:table/orders", "dynamodb:table")
    assert found.name is not None
    assert found.name.literal == "orders"


def test_expressions_of_the_template() -> None:
    parameter = targets.of_expression({"Ref": "Table"}, "dynamodb:table", False, "Table")
    imported = targets.of_expression({"Fn::ImportValue": "table"}, "dynamodb:table", False, "table")
    topic = targets.of_expression({"Ref": "TopicArn"}, "sns:topic", True, "TopicArn")
    machine = targets.of_expression({"Ref": "FlowArn"}, "states:statemachine", True, "FlowArn")
    assert written("dynamodb:GetItem", parameter) == [{"Fn::Sub": f"{ARN}dynamodb:{HERE}:table/${{Table}}"}]
    assert written("dynamodb:GetItem", imported) == [
        {"Fn::Sub": [f"{ARN}dynamodb:{HERE}:table/${{Name}}", {"Name": {"Fn::ImportValue": "table"}}]}
    ]
    assert written("sns:Publish", topic) == [{"Ref": "TopicArn"}]
    assert written("states:StopExecution", machine) == [None]  # the ARN does not give the name


def test_the_slash_of_a_parameter_decides() -> None:
    slashed = targets.of_resource("AWS::SSM::Parameter", "Key", {"Name": "/app/key"})
    unknown = targets.of_expression({"Ref": "Name"}, "ssm:parameter", False, "Name")
    assert written("ssm:GetParameter", slashed) == [{"Fn::Sub": f"{ARN}ssm:{HERE}:parameter${{Key}}"}]
    assert not unknown.known
    assert written("ssm:GetParameter", unknown) == [None]


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("dynamodb:Query", "dynamodb:table"),
        ("s3:PutObject", "s3:bucket"),
        ("states:DescribeExecution", "states:statemachine"),
        ("bedrock:InvokeModel", "bedrock:foundation-model"),
        ("geo:SearchPlaceIndexForText", "geo:place-index"),
        ("s3:ListAllMyBuckets", None),
        ("nosuch:Action", None),
    ],
)
def test_main_type(action: str, kind: str | None) -> None:
    assert targets.main_type(action) == kind


def test_placeholders_are_not_known() -> None:
    found = targets.placeholder("dynamodb:table")
    assert not found.known
    assert written("dynamodb:GetItem", found) == ["<table ARN>"]
    assert targets.of_resource("AWS::EC2::Instance", "Machine") is None
