"""What a version of Python does not have, from `data/python_versions.toml`, and where code uses it.

Modules and names of the standard library are looked up by their dotted names; `newer_syntax` finds what the
version's parser refuses, or what fails as soon as the statement that holds it runs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python.module import PythonModule
from lambdalint.python.names import dotted_name

Version = tuple[int, int]

_RUNTIME = re.compile(r"python(3)\.(\d+)")
_GENERICS = frozenset({"dict", "frozenset", "list", "set", "tuple", "type"})
_TYPES = _GENERICS | {"bool", "bytearray", "bytes", "complex", "float", "int", "object", "str"}


@dataclass(frozen=True)
class Change:
    """A row of the table: what came with a version or went with one. `what` is a construct's own words."""

    added: Version | None = None
    removed: Version | None = None
    what: str = ""
    instead: str = ""
    brought_by: tuple[str, ...] = ()

    def lacking(self, version: Version) -> bool:
        """Whether the version does not have it."""
        if self.removed is not None and version >= self.removed:
            return True
        return self.added is not None and version < self.added


@dataclass(frozen=True)
class NewSyntax:
    """A construct and the first node that is one. `parses` says that the version can read it, and fails where
    it runs; a module with any other cannot be imported."""

    change: Change
    node: cst.CSTNode
    parses: bool = False


def runtime_version(runtime: str | None) -> Version | None:
    """The version of Python 3 that a Lambda runtime's identifier names."""
    match = _RUNTIME.fullmatch(runtime or "")
    return (int(match[1]), int(match[2])) if match else None


def missing_module(dotted: str, version: Version) -> tuple[str, Change] | None:
    """The module of the standard library that a dotted name begins with and that the version lacks."""
    return _lacking(_tables().modules, dotted, version)


def missing_name(dotted: str, version: Version) -> tuple[str, Change] | None:
    """The name in a module of the standard library that a dotted name begins with and the version lacks."""
    return _lacking(_tables().names, dotted, version)


def missing_builtins(module: PythonModule, version: Version) -> Iterator[tuple[cst.Name, str, Change]]:
    """The reads of built-in names that the version lacks."""
    wanted = {
        name.removeprefix("builtins."): changes[0]
        for name, changes in _tables().names.items()
        if name.startswith("builtins.") and changes[0].lacking(version)
    }
    wanted = {name: change for name, change in wanted.items() if name in module.source.text}
    for node in module.nodes(cst.Name) if wanted else ():
        if node.value in wanted and not module.names.lookup(node) and module.names.bound_by(node) is None:
            yield node, node.value, wanted[node.value]


def is_standard(root: str) -> bool:
    """Whether some version of Python has a module of that top-level name."""
    return root in sys.stdlib_module_names or root in _tables().modules


def has_versioned_attribute(attribute: str) -> bool:
    """Whether some module of the standard library gained or lost a name that ends so."""
    return attribute in _tables().attributes


