"""Where nodes lie in the text. libcst keeps no places: they come from generating the code again.

One generation that counts characters costs 21 µs a line, a third of parsing, so it is done only for modules
of which a place is asked.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from lambdalint.python.walk import children
from lambdalint.source import Span

_PARENTHESISED = (cst.Tuple, cst.GeneratorExp)


class _Recorder(CodegenState):
    """Counts characters while libcst writes the code."""

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
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
        self.starts.append(self.offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self.starts.pop()
        key = id(node)
        if key not in self.spans:
            self.spans[key] = (start, self.offset)
            if node.__class__ is cst.Comment:
                self.comments.append((start, node.value))

    def record_syntactic_position(  # type: ignore[override]
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
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
        end = self.recorder.offset if self.end_node is None else spans[id(self.end_node)][1]
        spans[id(self.node)] = (start, end)


class Spans:
    """The places of the nodes of one tree in the text that it was parsed from."""

    def __init__(self, tree: cst.Module, text: str) -> None:
        self._tree = tree
        self._text = text

    @cached_property
    def _recorded(self) -> _Recorder | None:
        """What generation recorded; None where it fails or writes something else than the text."""
        recorder = _Recorder(self._tree)
        try:
            self._tree._codegen(recorder)
        except (RecursionError, cst.CSTValidationError):
            return None
        # libcst drops white space at the end of a file, after all that has a place.
        written = "".join(recorder.tokens)
        return recorder if written == self._text or written.rstrip() == self._text.rstrip() else None

    @property
    def exact(self) -> bool:
        """Whether spans are right to the character."""
        return self._recorded is not None

    def span(self, node: cst.CSTNode) -> Span:
        """The characters of the node; whole lines where the tree does not give back the text."""
        recorder = self._recorded
        if recorder is None:
            return self._lines(node)
        if node.__class__ in _PARENTHESISED:
            # To `ast` the parentheses are part of a tuple; more pairs around it are not.
            before, after = node.lpar, node.rpar
            if before:
                return Span(recorder.spans[id(before[-1])][0], recorder.spans[id(after[0])][1])
        found = recorder.spans.get(id(node))
        return self._lines(node) if found is None else Span(*found)

    def comments(self) -> Sequence[tuple[Span, str]]:
        """Every comment with its place, in order; none where the tree does not give back the text."""
        recorder = self._recorded
        if recorder is None:
            return ()
        return [(Span(start, start + len(text)), text) for start, text in sorted(recorder.comments)]

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
