"""The policies that would serve functions, in the place of those that the template gives them.

What is right stays as it is written. What may be needed by code that cannot be seen stays too; so does what
cannot be read. Of the rest, statements are cut down to the actions that are needed, or give way to grants on
the very resources, so that nothing that works today is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lambdalint.application.granted import Grant
from lambdalint.application.naming import nameable
from lambdalint.application.patterns import Answer
from lambdalint.application.permissions import Permissions, permissions
from lambdalint.application.serving import other_users
from lambdalint.application.wide import wide
from lambdalint.iam import actions, managed_policies, match, statements
from lambdalint.iam.actions import AccessLevel
from lambdalint.iam.match import Advice, ExactStatement, Need
from lambdalint.template.grants import Statement

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.application.needs import Needed
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path

# Managed policies that are made for what Lambda itself does with a role, by the service that each adds.
_FEATURES = {
    "AWSLambdaBasicExecutionRole": "logs",
    "AWSLambdaVPCAccessExecutionRole": "ec2",
    "AWSLambdaSQSQueueExecutionRole": "sqs",
    "AWSLambdaKinesisExecutionRole": "kinesis",
    "AWSLambdaDynamoDBExecutionRole": "dynamodb",
    "AWSXRayDaemonWriteAccess": "xray",
    "AWSXrayWriteOnlyAccess": "xray",
}
_OPEN = "more may need it"
_UNUSED = "no call in sight needs it, so that it may be able to go"


@dataclass(frozen=True)
class Item:
    """An item of a block. `index` is the place of the item that it stands for, None for a new one; `same`
    says that it is that item as it is, and `why` why it has to stay although nothing in sight needs it."""

    value: Any
    index: int | None = None
    same: bool = False
    why: str = ""


@dataclass(frozen=True)
class Block:
    """What a property (`key`) should be: `Policies` of a function or role, `ManagedPolicyArns`, or
    `PolicyDocument`.

    `items` are those of the list, or of the document's `Statement`. `path` is None where the role is not in
    the template; `changed` says that the template has something else.
    """

    resource: str
    key: str
    path: Path | None
    items: tuple[Item, ...]
    changed: bool
    document: dict[str, Any] | None = None

    @property
    def value(self) -> Any:
        """The property's value."""
        values = [item.value for item in self.items]
        return values if self.document is None else {**self.document, "Statement": values}


@dataclass(frozen=True)
class Blocks:
    """What would serve some functions that run with one role.

    `unfilled` are needs whose resources stand as placeholders in it, `unplaced` needs that an item which
    cannot be read may serve, so that nothing is added for them. `role` is the logical id of the role, None
    where SAM makes it; `outside` says that it is not in the template at all.
    """

    functions: tuple[LambdaFunction, ...]
    blocks: tuple[Block, ...]
    unfilled: tuple[Need, ...]
    unplaced: tuple[Need, ...]
    role: str | None
    outside: bool

    @property
    def changed(self) -> bool:
        """Whether the template has something else."""
        return any(block.changed and block.path is not None for block in self.blocks)


def blocks(application: Application, function: LambdaFunction, missing: Iterable[Need]) -> Blocks:
    """What would serve a function, and those that share its role. `missing` are the needs of all these that
    nothing grants."""
    return _Planner(application, function, tuple(missing)).plan()


def sharing(function: LambdaFunction) -> tuple[LambdaFunction, ...]:
    """The functions that run with the role of one, itself first."""
    from lambdalint.application.granted import granted

    role = granted(function).declared.role
    others = [] if role is None else [one for one in function.template.functions if one is not function]
    return (function, *(one for one in others if granted(one).declared.role == role))


@dataclass(eq=False)
class _Slot:
    """An item of the policies: what it grants, and what becomes of it. `node` is the item as written."""

    path: Path
    index: int | None
    node: Any
    grants: tuple[Grant, ...]
    statements: tuple[Statement, ...] = ()
    name: str = ""
    keep: bool = False
    why: str = ""
    kept: dict[Path, Any] = field(default_factory=dict)  # statements that stay, as they are or cut down
    wanted: list[Need] = field(default_factory=list)  # to be granted in its place

    @property
    def untouched(self) -> bool:
        """Whether all of its statements stay as they are."""
        listed = [statement.path for statement in self.statements]
        return bool(listed) and not self.wanted and list(self.kept) == listed and not self._cut

    @property
    def _cut(self) -> bool:
        return any(self.kept[path] is not None for path in self.kept)


