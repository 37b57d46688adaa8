"""The figures that the ecosystem's README gives of each rule."""

from __future__ import annotations

import json
from pathlib import Path

from tests.ecosystem import figures
from tests.ecosystem.figures import Figures


def test_the_table_is_up_to_date() -> None:
    readme = figures.README.read_text(encoding="utf-8")
    current = readme == figures.with_table(readme, figures.read(figures.FIGURES))
    assert current, "run python -m tests.ecosystem.figures"


def test_what_is_written_is_read_again() -> None:
    found = figures.read(figures.FIGURES)
    assert found
    assert figures.written(found) == figures.FIGURES.read_text(encoding="utf-8")


def test_reports_count_findings_and_repositories(tmp_path: Path) -> None:
    for name, rules in (("a+b", ["unused-import", "unused-import"]), ("c+d", ["unused-import"])):
        report = {"findings": [{"rule": rule} for rule in rules]}
        (tmp_path / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
    found = figures.counted({"unused-import": Figures(planted=22, found=21)}, tmp_path)
    assert found["unused-import"] == Figures(3, 2, 22, 21)
    assert found["transport-only"] == Figures(0, 0)
