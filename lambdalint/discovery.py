"""What there is to read: the root, the Python files and templates under it, and what is left out.

One walk visits the tree under the root. Left out are what git ignores, what settings exclude, packages that
somebody else wrote (installed beside the code with `pip install --target`, site-packages, node_modules),
environments, caches and build output. Symbolic links are not walked: what they point at inside the root is
found where it lies, and what lies outside is never read.

`Files` also answers questions about paths ("is there a module at src/common/db.py?"), all inside the root,
and writes each answer down in `records`: analyses read nothing but through it.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from lambdalint import assembly, source
from lambdalint.assembly import Assembly, Copy, is_assembly
from lambdalint.config_file import FILE_NAMES, configuration_in
from lambdalint.gitignore import Ignores, Patterns, patterns
from lambdalint.ledger import Records, digest
from lambdalint.rule import Settings
from lambdalint.source import SourceError, SourceFile
from lambdalint.template.sniff import looks_like_template
from lambdalint.tree import Tree, as_text, folders_above, lexical

MAX_PYTHON_BYTES = 2_000_000
MAX_TEMPLATE_BYTES = 5_000_000  # CloudFormation itself takes at most 1 MB
TEMPLATE_SUFFIXES = frozenset({".yaml", ".yml", ".json", ".template"})
_SUFFIXES = TEMPLATE_SUFFIXES | {".py"}
_LIKELY_NAME = re.compile(r"template|sam|cloudformation|cfn|stack", re.IGNORECASE)
_MANIFEST_NAME = re.compile(r".*requirements.*\.txt|pyproject\.toml|Pipfile")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class PathError(Exception):
    """A path that a user gave cannot be linted; the message says why and what to do."""


@dataclass(frozen=True)
class FileProblem:
    """A template (or what looks like one) that cannot be read: to be reported as template-error.

    `message` is what is wrong with it and `help` what to do; `line` is 1-based.
    """

    path: PurePosixPath
    message: str
    help: str
    line: int = 1


@dataclass(eq=False)
class Files:
    """What was found under the root. All paths are relative to it, with forward slashes, in order.

    `given` are the paths that the user named, files or folders: they limit what is reported. `notes` are
    remarks for the user, such as folders that could not be opened. `assemblies` are what the CDK wrote, where
    the user asked for it; `copies` lead from folders in them to those that they were copied from, and
    `asked_copies` are those that the given paths deploy.
    """

    root: Path
    templates: tuple[PurePosixPath, ...] = ()
    python: tuple[PurePosixPath, ...] = ()
    given: tuple[PurePosixPath, ...] = (PurePosixPath("."),)
    problems: tuple[FileProblem, ...] = ()
    notes: tuple[str, ...] = ()
    assemblies: tuple[Assembly, ...] = ()
    copies: Mapping[PurePosixPath, Copy] = field(default_factory=dict)
    asked_copies: tuple[Copy, ...] = ()
    tree: Tree = field(init=False, repr=False)
    records: Records = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.tree = Tree(self.root)
        self.records = Records()

    def __getstate__(self) -> dict[str, Any]:
        # What a worker needs; the rest is read again where it is asked for.
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()

    def reported(self, path: PurePosixPath) -> bool:
        """Whether the user asked about the file: it is one of the given paths or lies in one, or a copy of it
        by the CDK does."""
        return path in self._copied or self.named(path)

    def named(self, path: PurePosixPath) -> bool:
        """Whether the path is one of the given ones or lies in one."""
        if path in self._given:
            return True
        return any(parent in self._given for parent in path.parents)

    def resolve(self, path: PurePosixPath | str) -> PurePosixPath | None:
        """The file or folder that a path leads to, `..` and symbolic links followed.

        None where there is nothing, or where the path leaves the root or loops.
        """
        found = self.tree.resolve(str(path))
        self.records.note("resolve", path, found)
        return found

    def is_file(self, path: PurePosixPath | str) -> bool:
        """Whether the path leads to a regular file inside the root."""
        found = self.tree.kind(str(path)) == "file"
        self.records.note("is_file", path, found)
        return found

    def is_dir(self, path: PurePosixPath | str) -> bool:
        """Whether the path leads to a folder inside the root."""
        found = self.tree.kind(str(path)) == "dir"
        self.records.note("is_dir", path, found)
        return found

    def outside(self, path: PurePosixPath | str) -> bool:
        """Whether the path leaves the root, by `..` or through a symbolic link."""
        found = self.tree.outside(str(path))
        self.records.note("outside", path, found)
        return found

    def children(self, folder: PurePosixPath | str) -> Sequence[str]:
        """The names in a folder, sorted; none where there is no such folder inside the root."""
        resolved = self.tree.resolve(str(folder))
        found = sorted(self.tree.listing(as_text(resolved))) if resolved is not None else ()
        self.records.note("children", folder, found)
        return found

    def importable(self, folder: PurePosixPath | str) -> frozenset[str]:
        """The names at the top of what Python could import from a folder: its modules and folders."""
        found = self.tree.importable(str(folder))
        self.records.note("importable", folder, found)
        return found

    def ignored(self, path: PurePosixPath | str) -> bool:
        """Whether git ignores the path or a folder around it; the path need not exist."""
        found = self.tree.ignored(lexical(str(path)) or "")
        self.records.note("ignored", path, found)
        return found

    def vendored(self, path: PurePosixPath | str) -> bool:
        """Whether the path lies in an installed package, an environment, a cache or a build folder."""
        found = self.tree.vendored(lexical(str(path)) or "")
        self.records.note("vendored", path, found)
        return found

    def read_python(self, path: PurePosixPath) -> SourceFile:
        """The Python file. Raises SourceError when it cannot be read or decoded, or is over the limit."""
        return source.as_python(path, self._content("python", path))

    def read_text(self, path: PurePosixPath) -> SourceFile:
        """The template or other UTF-8 file. Raises SourceError as `read_python` does."""
        return source.as_text(path, self._content("text", path))

    def read_manifest(self, path: PurePosixPath) -> SourceFile:
        """The list of requirements. Raises SourceError as `read_python` does."""
        return source.as_manifest(path, self._content("python", path))

    def show(self, path: PurePosixPath) -> SourceFile:
        """What a file holds as far as it can be shown, whatever it is; nothing where it cannot be read."""
        try:
            data = source.read_bytes(self.root / path)
        except SourceError:
            data = b""
        self.records.note_content("shown", path, data)
        return source.as_can_be_shown(path, data)

    def used_again(self, path: PurePosixPath) -> None:
        """To be told when what came of a Python file is used for something else without reading it again."""
        if not self.records.note_again("python", path):
            with suppress(SourceError):
                self._content("python", path)

    def content(self, kind: str, path: PurePosixPath | str) -> str:
        """What `records` say of a file that is read as "python", as "text" or to be "shown"."""
        try:
            data = source.read_bytes(f"{self.root}/{path}") if kind == "shown" else self._bytes(kind, path)
        except SourceError as error:
            return digest(b"") if kind == "shown" else f"! {error.reason}"
        return digest(data)

    def _content(self, kind: str, path: PurePosixPath) -> bytes:
        try:
            data = self._bytes(kind, path)
        except SourceError as error:
            self.records.note_content(kind, path, f"! {error.reason}")
            raise
        self.records.note_content(kind, path, data)
        return data

    def _bytes(self, kind: str, path: PurePosixPath | str) -> bytes:
        limit = MAX_PYTHON_BYTES if kind == "python" else MAX_TEMPLATE_BYTES
        real = f"{self.root}/{path}"  # text, as paths take longer than reading does
        try:
            size = os.stat(real).st_size
        except OSError as error:
            raise SourceError(f"cannot be read: {error.strerror or error}") from error
        if size > limit:
            raise SourceError(_too_large(size, limit), help="split it, or exclude it in the configuration")
        return source.read_bytes(real)

    def is_python(self, path: PurePosixPath) -> bool:
        """Whether it is one of the project's own Python files."""
        found = path in self._python
        self.records.note("is_python", path, found)
        return found

    def is_template(self, path: PurePosixPath) -> bool:
        """Whether it is one of the templates."""
        found = path in self._templates
        self.records.note("is_template", path, found)
        return found

    def python_in(self, folder: PurePosixPath | str) -> Sequence[PurePosixPath]:
        """The Python files in a folder, at whatever depth."""
        found = self._python_by_folder.get(PurePosixPath(folder), ())
        self.records.note("python_in", folder, found)
        return found

    def python_in_any(self, folders: Iterable[PurePosixPath]) -> Sequence[PurePosixPath]:
        """The Python files in some folders, at whatever depth, in order."""
        lists = [self.python_in(folder) for folder in dict.fromkeys(folders)]
        return lists[0] if len(lists) == 1 else sorted({path for found in lists for path in found})

    def templates_near(self, path: PurePosixPath | str) -> Sequence[PurePosixPath]:
        """The other templates in the folder of a template, in one around it or in one below."""
        path = PurePosixPath(path)
        folder = path.parent
        around = frozenset((folder, *folder.parents))
        below = "" if folder == PurePosixPath() else f"{folder}/"
        # As text: a path's parents are made anew each time, and this is asked of every pair.
        found = [
            other
            for other in self.templates
            if other != path and (str(other).startswith(below) or other.parent in around)
        ]
        self.records.note("templates_near", path, found)
        return found

    def given_python_in(self, folder: PurePosixPath | str) -> Sequence[PurePosixPath]:
        """The Python files in a folder that the user named, one by one."""
        found = [path for path in self.given_python if PurePosixPath(folder) in path.parents]
        self.records.note("given_python_in", folder, found)
        return found

    def is_given_python(self, path: PurePosixPath) -> bool:
        """Whether the user named the Python file by itself."""
        found = path in self.given_python
        self.records.note("is_given_python", path, found)
        return found

    @cached_property
    def given_python(self) -> tuple[PurePosixPath, ...]:
        """The Python files that the user named, one by one."""
        return tuple(path for path in self.given if path in self._python)

    @cached_property
    def _python(self) -> frozenset[PurePosixPath]:
        return frozenset(self.python)

    @cached_property
    def _templates(self) -> frozenset[PurePosixPath]:
        return frozenset(self.templates)

    @cached_property
    def _python_by_folder(self) -> Mapping[PurePosixPath, Sequence[PurePosixPath]]:
        found: dict[PurePosixPath, list[PurePosixPath]] = {}
        for path in self.python:
            for folder in path.parents:
                found.setdefault(folder, []).append(path)
        return found

    @cached_property
    def _python_by_name(self) -> Mapping[str, Sequence[PurePosixPath]]:
        found: dict[str, list[PurePosixPath]] = {}
        for path in self.python:
            found.setdefault(path.name, []).append(path)
        return found

    def python_ending(self, ending: str) -> Sequence[PurePosixPath]:
        """The Python files whose paths end with some folders and a name: `src/app.py`."""
        whole = f"/{ending}"
        named = self._python_by_name.get(ending.rpartition("/")[2], ())
        found = [path for path in named if f"/{path}".endswith(whole)]
        self.records.note("python_ending", ending, found)
        return found

    @property
    def given_manifests(self) -> tuple[PurePosixPath, ...]:
        """The lists of requirements that the user named, one by one: they are read with the code that they
        are packaged with."""
        return tuple(path for path in self.given if _MANIFEST_NAME.fullmatch(path.name))

    def beside(self, folder: PurePosixPath, text: str) -> PurePosixPath:
        """The path that a file in a folder means: an absolute one in the root comes relative to that."""
        path = PurePosixPath(text)
        if path.is_absolute() and path.is_relative_to(PurePosixPath(str(self.root))):
            return path.relative_to(PurePosixPath(str(self.root)))
        return folder / path

    def assembly_of(self, template: PurePosixPath) -> Assembly | None:
        """What the CDK wrote together with a template; None for templates of any other making."""
        return next((each for each in self.assemblies if template in each.templates), None)

    def synthesised(self, path: PurePosixPath) -> bool:
        """Whether the path lies in what the CDK wrote."""
        if not self.assemblies:
            return False
        return any(each.folder == path or each.folder in path.parents for each in self.assemblies)

    @cached_property
    def asked(self) -> tuple[PurePosixPath, ...]:
        """The given paths, and the folders that what they deploy was copied from."""
        return (*self.given, *(copy.folder for copy in self.asked_copies))

    @cached_property
    def _copied(self) -> frozenset[PurePosixPath]:
        return frozenset(path for copy in self.asked_copies for path in copy.files)

    @cached_property
    def _given(self) -> frozenset[PurePosixPath]:
        return frozenset(self.given)


