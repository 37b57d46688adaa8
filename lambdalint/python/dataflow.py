"""Expressions in the flow analysis: what each does to the provenance of data.

The analysis walks a handler the way it runs, once, with every call to the application's own functions opened
up. Whatever it does not know ends it: silence is the answer to the unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.python import library
from lambdalint.python.calls import AwsCall, calls_at
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding
from lambdalint.python.provenance import (
    GENERATED,
    STATIC,
    STATIC_TEXT,
    STATUS,
    Cell,
    Provenance,
    Source,
    Value,
    data,
    either,
    fault,
    handle,
    joined,
    unwrapped,
)
from lambdalint.python.symbols import (
    Choice,
    Class,
    Context,
    Display,
    EnvVar,
    External,
    FromEvent,
    Function,
    Instance,
    Literal,
    LocalModule,
    Member,
    Object,
    Partial,
    Response,
    Sdk,
    Symbol,
    Text,
    Unknown,
    given,
)
from lambdalint.python.syntax import is_property, last_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator

# Handlers that only move data are short; what is longer is given up on, so that time stays linear.
_MAX_STEPS = 20_000
_MAX_CALLS = 12

# Parts of an event that are its list of records.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
_RECORD_LISTS = frozenset(
    {
        ("Records",),
        ("records",),
        ("records", None),
        ("messages",),
        ("rmqMessagesByQueue",),
        ("rmqMessagesByQueue", None),
        ("events",),
        ("logEvents",),
        ("awslogs", "data", "()", "logEvents"),
    }
)


# How code under a condition is marked; under the other kinds of conditions it is as if there were none.
BRANCHES = {"decision": "decision", "static": "switch", "status": "status"}

# In a path, stands for what JSON text holds.
OPENED = "()"


class NotStructural(Exception):
    """The handler does something else than move data; `reason` is countable, `node` is where."""

    def __init__(self, reason: str, module: PythonModule, node: cst.CSTNode) -> None:
        super().__init__(reason)
        self.reason = reason
        self.module = module
        self.node = node


@dataclass(frozen=True)
class SinkCall:
    """A call that hands data on: `arguments` by the name of the parameter, `loops` the loops around it."""

    kind: str
    module: PythonModule
    node: cst.Call
    call: AwsCall | None
    arguments: Mapping[str, Provenance]
    loops: tuple[str, ...]


@dataclass
class Loop:
    """A loop that is being run: over "records" of the event, or over "other" things."""

    kind: str
    decided: str = ""


@dataclass
class Activation:
    """A function that is being run."""

    module: PythonModule
    node: cst.FunctionDef | cst.Lambda | None
    names: dict[str, Value]
    outer: Activation | None = None
    returns: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    decided: str = ""
    loops_outside: int = 0


class Expressions:
    """Evaluates expressions to values, and records reads and sinks. Statements are `flow.Run`'s."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.sinks: dict[int, SinkCall] = {}
        self.reads: dict[int, AwsCall] = {}
        self.configuration: dict[int, cst.Call] = {}
        self.loops: list[Loop] = []
        self.branches: list[str] = []
        self.stack: list[Activation] = []
        self.error_depth = 0
        self._steps = 0
        self._module_values: dict[int, Value] = {}
        self._writers: dict[int, AwsCall] = {}

    # What calls and statements supply

    def run_function(self, function: Function, arguments: Arguments, node: cst.CSTNode) -> Value:
        """Runs one of the application's functions."""
        raise NotImplementedError

    def call(self, expr: cst.Call) -> Value:
        """What a call gives."""
        raise NotImplementedError

    def bind(self, target: cst.BaseExpression, value: Value) -> None:
        """Assigns a value to a target."""
        raise NotImplementedError

    @property
    def here(self) -> Activation:
        """The function that is being run."""
        return self.stack[-1]

    @property
    def module(self) -> PythonModule:
        """The module of that function."""
        return self.here.module

    def stop(self, reason: str, node: cst.CSTNode) -> NotStructural:
        """The exception that ends the analysis."""
        return NotStructural(reason, self.module, node)

    def deciding(self) -> str:
        """The decision that the running code hangs on, the state of calls aside; "" where there is none."""
        return next((branch for branch in self.branches if branch != "status"), "")

    def decision(self) -> str:
        """Why what is put into a container now might not have been; "" where it always is."""
        if self.deciding():
            return self.deciding()
        for loop in self.loops:
            if loop.decided:
                return loop.decided
        return self.here.decided

    # Expressions

    def value(self, expr: cst.BaseExpression) -> Value:
        """What an expression is made of."""
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise self.stop("too large", expr)
        read: Any = _READERS.get(type(expr))
        if read is None:
            raise self.stop(f"unknown: {type(expr).__name__}", expr)
        found: Value = read(self, expr)
        return found

    def _literal(self, expr: cst.BaseExpression) -> Value:
        return data(STATIC)

    def _string(self, expr: cst.BaseExpression) -> Value:
        if isinstance(expr, cst.ConcatenatedString):
            return joined([self.value(expr.left), self.value(expr.right)], text=True)
        return data(STATIC_TEXT)

    def _formatted(self, expr: cst.FormattedString) -> Value:
        parts: list[Value] = []
        for part in expr.parts:
            if not isinstance(part, cst.FormattedStringExpression):
                continue
            found = self.value(part.expression)
            if part.format_spec is not None and found.provenance.is_data:
                found = fault("formatted by a rule", found)
            parts.append(found)
        return joined([data(STATIC), *parts], _format_step(parts), text=True)

    def _name(self, expr: cst.Name) -> Value:
        if expr.value in ("None", "True", "False"):
            return data(STATIC)
        activation: Activation | None = self.here
        while activation is not None:
            found = activation.names.get(expr.value)
            if found is not None:
                return found
            activation = activation.outer
        return self._module_value(expr)

    def _module_value(self, expr: cst.Name) -> Value:
        """A name of the module level: configuration, unless code of the invoke phase rebinds it."""
        bindings: Sequence[Binding] = self.module.names.lookup(expr)
        key = id(bindings[0]) if bindings else id(expr)
        known = self._module_values.get(key)
        if known is None:
            symbol = self.evaluator.value(self.module, expr)
            home, bindings = self._home(expr, bindings)
            known = self._module_values[key] = self._from_module_level(symbol, home, bindings)
        return known

    def _home(self, expr: cst.Name, bindings: Sequence[Binding]) -> tuple[PythonModule, Sequence[Binding]]:
        """The module that a name comes from, and all its bindings there."""
        if bindings and bindings[0].is_import:
            definition = self.evaluator.program.definition(self.module, expr)
            if definition is not None and definition.binding is not None:
                scope = definition.module.names.module_scope
                return definition.module, scope.bindings.get(definition.binding.name, ())
        return self.module, bindings

    def _from_module_level(self, symbol: Symbol, home: PythonModule, bindings: Sequence[Binding]) -> Value:
        found = self.convert(symbol)
        if found.kind == "handle":
            return found
        for binding in bindings:
            if binding.is_import:
                continue
            if home.enclosing_function(binding.target or binding.node) is not None:
                return fault("state kept between invocations", found)
            if isinstance(binding.value, (cst.Dict, cst.List, cst.Set, cst.Call)):
                found.shared = True
        return found

    def convert(self, symbol: Symbol) -> Value:
        """A symbol of the module level as a value. Nothing there can come from the event."""
        if isinstance(symbol, (Literal, EnvVar, Text)):
            is_text = isinstance(symbol, (EnvVar, Text)) or isinstance(symbol.value, str)
            return data(STATIC_TEXT if is_text else STATIC)
        if isinstance(symbol, Display):
            return self._static_display(symbol)
        if isinstance(symbol, FromEvent):
            return data(Provenance(Source.EVENT, paths=frozenset({symbol.path})))
        if isinstance(symbol, Response):
            return self._module_response(symbol)
        if isinstance(symbol, Context):
            return data(Provenance(Source.CONTEXT))
        if isinstance(symbol, Choice):
            options = given(symbol)
            if all(isinstance(option, (Sdk, Instance, Function, Object)) for option in options):
                return handle(symbol)
            converted = [self.convert(option) for option in options]
            if any(option.kind == "handle" for option in converted):
                return fault("one of several objects")
            return joined(converted)
        if isinstance(
            symbol, (External, LocalModule, Function, Class, Object, Partial, Sdk, Instance, Member)
        ):
            return handle(symbol)
        return data(STATIC)

    def _module_response(self, symbol: Response) -> Value:
        api = f"{symbol.service}.{symbol.operation}"
        if api in library.CONFIGURATION:
            self.configuration[id(symbol.node)] = symbol.node
            return data(STATIC)
        for call in calls_at(self.evaluator, symbol.module, symbol.node):
            self.reads[id(call.node)] = call
        return data(Provenance(Source.READ))

    def _static_display(self, display: Display) -> Value:
        entries = self.evaluator.items(display)
        found = Value(
            "dict" if isinstance(display.node, (cst.Dict, cst.Call)) else "list", STATIC, Cell(), entries={}
        )
        if entries is None:
            found.own = replace(STATIC, fault="unknown: open list")
            return found
        for key, expr in entries:
            value = self.convert(self.evaluator.value(display.module, expr))
            if isinstance(key, Literal) and isinstance(key.value, str) and found.entries is not None:
                found.entries[key.value] = value
            else:
                found.put(value)
        return found

    def _attribute(self, expr: cst.Attribute) -> Value:
        base = self.value(expr.value)
        return self.attribute(base, expr.attr.value, expr)

    def attribute(self, base: Value, name: str, node: cst.BaseExpression) -> Value:
        """An attribute of a value."""
        if base.kind == "handle" and base.symbol is not None:
            return self._handle_attribute(base.symbol, name, node)
        if base.kind == "object":
            return self._object_attribute(base, name, node)
        own = base.own
        if own.sources & Source.EVENT and own.paths:
            steps = ("json",) if name == "json_body" else ("dynamodb",) if name in _IMAGES else ()
            return base.derive(path=() if name == "raw_event" else (name,), steps=steps)
        if name in ("ok", "status_code", "status", "reason") and own.only(Source.STATUS | Source.STATIC):
            return data(STATUS)
        return base.derive()

    def _handle_attribute(self, symbol: Symbol, name: str, node: cst.BaseExpression) -> Value:
        if isinstance(symbol, External):
            qualified = f"{symbol.qualified}.{name}"
            if qualified in library.GENERATORS:
                return data(GENERATED)
            return handle(self.evaluator.attribute(symbol, name))
        if isinstance(symbol, LocalModule) and symbol.module is not None:
            bindings = symbol.module.names.module_scope.bindings.get(name, ())
            return self._from_module_level(self.evaluator.attribute(symbol, name), symbol.module, bindings)
        found = self.evaluator.attribute(symbol, name)
        if isinstance(found, Unknown):
            raise self.stop("unknown: attribute", node)
        return self.convert(found)

    def _object_attribute(self, base: Value, name: str, node: cst.BaseExpression) -> Value:
        if base.entries is not None and name in base.entries:
            return base.entries[name]
        if name == "__dict__":
            return Value("dict", base.own, base.cell, base.entries, depth=base.depth)
        if not isinstance(base.symbol, Class):
            raise self.stop("unknown: attribute", node)
        found = self.evaluator.attribute(Object(base.symbol), name)
        if isinstance(found, Function):
            if is_property(found.node):
                return self.run_function(found, Arguments([base]), node)
            return Value("handle", symbol=found, entries={"self": base})
        method = self.evaluator.method(base.symbol, name)
        if method is not None:
            # A property, which the evaluator has seen through.
            return self.run_function(method, Arguments([base]), node)
        if isinstance(found, (Unknown, Member)):
            raise self.stop("unknown: attribute", node)
        return self.convert(found)

    def _subscript(self, expr: cst.Subscript) -> Value:
        base = self.value(expr.value)
        if base.kind == "handle":
            return self._handle_item(base, expr)
        if len(expr.slice) != 1:
            return fault("slice", base)
        index = expr.slice[0].slice
        if isinstance(index, cst.Slice):
            return self._slice(base, index)
        if not isinstance(index, cst.Index):
            return fault("slice", base)
        return self.item(base, index.value)

    def _handle_item(self, base: Value, expr: cst.Subscript) -> Value:
        if base.symbol == External("os.environ"):
            index = expr.slice[0].slice if len(expr.slice) == 1 else None
            return self.variable(self.value(index.value)) if isinstance(index, cst.Index) else fault("slice")
        found = self.evaluator.value(self.module, expr)
        if isinstance(found, Literal):
            return data(STATIC_TEXT)
        if isinstance(found, (Sdk, Function, Class)):
            return handle(found)
        raise self.stop("unknown: item of an object", expr)

    def variable(self, name: Value, *defaults: Value) -> Value:
        """An environment variable: configuration, unless data chooses it."""
        if name.provenance.is_data or name.provenance.fault:
            return fault("lookup", name)
        found: Value = data(STATIC_TEXT)
        for default in defaults:
            found = either(found, default)
        return found

    def item(self, base: Value, key: cst.BaseExpression) -> Value:
        """`base[key]` and `base.get(key)`."""
        known = constant(self.evaluator, self.module, key)
        if known is not None:
            return self._constant_item(base, known)
        chosen = self.value(key)
        if chosen.provenance.fault:
            return fault(chosen.provenance.fault, base)
        if base.provenance.only(Source.STATIC) and chosen.provenance.is_data:
            return fault("lookup", base, chosen)
        if chosen.provenance.is_data and "key" not in chosen.own.steps:
            return fault("lookup", base, chosen)
        return base.derive(path=(None,))

    def _constant_item(self, base: Value, key: str | int) -> Value:
        if base.kind in ("dict", "object") and isinstance(key, str):
            found = base.get(key)
            if found is not None:
                return found
        if base.kind in ("dict", "list"):
            return data(unwrapped(base, 1))
        if key == "ResponseMetadata" or (isinstance(key, str) and key.startswith("Failed")):
            return data(STATUS)
        return base.derive(path=(key,))

    def _slice(self, base: Value, index: cst.Slice) -> Value:
        bounds = [self.value(bound) for bound in (index.lower, index.upper) if bound is not None]
        if base.provenance.only(Source.STATIC | Source.GENERATED):
            return base
        if not bounds or index.step is not None or not all("counter" in bound.own.steps for bound in bounds):
            return fault("slice", base)
        # `entries[start : start + 10]` in a loop over all of them: a batch call has a limit.
        own = replace(base.own, steps=base.own.steps | {"chunk"})
        return Value(base.kind, own, base.cell, base.entries, depth=base.depth)

    def _boolean(self, expr: cst.BooleanOperation) -> Value:
        left = self.value(expr.left)
        right = self.under(self.condition(expr.left), expr.right)
        if isinstance(expr.operator, cst.Or):
            if left.kind == "handle" or right.kind == "handle":
                return either(left, right)
            if right.provenance.only(Source.STATIC | Source.GENERATED):
                return either(left, right)
        return fault("decision", left, right)

    def _comparison(self, expr: cst.Comparison) -> Value:
        parts = [self.value(expr.left), *(self.value(target.comparator) for target in expr.comparisons)]
        return fault("comparison", *parts)

    def _unary(self, expr: cst.UnaryOperation) -> Value:
        found = self.value(expr.expression)
        if found.kind != "handle" and found.provenance.only(Source.STATIC):
            return found
        return fault("comparison" if isinstance(expr.operator, cst.Not) else "arithmetic", found)

    def _binary(self, expr: cst.BinaryOperation) -> Value:
        left, right = self.value(expr.left), self.value(expr.right)
        if left.kind == "handle" or right.kind == "handle":
            return fault("arithmetic", left, right)
        one, other = left.provenance, right.provenance
        if one.only(Source.STATIC) and other.only(Source.STATIC) and not one.fault and not other.fault:
            return joined([left, right], text=one.text or other.text)
        if isinstance(expr.operator, cst.Add) and (one.text or other.text):
            return joined([left, right], ("format",), text=True)
        if isinstance(expr.operator, cst.Add) and left.kind == right.kind == "list":
            return joined([left, right])
        if isinstance(expr.operator, cst.Modulo) and one.text:
            return joined([left, right], ("format",), text=True)
        if isinstance(expr.operator, (cst.Multiply, cst.Divide, cst.FloorDivide)) and (one | other).only(
            Source.GENERATED | Source.STATIC
        ):
            # Seconds to milliseconds: still the time of day.
            return joined([left, right], ("timestamp",))
        if "counter" in one.steps | other.steps and not (one | other).is_data:
            return joined([left, right], ("counter",))
        if isinstance(expr.operator, (cst.BitAnd, cst.BitOr)) and "condition" in one.steps | other.steps:
            return joined([left, right])
        return fault("arithmetic", left, right)

    def _if_expression(self, expr: cst.IfExp) -> Value:
        kind = self.condition(expr.test)
        found = either(self.under(kind, expr.body), self.under(kind, expr.orelse))
        if kind in ("coding", "size", "status") or found.kind == "handle":
            return found
        return fault("decision", found)

    def _dict(self, expr: cst.Dict) -> Value:
        found = Value("dict", STATIC, Cell(), entries={}, depth=len(self.loops))
        for element in expr.elements:
            value = self.value(element.value)
            if isinstance(element, cst.StarredDictElement):
                if value.entries is not None and value.kind == "dict" and found.entries is not None:
                    found.entries.update(value.entries)
                    if value.cell is not None:
                        for part in value.cell.parts:
                            found.put(part)
                else:
                    found.put(value)
                continue
            key = (
                constant(self.evaluator, self.module, element.key)
                if isinstance(element, cst.DictElement)
                else None
            )
            if isinstance(key, str) and found.entries is not None:
                found.entries[key] = value
                continue
            if isinstance(element, cst.DictElement) and key is None:
                named = self.value(element.key)
                from_data = named.kind != "handle" and named.provenance.is_data
                found.put(fault("keys from data", named) if from_data else named)
            found.put(value)
        return found

    def _sequence(self, expr: cst.List | cst.Tuple | cst.Set) -> Value:
        found = Value("list", STATIC, Cell(), depth=len(self.loops))
        for element in expr.elements:
            found.put(self.value(element.value))
        if isinstance(expr, cst.Set):
            return fault("deduplicated", found)
        return found

    def _comprehension(self, expr: cst.BaseComp) -> Value:
        names = dict(self.here.names)
        loops = len(self.loops)
        faults: list[Value] = []
        clause: cst.CompFor | None = expr.for_in
        over_records = False
        while clause is not None:
            many = self.value(clause.iter)
            kind = self.enter_loop(clause.target, many, clause.iter)
            over_records |= kind == "records"
            for test in clause.ifs:
                if self.condition(test.test) not in ("coding", "status"):
                    faults.append(fault("dropping"))
            clause = clause.inner_for_in
        found = Value("list", STATIC, Cell(aggregate=over_records), depth=loops)
        elements = [expr.key, expr.value] if isinstance(expr, cst.DictComp) else [getattr(expr, "elt", None)]
        for element in elements:
            if element is not None:
                part = self.value(element)
                found.put(part if over_records else _mapped(part))
        for part in faults:
            found.put(part)
        del self.loops[loops:]
        self.here.names = names
        return found

    def _named(self, expr: cst.NamedExpr) -> Value:
        found = self.value(expr.value)
        if isinstance(expr.target, cst.Name):
            self.here.names[expr.target.value] = found
        return found

    def _await(self, expr: cst.Await) -> Value:
        return self.value(expr.expression)

    def _lambda(self, expr: cst.Lambda) -> Value:
        return Value("handle", symbol=Function(self.module, expr), entries={})

    def _yield(self, expr: cst.Yield) -> Value:
        if not isinstance(expr.value, cst.BaseExpression):
            raise self.stop("unknown: yield", expr)
        produced = self.value(expr.value)
        reason = self.decision()
        self.here.yields.append(fault(reason, produced) if reason else produced)
        return data(STATIC)

    # Conditions

    def condition(self, test: cst.BaseExpression) -> str:
        """What a condition depends on.

        "coding" (how data is written: `isinstance`, `isBase64Encoded`), "size" (whether a list that is being
        built holds something), "status" (how a call went), "static" (configuration), "decision" (the data).
        """
        if isinstance(test, cst.BooleanOperation):
            return _worst(self.condition(test.left), self.condition(test.right))
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            return self.condition(test.expression)
        if isinstance(test, cst.Call):
            function = self.evaluator.value(self.module, test.func)
            if function in (External("builtins.isinstance"), External("builtins.hasattr")) and test.args:
                self.value(test.args[0].value)
                return "coding"
        if isinstance(test, cst.Comparison):
            parts = [test.left, *(target.comparator for target in test.comparisons)]
            kinds = [self._condition_value(self.value(part)) for part in parts]
            return _worst(*kinds)
        return self._condition_value(self.value(test))

    @staticmethod
    def _condition_value(found: Value) -> str:
        if found.kind == "handle":
            return "static"
        if found.sized is not None or (found.kind == "list" and found.cell is not None and not found.shared):
            return "size"
        provenance = found.provenance
        if any(path[-1:] in (("isBase64Encoded",), ("is_base64_encoded",)) for path in provenance.paths):
            return "coding"
        if provenance.only(Source.STATIC | Source.CONTEXT):
            return "static"
        if provenance.only(Source.STATIC | Source.STATUS | Source.ERROR):
            return "status"
        return "decision"

    def under(self, kind: str, expr: cst.BaseExpression) -> Value:
        """The value of an expression that only runs under a condition of a kind."""
        mark = BRANCHES.get(kind)
        if mark is None:
            return self.value(expr)
        self.branches.append(mark)
        found = self.value(expr)
        self.branches.pop()
        return found

    def enter_loop(self, target: cst.BaseExpression, many: Value, iterated: cst.BaseExpression) -> str:
        """Starts a loop: binds its target to an item of `many`, and says what it goes over."""
        kind = self.loop_kind(many)
        self.loops.append(Loop(kind))
        item = self.element(many)
        if isinstance(target, cst.Name):
            self.bind(target, item)
            return kind
        if isinstance(target, (cst.Tuple, cst.List)) and self._is_pairs(iterated):
            first, *rest = target.elements
            counter = Provenance(Source.GENERATED, frozenset({"counter"}))
            key = replace(item.own, steps=item.own.steps | {"key"}) if item.kind == "data" else STATIC
            enumerated = isinstance(iterated, cst.Call) and last_name(iterated.func) == "enumerate"
            self.bind(first.value, data(counter if enumerated else key))
            for element in rest:
                self.bind(element.value, item)
            return kind
        self.bind(target, item)
        return kind

    @staticmethod
    def _is_pairs(iterated: cst.BaseExpression) -> bool:
        return isinstance(iterated, cst.Call) and last_name(iterated.func) in ("enumerate", "items")

    def loop_kind(self, many: Value) -> str:
        """What a loop goes over: "records" of the event, a "range" of numbers, or "other" things."""
        if many.kind == "data" and many.own.paths and all(path in _RECORD_LISTS for path in many.own.paths):
            return "records"
        return "range" if "counter" in many.own.steps else "other"

    def element(self, many: Value) -> Value:
        """Any item of a value."""
        if many.kind == "handle":
            raise self.stop("unknown: loop over an object", self.here.node or self.module.tree)
        if many.kind == "data":
            return many.derive(path=(None,))
        return data(unwrapped(many, 1))


