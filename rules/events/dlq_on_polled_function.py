"""dlq-on-polled-function: a dead-letter queue or destination to which nothing ever gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.useless import Useless, useless
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.polls import KEEPS_FAILURES

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.polls import Poll
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path


class DlqOnPolledFunction(Rule):
    """A function that only queues and streams drive has a dead-letter queue or destination of its own.

    **Why**

    A function's dead-letter queue and the destinations of its EventInvokeConfig take what becomes of
    asynchronous invocations. For queues and streams Lambda polls, and invokes the function synchronously:
    whatever fails, nothing ever gets there. Who put it there believes that failed messages are kept, and
    watches an empty queue.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SQS::Queue
      Failed:
        Type: AWS::SQS::Queue
      Store:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          DeadLetterQueue:
            Type: SQS
            TargetArn: !GetAtt Failed.Arn
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
            deadLetterTargetArn: !GetAtt Failed.Arn
            maxReceiveCount: 5
      Failed:
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

    For a Kinesis or DynamoDB stream or a Kafka topic, name the queue as the OnFailure destination of the
    event or the mapping.

    **Limits**

    Silent as soon as anything else may invoke the function: another trigger, a call of the application's own
    code, a resource that refers to it, an export of its ARN, a macro. For what stands in Globals, each
    function that takes it must be one that is only polled for. queue-without-dlq and
    stream-without-failure-destination leave a function that this rule speaks of to it.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """

    name = "dlq-on-polled-function"
    severity = "warning"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        if not template.polls:
            return
        found: dict[Path, list[tuple[LambdaFunction, tuple[Useless, ...]]]] = {}
        for function in template.functions:
            unused = useless(application, function)
            if unused:
                found.setdefault(unused[0].path, []).append((function, unused))
        for concerned in found.values():
            yield self._finding(template, concerned)

    def _finding(
        self, template: Template, concerned: list[tuple[LambdaFunction, tuple[Useless, ...]]]
    ) -> Finding:
        functions = [function for function, _ in concerned]
        first, *more = dict.fromkeys(each for _, unused in concerned for each in unused)
        polls = [poll for poll in template.polls if any(each in poll.functions for each in functions)]
        names = f"`{functions[0].logical_id}`"
        names += f" and {len(functions) - 1} more" if len(functions) > 1 else ""
        return self.finding(
            f"Lambda only polls for {names}, and nothing ever gets to the {_NAMES[first.kind]}",
            template.label(first.path, "takes what asynchronous invocations leave, and there are none"),
            *(
                template.label(each.path, f"nor does anything get to the {_NAMES[each.kind]}", Role.RELATED)
                for each in more
            ),
            *(
                poll.label(f"invokes `{function.logical_id}` synchronously", Role.RELATED, function.id)
                for poll in polls
                for function in functions
                if function in poll.functions
            ),
            help=_advice(first, polls),
            functions=[function.id for function in functions],
        )


_NAMES = {
    "DeadLetterQueue": "dead-letter queue",
    "OnFailure": "failure destination",
    "OnSuccess": "success destination",
}


def _advice(found: Useless, polls: list[Poll]) -> str:
    """Where what fails would have to go, if it does not go there yet."""
    if found.kind == "OnSuccess":
        return "remove it, and send the result from the code"
    for poll in polls:
        for queue, _ in poll.queues:
            if not poll.template.queues.redrives(queue):
                return f"name it in the RedrivePolicy of `{queue.logical_id}` instead"
        if poll.source in KEEPS_FAILURES and not poll.settings("DestinationConfig", "OnFailure"):
            return f"name it as the OnFailure destination of `{poll.trigger.name}` instead"
    return "remove it: the failures of queues and streams go elsewhere"
