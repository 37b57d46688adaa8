"""Where nodes lie in the text. libcst keeps no places: they come from generating the code again.

Generating all of a module costs a third of parsing it. So the text is scanned for the lines on which
statements begin, which is cheap, and only the statement around a node of which the place is asked is
generated; what comes out must be what the text has there. Where the two cannot be brought together, all of
the module is generated.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from types import TracebackType
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from lambdalint.python.lines import LogicalLines, logical_lines
from lambdalint.python.walk import children
from lambdalint.source import Span

_PARENTHESISED = (cst.Tuple, cst.GeneratorExp)
_BLOCKS = frozenset({cst.IndentedBlock, cst.MatchCase})


class _Stop(Exception):
    """The header of a compound statement is written."""


class _Recorder(CodegenState):
    """Counts characters while libcst writes the code. With `header`, stops where an indented block begins."""

    def __init__(self, tree: cst.Module, header: cst.CSTNode | None = None) -> None:
        super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
        self.header = header
        self.offset = 0
        self.starts: list[int] = []
        self.spans: dict[int, tuple[int, int]] = {}
        self.comments: list[tuple[int, str]] = []

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.tokens.append(token)
            self.offset += len(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.offset += len(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        if self.header is not None and node.__class__ in _BLOCKS and node is not self.header:
            raise _Stop
        self.starts.append(self.offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self.starts.pop()
        key = id(node)
        if key not in self.spans:
            self.spans[key] = (start, self.offset)
            if node.__class__ is cst.Comment:
                self.comments.append((start, node.value))

    def record_syntactic_position(  # type: ignore[override]
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> _Syntactic:
        return _Syntactic(self, node, start_node, end_node)


class _Syntactic:
    """The part of a node's code that `ast` counts: without the comments and parentheses around it."""

    __slots__ = ("end_node", "node", "recorder", "start", "start_node")

    def __init__(
        self,
        recorder: _Recorder,
        node: cst.CSTNode,
        start_node: cst.CSTNode | None,
        end_node: cst.CSTNode | None,
    ) -> None:
        self.recorder = recorder
        self.node = node
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        self.start = self.recorder.offset

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        spans = self.recorder.spans
        start = self.start if self.start_node is None else spans[id(self.start_node)][0]
        if kind is not None:
            spans[id(self.node)] = (start, _OPEN)
            return
        end = self.recorder.offset if self.end_node is None else spans[id(self.end_node)][1]
        spans[id(self.node)] = (start, end)


_OPEN = -1  # the end of a compound statement of which only the header was written


