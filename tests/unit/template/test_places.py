from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.template.template import Template
from lambdalint.template.values import Path
from tests.unit.template.templates import at, template

TEXT = """\
Plain: text # comment
Quoted: "a b"
Number: 30
Truth: true
Empty:
Tag: !Sub ${A}-b
Attribute: !GetAtt
  Fn.Arn
Long:
  Fn::GetAtt: [Fn, Arn]
Flow: {a: 1, b: [x, y]}
Block: |  # header
  first line

  second

# between
Folded: >-
  folded
  text
List:
  - one
  - !If [C, two, three]
  - key: 1 # of two
    other: 2
  # after the last
Anchor: &a !Ref X
Alias: *a
Merged:
  <<: &m {p: 1}
  q: 2
Sub: !Sub
  - text
  - {V: 1}
"""


def value(path: Path, text: str = TEXT) -> str:
    found = template(text)
    return at(found, found.span(path))


def key(path: Path) -> str:
    found = template(TEXT)
    return at(found, found.key_span(path))


def full(path: Path) -> str:
    found = template(TEXT)
    return at(found, found.full_span(path))


def test_scalars_whatever_their_type() -> None:
    assert value(("Plain",)) == "text"
    assert value(("Quoted",)) == '"a b"'
    assert value(("Number",)) == "30"
    assert value(("Truth",)) == "true"
    assert value(("List", 0)) == "one"
    assert value(("Flow", "b", 1)) == "y"


def test_a_value_left_empty_is_where_its_key_is() -> None:
    assert value(("Empty",)) == "Empty"
    assert full(("Empty",)) == "Empty:"


def test_short_form_tags_are_keys() -> None:
    assert value(("Tag",)) == "!Sub ${A}-b"
    assert value(("Tag", "Fn::Sub")) == "${A}-b"
    assert key(("Tag", "Fn::Sub")) == "!Sub"
    assert value(("List", 1, "Fn::If", 2)) == "three"
    assert value(("Sub", "Fn::Sub", 1, "V")) == "1"


def test_both_parts_of_a_short_attribute() -> None:
    assert value(("Attribute", "Fn::GetAtt")) == "Fn.Arn"
    assert value(("Attribute", "Fn::GetAtt", 0)) == "Fn"
    assert value(("Attribute", "Fn::GetAtt", 1)) == "Arn"
    assert value(("Long", "Fn::GetAtt", 1)) == "Arn"


def test_a_block_value_is_its_first_line_of_text() -> None:
    assert value(("Block",)) == "first line"
    assert value(("Folded",)) == "folded"
    assert value(("List",)) == "- one"
    assert value(("List", 2)) == "key: 1"


def test_the_full_span_leaves_out_what_follows() -> None:
    assert full(("Block",)) == "Block: |  # header\n  first line\n\n  second"
    assert full(("List",)).endswith("other: 2")
    assert full(("List", 2)) == "key: 1 # of two\n    other: 2"
    assert full(("Flow", "a")) == "a: 1"
    assert full(("Attribute",)) == "Attribute: !GetAtt\n  Fn.Arn"


def test_an_alias_is_where_its_anchor_is() -> None:
    assert value(("Anchor",)) == "!Ref X"
    assert value(("Alias",)) == "!Ref X"
    assert full(("Alias",)) == "Alias: *a"
    assert value(("Merged", "p")) == "1"


def test_what_is_not_there_is_at_its_nearest_ancestor() -> None:
    assert value(("Flow", "zz")) == "{a: 1, b: [x, y]}"
    assert key(("List", 2, "nope", 3)) == "key: 1"


def test_a_file_that_is_no_mapping_has_places_too() -> None:
    found = template("- a\n")
    assert found.span(("Resources",)).start == 0


def test_offsets_are_characters() -> None:
    for newline in ("\n", "\r\n"):
        text = newline.join(["A: 😀 x", "B: é # ü", "C: 'x\u2028y'", "D: end", ""])
        assert value(("A",), text) == "😀 x"
        assert value(("D",), text) == "end"
    assert value(("B",), "\ufeffA: a\nB: b\n") == "b"


def test_json_with_tabs() -> None:
    text = '{\n\t"Resources": {\n\t\t"A": {"N": 30, "S": "a\\nb"}\n\t}\n}'
    assert value(("Resources", "A", "N"), text) == "30"
    assert value(("Resources", "A", "S"), text) == '"a\\nb"'
    found = template(text)
    assert at(found, found.key_span(("Resources", "A"))) == '"A"'
    assert at(found, found.full_span(("Resources", "A", "N"))) == '"N": 30'


_SCALARS = (
    st.integers()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
    | st.text(st.sampled_from("ab:#-'\" \n"), max_size=12)
)
_KEYS = st.text(st.sampled_from("abcDE_9"), min_size=1, max_size=6).map(lambda name: f"k{name}")
_DATA = st.dictionaries(
    _KEYS,
    st.recursive(
        _SCALARS,
        lambda below: (
            st.lists(below, min_size=1, max_size=3) | st.dictionaries(_KEYS, below, min_size=1, max_size=3)
        ),
        max_leaves=10,
    ),
    min_size=1,
    max_size=4,
)


def _leaves(node: object, path: Path = ()) -> list[tuple[Path, object]]:
    if isinstance(node, dict):
        return [leaf for name, below in node.items() for leaf in _leaves(below, (*path, name))]
    if isinstance(node, list):
        return [leaf for index, below in enumerate(node) for leaf in _leaves(below, (*path, index))]
    return [(path, node)]


def _written(found: Template, path: Path) -> str:
    """A scalar with the indentation that continues it, so that it can be read alone."""
    span = found.places.whole(path)
    start = found.source.line_starts[found.source.position(span.start).line - 1]
    return " " * (span.start - start) + at(found, span)


@settings(max_examples=300, deadline=None)
@given(_DATA, st.sampled_from([None, False, True]), st.sampled_from(["\n", "\r\n"]))
def test_the_span_of_a_scalar_reads_as_the_scalar(
    data: dict[str, object], flow: bool | None, newline: str
) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, default_flow_style=flow).replace("\n", newline)
    found = template(text)
    for path, expected in _leaves(found.data):
        if expected == "" and at(found, found.places.whole(path)) == "":
            continue
        assert yaml.safe_load(_written(found, path) + newline) == expected
        name = path[-1]
        if isinstance(name, str):
            assert at(found, found.key_span(path)) == name
            assert found.full_span(path).start == found.key_span(path).start
