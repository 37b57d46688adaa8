"""The flow of control, as far as rules ask for it: what surrounds a place, what leaves a block, and which
code of a handler's reach runs on every invocation and which on some only.

Everything here is read from the tree's tables when it is asked for; only what crosses functions is kept.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import libcst as cst

from lambdalint.memo import Memo
from lambdalint.python.module import PythonModule
from lambdalint.python.names import dotted_name
from lambdalint.python.reach import Phase
from lambdalint.python.walk import COMPREHENSIONS

if TYPE_CHECKING:
    from lambdalint.python.reach import Reach

Handler: TypeAlias = cst.ExceptHandler | cst.ExceptStarHandler
TryStatement: TypeAlias = cst.Try | cst.TryStar
Loop: TypeAlias = cst.For | cst.While

_TRIES = (cst.Try, cst.TryStar)
_HANDLERS = (cst.ExceptHandler, cst.ExceptStarHandler)
_FUNCTIONS = frozenset({cst.FunctionDef, cst.Lambda})
_TRY_CLASSES = frozenset(_TRIES)
_CLAUSES = frozenset({*_HANDLERS, cst.MatchCase})
_LEAVING = (cst.Return, cst.Raise, cst.Continue, cst.Break)
# What ends the process.
ENDING_CALLS = frozenset({"sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit"})


class ArmKind(enum.Enum):
    """In which part of a branching construct a place stands."""

    IF = "if"
    ELSE = "else"  # of an `if`, an `elif` included
    TRY = "try"
    EXCEPT = "except"
    TRY_ELSE = "try else"
    FINALLY = "finally"
    CASE = "case"
    FOR = "for"
    WHILE = "while"
    LOOP_ELSE = "loop else"
    COMPREHENSION = "comprehension"  # behind its `if`
    CONDITIONAL = "conditional"  # either side of `a if test else b`
    OPERAND = "operand"  # the right of `and` and `or`, the message of an `assert`


_UNCONDITIONAL = frozenset({ArmKind.TRY, ArmKind.TRY_ELSE, ArmKind.FINALLY, ArmKind.FOR, ArmKind.WHILE})


@dataclass(frozen=True, eq=False)
class Arm:
    """A part of a branching construct: `node` branches, `part` is the block or expression that holds the
    place. For `elif`, `part` of the first `if` is the second."""

    kind: ArmKind
    node: cst.CSTNode
    part: cst.CSTNode

    @property
    def is_conditional(self) -> bool:
        """Whether the part may be left out. Loops count as run, and so does what nothing but an exception
        skips."""
        return self.kind not in _UNCONDITIONAL

    @property
    def test(self) -> cst.BaseExpression | None:
        """What decides: the test, the subject of `match`, the left operand; None for others."""
        node = self.node
        if isinstance(node, (cst.If, cst.While, cst.IfExp, cst.Assert)):
            return node.test
        if isinstance(node, cst.Match):
            return node.subject
        return node.left if isinstance(node, cst.BooleanOperation) else None


# Around a place


def arms(module: PythonModule, node: cst.CSTNode) -> Iterator[Arm]:
    """The parts of branching constructs around a node up to its function (or module level), innermost first.

    The test of an `if`, the subject of a `match` and what a loop iterates over are in none of their arms.
    """
    below: cst.CSTNode = node
    for above in module.ancestors(node):
        cls = above.__class__
        read = _ARMS.get(cls)
        if read is not None:
            kind = read(above, below)
            if kind is not None:
                yield Arm(kind, (module.parent(above) or above) if cls in _CLAUSES else above, below)
        elif _is_body(above, below):
            return
        below = above


def _is_body(above: cst.CSTNode, below: cst.CSTNode) -> bool:
    """Whether `above` is a function, and `below` what runs when it is called."""
    return above.__class__ in _FUNCTIONS and below is above.body


def _arm_of_if(above: cst.CSTNode, below: cst.CSTNode) -> ArmKind | None:
    assert isinstance(above, (cst.If, cst.IfExp))
    if isinstance(above, cst.IfExp):
        return None if below is above.test else ArmKind.CONDITIONAL
    if below is above.body:
        return ArmKind.IF
    return ArmKind.ELSE if below is above.orelse else None


def _arm_of_loop(above: cst.CSTNode, below: cst.CSTNode) -> ArmKind | None:
    assert isinstance(above, (cst.For, cst.While))
    if below is above.body:
        return ArmKind.FOR if isinstance(above, cst.For) else ArmKind.WHILE
    return ArmKind.LOOP_ELSE if below is above.orelse else None


def _arm_of_try(above: cst.CSTNode, below: cst.CSTNode) -> ArmKind | None:
    assert isinstance(above, _TRIES)
    if below is above.body:
        return ArmKind.TRY
    if below is above.orelse:
        return ArmKind.TRY_ELSE
    return ArmKind.FINALLY if below is above.finalbody else None


def _arm_of_handler(above: cst.CSTNode, below: cst.CSTNode) -> ArmKind | None:
    assert isinstance(above, _HANDLERS)
    return ArmKind.EXCEPT if below is above.body else None


def _arm_of_case(above: cst.CSTNode, below: cst.CSTNode) -> ArmKind | None:
    assert isinstance(above, cst.MatchCase)
    return ArmKind.CASE if below is above.body else None


def _arm_of_operation(above: cst.CSTNode, below: cst.CSTNode) -> ArmKind | None:
    if isinstance(above, cst.Assert):
        return ArmKind.OPERAND if below is above.msg else None
    assert isinstance(above, cst.BooleanOperation)
    return ArmKind.OPERAND if below is above.right else None


def _arm_of_comprehension(above: cst.CSTNode, below: cst.CSTNode) -> ArmKind | None:
    if isinstance(above, cst.CompFor):
        return ArmKind.COMPREHENSION if below is above.inner_for_in and above.ifs else None
    loop: cst.CompFor | None = above.for_in  # type: ignore[attr-defined]
    if below is loop:
        return None
    while loop is not None:
        if loop.ifs:
            return ArmKind.COMPREHENSION
        loop = loop.inner_for_in
    return None


_ARMS: dict[type[cst.CSTNode], Callable[[cst.CSTNode, cst.CSTNode], ArmKind | None]] = {
    cst.If: _arm_of_if,
    cst.IfExp: _arm_of_if,
    cst.For: _arm_of_loop,
    cst.While: _arm_of_loop,
    **dict.fromkeys(_TRIES, _arm_of_try),
    **dict.fromkeys(_HANDLERS, _arm_of_handler),
    cst.MatchCase: _arm_of_case,
    cst.BooleanOperation: _arm_of_operation,
    cst.Assert: _arm_of_operation,
    cst.CompFor: _arm_of_comprehension,
    **dict.fromkeys(COMPREHENSIONS, _arm_of_comprehension),
}


def loops(module: PythonModule, node: cst.CSTNode) -> Iterator[Loop]:
    """The `for` and `while` statements of the same function that repeat the node, innermost first: those
    whose body holds it, or whose test does (`while`)."""
    below: cst.CSTNode = node
    for above in module.ancestors(node):
        if _is_body(above, below):
            return
        if isinstance(above, (cst.For, cst.While)) and (
            below is above.body or (isinstance(above, cst.While) and below is above.test)
        ):
            yield above
        below = above


def handlers_around(module: PythonModule, node: cst.CSTNode) -> Iterator[Handler]:
    """The `except` clauses of the same function in whose block the node stands, innermost first."""
    below: cst.CSTNode = node
    for above in module.ancestors(node):
        if _is_body(above, below):
            return
        if isinstance(above, _HANDLERS) and below is above.body:
            yield above
        below = above


def tries_around(module: PythonModule, node: cst.CSTNode) -> Iterator[TryStatement]:
    """The `try` statements of the same function whose `except` clauses see what the node raises, innermost
    first: those that hold it in their body, and have a clause."""
    if not module.nodes(cst.Try) and not module.nodes(cst.TryStar):
        return
    below: cst.CSTNode = node
    for above in module.ancestors(node):
        if _is_body(above, below):
            return
        if above.__class__ in _TRY_CLASSES and below is above.body and above.handlers:
            yield cast("TryStatement", above)
        below = above


def deciders(
    module: PythonModule, node: cst.CSTNode
) -> Iterator[tuple[cst.BaseExpression | None, Arm | None]]:
    """What decides whether its function comes to a node, innermost first: the conditional arms around it with
    their tests (None where an exception or a comprehension decides), and the tests of `if` statements before
    it that leave (without an arm)."""
    for arm in arms(module, node):
        if arm.is_conditional:
            yield arm.test, arm
    below = node
    for above in module.ancestors(node):
        if isinstance(above, (cst.IndentedBlock, cst.Module)):
            for statement in above.body:
                if statement is below:
                    break
                if isinstance(statement, cst.If) and (
                    leaves(statement.body, module) or leaves(statement.orelse, module)
                ):
                    yield statement.test, None
        if isinstance(above, (cst.FunctionDef, cst.Lambda)):
            return
        below = above


def caught(handler: Handler) -> frozenset[str]:
    """The last names of the exceptions that a clause catches, as they are written; "" for a bare `except`."""
    expr = handler.type
    types = [element.value for element in expr.elements] if isinstance(expr, cst.Tuple) else [expr]
    return frozenset((dotted_name(each) or "").rsplit(".", 1)[-1] for each in types)


# Leaving


def leaves(block: cst.CSTNode | None, module: PythonModule | None = None) -> bool:
    """Whether a block always ends with return, raise, continue or break, whichever way it goes.

    Takes a suite, an `else` or `finally`, or a statement. With the module, a call of `sys.exit` and its like
    ends a block too.
    """
    check = None if block is None else _LEAVES.get(block.__class__)
    return check is not None and check(block, module)


def _try_leaves(node: TryStatement, module: PythonModule | None) -> bool:
    if leaves(node.finalbody, module):
        return True
    body = leaves(node.body, module) or leaves(node.orelse, module)
    return body and all(leaves(handler.body, module) for handler in node.handlers)


def _is_end(expr: cst.BaseExpression, module: PythonModule | None) -> bool:
    if module is None or not isinstance(expr, cst.Call):
        return False
    return module.names.qualified(expr.func) in ENDING_CALLS


def _if_leaves(node: cst.If, module: PythonModule | None) -> bool:
    return leaves(node.body, module) and leaves(node.orelse, module)


def _match_leaves(node: cst.Match, module: PythonModule | None) -> bool:
    return _is_exhaustive(node) and all(leaves(case.body, module) for case in node.cases)


def _some_leaves(
    block: cst.IndentedBlock | cst.SimpleStatementSuite | cst.SimpleStatementLine, module: PythonModule | None
) -> bool:
    return any(leaves(statement, module) for statement in block.body)


def _body_leaves(node: cst.Else | cst.Finally | cst.With, module: PythonModule | None) -> bool:
    return leaves(node.body, module)


def _is_exhaustive(node: cst.Match) -> bool:
    return any(
        case.guard is None and isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None
        for case in node.cases
    )


def is_endless(loop: cst.While) -> bool:
    """Whether a loop is `while True:` without a `break` of its own."""
    test = loop.test
    always = (isinstance(test, cst.Name) and test.value == "True") or (
        isinstance(test, cst.Integer) and test.value != "0"
    )
    return always and not any(isinstance(node, cst.Break) for node in _own_statements(loop.body))


# By class: `isinstance` of a node of another class goes through abc, three times as slow.
_LEAVES: dict[type[cst.CSTNode], Callable[[Any, PythonModule | None], bool]] = {
    **dict.fromkeys(_LEAVING, lambda _, __: True),
    **dict.fromkeys((cst.IndentedBlock, cst.SimpleStatementSuite, cst.SimpleStatementLine), _some_leaves),
    **dict.fromkeys((cst.Else, cst.Finally, cst.With), _body_leaves),
    **dict.fromkeys(_TRIES, _try_leaves),
    cst.Expr: lambda node, module: _is_end(node.value, module),
    cst.If: _if_leaves,
    cst.While: lambda node, _: is_endless(node),
    cst.Match: _match_leaves,
}


def _own_statements(block: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What stands in a block, but not in loops, functions and classes within it."""
    stack: list[cst.CSTNode] = [block]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            continue
        if isinstance(node, (cst.For, cst.While)):
            stack.extend([node.orelse] if node.orelse is not None else [])
        elif isinstance(node, cst.Match):
            stack.extend(case.body for case in node.cases)
        elif isinstance(node, _TRIES):
            stack.extend([node.body, *(handler.body for handler in node.handlers)])
            stack.extend(part for part in (node.orelse, node.finalbody) if part is not None)
        elif isinstance(node, cst.If):
            stack.extend([node.body] if node.orelse is None else [node.body, node.orelse])
        elif isinstance(node, (cst.Else, cst.Finally, cst.With)):
            stack.append(node.body)
        elif isinstance(node, (cst.IndentedBlock, cst.SimpleStatementSuite, cst.SimpleStatementLine)):
            stack.extend(node.body)


