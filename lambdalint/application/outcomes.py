"""What those who invoke a function make of a normal return: whether anybody reads it, and what is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.application.modes import Invocation, invocations
from lambdalint.python.control import leaves
from lambdalint.python.index import Index
from lambdalint.python.symbols import Display, Literal, Symbol, alternatives
from lambdalint.template.batches import batching
from lambdalint.template.trigger_machines import definition_text
from lambdalint.template.triggers import Mode, Trigger

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.python.failures import Swallow
    from lambdalint.template.function import LambdaFunction

# They are told how it went by the function itself.
_REPORTED_TO = frozenset({"CodePipeline", "CustomResource"})
# What an API would make of an answer, and nobody else.
_API_KEYS = frozenset({"statusCode", "body", "headers", "isBase64Encoded", "multiValueHeaders"})


@dataclass(frozen=True)
class Words:
    """How a message speaks of a source: what it hands over, and what a normal return does to it."""

    items: str
    lost: str


_WORDS = {
    "SQS": Words("messages", "Lambda deletes the failed messages from the queue"),
    "MQ": Words("messages", "the failed messages count as consumed"),
}
_STREAM = Words("records", "Lambda goes on behind the failed records and never sends them again")


@dataclass(frozen=True, eq=False)
class Lost:
    """A clause in which failures are lost, and the functions for which they are."""

    swallow: Swallow
    functions: tuple[LambdaFunction, ...]


def words(trigger: Trigger) -> Words:
    """How to speak of a trigger that sends batches."""
    return _WORDS.get(trigger.source, _STREAM)


def batches(function: LambdaFunction) -> tuple[Trigger, ...]:
    """The triggers by which Lambda polls queues and streams for the function."""
    return tuple(trigger for trigger in function.triggers if trigger.batch_size is not None)


def can_report(trigger: Trigger) -> bool:
    """Whether the mapping could ask for the records that failed: SAM's own queue for a topic cannot."""
    how = batching(trigger)
    return how is not None and how.reports and trigger.template.get((*trigger.path, "Type")) != "SNS"


def someone_reads(application: Application, function: LambdaFunction) -> bool:
    """Whether somebody waits for the function's answer, or may. State machines do not count."""
    return any(
        each.mode in (Mode.SYNC, Mode.UNKNOWN)
        and (each.trigger is None or each.trigger.source != "StateMachine")
        for each in invocations(application, function)
    )


def unread(application: Application, function: LambdaFunction) -> tuple[Invocation, ...]:
    """What invokes a function that is only invoked asynchronously and by state machines; () for others."""
    found = invocations(application, function)
    if batches(function) or someone_reads(application, function):
        return ()
    if any(each.trigger is not None and each.trigger.source in _REPORTED_TO for each in found):
        return ()
    return found


def lost_batches(handler: Handler) -> Iterator[Lost]:
    """Where failed work on the records of queues and streams counts as done."""
    polled = [function for function in handler.functions if batches(function)]
    if polled:
        yield from _outermost(handler, polled, _loses_batches)


def lost_events(handler: Handler) -> Iterator[Lost]:
    """Where failed work on events that nobody waits for, or that a state machine sent, counts as done."""
    concerned = [function for function in handler.functions if unread(handler.application, function)]
    if concerned:
        yield from _outermost(handler, concerned, _loses_events)


def status(handler: Handler, swallow: Swallow) -> int | None:
    """The HTTP status with which a clause answers; None where it does not."""
    for option in _replies(handler, swallow):
        found = handler.evaluator.item(option, "statusCode") if isinstance(option, Display) else None
        if isinstance(found, Literal) and isinstance(found.value, int):
            return found.value
    return None


def _outermost(
    handler: Handler,
    functions: Sequence[LambdaFunction],
    loses: Callable[[Handler, Swallow, LambdaFunction], bool],
) -> Iterator[Lost]:
    found: list[Swallow] = []
    for swallow in handler.swallows:
        concerned = tuple(function for function in functions if loses(handler, swallow, function))
        if concerned and not any(_is_around(outer, swallow) for outer in found):
            found.append(swallow)
            yield Lost(swallow, concerned)


def _is_around(outer: Swallow, inner: Swallow) -> bool:
    """Whether what the inner clause catches would come to the outer one."""
    if not outer.per_record:
        return True
    block = outer.module.parent(outer.clause)
    return (
        outer.module is inner.module
        and block is not None
        and block is not inner.module.parent(inner.clause)
        and outer.module.contains(block, inner.clause)
    )


def _loses_batches(handler: Handler, swallow: Swallow, function: LambdaFunction) -> bool:
    return swallow.per_record or not someone_reads(handler.application, function)


def _loses_events(handler: Handler, swallow: Swallow, function: LambdaFunction) -> bool:
    around = swallow.alone and (swallow.whole or swallow.answers)
    return around and not any(
        each.trigger is not None
        and each.trigger.source == "StateMachine"
        and _is_read(handler, swallow, each.trigger)
        for each in unread(handler.application, function)
    )


def _is_read(handler: Handler, swallow: Swallow, trigger: Trigger) -> bool:
    """Whether the states that follow can tell from the answer that the work failed."""
    if not swallow.answers and any(Index.of(swallow.module).returns.get(id(swallow.function), ())):
        return True  # it may be in there somewhere
    for option in _replies(handler, swallow):
        if isinstance(option, Literal) and option.value is None:
            continue
        keys = _keys(handler, option) if isinstance(option, Display) else None
        text = definition_text(trigger)
        if keys is None or not keys <= _API_KEYS or text is None or any(key in text for key in keys):
            return True
    return False


def _keys(handler: Handler, display: Display) -> set[str] | None:
    entries = handler.evaluator.items(display)
    if entries is None:
        return None
    names = {key.value if isinstance(key, Literal) else None for key, _ in entries}
    return {name for name in names if isinstance(name, str)} if None not in names else None


def _replies(handler: Handler, swallow: Swallow) -> tuple[Symbol, ...]:
    """What the handler answers after the clause: what follows it, where it does not return by itself."""
    if not swallow.answers:
        return ()
    if swallow.reply is not None:
        value = swallow.reply.value
        if value is None:
            return ()
        return alternatives(handler.evaluator.value(swallow.module, value))
    if leaves(swallow.clause.body, swallow.module):
        return ()
    returned = Index.of(swallow.module).returns.get(id(swallow.function), ())
    after = [value for value in returned if value is not None and not _is_inside(swallow, value)]
    return tuple(
        option for value in after for option in alternatives(handler.evaluator.value(swallow.module, value))
    )


def _is_inside(swallow: Swallow, value: cst.BaseExpression) -> bool:
    block = (
        swallow.module.parent(swallow.clause) if not isinstance(swallow.clause, cst.With) else swallow.clause
    )
    return block is not None and swallow.module.contains(block, value)
