"""Whether a handler only moves data: the statements of the flow analysis, and its verdict.

A handler is transport if everything that reaches a sink (an AWS call that writes, sends or starts; an HTTP
post; the reply, when it is what a read returned) comes from the event or a read through structure alone, and
nothing decides on the way. Logging, loops over records, error handling and a fixed reply do not count against
it. Anything unknown does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from typing import Literal as OneOf

import libcst as cst

from lambdalint.python import library
from lambdalint.python.calls import AwsCall
from lambdalint.python.dataflow import BRANCHES, Activation, Arguments, NotStructural, constant
from lambdalint.python.dataflow_libraries import Libraries
from lambdalint.python.module import PythonModule
from lambdalint.python.provenance import (
    ERROR,
    NOTHING,
    STATIC,
    Cell,
    Provenance,
    Source,
    Value,
    data,
    either,
    fault,
)
from lambdalint.python.symbols import External, Function, Member
from lambdalint.python.syntax import decorator_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator

__all__ = ["NotTransport", "Provenance", "Sink", "Source", "Transport", "transport"]

_MAX_CALL_DEPTH = 12


@dataclass(frozen=True)
class Sink:
    """Where data leaves the handler.

    kind: "aws", "http" or "reply" (what a read returned, `call` being the read). `arguments` says of each
    parameter what it is made of. `loops` are the loops around the call: "records" of the event, or "other".
    """

    kind: OneOf["aws", "http", "reply"]
    module: PythonModule
    node: cst.CSTNode
    call: AwsCall | None
    arguments: Mapping[str, Provenance]
    loops: tuple[str, ...] = ()

    @property
    def payload(self) -> Provenance:
        """What all arguments together are made of."""
        found = NOTHING
        for provenance in self.arguments.values():
            found |= provenance
        return found


@dataclass(frozen=True)
class Transport:
    """The handler moves data from the event or from reads to sinks, and does nothing else.

    `reads` are the AWS calls that read data, `configuration` the calls that read parameters and secrets.
    `reply` says what the handler answers: "fixed" (constants, identifiers, the state of its calls),
    "structural" (data as it came), "computed". `paths` are the parts of the event that it passes on.
    """

    sinks: tuple[Sink, ...]
    reads: tuple[AwsCall, ...]
    configuration: tuple[cst.Call, ...]
    reply: OneOf["fixed", "structural", "computed"]
    paths: frozenset[tuple[str | int | None, ...]]


@dataclass(frozen=True)
class NotTransport:
    """The handler does something else, or cannot be told; `reason` is short and countable."""

    reason: str
    module: PythonModule | None = None
    node: cst.CSTNode | None = None


class HandlerLike(Protocol):
    """What the analysis needs of a handler."""

    module: PythonModule
    node: cst.CSTNode

    @property
    def evaluator(self) -> Evaluator:
        """What expressions come to."""


def transport(handler: HandlerLike) -> Transport | NotTransport:
    """Whether the handler only moves data, and from where to where."""
    if not isinstance(handler.node, cst.FunctionDef):
        return NotTransport("unknown: no function")
    if not _may_have_sink(handler.module):
        return NotTransport("no sink")
    run = Run(handler.evaluator)
    try:
        return run.handler(handler.module, handler.node)
    except NotStructural as stopped:
        return NotTransport(stopped.reason, stopped.module, stopped.node)
    except RecursionError:
        return NotTransport("too large")


def _may_have_sink(module: PythonModule) -> bool:
    # Even where a helper does the work, the handler's module imports something.
    return bool(module.names.imports)


class Run(Libraries):
    """Runs a handler's statements."""

    def handler(self, module: PythonModule, node: cst.FunctionDef) -> Transport | NotTransport:
        """Runs a handler, as Lambda does."""
        self._check_decorators(module, node, entry=True)
        event = data(Provenance(Source.EVENT, paths=frozenset({()})))
        context = data(Provenance(Source.CONTEXT))
        parameters = [*node.params.posonly_params, *node.params.params]
        if not parameters:
            raise NotStructural("no event", module, node)
        symbol = Function(module, node)
        names = {parameter.name.value: self._default(symbol, parameter) for parameter in parameters}
        names[parameters[0].name.value] = event
        if len(parameters) > 1:
            names[parameters[1].name.value] = context
        activation = Activation(module, node, names)
        self.stack.append(activation)
        self.block(node.body)
        return self._verdict(activation)

    def _verdict(self, activation: Activation) -> Transport | NotTransport:
        answered = NOTHING
        for value in activation.returns:
            answered |= value.own if value.kind == "handle" else value.provenance
        reply: OneOf["fixed", "structural", "computed"] = "fixed"
        if answered.fault:
            reply = "computed"
        elif answered.is_data:
            reply = "structural"
        sinks = [
            Sink(sink.kind, sink.module, sink.node, sink.call, sink.arguments, sink.loops)  # type: ignore[arg-type]
            for sink in self.sinks.values()
        ]
        reads = tuple(self.reads.values())
        node = activation.node
        assert node is not None
        if not sinks:
            if not reads or not answered.sources & Source.READ:
                return NotTransport("no sink", activation.module, node)
            if reply == "computed" or activation.decided:
                return NotTransport(answered.fault or activation.decided, activation.module, node)
            sinks = [Sink("reply", reads[0].module, reads[0].node, reads[0], {"reply": answered})]
        paths = answered.paths
        for sink in sinks:
            paths |= sink.payload.paths
        return Transport(tuple(sinks), reads, tuple(self.configuration.values()), reply, paths)

    # Statements

    def block(self, body: cst.BaseSuite) -> bool:
        """Runs a block; whether what follows it runs."""
        statements: Sequence[cst.CSTNode] = body.body
        return all(self._statement(statement) for statement in statements)

    def _statement(self, statement: cst.CSTNode) -> bool:
        if isinstance(statement, cst.SimpleStatementLine):
            return all(self._small(small) for small in statement.body)
        if isinstance(statement, cst.BaseSmallStatement):
            return self._small(statement)
        if isinstance(statement, cst.If):
            return self._if(statement)
        if isinstance(statement, cst.For):
            return self._for(statement)
        if isinstance(statement, cst.Try):
            return self._try(statement)
        if isinstance(statement, cst.With):
            return self._with(statement)
        if isinstance(statement, cst.FunctionDef):
            symbol = Function(self.module, statement)
            self.here.names[statement.name.value] = Value("handle", symbol=symbol, entries={})
            return True
        if isinstance(statement, cst.While):
            raise self.stop("loop", statement)
        if isinstance(statement, cst.Match):
            raise self.stop("decision", statement)
        raise self.stop(f"unknown: {type(statement).__name__}", statement)

    def _small(self, statement: cst.BaseSmallStatement) -> bool:
        if isinstance(statement, cst.Expr):
            self.value(statement.value)
            return True
        if isinstance(statement, cst.Assign):
            value = self.value(statement.value)
            for target in statement.targets:
                self.bind(target.target, value)
            return True
        if isinstance(statement, cst.Return):
            return self._return(statement)
        if isinstance(statement, cst.AnnAssign):
            if statement.value is not None:
                self.bind(statement.target, self.value(statement.value))
            return True
        if isinstance(statement, cst.AugAssign):
            self._augment(statement)
            return True
        if isinstance(statement, cst.Raise):
            if statement.exc is not None and not self.error_depth:
                self._evaluate_exception(statement.exc)
            self._leave("validation")
            return False
        if isinstance(statement, (cst.Continue, cst.Break)):
            return self._skip(statement)
        if isinstance(statement, cst.Assert):
            if self.condition(statement.test) not in ("static", "status"):
                self.here.decided = self.here.decided or "validation"
            return True
        if isinstance(statement, cst.Del):
            self._delete(statement.target)
            return True
        if isinstance(statement, (cst.Pass, cst.Import, cst.ImportFrom, cst.Global)):
            return True
        raise self.stop(f"unknown: {type(statement).__name__}", statement)

    def _evaluate_exception(self, expr: cst.BaseExpression) -> None:
        """Arguments of an exception may call something; its class does not matter."""
        if isinstance(expr, cst.Call):
            for argument in expr.args:
                self.value(argument.value)

    def _return(self, statement: cst.Return) -> bool:
        value = self.value(statement.value) if statement.value is not None else data(STATIC)
        activation = self.here
        if len(self.loops) > activation.loops_outside and not self.branches and not self.error_depth:
            raise self.stop("return within the loop", statement)
        if not self.error_depth:
            reason = self.deciding()
            if reason:
                value = fault(reason, value)
            activation.returns.append(value)
        self._leave("decision")
        return False

    def _leave(self, reason: str) -> None:
        """The function may end here: what follows is chosen by whatever led here."""
        if self.error_depth:
            return
        if self.deciding():
            self.here.decided = self.here.decided or reason

    def _skip(self, statement: cst.Continue | cst.Break) -> bool:
        if self.error_depth or not self.loops:
            return False
        if self.deciding():
            self.loops[-1].decided = self.loops[-1].decided or "dropping"
        elif not self.branches and isinstance(statement, cst.Break):
            raise self.stop("dropping", statement)
        return False

    def _delete(self, target: cst.BaseExpression) -> None:
        """Leaving out a field is structure; which field must not hang on the data."""
        if not isinstance(target, cst.Subscript):
            return
        base = self.value(target.value)
        index = target.slice[0].slice if len(target.slice) == 1 else None
        known = constant(self.evaluator, self.module, index.value) if isinstance(index, cst.Index) else None
        if base.kind == "handle" or base.shared:
            raise self.stop("state kept between invocations", target)
        if self.deciding() or not isinstance(known, str):
            base.put(fault("dropping"))

    def _augment(self, statement: cst.AugAssign) -> None:
        value = self.value(statement.value)
        target = statement.target
        if not isinstance(target, cst.Name):
            self.bind(target, fault("arithmetic", value, self.value(target)))
            return
        before = self.value(target)
        if before.kind == "handle":
            raise self.stop("state kept between invocations", statement)
        if before.kind == "list" and isinstance(statement.operator, cst.AddAssign) and value.kind != "handle":
            before.put(value)
            if before.cell is not None and any(loop.kind == "records" for loop in self.loops[before.depth :]):
                before.cell.aggregate = True
            return
        text = before.own.text or value.provenance.text
        if isinstance(statement.operator, cst.AddAssign) and text:
            merged = Value("data", before.own, Cell([before, value], aggregate=bool(self.loops)))
            self.bind(target, merged)
            return
        self.bind(target, fault("arithmetic", before, value))

    # Assignment

    def bind(self, target: cst.BaseExpression, value: Value) -> None:
        """Assigns a value to a target; what hangs on a decision is faulty."""
        reason = self.deciding()
        if reason and value.kind != "handle":
            value = fault(reason, value)
        if self.error_depth and value.kind != "handle":
            value = Value("data", ERROR, Cell([value]))
        if isinstance(target, cst.Name):
            self._assign_name(target, value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                part = value.derive(path=(None,)) if value.kind == "data" else data(value.provenance)
                self.bind(element.value, value if value.kind == "handle" else part)
        elif isinstance(target, cst.Subscript):
            self._assign_item(target, value)
        elif isinstance(target, cst.Attribute):
            self._assign_attribute(target, value)
        else:
            raise self.stop("unknown: target", target)

    def _assign_name(self, target: cst.Name, value: Value) -> None:
        scope = self.module.names.bound_by(target)
        if scope is not None and scope.scope.kind == "module" and self.here.node is not None:
            if value.kind != "handle":
                raise self.stop("state kept between invocations", target)
            return
        self.here.names[target.value] = value

    def _assign_item(self, target: cst.Subscript, value: Value) -> None:
        base = self.value(target.value)
        if base.kind == "handle":
            raise self.stop("state kept between invocations", target)
        if base.shared:
            raise self.stop("state kept between invocations", target)
        index = target.slice[0].slice if len(target.slice) == 1 else None
        if isinstance(index, cst.Index):
            key = self.value(index.value)
            if key.kind != "handle" and (key.provenance.is_data or key.provenance.fault):
                base.put(fault("keys from data", key))
            known = self.evaluator.value(self.module, index.value)
            name = getattr(known, "value", None)
            if base.entries is not None and isinstance(name, str) and value.kind != "handle":
                base.entries[name] = either(base.entries[name], value) if name in base.entries else value
                return
        if value.kind != "handle":
            base.put(value)

    def _assign_attribute(self, target: cst.Attribute, value: Value) -> None:
        base = self.value(target.value)
        if base.kind == "object" and base.entries is not None:
            name = target.attr.value
            known = base.entries.get(name)
            base.entries[name] = value if known is None or value.kind == "handle" else either(known, value)
            return
        if base.kind == "handle":
            raise self.stop("state kept between invocations", target)
        if value.kind != "handle":
            base.put(value)

    # Control

    def _if(self, statement: cst.If) -> bool:
        kind = self.condition(statement.test)
        before = dict(self.here.names)
        mark = BRANCHES.get(kind)
        if mark:
            self.branches.append(mark)
        goes_on = self.block(statement.body)
        after = self.here.names
        self.here.names = dict(before)
        otherwise = True
        if isinstance(statement.orelse, cst.If):
            otherwise = self._if(statement.orelse)
        elif statement.orelse is not None:
            otherwise = self.block(statement.orelse.body)
        if mark:
            self.branches.pop()
        if kind == "coding" and not (goes_on and otherwise) and not self.error_depth:
            # A test of the type that ends the work on what fails it.
            self.here.decided = self.here.decided or "validation"
        if goes_on and otherwise:
            self._merge(after)
        elif goes_on:
            self.here.names = after
        return goes_on or otherwise

    def _merge(self, other: Mapping[str, Value]) -> None:
        self.here.names = _merged(self.here.names, other)

    def _for(self, statement: cst.For) -> bool:
        many = self.value(statement.iter)
        # Twice, so that what one turn leaves behind is seen by the next.
        for _ in range(2):
            before = dict(self.here.names)
            depth = len(self.loops)
            self.enter_loop(statement.target, many, statement.iter)
            self.block(statement.body)
            del self.loops[depth:]
            self._merge(before)
        if statement.orelse is not None:
            return self.block(statement.orelse.body)
        return True

    def _try(self, statement: cst.Try) -> bool:
        before = dict(self.here.names)
        goes_on = self.block(statement.body)
        if goes_on and statement.orelse is not None:
            goes_on = self.block(statement.orelse.body)
        after = self.here.names
        for handler in statement.handlers:
            self.here.names = {
                name: either(before.get(name), after.get(name)) for name in {**before, **after}
            }
            if handler.name is not None and isinstance(handler.name.name, cst.Name):
                self.here.names[handler.name.name.value] = data(ERROR)
            self.error_depth += 1
            handled = self.block(handler.body)
            self.error_depth -= 1
            if handled:
                after = _merged(after, self.here.names) if goes_on else self.here.names
                goes_on = True
        self.here.names = after
        if statement.finalbody is not None:
            goes_on = self.block(statement.finalbody.body) and goes_on
        return goes_on

    def _with(self, statement: cst.With) -> bool:
        for item in statement.items:
            value = self.value(item.item)
            if value.kind == "handle":
                self._check_manager(value, item.item)
            if item.asname is not None and isinstance(item.asname.name, cst.BaseExpression):
                self.bind(item.asname.name, value)
        return self.block(statement.body)

    def _check_manager(self, value: Value, node: cst.CSTNode) -> None:
        symbol = value.symbol
        if isinstance(symbol, Function) and isinstance(symbol.node, cst.FunctionDef):
            raise self.stop("unknown: context manager", node)

    # Functions

    def run_function(self, function: Function, arguments: Arguments, node: cst.CSTNode) -> Value:
        """Runs one of the application's functions with its arguments."""
        if len(self.stack) > _MAX_CALL_DEPTH or any(each.node is function.node for each in self.stack):
            raise self.stop("unknown: recursion", node)
        names = self._bind_parameters(function, arguments)
        outer = self._definition_activation(function)
        activation = Activation(function.module, function.node, names, outer, loops_outside=len(self.loops))
        if isinstance(function.node, cst.FunctionDef):
            self._check_decorators(function.module, function.node)
        self.stack.append(activation)
        try:
            if isinstance(function.node, cst.Lambda):
                return self.value(function.node.body)
            branches = self.branches
            self.block(function.node.body)
            self.branches = branches
        finally:
            self.stack.pop()
        if activation.decided and activation.decided != "decision":
            # An exception for some of the data ends the caller's work on it too.
            self.here.decided = self.here.decided or activation.decided
        if activation.yields:
            return Value("list", STATIC, Cell(list(activation.yields)), depth=len(self.loops))
        if not activation.returns:
            return data(STATIC)
        found = activation.returns[0]
        for value in activation.returns[1:]:
            found = either(found, value)
        return found

    def _definition_activation(self, function: Function) -> Activation | None:
        """The running function that a nested function or lambda was defined in."""
        around = function.module.enclosing_function(function.node)
        if around is None:
            return None
        return next((each for each in reversed(self.stack) if each.node is around), None)

    def _bind_parameters(self, function: Function, arguments: Arguments) -> dict[str, Value]:
        params = function.node.params
        names: dict[str, Value] = {}
        positional = list(arguments.positional)
        keywords = dict(arguments.keywords)
        spread = arguments.spread
        for parameter in (*params.posonly_params, *params.params, *params.kwonly_params):
            name = parameter.name.value
            if positional and parameter not in params.kwonly_params:
                names[name] = positional.pop(0)
            elif name in keywords:
                names[name] = keywords.pop(name)
            elif spread:
                names[name] = fault("unknown: spread arguments", *spread)
            else:
                names[name] = self._default(function, parameter)
        if isinstance(params.star_arg, cst.Param):
            names[params.star_arg.name.value] = Value("list", STATIC, Cell([*positional, *spread]))
        if params.star_kwarg is not None:
            names[params.star_kwarg.name.value] = Value("dict", STATIC, Cell(list(spread)), entries=keywords)
        return names

    def _default(self, function: Function, parameter: cst.Param) -> Value:
        """A parameter's default, which is made once, at init."""
        if parameter.default is None:
            return data(STATIC)
        found = self.convert(self.evaluator.value(function.module, parameter.default))
        found.shared = found.kind in ("dict", "list")
        return found

    def _check_decorators(self, module: PythonModule, function: cst.FunctionDef, entry: bool = False) -> None:
        for decorator in function.decorators:
            for problem in self._decorator_problems(module, decorator, entry):
                raise NotStructural(problem, module, decorator)

    def _decorator_problems(
        self, module: PythonModule, decorator: cst.Decorator, entry: bool
    ) -> Iterator[str]:
        expr = decorator.decorator
        func = expr.func if isinstance(expr, cst.Call) else expr
        symbol = self.evaluator.value(module, func)
        name = decorator_name(decorator)
        if isinstance(symbol, External):
            qualified = symbol.qualified
            if qualified.startswith(library.IDEMPOTENCY_PREFIX):
                yield "idempotency"
            elif qualified.startswith(library.VALIDATION_PREFIXES):
                yield "validation"
            elif entry and qualified.startswith(library.EVENT_SOURCE):
                return
            elif not qualified.startswith((*library.HARMLESS_DECORATORS, *library.HARMLESS_PREFIXES)):
                yield f"unknown: decorator {qualified}"
            return
        if name in library.HARMLESS_DECORATOR_METHODS and isinstance(symbol, Member):
            return
        yield f"unknown: decorator {name}"


def _merged(one: Mapping[str, Value], other: Mapping[str, Value]) -> dict[str, Value]:
    return {name: either(one.get(name), other.get(name)) for name in {**one, **other}}
