"""The hooks, run by the real pre-commit on a repository made here.

pre-commit builds lambdalint from a repository with this tree and installs it into an environment of its own;
what lambdalint depends on comes from the environment of the tests, which saves a minute of downloads.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

TREE = Path(__file__).resolve().parent.parent
PACKAGED = ("lambdalint", "rules", "pyproject.toml", "LICENSE", "README.md", ".pre-commit-hooks.yaml")
NO_INDEX = re.compile(
    r"No matching distribution|Connection|Temporary failure|Name or service|Max retries|timed out"
)

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: orders.run
      Runtime: python3.13
"""
# Nothing in the file says that it is a handler: only the template does.
IDLE = "def run(order, _):\n    return order  # lambdalint: ignore[syntax-error] was needed once\n"
FIXED = "def run(order, _):\n    return order\n"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit_all(folder: Path) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "All")
    return git(folder, "rev-parse", "HEAD")


@dataclass(frozen=True)
class Hooks:
    """A revision of lambdalint, and the environment in which pre-commit installs it once."""

    repository: Path
    revision: str
    environment: dict[str, str]

    def run(self, application: Path, hook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._pre_commit("run", hook, *arguments, cwd=application)

    def install(self, application: Path) -> subprocess.CompletedProcess[str]:
        return self._pre_commit("install-hooks", cwd=application)

    def _pre_commit(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", *arguments],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    repository = tmp_path_factory.mktemp("lambdalint")
    for name in PACKAGED:
        source = TREE / name
        if source.is_dir():
            shutil.copytree(source, repository / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy(source, repository / name)
    (repository / "README.md").touch()
    git(repository, "init", "-q", ".")
    revision = commit_all(repository)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "COV"))}
    environment |= {
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("home")),
        "PRE_COMMIT_COLOR": "never",
        "PIP_NO_DEPS": "1",
        "PIP_RETRIES": "2",
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    made = Hooks(repository, revision, environment)
    trial = make_application(tmp_path_factory.mktemp("trial"), made)
    done = made.install(trial)
    if done.returncode != 0:
        log = done.stdout + done.stderr
        if NO_INDEX.search(log):
            pytest.skip("pip reaches no package index to build lambdalint with")
        pytest.fail(log)
    return made


@pytest.fixture
def application(tmp_path: Path, hooks: Hooks) -> Path:
    return make_application(tmp_path, hooks)


def make_application(folder: Path, hooks: Hooks) -> Path:
    (folder / "src").mkdir()
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "src" / "orders.py").write_text(FIXED)
    (folder / "loose.py").write_text(IDLE)
    configuration = {
        "repos": [
            {
                "repo": str(hooks.repository),
                "rev": hooks.revision,
                "hooks": [{"id": "lambdalint"}, {"id": "lambdalint-fix", "stages": ["manual"]}],
            }
        ]
    }
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configuration))
    git(folder, "init", "-q", ".")
    commit_all(folder)
    return folder


def change_handler(application: Path) -> None:
    (application / "src" / "orders.py").write_text(IDLE)
    git(application, "add", "src/orders.py")


def test_a_changed_handler_is_read_with_the_template_that_deploys_it(hooks: Hooks, application: Path) -> None:
    change_handler(application)
    done = hooks.run(application, "lambdalint")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "warning[unused-ignore]" in done.stdout
    assert "--> src/orders.py:2:19" in done.stdout
    assert "1 of 1 function linked to their code." in done.stdout
    assert "loose.py" not in done.stdout


def test_what_is_fine_passes_and_other_files_are_not_passed(hooks: Hooks, application: Path) -> None:
    (application / "notes.md").write_text("x\n")
    git(application, "add", "notes.md")
    done = hooks.run(application, "lambdalint")
    assert done.returncode == 0, done.stdout
    assert "no files to check" in done.stdout
    done = hooks.run(application, "lambdalint", "--files", "src/orders.py", "template.yaml")
    assert done.returncode == 0, done.stdout
    assert "Passed" in done.stdout


def test_the_fixing_hook_rewrites_the_changed_file(hooks: Hooks, application: Path) -> None:
    change_handler(application)
    done = hooks.run(application, "lambdalint-fix", "--hook-stage", "manual")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "files were modified by this hook" in done.stdout
    assert (application / "src" / "orders.py").read_text() == FIXED
    assert (application / "loose.py").read_text() == IDLE
    git(application, "add", "-A")
    assert hooks.run(application, "lambdalint-fix", "--hook-stage", "manual").returncode == 0


def test_what_is_installed_is_complete(hooks: Hooks) -> None:
    (script,) = Path(hooks.environment["PRE_COMMIT_HOME"]).glob("repo*/py_env*/bin/lambdalint")
    done = subprocess.run(
        [script, "rules"], env=hooks.environment, capture_output=True, text=True, check=True
    )
    here = subprocess.run(
        [sys.executable, "-m", "lambdalint", "rules"], capture_output=True, text=True, check=True
    )
    assert done.stdout == here.stdout
