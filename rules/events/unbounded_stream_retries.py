"""unbounded-stream-retries: one bad record blocks its shard until it expires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Label, Role
from lambdalint.rule import Rule
from lambdalint.template.batches import number
from lambdalint.template.polls import SHARDED

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.polls import Poll
    from lambdalint.template.template import Template


class UnboundedStreamRetries(Rule):
    """Nothing limits how often or how long Lambda tries the records of a stream again.

    **Why**

    Lambda reads each shard of a Kinesis or DynamoDB stream in order. When the function fails on a batch,
    Lambda tries the same batch again, and nothing behind it is read until it succeeds or its records expire:
    a day in a DynamoDB stream, a day to a year in Kinesis. One record that the function cannot process stops
    the whole shard for that long, is paid for at every try, and takes with it whatever expires meanwhile. An
    OnFailure destination does not help before Lambda gives up.

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
                BisectBatchOnFunctionError: true
                DestinationConfig:
                  OnFailure:
                    Type: SQS
                    Destination: !ImportValue failed-clicks
    ```

    MaximumRecordAgeInSeconds does as well. BisectBatchOnFunctionError or ReportBatchItemFailures narrow the
    failure down to the one bad record, so that the others are not given up with it.

    **Limits**

    Kinesis and DynamoDB streams only: the other sources have no such limits, or have them by themselves. A
    value of -1 is no limit. Silent where either is set or unknown in some branch of the template, where a
    macro may set it, and where the mapping is switched off (`Enabled: false`). Whether the function ever
    fails is not asked.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    - https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """

    name = "unbounded-stream-retries"
    severity = "warning"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        if template.incomplete:
            return
        for poll in template.polls:
            if poll.source not in SHARDED or poll.is_off or _is_bounded(poll):
                continue
            yield self.finding(
                f"a record of a {poll.what} that {poll.whom} fails on blocks its shard until it expires",
                _place(poll),
                *(
                    function.label("is given the same records again and again", Role.RELATED, tied=True)
                    for function in poll.functions
                ),
                help="set MaximumRetryAttempts or MaximumRecordAgeInSeconds: both are infinite by default",
                functions=poll.ids,
            )


_LIMITS = ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds")
# "The default value is infinite (-1)": CreateEventSourceMapping.
_INFINITE = -1


def _is_bounded(poll: Poll) -> bool:
    """Whether a limit is set in some branch, or may be."""
    return any(number(found) != _INFINITE for name in _LIMITS for found in poll.settings(name))


def _place(poll: Poll) -> Label:
    """At the limit that is none, where one is written."""
    for name in _LIMITS:
        for found in poll.settings(name):
            return poll.template.label(found.path, "is infinite")
    return poll.label("has neither MaximumRetryAttempts nor MaximumRecordAgeInSeconds")
