"""Scopes, bindings and what each name means, from the tables of the one walk.

Resolution follows Python's rules for scopes (LEGB, class scopes seen only from themselves, `global`,
`nonlocal`, comprehension scopes) but not the flow of control: a read means every binding of its name in the
scope where it is found. `ModuleNames.latest` says which of them comes last before a place.
"""

from __future__ import annotations

import ast
import builtins
import enum
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import libcst as cst

from lambdalint.python.syntax import string_value
from lambdalint.python.walk import COMPREHENSIONS, IMPORTS, Frame

if TYPE_CHECKING:
    from lambdalint.python.module import PythonModule

ScopeKind = Literal["module", "function", "class", "comprehension", "lambda", "type"]

# Those of the Python that runs us, of newer ones, and what every module has.
BUILTINS = frozenset(dir(builtins)) | {
    "BaseExceptionGroup",
    "EncodingWarning",
    "ExceptionGroup",
    "PythonFinalizationError",
    "WindowsError",
    "__annotations__",
    "__builtins__",
    "__file__",
    "__name__",
    "__path__",
    "aiter",
    "anext",
}


class BindingKind(enum.Enum):
    """The syntax that binds a name."""

    IMPORT = enum.auto()
    IMPORT_FROM = enum.auto()
    ASSIGN = enum.auto()
    AUGMENTED = enum.auto()
    ANNOTATED = enum.auto()
    PARAMETER = enum.auto()
    FUNCTION = enum.auto()
    CLASS = enum.auto()
    FOR = enum.auto()
    WITH = enum.auto()
    EXCEPT = enum.auto()
    WALRUS = enum.auto()
    DELETE = enum.auto()
    GLOBAL = enum.auto()
    MATCH = enum.auto()
    COMPREHENSION = enum.auto()
    STAR_IMPORT = enum.auto()
    TYPE = enum.auto()  # a `type` statement or a type parameter


@dataclass(eq=False)
class Binding:
    """One place that gives a name a meaning.

    `node` is the ImportAlias, ImportStar, Assign, AnnAssign, AugAssign, For, CompFor, WithItem, handler,
    NamedExpr, pattern, Param, FunctionDef, ClassDef or Del that binds. `value` is the expression that is
    bound whole: None for a part of one (tuple targets), for loops and for what is no expression. `qualified`
    is what an imported name stands for, leading dots kept: "boto3", "boto3.dynamodb.conditions.Key",
    ".common.db"; `imported` is what the import names. They differ for `import a.b`, which binds `a`. `reads`
    are the names that may mean this binding.
    """

    name: str
    kind: BindingKind
    node: cst.CSTNode
    scope: Scope
    value: cst.BaseExpression | None = None
    qualified: str | None = None
    reads: list[cst.Name] = field(default_factory=list)
    target: cst.Name | None = None  # the name itself, where the walk has it
    imported: str | None = None

    def __repr__(self) -> str:
        return f"<Binding {self.name} {self.kind.name}>"

    @property
    def is_import(self) -> bool:
        """Whether an import made it, star imports included."""
        return self.imported is not None


_BIND_LAST = frozenset({BindingKind.ASSIGN, BindingKind.ANNOTATED, BindingKind.AUGMENTED, BindingKind.WALRUS})


@dataclass(eq=False)
class Scope:
    """A region of code with names of its own.

    `node` is the Module, FunctionDef, ClassDef, Lambda, comprehension or TypeParameters that opens it.
    `global_names` and `nonlocal_names` are declared in it and live elsewhere.
    """

    kind: ScopeKind
    node: cst.CSTNode
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)
    seen: dict[str, tuple[Binding, ...]] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"<Scope {self.kind}>"


