"""Lambda functions: SAM and plain CloudFormation behind one face, which speaks SAM's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from lambdalint.finding import FunctionId, Label, Role
from lambdalint.template.identity import FUNCTION_TYPES
from lambdalint.template.inline import inline_source
from lambdalint.template.resolve import has_macro, intrinsic
from lambdalint.template.synthesis import asset, is_of_the_cdk
from lambdalint.template.values import Alternative, Condition, Known, Path, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.source import EmbeddedSource
    from lambdalint.template.template import Resource, Template
    from lambdalint.template.triggers import Trigger

Origin = Literal["own", "globals"]

# Lambda's defaults: CreateFunction, MemorySize and Timeout.
DEFAULT_TIMEOUT = 3
DEFAULT_MEMORY = 128

_ARCHIVES = (".zip", ".jar", ".war")

# Where CloudFormation has what SAM has under another name; longest match first.
_TRANSLATIONS: Sequence[tuple[tuple[str, ...], tuple[str, ...]]] = (
    (("CodeUri", "Bucket"), ("Code", "S3Bucket")),
    (("CodeUri", "Key"), ("Code", "S3Key")),
    (("CodeUri", "Version"), ("Code", "S3ObjectVersion")),
    (("CodeUri",), ("Code",)),
    (("ImageUri",), ("Code", "ImageUri")),
    (("InlineCode",), ("Code", "ZipFile")),
    (("Tracing",), ("TracingConfig", "Mode")),
    (("DeadLetterQueue",), ("DeadLetterConfig",)),
)
# What only SAM reads; on a plain function CloudFormation refuses or another resource holds it.
_SAM_ONLY = frozenset(
    {
        "AutoPublishAlias",
        "Connectors",
        "DeploymentPreference",
        "EventInvokeConfig",
        "Events",
        "FunctionUrlConfig",
        "Policies",
        "ProvisionedConcurrencyConfig",
    }
)


@dataclass(frozen=True)
class Property:
    """One outcome of a function's property, with the path where it is written: on the function, or in
    Globals."""

    value: Value
    path: Path
    origin: Origin
    conditions: tuple[Condition, ...] = ()
    parameter: str = ""


@dataclass(frozen=True)
class LocalCode:
    """A folder or file relative to the template's folder. `property` is None where the default stands."""

    path: str
    property: Path | None


@dataclass(frozen=True)
class InlineCode:
    """Code that stands in the template."""

    source: EmbeddedSource
    property: Path


@dataclass(frozen=True)
class ImageCode:
    """An image that `sam build` makes of a local Dockerfile. `context` is relative to the template's folder,
    `dockerfile` to the context; `command` overrides the image's CMD."""

    context: str
    dockerfile: str
    command: tuple[str, ...] | None
    property: Path


@dataclass(frozen=True)
class RemoteCode:
    """Code that is not in the project, or of which the template does not tell where it is; and why."""

    reason: str


Code = LocalCode | InlineCode | ImageCode | RemoteCode


@dataclass(frozen=True)
class FailureDestination:
    """Where failed asynchronous events of a function go.

    `state` is "absent" only if it holds in every branch of the template; "unknown" says that the template
    does not tell, and `reason` why. `path` is what proves it; `kind` "DeadLetterQueue" or "OnFailure".
    """

    state: Literal["absent", "present", "unknown"]
    kind: Literal["", "DeadLetterQueue", "OnFailure"] = ""
    path: Path = ()
    value: Value | None = None
    reason: str = ""


# Where a function names whom Lambda sends its failures and results to.
DESTINATIONS: Sequence[tuple[str, ...]] = (
    ("DeadLetterQueue", "TargetArn"),
    ("EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination"),
    ("EventInvokeConfig", "DestinationConfig", "OnSuccess", "Destination"),
)


