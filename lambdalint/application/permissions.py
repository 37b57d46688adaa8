"""For each function: what its code needs and where, what its role grants, what is missing, and the policies
that would serve.

The face of the permission model for rules and commands. `needs` (the code) and `granted` (the template) know
nothing of one another; here they meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lambdalint.application.granted import Grant, Granted, granted
from lambdalint.application.naming import nameable
from lambdalint.application.needs import Needed, Needs, needs
from lambdalint.application.patterns import Answer
from lambdalint.iam import actions, match, statements
from lambdalint.iam.match import Advice, Need
from lambdalint.memo import Memo
from lambdalint.template.resource_policies import has_policy

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.python.calls import AwsCall
    from lambdalint.template.function import LambdaFunction

# Services whose resources are given policies that let a role in without a grant of its own: buckets, keys,
# queues, topics, secrets, and roles by their trust policies. A resource outside the template may have one.
_OUTSIDE = frozenset({"s3", "kms", "sqs", "sns", "secretsmanager", "sts"})


@dataclass(frozen=True)
class Missing:
    """A need that no grant covers. `near` grants the action on other resources; `deny` takes it away."""

    needed: Needed
    near: Grant | None
    deny: Grant | None

    @property
    def call(self) -> AwsCall:
        """The first call that is certain to need it."""
        return self.needed.certain[0]


@dataclass(frozen=True, eq=False)
class Permissions:
    """What a function needs and what it is granted."""

    application: Application
    function: LambdaFunction
    needs: Needs
    granted: Granted

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """The certain needs of the code that the role surely does not cover, and that no policy of a resource
        can; () where the role is not all known."""
        if not self.granted.complete:
            return ()
        return tuple(self._missing())

    def _missing(self) -> Iterator[Missing]:
        for needed in self.needs.needed:
            if not needed.certain or needed.optional:
                continue
            need = needed.need
            answer = self.granted.answer(need)
            if need.parts and all(call.open for call in needed.certain):
                whole = replace(need, parts=())  # it cannot be told which of both the call is about
                answer = max(answer, self.granted.answer(whole))
                need = whole
            if answer is not Answer.NO or self._otherwise(need):
                continue
            deny = self.granted.denied(need)
            near = self.granted.near(need) if deny is None else None
            yield Missing(replace(needed, need=need), near, deny)

    def _otherwise(self, need: Need) -> bool:
        """Whether a policy of the resource itself may allow the need."""
        prefix = need.action.partition(":")[0]
        template = self.function.template
        if need.target.key in template.resources:
            return has_policy(template, need.target.key)
        found = actions.find(need.action)
        return prefix in _OUTSIDE and found is not None and found.supports_resources

    @cached_property
    def advice(self) -> tuple[Advice, ...]:
        """The grants that would serve all needs of the code, by target, with the least excess."""
        holder = self.granted.declared.role or self.function.logical_id
        template = self.function.template
        wanted = [
            nameable(template, holder, needed.need)
            for needed in self.needs.needed
            if needed.calls and not needed.optional
        ]
        return match.advise(wanted)

    def policies(self) -> list[dict[str, Any]]:
        """The items of `Policies` that would serve, as template data: policy templates where SAM makes the
        role, else and for what they do not serve one document of exact statements."""
        return items(self.advice, self.function.sam and self.granted.declared.role is None)

    def unwritten(self) -> tuple[Need, ...]:
        """The needs whose resources `policies` cannot name."""
        return tuple(need for advice in self.advice if not advice.complete for need in advice.needs)


def items(advice: Iterable[Advice], sam: bool) -> list[dict[str, Any]]:
    """Advice as items of `Policies`: policy templates where they can stand, one document for the rest."""
    found: list[dict[str, Any]] = []
    exact: list[match.ExactStatement] = []
    for one in advice:
        if sam and one.templates:
            entries = [statements.entry(use) for use in one.templates]
            found.extend(entry for entry in entries if entry not in found)
        else:
            exact.extend(one.statements)
    return [*found, statements.document(exact)] if exact else found


_known: Memo[LambdaFunction, Permissions] = Memo()


def permissions(application: Application, function: LambdaFunction) -> Permissions:
    """What a function needs and is granted. Computed once for each function."""
    if function not in _known:
        _known[function] = Permissions(application, function, needs(application, function), granted(function))
    return _known[function]
