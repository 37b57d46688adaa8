"""leaking-state: state of module level that invocations add to and nothing empties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Label, Role
from lambdalint.python.leaks import leaks
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.leaks import Leak

_WHAT = {"list": "list", "dict": "dict", "set": "set", "counter": "counter", "buffer": "buffer"}


class LeakingState(Rule):
    """Each invocation adds to a list, dict, counter or buffer that outlives it, and nothing empties it.

    **Why**

    An execution environment handles one request after the other, and what module level made stays. What one
    invocation appends to such a list, the next one finds: it answers with another user's data, works records
    twice, counts too much; and memory grows until the environment dies. It shows in production only, where
    environments are reused.

    **Bad**

    ```python title=src/app.py
    import boto3

    s3 = boto3.client("s3")
    errors = []


    def handler(event, context):
        for record in event["Records"]:
            try:
                s3.head_object(Bucket="files", Key=record["body"])
            except s3.exceptions.ClientError:
                errors.append(record["messageId"])
        return {"batchItemFailures": [{"itemIdentifier": each} for each in errors]}
    ```

    **Good**

    ```python title=src/app.py
    import boto3

    s3 = boto3.client("s3")


    def handler(event, context):
        errors = []
        for record in event["Records"]:
            try:
                s3.head_object(Bucket="files", Key=record["body"])
            except s3.exceptions.ClientError:
                errors.append(record["messageId"])
        return {"batchItemFailures": [{"itemIdentifier": each} for each in errors]}
    ```

    **Limits**

    Follows variables of module level, class bodies, attributes of objects that init makes, and defaults of
    parameters, through imports, aliases and arguments. Leaves alone what is emptied or bound anew anywhere on
    the invoke path, what is filled only where it was empty, what is looked up by a key as a cache is
    (`key in cache`, `cache.get(key)`), a `deque` with `maxlen`, items under constant keys, a number that goes
    up by one for each invocation, and names that say that it is on purpose, such as `cache`, `pool` or
    `invocations`.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    """

    name = "leaking-state"
    severity = "warning"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        for leak in leaks(handler.evaluator, handler.reach, handler.lifetimes):
            yield self.finding(
                f"`{leak.name}` keeps what an invocation adds to it, and the next one finds that",
                *_labels(leak),
                help=_help(leak),
                functions=handler.ids,
            )


def _labels(leak: Leak) -> Iterator[Label]:
    (module, node), *others = leak.grown
    yield module.label(node, "added to, and never emptied")
    for other, place in others:
        yield other.label(place, "and added to here", Role.RELATED)
    yield leak.module.label(leak.made, "made once, when the environment starts", Role.RELATED)


def _help(leak: Leak) -> str:
    what = _WHAT.get(leak.kind, "value")
    return f"make the {what} in the handler and pass it on; or empty it when an invocation begins"
