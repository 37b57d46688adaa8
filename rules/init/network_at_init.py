"""network-at-init: init does work over the network, or waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Label, Role
from lambdalint.python.startup import startup_work
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.startup import StartupWork

_MESSAGES = {
    "request": "an HTTP request is sent while the environment starts",
    "aws": "{what} is called while the environment starts",
    "sleep": "the environment sleeps while it starts",
    "loop": "a loop without end runs while the environment starts",
}


class NetworkAtInit(Rule):
    """Init moves data over the network or waits, where a failure stops every start.

    **Why**

    Module level is the place to make clients and connections ready. Work there has two limits that the
    handler has not: init must end within ten seconds, or Lambda starts it again as part of the first request;
    and what it raises fails the environment before any code of yours can answer, report or retry. While the
    other side is slow or down, every new environment fails likewise.

    **Bad**

    ```python title=src/app.py
    import json

    import boto3

    s3 = boto3.client("s3")
    prices = json.load(s3.get_object(Bucket="shop-data", Key="prices.json")["Body"])


    def handler(event, context):
        return prices[event["product"]]
    ```

    **Good**

    ```python title=src/app.py
    import json
    from functools import lru_cache

    import boto3

    s3 = boto3.client("s3")


    @lru_cache(maxsize=1)
    def prices():
        return json.load(s3.get_object(Bucket="shop-data", Key="prices.json")["Body"])


    def handler(event, context):
        return prices()[event["product"]]
    ```

    **Limits**

    Knows the calls of the AWS SDK, requests, httpx, urllib and urllib3, sleeps, and `while True:` without a
    way out. Leaves alone what only makes ready or looks something up once for all: clients, connections,
    secrets and parameters (stale-secret), `describe_…` calls, the account, a queue's URL; requests to the
    environment itself, such as an extension's; and functions that only rare schedules or deployments invoke.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
    - https://docs.aws.amazon.com/lambda/latest/operatorguide/static-initialization.html
    """

    name = "network-at-init"
    severity = "info"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        if handler.seldom:
            return
        for work in startup_work(handler.evaluator, handler.reach, handler.calls):
            yield self.finding(
                _MESSAGES[work.kind].format(what=work.what),
                *_labels(work),
                help=_help(work),
                functions=handler.ids,
            )


def _labels(work: StartupWork) -> Iterator[Label]:
    yield work.module.label(work.node, "before any request can be answered")
    if work.origin is not None:
        module, node = work.origin
        yield module.label(node, "called by module level here", Role.RELATED)


def _help(work: StartupWork) -> str:
    if work.kind == "loop":
        return "init must end within ten seconds: loop in the handler, and bound the loop"
    if work.kind == "sleep":
        return "do not wait at init: it must end within ten seconds, and each start waits again"
    return (
        "do it when a request first needs it, and keep the result in a global or under @lru_cache: a failure"
        " then costs one request, which can be retried"
    )
