"""partial-batch-mismatch: mapping and handler do not agree on partial batch responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.outcomes import batches, can_report, words
from lambdalint.application.reports import Report, report
from lambdalint.finding import Finding, Role, Severity
from lambdalint.rule import Rule
from lambdalint.template.batches import batching
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.triggers import Trigger


class PartialBatchMismatch(Rule):
    """The event source mapping and the handler do not agree on whether failed records are named.

    **Why**

    A handler can tell Lambda which records of a batch failed: the mapping declares
    ReportBatchItemFailures, and the handler returns their ids as `batchItemFailures`. One without the
    other is worse than neither. What the handler returns is not read unless the mapping says so: the
    failed records it names count as done and are gone. And where the mapping says so and the handler
    returns anything else, Lambda takes the batch for a complete success; only an exception brings
    records back, all of them.

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
        failed = []
        for record in event["Records"]:
            try:
                table.put_item(Item=json.loads(record["body"]))
            except Exception:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}
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
            except Exception:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}
    ```

    **Limits**

    The handler's answers are followed through variables, helpers and Powertools' batch utility; where
    one of them is not known, or a decorator may change it, nothing is said. A handler that never
    returns `batchItemFailures` is left alone where a batch holds one record, for which an exception
    says the same; it is a warning where nothing catches its exceptions, for then the whole batch comes
    back. What the list holds is not checked.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    - https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
    """

    name = "partial-batch-mismatch"
    severity = "error"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        pairs = [(function, trigger) for function in handler.functions for trigger in batches(function)]
        if not any(trigger.reports_failures is not None for _, trigger in pairs):
            return
        found = report(handler)
        if found.answer == "yes":
            for function, trigger in pairs:
                if trigger.reports_failures is False and _is_lambdas(trigger):
                    yield self._unread(handler, found, function, trigger)
        elif found.answer == "no":
            declared = [
                (function, trigger)
                for function, trigger in pairs
                if trigger.reports_failures and trigger.batch_size != Known(1)
            ]
            if declared:
                yield self._unanswered(handler, declared)

    def _unread(self, handler: Handler, found: Report, function: LambdaFunction, trigger: Trigger) -> Finding:
        said = words(trigger)
        if can_report(trigger):
            lacks, advice = (
                "does not declare ReportBatchItemFailures",
                "set FunctionResponseTypes: [ReportBatchItemFailures]",
            )
        else:
            lacks = "cannot declare ReportBatchItemFailures: SAM makes the mapping"
            advice = "declare the queue and its subscription, and use an SQS event"
        assert found.module is not None
        assert found.node is not None
        return self.finding(
            f"the `batchItemFailures` of `{handler.name}` are not read, so {said.lost}",
            trigger.template.label(trigger.path, lacks, key=True),
            found.module.label(found.node, f"names the {said.items} that failed", Role.RELATED),
            help=advice,
            functions=[function.id],
        )

    def _unanswered(self, handler: Handler, declared: list[tuple[LambdaFunction, Trigger]]) -> Finding:
        said = words(declared[0][1])
        swallows = bool(handler.swallows)
        outcome = (
            f"so {said.lost}" if swallows else f"so one failed {said.items[:-1]} brings all of them back"
        )
        return self.finding(
            f"`{handler.name}` never returns `batchItemFailures`, {outcome}",
            handler.label("a normal return counts as a complete success, an exception as a complete failure"),
            *(
                trigger.template.label(
                    trigger.option("FunctionResponseTypes")[0].path,
                    "Lambda expects the failed records by name",
                    Role.RELATED,
                    function=function.id,
                )
                for function, trigger in declared
            ),
            help=f"return the ids of the failed {said.items} as `batchItemFailures`, or drop the declaration",
            functions=dict.fromkeys(function.id for function, _ in declared),
            severity=Severity.ERROR if swallows else Severity.WARNING,
        )


def _is_lambdas(trigger: Trigger) -> bool:
    """Whether Lambda would read the answer if it were told to."""
    how = batching(trigger)
    return how is not None and how.reports
