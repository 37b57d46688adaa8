"""Values in code that belong to one account or region: ARNs, AWS's URLs and endpoints, clients' regions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.memo import Memo
from lambdalint.python import symbols
from lambdalint.python.index import Index
from lambdalint.python.module import PythonModule
from lambdalint.python.syntax import string_value
from lambdalint.python.written import where_written

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

__all__ = ["FixedRegion", "FixedValue", "fixed_regions", "fixed_values"]

_HOLE = "\0"  # stands for what is not known of a string
_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
_NAME = r"[A-Za-z0-9][A-Za-z0-9.-]*"
_SUFFIX = r"amazonaws\.com(?:\.cn)?"
# What is account-bound, and what to call it. AWS general reference, "Amazon Resource Names" and "Service
# endpoints"; the other forms are those that the consoles of the services show.
_FORMS: Sequence[tuple[str, re.Pattern[str]]] = (
    ("ARN", re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[^:\s/]{0,40}:(?P<account>\d{12}):[^\s*]")),
    (
        "queue URL",
        re.compile(
            rf"https?://(?:sqs\.{_REGION}|{_REGION}\.queue|queue)\.{_SUFFIX}/(?P<account>\d{{12}})/\S"
        ),
    ),
    ("API URL", re.compile(rf"\b(?P<id>[a-z0-9]{{10}})\.execute-api\.{_REGION}\.{_SUFFIX}")),
    ("function URL", re.compile(rf"\b(?P<id>[a-z0-9]{{30,40}})\.lambda-url\.{_REGION}\.on\.aws")),
    (
        "GraphQL API URL",
        re.compile(rf"\b(?P<id>[a-z0-9]{{26}})\.appsync-(?:realtime-)?api\.{_REGION}\.{_SUFFIX}"),
    ),
    ("user pool URL", re.compile(rf"cognito-idp\.{_REGION}\.{_SUFFIX}/{_REGION}_(?P<id>[A-Za-z0-9]{{9,}})")),
    ("user pool domain", re.compile(rf"\b(?P<id>{_NAME})\.auth\.{_REGION}\.amazoncognito\.com")),
    (
        "database endpoint",
        re.compile(
            rf"\b(?P<id>{_NAME}\.[a-z0-9-]+)\.{_REGION}\.(?:rds|docdb|neptune|redshift|redshift-serverless)\.{_SUFFIX}"
        ),
    ),
    (
        "cache endpoint",
        re.compile(rf"\b(?P<id>{_NAME})\.(?:cache|memorydb\.{_REGION}|dax-clusters\.{_REGION})\.{_SUFFIX}"),
    ),
    ("search endpoint", re.compile(rf"\b(?P<id>{_NAME})\.{_REGION}\.(?:es|aoss)\.{_SUFFIX}")),
    (
        "broker endpoint",
        re.compile(rf"\b(?P<id>{_NAME})\.(?:kafka|kafka-serverless|mq)\.{_REGION}\.{_SUFFIX}"),
    ),
    ("IoT endpoint", re.compile(rf"\b(?P<id>[a-z0-9]{{13,14}})-ats\.iot\.{_REGION}\.{_SUFFIX}")),
)
_HINT = re.compile(r"arn:aws|amazonaws\.com|\.on\.aws|amazoncognito\.com")
_BY_HAND = re.compile(
    r"example|x{3}|your|<|\{|\.\.\.|sample|placeholder|abc(?:d|123)|123abc|api.?id", re.IGNORECASE
)
# What is said rather than used: documentation of parameters, and messages.
_SAYING_KEYWORDS = frozenset({"description", "doc", "example", "examples", "help", "msg", "title"})
_SAYING_CALLS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "print", "log"}
)
_DEFAULTS = frozenset({"os.environ.get", "os.getenv", "os.environ.setdefault"})
_DISPLAYS = (cst.Dict, cst.List, cst.Tuple, cst.Set)


@dataclass(frozen=True, eq=False)
class FixedValue:
    """An account-bound value in a string. `group` is the display around it, whose strings are one mistake."""

    what: str
    text: str
    module: PythonModule
    node: cst.CSTNode
    group: cst.CSTNode


_KNOWN: Memo[PythonModule, tuple[FixedValue, ...]] = Memo()


def fixed_values(module: PythonModule) -> tuple[FixedValue, ...]:
    """The account-bound values in a module's strings, whether or not they run."""
    found = _KNOWN.get(module)
    if found is None:
        hinted = _HINT.search(module.source.text) is not None
        found = _KNOWN[module] = tuple(_values(module)) if hinted else ()
    return found


