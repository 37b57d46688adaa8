"""From files to a report: the applications are built and checked, and what they say is made one.

Nothing else in lambdalint knows about workers.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol, TypeVar

from lambdalint import source as sources
from lambdalint.directives import Directive, scan
from lambdalint.engine_rules import TEMPLATE_ERROR
from lambdalint.finding import Finding
from lambdalint.merge import give_way, merge
from lambdalint.outcome import ENGINE, Outcome, describe, run, unreadable_template
from lambdalint.registry import ENGINE_THEME, Registry
from lambdalint.report import Crash, Report, Stats, Suppressed, finding_key, order
from lambdalint.rule import Rule, Settings
from lambdalint.suppression import Suppressions

if TYPE_CHECKING:
    from lambdalint.application.application import Project, Unit
    from lambdalint.discovery import Files

_T = TypeVar("_T")
_N = TypeVar("_N", int, float)

# Starting workers and sending findings back costs more than it saves on a handful of applications.
FEW_APPLICATIONS = 12


class SettingsSource(Protocol):
    """Where the settings of an application come from; `config.Configuration` is one."""

    def for_folder(self, folder: PurePosixPath) -> Settings:
        """The settings of loose modules in a folder."""

    def for_template(self, path: PurePosixPath) -> Settings:
        """The settings of the application that a template makes."""


@dataclass(frozen=True)
class Options:
    """How to run. `jobs` is the number of processes, 0 for as many as pay off.

    `whole_application` reports on all files of each application that the given paths belong to.
    """

    jobs: int = 0
    whole_application: bool = False


def check(
    files: Files, settings: SettingsSource, registry: Registry, options: Options | None = None
) -> Report:
    """Lints the files. What rules do wrong is in the report; raises RegistryError for one that does not load,
    and what `settings` raises."""
    return _Check(files, settings, registry, options or Options()).report()


class _Check:
    def __init__(self, files: Files, settings: SettingsSource, registry: Registry, options: Options) -> None:
        self.files = files
        self.settings = settings
        self.registry = registry
        self.options = options
        self.phases: dict[str, float] = {}

    def report(self) -> Report:
        begin = time.perf_counter()
        work = self._timed("applications", lambda: _Work(self.files, self.settings, self.registry))
        outcomes, lost = self._timed("rules", lambda: _run_all(work, self.options.jobs))
        findings, suppressed = self._timed("findings", lambda: self._settle(outcomes))
        ran = {name for outcome in outcomes for name in outcome.owner.rules}
        crashes = (crash for outcome in outcomes for crash in outcome.crashes)
        return Report(
            root=self.files.root,
            findings=tuple(findings),
            suppressed=tuple(suppressed),
            crashes=tuple(sorted((*crashes, *lost), key=lambda crash: (crash.path, crash.rule))),
            links=tuple(link for outcome in outcomes for link in outcome.links),
            stats=self._stats(outcomes, time.perf_counter() - begin),
            rules={
                name: m for name, m in self.registry.rules.items() if name in ran or m.theme == ENGINE_THEME
            },
            notes=tuple(self.files.notes),
        )

    def _timed(self, phase: str, call: Callable[[], _T]) -> _T:
        begin = time.perf_counter()
        result = call()
        self.phases[phase] = time.perf_counter() - begin
        return result

    def _settle(self, outcomes: Sequence[Outcome]) -> tuple[list[Finding], list[Suppressed]]:
        """Merges what the applications say and applies the ignores; ordered, limited to what was asked."""
        merged = merge([(o.owner, o.findings) for o in outcomes], self.registry.rules)
        merged = give_way([*self._unreadable(outcomes), *merged], self.registry.rules)
        suppressions = Suppressions(_directives(outcomes, merged), (m for o in outcomes for m in o.metadata))
        ran = _ran(outcomes)
        items = [suppressions.apply(finding) for finding in merged]
        leftovers = list(suppressions.leftovers(self.registry.rules, ran))
        items += [_by_path(outcomes, finding) or suppressions.apply(finding) for finding in leftovers]
        # An ignore of unused-ignore must not silence what is said of itself, so these are not applied.
        items += [_by_path(outcomes, finding) or finding for finding in list(suppressions.idle(ran))]
        keys = {finding_key(item.finding if isinstance(item, Suppressed) else item) for item in items}
        items += [s for o in outcomes for s in o.suppressed if finding_key(s.finding) not in keys]
        is_reported = self._is_reported(outcomes)
        findings = [i for i in items if isinstance(i, Finding) and is_reported(i)]
        suppressed = [i for i in items if isinstance(i, Suppressed) and is_reported(i.finding)]
        return sorted(findings, key=order), sorted(_unique(suppressed), key=lambda s: order(s.finding))

    def _unreadable(self, outcomes: Sequence[Outcome]) -> Iterator[Finding]:
        """Files that seem to be templates and cannot be read, so that no application comes of them."""
        for problem in self.files.problems:
            settings = self.settings.for_template(problem.path)
            if TEMPLATE_ERROR.name in {meta.name for meta in self.registry.select(settings)}:
                yield unreadable_template(
                    problem.path, problem.message, problem.help, problem.line, self.files.root
                )

    def _is_reported(self, outcomes: Sequence[Outcome]) -> Callable[[Finding], bool]:
        """Whether a finding has a label in the given paths, or in an application of theirs if asked."""
        more: set[PurePosixPath] = set()
        if self.options.whole_application:
            for outcome in outcomes:
                if any(self.files.reported(path) for path in outcome.owner.paths):
                    more |= outcome.owner.paths
        return lambda finding: any(
            label.source.path in more or self.files.reported(label.source.path) for label in finding.labels
        )

    def _stats(self, outcomes: Sequence[Outcome], seconds: float) -> Stats:
        return Stats(
            files=len(self.files.templates) + len(self.files.python),
            applications=len(outcomes),
            seconds=seconds,
            rule_seconds=_sum(outcome.seconds for outcome in outcomes),
            phases=self.phases,
            unknown=_sum(outcome.unknown for outcome in outcomes),
        )


def build_project(files: Files, settings: SettingsSource) -> Project:
    """The applications of the files."""
    from lambdalint.application.application import Project

    return Project.build(files, settings)


class _Work:
    """The units of work of a run, and the rules to run on them. Every worker has its own."""

    def __init__(self, files: Files, settings: SettingsSource, registry: Registry) -> None:
        self.files = files
        self.settings = settings
        self.registry = registry
        self.project = build_project(files, settings)
        self.units = tuple(unit for unit in self.project.units if self._is_asked_for(unit))
        self.rules = self._load()

    def run(self, number: int) -> list[Outcome]:
        """The outcomes of a unit's applications."""
        return [
            run(application, self.registry, self.rules) for application in self.units[number].applications
        ]

    def _is_asked_for(self, unit: Unit) -> bool:
        return any(application.touches(self.files.given) for application in unit.applications)

    def _load(self) -> Mapping[str, Rule]:
        applications = [application for unit in self.units for application in unit.applications]
        selected = {meta.name: meta for a in applications for meta in self.registry.select(a.settings)}
        return {
            name: self.registry.load(meta) for name, meta in selected.items() if meta.theme != ENGINE_THEME
        }


