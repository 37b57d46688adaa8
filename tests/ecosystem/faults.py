"""The faults that are planted, by rule; several shapes each, as people write them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.ecosystem.applications import Application, get, scalar

Planted = list[Path]


@dataclass(frozen=True)
class Fault:
    """One shape of a fault. `plant` edits the copy and returns the files it edited, None where it cannot."""

    name: str
    plant: Callable[[Application, Path], Planted | None]


def _code(name: str, top: str, body: str = "") -> Fault:
    """Code at module level after the last top-level import, and at the start of the handler's body."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.handler_file
        text = _insert_top(file.read_text(encoding="utf-8"), top)
        if body:
            text = _insert_body(text, place.handler_name, body) if text else None
        if text is None:
            return None
        file.write_text(text, encoding="utf-8")
        return [place.handler_file]

    return Fault(name, plant)


def _module(name: str, module: str, source: str, body: str) -> Fault:
    """A helper module beside the handler that the handler calls; the fault lies in the helper."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.handler_file
        helper = place.handler_file.with_name(module + ".py")
        # A handler in a package is imported as one; only a flat bundle can import its neighbour by name.
        if (place.folder / helper).exists() or (file.parent / "__init__.py").exists():
            return None
        package = scalar(get(place.function, "Properties", "Handler")) or ""
        if package.count(".") + package.count("/") != 1:
            return None
        text = _insert_top(file.read_text(encoding="utf-8"), f"import {module}")
        text = _insert_body(text, place.handler_name, body) if text else None
        if text is None:
            return None
        file.write_text(text, encoding="utf-8")
        (copy / helper).write_text(source, encoding="utf-8")
        return [helper]

    return Fault(name, plant)


def _replace_handler(name: str, triggers: set[str], source: str) -> Fault:
    """The whole handler file replaced by one that only moves data, for a function with one such trigger."""

    def plant(place: Application, copy: Path) -> Planted | None:
        if not place.event_types or not set(place.event_types) <= triggers:
            return None
        (copy / place.handler_file).write_text(
            source.replace("HANDLER", place.handler_name), encoding="utf-8"
        )
        return [place.handler_file]

    return Fault(name, plant)


def _event(name: str, event: str) -> Fault:
    """One more event for a function that has none or only synchronous and polled ones."""

    def plant(place: Application, copy: Path) -> Planted | None:
        properties = get(place.function, "Properties")
        events = get(properties, "Events")
        if _keeps_failures((copy / place.template).read_text(encoding="utf-8")):
            return None
        if not isinstance(properties, yaml.MappingNode) or properties.flow_style:
            return None
        if events is None:
            indent = properties.value[0][0].start_mark.column
            block = "Events:\n" + textwrap.indent(event, "  ")
            return _insert_yaml(place, copy, properties, indent, block)
        if not isinstance(events, yaml.MappingNode) or events.flow_style:
            return None
        return _insert_yaml(place, copy, events, events.value[0][0].start_mark.column, event)

    return Fault(name, plant)


def _keeps_failures(template: str) -> bool:
    """Whether some function of the template may have a destination, or its author declined one."""
    return re.search(r"OnFailure|DeadLetter(?:Queue|Config):|CKV_AWS_116|Custom::", template) is not None


def _policy(name: str, statement: str) -> Fault:
    """One more policy for a function whose role SAM makes."""

    def plant(place: Application, copy: Path) -> Planted | None:
        properties = get(place.function, "Properties")
        policies = get(properties, "Policies")
        if place.has_role or not isinstance(properties, yaml.MappingNode) or properties.flow_style:
            return None
        if policies is None:
            indent = properties.value[0][0].start_mark.column
            block = "Policies:\n" + textwrap.indent(statement, "  ")
            return _insert_yaml(place, copy, properties, indent, block)
        if not isinstance(policies, yaml.SequenceNode) or policies.flow_style or policies.tag.startswith("!"):
            return None
        return _insert_yaml(place, copy, policies, policies.start_mark.column, statement)

    return Fault(name, plant)


def _insert_yaml(place: Application, copy: Path, before: yaml.Node, indent: int, block: str) -> Planted:
    """Puts a block in front of a collection's first entry, at its indentation."""
    file = copy / place.template
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(" " * indent + line + "\n" for line in block.splitlines())
    lines.insert(before.start_mark.line, text)
    file.write_text("".join(lines), encoding="utf-8")
    return [place.template]


