from pathlib import Path
from textwrap import indent

import pytest

from lambdalint.application.application import Application
from lambdalint.application.modes import asynchronous, invocations, only_polled, only_synchronous
from lambdalint.application.targets import Resolved
from lambdalint.template.triggers import Mode
from tests.unit.application.projects import SAM, application_of

RESOURCES = """
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: orders}
  Events:
    Type: AWS::DynamoDB::Table
  Stamped:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Sub "${Stage}-stamped"}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: orders}
  Stored:
    Type: AWS::SSM::Parameter
    Properties: {Name: /app/table, Type: String, Value: !Ref Events}
"""


def application(root: Path, code: str, variables: str = "{}", more: str = "", head: str = "") -> Application:
    template = (
        f"{SAM}Parameters:\n  Stage: {{Type: String, Default: dev}}\n  Open: {{Type: String}}\n{head}"
        f"Conditions: {{Live: !Equals [!Ref Stage, prod]}}\n"
        "Globals:\n  Function:\n    Runtime: python3.12\n    CodeUri: src\n"
        "    Environment: {Variables: {GLOBAL: !Ref Events}}\n"
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: app.handler\n"
        f"      Environment: {{Variables: {variables}}}\n{RESOURCES}{more}"
    )
    imports = "import os, boto3\nfrom os import environ\n"
    return application_of(root, {"template.yaml": template, "src/app.py": imports + code})


def target(root: Path, expression: str, variables: str = "{}", call: str = "") -> Resolved:
    """What a call's table name comes to."""
    call = call or 'boto3.client("dynamodb").get_item(TableName=%s)'
    found = application(root, f"def handler(event, context):\n    {call % expression}\n", variables)
    (handler,) = found.handlers
    (made,) = handler.calls.calls
    return handler.target(made)


def told(found: Resolved) -> str:
    """A target in a word: the resource, else the literal, else why it is unknown."""
    if found.reference is not None:
        return found.reference.logical_id
    return found.literal or f"? {found.reason}"


@pytest.mark.parametrize(
    ("expression", "variables", "expected"),
    [
        ('os.environ["T"]', "{T: !Ref Orders}", "Orders"),
        ('os.environ["T"]', "{T: !GetAtt Orders.Arn}", "Orders"),
        ('environ.get("T")', "{T: !Sub 'arn:aws:dynamodb:${AWS::Region}:x:table/${Orders}'}", "Orders"),
        ('os.getenv("GLOBAL")', "{}", "Events"),
        ('os.environ["T"]', "{T: orders}", "Orders"),
        ('os.environ["T"]', "{T: elsewhere}", "elsewhere"),
        ('os.environ["T"]', "{T: !Ref Stage}", "dev"),
        ('os.environ["T"]', "{T: !Ref Open}", "? parameter without default"),
        ('os.environ["T"]', "{T: !ImportValue x}", "? import"),
        ('os.environ["T"]', "{}", "? undeclared variable"),
        ('os.environ.get("T", "orders")', "{}", "Orders"),
        ('os.environ.get("T", "orders")', "{T: !Ref Events}", "Events"),
        ('os.environ["T"]', "{T: !If [Live, !Ref Orders, !Ref Events]}", "? differs by condition"),
        ('os.environ["T"]', "{T: !If [Live, !Ref Orders, orders]}", "Orders"),
        ('os.environ["T"]', "{T: '{{resolve:ssm:/app/table}}'}", "Events"),
        ('os.environ["T"]', "{T: '{{resolve:ssm:/other}}'}", "? dynamic reference"),
        ('"orders"', "{}", "Orders"),
        ('"arn:aws:dynamodb:eu-west-1:123456789012:table/orders"', "{}", "Orders"),
        ("f\"{os.environ['STAGE']}-stamped\"", "{STAGE: !Ref Stage}", "Stamped"),
        ("f\"{os.environ['STAGE']}-other\"", "{STAGE: !Ref Stage}", "dev-other"),
        ('event["table"]', "{}", "? from the event"),
    ],
)
def test_what_a_call_acts_on(tmp_path: Path, expression: str, variables: str, expected: str) -> None:
    assert told(target(tmp_path, expression, variables)) == expected


def test_a_name_stands_for_a_resource_of_the_calls_own_service(tmp_path: Path) -> None:
    queue = 'boto3.client("sqs").send_message(QueueUrl=%s, MessageBody="x")'
    assert (
        told(target(tmp_path / "a", '"https://sqs.eu-west-1.amazonaws.com/1/orders"', call=queue)) == "Queue"
    )
    assert told(target(tmp_path / "b", '"orders"')) == "Orders"


def test_where_the_template_says_so(tmp_path: Path) -> None:
    found = target(tmp_path, 'os.environ["T"]', "{T: !Ref Orders}")
    label = found.label("here")
    assert label is not None
    assert label.source.slice(label.span) == "!Ref Orders"
    assert found.variable == "T"
    assert target(tmp_path / "b", '"orders"').label("here") is None


