from __future__ import annotations

from pathlib import Path

import pytest

from lambdalint.application.useless import is_useless_for, useless
from tests.unit.application.projects import HANDLER, SAM, application_of

QUEUE = "  Queue: {Type: AWS::SQS::Queue}\n  Aside: {Type: AWS::SQS::Queue}\n"
POLLED = "Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}"
DEAD_LETTERS = "DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Aside.Arn}"


def fn(properties: str = DEAD_LETTERS, events: str = POLLED, name: str = "F") -> str:
    return (
        f"  {name}:\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: app.handler\n"
        f"      Runtime: python3.13\n      {properties}\n      Events: {{{events}}}\n"
    )


def kinds(tmp_path: Path, resources: str, head: str = "", code: str = HANDLER) -> list[str]:
    """What F has and nothing ever gets to."""
    text = f"{head if head.startswith(chr(84)) else SAM + head}Resources:\n{QUEUE}{resources}"
    application = application_of(tmp_path, {"template.yaml": text, "app.py": code})
    assert application.template is not None
    function = application.template.function("F")
    assert function is not None
    found = [each.kind for each in useless(application, function)]
    for poll in application.template.polls:
        if function in poll.functions and len(poll.functions) == 1:
            assert is_useless_for(application, poll) is any(kind != "OnSuccess" for kind in found)
    return [str(kind) for kind in found]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (DEAD_LETTERS, ["DeadLetterQueue"]),
        (
            "EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SNS, Destination: !ImportValue t}}}",
            ["OnFailure"],
        ),
        (
            "EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SNS, Destination: !ImportValue t}}}",
            ["OnSuccess"],
        ),
        ("EventInvokeConfig: {MaximumRetryAttempts: 1}", []),
        ("Timeout: 3", []),
        # Its own steps may use the queue.
        (f"{DEAD_LETTERS}\n      DurableConfig: {{ExecutionTimeout: 9}}", []),
    ],
)
def test_what_takes_nothing(tmp_path: Path, properties: str, expected: list[str]) -> None:
    assert kinds(tmp_path, fn(properties)) == expected


@pytest.mark.parametrize(
    "events",
    [
        f"{POLLED}, N: {{Type: Schedule, Properties: {{Schedule: rate(1 day)}}}}",
        f"{POLLED}, T: {{Type: SNS, Properties: {{Topic: !ImportValue t}}}}",
        "N: {Type: Schedule, Properties: {Schedule: rate(1 day)}}",
        "",
    ],
)
def test_what_may_be_invoked_asynchronously_uses_it(tmp_path: Path, events: str) -> None:
    assert kinds(tmp_path, fn(events=events)) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("  A: {Type: AWS::CloudWatch::Alarm, Properties: {Dimensions: [{Name: F, Value: !Ref F}]}}\n", True),
        ("  A: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref F, Name: live}}\n", True),
        ("  A: {Type: AWS::Events::Rule, Properties: {Targets: [{Id: a, Arn: !GetAtt F.Arn}]}}\n", False),
        ("  A: {Type: AWS::SSM::Parameter, Properties: {Value: !Ref F}}\n", False),
        ("  A: {Type: Custom::Thing, Properties: {ServiceToken: !GetAtt F.Arn}}\n", False),
        ("Outputs: {Name: {Value: !Ref F}}\n", True),
        ("Outputs: {Name: {Value: !Ref F, Export: {Name: f}}}\n", False),
    ],
)
def test_who_else_names_the_function(tmp_path: Path, more: str, told: bool) -> None:
    assert bool(kinds(tmp_path, fn() + more)) is told


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (POLLED, True),
        ("N: {Type: Schedule, Properties: {Schedule: rate(1 day)}}", False),
    ],
)
def test_what_globals_give_must_be_useless_for_all(tmp_path: Path, events: str, told: bool) -> None:
    head = f"Globals: {{Function: {{{DEAD_LETTERS}}}}}\n"
    other = fn("Timeout: 3", events, "Other")
    assert bool(kinds(tmp_path, fn("Timeout: 3") + other, head)) is told


def test_a_function_that_invokes_itself_uses_it(tmp_path: Path) -> None:
    code = (
        "import os\nimport boto3\n\n\ndef handler(event, context):\n"
        "    boto3.client('lambda').invoke(FunctionName=os.environ['AWS_LAMBDA_FUNCTION_NAME'], "
        "InvocationType='Event')\n"
    )
    assert kinds(tmp_path, fn(), code=code) == []


def test_macros_are_not_read(tmp_path: Path) -> None:
    assert kinds(tmp_path, fn(), "Transform: [Mine, AWS::Serverless-2016-10-31]\n") == []
