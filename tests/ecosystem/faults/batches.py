"""Faults for swallowed-batch-failure, swallowed-failure, partial-batch-mismatch, first-record-only,
notify-in-handler, filter-in-handler, warmer."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import (
    Fault,
    both,
    code,
    decorated,
    module,
    replaced,
    sole_event,
    wrapped,
)

_QUEUE = """\
PlantedQueue:
  Type: SQS
  Properties:
    Queue: !ImportValue planted-queue-arn"""
_REPORTED_QUEUE = _QUEUE + "\n    FunctionResponseTypes: [ReportBatchItemFailures]"
_STREAM = """\
PlantedStream:
  Type: Kinesis
  Properties:
    Stream: !ImportValue planted-stream-arn
    StartingPosition: LATEST"""
_TABLE = """\
PlantedTable:
  Type: DynamoDB
  Properties:
    Stream: !ImportValue planted-table-stream-arn
    StartingPosition: TRIM_HORIZON"""
_SCHEDULE = """\
PlantedSchedule:
  Type: Schedule
  Properties:
    Schedule: rate(1 day)"""
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
_PING = """\
PlantedPing:
  Type: Schedule
  Properties:
    Schedule: rate(5 minutes)
    Input: '{"planted-warmup": true}'"""

_CLIENT = (
    "import boto3 as planted_boto3\nimport json as planted_json\n\n"
    "planted_table = planted_boto3.resource('dynamodb').Table('planted')\n"
    "planted_sns = planted_boto3.client('sns')"
)
_WORK = "planted_table.put_item(Item={'id': 'planted'})"
_TRY = f"try:\n    {_WORK}"
_LOG = "except Exception as planted_error:\n    print('planted', planted_error)"
_EACH = "for planted in event['Records']:"
_STORE = "planted_table.put_item(Item=planted_json.loads(planted['body']))"
_GUARD = (
    "def planted_guard(function):\n    def planted_wrapper(event, context):\n        try:\n"
    f"            {_WORK}\n            return function(event, context)\n"
    "        except Exception as planted_error:\n            print(planted_error)\n"
    "            return {'statusCode': 500}\n\n    return planted_wrapper"
)
_HELPER = (
    "import boto3\n\ntable = boto3.resource('dynamodb').Table('planted')\n\n\ndef planted(record):\n"
    "    try:\n        table.put_item(Item={'id': record['messageId']})\n"
    "    except Exception as error:\n        print(error)\n"
)
_IMPORTS = "import json\nimport os\n\nimport boto3\n\ntable = boto3.resource('dynamodb').Table(os.environ['T'])\n\n\n"


def _event(text: str, fault: Fault) -> Fault:
    return both(fault.name, fault, sole_event("event", text))


def _each_record(work: str, clause: str) -> str:
    return f"{_EACH}\n    try:\n        {work}\n    {clause}"


FAULTS: dict[str, tuple[Fault, ...]] = {
    "swallowed-batch-failure": (
        _event(_QUEUE, wrapped("around the whole handler", _CLIENT, _TRY, _LOG)),
        _event(
            _STREAM,
            wrapped("around it, answering 500", _CLIENT, _TRY, f"{_LOG}\n    return {{'statusCode': 500}}"),
        ),
        _event(
            _QUEUE,
            code(
                "each record",
                _CLIENT,
                _each_record(_STORE, "except Exception:\n        print('planted')\n        continue"),
            ),
        ),
        _event(
            _TABLE,
            code(
                "each record, counted",
                _CLIENT,
                "planted_failed = 0\n"
                + _each_record(_WORK, "except:\n        planted_failed += 1")
                + "\nprint(planted_failed)",
            ),
        ),
        _event(
            _QUEUE,
            code(
                "in a helper",
                f"{_CLIENT}\n\n\ndef planted_store(planted):\n    try:\n        {_STORE}\n"
                "        return True\n    except Exception as planted_error:\n"
                "        print(planted_error)\n        return False",
                f"{_EACH}\n    planted_store(planted)",
            ),
        ),
        _event(
            _QUEUE,
            module(
                "in a helper module",
                "planted_helper",
                _HELPER,
                f"{_EACH}\n    planted_helper.planted(planted)",
            ),
        ),
        _event(_QUEUE, decorated("by a decorator", f"{_CLIENT}\n\n\n{_GUARD}", "@planted_guard")),
    ),
    "swallowed-failure": (
        _event(_SCHEDULE, wrapped("scheduled", _CLIENT, _TRY, _LOG)),
        _event(
            _RULE,
            wrapped("answering 500", _CLIENT, _TRY, f"{_LOG}\n    return {{'statusCode': 500, 'body': 'x'}}"),
        ),
        _event(_TOPIC, wrapped("with a bare except", _CLIENT, _TRY, "except:\n    pass")),
        _event(_SCHEDULE, decorated("by a decorator", f"{_CLIENT}\n\n\n{_GUARD}", "@planted_guard")),
        _event(
            _TOPIC,
            code("each record", _CLIENT, _each_record(_WORK, "except Exception:\n        print('planted')")),
        ),
    ),
    "partial-batch-mismatch": (
        _event(
            _QUEUE,
            code(
                "named and not declared",
                _CLIENT,
                "planted_failures = []\n"
                + _each_record(
                    _STORE,
                    "except Exception:\n        planted_failures.append({'itemIdentifier': planted['messageId']})",
                )
                + "\nif planted_failures:\n    return {'batchItemFailures': planted_failures}",
            ),
        ),
        _event(
            _STREAM,
            replaced(
                "Powertools, not declared",
                "from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType\n"
                "from aws_lambda_powertools.utilities.batch import process_partial_response\n\n"
                "processor = BatchProcessor(event_type=EventType.KinesisDataStreams)\n\n\n"
                "def each(record):\n    print(record)\n\n\ndef HANDLER(event, context):\n"
                "    return process_partial_response(event=event, record_handler=each, processor=processor)\n",
            ),
        ),
        _event(
            _REPORTED_QUEUE,
            replaced(
                "declared and never named",
                f"{_IMPORTS}def HANDLER(event, context):\n    for record in event['Records']:\n"
                "        table.put_item(Item=json.loads(record['body']))\n"
                "    return {'statusCode': 200, 'body': 'done'}\n",
            ),
        ),
        _event(
            _REPORTED_QUEUE,
            replaced(
                "declared and swallowed",
                f"{_IMPORTS}def store(record):\n    try:\n        table.put_item(Item=json.loads(record['body']))\n"
                "    except Exception as error:\n        print(error)\n\n\n"
                "def HANDLER(event, context):\n    [store(record) for record in event['Records']]\n",
            ),
        ),
    ),
    "first-record-only": (
        _event(
            _QUEUE,
            replaced(
                "by subscripts",
                f"{_IMPORTS}def HANDLER(event, context):\n    print(json.dumps(event))\n"
                "    table.put_item(Item=json.loads(event['Records'][0]['body']))\n",
            ),
        ),
        _event(
            _STREAM,
            replaced(
                "by get, in a variable",
                f"{_IMPORTS}def HANDLER(event, context):\n    records = event.get('Records')\n"
                "    if not records:\n        return None\n    first = records[0]\n"
                "    table.put_item(Item={'id': first['kinesis']['sequenceNumber']})\n    return 'ok'\n",
            ),
        ),
        _event(
            _TABLE,
            replaced(
                "in a helper",
                f"{_IMPORTS}def new(event):\n    return event['Records'][0]['dynamodb']['NewImage']\n\n\n"
                "def HANDLER(event, context):\n    table.put_item(Item={'id': new(event)['id']['S']})\n",
            ),
        ),
    ),
    "notify-in-handler": (
        _event(
            _SCHEDULE,
            wrapped(
                "the exception to a topic",
                _CLIENT,
                "try:\n    pass",
                "except Exception as planted_error:\n"
                "    planted_sns.publish(TopicArn='planted', Message=str(planted_error))\n    raise",
            ),
        ),
        _event(
            _RULE,
            wrapped(
                "a failure through a helper",
                f"{_CLIENT}\n\n\ndef planted_tell(text):\n    planted_sns.publish(TopicArn='planted', Message=text)",
                "try:\n    pass",
                "except Exception:\n    planted_tell('the planted job failed')\n    raise",
            ),
        ),
        _event(
            _SCHEDULE,
            replaced(
                "a success to a queue",
                f"{_IMPORTS}sqs = boto3.client('sqs')\n\n\ndef HANDLER(event, context):\n"
                "    table.put_item(Item={'id': 'planted'})\n"
                "    sqs.send_message(QueueUrl='planted', MessageBody=json.dumps({'result': 'completed'}))\n",
            ),
        ),
    ),
    "filter-in-handler": (
        _event(
            _RULE,
            code(
                "of a rule",
                _CLIENT,
                f"if event['detail']['planted'] != 'yes':\n    return None\n{_WORK}",
            ),
        ),
        _event(
            _TABLE,
            code(
                "of a table's stream",
                _CLIENT,
                f"{_EACH}\n    if planted['eventName'] == 'REMOVE':\n        continue\n    {_WORK}",
            ),
        ),
        _event(
            _QUEUE,
            code(
                "of a queue",
                _CLIENT,
                f"{_EACH}\n    planted_body = planted_json.loads(planted['body'])\n"
                f"    if planted_body.get('planted') in ('a', 'b'):\n        {_WORK}",
            ),
        ),
        _event(
            _TOPIC,
            code(
                "of a topic",
                _CLIENT,
                "planted_message = planted_json.loads(event['Records'][0]['Sns']['Message'])\n"
                f"if not planted_message['planted'].startswith('x'):\n    print('no')\n    return\n{_WORK}",
            ),
        ),
    ),
    "warmer": (
        code("a field", _CLIENT, f"if event.get('planted_warmup'):\n    return 'warm'\n{_WORK}"),
        code(
            "the plugin",
            _CLIENT,
            "if event.get('source') == 'serverless-plugin-warmup':\n    print('WarmUp')\n    return {}\n"
            + _WORK,
        ),
        sole_event("the schedule alone", _PING),
    ),
}
