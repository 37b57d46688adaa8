"""What kind of value an expression comes to: a str, a set, a datetime, a coroutine.

The evaluator asks what a value *is*; this asks what Python makes of it, through names, helpers and their
arguments, branches, and what is put into dicts and lists later. A kind is told only where it is certain:
"" is anything. The tables data/value_kinds.toml and data/response_kinds.toml hold what libraries and AWS
give.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python.changes import Changes
from lambdalint.python.definite import certain
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind
from lambdalint.python.symbols import (
    Class,
    Display,
    EnvVar,
    External,
    Function,
    Instance,
    Literal,
    Member,
    Object,
    Response,
    Sdk,
    Symbol,
    Text,
    alternatives,
)
from lambdalint.python.syntax import is_property
from lambdalint.python.wrapping import decorators

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator

Place = tuple[str | int | None, ...]

# Deeper than this, what a helper makes of its arguments is not followed; and no question costs more steps.
_MAX_DEPTH = 5
_MAX_STEPS = 20_000
_MAX_KINDS = 12

_LITERALS: Mapping[type[object], str] = {
    str: "str",
    bytes: "bytes",
    bool: "bool",
    int: "int",
    float: "float",
    complex: "complex",
    type(None): "none",
}
_EXCEPTIONS = frozenset(
    f"builtins.{name}"
    for name in dir(builtins)
    if isinstance(getattr(builtins, name), type) and issubclass(getattr(builtins, name), BaseException)
)
# Bases whose objects JSON has, by what they are encoded as.
_ENCODED_BASES: Mapping[str, str] = {
    "builtins.dict": "dict",
    "builtins.float": "float",
    "builtins.int": "int",
    "builtins.list": "list",
    "builtins.str": "str",
    "builtins.tuple": "tuple",
    "collections.OrderedDict": "dict",
    "collections.defaultdict": "dict",
    "enum.IntEnum": "int",
    "enum.StrEnum": "str",
    "typing.NamedTuple": "tuple",
    "typing.TypedDict": "dict",
    "typing_extensions.TypedDict": "dict",
}
_ENUMS = frozenset({"enum.Enum", "enum.Flag"})
# Bases that make nothing of an object that JSON would have.
_PLAIN_BASES = frozenset(
    {
        "abc.ABC",
        "aws_lambda_powertools.utilities.parser.BaseModel",
        "builtins.object",
        "pydantic.BaseModel",
        "typing.Generic",
        "typing.Protocol",
    }
)
_SAME_ITEMS = frozenset({"builtins.list", "builtins.sorted", "builtins.tuple"})
_COPIES = frozenset({"copy.copy", "copy.deepcopy"})
_NUMBERS = frozenset({"int", "float", "bool"})
_DICT_MAKERS = frozenset({"builtins.dict", "collections.OrderedDict", "collections.defaultdict"})


@dataclass(frozen=True, eq=False)
class Activation:
    """A call of one of the application's functions: what its parameters are given, and from where."""

    function: cst.FunctionDef | cst.Lambda
    arguments: Mapping[str, tuple[PythonModule, cst.BaseExpression, Activation | None]]
    depth: int = 0


@dataclass(frozen=True)
class Answer:
    """A part of what an SDK call answers. `resource` says that the call was made on a resource object, which
    makes Python's types of DynamoDB's; `pages` that it is the pages of a paginator, each an answer."""

    api: str
    module: PythonModule = field(repr=False)
    node: cst.Call = field(repr=False)
    place: Place = ()
    resource: bool = False
    pages: bool = False


@dataclass(frozen=True, eq=False)
class Bound:
    """The name that a value was bound to, where it is read, and the call in which that happens."""

    module: PythonModule
    binding: Binding
    read: cst.CSTNode
    within: Activation | None


@dataclass(frozen=True, eq=False)
class Made:
    """What an expression can come to. `kind` is "" where it is not known. `node` makes it, in a call of
    `within` where its function was called with known arguments; `name` tells more of an object: its class.

    `inner` are the values whose items it holds (`list(x)`), `bound` the name that it was bound to, and where
    that was read: what is put into it by then is in it.
    """

    kind: str
    module: PythonModule
    node: cst.CSTNode
    within: Activation | None = None
    name: str = ""
    answer: Answer | None = None
    inner: tuple[Made, ...] = ()
    bound: Bound | None = None
    whole: bool = True  # False: parts of it are not known


@dataclass(frozen=True)
class Part:
    """What a dict or list holds: the key where it is constant text, and the expressions."""

    key: str | None
    module: PythonModule
    value: cst.BaseExpression
    within: Activation | None
    written: cst.BaseExpression | None = None  # the key's expression


