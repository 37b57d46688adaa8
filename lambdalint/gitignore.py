"""Ignore files as git reads them; the patterns of settings are written the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec.pattern import Pattern


def read_patterns(path: Path) -> Patterns:
    """The patterns of an ignore file; none where it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError:
        return patterns(())
    return patterns(tuple(text.replace("\r\n", "\n").split("\n")))


@lru_cache(maxsize=1024)
def patterns(lines: tuple[str, ...]) -> Patterns:
    """The patterns that the lines hold, compiled once for equal lines."""
    # `sam init` puts the same long .gitignore into every application.
    return Patterns(lines)


@dataclass(frozen=True)
class Ignores:
    """The ignore files in force in a folder, outermost first: the folder of each and its patterns."""

    levels: tuple[tuple[str, Patterns], ...] = ()

    def inside(self, folder: str, found: Patterns) -> Ignores:
        """These and the ignore file of a folder within."""
        return Ignores((*self.levels, (folder, found)))

    def match(self, path: str, is_dir: bool) -> bool:
        """Whether a path is ignored by itself; the innermost file that says something wins."""
        for folder, found in reversed(self.levels):
            relative = path[len(folder) + 1 :] if folder else path
            outcome = found.match(relative, is_dir)
            if outcome is not None:
                return outcome
        return False


class Patterns:
    """The patterns of one ignore file. The walk tests each level on its way down, so a pattern needs to match
    the path itself only, and one without a slash depends on the name alone, which is remembered."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._by_name: list[tuple[int, _Pattern]] = []
        self._by_path: list[tuple[int, _Pattern]] = []
        for number, line in enumerate(lines):
            pattern = _compile(line)
            if pattern is not None:
                (self._by_path if pattern.anchored else self._by_name).append((number, pattern))
        self._by_name.reverse()
        self._by_path.reverse()
        self._names: dict[tuple[str, bool], tuple[int, bool | None]] = {}

    def match(self, path: str, is_dir: bool) -> bool | None:
        """True: ignored. False: taken back by `!`. None: no pattern matches."""
        number, outcome = self._match_name(path.rpartition("/")[2], is_dir)
        for other, pattern in self._by_path:
            if other < number:
                break
            if pattern.matches(path, is_dir):
                return pattern.include
        return outcome

    def _match_name(self, name: str, is_dir: bool) -> tuple[int, bool | None]:
        key = (name, is_dir)
        known = self._names.get(key)
        if known is None:
            matching = (entry for entry in self._by_name if entry[1].matches(name, is_dir))
            number, pattern = next(matching, (-1, None))
            known = (number, pattern.include if pattern else None)
            self._names[key] = known
        return known


@dataclass(frozen=True)
class _Pattern:
    pattern: Pattern
    include: bool
    anchored: bool  # has a slash before its end: compared with the whole path
    only_dirs: bool
    everything_below: bool  # ends in `/**`

    def matches(self, path: str, is_dir: bool) -> bool:
        """Whether the pattern names the path itself; pathspec also matches what lies below a named folder."""
        if self.only_dirs and not is_dir:
            return False
        if not self._found(path):
            return False
        return self.everything_below or not self.anchored or not self._found(path.rpartition("/")[0])

    def _found(self, path: str) -> bool:
        return bool(path) and self.pattern.match_file(f"{path}/" if self.only_dirs else path) is not None


@lru_cache(maxsize=4096)
def _compile(line: str) -> _Pattern | None:
    from pathspec import GitIgnoreSpec

    stripped = line.strip()
    if not stripped or stripped.startswith("#"):
        return None
    try:
        compiled = list(GitIgnoreSpec.from_lines([line]).patterns)
    except (ValueError, TypeError):
        return None  # git passes over a pattern that it cannot read
    if not compiled or compiled[0].include is None:
        return None
    body = stripped.removeprefix("!")
    path = body.rstrip("/")
    return _Pattern(
        compiled[0],
        compiled[0].include,
        anchored="/" in path,
        only_dirs=body.endswith("/"),
        everything_below=path.endswith("/**"),
    )
