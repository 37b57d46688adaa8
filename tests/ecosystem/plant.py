"""Plants one fault at a time in real applications that are clean of it, and counts how many are found.

    python -m tests.ecosystem.plant CHECKOUTS [--rule RULE] [--count N]

Each application (not its repository) is copied to a temporary folder; the rule must be silent there before
the edit, and must point at the edited file after it. All rules are tried on one application before the next,
so that it is linted only once as it was. A miss is printed with its application and the planted shape.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

from lambdalint.testing import lint
from tests.ecosystem.applications import Application, applications
from tests.ecosystem.checkouts import checkouts
from tests.ecosystem.faults import FAULTS

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
    trials: dict[str, list[Trial]] = {rule: [] for rule in options.rule or sorted(FAULTS)}
    poor = 0
    for place in places:
        open_ = [rule for rule, done in trials.items() if len(done) < options.count]
        for rule, trial in _trials(place, {rule: len(trials[rule]) for rule in open_}):
            trials[rule].append(trial)
            if len(trials[rule]) == options.count:
                poor += _print(rule, trials[rule])
    for rule, done in trials.items():
        if len(done) < options.count:
            poor += _print(rule, done)
    return 1 if poor else 0


def _print(rule: str, trials: list[Trial]) -> bool:
    found = sum(trial.found for trial in trials)
    print(f"{rule:36} planted {len(trials):3}  found {found:3}  {found / max(1, len(trials)):.0%}")
    for trial in trials:
        if not trial.found:
            print(f"    missed: {trial.application.title}: {trial.shape}")
    sys.stdout.flush()
    return found < 0.85 * len(trials)


def _round_robin(folder: Path) -> Iterator[Application]:
    """One application of each repository, then a second of each, …: many authors before many copies."""
    by_repository = [list(applications(checkout.folder)) for checkout in checkouts(folder)]
    rounds = chain.from_iterable(zip_longest(*by_repository))
    return (place for place in rounds if place is not None)


def _trials(place: Application, done: dict[str, int]) -> Iterator[tuple[str, Trial]]:
    """One trial for each rule that the application is clean of and has room for; `done` are the rules, with
    how many trials each has had."""
    if not done:
        return
    with _copied(place) as copy:
        before = {rule for rule, _ in _findings(done, copy)}
    for rule in done.keys() - before:
        shapes = FAULTS[rule]
        turn = done[rule] % len(shapes)
        # Every shape has its turn; where one does not fit the application, the next one may.
        for fault in (*shapes[turn:], *shapes[:turn]):
            with _copied(place) as copy:
                edited = fault.plant(place, copy)
                if edited is None:
                    continue
                found = {path for _, path in _findings([rule], copy)}
            yield rule, Trial(place, fault.name, any(path.as_posix() in found for path in edited))
            break


@contextmanager
def _copied(place: Application) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "application")
        shutil.copytree(place.folder, copy, symlinks=True, ignore=IGNORED)
        yield copy


def _findings(rules: Collection[str], root: Path) -> set[tuple[str, str]]:
    """The rule and the path of each finding."""
    report = lint(root, rules)
    if report.crashes:
        raise RuntimeError(f"a rule crashed on {root}: {report.crashes[0]}")
    return {(finding.rule, str(finding.path)) for finding in report.findings}


if __name__ == "__main__":
    sys.exit(main())
