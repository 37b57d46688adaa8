"""Least excess: what a reviewer would grant for some needs, case by case."""

from typing import Any

import pytest

from lambdalint.iam import match, statements, targets
from lambdalint.iam.match import Advice, Need
from lambdalint.iam.targets import NONE, Target


def resource(cfn_type: str, name: str) -> Target:
    found = targets.of_resource(cfn_type, name)
    assert found is not None
    return found


TABLE = resource("AWS::DynamoDB::Table", "Orders")
BUCKET = resource("AWS::S3::Bucket", "Files")
QUEUE = resource("AWS::SQS::Queue", "Jobs")
TOPIC = resource("AWS::SNS::Topic", "News")
FUNCTION = resource("AWS::Serverless::Function", "Other")
MACHINE = resource("AWS::Serverless::StateMachine", "Flow")
SECRET = resource("AWS::SecretsManager::Secret", "Secret")
STREAM = resource("AWS::Kinesis::Stream", "Clicks")
FIREHOSE = resource("AWS::KinesisFirehose::DeliveryStream", "Archive")
BUS = resource("AWS::Events::EventBus", "Bus")
KEY = resource("AWS::KMS::Key", "Key")
POOL = resource("AWS::Cognito::UserPool", "Users")
LOGS = resource("AWS::Logs::LogGroup", "Log")
WORKGROUP = resource("AWS::Athena::WorkGroup", "Work")
PLAIN = targets.of_text("app/key", "ssm:parameter")
SLASHED = targets.of_text("/app/key", "ssm:parameter")
PARAMETER = targets.of_expression({"Ref": "TableName"}, "dynamodb:table", False, "TableName")

EXACT: list[str] = []
CASES = [
    (TABLE, "dynamodb:GetItem", ["DynamoDBReadPolicy"]),
    (TABLE, "dynamodb:Query dynamodb:Scan", ["DynamoDBReadPolicy"]),
    (TABLE, "dynamodb:PutItem", ["DynamoDBWritePolicy"]),
    (TABLE, "dynamodb:UpdateItem dynamodb:BatchWriteItem", ["DynamoDBWritePolicy"]),
    (TABLE, "dynamodb:GetItem dynamodb:PutItem", ["DynamoDBReadPolicy", "DynamoDBWritePolicy"]),
    (TABLE, "dynamodb:GetItem dynamodb:PutItem dynamodb:DeleteItem", ["DynamoDBCrudPolicy"]),
    (TABLE, "dynamodb:PutItem dynamodb:DeleteItem", ["DynamoDBCrudPolicy"]),
    (TABLE, "dynamodb:DeleteItem", EXACT),  # the only template for it grants nine more
    (TABLE, "dynamodb:PartiQLSelect", EXACT),  # no template
    (TABLE, "dynamodb:UpdateTable", ["DynamoDBReconfigurePolicy"]),
    (TABLE, "dynamodb:CreateBackup", ["DynamoDBBackupFullAccessPolicy"]),
    (PARAMETER, "dynamodb:GetItem", ["DynamoDBReadPolicy"]),
    (BUCKET, "s3:GetObject", ["S3ReadPolicy"]),
    (BUCKET, "s3:ListBucket", ["S3ReadPolicy"]),
    (BUCKET, "s3:GetObject s3:ListBucket", ["S3ReadPolicy"]),
    (BUCKET, "s3:PutObject", EXACT),  # S3WritePolicy lets it open objects to the public (PutObjectAcl)
    (BUCKET, "s3:GetObject s3:PutObject", EXACT),
    (BUCKET, "s3:DeleteObject", EXACT),
    (QUEUE, "sqs:SendMessage", ["SQSSendMessagePolicy"]),
    (QUEUE, "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes", ["SQSPollerPolicy"]),
    (QUEUE, "sqs:SendMessage sqs:ReceiveMessage", ["SQSPollerPolicy", "SQSSendMessagePolicy"]),
    (QUEUE, "sqs:PurgeQueue", EXACT),
    (TOPIC, "sns:Publish", ["SNSPublishMessagePolicy"]),
    (TOPIC, "sns:Subscribe", EXACT),
    (FUNCTION, "lambda:InvokeFunction", ["LambdaInvokePolicy"]),
    (FUNCTION, "lambda:UpdateFunctionCode", EXACT),
    (MACHINE, "states:StartExecution", ["StepFunctionsExecutionPolicy"]),
    (MACHINE, "states:StartSyncExecution", ["StepFunctionsExecutionPolicy_v2"]),
    (SECRET, "secretsmanager:GetSecretValue", ["AWSSecretsManagerGetSecretValuePolicy"]),
    (SECRET, "secretsmanager:PutSecretValue", EXACT),  # rotation is another purpose
    (STREAM, "kinesis:PutRecord", EXACT),  # KinesisCrudPolicy grants thirteen more
    (STREAM, "kinesis:GetRecords kinesis:GetShardIterator", ["KinesisStreamReadPolicy"]),
    (FIREHOSE, "firehose:PutRecord", ["FirehoseWritePolicy"]),
    (BUS, "events:PutEvents", ["EventBridgePutEventsPolicy"]),
    (KEY, "kms:Decrypt", ["KMSDecryptPolicy"]),
    (KEY, "kms:Encrypt", ["KMSEncryptPolicy"]),
    (PLAIN, "ssm:GetParameter", ["SSMParameterReadPolicy"]),
    (SLASHED, "ssm:GetParameter", ["SSMParameterWithSlashPrefixReadPolicy"]),
    (PLAIN, "ssm:PutParameter", EXACT),
    (LOGS, "logs:FilterLogEvents", ["FilterLogEventsPolicy"]),
    (POOL, "cognito-idp:AdminGetUser", EXACT),  # no template
    (WORKGROUP, "athena:StartQueryExecution", EXACT),  # AthenaQueryPolicy grants twenty more
    (NONE, "rekognition:DetectLabels", ["RekognitionLabelsPolicy"]),
    (NONE, "textract:DetectDocumentText", ["TextractDetectAnalyzePolicy"]),  # not TextractPolicy: textract:*
    (NONE, "cloudwatch:PutMetricData", ["CloudWatchPutMetricPolicy"]),
    (NONE, "translate:TranslateText", EXACT),
]


