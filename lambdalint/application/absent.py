"""Third-party packages that code imports and nothing brings: neither manifest, layer, bundle nor runtime.

Only what is sure is told. Everything must be in sight: the bundle, its layers, the list that is installed;
and for each listed distribution all that it may bring along must be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.application import distributions
from lambdalint.application.requirements import normalised
from lambdalint.python.imports import is_for_local_runs, is_trial
from lambdalint.python.reach import Phase
from lambdalint.python.versions import is_standard
from lambdalint.template.values import Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.application.manifests import Packages
    from lambdalint.python.module import PythonModule
    from lambdalint.python.names import Binding

# Whoever changes the path, or how imports are found, has packages elsewhere.
_MOVES_PATH = re.compile(
    r"\bsys\.path\b|\bsite\.addsitedir\b|\bunzip_requirements\b|\bsys\.meta_path\b"
    r"|\bpip3? install\b|[\"']pip3?[\"']"
)
_SHARED = frozenset({"google", "azure", "backports", "opentelemetry", "ruamel", "zope", "jaraco", "amazon"})


@dataclass(frozen=True)
class Absent:
    """An import at init whose package nothing brings. `root` is its top-level name, `providers` the
    distributions that would install it, `packages` what the bundle has (None for inline code)."""

    module: PythonModule
    binding: Binding
    root: str
    providers: tuple[str, ...]
    packages: Packages | None


def absent(handler: Handler) -> Iterator[Absent]:
    """The imports of a handler's init that must fail."""
    inline = handler.bundle.root is None
    if not handler.functions or handler.bundle.opaque:
        return
    packages = handler.application.manifests.packages(handler)
    if packages.gaps or (not inline and not (packages.own and packages.installed)):
        return
    unbrought = _Unbrought(packages, inline)
    suspects = [
        (module, binding, root)
        for module in handler.reach.modules
        for binding in module.names.imports
        if unbrought[root := (binding.imported or "").partition(".")[0]]
    ]
    if not suspects or _searches_elsewhere(handler):
        return
    for module, binding, root in suspects:
        if _must_be_there(handler, module, binding) and (inline or not _may_lie_there(handler, root)):
            providers = distributions.providers(root)
            yield Absent(module, binding, root, providers, None if inline else packages)


class _Unbrought(dict[str, bool]):
    """Whether a top-level name is a third-party package that no list, and no package on one, brings."""

    def __init__(self, packages: Packages, inline: bool) -> None:
        super().__init__()
        self._packages = packages
        self._listed = {requirement.name for requirement in packages.requirements}
        self._inline = inline

    def __missing__(self, root: str) -> bool:
        found = self[root] = self._is_unbrought(root)
        return found

    def _is_unbrought(self, root: str) -> bool:
        if not root or root in _SHARED or is_standard(root) or normalised(root) in self._listed:
            return False
        known = distributions.runtime()
        if root in known.imports | known.sometimes or (self._inline and root in known.inline):
            return False
        names = distributions.providers(root)
        if not names or not self._listed.isdisjoint(names):
            return False
        carried = distributions.carried(self._packages.requirements)
        return carried is not None and carried.isdisjoint(names)


def _must_be_there(handler: Handler, module: PythonModule, binding: Binding) -> bool:
    """Whether the import runs at init and cannot do without the package."""
    if handler.program.is_local(module, binding):
        return False
    if Phase.INIT not in handler.reach.phases(module, binding.node):
        return False
    return not is_trial(module, binding.node) and not is_for_local_runs(module, binding.node)


def _searches_elsewhere(handler: Handler) -> bool:
    if any(module.mentions(_MOVES_PATH) for module in handler.reach.modules):
        return True
    for function in handler.functions:
        environment = function.environment
        if isinstance(environment, Unknown) or "PYTHONPATH" in environment:
            return True
    return False


def _may_lie_there(handler: Handler, root: str) -> bool:
    """Whether a folder of the import path holds something of that name, or git ignores it there."""
    files = handler.application.files
    for folder in handler.bundle.search_path:
        if any(name.split(".")[0] == root for name in files.children(folder)):
            return True
        if files.ignored(folder / root) or files.ignored(folder / root / "__init__.py"):
            return True
    return False
