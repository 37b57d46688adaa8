"""ignored-response: a function that waits for an answer which nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Fix, Safety
from lambdalint.python.afterwards import is_read_after
from lambdalint.python.calls import invocation_type
from lambdalint.python.fixes import give_keyword, rename_method
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.calls import AwsCall


class IgnoredResponse(Rule):
    """A function waits for another function or a state machine, and nothing reads the answer.

    **Why**

    A synchronous call keeps the function waiting, and billed, until the other side is done. Here the answer
    is thrown away, and with it any sign of failure: an error in the other function comes back with status 200
    and `FunctionError` in the response. An asynchronous call returns at once, and Lambda itself tries again
    when the other function fails.

    **Bad**

    ```python title=src/app.py
    import json
    import os

    import boto3

    lambda_client = boto3.client("lambda")


    def handler(event, context):
        lambda_client.invoke(
            FunctionName=os.environ["REPORT_FUNCTION"],
            Payload=json.dumps({"order": event["id"]}),
        )
        return {"accepted": event["id"]}
    ```

    **Good**

    ```python title=src/app.py
    import json
    import os

    import boto3

    lambda_client = boto3.client("lambda")


    def handler(event, context):
        lambda_client.invoke(
            FunctionName=os.environ["REPORT_FUNCTION"],
            InvocationType="Event",
            Payload=json.dumps({"order": event["id"]}),
        )
        return {"accepted": event["id"]}
    ```

    Give the other function a failure destination. Where the order matters, that is, what follows needs the
    other function to be done, read the response and look for `FunctionError`; or let Step Functions call
    both.

    **Fix**

    Sets `InvocationType="Event"`; makes `start_execution` of `start_sync_execution`. Unsafe: the code goes on
    before the other side is done, an asynchronous payload can have 1 MB where a synchronous one can have 6,
    and starting an execution needs `states:StartExecution` instead of `states:StartSyncExecution`.

    **Limits**

    Follows the response through variables, helpers and objects of the application. A response that is
    returned by the handler, logged, or handed to a library counts as read (`lambda-calls-lambda` still says
    what waiting costs). So does one after which the next statement reads from AWS, perhaps what the other
    side wrote. Otherwise it cannot be seen that code waits in order to do something else after it.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
    - https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    - https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
    """

    name = "ignored-response"
    severity = "warning"
    reads = "code"
    fix = "unsafe"
    supersedes = ("lambda-calls-lambda",)

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        for call in handler.calls:
            waits_for = _waits_for(handler, call)
            if not waits_for or not handler.results.of(call.module, call.node).is_ignored:
                continue
            if is_read_after(handler.evaluator, handler.calls, call.module, call.node):
                continue  # what the other side wrote, perhaps
            yield self.finding(
                f"`{handler.name}` waits for {waits_for}, and nothing reads its answer",
                call.module.label(call.node, "waits here for an answer that is thrown away"),
                help=_help(call),
                fix=_fix(call),
                functions=handler.ids,
            )


def _waits_for(handler: Handler, call: AwsCall) -> str:
    """What a call waits for; "" where it does not wait or that cannot be told."""
    if call.interface != "client":
        return ""
    if call.api == "stepfunctions.start_sync_execution":
        return "a state machine"
    if call.api == "lambda.invoke" and invocation_type(handler.evaluator, call) == "RequestResponse":
        # The log of the other function comes with the answer, and only then.
        return "" if "LogType" in call.arguments else "another function"
    return ""


def _help(call: AwsCall) -> str:
    if call.service == "lambda":
        return 'invoke it with InvocationType="Event", or read the response and check `FunctionError`'
    return "start it with `start_execution`, or read the response and check its `status`"


def _fix(call: AwsCall) -> Fix | None:
    if call.service == "lambda":
        edit = give_keyword(call.module, call.node, "InvocationType", '"Event"')
        title = "Invoke the function asynchronously"
    else:
        edit = rename_method(call.module, call.node, "start_execution")
        edit = None if "includedData" in call.arguments else edit
        title = "Start the state machine without waiting for it"
    return Fix(title, (edit,), Safety.UNSAFE) if edit is not None else None
