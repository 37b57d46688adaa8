"""What becomes of what a call returns: which keys of it are read, and whether it goes where nobody can see.

A value is followed forward from the place where it arises: through names, attributes of objects, lists, dicts
and tuples that it is put into, what helpers return and what they are handed. Reads count wherever they stand,
so "nothing reads this key" is true for every way that the code can take. What goes to a library or to a
caller that is not seen is LOST: of it nothing may be claimed.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import library
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind
from lambdalint.python.references import TRANSPARENT
from lambdalint.python.symbols import Class, External, Function, Instance, Literal, Member, Symbol, given
from lambdalint.python.syntax import decorator_name, is_property, is_static, last_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

__all__ = ["Results", "Use", "Uses", "Way", "is_logging"]

Key = str | int | None


class Way(enum.Enum):
    """What one place does with a value."""

    KEY = "key"  # reads a part of it
    TEST = "test"  # asks whether it is there, empty, or has a key
    COUNT = "count"  # asks how long it is, and not only whether it is empty
    ONE = "one"  # takes the first few items
    WHOLE = "whole"  # goes through all of it, or joins it to something
    LOG = "log"  # only writes it down
    RETURN = "return"  # it is the handler's answer, or in it
    LOST = "lost"  # hands it to what is not seen


@dataclass(frozen=True)
class Use:
    """One use. `key` is what KEY reads (None: not known) and TEST asks for (None: nothing); `node` is the
    expression that gives the part, for other ways the place. `reason` says why a value is LOST."""

    way: Way
    module: PythonModule = field(repr=False)
    node: cst.CSTNode = field(repr=False)
    key: Key = None
    reason: str = ""


@dataclass(frozen=True)
class Uses:
    """All uses of one value, in no order."""

    found: tuple[Use, ...] = ()

    def __iter__(self) -> Iterator[Use]:
        return iter(self.found)

    def of(self, *ways: Way) -> tuple[Use, ...]:
        """The uses of some ways."""
        return tuple(use for use in self.found if use.way in ways)

    @cached_property
    def keys(self) -> frozenset[Key]:
        """The keys that are read or asked for; None among them where one cannot be told."""
        read = {use.key for use in self.of(Way.KEY)}
        return frozenset(read | {use.key for use in self.of(Way.TEST) if use.key is not None})

    def parts(self, key: Key) -> tuple[Use, ...]:
        """The places that read a key."""
        return tuple(use for use in self.of(Way.KEY) if use.key == key)

    @property
    def lost(self) -> Use | None:
        """A use after which nothing is known of the value; None where all uses are seen."""
        return next(iter(self.of(Way.LOST)), None)

    def leaves_unread(self, *keys: str) -> bool:
        """Whether it is certain that nothing reads any of these keys of a dict, nor hands the dict on."""
        if self.of(Way.LOST, Way.WHOLE, Way.RETURN, Way.ONE) or None in self.keys:
            return False
        return self.keys.isdisjoint(keys)

    @property
    def is_ignored(self) -> bool:
        """Whether nothing reads any part of it, asks for it or writes it down."""
        return not self.found

    @property
    def is_only_logged(self) -> bool:
        """Whether all that is done with it is to write it down."""
        return bool(self.found) and all(use.way is Way.LOG for use in self.found)


class Results:
    """What becomes of values within one handler's reach."""

    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self._known: dict[int, Uses] = {}

    def of(self, module: PythonModule, expr: cst.CSTNode) -> Uses:
        """What becomes of what an expression gives."""
        found = self._known.get(id(expr))
        if found is None:
            found = self._known[id(expr)] = _Follower(self.evaluator, self.reach).follow(module, expr)
        return found

    def of_items(self, module: PythonModule, expr: cst.CSTNode) -> Uses:
        """What becomes of each thing that going through the value of an expression gives: each page."""
        return _Follower(self.evaluator, self.reach).follow(module, expr, (None,))


_LOG_NAME = re.compile(r"log", re.IGNORECASE)
_LOG_METHODS = frozenset(
    {"critical", "debug", "error", "exception", "fatal", "info", "log", "trace", "warn", "warning"}
)


