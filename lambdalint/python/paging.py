"""Reads that give one page of a list, and whether anything asks for the next one.

Which operations page, and by which members, `paged_operations.json` has from botocore's paginators; of which
of them one call gives everything all the same, `paging.toml` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python.results import Use, Uses, Way
from lambdalint.python.symbols import Display, Literal, given

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.results import Results

__all__ = ["Paged", "Truncated", "listed", "may_page", "paged", "truncated"]

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Paged:
    """How an operation pages. `tokens` are the members of the response that say whether there is more,
    `inputs` those of the request that ask for the next page, `limit` the one that limits a page, `lists` the
    ways to what is listed, `selectors` the members of the request that name single things of the list."""

    tokens: tuple[Keys, ...]
    inputs: tuple[str, ...]
    limit: str
    lists: tuple[Keys, ...]
    selectors: tuple[str, ...]


@dataclass(frozen=True)
class Truncated:
    """A call of which only the first page is read. `use` is where all of the list is meant."""

    call: AwsCall = field(repr=False)
    page: Paged
    use: Use

    @property
    def token(self) -> str:
        """The member of the response that nothing reads."""
        return ".".join(self.page.tokens[0])


_VERBS = re.compile(r"(?:describe|filter|get|list|lookup|query|scan|search)(?:_|$)")
# Reads of one thing, which are most of the calls that begin like those of many.
_OF_ONE = frozenset({"get_item", "get_object", "get_parameter", "get_secret_value", "get_caller_identity"})


def may_page(call: AwsCall) -> bool:
    """Whether a call may be one of those that page: a question that costs nothing."""
    if call.interface not in ("client", "resource") or call.operation in _OF_ONE:
        return False
    if call.receiver is not None and call.receiver.kind == "collection":
        return False  # boto3 goes through the pages of a collection
    return _VERBS.match(call.operation) is not None


def paged(service: str, operation: str, complete: Sequence[str] = ()) -> Paged | None:
    """How an operation pages; None where one call gives everything. `complete` are patterns of more
    operations of which one does."""
    row = _operations().get(service, {}).get(operation)
    patterns = (*_whole(), *complete)
    if row is None or any(fnmatchcase(f"{service}.{operation}", pattern) for pattern in patterns):
        return None
    tokens, inputs, limit, lists, selectors = (words.split() for words in row.split("|"))
    if not tokens or not lists:
        return None
    return Paged(_paths(tokens), tuple(inputs), "".join(limit), _paths(lists), tuple(selectors))


def truncated(results: Results, call: AwsCall, complete: Sequence[str] = ()) -> Truncated | None:
    """The call with its page, where all of a list is meant and nothing asks whether there is more; `complete`
    as of `paged`."""
    if not may_page(call) or call.open:
        return None
    page = paged(call.service, call.operation, complete)
    if page is None or not _means_all(results.evaluator, call, page):
        return None
    answer = results.of(call.module, call.node)
    for *outer, token in page.tokens:
        around = (
            [answer]
            if not outer
            else [results.of(use.module, use.node) for use in _at(results, answer, tuple(outer))]
        )
        if not all(uses.leaves_unread(token) for uses in around):
            return None
    for use, _ in listed(results, call, page):
        meant = _all_meant(results, use)
        if meant is not None:
            return Truncated(call, page, meant)
    return None


def listed(results: Results, call: AwsCall, page: Paged) -> Iterator[tuple[Use, Uses]]:
    """The places that read a list out of the answer of a call, with what becomes of what they read."""
    for keys in page.lists:
        for use in _at(results, results.of(call.module, call.node), keys):
            yield use, results.of(use.module, use.node)


def _at(results: Results, uses: Uses, keys: Keys) -> Iterator[Use]:
    for use in uses.parts(keys[0]):
        if len(keys) == 1:
            yield use
        else:
            yield from _at(results, results.of(use.module, use.node), keys[1:])


def _all_meant(results: Results, part: Use) -> Use | None:
    """The use that goes through all of a list, or hands all of it on."""
    for use in results.of(part.module, part.node):
        if use.way in (Way.WHOLE, Way.RETURN, Way.LOST) or (use.way is Way.KEY and use.key is None):
            return use
        if use.way is Way.TEST and use.key is not None:
            return use  # looked for in the list
        if use.way is Way.COUNT:
            count = results.of(use.module, use.node)
            if count.of(Way.WHOLE, Way.RETURN, Way.LOST):
                return use
    return None


# What a call asks for

# By the beginning of a name (not S3's Prefix, which is a folder): the name itself comes first in the list.
_NAME_PREFIX = re.compile(r"\wPrefix$")
_ONE_OF = re.compile(r"(?:^|[-_:.a-z])(?:arn|id|identifier|name)s?$", re.IGNORECASE)


def _means_all(evaluator: Evaluator, call: AwsCall, page: Paged) -> bool:
    given_names = frozenset(call.arguments)
    if given_names.intersection((*page.inputs, page.limit, *page.selectors)):
        return False
    if any(_NAME_PREFIX.search(name) for name in given_names):
        return False
    return not any(
        _picks_by_name(evaluator, call, name) for name in given_names if name.lower() in ("filter", "filters")
    )


def _picks_by_name(evaluator: Evaluator, call: AwsCall, name: str) -> bool:
    """Whether a list of filters asks for things by name or id: there are few of them then."""
    for option in given(evaluator.value(*call.arguments[name])):
        entries = evaluator.items(option) if isinstance(option, Display) else None
        if entries is None or not isinstance(option, Display):
            return True  # not known
        for key, expr in entries:
            names = [key] if key is not None else _filter_names(evaluator, option, expr)
            for found in names:
                if not isinstance(found, Literal) or _ONE_OF.search(str(found.value)):
                    return True
    return False


def _filter_names(evaluator: Evaluator, display: Display, expr: cst.BaseExpression) -> Sequence[object]:
    found = []
    for option in given(evaluator.value(display.module, expr)):
        if isinstance(option, Display):
            found += [evaluator.item(option, key) for key in ("Name", "Key", "name", "key")]
        else:
            found.append(option)
    return [symbol for symbol in found if symbol is not None]


# Tables


def _paths(words: Sequence[str]) -> tuple[Keys, ...]:
    return tuple(tuple(word.split(".")) for word in words)


@cache
def _operations() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = load("paged_operations.json")["services"]
    return found


@cache
def _whole() -> tuple[str, ...]:
    return tuple(pattern for row in load("paging.toml")["whole"] for pattern in row["operations"])