@dataclass
class Arguments:
    """The arguments of a call."""

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    spread: list[Value] = field(default_factory=list)

    def all(self) -> list[Value]:
        """Every argument."""
        return [*self.positional, *self.keywords.values(), *self.spread]

    def by_name(self, names: Iterable[str]) -> dict[str, Value]:
        """The arguments by parameter name, positional ones in the order of `names`."""
        found = dict(zip(names, self.positional, strict=False))
        found.update(self.keywords)
        for number, value in enumerate(self.spread):
            found[f"*{number}"] = value
        return found


def _format_step(parts: Sequence[Value]) -> tuple[str, ...]:
    return ("format",) if any(part.kind != "handle" and part.provenance.is_data for part in parts) else ()


def _mapped(part: Value) -> Value:
    if part.kind == "handle" or not part.provenance.is_data:
        return part
    return joined([part], ("map",))


def constant(evaluator: Evaluator, module: PythonModule, key: cst.BaseExpression) -> str | int | None:
    """The constant that a key is; None for any other."""
    symbol = evaluator.value(module, key)
    if isinstance(symbol, Literal) and isinstance(symbol.value, (str, int)):
        return symbol.value
    return None


def _worst(*kinds: str) -> str:
    order = ("coding", "size", "status", "static", "decision")
    # Beside a constant to compare with, the other side says what the condition depends on.
    told = [kind for kind in kinds if kind != "static"] or ["static"]
    return max(told, key=order.index)


