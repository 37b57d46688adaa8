from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest

from lambdalint import discovery
from lambdalint.discovery import Files, PathError, discover, find_root
from lambdalint.rule import Settings
from lambdalint.source import SourceError

TEMPLATE = "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def repository(root: Path, files: Mapping[str, str | bytes]) -> Path:
    (root / ".git").mkdir(parents=True)
    write(root, files)
    return root


def python(files: Files) -> list[str]:
    return [str(path) for path in files.python]


def templates(files: Files) -> list[str]:
    return [str(path) for path in files.templates]


def test_finds_templates_by_content(tmp_path: Path) -> None:
    repository(
        tmp_path,
        {
            "template.yaml": TEMPLATE,
            "infra/stack.template": '{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}',
            "infra/stack.json": '{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}',
            "deploy.yml": TEMPLATE,
            "notes.txt": TEMPLATE,
            "package.json": '{"name": "x"}',
            "k8s.yaml": "kind: Pod\nspec:\n  Resources: 1\n",
            "cookie/{{cookiecutter.name}}.yaml": "{% if x %}\nkey: {{ value }}\n",
        },
    )
    assert templates(discover(tmp_path)) == [
        "deploy.yml",
        "infra/stack.json",
        "infra/stack.template",
        "template.yaml",
    ]


def test_leaves_out_environments_caches_and_build_output(tmp_path: Path) -> None:
    left_out = [
        ".venv/lib/a.py",
        "env/a.py",
        "node_modules/x/a.py",
        ".aws-sam/build/F/a.py",
        "src/__pycache__/a.py",
        "cdk.out/asset.123/a.py",
        "layer/python/lib/python3.12/site-packages/x/a.py",
        ".tox/a.py",
        "cache/a.py",
        "build/lib/own/a.py",
        ".git/hooks/a.py",
    ]
    files = dict.fromkeys(left_out, "")
    marks = {"env/pyvenv.cfg": "", "cache/CACHEDIR.TAG": "", "pyproject.toml": ""}
    repository(tmp_path, {**files, **marks, "src/app.py": "", "build/app.py": "", "lib/app.py": ""})
    assert python(discover(tmp_path)) == ["build/app.py", "lib/app.py", "src/app.py"]


def test_leaves_out_packages_installed_beside_the_code(tmp_path: Path) -> None:
    repository(
        tmp_path,
        {
            "src/app.py": "",
            "src/common/db.py": "",
            "src/requests/api.py": "",
            "src/requests-2.32.0.dist-info/RECORD": "requests/__init__.py,,\n../../bin/x,,\n",
            "src/six.py": "",
            "src/six-1.16.0.dist-info/RECORD": "six.py,,\n__pycache__/six.cpython-312.pyc,,\n",
            "src/yaml/x.py": "",
            "src/PyYAML-6.0.dist-info/top_level.txt": "_yaml\nyaml\n",
            "src/attr/x.py": "",
            "src/attr-23.1.dist-info/METADATA": "",
            "src/old/x.py": "",
            "src/old-1.0-py3.8.egg-info/installed-files.txt": "",
        },
    )
    assert python(discover(tmp_path)) == ["src/app.py", "src/common/db.py"]


def test_a_project_installed_in_place_is_its_own(tmp_path: Path) -> None:
    repository(
        tmp_path,
        {
            "pyproject.toml": "",
            "shop/app.py": "",
            "shop.egg-info/top_level.txt": "shop\n",
            "sub/tool/x.py": "",
            "sub/tool.egg-info/top_level.txt": "tool\n",
        },
    )
    assert python(discover(tmp_path)) == ["shop/app.py", "sub/tool/x.py"]


