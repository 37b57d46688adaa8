"""leftover-tmp: files under /tmp that nothing removes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Label, Role
from lambdalint.python.scratch import leftovers
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.scratch import Leftover


class LeftoverTmp(Rule):
    """Each invocation writes a file of its own under /tmp, and nothing removes it.

    **Why**

    /tmp belongs to the execution environment, and what one invocation leaves there the next one finds. Under
    a new name each time, files pile up until the scratch space is full (512 MB, unless EphemeralStorage says
    more) and writing fails with `No space left on device`, in the environments that are reused most. The next
    invocation can read them, too, whatever user they belong to.

    **Bad**

    ```python title=src/app.py
    import boto3

    s3 = boto3.client("s3")


    def handler(event, context):
        path = f"/tmp/{context.aws_request_id}.csv"
        s3.download_file(event["bucket"], event["key"], path)
        with open(path) as rows:
            return sum(1 for _ in rows)
    ```

    **Good**

    ```python title=src/app.py
    import tempfile

    import boto3

    s3 = boto3.client("s3")


    def handler(event, context):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/rows.csv"
            s3.download_file(event["bucket"], event["key"], path)
            with open(path) as rows:
                return sum(1 for _ in rows)
    ```

    **Limits**

    Sees what is written by `open`, downloads of the AWS SDK, archives, `shutil`, `pathlib`, pandas and
    images, where the path begins with /tmp and is made of the event, the time or an identifier; and what
    `tempfile` makes to stay. A fixed name is overwritten, and left alone; so is a file that code looks for
    before it writes it. One call that removes files anywhere on the handler's invoke path counts for all of
    them. Silent for functions that only rare schedules or deployments invoke.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    - https://docs.python.org/3/library/tempfile.html
    """

    name = "leftover-tmp"
    severity = "info"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        if handler.seldom:
            return
        for leftover in leftovers(handler.evaluator, handler.reach):
            yield self.finding(
                f"each invocation leaves a {_what(leftover)} of its own under /tmp, and nothing removes it",
                *_labels(leftover),
                help="write it in a `tempfile.TemporaryDirectory()`, or remove it in `finally`",
                functions=handler.ids,
            )


def _labels(leftover: Leftover) -> Iterator[Label]:
    yield leftover.module.label(leftover.node, "written here")
    if leftover.path is not leftover.node:
        yield leftover.module.label(leftover.path, "another name on each invocation", Role.RELATED)


def _what(leftover: Leftover) -> str:
    return "folder" if leftover.makes_folder else "file"
