"""Our grammar of policies beside that of cfn-lint (E3510), so that neither drifts from the other unseen.

Both judge the same documents. Where they differ, the difference has a name here and a reason, and it must
still be there: a difference that cfn-lint has mended is to be taken out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.application.policy_grammar import Mistake, mistakes
from lambdalint.source import SourceFile
from lambdalint.template.grants import role_documents
from lambdalint.template.template import load

Statement = dict[str, Any]
RIGHT: Statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}


def ours(document: object) -> list[Mistake]:
    """What lambdalint says of a document in a SAM function's policies."""
    properties = {"Handler": "app.handler", "CodeUri": "src/", "Policies": [document]}
    data = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": properties}},
    }
    template = load(SourceFile(PurePosixPath("template.json"), json.dumps(data)))
    return [mistake for found, _ in role_documents(template) for mistake in mistakes(template, found.content)]


@cache
def _rule() -> tuple[Any, Any]:
    from cfnlint.context import create_context_for_template
    from cfnlint.jsonschema import CfnTemplateValidator
    from cfnlint.rules.resources.iam.IdentityPolicy import IdentityPolicy
    from cfnlint.template.template import Template

    untyped: Any = (Template, CfnTemplateValidator, create_context_for_template, IdentityPolicy)
    make_template, make_validator, make_context, make_rule = untyped
    template = make_template("", {"Resources": {}}, ["us-east-1"])
    return make_validator({}).evolve(cfn=template, context=make_context(template)), make_rule()


def theirs(document: object) -> list[str]:
    """What cfn-lint's rule for identity policies says of it."""
    validator, rule = _rule()
    return [error.message for error in rule.validate(validator, None, document, {})]


def of(**changes: Any) -> Statement:
    """The right statement with other elements; None takes one away."""
    changed = {**RIGHT, **changes}
    return {key: value for key, value in changed.items() if value is not None}


