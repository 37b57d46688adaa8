from __future__ import annotations

from textwrap import dedent, indent

import pytest

from lambdalint.python.waiting import Waiting, jobs, waiting

from .analysis import analyse

HEAD = """
import time, requests, boto3
from shop import job, ready
glue = boto3.client("glue")
sqs = boto3.client("sqs")
"""


def told(body: str, more: str = "") -> list[str]:
    """The kinds of waits and the forms of retries."""
    found = _waiting(f"{HEAD}{dedent(more)}\ndef handler(event, context):\n{indent(dedent(body), '    ')}\n")
    return [wait.kind.value for wait in found.waits] + [f"retry {retry.form}" for retry in found.retries]


def _waiting(code: str) -> Waiting:
    found = analyse(code)
    return waiting(found.evaluator, found.reach, lambda: found.calls)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("time.sleep(5)", ["sleep"]),
        ("while not ready():\n    time.sleep(1)", ["poll"]),
        ("while True:\n    if glue.get_crawler(Name='c')['Crawler']['State'] == 'READY':\n        break\n"
         "    time.sleep(1)", ["poll"]),
        ("for _ in range(9):\n    state = glue.get_crawler(Name='c')\n    ok = state['Crawler']['State']\n"
         "    if ok == 'READY':\n        return\n    time.sleep(1)", ["poll"]),
        ("x = None\nwhile x is None:\n    x = requests.get('u').json().get('x')\n    time.sleep(1)",
         ["poll"]),
        ("for item in event:\n    job(item)\n    time.sleep(1)", ["sleep"]),
        ("for i in range(len(event)):\n    job(event[i])\n    time.sleep(1)", ["sleep"]),
        ("for _ in range(3):\n    try:\n        return job()\n    except OSError:\n        time.sleep(1)",
         ["retry loop"]),
        ("for _ in range(3):\n    try:\n        job()\n        break\n    except OSError:\n        pass\n"
         "    time.sleep(1)", ["retry loop"]),
        ("for _ in range(3):\n    try:\n        value = job()\n    except OSError:\n        time.sleep(1)\n"
         "        continue\n    return value", ["retry loop"]),
        ("while True:\n    try:\n        job()\n        time.sleep(3)\n        return\n    except OSError:\n"
         "        time.sleep(1)", ["sleep", "retry loop"]),
        ("for a in ('b', 'c'):\n    try:\n        return job(a)\n    except OSError:\n        time.sleep(1)",
         ["sleep"]),
        ("for _ in range(3):\n    try:\n        return job()\n    except OSError:\n        time.sleep(1)\n"
         "        raise", ["sleep"]),
        ("for _ in range(3):\n    it = requests.post('u')\n    if it.status_code == 200:\n        break\n"
         "    time.sleep(1)", ["retry loop"]),
        ("try:\n    while True:\n        glue.get_crawler(Name='c')\n        time.sleep(2)\n"
         "except glue.exceptions.EntityNotFoundException:\n    pass", ["poll"]),
        ("try:\n    while True:\n        glue.start_crawler(Name='c')\n        time.sleep(2)\n"
         "except glue.exceptions.EntityNotFoundException:\n    pass", ["sleep"]),
        ("left = event\nwhile left:\n    left = sqs.send_message_batch(Entries=left)['Failed']\n"
         "    time.sleep(2)", []),
        ("while True:\n    page = glue.get_tables(NextToken=token)\n    token = page.get('NextToken')\n"
         "    if not token:\n        break\n    time.sleep(2)", ["sleep"]),
        ("while True:\n    if not sqs.receive_message(QueueUrl='q').get('Messages'):\n        break\n"
         "    time.sleep(2)", ["sleep"]),
        ("try:\n    job()\nexcept OSError:\n    time.sleep(2)\n    job()", ["retry again"]),
        ("try:\n    job()\nexcept OSError:\n    time.sleep(2)\n    print('failed')", ["sleep"]),
        ("try:\n    job()\nexcept OSError:\n    ready()\n    time.sleep(2)\n    job()", ["sleep"]),
        ("try:\n    job()\nexcept OSError:\n    time.sleep(2)\n    try:\n        job()\n    except OSError:\n"
         "        raise ValueError(event) from None", ["retry again"]),
        ("if not event:\n    raise SimulatedFailure('now and then')\ntime.sleep(2)", []),
        ("glue.get_waiter('x')", []),
        ("boto3.client('ec2').get_waiter('instance_running').wait(InstanceIds=['i'])", ["waiter"]),
        ("while worker.is_alive():\n    time.sleep(2)", []),
    ],
)  # fmt: skip
def test_what_a_pause_is_for(body: str, expected: list[str]) -> None:
    assert told(body) == expected


def test_a_helper_that_only_pauses_is_told_by_its_callers() -> None:
    more = "def nap(n):\n    print(n)\n    time.sleep(n)\n"
    assert told("while not ready():\n    nap(1)", more) == ["poll"]
    assert told(
        "for _ in range(3):\n    try:\n        return job()\n    except OSError:\n        nap(2)", more
    ) == ["retry loop"]
    assert told("nap(2)\nwhile not ready():\n    nap(1)", more) == ["sleep"]


def test_the_call_that_is_polled_is_found_in_helpers() -> None:
    code = f"""{HEAD}
def state():
    return glue.get_job_run(JobName="j", RunId="r")["JobRun"]["JobRunState"]

def handler(event, context):
    while state() == "RUNNING":
        time.sleep(1)
"""
    (wait,) = _waiting(code).waits
    assert [call.api for call in wait.calls] == ["glue.get_job_run"]
    assert jobs()["glue.get_job_run"].sync == "glue:startJobRun.sync"


def test_every_job_has_its_page_and_a_way() -> None:
    for job in jobs().values():
        assert job.source.startswith("https://docs.aws.amazon.com/")
        assert job.sync or job.event
