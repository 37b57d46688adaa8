"""Ignores in comments and in the Metadata of resources: which findings they silence, and which do nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lambdalint.directives import Directive, Name
from lambdalint.engine_rules import UNKNOWN_IGNORE, UNUSED_IGNORE
from lambdalint.finding import Edit, Finding, Fix, FunctionId, Label, Role, Safety
from lambdalint.gitignore import patterns
from lambdalint.registry import did_you_mean
from lambdalint.report import Suppressed
from lambdalint.source import SourceFile, Span

if TYPE_CHECKING:
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path

_SYNTAX = "write `# lambdalint: ignore[rule-name] reason`"
_OWN = frozenset({UNUSED_IGNORE.name, UNKNOWN_IGNORE.name})
_DEEDS = {"ignore": "silences nothing here", "file-ignore": "silences nothing in this file"}


@dataclass(frozen=True)
class MetadataIgnore:
    """`Metadata: {lambdalint: {ignore: […]}}` of a resource, which spans `place`.

    `list_span` holds the names; `chunks` are what to leave of it for each name that stays. `removal` takes
    the whole entry away, None where that cannot be done by an edit.
    """

    source: SourceFile
    owner: FunctionId
    place: Span
    names: tuple[Name, ...]
    list_span: Span
    chunks: tuple[str, ...]
    separator: str
    removal: Edit | None


Ignore = Directive | MetadataIgnore
Ran = Mapping[PurePosixPath, Collection[str]]


class Suppressions:
    """The ignores of a run. `apply` notes which of them act, so that `leftovers` can tell which do not."""

    def __init__(self, directives: Iterable[Directive], metadata: Iterable[MetadataIgnore] = ()) -> None:
        self._directives: dict[PurePosixPath, list[Directive]] = {}
        self._metadata: dict[PurePosixPath, list[MetadataIgnore]] = {}
        for directive in directives:
            self._directives.setdefault(directive.source.path, []).append(directive)
        for ignore in metadata:
            self._metadata.setdefault(ignore.source.path, []).append(ignore)
        # By the name's place, because an alias in YAML gives one list to several resources.
        self._acted: set[tuple[PurePosixPath, Span]] = set()

    def apply(self, finding: Finding) -> Finding | Suppressed:
        """The finding as it is, or without the functions that ignores take out of it; or silenced."""
        places = [label for label in finding.labels if label.role is not Role.RELATED]
        directives = [d for label in places for d in self._at(label, finding.rule)]
        if directives:
            return Suppressed(finding, "inSource", directives[0].reason)
        whole = self._resources_around(finding)
        if whole:
            return Suppressed(finding, "metadata")
        return self._without_functions(finding)

    def leftovers(self, known: Collection[str], ran: Ran) -> Iterator[Finding]:
        """The ignores that do nothing, as findings of unused-ignore and unknown-ignore.

        `known` are the names of all rules; `ran` says which of them ran on a file, and only these are judged
        there. To be asked when every other finding has been applied. Ignores of these two rules are judged by
        `idle`, once the findings that come from here have been applied too.
        """
        for ignore in self._all():
            if UNKNOWN_IGNORE.name in ran.get(ignore.source.path, ()):
                yield from _unknown(ignore, known)
        yield from self._unused(ran, lambda name: name not in _OWN)

    def idle(self, ran: Ran) -> Iterator[Finding]:
        """The ignores of unused-ignore and unknown-ignore that do nothing."""
        return self._unused(ran, _OWN.__contains__)

    def _unused(self, ran: Ran, about: Callable[[str], bool]) -> Iterator[Finding]:
        for ignore in self._all():
            active = ran.get(ignore.source.path, ())
            if UNUSED_IGNORE.name in active:
                unused = [
                    n
                    for n in ignore.names
                    if about(n.text) and n.text in active and not self._acts(ignore, n)
                ]
                if unused:
                    yield _unused(ignore, unused)

    def _all(self) -> Iterator[Ignore]:
        for directives in self._directives.values():
            yield from directives
        for ignores in self._metadata.values():
            yield from ignores

    def _acts(self, ignore: Ignore, name: Name) -> bool:
        return (ignore.source.path, name.span) in self._acted

    def _at(self, label: Label, rule: str) -> list[Directive]:
        """The directives for a rule on the lines of a label, or for its whole file; they have acted."""
        lines = set(label.source.lines(label.span))
        found: list[Directive] = []
        for directive in self._directives.get(label.source.path, ()):
            if directive.lines is None or lines.intersection(directive.lines):
                found.extend(directive for name in directive.names if self._names(directive, name, rule))
        return found

    def _resources_around(self, finding: Finding) -> list[MetadataIgnore]:
        """The resources that hold the primary and ignore the rule, but for functions of the finding."""
        return [
            ignore
            for ignore in self._metadata.get(finding.path, ())
            if ignore.owner not in finding.functions and ignore.place.contains(finding.primary.span)
            for name in ignore.names
            if self._names(ignore, name, finding.rule)
        ]

    def _without_functions(self, finding: Finding) -> Finding | Suppressed:
        in_metadata = self._functions_by_metadata(finding)
        in_comments = self._functions_by_comments(finding)
        gone = in_metadata | in_comments.keys()
        if not gone:
            return finding
        left = tuple(function for function in finding.functions if function not in gone)
        if not left:
            reason = next(iter(in_comments.values()), "")
            return Suppressed(finding, "inSource" if in_comments else "metadata", reason)
        labels = tuple(
            label for label in finding.labels if label.role is Role.PRIMARY or label.function not in gone
        )
        return replace(finding, functions=left, labels=labels)

    def _functions_by_metadata(self, finding: Finding) -> set[FunctionId]:
        return {
            ignore.owner
            for function in finding.functions
            for ignore in self._metadata.get(function.template, ())
            if ignore.owner == function
            for name in ignore.names
            if self._names(ignore, name, finding.rule)
        }

    def _functions_by_comments(self, finding: Finding) -> Mapping[FunctionId, str]:
        """The functions that ignores on related labels take out, with the reason given there."""
        gone: dict[FunctionId, str] = {}
        for label in finding.labels:
            function = label.function
            if function is None and len(finding.functions) == 1:
                function = finding.functions[0]
            if label.role is not Role.RELATED or function not in finding.functions:
                continue
            for directive in self._at(label, finding.rule):
                gone.setdefault(function, directive.reason)
        return gone

    def _names(self, ignore: Ignore, name: Name, rule: str) -> bool:
        if name.text != rule:
            return False
        self._acted.add((ignore.source.path, name.span))
        return True


def metadata_ignores(template: Template) -> tuple[MetadataIgnore, ...]:
    """The ignores in the Metadata of a template's resources."""
    return tuple(
        _metadata_ignore(template, logical_id, paths)
        for logical_id, paths in template.metadata_ignores.items()
        if paths
    )


