"""PythonModule: one parsed source, its nodes by type, their parents and their places in the text.

The source is parsed once and walked once, by hand and without white space: measured, libcst's own visitor and
metadata providers cost ten times what parsing does. Places are computed only when one is asked for.
"""

from __future__ import annotations

import ast
import bisect
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

import libcst as cst

from lambdalint.finding import Edit, FunctionId, Label, Role
from lambdalint.python.parsing import parse_module
from lambdalint.python.spans import Spans
from lambdalint.python.walk import Walk, children, hidden_parents, own_nodes, walk
from lambdalint.source import EmbeddedSource, SourceFile, Span

if TYPE_CHECKING:
    from lambdalint.python.duplicates import Body
    from lambdalint.python.names import ModuleNames

Source = SourceFile | EmbeddedSource
N = TypeVar("N", bound=cst.CSTNode)

_FUNCTIONS = (cst.FunctionDef, cst.Lambda)
_ACTS = frozenset({cst.Call, cst.Raise})
_STATEMENTS = (cst.SimpleStatementLine, cst.BaseCompoundStatement)


class ParseProblem(Exception):
    """A source that is not Python 3, or that is too deeply nested to be read.

    `line` and `column` are 1-based, in the source's own text. `python_2` tells Python 2 from other mistakes.
    """

    def __init__(self, message: str, line: int = 1, column: int = 1, python_2: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.python_2 = python_2


class PythonModule:
    """A Python source, parsed. `nodes` and `parent` know every node but white space and punctuation."""

    def __init__(self, source: Source, tree: cst.Module, removed: Sequence[int] = ()) -> None:
        self.source = source
        self.tree = tree
        # Offsets, in the text that was parsed, before which a form feed was taken out.
        self._removed = removed
        self._mentions: dict[re.Pattern[str], bool] = {}
        self._acts: dict[int, list[cst.Call | cst.Raise]] = {}

    @classmethod
    def parse(cls, source: Source) -> PythonModule:
        """Parses a source. Raises ParseProblem where it is no Python 3 that can be read."""
        text, removed = _without_form_feeds(source.text)
        problem = _too_deep(text)
        if problem is not None:
            raise problem
        try:
            tree = parse_module(text)
        except Exception as error:  # libcst's internal errors too: one bad file must not end the run
            raise _explain(source.text, error) from error
        return cls(source, tree, removed)

    def __repr__(self) -> str:
        return f"<PythonModule {self.source.path}>"

    # Nodes

    @cached_property
    def _walk(self) -> Walk:
        return walk(self.tree)

    @property
    def streams(self) -> Walk:
        """What the walk found, for the analysis of names."""
        return self._walk

    def nodes(self, *types: type[N]) -> Sequence[N]:
        """The nodes of exactly these types, in the order of the source.

        A `cst.Name` here is a variable that is read or bound: attribute names, keywords of calls and the
        names in imports, parameters, `def`, `class`, `global` and `nonlocal` are found through their own
        nodes. A comprehension's first iterable, which runs first, comes before its element.
        """
        tables = self._walk.by_type
        if len(types) == 1:
            return cast("Sequence[N]", tables.get(types[0], ()))
        found = [node for kind in types for node in tables.get(kind, ())]
        order = self._order
        found.sort(key=lambda node: order[id(node)])
        return cast("Sequence[N]", found)

    @cached_property
    def _order(self) -> dict[int, int]:
        # A second walk, for which only questions about several types at once pay.
        order: dict[int, int] = {}
        stack: list[cst.CSTNode] = [self.tree]
        while stack:
            node = stack.pop()
            order[id(node)] = len(order)
            stack.extend(reversed(children(node)))
        return order

    def children(self, node: cst.CSTNode) -> Sequence[cst.CSTNode]:
        """The node's children in the order of the source, without white space and punctuation."""
        return children(node)

    def descendants(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The node and all below it, parents first, in the order of the source."""
        stack = [node]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(children(node)))

    def acts(self, node: cst.CSTNode) -> Sequence[cst.Call | cst.Raise]:
        """The calls and `raise` statements in a piece of one function, in the order of the source, without
        those of functions and classes defined within; looked for once."""
        found = self._acts.get(id(node))
        if found is None:
            nodes = [each for each in own_nodes(node) if each.__class__ in _ACTS]
            found = self._acts[id(node)] = cast("list[cst.Call | cst.Raise]", nodes)
        return found

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds this one; None for the module and for nodes of another module."""
        found = self._walk.parents.get(id(node))
        if found is not None or node is self.tree:
            return found
        return self._hidden_parents.get(id(node))

    @cached_property
    def _hidden_parents(self) -> dict[int, cst.CSTNode]:
        return hidden_parents(self._walk)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around this one, innermost first, ending with the module."""
        found = self.parent(node)
        while found is not None:
            yield found
            found = self.parent(found)

    def contains(self, outer: cst.CSTNode, node: cst.CSTNode) -> bool:
        """Whether `node` is `outer` or lies within it."""
        return node is outer or any(ancestor is outer for ancestor in self.ancestors(node))

    def enclosing_function(self, node: cst.CSTNode) -> cst.FunctionDef | cst.Lambda | None:
        """The innermost function in whose body the node runs; None at module level and in class bodies there.

        Decorators, defaults and annotations run where the function is defined, not in it.
        """
        known = self._functions
        parents = self._walk.parents
        below: cst.CSTNode = node
        lines: list[int] = []
        found: cst.FunctionDef | cst.Lambda | None = None
        while (above := parents.get(id(below)) or self.parent(below)) is not None:
            cls = above.__class__
            if (cls is cst.FunctionDef or cls is cst.Lambda) and below is above.body:  # type: ignore[attr-defined]
                found = above  # type: ignore[assignment]
                break
            if cls is cst.SimpleStatementLine or cls is cst.IndentedBlock:
                key = id(above)
                if key in known:
                    found = known[key]
                    break
                lines.append(key)
            below = above
        for key in lines:
            known[key] = found
        return found

    @cached_property
    def _functions(self) -> dict[int, cst.FunctionDef | cst.Lambda | None]:
        """Of lines and blocks that were met before."""
        return {}

    def enclosing_class(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The class of whose body the node is directly a part: the class of a method, for one."""
        below = node
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, _FUNCTIONS) and below is ancestor.body:
                return None
            if isinstance(ancestor, cst.ClassDef) and below is ancestor.body:
                return ancestor
            below = ancestor
        return None

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """The SimpleStatementLine or compound statement around the node, itself included.

        Statements on the line of their `if x:` have no line of their own: their compound statement is theirs.
        """
        if isinstance(node, _STATEMENTS):
            return node
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, _STATEMENTS):
                return ancestor
        return node

    # Places

    @cached_property
    def _spans(self) -> Spans:
        text, _ = _without_form_feeds(self.source.text)
        return Spans(self.tree, text, self.parent)

    @property
    def exact(self) -> bool:
        """Whether the tree gives back the text, so that every span can be trusted to the character.

        Where it does not, spans are whole lines and there are no edits.
        """
        return self._spans.exact

    def span(self, node: cst.CSTNode) -> Span:
        """The characters of `source.text` that the node takes, as Python's own `ast` counts them.

        That is without the parentheses around it, but for a tuple, to which they belong.
        """
        if node is self.tree:
            return Span(0, len(self.source.text))
        span = self._spans.span(node)
        return self._original(span) if self._removed else span

    def _original(self, span: Span) -> Span:
        start = span.start + bisect.bisect_right(self._removed, span.start)
        end = span.end + bisect.bisect_left(self._removed, span.end)
        return Span(start, max(start, end))

    def host_span(self, node: cst.CSTNode) -> Span:
        """The characters that the node takes in its file: for inline code, in the template."""
        return self._in_host(self.span(node))

    def _in_host(self, span: Span) -> Span:
        return self.source.host_span(span) if isinstance(self.source, EmbeddedSource) else span

    @property
    def file(self) -> SourceFile:
        """The file that holds the code: for inline code, the template."""
        return self.source.host if isinstance(self.source, EmbeddedSource) else self.source

    def line_of(self, node: cst.CSTNode) -> int:
        """The 1-based line of the file on which the node starts."""
        return self.file.position(self.host_span(node).start).line

    @cached_property
    def _own_lines(self) -> SourceFile:
        return (
            self.source
            if isinstance(self.source, SourceFile)
            else SourceFile(self.source.path, self.source.text)
        )

    def own_line(self, offset: int) -> int:
        """The 1-based line of `source.text`, not of the host, that holds an offset."""
        return self._own_lines.position(offset).line

    @cached_property
    def comments(self) -> Sequence[tuple[Span, str]]:
        """Every comment with its place in `source.text`, in order; none where the text is not exact."""
        found = self._spans.comments()
        if not self._removed:
            return found
        return [(self._original(span), text) for span, text in found]

    @cached_property
    def _comments_by_line(self) -> dict[int, str]:
        return {self.own_line(span.start): text for span, text in self.comments}

    def comment_on_line(self, node: cst.CSTNode) -> str:
        """The comments at the ends of the node's physical lines, joined by spaces; "" where there is none."""
        span = self.span(node)
        first, last = self.own_line(span.start), self.own_line(max(span.start, span.end - 1))
        comments = (self.comment_at(line) for line in range(first, last + 1))
        return " ".join(comment for comment in comments if comment)

    def comment_at(self, line: int) -> str:
        """The comment on a 1-based line of `source.text`; "" where there is none."""
        if "#" not in self._own_lines.line_text(line):
            return ""
        return self._comments_by_line.get(line, "")

    def label(
        self, node: cst.CSTNode, message: str, role: Role = Role.PRIMARY, function: FunctionId | None = None
    ) -> Label:
        """A label at the node, in the file that holds the code."""
        return Label(self.file, self.host_span(node), message, role, function)

    def label_at(
        self, span: Span, message: str, role: Role = Role.PRIMARY, function: FunctionId | None = None
    ) -> Label:
        """A label at a span of `source.text`, in the file that holds the code."""
        return Label(self.file, self._in_host(span), message, role, function)

    def edit(self, span: Span, replacement: str) -> Edit | None:
        """Replaces a span of `source.text`; None where the text cannot be edited.

        That is where the tree does not give back the text, where inline code is not written in the template
        character for character, and where several lines would be put into inline code, whose indentation is
        the template's.
        """
        if not self.exact:
            return None
        if not isinstance(self.source, EmbeddedSource):
            return Edit(self.source, span, replacement)
        if self.source.offset_map is None or "\n" in replacement or "\r" in replacement:
            return None
        return Edit(self.source.host, self._host_edit_span(span), replacement)

    def _host_edit_span(self, span: Span) -> Span:
        """Whole lines of inline code are whole lines of the template, whose indentation goes with them."""
        found = self._in_host(span)
        starts = self._own_lines.line_starts
        if span.start not in starts or span.end not in starts:
            return found
        lines = self.file.line_starts
        first, last = (bisect.bisect_right(lines, at) - 1 for at in (found.start, found.end))
        return Span(lines[first], lines[last])

    # Meaning

    def mentions(self, pattern: re.Pattern[str]) -> bool:
        """Whether the text matches somewhere; looked for once, however many handlers reach the module."""
        found = self._mentions.get(pattern)
        if found is None:
            found = self._mentions[pattern] = pattern.search(self.source.text) is not None
        return found

    @cached_property
    def names(self) -> ModuleNames:
        """Scopes, bindings and what each name means."""
        from lambdalint.python.names import ModuleNames

        return ModuleNames(self)

    @cached_property
    def bodies(self) -> Sequence[Body]:
        """The bodies of its functions, to be compared with those of other modules."""
        from lambdalint.python.duplicates import bodies

        return bodies(self)

    def in_main_guard(self, node: cst.CSTNode) -> bool:
        """Whether the node stands under `if __name__ == "__main__":`, which never holds in Lambda."""
        return bool(self._main_guards) and self._under(node, self._main_guards)

    def in_type_checking(self, node: cst.CSTNode) -> bool:
        """Whether the node stands under `if TYPE_CHECKING:`, which never holds at run time."""
        return bool(self._type_guards) and self._under(node, self._type_guards)

    @cached_property
    def _main_guards(self) -> frozenset[int]:
        if "__main__" not in self.source.text:
            return frozenset()
        return frozenset(id(node.body) for node in self.nodes(cst.If) if _is_main_test(node.test))

    @cached_property
    def _type_guards(self) -> frozenset[int]:
        if "TYPE_CHECKING" not in self.source.text:
            return frozenset()
        blocks: set[int] = set()
        for node in self.nodes(cst.If):
            if _is_type_checking(node.test):
                blocks.add(id(node.body))
            elif (
                isinstance(node.test, cst.UnaryOperation)
                and isinstance(node.test.operator, cst.Not)
                and _is_type_checking(node.test.expression)
                and node.orelse is not None
            ):
                blocks.add(id(node.orelse))
        return frozenset(blocks)

    def _under(self, node: cst.CSTNode, blocks: frozenset[int]) -> bool:
        return id(node) in blocks or any(id(ancestor) in blocks for ancestor in self.ancestors(node))