class ModuleNames:
    """What the names of one module mean."""

    def __init__(self, module: PythonModule) -> None:
        self._module = module
        self._scopes: dict[int, Scope] = {}
        self._meanings: dict[int, tuple[Binding, ...]] = {}
        self._bound: dict[int, Binding] = {}
        self._imports: list[Binding] = []
        self._by_statement: dict[int, list[Binding]] = {}
        self._qualified: dict[int, str | None] = {}
        self._positions: dict[int, int] = {}
        self._unbound: list[cst.Name] = []
        self._bind()
        self._resolve()

    # Questions

    @property
    def module_scope(self) -> Scope:
        """The scope of the module level."""
        return self._scopes[id(self._module.tree)]

    @property
    def scopes(self) -> Sequence[Scope]:
        """Every scope, outer before inner."""
        return list(self._scopes.values())

    def scope(self, node: cst.CSTNode) -> Scope:
        """The scope in which the node is evaluated.

        Decorators, defaults, annotations, base classes and a comprehension's first iterable belong to the
        scope outside. For a node that opens a scope it is the scope around it; see `inner_scope`.
        """
        below = node
        for ancestor in self._module.ancestors(node):
            scope = self._scopes.get(id(ancestor))
            if scope is not None and _inside(ancestor, below, self._module, node):
                return scope
            below = ancestor
        return self.module_scope

    def inner_scope(self, node: cst.CSTNode) -> Scope | None:
        """The scope that a function, class, lambda, comprehension or module opens."""
        return self._scopes.get(id(node))

    def lookup(self, name: cst.Name) -> tuple[Binding, ...]:
        """Every binding that a read can mean; () for builtins, unbound names and names that bind."""
        return self._meanings.get(id(name), ())

    def bound_by(self, name: cst.Name) -> Binding | None:
        """The binding that a name in a target makes; None for names that are read."""
        return self._bound.get(id(name))

    def latest(self, name: cst.Name) -> Binding | None:
        """The binding that a read most likely means: the last of its scope, or the last one above the read
        where that scope is the read's own. None for builtins, unbound names and what only `*` may bring."""
        found = [binding for binding in self.lookup(name) if binding.kind is not BindingKind.STAR_IMPORT]
        if not found:
            return None
        if len(found) == 1:
            return found[0]
        here = self.scope(name)
        while here.kind in ("comprehension", "type") and here.parent is not None:
            here = here.parent
        if here is found[0].scope:
            place = self._place(name)
            for binding in reversed(found):
                if self._place(binding.target or binding.node) < place and not self._binds_after(
                    binding, name
                ):
                    return binding
        return found[-1]

    def _binds_after(self, binding: Binding, read: cst.Name) -> bool:
        """Whether the read is part of what is bound: `x = f(x)`."""
        return binding.kind in _BIND_LAST and self._module.contains(binding.node, read)

    def import_of(self, name: cst.Name) -> Binding | None:
        """The last import that a read can mean, star imports aside; None where none can be meant."""
        for binding in reversed(self._meanings.get(id(name), ())):
            if binding.kind is BindingKind.IMPORT or binding.kind is BindingKind.IMPORT_FROM:
                return binding
        return None

    def imported_by(self, statement: cst.CSTNode) -> Sequence[Binding]:
        """The bindings that an `import` or `from … import` statement makes."""
        return self._by_statement.get(id(statement), ())

    def resolve(self, scope: Scope, name: str) -> tuple[Binding, ...]:
        """Every binding that a name can mean when read in a scope; () for builtins and unbound names."""
        found = scope.seen.get(name)
        if found is None:
            found = scope.seen[name] = self._search(scope, name)
        return found

    def qualified(self, expr: cst.CSTNode) -> str | None:
        """The dotted origin of a name or attribute chain, through imports and plain aliases.

        `b.client` after `import boto3 as b` is "boto3.client", `open` is "builtins.open", `client` after
        `client = boto3.client` is "boto3.client". None for anything else, and where bindings disagree.
        """
        key = id(expr)
        if key not in self._qualified:
            self._qualified[key] = None  # for aliases of themselves
            self._qualified[key] = self._origin(expr)
        return self._qualified[key]

    @property
    def unbound(self) -> Sequence[cst.Name]:
        """The reads of names that are neither bound anywhere they can be seen, nor builtins; by scope."""
        return self._unbound

    @property
    def imports(self) -> Sequence[Binding]:
        """The bindings of every import, in the order of the source."""
        return self._imports

    @cached_property
    def exported(self) -> frozenset[str] | None:
        """The names in `__all__`, as far as they are written out; None without `__all__`."""
        if "__all__" not in self.module_scope.bindings:
            return None
        return frozenset(_exported_names(self._module))

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """The names that occur in string annotations and `# type:` comments, of whatever scope."""
        return frozenset(_quoted_names(self._module)) | frozenset(_type_comment_names(self._module))

    def is_used(self, binding: Binding) -> bool:
        """Whether something reads the binding: code, a string annotation, a type comment or `__all__`."""
        if binding.reads or binding.name in self.mentioned:
            return True
        exported = self.exported
        return exported is not None and binding.scope is self.module_scope and binding.name in exported

    # Building

    def _bind(self) -> None:
        scopes: dict[int, Scope] = {}
        for frame in self._module.streams.frames:
            scope = Scope(_kind(frame.node), frame.node, scopes[id(frame.parent)] if frame.parent else None)
            scopes[id(frame)] = scope
            self._scopes[id(frame.node)] = scope
            if scope.kind in ("function", "lambda"):
                self._bind_parameters(scope)
            elif scope.kind == "type":
                self._bind_type_parameters(scope)
            for node in frame.stream:
                if node.__class__ is cst.Global or node.__class__ is cst.Nonlocal:
                    names = {item.name.value for item in node.names}
                    (scope.global_names if node.__class__ is cst.Global else scope.nonlocal_names).update(
                        names
                    )
        self._reads: list[tuple[Scope, list[cst.Name]]] = []
        for frame in self._module.streams.frames:
            self._bind_stream(scopes[id(frame)], frame)

    def _bind_stream(self, scope: Scope, frame: Frame) -> None:
        parents = self._module.streams.parents
        reads: list[cst.Name] = []
        for node in frame.stream:
            if node.__class__ is not cst.Name:
                self._declare(scope, node)
                continue
            parent = parents[id(node)]
            binder = _BINDERS.get(parent.__class__)
            if binder is None:
                reads.append(node)
                continue
            made = binder(node, parent, parents)
            if made is None:
                reads.append(node)
                continue
            kind, at, value = made
            self._add(scope, node.value, kind, at, value, target=node)
            if kind is BindingKind.AUGMENTED or kind is BindingKind.DELETE:
                reads.append(node)
        self._reads.append((scope, reads))

    def _declare(self, scope: Scope, node: cst.CSTNode) -> None:
        if isinstance(node, cst.FunctionDef):
            self._add(scope, node.name.value, BindingKind.FUNCTION, node)
        elif isinstance(node, cst.ClassDef):
            self._add(scope, node.name.value, BindingKind.CLASS, node)
        elif isinstance(node, IMPORTS):
            self._bind_import(scope, node)

    def _bind_import(self, scope: Scope, node: Any) -> None:
        before = len(self._imports)
        self._bind_aliases(scope, node, import_origin(node))
        self._by_statement[id(node)] = self._imports[before:]

    def _bind_aliases(self, scope: Scope, node: Any, origin: str | None) -> None:
        if isinstance(node.names, cst.ImportStar):
            self._add_import(scope, "*", BindingKind.STAR_IMPORT, node.names, origin or "", origin or "")
            return
        for alias in node.names:
            dotted = dotted_name(alias.name)
            if dotted is None:
                continue
            asname = _asname(alias)
            if origin is None:
                name = asname or dotted.split(".")[0]
                self._add_import(scope, name, BindingKind.IMPORT, alias, dotted if asname else name, dotted)
            else:
                full = origin + dotted if origin.endswith(".") else f"{origin}.{dotted}"
                self._add_import(scope, asname or dotted, BindingKind.IMPORT_FROM, alias, full, full)

    def _add_import(
        self, scope: Scope, name: str, kind: BindingKind, node: cst.CSTNode, qualified: str, imported: str
    ) -> None:
        binding = self._add(scope, name, kind, node, qualified=qualified)
        binding.imported = imported
        self._imports.append(binding)

    def _bind_parameters(self, scope: Scope) -> None:
        params = scope.node.params  # type: ignore[attr-defined]
        for param in parameters(params):
            self._add(scope, param.name.value, BindingKind.PARAMETER, param)

    def _bind_type_parameters(self, scope: Scope) -> None:
        for parameter in scope.node.params:  # type: ignore[attr-defined]
            self._add(scope, parameter.param.name.value, BindingKind.TYPE, parameter.param)

    def _add(
        self,
        scope: Scope,
        name: str,
        kind: BindingKind,
        node: cst.CSTNode,
        value: cst.BaseExpression | None = None,
        qualified: str | None = None,
        target: cst.Name | None = None,
    ) -> Binding:
        home = self._home(scope, name, kind)
        others = home.bindings.get(name)
        if others is None:
            others = home.bindings[name] = []
        shared: list[cst.Name] = others[0].reads if others else []
        binding = Binding(name, kind, node, home, value, qualified, shared, target)
        others.append(binding)
        if target is not None:
            self._bound[id(target)] = binding
        return binding

    def _home(self, scope: Scope, name: str, kind: BindingKind) -> Scope:
        """The scope whose name it is: declared global, nonlocal, or bound by a walrus in a comprehension."""
        if kind is BindingKind.WALRUS:
            while scope.kind == "comprehension" and scope.parent is not None:
                scope = scope.parent
        if name in scope.global_names:
            return self.module_scope
        if name in scope.nonlocal_names:
            outer = scope.parent
            while outer is not None:
                if outer.kind in ("function", "lambda") and name not in outer.nonlocal_names:
                    return outer
                outer = outer.parent
        return scope

    def _resolve(self) -> None:
        meanings = self._meanings
        for scope, reads in self._reads:
            seen = scope.seen
            # The bindings of a name in one scope share one list of reads: a name that is bound and read
            # hundreds of times would otherwise cost the product.
            lists: dict[str, list[list[cst.Name]]] = {}
            for name in reads:
                value = name.value
                found = seen.get(value)
                if found is None:
                    found = seen[value] = self._search(scope, value)
                if found:
                    meanings[id(name)] = found
                    into = lists.get(value)
                    if into is None:
                        unique = {id(binding.reads): binding.reads for binding in found}
                        into = lists[value] = list(unique.values())
                    for each in into:
                        each.append(name)
                elif value not in BUILTINS:
                    self._unbound.append(name)
        del self._reads

    def _search(self, scope: Scope, name: str) -> tuple[Binding, ...]:
        if name in scope.global_names:
            return tuple(self.module_scope.bindings.get(name, ()))
        here: Scope | None = scope
        while here is not None:
            found = here.bindings.get(name)
            # A class's names are seen in its own body only, not in its methods.
            if found and here.kind == "class" and here is scope:
                # `X = X` in a class body reads the name outside before it binds its own.
                return (*found, *(self._search(here.parent, name) if here.parent is not None else ()))
            if found and (here.kind != "class" or _only_types_between(scope, here)):
                return tuple(found)
            here = here.parent
        if name in BUILTINS:
            return ()
        stars: list[Binding] = []
        here = scope
        while here is not None:
            stars.extend(here.bindings.get("*", ()))
            here = here.parent
        return tuple(stars)

    # Origins

    def _origin(self, expr: cst.CSTNode) -> str | None:
        attributes: list[str] = []
        while isinstance(expr, cst.Attribute):
            attributes.append(expr.attr.value)
            expr = expr.value
        if not isinstance(expr, cst.Name):
            return None
        base = self._origin_of_name(expr)
        if base is None:
            return None
        if attributes and base.endswith("."):
            return base + ".".join(reversed(attributes))
        return ".".join([base, *reversed(attributes)])

    def _origin_of_name(self, name: cst.Name) -> str | None:
        found = self.lookup(name)
        if not found:
            if id(name) in self._bound:
                return None
            return f"builtins.{name.value}" if name.value in BUILTINS else None
        latest = self.latest(name)
        if latest is None:
            return None
        if latest.is_import:
            return latest.qualified
        if latest.kind is BindingKind.ASSIGN and isinstance(latest.value, cst.Name | cst.Attribute):
            others = [binding for binding in found if binding is not latest and not binding.is_import]
            # Rebound under the same name elsewhere: which one is meant depends on the flow.
            return None if others else self.qualified(latest.value)
        return None

    def _place(self, node: cst.CSTNode) -> int:
        if not self._positions:
            self._positions = {
                id(found): at for at, found in enumerate(self._module.descendants(self._module.tree))
            }
        return self._positions.get(id(node), -1)


