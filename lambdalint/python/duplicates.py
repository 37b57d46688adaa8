"""Bodies of functions, made comparable.

Comments, layout, docstrings and the values of literals are left out. Names are kept, and so is what they
stand for in the module: a function that calls another `parse` is another.

Two steps, so that whoever compares modules looks closely only at bodies whose outlines are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from lambdalint.python.module import PythonModule

Outline = tuple[str, ...]

_LITERALS = (cst.SimpleString, cst.Integer, cst.Float, cst.Imaginary, cst.FormattedStringText)
# What a node says besides its children, which the walk leaves out.
_WORDS: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.Arg: ("keyword", "star"),
    cst.Attribute: ("attr",),
    cst.AugAssign: ("operator",),
    cst.BinaryOperation: ("operator",),
    cst.BooleanOperation: ("operator",),
    cst.ClassDef: ("name",),
    cst.ComparisonTarget: ("operator",),
    cst.FunctionDef: ("name", "asynchronous"),
    cst.ImportAlias: ("name", "asname"),
    cst.ImportFrom: ("module",),
    cst.Name: ("value",),
    cst.NameItem: ("name",),
    cst.Param: ("name", "star"),
    cst.UnaryOperation: ("operator",),
}


_LINES = frozenset({cst.SimpleStatementLine, cst.SimpleStatementSuite})
_COMPOUND = frozenset(
    {cst.ClassDef, cst.For, cst.FunctionDef, cst.If, cst.Match, cst.Try, cst.TryStar, cst.While, cst.With}
)
# What may hold statements.
_BLOCKS = (
    _LINES
    | _COMPOUND
    | {cst.Else, cst.ExceptHandler, cst.ExceptStarHandler, cst.Finally, cst.IndentedBlock, cst.MatchCase}
)


@dataclass(frozen=True, eq=False)
class Body:
    """The body of a function that is no part of another; methods count, nested functions do not.

    `outline` are the kinds of its outermost statements, with a name or two.
    """

    module: PythonModule
    function: cst.FunctionDef
    outline: Outline

    @cached_property
    def statements(self) -> int:
        """How many statements there are, those in blocks included."""
        waiting = list(_without_docstring(self.function))
        count = 0
        while waiting:
            node = waiting.pop()
            if isinstance(node, cst.SimpleStatementLine | cst.SimpleStatementSuite):
                count += len(node.body)
                continue
            count += type(node) in _COMPOUND
            waiting.extend(child for child in self.module.children(node) if type(child) in _BLOCKS)
        return count

    @cached_property
    def digest(self) -> bytes:
        """What is the same for bodies that say the same."""
        return _hash(self.module, self._nodes)

    @cached_property
    def meaning(self) -> bytes:
        """What is the same for bodies that say the same of the same."""
        names = {node.value: node for node in self._nodes if isinstance(node, cst.Name)}
        meanings = {meaning for name in names.values() for meaning in _meanings(self.module, name)}
        return self.digest + b"".join(sorted(meanings))

    @cached_property
    def exact(self) -> bytes:
        """The same with the values of literals."""
        literals = [node.value for node in self._nodes if isinstance(node, _LITERALS)]
        return self.meaning + "\n".join(literals).encode("utf-8", "surrogatepass")

    @property
    def _nodes(self) -> Iterator[cst.CSTNode]:
        for statement in _without_docstring(self.function):
            yield from self.module.descendants(statement)


def bodies(module: PythonModule) -> Sequence[Body]:
    """The bodies of a module's functions and methods, in the order of the source."""
    return tuple(
        Body(module, function, tuple(_outline(function)))
        for function in module.nodes(cst.FunctionDef)
        if module.enclosing_function(function) is None and not _is_fallback(module, function)
    )


def _is_fallback(module: PythonModule, function: cst.FunctionDef) -> bool:
    """Whether the function stands in for something that could not be imported: it can import nothing."""
    return any(isinstance(ancestor, cst.ExceptHandler) for ancestor in module.ancestors(function))


def _outline(function: cst.FunctionDef) -> Iterator[str]:
    for statement in _without_docstring(function):
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                yield type(small).__name__
                if isinstance(small, cst.Assign):
                    yield _word(small.targets[0].target)
                elif isinstance(small, cst.Expr) and isinstance(small.value, cst.Call):
                    yield _word(small.value.func)
        else:
            yield type(statement).__name__


def _without_docstring(function: cst.FunctionDef) -> Sequence[cst.CSTNode]:
    body: Sequence[cst.CSTNode] = function.body.body
    first = body[0] if body else None
    if isinstance(first, cst.SimpleStatementLine) and len(first.body) == 1:
        small = first.body[0]
        if isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString | cst.ConcatenatedString):
            return body[1:]
    return body


def _hash(module: PythonModule, nodes: Iterable[cst.CSTNode]) -> bytes:
    hasher = hashlib.sha1(usedforsecurity=False)
    for node in nodes:
        hasher.update(_token(module, node).encode("utf-8", "surrogatepass"))
    return hasher.digest()


def _meanings(module: PythonModule, name: cst.Name) -> Iterator[bytes]:
    """What a name of the module's level stands for: where an import takes it from, or what a `def` or `class`
    says. Values are not looked at."""
    for binding in module.names.lookup(name):
        if binding.scope is not module.names.module_scope:
            continue
        if binding.is_import:
            yield f"{name.value}={binding.qualified}".encode("utf-8", "surrogatepass")
        elif isinstance(binding.node, cst.FunctionDef):
            nodes = (each for line in _without_docstring(binding.node) for each in module.descendants(line))
            yield name.value.encode("utf-8", "surrogatepass") + _hash(module, nodes)
        elif isinstance(binding.node, cst.ClassDef):
            yield name.value.encode("utf-8", "surrogatepass") + _hash(
                module, module.descendants(binding.node)
            )


def _token(module: PythonModule, node: cst.CSTNode) -> str:
    kind = type(node)
    words = [f"{_word(getattr(node, field, None))}" for field in _WORDS.get(kind, ())]
    return f"{kind.__name__} {' '.join(words)} {len(module.children(node))};"


def _word(value: object) -> str:
    if value is None or value is cst.MaybeSentinel.DEFAULT:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, cst.Name):
        return value.value
    if isinstance(value, cst.Attribute):
        return f"{_word(value.value)}.{value.attr.value}"
    if isinstance(value, cst.AsName):
        return _word(value.name)
    return type(value).__name__
