"""Faults for eager-import, eager-init, unused-init, network-at-init, leaking-state, leftover-tmp."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, code, module, often

_TOP = (
    "import random as planted_random\n\nimport boto3 as planted_boto3\n\n"
    "planted_queue = planted_boto3.client('sqs')\n"
)
_WORK = "planted_queue.send_message(QueueUrl='planted', MessageBody='planted')"

_FAULTS: dict[str, tuple[Fault, ...]] = {
    "eager-import": (
        code(
            "in one branch",
            "import pandas as planted_pd\n" + _TOP,
            "planted_kind = planted_random.choice('ab')\n"
            f"if planted_kind == 'a':\n    planted_pd.DataFrame([1]).to_json()\nelse:\n    {_WORK}",
        ),
        code(
            "after an early return that works",
            "from openpyxl import Workbook as PlantedBook\n" + _TOP,
            f"if planted_random.random() > 0.5:\n    {_WORK}\n    return None\nPlantedBook().save('/dev/null')",
        ),
        code(
            "in a function that a branch calls",
            "import matplotlib.pyplot as planted_plt\n"
            + _TOP
            + "\n\ndef planted_chart():\n    planted_plt.plot([1, 2])\n\n\n"
            + f"def planted_send():\n    {_WORK}\n",
            "if planted_random.random() > 0.5:\n    planted_chart()\nelse:\n    planted_send()",
        ),
        code(
            "in a dispatch table",
            "import sklearn.linear_model as planted_models\n"
            + _TOP
            + "\n\ndef planted_fit():\n    return planted_models.LinearRegression()\n\n\n"
            + f"def planted_send():\n    {_WORK}\n\n\n"
            + "PLANTED = {'fit': planted_fit, 'send': planted_send}\n",
            "PLANTED[planted_random.choice(['fit', 'send'])]()",
        ),
        code(
            "only in an except",
            "import anthropic as planted_anthropic\n" + _TOP,
            f"try:\n    {_WORK}\nexcept planted_queue.exceptions.ClientError:\n    planted_anthropic.Anthropic()",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import random\n\nimport boto3\nimport reportlab.platypus as platypus\n\nsqs = boto3.client('sqs')\n\n\n"
            "def planted():\n    if random.random() > 0.5:\n        return platypus.Paragraph('planted')\n"
            "    return sqs.send_message(QueueUrl='planted', MessageBody='planted')\n",
            "planted_helper.planted()",
        ),
    ),
    "eager-init": (
        code(
            "a client in one branch",
            _TOP + "planted_mail = planted_boto3.client('sesv2')\n",
            "if planted_random.random() > 0.5:\n    planted_mail.send_email(Content={})\n"
            f"else:\n    {_WORK}",
        ),
        code(
            "a table after an early return that works",
            _TOP + "planted_table = planted_boto3.resource('dynamodb').Table('planted')\n",
            f"if planted_random.random() > 0.5:\n    {_WORK}\n    return None\nplanted_table.put_item(Item={{}})",
        ),
        code(
            "made by a helper, used in a function that a branch calls",
            _TOP
            + "\n\ndef planted_make(service):\n    return planted_boto3.client(service)\n\n\n"
            + "planted_glue = planted_make('glue')\n\n\n"
            + "def planted_run():\n    planted_glue.start_job_run(JobName='planted')\n",
            f"if planted_random.random() > 0.5:\n    planted_run()\nelse:\n    {_WORK}",
        ),
        code(
            "a model",
            "import joblib as planted_joblib\n"
            + _TOP
            + "planted_model = planted_joblib.load('planted.joblib')\n",
            f"if planted_random.random() > 0.5:\n    planted_model.predict([[1]])\nelse:\n    {_WORK}",
        ),
        code(
            "in an object that init makes",
            _TOP
            + "\n\nclass PlantedStore:\n    def __init__(self):\n"
            + "        self.planted_athena = planted_boto3.client('athena')\n\n    def run(self):\n"
            + "        self.planted_athena.start_query_execution(QueryString='planted')\n\n\n"
            + "planted_store = PlantedStore()\n",
            f"if planted_random.random() > 0.5:\n    planted_store.run()\nelse:\n    {_WORK}",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import random\n\nimport boto3\n\nsqs = boto3.client('sqs')\npolly = boto3.client('polly')\n\n\n"
            "def planted():\n    match random.choice('ab'):\n        case 'a':\n"
            "            return polly.synthesize_speech(Text='planted', VoiceId='Amy', OutputFormat='mp3')\n"
            "        case 'b':\n            return sqs.list_queues()\n",
            "planted_helper.planted()",
        ),
    ),
    "unused-init": (
        code("a client", "import boto3 as planted_boto3\n\nplanted_client = planted_boto3.client('polly')"),
        code(
            "a resource and its table",
            "import boto3 as planted_boto3\n\nplanted_dynamodb = planted_boto3.resource('dynamodb')\n"
            "planted_table = planted_dynamodb.Table('planted')",
        ),
        code(
            "of a session that is used",
            "import boto3 as planted_boto3\n\nplanted_session = planted_boto3.Session()\n"
            "planted_used = planted_session.client('glue')\nplanted_unused = planted_session.client('athena')",
            "planted_used.get_jobs()",
        ),
        code(
            "read by what nothing calls",
            "import boto3 as planted_boto3\n\nplanted_client = planted_boto3.client('polly')\n\n\n"
            "def planted_unused():\n    return planted_client.describe_voices()\n",
        ),
        code(
            "a cache", "import redis as planted_redis\n\nplanted_cache = planted_redis.Redis(host='planted')"
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import boto3\n\nsqs = boto3.client('sqs')\nsns = boto3.client('sns')\n\n\n"
            "def planted():\n    return sqs.list_queues()\n",
            "planted_helper.planted()",
        ),
    ),
    "network-at-init": (
        code(
            "an object of S3",
            "import boto3 as planted_boto3\n\n"
            "planted_data = planted_boto3.client('s3').get_object(Bucket='planted', Key='planted')",
        ),
        code(
            "an HTTP request",
            "import requests as planted_requests\n\nplanted_keys = planted_requests.get('https://planted.example')",
        ),
        code(
            "urlopen in a function that module level calls",
            "import urllib.request as planted_request\n\n\ndef planted_load():\n"
            "    with planted_request.urlopen('https://planted.example') as answer:\n        return answer.read()\n\n\n"
            "PLANTED = planted_load()",
        ),
        code("a sleep", "import time as planted_time\n\nplanted_time.sleep(2)"),
        code(
            "a scan in a constructor",
            "import boto3 as planted_boto3\n\n\nclass Planted:\n    def __init__(self):\n"
            "        table = planted_boto3.resource('dynamodb').Table('planted')\n"
            "        self.items = table.scan()['Items']\n\n\nPLANTED = Planted()",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import boto3\n\nitems = boto3.client('dynamodb').scan(TableName='planted')['Items']\n\n\n"
            "def planted():\n    return items\n",
            "planted_helper.planted()",
        ),
    ),
    "leaking-state": (
        code("a list", "planted_rows = []", "planted_rows.append(1)\nprint(planted_rows)"),
        code(
            "a dict of lists",
            "import collections as planted_collections\n\n"
            "planted_groups = planted_collections.defaultdict(list)",
            "for planted in ('a', 'b'):\n    planted_groups[planted].append(1)\nprint(dict(planted_groups))",
        ),
        code(
            "a total",
            "planted_total = 0\n\n\ndef planted_add(amount):\n    global planted_total\n"
            "    planted_total += amount\n",
            "planted_add(3)\nprint(planted_total)",
        ),
        code(
            "a class body",
            "class Planted:\n    rows = []\n\n    def add(self, row):\n        self.rows.append(row)\n",
            "planted = Planted()\nplanted.add(1)\nprint(planted.rows)",
        ),
        code(
            "an object that init makes",
            "class Planted:\n    def __init__(self):\n        self.planted_found = set()\n\n"
            "    def visit(self, each):\n        self.planted_found.add(each)\n\n\nplanted = Planted()",
            "planted.visit(1)\nprint(planted.planted_found)",
        ),
        code(
            "a default",
            "def planted_collect(each, planted_found=[]):\n    planted_found.append(each)\n"
            "    return planted_found\n",
            "print(planted_collect(1))",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "messages = []\n\n\ndef planted():\n    messages.append('planted')\n    return messages\n",
            "planted_helper.planted()",
        ),
    ),
    "leftover-tmp": (
        code(
            "a download under an identifier",
            "import uuid as planted_uuid\n\nimport boto3 as planted_boto3\n\nplanted_s3 = planted_boto3.client('s3')",
            "planted_path = f'/tmp/{planted_uuid.uuid4()}'\n"
            "planted_s3.download_file('planted', 'planted', planted_path)",
        ),
        code(
            "open under the time",
            "import os as planted_os\nimport time as planted_time",
            "planted_path = planted_os.path.join('/tmp', str(planted_time.time()) + '.txt')\n"
            "with open(planted_path, 'w') as planted_file:\n    planted_file.write('planted')",
        ),
        code(
            "a temporary folder that stays",
            "import tempfile as planted_tempfile",
            "planted_folder = planted_tempfile.mkdtemp()",
        ),
        code(
            "a temporary file that stays",
            "from tempfile import NamedTemporaryFile as PlantedFile",
            "planted_file = PlantedFile(delete=False)\nplanted_file.write(b'planted')",
        ),
        code(
            "pathlib under a date",
            "import datetime as planted_datetime\nfrom pathlib import Path as PlantedPath",
            "(PlantedPath('/tmp') / f'{planted_datetime.datetime.now().isoformat()}.txt').write_text('planted')",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import uuid\n\n\ndef write(path):\n    with open(path, 'wb') as file:\n        file.write(b'planted')\n\n\n"
            "def planted():\n    write('/tmp/planted-%s' % uuid.uuid4())\n",
            "planted_helper.planted()",
        ),
    ),
}

# Where nobody waits for a cold start, and no environment is used twice, these say nothing (law 10).
_OFTEN = frozenset({"eager-import", "eager-init", "leftover-tmp", "network-at-init"})

FAULTS = {
    rule: tuple(often(fault) if rule in _OFTEN else fault for fault in faults)
    for rule, faults in _FAULTS.items()
}
