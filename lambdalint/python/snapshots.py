"""What init makes that must not come out of a snapshot: unique and random values, times, credentials that
expire. Which calls make such, is data/snapshot_state.toml.

With SnapStart, every execution environment begins with what init left when the version was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python import symbols
from lambdalint.python.keeping import uses
from lambdalint.python.lifetimes import Place
from lambdalint.python.module import PythonModule
from lambdalint.python.names import dotted_name
from lambdalint.python.reach import Phase
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCalls
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach
    from lambdalint.python.state import State

HOOKS = frozenset({"register_after_restore"})
_HOOK_LIBRARY = "snapshot_restore"


@dataclass(frozen=True)
class Kind:
    """A kind of state; the fields are those of data/snapshot_state.toml."""

    kind: str
    what: str
    source: str


@dataclass(frozen=True, eq=False)
class Frozen:
    """Something that init makes, that a snapshot would hold, and that an invocation reads at `use`."""

    kind: Kind
    module: PythonModule
    node: cst.BaseExpression
    use: Place


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, Kind]:
    """The known makers, by callable, operation or attribute."""
    rows: list[dict[str, Any]] = load("snapshot_state.toml")["state"]
    found: dict[str, Kind] = {}
    for row in rows:
        kind = Kind(row["kind"], row["what"], row["source"])
        names = [*row.get("calls", ()), *row.get("operations", ()), *row.get("attributes", ())]
        found.update(dict.fromkeys(names, kind))
    return found


@lru_cache(maxsize=1)
def _last_names() -> frozenset[str]:
    return frozenset(name.rpartition(".")[2] for name in kinds())


def frozen(evaluator: Evaluator, reach: Reach, calls: AwsCalls, state: State) -> Iterator[Frozen]:
    """What init makes and an invocation reads, though it should not come out of a snapshot.

    Left out is what a function makes anew: an assignment to the same variable, by the handler or by a hook
    that runs after the restore.
    """
    hooked = hooked_names(evaluator, reach)
    for kind, module, node in _made_at_init(evaluator, reach, calls):
        if kind.kind == "seed":
            again = Phase.INVOKE in reach.phases(module, node)
            use = None if again else next(_draws(reach), None)
        else:
            found = uses(evaluator, reach, module, node)
            use = found[0] if found else None
            if any(_is_renewed(evaluator, state, hooked, each) for each in found):
                continue
        if use is not None:
            yield Frozen(kind, module, node, use)


def _made_at_init(
    evaluator: Evaluator, reach: Reach, calls: AwsCalls
) -> Iterator[tuple[Kind, PythonModule, cst.BaseExpression]]:
    known = kinds()
    for call in calls:
        kind = known.get(call.api)
        if kind is not None and _at_init(reach, call.module, call.node):
            yield kind, call.module, call.node
    for module in reach.modules:
        for node in module.nodes(cst.Call):
            kind = _kind(evaluator, reach, module, node, last_name(node.func))
            if kind is not None:
                yield kind, module, node
        copied: set[int] = set()
        for attribute in module.nodes(cst.Attribute):
            kind = _kind(evaluator, reach, module, attribute, attribute.attr.value)
            statement = id(module.statement(attribute))
            if kind is None or isinstance(module.parent(attribute), cst.Call) or statement in copied:
                continue
            copied.add(statement)  # access key, secret key and token are one copy
            yield kind, module, attribute


def _kind(
    evaluator: Evaluator, reach: Reach, module: PythonModule, node: cst.Call | cst.Attribute, name: str
) -> Kind | None:
    if name not in _last_names() or not _at_init(reach, module, node):
        return None
    known = kinds()
    return next((known[each] for each in _names(evaluator, module, node) if each in known), None)


def _names(evaluator: Evaluator, module: PythonModule, node: cst.Call | cst.Attribute) -> Iterator[str]:
    """What a call or an attribute resolves to, as the table writes it."""
    for option in symbols.alternatives(evaluator.value(module, node)):
        if isinstance(node, cst.Call) and isinstance(option, symbols.Instance):
            yield option.qualified
        elif isinstance(option, symbols.Member) and isinstance(option.base, symbols.Instance):
            yield f"{option.base.qualified}().{option.name}"


def _at_init(reach: Reach, module: PythonModule, node: cst.CSTNode) -> bool:
    return Phase.INIT in reach.phases(module, node)


def _draws(reach: Reach) -> Iterator[Place]:
    """Where invocations draw from the random source that all share."""
    for module in reach.modules:
        for call in module.nodes(cst.Call):
            kind = kinds().get(module.names.qualified(call.func) or "")
            if kind is not None and kind.kind == "random" and Phase.INVOKE in reach.phases(module, call):
                yield Place(module, call)


def _is_renewed(evaluator: Evaluator, state: State, hooked: frozenset[str], use: Place) -> bool:
    """Whether a function gives the variable, of which this is a read, another value."""
    node = use.node
    if isinstance(node, cst.Attribute):
        return node.attr.value in hooked
    if not isinstance(node, cst.Name):
        return False
    if node.value in hooked:
        return True
    for binding in use.module.names.lookup(node):
        if binding.is_import:
            found = evaluator.program.bound(use.module, binding)
            if found is not None and found.binding is not None:
                return state.is_written(found.module, found.binding.name)
        elif state.is_written(use.module, binding.name):
            return True
    return False


# Hooks


def hooked_names(evaluator: Evaluator, reach: Reach) -> frozenset[str]:
    """The names of variables and attributes that hooks set after a restore, themselves or by what they call;
    and of the objects whose methods they call.

    https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
    """
    found: set[str] = set()
    for module in reach.modules:
        if _HOOK_LIBRARY not in module.source.text:
            continue
        for home, function in _hooks(evaluator, module):
            _set_by(evaluator, home, function, found, set())
    return frozenset(found)


def _hooks(evaluator: Evaluator, module: PythonModule) -> Iterator[tuple[PythonModule, cst.CSTNode]]:
    for decorator in module.nodes(cst.Decorator):
        function = module.parent(decorator)
        if last_name(decorator.decorator) in HOOKS and isinstance(function, cst.FunctionDef):
            yield module, function
    for call in module.nodes(cst.Call):
        if last_name(call.func) not in HOOKS or not call.args:
            continue
        for option in symbols.alternatives(evaluator.value(module, call.args[0].value)):
            if isinstance(option, symbols.Function):
                yield option.module, option.node
            elif isinstance(option, symbols.Member):
                # `register_after_restore(connection.reconnect)`
                base = call.args[0].value
                yield module, base


def _set_by(
    evaluator: Evaluator, module: PythonModule, node: cst.CSTNode, found: set[str], seen: set[int]
) -> None:
    if id(node) in seen or len(seen) > 20:
        return
    seen.add(id(node))
    for inner in module.descendants(node):
        if isinstance(inner, cst.AssignTarget):
            target = inner.target
            found.add(last_name(target.value if isinstance(target, cst.Subscript) else target))
        elif isinstance(inner, cst.Attribute):
            # A method that is called may set the object right.
            found.update((dotted_name(inner.value) or "").split("."))
        elif isinstance(inner, cst.Call):
            for option in symbols.alternatives(evaluator.value(module, inner.func)):
                if isinstance(option, symbols.Function):
                    _set_by(evaluator, option.module, option.node, found, seen)
    found.discard("")
