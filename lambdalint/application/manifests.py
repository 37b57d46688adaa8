"""Which lists of requirements are packaged with a function, and what may be in the package besides.

`sam build` installs CodeUri/requirements.txt beside the code, and a layer's ContentUri/requirements.txt where
the layer has a BuildMethod; with `BuildMethod: python-uv` it takes a pyproject.toml where there is no list:
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-layers.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-python-uv.html
An image has what its Dockerfile installs with `pip install -r`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lambdalint.application.link import IGNORED, MAKEFILE, Bundle, build_method, layer_folder
from lambdalint.application.requirements import (
    Manifest,
    Requirement,
    applies,
    normalised,
    read_pipfile,
    read_pyproject,
    read_requirements,
)
from lambdalint.finding import Label, Role
from lambdalint.python.versions import runtime_version
from lambdalint.source import SourceError, SourceFile
from lambdalint.template.values import Reference

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource

_LISTS = ("requirements.txt", "pyproject.toml", "Pipfile")
_UV = "python-uv"
_OTHER_MANIFEST = re.compile(r"^\s*(?:manifest|\"manifest\")\s*[=:]", re.MULTILINE)
_SAM_CONFIGURATIONS = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
# Where code is made in a way of its own, nobody knows what becomes of a list that lies beside it.
_BUILT = frozenset({MAKEFILE, IGNORED, "built from elsewhere"})


@dataclass(frozen=True)
class Packages:
    """What is installed into one bundle. `own` are its own lists, `layers` those of its local layers.

    `installed` says that the build surely installs what `own` lists. `gaps` say why there may be more than is
    listed: what cannot be seen of the bundle, and lines that name no distribution.
    """

    own: tuple[Manifest, ...]
    layers: tuple[Manifest, ...]
    gaps: tuple[str, ...]
    installed: bool

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """All lists, the bundle's own first."""
        return (*self.own, *self.layers)

    @property
    def requirements(self) -> Iterator[Requirement]:
        """All that the lists ask for, whether or not its marker holds in Lambda."""
        return (requirement for manifest in self.manifests for requirement in manifest.requirements)


@dataclass(frozen=True)
class Packed:
    """A list of requirements, and the handlers of all the bundles that it is packaged with.

    `open` says why more may run with it than the handlers show: what cannot be seen of a bundle, and a layer
    that the template hands on.
    """

    manifest: Manifest
    handlers: tuple[Handler, ...]
    open: tuple[str, ...] = ()

    @cached_property
    def functions(self) -> tuple[LambdaFunction, ...]:
        """The functions that carry what it lists."""
        return tuple(dict.fromkeys(function for handler in self.handlers for function in handler.functions))

    @property
    def carriers(self) -> str:
        """The functions as a message names them: `Orders`, or `Orders` and 3 more."""
        more = len(self.functions) - 1
        return f"`{self.functions[0].logical_id}`" + (f" and {more} more" if more else "")

    def labels(self, message: str) -> Iterator[Label]:
        """A related label at each of the functions, so that an ignore there takes it out."""
        for function in self.functions:
            yield function.label(message, Role.RELATED, tied=True)

    def holds(self, requirement: Requirement) -> bool:
        """Whether the requirement is surely installed for one of the functions, by its marker."""
        versions = {runtime_version(function.runtime) for function in self.functions}
        return any(applies(requirement.marker, version) is True for version in versions)


