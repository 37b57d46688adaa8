"""Plants one fault at a time in real applications that are clean of it, and counts how many are found.

    python -m tests.ecosystem.plant CHECKOUTS [--rule RULE] [--count N]

Each application is copied to a temporary folder; the rule must be silent there before the edit, and must
point at the edited file after it. A miss is printed with its application and the shape that was planted.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

from tests.ecosystem.applications import Application, applications
from tests.ecosystem.checkouts import checkouts
from tests.ecosystem.faults import FAULTS
from tests.ecosystem.faults.shapes import Fault

IGNORED = shutil.ignore_patterns(".git", "node_modules", ".aws-sam", "*.png", "*.jpg", "*.zip", "*.mp4")


class Trial(NamedTuple):
    """One planted fault and whether it was found."""

    application: Application
    shape: str
    found: bool


def main() -> int:
    """Prints a row for each rule; exit 1 when one is found in fewer than 85 of 100."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--rule", action="append", choices=sorted(FAULTS), default=[])
    parser.add_argument("--count", type=int, default=24)
    options = parser.parse_args()
    places = list(_round_robin(options.checkouts))
    print(f"{len(places)} applications to plant in")
    poor = 0
    for rule in options.rule or sorted(FAULTS):
        trials = list(_trials(rule, places, options.count))
        found = sum(trial.found for trial in trials)
        print(f"{rule:32} planted {len(trials):3}  found {found:3}  {found / max(1, len(trials)):.0%}")
        for trial in trials:
            if not trial.found:
                print(f"    missed: {trial.application.title}: {trial.shape}")
        poor += found < 0.85 * len(trials)
    return 1 if poor else 0


def _round_robin(folder: Path) -> Iterator[Application]:
    """One application of each repository, then a second of each, …: many authors before many copies."""
    by_repository = [list(applications(checkout.folder)) for checkout in checkouts(folder)]
    rounds = chain.from_iterable(zip_longest(*by_repository))
    return (place for place in rounds if place is not None)


def _trials(rule: str, places: list[Application], count: int) -> Iterator[Trial]:
    shapes = FAULTS[rule]
    done = 0
    for place in places:
        if done == count:
            return
        # Every shape has its turn; where one does not fit the application, the next one may.
        for fault in (*shapes[done % len(shapes) :], *shapes[: done % len(shapes)]):
            with tempfile.TemporaryDirectory() as temporary:
                copy = Path(temporary, "application")
                shutil.copytree(place.folder, copy, symlinks=True, ignore=IGNORED)
                edited = fault.plant(place, copy)
                if edited is None:
                    continue
                trial = _try(rule, place, fault, copy, edited)
            if trial is not None:
                done += 1
                yield trial
            break


def _try(rule: str, place: Application, fault: Fault, copy: Path, edited: list[Path]) -> Trial | None:
    """None where the application is not clean of the rule before the fault."""
    planted = {path: (copy / path).read_bytes() for path in edited}
    for path in edited:
        if (place.folder / path).exists():
            shutil.copyfile(place.folder / path, copy / path)
        else:
            (copy / path).unlink()
    if _findings(rule, copy):
        return None
    for path, data in planted.items():
        (copy / path).write_bytes(data)
    found = {finding["path"] for finding in _findings(rule, copy)}
    return Trial(place, fault.name, any(path.as_posix() in found for path in edited))


def _findings(rule: str, root: Path) -> list[dict[str, str]]:
    command = [
        *(sys.executable, "-m", "lambdalint", "check", "--exit-zero", "--no-cache", "--isolated"),
        *("--select", rule, "--output-format", "json", "--root", str(root), str(root)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    try:
        return list(json.loads(done.stdout)["findings"])
    except ValueError:
        raise RuntimeError(f"lambdalint failed on {root}: {done.stderr[-400:]}") from None


if __name__ == "__main__":
    sys.exit(main())
