"""The Python modules of a project: each parsed once, found by name along a bundle's import path."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from lambdalint.application.link import DOT, locate
from lambdalint.ledger import Ledger
from lambdalint.source import EmbeddedSource, SourceError, SourceFile

if TYPE_CHECKING:
    import libcst as cst

    from lambdalint.discovery import Files
    from lambdalint.python.module import ParseProblem, PythonModule
    from lambdalint.python.program import Program
    from lambdalint.python.reach import CallGraph, Reach

# A tree takes some hundred times its text: those that no application holds any more may go, but for the last
# few, which the next application along mostly shares.
_KEPT = 64


@dataclass(frozen=True)
class ParseFailure:
    """Python that cannot be read or parsed. `source` is the file that holds it, None where it could not even
    be decoded; the problem's line and column are that file's."""

    path: PurePosixPath
    source: SourceFile | None
    problem: ParseProblem | SourceError


class Modules:
    """Parses the modules of a project when they are asked for."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.failures: dict[PurePosixPath, ParseFailure] = {}
        self._parsed: WeakValueDictionary[PurePosixPath, PythonModule] = WeakValueDictionary()
        self._recent: OrderedDict[PurePosixPath, PythonModule] = OrderedDict()

    def get(self, path: PurePosixPath) -> PythonModule | None:
        """The module of a file; None where it fails, see `failures`."""
        if path in self.failures:
            self.files.used_again(path)
            return None
        module = self._parsed.get(path)
        if module is None:
            module = self._parse(path)
        else:
            self.files.used_again(path)
        if module is not None:
            self._keep(path, module)
        return module

    def _parse(self, path: PurePosixPath) -> PythonModule | None:
        from lambdalint.python.module import ParseProblem, PythonModule

        source = None
        try:
            source = self.files.read_python(path)
            module = PythonModule.parse(source)
        except (SourceError, ParseProblem) as problem:
            self.failures[path] = ParseFailure(path, source, problem)
            return None
        self._parsed[path] = module
        return module

    def _keep(self, path: PurePosixPath, module: PythonModule) -> None:
        self._recent[path] = module
        self._recent.move_to_end(path)
        if len(self._recent) > _KEPT:
            self._recent.popitem(last=False)


def parse_inline(source: EmbeddedSource) -> PythonModule | ParseFailure:
    """The module that stands in a template, or why it is none; places are the template's."""
    from lambdalint.python.module import ParseProblem, PythonModule

    try:
        return PythonModule.parse(source)
    except ParseProblem as problem:
        own = SourceFile(source.path, source.text)
        offset = own.offset(problem.line, problem.column)
        start = source.fallback.start if source.offset_map is None else source.offset_map[offset]
        place = source.host.position(start)
        return ParseFailure(source.path, source.host, ParseProblem(problem.message, place.line, place.column))


class ImportPath:
    """What one bundle can import, and what is known of it: the program, its call graph and reaches.

    `inline` is the module that stands in the template, which Lambda imports as `index`. For loose modules,
    nobody knows which folder is on the path: `search_path` is then their folder and those around it.
    """

    def __init__(
        self,
        modules: Modules,
        search_path: Sequence[PurePosixPath],
        inline: PythonModule | None = None,
        loose: bool = False,
    ) -> None:
        self.failures: dict[PurePosixPath, ParseFailure] = {}
        self.ledger = Ledger()
        self.users: list[Ledger] = []  # of the applications that have it
        self._modules = modules
        self._search_path = tuple(search_path)
        self._inline = inline
        self._loose = loose
        self._names: dict[PurePosixPath, str] = {}
        self._reaches: dict[tuple[int, int], Reach] = {}

    @cached_property
    def program(self) -> Program:
        """The modules that can import one another."""
        from lambdalint.python.program import Program

        return Program(self.find, self.name_of)

    @cached_property
    def graph(self) -> CallGraph:
        """Who calls whom among them."""
        from lambdalint.python.reach import CallGraph

        return CallGraph(self.program)

    def reach(self, module: PythonModule, entry: cst.CSTNode, imported: PythonModule) -> Reach:
        """What runs when Lambda imports a module and calls a handler, defined in that or another."""
        key = (id(entry), id(imported))
        found = self._reaches.get(key)
        if found is None:
            found = self._reaches[key] = self.graph.reach(module, entry, imported)
        return found

    def find(self, dotted: str) -> PythonModule | None:
        """The project's own module of that name; None for anything installed, and for one that fails."""
        if self._inline is not None and dotted == "index":
            return self._inline
        with self._modules.files.records.into(self.ledger):
            return self._find(dotted)

    def _find(self, dotted: str) -> PythonModule | None:
        if dotted.partition(".")[0] not in self._tops:
            return None  # as most are: installed, or of the standard library
        path = locate(self._modules.files, self._search_path, dotted)
        if path is None or self._is_copied_driver(path, dotted):
            return None
        self._names.setdefault(path, dotted)
        module = self._modules.get(path)
        if module is None:
            self.failures[path] = self._modules.failures[path]
        return module

    def _is_copied_driver(self, path: PurePosixPath, dotted: str) -> bool:
        """Whether a module is of a database driver that was copied beside the code without its metadata: a
        package of that name which tells its version."""
        from lambdalint.python.connections import drivers

        top = dotted.partition(".")[0]
        if top not in self._copied:
            folder = next((each for each in path.parents if each.name == top), None)
            packages = drivers().get(top, ()) if folder is not None else ()
            self._copied[top] = any(self._tells_version(folder, package) for package in packages)
        return self._copied[top]

    def _tells_version(self, folder: PurePosixPath | None, package: str) -> bool:
        if folder is None:
            return False
        try:
            text = self._modules.files.read_python(folder.parent / package / "__init__.py").text
        except SourceError:
            return False
        return "__version__" in text

    @cached_property
    def _copied(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _tops(self) -> frozenset[str]:
        files = self._modules.files
        tops = (files.importable(folder) for folder in self._search_path)
        return frozenset(name.replace(".", DOT) for names in tops for name in names)

    def name_of(self, module: PythonModule) -> tuple[str, bool]:
        """The module's dotted name, and whether it is a package."""
        if module is self._inline:
            return "index", False
        path = module.source.path
        is_package = path.name == "__init__.py"
        folders = reversed(self._search_path) if self._loose else self._search_path
        for folder in folders:
            if folder in path.parents:
                inside = path.relative_to(folder).with_suffix("")
                parts = inside.parts[:-1] if is_package else inside.parts
                return ".".join(part.replace(".", DOT) for part in parts), is_package
        return self._names.get(path, path.stem), is_package
