"""What is analysed: applications, each a template with the code that it deploys, and loose modules.

A Project holds the applications of a root. Everything in it is lazy and made once: templates are decoded when
an application is asked for, a module is parsed when something reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lambdalint.application.link import Bundle, Linked, Unlinked
from lambdalint.finding import FunctionId, Label, Role
from lambdalint.rule import OptionValue, Rule, RuleMeta, Settings
from lambdalint.source import SourceError, SourceFile

if TYPE_CHECKING:
    import libcst as cst

    from lambdalint.application.targets import Resolved
    from lambdalint.python.calls import AwsCall, AwsCalls
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import ParseProblem, PythonModule
    from lambdalint.python.program import Program
    from lambdalint.python.reach import Phase, Reach
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.triggers import Trigger

__all__ = [
    "Application",
    "ApplicationModule",
    "Handler",
    "Linked",
    "ParseFailure",
    "Project",
    "Unit",
    "Unlinked",
]


@dataclass(frozen=True)
class ParseFailure:
    """A Python file that cannot be read or parsed. `source` is None where it could not even be decoded."""

    path: PurePosixPath
    source: SourceFile | None
    problem: ParseProblem | SourceError


@dataclass(eq=False)
class Handler:
    """A handler and what it reaches. Functions that name the same code in the same bundle share one.

    `functions` is empty where the handler was found by its shape. `opaque` says why something that is missing
    may be there after all (a layer that cannot be read, a build step); empty where all is in sight.
    """

    application: Application
    functions: tuple[LambdaFunction, ...]
    module: PythonModule
    node: cst.CSTNode
    bundle: Bundle
    program: Program

    @cached_property
    def ids(self) -> tuple[FunctionId, ...]:
        """The function resources that run this handler."""
        raise NotImplementedError

    @cached_property
    def name(self) -> str:
        """What to call it in a message: the logical id of the first function, else the Python name."""
        raise NotImplementedError

    @cached_property
    def event(self) -> str | None:
        """The name of the parameter that receives the event."""
        raise NotImplementedError

    @cached_property
    def context(self) -> str | None:
        """The name of the parameter that receives the context."""
        raise NotImplementedError

    @cached_property
    def reach(self) -> Reach:
        """What runs when Lambda runs the handler."""
        raise NotImplementedError

    @cached_property
    def evaluator(self) -> Evaluator:
        """What expressions within reach come to."""
        raise NotImplementedError

    @cached_property
    def calls(self) -> AwsCalls:
        """The AWS calls within reach, and those that look like one and could not be resolved."""
        raise NotImplementedError

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """The triggers that the template gives to any of the functions."""
        raise NotImplementedError

    @property
    def opaque(self) -> tuple[str, ...]:
        """Why what is missing from the bundle is unknown rather than absent (law 9)."""
        return self.bundle.opaque

    def label(self, message: str, role: Role = Role.PRIMARY) -> Label:
        """At the handler's `def`."""
        raise NotImplementedError

    def target(self, call: AwsCall, function: LambdaFunction | None = None) -> Resolved:
        """What the call acts on, seen from one of the functions (the first where none is given)."""
        raise NotImplementedError


@dataclass(eq=False)
class ApplicationModule:
    """A module as one application sees it.

    `handlers` are those whose reach holds it: none for a module that lies under a CodeUri and that no handler
    imports.
    """

    application: Application
    module: PythonModule
    handlers: tuple[Handler, ...]

    @property
    def source(self) -> SourceFile:
        """The file; the template for inline code."""
        raise NotImplementedError

    @property
    def reached(self) -> bool:
        """Whether some handler's reach holds the module."""
        return bool(self.handlers)

    @cached_property
    def functions(self) -> tuple[FunctionId, ...]:
        """The function resources whose handlers reach the module."""
        raise NotImplementedError

    def runs(self, node: cst.CSTNode) -> bool:
        """Whether the node runs in Lambda (law 3)."""
        raise NotImplementedError

    def phases(self, node: cst.CSTNode) -> frozenset[Phase]:
        """The phases in which the node runs, over all handlers."""
        raise NotImplementedError

    def label(self, node: cst.CSTNode, message: str, role: Role = Role.PRIMARY) -> Label:
        """At a node of the module."""
        return self.module.label(node, message, role)


@dataclass(eq=False)
class Application:
    """A template with the code that it deploys; or, with `template` None, the loose modules of a folder."""

    project: Project
    path: PurePosixPath  # of the template, or the folder of the loose modules
    template: Template | None
    settings: Settings
    copy: bool = False  # packaged from a template beside it: every rule is silent (law 10)

    @property
    def root(self) -> Path:
        """The project root."""
        return self.project.root

    @cached_property
    def functions(self) -> tuple[LambdaFunction, ...]:
        """The function resources of the template, of every runtime."""
        raise NotImplementedError

    @cached_property
    def links(self) -> Mapping[str, Linked | Unlinked]:
        """For each function's logical id: its code, or why there is none to read."""
        raise NotImplementedError

    @cached_property
    def handlers(self) -> tuple[Handler, ...]:
        """Each handler once, in the order of the functions."""
        raise NotImplementedError

    @cached_property
    def modules(self) -> tuple[ApplicationModule, ...]:
        """Every module of the application, reached or not, by path."""
        raise NotImplementedError

    @cached_property
    def failures(self) -> tuple[ParseFailure, ...]:
        """The files of the application that cannot be read or parsed."""
        raise NotImplementedError

    def handler(self, function: LambdaFunction) -> Handler | None:
        """The handler of a function; None where it is not linked."""
        raise NotImplementedError

    def unlinked(self, function: LambdaFunction) -> Unlinked | None:
        """Why the function has no handler; None where it has one."""
        raise NotImplementedError

    def options(self, rule: Rule | RuleMeta) -> Mapping[str, OptionValue]:
        """The rule's options in this application."""
        return self.settings.options(rule)


@dataclass(frozen=True, eq=False)
class Unit:
    """Applications that share modules: what one worker takes."""

    applications: tuple[Application, ...]


@dataclass(eq=False)
class Project:
    """All applications under a root, and the modules that they share."""

    root: Path
    applications: tuple[Application, ...] = field(default=())

    @cached_property
    def units(self) -> Sequence[Unit]:
        """The applications, grouped so that no two groups share a module."""
        raise NotImplementedError
