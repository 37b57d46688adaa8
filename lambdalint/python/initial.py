"""What init makes and keeps: clients, connections, models and large data, and every place that reads one.

An object is followed by the variable that keeps it: a module's, or an attribute that code of the init phase
sets on an object or class. What is made of another one that is kept (a session's client, a resource's table,
a connection's cursor) belongs to it: to use the one is to use the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python import symbols
from lambdalint.python.connections import factories
from lambdalint.python.index import Index
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding
from lambdalint.python.reach import Phase
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.program import Definition
    from lambdalint.python.reach import Reach

__all__ = ["Kept", "Read", "kept"]


@dataclass(frozen=True, eq=False)
class Read:
    """A place within reach that reads a kept object, and whether an invocation comes to it."""

    module: PythonModule
    node: cst.BaseExpression
    invoked: bool


@dataclass(eq=False)
class Kept:
    """An object that init makes and a variable keeps.

    kind: "session", "client", "resource" or "object" (a table, a bucket …) of the AWS SDK; "connection",
    "model", "data" or "client" of others. `what` is what a message calls it. `value` is the expression that
    is assigned, in which the object is made or got. `parts` are what is made of it and kept as well; `reads`
    are its own and theirs, but for those by which the parts are made. `dead` are places that read it and do
    not run. `open` says that something may read it that is not seen.
    """

    kind: str
    what: str
    module: PythonModule
    value: cst.BaseExpression
    name: str
    reads: tuple[Read, ...] = ()
    dead: tuple[cst.BaseExpression, ...] = ()
    parts: tuple[Kept, ...] = ()
    whole: Kept | None = None
    open: bool = False


@dataclass(frozen=True)
class CostlyObject:
    """A row of data/costly_objects.toml."""

    kind: str
    what: str


@cache
def costly_objects() -> Mapping[str, CostlyObject]:
    """The calls of the table, by import path."""
    return {
        name: CostlyObject(row["kind"], row["what"])
        for row in load("costly_objects.toml")["object"]
        for name in row["calls"]
    }


@cache
def _roots() -> frozenset[str]:
    """The packages whose calls may make something that is followed."""
    named = {name.partition(".")[0] for name in (*factories(), *costly_objects())}
    return frozenset({*named, "boto3", "botocore", "aws_xray_sdk", "aioboto3"})


def kept(
    evaluator: Evaluator, reach: Reach, more: Mapping[str, CostlyObject] | None = None
) -> Sequence[Kept]:
    """The objects that init makes within a reach and keeps, in the order of the source. `more` are further
    calls that make one."""
    return _Search(evaluator, reach, more or {}).found()


@dataclass(eq=False)
class _Variable:
    """A module's variable, or (with `bindings` empty) an attribute."""

    module: PythonModule
    name: str
    value: cst.BaseExpression
    kind: str
    what: str
    bindings: list[Binding] = field(default_factory=list)


