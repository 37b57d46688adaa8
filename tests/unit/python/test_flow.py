"""Whether handlers only move data."""

from __future__ import annotations

from textwrap import dedent

import pytest

from lambdalint.python.flow import NotTransport, Sink, Transport, transport

from .analysis import analyse

HEAD = """
import json, os
import boto3
sqs = boto3.client("sqs")
sns = boto3.client("sns")
URL = os.environ["URL"]
OTHER = os.environ["OTHER"]
def score(x):
    return len(x) * 2
"""


def result(code: str) -> Transport | NotTransport:
    return transport(analyse(HEAD + dedent(code)))


def moved(code: str) -> Transport:
    found = result(code)
    assert isinstance(found, Transport), found
    return found


def sink(code: str) -> Sink:
    (found,) = moved(code).sinks
    return found


MOVES = {
    "lazy client": """
        _c = None
        def client():
            global _c
            if _c is None:
                _c = boto3.client("sns")
            return _c
        def handler(event, context):
            for r in event["Records"]:
                client().publish(TopicArn=OTHER, Message=r["body"])
    """,
    "lru": """
        from functools import lru_cache
        @lru_cache
        def client():
            return boto3.client("sns")
        def handler(event, context):
            for r in event["Records"]:
                client().publish(TopicArn=OTHER, Message=r["body"])
    """,
    "logging branch": """
        import logging
        log = logging.getLogger()
        def handler(event, context):
            for r in event["Records"]:
                if r["attributes"]["ApproximateReceiveCount"] > 1:
                    log.warning("again %s", r["messageId"])
                sqs.send_message(QueueUrl=URL, MessageBody=r["body"])
    """,
    "percent format": """
        def handler(event, context):
            for r in event["Records"]:
                sqs.send_message(QueueUrl=URL, MessageBody="%s: %s" % (r["messageId"], r["body"]))
    """,
    "str concat": """
        def handler(event, context):
            d = event["detail"]
            msg = "order " + d["id"] + " is " + d["state"]
            sqs.send_message(QueueUrl=URL, MessageBody=msg)
    """,
    "params dict": """
        def handler(event, context):
            d = event["detail"]
            params = {"QueueUrl": URL, "MessageBody": json.dumps(d)}
            sqs.send_message(**params)
    """,
    "get default": """
        def handler(event, context):
            d = event.get("detail") or {}
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps({"a": d.get("a", "none")}))
    """,
    "metadata status": """
        def handler(event, context):
            r = sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(event["detail"]))
            if r["ResponseMetadata"]["HTTPStatusCode"] != 200:
                raise RuntimeError("no")
            return {"ok": True}
    """,
    "namedtuple time": """
        from datetime import datetime
        import uuid
        def handler(event, context):
            now = datetime.utcnow()
            body = {"id": uuid.uuid4().hex, "at": now.strftime("%Y"), "e": event["detail"]}
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(body))
    """,
    "class handler helper": """
        class Sender:
            url = URL
            def send(self, body):
                return sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(body))
        sender = Sender()
        def handler(event, context):
            for r in event["Records"]:
                sender.send(json.loads(r["body"]))
    """,
    "comprehension list sink": """
        def handler(event, context):
            [sqs.send_message(QueueUrl=URL, MessageBody=r["body"]) for r in event["Records"]]
    """,
    "try finally": """
        def handler(event, context):
            try:
                sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(event["detail"]))
            finally:
                print("done")
    """,
    "requests session": """
        import requests
        s = requests.Session()
        def handler(event, context):
            r = s.post(OTHER, json=event["detail"], timeout=3)
            r.raise_for_status()
    """,
    "urlopen": """
        import urllib.request
        def handler(event, context):
            body = json.dumps(event["detail"]).encode()
            req = urllib.request.Request(OTHER, data=body, headers={"a": "b"}, method="POST")
            with urllib.request.urlopen(req) as resp:
                print(resp.status)
    """,
    "meta client": """
        t = boto3.resource("dynamodb").Table(OTHER)
        def handler(event, context):
            t.put_item(Item={"id": event["detail"]["id"]})
    """,
    "base64flag": """
        import base64
        def handler(event, context):
            body = event["body"]
            if event.get("isBase64Encoded"):
                body = base64.b64decode(body).decode()
            sqs.send_message(QueueUrl=URL, MessageBody=body)
    """,
}

