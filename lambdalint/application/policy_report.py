"""What `lambdalint policy` says of each function, as plain data: what it needs and why, what it has, what is
missing, what could not be seen, and the policies that would serve."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from lambdalint.application.advice import written
from lambdalint.application.feature_grants import ungranted
from lambdalint.application.granted import Grant, Granted
from lambdalint.application.link import Linked
from lambdalint.application.naming import nameable
from lambdalint.application.needs import ANY
from lambdalint.application.patterns import Answer
from lambdalint.application.permissions import Permissions, permissions
from lambdalint.application.policy_blocks import Blocks, blocks, sharing
from lambdalint.application.wording import and_
from lambdalint.iam import actions, match, statements
from lambdalint.iam.match import Need
from lambdalint.iam.targets import NONE, UNKNOWN
from lambdalint.python.unset import chosen_by_variable
from lambdalint.template import edits

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.application.needs import Needed
    from lambdalint.finding import Edit
    from lambdalint.python.calls import AwsCall
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path

SOME = "some resource"
"""Stands for a resource that cannot be told."""

_IMPORT = re.compile(r"\$\{\?([^}]*)\}")

State = Literal["granted", "perhaps", "missing", "not granted", "not in sight"]


@dataclass(frozen=True)
class Place:
    """A place in a file; `name` is what stands there: a call, a policy."""

    name: str
    path: PurePosixPath
    line: int
    column: int


@dataclass(frozen=True)
class NeedRow:
    """A need. `calls` make it, or a `feature` of the function. `state` says whether it is granted, `by` what
    does so, `why` more about the state; `optional` is what the call does without, in a worse way."""

    action: str
    resource: str
    calls: tuple[Place, ...]
    feature: str
    optional: bool
    state: State
    by: tuple[Place, ...]
    why: str


@dataclass(frozen=True)
class GrantRow:
    """A grant in words, where the template has it (None: SAM adds it), and the actions needed that it
    covers."""

    kind: str
    text: str
    place: Place | None
    denies: bool
    conditional: bool
    serves: tuple[str, ...]


@dataclass(frozen=True)
class MissingRow:
    """What is needed and surely not granted. `near` grants it on other resources, `denied` takes it away;
    `grant` says in words what to add."""

    actions: tuple[str, ...]
    resource: str
    calls: tuple[Place, ...]
    feature: str
    near: Place | None
    denied: Place | None
    grant: str


@dataclass(frozen=True, eq=False)
class FunctionPolicy:
    """All that is said of one function. `role` is that of the template, None where SAM makes it or it is
    elsewhere (`blocks.outside`); `reason` says why no code was read.

    `unseen_calls` say why it may need more, each with the services (`*`: any), `unseen_grants` why it may
    have more.
    """

    template: Template
    logical_id: str
    line: int
    handler: str
    reason: str
    needs: tuple[NeedRow, ...]
    grants: tuple[GrantRow, ...]
    missing: tuple[MissingRow, ...]
    unseen_calls: tuple[tuple[str, tuple[str, ...]], ...]
    unseen_grants: tuple[str, ...]
    blocks: Blocks

    @property
    def path(self) -> PurePosixPath:
        """The template's path."""
        return self.template.source.path


def function_policy(application: Application, function: LambdaFunction) -> FunctionPolicy:
    """What there is to say of a function."""
    return _Reader(application, function).read()


def rewrites(found: Iterable[FunctionPolicy]) -> Iterator[tuple[FunctionPolicy, str, Edit | None]]:
    """The edits that put the blocks into the templates, each with what it changes; None where the text does
    not allow it."""
    seen: set[tuple[PurePosixPath, Path]] = set()
    for policy in found:
        for block in policy.blocks.blocks:
            if block.path is None or not block.changed or (policy.path, block.path) in seen:
                continue
            seen.add((policy.path, block.path))
            template, path = policy.template, block.path
            items = [(item.value, item.index, item.same) for item in block.items]
            if block.document is not None:
                listed = [item.value for item in block.items]
                edit = edits.replace_value(template, (*path, "Statement"), listed, drop_comments=True)
            elif template.get(path) is None:
                edit = edits.insert_property(template, path[:-1], str(path[-1]), block.value)
            else:
                edit = edits.replace_items(template, path, items)
            yield policy, f"{block.key} of {block.resource}", edit


