"""Why code that requires an environment variable does not break where the variable is not set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.control import deciders, tries_around
from lambdalint.python.environment import Environment, EnvRead, Use
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.control import Handler, TryStatement
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

_MISSING = frozenset({"KeyError", "LookupError", "ValidationError"})
_EVERYTHING = frozenset({"Exception", "BaseException"})
# A `try` that holds no more statements than this is about what it reads; a longer one is about its work.
_FEW = 3
_MAX_DEPTH = 3


def excuse(evaluator: Evaluator, reach: Reach, environment: Environment, read: EnvRead) -> str:
    """Why the read does no harm where its variable is not set: code sets or tests it, catches the error, or
    comes here only by another variable's leave. "" where it breaks."""
    if environment.may_set(read.name):
        return "code sets it"
    if any(other.use is Use.TESTED and other.means(read.name) for other in environment.reads):
        return "code tests it"
    spared = _Spared(evaluator, reach, environment)
    places = dict.fromkeys(((read.reader_module, read.reader), (read.module, read.node)))
    return next((reason for place in places if (reason := spared.why(*place, 0))), "")


def chosen_by_variable(
    evaluator: Evaluator, reach: Reach, environment: Environment, module: PythonModule, node: cst.CSTNode
) -> bool:
    """Whether an environment variable decides, in its own function, whether code comes to a node: it may be
    for a developer's machine."""
    spared = _Spared(evaluator, reach, environment)
    return any(
        test is not None and spared.depends_on_variable(module, test, 0) for test, _ in deciders(module, node)
    )


def deciding_variables(
    evaluator: Evaluator, reach: Reach, environment: Environment, module: PythonModule, node: cst.CSTNode
) -> frozenset[str]:
    """The environment variables that decide, in its own function, whether code comes to a node; the empty
    name for one that cannot be told."""
    spared = _Spared(evaluator, reach, environment)
    return frozenset(
        name
        for test, _ in deciders(module, node)
        if test is not None
        for name in spared.variables(module, test, 0)
    )


class _Spared:
    def __init__(self, evaluator: Evaluator, reach: Reach, environment: Environment) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.environment = environment

    def why(self, module: PythonModule, node: cst.CSTNode, depth: int) -> str:
        """Why a place is spared, by its own function or by all that call this."""
        for around in tries_around(module, node):
            if any(_catches(handler, around) for handler in around.handlers):
                return "the error is caught"
        for test, _ in deciders(module, node):
            if test is not None and self.depends_on_variable(module, test, 0):
                return "a variable decides"
        function = module.enclosing_function(node)
        if function is None or depth >= _MAX_DEPTH or self.reach.is_entry(module, function):
            return ""
        reasons = [
            self.why(caller, call, depth + 1) for caller, call in self.reach.call_sites(module, function)
        ]
        return reasons[0] if reasons and all(reasons) else ""

    def depends_on_variable(self, module: PythonModule, expr: cst.CSTNode, depth: int) -> bool:
        """Whether an expression reads an environment variable, itself or by the names and helpers it uses."""
        return any(True for _ in self.variables(module, expr, depth))

    def variables(self, module: PythonModule, expr: cst.CSTNode, depth: int) -> Iterator[str]:
        """The environment variables that an expression reads, itself or by the names and helpers it uses."""
        for node in module.descendants(expr):
            read = self.environment.by_node.get(id(node))
            if read is not None:
                yield read.name or ""
            if depth < _MAX_DEPTH and isinstance(node, (cst.Name, cst.Attribute)):
                for home, value in self._values(module, node):
                    yield from self.variables(home, value, depth + 1)

    def _values(
        self, module: PythonModule, node: cst.Name | cst.Attribute
    ) -> Iterator[tuple[PythonModule, cst.CSTNode]]:
        """What a name is bound to: expressions, or the body of a function of the application."""
        found = self.evaluator.program.definition(module, node)
        if found is None:
            return
        if isinstance(found.node, cst.FunctionDef):
            yield found.module, found.node.body
        elif found.binding is not None and found.binding.value is not None:
            yield found.module, found.binding.value


def _catches(handler: Handler, around: TryStatement) -> bool:
    """Whether an `except` clause is there for the missing variable."""
    if handler.type is None:
        names = ["Exception"]
    elif isinstance(handler.type, cst.Tuple):
        names = [last_name(element.value) for element in handler.type.elements]
    else:
        names = [last_name(handler.type)]
    if not _MISSING.isdisjoint(names):
        return True
    return not _EVERYTHING.isdisjoint(names) and len(around.body.body) <= _FEW
