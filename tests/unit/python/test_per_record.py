"""Lists with one entry for each record of the event."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.per_record import per_record

from .analysis import analyse

FLUSHED = """\
out = []
for r in records:
    out.append(r)
    if len(out) == 10:
        bus.send(out)
        out = []
bus.send(out)"""
HEAD = "import boto3\nbus = boto3.client('events')\n"


def proven(body: str, before: str = "") -> bool:
    """Whether the argument of the last call of `bus.send` has an entry for each record."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    found = analyse(f"{HEAD}{before}\ndef handler(event, context):\n    records = event['Records']\n{lines}")
    call = [
        call
        for call in found.module.nodes(cst.Call)
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "send"
    ][-1]
    return per_record(found.evaluator, found.reach, found.module, call.args[0].value) is not None


@pytest.mark.parametrize(
    ("body", "before"),
    [
        ("bus.send([r['body'] for r in records])", ""),
        ("bus.send([r for r in event['Records'] if r['x']])", ""),
        ("bus.send(records)", ""),
        ("out = []\nfor r in records:\n    out.append(r)\nbus.send(out)", ""),
        (
            "out = list()\nfor i, r in enumerate(records):\n    if r:\n        out.append(r)\n"
            "if out:\n    bus.send(out)",
            "",
        ),
        ("bodies = [r['body'] for r in records]\nbus.send([{'d': b} for b in bodies])", ""),
        ("bus.send(list(map(str, records)))", ""),
        ("bus.send(made(records))", "def made(rs):\n    return [r for r in rs]\n"),
        ("forward([r for r in records])", "def forward(entries):\n    bus.send(entries)\n"),
    ],
)
def test_an_entry_for_each(body: str, before: str) -> None:
    assert proven(body, before)


@pytest.mark.parametrize(
    ("body", "before"),
    [
        ("bus.send(records[:10])", ""),
        ("bus.send([r for r in records[:10]])", ""),
        ("some = records[:10]\nbus.send([r for r in some])", ""),
        ("out = [r for r in records]\nbus.send(out[:10])", ""),
        ("out = [r for r in records]\nif len(out) > 10:\n    raise ValueError\nbus.send(out)", ""),
        (FLUSHED, ""),
        ("out = []\nfor r in records:\n    out.append(r)\n    bus.send(out)", ""),
        ("out = []\nfor r in records:\n    out.append(r)\n    break\nbus.send(out)", ""),
        ("out = []\nfor r in records:\n    for x in r:\n        out.append(x)\nbus.send(out)", ""),
        ("out = [r for r in records]\nout.clear()\nbus.send(out)", ""),
        ("bus.send([x for r in records for x in r])", ""),
        ("bus.send([r for r in event['items']])", ""),
        ("for part in pieces(records):\n    bus.send(part)", "def pieces(rs):\n    yield rs[:10]\n"),
    ],
)
def test_others(body: str, before: str) -> None:
    assert not proven(body, before)
