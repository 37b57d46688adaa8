"""eager-init: an object that every cold start makes and only some invocations use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.eager import Eager, eager_objects
from lambdalint.finding import Finding, Label, Role
from lambdalint.python.initial import CostlyObject
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.python.initial import Kept


class EagerInit(Rule):
    """A client, connection, model or large file is made at every cold start, and few invocations use it.

    **Why**

    Code of module level runs before the first request of each execution environment is answered. An SDK
    client takes tens of milliseconds there, and several times that with little memory; a connection takes
    round trips, a model or a table seconds. Made when it is first needed and kept, it costs only the requests
    that need it, and only once.

    **Bad**

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    ses = boto3.client("ses")


    def handler(event, context):
        order = table.get_item(Key={"id": event["id"]})["Item"]
        if event["action"] == "remind":
            ses.send_templated_email(
                Source=os.environ["SENDER"],
                Destination={"ToAddresses": [order["email"]]},
                Template="reminder",
                TemplateData="{}",
            )
        else:
            table.put_item(Item={**order, "state": event["action"]})
    ```

    **Good**

    ```python title=src/app.py
    import os
    from functools import lru_cache

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    @lru_cache(maxsize=1)
    def ses():
        return boto3.client("ses")


    def handler(event, context):
        order = table.get_item(Key={"id": event["id"]})["Item"]
        if event["action"] == "remind":
            ses().send_templated_email(
                Source=os.environ["SENDER"],
                Destination={"ToAddresses": [order["email"]]},
                Template="reminder",
                TemplateData="{}",
            )
        else:
            table.put_item(Item={**order, "state": event["action"]})
    ```

    **Limits**

    Opt-in: which way of a branch is the usual one cannot be told. Where the way without is rare, as with
    input that is seldom empty, what is made lazily is made all the same; in repositories not seen before one
    finding of five was such.

    Follows clients, resources and sessions of the AWS SDK, the connections of
    `data/connection_factories.toml`, and the models, data and clients of `data/costly_objects.toml`, to which
    `calls` adds more by import path. A branch counts where its other side does real work: a guard clause that
    returns an error is no second way, nor is an `except`. Silent where several handlers share the module and
    one uses the object always, where only rare schedules invoke the function or it answers custom resources,
    with provisioned concurrency or SnapStart, and where it cannot be told what uses it. What no invocation
    uses is unused-init.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/operatorguide/static-initialization.html
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """

    name = "eager-init"
    severity = "info"
    reads = "code"
    default = False
    quantifier = "all"
    options: ClassVar[Mapping[str, OptionValue]] = {"calls": []}

    def check_application(self, application: Application) -> Iterator[Finding]:
        calls = application.options(self)["calls"]
        assert isinstance(calls, list)
        more = {each: CostlyObject("data", f"what `{each}` makes") for each in calls}
        for eager in eager_objects(application, more):
            yield self.finding(
                f"{eager.subject.what} is made at every cold start, but only some invocations use it",
                *_labels(eager),
                help=_help(eager.subject),
                functions=[each for handler in eager.handlers for each in handler.ids],
            )


def _labels(eager: Eager[Kept]) -> Iterator[Label]:
    kept, fork = eager.subject, eager.fork
    yield kept.module.label(kept.value, "made before any request is answered")
    yield fork.module.label(fork.node, "one side of this branch works without it", Role.RELATED)
    module, node = eager.use
    yield module.label(node, "used here", Role.RELATED)


def _help(kept: Kept) -> str:
    if kept.kind == "connection":
        return (
            "open it when it is first needed, in a function that keeps it in a global and checks that it is"
            " still alive"
        )
    verb = "load" if kept.kind in ("model", "data") else "make"
    return f"{verb} it when it is first needed, and keep it: in a function with @lru_cache, or in a global"
