"""Faults for the rules about what calls return, take and read."""

from __future__ import annotations

import re
from pathlib import Path

from tests.ecosystem.applications import Application
from tests.ecosystem.faults.shapes import Fault, Planted, both, code, event, module

_BOTO = "import boto3 as planted_boto3"
_TABLE = f"{_BOTO}\n\nplanted_table = planted_boto3.resource('dynamodb').Table('planted')"
_S3 = f"{_BOTO}\n\nplanted_s3 = planted_boto3.client('s3')"
_HELPER = "import boto3\n\n"


def _of_event(name: str, top: str, body: str) -> Fault:
    """Code that uses the handler's event, EVENT in the text."""

    def plant(place: Application, copy: Path) -> Planted | None:
        text = (copy / place.handler_file).read_text(encoding="utf-8")
        found = re.search(rf"^def {re.escape(place.handler_name)}\(\s*(\w+)", text, re.M)
        if found is None:
            return None
        return code(name, top, body.replace("EVENT", found[1])).plant(place, copy)

    return Fault(name, plant)


_STREAM = """\
PlantedStream:
  Type: DynamoDB
  Properties:
    Stream: arn:aws:dynamodb:eu-west-1:123456789012:table/planted/stream/2026-01-01T00:00:00.000
    StartingPosition: LATEST
"""
_QUEUE = """\
PlantedQueue:
  Type: SQS
  Properties:
    Queue: arn:aws:sqs:eu-west-1:123456789012:planted
    BatchSize: 100
    MaximumBatchingWindowInSeconds: 5
"""
_SHARDS = """\
PlantedShards:
  Type: Kinesis
  Properties:
    Stream: arn:aws:kinesis:eu-west-1:123456789012:stream/planted
    StartingPosition: TRIM_HORIZON
    BatchSize: 1000
"""


def _batch(name: str, trigger: str, top: str, body: str) -> Fault:
    return both(name, event(name, trigger), _of_event(name, top, body))


