from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.finding import Edit, Finding, Fix, Label, Safety, Severity
from lambdalint.fixer import Fixed, FixError, conflict, diff, fix, splice, write
from lambdalint.report import Report
from lambdalint.source import SourceFile, Span, read_python, read_text

Find = Callable[[SourceFile], Sequence[Finding]]


def edit(file: SourceFile, old: str, new: str) -> Edit:
    start = file.text.index(old)
    return Edit(file, Span(start, start + len(old)), new)


def finding(*edits: Edit, rule: str = "a-rule", safety: Safety = Safety.SAFE) -> Finding:
    first = edits[0]
    return Finding(
        rule, Severity.WARNING, "m", (Label(first.source, first.span, ""),), fix=Fix("t", edits, safety)
    )


def replaces(**words: str) -> Find:
    """A rule that puts one word in place of another, in every file where it stands."""
    return lambda file: [finding(edit(file, old, new)) for old, new in words.items() if old in file.text]


def lint(root: Path, *find: Find) -> Callable[[], Report]:
    def run() -> Report:
        found = []
        for path in sorted(root.rglob("*")):
            if not path.is_file():
                continue
            relative = PurePosixPath(path.relative_to(root).as_posix())
            read = read_python if path.suffix == ".py" else read_text
            file = read(root, relative)
            found += [each for rule in find for each in rule(file)]
        return Report(root, tuple(found))

    return run


def fixed(root: Path, *find: Find, unsafe: bool = False, only: str = "") -> Fixed:
    return fix(root, lint(root, *find), lambda path: not only or path.name == only, unsafe)


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / name.replace("__", ".")).write_bytes(text.encode())


def test_nothing_is_written_until_write(tmp_path: Path) -> None:
    put(tmp_path, a__py="spam = 1\n")
    result = fixed(tmp_path, replaces(spam="eggs"))
    assert (tmp_path / "a.py").read_text() == "spam = 1\n"
    assert result.report.findings == ()
    assert result.applied == {"a-rule": 1}
    write(result.changes)
    assert (tmp_path / "a.py").read_text() == "eggs = 1\n"
    assert sorted(os.listdir(tmp_path)) == ["a.py"]


def test_rounds_go_on_until_it_is_stable(tmp_path: Path) -> None:
    put(tmp_path, a__py="a = 1\n")
    result = fixed(tmp_path, replaces(a="b"), replaces(b="c"), replaces(c="d"))
    assert result.changes[0].after == "d = 1\n"
    assert result.applied == {"a-rule": 3}


def test_of_overlapping_fixes_the_first_wins_and_the_other_comes_next(tmp_path: Path) -> None:
    put(tmp_path, a__py="one(two)\n")

    def find(file: SourceFile) -> list[Finding]:
        found = [finding(edit(file, "one(two)", "three(two)"))] if "one" in file.text else []
        return found + ([finding(edit(file, "(two)", "(four)"))] if "two" in file.text else [])

    result = fixed(tmp_path, find)
    assert result.changes[0].after == "three(four)\n"


def test_all_edits_of_a_fix_or_none(tmp_path: Path) -> None:
    put(tmp_path, a__py="one\n", b__py="two\n")

    def find(file: SourceFile) -> list[Finding]:
        other = read_python(tmp_path, PurePosixPath("b.py"))
        if file.path.name == "b.py" or "one" not in file.text:
            return []
        return [finding(edit(file, "one", "changed"), edit(other, "two", "changed"))]

    assert fixed(tmp_path, find, only="a.py").changes == ()
    assert [change.after for change in fixed(tmp_path, find).changes] == ["changed\n", "changed\n"]


def test_a_fix_with_overlapping_edits_is_left_out_and_reported(tmp_path: Path) -> None:
    put(tmp_path, a__py="one\n")
    result = fixed(tmp_path, lambda file: [finding(edit(file, "one", "x"), edit(file, "ne", "y"))])
    assert result.changes == ()
    assert result.notes == ("a.py:1: the fix of a-rule was left out: its own edits overlap",)


def test_unsafe_fixes_need_to_be_asked_for(tmp_path: Path) -> None:
    put(tmp_path, a__py="one\n")

    def find(file: SourceFile) -> list[Finding]:
        return [finding(edit(file, "one", "two"), safety=Safety.UNSAFE)] if "one" in file.text else []

    assert fixed(tmp_path, find).changes == ()
    assert fixed(tmp_path, find, unsafe=True).changes[0].after == "two\n"


