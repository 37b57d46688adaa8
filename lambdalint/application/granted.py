"""What a function's role grants, from wherever, as one list: statements, SAM policy templates and managed
policies spelled out, connectors, what SAM adds by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lambdalint.application.patterns import Answer, Patterns, patterns
from lambdalint.iam import connectors, managed, policy_templates, wildcards
from lambdalint.iam.match import Need
from lambdalint.memo import Memo
from lambdalint.template.function import DESTINATIONS
from lambdalint.template.grants import Connector, Grants, ManagedGrant, Statement, TemplateGrant, grants
from lambdalint.template.values import Path

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction

Kind = Literal["statement", "template", "managed", "connector", "implicit"]

_QUEUE_OR_TOPIC = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}


@dataclass(frozen=True)
class Grant:
    """Actions that a role has on resources, texts as `Patterns` has them.

    `name` is that of the policy template, managed policy or connector; `path` where the template has it, None
    for what SAM adds. `denies` takes away instead. `inverted` says that it is about all actions but
    `actions`. `sure` is False where a Condition, a branch of the template or an unreadable part limits it.
    """

    kind: Kind
    name: str
    path: Path | None
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    denies: bool = False
    inverted: bool = False
    sure: bool = True


@dataclass(frozen=True)
class Granted:
    """All that a role grants. `unknown` says why it may grant more: empty where all of it is in `grants`.

    `bounded` says that a permissions boundary limits it all. `declared` is the same as it is written.
    """

    grants: tuple[Grant, ...]
    unknown: tuple[str, ...]
    bounded: bool
    declared: Grants
    _patterns: Patterns

    @property
    def complete(self) -> bool:
        """Whether all that the role grants is known."""
        return not self.unknown

    def answer(self, need: Need) -> Answer:
        """Whether the role allows a need: YES and NO are certain, as far as `complete`."""
        if self.denied(need) is not None:
            return Answer.NO
        allowing = [one for one in self.grants if not one.denies and self.concerns(one, need.action)]
        return min(
            max((self._by(grant, need, atom) for grant in allowing), default=Answer.NO)
            for atom in self._atoms(need)
        )

    def denied(self, need: Need) -> Grant | None:
        """The Deny that surely takes a need away."""
        for grant in self.grants:
            if grant.denies and self.by(grant, need) is Answer.YES:
                return grant
        return None

    def by(self, grant: Grant, need: Need) -> Answer:
        """Whether one grant covers a need, or at least a part of it: then PERHAPS."""
        if not self.concerns(grant, need.action):
            return Answer.NO
        found = [self._by(grant, need, atom) for atom in self._atoms(need)]
        return min(found) if min(found) is not Answer.NO else min(max(found), Answer.PERHAPS)

    def _atoms(self, need: Need) -> tuple[str | None, ...]:
        found = self._patterns.atoms(need.action, need.target, need.parts)
        if "index" not in need.parts:
            return found
        # A query of an index is authorized against the index alone:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-identity-based-policies.html
        return tuple(atom for atom in found if atom is not None and "/index/" in atom) or found

    def _by(self, grant: Grant, need: Need, atom: str | None) -> Answer:
        texts = grant.resources
        found = max(
            (self._patterns.covers(text, atom, need.target) for text in texts), default=Answer.PERHAPS
        )
        if found is Answer.NO and not need.parts and self._is_mistyped(grant, need):
            return Answer.PERHAPS
        return min(found, Answer.YES if grant.sure else Answer.PERHAPS)

    def concerns(self, grant: Grant, action: str) -> bool:
        """Whether a grant is about an action, on whatever resources."""
        return wildcards.covered(grant.actions, action) is not grant.inverted

    def near(self, need: Need) -> Grant | None:
        """A grant of the action that is certain to be on other resources."""
        for grant in self.grants:
            if grant.path is not None and not grant.denies and self.concerns(grant, need.action):
                return grant
        return None

    def _is_mistyped(self, grant: Grant, need: Need) -> bool:
        """Whether the grant names the resource by an ARN of another kind: the bucket without its objects."""
        return any(self._patterns.names(text, need.target) for text in grant.resources)


_known: Memo[LambdaFunction, Granted] = Memo()


def granted(function: LambdaFunction) -> Granted:
    """What a function's role grants. Computed once for each function."""
    if function not in _known:
        _known[function] = _Reader(function).read()
    return _known[function]