def test_honours_gitignore_and_exclude(tmp_path: Path) -> None:
    repository(
        tmp_path,
        {
            ".gitignore": "/gen\n*_pb2.py\n!keep_pb2.py\n",
            ".git/info/exclude": "mine.py\n",
            "src/.gitignore": "local/\n",
            "gen/a.py": "",
            "src/gen/a.py": "",
            "src/x_pb2.py": "",
            "src/keep_pb2.py": "",
            "src/local/a.py": "",
            "local/a.py": "",
            "mine.py": "",
            "old/a.py": "",
        },
    )
    found = discover(tmp_path, settings=Settings(exclude=("old",)))
    assert python(found) == ["local/a.py", "src/gen/a.py", "src/keep_pb2.py"]
    assert found.ignored(PurePosixPath("gen/sub/x.py"))
    assert found.ignored(PurePosixPath("src/local"))
    assert not found.ignored(PurePosixPath("local/a.py"))


def test_a_nested_configuration_excludes_in_its_folder(tmp_path: Path) -> None:
    repository(tmp_path, {"a/lambdalint.toml": "", "a/gen/x.py": "", "a/y.py": "", "gen/z.py": ""})

    def nested(folder: PurePosixPath) -> tuple[str, ...]:
        return ("/a/**/gen",) if folder == PurePosixPath("a") else ()

    assert python(discover(tmp_path, nested=nested)) == ["a/y.py", "gen/z.py"]


def test_reads_the_whole_tree_and_keeps_the_given_paths_apart(tmp_path: Path) -> None:
    repository(tmp_path, {"a/template.yaml": TEMPLATE, "a/src/app.py": "", "b/app.py": ""})
    found = discover(tmp_path, [tmp_path / "a" / "src" / "app.py"])
    assert python(found) == ["a/src/app.py", "b/app.py"]
    assert templates(found) == ["a/template.yaml"]
    assert found.given == (PurePosixPath("a/src/app.py"),)
    assert found.reported(PurePosixPath("a/src/app.py"))
    assert not found.reported(PurePosixPath("a/template.yaml"))
    assert discover(tmp_path, [tmp_path / "a"]).reported(PurePosixPath("a/src/app.py"))
    assert discover(tmp_path).reported(PurePosixPath("b/app.py"))


def test_given_paths_may_be_ignored_but_not_excluded_or_vendored(tmp_path: Path) -> None:
    repository(
        tmp_path,
        {
            ".gitignore": "gen/\n",
            "gen/a.py": "",
            "old/a.py": "",
            "node_modules/x/a.py": "",
            "cdk.out/stack.template.json": '{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}',
            "app.py": "",
        },
    )
    given = [tmp_path / name for name in ("gen", "old/a.py", "node_modules/x/a.py", "cdk.out")]
    found = discover(tmp_path, given, Settings(exclude=("old/",)))
    assert python(found) == ["app.py", "gen/a.py"]
    assert templates(found) == ["cdk.out/stack.template.json"]
    assert any("old/a.py" in note and "excludes" in note for note in found.notes)
    assert any("node_modules/x/a.py" in note for note in found.notes)


def test_without_a_repository_only_given_folders_are_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a/x.py": "", "b/y.py": ""})
    monkeypatch.chdir(tmp_path)
    root = find_root([Path("a")])
    assert root == tmp_path
    assert python(discover(root, [Path("a")])) == ["a/x.py"]
    assert python(discover(root, [Path("a/x.py")])) == ["a/x.py", "b/y.py"]


