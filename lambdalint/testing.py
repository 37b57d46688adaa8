"""The harness for authors of rules: what must hold for every rule, checked on its fixtures and documentation.

A rule's fixtures are small applications, each a folder:

    fixtures/<rule-name>/flagged/[<case>/]…    what it finds, at the marks
    fixtures/<rule-name>/clean/[<case>/]…      near misses that it leaves alone
    fixtures/<rule-name>/fixed/[<case>/]…      flagged/<case> after its fixes; without one it stays as it is
    fixtures/<rule-name>/twin/[<case>/]…       flagged/<case> in plain CloudFormation: the same functions
    fixtures/<rule-name>/<bug>-repro/[<case>/] a bug that was mended

`# expect: rule-name[, rule-b]` at the end of a line says that a finding's primary label starts there, and
`# misses: rule-name` states a known gap, which must be one. A file `expect.txt` in the folder says the same
of files without comments, in lines such as `template.json:12 rule-name` and `misses template.json:3 a-rule`.
Only the rule itself and those in marks and ignores run.

In a test of yours:

    @pytest.mark.parametrize("check", lambdalint.testing.checks(Path("fixtures")), ids=str)
    def test_rule(check):
        check()
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath

from lambdalint.config import Configuration, Overrides
from lambdalint.directives import Directive, scan
from lambdalint.discovery import discover
from lambdalint.engine import Options, check
from lambdalint.finding import Finding, Role
from lambdalint.fixer import Fixed, fix, write
from lambdalint.fixtures import Case, Marks, Place, as_is, cases, crlf_and_bom, put, sample
from lambdalint.registry import Registry, load_registry
from lambdalint.report import Report
from lambdalint.rule import RuleMeta
from lambdalint.rule_docs import sections, snippets
from lambdalint.source import SourceFile, read_python, read_text
from lambdalint.template.sniff import looks_like_template
from lambdalint.template.template import load

TODAY = "2026-01-15"
"""The date on which fixtures are linted."""

_UNREADABLE = frozenset({"syntax-error", "template-error"})


@dataclass(frozen=True)
class Check:
    """One thing that must hold. Calling it raises AssertionError, with what differs, where it does not."""

    name: str
    call: Callable[[], None] = field(repr=False)

    def __call__(self) -> None:
        self.call()

    def __str__(self) -> str:
        return self.name


def checks(fixtures: Path, registry: Registry | None = None) -> list[Check]:
    """All that must hold for the rules that have a folder in `fixtures`. Calling a check runs it."""
    rules = registry or default_registry()
    found: list[Check] = []
    for case in cases(fixtures):
        if case.rule not in rules.rules:
            found.append(Check(f"{case} names a rule", partial(_no_such_rule, case, rules)))
            continue
        found.append(Check(f"{case} has the findings of its marks", partial(check_marks, case, rules)))
        if case.kind in ("clean", "fixed"):
            continue
        found.append(Check(f"{case} is the same with CRLF and BOM", partial(check_bytes, case, rules)))
        found.append(Check(f"{case} obeys ignores", partial(check_ignores, case, rules)))
        if rules.rules[case.rule].fix and case.kind != "twin":
            found.append(Check(f"{case} is fixed", partial(check_fixes, case, rules)))
        if case.kind == "twin":
            found.append(Check(f"{case} names the same functions", partial(check_twin, case, rules)))
    names = sorted({case.rule for case in cases(fixtures)} & rules.rules.keys())
    return [*found, *(each for name in names for each in documentation_checks(rules.rules[name], rules))]


def documentation_checks(meta: RuleMeta, registry: Registry | None = None) -> list[Check]:
    """Bad fires and Good does not, for a rule whose examples name files."""
    rules = registry or default_registry()
    found = []
    for heading, fires in (("Bad", True), ("Good", False)):
        if any(snippet.path for snippet in snippets(sections(meta).get(heading, ""))):
            deed = "fires" if fires else "does not fire"
            name = f"{meta.name}: {heading} {deed}"
            found.append(Check(name, partial(check_documentation, meta, heading, fires, rules)))
    return found


def lint(
    root: Path,
    select: Collection[str] = (),
    registry: Registry | None = None,
    jobs: int = 1,
    pedantic: bool = False,
) -> Report:
    """Lints everything under `root` on the harness's date; `select` as on the command line."""
    rules = registry or default_registry()
    overrides = Overrides(select=tuple(sorted(select)), pedantic=pedantic, today=TODAY)
    configuration = Configuration(root, rules, overrides=overrides)
    files = discover(root, (), configuration.for_folder(PurePosixPath(".")), configuration.exclude_of)
    return check(files, configuration, rules, Options(jobs=jobs))