def _insert_top(text: str, code: str) -> str | None:
    """After the last unindented one-line import."""
    found = list(re.finditer(r"^(?:import|from) [^\n(\\]*$\n", text, re.M))
    if not found:
        return None
    at = found[-1].end()
    return f"{text[:at]}{code}\n{text[at:]}"


def _insert_body(text: str, handler: str, body: str) -> str | None:
    """As the first statements of the handler, after its docstring."""
    match = re.search(
        rf'^def {handler}\([^\n]*\)[^\n]*:[^\n]*\n(?:\s*\n)*(?P<doc>[ \t]+(?:"""|\'\'\')(?:.|\n)*?(?:"""|\'\'\')[^\n]*\n)?'
        r"(?:\s*\n)*(?P<indent>[ \t]+)\S",
        text,
        re.M,
    )
    if match is None:
        return None
    at = match.start("indent")
    indent = match["indent"]
    code = "".join(f"{indent}{line}\n" if line else "\n" for line in body.splitlines())
    return text[:at] + code + text[at:]


_S3_EVENT = """\
PlantedUpload:
  Type: S3
  Properties:
    Bucket: !Ref PlantedBucket
    Events: s3:ObjectCreated:*"""
_SCHEDULE = """\
PlantedSchedule:
  Type: Schedule
  Properties:
    Schedule: rate(1 day)"""
_SCHEDULE_V2 = """\
PlantedNightly:
  Type: ScheduleV2
  Properties:
    ScheduleExpression: cron(0 3 * * ? *)"""
_RULE = """\
PlantedRule:
  Type: EventBridgeRule
  Properties:
    Pattern:
      source: [planted.orders]"""
_TOPIC = """\
PlantedTopic:
  Type: SNS
  Properties:
    Topic: !ImportValue planted-topic-arn"""
_LOGS = """\
PlantedLogs:
  Type: CloudWatchLogs
  Properties:
    LogGroupName: /planted/application
    FilterPattern: ERROR"""

_API = {"Api", "HttpApi"}

