"""Where the invocations read what init made: the value itself, and all that init made of it.

A value is followed forward through names, attributes, containers, helpers and calls of libraries, as far as
code of the init phase takes it. What a call returns counts as made of its arguments, and so does the object
whose method gets them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.lifetimes import Place
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding
from lambdalint.python.reach import Phase
from lambdalint.python.results import is_logging
from lambdalint.python.syntax import is_static

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

# Expressions that say something about a value, but hold nothing of it; and what runs only for its effect.
_STOPS = (
    cst.Comparison,
    cst.If,
    cst.While,
    cst.Assert,
    cst.Expr,
    cst.Del,
    cst.Raise,
    cst.Match,
    cst.SimpleStatementLine,
)
_ASKING = frozenset({"builtins.bool", "builtins.id", "builtins.isinstance", "builtins.len", "builtins.type"})
_MAX_STEPS = 400


def uses(evaluator: Evaluator, reach: Reach, module: PythonModule, expr: cst.BaseExpression) -> list[Place]:
    """The places of the invoke path that read what an expression gave at init, or what was made of it; in the
    order in which they are come to, the nearest first."""
    return _Follower(evaluator, reach).follow(module, expr)


class _Follower:
    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.work: list[tuple[PythonModule, cst.CSTNode]] = []
        self.seen: set[int] = set()
        self.found: list[Place] = []

    def follow(self, module: PythonModule, expr: cst.BaseExpression) -> list[Place]:
        self._go(module, expr)
        for _ in range(_MAX_STEPS):
            if not self.work:
                break
            self._step(*self.work.pop(0))
        return self.found

    def _go(self, module: PythonModule, node: cst.CSTNode) -> None:
        if id(node) not in self.seen:
            self.seen.add(id(node))
            self.work.append((module, node))

    def _step(self, module: PythonModule, node: cst.CSTNode) -> None:
        parent = module.parent(node)
        if parent is None or isinstance(parent, _STOPS):
            return
        if isinstance(parent, cst.Assign):
            for target in parent.targets:
                self._bind(module, target.target)
        elif isinstance(parent, (cst.AnnAssign, cst.AugAssign)):
            if node is parent.value:
                self._bind(module, parent.target)
        elif isinstance(parent, cst.NamedExpr):
            self._bind(module, parent.target)
            self._go(module, parent)
        elif isinstance(parent, (cst.Return, cst.Yield)):
            self._return(module, parent)
        elif isinstance(parent, cst.Arg):
            self._argument(module, parent)
        elif isinstance(parent, cst.WithItem):
            if parent.asname is not None and isinstance(parent.asname.name, cst.BaseExpression):
                self._bind(module, parent.asname.name)
        elif isinstance(parent, (cst.For, cst.CompFor)):
            if node is parent.iter:
                self._bind(module, parent.target)
        elif isinstance(parent, cst.IfExp) and node is parent.test:
            return
        elif not isinstance(parent, cst.BaseStatement):
            self._go(module, parent)

    # What gets it

    def _bind(self, module: PythonModule, target: cst.BaseExpression) -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._bind(module, element.value)
        elif isinstance(target, cst.Name):
            binding = module.names.bound_by(target)
            if binding is not None:
                self._read_binding(module, binding)
        elif isinstance(target, cst.Attribute):
            self._read_attribute(target.attr.value)
            self._fill(module, target.value)
        elif isinstance(target, cst.Subscript):
            if module.names.qualified(target.value) == "os.environ":
                self.found.append(Place(module, target))  # and whatever reads the environment
            self._fill(module, target.value)

    def _fill(self, module: PythonModule, container: cst.BaseExpression) -> None:
        """The value is put into an object: whoever reads that has it."""
        while isinstance(container, (cst.Attribute, cst.Subscript, cst.Call)):
            if isinstance(container, cst.Attribute):
                self._read_attribute(container.attr.value)
            container = container.func if isinstance(container, cst.Call) else container.value
        if not isinstance(container, cst.Name) or container.value in ("self", "cls"):
            return
        for binding in module.names.lookup(container):
            if not binding.is_import:
                self._read_binding(module, binding)

    def _read_binding(self, module: PythonModule, binding: Binding) -> None:
        if binding.scope.kind == "class":
            self._read_attribute(binding.name)
            return
        for read in binding.reads:
            self._read(module, read)
        if binding.scope is not module.names.module_scope:
            return
        for other in self.reach.modules:
            if other is not module:
                self._read_from(other, module, binding)

    def _read_from(self, other: PythonModule, module: PythonModule, binding: Binding) -> None:
        """The reads in another module, which imports the name or the module."""
        program = self.evaluator.program
        for imported in other.names.imports:
            if (imported.qualified or "").rpartition(".")[2] != binding.name:
                continue
            found = program.bound(other, imported)
            if found is not None and found.module is module:
                for read in imported.reads:
                    self._read(other, read)
        for attribute in other.nodes(cst.Attribute):
            if attribute.attr.value != binding.name or not isinstance(
                attribute.value, cst.Name | cst.Attribute
            ):
                continue
            base = self.evaluator.value(other, attribute.value)
            if isinstance(base, symbols.LocalModule) and base.module is module:
                self._read(other, attribute)

    def _read_attribute(self, name: str) -> None:
        for module in self.reach.modules:
            for attribute in module.nodes(cst.Attribute):
                if attribute.attr.value != name or isinstance(module.parent(attribute), cst.AssignTarget):
                    continue
                base = symbols.alternatives(self.evaluator.value(module, attribute.value))
                if any(isinstance(one, (symbols.Object, symbols.Class, symbols.Unknown)) for one in base):
                    self._read(module, attribute)

    def _read(self, module: PythonModule, node: cst.CSTNode) -> None:
        if id(node) in self.seen:
            return
        if self._is_invoked(module, node) and not self._is_only_asked(module, node):
            self.seen.add(id(node))
            self.found.append(Place(module, node))
        if self._is_init(module, node):
            self.seen.discard(id(node))
            self._go(module, node)

    def _go_at_init(self, module: PythonModule, node: cst.CSTNode) -> None:
        """Goes on where init comes by: what an invocation passes or gets there is another value."""
        if self._is_init(module, node):
            self._go(module, node)

    def _is_init(self, module: PythonModule, node: cst.CSTNode) -> bool:
        """Whether a node runs once: a module's level does, whoever imports it first."""
        phases = self.reach.phases(module, node)
        return Phase.INIT in phases or (bool(phases) and module.enclosing_function(node) is None)

    def _is_invoked(self, module: PythonModule, node: cst.CSTNode) -> bool:
        in_function = module.enclosing_function(node) is not None
        return in_function and Phase.INVOKE in self.reach.phases(module, node)

    @staticmethod
    def _is_only_asked(module: PythonModule, node: cst.CSTNode) -> bool:
        """Whether a read asks only whether the value is there."""
        parent = module.parent(node)
        return isinstance(parent, (cst.If, cst.Comparison, cst.UnaryOperation, cst.Assert, cst.Del))

    # Functions

    def _argument(self, module: PythonModule, argument: cst.Arg) -> None:
        call = module.parent(argument)
        if not isinstance(call, cst.Call) or is_logging(self.evaluator, module, call):
            return
        if module.names.qualified(call.func) in _ASKING:
            return
        known = False
        for option in symbols.alternatives(self.evaluator.value(module, call.func)):
            if isinstance(option, symbols.Function) and isinstance(option.node, cst.FunctionDef):
                known = True
                self._parameter(option, call, argument)
            elif isinstance(option, symbols.Class):
                made = self.evaluator.method(option, "__init__")
                if made is not None:
                    self._parameter(
                        symbols.Function(made.module, made.node, symbols.Object(option)), call, argument
                    )
        if not known:
            self._go(module, call)
            if isinstance(call.func, cst.Attribute):
                self._fill(module, call.func.value)

    def _parameter(self, function: symbols.Function, call: cst.Call, argument: cst.Arg) -> None:
        node = function.node
        positional = [*node.params.posonly_params, *node.params.params]
        if function.bound is not None and not is_static(node):
            positional = positional[1:]
        name: str | None = None
        if argument.keyword is not None:
            name = argument.keyword.value
        else:
            index = next(at for at, each in enumerate(call.args) if each is argument)
            if not argument.star and index < len(positional):
                name = positional[index].name.value
        scope = function.module.names.inner_scope(node)
        for binding in scope.bindings.get(name, ()) if scope is not None and name is not None else ():
            for read in binding.reads:
                self._go_at_init(function.module, read)

    def _return(self, module: PythonModule, statement: cst.CSTNode) -> None:
        function = module.enclosing_function(statement)
        if function is None:
            return
        for caller, call in self._sites(module, function):
            self._go_at_init(caller, call)

    def _sites(
        self, module: PythonModule, function: cst.FunctionDef | cst.Lambda
    ) -> Iterator[tuple[PythonModule, cst.Call]]:
        for caller, call in self.reach.call_sites(module, function):
            options = symbols.alternatives(self.evaluator.value(caller, call.func))
            mine = any(isinstance(one, symbols.Function) and one.node is function for one in options)
            if mine or any(isinstance(one, (symbols.Unknown, symbols.Parameter)) for one in options):
                yield caller, call