@dataclass(frozen=True)
class _Recipe:
    """What a worker needs that does not inherit its parent's memory."""

    files: Files
    settings: SettingsSource
    registry: Registry
    overlay: Mapping[str, bytes]


def _run_all(work: _Work, jobs: int) -> tuple[list[Outcome], list[Crash]]:
    """All outcomes, by path whoever made them; and a crash for each unit that gave none."""
    numbers = range(len(work.units))
    workers = min(_workers(jobs, sum(len(unit.applications) for unit in work.units)), len(numbers))
    results = _in_workers(work, workers) if workers > 1 else [_run_unit(work, number) for number in numbers]
    outcomes = [outcome for result in results if not isinstance(result, Crash) for outcome in result]
    return sorted(outcomes, key=lambda o: str(o.path)), [r for r in results if isinstance(r, Crash)]


def _workers(jobs: int, applications: int) -> int:
    if jobs:
        return jobs
    return (os.cpu_count() or 1) if applications >= FEW_APPLICATIONS else 1


def _run_unit(work: _Work, number: int) -> list[Outcome] | Crash:
    try:
        return work.run(number)
    except Exception as error:
        return _crash(work, number, describe(error))


def _crash(work: _Work, number: int, error: str) -> Crash:
    return Crash(ENGINE, str(work.units[number].applications[0].path), error)


