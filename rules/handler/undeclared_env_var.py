"""undeclared-env-var: code requires an environment variable that nothing gives the function."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.environment import Undeclared, declared, undeclared
from lambdalint.application.wording import some
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.finding import Label
    from lambdalint.template.function import LambdaFunction


class UndeclaredEnvVar(Rule):
    """Code requires an environment variable that the function does not have.

    **Why**

    `os.environ["X"]` raises KeyError where X is not set. At module level that ends the init of every
    execution environment, so that no invocation ever gets to the handler; in a function it ends each
    invocation that comes there. A renamed variable, a function that was copied without its environment and a
    helper that another function shares are how it comes about, and tests that set the variable hide it.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      ReadOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              ORDERS_TABLE: !Ref Orders
      Orders:
        Type: AWS::Serverless::SimpleTable
    ```

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


    def handler(event, context):
        return table.get_item(Key={"id": event["id"]})["Item"]
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      ReadOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              TABLE_NAME: !Ref Orders
      Orders:
        Type: AWS::Serverless::SimpleTable
    ```

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


    def handler(event, context):
        return table.get_item(Key={"id": event["id"]})["Item"]
    ```

    **Limits**

    Each function of a bundle needs what its own handler reaches. Fields without default of pydantic settings,
    and of models that are made of `os.environ`, are required too. A variable that holds in one branch of a
    condition counts as declared. Silent where the variable is read by `get` or tested first, where KeyError
    is caught or code sets the variable itself, in branches that another variable chooses, behind an
    AWS_LAMBDA_EXEC_WRAPPER, a macro or `load_dotenv`, and for images whose base or entry point may set more
    than the Dockerfile does.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    - https://docs.python.org/3/library/os.html#os.environ
    """

    name = "undeclared-env-var"
    severity = "error"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each variable and place that requires it."""
        places: dict[int, list[Undeclared]] = {}
        for missing in undeclared(handler) if handler.functions else ():
            places.setdefault(id(missing.read.node), []).append(missing)
        for found in places.values():
            yield self._finding(handler, found)

    def _finding(self, handler: Handler, found: list[Undeclared]) -> Finding:
        read = found[0].read
        names = sorted({missing.read.name for missing in found})
        functions = tuple(dict.fromkeys(function for missing in found for function in missing.functions))
        what = some(names)
        few = "it" if len(names) == 1 else "them"
        proof = [read.reader_module.label(read.reader, "required here", Role.RELATED)]
        return self.finding(
            f"the environment has no {what}, which code within reach requires",
            read.module.label(read.node, "this raises where it is not set"),
            *(proof if read.reader is not read.node else ()),
            *(_label(function, what) for function in functions),
            help=f"declare {few} under `Environment: Variables`{_nearest(handler, found)}",
            functions=[function.id for function in functions],
        )


def _label(function: LambdaFunction, what: str) -> Label:
    template, path = function.template, function.resource.path
    return template.label(path, f"has no {what}", Role.RELATED, key=True, function=function.id)


def _nearest(handler: Handler, found: list[Undeclared]) -> str:
    """The declared name that is most like the missing one, of those that code does not read."""
    function = found[0].functions[0]
    names = declared(function, handler.bundle) or frozenset()
    unread = sorted(name for name in names if not handler.environment.why_read(name))
    near = difflib.get_close_matches(found[0].read.name, unread, n=1)
    return f", or read `{near[0]}`, which `{function.logical_id}` has" if near else ""
