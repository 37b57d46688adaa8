"""What takes the place of a function that only moves data."""

from __future__ import annotations

from textwrap import dedent

import botocore.session
import pytest
from botocore import xform_name

from lambdalint.application.transport import replacements, source_by_shape
from lambdalint.data.tables import load
from lambdalint.finding import Severity
from lambdalint.python.flow import Transport, transport
from lambdalint.template.trigger_events import SAM_EVENTS
from tests.unit.python.analysis import analyse

HEAD = "import base64, boto3, json, os, gzip, requests\n"
ROWS = load("transport_advice.toml")["row"]

BODY = {
    "Api": "event['body']",
    "CloudWatchLogs": "gzip.decompress(base64.b64decode(event['awslogs']['data']))",
    "DynamoDB": "json.dumps(event['Records'][0]['dynamodb']['NewImage'])",
    "EventBridgeRule": "json.dumps(event['detail'])",
    "HttpApi": "event['body']",
    "IoTRule": "json.dumps(event)",
    "Kinesis": "base64.b64decode(event['Records'][0]['kinesis']['data'])",
    "MQ": "base64.b64decode(event['messages'][0]['data'])",
    "MSK": "base64.b64decode(event['records']['t-0'][0]['value'])",
    "S3": "json.dumps(event['Records'][0]['s3'])",
    "SNS": "event['Records'][0]['Sns']['Message']",
    "SQS": "event['Records'][0]['body']",
    "Schedule": "'go'",
    "StateMachine": "json.dumps(event)",
}
SINKS = {
    "bus": "boto3.client('events').put_events(Entries=[{'Source': 's', 'DetailType': 't', 'Detail': BODY}])",
    "bucket": "boto3.client('s3').put_object(Bucket='b', Key='k', Body=BODY)",
    "firehose": "boto3.client('firehose').put_record(DeliveryStreamName='d', Record={'Data': BODY})",
    "http": "requests.post('https://example.com', data=BODY)",
    "machine": "boto3.client('stepfunctions').start_execution(stateMachineArn='a', input=BODY)",
    "queue": "boto3.client('sqs').send_message(QueueUrl='q', MessageBody=BODY)",
    "stream": "boto3.client('kinesis').put_record(StreamName='s', PartitionKey='p', Data=BODY)",
    "table": "boto3.client('dynamodb').put_item(TableName='t', Item={'a': {'S': BODY}})",
    "topic": "boto3.client('sns').publish(TopicArn='t', Message=BODY)",
    "instance": "boto3.client('ec2').start_instances(InstanceIds=['i'])",
    "user": "boto3.client('cognito-idp').sign_up(ClientId='c', Username=BODY, Password='p')",
}
WARNED = {
    "Api": "bus bucket firehose machine queue stream table topic instance user",
    "CloudWatchLogs": "firehose stream",
    "DynamoDB": "bus firehose http machine queue stream topic",
    "EventBridgeRule": "firehose http machine queue stream topic",
    "HttpApi": "bus machine queue stream",
    "IoTRule": "bucket firehose http machine queue stream table topic",
    "Kinesis": "bus bucket firehose http machine queue stream topic",
    "MQ": "bus firehose http machine queue stream topic",
    "MSK": "bus firehose http machine queue stream topic",
    "S3": "bus firehose machine queue stream topic",
    "SNS": "firehose http queue",
    "SQS": "bus firehose http machine queue stream topic",
    "Schedule": "bus bucket firehose machine queue stream table topic instance user",
    "StateMachine": "bus bucket firehose machine queue stream table topic instance user",
}
ADVISED = {
    "DynamoDB": "table bucket",
    "EventBridgeRule": "table bucket",
    "HttpApi": "bucket firehose table topic instance user",
    "MQ": "table bucket",
    "MSK": "table bucket",
    "Kinesis": "table",
    "SQS": "table bucket",
}


def moved(body: str, before: str = "") -> Transport:
    lines = "".join(f"    {line}\n" for line in dedent(body).strip().split("\n"))
    found = transport(analyse(f"{HEAD}{before}\ndef handler(event, context):\n{lines}"))
    assert isinstance(found, Transport), found
    return found


def level(source: str, body: str) -> Severity | None:
    found = replacements(moved(body), source)
    return min((each.severity for each in found), default=None)


@pytest.mark.parametrize("source", WARNED)
@pytest.mark.parametrize("sink", SINKS)
def test_every_pair(source: str, sink: str) -> None:
    expected = None
    if sink in WARNED[source].split():
        expected = Severity.WARNING
    elif sink in ADVISED.get(source, "").split():
        expected = Severity.INFO
    assert level(source, SINKS[sink].replace("BODY", BODY[source])) is expected


@pytest.mark.parametrize(
    "source", ["FunctionUrl", "ALB", "Cognito", "CustomResource", "AlexaSkill", "WebSocketApi"]
)
def test_sources_that_nothing_can_replace(source: str) -> None:
    assert level(source, SINKS["queue"].replace("BODY", "event['body']")) is None


