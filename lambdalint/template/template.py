"""A template of SAM or CloudFormation: what it says and where it says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lambdalint.finding import FunctionId, Label, Role
from lambdalint.source import SourceFile, Span
from lambdalint.template.decode import Problem as TemplateProblem
from lambdalint.template.decode import decode
from lambdalint.template.identity import Identity
from lambdalint.template.places import Places
from lambdalint.template.resolve import Resolver, intrinsic, is_macro
from lambdalint.template.values import Alternative, Path

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.polls import Poll
    from lambdalint.template.queues import Queues
    from lambdalint.template.synthesis import Synthesis
    from lambdalint.template.triggers import Trigger
    from lambdalint.template.variables import Written

__all__ = ["Generated", "Resource", "Template", "TemplateProblem", "load"]

Read = Callable[[str], "str | None"]

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"
_HARMLESS_TRANSFORMS = (
    SAM_TRANSFORM,
    "AWS::LanguageExtensions",
    "AWS::CodeDeployBlueGreen",
    "AWS::SecretsManager",
)

# What SAM makes without an owner, by the beginning of its name.
_IMPLICIT = {
    "ServerlessRestApi": "RestApi",
    "ServerlessHttpApi": "HttpApi",
    "ServerlessDeploymentApplication": "DeploymentApplication",
    "ServerlessUsagePlan": "UsagePlan",
    "ServerlessApiKey": "ApiKey",
    "CodeDeployServiceRole": "DeploymentRole",
}
_API_PARTS = (
    r"\w*Stage|Deployment\w*|\w*UsagePlan\w*|\w*ApiKey|\w*BasePathMapping|\w*Permission|\w*RecordSetGroup"
)
# By type, what SAM puts behind the logical id of a resource to name what it makes for it; and what it makes
# for each event begins with the event's name.
_GENERATED = {
    "AWS::Serverless::Api": re.compile(_API_PARTS),
    "AWS::Serverless::Function": re.compile(
        r"Role|Version\w*|Alias\w*|Url|Url\w*Permissions?|EventInvokeConfig\w*|DeploymentGroup"
    ),
    "AWS::Serverless::GraphQLApi": re.compile(r"\w+"),
    "AWS::Serverless::HttpApi": re.compile(_API_PARTS),
    "AWS::Serverless::LayerVersion": re.compile(r"[0-9a-f]{10}"),
    "AWS::Serverless::StateMachine": re.compile(r"Role|Version\w*|Alias\w*"),
}
_SUB_NAME = re.compile(r"\$\{\s*([A-Za-z0-9]+)(?:\.[^}]*)?\s*\}")


def load(
    source: SourceFile, parameters: Mapping[str, str] | None = None, read: Read | None = None
) -> Template:
    """Decodes a template. Bad templates do not raise: see `Template.problems`.

    `parameters` are values configured for the template's parameters. `read` gives the text of a file named by
    a path relative to the template's folder, or None; it must not leave the project root.
    """
    decoded = decode(source.text)
    problems = list(decoded.problems)
    data = decoded.data
    places = Places(source.text, decoded.root)
    if data is not None:
        problems.extend(_shape_problems(data, source.text, places))
    return Template(
        source=source,
        data=data if isinstance(data, dict) else {},
        json=decoded.json,
        problems=tuple(problems),
        places=places,
        configured=dict(parameters or {}),
        read=read or (lambda path: None),
    )


@dataclass(frozen=True)
class Generated:
    """A resource that the SAM transform makes: its kind, and the declared resource it is made for (None for
    the implicit APIs)."""

    kind: str
    owner: str | None


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource that a template declares."""

    template: Template = field(repr=False)
    logical_id: str
    type: str
    path: Path
    properties: Mapping[str, Any] = field(repr=False)
    condition: str | None

    def get(self, *keys: str | int) -> tuple[Alternative, ...]:
        """What a property comes to, `Fn::If` on the way included; () where it is absent in every branch."""
        return self.template.alternatives((*self.path, "Properties", *keys))

    def items(self, *keys: str | int) -> tuple[Alternative, ...]:
        """The items of a property that is a list; a single value counts as one item."""
        return self.template.items(self.get(*keys))

    def label(
        self, message: str, role: Role = Role.PRIMARY, function: FunctionId | None = None, *keys: str | int
    ) -> Label:
        """A label at the logical id, or at the property that `keys` lead to."""
        if keys:
            return self.template.label((*self.path, "Properties", *keys), message, role, function=function)
        return self.template.label(self.path, message, role, key=True, function=function)


