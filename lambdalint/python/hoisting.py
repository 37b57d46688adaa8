"""Moves what a function makes to module level: the edits, where that can be done without a doubt.

What is moved is an assignment to a local name, or an expression that gets a name. It may read only names of
module level and local names whose assignments can be moved with it.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import libcst as cst

from lambdalint.finding import Edit
from lambdalint.python.module import PythonModule
from lambdalint.python.names import BindingKind
from lambdalint.python.walk import IMPORTS
from lambdalint.source import Span

# What cannot be evaluated anywhere else, or binds names of its own.
_BOUND_TO_PLACE = (cst.Await, cst.Yield, cst.NamedExpr, cst.Lambda, cst.CompFor)
_MAX_DEPTH = 4
_NEWLINE = re.compile(r"\r\n|\r|\n")
# A comment above a statement that is about what it makes, and so goes with it.
_OF_OBJECT = re.compile(r"boto|client|resource|session|connect|table|bucket|queue|service|sdk", re.IGNORECASE)


@dataclass
class _Plan:
    """The statements that are taken out of the function, and the statement of module level to put them
    behind."""

    module: PythonModule
    function: cst.FunctionDef
    may_run: Callable[[cst.Call], bool]
    lines: list[cst.SimpleStatementLine] = field(default_factory=list)
    after: cst.CSTNode | None = None


def hoist(
    module: PythonModule,
    expr: cst.BaseExpression,
    wanted: Sequence[str],
    may_run: Callable[[cst.Call], bool],
) -> tuple[Edit, ...]:
    """The edits that have an expression evaluated once, when the module is imported; none where that cannot
    be done.

    Where the expression is all that a statement assigns to a local name, the statement moves. Otherwise the
    expression gets the first of the `wanted` names that is free. `may_run` says which calls may move with it.
    """
    function = module.enclosing_function(expr)
    if not isinstance(function, cst.FunctionDef) or not module.exact:
        return ()
    plan = _Plan(module, function, may_run)
    if not _may_move(plan, expr):
        return ()
    line = _assigning(module, expr)
    edits: list[Edit | None] = []
    named: list[str] = []
    if line is None:
        free = _free_name(module, wanted)
        if free is None or isinstance(module.parent(expr), cst.Expr) or not _stands_alone(module, expr):
            return ()
        edits.append(module.edit(module.span(expr), free))
        named.append(f"{free} = {_code(module, expr)}")
    elif not _take(plan, line):
        return ()
    edits += [module.edit(_lines_of(module, each), "") for each in plan.lines]
    edits.append(_insertion(plan, [*(_own_text(module, each) for each in plan.lines), *named]))
    return tuple(edit for edit in edits if edit is not None) if None not in edits else ()


def _code(module: PythonModule, expr: cst.CSTNode) -> str:
    span = module.span(expr)
    return module.source.text[span.start : span.end]


# What may move


def _may_move(plan: _Plan, expr: cst.BaseExpression, depth: int = 0) -> bool:
    module = plan.module
    if depth > _MAX_DEPTH:
        return False
    for node in module.descendants(expr):
        if isinstance(node, _BOUND_TO_PLACE):
            return False
        if isinstance(node, cst.Call) and not plan.may_run(node):
            return False
        if isinstance(node, cst.SimpleString) and _NEWLINE.search(node.value):
            return False  # its lines are not indentation
        if isinstance(node, cst.Name) and not _may_read(plan, node, depth):
            return False
    return True


def _stands_alone(module: PythonModule, expr: cst.BaseExpression) -> bool:
    """Whether every newline of the expression stands within brackets of its own."""
    if not _NEWLINE.search(_code(module, expr)):
        return True
    return isinstance(expr, cst.Call) and not _NEWLINE.search(_code(module, expr.func))


def _may_read(plan: _Plan, name: cst.Name, depth: int) -> bool:
    module = plan.module
    bindings = module.names.lookup(name)
    if not bindings:
        return True  # a builtin
    if len(bindings) != 1 or bindings[0].kind is BindingKind.STAR_IMPORT:
        return False
    binding = bindings[0]
    if binding.scope is module.names.module_scope:
        if module.enclosing_function(binding.target or binding.node) is not None:
            return False  # by `global`
        _put_behind(plan, binding.node)
        return True
    if binding.value is None or binding.kind is not BindingKind.ASSIGN:
        return False
    line = _assigning(module, binding.value)
    return line is not None and _may_move(plan, binding.value, depth + 1) and _take(plan, line)


def _put_behind(plan: _Plan, node: cst.CSTNode) -> None:
    module = plan.module
    top = next(
        (each for each in (node, *module.ancestors(node)) if isinstance(module.parent(each), cst.Module)),
        node,
    )
    order = {id(each): index for index, each in enumerate(module.tree.body)}
    if plan.after is None or order.get(id(top), -1) > order.get(id(plan.after), -1):
        plan.after = top


def _assigning(module: PythonModule, expr: cst.BaseExpression) -> cst.SimpleStatementLine | None:
    """The line that does nothing but assign the expression to one local name."""
    assign = module.parent(expr)
    line = module.parent(assign) if assign is not None else None
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    return line if _target(line) is not None else None


def _target(line: cst.SimpleStatementLine) -> cst.Name | None:
    """The one name that a line assigns."""
    small = line.body[0]
    target: cst.BaseExpression | None = None
    if isinstance(small, cst.Assign) and len(small.targets) == 1:
        target = small.targets[0].target
    elif isinstance(small, cst.AnnAssign):
        target = small.target
    return target if isinstance(target, cst.Name) else None


def _take(plan: _Plan, line: cst.SimpleStatementLine) -> bool:
    """Takes a line out of the function, where its name can be one of the module's."""
    if line in plan.lines:
        return True
    module = plan.module
    small = line.body[0]
    target = _target(line)
    binding = module.names.bound_by(target) if target is not None else None
    block = module.parent(line)
    if target is None or binding is None or not isinstance(block, cst.IndentedBlock):
        return False
    if binding.scope.node is not plan.function or len(binding.scope.bindings[binding.name]) != 1:
        return False
    if isinstance(small, cst.AnnAssign) and not _may_move(plan, small.annotation.annotation):
        return False
    if all(statement in (*plan.lines, line) for statement in block.body):
        return False  # a block cannot be empty
    if not _is_free(module, target.value, plan.function):
        return False
    plan.lines.append(line)
    return True


