from __future__ import annotations

import pytest

from lambdalint.template.published import provisioned, publishes, scales
from tests.unit.template.templates import template

PLAIN = """\
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: orders}
  Alias:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !Ref Fn
      Name: live
      FunctionVersion: "1"
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 4}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ResourceId: RESOURCE
"""


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("function:orders:live", True),
        ("!Sub 'function:${Fn}:live'", True),
        ("!Join [':', [function, !Ref Fn, live]]", True),
        ("!ImportValue target", True),  # perhaps
        ("function:invoices:live", False),
        ("table/orders", False),
    ],
)
def test_what_scales(resource: str, expected: bool) -> None:
    made = template(PLAIN.replace("RESOURCE", resource))
    (kept,) = provisioned(made)
    assert [each.logical_id for each in kept.functions] == ["Fn"]
    assert scales(made, kept) is expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("!Ref Fn", True),
        ("!GetAtt Fn.Arn", True),
        ("orders", True),
        ("!ImportValue fn", True),
        ("other", False),
    ],
)
def test_versions_of_a_function(version: str, expected: bool) -> None:
    made = template(
        "Resources:\n"
        "  Fn: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: orders}}\n"
        f"  Version:\n    Type: AWS::Lambda::Version\n    Properties:\n      FunctionName: {version}\n"
    )
    assert publishes(made.functions[0]) is expected
