"""missing-timeout: a call over the network that waits without end, or longer than the function may run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from lambdalint.finding import Finding, Label, Role
from lambdalint.python.names import dotted_name
from lambdalint.python.reach import Phase
from lambdalint.python.timeouts import NetworkWait, timed, waits
from lambdalint.rule import OptionValue, Rule
from lambdalint.template.function import DEFAULT_TIMEOUT
from lambdalint.template.values import Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.template.function import LambdaFunction, Property


class MissingTimeout(Rule):
    """A call over the network has no timeout, or one that is longer than the function's.

    **Why**

    A library that waits for ever waits until Lambda ends the invocation at the function's Timeout: no
    exception that could be caught, nothing in the log but that the time is up, all of that time billed, and
    for a queue or a stream the whole batch once more. With a timeout below the function's, code can try
    again, answer, or say what was slow.

    **Bad**

    ```python title=src/app.py
    import requests


    def handler(event, context):
        response = requests.get("https://api.example.com/prices", params={"id": event["id"]})
        return response.json()
    ```

    **Good**

    ```python title=src/app.py
    import requests


    def handler(event, context):
        response = requests.get(
            "https://api.example.com/prices", params={"id": event["id"]}, timeout=(3, 10)
        )
        return response.json()
    ```

    **Limits**

    Knows the calls of its table (`data/network_timeouts.toml`): requests, urllib, http.client, urllib3,
    httpx, aiohttp, sockets, mail, FTP, SSH, and connects of databases. `calls` adds functions that wait for
    ever, with the parameter that bounds them, such as `"legacy.fetch" = "timeout"`. What has a default is
    silent unless code takes it away (`timeout=None`): httpx, aiohttp, PyMySQL, psycopg 3, PyMongo, and redis,
    which has one since version 8. botocore has defaults of its own. Silent where the timeout cannot be read
    (the environment, `**kwargs`), where an adapter, a decorator, an alarm, a timer or a patch of the library
    may end the call, and for what answers within the environment. A timeout is too long only if it is for all
    functions that get there, and only where Timeout is written (of the others default-timeout speaks).

    **References**

    - https://docs.aws.amazon.com/wellarchitected/latest/framework/rel_mitigate_interaction_failure_client_timeouts.html
    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
    - https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
    """

    name = "missing-timeout"
    severity = "warning"
    reads = "code"
    options: ClassVar[Mapping[str, OptionValue]] = {"calls": {}}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        more = handler.application.options(self)["calls"]
        assert isinstance(more, dict)
        for wait in waits(handler.evaluator, handler.reach, more, _variables(handler)):
            if math.isinf(wait.seconds):
                yield self._endless(handler, wait)
            elif limits := _limits(handler, wait):
                yield self._too_long(wait, limits)

    def _endless(self, handler: Handler, wait: NetworkWait) -> Finding:
        lacks = "has no timeout" if wait.given is None else "has its timeout taken away"
        message = f"`{_called(wait)}` {lacks}, and may wait for {wait.timed.what} without end"
        return self.finding(
            message,
            wait.module.label(wait.given or wait.node, "until Lambda stops the function"),
            *_uses(wait),
            help=_advice(wait),
            functions=handler.ids,
        )

    def _too_long(self, wait: NetworkWait, limits: Sequence[tuple[LambdaFunction, int, Property]]) -> Finding:
        function, timeout, _ = min(limits, key=lambda limit: limit[1])
        assert wait.given is not None
        return self.finding(
            f"`{_called(wait)}` waits for {wait.timed.what} for up to {wait.seconds:.10g} s, and "
            f"`{function.logical_id}` may run for {timeout} s",
            wait.module.label(wait.given, "Lambda stops the function before this is over"),
            *_uses(wait),
            *(
                each.label(
                    f"`{each.logical_id}` may run for {limit} s", Role.RELATED, written.path, tied=True
                )
                for each, limit, written in limits
            ),
            help="make it shorter than the function's Timeout, so that code can handle what was slow; or"
            " raise the Timeout",
            functions=[each.id for each, _, _ in limits],
        )


def _called(wait: NetworkWait) -> str:
    node = wait.uses[0][1] if wait.uses else wait.node
    return dotted_name(node.func) or wait.name.replace("()", "")


def _uses(wait: NetworkWait) -> Iterator[Label]:
    """The calls that wait, where the timeout belongs to the object that they are called on."""
    for module, node in wait.uses:
        if node is not wait.node:
            yield module.label(node, "waits", Role.RELATED)


def _advice(wait: NetworkWait) -> str:
    advice = wait.timed.advice
    given = f"pass `{advice}`" if re.match(r"\w+=", advice) else advice
    return f"{given}, less than the function's Timeout ({wait.timed.source})"


def _variables(handler: Handler) -> set[str]:
    """The environment variables that bound waits and are set, or may be."""
    found: set[str] = set()
    for function in handler.functions:
        environment = function.environment
        if isinstance(environment, Unknown):
            found |= {name for call in timed().values() for name in call.variables}
        else:
            found |= environment.keys()
    return found


def _limits(handler: Handler, wait: NetworkWait) -> list[tuple[LambdaFunction, int, Property]]:
    """The Timeouts of the functions that get there, if all of them are shorter than the wait."""
    found: list[tuple[LambdaFunction, int, Property]] = []
    for other in handler.application.handlers:
        places = wait.uses or ((wait.module, wait.node),)
        if not any(other.reach.phase(module, node) is Phase.INVOKE for module, node in places):
            continue
        for function in other.functions:
            outcomes = function.integers("Timeout", DEFAULT_TIMEOUT)
            longest = max(outcomes, key=lambda outcome: outcome[0], default=None)
            if longest is None or longest[1] is None or longest[0] >= wait.seconds:
                return []
            found.append((function, longest[0], longest[1]))
    return found
