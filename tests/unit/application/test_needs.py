from pathlib import Path

import pytest

from lambdalint.application.needs import Needs, needs
from tests.unit.application.projects import application_of, function

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  TableParam: {Type: String, Default: orders}
  TopicArn: {Type: String}
Conditions:
  Prod: !Equals [!Ref AWS::Region, eu-west-1]
Resources:
  Orders: {Type: AWS::Serverless::SimpleTable}
  Audit: {Type: AWS::Serverless::SimpleTable}
  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: my-files}}
  Sealed:
    Type: AWS::DynamoDB::Table
    Properties: {SSESpecification: {SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: alias/mine}}
  Jobs: {Type: AWS::SQS::Queue}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      CodeUri: src
      Environment:
        Variables:
          TABLE: !Ref Orders
          SEALED: !Ref Sealed
          PARAM: !Ref TableParam
          EITHER: !If [Prod, !Ref Orders, !Ref Audit]
          QUEUE_URL: !Ref Jobs
          TOPIC: !Ref TopicArn
"""


def needs_of(root: Path, code: str, template: str = TEMPLATE) -> Needs:
    body = "import os\nimport boto3\n\ndef handler(event, context):\n"
    body += "".join(f"    {line}\n" for line in code.splitlines())
    application = application_of(root, {"template.yaml": template, "src/app.py": body})
    return needs(application, next(one for one in application.functions if one.logical_id == "F"))


def called(found: Needs) -> list[tuple[str, str]]:
    return [(one.need.action, one.need.target.key) for one in found.needed if one.calls]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            'boto3.client("dynamodb").get_item(TableName=os.environ["TABLE"])',
            [("dynamodb:GetItem", "Orders")],
        ),
        (
            'boto3.resource("dynamodb").Table(os.environ["TABLE"]).put_item(Item={})',
            [("dynamodb:PutItem", "Orders")],
        ),
        (
            'boto3.client("dynamodb").get_item(TableName=os.environ["EITHER"])',
            [("dynamodb:GetItem", "Orders"), ("dynamodb:GetItem", "Audit")],
        ),
        (
            'boto3.client("dynamodb").get_item(TableName=os.environ["PARAM"])',
            [("dynamodb:GetItem", '={"Ref": "TableParam"}')],
        ),
        (
            'boto3.client("sns").publish(TopicArn=os.environ["TOPIC"])',
            [("sns:Publish", '={"Ref": "TopicArn"}')],
        ),
        ('boto3.client("sns").publish(PhoneNumber="1")', [("sns:Publish", "-")]),
        ('boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"])', [("sqs:SendMessage", "Jobs")]),
        ('boto3.client("s3").list_objects_v2(Bucket="my-files")', [("s3:ListBucket", "Named")]),
        ('boto3.client("s3").list_objects_v2(Bucket="others")', [("s3:ListBucket", "=others")]),
        ('boto3.client("s3").list_objects_v2(Bucket=event["bucket"])', [("s3:ListBucket", "?")]),
        (
            'boto3.client("s3").copy_object(Bucket="b", Key="k", CopySource={"Bucket": "my-files"})',
            [("s3:GetObject", "Named"), ("s3:PutObject", "=b")],
        ),
        (
            'boto3.client("dynamodb").execute_statement(Statement="SELECT * FROM t")',
            [("dynamodb:PartiQLSelect", "?")],
        ),
        (
            'boto3.client("dynamodb").transact_write_items('
            'TransactItems=[{"Put": {"TableName": os.environ["TABLE"]}}])',
            [("dynamodb:PutItem", "Orders")],
        ),
        ('boto3.client("sts").get_caller_identity()', []),
    ],
)
def test_calls_as_actions_on_targets(tmp_path: Path, code: str, expected: list[tuple[str, str]]) -> None:
    assert called(needs_of(tmp_path, code)) == expected


def test_calls_with_other_credentials_say_nothing(tmp_path: Path) -> None:
    code = (
        'role = boto3.client("sts").assume_role(RoleArn="arn:aws:iam::1:role/other", RoleSessionName="s")\n'
        'keys = role["Credentials"]\n'
        's3 = boto3.client("s3", aws_access_key_id=keys["AccessKeyId"],'
        ' aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])\n'
        's3.get_object(Bucket="b", Key="k")'
    )
    assert [action for action, _ in called(needs_of(tmp_path, code))] == ["sts:AssumeRole"]


def test_an_index_and_a_path_are_parts(tmp_path: Path) -> None:
    code = (
        'boto3.client("dynamodb").query(TableName=os.environ["TABLE"], IndexName="by-day")\n'
        'boto3.client("ssm").get_parameters_by_path(Path="/app")'
    )
    found = [one.need.parts for one in needs_of(tmp_path, code).needed if one.calls]
    assert found == [("index",), ("/*",)]


@pytest.mark.parametrize(
    ("code", "prefixes"),
    [
        ('boto3.client("dynamodb").get_item(TableName=os.environ["TABLE"])', {"dynamodb", "kms"}),
        ('boto3.client("dynamodb").get_item(TableName=os.environ["SEALED"])', {"dynamodb"}),
        ('boto3.client("textract").detect_document_text(Document={})', {"textract", "dynamodb"}),
        ("import requests\nrequests.get('https://example.com')", {"s3", "dynamodb"}),
    ],
)
def test_services_whose_needs_are_all_known(tmp_path: Path, code: str, prefixes: set[str]) -> None:
    assert needs_of(tmp_path, code).closed(prefixes)


@pytest.mark.parametrize(
    ("code", "prefix", "reason"),
    [
        ('boto3.client("dynamodb").get_item(TableName=os.environ["SEALED"])', "kms", "may act on more"),
        ('boto3.client("textract").detect_document_text(Document={})', "s3", "may act on more"),
        ('boto3.client(event["service"]).get_item(TableName="t")', "s3", "not resolved"),
        ("import awswrangler", "s3", "calls AWS by itself"),
        ("import s3fs", "s3", "calls AWS by itself"),
        ("import our_own_library", "s3", "not in sight"),
        ('import urllib.request\nurllib.request.urlopen("http://localhost:2773/x")', "ssm", "extension"),
    ],
)
def test_services_whose_needs_may_be_more(tmp_path: Path, code: str, prefix: str, reason: str) -> None:
    found = needs_of(tmp_path, code)
    assert not found.closed({prefix})
    assert any(reason in why for why in found.why_open({prefix}))


def test_a_library_that_only_calls_one_service_leaves_the_others_closed(tmp_path: Path) -> None:
    found = needs_of(tmp_path, "import s3fs")
    assert found.closed({"dynamodb"})
    assert not found.closed({"*"})


def test_code_that_cannot_be_read(tmp_path: Path) -> None:
    template = function("Runtime: nodejs20.x\nHandler: index.handler\nCodeUri: src")
    application = application_of(tmp_path, {"template.yaml": template, "src/index.js": ""})
    found = needs(application, application.functions[0])
    assert not found.linked
    assert not found.closed({"s3"})


def test_what_features_need(tmp_path: Path) -> None:
    template = TEMPLATE + (
        "      Tracing: Active\n"
        "      VpcConfig: {SubnetIds: [a]}\n"
        "      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Jobs.Arn}\n"
        "      Events:\n"
        "        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}\n"
    )
    found = {(one.need.action, one.need.target.key) for one in needs_of(tmp_path, "pass", template).needed}
    assert {
        ("sqs:ReceiveMessage", "Jobs"),
        ("sqs:SendMessage", "Jobs"),
        ("xray:PutTraceSegments", "-"),
        ("ec2:CreateNetworkInterface", "?"),
        ("logs:PutLogEvents", "?"),
    } <= found


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ('def each(method):\n    return method()\neach(boto3.client("s3").list_buckets)', ""),
        ('client = boto3.client("s3")\nimport requests\nrequests.get(client)', "handed to a library"),
        ('client = boto3.client("s3")\nimport requests\nrequests.get(client.list_buckets)', "handed on"),
    ],
)
def test_sdk_objects_that_are_handed_on(tmp_path: Path, code: str, reason: str) -> None:
    found = needs_of(tmp_path, code)
    assert not found.closed({"s3"})
    assert any(reason in why for why in found.why_open({"s3"}))
    assert found.closed({"dynamodb"})


MORE = TEMPLATE.replace(
    "Parameters:\n",
    "Parameters:\n"
    "  SecretArn: {Type: String}\n"
    "  SecretName: {Type: String}\n"
    "  QueueUrlParam: {Type: String}\n"
    "  AccessPointAlias: {Type: String, Default: x-s3alias}\n",
).replace(
    "        Variables:\n",
    "        Variables:\n"
    "          SECRET_ARN: !Ref SecretArn\n"
    "          SECRET: !Ref SecretName\n"
    "          URL: !Ref QueueUrlParam\n"
    "          ALIAS: !Ref AccessPointAlias\n"
    '          BUCKET: !Sub "${AWS::StackName}-files"\n'
    "          STORED: '{{resolve:ssm:/app/table}}'\n",
)


@pytest.mark.parametrize(
    ("code", "action", "known"),
    [
        ('boto3.client("s3").upload_file("f", os.environ["BUCKET"], "k")', "s3:PutObject", True),
        ('boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET_ARN"])', "", True),
        ('boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET"])', "", True),
        ('boto3.client("sqs").send_message(QueueUrl=os.environ["URL"])', "sqs:SendMessage", False),
        ('boto3.client("lambda").invoke(FunctionName=os.environ["SECRET"])', "", True),
        ('boto3.client("lambda").invoke(FunctionName=os.environ["URL"])', "", False),
        ('boto3.client("s3").get_object(Bucket=os.environ["ALIAS"], Key="k")', "s3:GetObject", False),
        ('boto3.client("dynamodb").get_item(TableName=os.environ["STORED"])', "", False),
        ('boto3.client("kms").decrypt(KeyId="alias/mine", CiphertextBlob=b"")', "kms:Decrypt", False),
        ('boto3.client("bedrock-runtime").converse(modelId="amazon.nova-lite-v1:0")', "", True),
        ('boto3.client("bedrock-runtime").converse(modelId="us.amazon.nova-lite-v1:0")', "", False),
        ('boto3.client("ses").send_email(Source="me@example.com")', "ses:SendEmail", False),
    ],
)
def test_what_a_policy_can_name(tmp_path: Path, code: str, action: str, known: bool) -> None:
    (found, *_) = [one for one in needs_of(tmp_path, code, MORE).needed if one.calls]
    assert found.need.target.known is known
    assert action in ("", found.need.action)


@pytest.mark.parametrize(
    ("code", "closed"),
    [
        ('boto3.client("s3").upload_file("f", "b", "k", ExtraArgs={"ACL": "private"})', True),
        ('boto3.client("s3").upload_file("f", "b", "k", ExtraArgs=event["extra"])', False),
        ('boto3.client("s3").put_object(**event)', False),
    ],
)
def test_arguments_that_are_not_known_leave_the_service_open(tmp_path: Path, code: str, closed: bool) -> None:
    assert needs_of(tmp_path, code).closed({"s3"}) is closed


@pytest.mark.parametrize(
    ("statement", "closed"),
    [
        ('boto3.client("dynamodb").execute_statement(Statement=event["sql"])', False),
        ('boto3.client("dynamodb").execute_statement(Statement=f"SELECT * FROM {event}")', True),
        ('boto3.client("dynamodb").transact_write_items(TransactItems=event["items"])', False),
    ],
)
def test_statements_and_transactions_that_are_not_written_out(
    tmp_path: Path, statement: str, closed: bool
) -> None:
    assert needs_of(tmp_path, statement).closed({"dynamodb"}) is closed


@pytest.mark.parametrize(
    ("lines", "prefix"),
    [
        ("      Events:\n        A: {Type: MSK, Properties: {Stream: x, Topics: [t]}}\n", "kafka"),
        ("      FileSystemConfigs: [{Arn: x, LocalMountPath: /mnt/x}]\n", "elasticfilesystem"),
        ("      LoggingConfig: {LogGroup: mine}\n", "logs"),
        ("      DeadLetterQueue: {Type: SQS, TargetArn: !ImportValue queue}\n", "sqs"),
        ("      Layers: ['arn:aws:lambda:x:1:layer:AWS-Parameters-and-Secrets-Lambda-Extension:1']\n", "ssm"),
    ],
)
def test_features_whose_needs_are_not_all_known(tmp_path: Path, lines: str, prefix: str) -> None:
    assert not needs_of(tmp_path, "pass", TEMPLATE + lines).closed({prefix})
    assert needs_of(tmp_path, "pass", TEMPLATE + lines).closed({"translate"})


def test_a_stream_is_read_by_the_poller(tmp_path: Path) -> None:
    template = TEMPLATE.replace("  Jobs:", "  Clicks: {Type: AWS::Kinesis::Stream}\n  Jobs:") + (
        "      Events:\n"
        "        Clicks: {Type: Kinesis, Properties: {Stream: !GetAtt Clicks.Arn}}\n"
        "        Elsewhere: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:eu-west-1:123456789012:jobs'}}\n"
    )
    found = {(one.need.action, one.need.target.key) for one in needs_of(tmp_path, "pass", template).needed}
    assert ("kinesis:GetRecords", "Clicks") in found
    assert ("sqs:ReceiveMessage", "=arn:aws:sqs:eu-west-1:123456789012:jobs") in found


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (
            'boto3.client("s3").get_object(Bucket=event["Records"][0]["s3"]["bucket"]["name"], Key="k")',
            "Files",
        ),
        ('boto3.client("s3").get_object(Bucket=event["Records"][0]["bucket"], Key="k")', "?"),
        ('boto3.client("sns").publish(TopicArn=event["Records"][0]["Sns"]["TopicArn"])', "?"),
    ],
)
def test_the_event_of_a_trigger_names_what_sent_it(tmp_path: Path, code: str, key: str) -> None:
    template = TEMPLATE.replace("  Jobs:", "  Files: {Type: AWS::S3::Bucket}\n  Jobs:") + (
        "      Events:\n"
        "        New: {Type: S3, Properties: {Bucket: !Ref Files, Events: 's3:ObjectCreated:*'}}\n"
    )
    assert called(needs_of(tmp_path, code, template))[0][1] == key


def test_two_buckets_that_send_events_are_not_told_apart(tmp_path: Path) -> None:
    events = "".join(
        f"        {name}: {{Type: S3, Properties: {{Bucket: !Ref {name}, Events: 's3:ObjectCreated:*'}}}}\n"
        for name in ("One", "Two")
    )
    buckets = "  One: {Type: AWS::S3::Bucket}\n  Two: {Type: AWS::S3::Bucket}\n  Jobs:"
    template = TEMPLATE.replace("  Jobs:", buckets) + "      Events:\n" + events
    code = 'boto3.client("s3").delete_object(Bucket=event["Records"][0]["s3"]["bucket"]["name"], Key="k")'
    assert called(needs_of(tmp_path, code, template)) == [("s3:DeleteObject", "?")]


def test_one_of_several_dictionaries_that_are_spread_is_not_known(tmp_path: Path) -> None:
    code = """
