"""What could stand in the place of a policy template or a managed policy: what it is needed for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdalint.application.advice import written
from lambdalint.application.granted import Grant
from lambdalint.application.naming import nameable
from lambdalint.application.needs import ANY, Needed
from lambdalint.application.patterns import Answer
from lambdalint.application.permissions import items, permissions
from lambdalint.application.wording import and_
from lambdalint.finding import Label, Role
from lambdalint.iam import match
from lambdalint.iam.match import Advice
from lambdalint.template.values import Path

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction


# Calls that a finding points at; more say nothing new.
_SHOWN = 3


@dataclass(frozen=True)
class Instead:
    """What an item of the policies of some functions serves, and the grants that would do.

    `served` are the needs that it covers and nothing else surely does; `sure` says that it surely covers all
    of them. `why_open` says why it may serve more.
    """

    served: tuple[Needed, ...]
    advice: tuple[Advice, ...]
    sam: bool
    sure: bool
    linked: bool
    why_open: tuple[str, ...]

    @property
    def closed(self) -> bool:
        """Whether all that it may serve is known."""
        return self.linked and not self.why_open

    @property
    def complete(self) -> bool:
        """Whether the grants can be written in its place as they are."""
        return self.closed and bool(self.advice) and all(one.complete for one in self.advice)

    def policies(self) -> list[dict[str, Any]]:
        """The items of `Policies` that would serve."""
        return items(self.advice, self.sam)

    def labels(self) -> Iterator[Label]:
        """The calls that need it, as far as they help to see why."""
        for needed in self.served[:_SHOWN]:
            for call in needed.calls[:1]:
                yield call.module.label(call.node, f"needs {needed.need.action}", Role.RELATED)

    def text(self) -> str:
        """What to do."""
        if not self.advice:
            if self.closed:
                return "No call within reach of the code needs it: remove it, unless something else uses it."
            return "Name the actions that the function needs, and the resources."
        wanted = list(dict.fromkeys(written(self.advice, self.sam)))
        grant = and_(wanted[:4] + ([f"{len(wanted) - 4} more"] if len(wanted) > 4 else []))
        if self.closed:
            return f"Grant {grant} instead: that is all that the code needs of it."
        why = f" There may be more: {self.why_open[0]}." if self.why_open else ""
        return f"What can be seen to use it needs {grant}.{why}"


def instead(application: Application, functions: Sequence[LambdaFunction], path: Path) -> Instead:
    """What could stand in the place of the policies that the template has at a path."""
    served: dict[object, Needed] = {}
    why_open: dict[str, None] = {}
    sure = linked = sam = True
    for function in functions:
        known = permissions(application, function)
        own = [grant for grant in known.granted.grants if grant.path == path]
        others = [grant for grant in known.granted.grants if grant.path != path and not grant.denies]
        sam = sam and function.sam and known.granted.declared.role is None
        linked = linked and known.needs.linked
        if not own:
            why_open["what it grants is not known"] = None
        why_open.update(dict.fromkeys(known.needs.why_open(_prefixes(own))))
        for needed in known.needs.needed:
            if not needed.calls:
                continue
            found = max((known.granted.by(grant, needed.need) for grant in own), default=Answer.NO)
            if found is Answer.NO:
                continue
            if any(known.granted.by(grant, needed.need) is Answer.YES for grant in others):
                continue
            sure = sure and found is Answer.YES
            served.setdefault(needed.need, needed)
    template = functions[0].template
    advice = match.advise(nameable(template, str(path[1]), needed.need) for needed in served.values())
    return Instead(tuple(served.values()), advice, sam, sure, linked, tuple(why_open))


def _prefixes(grants: Sequence[Grant]) -> frozenset[str]:
    patterns = [pattern for grant in grants for pattern in grant.actions]
    if any(grant.inverted for grant in grants) or "*" in patterns:
        return frozenset({ANY})
    return frozenset(pattern.partition(":")[0] for pattern in patterns)
