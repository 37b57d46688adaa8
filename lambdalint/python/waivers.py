"""Comments by which an author declined what another linter said: `noqa`, pylint's and mypy's."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from lambdalint.python.module import PythonModule

_BARE = re.compile(r"#\s*noqa\b(?!\s*:)", re.IGNORECASE)
_CODES = re.compile(r"#\s*noqa\s*:\s*([^#]*)", re.IGNORECASE)
_FILE = re.compile(
    r"^\s*#\s*(?:flake8|ruff)\s*[:=]\s*noqa(?:\s*:([^#\n]*))?\s*$", re.IGNORECASE | re.MULTILINE
)
_OTHERS = re.compile(r"#\s*(?:pylint:\s*disable=|type:\s*ignore\[)([^#\]]*)")


def is_waived(module: PythonModule, node: cst.CSTNode, code: str, others: Sequence[str] = ()) -> bool:
    """Whether a comment on the node's lines, or for the whole file, declines a code of flake8 or ruff, or one
    of the `others`: pylint's messages and mypy's codes."""
    if "noqa" not in module.source.text and not any(each in module.source.text for each in others):
        return False
    if any(found[1] is None or _names(found[1], code) for found in _FILE.finditer(module.source.text)):
        return True
    comment = module.comment_on_line(node)
    if _BARE.search(comment) or any(_names(found[1], code) for found in _CODES.finditer(comment)):
        return True
    return any(_names(found[1], each) for found in _OTHERS.finditer(comment) for each in others)


def _names(listed: str, code: str) -> bool:
    return code in re.split(r"[\s,]+", listed.strip())
