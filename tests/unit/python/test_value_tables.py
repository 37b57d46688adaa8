"""The tables of kinds: every row has its source, and AWS's answers are checked against botocore's models."""

from __future__ import annotations

import botocore.session
import pytest
from botocore import xform_name

from lambdalint.data.tables import load

ROWS = load("response_kinds.toml")["response"]
VALUES = load("value_kinds.toml")
KINDS = {"datetime": "timestamp", "stream": "blob"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['api']} {row['kind']}")
def test_parts_are_what_botocore_says(row: dict[str, str]) -> None:
    service, _, method = row["api"].partition(".")
    model = botocore.session.get_session().get_service_model(service)
    operation = next(name for name in model.operation_names if xform_name(name) == method)
    for part in row["parts"]:
        shape = model.operation_model(operation).output_shape
        for word in part.split("."):
            shape = shape.members[word.removesuffix("[]")]
            if word.endswith("[]"):
                assert shape.type_name == "list"
                shape = shape.member
        assert shape.type_name == KINDS[row["kind"]], part
    assert row["source"].startswith("https://docs.aws.amazon.com/")


@pytest.mark.parametrize("table", ["function", "method", "attribute"])
def test_every_row_has_a_source(table: str) -> None:
    seen: set[tuple[str, str]] = set()
    for row in VALUES[table]:
        assert row["source"].startswith("https://")
        assert ("of" in row) is (table != "function")
        names = {(row.get("of", ""), name) for name in row["names"]}
        assert not names & seen
        seen |= names


def test_no_response_comes_twice() -> None:
    keys = [(row["api"], row["kind"]) for row in ROWS]
    assert len(keys) == len(set(keys))
