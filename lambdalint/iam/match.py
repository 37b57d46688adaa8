"""Which grant covers what code needs with the least excess: SAM policy templates, else an exact statement."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lambdalint.iam import actions, policy_templates, targets
from lambdalint.iam.actions import AccessLevel
from lambdalint.iam.policy_templates import PolicyTemplate
from lambdalint.iam.targets import NAME, Expression, Target

# What an action that is granted and not needed costs.
_WEIGHTS = {
    AccessLevel.LIST: 1,
    AccessLevel.READ: 1,
    AccessLevel.TAGGING: 2,
    AccessLevel.WRITE: 3,
    AccessLevel.PERMISSIONS: 8,
}
_EXTRA_TEMPLATE = 2
# The most excess that a template is worth its brevity for: DynamoDBWritePolicy for one PutItem costs 6, for
# DeleteItem alone DynamoDBCrudPolicy costs 14 and two lines of exact statement are better.
_ALLOWED_BASE = 4
_ALLOWED_PER_ACTION = 4


@dataclass(frozen=True)
class Need:
    """An action that code needs on a target. `parts` are what it touches below it: `index`, `:*` (a version
    or alias of a function), `/*` (what lies below a path)."""

    action: str
    target: Target
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class TemplateUse:
    """A policy template with its parameters filled."""

    template: PolicyTemplate
    parameters: tuple[tuple[str, Expression], ...]

    @property
    def name(self) -> str:
        """The template's name."""
        return self.template.name


@dataclass(frozen=True)
class ExactStatement:
    """Actions on resources, as an Allow statement would have them."""

    actions: tuple[str, ...]
    resources: tuple[Expression, ...]


@dataclass(frozen=True)
class Advice:
    """What to grant for the needs on one target.

    `templates` is the best choice of policy templates and empty where an exact statement serves better;
    `statements` is that exact statement, always there. `excess` are the actions that `templates` grant beyond
    the needs; where they are empty, `nearest` are the templates that were turned down, with their excess.
    `complete` is False where something could not be filled in.
    """

    target: Target
    needs: tuple[Need, ...]
    templates: tuple[TemplateUse, ...]
    statements: tuple[ExactStatement, ...]
    excess: tuple[str, ...]
    nearest: tuple[TemplateUse, ...]
    nearest_excess: tuple[str, ...]
    complete: bool


def advise(needs: Iterable[Need]) -> tuple[Advice, ...]:
    """What to grant for all needs: one Advice for each target, in the order in which they come."""
    by_target: dict[Target, dict[Need, None]] = {}
    for need in needs:
        supported = (action := actions.find(need.action)) is not None and action.supports_resources
        target = need.target if supported else targets.NONE
        by_target.setdefault(target, {})[Need(need.action, target, need.parts)] = None
    return tuple(_advise(target, tuple(wanted)) for target, wanted in by_target.items())


def covers(use: TemplateUse, need: Need) -> bool:
    """Whether a filled template grants a need."""
    arns = targets.canonical_arns(need.action, need.target, need.parts)
    return bool(arns) and all(
        any(
            any(actions.matches(pattern, need.action) for pattern in statement.actions)
            and any(_covers_arn(_filled(resource, use, need.target), arn) for resource in statement.resources)
            for statement in use.template.statements
            if not statement.conditional
        )
        for arn in arns
    )


def fill(template: PolicyTemplate, target: Target) -> TemplateUse | None:
    """The template with its parameters filled from a target; None where the target cannot fill them."""
    if not template.parameters:
        return TemplateUse(template, ())
    if len(template.parameters) > 1 or target.slash is None:
        return None
    (parameter,) = template.parameters
    value = target.arn if parameter.endswith("Arn") else target.name
    if parameter.endswith("Arn") and value is None:
        value = _own_arn(target)
    return TemplateUse(template, ((parameter, value),)) if value is not None else None


