"""Parsing, the walk and what is asked of single nodes."""

from __future__ import annotations

import dataclasses
import inspect
from itertools import pairwise

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.python.module import ParseProblem
from lambdalint.python.walk import _FIELDS, _HIDDEN, children
from lambdalint.source import Span

from .helpers import function, parse
from .test_spans import STATEMENTS


def problem(text: str) -> ParseProblem:
    with pytest.raises(ParseProblem) as caught:
        parse(text)
    return caught.value


# Parsing


def test_only_the_parser_s_own_nodes_are_not_validated() -> None:
    parse("x = (1)\n")
    problem("x = = 1\n")
    with pytest.raises(cst.CSTValidationError):
        cst.Name("")


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("import os\nprint 'hello'\n", "Python 2 syntax (", 2),
        ("def f():\n    raise A, 'why'\n", "Python 2 syntax (", 2),
        ("exec 'x = 1'\n", "Python 2 syntax (", 1),
        ("x = 1\nif x\n    y\n", "expected ':'", 2),
        ("def f(:\n    pass\n", "invalid syntax", 1),
        ("if x:\ny = 1\n", "expected an indented block", 2),
    ],
)
def test_a_problem_says_what_and_where(text: str, message: str, line: int) -> None:
    found = problem(text)
    assert found.message.startswith(message)
    assert found.line == line
    assert found.python_2 is message.startswith("Python 2")


def test_a_problem_has_a_column() -> None:
    found = problem("é = 1\nx = = 2\n")
    assert (found.line, found.column) == (2, 5)


@pytest.mark.parametrize("text", ["x = 1\0\n", "\0"])
def test_null_characters_are_a_problem_not_a_crash(text: str) -> None:
    assert "null" in problem(text).message


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + ")" * 5000,
        "x = " + "[" * 100_000,
        "f(a(), " * 300 + ")" * 300,
        "x = " + "-" * 100_000 + "1",
        "x = a" + ".b" * 50_000,
        "x = '''\n'''; y = " + "not " * 20_000 + "z",
        "if a: pass\n" + "elif b: pass\n" * 5000,
        "x = (" + "\n+ ".join(["a"] * 5000) + ")",
        "x = (a" + "\n.b(1, 2)" * 5000 + ")",
        "x = (" + "\n".join(["'a'"] * 5000) + ")",
        "x = a" + "\\\n.b" * 5000,
    ],
    ids=[
        *("parentheses", "open", "calls", "minus", "attributes", "not", "elif"),
        *("sum over lines", "chain over lines", "strings over lines", "continued lines"),
    ],
)
def test_nesting_that_would_overflow_the_parser_is_a_problem(text: str) -> None:
    # libcst's parser recurses in native code: without the check the process dies.
    assert "too" in problem(text).message


@pytest.mark.parametrize(
    "text",
    [
        "x = [\n" + "    'a(((((',  # ((((\n" * 300 + "]\n",
        "x = '''\n" + "(" * 9000 + "\n'''\n",
        'x = "' + "((" * 5000 + '"\n',
        "x = [" + ", ".join(["1"] * 5000) + "]\n",
        "x = {\n" + "    'a': f(b.c + 1),\n" * 3000 + "}\n",
        "x = f(\n" + "    g(lambda a: a.b),\n" * 3000 + ")\n",
        "# " + "(" * 9000 + "\n",
        "x = r'\\\\'\ny = '''" + "-" * 9000 + "'''\n",
        "x = 1\n" * 5000,
    ],
    ids=[
        "strings",
        "triple",
        "long string",
        "long list",
        "long dict",
        "long call",
        "comment",
        "raw",
        "many lines",
    ],
)
def test_what_only_looks_deep_is_read(text: str) -> None:
    assert parse(text).exact


def test_deep_trees_are_walked_without_recursion() -> None:
    module = parse("x = " + " + ".join(["a"] * 1500) + "\n")
    assert len(module.nodes(cst.Name)) == 1501
    assert len(list(module.ancestors(module.nodes(cst.Name)[1]))) > 1400
    assert len(module.names.lookup(module.nodes(cst.Name)[1])) == 0


@pytest.mark.parametrize("text", ["", "\n", "   ", "# only a comment", "\ufeff".strip("\ufeff"), "\f\n"])
def test_nothing_is_a_module_too(text: str) -> None:
    module = parse(text)
    assert module.tree.body == ()
    assert module.names.imports == []


@pytest.mark.parametrize("cookie", ["latin-1", "utf-8", "no-such-codec"])
def test_an_encoding_cookie_means_nothing_in_text(cookie: str) -> None:
    module = parse(f"# -*- coding: {cookie} -*-\nx = 'é\U0001f600'\n")
    assert module.exact
    assert module.span(module.nodes(cst.SimpleString)[0]) == Span(
        module.source.text.index("'"), module.source.text.rindex("'") + 1
    )


# The walk


def test_every_field_that_holds_nodes_is_known() -> None:
    """A libcst with new syntax must not make the walk blind."""
    unknown = []
    quiet = (
        "lpar rpar lbrace rbrace lbracket rbracket comma semicolon lines_after_decorators colon dot indent",
        "header footer equal empty_lines trailing_comma first_line last_line newline comment empty relative",
        "first_colon second_colon separator asynchronous posonly_ind operator star conversion",
        "start end value encoding default_indent default_newline has_trailing_newline",
    )
    ignored = {word for line in quiet for word in line.split()}
    for name, cls in inspect.getmembers(cst, inspect.isclass):
        if not issubclass(cls, cst.CSTNode) or inspect.isabstract(cls) or not dataclasses.is_dataclass(cls):
            continue
        known = f"{_FIELDS.get(name, '')} {_HIDDEN.get(name, '')}".replace("*", "").split()
        for field in dataclasses.fields(cls):
            white = field.name.startswith(("whitespace", "trailing_whitespace", "leading_"))
            if field.name not in known and not white and field.name not in ignored:
                unknown.append(f"{name}.{field.name}")
    assert unknown == []