FAULTS: dict[str, tuple[Fault, ...]] = {
    "ignored-partial-failure": (
        code(
            "put_events, thrown away",
            _BOTO,
            "planted_boto3.client('events').put_events(Entries=[{'Source': 'planted', 'Detail': '{}'}])",
        ),
        code(
            "send_message_batch, only logged",
            f"{_BOTO}\n\nplanted_sqs = planted_boto3.client('sqs')",
            "planted_response = planted_sqs.send_message_batch(QueueUrl='q', Entries=[])\nprint(planted_response)",
        ),
        code(
            "publish_batch in a loop, kept in a list",
            f"{_BOTO}\n\nplanted_sns = planted_boto3.client('sns')",
            "planted_answers = []\nfor planted_batch in ([], []):\n    planted_answers.append(\n"
            "        planted_sns.publish_batch(TopicArn='t', PublishBatchRequestEntries=planted_batch))\n"
            "print(len(planted_answers))",
        ),
        module(
            "in a class of a helper module",
            "planted_helper",
            f"{_HELPER}class Planted:\n    def __init__(self):\n        self.client = boto3.client('kinesis')\n\n"
            "    def put(self, records):\n        return self.client.put_records(StreamName='s', Records=records)\n",
            "planted_helper.Planted().put([])",
        ),
        code(
            "batch_write_item of the resource, another key read",
            f"{_BOTO}\n\nplanted_dynamodb = planted_boto3.resource('dynamodb')",
            "planted_answer = planted_dynamodb.batch_write_item(RequestItems={'t': []})\n"
            "print(planted_answer['ResponseMetadata']['HTTPStatusCode'])",
        ),
        module(
            "returned by a helper, and not looked at",
            "planted_helper",
            f"{_HELPER}firehose = boto3.client('firehose')\n\n\ndef deliver(records):\n"
            "    response = firehose.put_record_batch(DeliveryStreamName='s', Records=records)\n    return response\n",
            "planted_helper.deliver([])",
        ),
    ),
    "lambda-calls-lambda": (
        code(
            "by default",
            _BOTO,
            "planted = planted_boto3.client('lambda').invoke(FunctionName='f')['Payload'].read()",
        ),
        code(
            "by name",
            f"{_BOTO}\n\nplanted_lambda = planted_boto3.client('lambda')",
            "planted_response = planted_lambda.invoke(\n    FunctionName='f', InvocationType='RequestResponse',"
            " Payload=b'{}')\nif planted_response.get('FunctionError'):\n    raise RuntimeError('planted')",
        ),
        code(
            "options in a dict",
            f"{_BOTO}\n\nplanted_lambda = planted_boto3.Session().client('lambda')",
            "planted_options = {'FunctionName': 'f', 'InvocationType': 'RequestResponse'}\n"
            "print(planted_lambda.invoke(**planted_options)['StatusCode'])",
        ),
        module(
            "in a helper module",
            "planted_helper",
            f"{_HELPER}import json\n\n\ndef ask(name):\n    client = boto3.client('lambda')\n"
            "    return json.load(client.invoke(FunctionName=name)['Payload'])\n",
            "planted_helper.ask('f')",
        ),
    ),
    "ignored-response": (
        code("thrown away", _BOTO, "planted_boto3.client('lambda').invoke(FunctionName='f', Payload=b'{}')"),
        code(
            "kept in a name that nobody reads",
            f"{_BOTO}\n\nplanted_lambda = planted_boto3.client('lambda')\n\n\ndef planted_call():\n"
            "    planted_response = planted_lambda.invoke(FunctionName='f', InvocationType='RequestResponse')",
            "planted_call()",
        ),
        module(
            "a state machine, in a helper module",
            "planted_helper",
            f"{_HELPER}sfn = boto3.client('stepfunctions')\n\n\ndef run():\n"
            "    sfn.start_sync_execution(stateMachineArn='m', input='{}')\n",
            "planted_helper.run()",
        ),
        module(
            "returned by a helper, and not looked at",
            "planted_helper",
            f"{_HELPER}def call(name):\n    return boto3.client('lambda').invoke(FunctionName=name)\n",
            "planted_helper.call('f')",
        ),
    ),
    "unpaginated-read": (
        code(
            "a scan that is added up",
            _TABLE,
            "planted = sum(planted_item['n'] for planted_item in planted_table.scan()['Items'])",
        ),
        code(
            "a listing of a bucket",
            _S3,
            "for planted in planted_s3.list_objects_v2(Bucket='b', Prefix='in/').get('Contents', []):\n"
            "    print(planted['Key'])",
        ),
        module(
            "a query by a range, in a class of a helper module",
            "planted_helper",
            f"{_HELPER}from boto3.dynamodb.conditions import Key\n\n\nclass Planted:\n    def __init__(self, name):\n"
            "        self.table = boto3.resource('dynamodb').Table(name)\n\n    def orders(self, customer):\n"
            "        condition = Key('pk').eq(customer) & Key('sk').begins_with('ORDER#')\n"
            "        response = self.table.query(KeyConditionExpression=condition)\n"
            "        return response['Items']\n",
            "for planted in planted_helper.Planted('t').orders('c'):\n    print(planted)",
        ),
        code(
            "users of IAM",
            _BOTO,
            "planted_users = planted_boto3.client('iam').list_users()\n"
            "planted_names = [planted['UserName'] for planted in planted_users['Users']]",
        ),
        module(
            "parameters by path",
            "planted_helper",
            f"{_HELPER}def parameters(path):\n    found = boto3.client('ssm').get_parameters_by_path(Path=path)\n"
            "    return {one['Name']: one['Value'] for one in found['Parameters']}\n",
            "print(planted_helper.parameters('/app'))",
        ),
        code(
            "a scan of the client, counted",
            f"{_BOTO}\n\nplanted_client = planted_boto3.client('dynamodb')",
            "planted_count = len(planted_client.scan(TableName='t')['Items'])\nif planted_count > 5000:\n"
            "    raise RuntimeError('planted')\nprint(planted_client.scan(TableName='t', Select='COUNT')['Count'] + 1)",
        ),
    ),
    "unfiltered-read": (
        code(
            "a comprehension",
            _TABLE,
            "planted_items = planted_table.scan()['Items']\n"
            "planted = [planted_item for planted_item in planted_items if planted_item['state'] == 'open']",
        ),
        code(
            "a loop with a guard",
            _TABLE,
            "for planted in planted_table.scan().get('Items', []):\n    if planted.get('day') != '2026-01-01':\n"
            "        continue\n    print(planted)",
        ),
        code(
            "all pages first",
            _TABLE,
            "planted_response = planted_table.scan()\nplanted_items = planted_response['Items']\n"
            "while 'LastEvaluatedKey' in planted_response:\n    planted_response = planted_table.scan(\n"
            "        ExclusiveStartKey=planted_response['LastEvaluatedKey'])\n"
            "    planted_items.extend(planted_response['Items'])\n"
            "for planted_item in planted_items:\n    if planted_item['age'] > 3:\n        print(planted_item)",
        ),
        module(
            "a bucket by prefix, in a helper module",
            "planted_helper",
            f"{_HELPER}bucket = boto3.resource('s3').Bucket('b')\n\n\ndef keys():\n"
            "    return [entry.key for entry in bucket.objects.all() if entry.key.startswith('in/')]\n",
            "print(planted_helper.keys())",
        ),
        module(
            "rows of a table",
            "planted_helper",
            "import psycopg2\n\n\ndef customers(name):\n    connection = psycopg2.connect('dbname=planted')\n"
            "    cursor = connection.cursor()\n    cursor.execute('SELECT id, name FROM customers')\n"
            "    rows = cursor.fetchall()\n    return [row for row in rows if row[1] == name]\n",
            "print(planted_helper.customers('x'))",
        ),
        code(
            "columns that nobody reads",
            "import pymysql as planted_mysql",
            "planted_connection = planted_mysql.connect(host='db', connect_timeout=5)\n"
            "planted_cursor = planted_connection.cursor()\n"
            "planted_cursor.execute('SELECT * FROM orders WHERE id = %s', (1,))\n"
            "planted_row = planted_cursor.fetchone()\nprint(planted_row[0], planted_row[5])",
        ),
    ),
    "bad-dynamodb-call": (
        code(
            "a reserved word",
            _TABLE,
            "planted_table.update_item(Key={'id': '1'}, UpdateExpression='SET status = :s',\n"
            "    ExpressionAttributeValues={':s': 'open'})",
        ),
        code(
            "a placeholder that is not defined",
            _TABLE,
            "planted_table.update_item(Key={'id': '1'}, UpdateExpression='SET #a = :a, b = :b',\n"
            "    ExpressionAttributeNames={'#a': 'a'}, ExpressionAttributeValues={':a': 1})",
        ),
        code(
            "a definition that nothing uses",
            _TABLE,
            "planted_values = {':a': 1, ':b': 2}\n"
            "planted_table.scan(FilterExpression='a = :a', ExpressionAttributeValues=planted_values)",
        ),
        code(
            "a time to live",
            f"import time as planted_time\n{_TABLE}",
            "planted_item = {'id': '1', 'ttl': planted_time.time() + 3600}\nplanted_table.put_item(Item=planted_item)",
        ),
        module(
            "a float for batch_writer, in a helper module",
            "planted_helper",
            f"{_HELPER}table = boto3.resource('dynamodb').Table('t')\n\n\ndef save(price):\n"
            "    with table.batch_writer() as batch:\n        batch.put_item(Item={'id': '1', 'price': price})\n",
            "planted_helper.save(9.99)",
        ),
        code(
            "a reserved word in a projection of the client",
            f"{_BOTO}\n\nPLANTED_FIELDS = 'id, name'\nplanted_client = planted_boto3.client('dynamodb')",
            "planted_client.get_item(\n    TableName='t', Key={'id': {'S': '1'}}, ProjectionExpression=PLANTED_FIELDS)",
        ),
    ),
    "batch-api-limit": (
        _batch(
            "events of a stream",
            _STREAM,
            f"{_BOTO}\nimport json as planted_json",
            "planted_entries = []\nfor planted_record in EVENT['Records']:\n"
            "    planted_entries.append({'Source': 's', 'Detail': planted_json.dumps(planted_record)})\n"
            "if planted_boto3.client('events').put_events(Entries=planted_entries)['FailedEntryCount']:\n"
            "    raise RuntimeError('planted')",
        ),
        _batch(
            "messages of a queue, through a helper",
            _QUEUE,
            f"{_BOTO}\n\nplanted_sqs = planted_boto3.client('sqs')\n\n\ndef planted_send(entries):\n"
            "    return planted_sqs.send_message_batch(QueueUrl='q', Entries=entries)['Failed']",
            "planted_send([\n    {'Id': planted['messageId'], 'MessageBody': planted['body']} for planted in EVENT['Records']\n])",
        ),
        _batch(
            "writes of a stream",
            _STREAM,
            f"{_BOTO}\n\nplanted_dynamodb = planted_boto3.resource('dynamodb')\n\n\ndef planted_requests(records):\n"
            "    found = []\n    for record in records:\n        if record['eventName'] == 'REMOVE':\n"
            "            continue\n        found.append({'PutRequest': {'Item': record['dynamodb']['NewImage']}})\n"
            "    return found",
            "planted_answer = planted_dynamodb.batch_write_item(\n"
            "    RequestItems={'t': planted_requests(EVENT['Records'])})\nprint(planted_answer['UnprocessedItems'])",
        ),
        _batch(
            "records of a stream that are more than a call takes",
            _SHARDS,
            f"{_BOTO}\n\nplanted_firehose = planted_boto3.client('firehose')",
            "planted_rows = [{'Data': planted['kinesis']['data']} for planted in EVENT['Records']]\n"
            "planted_firehose.put_record_batch(DeliveryStreamName='s', Records=planted_rows)['FailedPutCount']",
        ),
    ),
}
