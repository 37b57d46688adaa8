"""From a function resource to the file, the name in it and the import path; or the reason why not.

The Python runtime splits `Handler` at its last dot, takes slashes in the first part for dots and imports it
from /var/task (the CodeUri), then /opt/python (the layers):
https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html,
https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from lambdalint.application.docker import TASK_ROOT, Dockerfile, read_dockerfile
from lambdalint.application.overview import split_handler
from lambdalint.source import EmbeddedSource, SourceError
from lambdalint.template.function import ImageCode, InlineCode, LocalCode, RemoteCode
from lambdalint.template.synthesis import asset, is_synthesised
from lambdalint.template.values import Known, Reference, Unknown

if TYPE_CHECKING:
    from lambdalint.assembly import Copy
    from lambdalint.discovery import Files
    from lambdalint.template.function import LambdaFunction, Property
    from lambdalint.template.template import Resource, Template

_T = TypeVar("_T")

RUNTIME = "runtime"
ON_S3 = "code in S3"
ARCHIVE = "code is an archive"
CODE_UNKNOWN = "code unknown"
NO_COMMAND = "image without literal CMD"
FILE_NOT_FOUND = "handler file not found"
NAME_UNKNOWN = "handler name unknown"
NAME_MALFORMED = "handler name malformed"
FUNCTION_NOT_FOUND = "handler function not found"
OUTSIDE = "outside the project root"
FOLDER_NOT_FOUND = "code folder not found"
BROKEN_LINK = "symbolic link that leads nowhere"
IGNORED = "git-ignored code"
BUILT = "installed or built code"
EXCLUDED = "excluded code"
MAKEFILE = "makefile build"
WEB_ADAPTER = "web adapter"
UNREADABLE = "handler file cannot be parsed"
BUILT_ELSEWHERE = "built from elsewhere"

# What RemoteCode says by itself; anything else it says is why a value is not known.
_REMOTE = (ON_S3, ARCHIVE, "image in a registry", "code differs by condition", "no code is named")
_BUILT_ELSEWHERE = (IGNORED, BUILT, FOLDER_NOT_FOUND, FILE_NOT_FOUND)
_ARCHIVES = (".zip", ".jar", ".tar", ".tar.gz", ".tgz", ".whl")
# What stands for inline code until a build puts it there: <ZIPFILE_PLACEHOLDER>, {{ code }}, @code@ …
_PLACEHOLDER = re.compile(r"\s*(?:<[^<>\n]+>|\{\{[^{}\n]+\}\}|\$\{[^{}\n]+\}|([@%_]+)\w[\w.-]*\1)\s*")
# Handlers of monitoring libraries, which call the one that a variable names: DD_LAMBDA_HANDLER,
# NEW_RELIC_LAMBDA_HANDLER, LUMIGO_ORIGINAL_HANDLER, SENTRY_INITIAL_HANDLER, EPSAGON_HANDLER, ORIG_HANDLER …
_WRAPPED = re.compile(r"(^|_)HANDLER$")


@dataclass(frozen=True)
class Bundle:
    """What is deployed as one package: the folders that Python searches, and what cannot be seen of it.

    `root` is the CodeUri, None for inline code. `search_path` begins with it and goes on with the local
    layers. `folders` are all that belong to the bundle, whether or not on the path. `environment` is what a
    Dockerfile sets, `requirements` the lists of requirements that it installs. `opaque` holds the reasons why
    something missing may be there after all (law 9).
    """

    root: PurePosixPath | None
    search_path: tuple[PurePosixPath, ...]
    folders: tuple[PurePosixPath, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    opaque: tuple[str, ...] = ()
    requirements: tuple[PurePosixPath, ...] = ()


@dataclass(frozen=True)
class Linked:
    """Where a function's handler is: the file (or the inline code), and the name in it.

    `wrapper` is the variable that named the handler behind a monitoring library's own.
    """

    path: PurePosixPath
    attribute: str
    bundle: Bundle
    embedded: EmbeddedSource | None = None
    wrapper: str | None = None


@dataclass(frozen=True)
class Unlinked:
    """Why a function has no handler to read. `reason` is short and countable; `detail` names the thing.

    `bundle` is there where the code is in sight and only the handler is not.
    """

    reason: str
    detail: str = ""
    bundle: Bundle | None = None


def link(function: LambdaFunction, files: Files) -> Linked | Unlinked:
    """Finds a function's code. Never raises; whatever is in the way is the reason."""
    if function.is_python is False:
        return Unlinked(RUNTIME, function.runtime or "")
    code = function.code
    if isinstance(code, RemoteCode):
        return _remote(code)
    if isinstance(code, ImageCode):
        return _Image(function, files, code).link()
    if isinstance(code, InlineCode):
        if _PLACEHOLDER.fullmatch(code.source.text):
            return Unlinked(CODE_UNKNOWN, "a placeholder that a build fills")
        if function.is_python is None and not _reads_like_python(code.source.text):
            return Unlinked(RUNTIME, "unknown")
    return _Package(function, files).link()