@pytest.mark.parametrize(
    ("source", "body", "expected"),
    [
        ("Api", "return boto3.client('s3').get_object(Bucket='b', Key=event['k'])", Severity.WARNING),
        ("HttpApi", "return boto3.client('s3').list_buckets()", Severity.INFO),
        ("StateMachine", "return boto3.client('s3').list_buckets()", Severity.WARNING),
        ("SQS", "return boto3.client('s3').list_buckets()", None),
        ("FunctionUrl", "return boto3.client('s3').list_buckets()", None),
        ("HttpApi", SINKS["queue"].replace("BODY", "json.dumps({'a': event['body']})"), Severity.INFO),
        ("Api", SINKS["queue"].replace("BODY", "'x'") + "\nreturn len(event)", None),
        ("Api", SINKS["queue"].replace("BODY", "'x'") + "\n" + SINKS["topic"].replace("BODY", "'x'"), None),
        ("Api", "for x in event['items']:\n    " + SINKS["queue"].replace("BODY", "x"), None),
        ("Api", "boto3.client('lambda').invoke(FunctionName='f')", None),
        ("SNS", SINKS["queue"].replace("BODY", "json.dumps(event['Records'][0]['Sns'])"), Severity.WARNING),
        (
            "SNS",
            SINKS["queue"].replace("BODY", "json.loads(event['Records'][0]['Sns']['Message'])['a']"),
            None,
        ),
        (
            "Kinesis",
            "boto3.client('s3').put_object(Bucket='b', Key=event['Records'][0]['eventID'], Body='')",
            Severity.INFO,
        ),
        ("Schedule", SINKS["queue"].replace("BODY", "context.aws_request_id"), None),
        (
            "SQS",
            "boto3.client('sns').publish(TopicArn='t', Subject='s', Message=event['Records'][0]['body'])",
            None,
        ),
        (
            "SQS",
            "boto3.client('stepfunctions').start_execution(\n"
            "    stateMachineArn='a', name=event['Records'][0]['messageId'], input='{}'\n)",
            None,
        ),
    ],
)
def test_conditions_of_rows(source: str, body: str, expected: Severity | None) -> None:
    assert level(source, body) is expected


def test_every_sink_needs_advice() -> None:
    both = (
        SINKS["queue"].replace("BODY", "event['detail']")
        + "\n"
        + SINKS["user"].replace("BODY", "event['detail']")
    )
    assert replacements(moved(both), "EventBridgeRule") == ()


@pytest.mark.parametrize(
    ("expression", "source"),
    [
        ("event['Records'][0]['body']", "SQS"),
        ("event['Records'][0]['Sns']['Message']", "SNS"),
        ("event['Records'][0]['s3']['object']['key']", "S3"),
        ("event['Records'][0]['kinesis']['data']", "Kinesis"),
        ("event['Records'][0]['dynamodb']['Keys']", "DynamoDB"),
        ("event['detail']['a']", "EventBridgeRule"),
        ("event['body']", "HttpApi"),
        ("event['pathParameters']['id']", "HttpApi"),
        ("event['awslogs']['data']", "CloudWatchLogs"),
        ("event", None),
        ("event['id']", None),
        ("{'a': event['body'], 'b': event['detail']}", None),
    ],
)
def test_the_source_shows_in_the_fields_that_are_read(expression: str, source: str | None) -> None:
    assert source_by_shape(moved(SINKS["queue"].replace("BODY", f"json.dumps({expression})"))) == source


def test_advice_names_the_sink_and_its_page() -> None:
    (found,) = replacements(moved(SINKS["topic"].replace("BODY", BODY["SQS"])), "SQS")
    assert "sns.publish" in found.advice
    assert found.page.startswith("https://docs.aws.amazon.com/")


def test_rows_are_well_formed() -> None:
    known = {source for source, _, _ in SAM_EVENTS.values()} | {"Schedule", "StateMachine"}
    steps = set("aggregate base64 build dynamodb format gzip join map nested number urldecode".split())
    keys = set(
        "sources sinks except level advice alone loops reads carries whole without absent fixed same_key "
        "reply page".split()
    )
    for row in ROWS:
        assert set(row) <= keys
        assert set(row["sources"]) <= known
        assert row["level"] in ("warning", "info")
        assert row["page"].startswith("https://docs.aws.amazon.com/")
        assert set(row.get("without", ())) <= steps
        assert row.get("carries", "event") in ("event", "static")
        assert row["advice"].format(sink="x", source="y")


def test_rows_name_operations_and_parameters_that_exist() -> None:
    core = botocore.session.get_session()
    for row in ROWS:
        members: set[str] = set()
        for sink in (*row["sinks"], *row.get("except", ())):
            service, _, operation = sink.partition(".")
            if not operation:
                assert sink in ("*", "http", "reply")
                continue
            model = core.get_service_model(service)
            names = {xform_name(name): name for name in model.operation_names}
            assert operation == "*" or operation in names, sink
            if operation != "*":
                shape = model.operation_model(names[operation]).input_shape
                members.update(shape.members if shape is not None else ())
        for parameter in (*row.get("absent", ()), *row.get("fixed", ())):
            assert parameter in members or "*" in row["sinks"], parameter
