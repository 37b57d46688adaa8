"""Faults for what lives from one invocation to the next: clients, connections, secrets, snapshots."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, both, code, module, often, property_of

_SNAPSTART = "SnapStart:\n  ApplyOn: PublishedVersions"

_ALL: dict[str, tuple[Fault, ...]] = {
    "client-per-invocation": (
        code(
            "client at the start of the handler",
            "import boto3",
            "planted_sns = boto3.client('sns')\nplanted_sns.publish(TopicArn='t', Message='m')",
        ),
        code(
            "table of a resource, by a helper",
            "import os as planted_os\nimport boto3\n\n\ndef planted_table():\n"
            "    return boto3.resource('dynamodb').Table(planted_os.environ['PLANTED'])\n",
            "planted_table().put_item(Item={'id': '1'})",
        ),
        code(
            "within an expression",
            "import boto3",
            "boto3.client('events').put_events(Entries=[])",
        ),
        code(
            "session and client",
            "import boto3 as planted_sdk",
            "planted_session = planted_sdk.Session()\nplanted_session.client('sqs').send_message(QueueUrl='u', MessageBody='m')",
        ),
        code(
            "in an object of the invocation",
            "import boto3\n\n\nclass PlantedStore:\n    def __init__(self):\n        self.s3 = boto3.client('s3')\n",
            "PlantedStore().s3.put_object(Bucket='b', Key='k', Body=b'')",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import boto3\n\n\ndef planted():\n    client = boto3.client('firehose')\n"
            "    client.put_record(DeliveryStreamName='s', Record={'Data': b''})\n",
            "planted_helper.planted()",
        ),
    ),
    "connection-per-invocation": (
        code(
            "pymysql, closed at the end",
            "import os as planted_os\nimport pymysql",
            "planted_db = pymysql.connect(host=planted_os.environ['H'])\nplanted_db.cursor().execute('SELECT 1')\n"
            "planted_db.close()",
        ),
        code(
            "psycopg2 through a helper",
            "import psycopg2\n\n\ndef planted_connect():\n    return psycopg2.connect('dbname=planted')\n",
            "with planted_connect() as planted, planted.cursor() as planted_cursor:\n"
            "    planted_cursor.execute('SELECT 1')",
        ),
        code(
            "an engine",
            "from sqlalchemy import create_engine",
            "with create_engine('postgresql://db/planted').connect() as planted:\n    planted.exec_driver_sql('SELECT 1')",
        ),
        code("redis", "import redis", "redis.Redis(host='cache').get('planted')"),
        module(
            "in a helper module",
            "planted_helper",
            "import mysql.connector\n\n\ndef planted():\n    db = mysql.connector.connect(host='db')\n"
            "    try:\n        db.cursor().execute('SELECT 1')\n    finally:\n        db.close()\n",
            "planted_helper.planted()",
        ),
    ),
    "secret-per-invocation": (
        code(
            "Secrets Manager in the handler",
            "import boto3\n\nplanted_secrets = boto3.client('secretsmanager')",
            "planted_token = planted_secrets.get_secret_value(SecretId='planted')['SecretString']",
        ),
        code(
            "a secure parameter by a helper",
            "import os as planted_os\nimport boto3\n\nplanted_ssm = boto3.client('ssm')\n\n\ndef planted_read():\n"
            "    found = planted_ssm.get_parameter(Name=planted_os.environ['PLANTED'], WithDecryption=True)\n"
            "    return found['Parameter']['Value']\n",
            "planted_read()",
        ),
        code(
            "by path, through a paginator",
            "import boto3\n\nplanted_ssm = boto3.client('ssm')",
            "for planted in planted_ssm.get_paginator('get_parameters_by_path').paginate(Path='/p', WithDecryption=True):\n"
            "    print(len(planted['Parameters']))",
        ),
        code(
            "Powertools that may not cache",
            "from aws_lambda_powertools.utilities import parameters as planted_parameters",
            "planted_parameters.get_secret('planted', force_fetch=True)",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import boto3\n\nclient = boto3.client('secretsmanager')\n\n\ndef planted():\n"
            "    return client.get_secret_value(SecretId='planted')['SecretString']\n",
            "planted_helper.planted()",
        ),
    ),
    "stale-secret": (
        code(
            "at module level",
            "import boto3\n\nplanted_secrets = boto3.client('secretsmanager')\n"
            "PLANTED = planted_secrets.get_secret_value(SecretId='planted')['SecretString']",
            "print(len(PLANTED))",
        ),
        code(
            "by a helper, into headers",
            "import json as planted_json\nimport boto3\n\n\ndef planted_read():\n"
            "    found = boto3.client('secretsmanager').get_secret_value(SecretId='planted')\n"
            "    return planted_json.loads(found['SecretString'])['token']\n\n\n"
            "PLANTED_HEADERS = {'Authorization': 'Bearer ' + planted_read()}",
            "print(PLANTED_HEADERS['Authorization'])",
        ),
        code(
            "kept in a global by the first invocation",
            "import boto3\n\nplanted_value = None\n\n\ndef planted_get():\n    global planted_value\n"
            "    if planted_value is None:\n"
            "        planted_value = boto3.client('ssm').get_parameter(Name='p', WithDecryption=True)['Parameter']\n"
            "    return planted_value\n",
            "planted_get()",
        ),
        code(
            "kept by lru_cache",
            "import functools as planted_functools\nimport boto3\n\n\n@planted_functools.lru_cache\ndef planted_get():\n"
            "    return boto3.client('secretsmanager').get_secret_value(SecretId='planted')['SecretString']\n",
            "planted_get()",
        ),
        code(
            "Powertools at module level",
            "from aws_lambda_powertools.utilities import parameters as planted_parameters\n\n"
            "PLANTED = planted_parameters.get_secret('planted', max_age=60)",
            "print(len(PLANTED))",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import boto3\n\nsecret = boto3.client('secretsmanager').get_secret_value(SecretId='planted')\n"
            "TOKEN = secret['SecretString']\n\n\ndef planted():\n    return TOKEN\n",
            "planted_helper.planted()",
        ),
    ),
    "snapstart-unsafe-init": (
        both(
            "an identifier",
            property_of("SnapStart", _SNAPSTART),
            code("", "import uuid as planted_uuid\n\nPLANTED = str(planted_uuid.uuid4())", "print(PLANTED)"),
        ),
        both(
            "the time",
            property_of("SnapStart", _SNAPSTART),
            code(
                "",
                "import time as planted_time\n\nPLANTED = planted_time.time()",
                "print(planted_time.time() - PLANTED)",
            ),
        ),
        both(
            "a random secret of a helper",
            property_of("SnapStart", _SNAPSTART),
            code(
                "",
                "import secrets as planted_secrets\n\n\ndef planted_make():\n    return planted_secrets.token_hex(8)\n\n\n"
                "PLANTED = planted_make()",
                "print(len(PLANTED))",
            ),
        ),
        both(
            "credentials of a role",
            property_of("SnapStart", _SNAPSTART),
            code(
                "",
                "import boto3\n\nPLANTED = boto3.client('sts').assume_role(RoleArn='r', RoleSessionName='s')['Credentials']",
                "print(PLANTED['Expiration'])",
            ),
        ),
        both(
            "an open connection",
            property_of("SnapStart", _SNAPSTART),
            code("", "import psycopg2\n\nplanted_db = psycopg2.connect('')", "planted_db.cursor()"),
        ),
    ),
}

FAULTS: dict[str, tuple[Fault, ...]] = {
    rule: faults if rule == "snapstart-unsafe-init" else tuple(often(fault) for fault in faults)
    for rule, faults in _ALL.items()
}
