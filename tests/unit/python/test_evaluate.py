"""What expressions come to."""

from __future__ import annotations

import time
from itertools import pairwise
from textwrap import dedent

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.python.symbols import (
    Choice,
    Context,
    Credentials,
    EnvVar,
    External,
    FromEvent,
    Instance,
    Literal,
    Parameter,
    Sdk,
    Symbol,
    Text,
    Unknown,
    alternatives,
    choice,
    text,
)

from .analysis import analyse

HEAD = "import boto3, json, os, base64\nfrom urllib.parse import unquote_plus\n"


def evaluated(expression: str, before: str = "", after: str = "") -> Symbol:
    """An expression of a handler's body, after module-level code and before more of it."""
    body = dedent(before) + f"\ndef handler(event, context):\n    ({expression})\n" + dedent(after)
    return analyse(HEAD + body).last()


def sdk(symbol: Symbol) -> str:
    """An SDK object in short."""
    found = [option for option in alternatives(symbol) if isinstance(option, Sdk)]
    assert found, symbol
    return " | ".join(f"{each.kind} {each.service} {each.type}".strip() for each in found)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a'", Literal("a")),
        ("'a' 'b'", Literal("ab")),
        (r"'a\tb'", Literal("a\tb")),
        ("b'a'", Literal(b"a")),
        ("-3", Literal(-3)),
        ("None", Literal(None)),
        ("os.environ['T']", EnvVar("T")),
        ("os.getenv('T')", EnvVar("T", None, False)),
        ("os.environ.get('T', 'd')", EnvVar("T", Literal("d"), False)),
        ("os.environ.get('T') or 'd'", EnvVar("T", Literal("d"), False)),
        ("'a' if event else 'b'", Choice((Literal("a"), Literal("b")))),
        ("'a' + 'b'", Literal("ab")),
        ("'a-%s' % 'b'", Literal("a-b")),
        ("'a-{}'.format('b')", Literal("a-b")),
        ("'a-{x}'.format(x='b')", Literal("a-b")),
        ("f'{os.environ[\"T\"]}'", EnvVar("T")),
        ("f'{os.environ[\"T\"]}-x'", Text((EnvVar("T"), Literal("-x")))),
        ("f'{event!r}-x'", Text((Unknown("formatted"), Literal("-x")))),
        ("'/'.join(['a', 'b'])", Literal("a/b")),
        ("os.path.join('a', 'b')", Literal("a/b")),
        ("event['a'][0]", FromEvent(("a", 0))),
        ("event.get('a')", FromEvent(("a",))),
        ("json.loads(event['body'])['x']", FromEvent(("body", "x"), ("json",))),
        ("unquote_plus(event['key'])", FromEvent(("key",), ("urldecode",))),
        ("base64.b64decode(event['d']).decode()", FromEvent(("d",), ("base64",))),
        ("event", FromEvent()),
        ("context", Context()),
        ("{'a': 'b'}['a']", Literal("b")),
        ("('a', 'b')[1]", Literal("b")),
        ("(x := 'a')", Literal("a")),
        ("event[1:]", FromEvent()),
        ("len(event) * 2", Unknown("computed")),
    ],
)
def test_expressions(expression: str, expected: Symbol) -> None:
    assert evaluated(expression) == expected


@pytest.mark.parametrize(
    ("before", "expression", "expected"),
    [
        ("NAME = 'T'\nT = os.environ[NAME]", "T", EnvVar("T")),
        (
            "def env(name, default=None): return os.environ.get(name, default)",
            "env('T')",
            EnvVar("T", Literal(None), False),
        ),
        ("class C:\n    T = os.environ['T']", "C.T", EnvVar("T")),
        ("class C:\n    T = os.environ['T']\nc = C()", "c.T", EnvVar("T")),
        ("class C:\n    def __init__(self, t): self.t = t\nc = C('a')\nd = C('b')", "d.t", Literal("b")),
        ("class C:\n    @property\n    def t(self): return 'a'", "C().t", Literal("a")),
        ("class B:\n    t = 'a'\nclass C(B): pass", "C().t", Literal("a")),
        ("import enum\nclass E(enum.Enum):\n    A = 'a'", "E.A.value", Literal("a")),
        (
            "from dataclasses import dataclass\n@dataclass\nclass C:\n    t: str\nc = C(t='a')",
            "c.t",
            Literal("a"),
        ),
        ("CONFIG = {'t': os.environ['T']}", "CONFIG['t']", EnvVar("T")),
        ("CONFIG = dict(t='a')", "CONFIG.get('t')", Literal("a")),
        ("A, B = 'a', 'b'", "B", Literal("b")),
        ("x = 'a'\nx = 'b'", "x", Choice((Literal("a"), Literal("b")))),
        ("def f(a): return a\ndef g(a): return f(a)", "g('x')", Literal("x")),
        ("f = lambda x: x", "f('a')", Literal("a")),
        ("import functools\ndef f(a, b): return b\ng = functools.partial(f, 'a')", "g('b')", Literal("b")),
        ("from decimal import Decimal as D", "D", External("decimal.Decimal")),
    ],
)
def test_names_and_definitions(before: str, expression: str, expected: Symbol) -> None:
    assert evaluated(expression, before) == expected