def functions_of(template: Template) -> tuple[LambdaFunction, ...]:
    """The functions of a template, in the order they are written; without those that constructs of the CDK's
    own library make for themselves."""
    found = (resource for resource in template.resources.values() if resource.type in FUNCTION_TYPES)
    return tuple(LambdaFunction(template, resource) for resource in found if not is_of_the_cdk(resource))


@dataclass(frozen=True, eq=False)
class LambdaFunction:
    """An AWS::Serverless::Function or AWS::Lambda::Function.

    Properties are asked for by SAM's names; for a plain function they are translated (`Tracing` to
    `TracingConfig.Mode`, `InlineCode` to `Code.ZipFile`). Globals are merged as SAM merges them: mappings
    by key, lists joined, anything else overridden; an intrinsic function counts as one value.
    """

    template: Template = field(repr=False)
    resource: Resource

    @property
    def logical_id(self) -> str:
        """The function's name in the template."""
        return self.resource.logical_id

    @property
    def sam(self) -> bool:
        """Whether SAM's transform makes the function."""
        return self.resource.type.startswith("AWS::Serverless::")

    @cached_property
    def id(self) -> FunctionId:
        """What findings name the function by."""
        return FunctionId(self.template.source.path, self.logical_id)

    def property(self, *keys: str) -> tuple[Property, ...]:
        """Every outcome of a property; () where it is absent in every branch. A mapping or list that Globals
        add to comes merged, with the function's own path; see `items` for each item's own."""
        cached = self._properties.get(keys)
        if cached is None:
            cached = self._find(keys)
            self._properties[keys] = cached
        return cached

    def items(self, *keys: str) -> tuple[Property, ...]:
        """The items of a list property, those of Globals first, each where it is written."""
        found: list[Property] = []
        for origin, path in self.sources(*keys):
            for item in self.template.items(self._present(path)):
                found.append(_property(item, origin))
        return tuple(found)

    def known(self, *keys: str) -> object | None:
        """The value of a property that is known and the same in every branch; else None."""
        found = self.property(*keys)
        values = [outcome.value for outcome in found]
        if not values or not isinstance(values[0], Known) or any(value != values[0] for value in values):
            return None
        return values[0].value

    def path(self, *keys: str) -> Path:
        """Where a property stands, or would stand, on the function itself."""
        return (*self.resource.path, "Properties", *self._translated(keys))

    def label(
        self, message: str, role: Role = Role.PRIMARY, path: Path | None = None, tied: bool = False
    ) -> Label:
        """A label at the logical id, or at the value of a path. `tied` names this function on the label, so
        that an ignore there takes it out of a finding that concerns several."""
        function = self.id if tied else None
        if path is None:
            return self.template.label(self.resource.path, message, role, key=True, function=function)
        return self.template.label(path, message, role, function=function)

    @cached_property
    def runtime(self) -> str | None:
        """The Runtime where it is known; None for images too."""
        value = self.known("Runtime")
        return value if isinstance(value, str) else None

    @cached_property
    def is_python(self) -> bool | None:
        """Whether Lambda runs it with a Python runtime; None where the template does not tell."""
        if self.known("PackageType") == "Image":
            return None
        return None if self.runtime is None else self.runtime.startswith("python")

    @cached_property
    def handler_text(self) -> str | None:
        """The Handler where it is known."""
        value = self.known("Handler")
        return value if isinstance(value, str) else None

    @cached_property
    def timeout(self) -> int | None:
        """Seconds; Lambda's default where it is absent, None where it is not known."""
        return self._number("Timeout", DEFAULT_TIMEOUT)

    @cached_property
    def memory(self) -> int | None:
        """Megabytes; Lambda's default where it is absent, None where it is not known."""
        return self._number("MemorySize", DEFAULT_MEMORY)

    def integers(self, name: str, default: int) -> tuple[tuple[int, Property | None], ...]:
        """What a number can be, and where each value is written: None where it is absent and the default
        stands. Values that the template does not tell are left out."""
        found = self.property(name)
        known = ((_integer(each.value), each) for each in found)
        return tuple((value, each) for value, each in known if value is not None) or (
            () if found else ((default, None),)
        )

    @cached_property
    def environment(self) -> Mapping[str, tuple[Property, ...]] | Unknown:
        """The environment variables that hold in some branch; Unknown where the names are not known."""
        names: dict[str, None] = {}
        for outcome in (*self.property("Environment"), *self.property("Environment", "Variables")):
            if not isinstance(outcome.value, Known):
                return outcome.value if isinstance(outcome.value, Unknown) else Unknown("reference")
        for _, path in self.sources("Environment", "Variables"):
            for alternative in self._present(path):
                variables = alternative.value.value if isinstance(alternative.value, Known) else None
                if not isinstance(variables, dict):
                    return Unknown("malformed environment")
                if has_macro(variables):
                    return Unknown("transform")
                names.update((str(name), None) for name in variables)
        return {name: self.property("Environment", "Variables", name) for name in names}

    @cached_property
    def layers(self) -> tuple[Property, ...]:
        """The layers, those of Globals first."""
        return self.items("Layers")

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """The resource's Metadata, where SAM reads how to build the function."""
        found = self.template.get((*self.resource.path, "Metadata"))
        return found if isinstance(found, dict) else {}

    @cached_property
    def build_method(self) -> str | None:
        """Metadata's BuildMethod: a runtime, "makefile", "esbuild", …"""
        found = self.metadata.get("BuildMethod")
        return str(found) if isinstance(found, str) else None

    @cached_property
    def code(self) -> Code:
        """Where the function's code is."""
        if self.known("PackageType") == "Image" or self.property("ImageUri"):
            return self._image()
        inline = self.property("InlineCode")
        if inline:
            return self._inline(inline)
        folder = self._asset("S3Key")
        if folder is not None:
            return _archive(folder) or LocalCode(folder, self._asset_path("Code", "S3Key"))
        return self._folder()

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """What invokes the function, by the template."""
        from lambdalint.template.triggers import triggers

        return triggers(self.template, self)

    @cached_property
    def invoke_configs(self) -> tuple[Resource, ...]:
        """The AWS::Lambda::EventInvokeConfig resources that concern the function, any of its aliases or
        versions."""
        return tuple(
            resource
            for resource in self.template.of_type("AWS::Lambda::EventInvokeConfig")
            if any(self.logical_id in self._named(value) for value in resource.get("FunctionName"))
        )

    @cached_property
    def urls(self) -> tuple[Resource, ...]:
        """The AWS::Lambda::Url resources of the function."""
        return tuple(
            resource
            for resource in self.template.of_type("AWS::Lambda::Url")
            if any(self.logical_id in self._named(value) for value in resource.get("TargetFunctionArn"))
        )

    @cached_property
    def failure_destination(self) -> FailureDestination:
        """The dead-letter queue or failure destination of asynchronous invocations: the function's own, that
        of Globals, or that of an EventInvokeConfig resource."""
        unknown: FailureDestination | None = None
        for outcome in self.property("DeadLetterQueue"):
            target = self.template.step([_alternative(outcome)], "TargetArn")
            for found in target or (_alternative(outcome),):
                if _is_opaque(found.value):
                    unknown = unknown or _unsure(found)
                elif target:
                    return FailureDestination("present", "DeadLetterQueue", found.path, found.value)
        candidates = [
            *(
                _alternative(found)
                for found in self.property("EventInvokeConfig", "DestinationConfig", "OnFailure")
            ),
            *(
                found
                for config in self.invoke_configs
                for found in config.get("DestinationConfig", "OnFailure")
            ),
        ]
        for found in candidates:
            if _is_opaque(found.value):
                unknown = unknown or _unsure(found)
                continue
            destination = self.template.step([found], "Destination")
            value = (
                destination[0].value if destination else None
            )  # SAM makes a queue or topic of `Type` alone
            return FailureDestination("present", "OnFailure", found.path, value)
        if unknown is not None:
            return unknown
        for config in self.template.of_type("AWS::Lambda::EventInvokeConfig"):
            named = config.get("FunctionName")
            if any(isinstance(value.value, Unknown) and not self._named(value) for value in named):
                return FailureDestination(
                    "unknown", path=config.path, reason="an EventInvokeConfig of an unknown function"
                )
        if self.template.incomplete:
            return FailureDestination("unknown", reason=self.template.incomplete[0])
        return FailureDestination("absent")

    def sources(self, *keys: str) -> list[tuple[Origin, Path]]:
        """Where a property is written: on the function, in Globals, or in both where these are merged (two
        mappings, two lists); Globals first."""
        if not self.sam:
            if keys and keys[0] in _SAM_ONLY:
                return []
            return [("own", self.path(*keys))]
        own: Path = (*self.resource.path, "Properties")
        globally: Path = ("Globals", "Function")
        local: Any = self.resource.properties
        common = self._common
        if not keys or not isinstance(common, dict) or self.ignores_globals(keys[0]):
            return [("own", (*own, *keys))]
        for depth, key in enumerate(keys):
            rest = tuple(keys[depth:])
            if not isinstance(local, dict) or key not in local:
                if isinstance(local, dict) and has_macro(local):
                    return [("own", (*own, *rest))]  # the transform may bring it
                return [("globals", (*globally, *rest))]
            if not isinstance(common, dict) or key not in common:
                return [("own", (*own, *rest))]
            local, common = local[key], common[key]
            own, globally = (*own, key), (*globally, key)
            if not _merges(common, local):
                return [("own", (*own, *rest[1:]))]
        return [("globals", globally), ("own", own)]

    def ignores_globals(self, name: str) -> bool:
        """Whether a property takes nothing from Globals: IgnoreGlobals is '*', or a list that names it."""
        ignored = self._ignored
        return ignored == "*" or (isinstance(ignored, list) and (name in ignored or "*" in ignored))

    @cached_property
    def _properties(self) -> dict[tuple[str, ...], tuple[Property, ...]]:
        return {}

    def _named(self, alternative: Alternative) -> tuple[str, ...]:
        return self.template.identity.of(alternative.value)

    def _translated(self, keys: Sequence[str]) -> tuple[str, ...]:
        if self.sam:
            return tuple(keys)
        for ours, theirs in _TRANSLATIONS:
            if tuple(keys[: len(ours)]) == ours:
                return (*theirs, *keys[len(ours) :])
        return tuple(keys)

    def _find(self, keys: tuple[str, ...]) -> tuple[Property, ...]:
        sources = self.sources(*keys)
        if len(sources) == 2:
            globally, own = (self.template.get(path) for _, path in sources)
            merged = merge(globally, own)
            return (Property(Known(merged), sources[1][1], "own"),)
        return tuple(_property(found, origin) for origin, path in sources for found in self._present(path))

    def _present(self, path: Path) -> tuple[Alternative, ...]:
        """The outcomes at a path; a property left empty is absent."""
        found = self.template.alternatives(path)
        if not found:
            return found
        return tuple(one for one in found if not (isinstance(one.value, Known) and one.value.value is None))

    @cached_property
    def _common(self) -> Any:
        return self.template.globals_.get("Function")

    @cached_property
    def _ignored(self) -> Any:
        return self.template.get((*self.resource.path, "IgnoreGlobals"))

    def _number(self, name: str, default: int) -> int | None:
        if not self.property(name):
            return default
        return _integer(Known(self.known(name)))

    def _asset(self, key: str) -> str | None:
        """The folder of the code that the CDK uploads."""
        return asset(self.resource, "Code", key)

    def _asset_path(self, *keys: str) -> Path:
        """Where the template says so."""
        named = "aws:asset:path" in self.metadata
        return (*self.resource.path, *(("Metadata", "aws:asset:path") if named else ("Properties", *keys)))

    def _image(self) -> Code:
        context, place = self.metadata.get("DockerContext"), ("Metadata", "DockerContext")
        dockerfile = self.metadata.get("Dockerfile")
        if not isinstance(context, str):
            context, place = self._asset("ImageUri"), ("Metadata", "aws:asset:path")
            dockerfile = self.metadata.get("aws:asset:dockerfile-path")
        if not isinstance(context, str):
            return RemoteCode("image in a registry")
        command = self.known("ImageConfig", "Command")
        words = tuple(str(word) for word in command) if isinstance(command, list) else None
        return ImageCode(
            context=str(context),
            dockerfile=str(dockerfile) if isinstance(dockerfile, str) else "Dockerfile",
            command=words if words is not None or not self.property("ImageConfig", "Command") else None,
            property=(*self.resource.path, *place),
        )

    def _inline(self, found: Sequence[Property]) -> Code:
        if len(found) > 1:
            return RemoteCode("inline code differs by condition")
        source = inline_source(
            self.template, found[0].value, found[0].path, python=self.is_python is not False
        )
        return source if isinstance(source, RemoteCode) else InlineCode(source, found[0].path)

    def _folder(self) -> Code:
        found = self.property("CodeUri")
        if not found:
            # SAM's default; a plain function without code cannot be deployed.
            return LocalCode(".", None) if self.sam else RemoteCode("no code is named")
        outcomes = {_folder_of(outcome) for outcome in found}
        return outcomes.pop() if len(outcomes) == 1 else RemoteCode("code differs by condition")


