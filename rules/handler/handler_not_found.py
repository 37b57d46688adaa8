"""handler-not-found: a `Handler` that names a module or function that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.missing import Missing, missing
from lambdalint.finding import Finding, Label, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction, Property


class HandlerNotFound(Rule):
    """`Handler` names a module or a function that is not in the code.

    **Why**

    Lambda splits `Handler` at its last dot, imports the first part and looks the second up in it. Neither the
    build nor the deployment does that: both succeed, and every invocation then fails with
    `Runtime.ImportModuleError` or `Runtime.HandlerNotFound`. Inline code is always the module `index`.

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
    def lambda_handler(event, context):
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
          Handler: app.lambda_handler
          Runtime: python3.13
    ```

    ```python title=src/app.py
    def lambda_handler(event, context):
        return {"count": len(event["orders"])}
    ```

    **Limits**

    Speaks only where the code is in sight. It leaves alone: a CodeUri that is not there, is ignored by git,
    is built by a Makefile or holds no Python; images; functions with `AWS_LAMBDA_EXEC_WRAPPER`; a module that
    a layer out of sight or a requirement of the same name may bring; modules with `import *`, `globals()` or
    `setattr()`; inline code in the place of a module that the project has in a file, and inline stubs.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-lambda-function-code.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    """

    name = "handler-not-found"
    severity = "error"
    reads = "both"

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        found = missing(application, function)
        if found is None:
            return
        written = function.property("Handler")[0]
        place = function.template.label(written.path, _LABELS[found.kind])
        yield self.finding(
            _MESSAGES[found.kind].format(name=found.name, place=found.place),
            place,
            *_labels(function, written),
            *([found.label] if found.label is not None else []),
            help=_help(found),
            functions=[function.id],
        )


_MESSAGES = {
    "module": "`Handler` names the module `{name}`, which is not in {place}",
    "function": "`Handler` names `{name}`, which is not in {place}",
    "name": "`{name}` names no function of {place}: a handler is `module.function`",
}
_LABELS = {
    "module": "importing it fails",
    "function": "looking it up fails",
    "name": "Lambda cannot split it",
}


def _labels(function: LambdaFunction, written: Property) -> Iterator[Label]:
    """The function itself, where Globals name the handler of several."""
    if written.origin == "globals":
        yield function.label(f"`{function.logical_id}` takes it", Role.RELATED, tied=True)


def _help(found: Missing) -> str:
    if found.nearest:
        inline = "; inline code is the module `index`" if found.nearest.startswith("index.") else ""
        return f"did you mean `{found.nearest}`?{inline}"
    if found.kind == "function":
        return "name a function of the module, or bind the name at its level"
    return "name the module, as its path below the code folder, and the function in it"
