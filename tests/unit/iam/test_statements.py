import json
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.iam import match, statements, targets
from lambdalint.iam.match import ExactStatement, Need
from lambdalint.iam.targets import Expression

SCALARS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12) | st.sampled_from(
    [
        "*",
        "arn:aws:s3:::b/*",
        "s3:Get*",
        "a: b",
        "#x",
        "-",
        "",
        "true",
        "12",
        "2012-10-17",
        "/a/b",
        "!Ref",
        "a, b",
    ]
)
NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}", fullmatch=True)
INTRINSICS = (
    st.builds(lambda name: {"Ref": name}, NAMES)
    | st.builds(lambda name, attribute: {"Fn::GetAtt": [name, attribute]}, NAMES, NAMES)
    | st.builds(lambda name, text: {"Fn::Sub": f"${{{name}}}{text}"}, NAMES, SCALARS)
    | st.builds(lambda name: {"Fn::ImportValue": {"Fn::Sub": f"${{{name}}}-x"}}, NAMES)
)
NODES = st.recursive(
    SCALARS | INTRINSICS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES.map("k".__add__), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(NODES)
def test_one_line_of_yaml_reads_back_as_the_node(node: Any) -> None:
    line = statements.inline(node)
    assert "\n" not in line
    untyped: Any = cfn_yaml
    read = untyped.loads(f"Value: {line}\n")["Value"]
    assert json.loads(json.dumps(read, default=str)) == node


def test_templates_read_as_items_of_policies() -> None:
    table = targets.of_resource("AWS::DynamoDB::Table", "Orders")
    assert table is not None
    (advice,) = match.advise([Need("dynamodb:GetItem", table)])
    assert statements.written_template(advice.templates[0]) == "DynamoDBReadPolicy: {TableName: !Ref Orders}"


@pytest.mark.parametrize(
    ("actions", "resources", "sid", "condition", "node"),
    [
        (
            ("s3:GetObject",),
            ("*",),
            None,
            None,
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
        ),
        (
            ("s3:GetObject", "s3:PutObject"),
            ("a", "b"),
            "Files",
            {"Bool": {"aws:SecureTransport": True}},
            {
                "Sid": "Files",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": ["a", "b"],
                "Condition": {"Bool": {"aws:SecureTransport": True}},
            },
        ),
    ],
)
def test_exact_statements(
    actions: tuple[str, ...], resources: tuple[str, ...], sid: str | None, condition: Any, node: Any
) -> None:
    exact = ExactStatement(actions, tuple(Expression.of(one) for one in resources))
    assert statements.statement(exact, sid, condition) == node


def test_a_document_holds_statements() -> None:
    exact = ExactStatement(("a:B",), (Expression.of("*"),))
    assert statements.document([exact])["Statement"] == [statements.statement(exact)]