def per_path(ignores: Mapping[str, Sequence[str]], expand: Callable[[str], Collection[str]]) -> PerPath:
    """The setting `per-path-ignores`: patterns as in .gitignore, each with the rules to leave out there.

    `expand` turns a selector into names of rules and raises for an unknown one.
    """
    return PerPath(
        tuple(
            (pattern, frozenset(n for s in selectors for n in expand(s)))
            for pattern, selectors in ignores.items()
        )
    )


@dataclass(frozen=True)
class PerPath:
    """Which rules are ignored in which files."""

    entries: tuple[tuple[str, frozenset[str]], ...] = ()

    def match(self, finding: Finding) -> str | None:
        """The pattern that silences the finding, None if none does."""
        return next(
            (p for p, rules in self.entries if finding.rule in rules and _matches(p, finding.path)), None
        )


def _matches(pattern: str, path: PurePosixPath) -> bool:
    compiled = patterns((pattern,))
    folders = [parent.as_posix() for parent in path.parents if parent.name]
    return bool(compiled.match(path.as_posix(), False)) or any(
        compiled.match(folder, True) for folder in folders
    )


def _unknown(ignore: Ignore, known: Collection[str]) -> Iterator[Finding]:
    if isinstance(ignore, Directive) and ignore.fault:
        label = Label(ignore.source, ignore.span, "this silences nothing")
        message = f"{ignore.fault}, so nothing is ignored"
        yield UNKNOWN_IGNORE.finding(message, label, help=f"{_SYNTAX}; there is no ignore for every rule")
        return
    unknown = [name for name in ignore.names if name.text not in known]
    for name in unknown:
        near = did_you_mean(name.text, known)
        yield UNKNOWN_IGNORE.finding(
            f"there is no rule `{name.text}` to ignore{near}",
            Label(ignore.source, name.span, "no rule has this name"),
            help="name a rule that there is, or remove the name",
            fix=_fix("Remove what names no rule", ignore, unknown),
        )


