"""Finds Lambda functions in checkouts without lambdalint's own model, so that its blindness can be seen.

Templates are read with plain PyYAML; handlers are found by joining CodeUri and Handler as SAM's documentation
has it. What this cannot find (inline code, images, parameters in CodeUri) is not planted in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SKIPPED = {".git", "node_modules", ".aws-sam", "cdk.out", "site-packages", ".venv", "venv", "tests", "test"}
MAX_TEMPLATE_BYTES = 400_000


@dataclass(frozen=True)
class Application:
    """A SAM function whose handler was found: where to plant a fault.

    `folder` holds template and code and is what gets copied; paths are relative to it. Nodes are PyYAML's,
    with their marks, so that edits can be made in the text.
    """

    repository: Path
    folder: Path
    template: Path
    logical_id: str
    handler_file: Path
    handler_name: str
    function: yaml.MappingNode
    event_types: tuple[str, ...]
    has_role: bool

    @property
    def title(self) -> str:
        """Repository, template and function, for the table."""
        template = (self.folder / self.template).relative_to(self.repository)
        return f"{self.repository.name.replace('+', '/', 1)} {template} {self.logical_id}"


def applications(repository: Path) -> Iterator[Application]:
    """At most one function of each SAM template of the repository."""
    for path in sorted(_files(repository)):
        found = next(_functions(repository, path), None)
        if found is not None:
            yield found


def _files(folder: Path) -> Iterator[Path]:
    for child in folder.iterdir():
        if child.is_symlink() or child.name in SKIPPED:
            continue
        if child.is_dir():
            yield from _files(child)
        elif child.suffix in {".yaml", ".yml"} and child.stat().st_size < MAX_TEMPLATE_BYTES:
            yield child


def _functions(repository: Path, path: Path) -> Iterator[Application]:
    text = path.read_text(encoding="utf-8", errors="replace")
    if "AWS::Serverless::Function" not in text or "{{" in text or "\t" in text:
        return
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return
    defaults = get(root, "Globals", "Function")
    resources = get(root, "Resources")
    if not isinstance(resources, yaml.MappingNode):
        return
    for key, node in resources.value:
        if scalar(get(node, "Type")) != "AWS::Serverless::Function":
            continue
        handler = _property(node, defaults, "Handler")
        runtime = _property(node, defaults, "Runtime")
        code = _property(node, defaults, "CodeUri") or "."
        if not handler or not (runtime or "").startswith("python") or code.startswith("s3:"):
            continue
        module, _, name = handler.rpartition(".")
        file = (path.parent / code / (module.replace(".", "/") + ".py")).resolve()
        folder = _common(path.parent.resolve(), file.parent)
        if not file.is_file() or not file.is_relative_to(repository.resolve()) or _too_big(folder):
            continue
        if not re.search(rf"^def {re.escape(name)}\(\w+, *\w+\)", file.read_text("utf-8", "replace"), re.M):
            continue
        events = get(node, "Properties", "Events")
        types = (
            tuple(scalar(get(event, "Type")) or "?" for _, event in events.value)
            if isinstance(events, yaml.MappingNode)
            else ()
        )
        yield Application(
            repository=repository,
            folder=folder,
            template=path.resolve().relative_to(folder),
            logical_id=key.value,
            handler_file=file.relative_to(folder),
            handler_name=name,
            function=node,
            event_types=types,
            has_role=get(node, "Properties", "Role") is not None,
        )


def get(node: Any, *keys: str) -> Any:
    """The node under a chain of keys, or None."""
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node


def scalar(node: Any) -> str | None:
    """The text of an untagged scalar, or None."""
    if isinstance(node, yaml.ScalarNode) and not node.tag.startswith("!"):
        return str(node.value)
    return None


def _property(function: Any, defaults: Any, name: str) -> str | None:
    return scalar(get(function, "Properties", name)) or scalar(get(defaults, name))


def _common(one: Path, other: Path) -> Path:
    return next(parent for parent in (one, *one.parents) if other.is_relative_to(parent))


def _too_big(folder: Path) -> bool:
    return sum(1 for _, _ in zip(folder.rglob("*"), range(4001), strict=False)) > 4000
