"""reserved-env-var: a variable that Lambda reserves for itself is set in the template or in code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, FunctionId, Role, Severity
from lambdalint.python.environment import EnvRead, Use
from lambdalint.python.unset import chosen_by_variable
from lambdalint.python.variables import runtime_variable
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.template.template import Template


class ReservedEnvVar(Rule):
    """A variable that Lambda reserves for itself is set in the template or in code.

    **Why**

    Lambda sets some variables by itself, such as the region and the credentials of the function's role, and
    refuses a configuration that holds one of them: the stack fails and rolls back. Code can overwrite them,
    but then all that reads them is misled until the environment ends: the SDK calls another region, or keeps
    on using credentials that nobody renews.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              AWS_REGION: eu-west-1
    ```

    ```python title=src/app.py
    import os

    import boto3

    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    costs = boto3.client("ce")


    def handler(event, context):
        return costs.get_cost_and_usage(**event)["ResultsByTime"]
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              COSTS_REGION: us-east-1
    ```

    ```python title=src/app.py
    import os

    import boto3

    costs = boto3.client("ce", region_name=os.environ["COSTS_REGION"])


    def handler(event, context):
        return costs.get_cost_and_usage(**event)["ResultsByTime"]
    ```

    **Limits**

    The reserved names are in `data/lambda_variables.toml`. What Lambda sets and lets the configuration change
    (`TZ`, `PATH`, `LANG`, `PYTHONPATH`, …) is left alone, and so is code that sets a variable only where it
    finds it unset, or where another variable chooses: it serves the developer's machine. In code it is a
    warning; `setdefault`, which never does anything in Lambda, is a note. Names put together while the code
    runs are not seen.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    - https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html
    """

    name = "reserved-env-var"
    severity = "error"
    reads = "both"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        """One finding for each variable where it is written."""
        for variable in template.variables:
            if variable.outcomes and _is_reserved(variable.name):
                yield self.finding(
                    f"`{variable.name}` is reserved: Lambda sets it, and refuses a configuration that does",
                    template.label(variable.path, "Lambda sets this variable itself", key=True),
                    *(
                        function.label("gets it", Role.RELATED, tied=True)
                        for function in variable.functions
                        if variable.path[0] == "Globals"
                    ),
                    help=_advice([variable.name]),
                    functions=variable.ids,
                )

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each place that sets reserved variables."""
        places: dict[int, list[EnvRead]] = {}
        for read in handler.environment.reads:
            if read.use is Use.SET and _is_reserved(read.name) and not _is_for_local_use(handler, read):
                places.setdefault(id(read.node), []).append(read)
        for found in places.values():
            yield self._set(handler.ids, found)

    def _set(self, functions: Sequence[FunctionId], found: Sequence[EnvRead]) -> Finding:
        first = found[0]
        names = list(dict.fromkeys(read.name for read in found))
        named = ", ".join(f"`{name}`" for name in names)
        there, is_ = ("them", "are") if len(names) > 1 else ("it", "is")
        idle = first.is_default
        setter = (
            ()
            if first.node is first.reader
            else (first.reader_module.label(first.reader, f"sets {there}", Role.RELATED),)
        )
        return self.finding(
            f"{named} {is_} given a default that never holds: Lambda has set {there} before"
            if idle
            else f"{named} {is_} overwritten, which Lambda reserves for itself",
            first.module.label(
                first.node, "does nothing in Lambda" if idle else "misleads all that reads it"
            ),
            *setter,
            help="leave it out" if idle else _advice(names),
            functions=functions,
            severity=Severity.INFO if idle else Severity.WARNING,
        )


def _is_reserved(name: str) -> bool:
    row = runtime_variable(name)
    return row is not None and row.reserved


def _is_for_local_use(handler: Handler, read: EnvRead) -> bool:
    """Whether code sets a variable only where it is not set, or another variable says so."""
    place = (handler.evaluator, handler.reach, handler.environment, read.reader_module, read.reader)
    return not read.is_default and chosen_by_variable(*place)


def _advice(names: Sequence[str]) -> str:
    if any("REGION" in name for name in names):
        return "give clients of another region `region_name`, from a variable of your own name"
    if any("KEY" in name or "TOKEN" in name for name in names):
        return (
            "give the role what the function needs, or hand other credentials to the client that needs them"
        )
    return "choose a name of your own"
