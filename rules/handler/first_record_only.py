"""first-record-only: of a batch, only the first record is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.modes import invocations
from lambdalint.application.outcomes import batches, words
from lambdalint.finding import Finding, Label, Role
from lambdalint.python.firsts import only_firsts
from lambdalint.rule import Rule
from lambdalint.template.batches import batch_size_path
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.triggers import Trigger


class FirstRecordOnly(Rule):
    """A function that gets batches reads only the first record, and the others are lost unread.

    **Why**

    Lambda hands over what waits in the queue or stream at once: up to ten messages of SQS and a hundred
    records of the others unless the mapping says otherwise. With little traffic each event happens to
    hold one record, so `event["Records"][0]` works in every test. Under load the events hold more; the
    function reads the first and returns, and Lambda takes the whole batch for done.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SQS::Queue
      Store:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Events:
            Orders:
              Type: SQS
              Properties:
                Queue: !GetAtt Orders.Arn
    ```

    ```python title=src/app.py
    import json
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        order = json.loads(event["Records"][0]["body"])
        table.put_item(Item=order)
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SQS::Queue
      Store:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Events:
            Orders:
              Type: SQS
              Properties:
                Queue: !GetAtt Orders.Arn
    ```

    ```python title=src/app.py
    import json
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        for record in event["Records"]:
            table.put_item(Item=json.loads(record["body"]))
    ```

    `BatchSize: 1` makes the first version right as well.

    **Limits**

    Silent where the list of records, or the event as a whole, goes anywhere else, a test of its length
    that decides on anything included; where something whose events hold `Records` of another kind (S3,
    SNS, SES) invokes the function too; and where the batch size is not known.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    - https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    - https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """

    name = "first-record-only"
    severity = "error"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        large = [
            (function, trigger)
            for function in handler.functions
            if not _gets_other_records(handler, function)
            for trigger in batches(function)
            if _size(trigger) > 1
        ]
        firsts = only_firsts(handler) if large else ()
        if not firsts:
            return
        said = words(large[0][1])
        most = max(_size(trigger) for _, trigger in large)
        first, *others = firsts
        yield self.finding(
            f"`{handler.name}` reads only the first of up to {most} {said.items}; the others are lost unread",
            first.module.label(first.node, "nothing reads those behind it"),
            *(each.module.label(each.node, "", Role.HIDDEN) for each in others),
            *(_source(function, trigger) for function, trigger in large),
            help="loop over all records of the event, or set BatchSize to 1",
            functions=dict.fromkeys(function.id for function, _ in large),
        )


# Beside queues and streams: what sends events with `Records` in them, or may.
_OTHER_RECORDS = frozenset({"CloudFront", "CodeCommit", "Permission", "S3", "SES", "SNS"})


def _gets_other_records(handler: Handler, function: LambdaFunction) -> bool:
    return any(
        each.trigger is None or each.trigger.source in _OTHER_RECORDS
        for each in invocations(handler.application, function)
    )


def _size(trigger: Trigger) -> int:
    size = trigger.batch_size
    return size.value if isinstance(size, Known) and isinstance(size.value, int) else 1


def _source(function: LambdaFunction, trigger: Trigger) -> Label:
    said = words(trigger)
    message = f"{trigger.description} sends up to {_size(trigger)} {said.items} at once"
    path = batch_size_path(trigger)
    if path is not None:
        return trigger.template.label(path, message, Role.RELATED, function=function.id)
    return trigger.template.label(trigger.path, message, Role.RELATED, key=True, function=function.id)
