"""Functions whose code is an archive, and the handlers in the repository that the archive must be made of.

A zip file in a bucket is made somewhere else, so that no function is linked to its source: its handlers are
found by their shape and belong to nobody. The name of the handler still tells which function may run it. That
is enough to be silent by, not enough to judge a function by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lambdalint.application.link import Linked, split_handler
from lambdalint.source import SourceError

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.discovery import Files
    from lambdalint.template.function import LambdaFunction

_NAME = re.compile(r"\bHandler[\"']?\s*:\s*[\"']?([\w./-]+)")


def templates_by_handler(files: Files) -> Mapping[str, tuple[PurePosixPath, ...]]:
    """The templates whose text names a handler, by its module's last name and its own (`app.handler`)."""
    found: dict[str, dict[PurePosixPath, None]] = {}
    for path in files.templates:
        try:
            text = files.read_text(path).text
        except SourceError:
            continue
        for match in _NAME.finditer(text):
            split = split_handler(match[1])
            if split is not None:
                found.setdefault(f"{split[0].rpartition('.')[2]}.{split[1]}", {})[path] = None
    return {name: tuple(paths) for name, paths in found.items()}


def archived(handler: Handler) -> Iterator[tuple[Application, LambdaFunction]]:
    """The functions that name a handler found by its shape, and whose own code is out of sight."""
    project = handler.application.project
    path = handler.module.source.path
    for template in project.templates_by_handler.get(f"{path.stem}.{handler.attribute}", ()):
        application = project.application(template)
        if application is not None:
            for function in application.functions:
                if not _names(function, path, handler.attribute) or function.is_python is False:
                    continue
                if not isinstance(application.located(function), Linked):
                    yield application, function


def _names(function: LambdaFunction, path: PurePosixPath, attribute: str) -> bool:
    split = split_handler(function.handler_text or "")
    if split is None or split[1] != attribute:
        return False
    return f"/{path.with_suffix('')}".endswith("/" + split[0].replace(".", "/"))
