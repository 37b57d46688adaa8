"""Which environment variables code reads, and how: by subscript, `get`, a test, a settings class, as a whole.

Names are followed through constants, helper functions (`get_env("TABLE")`), loops over lists of names and
text that is put together. What the evaluator cannot tell is in `Environment.open`: there, any name may be
read, or any that fits a pattern.
"""

from __future__ import annotations

import enum
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.memo import Memo
from lambdalint.python import symbols
from lambdalint.python.index import Index
from lambdalint.python.module import PythonModule
from lambdalint.python.names import BindingKind
from lambdalint.python.syntax import is_classmethod, is_static, last_name
from lambdalint.python.syntax import parameter as parameter_of

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.names import Binding
    from lambdalint.python.reach import Reach

__all__ = ["EnvRead", "Environment", "Open", "Use", "environ_references", "environment"]

_ENVIRON = frozenset({"os.environ", "os.environb"})
_GETENV = frozenset({"os.getenv", "os.getenvb"})
_PUTENV = frozenset({"os.putenv"})
_LAST = frozenset({"environ", "environb", "getenv", "getenvb", "putenv"})
# Programs that are started get the whole environment, unless they are given one of their own.
_PROGRAMS = re.compile(
    r"subprocess\.(?:run|Popen|call|check_call|check_output|getoutput|getstatusoutput)"
    r"|os\.(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?|posix_spawnp?)"
    r"|asyncio\.create_subprocess_(?:exec|shell)"
)
# Objects that read variables by the name that they are called with: `env("X")`, `env.int("X")`.
_READERS = frozenset(
    {
        "decouple.AutoConfig",
        "decouple.Config",
        "environ.Env",
        "environ.FileAwareEnv",
        "environs.Env",
        "environs.FlaskEnv",
        "prettyconf.config",
        "starlette.config.Config",
    }
)
_READER_ROOTS = frozenset({"decouple", "environ", "environs", "prettyconf", "starlette"})
# Calls that set variables from a file that the package may hold.
_LOADERS = frozenset({"dotenv.load_dotenv", "environs.Env().read_env", "environ.Env().read_env"})
_MAX_PARTS = 40
_MAX_DEPTH = 4
_ANY = re.compile("")


class Use(enum.Enum):
    """What code does with a variable."""

    REQUIRED = "required"  # raises where it is not set
    OPTIONAL = "optional"
    TESTED = "tested"  # `"X" in os.environ`
    SET = "set"


@dataclass(frozen=True, eq=False)
class EnvRead:
    """A variable that code reads, tests or sets.

    `node` is where the name is given: the read itself, the argument that hands the name to a helper, the
    field of a settings class. `reader` is what reads: the subscript or call, in `reader_module`. `folded`
    says that letter case does not matter.
    """

    name: str
    use: Use
    module: PythonModule
    node: cst.CSTNode
    reader_module: PythonModule
    reader: cst.CSTNode
    folded: bool = False

    def means(self, name: str) -> bool:
        """Whether the variable of this name is meant."""
        return name == self.name or (self.folded and name.lower() == self.name.lower())

    @property
    def is_default(self) -> bool:
        """Whether `setdefault` sets the variable, which does so only where it is not set."""
        return isinstance(self.reader, cst.Call) and last_name(self.reader.func) == "setdefault"


@dataclass(frozen=True, eq=False)
class Open:
    """A place that may read (or, with `sets`, set) variables whose names cannot be told; `pattern` is what
    their names look like, None where they can be any."""

    reason: str
    module: PythonModule
    node: cst.CSTNode
    pattern: re.Pattern[str] | None = None
    sets: bool = False


@dataclass(frozen=True)
class Environment:
    """The environment variables that one reach reads and sets."""

    reads: tuple[EnvRead, ...] = ()
    open: tuple[Open, ...] = ()

    def why_read(self, name: str) -> str:
        """Why code may read a variable; "" where none does."""
        for read in self.reads:
            if read.use is not Use.SET and read.means(name):
                return "read"
        for place in self.open:
            if not place.sets and (place.pattern is None or place.pattern.fullmatch(name)):
                return place.reason
        return ""

    def may_set(self, name: str) -> bool:
        """Whether code of the reach may set a variable itself."""
        return any(read.use is Use.SET and read.means(name) for read in self.reads) or any(
            place.sets and (place.pattern is None or place.pattern.fullmatch(name)) for place in self.open
        )

    @cached_property
    def by_node(self) -> Mapping[int, EnvRead]:
        """The reads by the `id` of what reads."""
        return {id(read.reader): read for read in self.reads}


