"""What can be told of all templates together by their text, before any is decoded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lambdalint.source import SourceError

if TYPE_CHECKING:
    from lambdalint.discovery import Files

# The resources that deploy another template, and the property that says which: a local path, until
# `sam package` or `aws cloudformation package` uploads it.
NESTED = {"AWS::Serverless::Application": "Location", "AWS::CloudFormation::Stack": "TemplateURL"}
_HANDLER = re.compile(r"\bHandler[\"']?\s*:\s*[\"']?([\w./-]+)")


class Overview:
    """The templates of a project, as texts."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def deploying(self, path: PurePosixPath | str) -> Sequence[PurePosixPath]:
        """The templates that may deploy this one as a nested stack: their text names its file, and its folder
        too unless that is theirs or lies around it."""
        path = PurePosixPath(path)
        folder = path.parent
        found = [
            parent
            for parent, text in self._parents.items()
            if parent != path
            and path.name in text
            and (folder == parent.parent or folder in parent.parents or folder.name in text)
        ]
        self._files.records.note("deploying", path, found)
        return found

    def naming(self, handler: str) -> Sequence[PurePosixPath]:
        """The templates whose text names a handler, by its module's last name and its own (`app.handler`)."""
        found = self._by_handler.get(handler, ())
        self._files.records.note("naming", handler, found)
        return found

    @cached_property
    def _parents(self) -> Mapping[PurePosixPath, str]:
        texts = self._texts.items()
        return {path: text for path, text in texts if any(kind in text for kind in NESTED)}

    @cached_property
    def _by_handler(self) -> Mapping[str, Sequence[PurePosixPath]]:
        found: dict[str, dict[PurePosixPath, None]] = {}
        for path, text in self._texts.items():
            for match in _HANDLER.finditer(text):
                split = split_handler(match[1])
                if split is not None:
                    found.setdefault(f"{split[0].rpartition('.')[2]}.{split[1]}", {})[path] = None
        return {name: tuple(paths) for name, paths in found.items()}

    @property
    def _texts(self) -> Mapping[PurePosixPath, str]:
        found = {}
        with self._files.records.apart():
            for path in self._files.templates:
                try:
                    found[path] = self._files.read_text(path).text
                except SourceError:
                    continue
        return found


def split_handler(text: str) -> tuple[str, str] | None:
    """The dotted module and the name in it that a `Handler` means; None where it is malformed."""
    text = text.strip()
    module, dot, attribute = text.removeprefix("./").rpartition(".")
    parts = module.replace("/", ".").split(".")
    if not dot or not attribute.isidentifier() or not all(parts) or any(part.isspace() for part in parts):
        return None
    return ".".join(parts), attribute
