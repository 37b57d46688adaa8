"""unused-init: an object that every cold start makes and no handler uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.eager import unused_objects
from lambdalint.finding import Finding, Label, Role
from lambdalint.python.initial import CostlyObject
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.python.initial import Kept


class UnusedInit(Rule):
    """A client, resource or connection is made at init, and nothing that a handler runs uses it.

    **Why**

    Code of module level runs before the first request of each execution environment is answered. An SDK
    client takes tens of milliseconds there, and several times that with little memory; a connection also
    takes one of the database's. What no handler uses is paid for at every cold start and serves nothing.

    **Bad**

    ```python title=src/app.py
    import os

    import boto3

    s3 = boto3.client("s3")
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        return table.get_item(Key={"id": event["id"]})["Item"]
    ```

    **Good**

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        return table.get_item(Key={"id": event["id"]})["Item"]
    ```

    **Limits**

    Follows clients, resources and sessions of the AWS SDK, the connections of
    `data/connection_factories.toml`, and the models, data and clients of `data/costly_objects.toml`, to which
    `calls` adds more by import path. Every handler whose reach holds the module must be without a use: those
    of one bundle, and of all templates that deploy the file. Leaves alone what is exported by `__all__` or a
    star import, what code looks up by name (`globals()`, `getattr`), and modules in the bundle of a function
    whose handler cannot be read.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/operatorguide/static-initialization.html
    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    """

    name = "unused-init"
    severity = "warning"
    reads = "code"
    quantifier = "all"
    supersedes = ("eager-init",)
    options: ClassVar[Mapping[str, OptionValue]] = {"calls": []}

    def check_application(self, application: Application) -> Iterator[Finding]:
        calls = application.options(self)["calls"]
        assert isinstance(calls, list)
        more = {each: CostlyObject("data", f"what `{each}` makes") for each in calls}
        for kept, handlers in unused_objects(application, more):
            who = "the handler" if len(handlers) == 1 else "no handler"
            uses = "never uses it" if len(handlers) == 1 else "uses it"
            yield self.finding(
                f"{kept.what} is made at every cold start, but {who} {uses}",
                *_labels(kept),
                help=_help(kept),
                functions=[each for handler in handlers for each in handler.ids],
            )


def _labels(kept: Kept) -> Iterator[Label]:
    yield kept.module.label(kept.value, f"nothing that runs in Lambda reads `{kept.name}`")
    for part in kept.parts:
        yield part.module.label(part.value, "made of it, and not used either", Role.RELATED)
    for read in kept.dead[:1]:
        yield kept.module.label(read, "read here, where no handler comes", Role.RELATED)


def _help(kept: Kept) -> str:
    if kept.dead:
        return "make it where it is used, or remove it with the code that nothing calls"
    return "remove it, with what only it needs: environment variables, permissions, an import"
