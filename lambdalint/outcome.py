"""Runs the rules over one application, at every altitude, and contains what goes wrong in them."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from lambdalint.directives import Directive, scan
from lambdalint.engine_rules import SYNTAX_ERROR, TEMPLATE_ERROR
from lambdalint.finding import Finding, Label
from lambdalint.merge import Owner
from lambdalint.registry import ENGINE_THEME, Registry
from lambdalint.report import Crash, FunctionLink, Suppressed
from lambdalint.rule import Rule, RuleMeta
from lambdalint.source import SourceError, SourceFile, Span
from lambdalint.suppression import MetadataIgnore, PerPath, metadata_ignores, per_path
from lambdalint.template.synthesis import construct, is_of_the_cdk, is_synthesised, resource_at

if TYPE_CHECKING:
    from lambdalint.application.application import Application, ParseFailure
    from lambdalint.discovery import Files
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template, TemplateProblem

Check = Callable[..., Iterable[Finding]]

_ALTITUDES = ("check_application", "check_template", "check_function", "check_handler", "check_module")

ENGINE = "lambdalint"
"""Whom a crash is put down to that no rule is to blame for."""

clock = time.perf_counter
"""What `seconds` are taken by."""

_T = TypeVar("_T")


@dataclass
class Outcome:
    """What comes of one application. Plain data: it travels between processes."""

    path: PurePosixPath
    owner: Owner
    ignores: PerPath
    findings: list[Finding] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)
    links: list[FunctionLink] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    metadata: list[MetadataIgnore] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)


def run(
    application: Application, registry: Registry, rules: Mapping[str, Rule], invocations: bool = True
) -> Outcome:
    """Runs the rules that the application's settings select; `rules` are all that there are, by name.
    `invocations` puts modes and triggers into the links.

    Never raises for what a rule or the model does: that is a Crash, and the rest goes on.
    """
    return _Run(application, registry, rules).outcome(invocations)


def syntax_error(failure: ParseFailure, files: Files) -> Finding:
    """A Python file that cannot be read or parsed, as a finding."""
    source = failure.source or files.show(failure.path)
    problem = failure.problem
    if isinstance(problem, SourceError):
        label = Label(source, _from(source, problem.line, 1), problem.reason)
        return SYNTAX_ERROR.finding(f"the file {problem.reason}", label, help=problem.help)
    reason, span = problem.message, _from(source, problem.line, problem.column)
    help = "mend it: Lambda cannot import the code, and nothing else in it can be checked"
    if problem.python_2:
        help = "port it to Python 3: Lambda deploys no runtime that reads it; nothing else in it is checked"
    return SYNTAX_ERROR.finding(f"the code does not parse: {reason}", Label(source, span, reason), help=help)


def unreadable_template(path: PurePosixPath, message: str, help: str, line: int, files: Files) -> Finding:
    """A template that cannot be read at all, as a finding."""
    source = files.show(path)
    return TEMPLATE_ERROR.finding(message, Label(source, _from(source, line, 1), message), help=help)


class _Run:
    def __init__(self, application: Application, registry: Registry, rules: Mapping[str, Rule]) -> None:
        self.application = application
        metas = registry.select(application.settings)
        self.metas = () if application.copy else metas
        self.rules = [(meta, rules[meta.name]) for meta in self.metas if meta.theme != ENGINE_THEME]
        self.ignores = per_path(application.settings.per_path_ignores, registry.expand)
        self.crashes: dict[tuple[str, str], Crash] = {}
        self.seconds: dict[str, float] = {}
        self.findings: list[Finding] = []

    def outcome(self, invocations: bool) -> Outcome:
        self._report_problems()
        for meta, rule in self.rules:
            begin = clock()
            self._run_rule(meta, rule)
            self.seconds[meta.name] = clock() - begin
        sources = self._sources()
        template = self.application.template
        if template is not None and is_synthesised(template):
            found = (self._as_synthesised(template, finding) for finding in self.findings)
            self.findings = [finding for finding in found if finding is not None]
        kept, suppressed = self._by_path()
        links = list(self._model(lambda: function_links(self.application, invocations)))
        return Outcome(
            path=self.application.path,
            owner=Owner(
                frozenset(source.path for source in sources),
                frozenset(meta.name for meta in self.metas),
                frozenset(rule for rule, _ in self.crashes),
            ),
            ignores=self.ignores,
            findings=kept,
            suppressed=suppressed,
            crashes=list(self.crashes.values()),
            links=links,
            directives=list(self._model(lambda: chain.from_iterable(map(scan, sources)))),
            metadata=list(self._model(lambda: metadata_ignores(template) if template else ())),
            seconds=self.seconds,
            unknown=_count(self._unknown(links)),
        )

    def _unknown(self, links: Sequence[FunctionLink]) -> Iterator[str]:
        """What could not be told, of functions and of the AWS calls that rules asked for."""
        yield from (f"function: {link.reason}" for link in links if link.reason)
        for handler in self._model(lambda: self.application.handlers):
            calls = vars(handler).get("calls")  # computed if some rule asked
            if calls is not None:
                yield from (f"call: {call.reason}" for call in calls.unresolved)

    def _report_problems(self) -> None:
        names = {meta.name for meta in self.metas}
        template = self.application.template
        if template is not None and TEMPLATE_ERROR.name in names:
            self.findings.extend(_template_error(template.source, problem) for problem in template.problems)
        if SYNTAX_ERROR.name in names:
            failures = self._model(lambda: self.application.failures)
            self.findings.extend(syntax_error(failure, self.application.files) for failure in failures)

    def _run_rule(self, meta: RuleMeta, rule: Rule) -> None:
        for altitude in _altitudes(rule):
            check: Check = getattr(rule, altitude)
            for path, arguments in self._subjects[altitude]:
                call = partial(_findings, meta, check, arguments)
                self.findings.extend(self._contain(meta.name, path, call))

    @cached_property
    def _subjects(self) -> Mapping[str, Sequence[tuple[str, tuple[object, ...]]]]:
        """What is checked at each altitude, with the file that it is about."""
        application, path = self.application, str(self.application.path)
        template = application.template
        functions = self._model(lambda: application.functions)
        handlers = self._model(lambda: application.handlers)
        modules = self._model(lambda: application.modules)
        return {
            "check_application": [(path, (application,))],
            "check_template": [(path, (template, application))] if template is not None else [],
            "check_function": [(path, (function, application)) for function in functions],
            "check_handler": [(str(each.module.source.path), (each,)) for each in handlers],
            "check_module": [(str(each.source.path), (each,)) for each in modules if each.reached],
        }

    def _sources(self) -> tuple[SourceFile, ...]:
        """The template, the modules that rules look into, those that could not be parsed, and the lists of
        requirements that some rule asked for."""
        modules = self._model(lambda: self.application.modules)
        failures = self._model(lambda: self.application.failures)
        sources = [module.source for module in modules if module.reached]
        sources += [failure.source for failure in failures if failure.source]
        manifests = vars(self.application).get("manifests")
        sources += manifests.sources if manifests is not None else ()
        template = self.application.template
        return tuple(dict.fromkeys([template.source, *sources] if template else sources))

    def _as_synthesised(self, template: Template, finding: Finding) -> Finding | None:
        """With the constructs that it is about, and without a fix in what `cdk synth` writes anew. None where
        the CDK's own library is to blame."""
        synthesised = self.application.files.synthesised
        edited = finding.fix.edits if finding.fix is not None else ()
        if any(synthesised(edit.source.path) for edit in edited):
            finding = replace(finding, fix=None)
        if finding.path != template.source.path:
            return finding
        spans = [label.span for label in finding.labels if label.source.path == template.source.path]
        resources = [resource for span in spans if (resource := resource_at(template, span)) is not None]
        if resources and is_of_the_cdk(resources[0]):
            return None
        constructs = dict.fromkeys(filter(None, map(construct, resources)))
        return replace(finding, constructs=tuple(constructs))

    def _by_path(self) -> tuple[list[Finding], list[Suppressed]]:
        kept: list[Finding] = []
        suppressed: list[Suppressed] = []
        for finding in self.findings:
            pattern = self.ignores.match(finding)
            if pattern is None:
                kept.append(finding)
            else:
                suppressed.append(Suppressed(finding, "per-path", pattern))
        return kept, suppressed

    def _model(self, ask: Callable[[], Iterable[_T]]) -> Sequence[_T]:
        return self._contain(ENGINE, str(self.application.path), ask)

    def _contain(self, rule: str, path: str, call: Callable[[], Iterable[_T]]) -> Sequence[_T]:
        try:
            return list(call())
        except Exception as error:  # whatever a rule may raise; RecursionError and MemoryError among them
            self.crashes.setdefault((rule, path), Crash(rule, path, describe(error)))
            return ()


