"""warmer: pings that keep execution environments warm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.pings import Pings
from lambdalint.finding import Finding, FunctionId, Label, Role
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.template.function import LambdaFunction


class Warmer(Rule):
    """A function is pinged to keep it warm, and answers the pings.

    **Why**

    A ping every few minutes keeps one execution environment alive, sometimes: Lambda replaces
    environments whenever it likes, and the second request at the same time meets a cold start as
    before. Meanwhile each ping is an invocation that takes the environment just when a request may
    come, counts in every metric, and leaves a branch in the code. Provisioned concurrency keeps as many
    environments ready as it is told to, and SnapStart makes cold starts short; a faster init (fewer
    imports, more memory) often does without either.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Prices:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          Events:
            Get:
              Type: HttpApi
            Warm:
              Type: Schedule
              Properties:
                Schedule: rate(5 minutes)
                Input: '{"warmup": true}'
    ```

    ```python title=src/app.py
    import json
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        if event.get("warmup"):
            return "warm"
        found = table.get_item(Key={"id": event["pathParameters"]["id"]})
        return {"statusCode": 200, "body": json.dumps(found["Item"]["price"], default=str)}
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Prices:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          AutoPublishAlias: live
          ProvisionedConcurrencyConfig:
            ProvisionedConcurrentExecutions: 2
          Events:
            Get:
              Type: HttpApi
    ```

    ```python title=src/app.py
    import json
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        found = table.get_item(Key={"id": event["pathParameters"]["id"]})
        return {"statusCode": 200, "body": json.dumps(found["Item"]["price"], default=str)}
    ```

    **Limits**

    A ping is told by its name ("warmup", "warmer", "keep-warm", …) in the test or the schedule's input,
    a schedule's events also by a branch that drops them while something else invokes the function. Only
    branches at the start that do nothing but log and return count, and schedules of 15 minutes or less.
    The option `names` holds more names of pings.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
    - https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """

    name = "warmer"
    severity = "info"
    reads = "both"
    options: ClassVar[Mapping[str, OptionValue]] = {"names": []}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """The branch in the code, with the schedules that ping it."""
        pings = self._pings(handler.application)
        guard = pings.answered(handler)
        if guard is None:
            return
        yield self._finding(
            handler.name,
            guard.module.label(guard.node.test, "answers pings and does nothing else"),
            *(
                trigger.template.label(
                    trigger.path,
                    f"{trigger.description} pings it",
                    Role.RELATED,
                    key=True,
                    function=function.id,
                )
                for function in handler.functions
                for trigger, _ in pings.sent(function)
            ),
            functions=handler.ids,
        )

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        """A schedule whose input says that it pings, where no branch in the code shows it."""
        pings = self._pings(application)
        for _, found in pings.sent(function):
            handler = application.handler(function)
            if handler is not None and pings.answered(handler) is not None:
                return
            label = function.template.label(found.path, "a ping, every few minutes")
            yield self._finding(function.logical_id, label, functions=[function.id])

    def _pings(self, application: Application) -> Pings:
        names = application.options(self)["names"]
        assert isinstance(names, list)
        return Pings(tuple(names))

    def _finding(self, name: str, *labels: Label, functions: Iterable[FunctionId]) -> Finding:
        return self.finding(
            f"`{name}` is pinged to keep it warm",
            *labels,
            help="use provisioned concurrency or SnapStart where cold starts matter, and drop the pings",
            functions=functions,
        )
