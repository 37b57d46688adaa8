"""Batches of which one failed record brings all of them back, though the handler takes each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.application.outcomes import batches, can_report, lost_batches
from lambdalint.application.reports import report
from lambdalint.python.effects import Effect
from lambdalint.python.firsts import only_firsts
from lambdalint.python.records import loops
from lambdalint.template.queues import names_fifo
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.module import PythonModule
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.triggers import Trigger


@dataclass(frozen=True, eq=False)
class Unreported:
    """A mapping without ReportBatchItemFailures, and the loop that works on each record. `fifo` says that the
    messages come from a FIFO queue, whose order a report has to keep."""

    function: LambdaFunction
    trigger: Trigger
    size: int
    fifo: bool
    module: PythonModule = field(repr=False)
    loop: cst.For = field(repr=False)


def unreported(handler: Handler) -> Iterator[Unreported]:
    """The mappings that could ask for the failed records, of a handler that names none: not where failures
    are lost anyway, where only the first record is read, or where no record is worked on by itself."""
    polled = [
        (function, trigger, size)
        for function in handler.functions
        for trigger in batches(function)
        if trigger.reports_failures is False and can_report(trigger) and (size := _size(trigger)) > 1
    ]
    if not polled:
        return
    work = _work(handler)
    if work is None or report(handler).answer != "no" or any(lost_batches(handler)) or only_firsts(handler):
        return
    for function, trigger, size in polled:
        yield Unreported(function, trigger, size, _is_fifo(trigger), *work)


def _size(trigger: Trigger) -> int:
    known = trigger.batch_size
    return known.value if isinstance(known, Known) and isinstance(known.value, int) else 0


def _is_fifo(trigger: Trigger) -> bool:
    queues = trigger.option("Queue") or trigger.option("EventSourceArn")
    return trigger.source == "SQS" and any(names_fifo(trigger.template, each.value) for each in queues)


def _work(handler: Handler) -> tuple[PythonModule, cst.For] | None:
    """The first loop over the records that writes or sends something for each."""
    for module, loop in loops(handler.evaluator, handler.reach):
        if any(effect is Effect.ACT for _, effect in handler.effects.within(module, loop.body)):
            return module, loop
    return None
