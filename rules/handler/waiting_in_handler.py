"""waiting-in-handler: idle time that is billed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.idle import is_custom_resource, is_simulated, named, wait_advice
from lambdalint.finding import Finding, Label, Role, Severity
from lambdalint.python.waiting import Wait, WaitKind, head
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler

_LEAST = 1.0  # seconds


class WaitingInHandler(Rule):
    """The handler waits: it polls for a state, calls a waiter, or sleeps for a second or more.

    **Why**

    Lambda bills the time that passes, not the work that is done: a function that waits for a job costs as
    much as one that does it. It holds one of the account's concurrent executions meanwhile, and is killed
    where the job takes longer than its Timeout. Step Functions waits for nothing, for a year if need be, and
    most services tell the end of a job by an event.

    **Bad**

    ```python title=src/app.py
    import time

    import boto3

    glue = boto3.client("glue")


    def handler(event, context):
        run = glue.start_job_run(JobName=event["job"])["JobRunId"]
        while True:
            found = glue.get_job_run(JobName=event["job"], RunId=run)
            if found["JobRun"]["JobRunState"] not in ("STARTING", "RUNNING"):
                return found["JobRun"]["JobRunState"]
            time.sleep(10)
    ```

    **Good**

    ```python title=src/app.py
    import boto3

    glue = boto3.client("glue")


    def handler(event, context):
        return glue.start_job_run(JobName=event["job"])["JobRunId"]


    def on_job_state_change(event, context):
        return event["detail"]["state"]
    ```

    **Limits**

    Speaks of pauses in a loop that asks for a state, however short; of the SDK's waiters; and of other sleeps
    of a second or more, where the length is known. Silent on pauses of a retry (handwritten-retry speaks of
    those), on what threads, child processes and files of this very environment are waited for, on coroutines
    that may run beside others, on threads beside the handler, on loops that send what a service gave back
    (`UnprocessedItems`), and on work that a comment or its name calls simulated. In a custom resource, which
    runs once a deployment, it is `info`. `advice` adds advice by the operation that is polled, such as
    `"glue.get_job_run" = "…"`.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/concepts-event-driven-architectures.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
    - https://docs.aws.amazon.com/eventbridge/latest/ref/welcome.html
    """

    name = "waiting-in-handler"
    severity = "warning"
    reads = "code"
    options: ClassVar[Mapping[str, OptionValue]] = {"advice": {}}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each wait, and for all pauses of one loop together."""
        loops: dict[int, list[Wait]] = {}
        for wait in handler.waiting.waits:
            if wait.kind is WaitKind.SLEEP and not _is_long(handler, wait):
                continue
            loops.setdefault(_together(wait), []).append(wait)
        for waits in loops.values():
            yield self._finding(handler, waits)

    def _finding(self, handler: Handler, waits: Sequence[Wait]) -> Finding:
        first, *others = waits
        more = handler.application.options(self)["advice"]
        assert isinstance(more, dict)
        return self.finding(
            _message(first),
            first.module.label(first.node, "billed, and nothing is done meanwhile"),
            *(each.module.label(each.node, "and here", Role.RELATED) for each in others),
            *(each.module.label(each.node, "", Role.HIDDEN) for each in others),
            *_asking(first),
            help=wait_advice(handler, first, more),
            functions=handler.ids,
            severity=Severity.INFO if is_custom_resource(handler) else None,
        )


def _together(wait: Wait) -> int:
    """What the pauses of one poll have in common: the loop."""
    return id(wait.loop if wait.kind is WaitKind.POLL and wait.loop is not None else wait.node)


def _is_long(handler: Handler, wait: Wait) -> bool:
    """Whether a pause of its own is worth telling."""
    return wait.length is not None and wait.length.low >= _LEAST and not is_simulated(handler)


def _message(wait: Wait) -> str:
    asked = named(wait.calls) if wait.calls else ""
    if wait.kind is WaitKind.SLEEP:
        assert wait.length is not None
        return f"the function sleeps for {wait.length.low:.10g} s{'' if wait.length.exact else ' or more'}"
    if wait.kind is WaitKind.WAITER:
        return f"the function waits while the SDK polls `{asked}`"
    if asked:
        return f"the function polls `{asked}` and sleeps in between"
    return "the function polls for a state and sleeps in between"


def _asking(wait: Wait) -> Iterator[Label]:
    """The loop, and what it asks for."""
    if wait.kind is not WaitKind.POLL:
        return
    if wait.loop is not None:
        span = head(wait.module, wait.loop)
        yield wait.module.label_at(span, "goes round until the state is right", Role.RELATED)
    if wait.polled is not None and wait.calls:
        call = wait.calls[0]
        yield call.module.label(call.node, "asks for the state", Role.RELATED)
