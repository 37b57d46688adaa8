"""The table of every rule's figures in README.md: `python -m tests.ecosystem.figures [--reports DIR]`.

Findings, repositories, planted and found are kept in figures.tsv; what was read, right and wrong is counted
from `verdicts/`; whether a rule is on by default comes from the rule. With `--reports`, the JSON reports that
`tests.ecosystem.run --pedantic --reports` keeps, findings and repositories are counted anew.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from lambdalint.registry import ENGINE_THEME, load_registry

HERE = Path(__file__).parent
FIGURES = HERE / "figures.tsv"
README = HERE / "README.md"
_HEADER = "rule\tfindings\trepositories\tplanted\tfound"
_MARKS = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.DOTALL)


@dataclass(frozen=True)
class Figures:
    """Counts of one rule; None for what was not counted."""

    findings: int | None = None
    repositories: int | None = None
    planted: int | None = None
    found: int | None = None


def main() -> None:
    """Counts again where reports are given, and writes figures.tsv and the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=Path, metavar="DIR")
    options = parser.parse_args()
    figures = read(FIGURES)
    if options.reports:
        figures = counted(figures, options.reports)
    FIGURES.write_text(written(figures), encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8"), figures), encoding="utf-8")


def read(path: Path) -> dict[str, Figures]:
    """The figures by rule."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:] if line)
    return {row[0]: Figures(*(int(cell) if cell else None for cell in row[1:])) for row in rows}


def written(figures: dict[str, Figures]) -> str:
    """The text of figures.tsv."""
    lines = [_HEADER]
    for name, each in sorted(figures.items()):
        cells = (each.findings, each.repositories, each.planted, each.found)
        lines.append("\t".join([name, *("" if cell is None else str(cell) for cell in cells)]))
    return "\n".join(lines) + "\n"


def counted(figures: dict[str, Figures], reports: Path) -> dict[str, Figures]:
    """The figures with findings and repositories as a folder of JSON reports has them."""
    findings: Counter[str] = Counter()
    repositories: defaultdict[str, set[str]] = defaultdict(set)
    for path in reports.glob("*.json"):
        for finding in json.loads(path.read_text(encoding="utf-8")).get("findings", ()):
            findings[finding["rule"]] += 1
            repositories[finding["rule"]].add(path.stem)
    names = [meta.name for meta in load_registry().rules.values() if meta.theme != ENGINE_THEME]
    return {
        name: replace(
            figures.get(name, Figures()), findings=findings[name], repositories=len(repositories[name])
        )
        for name in names
    }


def with_table(readme: str, figures: dict[str, Figures]) -> str:
    """README's text with the tables as they have to be."""
    return _MARKS.sub(lambda marks: f"{marks.group(1)}{table(figures)}{marks.group(2)}", readme)


def table(figures: dict[str, Figures]) -> str:
    """A table for each theme."""
    verdicts = _verdicts()
    by_theme: defaultdict[str, list[str]] = defaultdict(list)
    for meta in sorted(load_registry().rules.values(), key=lambda meta: meta.name):
        if meta.theme == ENGINE_THEME:
            continue
        each, read_ = figures.get(meta.name, Figures()), verdicts[meta.name]
        cells = (
            each.findings,
            each.repositories,
            *((read_.total(), read_["right"], read_["wrong"]) if read_ else (None, None, None)),
            each.planted,
            each.found,
        )
        state = "default" if meta.default else "opt-in"
        row = " | ".join([meta.name, state, *("–" if cell is None else str(cell) for cell in cells)])
        by_theme[meta.theme].append(f"| {row} |")
    head = [
        "| rule | | findings | repositories | read | right | wrong | planted | found |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    parts = ["\n".join([f"**{theme}**", "", *head, *rows, ""]) for theme, rows in by_theme.items()]
    return "\n" + "\n".join(parts) + "\n"


def _verdicts() -> defaultdict[str, Counter[str]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path in sorted((HERE / "verdicts").glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            if line.strip():
                found[path.stem][line.split("\t")[5]] += 1
    return found


if __name__ == "__main__":
    main()