def _unused(ignore: Ignore, unused: Sequence[Name]) -> Finding:
    names = ", ".join(f"`{name.text}`" for name in unused)
    verb = "finds" if len(unused) == 1 else "find"
    if isinstance(ignore, Directive):
        deed = _DEEDS[ignore.kind]
        span = ignore.span if len(unused) == len(ignore.names) else unused[0].span
    else:
        deed = f"in the Metadata of `{ignore.owner.logical_id}` silences nothing"
        span = unused[0].span
    return UNUSED_IGNORE.finding(
        f"the ignore of {names} {deed}",
        Label(ignore.source, span, f"{names} {verb} nothing that this would silence"),
        help="remove it, or move it to the line of the finding",
        fix=_fix("Remove the unused ignore", ignore, unused),
    )


def _fix(title: str, ignore: Ignore, names: Sequence[Name]) -> Fix | None:
    edit = _removal(ignore, names)
    return Fix(title, (edit,), Safety.SAFE) if edit else None


def _removal(ignore: Ignore, names: Sequence[Name]) -> Edit | None:
    """Takes names out of an ignore. It replaces the whole list, so that two such edits never meet halfway."""
    left = [name for name in ignore.names if name not in names]
    if isinstance(ignore, MetadataIgnore):
        if not left:
            return ignore.removal
        chunks = [chunk for name, chunk in zip(ignore.names, ignore.chunks, strict=True) if name in left]
        return Edit(ignore.source, ignore.list_span, ignore.separator.join(chunks))
    if left and ignore.names_span:
        return Edit(ignore.source, ignore.names_span, ", ".join(name.text for name in left))
    return Edit(ignore.source, _comment_to_remove(ignore.source, ignore.span), "")


def _comment_to_remove(source: SourceFile, span: Span) -> Span:
    """The whole line of a directive that stands alone on it, else the directive and the space before it."""
    number = source.position(span.start).line
    line = source.line_span(number)
    before = source.text[line.start : span.start]
    after = source.text[span.end : line.end]
    if before.strip():
        return Span(line.start + len(before.rstrip()), span.end)
    if after.strip():
        return Span(span.start, span.end + len(after) - len(after.lstrip()))
    if number < len(source.line_starts):
        return Span(line.start, source.line_starts[number])
    return line


def _metadata_ignore(template: Template, logical_id: str, paths: Mapping[str, Path]) -> MetadataIgnore:
    source = template.source
    names = tuple(Name(text, _quoted(source, template.span(path))) for text, path in paths.items())
    first, last = names[0].span, names[-1].span
    is_block = _before(source, first.start).strip() == "-"
    if is_block:
        starts = [source.line_starts[source.position(name.span.start).line - 1] for name in names]
        ends = [*starts[1:], _next_line(source, last.end)]
        list_span, separator = Span(starts[0], ends[-1]), ""
        chunks = tuple(source.text[start:end] for start, end in zip(starts, ends, strict=True))
    else:
        list_span, separator = Span(first.start, last.end), ", "
        chunks = tuple(source.slice(name.span) for name in names)
    return MetadataIgnore(
        source=source,
        owner=FunctionId(source.path, logical_id),
        place=template.full_span(("Resources", logical_id)),
        names=names,
        list_span=list_span,
        chunks=chunks,
        separator=separator,
        removal=_entry_removal(template, logical_id, list_span, is_block),
    )


def _entry_removal(template: Template, logical_id: str, list_span: Span, is_block: bool) -> Edit | None:
    """Removes the entry with the keys around it that would be left empty."""
    source = template.source
    resource: Path = ("Resources", logical_id)
    keys = ("Metadata", "lambdalint", "ignore")
    depth = 3
    while depth > 1 and len(template.get((*resource, *keys[: depth - 1]))) == 1:
        depth -= 1
    whole = template.full_span((*resource, *keys[:depth]))
    line_end = source.line_span(source.position(whole.end).line).end
    rest = source.text[whole.end : line_end].strip()
    if not template.json and not _before(source, whole.start).strip() and (not rest or rest.startswith("#")):
        return Edit(
            source, Span(whole.start - len(_before(source, whole.start)), _next_line(source, whole.end)), ""
        )
    in_list = isinstance(template.get((*resource, *keys)), list)
    return Edit(source, list_span, "") if in_list and not is_block else None


def _quoted(source: SourceFile, span: Span) -> Span:
    """A scalar's span with the quotes around it."""
    before, after = source.text[span.start - 1 : span.start], source.text[span.end : span.end + 1]
    if before in ("'", '"') and before == after:
        return Span(span.start - 1, span.end + 1)
    return span


def _before(source: SourceFile, offset: int) -> str:
    return source.text[source.line_starts[source.position(offset).line - 1] : offset]


def _next_line(source: SourceFile, offset: int) -> int:
    line = source.position(offset).line
    return source.line_starts[line] if line < len(source.line_starts) else len(source.text)