def is_for_versions(module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether the place is chosen by Python's version, by `hasattr`, or may fail: under an `if` that asks
    `sys.version_info`, `hasattr` or six, or in a `try` that catches AttributeError or more."""
    below = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, cst.If | cst.IfExp) and _asks(module, ancestor):
            return below is not ancestor.test
        if isinstance(ancestor, cst.Try) and below is not ancestor.finalbody and _catches(ancestor):
            return True
        below = ancestor
    return False


def newer_syntax(module: PythonModule, version: Version) -> Sequence[NewSyntax]:
    """The constructs of the module that the version does not know: the first of each kind."""
    first: dict[str, NewSyntax] = {}
    wanted = {key: change for key, change in _tables().syntax.items() if change.lacking(version)}
    for key, nodes in _FINDERS.items():
        if key in wanted:
            node = next(nodes(module), None)
            if node is not None:
                first[key] = NewSyntax(wanted[key], node, parses=key in _PARSED)
    return tuple(first.values())


# Syntax: for each word of the table, the nodes that are it


def _of(*names: str) -> Any:
    """A finder of all nodes of some types; libcst may be too old to have them, and then cannot read them."""
    kinds = [getattr(cst, name) for name in names if hasattr(cst, name)]
    return lambda module: (node for kind in kinds for node in module.nodes(kind))


def _positional_only(module: PythonModule) -> Iterator[cst.CSTNode]:
    return (node for node in module.nodes(cst.Parameters) if node.posonly_params)


def _equals(module: PythonModule) -> Iterator[cst.CSTNode]:
    return (node for node in module.nodes(cst.FormattedStringExpression) if node.equal is not None)


def _with_parentheses(module: PythonModule) -> Iterator[cst.CSTNode]:
    for node in module.nodes(cst.With):
        # `with (open(x)):` always was an expression in parentheses.
        several = len(node.items) > 1 or node.items[0].asname is not None
        if isinstance(node.lpar, cst.LeftParen) and several:
            yield node


def _decorators(module: PythonModule) -> Iterator[cst.CSTNode]:
    for node in module.nodes(cst.Decorator):
        expr = node.decorator
        if dotted_name(expr.func if isinstance(expr, cst.Call) else expr) is None:
            yield node


def _star_index(module: PythonModule) -> Iterator[cst.CSTNode]:
    return (node for node in module.nodes(cst.Index) if node.star)


def _type_defaults(module: PythonModule) -> Iterator[cst.CSTNode]:
    for node in module.nodes(cst.TypeParam):
        if getattr(node, "default", None) is not None:
            yield node


def _in_braces(module: PythonModule) -> Iterator[tuple[str, cst.CSTNode, str]]:
    """What stands inside the braces of f-strings as text: the outer string's quotation mark, and the text."""
    for outer in module.nodes(cst.FormattedString):
        for part in outer.parts:
            if not isinstance(part, cst.FormattedStringExpression):
                continue
            if isinstance(part.expression, cst.Name):
                continue
            for node in module.descendants(part.expression):
                if isinstance(node, cst.SimpleString):
                    yield outer.end, node, node.value
                elif isinstance(node, cst.FormattedString):
                    yield outer.end, node, node.start + node.end
                elif isinstance(node, cst.FormattedStringText):
                    yield outer.end, node, node.value


def _nested_quotes(module: PythonModule) -> Iterator[cst.CSTNode]:
    for quote, node, text in _in_braces(module):
        if quote in text:
            yield module.parent(node) or node if isinstance(node, cst.FormattedStringText) else node


def _nested_backslash(module: PythonModule) -> Iterator[cst.CSTNode]:
    for _, node, text in _in_braces(module):
        if "\\" in text:
            yield module.parent(node) or node if isinstance(node, cst.FormattedStringText) else node


def _unions(module: PythonModule) -> Iterator[cst.CSTNode]:
    """`X | Y` of types that older versions cannot join, in annotations that are evaluated."""
    for node in module.nodes(cst.BinaryOperation):
        if isinstance(node.operator, cst.BitOr) and _is_evaluated(module, node):
            sides = (node.left, node.right)
            known = [_is_type(module, side) for side in sides]
            if all(known) and not all(_is_none(side) for side in sides):
                yield node


def _builtin_generics(module: PythonModule) -> Iterator[cst.CSTNode]:
    for node in module.nodes(cst.Subscript):
        value = node.value
        if not isinstance(value, cst.Name) or value.value not in _GENERICS:
            continue
        if not module.names.lookup(value) and _is_evaluated(module, node):
            yield node


def _is_type(module: PythonModule, expr: cst.BaseExpression) -> bool:
    if isinstance(expr, cst.Subscript):
        return isinstance(expr.value, cst.Name) and _is_type(module, expr.value) and not _is_none(expr.value)
    if isinstance(expr, cst.BinaryOperation):
        return _is_type(module, expr.left) and _is_type(module, expr.right)
    if not isinstance(expr, cst.Name):
        return False
    return (expr.value in _TYPES or expr.value == "None") and not module.names.lookup(expr)


def _is_none(expr: cst.BaseExpression) -> bool:
    return isinstance(expr, cst.Name) and expr.value == "None"


def _is_evaluated(module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether the node is (part of) an annotation that Python evaluates when it comes to it."""
    if _postpones(module):
        return False
    annotation = next((each for each in module.ancestors(node) if isinstance(each, cst.Annotation)), None)
    if annotation is None:
        return False
    holder = module.parent(annotation)
    # Annotations of a function's own variables are never evaluated.
    return not isinstance(holder, cst.AnnAssign) or module.enclosing_function(holder) is None


def _postpones(module: PythonModule) -> bool:
    return any(binding.imported == "__future__.annotations" for binding in module.names.imports)


_FINDERS: dict[str, Any] = {
    "walrus": _of("NamedExpr"),
    "positional-only": _positional_only,
    "f-string-equals": _equals,
    "with-parentheses": _with_parentheses,
    "decorator-expression": _decorators,
    "builtin-generic": _builtin_generics,
    "match": _of("Match"),
    "union-type": _unions,
    "except-star": _of("TryStar"),
    "star-index": _star_index,
    "type-parameters": _of("TypeParameters"),
    "type-statement": _of("TypeAlias"),
    "f-string-quotes": _nested_quotes,
    "f-string-backslash": _nested_backslash,
    "type-default": _type_defaults,
    "t-string": _of("TemplatedString"),
}
_PARSED = frozenset({"union-type", "builtin-generic"})


# What chooses by version


def _asks(module: PythonModule, choice: cst.If | cst.IfExp) -> bool:
    for node in module.descendants(choice.test):
        if isinstance(node, cst.Attribute) and node.attr.value in ("version_info", "PY2", "PY3", "version"):
            return True
        if isinstance(node, cst.Name) and node.value in ("hasattr", "version_info", "PY2", "PY3"):
            return True
    return False


def _catches(node: cst.Try) -> bool:
    for handler in node.handlers:
        if handler.type is None:
            return True
        kinds = (
            [element.value for element in handler.type.elements]
            if isinstance(handler.type, cst.Tuple)
            else [handler.type]
        )
        if any(isinstance(kind, cst.Name) and kind.value in _CAUGHT for kind in kinds):
            return True
    return False


_CAUGHT = frozenset({"AttributeError", "ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


# The table


@dataclass(frozen=True)
class _Tables:
    modules: dict[str, tuple[Change, ...]]
    names: dict[str, tuple[Change, ...]]
    syntax: dict[str, Change]
    attributes: frozenset[str]


@cache
def _tables() -> _Tables:
    modules: dict[str, tuple[Change, ...]] = {}
    names: dict[str, tuple[Change, ...]] = {}
    syntax: dict[str, Change] = {}
    for row in load("python_versions.toml")["row"]:
        change = Change(
            added=_version(row.get("added")),
            removed=_version(row.get("removed")),
            what=row.get("what", ""),
            instead=row.get("instead", ""),
            brought_by=tuple(row.get("brought_by", ())),
        )
        for name in row.get("modules", ()):
            modules[name] = (*modules.get(name, ()), change)
        for name in row.get("names", ()):
            names[name] = (*names.get(name, ()), change)
        if "syntax" in row:
            syntax[row["syntax"]] = change
    return _Tables(modules, names, syntax, frozenset(name.rpartition(".")[2] for name in names))


def _version(text: str | None) -> Version | None:
    if text is None:
        return None
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def _lacking(
    table: dict[str, tuple[Change, ...]], dotted: str, version: Version
) -> tuple[str, Change] | None:
    parts = dotted.split(".")
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        for change in table.get(name, ()):
            if change.lacking(version):
                return name, change
    return None
