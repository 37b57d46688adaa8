"""handler-signature: a handler that cannot be called with an event and a context."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.finding import Finding
from lambdalint.python.signatures import Signature, signature
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class HandlerSignature(Rule):
    """The function that the template names cannot be called with an event and a context.

    **Why**

    Lambda calls a handler with two positional arguments. A function that takes another number of them raises
    `TypeError` on every invocation, before its first line runs.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src/
          Handler: app.handler
          Runtime: python3.13
    ```

    ```python title=src/app.py
    def handler(event):
        return {"count": len(event["orders"])}
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src/
          Handler: app.handler
          Runtime: python3.13
    ```

    ```python title=src/app.py
    def handler(event, context):
        return {"count": len(event["orders"])}
    ```

    **Limits**

    Says nothing where a decorator or wrapper that is not known may call the function in its own way; those of
    Powertools and of tracing libraries are known, and so are decorators of the application that plainly hand
    both arguments on. Classes and adapters (`handler = Mangum(app)`) are left alone.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
    """

    name = "handler-signature"
    severity = "error"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        if not handler.functions or not isinstance(handler.node, (cst.FunctionDef, cst.Lambda)):
            return
        takes = signature(handler.node, bound=0)
        if takes.fits(2) and takes.fits(3):
            return  # with `self` or without: it fits either way, and the decorators need not be looked at
        entry = handler.entry
        takes = signature(handler.node, entry.bound)
        if takes.fits(2) or not (entry.named and entry.kept.calls):
            return
        yield self.finding(
            f"`{handler.attribute}` {_takes(takes)}, but Lambda calls it with event and context",
            handler.label("the call raises TypeError"),
            *handler.named_by("Lambda calls it"),
            help="take two parameters: `(event, context)`",
            functions=handler.ids,
        )


def _takes(takes: Signature) -> str:
    if takes.keywords:
        return f"needs `{takes.keywords[0]}` by keyword"
    if takes.most is not None and takes.most < 2:
        return "takes one argument" if takes.most else "takes no arguments"
    return f"needs {takes.least} arguments"