@pytest.mark.parametrize(
    ("before", "expression", "expected"),
    [
        ("", "boto3.client('s3')", "client s3"),
        ("", "boto3.client(service_name='s3')", "client s3"),
        ("from boto3 import client as c", "c('s3')", "client s3"),
        ("", "boto3.resource('dynamodb').Table('t')", "object dynamodb Table"),
        ("", "boto3.Session().client('s3')", "client s3"),
        ("session = boto3", "session.client('s3')", "client s3"),
        ("", "boto3.resource('dynamodb').meta.client", "client dynamodb"),
        ("", "boto3.resource('dynamodb').Table('t').meta.client", "client dynamodb"),
        ("import botocore.session", "botocore.session.get_session().create_client('s3')", "client s3"),
        ("", "boto3.client('s3').get_paginator('list_objects_v2')", "paginator s3 list_objects_v2"),
        ("", "boto3.client('s3').get_waiter('object_exists')", "waiter s3 object_exists"),
        ("", "boto3.resource('s3').Bucket('b').objects.filter(Prefix='x')", "collection s3 Bucket.objects"),
        ("", "boto3.resource('s3').Bucket('b').Object('k')", "object s3 Object"),
        ("", "boto3.resource('sqs').get_queue_by_name(QueueName='q')", "object sqs Queue"),
        ("from functools import partial\nmake = partial(boto3.client, 's3')", "make()", "client s3"),
        ("def get():\n    return boto3.client('s3')", "get()", "client s3"),
        ("def get(name):\n    return boto3.client(name)", "get('s3')", "client s3"),
        (
            "from functools import lru_cache\n@lru_cache()\ndef get(): return boto3.client('s3')",
            "get()",
            "client s3",
        ),
        (
            "_c = None\ndef get():\n    global _c\n    if _c is None:\n        _c = boto3.client('s3')\n"
            "    return _c",
            "get()",
            "client s3",
        ),
        ("clients = {'s3': boto3.client('s3')}", "clients['s3']", "client s3"),
        (
            "clients = {}\ndef get(n):\n    if n not in clients:\n        clients[n] = boto3.client(n)\n"
            "    return clients[n]",
            "get('sqs')",
            "client sqs",
        ),
        (
            "class A:\n    def __init__(self, client=None): self.s3 = client or boto3.client('s3')",
            "A().s3",
            "client s3",
        ),
        (
            "class A:\n    _s3 = None\n    @property\n    def s3(self):\n        if self._s3 is None:\n"
            "            self._s3 = boto3.client('s3')\n        return self._s3",
            "A().s3",
            "client s3",
        ),
        (
            "class A:\n    _one = None\n    @classmethod\n    def one(cls):\n        if not cls._one:\n"
            "            cls._one = boto3.client('s3')\n        return cls._one",
            "A.one()",
            "client s3",
        ),
        (
            "from contextlib import contextmanager\n@contextmanager\ndef c():\n    yield boto3.client('s3')",
            "c()",
            "client s3",
        ),
        ("import aioboto3\nsession = aioboto3.Session()", "session.client('s3')", "client s3"),
        ("", "getattr(boto3, 'client')('s3')", "client s3"),
        ("", "boto3.client('s3') if event else boto3.client('sqs')", "client s3 | client sqs"),
    ],
)
def test_sdk_objects(before: str, expression: str, expected: str) -> None:
    assert sdk(evaluated(expression, before)) == expected


