from __future__ import annotations

from pathlib import Path

import pytest

from lambdalint.application.unreported import Unreported, unreported
from tests.unit.application.projects import SAM, application_of

HEAD = "import json\n\nimport boto3\n\ntable = boto3.resource('dynamodb').Table('t')\n\n\n"
LOOP = """\
def handler(event, context):
    for record in event["Records"]:
        table.put_item(Item=json.loads(record["body"]))
"""
QUEUE = "{Type: SQS, Properties: {Queue: !ImportValue q}}"


def found(tmp_path: Path, code: str = LOOP, event: str = QUEUE) -> list[Unreported]:
    template = (
        f"{SAM}Parameters:\n  P: {{Type: String}}\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
        "    Properties:\n      Handler: app.handler\n      Runtime: python3.13\n"
        f"      Events:\n        E: {event}\n"
    )
    application = application_of(tmp_path, {"template.yaml": template, "app.py": HEAD + code})
    return [each for handler in application.handlers for each in unreported(handler)]


@pytest.mark.parametrize(
    ("event", "size"),
    [
        (QUEUE, 10),
        ("{Type: SQS, Properties: {Queue: !ImportValue q, BatchSize: 4}}", 4),
        ("{Type: Kinesis, Properties: {Stream: !ImportValue s, StartingPosition: LATEST}}", 100),
        ("{Type: SQS, Properties: {Queue: !ImportValue q, BatchSize: 1}}", 0),
        ("{Type: SQS, Properties: {Queue: !ImportValue q, BatchSize: !Ref P}}", 0),
        (
            "{Type: SQS, Properties: {Queue: !ImportValue q, "
            "FunctionResponseTypes: [ReportBatchItemFailures]}}",
            0,
        ),
        ("{Type: SQS, Properties: {Queue: !ImportValue q, FunctionResponseTypes: [!Ref P]}}", 0),
        # Neither can ask for it.
        ("{Type: SNS, Properties: {Topic: !ImportValue t, SqsSubscription: true}}", 0),
        ("{Type: MQ, Properties: {Broker: b, Queues: [q], SourceAccessConfigurations: []}}", 0),
        ("{Type: S3, Properties: {Bucket: !Ref B, Events: 's3:ObjectCreated:*'}}", 0),
    ],
)
def test_mappings(tmp_path: Path, event: str, size: int) -> None:
    assert [each.size for each in found(tmp_path, event=event)] == ([size] if size else [])


@pytest.mark.parametrize(("queue", "fifo"), [("q.fifo", True), ("q", False)])
def test_fifo_queues_are_known(tmp_path: Path, queue: str, fifo: bool) -> None:
    event = f"{{Type: SQS, Properties: {{Queue: 'arn:aws:sqs:eu-west-1:123456789012:{queue}'}}}}"
    assert [each.fifo for each in found(tmp_path, event=event)] == [fifo]


def test_the_loop_is_found_in_a_helper(tmp_path: Path) -> None:
    code = (
        "def store(records):\n    for record in records:\n        table.put_item(Item=record)\n\n\n"
        "def handler(event, context):\n    store(event['Records'])\n"
    )
    (each,) = found(tmp_path, code)
    span = each.module.span(each.loop)
    assert each.module.source.text[span.start : span.end].startswith("for record in records")


@pytest.mark.parametrize(
    "body",
    [
        # Nothing is written for each by itself.
        "for record in event['Records']:\n    print(record)",
        "items = [json.loads(one['body']) for one in event['Records']]\ntable.put_item(Item={'all': items})",
        # Only the first is read.
        "table.put_item(Item=json.loads(event['Records'][0]['body']))",
        # Reports what failed, whatever the template says.
        "failed = []\nfor record in event['Records']:\n    try:\n        table.put_item(Item={})\n"
        "    except Exception:\n        failed.append({'itemIdentifier': record['messageId']})\n"
        "return {'batchItemFailures': failed}",
        # Failures are lost before Lambda could hear of them.
        "for record in event['Records']:\n    try:\n        table.put_item(Item={})\n"
        "    except Exception as error:\n        print(error)",
        # What it answers is not known.
        "for record in event['Records']:\n    table.put_item(Item={})\nreturn elsewhere(event)",
    ],
)
def test_where_there_is_nothing_to_report(tmp_path: Path, body: str) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    code = f"from somewhere import elsewhere\n\n\ndef handler(event, context):\n{lines}"
    assert found(tmp_path, code) == []
