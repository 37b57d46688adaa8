"""What runs when Lambda runs a handler, at init and on invocations.

The answer is wider than the truth. Python cannot tell what a reference does with a function, so a reference
runs it: code that runs on invocations and names a function, as a callback, a table's entry or an argument,
runs it on invocations. At init only a direct call runs what it names; a function that is merely named there
(put in a table, handed to a framework, returned from a decorator) may run on invocations. Methods go by their
name: of a class that running code names, every method runs whose name running code uses as an attribute.

What a decorator registers on an object (`@app.get("/")` of Flask, FastAPI, Chalice and Powertools resolvers,
`@helper.create` of crhelper) runs on invocations once running code names the object, or init hands it on
(`Mangum(app)`, `app.include_router(router)`).

A module that a function imports runs its level in the phases of that function.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from typing import TypeVar

import libcst as cst

from lambdalint.python.module import PythonModule
from lambdalint.python.names import dotted_name
from lambdalint.python.program import Program
from lambdalint.python.references import TRANSPARENT, Class, References, Target, Unit, Variable

_K = TypeVar("_K")
_Sites = dict[_K, list[tuple[int, PythonModule, cst.Call]]]


class Phase(enum.Enum):
    """When code runs: once for each execution environment, or on every invocation."""

    INIT = "init"
    INVOKE = "invoke"


_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "__set_name__"})
_PLAIN_DECORATORS = frozenset(
    {
        "staticmethod",
        "classmethod",
        "abstractmethod",
        "abc.abstractmethod",
        "builtins.staticmethod",
        "builtins.classmethod",
        "functools.lru_cache",
        "functools.cache",
        "functools.wraps",
        "typing.overload",
        "typing.override",
        "contextlib.contextmanager",
        "contextlib.asynccontextmanager",
        "typing.no_type_check",
    }
)
_PROPERTIES = frozenset({"property", "cached_property", "functools.cached_property", "builtins.property"})


class CallGraph:
    """Who calls whom in a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._references = References(program)

    def reach(self, module: PythonModule, entry: cst.CSTNode, via: PythonModule | None = None) -> Reach:
        """What runs when Lambda runs `entry`: a function, a lambda, or the statement that binds the handler.

        `via` is the module that Lambda imports, where that only re-exports the handler.
        """
        return Reach(self._references, module, entry, via or module)


