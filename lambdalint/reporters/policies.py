"""What functions need and have, as the command `policy` writes it: text, the blocks as YAML, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdalint.application.policy_report import SOME
from lambdalint.reporters.terminal import Style, paint, plural, printable, table
from lambdalint.template import edits

if TYPE_CHECKING:
    from lambdalint.application.policy_blocks import Block, Item
    from lambdalint.application.policy_report import FunctionPolicy, MissingRow, NeedRow, Place

_SITES = 2
_STATES: Mapping[str, Style] = {"missing": "red", "not granted": "yellow", "not in sight": "yellow"}


def text(policies: Sequence[FunctionPolicy], color: bool = False) -> str:
    """Everything, function by function."""
    shown: dict[tuple[object, str], str] = {}
    parts = ["\n".join(_function(policy, shown, color)) for policy in policies]
    lacking = sum(bool(policy.missing) for policy in policies)
    unread = sum(bool(policy.reason) for policy in policies)
    counts = [plural(len(policies), "function")]
    counts.append(f"{lacking} without a permission that is needed" if lacking else "nothing surely missing")
    counts += [f"{unread} whose code was not read"] if unread else []
    return "\n\n".join([*parts, f"{', '.join(counts)}.\n"])


def yaml(policies: Sequence[FunctionPolicy]) -> str:
    """The blocks alone, for pasting: one YAML document for each resource."""
    documents: dict[tuple[object, ...], list[str]] = {}
    for policy in policies:
        for resource, blocks in _by_resource(policy):
            key = (policy.path, resource or policy.logical_id)
            if key not in documents:
                documents[key] = [*_head(policy, resource), *_yaml(policy, blocks)]
    return "---\n".join("".join(f"{line}\n" for line in lines) for lines in documents.values())


def to_json(policies: Sequence[FunctionPolicy]) -> str:
    """Everything, as JSON of `"version": 1`."""
    return json.dumps({"version": 1, "functions": [_json(one) for one in policies]}, indent=2) + "\n"


# -- text ----------------------------------------------------------------------------------------------------


def _function(policy: FunctionPolicy, shown: dict[tuple[object, str], str], color: bool) -> Iterator[str]:
    code = policy.handler or f"code not read: {policy.reason}"
    title = paint(printable(f"{policy.path}:{policy.line} {policy.logical_id}"), "bold", color=color)
    yield f"{title}  {printable(code)}"
    yield from (f"  {line}" for line in _role(policy))
    yield ""
    rows = [_need_row(row) for row in _shown_needs(policy.needs)]
    if rows:
        yield _indented(table(rows, ("needs", "because of", "granted by"), color))
    else:
        yield "  needs nothing that can be seen\n"
    grants = [
        (_one_line(row.text), _where(row.place), _serves(policy, row.serves, row.denies))
        for row in policy.grants
    ]
    if grants:
        yield _indented(table(grants, ("has", "where", "serves"), color))
    for missing in policy.missing:
        yield from (f"  {line}" for line in _missing(missing, color))
    if policy.missing:
        yield ""
    unseen = list(_unseen(policy))
    if unseen:
        yield f"  {paint('not seen', 'bold', color=color)}"
        yield from (f"    {printable(line)}" for line in unseen)
        yield ""
    yield from (f"  {line}" if line else "" for line in _served(policy, shown, color))


def _role(policy: FunctionPolicy) -> Iterator[str]:
    found = policy.blocks
    if found.outside:
        yield "its role is not in the template, or one of several"
    elif found.role is not None:
        others = [one.logical_id for one in found.functions if one.logical_id != policy.logical_id]
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        shared = f", as do {', '.join(others[:3])}{more}" if others else ""
        yield f"runs with the role {found.role}{shared}"


def _shown_needs(rows: Sequence[NeedRow]) -> Iterator[tuple[str, NeedRow]]:
    """The needs with what to call them: those of one feature together."""
    by_feature: dict[tuple[object, ...], list[NeedRow]] = {}
    for number, row in enumerate(rows):
        key = (row.feature, row.state, row.by, row.resource) if row.feature and not row.calls else (number,)
        by_feature.setdefault(key, []).append(row)
    for listed in by_feature.values():
        first = listed[0]
        more = f" and {len(listed) - 1} more" if len(listed) > 1 else ""
        hidden = not first.resource or (first.feature and not first.calls and first.resource == SOME)
        on = "" if hidden else f" on {first.resource}"
        yield f"{first.action}{more}{on}", first


def _need_row(named: tuple[str, NeedRow]) -> tuple[str, str, str]:
    name, row = named
    because = _sites(row.calls, _SITES) or row.feature
    by = ", ".join(dict.fromkeys(_where(place) for place in row.by[:2]))
    state = {"granted": by, "perhaps": f"perhaps {by}", "missing": "MISSING"}.get(row.state, row.state)
    why = f" ({row.why})" if row.why else ""
    return name, because, state + why


def _serves(policy: FunctionPolicy, actions: Sequence[str], denies: bool) -> str:
    if denies:
        return "takes away"
    if not actions:
        return "nothing that was seen"
    more = f" and {len(actions) - 2} more" if len(actions) > 2 else ""
    return ", ".join(actions[:2]) + more


def _missing(row: MissingRow, color: bool) -> Iterator[str]:
    on = f" on {row.resource}" if row.resource else ""
    places = _sites(row.calls, 4) or f"for {row.feature}"
    more = f" and {len(row.actions) - 4} more" if len(row.actions) > 4 else ""
    wanted = f"{', '.join(row.actions[:4])}{more}"
    yield f"{paint('missing:', 'bold', 'red', color=color)} {wanted}{on}"
    yield f"         {places}"
    if row.denied is not None:
        yield f"         denied at {_at(row.denied)}"
    if row.near is not None:
        yield f"         {_at(row.near)} grants it on other resources"
    if row.grant:
        yield f"         grant {row.grant}"


def _unseen(policy: FunctionPolicy) -> Iterator[str]:
    for reason, services in _reasons(policy):
        yield f"it may need more of {services}: {reason}"
    for reason in policy.unseen_grants:
        yield f"what it has: {reason}"
    for need in policy.blocks.unplaced:
        on = need.target.shown.strip("`")
        yield f"{need.action} on {on} may be granted by what cannot be seen; the block does not add it"


def _reasons(policy: FunctionPolicy) -> Iterator[tuple[str, str]]:
    """Why a function may need more, and of what: what is said of several calls once."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for reason, prefixes in policy.unseen_calls:
        services = "any service" if "*" in prefixes else ", ".join(prefixes)
        call, _, rest = reason.partition(" ")
        key, word = ((rest, services), call) if "." in call else ((reason, services), "")
        grouped.setdefault(key, []).append(word)
    for (rest, services), calls in grouped.items():
        more = f" and {len(calls) - 2} more" if len(calls) > 2 else ""
        yield f"{', '.join(calls[:2])}{more} {rest}".strip(), services