EMPTY = Environment()


def environment(evaluator: Evaluator, reach: Reach) -> Environment:
    """What a reach reads of the environment, in the order of its modules."""
    from lambdalint.python.settings import settings_reads

    found = _Finder(evaluator, reach)
    for module in reach.modules:
        found.read(module)
    reads, open_ = settings_reads(evaluator, reach)
    found.reads.extend(reads)
    found.open.extend(open_)
    if not found.reads and not found.open:
        return EMPTY
    return Environment(tuple(found.reads), tuple(found.open))


# References


@dataclass(frozen=True)
class Reference:
    """An expression that means `os.environ`, `os.getenv` or `os.putenv`."""

    kind: str  # "environ", "getenv" or "putenv"
    node: cst.Name | cst.Attribute


_KNOWN: Memo[PythonModule, tuple[Reference, ...]] = Memo()


def environ_references(module: PythonModule) -> tuple[Reference, ...]:
    """Where a module names `os.environ`, `os.getenv` or `os.putenv`, plain aliases included."""
    found = _KNOWN.get(module)
    if found is None:
        text = module.source.text
        named = any(name in text for name in ("environ", "getenv", "putenv"))
        found = _KNOWN[module] = tuple(_references(module)) if named else ()
    return found


def _references(module: PythonModule) -> Iterator[Reference]:
    pending: list[Reference] = []
    for attribute in module.nodes(cst.Attribute):
        if attribute.attr.value in _LAST:
            kind = _kind(module.names.qualified(attribute))
            if kind:
                pending.append(Reference(kind, attribute))
    for binding in module.names.imports:
        kind = _kind(binding.qualified)
        if kind:
            pending.extend(Reference(kind, read) for read in binding.reads)
    seen: set[int] = set()
    while pending:
        reference = pending.pop(0)
        if id(reference.node) in seen:
            continue
        seen.add(id(reference.node))
        aliases = list(_aliases(module, reference.node))
        pending.extend(Reference(reference.kind, read) for binding in aliases for read in binding.reads)
        if not aliases:
            yield reference


def _kind(qualified: str | None) -> str:
    if qualified in _ENVIRON:
        return "environ"
    if qualified in _GETENV:
        return "getenv"
    return "putenv" if qualified in _PUTENV else ""


def _aliases(module: PythonModule, node: cst.CSTNode) -> Iterator[Binding]:
    """The names that are bound to exactly this expression."""
    parent = module.parent(node)
    targets: list[cst.BaseExpression] = []
    if isinstance(parent, cst.Assign):
        targets = [target.target for target in parent.targets]
    elif isinstance(parent, (cst.AnnAssign, cst.NamedExpr)) and parent.value is node:
        targets = [parent.target]
    for target in targets:
        binding = module.names.bound_by(target) if isinstance(target, cst.Name) else None
        if binding is not None:
            yield binding


# Reads


@dataclass(frozen=True)
class Named:
    """A name that an expression comes to (None: any that fits `pattern`), and where it is given."""

    name: str | None
    module: PythonModule
    node: cst.CSTNode
    pattern: re.Pattern[str] | None = None


