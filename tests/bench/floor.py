"""The least that any tool of this kind must do: parse the source with libcst and the templates with libyaml.

python -m tests.bench.floor FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import libcst as cst
import yaml

from lambdalint.discovery import discover


def main() -> None:
    """Parses what lambdalint would find under the folder, and forgets it."""
    root = Path(sys.argv[1])
    files = discover(root, [root])
    for path in files.python:
        cst.parse_module((root / path).read_bytes())
    for path in files.templates:
        yaml.compose((root / path).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


if __name__ == "__main__":
    main()
