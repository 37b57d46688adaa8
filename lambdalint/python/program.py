"""Program: modules that can import one another, and definitions followed through their imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind, Scope

if TYPE_CHECKING:
    from lambdalint.python.symbols import Symbol


@dataclass(frozen=True)
class Definition:
    """What a name comes to: a FunctionDef, a ClassDef, the statement that binds a value, or a Module.

    `binding` is None for a module.
    """

    module: PythonModule
    node: cst.CSTNode
    binding: Binding | None


class Program:
    """Modules that can import one another: one bundle's import path.

    `find` gives the module of a dotted name, None for any that is not the application's own. `name_of` gives
    a module's dotted name and whether it is a package (an `__init__.py`). Answers are kept.
    """

    def __init__(
        self,
        find: Callable[[str], PythonModule | None],
        name_of: Callable[[PythonModule], tuple[str, bool]],
    ) -> None:
        self._find = find
        self._name_of = name_of
        self._modules: dict[str, PythonModule | None] = {}
        self._names: dict[int, tuple[str, bool]] = {}
        self._dotted: dict[str, Definition | None] = {}
        self._bindings: dict[int, Definition | None] = {}
        self._active: set[object] = set()
        # By the `id` of expression and binding, what the evaluator found that no reach has a say in.
        self.values: dict[int, Symbol] = {}
        self.bound_values: dict[int, Symbol] = {}

    def name(self, module: PythonModule) -> tuple[str, bool]:
        """The module's dotted name, and whether it is a package."""
        found = self._names.get(id(module))
        if found is None:
            found = self._names[id(module)] = self._name_of(module)
        return found

    def module(self, dotted: str) -> PythonModule | None:
        """The application's own module of that name; None for any other."""
        if dotted not in self._modules:
            self._modules[dotted] = self._find(dotted) if _is_dotted(dotted) else None
        return self._modules[dotted]

    def absolute(self, module: PythonModule, qualified: str) -> str:
        """A dotted name as seen from nowhere: leading dots are resolved from the module's own name."""
        if not qualified.startswith("."):
            return qualified
        rest = qualified.lstrip(".")
        name, is_package = self.name(module)
        parts = name.split(".") if name else []
        up = len(qualified) - len(rest) - (1 if is_package else 0)
        parts = parts[: len(parts) - up] if up else parts
        return ".".join([*parts, rest] if rest else parts)

    def imported_modules(self, module: PythonModule, binding: Binding) -> Iterator[PythonModule]:
        """The application's own modules whose module level an import runs, packages before what they hold."""
        dotted = self.absolute(module, binding.imported or "")
        parts = dotted.split(".")
        for count in range(1, len(parts) + 1):
            found = self.module(".".join(parts[:count]))
            if found is not None:
                yield found

    def is_local(self, module: PythonModule, binding: Binding) -> bool:
        """Whether an import names one of the application's own modules, or something in one."""
        if not binding.is_import:
            return False
        if (binding.imported or "").startswith("."):
            return True
        return next(self.imported_modules(module, binding), None) is not None

    def definition(self, module: PythonModule, expr: cst.CSTNode) -> Definition | None:
        """What a name or attribute chain comes to, through imports, re-exports and plain aliases.

        None for what is not defined in the application, and for attributes of values.
        """
        if isinstance(expr, cst.Name):
            binding = module.names.latest(expr)
            if binding is None:
                return self._from_stars(module, expr.value)
            return self.bound(module, _chosen(module.names.lookup(expr), binding))
        if not isinstance(expr, cst.Attribute):
            return None
        base = self.definition(module, expr.value)
        if base is None:
            # `a.b.f` after `import a.b`, where `a` is a folder without `__init__.py`.
            dotted = module.names.qualified(expr)
            return self.dotted(self.absolute(module, dotted)) if dotted is not None else None
        return self.attribute(base, expr.attr.value)

    def bound(self, module: PythonModule, binding: Binding) -> Definition | None:
        """What a binding comes to; imports of what is not the application's own come to nothing."""
        key = id(binding)
        if key in self._bindings:
            return self._bindings[key]
        if key in self._active:
            return None
        self._active.add(key)
        try:
            found = self._bound(module, binding)
        finally:
            self._active.discard(key)
        self._bindings[key] = found
        return found

    def _bound(self, module: PythonModule, binding: Binding) -> Definition | None:
        if binding.kind is BindingKind.STAR_IMPORT:
            return None
        if binding.is_import:
            return self.dotted(self.absolute(module, binding.qualified or ""))
        if binding.kind is BindingKind.ASSIGN and isinstance(binding.value, cst.Name | cst.Attribute):
            alias = self.definition(module, binding.value)
            if alias is not None:
                return alias
        return Definition(module, binding.node, binding)

    def dotted(self, dotted: str) -> Definition | None:
        """What a dotted name comes to: a module, or something that one defines or re-exports."""
        if dotted in self._dotted:
            return self._dotted[dotted]
        if dotted in self._active:
            return self._as_module(dotted)  # `from . import y` in the package itself
        self._active.add(dotted)
        try:
            found = self._search(dotted)
        finally:
            self._active.discard(dotted)
        self._dotted[dotted] = found
        return found

    def _search(self, dotted: str) -> Definition | None:
        parent, _, name = dotted.rpartition(".")
        if parent:
            # A name that the package binds wins over its submodule of that name.
            owner = self.dotted(parent)
            if owner is not None:
                found = self.attribute(owner, name)
                if found is not None:
                    return found
        return self._as_module(dotted)

    def _as_module(self, dotted: str) -> Definition | None:
        module = self.module(dotted)
        return Definition(module, module.tree, None) if module is not None else None

    def attribute(self, owner: Definition, name: str) -> Definition | None:
        """What a module or class holds under a name; None for what it does not define itself."""
        if isinstance(owner.node, cst.Module):
            return self.member(owner.module, name) or self._as_module(f"{self.name(owner.module)[0]}.{name}")
        if isinstance(owner.node, cst.ClassDef):
            return self.class_attribute(owner.module, owner.node, name)
        return None

    def member(self, module: PythonModule, name: str) -> Definition | None:
        """What a module's level defines, imports or re-exports under a name."""
        bindings = module.names.module_scope.bindings.get(name)
        if bindings:
            return self.bound(module, _chosen(tuple(bindings), bindings[-1]))
        return self._from_stars(module, name)

    def _from_stars(self, module: PythonModule, name: str) -> Definition | None:
        key = ("*", id(module), name)
        if name.startswith("_") or key in self._active:
            return None
        self._active.add(key)
        try:
            for binding in reversed(module.names.module_scope.bindings.get("*", ())):
                origin = self.module(self.absolute(module, binding.qualified or ""))
                found = self.member(origin, name) if origin is not None else None
                if found is not None:
                    return found
        finally:
            self._active.discard(key)
        return None

    def class_attribute(self, module: PythonModule, node: cst.ClassDef, name: str) -> Definition | None:
        """The attribute that a class or the first of its known bases defines in its body."""
        for owner, cls in self.classes(module, node):
            scope: Scope | None = owner.names.inner_scope(cls)
            bindings = scope.bindings.get(name) if scope is not None else None
            if bindings:
                return self.bound(owner, _chosen(tuple(bindings), bindings[-1]))
        return None

    def classes(
        self, module: PythonModule, node: cst.ClassDef
    ) -> Iterator[tuple[PythonModule, cst.ClassDef]]:
        """The class and its bases as far as the application defines them, nearest first."""
        seen: set[int] = set()
        queue = [(module, node)]
        while queue:
            owner, cls = queue.pop(0)
            if id(cls) in seen:
                continue
            seen.add(id(cls))
            yield owner, cls
            for base in cls.bases:
                found = self.definition(owner, base.value)
                if found is not None and isinstance(found.node, cst.ClassDef):
                    queue.append((found.module, found.node))


def _is_dotted(dotted: str) -> bool:
    return bool(dotted) and all(dotted.split("."))


def _chosen(bindings: tuple[Binding, ...], latest: Binding) -> Binding:
    """The binding that says most: `X = None` after a failed import, `del`, `+=` and bare annotations say
    nothing of what the name is."""
    if _says_something(latest):
        return latest
    return next((binding for binding in reversed(bindings) if _says_something(binding)), latest)


def _says_something(binding: Binding) -> bool:
    if binding.kind in (BindingKind.DELETE, BindingKind.AUGMENTED, BindingKind.STAR_IMPORT):
        return False
    if binding.kind is BindingKind.ANNOTATED and binding.value is None:
        return False
    return not (isinstance(binding.value, cst.Name) and binding.value.value == "None")
