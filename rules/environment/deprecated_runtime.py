"""deprecated-runtime: a runtime that AWS no longer patches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Severity
from lambdalint.rule import Rule
from lambdalint.template.runtimes import Lifecycle, lifecycles
from lambdalint.template.shared import Written, written
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class DeprecatedRuntime(Rule):
    """A function runs on a runtime that AWS has deprecated.

    **Why**

    From the day on which a runtime is deprecated, Lambda stops patching it, and AWS gives no support for
    functions that use it. Later no function can be created with it any more, and at last none can be updated:
    the next deployment of the stack fails, on a day when something quite different has to be mended.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.8
          Handler: app.handler
          CodeUri: src/
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
    ```

    **Limits**

    The dates are those of `data/runtimes.json`, and today's is that of the machine, or of `--today`. A
    warning
    from the date of deprecation on, an error once functions can no longer be updated; a date to come is not
    reported by itself. A value that several functions take from Globals or from a parameter's default is one
    finding there. A parameter without a default, and a runtime that the table does not know, are unknown.
    Runtimes of images and the CompatibleRuntimes of layers are left alone: these only say what a layer is
    for.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    - https://docs.aws.amazon.com/lambda/latest/dg/runtime-support-policy.html
    """

    name = "deprecated-runtime"
    severity = "warning"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for each in written(template, "Runtime"):
            value = each.property.value
            name = value.value if isinstance(value, Known) else None
            lifecycle = lifecycles().get(name) if isinstance(name, str) else None
            if lifecycle is not None and lifecycle.deprecated and application.reached(lifecycle.deprecated):
                yield self._deprecated(each, lifecycle, application)

    def _deprecated(self, each: Written, runtime: Lifecycle, application: Application) -> Finding:
        blocked = bool(runtime.update_block) and application.reached(runtime.update_block)
        return self.finding(
            f"`{runtime.name}` was deprecated on {runtime.deprecated}{_blocks(runtime, application)}",
            *each.labels("gets no security patches any more", "runs on it"),
            help=_help(runtime),
            functions=(function.id for function in each.functions),
            severity=Severity.ERROR if blocked else None,
        )


def _blocks(runtime: Lifecycle, application: Application) -> str:
    """What cannot be done any more, or the next that soon cannot."""
    if runtime.update_block and application.reached(runtime.update_block):
        return f", and functions on it cannot be updated since {runtime.update_block}"
    if not runtime.create_block:
        return ""
    tense = f"cannot be created {'since' if application.reached(runtime.create_block) else 'from'}"
    updates = f", nor updated from {runtime.update_block}" if runtime.update_block else ""
    return f"; functions on it {tense} {runtime.create_block}{updates}"


def _help(runtime: Lifecycle) -> str:
    if not runtime.successor:
        return "move to a runtime that AWS maintains"
    return f"move to `{runtime.successor}`, or another runtime that AWS maintains"
