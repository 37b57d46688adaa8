"""What to write instead of a policy statement: what the code needs, granted with the least excess."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lambdalint.application.naming import fitting_templates, listed, nameable
from lambdalint.application.needs import ANY, Needed, needs
from lambdalint.application.serving import is_own, other_users, served_by
from lambdalint.application.wording import and_, or_, some
from lambdalint.iam import actions, match, statements, targets, wildcards
from lambdalint.iam.match import Advice, ExactStatement, Need
from lambdalint.iam.targets import NONE, UNKNOWN, Expression

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.grants import Statement
    from lambdalint.template.template import Template

BASIC = "AWSLambdaBasicExecutionRole"
MSK = "AWSLambdaMSKExecutionRole"
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
_LISTED = 4

Basis = Literal["calls", "actions", "nothing"]
Anywhere = Literal["none", "told", "all"]


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
        return " ".join((lead, *dict.fromkeys(self._caveats())))

    def _managed(self) -> Iterator[str]:
        if self.network:
            yield f"the managed policy `{VPC}`"
        elif self.logging:
            yield f"the managed policy `{BASIC}`"

    def _written(self) -> Iterator[str]:
        return written(self.advice, self.sam)

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


def written(found: Sequence[Advice], sam: bool) -> Iterator[str]:
    """What to grant, in words: policy templates where they can stand, else exact statements."""
    for advice in found:
        if sam and advice.templates:
            yield from (f"`{statements.written_template(use)}`" for use in advice.templates)
            continue
        for exact in advice.statements:
            resources = and_([f"`{_shown(resource)}`" for resource in exact.resources])
            yield f"{and_([f'`{action}`' for action in exact.actions])} on {resources}"
        if not advice.statements:
            wanted = sorted({need.action for need in advice.needs})
            yield f"{and_([f'`{action}`' for action in wanted])} on the resources that they act on"


def replacement(
    application: Application,
    statement: Statement,
    functions: Sequence[LambdaFunction],
    anywhere: Anywhere = "none",
    told: Sequence[Need] = (),
) -> Replacement:
    """What can stand in place of a statement that the roles of some functions of one template carry.

    `anywhere` says which calls on resources that are not known keep the statement's star: none, those that
    the event or an answer of AWS tells the resource, or all. `told` are needs that are likely where code may
    be hidden.
    """
    template = functions[0].template
    patterns = tuple(part.text for part in statement.actions)
    sam = statement.owner == "function"
    found = [needs(application, function) for function in functions]
    served = served_by(statement, functions, found, sam)
    own = [needed.need.action for needed in served if is_own(needed)]
    wanted = list(_wanted(template, statement, served, anywhere))
    prefixes = {pattern.partition(":")[0] for pattern in patterns} or {ANY}
    why_open = tuple(dict.fromkeys(reason for one in found for reason in one.why_open(prefixes)))
    if any(":accesspoint/" in part.text for part in statement.resources):
        why_open = (*why_open, "an access point can stand for a bucket")
    why_open = (*why_open, *(f"{name} uses the role too" for name in other_users(statement, functions)))
    linked = all(one.linked for one in found)
    closed = linked and not why_open
    basis: Basis = "calls" if served else "nothing"
    if not closed:
        seen = {need.action for need in wanted}
        wanted.extend(need for need in told if need.action not in seen)
    if not served and not closed:
        likely = {need.action for need in wanted}
        wanted.extend(need for need in listed(template, statement) if need.action not in likely)
        basis = "actions" if wanted else "nothing"
    fits = sam and basis == "nothing" and not closed
    holder = str(statement.policy[1])
    advice = match.advise(nameable(template, holder, need) for need in wanted)
    return Replacement(
        needed=served,
        advice=advice,
        basis=basis,
        logging=any(action.startswith("logs:") for action in own),
        network=any(action.startswith("ec2:") for action in own),
        fitting=tuple(fitting_templates(template, statement)) if fits else (),
        sam=sam,
        linked=linked,
        why_open=why_open,
    )


def _wanted(
    template: Template, statement: Statement, served: Sequence[Needed], anywhere: Anywhere
) -> Iterator[Need]:
    """The needs of the code; those for which the star stays, on the resources that the statement has."""
    needs_ = [needed for needed in served if not is_own(needed)]
    starred = dict.fromkeys(needed.need.action for needed in needs_ if _keeps_star(needed, anywhere))
    for action in starred:
        found = actions.find(action)
        parts = [part for part in statement.resources if found and wildcards.is_wide(part.text, found)]
        yield from (Need(action, targets.anything(template.get(part.path))) for part in parts)
        if not parts:
            yield Need(action, NONE)
    yield from (needed.need for needed in needs_ if needed.need.action not in starred)


def _keeps_star(needed: Needed, anywhere: Anywhere) -> bool:
    from lambdalint.python.symbols import Response

    if needed.need.target not in (UNKNOWN, NONE) or not needed.calls or anywhere == "none":
        return False
    return anywhere == "all" or all(
        call.target.kind == "event" or isinstance(call.target.symbol, Response) for call in needed.calls
    )


def _shown(resource: Expression) -> str:
    return resource.literal or statements.inline(resource.node)
