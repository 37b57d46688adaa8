"""Faults in the policies of functions: what IAM or SAM refuses, and what grants nothing."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, both, code, policy, property_of, resource, sole_event


def _statement(action: str, resource: str, effect: str = "Allow") -> str:
    return f"- Statement:\n    - Effect: {effect}\n      Action: {action}\n      Resource: {resource}"


def _permission(principal: str) -> str:
    return (
        "PlantedPermission:\n  Type: AWS::Lambda::Permission\n  Properties:\n"
        f"    Action: lambda:InvokeFunction\n    FunctionName: !Ref FUNCTION\n    Principal: {principal}"
    )


_PLANTED = _statement("s3:GetObject", "arn:aws:s3:::planted/*")
_ROLE = "arn:aws:iam::123456789012:role/planted"

_KEY = "KmsKeyArn: arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
# A role that SAM makes, with nothing in it about keys.
_OWN_ROLE = policy("a managed policy", "- AWSXRayDaemonWriteAccess")


def _open(kind: str, call: str) -> Fault:
    """The function behind an API for everyone, with a call on a table first of all."""
    return both(
        f"{kind}, {call}",
        sole_event(
            "an API", f"Planted:\n  Type: {kind}\n  Properties:\n    Path: /planted\n    Method: post"
        ),
        code("a write", "import boto3", f'boto3.resource("dynamodb").Table("planted").{call}'),
    )


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
    "kms-not-granted": (
        both(
            "a key for the environment",
            _OWN_ROLE,
            property_of("Environment", 'Environment:\n  Variables:\n    PLANTED: "1"'),
            property_of("KmsKeyArn", _KEY),
        ),
        both(
            "a key for snapshots",
            _OWN_ROLE,
            property_of("SnapStart", "SnapStart:\n  ApplyOn: PublishedVersions"),
            property_of("KmsKeyArn", _KEY),
        ),
    ),
    "public-api": (
        _open("Api", 'delete_item(Key={"id": "planted"})'),
        _open("HttpApi", 'put_item(Item={"id": "planted"})'),
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