def _served(policy: FunctionPolicy, shown: dict[tuple[object, str], str], color: bool) -> Iterator[str]:
    found = list(_by_resource(policy))
    if not found:
        yield "no policies are needed beside what stays\n"
        return
    for resource, blocks in found:
        earlier = shown.setdefault((policy.path, resource or policy.logical_id), policy.logical_id)
        if earlier != policy.logical_id:
            yield f"policies: those of {resource}, under {earlier}"
            yield ""
            continue
        changed = any(block.changed for block in blocks)
        words = "would serve" if changed else "serve as they are"
        whose = f" ({resource})" if resource and resource != policy.logical_id else ""
        yield paint(f"policies that {words}{whose}", "bold", color=color)
        yield ""
        lines = _json_block(blocks) if policy.template.json else list(_yaml(policy, blocks))
        yield from (f"    {printable(line)}" if line else "" for line in lines)
        yield ""


# -- blocks --------------------------------------------------------------------------------------------------


def _by_resource(policy: FunctionPolicy) -> Iterator[tuple[str, list[Block]]]:
    found: dict[str, list[Block]] = {}
    for block in policy.blocks.blocks:
        found.setdefault(block.resource, []).append(block)
    yield from found.items()


def _head(policy: FunctionPolicy, resource: str) -> Iterator[str]:
    names = ", ".join(one.logical_id for one in policy.blocks.functions)
    yield f"# {policy.path}: {names}" + (f", by {resource}" if resource not in ("", names) else "")
    for reason, services in _reasons(policy):
        yield f"# may need more of {services}: {_one_line(reason)}"


