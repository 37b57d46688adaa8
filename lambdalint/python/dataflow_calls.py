"""Calls in the flow analysis: of the application's own functions and classes, and of AWS.

An AWS call that writes, sends or starts is a sink. What reaches it must be structure alone, and no decision
may have led to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import libcst as cst

from lambdalint.python import library
from lambdalint.python.calls import AwsCall, Credentials, calls_at
from lambdalint.python.dataflow import Activation, Arguments, Expressions, SinkCall
from lambdalint.python.provenance import (
    ERROR,
    NOTHING,
    STATIC,
    STATUS,
    Cell,
    Provenance,
    Source,
    Value,
    data,
    handle,
    unwrapped,
)
from lambdalint.python.symbols import (
    Choice,
    Class,
    External,
    Function,
    Instance,
    Literal,
    Member,
    Object,
    Partial,
    Sdk,
    given,
)
from lambdalint.python.syntax import decorator_name, last_name

# Parameters that wrap their data in objects which the API asks for, and how many levels of them.
_ENVELOPES = {
    "Entries": 2,
    "PublishBatchRequestEntries": 2,
    "Record": 1,
    "Records": 2,
    "logEvents": 2,
}


class Calls(Expressions):
    """Runs calls, and records reads and sinks."""

    def external(self, qualified: str, expr: cst.Call) -> Value:
        """Calls a library's function or class."""
        raise NotImplementedError

    def member(self, member: Member, expr: cst.Call) -> Value:
        """Calls a method of a library's object."""
        raise NotImplementedError

    def instance_call(self, instance: Instance, expr: cst.Call) -> Value:
        """Calls an object that a library made."""
        raise NotImplementedError

    def method(self, base: Value, name: str, expr: cst.Call) -> Value:
        """Calls a method of data, a list, a dict or a string."""
        raise NotImplementedError

    # Calls

    def call(self, expr: cst.Call) -> Value:
        calls = tuple(calls_at(self.evaluator, self.module, expr))
        if calls:
            return self._aws(expr, calls)
        made = self.evaluator.value(self.module, expr)
        if isinstance(made, Sdk) or all(isinstance(option, Sdk) for option in given(made)):
            self.arguments(expr)
            return handle(made)
        function = self._function(expr.func)
        return self.apply(function, expr)

    def _function(self, func: cst.BaseExpression) -> Value:
        if isinstance(func, cst.Attribute):
            base = self.value(func.value)
            name = func.attr.value
            if base.kind == "handle" and base.symbol is not None:
                return self._handle_method(base, name, func)
            if base.kind == "object":
                return self._object_attribute(base, name, func)
            return Value("method", entries={"base": base}, symbol=Literal(name))
        return self.value(func)

    def _handle_method(self, base: Value, name: str, func: cst.Attribute) -> Value:
        symbol = base.symbol
        if isinstance(symbol, Object):
            method = self.evaluator.method(symbol.cls, name)
            if method is not None:
                made = self._make_from_symbol(symbol, func)
                return Value("handle", symbol=method, entries={"self": made})
        if isinstance(symbol, External):
            return handle(self.evaluator.attribute(symbol, name))
        return self._handle_attribute(symbol, name, func) if symbol is not None else base

    def apply(self, function: Value, expr: cst.Call) -> Value:
        """Calls a value."""
        if (
            function.kind == "method"
            and function.entries is not None
            and isinstance(function.symbol, Literal)
        ):
            return self.method(function.entries["base"], str(function.symbol.value), expr)
        symbol = function.symbol
        if function.kind != "handle" or symbol is None:
            raise self.stop("unknown: call of a value", expr)
        if isinstance(symbol, Choice):
            raise self.stop("unknown: one of several functions", expr)
        if isinstance(symbol, External):
            return self.external(symbol.qualified, expr)
        if isinstance(symbol, Function):
            arguments = self.arguments(expr)
            if function.entries and "self" in function.entries:
                if not _is_static_function(symbol):
                    arguments.positional.insert(0, function.entries["self"])
            elif symbol.bound is not None and isinstance(symbol.bound, Object):
                arguments.positional.insert(0, self._make_from_symbol(symbol.bound, expr))
            elif symbol.bound is not None:
                arguments.positional.insert(0, handle(symbol.bound))
            return self.run_function(symbol, arguments, expr)
        if isinstance(symbol, Class):
            return self.make(symbol, self.arguments(expr), expr)
        if isinstance(symbol, Member):
            return self.member(symbol, expr)
        if isinstance(symbol, Instance):
            return self.instance_call(symbol, expr)
        if isinstance(symbol, Partial):
            raise self.stop("unknown: partial", expr)
        raise self.stop("unknown: call", expr)

    def arguments(self, expr: cst.Call) -> Arguments:
        """The arguments of a call."""
        found = Arguments()
        for argument in expr.args:
            value = self.value(argument.value)
            if argument.keyword is not None:
                found.keywords[argument.keyword.value] = value
            elif argument.star == "**":
                if value.entries is not None and not (value.cell and value.cell.parts):
                    found.keywords.update(value.entries)
                else:
                    found.keywords.update(value.entries or {})
                    found.spread.append(value)
            elif argument.star == "*":
                found.spread.append(value)
            else:
                found.positional.append(value)
        return found

    # AWS calls

    def _aws(self, expr: cst.Call, calls: Sequence[AwsCall]) -> Value:
        call = calls[0]
        if isinstance(expr.func, cst.Attribute):
            self._check_receiver(expr.func)
            if expr.func.attr.value == "batch_writer":
                return self._batch_writer(expr, call)
        arguments = self._aws_arguments(expr, call)
        if call.credentials is not Credentials.OWN:
            raise self.stop("other credentials", expr)
        if call.api in library.CONFIGURATION:
            self.configuration[id(expr)] = expr
            return data(STATIC)
        if any(other.api != call.api for other in calls):
            raise self.stop("unknown: several operations", expr)
        if call.interface in ("waiter", "presign"):
            raise self.stop("waits for a resource" if call.interface == "waiter" else "presigned URL", expr)
        if call.interface == "transfer" and call.operation != "copy_object":
            raise self.stop("file", expr)
        kind = operation_kind(call)
        if kind == "other":
            raise self.stop(f"computed by a service: {call.api}", expr)
        if self.error_depth:
            raise self.stop("call in error handling", expr)
        if self.branches:
            raise self.stop(self.branches[-1], expr)
        self.check_decided(expr)
        if kind == "read":
            return self._read(expr, call, arguments)
        self._check_target(expr, call, arguments)
        self.add_sink(expr, "aws", call, arguments)
        return data(STATUS)

    def _batch_writer(self, expr: cst.Call, call: AwsCall) -> Value:
        """It writes when its methods are called."""
        if call.credentials is not Credentials.OWN:
            raise self.stop("other credentials", expr)
        self._writers[id(expr)] = call
        return handle(self.evaluator.value(self.module, expr))

    def _check_receiver(self, func: cst.Attribute) -> None:
        """Evaluates what a receiver is made with, where that is done on the spot."""
        if isinstance(func.value, (cst.Call, cst.Subscript)):
            self.value(func.value)

    def _aws_arguments(self, expr: cst.Call, call: AwsCall) -> dict[str, Value]:
        found: dict[str, Value] = {}
        by_node = {id(node): name for name, (_, node) in call.arguments.items()}
        for argument in expr.args:
            value = self.value(argument.value)
            if argument.star == "**":
                found.update(value.entries or {})
                if value.entries is None or (value.cell is not None and value.cell.parts):
                    raise self.stop("unknown: spread arguments", expr)
                continue
            name = (
                argument.keyword.value
                if argument.keyword is not None
                else by_node.get(id(argument.value), "*")
            )
            found[name] = value
        return found

    def _read(self, expr: cst.Call, call: AwsCall, arguments: Mapping[str, Value]) -> Value:
        self.reads[id(expr)] = call
        asked = NOTHING
        for value in arguments.values():
            if value.kind != "handle":
                asked |= value.provenance
        if call.interface == "paginator":
            raise self.stop("paged read", expr)
        return data(Provenance(Source.READ, fault=asked.fault))

    def _check_target(self, expr: cst.Call, call: AwsCall, arguments: Mapping[str, Value]) -> None:
        """Data that chooses where it goes is routing."""
        if call.target.kind == "event":
            raise self.stop("routing", expr)
        named = arguments.get(call.target.member)
        if named is not None and named.kind != "handle" and call.target.member not in _BATCHES:
            provenance = named.provenance
            if provenance.is_data or provenance.fault:
                raise self.stop("routing", expr)
        if call.target.kind != "unknown" or not call.target.member:
            return
        named_by_keys = call.target.member == "RequestItems" and (named is None or named.kind != "dict")
        if named_by_keys or (call.receiver is not None and call.receiver.identifiers):
            raise self.stop("unknown: target", expr)

    def add_sink(
        self, expr: cst.Call, kind: str, call: AwsCall | None, arguments: Mapping[str, Value]
    ) -> None:
        """Records a call that hands data on; ends the analysis where what it hands on is not structure."""
        found: dict[str, Provenance] = {}
        for name, value in arguments.items():
            provenance = unwrapped(value, _ENVELOPES.get(name, 0))
            if provenance.fault:
                raise self.stop(provenance.fault, expr)
            if provenance.sources & Source.ERROR:
                raise self.stop("error sent on", expr)
            if provenance.sources & Source.STATUS:
                raise self.stop("chained calls", expr)
            if call is not None and library.BATCH_MEMBERS.get(call.operation) == name:
                provenance = replace(provenance, steps=provenance.steps - {"aggregate"})
            found[name] = provenance
        known = self.sinks.get(id(expr))
        if known is not None:
            merged = {
                name: known.arguments.get(name, NOTHING) | found.get(name, NOTHING)
                for name in {**known.arguments, **found}
            }
            found = merged
        chunks = any("chunk" in provenance.steps for provenance in found.values())
        loops = tuple(loop.kind for loop in self.loops if not (chunks and loop.kind == "range"))
        self.sinks[id(expr)] = SinkCall(kind, self.module, expr, call, found, loops)

    def check_decided(self, node: cst.CSTNode) -> None:
        """Ends the analysis where a decision of the data has led here."""
        for loop in self.loops:
            if loop.decided:
                raise self.stop(loop.decided, node)
        for activation in self.stack:
            if activation.decided:
                raise self.stop(activation.decided, node)

    # Objects of the application

    def make(self, cls: Class, arguments: Arguments, node: cst.CSTNode) -> Value:
        """An instance of one of the application's classes."""
        names = [last_name(base.value) for base in cls.node.bases]
        if any(name.endswith(("Error", "Exception", "Warning")) for name in names):
            return data(ERROR)
        for base in cls.node.bases:
            symbol = self.evaluator.value(cls.module, base.value)
            if isinstance(symbol, External) and symbol.qualified.startswith(library.VALIDATION_PREFIXES):
                raise self.stop("validation", node)
            if not isinstance(symbol, Class) and symbol != External("builtins.object"):
                raise self.stop("unknown: base class", node)
        made = Value("object", STATIC, Cell(), entries={}, symbol=cls, depth=len(self.loops))
        constructor = self.evaluator.method(cls, "__init__")
        if constructor is not None:
            arguments.positional.insert(0, made)
            self.run_function(constructor, arguments, node)
            return made
        fields = self.evaluator.fields(cls)
        if any(decorator_name(decorator) == "dataclass" for decorator in cls.node.decorators):
            made.entries = dict(arguments.by_name(fields))
        return made

    def _make_from_symbol(self, symbol: Object, node: cst.CSTNode) -> Value:
        """An object that was made at module level."""
        if symbol.call is None or symbol.module is None:
            raise self.stop("unknown: object", node)
        key = id(symbol.call)
        known = self._module_values.get(key)
        if known is None:
            # At module level: whatever it is made with is configuration.
            outside = Activation(symbol.module, None, {})
            loops, branches = self.loops, self.branches
            self.loops, self.branches = [], []
            self.stack.append(outside)
            known = self.make(symbol.cls, self.arguments(symbol.call), node)
            self.stack.pop()
            self.loops, self.branches = loops, branches
            self._module_values[key] = known
        return known


def operation_kind(call: AwsCall) -> str:
    """ "read", "sink" or "other" (a service that computes, or an operation nobody classified)."""
    if call.service in library.COMPUTING_SERVICES or call.service.startswith("bedrock"):
        return "other"
    if call.api == "redshift-data.execute_statement":
        return "sink"  # it only starts the statement
    words = call.operation.removeprefix("admin_").split("_")
    for verb in ("_".join(words[:2]), words[0]):
        if verb in library.READ_VERBS:
            return "read"
        if verb in library.SINK_VERBS:
            return "sink"
    return "other"


def _is_static_function(function: Function) -> bool:
    return isinstance(function.node, cst.FunctionDef) and any(
        decorator_name(decorator) == "staticmethod" for decorator in function.node.decorators
    )


_BATCHES = frozenset(library.BATCH_MEMBERS.values())
