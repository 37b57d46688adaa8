"""unused-import: a name that an import binds and nothing in the module reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from lambdalint.finding import Finding, Fix, Label, Role, Safety
from lambdalint.python.imports import does_something, first_line, removal, unread_imports
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import ApplicationModule
    from lambdalint.python.names import Binding


class UnusedImport(Rule):
    """An import binds a name that nothing in the module reads.

    **Why**

    Lambda imports the handler's module, and all that it imports, at each cold start, while the caller waits.
    An SDK or a data library takes from a tenth of a second to several seconds. What nothing reads is paid for
    and never used, and it keeps a package in the bundle that could go.

    **Bad**

    ```python title=src/app.py
    import json

    import pandas


    def handler(event, context):
        return {"statusCode": 200, "body": json.dumps(event["name"])}
    ```

    **Good**

    ```python title=src/app.py
    import json


    def handler(event, context):
        return {"statusCode": 200, "body": json.dumps(event["name"])}
    ```

    **Fix**

    Removes the name, or the whole statement where it imports nothing else; `pass` takes its place where the
    block would be empty. Safe for packages and the standard library. Unsafe for the application's own
    modules: importing one runs its code, and something may rest on that.

    **Limits**

    Agrees with ruff's F401, but leaves alone: imports in `__init__.py`, in `try` with `except ImportError`,
    under `TYPE_CHECKING` and in class bodies; names in `__all__`, in string annotations and in `# type:`
    comments; names that another module of the application imports from here; own modules that do something
    when they are imported; modules that look names up with `eval` or `globals()`; lines with `# noqa` or
    `# noqa: F401`. `side-effects` names packages that are imported for what they do.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.astral.sh/ruff/rules/unused-import/
    """

    name = "unused-import"
    severity = "warning"
    reads = "code"
    fix = "safe"
    quantifier = "all"
    options: ClassVar[Mapping[str, OptionValue]] = {
        "side-effects": [
            "antigravity",
            "cysystemd",
            "ddtrace.auto",
            "encodings",
            "gevent.monkey",
            "lambda_warmer",
            "matplotlib.pyplot",
            "mpl_toolkits",
            "newrelic.bootstrap",
            "pyximport",
            "readline",
            "rlcompleter",
            "unzip_requirements",
        ]
    }

    def check_module(self, module: ApplicationModule) -> Iterator[Finding]:
        if module.source.path.name == "__init__.py":
            return
        unread = [binding for binding in unread_imports(module.module) if self._counts(module, binding)]
        for binding in unread:
            yield self.finding(
                f"`{binding.name}` is imported, but nothing in the module reads it",
                *_labels(module, binding),
                help=_help(module, binding),
                fix=_fix(module, binding, unread),
                functions=module.functions,
            )

    def _counts(self, module: ApplicationModule, binding: Binding) -> bool:
        if not module.runs(binding.node) or self._is_side_effect(module, binding):
            return False
        if _is_taken_elsewhere(module, binding):
            return False
        return not _may_be_for_its_effect(module, binding)

    def _is_side_effect(self, module: ApplicationModule, binding: Binding) -> bool:
        named = module.application.options(self)["side-effects"]
        assert isinstance(named, list)
        imported = f"{binding.imported}."
        return any(imported.startswith(f"{each}.") for each in named)


def _is_taken_elsewhere(module: ApplicationModule, binding: Binding) -> bool:
    """Whether Lambda itself takes the name, as the handler, or another module imports it from here."""
    if binding.scope is not module.module.names.module_scope:
        return False
    return any(
        handler.attribute.split(".")[0] == binding.name
        or handler.reach.is_imported(module.module, binding.name)
        for handler in module.handlers
    )


def _may_be_for_its_effect(module: ApplicationModule, binding: Binding) -> bool:
    """Whether an own module does something when it is imported, which nothing else in the file imports."""
    modules = list(module.program.imported_modules(module.module, binding))
    if not modules or not does_something(modules[-1]):
        return False
    others = (other for other in module.module.names.imports if other.reads)
    return not any(modules[-1] in module.program.imported_modules(module.module, other) for other in others)


def _help(module: ApplicationModule, binding: Binding) -> str:
    package = (binding.imported or "").split(".")[0]
    others = (other for other in module.module.names.imports if other.reads)
    if package and any((other.imported or "").split(".")[0] == package for other in others):
        return "remove the import: who reads the code looks for its use"  # the package is loaded all the same
    return "remove the import: every cold start pays for it"


def _labels(module: ApplicationModule, binding: Binding) -> Iterator[Label]:
    yield module.label(binding.node, "nothing reads it")
    # Where the names stand on lines of their own, an ignore on the first line is for all of them.
    first = first_line(module.module, binding.node)
    if first is not None:
        yield module.module.label_at(first, "", Role.HIDDEN)


def _fix(module: ApplicationModule, binding: Binding, unread: Sequence[Binding]) -> Fix | None:
    edit = removal(module.module, binding, unread)
    if edit is None:
        return None
    own = module.program.is_local(module.module, binding)
    safety = Safety.UNSAFE if own else Safety.SAFE
    return Fix(f"Remove the import of `{binding.name}`", (edit,), safety)
