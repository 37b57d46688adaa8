"""What to write instead of a policy statement: what the code needs, granted with the least excess."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from lambdalint.application.needs import ANY, Needed, Needs, needs
from lambdalint.iam import actions, match, policy_templates, statements, targets, wildcards
from lambdalint.iam.match import Advice, ExactStatement, Need
from lambdalint.iam.targets import Expression, Target
from lambdalint.template.dependencies import depends_on
from lambdalint.template.grants import Grants, Statement, grants
from lambdalint.template.identity import render
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template

BASIC = "AWSLambdaBasicExecutionRole"
VPC = "AWSLambdaVPCAccessExecutionRole"
# A policy that named the function's own log group would make role and function wait for one another.
_OWN_LOGS = ExactStatement(
    tuple(sorted(wildcards.LOGGING)),
    (
        Expression.of(
            {
                "Fn::Sub": (
                    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/*"
                )
            }
        ),
    ),
)
# What AWS managed policies for functions grant, as far as it is a need that Lambda itself has.
# https://docs.aws.amazon.com/lambda/latest/dg/permissions-executionrole.html#permissions-executionrole-features
_MANAGED: dict[str, tuple[str, ...]] = {
    BASIC: ("logs:",),
    VPC: ("logs:", "ec2:"),
    "AWSLambdaSQSQueueExecutionRole": ("logs:", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAtt"),
    "AWSLambdaKinesisExecutionRole": ("logs:", "kinesis:"),
    "AWSLambdaDynamoDBExecutionRole": ("logs:", "dynamodb:"),
    "AWSLambdaMSKExecutionRole": ("logs:", "ec2:", "kafka:"),
    "AWSXRayDaemonWriteAccess": ("xray:",),
    "AWSXrayWriteOnlyAccess": ("xray:",),
    "CloudWatchLogsFullAccess": ("logs:",),
}
_NAME_PROPERTIES = (
    "TableName",
    "BucketName",
    "QueueName",
    "TopicName",
    "FunctionName",
    "StateMachineName",
    "DeliveryStreamName",
    "Name",
)
_LISTED = 4

Basis = Literal["calls", "actions", "nothing"]


@dataclass(frozen=True)
class Replacement:
    """What can stand in place of a statement.

    `advice` grants the needs, by target. Its `basis` are the calls of the code that the statement serves, for
    want of these the actions that it lists, or nothing. `logging` and `network` say that Lambda itself needs
    it for logs or network interfaces; `fitting` are the policy templates of its services. `sam` says whether
    policy templates can stand there. `linked` says whether the code of all functions was read, `why_open` why
    there may be more needs.
    """

    needed: tuple[Needed, ...]
    advice: tuple[Advice, ...]
    basis: Basis
    logging: bool
    network: bool
    fitting: tuple[str, ...]
    sam: bool
    linked: bool
    why_open: tuple[str, ...]

    @property
    def closed(self) -> bool:
        """Whether every need that the statement serves is known."""
        return self.linked and not self.why_open

    @property
    def complete(self) -> bool:
        """Whether it can be written in place of the statement as it is."""
        return (
            self.closed
            and self.basis == "calls"
            and not self.network
            and bool(self.advice or self.logging)
            and all(advice.complete for advice in self.advice)
        )

    def policies(self) -> list[dict[str, Any]]:
        """The items of a SAM function's `Policies` that replace the statement: policy templates, then one
        document for what they do not serve."""
        items: list[dict[str, Any]] = []
        for advice in self.advice:
            for use in advice.templates:
                if statements.entry(use) not in items:
                    items.append(statements.entry(use))
        exact = [one for advice in self.advice if not advice.templates for one in advice.statements]
        return [*items, statements.document(exact)] if exact else items

    def exact(self, sid: str | None = None, condition: object = None) -> list[dict[str, Any]]:
        """The statements that replace the statement in a policy document; the first keeps its Sid."""
        found = [one for advice in self.advice for one in advice.statements]
        found.extend([_OWN_LOGS] if self.logging else [])
        return [
            statements.statement(one, sid if position == 0 else None, condition)
            for position, one in enumerate(found)
        ]

    def text(self) -> str:
        """What to do, in a few sentences."""
        wanted = list(dict.fromkeys((*self._managed(), *self._written())))
        if not wanted:
            return self._without_advice()
        more = len(wanted) - _LISTED
        grant = and_([*wanted[:_LISTED], *([f"{more} more"] if more > 0 else [])])
        if self.basis == "actions":
            lead = f"Limit it to what the function uses: {grant}."
        elif self.closed:
            lead = f"Grant {grant} instead: that is all that its code and triggers need."
        else:
            lead = f"What can be seen to use it needs {grant}."
        return " ".join((lead, *self._caveats()))

    def _managed(self) -> Iterator[str]:
        if self.network:
            yield f"the managed policy `{VPC}`"
        elif self.logging:
            yield f"the managed policy `{BASIC}`"

    def _written(self) -> Iterator[str]:
        for advice in self.advice:
            if self.sam and advice.templates:
                yield from (f"`{statements.written_template(use)}`" for use in advice.templates)
                continue
            for exact in advice.statements:
                resources = and_([f"`{_shown(resource)}`" for resource in exact.resources])
                yield f"{and_([f'`{action}`' for action in exact.actions])} on {resources}"
            if not advice.statements:
                wanted = sorted({need.action for need in advice.needs})
                yield f"{and_([f'`{action}`' for action in wanted])} on the resources that they act on"

    def _caveats(self) -> Iterator[str]:
        for advice in self.advice:
            if self.sam and advice.nearest:
                names = and_([f"`{use.name}`" for use in advice.nearest])
                verb = "grants" if len(advice.nearest) == 1 else "grant"
                yield f"({names} also {verb} {some(advice.nearest_excess)}.)"
        if self.basis == "calls" and self.why_open:
            yield f"There may be more: {self.why_open[0]}."

    def _without_advice(self) -> str:
        if self.fitting:
            return f"Name what the function needs. SAM policy templates that fit: {or_(self.fitting)}."
        if self.closed:
            return (
                "No call within reach of the code needs it: remove it, unless something else uses the role."
            )
        return "Name the actions that the function needs, and the resources."


def replacement(
    application: Application, statement: Statement, functions: Sequence[LambdaFunction]
) -> Replacement:
    """What can stand in place of a statement that the roles of some functions of one template carry."""
    template = functions[0].template
    patterns = tuple(part.text for part in statement.actions)
    sam = statement.owner == "function"
    found = [needs(application, function) for function in functions]
    served = _served(statement, functions, found, sam)
    own = [needed.need.action for needed in served if _is_own(needed)]
    wanted = [needed.need for needed in served if not _is_own(needed)]
    prefixes = {pattern.partition(":")[0] for pattern in patterns} or {ANY}
    why_open = tuple(dict.fromkeys(reason for one in found for reason in one.why_open(prefixes)))
    if any(":accesspoint/" in part.text for part in statement.resources):
        why_open = (*why_open, "an access point can stand for a bucket")
    why_open = (*why_open, *(f"{name} uses the role too" for name in _other_users(statement, functions)))
    linked = all(one.linked for one in found)
    closed = linked and not why_open
    basis: Basis = "calls" if served else "nothing"
    if not served and not closed:
        wanted = list(_listed(template, statement))
        basis = "actions" if wanted else "nothing"
    holder = str(statement.policy[1])
    advice = match.advise(_nameable(template, holder, need) for need in wanted)
    return Replacement(
        needed=served,
        advice=advice,
        basis=basis,
        logging=any(action.startswith("logs:") for action in own),
        network=any(action.startswith("ec2:") for action in own),
        fitting=tuple(_fitting(template, statement)) if sam and basis == "nothing" and not closed else (),
        sam=sam,
        linked=linked,
        why_open=why_open,
    )


def and_(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return _joined(words, "and")


def or_(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return _joined(words, "or")


def some(words: Sequence[str]) -> str:
    """The first few in backquotes, and how many more there are."""
    quoted = [f"`{word}`" for word in words]
    if len(quoted) <= _LISTED:
        return and_(quoted)
    return and_([*quoted[: _LISTED - 1], f"{len(quoted) - _LISTED + 1} more"])


def _shown(resource: Expression) -> str:
    return resource.literal or statements.inline(resource.node)


def _joined(words: Sequence[str], last: str) -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


# -- which needs a statement serves --------------------------------------------------------------------------


def _served(
    statement: Statement, functions: Sequence[LambdaFunction], found: Sequence[Needs], sam: bool
) -> tuple[Needed, ...]:
    patterns = tuple(part.text for part in statement.actions)
    excluded = tuple(part.text for part in statement.not_actions)
    served: dict[Need, Needed] = {}
    for function, of_function in zip(functions, found, strict=True):
        granted = grants(function.template, function)
        for needed in of_function.needed:
            if sam and not needed.calls:
                continue  # SAM grants what the function's own features need
            action = needed.need.action
            if wildcards.covered(excluded, action) if excluded else not wildcards.covered(patterns, action):
                continue
            if _reaches(statement, needed.need) and not _granted_elsewhere(granted, statement, needed):
                served.setdefault(needed.need, needed)
    return tuple(served.values())


def _is_own(needed: Needed) -> bool:
    """Whether it is Lambda's own need for logs or network interfaces."""
    action = needed.need.action
    return not needed.calls and (action in wildcards.LOGGING or action in wildcards.NETWORK_INTERFACES)


