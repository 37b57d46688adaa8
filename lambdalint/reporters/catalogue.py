"""The rules and the functions, as the commands `rules`, `rule` and `links` write them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from lambdalint.report import FunctionLink, Report
from lambdalint.reporters.terminal import paint, plural, printable, table
from lambdalint.rule import RuleMeta


def rules_text(rules: Sequence[RuleMeta], color: bool = False) -> str:
    """A table of the rules: name, severity, what it reads, fix and summary."""
    rows = [(meta.name, severity(meta), meta.reads, fix(meta), _plain(meta.summary)) for meta in rules]
    return table(rows, ("rule", "severity", "reads", "fix", "what it reports"), color)


def rules_json(rules: Sequence[RuleMeta]) -> str:
    """The rules as a JSON list."""
    return json.dumps([_rule(meta) for meta in rules], indent=2) + "\n"


def rule_text(meta: RuleMeta) -> str:
    """A rule's documentation under a line of facts, as it is written: Markdown."""
    facts = [f"{severity(meta)}", f"reads {meta.reads}", f"theme {meta.theme}"]
    if meta.fix is not None:
        facts.append(f"fix {meta.fix.value}")
    head = f"# {meta.name}\n\n{', '.join(facts)}\n\n"
    options = "".join(f"- `{name}` (default {json.dumps(value)})\n" for name, value in meta.options.items())
    tail = f"\n\n**Options** (`[tool.lambdalint.rules.{meta.name}]`)\n\n{options}" if options else "\n"
    return f"{head}{meta.doc.strip()}{tail}"


def rule_json(meta: RuleMeta) -> str:
    """A rule as one JSON object, its documentation included."""
    return json.dumps({**_rule(meta), "documentation": meta.doc.strip()}, indent=2) + "\n"


def severity(meta: RuleMeta) -> str:
    """The severity, and whether the rule must be asked for."""
    return meta.severity.label if meta.default else f"{meta.severity.label} (opt-in)"


def fix(meta: RuleMeta) -> str:
    """The safety of the rule's fix; a dash for none."""
    return meta.fix.value if meta.fix is not None else "-"


def links_text(report: Report, color: bool = False) -> str:
    """A table of the functions of each template, and what stayed unknown."""
    blocks = []
    for template in dict.fromkeys(link.template for link in report.links):
        rows = [_link_row(link) for link in report.links if link.template == template]
        title = paint(printable(str(template)), "bold", color=color)
        blocks.append(f"{title}\n{table(rows, ('function', 'handler', 'modes', 'triggers'), color)}")
    linked = sum(link.handler is not None for link in report.links)
    blocks.append(f"{linked} of {plural(len(report.links), 'function')} linked to their code.\n")
    unknown = sorted(report.stats.unknown.items(), key=lambda item: (-item[1], item[0]))
    if unknown:
        counts = [(str(count), reason) for reason, count in unknown]
        blocks.append(table(counts, ("unknown", "because"), color))
    return "\n".join(blocks)


def links_json(report: Report) -> str:
    """The functions as JSON: those of the report's own format, with more about each."""
    functions = [
        {
            "template": link.template.as_posix(),
            "logical_id": link.logical_id,
            "runtime": link.runtime,
            "handler": link.handler,
            "reason": link.reason,
            "detail": link.detail,
            "modes": list(link.modes),
            "triggers": list(link.triggers),
        }
        for link in report.links
    ]
    log = {"version": 1, "functions": functions, "unknown": dict(sorted(report.stats.unknown.items()))}
    return json.dumps(log, indent=2) + "\n"


def _link_row(link: FunctionLink) -> tuple[str, str, str, str]:
    reason = f"({link.reason}: {link.detail})" if link.detail else f"({link.reason})"
    modes, triggers = ", ".join(link.modes) or "-", "; ".join(link.triggers) or "-"
    return (link.logical_id, link.handler or reason, modes, triggers)


def _rule(meta: RuleMeta) -> Mapping[str, object]:
    return {
        "name": meta.name,
        "theme": meta.theme,
        "summary": meta.summary,
        "severity": meta.severity.label,
        "default": meta.default,
        "reads": meta.reads,
        "fix": meta.fix.value if meta.fix is not None else None,
        "precision": meta.precision,
        "security_severity": meta.security_severity,
        "options": dict(meta.options),
    }


def _plain(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"\1", text)
