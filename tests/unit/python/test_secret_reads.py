from collections import Counter
from typing import Any

import pytest

from lambdalint.data.tables import load
from lambdalint.python.calls import aws_calls
from lambdalint.python.lifetimes import Lifetimes
from lambdalint.python.secret_reads import SecretRead, readers, secret_reads
from lambdalint.python.snapshots import kinds
from tests.unit.python.analysis import analyse


def reads(code: str, more: tuple[str, ...] = ()) -> list[SecretRead]:
    handler = analyse(code)
    calls = aws_calls(handler.evaluator, handler.reach)
    lifetimes = Lifetimes(handler.evaluator, handler.reach)
    return list(secret_reads(handler.evaluator, handler.reach, calls, lifetimes, more))


HEAD = """\
import boto3
import requests
from aws_lambda_powertools.utilities import parameters
from aws_secretsmanager_caching import SecretCache
sm = boto3.client("secretsmanager")
ssm = boto3.client("ssm")
cache = SecretCache()
"""


@pytest.mark.parametrize(
    ("call", "what", "caches"),
    [
        ("sm.get_secret_value(SecretId='a')", "secret", False),
        ("sm.batch_get_secret_value(SecretIdList=['a'])", "secret", False),
        ("ssm.get_parameter(Name='a')", "parameter", False),
        ("ssm.get_parameter(Name='a', WithDecryption=True)", "secret", False),
        ("ssm.get_parameter(Name='a', WithDecryption=False)", "parameter", False),
        ("ssm.get_parameter(Name='/aws/reference/secretsmanager/a')", "secret", False),
        ("parameters.get_secret('a')", "secret", True),
        ("parameters.get_secret('a', max_age=300)", "secret", True),
        ("parameters.get_secret('a', max_age=0)", "secret", False),
        ("parameters.get_secret('a', force_fetch=True)", "secret", False),
        ("parameters.get_parameter('a')", "parameter", True),
        ("parameters.get_parameter('a', decrypt=True)", "secret", True),
        ("parameters.SecretsProvider().get('a')", "secret", True),
        ("parameters.SSMProvider().get_multiple('a')", "parameter", True),
        ("parameters.get_app_config(name='a', environment='b')", "configuration", True),
        ("cache.get_secret_string('a')", "secret", True),
        ("SecretCache().get_secret_string('a')", "secret", False),
        ("requests.get('http://localhost:2773/secretsmanager/get?secretId=a')", "secret", True),
        ("requests.get('http://127.0.0.1:2773/systemsmanager/parameters/get?name=a')", "parameter", True),
    ],
)
def test_what_is_read(call: str, what: str, caches: bool) -> None:
    (found,) = reads(f"{HEAD}\ndef handler(event, context):\n    return {call}\n")
    assert (found.what, found.caches) == (what, caches)


@pytest.mark.parametrize(
    "call",
    [
        "ssm.get_parameter(Name='/aws/service/ami-amazon-linux-latest/x')",
        "sm.describe_secret(SecretId='a')",
        "ssm.put_parameter(Name='a', Value='b')",
        "parameters.set_secret('a', 'b')",
        "requests.get('https://example.com:2773/secretsmanager/get')",
        "boto3.client('kms').decrypt(CiphertextBlob=b'')",
    ],
)
def test_what_reads_no_secret(call: str) -> None:
    assert reads(f"{HEAD}\ndef handler(event, context):\n    return {call}\n") == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("sm.get_secret_value(SecretId='a')", "sm.get_secret_value(SecretId='a')", True),
        ("sm.get_secret_value(SecretId='a')", "sm.get_secret_value(SecretId='b')", False),
        ("sm.get_secret_value(SecretId='a')", "sm.get_secret_value(SecretId=event['x'])", True),
        ("sm.get_secret_value(SecretId='a')", "ssm.get_parameter(Name='a')", False),
        ("ssm.get_parameter(Name='/a/b')", "ssm.get_parameter(Name=f\"/a/{event['x']}\")", True),
        ("ssm.get_parameter(Name='/a/b')", "ssm.get_parameter(Name=f\"/c/{event['x']}\")", False),
        ("sm.get_secret_value(SecretId='a')", "parameters.get_secret('a')", True),
    ],
)
def test_which_may_be_the_same(one: str, other: str, expected: bool) -> None:
    found = reads(f"{HEAD}\ndef handler(event, context):\n    return {one}, {other}\n")
    assert len(found) == 2
    assert found[0].may_read_the_same(found[1]) is expected


def test_more_of_the_users_own() -> None:
    code = "from ours import vault\n\ndef handler(event, context):\n    return vault.read('a')\n"
    assert reads(code) == []
    assert [read.what for read in reads(code, ("ours.vault.read",))] == ["secret"]


@pytest.mark.parametrize(
    ("table", "key", "known"),
    [("secret_reads.toml", "read", readers), ("snapshot_state.toml", "state", kinds)],
)
def test_tables(table: str, key: str, known: Any) -> None:
    rows = load(table)[key]
    names = [
        name
        for row in rows
        for kind in ("operations", "calls", "endpoints", "attributes")
        for name in row.get(kind, ())
    ]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert set(known()) == set(names)
    assert all(row["source"].startswith("https://") for row in rows)
