"""The folders of a root: what is where, what git ignores, and what somebody else wrote.

Folders are listed when somebody asks and then remembered. Paths are strings relative to the root, with
forward slashes, and "" is the root itself; nothing here leaves it.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from lambdalint.assembly import MARK
from lambdalint.gitignore import Ignores, read_patterns

# Other people's packages, by the name of the folder that holds them.
_PACKAGE_FOLDERS = frozenset(
    {"site-packages", "dist-packages", "node_modules", "bower_components", "vendored", "_vendor"}
)
# Metadata of version control, environments, caches, and copies that tools build from the sources.
_BUILT_FOLDERS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".aws-sam",
        ".serverless",
        ".terraform",
        ".terragrunt-cache",
        MARK,
        "__pycache__",
        "__pypackages__",
        ".tox",
        ".nox",
        ".venv",
        ".eggs",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".pnpm-store",
    }
)
_MAX_BYTES = 50_000_000
# Files that mark the folder around them: a virtual environment, a cache (https://bford.info/cachedir/), and
# what `cdk synth` wrote.
_BUILT_MARKS = ("pyvenv.cfg", "CACHEDIR.TAG", MARK)
# Where lambdalint keeps results between runs: nothing that analyses should see.
CACHE_FOLDER = ".lambdalint_cache"
_INSTALLED = re.compile(
    r"(?P<name>[^-]+(?:-[^-0-9][^-]*)*)(?:-[0-9][^-]*(?:-py[0-9.]+)?)?\.(?:dist|egg)-info"
)


class Tree:
    """What lies under a root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)
        self._unlisted: dict[str, str] = {}
        self._listings: dict[str, Mapping[str, str]] = {}
        self._installed: dict[str, frozenset[str]] = {}
        self._ignores: dict[str, Ignores] = {}
        self._resolved: dict[str, str | None] = {}
        self._importable: dict[str, frozenset[str]] = {}

    def importable(self, folder: str) -> frozenset[str]:
        """The names at the top of what Python could import from a folder: its modules and folders."""
        known = self._importable.get(folder)
        if known is None:
            resolved = self._resolve(folder)
            names = self.listing(resolved) if resolved is not None else {}
            known = frozenset(
                name[:-3] if name.endswith(".py") else name
                for name, kind in names.items()
                if kind != "file" or name.endswith(".py")
            )
            self._importable[folder] = known
        return known

    def listing(self, folder: str) -> Mapping[str, str]:
        """What is in a folder: name → "file", "dir", "link" or "other". Empty where it cannot be listed."""
        known = self._listings.get(folder)
        if known is None:
            known = self._list(folder)
            self._listings[folder] = known
        return known

    def unlisted(self, folder: str) -> str | None:
        """Why the folder could not be listed; None where it could."""
        self.listing(folder)
        return self._unlisted.get(folder)

    def kind(self, path: str) -> str | None:
        """What the path leads to inside the root: "file", "dir", "other", or None."""
        resolved = self._resolve(path)
        if resolved is None:
            return None
        if not resolved:
            return "dir"
        folder, _, name = resolved.rpartition("/")
        return self.listing(folder).get(name)

    def text(self, path: str) -> str:
        """What a file inside the root says, as far as it is UTF-8; "" where there is none."""
        if self.kind(path) != "file":
            return ""
        try:
            with open(self.root / path, "rb") as stream:
                return stream.read(_MAX_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""

    def resolve(self, path: str) -> PurePosixPath | None:
        """The file or folder that the path leads to, None where there is none inside the root."""
        resolved = self._resolve(path)
        return None if resolved is None else PurePosixPath(resolved or ".")

    def outside(self, path: str) -> bool:
        """Whether the path leaves the root, by `..` or through a symbolic link."""
        normal = lexical(path)
        if normal is None:
            return True
        real = os.path.realpath(self.root / normal)
        return os.path.commonpath([real, self.root]) != str(self.root)

    def ignored(self, path: str) -> bool:
        """Whether git ignores the path or a folder around it."""
        kind = self.kind(path)
        if self.ignores(path.rpartition("/")[0]).match(path, kind == "dir"):
            return True
        return any(
            self.ignores(folder.rpartition("/")[0]).match(folder, True) for folder in folders_above(path)
        )

    def ignores(self, folder: str) -> Ignores:
        """The ignore files that hold for what is directly in a folder."""
        known = self._ignores.get(folder)
        if known is None:
            outer = self.ignores(folder.rpartition("/")[0]) if folder else self._root_ignores()
            has_own = self.listing(folder).get(".gitignore") == "file"
            known = (
                outer.inside(folder, read_patterns(self.root / folder / ".gitignore")) if has_own else outer
            )
            self._ignores[folder] = known
        return known

    def vendored(self, path: str) -> bool:
        """Whether the path, or a folder around it, is `left_out`."""
        return any(self.left_out(part) for part in (*folders_above(path), path) if part)

    def left_out(self, path: str) -> bool:
        """Whether a file or folder is somebody else's package, an environment, a cache or build output."""
        folder, _, name = path.rpartition("/")
        if name in _PACKAGE_FOLDERS or name in _BUILT_FOLDERS or name in self.installed(folder):
            return True
        if self.listing(folder).get(name) != "dir":
            return False
        inside = self.listing(path)
        return any(inside.get(mark) == "file" for mark in _BUILT_MARKS) or self._setuptools_output(
            folder, name
        )

    def installed(self, folder: str) -> frozenset[str]:
        """The names in a folder that belong to packages installed into it, by the metadata beside them."""
        known = self._installed.get(folder)
        if known is None:
            names = self.listing(folder)
            own_project = "setup.py" in names or "pyproject.toml" in names
            found: set[str] = set()
            for name in names:
                if name.endswith(".dist-info") or (name.endswith(".egg-info") and not own_project):
                    found.update(self._installed_by(folder, name))
            known = frozenset(found)
            self._installed[folder] = known
        return known

    def _list(self, folder: str) -> Mapping[str, str]:
        try:
            with os.scandir(f"{self._root}/{folder}") as entries:
                return {entry.name: _kind(entry) for entry in entries if entry.name != CACHE_FOLDER}
        except OSError as error:
            self._unlisted[folder] = error.strerror or str(error)
            return {}

    def _installed_by(self, folder: str, metadata: str) -> Iterable[str]:
        # `pip install -e .` leaves an .egg-info beside the sources, which are nobody else's.
        path = self.root / folder / metadata
        if metadata.endswith(".egg-info") and path.is_dir() and not (path / "installed-files.txt").is_file():
            return ()
        recorded = _recorded(path / "RECORD")
        if recorded:
            return {metadata, *recorded}
        top_level = _lines(path / "top_level.txt")
        if top_level:
            return {metadata, *top_level, *(f"{name}.py" for name in top_level)}
        match = _INSTALLED.fullmatch(metadata)
        name = (match["name"] if match else metadata).replace("-", "_")
        return {metadata, name, name.lower(), f"{name}.py", f"{name.lower()}.py"}

    def _setuptools_output(self, folder: str, name: str) -> bool:
        """Whether this is `build/lib`, where setuptools copies a project's sources."""
        outer, _, parent = folder.rpartition("/")
        if parent != "build" or not (name == "lib" or name.startswith("lib.")):
            return False
        beside = self.listing(outer)
        return "setup.py" in beside or "pyproject.toml" in beside

    def _root_ignores(self) -> Ignores:
        return Ignores().inside("", read_patterns(self.root / ".git" / "info" / "exclude"))

    def _resolve(self, path: str) -> str | None:
        if path in self._resolved:
            return self._resolved[path]
        normal = lexical(path)
        resolved = None if normal is None else self._follow(normal)
        self._resolved[path] = resolved
        return resolved

    def _follow(self, path: str) -> str | None:
        done = ""
        for name in path.split("/") if path else ():
            kind = self.listing(done).get(name)
            here = f"{done}/{name}" if done else name
            if kind is None:
                return None
            if kind == "link":
                target = self._link_target(here)
                if target is None:
                    return None
                here = target
            done = here
        return done

    def _link_target(self, path: str) -> str | None:
        try:
            real = (self.root / path).resolve(strict=True)
            return as_text(PurePosixPath(real.relative_to(self.root).as_posix()))
        except (OSError, RuntimeError, ValueError):
            return None


def lexical(path: str) -> str | None:
    """The path without `.` and `..`; None where it climbs out of the root."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return None if path.startswith("/") else "/".join(parts)


def folders_above(path: str) -> Sequence[str]:
    """The folders around a path, from the root ("") down."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(len(parts) + 1)]


def as_text(path: PurePosixPath) -> str:
    """The path as this module writes it."""
    return "" if path == PurePosixPath(".") else path.as_posix()


def _recorded(path: Path) -> set[str]:
    """The names at the top of what a wheel's RECORD lists."""
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            tops = {row[0].replace("\\", "/").partition("/")[0] for row in csv.reader(stream) if row}
    except (OSError, UnicodeDecodeError, csv.Error):
        return set()
    return {top for top in tops if top and top not in ("..", "__pycache__", "bin") and not os.path.isabs(top)}


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return []
    return [line.strip() for line in content.splitlines() if line.strip()]


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_symlink():
            return "link"
        if entry.is_dir(follow_symlinks=False):
            return "dir"
        return "file" if entry.is_file(follow_symlinks=False) else "other"
    except OSError:
        return "other"