@pytest.mark.parametrize(
    ("annotation", "imports", "expected"),
    [
        ("S3Client", "from mypy_boto3_s3 import S3Client", "client s3"),
        ("'S3Client'", "from mypy_boto3_s3.client import S3Client", "client s3"),
        ("Table", "from mypy_boto3_dynamodb.service_resource import Table", "object dynamodb Table"),
        (
            "DynamoDBServiceResource",
            "from mypy_boto3_dynamodb import DynamoDBServiceResource",
            "resource dynamodb",
        ),
        (
            "Optional[BedrockRuntimeClient]",
            "from typing import Optional\nfrom mypy_boto3_bedrock_runtime import BedrockRuntimeClient",
            "client bedrock-runtime",
        ),
        ("SQSClient | None", "from types_boto3_sqs import SQSClient", "client sqs"),
        ("boto3.Session", "", "session"),
    ],
)
def test_annotations_of_stub_packages(annotation: str, imports: str, expected: str) -> None:
    found = analyse(
        HEAD
        + imports
        + f"\ndef f(x: {annotation}):\n    (x)\ndef handler(event, context):\n    f(event['x'])\n"
    )
    (read,) = [node for node in found.module.names.scopes if node.kind == "function" and "x" in node.bindings]
    binding = read.bindings["x"][0]
    assert sdk(found.evaluator.value(found.module, binding.reads[0])) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("'s3'", Credentials.OWN),
        ("'s3', aws_access_key_id=event['key']", Credentials.OTHER),
        ("'s3', aws_access_key_id=creds['AccessKeyId']", Credentials.OTHER),
        ("'s3', aws_access_key_id=None", Credentials.OWN),
        ("'s3', aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID']", Credentials.OWN),
        ("'s3', aws_access_key_id=os.environ['KEY']", Credentials.OTHER),
        ("'s3', **event", Credentials.UNKNOWN),
        ("'s3', **{'aws_session_token': event['t']}", Credentials.OTHER),
    ],
)
def test_credentials(arguments: str, expected: Credentials) -> None:
    before = "creds = boto3.client('sts').assume_role(RoleArn='r', RoleSessionName='s')['Credentials']"
    (found,) = alternatives(evaluated(f"boto3.client({arguments})", before))
    assert isinstance(found, Sdk)
    assert found.credentials is expected


def test_a_session_with_credentials_gives_them_to_its_clients() -> None:
    before = "session = boto3.Session(aws_access_key_id=os.environ['KEY'])\n"
    before += "other = boto3.Session(profile_name='p')"
    for expression in ("session.client('s3')", "session.resource('s3').Bucket('b')", "other.client('s3')"):
        found = evaluated(expression, before)
        assert isinstance(found, Sdk)
        assert found.credentials is Credentials.OTHER


def test_values_go_through_modules_layers_and_stars() -> None:
    found = analyse(
        {
            "app.py": """
            from common import table, NAME
            from common.db import *
            import common.db as db
            import shop.names
            def handler(event, context):
                table
                NAME
                queue
                db.queue
                shop.names.QUEUE
            """,
            "common/__init__.py": "from .db import table\nfrom .db import NAME\n",
            "common/db.py": """
            import boto3, os
            NAME = os.environ['T']
            table = boto3.resource('dynamodb').Table(NAME)
            queue = boto3.client('sqs')
            """,
            "shop/names.py": "QUEUE = 'q'\n",
        }
    )
    assert sdk(found.value("table")) == "object dynamodb Table"
    assert found.value("NAME") == EnvVar("T")
    assert found.last() == Literal("q")
    assert sdk(found.evaluator.value(found.module, found.module.nodes(cst.Expr)[2].value)) == "client sqs"
    assert sdk(found.evaluator.value(found.module, found.module.nodes(cst.Expr)[3].value)) == "client sqs"


def test_parameters_are_what_the_call_sites_pass() -> None:
    found = analyse(
        HEAD + "def f(name, other='d'):\n    (name, other)\n"
        "def handler(event, context):\n    f('a')\n    f('b', other=event['x'])\n"
        "def unreached():\n    f('c')\n"
    )
    assert found.value("name") == Choice((Literal("a"), Literal("b")))
    assert found.value("other") == Choice((Literal("d"), FromEvent(("x",))))


def test_a_parameter_that_nobody_passes_stays_one() -> None:
    found = analyse("def f(x):\n    return x\nTABLE = [f]\ndef handler(event, context):\n    TABLE[0](1)\n")
    assert isinstance(found.value("x"), Parameter)
    assert found.last() == Literal(1)


def test_a_function_that_is_handed_on_may_get_anything() -> None:
    found = analyse("def f(x):\n    (x)\ndef handler(event, context):\n    f('a')\n    map(f, event)\n")
    assert found.value("x") == Choice((Literal("a"), Unknown("called by another")))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = 'a'\nx = 'b'\n(x)", Literal("b")),
        ("x = 'a'\nif event:\n    x = 'b'\n(x)", Choice((Literal("a"), Literal("b")))),
        ("x = 'a'\n(x)\nx = 'b'", Literal("a")),
        ("x = 'a'\nfor i in event:\n    (x)\n    x = 'b'", Choice((Literal("a"), Literal("b")))),
        ("x = None\nx = x or 'b'\n(x)", Literal("b")),
        ("x = 'a'\nwith event as y:\n    x = 'b'\n(x)", Literal("b")),
        ("try:\n    x = 'a'\nexcept Exception:\n    x = 'b'\n(x)", Choice((Literal("a"), Literal("b")))),
        ("for x in ['a', 'b']:\n    (x)", Choice((Literal("a"), Literal("b")))),
        ("for x in event['Records']:\n    (x)", FromEvent(("Records", None))),
        ("for i, x in enumerate(event['Records']):\n    (x)", FromEvent(("Records", None))),
        ("[(x) for x in event['Records']]", None),
    ],
)
def test_straight_lines_of_code_replace_bindings(body: str, expected: Symbol | None) -> None:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    found = analyse(HEAD + "def handler(event, context):\n" + lines)
    statements = [
        node for node in found.module.nodes(cst.Expr) if "(x" in found.module.tree.code_for_node(node)
    ]
    if expected is None:
        assert found.value("x") == FromEvent(("Records", None))
        return
    assert found.evaluator.value(found.module, statements[-1].value) == expected