class Kinds:
    """Tells the kinds of expressions within one handler's reach. `more` adds library functions to the table:
    import path → kind."""

    def __init__(self, evaluator: Evaluator, more: Mapping[str, str] | None = None) -> None:
        self.evaluator = evaluator
        self._functions: Mapping[str, str] = {**_functions(), **(more or {})}
        self._memo: dict[tuple[int, int], tuple[Made, ...]] = {}
        self._activations: dict[tuple[int, int, int], Activation] = {}
        self._kept: dict[int, bool] = {}
        self._active: set[object] = set()
        self._steps = 0

    # What others ask

    def of(
        self, module: PythonModule, expr: cst.BaseExpression, within: Activation | None = None
    ) -> tuple[Made, ...]:
        """What the expression can come to, each once."""
        key = (id(expr), id(within))
        known = self._memo.get(key)
        if known is not None:
            return known
        self._steps += 1
        if key in self._active or self._steps > _MAX_STEPS:
            return (Made("", module, expr, within),)
        self._active.add(key)
        try:
            read = _READERS.get(expr.__class__)
            found = read(self, module, expr, within) if read is not None else ()
        finally:
            self._active.discard(key)
        made = _unique(found) or (Made("", module, expr, within),)
        if len(made) > _MAX_KINDS:
            made = (Made("", module, expr, within),)
        self._memo[key] = made
        return made

    def parts(self, made: Made) -> Iterator[Part]:
        """What is known to be in a dict or list: what it is written with, and what was put into it before it
        was read. A part that may have been taken out or converted since is left out."""
        parts = list(self._written(made))
        if made.bound is None:
            yield from parts
            return
        yield from Changes.of(made.bound.module).applied(made.bound, parts)

    def part(self, made: Made, key: str) -> tuple[Part, ...]:
        """What a dict can hold under a key; () where that is not known."""
        return tuple(part for part in self.parts(made) if part.key == key)

    def lacks(self, made: Made, key: str) -> bool:
        """Whether a dict certainly has no such key when it is read."""
        if made.kind != "dict" or not made.whole or not self._is_closed(made):
            return False
        if any(part.key in (key, None) for part in self.parts(made)):
            return False
        return made.bound is None or Changes.of(made.bound.module).never_adds(made.bound, key)

    def changed(self, made: Made) -> frozenset[str] | None:
        """The keys of a value that are set or taken out before it is read; None where any may be."""
        if made.bound is None:
            return frozenset()
        return Changes.of(made.bound.module).keys(made.bound)

    def returned(
        self, module: PythonModule, function: cst.FunctionDef | cst.Lambda, within: Activation | None = None
    ) -> tuple[Made, ...]:
        """What a function can return, but for its end: see `returns.replies`."""
        if isinstance(function, cst.Lambda):
            return self.of(module, function.body, within)
        found: list[Made] = []
        for value in _returns(module, function):
            found.extend(self.of(module, value, within) if value is not None else ())
        return _unique(found)

    def entered(
        self, module: PythonModule, call: cst.Call, within: Activation | None = None
    ) -> Iterator[tuple[PythonModule, cst.FunctionDef | cst.Lambda, Activation]]:
        """The functions of the application that a call runs, with what their parameters are given."""
        depth = within.depth + 1 if within is not None else 0
        if depth > _MAX_DEPTH:
            return
        for function in alternatives(self.evaluator.value(module, call.func)):
            if isinstance(function, Function):
                activation = self._activation(module, call, within, function, depth)
                yield function.module, function.node, activation

    # Contents

    def _written(self, made: Made) -> Iterator[Part]:
        node = made.node
        for inner in made.inner:
            yield from self.parts(inner)
        if made.inner:
            return
        if isinstance(node, cst.Dict):
            yield from self._written_dict(made, node)
        elif isinstance(node, (cst.List, cst.Tuple, cst.Set)):
            for element in node.elements:
                if isinstance(element, cst.Element):
                    yield Part(None, made.module, element.value, made.within)
        elif isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp)):
            yield Part(None, made.module, node.elt, made.within)
        elif isinstance(node, cst.DictComp):
            yield Part(None, made.module, node.value, made.within, node.key)
        elif isinstance(node, cst.Call) and made.name in _DICT_MAKERS:
            for argument in node.args:
                if argument.keyword is not None:
                    yield Part(argument.keyword.value, made.module, argument.value, made.within)

    def _written_dict(self, made: Made, node: cst.Dict) -> Iterator[Part]:
        """The entries of a dict; of those with the same key, the last."""
        found: list[Part] = []
        for entry in node.elements:
            if isinstance(entry, cst.DictElement):
                found.append(Part(_text(entry.key), made.module, entry.value, made.within, entry.key))
                continue
            spread = self.of(made.module, entry.value, made.within)
            if len(spread) == 1 and spread[0].kind == "dict":
                found.extend(self.parts(spread[0]))
        last = {part.key: part for part in found if part.key is not None}
        yield from (part for part in found if part.key is None or last[part.key] is part)

    def _is_closed(self, made: Made) -> bool:
        """Whether all keys that a dict is written with are known."""
        if made.inner:
            return all(self._is_closed(inner) for inner in made.inner)
        node = made.node
        if isinstance(node, cst.Dict):
            return all(
                isinstance(entry, cst.DictElement) and _text(entry.key) is not None for entry in node.elements
            )
        return made.name in _DICT_MAKERS and all(
            argument.keyword is not None for argument in getattr(node, "args", ())
        )

    # Expressions

    def _literal(self, module: PythonModule, expr: Any, within: Activation | None) -> Iterable[Made]:
        kind = _LITERALS.get(type(expr.evaluated_value), "")
        return (Made(kind, module, expr, within),)

    def _string(self, module: PythonModule, expr: Any, within: Activation | None) -> Iterable[Made]:
        first: Any = expr
        while isinstance(first, cst.ConcatenatedString):
            first = first.left
        return (Made("bytes" if "b" in first.prefix.lower() else "str", module, expr, within),)

    def _conditional(
        self, module: PythonModule, expr: cst.IfExp, within: Activation | None
    ) -> Iterable[Made]:
        return (*self.of(module, expr.body, within), *self.of(module, expr.orelse, within))

    def _named(self, module: PythonModule, expr: cst.NamedExpr, within: Activation | None) -> Iterable[Made]:
        return self.of(module, expr.value, within)

    def _boolean(
        self, module: PythonModule, expr: cst.BooleanOperation, within: Activation | None
    ) -> Iterable[Made]:
        left, right = self.of(module, expr.left, within), self.of(module, expr.right, within)
        if isinstance(expr.operator, cst.Or):
            return (*(made for made in left if made.kind != "none"), *right)
        # The left is the value only where it is empty.
        return (*(made if made.kind == "none" else replace(made, kind="") for made in left), *right)

    def _unary(
        self, module: PythonModule, expr: cst.UnaryOperation, within: Activation | None
    ) -> Iterable[Made]:
        if isinstance(expr.operator, cst.Not):
            return (Made("bool", module, expr, within),)
        kinds = {made.kind for made in self.of(module, expr.expression, within)}
        kind = kinds.pop() if len(kinds) == 1 else ""
        return (Made(kind if kind in (*_NUMBERS, "Decimal") else "", module, expr, within),)

    def _binary(
        self, module: PythonModule, expr: cst.BinaryOperation, within: Activation | None
    ) -> Iterable[Made]:
        left, right = self.of(module, expr.left, within), self.of(module, expr.right, within)
        found: list[Made] = []
        for one in left:
            for other in right:
                kind = _operation(expr.operator, one.kind, other.kind)
                inner = (one, other) if kind == "list" and isinstance(expr.operator, cst.Add) else ()
                found.append(Made(kind, module, expr, within, inner=inner, whole=bool(inner)))
        return found

    def _subscript(
        self, module: PythonModule, expr: cst.Subscript, within: Activation | None
    ) -> Iterable[Made]:
        if module.names.qualified(expr.value) == "os.environ":
            return (Made("str", module, expr, within),)
        index = expr.slice[0].slice if len(expr.slice) == 1 else None
        found: list[Made] = []
        for base in self.of(module, expr.value, within):
            if isinstance(index, cst.Slice):
                sliced = base.kind in ("str", "bytes", "list", "tuple") or base.answer is not None
                found.append(
                    Made(base.kind if sliced else "", module, expr, within, answer=base.answer, inner=(base,))
                    if sliced
                    else Made("", module, expr, within)
                )
            elif isinstance(index, cst.Index):
                found.extend(self._item(module, expr, base, index.value, within))
        return found

    def _item(
        self,
        module: PythonModule,
        expr: cst.BaseExpression,
        base: Made,
        key: cst.BaseExpression,
        within: Activation | None,
    ) -> Iterable[Made]:
        if base.answer is not None:
            return (self._answered(module, expr, within, base.answer, _constant(key)),)
        if base.kind == "str":
            return (Made("str", module, expr, within),)
        text = _text(key)
        if base.kind == "dict" and text is not None:
            parts = self.part(base, text)
            return [made for part in parts for made in self.of(part.module, part.value, part.within)]
        number = _constant(key)
        if base.kind in ("list", "tuple") and isinstance(number, int) and base.bound is None:
            items = list(self._written(base)) if isinstance(base.node, (cst.List, cst.Tuple)) else []
            if -len(items) <= number < len(items):
                part = items[number]
                return self.of(part.module, part.value, part.within)
        return (Made("", module, expr, within),)

    def _answered(
        self,
        module: PythonModule,
        expr: cst.CSTNode,
        within: Activation | None,
        answer: Answer,
        key: str | int | None,
    ) -> Made:
        place = (*answer.place, key if isinstance(key, str) else None)
        part = replace(answer, place=() if answer.pages else place, pages=False)
        return Made(answer_kinds(part).get((), ""), module, expr, within, answer=part)

    def _attribute(
        self, module: PythonModule, expr: cst.Attribute, within: Activation | None
    ) -> Iterable[Made]:
        name = expr.attr.value
        found: list[Made] = []
        for base in self.of(module, expr.value, within):
            kind = _attributes().get((base.kind, name))
            if kind is not None:
                found.append(Made(kind, module, expr, within))
        if found:
            return found
        owner = self.evaluator.value(module, expr.value)
        if isinstance(owner, Class):
            kind = self._member_kind(owner)
            return (Made(kind, module, expr, within, name=f"{owner.node.name.value}.{name}"),)
        return self._of_symbol(module, expr, within)

    def _member_kind(self, cls: Class) -> str:
        """The kind of an enumeration's member; "" for attributes of other classes."""
        bases = self._bases(cls)
        if not bases & (_ENUMS | {"enum.IntEnum", "enum.StrEnum"}):
            return ""
        return next((_ENCODED_BASES[base] for base in bases if base in _ENCODED_BASES), "enum member")

    # Names

    def _name(self, module: PythonModule, expr: cst.Name, within: Activation | None) -> Iterable[Made]:
        if expr.value in ("None", "True", "False"):
            return (Made("none" if expr.value == "None" else "bool", module, expr, within),)
        if _is_tested(module, expr):
            return ()
        bindings = self.evaluator.reaching(module, expr)
        if not bindings or any(each.kind is BindingKind.STAR_IMPORT for each in bindings):
            return ()
        bindings = certain(module, bindings, expr)
        if _is_converted(module, expr.value, bindings):
            return ()
        found: list[Made] = []
        for binding in bindings:
            found.extend(self._bound(module, expr, binding, within))
        return found

    def _bound(
        self, module: PythonModule, read: cst.Name, binding: Binding, within: Activation | None
    ) -> Iterable[Made]:
        inside = within if within is not None and binding.scope.node is within.function else None
        kind = binding.kind
        if kind is BindingKind.PARAMETER:
            return self._parameter(module, read, binding, inside)
        if kind in (BindingKind.IMPORT, BindingKind.IMPORT_FROM):
            return self._imported(module, read, binding)
        if kind is BindingKind.EXCEPT:
            return (Made("exception", module, read, within),)
        if kind is BindingKind.FUNCTION:
            return (Made("function", module, read, within, name=binding.name),)
        if kind is BindingKind.CLASS:
            return (Made("class", module, read, within, name=binding.name),)
        if kind in (BindingKind.FOR, BindingKind.COMPREHENSION):
            return self._looped(module, read, binding, inside)
        if kind is BindingKind.AUGMENTED:
            return self._augmented(module, read, binding, inside)
        if kind is BindingKind.WITH and isinstance(binding.node, cst.WithItem):
            entered = self.of(module, binding.node.item, inside)
            return [made if made.kind in _ENTERED else replace(made, kind="") for made in entered]
        if binding.value is not None:
            made = self.of(module, binding.value, inside)
            bound = Bound(module, binding, read, inside)
            return [replace(each, bound=bound) if _changes(each) else each for each in made]
        if kind is BindingKind.ASSIGN and isinstance(binding.node, cst.Assign):
            return self._unpacked(module, read, binding, inside)
        return ()

    def _unpacked(
        self, module: PythonModule, read: cst.Name, binding: Binding, within: Activation | None
    ) -> Iterable[Made]:
        """`a, b = f(), g()`, and `a, b = pair()` of a helper that returns a tuple."""
        assert isinstance(binding.node, cst.Assign)
        target = binding.target
        element = module.parent(target) if target is not None else None
        around = module.parent(element) if element is not None else None
        if not isinstance(around, (cst.Tuple, cst.List)) or not isinstance(
            module.parent(around), cst.AssignTarget
        ):
            return ()
        at = next(index for index, each in enumerate(around.elements) if each is element)
        if any(isinstance(each, cst.StarredElement) for each in around.elements):
            return ()
        found: list[Made] = []
        for made in self.of(module, binding.node.value, within):
            items = list(self._written(made)) if isinstance(made.node, (cst.Tuple, cst.List)) else []
            if len(items) != len(around.elements):
                return ()
            found.extend(self.of(items[at].module, items[at].value, items[at].within))
        return found

    def _parameter(
        self, module: PythonModule, read: cst.Name, binding: Binding, within: Activation | None
    ) -> Iterable[Made]:
        if within is None:
            return ()
        given = within.arguments.get(binding.name)
        if given is None:
            return ()
        home, value, outer = given
        made = self.of(home, value, outer)
        # What the function puts into what it is given is in it too; the caller's name is another.
        return [
            replace(each, inner=(each,), bound=Bound(module, binding, read, within))
            if _changes(each) and Changes.of(module).touches(module, binding)
            else each
            for each in made
        ]

    def _imported(self, module: PythonModule, read: cst.Name, binding: Binding) -> Iterable[Made]:
        found = self.evaluator.program.bound(module, binding)
        if found is None or found.binding is None or found.binding.value is None:
            return ()
        return self.of(found.module, found.binding.value)

    def _looped(
        self, module: PythonModule, read: cst.Name, binding: Binding, within: Activation | None
    ) -> Iterable[Made]:
        loop = binding.node
        if not isinstance(loop, (cst.For, cst.CompFor)) or not isinstance(loop.target, cst.Name):
            return ()
        found: list[Made] = []
        for made in self.of(module, loop.iter, within):
            if made.answer is not None:
                found.append(self._answered(module, read, within, made.answer, None))
            elif made.kind in ("list", "tuple", "set") and made.bound is None and not made.inner:
                for part in self._written(made):
                    found.extend(self.of(part.module, part.value, part.within))
            else:
                found.append(Made("", module, read, within))
        if isinstance(loop.iter, cst.Call) and all(not made.kind and made.answer is None for made in found):
            pages = self.evaluator.value(module, loop.iter)
            if isinstance(pages, Response) and pages.node is loop.iter:
                return self._of_symbol(module, read, within)
        return found

    def _augmented(
        self, module: PythonModule, read: cst.Name, binding: Binding, within: Activation | None
    ) -> Iterable[Made]:
        """`x += …` keeps the kind of a str, list or set, and of a number among numbers."""
        others = [each for each in binding.scope.bindings.get(binding.name, ()) if each is not binding]
        kinds: set[str] = set()
        for other in others:
            if other.kind is BindingKind.AUGMENTED:
                continue
            if other.value is None:
                return ()
            kinds.update(made.kind for made in self.of(module, other.value, within))
        kind = kinds.pop() if len(kinds) == 1 else ""
        return (
            Made(kind if kind in ("str", "list", "set", "dict") else "", module, read, within, whole=False),
        )

    def _of_symbol(
        self, module: PythonModule, expr: cst.BaseExpression, within: Activation | None
    ) -> Iterable[Made]:
        """By what the evaluator knows of attributes of objects, calls of the SDK and loops over pages. It
        keeps whatever may be, so only what all its alternatives agree on is told."""
        symbols = alternatives(self.evaluator.value(module, expr))
        found = [self._from(module, expr, within, symbol) for symbol in symbols]
        return found if len({made.kind for made in found}) == 1 else ()

    def _from(
        self, module: PythonModule, expr: cst.BaseExpression, within: Activation | None, symbol: Symbol
    ) -> Made:
        if isinstance(symbol, Literal):
            return Made(_LITERALS.get(type(symbol.value), ""), module, expr, within)
        if isinstance(symbol, Text) or (isinstance(symbol, EnvVar) and symbol.required):
            return Made("str", module, expr, within)
        if isinstance(symbol, Response):
            # For the evaluator, what is read or decoded of an answer is as good as the answer.
            read = isinstance(expr, cst.Call) and symbol.node is not expr
            if read or isinstance(expr, cst.Attribute):
                return Made("", module, expr, within)
            return self._response(module, expr, within, symbol)
        if isinstance(symbol, Sdk):
            return self._sdk(module, expr, within, symbol)
        if isinstance(symbol, Instance) and symbol.origin is None:
            kind = self._functions.get(symbol.qualified, "")
            return Made("" if kind in _SEEN_THROUGH else kind, module, expr, within, whole=False)
        if isinstance(symbol, Display):
            kind = _DISPLAYS.get(symbol.node.__class__, "dict")
            return Made("" if kind in _SEEN_THROUGH else kind, module, expr, within, whole=False)
        if isinstance(symbol, Object):
            return self._object(module, expr, within, symbol.cls)
        if isinstance(symbol, Function):
            return Made("function", module, expr, within)
        if isinstance(symbol, Class):
            return Made("class", module, expr, within, name=symbol.node.name.value)
        return Made("", module, expr, within)

    def _sdk(
        self, module: PythonModule, expr: cst.BaseExpression, within: Activation | None, symbol: Sdk
    ) -> Made:
        kind = {"client": "SDK client", "resource": "SDK resource", "object": "SDK resource"}.get(symbol.kind)
        return Made(kind or "", module, expr, within, name=symbol.service)

    def _response(
        self, module: PythonModule, expr: cst.BaseExpression, within: Activation | None, symbol: Response
    ) -> Made:
        member = self.evaluator.value(symbol.module, symbol.node.func)
        maker = member.base if isinstance(member, Member) else None
        kind = maker.kind if isinstance(maker, Sdk) else ""
        place = tuple(None if isinstance(step, int) else step for step in symbol.path)
        pages = kind == "paginator"
        if pages and place:
            place, pages = place[1:], False
        api = f"{symbol.service}.{symbol.operation}"
        answer = Answer(api, symbol.module, symbol.node, place, kind in ("object", "resource"), pages)
        kind = "dict" if not place and not pages else answer_kinds(answer).get((), "")
        return Made(kind, module, expr, within, answer=answer, whole=False)

    # Calls

    def _call(self, module: PythonModule, expr: cst.Call, within: Activation | None) -> Iterable[Made]:
        return self._called(module, expr, within, awaited=False)

    def _awaited(self, module: PythonModule, expr: cst.Await, within: Activation | None) -> Iterable[Made]:
        inner = expr.expression
        return self._called(module, inner, within, awaited=True) if isinstance(inner, cst.Call) else ()

    def _called(
        self, module: PythonModule, expr: cst.Call, within: Activation | None, awaited: bool
    ) -> Iterable[Made]:
        method = self._method_of_known(module, expr, within)
        if method is not None:
            return method
        found: list[Made] = []
        for function in alternatives(self.evaluator.value(module, expr.func)):
            if isinstance(function, External):
                found.extend(self._external(module, expr, within, function.qualified))
            elif isinstance(function, Function):
                found.extend(self._function(module, expr, within, function, awaited))
            elif isinstance(function, Class):
                found.append(self._object(module, expr, within, function))
            else:
                found.extend(self._of_symbol(module, expr, within))
        return found

    def _method_of_known(
        self, module: PythonModule, expr: cst.Call, within: Activation | None
    ) -> list[Made] | None:
        """Calls of methods on values whose kind is known; None for others."""
        if not isinstance(expr.func, cst.Attribute):
            return None
        name = expr.func.attr.value
        found: list[Made] = []
        for base in self.of(module, expr.func.value, within):
            if name == "get" and expr.args and (base.kind == "dict" or base.answer is not None):
                found.extend(self._got(module, expr, base, within))
            elif name == "copy" and (base.kind in ("dict", "list") or base.answer is not None):
                found.append(
                    replace(base, node=expr, inner=(base,), bound=None, module=module, within=within)
                )
            else:
                kind = _methods().get((base.kind, name))
                if kind is None:
                    return None
                found.append(Made(kind, module, expr, within))
        return found

    def _got(
        self, module: PythonModule, expr: cst.Call, base: Made, within: Activation | None
    ) -> Iterable[Made]:
        found = list(self._item(module, expr, base, expr.args[0].value, within))
        default = expr.args[1].value if len(expr.args) > 1 else None
        if default is not None and base.answer is not None:
            found.extend(self.of(module, default, within))
        return found or (Made("", module, expr, within),)

    def _external(
        self, module: PythonModule, expr: cst.Call, within: Activation | None, qualified: str
    ) -> Iterable[Made]:
        first = expr.args[0].value if expr.args and not expr.args[0].star else None
        if qualified in ("asyncio.run", "asyncio.wait_for") and isinstance(first, cst.Call):
            return self._called(module, first, within, awaited=True)
        if qualified == "typing.cast" and len(expr.args) > 1:
            return self.of(module, expr.args[1].value, within)
        if qualified in _EXCEPTIONS:
            return (Made("exception", module, expr, within, name=qualified.partition(".")[2]),)
        if qualified in _COPIES and first is not None:
            return [replace(made, bound=None, inner=(made,)) for made in self.of(module, first, within)]
        if qualified in _SAME_ITEMS:
            inner = self.of(module, first, within) if first is not None else ()
            kind = "tuple" if qualified == "builtins.tuple" else "list"
            known = inner if len(inner) == 1 and _has_items(inner[0]) else ()
            answer = known[0].answer if known else None
            return (Made(kind, module, expr, within, inner=known, answer=answer, whole=bool(known)),)
        if qualified in _DICT_MAKERS:
            inner = self.of(module, first, within) if first is not None and len(expr.args) == 1 else ()
            if first is not None and expr.args[0].keyword is not None:
                return (Made("dict", module, expr, within, name=qualified),)
            known = inner if len(inner) == 1 and inner[0].kind == "dict" else ()
            whole = bool(known) or not expr.args
            return (Made("dict", module, expr, within, name=qualified, inner=known, whole=whole),)
        if qualified in ("os.getenv", "os.environ.get"):
            return (Made("str" if len(expr.args) > 1 else "", module, expr, within),)
        kind = self._functions.get(qualified, "")
        if kind:
            return (Made(kind, module, expr, within, whole=False, name=qualified),)
        return self._of_symbol(module, expr, within)

    def _function(
        self,
        module: PythonModule,
        expr: cst.Call,
        within: Activation | None,
        function: Function,
        awaited: bool,
    ) -> Iterable[Made]:
        node = function.node
        home = function.module
        if isinstance(node, cst.FunctionDef):
            if not self._keeps_reply(home, node):
                return (Made("", module, expr, within),)
            if yields(home, node):
                kind = "generator" if node.asynchronous is None else "async generator"
                return (Made(kind, module, expr, within, name=node.name.value),)
            if node.asynchronous is not None and not awaited:
                return (Made("coroutine", module, expr, within, name=node.name.value),)
        depth = within.depth + 1 if within is not None else 0
        if depth > _MAX_DEPTH:
            return (Made("", module, expr, within),)
        activation = self._activation(module, expr, within, function, depth)
        return [*self.returned(home, node, activation), *self._ending(module, expr, within, home, node)]

    def _ending(
        self,
        module: PythonModule,
        expr: cst.Call,
        within: Activation | None,
        home: PythonModule,
        node: cst.FunctionDef | cst.Lambda,
    ) -> Iterable[Made]:
        from lambdalint.python.control import leaves

        if isinstance(node, cst.Lambda) or leaves(node.body, home):
            bare = isinstance(node, cst.FunctionDef) and None in _returns(home, node)
            return (Made("none", module, expr, within),) if bare else ()
        return (Made("none", module, expr, within),)

    def _keeps_reply(self, module: PythonModule, node: cst.FunctionDef) -> bool:
        known = self._kept.get(id(node))
        if known is None:
            known = not node.decorators or (
                not is_property(node) and decorators(self.evaluator, module, node).reply
            )
            self._kept[id(node)] = known
        return known

    def _activation(
        self, module: PythonModule, expr: cst.Call, within: Activation | None, function: Function, depth: int
    ) -> Activation:
        key = (id(expr), id(within), id(function.node))
        known = self._activations.get(key)
        if known is None:
            known = Activation(function.node, _arguments(module, expr, within, function), depth)
            self._activations[key] = known
        return known

    # Objects

    def _object(
        self, module: PythonModule, expr: cst.BaseExpression, within: Activation | None, cls: Class
    ) -> Made:
        bases = self._bases(cls)
        name = cls.node.name.value
        encoded = next((_ENCODED_BASES[base] for base in bases if base in _ENCODED_BASES), None)
        if encoded is not None:
            return Made(encoded, module, expr, within, whole=False)
        if any(base in _EXCEPTIONS or base.endswith(("Error", "Exception")) for base in bases):
            return Made("exception", module, expr, within, name=name)
        if bases - _PLAIN_BASES or self.evaluator.method(cls, "_asdict") is not None:
            return Made("", module, expr, within)
        return Made("object", module, expr, within, name=name)

    def _bases(self, cls: Class) -> frozenset[str]:
        """The import paths of the bases that are not the application's own, of all classes above."""
        found: set[str] = set()
        for home, node in self.evaluator.program.classes(cls.module, cls.node):
            for argument in node.bases:
                expr = argument.value.value if isinstance(argument.value, cst.Subscript) else argument.value
                definition = self.evaluator.program.definition(home, expr)
                if definition is None or not isinstance(definition.node, cst.ClassDef):
                    found.add(home.names.qualified(expr) or "?")
        return frozenset(found)