def _is_main_test(test: cst.BaseExpression) -> bool:
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And):
        return _is_main_test(test.left) or _is_main_test(test.right)
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return False
    target = test.comparisons[0]
    sides = (test.left, target.comparator)
    return (
        isinstance(target.operator, cst.Equal)
        and any(isinstance(side, cst.Name) and side.value == "__name__" for side in sides)
        and any(isinstance(side, cst.SimpleString) and side.raw_value == "__main__" for side in sides)
    )


def _is_type_checking(test: cst.BaseExpression) -> bool:
    if isinstance(test, cst.Attribute):
        return test.attr.value == "TYPE_CHECKING"
    return isinstance(test, cst.Name) and test.value == "TYPE_CHECKING"


# Reading

_LINE_START_FORM_FEEDS = re.compile(r"(?:^|(?<=[\r\n]))[ \t]*\f[ \t\f]*")


def _without_form_feeds(text: str) -> tuple[str, list[int]]:
    # libcst loses or doubles a form feed that stands before a statement. CPython's tokenizer lets it reset
    # the indentation, so what stands before it on the line means nothing and the feed itself can go.
    if "\f" not in text:
        return text, []
    parts: list[str] = []
    removed: list[int] = []
    at = length = 0
    for match in _LINE_START_FORM_FEEDS.finditer(text):
        start, end = match.span()
        end = start + match.group().rindex("\f") + 1
        parts.append(text[at:start])
        length += start - at
        removed.extend([length] * (end - start))
        at = end
    parts.append(text[at:])
    return "".join(parts), removed


