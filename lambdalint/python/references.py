"""Who names whom: the functions, classes and variables that each piece of code refers to, across modules.

A piece of code, a Unit, is what runs as one: a module's level, a function's body, a lambda's. What a Unit
names is resolved once, however many handlers reach it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding, BindingKind, dotted_name
from lambdalint.python.program import Definition, Program
from lambdalint.python.walk import Frame

# Methods of objects that decorate a function without keeping it for someone else to call.
TRANSPARENT = frozenset(
    {
        "inject_lambda_context",
        "capture_lambda_handler",
        "capture_method",
        "log_metrics",
        "log_cold_start_metric",
        "patch",
        "setter",
        "getter",
        "deleter",
        "cache",
        "lru_cache",
        "wraps",
        "memoize",
        "memoized",
        "cached",
        "register_local",
        "time_function",
        "on_exception",
        "on_predicate",
        "retry",
    }
)
# Bases from which nothing calls the methods of a class behind its back.
_QUIET_BASES = frozenset(
    {
        "object",
        "Exception",
        "BaseException",
        "Enum",
        "IntEnum",
        "StrEnum",
        "Flag",
        "IntFlag",
        "ABC",
        "Protocol",
        "Generic",
        "NamedTuple",
        "TypedDict",
        "BaseModel",
        "BaseSettings",
        "str",
        "int",
        "float",
        "dict",
        "list",
        "tuple",
        "set",
        "type",
        "ABCMeta",
        "SimpleNamespace",
    }
)
# Calls that run the functions they are given, there and then.
_RUNS_ARGUMENTS = frozenset(
    {
        "builtins.map",
        "builtins.filter",
        "builtins.sorted",
        "builtins.min",
        "builtins.max",
        "builtins.next",
        "builtins.any",
        "builtins.all",
        "builtins.list",
        "functools.reduce",
        "threading.Thread",
        "threading.Timer",
        "multiprocessing.Process",
        "asyncio.run",
    }
)
_RUNNERS = frozenset({"submit", "map", "run_until_complete"})
_TESTS = frozenset({"builtins.isinstance", "builtins.issubclass"})
# Calls by which a decorator keeps what it decorates.
_KEEPERS = frozenset({"append", "add", "register", "setdefault", "update", "insert", "subscribe"})


@dataclass(eq=False)
class Unit:
    """Code that runs as one: a module's level (class bodies included), a function's body or a lambda's.

    What it names is resolved once, for all handlers.
    """

    module: PythonModule
    node: cst.CSTNode
    frames: list[Frame] = field(default_factory=list)
    lambdas: list[Unit] = field(default_factory=list)  # those that stand in it


@dataclass(eq=False)
class Class:
    module: PythonModule
    node: cst.ClassDef


Variable = tuple[int, str]
"""A module-level variable: its module's id and its name."""

Target = Unit | Class | Variable


@dataclass(eq=False)
class Uses:
    """What a unit names. `called` is called directly, `named` is referred to in any other way."""

    called: list[Target] = field(default_factory=list)
    named: list[Target] = field(default_factory=list)
    rooted: list[Variable] = field(default_factory=list)  # variables of which only an attribute is used
    attributes_called: set[str] = field(default_factory=set)
    attributes_named: set[str] = field(default_factory=set)
    modules: list[PythonModule] = field(default_factory=list)  # imported, packages first
    touched: list[Class] = field(default_factory=list)  # used without making an object of it
    registered: list[Unit] = field(default_factory=list)  # functions kept by a decorator for others to call
    dynamic: bool = False  # looks names up at run time


@dataclass(eq=False)
class Summary:
    """The units of one module, and what decorators register in it."""

    units: dict[int, Unit]  # by the id of the node that opens them
    level: Unit
    methods: dict[int, list[tuple[str, Unit, cst.FunctionDef]]]  # by the id of the class
    registrations: list[tuple[Variable, Unit]]
    annotated: frozenset[int]  # names and attributes within annotations, which run nothing


@dataclass(frozen=True)
class Sites:
    by_target: dict[int, list[cst.Call]]  # by the id of the function's node
    by_name: dict[str, list[cst.Call]]  # calls of attributes of unknown objects


