"""Where the invoke path ends the process instead of the invocation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.concurrency import only_elsewhere
from lambdalint.python.control import ENDING_CALLS, Handler, tries_around
from lambdalint.python.endings import RAISE, endings
from lambdalint.python.reach import Phase
from lambdalint.python.symbols import Function, alternatives
from lambdalint.python.syntax import last_name
from lambdalint.python.waiting import started

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["Exit", "exits"]

_TEXT = ("exit", "quit", "abort", "SystemExit", "kill")  # plain words are found ten times as fast
_WORDS = {"exit", "quit", "_exit", "abort", "kill"}
# These ask nobody; the others raise SystemExit, which may be caught.
_AT_ONCE = frozenset({"os._exit", "os.abort", "os.kill"})
_CATCHES = re.compile(r"\b(?:SystemExit|BaseException)\b")
# What runs a function later, in a child, or when the environment shuts down.
_LATER = frozenset({"signal.signal", "atexit.register", "os.register_at_fork", "weakref.finalize"})
_MAX_CALLERS = 4


@dataclass(frozen=True, eq=False)
class Exit:
    """A call, or a `raise SystemExit`, that ends the process. `what` is how people write it."""

    module: PythonModule
    node: cst.CSTNode
    what: str


def exits(evaluator: Evaluator, reach: Reach) -> Iterator[Exit]:
    """The places of the invoke path that end the process.

    Left out are those that someone on the way catches, that run in threads or child processes, for signals or
    at the process's own end, and that are for other places than Lambda.
    """
    analysis = _Analysis(evaluator, reach)
    for module in reach.modules:
        if not any(word in module.source.text for word in _TEXT):
            continue
        for node, what in _endings(module):
            if Phase.INVOKE in reach.phases(module, node) and analysis.ends(module, node, what):
                yield Exit(module, node, what)


def _endings(module: PythonModule) -> Iterator[tuple[cst.CSTNode, str]]:
    words = {each.name for each in module.names.imports if each.imported in ENDING_CALLS} | _WORDS
    for call in module.nodes(cst.Call):
        if last_name(call.func) not in words:
            continue
        name = module.names.qualified(call.func)
        if name in ENDING_CALLS:
            yield call, name.removeprefix("builtins.") if name is not None else ""
        elif name == "os.kill" and call.args and _is_own_pid(module, call.args[0].value):
            yield call, name
    for node in module.nodes(cst.Raise):
        raised = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
        if raised is not None and module.names.qualified(raised) == "builtins.SystemExit":
            yield node, "raise SystemExit"


def _is_own_pid(module: PythonModule, expr: cst.BaseExpression) -> bool:
    return isinstance(expr, cst.Call) and module.names.qualified(expr.func) == "os.getpid"


class _Analysis:
    def __init__(self, evaluator: Evaluator, reach: Reach) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self._elsewhere: frozenset[int] | None = None

    def ends(self, module: PythonModule, node: cst.CSTNode, what: str) -> bool:
        """Whether the process ends there, in Lambda."""
        if only_elsewhere(module, node):
            return False
        if what == "os._exit" and "fork" in module.source.text:
            return False  # that is how a child ends
        return not self._is_caught(module, node, what in _AT_ONCE, 0)

    def _is_caught(self, module: PythonModule, node: cst.CSTNode, at_once: bool, depth: int) -> bool:
        """Whether somebody catches SystemExit on every way to the node, or it runs beside the handler."""
        if not at_once and any(
            _catches(module, handler) for tried in tries_around(module, node) for handler in tried.handlers
        ):
            return True
        function = module.enclosing_function(node)
        if function is None or depth > _MAX_CALLERS or self.reach.is_entry(module, function):
            return False
        if self._is_elsewhere(module, function):
            return True
        sites = [
            (caller, call)
            for caller, call in self.reach.call_sites(module, function)
            if Phase.INVOKE in self.reach.phases(caller, call)
        ]
        if not sites:
            return _is_chosen_elsewhere(module, function)
        return all(
            only_elsewhere(caller, call) or self._is_caught(caller, call, at_once, depth + 1)
            for caller, call in sites
        )

    def _is_elsewhere(self, module: PythonModule, function: cst.CSTNode) -> bool:
        if self._elsewhere is None:
            self._elsewhere = frozenset((*started(self.evaluator, self.reach), *self._later()))
        return id(function) in self._elsewhere

    def _later(self) -> Iterator[int]:
        for module in self.reach.modules:
            if not re.search(r"signal|atexit|fork|finalize", module.source.text):
                continue
            for call in module.nodes(cst.Call):
                if module.names.qualified(call.func) not in _LATER:
                    continue
                for argument in call.args:
                    for each in alternatives(self.evaluator.value(module, argument.value)):
                        if isinstance(each, Function):
                            yield id(each.node)


def _catches(module: PythonModule, handler: Handler) -> bool:
    """Whether a clause catches SystemExit and does not raise on every way."""
    if handler.type is not None and not _CATCHES.search(module.tree.code_for_node(handler.type)):
        return False
    return endings(module, handler.body) != {RAISE}


def _is_chosen_elsewhere(module: PythonModule, function: cst.CSTNode) -> bool:
    """Whether a function is only named where a test asks if the code runs in Lambda."""
    if not isinstance(function, cst.FunctionDef):
        return False
    bindings = module.names.scope(function).bindings.get(function.name.value, ())
    reads = [read for binding in bindings if binding.node is function for read in binding.reads]
    return bool(reads) and all(only_elsewhere(module, read) for read in reads)