def test_a_fix_that_breaks_the_file_is_left_out_and_the_others_made(tmp_path: Path) -> None:
    put(tmp_path, a__py="one = 1\ntwo = 2\n")
    result = fixed(tmp_path, replaces(one="x", two="("))
    assert result.changes[0].after == "x = 1\ntwo = 2\n"
    assert result.notes == ("a.py:2: the fix of a-rule was left out: the file would no longer parse",)
    assert [item.rule for item in result.report.findings] == ["a-rule"]


@pytest.mark.parametrize(
    ("name", "text", "new"),
    [
        ("a.py", "from __future__ import annotations\none\n", None),
        ("t.yaml", "Resources:\n  One: {Type: one}\n", "{"),
        ("t.json", '{"Resources": {"One": {"Type": "one"}}}', '"'),
        ("t.yaml", "Resources:\n  One: {Type: one}\n", "a, Type: b"),
    ],
)
def test_what_would_not_load_is_not_made(tmp_path: Path, name: str, text: str, new: str | None) -> None:
    (tmp_path / name).write_text(text)

    def find(file: SourceFile) -> list[Finding]:
        if new is None:
            return [finding(Edit(file, Span(0, 0), "import os\n"))]
        return [finding(edit(file, "one", new))]

    result = fixed(tmp_path, find)
    assert result.changes == ()
    assert "would no longer parse" in result.notes[0]


def test_inline_code_must_parse_too(tmp_path: Path) -> None:
    text = (
        "Resources:\n  One:\n    Type: AWS::Lambda::Function\n    Properties:\n      Runtime: python3.12\n"
        "      Handler: index.handler\n      Code:\n        ZipFile: |\n"
        "          def handler(event, context):\n            return one\n"
    )
    (tmp_path / "t.yaml").write_text(text)
    assert "would no longer parse" in fixed(tmp_path, replaces(one="(")).notes[0]
    assert fixed(tmp_path, replaces(one="two")).changes[0].after == text.replace("one", "two")


def test_a_file_that_was_broken_before_can_still_be_fixed(tmp_path: Path) -> None:
    put(tmp_path, a__py="print 'x'\none\n")
    assert fixed(tmp_path, replaces(one="two")).changes[0].after == "print 'x'\ntwo\n"


def test_fixes_that_undo_one_another_stop(tmp_path: Path) -> None:
    put(tmp_path, a__py="one\n")
    result = fixed(tmp_path, replaces(one="two"), replaces(two="one"))
    assert result.notes == ("the fixes did not settle: they undo one another (a-rule)",)


def test_fixes_without_end_stop(tmp_path: Path) -> None:
    put(tmp_path, a__py="x\n")

    def grow(file: SourceFile) -> list[Finding]:
        return [finding(Edit(file, Span(0, 0), "x"))]

    result = fix(tmp_path, lint(tmp_path, grow), lambda path: True, max_rounds=3)
    assert result.changes[0].after == "xxxx\n"
    assert result.notes == ("the fixes did not settle: some are left after 3 rounds; run it again (a-rule)",)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_inserted_text_takes_the_newline_of_the_file(tmp_path: Path, newline: str) -> None:
    put(tmp_path, a__py=f"one{newline}two{newline}")
    write(fixed(tmp_path, replaces(one="a\nb\r\nc")).changes)
    assert (tmp_path / "a.py").read_bytes() == newline.join(["a", "b", "c", "two", ""]).encode()


def test_encoding_and_byte_order_mark_stay(tmp_path: Path) -> None:
    latin = "# -*- coding: latin-1 -*-\none = 'é'\n".encode("latin-1")
    (tmp_path / "latin.py").write_bytes(latin)
    (tmp_path / "bom.py").write_bytes(b"\xef\xbb\xbfone = '\xc3\xa9'\n")
    write(fixed(tmp_path, replaces(one="two")).changes)
    assert (tmp_path / "latin.py").read_bytes() == latin.replace(b"one", b"two")
    assert (tmp_path / "bom.py").read_bytes() == b"\xef\xbb\xbftwo = '\xc3\xa9'\n"


def test_what_the_encoding_cannot_write_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"# coding: latin-1\none = 1\n")
    result = fixed(tmp_path, replaces(one="\N{GREEK SMALL LETTER ALPHA}"))
    assert result.changes == ()
    assert "left out" in result.notes[0]


def test_the_mode_stays(tmp_path: Path) -> None:
    put(tmp_path, a__py="one\n")
    os.chmod(tmp_path / "a.py", 0o751)
    write(fixed(tmp_path, replaces(one="two")).changes)
    assert stat.S_IMODE(os.stat(tmp_path / "a.py").st_mode) == 0o751