class _Finder:
    """Collects the reads of a reach."""

    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.reads: list[EnvRead] = []
        self.open: list[Open] = []

    def read(self, module: PythonModule) -> None:
        for reference in environ_references(module):
            if self.reach.phase(module, reference.node) is None:
                continue
            if reference.kind == "environ":
                self._environ(module, reference.node)
            else:
                self._function(module, reference)
        roots = {(binding.imported or "").partition(".")[0] for binding in module.names.imports}
        if not roots.isdisjoint(_READER_ROOTS | {"dotenv"}):
            self._reader_calls(module)
        if not roots.isdisjoint({"subprocess", "os", "asyncio"}):
            self._programs(module)

    # `os.environ`

    def _environ(self, module: PythonModule, node: cst.CSTNode) -> None:
        parent = module.parent(node)
        above = module.parent(parent) if parent is not None else None
        if isinstance(parent, cst.Subscript) and parent.value is node:
            self._subscript(module, parent)
        elif isinstance(parent, cst.Attribute) and isinstance(above, cst.Call) and above.func is parent:
            self._method(module, above, parent.attr.value)
        elif (
            isinstance(parent, cst.ComparisonTarget)
            and isinstance(parent.operator, (cst.In, cst.NotIn))
            and isinstance(above, cst.Comparison)
            and above.comparisons[0] is parent
        ):
            self._add(module, above.left, Use.TESTED, above)
        elif isinstance(parent, cst.Expr):
            return
        else:
            self._whole(module, node, parent)

    def _subscript(self, module: PythonModule, node: cst.Subscript) -> None:
        index = node.slice[0].slice if len(node.slice) == 1 else None
        if not isinstance(index, cst.Index):
            return
        above = module.parent(node)
        while isinstance(above, (cst.Element, cst.Tuple, cst.List, cst.StarredElement)):
            above = module.parent(above)  # `status, os.environ["X"] = …` sets; in a value, `Assign` follows
        if isinstance(above, (cst.AssignTarget, cst.Del)) or (
            isinstance(above, cst.AnnAssign) and above.target is node
        ):
            if not isinstance(above, cst.Del):
                self._add(module, index.value, Use.SET, node)
            return
        self._add(module, index.value, Use.REQUIRED, node)

    def _method(self, module: PythonModule, call: cst.Call, method: str) -> None:
        first = call.args[0].value if call.args and not call.args[0].star else None
        if method in ("get", "setdefault", "pop", "__getitem__", "__contains__") and first is not None:
            required = method == "__getitem__" or (method == "pop" and len(call.args) < 2)
            tested = Use.TESTED if method == "__contains__" else Use.OPTIONAL
            self._add(module, first, Use.REQUIRED if required else tested, call)
            if method == "setdefault":
                self._add(module, first, Use.SET, call)
        elif method == "update":
            self._update(module, call)
        elif method not in ("clear",):
            self._whole(module, call, module.parent(call))

    def _update(self, module: PythonModule, call: cst.Call) -> None:
        for argument in call.args:
            if argument.keyword is not None:
                name = argument.keyword.value
                self.reads.append(EnvRead(name, Use.SET, module, argument, module, call))
                continue
            symbol = self.evaluator.value(module, argument.value)
            for option in symbols.given(symbol):
                entries = self.evaluator.items(option) if isinstance(option, symbols.Display) else None
                if entries is None:
                    self.open.append(Open("set from elsewhere", module, call, sets=True))
                    continue
                for key, _ in entries:
                    for named in self._of_symbol(key or symbols.Unknown("key"), module, argument):
                        self._record(named, Use.SET, module, call)

    def _whole(self, module: PythonModule, node: cst.CSTNode, parent: cst.CSTNode | None) -> None:
        """The environment as a whole: copied, gone over, handed on. Anything may be read."""
        self.open.append(Open("the environment is used as a whole", module, node))

    # `os.getenv`, `os.putenv`

    def _function(self, module: PythonModule, reference: Reference) -> None:
        call = module.parent(reference.node)
        if not isinstance(call, cst.Call) or call.func is not reference.node:
            self.open.append(Open("os.getenv is handed on", module, reference.node))
            return
        arguments = [argument for argument in call.args if not argument.star]
        first = next(
            (one.value for one in arguments if one.keyword is None or one.keyword.value == "key"), None
        )
        if first is None:
            self.open.append(Open("arguments spread", module, call))
            return
        self._add(module, first, Use.SET if reference.kind == "putenv" else Use.OPTIONAL, call)

    # Libraries that read by name

    def _reader_calls(self, module: PythonModule) -> None:
        for _, calls in Index.of(module).calls:
            for call in calls:
                if self.reach.phase(module, call) is None:
                    continue
                for option in symbols.given(self.evaluator.value(module, call.func)):
                    self._reader_call(module, call, option)

    def _reader_call(self, module: PythonModule, call: cst.Call, function: symbols.Symbol) -> None:
        method = ""
        if isinstance(function, symbols.Member) and isinstance(function.base, symbols.Instance):
            method = function.name
            function = function.base
        name = function.qualified if isinstance(function, (symbols.Instance, symbols.External)) else ""
        if name in _LOADERS or f"{name}().{method}" in _LOADERS:
            self.open.append(Open("set from a file", module, call, sets=True))
            return
        is_reader = name == "decouple.config" or (name in _READERS and isinstance(function, symbols.Instance))
        if not is_reader or method in ("dump", "seal", "read_envfile"):
            return
        if method in ("prefixed",):
            self.open.append(Open("names with a prefix", module, call))
            return
        if call.args and not call.args[0].star and call.args[0].keyword is None:
            self._add(module, call.args[0].value, Use.OPTIONAL, call)

    def _programs(self, module: PythonModule) -> None:
        text = module.source.text
        if not _PROGRAMS_TEXT.search(text):
            return
        for _, calls in Index.of(module).calls:
            for call in calls:
                name = module.names.qualified(call.func)
                if name is not None and _PROGRAMS.fullmatch(name) and self.reach.phase(module, call):
                    self.open.append(Open("a program is started", module, call))

    # Names

    def _add(self, module: PythonModule, expr: cst.BaseExpression, use: Use, reader: cst.CSTNode) -> None:
        for named in self._names(module, expr, reader, 0):
            self._record(named, use, module, reader)

    def _record(self, named: Named, use: Use, module: PythonModule, reader: cst.CSTNode) -> None:
        if named.name is None:
            reason = "names that are put together" if named.pattern is not None else "names from elsewhere"
            self.open.append(Open(reason, module, reader, named.pattern, use is Use.SET))
            return
        self.reads.append(EnvRead(named.name, use, named.module, named.node, module, reader))

    def _names(
        self, module: PythonModule, expr: cst.BaseExpression, place: cst.CSTNode, depth: int
    ) -> Iterator[Named]:
        """The names that an expression comes to. A helper's parameter is followed to its callers, where the
        name stands."""
        binding = self._binding(module, expr)
        if binding is not None and depth < _MAX_DEPTH:
            if binding.kind is BindingKind.PARAMETER:
                followed = self._from_callers(module, binding, depth)
                if followed is not None:
                    yield from followed
                    return
            elif binding.kind in (BindingKind.FOR, BindingKind.COMPREHENSION):
                items = self._items(module, binding)
                if items is not None:
                    for item_module, item in items:
                        symbol = self.evaluator.value(item_module, item)
                        yield from self._of_symbol(symbol, module, place)
                    return
        yield from self._of_symbol(self.evaluator.value(module, expr), module, place)

    @staticmethod
    def _binding(module: PythonModule, expr: cst.BaseExpression) -> Binding | None:
        if not isinstance(expr, cst.Name):
            return None
        found = module.names.lookup(expr)
        if len(found) > 1:  # several loops with one variable: the one around the read
            found = tuple(each for each in found if module.contains(each.node, expr))
        return found[0] if len(found) == 1 else None

    def _from_callers(self, module: PythonModule, binding: Binding, depth: int) -> list[Named] | None:
        """The names that callers pass for a parameter; None where they are not all in sight."""
        function = binding.scope.node
        if not isinstance(function, cst.FunctionDef) or self.reach.is_entry(module, function):
            return None
        position, parameter = parameter_of(function, binding.name)
        bound = module.enclosing_class(function) is not None and not is_static(function)
        found: list[Named] = []
        for caller, call in self.reach.call_sites(module, function):
            skip = 1 if bound and (is_classmethod(function) or not self._is_of_class(caller, call)) else 0
            argument = _argument(call, position - skip, binding.name)
            if argument is not None:
                found.extend(self._names(caller, argument, argument, depth + 1))
            elif any(each.star for each in call.args):
                return None
            elif parameter is not None and parameter.default is not None:
                default = self.evaluator.value(module, parameter.default)
                found.extend(self._of_symbol(default, module, parameter.default))
        return found or None

    def _is_of_class(self, module: PythonModule, call: cst.Call) -> bool:
        """Whether a method is called by its class, which passes no object: `Config.get("X")`."""
        if not isinstance(call.func, cst.Attribute):
            return False
        receivers = symbols.given(self.evaluator.value(module, call.func.value))
        return all(isinstance(option, symbols.Class) for option in receivers)

    def _items(
        self, module: PythonModule, binding: Binding
    ) -> list[tuple[PythonModule, cst.BaseExpression]] | None:
        """The items that a loop over a written-out list, tuple, set or dict (its keys) gives its variable."""
        loop = binding.node
        if not isinstance(loop, (cst.For, cst.CompFor)):
            return None
        iterated, part = loop.iter, None
        if isinstance(loop.target, cst.Tuple):
            names = [getattr(element.value, "value", None) for element in loop.target.elements]
            part = names.index(binding.name) if binding.name in names else None
            if part is None:
                return None
        if (
            isinstance(iterated, cst.Call)
            and isinstance(iterated.func, cst.Attribute)
            and iterated.func.attr.value in ("items", "keys", "values")
        ):
            method, iterated = iterated.func.attr.value, iterated.func.value
            wanted = "keys" if method == "keys" or (method == "items" and part == 0) else "values"
        else:
            wanted = "keys" if part is None else f"item {part}"
        found: list[tuple[PythonModule, cst.BaseExpression]] = []
        for option in symbols.given(self.evaluator.value(module, iterated)):
            items = _items_of(option, wanted)
            if items is None:
                return None
            found.extend(items)
        return found

    def _of_symbol(self, symbol: symbols.Symbol, module: PythonModule, place: cst.CSTNode) -> Iterator[Named]:
        for option in symbols.alternatives(symbol):
            if isinstance(option, symbols.Literal):
                if isinstance(option.value, str):
                    yield Named(option.value, module, place)
                elif option.value is not None:
                    yield Named(None, module, place)
            elif isinstance(option, symbols.Text):
                yield from self._of_text(option, module, place)
            else:
                yield Named(None, module, place)

    @staticmethod
    def _of_text(text: symbols.Text, module: PythonModule, place: cst.CSTNode) -> Iterator[Named]:
        """Each name that a text with parts of several values can be; else what they look like."""
        choices = [symbols.alternatives(part) for part in text.parts]
        count = 1
        for options in choices:
            count *= len(options)
        if count <= _MAX_PARTS and all(
            isinstance(option, symbols.Literal) for options in choices for option in options
        ):
            for parts in itertools.product(*choices):
                name = "".join(str(part.value) for part in parts if isinstance(part, symbols.Literal))
                yield Named(name, module, place)
            return
        pattern = "".join(
            re.escape(str(part.value)) if isinstance(part, symbols.Literal) else ".*" for part in text.parts
        )
        yield Named(None, module, place, re.compile(pattern))