class References:
    """Who names whom in a program. Each module is summarised once, however many handlers reach it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._summaries: dict[int, Summary] = {}
        self._uses: dict[int, Uses] = {}
        self.targets: dict[int, Target | None] = {}  # by the binding's id, for those asked before
        self._classes: dict[int, Class] = {}
        self._bases: dict[int, tuple[list[Class], bool]] = {}
        self._sites: dict[int, Sites] = {}
        self._imported: dict[int, frozenset[str]] = {}

    # Summaries

    def summary(self, module: PythonModule) -> Summary:
        found = self._summaries.get(id(module))
        if found is None:
            found = self._summaries[id(module)] = self._summarise(module)
        return found

    def _summarise(self, module: PythonModule) -> Summary:
        frames = module.streams.frames
        level = Unit(module, module.tree, [frames[0]])
        units = {id(module.tree): level}
        unit_of = {id(frames[0]): level}
        for frame in frames[1:]:
            assert frame.parent is not None
            unit = unit_of[id(frame.parent)]
            if isinstance(frame.node, cst.FunctionDef | cst.Lambda):
                outer, unit = unit, Unit(module, frame.node)
                units[id(frame.node)] = unit
                if isinstance(frame.node, cst.Lambda):
                    outer.lambdas.append(unit)
            unit.frames.append(frame)
            unit_of[id(frame)] = unit
        methods: dict[int, list[tuple[str, Unit, cst.FunctionDef]]] = {}
        for cls in module.nodes(cst.ClassDef):
            scope = module.names.inner_scope(cls)
            bindings = [binding for found in scope.bindings.values() for binding in found] if scope else []
            methods[id(cls)] = [
                (binding.name, units[id(binding.node)], binding.node)
                for binding in bindings
                if isinstance(binding.node, cst.FunctionDef)
            ]
        annotated = frozenset(
            id(node)
            for annotation in module.nodes(cst.Annotation)
            for node in module.descendants(annotation)
            if isinstance(node, cst.Name | cst.Attribute)
        )
        summary = Summary(units, level, methods, [], annotated)
        summary.registrations.extend(self._registrations(module, units))
        return summary

    def _registrations(self, module: PythonModule, units: dict[int, Unit]) -> Iterator[tuple[Variable, Unit]]:
        for decorator in module.nodes(cst.Decorator):
            function = module.parent(decorator)
            if not isinstance(function, cst.FunctionDef):
                continue
            for variable in self._registrars(module, decorator.decorator):
                yield variable, units[id(function)]

    def _registrars(self, module: PythonModule, expr: cst.BaseExpression) -> Iterator[Variable]:
        """The module-level objects on which a decorator registers what it stands on."""
        func = expr.func if isinstance(expr, cst.Call) else expr
        if not isinstance(func, cst.Attribute) or func.attr.value in TRANSPARENT:
            return
        root = _root(func)
        if root is None:
            return
        # The longest part of the chain that is a variable: `api.users.router.get`.
        base: cst.BaseExpression = func.value
        while True:
            found = self.program.definition(module, base)
            if found is not None and found.binding is not None:
                variable = _variable(found)
                if variable is not None:
                    yield variable
                return
            if not isinstance(base, cst.Attribute):
                break
            base = base.value
        binding = module.names.latest(root)
        if binding is not None and binding.kind is BindingKind.IMPORT_FROM and root.value[:1].islower():
            # An object of a package that is not in sight: it stands for itself.
            yield (id(module), root.value)

    # Uses

    def uses(self, unit: Unit) -> Uses:
        """What a unit names; resolved once."""
        found = self._uses.get(id(unit))
        if found is None:
            found = self._uses[id(unit)] = _Reader(self, unit).read()
        return found

    def target(self, module: PythonModule, binding: Binding) -> Target | None:
        """The function, class or module-level variable that a binding stands for."""
        key = id(binding)
        if key not in self.targets:
            self.targets[key] = self._target(module, binding)
        return self.targets[key]

    def _target(self, module: PythonModule, binding: Binding) -> Target | None:
        node = binding.node
        if binding.kind is BindingKind.PARAMETER:
            return None
        if node.__class__ is cst.FunctionDef:
            return self.summary(module).units[id(node)]
        if isinstance(node, cst.ClassDef):
            return self.cls(module, node)
        if binding.is_import:
            found = self.program.bound(module, binding)
            if found is not None:
                return self.of_definition(found)
            if binding.kind is BindingKind.IMPORT_FROM:
                return (id(module), binding.name)
            return None
        return (id(module), binding.name) if binding.scope is module.names.module_scope else None

    def of_definition(self, definition: Definition) -> Target | None:
        """The unit, class or variable of a definition; None for modules and local variables."""
        node = definition.node
        if isinstance(node, cst.FunctionDef):
            return self.summary(definition.module).units[id(node)]
        if isinstance(node, cst.ClassDef):
            return self.cls(definition.module, node)
        return _variable(definition)

    def cls(self, module: PythonModule, node: cst.ClassDef) -> Class:
        found = self._classes.get(id(node))
        if found is None:
            found = self._classes[id(node)] = Class(module, node)
        return found

    # Imports

    def imported(self, module: PythonModule) -> frozenset[str]:
        """The dotted names of all that a module imports, as seen from nowhere; "m.*" for a star import."""
        found = self._imported.get(id(module))
        if found is None:
            found = self._imported[id(module)] = frozenset(
                self.program.absolute(module, binding.imported or "")
                + (".*" if binding.kind is BindingKind.STAR_IMPORT else "")
                for binding in module.names.imports
            )
        return found

    def uses_from(self, module: PythonModule, origin: str, name: str) -> bool:
        """Whether a module imports a name from the module `origin`, or reads it as its attribute."""
        imported = self.imported(module)
        if f"{origin}.{name}" in imported or f"{origin}.*" in imported:
            return True
        if origin not in imported:
            return False
        dotted = f"{origin}.{name}"
        return any(
            attribute.attr.value == name
            and self.program.absolute(module, module.names.qualified(attribute) or "") == dotted
            for attribute in module.nodes(cst.Attribute)
        )

    # Calls

    def sites(self, module: PythonModule) -> Sites:
        """The calls of a module by what they call."""
        found = self._sites.get(id(module))
        if found is None:
            found = self._sites[id(module)] = self._find_sites(module)
        return found

    def _find_sites(self, module: PythonModule) -> Sites:
        found = Sites({}, {})
        for call in module.nodes(cst.Call):
            func = call.func
            target: Target | None = None
            if isinstance(func, cst.Name):
                for binding in module.names.lookup(func):
                    self._record(found, call, self.target(module, binding))
            elif isinstance(func, cst.Attribute):
                root = _attribute_root(func)
                binding_ = module.names.import_of(root) if root is not None else None
                if binding_ is None:
                    found.by_name.setdefault(func.attr.value, []).append(call)
                elif self.program.is_local(module, binding_):
                    definition = self.program.definition(module, func)
                    target = self.of_definition(definition) if definition is not None else None
                    if target is not None:
                        self._record(found, call, target)
                    else:
                        found.by_name.setdefault(func.attr.value, []).append(call)
        return found

    def _record(self, sites: Sites, call: cst.Call, target: Target | None) -> None:
        if isinstance(target, Unit):
            sites.by_target.setdefault(id(target.node), []).append(call)
        elif isinstance(target, Class):
            made = self.program.class_attribute(target.module, target.node, "__init__")
            if made is not None:
                sites.by_target.setdefault(id(made.node), []).append(call)

    def related(
        self, module: PythonModule, call: cst.Call, owner_module: PythonModule, owner: cst.ClassDef
    ) -> bool:
        """Whether a call by a method's name may be of this class: `self.f()` in another class is not."""
        func = call.func
        assert isinstance(func, cst.Attribute)
        receiver = func.value
        if (
            isinstance(receiver, cst.Call)
            and isinstance(receiver.func, cst.Name)
            and receiver.func.value == "super"
        ):
            receiver = receiver.func
        if not isinstance(receiver, cst.Name) or receiver.value not in ("self", "cls", "super"):
            return True
        function = module.enclosing_function(call)
        while function is not None:
            cls = module.enclosing_class(function)
            if cls is not None:
                above = [node for _, node in self.program.classes(module, cls)]
                below = [node for _, node in self.program.classes(owner_module, owner)]
                return owner in above or cls in below
            function = module.enclosing_function(function)
        return True

    def bases(self, cls: Class) -> tuple[list[Class], bool]:
        """A class's bases within the application, and whether some other base may call its methods."""
        found = self._bases.get(id(cls))
        if found is None:
            known: list[Class] = []
            foreign = False
            for base in cls.node.bases:
                expr = base.value.value if isinstance(base.value, cst.Subscript) else base.value
                definition = self.program.definition(cls.module, expr)
                if definition is not None and isinstance(definition.node, cst.ClassDef):
                    known.append(self.cls(definition.module, definition.node))
                else:
                    name = (cls.module.names.qualified(expr) or dotted_name(expr) or "").rsplit(".", 1)[-1]
                    foreign = foreign or not (name in _QUIET_BASES or name.endswith(("Error", "Exception")))
            found = self._bases[id(cls)] = (known, foreign)
        return found


