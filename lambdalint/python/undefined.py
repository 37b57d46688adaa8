"""Names that are read and that nothing binds, as ruff's F821 has it.

Left alone is what nothing evaluates (string annotations, annotations under `from __future__ import
annotations`, those of local variables) and what may be bound in a way that cannot be seen (`exec`, star
imports, `globals()["x"] = …`).
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Sequence

import libcst as cst

from lambdalint.memo import Memo
from lambdalint.python.control import arms, caught, tries_around
from lambdalint.python.module import PythonModule
from lambdalint.python.names import BUILTINS, Binding, BindingKind, Scope
from lambdalint.python.places import Places, Relation
from lambdalint.python.waivers import is_waived

# Builtins of Python 2, and what took their place.
PYTHON_2 = {
    "basestring": "str",
    "cmp": "(a > b) - (a < b)",
    "execfile": "exec",
    "file": "open",
    "long": "int",
    "raw_input": "input",
    "reduce": "functools.reduce",
    "reload": "importlib.reload",
    "unichr": "chr",
    "unicode": "str",
    "xrange": "range",
}
# Where names come from that are forgotten often.
_HOMES = {
    "Any": "typing",
    "BotoCoreError": "botocore.exceptions",
    "ClientError": "botocore.exceptions",
    "Decimal": "decimal",
    "Dict": "typing",
    "HTTPStatus": "http",
    "List": "typing",
    "Optional": "typing",
    "date": "datetime",
    "timedelta": "datetime",
    "timezone": "datetime",
}
_IN_CLASSES = frozenset({"__module__", "__qualname__"})
_OLD_PYTHON = re.compile(r"version_info|PY2|PY3|python_version|hexversion")


def undefined_names(module: PythonModule, lazy: bool = False, old: bool = False) -> Iterator[cst.Name]:
    """The reads of names that nothing binds, in the order of the source. `lazy` says that no annotation is
    evaluated, as from Python 3.14 on; `old` that Python 2 may run it, and bind names of its own."""
    for name in _found(module):
        if not (old and name.value in PYTHON_2) and not (lazy and _is_annotation(module, name)):
            yield name


_KNOWN: Memo[PythonModule, Sequence[cst.Name]] = Memo()


def _found(module: PythonModule) -> Sequence[cst.Name]:
    """What is undefined whatever Python runs it; found once for all who reach the module."""
    found = _KNOWN.get(module)
    if found is None:
        found = (
            []
            if _binds_unseen(module)
            else [each for each in _unbound(module) if not _is_spared(module, each)]
        )
        _KNOWN[module] = found
    return found


def suggestion(module: PythonModule, name: str) -> str:
    """What to do about a name that nothing binds."""
    if name in PYTHON_2:
        return f"Python 3 has `{PYTHON_2[name]}` for it"
    bound = [each for each in module.names.module_scope.bindings if each != name]
    near = difflib.get_close_matches(name, bound, n=1, cutoff=0.8)
    if near:
        return f"did you mean `{near[0]}`? Else import it or bind it above"
    if name in _HOMES:
        return f"write `from {_HOMES[name]} import {name}`"
    if name in sys.stdlib_module_names:
        return f"write `import {name}`"
    return f"bind `{name}` before this line, or pass it in"


def _unbound(module: PythonModule) -> list[cst.Name]:
    names = module.names
    declared = _bound_elsewhere(module)
    found = [
        name
        for name in names.unbound
        if name.value not in declared and _is_read(module, name) and not _is_implicit(module, name)
    ]
    found += _read_too_early(module)
    found += _gone(module)
    if len(found) > 1:
        order = {id(name): at for at, name in enumerate(module.nodes(cst.Name))}
        found = list({id(name): name for name in found}.values())
        found.sort(key=lambda name: order[id(name)])
    return found


def _gone(module: PythonModule) -> Iterator[cst.Name]:
    """The reads of names that are gone: with their `except` clause, or by `del`."""
    for name in _bound_by_clauses(module):
        for binding in module.names.resolve(module.names.scope(name), name.value)[:1]:
            for read in binding.reads:
                found = module.names.lookup(read)
                if found and _has_left_its_clause(module, read, found):
                    yield read
    for statement in module.nodes(cst.Del):
        for node in module.descendants(statement.target):
            if isinstance(node, cst.Name):
                for binding in module.names.lookup(node)[:1]:
                    for read in binding.reads:
                        if _is_deleted(module, read, module.names.lookup(read)):
                            yield read


def _bound_by_clauses(module: PythonModule) -> Iterator[cst.Name]:
    for kind in (cst.ExceptHandler, cst.ExceptStarHandler):
        for clause in module.nodes(kind):
            assert isinstance(clause, (cst.ExceptHandler, cst.ExceptStarHandler))
            if clause.name is not None and isinstance(clause.name.name, cst.Name):
                yield clause.name.name


def _is_read(module: PythonModule, name: cst.Name) -> bool:
    bound = module.names.bound_by(name)
    return bound is None or bound.kind in (BindingKind.AUGMENTED, BindingKind.DELETE)


def _is_implicit(module: PythonModule, name: cst.Name) -> bool:
    """What Python supplies in class bodies and methods."""
    if name.value in _IN_CLASSES:
        return module.enclosing_class(name) is not None
    if name.value != "__class__":
        return False
    function = module.enclosing_function(name)
    while function is not None:
        if module.enclosing_class(function) is not None:
            return True
        function = module.enclosing_function(function)
    return False


def _has_left_its_clause(module: PythonModule, name: cst.Name, found: tuple[Binding, ...]) -> bool:
    """Whether only `except` clauses bind the name, which is gone where each of them ends."""
    if any(each.kind is not BindingKind.EXCEPT for each in found):
        return False
    around = {id(above) for above in module.ancestors(name)}
    return all(id(each.node) not in around for each in found)


def _is_deleted(module: PythonModule, name: cst.Name, found: tuple[Binding, ...]) -> bool:
    """Whether `del` comes last before a read in the same scope, on a straight way; or nothing but `del`."""
    deleted = [each.kind is BindingKind.DELETE for each in found]
    if all(deleted) or not any(deleted):
        return all(deleted)
    scope = found[0].scope
    if module.names.scope(name) is not scope or module.names.bound_by(name) is not None:
        return False
    places = Places()
    place = places.place(module, name, scope.node)
    gone = False
    for binding in found:
        relation = places.relation(module, binding.node, place)
        if relation is Relation.REPLACES:
            gone = binding.kind is BindingKind.DELETE
        elif relation is not Relation.NEVER and binding.kind is not BindingKind.DELETE:
            gone = False
    return gone


# Names that are bound only further down


def _read_too_early(module: PythonModule) -> Iterator[cst.Name]:
    """Reads that come before every binding of their name in the scope that runs them, with none outside."""
    for frame in module.streams.frames:
        scope = module.names.inner_scope(frame.node)
        if scope is None or scope.kind not in ("module", "function"):
            continue
        bound = {
            name
            for name, bindings in scope.bindings.items()
            if all(each.kind in _BOUND_IN_ORDER for each in bindings)
        }
        if not bound:
            continue
        seen: set[str] = set()
        first: dict[str, Binding] = {}
        for node in frame.stream:
            if node.__class__ is not cst.Name:
                _declare(module, node, seen)
                continue
            assert isinstance(node, cst.Name)
            value = node.value
            if value not in bound:
                continue
            made = module.names.bound_by(node)
            if made is not None and made.kind is not BindingKind.AUGMENTED:
                if value not in seen:
                    first[value] = made
                seen.add(value)
                continue
            binding = first.pop(value, None)
            if value not in seen:
                late = True
                if made is not None:
                    seen.add(value)
            else:
                late = binding is not None and _is_in_value(module, binding, node)
            if late and _is_early(module, scope, node):
                yield node


_BOUND_IN_ORDER = frozenset(
    {
        BindingKind.ASSIGN,
        BindingKind.AUGMENTED,
        BindingKind.FOR,
        BindingKind.WITH,
        BindingKind.FUNCTION,
        BindingKind.CLASS,
        BindingKind.IMPORT,
        BindingKind.IMPORT_FROM,
    }
)


def _declare(module: PythonModule, node: cst.CSTNode, seen: set[str]) -> None:
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        seen.add(node.name.value)
    else:
        seen.update(binding.name for binding in module.names.imported_by(node))


def _is_in_value(module: PythonModule, binding: Binding, read: cst.Name) -> bool:
    """`x = f(x)`, where this is the first that binds `x`."""
    node = binding.node
    if isinstance(node, (cst.For, cst.WithItem)):
        inside: cst.CSTNode = node.iter if isinstance(node, cst.For) else node.item
        return module.contains(inside, read)
    return isinstance(node, cst.Assign) and module.contains(node.value, read)


def _is_early(module: PythonModule, scope: Scope, read: cst.Name) -> bool:
    """Whether nothing that bound the name can come before the read: not in a loop, nor in a scope outside."""
    outer = scope.parent
    while outer is not None:
        if outer.kind != "class" and (outer.bindings.get(read.value) or outer.bindings.get("*")):
            return False
        outer = outer.parent
    if read.value in BUILTINS or scope.bindings.get("*"):
        return False
    if scope.kind == "module" and read.value in _bound_elsewhere(module):
        return False
    places = Places()
    place = places.place(module, read, scope.node)
    return all(
        places.relation(module, each.node, place) is Relation.NEVER for each in scope.bindings[read.value]
    )


def _bound_elsewhere(module: PythonModule) -> frozenset[str]:
    """The names that functions declare `global`: somebody may set them from outside."""
    return frozenset(name for scope in module.names.scopes for name in scope.global_names)


# What is left alone


def _binds_unseen(module: PythonModule) -> bool:
    text = module.source.text
    if "exec(" in text and any(
        isinstance(call.func, cst.Name) and call.func.value == "exec" for call in module.nodes(cst.Call)
    ):
        return True
    return bool(module.names.module_scope.bindings.get("*"))


def _is_spared(module: PythonModule, name: cst.Name) -> bool:
    return (
        _is_not_evaluated(module, name)
        or _is_named_in_text(module, name.value)
        or _is_tried(module, name)
        or is_waived(module, name, "F821", ("undefined-variable", "E0602", "name-defined"))
    )


def _is_not_evaluated(module: PythonModule, name: cst.Name) -> bool:
    """Whether the name stands in an annotation that no Python evaluates, or in a `type` statement."""
    below: cst.CSTNode = name
    for above in module.ancestors(name):
        if isinstance(above, cst.Annotation):
            owner = module.parent(above)
            local = isinstance(owner, cst.AnnAssign) and module.enclosing_function(owner) is not None
            return local or _has_lazy_annotations(module)
        if isinstance(above, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            # What a `type` statement names is evaluated when somebody asks.
            return isinstance(above, cst.TypeAlias) and below is above.value
        below = above
    return False


def _is_annotation(module: PythonModule, name: cst.Name) -> bool:
    for above in module.ancestors(name):
        if isinstance(above, cst.Annotation):
            return True
        if isinstance(above, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            return False
    return False


def _has_lazy_annotations(module: PythonModule) -> bool:
    return any(binding.imported == "__future__.annotations" for binding in module.names.imports)


def _is_named_in_text(module: PythonModule, name: str) -> bool:
    """Whether code names it as text: `globals()["x"]`, `hasattr(builtins, "x")`, `builtins.x = …`."""
    text = module.source.text
    if any(each in text for each in ("globals(", "locals(", "vars(", "builtins", "setattr(")) and re.search(
        rf"[\"']{re.escape(name)}[\"']|builtins(?:__)?\.{re.escape(name)}\b", text
    ):
        return True
    return name == "_" and "gettext" in text


def _is_tried(module: PythonModule, name: cst.Name) -> bool:
    """Whether it stands where its absence is caught, or in what only Python 2 runs."""
    for around in tries_around(module, name):
        if any("NameError" in caught(handler) for handler in around.handlers):
            return True
    node: cst.CSTNode | None = name
    while node is not None:
        # Functions too are defined in branches on the version.
        for arm in arms(module, node):
            if arm.is_conditional and arm.test is not None and _mentions_version(module, arm.test):
                return True
        node = module.enclosing_function(node)
    return False


def _mentions_version(module: PythonModule, test: cst.BaseExpression) -> bool:
    return any(
        _OLD_PYTHON.search(node.value if isinstance(node, cst.Name) else node.attr.value) is not None
        for node in module.descendants(test)
        if isinstance(node, (cst.Name, cst.Attribute))
    )