FAULTS: dict[str, tuple[Fault, ...]] = {
    "unused-import": (
        _code("import of the standard library", "import fractions"),
        _code("from-import with an alias", "from collections import OrderedDict as PlantedDict"),
        _code("third-party import", "import yaml as planted_yaml"),
        _code("one of two names", "from html import escape, unescape\n\nPLANTED = escape('<')"),
        _module(
            "in a helper module",
            "planted_helper",
            "import fractions\n\n\ndef planted():\n    return 1\n",
            "planted_helper.planted()",
        ),
    ),
    "dev-only-import": (
        _code("pytest", "import pytest\n\nPLANTED = pytest.__name__"),
        _code("unittest.mock", "from unittest.mock import MagicMock\n\nPLANTED = MagicMock"),
        _code("moto", "from moto import mock_aws\n\nPLANTED = mock_aws"),
        _code("type stubs", "from mypy_boto3_s3 import S3Client\n\nPLANTED: S3Client"),
        _code("debugger in the handler", "import json as planted_json", "import pdb; pdb.set_trace()"),
        _module(
            "in a helper module",
            "planted_helper",
            "import ipdb\n\n\ndef planted():\n    ipdb.set_trace()\n",
            "planted_helper.planted()",
        ),
    ),
    "unguarded-connection": (
        _code(
            "pymysql at module level",
            'import os as planted_os\nimport pymysql\n\nplanted_db = pymysql.connect(host=planted_os.environ["H"])',
            'with planted_db.cursor() as planted_cursor:\n    planted_cursor.execute("SELECT 1")',
        ),
        _code(
            "psycopg2 through a helper function",
            'import psycopg2\n\n\ndef planted_connect():\n    return psycopg2.connect("dbname=planted")\n\n\n'
            "PLANTED = planted_connect()",
            'PLANTED.cursor().execute("SELECT 1")',
        ),
        _code(
            "a cursor kept from init",
            "import pymysql\n\nplanted_db = pymysql.connect(host='db')\nplanted_cursor = planted_db.cursor()",
            'planted_cursor.execute("SELECT 1")',
        ),
        _code(
            "an engine without pre-ping",
            'from sqlalchemy import create_engine\n\nplanted_engine = create_engine("postgresql://db/planted")',
            'with planted_engine.connect() as planted:\n    planted.exec_driver_sql("SELECT 1")',
        ),
        _code(
            "in a class made at init",
            "import psycopg2\n\n\nclass PlantedStore:\n    def __init__(self):\n"
            "        self.connection = psycopg2.connect('dbname=planted')\n\n    def read(self):\n"
            "        return self.connection.cursor().execute('SELECT 1')\n\n\nplanted_store = PlantedStore()",
            "planted_store.read()",
        ),
        _module(
            "in a helper module",
            "planted_helper",
            "import pymysql\n\nconnection = pymysql.connect(host='db')\n\n\ndef planted():\n"
            "    with connection.cursor() as cursor:\n        cursor.execute('SELECT 1')\n",
            "planted_helper.planted()",
        ),
    ),
    "transport-only": (
        _replace_handler(
            "API → SQS",
            _API,
            "import json\nimport os\n\nimport boto3\n\nsqs = boto3.client('sqs')\n\n\ndef HANDLER(event, context):\n"
            "    sqs.send_message(QueueUrl=os.environ['QUEUE_URL'], MessageBody=event['body'])\n"
            "    return {'statusCode': 202, 'body': json.dumps({'accepted': True})}\n",
        ),
        _replace_handler(
            "API → DynamoDB put, with logging and try",
            _API,
            "import json\nimport logging\nimport os\n\nimport boto3\n\nlogger = logging.getLogger()\n"
            "table = boto3.resource('dynamodb').Table(os.environ['TABLE'])\n\n\ndef HANDLER(event, context):\n"
            "    logger.info('saving')\n    body = json.loads(event['body'])\n    try:\n"
            "        table.put_item(Item={'id': body['id'], 'name': body.get('name')})\n"
            "    except Exception:\n        logger.exception('failed')\n        raise\n"
            "    return {'statusCode': 200, 'body': '{}'}\n",
        ),
        _replace_handler(
            "API → DynamoDB get, returned as it is",
            _API,
            "import json\nimport os\n\nimport boto3\n\n\ndef get_table():\n"
            "    return boto3.resource('dynamodb').Table(os.environ['TABLE'])\n\n\ndef HANDLER(event, context):\n"
            "    item = get_table().get_item(Key={'id': event['pathParameters']['id']})\n"
            "    return {'statusCode': 200, 'body': json.dumps(item['Item'])}\n",
        ),
        _replace_handler(
            "SQS → SNS",
            {"SQS"},
            "import os\n\nimport boto3\n\nsns = boto3.client('sns')\n\n\ndef HANDLER(event, context):\n"
            "    for record in event['Records']:\n"
            "        sns.publish(TopicArn=os.environ['TOPIC'], Message=record['body'])\n",
        ),
        _replace_handler(
            "S3 → SQS",
            {"S3"},
            "import json\nimport os\nfrom urllib.parse import unquote_plus\n\nimport boto3\n\n"
            "sqs = boto3.client('sqs')\n\n\ndef HANDLER(event, context):\n    for record in event['Records']:\n"
            "        key = unquote_plus(record['s3']['object']['key'])\n"
            "        sqs.send_message(QueueUrl=os.environ['Q'], MessageBody=json.dumps({'key': key}))\n",
        ),
        _replace_handler(
            "bus → Step Functions",
            {"EventBridgeRule", "CloudWatchEvent"},
            "import json\nimport os\n\nimport boto3\n\n\ndef HANDLER(event, context):\n"
            "    boto3.client('stepfunctions').start_execution(\n"
            "        stateMachineArn=os.environ['MACHINE'], input=json.dumps(event['detail']))\n",
        ),
    ),
    "wildcard-permission": (
        _policy(
            "service:* on *",
            "- Statement:\n    - Effect: Allow\n      Action: dynamodb:*\n      Resource: '*'",
        ),
        _policy(
            "actions in full on *",
            "- Statement:\n    - Effect: Allow\n      Action:\n        - s3:GetObject\n        - s3:PutObject\n"
            "      Resource: '*'",
        ),
        _policy(
            "partial wildcard",
            "- Version: '2012-10-17'\n  Statement:\n    Effect: Allow\n    Action: [sqs:Send*]\n"
            "    Resource: !Sub arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:planted",
        ),
        _policy(
            "an ARN that is only a star",
            "- Statement:\n    - Effect: Allow\n      Action: s3:GetObject\n      Resource: arn:aws:s3:::*",
        ),
        _policy("star", '- Statement:\n    - Effect: Allow\n      Action: "*"\n      Resource: "*"'),
    ),
    "missing-failure-destination": (
        _event("schedule", _SCHEDULE),
        _event("scheduler", _SCHEDULE_V2),
        _event("bus rule", _RULE),
        _event("topic elsewhere", _TOPIC),
        _event("log group", _LOGS),
        _event("bucket of the same template", _S3_EVENT),
    ),
}