@dataclass(frozen=True, eq=False)
class Template:
    """A decoded template. `data` is cfn-lint's own, with the SAM transform not applied; {} where the text
    gave nothing. Paths are keys and indexes into it; a short-form tag counts as its long form. `synthesis` is
    what the CDK says of a template that it wrote, None for any other."""

    source: SourceFile
    data: Mapping[str, Any] = field(repr=False)
    json: bool
    problems: tuple[TemplateProblem, ...]
    places: Places = field(repr=False)
    configured: Mapping[str, str] = field(repr=False)
    read: Read = field(repr=False)
    synthesis: Synthesis | None = field(default=None, repr=False)

    @cached_property
    def is_sam(self) -> bool:
        """Whether the SAM transform runs over it."""
        return SAM_TRANSFORM in self.transforms or any(
            resource.type.startswith("AWS::Serverless::") for resource in self.resources.values()
        )

    @cached_property
    def transforms(self) -> tuple[str, ...]:
        """The names of the transforms and macros that the template asks for."""
        declared = self.data.get("Transform", [])
        listed = declared if isinstance(declared, list) else [declared]
        names = [item.get("Name") if isinstance(item, dict) else item for item in listed]
        return tuple(name for name in names if isinstance(name, str))

    @cached_property
    def macros(self) -> tuple[str, ...]:
        """What runs over the whole template at deployment, and may write anything anywhere in it."""
        named = [f"the macro {name}" for name in self.transforms if not name.startswith(_HARMLESS_TRANSFORMS)]
        return (*named, *(str(key) for key in self.data if is_macro(key)))

    @cached_property
    def incomplete(self) -> tuple[str, ...]:
        """Why the template may hold more resources than are written in it; empty where it cannot."""
        return (*self.macros, *(str(key) for key in self._section("Resources") if is_macro(key)))

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """The declared resources that have a type, by logical id."""
        found: dict[str, Resource] = {}
        for logical_id, node in self._section("Resources").items():
            kind = node.get("Type") if isinstance(node, dict) else None
            if not isinstance(logical_id, str) or not isinstance(kind, str):
                continue
            properties = node.get("Properties")
            condition = node.get("Condition")
            found[logical_id] = Resource(
                template=self,
                logical_id=logical_id,
                type=kind,
                path=("Resources", logical_id),
                properties=properties if isinstance(properties, dict) else {},
                condition=condition if isinstance(condition, str) else None,
            )
        return found

    def of_type(self, *types: str) -> Sequence[Resource]:
        """The resources of some types, in the order they are written."""
        return [resource for kind in types for resource in self._by_type.get(kind, ())]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The section Parameters as written."""
        return self._section("Parameters")

    @property
    def conditions(self) -> Mapping[str, Any]:
        """The section Conditions as written."""
        return self._section("Conditions")

    @property
    def mappings(self) -> Mapping[str, Any]:
        """The section Mappings as written."""
        return self._section("Mappings")

    @property
    def globals_(self) -> Mapping[str, Any]:
        """The section Globals as written; {} without the SAM transform, which is what reads it."""
        return self._section("Globals") if self.is_sam else {}

    @cached_property
    def functions(self) -> tuple[LambdaFunction, ...]:
        """The Lambda functions, in the order they are written."""
        from lambdalint.template.function import functions_of

        return functions_of(self)

    @cached_property
    def variables(self) -> tuple[Written, ...]:
        """The environment variables of its functions, once where each is written."""
        from lambdalint.template.variables import variables

        return variables(self)

    def function(self, logical_id: str) -> LambdaFunction | None:
        """The function of a logical id."""
        return next((function for function in self.functions if function.logical_id == logical_id), None)

    @cached_property
    def triggers(self) -> Mapping[str, tuple[Trigger, ...]]:
        """What invokes each function, by logical id."""
        from lambdalint.template.triggers import collect

        return collect(self)

    @cached_property
    def polls(self) -> tuple[Poll, ...]:
        """What Lambda polls for functions, event source mappings of unknown functions included."""
        from lambdalint.template.polls import polls

        return polls(self)

    @cached_property
    def queues(self) -> Queues:
        """The SQS queues, and who names them as a dead-letter queue or failure destination."""
        from lambdalint.template.queues import Queues

        return Queues(self)

    @cached_property
    def identity(self) -> Identity:
        """Which functions a value names."""
        return Identity(self)

    def get(self, path: Path) -> Any:
        """The node at a path as written, or None."""
        node: Any = self.data
        for key in path:
            if isinstance(node, dict):
                node = node.get(key)
            elif isinstance(node, list) and isinstance(key, int) and 0 <= key < len(node):
                node = node[key]
            else:
                return None
        return node

    def alternatives(self, path: Path) -> tuple[Alternative, ...]:
        """What the value at a path comes to; `Fn::If` is seen through at every level. Absent: ()."""
        cached = self._alternatives.get(path)
        if cached is None:
            cached = self._compute(path)
            self._alternatives[path] = cached
        return cached

    def resolve(self, node: object, path: Path) -> tuple[Alternative, ...]:
        """What a node that stands at a path comes to."""
        return self.resolver.resolve(node, path)

    def step(self, alternatives: Iterable[Alternative], *keys: str | int) -> tuple[Alternative, ...]:
        """The values below each alternative."""
        found = tuple(alternatives)
        for key in keys:
            found = self.resolver.step(found, key)
        return found

    def items(self, alternatives: Iterable[Alternative]) -> tuple[Alternative, ...]:
        """The items of each alternative that is a list; a single value counts as one item."""
        return self.resolver.items(alternatives)

    def decide(self, condition: str) -> bool | None:
        """Whether a condition holds whatever is chosen at deployment; None where that decides."""
        return self.resolver.decide(condition)

    def span(self, path: Path) -> Span:
        """The value's characters: the first line of text of a block value."""
        return self.places.value(path)

    def key_span(self, path: Path) -> Span:
        """The key's characters, or the short-form tag's. For an item of a list, the item's."""
        return self.places.key(path)

    def full_span(self, path: Path) -> Span:
        """From the key's start to the end of the value's last line, without trailing comments and newline."""
        return self.places.full(path)

    def label(
        self,
        path: Path,
        message: str,
        role: Role = Role.PRIMARY,
        key: bool = False,
        function: FunctionId | None = None,
    ) -> Label:
        """A label at a value, or at its key."""
        span = self.key_span(path) if key else self.span(path)
        return Label(self.source, span, message, role, function)

    def references(self, logical_id: str) -> Sequence[Path]:
        """The paths of every Ref, Fn::GetAtt and Fn::Sub that names a resource, in the order they are
        written."""
        return self._references.get(logical_id, ())

    @cached_property
    def metadata_ignores(self) -> Mapping[str, Mapping[str, Path]]:
        """By logical id: the rules that `Metadata: {lambdalint: {ignore: […]}}` names, each with its path."""
        found: dict[str, Mapping[str, Path]] = {}
        for logical_id, resource in self.resources.items():
            path: Path = (*resource.path, "Metadata", "lambdalint", "ignore")
            named = self.get(path)
            if isinstance(named, str):
                found[logical_id] = {str(named): path}
            elif isinstance(named, list):
                names = {
                    str(name): (*path, index) for index, name in enumerate(named) if isinstance(name, str)
                }
                found[logical_id] = names
        return found

    def generated(self, logical_id: str) -> Generated | None:
        """What SAM makes under a name that is not declared: implicit APIs, `<Function>Role`, `<Api>Stage`, …



        SAM developer guide, "Generated AWS CloudFormation resources".
        """
        if not self.is_sam or logical_id in self._section("Resources"):
            return None
        for prefix, kind in _IMPLICIT.items():
            if logical_id.startswith(prefix):
                return Generated(kind if logical_id == prefix else logical_id[len(prefix) :], None)
        owners = [
            name
            for name, resource in self.resources.items()
            if logical_id.startswith(name) and self._generates(resource, logical_id[len(name) :])
        ]
        if not owners:
            return None
        owner = max(owners, key=len)
        return Generated(logical_id[len(owner) :], owner)

    def _generates(self, resource: Resource, suffix: str) -> bool:
        pattern = _GENERATED.get(resource.type)
        if pattern is None or not suffix:
            return False
        if pattern.fullmatch(suffix):
            return True
        events = resource.properties.get("Events")
        return isinstance(events, dict) and any(suffix.startswith(str(name)) for name in events)

    @cached_property
    def resolver(self) -> Resolver:
        """The evaluator of the template's intrinsic functions."""
        return Resolver(
            parameters=self.parameters,
            configured=self.configured,
            resources=self._section("Resources"),
            mappings=self.mappings,
            conditions=self.conditions,
            generated=lambda name: self.generated(name) is not None,
        )

    @cached_property
    def _alternatives(self) -> dict[Path, tuple[Alternative, ...]]:
        return {}

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources.values():
            found.setdefault(resource.type, []).append(resource)
        return found

    @cached_property
    def _references(self) -> Mapping[str, Sequence[Path]]:
        found: dict[str, list[Path]] = {}
        for path, name in named_in(self.data):
            found.setdefault(name, []).append(path)
        return found

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.data.get(name)
        return section if isinstance(section, dict) else {}

    def _compute(self, path: Path) -> tuple[Alternative, ...]:
        if not path:
            return self.resolver.resolve(self.data, ())
        if len(path) <= 2:  # sections and resources: no intrinsic stands there
            node = self.get(path)
            return () if node is None else self.resolver.resolve(node, path)
        return self.resolver.step(self.alternatives(path[:-1]), path[-1])


