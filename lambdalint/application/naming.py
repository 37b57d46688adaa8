"""What a policy of a template can name: resources without circular dependencies, guesses for the reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lambdalint.iam import actions, match, policy_templates, statements, targets, wildcards
from lambdalint.iam.match import Need
from lambdalint.iam.targets import Target
from lambdalint.memo import Memo
from lambdalint.template.dependencies import depends_on
from lambdalint.template.grants import Statement
from lambdalint.template.identity import render
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.template.template import Template

# The property that gives a resource a name of its own.
NAME_PROPERTIES = (
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

# By template: the targets that its resources are, and what a text that speaks of each has in it.
_known: Memo[Template, Sequence[tuple[Target, Sequence[str]]]] = Memo()


def names(resource: str, target: Target) -> bool:
    """Whether a resource of a statement, as text, speaks of a target."""
    return any(sign in resource for sign in _signs(target))


def _signs(target: Target) -> Sequence[str]:
    signs = [f"${{{target.key}}}", f"${{{target.key}."]
    for expression in (target.name, target.arn):
        if expression is None:
            continue
        node = expression.node
        text = node if isinstance(node, str) else f"${{{node['Ref']}}}" if "Ref" in node else ""
        if text:
            signs.append(text)
    return signs


def _targets(template: Template) -> Sequence[tuple[Target, Sequence[str]]]:
    known = _known.get(template)
    if known is None:
        found = (
            targets.of_resource(resource.type, resource.logical_id, resource.properties)
            for resource in template.resources.values()
        )
        known = _known[template] = [(target, _signs(target)) for target in found if target is not None]
    return known


def nameable(template: Template, holder: str, need: Need) -> Need:
    """The need on a target that the policy can name without a circular dependency; a guess or a placeholder,
    which is for reading only, where there is none."""
    target = need.target
    if target.known and target.key in template.resources and depends_on(template, target.key, holder):
        target = _by_own_name(template, target)
    if target.known and target.key in template.resources and _is_conditional(template, target.key):
        target = replace(target, key=f"<{target.key}>")  # for reading: it is not always there to be named
    action = actions.find(need.action)
    if target == targets.UNKNOWN and action is not None:
        target = _guess(template, holder, need.action) if action.needs_resource else targets.NONE
    return replace(need, target=target)


def _is_conditional(template: Template, logical_id: str) -> bool:
    return template.get(("Resources", logical_id, "Condition")) is not None


def _by_own_name(template: Template, target: Target) -> Target:
    resource = template.resources[target.key]
    for key in NAME_PROPERTIES:
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
        for target, _ in _targets(template)
        if target.type == kind and not depends_on(template, target.key, holder)
    ]
    return replace(found[0], key=f"<{found[0].key}>") if len(found) == 1 else targets.placeholder(kind)


def listed(template: Template, statement: Statement) -> Iterator[Need]:
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
    texts = [part.text for part in statement.resources]
    return [
        target
        for target, signs in _targets(template)
        if any(sign in text for text in texts for sign in signs)
    ]


def fitting_templates(template: Template, statement: Statement) -> Iterator[str]:
    """The policy templates that serve what a statement's wildcards are about, the closest first."""
    named = _named(template, statement)
    allowed: dict[str, None] = {}
    for part in statement.actions:
        if _has_wildcard(part.text):
            allowed.update((action.full, None) for action in actions.expand(part.text))
    ranked = sorted(_templates_for(allowed), key=lambda template_: (-len(template_.granted), template_.name))
    for one in ranked[:_LISTED]:
        yield (
            f"`{one.name}`"
            if not one.parameters
            else f"`{_filled(template, str(statement.policy[1]), one, named)}`"
        )


def _has_wildcard(pattern: str) -> bool:
    """Whether the wildcard is behind the service prefix."""
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
