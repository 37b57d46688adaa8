"""Makes the edits of findings: all of a fix or none, again and again until nothing is left to mend.

All rounds run in memory, over the files as they would be; only then is anything written, each file at once.
"""

from __future__ import annotations

import difflib
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lambdalint.finding import Edit, Finding, Safety
from lambdalint.report import Report
from lambdalint.source import SourceFile, overlay

MAX_ROUNDS = 50

_NEWLINE = re.compile(r"\r\n|\r|\n")


class FixError(Exception):
    """Files that cannot be written. Nothing has been changed; the message says why, and what to do."""


@dataclass(frozen=True)
class Change:
    """A file before and after its fixes. `real` is where it lies once symbolic links are followed."""

    path: PurePosixPath
    real: Path
    source: SourceFile
    before: bytes
    after: str

    @property
    def content(self) -> bytes:
        """The file's bytes after the fixes."""
        return self.source.encode(self.after)


@dataclass(frozen=True)
class Fixed:
    """What fixing comes to: the report on the files as they then are, and what changed.

    `applied` counts the fixes made, by rule. `notes` tell of fixes that were left out, and why.
    """

    report: Report
    changes: tuple[Change, ...] = ()
    applied: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def fix(
    root: Path,
    lint: Callable[[], Report],
    may_edit: Callable[[PurePosixPath], bool],
    unsafe: bool = False,
    max_rounds: int = MAX_ROUNDS,
) -> Fixed:
    """Fixes what `lint` reports and lints again until it stays as it is. Writes nothing: see `write`.

    `may_edit` says which files the user gave. Where fixes overlap, the first in the report's order wins and
    the others come in the next round. A fix after which a file would no longer parse is left out.
    """
    work = _Work(root.resolve(), may_edit, unsafe)
    report = lint()
    seen = {work.state()}
    for _ in range(max_rounds):
        accepted = work.choose(report.findings)
        if not accepted:
            return work.result(report)
        work.apply(accepted)
        with overlay(work.contents()):
            report = lint()
        if work.state() in seen:
            work.notes.append(_did_not_settle(accepted, "they undo one another"))
            return work.result(report)
        seen.add(work.state())
    left = work.choose(report.findings)
    if left:
        work.notes.append(_did_not_settle(left, f"some are left after {max_rounds} rounds; run it again"))
    return work.result(report)


def diff(changes: Iterable[Change]) -> str:
    """The changes as a unified diff that `patch -p1` and `git apply` take."""
    return "".join(line for change in changes for line in _diff_of(change))


def write(changes: Sequence[Change]) -> None:
    """Writes every change, or none: FixError says why not.

    Each file is replaced at once by a complete new one with the same mode. One that has changed since it was
    read is not overwritten.
    """
    staged: list[tuple[Change, Path]] = []
    try:
        for change in changes:
            _check_unchanged(change)
            staged.append((change, _stage(change.real, change.content)))
        _replace_all(staged)
    except OSError as error:
        raise FixError(
            f"{error.filename or 'a file'}: cannot be written: {error.strerror or error}; no file was changed"
        ) from error
    finally:
        for _, temporary in staged:
            temporary.unlink(missing_ok=True)


def splice(text: str, edits: Iterable[Edit], newline: str) -> str:
    """`text` with the edits made; newlines in replacements become the file's. The edits must not overlap."""
    parts = []
    position = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        parts += [text[position : edit.span.start], _NEWLINE.sub(lambda _: newline, edit.replacement)]
        position = edit.span.end
    return "".join((*parts, text[position:]))


def changed(root: Path, source: SourceFile, edits: Iterable[Edit]) -> Change:
    """A file with edits made that do not overlap."""
    after = splice(source.text, edits, source.newline)
    return Change(source.path, (root / source.path).resolve(), source, source.encode(source.text), after)


def conflict(one: Edit, other: Edit) -> bool:
    """Whether two edits of one file get in each other's way: they overlap, or one inserts where the other
    begins or ends, so that the order would decide."""
    a, b = one.span, other.span
    if a.start == a.end or b.start == b.end:
        return a.start <= b.end and b.start <= a.end
    return a.overlaps(b)


