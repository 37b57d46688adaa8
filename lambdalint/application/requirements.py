"""Lists of requirements, read as pip, Poetry and Pipenv read them: names, extras, markers, and their places.

requirements.txt: https://pip.pypa.io/en/stable/reference/requirements-file-format/
pyproject.toml: https://packaging.python.org/en/latest/specifications/pyproject-toml/ and
https://python-poetry.org/docs/pyproject/#dependencies
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from lambdalint.data.tables import parse_toml
from lambdalint.source import SourceFile, Span

Read = Callable[[PurePosixPath], "SourceFile | None"]
Version = tuple[int, int]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REQUIREMENT = re.compile(
    rf"(?P<shown>(?P<name>{_NAME})\s*(?:\[(?P<extras>[^\]]*)\])?)\s*"
    r"(?:(?P<url>@\s*\S+)|(?P<version>\(?\s*(?:===|==|~=|!=|<=|>=|<|>)[^;@]*?\)?))?\s*"
    r"(?:;\s*(?P<marker>.+?))?\s*"
)
_CONTINUED = re.compile(r"\\[ \t]*(?=\r\n|\r|\n)")
_LINE = re.compile(r"[^\r\n]*")
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\r\n]*")
_OPTION = re.compile(r"\s--[a-z].*", re.DOTALL)
_INCLUDE = re.compile(r"(?:-r|--requirement)(?:\s*=\s*|\s*)(\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s*=\s*|\s+)(\S.*)")
_EGG = re.compile(rf"[#&]egg=(?P<name>{_NAME})")


@dataclass(frozen=True)
class Requirement:
    """A distribution that a manifest asks for. `name` is normalised as PEP 503 has it, `shown` is as written.

    `pinned` says that the manifest limits its version. `direct` is one that comes from elsewhere than an
    index: what it brings along is not what its name says.
    """

    name: str
    shown: str
    source: SourceFile
    span: Span
    extras: tuple[str, ...] = ()
    marker: str = ""
    pinned: bool = False
    direct: bool = False


@dataclass
class Manifest:
    """What one file asks for, with the files that it includes, the file itself first.

    `gaps` say why it may ask for more than `requirements` holds.
    """

    source: SourceFile
    requirements: list[Requirement] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    @property
    def path(self) -> PurePosixPath:
        """The file."""
        return self.source.path


def normalised(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_requirements(source: SourceFile, read: Read) -> Manifest:
    """A requirements.txt. `read` gives the files that it includes, None for one that cannot be had."""
    manifest = Manifest(source)
    _read_lines(manifest, source, read)
    return manifest


def read_pyproject(source: SourceFile) -> Manifest:
    """The runtime dependencies of a pyproject.toml: `[project]`'s, else Poetry's that are not optional."""
    manifest = Manifest(source, sources=[source])
    data = parse_toml(source.text)
    if data is None:
        manifest.gaps.append("cannot be parsed")
        return manifest
    project, poetry = _table(data, "project"), _table(data, "tool", "poetry")
    listed = project.get("dependencies")
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        manifest.gaps.append("dependencies are computed")
    if isinstance(listed, list):
        region = _region(source.text, "project")
        for text in listed:
            if isinstance(text, str):
                _add_text(manifest, source, text, _quoted(source.text, region, text))
    dependencies = poetry.get("dependencies")
    if isinstance(dependencies, dict):
        region = _region(source.text, "tool.poetry.dependencies")
        _add_table(manifest, source, region, dependencies)
    return manifest


def read_pipfile(source: SourceFile) -> Manifest:
    """The packages of a Pipfile, without those for development."""
    manifest = Manifest(source, sources=[source])
    data = parse_toml(source.text)
    packages = data.get("packages") if data is not None else None
    if data is None:
        manifest.gaps.append("cannot be parsed")
    elif isinstance(packages, dict):
        _add_table(manifest, source, _region(source.text, "packages"), packages)
    return manifest


# requirements.txt


def _read_lines(manifest: Manifest, source: SourceFile, read: Read) -> None:
    if source in manifest.sources:
        return
    manifest.sources.append(source)
    for start, text in _lines(source.text):
        text = _COMMENT.sub(lambda comment: " " * len(comment[0]), text)
        begin = len(text) - len(text.lstrip())
        _read_line(manifest, source, start + begin, text.strip(), read)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines and where they start. A backslash joins a line to the next, and becomes as many spaces as
    it took with its newline, so that places stay right."""
    at = 0
    while at < len(text):
        start, parts = at, []
        while True:
            match = _LINE.match(text, at)
            assert match is not None
            line, at = match[0], match.end()
            newline = "\r\n" if text.startswith("\r\n", at) else text[at : at + 1]
            at += len(newline)
            if not line.rstrip(" \t").endswith("\\") or line.lstrip().startswith("#"):
                parts.append(line)
                break
            bare = line.rstrip(" \t")[:-1]
            parts.append(bare + " " * (len(line) - len(bare) + len(newline)))
            if at >= len(text):
                break
        yield start, "".join(parts)


