"""Faults for the rules about configuration, secrets, keys of objects and functions that trigger themselves."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import yaml

from tests.ecosystem.applications import Application, get
from tests.ecosystem.faults.shapes import Fault, Planted, both, code, event, module, property_of


def on_event(name: str, top: str, body: str) -> Fault:
    """Code that reads the event; EVENT stands for what the handler calls it."""

    def plant(place: Application, copy: Path) -> Planted | None:
        text = (copy / place.handler_file).read_text(encoding="utf-8")
        named = re.search(rf"^def {re.escape(place.handler_name)}\((\w+)", text, re.M)
        if named is None:
            return None
        return code(name, top, body.replace("EVENT", named[1])).plant(place, copy)

    return Fault(name, plant)


def variable(name: str, key: str, value: str) -> Fault:
    """One more variable in the function's own environment."""

    def plant(place: Application, copy: Path) -> Planted | None:
        environment = get(place.function, "Properties", "Environment")
        if environment is None:
            block = f"Environment:\n  Variables:\n    {key}: {value}"
            return property_of(name, block).plant(place, copy)
        variables = get(environment, "Variables")
        if (
            not isinstance(variables, yaml.MappingNode)
            or variables.flow_style
            or variables.tag.startswith("!")
        ):
            return None
        file = copy / place.template
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        indent = variables.value[0][0].start_mark.column
        lines.insert(variables.start_mark.line, textwrap.indent(f"{key}: {value}\n", " " * indent))
        file.write_text("".join(lines), encoding="utf-8")
        return [place.template]

    return Fault(name, plant)


# What may read any variable: a layer that is not looked into, a program that is started, the whole environment.
_MAY_READ = re.compile(r"subprocess|os\.environ(?:\)|\.copy|\.items)|get_function_configuration")


def in_sight(fault: Fault) -> Fault:
    """The fault where all that may read the environment is in sight."""

    def plant(place: Application, copy: Path) -> Planted | None:
        if "Layers:" in (copy / place.template).read_text(encoding="utf-8"):
            return None
        texts = (file.read_text(encoding="utf-8", errors="replace") for file in copy.rglob("*.py"))
        return None if any(_MAY_READ.search(text) for text in texts) else fault.plant(place, copy)

    return Fault(fault.name, plant)


_S3_EVENT = """\
PlantedUpload:
  Type: S3
  Properties:
    Bucket: !Ref PlantedBucket
    Events: s3:ObjectCreated:*"""
_SQS_EVENT = """\
PlantedJobs:
  Type: SQS
  Properties:
    Queue: arn:aws:sqs:eu-west-1:404912349876:planted"""
_SNS_EVENT = """\
PlantedAlert:
  Type: SNS
  Properties:
    Topic: arn:aws:sns:eu-west-1:404912349876:planted"""
_TABLE_EVENT = """\
PlantedChange:
  Type: DynamoDB
  Properties:
    Stream: arn:aws:dynamodb:eu-west-1:404912349876:table/planted/stream/2025-01-01T00:00:00.000
    StartingPosition: LATEST"""
_RULE_EVENT = """\
PlantedOrder:
  Type: EventBridgeRule
  Properties:
    Pattern:
      source: [planted.orders]"""
_BOTO = "import boto3 as planted_boto3\n"

