"""Whether the files of a bundle, whatever they are, name an environment variable.

Code that a handler reaches is read exactly (python/environment.py). What else is packaged with it, modules
that nothing seems to import, scripts, configuration with `${NAME}` in it, is searched as text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lambdalint.source import SourceError

if TYPE_CHECKING:
    from lambdalint.discovery import Files

_SCRIPTS = frozenset({".sh", ".bash", ".js", ".mjs", ".cjs", ".ts", ".pl", ".rb", ""})
_CONFIGURATION = frozenset(
    {
        ".cfg",
        ".conf",
        ".env",
        ".ini",
        ".j2",
        ".jinja",
        ".json",
        ".properties",
        ".sql",
        ".tmpl",
        ".toml",
        ".tpl",
        ".xml",
        ".yaml",
        ".yml",
    }
)
# A bundle with more files than this is not searched.
_MAX_FILES = 3_000


def unmentioned(
    files: Files,
    folders: Sequence[PurePosixPath],
    names: Sequence[str],
    read: Collection[PurePosixPath] = (),
) -> Sequence[str]:
    """Those of the names that no file in the folders can be reading; none where there are too many files.

    `read` are the modules whose settings classes are known; others may spell a name in another way.
    """
    left = dict.fromkeys(names)
    for kind, path, text in _texts(files, folders):
        if kind == "too many" or (kind == "python" and "BaseSettings" in text and path not in read):
            return ()
        for name in list(left):
            if name in text and _mention(name, kind).search(text):
                del left[name]
        if not left:
            break
    return tuple(left)


def _mention(name: str, kind: str) -> re.Pattern[str]:
    word = re.escape(name)
    if kind == "python":  # in quotes, as an attribute, a field or a keyword
        return re.compile(rf"[\"'{{]{word}[\"'}}]|\.{word}\b|^\s+{word}\s*[:=]", re.MULTILINE)
    if kind == "script":
        return re.compile(rf"\b{word}\b")
    return re.compile(rf"[$%]\{{?\s*{word}\b|\benv\b.{{0,20}}\b{word}\b", re.IGNORECASE)


_Text = tuple[str, PurePosixPath, str]


def _texts(files: Files, folders: Sequence[PurePosixPath]) -> Iterator[_Text]:
    """The kind, path and text of each file: "python", "script" or "configuration"; "too many" ends it."""
    for path in files.python_in_any(folders):
        yield from _text(files, path, "python")
    pending = list(folders)
    count = 0
    while pending:
        folder = pending.pop()
        for child in files.children(folder):
            path = folder / child
            count += 1
            if count > _MAX_FILES:
                yield "too many", folder, ""
                return
            if files.vendored(path):
                continue
            if files.is_dir(path):
                pending.append(path)
            elif (kind := _kind(path.suffix.lower())) and not files.is_template(path):
                yield from _text(files, path, kind)


def _kind(suffix: str) -> str:
    if suffix in _SCRIPTS:
        return "script"
    return "configuration" if suffix in _CONFIGURATION else ""


def _text(files: Files, path: PurePosixPath, kind: str) -> Iterator[_Text]:
    try:
        read = files.read_python if kind == "python" else files.read_text
        yield kind, path, read(path).text
    except SourceError:
        return
