"""unused-env-var: a function has an environment variable that nothing in its bundle can read."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.environment import Unused, unused
from lambdalint.finding import Finding
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class UnusedEnvVar(Rule):
    """A function has an environment variable that nothing in its bundle can read.

    **Why**

    A variable that nothing reads misleads whoever reads the template: it looks like a dependency on a table
    or a queue that the function no longer has, and it is often the trace of a renamed one that code reads
    under another name. Where it refers to a resource, it also decides the order in which the stack is made.

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
              TABLE_NAME: !Ref Orders
              QUEUE_URL: !Ref Jobs
      Orders:
        Type: AWS::Serverless::SimpleTable
      Jobs:
        Type: AWS::SQS::Queue
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

    Only a function's own variables: those of Globals are for all. Every file of the bundle is searched for
    the name, so that one that merely mentions it counts as reading. Silent where the environment is used as a
    whole, names are put together at run time, a program is started, a library or layer is not known, or code
    asks Lambda for its configuration; for what a library of the table (`data/library_env_vars.toml`) reads by
    itself; and for names that mark a version or build. `read_elsewhere` lists more names, `*` for any ending.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    - https://docs.aws.amazon.com/powertools/python/latest/environment-variables/
    """

    name = "unused-env-var"
    severity = "info"
    reads = "both"
    quantifier = "all"
    options: ClassVar[Mapping[str, OptionValue]] = {"read_elsewhere": []}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each variable of each function."""
        elsewhere = handler.application.options(self)["read_elsewhere"]
        assert isinstance(elsewhere, list)
        for variable in unused(handler.application, handler):
            if not any(fnmatchcase(variable.name, pattern) for pattern in elsewhere):
                yield self._finding(variable)

    def _finding(self, variable: Unused) -> Finding:
        function = variable.function
        return self.finding(
            f"nothing in the code of `{function.logical_id}` reads the variable `{variable.name}`",
            function.template.label(variable.value.path, "set, and read nowhere", key=True),
            help=_advice(variable),
            functions=[function.id],
        )


def _advice(variable: Unused) -> str:
    environment = variable.handler.environment
    declared = variable.function.environment
    names = {read.name for read in environment.reads}
    missing = sorted(name for name in names if isinstance(declared, Mapping) and name not in declared)
    near = difflib.get_close_matches(variable.name, missing, n=1)
    return f"remove it, or name it `{near[0]}`, which code reads" if near else "remove it"
