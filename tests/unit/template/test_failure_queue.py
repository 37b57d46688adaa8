from __future__ import annotations

from typing import Any

import pytest

from lambdalint.template.failure_queue import add_failure_queue
from lambdalint.template.function import LambdaFunction
from tests.unit.template.templates import edited, function, plain, template

ARN = {"Fn::GetAtt": ["FnFailureQueue", "Arn"]}


def plain_function(more: str = "", properties: str = "Role: !GetAtt Role.Arn") -> LambdaFunction:
    return function(
        f"Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties: {{{properties}}}\n"
        f"  Role:\n    Type: AWS::IAM::Role\n    Properties: {{AssumeRolePolicyDocument: {{}}}}\n{more}"
    )


def mended(found: LambdaFunction) -> tuple[LambdaFunction, dict[str, Any]]:
    """The function and the resources after the edits."""
    new = template(edited(found.template, add_failure_queue(found)))
    assert new.problems == ()
    again = new.function(found.logical_id)
    assert again is not None
    return again, plain(new.data)["Resources"]


def test_a_plain_function_gets_a_configuration_of_its_own() -> None:
    after, resources = mended(plain_function())
    assert after.failure_destination.state == "present"
    assert resources["FnFailureQueue"]["Type"] == "AWS::SQS::Queue"
    assert resources["FnEventInvokeConfig"]["Properties"]["FunctionName"] == {"Ref": "Fn"}
    (policy,) = resources["Role"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", ARN)


def test_a_configuration_that_is_there_is_completed() -> None:
    config = (
        "  Config:\n    Type: AWS::Lambda::EventInvokeConfig\n"
        "    Properties: {FunctionName: !Ref Fn, Qualifier: $LATEST}\n"
    )
    after, resources = mended(plain_function(config))
    assert after.failure_destination.path[:2] == ("Resources", "Config")
    assert "FnEventInvokeConfig" not in resources


def test_a_durable_function_gets_a_dead_letter_queue() -> None:
    after, resources = mended(
        plain_function(properties="Role: !GetAtt Role.Arn, DurableConfig: {ExecutionTimeout: 9}")
    )
    assert after.failure_destination.kind == "DeadLetterQueue"
    assert resources["Fn"]["Properties"]["DeadLetterConfig"] == {"TargetArn": ARN}


def test_a_condition_goes_with_the_queue_unless_a_role_names_it() -> None:
    head = (
        "Transform: AWS::Serverless-2016-10-31\nConditions: {C: !Equals [a, !Ref AWS::Region]}\nResources:\n"
    )
    conditional = "  Fn:\n    Type: AWS::Serverless::Function\n    Condition: C\n    Properties:\n"
    _, resources = mended(function(f"{head}{conditional}      Handler: app.handler\n"))
    assert resources["FnFailureQueue"]["Condition"] == "C"
    role = "  Role: {Type: AWS::IAM::Role, Properties: {}}\n"
    _, resources = mended(function(f"{head}{role}{conditional}      Role: !GetAtt Role.Arn\n"))
    assert "Condition" not in resources["FnFailureQueue"]


@pytest.mark.parametrize(
    ("more", "properties"),
    [
        ("", "Role: arn:aws:iam::123456789012:role/elsewhere"),
        ("", "Role: !If [C, !GetAtt Role.Arn, other]"),
        (
            "  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn}}\n",
            "Role: !GetAtt Role.Arn",
        ),
        ("", "Handler: app.handler"),
    ],
)
def test_where_it_would_not_deploy_or_not_help_there_is_none(more: str, properties: str) -> None:
    assert add_failure_queue(plain_function(more, properties)) is None
