"""The kinds of values, and what encoders refuse of them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from lambdalint.python.encoding import RUNTIME, STANDARD, refused
from lambdalint.python.kinds import Kinds
from lambdalint.python.returns import replies
from tests.unit.python.analysis import analyse

HEAD = """\
import asyncio, base64, boto3, collections, copy, dataclasses, datetime as dt, enum, functools, hashlib, json
import os, re, requests, uuid, typing
from datetime import datetime
from decimal import Decimal
from pydantic import BaseModel
import pandas as pd
"""


def kinds_of(body: str, head: str = "") -> set[str]:
    """The kinds of what a handler returns."""
    code = HEAD + dedent(head) + "\ndef handler(event, context):\n" + _indented(dedent(body))
    found = analyse(code)
    every = replies(Kinds(found.evaluator), found.module, found.node)
    return {made.kind for reply in every for made in reply.made}


def of(expression: str, head: str = "") -> str:
    (kind,) = kinds_of(f"return {expression}", head)
    return kind


def refuses(body: str, head: str = "", standard: bool = False) -> list[str]:
    """What an encoder refuses of what a handler returns."""
    code = HEAD + dedent(head) + "\ndef handler(event, context):\n" + _indented(dedent(body))
    found = analyse(code)
    kinds = Kinds(found.evaluator)
    encoder = STANDARD if standard else RUNTIME
    return [
        each.kind
        for reply in replies(kinds, found.module, found.node)
        if reply.value is not None
        for each in refused(kinds, encoder, found.module, reply.value)
    ]


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("1", "int"),
        ("-1.5", "float"),
        ("'a' 'b'", "str"),
        ("b'a'", "bytes"),
        ("f'{event}'", "str"),
        ("None", "none"),
        ("not event", "bool"),
        ("event == 1", "bool"),
        ("{1: 2}", "dict"),
        ("{1, 2}", "set"),
        ("(1, 2)", "tuple"),
        ("[x for x in event]", "list"),
        ("{x for x in event}", "set"),
        ("{x: 1 for x in event}", "dict"),
        ("(x for x in event)", "generator"),
        ("lambda: 1", "function"),
        ("'%s' % event", "str"),
        ("'a' + str(event)", "str"),
        ("1 / 2", "float"),
        ("2 * 3", "int"),
        ("event['x'] * Decimal('1.1')", "Decimal"),
        ("datetime.now()", "datetime"),
        ("dt.datetime.utcnow()", "datetime"),
        ("datetime.now().isoformat()", "str"),
        ("datetime.now() - datetime(2024, 1, 1)", "timedelta"),
        ("datetime.now() + dt.timedelta(days=1)", "datetime"),
        ("dt.date.today()", "date"),
        ("uuid.uuid4()", "UUID"),
        ("uuid.uuid4().hex", "str"),
        ("str(uuid.uuid4())", "str"),
        ("set(event)", "set"),
        ("list(set(event))", "list"),
        ("sorted({1, 2})", "list"),
        ("len(event)", "int"),
        ("map(str, event)", "iterator"),
        ("range(3)", "range"),
        ("{'a': 1}.keys()", "dict view"),
        ("dict(a=1).items()", "dict view"),
        ("hashlib.sha256(b'').hexdigest()", "str"),
        ("base64.b64encode(b'').decode()", "str"),
        ("json.dumps(event)", "str"),
        ("json.loads(event['body'])", ""),
        ("requests.get('u')", "HTTP response"),
        ("requests.get('u').json()", ""),
        ("os.environ['X']", "str"),
        ("os.environ.get('X')", ""),
        ("os.environ.get('X', 'y')", "str"),
        ("ValueError('x')", "exception"),
        ("re.compile('x')", "pattern"),
        ("collections.Counter()", "dict"),
        ("pd.DataFrame(event)", "DataFrame"),
        ("boto3.client('s3')", "SDK client"),
        ("event['x']", ""),
        ("unknown(event)", ""),
        ("print(1)", "none"),
        ("[1] + [2]", "list"),
        ("{1} | {2}", "set"),
        ("{'a': 1} | {'b': 2}", "dict"),
        ("{'a': {1}}['a']", "set"),
        ("{'a': {1}}.get('a')", "set"),
        ("[1, {2}][1]", "set"),
        ("'abc'[0]", "str"),
        ("'abc'.split()", "list"),
        ("typing.cast(str, {1})", "set"),
        ("copy.deepcopy({'a': 1})", "dict"),
        ("(x := {1})", "set"),
    ],
)
def test_expressions(expression: str, kind: str) -> None:
    assert of(expression) == kind


@pytest.mark.parametrize(
    ("expression", "kinds"),
    [
        ("1 if event else {1}", {"int", "set"}),
        ("event or {1}", {"", "set"}),
        ("None or 'a'", {"str"}),
        ("event and event.get('x')", {""}),
    ],
)
def test_one_of_several(expression: str, kinds: set[str]) -> None:
    assert kinds_of(f"return {expression}") == kinds


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("Plain()", "object"),
        ("Row(1)", "object"),
        ("Model()", "object"),
        ("Failed('x')", "exception"),
        ("Typed(a=1)", "dict"),
        ("Point(1, 2)", "tuple"),
        ("Color.RED", "enum member"),
        ("Size.BIG", "str"),
        ("Color.RED.value", "int"),
        ("Plain", "class"),
        ("Foreign()", ""),
        ("AsDict()", ""),
        ("helper", "function"),
    ],
)
def test_objects(expression: str, kind: str) -> None:
    head = """
        from elsewhere import Base
        class Plain: ...
        @dataclasses.dataclass
        class Row:
            x: int
        class Model(BaseModel): ...
        class Failed(Exception): ...
        class Typed(typing.TypedDict): ...
        class Point(typing.NamedTuple): ...
        class Color(enum.Enum):
            RED = 1
        class Size(str, enum.Enum):
            BIG = "b"
        class Foreign(Base): ...
        class AsDict:
            def _asdict(self): ...
        def helper(): ...
        """
    assert of(expression, head) == kind


def test_names_and_branches() -> None:
    assert kinds_of("x = 1\nif event:\n    x = {1}\nreturn x") == {"int", "set"}
    assert kinds_of("x = {1}\nx = list(x)\nreturn x") == {"list"}
    assert kinds_of("x, y = {1}, 2\nreturn x") == {"set"}
    assert kinds_of("try:\n    return 1\nexcept ValueError as e:\n    return e") == {"int", "exception"}
    assert kinds_of("for x in [{1}]:\n    return x\nreturn 1") == {"set", "int"}
    assert kinds_of("x = 'a'\nx += 'b'\nreturn x") == {"str"}
    assert kinds_of("return STATE", "STATE = {1}") == {"set"}
    assert kinds_of("with open('x') as f:\n    return f") == {"file"}


def test_what_the_code_asks_about() -> None:
    """A value whose type the function tests is converted mostly; on one way only, that is not followed."""
    assert kinds_of("x = {1}\nif isinstance(x, set):\n    x = list(x)\nreturn x") == {""}
    assert kinds_of("x = {1}\nif event:\n    x = list(x)\nreturn x") == {""}


def test_ends() -> None:
    assert kinds_of("print(event)") == {"none"}
    assert kinds_of("if event:\n    return 1") == {"int", "none"}
    assert kinds_of("if event:\n    return 1\nraise ValueError") == {"int"}
    assert kinds_of("return") == {"none"}
    assert kinds_of("while True:\n    pass") == set()


def test_helpers() -> None:
    assert of("helper(event)", "def helper(x):\n    return {x}\n") == "set"
    assert of("helper({1})", "def helper(x):\n    return x\n") == "set"
    assert of("helper(x={1})", "def helper(y=1, *, x=2):\n    return x\n") == "set"
    assert of("helper()", "def helper(x={1}):\n    return x\n") == "set"
    assert of("helper(*event)", "def helper(x={1}):\n    return x\n") == ""
    assert of("helper()", "def helper():\n    yield 1\n") == "generator"
    assert of("helper()", "async def helper():\n    return 1\n") == "coroutine"
    assert of("asyncio.run(helper())", "async def helper():\n    return 1\n") == "int"
    assert of("helper()", "def helper():\n    print(1)\n") == "none"
    assert of("helper()", "@functools.cache\ndef helper():\n    return {1}\n") == "set"
    assert of("helper()", "from x import wrap\n@wrap\ndef helper():\n    return {1}\n") == ""
    converts = "def helper(x):\n    return list(x) if isinstance(x, set) else x\n"
    assert kinds_of("return helper({1})", converts) == {"", "list"}


def test_methods_and_attributes() -> None:
    head = """
        class Store:
            def __init__(self):
                self.started = datetime.now()
                self.ids = list({1})
            def names(self):
                return {"a"}
        store = Store()
        """
    assert of("store.names()", head) == "set"
    assert of("Store().names()", head) == "set"
    assert of("store.started", head) == "datetime"
    assert of("store.ids", head) == ""


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("return {'a': {1}}", ["set"]),
        ("return {'a': [{'b': datetime.now()}]}", ["datetime"]),
        ("return [uuid.uuid4() for x in event]", ["UUID"]),
        ("return {'a': Decimal(1), 'b': b'x'}", []),
        ("return {(1, 2): 3}", ["tuple"]),
        ("return {Decimal(1): 3}", ["Decimal"]),
        ("d = {}\nd['a'] = {1}\nreturn d", ["set"]),
        ("d = {'a': {1}}\nd['a'] = 1\nreturn d", []),
        ("d = {'a': {1}}\nd['a'] = list(d['a'])\nreturn d", []),
        ("d = {'a': {1}}\nif event:\n    d['a'] = list(d['a'])\nreturn d", []),
        ("d = {'a': {1}}\ndel d['a']\nreturn d", []),
        ("d = {'a': {1}}\nd.pop('a')\nreturn d", []),
        ("d = {'a': {1}}\nconvert(d)\nreturn d", []),
        ("d = {'a': {1}}\nconvert(d)\nd['b'] = {2}\nreturn d", ["set"]),
        ("d = {'a': {1}}\nprint(d)\nreturn d", ["set"]),
        ("d = {'a': {1}}\nfor k in d:\n    d[k] = list(d[k])\nreturn d", []),
        ("d = {}\nd.update(a={1})\nreturn d", ["set"]),
        ("d = {}\nd.update({'a': {1}})\nreturn d", ["set"]),
        ("d = {}\nd.setdefault('a', {1})\nreturn d", ["set"]),
        ("items = []\nfor x in event:\n    items.append({'at': datetime.now()})\nreturn items", ["datetime"]),
        ("items = []\nitems.extend([{1}])\nreturn {'items': items}", ["set"]),
        ("items = []\nr = {'items': items}\nitems.append({1})\nreturn r", []),
        ("d = {}\nr = d\nreturn r\nd['a'] = {1}", []),
        ("return {**{'a': {1}}}", ["set"]),
        ("return {**{'a': {1}}, 'a': 1}", []),
        ("return {'a': 1, **{'a': {1}}}", ["set"]),
        ("return dict(a={1})", ["set"]),
        ("return list({'a': 1}.items())", []),
        ("return list(x for x in [{1}])", ["set"]),
        ("return sorted([{1}])", ["set"]),
    ],
)
def test_contents(body: str, kinds: list[str]) -> None:
    assert refuses(body) == kinds


def test_contents_of_helpers() -> None:
    head = "def reply(code, body):\n    d = {'statusCode': code}\n    d['body'] = body\n    return d\n"
    assert refuses("return reply(200, {1})", head) == ["set"]
    assert refuses("return reply(200, 'x')", head) == []


@pytest.mark.parametrize(
    ("body", "runtime", "standard"),
    [
        ("return boto3.client('stepfunctions').start_execution(stateMachineArn='a')", ["datetime"], None),
        ("r = boto3.client('lambda').invoke(FunctionName='f')\nreturn r", ["stream"], None),
        ("r = boto3.client('lambda').invoke(FunctionName='f')\nreturn r['Payload']", ["stream"], None),
        ("r = boto3.client('lambda').invoke(FunctionName='f')\nreturn r['StatusCode']", [], None),
        ("r = boto3.client('lambda').invoke(FunctionName='f')\nreturn json.load(r['Payload'])", [], None),
        ("r = boto3.client('s3').list_objects_v2(Bucket='b')\nreturn r['Contents']", ["datetime"], None),
        (
            "r = boto3.client('s3').list_objects_v2(Bucket='b')\nreturn r.get('Contents', [])",
            ["datetime"],
            None,
        ),
        (
            "r = boto3.client('s3').list_objects_v2(Bucket='b')\nreturn [o['Key'] for o in r['Contents']]",
            [],
            None,
        ),
        (
            "r = boto3.client('s3').list_objects_v2(Bucket='b')\n"
            "return [{'k': o['Key'], 't': o['LastModified']} for o in r['Contents']]",
            ["datetime"],
            None,
        ),
        (
            "p = boto3.client('s3').get_paginator('list_objects_v2')\nkeys = []\n"
            "for page in p.paginate(Bucket='b'):\n    keys.append(page)\nreturn keys",
            ["datetime"],
            None,
        ),
        ("return boto3.client('sqs').send_message(QueueUrl='q', MessageBody='m')", [], None),
        ("t = boto3.resource('dynamodb').Table('t')\nreturn t.get_item(Key={})['Item']", [], ["Decimal"]),
        ("t = boto3.resource('dynamodb').Table('t')\nreturn t.scan()['Items']", [], ["Decimal"]),
        ("t = boto3.resource('dynamodb').Table('t')\nreturn t.scan()['Count']", [], []),
        ("t = boto3.resource('dynamodb').Table('t')\nreturn t.scan()['Items'][0]['n']", [], ["Decimal"]),
        ("t = boto3.client('dynamodb')\nreturn t.get_item(TableName='t', Key={})['Item']", [], []),
    ],
)
def test_answers_of_aws(body: str, runtime: list[str], standard: list[str] | None) -> None:
    assert refuses(body) == runtime
    assert refuses(body, standard=True) == (runtime if standard is None else standard)


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("x = {1}\nif event:\n    x = 1\nelse:\n    x = 'a'\nreturn x", {"int", "str"}),
        ("x = {1}\nif event:\n    x = 1\nelif not event:\n    x = 2.5\nreturn x", {"set", "int", "float"}),
        ("x = None\ntry:\n    x = 1\nexcept ValueError:\n    x = 'a'\nreturn x", {"int", "str"}),
        ("x = None\ntry:\n    x = 1\nexcept ValueError:\n    raise\nreturn x", {"int"}),
        ("x = None\ntry:\n    x = 1\nexcept ValueError:\n    print(x)\nreturn x", {"none", "int"}),
        ("x = {1}\nwith open('f'):\n    x = 1\nreturn x", {"int"}),
        ("x = {1}\nfor _ in event:\n    x = 1\nreturn x", {"set", "int"}),
        (
            "x = {1}\nmatch event:\n    case 1:\n        x = 1\n    case _:\n        x = 'a'\nreturn x",
            {"int", "str"},
        ),
        (
            "x = {1}\nfor _ in event:\n    if _:\n        x = 1\n    else:\n        x = 2\n    return x\n",
            {"int", "none"},
        ),
    ],
)
def test_what_is_always_replaced(body: str, kinds: set[str]) -> None:
    assert kinds_of(body) == kinds