@dataclass(frozen=True)
class _Part:
    """What is decided about by itself: a statement of a document, or a whole policy."""

    slot: _Slot
    grants: tuple[Grant, ...]
    statement: Statement | None
    wide: bool


class _Planner:
    def __init__(self, application: Application, function: LambdaFunction, missing: tuple[Need, ...]) -> None:
        self.functions = sharing(function)
        self.all = [permissions(application, one) for one in self.functions]
        self.known: Permissions = self.all[0]
        self.granted = self.known.granted
        self.template: Template = function.template
        self.function = function
        self.missing = missing
        role = self.granted.declared.role
        resource = self.template.resources.get(role) if role else None
        single = len(function.property("Role")) == 1
        self.role = (
            resource if resource is not None and resource.type == "AWS::IAM::Role" and single else None
        )
        self.made = bool(self.granted.declared.implicit)
        self.holder = self.role.logical_id if self.role else function.logical_id
        self.needed = self._needed()

    def _needed(self) -> tuple[Needed, ...]:
        """What the functions need and have: what is optional only where it is granted."""
        found: dict[Need, Needed] = {}
        for one in self.all:
            for needed in one.needs.needed:
                found.setdefault(needed.need, needed)
        return tuple(found.values())

    def plan(self) -> Blocks:
        if not self.made and self.role is None:
            return self._outside()
        slots = list(self._slots())
        for slot in slots:
            slot.keep, slot.why = self._kept(slot)
        self._serve(slots)
        added = [nameable(self.template, self.holder, need) for need in self.missing]
        unplaced = self._unplaced()
        blocks = self._sam(slots, added) if self.made else self._hand_written(slots, added)
        wanted = [*added, *(need for slot in slots if not slot.keep for need in slot.wanted)]
        return Blocks(
            functions=self.functions,
            blocks=tuple(blocks),
            unfilled=_unfilled(wanted),
            unplaced=unplaced,
            role=self.role.logical_id if self.role else None,
            outside=False,
        )

    # -- the items -------------------------------------------------------------------------------------------

    def _slots(self) -> Iterator[_Slot]:
        if self.made:
            yield from self._listed(self.function.path("Policies"))
        if self.role is not None:
            properties: Path = (*self.role.path, "Properties")
            yield from self._listed((*properties, "ManagedPolicyArns"))
            yield from self._listed((*properties, "Policies"))
        declared = self.granted.declared.statements
        for path in dict.fromkeys(
            one.policy for one in declared if one.owner in ("policy", "managed-policy")
        ):
            yield self._slot(path, None)

    def _listed(self, path: Path) -> Iterator[_Slot]:
        node = self.template.get(path)
        if isinstance(node, list):
            for index in range(len(node)):
                yield self._slot((*path, index), index)
        elif node is not None:
            yield self._slot(path, 0)

    def _slot(self, path: Path, index: int | None) -> _Slot:
        def below(other: Path | None) -> bool:
            return other is not None and other[: len(path)] == path

        own = tuple(grant for grant in self.granted.grants if below(grant.path))
        listed = tuple(one for one in self.granted.declared.statements if below(one.path))
        named = next((grant.name for grant in own if grant.kind in ("template", "managed")), "")
        return _Slot(path, index, _plain(self.template.get(path)), own, listed, named)

    def _kept(self, slot: _Slot) -> tuple[bool, str]:
        """Whether an item stays whatever is needed, and why."""
        if not slot.grants:
            return True, "" if _is_reference(slot.node) else "what it grants is not known"
        if any("Fn::If" in (grant.path or ()) for grant in slot.grants):
            return True, "a condition of the template chooses it"
        if len(slot.statements) < _count(slot.node):
            return True, "not all of it can be read"
        service = _FEATURES.get(slot.name)
        own = [one.need.action for one in self.needed if one.feature]
        if service and any(action.startswith(f"{service}:") for action in own):
            return True, ""
        prefixes = _prefixes(slot.grants)
        for one in self.all:
            why = one.needs.why_open(prefixes)
            if why or not one.needs.linked:
                return True, f"{_OPEN}: {why[0] if why else 'the code cannot be read'}"
        for statement in slot.statements[:1]:
            for user in other_users(statement, self.functions):
                return True, f"{user} uses the role too"
        if self.made and self.template.references(f"{self.function.logical_id}Role"):
            return True, "something else uses the role too"
        if slot.index is None and self._is_attached_elsewhere(slot.path):
            return True, "it is attached to other roles too"
        return False, ""

    def _is_attached_elsewhere(self, path: Path) -> bool:
        """Whether a policy that stands alone serves more than this role."""
        resource = self.template.resources[str(path[1])]
        roles = len(resource.items("Roles")) + len(resource.items("Users")) + len(resource.items("Groups"))
        places = self.template.references(resource.logical_id)
        users = {where[1] for where in places if len(where) > 1 and where[0] == "Resources"}
        return roles > 1 or bool(users - {self.holder})

    # -- serving ---------------------------------------------------------------------------------------------

    def _serve(self, slots: Sequence[_Slot]) -> None:
        """Decides about every part of the items that need not stay, the narrow ones first."""
        own = {id(grant) for slot in slots if not slot.keep for grant in slot.grants if not grant.denies}
        staying = replace(
            self.granted, grants=tuple(grant for grant in self.granted.grants if id(grant) not in own)
        )
        unserved = [
            needed
            for needed in self.needed
            if staying.answer(needed.need) is not Answer.YES and self.granted.denied(needed.need) is None
        ]
        parts = [part for slot in slots if not slot.keep for part in self._parts(slot)]
        for part in sorted(parts, key=lambda part: part.wide):
            served = [one for one in unserved if self._answer(part, one.need) is not Answer.NO]
            settled = self._decide(part, served)
            unserved = [one for one in unserved if one.need not in settled]
        for slot in slots:
            slot.kept = {one.path: slot.kept[one.path] for one in slot.statements if one.path in slot.kept}

    def _parts(self, slot: _Slot) -> Iterator[_Part]:
        if not slot.statements:
            yield _Part(slot, slot.grants, None, wide=slot.grants[0].kind == "managed")
            return
        for statement in slot.statements:
            grants = tuple(grant for grant in slot.grants if grant.path == statement.path)
            if statement.allows:
                yield _Part(slot, grants, statement, wide=wide(statement) is not None)
            else:
                slot.kept[statement.path] = None

    def _answer(self, part: _Part, need: Need) -> Answer:
        return max((self.granted.by(grant, need) for grant in part.grants), default=Answer.NO)

    def _decide(self, part: _Part, served: Sequence[Needed]) -> set[Need]:
        """Decides what becomes of a part that serves some needs; those that are settled by it."""
        slot, statement = part.slot, part.statement
        if not served:
            self._spare(part)
            return set()
        sure = {one.need for one in served if self._answer(part, one.need) is Answer.YES}
        named = {need: nameable(self.template, self.holder, need) for need in sure}
        if statement is None:
            advice = match.advise(named.values())
            better = len(sure) == len(served) and all(one.complete for one in advice)
            if not better or not self._is_less(advice, part, sure):
                slot.keep = True
                return sure
            slot.wanted.extend(named.values())
            return sure
        if not part.wide:
            slot.kept[statement.path] = None
            return sure
        complete = {need for need in sure if _is_complete(named[need])}
        if len(complete) == len(served) and self._is_same(statement, named.values()):
            slot.kept[statement.path] = None
            return sure
        slot.wanted.extend(named[one.need] for one in served if one.need in complete)
        rest = [one for one in served if one.need not in complete]
        if rest:
            self._keep(slot, statement, rest)
        return sure

    def _is_same(self, statement: Statement, needs: Iterable[Need]) -> bool:
        """Whether a statement is what would be advised in its place."""
        advice = match.advise(needs)
        if self.made and any(one.templates for one in advice):
            return False
        exact = _exact(needs)
        node = _plain(self.template.get(statement.path))
        return len(exact) == 1 and _sorted(statements.statement(exact[0])) == _sorted(node)

    def _is_less(self, advice: Sequence[Advice], part: _Part, served: Iterable[Need]) -> bool:
        """Whether advice grants less than a policy does: of a policy template fewer kinds of access, as
        broader-template has it; of a managed policy fewer actions."""
        wanted = {need.action for need in served}
        if any(grant.inverted or "*" in grant.actions for grant in part.grants):
            return True
        patterns = [pattern for grant in part.grants for pattern in grant.actions]
        granted = {action.full for pattern in patterns for action in actions.expand(pattern)}
        instead = wanted | {action for one in advice if self.made for action in one.excess}
        if part.grants[0].kind == "template":
            return _kinds(instead) < _kinds(granted)
        return len(instead) < len(granted)

    def _spare(self, part: _Part) -> None:
        """Leaves what is narrow where it is, and says that nothing in sight needs it."""
        slot = part.slot
        if part.wide:
            return
        if part.statement is None:
            slot.keep, slot.why = True, _UNUSED
        else:
            slot.kept[part.statement.path] = None
            slot.why = _UNUSED if len(slot.statements) == 1 else slot.why

    def _keep(self, slot: _Slot, statement: Statement, served: Sequence[Needed]) -> None:
        """Keeps a wide statement for some needs, with no other actions than these need."""
        node = self.template.get(statement.path)
        needed = dict.fromkeys(one.need.action for one in served)
        written = [part.text for part in statement.actions]
        kept = [text for text in written if not actions.has_wildcard(text) and _matched(text, needed)]
        kept.extend(action for action in needed if not _covered(kept, action))
        if not isinstance(node, dict) or sorted(kept) == sorted(written):
            slot.kept[statement.path] = None
            return
        cut = {key: value for key, value in _plain(node).items() if key != "NotAction"}
        cut = cut if "Action" in cut else {"Effect": "Allow", "Action": "", **cut}
        slot.kept[statement.path] = {**cut, "Action": kept[0] if len(kept) == 1 else kept}

    def _unplaced(self) -> tuple[Need, ...]:
        if self.granted.complete:
            return ()
        return tuple(
            one.need
            for one in self.needed
            if one.certain and not one.optional and self.granted.answer(one.need) is Answer.NO
        )

    # -- writing ---------------------------------------------------------------------------------------------

    def _sam(self, slots: Sequence[_Slot], added: Sequence[Need]) -> Iterator[Block]:
        path = self.function.path("Policies")
        own = [slot for slot in slots if slot.index is not None]
        found: list[Item] = []
        for slot in own:
            found.extend(self._sam_items(slot, [item.value for item in found]))
        found.extend(Item(value) for value in _policies(match.advise(added), [one.value for one in found]))
        if own or found:
            yield self._block(self.function.logical_id, "Policies", path, found, len(own))
        yield from self._attached(slots)

    def _sam_items(self, slot: _Slot, known: Sequence[Any]) -> Iterator[Item]:
        if slot.keep or slot.untouched:
            yield Item(slot.node, slot.index, same=True, why=slot.why)
            return
        values = _policies(match.advise(slot.wanted), known)
        kept = [self._statement(path, node) for path, node in slot.kept.items()]
        if kept:
            exact = [one for value in values if "Statement" in value for one in value["Statement"]]
            values = [value for value in values if "Statement" not in value]
            values.append({**slot.node, "Statement": [*kept, *exact]})
        yield from (Item(value, slot.index) for value in values)

    def _statement(self, path: Path, node: Any) -> Any:
        return _plain(self.template.get(path)) if node is None else node

    def _hand_written(self, slots: Sequence[_Slot], added: Sequence[Need]) -> Iterator[Block]:
        assert self.role is not None
        properties: Path = (*self.role.path, "Properties")
        arns = [slot for slot in slots if slot.path[-2:-1] == ("ManagedPolicyArns",)]
        inline = [slot for slot in slots if slot.index is not None and slot not in arns]
        names, others = _by_feature(added)
        found = [Item(slot.node, slot.index, same=True, why=slot.why) for slot in arns if slot.keep]
        found.extend(Item(_managed(name)) for name in names)
        if arns or found:
            path = (*properties, "ManagedPolicyArns")
            yield self._block(self.holder, "ManagedPolicyArns", path, found, len(arns))
        freed = [need for slot in arns if not slot.keep for need in slot.wanted]
        items: list[Item] = []
        for slot in inline:
            if slot.keep or slot.untouched:
                items.append(Item(slot.node, slot.index, same=True, why=slot.why))
            elif listed := self._exact(slot):
                items.append(Item(_with_statements(slot.node, listed), slot.index))
        items.extend(self._new_policy(_exact([*freed, *others]), inline))
        if inline or items:
            yield self._block(self.holder, "Policies", (*properties, "Policies"), items, len(inline))
        yield from self._attached(slots)

    def _exact(self, slot: _Slot) -> list[Any]:
        kept = [self._statement(path, node) for path, node in slot.kept.items()]
        return [*kept, *(statements.statement(one) for one in _exact(slot.wanted))]

    def _new_policy(self, exact: Sequence[ExactStatement], slots: Sequence[_Slot]) -> Iterator[Item]:
        if not exact:
            return
        taken = [slot.node.get("PolicyName") for slot in slots if isinstance(slot.node, dict)]
        name = next(
            name
            for name in (self.function.logical_id, *(f"{self.function.logical_id}{n}" for n in range(2, 99)))
            if name not in taken
        )
        yield Item({"PolicyName": name, "PolicyDocument": _document(exact)})

    def _attached(self, slots: Sequence[_Slot]) -> Iterator[Block]:
        """The policies that are resources of their own."""
        for slot in (slot for slot in slots if slot.index is None):
            path: Path = (*slot.path, "Properties", "PolicyDocument")
            node = _plain(self.template.get(path))
            if not isinstance(node, dict) or not isinstance(node.get("Statement"), (list, dict)):
                continue
            listed = self._exact(slot)
            why = slot.why
            if not listed and not slot.keep:
                why = "no call in sight needs it; it can go"
            if slot.keep or slot.untouched or not listed:
                written = node["Statement"]
                values = written if isinstance(written, list) else [written]
                same = [Item(value, number, True, why) for number, value in enumerate(values)]
                yield Block(str(slot.path[1]), "PolicyDocument", path, tuple(same), False, node)
            else:
                items = tuple(Item(value) for value in listed)
                yield Block(str(slot.path[1]), "PolicyDocument", path, items, True, node)

    def _block(self, resource: str, key: str, path: Path, items: Sequence[Item], before: int) -> Block:
        changed = len(items) != before or not all(item.same for item in items)
        node = self.template.get(path)
        chosen = isinstance(node, dict) and any(str(name).startswith("Fn::") for name in node)
        if changed and chosen:  # nothing can be put into what a function of the template makes
            return Block(resource, key, None, tuple(item for item in items if not item.same), True)
        return Block(resource, key, path, tuple(items), changed)

    def _outside(self) -> Blocks:
        """For a role that is not in the template: all that it takes, for pasting wherever the role is."""
        wanted = [
            nameable(self.template, self.function.logical_id, one.need)
            for one in self.needed
            if not one.optional and (one.certain or one.feature)
        ]
        names, others = _by_feature(wanted)
        exact = _exact(others)
        found = [
            Block("", "ManagedPolicyArns", None, tuple(Item(_managed(name)) for name in names), True),
            Block("", "Policies", None, tuple(self._new_policy(exact, ())), True),
        ]
        return Blocks(
            functions=(self.function,),
            blocks=tuple(block for block in found if block.items),
            unfilled=_unfilled(others),
            unplaced=(),
            role=None,
            outside=True,
        )


