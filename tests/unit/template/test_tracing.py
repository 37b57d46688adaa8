from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.finding import Edit
from lambdalint.template.shared import lacking, written
from lambdalint.template.template import Template
from lambdalint.template.tracing import is_off, trace_instead, trace_lacking, traces_elsewhere
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


INDENTS = st.sampled_from([2, 4])
FUNCTIONS = st.lists(
    st.fixed_dictionaries(
        {
            "sam": st.booleans(),
            "flow": st.booleans(),
            "role": st.sampled_from(["", "!GetAtt Role.Arn", "!ImportValue role"]),
            "tracing": st.sampled_from(["", "PassThrough", "Active"]),
            "comment": st.booleans(),
        }
    ),
    min_size=1,
    max_size=4,
)


def written_out(functions: list[dict[str, Any]], indent: int, with_globals: bool) -> str:
    """A template of functions, in a style of its own."""
    one = " " * indent
    lines = ["Transform: AWS::Serverless-2016-10-31"]
    if with_globals:
        lines += ["Globals:", f"{one}Function:", f"{one * 2}Timeout: 5  # seconds"]
    lines += ["Resources:", f"{one}Role:", f"{one * 2}Type: AWS::IAM::Role", f"{one * 2}Properties:"]
    lines += [f"{one * 3}RoleName: 'worker'"]
    for number, each in enumerate(functions):
        kind = "Serverless" if each["sam"] else "Lambda"
        key = "Tracing: {}" if each["sam"] else "TracingConfig: {{Mode: {}}}"
        properties = ["Handler: app.handler"]
        properties += [f"Role: {each['role']}"] if each["role"] else []
        properties += [key.format(each["tracing"])] if each["tracing"] else []
        lines += [f"{one}Fn{number}:" + ("  # ours" if each["comment"] else "")]
        lines += [f"{one * 2}Type: AWS::{kind}::Function"]
        if each["flow"]:
            lines += [f"{one * 2}Properties: {{{', '.join(properties)}}}"]
        else:
            lines += [f"{one * 2}Properties:", *(f"{one * 3}{line}" for line in properties)]
    return "\n".join(lines) + "\n"


def edits_of(made: Template) -> list[Edit]:
    """What the rule's fixes for functions do together."""
    without = [each for each in made.functions if not each.property("Tracing")]
    groups = [trace_lacking(lack) for lack in lacking(without, "Tracing")]
    groups += [
        trace_instead(each.path, each.functions)
        for each in written(made, "Tracing")
        if all(is_off(one.property("Tracing"), "Active") for one in each.functions)
    ]
    return list(dict.fromkeys(edit for group in groups for edit in group or ()))


@settings(max_examples=150, deadline=None)
@given(FUNCTIONS, INDENTS, st.booleans())
def test_edits_switch_tracing_on_and_nothing_else(
    functions: list[dict[str, Any]], indent: int, with_globals: bool
) -> None:
    made = template(written_out(functions, indent, with_globals))
    edits = edits_of(made)
    after = template(edited(made, edits))
    assert after.problems == ()
    assert not edits_of(after) or not edits, "a second run changes something"
    for before, now in zip(made.functions, after.functions, strict=True):
        assert before.handler_text == now.handler_text
        assert before.timeout == now.timeout
        if before.known("Tracing") == "Active":
            assert now.known("Tracing") == "Active"
    kept = [line for line in made.source.text.splitlines() if "PassThrough" not in line]
    rest = iter(after.source.text.splitlines())
    for line in kept:
        head = line.rstrip("}")
        assert any(found.startswith(head) for found in rest), f"`{line}` is gone"
