"""The rules there are, read from their source; a rule is imported only to run.

Rules come from packages that an entry point of the group `lambdalint.rules` names (the builtin ones too), and
from folders of the repository where the user asks for it. A package holds one rule a file, and the folder of
the file is the rule's theme; files whose names begin with an underscore are helpers.
"""

from __future__ import annotations

import difflib
import fnmatch
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import cast

from lambdalint.rule import Rule, RuleMeta, Settings
from lambdalint.rule_source import ENGINE_RULES, ENGINE_THEME, RegistryError, one_line, read_file

__all__ = [
    "ALWAYS_SELECTED",
    "ENGINE_THEME",
    "GROUP",
    "Registry",
    "RegistryError",
    "RulePackage",
    "did_you_mean",
    "load_registry",
    "nearest",
    "read_package",
]

GROUP = "lambdalint.rules"

# These say that something could not be read, so leaving them out of a selection must not hide them; `ignore`
# can.
ALWAYS_SELECTED = frozenset({"syntax-error", "template-error", "rule-crash"})

_GLOB = frozenset("*?[")
_LOCAL_PACKAGE = "lambdalint_local_rules"


@dataclass(frozen=True)
class RulePackage:
    """A folder of rules. `module` is its dotted name; `origin` says in messages where it comes from."""

    module: str
    directory: Path
    origin: str
    local: bool = False


@dataclass(frozen=True)
class Registry:
    """The rules by name, the engine's own among them."""

    rules: Mapping[str, RuleMeta]
    packages: tuple[RulePackage, ...] = ()
    # Rules given as objects rather than found in packages: for tests of the engine and of rules.
    instances: Mapping[str, Rule] = field(default_factory=dict)

    @cached_property
    def themes(self) -> Mapping[str, tuple[str, ...]]:
        """The names of each theme's rules, both sorted."""
        themes: dict[str, list[str]] = {}
        for name in sorted(self.rules):
            themes.setdefault(self.rules[name].theme, []).append(name)
        return {theme: tuple(themes[theme]) for theme in sorted(themes)}

    def get(self, name: str) -> RuleMeta:
        """The rule of that name. Raises RegistryError, which names the nearest."""
        if name in self.rules:
            return self.rules[name]
        raise RegistryError(f"unknown rule `{name}`{did_you_mean(name, self.rules)}")

    def expand(self, selector: str) -> frozenset[str]:
        """The rules that a name, a theme or a glob over names selects. Raises RegistryError if it is none."""
        if selector in self.rules:
            return frozenset((selector,))
        if selector in self.themes:
            return frozenset(self.themes[selector])
        if _GLOB.intersection(selector):
            matched = frozenset(name for name in self.rules if fnmatch.fnmatchcase(name, selector))
            if matched:
                return matched
            raise RegistryError(f"no rule matches `{selector}`; `lambdalint rules` lists them")
        near = did_you_mean(selector, [*self.rules, *self.themes])
        raise RegistryError(f"unknown rule or theme `{selector}`{near}")

    def select(self, settings: Settings) -> tuple[RuleMeta, ...]:
        """The rules in force under the settings, by name, the engine's own among them.

        Opt-in rules are in force where a selector names or matches them, and all of them where the settings
        are pedantic. `ignore` wins over every selection. Raises RegistryError for an unknown selector.
        """
        chosen = self._all(settings.select) if settings.select else self._by_default(settings.pedantic)
        chosen |= self._all(settings.extend_select)
        chosen |= ALWAYS_SELECTED & self.rules.keys()
        chosen -= self._all(settings.ignore)
        return tuple(self.rules[name] for name in sorted(chosen))

    def load(self, meta: RuleMeta) -> Rule:
        """Imports a rule and makes it. Raises RegistryError when the import fails."""
        if meta.name in self.instances:
            return self.instances[meta.name]
        try:
            for package in self.packages:
                if package.local and meta.path.is_relative_to(package.directory):
                    _install_local(package)
            rule = getattr(importlib.import_module(meta.module), meta.qualname)()
        except Exception as error:
            raise RegistryError(
                f"{meta.path}: rule `{meta.name}` cannot be imported: {one_line(error)}; "
                f"mend the file, or leave the rule out with `ignore`"
            ) from error
        if not isinstance(rule, Rule):
            raise RegistryError(f"{meta.path}: `{meta.qualname}` must derive from `lambdalint.rule.Rule`")
        return rule

    def _all(self, selectors: Iterable[str]) -> set[str]:
        return {name for selector in selectors for name in self.expand(selector)}

    def _by_default(self, pedantic: bool) -> set[str]:
        return {name for name, meta in self.rules.items() if meta.default or pedantic}


