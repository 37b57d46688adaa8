"""multiprocessing-pool: what needs shared memory, which Lambda does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding
from lambdalint.python.concurrency import Needs, needs_shared_memory
from lambdalint.rule import Rule
from lambdalint.template.values import Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.template.function import LambdaFunction


class MultiprocessingPool(Rule):
    """The code makes a pool, queue or lock of processes, which fails in Lambda.

    **Why**

    Lambda mounts no `/dev/shm`. Without it Python cannot make the semaphores that `multiprocessing.Pool`,
    `Queue`, `Lock`, `Value` and their like consist of, nor can `ProcessPoolExecutor` and
    `multiprocessing.pool.ThreadPool`, which use them: each raises
    `OSError: [Errno 38] Function not implemented`. It works on every developer's machine.

    **Bad**

    ```python title=src/app.py
    from multiprocessing import Pool


    def square(number):
        return number * number


    def handler(event, context):
        with Pool(4) as pool:
            return pool.map(square, event["numbers"])
    ```

    **Good**

    ```python title=src/app.py
    from concurrent.futures import ThreadPoolExecutor

    import boto3

    s3 = boto3.client("s3")


    def size(key):
        return s3.head_object(Bucket="pictures", Key=key)["ContentLength"]


    def handler(event, context):
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(size, event["keys"]))
    ```

    For what computes, `multiprocessing.Process` and `multiprocessing.Pipe` work.

    **Limits**

    Knows the classes of `data/concurrency.toml`; what libraries do by themselves (joblib, which then works in
    one process, torch's data loaders) is not seen. Silent where the code expects the failure (it catches
    OSError, ImportError or NotImplementedError, or does the same work in the `except`), where a test asks if
    it runs in Lambda, and where the function sets LD_PRELOAD, by which some bring a replacement.

    **References**

    - https://aws.amazon.com/blogs/compute/parallel-processing-in-python-with-aws-lambda/
    - https://github.com/python/cpython/blob/main/Lib/multiprocessing/synchronize.py
    - https://stackoverflow.com/questions/34005930/multiprocessing-semlock-is-not-implemented-when-running-on-aws-lambda
    """

    name = "multiprocessing-pool"
    severity = "error"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each call, in the helper where it stands."""
        if any(_may_be_mended(function) for function in handler.functions):
            return
        for needs in needs_shared_memory(handler.evaluator, handler.reach):
            yield self.finding(
                f"`{needs.what}` needs shared memory, which Lambda does not have",
                needs.module.label(needs.node, "raises OSError: [Errno 38] Function not implemented"),
                help=_advice(needs),
                functions=handler.ids,
            )


def _may_be_mended(function: LambdaFunction) -> bool:
    environment = function.environment
    return isinstance(environment, Unknown) or "LD_PRELOAD" in environment


def _advice(needs: Needs) -> str:
    name = needs.what.rsplit(".", 1)[-1]
    if "Pool" in name or name == "process_map":
        return (
            "use concurrent.futures.ThreadPoolExecutor for what waits; for what computes, "
            "multiprocessing.Process with a Pipe"
        )
    if "Queue" in name or "Memory" in name or name in ("Value", "Array", "ShareableList"):
        return (
            "pass data between processes through multiprocessing.Pipe; between threads, through queue.Queue"
        )
    return "use threads with threading's own, or processes that need none: Process and Pipe"