class Reach:
    """What runs when Lambda runs one handler."""

    def __init__(
        self, references: References, module: PythonModule, entry: cst.CSTNode, via: PythonModule
    ) -> None:
        self._references = references
        self.entry = entry
        self._phases: dict[int, set[Phase]] = {}
        self._units: dict[int, Unit] = {}
        self._modules: dict[int, PythonModule] = {}
        self._live: dict[int, Class] = {}
        self._waiting: dict[str, list[tuple[Unit, bool]]] = defaultdict(
            list
        )  # methods of live classes, by name
        self._init_called: set[str] = set()
        self._init_named: set[str] = set()
        self._invoked: set[str] = set()
        self._made: set[tuple[int, Phase | None]] = set()
        self._variables: set[Variable] = set()
        self._registrations: dict[Variable, list[Unit]] = defaultdict(list)
        self._sites: dict[int, list[tuple[PythonModule, cst.Call]]] = {}
        self._work: list[tuple[Unit, Phase]] = []
        self._run(module, entry, via)

    # Questions

    @property
    def modules(self) -> Sequence[PythonModule]:
        """Every module whose module level runs, the entry's first."""
        return list(self._modules.values())

    def phases(self, module: PythonModule, node: cst.CSTNode) -> frozenset[Phase]:
        """The phases in which the node runs; empty where it does not run (law 3)."""
        if id(module) not in self._modules:
            return _NEVER
        opener: cst.CSTNode = module.enclosing_function(node) or module.tree
        found = self._phases.get(id(opener))
        if not found or module.in_main_guard(node) or module.in_type_checking(node):
            return _NEVER
        return frozenset(found)

    def phase(self, module: PythonModule, node: cst.CSTNode) -> Phase | None:
        """The phase in which the node runs: INVOKE where it runs in both, None where it does not run."""
        found = self.phases(module, node)
        if Phase.INVOKE in found:
            return Phase.INVOKE
        return Phase.INIT if found else None

    def function_phases(self, function: cst.CSTNode) -> frozenset[Phase]:
        """The phases in which a function's body (or a lambda's) runs."""
        return frozenset(self._phases.get(id(function), ()))

    def functions(self) -> Iterator[tuple[PythonModule, cst.FunctionDef, frozenset[Phase]]]:
        """Every function whose body runs, with the phases in which it does."""
        for unit in self._units.values():
            if isinstance(unit.node, cst.FunctionDef):
                yield unit.module, unit.node, frozenset(self._phases[id(unit.node)])

    def is_entry(self, module: PythonModule, function: cst.CSTNode) -> bool:
        """Whether Lambda calls the function itself."""
        return function is self.entry

    def call_sites(
        self, module: PythonModule, function: cst.CSTNode
    ) -> Sequence[tuple[PythonModule, cst.Call]]:
        """The calls within reach that may call the function directly.

        A call by attribute counts by the method's name, unless it is seen to be of something else; creating
        an object calls its class's `__init__`.
        """
        found = self._sites.get(id(function))
        if found is None:
            found = self._sites[id(function)] = self._call_sites(module, function)
        return found

    def is_imported(self, module: PythonModule, name: str) -> bool:
        """Whether another module within reach takes a name from this one."""
        origin = self._references.program.name(module)[0]
        return any(
            self._references.uses_from(other, origin, name)
            for other in self._modules.values()
            if other is not module
        )

    # Running

    def _run(self, module: PythonModule, entry: cst.CSTNode, via: PythonModule) -> None:
        # First, so that the entry's module is the first.
        self._modules[id(module)] = module
        for one in dict.fromkeys((via, module)):
            for package in self._packages(one):
                self._load(package, Phase.INIT)
            self._load(one, Phase.INIT)
        if id(entry) in self._references.summary(module).units:
            self._reach_unit(self._references.summary(module).units[id(entry)], Phase.INVOKE)
        else:
            self._reach_statement(module, entry)
        while self._work:
            unit, phase = self._work.pop()
            self._execute(unit, phase)

    def _packages(self, module: PythonModule) -> Iterator[PythonModule]:
        parts = self._references.program.name(module)[0].split(".")
        for count in range(1, len(parts)):
            package = self._references.program.module(".".join(parts[:count]))
            if package is not None:
                yield package

    def _load(self, module: PythonModule, phase: Phase) -> None:
        first = id(module.tree) not in self._phases
        self._modules.setdefault(id(module), module)
        summary = self._references.summary(module)
        if first:
            for variable, unit in summary.registrations:
                self._registrations[variable].append(unit)
                if variable in self._variables:
                    self._reach_unit(unit, Phase.INVOKE)
        self._reach_unit(summary.level, phase)

    def _reach_unit(self, unit: Unit, phase: Phase) -> None:
        phases = self._phases.setdefault(id(unit.node), set())
        if phase not in phases:
            phases.add(phase)
            self._units.setdefault(id(unit.node), unit)
            self._work.append((unit, phase))

    def _reach_statement(self, module: PythonModule, entry: cst.CSTNode) -> None:
        """A handler that is bound by a statement: the objects that it names are used on invocations.

        Functions that it names run then in any case, being named at init.
        """
        if isinstance(entry, cst.ClassDef):
            self._reach_class(self._references.cls(module, entry), Phase.INVOKE)
            return
        if isinstance(entry, cst.ImportAlias):
            self._reach_decorated(module, entry)
        for node in module.descendants(entry):
            target: Target | None = None
            if isinstance(node, cst.Name):
                bound = module.names.bound_by(node)
                for binding in (bound,) if bound is not None else module.names.lookup(node):
                    target = self._references.target(module, binding)
                    if isinstance(target, tuple):
                        self._reach_variable(target)
            elif isinstance(node, cst.Attribute):
                found = self._references.program.definition(module, node)
                target = self._references.of_definition(found) if found is not None else None
                if isinstance(target, tuple):
                    self._reach_variable(target)

    def _reach_decorated(self, module: PythonModule, entry: cst.ImportAlias) -> None:
        """A handler that comes from a package calls what decorators of the same package stand on: `create`,
        `update` and `delete` of cfn_custom_resource, for one."""
        packages = {
            (binding.imported or "").split(".")[0]
            for binding in module.names.imports
            if binding.node is entry
        }
        for decorator in module.nodes(cst.Decorator):
            expr = decorator.decorator
            name = module.names.qualified(expr.func if isinstance(expr, cst.Call) else expr) or ""
            function = module.parent(decorator)
            if name.split(".")[0] in packages - {""} and isinstance(function, cst.FunctionDef):
                self._reach_unit(self._references.summary(module).units[id(function)], Phase.INVOKE)

    def _execute(self, unit: Unit, phase: Phase) -> None:
        uses = self._references.uses(unit)
        for module in uses.modules:
            self._load(module, phase)
        for cls in uses.touched:
            self._reach_class(cls, None)
        for target in uses.called:
            self._reach_target(target, phase)
        for target in uses.named:
            self._reach_target(target, Phase.INVOKE)
        for unit_ in (*unit.lambdas, *uses.registered):
            self._reach_unit(unit_, Phase.INVOKE)
        if phase is Phase.INVOKE:
            # The level of a module that an invocation imports registers on its objects, and calls none of it.
            for variable in () if isinstance(unit.node, cst.Module) else uses.rooted:
                self._reach_variable(variable)
            for name in uses.attributes_called | uses.attributes_named:
                self._use_name(name)
        else:
            for name in uses.attributes_called:
                self._call_name_at_init(name)
            for name in uses.attributes_named:
                self._name_at_init(name)
        if uses.dynamic:
            self._reach_all(unit.module)

    def _reach_target(self, target: Target, phase: Phase) -> None:
        if isinstance(target, Unit):
            self._reach_unit(target, phase)
        elif isinstance(target, Class):
            self._reach_class(target, phase)
        else:
            # Handed on, at whatever time: someone may call what is registered on it.
            self._reach_variable(target)

    def _reach_variable(self, variable: Variable) -> None:
        if variable not in self._variables:
            self._variables.add(variable)
            for unit in self._registrations.get(variable, ()):
                self._reach_unit(unit, Phase.INVOKE)

    def _reach_class(self, cls: Class, phase: Phase | None) -> None:
        """`phase` is when objects of the class are made; None where it is only used."""
        if (id(cls), phase) in self._made:
            return
        self._made.add((id(cls), phase))
        methods = self._references.summary(cls.module).methods[id(cls.node)]
        if phase is not None:
            for name, unit, _ in methods:
                if name in _CONSTRUCTORS:
                    self._reach_unit(unit, phase)
        bases, foreign = self._references.bases(cls)
        for base in bases:
            self._reach_class(base, phase)
        if id(cls) in self._live:
            return
        self._live[id(cls)] = cls
        for name, unit, node in methods:
            if name in _CONSTRUCTORS:
                continue
            if foreign or _is_dunder(name) or self._is_hooked(cls.module, node):
                self._reach_unit(unit, Phase.INVOKE)
            is_property = _has_decorator(cls.module, node, _PROPERTIES)
            self._waiting[name].append((unit, is_property))
            if name in self._invoked:
                self._reach_unit(unit, Phase.INVOKE)
            if name in self._init_called:
                self._reach_unit(unit, Phase.INIT)
            if name in self._init_named:
                self._reach_unit(unit, Phase.INIT if is_property else Phase.INVOKE)

    @staticmethod
    def _is_hooked(module: PythonModule, node: cst.FunctionDef) -> bool:
        """Whether some decorator other than the usual ones may have the method called from elsewhere."""
        for decorator in node.decorators:
            expr = decorator.decorator
            func = expr.func if isinstance(expr, cst.Call) else expr
            name = module.names.qualified(func) or dotted_name(func) or ""
            plain = name in _PLAIN_DECORATORS or name in _PROPERTIES or name.rsplit(".", 1)[-1] in TRANSPARENT
            if not plain:
                return True
        return False

    def _use_name(self, name: str) -> None:
        if name not in self._invoked:
            self._invoked.add(name)
            for unit, _ in self._waiting.get(name, ()):
                self._reach_unit(unit, Phase.INVOKE)

    def _call_name_at_init(self, name: str) -> None:
        if name not in self._init_called:
            self._init_called.add(name)
            for unit, _ in self._waiting.get(name, ()):
                self._reach_unit(unit, Phase.INIT)

    def _name_at_init(self, name: str) -> None:
        if name not in self._init_named:
            self._init_named.add(name)
            for unit, is_property in self._waiting.get(name, ()):
                # A method that is named and not called may be called later.
                self._reach_unit(unit, Phase.INIT if is_property else Phase.INVOKE)

    def _reach_all(self, module: PythonModule) -> None:
        """Names looked up at run time may be any function of the module or method of a live class in it."""
        summary = self._references.summary(module)
        for binding in (each for found in module.names.module_scope.bindings.values() for each in found):
            if isinstance(binding.node, cst.FunctionDef):
                self._reach_unit(summary.units[id(binding.node)], Phase.INVOKE)
        for cls in list(self._live.values()):
            if cls.module is module:
                for name, _, _ in summary.methods[id(cls.node)]:
                    self._use_name(name)

    # Call sites

    def _call_sites(self, module: PythonModule, function: cst.CSTNode) -> list[tuple[PythonModule, cst.Call]]:
        by_target, by_name = self._sites_of
        calls = list(by_target.get(id(function), ()))
        owner = module.enclosing_class(function)
        if owner is not None and isinstance(function, cst.FunctionDef):
            calls.extend(
                site
                for site in by_name.get(function.name.value, ())
                if self._references.related(site[1], site[2], module, owner)
            )
            calls.sort(key=itemgetter(0))
        return [(caller, call) for _, caller, call in calls if self.phases(caller, call)]

    @cached_property
    def _sites_of(self) -> tuple[_Sites[int], _Sites[str]]:
        """The calls in all modules, by function and by the name of a method, with their module's place."""
        by_target: _Sites[int] = defaultdict(list)
        by_name: _Sites[str] = defaultdict(list)
        for place, caller in enumerate(self._modules.values()):
            sites = self._references.sites(caller)
            for target, calls in sites.by_target.items():
                by_target[target].extend((place, caller, call) for call in calls)
            for name, calls in sites.by_name.items():
                by_name[name].extend((place, caller, call) for call in calls)
        return by_target, by_name


_NEVER: frozenset[Phase] = frozenset()


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _has_decorator(module: PythonModule, node: cst.FunctionDef, names: frozenset[str]) -> bool:
    return any(
        (module.names.qualified(decorator.decorator) or dotted_name(decorator.decorator)) in names
        for decorator in node.decorators
    )