def _remote(code: RemoteCode) -> Unlinked:
    if code.reason in _REMOTE:
        return Unlinked(code.reason)
    return Unlinked(CODE_UNKNOWN, code.reason)


def locate(files: Files, search_path: Sequence[PurePosixPath], dotted: str) -> PurePosixPath | None:
    """The file that a dotted module name is imported from, by the first folder of the path that has it.

    Files that discovery left out (installed, excluded, ignored by git) are not the project's own: None.
    """
    return next(
        (path for base, path in _candidates(files, search_path, dotted) if _is_own(files, base, path)), None
    )


DOT = "\N{ONE DOT LEADER}"
"""Stands for a dot in the name of a folder, where dotted names are made of paths."""


def _candidates(
    files: Files, search_path: Sequence[PurePosixPath], dotted: str
) -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
    """The files that a module name may stand for, each with the folder of the path it was found in."""
    if not dotted or not all(dotted.split(".")):
        return
    relative = dotted.replace(".", "/").replace(DOT, ".")
    for base in search_path:
        # Text, not paths: every name of every import comes here.
        for candidate in (f"{base}/{relative}/__init__.py", f"{base}/{relative}.py"):
            if files.is_file(candidate):
                found = files.resolve(candidate)
                assert found is not None
                yield base, found


def _is_own(files: Files, base: PurePosixPath, path: PurePosixPath) -> bool:
    if files.is_python(path):
        return True
    if base.name != "site-packages" or files.ignored(path):
        return False
    # A layer's python/lib/python3.x/site-packages: the project's own where nothing was installed into it.
    return not any(name.endswith((".dist-info", ".egg-info")) for name in files.children(base))