def _in_workers(work: _Work, workers: int) -> list[list[Outcome] | Crash]:
    results = _pooled(work, range(len(work.units)), workers)
    for number, result in results.items():
        if result is None:
            # A worker that dies takes the others' work with it; alone, only the unit that kills it is lost.
            results[number] = _pooled(work, (number,), 1)[number]
    died = "the worker process died, perhaps for want of memory"
    return [_crash(work, number, died) if result is None else result for number, result in results.items()]


def _pooled(work: _Work, numbers: Sequence[int], workers: int) -> dict[int, list[Outcome] | Crash | None]:
    """The result of each unit, None where a worker died."""
    fork = sys.platform == "linux"  # macOS's own libraries do not survive a fork
    recipe = work if fork else _Recipe(work.files, work.settings, work.registry, sources.current_overlay())
    context = multiprocessing.get_context("fork" if fork else "spawn")
    with ProcessPoolExecutor(workers, context, _begin_worker, (recipe,)) as pool:
        futures = {number: pool.submit(_run_in_worker, number) for number in numbers}
        return {number: _result(work, number, future) for number, future in futures.items()}


def _result(work: _Work, number: int, future: Future[list[Outcome] | Crash]) -> list[Outcome] | Crash | None:
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except Exception as error:  # what cannot be sent back
        return _crash(work, number, describe(error))


_worker: _Work | None = None


def _begin_worker(recipe: _Work | _Recipe) -> None:
    global _worker
    if isinstance(recipe, _Recipe):
        sources.begin_overlay(recipe.overlay)
        recipe = _Work(recipe.files, recipe.settings, recipe.registry)
    _worker = recipe


def _run_in_worker(number: int) -> list[Outcome] | Crash:
    assert _worker is not None
    return _run_unit(_worker, number)


def _directives(outcomes: Sequence[Outcome], findings: Iterable[Finding]) -> Iterable[Directive]:
    """The ignores in the applications' files, and in others that findings point at (requirements, say)."""
    owned = {path for outcome in outcomes for path in outcome.owner.paths}
    found = [directive for outcome in outcomes for directive in outcome.directives]
    others = dict.fromkeys(label.source for finding in findings for label in finding.labels)
    for source in others:
        if source.path not in owned:
            found.extend(scan(source))
    # A module that applications share comes with each of them.
    return {(directive.source.path, directive.span): directive for directive in found}.values()


def _ran(outcomes: Sequence[Outcome]) -> Mapping[PurePosixPath, Collection[str]]:
    """For each file the rules that ran on it, but for those that crashed."""
    ran: dict[PurePosixPath, set[str]] = {}
    crashed: dict[PurePosixPath, set[str]] = {}
    for outcome in outcomes:
        for path in outcome.owner.paths:
            ran.setdefault(path, set()).update(outcome.owner.rules)
            crashed.setdefault(path, set()).update(outcome.owner.crashed)
    return {path: rules - crashed[path] for path, rules in ran.items()}


def _by_path(outcomes: Sequence[Outcome], finding: Finding) -> Suppressed | None:
    """An engine's finding that per-path-ignores silence in every application that owns the file."""
    owning = [outcome for outcome in outcomes if finding.path in outcome.owner.paths]
    matched = [outcome.ignores.match(finding) for outcome in owning]
    reasons = [pattern for pattern in matched if pattern is not None]
    return Suppressed(finding, "per-path", reasons[0]) if owning and len(reasons) == len(owning) else None


def _unique(suppressed: Iterable[Suppressed]) -> Iterable[Suppressed]:
    return {finding_key(item.finding): item for item in suppressed}.values()


def _sum(counts: Iterable[Mapping[str, _N]]) -> dict[str, _N]:
    total: dict[str, _N] = {}
    for count in counts:
        for name, value in count.items():
            total[name] = total[name] + value if name in total else value
    return dict(sorted(total.items()))
