"""async-handler: a handler that is a coroutine function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.finding import Finding
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class AsyncHandler(Rule):
    """The handler is an `async def`.

    **Why**

    The Python runtime calls the handler and encodes what it returns; it awaits nothing. Calling a coroutine
    function makes a coroutine and runs none of its code: every invocation fails with `Runtime.MarshalError`,
    and nothing is done.

    **Bad**

    ```python title=src/app.py
    import aioboto3


    async def handler(event, context):
        async with aioboto3.Session().client("sqs") as sqs:
            await sqs.send_message(QueueUrl=event["queue"], MessageBody=event["text"])
    ```

    **Good**

    ```python title=src/app.py
    import asyncio

    import aioboto3


    def handler(event, context):
        return asyncio.run(send(event))


    async def send(event):
        async with aioboto3.Session().client("sqs") as sqs:
            await sqs.send_message(QueueUrl=event["queue"], MessageBody=event["text"])
    ```

    **Limits**

    Without a template, only a function named `handler` or `lambda_handler` with the usual parameters counts,
    and only where nothing in the module calls it. A decorator or wrapper that is not known may run the
    coroutine, so it is left alone.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
    - https://docs.python.org/3/library/asyncio-runner.html
    """

    name = "async-handler"
    severity = "error"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        node = handler.node
        if not isinstance(node, cst.FunctionDef) or node.asynchronous is None:
            return
        if not (handler.entry.named and handler.entry.kept.reply):
            return
        yield self.finding(
            f"`{handler.attribute}` is an `async def`, and Lambda awaits nothing",
            handler.label("calling it runs none of its code"),
            *handler.named_by("Lambda calls it"),
            help="make the handler a plain `def` that calls `asyncio.run(…)` on the coroutine",
            functions=handler.ids,
        )
