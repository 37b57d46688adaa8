"""Fixtures: cases of rules, each a small application with marks that say what is to be found in it.

`lambdalint.testing` says how they are laid out.
"""

from __future__ import annotations

import codecs
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

SIDECAR = "expect.txt"

_MARK = re.compile(
    r"[ \t]*#[ \t]*(?P<kind>expect|misses):[ \t]*(?P<names>[a-z0-9-]+(?:,[ \t]*[a-z0-9-]+)*)[ \t]*$"
)
_SIDECAR_LINE = re.compile(r"(?P<misses>misses +)?(?P<path>\S+):(?P<line>\d+) +(?P<rule>[a-z0-9-]+)")
_CODE = frozenset({".py", ".yaml", ".yml", ".json", ".template", ".txt"})

Place = tuple[str, int, str]
"""File, line and rule."""


@dataclass(frozen=True)
class Case:
    """An application of a rule's fixtures. `kind` is "flagged", "clean", "fixed", "twin" or "<bug>-repro"."""

    rule: str
    kind: str
    name: str
    path: Path

    def sibling(self, kind: str) -> Case | None:
        """The case of the same name of another kind; None where there is none."""
        return next((c for c in _cases_in(self.path, self.rule, kind) if c.name == self.name), None)

    def __str__(self) -> str:
        return "/".join(part for part in (self.rule, self.kind, self.name) if part)


@dataclass(frozen=True)
class Marks:
    """The marks of a case: what must be found, and what is known to be missed, each with how often."""

    expected: Counter[Place]
    missed: Counter[Place]

    @property
    def rules(self) -> frozenset[str]:
        """The rules that the marks name."""
        return frozenset(rule for _, _, rule in (*self.expected, *self.missed))


def cases(fixtures: Path) -> list[Case]:
    """The cases in a folder of fixtures, in order. The folder `apps` holds none."""
    folders = sorted(path for path in fixtures.iterdir() if path.is_dir() and path.name != "apps")
    return [
        case
        for folder in folders
        for kind in sorted(path for path in folder.iterdir() if path.is_dir())
        for case in _cases_of(kind, folder.name)
    ]


@contextmanager
def sample(
    case: Path, encode: Callable[[PurePosixPath, bytes], bytes] | None = None
) -> Iterator[tuple[Path, Marks]]:
    """A copy of a case without its marks, and the marks. `encode` changes what is written, file by file."""
    marks = Marks(Counter(), Counter())
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for path in sorted(case.rglob("*")):
            relative = PurePosixPath(path.relative_to(case).as_posix())
            if path.is_symlink():
                (root / relative).parent.mkdir(parents=True, exist_ok=True)
                (root / relative).symlink_to(path.readlink())
            elif str(relative) == SIDECAR:
                _read_sidecar(path, marks)
            elif path.is_file() and "__pycache__" not in path.parts:
                content = _without_marks(relative, path.read_bytes(), marks)
                put(root / relative, encode(relative, content) if encode else content)
        yield root, marks


def as_is(path: PurePosixPath, content: bytes) -> bytes:
    """The file as it is."""
    return content


def crlf_and_bom(path: PurePosixPath, content: bytes) -> bytes:
    """The file with the other newline, and with a byte order mark where its encoding allows one."""
    if path.suffix not in _CODE or b"\r" in content:
        return content
    content = content.replace(b"\n", b"\r\n")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    has_cookie = path.suffix == ".py" and re.search(rb"coding[:=]", b"".join(content.split(b"\n", 2)[:2]))
    return content if has_cookie or content.startswith(codecs.BOM_UTF8) else codecs.BOM_UTF8 + content


def _cases_of(folder: Path, rule: str) -> Iterator[Case]:
    """The folder itself if it holds files, else each folder in it."""
    if any(path.is_file() for path in folder.iterdir()):
        yield Case(rule, folder.name, "", folder)
        return
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        yield Case(rule, folder.name, path.name, path)


def _cases_in(case: Path, rule: str, kind: str) -> Iterator[Case]:
    home = next(parent for parent in case.parents if parent.name == rule)
    folder = home / kind
    return _cases_of(folder, rule) if folder.is_dir() else iter(())


def _without_marks(path: PurePosixPath, content: bytes, marks: Marks) -> bytes:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    lines = re.split(r"(\r\n|\r|\n)", text)
    for index in range(0, len(lines), 2):
        while match := _MARK.search(lines[index]):
            lines[index] = lines[index][: match.start()]
            counter = marks.expected if match["kind"] == "expect" else marks.missed
            counter.update((str(path), index // 2 + 1, name.strip()) for name in match["names"].split(","))
    return "".join(lines).encode("utf-8")


def _read_sidecar(path: Path, marks: Marks) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = _SIDECAR_LINE.fullmatch(line.strip())
        assert match, f"{path}: `{line}` is not `path:line rule-name`"
        counter = marks.missed if match["misses"] else marks.expected
        counter[match["path"], int(match["line"]), match["rule"]] += 1


def put(path: Path, content: bytes) -> None:
    """Writes a file, and makes the folders around it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