# What Lambda itself needs of a role, by the managed policy that is made for it.
_MADE_FOR = {
    "ec2": "AWSLambdaVPCAccessExecutionRole",
    "logs": "AWSLambdaBasicExecutionRole",
    "xray": "AWSXRayDaemonWriteAccess",
}


def _by_feature(needs: Iterable[Need]) -> tuple[list[str], list[Need]]:
    """The managed policies for what Lambda itself does, and the needs that are not of that kind."""
    names: dict[str, None] = {}
    others: list[Need] = []
    for need in needs:
        prefix = need.action.partition(":")[0]
        own = need.action in _LAMBDAS_OWN
        if own and prefix in _MADE_FOR:
            names[_MADE_FOR[prefix]] = None
        else:
            others.append(need)
    if _MADE_FOR["ec2"] in names:
        names.pop(_MADE_FOR["logs"], None)  # it holds that as well
    return list(names), others


_LAMBDAS_OWN = frozenset(
    {
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    }
)


def _managed(name: str) -> dict[str, str]:
    path = managed_policies.path_of(name) or ""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{path}{name}"}


def _exact(needs: Iterable[Need]) -> list[ExactStatement]:
    """Exact statements, those with the same resources as one."""
    found: dict[tuple[object, ...], ExactStatement] = {}
    for advice in match.advise(needs):
        for one in advice.statements:
            known = found.get(one.resources)
            listed = one.actions if known is None else (*known.actions, *one.actions)
            found[one.resources] = ExactStatement(tuple(dict.fromkeys(listed)), one.resources)
    return list(found.values())


