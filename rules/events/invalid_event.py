"""invalid-event: an event, mapping or schedule that cannot be deployed as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding
from lambdalint.rule import Rule
from lambdalint.template.event_problems import event_problems

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class InvalidEvent(Rule):
    """An event that the SAM transform, Lambda or EventBridge refuses.

    **Why**

    What stands under `Events` of a SAM function or state machine is only looked at when the template is
    deployed: the transform refuses a type of event or a property that it does not know, EventBridge a
    schedule such as `rate(1 minutes)`, Lambda a batch size over the source's limit, a stream without a
    StartingPosition or a queue with one. Each costs a deployment, and the later ones roll a stack back that
    was half made.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          FifoQueue: true
      Work:
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
                BatchSize: 100
            Cleanup:
              Type: Schedule
              Properties:
                Schedule: rate(1 minutes)
            Uploads:
              Type: EventBridge
              Properties:
                Pattern: {source: [aws.s3]}
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          FifoQueue: true
      Work:
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
                BatchSize: 10
            Cleanup:
              Type: Schedule
              Properties:
                Schedule: rate(1 minute)
            Uploads:
              Type: EventBridgeRule
              Properties:
                Pattern: {source: [aws.s3]}
    ```

    **Limits**

    Event source mappings, rules and schedules of plain CloudFormation are checked like SAM's. Not checked:
    the patterns of rules and filters, and whether two functions have the same method of the same path.
    `rate(1 minutes)` is let pass for EventBridge Scheduler, whose reference does not forbid it. A property
    that stands in the wrong place is misplaced-property. Silent where a macro of your own rewrites the
    template and for values that are only known when the stack is deployed.

    **References**

    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html
    - https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    - https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """

    name = "invalid-event"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for found in event_problems(template):
            yield self.finding(
                found.message, *found.labels(template), help=found.advice, functions=found.functions
            )
