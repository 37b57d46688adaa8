"""missing-batch-report: one failed record of a batch brings all of them back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.outcomes import words
from lambdalint.application.unreported import Unreported, unreported
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class MissingBatchReport(Rule):
    """A function works on each record of a batch, and cannot say which of them failed.

    **Why**

    When a function raises an exception, Lambda takes the whole batch as failed: the nine messages that were
    done come back with the tenth, are worked on a second time, and go to the dead-letter queue with it. With
    ReportBatchItemFailures the function names the records that failed, and only these come back.

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
        for record in event["Records"]:
            table.put_item(Item=json.loads(record["body"]))
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
                FunctionResponseTypes:
                  - ReportBatchItemFailures
    ```

    ```python title=src/app.py
    import json
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        failed = []
        for record in event["Records"]:
            try:
                table.put_item(Item=json.loads(record["body"]))
            except Exception as error:
                print("failed", record["messageId"], error)
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}
    ```

    Both edits belong together: one without the other loses messages (see partial-batch-mismatch). Powertools'
    batch utility does the second.

    **Limits**

    Speaks only where the handler is found, goes over the records in a loop and writes or sends something for
    each; silent where the batch size is one or not known, where the handler's answer is not known, and where
    other rules speak of the same batch: swallowed-batch-failure, partial-batch-mismatch, first-record-only.
    Not for Amazon MQ and DocumentDB, which have no such report, nor for the queue that SAM makes of
    `SqsSubscription: true`.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    - https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
    """

    name = "missing-batch-report"
    severity = "info"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        for found in unreported(handler):
            yield self._finding(handler, found)

    def _finding(self, handler: Handler, found: Unreported) -> Finding:
        items = words(found.trigger).items
        return self.finding(
            f"when `{handler.name}` fails on one of up to {found.size} {items}, all of them come back",
            found.trigger.template.label(
                found.trigger.path, "does not declare ReportBatchItemFailures", key=True
            ),
            found.module.label(found.loop, f"works on the {items} one by one", Role.RELATED),
            help=(
                f"set FunctionResponseTypes: [ReportBatchItemFailures] and {_how(found, items)} as "
                f"`batchItemFailures`: one without the other loses {items}"
            ),
            functions=[found.function.id],
        )


def _how(found: Unreported, items: str) -> str:
    """SQS developer guide on FIFO queues: stop at the first failure, and give back all that is not done."""
    if found.fifo:
        return f"stop at the first failure, then return the ids of it and of all {items} behind it"
    return f"return the ids of the failed {items}"