# Reading single nodes


def parameters(params: cst.Parameters) -> Iterator[cst.Param]:
    """Every parameter of a function, `*args` and `**kwargs` included, in the order of the source."""
    yield from params.posonly_params
    yield from params.params
    if isinstance(params.star_arg, cst.Param):
        yield params.star_arg
    yield from params.kwonly_params
    if params.star_kwarg is not None:
        yield params.star_kwarg


def dotted_name(expr: cst.CSTNode | None) -> str | None:
    """`a.b.c` as text; None for anything but names and attributes."""
    parts: list[str] = []
    while isinstance(expr, cst.Attribute):
        parts.append(expr.attr.value)
        expr = expr.value
    if not isinstance(expr, cst.Name):
        return None
    parts.append(expr.value)
    return ".".join(reversed(parts))


def import_origin(node: cst.CSTNode) -> str | None:
    """The module that `from … import` names, with its leading dots; None for `import …`."""
    if not hasattr(node, "relative"):
        return None
    return "." * len(node.relative) + (dotted_name(node.module) or "")  # type: ignore[attr-defined]


def _asname(alias: cst.CSTNode) -> str | None:
    asname = alias.asname if isinstance(alias, cst.ImportAlias) else None
    return asname.name.value if asname is not None and isinstance(asname.name, cst.Name) else None


