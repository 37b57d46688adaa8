"""What becomes of an exception: the `except` clauses that turn a failed invocation into one that succeeds.

A clause swallows where it catches whatever the work can raise, raises nothing itself, sends nothing anywhere,
and leaves no trace that decides on anything later: a list or flag that is only logged or put into the reply
is no such trace, for whoever invokes the function does not read it. (The key `batchItemFailures` is one.)

The work of a block is swallowed where all of its calls that write, send or cannot be told stand in such
clauses' blocks; of a function that it calls, where that function's are. One call outside is enough to make
what is caught a part of the work, on which there may be good reasons to go without: nothing is said then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import libcst as cst

from lambdalint.python import records
from lambdalint.python.control import TryStatement, leaves
from lambdalint.python.effects import Effect, Effects, own_nodes
from lambdalint.python.evaluate import Evaluator
from lambdalint.python.module import PythonModule
from lambdalint.python.reach import Reach
from lambdalint.python.symbols import Display, External, Function, Instance, Literal, alternatives
from lambdalint.source import Span

__all__ = ["Swallow", "swallows"]

Catch = cst.ExceptHandler | cst.ExceptStarHandler | cst.With

REPORT_KEY = "batchItemFailures"

_EVERYTHING = frozenset({"builtins.Exception", "builtins.BaseException"})
# What an SDK or a library raises for whatever goes wrong.
_SDK_ERRORS = frozenset(
    {
        "botocore.exceptions.BotoCoreError",
        "botocore.exceptions.ClientError",
        "botocore.errorfactory.ClientError",
        "boto3.exceptions.Boto3Error",
    }
)
_HTTP_ERRORS = frozenset({"requests.RequestException", "requests.exceptions.RequestException"})
_FILLING = frozenset({"add", "append", "appendleft", "extend", "insert", "setdefault", "update"})
_BATCH_UTILITY = "aws_lambda_powertools.utilities.batch"
_MAX_DEPTH = 8


@dataclass(frozen=True, eq=False)
class Swallow:
    """A clause in which failed work ends as if it had succeeded.

    `work` is a call whose failure is lost. `per_record` says that the clause is about one record of several;
    `reply` is the clause's own `return`.
    """

    module: PythonModule
    function: cst.FunctionDef
    clause: Catch
    work: cst.Call
    per_record: bool
    reply: cst.Return | None = None

    @property
    def span(self) -> Span:
        """From the word `except` (or the manager) to the end of what it catches."""
        if isinstance(self.clause, cst.With):
            return self.module.span(self.clause.items[0])
        start = self.module.span(self.clause).start
        named = self.clause.name or self.clause.type
        return Span(start, self.module.span(named).end if named is not None else start + len("except"))


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


def swallows(handler: HandlerLike) -> tuple[Swallow, ...]:
    """The outermost clauses that swallow a handler's work, those around all of it first, then those about one
    record each."""
    entry = handler.node
    if not isinstance(entry, cst.FunctionDef) or not _may_swallow(handler.reach):
        return ()
    search = _Search(handler.evaluator, handler.reach, handler.effects)
    found: dict[int, Swallow] = {}
    for swallow in search.run(handler.module, entry):
        found.setdefault(id(swallow.clause), swallow)
    return tuple(found.values())


def _may_swallow(reach: Reach) -> bool:
    return any("except" in module.source.text or "suppress" in module.source.text for module in reach.modules)


@dataclass
class _Block:
    """What a block comes to: clauses that swallow work of it, and calls that stand in none."""

    caught: list[Swallow] = field(default_factory=list)
    open: list[tuple[cst.Call, bool, bool]] = field(default_factory=list)  # per record; in another loop


class _Search:
    def __init__(self, evaluator: Evaluator, reach: Reach, effects: Effects) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.effects = effects
        self._entries: set[int] = set()
        self._record_handlers: set[int] = set()
        self._scopes: dict[tuple[int, bool], list[Swallow] | None] = {}
        self._active: set[object] = set()
        self._depth = 0
        self._matters: dict[int, bool] = {}

    def run(self, module: PythonModule, entry: cst.FunctionDef) -> Iterator[Swallow]:
        handlers = list(self._handlers_of_records())
        self._record_handlers = {id(function.node) for function in handlers}
        self._entries.add(id(entry))
        for wrapper in self._wrappers(module, entry):
            self._entries.add(id(wrapper.node))
            yield from self._function(wrapper, False) or ()
        yield from self._function(Function(module, entry), False) or ()
        for function in handlers:
            yield from self._function(function, True) or ()
        for where, loop in records.loops(self.evaluator, self.reach):
            around = where.enclosing_function(loop)
            if isinstance(around, cst.FunctionDef):
                yield from self._scope(where, around, loop.body, True) or ()

    # Where to begin

    def _wrappers(self, module: PythonModule, entry: cst.FunctionDef) -> Iterator[Function]:
        """What the application's own decorators put around the handler, outermost first."""
        for decorator in entry.decorators:
            for option in alternatives(self.evaluator.value(module, decorator.decorator)):
                if not isinstance(option, Function) or not isinstance(option.node, cst.FunctionDef):
                    continue
                for inner in own_functions(option.module, option.node):
                    if self._calls_parameter(option, inner):
                        yield Function(option.module, inner)

    def _calls_parameter(self, decorator: Function, inner: cst.FunctionDef) -> bool:
        parameters = [*decorator.node.params.posonly_params, *decorator.node.params.params]
        if not parameters:
            return False
        name = parameters[0].name.value
        return any(
            isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == name
            for node in own_nodes(decorator.module, inner.body)
        )

    def _handlers_of_records(self) -> Iterator[Function]:
        """The functions that Powertools' batch utility is given to call for each record."""
        for module in self.reach.modules:
            if _BATCH_UTILITY not in module.source.text:
                continue
            for call in module.nodes(cst.Call):
                if not self._is_batch_utility(module, call.func):
                    continue
                for argument in call.args:
                    for option in alternatives(self.evaluator.value(module, argument.value)):
                        if isinstance(option, Function) and isinstance(option.node, cst.FunctionDef):
                            yield option

    def _is_batch_utility(self, module: PythonModule, func: cst.BaseExpression) -> bool:
        for option in alternatives(self.evaluator.value(module, func)):
            name = option.root.qualified if isinstance(option, Instance) else ""
            if isinstance(option, External):
                name = option.qualified
            if name.startswith(_BATCH_UTILITY):
                return True
        return False

    # Scopes

    def _function(self, function: Function, per_record: bool) -> list[Swallow] | None:
        """The clauses that swallow all the work of a function; None where some of it is not swallowed."""
        node = function.node
        if not isinstance(node, cst.FunctionDef):
            return None
        key = (id(node), per_record)
        if key in self._scopes:
            return self._scopes[key]
        if key in self._active or self._depth > _MAX_DEPTH:
            return None
        self._active.add(key)
        self._depth += 1
        try:
            found = self._scope(function.module, node, node.body, per_record)
        finally:
            self._depth -= 1
            self._active.discard(key)
        self._scopes[key] = found
        return found

    def _scope(
        self, module: PythonModule, function: cst.FunctionDef, body: cst.CSTNode, per_record: bool
    ) -> list[Swallow] | None:
        block = _Block()
        self._visit(module, function, body, per_record, block)
        found = block.caught
        for call, of_record, looped in block.open:
            if self.effects.of(module, call) < Effect.UNKNOWN:
                continue
            functions = self.effects.functions(module, call)
            if not functions or looped or self._value_matters(module, call):
                return None
            for inner in functions:
                below = self._function(inner, of_record)
                if below is None:
                    return None
                found.extend(below)
        return found or None

    def _visit(
        self,
        module: PythonModule,
        function: cst.FunctionDef,
        node: cst.CSTNode,
        per_record: bool,
        block: _Block,
    ) -> None:
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return
        if isinstance(node, (cst.Try, cst.TryStar)):
            self._visit_try(module, function, node, per_record, block)
        elif isinstance(node, cst.With):
            work = self._work(module, node.body)
            if work is not None and self._suppresses(module, function, node):
                block.caught.append(Swallow(module, function, node, work, per_record))
                return
            for item in node.items:
                self._open(module, item, per_record, block)
            self._visit(module, function, node.body, per_record, block)
        elif isinstance(node, cst.If):
            self._open(module, node.test, per_record, block)
            self._visit(module, function, node.body, per_record, block)
            if node.orelse is not None:
                self._visit(module, function, node.orelse, per_record, block)
        elif isinstance(node, cst.For):
            self._open(module, node.iter, per_record, block)
            if records.is_list_expression(self.evaluator, module, node.iter):
                self._visit(module, function, node.body, True, block)
            else:
                self._open(module, node.body, per_record, block, looped=True)
            if node.orelse is not None:
                self._visit(module, function, node.orelse, per_record, block)
        elif isinstance(node, cst.While):
            self._open(module, node, per_record, block, looped=True)
        elif isinstance(node, cst.Match):
            self._open(module, node.subject, per_record, block)
            for case in node.cases:
                self._visit(module, function, case.body, per_record, block)
        elif isinstance(node, (cst.IndentedBlock, cst.SimpleStatementSuite)):
            for statement in node.body:
                self._visit(module, function, statement, per_record, block)
        elif isinstance(node, (cst.Else, cst.Finally)):
            self._visit(module, function, node.body, per_record, block)
        else:
            self._open(module, node, per_record, block)

    def _visit_try(
        self,
        module: PythonModule,
        function: cst.FunctionDef,
        node: TryStatement,
        per_record: bool,
        block: _Block,
    ) -> None:
        clause = self._swallowing(module, function, node)
        if clause is None:
            self._visit(module, function, node.body, per_record, block)
        else:
            work = self._work(module, node.body)
            if work is not None:
                reply = next(
                    (each for each in own_nodes(module, clause.body) if isinstance(each, cst.Return)), None
                )
                block.caught.append(Swallow(module, function, clause, work, per_record, reply))
        for part in (node.orelse, node.finalbody):
            if part is not None:
                self._visit(module, function, part, per_record, block)

    def _open(
        self,
        module: PythonModule,
        node: cst.CSTNode,
        per_record: bool,
        block: _Block,
        looped: bool = False,
    ) -> None:
        for call, effect in self.effects.within(module, node):
            if effect >= Effect.UNKNOWN:
                over_records, other = self._comprehension(module, call, node)
                block.open.append((call, per_record or over_records, looped or other))

    def _comprehension(self, module: PythonModule, call: cst.Call, within: cst.CSTNode) -> tuple[bool, bool]:
        """Whether a comprehension over the records, or over something else, is around a call."""
        over_records = other = False
        for above in module.ancestors(call):
            if isinstance(above, (cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp)):
                if records.is_list_expression(self.evaluator, module, above.for_in.iter):
                    over_records = True
                else:
                    other = True
            if above is within:
                break
        return over_records, other

    def _work(self, module: PythonModule, node: cst.CSTNode) -> cst.Call | None:
        """The call with the greatest effect, where there is one that does or asks something."""
        best: tuple[Effect, cst.Call | None] = (Effect.NONE, None)
        for call, effect in self.effects.within(module, node):
            if effect > best[0]:
                best = (effect, call)
        return best[1]

    # Clauses

    def _swallowing(
        self, module: PythonModule, function: cst.FunctionDef, node: TryStatement
    ) -> cst.ExceptHandler | cst.ExceptStarHandler | None:
        for clause in node.handlers:
            if self._is_broad(module, clause, node.body):
                return clause if self._is_lost(module, function, node, clause.body) else None
        return None

    def _suppresses(self, module: PythonModule, function: cst.FunctionDef, node: cst.With) -> bool:
        """`with contextlib.suppress(Exception):`"""
        call = node.items[0].item
        if len(node.items) != 1 or not isinstance(call, cst.Call):
            return False
        if module.names.qualified(call.func) != "contextlib.suppress":
            return False
        broad = any(module.names.qualified(argument.value) in _EVERYTHING for argument in call.args)
        return broad and self._is_lost(module, function, node, None)

    def _is_broad(
        self, module: PythonModule, clause: cst.ExceptHandler | cst.ExceptStarHandler, body: cst.CSTNode
    ) -> bool:
        """Whether a clause catches whatever the work in a block may raise."""
        if clause.type is None:
            return True
        kinds: Sequence[cst.BaseExpression] = (
            [element.value for element in clause.type.elements]
            if isinstance(clause.type, cst.Tuple)
            else [clause.type]
        )
        names = {module.names.qualified(kind) for kind in kinds}
        if names & _EVERYTHING:
            return True
        calls = [call for call, effect in self.effects.within(module, body) if effect > Effect.NONE]
        if names & _SDK_ERRORS:
            return bool(calls) and all(self.effects.aws(call) for call in calls)
        if names & _HTTP_ERRORS:
            return bool(calls) and all(
                (module.names.qualified(call.func) or "").startswith("requests.") for call in calls
            )
        return False

    def _is_lost(
        self,
        module: PythonModule,
        function: cst.FunctionDef,
        node: TryStatement | cst.With,
        clause: cst.CSTNode | None,
    ) -> bool:
        """Whether nothing is left of a failure after the clause has run."""
        if clause is not None:
            if self.effects.raises(module, clause):
                return False
            if self.effects.total(module, clause) >= Effect.UNKNOWN:
                return False
        names = self._traces(module, node.body)
        if clause is not None:
            left = self._traces(module, clause)
            if left is None:
                return False
            names = {*(names or ()), *left}
        if any(self._name_matters(module, function, name, node) for name in names or ()):
            return False
        if clause is not None and self._reports(module, function, clause):
            return False
        ends = clause is not None and leaves(clause, module)
        if not ends and _raises_after(module, node, function):
            return False
        if id(function) in self._entries:
            return True
        return not (self._returns_value(module, function) and self._result_matters(module, function))

    def _reports(self, module: PythonModule, function: cst.FunctionDef, clause: cst.CSTNode) -> bool:
        """Whether a clause of the handler answers with failed items."""
        if id(function) not in self._entries:
            return False
        return any(
            isinstance(node, cst.Return)
            and node.value is not None
            and self._names_failures(module, node.value)
            for node in own_nodes(module, clause)
        )

    def _names_failures(self, module: PythonModule, expr: cst.BaseExpression) -> bool:
        for option in alternatives(self.evaluator.value(module, expr)):
            if isinstance(option, Display):
                named = self.evaluator.item(option, REPORT_KEY)
                if named is None:
                    continue
                empty = isinstance(named, Display) and self.evaluator.items(named) == []
                if not (empty and isinstance(expr, cst.Dict) and _is_empty_list(expr)):
                    return True
            elif not isinstance(option, Literal) and REPORT_KEY in module.source.text:
                return True
        return False

    def _traces(self, module: PythonModule, node: cst.CSTNode) -> set[str] | None:
        """The names that a block binds or fills; None where it changes an object that no name holds."""
        names: set[str] = set()
        for inner in own_nodes(module, node):
            targets: list[cst.BaseExpression] = []
            if isinstance(inner, cst.Assign):
                targets = [target.target for target in inner.targets]
            elif isinstance(inner, (cst.AugAssign, cst.AnnAssign, cst.NamedExpr)):
                targets = [inner.target]
            elif (
                isinstance(inner, cst.Call)
                and isinstance(inner.func, cst.Attribute)
                and inner.func.attr.value in _FILLING
            ):
                targets = [inner.func.value]
            for target in targets:
                found = _roots(target)
                if found is None:
                    return None
                names.update(found)
        return names

    # What is made of a trace

    def _name_matters(
        self, module: PythonModule, function: cst.FunctionDef, name: str, skip: cst.CSTNode | None = None
    ) -> bool:
        """Whether a variable of a function decides on anything, but for within a `try` and its clauses."""
        key = ("name", id(function), name)
        if key in self._active:
            return False
        scope = module.names.inner_scope(function)
        if scope is None or name in scope.global_names or name in scope.nonlocal_names:
            return True
        bindings = scope.bindings.get(name, ())
        if not bindings:
            return True
        self._active.add(key)
        try:
            return any(
                self._value_matters(module, read)
                for binding in bindings
                for read in binding.reads
                if skip is None or not _within(module, skip, read)
            )
        finally:
            self._active.discard(key)

    def _value_matters(self, module: PythonModule, node: cst.CSTNode) -> bool:
        """Whether a value decides on anything or goes anywhere but into logs and an answer that nobody
        reads."""
        below: cst.CSTNode = node
        for above in module.ancestors(node):
            if isinstance(above, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
                return self._statement_matters(module, above, below)
            if isinstance(above, cst.Attribute):
                parent = module.parent(above)
                if (
                    isinstance(parent, cst.Call)
                    and parent.func is above
                    and above.attr.value in _FILLING
                    and isinstance(module.parent(parent), cst.Expr)
                ):
                    return False  # it is filled
            elif isinstance(above, cst.Call) and below is not above.func:
                answer = self._argument_matters(module, above)
                if answer is not None:
                    return answer
            elif isinstance(above, cst.DictElement) and below is above.value:
                if isinstance(above.key, cst.SimpleString) and above.key.raw_value == REPORT_KEY:
                    return True
            elif isinstance(above, cst.NamedExpr) and below is above.value:
                function = module.enclosing_function(above)
                if not isinstance(function, cst.FunctionDef) or not isinstance(above.target, cst.Name):
                    return True
                if self._name_matters(module, function, above.target.value):
                    return True
            elif isinstance(above, (cst.Lambda, cst.Yield)):
                return True
            below = above
        return True

    def _argument_matters(self, module: PythonModule, call: cst.Call) -> bool | None:
        """Whether it matters that a value is given to a call; None where the call's result tells."""
        if self.effects.of(module, call) > Effect.NONE:
            return True
        func = call.func
        if isinstance(func, cst.Attribute) and func.attr.value in _FILLING:
            return self._root_matters(module, func.value)
        if isinstance(module.parent(call), cst.Expr) and not self.effects.functions(module, call):
            return False  # a logger, most likely
        functions = self.effects.functions(module, call)
        return True if any(self.effects.summary(each).raises for each in functions) else None

    def _root_matters(self, module: PythonModule, target: cst.BaseExpression) -> bool:
        function = module.enclosing_function(target)
        names = _roots(target)
        if not isinstance(function, cst.FunctionDef) or names is None:
            return True
        return any(self._name_matters(module, function, name) for name in names)

    def _statement_matters(self, module: PythonModule, statement: cst.CSTNode, part: cst.CSTNode) -> bool:
        function = module.enclosing_function(statement)
        if not isinstance(function, cst.FunctionDef):
            return True
        if isinstance(statement, (cst.Expr, cst.Del)):
            return False
        if isinstance(statement, cst.Return):
            return id(function) not in self._entries and self._result_matters(module, function)
        if isinstance(statement, cst.Assign):
            targets = [target.target for target in statement.targets]
            return any(self._target_matters(module, target) for target in targets)
        if isinstance(statement, (cst.AnnAssign, cst.AugAssign)):
            return part is statement.value and self._target_matters(module, statement.target)
        if isinstance(statement, cst.If) and part is statement.test:
            arms = [statement.body, *([statement.orelse] if statement.orelse is not None else [])]
            return any(self._arm_matters(module, function, arm) for arm in arms)
        if isinstance(statement, cst.For) and part is statement.iter:
            return self._arm_matters(module, function, statement.body, loop=True)
        return True

    def _target_matters(self, module: PythonModule, target: cst.BaseExpression) -> bool:
        if isinstance(target, cst.Subscript) and any(
            isinstance(element.slice, cst.Index)
            and isinstance(element.slice.value, cst.SimpleString)
            and element.slice.value.raw_value == REPORT_KEY
            for element in target.slice
        ):
            return True
        return self._root_matters(module, target)

    def _arm_matters(
        self, module: PythonModule, function: cst.FunctionDef, arm: cst.CSTNode, loop: bool = False
    ) -> bool:
        """Whether it matters that an arm runs or not."""
        if self.effects.raises(module, arm) or self.effects.total(module, arm) >= Effect.UNKNOWN:
            return True
        for node in own_nodes(module, arm):
            if isinstance(node, (cst.Continue, cst.Break)) and not loop:
                return True
            if isinstance(node, cst.Return):
                if id(function) in self._entries:
                    if node.value is not None and self._names_failures(module, node.value):
                        return True
                elif self._result_matters(module, function):
                    return True
        names = self._traces(module, arm)
        return names is None or any(self._name_matters(module, function, name) for name in names)

    @staticmethod
    def _returns_value(module: PythonModule, function: cst.FunctionDef) -> bool:
        return any(
            isinstance(node, cst.Return) and node.value is not None
            for node in own_nodes(module, function.body)
        )

    def _result_matters(self, module: PythonModule, function: cst.FunctionDef) -> bool:
        """Whether any caller makes something of what a function returns."""
        if id(function) in self._entries or id(function) in self._record_handlers:
            return False
        known = self._matters.get(id(function))
        if known is None:
            key = ("result", id(function))
            if key in self._active:
                return False
            self._active.add(key)
            try:
                sites = self.reach.call_sites(module, function)
                known = not sites or any(self._value_matters(*site) for site in sites)
            finally:
                self._active.discard(key)
            self._matters[id(function)] = known
        return known


def own_functions(module: PythonModule, node: cst.FunctionDef) -> Iterator[cst.FunctionDef]:
    """The functions that a function's body defines directly."""
    for statement in node.body.body:
        if isinstance(statement, cst.FunctionDef):
            yield statement


def _roots(target: cst.BaseExpression) -> set[str] | None:
    """The variables that an assignment to a target changes; None where it is an object's of its own."""
    if isinstance(target, (cst.Tuple, cst.List)):
        found: set[str] = set()
        for element in target.elements:
            inner = _roots(element.value)
            if inner is None:
                return None
            found |= inner
        return found
    while isinstance(target, (cst.Attribute, cst.Subscript)):
        target = target.value
    if not isinstance(target, cst.Name) or target.value in ("self", "cls"):
        return None
    return {target.value}


def _within(module: PythonModule, node: cst.CSTNode, inner: cst.CSTNode) -> bool:
    """Whether something stands in the block of a `try` or `with`, or in a clause."""
    parts: list[cst.CSTNode] = [node.body]  # type: ignore[attr-defined]
    if isinstance(node, (cst.Try, cst.TryStar)):
        parts.extend(handler.body for handler in node.handlers)
    around = {id(inner), *(id(above) for above in module.ancestors(inner))}
    return any(id(part) in around for part in parts)


def _raises_after(module: PythonModule, node: cst.CSTNode, function: cst.FunctionDef) -> bool:
    """Whether what follows a statement, up to the end of its function, always raises."""
    below = node
    for above in module.ancestors(node):
        if isinstance(above, cst.IndentedBlock):
            following = False
            for statement in above.body:
                if following and _is_raise(statement):
                    return True
                following = following or statement is below
        if above is function:
            return False
        below = above
    return False


def _is_raise(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and any(
        isinstance(each, cst.Raise) for each in statement.body
    )


def _is_empty_list(expr: cst.Dict) -> bool:
    """Whether the failures are written as an empty list."""
    return any(
        isinstance(element, cst.DictElement)
        and isinstance(element.key, cst.SimpleString)
        and element.key.raw_value == REPORT_KEY
        and isinstance(element.value, cst.List)
        and not element.value.elements
        for element in expr.elements
    )