# For the evaluator, `list(x)` is as good as `x`.
_SEEN_THROUGH = frozenset({"iterator", "list", "range", "set", "tuple"})
_ENTERED = frozenset({"file", "HTTP session", "HTTP response", "executor"})
_DISPLAYS: Mapping[type[cst.CSTNode], str] = {
    cst.Dict: "dict",
    cst.List: "list",
    cst.Tuple: "tuple",
    cst.Set: "set",
}
_BY_SYNTAX: Mapping[type[cst.CSTNode], str] = {
    **_DISPLAYS,
    cst.Comparison: "bool",
    cst.DictComp: "dict",
    cst.FormattedString: "str",
    cst.GeneratorExp: "generator",
    cst.Lambda: "function",
    cst.ListComp: "list",
    cst.SetComp: "set",
}


def _by_syntax(kind: str) -> Any:
    return lambda kinds, module, expr, within: (Made(kind, module, expr, within),)


_READERS: Mapping[type[cst.CSTNode], Any] = {
    **{cls: _by_syntax(kind) for cls, kind in _BY_SYNTAX.items()},
    cst.Attribute: Kinds._attribute,
    cst.Await: Kinds._awaited,
    cst.BinaryOperation: Kinds._binary,
    cst.BooleanOperation: Kinds._boolean,
    cst.Call: Kinds._call,
    cst.ConcatenatedString: Kinds._string,
    cst.Float: Kinds._literal,
    cst.IfExp: Kinds._conditional,
    cst.Imaginary: Kinds._literal,
    cst.Integer: Kinds._literal,
    cst.Name: Kinds._name,
    cst.NamedExpr: Kinds._named,
    cst.SimpleString: Kinds._string,
    cst.Subscript: Kinds._subscript,
    cst.UnaryOperation: Kinds._unary,
}


