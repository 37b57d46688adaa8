"""Faults in the policies of functions: what IAM or SAM refuses, and what grants nothing."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, policy, property_of


def _statement(action: str, resource: str, effect: str = "Allow") -> str:
    return f"- Statement:\n    - Effect: {effect}\n      Action: {action}\n      Resource: {resource}"


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
    "pass-role-wildcard": (policy("any role", _statement("iam:PassRole", "'*'")),),
    "public-function-url": (property_of("FunctionUrlConfig", "FunctionUrlConfig:\n  AuthType: NONE"),),
    "unmatchable-statement": (
        policy("objects on a bucket", _statement("s3:GetObject", "arn:aws:s3:::planted")),
        policy("a bucket on objects", _statement("s3:ListBucket", "arn:aws:s3:::planted/*")),
    ),
}
