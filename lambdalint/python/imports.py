"""Imports: which of them nothing reads, which are there on trial, and how to take one out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from lambdalint.finding import Edit
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind, dotted_name
from lambdalint.python.walk import IMPORTS
from lambdalint.source import Span

_PROBED = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_NOQA = re.compile(r"#\s*noqa\b(?!\s*:)|#\s*noqa\s*:[^#]*\bF401\b", re.IGNORECASE)
_PYLINT = re.compile(r"#\s*pylint:\s*disable=[^#]*\b(?:unused-import|W0611)\b")
_FILE_NOQA = re.compile(
    r"^\s*#\s*(?:flake8|ruff)\s*[:=]\s*noqa(?:\s*:[^#\n]*\bF401\b[^#\n]*)?\s*$", re.IGNORECASE | re.MULTILINE
)
# Builtins that read names which are not written out.
_READERS_OF_ALL = frozenset({"eval", "exec", "globals", "locals", "vars"})


def unread_imports(module: PythonModule) -> Sequence[Binding]:
    """The imports whose names nothing in the module reads, in the order of the source.

    As ruff's F401 has it, less what is there for another purpose: `__future__`, `import x as x`, `__all__`,
    names in string annotations and type comments, `TYPE_CHECKING` blocks, trials in
    `try: … except ImportError`, and lines that carry `noqa`. Imports in class bodies are attributes.
    """
    names = module.names
    found = [binding for binding in names.imports if not binding.reads and _binds_for_use(binding)]
    if not found or _reads_any_name(module) or module.mentions(_FILE_NOQA):
        return ()
    return [
        binding
        for binding in found
        if binding is binding.scope.bindings[binding.name][-1]  # as ruff: another rule's, once rebound
        and not names.is_used(binding)
        and not module.in_type_checking(binding.node)
        and not is_trial(module, binding.node)
        and not _is_waived(module, binding.node)
    ]


def _binds_for_use(binding: Binding) -> bool:
    if binding.kind is BindingKind.STAR_IMPORT or binding.imported is None:
        return False
    if binding.scope.kind == "class" or binding.name in binding.scope.global_names:
        return False
    if binding.imported.split(".")[0] == "__future__":
        return False
    alias = binding.node
    explicit = isinstance(alias, cst.ImportAlias) and alias.asname is not None
    return not (explicit and binding.name == binding.imported.rsplit(".", 1)[-1])


def _reads_any_name(module: PythonModule) -> bool:
    return any(
        name.value in _READERS_OF_ALL and not module.names.lookup(name) and not _looks_up_one(module, name)
        for name in module.nodes(cst.Name)
    )


def _looks_up_one(module: PythonModule, name: cst.Name) -> bool:
    """`globals()["x"]`, `globals().get("x")`, `"x" in globals()`: one name, which is written out."""
    call = module.parent(name)
    if name.value in ("eval", "exec") or not isinstance(call, cst.Call):
        return False
    around = module.parent(call)
    if isinstance(around, cst.ComparisonTarget):
        return True
    if isinstance(around, cst.Subscript):
        index = around.slice[0].slice
        return isinstance(index, cst.Index) and isinstance(index.value, cst.SimpleString)
    if isinstance(around, cst.Attribute):
        method = module.parent(around)
        return (
            isinstance(method, cst.Call)
            and bool(method.args)
            and isinstance(method.args[0].value, cst.SimpleString)
        )
    return name.value == "vars" and bool(call.args)


def is_trial(module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether an import may fail: it stands in a `try` that catches ImportError, or in a handler of it."""
    below = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, cst.FunctionDef | cst.Lambda):
            return False
        if (
            isinstance(ancestor, cst.Try)
            and below is not ancestor.finalbody
            and _catches_import_error(ancestor)
        ):
            return True
        below = ancestor
    return False