if event["a"]:
    given = {"modelId": "amazon.nova-lite-v1:0"}
else:
    given = {"modelId": "amazon.nova-pro-v1:0"}
boto3.client("bedrock-runtime").invoke_model(**given)
"""
    assert called(needs_of(tmp_path, code)) == [("bedrock:InvokeModel", "?")]


def test_a_library_may_call_what_it_decorates(tmp_path: Path) -> None:
    code = "from pydantic import validate_call\n\n@validate_call\ndef unused():\n    pass\n"
    assert needs_of(tmp_path, "pass").closed({"s3"})
    application = application_of(
        tmp_path / "other", {"template.yaml": TEMPLATE, "src/app.py": code + "def handler(e, c): pass\n"}
    )
    assert not needs(application, application.functions[0]).closed({"s3"})


@pytest.mark.parametrize(
    "body",
    [
        "boto3.client(e['service']).describe()",
        "getattr(boto3.client('s3'), e['method'])()",
        "getattr(boto3.resource('s3'), e['kind'])('a')",
    ],
)
def test_what_is_taken_by_a_name_of_run_time_is_not_in_sight(tmp_path: Path, body: str) -> None:
    assert not needs_of(tmp_path, body).closed({"s3"})


def test_a_method_that_is_taken_by_a_written_name_is_in_sight(tmp_path: Path) -> None:
    assert needs_of(tmp_path, "getattr(boto3.client('ec2'), 'describe_regions')()").closed({"s3"})


@pytest.mark.parametrize(("service", "closed"), [("'execute-api'", True), ("'s3'", False), ("e['s']", False)])
def test_requests_are_signed_for_one_service(tmp_path: Path, service: str, closed: bool) -> None:
    body = f"SigV4Auth(None, {service}, 'eu-west-1')"
    application = application_of(
        tmp_path,
        {
            "template.yaml": TEMPLATE,
            "src/app.py": f"from botocore.auth import SigV4Auth\n\ndef handler(e, c):\n    {body}\n",
        },
    )
    assert needs(application, application.functions[0]).closed({"s3"}) is closed
