"""A TOML file as it is written: its tables, and the line on which a key stands."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]


FILE_NAMES = ("lambdalint.toml", "pyproject.toml")
_OUR_TABLE = re.compile(rb"^\s*\[*\s*tool\s*\.\s*lambdalint\b", re.MULTILINE)


class ConfigError(Exception):
    """A mistake in the configuration; the message gives file and line, and says what to do."""


@dataclass(frozen=True)
class Place:
    """A key of a configuration file. As text: "pyproject.toml:3: `select`"."""

    file: ConfigFile
    keys: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file.name}:{self.file.line(self.keys)}: `{'.'.join(self.keys)}`"

    def of(self, key: str) -> Place:
        """The place of a key within this one's table."""
        return Place(self.file, (*self.keys, key))


@dataclass(frozen=True, eq=False)
class ConfigFile:
    """A configuration file that was read. `table` is our part of it, `prefix` the tables around that part;
    `name` is how messages call the file."""

    path: Path
    name: str
    text: str = field(repr=False)
    table: Mapping[str, object] = field(repr=False)
    prefix: tuple[str, ...] = ()

    def place(self, key: str) -> Place:
        """Where a key of our table stands."""
        return Place(self, (key,))

    def line(self, keys: tuple[str, ...]) -> int:
        """The 1-based line of a key, given the tables around it; of the nearest of these if it is hidden."""
        for count in range(len(keys), -1, -1):
            number = _line_of(self.text, (*self.prefix, *keys[:count]))
            if number is not None:
                return number
        return 1


def configuration_in(folder: Path) -> Path | None:
    """The configuration file of a folder: lambdalint.toml, else pyproject.toml if it has our table."""
    own, project = (folder / name for name in FILE_NAMES)
    if os.path.isfile(own):
        return own
    if not os.path.isfile(project):
        return None
    try:
        return project if _OUR_TABLE.search(project.read_bytes()) else None
    except OSError:
        return project  # whoever reads it will say why that fails


def read_toml(path: Path, name: str) -> tuple[Mapping[str, object], str]:
    """A TOML file's data and its text. Raises ConfigError when it cannot be read or is not TOML."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{name}: cannot be read: {error.strerror or error}; check its permissions"
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{name}:{line}: is not valid UTF-8, which TOML requires; save it as UTF-8"
        ) from error
    try:
        # With a newline at the end the reader tells the place of a mistake in the last line.
        return tomllib.loads(f"{text}\n"), text
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(_not_toml(name, text, error)) from error


def read_config_file(path: Path, root: Path) -> ConfigFile:
    """pyproject.toml with its table `tool.lambdalint`, or any other file as a lambdalint.toml.

    Raises ConfigError when it cannot be read, is not TOML, or has something else in place of the table.
    """
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    data, text = read_toml(path, name)
    if path.name != "pyproject.toml":
        file = ConfigFile(path, name, text, data)
        tool = data.get("tool")
        if isinstance(tool, dict) and "lambdalint" in tool:
            line = file.line(("tool", "lambdalint"))
            raise ConfigError(f"{name}:{line}: write the keys at the top, without `[tool.lambdalint]`")
        return file
    prefix = ("tool", "lambdalint")
    tool = data.get("tool", {})
    table = tool.get("lambdalint", {}) if isinstance(tool, dict) else {}
    file = ConfigFile(path, name, text, table if isinstance(table, dict) else {}, prefix)
    if not isinstance(table, dict):
        raise ConfigError(f"{name}:{file.line(())}: `tool.lambdalint` must be a table: `[tool.lambdalint]`")
    return file


def _not_toml(name: str, text: str, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return f"{name}: is nested too deeply to be read; flatten it"
    reason = str(error)
    found = re.search(r"\(at line (\d+), column (\d+)\)", reason)
    if found:
        place = f"{found[1]}:{found[2]}"
        reason = reason[: found.start()].strip()
    else:
        place = str(text.count("\n") + 1)
        reason = reason.replace("(at end of document)", "at the end of the file").strip()
    return f"{name}:{place}: is not valid TOML: {reason[:1].lower()}{reason[1:]}; correct it there"


_HEADER = re.compile(r"^\s*\[\[?\s*(?P<keys>[^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(
    r"""^\s*(?P<keys>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_KEY = re.compile(r"""[\w-]+|"([^"]*)"|'([^']*)'""")


def _line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """The line of a table's header or of a key. TOML readers keep no positions, so this looks for them in the
    text; a key inside an inline table is found where the inline table begins."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        header = _HEADER.match(line)
        if header is not None:
            table = _split(header["keys"])
            if table == keys:
                return number
            continue
        assignment = _ASSIGNMENT.match(line)
        if assignment is not None and (*table, *_split(assignment["keys"])) == keys:
            return number
    return None


def _split(keys: str) -> tuple[str, ...]:
    return tuple(match[1] or match[2] or match[0] for match in _KEY.finditer(keys))
