from __future__ import annotations

from lambdalint.finding import Role
from lambdalint.template.shared import lacking, written
from lambdalint.template.template import Template
from tests.unit.template.templates import template

SAM = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Size: {Type: Number, Default: 128}
Globals:
  Function:
    Runtime: python3.13
Resources:
  A: {Type: 'AWS::Serverless::Function', Properties: {MemorySize: !Ref Size}}
  B: {Type: 'AWS::Serverless::Function', Properties: {MemorySize: !Ref Size, Runtime: java21}}
  C: {Type: 'AWS::Serverless::Function', IgnoreGlobals: [Timeout]}
  D: {Type: 'AWS::Lambda::Function'}
"""


def names(made: Template, name: str) -> list[tuple[list[str], bool]]:
    groups = lacking([each for each in made.functions if not each.property(name)], name)
    return [([each.logical_id for each in group.functions], group.globally) for group in groups]


def test_a_value_is_found_where_it_is_written() -> None:
    made = template(SAM)
    found = {each.path: [f.logical_id for f in each.functions] for each in written(made, "Runtime")}
    assert found == {
        ("Globals", "Function", "Runtime"): ["A", "C"],
        ("Resources", "B", "Properties", "Runtime"): ["B"],
    }


def test_a_parameters_default_is_where_it_is_written() -> None:
    (found,) = written(template(SAM), "MemorySize")
    assert found.path == ("Parameters", "Size", "Default")
    assert len(found.labels("small", "takes it")) == 3


def test_a_configured_parameter_is_written_nowhere_here() -> None:
    made = template(SAM, parameters={"Size": "256"})
    assert [each.path[-1] for each in written(made, "MemorySize")] == ["MemorySize", "MemorySize"]


def test_functions_that_globals_reach_are_one_finding() -> None:
    assert names(template(SAM), "Timeout") == [(["A", "B"], True), (["C", "D"], False)]


def test_without_globals_the_first_function_is_the_place() -> None:
    made = template(SAM.replace("Globals:\n  Function:\n    Runtime: python3.13\n", ""))
    (group,) = lacking(made.functions, "Timeout")
    labels = group.labels(lambda function: f"{function.logical_id} lacks it")
    assert [label.role for label in labels] == [Role.PRIMARY, *[Role.RELATED] * 3]
    assert made.source.slice(labels[0].span) == "A"


def test_one_function_is_pointed_at_itself() -> None:
    made = template(SAM)
    assert [group.globally for group in lacking(made.functions[:1], "Timeout")] == [False]
    assert list(lacking([], "Timeout")) == []


def test_globals_that_hold_nothing_for_functions() -> None:
    made = template(SAM.replace("  Function:\n    Runtime: python3.13\n", "  Api: {TracingEnabled: true}\n"))
    group = next(iter(lacking(made.functions, "Timeout")))
    assert made.source.slice(group.labels("lacks it")[0].span) == "Globals"
