"""DynamoDB's expressions: the names, placeholders and conditions in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python.symbols import Display, Instance, Literal, given

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule

__all__ = ["KeyCondition", "is_reserved", "key_condition", "names_in", "placeholders_in"]

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
_FUNCTIONS = frozenset(
    {
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
        "contains",
        "if_not_exists",
        "list_append",
        "size",
    }
)
_WORDS = frozenset({"add", "and", "between", "delete", "in", "not", "or", "remove", "set"})
_TOKEN = re.compile(r"[#:]?[A-Za-z_][A-Za-z0-9_]*|[#:][A-Za-z0-9_]+|\d+(?:\.\d+)?|\S")
_PLACEHOLDER = re.compile(r"[#:][A-Za-z0-9_]+")


def placeholders_in(expression: str) -> frozenset[str]:
    """The placeholders in an expression: `#name` and `:value`."""
    return frozenset(_PLACEHOLDER.findall(expression))


def names_in(expression: str) -> Iterator[str]:
    """The names of attributes that stand bare in an expression, those within paths too."""
    tokens = _TOKEN.findall(expression)
    for position, token in enumerate(tokens):
        if not (token[0].isalpha() or token[0] == "_"):
            continue
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        if following == "(" and token.lower() in _FUNCTIONS:
            continue
        within_path = position > 0 and tokens[position - 1] == "."
        if token.lower() in _WORDS and not within_path and not _is_operand(following):
            continue
        yield token


def _is_operand(following: str) -> bool:
    """Whether the word before this token is an attribute that is called like a keyword."""
    return following in ("=", "<", ">", ".", "[")


def is_reserved(name: str) -> bool:
    """Whether DynamoDB refuses the name bare in an expression."""
    return name.upper() in _reserved()


@cache
def _reserved() -> frozenset[str]:
    return frozenset(load("dynamodb_reserved_words.toml")["words"].split())


# Key conditions


@dataclass(frozen=True)
class KeyCondition:
    """What a KeyConditionExpression asks for: attributes that equal a value, and those in a range."""

    equal: frozenset[str]
    ranged: frozenset[str]

    def __or__(self, other: KeyCondition) -> KeyCondition:
        return KeyCondition(self.equal | other.equal, self.ranged | other.ranged)


_RANGES = frozenset({"begins_with", "between", "gt", "gte", "lt", "lte"})
_CLAUSE = re.compile(
    r"begins_with\s*\(\s*(?P<begins>#?\w+)|(?P<name>#?\w+)\s*(?P<operator><=|>=|=|<|>|between\b)",
    re.IGNORECASE,
)


def key_condition(evaluator: Evaluator, call: AwsCall) -> KeyCondition | None:
    """The key condition of a query; None where it cannot be told."""
    found = call.arguments.get("KeyConditionExpression")
    return _condition(evaluator, call, *found, depth=0) if found is not None else None


def _condition(
    evaluator: Evaluator, call: AwsCall, module: PythonModule, expr: cst.BaseExpression, depth: int
) -> KeyCondition | None:
    if depth > 6:
        return None
    if isinstance(expr, cst.BinaryOperation) and isinstance(expr.operator, cst.BitAnd):
        sides = [_condition(evaluator, call, module, side, depth + 1) for side in (expr.left, expr.right)]
        return sides[0] | sides[1] if sides[0] is not None and sides[1] is not None else None
    if isinstance(expr, cst.Name):
        bindings = evaluator.reaching(module, expr)
        if len(bindings) == 1 and bindings[0].value is not None:
            return _condition(evaluator, call, module, bindings[0].value, depth + 1)
    symbol = evaluator.value(module, expr)
    if isinstance(symbol, Literal) and isinstance(symbol.value, str):
        return _written(evaluator, call, symbol.value)
    if isinstance(symbol, Instance) and symbol.origin is not None:
        return _built(evaluator, symbol)
    return None


def _built(evaluator: Evaluator, condition: Instance) -> KeyCondition | None:
    """`Key("name").eq(value)`."""
    origin = condition.origin
    if origin is None or origin.qualified != "boto3.dynamodb.conditions.Key":
        return None
    name = evaluator.arguments(origin.module, origin.node).get(0, "name")
    # A name that is not known is some attribute of its own.
    known = str(name.value) if isinstance(name, Literal) else f"?{id(origin.node)}"
    method = condition.qualified.rpartition(".")[2]
    if method == "eq":
        return KeyCondition(frozenset({known}), frozenset())
    return KeyCondition(frozenset(), frozenset({known})) if method in _RANGES else None


def _written(evaluator: Evaluator, call: AwsCall, text: str) -> KeyCondition | None:
    equal: set[str] = set()
    ranged: set[str] = set()
    for match in _CLAUSE.finditer(text):
        name = _attribute(evaluator, call, match["begins"] or match["name"])
        (equal if match["operator"] == "=" else ranged).add(name)
    return KeyCondition(frozenset(equal), frozenset(ranged)) if equal or ranged else None


def _attribute(evaluator: Evaluator, call: AwsCall, name: str) -> str:
    """The attribute that a name in an expression means."""
    named = call.arguments.get("ExpressionAttributeNames")
    if not name.startswith("#") or named is None:
        return name
    for option in given(evaluator.value(*named)):
        found = evaluator.item(option, name) if isinstance(option, Display) else None
        if isinstance(found, Literal):
            return str(found.value)
    return name