def _unique(found: Iterable[Made]) -> tuple[Made, ...]:
    unique: dict[tuple[object, ...], Made] = {}
    for made in found:
        place = made.answer.place if made.answer is not None else None
        unique.setdefault((made.kind, id(made.node), id(made.within), place), made)
    return tuple(unique.values())


def _changes(made: Made) -> bool:
    """Whether something can be put into the value later."""
    return made.kind in ("dict", "list", "set") or made.answer is not None


def _has_items(made: Made) -> bool:
    return made.kind in ("list", "tuple", "set", "generator") or made.answer is not None


def _text(expr: cst.BaseExpression) -> str | None:
    value = _constant(expr)
    return value if isinstance(value, str) else None


def _constant(expr: cst.BaseExpression) -> str | int | None:
    if isinstance(expr, cst.SimpleString):
        value = expr.evaluated_value if "\\" in expr.value else expr.raw_value
        return value if isinstance(value, str) else None
    if isinstance(expr, cst.UnaryOperation) and isinstance(expr.operator, cst.Minus):
        inner = _constant(expr.expression)
        return -inner if isinstance(inner, int) else None
    return expr.evaluated_value if isinstance(expr, cst.Integer) else None


def _operation(operator: cst.BaseBinaryOp, left: str, right: str) -> str:
    """The kind of `left ∘ right`; "" where it is not certain."""
    if left == "str" and isinstance(operator, (cst.Modulo, cst.Add, cst.Multiply)):
        return "str"
    if "Decimal" in (left, right) and {left, right} <= {"Decimal", "int", "bool", ""}:
        return "Decimal" if isinstance(operator, _ARITHMETIC) else ""
    if left in _NUMBERS and right in _NUMBERS:
        return "float" if isinstance(operator, cst.Divide) or "float" in (left, right) else "int"
    if left in ("datetime", "date"):
        if isinstance(operator, cst.Subtract) and right == left:
            return "timedelta"
        return left if right == "timedelta" and isinstance(operator, (cst.Add, cst.Subtract)) else ""
    if left == right and left in ("list", "tuple", "bytes", "timedelta") and isinstance(operator, cst.Add):
        return left
    if left == "set" and isinstance(operator, (cst.BitAnd, cst.BitOr, cst.BitXor, cst.Subtract)):
        return "set"
    if left == right == "dict" and isinstance(operator, cst.BitOr):
        return "dict"
    return ""


