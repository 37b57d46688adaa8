"""filter-in-handler: events that a function drops at once could be filtered before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.filters import Filter, filters
from lambdalint.finding import Finding, FunctionId, Role
from lambdalint.python.conditions import Condition, Joined, condition
from lambdalint.python.guards import Guard, guards
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.template.triggers import Trigger


class FilterInHandler(Rule):
    """A function is invoked for events that it drops at once, though its trigger could leave them out.

    **Why**

    Every invocation costs, be it only to look at the event and return; records that are of no interest
    fill batches and take concurrency, and a stream's iterator waits for them. Event source mappings
    have filter criteria, SNS subscriptions filter policies, EventBridge rules patterns, and bucket
    notifications prefixes and suffixes, all without charge: what does not match never invokes the
    function. The test is then in the template, where it can be read without the code.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Welcome:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Events:
            Users:
              Type: DynamoDB
              Properties:
                Stream: !GetAtt Users.StreamArn
                StartingPosition: LATEST
      Users:
        Type: AWS::DynamoDB::Table
        Properties:
          StreamSpecification:
            StreamViewType: NEW_IMAGE
    ```

    ```python title=src/app.py
    import os

    import boto3

    ses = boto3.client("ses")


    def handler(event, context):
        for record in event["Records"]:
            if record["eventName"] != "INSERT":
                continue
            ses.send_templated_email(
                Source=os.environ["SENDER"],
                Destination={"ToAddresses": [record["dynamodb"]["NewImage"]["email"]["S"]]},
                Template="welcome",
                TemplateData="{}",
            )
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Welcome:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Events:
            Users:
              Type: DynamoDB
              Properties:
                Stream: !GetAtt Users.StreamArn
                StartingPosition: LATEST
                FilterCriteria:
                  Filters:
                    - Pattern: '{"eventName": ["INSERT"]}'
      Users:
        Type: AWS::DynamoDB::Table
        Properties:
          StreamSpecification:
            StreamViewType: NEW_IMAGE
    ```

    ```python title=src/app.py
    import os

    import boto3

    ses = boto3.client("ses")


    def handler(event, context):
        for record in event["Records"]:
            ses.send_templated_email(
                Source=os.environ["SENDER"],
                Destination={"ToAddresses": [record["dynamodb"]["NewImage"]["email"]["S"]]},
                Template="welcome",
                TemplateData="{}",
            )
    ```

    **Limits**

    Understands comparisons of the event's fields with constants (equality, lists, prefixes, suffixes,
    numbers, regardless of case) before anything is done. Silent where the branch warns or does anything
    but log, count and return; where the test cannot be written as a pattern, or the pattern would also
    leave out events without the field, which the code takes; for fields that the source does not filter
    by (SQS: all but the body); and where the trigger has a filter on the field, or a mapping or
    subscription any filter, already.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """

    name = "filter-in-handler"
    severity = "info"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        if not handler.functions:
            return
        kept = [(guard, _kept(handler, guard)) for guard in guards(handler) if guard.quiet]
        used: dict[Guard, None] = {}
        sources: list[tuple[FunctionId, Trigger, Filter]] = []
        for function in handler.functions if kept else ():
            for trigger in function.triggers:
                fitting = [(guard, each) for guard, each in kept if filters(trigger, each) is not None]
                found = filters(trigger, Joined("and", tuple(each for _, each in fitting)))
                if found is not None:
                    sources.append((function.id, trigger, found))
                    used.update((guard, None) for guard, _ in fitting)
        if not used:
            return
        first, *others = (guard for guard, _ in kept if guard in used)
        yield self.finding(
            f"`{handler.name}` is invoked for events that it drops at once",
            first.module.label(first.node.test, "the trigger could test this before it invokes"),
            *(each.module.label(each.node.test, "and this", Role.RELATED) for each in others),
            *(
                trigger.template.label(
                    trigger.path,
                    f"{trigger.description} has no such filter",
                    Role.RELATED,
                    key=True,
                    function=function,
                )
                for function, trigger, _ in sources
            ),
            help="; ".join(dict.fromkeys(_advice(found) for _, _, found in sources)),
            functions=dict.fromkeys(function for function, _, _ in sources),
        )


def _kept(handler: Handler, guard: Guard) -> Condition:
    return condition(handler.evaluator, guard.module, guard.node.test, holds=guard.keeps)


def _advice(found: Filter) -> str:
    return f"{found.advice} ({found.page})"
