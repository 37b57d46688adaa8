"""undefined-name: a name that code within reach of a handler reads and nothing binds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role
from lambdalint.python.undefined import suggestion, undefined_names
from lambdalint.rule import Rule

if TYPE_CHECKING:
    import libcst as cst

    from lambdalint.application.application import ApplicationModule


class UndefinedName(Rule):
    """Code that a handler reaches reads a name that nothing binds.

    **Why**

    Python looks a name up when the line runs. A missing import or a misspelt variable passes every deployment
    and raises `NameError` at the first event that gets there: mostly in the branch that no test came to, such
    as the handling of an error. A queue or an asynchronous source then delivers the same event again and
    again, and each time it fails.

    **Bad**

    ```python title=src/app.py
    import json


    def handler(event, context):
        try:
            order = json.loads(event["body"])
        except ValueError:
            logger.error("not JSON")
            return {"statusCode": 400}
        return {"statusCode": 200, "body": order["id"]}
    ```

    **Good**

    ```python title=src/app.py
    import json
    import logging

    logger = logging.getLogger()


    def handler(event, context):
        try:
            order = json.loads(event["body"])
        except ValueError:
            logger.error("not JSON")
            return {"statusCode": 400}
        return {"statusCode": 200, "body": order["id"]}
    ```

    **Limits**

    Agrees with ruff's F821, but speaks only of what runs in Lambda. It leaves alone: annotations that Python
    does not evaluate (in quotation marks, of local variables, under `from __future__ import annotations`);
    modules with `exec` or `import *`; names that the code also names as text, as `globals()["x"]` does; names
    in `try` with `except NameError`, or in a branch on the version of Python; builtins of Python 2 where no
    template says that Python 3 runs the code; lines with `# noqa`,
    `# noqa: F821` or pylint's `undefined-variable`. One finding for each name of a module.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    - https://docs.astral.sh/ruff/rules/undefined-name/
    - https://docs.python.org/3/reference/executionmodel.html#resolution-of-names
    """

    name = "undefined-name"
    severity = "error"
    reads = "code"

    def check_module(self, module: ApplicationModule) -> Iterator[Finding]:
        found: dict[str, list[cst.Name]] = {}
        for name in undefined_names(module.module, _is_lazy(module), _is_old(module)):
            if module.runs(name):
                found.setdefault(name.value, []).append(name)
        for text, reads in found.items():
            first, *others = reads
            yield self.finding(
                f"`{text}` is read here, but nothing binds it",
                module.label(first, "raises NameError when it runs"),
                *(module.label(other, "and here", Role.RELATED) for other in others),
                help=suggestion(module.module, text),
                functions=module.functions,
            )


def _is_lazy(module: ApplicationModule) -> bool:
    """Whether every function that reaches the module runs on a Python that evaluates no annotation."""
    runtimes = {function.runtime or "" for handler in module.handlers for function in handler.functions}
    return bool(runtimes) and all(_minor(runtime) >= 14 for runtime in runtimes)


def _is_old(module: ApplicationModule) -> bool:
    """Whether Python 2 may run the module: no template says that Python 3 does."""
    runtimes = [function.runtime or "" for handler in module.handlers for function in handler.functions]
    return not runtimes or not all(runtime.startswith("python3") for runtime in runtimes)


def _minor(runtime: str) -> int:
    digits = runtime.removeprefix("python3.")
    return int(digits) if digits.isdigit() else 0