def _values(module: PythonModule) -> Iterator[FixedValue]:
    for node, text in _strings(module):
        if _HINT.search(text) is None or _is_said(module, node):
            continue
        what = account_bound(text)
        if what:
            yield FixedValue(what, text.replace(_HOLE, "…"), module, node, _group(module, node))


def _strings(module: PythonModule) -> Iterator[tuple[cst.CSTNode, str]]:
    """Every string with its text; holes stand for what is formatted into it."""
    for whole in module.nodes(cst.ConcatenatedString):
        if not isinstance(module.parent(whole), cst.ConcatenatedString):
            value = whole.evaluated_value
            if isinstance(value, str):
                yield whole, value
    for string in module.nodes(cst.SimpleString):
        if not isinstance(module.parent(string), cst.ConcatenatedString):
            value = string_value(string)
            if isinstance(value, str):
                yield string, value
    for formatted in module.nodes(cst.FormattedString):
        yield (
            formatted,
            "".join(
                part.value if isinstance(part, cst.FormattedStringText) else _HOLE for part in formatted.parts
            ),
        )


def account_bound(text: str) -> str:
    """What a text holds that belongs to one account; "" where it holds nothing of that kind."""
    for what, form in _FORMS:
        for match in form.finditer(text):
            groups = match.groupdict()
            if groups.get("account") in _public_accounts() or _BY_HAND.search(groups.get("id") or ""):
                continue
            return what
    return ""