class Manifests:
    """The lists of one application. `sources` are the files that were read for them."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._files = application.files
        self._read: dict[PurePosixPath, Manifest | None] = {}
        self._packages: dict[tuple[Bundle, str | None], Packages] = {}
        self._handed_on: set[PurePosixPath] = set()

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """The files that rules have looked into so far."""
        found = (manifest for manifest in self._read.values() if manifest is not None)
        return tuple(dict.fromkeys(source for manifest in found for source in manifest.sources))

    def packages(self, handler: Handler) -> Packages:
        """What is installed into a handler's bundle; nothing for a handler that no template deploys."""
        if not handler.functions:
            return Packages((), (), ("no template",), installed=False)
        function = handler.functions[0]
        key = (handler.bundle, build_method(function.resource))
        found = self._packages.get(key)
        if found is None:
            found = self._packages[key] = self._of(handler.bundle, function)
        return found

    @cached_property
    def packed(self) -> tuple[Packed, ...]:
        """Each list that is packaged with functions, of which every handler is known."""
        manifests: dict[PurePosixPath, Manifest] = {}
        handlers: dict[PurePosixPath, list[Handler]] = {}
        for handler in self._application.handlers:
            for manifest in self.packages(handler).manifests:
                manifests[manifest.path] = manifest
                handlers.setdefault(manifest.path, []).append(handler)
        unknown = self._with_unknown_handlers
        return tuple(
            Packed(manifests[path], tuple(handlers[path]), self._open(path, handlers[path]))
            for path in sorted(manifests)
            if unknown.isdisjoint((path.parent, path.parent.parent if path.parent.name == "python" else None))
        )

    def _open(self, path: PurePosixPath, handlers: Iterable[Handler]) -> tuple[str, ...]:
        found = dict.fromkeys(reason for handler in handlers for reason in handler.opaque)
        if path in self._handed_on:
            found["layer that others may use"] = None
        return tuple(found)

    @cached_property
    def _with_unknown_handlers(self) -> frozenset[PurePosixPath | None]:
        """The folders of bundles one of whose functions has no handler that can be read."""
        roots: set[PurePosixPath | None] = set()
        for function in self._application.functions:
            unlinked = self._application.unlinked(function)
            if unlinked is not None and unlinked.bundle is not None:
                roots.update(unlinked.bundle.folders)
        return frozenset(roots)

    def _of(self, bundle: Bundle, function: LambdaFunction) -> Packages:
        gaps = list(bundle.opaque)
        elsewhere = self._has_other_manifest(function)
        if elsewhere:
            gaps.append("`sam build` takes another manifest")
        made = elsewhere or not _BUILT.isdisjoint(bundle.opaque)
        own = [] if made else list(self._own(bundle, function))
        layers = []
        for layer in _layers(function):
            folder = layer_folder(layer, self._files)
            if folder is None:
                continue
            found = list(self._layer(folder, build_method(layer)))
            if not found and not self._holds_code(folder):
                gaps.append("layer that a build fills")
            layers.extend(found)
            if any("Layers" not in path for path in layer.template.references(layer.logical_id)):
                self._handed_on.update(manifest.path for manifest in found)
        gaps += [gap for manifest in (*own, *layers) for gap in manifest.gaps]
        uv = build_method(function.resource) == _UV
        installed = any(uv or manifest.path.suffix == ".txt" for manifest in own)
        return Packages(tuple(own), tuple(layers), tuple(gaps), installed)

    def _own(self, bundle: Bundle, function: LambdaFunction) -> Iterator[Manifest]:
        if "image" in bundle.opaque:
            yield from self._manifests(bundle.requirements)
        elif bundle.root is not None:
            names = (name for name in _LISTS if self._files.is_file(bundle.root / name))
            yield from self._manifests(bundle.root / name for name in list(names)[:1])

    def _layer(self, folder: PurePosixPath, method: str | None) -> Iterator[Manifest]:
        if method is not None and not method.startswith("python"):
            return
        candidates = [folder / "requirements.txt", folder / "python" / "requirements.txt"]
        if method == _UV and not self._files.is_file(candidates[0]):
            candidates.append(folder / "pyproject.toml")
        yield from self._manifests(path for path in candidates if self._files.is_file(path))

    def _holds_code(self, folder: PurePosixPath) -> bool:
        """Whether a layer has something that Python can import."""
        return bool(self._files.python_in(folder)) or bool(
            [name for name in self._files.children(folder / "python") if name != "requirements.txt"]
        )

    def _has_other_manifest(self, function: LambdaFunction) -> bool:
        folder = function.template.source.path.parent
        for name in _SAM_CONFIGURATIONS:
            if self._files.is_file(folder / name):
                try:
                    if _OTHER_MANIFEST.search(self._files.read_text(folder / name).text):
                        return True
                except SourceError:
                    return True
        return False

    def _manifests(self, paths: Iterable[PurePosixPath]) -> Iterator[Manifest]:
        for path in paths:
            resolved = self._files.resolve(path)
            if resolved is None:
                continue
            if resolved not in self._read:
                self._read[resolved] = self._parse(resolved)
            found = self._read[resolved]
            if found is not None:
                yield found

    def _parse(self, path: PurePosixPath) -> Manifest | None:
        source = self._source(path)
        if source is None:
            return None
        if path.name == "pyproject.toml":
            return read_pyproject(source)
        return read_pipfile(source) if path.name == "Pipfile" else read_requirements(source, self._source)

    def _source(self, path: PurePosixPath) -> SourceFile | None:
        resolved = self._files.resolve(path)
        if resolved is None or not self._files.is_file(resolved):
            return None
        try:
            return self._files.read_manifest(resolved)
        except SourceError:
            return None


# What a bundle of type stubs for the SDK holds besides what its extras name.
_STUB_BUNDLES = re.compile(r"(?P<prefix>boto3-stubs|types-boto3|types-aiobotocore|types-aioboto3)(?:-lite)?")
_ESSENTIAL = frozenset({"cloudformation", "dynamodb", "ec2", "lambda", "rds", "s3", "sqs"})


def shipped_stubs(packages: Packages, root: str) -> Requirement | None:
    """The requirement that installs a package of type stubs, by its top-level name; None where none does."""
    for requirement in packages.requirements:
        if requirement.name == normalised(root) or _is_in_bundle(requirement, normalised(root)):
            return requirement
    return None


def _is_in_bundle(requirement: Requirement, name: str) -> bool:
    bundle = _STUB_BUNDLES.fullmatch(requirement.name)
    if bundle is None:
        return False
    prefix = "mypy-boto3" if bundle["prefix"] == "boto3-stubs" else bundle["prefix"]
    if name in (prefix, "botocore-stubs"):
        return True
    service = name.removeprefix(f"{prefix}-")
    everything = {"all", "full"}.intersection(requirement.extras)
    essential = "essential" in requirement.extras and service in _ESSENTIAL
    return service != name and bool(everything or essential or service in requirement.extras)


def _layers(function: LambdaFunction) -> Iterator[Resource]:
    for layer in function.layers:
        if isinstance(layer.value, Reference):
            resource = function.template.resources.get(layer.value.logical_id)
            if resource is not None:
                yield resource
