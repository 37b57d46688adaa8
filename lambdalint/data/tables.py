"""Reads the tables of this package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

_HERE = Path(__file__).parent


def load(name: str) -> Any:
    """The content of a JSON or TOML table. Not cached: callers keep what they make of it."""
    text = (_HERE / name).read_text(encoding="utf-8")
    return tomllib.loads(text) if name.endswith(".toml") else json.loads(text)


def parse_toml(text: str) -> dict[str, Any] | None:
    """A user's TOML; None where it is none."""
    try:
        found: dict[str, Any] = tomllib.loads(text)
        return found
    except tomllib.TOMLDecodeError:
        return None
