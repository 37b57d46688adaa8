"""The fixes of the rules about queues and streams, on templates as people write them: what is added is all
that changes, and a second run finds nothing to add."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.finding import Edit
from lambdalint.template.edits import insert_property, replace_value
from lambdalint.template.failure_queue import add_dead_letter_queue, add_failure_queue, add_mapping_queue
from lambdalint.template.polls import KEEPS_FAILURES
from lambdalint.template.template import Template
from lambdalint.template.visibility import short_timeouts
from tests.unit.template.templates import edited, plain, template

ARN = {"Fn::GetAtt": ["Queue", "Arn"]}
STREAM = {"Fn::ImportValue": "stream"}
STYLES = ("block", "long form", "flow", "crlf", "comments", "json", "json tabs", "json line")


class _Short(yaml.SafeDumper):
    """Writes intrinsics with their tags."""

    def represent_dict(self, data: dict[str, Any]) -> yaml.Node:  # type: ignore[override]
        for name, tag in (("Ref", "!Ref"), ("Fn::GetAtt", "!GetAtt"), ("Fn::ImportValue", "!ImportValue")):
            if list(data) == [name]:
                value = data[name]
                return self.represent_scalar(tag, ".".join(value) if isinstance(value, list) else value)
        return super().represent_dict(data)

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Long(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Short.add_representer(dict, _Short.represent_dict)


def written(data: dict[str, Any], style: str) -> str:
    """The text of a template."""
    if style.startswith("json"):
        return json.dumps(data, indent={"json": "  ", "json tabs": "\t"}.get(style))
    dumper = _Long if style == "long form" else _Short
    flow = None if style == "flow" else False
    text = yaml.dump(data, Dumper=dumper, sort_keys=False, default_flow_style=flow, width=1000)
    if style == "crlf":
        return text.replace("\n", "\r\n")
    if style == "comments":
        lines = text.splitlines()
        return "".join(f"{line}  # note {number}\n" for number, line in enumerate(lines))
    return text


QUEUES = st.fixed_dictionaries(
    {},
    optional={
        "VisibilityTimeout": st.sampled_from([20, 60, "30"]),
        "FifoQueue": st.just(True),
        "KmsMasterKeyId": st.just("alias/aws/sqs"),
        "Tags": st.just([{"Key": "a", "Value": "b"}]),
    },
)
FUNCTIONS = st.fixed_dictionaries(
    {"Timeout": st.sampled_from([20, 60])},
    optional={
        "MemorySize": st.just(256),
        "Environment": st.just({"Variables": {"A": "b"}}),
        "Policies": st.just(["AmazonS3ReadOnlyAccess"]),
    },
)


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """A queue and a stream that are polled for a function, as SAM or as CloudFormation has it."""
    queue: dict[str, Any] = {"Type": "AWS::SQS::Queue"}
    if draw(st.booleans()):
        queue["Condition"] = "C"
    properties = draw(QUEUES)
    empty = draw(st.booleans())
    if properties or empty:
        queue["Properties"] = properties or {"DelaySeconds": 1}
    sam = draw(st.booleans())
    streams: dict[str, Any] = {"StartingPosition": "LATEST"}
    if draw(st.booleans()):
        streams["DestinationConfig"] = {}
    resources: dict[str, Any] = {}
    if sam:
        body = draw(FUNCTIONS)
        body["Events"] = {
            "Messages": {"Type": "SQS", "Properties": {"Queue": ARN}},
            "Records": {"Type": "Kinesis", "Properties": {"Stream": STREAM, **streams}},
        }
        resources["Fn"] = {"Type": "AWS::Serverless::Function", "Properties": body}
        resources["Queue"] = queue
    else:
        body = draw(FUNCTIONS)
        body.pop("Policies", None)
        body["Role"] = {"Fn::GetAtt": ["Role", "Arn"]}
        role: dict[str, Any] = {"AssumeRolePolicyDocument": {"Version": "2012-10-17"}}
        if draw(st.booleans()):
            role["Policies"] = [{"PolicyName": "a", "PolicyDocument": {"Statement": []}}]
        mapping = {"FunctionName": {"Ref": "Fn"}}
        resources["Queue"] = queue
        resources["Fn"] = {"Type": "AWS::Lambda::Function", "Properties": body}
        resources["Role"] = {"Type": "AWS::IAM::Role", "Properties": role}
        resources["Messages"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {**mapping, "EventSourceArn": ARN},
        }
        resources["Records"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {**mapping, "EventSourceArn": STREAM, **streams},
        }
    head = {"Transform": "AWS::Serverless-2016-10-31"} if sam else {}
    return {
        **head,
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "a"]}},
        "Resources": resources,
    }


def fixes(found: Template) -> list[tuple[Edit, ...]]:
    """What each rule would do: nothing for what is as it should be."""
    done: list[tuple[Edit, ...] | None] = []
    for short in short_timeouts(found):
        assert short.queue is not None
        properties = (*short.queue.path, "Properties")
        edit = (
            insert_property(found, properties, "VisibilityTimeout", short.needed)
            if short.written is None
            else replace_value(found, short.path, short.needed)
        )
        done.append((edit,) if edit is not None else None)
    done += [
        add_dead_letter_queue(queue)
        for queue in found.queues.all
        if not found.queues.redrives(queue) and not found.queues.takes_failures(queue)
    ]
    done += [
        add_mapping_queue(poll)
        for poll in found.polls
        if (poll.source in KEEPS_FAILURES or poll.trigger.name.endswith("Records"))
        and not poll.settings("DestinationConfig", "OnFailure")
    ]
    done += [
        add_failure_queue(function)
        for function in found.functions
        if function.failure_destination.state == "absent"
    ]
    return [each for each in done if each is not None]


def holds(new: Any, old: Any, path: tuple[str | int, ...] = ()) -> None:
    """Whatever was there still is, but for a visibility timeout."""
    if path[-1:] == ("VisibilityTimeout",):
        return
    if isinstance(old, dict):
        assert isinstance(new, dict), path
        for key, value in old.items():
            holds(new[key], value, (*path, key))
    elif isinstance(old, list):
        assert isinstance(new, list), path
        for index, value in enumerate(old):
            holds(new[index], value, (*path, index))
    else:
        assert new == old, path


@settings(max_examples=120, deadline=None)
@given(templates(), st.sampled_from(STYLES))
def test_fixes_add_and_change_nothing_else(data: dict[str, Any], style: str) -> None:
    text = written(data, style)
    found = template(text)
    assert found.problems == ()
    assert plain(found.data) == data
    first = True
    for _ in range(8):
        todo = fixes(found)
        if not todo:
            break
        assert not first or len(todo) >= 2
        first = False
        new = edited(found, todo[0])
        again = template(new)
        assert again.problems == (), new
        holds(plain(again.data), plain(found.data))
        assert set(again.resources) >= set(found.resources)
        _is_written_alike(text, new, style)
        found = again
    assert fixes(found) == []
    assert [queue for queue in found.queues.all if found.queues.redrives(queue)]
    assert list(short_timeouts(found)) == []


def _is_written_alike(old: str, new: str, style: str) -> None:
    """Newlines, comments and the way intrinsics are written stay those of the file."""
    if style == "crlf":
        assert re.search(r"(?<!\r)\n", new) is None
    if style == "comments":
        assert re.findall(r"# note \d+", new) == re.findall(r"# note \d+", old)
    if style == "long form":
        assert "!GetAtt" not in new
    if style in ("block", "flow", "comments"):
        assert "Fn::GetAtt" not in new
    if style == "json line":
        assert "\n" not in new
    if style == "json tabs":
        assert "\n  " not in new


@pytest.mark.parametrize("style", STYLES)
def test_every_style_gets_its_fixes(style: str) -> None:
    data = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Fn": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Timeout": 20,
                    "Events": {"M": {"Type": "SQS", "Properties": {"Queue": ARN}}},
                },
            },
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}},
        },
    }
    found = template(written(data, style))
    short, dead_letters = fixes(found)[:2]
    assert 'VisibilityTimeout": 120' in (text := edited(found, short)) or "VisibilityTimeout: 120" in text
    assert "maxReceiveCount" in edited(found, dead_letters)
