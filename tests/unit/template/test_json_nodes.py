from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.template.json_nodes import JsonError, compose_json

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_TEXT, below, max_size=3),
    max_leaves=12,
)


def construct(node: yaml.Node) -> object:
    loader = yaml.SafeLoader("")
    return loader.construct_document(node)


@settings(max_examples=200, deadline=None)
@given(_JSON, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_any_json_is_read_as_json_reads_it(data: object, indent: int | str | None, ascii: bool) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii)
    assert construct(compose_json(text)) == data


def test_nodes_know_where_they_stand() -> None:
    text = '{\n\t"a": [1, "b"]\n}'
    root = compose_json(text)
    ((key, items),) = root.value
    assert (key.start_mark.line, key.start_mark.column, key.start_mark.index) == (1, 1, 3)
    assert [text[item.start_mark.index : item.end_mark.index] for item in items.value] == ["1", '"b"']
    assert text[items.start_mark.index : items.end_mark.index] == '[1, "b"]'


@pytest.mark.parametrize(
    ("text", "reason", "place"),
    [
        ('{"a": 1,}', "a key in double quotes", "}"),
        ('{"a" 1}', "a colon is expected here", "1"),
        ('{"a": }', "a value is expected here", "}"),
        ('{"a": 01}', "a value is expected here", "0"),
        ('{"a": [1 2]}', "a comma or a closing bracket", "2"),
        ('{"a": "b', "has no end", '"'),
        ('{"a": "\\q"}', "invalid", "\\"),
        ('{"a": 1} x', "there is more text", "x"),
        ('{"a": 1', "a comma or a closing brace", ""),
        ('{"a": ', "the text ends", ""),
        ("[" * 100_000, "nested too deeply", "["),
    ],
)
def test_what_is_no_json_is_said_where_it_stops(text: str, reason: str, place: str) -> None:
    with pytest.raises(JsonError) as caught:
        compose_json(text)
    assert reason in caught.value.reason
    assert text[caught.value.offset : caught.value.offset + 1] == place
