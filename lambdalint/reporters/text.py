"""Text for people: each finding with its source lines, the places underlined, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import PurePosixPath

from lambdalint.finding import Finding, Label, Role, Safety, Severity
from lambdalint.report import Crash, Report
from lambdalint.reporters import Options, crash_help, crash_message
from lambdalint.reporters.concise import line as concise_line
from lambdalint.reporters.terminal import Style, expand, paint, plural, printable, table, width

MAX_RELATED = 6  # a value in Globals may concern dozens of functions
MAX_CONSTRUCTS = 6
_STYLES: dict[Severity, Style] = {
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
}
_NOUNS = {
    Severity.ERROR: ("error", "errors"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.INFO: ("info", "info"),
}
_LEAD = 24  # columns kept before a span when its line is cut


def render(report: Report, options: Options) -> str:
    """The findings in order, then the summary."""
    blocks = [_finding(finding, options) for finding in report.findings]
    blocks += [_crash(crash, options) for crash in report.crashes]
    if options.show_suppressed and report.suppressed:
        blocks.append(_suppressed(report, options))
    if options.statistics:
        blocks.append(_statistics(report, options))
    if not options.quiet:
        blocks.append(summary(report, options))
    return "\n".join(blocks)


def summary(report: Report, options: Options) -> str:
    """Counts by severity, what can be fixed, what was silenced and how many functions were linked."""
    lines = [_counts(report, options)]
    fixable = _fixable(report, options)
    if fixable:
        lines.append(fixable)
    silenced = len(report.suppressed)
    if silenced and not options.show_suppressed:
        lines.append(f"{plural(silenced, 'finding')} silenced by ignores (--show-suppressed lists them).")
    if report.crashes:
        crashes = plural(len(report.crashes), "crash", "crashes")
        lines.append(f"{crashes}: what those rules would say there is missing.")
    linked = sum(link.handler is not None for link in report.links)
    if report.links:
        unlinked = "" if linked == len(report.links) else "; `lambdalint links` says why not the others"
        lines.append(f"{linked} of {plural(len(report.links), 'function')} linked to their code{unlinked}.")
    return "".join(f"{line}\n" for line in lines)


def _counts(report: Report, options: Options) -> str:
    read = f"{plural(report.stats.files, 'file')} of {plural(report.stats.applications, 'application')}"
    if not report.findings:
        return paint(f"No findings in {read}.", "green", color=options.color)
    counts = Counter(finding.severity for finding in report.findings)
    parts = [
        paint(plural(counts[severity], *_NOUNS[severity]), _STYLES[severity], "bold", color=options.color)
        for severity in sorted(counts, reverse=True)
    ]
    return f"{_enumerate(parts)} in {read}."


def _fixable(report: Report, options: Options) -> str:
    safe = sum(_is_fixable(finding, Safety.SAFE) for finding in report.findings)
    unsafe = sum(_is_fixable(finding, Safety.UNSAFE) for finding in report.findings)
    if options.unsafe_fixes:
        total = safe + unsafe
        return f"{total} can be fixed with `--fix --unsafe-fixes`." if total else ""
    parts = []
    if safe:
        parts.append(f"{safe} can be fixed with `--fix`")
    if unsafe:
        parts.append(f"{unsafe} {'more ' if safe else ''}can be fixed with `--fix --unsafe-fixes`")
    return f"{'; '.join(parts)}." if parts else ""


def _is_fixable(finding: Finding, safety: Safety) -> bool:
    return finding.fix is not None and finding.fix.safety is safety


def _finding(finding: Finding, options: Options) -> str:
    labels = _shown(finding)
    gutter = max(len(str(_line(label))) for label in labels)
    style = _STYLES[finding.severity]
    title = paint(f"{finding.severity.label}[{finding.rule}]", style, "bold", color=options.color)
    lines = [f"{title}: {paint(_indented(finding.message, '  '), 'bold', color=options.color)}"]
    for path, group in groupby(labels, key=lambda label: label.source.path):
        lines += _snippet(path, list(group), gutter, finding, options)
    left_out = sum(label.role is Role.RELATED for label in finding.labels) - MAX_RELATED
    if left_out > 0:
        lines.append(_note("note", f"and {plural(left_out, 'more place')}", gutter, options))
    if finding.constructs:
        shown = [
            *finding.constructs[:MAX_CONSTRUCTS],
            *(["…"] if finding.constructs[MAX_CONSTRUCTS:] else []),
        ]
        kind = "construct" if len(finding.constructs) == 1 else "constructs"
        lines.append(_note(kind, f"{', '.join(shown)}, in the CDK application", gutter, options))
    if finding.help:
        lines.append(_note("help", finding.help, gutter, options))
    if finding.fix is not None:
        flag = "--fix" if finding.fix.safety is Safety.SAFE else "--fix --unsafe-fixes"
        lines.append(_note("fix", f"{finding.fix.title} ({flag})", gutter, options))
    return "".join(f"{line}\n" for line in lines)


def _shown(finding: Finding) -> Sequence[Label]:
    """The labels to show, those of a file together: the primary's file first, the rest in their own order."""
    related = [label for label in finding.labels if label.role is Role.RELATED][:MAX_RELATED]
    files = list(dict.fromkeys([finding.path, *(label.source.path for label in related)]))
    return sorted([finding.primary, *related], key=lambda label: (files.index(label.source.path), label.span))