class Spans:
    """The places of the nodes of one tree in the text that it was parsed from."""

    def __init__(
        self, tree: cst.Module, text: str, parent: Callable[[cst.CSTNode], cst.CSTNode | None]
    ) -> None:
        self._tree = tree
        self._text = text
        self._parent = parent
        self._spans: dict[int, tuple[int, int]] = {}
        self._failed = False

    @property
    def exact(self) -> bool:
        """Whether spans are right to the character, as far as any was asked for."""
        return not self._whole_needed or self._whole is not None

    def span(self, node: cst.CSTNode) -> Span:
        """The characters of the node; whole lines where the tree does not give back the text."""
        if node.__class__ in _PARENTHESISED:
            # To `ast` the parentheses are part of a tuple; more pairs around it are not.
            before, after = node.lpar, node.rpar
            if before:
                first, last = self._found(before[-1], node), self._found(after[0], node)
                return Span(first[0], last[1]) if first and last else self._lines(node)
        found = self._found(node, node)
        return Span(*found) if found is not None else self._lines(node)

    def comments(self) -> Sequence[tuple[Span, str]]:
        """Every comment with its place, in order; none where the tree does not give back the text."""
        if not self._whole_needed:
            found = self._lines_of_text.comments
        else:
            found = sorted(self._whole.comments) if self._whole is not None else []
        return [(Span(start, start + len(text)), text) for start, text in found]

    # Statement by statement

    @property
    def _whole_needed(self) -> bool:
        return self._failed or not self._owners

    @cached_property
    def _lines_of_text(self) -> LogicalLines:
        return logical_lines(self._text)

    @cached_property
    def _owners(self) -> dict[int, int]:
        """Where each statement and clause begins, by its id; empty where text and tree do not agree."""
        owners = list(_owners(self._tree))
        starts = self._lines_of_text.starts
        if len(owners) != len(starts):
            return {}
        return {id(owner): start for owner, start in zip(owners, starts, strict=True)}

    def _found(self, node: cst.CSTNode, inside: cst.CSTNode) -> tuple[int, int] | None:
        """The place of a node that is `inside` itself or white space of it; None where it is not known."""
        if not self._whole_needed:
            found = self._spans.get(id(node)) or self._generated(node, inside)
            if found is not None:
                return found
        return self._whole.spans.get(id(node)) if self._whole is not None else None

    def _generated(self, node: cst.CSTNode, inside: cst.CSTNode) -> tuple[int, int] | None:
        if isinstance(node, cst.IndentedBlock):
            first, last = self._found(node.body[0], node.body[0]), self._found(node.body[-1], node.body[-1])
            return (first[0], last[1]) if first and last else None
        owner: cst.CSTNode | None = inside
        while owner is not None and id(owner) not in self._owners:
            owner = self._parent(owner)
        if owner is None or not self._generate(owner):
            return None
        return self._spans.get(id(node))

    def _generate(self, owner: cst.CSTNode) -> bool:
        """Writes one statement, or the header of one, and keeps where its nodes are."""
        recorder = _Recorder(self._tree, header=owner)
        recorder.indent_tokens.extend(self._indents(owner))
        is_elif = isinstance(owner, cst.If) and isinstance(self._parent(owner), cst.If)
        try:
            owner._codegen(recorder, **({"is_elif": True} if is_elif else {}))
        except _Stop:
            pass
        except (RecursionError, cst.CSTValidationError, KeyError):
            self._failed = True
            return False
        shift = self._owners[id(owner)] - recorder.spans[id(owner)][0]
        written = "".join(recorder.tokens).rstrip()
        if shift < 0 or not self._text.startswith(written, shift):
            self._failed = True
            return False
        spans = self._spans
        for key, (start, end) in recorder.spans.items():
            spans[key] = (start + shift, end + shift if end != _OPEN else _OPEN)
        if spans[id(owner)][1] == _OPEN:
            self._close(owner)
        return True

    def _close(self, owner: cst.CSTNode) -> None:
        """A compound statement ends with the last statement in it."""
        last: cst.CSTNode = owner
        below: list[cst.CSTNode] = []
        while (tail := _tail(last)) is not None and not isinstance(last, cst.SimpleStatementSuite):
            below.append(last)
            last = tail
        found = self._found(last, last)
        if found is None:
            return
        for each in below:
            start = self._spans.get(id(each))
            if start is not None:
                self._spans[id(each)] = (start[0], found[1])

    def _indents(self, owner: cst.CSTNode) -> list[str]:
        found: list[str] = []
        default = self._tree.default_indent
        above = self._parent(owner)
        while above is not None:
            if isinstance(above, cst.IndentedBlock | cst.Match):
                found.append(default if above.indent is None else above.indent)
            above = self._parent(above)
        found.reverse()
        return found

    # All at once

    @cached_property
    def _whole(self) -> _Recorder | None:
        """What generating all recorded; None where that fails or writes something else than the text."""
        recorder = _Recorder(self._tree)
        try:
            self._tree._codegen(recorder)
        except (RecursionError, cst.CSTValidationError):
            return None
        # libcst drops white space at the end of a file, after all that has a place.
        written = "".join(recorder.tokens)
        return recorder if written.rstrip() == self._text.rstrip() else None

    # Where the generated code is not the text

    def _lines(self, node: cst.CSTNode) -> Span:
        return self._statement_lines.get(id(node), Span(0, self._line_end(0)))

    @cached_property
    def _statement_lines(self) -> dict[int, Span]:
        """The first line of each node's statement, as CPython's parser numbers statements.

        Empty where CPython refuses the source or sees other statements.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                statements = _ast_statements(ast.parse(self._text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return {}
        starts = self._line_starts
        found: dict[int, Span] = {}
        count = 0
        stack: list[tuple[cst.CSTNode, Span]] = [(self._tree, Span(0, self._line_end(0)))]
        while stack:
            node, span = stack.pop()
            if isinstance(node, cst.BaseSmallStatement | cst.BaseCompoundStatement):
                if count >= len(statements):
                    return {}
                start = starts[min(statements[count] - 1, len(starts) - 1)]
                span = Span(start, self._line_end(start))
                count += 1
            found[id(node)] = span
            stack.extend((child, span) for child in reversed(children(node)))
        return found if count == len(statements) else {}

    @cached_property
    def _line_starts(self) -> Sequence[int]:
        text = self._text
        starts = [0]
        for index, character in enumerate(text):
            if character == "\n" or (character == "\r" and text[index + 1 : index + 2] != "\n"):
                starts.append(index + 1)
        return starts

    def _line_end(self, start: int) -> int:
        ends = [end for end in (self._text.find("\n", start), self._text.find("\r", start)) if end >= 0]
        return min(ends, default=len(self._text))


# Statements and clauses


def _owners(tree: cst.Module) -> Iterator[cst.CSTNode]:
    """What begins each logical line, in the order of the source; a decorator's line is its own."""
    stack: list[cst.CSTNode] = list(reversed(tree.body))
    while stack:
        node = stack.pop()
        if node.__class__ is cst.SimpleStatementLine:
            yield node
        elif node.__class__ is cst.IndentedBlock:
            stack.extend(reversed(node.body))
        elif node.__class__ is not cst.SimpleStatementSuite:
            decorators = getattr(node, "decorators", ())
            yield from decorators
            yield node
            stack.extend(reversed(_clauses(node)))


def _clauses(node: Any) -> list[cst.CSTNode]:
    """The blocks and clauses of a compound statement, in the order of the source."""
    if isinstance(node, cst.Match):
        return list(node.cases)
    parts = [node.body, *getattr(node, "handlers", ())]
    parts += [getattr(node, "orelse", None), getattr(node, "finalbody", None)]
    return [part for part in parts if part is not None]


def _tail(node: Any) -> cst.CSTNode | None:
    """The last part of a compound statement, clause or block; None for what holds no statements."""
    if isinstance(node, cst.IndentedBlock):
        return node.body[-1] if node.body else None
    if isinstance(node, cst.SimpleStatementLine | cst.SimpleStatementSuite | cst.BaseSmallStatement):
        return None
    if hasattr(node, "body") or isinstance(node, cst.Match):
        return _clauses(node)[-1]
    return None


def _ast_statements(tree: ast.Module) -> list[int]:
    """The first lines of all statements, outer before inner, in the order of the source."""
    lines: list[int] = []
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            lines.append(node.lineno)
        below: list[ast.AST] = []
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            value = getattr(node, name, None)
            if isinstance(value, list):
                below.extend(value)
        stack.extend(reversed(below))
    return lines
