"""unencodable-json: `json.dumps` gets a value that it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.application.numbers import proof_of_numbers
from lambdalint.finding import Finding, Label, Role
from lambdalint.python.control import caught, tries_around
from lambdalint.python.encoding import STANDARD, Refused, advice, described, refused, source
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import ApplicationModule, Handler

_DUMPS = frozenset({"json.dump", "json.dumps"})


class UnencodableJson(Rule):
    """`json.dumps` gets a value that it refuses, and no `default` to convert it.

    **Why**

    The standard library's encoder knows text, numbers, lists and dicts. For anything else it raises
    `TypeError: Object of type … is not JSON serializable`: for the Decimals that a DynamoDB table resource
    gives for numbers, for the datetimes in the answers of AWS, for sets and bytes. It shows only once such a
    value is there, which is in production.

    **Bad**

    ```python title=src/app.py
    import json
    from datetime import datetime


    def handler(event, context):
        order = {"id": event["id"], "at": datetime.now()}
        return {"statusCode": 200, "body": json.dumps(order)}
    ```

    **Good**

    ```python title=src/app.py
    import json
    from datetime import datetime


    def handler(event, context):
        order = {"id": event["id"], "at": datetime.now()}
        return {"statusCode": 200, "body": json.dumps(order, default=str)}
    ```

    **Limits**

    Only `json.dumps` and `json.dump` without `default` and `cls`. Tells kinds that are certain, as
    unserializable-return does. Of a table's items it speaks only where something proves that they hold a
    number: a key of the type N in the template, or a number that the application itself writes to the table;
    a projection keeps it silent. Leaves alone what stands in `try` with `except TypeError`.

    **References**

    - https://docs.python.org/3/library/json.html#json.JSONEncoder
    - https://boto3.amazonaws.com/v1/documentation/api/latest/guide/dynamodb.html
    - https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """

    name = "unencodable-json"
    severity = "error"
    reads = "code"

    def check_module(self, module: ApplicationModule) -> Iterator[Finding]:
        if "json" not in module.module.source.text or "JSONEncoder.default" in module.module.source.text:
            return
        for call in module.module.nodes(cst.Call):
            expr = _encoded(module, call)
            handler = _runner(module, call) if expr is not None else None
            if expr is None or handler is None or handler.is_python_2:
                continue
            for bad in refused(handler.kinds, STANDARD, module.module, expr):
                proof = _proof(handler, bad)
                if bad.item is not None and proof is None:
                    continue
                yield self.finding(
                    f"`{_name(call)}` gets {described(bad)}, which it refuses",
                    module.label(call, "raises TypeError"),
                    *_labels(module, call, bad, proof),
                    help=_help(bad),
                    functions=module.functions,
                )
                break


def _encoded(module: ApplicationModule, call: cst.Call) -> cst.BaseExpression | None:
    """What a call of the standard library's encoder encodes, where nothing tells it how to convert."""
    func = call.func
    last = func.attr.value if isinstance(func, cst.Attribute) else getattr(func, "value", "")
    if last not in ("dump", "dumps") or not call.args:
        return None
    if any(argument.star or _chooses(argument) for argument in call.args):
        return None
    if module.module.names.qualified(func) not in _DUMPS or _is_caught(module, call):
        return None
    first = call.args[0]
    return first.value if first.keyword is None or first.keyword.value == "obj" else None


def _chooses(argument: cst.Arg) -> bool:
    return argument.keyword is not None and argument.keyword.value in ("default", "cls")


def _is_caught(module: ApplicationModule, call: cst.Call) -> bool:
    return any(
        "TypeError" in caught(clause)
        for node in tries_around(module.module, call)
        for clause in node.handlers
    )


def _runner(module: ApplicationModule, call: cst.Call) -> Handler | None:
    return next((each for each in module.handlers if each.reach.phase(module.module, call)), None)


def _proof(handler: Handler, bad: Refused) -> Label | None:
    return proof_of_numbers(handler, bad.item, bad.attribute) if bad.item is not None else None


def _labels(module: ApplicationModule, call: cst.Call, bad: Refused, proof: Label | None) -> Iterator[Label]:
    if bad.module is not module.module or not module.module.contains(call, bad.node):
        yield bad.module.label(bad.node, source(bad), Role.RELATED)
    if proof is not None:
        yield proof


def _name(call: cst.Call) -> str:
    func = call.func
    return f"json.{func.attr.value}" if isinstance(func, cst.Attribute) else "json.dumps"


def _help(bad: Refused) -> str:
    if bad.key:
        return advice(bad)
    if bad.kind in ("Decimal", "datetime", "date", "UUID") and not bad.key:
        return f"pass `default=str`, or {advice(bad).removesuffix(', or pass `default=str`')}"
    return advice(bad)