def is_logging(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> bool:
    """Whether a call only writes down, measures or traces what it is given."""
    func = call.func
    if isinstance(func, cst.Attribute) and func.attr.value in _LOG_METHODS:
        name = last_name(func.value.func if isinstance(func.value, cst.Call) else func.value)
        if _LOG_NAME.search(name):
            return True
    names = [_callee(option) for option in given(evaluator.value(module, func))]
    return bool(names) and all(name.startswith(library.HARMLESS_PREFIXES) for name in names)


def _callee(symbol: Symbol) -> str:
    """The import path of what is called; "" where it is not a library's."""
    if isinstance(symbol, External):
        return symbol.qualified
    if isinstance(symbol, Member) and isinstance(symbol.base, (External, Instance)):
        return f"{symbol.base.qualified}.{symbol.name}"
    return symbol.qualified if isinstance(symbol, Instance) else ""


# Following

# Functions that give back what they are given, or a list of the same items.
_SAME = frozenset(
    {
        "asyncio.run",
        "boto3.dynamodb.types.TypeDeserializer",
        "builtins.dict",
        "builtins.iter",
        "builtins.reversed",
        "copy.copy",
        "copy.deepcopy",
    }
)
_SAME_ITEMS = frozenset({"builtins.list", "builtins.set", "builtins.sorted", "builtins.tuple"})
_TEXT = frozenset(
    {"builtins.repr", "builtins.str", "json.dumps", "pprint.pformat", "simplejson.dumps", "builtins.format"}
)
_TESTS = frozenset(
    {"builtins.bool", "builtins.hasattr", "builtins.id", "builtins.isinstance", "builtins.type"}
)
_WHOLE = frozenset(
    {
        "builtins.all",
        "builtins.any",
        "builtins.enumerate",
        "builtins.filter",
        "builtins.map",
        "builtins.max",
        "builtins.min",
        "builtins.sum",
        "builtins.zip",
        "itertools.chain",
        "itertools.groupby",
    }
)
_GET = frozenset({"get", "pop", "setdefault"})
_GROW = frozenset({"append", "appendleft", "add", "clear", "extend", "insert", "remove", "update"})
_ALL = frozenset({"items", "keys", "read", "reverse", "sort", "values"})
_TEXT_METHODS = frozenset({"decode", "encode", "replace", "rstrip", "strip"})
_PLAIN_DECORATORS = frozenset({"staticmethod", "classmethod", "abstractmethod", "override"})
_MAX_WRAPPING = 4


@dataclass(frozen=True)
class _Place:
    """An expression that holds the value: `wrapped` is the way from what it gives to the value (() where it
    gives the value itself), `text` says that the value is in it as text."""

    module: PythonModule = field(repr=False)
    node: cst.CSTNode = field(repr=False)
    wrapped: tuple[Key, ...] = ()
    text: bool = False


class _Follower:
    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.found: dict[tuple[Way, int, Key, str], Use] = {}
        self.work: list[_Place] = []
        self.seen: set[tuple[int, tuple[Key, ...], bool]] = set()

    def follow(self, module: PythonModule, expr: cst.CSTNode, wrapped: tuple[Key, ...] = ()) -> Uses:
        self.go(_Place(module, expr, wrapped))
        while self.work:
            self.step(self.work.pop())
        return Uses(tuple(self.found.values()))

    def go(self, place: _Place) -> None:
        key = (id(place.node), place.wrapped, place.text)
        if key not in self.seen:
            self.seen.add(key)
            self.work.append(place)

    def use(self, way: Way, place: _Place, key: Key = None, reason: str = "") -> None:
        self.found.setdefault(
            (way, id(place.node), key, reason), Use(way, place.module, place.node, key, reason)
        )

    def lose(self, place: _Place, reason: str) -> None:
        self.use(Way.LOST, place, reason=reason)

    def whole(self, place: _Place, reason: str) -> None:
        """All of the value is used: of a list, that is all there is to know."""
        if place.wrapped or place.text:
            self.lose(place, reason)
        else:
            self.use(Way.WHOLE, place)

    def wrap(self, place: _Place, around: cst.CSTNode, key: Key) -> None:
        if len(place.wrapped) == _MAX_WRAPPING:
            self.lose(place, "put into much")
        else:
            self.go(replace(place, node=around, wrapped=(key, *place.wrapped)))

    def step(self, place: _Place) -> None:
        parent = place.module.parent(place.node)
        if parent is None:
            return
        read = _PARENTS.get(parent.__class__)
        if read is None:
            self.lose(place, parent.__class__.__name__)
        else:
            read(self, place, parent)

    # Expressions

    def nothing(self, place: _Place, parent: cst.CSTNode) -> None:
        pass

    def same(self, place: _Place, parent: cst.CSTNode) -> None:
        self.go(replace(place, node=parent))

    def tested(self, place: _Place, parent: cst.CSTNode) -> None:
        if not place.wrapped:
            self.use(Way.TEST, place)

    def conditional(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.IfExp)
        (self.tested if place.node is parent.test else self.same)(place, parent)

    def unary(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.UnaryOperation)
        if isinstance(parent.operator, cst.Not):
            self.tested(place, parent)
        else:
            self.whole(place, "computed")

    def binary(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.BinaryOperation)
        if place.text or isinstance(parent.operator, cst.Modulo):
            self.go(replace(place, node=parent, text=True))
        elif place.wrapped and isinstance(parent.operator, cst.Add):
            self.same(place, parent)
        else:
            self.whole(place, "computed")

    def formatted(self, place: _Place, parent: cst.CSTNode) -> None:
        self.go(replace(place, node=parent, text=True))

    def compared(self, place: _Place, parent: cst.CSTNode) -> None:
        if isinstance(parent, cst.ComparisonTarget):
            comparison = place.module.parent(parent)
            assert isinstance(comparison, cst.Comparison)
            if isinstance(parent.operator, (cst.In, cst.NotIn)):
                self.contained(place, comparison.left)
                return
        self.tested(place, parent)

    def contained(self, place: _Place, left: cst.BaseExpression) -> None:
        """`key in value`."""
        key = self.evaluator.value(place.module, left)
        known = isinstance(key, Literal) and isinstance(key.value, str)
        if place.wrapped:
            return
        if known and isinstance(key, Literal) and isinstance(key.value, str):
            self.use(Way.TEST, place, key.value)
        else:
            self.use(Way.WHOLE, place)

    def named(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.NamedExpr)
        if place.node is parent.value:
            self.assigned(place, parent.target)
            self.same(place, parent)

    def subscript(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.Subscript)
        if _is_stored_to(place.module, parent):
            return
        element = parent.slice[0].slice if len(parent.slice) == 1 else None
        if isinstance(element, cst.Slice):
            self.sliced(place, parent, element)
        elif isinstance(element, cst.Index):
            self.part(place, parent, self.evaluator.value(place.module, element.value))
        else:
            self.lose(place, "several indexes")

    def sliced(self, place: _Place, parent: cst.Subscript, part: cst.Slice) -> None:
        if place.wrapped or part.upper is None:
            self.same(place, parent)
        else:
            self.use(Way.ONE, replace(place, node=parent))

    def part(self, place: _Place, parent: cst.CSTNode, key: Symbol) -> None:
        """What is under a key of the value, or of what the value is in."""
        known: Key = None
        if isinstance(key, Literal) and isinstance(key.value, (str, int)):
            known = key.value
        inside = replace(place, node=parent, wrapped=place.wrapped[1:])
        if place.text:
            self.lose(place, "part of a text")
        elif not place.wrapped:
            self.use(Way.KEY, replace(place, node=parent), known)
        elif known is None or place.wrapped[0] is None or place.wrapped[0] == known:
            self.go(inside)

    def index(self, place: _Place, parent: cst.CSTNode) -> None:
        self.whole(place, "index")

    def attribute(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.Attribute)
        if place.node is not parent.value:
            return
        call = place.module.parent(parent)
        if not isinstance(call, cst.Call) or call.func is not parent:
            if _is_stored_to(place.module, parent):
                return
            self.lose(place, "attribute")
            return
        self.method(place, call, parent.attr.value)

    def method(self, place: _Place, call: cst.Call, name: str) -> None:
        if place.text:
            if name in _TEXT_METHODS:
                self.go(replace(place, node=call))
            else:
                self.lose(place, "text method")
        elif name in _GET and call.args:
            self.part(place, call, self.evaluator.value(place.module, call.args[0].value))
        elif name == "pop":
            self.part(place, call, Literal(0))
        elif name == "copy":
            self.same(place, call)
        elif name in _GROW:
            return
        elif name == "values" and place.wrapped:
            self.go(replace(place, node=call, wrapped=(None, *place.wrapped[1:])))
        elif name in _ALL:
            if not place.wrapped or name in ("items", "read"):
                self.whole(replace(place, node=call), name)
        else:
            self.lose(place, f"method {name}")

    # Containers

    def element(self, place: _Place, parent: cst.CSTNode) -> None:
        around = place.module.parent(parent)
        assert around is not None
        if isinstance(around, cst.Tuple):
            index = next(i for i, element in enumerate(around.elements) if element is parent)
            starred = any(isinstance(element, cst.StarredElement) for element in around.elements[:index])
            self.wrap(place, around, None if starred else index)
        else:
            self.wrap(place, around, None)

    def entry(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.DictElement)
        around = place.module.parent(parent)
        assert around is not None
        if place.node is parent.key:
            self.whole(place, "key")
            return
        key = self.evaluator.value(place.module, parent.key)
        known = isinstance(key, Literal) and isinstance(key.value, (str, int))
        self.wrap(place, around, key.value if known and isinstance(key, Literal) else None)  # type: ignore[arg-type]

    def starred(self, place: _Place, parent: cst.CSTNode) -> None:
        around = place.module.parent(parent)
        if around is not None and (place.wrapped or isinstance(parent, cst.StarredDictElement)):
            self.same(place, around)
        else:
            self.whole(place, "spread")

    def comprehension(self, place: _Place, parent: cst.CSTNode) -> None:
        if isinstance(parent, cst.DictComp):
            if place.node is parent.value:
                self.wrap(place, parent, None)
            else:
                self.whole(place, "key")
        else:
            self.wrap(place, parent, None)

    def iterated(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, (cst.For, cst.CompFor))
        if place.node is not parent.iter:
            return
        if place.text:
            self.lose(place, "text")
        elif not place.wrapped:
            self.use(Way.ONE if _stops_at_once(parent) else Way.WHOLE, replace(place, node=parent))
        elif not isinstance(place.wrapped[0], str):
            self.assigned(replace(place, wrapped=place.wrapped[1:]), parent.target)

    # Statements

    def assign(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.Assign)
        for target in parent.targets:
            self.assigned(place, target.target)

    def annotated(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.AnnAssign)
        if place.node is parent.value:
            self.assigned(place, parent.target)

    def augmented(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.AugAssign)
        if place.node is not parent.value:
            return
        if place.wrapped or place.text:
            self.assigned(place, parent.target)
        else:
            self.joined(place, parent.target)

    def joined(self, place: _Place, container: cst.BaseExpression) -> None:
        """All of a list is put into another one, which goes its own way."""
        self.use(Way.WHOLE, place)
        if isinstance(container, cst.Name):
            bindings = place.module.names.lookup(container)
            bound = place.module.names.bound_by(container)
            for binding in bindings or ((bound,) if bound is not None else ()):
                self.bound(place, place.module, binding, ordered=False)
        elif isinstance(container, cst.Attribute):
            self.kept(place, container.attr.value)

    def assigned(self, place: _Place, target: cst.BaseExpression) -> None:
        """Goes on at the reads of what a target binds."""
        module = place.module
        if isinstance(target, cst.Name):
            binding = module.names.bound_by(target)
            if binding is None:
                self.lose(place, "binding")
            else:
                self.bound(place, module, binding)
        elif isinstance(target, cst.Attribute):
            self.kept(place, target.attr.value)
        elif isinstance(target, cst.Subscript):
            self.stored(place, target)
        elif isinstance(target, (cst.Tuple, cst.List)):
            self.unpacked(place, target)
        else:
            self.lose(place, "target")

    def unpacked(self, place: _Place, target: cst.Tuple | cst.List) -> None:
        if not place.wrapped:
            self.whole(place, "unpacked")
            return
        wanted, rest = place.wrapped[0], place.wrapped[1:]
        if any(isinstance(element, cst.StarredElement) for element in target.elements):
            wanted = None
        for index, element in enumerate(target.elements):
            if wanted is None or wanted == index:
                if isinstance(element, cst.StarredElement):
                    self.assigned(place, element.value)
                else:
                    self.assigned(replace(place, wrapped=rest), element.value)

    def stored(self, place: _Place, target: cst.Subscript) -> None:
        """`container[key] = value`."""
        element = target.slice[0].slice if len(target.slice) == 1 else None
        key: Key = None
        if isinstance(element, cst.Index):
            symbol = self.evaluator.value(place.module, element.value)
            if isinstance(symbol, Literal) and isinstance(symbol.value, (str, int)):
                key = symbol.value
        self.put_into(place, target.value, key)

    def put_into(self, place: _Place, container: cst.BaseExpression, key: Key) -> None:
        if len(place.wrapped) == _MAX_WRAPPING:
            self.lose(place, "put into much")
            return
        inside = replace(place, wrapped=(key, *place.wrapped))
        if isinstance(container, cst.Name):
            bindings = place.module.names.lookup(container)
            if not bindings:
                self.lose(place, "container")
            for binding in bindings:
                self.bound(inside, place.module, binding, ordered=False)
        elif isinstance(container, cst.Attribute):
            self.kept(inside, container.attr.value)
        else:
            self.lose(place, "container")

    def bound(self, place: _Place, module: PythonModule, binding: Binding, ordered: bool = True) -> None:
        """Goes on at the reads of a name; `ordered` leaves out those that another binding comes before."""
        kind = binding.scope.kind
        if binding.is_import or (binding.kind is BindingKind.PARAMETER and not ordered):
            self.lose(place, "container of others")
            return
        if kind == "class":
            self.kept(place, binding.name)
            return
        if kind == "module" and self.reach.is_imported(module, binding.name):
            self.lose(place, "variable that other modules import")
            return
        for read in binding.reads:
            if not ordered or binding in self.evaluator.reaching(module, read):
                self.go(replace(place, module=module, node=read))

    def kept(self, place: _Place, name: str) -> None:
        """Goes on at every read of an attribute of that name."""
        for module in self.reach.modules:
            for attribute in module.nodes(cst.Attribute):
                if attribute.attr.value == name and not _is_stored_to(module, attribute):
                    self.go(replace(place, module=module, node=attribute))

    # Functions

    def returned(self, place: _Place, parent: cst.CSTNode) -> None:
        function = place.module.enclosing_function(place.node)
        if not isinstance(function, cst.FunctionDef):
            self.lose(place, "lambda")
            return
        if isinstance(parent, cst.Yield):
            place = replace(place, wrapped=(None, *place.wrapped))
        if self.reach.is_entry(place.module, function):
            self.use(Way.RETURN, place)
            return
        if is_property(function):
            self.kept(place, function.name.value)
            return
        for decorator in function.decorators:
            if decorator_name(decorator) not in TRANSPARENT | _PLAIN_DECORATORS:
                self.lose(place, "decorator")
                return
        self.to_callers(place, function)

    def to_callers(self, place: _Place, function: cst.FunctionDef) -> None:
        module = place.module
        sites = [
            (caller, call)
            for caller, call in self.reach.call_sites(module, function)
            if self.may_call(caller, call, function)
        ]
        if not sites or self.is_handed_on(module, function):
            self.lose(place, "callers that are not seen")
            return
        for caller, call in sites:
            self.go(replace(place, module=caller, node=call))

    def may_call(self, caller: PythonModule, call: cst.Call, function: cst.FunctionDef) -> bool:
        """Whether a call by a method's name can be this function's: `sns.publish` is not ours."""
        options = given(self.evaluator.value(caller, call.func))
        return not all(
            (isinstance(option, Function) and option.node is not function)
            or isinstance(option, (External, Instance))
            or (isinstance(option, Member) and not isinstance(option.base, (Class, Function)))
            for option in options
        )

    def is_handed_on(self, module: PythonModule, function: cst.FunctionDef) -> bool:
        """Whether something names the function without calling it: others may call it then."""
        name = function.name.value
        for other in self.reach.modules:
            method = module.enclosing_class(function) is not None
            if not method:
                for read in other.nodes(cst.Name):
                    if read.value == name and not _is_called(other, read) and other.names.lookup(read):
                        bindings = other.names.lookup(read)
                        if any(binding.node is function or binding.is_import for binding in bindings):
                            return True
            for attribute in other.nodes(cst.Attribute):
                if attribute.attr.value != name or _is_called(other, attribute):
                    continue
                if not _is_stored_to(other, attribute) and (method or _is_import(other, attribute)):
                    return True
        return False

    def argument(self, place: _Place, parent: cst.CSTNode) -> None:
        assert isinstance(parent, cst.Arg)
        call = place.module.parent(parent)
        if not isinstance(call, cst.Call):
            self.lose(place, "base class")
        elif is_logging(self.evaluator, place.module, call):
            self.use(Way.LOG, replace(place, node=call))
        elif parent.star:
            self.whole(place, "spread")
        else:
            self.passed(place, call, parent)

    def passed(self, place: _Place, call: cst.Call, argument: cst.Arg) -> None:
        if self.grows(place, call):
            return
        for option in given(self.evaluator.value(place.module, call.func)):
            function = option
            skip = 0
            if isinstance(option, Class):
                made = self.evaluator.method(option, "__init__")
                function, skip = (made, 1) if made is not None else (option, 0)
            if isinstance(function, Function) and isinstance(function.node, cst.FunctionDef):
                if function.bound is not None and not is_static(function.node):
                    skip = 1
                self.into(place, call, argument, function.module, function.node, skip)
            else:
                self.to_library(place, call, argument, _callee(option))

    def grows(self, place: _Place, call: cst.Call) -> bool:
        """Whether the call puts the value into a list, set or dict of the code."""
        func = call.func
        if not isinstance(func, cst.Attribute) or func.attr.value not in _GROW:
            return False
        symbol = self.evaluator.value(place.module, func.value)
        if any(isinstance(option, (Class, External, Function)) for option in given(symbol)):
            return False
        if func.attr.value in ("extend", "update"):
            if place.wrapped:
                self.put_into(replace(place, wrapped=place.wrapped[1:]), func.value, place.wrapped[0])
            elif func.attr.value == "extend" and not place.text:
                self.joined(place, func.value)
            else:
                self.whole(place, func.attr.value)
        else:
            self.put_into(place, func.value, None)
        return True

    def into(
        self,
        place: _Place,
        call: cst.Call,
        argument: cst.Arg,
        module: PythonModule,
        function: cst.FunctionDef,
        skip: int,
    ) -> None:
        """Goes on at the parameter that an argument becomes."""
        name = _parameter_name(call, argument, function, skip)
        scope = module.names.inner_scope(function)
        bindings = scope.bindings.get(name, []) if scope is not None and name else []
        found = [binding for binding in bindings if binding.kind is BindingKind.PARAMETER]
        if not found:
            self.lose(place, "arguments")
        for binding in found:
            self.bound(place, module, binding)

    def to_library(self, place: _Place, call: cst.Call, argument: cst.Arg, name: str) -> None:
        first = call.args[0] is argument
        there = replace(place, node=call)
        if name == "builtins.len":
            self.counted(place, call)
        elif name in _TESTS:
            self.tested(place, call)
        elif name in _TEXT and first:
            self.go(replace(there, text=True))
        elif name == "json.loads" and place.text:
            self.go(replace(there, text=False))
        elif name == "typing.cast":
            self.go(there)
        elif name == "builtins.next" and not place.text:
            if place.wrapped:
                self.go(replace(there, wrapped=place.wrapped[1:]))
            elif first:
                self.use(Way.ONE, there)
        elif name in _SAME and first:
            self.go(there)
        elif name in _SAME_ITEMS and first and not place.text:
            if not place.wrapped:
                self.use(Way.WHOLE, there)
            self.go(there)
        elif name in _WHOLE and not place.text:
            if not place.wrapped:
                self.use(Way.WHOLE, there)
            elif name == "builtins.enumerate":
                self.go(replace(there, wrapped=(None, 1, *place.wrapped[1:])))
            elif name not in ("builtins.any", "builtins.all", "builtins.sum"):
                self.lose(there, name)
        else:
            self.lose(there, name or "call")

    def counted(self, place: _Place, call: cst.Call) -> None:
        if place.wrapped:
            return
        parent = place.module.parent(call)
        compared = isinstance(parent, (cst.Comparison, cst.ComparisonTarget)) and _beside_number(
            place.module, call, parent
        )
        asked = isinstance(parent, (cst.If, cst.While, cst.BooleanOperation, cst.IfExp, cst.UnaryOperation))
        self.use(Way.TEST if compared or asked else Way.COUNT, replace(place, node=call))


def _stops_at_once(loop: cst.For | cst.CompFor) -> bool:
    """Whether a loop ends with its first item."""
    last = loop.body.body[-1] if isinstance(loop, cst.For) and loop.body.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, (cst.Break, cst.Return, cst.Raise))


