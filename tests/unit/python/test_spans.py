"""Places agree with CPython's own, to the character."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Sequence
from pathlib import PurePosixPath

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.python.module import PythonModule
from lambdalint.source import EmbeddedSource, SourceFile, Span

from .helpers import parse

# Each text is one statement of module level, of many shapes.
STATEMENTS = (
    "x = 1",
    "x = (1, 2)",
    "x = 1, 2",
    "x = ((1, 2))",
    "x = ( # why\n    1,\n    2,\n)",
    "x = ()",
    "for a, b in (c, d): pass",
    "f(x for x in y)",
    "f((x for x in y), 1)",
    "x = (\n    a\n    + b\n)",
    "x = [a, *b, (c)]",
    "x = {'a': 1, **b}",
    "x = {a for a in b if c}",
    "x = {a: b for a, b in c}",
    "x = '\U0001f600' + \"é\" + b\n",
    "x = f'{a!r:>{width}} é {b[\"k\"] if c else d}'",
    "x = f'''\n{a}\n  {b}\n'''",
    "x = 'a' 'b' f'{c}'",
    "x = a if b else c",
    "x = lambda a, *b, c=1, **d: (a, b)",
    "x = not a and (b or c)",
    "x = -a ** ~b",
    "x = a < b <= (c)",
    "x = a[b, c:d, ::2]",
    "x = a.b(c)(*d, e=f, **g).h",
    "x: int = 3",
    "x: 'list[int]'",
    "x += (yield_ if a else b)",
    "del a, b[c]",
    "assert a, 'b'",
    "import a, b.c as d",
    "from a.b import (c as d,  # why\n    e,\n)",
    "from .. import a",
    "global q",
    "if a:\n    b\nelif (c):\n    d\nelse:\n    e",
    "while (a := b): c",
    "for a in b:\n    c\nelse:\n    d",
    "with a as b, (c) as (d, e): f",
    "with (\n    a as b,\n    c,\n): d",
    "try:\n    a\nexcept (b, c) as d:\n    e\nelse:\n    f\nfinally:\n    g",
    "@a\n@b.c(d)\n# why\ndef f(a, /, b: int = 1, *, c=(1, 2)) -> None:\n    '''doc'''\n    return (yield a)",
    "async def f():\n\tasync with a as b:\n\t\tawait (c)\n\tasync for d in e: pass\n",
    "async def f():\n\treturn [x async for x in y]",
    "@a\nclass C(B, metaclass=M):\n    x = 1\n\n    def f(self): return self.x  # why",
    "raise A(b) from (c)",
    "match a:\n    case [b, *c] if d: e\n    case {'k': v, **r}: f\n    case C(g, h=1) | None as i: j",
    "a; b;  c",
    "if a: b; c",
    "x = a \\\n    + b",
    "print(a, (b), ((c, d)), e=(f))",
)
NEWLINES = ("\n", "\r\n", "\r")


def places_of_ast(text: str) -> dict[str, set[tuple[int, int, int, int]]]:
    """Places by kind of node: 1-based lines, columns in characters."""
    lines = ast._splitlines_no_ff(text)  # type: ignore[attr-defined]
    found: dict[str, set[tuple[int, int, int, int]]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)

    def column(line: int, offset: int) -> int:
        return len(lines[line - 1].encode()[:offset].decode()) + 1

    for node in ast.walk(tree):
        if isinstance(
            node, (ast.expr, ast.stmt, ast.excepthandler, ast.pattern, ast.arg, ast.keyword, ast.alias)
        ):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            place = (
                node.lineno,
                column(node.lineno, node.col_offset),
                node.end_lineno,
                column(node.end_lineno, node.end_col_offset),
            )
            found.setdefault(type(node).__name__, set()).add(place)
    return found


PAIRS: dict[type[cst.CSTNode], str] = {
    cst.Assign: "Assign",
    cst.AnnAssign: "AnnAssign",
    cst.Attribute: "Attribute",
    cst.AugAssign: "AugAssign",
    cst.Await: "Await",
    cst.BinaryOperation: "BinOp",
    cst.BooleanOperation: "BoolOp",
    cst.Call: "Call",
    cst.ClassDef: "ClassDef",
    cst.Comparison: "Compare",
    cst.Del: "Delete",
    cst.Dict: "Dict",
    cst.DictComp: "DictComp",
    cst.ExceptHandler: "ExceptHandler",
    cst.For: "For AsyncFor",
    cst.FunctionDef: "FunctionDef AsyncFunctionDef",
    cst.GeneratorExp: "GeneratorExp",
    cst.If: "If",
    cst.IfExp: "IfExp",
    cst.Import: "Import",
    cst.ImportAlias: "alias",
    cst.ImportFrom: "ImportFrom",
    cst.Lambda: "Lambda",
    cst.List: "List",
    cst.ListComp: "ListComp",
    cst.Match: "Match",
    cst.Name: "Name",
    cst.NamedExpr: "NamedExpr",
    cst.Raise: "Raise",
    cst.Return: "Return",
    cst.Set: "Set",
    cst.SetComp: "SetComp",
    cst.Subscript: "Subscript",
    cst.Try: "Try",
    cst.Tuple: "Tuple",
    cst.UnaryOperation: "UnaryOp",
    cst.While: "While",
    cst.With: "With AsyncWith",
    cst.Yield: "Yield",
}
# Where libcst and `ast` cut the tree differently, not the text: a chain of `and` is one node to `ast`, names
# in patterns and `except` are text to it, and a generator that is all of a call takes its parentheses.
LOOSE = {cst.BooleanOperation, cst.Name, cst.GeneratorExp}


def assert_agrees(module: PythonModule) -> None:
    assert module.exact
    text = module.source.text
    expected = places_of_ast(text)
    source = SourceFile(PurePosixPath("x.py"), text)
    for kind, names in PAIRS.items():
        wanted = set().union(*(expected.get(name, set()) for name in names.split()))
        nodes: Sequence[cst.CSTNode] = module.nodes(kind)
        for node in nodes:
            span = module.span(node)
            start, end = source.position(span.start), source.position(span.end)
            place = (start.line, start.column, end.line, end.column)
            if isinstance(module.parent(node), cst.Del):
                continue  # what `del` takes is a list of targets to `ast`
            if kind not in LOOSE:
                assert place in wanted, (kind.__name__, text[span.start : span.end])
            elif isinstance(node, cst.Name):
                assert text[span.start : span.end] == node.value


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("newline", NEWLINES[:2], ids=repr)
def test_places_of_each_statement_are_those_of_ast(statement: str, newline: str) -> None:
    assert_agrees(parse(f"{statement}\n".replace("\n", newline)))


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from(STATEMENTS),
            st.sampled_from(["\n", "\n\n", "  # why \U0001f600\n", "\n# alone\n", "\n\t\n", "\n    \n"]),
        ),
        min_size=1,
        max_size=6,
    ),
    newline=st.sampled_from(NEWLINES[:2]),
    final=st.booleans(),
)
def test_places_in_a_file_are_those_of_ast(parts: list[tuple[str, str]], newline: str, final: bool) -> None:
    text = "".join(statement + after for statement, after in parts)
    if not final:
        text = text.rstrip()
    assert_agrees(parse(text.replace("\n", newline)))


@pytest.mark.parametrize(
    "text",
    [
        "\fx = 1\n",
        "x = 1\n\f\ndef f():\n    return (a, b)\n",
        "x = 1\n\fdef f():\n    return a\n",
        "class C:\n    x = 1\n  \f\n    def f(self):\n        pass\n",
        "x = 1\f\ny = 2\n",
        "x = '\f'\ny = 2\n",
    ],
)
def test_form_feeds_shift_nothing(text: str) -> None:
    module = parse(text)
    assert module.exact
    for node in module.nodes(cst.Name):
        span = module.span(node)
        assert text[span.start : span.end] == node.value
    for function in module.nodes(cst.FunctionDef):
        span = module.span(function)
        assert text[span.start :].startswith("def f")


def test_module_is_the_whole_text() -> None:
    for text in ("", "x = 1", "x = 1\n", "\n\n", "# only a comment"):
        module = parse(text)
        assert module.exact
        assert module.span(module.tree) == Span(0, len(text))


def test_spans_of_names_that_the_walk_leaves_out() -> None:
    module = parse("import a.b as c\n\n\ndef f(x, *, y=1): return g(z=2).attr\n")
    text = module.source.text
    call = module.nodes(cst.Call)[0]
    keyword = call.args[0].keyword
    assert keyword is not None
    assert text[slice(*_ends(module, keyword))] == "z"
    attribute = module.nodes(cst.Attribute)[0]
    assert text[slice(*_ends(module, attribute.attr))] == "attr"
    assert module.parent(attribute.attr) is attribute
    assert module.parent(keyword) is call.args[0]
    alias = module.nodes(cst.ImportAlias)[0]
    assert module.parent(alias.name) is alias


def _ends(module: PythonModule, node: cst.CSTNode) -> tuple[int, int]:
    span = module.span(node)
    return span.start, span.end


def test_where_the_tree_does_not_give_back_the_text_lines_are_pointed_at() -> None:
    # libcst cannot write an expression of this depth again.
    text = "import os\n\nif os:\n    y = 2\nx = " + " + ".join(["1"] * 1200) + "\n\nz = 3\n"
    module = parse(text)
    first, deep, last = module.nodes(cst.Assign)
    assert text[slice(*_ends(module, last))] == "z = 3"
    assert module.exact
    assert text[slice(*_ends(module, deep))].startswith("x = 1 + 1")
    assert not module.exact
    assert list(module.comments) == []
    assert text[slice(*_ends(module, first))] == "    y = 2"
    assert module.edit(Span(0, 1), "") is None


def test_places_in_inline_code_are_the_templates() -> None:
    code = "import os\n\ndef handler(event, context):\n    return os\n"
    indented = "".join(f"    {line}" if line.strip() else line for line in code.splitlines(keepends=True))
    host = SourceFile(PurePosixPath("template.yaml"), f"Code: |\n{indented}")
    offsets = []
    at = host.text.index("import")
    for index, character in enumerate(code):
        if index and code[index - 1] == "\n" and character != "\n":
            at += 4
        offsets.append(at)
        at += 1
    source = EmbeddedSource(host, code, Span(0, 4), [*offsets, at])
    module = PythonModule.parse(source)
    (function,) = module.nodes(cst.FunctionDef)
    label = module.label(function.name, "here")
    assert label.source is host
    assert host.slice(label.span) == "handler"
    assert module.line_of(function) == 4
    edit = module.edit(Span(0, code.index("\n") + 1), "")
    assert edit is not None
    assert host.text[: edit.span.start] + host.text[edit.span.end :] == "Code: |\n" + indented[14:]
    assert module.edit(Span(0, 0), "a\nb") is None


def test_inline_code_without_a_map_points_at_its_property() -> None:
    host = SourceFile(PurePosixPath("template.yaml"), 'Code: "import os\\n"\n')
    module = PythonModule.parse(EmbeddedSource(host, "import os\n", Span(6, 19)))
    assert module.label(module.nodes(cst.Import)[0], "here").span == Span(6, 19)
    assert module.edit(Span(0, 10), "") is None


@pytest.mark.skipif(sys.version_info < (3, 12), reason="new syntax of Python 3.12")
def test_places_of_nested_quotes() -> None:
    assert_agrees(parse("x = f'{a['b']}'\n"))
