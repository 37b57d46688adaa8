"""How long what a call makes is there: for one invocation, or for as long as the execution environment lives.

The question is asked of a call (of anything that is evaluated): does it run while the environment starts, on
every invocation that comes to it, or only where nothing was kept by an earlier one? What keeps is a test of
state that outlives invocations (a module's variable, an attribute of a kept object, an entry of a dict), a
decorator that caches, a handler for what went wrong; in the function itself or in any that calls it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.control import ArmKind, arms, leaves
from lambdalint.python.module import PythonModule
from lambdalint.python.names import dotted_name
from lambdalint.python.reach import Phase
from lambdalint.python.references import TRANSPARENT
from lambdalint.python.state import State
from lambdalint.python.syntax import decorator_name, is_property, last_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

__all__ = ["Life", "Lifetimes", "Made", "Place"]


class Life(enum.Enum):
    """How long what an invocation makes stays."""

    ONCE = "once"  # made where there is none yet, and kept for the environment's life
    RENEWED = "renewed"  # kept likewise, and made anew when its age, its state or a failure asks for it
    INVOCATION = "invocation"  # made on every invocation that comes to it
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Place:
    """A node and the module that it stands in."""

    module: PythonModule
    node: cst.CSTNode


@dataclass(frozen=True, eq=False)
class Made:
    """When a call runs. `init`: while the environment starts. `life`: how long what an invocation makes of it
    stays; None where no invocation comes to it.

    `keeper` is the test, the decorator or the `except` clause by which it is kept. `way` leads from the call
    to the handler, call by call; it is empty where the call stands in the handler itself.
    """

    init: bool
    life: Life | None
    keeper: Place | None = None
    way: tuple[Place, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether what it makes is there for as long as the environment lives, and never made anew."""
        return self.life is Life.ONCE or (self.init and self.life is None)

    @property
    def by_import(self) -> bool:
        """Whether it is of the level of a module that an invocation is the first to import."""
        return self.keeper is not None and isinstance(self.keeper.node, cst.Module)


# Decorators that keep what a function returned. What they keep for a time only is kept with an age.
_CACHES = re.compile(r"cache|memo|singleton|once\b|lazy", re.IGNORECASE)
_AGED = re.compile(r"ttl|max_?age|expir|timeout|seconds|minutes|timed|refresh", re.IGNORECASE)
# Decorators that call the function each time and give its result.
_PLAIN = TRANSPARENT | frozenset(
    {
        "property",
        "staticmethod",
        "classmethod",
        "abstractmethod",
        "contextmanager",
        "asynccontextmanager",
        "override",
        "overload",
        "no_type_check",
        "capture",
        "capture_async",
        "handle_exceptions",
        "validate_call",
        "deprecated",
        "final",
    }
)
_PLAIN_CACHES = frozenset({"cache", "lru_cache", "cached", "memoize", "memoized"})
# Decorators by which a framework has a function called for some of the events.
_ROUTES = frozenset(
    {
        "get",
        "post",
        "put",
        "delete",
        "patch",
        "head",
        "options",
        "any",
        "route",
        "api_route",
        "resolver",
        "batch_resolver",
        "create",
        "update",
        "poll_create",
        "poll_update",
        "poll_delete",
        "event",
        "message",
        "command",
        "action",
        "view",
        "shortcut",
        "on_publish",
        "on_subscribe",
        "tool",
        "before_request",
        "after_request",
        "middleware",
    }
)
_CONSTRUCTORS = frozenset({"__init__", "__post_init__", "__attrs_post_init__"})
_QUIET_CLASS_DECORATORS = frozenset(
    {
        "dataclass",
        "dataclasses",
        "define",
        "attrs",
        "s",
        "frozen",
        "total_ordering",
        "final",
        "runtime_checkable",
    }
)
_ABSENT = frozenset(
    {"KeyError", "AttributeError", "NameError", "UnboundLocalError", "IndexError", "LookupError"}
)
_MAX_DEPTH = 12


