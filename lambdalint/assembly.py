"""What `cdk synth` writes: which templates it has, where their assets are, and what in the project these were
copied from.

A cloud assembly is a folder with a `manifest.json`, mostly `cdk.out`. It names the templates of its stacks
and further assemblies (stages) inside it; an asset manifest beside a template leads from the key of an upload
to the folder that is uploaded:
https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cloud-assembly-schema/README.md,
https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-assemblies

`cdk synth` removes nothing that earlier runs wrote: what no manifest names any more is passed over.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambdalint.tree import Tree

MARK = "cdk.out"
"""The usual name of the folder, and always that of a file in it, which holds the version of its schema."""

MANIFEST = "manifest.json"
_ASSET_METADATA = re.compile(r'"aws:asset:path"\s*:\s*"((?:[^"\\]|\\.)*)"')
_TEMPLATE_NAME = ".template.json"


@dataclass(frozen=True)
class Assembly:
    """One folder of what was synthesised. Paths are relative to the root of the project.

    `assets` leads from what a template says of an upload (the object's key, the image's tag) to its folder or
    file; `constructs` from each template to the construct paths of its logical ids, where the manifest tells.
    """

    folder: PurePosixPath
    templates: tuple[PurePosixPath, ...] = ()
    assets: Mapping[str, PurePosixPath] = field(default_factory=dict)
    constructs: Mapping[PurePosixPath, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Copy:
    """The folder of the project that an asset was copied from, and the files of it that are in the asset.
    `whole` says that nothing was added on the way, as bundling does."""

    folder: PurePosixPath
    whole: bool
    files: tuple[PurePosixPath, ...] = ()


def is_assembly(tree: Tree, folder: str) -> bool:
    """Whether a folder is one that `cdk synth` writes."""
    return folder.rpartition("/")[2] == MARK or tree.listing(folder).get(MARK) == "file"


def read(tree: Tree, folder: str) -> Sequence[Assembly]:
    """The assembly in a folder and those nested in it; without a manifest, what lies there by its names."""
    found: list[Assembly] = []
    pending = [folder]
    while pending:
        here = pending.pop(0)
        if any(str(each.folder) == here for each in found):
            continue
        manifest = _load(tree, f"{here}/{MANIFEST}")
        artifacts = _mapping(manifest.get("artifacts"))
        pending += [
            path
            for artifact in artifacts.values()
            if _mapping(artifact).get("type") == "cdk:cloud-assembly"
            and (path := _inside(tree, here, _properties(artifact).get("directoryName")))
        ]
        found.append(_Reader(tree, here, artifacts).assembly())
    return found


class _Reader:
    def __init__(self, tree: Tree, folder: str, artifacts: Mapping[str, Any]) -> None:
        self.tree = tree
        self.folder = folder
        self.stacks = [
            artifact
            for artifact in map(_mapping, artifacts.values())
            if artifact.get("type") == "aws:cloudformation:stack"
        ]
        self.lists = {
            name: listed
            for name, artifact in artifacts.items()
            if _mapping(artifact).get("type") == "cdk:asset-manifest"
            and isinstance(listed := _properties(artifact).get("file"), str)
        }
        if not artifacts:
            names = tree.listing(folder)
            self.lists = {name: name for name in names if name.endswith(".assets.json")}

    def assembly(self) -> Assembly:
        assets: dict[str, PurePosixPath] = {}
        templates: dict[PurePosixPath, None] = {}
        constructs: dict[PurePosixPath, Mapping[str, str]] = {}
        listed_by: dict[str, list[PurePosixPath]] = {}
        for name, listed in self.lists.items():
            for key, path in self._assets(_load(self.tree, f"{self.folder}/{listed}")):
                assets[key] = path
                if path.name.endswith(_TEMPLATE_NAME):  # of a stack, nested stack or product
                    listed_by.setdefault(name, []).append(path)
        for stack in self.stacks:
            named = self._constructs(stack)
            file = _inside(self.tree, self.folder, _properties(stack).get("templateFile"))
            needed = stack.get("dependencies")
            others = [
                path
                for name in (needed if isinstance(needed, list) else ())
                if isinstance(name, str)
                for path in listed_by.get(name, ())
            ]
            for template in (*others, *(self._with_nested(file) if file is not None else ())):
                templates[template] = None
                constructs[template] = named
        templates.update((path, None) for paths in listed_by.values() for path in paths)
        if not self.stacks:
            names = self.tree.listing(self.folder)
            own = [PurePosixPath(self.folder, name) for name in names if name.endswith(_TEMPLATE_NAME)]
            templates.update(dict.fromkeys(own))
        return Assembly(PurePosixPath(self.folder), tuple(sorted(templates)), assets, constructs)

    def _assets(self, listed: Mapping[str, Any]) -> Iterator[tuple[str, PurePosixPath]]:
        for kind, source_key, target_key in (
            ("files", "path", "objectKey"),
            ("dockerImages", "directory", "imageTag"),
        ):
            for item in map(_mapping, _mapping(listed.get(kind)).values()):
                path = _inside(self.tree, self.folder, _mapping(item.get("source")).get(source_key))
                if path is None:
                    continue
                for destination in map(_mapping, _mapping(item.get("destinations")).values()):
                    key = destination.get(target_key)
                    if isinstance(key, str):
                        yield key, PurePosixPath(path)

    def _with_nested(self, path: str) -> Sequence[PurePosixPath]:
        """A template and those of the nested stacks that its metadata names, at whatever depth."""
        found: list[PurePosixPath] = []
        pending = [path]
        while pending:
            here = pending.pop()
            if PurePosixPath(here) in found:
                continue
            found.append(PurePosixPath(here))
            for named in _ASSET_METADATA.findall(self.tree.text(here)):
                nested = _inside(self.tree, self.folder, named)
                if nested is not None and nested.endswith(_TEMPLATE_NAME):
                    pending.append(nested)
        return found

    def _constructs(self, stack: Mapping[str, Any]) -> Mapping[str, str]:
        """The construct paths by logical id; without those that several constructs share in nested stacks."""
        metadata = dict(_mapping(stack.get("metadata")))
        more = stack.get("additionalMetadataFile")
        if isinstance(more, str):
            metadata.update(_load(self.tree, f"{self.folder}/{more}"))
        found: dict[str, set[str]] = {}
        for path, entries in metadata.items():
            for entry in map(_mapping, entries if isinstance(entries, list) else ()):
                name = entry.get("data")
                if entry.get("type") == "aws:cdk:logicalId" and isinstance(name, str):
                    found.setdefault(name, set()).add(str(path).lstrip("/"))
        return {name: paths.pop() for name, paths in found.items() if len(paths) == 1}


def uploads(assemblies: Iterable[Assembly]) -> Mapping[PurePosixPath, Sequence[str]]:
    """By each folder or file that is uploaded: what a template that names it has in its text."""
    found: dict[PurePosixPath, list[str]] = {}
    for each in assemblies:
        for key, path in each.assets.items():
            found.setdefault(path, [path.name]).append(key)
    return found


def own_modules(tree: Tree, folder: str) -> tuple[tuple[PurePosixPath, ...], bool]:
    """The Python files in a folder that are nobody else's, and whether packages of others lie there too."""
    modules: list[PurePosixPath] = []
    installed = False
    pending = [folder]
    while pending:
        here = pending.pop()
        for name, kind in tree.listing(here).items():
            path = f"{here}/{name}"
            if name.endswith(".dist-info"):
                installed = True
            elif tree.left_out(path):
                continue
            elif kind == "dir":
                pending.append(path)
            elif kind == "file" and name.endswith(".py"):
                modules.append(PurePosixPath(path))
    return tuple(sorted(modules)), installed


