"""One line a finding, `path:line:column: severity rule message`, for editors and what else reads lines."""

from __future__ import annotations

from lambdalint.finding import Finding
from lambdalint.report import Report
from lambdalint.reporters import Options, crash_message
from lambdalint.reporters.terminal import printable


def render(report: Report, options: Options) -> str:
    """The lines of the findings; with `show_suppressed`, those of silenced ones follow and say so."""
    lines = [line(finding) for finding in report.findings]
    lines += [f"{crash.path}:1:1: error rule-crash {crash_message(crash)}" for crash in report.crashes]
    if options.show_suppressed:
        lines += [f"{line(item.finding)} (ignored: {item.reason or item.kind})" for item in report.suppressed]
    return "".join(f"{printable(text)}\n" for text in lines)


def line(finding: Finding) -> str:
    """A finding on one line."""
    place = finding.primary.source.position(finding.primary.span.start)
    message = " ".join(finding.message.split())
    where = f"{finding.path}:{place.line}:{place.column}"
    construct = f" (construct {finding.constructs[0]})" if finding.constructs else ""
    return f"{where}: {finding.severity.label} {finding.rule} {message}{construct}"
