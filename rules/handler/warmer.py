"""warmer: pings that keep execution environments warm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lambdalint.application.rate import intervals
from lambdalint.finding import Finding, FunctionId, Label, Role
from lambdalint.python.conditions import Compared, Condition, Joined, condition
from lambdalint.python.guards import guards, mentions
from lambdalint.rule import Rule
from lambdalint.template.identity import render
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.python.guards import Guard
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.triggers import Trigger
    from lambdalint.template.values import Alternative


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

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
    - https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """

    name = "warmer"
    severity = "info"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """The branch in the code, with the schedules that ping it."""
        schedules = [
            (function, trigger)
            for function in handler.functions
            for trigger in function.triggers
            if _is_frequent(trigger)
        ]
        for guard in guards(handler) if _may_answer(handler, schedules) else ():
            if guard.keeps or not _answers_ping(handler, guard, schedules):
                continue
            yield self._finding(
                handler.name,
                guard.module.label(guard.node.test, "answers pings and does nothing else"),
                *(_ping(function, trigger) for function, trigger in schedules if _is_ping(trigger)),
                functions=handler.ids,
            )
            return

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        """A schedule whose input says that it pings, where no branch in the code shows it."""
        handler = application.handler(function)
        if handler is not None and any(self.check_handler(handler)):
            return
        for trigger in function.triggers:
            if _is_frequent(trigger):
                for found in _inputs(trigger):
                    if _WARM.search(_text(found)):
                        label = function.template.label(found.path, "a ping, every few minutes")
                        yield self._finding(function.logical_id, label, functions=[function.id])

    def _finding(self, name: str, *labels: Label, functions: Iterable[FunctionId]) -> Finding:
        return self.finding(
            f"`{name}` is pinged to keep it warm",
            *labels,
            help="use provisioned concurrency or SnapStart where cold starts matter, and drop the pings",
            functions=functions,
        )


_MINUTES = 15
_WARM = re.compile(
    r"warm(?:er|ing|[-_ ]?up)(?![a-z])|\b(?:is|keep|pre|stay|lambda)?[-_ ]?warm\b|keep[-_ ]?alive",
    re.IGNORECASE,
)
_SCHEDULED = frozenset({"aws.events", "aws.scheduler", "Scheduled Event"})


def _is_frequent(trigger: Trigger) -> bool:
    found = list(intervals(trigger)) if trigger.source in ("Schedule", "ScheduleV2") else []
    return any(each is not None and each <= _MINUTES for each in found)


def _inputs(trigger: Trigger) -> list[Alternative]:
    """What a schedule sends instead of its own event."""
    template = trigger.template
    if trigger.proof == "event":
        return list(trigger.option("Input"))
    return list(template.alternatives((*trigger.path[:-1], "Input")))


def _text(found: Alternative) -> str:
    value = found.value
    return str(value.value) if isinstance(value, Known) else render(value)


def _is_ping(trigger: Trigger) -> bool:
    return any(_WARM.search(_text(found)) for found in _inputs(trigger)) or not _inputs(trigger)


def _ping(function: LambdaFunction, trigger: Trigger) -> Label:
    message = f"{trigger.description} pings it"
    return trigger.template.label(trigger.path, message, Role.RELATED, key=True, function=function.id)


def _may_answer(handler: Handler, schedules: list[tuple[LambdaFunction, Trigger]]) -> bool:
    return bool(schedules) or any(_WARM.search(module.source.text) for module in handler.reach.modules)


def _answers_ping(handler: Handler, guard: Guard, schedules: list[tuple[LambdaFunction, Trigger]]) -> bool:
    if any(_WARM.search(each) for each in mentions(handler, guard)):
        return True
    others = any(trigger.source not in ("Schedule", "ScheduleV2") for trigger in handler.triggers)
    dropped = condition(handler.evaluator, guard.module, guard.node.test)
    return bool(schedules) and others and _is_scheduled(dropped)


def _is_scheduled(dropped: Condition) -> bool:
    """Whether a condition is that of a schedule's event."""
    if isinstance(dropped, Joined):
        return (
            any(_is_scheduled(part) for part in dropped.parts)
            if dropped.word == "and"
            else all(map(_is_scheduled, dropped.parts))
        )
    return isinstance(dropped, Compared) and not dropped.negated and set(dropped.values) <= _SCHEDULED