def original(
    asset: PurePosixPath,
    modules: Sequence[PurePosixPath],
    installed: bool,
    named: Callable[[str], Iterable[PurePosixPath]],
    root: Path,
) -> tuple[Copy | None, PurePosixPath | None]:
    """The folder that an asset is a copy of; or else, of which it seems to be an older copy.

    `modules` are the asset's own Python files, `named` gives those of the project whose paths end in a text,
    `installed` says that packages of others were added. The folder holds every one of the modules that it has
    a file of that name for, byte by byte, and some module of the asset; a bundle may hold more.
    """
    inside = [path.relative_to(asset).as_posix() for path in modules]
    sources = {text: list(named(text)) for text in inside}
    known = [text for text in inside if sources[text]]
    if not known:
        return None, None
    folders: dict[PurePosixPath, list[str]] = {}
    for text in known:
        for path in sources[text]:
            folder = PurePosixPath(str(path)[: -len(text)].rstrip("/") or ".")
            folders.setdefault(folder, []).append(text)
    most = max(len(texts) for texts in folders.values())
    best = [folder for folder in sorted(folders) if len(folders[folder]) == most]
    for folder in best:
        if all(_same(root / asset / text, root / folder / text) for text in folders[folder]):
            files = tuple(folder / text for text in folders[folder])
            return Copy(folder, most == len(inside) and not installed, files), None
    return None, best[0] if len(best) == 1 and most == len(inside) else None


def _same(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()
    except OSError:
        return False


def _inside(tree: Tree, folder: str, text: object) -> str | None:
    """A path that the assembly tells, relative to the root; None where it leads out of it."""
    if not isinstance(text, str) or not text or "\0" in text:
        return None
    text = text.replace("\\\\", "/").replace("\\", "/")
    if text.startswith("/"):
        # Without staging (`--no-staging`) the CDK writes the absolute path of the source.
        if text != str(tree.root) and not text.startswith(f"{tree.root}/"):
            return None
        return posixpath.normpath(text[len(str(tree.root)) :].lstrip("/") or ".")
    path = posixpath.normpath(f"{folder}/{text}")
    return None if path.startswith("..") else path


def _properties(artifact: object) -> Mapping[str, Any]:
    return _mapping(_mapping(artifact).get("properties"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _load(tree: Tree, path: str) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(tree.text(posixpath.normpath(path))))
    except (ValueError, RecursionError):
        return {}