def check_marks(case: Case, registry: Registry) -> None:
    """The findings start where the marks are, and nowhere else."""
    with sample(case.path) as (root, marks):
        report = lint(root, _selection(case, root, marks, registry), registry)
        _assert_no_crash(report)
        _assert_fixes_are_declared(case, report, registry)
        found = places(report)
        gone = [place for place in marks.missed if found[place] > marks.expected[place]]
        assert not gone, f"{case}: no longer missed, so mark it `expect`: {_listed(gone)}"
        _assert_equal(case, marks.expected, found)
        if case.kind in ("flagged", "twin"):
            assert any(rule == case.rule for _, _, rule in marks.expected), (
                f"{case}: no mark expects {case.rule}"
            )
        if case.kind == "clean":
            assert not any(rule == case.rule for _, _, rule in marks.expected), (
                f"{case}: a clean case has a mark"
            )


def check_fixes(case: Case, registry: Registry) -> None:
    """After all fixes of the rule the files are those of `fixed`, and a second run changes nothing."""
    goal = case.sibling("fixed")
    for encode in (as_is, crlf_and_bom):
        with sample(case.path, encode) as (root, marks):
            select = _selection(case, root, marks, registry)
            before = lint(root, select, registry)
            fixed = _fix(case.rule, root, select, registry)
            assert not fixed.notes, f"{case}: {fixed.notes}"
            write(fixed.changes)
            with sample(goal.path if goal else case.path, encode) as (wanted, _):
                _assert_same_tree(case, wanted, root)
            _assert_reads_as_before(case, before, lint(root, select, registry))
            again = _fix(case.rule, root, select, registry)
            assert not again.changes, f"{case}: a second run changes {[str(c.path) for c in again.changes]}"


def check_ignores(case: Case, registry: Registry) -> None:
    """An ignore put on the line of a finding silences it, and nothing else."""
    with sample(case.path) as (root, marks):
        select = _selection(case, root, marks, registry)
        report = lint(root, select, registry)
        for finding in report.findings:
            if finding.rule == case.rule and finding.rule not in _UNREADABLE:
                _check_ignore(case, root, select, registry, report, finding)


def check_bytes(case: Case, registry: Registry) -> None:
    """The other newline and a byte order mark change no finding."""
    with sample(case.path) as (root, marks):
        select = _selection(case, root, marks, registry)
        plain = [_described(finding) for finding in lint(root, select, registry).findings]
    with sample(case.path, crlf_and_bom) as (root, _):
        other = [_described(finding) for finding in lint(root, select, registry).findings]
    assert plain == other, f"{case}: with CRLF and BOM {other}, without {plain}"


def check_twin(case: Case, registry: Registry) -> None:
    """The case in plain CloudFormation has findings about the same functions as its counterpart in SAM."""
    original = case.sibling("flagged")
    assert original is not None, f"{case}: there is no flagged case of this name"
    assert _functions(case, registry) == _functions(original, registry), (
        f"{case}: findings of other functions"
    )


