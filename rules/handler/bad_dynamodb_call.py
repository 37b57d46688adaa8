"""bad-dynamodb-call: a call that DynamoDB or its SDK refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.finding import Finding, Role
from lambdalint.python.dynamodb_calls import Fault, expression_faults, float_faults, writer_faults
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class BadDynamodbCall(Rule):
    """A call of DynamoDB fails whenever it is made: a float, a wrong placeholder or a reserved word is in it.

    **Why**

    Python finds nothing wrong with these calls, and mocks often take them, but they never work. boto3's table
    resource has no floats: it raises TypeError before anything is sent. DynamoDB itself answers with a
    ValidationException where an expression uses a placeholder that is not defined, where one is defined that
    nothing uses, and where a reserved word (there are 573, `name`, `status`, `date` and `ttl` among them)
    stands bare in an expression.

    **Bad**

    ```python title=src/app.py
    import os
    import time

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        table.update_item(
            Key={"id": event["id"]},
            UpdateExpression="SET status = :s, expires = :e",
            ExpressionAttributeValues={":s": "open", ":e": time.time() + 3600},
        )
    ```

    **Good**

    ```python title=src/app.py
    import os
    import time

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        table.update_item(
            Key={"id": event["id"]},
            UpdateExpression="SET #status = :s, expires = :e",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":s": "open", ":e": int(time.time()) + 3600},
        )
    ```

    **Limits**

    Reads expressions that are written out, not those put together at run time, and definitions in dicts that
    nothing changes before the call; conditions built of `Key` and `Attr` need none. A float counts where it
    is certain: a literal, a clock, a division of integers; what `json.loads` or a library gives is not known.
    Where a branch adds an expression or a definition, the call is not looked at for what is left undefined or
    unused on the other way. Only a table's own methods are looked at for floats, as the low-level client has
    no types to convert.

    **References**

    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeValues.html
    - https://docs.aws.amazon.com/boto3/latest/reference/customizations/dynamodb.html
    """

    name = "bad-dynamodb-call"
    severity = "error"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        faults: dict[int, Fault] = {}
        for fault in _faults(handler):
            faults.setdefault(id(fault.node), fault)
        for fault in faults.values():
            yield self._finding(handler, fault)

    def _finding(self, handler: Handler, fault: Fault) -> Finding:
        labels = [fault.module.label(fault.node, "makes the call fail")]
        if fault.origin is not None:
            module, node = fault.origin
            labels.append(module.label(node, "a float from here", Role.RELATED))
        if not fault.call_module.contains(fault.call, fault.node):
            labels.append(fault.call_module.label(fault.call, "this call", Role.RELATED))
        return self.finding(fault.message, *labels, help=fault.help, functions=handler.ids)


def _faults(handler: Handler) -> Iterator[Fault]:
    for call in handler.calls:
        if call.service == "dynamodb" and call.interface in ("client", "resource", "paginator"):
            yield from expression_faults(handler.evaluator, call)
            yield from float_faults(handler.evaluator, handler.reach, call)
    for module in handler.reach.modules:
        if "batch_writer" not in module.source.text:
            continue
        for node in module.nodes(cst.Call):
            if handler.reach.phase(module, node) is not None:
                yield from writer_faults(handler.evaluator, handler.reach, module, node)