def _kind(node: cst.CSTNode) -> ScopeKind:
    if isinstance(node, cst.FunctionDef):
        return "function"
    if isinstance(node, cst.ClassDef):
        return "class"
    if isinstance(node, cst.Lambda):
        return "lambda"
    if isinstance(node, COMPREHENSIONS):
        return "comprehension"
    return "module" if isinstance(node, cst.Module) else "type"


def _inside(opener: cst.CSTNode, below: cst.CSTNode, module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether the child of an opener belongs to the scope that the opener opens."""
    if isinstance(opener, cst.FunctionDef | cst.Lambda | cst.ClassDef):
        return below is opener.body
    if isinstance(opener, COMPREHENSIONS):
        loop: cst.CompFor = opener.for_in  # type: ignore[attr-defined]
        return below is not loop or not module.contains(loop.iter, node)
    return True


def _only_types_between(scope: Scope, outer: Scope) -> bool:
    here: Scope | None = scope
    while here is not None and here is not outer:
        if here.kind != "type":
            return False
        here = here.parent
    return True


# Names in targets: what binds, by the class of the name's parent

_Made = tuple[BindingKind, cst.CSTNode, cst.BaseExpression | None]
_Parents = dict[int, cst.CSTNode]


def _bind_assign_target(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    assign = parents[id(parent)]
    return BindingKind.ASSIGN, assign, assign.value  # type: ignore[attr-defined]


def _bind_ann_assign(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    return (BindingKind.ANNOTATED, parent, parent.value) if name is parent.target else None


def _bind_aug_assign(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    return (BindingKind.AUGMENTED, parent, None) if name is parent.target else None


def _bind_for(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    return (BindingKind.FOR, parent, None) if name is parent.target else None


def _bind_comp_for(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    return (BindingKind.COMPREHENSION, parent, None) if name is parent.target else None


def _bind_walrus(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    return (BindingKind.WALRUS, parent, parent.value) if name is parent.target else None


def _bind_as_name(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    owner = parents[id(parent)]
    if isinstance(owner, cst.WithItem):
        return BindingKind.WITH, owner, None
    return BindingKind.EXCEPT, owner, None


def _bind_match_as(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    return (BindingKind.MATCH, parent, None) if name is parent.name else None


def _bind_match_rest(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    return (BindingKind.MATCH, parent, None) if name is parent.rest else None


def _bind_del(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    return BindingKind.DELETE, parent, None


def _bind_type_alias(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    return (BindingKind.TYPE, parent, None) if name is parent.name else None


def _bind_element(name: cst.Name, parent: Any, parents: _Parents) -> _Made | None:
    below: cst.CSTNode = parent
    above = parents[id(parent)]
    while isinstance(above, cst.Tuple | cst.List | cst.Element | cst.StarredElement):
        below, above = above, parents[id(above)]
    if isinstance(above, cst.AssignTarget):
        return BindingKind.ASSIGN, parents[id(above)], None
    if isinstance(above, cst.For) and below is above.target:
        return BindingKind.FOR, above, None
    if isinstance(above, cst.CompFor) and below is above.target:
        return BindingKind.COMPREHENSION, above, None
    if isinstance(above, cst.AsName):
        return BindingKind.WITH, parents[id(above)], None
    if isinstance(above, cst.Del):
        return BindingKind.DELETE, above, None
    return None


_BINDERS = {
    cls: binder
    for name, binder in {
        "AssignTarget": _bind_assign_target,
        "AnnAssign": _bind_ann_assign,
        "AugAssign": _bind_aug_assign,
        "For": _bind_for,
        "CompFor": _bind_comp_for,
        "NamedExpr": _bind_walrus,
        "AsName": _bind_as_name,
        "MatchAs": _bind_match_as,
        "MatchStar": _bind_match_as,
        "MatchMapping": _bind_match_rest,
        "Del": _bind_del,
        "TypeAlias": _bind_type_alias,
        "Element": _bind_element,
        "StarredElement": _bind_element,
    }.items()
    if (cls := getattr(cst, name, None)) is not None
}


# `__all__`


def _exported_names(module: PythonModule) -> Iterator[str]:
    for binding in module.names.module_scope.bindings["__all__"]:
        node = binding.node
        if isinstance(node, cst.Assign | cst.AnnAssign | cst.AugAssign) and node.value is not None:
            yield from _strings(node.value)
    for call in module.nodes(cst.Call):
        func = call.func
        if (
            isinstance(func, cst.Attribute)
            and func.attr.value in ("extend", "append")
            and isinstance(func.value, cst.Name)
            and func.value.value == "__all__"
        ):
            for argument in call.args:
                yield from _strings(argument.value)


def _strings(expr: cst.BaseExpression) -> Iterator[str]:
    if isinstance(expr, cst.BinaryOperation):
        yield from _strings(expr.left)
        yield from _strings(expr.right)
    elif isinstance(expr, cst.List | cst.Tuple | cst.Set):
        for element in expr.elements:
            yield from _strings(element.value)
    elif isinstance(expr, cst.SimpleString | cst.ConcatenatedString):
        value = expr.evaluated_value
        if isinstance(value, str):
            yield value


# Annotations in strings and comments


def _quoted_names(module: PythonModule) -> Iterator[str]:
    """The names within strings that are annotations or types."""
    if not module.nodes(cst.Annotation) and "typing" not in module.source.text:
        return
    for string in module.nodes(cst.SimpleString):
        if not _IDENTIFIER.search(string.value):
            continue
        if _is_type_string(module, string):
            value = string_value(string)
            if isinstance(value, str):
                yield from _names_in(value)


_IDENTIFIER = re.compile(r"[^\W\d]")


def _is_type_string(module: PythonModule, string: cst.CSTNode) -> bool:
    below = string
    for ancestor in module.ancestors(string):
        cls = ancestor.__class__
        if cls in _LINES:
            return False
        if cls is cst.Annotation:
            return True
        if isinstance(ancestor, cst.Call):
            return _is_typing_call(module, ancestor, below)
        if isinstance(ancestor, cst.AnnAssign):
            return _is_type_alias(module, ancestor)
        if isinstance(ancestor, cst.Subscript) and below is not ancestor.value:
            origin = module.names.qualified(ancestor.value) or dotted_name(ancestor.value) or ""
            last = origin.rsplit(".", 1)[-1]
            if last == "Literal":
                return False
            if last == "Annotated" and below is not ancestor.slice[0]:
                return False
            if origin.startswith(_TYPING):
                return True
        below = ancestor
    return False


# Above these nothing speaks of types any more.
_LINES = frozenset({cst.SimpleStatementLine, cst.SimpleStatementSuite, cst.IndentedBlock, cst.Module})
_TYPING = ("typing.", "typing_extensions.", "collections.abc.")


def _is_typing_call(module: PythonModule, call: cst.Call, argument: cst.CSTNode) -> bool:
    origin = module.names.qualified(call.func)
    if origin is None or not origin.startswith(_TYPING):
        return False
    last = origin.rsplit(".", 1)[-1]
    if last in ("cast", "assert_type"):
        index = 0 if last == "cast" else 1
        return len(call.args) > index and call.args[index] is argument
    return last in ("TypeVar", "NewType", "NamedTuple", "TypedDict")


def _is_type_alias(module: PythonModule, node: cst.AnnAssign) -> bool:
    return (module.names.qualified(node.annotation.annotation) or "").endswith(".TypeAlias")


_TYPE_COMMENT = re.compile(r"#\s*type:\s*(?!ignore\b)([^#\r\n]+)")


def _type_comment_names(module: PythonModule) -> Iterator[str]:
    text = module.source.text
    if "type:" not in text:
        return
    # Any text that looks like one counts: a name too many only keeps an import.
    for match in _TYPE_COMMENT.finditer(text):
        yield from re.findall(r"[^\W\d]\w*", match[1])


def _names_in(annotation: str) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"({annotation}\n)", mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != annotation:
            yield from _names_in(node.value)