class TestRoot:
    def test_is_the_nearest_repository_above_all_paths(self, tmp_path: Path) -> None:
        repository(tmp_path, {"a/x.py": "", "b/c/y.py": "", "lambdalint.toml": "", "b/lambdalint.toml": ""})
        assert find_root([tmp_path / "a" / "x.py", tmp_path / "b" / "c"]) == tmp_path
        assert find_root([tmp_path / "b" / "c" / "y.py"]) == tmp_path

    def test_is_a_worktree_too(self, tmp_path: Path) -> None:
        write(tmp_path, {"w/.git": "gitdir: elsewhere", "w/a/x.py": ""})
        assert find_root([tmp_path / "w" / "a"]) == tmp_path / "w"

    def test_is_the_folder_of_the_configuration_without_a_repository(self, tmp_path: Path) -> None:
        write(tmp_path, {"p/pyproject.toml": "[tool.lambdalint]\n", "p/a/pyproject.toml": "[project]\n"})
        assert find_root([tmp_path / "p" / "a"]) == tmp_path / "p"

    def test_is_what_holds_the_paths_where_the_working_directory_does_not(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, {"here/x.py": "", "there/y.py": ""})
        monkeypatch.chdir(tmp_path / "here")
        assert find_root([tmp_path / "there" / "y.py"]) == tmp_path / "there"

    def test_can_be_given(self, tmp_path: Path) -> None:
        repository(tmp_path, {"a/x.py": ""})
        assert find_root([tmp_path / "a"], tmp_path / "a") == tmp_path / "a"
        with pytest.raises(PathError, match="--root"):
            find_root([], tmp_path / "nope")