@dataclass
class _File:
    path: PurePosixPath
    real: Path
    source: SourceFile  # as first read
    before: bytes
    text: str


class _Work:
    """The files as they are between rounds."""

    def __init__(self, root: Path, may_edit: Callable[[PurePosixPath], bool], unsafe: bool) -> None:
        self.root = root
        self.may_edit = may_edit
        self.unsafe = unsafe
        self.notes: list[str] = []
        self._files: dict[PurePosixPath, _File | None] = {}
        self._applied: dict[str, int] = {}
        self._dropped: set[tuple[str, str]] = set()

    def state(self) -> int:
        """Equal for equal contents."""
        return hash(tuple(sorted((str(real), text) for real, text in self._texts().items())))

    def contents(self) -> Mapping[str, bytes]:
        """The bytes of each changed file, by real path."""
        by_real = {file.real: file for file in self._files.values() if file}
        return {str(real): by_real[real].source.encode(text) for real, text in self._texts().items()}

    def choose(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings to fix in this round: allowed, free of conflicts, and leaving files that parse."""
        chosen: list[Finding] = []
        edits: dict[Path, list[Edit]] = {}
        for finding in findings:
            new = self._edits(finding)
            if new and not any(
                conflict(a, b) for real, added in new.items() for a in added for b in edits.get(real, ())
            ):
                chosen.append(finding)
                for real, added in new.items():
                    edits.setdefault(real, []).extend(added)
        if all(self._is_sound(real, added) for real, added in edits.items()):
            return chosen
        return self._without_unsound(chosen)

    def apply(self, findings: Sequence[Finding]) -> None:
        """Makes the edits of findings that `choose` gave."""
        edits: dict[Path, list[Edit]] = {}
        for finding in findings:
            self._applied[finding.rule] = self._applied.get(finding.rule, 0) + 1
            for real, added in self._edits(finding).items():
                edits.setdefault(real, []).extend(added)
        for file in [file for file in self._files.values() if file]:
            if file.real in edits:
                file.text = splice(file.text, edits[file.real], file.source.newline)

    def result(self, report: Report) -> Fixed:
        """What has come of it."""
        changed: dict[Path, Change] = {}
        for path in sorted(self._files):
            file = self._files[path]
            if file and file.text != file.source.text and file.real not in changed:
                changed[file.real] = Change(path, file.real, file.source, file.before, file.text)
        return Fixed(report, tuple(changed.values()), self._applied, tuple(dict.fromkeys(self.notes)))

    def _texts(self) -> Mapping[Path, str]:
        return {
            file.real: file.text for file in self._files.values() if file and file.text != file.source.text
        }

    def _edits(self, finding: Finding) -> Mapping[Path, list[Edit]]:
        """The edits of a finding's fix by real path; none where it may not be made."""
        fix = finding.fix
        if fix is None or not fix.edits or (fix.safety is Safety.UNSAFE and not self.unsafe):
            return {}
        if _identity(finding) in self._dropped or not all(
            self.may_edit(edit.source.path) for edit in fix.edits
        ):
            return {}
        found: dict[Path, list[Edit]] = {}
        for edit in fix.edits:
            file = self._file(edit.source)
            if file is None:
                return {}
            others = found.setdefault(file.real, [])
            if any(conflict(edit, other) for other in others):
                self._drop(finding, "its own edits overlap")
                return {}
            others.append(edit)
        return found

    def _file(self, source: SourceFile) -> _File | None:
        if source.path not in self._files:
            self._files[source.path] = self._open(source)
        return self._files[source.path]

    def _open(self, source: SourceFile) -> _File | None:
        real = Path(os.path.realpath(self.root / source.path))
        if self.root not in real.parents:
            self.notes.append(f"{source.path}: not fixed, because it leads out of the root {self.root}")
            return None
        try:
            before = real.read_bytes()
            exact = source.encode(source.text) == before
        except (OSError, UnicodeError):
            exact = False
        if not exact:
            self.notes.append(
                f"{source.path}: not fixed, because its bytes could not be written back as they are"
            )
            return None
        return _File(source.path, real, source, before, source.text)

    def _is_sound(self, real: Path, edits: Sequence[Edit]) -> bool:
        file = next(file for file in self._files.values() if file and file.real == real)
        text = splice(file.text, edits, file.source.newline)
        try:
            file.source.encode(text)
        except UnicodeEncodeError:
            return False
        return _still_parses(file.path, file.text, text)

    def _without_unsound(self, chosen: Sequence[Finding]) -> list[Finding]:
        """As many of the findings as leave files that parse, tried one by one."""
        sound: list[Finding] = []
        edits: dict[Path, list[Edit]] = {}
        for finding in chosen:
            trial = {real: [*edits.get(real, ()), *new] for real, new in self._edits(finding).items()}
            if all(self._is_sound(real, added) for real, added in trial.items()):
                sound.append(finding)
                edits.update(trial)
            else:
                self._drop(finding, "the file would no longer parse")
        return sound

    def _drop(self, finding: Finding, reason: str) -> None:
        self._dropped.add(_identity(finding))
        line = finding.primary.source.position(finding.primary.span.start).line
        self.notes.append(f"{finding.path}:{line}: the fix of {finding.rule} was left out: {reason}")


def _identity(finding: Finding) -> tuple[str, str]:
    """Tells a fix from others, also when lines have shifted."""
    assert finding.fix is not None
    edits = [
        f"{edit.source.path}:{edit.source.slice(edit.span)}:{edit.replacement}" for edit in finding.fix.edits
    ]
    text = finding.primary.source.slice(finding.primary.span)
    return finding.rule, "\0".join((str(finding.path), text, *edits))


def _did_not_settle(findings: Sequence[Finding], why: str) -> str:
    rules = ", ".join(sorted({finding.rule for finding in findings}))
    return f"the fixes did not settle: {why} ({rules})"


def _still_parses(path: PurePosixPath, before: str, after: str) -> bool:
    """Whether the new text has no fault of form that the old one had not."""
    if path.suffix == ".py":
        return _python_faults(after) <= _python_faults(before)
    if path.suffix.lower() in (".yaml", ".yml", ".json", ".template"):
        return _template_faults(path, after) <= _template_faults(path, before)
    return True


def _python_faults(text: str) -> int:
    from lambdalint.python.module import ParseProblem, PythonModule

    faults = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Compiling finds more than parsing does: a late `from __future__`, a `return` at module level.
            compile(text, "<fixed>", "exec", flags=0, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            faults += 1
    try:
        PythonModule.parse(SourceFile(PurePosixPath("fixed.py"), text))
    except (ParseProblem, RecursionError):
        faults += 1
    return faults


def _template_faults(path: PurePosixPath, text: str) -> int:
    from lambdalint.template.function import InlineCode
    from lambdalint.template.template import load

    template = load(SourceFile(path, text))
    inline = [function.code for function in template.functions if isinstance(function.code, InlineCode)]
    return len(template.problems) + sum(_python_faults(code.source.text) for code in inline)


def _diff_of(change: Change) -> Iterable[str]:
    before, after = _diff_lines(change.source.text), _diff_lines(change.after)
    for line in difflib.unified_diff(before, after, f"a/{change.path}", f"b/{change.path}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _diff_lines(text: str) -> list[str]:
    # patch knows lines by their line feed alone.
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _check_unchanged(change: Change) -> None:
    if change.real.read_bytes() != change.before:
        raise FixError(f"{change.path}: changed while it was linted; no file was changed, run it again")
    if not os.access(change.real, os.W_OK):
        raise FixError(f"{change.path}: is read-only; no file was changed")


def _stage(real: Path, content: bytes) -> Path:
    """A complete new file beside the old one, so that the replacement is a rename within one file system."""
    status = real.stat()
    descriptor, name = tempfile.mkstemp(prefix=".lambdalint-", dir=real.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, status.st_mode & 0o7777)
        with suppress(OSError, AttributeError):  # only root may give files away
            os.chown(name, status.st_uid, status.st_gid)
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)


def _replace_all(staged: Sequence[tuple[Change, Path]]) -> None:
    done: list[Change] = []
    try:
        for change, temporary in staged:
            os.replace(temporary, change.real)
            done.append(change)
    except OSError:
        for change in done:
            os.replace(_stage(change.real, change.before), change.real)
        raise
