"""The last acts by which handlers tell others how they fared, which a destination of Lambda's would do.

Lambda developer guide, "Capturing records of Lambda asynchronous invocations": destinations are standard SQS
queues, standard SNS topics, event buses and functions; the record holds the event, the answer or the error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import libcst as cst

from lambdalint.application.modes import invocations
from lambdalint.python.calls import AwsCall, invocation_type
from lambdalint.python.control import tries_around
from lambdalint.python.effects import Effect
from lambdalint.python.symbols import EnvVar, alternatives
from lambdalint.python.symbols import Literal as Constant
from lambdalint.python.walk import own_nodes
from lambdalint.template.identity import render
from lambdalint.template.triggers import Mode
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.python.module import PythonModule
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource

# What a destination can be, by the call that takes its place: the name of the service in the advice.
_DESTINATIONS = {
    ("events", "put_events"): "event bus",
    ("lambda", "invoke"): "function",
    ("lambda", "invoke_async"): "function",
    ("sns", "publish"): "topic",
    ("sqs", "send_message"): "queue",
}
_SUCCESS = r"success|succe(?:ss|ed)(?:ful(?:ly)?|ed)?|complete[ds]?|completion|finish(?:ed)?"
_FAILURE = r"fail(?:ed|ure|s)?|error|exception|crash(?:ed)?|could not|not \w+ed"
_TELLS = {
    "success": re.compile(rf"(?<![a-z])(?<!not )(?:{_SUCCESS})(?![a-z])", re.IGNORECASE),
    "failure": re.compile(rf"(?<![a-z])(?:{_FAILURE})(?![a-z])", re.IGNORECASE),
}
_REPORTED_TO = frozenset({"CodePipeline", "CustomResource"})
_PEOPLE = frozenset({"email", "email-json", "sms"})


@dataclass(frozen=True, eq=False)
class Notice:
    """A call that tells of a success or a failure. `node` is what the handler calls, perhaps a helper that
    makes `call`; `raises` says that the failure goes on after it."""

    when: Literal["success", "failure"]
    module: PythonModule
    node: cst.Call
    call: AwsCall
    destination: str
    raises: bool = True


def waited_for_by_nobody(application: Application, function: LambdaFunction) -> bool:
    """Whether all that invokes a function does so asynchronously, and leaves the outcome to Lambda."""
    found = invocations(application, function)
    return bool(found) and all(
        each.mode is Mode.ASYNC and (each.trigger is None or each.trigger.source not in _REPORTED_TO)
        for each in found
    )


def has_destination(function: LambdaFunction, when: str) -> bool:
    """Whether a function has a destination for successes or failures, or may have."""
    name = "OnSuccess" if when == "success" else "OnFailure"
    return bool(
        function.property("EventInvokeConfig", "DestinationConfig", name)
        or any(config.get("DestinationConfig", name) for config in function.invoke_configs)
    )


def notices(handler: Handler) -> Iterator[Notice]:
    """The last acts of a handler that tell how it fared."""
    node = handler.node
    if not isinstance(node, cst.FunctionDef) or not _may_tell(handler):
        return
    module = handler.module
    for each in own_nodes(node.body):
        if isinstance(each, (cst.ExceptHandler, cst.ExceptStarHandler)) and _is_outer(module, each):
            yield from _of_clause(handler, module, each)
    yield from _of_end(handler, module, node.body)


def _may_tell(handler: Handler) -> bool:
    return any(
        word in module.source.text
        for module in handler.reach.modules
        for word in ("publish", "send_message", "put_events", "invoke")
    )


def _is_outer(module: PythonModule, clause: cst.CSTNode) -> bool:
    """Whether a clause belongs to a `try` around the work, rather than to one within it or in a loop."""
    statement = module.parent(clause)
    if statement is None or any(tries_around(module, statement)):
        return False
    return not any(isinstance(above, (cst.For, cst.While)) for above in module.ancestors(statement))


def _of_clause(
    handler: Handler, module: PythonModule, clause: cst.ExceptHandler | cst.ExceptStarHandler
) -> Iterator[Notice]:
    """In a clause that catches everything, the only call that does something."""
    if clause.type is not None and module.names.qualified(clause.type) not in (
        "builtins.Exception",
        "builtins.BaseException",
    ):
        return
    acts = [call for call, effect in handler.effects.within(module, clause.body) if effect >= Effect.UNKNOWN]
    if len(acts) == 1:
        named = clause.name.name.value if clause.name and isinstance(clause.name.name, cst.Name) else ""
        notice = _notice(handler, module, acts[0], "failure")
        if notice is not None and _is_status(handler, notice, named):
            yield replace(notice, raises=handler.effects.raises(module, clause.body))


def _of_end(handler: Handler, module: PythonModule, body: cst.BaseSuite) -> Iterator[Notice]:
    """The last statement that does something, where other work was done before it."""
    statements = list(body.body)
    while statements:
        acting = [each for each in statements if handler.effects.total(module, each) >= Effect.UNKNOWN]
        if not acting:
            return
        last = acting[-1]
        if isinstance(last, (cst.Try, cst.TryStar, cst.With)):
            if isinstance(last, (cst.Try, cst.TryStar)) and last.orelse is not None:
                return
            statements = [*acting[:-1], *last.body.body]
            continue
        if isinstance(last, cst.If) and last.orelse is None and _is_configured(handler, module, last.test):
            statements = [*acting[:-1], *last.body.body]
            continue
        call = _only_call(handler, module, last)
        if call is None or not _does_work(handler, module, acting[:-1]):
            return
        notice = _notice(handler, module, call, "success")
        if notice is not None and _is_status(handler, notice):
            yield notice
        return


def _is_configured(handler: Handler, module: PythonModule, test: cst.BaseExpression) -> bool:
    """Whether a test only asks for configuration: `if TOPIC_ARN:`"""
    symbol = handler.evaluator.value(module, test)
    return all(isinstance(option, (EnvVar, Constant)) for option in alternatives(symbol))


def _only_call(handler: Handler, module: PythonModule, statement: cst.CSTNode) -> cst.Call | None:
    """The call of a plain statement, where no other in it does anything."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return None
    acts = [call for call, effect in handler.effects.within(module, statement) if effect >= Effect.UNKNOWN]
    return acts[0] if len(acts) == 1 else None