def _variable(definition: Definition) -> Variable | None:
    binding = definition.binding
    if binding is None or binding.scope is not definition.module.names.module_scope:
        return None
    return (id(definition.module), binding.name)


def _root(expr: cst.CSTNode) -> cst.Name | None:
    while isinstance(expr, cst.Attribute | cst.Call | cst.Subscript):
        expr = expr.func if isinstance(expr, cst.Call) else expr.value
    return expr if isinstance(expr, cst.Name) else None


def _attribute_root(expr: cst.CSTNode) -> cst.Name | None:
    while isinstance(expr, cst.Attribute):
        expr = expr.value
    return expr if isinstance(expr, cst.Name) else None


_LOOKUPS = frozenset({"getattr", "globals", "locals", "vars"})
_NO_IMPORTS = frozenset({cst.ClassDef, cst.Global, cst.Nonlocal})


class _Reader:
    """Reads what one unit names."""

    def __init__(self, references: References, unit: Unit) -> None:
        self.references = references
        self.unit = unit
        self.module = unit.module
        self.names = unit.module.names
        self.parents = unit.module.streams.parents
        self.uses = Uses()
        self.annotated = references.summary(unit.module).annotated
        self._added: set[tuple[bool, int | Variable]] = set()

    def read(self) -> Uses:
        for frame in self.unit.frames:
            for node in frame.stream:
                if node.__class__ is cst.Name:
                    self._name(node)
                elif node.__class__ is cst.FunctionDef:
                    self._definition(node)
                elif node.__class__ not in _NO_IMPORTS:
                    self._import(node)
            for attribute in frame.attributes:
                self._attribute(attribute)
        return self.uses

    def _dead(self, node: cst.CSTNode) -> bool:
        # What stands in a function that the guard defines is named only under the guard.
        if self.unit.node is not self.module.tree:
            return False
        return self.module.in_main_guard(node) or self.module.in_type_checking(node)

    def _name(self, name: cst.Name) -> None:
        bindings = self.names.lookup(name)
        if not bindings:
            if name.value in _LOOKUPS and not self._dead(name):
                self._look_up(name)
            return
        parent = self.parents[id(name)]
        is_root = parent.__class__ is cst.Attribute
        targets = self.references.targets
        for binding in bindings:
            if binding.kind is BindingKind.STAR_IMPORT:
                found = self.references.program.definition(self.module, name)
                target = self.references.of_definition(found) if found is not None else None
            elif id(binding) in targets:
                target = targets[id(binding)]
            else:
                target = self.references.target(self.module, binding)
            if target is None and binding.kind is BindingKind.PARAMETER and parent.__class__ is cst.Call:
                target = self._class_of(binding)
            if target is not None and not self._dead(name):
                self._use(name, parent, target, is_root)

    def _use(self, node: cst.CSTNode, parent: cst.CSTNode, target: Target, is_root: bool) -> None:
        if isinstance(target, Class):
            if is_root or id(node) in self.annotated or self._only_tests(parent):
                self.uses.touched.append(target)
                return
        elif id(node) in self.annotated:
            return
        if is_root and isinstance(target, tuple):
            self.uses.rooted.append(target)
        elif self._runs(node, parent):
            self._add(self.uses.called, self._called(node, target), True)
        else:
            self._add(self.uses.named, target, False)

    def _called(self, node: cst.CSTNode, target: Target) -> Target:
        """What a call of a variable calls, where the variable is another name for it."""
        if not isinstance(target, tuple):
            return target
        found = self.references.program.definition(self.module, node)
        return (self.references.of_definition(found) if found is not None else None) or target

    def _class_of(self, binding: Binding) -> Class | None:
        """The class that `cls(…)` makes an object of, in a class method."""
        function = binding.scope.node
        if binding.name != "cls" or not isinstance(function, cst.FunctionDef):
            return None
        node = self.module.enclosing_class(function)
        return self.references.cls(self.module, node) if node is not None else None

    def _only_tests(self, parent: cst.CSTNode) -> bool:
        """Whether a class is named to be caught, tested for or derived from."""
        if isinstance(parent, cst.Element):
            parent = self.parents[id(self.parents[id(parent)])]
        if isinstance(parent, cst.ExceptHandler | cst.ExceptStarHandler | cst.MatchClass):
            return True
        if not isinstance(parent, cst.Arg):
            return False
        owner = self.parents[id(parent)]
        if isinstance(owner, cst.ClassDef):
            return True
        return isinstance(owner, cst.Call) and self.names.qualified(owner.func) in _TESTS

    def _look_up(self, name: cst.Name) -> None:
        call = self.parents[id(name)]
        if name.value == "getattr" and isinstance(call, cst.Call) and len(call.args) > 1:
            literal = call.args[1].value
            if isinstance(literal, cst.SimpleString):
                self.uses.attributes_named.add(str(literal.evaluated_value))
                return
        self.uses.dynamic = True

    def _attribute(self, attribute: cst.Attribute) -> None:
        name = attribute.attr.value
        parent = self.parents[id(attribute)]
        root = attribute.value
        while root.__class__ is cst.Attribute:
            root = root.value
        if root.__class__ is cst.Name:
            binding = self.names.import_of(root)
            if binding is not None:
                self._imported_attribute(attribute, parent, binding)
                return
        called = self._runs(attribute, parent)
        names = self.uses.attributes_called if called else self.uses.attributes_named
        if name not in names and not self._dead(attribute):
            names.add(name)

    def _imported_attribute(self, attribute: cst.Attribute, parent: cst.CSTNode, binding: Binding) -> None:
        """`module.function`, `module.variable.method`: of a package not in sight, nothing of ours."""
        program = self.references.program
        if not program.is_local(self.module, binding) or self._dead(attribute):
            return
        found = program.definition(self.module, attribute)
        if found is None:
            self.uses.attributes_named.add(attribute.attr.value)
            if self._runs(attribute, parent):
                self.uses.attributes_called.add(attribute.attr.value)
            return
        target = self.references.of_definition(found)
        if target is not None:
            self._use(attribute, parent, target, parent.__class__ is cst.Attribute)

    def _runs(self, node: cst.CSTNode, parent: cst.CSTNode) -> bool:
        """Whether the place runs what it names there and then, rather than keeping it."""
        if parent.__class__ is cst.Call:
            return True
        if parent.__class__ is cst.Decorator:
            return True
        if parent.__class__ is cst.Arg:
            call = self.parents[id(parent)]
            if isinstance(call, cst.Call):
                func = call.func
                if isinstance(func, cst.Attribute) and func.attr.value in _RUNNERS:
                    return True
                return self.names.qualified(func) in _RUNS_ARGUMENTS
        return False

    def _add(self, into: list[Target], target: Target, called: bool) -> None:
        key = (called, target if isinstance(target, tuple) else id(target))
        if key not in self._added:
            self._added.add(key)
            into.append(target)

    def _definition(self, node: cst.FunctionDef) -> None:
        """A function that a decorator keeps: on a local object, or by a decorator of ours that stores it."""
        if not node.decorators or self._dead(node):
            return
        for decorator in node.decorators:
            expr = decorator.decorator
            func = expr.func if isinstance(expr, cst.Call) else expr
            if self._keeps(func):
                self.uses.registered.append(self.references.summary(self.module).units[id(node)])
                return

    def _keeps(self, func: cst.BaseExpression) -> bool:
        root = _root(func)
        if root is None:
            return False
        found = self.references.program.definition(self.module, func)
        if found is not None and isinstance(found.node, cst.FunctionDef):
            return _stores(found.module, found.node)
        if found is not None and isinstance(found.node, cst.ClassDef):
            return True
        if not isinstance(func, cst.Attribute) or func.attr.value in TRANSPARENT:
            return False
        binding = self.names.latest(root)
        return (
            binding is not None and not binding.is_import and binding.scope is not self.names.module_scope
        ) and binding.kind is not BindingKind.FUNCTION

    def _import(self, node: cst.CSTNode) -> None:
        if self._dead(node):
            return
        for binding in self.names.imported_by(node):
            for module in self.references.program.imported_modules(self.module, binding):
                if module is not self.module and module not in self.uses.modules:
                    self.uses.modules.append(module)


def _stores(module: PythonModule, function: cst.FunctionDef) -> bool:
    """Whether a decorator keeps something: it puts into a table, appends or registers."""
    for node in module.descendants(function.body):
        if isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Subscript):
            return True
        if (
            isinstance(node, cst.Call)
            and isinstance(node.func, cst.Attribute)
            and node.func.attr.value in _KEEPERS
        ):
            return True
    return False
