import pytest

from lambdalint.iam import actions, wildcards


@pytest.mark.parametrize(
    ("resource", "action"),
    [
        ("*", "s3:GetObject"),
        ("arn:aws:s3:::*", "s3:GetObject"),
        ("arn:aws:s3:::*", "s3:ListBucket"),
        ("arn:${AWS::Partition}:s3:::*/*", "s3:GetObject"),
        ("arn:aws:*:*:*:*", "sqs:SendMessage"),
        ("arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/*", "dynamodb:GetItem"),
        ("arn:aws:dynamodb:*:*:*", "dynamodb:GetItem"),
        ("arn:aws:dynamodb:*:*:table/*", "dynamodb:GetRecords"),  # a star goes over slashes
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:*", "secretsmanager:GetSecretValue"),
        ("arn:aws:ssm:*:*:parameter/*", "ssm:GetParameter"),
        ("arn:aws:lambda:*:*:function:*", "lambda:InvokeFunction"),
        ("arn:aws:logs:*:*:*", "logs:PutLogEvents"),
        ("arn:aws:logs:*:*:log-group:*:*", "logs:CreateLogGroup"),
        ("arn:aws:logs:*:*:log-group:*", "logs:PutLogEvents"),
        ("arn:aws:iam::*:role/*", "sts:AssumeRole"),
        ("arn:aws:execute-api:*:*:*/*/*/*", "execute-api:ManageConnections"),
    ],
)
def test_what_names_nothing_is_wide(resource: str, action: str) -> None:
    found = actions.find(action)
    assert found is not None
    assert wildcards.is_wide(resource, found)


@pytest.mark.parametrize(
    ("resource", "action"),
    [
        ("arn:aws:s3:::files/*", "s3:GetObject"),
        ("arn:aws:s3:::files*", "s3:GetObject"),
        ("arn:aws:s3:::${Files}/*", "s3:GetObject"),
        ("${Files.Arn}/*", "s3:GetObject"),
        ("arn:aws:dynamodb:*:*:table/orders/index/*", "dynamodb:Query"),
        ("arn:aws:ssm:*:*:parameter/app/*", "ssm:GetParameter"),
        ("arn:aws:secretsmanager:*:*:secret:${Prefix}*", "secretsmanager:GetSecretValue"),
        ("arn:aws:logs:*:*:log-group:/aws/lambda/*:*", "logs:PutLogEvents"),
        ("arn:aws:execute-api:*:*:*/@connections/*", "execute-api:ManageConnections"),
        ("arn:aws:logs:*:*:*", "s3:GetObject"),  # matches nothing at all
        ("arn:aws:glue:eu-west-1:123456789012:catalog", "glue:GetTable"),  # there is but one
        ("arn:aws:glue:*:*:catalog*", "glue:BatchDeletePartition"),
        ("${Arn}", "s3:GetObject"),
        ("", "s3:GetObject"),
    ],
)
def test_what_names_something_is_not(resource: str, action: str) -> None:
    found = actions.find(action)
    assert found is not None
    assert not wildcards.is_wide(resource, found)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:ResourceTag/team": "orders"}},
        {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        {"StringEquals": {"cloudwatch:namespace": "orders"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
        {"Bool": {"aws:SecureTransport": True}, "StringLike": {"s3:prefix": "a/*"}},
        {"Fn::If": ["Prod", {}, {}]},
        "unreadable",
    ],
)
def test_a_condition_on_what_narrows(condition: object) -> None:
    assert wildcards.is_narrowing(condition)


@pytest.mark.parametrize(
    "condition",
    [
        None,
        {},
        {"Bool": {"aws:SecureTransport": True}},
        {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    ],
)
def test_a_condition_on_how_does_not(condition: object) -> None:
    assert not wildcards.is_narrowing(condition)