STOPS = {
    "alias": (
        "arithmetic",
        """
        def handler(event, context):
            out = event["detail"]
            out["total"] = out["a"] * 2
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(event["detail"]))
        """,
    ),
    "helper mutates": (
        "counted",
        """
        def enrich(item):
            item["score"] = score(item["name"])
        def handler(event, context):
            body = json.loads(event["body"])
            enrich(body)
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(body))
        """,
    ),
    "cond url": (
        "routing",
        """
        def handler(event, context):
            url = URL
            if event["detail"]["vip"]:
                url = OTHER
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event["detail"]))
        """,
    ),
    "update": (
        "computed: sum",
        """
        def handler(event, context):
            data = dict(event["detail"])
            data.update(total=sum(data["lines"]))
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(data))
        """,
    ),
    "except default": (
        "error sent on",
        """
        def handler(event, context):
            try:
                name = event["detail"]["name"]
            except KeyError:
                name = "nobody"
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps({"n": name}))
        """,
    ),
    "generator filter": (
        "decision",
        """
        def wanted(records):
            for r in records:
                if r["eventName"] == "INSERT":
                    yield r
        def handler(event, context):
            for r in wanted(event["Records"]):
                sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(r))
        """,
    ),
    "chained": (
        "chained calls",
        """
        sns = boto3.client("sns")
        def handler(event, context):
            r = sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(event["detail"]))
            sns.publish(TopicArn=OTHER, Message=r["MessageId"])
        """,
    ),
    "nonlocal": (
        "unknown: Nonlocal",
        """
        def handler(event, context):
            total = 0
            def add(x):
                nonlocal total
                total = x * 2
            add(event["detail"]["n"])
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps({"t": total}))
        """,
    ),
    "type validation": (
        "validation",
        """
        def handler(event, context):
            body = json.loads(event["body"])
            if not isinstance(body, dict):
                return {"statusCode": 400}
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(body))
        """,
    ),
    "self state": (
        "decision",
        """
        class Acc:
            def __init__(self):
                self.items = []
            def add(self, x):
                if x["ok"]:
                    self.items.append(x)
        def handler(event, context):
            acc = Acc()
            for r in event["Records"]:
                acc.add(json.loads(r["body"]))
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(acc.items))
        """,
    ),
    "self computed": (
        "arithmetic",
        """
        class Order:
            def __init__(self, d):
                self.total = d["a"] + d["b"]
            def to_json(self):
                return json.dumps({"t": self.total})
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody=Order(event["detail"]).to_json())
        """,
    ),
    "property": (
        "arithmetic",
        """
        from dataclasses import dataclass
        @dataclass
        class Order:
            a: int
            b: int
            @property
            def total(self):
                return self.a * self.b
        def handler(event, context):
            o = Order(event["detail"]["a"], event["detail"]["b"])
            sqs.send_message(QueueUrl=URL, MessageBody=str(o.total))
        """,
    ),
    "lambda map": (
        "arithmetic",
        """
        def handler(event, context):
            xs = list(map(lambda r: r["n"] * 2, event["Records"]))
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(xs))
        """,
    ),
    "early in helper": (
        "decision",
        """
        def send(body):
            if not body.get("id"):
                return
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(body))
        def handler(event, context):
            for r in event["Records"]:
                send(json.loads(r["body"]))
        """,
    ),
    "raise in helper": (
        "validation",
        """
        def check(body):
            if "id" not in body:
                raise ValueError("id")
        def handler(event, context):
            for r in event["Records"]:
                body = json.loads(r["body"])
                check(body)
                sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(body))
        """,
    ),
    "bool helper decides": (
        "decision",
        """
        def ok(body):
            return body["v"] > 3
        def handler(event, context):
            body = json.loads(event["body"])
            if ok(body):
                sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(body))
        """,
    ),
    "and sends": (
        "decision",
        """
        def handler(event, context):
            event["detail"]["go"] and sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(event["detail"]))
        """,
    ),
    "ifexp sends": (
        "decision",
        """
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody="x") if event["detail"]["go"] else None
        """,
    ),
    "loop carried": (
        "computed: .upper()",
        """
        def handler(event, context):
            last = ""
            for r in event["Records"]:
                sqs.send_message(QueueUrl=URL, MessageBody=json.dumps({"b": r["body"], "last": last}))
                last = r["body"].upper()
        """,
    ),
    "counter": (
        "arithmetic",
        """
        def handler(event, context):
            n = 0
            for r in event["Records"]:
                n += 1
                sqs.send_message(QueueUrl=URL, MessageBody=json.dumps({"n": n, "b": r["body"]}))
        """,
    ),
    "comp call": (
        "counted",
        """
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps([score(x) for x in event["names"]]))
        """,
    ),
    "global state": (
        "state kept between invocations",
        """
        last = None
        def handler(event, context):
            global last
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps({"prev": last, "b": event["detail"]}))
            last = event["detail"]
        """,
    ),
    "walrus": (
        "decision",
        """
        def handler(event, context):
            if (n := event["detail"].get("n")):
                sqs.send_message(QueueUrl=URL, MessageBody=str(n))
        """,
    ),
    "decorated helper": (
        "unknown: decorator upper",
        """
        import functools
        def upper(f):
            @functools.wraps(f)
            def inner(*a):
                return f(*a).upper()
            return inner
        @upper
        def text(b):
            return b["t"]
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody=text(event["detail"]))
        """,
    ),
    "kwargs spread bad": (
        "counted",
        """
        def handler(event, context):
            params = {"QueueUrl": URL}
            params["MessageBody"] = str(score(event["detail"]))
            sqs.send_message(**params)
        """,
    ),
    "kwargs spread event": (
        "unknown: spread arguments",
        """
        def handler(event, context):
            sqs.send_message(**event["detail"])
        """,
    ),
    "dict method table": (
        "computed: .upper()",
        """
        def up(x): return x.upper()
        F = {"a": up}
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody=F["a"](event["detail"]["t"]))
        """,
    ),
    "str join sorted": (
        "computed: sorted",
        """
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody=",".join(sorted(event["names"])))
        """,
    ),
    "ternary default": (
        "decision",
        """
        def handler(event, context):
            x = event["a"] if "a" in event else event["b"]
            sqs.send_message(QueueUrl=URL, MessageBody=x)
        """,
    ),
    "match": (
        "decision",
        """
        def handler(event, context):
            match event["detail"]["kind"]:
                case "a":
                    sqs.send_message(QueueUrl=URL, MessageBody="a")
        """,
    ),
    "del key": (
        "dropping",
        """
        def handler(event, context):
            b = event["detail"]
            for k in list(b):
                if k.startswith("_"):
                    del b[k]
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(b))
        """,
    ),
    "set attr after": (
        "counted",
        """
        class B: pass
        def handler(event, context):
            b = B()
            b.x = score(event["n"])
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(b.__dict__))
        """,
    ),
    "default param mut": (
        "state kept between invocations",
        """
        def handler(event, context, seen=[]):
            seen.append(event["id"])
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(seen))
        """,
    ),
    "try sets flag": (
        "status",
        """
        def handler(event, context):
            ok = True
            try:
                int(event["n"])
            except ValueError:
                ok = False
            if ok:
                sqs.send_message(QueueUrl=URL, MessageBody=event["n"])
        """,
    ),
    "swallow continue": (
        "validation",
        """
        def handler(event, context):
            for r in event["Records"]:
                try:
                    b = json.loads(r["body"])
                    assert b["x"] > 3
                except Exception:
                    continue
                sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(b))
        """,
    ),
    "while true": (
        "loop",
        """
        def handler(event, context):
            while True:
                sqs.send_message(QueueUrl=URL, MessageBody=event["n"])
                break
        """,
    ),
    "yield computed": (
        "arithmetic",
        """
        def parts(e):
            yield e["a"] + 1
        def handler(event, context):
            for p in parts(event):
                sqs.send_message(QueueUrl=URL, MessageBody=str(p))
        """,
    ),
    "nested fn decide": (
        "decision",
        """
        def handler(event, context):
            def go(r):
                if r["x"]:
                    return r
                return None
            out = [go(r) for r in event["Records"]]
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(out))
        """,
    ),
    "env lookup by event": (
        "routing",
        """
        def handler(event, context):
            sqs.send_message(QueueUrl=os.environ[event["detail"]["q"]], MessageBody="x")
        """,
    ),
    "fstring env": (
        "routing",
        """
        def handler(event, context):
            sqs.send_message(QueueUrl=f"https://sqs/{event['detail']['q']}", MessageBody="x")
        """,
    ),
    "len reply": (
        "counted",
        """
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps({"n": len(event["Records"])}))
        """,
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_structure_moves(name: str) -> None:
    assert moved(MOVES[name]).sinks


@pytest.mark.parametrize("name", STOPS)
def test_what_is_not_structure_says_why(name: str) -> None:
    reason, code = STOPS[name]
    found = result(code)
    assert isinstance(found, NotTransport)
    assert found.reason == reason


def test_a_stop_names_the_place() -> None:
    found = result("def handler(event, context):\n    while event:\n        pass\n")
    assert isinstance(found, NotTransport)
    assert found.module is not None
    assert found.node is not None
    assert found.module.line_of(found.node) == 11


def test_sinks_say_what_each_parameter_is_made_of() -> None:
    found = sink(
        """
        def handler(event, context):
            for record in event["Records"]:
                body = json.loads(record["body"])
                sqs.send_message(QueueUrl=URL, MessageBody=json.dumps({"id": body["id"]}), MessageGroupId="g")
        """
    )
    assert found.kind == "aws"
    assert found.call is not None
    assert found.call.api == "sqs.send_message"
    assert found.loops == ("records",)
    assert found.arguments["MessageBody"].paths == {("Records", None, "body", "()", "id")}
    assert found.arguments["MessageBody"].steps == {"json", "build"}
    assert not found.arguments["MessageGroupId"].is_data
    assert found.payload.is_data


@pytest.mark.parametrize(
    ("expression", "steps"),
    [
        ("event['a']", set()),
        ("json.dumps(event['a'])", {"json"}),
        ("json.dumps(json.loads(json.loads(event['a'])['b'])['c'])", {"json", "nested"}),
        ("f\"x {event['a']}\"", {"format"}),
        ("{'a': event['a']}", {"build"}),
        ("base64.b64decode(event['a']).decode()", {"base64", "encode"}),
        ("gzip.decompress(base64.b64decode(event['a']))", {"base64", "gzip"}),
        ("unquote_plus(event['a'])", {"urldecode"}),
        ("str(int(event['a']))", {"number", "format"}),
        ("[x['b'] for x in event['a']]", {"build", "map"}),
        ("[x['b'] for x in event['Records']]", {"build", "aggregate"}),
        ("','.join([x['b'] for x in event['Records']])", {"aggregate", "join"}),
        ("deserialize(event['a'])", {"dynamodb"}),
        ("datetime.fromisoformat(event['time']).strftime('%Y')", {"timestamp"}),
    ],
)
def test_steps(expression: str, steps: set[str]) -> None:
    found = sink(
        f"""
        import base64, gzip
        from datetime import datetime
        from urllib.parse import unquote_plus
        from boto3.dynamodb.types import TypeDeserializer
        deserialize = TypeDeserializer().deserialize
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody={expression})
        """
    )
    assert found.arguments["MessageBody"].steps == steps


def test_envelopes_of_the_api_are_not_built_around_data() -> None:
    found = sink(
        """
        def handler(event, context):
            entries = []
            for record in event["Records"]:
                entries.append({"Id": record["messageId"], "MessageBody": record["body"]})
            sqs.send_message_batch(QueueUrl=URL, Entries=entries)
        """
    )
    assert found.arguments["Entries"].steps == set()
    assert found.loops == ()


def test_a_list_of_all_records_in_one_call_is_an_aggregate() -> None:
    found = sink(
        """
        def handler(event, context):
            bodies = []
            for record in event["Records"]:
                bodies.append(record["body"])
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(bodies))
        """
    )
    assert "aggregate" in found.arguments["MessageBody"].steps


def test_the_reply_is_a_sink_where_it_is_what_a_read_returned() -> None:
    found = moved(
        """
        table = boto3.resource("dynamodb").Table(OTHER)
        def handler(event, context):
            item = table.get_item(Key={"id": event["id"]})["Item"]
            return {"statusCode": 200, "body": json.dumps(item)}
        """
    )
    assert [each.kind for each in found.sinks] == ["reply"]
    assert [read.api for read in found.reads] == ["dynamodb.get_item"]
    assert found.reply == "structural"


def test_configuration_is_not_data() -> None:
    found = moved(
        """
        secret = boto3.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"]
        import requests
        def handler(event, context):
            requests.post(OTHER, json=event["detail"], headers={"Authorization": secret})
        """
    )
    assert found.reads == ()
    assert len(found.configuration) == 1
    assert not found.sinks[0].arguments["headers"].is_data


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("{'ok': True}", "fixed"), ("event", "structural"), ("len(event['a'])", "computed"), ("None", "fixed")],
)
def test_replies(answer: str, expected: str) -> None:
    found = moved(
        f"""
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody="x")
            return {answer}
        """
    )
    assert found.reply == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return {'ok': True}", "no sink"),
        ("return sqs.get_queue_attributes(QueueUrl=URL)['Attributes'] and 1", "decision"),
        (
            "boto3.client('rekognition').detect_labels(Image=event)",
            "computed by a service: rekognition.detect_labels",
        ),
        ("boto3.client('s3').upload_file('/tmp/f', 'b', 'k')", "file"),
        (
            "boto3.client('s3', aws_access_key_id=event['k']).put_object(Bucket='b', Key='k', Body='')",
            "other credentials",
        ),
        ("sqs.send_message(QueueUrl=event['url'], MessageBody='x')", "routing"),
        ("__import__('time').sleep(3)", "unknown: __import__"),
        ("import time\n    time.sleep(3)", "waits"),
        ("open('/tmp/f')", "file"),
        ("lib.f(event)", "unknown: lib.f"),
        ("return requests.get(OTHER).json()", "unknown: HTTP read"),
        ("requests.post(event['url'], json=event)", "routing"),
        ("requests.post(OTHER, json=event['a'] + 1)", "arithmetic"),
        ("sqs.send_message(QueueUrl=URL, MessageBody=lib)", "object in the data"),
    ],
)
def test_other_reasons(body: str, reason: str) -> None:
    found = result(f"import lib, requests\ndef handler(event, context):\n    {body}\n")
    assert isinstance(found, NotTransport)
    assert found.reason == reason


