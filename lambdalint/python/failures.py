"""What becomes of an exception: the `except` clauses that turn a failed invocation into one that succeeds.

A clause swallows where it catches whatever the work can raise, raises nothing itself, sends nothing anywhere,
and leaves no trace that decides on anything later (`traces`).

The work of a block is swallowed where all of its calls that write, send or cannot be told stand in such
clauses' blocks; of a function that it calls, where that function's are. One call outside is enough to make
what is caught a part of the work, on which there may be good reasons to go without: nothing is said then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import libcst as cst

from lambdalint.python import records
from lambdalint.python.control import Handler, TryStatement, arms, leaves
from lambdalint.python.effects import Effect, Effects
from lambdalint.python.evaluate import Evaluator
from lambdalint.python.module import PythonModule
from lambdalint.python.reach import Reach
from lambdalint.python.symbols import External, FromEvent, Function, Instance, alternatives
from lambdalint.python.traces import Traces, changed
from lambdalint.python.walk import own_nodes
from lambdalint.source import Span

__all__ = ["Swallow", "swallows"]

_EVERYTHING = frozenset({"builtins.Exception", "builtins.BaseException"})
# What the SDK and a library raise for whatever goes wrong.
_SDK_ERRORS = frozenset(
    {
        "boto3.exceptions.Boto3Error",
        "botocore.errorfactory.ClientError",
        "botocore.exceptions.BotoCoreError",
        "botocore.exceptions.ClientError",
    }
)
_HTTP_ERRORS = frozenset({"requests.RequestException", "requests.exceptions.RequestException"})
_BATCH_UTILITY = "aws_lambda_powertools.utilities.batch"
_COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp)
_MAX_DEPTH = 8


class HandlerLike(Protocol):
    """What the analysis needs of a handler."""

    module: PythonModule
    node: cst.CSTNode

    @property
    def evaluator(self) -> Evaluator:
        """What expressions come to."""

    @property
    def reach(self) -> Reach:
        """What runs."""

    @property
    def effects(self) -> Effects:
        """What calls do."""


@dataclass(frozen=True, eq=False)
class Swallow:
    """A clause in which failed work ends as if it had succeeded: an `except`, or `with suppress(…)`.

    `work` is a call whose failure is lost. `per_record` says that the clause is about one record of several;
    `alone` that no other clause swallows a part of the work, `whole` that besides nothing is read outside of
    it, and that it is always met; `reply` is the clause's own `return`, and `answers` says that Lambda gets
    what the function returns.
    """

    module: PythonModule
    function: cst.FunctionDef
    clause: Handler | cst.With
    work: cst.Call
    per_record: bool
    reply: cst.Return | None = None
    alone: bool = True
    whole: bool = True
    answers: bool = False

    @property
    def span(self) -> Span:
        """From the word `except` to the end of what it catches; the manager of a `with`."""
        if isinstance(self.clause, cst.With):
            return self.module.span(self.clause.items[0])
        start = self.module.span(self.clause).start
        named = self.clause.name or self.clause.type
        return Span(start, self.module.span(named).end if named is not None else start + len("except"))


def swallows(handler: HandlerLike) -> tuple[Swallow, ...]:
    """The outermost clauses that swallow a handler's work: those around all of it first, then those about one
    record each."""
    entry = handler.node
    if not isinstance(entry, cst.FunctionDef) or not _may_swallow(handler.reach):
        return ()
    found: dict[int, Swallow] = {}
    for swallow in _Search(handler, entry).run():
        known = found.setdefault(id(swallow.clause), swallow)
        if swallow.whole and swallow.per_record and known.per_record:
            # What is read once for all records is none of the work on one.
            found[id(swallow.clause)] = swallow
    return tuple(found.values())


def _may_swallow(reach: Reach) -> bool:
    return any("except" in module.source.text or "suppress" in module.source.text for module in reach.modules)


@dataclass(frozen=True)
class _Place:
    """Where the search is."""

    module: PythonModule
    function: cst.FunctionDef
    per_record: bool


@dataclass
class _Block:
    """What a block comes to: the clauses that swallow work of it, and the calls that stand in none (with
    whether they are made for each record, and whether in some other loop)."""

    caught: list[Swallow] = field(default_factory=list)
    open: list[tuple[cst.Call, bool, bool]] = field(default_factory=list)


class _Search:
    def __init__(self, handler: HandlerLike, entry: cst.FunctionDef) -> None:
        self._evaluator = handler.evaluator
        self._reach = handler.reach
        self._effects = handler.effects
        self._entry = Function(handler.module, entry)
        self._wrappers = list(self._wrappers_of(handler.module, entry))
        self._record_handlers = list(self._handlers_of_records())
        self._traces = Traces(
            handler.evaluator,
            handler.reach,
            handler.effects,
            answering=[each.node for each in (self._entry, *self._wrappers)],
            unread=[each.node for each in self._record_handlers],
        )
        self._known: dict[tuple[int, bool], list[Swallow] | None] = {}
        self._depth = 0

    def run(self) -> Iterator[Swallow]:
        for function in (*self._wrappers, self._entry):
            yield from self._of_function(function, False) or ()
        for function in self._record_handlers:
            yield from self._of_function(function, True) or ()
        for module, loop in records.loops(self._evaluator, self._reach):
            around = module.enclosing_function(loop)
            if isinstance(around, cst.FunctionDef):
                yield from self._of_block(_Place(module, around, True), loop.body) or ()

    # Where to begin

    def _wrappers_of(self, module: PythonModule, entry: cst.FunctionDef) -> Iterator[Function]:
        """What the application's own decorators put around the handler, outermost first."""
        for decorator in entry.decorators:
            for option in alternatives(self._evaluator.value(module, decorator.decorator)):
                if isinstance(option, Function) and isinstance(option.node, cst.FunctionDef):
                    for inner in option.node.body.body:
                        if isinstance(inner, cst.FunctionDef) and _calls_parameter(option, inner):
                            yield Function(option.module, inner)

    def _handlers_of_records(self) -> Iterator[Function]:
        """The functions that Powertools' batch utility is given to call for each record."""
        for module in self._reach.modules:
            if _BATCH_UTILITY not in module.source.text:
                continue
            for call in module.nodes(cst.Call):
                for argument in call.args if self._is_batch_utility(module, call.func) else ():
                    for option in alternatives(self._evaluator.value(module, argument.value)):
                        if isinstance(option, Function) and isinstance(option.node, cst.FunctionDef):
                            yield option

    def _is_batch_utility(self, module: PythonModule, func: cst.BaseExpression) -> bool:
        for option in alternatives(self._evaluator.value(module, func)):
            if isinstance(option, Instance):
                option = External(option.root.qualified)
            if isinstance(option, External) and option.qualified.startswith(_BATCH_UTILITY):
                return True
        return False

    # Whether all work of a piece of code is swallowed

    def _of_function(self, function: Function, per_record: bool) -> list[Swallow] | None:
        """The clauses that swallow all the work of a function; None where some of it is not swallowed."""
        node = function.node
        if not isinstance(node, cst.FunctionDef):
            return None
        key = (id(node), per_record)
        if key not in self._known and self._depth < _MAX_DEPTH:
            self._known[key] = None  # for functions that call themselves
            self._depth += 1
            self._known[key] = self._of_block(_Place(function.module, node, per_record), node.body)
            self._depth -= 1
        return self._known.get(key)

    def _of_block(self, place: _Place, body: cst.CSTNode) -> list[Swallow] | None:
        block = _Block()
        self._visit(place, body, block)
        found = block.caught
        whole = True
        for call, per_record, looped in block.open:
            below = None if looped else self._of_call(place.module, call, per_record)
            if below is None and self._fails_openly(place.module, call, per_record):
                return None
            if below is not None:
                whole = whole and not any(arm.is_conditional for arm in arms(place.module, call))
                found.extend(below)
            elif self._effects.of(place.module, call) >= Effect.UNKNOWN:
                return None
            elif self._effects.of(place.module, call) >= Effect.READ:
                whole = False
        alone = len(found) == 1
        if not alone or not whole:
            found = [replace(swallow, alone=alone and swallow.alone, whole=False) for swallow in found]
        return found or None

    def _fails_openly(self, module: PythonModule, call: cst.Call, per_record: bool) -> bool:
        """Whether a call outside of all clauses is work that may fail, though it reaches for nothing: a
        function of the application that raises, for a record or with data of the event."""
        if not any(self._effects.summary(each).raises for each in self._effects.functions(module, call)):
            return False
        return per_record or any(
            isinstance(option, FromEvent)
            for argument in call.args
            for option in alternatives(self._evaluator.value(module, argument.value))
        )

    def _of_call(self, module: PythonModule, call: cst.Call, per_record: bool) -> list[Swallow] | None:
        """The clauses that swallow all that a call does, where nobody asks for its result."""
        functions = self._effects.functions(module, call)
        if not functions or self._traces.value_matters(module, call):
            return None
        found: list[Swallow] = []
        for function in functions:
            inner = self._of_function(function, per_record)
            if inner is None:
                return None
            found.extend(inner)
        return found

    # Statements

    def _visit(self, place: _Place, node: cst.CSTNode, block: _Block) -> None:
        if isinstance(node, (cst.IndentedBlock, cst.SimpleStatementSuite)):
            for statement in node.body:
                self._visit(place, statement, block)
        elif isinstance(node, (cst.Else, cst.Finally, cst.MatchCase)):
            self._visit(place, node.body, block)
        elif isinstance(node, (cst.Try, cst.TryStar)):
            self._visit_try(place, node, block)
        elif isinstance(node, cst.With):
            self._visit_with(place, node, block)
        elif isinstance(node, cst.If):
            self._open(place, node.test, block)
            self._visit_all(place, block, node.body, node.orelse)
        elif isinstance(node, cst.For) and self._goes_over_records(place.module, node.iter):
            self._open(place, node.iter, block)
            self._visit(replace(place, per_record=True), node.body, block)
            self._visit_all(place, block, node.orelse)
        elif isinstance(node, cst.Match):
            self._open(place, node.subject, block)
            self._visit_all(place, block, *node.cases)
        elif not isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._open(place, node, block, looped=isinstance(node, (cst.For, cst.While)))

    def _visit_all(self, place: _Place, block: _Block, *nodes: cst.CSTNode | None) -> None:
        for node in nodes:
            if node is not None:
                self._visit(place, node, block)

    def _visit_try(self, place: _Place, node: TryStatement, block: _Block) -> None:
        clause = self._swallowing(place, node)
        work = self._work(place.module, node.body)
        if clause is None:
            self._visit(place, node.body, block)
        elif work is not None:
            inner = own_nodes(clause.body)
            reply = next((each for each in inner if isinstance(each, cst.Return)), None)
            block.caught.append(self._swallow(place, clause, work, reply))
        self._visit_all(place, block, node.orelse, node.finalbody)

    def _visit_with(self, place: _Place, node: cst.With, block: _Block) -> None:
        work = self._work(place.module, node.body)
        if work is not None and self._suppresses(place, node):
            block.caught.append(self._swallow(place, node, work))
            return
        for item in node.items:
            self._open(place, item, block)
        self._visit(place, node.body, block)

    def _swallow(
        self, place: _Place, clause: Handler | cst.With, work: cst.Call, reply: cst.Return | None = None
    ) -> Swallow:
        answers = self._traces.answers(place.function)
        return Swallow(place.module, place.function, clause, work, place.per_record, reply, answers=answers)

    def _open(self, place: _Place, node: cst.CSTNode, block: _Block, looped: bool = False) -> None:
        for call, effect in self._effects.within(place.module, node):
            if effect >= Effect.READ or self._effects.functions(place.module, call):
                over_records, over_others = self._comprehended(place.module, call, node)
                block.open.append((call, place.per_record or over_records, looped or over_others))

    def _comprehended(self, module: PythonModule, call: cst.Call, within: cst.CSTNode) -> tuple[bool, bool]:
        """Whether a comprehension over the records, or over something else, is around a call."""
        over = {
            self._goes_over_records(module, above.for_in.iter)
            for above in module.ancestors(call)
            if isinstance(above, _COMPREHENSIONS) and module.contains(within, above)
        }
        return True in over, False in over

    def _goes_over_records(self, module: PythonModule, expr: cst.BaseExpression) -> bool:
        return records.is_list_expression(self._evaluator, module, expr)

    def _work(self, module: PythonModule, node: cst.CSTNode) -> cst.Call | None:
        """The call with the greatest effect, where there is one that does or asks something."""
        best: cst.Call | None = None
        greatest = Effect.CONFIGURE
        for call, effect in self._effects.within(module, node):
            if effect > greatest:
                best, greatest = call, effect
        return best

    # Clauses

    def _swallowing(self, place: _Place, node: TryStatement) -> Handler | None:
        for clause in node.handlers:
            if self._is_broad(place.module, clause, node.body):
                return clause if self._is_lost(place, node, clause.body) else None
        return None

    def _suppresses(self, place: _Place, node: cst.With) -> bool:
        """`with contextlib.suppress(Exception):`"""
        call = node.items[0].item
        if not isinstance(call, cst.Call) or len(node.items) > 1:
            return False
        qualified = place.module.names.qualified
        return (
            qualified(call.func) == "contextlib.suppress"
            and any(qualified(argument.value) in _EVERYTHING for argument in call.args)
            and self._is_lost(place, node, None)
        )

    def _is_broad(self, module: PythonModule, clause: Handler, body: cst.CSTNode) -> bool:
        """Whether a clause catches whatever the work in a block may raise."""
        if clause.type is None:
            return True
        kinds: Sequence[cst.BaseExpression] = [clause.type]
        if isinstance(clause.type, cst.Tuple):
            kinds = [element.value for element in clause.type.elements]
        names = {module.names.qualified(kind) for kind in kinds}
        if names & _EVERYTHING:
            return True
        if not names & (_SDK_ERRORS | _HTTP_ERRORS):
            return False
        calls = [call for call, effect in self._effects.within(module, body) if effect > Effect.CONFIGURE]
        if names & _SDK_ERRORS:
            return bool(calls) and all(self._effects.aws(call) for call in calls)
        sent = [module.names.qualified(call.func) or "" for call in calls]
        return bool(sent) and all(name.startswith("requests.") for name in sent)

    def _is_lost(self, place: _Place, node: TryStatement | cst.With, clause: cst.BaseSuite | None) -> bool:
        """Whether nothing is left of a failure after the clause has run."""
        module, function = place.module, place.function
        left: set[str] | None = set()
        if clause is not None:
            if self._effects.raises(module, clause) or self._effects.total(module, clause) >= Effect.UNKNOWN:
                return False
            if self._traces.answers(function) and any(
                isinstance(each, cst.Return)
                and each.value is not None
                and self._traces.reports(module, each.value)
                for each in own_nodes(clause)
            ):
                return False
            left = changed(module, clause)
        if left is None:
            return False
        # What the block would have bound counts too: `done = True` at its end, `if not done: raise` later.
        scope = module.names.inner_scope(function)
        elsewhere = scope.global_names | scope.nonlocal_names if scope is not None else set()
        names = left | ((changed(module, node.body) or set()) - elsewhere)
        if any(self._traces.name_matters(module, function, name, node) for name in names):
            return False
        if not (clause is not None and leaves(clause, module)) and _raises_after(module, node, function):
            return False
        if _returns_value(module, function) and self._traces.result_matters(module, function):
            return False
        return clause is None or not _is_declared(module, clause)


