"""How a function is invoked: by the triggers of its template, and by calls of the application's own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lambdalint.finding import Label, Role
from lambdalint.template.triggers import Mode, Trigger

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.template.function import LambdaFunction

_POLLED = (Mode.QUEUE, Mode.STREAM)


@dataclass(frozen=True)
class Invocation:
    """One thing that invokes a function: a trigger of the template, or a call in a handler's reach."""

    mode: Mode
    description: str
    function: LambdaFunction = field(repr=False)
    trigger: Trigger | None = None
    call: AwsCall | None = field(default=None, repr=False)
    caller: Handler | None = field(default=None, repr=False)

    def label(self, message: str, role: Role = Role.RELATED) -> Label:
        """At the proof: the event or resource in the template (its key), or the call."""
        if self.call is not None:
            return self.call.module.label(self.call.node, message, role, self.function.id)
        assert self.trigger is not None
        return self.trigger.template.label(
            self.trigger.path, message, role, key=True, function=self.function.id
        )


def invocations(application: Application, function: LambdaFunction) -> tuple[Invocation, ...]:
    """All that invokes the function, as far as template and code tell: triggers first."""
    triggers = (
        Invocation(trigger.mode, trigger.description, function, trigger=trigger)
        for trigger in function.triggers
    )
    return (*triggers, *application.invokes.get(function.logical_id, ()))


def asynchronous(application: Application, function: LambdaFunction) -> tuple[Invocation, ...]:
    """What puts events on the function's asynchronous queue; each is a proof."""
    return tuple(each for each in invocations(application, function) if each.mode is Mode.ASYNC)


def only_polled(application: Application, function: LambdaFunction) -> bool:
    """Whether Lambda polls all that invokes the function (queues and streams), and something does."""
    found = invocations(application, function)
    return bool(found) and all(each.mode in _POLLED for each in found)


def only_synchronous(application: Application, function: LambdaFunction) -> bool:
    """Whether everybody who invokes the function waits for its answer, and somebody does."""
    found = invocations(application, function)
    return bool(found) and all(each.mode is Mode.SYNC for each in found)


def invokes(application: Application) -> Mapping[str, tuple[Invocation, ...]]:
    """The calls within any handler's reach that invoke functions of the template, by logical id.

    `Application.invokes` keeps them.
    """
    found: dict[str, dict[tuple[object, object], Invocation]] = {}
    for handler in application.handlers:
        if not handler.functions or not _mentions_invoke(handler):
            continue
        for invocation in _by_handler(handler):
            calls = found.setdefault(invocation.function.logical_id, {})
            assert invocation.call is not None
            calls.setdefault((invocation.call.node, invocation.mode), invocation)
    return {logical_id: tuple(calls.values()) for logical_id, calls in found.items()}


def _mentions_invoke(handler: Handler) -> bool:
    # Evaluating calls costs more than this; most code invokes nothing.
    return any("invoke" in module.source.text for module in handler.reach.modules)


def _by_handler(handler: Handler) -> Iterator[Invocation]:
    from lambdalint.python.calls import Credentials, invocation_type

    for call in handler.calls:
        if call.service != "lambda" or call.operation not in ("invoke", "invoke_async"):
            continue
        kind = invocation_type(handler.evaluator, call)
        if kind == "DryRun" or call.credentials is Credentials.OTHER:
            continue
        mode = {"Event": Mode.ASYNC, "RequestResponse": Mode.SYNC}.get(kind or "", Mode.UNKNOWN)
        for caller in handler.functions:
            for function in _invoked(handler, call, caller):
                name = "itself" if function.logical_id == caller.logical_id else caller.logical_id
                yield Invocation(
                    mode, f"{kind or 'an'} invoke by {name}", function, call=call, caller=handler
                )


def _invoked(handler: Handler, call: AwsCall, caller: LambdaFunction) -> Iterator[LambdaFunction]:
    target = handler.target(call, caller)
    for outcome in target.options or (target,):
        reference = outcome.reference
        named = caller.template.identity.of(reference or outcome.value)
        for function in caller.template.functions:
            if function.logical_id in named:
                yield function
