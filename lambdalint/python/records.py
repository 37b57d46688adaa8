"""The records of an event: which expressions are the list of them, and which loops go over them.

SQS, Kinesis, DynamoDB, S3 and SNS send `Records`, Kafka `records` by topic and partition, ActiveMQ
`messages`, RabbitMQ `rmqMessagesByQueue`, DocumentDB `events`. Powertools' data classes call them `records`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.symbols import External, FromEvent, Instance, Member, Symbol, alternatives

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

Step = str | int | None

_LISTS = frozenset({"Records", "messages", "events", ".records"})
_BY_NAME = frozenset({"records", "rmqMessagesByQueue"})
_DATA_CLASSES = "aws_lambda_powertools.utilities.data_classes."
# Calls that hand on the items of an argument, one by one: its position.
_SAME_ITEMS = {"builtins.enumerate": 0, "builtins.filter": 1, "tqdm.tqdm": 0}


def depth(path: tuple[Step, ...]) -> int | None:
    """How many steps of a path into the event lead to the list of records; None where it leads elsewhere."""
    if path[:1] and path[0] in _LISTS:
        return 1
    if len(path) > 1 and path[0] in _BY_NAME:
        return 2
    return None


def is_list(symbol: Symbol) -> bool:
    """Whether a symbol is the list of an event's records."""
    if isinstance(symbol, FromEvent):
        return not symbol.steps and depth(symbol.path) == len(symbol.path)
    if isinstance(symbol, Member) and symbol.name == "records":
        base = symbol.base
        if isinstance(base, Instance):
            return base.qualified.startswith(_DATA_CLASSES)
        return isinstance(base, FromEvent) and not base.path
    return False


def is_list_expression(
    evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression, nested: int = 0
) -> bool:
    """Whether an expression gives the records one by one, perhaps each as something else."""
    if any(is_list(option) for option in alternatives(evaluator.value(module, expr))):
        return True
    if nested > 3:
        return False
    if isinstance(expr, (cst.ListComp, cst.GeneratorExp)):
        return is_list_expression(evaluator, module, expr.for_in.iter, nested + 1)
    if isinstance(expr, cst.Name):
        return any(
            binding.value is not None and is_list_expression(evaluator, module, binding.value, nested + 1)
            for binding in module.names.lookup(expr)
        )
    if isinstance(expr, cst.Call) and expr.args:
        function = evaluator.value(module, expr.func)
        position = _SAME_ITEMS.get(function.qualified) if isinstance(function, External) else None
        if position is not None and position < len(expr.args):
            return is_list_expression(evaluator, module, expr.args[position].value, nested + 1)
    return False


def loops(evaluator: Evaluator, reach: Reach) -> Iterator[tuple[PythonModule, cst.For]]:
    """The `for` statements within reach that go over the records of an event."""
    for module in reach.modules:
        for loop in module.nodes(cst.For):
            if reach.phase(module, loop) is not None and is_list_expression(evaluator, module, loop.iter):
                yield module, loop
