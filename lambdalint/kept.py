"""What comes of one application, and the same as JSON: nothing in it can run when it is read back.

Files are written by their paths, with how they were decoded; who reads a result back gives their texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from lambdalint.directives import Directive, Name
from lambdalint.finding import Edit, Finding, Fix, FunctionId, Label, Role, Safety, Severity
from lambdalint.merge import Owner
from lambdalint.outcome import Outcome
from lambdalint.report import FunctionLink, Suppressed
from lambdalint.source import SourceFile, Span
from lambdalint.suppression import MetadataIgnore, PerPath

Json = Any
Opener = Callable[[PurePosixPath, str, bool], SourceFile]
"""Gives a file by its path, its encoding and whether it had a byte order mark."""


@dataclass
class Kept:
    """What comes of one application. `outcome` is None where nothing was asked about it, and for loose
    modules without a handler; `folders` belong to it; `unreadable` says why there is none."""

    outcome: Outcome | None = None
    folders: tuple[PurePosixPath, ...] = ()
    unreadable: list[Finding] = field(default_factory=list)


def as_json(kept: Kept) -> Json:
    """The result as what JSON can hold. Raises TypeError for what it cannot."""
    writer = _Writer()
    body = {
        "folders": [str(folder) for folder in kept.folders],
        "unreadable": [writer.finding(each) for each in kept.unreadable],
        "outcome": writer.outcome(kept.outcome) if kept.outcome is not None else None,
    }
    return {"sources": writer.sources, **body}


def sources_of(data: Json) -> Sequence[PurePosixPath]:
    """The files that a result written as JSON points at."""
    return [PurePosixPath(path) for path, _, _ in data["sources"]]


def from_json(data: Json, open: Opener) -> Kept:
    """The result that was written. Raises KeyError, TypeError or ValueError for anything else."""
    reader = _Reader(data["sources"], open)
    outcome = data["outcome"]
    return Kept(
        outcome=reader.outcome(outcome) if outcome is not None else None,
        folders=tuple(PurePosixPath(folder) for folder in data["folders"]),
        unreadable=[reader.finding(each) for each in data["unreadable"]],
    )


class _Writer:
    def __init__(self) -> None:
        self.sources: list[tuple[str, str, bool]] = []
        self._numbers: dict[tuple[str, str, bool], int] = {}

    def source(self, source: SourceFile) -> int:
        if type(source) is not SourceFile:
            raise TypeError(f"not a file: {source!r}")
        key = (str(source.path), source.encoding, source.bom)
        if key not in self._numbers:
            self._numbers[key] = len(self.sources)
            self.sources.append(key)
        return self._numbers[key]

    def outcome(self, outcome: Outcome) -> Json:
        return {
            "path": str(outcome.path),
            "owner": {
                "paths": sorted(map(str, outcome.owner.paths)),
                "rules": sorted(outcome.owner.rules),
            },
            "ignores": [[pattern, sorted(rules)] for pattern, rules in outcome.ignores.entries],
            "findings": [self.finding(each) for each in outcome.findings],
            "suppressed": [
                [self.finding(each.finding), each.kind, each.reason] for each in outcome.suppressed
            ],
            "links": [_link(each) for each in outcome.links],
            "directives": [self._directive(each) for each in outcome.directives],
            "metadata": [self._metadata(each) for each in outcome.metadata],
            "unknown": dict(outcome.unknown),
        }

    def finding(self, finding: Finding) -> Json:
        return {
            "rule": finding.rule,
            "severity": int(finding.severity),
            "message": finding.message,
            "help": finding.help,
            "labels": [self._label(each) for each in finding.labels],
            "fix": self._fix(finding.fix) if finding.fix is not None else None,
            "functions": [_function(each) for each in finding.functions],
            "constructs": list(finding.constructs),
        }

    def _label(self, label: Label) -> Json:
        function = _function(label.function) if label.function is not None else None
        return [self.source(label.source), *_span(label.span), label.message, label.role.value, function]

    def _fix(self, fix: Fix) -> Json:
        return [fix.title, fix.safety.value, [self._edit(edit) for edit in fix.edits]]

    def _edit(self, edit: Edit) -> Json:
        return [self.source(edit.source), *_span(edit.span), edit.replacement]

    def _directive(self, each: Directive) -> Json:
        lines = [each.lines.start, each.lines.stop] if each.lines is not None else None
        names_span = _span(each.names_span) if each.names_span is not None else None
        place = [self.source(each.source), each.kind, *_span(each.span), lines]
        return [*place, _names(each.names), names_span, each.reason, each.fault]

    def _metadata(self, each: MetadataIgnore) -> Json:
        removal = self._edit(each.removal) if each.removal is not None else None
        place = [self.source(each.source), _function(each.owner), *_span(each.place)]
        return [*place, _names(each.names), _span(each.list_span), list(each.chunks), each.separator, removal]


class _Reader:
    def __init__(self, sources: Json, open: Opener) -> None:
        self._written = sources
        self._open = open
        self._sources: dict[int, SourceFile] = {}

    def source(self, number: int) -> SourceFile:
        found = self._sources.get(number)
        if found is None:
            path, encoding, bom = self._written[number]
            found = self._sources[number] = self._open(PurePosixPath(path), encoding, bom)
        return found

    def outcome(self, data: Json) -> Outcome:
        owner = data["owner"]
        return Outcome(
            path=PurePosixPath(data["path"]),
            owner=Owner(frozenset(map(PurePosixPath, owner["paths"])), frozenset(owner["rules"])),
            ignores=PerPath(tuple((pattern, frozenset(rules)) for pattern, rules in data["ignores"])),
            findings=[self.finding(each) for each in data["findings"]],
            suppressed=[Suppressed(self.finding(f), kind, reason) for f, kind, reason in data["suppressed"]],
            links=[_read_link(each) for each in data["links"]],
            directives=[self._directive(each) for each in data["directives"]],
            metadata=[self._metadata(each) for each in data["metadata"]],
            unknown=data["unknown"],
        )

    def finding(self, data: Json) -> Finding:
        return Finding(
            rule=data["rule"],
            severity=Severity(data["severity"]),
            message=data["message"],
            labels=tuple(self._label(each) for each in data["labels"]),
            help=data["help"],
            fix=self._fix(data["fix"]) if data["fix"] is not None else None,
            functions=tuple(map(_read_function, data["functions"])),
            constructs=tuple(data["constructs"]),
        )

    def _label(self, data: Json) -> Label:
        number, start, end, message, role, function = data
        tied = _read_function(function) if function is not None else None
        return Label(self.source(number), Span(start, end), message, Role(role), tied)

    def _fix(self, data: Json) -> Fix:
        title, safety, edits = data
        return Fix(title, tuple(map(self._edit, edits)), Safety(safety))

    def _edit(self, data: Json) -> Edit:
        number, start, end, replacement = data
        return Edit(self.source(number), Span(start, end), replacement)

    def _directive(self, data: Json) -> Directive:
        number, kind, start, end, lines, names, names_span, reason, fault = data
        return Directive(
            source=self.source(number),
            kind=kind,
            span=Span(start, end),
            lines=range(*lines) if lines is not None else None,
            names=_read_names(names),
            names_span=Span(*names_span) if names_span is not None else None,
            reason=reason,
            fault=fault,
        )

    def _metadata(self, data: Json) -> MetadataIgnore:
        number, owner, start, end, names, list_span, chunks, separator, removal = data
        return MetadataIgnore(
            source=self.source(number),
            owner=_read_function(owner),
            place=Span(start, end),
            names=_read_names(names),
            list_span=Span(*list_span),
            chunks=tuple(chunks),
            separator=separator,
            removal=self._edit(removal) if removal is not None else None,
        )


def _span(span: Span) -> list[int]:
    return [span.start, span.end]


def _function(function: FunctionId) -> list[str]:
    return [str(function.template), function.logical_id]


def _read_function(data: Json) -> FunctionId:
    template, logical_id = data
    return FunctionId(PurePosixPath(template), logical_id)


def _names(names: Iterable[Name]) -> Json:
    return [[name.text, *_span(name.span)] for name in names]


def _read_names(data: Json) -> tuple[Name, ...]:
    return tuple(Name(text, Span(start, end)) for text, start, end in data)


def _link(link: FunctionLink) -> Json:
    named = [str(link.template), link.logical_id, link.handler, link.reason]
    return [*named, list(link.modes), list(link.triggers), link.runtime, link.detail]


def _read_link(data: Json) -> FunctionLink:
    template, logical_id, handler, reason, modes, triggers, runtime, detail = data
    named = (PurePosixPath(template), logical_id, handler, reason)
    return FunctionLink(*named, tuple(modes), tuple(triggers), runtime, detail)
