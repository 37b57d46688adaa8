from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.application.requirements import (
    Manifest,
    applies,
    normalised,
    read_pipfile,
    read_pyproject,
    read_requirements,
)
from lambdalint.source import SourceFile, read_manifest

SOURCE = PurePosixPath("src/requirements.txt")


def read(text: str, others: dict[str, str] | None = None) -> Manifest:
    def include(path: PurePosixPath) -> SourceFile | None:
        content = (others or {}).get(path.as_posix())
        return None if content is None else SourceFile(path, content)

    return read_requirements(SourceFile(SOURCE, text), include)


def listed(manifest: Manifest) -> list[tuple[str, str]]:
    return [(each.name, each.source.slice(each.span)) for each in manifest.requirements]


def test_names_extras_markers_and_places() -> None:
    manifest = read(
        "# comment\n"
        "Requests [socks, use_chardet]  >= 2, < 3 ; python_version >= '3.9'  # why\n"
        "ruamel.yaml\n"
        "boto3 (>=1.0)\n"
        "tool @ https://example.com/tool-1.0.whl\n"
    )
    assert listed(manifest) == [
        ("requests", "Requests [socks, use_chardet]"),
        ("ruamel-yaml", "ruamel.yaml"),
        ("boto3", "boto3"),
        ("tool", "tool"),
    ]
    first, second, third, fourth = manifest.requirements
    assert first.extras == ("socks", "use-chardet")
    assert first.marker == "python_version >= '3.9'"
    assert [each.pinned for each in (first, second, third)] == [True, False, True]
    assert [each.direct for each in (third, fourth)] == [False, True]
    assert manifest.gaps == []


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_that_go_on(newline: str) -> None:
    text = newline.join(
        ["black==24.1.0 \\", "    --hash=sha256:11 \\", "    --hash=sha256:22", "moto # a \\", "lost", "six"]
    )
    # A comment goes on, too, unless it has the line to itself.
    assert listed(read(text)) == [("black", "black"), ("moto", "moto"), ("six", "six")]


def test_options_bring_nothing() -> None:
    manifest = read("-i https://example.com\n--no-binary :all:\n-c constraints.txt\n--pre\nsix\n")
    assert listed(manifest) == [("six", "six")]
    assert manifest.gaps == []


def test_includes_are_followed_once() -> None:
    manifest = read(
        "-r more.txt\n--requirement=../base.txt\nsix\n",
        {"src/more.txt": "-r requirements.txt\n-r more.txt\nrequests\n", "src/../base.txt": "PyYAML\n"},
    )
    assert listed(manifest) == [("requests", "requests"), ("pyyaml", "PyYAML"), ("six", "six")]
    assert [source.path.name for source in manifest.sources] == ["requirements.txt", "more.txt", "base.txt"]


@pytest.mark.parametrize(
    "line",
    [
        "-r gone.txt",
        "-e ../lib",
        "../lib",
        "./dist/tool-1.0-py3-none-any.whl",
        "tool-1.0.tar.gz",
        "https://example.com/tool.zip",
        "git+https://example.com/tool.git",
        "{{ cookiecutter.package }}",
    ],
)
def test_what_names_no_distribution_is_a_gap(line: str) -> None:
    manifest = read(f"{line}\nsix\n")
    assert listed(manifest) == [("six", "six")]
    assert len(manifest.gaps) == 1


def test_a_name_in_a_url_counts() -> None:
    manifest = read("-e git+https://example.com/a.git#egg=our_tools\ngit+https://example.com/b#egg=b&x=1\n")
    assert listed(manifest) == [("our-tools", "our_tools"), ("b", "b")]
    assert all(each.direct for each in manifest.requirements)
    assert len(manifest.gaps) == 2


def test_pyproject_has_its_runtime_dependencies() -> None:
    text = """
[project]
name = "x"
dependencies = [
    'requests>=2',
    "pytest[a]",  # comment
]
[project.optional-dependencies]
dev = ["mypy"]
"""
    manifest = read_pyproject(SourceFile(PurePosixPath("pyproject.toml"), text))
    assert listed(manifest) == [("requests", "requests"), ("pytest", "pytest[a]")]


