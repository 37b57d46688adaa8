"""unfiltered-read: everything is read, and some of it used."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from lambdalint.application.requests import answers_requests
from lambdalint.finding import Finding, Role
from lambdalint.python.paging import truncated
from lambdalint.python.sql_reads import sql_reads
from lambdalint.python.whole_reads import WholeRead, whole_reads
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class UnfilteredRead(Rule):
    """Everything is read, and code keeps what it wants of it.

    **Why**

    What a scan or a query reads is paid for, carried to the function and turned into Python objects, whether
    or not it is wanted. With a handful of items nobody notices; the cost and the time grow with the table,
    for an answer that stays the same. The service can choose by itself: by a key or an index it does not even
    read the rest.

    **Bad**

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        items = []
        response = table.scan()
        items.extend(response["Items"])
        while "LastEvaluatedKey" in response:
            response = table.scan(ExclusiveStartKey=response["LastEvaluatedKey"])
            items.extend(response["Items"])
        return [item for item in items if item["customer"] == event["customer"]]
    ```

    **Good**

    ```python title=src/app.py
    import os

    import boto3
    from boto3.dynamodb.conditions import Key

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        query = {"IndexName": "by-customer", "KeyConditionExpression": Key("customer").eq(event["customer"])}
        items = []
        response = table.query(**query)
        items.extend(response["Items"])
        while "LastEvaluatedKey" in response:
            response = table.query(**query, ExclusiveStartKey=response["LastEvaluatedKey"])
            items.extend(response["Items"])
        return items
    ```

    A FilterExpression spares the transfer, but not the reading: DynamoDB bills what it read before filtering.

    **Limits**

    Flags four things. DynamoDB items, rows of one table without WHERE or LIMIT (`cursor.execute`, the Data
    API, SQLAlchemy, Django, peewee, pynamodb) of which a loop or comprehension keeps some by comparing
    attributes, with nothing else done to them. Objects of a bucket that are chosen by the beginning of their
    key. A scan without filter, limit or projection, or such rows, that become the reply to a request (an API,
    a function URL, a load balancer). `SELECT *` whose rows are used by position, not all of them. Tests that
    a service could not do are left alone: what code computes of an attribute, whether it is there, membership
    in a list that only run time knows. Of a read that leaves out pages as well, this rule speaks alone.

    **References**

    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-query-scan.html
    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/ListingKeysUsingAPIs.html
    """

    name = "unfiltered-read"
    severity = "warning"
    reads = "code"
    supersedes = ("unpaginated-read",)

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        for found in chain(
            whole_reads(handler.results, handler.calls), sql_reads(handler.results, handler.calls)
        ):
            if found.reply is None or answers_requests(handler):
                yield self._finding(handler, found)

    def _finding(self, handler: Handler, found: WholeRead) -> Finding:
        labels = [found.module.label(found.node, f"reads {found.what}")]
        if found.kept is not None:
            message = f"reads {found.what}, and keeps some by {_listed(found.kept.names)}"
            labels.append(found.kept.module.label(found.kept.test, "keeps some of them", Role.RELATED))
        elif found.reply is not None:
            message = f"reads {found.what} to answer a request"
            labels.append(found.reply.module.label(found.reply.node, "answers with all", Role.RELATED))
        else:
            message = f"reads all columns, and uses {_positions(found.columns)} of a row"
        advice = _help(found)
        page = truncated(handler.results, found.call) if found.call is not None else None
        if page is not None:
            advice += f"; and read all its pages, for nothing reads `{page.token}`"
        return self.finding(message, *labels, help=advice, functions=handler.ids)


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _positions(columns: tuple[int, ...]) -> str:
    return "only " + ", ".join(f"[{column}]" for column in columns)


def _help(found: WholeRead) -> str:
    if found.kind == "objects":
        return "pass the beginning of the key as Prefix"
    if found.kind == "columns":
        return "name the columns that are used"
    if found.kind == "rows":
        return "let the database choose (WHERE), or give it a LIMIT"
    if found.reply is not None:
        return "query by a key or an index, or hand the items out page by page with a Limit"
    if found.call is not None and found.call.operation == "query":
        return "put the test into the key condition, or into a FilterExpression"
    return "query by a key or an index; a FilterExpression at least spares the transfer"
