"""Names of the template's own tables, buckets, queues and topics that stand in code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.index import Index
from lambdalint.python.written import where_written

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.module import PythonModule
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource

_KINDS = {"dynamodb": "table", "s3": "bucket", "sqs": "queue", "sns": "topic"}
# Methods of SDK resources that take a name, as boto3 has them.
_OBJECTS = frozenset(
    {
        "Bucket",
        "Object",
        "Queue",
        "Table",
        "Topic",
        "get_queue_by_name",
        "ObjectSummary",
        "BucketNotification",
    }
)


@dataclass(frozen=True, eq=False)
class FixedName:
    """A literal that names a resource of the template."""

    kind: str
    name: str
    resource: Resource
    module: PythonModule
    node: cst.CSTNode
    function: LambdaFunction


def fixed_names(handler: Handler) -> Iterator[FixedName]:
    """The literals by which a handler's calls name resources that its template defines, each once."""
    seen: set[int] = set()
    for call in handler.calls:
        kind = _KINDS.get(call.service)
        if kind is None or call.target.kind != "literal":
            continue
        for function in handler.functions:
            resource = handler.target(call, function).resource
            if resource is None:
                continue
            for module, expr in _named(handler, call):
                home, node = where_written(handler.evaluator, module, expr)
                if id(node) not in seen and isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
                    seen.add(id(node))
                    yield FixedName(kind, call.target.value, resource, home, node, function)


def _named(handler: Handler, call: AwsCall) -> Iterator[tuple[PythonModule, cst.BaseExpression]]:
    """The expressions that give the call its target: its argument, or that of the object it is made on."""
    if call.target.node is not None:
        yield call.module, call.target.node
        return
    wanted = symbols.Literal(call.target.value)
    for module in handler.reach.modules:
        if call.target.value not in module.source.text and module is not call.module:
            continue
        for _, calls in Index.of(module).calls:
            for made in calls:
                func = made.func
                if isinstance(func, cst.Attribute) and func.attr.value in _OBJECTS and made.args:
                    first = made.args[0].value
                    if handler.evaluator.value(module, first) == wanted:
                        yield module, first