# Limits under which libcst's parser, which recurses in native code, neither overflows the stack nor takes
# minutes: measured with 8 MB, it dies of 3,000 nested parentheses, of 4,000 strings or calls in a chain, and
# needs 12 s for 2,500 calls. The first limit is CPython's own, so that no file that runs is refused; of the
# second, the longest expression in 1,500 files of public repositories had 57.
_MAX_BRACKETS = 200
_MAX_CHAIN = 2_000
_MAX_ELIF = 4_000
# Shorter than this, a line or a bracketed region cannot hold that many links.
_LONG = 2 * _MAX_CHAIN
_BRACKETS = re.compile(r"[()\[\]{}]")
_OPENING = re.compile(r"\"\"\"|\'\'\'|\"|\'|#")
_ENDS = {
    "#": re.compile(r"[^\r\n]*"),
    '"': re.compile(r"(?:[^\"\\\r\n]|\\(?s:.))*\"?"),
    "'": re.compile(r"(?:[^'\\\r\n]|\\(?s:.))*'?"),
    '"""': re.compile(r"(?s:[^\"\\]|\\.|\"(?!\"\"))*(?:\"\"\")?"),
    "'''": re.compile(r"(?s:[^'\\]|\\.|'(?!''))*(?:''')?"),
}


def _too_deep(text: str) -> ParseProblem | None:
    """The problem of a source that nests deeper than the parser's stack; cheap for all that could not."""
    if text.count("elif ") > _MAX_ELIF:
        return ParseProblem("too many `elif` branches")
    if len(text) < _LONG and text.count("(") + text.count("[") + text.count("{") <= _MAX_BRACKETS:
        return None
    deepest, longest = _brackets(text)
    longest = max(longest, *map(len, text.split("\n")), text.count("\\\n"))
    if deepest <= _MAX_BRACKETS and longest < _LONG:
        return None
    return _chained(_without_strings(text))


