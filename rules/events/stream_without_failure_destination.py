"""stream-without-failure-destination: batches that Lambda gives up on leave no trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.useless import is_useless_for
from lambdalint.finding import Finding, Fix, Role, Safety
from lambdalint.rule import Rule
from lambdalint.template.failure_queue import add_mapping_queue
from lambdalint.template.polls import KEEPS_FAILURES

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.polls import Poll
    from lambdalint.template.template import Template


class StreamWithoutFailureDestination(Rule):
    """A function reads a stream or topic, and nothing keeps what Lambda gives up on.

    **Why**

    When a function fails on a batch of a Kinesis or DynamoDB stream or a Kafka topic, Lambda tries it again
    until the retries are used up or the records are too old, and then goes on behind it. The skipped records
    are not reported to anybody, and when the stream forgets them they are gone. With an OnFailure
    destination Lambda tells a queue, topic or bucket which records it skipped, and why.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Clicks:
        Type: AWS::Kinesis::Stream
      Count:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Clicks:
              Type: Kinesis
              Properties:
                Stream: !GetAtt Clicks.Arn
                StartingPosition: LATEST
                MaximumRetryAttempts: 5
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Clicks:
        Type: AWS::Kinesis::Stream
      Count:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Clicks:
              Type: Kinesis
              Properties:
                Stream: !GetAtt Clicks.Arn
                StartingPosition: LATEST
                MaximumRetryAttempts: 5
                DestinationConfig:
                  OnFailure:
                    Type: SQS
                    Destination: !GetAtt CountFailureQueue.Arn
      CountFailureQueue:
        Type: AWS::SQS::Queue
        Properties:
          MessageRetentionPeriod: 1209600
    ```

    The message names the shard and the sequence numbers, not the records: read these before the stream
    forgets them. Nothing gets there before Lambda gives up: see unbounded-stream-retries.

    **Fix**

    Adds a queue, names it as the OnFailure destination of the event or the mapping, and lets the function's
    role send to it. Unsafe, since it adds a resource and a permission to the stack. No fix where the function
    or its role is not in the template.

    **Limits**

    Not for SQS, whose queue has a redrive policy instead (queue-without-dlq), nor for Amazon MQ and
    DocumentDB, whose mappings have no such destination. A dead-letter queue of the function does not count,
    as nothing ever gets there from a stream; where that is all that the function has,
    dlq-on-polled-function says so, and this rule is silent. Silent where a macro may add the destination,
    and where the mapping is switched off (`Enabled: false`).

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    - https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
    - https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """

    name = "stream-without-failure-destination"
    severity = "warning"
    reads = "template"
    fix = "unsafe"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        if template.incomplete:
            return
        for poll in template.polls:
            if poll.source not in KEEPS_FAILURES or poll.settings("DestinationConfig", "OnFailure"):
                continue
            if poll.is_off or is_useless_for(application, poll):
                continue
            yield self.finding(
                f"nothing keeps the records of a {poll.what} that {poll.whom} fails on",
                poll.label("has no OnFailure destination"),
                *(
                    function.label("is given the records", Role.RELATED, tied=True)
                    for function in poll.functions
                ),
                help="name a queue or topic as DestinationConfig.OnFailure: what Lambda skips is gone",
                fix=_fix(poll),
                functions=poll.ids,
            )


def _fix(poll: Poll) -> Fix | None:
    edits = add_mapping_queue(poll)
    if edits is None:
        return None
    return Fix(f"Tell a queue what Lambda skips of `{poll.trigger.name}`", edits, Safety.UNSAFE)
