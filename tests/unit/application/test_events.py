from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from lambdalint.application.events import Shape, senders, shape, shapes
from lambdalint.data.tables import load
from lambdalint.template.contracts import Contract
from lambdalint.template.trigger_events import SAM_EVENTS
from tests.unit.application.projects import application_of
from tests.unit.template.templates import template

ROWS = load("event_shapes.toml")["shape"]
CONTRACTS = {each.value for each in Contract}


def of_event(event: str, resources: str = "") -> Shape | None:
    text = (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
        f"    Properties:\n      Events:\n        E: {event}\n" + indent(resources, "  ")
    )
    found = template(text)
    assert found.problems == ()
    (trigger,) = found.functions[0].triggers
    return shape(trigger)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["source"] + row.get("contract", ""))
def test_every_row_has_its_page(row: dict[str, object]) -> None:
    assert str(row["page"]).startswith("https://docs.aws.amazon.com/")
    assert row.keys() <= {"source", "contract", "name", "page", "fields", "sometimes", "parts", "instead"}
    assert row.get("contract", "rest") in CONTRACTS
    assert row["fields"]


def test_no_row_comes_twice() -> None:
    keys = [(row["source"], row.get("contract")) for row in ROWS]
    assert len(keys) == len(set(keys))


def test_events_of_sam_have_a_shape_or_a_reason() -> None:
    """IoT's SQL chooses the event, and Alexa's is documented elsewhere."""
    known = {row["source"] for row in ROWS}
    assert {source for source, _, _ in SAM_EVENTS.values()} - known == {"AlexaSkill", "IoTRule"}


@pytest.mark.parametrize(
    ("event", "sent", "not_sent"),
    [
        ("{Type: SQS, Properties: {Queue: q}}", ("Records", 0, "body"), ("detail",)),
        ("{Type: SNS, Properties: {Topic: t}}", ("Records", None, "Sns", "Message"), ("Records", 0, "body")),
        ("{Type: S3, Properties: {Bucket: b}}", ("Records", 0, "s3", "object", "key"), ("Records", 0, "Sns")),
        ("{Type: Schedule, Properties: {Schedule: rate(1 day)}}", ("detail", "x"), ("Records",)),
        ("{Type: Api, Properties: {Path: /, Method: get}}", ("pathParameters", "id"), ("rawPath",)),
        ("{Type: HttpApi}", ("requestContext", "http", "method"), ("httpMethod",)),
        ("{Type: HttpApi}", ("requestContext", "authorizer", "jwt"), ("requestContext", "httpMethod")),
        ("{Type: HttpApi, Properties: {PayloadFormatVersion: '1.0'}}", ("httpMethod",), ("rawPath",)),
    ],
)
def test_shapes(
    event: str, sent: tuple[str | int | None, ...], not_sent: tuple[str | int | None, ...]
) -> None:
    found = of_event(event)
    assert found is not None
    assert found.sends(sent)
    assert not found.sends(not_sent)


def test_what_is_not_described_may_be_sent() -> None:
    found = of_event("{Type: SQS, Properties: {Queue: q}}")
    assert found is not None
    assert found.sends(("Records", 0, "attributes", "anything"))
    assert found.sends(())


@pytest.mark.parametrize(
    "event",
    [
        "{Type: Schedule, Properties: {Schedule: rate(1 day), Input: !Ref I}}",
        "{Type: Schedule, Properties: {Schedule: rate(1 day), Input: 'go'}}",
        "{Type: CloudWatchEvent, Properties: {InputPath: $.detail}}",
        "{Type: EventBridgeRule, Properties: {InputTransformer: {InputTemplate: x}}}",
        "{Type: IoTRule, Properties: {Sql: select *}}",
        "{Type: HttpApi, Properties: {PayloadFormatVersion: !Ref V}}",
    ],
)
def test_shapes_that_somebody_wrote_elsewhere(event: str) -> None:
    assert of_event(event) is None


@pytest.mark.parametrize(
    "event",
    [
        """{Type: Schedule, Properties: {Schedule: rate(1 day), Input: '{"task": "purge"}'}}""",
        """{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day), Input: '{"task": 1}'}}""",
    ],
)
def test_an_input_that_is_written_out(event: str) -> None:
    found = of_event(event)
    assert found is not None
    assert found.fields == {"task"}


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        ("""Input: '{"task": 1}'""", {"task"}),
        ("InputPath: $.detail", None),
        ("Id: a", {"detail", "source"}),
    ],
)
def test_targets_of_rules(target: str, fields: set[str] | None) -> None:
    found = template(
        "Resources:\n  Fn: {Type: AWS::Lambda::Function}\n  Rule:\n    Type: AWS::Events::Rule\n"
        f"    Properties:\n      EventPattern: {{}}\n      Targets: [{{Arn: !GetAtt Fn.Arn, {target}}}]\n"
    )
    (trigger,) = found.functions[0].triggers
    known = shape(trigger)
    assert (known is None) == (fields is None)
    assert known is None or fields is None or fields <= known.fields


def test_who_sends_a_field() -> None:
    assert {each.source for each in senders(("rawPath",))} == {"HttpApi", "FunctionUrl"}
    assert {each.source for each in senders(("Records", 0, "Sns"))} == {"SNS"}
    assert senders(("task",)) == ()


FUNCTION = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.13
      Events:
"""


@pytest.mark.parametrize(
    ("events", "sources"),
    [
        ("        A: {Type: SQS, Properties: {Queue: q}}\n", ["SQS"]),
        ("        A: {Type: SQS, Properties: {Queue: q}}\n        B: {Type: IoTRule}\n", []),
        ("        A: {Type: SQS, Properties: {Queue: q}}\n        B: {Type: HttpApi}\n", ["SQS", "HttpApi"]),
    ],
)
def test_all_triggers_or_none(tmp_path: Path, events: str, sources: list[str]) -> None:
    files = {"template.yaml": FUNCTION + events, "src/app.py": "def handler(event, context): ...\n"}
    application = application_of(tmp_path, files)
    found = shapes(application, application.functions[0])
    assert [trigger.source for trigger, _ in found] == sources
