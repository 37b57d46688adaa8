"""What a rule is. One class in one file, named as the rule; its docstring is its documentation.

A rule overrides the altitude that it needs and yields findings. It holds no state, walks no tree and does no
I/O: it asks the model. Everything about it that is not behaviour (RuleMeta) is read from its source by
`lambdalint.registry`, so that a rule is imported only to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from lambdalint.finding import Finding, Fix, FunctionId, Label, Safety, Severity

if TYPE_CHECKING:
    from lambdalint.application.application import Application, ApplicationModule, Handler
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template

Reads = Literal["code", "template", "both"]
Quantifier = Literal["any", "all"]
OptionValue = str | int | float | bool | list[str] | dict[str, str]


@dataclass(frozen=True)
class RuleMeta:
    """All that is known of a rule without importing it."""

    name: str
    theme: str
    severity: Severity
    reads: Reads
    fix: Safety | None
    default: bool
    quantifier: Quantifier
    supersedes: tuple[str, ...]
    options: Mapping[str, OptionValue]  # each option of the rule with its default
    precision: str  # SARIF's: very-high | high | medium | low
    security_severity: str | None  # "0.0" to "10.0", for security rules only
    doc: str  # the docstring, dedented
    path: Path  # the file that defines it
    module: str  # what to import to run it
    qualname: str  # the class in that module

    @property
    def summary(self) -> str:
        """The first line of the documentation, without its full stop."""
        return self.doc.strip().splitlines()[0].rstrip(".")


class Rule:
    """Base of every rule. Class attributes are literals: they are read from source, not by importing.

    `quantifier = "all"` is for claims of absence ("nothing uses it"): where several applications own a
    module, each must report the finding before it stands.
    """

    name: ClassVar[str]
    severity: ClassVar[str]  # "error" | "warning" | "info"
    reads: ClassVar[Reads]
    fix: ClassVar[str | None] = None  # "safe" | "unsafe" | None
    default: ClassVar[bool] = True  # False: opt-in
    quantifier: ClassVar[Quantifier] = "any"
    supersedes: ClassVar[Sequence[str]] = ()
    options: ClassVar[Mapping[str, OptionValue]] = {}
    precision: ClassVar[str] = "high"
    security_severity: ClassVar[str | None] = None

    def check_module(self, module: ApplicationModule) -> Iterable[Finding]:
        """Once for each Python module of an application that is within some handler's reach."""
        return ()

    def check_handler(self, handler: Handler) -> Iterable[Finding]:
        """Once for each handler; functions that share one are in `handler.functions`."""
        return ()

    def check_function(self, function: LambdaFunction, application: Application) -> Iterable[Finding]:
        """Once for each function resource of the template, of every runtime."""
        return ()

    def check_template(self, template: Template, application: Application) -> Iterable[Finding]:
        """Once for each template."""
        return ()

    def check_application(self, application: Application) -> Iterable[Finding]:
        """Once for each application: a template with its code, or loose modules."""
        return ()

    def finding(
        self,
        message: str,
        *labels: Label,
        help: str = "",
        fix: Fix | None = None,
        functions: Iterable[FunctionId] = (),
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of this rule; the first label is the primary. `severity` overrides the rule's own."""
        return Finding(
            rule=self.name,
            severity=severity or Severity[self.severity.upper()],
            message=message,
            labels=labels,
            help=help,
            fix=fix,
            functions=tuple(functions),
        )


@dataclass(frozen=True)
class Settings:
    """The configuration in force for one application; made by `lambdalint.config`.

    `rule_options` holds only what the user set; `options(meta_or_rule)` lays it over the rule's defaults.
    """

    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pedantic: bool = False
    per_path_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    rule_options: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=dict)
    today: str = ""  # ISO date

    def options(self, rule: Rule | RuleMeta) -> Mapping[str, OptionValue]:
        """The rule's options: what the user set, over the rule's defaults."""
        return {**rule.options, **self.rule_options.get(rule.name, {})}