def _policies(advice: Iterable[Advice], known: Sequence[Any]) -> list[Any]:
    """Advice as items of a SAM function's `Policies`, without those that are there already."""
    found: list[Any] = []
    exact: list[ExactStatement] = []
    for one in advice:
        if one.templates:
            entries = [statements.entry(use) for use in one.templates]
            found.extend(entry for entry in entries if entry not in found and entry not in known)
        else:
            exact.extend(one.statements)
    return [*found, _document(exact)] if exact else found


def _document(exact: Iterable[ExactStatement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", **statements.document(exact)}


def _with_statements(policy: Any, listed: Sequence[Any]) -> Any:
    return {**policy, "PolicyDocument": {**policy["PolicyDocument"], "Statement": list(listed)}}


def _unfilled(needs: Iterable[Need]) -> tuple[Need, ...]:
    return tuple(need for advice in match.advise(needs) if not advice.complete for need in advice.needs)


def _kinds(found: Iterable[str]) -> frozenset[AccessLevel]:
    """The kinds of access; listing is a kind of reading."""
    levels = (known.level for action in found if (known := actions.find(action)))
    return frozenset(AccessLevel.READ if level is AccessLevel.LIST else level for level in levels)


def _is_complete(need: Need) -> bool:
    return all(advice.complete for advice in match.advise([need]))


def _sorted(statement: Any) -> Any:
    """A statement to be compared: its actions and resources in order, without its Sid."""
    if not isinstance(statement, dict):
        return statement
    found = {key: value for key, value in statement.items() if key != "Sid"}
    for key in ("Action", "Resource"):
        if key in found:
            listed = found[key] if isinstance(found[key], list) else [found[key]]
            found[key] = sorted(json.dumps(value, sort_keys=True) for value in listed)
    return found


def _matched(pattern: str, found: Iterable[str]) -> bool:
    return any(actions.matches(pattern, action) for action in found)


def _covered(patterns: Iterable[str], action: str) -> bool:
    return any(actions.matches(pattern, action) for pattern in patterns)


def _count(node: Any) -> int:
    """The statements that an item is written with."""
    if isinstance(node, dict) and "Properties" in node:
        node = node["Properties"]
    if isinstance(node, dict) and "PolicyDocument" in node:
        node = node["PolicyDocument"]
    listed = node.get("Statement", []) if isinstance(node, dict) else []
    return len(listed) if isinstance(listed, list) else 1


def _is_reference(node: Any) -> bool:
    """Whether an item is a policy of the template, which is looked at by itself."""
    return isinstance(node, dict) and set(node) == {"Ref"}


def _prefixes(grants: Sequence[Grant]) -> frozenset[str]:
    patterns = [pattern for grant in grants for pattern in grant.actions]
    if any(grant.inverted for grant in grants) or "*" in patterns:
        return frozenset({"*"})
    return frozenset(pattern.partition(":")[0] for pattern in patterns)


def _plain(node: Any) -> Any:
    """Template data without the decoder's own classes."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, (bool, int, float)) or node is None:
        return node
    return str(node)