def merge(common: Any, own: Any) -> Any:
    """What SAM makes of a value in Globals and one on the function: mappings merge by key, lists are joined
    with that of Globals first, anything else is overridden. SAM developer guide, "Globals section"."""
    if isinstance(common, list) and isinstance(own, list):
        return [*common, *own]
    if not _merges(common, own):
        return own
    merged = {key: merge(value, own[key]) if key in own else value for key, value in common.items()}
    return {**merged, **{key: value for key, value in own.items() if key not in common}}


def _merges(common: object, own: object) -> bool:
    if isinstance(common, list):
        return isinstance(own, list)
    return isinstance(common, dict) and isinstance(own, dict) and not (intrinsic(common) or intrinsic(own))


def _integer(value: Value) -> int | None:
    found = value.value if isinstance(value, Known) else None
    if isinstance(found, bool) or not isinstance(found, (int, float, str)):
        return None
    try:
        return int(found)
    except ValueError:
        return None


def _property(alternative: Alternative, origin: Origin) -> Property:
    return Property(
        alternative.value, alternative.path, origin, alternative.conditions, alternative.parameter
    )


def _alternative(outcome: Property) -> Alternative:
    return Alternative(outcome.value, outcome.path, outcome.conditions, outcome.parameter)


def _is_opaque(value: Value) -> bool:
    """Whether something may or may not be there: what a transform or an import puts in."""
    return isinstance(value, Unknown) and value.reason in ("transform", "Fn::ForEach")


def _unsure(found: Alternative) -> FailureDestination:
    reason = found.value.reason if isinstance(found.value, Unknown) else ""
    return FailureDestination("unknown", path=found.path, reason=reason)


def _folder_of(outcome: Property) -> Code:
    value = outcome.value
    if isinstance(value, Known) and isinstance(value.value, str):
        text = str(value.value)
        if "://" in text or text.startswith("s3:"):
            return RemoteCode("code in S3")
        return _archive(text) or LocalCode(text, outcome.path)
    if isinstance(value, Known) and isinstance(value.value, dict):
        return RemoteCode("code in S3")
    if isinstance(value, Unknown):
        return RemoteCode(f"{value.reason} {value.name}".strip())
    return RemoteCode("code is put together at deployment")


def _archive(text: str) -> RemoteCode | None:
    return RemoteCode("code is an archive") if text.endswith(_ARCHIVES) else None