def _is_stored_to(module: PythonModule, expr: cst.CSTNode) -> bool:
    """Whether an attribute or subscript is assigned to or deleted, and not read."""
    parent = module.parent(expr)
    return isinstance(parent, (cst.AssignTarget, cst.Del)) or (
        isinstance(parent, (cst.AnnAssign, cst.AugAssign)) and parent.target is expr
    )


def _is_called(module: PythonModule, expr: cst.CSTNode) -> bool:
    parent = module.parent(expr)
    return isinstance(parent, cst.Call) and parent.func is expr


def _is_import(module: PythonModule, attribute: cst.Attribute) -> bool:
    return isinstance(attribute.value, cst.Name) and module.names.import_of(attribute.value) is not None


def _beside_number(module: PythonModule, call: cst.CSTNode, parent: cst.CSTNode) -> bool:
    comparison = parent if isinstance(parent, cst.Comparison) else module.parent(parent)
    if not isinstance(comparison, cst.Comparison):
        return False
    sides = [comparison.left, *(target.comparator for target in comparison.comparisons)]
    return all(side is call or isinstance(side, cst.Integer) for side in sides)


def _parameter_name(call: cst.Call, argument: cst.Arg, function: cst.FunctionDef, skip: int) -> str:
    """The parameter that an argument becomes; "" where it is one of `*args` or `**kwargs`."""
    parameters = [*function.params.posonly_params, *function.params.params]
    if argument.keyword is not None:
        named = {parameter.name.value for parameter in (*parameters, *function.params.kwonly_params)}
        return argument.keyword.value if argument.keyword.value in named else ""
    position = 0
    for other in call.args:
        if other is argument:
            break
        if other.star:
            return ""
        position += other.keyword is None
    position += skip
    return parameters[position].name.value if position < len(parameters) else ""


