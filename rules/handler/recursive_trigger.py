"""recursive-trigger: a function writes to what triggers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.recursion import Recursion, recursions
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler

_ADVICE = {
    "S3": "write to another bucket, or give the trigger a prefix that the keys written do not have",
    "SQS": "send to another queue, or leave retries to the queue's own redrive",
    "SNS": "publish to another topic, or give the subscription a filter policy that keeps the message out",
    "DynamoDB": "write to another table, or give the mapping FilterCriteria that its own writes do not pass",
    "Kinesis": "put the records on another stream",
    "EventBridgeRule": "send another source or detail-type than the one that the rule takes",
}


class RecursiveTrigger(Rule):
    """A function writes to the bucket, queue, topic, table or bus that triggers it.

    **Why**

    What it writes invokes it again, which writes again: the loop runs as fast as Lambda scales, until
    somebody notices the bill. Lambda stops some such loops after sixteen rounds, where it can follow them
    (SQS, SNS and S3, with a recent SDK); events are lost then. DynamoDB streams, Kinesis and EventBridge it
    does not watch at all.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Images:
        Type: AWS::S3::Bucket
      Resize:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Upload:
              Type: S3
              Properties:
                Bucket: !Ref Images
                Events: s3:ObjectCreated:*
    ```

    ```python title=src/app.py
    from urllib.parse import unquote_plus

    import boto3

    s3 = boto3.client("s3")


    def handler(event, context):
        for record in event["Records"]:
            bucket = record["s3"]["bucket"]["name"]
            key = unquote_plus(record["s3"]["object"]["key"])
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            s3.put_object(Bucket=bucket, Key=f"small/{key}", Body=body[:1000])
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Images:
        Type: AWS::S3::Bucket
      Resize:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Upload:
              Type: S3
              Properties:
                Bucket: !Ref Images
                Events: s3:ObjectCreated:*
                Filter:
                  S3Key:
                    Rules:
                      - Name: prefix
                        Value: uploads/
    ```

    ```python title=src/app.py
    from urllib.parse import unquote_plus

    import boto3

    s3 = boto3.client("s3")


    def handler(event, context):
        for record in event["Records"]:
            bucket = record["s3"]["bucket"]["name"]
            key = unquote_plus(record["s3"]["object"]["key"])
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            s3.put_object(Bucket=bucket, Key=f"small/{key}", Body=body[:1000])
    ```

    **Limits**

    Only direct loops: not those through a second function, or a queue between bucket and function. Silent
    where any branch on the record, what was read or an exception stands before the write; where a filter is
    there and the key written does not certainly pass it; for deletes; for writes to a table that come to the
    same each time, which its stream does not tell of; and where RecursiveLoop is Allow.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    - https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
    - https://docs.aws.amazon.com/lambda/latest/operatorguide/recursive-runaway.html
    """

    name = "recursive-trigger"
    severity = "error"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each call that writes."""
        if not handler.triggers:
            return
        calls: dict[int, list[Recursion]] = {}
        for found in recursions(handler):
            calls.setdefault(id(found.call.node), []).append(found)
        for recursions_ in calls.values():
            yield self._finding(recursions_)

    def _finding(self, found: list[Recursion]) -> Finding:
        first = found[0]
        return self.finding(
            f"{first.call.api} writes to {first.what}, which triggers `{first.function.logical_id}` itself",
            first.call.module.label(first.call.node, "each write invokes the function again"),
            *(
                each.trigger.template.label(
                    each.trigger.path,
                    f"{each.trigger.description} invokes it",
                    Role.RELATED,
                    key=True,
                    function=each.function.id,
                )
                for each in found
            ),
            help=_ADVICE[first.trigger.source],
            functions=dict.fromkeys(each.function.id for each in found),
        )