_IMAGES = frozenset({"new_image", "old_image", "keys"})

_READERS = {
    cst.Attribute: Expressions._attribute,
    cst.Await: Expressions._await,
    cst.BinaryOperation: Expressions._binary,
    cst.BooleanOperation: Expressions._boolean,
    cst.Call: lambda run, expr: run.call(expr),
    cst.Comparison: Expressions._comparison,
    cst.ConcatenatedString: Expressions._string,
    cst.Dict: Expressions._dict,
    cst.DictComp: Expressions._comprehension,
    cst.Float: Expressions._literal,
    cst.FormattedString: Expressions._formatted,
    cst.GeneratorExp: Expressions._comprehension,
    cst.IfExp: Expressions._if_expression,
    cst.Integer: Expressions._literal,
    cst.Lambda: Expressions._lambda,
    cst.List: Expressions._sequence,
    cst.ListComp: Expressions._comprehension,
    cst.Name: Expressions._name,
    cst.NamedExpr: Expressions._named,
    cst.Set: Expressions._sequence,
    cst.SetComp: Expressions._comprehension,
    cst.SimpleString: Expressions._string,
    cst.Subscript: Expressions._subscript,
    cst.Tuple: Expressions._sequence,
    cst.UnaryOperation: Expressions._unary,
    cst.Yield: Expressions._yield,
}
