"""notify-in-handler: the function itself tells others how it fared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.modes import asynchronous
from lambdalint.application.notices import has_destination, notices, waited_for_by_nobody
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class NotifyInHandler(Rule):
    """A function that nobody waits for sends a message about its success or failure as its last act.

    **Why**

    For a function that is invoked asynchronously, Lambda sends a record of each outcome to a
    destination: a queue, a topic, an event bus or another function. The record holds the event and the
    answer, or the error with its stack trace and the number of attempts. A failure destination also
    tells of what the code cannot: a timeout, memory that ran out, a failed start. What the function
    sends by itself is sent again on each of Lambda's retries, needs a client, a permission and an
    environment variable, and can fail itself.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Failures:
        Type: AWS::SNS::Topic
      Nightly:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Environment:
            Variables:
              TOPIC: !Ref Failures
          Events:
            Night:
              Type: Schedule
              Properties:
                Schedule: rate(1 day)
    ```

    ```python title=src/app.py
    import os

    import boto3

    rds = boto3.client("rds")
    sns = boto3.client("sns")


    def handler(event, context):
        try:
            rds.stop_db_instance(DBInstanceIdentifier=os.environ["DATABASE"])
        except Exception as error:
            sns.publish(TopicArn=os.environ["TOPIC"], Message=f"not stopped: {error}")
            raise
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Failures:
        Type: AWS::SNS::Topic
      Nightly:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          EventInvokeConfig:
            DestinationConfig:
              OnFailure:
                Type: SNS
                Destination: !Ref Failures
          Events:
            Night:
              Type: Schedule
              Properties:
                Schedule: rate(1 day)
    ```

    ```python title=src/app.py
    import os

    import boto3

    rds = boto3.client("rds")


    def handler(event, context):
        rds.stop_db_instance(DBInstanceIdentifier=os.environ["DATABASE"])
    ```

    **Limits**

    A message tells of an outcome if it holds the exception, or words such as "failed" and "complete"
    as constants. Only where everything that is known to invoke the function does so
    asynchronously; only the last act of the handler itself after other work, and the one act of an
    `except` around it. Silent for what cannot be a destination (FIFO queues and topics, messages with
    attributes), for topics that go to people by mail or SMS, and where such a destination is there
    already. Opt-in, as too few were met in other people's code to tell how often it is right.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventinvokeconfiguration.html
    """

    name = "notify-in-handler"
    severity = "info"
    default = False
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        functions = [
            function for function in handler.functions if waited_for_by_nobody(handler.application, function)
        ]
        for notice in notices(handler) if functions else ():
            concerned = [function for function in functions if not has_destination(function, notice.when)]
            if not concerned:
                continue
            name = "OnSuccess" if notice.when == "success" else "OnFailure"
            yield self.finding(
                f"`{handler.name}` tells a {notice.destination} of its {notice.when} by itself",
                notice.module.label(
                    notice.node, f"an {name} destination sends this, with the event and more"
                ),
                *(
                    proof.label("invokes it asynchronously, so that destinations work")
                    for function in concerned
                    for proof in asynchronous(handler.application, function)
                ),
                # For transport-only, which would speak of the same call.
                notice.call.module.label(notice.call.node, "", Role.HIDDEN),
                help=f"make the {notice.destination} the {name} destination of the function"
                + ("" if notice.raises else ", and let the exception go on"),
                functions=[function.id for function in concerned],
            )
