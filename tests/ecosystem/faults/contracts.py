"""Faults in what a handler is: its name, its signature, its event, its reply, the names in it."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, code, module, signature, triggered, written

_HTTP = ("Api", "HttpApi")
_DETAIL = "return {'statusCode': 500, 'body': str(planted)}"

FAULTS: dict[str, tuple[Fault, ...]] = {
    "handler-not-found": (
        written("another function", "Handler", lambda text: text + "s"),
        written("another module", "Handler", lambda text: "planted_" + text),
        written("another case", "Handler", str.upper),
        written("no function", "Handler", lambda text: text.rpartition(".")[0]),
        written("the file's name", "Handler", lambda text: text.rpartition(".")[0] + ".py"),
        written("a folder too many", "Handler", lambda text: "planted/" + text),
    ),
    "handler-signature": (
        signature("no context", "def NAME(event)"),
        signature("no parameters", "def NAME()"),
        signature("one more parameter", "def NAME(event, context, planted)"),
        signature("a parameter by keyword", "def NAME(event, context, *, planted)"),
    ),
    "async-handler": (
        signature("async def", "async def NAME(event, context)"),
        signature("async def with annotations", "async def NAME(event: dict, context: object) -> dict"),
    ),
    "unserializable-return": (
        code("a set", "import json as planted_json", "if not event:\n    return {1, 2}"),
        code(
            "a datetime in a dict",
            "import datetime as planted_datetime",
            "if not event:\n    return {'at': planted_datetime.datetime.now()}",
        ),
        code(
            "put in later",
            "import uuid as planted_uuid",
            "planted = {'a': 1}\nplanted['id'] = planted_uuid.uuid4()\nif not event:\n    return planted",
        ),
        code(
            "an answer of AWS",
            "import boto3 as planted_boto3",
            "if not event:\n    return planted_boto3.client('lambda').invoke(FunctionName='planted')",
        ),
        code(
            "an exception",
            "import json as planted_json",
            "try:\n    planted_json.dumps(event)\nexcept TypeError as planted:\n    return planted",
        ),
        code(
            "by a helper",
            "\n\ndef planted_reply(value):\n    return {'value': value}\n\n",
            "if not event:\n    return planted_reply((x for x in 'ab'))",
        ),
    ),
    "unencodable-json": (
        code("a set", "import json as planted_json", "print(planted_json.dumps({'ids': {1, 2}}))"),
        code(
            "a datetime",
            "import json as planted_json\nfrom datetime import datetime as planted_datetime",
            "planted = {'at': planted_datetime.utcnow()}\nprint(planted_json.dumps(planted))",
        ),
        code(
            "a list of Decimals",
            "import json as planted_json\nfrom decimal import Decimal as PlantedDecimal",
            "print(planted_json.dumps([PlantedDecimal(x) for x in '12']))",
        ),
        code(
            "an answer of AWS",
            "import json as planted_json\nimport boto3 as planted_boto3",
            "planted = planted_boto3.client('s3').list_buckets()\nprint(planted_json.dumps(planted['Buckets']))",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import json\n\n\ndef planted(value):\n    return json.dumps({'value': value, 'raw': b'x'})\n",
            "planted_helper.planted(1)",
        ),
        code(
            "numbers of a table",
            "import json as planted_json\nimport boto3 as planted_boto3",
            "planted = planted_boto3.resource('dynamodb').Table('planted')\n"
            "planted.put_item(Item={'id': 'a', 'count': 1})\n"
            "print(planted_json.dumps(planted.get_item(Key={'id': 'a'})['Item']))",
        ),
    ),
    "bad-proxy-response": tuple(
        triggered(fault, "Api")
        for fault in (
            code("text", "import json as planted_json", "if not event:\n    return 'planted'"),
            code("nothing", "import json as planted_json", "if not event:\n    return"),
            code(
                "a body that is no text",
                "import json as planted_json",
                "if not event:\n    return {'statusCode': 200, 'body': {'planted': True}}",
            ),
            code(
                "no statusCode",
                "import json as planted_json",
                "if not event:\n    return {'message': 'planted'}",
            ),
            code(
                "by a helper",
                "\n\ndef planted_reply(status, body):\n"
                "    return {'statusCode': status, 'headers': {}, 'body': body}\n\n",
                "if not event:\n    return planted_reply(400, ['planted'])",
            ),
            code(
                "an answer of AWS",
                "import boto3 as planted_boto3",
                "if not event:\n    return planted_boto3.client('sqs').list_queues()",
            ),
        )
    ),
    "error-detail-in-reply": tuple(
        triggered(fault, *_HTTP)
        for fault in (
            code("str", "import json", f"try:\n    int(event)\nexcept Exception as planted:\n    {_DETAIL}"),
            code(
                "an f-string in JSON",
                "import json as planted_json",
                "try:\n    int(event)\nexcept Exception as planted:\n"
                "    return {'statusCode': 500, 'body': planted_json.dumps({'error': f'failed: {planted}'})}",
            ),
            code(
                "a trace",
                "import traceback as planted_traceback",
                "try:\n    int(event)\nexcept Exception:\n"
                "    return {'statusCode': 500, 'body': planted_traceback.format_exc()}",
            ),
            code(
                "by a helper",
                "\n\ndef planted_reply(status, body):\n    return {'statusCode': status, 'body': body}\n\n",
                "try:\n    int(event)\nexcept Exception as planted:\n"
                "    planted_text = repr(planted)\n    return planted_reply(500, planted_text)",
            ),
        )
    ),
    "undefined-name": (
        code("a call", "import json as planted_json", "if not event:\n    planted_missing(event)"),
        code("at module level", "PLANTED = planted_missing\n"),
        code(
            "in an except clause",
            "import json as planted_json",
            "try:\n    planted_json.dumps(event)\nexcept PlantedError:\n    pass",
        ),
        code(
            "an exception's name afterwards",
            "import json as planted_json",
            "try:\n    planted_json.dumps(event)\nexcept TypeError as planted:\n    pass\n"
            "if not event:\n    print(planted)",
        ),
        code(
            "a class attribute in a method",
            "\n\nclass Planted:\n    planted_limit = 1\n\n"
            "    def planted(self):\n        return planted_limit\n\n",
            "Planted().planted()",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "def planted(value):\n    return json.dumps(value)\n",
            "planted_helper.planted(1)",
        ),
    ),
    "event-shape-mismatch": (
        triggered(
            code("detail", "import json as planted_json", "planted = event['detail']['id']"),
            *("SQS", "SNS", "S3", "DynamoDB", "Kinesis", "Api", "HttpApi"),
        ),
        triggered(
            code(
                "records",
                "import json as planted_json",
                "for planted in event['Records']:\n    print(planted)",
            ),
            *("Api", "HttpApi", "EventBridgeRule", "CloudWatchEvent"),
        ),
        triggered(
            code("a field of another API", "import json as planted_json", "planted = event['httpMethod']"),
            "HttpApi",
        ),
        triggered(
            code("path parameters", "import json as planted_json", "planted = event['pathParameters']"),
            *("SQS", "SNS", "S3", "DynamoDB", "Kinesis"),
        ),
        triggered(
            code(
                "a record's field",
                "import json as planted_json",
                "for planted in event['Records']:\n    print(planted['plantedBody'])",
            ),
            *("SQS", "SNS", "S3", "DynamoDB", "Kinesis"),
        ),
        triggered(
            module(
                "in a helper module",
                "planted_helper",
                "def planted(event):\n    return event['planted']\n",
                "planted_helper.planted(event)",
            ),
            *("SQS", "SNS", "S3", "DynamoDB", "Kinesis", "Api", "HttpApi"),
        ),
    ),
}
