"""handwritten-retry: a loop that tries again what failed, and sleeps in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.idle import leaves_no_other, named, retry_advice
from lambdalint.finding import Finding, Label, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.waiting import Retry


class HandwrittenRetry(Rule):
    """The function tries again what failed, and sleeps in between.

    **Why**

    Every service around a Lambda function retries already: botocore does for its calls, with backoff and
    jitter; Lambda for asynchronous events, queues by giving the message back, streams by the event source
    mapping, Step Functions by `Retry`. A loop in the function multiplies with those (three times three is
    nine calls to a service in trouble), sleeps on billed time, and gives up at the function's Timeout with
    nothing kept.

    **Bad**

    ```python title=src/app.py
    import time

    import boto3
    from botocore.exceptions import ClientError

    bedrock = boto3.client("bedrock-runtime")


    def handler(event, context):
        for attempt in range(5):
            try:
                return bedrock.converse(modelId=event["model"], messages=event["messages"])["output"]
            except ClientError:
                time.sleep(2**attempt)
        raise RuntimeError("no answer")
    ```

    **Good**

    ```python title=src/app.py
    import boto3
    from botocore.config import Config

    bedrock = boto3.client(
        "bedrock-runtime",
        config=Config(retries={"mode": "adaptive", "max_attempts": 5}),
    )


    def handler(event, context):
        return bedrock.converse(modelId=event["model"], messages=event["messages"])["output"]
    ```

    **Limits**

    A retry is a loop whose next turn does the same after an `except` (or after a reply whose status says that
    the request failed), a function that calls itself after a failure, a call that is repeated in the `except`
    of its own `try`, or a decorator of tenacity, backoff, retrying, retry or stamina; each with a pause: a
    retry without one is not told. Loops that get around another writer (`ConditionalCheckFailedException` and
    its like) are left alone, for nothing retries those; so is what calls no AWS service where whoever invokes
    the function waits for its answer, and a library's retry where nothing is known of who does. Whether the
    error that is caught would go away is not looked at.

    **References**

    - https://docs.aws.amazon.com/boto3/latest/guide/retries.html
    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    name = "handwritten-retry"
    severity = "info"
    reads = "code"
    supersedes = ("waiting-in-handler",)

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each retry, at the loop, the decorator or the call that starts again."""
        for retry in handler.waiting.retries:
            if leaves_no_other(handler, retry):
                continue
            yield self.finding(
                _message(retry),
                retry.module.label_at(retry.place, "does the same again after a failure"),
                *_pauses(retry),
                help=retry_advice(handler, retry),
                functions=handler.ids,
            )


def _message(retry: Retry) -> str:
    what = f"`{named(retry.calls)}`" if retry.calls else "what failed"
    if retry.form == "library":
        return f"`{retry.library}` tries {what} again within the invocation, and sleeps in between"
    return f"the function tries {what} again by itself, and sleeps in between"


def _pauses(retry: Retry) -> Iterator[Label]:
    for module, call in retry.sleeps:
        yield module.label(call, "sleeps before the next try", Role.RELATED)
        # For waiting-in-handler, lest it speaks of the same pause.
        yield module.label(call, "", Role.HIDDEN)
