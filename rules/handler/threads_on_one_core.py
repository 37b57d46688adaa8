"""threads-on-one-core: computing in parallel where there is one processor at most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Label, Role
from lambdalint.python.concurrency import Split, computes, splits
from lambdalint.rule import Rule
from lambdalint.template.function import DEFAULT_MEMORY

if TYPE_CHECKING:
    import libcst as cst

    from lambdalint.application.application import Handler
    from lambdalint.template.function import LambdaFunction, Property

_ONE_CPU = 1769  # megabytes, at which a function has the equivalent of one vCPU


class ThreadsOnOneCore(Rule):
    """Work that computes is split over threads or processes, and the function has one vCPU at most.

    **Why**

    Lambda gives processor time in proportion to memory: at 1,769 MB a function has one vCPU, below that a
    share of one. Threads and processes that wait for the network gain from running side by side; those that
    compute only take turns there, and cost memory and switches. (Python's threads take turns at any size.)

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Compress:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          MemorySize: 512
    ```

    ```python title=src/app.py
    import zlib
    from concurrent.futures import ThreadPoolExecutor


    def handler(event, context):
        with ThreadPoolExecutor(4) as pool:
            return sum(len(each) for each in pool.map(compress, event["texts"]))


    def compress(text):
        return zlib.compress(text.encode(), 9)
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Compress:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src
          MemorySize: 512
    ```

    ```python title=src/app.py
    import zlib


    def handler(event, context):
        return sum(len(compress(text)) for text in event["texts"])


    def compress(text):
        return zlib.compress(text.encode(), 9)
    ```

    **Limits**

    Looks at threads, `multiprocessing.Process` and `ThreadPoolExecutor`, where all that a worker does is
    understood: it does arithmetic in a loop or calls what computes (`data/concurrency.toml`), and nothing in
    it waits. One call that is not understood keeps the rule silent. Pools of processes are
    multiprocessing-pool's.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    - https://aws.amazon.com/blogs/compute/parallel-processing-in-python-with-aws-lambda/
    """

    name = "threads-on-one-core"
    severity = "info"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each pool, thread or process, at the call that makes it."""
        small = [found for function in handler.functions if (found := _memory(function)) is not None]
        if not small:
            return
        seen: set[int] = set()
        for split in splits(handler.evaluator, handler.reach):
            if id(split.node) in seen:
                continue
            work = computes(handler.evaluator, handler.effects, split)
            if work is not None:
                seen.add(id(split.node))
                yield self._finding(split, work, small)

    def _finding(
        self, split: Split, work: cst.CSTNode, small: list[tuple[LambdaFunction, int, Property | None]]
    ) -> Finding:
        function, memory, _ = small[0]
        return self.finding(
            f"`{function.logical_id}` splits computing over {split.kind}, and its {memory} MB of memory come "
            "with less than one vCPU",
            split.module.label(split.node, f"these {split.kind} take turns on one processor"),
            split.worker.module.label(work, "computes, and waits for nothing", Role.RELATED),
            *(_memory_label(*each) for each in small),
            help="compute one after the other, or give the function more than 1,769 MB and use processes",
            functions=[each.id for each, _, _ in small],
        )


def _memory(function: LambdaFunction) -> tuple[LambdaFunction, int, Property | None] | None:
    """The memory of a function, if it is known to be too little for a whole processor in some branch."""
    found = function.integers("MemorySize", DEFAULT_MEMORY)
    small = [(function, memory, written) for memory, written in found if memory < _ONE_CPU]
    return small[0] if small else None


def _memory_label(function: LambdaFunction, memory: int, written: Property | None) -> Label:
    if written is None:
        return function.label(f"no MemorySize: {memory} MB by default", Role.RELATED, tied=True)
    message = f"`{function.logical_id}` has {memory} MB"
    for name, holds in written.conditions:
        message += f" {'if' if holds else 'unless'} {name}"
    return function.label(message, Role.RELATED, written.path, tied=True)