def test_poetry_has_what_is_not_optional() -> None:
    text = """
[tool.poetry]
name = "moto"
[tool.poetry.dependencies]
python = "^3.13"
moto = { version = "^5", extras = ["s3"] }
black = { version = "*", optional = true }
"ruamel.yaml" = "*"
tool = { path = "../tool" }
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""
    manifest = read_pyproject(SourceFile(PurePosixPath("pyproject.toml"), text))
    assert listed(manifest) == [("moto", "moto"), ("ruamel-yaml", "ruamel.yaml"), ("tool", "tool")]
    assert [source.position(0).line for source in manifest.sources] == [1]
    assert manifest.requirements[0].extras == ("s3",)
    assert manifest.requirements[0].span.start == text.index("moto = {")
    assert len(manifest.gaps) == 1


def test_computed_dependencies_and_broken_toml_are_gaps() -> None:
    for text in ('[project]\nname = "x"\ndynamic = ["dependencies"]\n', "[project"):
        assert len(read_pyproject(SourceFile(PurePosixPath("pyproject.toml"), text)).gaps) == 1
    assert read_pipfile(SourceFile(PurePosixPath("Pipfile"), "[packages")).gaps


def test_pipfile_has_its_packages() -> None:
    text = '[dev-packages]\npytest = "*"\n\n[packages]\nrequests = "*"\nsix = {version = "==1.17"}\n'
    manifest = read_pipfile(SourceFile(PurePosixPath("Pipfile"), text))
    assert listed(manifest) == [("requests", "requests"), ("six", "six")]
    assert [each.pinned for each in manifest.requirements] == [False, True]


@pytest.mark.parametrize(
    ("marker", "version", "holds"),
    [
        ("", None, True),
        ("python_version < '3.8'", (3, 13), False),
        ("python_version >= '3.8'", (3, 13), True),
        ("'3.10' <= python_version", (3, 9), False),
        ("python_version >= '3.8'", None, None),
        ("sys_platform == 'win32'", None, False),
        ("sys_platform != 'win32' and python_version > '3.8'", (3, 9), True),
        ("sys_platform == 'win32' or os_name == 'posix'", None, True),
        ("sys_platform == 'win32' and platform_machine == 'x86_64'", None, False),
        ("platform_machine == 'x86_64'", (3, 13), None),
        ("extra == 'dev'", (3, 13), False),
        ("(python_version > '3')", (3, 13), None),
        ("python_version in '3.8 3.9'", (3, 13), None),
        ("nonsense", (3, 13), None),
    ],
)
def test_markers(marker: str, version: tuple[int, int] | None, holds: bool | None) -> None:
    assert applies(marker, version) is holds


@pytest.mark.parametrize(
    ("name", "expected"), [("PyYAML", "pyyaml"), ("ruamel.yaml", "ruamel-yaml"), ("a__b-.c", "a-b-c")]
)
def test_normalised(name: str, expected: str) -> None:
    assert normalised(name) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "requirements.txt").write_bytes("requests\r\nPyYAML\r\n".encode(encoding))
    source = read_manifest(tmp_path, PurePosixPath("requirements.txt"))
    assert listed(read_requirements(source, lambda path: None)) == [
        ("requests", "requests"),
        ("pyyaml", "PyYAML"),
    ]


@given(st.text(alphabet="abz-_.[]=<>~;@#\\ \t\r\n\"'/:{}(),!0123", max_size=80))
def test_anything_can_be_read_and_places_hold_the_names(text: str) -> None:
    for each in read(text).requirements:
        found = each.source.slice(each.span)
        assert normalised(found.partition("[")[0].strip()) == each.name


@given(st.text(alphabet="[]{}=\"'abc. \n,projectdns", max_size=80))
def test_any_toml_can_be_read(text: str) -> None:
    for each in (read_pyproject, read_pipfile):
        manifest = each(SourceFile(PurePosixPath("pyproject.toml"), text))
        assert all(r.span.end <= len(text) for r in manifest.requirements)