_ARITHMETIC = (cst.Add, cst.Subtract, cst.Multiply, cst.Divide, cst.FloorDivide, cst.Modulo, cst.Power)


def _is_tested(module: PythonModule, name: cst.Name) -> bool:
    """Whether the function asks for the type of what the name holds: what it does then is not followed."""
    text = module.source.text
    if "isinstance(" not in text and "type(" not in text and "hasattr(" not in text:
        return False
    return name.value in _tested(module).get(id(module.enclosing_function(name)), ())


def _tested(module: PythonModule) -> Mapping[int, set[str]]:
    changes = Changes.of(module)
    if changes.tested is not None:
        return changes.tested
    tested: dict[int, set[str]] = {}
    for call in module.nodes(cst.Call):
        func = call.func
        if not isinstance(func, cst.Name) or func.value not in ("isinstance", "type", "hasattr"):
            continue
        if call.args and isinstance(call.args[0].value, cst.Name):
            function = id(module.enclosing_function(call))
            tested.setdefault(function, set()).add(call.args[0].value.value)
    changes.tested = tested
    return tested


def _is_converted(module: PythonModule, name: str, bindings: tuple[Binding, ...]) -> bool:
    """`x = list(x)` on one way only: what is left on the others is not told."""
    if len(bindings) < 2:
        return False
    return any(
        isinstance(node, cst.Name) and node.value == name and module.names.bound_by(node) is None
        for binding in bindings
        if binding.value is not None
        for node in module.descendants(binding.value)
    )


