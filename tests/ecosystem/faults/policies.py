"""Faults in the policies of functions: what IAM or SAM refuses, and what grants nothing."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, both, policy, property_of, resource


def _statement(action: str, resource: str, effect: str = "Allow") -> str:
    return f"- Statement:\n    - Effect: {effect}\n      Action: {action}\n      Resource: {resource}"


def _permission(principal: str) -> str:
    return (
        "PlantedPermission:\n  Type: AWS::Lambda::Permission\n  Properties:\n"
        f"    Action: lambda:InvokeFunction\n    FunctionName: !Ref FUNCTION\n    Principal: {principal}"
    )


_PLANTED = _statement("s3:GetObject", "arn:aws:s3:::planted/*")
_ROLE = "arn:aws:iam::123456789012:role/planted"

FAULTS: dict[str, tuple[Fault, ...]] = {
    "unknown-action": (
        policy("an operation of the SDK", _statement("s3:HeadObject", "arn:aws:s3:::planted/*")),
        policy("a misspelt action", _statement("[dynamodb:GetItm, dynamodb:PutItem]", "'*'")),
        policy("the SDK's name of a service", _statement("stepfunctions:StartExecution", "'*'")),
    ),
    "invalid-statement": (
        policy("a misspelt effect", _statement("s3:GetObject", "arn:aws:s3:::planted/*", "Alow")),
        policy("a colon too few", _statement("s3:GetObject", "arn:aws:s3::planted/*")),
        policy("a name for an ARN", _statement("dynamodb:GetItem", "planted")),
    ),
    "unknown-policy-template": (
        policy("a misspelt template", "- DynamoDBReedPolicy:\n    TableName: planted"),
        policy("a misspelt parameter", "- DynamoDBReadPolicy:\n    Tablename: planted"),
        policy("a misspelt managed policy", "- AWSLambdaVPCAccesExecutionRole"),
    ),
    "ignored-policies": (
        both(
            "a role of the account",
            policy("a statement", _PLANTED),
            property_of("Role", f"Role: {_ROLE}"),
        ),
        both(
            "a role whose name is put together",
            policy("a managed policy", "- AWSXRayDaemonWriteAccess"),
            property_of("Role", "Role: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/planted"),
        ),
        both(
            "an imported role",
            policy("a policy template", "- DynamoDBReadPolicy:\n    TableName: planted"),
            property_of("Role", "Role: !ImportValue planted-role"),
        ),
    ),
    "open-invoke-permission": (
        resource("everyone", _permission('"*"')),
        resource("every bucket", _permission("s3.amazonaws.com")),
        resource("every topic", _permission("sns.amazonaws.com")),
        resource("every rule", _permission("events.amazonaws.com")),
    ),
    "pass-role-wildcard": (
        policy("any role", _statement("iam:PassRole", "'*'")),
        policy("any role's ARN", _statement("[ecs:RunTask, iam:PassRole]", "arn:aws:iam::*:role/*")),
    ),
    "public-function-url": (property_of("FunctionUrlConfig", "FunctionUrlConfig:\n  AuthType: NONE"),),
    "unmatchable-statement": (
        policy("objects on a bucket", _statement("s3:GetObject", "arn:aws:s3:::planted")),
        policy("a bucket on objects", _statement("s3:ListBucket", "arn:aws:s3:::planted/*")),
    ),
}
