"""ignored-partial-failure: a batch call whose failed entries nobody looks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.finding import Finding, Role
from lambdalint.python.batch_calls import PartialFailure, partial_failures
from lambdalint.python.results import Way
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.python.calls import AwsCall


class IgnoredPartialFailure(Rule):
    """A batch call can fail for some of its entries, and nothing looks whether it did.

    **Why**

    Calls that take several entries (events, messages, records, writes) succeed as a whole, with status 200
    and no exception, although some or all of the entries failed: they were throttled, too large, or the
    service had an internal error. Only the response tells which. Code that does not read it goes on as if
    everything had been sent, and what failed is lost. That holds for a batch of one entry, too.

    **Bad**

    ```python title=src/app.py
    import json

    import boto3

    events = boto3.client("events")


    def handler(event, context):
        entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": json.dumps(event)}
        events.put_events(Entries=[entry])
    ```

    **Good**

    ```python title=src/app.py
    import json

    import boto3

    events = boto3.client("events")


    def handler(event, context):
        entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": json.dumps(event)}
        response = events.put_events(Entries=[entry])
        if response["FailedEntryCount"]:
            raise RuntimeError(f"event not sent: {response['Entries']}")
    ```

    Where a batch has several entries, send the failed ones again and raise only if they keep failing. For
    DynamoDB let `table.batch_writer()` do it: it sends unprocessed items again by itself.

    **Limits**

    Knows the operations in `data/partial_failures.toml`; `operations` adds more, by service and operation
    with the members of the response that count as looking ("s3.delete_objects" = "Errors Deleted"). Follows
    the response through variables, helpers and objects of the application. A response that is returned by the
    handler, or handed to a library, is taken for read; one that is only logged is not: what failed is lost
    all the same.

    **References**

    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
    - https://docs.aws.amazon.com/streams/latest/dev/developing-producers-with-sdk.html
    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    """

    name = "ignored-partial-failure"
    severity = "warning"
    reads = "code"
    options: ClassVar[Mapping[str, OptionValue]] = {"operations": {}}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        known = self._known(handler.application)
        for call in handler.calls:
            failure = known.get(call.api)
            if failure is None or not _answers(call):
                continue
            uses = handler.results.of(call.module, call.node)
            if not uses.leaves_unread(*failure.keys):
                continue
            logged = [use.module.label(use.node, "only logs it", Role.RELATED) for use in uses.of(Way.LOG)]
            yield self.finding(
                f"`{call.operation}` can fail for some {failure.what} without raising, "
                f"and nothing reads `{failure.key}` of its response",
                call.module.label(call.node, f"{failure.what} that fail here are lost"),
                *logged[:1],
                help=_help(call, failure),
                functions=handler.ids,
            )

    def _known(self, application: Application) -> Mapping[str, PartialFailure]:
        more = application.options(self)["operations"]
        assert isinstance(more, dict)
        added = {name: keys.split() for name, keys in more.items()}
        return {
            **partial_failures(),
            **{
                name: PartialFailure("entries", keys[0], tuple(keys[1:]))
                for name, keys in added.items()
                if keys
            },
        }


def _answers(call: AwsCall) -> bool:
    """Whether the call gives the response itself: `batch_writer()` and collections deal with it."""
    if call.interface not in ("client", "resource"):
        return False
    return call.receiver is not None and call.receiver.kind in ("client", "resource")


def _help(call: AwsCall, failure: PartialFailure) -> str:
    if call.api == "dynamodb.batch_write_item":
        return (
            "use `table.batch_writer()`, which sends unprocessed items again, or send UnprocessedItems again"
        )
    return f"check `{failure.key}`, and send again or raise what failed"