class Lifetimes:
    """Answers for one handler's reach."""

    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.state = State(evaluator, reach)
        self._functions: dict[tuple[int, bool], Made | None] = {}
        self._objects: dict[int, Made] = {}
        self._active: set[tuple[int, bool]] = set()
        self._class_sites: dict[int, list[Place]] | None = None
        self._entries: frozenset[int] | None = None

    def of(self, module: PythonModule, node: cst.CSTNode) -> Made:
        """When the node runs, and how long what an invocation makes of it stays."""
        phases = self.reach.phases(module, node)
        init = Phase.INIT in phases
        if Phase.INVOKE not in phases:
            return Made(init, None)
        found = self._invoked(module, node) or Made(init, Life.UNKNOWN)
        return Made(init, found.life, found.keeper, found.way)

    def of_object(self, module: PythonModule, node: cst.ClassDef) -> Made:
        """The same for the objects of a class: when and how they are made."""
        found = self._objects.get(id(node))
        if found is None:
            found = self._objects[id(node)] = self._made_objects(module, node)
        return found

    # An invocation

    def _invoked(self, module: PythonModule, node: cst.CSTNode, stored: bool = False) -> Made | None:
        """How an invocation comes to a node; None where it is by recursion only, which adds no way.

        `stored` says that what it makes is put where other invocations find it: then any condition on the way
        has it made anew at times only.
        """
        kept = self._kept_here(module, node)
        if kept is not None:
            return kept
        stored = stored or self._is_stored(module, node)
        condition = next(self._questions(module, node), None) if stored else None
        if condition is not None:
            return Made(False, Life.RENEWED, Place(module, condition))
        function = module.enclosing_function(node)
        if function is None:
            # The level of a module that an invocation imports runs once.
            return Made(False, Life.ONCE, Place(module, module.tree))
        key = (id(function), stored)
        if key in self._functions:
            return self._functions[key]
        if key in self._active or len(self._active) > _MAX_DEPTH:
            return None
        self._active.add(key)
        try:
            found = self._called(module, function, stored)
        finally:
            self._active.discard(key)
        if found is not None or not self._active:
            self._functions[key] = found
        return found

    def _is_stored(self, module: PythonModule, node: cst.CSTNode) -> bool:
        place = self.state.stores(module, node)
        if place is None or not place.of_object:
            return place is not None
        function = module.enclosing_function(node)
        owner = module.enclosing_class(function) if function is not None else None
        if owner is None:
            return False
        made = self.of_object(module, owner)
        return made.life is None or made.life is Life.ONCE

    def _called(
        self, module: PythonModule, function: cst.FunctionDef | cst.Lambda, stored: bool
    ) -> Made | None:
        """How an invocation comes to a function's body."""
        if self.is_entry(module, function):
            return Made(False, Life.INVOCATION)
        if isinstance(function, cst.Lambda):
            return Made(False, Life.UNKNOWN)
        for decorator in function.decorators:
            found = self._decorated(module, function, decorator)
            if found is not None:
                return found
        sites = list(self._sites(module, function))
        if not sites:
            one_of_several = _is_route(function) or self._is_in_table(module, function)
            return Made(False, Life.INVOCATION if one_of_several else Life.UNKNOWN)
        return self._together(sites, stored)

    def _together(self, sites: Iterable[tuple[Place, bool]], stored: bool = False) -> Made | None:
        """What several places that may call together come to: one that runs on every invocation is enough."""
        found: dict[Life, Made] = {}
        for place, certain in sites:
            if Phase.INVOKE not in self.reach.phases(place.module, place.node):
                continue
            made = self._invoked(place.module, place.node, stored)
            if made is None:
                continue
            life = made.life if certain and made.life is not None else Life.UNKNOWN
            found.setdefault(life, Made(False, life, made.keeper, (place, *made.way)))
        for life in (Life.INVOCATION, Life.UNKNOWN, Life.RENEWED, Life.ONCE):
            if life in found:
                return found[life]
        return None

    def is_entry(self, module: PythonModule, function: cst.CSTNode) -> bool:
        """Whether Lambda calls the function: it is the handler, or what the handler's statement names."""
        if self._entries is None:
            self._entries = frozenset(self._named_by_entry())
        return self.reach.is_entry(module, function) or id(function) in self._entries

    def _named_by_entry(self) -> Iterator[int]:
        entry = self.reach.entry
        module = self.reach.modules[0]
        if isinstance(entry, (cst.Assign, cst.AnnAssign)) and entry.value is not None:
            expressions = [entry.value]
            if isinstance(entry.value, cst.Call):
                expressions += [argument.value for argument in entry.value.args]
            for expr in expressions:
                for option in symbols.alternatives(self.evaluator.value(module, expr)):
                    yield from self._callable(option)
        elif isinstance(entry, cst.ClassDef):
            yield from self._callable(symbols.Object(symbols.Class(module, entry)))

    def _callable(self, symbol: symbols.Symbol) -> Iterator[int]:
        if isinstance(symbol, symbols.Function):
            yield id(symbol.node)
        elif isinstance(symbol, symbols.Partial):
            yield from self._callable(symbol.function)
        elif isinstance(symbol, symbols.Object):
            method = self.evaluator.method(symbol.cls, "__call__")
            if method is not None:
                yield id(method.node)

    # Decorators

    def _decorated(
        self, module: PythonModule, function: cst.FunctionDef, decorator: cst.Decorator
    ) -> Made | None:
        """What a decorator makes of the function's calls; None where it calls it each time."""
        name = decorator_name(decorator)
        place = Place(module, decorator)
        if name == "cached_property":
            return self._for_object(module, function, Life.ONCE, place)
        text = dotted_name(_function_of(decorator)) or name
        if name in _PLAIN_CACHES or _CACHES.search(text):
            whole = module.tree.code_for_node(decorator.decorator)
            renewed = (
                _AGED.search(whole) or self._has_varying_key(module, function) or self._is_cleared(function)
            )
            return Made(False, Life.RENEWED if renewed else Life.ONCE, place)
        if name in _PLAIN or _is_route_name(decorator):
            return None
        return None if self._just_calls(module, decorator) else Made(False, Life.UNKNOWN, place)

    def _has_varying_key(self, module: PythonModule, function: cst.FunctionDef) -> bool:
        """Whether some call of a cached function passes the time, by which the cache is renewed."""
        for caller, call in self.reach.call_sites(module, function):
            for argument in call.args:
                if self.state.tells_time(caller, argument.value):
                    return True
        return False

    def _is_cleared(self, function: cst.FunctionDef) -> bool:
        """Whether an invocation empties the cache of a function."""
        name = function.name.value
        return any(
            attribute.attr.value == "cache_clear"
            and last_name(attribute.value) == name
            and Phase.INVOKE in self.reach.phases(module, attribute)
            for module in self.reach.modules
            for attribute in module.nodes(cst.Attribute)
        )

    def _just_calls(self, module: PythonModule, decorator: cst.Decorator) -> bool:
        """Whether a decorator of the application's own calls what it decorates each time."""
        for option in symbols.alternatives(self.evaluator.value(module, _function_of(decorator))):
            if not isinstance(option, symbols.Function) or not isinstance(option.node, cst.FunctionDef):
                return False
            home, node = option.module, option.node
            if _CACHES.search(node.name.value):
                return False
            parameters = {parameter.name.value for parameter in node.params.params}
            inner = [each for each in home.nodes(cst.FunctionDef) if home.contains(node.body, each)]
            for each in inner:
                parameters.update(parameter.name.value for parameter in each.params.params)
            calls = [
                call
                for call in home.nodes(cst.Call)
                if isinstance(call.func, cst.Name)
                and call.func.value in parameters
                and home.contains(node.body, call)
            ]
            if not calls or any(self._kept_here(home, call) is not None for call in calls):
                return False
            if any(arm.kind is ArmKind.EXCEPT for call in calls for arm in arms(home, call)):
                return False
        return True

    # Where it is called

    def _sites(self, module: PythonModule, function: cst.FunctionDef) -> Iterator[tuple[Place, bool]]:
        """The places that run a function's body, and whether it is certain that they do."""
        name = function.name.value
        owner = module.enclosing_class(function)
        if owner is not None and name in _CONSTRUCTORS:
            certain = self._is_plain_class(module, owner)
            sites = [(place, certain) for place in self._constructions(owner)]
            yield from sites
            for caller, call in self.reach.call_sites(module, function):
                if isinstance(call.func, cst.Attribute) and call.func.attr.value == name:
                    yield Place(caller, call), certain  # super().__init__()
            return
        if owner is not None and is_property(function):
            yield from self._reads(module, owner, function)
            return
        if owner is not None and name in ("__enter__", "__aenter__"):
            yield from self._entered(owner)
            return
        for caller, call in self.reach.call_sites(module, function):
            calls = self._calls(caller, call, function)
            if calls is not None:
                yield Place(caller, call), calls

    def _calls(self, caller: PythonModule, call: cst.Call, function: cst.FunctionDef) -> bool | None:
        """Whether a call is of the function: None where it is of another, False where it cannot be told."""
        certain = True
        for option in symbols.alternatives(self.evaluator.value(caller, call.func)):
            if isinstance(option, symbols.Function):
                if option.node is function:
                    return True
                certain = False
            elif isinstance(option, (symbols.Unknown, symbols.Parameter, symbols.Member)) and not isinstance(
                getattr(option, "base", None), (symbols.Sdk, symbols.Instance, symbols.FromEvent)
            ):
                return False
        return None if not certain or isinstance(call.func, cst.Attribute) else False

    def _reads(
        self, module: PythonModule, owner: cst.ClassDef, function: cst.FunctionDef
    ) -> Iterator[tuple[Place, bool]]:
        name = function.name.value
        for caller in self.reach.modules:
            for attribute in caller.nodes(cst.Attribute):
                if attribute.attr.value != name:
                    continue
                bases = symbols.given(self.evaluator.value(caller, attribute.value))
                owners = [
                    [node for _, node in self.evaluator.program.classes(base.cls.module, base.cls.node)]
                    for base in bases
                    if isinstance(base, symbols.Object)
                ]
                if any(owner in above for above in owners):
                    yield Place(caller, attribute), True
                elif any(isinstance(base, (symbols.Unknown, symbols.Parameter)) for base in bases):
                    yield Place(caller, attribute), False

    def _entered(self, owner: cst.ClassDef) -> Iterator[tuple[Place, bool]]:
        for caller in self.reach.modules:
            for item in caller.nodes(cst.WithItem):
                for option in symbols.alternatives(self.evaluator.value(caller, item.item)):
                    if isinstance(option, symbols.Object) and option.cls.node is owner:
                        yield Place(caller, item), True

    def _is_in_table(self, module: PythonModule, function: cst.FunctionDef) -> bool:
        """Whether the function is an entry of a written-out table, from which it is picked and called."""
        scope = module.names.scope(function)
        for binding in scope.bindings.get(function.name.value, ()):
            for read in binding.reads if binding.node is function else ():
                if isinstance(module.parent(read), (cst.DictElement, cst.Element)):
                    return True
        return False

    # Objects

    def _constructions(self, cls: cst.ClassDef) -> list[Place]:
        """The calls that make objects of a class, or of one that is derived from it."""
        if self._class_sites is None:
            self._class_sites = self._find_constructions()
        return self._class_sites.get(id(cls), [])

    def _find_constructions(self) -> dict[int, list[Place]]:
        found: dict[int, list[Place]] = {}
        program = self.evaluator.program
        names = {node.name.value for module in self.reach.modules for node in module.nodes(cst.ClassDef)}
        for module in self.reach.modules:
            for call in module.nodes(cst.Call) if names else ():
                name = last_name(call.func)
                made: list[tuple[PythonModule, cst.ClassDef]] = []
                if name == "cls":
                    function = module.enclosing_function(call)
                    owner = module.enclosing_class(function) if function is not None else None
                    made = [(module, owner)] if owner is not None else []
                elif name in names:
                    definition = program.definition(module, call.func)
                    if definition is not None and isinstance(definition.node, cst.ClassDef):
                        made = [(definition.module, definition.node)]
                for home, node in made:
                    for _, above in program.classes(home, node):
                        found.setdefault(id(above), []).append(Place(module, call))
        return found

    def _is_plain_class(self, module: PythonModule, node: cst.ClassDef) -> bool:
        """Whether each call of the class makes an object, as far as can be seen."""
        for home, cls in self.evaluator.program.classes(module, node):
            if any(keyword.keyword is not None for keyword in cls.keywords) and not all(
                last_name(keyword.value) == "ABCMeta" for keyword in cls.keywords
            ):
                return False
            if any(decorator_name(each) not in _QUIET_CLASS_DECORATORS for each in cls.decorators):
                return False
            scope = home.names.inner_scope(cls)
            if scope is not None and "__new__" in scope.bindings:
                return False
        return True

    def _made_objects(self, module: PythonModule, node: cst.ClassDef) -> Made:
        certain = self._is_plain_class(module, node)
        sites = self._constructions(node)
        init = any(Phase.INIT in self.reach.phases(each.module, each.node) for each in sites)
        invoked = self._together((each, certain) for each in sites)
        if invoked is None:
            return Made(init, None if init else Life.UNKNOWN)
        return Made(init, invoked.life, invoked.keeper, invoked.way)

    def _for_object(self, module: PythonModule, function: cst.CSTNode, life: Life, keeper: Place) -> Made:
        """What is kept by the object of a method: no longer than the object is."""
        owner = module.enclosing_class(function)
        if owner is None:
            return Made(False, Life.UNKNOWN, keeper)
        made = self.of_object(module, owner)
        if made.life is None:
            return Made(False, life, keeper)
        if made.init and made.life is Life.INVOCATION:
            return Made(False, Life.UNKNOWN, keeper)  # which of the objects it is cannot be told
        if made.life is Life.ONCE:
            return Made(False, life, keeper)
        return Made(False, made.life, keeper, made.way)

    # What keeps it

    def _kept_here(self, module: PythonModule, node: cst.CSTNode) -> Made | None:
        """What keeps the result of a node within its function; None where nothing does."""
        found: list[Made] = []
        for test in self._questions(module, node):
            made = self._asked(module, node, test)
            if made is not None:
                found.append(made)
        for arm in arms(module, node):
            if arm.kind is ArmKind.EXCEPT:
                clause = module.parent(arm.part)
                assert isinstance(clause, (cst.ExceptHandler, cst.ExceptStarHandler))
                absent = _catches_absence(clause) and self.state.mentioned(module, arm.node.body)  # type: ignore[attr-defined]
                found.append(Made(False, Life.ONCE if absent else Life.RENEWED, Place(module, clause)))
        for life in (Life.UNKNOWN, Life.RENEWED, Life.ONCE, Life.INVOCATION):
            for made in found:
                if made.life is life:
                    return made
        return None

    def _questions(self, module: PythonModule, node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
        """The tests that decide whether a node is come to, the innermost first: of branches around it, and of
        those before it that leave the block."""
        for arm in arms(module, node):
            if arm.test is not None and arm.kind is not ArmKind.CASE:
                yield arm.test
        below = node
        for above in module.ancestors(node):
            if isinstance(above, (cst.IndentedBlock, cst.Module)):
                yield from self._before(above, below)
            if isinstance(above, (cst.FunctionDef, cst.Lambda)):
                return
            below = above

    @staticmethod
    def _before(block: cst.IndentedBlock | cst.Module, below: cst.CSTNode) -> Iterator[cst.BaseExpression]:
        for statement in block.body:
            if statement is below:
                return
            yield from _leaving_tests(statement)

    def _asked(self, module: PythonModule, node: cst.CSTNode, test: cst.BaseExpression) -> Made | None:
        answer = self.state.asks(module, test, node)
        if answer is None:
            return None
        place = Place(module, test)
        life = Life.ONCE if answer.presence else Life.RENEWED
        if answer.nested:
            return Made(False, Life.UNKNOWN, place)
        if answer.of_object:
            function = module.enclosing_function(test)
            while function is not None and module.enclosing_class(function) is None:
                function = module.enclosing_function(function)
            if function is not None:
                return self._for_object(module, function, life, place)
        return Made(False, life, place)


def _leaving_tests(statement: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The tests that decide whether a statement leaves its block: `if x: return x`, also within others."""
    if isinstance(statement, cst.If):
        branch: cst.If | cst.Else | None = statement
        while isinstance(branch, cst.If):
            inner = [test for each in branch.body.body for test in _leaving_tests(each)]
            if inner or leaves(branch.body):
                yield branch.test
                yield from inner
            branch = branch.orelse
        if isinstance(branch, cst.Else):
            yield from (test for each in branch.body.body for test in _leaving_tests(each))
    elif isinstance(statement, (cst.Try, cst.With)):
        for each in statement.body.body:
            yield from _leaving_tests(each)
            # `try: return cache[key]` before what fills the cache.
            small = each.body[-1] if isinstance(each, cst.SimpleStatementLine) else None
            if isinstance(small, cst.Return) and small.value is not None:
                yield small.value


def _function_of(decorator: cst.Decorator) -> cst.BaseExpression:
    expr = decorator.decorator
    return expr.func if isinstance(expr, cst.Call) else expr


def _is_route_name(decorator: cst.Decorator) -> bool:
    return isinstance(_function_of(decorator), cst.Attribute) and decorator_name(decorator) in _ROUTES


def _is_route(function: cst.FunctionDef) -> bool:
    return any(_is_route_name(decorator) for decorator in function.decorators)


def _catches_absence(clause: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    caught = clause.type
    if caught is None:
        return False
    names = [element.value for element in caught.elements] if isinstance(caught, cst.Tuple) else [caught]
    return all(last_name(name) in _ABSENT for name in names)