def _reaches(statement: Statement, need: Need) -> bool:
    """Whether a statement's resources can hold the target of a need."""
    if not statement.resources or not need.target.known:
        return True
    return any(_holds(part.text, need) for part in statement.resources)


def _holds(resource: str, need: Need) -> bool:
    action = actions.find(need.action)
    if action is None or wildcards.is_wide(resource, action) or resource == "*":
        return True
    return _names(resource, need.target)


def _names(resource: str, target: Target) -> bool:
    """Whether a resource of a statement, as text, speaks of a target."""
    if f"${{{target.key}}}" in resource or f"${{{target.key}." in resource:
        return True
    for expression in (target.name, target.arn):
        if expression is None:
            continue
        node = expression.node
        text = node if isinstance(node, str) else f"${{{node['Ref']}}}" if "Ref" in node else ""
        if text and text in resource:
            return True
    return False


def _granted_elsewhere(granted: Grants, statement: Statement, needed: Needed) -> bool:
    need = needed.need
    for managed in granted.managed:
        served = _MANAGED.get(managed.name.rpartition("/")[2], ())
        if not needed.calls and need.action.startswith(served) and served:
            return True
    if not need.target.known and needed.calls:
        return False
    for use in granted.policy_templates:
        template = policy_templates.find(use.name)
        given = [Expression.of(value) for value in use.parameters.values() if _is_data(value)]
        if (
            template is not None
            and need.action in template.granted
            and not use.conditions
            and (need.target.name in given or need.target.arn in given)
        ):
            return True
    return any(
        other.path != statement.path
        and other.allows
        and other.condition is None
        and not other.conditions
        and wildcards.covered(tuple(part.text for part in other.actions), need.action)
        and any(_grants_on(part.text, need) for part in other.resources)
        for other in granted.statements
    )