def _read_line(manifest: Manifest, source: SourceFile, start: int, text: str, read: Read) -> None:
    if not text:
        return
    if text.startswith("-"):
        _read_option(manifest, source, start, text, read)
        return
    text = _OPTION.sub("", text)
    if not _add_text(manifest, source, text, start):
        manifest.gaps.append(f"`{text.split()[0]}` is not a name")


def _read_option(manifest: Manifest, source: SourceFile, start: int, text: str, read: Read) -> None:
    include, editable = _INCLUDE.fullmatch(text), _EDITABLE.fullmatch(text)
    if include is not None:
        other = read(source.path.parent / include[1].strip("\"' "))
        if other is None:
            manifest.gaps.append(f"`{include[1]}` cannot be read")
        else:
            _read_lines(manifest, other, read)
    elif editable is not None:
        manifest.gaps.append(f"`{editable[1]}` is installed from its sources")
        egg = _EGG.search(editable[1])
        if egg is not None:
            at = start + editable.start(1) + egg.start("name")
            _add(manifest, source, egg["name"], Span(at, at + len(egg["name"])), direct=True)


def _add_text(manifest: Manifest, source: SourceFile, text: str, start: int | None) -> bool:
    """Adds a requirement as PEP 508 writes it, which stands at an offset (None: somewhere); False for what is
    none: a path, a URL, a file."""
    match = _REQUIREMENT.fullmatch(text)
    if match is None or (match["url"] is None and text.endswith((".whl", ".zip", ".tar.gz"))):
        egg = _EGG.search(text)
        if egg is not None and start is not None:
            span = Span(start + egg.start("name"), start + egg.end("name"))
            _add(manifest, source, egg["name"], span, direct=True)
        return False
    shown = match["shown"].rstrip()
    span = Span(0, 0) if start is None else Span(start, start + len(shown))
    extras = tuple(normalised(each.strip()) for each in (match["extras"] or "").split(",") if each.strip())
    _add(
        manifest,
        source,
        match["name"],
        span,
        extras=extras,
        marker=match["marker"] or "",
        pinned=bool((match["version"] or "").strip("() ")),
        direct=match["url"] is not None,
    )
    return True


def _add(manifest: Manifest, source: SourceFile, name: str, span: Span, **more: Any) -> None:
    manifest.requirements.append(Requirement(normalised(name), name, source, span, **more))


# TOML


