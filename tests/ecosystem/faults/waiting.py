"""Faults for the rules about waiting, retrying, workflows, processes and exits."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.ecosystem.applications import Application, get
from tests.ecosystem.faults.shapes import Fault, Planted, code, module

_IMPORTS = "import time as planted_time\n\nimport boto3 as planted_boto3\n"
_PAUSE = f"{_IMPORTS}\n"


def _with_memory(fault: Fault) -> Fault:
    """Only in functions whose memory is given where they stand, and less than a whole processor's."""

    def plant(place: Application, copy: Path) -> Planted | None:
        memory = get(place.function, "Properties", "MemorySize")
        if memory is None or not isinstance(memory, yaml.ScalarNode) or memory.tag.startswith("!"):
            return None
        if not memory.value.isdigit() or int(memory.value) >= 1769:
            return None
        return fault.plant(place, copy)

    return Fault(fault.name, plant)


FAULTS: dict[str, tuple[Fault, ...]] = {
    "sleep-over-timeout": (
        code("one long sleep", _PAUSE, "planted_time.sleep(901)"),
        code(
            "sleeps that add up",
            f"{_PAUSE}\n\ndef planted_wait(seconds):\n    planted_time.sleep(seconds)\n",
            "planted_time.sleep(300)\nplanted_wait(400)\nplanted_wait(300)",
        ),
        code(
            "a loop with a known count",
            f"{_PAUSE}\nPLANTED_TURNS = 100\n",
            "for planted in range(PLANTED_TURNS):\n"
            "    if planted_boto3.client('athena').get_query_execution(QueryExecutionId='q'):\n"
            "        planted_time.sleep(10)",
        ),
        code(
            "a deadline",
            _PAUSE,
            "planted_end = planted_time.time() + 1000\nwhile planted_time.time() < planted_end:\n"
            "    if planted_boto3.client('glue').get_crawler(Name='c')['Crawler']['State'] == 'READY':\n"
            "        break\n    planted_time.sleep(7)",
        ),
        module(
            "backoff in a helper module",
            "planted_helper",
            "import time\n\n\ndef call(attempts=9, delay=4):\n    for attempt in range(attempts):\n"
            "        try:\n            return open('/tmp/planted')\n        except OSError:\n"
            "            time.sleep(delay)\n            delay *= 2\n",
            "planted_helper.call()",
        ),
    ),
    "waiting-in-handler": (
        code("a sleep", _PAUSE, "planted_time.sleep(2)"),
        code(
            "polling in while",
            _PAUSE,
            "planted = planted_boto3.client('glue')\nwhile True:\n"
            "    planted_state = planted.get_job_run(JobName='j', RunId='r')['JobRun']['JobRunState']\n"
            "    if planted_state == 'SUCCEEDED':\n        break\n    planted_time.sleep(0.5)",
        ),
        code(
            "polling by a helper",
            f"{_PAUSE}\n\ndef planted_done(job):\n"
            "    found = planted_boto3.client('transcribe').get_transcription_job(TranscriptionJobName=job)\n"
            "    return found['TranscriptionJob']['TranscriptionJobStatus'] == 'COMPLETED'\n",
            "while not planted_done('job'):\n    planted_time.sleep(0.2)",
        ),
        code(
            "a waiter",
            _IMPORTS,
            "planted_boto3.client('ec2').get_waiter('instance_running').wait(InstanceIds=['i-1'])",
        ),
        module(
            "polling over HTTP in a helper module",
            "planted_helper",
            "import time\nimport urllib.request\n\n\ndef ready(url):\n    for turn in range(10):\n"
            "        state = urllib.request.urlopen(url, timeout=2).read()\n"
            "        if state == b'ready':\n            return True\n        time.sleep(0.5)\n    return False\n",
            "planted_helper.ready('https://example.com')",
        ),
    ),
    "handwritten-retry": (
        code(
            "for, except, backoff",
            _PAUSE,
            "for planted in range(3):\n    try:\n        planted_boto3.client('sns').publish(TopicArn='t', Message='m')\n"
            "        break\n    except Exception:\n        planted_time.sleep(2 ** planted)",
        ),
        code(
            "while True in a helper",
            f"{_PAUSE}\n\ndef planted_send(text):\n    while True:\n        try:\n"
            "            return planted_boto3.client('sqs').send_message(QueueUrl='q', MessageBody=text)\n"
            "        except Exception as error:\n            print(error)\n            planted_time.sleep(0.3)\n",
            "planted_send('m')",
        ),
        code(
            "recursion",
            f"{_PAUSE}\n\ndef planted_put(tries=3):\n    try:\n"
            "        planted_boto3.client('s3').put_object(Bucket='b', Key='k')\n    except Exception:\n"
            "        if tries == 0:\n            raise\n        planted_time.sleep(1)\n        planted_put(tries - 1)\n",
            "planted_put()",
        ),
        code(
            "a decorator of one's own",
            f"{_PAUSE}\n\ndef planted_retry(function):\n    def wrapper(*args):\n        for turn in range(3):\n"
            "            try:\n                return function(*args)\n            except Exception:\n"
            "                planted_time.sleep(turn)\n    return wrapper\n\n\n@planted_retry\ndef planted_call():\n"
            "    return planted_boto3.client('events').put_events(Entries=[{}])\n",
            "planted_call()",
        ),
        code(
            "tenacity",
            f"{_PAUSE}import tenacity as planted_tenacity\n\n\n"
            "@planted_tenacity.retry(wait=planted_tenacity.wait_fixed(2))\ndef planted_call():\n"
            "    return planted_boto3.client('events').put_events(Entries=[{}])\n",
            "planted_call()",
        ),
    ),
    "workflow-in-handler": (
        code(
            "by results",
            _IMPORTS,
            "planted_text = planted_boto3.client('s3').get_object(Bucket='b', Key='k')['Body'].read().decode()\n"
            "planted_mood = planted_boto3.client('comprehend').detect_sentiment(Text=planted_text, LanguageCode='en')\n"
            "planted_boto3.client('sns').publish(TopicArn='t', Message=planted_mood['Sentiment'])",
        ),
        code(
            "by branches",
            _IMPORTS,
            "planted_user = planted_boto3.client('cognito-idp').admin_create_user(UserPoolId='p')\n"
            "if planted_user['User']['Enabled']:\n"
            "    planted_item = planted_boto3.client('dynamodb').get_item(TableName='t', Key={'id': {'S': 'u'}})\n"
            "    if 'Item' in planted_item:\n"
            "        planted_boto3.client('ses').send_email(Source='a', Destination={}, Message={})",
        ),
        code(
            "through helpers",
            f"{_IMPORTS}\n\ndef planted_read(key):\n"
            "    return planted_boto3.client('textract').detect_document_text(Document={'S3Object': {'Name': key}})\n\n\n"
            "def planted_put(blocks):\n    words = []\n    for block in blocks:\n        words.append(block['Text'])\n"
            "    return planted_boto3.client('translate').translate_text(Text=' '.join(words))\n",
            "planted_found = planted_put(planted_read('k')['Blocks'])\n"
            "planted_boto3.client('sqs').send_message(QueueUrl='q', MessageBody=planted_found['TranslatedText'])",
        ),
    ),
    "multiprocessing-pool": (
        code(
            "Pool",
            "from multiprocessing import Pool as PlantedPool\n",
            "with PlantedPool(2) as planted:\n    planted.map(str, [1, 2])",
        ),
        code(
            "ProcessPoolExecutor",
            "import concurrent.futures as planted_futures\n",
            "planted = planted_futures.ProcessPoolExecutor()\nplanted.submit(print, 1)",
        ),
        code(
            "a queue at module level",
            "import multiprocessing as planted_mp\n\nPLANTED_QUEUE = planted_mp.Queue()\n",
            "PLANTED_QUEUE.put(1)",
        ),
        module(
            "ThreadPool in a helper module",
            "planted_helper",
            "from multiprocessing.pool import ThreadPool\n\n\ndef each(items):\n    return ThreadPool(4).map(str, items)\n",
            "planted_helper.each([1, 2])",
        ),
    ),
    "threads-on-one-core": tuple(
        _with_memory(fault)
        for fault in (
            code(
                "a pool of threads",
                "from concurrent.futures import ThreadPoolExecutor as PlantedPool\n\n\ndef planted_sum(limit):\n"
                "    return sum(number * number for number in range(limit))\n",
                "with PlantedPool(4) as planted:\n    list(planted.map(planted_sum, [10**6, 10**6]))",
            ),
            code(
                "threads",
                "import threading as planted_threading\n\n\ndef planted_count(limit):\n    total = 0\n"
                "    for number in range(limit):\n        total += number % 7\n",
                "planted = planted_threading.Thread(target=planted_count, args=(10**7,))\nplanted.start()",
            ),
            code(
                "a process",
                "import zlib as planted_zlib\nfrom multiprocessing import Process as PlantedProcess\n\n\n"
                "def planted_pack(text):\n    return planted_zlib.compress(text)\n",
                "PlantedProcess(target=planted_pack, args=(b'x',)).start()",
            ),
        )
    ),
    "exit-in-handler": (
        code("sys.exit", "import sys as planted_sys\n", "if not event:\n    planted_sys.exit(1)"),
        code("exit()", "", "try:\n    print('planted')\nexcept Exception:\n    exit()"),
        code(
            "raise SystemExit in a helper",
            "\n\ndef planted_check(value):\n    if value is None:\n        raise SystemExit('no value')\n",
            "planted_check(1)",
        ),
        module(
            "os._exit in a helper module",
            "planted_helper",
            "import os\n\n\ndef stop(code):\n    print(code)\n    os._exit(code)\n",
            "if not planted_helper:\n    planted_helper.stop(1)",
        ),
    ),
}