def _is_said(module: PythonModule, node: cst.CSTNode) -> bool:
    """Whether a string is documentation, a message, or what an unset variable is replaced by."""
    parent = module.parent(node)
    if isinstance(parent, cst.Expr):
        return True
    below = node
    for above in module.ancestors(node):
        if isinstance(above, cst.Arg):
            if above.keyword is not None and above.keyword.value in _SAYING_KEYWORDS:
                return True
        elif isinstance(above, cst.Call) and below is not above.func:
            last = above.func.attr.value if isinstance(above.func, cst.Attribute) else None
            name = above.func.value if isinstance(above.func, cst.Name) else last
            return name in _SAYING_CALLS or module.names.qualified(above.func) in _DEFAULTS
        elif (
            isinstance(above, cst.BooleanOperation)
            and isinstance(above.operator, cst.Or)
            and below is above.right
        ):
            return True  # `os.environ.get(…) or "…"`
        elif isinstance(above, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            return False
        below = above
    return False


def _group(module: PythonModule, node: cst.CSTNode) -> cst.CSTNode:
    found = node
    for above in module.ancestors(node):
        if isinstance(above, _DISPLAYS):
            found = above
        elif isinstance(above, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            break
    return found


# Regions


@dataclass(frozen=True, eq=False)
class FixedRegion:
    """A region that stands in code, and the clients that get it."""

    region: str
    module: PythonModule
    node: cst.CSTNode
    services: tuple[str, ...]
    call: tuple[PythonModule, cst.Call]


_REGION_NAME = re.compile(_REGION)
_MAKERS = frozenset({"client", "resource", "create_client"})


def fixed_regions(evaluator: Evaluator, reach: Reach) -> Iterator[FixedRegion]:
    """The literal regions that clients, resources and sessions are given, each once; those of services that
    have one home are left out."""
    found: dict[int, FixedRegion] = {}
    for module in reach.modules:
        text = module.source.text
        if "boto3" not in text and "client" not in text and "resource" not in text:
            continue
        for _, calls in Index.of(module).calls:
            for call in calls:
                func = call.func
                last = func.attr.value if isinstance(func, cst.Attribute) else getattr(func, "value", "")
                if last not in _MAKERS or not call.args or reach.phase(module, call) is None:
                    continue
                for region in _of_client(evaluator, module, call):
                    known = found.get(id(region.node))
                    services = (*(known.services if known is not None else ()), *region.services)
                    first = known or region
                    found[id(region.node)] = FixedRegion(
                        first.region, first.module, first.node, tuple(dict.fromkeys(services)), first.call
                    )
    yield from found.values()


def _of_client(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> Iterator[FixedRegion]:
    for client in symbols.given(evaluator.value(module, call)):
        if not isinstance(client, symbols.Sdk) or client.kind not in ("client", "resource"):
            continue
        place = _region_of(evaluator, module, call, position=1)
        if place is None and isinstance(call.func, cst.Attribute):
            place = _of_session(evaluator, module, call.func.value)
        if place is None:
            return
        home, expr = place
        written_in, node = where_written(evaluator, home, expr)
        symbol = evaluator.value(home, expr)
        region = symbol.value if isinstance(symbol, symbols.Literal) else None
        if not isinstance(region, str) or not _REGION_NAME.fullmatch(region):
            return
        if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)) and not _has_home(
            client.service, region, written_in.source.text + module.source.text
        ):
            yield FixedRegion(region, written_in, node, (client.service,), (module, call))


def _region_of(
    evaluator: Evaluator, module: PythonModule, call: cst.Call, position: int
) -> tuple[PythonModule, cst.BaseExpression] | None:
    """The region that a call is given: by keyword, by position, in a Config."""
    config: cst.BaseExpression | None = None
    positional: list[cst.BaseExpression] = []
    for argument in call.args:
        if argument.star:
            return None
        if argument.keyword is None:
            positional.append(argument.value)
        elif argument.keyword.value == "region_name":
            return module, argument.value
        elif argument.keyword.value == "endpoint_url":
            symbol = evaluator.value(module, argument.value)
            if isinstance(symbol, symbols.Literal) and "localhost" in str(symbol.value):
                return None
        elif argument.keyword.value == "config":
            config = argument.value
    if 0 <= position < len(positional):
        return module, positional[position]
    if config is not None:
        for option in symbols.given(evaluator.value(module, config)):
            if isinstance(option, symbols.Instance) and option.qualified.endswith(".Config"):
                return _region_of(evaluator, option.module, option.node, -1)
    return None


def _of_session(
    evaluator: Evaluator, module: PythonModule, receiver: cst.BaseExpression
) -> tuple[PythonModule, cst.BaseExpression] | None:
    for option in symbols.given(evaluator.value(module, receiver)):
        if isinstance(option, symbols.Sdk) and option.kind == "session" and option.node is not None:
            assert option.module is not None
            given = {each.keyword.value for each in option.node.args if each.keyword is not None}
            if "profile_name" in given:  # Lambda has no profiles: this is a developer's machine
                return None
            return _region_of(evaluator, option.module, option.node, 3)
    return None


def _has_home(service: str, region: str, text: str) -> bool:
    folded = ""
    for row in _homes():
        if not any(fnmatchcase(service, pattern) for pattern in row["services"]):
            continue
        if row.get("regions") and region not in row["regions"]:
            continue
        if not row.get("where"):
            return True
        folded = folded or text.lower()
        if any(part in folded for part in row["where"]):
            return True
    return False


@cache
def _homes() -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = load("fixed_regions.toml")["home"]
    return found


@cache
def _public_accounts() -> frozenset[str]:
    return frozenset(account for row in load("fixed_regions.toml")["public"] for account in row["accounts"])