def find_root(paths: Sequence[Path], explicit: Path | None = None) -> Path:
    """The folder that bounds everything: `explicit`, else the nearest above the paths with `.git`, else the
    nearest with a configuration file, else the working directory (or what holds the paths, if it does not).

    Raises PathError where `explicit` or one of the paths does not exist.
    """
    if explicit is not None:
        if not explicit.is_dir():
            raise PathError(f"{explicit}: the root must be a folder that exists; check --root")
        return explicit.resolve()
    above = common_folder(paths)
    folders = (above, *above.parents)
    for folder in folders:
        if (folder / ".git").exists():
            return folder
    for folder in folders:
        if configuration_in(folder) is not None:
            return folder
    working = Path.cwd()
    return working if working in folders else above


def common_folder(paths: Sequence[Path]) -> Path:
    """The innermost folder that holds all the paths. Raises PathError where one does not exist."""
    if not paths:
        return Path.cwd()
    existing = [_existing(path) for path in paths]
    folders = [path if path.is_dir() else path.parent for path in existing]
    return Path(os.path.commonpath(folders))


def discover(
    root: Path,
    paths: Sequence[Path] = (),
    settings: Settings | None = None,
    nested: Callable[[PurePosixPath], Sequence[str]] | None = None,
) -> Files:
    """Walks the root once. The whole tree is read whatever the paths are; they become `Files.given`.

    `settings.exclude` holds patterns as in .gitignore, relative to the root; `nested` gives those of a folder
    that has a configuration file of its own, also relative to the root. A path that git ignores is read when
    it is given, and so is an assembly of the CDK (cdk.out) when it, or a path in it, is; what is excluded or
    vendored is not.

    Raises PathError for a path that does not exist, lies outside the root or is no regular file.
    """
    root = root.resolve()
    given = _given(root, paths)
    files = Files(root, given=given)
    walk = _Walk(files, tuple(settings.exclude) if settings else (), nested)
    if _reads_whole_tree(root, given):
        walk.visit("")
    for path in given:
        walk.visit_given(path)
    for folder in dict.fromkeys(filter(None, map(walk.assembly_around, given))):
        walk.visit_assembly(folder)
    files.python = _sorted(walk.python)
    files.templates = _sorted(walk.templates)
    files.problems = tuple(sorted(walk.problems, key=lambda problem: problem.path))
    files.notes = (*walk.notes, *_left_out_assemblies(walk))
    return files


