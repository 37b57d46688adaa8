"""log-retention: logs that are kept, and paid for, for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.log_groups import log_group
from lambdalint.application.wording import has, some
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.shared import lacking

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template


class LogRetention(Rule):
    """The logs of a function are never deleted.

    **Why**

    At its first invocation Lambda creates a log group for a function, named `/aws/lambda/` and the function's
    name, and whatever is written there is kept for ever. Stored logs are paid for by the month, they outlive
    the stack, and what they say about people may not be kept that long.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
          LoggingConfig:
            LogGroup: !Ref OrdersLogs
      OrdersLogs:
        Type: AWS::Logs::LogGroup
        Properties:
          RetentionInDays: 30
    ```

    A log group named `!Sub /aws/lambda/${Orders}` does the same. It can only be added before the function has
    run: then Lambda has made a group of that name already, and the stack fails on it. LoggingConfig with
    another name has no such trouble, and with one in Globals all functions share a group.

    **Limits**

    A group is the function's by LoggingConfig, or by its name: with the function's logical id or FunctionName
    behind `/aws/lambda/`. A custom resource with a LogGroupName (the CDK's LogRetention) counts. Silent where
    the group lies outside of the template, or has a name that is not known; where the role does not, or is
    not known to let the function create a log group, as somebody else then has to do that; and where a macro
    or a loop may add the group. What an account does to all of its log groups is not seen.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-loggroup.html
    """

    name = "log-retention"
    severity = "info"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        made: list[LambdaFunction] = []
        declared: dict[Resource, list[LambdaFunction]] = {}
        for function in template.functions:
            group = log_group(function)
            if group.state == "made":
                made.append(function)
            elif group.resource is not None and _keeps(group.resource):
                declared.setdefault(group.resource, []).append(function)
        for lack in lacking(made, "LoggingConfig"):
            names = [each.logical_id for each in lack.functions]
            yield self.finding(
                f"{some(names)} {has(names)} no log group with a retention, so logs are kept for ever",
                *lack.labels("no log group of the template is its own"),
                help="add an AWS::Logs::LogGroup with RetentionInDays, and name it in LoggingConfig",
                functions=(each.id for each in lack.functions),
            )
        for resource, functions in declared.items():
            yield self.finding(
                f"the log group `{resource.logical_id}` has no retention, so logs are kept for ever",
                resource.label("has no RetentionInDays"),
                *(each.label("logs to it", Role.RELATED, tied=True) for each in functions),
                help="set RetentionInDays",
                functions=(each.id for each in functions),
            )


def _keeps(resource: Resource) -> bool:
    """Whether a log group keeps what is written for ever."""
    return resource.type == "AWS::Logs::LogGroup" and not resource.get("RetentionInDays")
