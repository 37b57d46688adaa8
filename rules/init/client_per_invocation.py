"""client-per-invocation: an SDK client, resource or session that every invocation makes anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Fix, Role, Safety
from lambdalint.python.clients import SdkObject, is_always_needed, one_for_each_branch, to_module_level
from lambdalint.python.control import loops, sometimes
from lambdalint.python.lifetimes import Life
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class ClientPerInvocation(Rule):
    """An SDK client, resource or session is made on each invocation.

    **Why**

    Making a boto3 client loads and parses the service's model and builds its methods: some tens of
    milliseconds of CPU time at best, several hundred with little memory, billed on every invocation. The
    client's connections, and the TLS handshakes that opened them, are thrown away with it. What is made at
    module level is made once, during init, and shared by all invocations of the execution environment.

    **Bad**

    ```python title=src/app.py
    import os

    import boto3


    def handler(event, context):
        table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
        return table.get_item(Key={"id": event["id"]})["Item"]
    ```

    **Good**

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        return table.get_item(Key={"id": event["id"]})["Item"]
    ```

    Where only some invocations need the client, make it in a function of its own with `@functools.cache`.

    **Fix**

    Moves the statement to module level, behind the imports and all that it reads, with the local names that
    it needs; an expression within a statement gets a name. Unsafe: tests that put a fake in place of boto3
    before they call the handler must then do so before they import it, and what the environment lacks fails
    at init. There is no fix where the client is made or used on some paths only.

    **Limits**

    Silent where an argument comes from the event or cannot be told, where the credentials are not the
    function's own (assumed roles, keys, profiles), for clients that a `with` closes, for asynchronous
    libraries, for functions that are handed to a thread pool or a library, in `except` clauses, and where
    only schedules rarer than 15 minutes (or a state machine that they start) and deployments invoke the
    function. A client that is kept in a variable, an attribute, a dict or by a decorator that caches is not
    made on each invocation; nor is one behind a test of such state, whatever it asks. The client of a session
    is part of the session's finding.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    - https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html
    """

    name = "client-per-invocation"
    severity = "warning"
    reads = "code"
    fix = "unsafe"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each object; a session's, and those of the arms of one `if`, as one."""
        if handler.seldom:
            return
        made = [each for each in handler.sdk_objects if each.made.life is Life.INVOCATION]
        sessions = {id(each.call): each for each in made if each.kind == "session"}
        first = [each for each in made if each.session is None or id(each.session.node) not in sessions]
        for each, others in one_for_each_branch(first):
            clients = [one for one in made if one.session is not None and one.session.node is each.call]
            yield self._finding(handler, each, others, clients)

    def _finding(
        self, handler: Handler, each: SdkObject, others: list[SdkObject], clients: list[SdkObject]
    ) -> Finding:
        rare = sometimes(handler.reach, each.module, each.call)
        looped = next(loops(each.module, each.call), None) is not None
        labels = [each.module.label(each.call, _when(rare, looped))]
        labels += [one.module.label(one.call, "or here", Role.RELATED) for one in others]
        labels += [one.module.label(one.call, f"makes {one.name}", Role.RELATED) for one in clients[:1]]
        labels += handler.way(each.made)
        edits = () if others else to_module_level(handler.evaluator, handler.reach, each)
        fix = Fix("make it once, at module level", edits, Safety.UNSAFE) if edits else None
        return self.finding(
            f"{each.name} is made on each invocation{' that comes here' if rare else ''}",
            *labels,
            help=_advice(each, is_always_needed(handler.evaluator, handler.reach, each)),
            fix=fix,
            functions=handler.ids,
        )


def _when(rare: bool, looped: bool) -> str:
    if looped:
        return "made anew for each turn of the loop"
    return "made anew, and thrown away with the invocation" if rare else "made anew on every invocation"


def _advice(each: SdkObject, always: bool) -> str:
    if always:
        return f"make the {each.kind} once, at module level, where all invocations of an environment share it"
    return (
        "make it once, in a function of its own with @functools.cache that is called where it is needed, so "
        "that only invocations that need it pay"
    )