def _yaml(policy: FunctionPolicy, blocks: Iterable[Block]) -> Iterator[str]:
    """The lines of blocks in the style of the template."""
    for need in policy.blocks.unfilled:
        yield f"# fill in what {need.action} acts on"
    for block in blocks:
        if block.path is None and not policy.blocks.outside:
            yield f"# add to {block.key}, which a function of the template makes"
        if block.document is None:
            yield f"{block.key}:" if block.items else f"{block.key}: []"
            yield from _items(policy, block.items, "  ")
        else:
            yield f"{block.key}:"
            rest = {key: value for key, value in block.document.items() if key != "Statement"}
            yield from edits.written(rest, "  ", policy.template) if rest else ()
            yield "  Statement:"
            yield from _items(policy, block.items, "    ")


def _items(policy: FunctionPolicy, items: Iterable[Item], indent: str) -> Iterator[str]:
    why = ""
    for item in items:
        if item.why:
            yield f"{indent}# stays: {_one_line(item.why)}" if item.why != why else f"{indent}# stays too"
        why = item.why
        yield from edits.written([item.value], indent, policy.template)


def _json_block(blocks: Iterable[Block]) -> list[str]:
    lines = json.dumps({block.key: block.value for block in blocks}, indent=2).splitlines()
    return [line.removeprefix("  ") for line in lines[1:-1]]


# -- json ----------------------------------------------------------------------------------------------------


def _json(policy: FunctionPolicy) -> Mapping[str, object]:
    found = policy.blocks
    return {
        "template": policy.path.as_posix(),
        "logical_id": policy.logical_id,
        "line": policy.line,
        "handler": policy.handler or None,
        "reason": policy.reason or None,
        "role": found.role,
        "role_outside": found.outside,
        "shared_with": [one.logical_id for one in found.functions if one.logical_id != policy.logical_id],
        "needs": [
            {
                "action": row.action,
                "resource": row.resource or None,
                "calls": [_place_json(place) for place in row.calls],
                "feature": row.feature or None,
                "optional": row.optional,
                "state": row.state,
                "why": row.why or None,
                "granted_by": [_place_json(place) for place in row.by],
            }
            for row in policy.needs
        ],
        "grants": [
            {
                "kind": row.kind,
                "text": row.text,
                "line": row.place.line if row.place else None,
                "denies": row.denies,
                "conditional": row.conditional,
                "serves": list(row.serves),
            }
            for row in policy.grants
        ],
        "missing": [
            {
                "actions": list(row.actions),
                "resource": row.resource or None,
                "calls": [_place_json(place) for place in row.calls],
                "feature": row.feature or None,
                "elsewhere": _place_json(row.near) if row.near else None,
                "denied": _place_json(row.denied) if row.denied else None,
                "grant": row.grant or None,
            }
            for row in policy.missing
        ],
        "unseen": {
            "calls": [{"reason": why, "services": list(services)} for why, services in policy.unseen_calls],
            "grants": list(policy.unseen_grants),
        },
        "policies": [_block_json(policy, block) for block in found.blocks],
        "fill_in": [need.action for need in found.unfilled],
    }


def _block_json(policy: FunctionPolicy, block: Block) -> Mapping[str, Any]:
    return {
        "resource": block.resource or None,
        "property": block.key,
        "value": block.value,
        "changed": block.changed,
        "stays": [
            {"item": number, "reason": item.why} for number, item in enumerate(block.items) if item.why
        ],
        "yaml": "".join(f"{line}\n" for line in _yaml(policy, [block])),
    }


def _place_json(place: Place) -> Mapping[str, object]:
    if not place.line:
        return {"name": place.name, "path": None, "line": None, "column": None}
    return {
        "name": place.name or None,
        "path": place.path.as_posix(),
        "line": place.line,
        "column": place.column,
    }


# -- words ---------------------------------------------------------------------------------------------------


def _sites(places: Sequence[Place], count: int) -> str:
    more = f" and {len(places) - count} more" if len(places) > count else ""
    return ", ".join(_at(place) for place in places[:count]) + more


def _at(place: Place) -> str:
    return f"{place.path}:{place.line}"


def _where(place: Place | None) -> str:
    """Where a grant comes from."""
    if place is None:
        return "SAM adds it"
    return _at(place) if place.line else f"SAM ({place.name})"


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _indented(block: str) -> str:
    return "".join(f"  {line}\n" for line in block.splitlines())