class _Walk:
    def __init__(
        self, files: Files, exclude: tuple[str, ...], nested: Callable[[PurePosixPath], Sequence[str]] | None
    ) -> None:
        self.files = files
        self.tree = files.tree
        self.nested = nested
        self.python: set[str] = set()
        self.templates: set[str] = set()
        self.problems: list[FileProblem] = []
        self.notes: list[str] = []
        self.assemblies: list[str] = []
        self._visited: set[str] = set()
        self._excluded = patterns(exclude)
        self._excludes: dict[str, Patterns] = {}

    def visit(self, start: str) -> None:
        """Walks a folder and all that lies in it."""
        pending = [start]
        while pending:
            folder = pending.pop()
            if folder in self._visited:
                continue
            self._visited.add(folder)
            pending.extend(self._visit_folder(folder))

    def visit_given(self, given: PurePosixPath) -> None:
        """Adds a path that the user named and the walk did not come to."""
        path = as_text(given)
        is_dir = self.files.is_dir(given)
        around = [folder for folder in folders_above(path) if folder]
        if any(self._is_excluded(folder, True) for folder in around) or self._is_excluded(path, is_dir):
            self.notes.append(f"{given}: left out, because the configuration excludes it")
        elif any(self._is_vendored(part) for part in self._outside_assembly((*around, path))):
            self.notes.append(f"{given}: left out, because an installed package or a build folder holds it")
        elif self.assembly_around(given) is not None:
            pass  # read as a whole, once what it was made of is known
        elif is_dir:
            self.visit(path)
        else:
            self._visit_file(path)

    def assembly_around(self, given: PurePosixPath) -> str | None:
        """The outermost assembly of the CDK that a path is or lies in, if it is to be read."""
        path = as_text(given)
        around = [folder for folder in (*folders_above(path), path) if folder]
        found = next((folder for folder in around if is_assembly(self.tree, folder)), None)
        if found is None or any(
            self._is_excluded(folder, True) for folder in around[: around.index(found) + 1]
        ):
            return None
        return found if not any(map(self._is_vendored, self._outside_assembly(around))) else None

    def visit_assembly(self, folder: str) -> None:
        """Adds an assembly: its templates, and the Python of assets that is no copy of the project's own.
        Whether git ignores it does not matter: it nearly always does."""
        self._visit_application(folder)
        found = assembly.read(self.tree, folder)
        self.files.assemblies = (*self.files.assemblies, *found)
        for template in map(str, (path for each in found for path in each.templates)):
            if self.tree.kind(template) == "file" and not self._is_excluded(template, False):
                self._visit_file(template)
        project = Files(self.files.root, python=_sorted(self.python))
        texts = [self.tree.text(path) for path in self.templates if self.files.named(PurePosixPath(path))]
        for asset, keys in assembly.uploads(found).items():
            copy = self._visit_asset(asset, project) if self.tree.kind(str(asset)) == "dir" else None
            if copy is not None and any(key in text for key in keys for text in texts):
                files = (*copy.files, *self._manifests(asset, copy.folder))
                copy = Copy(copy.folder, copy.whole, files)
                self.files.asked_copies = (*self.files.asked_copies, copy)

    def _visit_asset(self, asset: PurePosixPath, project: Files) -> Copy | None:
        """The folder of the project that an asset is a copy of; else its Python is added."""
        modules, installed = assembly.own_modules(self.tree, str(asset))
        if not self.files.synthesised(asset):  # not staged: the CDK names the folder of the project itself
            return Copy(asset, True, modules)
        copy, older = assembly.original(asset, modules, installed, project.python_ending, self.files.root)
        if copy is not None:
            self.files.copies = {**self.files.copies, asset: copy}
        if copy is None or not copy.whole:
            self.python.update(str(path) for path in modules if not self._is_excluded(str(path), False))
        if older is not None:
            self.notes.append(
                f"{asset}: differs from {older}, so that its own files are read; run `cdk synth` first"
            )
        return copy

    def _manifests(self, asset: PurePosixPath, folder: PurePosixPath) -> Iterator[PurePosixPath]:
        """The lists of requirements that an asset has from a folder."""
        for name in self.tree.listing(str(asset)):
            if _MANIFEST_NAME.fullmatch(name) and self.tree.kind(as_text(folder / name)) == "file":
                yield folder / name

    def _visit_application(self, folder: str) -> None:
        """Walks the CDK application around an assembly, which the assets were mostly copied from."""
        around = [each for each in reversed(folders_above(folder)) if "cdk.json" in self.tree.listing(each)]
        if around:
            self.visit(around[0])

    def _outside_assembly(self, around: Iterable[str]) -> Iterator[str]:
        """The folders above an assembly of the CDK, which is build output too, but read when it is given."""
        for folder in around:
            if folder and is_assembly(self.tree, folder):
                return
            yield folder

    def _is_vendored(self, path: str) -> bool:
        return bool(path) and self.tree.left_out(path)

    def _visit_folder(self, folder: str) -> list[str]:
        names = self.tree.listing(folder)
        reason = self.tree.unlisted(folder)
        if reason is not None:
            self.notes.append(f"{folder or '.'}: cannot be opened: {reason}; check its permissions")
            return []
        ignores = self.tree.ignores(folder)
        prefix = f"{folder}/" if folder else ""
        subfolders = []
        for name in sorted(names):
            path = prefix + name
            kind = names[name]
            if kind == "dir":
                if is_assembly(self.tree, path):
                    self.assemblies.append(path)
                if not self._passes(path, True, ignores) or self.tree.left_out(path):
                    continue
                subfolders.append(path)
            elif kind == "file" and _suffix(name) in _SUFFIXES and self._is_wanted(path, ignores):
                self._visit_file(path)
        return subfolders

    def _is_wanted(self, path: str, ignores: Ignores) -> bool:
        folder, _, name = path.rpartition("/")
        return self._passes(path, False, ignores) and name not in self.tree.installed(folder)

    def _passes(self, path: str, is_dir: bool, ignores: Ignores) -> bool:
        return not ignores.match(path, is_dir) and not self._is_excluded(path, is_dir)

    def _is_excluded(self, path: str, is_dir: bool) -> bool:
        if self._excluded.match(path, is_dir):
            return True
        if self.nested is None:
            return False
        return any(
            self._nested_excludes(folder).match(path, is_dir)
            for folder in folders_above(path)
            if any(name in self.tree.listing(folder) for name in FILE_NAMES)
        )

    def _nested_excludes(self, folder: str) -> Patterns:
        known = self._excludes.get(folder)
        if known is None:
            assert self.nested is not None
            known = patterns(tuple(self.nested(PurePosixPath(folder or "."))))
            self._excludes[folder] = known
        return known

    def _visit_file(self, path: str) -> None:
        suffix = _suffix(path.rpartition("/")[2])
        if suffix == ".py":
            self.python.add(path)
        elif suffix in TEMPLATE_SUFFIXES and path not in self.templates:
            outcome = _template(self.files.root, path)
            if outcome is True:
                self.templates.add(path)
            elif isinstance(outcome, FileProblem) and outcome not in self.problems:
                self.problems.append(outcome)


