"""sleep-over-timeout: a function that sleeps for longer than it may run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.application.idle import MAX_TIMEOUT, Overrun, overruns
from lambdalint.finding import Finding, Label, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.sleeping import Sleep


class SleepOverTimeout(Rule):
    """The sleeps on one path of the function take as long as its Timeout, or longer.

    **Why**

    Lambda ends an invocation that reaches the function's Timeout (three seconds unless it is set): the work
    is lost half done, the caller gets an error, and the event is tried again or dropped. A path that sleeps
    for as long as the Timeout never comes to its end.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Query:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Timeout: 30
    ```

    ```python title=src/app.py
    import time

    import boto3

    athena = boto3.client("athena")


    def handler(event, context):
        query = athena.start_query_execution(QueryString=event["sql"])
        for _ in range(20):
            time.sleep(5)
            found = athena.get_query_execution(QueryExecutionId=query["QueryExecutionId"])
            if found["QueryExecution"]["Status"]["State"] == "SUCCEEDED":
                return query["QueryExecutionId"]
        raise TimeoutError(query["QueryExecutionId"])
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Query:
        Type: AWS::Serverless::StateMachine
        Properties:
          Policies:
            - AmazonAthenaFullAccess
          Definition:
            StartAt: Query
            States:
              Query:
                Type: Task
                Resource: arn:aws:states:::athena:startQueryExecution.sync
                End: true
    ```

    **Limits**

    Adds up what is known: lengths that are constants, computed from constants, from defaults or from the
    function's environment in the template (the least that a random length can be); loops with a known number
    of turns or a deadline on the clock. What is not known counts as nothing, a loop without a known end as
    one turn. Where `Fn::If` chooses the Timeout, one outcome is enough. The SDK's waiters, and time that
    calls take, are not counted.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
    """

    name = "sleep-over-timeout"
    severity = "error"
    reads = "both"
    supersedes = ("waiting-in-handler",)

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each longest sleep, with the functions that it is too long for."""
        found: dict[int, list[Overrun]] = {}
        for overrun in overruns(handler):
            found.setdefault(id(overrun.slept.sleeps[0].node), []).append(overrun)
        for each in found.values():
            yield self._finding(each)

    def _finding(self, found: Sequence[Overrun]) -> Finding:
        worst = max(found, key=lambda each: each.slept.seconds / each.timeout)
        first, *others = worst.slept.sleeps
        what = "sleeps" if len(worst.slept.sleeps) == 1 and first.times == 1 else "can sleep"
        return self.finding(
            f"`{worst.function.logical_id}` {what} for {_seconds(worst.slept.seconds)} on one path, "
            f"and its Timeout is {worst.timeout} s",
            first.module.label(first.node, _taken(first)),
            *(each.module.label(each.node, f"then {_taken(each)}", Role.RELATED) for each in others),
            *(each.module.label(each.node, "", Role.HIDDEN) for each in others),
            *(_timeout_label(each) for each in found),
            help=_advice(worst),
            functions=[each.function.id for each in found],
        )


def _taken(sleep: Sleep) -> str:
    if sleep.times == 1:
        return f"sleeps for {_seconds(sleep.seconds)}"
    return f"sleeps for {_seconds(sleep.seconds)} in {sleep.times} turns"


def _timeout_label(overrun: Overrun) -> Label:
    function = overrun.function
    if overrun.property is None:
        message = f"no Timeout: {overrun.timeout} s by default"
        return function.label(message, Role.RELATED, tied=True)
    message = f"`{function.logical_id}` may run for {overrun.timeout} s"
    if overrun.property.parameter:
        message += f", where {overrun.property.parameter} has its default"
    for name, holds in overrun.property.conditions:
        message += f" {'if' if holds else 'unless'} {name}"
    return function.label(message, Role.RELATED, overrun.property.path, tied=True)


def _advice(overrun: Overrun) -> str:
    if overrun.slept.seconds >= MAX_TIMEOUT:
        return "no function may run for more than 900 s: leave the waiting to Step Functions or an event"
    return "leave the waiting to Step Functions or an event; or sleep less, or raise the Timeout"


def _seconds(seconds: float) -> str:
    return f"{seconds:.10g} s" if seconds < 10 else f"{round(seconds)} s"
