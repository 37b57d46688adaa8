"""swallowed-failure: an invocation that failed counts as one that succeeded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.modes import invocations
from lambdalint.application.outcomes import Lost, lost_events, status
from lambdalint.finding import Finding, Label, Role
from lambdalint.rule import Rule
from lambdalint.template.triggers import Mode

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class SwallowedFailure(Rule):
    """A function that nobody waits for, or a state machine runs, catches everything and returns normally.

    **Why**

    Who invokes a function asynchronously never sees its answer; a state machine goes on with whatever
    it is. Both hear of a failure only when the function raises. Where it catches every exception, logs
    it and returns, Lambda's two retries, the failure destination, the dead-letter queue, a state's
    `Retry` and `Catch` and the alarm on the Errors metric never act: the event is lost, and a line in a
    log is all that is left of it. A `statusCode` of 500 in the answer is read by APIs only.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Nightly:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Events:
            Night:
              Type: Schedule
              Properties:
                Schedule: rate(1 day)
    ```

    ```python title=src/app.py
    import os

    import boto3

    rds = boto3.client("rds")


    def handler(event, context):
        try:
            rds.stop_db_instance(DBInstanceIdentifier=os.environ["DATABASE"])
        except Exception as error:
            print(f"could not stop: {error}")
            return {"statusCode": 500}
        return {"statusCode": 200}
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Nightly:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Events:
            Night:
              Type: Schedule
              Properties:
                Schedule: rate(1 day)
    ```

    ```python title=src/app.py
    import os

    import boto3

    rds = boto3.client("rds")


    def handler(event, context):
        try:
            rds.stop_db_instance(DBInstanceIdentifier=os.environ["DATABASE"])
        except Exception as error:
            print(f"could not stop: {error}")
            raise
    ```

    **Limits**

    Speaks only where one clause stands around all that the function does: what is caught around a part
    of the work, for each item of a loop or in a helper that has a part of it counts as a part that may
    fail. Silent for clauses that catch certain exceptions only (but `ClientError` around AWS calls),
    that raise, send or write anything, or change what decides on anything later; for those with a
    comment that says so ("best effort", "do not fail"); where something else waits for the answer, or
    invokes in a way that is not known; behind custom resources and CodePipeline, to which the function
    reports by itself; and for a state machine where the answer could tell the states that follow of the
    failure.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    name = "swallowed-failure"
    severity = "warning"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        for lost in lost_events(handler):
            swallow = lost.swallow
            yield self.finding(
                f"`{handler.name}` catches every failure and returns normally, so {_never(handler, lost)}",
                swallow.module.label_at(swallow.span, "what is caught here counts as success"),
                swallow.module.label(swallow.work, "when this fails, nobody hears of it", Role.RELATED),
                *_reply(handler, lost),
                *_sources(handler, lost),
                help="raise the exception again after logging, or do not catch it",
                functions=[function.id for function in lost.functions],
            )


def _never(handler: Handler, lost: Lost) -> str:
    modes = {
        invocation.mode
        for function in lost.functions
        for invocation in invocations(handler.application, function)
    }
    if modes == {Mode.ASYNC}:
        return "retries and failure destinations never act"
    if Mode.ASYNC not in modes:
        return "the state machine goes on, and its `Retry` and `Catch` never act"
    return "neither retries nor a state's `Catch` ever act"


def _reply(handler: Handler, lost: Lost) -> Iterator[Label]:
    swallow = lost.swallow
    if swallow.reply is not None and swallow.answers:
        answer = status(handler, swallow)
        message = "the invocation succeeds" if answer is None else f"nothing reads the {answer}"
        yield swallow.module.label(swallow.reply, message, Role.RELATED)


def _sources(handler: Handler, lost: Lost) -> Iterator[Label]:
    for function in lost.functions:
        for invocation in invocations(handler.application, function):
            how = "asynchronously" if invocation.mode is Mode.ASYNC else "and goes by its exceptions"
            yield invocation.label(f"{invocation.description} invokes it {how}")