class _Search:
    def __init__(self, evaluator: Evaluator, reach: Reach, more: Mapping[str, CostlyObject]) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.more = more

    def found(self) -> list[Kept]:
        variables = list(self._variables())
        if not variables:
            return []
        objects = [
            Kept(
                *(each.kind, each.what, each.module, each.value, each.name),
                dead=tuple(self._dead(each)),
                open=self._is_open(each),
            )
            for each in variables
        ]
        reads = [list(self._reads(each)) for each in variables]
        self._tie(objects, reads)
        for each, own in zip(objects, reads, strict=True):
            each.reads = tuple(read for read in own if not self._makes_part(each, read))
        for each in objects:
            inherited = [read for part in _all_parts(each) for read in part.reads]
            each.reads = (*each.reads, *inherited)
            each.open = each.open or any(part.open for part in _all_parts(each))
        return objects

    # The variables

    def _variables(self) -> Iterator[_Variable]:
        for module in self.reach.modules:
            if not self._may_make(module):
                continue
            seen: dict[tuple[int, str], _Variable] = {}
            for scope in module.names.scopes:
                if scope.kind not in ("module", "class"):
                    continue
                for name, bindings in scope.bindings.items():
                    for binding in bindings:
                        made = self._made(module, binding)
                        if made is None or binding.value is None:
                            continue
                        known = seen.get((id(scope), name))
                        if known is None:
                            own = list(bindings) if scope.kind == "module" else []
                            seen[id(scope), name] = _Variable(module, name, binding.value, *made, own)
            yield from seen.values()
            yield from self._attributes(module)

    def _may_make(self, module: PythonModule) -> bool:
        """Whether a module may make such an object itself, or by a function of one that does."""
        for binding in module.names.imports:
            root = (binding.imported or "").partition(".")[0]
            if root in _roots() or any(name.partition(".")[0] == root for name in self.more):
                return True
            if self.evaluator.program.is_local(module, binding):
                return True
        return False

    def _made(self, module: PythonModule, binding: Binding) -> tuple[str, str] | None:
        if binding.is_import or binding.value is None or not _may_hold_call(binding.value):
            return None
        place = binding.target or binding.node
        if self.reach.phases(module, place) != {Phase.INIT}:
            return None
        return self._kind(module, binding.value)

    def _attributes(self, module: PythonModule) -> Iterator[_Variable]:
        """`self.client = boto3.client(…)` in a constructor that runs at init only."""
        for name, targets in Index.of(module).attributes.items():
            for target, value in targets:
                if not isinstance(target.value, cst.Name) or target.value.value not in ("self", "cls"):
                    continue
                if not _may_hold_call(value) or self.reach.phases(module, target) != {Phase.INIT}:
                    continue
                made = self._kind(module, value)
                if made is not None:
                    yield _Variable(module, name, value, *made)
                    break

    def _kind(self, module: PythonModule, value: cst.BaseExpression) -> tuple[str, str] | None:
        found = [self._kind_of(option) for option in symbols.given(self.evaluator.value(module, value))]
        if not found or any(kind is None for kind in found):
            return None
        return found[0]

    def _kind_of(self, symbol: symbols.Symbol) -> tuple[str, str] | None:
        if isinstance(symbol, symbols.Sdk):
            if symbol.node is None or symbol.kind not in _SDK_KINDS:
                return None
            return symbol.kind, _sdk_name(symbol)
        if not isinstance(symbol, symbols.Instance):
            return None
        if symbol.origin is not None:
            root = self._kind_of(symbol.root)
            if root is None or root[0] != "connection":
                return None
            step = symbol.qualified.rpartition(".")[2]
            return ("connection", f"{root[1]}'s {step}") if step in _OF_CONNECTIONS else None
        costly = self.more.get(symbol.qualified) or costly_objects().get(symbol.qualified)
        if costly is not None:
            return costly.kind, costly.what
        factory = factories().get(symbol.qualified)
        if factory is None or factory.what.startswith("boto3"):
            return None
        return "connection", f"the {factory.what}"

    # Their reads

    def _reads(self, variable: _Variable) -> Iterator[Read]:
        if variable.bindings:
            yield from self._reads_of_name(variable)
        else:
            yield from self._reads_of_attribute(variable)

    def _reads_of_name(self, variable: _Variable) -> Iterator[Read]:
        for read in variable.bindings[0].reads:
            yield from self._read(variable.module, read)
        own = {id(binding) for binding in variable.bindings}
        for other in self.reach.modules:
            if other is variable.module or variable.name not in other.source.text:
                continue
            for binding in other.names.imports:
                if self._means(self.evaluator.program.bound(other, binding), own):
                    for read in binding.reads:
                        yield from self._read(other, read)
            for attribute in other.nodes(cst.Attribute):
                if attribute.attr.value == variable.name and self._means(
                    self.evaluator.program.definition(other, attribute), own
                ):
                    yield from self._read(other, attribute)

    @staticmethod
    def _means(found: Definition | None, own: set[int]) -> bool:
        return found is not None and id(found.binding) in own

    def _reads_of_attribute(self, variable: _Variable) -> Iterator[Read]:
        for module in self.reach.modules:
            for attribute in module.nodes(cst.Attribute):
                if attribute.attr.value != variable.name or _is_assigned(module, attribute):
                    continue
                yield from self._read(module, attribute)

    def _read(self, module: PythonModule, node: cst.BaseExpression) -> Iterator[Read]:
        phases = self.reach.phases(module, node)
        if phases and not _is_annotation(module, node):
            yield Read(module, node, Phase.INVOKE in phases)

    def _dead(self, variable: _Variable) -> Iterator[cst.BaseExpression]:
        module = variable.module
        reads: Iterable[cst.BaseExpression] = variable.bindings[0].reads if variable.bindings else ()
        if not variable.bindings:
            named = (each for each in module.nodes(cst.Attribute) if each.attr.value == variable.name)
            reads = (each for each in named if not _is_assigned(module, each))
        return (read for read in reads if not self.reach.phases(module, read))

    def _is_open(self, variable: _Variable) -> bool:
        """Whether something may read the variable that is not seen: a function that a library calls, a star
        import, a look-up by name."""
        module = variable.module
        if any(_may_be_called(module, read) for read in self._dead(variable)):
            return True
        if variable.name in module.names.mentioned or variable.name in (module.names.exported or ()):
            return True
        if any(name in module.source.text for name in ("globals(", "eval(", "exec(", "locals(", "vars(")):
            return True
        if not variable.bindings:
            return any("getattr(" in other.source.text for other in self.reach.modules)
        for other in self.reach.modules:
            if other is module:
                continue
            for star in other.names.module_scope.bindings.get("*", ()):
                if self.evaluator.program.absolute(other, star.qualified or "") == self._dotted(module):
                    return True
        return False

    def _dotted(self, module: PythonModule) -> str:
        return self.evaluator.program.name(module)[0]

    # What is made of what

    def _tie(self, objects: Sequence[Kept], reads: Sequence[Sequence[Read]]) -> None:
        """Finds the object that each is made of: the one that is read where its value is assigned."""
        for whole, own in zip(objects, reads, strict=True):
            for read in own:
                for part in objects:
                    if part is not whole and part.whole is None and _holds(part, read):
                        part.whole = whole
                        whole.parts = (*whole.parts, part)

    def _makes_part(self, whole: Kept, read: Read) -> bool:
        return any(_holds(part, read) for part in whole.parts)