_Reader = Callable[[_Follower, _Place, cst.CSTNode], None]
_PARENTS: dict[type[cst.CSTNode], _Reader] = {
    cst.AnnAssign: _Follower.annotated,
    cst.Arg: _Follower.argument,
    cst.Assert: _Follower.tested,
    cst.Assign: _Follower.assign,
    cst.Attribute: _Follower.attribute,
    cst.AugAssign: _Follower.augmented,
    cst.Await: _Follower.same,
    cst.BinaryOperation: _Follower.binary,
    cst.BooleanOperation: _Follower.same,
    cst.CompFor: _Follower.iterated,
    cst.CompIf: _Follower.tested,
    cst.Comparison: _Follower.compared,
    cst.ComparisonTarget: _Follower.compared,
    cst.Del: _Follower.nothing,
    cst.DictComp: _Follower.comprehension,
    cst.DictElement: _Follower.entry,
    cst.Element: _Follower.element,
    cst.Expr: _Follower.nothing,
    cst.For: _Follower.iterated,
    cst.FormattedString: _Follower.same,
    cst.FormattedStringExpression: _Follower.formatted,
    cst.GeneratorExp: _Follower.comprehension,
    cst.If: _Follower.tested,
    cst.IfExp: _Follower.conditional,
    cst.Index: _Follower.index,
    cst.ListComp: _Follower.comprehension,
    cst.NamedExpr: _Follower.named,
    cst.Return: _Follower.returned,
    cst.SetComp: _Follower.comprehension,
    cst.StarredDictElement: _Follower.starred,
    cst.StarredElement: _Follower.starred,
    cst.Subscript: _Follower.subscript,
    cst.UnaryOperation: _Follower.unary,
    cst.While: _Follower.tested,
    cst.Yield: _Follower.returned,
}
