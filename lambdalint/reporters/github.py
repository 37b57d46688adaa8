"""Workflow commands that GitHub shows as annotations on the changed lines.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdalint.finding import Finding, Severity
from lambdalint.report import Crash, Report
from lambdalint.reporters import Options, crash_help, crash_message

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, options: Options) -> str:
    """One command a finding, and one a crash."""
    commands = [*map(_finding, report.findings), *map(_crash, report.crashes)]
    return "".join(f"{command}\n" for command in commands)


def _finding(finding: Finding) -> str:
    source, span = finding.primary.source, finding.primary.span
    start, end = source.position(span.start), source.position(span.end)
    properties: dict[str, object] = {"file": finding.path.as_posix(), "line": start.line, "endLine": end.line}
    if start.line == end.line:  # GitHub takes columns only within one line
        properties |= {"col": start.column, "endColumn": end.column}
    properties["title"] = f"lambdalint: {finding.rule}"
    construct = f"construct: {', '.join(finding.constructs)}" if finding.constructs else ""
    message = "\n".join(filter(None, (finding.message, finding.help, construct)))
    return _command(_LEVELS[finding.severity], properties, message)


def _crash(crash: Crash) -> str:
    properties = {"file": crash.path, "title": "lambdalint: rule-crash"}
    return _command("error", properties, f"{crash_message(crash)}\n{crash_help(crash)}")


def _command(level: str, properties: Mapping[str, object], message: str) -> str:
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
