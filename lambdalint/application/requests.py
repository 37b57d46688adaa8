"""Whether a handler answers somebody who waits: a client of an API, a function URL or a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.index import Index

if TYPE_CHECKING:
    from lambdalint.application.application import Handler

__all__ = ["answers_requests"]

_REQUESTS = frozenset({"ALB", "Api", "FunctionUrl", "HttpApi"})


def answers_requests(handler: Handler) -> bool:
    """By its triggers; where no template gives any, by a reply with a status code."""
    if handler.functions:
        return any(trigger.source in _REQUESTS for trigger in handler.triggers)
    return any(_is_reply(value) for value in Index.of(handler.module).returns.get(id(handler.node), ()))


def _is_reply(value: cst.BaseExpression | None) -> bool:
    if not isinstance(value, cst.Dict):
        return False
    keys = [element.key for element in value.elements if isinstance(element, cst.DictElement)]
    return any(isinstance(key, cst.SimpleString) and key.raw_value == "statusCode" for key in keys)
