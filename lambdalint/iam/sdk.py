"""From a boto3 call to the IAM actions that it needs.

For all 19,796 operations of botocore the method's name without underscores is the operation's name in lower
case, and 93.5 % of the operations have an IAM action of just that name; tables hold the others
(`data/sdk_calls.toml`, by hand; `data/sdk_operations.json`, from botocore's models).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lambdalint.data import tables
from lambdalint.iam import actions

# Whoever makes a resource with tags needs the service's own action for tagging as well, whatever its name.
_TAGS = frozenset({"Tags", "tags", "TagList", "TagSpecifications", "TagSet"})


@dataclass(frozen=True)
class Required:
    """An action that a call needs; `argument` names the API parameter that says on what, where that is not
    the call's main one. `depends` says that some calls of the operation do not need it."""

    action: str
    argument: str | None = None
    depends: bool = False


@dataclass(frozen=True)
class Permissions:
    """What a call needs: `required` by itself, `implied` prefixes that the service may use on the caller's
    behalf (`*`: any), `optional` actions that it does without, in a worse way."""

    required: tuple[Required, ...]
    implied: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def permissions(service: str, operation: str, arguments: Collection[str] | None = None) -> Permissions | None:
    """The permissions of a call of a boto3 client, or None where they cannot be told.

    `operation` is the client's method (`put_item`, also boto3's own, such as `upload_file`). `arguments` are
    the API parameters that the call has, keys of literal dictionaries dotted (`ExtraArgs.ACL`); for a
    DynamoDB transaction the kinds of its items (`Put`), for PartiQL the verbs of its statements in lower
    case. None means that they are not known: what depends on them may be needed, so the service is implied.
    """
    if is_free(service, operation):
        return Permissions(())
    required = _required(service, operation, arguments)
    if required is None:
        return None
    prefixes, optional = _implied(service, operation)
    own = prefix(service)
    row = _tables().calls.get(service, {}).get(operation, ())
    depends = arguments is None and any(not isinstance(entry, str) and "when" in entry for entry in row)
    if own is not None and (depends or (arguments is not None and not _TAGS.isdisjoint(arguments))):
        prefixes = tuple(dict.fromkeys((*prefixes, own)))
    return Permissions(required, prefixes, optional)


def is_free(service: str, operation: str) -> bool:
    """Whether a call needs no permission: it is not signed, or IAM is not asked."""
    known = _tables()
    return operation in known.unsigned.get(service, ()) or operation in known.free.get(service, ())


def prefix(service: str) -> str | None:
    """The IAM prefix of a boto3 service (`stepfunctions` → `states`), or None where IAM has none."""
    prefixes = _tables().prefixes
    if service in prefixes:
        return prefixes[service]
    return service if actions.service_exists(service) else None


def partiql_verbs(statements: Collection[str]) -> frozenset[str] | None:
    """The verbs of PartiQL statements in lower case; None where one is not known."""
    verbs = {statement.split(None, 1)[0].lower() if statement.split() else "" for statement in statements}
    return frozenset(verbs) if verbs and verbs <= {"select", "insert", "update", "delete"} else None


def _required(service: str, operation: str, arguments: Collection[str] | None) -> tuple[Required, ...] | None:
    known = _tables()
    row = known.calls.get(service, {}).get(operation)
    if row is not None:
        return tuple(dict.fromkeys(_entry(entry) for entry in row if _applies(entry, arguments)))
    verb = known.verbs.get(service, {}).get(operation)
    if verb is not None:
        return (Required(f"apigateway:{verb}"),)
    known_prefix = prefix(service)
    if known_prefix is None:
        return None
    action = actions.find(f"{known_prefix}:{operation.replace('_', '')}")
    return (Required(action.full),) if action else None


def _applies(entry: str | Mapping[str, str], arguments: Collection[str] | None) -> bool:
    if isinstance(entry, str):
        return True
    if "when" in entry:
        return arguments is not None and entry["when"] in arguments
    return arguments is None or entry.get("unless") not in arguments


def _entry(entry: str | Mapping[str, str]) -> Required:
    if isinstance(entry, str):
        return Required(entry)
    return Required(entry["action"], entry.get("argument"), "when" in entry or "unless" in entry)


def _implied(service: str, operation: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    prefixes: dict[str, None] = {}
    optional: dict[str, None] = {}
    for row in _tables().implied:
        if service in row["services"] and ("operations" not in row or operation in row["operations"]):
            prefixes.update(dict.fromkeys(row["prefixes"]))
            optional.update(dict.fromkeys(row.get("optional", ())))
    return tuple(prefixes), tuple(optional)


@dataclass(frozen=True)
class _Tables:
    calls: Mapping[str, Mapping[str, Any]]
    free: Mapping[str, Collection[str]]
    implied: tuple[Mapping[str, Any], ...]
    prefixes: Mapping[str, str | None]
    verbs: Mapping[str, Mapping[str, str]]
    unsigned: Mapping[str, Collection[str]]


@cache
def _tables() -> _Tables:
    written = tables.load("sdk_calls.toml")
    generated = tables.load("sdk_operations.json")
    return _Tables(
        calls=written["calls"],
        free=written["free"],
        implied=tuple(written["implied"]),
        prefixes=generated["prefixes"],
        verbs=generated["verbs"],
        unsigned=generated["unsigned"],
    )
