"""Which files make applications, and which of these are neighbours; told without parsing anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lambdalint.source import SourceError

if TYPE_CHECKING:
    from lambdalint.discovery import Files

Loose = tuple[PurePosixPath, tuple[PurePosixPath, ...]]
"""Modules that no template deploys: their folder and their paths."""

# Loose modules that are no handlers, whatever their functions look like (law 3).
_TEST_FOLDERS = frozenset({"test", "tests"})
_TEST_NAME = re.compile(r"^tests?_|_tests?$|^tests?$|^conftest$")
# What a module must hold for a handler to be found in it by shape (python/handlers.py); parsing costs more.
_MAYBE_HANDLER = re.compile(
    r"def\s+\w+\s*\([^)]{0,300}?,\s*(?:_|__|\w*context\w*|_?ctx)\b"
    r"|LambdaContext|inject_lambda_context|capture_lambda_handler|log_metrics|event_source|event_parser"
    r"|lambda_handler_decorator|idempotent|datadog_lambda_wrapper|serverless_function"
    r"|Mangum|make_lambda_handler|SlackRequestHandler|[AW]sgiHandler"
)


def template_groups(files: Files) -> Sequence[tuple[PurePosixPath, ...]]:
    """The templates, those in one another's folders together."""
    groups: dict[PurePosixPath, list[PurePosixPath]] = {}
    folders = {path.parent for path in files.templates} - {PurePosixPath(".")}
    for path in files.templates:
        around = [folder for folder in (path.parent, *path.parent.parents) if folder in folders]
        groups.setdefault(around[-1] if around else PurePosixPath("."), []).append(path)
    return tuple(tuple(paths) for paths in groups.values())


def loose_groups(files: Files, owned: Iterable[PurePosixPath]) -> Sequence[tuple[Loose, ...]]:
    """What lies in none of the folders that applications own and may hold a handler, folder by folder; and
    whatever the user named there, lest it does not parse."""
    folders = frozenset(owned)
    given = frozenset(files.given_python)
    loose: dict[PurePosixPath, list[PurePosixPath]] = {}
    for path in files.python:
        if not folders.isdisjoint(path.parents) or files.synthesised(path):
            continue
        if path in given or _is_loose(files, path, folders):
            loose.setdefault(path.parent, []).append(path)
    groups: dict[str, list[Loose]] = {}
    for folder, paths in loose.items():
        groups.setdefault(folder.parts[0] if folder.parts else "", []).append((folder, tuple(paths)))
    return tuple(tuple(group) for group in groups.values())


def may_be_loose(path: PurePosixPath) -> bool:
    """Whether a module that no template deploys may be a handler, by its name."""
    if _TEST_NAME.search(path.stem) or "{{" in str(path):
        return False
    return _TEST_FOLDERS.isdisjoint(part.lower() for part in path.parts[:-1])


def _is_loose(files: Files, path: PurePosixPath, folders: frozenset[PurePosixPath]) -> bool:
    if not may_be_loose(path) or not _may_hold_handler(files, path):
        return False
    return not _is_left_over(files, path, folders)


def _is_left_over(files: Files, path: PurePosixPath, folders: frozenset[PurePosixPath]) -> bool:
    """Whether a code folder beside the file holds the same file: that one is deployed."""
    beside = [folder / path.name for folder in folders if folder.parent == path.parent]
    copies = [each for each in beside if files.is_file(each)]
    try:
        text = files.read_python(path).text
        return any(files.read_python(each).text == text for each in copies)
    except SourceError:
        return False


def _may_hold_handler(files: Files, path: PurePosixPath) -> bool:
    try:
        text = files.read_python(path).text
    except SourceError:
        return False
    return _MAYBE_HANDLER.search(text) is not None