def _all_nodes(node: cst.CSTNode) -> list[cst.CSTNode]:
    return [node, *(each for child in node.children for each in _all_nodes(child))]


SIGNIFICANT = (
    cst.BaseExpression,
    cst.BaseSmallStatement,
    cst.BaseCompoundStatement,
    cst.MatchPattern,
    cst.Param,
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_walk_meets_every_node_that_matters(statement: str) -> None:
    module = parse(f"{statement}\n")
    met = {id(node) for node in module.descendants(module.tree)}
    by_type = {id(node) for kind in module.streams.by_type for node in module.nodes(kind)}
    assert met == by_type
    for node in _all_nodes(module.tree):
        if isinstance(node, SIGNIFICANT) and id(node) not in met:
            # A name that is no variable: reached through its own node, and its parent is known.
            assert isinstance(node, cst.Name | cst.Attribute)
            assert module.parent(node) is not None


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_nodes_parent_has_it_as_a_child(statement: str) -> None:
    module = parse(f"{statement}\n")
    for node in module.descendants(module.tree):
        parent = module.parent(node)
        if parent is None:
            assert node is module.tree
        else:
            assert any(child is node for child in children(parent))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=5))
def test_nodes_come_in_the_order_of_the_source(statements: list[str]) -> None:
    module = parse("\n".join(statements) + "\n")
    for kinds in ((cst.Call,), (cst.Assign, cst.FunctionDef, cst.For), (cst.Attribute, cst.Call)):
        spans = [module.span(node) for node in module.nodes(*kinds)]
        for before, after in pairwise(spans):
            # Inner nodes start where outer ones do or later; an outer call comes before its inner one.
            assert before.start <= after.start or before.contains(after)


# Single nodes

SOURCE = """\
import os

@deco(lambda: here)
def outer(a=default, *, b: annotation = 1):
    def inner():
        return deep
    class Local:
        attribute = within
        def method(self):
            return self
    return [each for each in rows if cond(lambda x: far)]

if x: y = one; z = two
"""


def find(text: str) -> tuple[object, cst.Name]:
    module = parse(SOURCE)
    (name,) = (node for node in module.nodes(cst.Name) if node.value == text)
    return module, name


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("deco", None),
        ("default", None),
        ("annotation", None),
        ("here", "lambda"),
        ("deep", "inner"),
        ("within", "outer"),
        ("rows", "outer"),
        ("far", "lambda"),
    ],
)
def test_enclosing_function_is_the_one_in_which_code_runs(text: str, owner: str | None) -> None:
    module = parse(SOURCE)
    (name,) = (node for node in module.nodes(cst.Name) if node.value == text)
    found = module.enclosing_function(name)
    if owner == "lambda":
        assert isinstance(found, cst.Lambda)
    else:
        assert (found.name.value if isinstance(found, cst.FunctionDef) else found) == owner


def test_enclosing_class_is_that_of_a_method() -> None:
    module = parse(SOURCE)
    found = module.enclosing_class(function(module, "method"))
    assert found is module.nodes(cst.ClassDef)[0]
    assert module.enclosing_class(function(module, "inner")) is None
    (name,) = (node for node in module.nodes(cst.Name) if node.value == "deep")
    assert module.enclosing_class(name) is None


def test_statement_is_the_line_or_the_block() -> None:
    module = parse(SOURCE)
    two = next(node for node in module.nodes(cst.Name) if node.value == "two")
    assert isinstance(module.statement(two), cst.If)
    deep = next(node for node in module.nodes(cst.Name) if node.value == "deep")
    assert isinstance(module.statement(deep), cst.SimpleStatementLine)
    inner = function(module, "inner")
    assert module.statement(inner) is inner


def test_comments_by_line() -> None:
    module = parse("x = (1,  # one\n     '# none',\n     2)  # two\ny = 1\n\n# alone\n")
    first, second = module.nodes(cst.Assign)
    assert module.comment_on_line(first) == "# one # two"
    assert module.comment_on_line(second) == ""
    assert [text for _, text in module.comments] == ["# one", "# two", "# alone"]
    for span, text in module.comments:
        assert module.source.text[span.start : span.end] == text
    assert module.comment_at(6) == "# alone"
    assert module.comment_at(2) == ""


GUARDS = """\
from typing import TYPE_CHECKING
import typing as t

if __name__ == "__main__":
    main1
else:
    run1
if '__main__' == __name__ and x:
    main2
if __name__ == "other":
    run2
if __name__ != "__main__":
    run3
if TYPE_CHECKING:
    types1
elif x:
    run4
if not t.TYPE_CHECKING:
    run5
else:
    types2
def f():
    if t.TYPE_CHECKING:
        types3
"""


def test_guards() -> None:
    module = parse(GUARDS)
    names = {node.value: node for node in module.nodes(cst.Name)}
    assert {text for text, node in names.items() if module.in_main_guard(node)} == {"main1", "main2"}
    assert {text for text, node in names.items() if module.in_type_checking(node)} == {
        "types1",
        "types2",
        "types3",
    }