_SDK_KINDS = frozenset({"session", "client", "resource", "object"})
_OF_CONNECTIONS = frozenset({"cursor", "connect", "channel", "session", "begin", "open_sftp"})


def _holds(part: Kept, read: Read) -> bool:
    return part.module is read.module and part.module.contains(part.value, read.node)


def _all_parts(each: Kept) -> Iterator[Kept]:
    """What is made of an object, and of that in turn."""
    waiting, seen = list(each.parts), {id(each)}
    while waiting:
        part = waiting.pop(0)
        if id(part) not in seen:
            seen.add(id(part))
            yield part
            waiting.extend(part.parts)


def _sdk_name(symbol: symbols.Sdk) -> str:
    if symbol.kind == "session":
        return "the AWS session"
    if symbol.kind == "object":
        return (
            f"the {symbol.service} {symbol.type.lower()}" if symbol.type else f"the {symbol.service} object"
        )
    return f"the {symbol.service or 'boto3'} {symbol.kind}"


def _may_hold_call(value: cst.BaseExpression) -> bool:
    return isinstance(value, (cst.Call, cst.Await, cst.IfExp, cst.BooleanOperation))


def _is_assigned(module: PythonModule, attribute: cst.Attribute) -> bool:
    parent = module.parent(attribute)
    if isinstance(parent, cst.AssignTarget):
        return True
    return isinstance(parent, cst.AnnAssign) and parent.target is attribute


_MAX_CALLERS = 4  # deep
_PLAIN = ("abc.", "builtins.", "contextlib.", "dataclasses.", "functools.", "typing.")


def _may_be_called(module: PythonModule, node: cst.CSTNode, depth: int = 0) -> bool:
    """Whether a library may have what holds a node called, though nothing in sight does: by a decorator, by a
    base class, or by a function of which that is so."""
    function = module.enclosing_function(node)
    while function is not None:
        if isinstance(function, cst.FunctionDef):
            if any(_registers(module, decorator) for decorator in function.decorators):
                return True
            owner = next(
                (each for each in module.ancestors(function) if isinstance(each, cst.ClassDef)), None
            )
            if owner is not None and any(last_name(each.value) != "object" for each in owner.bases):
                return True
            if depth < _MAX_CALLERS and any(
                _may_be_called(module, call, depth + 1)
                for call in module.nodes(cst.Call)
                if last_name(call.func) == function.name.value and not module.contains(function, call)
            ):
                return True
        function = module.enclosing_function(function)
    return False


def _registers(module: PythonModule, decorator: cst.Decorator) -> bool:
    """Whether a decorator is none that is known to do no more than to wrap."""
    expr = decorator.decorator
    name = module.names.qualified(expr.func if isinstance(expr, cst.Call) else expr)
    return name is None or not name.startswith(_PLAIN)


def _is_annotation(module: PythonModule, node: cst.CSTNode) -> bool:
    return any(isinstance(ancestor, cst.Annotation) for ancestor in module.ancestors(node))