def load_registry(local_rules: Sequence[Path] = ()) -> Registry:
    """All installed rules, and those of `local_rules`: folders whose code the user chose to run.

    Raises RegistryError for a package or file that cannot be used.
    """
    packages = [*_installed_packages(), *(_local_package(folder) for folder in local_rules)]
    rules = {meta.name: meta for meta in read_file(ENGINE_RULES, "lambdalint.engine_rules", ENGINE_THEME)}
    for package in packages:
        for meta in read_package(package):
            if meta.name in rules:
                raise RegistryError(
                    f"{meta.path}: the rule name `{meta.name}` is taken by {rules[meta.name].path}; rename it"
                )
            rules[meta.name] = meta
    return Registry(rules, tuple(packages))


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` most likely means, None if none is near."""
    matches = difflib.get_close_matches(name.lower().replace("_", "-"), sorted(names), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """What to add to a message about an unknown rule name: the nearest, or where they are listed."""
    near = nearest(name, names)
    return f"; did you mean `{near}`?" if near else "; `lambdalint rules` lists them"


def read_package(package: RulePackage) -> Iterable[RuleMeta]:
    """The rules in a package's folder, by path. Raises RegistryError for a file that is no rule."""
    for path in sorted(package.directory.rglob("*.py")):
        parts = path.relative_to(package.directory).with_suffix("").parts
        if any(part.startswith(("_", ".")) for part in parts):
            continue
        theme = parts[-2] if len(parts) > 1 else package.directory.name
        yield from read_file(path, ".".join((package.module, *parts)), theme)


def _installed_packages() -> Iterable[RulePackage]:
    points = {(point.value, point.name): point for point in importlib.metadata.entry_points(group=GROUP)}
    # The builtin package first, so that a clash of names is blamed on the newcomer.
    for point in sorted(points.values(), key=lambda point: (point.value != GROUP, point.value)):
        module = point.value.partition(":")[0]
        directory = _package_directory(module)
        if directory is None:
            raise RegistryError(
                f"entry point `{point.name}` of group `{GROUP}` names the package `{module}`, which is not "
                f"there; reinstall or remove {_distribution(point)}"
            )
        yield RulePackage(module, directory, _distribution(point))


def _distribution(point: importlib.metadata.EntryPoint) -> str:
    return f"the package {point.dist.name}" if point.dist else "the package that brings it"


def _package_directory(module: str) -> Path | None:
    """Where a package lies. Parents are located, not imported: a rule package may be heavy."""
    locations: Sequence[str] | None = None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = _find_spec(name, locations)
        if spec is None or spec.submodule_search_locations is None:
            return None
        locations = list(spec.submodule_search_locations)
    folders = [Path(location) for location in locations or () if Path(location).is_dir()]
    return folders[0].resolve() if folders else None


def _find_spec(name: str, path: Sequence[str] | None) -> importlib.machinery.ModuleSpec | None:
    # As importlib.util.find_spec does, but for the import of the parents.
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec = find(name, path) if find else None
        if spec is not None:
            return cast("importlib.machinery.ModuleSpec", spec)
    return None


def _local_package(folder: Path) -> RulePackage:
    if not folder.is_dir():
        raise RegistryError(f"{folder}: there is no such folder of local rules")
    directory = folder.resolve()
    # Two folders may have the same name, so the name of the package is made of the whole path.
    suffix = re.sub(r"\W", "_", str(directory))
    return RulePackage(f"{_LOCAL_PACKAGE}_{suffix}", directory, f"the folder {folder}", local=True)


def _install_local(package: RulePackage) -> None:
    if package.module in sys.modules:
        return
    # A namespace package over the folder: its rules can import one another, and sys.path stays as it is.
    spec = importlib.machinery.ModuleSpec(package.module, None, is_package=True)
    spec.submodule_search_locations = [str(package.directory)]
    sys.modules[package.module] = importlib.util.module_from_spec(spec)
