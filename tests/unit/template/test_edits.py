from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.finding import Edit
from lambdalint.source import Span
from lambdalint.template.edits import (
    append_item,
    free_name,
    insert_property,
    insert_resource,
    replace_value,
    together,
)
from lambdalint.template.template import Template
from lambdalint.template.values import Path
from tests.unit.template.templates import edited, plain, template

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}}
STATEMENT = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": {"Fn::Sub": "${Bucket.Arn}/*"}}

TEXT = """\
Resources:
    Fn:  # the function
        Type: AWS::Lambda::Function
        Properties:
            Timeout: 30  # seconds
            Code:
                ZipFile: |
                    x = 1

            # after the code

    # about the bucket
    Bucket:
        Type: AWS::S3::Bucket
        Properties:
            Tags:
            - Key: a
              Value: b
            # no more
"""


def test_a_property_goes_behind_the_last() -> None:
    found = template(TEXT)
    assert edited(
        found, insert_property(found, ("Resources", "Fn", "Properties"), "MemorySize", 256)
    ) == TEXT.replace("x = 1\n", "x = 1\n            MemorySize: 256\n")


def test_mappings_on_the_way_are_made() -> None:
    found = template(TEXT)
    path = ("Resources", "Bucket", "Properties", "A", "B")
    assert edited(found, insert_property(found, path, "C", {"Ref": "X"})) == TEXT.replace(
        "Value: b\n",
        "Value: b\n            A:\n                B:\n                    C: !Ref X\n",
    )


def test_a_key_without_value_is_filled() -> None:
    found = template("Resources:\n  A:\n    Type: X\n    Properties:  # none\n  B: {}\n")
    new = edited(found, insert_property(found, ("Resources", "A", "Properties"), "K", [1]))
    assert new == "Resources:\n  A:\n    Type: X\n    Properties:  # none\n      K:\n        - 1\n  B: {}\n"


def test_an_item_has_the_dash_of_the_others() -> None:
    found = template(TEXT)
    path = ("Resources", "Bucket", "Properties", "Tags")
    assert edited(found, append_item(found, path, {"Key": "c", "Value": "d: e"})) == TEXT.replace(
        "Value: b\n", 'Value: b\n            - Key: c\n              Value: "d: e"\n'
    )


def test_a_resource_goes_behind_another_with_a_blank_line() -> None:
    found = template(TEXT)
    new = edited(found, insert_resource(found, "Fn", "Queue", QUEUE))
    assert new == TEXT.replace(
        "x = 1\n",
        "x = 1\n\n    Queue:\n        Type: AWS::SQS::Queue\n        Properties:\n"
        "            MessageRetentionPeriod: 1209600\n",
    )


def test_values_are_replaced_in_their_place() -> None:
    found = template(TEXT)
    timeout: Path = ("Resources", "Fn", "Properties", "Timeout")
    assert edited(found, replace_value(found, timeout, {"Ref": "T"})) == TEXT.replace("30", "!Ref T")
    assert edited(found, replace_value(found, timeout, {"a": [1]})) == TEXT.replace(
        "Timeout: 30", "Timeout:\n                a:\n                - 1"
    )
    tags: Path = ("Resources", "Bucket", "Properties", "Tags")
    assert edited(found, replace_value(found, (*tags, 0), STATEMENT)) == TEXT.replace(
        "- Key: a\n              Value: b",
        "- Effect: Allow\n              Action:\n              - s3:GetObject\n"
        '              Resource: !Sub "${Bucket.Arn}/*"',
    )
    assert edited(found, replace_value(found, tags, "x")) == TEXT.replace(
        "Tags:\n            - Key: a\n              Value: b", "Tags: x"
    )


def test_flow_style_stays_flow_style() -> None:
    text = "Resources:\n  A: {Type: X, Properties: {L: [1, 2,], M: {}}}  # all\n"
    found = template(text)
    path: Path = ("Resources", "A", "Properties")
    statement = '{Effect: Allow, Action: [s3:GetObject], Resource: !Sub "${Bucket.Arn}/*"}'
    assert edited(found, insert_property(found, path, "N", STATEMENT)) == text.replace(
        "M: {}", f"M: {{}}, N: {statement}"
    )
    assert edited(found, append_item(found, (*path, "L"), 3)) == text.replace("2,]", "2, 3]")
    assert edited(found, insert_property(found, (*path, "M"), "K", "v")) == text.replace("M: {}", "M: {K: v}")
    assert edited(found, replace_value(found, (*path, "L", 0), {"a": None})) == text.replace(
        "[1,", "[{a: null},"
    )


@pytest.mark.parametrize("step", ["  ", "    ", "\t"])
def test_json_has_its_own_indentation(step: str) -> None:
    data = {"Resources": {"A": {"Type": "X", "Properties": {"L": [1]}}, "B": {"Type": "Y"}}}
    text = json.dumps(data, indent=step)
    found = template(text)

    def after(change: Any) -> str:
        expected = copy.deepcopy(data)
        change(expected["Resources"])
        return json.dumps(expected, indent=step)

    new = edited(found, insert_property(found, ("Resources", "A", "Properties"), "Q", QUEUE))
    assert new == after(lambda resources: resources["A"]["Properties"].update(Q=QUEUE))
    new = edited(found, append_item(found, ("Resources", "A", "Properties", "L"), STATEMENT))
    assert new == after(lambda resources: resources["A"]["Properties"]["L"].append(STATEMENT))
    new = edited(found, insert_resource(found, "B", "Q", QUEUE))
    assert new == after(lambda resources: resources.update(Q=QUEUE))
    new = edited(found, replace_value(found, ("Resources", "A", "Properties", "L"), STATEMENT))
    assert new == after(lambda resources: resources["A"]["Properties"].update(L=STATEMENT))


def test_json_on_one_line_stays_on_one_line() -> None:
    text = '{"Resources": {"A": {"Type": "X", "Properties": {}}}}'
    found = template(text)
    assert (
        edited(found, insert_resource(found, "A", "Q", {"Type": "Y"})) == text[:-2] + ', "Q": {"Type": "Y"}}}'
    )


def test_intrinsic_functions_are_written_as_the_file_writes_them() -> None:
    long_form = "Resources:\n  A:\n    Type: X\n    Properties:\n      B:\n        Ref: C\n"
    found = template(long_form)
    path: Path = ("Resources", "A", "Properties")
    assert edited(found, insert_property(found, path, "D", {"Fn::GetAtt": ["E", "Arn"]})) == (
        long_form + "      D:\n        Fn::GetAtt:\n          - E\n          - Arn\n"
    )
    compact = '{\n  "Resources": {\n    "A": {\n      "Properties": {"B": {"Ref": "C"}}\n    }\n  }\n}'
    found = template(compact)
    new = edited(found, insert_property(found, ("Resources", "A"), "D", {"E": {"Fn::GetAtt": ["F", "Arn"]}}))
    assert '"D": {\n        "E": {"Fn::GetAtt": ["F", "Arn"]}\n      }' in new


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Resources:\n  A: &a {x: 1}\n  B: *a\n", ("Resources", "B", "x")),
        ("Resources:\n  A: &a {x: {y: 1}}\n  B:\n    <<: *a\n    z: 1\n", ("Resources", "B", "x", "y")),
        ("Resources:\n  A: !GetAtt B.Arn\n", ("Resources", "A", "Fn::GetAtt", 0)),
        ("Resources:\n  A: !GetAtt B.Arn\n", ("Resources", "A", "Fn::GetAtt")),
        ("Resources:\n  A:\n    - a  # why\n    - b\n", ("Resources", "A")),
        ("Resources: {}\n", ("Resources", "Nope")),
        ("Resources: {}\n", ()),
    ],
)
def test_what_something_else_would_feel_is_left_alone(text: str, path: Path) -> None:
    assert replace_value(template(text), path, "new") is None


def test_comments_go_only_where_that_is_said() -> None:
    text = "Resources:\n  A:\n    - a  # why\n    - 'b # c'\n"
    found = template(text)
    assert (
        edited(found, replace_value(found, ("Resources", "A"), "x", drop_comments=True))
        == "Resources:\n  A: x\n"
    )
    assert edited(found, replace_value(found, ("Resources", "A", 1), "x")) == text.replace("'b # c'", "x")


@pytest.mark.parametrize(
    ("parent", "key"),
    [
        (("Resources", "A"), "Type"),
        (("Resources", "B"), "x"),
        (("Resources", "C", "Fn::If"), "x"),
        (("Resources", "D"), "x"),
        (("Resources", "E"), "x"),
        (("Resources", "F"), "x"),
    ],
)
def test_where_nothing_can_be_added(parent: Path, key: str) -> None:
    found = template(
        "Resources:\n  A: {Type: X}\n  B: text\n  C: !If [a, b, c]\n  D: &d {y: 1}\n  E: *d\n"
        "  F:\n    G: |+\n      text\n\n"
    )
    if parent == ("Resources", "D"):
        parent, key = ("Resources", "D", "y"), "x"
    assert insert_property(found, parent, key, 1) is None


@pytest.mark.parametrize("text", ["|+\n      x\n\n", "|\n      x"])
def test_a_block_that_would_grow_is_left_alone(text: str) -> None:
    found = template(f"Resources:\n  A:\n    Type: {text}")
    assert insert_property(found, ("Resources", "A"), "B", 1) is None
    assert insert_resource(found, "A", "B", QUEUE) is None


def test_only_lists_get_items_and_only_new_names_resources() -> None:
    found = template(TEXT)
    assert append_item(found, ("Resources", "Fn", "Properties"), 1) is None
    assert append_item(found, ("Resources", "Nope"), 1) is None
    assert insert_resource(found, "Nope", "Queue", QUEUE) is None
    assert insert_resource(found, "Fn", "Bucket", QUEUE) is None


def test_a_name_that_nothing_has() -> None:
    found = template(
        "Transform: AWS::Serverless-2016-10-31\nParameters: {Queue: {Type: String}}\n"
        "Resources:\n  Queue2: {Type: AWS::SQS::Queue}\n  Fn: {Type: AWS::Serverless::Function}\n"
    )
    assert free_name(found, "Queue") == "Queue3"
    assert free_name(found, "Other") == "Other"
    assert free_name(found, "FnRole") == "FnRole2"


def test_insertions_at_one_place_become_one_edit() -> None:
    source = template(TEXT).source
    first, second = Edit(source, Span(5, 5), "a"), Edit(source, Span(5, 5), "b")
    other = Edit(source, Span(7, 9), "c")
    assert together([first, other, second]) == (Edit(source, Span(5, 5), "ab"), other)
    assert together([first, None]) is None


_ODD = """yes null ~ 1 1.5 0x1 2012-10-17 # ' " * &a !x { [a] a,b % @ ` | > a: :a s3:Get* arn:x:::b/* ${A}"""
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=10) | st.sampled_from(
    [*_ODD.split(), "", "- a", "a: b", "a #b", "a\nb", " a "]
)
_KEY = st.text(st.sampled_from("abcDE"), min_size=1, max_size=4) | st.sampled_from(
    ["Fn::X", "200", "on", "a b"]
)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_KEY, below, max_size=3),
    max_leaves=8,
)
_RESOURCES = st.dictionaries(
    st.text(st.sampled_from("ABC"), min_size=1, max_size=3),
    st.fixed_dictionaries({"Type": st.just("X"), "P": st.dictionaries(_KEY, _VALUE, max_size=3)}),
    min_size=1,
    max_size=3,
)


def _places(node: object, path: Path = ()) -> list[Path]:
    found = [path]
    if isinstance(node, dict):
        for key, below in node.items():
            found.extend(_places(below, (*path, key)))
    elif isinstance(node, list):
        for index, below in enumerate(node):
            found.extend(_places(below, (*path, index)))
    return found


def _written(data: dict[str, Any], style: str) -> str:
    if style == "json":
        return json.dumps(data, indent="\t", ensure_ascii=False)
    text = yaml.safe_dump(
        data, allow_unicode=True, default_flow_style=style == "flow", sort_keys=False, width=1000
    )
    return text.replace("\n", "\r\n") if style == "crlf" else text


def _reread(found: Template, edit: Edit | None) -> Any:
    assert edit is not None
    new = template(edited(found, edit))
    assert new.json == found.json
    return plain(new.data)


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


@settings(max_examples=300, deadline=None)
@given(_RESOURCES, _VALUE, st.sampled_from(["block", "flow", "crlf", "json"]), st.data())
def test_edits_change_what_they_say_and_nothing_else(
    resources: dict[str, Any], value: Any, style: str, draw: st.DataObject
) -> None:
    text = _written({"Resources": resources}, style)
    found = template(text)
    data = plain(found.data)
    if found.problems or data != {"Resources": resources}:
        return  # strings that YAML 1.1 dumpers and loaders do not agree on
    places = _places(data)
    path = draw.draw(st.sampled_from([place for place in places if len(place) > 1]))
    expected = copy.deepcopy(data)
    _at(expected, path[:-1])[path[-1]] = value
    assert _reread(found, replace_value(found, path, value)) == expected

    mappings = [place for place in places if isinstance(_at(data, place), dict) and len(place) > 1]
    path = draw.draw(st.sampled_from(mappings))
    expected = copy.deepcopy(data)
    _at(expected, path)["New"] = value
    if len(_at(data, path)) != 1 or not str(next(iter(_at(data, path)))).startswith("Fn::"):
        assert _reread(found, insert_property(found, path, "New", value)) == expected

    lists = [place for place in places if isinstance(_at(data, place), list)]
    if lists:
        path = draw.draw(st.sampled_from(lists))
        expected = copy.deepcopy(data)
        _at(expected, path).append(value)
        assert _reread(found, append_item(found, path, value)) == expected

    after = draw.draw(st.sampled_from(sorted(resources)))
    expected = copy.deepcopy(data)
    expected["Resources"]["New"] = QUEUE
    assert _reread(found, insert_resource(found, after, "New", QUEUE)) == expected