def describe(error: BaseException) -> str:
    """An exception in one line, with the place that raised it."""
    text = " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    place = f" ({Path(frames[0].filename).name}:{frames[0].lineno})" if frames else ""
    return f"{type(error).__name__}: {text}{place}" if text else f"{type(error).__name__}{place}"


def function_links(application: Application, invocations: bool = True) -> Iterator[FunctionLink]:
    """For each function of the template: its handler or the reason why there is none; how it is invoked."""
    from lambdalint.application.link import Linked

    for function in application.functions:
        link = application.links[function.logical_id]
        invoked = list(_invocations(application, function)) if invocations else []
        yield FunctionLink(
            template=function.id.template,
            logical_id=function.logical_id,
            handler=f"{link.path}:{link.attribute}" if isinstance(link, Linked) else None,
            reason=None if isinstance(link, Linked) else link.reason,
            detail="" if isinstance(link, Linked) else link.detail,
            modes=tuple(sorted({mode for mode, _ in invoked})),
            triggers=tuple(dict.fromkeys(description for _, description in invoked)),
            runtime=function.runtime,
        )


def _invocations(application: Application, function: LambdaFunction) -> Iterator[tuple[str, str]]:
    from lambdalint.application.modes import invocations

    for each in invocations(application, function):
        yield each.mode.value, each.description