def yields(module: PythonModule, function: cst.FunctionDef) -> bool:
    """Whether calling the function makes a generator."""
    return any(module.enclosing_function(each) is function for each in module.nodes(cst.Yield))


def _returns(module: PythonModule, function: cst.FunctionDef) -> list[cst.BaseExpression | None]:
    from lambdalint.python.index import Index

    return Index.of(module).returns.get(id(function), [])


def _arguments(
    module: PythonModule, call: cst.Call, within: Activation | None, function: Function
) -> Mapping[str, tuple[PythonModule, cst.BaseExpression, Activation | None]]:
    params = function.node.params
    names = [param.name.value for param in (*params.posonly_params, *params.params)]
    found: dict[str, tuple[PythonModule, cst.BaseExpression, Activation | None]] = {}
    left = names[1:] if function.bound is not None else names
    spread = False
    for argument in call.args:
        if argument.star:
            spread = True
        elif argument.keyword is not None:
            found[argument.keyword.value] = (module, argument.value, within)
        elif left and not spread:
            found[left[0]] = (module, argument.value, within)
            left = left[1:]
    if not spread:
        for param in (*params.posonly_params, *params.params, *params.kwonly_params):
            if param.default is not None:
                found.setdefault(param.name.value, (function.module, param.default, None))
    return found


