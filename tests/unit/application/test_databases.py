from __future__ import annotations

from pathlib import Path

import pytest

from lambdalint.application.databases import connects, rds_server, unbounded
from tests.unit.application.projects import application_of

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Shop: {{Type: 'AWS::RDS::DBInstance', Properties: {{Engine: mysql}}}}
  {more}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      {properties}
"""
CODE = """\
import os
import {driver}
def handler(event, context):
    return {call}
"""
PYMYSQL = ("pymysql", 'pymysql.connect(host=os.environ["HOST"])')
API = "Events: {Get: {Type: HttpApi}}"


def files(properties: str, driver: str, call: str, more: str = "") -> dict[str, str]:
    return {
        "template.yaml": TEMPLATE.format(properties=properties, more=more),
        "src/app.py": CODE.format(driver=driver, call=call),
    }


@pytest.mark.parametrize(
    ("driver", "call", "expected"),
    [
        (*PYMYSQL, True),
        ("psycopg2", 'psycopg2.connect("host=10.0.0.7")', True),
        ("sqlalchemy", 'sqlalchemy.create_engine("postgresql://db.example.org/shop")', True),
        ("sqlalchemy", 'sqlalchemy.create_engine("sqlite:////tmp/shop.db")', False),
        ("pymysql", 'pymysql.connect(host="localhost")', False),
        ("pymysql", 'pymysql.connect(host="shop.proxy-c1.eu-west-1.rds.amazonaws.com")', False),
        ("pymysql", 'pymysql.connect(host=os.environ["PROXY"])', False),
        ("redis", "redis.Redis()", False),
    ],
)
def test_what_connects_itself(tmp_path: Path, driver: str, call: str, expected: bool) -> None:
    application = application_of(tmp_path, files("Timeout: 9", driver, call))
    (handler,) = application.handlers
    assert (connects(handler) is not None) is expected


def test_a_proxy_of_the_template_is_taken_to_be_in_between(tmp_path: Path) -> None:
    application = application_of(tmp_path, files("Timeout: 9", *PYMYSQL, "P: {Type: 'AWS::RDS::DBProxy'}"))
    assert connects(application.handlers[0]) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("!GetAtt Shop.Endpoint.Address", True),
        ("!Sub '${Shop.Endpoint.Address}:3306'", True),
        ("!GetAtt Shop.MasterUserSecret.SecretArn", True),
        ("shop.c1.eu-west-1.rds.amazonaws.com", True),
        ("!Ref Shop", False),  # its identifier
        ("db.example.org", False),
        ("!ImportValue host", False),
    ],
)
def test_what_leads_to_a_server_of_rds(tmp_path: Path, value: str, expected: bool) -> None:
    application = application_of(tmp_path, files(f"Environment: {{Variables: {{HOST: {value}}}}}", *PYMYSQL))
    (handler,) = application.handlers
    found = connects(handler)
    assert found is not None
    assert bool(rds_server(handler, handler.functions[0], found)) is expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (API, True),
        (f"{API}\n      ReservedConcurrentExecutions: 5", False),
        (f"{API}\n      ReservedConcurrentExecutions: !ImportValue most", False),
        ("Events: {Q: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:eu-west-1:123456789012:q'}}}", True),
        (
            "Events: {Q: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:eu-west-1:123456789012:q', "
            "ScalingConfig: {MaximumConcurrency: 2}}}}",
            False,
        ),
        ("Events: {S: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}}", False),
        ("Events: {K: {Type: Kinesis, Properties: {Stream: 'arn:aws:kinesis:::stream/s'}}}", False),
        ("Timeout: 9", False),
    ],
)
def test_what_may_invoke_many_at_once(tmp_path: Path, properties: str, expected: bool) -> None:
    application = application_of(tmp_path, files(properties, *PYMYSQL))
    (handler,) = application.handlers
    assert (unbounded(application, handler.functions[0]) is not None) is expected
