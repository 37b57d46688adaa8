from __future__ import annotations

import pytest

from lambdalint.template.shared import lacking
from lambdalint.template.tracing import trace_lacking, traces_elsewhere
from tests.unit.template.templates import edited, function, template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt Role.Arn
  Role:
    Type: AWS::IAM::Role
    Properties:
"""


def traced(text: str) -> str | None:
    made = template(text)
    edits = trace_lacking(next(iter(lacking(made.functions, "Tracing"))))
    return None if edits is None else edited(made, edits)


def test_a_role_is_given_the_permission() -> None:
    found = traced(f"{HEAD}      RoleName: worker\n")
    assert found is not None
    assert "      Tracing: Active\n" in found
    assert "      ManagedPolicyArns:\n        - arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess" in found
    assert traced(found.replace("      Tracing: Active\n", "")) == found


def test_other_partitions_are_kept_in_mind() -> None:
    role = "      ManagedPolicyArns:\n      - !Sub arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess\n"
    found = traced(HEAD + role)
    assert found is not None
    assert "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess" in found


def test_a_role_that_names_x_ray_is_left_alone() -> None:
    role = "      Policies: [{PolicyDocument: {Statement: [{Action: 'xray:PutTraceSegments'}]}}]\n"
    found = traced(HEAD + role)
    assert found is not None
    assert "ManagedPolicyArns" not in found


@pytest.mark.parametrize("role", ["!ImportValue role", "arn:aws:iam::123456789012:role/worker", "!Ref Fn"])
def test_no_fix_where_the_role_is_out_of_reach(role: str) -> None:
    assert traced(HEAD.replace("!GetAtt Role.Arn", role) + "      RoleName: worker\n") is None


def test_other_tracers() -> None:
    head = "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n"
    assert traces_elsewhere(function(f"{head}      Environment: {{Variables: {{DD_API_KEY: key}}}}\n"))
    assert not traces_elsewhere(function(f"{head}      Environment: {{Variables: {{TABLE: orders}}}}\n"))