def advise(target: Target, wanted: str) -> Advice:
    (advice,) = match.advise(Need(action, target) for action in wanted.split())
    return advice


@pytest.mark.parametrize(("target", "wanted", "expected"), CASES)
def test_least_excess(target: Target, wanted: str, expected: list[str]) -> None:
    advice = advise(target, wanted)
    assert sorted(use.name for use in advice.templates) == expected
    granted = {action for statement in advice.statements for action in statement.actions}
    assert granted == set(wanted.split())
    assert advice.complete


@pytest.mark.parametrize(("target", "wanted", "expected"), CASES)
def test_templates_cover_every_need_and_are_no_wildcards(
    target: Target, wanted: str, expected: list[str]
) -> None:
    advice = advise(target, wanted)
    for need in advice.needs if advice.templates else ():
        assert any(match.covers(use, need) for use in advice.templates)
    assert all(use.template.narrows for use in advice.templates)
    assert not set(advice.excess) & set(wanted.split())


def entries(advice: Advice) -> list[dict[str, Any]]:
    return [statements.entry(use) for use in advice.templates]


def test_parameters_are_filled_from_the_target() -> None:
    assert entries(advise(TABLE, "dynamodb:GetItem")) == [
        {"DynamoDBReadPolicy": {"TableName": {"Ref": "Orders"}}}
    ]
    assert entries(advise(QUEUE, "sqs:SendMessage")) == [
        {"SQSSendMessagePolicy": {"QueueName": {"Fn::GetAtt": ["Jobs", "QueueName"]}}}
    ]
    assert entries(advise(SECRET, "secretsmanager:GetSecretValue")) == [
        {"AWSSecretsManagerGetSecretValuePolicy": {"SecretArn": {"Ref": "Secret"}}}
    ]
    assert entries(advise(SLASHED, "ssm:GetParameter")) == [
        {"SSMParameterWithSlashPrefixReadPolicy": {"ParameterName": "/app/key"}}
    ]
    assert entries(advise(NONE, "rekognition:DetectLabels")) == [{"RekognitionLabelsPolicy": {}}]


def test_a_template_that_was_turned_down_is_named_with_its_excess() -> None:
    advice = advise(BUCKET, "s3:PutObject")
    assert [use.name for use in advice.nearest] == ["S3WritePolicy"]
    assert "s3:PutObjectAcl" in advice.nearest_excess


def test_needs_on_several_targets_are_advised_apart() -> None:
    other = resource("AWS::DynamoDB::Table", "Audit")
    found = match.advise([Need("dynamodb:GetItem", TABLE), Need("dynamodb:PutItem", other)])
    assert [(advice.target.key, [use.name for use in advice.templates]) for advice in found] == [
        ("Orders", ["DynamoDBReadPolicy"]),
        ("Audit", ["DynamoDBWritePolicy"]),
    ]


def test_an_index_is_covered_by_the_template_and_named_by_the_statement() -> None:
    (advice,) = match.advise([Need("dynamodb:Query", TABLE, ("index",))])
    assert [use.name for use in advice.templates] == ["DynamoDBReadPolicy"]
    assert [found.node for found in advice.statements[0].resources] == [
        {"Fn::GetAtt": ["Orders", "Arn"]},
        {"Fn::Sub": "${Orders.Arn}/index/*"},
    ]


def test_bucket_and_objects_are_statements_of_their_own() -> None:
    advice = advise(BUCKET, "s3:GetObject s3:PutObject s3:ListBucket")
    assert [(found.actions, [one.node for one in found.resources]) for found in advice.statements] == [
        (("s3:GetObject", "s3:PutObject"), [{"Fn::Sub": "${Files.Arn}/*"}]),
        (("s3:ListBucket",), [{"Fn::GetAtt": ["Files", "Arn"]}]),
    ]


@pytest.mark.parametrize("target", [targets.UNKNOWN, targets.placeholder("dynamodb:table")])
def test_what_cannot_be_named_is_incomplete(target: Target) -> None:
    assert not advise(target, "dynamodb:GetItem").complete


def test_an_action_that_takes_no_resource_is_granted_on_a_star() -> None:
    advice = advise(TABLE, "dynamodb:ListTables")
    assert [found.node for found in advice.statements[0].resources] == ["*"]
