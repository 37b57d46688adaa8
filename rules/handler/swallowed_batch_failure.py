"""swallowed-batch-failure: failed messages and records of a batch count as done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.outcomes import Lost, batches, can_report, lost_batches, status, words
from lambdalint.finding import Finding, FunctionId, Label, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.template.triggers import Trigger


class SwallowedBatchFailure(Rule):
    """A function that gets batches catches what fails and returns normally: the failed records are lost.

    **Why**

    Lambda polls the queue or stream and learns from the function how the batch went. A normal return
    says that every record is done: Lambda deletes the messages from an SQS queue, goes on in a Kinesis
    or DynamoDB stream, commits the offset of a Kafka topic. It reads nothing else of the answer: a
    `statusCode` of 500 means something to an API and nothing to a queue. So an `except` that only logs
    throws the failed records away; the queue's retries, its dead-letter queue and the mapping's failure
    destination never act.

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
            try:
                table.put_item(Item=json.loads(record["body"]))
            except Exception as error:
                print("failed", record["messageId"], error)
        return {"statusCode": 200}
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

    Without an `except`, or with one that ends with `raise`, the whole batch comes back: simpler, and as
    right, where the work can be done twice.

    **Limits**

    Speaks only where all work on the records stands in clauses that lose its failures: as soon as a
    call outside of them writes, sends or cannot be told, what they catch counts as a part that may
    fail. Silent for clauses that catch certain exceptions only (but `ClientError` around AWS calls),
    that raise, send or write anything, or change what decides on anything later; for those with a
    comment that says so ("best effort", "do not fail the batch"); and around all of a handler that
    somebody else calls and waits for, such as an API. What threads and process pools lose is not seen.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    - https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
    """

    name = "swallowed-batch-failure"
    severity = "error"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        for lost in lost_batches(handler):
            triggers = [trigger for function in lost.functions for trigger in batches(function)]
            said = words(triggers[0])
            yield self.finding(
                f"`{handler.name}` catches what fails and returns normally, so {said.lost}",
                lost.swallow.module.label_at(lost.swallow.span, "what is caught here counts as done"),
                *_proofs(handler, lost),
                *(
                    _source(trigger, function.id)
                    for function in lost.functions
                    for trigger in batches(function)
                ),
                help=_advice(lost, triggers),
                functions=[function.id for function in lost.functions],
            )


def _proofs(handler: Handler, lost: Lost) -> Iterator[Label]:
    swallow = lost.swallow
    yield swallow.module.label(swallow.work, "when this fails, nobody hears of it", Role.RELATED)
    if swallow.reply is not None and swallow.answers:
        answer = status(handler, swallow)
        message = (
            "the batch succeeds" if answer is None else f"nothing reads the {answer}: the batch succeeds"
        )
        yield swallow.module.label(swallow.reply, message, Role.RELATED)


def _source(trigger: Trigger, function: FunctionId) -> Label:
    message = f"{trigger.description} sends it {words(trigger).items}"
    return trigger.template.label(trigger.path, message, Role.RELATED, key=True, function=function)


def _advice(lost: Lost, triggers: list[Trigger]) -> str:
    said = words(triggers[0])
    if any(trigger.reports_failures for trigger in triggers):
        return f"name the failed {said.items} in `batchItemFailures`, or raise the exception again"
    if all(can_report(trigger) for trigger in triggers) and lost.swallow.per_record:
        return (
            f"name the failed {said.items} in `batchItemFailures` and set ReportBatchItemFailures on the "
            "mapping (one without the other loses them), or raise the exception again"
        )
    return "let the exception go on, or raise it again after logging"
