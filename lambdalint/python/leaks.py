"""State of init that the invoke path only ever adds to: what one invocation puts there, the next one finds.

A cell is what outlives invocations and can grow: a list, dict, set, counter or buffer of module level, in a
class body, in an attribute of an object that init makes, or in a parameter's default. It is followed through
imports, aliases and arguments, and each place that reads it is judged: does it grow there, is it emptied, or
is it looked up by a key, as a cache is?
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.control import loops
from lambdalint.python.index import Index
from lambdalint.python.lifetimes import Life
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind
from lambdalint.python.reach import Phase
from lambdalint.python.syntax import last_name, parameter

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.lifetimes import Lifetimes
    from lambdalint.python.reach import Reach

__all__ = ["Leak", "leaks"]

_MAKERS = {
    "builtins.list": "list",
    "builtins.dict": "dict",
    "builtins.set": "set",
    "builtins.bytearray": "buffer",
    "collections.Counter": "counter",
    "collections.OrderedDict": "dict",
    "collections.defaultdict": "dict",
    "collections.deque": "list",
    "io.BytesIO": "buffer",
    "io.StringIO": "buffer",
    "queue.Queue": "list",
    "queue.SimpleQueue": "list",
}
_GROWING = frozenset(
    {"add", "append", "appendleft", "extend", "extendleft", "insert", "put", "put_nowait", "update", "write"}
)
_EMPTYING = frozenset(
    {"clear", "discard", "get_nowait", "pop", "popitem", "popleft", "remove", "seek", "truncate", "task_done"}
)
_LOOKING_UP = frozenset({"__contains__", "count", "get", "index", "setdefault", "has_key"})
# What is kept on purpose, by its name: caches, pools, what counts the invocations themselves.
_ON_PURPOSE = re.compile(
    r"cache|memo|pool|regist|clients?$|sessions?$|connections?$|instances?$|loaded|seen|histor|metric|stats?$"
    r"|invocation|invoke|cold|warm|requests?_?count|counts?_?of|calls?_?count|hit|miss|sequence|seq$|last_|_last"
    r"|reuse|singleton|handlers?$|plugins?$|hooks?$|routes?$|rate_?limit|throttl|breaker",
    re.IGNORECASE,
)
_IMMUTABLE = ("number", "text")
_MAX_DEPTH = 3
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})


@dataclass(frozen=True, eq=False)
class Leak:
    """A cell that invocations add to and nothing empties. `grown` are the statements or calls that do, in the
    order of the source; `made` is where it comes from."""

    kind: str
    name: str
    module: PythonModule
    made: cst.CSTNode
    grown: tuple[tuple[PythonModule, cst.CSTNode], ...]


@dataclass(eq=False)
class _Cell:
    kind: str
    name: str
    module: PythonModule
    made: cst.CSTNode
    bindings: Sequence[Binding] = ()
    attribute: tuple[PythonModule, cst.ClassDef] | None = None
    grown: list[tuple[PythonModule, cst.CSTNode]] = field(default_factory=list)
    emptied: bool = False
    keyed: bool = False  # looked up by a key, or asked whether it holds something


def leaks(evaluator: Evaluator, reach: Reach, lifetimes: Lifetimes) -> list[Leak]:
    """The cells of a reach that its invocations add to and never empty, in the order of the source."""
    return _Search(evaluator, reach, lifetimes).found()


class _Search:
    def __init__(self, evaluator: Evaluator, reach: Reach, lifetimes: Lifetimes) -> None:
        self.evaluator = evaluator
        self.program = evaluator.program
        self.reach = reach
        self.lifetimes = lifetimes

    def found(self) -> list[Leak]:
        leaks: list[Leak] = []
        for module in self.reach.modules:
            for cell in (*self._variables(module), *self._attributes(module), *self._defaults(module)):
                if _ON_PURPOSE.search(cell.name):
                    continue
                self._judge(cell)
                if cell.grown and not cell.emptied and not cell.keyed:
                    leaks.append(Leak(cell.kind, cell.name, cell.module, cell.made, tuple(cell.grown)))
        return leaks

    # Cells

    def _variables(self, module: PythonModule) -> Iterator[_Cell]:
        for name, bindings in module.names.module_scope.bindings.items():
            kind, made = self._made(module, bindings)
            if kind and self._may_grow(module, bindings):
                yield _Cell(kind, name, module, made or bindings[0].node, bindings)

    def _made(self, module: PythonModule, bindings: Sequence[Binding]) -> tuple[str, cst.CSTNode | None]:
        """What init binds a name to: the kind of the only thing that can grow; "" for anything else."""
        kinds: list[tuple[str, cst.CSTNode]] = []
        for binding in bindings:
            if binding.is_import or binding.kind in (BindingKind.FUNCTION, BindingKind.CLASS):
                return "", None
            if binding.value is None or Phase.INIT not in self.reach.phases(module, binding.node):
                continue
            kind = _kind(module, binding.value)
            if kind:
                kinds.append((kind, binding.target or binding.node))
        return kinds[0] if len(kinds) == 1 else ("", None)

    @staticmethod
    def _may_grow(module: PythonModule, bindings: Sequence[Binding]) -> bool:
        """Whether some function of the module, or another module, may add to it; cheap."""
        for read in bindings[0].reads:
            if module.enclosing_function(read) is not None:
                return True
        return len(bindings) > 1 or not bindings[0].name.startswith("_")

    def _attributes(self, module: PythonModule) -> Iterator[_Cell]:
        index = Index.of(module)
        for cls in module.nodes(cst.ClassDef):
            scope = module.names.inner_scope(cls)
            own = {
                name: [(target, value) for target, value in targets if self._is_of(module, cls, target)]
                for name, targets in index.attributes.items()
            }
            for name, bindings in scope.bindings.items() if scope is not None else ():
                kind, made = self._made(module, bindings)
                # `self.x += 1` gives the object a number of its own.
                shared = kind not in ("", *_IMMUTABLE) and not own.get(name)
                if shared and made is not None and not self._is_data(module, cls):
                    yield _Cell(kind, name, module, made, attribute=(module, cls))
            for name, targets in own.items():
                cell = self._of_object(module, cls, name, targets)
                if cell is not None:
                    yield cell

    def _of_object(
        self,
        module: PythonModule,
        cls: cst.ClassDef,
        name: str,
        targets: Sequence[tuple[cst.Attribute, cst.BaseExpression]],
    ) -> _Cell | None:
        """An attribute that the constructor fills, of objects that are kept for the environment's life."""
        if len(targets) != 1:
            return None  # set anew elsewhere
        target, value = targets[0]
        function = module.enclosing_function(target)
        kind = _kind(module, value)
        if not kind or not isinstance(function, cst.FunctionDef) or function.name.value not in _CONSTRUCTORS:
            return None
        if not self.lifetimes.of_object(module, cls).kept:
            return None
        return _Cell(kind, name, module, target, attribute=(module, cls))

    @staticmethod
    def _is_of(module: PythonModule, cls: cst.ClassDef, target: cst.Attribute) -> bool:
        return isinstance(target.value, cst.Name) and module.contains(cls, target)

    @staticmethod
    def _is_data(module: PythonModule, cls: cst.ClassDef) -> bool:
        """Whether a class body declares fields, of which each object has its own."""
        return bool(cls.decorators) or any(
            (module.names.qualified(base.value) or "").rsplit(".", 1)[-1]
            in ("BaseModel", "BaseSettings", "NamedTuple", "TypedDict", "Enum", "Struct")
            for base in cls.bases
        )

    def _defaults(self, module: PythonModule) -> Iterator[_Cell]:
        for param in module.nodes(cst.Param):
            default = param.default
            kind = _kind(module, default) if isinstance(default, (cst.List, cst.Dict, cst.Call)) else ""
            if not kind or default is None:
                continue
            parameters = module.parent(param)
            function = module.parent(parameters) if parameters is not None else None
            if not isinstance(function, cst.FunctionDef) or not self._is_left_out(module, function, param):
                continue
            scope = module.names.inner_scope(function)
            bindings = scope.bindings.get(param.name.value, ()) if scope is not None else ()
            if len(bindings) == 1:
                yield _Cell(kind, param.name.value, module, param, bindings)

    def _is_left_out(self, module: PythonModule, function: cst.FunctionDef, param: cst.Param) -> bool:
        """Whether some invocation calls the function without this argument."""
        position, _ = parameter(function, param.name.value)
        skip = 1 if module.enclosing_class(function) is not None else 0
        for caller, call in self.reach.call_sites(module, function):
            if Phase.INVOKE not in self.reach.phases(caller, call) or any(each.star for each in call.args):
                continue
            placed = sum(1 for each in call.args if each.keyword is None)
            named = any(each.keyword and each.keyword.value == param.name.value for each in call.args)
            if not named and (position < 0 or placed <= position - skip):
                return True
        return False

    # Reads

    def _judge(self, cell: _Cell) -> None:
        if cell.attribute is not None:
            self._rebound_attribute(cell)
            reads = self._attribute_reads(cell)
        else:
            self._rebound(cell)
            depth = _MAX_DEPTH if cell.kind in _IMMUTABLE else 0
            reads = self._reads(cell.module, cell.bindings, depth)
        seen: set[int] = set()
        for module, node in reads:
            if id(node) not in seen and Phase.INVOKE in self.reach.phases(module, node):
                seen.add(id(node))
                self._read(cell, module, node)
            if cell.emptied or cell.keyed:
                return
        cell.grown.sort(key=lambda place: (str(place[0].source.path), place[0].span(place[1]).start))

    def _reads(
        self, module: PythonModule, bindings: Sequence[Binding], depth: int = 0
    ) -> Iterator[tuple[PythonModule, cst.BaseExpression]]:
        """Where a variable is read, by other names too."""
        if not bindings:
            return
        for read in bindings[0].reads:
            yield module, read
            yield from self._as_another(module, read, depth)
        if bindings[0].scope is not module.names.module_scope:
            return
        name = bindings[0].name
        own = {id(binding) for binding in bindings}
        for other in self.reach.modules:
            if other is module or name not in other.source.text:
                continue
            for binding in other.names.imports:
                found = self.program.bound(other, binding)
                if found is not None and id(found.binding) in own:
                    yield from self._reads(other, [binding], depth)
            for attribute in other.nodes(cst.Attribute):
                if attribute.attr.value == name:
                    found = self.program.definition(other, attribute)
                    if found is not None and id(found.binding) in own:
                        yield other, attribute
                        yield from self._as_another(other, attribute, depth)

    def _attribute_reads(self, cell: _Cell) -> Iterator[tuple[PythonModule, cst.BaseExpression]]:
        assert cell.attribute is not None
        home, cls = cell.attribute
        for module in self.reach.modules:
            if cell.name not in module.source.text:
                continue
            for attribute in module.nodes(cst.Attribute):
                if attribute.attr.value == cell.name and self._belongs(module, attribute, home, cls):
                    yield module, attribute
                    yield from self._as_another(module, attribute, 0)

    def _belongs(
        self, module: PythonModule, attribute: cst.Attribute, home: PythonModule, cls: cst.ClassDef
    ) -> bool:
        """Whether an attribute may be of the class's objects, or of the class."""
        base = attribute.value
        if isinstance(base, cst.Name) and base.value in ("self", "cls"):
            function = module.enclosing_function(attribute)
            while function is not None:
                owner = module.enclosing_class(function)
                if owner is not None:
                    return any(node is cls for _, node in self.program.classes(module, owner))
                function = module.enclosing_function(function)
            return False
        for option in symbols.given(self.evaluator.value(module, base)):
            of = option.cls if isinstance(option, symbols.Object) else option
            if isinstance(of, symbols.Class):
                if any(node is cls for _, node in self.program.classes(of.module, of.node)):
                    return True
            elif isinstance(of, (symbols.Unknown, symbols.Parameter, symbols.Member)):
                return True
        return False

    def _as_another(
        self, module: PythonModule, read: cst.BaseExpression, depth: int
    ) -> Iterator[tuple[PythonModule, cst.BaseExpression]]:
        """Reads of another name for the same object: an alias, a parameter that it is passed for."""
        if depth >= _MAX_DEPTH:
            return
        parent = module.parent(read)
        if isinstance(parent, cst.Assign) and parent.value is read and len(parent.targets) == 1:
            target = parent.targets[0].target
            binding = module.names.bound_by(target) if isinstance(target, cst.Name) else None
            if binding is not None and binding.scope.kind == "function":
                yield from self._reads(module, [binding], depth + 1)
        elif isinstance(parent, cst.Arg):
            call = module.parent(parent)
            if isinstance(call, cst.Call):
                yield from self._as_parameter(module, call, parent, depth)

    def _as_parameter(
        self, module: PythonModule, call: cst.Call, argument: cst.Arg, depth: int
    ) -> Iterator[tuple[PythonModule, cst.BaseExpression]]:
        if argument.star:
            return
        position = next(at for at, each in enumerate(call.args) if each is argument)
        for option in symbols.alternatives(self.evaluator.value(module, call.func)):
            if not isinstance(option, symbols.Function) or not isinstance(option.node, cst.FunctionDef):
                continue
            params = [*option.node.params.posonly_params, *option.node.params.params]
            if argument.keyword is not None:
                name = argument.keyword.value
            else:
                at = position + (1 if option.bound is not None else 0)
                name = params[at].name.value if at < len(params) else ""
            scope = option.module.names.inner_scope(option.node)
            bindings = scope.bindings.get(name, ()) if scope is not None else ()
            if len(bindings) == 1:
                yield from self._reads(option.module, bindings, depth + 1)

    # What a read does

    def _read(self, cell: _Cell, module: PythonModule, node: cst.BaseExpression) -> None:
        parent = module.parent(node)
        if isinstance(parent, cst.Attribute):
            self._method(cell, module, parent)
        elif isinstance(parent, cst.Subscript) and parent.value is node:
            self._item(cell, module, parent)
        elif isinstance(parent, cst.AugAssign) and parent.target is node:
            self._grow(cell, module, parent)
        elif isinstance(parent, cst.ComparisonTarget):
            if isinstance(parent.operator, (cst.In, cst.NotIn)):
                cell.keyed = True
        elif isinstance(parent, cst.Del):
            cell.emptied = True
        elif isinstance(parent, cst.Arg) and self._is_heap(module, parent):
            self._grow(cell, module, module.parent(parent) or parent)

    @staticmethod
    def _is_heap(module: PythonModule, argument: cst.Arg) -> bool:
        call = module.parent(argument)
        return isinstance(call, cst.Call) and module.names.qualified(call.func) == "heapq.heappush"

    def _method(self, cell: _Cell, module: PythonModule, attribute: cst.Attribute) -> None:
        call = module.parent(attribute)
        if not isinstance(call, cst.Call) or call.func is not attribute:
            return
        method = attribute.attr.value
        if method in _EMPTYING:
            cell.emptied = True
        elif method in _LOOKING_UP:
            cell.keyed = cell.keyed or cell.kind != "list" or method == "index"
            cell.emptied = cell.emptied or (method == "get" and cell.kind == "list")  # of a queue
        elif method in _GROWING and not (method == "update" and _has_constant_keys(call)):
            self._grow(cell, module, call)

    def _item(self, cell: _Cell, module: PythonModule, item: cst.Subscript) -> None:
        parent = module.parent(item)
        index = item.slice[0].slice if item.slice else None
        if isinstance(parent, cst.Del):
            cell.emptied = True
        elif isinstance(parent, cst.AssignTarget):
            if isinstance(index, cst.Slice):
                cell.emptied = True
            elif isinstance(index, cst.Index) and cell.kind != "list" and not _is_constant(index.value):
                self._grow(cell, module, module.parent(parent) or parent)
        elif isinstance(parent, cst.AugAssign) and parent.target is item:
            self._grow(cell, module, parent)
        elif isinstance(parent, cst.Attribute) and _grows(module, parent):
            # `groups[key].append(item)`
            self._grow(cell, module, module.parent(parent) or parent)
        elif isinstance(index, cst.Index) and cell.kind in ("dict", "counter"):
            cell.keyed = cell.keyed or not _is_constant(index.value)

    def _grow(self, cell: _Cell, module: PythonModule, node: cst.CSTNode) -> None:
        if cell.kind == "number" and not self._accumulates(module, node):
            cell.keyed = True  # counts the invocations themselves
        elif self._runs_each_time(cell, module, node):
            cell.grown.append((module, node))
        else:
            cell.keyed = True  # filled where there was nothing, or nobody can tell

    def _runs_each_time(self, cell: _Cell, module: PythonModule, node: cst.CSTNode) -> bool:
        """Whether every invocation that comes here adds to a cell, rather than filling it where it is empty.

        An `except` is none of the ways to fill it, unless what it guards asks the cell.
        """
        made = self.lifetimes.of(module, node)
        around = made.keeper.node if made.keeper is not None else None
        while isinstance(around, (cst.ExceptHandler, cst.ExceptStarHandler)):
            home = made.keeper.module if made.keeper is not None else module
            tried = home.parent(around)
            if not isinstance(tried, (cst.Try, cst.TryStar)) or cell.name in home.tree.code_for_node(
                tried.body
            ):
                return False
            made = self.lifetimes.of(home, tried)
            around = made.keeper.node if made.keeper is not None else None
        return made.life is Life.INVOCATION

    @staticmethod
    def _accumulates(module: PythonModule, node: cst.CSTNode) -> bool:
        """Whether a number adds up what an invocation works on: by more than one, or in a loop."""
        if isinstance(node, cst.AugAssign) and isinstance(node.value, cst.Integer):
            return next(loops(module, node), None) is not None
        return True

    # Rebinding

    def _rebound(self, cell: _Cell) -> None:
        """`global x; x = []` empties it, `x = x + [item]` adds to it."""
        for binding in cell.bindings:
            place = binding.target or binding.node
            if isinstance(binding.node, cst.Param) or binding.kind is BindingKind.AUGMENTED:
                continue
            if Phase.INVOKE not in self.reach.phases(cell.module, place):
                continue
            if isinstance(binding.value, cst.BinaryOperation) and _mentions(binding.value, cell.name):
                self._grow(cell, cell.module, binding.node)
            else:
                cell.emptied = True
        # `module.x = []`
        for module in self.reach.modules:
            for target, _ in Index.of(module).attributes.get(cell.name, ()):
                found = self.program.definition(module, target.value)
                of_module = found is not None and found.binding is None and found.module is cell.module
                if of_module and Phase.INVOKE in self.reach.phases(module, target):
                    cell.emptied = True

    def _rebound_attribute(self, cell: _Cell) -> None:
        assert cell.attribute is not None
        for module in self.reach.modules:
            for target, value in Index.of(module).attributes.get(cell.name, ()):
                if target is cell.made or Phase.INVOKE not in self.reach.phases(module, target):
                    continue
                if isinstance(value, cst.BinaryOperation) and _mentions(value, cell.name):
                    continue
                if self._belongs(module, target, *cell.attribute):
                    cell.emptied = True


