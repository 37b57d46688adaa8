"""queue-without-dlq: a message that a function cannot process comes back until it expires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.useless import is_useless_for
from lambdalint.finding import Finding, Fix, Label, Role, Safety
from lambdalint.rule import Rule
from lambdalint.template.declined import declines
from lambdalint.template.failure_queue import add_dead_letter_queue

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.polls import Poll
    from lambdalint.template.template import Resource, Template

# What other linters call a queue without a dead-letter queue.
_ELSEWHERE = frozenset({"ES6000", "AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"})


class QueueWithoutDlq(Rule):
    """A queue that feeds a function has no dead-letter queue.

    **Why**

    A message that the function fails on comes back when the queue's visibility timeout is over, and again,
    and again, until its retention period ends: four days unless the queue says otherwise. All that time it is
    paid for and takes room in batches, in a FIFO queue it blocks its group, and in the end it is deleted and
    nobody hears of it. With a redrive policy SQS puts it aside after a number of tries, into a queue where it
    can be looked into, counted by an alarm, and sent again.

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
          CodeUri: src/
          Events:
            Orders:
              Type: SQS
              Properties:
                Queue: !GetAtt Orders.Arn
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          RedrivePolicy:
            deadLetterTargetArn: !GetAtt OrdersDeadLetterQueue.Arn
            maxReceiveCount: 5
      OrdersDeadLetterQueue:
        Type: AWS::SQS::Queue
        Properties:
          MessageRetentionPeriod: 1209600
      Store:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Orders:
              Type: SQS
              Properties:
                Queue: !GetAtt Orders.Arn
    ```

    A dead-letter queue of the function or an OnFailure destination does not do the same: these take failed
    asynchronous invocations, and Lambda invokes a function for a queue synchronously.

    **Fix**

    Adds a queue of the same type, encryption and condition, and a redrive policy that gives a message five
    tries, as the Lambda developer guide advises. Unsafe, since it adds a resource to the stack and takes
    messages out of the queue.

    **Limits**

    Silent for queues that take what others fail on, which are the end of the chain: those that anything in
    the template names as a dead-letter queue or failure destination, that have a RedriveAllowPolicy, or whose
    name says so; where a macro or transform may add the policy; where dlq-on-polled-function says that a
    function's own dead-letter queue should be the queue's; and for queues that tell cdk-nag or
    serverless-rules (ES6000) to pass over them in their Metadata. Queues of other stacks are not seen, nor
    those that pipes poll.

    **References**

    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """

    name = "queue-without-dlq"
    severity = "warning"
    reads = "template"
    fix = "unsafe"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        if template.incomplete:
            return
        for poll in template.polls:
            if poll.own_queue is not None and not is_useless_for(application, poll):
                label = template.label(poll.own_queue, "SAM makes a queue with no dead-letter queue")
                yield self._finding(f"the queue of `{poll.trigger.name}`", label, [poll])
        for queue, polls in _fed(template).items():
            if _keeps_all(queue) and not any(is_useless_for(application, poll) for poll in polls):
                label = queue.label("has no RedrivePolicy")
                yield self._finding(f"`{queue.logical_id}`", label, polls, _fix(queue))

    def _finding(self, name: str, label: Label, polls: list[Poll], fix: Fix | None = None) -> Finding:
        functions = dict.fromkeys(function for poll in polls for function in poll.functions)
        whom = " and ".join(f"`{function.logical_id}`" for function in functions) or "a function"
        return self.finding(
            f"a message of {name} that {whom} cannot process comes back until it expires",
            label,
            *(
                poll.label(f"polls it for `{function.logical_id}`", Role.RELATED, function.id)
                for poll in polls
                if poll.own_queue is None
                for function in poll.functions
            ),
            help=(
                "give it a RedrivePolicy with a dead-letter queue and a maxReceiveCount of 5 or more"
                if polls[0].own_queue is None
                else "declare a queue with a RedrivePolicy, and name it here"
            ),
            fix=fix,
            functions=[function.id for function in functions],
        )


def _fed(template: Template) -> dict[Resource, list[Poll]]:
    found: dict[Resource, list[Poll]] = {}
    for poll in template.polls:
        for queue, _ in poll.queues:
            found.setdefault(queue, []).append(poll)
    return found


def _keeps_all(queue: Resource) -> bool:
    """Whether a queue keeps what cannot be processed, though it is not there for that."""
    queues = queue.template.queues
    return not (queues.redrives(queue) or queues.takes_failures(queue) or declines(queue, _ELSEWHERE))


def _fix(queue: Resource) -> Fix | None:
    edits = add_dead_letter_queue(queue)
    if edits is None:
        return None
    return Fix(f"Put what cannot be processed of `{queue.logical_id}` aside", edits, Safety.UNSAFE)