def named_in(data: object) -> Iterator[tuple[Path, str]]:
    """Each path at which an intrinsic names something, with the name; in the order they are written."""
    stack: list[tuple[Path, Any]] = [((), data)]
    while stack:
        path, node = stack.pop()
        name = intrinsic(node)
        if name == "Ref" and isinstance(node["Ref"], str):
            yield path, node["Ref"].split(".", 1)[0]
        elif name == "Fn::GetAtt":
            argument = node[name]
            first = argument[0] if isinstance(argument, list) and argument else argument
            if isinstance(first, str):
                yield path, first.split(".", 1)[0]
        elif name == "Fn::Sub":
            for used in dict.fromkeys(_sub_names(node[name])):
                yield path, used
        if isinstance(node, dict):
            stack.extend(((*path, key), node[key]) for key in reversed(node))
        elif isinstance(node, list):
            stack.extend(((*path, index), node[index]) for index in range(len(node) - 1, -1, -1))


def _sub_names(argument: object) -> Iterator[str]:
    variables: Any = {}
    if isinstance(argument, list) and len(argument) == 2:
        argument, variables = argument
    if isinstance(argument, str):
        for match in _SUB_NAME.finditer(argument):
            if not (isinstance(variables, dict) and match.group(1) in variables):
                yield match.group(1)


def _shape_problems(data: object, text: str, places: Places) -> Iterator[TemplateProblem]:
    start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    place = Span(start, min(start + 1, len(text)))
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "plain text"
        yield TemplateProblem(
            f"the template holds {kind}: it must be a mapping with a Resources section", place
        )
        return
    if "Resources" not in data:
        if not any(is_macro(key) for key in data):
            yield TemplateProblem("the template has no Resources section: it needs one", place)
        return
    place = places.key(("Resources",))
    if data["Resources"] is None:
        yield TemplateProblem("`Resources` is empty: a template needs at least one resource", place)
    elif not isinstance(data["Resources"], dict):
        yield TemplateProblem("`Resources` must be a mapping of logical ids to resources", place)