def test_a_link_out_of_the_root_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    put(tmp_path, outside__py="one\n")
    (tmp_path / "root" / "a.py").symlink_to(tmp_path / "outside.py")
    result = fixed(tmp_path / "root", replaces(one="two"))
    assert result.changes == ()
    assert "leads out of the root" in result.notes[0]


def test_a_link_inside_the_root_stays_a_link(tmp_path: Path) -> None:
    put(tmp_path, real__py="one\n")
    (tmp_path / "link.py").symlink_to(tmp_path / "real.py")
    write(fixed(tmp_path, replaces(one="two")).changes)
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == "two\n"


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    put(tmp_path, a__py="one\n", b__py="one\n")
    result = fixed(tmp_path, replaces(one="two"))
    put(tmp_path, b__py="three\n")
    with pytest.raises(FixError, match=r"b\.py: changed while it was linted"):
        write(result.changes)
    assert (tmp_path / "a.py").read_text() == "one\n"
    assert (tmp_path / "b.py").read_text() == "three\n"
    assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py"]


def test_a_write_that_fails_halfway_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, a__py="one\n", b__py="one\n")
    result = fixed(tmp_path, replaces(one="two"))
    replace, calls = os.replace, []

    def failing(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise PermissionError(13, "Permission denied", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(FixError, match=r"b\.py: cannot be written: Permission denied; no file was changed"):
        write(result.changes)
    assert [(tmp_path / name).read_text() for name in ("a.py", "b.py")] == ["one\n", "one\n"]
    assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py"]


def test_a_full_disk_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, a__py="one\n")
    result = fixed(tmp_path, replaces(one="two"))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FixError, match="No space left on device"):
        write(result.changes)
    assert sorted(os.listdir(tmp_path)) == ["a.py"]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("one\nx\n", "two"),
        ("one", "two"),
        ("x\none", "two\n"),
        ("a\r\none\r\nb\r\n", "two"),
        ("x\x0cone\n", "y\nz"),
    ],
)
def test_the_diff_is_one_that_patch_takes(tmp_path: Path, text: str, new: str) -> None:
    put(tmp_path, a__py=text)
    result = fixed(tmp_path, replaces(one=new))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    patch = diff(result.changes)
    assert patch.startswith("--- a/a.py\n+++ b/a.py\n@@ ")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
    assert (tmp_path / "a.py").read_bytes() == result.changes[0].content


TEXTS = st.text(alphabet="ab\n\r\t é\U0001f600", max_size=30)


@st.composite
def texts_and_edits(draw: st.DrawFn) -> tuple[SourceFile, list[Edit]]:
    file = SourceFile(PurePosixPath("a.py"), draw(TEXTS))
    edits: list[Edit] = []
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(file.text)))
        end = draw(st.integers(start, len(file.text)))
        new = Edit(file, Span(start, end), draw(st.text(alphabet="xy", max_size=3)))
        if not any(conflict(new, other) for other in edits):
            edits.append(new)
    return file, edits


@given(texts_and_edits(), st.randoms())
@settings(deadline=None)
def test_splicing_is_one_edit_after_the_other(case: tuple[SourceFile, list[Edit]], random: object) -> None:
    file, edits = case
    expected = file.text
    for each in sorted(edits, key=lambda each: each.span, reverse=True):
        expected = expected[: each.span.start] + each.replacement + expected[each.span.end :]
    shuffled = list(edits)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert splice(file.text, shuffled, "\n") == expected


@given(texts_and_edits())
@settings(deadline=None)
def test_what_lies_outside_the_edits_stays(case: tuple[SourceFile, list[Edit]]) -> None:
    file, edits = case
    removals = [Edit(file, each.span, "") for each in edits]
    outside = [
        character
        for offset, character in enumerate(file.text)
        if not any(each.span.start <= offset < each.span.end for each in edits)
    ]
    assert splice(file.text, removals, "\n") == "".join(outside)


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        ((0, 3), (3, 5), False),
        ((0, 3), (2, 5), True),
        ((0, 3), (0, 3), True),
        ((3, 3), (3, 3), True),
        ((3, 3), (3, 5), True),
        ((5, 5), (3, 5), True),
        ((2, 2), (3, 5), False),
    ],
)
def test_conflicts(one: tuple[int, int], other: tuple[int, int], outcome: bool) -> None:
    file = SourceFile(PurePosixPath("a.py"), "0123456789")
    first, second = Edit(file, Span(*one), "x"), Edit(file, Span(*other), "y")
    assert conflict(first, second) is outcome
    assert conflict(second, first) is outcome
