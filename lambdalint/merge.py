"""Findings of several applications made into one list: merged where they are the same, and silent where they
give way to another rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from lambdalint.finding import Finding, Label, Role
from lambdalint.report import FindingKey, finding_key, order
from lambdalint.rule import RuleMeta


@dataclass(frozen=True)
class Owner:
    """An application as a witness: the files that are its own, the rules in force and those that crashed."""

    paths: frozenset[PurePosixPath]
    rules: frozenset[str]
    crashed: frozenset[str] = frozenset()


def merge(reports: Iterable[tuple[Owner, Sequence[Finding]]], rules: Mapping[str, RuleMeta]) -> list[Finding]:
    """One finding for each rule, file and primary span, in the order of reports.

    Functions and labels are united and the worst severity holds. A finding of a rule whose quantifier is
    "all" stands only if every application that owns the file, and on which the rule is in force, reports it;
    one in which the rule crashed cannot agree.
    """
    reports = list(reports)
    found: dict[FindingKey, list[Finding]] = {}
    reporters: dict[FindingKey, set[int]] = {}
    for number, (_, findings) in enumerate(reports):
        for finding in findings:
            key = finding_key(finding)
            found.setdefault(key, []).append(finding)
            reporters.setdefault(key, set()).add(number)
    owners = [owner for owner, _ in reports]
    merged = [
        unite(findings)
        for key, findings in found.items()
        if not _all_must_agree(key[0], rules) or _agree(key, owners, reporters[key])
    ]
    return sorted(merged, key=order)


def unite(findings: Sequence[Finding]) -> Finding:
    """Equal findings of several applications as one. The fix stays only if all of them have the same."""
    first, *others = findings
    if not others:
        return first
    labels = dict.fromkeys(
        label for finding in findings for label in finding.labels if _is_extra(label, first)
    )
    constructs = dict.fromkeys(construct for finding in findings for construct in finding.constructs)
    functions = dict.fromkeys(function for finding in findings for function in finding.functions)
    return replace(
        first,
        severity=max(finding.severity for finding in findings),
        labels=(first.primary, *labels),
        functions=tuple(functions),
        constructs=tuple(constructs),
        fix=first.fix if all(finding.fix == first.fix for finding in others) else None,
    )


def give_way(findings: Sequence[Finding], rules: Mapping[str, RuleMeta]) -> list[Finding]:
    """Without the findings that a superseding rule makes at the same place.

    The place is the superseding finding's primary and its hidden labels: what they hold gives way. Where both
    findings name functions, only the functions in common do.
    """
    stronger: dict[str, list[Finding]] = {}
    for finding in findings:
        for name in rules[finding.rule].supersedes if finding.rule in rules else ():
            stronger.setdefault(name, []).append(finding)
    kept = (_yield_to(finding, stronger.get(finding.rule, ())) for finding in findings)
    return [finding for finding in kept if finding is not None]


def _is_extra(label: Label, first: Finding) -> bool:
    return label.role is not Role.PRIMARY and label != first.primary


def _all_must_agree(rule: str, rules: Mapping[str, RuleMeta]) -> bool:
    return rule in rules and rules[rule].quantifier == "all"


def _agree(key: FindingKey, owners: Sequence[Owner], reporters: Collection[int]) -> bool:
    rule, path, _ = key
    return all(
        number in reporters and rule not in owner.crashed
        for number, owner in enumerate(owners)
        if path in owner.paths and rule in owner.rules
    )


def _yield_to(finding: Finding, stronger: Sequence[Finding]) -> Finding | None:
    for other in stronger:
        if other.rule == finding.rule or not _same_place(finding, other):
            continue
        if not finding.functions or not other.functions:
            return None
        left = tuple(function for function in finding.functions if function not in other.functions)
        if not left:
            return None
        labels = tuple(
            label
            for label in finding.labels
            if label.role is Role.PRIMARY or label.function is None or label.function in left
        )
        finding = replace(finding, functions=left, labels=labels)
    return finding


def _same_place(finding: Finding, other: Finding) -> bool:
    return any(
        label.source == finding.primary.source and label.span.contains(finding.primary.span)
        for label in other.labels
        if label.role is not Role.RELATED
    )
