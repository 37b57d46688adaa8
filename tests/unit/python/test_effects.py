"""What calls do to the world."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.effects import Effect, Effects

from .analysis import analyse

_HEAD = """\
import json
import logging
import os
import subprocess

import boto3
import pymysql
import requests
import sentry_sdk
import somewhere

logger = logging.getLogger()
table = boto3.resource("dynamodb").Table("t")
s3 = boto3.client("s3")
ssm = boto3.client("ssm")
cloudwatch = boto3.client("cloudwatch")
session = requests.Session()


class Store:
    def __init__(self, name):
        self.name = name

    def put(self, item):
        table.put_item(Item=item)


class Loud(Exception):
    def __init__(self):
        requests.post("x")


def pure(x):
    return json.dumps(x).upper()


def writes(x):
    return pure(x) + s3.put_object(Bucket="b", Key="k")


def loops(x):
    return loops(x) + s3.get_object(Bucket="b", Key="k")


def handler(event, context):
"""


@pytest.mark.parametrize(
    ("call", "effect"),
    [
        ("logger.info('x')", Effect.NONE),
        ("print(event)", Effect.NONE),
        ("json.loads(event['body'])", Effect.NONE),
        ("event.get('x').split(',')", Effect.NONE),
        ("os.path.join('a', 'b')", Effect.NONE),
        ("sentry_sdk.capture_exception(event)", Effect.NONE),
        ("somewhere.Model(event)", Effect.NONE),
        ("context.get_remaining_time_in_millis()", Effect.NONE),
        ("boto3.client('sqs')", Effect.CONFIGURE),
        ("s3.get_paginator('list_objects_v2')", Effect.NONE),
        ("pure(event)", Effect.NONE),
        ("Store('x')", Effect.NONE),
        ("ssm.get_parameter(Name='x')", Effect.CONFIGURE),
        ("pymysql.connect()", Effect.CONFIGURE),
        ("s3.get_object(Bucket='b', Key='k')", Effect.READ),
        ("table.query()", Effect.READ),
        ("requests.get('x')", Effect.READ),
        ("session.get('x')", Effect.READ),
        ("loops(event)", Effect.READ),
        ("somewhere.work(event)", Effect.UNKNOWN),
        ("event['callback'](1)", Effect.UNKNOWN),
        ("table.put_item(Item={})", Effect.ACT),
        ("cloudwatch.put_metric_data(Namespace='x')", Effect.ACT),
        ("requests.post('x')", Effect.ACT),
        ("session.put('x')", Effect.ACT),
        ("subprocess.run(['x'])", Effect.ACT),
        ("writes(event)", Effect.ACT),
        ("Store('x').put({})", Effect.ACT),
        ("Loud()", Effect.ACT),
    ],
)
def test_what_a_call_does(call: str, effect: Effect) -> None:
    found = analyse(f"{_HEAD}    {call}\n")
    node = found.module.nodes(cst.Expr)[-1].value
    assert isinstance(node, cst.Call)
    assert Effects(found.evaluator, found.calls).of(found.module, node) is effect
