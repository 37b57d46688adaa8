"""Counts what stays unknown over a folder of checkouts, by reason: silence can hide blindness.

    python -m tests.ecosystem.unknown CHECKOUTS

Prints, for functions, triggers, environment values, calls and their targets, the share that is known and the
reasons of the rest. The shares are kept in README.md beside this file, and must not fall.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

from lambdalint.application.unknowns import KNOWN, unknowns
from lambdalint.config import Configuration
from lambdalint.discovery import discover
from lambdalint.registry import load_registry
from lambdalint.work import build_project
from tests.ecosystem.checkouts import checkouts


def main() -> None:
    """Reads every application in this process; takes some minutes for a hundred repositories."""
    totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    registry = load_registry()
    for checkout in checkouts(Path(sys.argv[1])):
        root = checkout.folder.resolve()
        project = build_project(discover(root, [root]), Configuration(root, registry, isolated=True))
        for application in project.applications:
            if not application.copy:
                for what, counts in unknowns(application).items():
                    totals[what].update(counts)
    for what, counts in totals.items():
        every = sum(counts.values())
        print(f"{what}: {every}, known {counts[KNOWN]} ({counts[KNOWN] / max(1, every):.1%})")
        for reason, count in counts.most_common():
            if reason != KNOWN:
                print(f"    {count:6}  {count / every:6.1%}  {reason}")


if __name__ == "__main__":
    main()
