"""exit-in-handler: the process is ended in the middle of an invocation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding
from lambdalint.python.exits import exits
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class ExitInHandler(Rule):
    """The invoke path ends the process: `sys.exit`, `exit`, `quit`, `os._exit` or `raise SystemExit`.

    **Why**

    The process is Lambda's runtime, not the function's. Ending it fails the invocation, whatever the exit
    code, with `Runtime.ExitError` in place of an error that a caller, a log or an alarm could tell: "Runtime
    exited without providing a reason". The next invocation starts a new runtime and runs init again. Python's
    runtime reports exceptions, and SystemExit is none of those.

    **Bad**

    ```python title=src/app.py
    import sys


    def handler(event, context):
        if "id" not in event:
            print("no id")
            sys.exit(1)
        return event["id"]
    ```

    **Good**

    ```python title=src/app.py
    def handler(event, context):
        if "id" not in event:
            raise ValueError("the event has no id")
        return event["id"]
    ```

    **Limits**

    Speaks of the invoke path, not of init, where AWS's own examples exit. Silent where a caller catches
    SystemExit or BaseException, in threads and child processes, in functions for signals and for the end of
    the process, and under a test that asks if the code runs in Lambda.

    **References**

    - https://repost.aws/knowledge-center/lambda-runtime-error
    - https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    - https://docs.python.org/3/library/exceptions.html#SystemExit
    """

    name = "exit-in-handler"
    severity = "error"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each place, in the helper where it stands."""
        for found in exits(handler.evaluator, handler.reach):
            yield self.finding(
                f"`{found.what}` ends Lambda's runtime in the middle of an invocation",
                found.module.label(found.node, "the caller gets Runtime.ExitError, and init runs again"),
                help="raise an exception that tells what is wrong, or return",
                functions=handler.ids,
            )
