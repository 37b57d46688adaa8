from __future__ import annotations

import pytest

from lambdalint.template.misplacement import Misplacement, misplacements
from tests.unit.template.templates import template

SAM = "Transform: AWS::Serverless-2016-10-31\n"


def found(resource: str, head: str = SAM) -> list[tuple[list[str], str, str]]:
    """The keys, where they stand and where they belong."""
    return [
        ([str(path[-1]) for path in each.paths], each.where, each.belongs)
        for each in _misplacements(f"{head}Resources:\n  R: {{{resource}}}\n")
    ]


def _misplacements(text: str) -> list[Misplacement]:
    return list(misplacements(template(text)))


FN = "Type: AWS::Serverless::Function"
EVENT = f"{FN}, Properties: {{Handler: a.b, Events: {{E: {{Type: SQS, "


@pytest.mark.parametrize(
    ("resource", "keys", "where", "belongs"),
    [
        (
            f"{FN}, Timeout: 9, Properties: {{Handler: a.b}}",
            ["Timeout"],
            "beside its `Properties`",
            "under `Properties`",
        ),
        (
            f"{FN}, Timeout: 9, MemorySize: 9, Properties: {{}}",
            ["Timeout", "MemorySize"],
            "beside its `Properties`",
            "under `Properties`",
        ),
        (f"{FN}, Timeout: 9", ["Timeout"], "beside its type, without a `Properties`", "under a `Properties`"),
        (
            f"{FN}, Properties: {{DependsOn: X}}",
            ["DependsOn"],
            "under its `Properties`",
            "beside `Properties`: it is an attribute of the resource",
        ),
        (f"{FN}, Properties: {{SubnetIds: [a]}}", ["SubnetIds"], "under `Properties`", "under `VpcConfig`"),
        (
            f"{FN}, Properties: {{VpcConfig: {{SubnetIds: [a], Timeout: 9}}}}",
            ["Timeout"],
            "under `VpcConfig`",
            "under `Properties`",
        ),
        (
            EVENT + "BatchSize: 5, Properties: {Queue: a}}}}",
            ["BatchSize"],
            "beside the event's `Properties`",
            "under `Properties` of the event",
        ),
        (
            EVENT + "Queue: a}}}",
            ["Queue"],
            "beside the event's type, without a `Properties`",
            "under a `Properties` of the event",
        ),
        (
            EVENT + "Timeout: 5, Properties: {Queue: a}}}}",
            ["Timeout"],
            "in an event",
            "under `Properties` of `R`",
        ),
        (
            EVENT + "Properties: {Queue: a, Timeout: 5}}}}",
            ["Timeout"],
            "under the event's `Properties`",
            "under `Properties` of `R`",
        ),
        (
            f"{FN}, Properties: {{Events: {{E: {{Type: SQS, Properties: {{Queue: a}}}}, Timeout: 5}}}}",
            ["Timeout"],
            "under `Events`",
            "under `Properties`",
        ),
        (
            "Type: AWS::Lambda::Function, Properties: {}, Timeout: 9",
            ["Timeout"],
            "beside its `Properties`",
            "under `Properties`",
        ),
    ],
)
def test_what_stands_elsewhere(resource: str, keys: list[str], where: str, belongs: str) -> None:
    assert found(resource) == [(keys, where, belongs)]


@pytest.mark.parametrize(
    "resource",
    [
        f"{FN}, DependsOn: X, Metadata: {{Timeout: 9}}, Condition: C, Properties: {{Timeout: 9}}",
        f"{FN}, Description: what it does, Properties: {{}}",
        f"{FN}, Connectors: {{}}, IgnoreGlobals: '*', Properties: {{}}",
        f"{FN}, Properties: {{Tiemout: 9}}",
        f"{FN}, Tiemout: 9, Properties: {{}}",
        f"{FN}, Properties: {{VpcConfig: !If [C, {{SubnetIds: [a], Timeout: 9}}, !Ref AWS::NoValue]}}",
        f"{FN}, Properties: {{Environment: {{Variables: {{Timeout: 9, SubnetIds: a}}}}}}",
        f"{FN}, Properties: {{Tags: {{Timeout: a}}}}",
        f"{FN}, Properties: {{Events: {{Timeout: {{Type: SQS, Properties: {{Queue: a}}}}}}}}",
        "Type: Custom::Thing, Timeout: 9, Properties: {}",
        "Type: AWS::Unheard::Of, Timeout: 9, Properties: {}",
        f"{FN}, Fn::Transform: {{Name: AWS::Include}}, Timeout: 9, Properties: {{}}",
    ],
)
def test_what_stands_where_it_may(resource: str) -> None:
    assert found(resource) == []


@pytest.mark.parametrize(
    ("kind", "effect"),
    [("AWS::Serverless::Function", "drops"), ("AWS::Lambda::Function", "refuses")],
)
def test_sam_drops_what_cloudformation_refuses(kind: str, effect: str) -> None:
    (one,) = _misplacements(f"{SAM}Resources:\n  R: {{Type: {kind}, Timeout: 9, Properties: {{}}}}\n")
    assert effect in one.effect


@pytest.mark.parametrize(
    ("globals_", "where", "belongs"),
    [
        ("{Timeout: 9}", "under `Globals`", "under `Globals.Function`"),
        ("{Function: {SubnetIds: [a]}}", "under `Function`", "under `VpcConfig`"),
    ],
)
def test_globals(globals_: str, where: str, belongs: str) -> None:
    head = f"{SAM}Globals: {globals_}\n"
    ((_, stands, belonging),) = found(f"{FN}, Properties: {{}}", head)
    assert (stands, belonging) == (where, belongs)


def test_macros_are_not_read() -> None:
    assert (
        found(f"{FN}, Timeout: 9, Properties: {{}}", "Transform: [Mine, AWS::Serverless-2016-10-31]\n") == []
    )