def test_a_parameters_name_is_kept(tmp_path: Path) -> None:
    assert target(tmp_path, 'os.environ["T"]', "{T: !Ref Stage}").parameter == "Stage"


def test_options_hold_what_conditions_choose(tmp_path: Path) -> None:
    found = target(tmp_path, 'os.environ["T"]', "{T: !If [Live, !Ref Orders, !Ref Events]}")
    assert [told(option) for option in found.options] == ["Orders", "Events"]


# Modes

EVENT_INVOKE = """
def handler(event, context):
    boto3.client("lambda").invoke(FunctionName=%s, InvocationType="Event")
"""
WORKER = """
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      Handler: worker.handler
%s"""


def modes(root: Path, code: str, variables: str = "{}", properties: str = "") -> list[tuple[str, str]]:
    """How the worker is invoked, by mode and description."""
    found = application(root, code, variables, WORKER % indent(properties, " " * 6))
    (worker,) = [each for each in found.functions if each.logical_id == "Worker"]
    return [(each.mode.value, each.description) for each in invocations(found, worker)]


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ('FunctionName=os.environ["W"], InvocationType="Event"', "{W: !Ref Worker}"),
        ('FunctionName=os.environ["W"], InvocationType="Event"', "{W: !GetAtt Worker.Arn}"),
        ('FunctionName="worker", InvocationType="Event"', "{}"),
        ('FunctionName="arn:aws:lambda:eu-west-1:1:function:worker", InvocationType=KIND', "{}"),
    ],
)
def test_an_event_invoke_is_asynchronous(tmp_path: Path, arguments: str, variables: str) -> None:
    code = f'KIND = "Event"\ndef handler(event, context):\n    boto3.client("lambda").invoke({arguments})\n'
    assert modes(tmp_path, code, variables) == [("async", "Event invoke by F")]


def test_an_invoke_waits_unless_it_says_otherwise(tmp_path: Path) -> None:
    code = 'def handler(event, context):\n    boto3.client("lambda").invoke(FunctionName="worker")\n'
    assert modes(tmp_path, code) == [("sync", "RequestResponse invoke by F")]


def test_a_dry_run_and_unreached_code_invoke_nothing(tmp_path: Path) -> None:
    code = """
def handler(event, context):
    boto3.client("lambda").invoke(FunctionName="worker", InvocationType="DryRun")

def idle():
    boto3.client("lambda").invoke(FunctionName="worker", InvocationType="Event")
"""
    assert modes(tmp_path, code) == []


@pytest.mark.parametrize(
    "name",
    ["context.function_name", "context.invoked_function_arn", 'os.environ["AWS_LAMBDA_FUNCTION_NAME"]'],
)
def test_a_function_that_invokes_itself(tmp_path: Path, name: str) -> None:
    found = application(tmp_path, EVENT_INVOKE % name)
    (function,) = found.functions
    (proof,) = asynchronous(found, function)
    assert proof.description == "Event invoke by itself"
    label = proof.label("invoked here")
    assert label.source.slice(label.span).startswith('boto3.client("lambda").invoke(')
    assert label.function == function.id


def test_triggers_and_invokes_together(tmp_path: Path) -> None:
    queue = "Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}"
    found = application(tmp_path, EVENT_INVOKE % '"worker"', more=WORKER % indent(queue, " " * 6))
    caller, worker = found.functions
    assert [each.mode for each in invocations(found, worker)] == [Mode.QUEUE, Mode.ASYNC]
    assert not only_polled(found, worker)
    assert not only_polled(found, caller)
    (proof,) = asynchronous(found, worker)
    assert proof.call is not None


def test_only_polled_and_only_synchronous(tmp_path: Path) -> None:
    events = "Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}"
    found = application(tmp_path / "a", "def handler(e, c): pass\n", more=WORKER % indent(events, " " * 6))
    assert only_polled(found, found.functions[1])
    assert not only_synchronous(found, found.functions[1])
    events = "Events: {A: {Type: Api, Properties: {Path: /, Method: get}}}"
    found = application(tmp_path / "b", "def handler(e, c): pass\n", more=WORKER % indent(events, " " * 6))
    assert only_synchronous(found, found.functions[1])
    assert not only_polled(found, found.functions[1])
    assert asynchronous(found, found.functions[1]) == ()
    assert not only_synchronous(found, found.functions[0])


def test_the_label_of_a_trigger_is_its_key(tmp_path: Path) -> None:
    events = "Events: {Hourly: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}}"
    found = application(tmp_path, "def handler(e, c): pass\n", more=WORKER % indent(events, " " * 6))
    (proof,) = asynchronous(found, found.functions[1])
    label = proof.label("invoked by")
    assert label.source.slice(label.span) == "Hourly"