def _calls_parameter(decorator: Function, inner: cst.FunctionDef) -> bool:
    """Whether a function within a decorator calls what is decorated."""
    parameters = [*decorator.node.params.posonly_params, *decorator.node.params.params]
    name = parameters[0].name.value if parameters else ""
    return any(
        isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == name
        for node in own_nodes(inner.body)
    )


def _returns_value(module: PythonModule, function: cst.FunctionDef) -> bool:
    return any(isinstance(node, cst.Return) and node.value is not None for node in own_nodes(function.body))


def _raises_after(module: PythonModule, node: cst.CSTNode, function: cst.FunctionDef) -> bool:
    """Whether what follows a statement, up to the end of its function, always raises."""
    below = node
    for above in module.ancestors(node):
        if isinstance(above, cst.IndentedBlock):
            position = next(index for index, each in enumerate(above.body) if each is below)
            if any(_is_raise(statement) for statement in above.body[position + 1 :]):
                return True
        if above is function:
            return False
        below = above
    return False


def _is_raise(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and any(
        isinstance(each, cst.Raise) for each in statement.body
    )


# How authors say that they mean to go on.
_DECLARED = re.compile(
    r"(?:n['’]?t|\bnot|\bnever|\bwithout|\brather than|\binstead of)\s+(?:want to\s+)?"
    r"(?:fail|block|rais|re-?rais|crash|stop|retry|propagat|abort|interrupt|break|throw)"
    r"|best[- ]?effort|non[- ]?(?:critical|fatal|blocking)|intention|on purpose|deliberate",
    re.IGNORECASE,
)


def _is_declared(module: PythonModule, clause: cst.BaseSuite) -> bool:
    """Whether a comment in a clause, or beside its `except`, says that the failure may go unnoticed."""
    if not module.mentions(_DECLARED):
        return False
    span = module.span(module.parent(clause) or clause)
    last = module.own_line(span.end)
    comments = [module.comment_at(line) for line in range(module.own_line(span.start), last + 1)]
    # A comment that ends the block is no part of it for the parser.
    while comment := module.comment_at(last + 1):
        comments.append(comment)
        last += 1
    return any("lambdalint:" not in comment and _DECLARED.search(comment) for comment in comments)