FAULTS: dict[str, tuple[Fault, ...]] = {
    "undeclared-env-var": (
        code("at module level", 'import os as planted_os\n\nPLANTED = planted_os.environ["PLANTED_TABLE"]'),
        code(
            "in the handler, by a constant",
            'from os import environ as planted_env\n\nPLANTED_NAME = "PLANTED_QUEUE"',
            "planted = planted_env[PLANTED_NAME]",
        ),
        code(
            "through a helper",
            "import os as planted_os\n\n\ndef planted_required(name):\n    return planted_os.environ[name]\n\n\n"
            'PLANTED = planted_required("PLANTED_TOPIC")',
        ),
        code(
            "a settings class",
            "from pydantic_settings import BaseSettings as PlantedBase\n\n\nclass PlantedSettings(PlantedBase):\n"
            "    planted_table: str\n\n\nplanted_settings = PlantedSettings()",
        ),
        module(
            "in a helper module",
            "planted_helper",
            'import os\n\n\ndef planted():\n    return os.environ["PLANTED_BUCKET"]\n',
            "planted_helper.planted()",
        ),
    ),
    "unused-env-var": (
        in_sight(variable("a table", "PLANTED_TABLE_NAME", "planted")),
        in_sight(variable("a reference", "PLANTED_REGION", "!Ref AWS::Region")),
        in_sight(variable("a number", "PLANTED_LIMIT", '"10"')),
    ),
    "undecoded-s3-key": (
        on_event(
            "read",
            _BOTO + 'planted_s3 = planted_boto3.client("s3")',
            'planted = EVENT["Records"][0]["s3"]\n'
            'planted_s3.get_object(Bucket=planted["bucket"]["name"], Key=planted["object"]["key"])',
        ),
        on_event(
            "in a loop, deleted",
            _BOTO + 'planted_s3 = planted_boto3.resource("s3")',
            'for planted in EVENT["Records"]:\n    planted_key = planted["s3"]["object"]["key"]\n'
            '    planted_s3.Object(planted["s3"]["bucket"]["name"], planted_key).delete()',
        ),
        on_event(
            "through a helper",
            _BOTO + "\n\ndef planted_load(bucket, key):\n"
            '    return planted_boto3.client("s3").download_file(bucket, key, "/tmp/planted")',
            'planted_load("planted", EVENT["Records"][0].get("s3")["object"].get("key"))',
        ),
        on_event(
            "Rekognition",
            _BOTO,
            'planted = EVENT["Records"][0]["s3"]["object"]["key"]\n'
            'planted_boto3.client("rekognition").detect_labels(\n'
            '    Image={"S3Object": {"Bucket": "planted", "Name": planted}})',
        ),
        on_event(
            "out of a queue",
            "import json as planted_json\n" + _BOTO,
            'for planted in EVENT["Records"]:\n    for planted_record in planted_json.loads(planted["body"])["Records"]:\n'
            '        planted_boto3.client("s3").copy_object(\n            Bucket="planted", Key="copy", CopySource={\n'
            '                "Bucket": "planted", "Key": planted_record["s3"]["object"]["key"]})',
        ),
    ),
    "recursive-trigger": (
        both(
            "bucket",
            event("bucket", _S3_EVENT),
            on_event(
                "bucket",
                _BOTO,
                'planted = EVENT["Records"][0]["s3"]["bucket"]["name"]\n'
                'planted_boto3.client("s3").put_object(Bucket=planted, Key="planted.json", Body=b"")',
            ),
        ),
        both(
            "queue",
            event("queue", _SQS_EVENT),
            code(
                "queue",
                _BOTO,
                'planted_boto3.client("sqs").send_message(\n'
                '    QueueUrl="https://sqs.eu-west-1.amazonaws.com/404912349876/planted", MessageBody="x")',
            ),
        ),
        both(
            "topic",
            event("topic", _SNS_EVENT),
            code(
                "topic",
                _BOTO + 'PLANTED = "arn:aws:sns:eu-west-1:404912349876:planted"',
                'planted_boto3.client("sns").publish(TopicArn=PLANTED, Message="x")',
            ),
        ),
        both(
            "table",
            event("table", _TABLE_EVENT),
            on_event(
                "table",
                "import time as planted_time\n" + _BOTO,
                'for planted in EVENT["Records"]:\n    planted_boto3.resource("dynamodb").Table("planted").put_item(\n'
                '        Item={"id": planted["eventID"], "at": int(planted_time.time())})',
            ),
        ),
        both(
            "bus",
            event("bus", _RULE_EVENT),
            code(
                "bus",
                _BOTO,
                'planted_boto3.client("events").put_events(Entries=[\n'
                '    {"Source": "planted.orders", "DetailType": "x", "Detail": "{}"}])',
            ),
        ),
    ),
    "hardcoded-config": (
        code("queue URL", 'PLANTED = "https://sqs.eu-west-1.amazonaws.com/404912349876/planted"'),
        code("ARN", "", 'planted = f"arn:aws:sns:{1}:404912349876:planted"'),
        code("region of a client", _BOTO + 'planted = planted_boto3.client("sqs", region_name="eu-west-3")'),
        code(
            "region of a session, by a constant",
            _BOTO
            + 'PLANTED = "eu-west-3"\nplanted = planted_boto3.Session(region_name=PLANTED).client("sns")',
        ),
        module(
            "database endpoint in a helper module",
            "planted_helper",
            'HOST = "planted.cluster-c9akl2mq4rst.eu-west-1.rds.amazonaws.com"\n\n\ndef planted():\n    return HOST\n',
            "planted_helper.planted()",
        ),
    ),
    "hardcoded-secret": (
        code("key id", 'PLANTED = "AKIA' + 'Q7MZ4X2KPV5TJD3W"'),
        code(
            "keys of a client",
            _BOTO + 'planted = planted_boto3.client("s3", aws_access_key_id="AKIA' + 'Q7MZ4X2KPV5TJD3W",\n'
            '    aws_secret_access_key="pL0kM9nJ8bH7vG6cF5xD4zS3' + 'aQ2wE1rT0yU9iO8p")',
        ),
        code("token", "", 'planted = "Bearer ghp_' + 'Zx8Cv6Bn4Mq2We9Rt7Yu5Io3Pa1Sd0Fg8Hj6"'),
        code(
            "password of a connection",
            "import pymysql as planted_pymysql",
            'planted = planted_pymysql.connect(host="db.planted", user="app", password="Tr0ub4dor&3")',
        ),
        code(
            "connection string",
            "from sqlalchemy import create_engine as planted_engine\n\n"
            'PLANTED = planted_engine("postgresql://app:Tr0ub4dor3@db.planted/shop")',
        ),
        variable("in the environment", "PLANTED_KEY", "AKIA" + "Q7MZ4X2KPV5TJD3W"),
    ),
    "logged-secret": (
        code("environment", "import os as planted_os", "print(dict(planted_os.environ))"),
        code(
            "answer of Secrets Manager",
            _BOTO + 'planted_secrets = planted_boto3.client("secretsmanager")',
            'planted = planted_secrets.get_secret_value(SecretId="planted")\nprint("secret", planted)',
        ),
        code(
            "part of a secret",
            "import json as planted_json\nimport logging as planted_logging\n" + _BOTO,
            'planted = planted_boto3.client("secretsmanager").get_secret_value(SecretId="planted")\n'
            'planted = planted_json.loads(planted["SecretString"])\n'
            "planted_logging.info(f\"as {planted['password']}\")",
        ),
        on_event("field of the event", "", 'print("signing in", EVENT["password"])'),
        code(
            "Powertools",
            "from aws_lambda_powertools import Logger as PlantedLogger\n"
            "from aws_lambda_powertools.utilities import parameters as planted_parameters\n\n"
            "planted_logger = PlantedLogger()",
            'planted = planted_parameters.get_secret("planted")\nplanted_logger.info("got", extra={"key": planted})',
        ),
    ),
}
