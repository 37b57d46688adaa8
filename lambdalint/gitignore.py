"""Ignore files as git reads them; the patterns of settings are written the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_SPECIAL = frozenset("*?[]\\!")
# How pathspec's expressions end that also match what lies below a folder which the pattern names: those of
# version 1, and of those before it.
_AND_BELOW = ("(?:(?P<ps_d>/)|$)", "(?:(?P<ps_d>/).*)?$", "(?:/.*)?$")


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


def rebase(pattern: str, folder: str) -> str:
    """A pattern that is written in a folder, as it must be written at the root."""
    if not folder:
        return pattern
    bang = "!" if pattern.startswith("!") else ""
    body = pattern.removeprefix("!")
    base = re.sub(r"([*?\[\]\\])", r"\\\1", folder)
    if "/" in body.rstrip("/"):
        return f"{bang}/{base}/{body.lstrip('/')}"
    return f"{bang}/{base}/**/{body}"


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
        found = [pattern for pattern in map(_compile, lines, range(len(lines))) if pattern is not None]
        found.reverse()
        self._by_path = [pattern for pattern in found if pattern.anchored]
        self._by_name = [pattern for pattern in found if not pattern.anchored]
        self._names: dict[tuple[str, bool], _Pattern | None] = {}

    def match(self, path: str, is_dir: bool) -> bool | None:
        """True: ignored. False: taken back by `!`. None: nothing matches. The last pattern decides."""
        last = self._match_name(path.rpartition("/")[2], is_dir)
        for pattern in self._by_path:
            if last is not None and pattern.number < last.number:
                break
            if pattern.matches(path, is_dir):
                return pattern.include
        return last.include if last is not None else None

    def _match_name(self, name: str, is_dir: bool) -> _Pattern | None:
        key = (name, is_dir)
        if key not in self._names:
            matching = (pattern for pattern in self._by_name if pattern.matches(name, is_dir))
            self._names[key] = next(matching, None)
        return self._names[key]


@dataclass(frozen=True)
class _Pattern:
    number: int  # of its line
    include: bool
    anchored: bool  # has a slash before its end: compared with the whole path
    only_dirs: bool
    matches_path: Callable[[str], bool]

    def matches(self, path: str, is_dir: bool) -> bool:
        return (is_dir or not self.only_dirs) and self.matches_path(path)


@lru_cache(maxsize=4096)
def _compile(line: str, number: int) -> _Pattern | None:
    body = line.rstrip()
    if body.endswith("\\") and len(body) < len(line):
        body += " "  # an escaped space counts
    if not body or body.startswith("#"):
        return None
    include = not body.startswith("!")
    body = body.removeprefix("!")
    path = body.rstrip("/")
    matches = _simple(path) or _general(path)
    if matches is None:
        return None
    return _Pattern(number, include, anchored="/" in path, only_dirs=path != body, matches_path=matches)


def _simple(path: str) -> Callable[[str], bool] | None:
    """Nearly all patterns are a plain name or `*.suffix`, for which a comparison does."""
    plain = path.removeprefix("/")
    if plain and not _SPECIAL.intersection(plain):
        return plain.__eq__
    suffix = path[1:]
    if path.startswith("*") and suffix and not _SPECIAL.intersection(suffix) and "/" not in suffix:
        return lambda name: name.endswith(suffix)
    return None


def _general(path: str) -> Callable[[str], bool] | None:
    from pathspec import GitIgnoreSpec

    try:
        compiled = list(GitIgnoreSpec.from_lines([path]).patterns)
    except (ValueError, TypeError):
        return None  # git passes over a pattern that it cannot read
    if not compiled or compiled[0].include is None or compiled[0].regex is None:
        return None
    regex = compiled[0].regex
    for ending in _AND_BELOW:
        if regex.pattern.endswith(ending):
            whole = re.compile(regex.pattern.removesuffix(ending) + r"\Z", regex.flags)
            return lambda path: whole.match(path) is not None
    match = compiled[0].match_file
    return lambda path: match(path) is not None
