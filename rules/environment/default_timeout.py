"""default-timeout: a function that is stopped after three seconds, because nobody said when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdalint.application.network import NetworkCall, network_call
from lambdalint.application.wording import has, some
from lambdalint.finding import Finding, Severity
from lambdalint.rule import Rule
from lambdalint.template.function import DEFAULT_TIMEOUT
from lambdalint.template.shared import Lacking, lacking

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction


class DefaultTimeout(Rule):
    """A function has no Timeout, so Lambda stops it after three seconds.

    **Why**

    Three seconds are enough for code that only computes. A function that asks somebody else (an AWS service,
    a database, a web server) waits as long as the other takes: botocore waits 60 seconds for an answer before
    it tries again. The default stops it at the first slow answer, in the middle of its work and without an
    exception that could be caught.

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

    ```python title=src/app.py
    import boto3

    table = boto3.resource("dynamodb").Table("orders")


    def handler(event, context):
        return table.get_item(Key={"id": event["id"]})["Item"]
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
          Timeout: 15
    ```

    ```python title=src/app.py
    import boto3

    table = boto3.resource("dynamodb").Table("orders")


    def handler(event, context):
        return table.get_item(Key={"id": event["id"]})["Item"]
    ```

    **Limits**

    A warning where the function's own code makes a network call on an invocation, which a label shows; else
    an info, as for other languages and for code that cannot be read. Only asks whether a number is written,
    not whether it is a good one. Functions that lack it together are one finding, at Globals where there is
    one. Silent where a macro or transform may write it.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
    - https://docs.aws.amazon.com/lambda/latest/operatorguide/timeouts.html
    - https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html
    """

    name = "default-timeout"
    severity = "info"
    reads = "both"

    def check_application(self, application: Application) -> Iterator[Finding]:
        template = application.template
        if template is None or template.macros:
            return
        without = [each for each in template.functions if not each.property("Timeout")]
        calls = {each: call for each in without if (call := _call(application, each)) is not None}
        without.sort(key=lambda each: each not in calls)  # what is worse comes first
        for group in lacking(without, "Timeout"):
            yield self._lacking(group, calls)

    def _lacking(self, group: Lacking, calls: Mapping[LambdaFunction, NetworkCall]) -> Finding:
        waiting = [each for each in group.functions if each in calls]
        subject = waiting or group.functions
        names = [each.logical_id for each in subject]
        verb = "makes" if len(names) == 1 else "make"
        but = f", and {verb} network calls" if waiting else ""
        return self.finding(
            f"{some(names)} {has(names)} no Timeout, which is {DEFAULT_TIMEOUT} s by default{but}",
            *group.labels("has no Timeout"),
            *(calls[each].label(f"waits for {calls[each].what}", each.id) for each in waiting),
            help="set Timeout to what the slowest good invocation takes, and some more",
            functions=(each.id for each in group.functions),
            severity=Severity.WARNING if waiting else None,
        )


def _call(application: Application, function: LambdaFunction) -> NetworkCall | None:
    handler = application.handler(function)
    return network_call(handler) if handler is not None else None
