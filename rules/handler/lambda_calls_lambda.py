"""lambda-calls-lambda: a function that waits for another function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding
from lambdalint.python.calls import invocation_type
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class LambdaCallsLambda(Rule):
    """A function invokes another function and waits for its answer.

    **Why**

    While the first function waits, both are billed, and both count against the concurrency limit. The timeout
    of the caller must hold the callee's, with its cold start and its retries. When the callee fails or is
    throttled, the caller must notice (`FunctionError` comes with status 200) and clean up by itself.

    **Bad**

    ```python title=src/app.py
    import json
    import os

    import boto3

    lambda_client = boto3.client("lambda")


    def handler(event, context):
        response = lambda_client.invoke(
            FunctionName=os.environ["PRICING_FUNCTION"],
            Payload=json.dumps(event["order"]),
        )
        return json.load(response["Payload"])
    ```

    **Good**

    ```python title=src/app.py
    from pricing import price  # the code both need, in a shared module or a layer


    def handler(event, context):
        return price(event["order"])
    ```

    Where the second function is a step of its own, let Step Functions call one after the other and pass the
    results on; where nobody needs the answer, hand the work over through a queue or an event
    (`InvocationType="Event"`); where a client needs both, let it call both.

    **Limits**

    Flags `invoke` with `RequestResponse`, which is the default, not `Event` and `DryRun`, nor a type that is
    only known at run time. Leaves alone functions that exist to call others while a stack is deployed: custom
    resources and traffic hooks. Does not know what the other function is for.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/concepts-event-driven-architectures.html
    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-sync.html
    - https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """

    name = "lambda-calls-lambda"
    severity = "warning"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        if _runs_at_deployment(handler):
            return
        for call in handler.calls:
            if call.interface != "client" or call.api != "lambda.invoke":
                continue
            if invocation_type(handler.evaluator, call) != "RequestResponse":
                continue
            default = "" if "InvocationType" in call.arguments else ", which is the default"
            yield self.finding(
                f"`{handler.name}` invokes another function and waits for it: both are billed meanwhile",
                call.module.label(call.node, f"waits for the answer{default}"),
                help="share the code, let Step Functions call both, or hand the work over by a queue",
                functions=handler.ids,
            )


_DEPLOYMENT = frozenset({"CodeDeploy", "CustomResource"})


def _runs_at_deployment(handler: Handler) -> bool:
    """Whether the function runs only while a stack is deployed, and calls others to set it up or test it."""
    sources = {trigger.source for trigger in handler.triggers}
    return bool(sources) and sources <= _DEPLOYMENT
