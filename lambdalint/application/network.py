"""What a handler asks of others over the network on an invocation: the time that takes is not its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.finding import FunctionId, Label, Role
from lambdalint.python.connections import opened_anew
from lambdalint.python.reach import Phase
from lambdalint.python.requests import is_request, may_request

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.module import PythonModule

__all__ = ["NetworkCall", "network_call"]


@dataclass(frozen=True, eq=False)
class NetworkCall:
    """A call that waits for somebody else; `what` names it for a message."""

    what: str
    module: PythonModule
    node: cst.CSTNode

    def label(self, message: str, function: FunctionId | None = None) -> Label:
        """At the call, as a proof."""
        return self.module.label(self.node, message, Role.RELATED, function)


def network_call(handler: Handler) -> NetworkCall | None:
    """The first of what an invocation asks of others: an AWS service, a web server, a database; None where it
    asks nobody, as far as can be told."""
    return _of_aws(handler) or _of_http(handler) or _of_databases(handler)


def _of_aws(handler: Handler) -> NetworkCall | None:
    for call in handler.calls:
        signs_only = call.interface == "presign"
        if not signs_only and handler.reach.phase(call.module, call.node) is Phase.INVOKE:
            return NetworkCall(f"`{call.api}`", call.module, call.node)
    return None


def _of_http(handler: Handler) -> NetworkCall | None:
    for module in handler.reach.modules:
        for node in module.nodes(cst.Call) if may_request(module) else ():
            if handler.reach.phase(module, node) is Phase.INVOKE and is_request(
                handler.evaluator, module, node
            ):
                return NetworkCall("an HTTP request", module, node)
    return None


def _of_databases(handler: Handler) -> NetworkCall | None:
    for connection in handler.connections:
        if connection.uses:
            use = connection.uses[0]
            return NetworkCall(f"a {connection.factory.what}", use.module, use.node)
    for opened in opened_anew(handler.evaluator, handler.reach, handler.lifetimes, ()):
        return NetworkCall(f"a {opened.factory.what}", opened.module, opened.call)
    return None
