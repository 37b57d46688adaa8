"""Whether a handler names the failed records of a batch in its answer.

Lambda reads `batchItemFailures` of the answer where the mapping declares ReportBatchItemFailures: see
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html and its like for streams.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import libcst as cst

from lambdalint.python import library
from lambdalint.python.index import Index
from lambdalint.python.symbols import (
    Display,
    EnvVar,
    External,
    Function,
    Instance,
    Partial,
    Symbol,
    Text,
    alternatives,
)
from lambdalint.python.symbols import Literal as Constant
from lambdalint.python.syntax import decorator_name
from lambdalint.python.traces import REPORT_KEY

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.module import PythonModule

_BATCH_UTILITY = "aws_lambda_powertools.utilities.batch"
_ANSWERS = re.compile(r"(?:process_partial_response(?:_base)?|\.response)$")
_MENTION = re.compile(r"batch_?item_?failures|" + re.escape(_BATCH_UTILITY), re.IGNORECASE)
# Decorators that hand on what the handler returns.
_HARMLESS = (
    *library.HARMLESS_DECORATORS,
    *library.HARMLESS_PREFIXES,
    *library.VALIDATION_PREFIXES,
    library.EVENT_SOURCE,
    library.IDEMPOTENCY_PREFIX,
    _BATCH_UTILITY,
)


@dataclass(frozen=True)
class Report:
    """Whether a handler reports: "always empty" where it names no record whatever happens. `node` is the
    answer that names failed records."""

    answer: Literal["yes", "no", "always empty", "unknown"]
    module: PythonModule | None = None
    node: cst.CSTNode | None = None


_UNKNOWN = Report("unknown")


def report(handler: Handler) -> Report:
    """Whether the handler names failed records in its answer."""
    if not isinstance(handler.node, cst.FunctionDef):
        return _UNKNOWN
    returned = Index.of(handler.module).returns.get(id(handler.node), ())
    found = [_of_answer(handler, value) for value in returned if value is not None]
    named = next((each for each in found if each.answer == "yes"), None)
    if named is not None:
        return named
    if any(each.answer == "unknown" for each in found) or not all(_hands_on(handler)):
        return _UNKNOWN
    empty = next((each for each in found if each.answer == "always empty"), None)
    if empty is not None:
        return empty
    constant = all(isinstance(value, cst.Name) and value.value == "None" for value in returned if value)
    if not constant and any(module.mentions(_MENTION) for module in handler.reach.modules):
        return _UNKNOWN  # it may come into the answer in a way that is not seen
    return Report("no")


def _of_answer(handler: Handler, value: cst.BaseExpression) -> Report:
    options = alternatives(handler.evaluator.value(handler.module, value))
    answers = {_of_symbol(handler, option, value) for option in options}
    for answer in ("yes", "unknown", "always empty"):
        if answer in answers:
            return Report(answer, handler.module, value)
    return Report("no")


def _of_symbol(handler: Handler, symbol: Symbol, value: cst.BaseExpression) -> str:
    if isinstance(symbol, (Constant, Text, EnvVar)):
        return "no"
    if isinstance(symbol, Instance):
        known = symbol.root.qualified.startswith(_BATCH_UTILITY) and _ANSWERS.search(symbol.qualified)
        return "yes" if known else "unknown"
    if not isinstance(symbol, Display):
        return "unknown"
    if not isinstance(symbol.node, (cst.Dict, cst.Call)):
        return "no"
    named = handler.evaluator.item(symbol, REPORT_KEY)
    if named is None:
        return "no" if handler.evaluator.items(symbol) is not None else "unknown"
    # A list that is written empty may be filled under its key later.
    once = symbol.module.source.text.count(REPORT_KEY) == 1 or symbol.node is value
    return "always empty" if once and _is_written_empty(symbol.node) else "yes"


def _is_written_empty(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Dict) and any(
        isinstance(element, cst.DictElement)
        and isinstance(element.key, cst.SimpleString)
        and element.key.raw_value == REPORT_KEY
        and isinstance(element.value, cst.List)
        and not element.value.elements
        for element in node.elements
    )


def _hands_on(handler: Handler) -> Iterator[bool]:
    """For each decorator: whether it hands on the answer as it is."""
    decorators: Sequence[cst.Decorator] = handler.node.decorators  # type: ignore[attr-defined]
    for decorator in decorators:
        expr = decorator.decorator
        func = expr.func if isinstance(expr, cst.Call) else expr
        symbol = handler.evaluator.value(handler.module, func)
        if isinstance(symbol, (Function, Partial)):
            yield True  # its text was searched
        elif isinstance(symbol, External):
            yield symbol.qualified.startswith(_HARMLESS)
        else:
            yield decorator_name(decorator) in library.HARMLESS_DECORATOR_METHODS
