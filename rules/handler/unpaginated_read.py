"""unpaginated-read: the first page of a list, taken for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.tables import finds_many
from lambdalint.finding import Finding, Role
from lambdalint.python.paging import Truncated, truncated
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class UnpaginatedRead(Rule):
    """A call returns a list page by page, and only the first page is read.

    **Why**

    Calls that list, query or scan return a page: 1 MB of a DynamoDB table, 1,000 objects of a bucket, 20
    accounts of an organization. Whether there is more, and the token to ask for it with, is in the response.
    Code that does not read it works until there is a second page; from then on it silently leaves out the
    rest. DynamoDB applies filters after it has read a page, so that even an empty page can have a successor.

    **Bad**

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        response = table.scan()
        return {"total": sum(item["amount"] for item in response["Items"])}
    ```

    **Good**

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        pages = table.meta.client.get_paginator("scan").paginate(TableName=table.name)
        return {"total": sum(item["amount"] for page in pages for item in page["Items"])}
    ```

    Without a paginator, repeat the call with the token of the last response until there is none. Where one
    page is meant, say so: pass a limit, or hand the token to the client.

    **Limits**

    Knows the operations for which botocore has a paginator, without those that give everything unless they
    are asked for pages (EC2) and those whose lists a quota keeps shorter than a page (`data/paging.toml`;
    `complete` names more, such as "events.list_*"). Silent where the call has a limit or a token, asks for
    things by name or id, or its arguments cannot be told; where only the first item is read, or whether there
    is one; and where the response is handed on as a whole. A DynamoDB query by partition key alone is left
    alone unless the table's sort key is known from the template.

    **References**

    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
    - https://docs.aws.amazon.com/boto3/latest/guide/paginators.html
    - https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    """

    name = "unpaginated-read"
    severity = "warning"
    reads = "code"
    options: ClassVar[Mapping[str, OptionValue]] = {"complete": []}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        complete = handler.application.options(self)["complete"]
        assert isinstance(complete, list)
        for call in handler.calls:
            found = truncated(handler.results, call, complete)
            if found is None or (call.api == "dynamodb.query" and not finds_many(handler, call)):
                continue
            yield self.finding(
                f"`{call.operation}` returns one page, and nothing reads `{found.token}`: "
                "what is on the next pages is left out",
                call.module.label(call.node, "asks for the first page only"),
                found.use.module.label(found.use.node, "takes it for everything", Role.RELATED),
                help=_help(found),
                functions=handler.ids,
            )


def _help(found: Truncated) -> str:
    call, page = found.call, found.page
    if call.interface == "client":
        return f'go through the pages of `get_paginator("{call.operation}")`, or pass a limit if one is meant'
    return (
        f"repeat the call with `{page.inputs[0]}` while the response has `{found.token}`, "
        "or pass a limit if one page is meant"
    )
