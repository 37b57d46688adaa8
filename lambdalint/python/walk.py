"""The one walk over a module's tree: children without white space, parents, nodes by type, names by scope.

libcst's visitor touches every piece of white space and rebuilds what it visits; this walk reads only the
fields that can hold something that matters, from tables. It keeps its own stack: source nests deeper than
Python's. Nodes are kept by `id`, because libcst hashes nodes in Python, which would double the cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import libcst as cst

Children = Callable[[cst.CSTNode], Sequence[cst.CSTNode]]
Pusher = Callable[[Any, "list[Any]", "dict[int, cst.CSTNode]"], None]

# Fields with children that matter, in the order of the source. "*" marks a sequence. Names that are no
# variables (attributes, keywords, what `def`, `class`, imports and `global` declare) are left out: they are
# read from their own node. Operators are, too.
_FIELDS: dict[str, str] = {
    "AnnAssign": "target annotation value",
    "Annotation": "annotation",
    "Arg": "value",
    "AsName": "name",
    "Assert": "test msg",
    "Assign": "*targets value",
    "AssignTarget": "target",
    "Attribute": "value",
    "AugAssign": "target value",
    "Await": "expression",
    "BinaryOperation": "left right",
    "BooleanOperation": "left right",
    "Call": "func *args",
    "ClassDef": "*decorators type_parameters *bases *keywords body",
    "CompFor": "target iter *ifs inner_for_in",
    "CompIf": "test",
    "Comparison": "left *comparisons",
    "ComparisonTarget": "comparator",
    "ConcatenatedString": "left right",
    "Decorator": "decorator",
    "Del": "target",
    "Dict": "*elements",
    "DictComp": "key value for_in",
    "DictElement": "key value",
    "Element": "value",
    "Else": "body",
    "ExceptHandler": "type name body",
    "ExceptStarHandler": "type name body",
    "Expr": "value",
    "Finally": "body",
    "For": "target iter body orelse",
    "FormattedString": "*parts",
    "FormattedStringExpression": "expression *format_spec",
    "From": "item",
    "FunctionDef": "*decorators type_parameters params returns body",
    "GeneratorExp": "elt for_in",
    "If": "test body orelse",
    "IfExp": "body test orelse",
    "Import": "*names",
    "ImportFrom": "*names",
    "IndentedBlock": "*body",
    "Index": "value",
    "Lambda": "params body",
    "LazyImport": "*names",
    "LazyImportFrom": "*names",
    "List": "*elements",
    "ListComp": "elt for_in",
    "Match": "subject *cases",
    "MatchAs": "pattern name",
    "MatchCase": "pattern guard body",
    "MatchClass": "cls *patterns *kwds",
    "MatchKeywordElement": "pattern",
    "MatchList": "*patterns",
    "MatchMapping": "*elements rest",
    "MatchMappingElement": "key pattern",
    "MatchOr": "*patterns",
    "MatchOrElement": "pattern",
    "MatchSequenceElement": "value",
    "MatchStar": "name",
    "MatchTuple": "*patterns",
    "MatchValue": "value",
    "Module": "*body",
    "NamedExpr": "target value",
    "Param": "annotation default",
    "Parameters": "*posonly_params *params star_arg *kwonly_params star_kwarg",
    "Raise": "exc cause",
    "Return": "value",
    "Set": "*elements",
    "SetComp": "elt for_in",
    "SimpleStatementLine": "*body",
    "SimpleStatementSuite": "*body",
    "Slice": "lower upper step",
    "StarredDictComp": "value for_in",
    "StarredDictElement": "value",
    "StarredElement": "value",
    "Subscript": "value *slice",
    "SubscriptElement": "slice",
    "TemplatedString": "*parts",
    "TemplatedStringExpression": "expression *format_spec",
    "Try": "body *handlers orelse finalbody",
    "TryStar": "body *handlers orelse finalbody",
    "Tuple": "*elements",
    "TypeAlias": "name type_parameters value",
    "TypeParam": "param default",
    "TypeParameters": "*params",
    "TypeVar": "bound",
    "UnaryOperation": "expression",
    "While": "test body orelse",
    "With": "*items body",
    "WithItem": "item asname",
    "Yield": "value",
}

# A set, to be asked by class: `isinstance` of a node of another class goes through abc, three times as slow.
_DEFINITIONS = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})

# Fields left out above, which still hold nodes that someone may ask the parent of.
_HIDDEN: dict[str, str] = {
    "Arg": "keyword",
    "Attribute": "attr",
    "AugAssign": "operator",
    "BinaryOperation": "operator",
    "BooleanOperation": "operator",
    "ClassDef": "name",
    "ComparisonTarget": "operator",
    "FunctionDef": "name",
    "Global": "*names",
    "ImportAlias": "name asname",
    "ImportFrom": "module",
    "LazyImportFrom": "module",
    "MatchKeywordElement": "key",
    "MatchSingleton": "value",
    "NameItem": "name",
    "Nonlocal": "*names",
    "Param": "name",
    "ParamSpec": "name",
    "TypeVar": "name",
    "TypeVarTuple": "name",
    "UnaryOperation": "operator",
}


def _optional(cls: type[cst.CSTNode], name: str) -> bool:
    kind = next(str(part.type) for part in fields(cls) if part.name == name)
    return any(word in kind for word in ("Optional", "None", "Sentinel", "Union", "|"))


def _present(cls: type[cst.CSTNode], name: str) -> str:
    return "value is not None and value.__class__ is not MaybeSentinel" if _optional(cls, name) else "True"


def _compile(source: Sequence[str], name: str) -> Any:
    space: dict[str, Any] = {"MaybeSentinel": cst.MaybeSentinel, "ImportStar": cst.ImportStar}
    exec("\n".join(source), space)
    return space[name]


def _reader(cls: type[cst.CSTNode], spec: str) -> Children:
    # Written out as source, once for each class: reading tables of names by getattr doubles the walk.
    lines = ["def children(node):", "    found = []"]
    for name in spec.split():
        if name.startswith("*"):
            lines += [f"    value = {_sequence(cls, name[1:])}", "    if value: found.extend(value)"]
        else:
            lines += [f"    value = node.{name}", f"    if {_present(cls, name)}: found.append(value)"]
    children: Children = _compile([*lines, "    return found"], "children")
    return children


def _pusher(cls: type[cst.CSTNode], spec: str) -> Pusher:
    # The same, onto the walk's stack: last child first, each with its parent.
    lines = ["def push(node, stack, parents):"]
    for name in reversed(spec.split()):
        if name.startswith("*"):
            lines.append(f"    for value in reversed(({_sequence(cls, name[1:])}) or ()):")
        else:
            lines += [f"    value = node.{name}", f"    if {_present(cls, name)}:"]
        lines += ["        parents[id(value)] = node", "        stack.append(value)"]
    push: Pusher = _compile(lines, "push")
    return push


def _sequence(cls: type[cst.CSTNode], name: str) -> str:
    if cls.__name__.endswith("ImportFrom"):
        return f"(node.{name},) if node.{name}.__class__ is ImportStar else node.{name}"
    return f"node.{name}"


# A class that this libcst does not have is left out: it cannot occur.
_CLASSES: dict[str, type[cst.CSTNode]] = {
    name: getattr(cst, name) for name in {*_FIELDS, *_HIDDEN} if hasattr(cst, name)
}


def _readers(specs: dict[str, str]) -> dict[type[cst.CSTNode], Children]:
    """A reader for each class, written when the first node of it is met: a run meets a third of them."""
    table: dict[type[cst.CSTNode], Children] = {}

    def late(cls: type[cst.CSTNode], spec: str) -> Children:
        def children(node: cst.CSTNode) -> Sequence[cst.CSTNode]:
            table[cls] = _reader(cls, spec)
            return table[cls](node)

        return children

    table.update(
        {_CLASSES[name]: late(_CLASSES[name], spec) for name, spec in specs.items() if name in _CLASSES}
    )
    return table


def _late_pusher(cls: type[cst.CSTNode], spec: str) -> Pusher:
    """The same for what the walk calls."""

    def push(node: Any, stack: list[Any], parents: dict[int, cst.CSTNode]) -> None:
        pusher = _PUSHERS[cls] = _pusher(cls, spec)
        if cls in _PLAIN:
            _PLAIN[cls] = pusher
        pusher(node, stack, parents)

    return push


_READERS = _readers(_FIELDS)
_HIDDEN_READERS = _readers(_HIDDEN)
_PUSHERS = {
    _CLASSES[name]: _late_pusher(_CLASSES[name], spec) for name, spec in _FIELDS.items() if name in _CLASSES
}

IMPORTS: tuple[type[cst.CSTNode], ...] = tuple(
    _CLASSES[name] for name in ("Import", "LazyImport", "ImportFrom", "LazyImportFrom") if name in _CLASSES
)
COMPREHENSIONS: tuple[type[cst.CSTNode], ...] = tuple(
    _CLASSES[name]
    for name in ("ListComp", "SetComp", "DictComp", "GeneratorExp", "StarredDictComp")
    if name in _CLASSES
)


@dataclass(eq=False)
class Frame:
    """A scope as the walk meets it: what opens it, and what is named in it, in the order of the source.

    `stream` holds the Names of the scope and the statements that bind names in it (`def`, `class`, imports,
    `global`, `nonlocal`), `attributes` what is evaluated in it that way. Type parameters open a scope around
    what they stand on.
    """

    node: cst.CSTNode
    parent: Frame | None
    stream: list[cst.CSTNode] = field(default_factory=list)
    attributes: list[cst.Attribute] = field(default_factory=list)


@dataclass(eq=False)
class Walk:
    """The tables of one walk. `frames[0]` is the module's."""

    by_type: dict[type[cst.CSTNode], list[cst.CSTNode]]
    parents: dict[int, cst.CSTNode]  # by the child's id
    frames: list[Frame]


