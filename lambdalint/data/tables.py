"""Reads the tables of this package.

People edit TOML, which Python reads slowly: measured, 0.18 s for all tables, and 0.002 s for the one JSON
file that holds them as well. A table there counts only as long as it was made of the very text of its TOML,
so that an edit holds at once; `python -m lambdalint.data.tables` writes the file anew.
"""

from __future__ import annotations

import json
import sys
import zlib
from functools import cache
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

_HERE = Path(__file__).parent
COMPILED = _HERE / "tables.json"


def load(name: str) -> Any:
    """The content of a JSON or TOML table. To be read only: callers keep what they make of it."""
    if not name.endswith(".toml"):
        return json.loads((_HERE / name).read_text(encoding="utf-8"))
    data = (_HERE / name).read_bytes()
    known = _compiled().get(name)
    if known is not None and known["crc32"] == zlib.crc32(data):
        return known["content"]
    return tomllib.loads(data.decode("utf-8"))


def parse_toml(text: str) -> dict[str, Any] | None:
    """A user's TOML; None where it is none."""
    try:
        found: dict[str, Any] = tomllib.loads(text)
        return found
    except tomllib.TOMLDecodeError:
        return None


def compiled() -> str:
    """What the JSON file of all TOML tables has to be."""
    tables = {}
    for path in sorted(_HERE.glob("*.toml")):
        data = path.read_bytes()
        tables[path.name] = {"crc32": zlib.crc32(data), "content": tomllib.loads(data.decode("utf-8"))}
    lines = (f"{json.dumps(name)}: {json.dumps(table, ensure_ascii=False)}" for name, table in tables.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


@cache
def _compiled() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(COMPILED.read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError):
        return {}


if __name__ == "__main__":
    COMPILED.write_text(compiled(), encoding="utf-8")
