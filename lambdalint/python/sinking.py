"""Moves imports of module level to where their names are used: the edits, where there is no doubt about them.

The opposite of hoisting. Each function that reads one of the names gets the import before the first statement
that needs it: within the branch, where every invocation comes to the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from lambdalint.finding import Edit
from lambdalint.python.imports import removal
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding
from lambdalint.python.walk import IMPORTS
from lambdalint.source import Span

Block = cst.IndentedBlock


def sink(
    module: PythonModule, bindings: Sequence[Binding], always: Callable[[cst.CSTNode], bool]
) -> tuple[Edit, ...]:
    """The edits that take imports out of module level and put them where their names are read; () where that
    cannot be done.

    `bindings` are imports of module level; all that read their names must be functions. `always` tells of a
    statement whether every invocation comes to it: there, the import goes into the branches.
    """
    taken = _removals(module, bindings)
    if taken is None:
        return ()
    wanted: dict[int, tuple[cst.CSTNode, list[Binding]]] = {}
    for binding in bindings:
        for place in _places(module, binding, always):
            if place is None:
                return ()
            wanted.setdefault(id(place), (place, []))[1].append(binding)
    added = [_insertion(module, place, needed) for place, needed in wanted.values()]
    if not added or any(edit is None for edit in added):
        return ()
    return (*taken, *(edit for edit in added if edit is not None))


# Taking out


def _removals(module: PythonModule, bindings: Sequence[Binding]) -> list[Edit] | None:
    found: dict[Span, Edit] = {}
    going = {id(binding.node) for binding in bindings}
    for binding in bindings:
        statement = module.parent(binding.node)
        if not isinstance(statement, IMPORTS) or not isinstance(module.parent(statement), _LINES):
            return None
        names: Sequence[cst.ImportAlias] = statement.names  # type: ignore[attr-defined]
        left = [alias for alias in names if id(alias) not in going]
        if left and len(names) - len(left) > 1:
            return None  # some of the names that one statement imports: their places are neighbours
        edit = removal(module, binding, bindings)
        if edit is None:
            return None
        found[edit.span] = edit
    return list(found.values())


_LINES = (cst.SimpleStatementLine, cst.SimpleStatementSuite)


# Where to


def _places(
    module: PythonModule, binding: Binding, always: Callable[[cst.CSTNode], bool]
) -> Iterator[cst.CSTNode | None]:
    """The statements before which an import is needed; None where there can be none."""
    functions: dict[int, tuple[cst.FunctionDef, list[cst.CSTNode]]] = {}
    for read in binding.reads:
        function = _outermost(module, read)
        if function is None:
            yield None
            return
        functions.setdefault(id(function), (function, []))[1].append(read)
    for function, reads in functions.values():
        if not isinstance(function.body, Block) or _rebinds(module, function, binding.name):
            yield None
            return
        yield from _in_block(module, function.body, reads, always)


def _outermost(module: PythonModule, read: cst.CSTNode) -> cst.FunctionDef | None:
    """The outermost function in whose body a name is read; None for what runs with the module."""
    found: cst.FunctionDef | None = None
    function = module.enclosing_function(read)
    while function is not None:
        found = function if isinstance(function, cst.FunctionDef) else None
        function = module.enclosing_function(function)
    return found


def _rebinds(module: PythonModule, function: cst.FunctionDef, name: str) -> bool:
    """Whether a function within declares the name global, which the import would not be."""
    return any(
        name in scope.global_names and module.contains(function, scope.node) for scope in module.names.scopes
    )


def _in_block(
    module: PythonModule, block: Block, reads: Sequence[cst.CSTNode], always: Callable[[cst.CSTNode], bool]
) -> Iterator[cst.CSTNode | None]:
    for statement in block.body:
        own = [read for read in reads if module.contains(statement, read)]
        if not own:
            continue
        inner = _inner_blocks(module, statement, own) if always(statement) else None
        if inner is None:
            yield statement
            return  # what follows in this block finds it imported
        for part, held in inner:
            if not isinstance(part, Block):
                yield None
                return
            yield from _in_block(module, part, held, always)


def _inner_blocks(
    module: PythonModule, statement: cst.CSTNode, reads: Sequence[cst.CSTNode]
) -> list[tuple[cst.CSTNode, list[cst.CSTNode]]] | None:
    """The blocks of a compound statement that hold the reads; None where its head holds one, too."""
    blocks = list(_blocks(statement))
    if isinstance(statement, (cst.Try, cst.TryStar)) and any(
        module.contains(statement.body, read) for read in reads
    ):
        return None  # what the import raises is not for the handlers
    found = [
        (block, held)
        for block in blocks
        if (held := [read for read in reads if module.contains(block, read)])
    ]
    return found if blocks and sum(len(held) for _, held in found) == len(reads) else None


def _blocks(statement: cst.CSTNode) -> Iterator[cst.CSTNode]:
    if isinstance(statement, cst.If):
        yield statement.body
        orelse = statement.orelse
        yield from _blocks(orelse) if isinstance(orelse, cst.If) else [orelse.body] if orelse else ()
    elif isinstance(statement, (cst.For, cst.While)):
        yield statement.body
        if statement.orelse is not None:
            yield statement.orelse.body
    elif isinstance(statement, cst.With):
        yield statement.body
    elif isinstance(statement, cst.Match):
        yield from (case.body for case in statement.cases)
    elif isinstance(statement, (cst.Try, cst.TryStar)):
        yield statement.body
        yield from (handler.body for handler in statement.handlers)
        yield from (part.body for part in (statement.orelse, statement.finalbody) if part is not None)


# Putting in


def _insertion(module: PythonModule, place: cst.CSTNode, bindings: Sequence[Binding]) -> Edit | None:
    text = module.source.text
    start = _line_start(text, module.span(place).start)
    indent = text[start : module.span(place).start]
    if indent.strip(" \t"):
        return None
    # A comment above the statement stays with it.
    while start:
        above = _line_start(text, start - (2 if text.startswith("\r\n", start - 2) else 1))
        if not text[above:start].lstrip(" \t").startswith("#"):
            break
        start = above
    newline = module.file.newline
    lines = dict.fromkeys(_statement(module, binding) for binding in bindings)
    return module.edit(Span(start, start), "".join(f"{indent}{line}{newline}" for line in lines))


def _statement(module: PythonModule, binding: Binding) -> str:
    statement = module.parent(binding.node)
    alias = module.tree.code_for_node(binding.node.with_changes(comma=cst.MaybeSentinel.DEFAULT))
    if isinstance(statement, cst.ImportFrom):
        origin = "." * len(statement.relative)
        name = module.tree.code_for_node(statement.module) if statement.module is not None else ""
        return f"from {origin}{name} import {alias.strip()}"
    return f"import {alias.strip()}"


def _line_start(text: str, offset: int) -> int:
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
