"""unserializable-return: a handler returns what Lambda's encoder refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

import libcst as cst

from lambdalint.finding import Finding, Label, Role
from lambdalint.python.encoding import RUNTIME, Refused, advice, described, refused, source
from lambdalint.python.kinds import Kinds, yields
from lambdalint.python.returns import Reply, replies
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class UnserializableReturn(Rule):
    """The handler can return a value that Lambda cannot encode as JSON.

    **Why**

    The runtime encodes what a handler returns as JSON, whoever invoked it. A set, a datetime, a generator or
    an object makes it fail with `Runtime.MarshalError` after all the work is done: the caller gets an error,
    and an asynchronous source or a queue delivers the event again, so that the work is done again.

    **Bad**

    ```python title=src/app.py
    import boto3

    machine = boto3.client("stepfunctions")


    def handler(event, context):
        started = machine.start_execution(stateMachineArn=event["machine"], input=event["order"])
        return {"execution": started["executionArn"], "at": started["startDate"]}
    ```

    **Good**

    ```python title=src/app.py
    import boto3

    machine = boto3.client("stepfunctions")


    def handler(event, context):
        started = machine.start_execution(stateMachineArn=event["machine"], input=event["order"])
        return {"execution": started["executionArn"], "at": started["startDate"].isoformat()}
    ```

    **Limits**

    The runtime's encoder writes Decimal as a number and bytes as text: these are fine. Tells kinds that are
    certain: what the code writes, what helpers return, the common functions of the standard library and of a
    few packages (`data/value_kinds.toml`; the option `kinds` adds more, import path to kind), and what AWS
    calls answer (`data/response_kinds.toml`). Whatever a function tests with `isinstance` is left alone, as
    are handlers under a decorator that is not known.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
    - https://github.com/aws/aws-lambda-python-runtime-interface-client
    """

    name = "unserializable-return"
    severity = "error"
    reads = "code"
    options: ClassVar[Mapping[str, OptionValue]] = {"kinds": {}}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        node = handler.node
        if isinstance(node, cst.FunctionDef) and node.asynchronous is None and yields(handler.module, node):
            if handler.entry.kept.reply:
                yield self._generator(handler)
            return
        if handler.is_python_2:
            return
        kinds = self._kinds(handler)
        found = handler.replies if kinds is handler.kinds else _replies(handler, kinds)
        for reply in found:
            if reply.value is None:
                continue
            for bad in refused(kinds, RUNTIME, reply.module, reply.value):
                yield self.finding(
                    f"`{handler.name}` returns {described(bad)}, which Lambda cannot encode",
                    *_labels(reply, reply.value, bad),
                    help=advice(bad),
                    functions=handler.ids,
                )
                break

    def _kinds(self, handler: Handler) -> Kinds:
        more = handler.application.options(self)["kinds"]
        assert isinstance(more, dict)
        return Kinds(handler.evaluator, more) if more else handler.kinds

    def _generator(self, handler: Handler) -> Finding:
        return self.finding(
            f"`{handler.name}` is a generator, which Lambda cannot encode",
            handler.label("`yield` makes every call return a generator and run nothing"),
            help="collect the results in a list and return that",
            functions=handler.ids,
        )


def _replies(handler: Handler, kinds: Kinds) -> tuple[Reply, ...]:
    return replies(kinds, handler.module, handler.node) if handler.entry.kept.reply else ()


def _labels(reply: Reply, value: cst.BaseExpression, bad: Refused) -> Iterator[Label]:
    """At the value where it stands in the `return`; else at what is returned, with the value as the proof."""
    if bad.module is reply.module and reply.module.contains(reply.node, bad.node):
        yield bad.module.label(bad.node, "Runtime.MarshalError")
        return
    yield reply.module.label(value, "Runtime.MarshalError")
    yield bad.module.label(bad.node, source(bad), Role.RELATED)
