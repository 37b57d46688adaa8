from __future__ import annotations

import pytest

from lambdalint.application.log_groups import log_group
from tests.unit.template.templates import function

SAM = "Transform: AWS::Serverless-2016-10-31\n"


def state(properties: str = "Handler: app.handler", more: str = "", head: str = SAM) -> tuple[str, str]:
    found = log_group(
        function(
            f"{head}Parameters:\n  Name: {{Type: String}}\nResources:\n  Fn:\n"
            f"    Type: AWS::Serverless::Function\n    Properties: {{{properties}}}\n"
            f"  Other: {{Type: 'AWS::Serverless::Function'}}\n{more}"
        )
    )
    return found.state, found.resource.logical_id if found.resource is not None else ""


def group(name: str) -> str:
    return f"  Group:\n    Type: AWS::Logs::LogGroup\n    Properties:\n      LogGroupName: {name}\n"


@pytest.mark.parametrize(
    ("properties", "name", "expected"),
    [
        ("Handler: a.b", "!Sub /aws/lambda/${Fn}", ("declared", "Group")),
        ("Handler: a.b", "!Join ['/', [/aws/lambda, !Ref Fn]]", ("declared", "Group")),
        ("FunctionName: orders", "/aws/lambda/orders", ("declared", "Group")),
        (
            "FunctionName: !Sub '${AWS::StackName}-orders'",
            "!Sub /aws/lambda/${AWS::StackName}-orders",
            ("declared", "Group"),
        ),
        ("Handler: a.b", "!Sub /aws/lambda/${Other}", ("made", "")),
        ("FunctionName: orders", "/aws/lambda/other", ("made", "")),
        ("Handler: a.b", "/aws/apigateway/orders", ("made", "")),
        ("Handler: a.b", "!Ref Name", ("unknown", "")),
        ("FunctionName: !Ref Name", "!Sub '/aws/lambda/${AWS::StackName}-orders'", ("unknown", "")),
        ("LoggingConfig: {LogGroup: !Ref Group}", "anything", ("declared", "Group")),
        ("LoggingConfig: {LogGroup: shared}", "shared", ("declared", "Group")),
        ("LoggingConfig: {LogGroup: elsewhere}", "shared", ("unknown", "")),
        ("LoggingConfig: {LogGroup: !Ref Name}", "shared", ("unknown", "")),
        ("LoggingConfig: {LogFormat: JSON}", "!Sub /aws/lambda/${Fn}", ("declared", "Group")),
    ],
)
def test_whose_group_it_is(properties: str, name: str, expected: tuple[str, str]) -> None:
    assert state(properties, group(name)) == expected


def test_a_custom_resource_that_names_the_group() -> None:
    retention = (
        "  Retention:\n    Type: Custom::LogRetention\n"
        "    Properties: {LogGroupName: !Sub '/aws/lambda/${Fn}', RetentionInDays: 7}\n"
    )
    assert state(more=retention) == ("declared", "Retention")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("", "made"),  # SAM's own
        ("Role: !ImportValue role", "unknown"),
        ("Role: !GetAtt Role.Arn", "unknown"),  # nothing lets it create one
    ],
)
def test_who_may_create_the_group(role: str, expected: str) -> None:
    written = "  Role: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {}}}\n"
    assert state(role, written)[0] == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']", "made"),
        ("ManagedPolicyArns: ['arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess']", "unknown"),
        (
            "Policies: [{PolicyName: a, PolicyDocument: {Statement: "
            "[{Effect: Allow, Action: 'logs:*', Resource: '*'}]}}]",
            "made",
        ),
        (
            "Policies: [{PolicyName: a, PolicyDocument: {Statement: "
            "[{Effect: Allow, Action: 'logs:*', Resource: '*'},"
            " {Effect: Deny, Action: 'logs:CreateLogGroup', Resource: '*'}]}}]",
            "unknown",
        ),
    ],
)
def test_what_a_role_lets_it_do(policy: str, expected: str) -> None:
    role = (
        f"  Role:\n    Type: AWS::IAM::Role\n    Properties: {{AssumeRolePolicyDocument: {{}}, {policy}}}\n"
    )
    assert state("Role: !GetAtt Role.Arn", role)[0] == expected


def test_a_macro_may_bring_the_group() -> None:
    assert state(head="Transform: [AWS::Serverless-2016-10-31, Ours]\n")[0] == "unknown"