def _kind(module: PythonModule, value: cst.BaseExpression) -> str:
    """What grows: "list", "dict", "set", "counter", "buffer", "text"; "" for anything else."""
    if isinstance(value, (cst.List, cst.ListComp)):
        return "list"
    if isinstance(value, (cst.Dict, cst.DictComp)):
        return "dict"
    if isinstance(value, (cst.Set, cst.SetComp)):
        return "set"
    if isinstance(value, (cst.Integer, cst.Float)):
        return "number"
    if isinstance(value, cst.SimpleString):
        return "text"
    if isinstance(value, cst.Call):
        kind = _MAKERS.get(module.names.qualified(value.func) or "", "")
        bounded = any(argument.keyword and argument.keyword.value == "maxlen" for argument in value.args)
        return "" if bounded else kind
    return ""


def _has_constant_keys(call: cst.Call) -> bool:
    for argument in call.args:
        if argument.star:
            return False
        if argument.keyword is None:
            given = argument.value
            if not isinstance(given, cst.Dict) or not all(
                isinstance(element, cst.DictElement) and _is_constant(element.key)
                for element in given.elements
            ):
                return False
    return True


def _is_constant(expr: cst.BaseExpression) -> bool:
    if isinstance(expr, cst.UnaryOperation):
        return _is_constant(expr.expression)
    return isinstance(expr, (cst.SimpleString, cst.Integer)) or (
        isinstance(expr, cst.Name) and expr.value.isupper()
    )


def _grows(module: PythonModule, attribute: cst.Attribute) -> bool:
    call = module.parent(attribute)
    return isinstance(call, cst.Call) and call.func is attribute and attribute.attr.value in _GROWING


def _mentions(expr: cst.BinaryOperation, name: str) -> bool:
    stack: list[cst.BaseExpression] = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.BinaryOperation):
            stack += [node.left, node.right]
        elif last_name(node) == name:
            return True
    return False