def _left_out_assemblies(walk: _Walk) -> Iterator[str]:
    """A remark about what the CDK wrote below the given folders, which is read only when it is named."""
    read = {str(each.folder) for each in walk.files.assemblies}
    for path in walk.assemblies:
        written = any(name.endswith(".template.json") for name in walk.tree.listing(path))
        if written and path not in read and walk.files.named(PurePosixPath(path)):
            yield f"{path}: left out; give its path too to have checked what `cdk synth` wrote there"


def _template(root: Path, path: str) -> bool | FileProblem:
    """Whether a file is a template by its content; a problem where it seems to be one and cannot be read."""
    try:
        with open(f"{root}/{path}", "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = stream.read(MAX_TEMPLATE_BYTES if size <= MAX_TEMPLATE_BYTES else 65_536)
    except OSError as error:
        # Without its content nobody knows whether it is a template; only likely names are worth a finding.
        if not _LIKELY_NAME.search(path.rpartition("/")[2]):
            return False
        help = "make it readable, or exclude it in the configuration"
        return FileProblem(PurePosixPath(path), f"the file cannot be read: {error.strerror or error}", help)
    if b"Resources" in data:
        return _by_content(path, data, size)
    if data.startswith(_UTF16_MARKS) and looks_like_template(data.decode("utf-16", "replace")):
        help = "save it as UTF-8: CloudFormation takes nothing else"
        return FileProblem(PurePosixPath(path), "the file is UTF-16", help)
    return False


def _by_content(path: str, data: bytes, size: int) -> bool | FileProblem:
    if size > MAX_TEMPLATE_BYTES:
        if b"AWSTemplateFormatVersion" not in data and b"AWS::" not in data:
            return False
        help = "split the template into nested stacks, or exclude the file"
        return FileProblem(PurePosixPath(path), f"the file {_too_large(size, MAX_TEMPLATE_BYTES)}", help)
    try:
        return looks_like_template(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        if not looks_like_template(data.decode("utf-8", "replace")):
            return False
        line = data.count(b"\n", 0, error.start) + 1
        return FileProblem(PurePosixPath(path), "the file is not valid UTF-8", "save it as UTF-8", line)


def _given(root: Path, paths: Sequence[Path]) -> tuple[PurePosixPath, ...]:
    given = []
    for path in paths or (root,):
        real = _existing(path)
        mode = real.stat().st_mode
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            raise PathError(
                f"{path}: is neither a file nor a folder; give the path of a source file or folder"
            )
        if real != root and root not in real.parents:
            raise PathError(f"{path}: lies outside the root {root}; set --root to a folder that holds both")
        given.append(PurePosixPath(real.relative_to(root).as_posix()))
    return tuple(dict.fromkeys(given))


def _existing(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        if isinstance(error, FileNotFoundError):
            raise PathError(f"{path}: no such file or folder{_nearest_path(path)}") from error
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "symbolic links loop"
        raise PathError(f"{path}: cannot be opened: {reason}; check the path and its permissions") from error


def _nearest_path(path: Path) -> str:
    try:
        names = [entry.name for entry in os.scandir(path.parent)]
    except OSError:
        return "; check the path"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {path.parent / near[0]}?" if near else "; check the path"


def _reads_whole_tree(root: Path, given: Sequence[PurePosixPath]) -> bool:
    """False for a root without repository or configuration when only folders are given: it is then just the
    working directory, perhaps somebody's home, and the folders are all there is to read."""
    marked = (root / ".git").exists() or configuration_in(root) is not None
    return marked or any((root / path).is_file() for path in given)


def _suffix(name: str) -> str:
    return name[name.rfind(".") :].lower() if "." in name else ""


def _sorted(paths: Iterable[str]) -> tuple[PurePosixPath, ...]:
    return tuple(PurePosixPath(path) for path in sorted(paths))


def _too_large(size: int, limit: int) -> str:
    return f"has {size / 1e6:.1f} MB, more than the {limit / 1e6:.0f} MB that lambdalint reads"
