"""Reads of which only the first page is taken."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from lambdalint.data.tables import load
from lambdalint.python.paging import paged, truncated
from lambdalint.python.results import Results

from .analysis import analyse

KINESIS = "d = boto3.client('kinesis').describe_stream(StreamName='s')['StreamDescription']"
RDS = "return boto3.client('rds').describe_db_instances({})['DBInstances']"
HEAD = "import boto3\nfrom boto3.dynamodb.conditions import Attr\nt = boto3.resource('dynamodb').Table('t')\n"


def tokens(body: str) -> list[str]:
    """The tokens that nothing reads, of the calls of which a first page is taken for everything."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    found = analyse(f"{HEAD}\ndef handler(event, context):\n{lines}")
    results = Results(found.evaluator, found.reach)
    return [one.token for call in found.calls if (one := truncated(results, call)) is not None]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return t.scan()['Items']", ["LastEvaluatedKey"]),
        ("return t.scan()", []),
        ("return t.scan()['Items'][0]", []),
        ("return len(t.scan()['Items'])", ["LastEvaluatedKey"]),
        ("print(len(t.scan()['Items']))", []),
        ("if len(t.scan()['Items']) > 0:\n    return 1", []),
        ("for item in t.scan()['Items']:\n    return item", []),
        ("for item in t.scan()['Items']:\n    print(item)", ["LastEvaluatedKey"]),
        ("return t.scan(Limit=5)['Items']", []),
        ("return t.scan(ExclusiveStartKey=event['k'])['Items']", []),
        ("return t.scan(**event)['Items']", []),
        ("return t.scan(FilterExpression=Attr('a').eq(1))['Items']", ["LastEvaluatedKey"]),
        ("return t.scan(Select='COUNT')['Count']", ["LastEvaluatedKey"]),
        ("r = t.scan()\nif r.get('LastEvaluatedKey'):\n    raise ValueError\nreturn r['Items']", []),
        ("return boto3.client('s3').list_objects_v2(Bucket='b')['Contents']", ["NextContinuationToken"]),
        ("return 'Contents' in boto3.client('s3').list_objects_v2(Bucket='b')", []),
        ("return boto3.client('ec2').describe_instances()['Reservations']", []),
        ("return boto3.client('iam').list_users()['Users']", ["Marker"]),
        ("return boto3.client('iam').list_access_keys()['AccessKeyMetadata']", []),
        ("return boto3.client('ssm').list_tags_for_resource(ResourceId='r')['TagList']", []),
        (RDS.format(""), ["Marker"]),
        (RDS.format("DBInstanceIdentifier='d'"), []),
        (RDS.format("Filters=[{'Name': 'engine'}]"), ["Marker"]),
        (RDS.format("Filters=[{'Name': 'db-instance-id'}]"), []),
        (RDS.format("Filters=event['f']"), []),
        (f"{KINESIS}\nreturn d['Shards']", ["StreamDescription.HasMoreShards"]),
        (f"{KINESIS}\nif d['HasMoreShards']:\n    raise ValueError\nreturn d['Shards']", []),
        ("p = boto3.client('iam').get_paginator('list_users').paginate()\nreturn [u for u in p]", []),
        ("return list(boto3.resource('s3').Bucket('b').objects.all())", []),
    ],
)
def test_first_pages(body: str, expected: list[str]) -> None:
    assert tokens(body) == expected


def test_how_operations_page() -> None:
    page = paged("s3", "list_objects_v2")
    assert page is not None
    assert page.tokens == (("NextContinuationToken",), ("IsTruncated",))
    assert page.inputs == ("ContinuationToken",)
    assert page.limit == "MaxKeys"
    assert ("Contents",) in page.lists
    stacks = paged("cloudformation", "describe_stacks")
    assert stacks is not None
    assert stacks.selectors == ("StackName",)
    assert paged("s3", "get_object") is None
    assert paged("none", "list_things") is None


def test_every_exception_is_of_an_operation_that_pages() -> None:
    known = [
        f"{service}.{operation}"
        for service, operations in load("paged_operations.json")["services"].items()
        for operation in operations
    ]
    for row in load("paging.toml")["whole"]:
        assert row["why"] in ("few", "unasked")
        for pattern in row["operations"]:
            assert any(fnmatchcase(name, pattern) for name in known), pattern
