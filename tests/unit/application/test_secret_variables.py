from __future__ import annotations

import pytest

from lambdalint.application.secret_variables import secret_variables
from tests.unit.template.templates import template

KEY = "AKIA" + "Q7TVK3M5XWJ2RNBZ"


def ways(
    name: str, value: str, parameter: str = "{Type: String}", parameter_name: str = "Given"
) -> list[str]:
    made = template(
        f"Parameters:\n  {parameter_name}: {parameter}\n"
        "Resources:\n"
        "  User: {Type: 'AWS::IAM::User'}\n"
        "  Access: {Type: 'AWS::IAM::AccessKey', Properties: {UserName: !Ref User}}\n"
        "  Client: {Type: 'AWS::Cognito::UserPoolClient'}\n"
        "  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      Environment:\n        Variables:\n"
        f"          {name}: {value}\n"
    )
    return [f"{each.way}: {each.what}" for each in secret_variables(made, {})]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DB_PASSWORD", "Tr0ub4dor&3", ["text: password"]),
        ("dbPassword", "Tr0ub4dor&3", ["text: password"]),
        ("ANYTHING", KEY, ["text: AWS access key id"]),
        ("API_KEY", "a1b2c3d4e5f6a7b8c9d0", ["text: secret"]),
        ("URL", "postgres://app:Tr0ub4dor3@db.example.org/shop", ["text: password"]),
        ("DB_PASSWORD", "/shop/password", []),
        ("DB_PASSWORD", '""', []),
        ("DB_PASSWORD_ARN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db", []),
        ("SECRET_NAME", "shop-database-credentials", []),
        ("API_KEY", "orders-api-key", []),  # words
        ("TOKEN_TTL", "3600", []),
        ("PASSWORD_LENGTH", "12", []),
        ("TABLE", "a1b2c3d4e5f6a7b8c9d0", []),
    ],
)
def test_texts(name: str, value: str, expected: list[str]) -> None:
    assert ways(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value", "declared", "called", "expected"),
    [
        ("HOOK", "!Ref Given", "{Type: String, NoEcho: true}", "Given", ["parameter: Given"]),
        ("X", "!Ref DbPassword", "{Type: String}", "DbPassword", ["parameter: DbPassword"]),
        ("X", "!Sub 'a:${DbPassword}@b'", "{Type: String}", "DbPassword", ["parameter: DbPassword"]),
        ("X", "!Ref DbPasswordArn", "{Type: String}", "DbPasswordArn", []),
        ("X", "!Ref DbPassword", "{Type: String, Default: /shop/password}", "DbPassword", []),
        ("X", "!Ref Secret", "{Type: String, Description: ARN of the secret}", "Secret", []),
        ("X", "!Ref Token", "{Type: String, AllowedValues: ['yes', 'no']}", "Token", []),
        ("X", "!Ref Token", "{Type: 'AWS::SSM::Parameter::Value<String>'}", "Token", []),
        ("SECRET_ARN", "!Ref Secret", "{Type: String}", "Secret", []),
        ("X", "!Sub 'arn:aws:ssm:::parameter/${Token}'", "{Type: String}", "Token", []),
    ],
)
def test_parameters(name: str, value: str, declared: str, called: str, expected: list[str]) -> None:
    assert ways(name, value, declared, called) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'{{resolve:secretsmanager:db:SecretString:password}}'", ["lookup: secretsmanager"]),
        ("'{{resolve:secretsmanager:db}}'", ["lookup: secretsmanager"]),
        ("!Sub '{{resolve:secretsmanager:${Given}:SecretString:password}}'", ["lookup: secretsmanager"]),
        (
            "!Join ['', ['{{resolve:secretsmanager:', !Ref Given, ':SecretString:password}}']]",
            ["lookup: secretsmanager"],
        ),
        ("'{{resolve:ssm-secure:/db/password:1}}'", ["lookup: ssm-secure"]),
        ("'{{resolve:ssm:/db/host}}'", []),
        ("'{{resolve:secretsmanager:db:SecretString:username}}'", []),
        ("'{{resolve:secretsmanager:db:SecretString:dbInstanceIdentifier}}'", []),
        ("'{{resolve:secretsmanager:db:SecretString:mysql-host}}'", []),
        ("'{{resolve:secretsmanager:db:SecretString:mysql-user}}'", []),
        ("'{{resolve:secretsmanager:db:SecretString:MYSQL_DATABASE}}'", []),
        ("'{{resolve:secretsmanager:db:SecretString:DT_CLUSTER_ID}}'", []),
        ("'{{resolve:secretsmanager:db:SecretString:mysql-password}}'", ["lookup: secretsmanager"]),
        ("'{{resolve:secretsmanager:db:SecretString:url}}'", ["lookup: secretsmanager"]),
        ("!GetAtt Access.SecretAccessKey", ["lookup: the secret of an access key"]),
        ("!GetAtt Client.ClientSecret", ["lookup: the secret of a client"]),
        ("!Ref Access", []),
        ("!Ref Client", []),
    ],
)
def test_lookups(value: str, expected: list[str]) -> None:
    assert ways("X", value) == expected


def test_more_patterns() -> None:
    made = template(
        "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n"
        "      Environment: {Variables: {X: shop-12345678}}\n"
    )
    assert [each.what for each in secret_variables(made, {"shop key": r"shop-\d{8}"})] == ["shop key"]
