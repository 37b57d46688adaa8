from __future__ import annotations

import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdalint.discovery import Files
from lambdalint.gitignore import patterns

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")


@pytest.mark.parametrize(
    ("lines", "path", "is_dir", "expected"),
    [
        (["*.pyc"], "a/b.pyc", False, True),
        (["*.pyc"], "a/b.py", False, None),
        (["build"], "x/build", False, True),
        (["build/"], "x/build", False, None),
        (["build/"], "x/build", True, True),
        (["/build"], "x/build", True, None),
        (["*.py", "!app.py"], "src/app.py", False, False),
        (["!app.py", "*.py"], "src/app.py", False, True),
        (["src/*.py"], "src/app.py", False, True),
        (["src/*.py"], "src/x/app.py", False, None),
        (["**/gen"], "a/b/gen", True, True),
        (["a/**"], "a", True, None),
        (["a/**", "!a/**/", "!a/**/*.py"], "a/b/c.py", False, False),
        (["a/**", "!a/**/", "!a/**/*.py"], "a/b/c.txt", False, True),
        (["a/b", "!a/b/"], "a/b/c", False, None),
        (["# comment", "", "   "], "# comment", False, None),
        ([r"\#name"], "#name", False, True),
        (["name   "], "name", False, True),
        (["!"], "anything", False, None),
        (["[z-"], "anything", False, None),
        (["te?t.py"], "test.py", False, True),
        (["c.py", "!**/c.py"], "c.py/c.py", False, False),
        (["a/**/c.py"], "a/c.py/c.py", False, True),
        (["a/**/c.py"], "a/c.py/d.py", False, None),
    ],
)
def test_patterns(lines: list[str], path: str, is_dir: bool, expected: bool | None) -> None:
    assert patterns(tuple(lines)).match(path, is_dir) is expected


names = st.sampled_from(["a", "b", "c.py", "d.py"])
pattern_parts = st.sampled_from(["a", "b", "c.py", "d.py", "*.py", "*", "**", "?"])
pattern_lines = st.builds(
    lambda bang, root, parts, end: f"{bang}{root}{'/'.join(parts)}{end}",
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(pattern_parts, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)


@needs_git
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.lists(st.lists(names, min_size=1, max_size=3), min_size=1, max_size=6),
    top=st.lists(pattern_lines, max_size=4),
    nested=st.lists(pattern_lines, max_size=3),
)
def test_agrees_with_git(
    tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]], top: list[str], nested: list[str]
) -> None:
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
    files = _write(root, paths)
    (root / ".gitignore").write_text("\n".join(top))
    if (root / "a").is_dir():
        (root / "a" / ".gitignore").write_text("\n".join(nested))
    asked = "\0".join(files)
    answer = subprocess.run(
        ["git", "check-ignore", "-z", "--no-index", "--stdin"],
        cwd=root,
        input=asked.encode(),
        capture_output=True,
        check=False,
    )
    ignored_by_git = set(answer.stdout.decode().split("\0")) - {""}
    ours = Files(root)
    assert {path for path in files if ours.ignored(PurePosixPath(path))} == ignored_by_git


def _write(root: Path, paths: list[list[str]]) -> list[str]:
    written = []
    for parts in paths:
        path = root.joinpath(*parts)
        if path.exists() or any(parent.is_file() for parent in path.parents if parent != root):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        written.append("/".join(parts))
    return written
