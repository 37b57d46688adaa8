"""What code puts into a dict or list after it made it: `d["x"] = …`, `d.update(…)`, `items.append(…)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.memo import Memo
from lambdalint.python.module import PythonModule
from lambdalint.python.names import Binding
from lambdalint.python.places import Place, Places, Relation
from lambdalint.python.syntax import assignments, last_name

if TYPE_CHECKING:
    from lambdalint.python.kinds import Bound, Part

_ADDS = frozenset({"append", "add", "extend", "insert", "setdefault", "update"})
_TAKES = frozenset({"clear", "pop", "popitem", "remove"})
# Calls that only look at what they are given.
_LOOKS = frozenset(
    {
        "any",
        "all",
        "critical",
        "debug",
        "dump",
        "dumps",
        "error",
        "exception",
        "info",
        "isinstance",
        "len",
        "log",
        "max",
        "min",
        "pformat",
        "pprint",
        "print",
        "send_message",
        "put_item",
        "put_object",
        "publish",
        "sorted",
        "str",
        "sum",
        "warn",
        "warning",
    }
)


@dataclass(frozen=True)
class _Change:
    """One change. `key` is the constant key, "" for an item of a list, None where it is not known; `value`
    None where something is taken out or where nobody knows what happens."""

    node: cst.CSTNode
    key: str | None
    value: cst.BaseExpression | None
    name: cst.Name


_KNOWN: Memo[PythonModule, Changes] = Memo()


@dataclass(eq=False)
class Changes:
    """The changes that a module makes to what its names hold, by name; found once."""

    by_name: dict[str, list[_Change]] = field(default_factory=dict)
    places: Places = field(default_factory=Places)
    tested: dict[int, set[str]] | None = None  # names whose type a function asks for; for `kinds`

    @classmethod
    def of(cls, module: PythonModule) -> Changes:
        """The changes of a module."""
        found = _KNOWN.get(module)
        if found is None:
            found = _KNOWN[module] = cls()
            for change in _changes(module):
                found.by_name.setdefault(change.name.value, []).append(change)
        return found

    def touches(self, module: PythonModule, binding: Binding) -> bool:
        """Whether anything is put into what the binding holds."""
        return bool(self._of(module, binding))

    def never_adds(self, bound: Bound, key: str) -> bool:
        """Whether nothing may add a key to what a name holds before it is read."""
        place = self._place(bound)
        for change in self._of(bound.module, bound.binding):
            if change.key is not None and change.key != key:
                continue
            if change.key is None and change.value is None and _takes_out(change.node):
                continue
            if place is None or self.places.relation(bound.module, change.node, place) is not Relation.NEVER:
                return False
        return True

    def keys(self, bound: Bound) -> frozenset[str] | None:
        """The keys that are set or taken out before a name is read; None where any may be."""
        place = self._place(bound)
        found: set[str] = set()
        for change in self._of(bound.module, bound.binding):
            if place is not None and self.places.relation(bound.module, change.node, place) is Relation.NEVER:
                continue
            if change.key is None:
                return None
            found.add(change.key)
        return frozenset(found)

    def applied(self, bound: Bound, parts: Sequence[Part]) -> Iterator[Part]:
        """What a dict or list holds when it is read: its parts as written, changed by what comes before."""
        from lambdalint.python.kinds import Part

        module, within = bound.module, bound.within
        place = self._place(bound)
        kept: dict[str, list[Part]] = {}
        items: list[Part] = []
        for part in parts:
            if part.key is not None:
                kept[part.key] = [part]
            else:
                items.append(part)
        for change in self._of(module, bound.binding):
            relation = (
                self.places.relation(module, change.node, place) if place is not None else Relation.MAY_REACH
            )
            if relation is Relation.NEVER:
                continue
            if change.key is None:
                # Any part may have been replaced or taken out.
                kept, items = {}, []
            elif change.value is None:
                kept.pop(change.key, None)
            elif change.key == "":
                items.append(Part(None, module, change.value, within))
            elif relation is Relation.REPLACES:
                kept[change.key] = [Part(change.key, module, change.value, within)]
            elif _reads(module, change.value, change.name.value):
                kept[change.key] = []  # converted on some ways
            else:
                kept.setdefault(change.key, []).append(Part(change.key, module, change.value, within))
        for found in kept.values():
            yield from found
        yield from items

    def _of(self, module: PythonModule, binding: Binding) -> list[_Change]:
        """The changes to what a binding holds, in the order of the source."""
        found = [
            change
            for change in self.by_name.get(binding.name, ())
            if any(each is binding for each in module.names.lookup(change.name))
        ]
        if len(found) > 1:
            found.sort(key=lambda change: self.places.path(module, change.node))
        return found

    def _place(self, bound: Bound) -> Place | None:
        """Where the read stands in the scope of the binding; None where it is in another."""
        module, scope = bound.module, bound.binding.scope
        if module.names.scope(bound.read) is not scope:
            return None
        return self.places.place(module, bound.read, scope.node)


def _takes_out(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Del) or (
        isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in _TAKES
    )


def _reads(module: PythonModule, value: cst.BaseExpression, name: str) -> bool:
    return any(isinstance(node, cst.Name) and node.value == name for node in module.descendants(value))


def _changes(module: PythonModule) -> Iterator[_Change]:
    yield from _assigned(module)
    yield from _deleted(module)
    for call in module.nodes(cst.Call):
        yield from _called(module, call)


def _assigned(module: PythonModule) -> Iterable[_Change]:
    for target, value in assignments(module):
        if isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name):
            statement = module.parent(module.parent(target) or target) or target
            yield _Change(statement, _key(target), value, target.value)
    for augmented in module.nodes(cst.AugAssign):
        target = augmented.target
        if isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name):
            key = _key(target)
            yield _Change(augmented, key, None, target.value)


def _deleted(module: PythonModule) -> Iterable[_Change]:
    for statement in module.nodes(cst.Del):
        target = statement.target
        if isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name):
            yield _Change(statement, _key(target), None, target.value)


def _key(target: cst.Subscript) -> str | None:
    index = target.slice[0].slice if len(target.slice) == 1 else None
    value = index.value if isinstance(index, cst.Index) else None
    if isinstance(value, cst.SimpleString):
        text = value.evaluated_value
        return text if isinstance(text, str) and text else None
    return None


def _called(module: PythonModule, call: cst.Call) -> Iterable[_Change]:
    func = call.func
    if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name):
        name = func.attr.value
        if name in _ADDS:
            yield from _added(call, func.value, name)
        elif name in _TAKES:
            key = _first_text(call) if name == "pop" else None
            yield _Change(call, key, None, func.value)
    if not isinstance(module.parent(call), cst.Expr) or last_name(func) in (*_LOOKS, *_ADDS):
        return
    # A call for its effect may change what it is given.
    for argument in call.args:
        if isinstance(argument.value, cst.Name):
            yield _Change(call, None, None, argument.value)


def _added(call: cst.Call, name: cst.Name, method: str) -> Iterable[_Change]:
    values = [argument.value for argument in call.args if argument.keyword is None and not argument.star]
    if method in ("append", "add") and values:
        yield _Change(call, "", values[0], name)
    elif method == "insert" and len(values) > 1:
        yield _Change(call, "", values[1], name)
    elif method == "setdefault" and _first_text(call) is not None and len(values) > 1:
        yield _Change(call, _first_text(call), values[1], name)
    elif method == "extend" and values and isinstance(values[0], (cst.List, cst.Tuple)):
        for element in values[0].elements:
            yield _Change(call, "", element.value, name)
    elif method == "extend" and values and isinstance(values[0], (cst.ListComp, cst.GeneratorExp)):
        yield _Change(call, "", values[0].elt, name)
    elif method == "update":
        yield from _updated(call, name, values)


def _updated(call: cst.Call, name: cst.Name, values: list[cst.BaseExpression]) -> Iterable[_Change]:
    for argument in call.args:
        if argument.keyword is not None:
            yield _Change(call, argument.keyword.value, argument.value, name)
        elif argument.star or not isinstance(argument.value, cst.Dict):
            yield _Change(call, None, None, name)
    for value in values:
        for entry in value.elements if isinstance(value, cst.Dict) else ():
            if isinstance(entry, cst.DictElement) and isinstance(entry.key, cst.SimpleString):
                yield _Change(call, str(entry.key.evaluated_value), entry.value, name)
            else:
                yield _Change(call, None, None, name)


def _first_text(call: cst.Call) -> str | None:
    if call.args and isinstance(call.args[0].value, cst.SimpleString):
        value = call.args[0].value.evaluated_value
        return value if isinstance(value, str) and value else None
    return None
