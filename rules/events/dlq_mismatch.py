"""dlq-mismatch: a dead-letter queue of the wrong type, or one that forgets before its source does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role, Severity
from lambdalint.rule import Rule
from lambdalint.template.dead_letters import Early, WrongType, early, wrong_types

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class DlqMismatch(Rule):
    """A dead-letter queue does not fit what it is there for.

    **Why**

    SQS takes a FIFO queue as the dead-letter queue of a FIFO queue only, and a standard queue as that of a
    standard queue: anything else is refused at deployment. Lambda sends failed invocations to standard queues
    and topics only.

    A message keeps the time at which it was first sent when SQS moves it to a standard dead-letter queue. If
    that keeps messages for a shorter time than the queue they come from, they may be deleted on arrival, or
    before anybody looks.

    **Bad**

    ```yaml title=template.yaml
    Resources:
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          MessageRetentionPeriod: 1209600
          RedrivePolicy:
            deadLetterTargetArn: !GetAtt Aside.Arn
            maxReceiveCount: 5
      Aside:
        Type: AWS::SQS::Queue
      Payments:
        Type: AWS::SQS::Queue
        Properties:
          FifoQueue: true
          RedrivePolicy:
            deadLetterTargetArn: !GetAtt PaymentsAside.Arn
            maxReceiveCount: 5
      PaymentsAside:
        Type: AWS::SQS::Queue
    ```

    **Good**

    ```yaml title=template.yaml
    Resources:
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          MessageRetentionPeriod: 345600
          RedrivePolicy:
            deadLetterTargetArn: !GetAtt Aside.Arn
            maxReceiveCount: 5
      Aside:
        Type: AWS::SQS::Queue
        Properties:
          MessageRetentionPeriod: 1209600
      Payments:
        Type: AWS::SQS::Queue
        Properties:
          FifoQueue: true
          RedrivePolicy:
            deadLetterTargetArn: !GetAtt PaymentsAside.Arn
            maxReceiveCount: 5
      PaymentsAside:
        Type: AWS::SQS::Queue
        Properties:
          FifoQueue: true
    ```

    **Limits**

    An error for a wrong type, a warning for a short retention. The retention of FIFO queues is no matter:
    there a message's time begins anew in the dead-letter queue. Queues of other stacks are known by the name
    in an ARN only, and their retention is not. Silent where a parameter decides.

    **References**

    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """

    name = "dlq-mismatch"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for wrong in wrong_types(template):
            yield self._wrong_type(template, wrong)
        for each in early(template):
            yield self._early(template, each)

    def _wrong_type(self, template: Template, wrong: WrongType) -> Finding:
        source, kind = wrong.source, "FIFO" if wrong.fifo else "standard"
        if wrong.function is None:
            needs = "standard" if wrong.fifo else "FIFO"
            message = f"the dead-letter queue of `{source.logical_id}`, a {needs} queue, is a {kind} queue"
            told, advice = f"SQS refuses a {kind} queue here", f"name a {needs} queue"
        else:
            message = f"the failures of `{wrong.function.logical_id}` go to a FIFO {wrong.what}"
            told, advice = f"Lambda does not send to a FIFO {wrong.what}", f"name a standard {wrong.what}"
        labels = [
            resource.label(f"is a {'FIFO' if fifo else 'standard'} {what}", Role.RELATED)
            for resource, fifo, what in wrong.known()
        ]
        functions = [wrong.function.id] if wrong.function is not None else []
        return self.finding(
            message, template.label(wrong.path, told), *labels, help=advice, functions=functions
        )

    def _early(self, template: Template, found: Early) -> Finding:
        place = found.place
        days = f"{_days(found.seconds)}{' by default' if place is None else ''}"
        return self.finding(
            f"`{found.target.logical_id}` keeps dead letters for {_days(found.seconds)}, and "
            f"`{found.source.logical_id}` messages for {_days(found.source_seconds)}",
            found.target.label(f"keeps messages for {days}")
            if place is None
            else template.label(place, f"is {days}"),
            template.label(found.reference, "names it as its dead-letter queue", Role.RELATED),
            found.source.label(f"keeps messages for {_days(found.source_seconds)}", Role.RELATED),
            help=(
                "set its MessageRetentionPeriod to 1209600, the most there is: a message's time runs on from "
                "when it was first sent"
            ),
            severity=Severity.WARNING,
        )


def _days(seconds: int) -> str:
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % unit == 0 and seconds >= unit:
            count = seconds // unit
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