_PROGRAMS_TEXT = re.compile(r"subprocess|os\.(?:system|popen|exec|spawn|posix_spawn)|create_subprocess")


def _argument(call: cst.Call, position: int, name: str) -> cst.BaseExpression | None:
    positional = [each.value for each in call.args if each.keyword is None and not each.star]
    if 0 <= position < len(positional):
        return positional[position]
    return next(
        (each.value for each in call.args if each.keyword is not None and each.keyword.value == name), None
    )


def _items_of(symbol: symbols.Symbol, wanted: str) -> list[tuple[PythonModule, cst.BaseExpression]] | None:
    if not isinstance(symbol, symbols.Display):
        return None
    node, module = symbol.node, symbol.module
    if isinstance(node, cst.Dict):
        if not all(isinstance(element, cst.DictElement) for element in node.elements):
            return None
        pairs = [element for element in node.elements if isinstance(element, cst.DictElement)]
        if wanted in ("keys", "values"):
            return [(module, pair.key if wanted == "keys" else pair.value) for pair in pairs]
        return None
    if isinstance(node, cst.Call) or any(isinstance(one, cst.StarredElement) for one in node.elements):
        return None
    items: Sequence[cst.BaseExpression] = [element.value for element in node.elements]
    if wanted.startswith("item "):
        part = int(wanted.removeprefix("item "))
        tuples = [item for item in items if isinstance(item, (cst.Tuple, cst.List))]
        if len(tuples) != len(items) or any(len(each.elements) <= part for each in tuples):
            return None
        return [(module, each.elements[part].value) for each in tuples]
    return [(module, item) for item in items] if wanted == "keys" else None
