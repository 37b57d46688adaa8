"""The table of calls over the network, and what is made of it."""

from __future__ import annotations

import math

from lambdalint.data.tables import load
from lambdalint.python.timeouts import timed

ROWS = load("network_timeouts.toml")["call"]


def test_every_row_says_where_it_is_documented_and_what_to_write() -> None:
    for row in ROWS:
        assert row["source"].startswith("https://")
        assert row["advice"]
        assert row["default"] == "none" or row["default"] > 0
        assert bool(row.get("on")) == bool(row.get("methods"))


def test_no_call_has_two_rows() -> None:
    names = [
        *(name for row in ROWS for name in row.get("calls", ())),
        *(f"{on}().{name}" for row in ROWS for on in row.get("on", ()) for name in row["methods"]),
    ]
    assert len(names) == len(set(names)) == len(timed())


def test_what_waits_for_ever_is_told_from_what_has_a_default() -> None:
    assert math.isinf(timed()["requests.get"].default)
    assert math.isinf(timed()["requests.Session().get"].default)
    assert timed()["httpx.get"].default == 5