class _Package:
    """A function whose code is a folder (or stands in the template)."""

    def __init__(self, function: LambdaFunction, files: Files) -> None:
        self.function = function
        self.files = files
        self.template_folder = function.template.source.path.parent

    def link(self) -> Linked | Unlinked:
        code = self.function.code
        if isinstance(code, InlineCode):
            return self._resolve(self._bundle(None), code.source)
        assert isinstance(code, LocalCode)
        folder = self._folder(code.path)
        if isinstance(folder, Unlinked):
            return self._from_source(folder)
        bundle = self._bundle(folder, self.files.copies.get(folder))
        found = self._resolve(bundle, None)
        if isinstance(found, Unlinked) and (found.reason in (IGNORED, BUILT) or bundle.opaque):
            return self._from_source(found)
        return found

    def _folder(self, text: str) -> PurePosixPath | Unlinked:
        text = text.strip() or "."
        if text.lower().endswith(_ARCHIVES):
            return Unlinked(ARCHIVE, text)
        path = self.files.beside(self.template_folder, text)
        if _leaves(self.files, path):
            # Without staging the CDK writes absolute paths, which are those of the machine that it ran on.
            moved = text.startswith("/") and is_synthesised(self.function.template)
            return Unlinked(FOLDER_NOT_FOUND if moved else OUTSIDE, text)
        # `sam build --base-dir .` takes paths relative to another folder, mostly the repository's.
        for candidate in (path, PurePosixPath(text)):
            resolved = self.files.resolve(candidate)
            if resolved is not None:
                # `aws cloudformation package` zips a single file too.
                return resolved.parent if self.files.is_file(resolved) else resolved
        if path.name in self.files.children(path.parent):
            return Unlinked(BROKEN_LINK, text)
        ignored = self.files.ignored(posixpath.normpath(path)) or ".aws-sam" in path.parts
        return Unlinked(IGNORED if ignored else FOLDER_NOT_FOUND, text)

    def _bundle(self, folder: PurePosixPath | None, copy: Copy | None = None) -> Bundle:
        """The bundle of a folder; where this is the CDK's copy, of what it was copied from."""
        layers = _Layers(self.function, self.files)
        added = (folder,) if folder is not None and copy is not None and not copy.whole else ()
        folder = copy.folder if copy is not None else folder
        own = () if folder is None else (folder, *self._python_path(folder), *added)
        folders = () if folder is None else (folder,)
        reasons = (*self._build_reasons(folder), *((BUILT_ELSEWHERE,) if added else ()))
        return Bundle(
            root=folder,
            search_path=_unique((*own, *layers.search_path)),
            folders=_unique((*folders, *layers.folders)),
            opaque=_unique((*reasons, *layers.opaque)),
        )

    def _python_path(self, folder: PurePosixPath) -> Iterator[PurePosixPath]:
        for part in (environment_text(self.function, "PYTHONPATH") or "").split(":"):
            if part and not part.startswith("/opt") and (relative := _task_relative(part)) is not None:
                yield folder / relative

    def _build_reasons(self, folder: PurePosixPath | None) -> Iterator[str]:
        if build_method(self.function.resource) == "makefile":
            yield MAKEFILE
        if folder is not None and self.files.ignored(folder) and not self.files.synthesised(folder):
            yield IGNORED
        if "AWS_LAMBDA_EXEC_WRAPPER" in _environment(self.function):
            yield "exec wrapper"

    def _resolve(self, bundle: Bundle, embedded: EmbeddedSource | None) -> Linked | Unlinked:
        text = self.function.handler_text
        if text is None:
            return Unlinked(NAME_UNKNOWN, _why_unknown(self.function, "Handler"), bundle)
        wrapper = environment_text(self.function, "AWS_LAMBDA_EXEC_WRAPPER") or ""
        if wrapper.endswith("/bootstrap") and embedded is None and text.endswith((".sh", ".py")):
            return Unlinked(WEB_ADAPTER, text, bundle)
        found = _find(self.files, bundle, text, embedded)
        if isinstance(found, Linked):
            return found
        for name, wrapped in _wrapped_handlers(self.function):
            behind = _find(self.files, bundle, wrapped, embedded)
            if isinstance(behind, Linked):
                return replace(behind, wrapper=name)
        return found

    def _from_source(self, unlinked: Unlinked) -> Linked | Unlinked:
        """The one file that a build could have made the handler from, below the template or else anywhere.

        A CodeUri that a build fills is not in the repository; its source mostly is.
        """
        text = self.function.handler_text
        if text is None or unlinked.reason not in _BUILT_ELSEWHERE:
            return unlinked
        split = split_handler(text)
        if split is None:
            return unlinked
        ending = "/" + split[0].replace(".", "/") + ".py"
        everywhere = self.files.python_ending(ending[1:])
        below = [path for path in everywhere if self.template_folder in path.parents]
        sources = below or everywhere
        if len(sources) != 1:
            return unlinked
        root = PurePosixPath(str(sources[0])[: -len(ending)].rstrip("/") or ".")
        bundle = self._bundle(root)
        reason = MAKEFILE if MAKEFILE in bundle.opaque else BUILT_ELSEWHERE
        return Linked(sources[0], split[1], replace(bundle, opaque=_unique((reason, *bundle.opaque))))


