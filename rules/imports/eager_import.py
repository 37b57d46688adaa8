"""eager-import: a heavy package that every cold start imports and only some invocations use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

import libcst as cst

from lambdalint.application.eager import Eager, eager_imports
from lambdalint.finding import Finding, Fix, Label, Role, Safety
from lambdalint.python.control import always
from lambdalint.python.sinking import sink
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.python.heavy import HeavyImport


class EagerImport(Rule):
    """A package that takes long to import is imported at every cold start, but only some invocations use it.

    **Why**

    Lambda runs a module's imports before the first request of each execution environment is answered. A data
    or document library takes from a tenth of a second to several seconds, and more where the function has
    little memory, as CPU comes with it. Imported in the branch that needs it, it costs the first request that
    takes this branch; all others start without it. Python keeps what is imported, so later requests pay
    nothing.

    **Bad**

    ```python title=src/app.py
    import json
    import os

    import boto3
    import pandas as pd

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        if event["httpMethod"] == "POST":
            table.put_item(Item=json.loads(event["body"]))
            return {"statusCode": 201}
        frame = pd.DataFrame(table.scan(Limit=100)["Items"])
        return {"statusCode": 200, "body": frame.to_csv()}
    ```

    **Good**

    ```python title=src/app.py
    import json
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


    def handler(event, context):
        if event["httpMethod"] == "POST":
            table.put_item(Item=json.loads(event["body"]))
            return {"statusCode": 201}
        import pandas as pd

        frame = pd.DataFrame(table.scan(Limit=100)["Items"])
        return {"statusCode": 200, "body": frame.to_csv()}
    ```

    **Fix**

    Moves the import to where the names are used: before the first statement that needs it in each function,
    within the branch where every invocation comes to the function. Unsafe: the package is loaded later, so
    that what it does when it is imported happens later, and a package that is missing is noticed by the first
    request that needs it. None where annotations, defaults or code of module level name the package.

    **Limits**

    Knows the packages of its table (`data/heavy_imports.toml`, with times measured on a fast machine);
    `packages` adds more, as `name` or `name=milliseconds`, and `allow` takes some out. A branch counts where
    its other side does real work: a guard clause that returns an error is no second way, nor is an `except`.
    Silent where another package brings it along, where several handlers share the module and one needs it
    always, where only rare schedules invoke the function or it answers custom resources, with provisioned
    concurrency or SnapStart, and where it cannot be told who calls the function that uses it.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/operatorguide/static-initialization.html
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    - https://docs.python.org/3/reference/import.html#the-module-cache
    """

    name = "eager-import"
    severity = "info"
    reads = "code"
    fix = "unsafe"
    quantifier = "all"
    options: ClassVar[Mapping[str, OptionValue]] = {"packages": [], "allow": []}

    def check_application(self, application: Application) -> Iterator[Finding]:
        options = application.options(self)
        more, allowed = options["packages"], options["allow"]
        assert isinstance(more, list)
        assert isinstance(allowed, list)
        for eager in eager_imports(application, more, allowed):
            found = eager.subject
            yield self.finding(
                f"{_named(found)} is imported at every cold start, but only some invocations use it",
                *_labels(eager),
                help=_help(found),
                fix=_fix(eager),
                functions=[each for handler in eager.handlers for each in handler.ids],
            )


def _named(found: HeavyImport) -> str:
    took = found.package.milliseconds
    if not took:
        return f"`{found.package.name}`"
    cost = f"{took / 1000:.1f} s" if took >= 1000 else f"{took} ms"
    return f"`{found.package.name}` (some {cost} to import)"


def _labels(eager: Eager[HeavyImport]) -> Iterator[Label]:
    found, fork = eager.subject, eager.fork
    places = {id(place): place for place in (_place(found, binding.node) for binding in found.bindings)}
    first, *others = places.values()
    yield found.module.label(first, "loaded before any request is answered")
    for other in others:
        yield found.module.label(other, "of the same package", Role.RELATED)
    yield fork.module.label(fork.node, "one side of this branch works without it", Role.RELATED)
    module, node = eager.use
    yield module.label(node, "used here", Role.RELATED)


def _place(found: HeavyImport, alias: cst.CSTNode) -> cst.CSTNode:
    """The whole `from … import …`, whose names all come from one package, or one name of `import …`."""
    statement = found.module.parent(alias)
    return alias if statement is None or isinstance(statement, cst.Import) else statement


def _help(found: HeavyImport) -> str:
    advice = "import it where it is used: the first request that needs it loads it, and it stays loaded"
    if found.annotated:
        return f"{advice}; for annotations, import it under `if TYPE_CHECKING:`"
    return advice


def _fix(eager: Eager[HeavyImport]) -> Fix | None:
    found = eager.subject
    if found.annotated:
        return None
    reaches = [handler.reach for handler in eager.handlers]

    def everywhere(statement: cst.CSTNode) -> bool:
        return any(always(reach, found.module, statement) for reach in reaches)

    edits = sink(found.module, found.bindings, everywhere)
    if not edits:
        return None
    return Fix(f"Import `{found.package.root}` where it is used", edits, Safety.UNSAFE)
