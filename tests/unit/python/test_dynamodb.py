"""DynamoDB's expressions."""

from __future__ import annotations

import pytest

from lambdalint.python.dynamodb import is_reserved, key_condition, names_in, placeholders_in

from .analysis import analyse

HEAD = "import boto3\nfrom boto3.dynamodb.conditions import Key\nt = boto3.resource('dynamodb').Table('t')\n"


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("SET #n = :n, age = age + :one", ["age", "age"]),
        ("set age = if_not_exists(age, :zero) REMOVE items[0].name", ["age", "age", "items", "name"]),
        ("attribute_exists(id) AND NOT begins_with(sk, :p)", ["id", "sk"]),
        ("size(tags) BETWEEN :a AND :b OR state IN (:x, :y)", ["tags", "state"]),
        ("id, #n, details.size", ["id", "details", "size"]),
        ("ADD visits :one DELETE tags :t", ["visits", "tags"]),
        ("SET size = :s", ["size"]),
        ("contains(contains, :x)", ["contains"]),
        ("amount > :v0", ["amount"]),
    ],
)
def test_bare_names(expression: str, names: list[str]) -> None:
    assert list(names_in(expression)) == names


def test_placeholders() -> None:
    assert placeholders_in("SET #a.#b1 = :v, c=:w2") == {"#a", "#b1", ":v", ":w2"}


def test_reserved_words() -> None:
    assert is_reserved("name")
    assert is_reserved("Status")
    assert not is_reserved("customer")


@pytest.mark.parametrize(
    ("arguments", "equal", "ranged"),
    [
        ("KeyConditionExpression=Key('a').eq(1)", {"a"}, set()),
        ("KeyConditionExpression=Key('a').eq(1) & Key('b').begins_with('x')", {"a"}, {"b"}),
        ("KeyConditionExpression=(Key('a').eq(1)) & (Key('b').eq(2))", {"a", "b"}, set()),
        ("KeyConditionExpression='a = :a AND b BETWEEN :x AND :y'", {"a"}, {"b"}),
        ("KeyConditionExpression='a = :a and begins_with(b, :b)'", {"a"}, {"b"}),
        (
            "KeyConditionExpression='#a = :a AND #b >= :b', "
            "ExpressionAttributeNames={'#a': 'pk', '#b': 'sk'}",
            {"pk"},
            {"sk"},
        ),
    ],
)
def test_key_conditions(arguments: str, equal: set[str], ranged: set[str]) -> None:
    found = analyse(f"{HEAD}def handler(event, context):\n    t.query({arguments})\n")
    (call,) = found.calls
    condition = key_condition(found.evaluator, call)
    assert condition is not None
    assert set(condition.equal) == equal
    assert set(condition.ranged) == ranged


@pytest.mark.parametrize(
    "arguments", ["KeyConditionExpression=event['c']", "IndexName='i'", "KeyConditionExpression=f'{event}'"]
)
def test_key_conditions_that_are_not_known(arguments: str) -> None:
    found = analyse(f"{HEAD}def handler(event, context):\n    t.query({arguments})\n")
    (call,) = found.calls
    assert key_condition(found.evaluator, call) is None


def test_a_condition_by_name() -> None:
    body = "    c = Key('a').eq(1)\n    c = c & Key('b').gt(2)\n    t.query(KeyConditionExpression=c)\n"
    found = analyse(f"{HEAD}def handler(event, context):\n{body}")
    (call,) = found.calls
    condition = key_condition(found.evaluator, call)
    assert condition is not None
    assert condition.equal == {"a"}
    assert condition.ranged == {"b"}
