"""short-visibility-timeout: a queue shows messages again while a function may still work on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Fix, Label, Role, Safety, Severity
from lambdalint.rule import Rule
from lambdalint.template.edits import insert_property, replace_value, together
from lambdalint.template.values import Known
from lambdalint.template.visibility import LONGEST, TIMES, Demand, Short, short_timeouts

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class ShortVisibilityTimeout(Rule):
    """A queue shows its messages to others while the function that got them may still be at work.

    **Why**

    While Lambda has a message, SQS hides it for the queue's visibility timeout, 30 seconds unless the queue
    says otherwise. When that is over, the message counts as not done: Lambda gets it again and works on it a
    second time, while the first time goes on; and each time brings it nearer to the dead-letter queue. AWS
    advises six times the function's timeout, and the batch window on top, since Lambda also keeps messages
    while it is throttled and while a batch fills. Below the function's timeout Lambda refuses the mapping:
    the stack cannot be deployed.

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
          Timeout: 60
          Events:
            Orders:
              Type: SQS
              Properties:
                Queue: !GetAtt Orders.Arn
                MaximumBatchingWindowInSeconds: 20
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          VisibilityTimeout: 380
      Store:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Timeout: 60
          Events:
            Orders:
              Type: SQS
              Properties:
                Queue: !GetAtt Orders.Arn
                MaximumBatchingWindowInSeconds: 20
    ```

    A shorter Timeout of the function does as well, where it does not need so long.

    **Fix**

    Sets the number that is asked for. Unsafe, since a message that fails then comes back later. No fix where
    a parameter or a mapping holds the number, nor for the queue that SAM makes of `SqsSubscription: true`,
    whose timeout is SQS's default and cannot be set.

    **Limits**

    An error where Lambda refuses the mapping, a warning above that. Compares what the template tells, the
    defaults of parameters included: a queue of another stack, and a number that is only given at deployment,
    are not known.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sqssubscriptionobject.html
    """

    name = "short-visibility-timeout"
    severity = "warning"
    reads = "template"
    fix = "unsafe"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for short in short_timeouts(template):
            worst = short.demands[0]
            yield self.finding(
                _message(short, worst),
                template.label(
                    short.path, _where(short), key=short.written is None and short.queue is not None
                ),
                *(label for demand in short.demands for label in _proofs(short, demand)),
                help=_advice(short, worst),
                fix=_fix(short),
                functions=dict.fromkeys(demand.function.id for demand in short.demands),
                severity=Severity.ERROR if short.refused else Severity.WARNING,
            )


def _message(short: Short, worst: Demand) -> str:
    queue = f"`{short.queue.logical_id}`" if short.queue else f"the queue of `{worst.poll.trigger.name}`"
    longest = max(demand.timeout for demand in short.demands)
    name = next(demand for demand in short.demands if demand.timeout == longest).function.logical_id
    if short.refused:
        return (
            f"{queue} hides a message for {short.seconds} seconds and `{name}` may run for {longest}: "
            "Lambda refuses the mapping"
        )
    return (
        f"{queue} hides a message for {short.seconds} seconds, and `{worst.function.logical_id}` "
        f"may need it for {short.needed}"
    )


def _where(short: Short) -> str:
    if short.queue is None:
        return f"SAM makes a queue with SQS's default visibility timeout, {short.seconds} seconds"
    if short.written is None:
        return f"has SQS's default visibility timeout, {short.seconds} seconds"
    default = " by default" if short.written.parameter else ""
    return f"is {short.seconds} seconds{default}"


def _proofs(short: Short, demand: Demand) -> Iterator[Label]:
    function, template = demand.function, short.template
    said = f"may run for {demand.timeout} seconds; {TIMES} times that are {TIMES * demand.timeout}"
    if demand.timeout_path is None:
        yield function.label(said, Role.RELATED, tied=True)
    else:
        yield function.label(said, Role.RELATED, demand.timeout_path, tied=True)
    if demand.window_path is not None and demand.window:
        waits = f"waits {demand.window} seconds for a batch to fill"
        yield template.label(demand.window_path, waits, Role.RELATED, function=function.id)
    if short.queue is not None:
        yield demand.poll.label(f"polls it for `{function.logical_id}`", Role.RELATED, function.id)


def _advice(short: Short, worst: Demand) -> str:
    why = f"{TIMES} times the timeout of `{worst.function.logical_id}`"
    why += " and the batch window" if worst.window else ""
    if short.queue is None:
        return f"declare a queue that hides messages for {short.needed} seconds ({why}), and name it here"
    if short.needed > LONGEST:
        return f"shorten the timeout of `{worst.function.logical_id}`"
    return f"set VisibilityTimeout to {short.needed} or more: {why}"


def _fix(short: Short) -> Fix | None:
    if short.queue is None or short.needed > LONGEST:
        return None
    template, queue = short.template, short.queue
    if short.written is None:
        edit = insert_property(template, (*queue.path, "Properties"), "VisibilityTimeout", short.needed)
    elif short.written.parameter or template.resolve(template.get(short.path), short.path)[0].value != (
        Known(template.get(short.path))
    ):
        return None
    else:
        edit = replace_value(template, short.path, short.needed)
    edits = together([edit])
    if edits is None:
        return None
    return Fix(f"Hide the messages of `{queue.logical_id}` for {short.needed} seconds", edits, Safety.UNSAFE)
