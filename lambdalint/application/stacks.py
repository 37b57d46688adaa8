"""What templates of one project have to do with each other: nested stacks, and copies made by packaging."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from lambdalint.application.overview import NESTED, Overview
from lambdalint.ledger import Ledger
from lambdalint.source import SourceError
from lambdalint.template.synthesis import Synthesis, asset
from lambdalint.template.template import load
from lambdalint.template.values import Alternative, Known

if TYPE_CHECKING:
    from lambdalint.discovery import Files
    from lambdalint.rule import Settings
    from lambdalint.template.template import Resource, Template

_UPLOADED = re.compile(r"s3://.+/[0-9a-f]{32}(\.zip)?")
_FUNCTION_TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")


class Stacks:
    """Loads the templates of a project, each with what its parents in the tree pass to it."""

    def __init__(
        self, files: Files, overview: Overview, settings_of: Callable[[PurePosixPath], Settings]
    ) -> None:
        self._files = files
        self._overview = overview
        self._settings_of = settings_of
        self._parents: dict[PurePosixPath, tuple[Template | None, Ledger]] = {}

    def load(self, path: PurePosixPath) -> Template:
        """The template of a file. Raises SourceError where it cannot be read.

        A parameter that a parent passes has the parent's value; where that is not known, or parents differ,
        it is unknown, whatever its default.
        """
        template = self._parent(path) if path in self._parents else self._load(path)
        if template is None:
            template = self._load(path)  # raises what it raised before
        deployments = [
            stack for parent in self._overview.deploying(path) for stack in self._stacks(parent, path)
        ]
        return _with_passed(template, deployments) if deployments else template

    def is_copy(self, template: Template) -> bool:
        """Whether all code of the template lies at S3 and a template beside it names the same functions with
        their code, or the licence and readme it is published with, in the project: it was packaged from that
        one. Or whether it is JSON beside a YAML file of the same name and the same resources."""
        functions = _code_of(template)
        if functions and template.json and self._has_yaml(template):
            return True
        if not functions or not all(_is_remote(code) for code in functions.values()):
            return False
        published = _has_remote_texts(template) is True
        packaged = all(_is_uploaded(code) for code in functions.values())
        return any(
            self._is_source(path, functions, published) or (packaged and self._is_later(path, functions))
            for path in self._files.templates_near(template.source.path)
        )

    def _has_yaml(self, template: Template) -> bool:
        path = template.source.path
        for other in (path.with_suffix(suffix) for suffix in (".yaml", ".yml", ".template")):
            if other == path or not self._files.is_template(other):
                continue
            try:
                twin = self.load(other)
            except SourceError:
                continue
            if not twin.json and _types(twin) == _types(template):
                return True
        return False

    def _is_source(self, path: PurePosixPath, functions: Mapping[str, Any], published: bool) -> bool:
        try:
            text = self._files.read_text(path).text
            if not all(name in text for name in functions):
                return False
            source = self.load(path)
        except SourceError:
            return False
        others = _code_of(source)
        if not functions.keys() <= others.keys():
            return False
        if published and _has_remote_texts(source) is False:
            return True
        return not any(_is_remote(others[name]) for name in functions)

    def _is_later(self, path: PurePosixPath, functions: Mapping[str, Any]) -> bool:
        """Whether a template has the code of most of the functions in the project: the source has moved on
        since it was packaged."""
        try:
            others = _code_of(self.load(path))
        except SourceError:
            return False
        common = [name for name in functions if name in others and not _is_remote(others[name])]
        return 2 * len(common) > len(functions)

    def _load(self, path: PurePosixPath, ledger: Ledger | None = None) -> Template:
        """Reads a template; what it includes later is written down in `ledger`, if it has one of its own."""
        source = self._files.read_text(path)

        def read(text: str) -> str | None:
            if ledger is None:
                return self._read_beside(path, text)
            with self._files.records.into(ledger):
                return self._read_beside(path, text)

        template = load(source, self._settings_of(path).parameters, read)
        synthesis = self._synthesis(path)
        return replace(template, synthesis=synthesis) if synthesis is not None else template

    def _synthesis(self, path: PurePosixPath) -> Synthesis | None:
        """What the CDK says of a template that it wrote."""
        assembly = self._files.assembly_of(path)
        if assembly is None:
            return None
        assets = {key: posixpath.relpath(folder, assembly.folder) for key, folder in assembly.assets.items()}
        return Synthesis(assets, assembly.constructs.get(path, {}))

    def _read_beside(self, path: PurePosixPath, text: str) -> str | None:
        found = self._files.resolve(path.parent / text)
        if found is None or not self._files.is_file(found):
            return None
        try:
            return self._files.read_text(found).text
        except SourceError:
            return None

    def _parent(self, path: PurePosixPath) -> Template | None:
        """The template of a parent as it stands, loaded once; None where it cannot be read."""
        if path not in self._parents:
            with self._files.records.into(Ledger()) as ledger:
                try:
                    template = self._load(path, ledger)
                except SourceError:
                    template = None
            self._parents[path] = template, ledger
        template, ledger = self._parents[path]
        self._files.records.include(ledger)
        return template

    def _stacks(self, parent: PurePosixPath, child: PurePosixPath) -> Iterator[Resource]:
        template = self._parent(parent)
        for stack in template.of_type(*NESTED) if template is not None else ():
            if _child(stack) == child:
                yield stack


def _child(stack: Resource) -> PurePosixPath | None:
    """The template that a nested stack deploys, where that is a local path."""
    text = asset(stack, NESTED[stack.type])
    if text is None:
        found = stack.get(NESTED[stack.type])
        value = found[0].value if len(found) == 1 else None
        text = value.value if isinstance(value, Known) and isinstance(value.value, str) else None
    if text is None or "://" in text:
        return None
    return PurePosixPath(posixpath.normpath(stack.template.source.path.parent / text))


def _with_passed(template: Template, deployments: Sequence[Resource]) -> Template:
    """The template with its parameters as its parents set them."""
    known = dict(template.configured)
    unknown: set[str] = set()
    for name in template.parameters:
        if not any(stack.get("Parameters", name) for stack in deployments):
            continue
        given = {_passed(stack, name) for stack in deployments}
        value = given.pop() if len(given) == 1 else None
        if value is not None:
            known[name] = value
        else:
            known.pop(name, None)
            unknown.add(name)
    data = template.data
    if unknown:
        declared = {
            name: {key: value for key, value in body.items() if key != "Default"}
            if name in unknown and isinstance(body, dict)
            else body
            for name, body in template.parameters.items()
        }
        data = {**template.data, "Parameters": declared}
    return replace(template, configured=known, data=data)


def _passed(stack: Resource, name: str) -> str | None:
    """The value that a stack gives to a parameter, as a string; None where it is not known or not given."""
    found: tuple[Alternative, ...] = stack.get("Parameters", name)
    value = found[0].value if len(found) == 1 else None
    if not isinstance(value, Known) or isinstance(value.value, (dict, list)):
        return None
    # A parent's own default may be overridden when it is deployed, as may the child's.
    return str(value.value)


def _types(template: Template) -> dict[str, str]:
    return {name: resource.type for name, resource in template.resources.items()}


def _code_of(template: Template) -> dict[str, Any]:
    """For each function of the template the property that says where its code is."""
    found = {}
    for function in template.of_type(*_FUNCTION_TYPES):
        properties = function.properties
        if "InlineCode" not in properties:
            found[function.logical_id] = properties.get("CodeUri", properties.get("Code"))
    return found


def _has_remote_texts(template: Template) -> bool | None:
    """Whether packaging uploaded the licence and readme of an application in the Serverless Application
    Repository; None where the template names none."""
    texts = template.get(("Metadata", "AWS::ServerlessRepo::Application"))
    urls = [texts.get(key) for key in ("LicenseUrl", "ReadmeUrl")] if isinstance(texts, dict) else []
    named = [url for url in urls if isinstance(url, str)]
    return any(url.startswith("s3://") for url in named) if named else None


def _is_uploaded(code: Any) -> bool:
    """Whether code lies where `sam package` puts it: under the hash of its content."""
    return isinstance(code, str) and bool(_UPLOADED.fullmatch(code))


def _is_remote(code: Any) -> bool:
    if isinstance(code, str):
        return code.startswith("s3://")
    return isinstance(code, dict) and any(key in code for key in ("S3Bucket", "Bucket", "ImageUri"))