class _Reader:
    def __init__(self, function: LambdaFunction) -> None:
        self.function = function
        self.template = function.template
        self.patterns = patterns(function.template)
        self.unknown: dict[str, None] = dict.fromkeys(self.template.incomplete)

    def read(self) -> Granted:
        declared = grants(self.template, self.function)
        self.unknown.update(dict.fromkeys(declared.opaque))
        found = (
            *(self.statement(one) for one in declared.statements),
            *(grant for one in declared.policy_templates for grant in self.policy_template(one)),
            *(grant for one in declared.managed for grant in self.managed(one)),
            *(grant for one in declared.connectors for grant in self.connector(one)),
            *(grant for name in declared.implicit for grant in self.managed_policy(name, None)),
            *(self.added() if declared.implicit else ()),
        )
        return Granted(found, tuple(self.unknown), declared.boundary, declared, self.patterns)

    def statement(self, statement: Statement) -> Grant:
        """A statement of a policy document. Its resources are read again, so that parameters stay apart from
        their default values."""
        inverted = bool(statement.not_actions)
        parts = statement.not_actions if inverted else statement.actions
        resources = tuple(self.patterns.text(self.template.get(part.path)) for part in statement.resources)
        sure = (
            statement.whole
            and not statement.conditions
            and statement.condition is None
            and not statement.not_resources
            and statement.effect in ("Allow", "Deny")
            and not any("${" in part.text for part in parts)
        )
        return Grant(
            kind="statement",
            name="",
            path=statement.path,
            actions=tuple("*" if "${" in part.text else part.text for part in parts),
            resources=() if statement.not_resources else resources,
            denies=statement.effect == "Deny",
            inverted=inverted,
            sure=sure,
        )

    def policy_template(self, use: TemplateGrant) -> Iterator[Grant]:
        """The statements of a SAM policy template with its parameters filled."""
        template = policy_templates.find(use.name)
        if template is None:
            self.unknown[f"policy template {use.name}"] = None
            return
        given = {name: self.patterns.text(node) for name, node in use.parameters.items()}
        for statement in template.statements:
            resources = tuple(
                self.patterns.text({"Fn::Sub": text}, bindings=given) for text in statement.resources
            )
            filled = set(template.parameters) <= set(given)
            sure = filled and not statement.conditional and not use.conditions
            yield Grant("template", use.name, use.path, statement.actions, resources, sure=sure)

    def managed(self, use: ManagedGrant) -> Iterator[Grant]:
        """The statements of a managed policy that a role or `Policies` names."""
        name = managed.policy_name(use.name.replace("${AWS::Partition}", "aws"))
        if name is None:
            self.unknown["a managed policy outside the template"] = None
        else:
            yield from self.managed_policy(name, use.path, sure=not use.conditions)

    def managed_policy(self, name: str, path: Path | None, sure: bool = True) -> Iterator[Grant]:
        """The statements of a managed policy of AWS."""
        found = managed.statements(name)
        if found is None:
            self.unknown[f"what the managed policy {name} grants"] = None
            return
        for one in found:
            yield Grant(
                kind="managed" if path else "implicit",
                name=name,
                path=path,
                actions=one.actions,
                resources=one.resources,
                denies=not one.allows,
                inverted=one.inverted,
                sure=sure and not one.conditional,
            )

    def connector(self, connector: Connector) -> Iterator[Grant]:
        """What a connector from the function to a resource grants."""
        resource = self.template.resources.get(connector.destination)
        found = connectors.statements(resource.type, connector.permissions) if resource else None
        if resource is None or found is None:
            self.unknown[f"the connector {connector.name}"] = None
            return
        arn = self.patterns.arn(resource)
        for one in found:
            texts = tuple(
                self.patterns.text(
                    {"Fn::Sub": text.replace(connectors.DESTINATION, "${Destination}")},
                    bindings={"Destination": arn},
                )
                for text in one.resources
            )
            yield Grant("connector", connector.name, connector.path, one.actions, texts)

    def added(self) -> Iterator[Grant]:
        """The statements that SAM writes for a dead-letter queue and for destinations."""
        for place in DESTINATIONS:
            for outcome in self.function.property(*place):
                text = self.patterns.text(self.template.get(outcome.path))
                service = text.split(":")[2] if text.count(":") >= 5 else ""
                wanted = (_QUEUE_OR_TOPIC[service],) if service in _QUEUE_OR_TOPIC else ()
                every = ("sqs:SendMessage", "sns:Publish", "lambda:InvokeFunction", "events:PutEvents")
                yield Grant("implicit", place[-2], None, wanted or every, (text,), sure=bool(wanted))