# Over the reach


class Runs(enum.Enum):
    """On which invocations a place runs. UNKNOWN where it runs on none, or who calls it cannot be told."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    UNKNOWN = "unknown"


@dataclass
class _Known:
    functions: dict[int, Runs] = field(default_factory=dict)
    active: set[int] = field(default_factory=set)


_KNOWN: Memo[Reach, _Known] = Memo()


def always(reach: Reach, module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether the node runs on every invocation, but for those that a guard clause or an exception ends."""
    return runs(reach, module, node) is Runs.ALWAYS


def sometimes(reach: Reach, module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether the node runs on some invocations only, by a branch in its function or its callers."""
    return runs(reach, module, node) is Runs.SOMETIMES


def runs(reach: Reach, module: PythonModule, node: cst.CSTNode) -> Runs:
    """On which invocations a node runs.

    A loop counts as run, a guard clause that returns early as no second way. Of a function that is called in
    several places, one that always runs is enough; where all that is seen of it is its name in a table or a
    registration, it is one of several.
    """
    if Phase.INVOKE not in reach.phases(module, node):
        return Runs.UNKNOWN
    if any(arm.is_conditional for arm in arms(module, node)):
        return Runs.SOMETIMES
    function = module.enclosing_function(node)
    if function is None:
        return Runs.UNKNOWN
    return _function_runs(reach, module, function)


def _function_runs(reach: Reach, module: PythonModule, function: cst.FunctionDef | cst.Lambda) -> Runs:
    if reach.is_entry(module, function):
        return Runs.ALWAYS
    known = _KNOWN.get(reach)
    if known is None:
        known = _KNOWN[reach] = _Known()
    found = known.functions.get(id(function))
    if found is None:
        if id(function) in known.active:
            return Runs.UNKNOWN  # recursion adds no way to come here
        known.active.add(id(function))
        try:
            found = _from_sites(reach, module, function)
        finally:
            known.active.discard(id(function))
        if found is not Runs.UNKNOWN or not known.active:
            known.functions[id(function)] = found
    return found


def _from_sites(reach: Reach, module: PythonModule, function: cst.FunctionDef | cst.Lambda) -> Runs:
    sites = [site for site in reach.call_sites(module, function) if Phase.INVOKE in reach.phases(*site)]
    found = {runs(reach, caller, call) for caller, call in sites}
    if Runs.ALWAYS in found:
        return Runs.ALWAYS
    if found == {Runs.SOMETIMES} or (not found and _is_one_of_several(module, function)):
        return Runs.SOMETIMES
    return Runs.UNKNOWN


def _is_one_of_several(module: PythonModule, function: cst.FunctionDef | cst.Lambda) -> bool:
    """Whether a function is an entry of a table, or registered as one of several (routes)."""
    if isinstance(function, cst.Lambda):
        return isinstance(module.parent(function), cst.DictElement)
    scope = module.names.scope(function)
    for binding in scope.bindings.get(function.name.value, ()):
        if binding.node is function and any(
            isinstance(module.parent(read), cst.DictElement) for read in binding.reads
        ):
            return True
    registrar = _registrar(function)
    return registrar is not None and any(
        other is not function and _registrar(other) == registrar for other in module.nodes(cst.FunctionDef)
    )


def _registrar(function: cst.FunctionDef) -> str | None:
    """The name of the object that a decorator `@name.verb(…)` registers the function on."""
    for decorator in function.decorators:
        expr = decorator.decorator
        func = expr.func if isinstance(expr, cst.Call) else expr
        if (
            isinstance(expr, cst.Call)
            and isinstance(func, cst.Attribute)
            and isinstance(func.value, cst.Name)
        ):
            return func.value.value
    return None
