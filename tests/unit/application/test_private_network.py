from __future__ import annotations

from pathlib import Path

import pytest

from lambdalint.application.private_network import is_always_in_vpc, is_tied_to_network, public_calls
from tests.unit.application.projects import application_of, function
from tests.unit.template import templates

S3 = "import boto3\ns3 = boto3.client('s3')\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (f"{S3}def handler(event, context):\n    s3.list_buckets()\n", ["s3.list_buckets"]),
        (f"import json, re\n{S3}def handler(e, c):\n    s3.list_buckets()\n", ["s3.list_buckets"]),
        ("def handler(event, context):\n    return 1\n", []),
        (f"import socket\n{S3}def handler(event, context):\n    s3.list_buckets()\n", []),
        (f"from urllib import request\n{S3}def handler(e, c):\n    s3.list_buckets()\n", []),
        (
            f"from urllib.parse import quote\n{S3}def handler(e, c):\n    s3.list_buckets()\n",
            ["s3.list_buckets"],
        ),
        (
            f"from http import HTTPStatus\n{S3}def handler(e, c):\n    s3.list_buckets()\n",
            ["s3.list_buckets"],
        ),
        (f"import yaml\n{S3}def handler(e, c):\n    s3.list_buckets()\n", ["s3.list_buckets"]),
        (f"import requests\n{S3}def handler(e, c):\n    s3.list_buckets()\n", []),
        (f"import shop\n{S3}def handler(e, c):\n    s3.list_buckets()\n", []),
        (f"import os\n{S3}def handler(e, c):\n    os.system('curl x')\n    s3.list_buckets()\n", []),
        (
            "import boto3\ndef handler(e, c):\n    boto3.client('s3', endpoint_url=e['u']).list_buckets()\n",
            [],
        ),
        ("import boto3\ndef handler(e, c):\n    boto3.client(e['service']).list()\n", []),
        ("import boto3\ndef handler(e, c):\n    boto3.client('s3', **e).list_buckets()\n", []),
        (
            "import boto3\ndef handler(e, c):\n    boto3.Session().client('sts').get_caller_identity()\n",
            ["sts.get_caller_identity"],
        ),
        (
            "import boto3\nrds = boto3.client('rds')\ndef handler(e, c):\n"
            "    rds.generate_db_auth_token(DBHostname=e, Port=1, DBUsername=e)\n",
            [],
        ),
    ],
)
def test_what_goes_to_public_endpoints_alone(tmp_path: Path, code: str, expected: list[str]) -> None:
    text = function("Runtime: python3.13\nHandler: app.handler\nCodeUri: src/")
    application = application_of(tmp_path, {"template.yaml": text, "src/app.py": code})
    (handler,) = application.handlers
    assert [call.api for call in public_calls(handler)] == expected


HEAD = """\
Parameters:
  Given: {Type: CommaDelimitedList}
  Empty: {Type: CommaDelimitedList, Default: ''}
Conditions:
  A: !Equals [!Ref AWS::Region, a]
Resources:
  Queue: {Type: 'AWS::SQS::Queue'}
  Cache: {Type: 'AWS::ElastiCache::CacheCluster'}
  Group: {Type: 'AWS::EC2::SecurityGroup'}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
"""


@pytest.mark.parametrize(
    ("subnets", "expected"),
    [
        ("[subnet-1]", True),
        ("!Ref Given", True),
        ("!Ref Empty", False),
        ("[!If [A, subnet-1, subnet-2]]", True),
        ("!If [A, [subnet-1], !Ref AWS::NoValue]", False),
        ("[]", False),
    ],
)
def test_what_is_always_in_a_vpc(subnets: str, expected: bool) -> None:
    config = f"      VpcConfig: {{SubnetIds: {subnets}, SecurityGroupIds: [sg-1]}}\n"
    assert is_always_in_vpc(templates.function(HEAD + config)) is expected


def test_without_groups_or_in_no_vpc() -> None:
    assert not is_always_in_vpc(templates.function(f"{HEAD}      VpcConfig: {{SubnetIds: [subnet-1]}}\n"))
    assert not is_always_in_vpc(templates.function(f"{HEAD}      MemorySize: 256\n"))


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("QUEUE_URL: !Ref Queue", False),
        ("LEVEL: debug", False),
        ("CACHE: !GetAtt Cache.RedisEndpoint.Address", True),
        ("SERVER: !Sub 'redis://${Cache.RedisEndpoint.Address}'", True),
        ("DB_HOST: !ImportValue host", True),
        ("SERVER: db.internal.example.org", False),
        ("SERVER: mysql.example.org", True),
        ("AWS_ENDPOINT_URL_S3: !ImportValue it", True),
    ],
)
def test_variables_that_lead_to_a_server(variable: str, expected: bool) -> None:
    made = templates.function(f"{HEAD}      Environment: {{Variables: {{{variable}}}}}\n")
    assert is_tied_to_network(made) is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", False),
        (
            "  In: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {Source: !Ref Group}}\n",
            True,
        ),
        ("  Out: {Type: 'AWS::EC2::SecurityGroupEgress', Properties: {GroupId: !Ref Group}}\n", False),
        ("  Gate: {Type: 'AWS::EC2::VPCEndpoint'}\n", True),
        ("Outputs:\n  Group: {Value: !Ref Group, Export: {Name: group}}\n", True),
    ],
)
def test_groups_that_something_lets_in(more: str, expected: bool) -> None:
    config = "      VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [!Ref Group]}\n"
    assert is_tied_to_network(templates.function(HEAD + config + more)) is expected
