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
    if not handler.functions or handler.bundle.opaque or _searches_elsewhere(handler):
        return
    known = distributions.runtime()
    packages = handler.application.manifests.packages(handler)
    if not inline and not (packages.own and packages.installed):
        return
    for module, binding, root in _third_party(handler):
        if root in known.imports | known.sometimes or (inline and root in known.inline):
            continue
        names = distributions.providers(root)
        if not names or root in _SHARED or _is_listed(packages, (root, *names)):
            continue
        carried = distributions.carried(packages.requirements)
        if packages.gaps or carried is None or not carried.isdisjoint(names):
            continue
        if not inline and _may_lie_there(handler, root):
            continue
        yield Absent(module, binding, root, names, None if inline else packages)


def _third_party(handler: Handler) -> Iterator[tuple[PythonModule, Binding, str]]:
    for module in handler.reach.modules:
        for binding in module.names.imports:
            root = (binding.imported or "").split(".")[0]
            if not root or is_standard(root) or handler.program.is_local(module, binding):
                continue
            if Phase.INIT not in handler.reach.phases(module, binding.node):
                continue
            if not is_trial(module, binding.node) and not is_for_local_runs(module, binding.node):
                yield module, binding, root


def _is_listed(packages: Packages, names: tuple[str, ...]) -> bool:
    listed = {requirement.name for requirement in packages.requirements}
    return not listed.isdisjoint(normalised(name) for name in names)


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
