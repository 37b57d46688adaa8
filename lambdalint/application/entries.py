"""Batch calls that get an entry for each record of a batch larger than they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.finding import FunctionId, Label, Role
from lambdalint.python.batch_calls import BatchLimit
from lambdalint.python.per_record import PerRecord, per_record
from lambdalint.python.symbols import Display, given
from lambdalint.template.batches import batch_size_path, batching
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.template.triggers import Trigger

__all__ = ["Overflow", "overflows"]


@dataclass(frozen=True)
class Overflow:
    """A call that takes fewer entries than the `trigger` can hand over records. `made` makes the entries."""

    call: AwsCall = field(repr=False)
    limit: BatchLimit
    trigger: Trigger
    size: int
    made: PerRecord
    functions: tuple[FunctionId, ...]

    def loop_label(self, message: str) -> Label:
        """At the records, where an entry is made for each."""
        return self.made.module.label(self.made.records, message, Role.RELATED)

    def trigger_label(self) -> Label:
        """At the batch size, else at the trigger."""
        template, path = self.trigger.template, batch_size_path(self.trigger)
        tied = self.functions[0] if len(self.functions) == 1 else None
        if path is not None:
            message = f"hands over up to {self.size} records"
            return template.label(path, message, Role.RELATED, function=tied)
        message = f"hands over up to {self.size} records, by default"
        return template.label(self.trigger.path, message, Role.RELATED, key=True, function=tied)


def overflows(handler: Handler, limits: Mapping[str, BatchLimit]) -> Iterator[Overflow]:
    """The calls of a handler that can get too many entries, each with its largest trigger."""
    largest = _largest(handler)
    if largest is None:
        return
    trigger, size = largest
    for call in handler.calls:
        limit = limits.get(call.api)
        if limit is None or limit.limit >= size or limit.member not in call.arguments:
            continue
        for module, expr in _entries(handler.evaluator, call, limit):
            made = per_record(handler.evaluator, handler.reach, module, expr)
            if made is not None:
                yield Overflow(call, limit, trigger, size, made, _owners(handler, trigger))
                break


def _largest(handler: Handler) -> tuple[Trigger, int] | None:
    containers = {how.container[:1] for trigger in handler.triggers if (how := batching(trigger)) is not None}
    if len(containers) != 1:
        return None  # of which of them a list of records is, its name would have to tell
    sizes = [
        (trigger, size.value)
        for trigger in handler.triggers
        if isinstance(size := trigger.batch_size, Known) and isinstance(size.value, int)
    ]
    return max(sizes, key=lambda found: found[1], default=None)


def _owners(handler: Handler, trigger: Trigger) -> tuple[FunctionId, ...]:
    return tuple(function.id for function in handler.functions if trigger in function.triggers)


def _entries(
    evaluator: Evaluator, call: AwsCall, limit: BatchLimit
) -> Iterator[tuple[PythonModule, cst.BaseExpression]]:
    """The expressions that give the entries of a call."""
    found = [call.arguments[limit.member]]
    for step in limit.steps:
        inner: list[tuple[PythonModule, cst.BaseExpression]] = []
        for module, expr in found:
            for option in given(evaluator.value(module, expr)):
                entries = evaluator.items(option) if isinstance(option, Display) else None
                for key, value in entries or ():
                    if isinstance(option, Display) and (step == "*" or _is(key, step)):
                        inner.append((option.module, value))
        found = inner
    yield from found


def _is(key: object, name: str) -> bool:
    return getattr(key, "value", None) == name