def test_objects_of_libraries_are_followed() -> None:
    found = evaluated(
        "Repo().connection.cursor()",
        "import pymysql\ndef connect(host): return pymysql.connect(host=host)\n"
        "class Repo:\n    def __init__(self): self.connection = connect('h')\n",
    )
    assert isinstance(found, Instance)
    assert found.qualified == "pymysql.connect().cursor"
    assert found.root.qualified == "pymysql.connect"


def test_with_binds_what_is_entered() -> None:
    found = analyse(
        "import pymysql, boto3\nclass M:\n    def __enter__(self): return boto3.client('s3')\n"
        "def handler(event, context):\n    with pymysql.connect() as c, M() as m:\n        (c)\n        (m)\n"
    )
    assert sdk(found.value("m")) == "client s3"
    connection = found.value("c")
    assert isinstance(connection, Instance)
    assert connection.qualified == "pymysql.connect"


@pytest.mark.parametrize(
    "text",
    [
        "x = y\ny = x\ndef handler(event, context):\n    (x)\n",
        "def f(a): return g(a)\ndef g(a): return f(a)\ndef handler(event, context):\n    (f(1))\n",
        "class C(C): pass\ndef handler(event, context):\n    (C().x)\n",
        "class A:\n    def __init__(self): self.x = self.x\ndef handler(event, context):\n    (A().x)\n",
        "def handler(event, context):\n    d = {}\n    d['a'] = d['a']\n    (d['a'])\n",
        "def f(x=f): return x\ndef handler(event, context):\n    (f())\n",
    ],
)
def test_cycles_end(text: str) -> None:
    assert not isinstance(analyse(text).last(), Literal)


def test_long_chains_are_not_followed_to_the_end_of_the_stack() -> None:
    added = " + ".join(["'a'"] * 90)
    assert analyse(f"def handler(event, context):\n    ({added})\n").last() == Literal("a" * 90)
    chain = "x0 = 'a'\n" + "".join(f"x{i + 1} = x{i}\n" for i in range(400))
    assert isinstance(analyse(chain + "def handler(event, context):\n    (x400)\n").last(), Unknown)


def test_time_is_linear() -> None:
    def seconds(count: int) -> float:
        helpers = "".join(f"def f{i}(a): return f{i - 1}(a) or f{i - 1}(a)\n" for i in range(1, count))
        module = f"def f0(a): return a\n{helpers}def handler(event, context):\n    (f{count - 1}('x'))\n"
        analysed = analyse(module)
        started = time.perf_counter()
        analysed.last()
        return time.perf_counter() - started

    # Without the memo, the time would double with each helper.
    assert seconds(60) < 2


@given(st.lists(st.sampled_from([Literal("a"), EnvVar("E"), Literal(None), Unknown("u"), FromEvent(("x",))])))
@settings(max_examples=50)
def test_choice_is_flat_and_has_no_duplicates(symbols: list[Symbol]) -> None:
    found = choice([choice(symbols), *symbols]) if symbols else Literal(None)
    options = alternatives(found)
    assert len(options) == len(set(options))
    assert not any(isinstance(option, Choice) for option in options)
    assert set(options) == set(symbols) or not symbols


@given(st.lists(st.one_of(st.text(max_size=3).map(Literal), st.just(EnvVar("E")))))
@settings(max_examples=50)
def test_text_merges_neighbouring_literals(parts: list[Symbol]) -> None:
    found = text(parts)
    pieces = found.parts if isinstance(found, Text) else (found,)
    assert not any(isinstance(a, Literal) and isinstance(b, Literal) for a, b in pairwise(pieces))
    known = "".join(str(part.value) for part in parts if isinstance(part, Literal))
    assert "".join(str(piece.value) for piece in pieces if isinstance(piece, Literal)) == known


def test_a_list_that_grows_is_not_joined_as_it_was_written() -> None:
    found = analyse(
        "parts = ['a']\nparts.append('b')\ntext = ','.join(parts)\ndef handler(event, context):\n    text\n"
    )
    assert isinstance(found.value("text"), Unknown)
