"""Lambda's managed runtimes: until when they are kept, and what they can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from lambdalint.data.tables import load

Feature = Literal["snapstart", "arm64"]
Version = tuple[int, ...]

_NAME = re.compile(r"(?P<family>[a-z]+?)(?P<version>\d+(?:\.\d+)*)?(?P<rest>\.x|\.al\d+|\.\w+)?")


@dataclass(frozen=True)
class Lifecycle:
    """The dates of a runtime, as ISO texts, which compare as dates do; empty where AWS has set none.

    After `deprecated` it gets no security patches; no function can be created after `create_block`, nor
    changed after `update_block`. `successor` is what to move to.
    """

    name: str
    deprecated: str
    create_block: str
    update_block: str
    successor: str


@cache
def lifecycles() -> Mapping[str, Lifecycle]:
    """Every runtime with dates, by name."""
    return {name: _lifecycle(name, row) for name, row in load("runtimes.json")["runtimes"].items()}


def supports(runtime: str, feature: Feature) -> bool | None:
    """Whether a runtime has a feature; None for one that is not known."""
    match = _NAME.fullmatch(runtime)
    if match is None or (runtime not in lifecycles() and match["family"] not in _families()):
        return None
    for row in load_features()[feature]:
        if runtime in row.get("also", ()):
            return True
        if match["family"] == row["family"] and match["version"]:
            return _version(match["version"]) >= _version(row["since"])
    return False


@cache
def load_features() -> Mapping[str, Any]:
    """The table of features, as written."""
    found: Mapping[str, Any] = load("runtime_features.toml")
    return found


@cache
def _families() -> frozenset[str]:
    """The families that have some feature: later versions keep it."""
    return frozenset(row["family"] for rows in load_features().values() for row in rows)


def _version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


def _lifecycle(name: str, row: Mapping[str, str | None]) -> Lifecycle:
    dates = {key: row.get(key) or "" for key in ("deprecated", "create_block", "update_block", "successor")}
    return Lifecycle(name, **dates)