def _is_free(module: PythonModule, name: str, function: cst.FunctionDef) -> bool:
    """Whether a name of module level would hide nothing and change no other code."""
    scope = module.names.module_scope
    if name in scope.bindings or "*" in scope.bindings:
        return False
    for other in module.names.scopes:
        if name in other.global_names or name in other.nonlocal_names:
            return False
    own = module.names.inner_scope(function)
    for read in module.nodes(cst.Name):
        if read.value == name and not module.names.lookup(read) and module.names.bound_by(read) is None:
            return False  # a builtin, or what star imports bring
    return own is not None


def _free_name(module: PythonModule, wanted: Sequence[str]) -> str | None:
    for name in (re.sub(r"\W", "_", each) for each in wanted):
        if not name.isidentifier() or keyword.iskeyword(name):
            continue
        taken = any(node.value == name for node in module.nodes(cst.Name)) or any(
            name in scope.bindings for scope in module.names.scopes
        )
        if not taken:
            return name
    return None


# The edits


def _own_text(module: PythonModule, line: cst.SimpleStatementLine) -> str:
    """The statement with its comments, at no indentation."""
    source = module.source.text
    first = _line_start(module, module.span(line).start)
    indent = source[first : module.span(line).start]
    text = source[_comments_start(module, line) : _line_end(module, line)].rstrip("\r\n")
    return "\n".join(each.removeprefix(indent) for each in _NEWLINE.split(text))


def _comments_start(module: PythonModule, line: cst.SimpleStatementLine) -> int:
    """Where the comments begin that stand right above a statement and are about what it makes."""
    source = module.source.text
    start = _line_start(module, module.span(line).start)
    first = start
    while first:
        before = _line_start(module, first - 1 - source.startswith("\r\n", first - 2))
        text = source[before:first].strip()
        if not text.startswith("#"):
            break
        first = before
    return first if _OF_OBJECT.search(source[first:start]) else start


def _line_start(module: PythonModule, offset: int) -> int:
    text = module.source.text
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _line_end(module: PythonModule, node: cst.CSTNode) -> int:
    """The offset behind the newline of the line that a node ends on."""
    found = _NEWLINE.search(module.source.text, module.span(node).end)
    return found.end() if found is not None else len(module.source.text)


def _lines_of(module: PythonModule, line: cst.SimpleStatementLine) -> Span:
    """The whole lines of a statement and its comments; and the blank line behind, where there is one before
    too or where the block begins."""
    source = module.source.text
    start, end = _comments_start(module, line), _line_end(module, line)
    block = module.parent(line)
    is_first = isinstance(block, cst.IndentedBlock) and block.body[0] is line
    before = source[_line_start(module, max(0, start - 1 - source.startswith("\r\n", start - 2))) : start]
    blank = re.compile(r"[ \t]*(?:\r\n|\r|\n)").match(source, end)
    if blank is not None and (is_first or not before.strip()):
        end = blank.end()
    return Span(start, end)


def _insertion(plan: _Plan, texts: list[str]) -> Edit | None:
    """Behind the imports, and behind all that the moved statements read; among their like where there are
    such."""
    module = plan.module
    for statement in module.tree.body:
        if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], IMPORTS):
            _put_behind(plan, statement)
        elif not _is_preamble(statement):
            break
    if plan.after is None:
        return None
    last = _last_alike(plan, plan.after)
    text = "\n".join(texts) + "\n"
    at = _line_end(module, last)
    source = module.source.text
    if not source[:at].endswith(("\n", "\r")):
        return None
    is_import = isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[0], IMPORTS)
    if is_import or not isinstance(last, cst.SimpleStatementLine):
        text = "\n" + text
    if is_import and source[at:] and not re.match(r"[ \t]*(?:\r\n|\r|\n)", source[at:]):
        text += "\n"
    return module.edit(Span(at, at), text)


def _is_preamble(statement: cst.CSTNode) -> bool:
    """A docstring, an import, or an import that may fail."""
    if isinstance(statement, cst.SimpleStatementLine):
        small = statement.body[0]
        return isinstance(small, IMPORTS) or (
            isinstance(small, cst.Expr)
            and isinstance(small.value, (cst.SimpleString, cst.ConcatenatedString))
        )
    return isinstance(statement, (cst.Try, cst.If)) and any(
        isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], IMPORTS)
        for line in statement.body.body
    )


def _last_alike(plan: _Plan, after: cst.CSTNode) -> cst.CSTNode:
    """The last of the assignments that follow at once and make something of the same kind."""
    body = list(plan.module.tree.body)
    index = next((at for at, each in enumerate(body) if each is after), None)
    last: cst.CSTNode = after
    for statement in body[index + 1 :] if index is not None else ():
        small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        value = small.value if isinstance(small, (cst.Assign, cst.AnnAssign)) else None
        if not isinstance(value, cst.Call) or not plan.may_run(value):
            break
        last = statement
    return last
