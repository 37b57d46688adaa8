"""Makes a folder of applications large enough to time, out of a few small ones.

Every copy differs in content (each Python file and each template names the copy), so that nothing that caches
by content is flattered.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

_COMMENTED = {".py", ".yaml", ".yml", ".template"}


def make_copies(sources: Sequence[Path], target: Path, copies: int) -> Path:
    """`copies` of each source folder under `target`, with a `.git` folder so that it is a project root."""
    (target / ".git").mkdir(parents=True)
    for number in range(copies):
        for source in sources:
            folder = target / f"{source.name}-{number:04}"
            shutil.copytree(source, folder)
            for path in folder.rglob("*"):
                if path.is_file():
                    _mark(path, f"{source.name} {number}")
    return target


def _mark(path: Path, name: str) -> None:
    if path.suffix in _COMMENTED:
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text.rstrip()}\n# copy {name}\n", encoding="utf-8")
    elif path.suffix == ".json":
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace('"Description": "', f'"Description": "copy {name} ', 1), encoding="utf-8"
        )
