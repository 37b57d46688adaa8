"""From files to a report: the applications are checked, and what they say is made one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from lambdalint.directives import Directive, scan
from lambdalint.finding import Finding
from lambdalint.merge import give_way, merge
from lambdalint.outcome import Outcome, unreadable_template
from lambdalint.registry import ENGINE_THEME, Registry
from lambdalint.report import Report, Stats, Suppressed, finding_key, order
from lambdalint.suppression import Suppressions, per_path
from lambdalint.work import Options, Result, SettingsSource, do_all

if TYPE_CHECKING:
    from lambdalint.discovery import Files

__all__ = ["Options", "SettingsSource", "check"]

_T = TypeVar("_T")
_N = TypeVar("_N", int, float)


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
        results = do_all(self.files, self.settings, self.registry, self.options, self.phases)
        outcomes = sorted((o for result in results for o in result.outcomes), key=lambda o: str(o.path))
        unreadable = [*self._unreadable(), *(finding for result in results for finding in result.unreadable)]
        findings, suppressed = self._timed("settle", lambda: self._settle(outcomes, unreadable))
        ran = {name for outcome in outcomes for name in outcome.owner.rules}
        crashes = [crash for result in results for crash in result.crashes]
        crashes += [crash for outcome in outcomes for crash in outcome.crashes]
        return Report(
            root=self.files.root,
            findings=tuple(findings),
            suppressed=tuple(suppressed),
            crashes=tuple(sorted(dict.fromkeys(crashes), key=lambda crash: (crash.path, crash.rule))),
            links=tuple(link for outcome in outcomes for link in outcome.links),
            stats=self._stats(results, outcomes, time.perf_counter() - begin),
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

    def _settle(
        self, outcomes: Sequence[Outcome], unreadable: Sequence[Finding]
    ) -> tuple[list[Finding], list[Suppressed]]:
        """Merges what the applications say and applies the ignores; ordered, limited to what was asked."""
        merged = merge([(o.owner, o.findings) for o in outcomes], self.registry.rules)
        merged = give_way([*unreadable, *merged], self.registry.rules)
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

    def _unreadable(self) -> Iterator[Finding]:
        """Files that seem to be templates and cannot be read, so that no application comes of them."""
        for problem in self.files.problems:
            settings = self.settings.for_template(problem.path)
            finding = unreadable_template(
                problem.path, problem.message, problem.help, problem.line, self.files
            )
            selected = any(meta.name == finding.rule for meta in self.registry.select(settings))
            if selected and not per_path(settings.per_path_ignores, self.registry.expand).match(finding):
                yield finding

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

    def _stats(self, results: Sequence[Result], outcomes: Sequence[Outcome], seconds: float) -> Stats:
        return Stats(
            files=len({path for outcome in outcomes for path in outcome.owner.paths}),
            applications=len(outcomes),
            seconds=seconds,
            rule_seconds=_sum(outcome.seconds for outcome in outcomes),
            phases=self.phases,
            unknown=_sum(outcome.unknown for outcome in outcomes),
            unchanged=sum(result.unchanged for result in results),
        )


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