def _grants_on(resource: str, need: Need) -> bool:
    """Whether another statement's resource grants the need without being the next wildcard."""
    action = actions.find(need.action)
    if action is None:
        return False
    if need.action in wildcards.LOGGING:
        return ":logs:" in resource and not wildcards.is_wide(resource, action)
    if not action.needs_resource:
        return resource == "*"
    return need.target.known and not wildcards.is_wide(resource, action) and _names(resource, need.target)


def _is_data(value: object) -> bool:
    return isinstance(value, (str, dict))


def _other_users(statement: Statement, functions: Sequence[LambdaFunction]) -> Iterator[str]:
    """What else than the functions gets the role or policy that holds a statement, if it stands alone."""
    template = functions[0].template
    if statement.owner == "function":
        return
    carriers = {str(statement.policy[1])}
    roles = {granted.role for function in functions if (granted := grants(template, function)).role}
    carriers.update(role for role in roles if role)
    own = {function.logical_id for function in functions}
    for carrier in sorted(carriers):
        for path in template.references(carrier):
            name = str(path[1]) if len(path) > 1 else ""
            resource = template.resources.get(name) if path[0] == "Resources" else None
            if resource is not None and name not in own and not resource.type.startswith("AWS::IAM::"):
                yield name
            elif path[0] == "Outputs" and "Export" in (template.get(path[:2]) or {}):
                yield f"whoever imports {name}"


# -- what a policy can name ----------------------------------------------------------------------------------


def _nameable(template: Template, holder: str, need: Need) -> Need:
    """The need on a target that the policy can name without a circular dependency; a guess or a placeholder,
    which is for reading only, where there is none."""
    target = need.target
    if target.known and target.key in template.resources and depends_on(template, target.key, holder):
        target = _by_own_name(template, target)
    action = actions.find(need.action)
    if target == targets.UNKNOWN and action is not None:
        target = _guess(template, holder, need.action) if action.needs_resource else targets.NONE
    return replace(need, target=target)