@pytest.mark.parametrize(
    ("decorator", "reason"),
    [
        ("idempotency.idempotent", "idempotency"),
        ("parser.event_parser(model=M)", "validation"),
        ("lib.wrap", "unknown: decorator lib.wrap"),
        ("logger.inject_lambda_context", None),
        ("tracer.capture_lambda_handler", None),
        ("event_source(data_class=SQSEvent)", None),
    ],
)
def test_decorators(decorator: str, reason: str | None) -> None:
    found = result(
        f"""
        import lib
        from aws_lambda_powertools import Logger, Tracer
        from aws_lambda_powertools.utilities import idempotency, parser
        from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
        logger = Logger()
        tracer = Tracer()
        class M: pass
        @{decorator}
        def handler(event, context):
            sqs.send_message(QueueUrl=URL, MessageBody="x")
        """
    )
    if reason is None:
        assert isinstance(found, Transport)
    else:
        assert isinstance(found, NotTransport)
        assert found.reason == reason


def test_powertools_records_are_followed_into_the_record_handler() -> None:
    found = sink(
        """
        from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
        processor = BatchProcessor(event_type=EventType.SQS)
        def one(record):
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(record.json_body["x"]))
        def handler(event, context):
            return process_partial_response(event, one, processor, context)
        """
    )
    assert found.loops == ("records",)
    assert found.arguments["MessageBody"].paths == {("Records", None, "json_body", "x")}


@pytest.mark.parametrize(
    "code",
    [
        "handler = lambda event, context: 1\n",
        "class H:\n    def __call__(self, event, context): pass\nhandler = H()\n",
        "def handler():\n    pass\n",
        "def f(x): return f(x)\ndef handler(event, context): sns.publish(TopicArn=URL, Message=f(event))",
    ],
)
def test_what_cannot_be_run_is_silent(code: str) -> None:
    assert isinstance(result(code), NotTransport)


def test_long_handlers_are_given_up_on() -> None:
    lines = "".join(f"    x{i} = [event['a'], event['b'], event['c']]\n" for i in range(4000))
    found = result("def handler(event, context):\n" + lines)
    assert isinstance(found, NotTransport)
    assert found.reason == "too large"
