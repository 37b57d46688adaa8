from __future__ import annotations

import random
import string

import pytest

from lambdalint.python.secret_patterns import (
    is_password,
    may_hold_secret,
    password_in,
    patterns,
    secrets_in,
)

_LETTERS = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + string.digits
_HEX = "0123456789abcdef"
_RANDOM = random.Random(7)


def body(length: int, letters: str = _LETTERS) -> str:
    """What a vendor would draw; put together here, so that no scanner takes this file for a leak."""
    return "".join(_RANDOM.choices(letters, k=length))


def digits(length: int) -> str:
    return body(length, string.digits)


SAMPLES = {
    "AWS access key id": "AKIA" + body(16, string.ascii_uppercase + "234567"),
    "Amazon Bedrock API key": "ABSK" + body(128) + "==",
    "private key": "-----BEGIN RSA PRIVATE " + "KEY-----\n" + body(64) + "\n" + body(64) + "\n-----END",
    "GitHub token": "ghp_" + body(36),
    "GitHub fine-grained token": "github_pat_" + body(22) + "_" + body(59),
    "GitLab token": "glpat-" + body(20),
    "Slack token": f"xoxb-{digits(12)}-{digits(13)}-{body(24)}",
    "Slack webhook URL": f"https://hooks.slack.com/services/T{body(8, _UPPER)}/B{body(8, _UPPER)}/{body(24)}",
    "Discord webhook URL": f"https://discord.com/api/webhooks/{digits(18)}/{body(68)}",
    "Telegram bot token": f"{digits(10)}:AA{body(33)}",
    "Stripe live key": "sk_live_" + body(24),
    "SendGrid API key": f"SG.{body(22)}.{body(43)}",
    "Mailchimp API key": body(32, _HEX) + "-us12",
    "Google API key": "AIza" + body(35),
    "Google OAuth client secret": "GOCSPX-" + body(28),
    "Azure storage key": "AccountName=a;AccountKey=" + body(86) + "==;",
    "OpenAI API key": f"sk-proj-{body(58)}T3BlbkFJ{body(58)}",
    "Anthropic API key": f"sk-ant-api03-{body(93)}AA",
    "Hugging Face token": "hf_" + body(34, string.ascii_letters),
    "npm token": "npm_" + body(36),
    "PyPI token": "pypi-AgEIcHlwaS5vcmc" + body(120),
    "RubyGems API key": "rubygems_" + body(48, _HEX),
    "Docker Hub token": "dckr_pat_" + body(27),
    "Shopify token": "shpat_" + body(32, _HEX),
    "Square secret": "sq0csp-" + body(43),
    "DigitalOcean token": "dop_v1_" + body(64, _HEX),
    "Databricks token": "dapi" + body(32, _HEX),
    "Postman API key": f"PMAK-{body(24, _HEX)}-{body(34, _HEX)}",
    "Grafana service account token": f"glsa_{body(32)}_{body(8, _HEX)}",
    "HashiCorp Vault token": "hvs." + body(95),
    "New Relic user key": "NRAK-" + body(27, _UPPER),
    "Linear API key": "lin_api_" + body(40),
    "Pulumi token": "pul-" + body(40, _HEX),
    "Atlassian API token": "ATATT3" + body(186),
    "age secret key": "AGE-SECRET-KEY-1" + body(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
}


def test_every_kind_has_a_sample() -> None:
    assert SAMPLES.keys() == {each.what for each in patterns()}


@pytest.mark.parametrize("what", SAMPLES)
def test_kinds(what: str) -> None:
    text = f'"{SAMPLES[what]}"'
    assert may_hold_secret(text)
    assert [secret.what for secret in secrets_in(text)] == [what]


@pytest.mark.parametrize("what", [what for what in SAMPLES if what != "private key"])
def test_one_character_more_is_another_thing(what: str) -> None:
    sample = SAMPLES[what].rstrip(";=")
    assert not [each for each in secrets_in(f"x{sample}") if each.what == what and "URL" not in what] or (
        what == "Azure storage key"
    )


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "AKIAXXXXXXXXXXXXXXXX",
        "AKIA1234567890ABCDEF",  # 0, 1, 8 and 9 are no letters of it
        "ghp_" + "x" * 36,
        "ghp_1234567890abcdefghijABCDEFGHIJ123456",
        "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "arn:aws:iam::123456789012:role/AKIA",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + "A1b2C3d4" * 16,
        "9b74c9897bac770ffc029102a200c5de6c8f0f0a",  # a hash: no secret by its length
    ],
)
def test_what_is_none(text: str) -> None:
    assert not list(secrets_in(text))


def test_patterns_of_the_user() -> None:
    assert [each.what for each in secrets_in("acme-0123", {"Acme key": r"acme-\d+"})] == ["Acme key"]


@pytest.mark.parametrize("text", ["hunter2", "Tr0ub4dor&3", "P@ssw0rd!", "correct horse"])
def test_passwords(text: str) -> None:
    assert is_password(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "password",
        "<password>",
        "${DB_PASSWORD}",
        "{{ password }}",
        "{password}",
        "********",
        "xxxx",
        "your-password-here",
        "changeme",
        "CHANGE_ME",
        "test",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db",
        "/prod/db/password",
        "{{resolve:secretsmanager:db}}",
    ],
)
def test_placeholders(text: str) -> None:
    assert not is_password(text)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("postgresql://app:hunter2@db.internal:5432/shop", "hunter2"),
        ("mongodb+srv://app:Tr0ub4dor@cluster.mongodb.net/?w=majority", "Tr0ub4dor"),
        ("redis://:hunter2@cache.internal:6379/0", "hunter2"),
        ("host=db.internal user=app password=hunter2 dbname=shop", "hunter2"),
        ("DRIVER={ODBC Driver 18};SERVER=db;UID=app;PWD=hunter2;", "hunter2"),
        ("postgresql://app:hunter2@localhost/shop", None),
        ("postgresql://app:${\0}@db.internal/shop", None),
        ("postgresql://app:password@db.internal/shop", None),
        ("postgresql://db.internal/shop", None),
        ("sqlite:///tmp/shop.db", None),
    ],
)
def test_connection_strings(text: str, password: str | None) -> None:
    assert password_in(text) == password
