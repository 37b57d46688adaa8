from __future__ import annotations

import pytest

from lambdalint.template.declined import declines
from tests.unit.template.templates import template

RULES = frozenset({"CKV_AWS_116", "SQS_REDRIVE"})


@pytest.mark.parametrize(
    ("metadata", "declined"),
    [
        ("{cfn_nag: {rules_to_suppress: [{id: SQS_REDRIVE, reason: none}]}}", True),
        ("{cdk_nag: {rules_to_suppress: [{reason: none, id: SQS_OTHER}]}}", False),
        ("{checkov: {skip: [{id: CKV_AWS_116, comment: none}]}}", True),
        ("{guard: {SuppressedRules: [SQS_REDRIVE]}}", True),
        ("[SQS_REDRIVE]", True),
        ("SQS_REDRIVE is meant", False),
        ("{id: [1, true, null]}", False),
        ("", False),
    ],
)
def test_metadata_of_other_linters(metadata: str, declined: bool) -> None:
    found = template(f"Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Metadata: {metadata}\n")
    assert declines(found.resources["Q"], RULES) is declined


@pytest.mark.parametrize(
    ("comment", "declined"),
    [
        ("# checkov:skip=CKV_AWS_116: no need", True),
        ("#checkov:skip= CKV_AWS_116", True),
        ("# checkov:skip=CKV_AWS_115", False),
        ("# checkov: CKV_AWS_116", False),
    ],
)
def test_comments_for_checkov_count_within_their_resource(comment: str, declined: bool) -> None:
    found = template(
        f"Resources:\n  Q:\n    {comment}\n    Type: AWS::SQS::Queue\n  Other:\n    Type: AWS::SQS::Queue\n"
    )
    assert declines(found.resources["Q"], RULES) is declined
    assert not declines(found.resources["Other"], RULES)