def _snippet(
    path: PurePosixPath, labels: Sequence[Label], gutter: int, finding: Finding, options: Options
) -> Iterable[str]:
    own = finding.primary in labels
    first = finding.primary if own else labels[0]
    place = first.source.position(first.span.start)
    arrow = paint("-->" if own else ":::", "blue", color=options.color)
    bar = paint(f"{' ' * gutter} |", "blue", color=options.color)
    yield f"{' ' * gutter}{arrow} {printable(str(path))}:{place.line}:{place.column}"
    yield bar
    previous = None
    for number, group in groupby(labels, key=_line):
        if previous is not None and number > previous + 1:
            yield paint(f"{' ' * gutter} …", "blue", color=options.color)
        previous = number
        yield from _source_line(number, list(group), gutter, finding, options)
    yield bar


def _source_line(
    number: int, labels: Sequence[Label], gutter: int, finding: Finding, options: Options
) -> Iterable[str]:
    source = labels[0].source
    text = source.line_text(number)
    start_of_line = source.line_span(number).start
    room = max(options.width - gutter - 3, 40)
    first = min(expand(text, label.span.start - start_of_line)[1] for label in labels)
    shown = expand(text, 0)[0]
    cut = max(0, first - _LEAD) if width(shown) > room else 0
    prefix = "…" if cut else ""
    visible = prefix + shown[cut + len(prefix) :]
    if width(visible) > room:
        visible = visible[: room - 1] + "…"
    yield f"{paint(f'{number:>{gutter}} |', 'blue', color=options.color)} {visible}".rstrip()
    for label in labels:
        begin, end = (expand(text, offset - start_of_line)[1] - cut for offset in _on_line(label, number))
        marks = _marks(visible, begin, end, label.role)
        style: Style = _STYLES[finding.severity] if label.role is Role.PRIMARY else "blue"
        words = _indented(label.message, f"{' ' * gutter} | ")
        marked = paint(f"{marks} {words}".rstrip(), style, color=options.color)
        bar = paint(f"{' ' * gutter} |", "blue", color=options.color)
        yield f"{bar} {' ' * width(visible[:begin])}{marked}"


def _on_line(label: Label, number: int) -> tuple[int, int]:
    """The label's part that lies on its first line."""
    end_of_line = label.source.line_span(number).end
    return label.span.start, max(label.span.start, min(label.span.end, end_of_line))


def _marks(visible: str, begin: int, end: int, role: Role) -> str:
    mark = "^" if role is Role.PRIMARY else "-"
    return mark * max(1, width(visible[begin : min(end, len(visible))]))


def _note(kind: str, text: str, gutter: int, options: Options) -> str:
    sign = paint(f"{' ' * gutter} =", "blue", color=options.color)
    word = paint(f"{kind}:", "bold", color=options.color)
    return f"{sign} {word} {_indented(text, ' ' * (gutter + 5 + len(kind)))}"


def _indented(text: str, indent: str) -> str:
    return printable(text.strip()).replace("\n", f"\n{indent}")


def _crash(crash: Crash, options: Options) -> str:
    title = paint("error[rule-crash]", "red", "bold", color=options.color)
    lines = [
        f"{title}: {printable(crash_message(crash))}",
        f"  --> {printable(crash.path)}",
        f"  = help: {printable(crash_help(crash))}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _suppressed(report: Report, options: Options) -> str:
    lines = [paint("Silenced by ignores:", "bold", color=options.color)]
    for item in report.suppressed:
        why = f"{item.kind}: {item.reason}" if item.reason else item.kind
        lines.append(f"  {printable(concise_line(item.finding))} ({printable(why)})")
    return "".join(f"{line}\n" for line in lines)


def _statistics(report: Report, options: Options) -> str:
    findings = Counter(finding.rule for finding in report.findings)
    silenced = Counter(item.finding.rule for item in report.suppressed)
    seconds = report.stats.rule_seconds
    names = sorted({*findings, *silenced, *seconds}, key=lambda name: (-findings[name], name))
    rows = [
        (str(findings[name]), str(silenced[name]), f"{seconds.get(name, 0.0):.3f}", name) for name in names
    ]
    text = table(rows, ("findings", "silenced", "seconds", "rule"), color=options.color)
    if report.stats.phases:
        rows_phases = [(f"{spent:.3f}", name) for name, spent in report.stats.phases.items()]
        text += "\n" + table(rows_phases, ("seconds", "phase"), color=options.color)
    if report.stats.unchanged:
        whole = plural(report.stats.applications, "application")
        text += f"\n{report.stats.unchanged} of {whole} unchanged since an earlier run.\n"
    unknown = sorted(report.stats.unknown.items(), key=lambda item: (-item[1], item[0]))
    if unknown:
        rows_unknown = [(str(count), reason) for reason, count in unknown]
        text += "\n" + table(rows_unknown, ("unknown", "because"), color=options.color)
    return text


def _line(label: Label) -> int:
    return label.source.position(label.span.start).line


def _enumerate(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
