"""Tests at the start of a handler, or of its work on a record, after which nothing more is done.

A guard drops what it lets fail: `if event["kind"] != "order": return`, `continue` in a loop over the records,
or an `if` around all the work that there is. Only what runs before anything is done or asked counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import records
from lambdalint.python.effects import Effect
from lambdalint.python.module import PythonModule
from lambdalint.python.symbols import FromEvent, Literal, alternatives
from lambdalint.python.syntax import last_name
from lambdalint.python.walk import own_nodes

if TYPE_CHECKING:
    from lambdalint.python.failures import HandlerLike

# The loudness at which a log says that something is wrong with what came.
_ALARMING = frozenset({"critical", "error", "exception", "fatal", "warn", "warning"})


@dataclass(frozen=True, eq=False)
class Guard:
    """An `if` that drops: what fulfils its test, or (with `keeps`) what does not.

    `per_record` says that it drops one record of several; `quiet` that nothing but a plain log tells of it.
    """

    module: PythonModule
    node: cst.If
    keeps: bool
    per_record: bool
    quiet: bool


def guards(handler: HandlerLike) -> tuple[Guard, ...]:
    """The guards of a handler, in the order in which they run."""
    if not isinstance(handler.node, cst.FunctionDef):
        return ()
    search = _Search(handler)
    found: dict[int, Guard] = {}
    for guard in search.run(handler.module, handler.node):
        found.setdefault(id(guard.node), guard)
    return tuple(found.values())


def mentions(handler: HandlerLike, guard: Guard) -> Iterator[str]:
    """The words of a guard's test: fields of the event, constants, and functions that it asks."""
    for node in own_nodes(guard.node.test):
        if isinstance(node, cst.Call):
            yield last_name(node.func)
        if isinstance(node, (cst.Name, cst.SimpleString, cst.Subscript, cst.Call)):
            for option in alternatives(handler.evaluator.value(guard.module, node)):
                if isinstance(option, FromEvent):
                    yield from (step for step in option.path if isinstance(step, str))
                elif isinstance(option, Literal) and isinstance(option.value, str):
                    yield option.value


@dataclass(frozen=True)
class _Place:
    module: PythonModule
    function: cst.FunctionDef
    per_record: bool
    leaves: type[cst.CSTNode]  # what ends the work: `return` in a function, `continue` in a loop


class _Search:
    def __init__(self, handler: HandlerLike) -> None:
        self._evaluator = handler.evaluator
        self._reach = handler.reach
        self._effects = handler.effects
        self._seen: set[int] = set()

    def run(self, module: PythonModule, entry: cst.FunctionDef) -> Iterator[Guard]:
        yield from self._block(_Place(module, entry, False, cst.Return), _statements(entry.body))
        for where, loop in records.loops(self._evaluator, self._reach):
            around = where.enclosing_function(loop)
            if isinstance(around, cst.FunctionDef):
                yield from self._block(_Place(where, around, True, cst.Continue), _statements(loop.body))

    def _block(self, place: _Place, statements: Sequence[cst.CSTNode]) -> Iterator[Guard]:
        module = place.module
        for position, statement in enumerate(statements):
            rest = statements[position + 1 :]
            if isinstance(statement, cst.If):
                guard = self._guard(place, statement, rest)
                if guard is not None:
                    yield guard
                    if guard.keeps:
                        yield from self._block(place, _statements(statement.body))
                        return
                    continue
            elif isinstance(statement, (cst.Try, cst.TryStar, cst.With)) and not self._works(module, rest):
                yield from self._block(place, _statements(statement.body))
                return
            if self._effects.total(module, statement) > Effect.NONE:
                yield from self._helper(place, statement, rest)
                return

    def _helper(self, place: _Place, statement: cst.CSTNode, rest: Sequence[cst.CSTNode]) -> Iterator[Guard]:
        """The guards of a function that does all the work, as far as its result decides on nothing."""
        call = _whole_call(statement)
        if call is None or self._works(place.module, rest):
            return
        for function in self._effects.functions(place.module, call):
            node = function.node
            if isinstance(node, cst.FunctionDef) and id(node) not in self._seen:
                self._seen.add(id(node))
                inner = _Place(function.module, node, place.per_record, cst.Return)
                yield from self._block(inner, _statements(node.body))

    def _guard(self, place: _Place, node: cst.If, rest: Sequence[cst.CSTNode]) -> Guard | None:
        module = place.module
        if not self._reads_event(module, node.test) or self._effects.total(module, node.test):
            return None
        body = _statements(node.body)
        if self._drops(place, body):
            works = self._works(module, rest) or (
                node.orelse is not None and self._works(module, [node.orelse])
            )
            quiet = not any(map(_is_alarming, own_nodes(node.body)))
            return Guard(module, node, False, place.per_record, quiet) if works else None
        if node.orelse is None and self._works(module, [node.body]) and not self._works(module, rest):
            return Guard(module, node, True, place.per_record, True)
        if isinstance(node.orelse, cst.Else) and not self._works(module, rest):
            other = _statements(node.orelse.body)
            if self._works(module, [node.body]) and self._is_idle(module, other):
                quiet = not any(map(_is_alarming, own_nodes(node.orelse)))
                return Guard(module, node, True, place.per_record, quiet)
        return None

    def _drops(self, place: _Place, body: Sequence[cst.CSTNode]) -> bool:
        """Whether a block does nothing but leave."""
        return bool(body) and isinstance(body[-1], place.leaves) and self._is_idle(place.module, body)

    def _is_idle(self, module: PythonModule, body: Sequence[cst.CSTNode]) -> bool:
        """Whether statements only log, count and answer."""
        return all(
            isinstance(each, (cst.Expr, cst.Pass, cst.AugAssign, cst.Return, cst.Continue))
            and not self._effects.total(module, each)
            and not self._effects.raises(module, each)
            for each in body
        )

    def _works(self, module: PythonModule, nodes: Sequence[cst.CSTNode]) -> bool:
        return any(self._effects.total(module, node) > Effect.CONFIGURE for node in nodes)

    def _reads_event(self, module: PythonModule, test: cst.BaseExpression) -> bool:
        return any(
            isinstance(option, FromEvent)
            for node in own_nodes(test)
            if isinstance(node, (cst.Name, cst.Subscript, cst.Call))
            for option in alternatives(self._evaluator.value(module, node))
        )


def _statements(body: cst.BaseSuite) -> list[cst.CSTNode]:
    """The statements of a block, those that share a line one by one."""
    found: list[cst.CSTNode] = []
    for statement in body.body:
        if isinstance(statement, cst.SimpleStatementLine):
            found.extend(statement.body)
        else:
            found.append(statement)
    return found


def _whole_call(statement: cst.CSTNode) -> cst.Call | None:
    """The call of a statement that is nothing else: `work(record)`, `return work(event)`."""
    if isinstance(statement, (cst.Expr, cst.Return, cst.Assign)) and isinstance(statement.value, cst.Call):
        return statement.value
    return None


def _is_alarming(node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in _ALARMING
    )
