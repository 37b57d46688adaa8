"""Faults for transport-only."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, replace_handler

_API = {"Api", "HttpApi"}

FAULTS: dict[str, tuple[Fault, ...]] = {
    "transport-only": (
        replace_handler(
            "API → SQS",
            _API,
            "import json\nimport os\n\nimport boto3\n\nsqs = boto3.client('sqs')\n\n\ndef HANDLER(event, context):\n"
            "    sqs.send_message(QueueUrl=os.environ['QUEUE_URL'], MessageBody=event['body'])\n"
            "    return {'statusCode': 202, 'body': json.dumps({'accepted': True})}\n",
        ),
        replace_handler(
            "API → DynamoDB put, with logging and try",
            _API,
            "import json\nimport logging\nimport os\n\nimport boto3\n\nlogger = logging.getLogger()\n"
            "table = boto3.resource('dynamodb').Table(os.environ['TABLE'])\n\n\ndef HANDLER(event, context):\n"
            "    logger.info('saving')\n    body = json.loads(event['body'])\n    try:\n"
            "        table.put_item(Item={'id': body['id'], 'name': body.get('name')})\n"
            "    except Exception:\n        logger.exception('failed')\n        raise\n"
            "    return {'statusCode': 200, 'body': '{}'}\n",
        ),
        replace_handler(
            "API → DynamoDB get, returned as it is",
            _API,
            "import json\nimport os\n\nimport boto3\n\n\ndef get_table():\n"
            "    return boto3.resource('dynamodb').Table(os.environ['TABLE'])\n\n\ndef HANDLER(event, context):\n"
            "    item = get_table().get_item(Key={'id': event['pathParameters']['id']})\n"
            "    return {'statusCode': 200, 'body': json.dumps(item['Item'])}\n",
        ),
        replace_handler(
            "SQS → SNS",
            {"SQS"},
            "import os\n\nimport boto3\n\nsns = boto3.client('sns')\n\n\ndef HANDLER(event, context):\n"
            "    for record in event['Records']:\n"
            "        sns.publish(TopicArn=os.environ['TOPIC'], Message=record['body'])\n",
        ),
        replace_handler(
            "S3 → SQS",
            {"S3"},
            "import json\nimport os\nfrom urllib.parse import unquote_plus\n\nimport boto3\n\n"
            "sqs = boto3.client('sqs')\n\n\ndef HANDLER(event, context):\n    for record in event['Records']:\n"
            "        key = unquote_plus(record['s3']['object']['key'])\n"
            "        sqs.send_message(QueueUrl=os.environ['Q'], MessageBody=json.dumps({'key': key}))\n",
        ),
        replace_handler(
            "bus → Step Functions",
            {"EventBridgeRule", "CloudWatchEvent"},
            "import json\nimport os\n\nimport boto3\n\n\ndef HANDLER(event, context):\n"
            "    boto3.client('stepfunctions').start_execution(\n"
            "        stateMachineArn=os.environ['MACHINE'], input=json.dumps(event['detail']))\n",
        ),
    ),
}