class _Reader:
    def __init__(self, application: Application, function: LambdaFunction) -> None:
        self.application = application
        self.function = function
        self.template = function.template
        self.known: Permissions = permissions(application, function)
        self.granted: Granted = self.known.granted

    def read(self) -> FunctionPolicy:
        link = self.application.links[self.function.logical_id]
        found = list(self._missing())
        needs = {need for _, listed in found for need in listed}
        lacking = [need for other in sharing(self.function) for need in _lacking(self.application, other)]
        planned = blocks(self.application, self.function, dict.fromkeys(lacking))
        detail = "" if isinstance(link, Linked) else link.detail
        return FunctionPolicy(
            template=self.template,
            logical_id=self.function.logical_id,
            line=self._line(self.function.resource.path),
            handler=f"{link.path}:{link.attribute}" if isinstance(link, Linked) else "",
            reason="" if isinstance(link, Linked) else f"{link.reason}{f': {detail}' if detail else ''}",
            needs=tuple(self._need(needed, needs) for needed in self.known.needs.needed),
            grants=tuple(self._grants()),
            missing=tuple(row for row, _ in found),
            unseen_calls=self._unseen(),
            unseen_grants=tuple(self._unknown(planned)),
            blocks=planned,
        )

    def _unseen(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        found: dict[str, dict[str, None]] = {}
        for one in self.known.needs.open:
            found.setdefault(one.reason, {}).update(dict.fromkeys(one.prefixes))
        return tuple((why, (ANY,) if ANY in found[why] else tuple(found[why])) for why in found)

    def _unknown(self, planned: Blocks) -> Iterator[str]:
        yield from self.granted.unknown
        if self.granted.bounded:
            yield "a permissions boundary limits it all"

    # -- needs -----------------------------------------------------------------------------------------------

    def _need(self, needed: Needed, missing: set[Need]) -> NeedRow:
        need = needed.need
        state, why = self._state(needed, missing)
        allowing = [grant for grant in self.granted.grants if not grant.denies]
        found = [grant for grant in allowing if self.granted.by(grant, need) is not Answer.NO]
        sure = [grant for grant in found if self.granted.by(grant, need) is Answer.YES]
        by = dict.fromkeys(self._place_of(grant) for grant in sure or found)
        return NeedRow(
            action=need.action,
            resource=_shown(need),
            calls=_sites(needed.calls),
            feature=needed.feature,
            optional=needed.optional,
            state=state,
            by=tuple(by) if state in ("granted", "perhaps") else (),
            why=why,
        )

    def _state(self, needed: Needed, missing: set[Need]) -> tuple[State, str]:
        need = needed.need
        if need in missing or replace(need, parts=()) in missing:
            return "missing", ""
        if self.granted.denied(need) is not None:
            return "not granted", "denied"
        answer = self.granted.answer(need)
        if answer is Answer.YES:
            return "granted", ""
        if answer is Answer.PERHAPS:
            if need.target == UNKNOWN:
                return "perhaps", "which resource it is cannot be told"
            return "perhaps", "a condition, a parameter or a part of the resource decides"
        if not self.granted.complete:
            return "not in sight", ""
        if needed.optional:
            return "not granted", "it works without"
        if needed.feature and not needed.calls:
            return "not granted", ""
        if not needed.certain:
            return "not granted", "it may not be needed"
        if any(need.action == one.needed.need.action for one in self.known.missing):
            return "not granted", "an environment variable decides whether it is called"
        return "not granted", "a policy of the resource may allow it"

    def _place_of(self, grant: Grant) -> Place:
        if grant.path is None:
            return Place(grant.name, self.template.source.path, 0, 0)
        return self._place(grant.path, grant.name)

    # -- grants ----------------------------------------------------------------------------------------------

    def _grants(self) -> Iterator[GrantRow]:
        groups: dict[tuple[object, str], list[Grant]] = {}
        for grant in self.granted.grants:
            groups.setdefault((grant.path, grant.name), []).append(grant)
        needed = [one.need for one in self.known.needs.needed]
        for (_, name), listed in groups.items():
            first = listed[0]
            serves = [
                need.action
                for need in needed
                if any(self.granted.by(grant, need) is not Answer.NO for grant in listed)
            ]
            yield GrantRow(
                kind=first.kind,
                text=self._text(first),
                place=None if first.path is None else self._place(first.path, name),
                denies=first.denies,
                conditional=not all(grant.sure for grant in listed),
                serves=tuple(dict.fromkeys(serves)),
            )

    def _text(self, grant: Grant) -> str:
        if grant.kind == "statement":
            return next(
                self._words(one) for one in self.granted.declared.statements if one.path == grant.path
            )
        if grant.kind == "template":
            use = next(one for one in self.granted.declared.policy_templates if one.path == grant.path)
            return f"{use.name}: {statements.inline(use.parameters)}" if use.parameters else use.name
        return grant.name

    def _words(self, statement: object) -> str:
        from lambdalint.template.grants import Statement

        assert isinstance(statement, Statement)
        inverted = "all but " if statement.not_actions else ""
        listed = [part.text for part in statement.not_actions or statement.actions]
        shown = f"{inverted}{_few(listed)}"
        places = [part.text for part in statement.not_resources or statement.resources]
        besides = "all but " if statement.not_resources else ""
        where = f" on {besides}{_few(places)}" if places else ""
        condition = ", under a condition" if statement.condition is not None else ""
        return f"{'not ' if statement.effect == 'Deny' else ''}{shown}{where}{condition}"

    # -- missing ---------------------------------------------------------------------------------------------

    def _missing(self) -> Iterator[tuple[MissingRow, list[Need]]]:
        groups: dict[tuple[object, ...], list[_Lack]] = {}
        for one in _lacks(self.application, self.function):
            groups.setdefault(one.key, []).append(one)
        for listed in groups.values():
            first = listed[0]
            needs = [one.need for one in listed]
            calls = dict.fromkeys(call for one in listed for call in one.calls)
            row = MissingRow(
                actions=tuple(dict.fromkeys(need.action for need in needs)),
                resource=_shown(first.need),
                calls=_sites(calls),
                feature=first.feature,
                near=self._place_of(first.near) if first.near else None,
                denied=self._place_of(first.deny) if first.deny else None,
                grant="" if first.deny else self._grant(needs),
            )
            yield row, needs

    def _grant(self, needs: Sequence[Need]) -> str:
        role = self.granted.declared.role
        named = [nameable(self.template, role or self.function.logical_id, need) for need in needs]
        sam = self.function.sam and role is None
        return and_(list(dict.fromkeys(written(match.advise(named), sam))))

    # -- places ----------------------------------------------------------------------------------------------

    def _place(self, path: Path, name: str) -> Place:
        source = self.template.source
        position = source.position(self.template.key_span(path).start)
        return Place(name, source.path, position.line, position.column)

    def _line(self, path: Path) -> int:
        return self._place(path, "").line


@dataclass(frozen=True)
class _Lack:
    """A need that is surely not granted."""

    need: Need
    calls: tuple[AwsCall, ...]
    feature: str = ""
    near: Grant | None = None
    deny: Grant | None = None

    @cached_property
    def key(self) -> tuple[object, ...]:
        return (self.feature, self.need.action.partition(":")[0], self.need.target.key, self.near, self.deny)


def _lacks(application: Application, function: LambdaFunction) -> Iterator[_Lack]:
    """What missing-permission and missing-feature-permission are about."""
    handler = application.handler(function)
    for one in permissions(application, function).missing if handler is not None else ():
        assert handler is not None
        call = one.call
        if not chosen_by_variable(
            handler.evaluator, handler.reach, handler.environment, call.module, call.node
        ):
            yield _Lack(one.needed.need, one.needed.certain, near=one.near, deny=one.deny)
    for feature, needs in ungranted(application, function):
        yield from (_Lack(need, (), feature.name) for need in needs)


def _lacking(application: Application, function: LambdaFunction) -> Iterator[Need]:
    yield from (one.need for one in _lacks(application, function) if one.deny is None)


def _sites(calls: Iterable[AwsCall]) -> tuple[Place, ...]:
    found: dict[Place, None] = {}
    for call in calls:
        label = call.module.label(call.node, "")
        position = label.source.position(label.span.start)
        found[Place(call.api, label.source.path, position.line, position.column)] = None
    return tuple(found)


_BELOW = {"index": "its indexes", ":*": "its versions", "/*": "what is below"}


def _shown(need: Need) -> str:
    """What a need is on, in words; empty where it cannot be limited to anything."""
    found = actions.find(need.action)
    if need.target == NONE or (found is not None and not found.supports_resources):
        return ""
    if need.target == UNKNOWN:
        return SOME
    shown = need.target.shown.strip("`")
    shown = f"some {shown[1:-1]}" if shown.startswith("<") else shown
    return " and ".join((shown, *(_BELOW[part] for part in need.parts if part in _BELOW)))


def _few(texts: Sequence[str]) -> str:
    texts = [_IMPORT.sub(r"(\1)", text) for text in texts]
    return ", ".join(texts) if len(texts) <= 4 else f"{', '.join(texts[:3])} and {len(texts) - 3} more"
