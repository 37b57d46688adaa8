"""The wheel holds all of the tree that the package needs, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A copy, so that leftovers of earlier builds cannot put files into this one.
    source = tmp_path_factory.mktemp("source")
    for name in ("lambdalint", "rules"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(target),
        str(source),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (built,) = target.glob("*.whl")
    return built


def tree() -> set[str]:
    """The files of the packages, named as they are installed."""
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "lambdalint").rglob("*") if path.is_file()}
    files |= {f"lambdalint/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "rules").rglob("*.py")}
    return {name for name in files if "__pycache__" not in name}


def test_the_wheel_holds_the_tree(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == tree()


def test_the_wheel_says_what_it_brings(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
    text = archive.read(entry_points).decode()
    assert "lambdalint = lambdalint.cli:main" in text
    assert "[lambdalint.rules]\nlambdalint = lambdalint.rules" in text
    assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_the_wheel_finds_its_rules(wheel: Path, tmp_path: Path) -> None:
    """Rules are read from an installed package as from the tree."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "from lambdalint.registry import load_registry as load\nfor r in load().rules.values(): print(r.path)"
    )
    # -S leaves out the editable install of this tree; the dependencies come by the path.
    paths = [str(tmp_path), *(path for path in sys.path if path.endswith("site-packages"))]
    program = f"import sys\nsys.path[:0] = {paths!r}\n{code}"
    result = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    found = {Path(line).relative_to(tmp_path).as_posix() for line in result.stdout.splitlines()}
    rules = {
        name for name in tree() if name.startswith("lambdalint/rules/") and not name.endswith("__init__.py")
    }
    assert rules <= found
