"""A folder of checkouts, one repository a subfolder named `owner+name`, and lambdalint run over each."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 900


@dataclass(frozen=True)
class Checkout:
    """One repository on disk."""

    folder: Path
    commit: str

    @property
    def name(self) -> str:
        """`owner/name`."""
        return self.folder.name.replace("+", "/", 1)


@dataclass(frozen=True)
class Outcome:
    """What one run said: the JSON report, or what went wrong instead."""

    checkout: Checkout
    report: dict[str, Any]
    seconds: float
    failure: str = ""


def checkouts(folder: Path) -> Iterator[Checkout]:
    """The repositories under `folder`, in order of their names; commits come from INDEX.tsv or from git."""
    commits = _commits(folder / "INDEX.tsv")
    for child in sorted(folder.iterdir(), key=lambda path: path.name.lower()):
        if child.is_dir() and "+" in child.name:
            name = child.name.replace("+", "/", 1)
            yield Checkout(child, commits.get(name, "unknown"))


def lambdalint(checkout: Checkout, arguments: Sequence[str] = ()) -> Outcome:
    """Runs `lambdalint check` over the whole repository in a process of its own."""
    command = [
        *(sys.executable, "-m", "lambdalint", "check", "--exit-zero", "--no-cache"),
        *("--output-format", "json", "--isolated", "--root", str(checkout.folder)),
        *(*arguments, str(checkout.folder)),
    ]
    began = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Outcome(checkout, {}, time.perf_counter() - began, f"no answer in {TIMEOUT_SECONDS} s")
    seconds = time.perf_counter() - began
    try:
        return Outcome(checkout, json.loads(done.stdout), seconds)
    except ValueError:
        return Outcome(checkout, {}, seconds, f"exit {done.returncode}: {done.stderr.strip()[-500:]}")


def _commits(index: Path) -> dict[str, str]:
    """INDEX.tsv: a header, then owner, name, commit and whatever else; absent is empty."""
    if not index.is_file():
        return {}
    rows = (line.split("\t") for line in index.read_text(encoding="utf-8").splitlines()[1:])
    return {f"{row[0]}/{row[1]}": row[2] for row in rows if len(row) >= 3}