class _Image:
    """A function that is a container image."""

    def __init__(self, function: LambdaFunction, files: Files, code: ImageCode) -> None:
        self.function = function
        self.files = files
        self.code = code
        context = files.beside(function.template.source.path.parent, code.context)
        copy = files.copies.get(files.resolve(context) or context)
        self.context = copy.folder if copy is not None and copy.whole else context

    def link(self) -> Linked | Unlinked:
        path = self.context / self.code.dockerfile
        if _leaves(self.files, path):
            return Unlinked(OUTSIDE, self.code.dockerfile)
        resolved = self.files.resolve(path)
        if resolved is None or not self.files.is_file(resolved):
            return Unlinked(NO_COMMAND, f"no {self.code.dockerfile}")
        try:
            image = read_dockerfile(self.files.read_text(resolved).text)
        except SourceError as error:
            return Unlinked(NO_COMMAND, error.reason)
        return self._resolve(image)

    def _resolve(self, image: Dockerfile) -> Linked | Unlinked:
        command = self.code.command if self.code.command is not None else image.command
        if image.web_adapter:
            return Unlinked(WEB_ADAPTER, " ".join(command or ()))
        if not command:
            return Unlinked(NO_COMMAND)
        if any(
            language in image.base for language in ("nodejs", "node:", "java", "dotnet", "golang", "ruby")
        ):
            return Unlinked(RUNTIME, image.base)
        text = command[-1] if "awslambdaric" in command else command[0]
        bundle = self._bundle(image)
        found = _find(self.files, bundle, text, None)
        if isinstance(found, Unlinked) and len(command) > 1:
            return replace(found, reason=NO_COMMAND, detail=" ".join(command))
        return found

    def _bundle(self, image: Dockerfile) -> Bundle:
        bases = dict.fromkeys(
            (image.workdir, image.environment.get("LAMBDA_TASK_ROOT", TASK_ROOT), TASK_ROOT)
        )
        folders = (folder for base in bases for folder in self._source_folders(image, base))
        found = [folder for folder in folders if self.files.is_dir(folder)]
        resolved = [folder for folder in map(self.files.resolve, found) if folder is not None]
        environment = {**image.environment}
        return Bundle(
            root=resolved[0] if resolved else self.files.resolve(self.context),
            search_path=_unique(resolved),
            folders=_unique(resolved),
            environment=tuple(sorted(environment.items())),
            opaque=("image", *_more_variables(image)),
            requirements=_unique(self._requirements(image)),
        )

    def _requirements(self, image: Dockerfile) -> Iterator[PurePosixPath]:
        """The files of the project that the image's lists of requirements are copied from."""
        for installed in image.installed:
            name = posixpath.basename(installed)
            for copy in image.copies:
                source = self.context / (copy.source.lstrip("/") or ".")
                found = self.files.resolve(source if source.name == name else source / name)
                if found is not None and self.files.is_file(found):
                    yield found

    def _source_folders(self, image: Dockerfile, base: str) -> Iterator[PurePosixPath]:
        """The folders of the project whose content ends up in a folder of the image under the same names."""
        for copy in image.copies:
            source = self.context / (copy.source.lstrip("/") or ".")
            if copy.target == base:
                yield source
            elif copy.target.startswith(f"{base}/"):
                inside = PurePosixPath(copy.target[len(base) + 1 :])
                whole = PurePosixPath(posixpath.normpath(source))
                if whole.parts[-len(inside.parts) :] == inside.parts:
                    yield PurePosixPath(*whole.parts[: -len(inside.parts)])


# Bases that are known to set no variables of an application.
_KNOWN_BASES = re.compile(
    r"(?:^|/)(?:lambda|amazon)/|aws-lambda|(?:^|/)(?:python|debian|ubuntu|alpine|amazonlinux)(?::|$)"
)


def _more_variables(image: Dockerfile) -> Iterator[str]:
    """Why an image may set variables that its Dockerfile does not name."""
    if any(word.endswith((".sh", "bash", "/sh")) for word in image.entrypoint or ()):
        yield "image with an entry point"
    if not _KNOWN_BASES.search(image.base):
        yield "image on an unknown base"


class _Layers:
    """The layers of a function: the folders of those in the project, and why others cannot be read."""

    def __init__(self, function: LambdaFunction, files: Files) -> None:
        self.files = files
        self.search_path: list[PurePosixPath] = []
        self.folders: list[PurePosixPath] = []
        self.opaque: list[str] = []
        for layer in function.layers:
            value = layer.value
            resource = None
            if isinstance(value, Reference):
                resource = function.template.resources.get(value.logical_id)
            if resource is None:
                self.opaque.append("layer outside the project")
            else:
                self._add(resource)

    def _add(self, layer: Resource) -> None:
        folder = layer_folder(layer, self.files)
        if folder is None:
            self.opaque.append("layer that cannot be read")
            return
        if build_method(layer) == "makefile":
            self.opaque.append("layer built by a Makefile")
        copy = self.files.copies.get(folder)
        if copy is not None:
            if not copy.whole:
                self.opaque.append(BUILT_ELSEWHERE)
                self.search_path.extend(self._python_folders(folder))
            folder = copy.folder
        elif self.files.ignored(folder) and not self.files.synthesised(folder):
            self.opaque.append("git-ignored layer")
        self.folders.append(folder)
        self.search_path.extend(self._python_folders(folder))

    def _python_folders(self, folder: PurePosixPath) -> Iterator[PurePosixPath]:
        """What the layer adds to the path. With a BuildMethod, `sam build` moves the content below python/:
        https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-layers.html"""
        libraries = folder / "python" / "lib"
        for name in self.files.children(libraries):
            if name.startswith("python3"):
                yield libraries / name / "site-packages"
        if self.files.is_dir(folder / "python"):
            yield folder / "python"
        yield folder