def _add_table(
    manifest: Manifest, source: SourceFile, region: Span, dependencies: Mapping[str, object]
) -> None:
    """Adds the keys of a table: name = "version", or name = {version = …, optional = …}."""
    for name, value in dependencies.items():
        detail = value if isinstance(value, dict) else {}
        if name.lower() == "python" or detail.get("optional") is True:
            continue
        elsewhere = any(key in detail for key in ("path", "git", "url", "file"))
        if elsewhere:
            manifest.gaps.append(f"`{name}` comes from elsewhere than an index")
        version = detail.get("version") if detail else value
        extras = detail.get("extras")
        marker = detail.get("markers")
        _add(
            manifest,
            source,
            name,
            _key(source.text, region, name),
            extras=tuple(normalised(str(each)) for each in extras) if isinstance(extras, list) else (),
            marker=marker if isinstance(marker, str) else "",
            pinned=isinstance(version, str) and version not in ("", "*"),
            direct=elsewhere,
        )


def _table(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    found: Any = data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _region(text: str, header: str) -> Span:
    """What stands below a table's header, up to the next; the whole text where there is no such line."""
    begin = re.search(rf"^[ \t]*\[[ \t]*{re.escape(header)}[ \t]*\][^\r\n]*", text, re.MULTILINE)
    if begin is None:
        return Span(0, len(text))
    end = re.compile(r"^[ \t]*\[{1,2}[ \t]*[A-Za-z\"'][^\r\n\]]*\]", re.MULTILINE).search(text, begin.end())
    return Span(begin.end(), end.start() if end else len(text))


def _quoted(text: str, region: Span, value: str) -> int | None:
    for quote in "\"'":
        at = text.find(quote + value + quote, region.start, region.end)
        if at >= 0:
            return at + 1
    return None


def _key(text: str, region: Span, name: str) -> Span:
    pattern = rf"(?:^|(?<=[{{,]))[ \t]*[\"']?(?P<name>{re.escape(name)})[\"']?[ \t]*(?:=|\.)"
    match = re.compile(pattern, re.MULTILINE).search(text, region.start, region.end)
    return Span(match.start("name"), match.end("name")) if match else Span(0, 0)


# Markers

_COMPARISON = re.compile(
    r"\s*(?P<left>[a-z_.]+|\"[^\"]*\"|'[^']*')\s*(?P<operator>===|==|!=|<=|>=|<|>|~=|not\s+in|in)\s*"
    r"(?P<right>[a-z_.]+|\"[^\"]*\"|'[^']*')\s*"
)
# What Lambda's environments answer: Amazon Linux and CPython.
_ANSWERS = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "extra": "",
}
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def applies(marker: str, version: Version | None) -> bool | None:
    """Whether an environment marker (PEP 508) holds in Lambda on a version of Python; None where that cannot
    be told."""
    if not marker:
        return True
    if "(" in marker:
        return None
    alternatives = [
        [_compare(part, version) for part in re.split(r"\band\b", alternative)]
        for alternative in re.split(r"\bor\b", marker)
    ]
    if any(all(part is True for part in each) for each in alternatives):
        return True
    return False if all(False in each for each in alternatives) else None


def _compare(text: str, version: Version | None) -> bool | None:
    match = _COMPARISON.fullmatch(text)
    if match is None:
        return None
    variable, operator, literal = match["left"], match["operator"], match["right"]
    if variable[0] in "\"'":
        variable, literal = literal, variable
        operator = _FLIPPED.get(operator, operator)
    if literal[0] not in "\"'":
        return None
    value = literal[1:-1]
    if variable == "python_version" and version is not None:
        return _compare_versions(operator, version, value)
    answer = _ANSWERS.get(variable)
    if answer is None or operator not in ("==", "!="):
        return None
    return (answer == value) is (operator == "==")


def _compare_versions(operator: str, version: Version, text: str) -> bool | None:
    match = re.fullmatch(r"(\d+)\.(\d+)", text)
    if match is None:
        return None
    other = (int(match[1]), int(match[2]))
    results = {
        "==": version == other,
        "!=": version != other,
        "<": version < other,
        "<=": version <= other,
        ">": version > other,
        ">=": version >= other,
    }
    return results.get(operator)
