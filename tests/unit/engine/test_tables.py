"""The tables of the package: TOML for people, one JSON file of all of them for speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdalint.data import tables


def test_the_tables_that_are_read_are_up_to_date() -> None:
    current = tables.COMPILED.read_text(encoding="utf-8") == tables.compiled()
    assert current, "run python -m lambdalint.data.tables"


def test_an_edited_table_holds_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_HERE", tmp_path)
    monkeypatch.setattr(tables, "COMPILED", tmp_path / "tables.json")
    tables._compiled.cache_clear()
    table = tmp_path / "colours.toml"
    table.write_text('[[row]]\nname = "red"\n', encoding="utf-8")
    tables.COMPILED.write_text(tables.compiled(), encoding="utf-8")
    assert tables.load("colours.toml") == {"row": [{"name": "red"}]}
    table.write_text('[[row]]\nname = "green"\n', encoding="utf-8")
    assert tables.load("colours.toml") == {"row": [{"name": "green"}]}
    tables._compiled.cache_clear()


@pytest.mark.parametrize("text", ["", "{", "no JSON"])
def test_a_spoilt_file_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(tables, "_HERE", tmp_path)
    monkeypatch.setattr(tables, "COMPILED", tmp_path / "tables.json")
    tables._compiled.cache_clear()
    (tmp_path / "colours.toml").write_text("shade = 3\n", encoding="utf-8")
    tables.COMPILED.write_text(text, encoding="utf-8")
    assert tables.load("colours.toml") == {"shade": 3}
    tables._compiled.cache_clear()
