"""Small projects, written out for one test."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from lambdalint.application.application import Application, Project
from lambdalint.discovery import Files, discover
from lambdalint.rule import Settings

SAM = "Transform: AWS::Serverless-2016-10-31\n"
HANDLER = "def handler(event, context):\n    return None\n"


def write(root: Path, files: dict[str, str]) -> Path:
    """Writes files below a folder, which becomes a project root."""
    (root / ".git").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
    return root


def files_of(root: Path, files: dict[str, str]) -> Files:
    """Discovers what was written."""
    return discover(write(root, files))


def project_of(root: Path, files: dict[str, str], settings: Settings | None = None) -> Project:
    """The project of what was written."""
    found = files_of(root, files)
    return Project.build(found.root, found, lambda path: settings or Settings())


def application_of(root: Path, files: dict[str, str]) -> Application:
    """The only application of what was written."""
    (application,) = project_of(root, files).applications
    return application


def function(properties: str, name: str = "F", head: str = SAM) -> str:
    """A template with one SAM function; `properties` are lines of YAML."""
    lines = "".join(f"      {line}\n" for line in dedent(properties).strip("\n").splitlines())
    return f"{head}Resources:\n  {name}:\n    Type: AWS::Serverless::Function\n    Properties:\n{lines}"