def _does_work(handler: Handler, module: PythonModule, statements: Sequence[cst.CSTNode]) -> bool:
    """Whether something is done that is no notice itself."""
    for statement in statements:
        for call, effect in handler.effects.within(module, statement):
            if effect >= Effect.UNKNOWN and _notice(handler, module, call, "success") is None:
                return True
    return False


def _notice(
    handler: Handler, module: PythonModule, node: cst.Call, when: Literal["success", "failure"]
) -> Notice | None:
    """What a call tells: itself, or the one call of a helper that does something."""
    made = handler.effects.aws(node)
    where: PythonModule = module
    if not made:
        functions = handler.effects.functions(module, node)
        if len(functions) != 1:
            return None
        where = functions[0].module
        inner = [
            call
            for call, effect in handler.effects.within(where, functions[0].node.body)
            if effect >= Effect.UNKNOWN
        ]
        made = handler.effects.aws(inner[0]) if len(inner) == 1 else ()
    if len({(call.service, call.operation) for call in made}) != 1:
        return None
    call = made[0]
    name = _DESTINATIONS.get((call.service, call.operation))
    if name is None or not _can_be_destination(handler, call):
        return None
    return Notice(when, module, node, call, name)


def _can_be_destination(handler: Handler, call: AwsCall) -> bool:
    if call.argument("MessageAttributes") is not None:
        return False  # subscribers may filter by them, and a destination sends none
    if call.service == "lambda" and invocation_type(handler.evaluator, call) != "Event":
        return False
    target = handler.target(call)
    if ".fifo" in (target.literal or "") or ".fifo" in render(target.value):
        return False
    resource = target.resource
    reference = target.reference
    if resource is None and reference is not None and handler.functions:
        resource = handler.functions[0].template.resources.get(reference.logical_id)
    return resource is None or not (_is_fifo(resource) or _is_for_people(resource))


def _is_fifo(resource: Resource) -> bool:
    return any(
        isinstance(found.value, Known) and str(found.value.value).lower() == "true"
        for name in ("FifoQueue", "FifoTopic")
        for found in resource.get(name)
    )


def _is_for_people(resource: Resource) -> bool:
    """Whether a topic goes to people only, for whom the record of a destination is no text to read."""
    if resource.type != "AWS::SNS::Topic":
        return False
    template = resource.template
    protocols = [
        found.value
        for holder in template.items(resource.get("Subscription"))
        for found in template.step([holder], "Protocol")
    ]
    for subscription in template.of_type("AWS::SNS::Subscription"):
        if any(resource.logical_id in render(found.value) for found in subscription.get("TopicArn")):
            protocols.extend(found.value for found in subscription.get("Protocol"))
    known = {value.value if isinstance(value, Known) else None for value in protocols}
    return bool(known) and known <= _PEOPLE


def _is_status(handler: Handler, notice: Notice, error: str = "") -> bool:
    """Whether a message tells how it went: by the exception, or by words such as "failed" and "complete"."""
    call = notice.call
    texts = [_message(handler, call.module, call.node)]
    if notice.node is not call.node:
        texts.append(_message(handler, notice.module, notice.node))
    names = {each.value for each in own_nodes(notice.node) if isinstance(each, cst.Name)}
    return bool(error and error in names) or any(_TELLS[notice.when].search(text) for text in texts)


def _message(handler: Handler, module: PythonModule, node: cst.Call, depth: int = 0) -> str:
    """The constant text in the arguments of a call, variables of the same function included."""
    found: list[str] = []
    for each in own_nodes(node):
        if isinstance(each, cst.SimpleString):
            found.append(each.raw_value)
        elif isinstance(each, cst.FormattedStringText):
            found.append(each.value)
        elif isinstance(each, cst.Name) and depth < 2:
            for binding in module.names.lookup(each):
                if binding.value is not None and binding.scope is not module.names.module_scope:
                    found.append(_message(handler, module, binding.value, depth + 1))  # type: ignore[arg-type]
    return " ".join(found)