def _findings(meta: RuleMeta, check: Check, arguments: tuple[object, ...]) -> Sequence[Finding]:
    """The findings of a call; raises for one that is not well made, as if the rule had."""
    findings = list(check(*arguments))
    for finding in findings:
        if finding.rule != meta.name:
            raise ValueError(f"a finding in the name of `{finding.rule}`")
        for label in finding.labels:
            if not 0 <= label.span.start <= label.span.end <= len(label.source.text):
                raise ValueError(f"a label outside {label.source.path}: {label.span}")
    return findings


def _template_error(source: SourceFile, problem: TemplateProblem) -> Finding:
    label = Label(source, problem.span, problem.message)
    help = "mend it: what the template deploys is not known for certain"
    return TEMPLATE_ERROR.finding(problem.message, label, help=help)


def _altitudes(rule: Rule) -> Sequence[str]:
    """The methods that a rule overrides, from the application down to its modules."""
    cls = type(rule)
    found = _OVERRIDDEN.get(cls)
    if found is None:
        found = [name for name in _ALTITUDES if getattr(cls, name) is not getattr(Rule, name)]
        _OVERRIDDEN[cls] = found
    return found


_OVERRIDDEN: dict[type[Rule], Sequence[str]] = {}


def _count(reasons: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return counts


def _from(source: SourceFile, line: int, column: int) -> Span:
    """From a place to the end of its line; the whole line where the place is its end."""
    start, whole = source.offset(line, column), source.line_span(line)
    return Span(start, whole.end) if start < whole.end else whole
