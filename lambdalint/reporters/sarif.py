"""SARIF 2.1.0, as GitHub code scanning and other viewers take it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import quote

import lambdalint
from lambdalint import rule_docs
from lambdalint.finding import Edit, Finding, Fix, Label, Role, Severity
from lambdalint.report import Crash, Report, Suppressed
from lambdalint.reporters import Options, crash_help, crash_message
from lambdalint.rule import RuleMeta
from lambdalint.source import SourceFile, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://pypi.org/project/lambdalint/"
ROOT = "%SRCROOT%"
CRASH = "rule-crash"  # reported as a notification: it says nothing about the linted code
FINGERPRINT = "lambdalint/v1"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEM_SEVERITIES = {"error": "error", "warning": "warning", "note": "recommendation"}
_LANGUAGES = {".py": "python", ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".template": "yaml"}
_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")
_URL = re.compile(r"https?://[^\s)>\]]+")

Json = dict[str, object]


def render(report: Report, options: Options) -> str:
    """The report as one SARIF log with one run, with a newline at the end."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_Run(report).structure()]}
    # File names that are not UTF-8 come as lone surrogates, which no JSON reader takes.
    text = json.dumps(log, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8") + "\n"


class _Run:
    """The run object. Rules and files are numbered, and referred to by their numbers."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.rules = [report.rules[name] for name in sorted(report.rules) if name != CRASH]
        self.rule_index = {meta.name: number for number, meta in enumerate(self.rules)}
        self.artifact_index = {path: number for number, path in enumerate(self._sources)}

    def structure(self) -> Json:
        results = [self._result(finding) for finding in self.report.findings]
        results += [self._suppressed(item) for item in self.report.suppressed]
        return {
            "tool": {"driver": self._driver()},
            "invocations": [self._invocation()],
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the linted project."}}},
            "columnKind": "unicodeCodePoints",
            "artifacts": [_artifact(path, source) for path, source in self._sources.items()],
            "results": results,
        }

    @cached_property
    def _sources(self) -> Mapping[PurePosixPath, SourceFile]:
        """Every file that a result points at or would change, by path."""
        findings = (*self.report.findings, *(item.finding for item in self.report.suppressed))
        found: dict[PurePosixPath, SourceFile] = {}
        for finding in findings:
            found.update((label.source.path, label.source) for label in finding.labels)
            edits = finding.fix.edits if finding.fix is not None else ()
            found.update((edit.source.path, edit.source) for edit in edits)
        return {path: found[path] for path in sorted(found)}

    def _driver(self) -> Json:
        return {
            "name": "lambdalint",
            "fullName": f"lambdalint {lambdalint.__version__}",
            "version": lambdalint.__version__,
            "semanticVersion": lambdalint.__version__,
            "informationUri": HOME,
            "rules": [_rule(meta) for meta in self.rules],
            "notifications": [_rule(meta) for name, meta in self.report.rules.items() if name == CRASH],
        }

    def _invocation(self) -> Json:
        notifications = [self._notification(crash) for crash in self.report.crashes]
        invocation: Json = {"executionSuccessful": not notifications}
        if notifications:
            invocation["toolExecutionNotifications"] = notifications
        return invocation

    def _notification(self, crash: Crash) -> Json:
        notification: Json = {
            "descriptor": {"id": CRASH},
            "level": "error",
            "message": {
                "text": f"{_sentence(crash_message(crash))} {_sentence(_capitalised(crash_help(crash)))}"
            },
        }
        if crash.rule in self.rule_index:
            notification["associatedRule"] = {"id": crash.rule, "index": self.rule_index[crash.rule]}
        if crash.path:
            location = {"uri": _uri(PurePosixPath(crash.path)), "uriBaseId": ROOT}
            notification["locations"] = [{"physicalLocation": {"artifactLocation": location}}]
        return notification

    def _suppressed(self, item: Suppressed) -> Json:
        # Without a status it is accepted (3.27.23); the schema of 2019 has another name for that property.
        suppression: Json = {"kind": "external" if item.kind == "per-path" else "inSource"}
        if item.reason:
            suppression["justification"] = item.reason
        return {**self._result(item.finding), "suppressions": [suppression]}

    def _result(self, finding: Finding) -> Json:
        related = [label for label in finding.labels if label.role is Role.RELATED]
        result: Json = {"ruleId": finding.rule}
        if finding.rule in self.rule_index:
            result["ruleIndex"] = self.rule_index[finding.rule]
        result["level"] = _LEVELS[finding.severity]
        result["message"] = {"text": _message(finding, related)}
        result["locations"] = [{**self._location(finding.primary), **_functions(finding)}]
        if related:
            result["relatedLocations"] = [
                {"id": number, **self._location(label), "message": {"text": _label_text(label)}}
                for number, label in enumerate(related, 1)
            ]
        if finding.fix is not None:
            result["fixes"] = [self._fix(finding.fix)]
        result["partialFingerprints"] = {FINGERPRINT: self.report.fingerprint(finding)}
        return result

    def _location(self, label: Label) -> Json:
        region = _region(label.source, label.span)
        region["snippet"] = {"text": label.source.slice(label.span)}
        return {
            "physicalLocation": {
                "artifactLocation": self._artifact_location(label.source.path),
                "region": region,
            }
        }

    def _fix(self, fix: Fix) -> Json:
        by_file: dict[PurePosixPath, list[Edit]] = {}
        for edit in fix.edits:
            by_file.setdefault(edit.source.path, []).append(edit)
        return {
            "description": {"text": _sentence(fix.title)},
            "artifactChanges": [
                {
                    "artifactLocation": self._artifact_location(path),
                    "replacements": [
                        {
                            "deletedRegion": _region(edit.source, edit.span),
                            "insertedContent": {"text": edit.replacement},
                        }
                        for edit in edits
                    ],
                }
                for path, edits in by_file.items()
            ],
        }

    def _artifact_location(self, path: PurePosixPath) -> Json:
        return {"uri": _uri(path), "uriBaseId": ROOT, "index": self.artifact_index[path]}


def _rule(meta: RuleMeta) -> Json:
    level = _LEVELS[meta.severity]
    properties: Json = {
        "precision": meta.precision,
        "problem.severity": _PROBLEM_SEVERITIES[level],
        "tags": [*(["security"] if meta.security_severity else []), "aws-lambda", meta.theme],
    }
    if meta.security_severity:
        properties["security-severity"] = meta.security_severity
    return {
        "id": meta.name,
        "name": "".join(part.capitalize() for part in meta.name.split("-")),
        "shortDescription": {"text": _sentence(meta.summary)},
        "fullDescription": {"text": _why(meta)},
        "helpUri": _help_uri(meta),
        "help": {"text": _plain_doc(meta.doc), "markdown": meta.doc.strip()},
        "defaultConfiguration": {"level": level, "enabled": meta.default},
        "properties": properties,
    }


def _why(meta: RuleMeta) -> str:
    """The first paragraph of the reason that the documentation gives, on one line."""
    text = rule_docs.sections(meta).get("Why", "").strip() or meta.summary
    return _sentence(" ".join(text.split("\n\n")[0].split()))


def _help_uri(meta: RuleMeta) -> str:
    """The first of the rule's references: its documentation itself is in the help text."""
    found = _URL.search(rule_docs.sections(meta).get("References", ""))
    return found[0].rstrip(".,") if found else HOME


def _plain_doc(doc: str) -> str:
    return re.sub(r"^\*\*(.+?)\*\*$", r"\1", doc.strip(), flags=re.MULTILINE)


def _message(finding: Finding, related: Sequence[Label]) -> str:
    """What and what to do; then a link to each related place, without which GitHub does not show it."""
    text = _sentence(_plain(finding.message))
    if finding.help:
        text = f"{text}\n{_sentence(_capitalised(_plain(finding.help)))}"
    if finding.constructs:
        text = f"{text}\n{_sentence(_plain(f'Construct: {finding.constructs[0]}'))}"
    links = [
        f"[{_link_text(label)}]({number})" for number, label in enumerate(related, 1) if label.message.strip()
    ]
    return f"{text}\nSee {'; '.join(links)}." if links else text


def _label_text(label: Label) -> str:
    return _sentence(_plain(label.message) or "Part of the proof")


def _link_text(label: Label) -> str:
    words = " ".join(label.message.split()).rstrip(".")
    return words.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _plain(text: str) -> str:
    """The text with what SARIF would take for a link escaped."""
    return _LINK.sub(r"\\[", text.strip())


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _functions(finding: Finding) -> Json:
    locations = [
        {
            "name": function.logical_id,
            "fullyQualifiedName": f"{function.template}#{function.logical_id}",
            "kind": "resource",
        }
        for function in finding.functions
    ]
    locations += [
        {"name": path.rpartition("/")[2], "fullyQualifiedName": path, "kind": "construct"}
        for path in finding.constructs
    ]
    return {"logicalLocations": locations} if locations else {}


def _artifact(path: PurePosixPath, source: SourceFile) -> Json:
    artifact: Json = {"location": {"uri": _uri(path), "uriBaseId": ROOT}, "encoding": source.encoding}
    language = _LANGUAGES.get(path.suffix.lower())
    if language:
        artifact["sourceLanguage"] = language
    return artifact


def _region(source: SourceFile, span: Span) -> Json:
    start, end = source.position(span.start), source.position(span.end)
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }


def _uri(path: PurePosixPath) -> str:
    return quote(os.fsencode(path.as_posix()), safe="/")
