"""batch-api-limit: a batch of records sent on in one call that does not take so many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.entries import Overflow, overflows
from lambdalint.finding import Finding
from lambdalint.python.batch_calls import batch_limits, limit_from
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class BatchApiLimit(Rule):
    """A batch of records is sent on in one call, which takes fewer entries than the batch can have.

    **Why**

    An event source mapping hands over up to BatchSize records at once: 100 by default for streams. Calls that
    take several entries have limits of their own: 10 for events and messages, 25 for writes to a table. One
    entry too many and the service refuses the whole call. So the function works while there is little to do,
    and fails under load; then Lambda hands it the same batch again, which fails again.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Announce:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Orders:
              Type: DynamoDB
              Properties:
                Stream: !ImportValue orders-stream
                StartingPosition: LATEST
    ```

    ```python title=src/app.py
    import json

    import boto3

    events = boto3.client("events")


    def handler(event, context):
        entries = []
        for record in event["Records"]:
            detail = json.dumps(record["dynamodb"])
            entries.append({"Source": "orders", "DetailType": "Changed", "Detail": detail})
        if events.put_events(Entries=entries)["FailedEntryCount"]:
            raise RuntimeError("some events were not sent")
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Announce:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Orders:
              Type: DynamoDB
              Properties:
                Stream: !ImportValue orders-stream
                StartingPosition: LATEST
    ```

    ```python title=src/app.py
    import json

    import boto3

    events = boto3.client("events")


    def handler(event, context):
        entries = []
        for record in event["Records"]:
            detail = json.dumps(record["dynamodb"])
            entries.append({"Source": "orders", "DetailType": "Changed", "Detail": detail})
        for start in range(0, len(entries), 10):
            if events.put_events(Entries=entries[start : start + 10])["FailedEntryCount"]:
                raise RuntimeError("some events were not sent")
    ```

    Or set the mapping's BatchSize to what the call takes.

    **Limits**

    Knows the calls in `data/batch_limits.toml`; `limits` adds more, by service and operation
    ("events.put_events" = "Entries 10"). Flags a list only where it is proven to have an entry for
    each record: a comprehension over the records, or a list that a loop over them appends to, handed to the
    call whole, through helpers or not. Records that are filtered out count, as a batch may have none of them.
    Silent where the batch size is not known, and where a list is sliced, emptied, measured, or given to a
    library in between. Limits on the size in bytes are not looked at.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    - https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    - https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
    """

    name = "batch-api-limit"
    severity = "error"
    reads = "both"
    options: ClassVar[Mapping[str, OptionValue]] = {"limits": {}}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        more = handler.application.options(self)["limits"]
        assert isinstance(more, dict)
        added = {name: limit for name, text in more.items() if (limit := limit_from(text)) is not None}
        for found in overflows(handler, {**batch_limits(), **added}):
            yield self._finding(found)

    def _finding(self, found: Overflow) -> Finding:
        call, limit = found.call, found.limit.limit
        return self.finding(
            f"`{call.operation}` takes {limit} entries, and gets one for each of up to "
            f"{found.size} records that `{found.trigger.name}` hands over",
            call.module.label(call.node, f"refused with more than {limit} entries"),
            found.loop_label("one entry for each record"),
            found.trigger_label(),
            help=f"send the entries {limit} at a time, or set BatchSize to {limit}",
            functions=found.functions,
        )