def _by_own_name(template: Template, target: Target) -> Target:
    resource = template.resources[target.key]
    for key in _NAME_PROPERTIES:
        for found in resource.get(key):
            if isinstance(found.value, Known) and isinstance(found.value.value, str) and target.type:
                return targets.of_text(str(found.value.value), target.type)
            if found.parameter and target.type and isinstance(template.get(found.path), dict):
                shown = f"`{found.parameter}`"
                return targets.of_expression(
                    template.get(found.path), target.type, False, shown, render(found.value)
                )
    return targets.UNKNOWN


def _guess(template: Template, holder: str, action: str) -> Target:
    """The only resource of the template that the action can be on and the policy can name, else a
    placeholder; neither counts as known."""
    kind = targets.main_type(action)
    if kind is None:
        return targets.UNKNOWN
    if kind.endswith(":role"):  # the only role is mostly the function's own, not the one that it hands on
        return targets.placeholder(kind)
    found = [
        target
        for resource in template.resources.values()
        if (target := targets.of_resource(resource.type, resource.logical_id, resource.properties))
        and target.type == kind
        and not depends_on(template, resource.logical_id, holder)
    ]
    return replace(found[0], key=f"<{found[0].key}>") if len(found) == 1 else targets.placeholder(kind)


def _listed(template: Template, statement: Statement) -> Iterator[Need]:
    """The actions of a statement that has no wildcard among them, as needs on the resource that it names."""
    if any(actions.has_wildcard(part.text) for part in statement.actions):
        return
    named = _named(template, statement)
    for part in statement.actions:
        action = actions.find(part.text)
        if action is None or action.full in wildcards.LOGGING:
            continue
        kind = _kind(statement, action) or targets.main_type(action.full)
        known = [target for target in named if target.type == kind]
        if len(known) == 1:
            yield Need(action.full, known[0])
        elif kind != targets.main_type(action.full) and kind is not None:
            yield Need(action.full, targets.placeholder(kind))
        else:
            yield Need(action.full, targets.UNKNOWN)


def _kind(statement: Statement, action: actions.Action) -> str | None:
    """The type of resource that a statement's ARN with a star limits the action to: `transform-job/*`."""
    for part in statement.resources:
        kinds = [
            kind
            for kind in action.resource_types
            if wildcards.is_wide(part.text, replace(action, resource_types=(kind,)))
        ]
        if len(kinds) == 1:
            return f"{action.prefix}:{kinds[0].name}"
    return None


def _named(template: Template, statement: Statement) -> list[Target]:
    """The resources of the template that a statement's resources speak of."""
    found: dict[str, Target] = {}
    for logical_id, resource in template.resources.items():
        target = targets.of_resource(resource.type, logical_id, resource.properties)
        if target is not None and any(_names(part.text, target) for part in statement.resources):
            found[logical_id] = target
    return list(found.values())


def _fitting(template: Template, statement: Statement) -> Iterator[str]:
    """The policy templates that serve what a statement's wildcards are about, the closest first."""
    named = _named(template, statement)
    allowed: dict[str, None] = {}
    for part in statement.actions:
        if wildcards_in(part.text):
            allowed.update((action.full, None) for action in actions.expand(part.text))
    ranked = sorted(_templates_for(allowed), key=lambda template_: (-len(template_.granted), template_.name))
    for one in ranked[:_LISTED]:
        yield (
            f"`{one.name}`"
            if not one.parameters
            else f"`{_filled(template, str(statement.policy[1]), one, named)}`"
        )


def wildcards_in(pattern: str) -> bool:
    """Whether an action pattern has a wildcard behind its service prefix."""
    return actions.has_wildcard(pattern) and ":" in pattern


def _templates_for(allowed: Iterable[str]) -> Iterator[policy_templates.PolicyTemplate]:
    granted = frozenset(allowed)
    services = frozenset(action.partition(":")[0] for action in granted)
    for template in policy_templates.templates().values():
        if not template.services <= services:
            continue
        usable = template.scoped and template.narrows and not template.signature
        if usable and template.granted and template.granted <= granted:
            yield template


def _filled(
    template: Template, holder: str, one: policy_templates.PolicyTemplate, named: Sequence[Target]
) -> str:
    action = sorted(one.granted)[0]
    kind = targets.main_type(action)
    known = [target for target in named if target.type == kind]
    target = known[0] if len(known) == 1 else _guess(template, holder, action)
    use = match.fill(one, target)
    return statements.written_template(use) if use is not None else one.name
