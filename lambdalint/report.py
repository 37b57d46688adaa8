"""What a run comes to: the one thing that reporters and exit codes are made from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal

from lambdalint.finding import Finding, Severity
from lambdalint.rule import RuleMeta
from lambdalint.source import Span

SuppressionKind = Literal["inSource", "metadata", "per-path"]
FindingKey = tuple[str, PurePosixPath, Span]


@dataclass(frozen=True)
class Suppressed:
    """A finding that an ignore silenced: kept apart, never dropped. `reason` is what the author wrote."""

    finding: Finding
    kind: SuppressionKind
    reason: str = ""


@dataclass(frozen=True)
class Crash:
    """A rule that raised. `path` is the file that was looked at; `error` is one line."""

    rule: str
    path: str
    error: str


@dataclass(frozen=True)
class FunctionLink:
    """A function of a template and its handler ("src/app.py:handler"), or the reason why there is none.

    `modes` are the ways it is invoked ("async", "queue" …); `triggers` describe what does so. `detail` says
    more about the reason.
    """

    template: PurePosixPath
    logical_id: str
    handler: str | None
    reason: str | None
    modes: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    runtime: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class Stats:
    """Figures of a run. `files` are those that the applications deploy and rules looked into. Times are in
    seconds; `unknown` counts by reason what could not be told; `unchanged` applications were taken over from
    an earlier run."""

    files: int = 0
    applications: int = 0
    seconds: float = 0.0
    rule_seconds: Mapping[str, float] = field(default_factory=dict)
    phases: Mapping[str, float] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    unchanged: int = 0


@dataclass(frozen=True)
class Report:
    """Findings in order of path, line, column and rule, and what belongs with them.

    `rules` describes the rules that ran and the engine's own, by name. `notes` are remarks for the user that
    are not findings, such as paths with nothing to lint.
    """

    root: Path
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    baselined: tuple[Finding, ...] = ()
    crashes: tuple[Crash, ...] = ()
    links: tuple[FunctionLink, ...] = ()
    stats: Stats = field(default_factory=Stats)
    rules: Mapping[str, RuleMeta] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def fingerprint(self, finding: Finding) -> str:
        """What this finding is recognised by in a later run; see `fingerprints`.

        Suppressed and baselined findings count for the ordinal, so that silencing one of several equal
        findings does not rename the others.
        """
        return self._fingerprints[finding_key(finding)]

    def worst(self) -> Severity | None:
        """The highest severity among the findings, None without findings."""
        return max((finding.severity for finding in self.findings), default=None)

    @cached_property
    def _fingerprints(self) -> Mapping[FindingKey, str]:
        every = (*self.findings, *self.baselined, *(suppressed.finding for suppressed in self.suppressed))
        return fingerprints(every)


def finding_key(finding: Finding) -> FindingKey:
    """What a report holds at most one finding for: rule, file and primary span."""
    return (finding.rule, finding.path, finding.primary.span)


def order(finding: Finding) -> tuple[str, int, int, str, str]:
    """Sorts findings by path, line, column and rule."""
    primary = finding.primary
    return (str(finding.path), primary.span.start, primary.span.end, finding.rule, finding.message)


def fingerprints(findings: Iterable[Finding]) -> Mapping[FindingKey, str]:
    """The fingerprint of each finding, as SHA-256 in hexadecimal.

    It is made of rule, path, the functions' logical ids, the primary's text with white space folded, and an
    ordinal among findings that are equal in all that; so lines above may come and go without changing it.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    result: dict[FindingKey, str] = {}
    for finding in sorted(findings, key=order):
        identity = _identity(finding)
        key = finding_key(finding)
        if key in result:
            continue
        digest = hashlib.sha256("\0".join((*identity, str(seen[identity]))).encode("utf-8", "surrogatepass"))
        seen[identity] += 1
        result[key] = digest.hexdigest()
    return result


def _identity(finding: Finding) -> tuple[str, ...]:
    logical_ids = sorted({function.logical_id for function in finding.functions})
    text = " ".join(finding.primary.source.slice(finding.primary.span).split())
    return (finding.rule, finding.path.as_posix(), *logical_ids, text)
