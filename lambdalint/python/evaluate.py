"""What an expression comes to, followed through names, helpers, attributes, parameters and modules.

Evaluation ignores the order of statements but for straight lines of code: where a name has several bindings
that can reach the read, the symbol is a Choice. Each expression is evaluated once (once for each set of
arguments, inside a function that is called with known ones), so the cost is linear in the code asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.python import sdk
from lambdalint.python.index import Index
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind
from lambdalint.python.places import Places, Relation
from lambdalint.python.strings import decoded, env, format_text, interpolate, is_falsy, may_be_falsy
from lambdalint.python.symbols import (
    CYCLE,
    NONE,
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
    Parameter,
    Partial,
    Response,
    Sdk,
    Symbol,
    Text,
    Unknown,
    alternatives,
    choice,
    each,
    given,
    laid_over,
    text,
)
from lambdalint.python.syntax import (
    class_statements,
    is_classmethod,
    is_property,
    is_static,
    last_name,
    operands,
    string_value,
)
from lambdalint.python.syntax import parameter as parameter_of

if TYPE_CHECKING:
    from lambdalint.python.program import Program
    from lambdalint.python.reach import Reach

__all__ = ["Arguments", "Evaluator", "Frame"]

# Deeper than this, a chain of helpers is evaluated without regard to the arguments it was called with.
_MAX_FRAMES = 6
# Real code nests some twenty deep; generated tables of added strings nest by the thousand.
_MAX_DEPTH = 120

_DECODERS = {
    "json.loads": "json",
    "simplejson.loads": "json",
    "ujson.loads": "json",
    "orjson.loads": "json",
    "base64.b64decode": "base64",
    "base64.urlsafe_b64decode": "base64",
    "urllib.parse.unquote_plus": "urldecode",
    "urllib.parse.unquote": "urldecode",
    "urllib.unquote_plus": "urldecode",
    "urllib.unquote": "urldecode",
    "builtins.str": "str",
}
# Calls that hand back their first argument, as far as anyone asks here.
_TRANSPARENT = frozenset(
    {
        "asyncio.run",
        "asyncio.wait_for",
        "builtins.iter",
        "builtins.list",
        "builtins.tuple",
        "builtins.sorted",
        "builtins.reversed",
        "contextlib.closing",
        "contextlib.nullcontext",
        "copy.copy",
        "copy.deepcopy",
        "os.path.expandvars",
    }
)
_ENV_READERS = frozenset(
    {"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault", "decouple.config"}
)
_EMPTY = (None, NONE, Literal(""))
_LETTERS = frozenset({"lower", "upper", "title", "capitalize", "strip", "lstrip", "rstrip"})
# Powertools lays classes over the event; `event_source` hands them to the handler.
_DATA_CLASS = re.compile(r"aws_lambda_powertools\.utilities\.data_classes\.(?:\w+\.)?\w*Event\w*")
_SAME_TEXT = frozenset({"strip", "rstrip", "lstrip", "encode", "decode"})


@dataclass(frozen=True)
class Frame:
    """A function and what its parameters are in one call."""

    function: cst.FunctionDef | cst.Lambda
    values: tuple[tuple[str, Symbol], ...]
    depth: int = field(default=0, compare=False)

    def get(self, name: str) -> Symbol | None:
        """The argument of a parameter."""
        for known, symbol in self.values:
            if known == name:
                return symbol
        return None


@dataclass
class Arguments:
    """The arguments of a call, those that `functools.partial` bound before included."""

    positional: list[Symbol] = field(default_factory=list)
    keywords: dict[str, Symbol] = field(default_factory=dict)
    open: bool = False  # `*args` or `**kwargs` that cannot be read add more

    def get(self, position: int, *names: str) -> Symbol | None:
        """The argument at a position, or by one of its names."""
        if 0 <= position < len(self.positional):
            return self.positional[position]
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return None


class Evaluator:
    """Evaluates expressions of one program, seen from one handler's reach.

    Without a reach, parameters stay Parameters: nothing is known of who calls.
    """

    def __init__(self, program: Program, reach: Reach | None = None) -> None:
        self.program = program
        self.reach = reach
        # By the `id` of node and frame: libcst hashes nodes in Python, and frames hold symbols of any depth.
        self._memo: dict[tuple[int, int], Symbol] = {}
        self._bound: dict[tuple[int, int], Symbol] = {}
        self._frames: dict[Frame, Frame] = {}
        self._places = Places()
        self._active: set[object] = set()
        self._parameters: dict[tuple[int, str], Symbol] = {}
        self._depth = 0
        # How often something was asked that another reach would answer otherwise, or that a cycle cut short.
        # What is found without is the same for every handler, and kept with the program.
        self._own = 0
        self._common: set[tuple[int, int] | tuple[int, str]] = set()

    # What others ask

    def value(self, module: PythonModule, expr: cst.BaseExpression, frame: Frame | None = None) -> Symbol:
        """What the expression comes to."""
        if frame is None:
            known = self.program.values.get(id(expr))
            if known is not None:
                return known
        key = (id(expr), id(frame))
        known = self._memo.get(key)
        if known is not None:
            self._own += key not in self._common
            return known
        if key in self._active or self._depth > _MAX_DEPTH:
            self._own += 1
            return CYCLE if key in self._active else Unknown("too deep")
        self._active.add(key)
        self._depth += 1
        own = self._own
        try:
            found = self._evaluate(module, expr, frame)
        finally:
            self._depth -= 1
            self._active.discard(key)
        # What a cycle cut short is right only for the question that it was part of.
        if found is not CYCLE or not self._active:
            self._memo[key] = found
            if self._own == own:
                self._common.add(key)
                if frame is None:
                    self.program.values[id(expr)] = found
        return found

    def item(self, display: Display, key: str | int) -> Symbol | None:
        """The item of a written-out dict, list or tuple under a constant key; None where it has none."""
        return self._display_item(display, key)

    def reaching(self, module: PythonModule, read: cst.Name) -> tuple[Binding, ...]:
        """The bindings that a read can mean, without those that another certainly comes after."""
        return self._reaching(module, read, module.names.lookup(read))

    def attribute(self, base: Symbol, name: str) -> Symbol:
        """What `base.name` comes to."""
        return each(base, lambda option: self._attribute(option, name))

    def method(self, cls: Class, name: str) -> Function | None:
        """The function that a class, or the nearest of its bases in the application, defines under a name."""
        found = self._method(cls, name)
        return Function(*found) if found is not None else None

    def fields(self, cls: Class) -> list[str]:
        """The annotated names of a class body, in order: the parameters of a dataclass."""
        return [
            statement.target.value
            for statement in class_statements(cls.node)
            if isinstance(statement, cst.AnnAssign) and isinstance(statement.target, cst.Name)
        ]

    def items(self, display: Display) -> Sequence[tuple[Symbol | None, cst.BaseExpression]] | None:
        """Keys and value expressions of a dict, or items of a list (key None); None where it is open."""
        return self._display_items(display)

    def arguments(self, module: PythonModule, call: cst.Call, frame: Frame | None = None) -> Arguments:
        """The evaluated arguments of a call; `**name` of a written-out dict is spread."""
        found = Arguments()
        for argument in call.args:
            self._add_argument(found, module, argument, frame)
        return found

    def keyword_expressions(
        self, module: PythonModule, call: cst.Call
    ) -> tuple[dict[str, tuple[PythonModule, cst.BaseExpression]], bool]:
        """The keyword arguments of a call, with dicts that are spread into it; and whether more may come."""
        found: dict[str, tuple[PythonModule, cst.BaseExpression]] = {}
        more = False
        for argument in call.args:
            if argument.keyword is not None:
                found[argument.keyword.value] = (module, argument.value)
            elif argument.star == "**":
                more |= not self.spread(self.value(module, argument.value), found)
        return found, more

    def spread(self, symbol: Symbol, into: dict[str, tuple[PythonModule, cst.BaseExpression]]) -> bool:
        """Adds the entries of a dict; False where not all of them can be told."""
        complete = True
        for option in given(symbol):
            entries = self._display_items(option) if isinstance(option, Display) else None
            if entries is None or not isinstance(option, Display):
                complete = False
                continue
            for key, expr in entries:
                if isinstance(key, Literal) and isinstance(key.value, str):
                    into.setdefault(key.value, (option.module, expr))
                else:
                    complete = False
            for key, expr in self._added_items(option):
                if isinstance(key, Literal) and isinstance(key.value, str):
                    into.setdefault(key.value, (option.module, expr))
        return complete

    # Expressions

    def _evaluate(self, module: PythonModule, expr: cst.BaseExpression, frame: Frame | None) -> Symbol:
        # By class: libcst's classes are abstract base classes, for which isinstance is slow.
        read = _READERS.get(expr.__class__)
        if read is None:
            return Unknown("computed")
        found: Symbol = read(self, module, expr, frame)
        return found

    def _number(
        self, module: PythonModule, expr: cst.Integer | cst.Float | cst.Imaginary, frame: Frame | None
    ) -> Symbol:
        # libcst compiles each number; nearly all are plain.
        return Literal(int(expr.value) if expr.value.isdecimal() else expr.evaluated_value)

    def _conditional(self, module: PythonModule, expr: cst.IfExp, frame: Frame | None) -> Symbol:
        return choice([self.value(module, expr.body, frame), self.value(module, expr.orelse, frame)])

    def _display(
        self,
        module: PythonModule,
        expr: cst.Dict | cst.List | cst.Tuple | cst.Set,
        frame: Frame | None,
    ) -> Symbol:
        return Display(module, expr, frame)

    def _named(self, module: PythonModule, expr: cst.NamedExpr, frame: Frame | None) -> Symbol:
        return self.value(module, expr.value, frame)

    def _awaited(self, module: PythonModule, expr: cst.Await, frame: Frame | None) -> Symbol:
        return self.value(module, expr.expression, frame)

    def _lambda(self, module: PythonModule, expr: cst.Lambda, frame: Frame | None) -> Symbol:
        return Function(module, expr)

    def _unary(self, module: PythonModule, expr: cst.UnaryOperation, frame: Frame | None) -> Symbol:
        inner = self.value(module, expr.expression, frame)
        negated = isinstance(expr.operator, cst.Minus) and isinstance(inner, Literal)
        if negated and isinstance(inner, Literal) and isinstance(inner.value, (int, float)):
            return Literal(-inner.value)
        return Unknown("computed")

    def _string(
        self, module: PythonModule, expr: cst.SimpleString | cst.ConcatenatedString, frame: Frame | None
    ) -> Symbol:
        if isinstance(expr, cst.ConcatenatedString):
            return text([self.value(module, expr.left, frame), self.value(module, expr.right, frame)])
        return Literal(string_value(expr))

    def _formatted(self, module: PythonModule, expr: cst.FormattedString, frame: Frame | None) -> Symbol:
        parts: list[Symbol] = []
        for part in expr.parts:
            if isinstance(part, cst.FormattedStringText):
                parts.append(Literal(part.value.replace("{{", "{").replace("}}", "}")))
            elif isinstance(part, cst.FormattedStringExpression):
                plain = part.format_spec is None and part.conversion is None
                inner = self.value(module, part.expression, frame) if plain else Unknown("formatted")
                parts.append(inner)
        return text(parts)

    def _binary(self, module: PythonModule, expr: cst.BinaryOperation, frame: Frame | None) -> Symbol:
        if isinstance(expr.operator, cst.Add):
            values = [self.value(module, operand, frame) for operand in operands(expr)]
            if any(isinstance(value, Literal) and isinstance(value.value, str) for value in values) or all(
                isinstance(value, (EnvVar, Text)) for value in values
            ):
                return text(values)
            return Unknown("computed")
        if isinstance(expr.operator, cst.Modulo):
            pattern = self.value(module, expr.left, frame)
            if isinstance(pattern, Literal) and isinstance(pattern.value, str):
                right = expr.right
                if isinstance(right, cst.Tuple):
                    values = [self.value(module, element.value, frame) for element in right.elements]
                else:
                    values = [self.value(module, right, frame)]
                return interpolate(pattern.value, values)
        return Unknown("computed")

    def _boolean(self, module: PythonModule, expr: cst.BooleanOperation, frame: Frame | None) -> Symbol:
        left = self.value(module, expr.left, frame)
        right = self.value(module, expr.right, frame)
        if isinstance(expr.operator, cst.And):
            return right if not may_be_falsy(right) else choice([left, right])
        optional = isinstance(left, EnvVar) and not left.required
        if optional and isinstance(left, EnvVar) and left.default in _EMPTY and not isinstance(right, Choice):
            return EnvVar(left.name, right, required=False)
        options = [option for option in alternatives(left) if not is_falsy(option)]
        if (
            options
            and not any(may_be_falsy(option) for option in options)
            and len(options) == len(alternatives(left))
        ):
            return left
        return choice([*options, right])

    # Names

    def _name(self, module: PythonModule, expr: cst.Name, frame: Frame | None) -> Symbol:
        if expr.value in ("None", "True", "False"):
            return Literal({"None": None, "True": True, "False": False}[expr.value])
        bindings = module.names.lookup(expr)
        if not bindings or bindings[0].kind is BindingKind.STAR_IMPORT:
            return self._unbound(module, expr.value)
        bindings = self._reaching(module, expr, bindings)
        return choice([self._binding(module, binding, frame) for binding in bindings])

    def _unbound(self, module: PythonModule, name: str) -> Symbol:
        for binding in module.names.imports:
            if binding.kind is BindingKind.STAR_IMPORT:
                origin = self.program.module(self.program.absolute(module, binding.qualified or ""))
                if origin is not None and name in origin.names.module_scope.bindings:
                    return self._global(origin, name)
        return External(f"builtins.{name}")

    def _reaching(
        self, module: PythonModule, read: cst.Name, bindings: tuple[Binding, ...]
    ) -> tuple[Binding, ...]:
        """Leaves out the bindings that cannot be the last before the read.

        Only where all of them and the read are of one scope: of what runs later nothing is known.
        """
        if len(bindings) < 2:
            return bindings
        scope = bindings[0].scope
        if any(binding.scope is not scope for binding in bindings) or module.names.scope(read) is not scope:
            return bindings
        place = self._places.place(module, read, scope.node)
        kept: list[Binding] = []
        later: list[Binding] = []
        for binding in bindings:
            relation = self._places.relation(module, binding.node, place)
            if relation is Relation.REPLACES:
                kept = [binding]
                later = []
            elif relation is Relation.AFTER_IN_LOOP:
                later.append(binding)
            elif relation is Relation.MAY_REACH:
                kept.append(binding)
        return tuple(kept + later) or bindings

    def _binding(self, module: PythonModule, binding: Binding, frame: Frame | None) -> Symbol:
        if frame is not None and binding.scope.node is not frame.function:
            frame = None
        if frame is None:
            known = self.program.bound_values.get(id(binding))
            if known is not None:
                return known
        key = (id(binding), id(frame))
        known = self._bound.get(key)
        if known is not None:
            self._own += key not in self._common
            return known
        marker = ("binding", *key)
        if marker in self._active:
            self._own += 1
            return CYCLE
        self._active.add(marker)
        own = self._own
        try:
            found = self._bind(module, binding, frame)
        finally:
            self._active.discard(marker)
        if found is not CYCLE or not self._active:
            self._bound[key] = found
            if self._own == own:
                self._common.add(key)
                if frame is None:
                    self.program.bound_values[id(binding)] = found
        return found

    def _bind(self, module: PythonModule, binding: Binding, frame: Frame | None) -> Symbol:
        kind = binding.kind
        if kind in (BindingKind.IMPORT, BindingKind.IMPORT_FROM):
            return self._imported(module, binding)
        if kind is BindingKind.PARAMETER:
            return self._parameter(module, binding, frame)
        if kind is BindingKind.FUNCTION and isinstance(binding.node, cst.FunctionDef):
            return Function(module, binding.node)
        if kind is BindingKind.CLASS and isinstance(binding.node, cst.ClassDef):
            return Class(module, binding.node)
        if kind in (BindingKind.FOR, BindingKind.COMPREHENSION):
            return self._loop_item(module, binding, frame)
        if kind is BindingKind.WITH:
            return self._entered(module, binding, frame)
        if kind is BindingKind.EXCEPT:
            return Unknown("exception")
        if kind is BindingKind.AUGMENTED:
            return Unknown("augmented")
        if binding.value is not None:
            found = self.value(module, binding.value, frame)
            if kind is BindingKind.ANNOTATED and isinstance(binding.node, cst.AnnAssign):
                return self._or_annotated(module, found, binding.node.annotation)
            return found
        if kind is BindingKind.ANNOTATED and isinstance(binding.node, cst.AnnAssign):
            return self._annotated(module, binding.node.annotation) or CYCLE
        if kind is BindingKind.ASSIGN:
            return self._unpacked(module, binding, frame)
        return Unknown(kind.name.lower())

    def _imported(self, module: PythonModule, binding: Binding) -> Symbol:
        return self._resolve_import(self.program.absolute(module, binding.qualified or binding.name))

    def _resolve_import(self, dotted: str) -> Symbol:
        found = self.program.module(dotted)
        if found is not None:
            return LocalModule(dotted, found)
        parent, _, name = dotted.rpartition(".")
        if parent:
            origin = self.program.module(parent)
            if origin is not None:
                return self._global(origin, name)
            outer = self._resolve_import(parent) if "." in parent else None
            if isinstance(outer, Class):
                return self._attribute(outer, name)
        return External(dotted)

    def _global(self, module: PythonModule, name: str) -> Symbol:
        """The value of a module-level name, whatever made it."""
        bindings = module.names.resolve(module.names.module_scope, name)
        if not bindings or bindings[0].kind is BindingKind.STAR_IMPORT:
            return self._unbound(module, name)
        return choice([self._binding(module, binding, None) for binding in bindings])

    def _unpacked(self, module: PythonModule, binding: Binding, frame: Frame | None) -> Symbol:
        if not isinstance(binding.node, cst.Assign):
            return Unknown("unpacked")
        value = self.value(module, binding.node.value, frame)
        for target in binding.node.targets:
            if isinstance(target.target, (cst.Tuple, cst.List)):
                for index, element in enumerate(target.target.elements):
                    if isinstance(element.value, cst.Name) and element.value.value == binding.name:
                        return each(value, lambda option, index=index: self._index(option, index, frame))  # type: ignore[misc]
        return Unknown("unpacked")

    def _loop_item(self, module: PythonModule, binding: Binding, frame: Frame | None) -> Symbol:
        loop = binding.node
        if not isinstance(loop, (cst.For, cst.CompFor)):
            return Unknown("loop item")
        many = self.value(module, loop.iter, frame)
        one = each(many, self._any_item)
        if isinstance(loop.target, cst.Name):
            return one
        if isinstance(loop.target, (cst.Tuple, cst.List)):
            for index, element in enumerate(loop.target.elements):
                if isinstance(element.value, cst.Name) and element.value.value == binding.name:
                    return self._pair_item(module, loop.iter, one, index, frame)
        return Unknown("loop item")

    def _pair_item(
        self, module: PythonModule, iterated: cst.BaseExpression, one: Symbol, index: int, frame: Frame | None
    ) -> Symbol:
        """`for i, x in enumerate(xs)` and `for k, v in d.items()`: the second of each pair."""
        if isinstance(iterated, cst.Call) and iterated.args:
            function = self.value(module, iterated.func, frame)
            if function == External("builtins.enumerate"):
                if index == 0:
                    return Unknown("counter")
                return each(self.value(module, iterated.args[0].value, frame), self._any_item)
        if (
            isinstance(iterated, cst.Call)
            and isinstance(iterated.func, cst.Attribute)
            and iterated.func.attr.value == "items"
        ):
            if index == 0:
                return Unknown("key")
            return each(self.value(module, iterated.func.value, frame), self._any_item)
        return each(one, lambda option: self._index(option, index, frame))

    def _any_item(self, many: Symbol) -> Symbol:
        if isinstance(many, FromEvent):
            return FromEvent((*many.path, None), many.steps)
        if isinstance(many, Response):
            return Response(many.service, many.operation, many.module, many.node, (*many.path, None))
        if isinstance(many, Display):
            entries = self._display_items(many)
            if entries is None:
                return Unknown("loop item")
            frame = many.frame if isinstance(many.frame, Frame) else None
            return choice([self.value(many.module, expr, frame) for _, expr in entries])
        if isinstance(many, Sdk):
            return self._one_of(many) or self._sdk_item(many)
        if isinstance(many, Unknown):
            return many
        laid = laid_over(many)
        return self._any_item(laid) if laid is not None else Unknown("loop item")

    def _entered(self, module: PythonModule, binding: Binding, frame: Frame | None) -> Symbol:
        """What `with … as name` binds."""
        item = binding.node
        if not isinstance(item, cst.WithItem):
            return Unknown("with")
        return each(self.value(module, item.item, frame), self._enter)

    def _enter(self, manager: Symbol) -> Symbol:
        if isinstance(manager, Object):
            entered = self._method(manager.cls, "__enter__") or self._method(manager.cls, "__aenter__")
            if entered is not None:
                return self._returned(Function(entered[0], entered[1], manager), Arguments(), None)
        return manager

    # Parameters

    def _parameter(self, module: PythonModule, binding: Binding, frame: Frame | None) -> Symbol:
        function = binding.scope.node
        if not isinstance(function, (cst.FunctionDef, cst.Lambda)):
            return Unknown("parameter")
        if frame is not None and frame.function is function:
            found = frame.get(binding.name)
            if found is not None:
                return found
        key = (id(function), binding.name)
        known = self._parameters.get(key)
        if known is not None:
            self._own += key not in self._common
            return known
        own = self._own
        found = self._from_callers(module, function, binding)
        if found is not CYCLE:
            self._parameters[key] = found
            if self._own == own:
                self._common.add(key)
        return found

    def _from_callers(
        self, module: PythonModule, function: cst.FunctionDef | cst.Lambda, binding: Binding
    ) -> Symbol:
        position, parameter = parameter_of(function, binding.name)
        owner = self._owner(module, function)
        if owner is not None and position == 0 and not is_static(function):
            return owner if is_classmethod(function) else Object(owner)
        self._own += 1
        special = self._entry_parameter(module, function, position)
        if special is not None:
            return special
        found = self._passed(module, function, binding.name, position, owner is not None)
        annotated = None
        if parameter is not None and parameter.annotation is not None:
            annotated = self._annotated(module, parameter.annotation)
        if annotated is not None and not any(isinstance(option, Sdk) for option in found):
            return annotated
        if not found and parameter is not None and parameter.default is not None:
            found = [self.value(module, parameter.default)]
            return choice([*found, Parameter(function, binding.name)])
        return choice(found) if found else Parameter(function, binding.name)

    def _entry_parameter(
        self, module: PythonModule, function: cst.FunctionDef | cst.Lambda, position: int
    ) -> Symbol | None:
        if self.reach is None or not self.reach.is_entry(module, function):
            return None
        offset = 1 if self._owner(module, function) is not None and not is_static(function) else 0
        if position == offset:
            return FromEvent()
        if position == offset + 1:
            return Context()
        return None

    def _passed(
        self,
        module: PythonModule,
        function: cst.FunctionDef | cst.Lambda,
        name: str,
        position: int,
        is_method: bool,
    ) -> list[Symbol]:
        """What the call sites within reach pass for a parameter, its default where they leave it out."""
        if self.reach is None or isinstance(function, cst.Lambda):
            return []
        found: list[Symbol] = []
        _, parameter = parameter_of(function, name)
        skip = 1 if is_method and not is_static(function) else 0
        for caller, call in self.reach.call_sites(module, function):
            arguments = self._raw_arguments(caller, call)
            if arguments is None:
                found.append(Unknown("argument"))
                continue
            positional, keywords = arguments
            if name in keywords:
                found.append(self.value(caller, keywords[name]))
            elif 0 <= position - skip < len(positional):
                found.append(self.value(caller, positional[position - skip]))
            elif parameter is not None and parameter.default is not None:
                found.append(self.value(module, parameter.default))
            elif function.decorators or not isinstance(call.func, cst.Attribute):
                found.append(Unknown("argument"))
            # Else a method of that name of something else: this one cannot be called without the argument.
        if found and self._is_handed_on(module, function):
            found.append(Unknown("called by another"))
        return found

    @staticmethod
    def _is_handed_on(module: PythonModule, function: cst.FunctionDef) -> bool:
        """Whether code of the module also names the function without calling it, as a callback does."""
        scope = module.names.scope(function)
        for binding in scope.bindings.get(function.name.value, ()):
            for read in binding.reads if binding.node is function else ():
                parent = module.parent(read)
                if not isinstance(parent, cst.Call) or parent.func is not read:
                    return True
        return False

    @staticmethod
    def _raw_arguments(
        module: PythonModule, call: cst.Call
    ) -> tuple[list[cst.BaseExpression], dict[str, cst.BaseExpression]] | None:
        positional: list[cst.BaseExpression] = []
        keywords: dict[str, cst.BaseExpression] = {}
        for argument in call.args:
            if argument.star:
                return None
            if argument.keyword is not None:
                keywords[argument.keyword.value] = argument.value
            else:
                positional.append(argument.value)
        return positional, keywords

    def _or_annotated(self, module: PythonModule, found: Symbol, annotation: cst.Annotation) -> Symbol:
        if any(isinstance(option, Sdk) for option in alternatives(found)):
            return found
        if all(
            isinstance(option, (Unknown, Instance, Member)) or option == NONE
            for option in alternatives(found)
        ):
            return self._annotated(module, annotation) or found
        return found

    def _annotated(self, module: PythonModule, annotation: cst.Annotation) -> Symbol | None:
        """The SDK object that an annotation declares (mypy_boto3_* and types_boto3_*)."""
        return self._annotation(module, annotation.annotation)

    def _annotation(self, module: PythonModule, expr: cst.BaseExpression) -> Symbol | None:
        if isinstance(expr, cst.SimpleString):
            written = string_value(expr)
            if not isinstance(written, str):
                return None
            head, _, rest = written.strip().partition(".")
            for binding in module.names.resolve(module.names.module_scope, head):
                if binding.qualified:
                    return sdk.annotated(binding.qualified + ("." + rest if rest else ""))
            return sdk.annotated(written)
        if isinstance(expr, cst.BinaryOperation):
            return self._annotation(module, expr.left) or self._annotation(module, expr.right)
        if isinstance(expr, cst.Subscript):
            for element in expr.slice:
                if isinstance(element.slice, cst.Index):
                    found = self._annotation(module, element.slice.value)
                    if found is not None:
                        return found
            return None
        if isinstance(expr, (cst.Name, cst.Attribute)):
            qualified = module.names.qualified(expr)
            if qualified is None:
                return None
            declared = sdk.annotated(qualified)
            if declared is not None:
                return declared
            named = self.value(module, expr)
            return Object(named) if isinstance(named, Class) else None
        return None

    # Attributes

    def _attribute_expression(self, module: PythonModule, expr: cst.Attribute, frame: Frame | None) -> Symbol:
        base = choice(given(self.value(module, expr.value, frame)))
        return each(base, lambda option: self._attribute(option, expr.attr.value, frame))

    def _attribute(self, base: Symbol, name: str, frame: Frame | None = None) -> Symbol:
        if isinstance(base, External):
            return (
                self._resolve_import(f"{base.qualified}.{name}")
                if "." not in base.qualified
                else External(f"{base.qualified}.{name}")
            )
        if isinstance(base, LocalModule):
            return self._module_attribute(base, name)
        if isinstance(base, Object):
            return self._object_attribute(base, name)
        if isinstance(base, Class):
            return self._class_attribute(base, name)
        if isinstance(base, Sdk):
            return sdk.attribute(base, name) or Member(base, name)
        if isinstance(base, FromEvent):
            return Member(base, name)
        if isinstance(base, (Literal, EnvVar)) and name == "value":
            return base  # an enumeration's member
        if isinstance(base, (Unknown, Parameter)):
            return base if isinstance(base, Unknown) else Member(base, name)
        return Member(base, name)

    def _module_attribute(self, base: LocalModule, name: str) -> Symbol:
        if base.module is not None and name in base.module.names.module_scope.bindings:
            return self._global(base.module, name)
        submodule = self.program.module(f"{base.dotted}.{name}")
        if submodule is not None:
            return LocalModule(f"{base.dotted}.{name}", submodule)
        if base.module is not None:
            found = self._unbound(base.module, name)
            if not isinstance(found, External):
                return found
        return Unknown("attribute", name)

    def _object_attribute(self, base: Object, name: str) -> Symbol:
        method = self._method(base.cls, name)
        if method is not None:
            function = Function(method[0], method[1], base)
            if is_property(method[1]):
                return self._returned(function, Arguments(), None)
            if is_static(method[1]):
                return Function(method[0], method[1])
            if is_classmethod(method[1]):
                return Function(method[0], method[1], base.cls)
            return function
        found = self._assigned_attributes(base, name)
        if found:
            return choice(found)
        found_in_class = self._class_values(base.cls, name)
        if found_in_class:
            return choice(found_in_class)
        field_value = self._dataclass_field(base, name)
        if field_value is not None:
            return field_value
        return Member(base, name) if self._has_unknown_base(base.cls) else Unknown("attribute", name)

    def _class_attribute(self, base: Class, name: str) -> Symbol:
        method = self._method(base, name)
        if method is not None:
            bound: Symbol | None = base if is_classmethod(method[1]) else None
            return Function(method[0], method[1], bound)
        found = [*self._class_values(base, name), *self._assigned_attributes(Object(base), name)]
        return choice(found) if found else Unknown("attribute", name)

    def _class_values(self, cls: Class, name: str) -> list[Symbol]:
        """What a class body, or the nearest base's, assigns to a name."""
        for owner in self._mro(cls):
            scope = owner.module.names.inner_scope(owner.node)
            bindings = scope.bindings.get(name, []) if scope is not None else []
            values = [self._binding(owner.module, binding, None) for binding in bindings]
            values = [value for value in values if value is not CYCLE]
            if values:
                return values
        return []

    def _assigned_attributes(self, base: Object, name: str) -> list[Symbol]:
        """What the methods of a class and its bases assign to `self.name` or `cls.name`."""
        found: list[Symbol] = []
        for owner in self._mro(base.cls):
            for target, value in self._index_of(owner.module).attributes.get(name, ()):
                function = owner.module.enclosing_function(target)
                if not isinstance(target.value, cst.Name):
                    continue
                if not self._means_class(owner, function, target.value):
                    continue
                found.append(self.value(owner.module, value, self._constructor_frame(base, owner, function)))
        return found

    def _means_class(
        self, owner: Class, function: cst.FunctionDef | cst.Lambda | None, receiver: cst.Name
    ) -> bool:
        if receiver.value == owner.node.name.value:
            return True
        if not isinstance(function, cst.FunctionDef):
            return False
        # A function nested in a method sees the method's `self`.
        while function is not None and not self._is_method_of(owner, function):
            outer = owner.module.enclosing_function(function)
            function = outer if isinstance(outer, cst.FunctionDef) else None
        if function is None or not function.params.params:
            return False
        return function.params.params[0].name.value == receiver.value

    def _constructor_frame(
        self, base: Object, owner: Class, function: cst.FunctionDef | cst.Lambda | None
    ) -> Frame | None:
        """The arguments of the constructor where the object's own making is in sight."""
        if base.call is None or base.module is None or not isinstance(function, cst.FunctionDef):
            return None
        if function.name.value != "__init__" or owner != base.cls:
            return None
        arguments = self.arguments(base.module, base.call)
        return self._frame(Function(owner.module, function, base), arguments, None)

    def _dataclass_field(self, base: Object, name: str) -> Symbol | None:
        if base.call is None or base.module is None:
            return None
        fields = self.fields(base.cls)
        if name not in fields:
            return None
        return self.arguments(base.module, base.call).get(fields.index(name), name)

    def _mro(self, cls: Class, seen: frozenset[cst.ClassDef] = frozenset()) -> Iterator[Class]:
        """The class and its local bases, depth first."""
        if cls.node in seen:
            return
        yield cls
        for argument in cls.node.bases:
            for option in alternatives(self.value(cls.module, argument.value)):
                if isinstance(option, Class):
                    yield from self._mro(option, seen | {cls.node})

    def _has_unknown_base(self, cls: Class) -> bool:
        for owner in self._mro(cls):
            for argument in owner.node.bases:
                symbol = self.value(owner.module, argument.value)
                if not isinstance(symbol, Class) and symbol != External("builtins.object"):
                    return True
        return False

    def _method(self, cls: Class, name: str) -> tuple[PythonModule, cst.FunctionDef] | None:
        for owner in self._mro(cls):
            for statement in owner.node.body.body:
                if isinstance(statement, cst.FunctionDef) and statement.name.value == name:
                    return owner.module, statement
        return None

    def _is_method_of(self, cls: Class, function: cst.FunctionDef) -> bool:
        return any(statement is function for statement in cls.node.body.body)

    def _owner(self, module: PythonModule, function: cst.FunctionDef | cst.Lambda) -> Class | None:
        """The class that a function is a method of."""
        if isinstance(function, cst.Lambda):
            return None
        block = module.parent(function)
        owner = module.parent(block) if block is not None else None
        return Class(module, owner) if isinstance(owner, cst.ClassDef) else None

    # Subscripts

    def _subscript(self, module: PythonModule, expr: cst.Subscript, frame: Frame | None) -> Symbol:
        base = self.value(module, expr.value, frame)
        if len(expr.slice) != 1:
            return Unknown("computed")
        index = expr.slice[0].slice
        if isinstance(index, cst.Slice):
            return base if isinstance(base, FromEvent) else Unknown("slice")
        key = self.value(module, index.value, frame) if isinstance(index, cst.Index) else Unknown("slice")
        if base == External("os.environ"):
            return each(key, lambda name: env(name, None, True))
        found = each(base, lambda option: self._index_by(option, key, frame))
        if isinstance(found, Unknown) or found == NONE:
            added = self._assigned_items(module, expr.value, key, frame)
            if added:
                return choice(added)
        return found

    def _index_by(self, base: Symbol, key: Symbol, frame: Frame | None) -> Symbol:
        if isinstance(key, Literal) and isinstance(key.value, (str, int)):
            return self._index(base, key.value, frame)
        if isinstance(base, (FromEvent, Response)):
            return self._any_item(base)
        if isinstance(base, Unknown):
            return base
        if isinstance(base, Sdk):
            return self._one_of(base) or Unknown("key")
        if isinstance(base, Display):
            # Any of them, where the key is not a constant.
            return self._any_item(base)
        return Unknown("key")

    def _index(self, base: Symbol, key: str | int, frame: Frame | None) -> Symbol:
        if isinstance(base, FromEvent):
            return FromEvent((*base.path, key), base.steps)
        if isinstance(base, Response):
            path = (*base.path, key)
            return Response(base.service, base.operation, base.module, base.node, path)
        if isinstance(base, Display):
            return self._display_item(base, key) or Unknown("key", str(key))
        if isinstance(base, Choice):
            return each(base, lambda option: self._index(option, key, frame))
        if isinstance(base, Unknown):
            return base
        if isinstance(base, Sdk):
            return self._one_of(base) or Unknown("item")
        return Unknown("item")

    @staticmethod
    def _one_of(many: Sdk) -> Sdk | None:
        """An object out of a list of them: boto3's objects have no items, so that what is iterated or
        indexed is what `queue.receive_messages()` and its like return, known by its items' type alone."""
        return many if many.kind == "object" else None

    def _assigned_items(
        self, module: PythonModule, container: cst.BaseExpression, key: Symbol, frame: Frame | None
    ) -> list[Symbol]:
        """What `container[key] = value` statements put under the key."""
        found: list[Symbol] = []
        for target, value in self._index_of(module).items.get(last_name(container), ()):
            if not self._same_container(module, target.value, container):
                continue
            inside = frame
            if frame is not None and module.enclosing_function(target) is not frame.function:
                inside = None
            index = target.slice[0].slice if len(target.slice) == 1 else None
            if not isinstance(index, cst.Index):
                continue
            written = self.value(module, index.value, inside)
            if written == key or not isinstance(written, Literal) or not isinstance(key, Literal):
                found.append(self.value(module, value, inside))
        return found

    def _same_container(
        self, module: PythonModule, one: cst.BaseExpression, other: cst.BaseExpression
    ) -> bool:
        if isinstance(one, cst.Name) and isinstance(other, cst.Name):
            return bool(set(map(id, module.names.lookup(one))) & set(map(id, module.names.lookup(other))))
        return isinstance(one, cst.Attribute) and isinstance(other, cst.Attribute)

    def _display_items(self, display: Display) -> list[tuple[Symbol | None, cst.BaseExpression]] | None:
        node = display.node
        frame = display.frame if isinstance(display.frame, Frame) else None
        found: list[tuple[Symbol | None, cst.BaseExpression]] = []
        if isinstance(node, cst.Dict):
            for entry in node.elements:
                if isinstance(entry, cst.DictElement):
                    found.append((self.value(display.module, entry.key, frame), entry.value))
                    continue
                spread = self.value(display.module, entry.value, frame)
                inner = self._display_items(spread) if isinstance(spread, Display) else None
                if inner is None:
                    return None
                found.extend(inner)
            return found
        if isinstance(node, cst.Call):
            for argument in node.args:
                if argument.keyword is None:
                    return None
                found.append((Literal(argument.keyword.value), argument.value))
            return found
        for element in node.elements:
            if isinstance(element, cst.StarredElement):
                return None
            found.append((None, element.value))
        return found

    def _added_items(self, display: Display) -> list[tuple[Symbol, cst.BaseExpression]]:
        """What later statements of the same function put into a dict that a name was bound to."""
        statement = display.module.parent(display.node)
        if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
            return []
        target = statement.targets[0].target
        if not isinstance(target, cst.Name):
            return []
        found = []
        for subscript, value in self._index_of(display.module).items.get(target.value, ()):
            same = display.module.enclosing_function(subscript) is display.module.enclosing_function(
                display.node
            )
            index = subscript.slice[0].slice if len(subscript.slice) == 1 else None
            if same and isinstance(index, cst.Index):
                found.append((self.value(display.module, index.value), value))
        return found

    def _display_item(self, display: Display, key: str | int) -> Symbol | None:
        entries = self._display_items(display)
        if entries is None:
            return None
        frame = display.frame if isinstance(display.frame, Frame) else None
        if isinstance(display.node, (cst.Dict, cst.Call)):
            for written, expr in reversed(entries):
                if written == Literal(key):
                    return self.value(display.module, expr, frame)
            added = [
                self.value(display.module, expr, frame)
                for written, expr in self._added_items(display)
                if written == Literal(key)
            ]
            return choice(added) if added else None
        if isinstance(key, int) and -len(entries) <= key < len(entries):
            return self.value(display.module, entries[key][1], frame)
        return None

    # Calls

    def _call(self, module: PythonModule, expr: cst.Call, frame: Frame | None) -> Symbol:
        function = self.value(module, expr.func, frame)
        return each(function, lambda option: self._apply(option, module, expr, frame))

    def _apply(self, function: Symbol, module: PythonModule, expr: cst.Call, frame: Frame | None) -> Symbol:
        if isinstance(function, External):
            return self._call_external(function.qualified, module, expr, frame)
        if isinstance(function, Function):
            return self._returned(function, self.arguments(module, expr, frame), frame)
        if isinstance(function, Class):
            return Object(function, module, expr)
        if isinstance(function, Member):
            return self._call_member(function, module, expr, frame)
        if isinstance(function, Partial):
            return self._call_partial(function, module, expr, frame)
        if isinstance(function, Object):
            called = self._method(function.cls, "__call__")
            if called is not None:
                bound = Function(called[0], called[1], function)
                return self._returned(bound, self.arguments(module, expr, frame), frame)
        if isinstance(function, Instance):
            return Instance(f"{function.qualified}()", module, expr, function)
        return function if isinstance(function, Unknown) else Unknown("call")

    def _call_partial(
        self, partial: Partial, module: PythonModule, expr: cst.Call, frame: Frame | None
    ) -> Symbol:
        bound = self.arguments(partial.module, partial.call)
        given_now = self.arguments(module, expr, frame)
        merged = Arguments(
            [*bound.positional[1:], *given_now.positional],
            {**bound.keywords, **given_now.keywords},
            bound.open or given_now.open,
        )
        function = partial.function
        if isinstance(function, External):
            made = sdk.make(function.qualified, merged, module, expr)
            return made or Instance(function.qualified, module, expr)
        if isinstance(function, Function):
            return self._returned(function, merged, frame)
        return Unknown("partial")

    def _call_external(
        self, qualified: str, module: PythonModule, expr: cst.Call, frame: Frame | None
    ) -> Symbol:
        leading = expr.args[0] if expr.args else None
        first = (
            leading.value if leading is not None and leading.keyword is None and not leading.star else None
        )
        if qualified in _ENV_READERS:
            return self._read_env(qualified, module, expr, frame)
        if qualified in _DECODERS and first is not None:
            return each(self.value(module, first, frame), lambda it: decoded(it, _DECODERS[qualified]))
        if qualified in _TRANSPARENT and first is not None:
            return self.value(module, first, frame)
        if qualified == "typing.cast" and len(expr.args) > 1:
            return self._or_cast(module, expr, frame)
        if qualified == "builtins.getattr" and first is not None and len(expr.args) > 1:
            return self._getattr(module, expr, frame)
        if qualified == "builtins.dict" and first is None:
            return Display(module, expr, frame)
        if qualified == "builtins.super":
            return self._super(module, expr)
        if qualified in ("functools.partial", "functools.lru_cache", "functools.cache") and first is not None:
            function = self.value(module, first, frame)
            return Partial(function, module, expr) if qualified == "functools.partial" else function
        if qualified in ("os.path.join", "posixpath.join"):
            parts = [self.value(module, argument.value, frame) for argument in expr.args]
            return text([part for pair in parts for part in (pair, Literal("/"))][:-1])
        if first is not None and _DATA_CLASS.fullmatch(qualified):
            laid = self.value(module, first, frame)
            if isinstance(laid, FromEvent):
                return laid
        made = (
            sdk.make(qualified, self.arguments(module, expr, frame), module, expr)
            if sdk.makes(qualified)
            else None
        )
        return made or Instance(qualified, module, expr)

    def _or_cast(self, module: PythonModule, expr: cst.Call, frame: Frame | None) -> Symbol:
        found = self.value(module, expr.args[1].value, frame)
        if any(isinstance(option, Sdk) for option in alternatives(found)):
            return found
        return self._annotation(module, expr.args[0].value) or found

    def _getattr(self, module: PythonModule, expr: cst.Call, frame: Frame | None) -> Symbol:
        base = self.value(module, expr.args[0].value, frame)
        name = self.value(module, expr.args[1].value, frame)
        if isinstance(name, Literal) and isinstance(name.value, str):
            known = name.value
            return each(base, lambda option: self._attribute(option, known, frame))
        return Unknown("getattr")

    def _super(self, module: PythonModule, expr: cst.Call) -> Symbol:
        function = module.enclosing_function(expr)
        owner = self._owner(module, function) if function is not None else None
        if owner is None:
            return Unknown("super")
        for argument in owner.node.bases:
            base = self.value(module, argument.value)
            if isinstance(base, Class):
                return Object(base)
        return Unknown("super")

    def _read_env(self, qualified: str, module: PythonModule, expr: cst.Call, frame: Frame | None) -> Symbol:
        arguments = self.arguments(module, expr, frame)
        name = arguments.get(0, "key", "option")
        default = arguments.get(1, "default")
        required = qualified in ("os.environ.pop", "decouple.config") and default is None
        if name is None:
            return Unknown("environment")
        return each(name, lambda option: env(option, default, required))

    def _call_member(
        self, member: Member, module: PythonModule, expr: cst.Call, frame: Frame | None
    ) -> Symbol:
        base, name = member.base, member.name
        if isinstance(base, Sdk):
            return sdk.call(base, name, self.arguments(module, expr, frame), module, expr)
        if isinstance(base, (FromEvent, Response, Display)) and name in (
            "get",
            "pop",
            "getlist",
            "setdefault",
        ):
            return self._get(base, module, expr, frame)
        if isinstance(base, (FromEvent, Response)) and name in ("values", "items", "copy", *_SAME_TEXT):
            return base
        if isinstance(base, (FromEvent, Response)) and name == "read":
            return base
        if isinstance(base, FromEvent):
            return Unknown("computed")
        if isinstance(base, (Literal, EnvVar, Text)):
            return self._text_method(base, name, module, expr, frame)
        if isinstance(base, Instance):
            return Instance(f"{base.qualified}().{name}", module, expr, base)
        if isinstance(base, Display) and name in ("copy", "values"):
            return base
        if isinstance(base, Parameter):
            return Unknown("method of a parameter", base.name)
        return Unknown("method", name)

    def _get(self, base: Symbol, module: PythonModule, expr: cst.Call, frame: Frame | None) -> Symbol:
        arguments = self.arguments(module, expr, frame)
        key = arguments.get(0)
        if key is None:
            return Unknown("key")
        found = each(key, lambda option: self._index_by(base, option, frame))
        if isinstance(base, Display) and isinstance(found, Unknown):
            added = (
                self._assigned_items(module, expr.func.value, key, frame)
                if isinstance(expr.func, cst.Attribute)
                else []
            )
            default = arguments.get(1)
            return choice([*added, default or NONE])
        return found

    def _text_method(
        self,
        base: Literal | EnvVar | Text,
        name: str,
        module: PythonModule,
        expr: cst.Call,
        frame: Frame | None,
    ) -> Symbol:
        if name == "format" and isinstance(base, Literal) and isinstance(base.value, str):
            return format_text(base.value, self.arguments(module, expr, frame))
        if name == "join" and isinstance(base, Literal) and expr.args:
            if self._is_grown(module, expr.args[0].value):
                return Unknown("computed")
            many = self.value(module, expr.args[0].value, frame)
            entries = self._display_items(many) if isinstance(many, Display) else None
            if entries is not None and isinstance(many, Display):
                parts = [self.value(many.module, item, frame) for _, item in entries]
                return text([part for one in parts for part in (one, base)][:-1])
        if isinstance(base, Literal) and isinstance(base.value, str) and name in _LETTERS and not expr.args:
            return Literal(getattr(base.value, name)())
        if name in _SAME_TEXT:
            return base
        if isinstance(base, EnvVar) and name in ("lower", "upper"):
            return base
        return Unknown("computed")

    @staticmethod
    def _is_grown(module: PythonModule, expr: cst.BaseExpression) -> bool:
        """Whether something is added to the list that a name is bound to."""
        if not isinstance(expr, cst.Name):
            return False
        for binding in module.names.lookup(expr):
            for read in binding.reads:
                parent = module.parent(read)
                if isinstance(parent, cst.Attribute) and parent.attr.value in ("append", "extend", "insert"):
                    return True
                if isinstance(parent, cst.AugAssign) and parent.target is read:
                    return True
        return False

    # Functions

    def _returned(self, function: Function, arguments: Arguments, caller: Frame | None) -> Symbol:
        """What calling one of the application's functions gives."""
        node = function.node
        frame = self._frame(function, arguments, caller)
        if isinstance(node, cst.Lambda):
            return self.value(function.module, node.body, frame)
        marker = ("returns", id(node), id(frame))
        if marker in self._active:
            self._own += 1
            return CYCLE
        self._active.add(marker)
        try:
            index = self._index_of(function.module)
            produced = index.yields.get(id(node))
            if produced is not None:
                return choice([self.value(function.module, value, frame) for value in produced])
            results = index.returns.get(id(node), [])
            values = [
                self.value(function.module, value, frame) if value is not None else NONE for value in results
            ]
            return choice(values) if values else NONE
        finally:
            self._active.discard(marker)

    def _frame(self, function: Function, arguments: Arguments, caller: Frame | None) -> Frame | None:
        depth = caller.depth + 1 if caller is not None else 0
        if depth > _MAX_FRAMES:
            return None
        node = function.node
        parameters = [*node.params.posonly_params, *node.params.params]
        values: list[tuple[str, Symbol]] = []
        positional = list(arguments.positional)
        if function.bound is not None:
            positional.insert(0, function.bound)
        for position, parameter in enumerate(parameters):
            values.append(
                (parameter.name.value, self._argument(function, parameter, position, positional, arguments))
            )
        for parameter in node.params.kwonly_params:
            values.append(
                (parameter.name.value, self._argument(function, parameter, -1, positional, arguments))
            )
        made = Frame(node, tuple(values), depth)
        return self._frames.setdefault(made, made)

    def _argument(
        self,
        function: Function,
        parameter: cst.Param,
        position: int,
        positional: list[Symbol],
        arguments: Arguments,
    ) -> Symbol:
        name = parameter.name.value
        found: Symbol | None = None
        if 0 <= position < len(positional):
            found = positional[position]
        elif name in arguments.keywords:
            found = arguments.keywords[name]
        elif parameter.default is not None and not arguments.open:
            found = self.value(function.module, parameter.default)
        else:
            found = Unknown("argument")
        if parameter.annotation is not None and isinstance(found, (Unknown, Instance)):
            return self._annotated(function.module, parameter.annotation) or found
        return found

    def _add_argument(
        self, found: Arguments, module: PythonModule, argument: cst.Arg, frame: Frame | None
    ) -> None:
        if argument.keyword is not None:
            found.keywords[argument.keyword.value] = self.value(module, argument.value, frame)
            return
        if not argument.star:
            found.positional.append(self.value(module, argument.value, frame))
            return
        symbol = self.value(module, argument.value, frame)
        entries = self._display_items(symbol) if isinstance(symbol, Display) else None
        if entries is None or not isinstance(symbol, Display):
            found.open = True
            return
        inner = symbol.frame if isinstance(symbol.frame, Frame) else None
        for key, expr in entries:
            if key is None:
                found.positional.append(self.value(symbol.module, expr, inner))
            elif isinstance(key, Literal) and isinstance(key.value, str):
                found.keywords[key.value] = self.value(symbol.module, expr, inner)
            else:
                found.open = True

    def _sdk_item(self, many: Sdk) -> Symbol:
        return sdk.item(many)

    def _index_of(self, module: PythonModule) -> Index:
        return Index.of(module)


_READERS: Mapping[type[cst.CSTNode], Any] = {
    cst.Attribute: Evaluator._attribute_expression,
    cst.Await: Evaluator._awaited,
    cst.BinaryOperation: Evaluator._binary,
    cst.BooleanOperation: Evaluator._boolean,
    cst.Call: Evaluator._call,
    cst.ConcatenatedString: Evaluator._string,
    cst.Dict: Evaluator._display,
    cst.Float: Evaluator._number,
    cst.FormattedString: Evaluator._formatted,
    cst.IfExp: Evaluator._conditional,
    cst.Imaginary: Evaluator._number,
    cst.Integer: Evaluator._number,
    cst.Lambda: Evaluator._lambda,
    cst.List: Evaluator._display,
    cst.Name: Evaluator._name,
    cst.NamedExpr: Evaluator._named,
    cst.Set: Evaluator._display,
    cst.SimpleString: Evaluator._string,
    cst.Subscript: Evaluator._subscript,
    cst.Tuple: Evaluator._display,
    cst.UnaryOperation: Evaluator._unary,
}
