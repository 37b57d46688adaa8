"""What stands between Lambda and a handler's function: decorators and wrappers, and what they leave as it is.

Law 7: what goes through a decorator that we do not know is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.module import PythonModule
from lambdalint.python.names import BindingKind
from lambdalint.python.program import Definition
from lambdalint.python.symbols import Class, External, Function, alternatives
from lambdalint.python.syntax import is_classmethod, is_static, last_name

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator


@dataclass(frozen=True)
class Kept:
    """What a decorator leaves as it is: the event (an object that is read in the same way counts), and what
    the function returns. `calls` says whether it calls the function with event and context."""

    calls: bool = True
    event: bool = True
    reply: bool = True

    def __and__(self, other: Kept) -> Kept:
        return Kept(self.calls and other.calls, self.event and other.event, self.reply and other.reply)


ALL = Kept()
NOTHING = Kept(False, False, False)
_NEW_EVENT = Kept(event=False)

# Decorators by the beginning of their import path.
# https://docs.powertools.aws.dev/lambda/python/latest/, and the libraries' own pages.
_LIBRARIES: Sequence[tuple[str, Kept]] = (
    ("aws_lambda_powertools.utilities.parser", _NEW_EVENT),
    ("aws_lambda_powertools.utilities.validation", _NEW_EVENT),  # an envelope takes the payload out
    ("aws_lambda_powertools.utilities.data_classes", ALL),
    ("aws_lambda_powertools.utilities.idempotency", ALL),
    ("aws_lambda_powertools.utilities.batch", ALL),
    ("aws_xray_sdk.", ALL),
    ("backoff.", ALL),
    ("datadog_lambda.", ALL),
    ("elasticapm.", ALL),
    ("epsagon.", ALL),
    ("functools.", ALL),
    ("lumigo_tracer.", ALL),
    ("newrelic.agent", ALL),
    ("retry.", ALL),
    ("retrying.", ALL),
    ("sentry_sdk.", ALL),
    ("tenacity.", ALL),
    ("thundra.", ALL),
    ("typing.", ALL),
    ("xray_recorder.", ALL),
)
# Methods of Powertools utilities and their like, whatever object they are called on: nothing else has them.
_METHODS = frozenset(
    {
        "capture",
        "capture_lambda_handler",
        "capture_method",
        "inject_lambda_context",
        "log_cold_start_metric",
        "log_metrics",
    }
)
_SILENT_CALLS = frozenset({"print", "debug", "info", "warning", "error", "log", "critical", "exception"})
_MAX_DEPTH = 5


@dataclass(frozen=True)
class Entry:
    """How a handler's function is reached.

    `kept` is what everything on the way leaves as it is. `bound` counts the parameters that are filled before
    event and context (`self`). `named` says that the name Lambda looks up leads to this very function.
    """

    kept: Kept
    bound: int = 0
    named: bool = True


def entry(
    evaluator: Evaluator, imported: PythonModule, attribute: str, module: PythonModule, node: cst.CSTNode
) -> Entry:
    """How Lambda reaches the function `node` through a name of the module that it imports."""
    if not isinstance(node, (cst.FunctionDef, cst.Lambda)):
        return Entry(NOTHING, named=False)
    definition = evaluator.program.member(imported, attribute)
    if definition is None:
        return Entry(NOTHING, named=False)
    kept = ALL
    for expr in _wrappers(evaluator, definition, node):
        kept = kept & (_of_decorator(evaluator, *expr) if expr is not None else NOTHING)
    if isinstance(node, cst.FunctionDef):
        kept = kept & decorators(evaluator, module, node)
    return Entry(kept, _bound(module, node, definition))


def decorators(evaluator: Evaluator, module: PythonModule, node: cst.FunctionDef) -> Kept:
    """What all the decorators of a function leave as it is."""
    kept = ALL
    for decorator in node.decorators:
        if last_name(decorator.decorator) not in ("staticmethod", "classmethod"):
            kept = kept & _of_decorator(evaluator, module, decorator.decorator)
    return kept


def _wrappers(
    evaluator: Evaluator, definition: Definition, node: cst.CSTNode
) -> Iterator[tuple[PythonModule, cst.BaseExpression] | None]:
    """The calls that a name's value wraps a function in: `handler = tracer.capture_lambda_handler(f)`; None
    for what cannot be told."""
    for _ in range(_MAX_DEPTH):
        if definition.node is node:
            return
        binding = definition.binding
        if binding is None or binding.kind not in (BindingKind.ASSIGN, BindingKind.ANNOTATED):
            break
        value = binding.value
        if value is node or isinstance(value, cst.Attribute):  # a lambda, a bound method
            return
        if not isinstance(value, cst.Call):
            break
        found = evaluator.value(definition.module, value.func)
        if isinstance(found, Class):
            return  # an object of a class of ours, whose `__call__` is the function
        inner = [argument.value for argument in value.args]
        if len(inner) != 1 or not isinstance(inner[0], (cst.Name, cst.Attribute)):
            break
        yield definition.module, value.func
        following = evaluator.program.definition(definition.module, inner[0])
        if following is None:
            break
        definition = following
    yield None


def _bound(module: PythonModule, node: cst.FunctionDef | cst.Lambda, definition: Definition) -> int:
    if isinstance(node, cst.Lambda) or module.enclosing_class(node) is None or is_static(node):
        return 0
    if is_classmethod(node):
        return 1
    # `handler = Service.handle` leaves `self` to the event.
    return 0 if definition.node is node else 1


def _of_decorator(evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression) -> Kept:
    func = expr.func if isinstance(expr, cst.Call) else expr
    if isinstance(func, cst.Attribute) and func.attr.value in _METHODS:
        return ALL
    found = ALL
    for symbol in alternatives(evaluator.value(module, func)):
        if isinstance(symbol, External):
            known = [kept for prefix, kept in _LIBRARIES if symbol.qualified.startswith(prefix)]
            found = found & (known[0] if known else NOTHING)
        elif isinstance(symbol, Function) and isinstance(symbol.node, cst.FunctionDef):
            found = found & _of_function(symbol.module, symbol.node, isinstance(expr, cst.Call))
        else:
            found = NOTHING
    return found


# Decorators of the application's own


def _of_function(module: PythonModule, node: cst.FunctionDef, factory: bool) -> Kept:
    """What a decorator does: one that gives back a function of its own that calls the decorated one."""
    if factory:
        made = _inner(module, node)
        return _of_function(module, made, False) if made is not None else NOTHING
    parameters = [*node.params.posonly_params, *node.params.params]
    wrapper = _inner(module, node)
    if node.decorators or len(parameters) != 1 or wrapper is None:
        return NOTHING
    wrapped = parameters[0].name.value
    calls = [
        each
        for each in module.nodes(cst.Call)
        if isinstance(each.func, cst.Name)
        and each.func.value == wrapped
        and module.enclosing_function(each) is wrapper
    ]
    if not calls:
        return NOTHING
    given = _event_and_context(module, wrapper)
    same = given is not None and all(_arguments(call) == given for call in calls)
    two = given is not None and all(len(_arguments(call)) == len(given) for call in calls)
    return Kept(two, same, all(_is_returned(module, wrapper, call) for call in calls))


def _inner(module: PythonModule, node: cst.FunctionDef) -> cst.FunctionDef | None:
    """The function that a function defines and returns, decorated by nothing but `functools.wraps`."""
    found = [
        each
        for each in module.nodes(cst.FunctionDef)
        if module.enclosing_function(each) is node
        and all(_is_wraps(decorator.decorator) for decorator in each.decorators)
    ]
    returned = [each for each in module.nodes(cst.Return) if module.enclosing_function(each) is node]
    if len(found) != 1 or len(returned) != 1 or found[0].asynchronous is not None:
        return None
    value = returned[0].value
    return found[0] if isinstance(value, cst.Name) and value.value == found[0].name.value else None


def _is_wraps(expr: cst.BaseExpression) -> bool:
    return isinstance(expr, cst.Call) and last_name(expr.func) == "wraps"


def _event_and_context(module: PythonModule, wrapper: cst.FunctionDef) -> list[str] | None:
    """The wrapper's parameters as a call would hand them on, `*args` and `**kwargs` included; None where one
    is bound anew."""
    params = wrapper.params
    names = [param.name.value for param in (*params.posonly_params, *params.params)]
    scope = module.names.inner_scope(wrapper)
    bound = scope.bindings if scope is not None else {}
    star = [("*", params.star_arg)] if isinstance(params.star_arg, cst.Param) else []
    stars = [*star, *([("**", params.star_kwarg)] if params.star_kwarg is not None else [])]
    every = [*names, *(param.name.value for _, param in stars)]
    if any(len(bound.get(name, ())) > 1 for name in every):
        return None
    return [*names, *(mark + param.name.value for mark, param in stars)]


def _arguments(call: cst.Call) -> list[str]:
    return [
        argument.star + (argument.value.value if isinstance(argument.value, cst.Name) else "?")
        for argument in call.args
    ]


def _is_returned(module: PythonModule, wrapper: cst.FunctionDef, call: cst.Call) -> bool:
    """Whether the result of a call is returned as it is: at once, or by a name that nothing else but a log
    reads."""
    parent = module.parent(call)
    if isinstance(parent, cst.Return):
        return True
    if not isinstance(parent, cst.Assign) or len(parent.targets) != 1:
        return False
    target = parent.targets[0].target
    scope = module.names.inner_scope(wrapper)
    if not isinstance(target, cst.Name) or scope is None:
        return False
    bindings = scope.bindings.get(target.value, [])
    return len(bindings) == 1 and all(_only_passes(module, read) for read in bindings[0].reads)


def _only_passes(module: PythonModule, read: cst.Name) -> bool:
    parent = module.parent(read)
    if isinstance(parent, cst.Return):
        return True
    call = module.parent(parent) if isinstance(parent, cst.Arg) else None
    return isinstance(call, cst.Call) and last_name(call.func) in _SILENT_CALLS