def is_for_local_runs(module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether an import stands under an `if` that asks the environment, or a flag such as `DEBUG`."""
    below = node
    for ancestor in module.ancestors(node):
        if (
            isinstance(ancestor, cst.If)
            and below is ancestor.body
            and _asks_where_it_runs(module, ancestor.test)
        ):
            return True
        below = ancestor
    return False


_FLAG = re.compile(r"debug|local|dev|test|profil|offline", re.IGNORECASE)


def _asks_where_it_runs(module: PythonModule, test: cst.BaseExpression) -> bool:
    for node in module.descendants(test):
        if isinstance(node, cst.Name | cst.Attribute):
            name = node.value if isinstance(node, cst.Name) else node.attr.value
            if _FLAG.search(name) or name in ("environ", "getenv", "gettrace"):
                return True
    return False


def _catches_import_error(node: cst.Try) -> bool:
    for handler in node.handlers:
        if handler.type is None:
            return True
        types = [handler.type]
        if isinstance(handler.type, cst.Tuple):
            types = [element.value for element in handler.type.elements]
        for expr in types:
            if (dotted_name(expr) or "").rsplit(".", 1)[-1] in _PROBED:
                return True
    return False


def _is_waived(module: PythonModule, alias: cst.CSTNode) -> bool:
    statement = module.statement(alias)
    first = module.comment_at(module.own_line(module.span(statement).start))
    comment = f"{first} {module.comment_on_line(alias)}"
    return _NOQA.search(comment) is not None or _PYLINT.search(comment) is not None


def does_something(module: PythonModule) -> bool:
    """Whether importing the module may be the point: its level calls something for its effect, registers
    functions or classes by decorators on objects or by a metaclass, or sets parts of what it imports."""
    for statement in module.tree.body:
        if isinstance(statement, cst.SimpleStatementLine):
            if any(_has_effect(small) for small in statement.body):
                return True
        elif isinstance(statement, cst.FunctionDef | cst.ClassDef):
            if any(_registers(decorator.decorator) for decorator in statement.decorators):
                return True
            if isinstance(statement, cst.ClassDef) and _has_metaclass(statement):
                return True
        elif not isinstance(statement, cst.If | cst.Try):
            return True
    return False


def _has_metaclass(node: cst.ClassDef) -> bool:
    return any(
        keyword.keyword is not None
        and keyword.keyword.value == "metaclass"
        and dotted_name(keyword.value) not in ("ABCMeta", "abc.ABCMeta")
        for keyword in node.keywords
    )


def _has_effect(small: cst.BaseSmallStatement) -> bool:
    if isinstance(small, cst.Expr):
        return isinstance(small.value, cst.Call | cst.Await)
    if isinstance(small, cst.Assign):
        return any(isinstance(target.target, cst.Attribute | cst.Subscript) for target in small.targets)
    return isinstance(small, cst.AugAssign)


def _registers(decorator: cst.BaseExpression) -> bool:
    func = decorator.func if isinstance(decorator, cst.Call) else decorator
    return isinstance(func, cst.Attribute)


def first_line(module: PythonModule, alias: cst.CSTNode) -> Span | None:
    """What stands on the first line of an alias's statement, where the alias stands on a later one."""
    statement = module.parent(alias)
    if statement is None:
        return None
    start = module.span(statement).start
    text = module.source.text
    end = next((at for at in range(start, len(text)) if text[at] in "\r\n"), len(text))
    return Span(start, end) if end < module.span(alias).start else None


# Taking an import out


def removal(module: PythonModule, binding: Binding, unread: Sequence[Binding]) -> Edit | None:
    """The edit that takes out what one import binds; None where the text cannot be edited.

    That is the name alone where its statement imports others that are read, else the statement, with its line
    where nothing else stands on it; `pass` takes the place of a block's only statement. `unread` are all the
    imports that may be taken out at the same time.
    """
    if not module.exact:
        return None
    alias = binding.node
    statement = module.parent(alias)
    if not isinstance(alias, cst.ImportAlias) or not isinstance(statement, IMPORTS):
        return None
    going = frozenset(id(each.node) for each in unread)
    aliases: Sequence[cst.ImportAlias] = statement.names  # type: ignore[attr-defined]
    if not all(id(each) in going for each in aliases):
        return module.edit(_alias_span(module, aliases, alias), "")
    if len(aliases) > 1 and "lambdalint:" in _text(module, _lines(module, module.span(statement))):
        return None  # one of the names may be ignored: the statement must stay
    return _statement_removal(module, statement, going)


def _text(module: PythonModule, span: Span) -> str:
    return module.source.text[span.start : span.end]


def _alias_span(module: PythonModule, aliases: Sequence[cst.ImportAlias], alias: cst.ImportAlias) -> Span:
    spans = [_bare(module, each) for each in aliases]
    index = next(at for at, each in enumerate(aliases) if each is alias)
    own = spans[index]
    line = _whole_line(module, own)
    if line is not None and not (index and "\\" in module.source.text[spans[index - 1].end : line.start]):
        return line
    follows = spans[index + 1].start if index + 1 < len(spans) else None
    if follows is not None and (index == 0 or _same_line(module, own.start, follows)):
        return Span(own.start, follows)
    return Span(spans[index - 1].end, own.end)


def _bare(module: PythonModule, alias: cst.ImportAlias) -> Span:
    """An alias without the comma behind it."""
    last: cst.CSTNode = alias.asname.name if alias.asname is not None else alias.name
    return Span(module.span(alias.name).start, module.span(last).end)


_AFTER_ALIAS = re.compile(r"[ \t]*,?[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|$)")


def _whole_line(module: PythonModule, own: Span) -> Span | None:
    """The line of an alias that stands on one alone, between parentheses, with its newline."""
    text = module.source.text
    start = max(text.rfind("\n", 0, own.start), text.rfind("\r", 0, own.start)) + 1
    after = _AFTER_ALIAS.match(text, own.end)
    if text[start : own.start].strip(" \t\f") or after is None:
        return None
    return Span(start, after.end())


def _same_line(module: PythonModule, first: int, second: int) -> bool:
    return module.own_line(first) == module.own_line(second)


def _statement_removal(module: PythonModule, statement: cst.CSTNode, going: frozenset[int]) -> Edit | None:
    holder = module.parent(statement)
    if not isinstance(holder, cst.SimpleStatementLine | cst.SimpleStatementSuite):
        return None
    own = module.span(statement)
    small = list(holder.body)
    if len(small) > 1:
        return module.edit(_between_semicolons(module, small, statement), "")
    if isinstance(holder, cst.SimpleStatementSuite) or _leaves_nothing(module, holder, going):
        return module.edit(own, "pass")
    return module.edit(_lines(module, own), "")


def _between_semicolons(
    module: PythonModule, small: Sequence[cst.BaseSmallStatement], statement: cst.CSTNode
) -> Span:
    index = next(at for at, each in enumerate(small) if each is statement)
    own = module.span(statement)
    if index + 1 < len(small):
        return Span(own.start, module.span(small[index + 1]).start)
    semicolon = re.compile(r"[ \t]*;").match(module.source.text, own.end)
    return Span(module.span(small[index - 1]).end, semicolon.end() if semicolon else own.end)


def _leaves_nothing(module: PythonModule, line: cst.SimpleStatementLine, going: frozenset[int]) -> bool:
    """Whether the block would be empty without the line, which is its first, and all else that goes."""
    block = module.parent(line)
    if not isinstance(block, cst.IndentedBlock) or block.body[0] is not line:
        return False
    return all(
        isinstance(each, cst.SimpleStatementLine) and all(_goes(small, going) for small in each.body)
        for each in block.body
    )


def _goes(small: cst.BaseSmallStatement, going: frozenset[int]) -> bool:
    if not isinstance(small, IMPORTS) or isinstance(small.names, cst.ImportStar):  # type: ignore[attr-defined]
        return False
    return all(id(alias) in going for alias in small.names)  # type: ignore[attr-defined]


def _lines(module: PythonModule, own: Span) -> Span:
    """The whole lines of a statement, with the comment behind it and its newline."""
    text = module.source.text
    start = max(text.rfind("\n", 0, own.start), text.rfind("\r", 0, own.start)) + 1
    after = _AFTER_STATEMENT.match(text, own.end)
    return Span(start, after.end() if after is not None else own.end)


_AFTER_STATEMENT = re.compile(r"[ \t]*;?[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|$)")