def check_documentation(meta: RuleMeta, heading: str, fires: bool, registry: Registry) -> None:
    """The example under a heading of the rule's documentation does what the heading says."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for snippet in snippets(sections(meta)[heading]):
            if snippet.path:
                put(root / snippet.path, snippet.text.encode())
        select = {meta.name, *_ignored_rules(root, registry)}
        report = lint(root, select, registry)
    _assert_no_crash(report)
    found = [finding for finding in report.findings if finding.rule in (meta.name, *_UNREADABLE)]
    described = [_described(finding) for finding in found]
    if fires:
        assert any(finding.rule == meta.name for finding in found), (
            f"{meta.name}: Bad does not fire: {described}"
        )
    else:
        assert not found, f"{meta.name}: Good fires: {described}"


def check_workers(fixtures: Path, jobs: int = 4, registry: Registry | None = None) -> None:
    """One worker or several give the same report on all fixtures."""
    alone, shared = (lint(fixtures, registry=registry, jobs=count, pedantic=True) for count in (1, jobs))
    for part in ("findings", "suppressed", "crashes", "links", "notes"):
        one, other = getattr(alone, part), getattr(shared, part)
        assert one == other, f"{part} differ with {jobs} workers: {_differing(one, other)}"
    assert [finding.fix for finding in alone.findings] == [finding.fix for finding in shared.findings]
    assert alone.rules == shared.rules


def _differing(one: Sequence[object], other: Sequence[object]) -> object:
    # Quadratic, as what is compared need not be hashable; only asked for where something differs.
    return [item for item in (*one, *other) if item not in one or item not in other] or "in their order"


def places(report: Report) -> Counter[Place]:
    """Where the findings of a report start, with how often."""
    return Counter((str(finding.path), _line(finding), finding.rule) for finding in report.findings)


@lru_cache(maxsize=1)
def default_registry() -> Registry:
    """All installed rules."""
    return load_registry()


def _no_such_rule(case: Case, registry: Registry) -> None:
    registry.get(case.rule)


def _selection(case: Case, root: Path, marks: Marks, registry: Registry) -> frozenset[str]:
    return frozenset({case.rule, *marks.rules, *_ignored_rules(root, registry)})


def _ignored_rules(root: Path, registry: Registry) -> frozenset[str]:
    """The rules that ignores name: an ignore is judged only where its rule runs."""
    found: set[str] = set()
    for path in root.rglob("*"):
        text = path.read_bytes().decode("utf-8-sig", "replace") if path.is_file() else ""
        if "lambdalint" not in text:
            continue
        source = SourceFile(PurePosixPath(path.name), text)
        found.update(name.text for directive in scan(source) for name in directive.names)
        if looks_like_template(text):
            found.update(name for names in load(source).metadata_ignores.values() for name in names)
    return frozenset(found & registry.rules.keys())


def _fix(rule: str, root: Path, select: Collection[str], registry: Registry) -> Fixed:
    """Makes the fixes of one rule, in memory."""

    def report() -> Report:
        found = lint(root, select, registry)
        return replace(found, findings=tuple(f for f in found.findings if f.rule == rule))

    return fix(root, report, lambda path: True, unsafe=True)


def _functions(case: Case, registry: Registry) -> set[tuple[str, str | None]]:
    with sample(case.path) as (root, _):
        report = lint(root, (case.rule,), registry)
    pairs: set[tuple[str, str | None]] = set()
    for finding in report.findings:
        pairs.update((finding.rule, function.logical_id) for function in finding.functions)
        if not finding.functions:
            pairs.add((finding.rule, None))
    return pairs


def _check_ignore(
    case: Case, root: Path, select: Collection[str], registry: Registry, before: Report, finding: Finding
) -> None:
    path, line = finding.path, _line(finding)
    original = (root / path).read_bytes()
    read = read_python if path.suffix == ".py" else read_text
    source = read(root, path)
    try:
        for text, added in _with_ignore(source, line, finding.rule):
            (root / path).write_bytes(source.encode(text))
            directives = [
                d
                for d in scan(read(root, path))
                if d.lines and line + added in d.lines and finding.rule in _names(d)
            ]
            after = lint(root, select, registry)
            if directives and not (_unreadable(after) - _unreadable(before)):
                _assert_only_gone(case, finding, before, after, line, added)
                return
    finally:
        (root / path).write_bytes(original)
    assert path.suffix == ".json" or source.text.lstrip().startswith("{"), (
        f"{case}: no ignore fits {path}:{line}"
    )


def _with_ignore(source: SourceFile, line: int, rule: str) -> Iterator[tuple[str, int]]:
    """The text with an ignore at the end of a line, or above it, and the number of lines added."""
    directive = f"# lambdalint: ignore[{rule}] by the harness"
    span = source.line_span(line)
    yield f"{source.text[: span.end]}  {directive}{source.text[span.end :]}", 0
    content = source.slice(span)
    indent = content[: len(content) - len(content.lstrip())]
    yield f"{source.text[: span.start]}{indent}{directive}{source.newline}{source.text[span.start :]}", 1


def _names(directive: Directive) -> list[str]:
    return [name.text for name in directive.names]


def _assert_only_gone(
    case: Case, finding: Finding, before: Report, after: Report, line: int, added: int
) -> None:
    """The findings with a primary or hidden label on the line are silenced, and the others are as before.

    One with a related label there may have lost a function, so it is left out of account.
    """
    at = partial(_touches, path=finding.path, line=line, rule=finding.rule)
    shifted = partial(_shifted, path=finding.path, line=line, added=added)
    gone = [each for each in before.findings if at(each, (Role.PRIMARY, Role.HIDDEN))]
    unsure = {shifted(each) for each in before.findings if at(each, (Role.RELATED,))}
    stay = Counter(shifted(each) for each in before.findings if each not in gone) - Counter(unsure)
    left = Counter((str(f.path), _line(f), f.rule) for f in after.findings) - Counter(unsure)
    where = f"{case}: an ignore at {finding.path}:{line}"
    assert left == stay, f"{where} leaves {_listed(left)} where {_listed(stay)} should be"
    silenced = Counter((str(s.finding.path), _line(s.finding), s.finding.rule) for s in after.suppressed)
    missing = Counter(shifted(each) for each in gone) - silenced
    assert not missing, f"{where} does not keep what it silences: {_listed(missing)}"


def _touches(finding: Finding, roles: Collection[Role], path: PurePosixPath, line: int, rule: str) -> bool:
    return finding.rule == rule and any(
        label.role in roles and label.source.path == path and line in label.source.lines(label.span)
        for label in finding.labels
    )


def _shifted(finding: Finding, path: PurePosixPath, line: int, added: int) -> Place:
    at = _line(finding)
    return str(finding.path), at + added if finding.path == path and at >= line else at, finding.rule


def _line(finding: Finding) -> int:
    return finding.primary.source.position(finding.primary.span.start).line


def _described(finding: Finding) -> tuple[str, str, int, int, str]:
    start = finding.primary.source.position(finding.primary.span.start)
    return finding.rule, str(finding.path), start.line, start.column, finding.message


def _unreadable(report: Report) -> Counter[Place]:
    return Counter({place: count for place, count in places(report).items() if place[2] in _UNREADABLE})


def _assert_no_crash(report: Report) -> None:
    assert not report.crashes, f"crashed: {report.crashes}"


def _assert_fixes_are_declared(case: Case, report: Report, registry: Registry) -> None:
    for finding in report.findings:
        declared = registry.rules[finding.rule].fix
        assert declared or not finding.fix, f"{case}: {finding.rule} declares no fix and has one"


def _assert_equal(case: Case, expected: Counter[Place], found: Counter[Place]) -> None:
    absent, extra = expected - found, found - expected
    differ = f"marked and not found: {_listed(absent)}; found and not marked: {_listed(extra)}"
    assert expected == found, f"{case}: {differ}"


def _listed(found: Iterable[Place] | Mapping[Place, int]) -> str:
    return ", ".join(f"{path}:{line} {rule}" for path, line, rule in sorted(found)) or "nothing"


def _assert_same_tree(case: Case, wanted: Path, found: Path) -> None:
    names: Sequence[set[str]] = [
        {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        for root in (wanted, found)
    ]
    assert names[0] == names[1], f"{case}: other files than in `fixed`: {sorted(names[0] ^ names[1])}"
    for name in sorted(names[0]):
        one, other = (wanted / name).read_bytes(), (found / name).read_bytes()
        assert one == other, (
            f"{case}: {name} becomes\n{other.decode('utf-8', 'replace')}\nand should be\n"
            + one.decode("utf-8", "replace")
        )


def _assert_reads_as_before(case: Case, before: Report, after: Report) -> None:
    broken = [f for f in after.findings if f.rule in _UNREADABLE]
    known = [f for f in before.findings if f.rule in _UNREADABLE]
    assert len(broken) <= len(known), f"{case}: does not parse once fixed: {broken}"
