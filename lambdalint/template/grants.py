"""What a function may do: the statements, policy templates and managed policies that its role carries.

With `Role`, SAM takes the role as it is and drops `Policies`; without, it makes a role of `Policies` and what
it adds by itself (sam-resource-function.html, "Role" and "Policies"). Globals can hold neither.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lambdalint.memo import Memo
from lambdalint.template.identity import render
from lambdalint.template.values import Alternative, Condition, Known, Path, Reference, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template

RoleStatements = tuple[tuple["Statement", tuple["LambdaFunction", ...]], ...]
Owner = Literal["function", "role", "policy", "managed-policy"]

_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
# Managed policies that SAM attaches to the role it makes for an event source: get_policy_arn() in
# samtranslator/model/eventsources/pull.py. For MQ and self-managed Kafka it writes statements.
_POLLERS = {
    "DynamoDB": "AWSLambdaDynamoDBExecutionRole",
    "Kinesis": "AWSLambdaKinesisExecutionRole",
    "MSK": "AWSLambdaMSKExecutionRole",
    "SQS": "AWSLambdaSQSQueueExecutionRole",
}


@dataclass(frozen=True)
class Part:
    """One action or resource of a statement."""

    value: Value
    path: Path

    @property
    def text(self) -> str:
        """The string, with `${Name}` for what is not known."""
        return render(self.value)


@dataclass(frozen=True)
class Statement:
    """A statement of a policy document that a function's role carries.

    `policy` is the path of the policy that holds it: an item of `Policies`, or the resource. `document` is
    the path of its document, whose `Statement` may be a list or this statement alone. `effect` is empty where
    it is not known; `condition` is the Condition as written. `whole` says that all of it could be read.
    """

    path: Path
    document: Path
    policy: Path
    owner: Owner
    effect: str
    actions: tuple[Part, ...]
    not_actions: tuple[Part, ...]
    resources: tuple[Part, ...]
    not_resources: tuple[Part, ...]
    condition: object | None
    conditions: tuple[Condition, ...] = ()
    whole: bool = True

    @property
    def allows(self) -> bool:
        """Whether it grants at all."""
        return self.effect == "Allow"


@dataclass(frozen=True)
class Document:
    """A policy document that a function's role carries, as written; `policy` is what holds it."""

    content: Alternative
    policy: Path
    owner: Owner


@dataclass(frozen=True)
class TemplateGrant:
    """An item of `Policies` that names a SAM policy template."""

    name: str
    parameters: dict[str, Any]
    path: Path
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class ManagedGrant:
    """A managed policy outside the template, by name or ARN."""

    name: str
    path: Path
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Connector:
    """A connector whose source is the function. `destination` is a logical id; empty where it is not one of
    the template."""

    name: str
    destination: str
    permissions: tuple[str, ...]
    path: Path


@dataclass(frozen=True)
class Grants:
    """What a function's role carries. `opaque` says why there may be more; `implicit` names the managed
    policies that SAM adds by itself; `role` is the logical id of a role that the template writes out, None
    where SAM makes it or it lies elsewhere. `boundary` says that a permissions boundary limits it all."""

    statements: tuple[Statement, ...]
    policy_templates: tuple[TemplateGrant, ...]
    managed: tuple[ManagedGrant, ...]
    connectors: tuple[Connector, ...]
    implicit: tuple[str, ...]
    opaque: tuple[str, ...]
    role: str | None
    boundary: bool = False
    documents: tuple[Document, ...] = ()


_grants: Memo[LambdaFunction, Grants] = Memo()
_role_statements: Memo[Template, RoleStatements] = Memo()