def _advise(target: Target, needs: tuple[Need, ...]) -> Advice:
    wanted = frozenset(need.action for need in needs)
    statements = exact_statements(needs)
    ranked = sorted(_choices(target, needs), key=lambda choice: _rank(choice, wanted))
    best: tuple[TemplateUse, ...] = ranked[0] if ranked else ()
    worth_it = bool(best) and _is_worth_it(_excess(best, wanted), best, wanted)
    chosen, nearest = (best, ()) if worth_it else ((), best)
    return Advice(
        target=target,
        needs=needs,
        templates=chosen,
        statements=statements or (),
        excess=_excess(chosen, wanted) if chosen else (),
        nearest=nearest,
        nearest_excess=_excess(nearest, wanted) if nearest else (),
        complete=statements is not None and (target.known or target == targets.NONE),
    )


def exact_statements(needs: Sequence[Need]) -> tuple[ExactStatement, ...] | None:
    """The statements that grant exactly the needs, actions with the same resources together; None where a
    resource cannot be written."""
    by_resources: dict[tuple[Expression, ...], dict[str, None]] = {}
    for need in needs:
        arns = targets.canonical_arns(need.action, need.target, need.parts)
        resources = tuple(targets.written(arn, need.target) for arn in arns)
        known = tuple(resource for resource in resources if resource is not None)
        if not known or len(known) != len(resources):
            return None
        by_resources.setdefault(known, {})[need.action] = None
    return tuple(
        ExactStatement(tuple(sorted(wanted)), resources) for resources, wanted in by_resources.items()
    )


def _choices(target: Target, needs: tuple[Need, ...]) -> list[tuple[TemplateUse, ...]]:
    """Every template, and every pair of which both are needed, that covers all needs."""
    covered = {use: _covered(use, needs) for use in _candidates(target, needs)}
    everything = frozenset(needs)
    single = [(use,) for use, part in covered.items() if part == everything]
    pairs = [
        (one, other)
        for (one, part), (other, rest) in itertools.combinations(covered.items(), 2)
        if part != everything and rest != everything and part | rest == everything
    ]
    return [*single, *pairs]


def _candidates(target: Target, needs: tuple[Need, ...]) -> list[TemplateUse]:
    wanted = frozenset(need.action for need in needs)
    found: dict[str, TemplateUse] = {}
    for action in sorted(wanted):
        for template in policy_templates.granting(action):
            if not template.narrows or template.name in found:
                continue
            if template.signature and not template.signature & wanted:
                continue
            use = fill(template, target)
            if use is not None:
                found[template.name] = use
    return list(found.values())


def _covered(use: TemplateUse, needs: Iterable[Need]) -> frozenset[Need]:
    return frozenset(need for need in needs if covers(use, need))


def _excess(choice: Sequence[TemplateUse], wanted: frozenset[str]) -> tuple[str, ...]:
    granted = frozenset(action for use in choice for action in use.template.granted)
    return tuple(sorted(granted - wanted))


def _cost(excess: Iterable[str]) -> int:
    return sum(_WEIGHTS[found.level] for action in excess if (found := actions.find(action)))


def _rank(choice: tuple[TemplateUse, ...], wanted: frozenset[str]) -> tuple[int, int, tuple[str, ...]]:
    cost = _cost(_excess(choice, wanted)) + _EXTRA_TEMPLATE * (len(choice) - 1)
    return cost, len(choice), tuple(use.name for use in choice)


def _is_worth_it(excess: Sequence[str], choice: Sequence[TemplateUse], wanted: frozenset[str]) -> bool:
    if any((found := actions.find(action)) and found.level is AccessLevel.PERMISSIONS for action in excess):
        return False
    cost = _cost(excess) + _EXTRA_TEMPLATE * (len(choice) - 1)
    return cost <= _ALLOWED_BASE + _ALLOWED_PER_ACTION * len(wanted)


def _own_arn(target: Target) -> Expression | None:
    base = targets.canonical_arn(target)
    return targets.written(base, target) if base else None


def _filled(resource: str, use: TemplateUse, target: Target) -> str:
    """A resource of a template in canonical form, so that it can be compared with a need's."""
    for parameter in use.template.parameters:
        value = targets.canonical_arn(target) if parameter.endswith("Arn") else NAME
        resource = resource.replace("${" + parameter + "}", value)
    return resource


def _covers_arn(pattern: str, arn: str) -> bool:
    # Built from formats, which SAM and the reference write alike: that matching folds case is no loss.
    return actions.matches(pattern, arn)
