"""invalid-destination: a failure destination or dead-letter queue of a type that does not work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding
from lambdalint.rule import Rule
from lambdalint.template.destination_problems import destination_problems

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class InvalidDestination(Rule):
    """A destination or dead-letter queue has a type that does not exist, or that what it names is not.

    **Why**

    SAM refuses a `Type` that it does not know. From a type it knows it derives what the function's role may
    do: `Type: SNS` with the ARN of a queue allows publishing to a topic, and Lambda refuses the queue at
    deployment because the role cannot send to it. Lambda itself takes queues and topics as dead-letter
    queues, functions and event buses as destinations too, EventBridge and SNS queues alone, and all of them
    ARNs: `!Ref` of a queue is its URL.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Failed:
        Type: AWS::SQS::Queue
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          DeadLetterQueue:
            Type: SNS
            TargetArn: !GetAtt Failed.Arn
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Failed:
        Type: AWS::SQS::Queue
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          DeadLetterQueue:
            Type: SQS
            TargetArn: !GetAtt Failed.Arn
    ```

    **Limits**

    What parameters, imports and other stacks bring is not known. Whether a FIFO queue stands where none can
    be is dlq-mismatch.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-deadletterqueue.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-onfailure.html
    """

    name = "invalid-destination"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        if template.incomplete:
            return
        for found in destination_problems(template):
            yield self.finding(
                found.message, *found.labels(template), help=found.advice, functions=found.functions
            )