class TestGivenPaths:
    def test_must_exist(self, tmp_path: Path) -> None:
        write(tmp_path, {"template.yaml": TEMPLATE})
        with pytest.raises(PathError, match=r"did you mean .*template\.yaml\?"):
            discover(tmp_path, [tmp_path / "templat.yaml"])

    def test_must_lie_in_the_root(self, tmp_path: Path) -> None:
        write(tmp_path, {"a/x.py": "", "b/y.py": ""})
        with pytest.raises(PathError, match="outside the root"):
            discover(tmp_path / "a", [tmp_path / "b" / "y.py"])

    def test_must_be_regular(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.py")
        with pytest.raises(PathError, match="neither a file nor a folder"):
            discover(tmp_path, [tmp_path / "pipe.py"])

    def test_must_not_loop(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(PathError, match="cannot be opened"):
            discover(tmp_path, [tmp_path / "loop"])


class TestLinks:
    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        outside = tmp_path / "outside"
        write(outside, {"secret.py": ""})
        root = repository(tmp_path / "root", {"common/db.py": "", "src/app.py": ""})
        (root / "src" / "common").symlink_to("../common")
        (root / "src" / "escape").symlink_to(outside)
        (root / "src" / "escape.py").symlink_to(outside / "secret.py")
        (root / "src" / "loop").symlink_to("loop")
        (root / "src" / "self").symlink_to(".")
        os.mkfifo(root / "src" / "pipe.py")
        return discover(root)

    def test_are_not_walked(self, files: Files) -> None:
        assert python(files) == ["common/db.py", "src/app.py"]

    def test_resolve_inside_the_root(self, files: Files) -> None:
        assert files.resolve("src/common/db.py") == PurePosixPath("common/db.py")
        assert files.resolve("src/self/self/app.py") == PurePosixPath("src/app.py")
        assert files.resolve("src/../common/./db.py") == PurePosixPath("common/db.py")
        assert files.resolve(".") == PurePosixPath(".")
        assert files.is_file("src/common/db.py")
        assert files.is_dir("src/common")
        assert list(files.children("src/common")) == ["db.py"]

    @pytest.mark.parametrize(
        "path", ["src/escape/secret.py", "src/escape.py", "../outside/secret.py", "/etc/passwd"]
    )
    def test_never_leave_it(self, files: Files, path: str) -> None:
        assert files.resolve(path) is None
        assert not files.is_file(path)
        assert files.outside(path)

    def test_that_loop_lead_nowhere(self, files: Files) -> None:
        assert files.resolve("src/loop/x.py") is None
        assert not files.is_dir("src/loop")
        assert not files.outside("src/loop/x.py")

    def test_what_is_no_file_is_none(self, files: Files) -> None:
        assert not files.is_file("src/pipe.py")
        assert not files.is_file("src/missing.py")
        assert files.children("src/missing") == ()
        assert not files.outside("src/missing.py")


class TestUnreadable:
    def test_utf16_template_is_a_problem(self, tmp_path: Path) -> None:
        write(tmp_path, {"t.yaml": TEMPLATE.encode("utf-16"), "other.yaml": "a: b\n".encode("utf-16")})
        (problem,) = discover(tmp_path).problems
        assert (problem.path, problem.line) == (PurePosixPath("t.yaml"), 1)
        assert "UTF-16" in problem.message
        assert "UTF-8" in problem.help

    def test_latin1_template_is_a_problem_at_its_line(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {"t.yaml": (TEMPLATE + "# é\n").encode("latin-1"), "o.yaml": "é: Resources".encode("latin-1")},
        )
        (problem,) = discover(tmp_path).problems
        assert (str(problem.path), problem.line) == ("t.yaml", 5)

    def test_huge_template_is_a_problem_and_huge_data_is_not(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(discovery, "MAX_TEMPLATE_BYTES", 200)
        write(tmp_path, {"t.yaml": TEMPLATE + "#" * 300, "data.json": '{"Resources": "' + "x" * 300 + '"}'})
        found = discover(tmp_path)
        assert [str(problem.path) for problem in found.problems] == ["t.yaml"]
        assert "MB" in found.problems[0].message
        assert found.templates == ()

    def test_huge_python_is_not_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(discovery, "MAX_PYTHON_BYTES", 10)
        write(tmp_path, {"big.py": "x = 1\n" * 10, "small.py": "x = 1\n"})
        found = discover(tmp_path)
        with pytest.raises(SourceError, match="MB"):
            found.read_python(PurePosixPath("big.py"))
        assert found.read_python(PurePosixPath("small.py")).text == "x = 1\n"
        with pytest.raises(SourceError, match="cannot be read"):
            found.read_text(PurePosixPath("missing.yaml"))

    def test_folder_that_cannot_be_listed_is_a_note(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, {"shut/x.py": "", "open/y.py": ""})
        real = os.scandir

        def scandir(path: str) -> object:
            if str(path).endswith("shut"):
                raise PermissionError(13, "Permission denied")
            return real(path)

        monkeypatch.setattr(os, "scandir", scandir)
        found = discover(tmp_path)
        assert python(found) == ["open/y.py"]
        assert found.notes == ("shut: cannot be opened: Permission denied; check its permissions",)

    def test_template_that_cannot_be_opened_is_a_problem(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, {"template.yaml": TEMPLATE, "values.yaml": "a: b\n"})

        def refuse(path: Path, mode: str) -> object:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(discovery, "open", refuse, raising=False)
        (problem,) = discover(tmp_path).problems
        assert str(problem.path) == "template.yaml"
        assert "Permission denied" in problem.message


def test_vendored_answers_for_any_path(tmp_path: Path) -> None:
    repository(tmp_path, {"src/six.py": "", "src/six-1.0.dist-info/RECORD": "six.py,,\n", "src/app.py": ""})
    files = Files(tmp_path)
    assert files.vendored("src/six.py")
    assert files.vendored("node_modules/a/b.py")
    assert not files.vendored("src/app.py")


def test_agrees_with_git_on_a_repository(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "a/*\n!a/keep.py\n", "a/x.py": "", "a/keep.py": "", "b/a/x.py": ""})
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "*.py"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert python(discover(tmp_path)) == sorted(listed)


def test_a_list_of_requirements_can_be_asked_about(tmp_path: Path) -> None:
    for name in ("src/requirements.txt", "src/notes.txt", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    given = [tmp_path / name for name in ("src/requirements.txt", "src/notes.txt", "pyproject.toml")]
    files = discover(tmp_path, given)
    assert [str(path) for path in files.given_manifests] == ["src/requirements.txt", "pyproject.toml"]
    assert files.reported(PurePosixPath("src/requirements.txt"))
    assert not files.python