def children(node: cst.CSTNode) -> Sequence[cst.CSTNode]:
    """A node's children in the order of the source, without white space and punctuation."""
    reader = _READERS.get(type(node))
    return () if reader is None else reader(node)


def own_nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and all below it, parents first, but for the functions and classes defined within."""
    stack = [node]
    while stack:
        found = stack.pop()
        yield found
        for child in reversed(children(found)):
            if child.__class__ not in _DEFINITIONS:
                stack.append(child)


def hidden_parents(found: Walk) -> dict[int, cst.CSTNode]:
    """The parents of the nodes that the walk left out, but for white space and punctuation."""
    parents: dict[int, cst.CSTNode] = {}
    stack = [node for cls in found.by_type if cls in _HIDDEN_READERS for node in found.by_type[cls]]
    while stack:
        node = stack.pop()
        below = list(_HIDDEN_READERS[type(node)](node)) if type(node) in _HIDDEN_READERS else []
        if id(node) in parents:
            below.extend(children(node))
        for child in below:
            parents[id(child)] = node
        stack.extend(below)
    return parents


class _Enter:
    __slots__ = ("node",)

    def __init__(self, node: cst.CSTNode) -> None:
        self.node = node


class _Leave:
    __slots__ = ()


_LEAVE = _Leave()


def walk(tree: cst.Module) -> Walk:
    """Walks a module. Linear, and without recursion."""
    by_type: defaultdict[type[cst.CSTNode], list[cst.CSTNode]] = defaultdict(list)
    parents: dict[int, cst.CSTNode] = {}
    frame = Frame(tree, None)
    frames = [frame]
    stream = frame.stream
    seen = frame.attributes
    names = by_type[cst.Name]
    attributes = by_type[cst.Attribute]
    plain = _PLAIN
    name_class = cst.Name
    attribute_class = cst.Attribute
    stack: list[Any] = [tree]
    pop = stack.pop
    while stack:
        node = pop()
        cls = node.__class__
        if cls is name_class:
            names.append(node)
            stream.append(node)
        elif cls is attribute_class:
            attributes.append(node)
            seen.append(node)
            child = node.value
            parents[id(child)] = node
            stack.append(child)
        elif cls in plain:
            by_type[cls].append(node)
            plain[cls](node, stack, parents)
        elif cls is _Enter:
            frame = Frame(node.node, frame)
            frames.append(frame)
            stream = frame.stream
            seen = frame.attributes
        elif cls is _Leave:
            assert frame.parent is not None
            frame = frame.parent
            stream = frame.stream
            seen = frame.attributes
        else:
            by_type[cls].append(node)
            if cls in _SPECIAL:
                if cls in _BINDS:
                    stream.append(node)
                elif cls in COMPREHENSIONS:
                    by_type[cst.CompFor].append(node.for_in)
                _SPECIAL[cls](node, stack, parents)
    return Walk(dict(by_type), parents, frames)


def _push(node: cst.CSTNode, below: Sequence[Any], stack: list[Any], parents: dict[int, cst.CSTNode]) -> None:
    for child in reversed(below):
        if child is None:
            continue
        if child.__class__ is not _Enter and child.__class__ is not _Leave:
            parents[id(child)] = node
        stack.append(child)


def _push_function(node: cst.FunctionDef, stack: list[Any], parents: dict[int, cst.CSTNode]) -> None:
    parents[id(node.name)] = node
    inner = [node.params, node.returns, _Enter(node), node.body, _LEAVE]
    _push(node, [*node.decorators, *_typed(node, inner)], stack, parents)


def _push_lambda(node: cst.Lambda, stack: list[Any], parents: dict[int, cst.CSTNode]) -> None:
    _push(node, [node.params, _Enter(node), node.body, _LEAVE], stack, parents)


def _push_class(node: cst.ClassDef, stack: list[Any], parents: dict[int, cst.CSTNode]) -> None:
    parents[id(node.name)] = node
    inner = [*node.bases, *node.keywords, _Enter(node), node.body, _LEAVE]
    _push(node, [*node.decorators, *_typed(node, inner)], stack, parents)


def _push_type_alias(node: Any, stack: list[Any], parents: dict[int, cst.CSTNode]) -> None:
    _push(node, [node.name, *_typed(node, [node.value])], stack, parents)


def _typed(node: Any, inner: list[Any]) -> list[Any]:
    # libcst before 1.1 had no type parameters.
    parameters = getattr(node, "type_parameters", None)
    return inner if parameters is None else [_Enter(parameters), parameters, *inner, _LEAVE]


def _push_comprehension(node: Any, stack: list[Any], parents: dict[int, cst.CSTNode]) -> None:
    # The first iterable is evaluated outside the comprehension's scope.
    loop: cst.CompFor = node.for_in
    elements = (node.key, node.value) if isinstance(node, cst.DictComp) else (getattr(node, "elt", None),)
    if elements == (None,):
        elements = (node.value,)
    stack.append(_LEAVE)
    _push(loop, [loop.target, *loop.ifs, loop.inner_for_in], stack, parents)
    _push(node, elements, stack, parents)
    stack.append(_Enter(node))
    _push(loop, [loop.iter], stack, parents)
    parents[id(loop)] = node


def _push_plain(node: cst.CSTNode, stack: list[Any], parents: dict[int, cst.CSTNode]) -> None:
    pusher = _PUSHERS.get(type(node))
    if pusher is not None:
        pusher(node, stack, parents)


# What opens a scope or binds names is pushed by hand.
_BINDS = {cst.FunctionDef, cst.ClassDef, *IMPORTS, cst.Global, cst.Nonlocal}
_SPECIAL: dict[type[cst.CSTNode], Pusher] = {
    cst.FunctionDef: _push_function,
    cst.Lambda: _push_lambda,
    cst.ClassDef: _push_class,
    cst.Global: _push_plain,
    cst.Nonlocal: _push_plain,
    **dict.fromkeys(COMPREHENSIONS, _push_comprehension),
    **dict.fromkeys(IMPORTS, _push_plain),
    **{cls: _push_type_alias for name, cls in _CLASSES.items() if name == "TypeAlias"},
}
_PLAIN = {cls: push for cls, push in _PUSHERS.items() if cls not in _SPECIAL}
