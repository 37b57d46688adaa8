"""A handler out of texts, with what is known of it, for tests of the evaluator and what stands on it."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from lambdalint.python.calls import AwsCall, AwsCalls, aws_calls
from lambdalint.python.evaluate import Evaluator
from lambdalint.python.handlers import handler_node
from lambdalint.python.module import PythonModule
from lambdalint.python.reach import CallGraph, Reach
from lambdalint.python.symbols import Symbol

from .helpers import Project, name


@dataclass
class Analysed:
    """A handler: `module` and `node` are its own, as those of `application.Handler`."""

    project: Project
    module: PythonModule
    node: cst.CSTNode
    reach: Reach
    evaluator: Evaluator

    @property
    def calls(self) -> AwsCalls:
        return aws_calls(self.evaluator, self.reach)

    def value(self, text: str, index: int = 0, module: str = "app") -> Symbol:
        """What the read of a variable comes to."""
        home = self.project[module]
        read = [found for found in home.nodes(cst.Name) if found.value == text and home.names.lookup(found)]
        return self.evaluator.value(home, read[index])

    def last(self) -> Symbol:
        """What the last expression statement of the application comes to."""
        statement = self.module.nodes(cst.Expr)[-1]
        return self.evaluator.value(self.module, statement.value)


def analyse(files: dict[str, str] | str, attribute: str = "handler") -> Analysed:
    project = Project({"app.py": files} if isinstance(files, str) else files)
    found = handler_node(project.program, project["app"], attribute)
    assert found is not None
    reach = CallGraph(project.program).reach(*found, via=project["app"])
    return Analysed(project, *found, reach, Evaluator(project.program, reach))


def apis(files: dict[str, str] | str) -> list[str]:
    """The calls of a handler: operation, and target as kind and value."""
    return [described(call) for call in analyse(files).calls]


def described(call: AwsCall) -> str:
    target = call.target
    what = (
        f"{target.kind} {target.value}".strip() if target.kind != "unknown" else f"unknown: {target.reason}"
    )
    return f"{call.api} [{what}]"


__all__ = ["Analysed", "analyse", "apis", "described", "name"]