# The tables


@cache
def _functions() -> Mapping[str, str]:
    return {name: row["kind"] for row in load("value_kinds.toml")["function"] for name in row["names"]}


@cache
def _methods() -> Mapping[tuple[str, str], str]:
    rows = load("value_kinds.toml")["method"]
    return {(row["of"], name): row["kind"] for row in rows for name in row["names"]}


@cache
def _attributes() -> Mapping[tuple[str, str], str]:
    rows = load("value_kinds.toml")["attribute"]
    return {(row["of"], name): row["kind"] for row in rows for name in row["names"]}


@cache
def _responses() -> Mapping[str, tuple[tuple[Place, str], ...]]:
    found: dict[str, list[tuple[Place, str]]] = {}
    for row in load("response_kinds.toml")["response"]:
        for part in row["parts"]:
            found.setdefault(row["api"], []).append((_place(part), row["kind"]))
    return {api: tuple(parts) for api, parts in found.items()}


def _place(text: str) -> Place:
    steps: list[str | None] = []
    for word in text.split("."):
        steps.append(word.removesuffix("[]"))
        if word.endswith("[]"):
            steps.append(None)
    return tuple(steps)


def answer_kinds(answer: Answer) -> Mapping[Place, str]:
    """What JSON does not have in a part of an answer: kinds by the place below it; the part itself is ()."""
    found: dict[Place, str] = {}
    for place, kind in _responses().get(answer.api, ()):
        if place[: len(answer.place)] == answer.place:
            found[place[len(answer.place) :]] = kind
    return found
