"""fat-handler: the business logic stands in the handler itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

import libcst as cst

from lambdalint.finding import Finding
from lambdalint.python.size import size
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


class FatHandler(Rule):
    """The handler does the work itself instead of handing it to functions.

    **Why**

    A handler is called with an event of AWS's making and a context: what stands in it can be tested only with
    both, and cannot be used by anything else. AWS advises to keep it to what belongs to Lambda, that is to
    read the event, call functions that know nothing of Lambda, and make the answer.

    **Bad**

    With the option `statements = 4` (it is 50 unless you set it):

    ```python title=src/app.py
    def handler(event, context):
        total = 0
        for item in event["items"]:
            price = item["price"] * item["count"]
            if item["count"] > 10:
                price *= 0.9
            total += price
        return {"total": round(total, 2)}
    ```

    ```toml title=lambdalint.toml
    [rules.fat-handler]
    statements = 4
    ```

    **Good**

    ```python title=src/app.py
    def handler(event, context):
        return {"total": total(event["items"])}


    def total(items):
        return round(sum(map(price, items)), 2)


    def price(item):
        full = item["price"] * item["count"]
        return full * 0.9 if item["count"] > 10 else full
    ```

    **Limits**

    Counts statements and decisions; more than `statements` (50) or `decisions` (15) is too many. Both are
    options. An `if` or `case` that only calls another function is a route and counts as nothing, and so do
    docstrings and imports. Opt-in, since how much is too much is for a team to say.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
    """

    name = "fat-handler"
    severity = "info"
    reads = "code"
    default = False
    options: ClassVar[Mapping[str, OptionValue]] = {"statements": 50, "decisions": 15}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each handler that is a `def`."""
        if not isinstance(handler.node, cst.FunctionDef):
            return
        found = size(handler.node)
        options = handler.application.options(self)
        statements, decisions = options["statements"], options["decisions"]
        assert isinstance(statements, int)
        assert isinstance(decisions, int)
        if found.statements <= statements and found.decisions <= decisions:
            return
        yield self.finding(
            f"the handler does the work itself: {found.statements} statements, {found.decisions} decisions",
            handler.label(f"more than {statements} statements or {decisions} decisions"),
            help="read the event here, and leave the rest to functions that know nothing of Lambda",
            functions=handler.ids,
        )
