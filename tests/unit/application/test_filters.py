"""What filters make of tests on the event."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from lambdalint.application.filters import filters
from lambdalint.python.conditions import condition
from lambdalint.python.guards import guards
from tests.unit.application.projects import application_of, function

SQS = "Type: SQS\nProperties: {Queue: q}"
BUS = "Type: EventBridgeRule\nProperties: {Pattern: {source: [a]}}"
TOPIC = "Type: SNS\nProperties: {Topic: t}"
TABLE = "Type: DynamoDB\nProperties: {Stream: arn, StartingPosition: LATEST}"
BODY = "order = json.loads(record['body'])"


def advice(root: Path, event: str, code: str) -> str | None:
    """What the first guard of a handler comes to, for its only trigger."""
    source = (
        "import json\nimport boto3\ntable = boto3.resource('dynamodb').Table('t')\nKINDS = ['a', 'b']\n\n\n"
    )
    body = indent(dedent(code), "    ")
    properties = "Runtime: python3.13\nHandler: app.handler\nEvents:\n  E:\n" + indent(event, "    ")
    application = application_of(
        root,
        {"template.yaml": function(properties), "app.py": f"{source}def handler(event, context):\n{body}\n"},
    )
    (handler,) = application.handlers
    (guard,) = guards(handler)
    kept = condition(handler.evaluator, guard.module, guard.node.test, holds=guard.keeps)
    (trigger,) = handler.triggers
    found = filters(trigger, kept)
    return found.advice if found is not None else None


@pytest.mark.parametrize(
    ("test", "pattern"),
    [
        ("order['kind'] == 'a'", '{"kind": ["a"]}'),
        ("'a' == order.get('kind')", '{"kind": ["a"]}'),
        ("order['kind'] in KINDS", '{"kind": ["a", "b"]}'),
        ("order['kind'] in {'a'} or order['kind'] == 'c'", '{"kind": ["a", "c"]}'),
        ("order['kind'] != 'a'", '{"kind": [{"anything-but": ["a"]}]}'),
        ("not order['kind'] in KINDS", '{"kind": [{"anything-but": ["a", "b"]}]}'),
        ("order['kind'] != 'a' and order['kind'] != 'b'", '{"kind": [{"anything-but": ["a", "b"]}]}'),
        ("order['kind'].startswith('a.')", '{"kind": [{"prefix": "a."}]}'),
        ("order['kind'].upper() == 'A'", '{"kind": [{"equals-ignore-case": "A"}]}'),
        ("order['n'] > 3", '{"n": [{"numeric": [">", 3]}]}'),
        ("3 < order['n'] <= 9", '{"n": [{"numeric": [">", 3, "<=", 9]}]}'),
        ("order['n'] > 3 and order['x'] == unknown()", '{"n": [{"numeric": [">", 3]}]}'),
        ("order['a']['b'] is True", '{"a": {"b": [true]}}'),
        ("order['a'] == None", '{"a": [null]}'),
        ("order['text'] == \"it's\"", '{"text": ["it\'\'s"]}'),
        # Not to be said, or not by a mapping.
        ("order.get('kind') != 'a'", None),
        ("order['kind'] == 'a' or order['other'] == 'b'", None),
        ("order['kind'] == 'a' or unknown()", None),
        ("not order['kind'].startswith('a.')", None),
        ("order['kind']", None),
        ("len(order['kind']) > 3", None),
        ("order['kind'] == order['other']", None),
    ],
)
def test_a_mapping_filters_by_the_body(tmp_path: Path, test: str, pattern: str | None) -> None:
    code = f"for record in event['Records']:\n    {BODY}\n    if {test}:\n        table.put_item(Item=order)"
    found = advice(tmp_path, SQS, code)
    expected = f"FilterCriteria: {{Filters: [{{Pattern: '{{\"body\": {pattern}}}'}}]}}" if pattern else None
    assert found == expected


@pytest.mark.parametrize(
    ("event", "code", "expected"),
    [
        (
            TABLE,
            "for record in event['Records']:\n    if record['eventName'] == 'REMOVE':\n        continue\n"
            "    table.put_item(Item=record)",
            'FilterCriteria: {Filters: [{Pattern: \'{"eventName": [{"anything-but": ["REMOVE"]}]}\'}]}',
        ),
        (
            TABLE,
            "for record in event['Records']:\n    if record['eventSource'] == 'x':\n        continue\n"
            "    table.put_item(Item=record)",
            None,
        ),
        (
            BUS,
            "if not event['detail']['key'].startswith('in/'):\n    return\ntable.put_item(Item=event)",
            'add {"detail": {"key": [{"prefix": "in/"}]}} to the Pattern',
        ),
        (
            BUS,
            "if event['detail']['key'].endswith('.tmp'):\n    return\ntable.put_item(Item=event)",
            'add {"detail": {"key": [{"anything-but": {"suffix": ".tmp"}}]}} to the Pattern',
        ),
        (BUS, "if event['source'] != 'b':\n    return\ntable.put_item(Item=event)", None),
        (
            TOPIC,
            "m = json.loads(event['Records'][0]['Sns']['Message'])\nif m['a'] != 1:\n    return\n"
            "table.put_item(Item=m)",
            'FilterPolicy: {"a": [1]} with FilterPolicyScope: MessageBody',
        ),
        (
            "Type: SQS\nProperties: {Queue: q, FilterCriteria: {Filters: []}}",
            f"for record in event['Records']:\n    {BODY}\n    if order['a'] == 1:\n"
            "        table.put_item(Item=order)",
            None,
        ),
    ],
)
def test_other_sources(tmp_path: Path, event: str, code: str, expected: str | None) -> None:
    assert advice(tmp_path, event, code) == expected