def _brackets(text: str) -> tuple[int, int]:
    """How deep brackets nest, and how many characters the longest outermost pair holds.

    Brackets in strings and comments count too: upper bounds, which are enough for nearly every file.
    """
    depth = deepest = longest = start = 0
    for match in _BRACKETS.finditer(text):
        if match.group() in "([{":
            if not depth:
                start = match.start()
            depth += 1
            if depth > deepest:
                deepest = depth
        elif depth:
            depth -= 1
            if not depth and match.start() - start > longest:
                longest = match.start() - start
    return deepest, max(longest, len(text) - start if depth else 0)


_LINKS = re.compile(
    r"\\\r?\n|[([{]|[)\]}]|[,;:]|\n|[-+*/%@&|^~<>.\"]|\b(?:and|or|not|if|in|is|await|lambda)\b"
)


def _chained(text: str) -> ParseProblem | None:
    """Where brackets nest too deep or an expression has too many links, in a text without strings."""
    counts = [0]  # links of the expression at hand, for each open bracket and outside of all
    line = 1
    for match in _LINKS.finditer(text):
        token = match.group()
        if token[-1] == "\n":
            line += 1
            if len(counts) == 1 and token == "\n":
                counts[0] = 0
        elif token in ",;:":
            counts[-1] = 0
        elif token in ")]}":
            if len(counts) > 1:
                counts.pop()
        else:
            counts[-1] += 1
            if counts[-1] > _MAX_CHAIN:
                return ParseProblem("an expression is too deeply nested", line)
            if token in "([{":
                counts.append(0)
                if len(counts) > _MAX_BRACKETS + 1:
                    return ParseProblem("too many nested brackets", line)
    return None