def layer_folders(template: Template, files: Files) -> Iterator[PurePosixPath]:
    """The folders of all layers that a template makes, used by its functions or not."""
    for layer in template.of_type("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"):
        folder = layer_folder(layer, files)
        if folder is not None:
            copy = files.copies.get(folder)
            yield folder if copy is None else copy.folder


def layer_folder(layer: Resource, files: Files) -> PurePosixPath | None:
    """The folder of a layer's content; None where it is not in the project or is not known."""
    text: object = asset(layer, "Content", "S3Key")
    if text is None:
        found = [item.value for item in (*layer.get("ContentUri"), *layer.get("Content"))]
        text = found[0].value if found and isinstance(found[0], Known) else None
    if not isinstance(text, str) or "://" in text or text.lower().endswith(_ARCHIVES):
        return None
    folder = files.resolve(files.beside(layer.template.source.path.parent, text))
    return folder if folder is not None and files.is_dir(folder) else None


def _leaves(files: Files, path: PurePosixPath) -> bool:
    # No file system has names with a null character; asking for one raises.
    return "\0" not in str(path) and files.outside(path)


def environment_text(function: LambdaFunction, name: str) -> str | None:
    """A variable's value where the template knows it."""
    values = [item.value for item in _environment(function).get(name, ())]
    known = [value.value for value in values if isinstance(value, Known)]
    return known[0] if len(known) == 1 and isinstance(known[0], str) else None


def build_method(resource: Resource) -> str | None:
    """`Metadata: BuildMethod` of a resource, which tells `sam build` how to make it."""
    method = resource.template.get((*resource.path, "Metadata", "BuildMethod"))
    return method.lower() if isinstance(method, str) else None


def _find(files: Files, bundle: Bundle, text: str, embedded: EmbeddedSource | None) -> Linked | Unlinked:
    split = split_handler(text)
    if split is None:
        return Unlinked(NAME_MALFORMED, text, bundle)
    module, attribute = split
    if embedded is not None and module == "index":
        return Linked(embedded.path, attribute, bundle, embedded)
    path = locate(files, bundle.search_path, module)
    if path is not None:
        return Linked(path, attribute, bundle)
    for _, left_out in _candidates(files, bundle.search_path, module):
        built = BUILT if files.vendored(left_out) else EXCLUDED
        return Unlinked(IGNORED if files.ignored(left_out) else built, str(left_out), bundle)
    return Unlinked(FILE_NOT_FOUND, text, bundle)


def _wrapped_handlers(function: LambdaFunction) -> Iterator[tuple[str, str]]:
    for name in _environment(function):
        if _WRAPPED.search(name) and (text := environment_text(function, name)):
            yield name, text


def _environment(function: LambdaFunction) -> Mapping[str, tuple[Property, ...]]:
    environment = function.environment
    return {} if isinstance(environment, Unknown) else environment


def _why_unknown(function: LambdaFunction, key: str) -> str:
    values = [item.value for item in function.property(key)]
    reasons = [value.reason for value in values if isinstance(value, Unknown)]
    return reasons[0] if reasons else "absent" if not values else "several values"


def _task_relative(path: str) -> str | None:
    """A path of the environment relative to the function's folder; None where it lies elsewhere."""
    if not path.startswith("/"):
        return path
    normal = posixpath.normpath(path.replace("$LAMBDA_TASK_ROOT", TASK_ROOT))
    if normal == TASK_ROOT:
        return "."
    return normal[len(TASK_ROOT) + 1 :] if normal.startswith(f"{TASK_ROOT}/") else None


def _reads_like_python(text: str) -> bool:
    return bool(
        re.search(r"^\s*(?:async\s+)?def \w+\s*\(|^import \w|^from [\w.]+ import ", text, re.MULTILINE)
    )


def _unique(items: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(items))
