"""api-timeout: a function that may run on after its API has given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.modes import invocations
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.api_limits import waits

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction, Property
    from lambdalint.template.template import Template
    from lambdalint.template.triggers import Trigger


class ApiTimeout(Rule):
    """Only an API invokes the function, and its Timeout is longer than the API waits.

    **Why**

    API Gateway waits 29 seconds for a function behind a REST API and 30 behind an HTTP API. Then
    the client gets an error and is gone, but the function runs on to its own Timeout: nobody reads the
    answer, the time is billed, what the client repeats runs twice, and a hanging call is not seen as a
    timeout in the function's metrics.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Timeout: 300
          Events:
            Get:
              Type: Api
              Properties:
                Path: /orders
                Method: get
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Timeout: 28
          Events:
            Get:
              Type: Api
              Properties:
                Path: /orders
                Method: get
    ```

    Regional and private REST APIs can be given more time by raising the account's quota: then say so with
    `TimeoutInMillis` in the event or the integration. What takes longer is better started by the API and
    fetched later.

    **Limits**

    Functions behind WebSocket APIs, which can post to the open connection, are not reported. One second more
    than the API waits is let pass: 30 is what people write. Silent where anything but an API may invoke the
    function, where the integration streams its answer or does not wait for one, and for definitions in other
    files, whose timeouts are not read.

    **References**

    - https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-api.html
    """

    name = "api-timeout"
    severity = "warning"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        shared: dict[Property, list[tuple[LambdaFunction, Trigger, float]]] = {}
        for function in template.functions:
            for seconds, timeout in function.integers("Timeout", 3):
                found = _longest(function, application) if timeout is not None and seconds > 29 else None
                if found is not None and timeout is not None and seconds > found[1] + _GRACE:
                    shared.setdefault(timeout, []).append((function, *found))
        for timeout, concerned in shared.items():
            function, trigger, limit = concerned[0]
            seconds = next(size for size, each in function.integers("Timeout", 3) if each == timeout)
            names = ", ".join(f"`{each.logical_id}`" for each, _, _ in concerned)
            yield self.finding(
                f"{names} may run {seconds} s, and {trigger.description} waits {limit:g} s",
                function.label("longer than any of its clients waits", path=timeout.path),
                *(
                    proof.template.label(
                        proof.path, f"waits {wait:g} s", Role.RELATED, key=True, function=each.id
                    )
                    for each, proof, wait in concerned
                ),
                help=f"give {names} a Timeout under {limit:g} s",
                functions=[each.id for each, _, _ in concerned],
            )


_GRACE = 1


def _longest(function: LambdaFunction, application: Application) -> tuple[Trigger, float] | None:
    """The API that waits longest, where nothing else invokes the function."""
    found: list[tuple[Trigger, float]] = []
    for each in invocations(application, function):
        seconds = waits(each.trigger) if each.trigger is not None else None
        if each.trigger is None or seconds is None:
            return None
        found.append((each.trigger, seconds))
    return max(found, key=lambda pair: pair[1], default=None)