class _Collector:
    """Gathers grants while policies are read."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.statements: list[Statement] = []
        self.policy_templates: list[TemplateGrant] = []
        self.managed: list[ManagedGrant] = []
        self.documents: list[Document] = []
        self.opaque: dict[str, None] = {}
        self._seen: set[str] = set()

    def policy(self, item: Alternative, owner: Owner) -> None:
        """An item of a SAM function's `Policies`."""
        value = item.value
        if isinstance(value, Reference):
            self._managed_resource(value)
        elif isinstance(value, Unknown):
            self._unknown(value)
        elif not isinstance(value, Known) or isinstance(value.value, str):
            self.managed.append(ManagedGrant(render(value), item.path, item.conditions))
        elif isinstance(value.value, dict) and "Statement" in value.value:
            self.document(item, item.path, owner)
        elif isinstance(value.value, dict) and len(value.value) == 1:
            ((name, parameters),) = value.value.items()
            given = parameters if isinstance(parameters, dict) else {}
            self.policy_templates.append(TemplateGrant(str(name), given, item.path, item.conditions))
        else:
            self.opaque["malformed policy"] = None

    def managed_arn(self, item: Alternative) -> None:
        """An item of a role's `ManagedPolicyArns`."""
        value = item.value
        if isinstance(value, Reference):
            self._managed_resource(value)
        elif isinstance(value, Unknown):
            self._unknown(value)
        else:
            self.managed.append(ManagedGrant(render(value), item.path, item.conditions))

    def resource(self, resource: Resource) -> None:
        """A policy that is a resource of its own."""
        if resource.logical_id in self._seen:
            return
        self._seen.add(resource.logical_id)
        owner: Owner = "managed-policy" if resource.type == "AWS::IAM::ManagedPolicy" else "policy"
        for document in resource.get("PolicyDocument"):
            self.document(document, resource.path, owner)

    def document(self, document: Alternative, policy: Path, owner: Owner) -> None:
        """A policy document."""
        if isinstance(document.value, Unknown):
            self._unknown(document.value)
            return
        self.documents.append(Document(document, policy, owner))
        for item in self.template.items(self.template.step([document], "Statement")):
            if isinstance(item.value, Known) and isinstance(item.value.value, dict):
                self.statements.append(self._statement(item, document.path, policy, owner))
            elif isinstance(item.value, Unknown):
                self._unknown(item.value)

    def _statement(self, item: Alternative, document: Path, policy: Path, owner: Owner) -> Statement:
        fields = {
            key: tuple(self._parts(item, key)) for key in ("Action", "NotAction", "Resource", "NotResource")
        }
        effects = {render(effect.value) for effect in self.template.step([item], "Effect")}
        condition = self.template.get((*item.path, "Condition"))
        everything = itertools.chain.from_iterable(fields.values())
        whole = not any(isinstance(part.value, Unknown) for part in everything)
        return Statement(
            path=item.path,
            document=document,
            policy=policy,
            owner=owner,
            effect=effects.pop() if len(effects) == 1 else "",
            actions=fields["Action"],
            not_actions=fields["NotAction"],
            resources=fields["Resource"],
            not_resources=fields["NotResource"],
            condition=condition,
            conditions=item.conditions,
            whole=whole,
        )

    def _parts(self, item: Alternative, key: str) -> Iterator[Part]:
        for part in self.template.items(self.template.step([item], key)):
            yield Part(part.value, part.path)

    def _managed_resource(self, reference: Reference) -> None:
        resource = self.template.resources.get(reference.logical_id)
        if resource is not None and resource.type == "AWS::IAM::ManagedPolicy":
            self.resource(resource)
        else:
            self.opaque["policy of another kind"] = None

    def _unknown(self, value: Unknown) -> None:
        self.opaque[f"policy: {value.reason}"] = None


def grants(template: Template, function: LambdaFunction) -> Grants:
    """What the function's role carries; every branch of `Fn::If` counts."""
    known = _grants.get(function)
    if known is None:
        known = _grants[function] = _read(template, function)
    return known


def _read(template: Template, function: LambdaFunction) -> Grants:
    collector = _Collector(template)
    roles = function.property("Role")
    names = tuple(_role_names(template, (role.value for role in roles), collector))
    if not roles and function.sam:
        for item in function.items("Policies"):
            collector.policy(Alternative(item.value, item.path, item.conditions), "function")
        names = (f"{function.logical_id}Role",)
    elif not roles:
        collector.opaque["no role"] = None
    for name in names:
        _read_role(template, name, collector)
    made_by_sam = not roles and function.sam
    return Grants(
        statements=tuple(collector.statements),
        policy_templates=tuple(collector.policy_templates),
        managed=tuple(collector.managed),
        connectors=tuple(_connectors(template, function)),
        implicit=tuple(_implicit(function)) if made_by_sam else (),
        opaque=tuple(collector.opaque),
        role=names[0] if names and not made_by_sam else None,
        boundary=bool(function.property("PermissionsBoundary")) if made_by_sam else _bounded(template, names),
        documents=tuple(collector.documents),
    )


def role_documents(template: Template) -> tuple[tuple[Document, tuple[LambdaFunction, ...]], ...]:
    """Every policy document that some function's role carries, once, with the functions."""
    found: dict[Path, tuple[Document, list[LambdaFunction]]] = {}
    for function in template.functions:
        for document in grants(template, function).documents:
            found.setdefault(document.content.path, (document, []))[1].append(function)
    return tuple((document, tuple(dict.fromkeys(functions))) for document, functions in found.values())


def attachments(template: Template) -> Iterator[tuple[Alternative, tuple[LambdaFunction, ...]]]:
    """The managed policies by name or ARN that roles of the template attach, with the functions that run with
    them."""
    found: dict[Path, tuple[ManagedGrant, list[LambdaFunction]]] = {}
    for function in template.functions:
        of_function = grants(template, function)
        for managed in of_function.managed if of_function.role else ():
            found.setdefault(managed.path, (managed, []))[1].append(function)
    for path, (_, functions) in found.items():
        for item in template.alternatives(path):
            yield item, tuple(dict.fromkeys(functions))


