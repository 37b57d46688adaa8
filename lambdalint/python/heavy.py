"""Imports that take long, from `data/heavy_imports.toml`, and what of them a reach could do without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python.imports import is_trial
from lambdalint.python.names import BindingKind
from lambdalint.python.reach import Phase

if TYPE_CHECKING:
    from lambdalint.python.module import PythonModule
    from lambdalint.python.names import Binding
    from lambdalint.python.program import Program
    from lambdalint.python.reach import Reach

__all__ = ["HeavyImport", "HeavyPackage", "heavy_imports", "heavy_package"]


@dataclass(frozen=True)
class HeavyPackage:
    """A row of the table. `name` is what is imported, `brings` are other packages that it loads."""

    name: str
    milliseconds: int
    brings: frozenset[str] = frozenset()

    @property
    def root(self) -> str:
        """The package that the import loads first."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, eq=False)
class HeavyImport:
    """The imports of one package that a module does while the environment starts.

    `reads` are the names by which the invoke path uses it. `early` says that something reads it at init, so
    that it must stay where it is; `unclear` that what reads it is not all in sight. `annotated` says that
    annotations name it, which are evaluated with the function unless the module postpones them.
    """

    package: HeavyPackage
    module: PythonModule
    bindings: tuple[Binding, ...]
    reads: tuple[cst.Name, ...]
    early: bool
    unclear: bool
    annotated: bool


def heavy_package(dotted: str, more: Iterable[str] = (), allowed: Iterable[str] = ()) -> HeavyPackage | None:
    """The row of what an import names; `more` are further packages, as `name` or `name=milliseconds`."""
    parts = dotted.split(".")
    names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    if not set(names).isdisjoint(allowed):
        return None
    for each in more:
        name, _, milliseconds = each.partition("=")
        if name.strip() in names:
            return HeavyPackage(name.strip(), int(milliseconds) if milliseconds.strip().isdigit() else 0)
    return next((found for name in names if (found := _rows().get(name)) is not None), None)


@cache
def _rows() -> Mapping[str, HeavyPackage]:
    return {
        name: HeavyPackage(name, row["milliseconds"], frozenset(row["brings"]))
        for row in load("heavy_imports.toml")["package"]
        for name in row["imports"]
    }


@cache
def _roots() -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in _rows())


def heavy_imports(
    program: Program, reach: Reach, more: Sequence[str] = (), allowed: Sequence[str] = ()
) -> list[HeavyImport]:
    """The heavy packages that a reach imports at init, one entry for each module and package."""
    roots = _roots() | {each.partition("=")[0].partition(".")[0].strip() for each in more}
    found: list[HeavyImport] = []
    for module in reach.modules:
        groups: dict[str, list[tuple[HeavyPackage, Binding]]] = {}
        for binding in module.names.imports:
            if (binding.imported or "").partition(".")[0] not in roots:
                continue
            package = heavy_package(binding.imported or "", more, allowed)
            if package is not None and _loads(program, reach, module, binding):
                groups.setdefault(package.root, []).append((package, binding))
        found.extend(_import(reach, module, group) for group in groups.values())
    return found


def _loads(program: Program, reach: Reach, module: PythonModule, binding: Binding) -> bool:
    phases = reach.phases(module, binding.node)
    return Phase.INIT in phases and not program.is_local(module, binding)


def _import(reach: Reach, module: PythonModule, group: Sequence[tuple[HeavyPackage, Binding]]) -> HeavyImport:
    package = max((package for package, _ in group), key=lambda each: each.milliseconds)
    bindings = tuple(binding for _, binding in group)
    reads: list[cst.Name] = []
    early = annotated = False
    for read in _reads(bindings):
        if any(isinstance(ancestor, cst.Annotation) for ancestor in module.ancestors(read)):
            annotated = True
            continue
        phases = reach.phases(module, read)
        early = early or Phase.INIT in phases
        if Phase.INVOKE in phases:
            reads.append(read)
    unclear = any(_is_unclear(reach, module, binding) for binding in bindings)
    return HeavyImport(package, module, bindings, tuple(reads), early, unclear, annotated)


def _reads(bindings: Sequence[Binding]) -> Iterator[cst.Name]:
    seen: set[int] = set()
    for binding in bindings:
        for read in binding.reads:
            if id(read) not in seen:
                seen.add(id(read))
                yield read


def _is_unclear(reach: Reach, module: PythonModule, binding: Binding) -> bool:
    """Whether others than this module's own reads may need the import: it is on trial, brings all of its
    names, is handed on to another module, or is bound in another way, too."""
    if binding.kind is BindingKind.STAR_IMPORT or binding.scope is not module.names.module_scope:
        return True
    if is_trial(module, binding.node) or not binding.reads:
        return True
    if any(not other.is_import for other in binding.scope.bindings.get(binding.name, ())):
        return True
    if binding.name in (module.names.exported or ()):
        return True
    return reach.is_imported(module, binding.name)
