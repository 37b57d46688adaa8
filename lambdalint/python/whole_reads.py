"""Reads of everything, of which code keeps some by a filter in Python, or which it answers as they are.

Here those of DynamoDB and S3; `sql_reads` has those of databases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.filtering import Kept, kept
from lambdalint.python.module import PythonModule
from lambdalint.python.results import Use, Uses, Way
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall, AwsCalls
    from lambdalint.python.results import Results

__all__ = ["WholeRead", "answered", "chosen", "listed", "whole_reads"]


@dataclass(frozen=True)
class WholeRead:
    """A read of everything. `what` says of what, `kind` is "items", "objects", "rows" or "columns".

    `kept` is the test that chooses among them, `reply` where all of them become the handler's answer,
    `columns` the positions of the few columns that are used; one of the three is given.
    """

    module: PythonModule = field(repr=False)
    node: cst.Call = field(repr=False)
    kind: str
    what: str
    kept: Kept | None = None
    reply: Use | None = None
    columns: tuple[int, ...] = ()
    call: AwsCall | None = field(default=None, repr=False)


def whole_reads(results: Results, calls: AwsCalls) -> Iterator[WholeRead]:
    """The reads of DynamoDB and S3 within reach of which some is kept, or which are answered as they are."""
    for call in calls:
        if call.service == "dynamodb":
            yield from _of_table(results, call)
        elif call.service == "s3":
            yield from _of_bucket(results, call)


# DynamoDB and S3

_FILTERS = frozenset({"FilterExpression", "ScanFilter", "QueryFilter"})
_NARROWED = frozenset({"AttributesToGet", "IndexName", "Limit", "ProjectionExpression", "Segment", "Select"})


def _of_table(results: Results, call: AwsCall) -> Iterator[WholeRead]:
    if call.operation not in ("query", "scan") or call.open or _FILTERS & set(call.arguments):
        return
    if "ExclusiveStartKey" in call.arguments:
        return  # the next page of a read that is told already
    uses = listed(results, call, "Items")
    what = "every item of the table" if call.operation == "scan" else "every item under the key"
    found = chosen(results, uses, call.module, call.node)
    if found is not None:
        if call.operation == "scan" or not ("Limit" in call.arguments or _picks_one(found)):
            yield WholeRead(call.module, call.node, "items", what, kept=found, call=call)
    elif call.operation == "scan" and not _NARROWED & set(call.arguments):
        reply = answered(uses)
        if reply is not None:
            yield WholeRead(call.module, call.node, "items", what, reply=reply, call=call)


def _picks_one(found: Kept) -> bool:
    """Whether one is picked, `next(item for item in items if …)`: of the few that are under a key."""
    for above in found.module.ancestors(found.test):
        if isinstance(above, cst.Call):
            return last_name(above.func) == "next"
        if isinstance(above, cst.BaseStatement):
            return False
    return False


def _of_bucket(results: Results, call: AwsCall) -> Iterator[WholeRead]:
    if call.operation not in ("list_objects", "list_objects_v2") or call.open or "Prefix" in call.arguments:
        return
    if "ContinuationToken" in call.arguments or "Marker" in call.arguments:
        return
    if call.receiver is not None and call.receiver.kind == "collection":
        uses = list(results.of(call.module, call.node))
    else:
        uses = listed(results, call, "Contents")
    found = chosen(results, uses, call.module, call.node)
    if found is not None and found.prefixes and found.names in (("Key",), ("key",)):
        yield WholeRead(
            call.module, call.node, "objects", "every object of the bucket", kept=found, call=call
        )


def listed(results: Results, call: AwsCall, key: str) -> list[Use]:
    """What becomes of the list in a response, or in each page of a paginator."""
    if call.interface == "paginator":
        answer = results.of_items(call.module, call.node)
    elif call.interface in ("client", "resource"):
        answer = results.of(call.module, call.node)
    else:
        return []
    return [use for part in answer.parts(key) for use in results.of(part.module, part.node)]


def chosen(results: Results, uses: list[Use], module: PythonModule, read: cst.CSTNode) -> Kept | None:
    """The filter that things go through, if nothing else is done with them."""
    loops: list[Use] = []
    for use in uses:
        if use.way is Way.WHOLE:
            if _joins(use):
                continue
            loops.append(use)
        elif use.way is Way.COUNT:
            if not _is_only_written_down(results.of(use.module, use.node)):
                return None
        elif use.way not in (Way.TEST, Way.LOG):
            return None
    places = {id(use.node): use for use in loops}
    if len(places) != 1:
        return None
    (use,) = places.values()
    if not isinstance(use.node, (cst.For, cst.CompFor)):
        return None
    return kept(results.evaluator, use.module, use.node, read)


def _joins(use: Use) -> bool:
    """Whether the use only puts the list into another one, which is followed by itself."""
    parent = use.module.parent(use.node)
    if isinstance(parent, cst.AugAssign):
        return True
    call = use.module.parent(parent) if isinstance(parent, cst.Arg) else None
    return isinstance(call, cst.Call) and last_name(call.func) == "extend"


def _is_only_written_down(uses: Uses) -> bool:
    return not uses.of(Way.WHOLE, Way.RETURN, Way.LOST, Way.KEY)


def answered(uses: list[Use]) -> Use | None:
    """Where a list is answered as it is, if nothing else is done with it."""
    replies = [use for use in uses if use.way is Way.RETURN]
    others = [use for use in uses if use.way not in (Way.RETURN, Way.TEST, Way.LOG, Way.COUNT)]
    others = [use for use in others if use.way is not Way.WHOLE or not _joins(use)]
    return replies[0] if replies and not others else None
