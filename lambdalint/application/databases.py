"""Functions that connect to relational databases: where to, and how many may do so at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.application.database_proxies import leads_to_proxy
from lambdalint.application.modes import Invocation, invocations
from lambdalint.python.connections import Factory, server_calls
from lambdalint.template.identity import render
from lambdalint.template.triggers import Mode
from lambdalint.template.values import Path, Reference, Text, Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.finding import Label
    from lambdalint.python.module import PythonModule
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.values import Value

_SERVERS = frozenset({"AWS::RDS::DBInstance", "AWS::RDS::DBCluster"})
_HOST = re.compile(r"\.rds\.amazonaws\.com(?:\.cn)?\b")
# They invoke a function once at a time, or hardly more often.
_SINGLE = frozenset({"Schedule", "ScheduleV2", "CustomResource", "CodePipeline", "Config", "SecretsManager"})


@dataclass(frozen=True, eq=False)
class Connects:
    """A call that connects to a database server, with no proxy in sight."""

    module: PythonModule
    call: cst.Call
    factory: Factory


def connects(handler: Handler) -> Connects | None:
    """The first call of a handler's reach that connects to a server itself; None where a proxy may be in
    between."""
    for module, call, factory in server_calls(handler.evaluator, handler.reach):
        return None if leads_to_proxy(handler, module, call) else Connects(module, call, factory)
    return None


def connecting(application: Application) -> Iterator[tuple[Handler, LambdaFunction, Connects]]:
    """The functions of an application that connect to a server themselves, each with its first call."""
    for handler in application.handlers:
        found = connects(handler) if handler.functions else None
        if found is not None:
            yield from ((handler, function, found) for function in handler.functions)


def rds_server(handler: Handler, function: LambdaFunction, found: Connects) -> Path | str:
    """What shows that the server is one of RDS: the path of a variable that leads to a database of the
    template, or a host's name in code; "" where nothing does."""
    text = found.module.tree.code_for_node(found.call)
    if _HOST.search(text):
        return "host"
    environment = function.environment
    for outcomes in () if isinstance(environment, Unknown) else environment.values():
        for outcome in outcomes:
            if _leads_to_server(function, outcome.value):
                return outcome.path
    return ""


def _leads_to_server(function: LambdaFunction, value: Value) -> bool:
    references = value.references if isinstance(value, Text) else (value,)
    for reference in references:
        if isinstance(reference, Reference) and reference.logical_id in function.template.resources:
            kind = function.template.resources[reference.logical_id].type
            if kind in _SERVERS and (reference.attribute or "").startswith(("Endpoint", "MasterUserSecret")):
                return True
    return _HOST.search(render(value)) is not None


def unbounded(application: Application, function: LambdaFunction) -> Invocation | None:
    """What can invoke many instances of a function at once with nothing to bound them; None where nothing
    in sight can."""
    if function.property("ReservedConcurrentExecutions"):
        return None
    return next(_crowds(application, function), None)


def runs_alone(application: Application, function: LambdaFunction) -> bool:
    """Whether all that invokes a function does so once at a time, or hardly more often."""
    found = invocations(application, function)
    return bool(found) and all(each.trigger is not None and each.trigger.source in _SINGLE for each in found)


def _crowds(application: Application, function: LambdaFunction) -> Iterator[Invocation]:
    for each in invocations(application, function):
        trigger = each.trigger
        if trigger is None or trigger.source in _SINGLE or each.mode in (Mode.STREAM, Mode.UNKNOWN):
            continue  # a stream has as many as it has shards
        if each.mode is Mode.QUEUE and trigger.option("ScalingConfig", "MaximumConcurrency"):
            continue
        yield each


def label_of(found: Connects, message: str) -> Label:
    """A related label at the call that connects."""
    from lambdalint.finding import Role

    return found.module.label(found.call, message, Role.RELATED)