def role_statements(template: Template) -> RoleStatements:
    """Every statement that some function's role carries, once, with the functions; in source order."""
    known = _role_statements.get(template)
    if known is None:
        known = _role_statements[template] = _collect(template)
    return known


def _collect(template: Template) -> RoleStatements:
    found: dict[Path, tuple[Statement, list[LambdaFunction]]] = {}
    for function in template.functions:
        for statement in grants(template, function).statements:
            found.setdefault(statement.path, (statement, []))[1].append(function)
    ordered = sorted(found.values(), key=lambda pair: template.span(pair[0].path).start)
    return tuple((statement, tuple(dict.fromkeys(functions))) for statement, functions in ordered)


def _role_names(template: Template, values: Iterable[Value], collector: _Collector) -> Iterator[str]:
    """The logical ids of the roles that a `Role` property names."""
    for value in values:
        references = [value] if isinstance(value, Reference) else []
        if not references and not isinstance(value, Unknown):
            references = [Reference(name) for name in _roles_of_arn(template, render(value))]
        for reference in references:
            if reference.logical_id in template.resources:
                yield reference.logical_id
            elif template.generated(reference.logical_id):  # the role that SAM makes for another function
                yield reference.logical_id
                collector.opaque["role of another function"] = None
            else:
                collector.opaque["role outside the template"] = None
        if not references:
            reason = f"role: {value.reason}" if isinstance(value, Unknown) else "role outside the template"
            collector.opaque[reason] = None


def _roles_of_arn(template: Template, arn: str) -> Iterator[str]:
    """Roles of the template by the name with which an ARN ends: `…:role/${WorkerRole}`, `…:role/worker`."""
    name = arn.rpartition("/")[2]
    for role in template.of_type("AWS::IAM::Role"):
        declared = [render(found.value) for found in role.get("RoleName")]
        if name == f"${{{role.logical_id}}}" or name in declared:
            yield role.logical_id


def _read_role(template: Template, name: str, collector: _Collector) -> None:
    role = template.resources.get(name)
    if role is not None and role.type != "AWS::IAM::Role":
        collector.opaque["role of another kind"] = None
        return
    if role is not None:
        for policy in role.items("Policies"):
            for document in template.step([policy], "PolicyDocument"):
                collector.document(document, policy.path, "role")
        for arn in role.items("ManagedPolicyArns"):
            collector.managed_arn(arn)
    for attached in template.of_type(*_ATTACHED):
        key = "RoleName" if attached.type == "AWS::IAM::RolePolicy" else "Roles"
        if any(_names_role(template, found.value, name) for found in attached.items(key)):
            collector.resource(attached)


def _names_role(template: Template, value: Value, name: str) -> bool:
    if isinstance(value, Reference):
        return value.logical_id == name
    role = template.resources.get(name)
    declared = [render(found.value) for found in role.get("RoleName")] if role is not None else []
    return render(value) in declared


def _bounded(template: Template, roles: Iterable[str]) -> bool:
    found = (template.resources.get(role) for role in roles)
    return any(role is not None and "PermissionsBoundary" in role.properties for role in found)


def _connectors(template: Template, function: LambdaFunction) -> Iterator[Connector]:
    """The connectors that give the function access: its own, and resources whose source it is."""
    embedded = template.get((*function.resource.path, "Connectors"))
    for name, node in embedded.items() if isinstance(embedded, dict) else ():
        properties = node.get("Properties") if isinstance(node, dict) else None
        path = (*function.resource.path, "Connectors", name)
        yield from _connections(str(name), properties, path)
    for connector in template.of_type("AWS::Serverless::Connector"):
        source = connector.properties.get("Source")
        if any(isinstance(one, dict) and one.get("Id") == function.logical_id for one in _listed(source)):
            yield from _connections(connector.logical_id, connector.properties, connector.path)


def _connections(name: str, properties: object, path: Path) -> Iterator[Connector]:
    given = properties if isinstance(properties, Mapping) else {}
    permissions = tuple(str(one) for one in _listed(given.get("Permissions")))
    for destination in _listed(given.get("Destination")):
        to = destination.get("Id") if isinstance(destination, dict) else None
        yield Connector(name, to if isinstance(to, str) else "", permissions, path)


def _listed(node: object) -> list[Any]:
    return node if isinstance(node, list) else [node]


def _implicit(function: LambdaFunction) -> Iterator[str]:
    """The managed policies that SAM attaches to a role that it makes."""
    yield "AWSLambdaBasicExecutionRole"
    if function.property("Tracing"):
        yield "AWSXRayDaemonWriteAccess"
    if function.property("VpcConfig"):
        yield "AWSLambdaVPCAccessExecutionRole"
    events = function.resource.properties.get("Events")
    sources = events.values() if isinstance(events, dict) else ()
    kinds = {event.get("Type") for event in sources if isinstance(event, dict)}
    yield from (policy for kind, policy in _POLLERS.items() if kind in kinds)