def _without_strings(text: str) -> str:
    """The text without comments and with a quotation mark for each string, line by line the same."""
    parts: list[str] = []
    at = 0
    while match := _OPENING.search(text, at):
        end = _ENDS[match.group()].match(text, match.end())
        stop = end.end() if end is not None else match.end()
        mark = "" if match.group() == "#" else '"'
        parts += [text[at : match.start()], mark, "\n" * text.count("\n", match.start(), stop)]
        at = stop
    return "".join([*parts, text[at:]])


_PYTHON_2 = re.compile(
    r"\s*(?:print\s+[^\s=(.\[:]|print\s*>>|exec\s+[\"'\w]|except\s+[\w.()]+\s*,\s*\w+\s*:|raise\s+\w+\s*,)"
)


def _explain(text: str, error: Exception) -> ParseProblem:
    # CPython's message is the one that people know; libcst's lists token names. Where CPython accepts the
    # source, its version knows syntax that libcst does not.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as problem:
        line = max(1, problem.lineno or 1)
        message = problem.msg or "invalid syntax"
        old = _looks_like_python_2(text, line)
        message = f"Python 2 syntax ({message})" if old else message
        return ParseProblem(message, line, max(1, problem.offset or 1), python_2=old)
    except (ValueError, RecursionError, MemoryError) as problem:
        message = "too deeply nested" if not isinstance(problem, ValueError) else str(problem)
        return ParseProblem(message)
    if isinstance(error, cst.ParserSyntaxError):
        place = _place_of(text, error)
        return ParseProblem("invalid syntax, or syntax that is not supported yet", *place)
    return ParseProblem(f"cannot be parsed: {type(error).__name__}")


def _looks_like_python_2(text: str, line: int) -> bool:
    lines = text.splitlines()
    return line <= len(lines) and _PYTHON_2.match(lines[line - 1]) is not None


_AT = re.compile(r"error at (\d+):(\d+)")


def _place_of(text: str, error: cst.ParserSyntaxError) -> tuple[int, int]:
    match = _AT.search(str(error))
    if match is None:
        return max(1, error.raw_line), max(1, error.raw_column + 1)
    return int(match[1]), max(1, int(match[2]))
