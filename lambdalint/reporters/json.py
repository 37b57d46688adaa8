"""JSON for programs: versioned, and described by data/report.schema.json."""

from __future__ import annotations

import json
from typing import TypedDict

import lambdalint
from lambdalint.finding import Edit, Finding, Fix, Label, Role
from lambdalint.report import FunctionLink, Report
from lambdalint.reporters import Options
from lambdalint.source import SourceFile, Span

VERSION = 1


class PositionJson(TypedDict):
    line: int
    column: int


class FunctionIdJson(TypedDict):
    template: str
    logical_id: str


class LabelJson(TypedDict):
    path: str
    start: PositionJson
    end: PositionJson
    message: str
    role: str


class EditJson(TypedDict):
    path: str
    start: PositionJson
    end: PositionJson
    replacement: str


class FixJson(TypedDict):
    title: str
    safety: str
    edits: list[EditJson]


class FindingJson(TypedDict):
    rule: str
    severity: str
    message: str
    help: str
    path: str
    start: PositionJson
    end: PositionJson
    functions: list[FunctionIdJson]
    constructs: list[str]
    labels: list[LabelJson]
    fix: FixJson | None
    fingerprint: str


class SuppressedJson(FindingJson):
    kind: str
    reason: str


class CrashJson(TypedDict):
    rule: str
    path: str
    error: str


class FunctionJson(TypedDict):
    template: str
    logical_id: str
    handler: str | None
    reason: str | None
    modes: list[str]


class StatsJson(TypedDict):
    files: int
    applications: int
    seconds: float
    unknown: dict[str, int]


class ReportJson(TypedDict):
    version: int
    tool_version: str
    findings: list[FindingJson]
    suppressed: list[SuppressedJson]
    crashes: list[CrashJson]
    functions: list[FunctionJson]
    stats: StatsJson


def render(report: Report, options: Options) -> str:
    """The report as one JSON object, with a newline at the end."""
    return json.dumps(structure(report), indent=2) + "\n"


def structure(report: Report) -> ReportJson:
    """What is written, before it is text."""
    return {
        "version": VERSION,
        "tool_version": lambdalint.__version__,
        "findings": [_finding(report, finding) for finding in report.findings],
        "suppressed": [
            {**_finding(report, item.finding), "kind": item.kind, "reason": item.reason}
            for item in report.suppressed
        ],
        "crashes": [
            {"rule": crash.rule, "path": crash.path, "error": crash.error} for crash in report.crashes
        ],
        "functions": [function(link) for link in report.links],
        "stats": {
            "files": report.stats.files,
            "applications": report.stats.applications,
            "seconds": round(report.stats.seconds, 3),
            "unknown": dict(report.stats.unknown),
        },
    }


def function(link: FunctionLink) -> FunctionJson:
    """A function resource and its handler, or why there is none."""
    return {
        "template": link.template.as_posix(),
        "logical_id": link.logical_id,
        "handler": link.handler,
        "reason": link.reason,
        "modes": list(link.modes),
    }


def _finding(report: Report, finding: Finding) -> FindingJson:
    source, span = finding.primary.source, finding.primary.span
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "message": finding.message,
        "help": finding.help,
        "path": finding.path.as_posix(),
        "start": _position(source, span.start),
        "end": _position(source, span.end),
        "functions": [
            {"template": item.template.as_posix(), "logical_id": item.logical_id}
            for item in finding.functions
        ],
        "constructs": list(finding.constructs),
        "labels": [_label(label) for label in finding.labels if label.role is not Role.PRIMARY],
        "fix": _fix(finding.fix) if finding.fix is not None else None,
        "fingerprint": report.fingerprint(finding),
    }


def _label(label: Label) -> LabelJson:
    start, end = _range(label.source, label.span)
    return {
        "path": label.source.path.as_posix(),
        "start": start,
        "end": end,
        "message": label.message,
        "role": label.role.value,
    }


def _fix(fix: Fix) -> FixJson:
    return {"title": fix.title, "safety": fix.safety.value, "edits": [_edit(edit) for edit in fix.edits]}


def _edit(edit: Edit) -> EditJson:
    start, end = _range(edit.source, edit.span)
    return {
        "path": edit.source.path.as_posix(),
        "start": start,
        "end": end,
        "replacement": edit.replacement,
    }


def _range(source: SourceFile, span: Span) -> tuple[PositionJson, PositionJson]:
    return _position(source, span.start), _position(source, span.end)


def _position(source: SourceFile, offset: int) -> PositionJson:
    position = source.position(offset)
    return {"line": position.line, "column": position.column}
