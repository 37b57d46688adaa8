"""Applications made of what the engine asks of them, and rules made of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import pytest

from lambdalint import work
from lambdalint.engine import Options, check
from lambdalint.finding import Edit, Finding, Fix, FunctionId, Label, Role, Safety, Severity
from lambdalint.ledger import Ledger, Records
from lambdalint.registry import Registry, load_registry
from lambdalint.report import Report
from lambdalint.rule import Rule, RuleMeta, Settings
from lambdalint.source import SourceFile, Span, as_can_be_shown

ENGINE_RULES = {name: meta for name, meta in load_registry().rules.items() if meta.theme == "engine"}


def source(path: str, text: str = "") -> SourceFile:
    return SourceFile(PurePosixPath(path), text)


def label(
    file: SourceFile, text: str, role: Role = Role.PRIMARY, function: FunctionId | None = None
) -> Label:
    start = file.text.index(text)
    return Label(file, Span(start, start + len(text)), f"{text} is it", role, function)


def replacing(file: SourceFile, text: str, replacement: str, safety: Safety = Safety.SAFE) -> Fix:
    span = label(file, text).span
    return Fix(f"Replace {text}", (Edit(file, span, replacement),), safety)


@dataclass(eq=False)
class FakePythonModule:
    source: SourceFile


@dataclass(eq=False)
class FakeModule:
    """An application's module; `reached` as some handler reaches it."""

    source: SourceFile
    reached: bool = True
    application: Any = None

    @property
    def module(self) -> FakePythonModule:
        return FakePythonModule(self.source)


@dataclass(eq=False)
class FakeTemplate:
    source: SourceFile
    problems: tuple[Any, ...] = ()
    metadata_ignores: Mapping[str, Any] = field(default_factory=dict)
    synthesis: None = None


@dataclass(eq=False)
class FakeApplication:
    """What the engine asks of an application."""

    path: PurePosixPath
    modules: Sequence[FakeModule] = ()
    template: FakeTemplate | None = None
    settings: Settings = field(default_factory=Settings)
    copy: bool = False
    failures: tuple[Any, ...] = ()
    functions: tuple[Any, ...] = ()
    handlers: tuple[Any, ...] = ()
    root: Path = Path()
    ledger: Ledger = field(default_factory=Ledger)
    folders: tuple[PurePosixPath, ...] = (PurePosixPath("."),)


@dataclass(eq=False)
class FakeProject:
    applications: tuple[FakeApplication, ...]

    def application(self, path: PurePosixPath) -> FakeApplication:
        return next(application for application in self.applications if application.path == path)


@dataclass
class FakeFiles:
    root: Path = Path("/project")
    given: tuple[PurePosixPath, ...] = (PurePosixPath("."),)
    templates: tuple[PurePosixPath, ...] = ()
    python: tuple[PurePosixPath, ...] = ()
    problems: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()
    records: Records = field(default_factory=Records)

    def show(self, path: PurePosixPath) -> SourceFile:
        return as_can_be_shown(path, (self.root / path).read_bytes())

    @property
    def asked(self) -> tuple[PurePosixPath, ...]:
        return self.given

    def reported(self, path: PurePosixPath) -> bool:
        return any(path == given or given in path.parents for given in self.given)


@dataclass
class FakeSettings:
    by_path: Mapping[PurePosixPath, Settings] = field(default_factory=dict)

    def for_folder(self, folder: PurePosixPath) -> Settings:
        return Settings()

    def for_template(self, path: PurePosixPath) -> Settings:
        return self.by_path.get(path, Settings())


def application(
    path: str, *files: SourceFile, template: SourceFile | None = None, **more: Any
) -> FakeApplication:
    modules = [FakeModule(file) for file in files]
    found = FakeTemplate(template) if template else None
    app = FakeApplication(PurePosixPath(path), modules, found, **more)
    for module in modules:
        module.application = app
    return app


def module_rule(name: str, find: Callable[[Any], Iterable[Finding]], **attributes: Any) -> Rule:
    """A rule whose `check_module` is `find`."""

    class FakeRule(Rule):
        reads: ClassVar[Any] = "code"
        severity = "warning"

        def check_module(self, module: Any) -> Iterator[Finding]:
            yield from find(module)

    for attribute, value in {"name": name, **attributes}.items():
        setattr(FakeRule, attribute, value)
    return FakeRule()


def word_rule(name: str, word: str, **attributes: Any) -> Rule:
    """A rule that reports the first occurrence of a word in a module."""

    def find(module: Any) -> Iterator[Finding]:
        if word in module.source.text:
            yield finding(name, label(module.source, word))

    return module_rule(name, find, **attributes)


def finding(rule: str, *labels: Label, **more: Any) -> Finding:
    return Finding(
        rule, more.pop("severity", Severity.WARNING), more.pop("message", f"{rule} here"), labels, **more
    )


def meta(rule: Rule) -> RuleMeta:
    return RuleMeta(
        name=rule.name,
        theme="fake",
        severity=Severity[rule.severity.upper()],
        reads=rule.reads,
        fix=Safety(rule.fix) if rule.fix else None,
        default=rule.default,
        quantifier=rule.quantifier,
        supersedes=tuple(rule.supersedes),
        options=rule.options,
        precision=rule.precision,
        security_severity=rule.security_severity,
        doc="A rule of the tests.",
        path=Path("fake.py"),
        module="fake",
        qualname="FakeRule",
    )


def registry(*rules: Rule) -> Registry:
    metas = {rule.name: meta(rule) for rule in rules}
    return Registry({**ENGINE_RULES, **metas}, instances={rule.name: rule for rule in rules})


def run(
    monkeypatch: pytest.MonkeyPatch,
    rules: Sequence[Rule],
    *applications: FakeApplication,
    files: FakeFiles | None = None,
    options: Options | None = None,
) -> Report:
    """The engine's report on applications."""
    monkeypatch.setattr(work, "build_project", lambda files, settings: FakeProject(applications))
    monkeypatch.setattr(work, "template_groups", lambda files: [(each.path,) for each in applications])
    monkeypatch.setattr(work, "loose_groups", lambda files, owned: ())
    given: Any = files or FakeFiles()
    by_path = {application.path: application.settings for application in applications}
    return check(given, FakeSettings(by_path), registry(*rules), options or Options(jobs=1))


def places(report: Report) -> list[tuple[str, str, int]]:
    """Rule, path and line of each finding."""
    return [
        (f.rule, str(f.path), f.primary.source.position(f.primary.span.start).line) for f in report.findings
    ]