def document(*statements: object, **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


# -- the same verdict ----------------------------------------------------------------------------------------

BOTH_TAKE = [
    of(),
    of(Effect="Deny"),
    of(Action=["s3:Get*", "s3:PutObject"], Resource=["*", "arn:aws:s3:::a"]),
    of(Action="*", Resource="*"),
    of(Action=None, NotAction="iam:*"),
    of(Resource=None, NotResource="arn:aws:s3:::a/*"),
    of(Sid="ReadIt1"),
    of(Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}}),
    of(Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["a", "b*"]}}),
    of(Condition={"BoolIfExists": {"aws:SecureTransport": "true"}, "Null": {"aws:TokenIssueTime": "false"}}),
    of(Condition={"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}),
    of(Resource="arn:aws:sns:eu-west-1:123456789012:topic"),
    of(Resource="arn:aws-cn:sqs:*:*:queue"),
    of(Resource="arn:aws:iam::aws:policy/service-role/X"),
    of(Resource="arn:*:s3:::bucket"),
    of(Action="dynamodb:Get*", Resource="arn:aws:dynamodb:*"),
]
BOTH_REFUSE = [
    of(Effect="Alow"),
    of(Effect="allow"),
    of(Effect=None),
    of(Action=None),
    of(Resource=None),
    of(NotAction="s3:PutObject"),
    of(NotResource="*"),
    of(Principal="*"),
    of(Actions="s3:GetObject"),
    of(Conditions={}),
    of(Sid="read it"),
    of(Sid="read-it"),
    of(Action=[]),
    of(Condition={"StringEqual": {"aws:SourceAccount": "1"}}),
    of(Condition={"aws:SourceAccount": "1"}),
    of(Condition="InProduction"),
    of(Resource="bucket"),
    of(Resource="arn:aws:s3::bucket/*"),
    of(Resource="arn:aws:s3:::"),
    of(Resource="arn:aws:sns:eu-west-1:12345:topic"),
    of(Resource="arn:awz1:s3:::bucket"),
    of(Resource="arn:aws::::bucket"),
    of(Resource={"a": "b"}),
    "s3:GetObject",
]


@pytest.mark.parametrize("statement", BOTH_TAKE, ids=json.dumps)
def test_both_take(statement: Statement) -> None:
    assert not ours(document(statement))
    assert not theirs(document(statement))


@pytest.mark.parametrize("statement", BOTH_REFUSE, ids=json.dumps)
def test_both_refuse(statement: Statement) -> None:
    assert ours(document(statement))
    assert theirs(document(statement))


@pytest.mark.parametrize(
    "refused",
    [
        {"Version": "2012-10-17"},
        document(RIGHT, Version="2020-01-01"),
        document(RIGHT, Name="mine"),
        document(RIGHT, PolicyName="mine"),
        document(of(Sid="Twice"), of(Sid="Twice")),
    ],
    ids=json.dumps,
)
def test_documents_that_both_refuse(refused: dict[str, Any]) -> None:
    # Without `Statement`, an item of `Policies` is none: policy_items speaks of it.
    assert ours(refused) or "Statement" not in refused
    assert theirs(refused)


@pytest.mark.parametrize(
    "taken",
    [document(RIGHT, Id="mine"), document(RIGHT, Version="2008-10-17"), {"Statement": [RIGHT]}],
    ids=json.dumps,
)
def test_documents_that_both_take(taken: dict[str, Any]) -> None:
    assert not ours(taken)
    assert not theirs(taken)


def test_one_statement_needs_no_list() -> None:
    assert not ours({"Statement": RIGHT})
    assert not theirs({"Statement": RIGHT})


# -- differences ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """`stricter` refuses what the other takes; `holds` tells the statements that it is about."""

    name: str
    stricter: str
    why: str
    example: Statement
    holds: Callable[[Statement], bool]


def _texts(statement: Statement, *elements: str) -> Iterator[str]:
    for element in elements:
        value = statement.get(element)
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


def _resources(statement: Statement) -> list[str]:
    return list(_texts(statement, "Resource", "NotResource"))


def _actions(statement: Statement) -> list[str]:
    return list(_texts(statement, "Action", "NotAction"))


def _operators(statement: Statement) -> list[str]:
    condition = statement.get("Condition")
    return list(condition) if isinstance(condition, dict) else []


def _fields(arn: str) -> list[str]:
    return arn.split(":", 5)


DIFFERENCES = [
    Difference(
        "actions without a service",
        "ours",
        "cfn-lint takes any text for an action here, and checks names elsewhere (W3037)",
        of(Action="GetObject"),
        lambda one: any(":" not in action and action != "*" for action in _actions(one)),
    ),
    Difference(
        "malformed actions",
        "ours",
        "the same: IAM wants one service, one colon and one name",
        of(Action="s3:Get:Object"),
        lambda one: any(
            action.count(":") > 1 or action.endswith(":") or " " in action or "*" in action.partition(":")[0]
            for action in _actions(one)
            if action != "*"
        ),
    ),
    Difference(
        "no resource in the list",
        "ours",
        "cfn-lint asks for one item in lists of actions, and for none in those of resources",
        of(Resource=[]),
        lambda one: [] in (one.get("Resource"), one.get("NotResource")),
    ),
    Difference(
        "ARNs cut off within the resource",
        "ours",
        "cfn-lint's pattern takes whatever stands in the fourth field when nothing follows it",
        of(Resource="arn:aws:s3:bucket/*"),
        lambda one: any(arn.startswith("arn:") and len(_fields(arn)) < 6 for arn in _resources(one)),
    ),
    Difference(
        "regions and services that are none",
        "ours",
        "cfn-lint's pattern takes anything but a colon for a service or region",
        of(Resource="arn:aws:s3:my/region:123456789012:x"),
        lambda one: any(
            len(_fields(arn)) > 3 and any(letter in "/ *?_" for letter in _fields(arn)[2] + _fields(arn)[3])
            for arn in _resources(one)
        ),
    ),
    Difference(
        "empty Sid",
        "theirs",
        "IAM takes it, and its console writes it into roles",
        of(Sid=""),
        lambda one: one.get("Sid") == "",
    ),
    Difference(
        "operators in other case",
        "theirs",
        "IAM does not heed the case of operators",
        of(Condition={"stringequals": {"aws:SourceAccount": "123456789012"}}),
        lambda one: any(operator != "" and operator[0].islower() for operator in _operators(one)),
    ),
    Difference(
        "values of conditions",
        "theirs",
        "whether a value fits its operator is not judged",
        of(Condition={"StringEquals": {"aws:SourceAccount": {"account": "1"}}}),
        lambda one: '"account"' in json.dumps(one.get("Condition")),
    ),
    Difference(
        "wildcards for whole ARNs and their accounts",
        "theirs",
        "IAM matches wildcards in every field but service and partition",
        of(Resource="arn:aws:sns:*:1234567890??:topic"),
        lambda one: any(
            (arn.startswith("*") and arn != "*")
            or (len(_fields(arn)) > 4 and any(letter in "*?" for letter in _fields(arn)[4]))
            for arn in _resources(one)
        ),
    ),
]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.name)
def test_differences_are_still_there(difference: Difference) -> None:
    assert difference.holds(difference.example)
    assert difference.why
    refused = bool(ours(document(difference.example))), bool(theirs(document(difference.example)))
    assert refused == (difference.stricter == "ours", difference.stricter == "theirs")


