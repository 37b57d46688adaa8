"""error-detail-in-reply: the text of an exception goes to the client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.finding import Finding, Label, Role
from lambdalint.python.details import Detail, details, is_broad, is_own
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.kinds import Made, Part
    from lambdalint.python.returns import Reply

# What only events of HTTP have; without a template, nothing else tells who calls.
_REQUEST = re.compile(
    r"[\"'](?:httpMethod|pathParameters|queryStringParameters|rawPath)[\"']\s*[,\])]"
    r"|\bevent(?:\[|\.get\()[\"'](?:body|headers|requestContext)[\"']"
)
# Members of HTTPStatus.
_CLIENTS_FAULTS = frozenset(
    {
        "BAD_REQUEST",
        "CONFLICT",
        "FORBIDDEN",
        "GONE",
        "METHOD_NOT_ALLOWED",
        "NOT_ACCEPTABLE",
        "NOT_FOUND",
        "PRECONDITION_FAILED",
        "TOO_MANY_REQUESTS",
        "UNAUTHORIZED",
        "UNPROCESSABLE_CONTENT",
        "UNPROCESSABLE_ENTITY",
        "UNSUPPORTED_MEDIA_TYPE",
    }
)
_HTTP = frozenset({"ALB", "Api", "FunctionUrl", "HttpApi"})


class ErrorDetailInReply(Rule):
    """The text of an exception goes to the client.

    **Why**

    What an exception says is written for whoever mends the code: names of tables and hosts, queries, paths,
    account numbers. Whoever calls the API learns from it how the system is built and what breaks it, and the
    text changes with every version of a library. The place for it is the log; the client needs a status, a
    text that does not change and perhaps the request's id.

    **Bad**

    ```python title=src/app.py
    import json

    import boto3

    table = boto3.resource("dynamodb").Table("orders")


    def handler(event, context):
        try:
            table.put_item(Item=json.loads(event["body"]))
        except Exception as error:
            return {"statusCode": 500, "body": json.dumps({"error": str(error)})}
        return {"statusCode": 201}
    ```

    **Good**

    ```python title=src/app.py
    import json
    import logging

    import boto3

    logger = logging.getLogger()
    table = boto3.resource("dynamodb").Table("orders")


    def handler(event, context):
        try:
            table.put_item(Item=json.loads(event["body"]))
        except Exception:
            logger.exception("cannot store the order")
            return {"statusCode": 500, "body": json.dumps({"request": context.aws_request_id})}
        return {"statusCode": 201}
    ```

    **Limits**

    Opt-in: some APIs are for people who may see it, and the code cannot tell. Looks at what a handler returns
    with a statusCode, or returns at all behind an HTTP API or a function URL; not at routes of frameworks and
    resolvers. Without a template, the code must read what only a request has. Leaves alone exceptions of the
    application's own classes, which say what their author wrote, and, in answers with a status of 4xx, others
    that are caught by name, such as ValueError.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    - https://owasp.org/www-community/Improper_Error_Handling
    - https://cwe.mitre.org/data/definitions/209.html
    """

    name = "error-detail-in-reply"
    severity = "info"
    reads = "code"
    default = False

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        if not _may_answer(handler):
            return
        seen: set[int] = set()
        for reply in handler.replies:
            for detail in _details(handler, reply):
                mistake = id(detail.clause or detail.node)
                if mistake in seen:
                    continue
                seen.add(mistake)
                yield self.finding(
                    f"`{handler.name}` tells its client {_what(detail)}",
                    detail.module.label(detail.node, "the text goes into the answer"),
                    *_labels(reply, detail),
                    help="log it, and answer with a text of your own and the request's id",
                    functions=handler.ids,
                )


def _may_answer(handler: Handler) -> bool:
    """Whether clients may call it, and it catches anything at all."""
    if not any("except" in module.source.text for module in handler.reach.modules):
        return False
    if handler.functions:
        return any(trigger.source in _HTTP for trigger in handler.triggers)
    return _REQUEST.search(handler.module.source.text) is not None


def _details(handler: Handler, reply: Reply) -> Iterator[Detail]:
    infers = any(trigger.source in ("FunctionUrl", "HttpApi") for trigger in handler.triggers)
    for made in reply.made:
        parts = list(handler.kinds.parts(made)) if made.kind == "dict" else []
        status = next((part for part in parts if part.key == "statusCode"), None)
        if status is None and not infers:
            continue
        for part in parts:
            if status is None or part.key == "body":
                yield from _in_part(handler, part, _is_clients_fault(handler, status))


def _in_part(handler: Handler, part: Part, clients_fault: bool) -> Iterator[Detail]:
    for detail in details(handler.kinds, part.module, part.value, part.within):
        if is_own(handler.kinds, detail) or (clients_fault and not is_broad(detail)):
            continue
        yield detail


def _is_clients_fault(handler: Handler, status: Part | None) -> bool:
    if status is None:
        return False
    found = handler.kinds.of(status.module, status.value, status.within)
    return bool(found) and all(_is_4xx(made) for made in found)


def _is_4xx(made: Made) -> bool:
    node = made.node
    if isinstance(node, cst.Attribute) and node.attr.value == "value":
        node = node.value
    if isinstance(node, cst.Attribute):
        return node.attr.value in _CLIENTS_FAULTS
    return isinstance(node, cst.Integer) and 400 <= node.evaluated_value < 500


def _what(detail: Detail) -> str:
    return "the trace of an exception" if detail.trace else "what an exception says"


def _labels(reply: Reply, detail: Detail) -> Iterator[Label]:
    if detail.clause is not None and detail.clause.type is not None:
        yield detail.module.label(detail.clause.type, "the exception is caught here", Role.RELATED)
    if detail.module is not reply.module or not reply.module.contains(reply.node, detail.node):
        yield reply.module.label(reply.node, "it is returned here", Role.RELATED)
