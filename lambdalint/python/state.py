"""State that outlives an invocation, and what tests ask about it.

That is what code of a function leaves where the next invocation finds it: a variable of a module that a
function assigns (`global`), an attribute of an object, a class, a module or a function, an entry of a dict or
list of module level or of a default argument, an environment variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.index import Index
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind
from lambdalint.python.reach import Phase
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

# What makes a clock, and libraries' objects that forget what they keep after a time.
_CLOCKS = re.compile(r"^(?:time|datetime|arrow|pendulum)\b")
_FORGETTING = re.compile(r"ttl|cache|expir|redis|memcache|valkey", re.IGNORECASE)
_GROWING = frozenset({"add", "append", "extend", "insert", "setdefault", "update"})
_READING = re.compile(r"^(?:get|load|read|fetch|find|lookup)(?:$|_)|_get$")
_FILE_TESTS = frozenset({"os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.getsize"})
_LOOKUPS = frozenset({"get", "pop", "setdefault", "copy"})
_NAMESPACES = frozenset({"builtins.globals", "builtins.locals", "builtins.vars"})
_MEASURES = frozenset({"builtins.len", "builtins.bool", "builtins.any", "builtins.all"})
_MAX_DEPTH = 3


@dataclass(frozen=True)
class Asked:
    """What a test asks about state.

    `presence`: only whether there is any. `of_object`: the state is an attribute of the object whose method
    this is, and lives as long as that. `nested`: it is a variable of a function around.
    """

    presence: bool
    of_object: bool = False
    nested: bool = False


@dataclass(frozen=True)
class _Cell:
    """State that a test mentions. `ages`: reading it may say that it is too old."""

    of_object: bool = False
    nested: bool = False
    ages: bool = False


class State:
    """What of a reach outlives an invocation."""

    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self._written: dict[tuple[int, str], bool] = {}
        self._attributes: frozenset[str] | None = None
        self._functions: dict[int, bool] = {}

    def asks(self, module: PythonModule, test: cst.BaseExpression, node: cst.CSTNode) -> Asked | None:
        """What a test asks about state; None where it asks about none. `node` is what it decides about."""
        cells = list(self._cells(module, test)) or list(self._found_elsewhere(module, test, node))
        if not cells:
            return None
        presence = self._presence(module, test) and not any(cell.ages for cell in cells)
        return Asked(
            presence,
            all(cell.of_object for cell in cells),
            any(cell.nested for cell in cells),
        )

    def stores(self, module: PythonModule, node: cst.CSTNode, depth: int = 0) -> Asked | None:
        """Where code keeps what a node gives for other invocations, itself or by way of local variables; only
        `of_object` of the answer has a meaning."""
        below = node
        for above in module.ancestors(node):
            if isinstance(above, cst.Assign) and below is above.value:
                return self._kept_by(module, above, depth)
            if isinstance(above, cst.BaseSmallStatement | cst.BaseStatement):
                return None
            below = above
        return None

    def _kept_by(self, module: PythonModule, assign: cst.Assign, depth: int) -> Asked | None:
        targets = [target.target for target in assign.targets]
        cells = [cell for target in targets if (cell := self._stored(module, target)) is not None]
        if cells:
            return Asked(False, all(cell.of_object for cell in cells))
        if depth >= _MAX_DEPTH:
            return None
        for target in targets:
            binding = module.names.bound_by(target) if isinstance(target, cst.Name) else None
            for read in binding.reads if binding is not None else ():
                found = self.stores(module, read, depth + 1)
                if found is not None:
                    return found
        return None

    def _stored(self, module: PythonModule, target: cst.BaseExpression) -> _Cell | None:
        if isinstance(target, cst.Name):
            binding = module.names.bound_by(target)
            return _Cell() if binding is not None and binding.scope is module.names.module_scope else None
        if isinstance(target, cst.Attribute):
            return next(self._of_attribute(module, target), None)
        if isinstance(target, cst.Subscript):
            return next(self._cells(module, target.value), None)
        return None

    def mentioned(self, module: PythonModule, node: cst.CSTNode) -> bool:
        """Whether code reads state."""
        return next(self._cells(module, node), None) is not None

    def tells_time(self, module: PythonModule, expr: cst.CSTNode, depth: int = 0) -> bool:
        """Whether an expression has to do with the time of day."""
        for node in module.descendants(expr):
            if isinstance(node, cst.Name) and depth < _MAX_DEPTH:
                bindings = module.names.lookup(node)
                if any(
                    binding.value is not None
                    and binding.scope is not module.names.module_scope
                    and self.tells_time(module, binding.value, depth + 1)
                    for binding in bindings
                ):
                    return True
            if not isinstance(node, cst.Call):
                continue
            if _CLOCKS.match(module.names.qualified(node.func) or ""):
                return True
            if depth < _MAX_DEPTH:
                for option in symbols.alternatives(self.evaluator.value(module, node.func)):
                    if isinstance(option, symbols.Function) and self._reads_clock(option):
                        return True
        return False

    def is_written(self, module: PythonModule, name: str) -> bool:
        """Whether a function changes a variable of module level: assigns it, its items or its attributes."""
        key = (id(module), name)
        found = self._written.get(key)
        if found is None:
            found = self._written[key] = self._is_written(module, name)
        return found

    # What a test mentions

    def _cells(self, module: PythonModule, expr: cst.CSTNode, depth: int = 0) -> Iterator[_Cell]:
        for node in module.descendants(expr):
            if isinstance(node, cst.Name):
                yield from self._of_name(module, node, depth)
            elif isinstance(node, cst.Attribute):
                yield from self._of_attribute(module, node)
            elif isinstance(node, cst.Call):
                yield from self._of_call(module, node, depth)

    def _of_name(self, module: PythonModule, name: cst.Name, depth: int) -> Iterator[_Cell]:
        for binding in module.names.lookup(name):
            if binding.is_import:
                found = self.evaluator.program.bound(module, binding)
                if (
                    found is not None
                    and found.binding is not None
                    and _is_variable(found.binding)
                    and self.is_written(found.module, found.binding.name)
                ):
                    yield self._cell(module, name)
                    return
            elif binding.scope is module.names.module_scope:
                if _is_variable(binding) and self.is_written(module, binding.name):
                    yield self._cell(module, name)
                    return
            elif binding.kind is BindingKind.PARAMETER:
                if _has_own_memory(binding):
                    yield _Cell()
                    return
            elif binding.scope is not module.names.scope(name) and self._is_nonlocal(module, binding):
                yield _Cell(nested=True)
                return
            elif depth < _MAX_DEPTH and (value := _assigned(binding)) is not None:
                cells = list(self._of_alias(module, value, depth + 1))
                if cells:
                    ages = self.tells_time(module, value)
                    yield from (_Cell(cell.of_object, cell.nested, cell.ages or ages) for cell in cells)
                    return

    def _of_alias(self, module: PythonModule, value: cst.BaseExpression, depth: int) -> Iterator[_Cell]:
        """The state that a local variable stands for. What a method returned is not the state that it was
        called on, unless it is what a dict holds."""
        if not isinstance(value, cst.Call):
            yield from self._cells(module, value, depth)
        elif isinstance(value.func, cst.Attribute) and value.func.attr.value in _LOOKUPS:
            yield from self._cells(module, value.func.value, depth)
        else:
            yield from self._of_call(module, value, depth)

    def _cell(self, module: PythonModule, expr: cst.Name) -> _Cell:
        options = symbols.alternatives(self.evaluator.value(module, expr))
        ages = any(self._forgets(option) for option in options)
        return _Cell(ages=ages or self._is_emptied(module, expr))

    def _is_emptied(self, module: PythonModule, name: cst.Name) -> bool:
        """Whether an invocation takes away what a variable keeps, so that it is made anew: sets it to None,
        deletes it or an item of it, clears it."""
        bindings = module.names.lookup(name)
        for binding in bindings:
            place = binding.target or binding.node
            gone = binding.kind is BindingKind.DELETE or (
                isinstance(binding.value, cst.Name) and binding.value.value == "None"
            )
            if gone and self._is_invoked(module, place):
                return True
        reads = [read for binding in bindings[:1] for read in binding.reads]
        return any(_is_taken_from(module, read) and self._is_invoked(module, read) for read in reads)

    def _is_invoked(self, module: PythonModule, node: cst.CSTNode) -> bool:
        in_function = module.enclosing_function(node) is not None
        return in_function and Phase.INVOKE in self.reach.phases(module, node)

    @staticmethod
    def _forgets(symbol: symbols.Symbol) -> bool:
        """Whether an object may drop what it keeps by itself."""
        if isinstance(symbol, symbols.Instance):
            return symbol.origin is None and _FORGETTING.search(symbol.qualified) is not None
        return (
            isinstance(symbol, symbols.Object) and _FORGETTING.search(symbol.cls.node.name.value) is not None
        )

    def _of_attribute(self, module: PythonModule, attribute: cst.Attribute) -> Iterator[_Cell]:
        name = attribute.attr.value
        if isinstance(attribute.value, cst.Name) and module.names.qualified(attribute) == "os.environ":
            if any(
                last_name(target.value) == "environ"
                for target, _ in Index.of(module).items.get("environ", ())
            ):
                yield _Cell()
            return
        if name not in self._assigned_attributes():
            return
        base = attribute.value
        if isinstance(base, cst.Name) and base.value == "self":
            in_class = self._is_class_attribute(module, attribute)
            yield _Cell(of_object=not in_class)
        elif isinstance(base, cst.Name):
            options = symbols.alternatives(self.evaluator.value(module, base))
            if self._is_kept_object(module, base) or any(
                isinstance(option, (symbols.Class, symbols.Function, symbols.LocalModule))
                for option in options
            ):
                yield _Cell()
        elif isinstance(base, (cst.Attribute, cst.Call)) and _begins_with(base, "self"):
            # `type(self)._client`, `self.__class__._client`, `self._state.client`.
            of_class = isinstance(base, cst.Call) or base.attr.value == "__class__"
            yield _Cell(of_object=not of_class)

    def _is_class_attribute(self, module: PythonModule, attribute: cst.Attribute) -> bool:
        """Whether `self.x` is state of the class: set on the class, or a dict in its body."""
        name = attribute.attr.value
        for home in self.reach.modules:
            for target, _ in Index.of(home).attributes.get(name, ()):
                base = target.value
                if isinstance(base, cst.Name) and base.value != "self":
                    if base.value == "cls" or base.value[:1].isupper():
                        return True
                elif last_name(base) == "__class__" or isinstance(base, cst.Call):
                    return True
        function = module.enclosing_function(attribute)
        while function is not None:
            owner = module.enclosing_class(function)
            if owner is not None:
                assigned = [
                    target
                    for target, _ in Index.of(module).attributes.get(name, ())
                    if module.contains(owner, target)
                ]
                scope = module.names.inner_scope(owner)
                in_body = scope is not None and name in scope.bindings
                return in_body and not assigned
            function = module.enclosing_function(function)
        return False

    def _of_call(self, module: PythonModule, call: cst.Call, depth: int) -> Iterator[_Cell]:
        qualified = module.names.qualified(call.func)
        if qualified in ("builtins.hasattr", "builtins.getattr") and len(call.args) > 1:
            base = call.args[0].value
            own = isinstance(base, cst.Name) and base.value == "self"
            kept = own or self._is_kept_object(module, base)
            if kept:
                yield _Cell(of_object=own)
        elif qualified in _NAMESPACES or qualified in _FILE_TESTS:
            yield _Cell()
        elif depth < _MAX_DEPTH and not self._gets_event(module, call):
            for option in symbols.alternatives(self.evaluator.value(module, call.func)):
                if isinstance(option, symbols.Function) and self._reads_state(option):
                    yield _Cell(of_object=isinstance(option.bound, symbols.Object), ages=True)

    def _is_kept_object(self, module: PythonModule, base: cst.BaseExpression) -> bool:
        if not isinstance(base, cst.Name):
            return False
        if base.value == "cls":
            return True
        return any(
            binding.scope is module.names.module_scope or binding.is_import
            for binding in module.names.lookup(base)
        )

    def _gets_event(self, module: PythonModule, call: cst.Call) -> bool:
        for argument in call.args:
            for option in symbols.alternatives(self.evaluator.value(module, argument.value)):
                if isinstance(option, (symbols.FromEvent, symbols.Context)):
                    return True
        return False

    def _found_elsewhere(
        self, module: PythonModule, test: cst.BaseExpression, node: cst.CSTNode
    ) -> Iterator[_Cell]:
        """`token = cache.get(…)`, `if not token: token = …`: kept in what is not of this process."""
        for name in module.descendants(test):
            if not isinstance(name, cst.Name):
                continue
            for binding in module.names.lookup(name):
                if binding.scope is module.names.module_scope or not isinstance(binding.value, cst.Call):
                    continue
                if not _READING.search(last_name(binding.value.func)) or module.contains(binding.node, node):
                    continue
                if self._is_assigned(module, binding, node) and not self._gets_event(module, binding.value):
                    yield _Cell(ages=True)

    @staticmethod
    def _is_assigned(module: PythonModule, binding: Binding, node: cst.CSTNode) -> bool:
        """Whether another binding of the same variable gets what the node gives."""
        return any(
            other is not binding and module.contains(other.node, node)
            for other in binding.scope.bindings.get(binding.name, ())
        )

    # What functions read and write

    def _reads_state(self, function: symbols.Function) -> bool:
        key = id(function.node)
        if key not in self._functions:
            self._functions[key] = False
            self._functions[key] = next(self._cells(function.module, function.node.body, 1), None) is not None
        return self._functions[key]

    def _reads_clock(self, function: symbols.Function) -> bool:
        return any(
            isinstance(node, cst.Call) and _CLOCKS.match(function.module.names.qualified(node.func) or "")
            for node in function.module.descendants(function.node.body)
        )

    def _is_written(self, module: PythonModule, name: str) -> bool:
        scope = module.names.module_scope
        bindings = scope.bindings.get(name, ())
        for binding in bindings:
            if (
                module.enclosing_function(binding.target or binding.node) is not None
                and not binding.is_import
            ):
                return True
        index = Index.of(module)
        reads = {id(read) for binding in bindings for read in binding.reads}
        for target, _ in index.items.get(name, ()):
            if id(target.value) in reads and module.enclosing_function(target) is not None:
                return True
        for binding in bindings[:1]:
            for read in binding.reads:
                if module.enclosing_function(read) is not None and _is_grown(module, read):
                    return True
        # `module.name = value` in another module, `name.attribute = value` here.
        for home in self.reach.modules:
            for attribute, _ in Index.of(home).attributes.get(name, ()):
                in_function = home.enclosing_function(attribute) is not None
                if in_function and self._is_of_module(home, attribute, module):
                    return True
        return any(
            id(target.value) in reads and module.enclosing_function(target) is not None
            for targets in index.attributes.values()
            for target, _ in targets
        )

    def _is_of_module(self, home: PythonModule, target: cst.Attribute, module: PythonModule) -> bool:
        return any(
            isinstance(option, symbols.LocalModule) and option.module is module
            for option in symbols.alternatives(self.evaluator.value(home, target.value))
        )

    @staticmethod
    def _is_nonlocal(module: PythonModule, binding: Binding) -> bool:
        """Whether a function within changes a variable of the function around it."""
        own = binding.scope.node
        if any(
            binding.name in scope.nonlocal_names for scope in module.names.scopes if scope.kind == "function"
        ):
            return True
        reads = {id(read) for read in binding.reads}
        return any(
            id(target.value) in reads and module.enclosing_function(target) is not own
            for target, _ in Index.of(module).items.get(binding.name, ())
        )

    def _assigned_attributes(self) -> frozenset[str]:
        """The attributes that some function other than a constructor assigns."""
        if self._attributes is None:
            found: set[str] = set()
            for module in self.reach.modules:
                index = Index.of(module)
                for name, targets in index.attributes.items():
                    if any(_is_outside_constructor(module, target) for target, _ in targets):
                        found.add(name)
                found.update(
                    name
                    for name, targets_ in index.items.items()
                    if any(isinstance(target.value, cst.Attribute) for target, _ in targets_)
                )
            self._attributes = frozenset(found)
        return self._attributes

    # Presence

    def _presence(self, module: PythonModule, test: cst.BaseExpression) -> bool:
        """Whether a test asks only whether there is something: `not x`, `x is None`, `key in x`."""
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            return self._presence(module, test.expression)
        if isinstance(test, cst.NamedExpr):
            return self._presence(module, test.value)
        if isinstance(test, cst.BooleanOperation):
            return self._presence_of_both(module, test)
        if isinstance(test, cst.Comparison):
            return len(test.comparisons) == 1 and self._presence_by_comparison(module, test)
        if isinstance(test, cst.Call):
            qualified = module.names.qualified(test.func)
            if qualified in _MEASURES and len(test.args) == 1:
                return self._presence(module, test.args[0].value)
            method = last_name(test.func)
            return qualified in ("builtins.hasattr", "builtins.getattr", *_FILE_TESTS) or method == "get"
        if isinstance(test, cst.Attribute):
            # `connection.closed` asks more of `connection` than whether it is there.
            return test.attr.value in self._assigned_attributes()
        return isinstance(test, (cst.Name, cst.Subscript))

    def _presence_of_both(self, module: PythonModule, test: cst.BooleanOperation) -> bool:
        sides = (test.left, test.right)
        presence = [self._presence(module, side) for side in sides]
        if all(presence):
            return True
        # `conn is None and event["write"]`: still only where there is none.
        return isinstance(test.operator, cst.And) and all(
            found or not self.mentioned(module, side) for found, side in zip(presence, sides, strict=True)
        )

    def _presence_by_comparison(self, module: PythonModule, test: cst.Comparison) -> bool:
        target = test.comparisons[0]
        if isinstance(target.operator, (cst.In, cst.NotIn)):
            return True
        other = target.comparator
        empty = (isinstance(other, cst.Name) and other.value in ("None", "False", "True")) or (
            isinstance(other, (cst.Integer, cst.SimpleString)) and other.value in ("0", '""', "''")
        )
        if isinstance(other, (cst.Dict, cst.List)):
            empty = not other.elements
        return empty and self._presence(module, test.left)


def _is_variable(binding: Binding) -> bool:
    return (
        binding.kind not in (BindingKind.FUNCTION, BindingKind.CLASS, BindingKind.TYPE)
        and not binding.is_import
    )


def _assigned(binding: Binding) -> cst.BaseExpression | None:
    """What a binding gets, or is a part of: `kept, time = cache[key]`."""
    if binding.value is None and isinstance(binding.node, cst.Assign):
        return binding.node.value
    return binding.value


def _has_own_memory(binding: Binding) -> bool:
    """A parameter whose default is a dict or list: made once, with the function."""
    default = binding.node.default if isinstance(binding.node, cst.Param) else None
    return isinstance(default, (cst.Dict, cst.List, cst.Set))


def _is_taken_from(module: PythonModule, read: cst.Name) -> bool:
    """`del kept[key]`, `kept.pop(key)`, `kept.clear()`."""
    parent = module.parent(read)
    around = module.parent(parent) if parent is not None else None
    if isinstance(parent, cst.Subscript):
        return isinstance(around, cst.Del)
    return (
        isinstance(parent, cst.Attribute)
        and parent.attr.value in ("clear", "pop", "popitem")
        and isinstance(around, cst.Call)
    )


def _is_grown(module: PythonModule, read: cst.Name) -> bool:
    attribute = module.parent(read)
    return (
        isinstance(attribute, cst.Attribute)
        and attribute.attr.value in _GROWING
        and isinstance(module.parent(attribute), cst.Call)
    )


def _is_outside_constructor(module: PythonModule, target: cst.CSTNode) -> bool:
    function = module.enclosing_function(target)
    return isinstance(function, cst.FunctionDef) and function.name.value not in ("__init__", "__post_init__")


def _begins_with(expr: cst.BaseExpression, name: str) -> bool:
    while True:
        if isinstance(expr, cst.Attribute):
            expr = expr.value
        elif isinstance(expr, cst.Call):
            if not expr.args:
                return False
            expr = expr.args[0].value
        else:
            return isinstance(expr, cst.Name) and expr.value == name