def _one_or_list(values: list[str]) -> st.SearchStrategy[object]:
    return st.sampled_from(values) | st.lists(st.sampled_from(values), max_size=3)


ACTIONS = ["s3:GetObject", "s3:*", "*", "dynamodb:Get*", "GetObject", "s3:", "s3:Get:Object", "s3: GetObject"]
ACTIONS += ["*:GetObject", "execute-api:Invoke"]
RESOURCES = ["*", "arn:aws:s3:::bucket/*", "arn:aws:sns:eu-west-1:123456789012:topic", "bucket", "arn:aws:s3"]
RESOURCES += [
    "arn:aws:s3::bucket/*",
    "arn:aws:s3:bucket/*",
    "arn:aws:sqs:*:*:q",
    "arn:aws:s3:::",
    "arn:*:s3:::b",
]
RESOURCES += [
    "arn:aws:sns:*:1234567890??:t",
    "arn:aws:lambda:eu-west-1:12345:function:f",
    "*:bucket",
    "arn:aws",
]
RESOURCES += [
    "arn:aws:*:::b",
    "arn:aws-us-gov:iam::aws:policy/X",
    "arn:awz1:s3:::bucket",
    "arn:aws:dynamodb:*",
]
CONDITIONS: list[object] = [
    {},
    {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    {"StringEqual": {"aws:SourceAccount": "123456789012"}},
    {"stringequals": {"aws:SourceAccount": "123456789012"}},
    {"ForAnyValue:ArnLike": {"aws:SourceArn": ["arn:aws:s3:::a", "arn:aws:s3:::b"]}},
    {"StringEquals": {"aws:SourceAccount": {"account": "1"}}},
    {"NumericLessThanEquals": {"s3:max-keys": 10}, "DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}},
    {"aws:SourceAccount": "123456789012"},
    "InProduction",
]
STATEMENTS = st.fixed_dictionaries(
    {},
    optional={
        "Effect": st.sampled_from(["Allow", "Deny", "Allow", "Allowed", "deny"]),
        "Action": _one_or_list(ACTIONS),
        "NotAction": _one_or_list(ACTIONS),
        "Resource": _one_or_list(RESOURCES),
        "NotResource": _one_or_list(RESOURCES),
        "Condition": st.sampled_from(CONDITIONS),
        "Sid": st.sampled_from(["", "ReadIt", "read-it", "1"]),
        "Principal": st.just("*"),
        "Action ": st.just("s3:GetObject"),
    },
)


@settings(max_examples=300, deadline=None)
@given(STATEMENTS)
def test_the_verdicts_differ_only_by_name(statement: Statement) -> None:
    mine, other = bool(ours(document(statement))), bool(theirs(document(statement)))
    if mine != other:
        stricter = "ours" if mine else "theirs"
        assert any(one.stricter == stricter and one.holds(statement) for one in DIFFERENCES), stricter
