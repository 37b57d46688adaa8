"""no-tracing: nothing shows where a request spent its time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.wording import has, some
from lambdalint.finding import Edit, Finding, Fix, Safety
from lambdalint.rule import Rule
from lambdalint.template.shared import lacking, written
from lambdalint.template.tracing import (
    SWITCHES,
    is_off,
    switch_of,
    trace_instead,
    trace_lacking,
    trace_resource,
    traces_elsewhere,
)

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Resource, Template

_HELP = "switch X-Ray tracing on; a role written by hand needs AWSXRayDaemonWriteAccess first"


class NoTracing(Rule):
    """X-Ray tracing is not switched on for a function, an API or a state machine.

    **Why**

    An application of functions has no one log that tells what happened to a request. A trace shows which
    service it passed through, how long each took, where it failed, and what of the time was a cold start. By
    default Lambda traces a request only if its caller decided to, and APIs and state machines trace nothing.

    **Bad**

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
          Tracing: Active
    ```

    **Fix**

    Switches tracing on, in Globals where several functions lack it, and gives the managed policy
    AWSXRayDaemonWriteAccess to a role that the template writes out and that does not mention X-Ray; a role
    that SAM makes gets it from SAM. Unsafe: traces are paid for, and Lambda refuses active tracing for a role
    that may not send them. No fix where the role is not in the template.

    **Limits**

    `PassThrough` and switches that are off are reported at their value, unless a parameter or a condition can
    turn them on. HTTP APIs cannot be traced; the REST API that SAM makes of events by itself has no place in
    the template and is left alone. Silent for functions with a layer or variable of another tracer (Datadog,
    New Relic, Lumigo and the like), and where a macro may write it.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enabling-xray.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html
    """

    name = "no-tracing"
    severity = "info"
    reads = "template"
    fix = "unsafe"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        if template.macros:
            return
        yield from self._functions(template)
        for resource in template.of_type(*SWITCHES):
            outcomes = switch_of(resource)
            if not outcomes or is_off(outcomes, True):
                yield self._resource(resource, outcomes[0].path if outcomes else None)

    def _functions(self, template: Template) -> Iterator[Finding]:
        ours = [each for each in template.functions if not traces_elsewhere(each)]
        without = [each for each in ours if not each.property("Tracing")]
        for lack in lacking(without, "Tracing"):
            names = [each.logical_id for each in lack.functions]
            yield self.finding(
                f"{some(names)} {has(names)} no tracing",
                *lack.labels("has no Tracing"),
                help=_HELP,
                fix=_fix(trace_lacking(lack)),
                functions=(each.id for each in lack.functions),
            )
        for each in written(template, "Tracing"):
            if all(one in ours and is_off(one.property("Tracing"), "Active") for one in each.functions):
                yield self.finding(
                    "tracing is not active",
                    *each.labels("leaves it to the caller, or off", "takes it from there"),
                    help=_HELP,
                    fix=_fix(trace_instead(each.path, each.functions)),
                    functions=(one.id for one in each.functions),
                )

    def _resource(self, resource: Resource, off: tuple[str | int, ...] | None) -> Finding:
        what = "state machine" if "StateMachine" in resource.type else "API"
        label = resource.label("has no tracing")
        if off is not None:
            label = resource.template.label(off, "is off")
        return self.finding(
            f"the {what} `{resource.logical_id}` is not traced",
            label,
            help=_HELP if what == "state machine" else "switch X-Ray tracing on",
            fix=_fix(trace_resource(resource, off)),
        )


def _fix(edits: tuple[Edit, ...] | None) -> Fix | None:
    return Fix("Switch X-Ray tracing on", edits, Safety.UNSAFE) if edits else None
