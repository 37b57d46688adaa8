"""Prints the ratios of the speed budgets: `python -m tests.bench [FOLDER] [--copies N] [--rounds N]`.

Without a folder it makes copies of the fixtures' applications, which differ in content. Whole commands take
turns with what they are measured against; the medians of the rounds make the ratio. Exit 1 when a budget does
not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdalint.discovery import discover
from tests.bench.copies import make_copies

APPLICATIONS = Path(__file__).parents[2] / "fixtures" / "apps"
SMALL = APPLICATIONS / "storefront"
PYTHON = sys.executable
# What is installed is compiled once, not on every run.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Row:
    """A ratio and its budget; None where none is set."""

    name: str
    ours: float
    other: float
    budget: float | None

    @property
    def ratio(self) -> float:
        """Ours by the other."""
        return self.ours / self.other

    @property
    def holds(self) -> bool:
        """Whether the budget holds."""
        return self.budget is None or self.ratio <= self.budget


def main() -> int:
    """Runs all measurements and prints them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--copies", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder
        if folder is None:
            sources = sorted(path for path in APPLICATIONS.iterdir() if path.is_dir())
            folder = make_copies(sources, Path(temporary, "copies"), options.copies)
        # By itself: within this project, the whole of it would be looked through for what belongs to it.
        small = Path(temporary, SMALL.name)
        shutil.copytree(SMALL, small)
        rows, code = _measure(folder.resolve(), small, options.rounds)
    print(f"{'':44} {'ours':>8} {'other':>8} {'ratio':>6} {'budget':>6}")
    for row in rows:
        budget = "" if row.budget is None else f"{row.budget:6.2f}"
        print(
            f"{row.name:44} {row.ours:7.3f}s {row.other:7.3f}s {row.ratio:6.2f} {budget:>6}"
            f"{'' if row.holds else '  over'}"
        )
    print("\ncost of each rule that reads code, as a share of parsing the source:")
    print("by itself, and with what it is the first to ask the model for")
    for rule, seconds in code["again"].items():
        print(f"    {rule:40} {seconds / code['floor']:6.1%} {code['by_rule'][rule] / code['floor']:6.1%}")
    return 0 if all(row.holds for row in rows) else 1


def _measure(folder: Path, small: Path, rounds: int) -> tuple[list[Row], dict[str, Any]]:
    files = discover(folder, [folder])
    print(f"{folder}: {len(files.templates)} templates, {len(files.python)} Python files\n")
    code, templates = _inside("code", folder), _inside("templates", folder)
    rows = [
        Row("code: all rules, by libcst.parse_module", code["ours"], code["floor"], 1.5),
        Row("templates: all rules, by cfnlint decode", templates["ours"], templates["floor"], 1.5),
    ]
    lint = [
        PYTHON,
        "-m",
        "lambdalint",
        "check",
        "--exit-zero",
        "--no-cache",
        "--isolated",
        "--pedantic",
        "--jobs",
        "1",
        "-q",
    ]
    # The installed command does just this.
    cfn_lint = [PYTHON, "-c", "from cfnlint.runner import main; main()", "--non-zero-exit-code", "none", "-t"]
    whole = [*lint, str(folder)]
    floor = [PYTHON, "-m", "tests.bench.floor", str(folder)]
    rows.append(Row("whole, cold, by parsing alone", *_turns(whole, floor, rounds), 2.0))
    every = [str(folder / path) for path in files.templates]
    rows.append(
        Row("whole, cold, by cfn-lint on the templates", *_turns(whole, [*cfn_lint, *every], 1), 1 / 6)
    )
    rows.append(
        Row(
            "storefront, by cfn-lint on its template",
            *_turns([*lint, str(small)], [*cfn_lint, str(small / "template.yaml")], rounds),
            0.7,
        )
    )
    rows.append(
        Row(
            "--help, by `import click`",
            *_turns([PYTHON, "-m", "lambdalint", "--help"], [PYTHON, "-c", "import click"], rounds),
            3.0,
        )
    )
    return rows, code


def _inside(what: str, folder: Path) -> dict[str, Any]:
    command = [PYTHON, "-m", "tests.bench.inside", what, str(folder)]
    figures: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return figures


def _turns(ours: Sequence[str], other: Sequence[str], rounds: int) -> tuple[float, float]:
    """Medians of wall time in seconds, the two commands in turn after a warm-up of each."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for command, taken in zip((ours, other), times, strict=True):
            began = time.perf_counter()
            subprocess.run(
                command,
                env=ENVIRONMENT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            if number:
                taken.append(time.perf_counter() - began)
    return statistics.median(times[0]), statistics.median(times[1])


if __name__ == "__main__":
    sys.exit(main())
