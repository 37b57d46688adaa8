"""removed-module: source that the function's Runtime cannot run: modules, names and syntax that it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.finding import Finding, Label, Role
from lambdalint.python.imports import is_trial
from lambdalint.python.versions import (
    has_versioned_attribute,
    is_for_versions,
    missing_builtins,
    missing_module,
    missing_name,
    newer_syntax,
    runtime_version,
)
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import ApplicationModule, Handler
    from lambdalint.python.names import Binding
    from lambdalint.python.versions import Change, Version
    from lambdalint.template.function import LambdaFunction


class RemovedModule(Rule):
    """Source uses syntax or a part of the standard library that the declared Runtime does not have.

    **Why**

    Python takes modules out of its standard library (`distutils` and `imp` with 3.12, `cgi` and
    `telnetlib` with 3.13) and adds syntax. A function whose `Runtime` is newer or older than the Python
    its code was written for ends every invocation with `Runtime.ImportModuleError` or
    `Runtime.UserCodeSyntaxError`, as soon as the template, or the default of the account's tooling, moves
    to another runtime.

    **Bad**

    ```python title=src/app.py
    from distutils.util import strtobool


    def handler(event, context):
        return {"dry": strtobool(event["dry"])}
    ```

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Clean:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.handler
          CodeUri: src/
    ```

    **Good**

    ```python title=src/app.py
    def handler(event, context):
        return {"dry": event["dry"].lower() in ("1", "true", "yes")}
    ```

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Clean:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.handler
          CodeUri: src/
    ```

    **Limits**

    Knows the changes from Python 3.7 to 3.14 that its table lists (`data/python_versions.toml`): modules,
    names in them, syntax, and `X | Y` or `list[X]` in annotations that are evaluated. Of one kind of
    syntax a module is told the first use. Left alone: `try` with `except ImportError`, what
    `sys.version_info` or `hasattr` chooses, modules of the same name in the bundle, and modules that a
    listed package (`legacy-cgi`, `setuptools`) or something out of sight may bring back. Methods of
    objects (`str.removeprefix`) are not looked at, nor images, whose Python the template does not name.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    - https://docs.python.org/3/whatsnew/3.12.html#removed
    - https://docs.python.org/3/whatsnew/3.13.html#whatsnew313-pep594
    """

    name = "removed-module"
    severity = "error"
    reads = "both"

    def check_module(self, module: ApplicationModule) -> Iterator[Finding]:
        by_version: dict[Version, list[LambdaFunction]] = {}
        for handler in module.handlers:
            for function in handler.functions:
                version = runtime_version(function.runtime)
                if version is not None:
                    by_version.setdefault(version, []).append(function)
        for version, functions in by_version.items():
            handlers = [h for h in module.handlers if not set(h.functions).isdisjoint(functions)]
            for node, what, change in _lacking(module, handlers, version):
                yield self._finding(module, node, what, change, version, functions)

    def _finding(
        self,
        module: ApplicationModule,
        node: cst.CSTNode,
        what: str,
        change: Change,
        version: Version,
        functions: list[LambdaFunction],
    ) -> Finding:
        name = f"`{functions[0].logical_id}`"
        if len(functions) > 1:
            name += f" and {len(functions) - 1} more"
        dotted = ".".join(map(str, change.removed or change.added or version))
        story = f"which Python {dotted} removed" if change.removed else f"which came with Python {dotted}"
        runtime = f"python{version[0]}.{version[1]}"
        here = f"use {change.instead}, or" if change.instead else "rewrite it, or"
        move = "an older runtime while there is one" if change.removed else f"python{dotted} or later"
        return self.finding(
            f"{what}, {story}: {name} run{'s' if len(functions) == 1 else ''} on {runtime}",
            module.label(node, f"not in Python {version[0]}.{version[1]}"),
            *(_runtime(function, runtime) for function in functions),
            help=f"{here} set the Runtime to {move}",
            functions=(function.id for function in functions),
        )


def _lacking(
    module: ApplicationModule, handlers: list[Handler], version: Version
) -> Iterator[tuple[cst.CSTNode, str, Change]]:
    seen: set[tuple[int, str]] = set()
    for binding in module.module.names.imports:
        found = _imported(module, handlers, binding, version)
        if found is None:
            continue
        name, change = found
        place = _place(module, binding, name)
        if (id(place), name) not in seen:
            seen.add((id(place), name))
            yield place, f"the code imports `{name}`", change
    for attribute in module.module.nodes(cst.Attribute):
        if has_versioned_attribute(attribute.attr.value) and _may_fail(module, attribute):
            dotted = module.module.names.qualified(attribute)
            found = missing_name(dotted, version) if dotted is not None else None
            if found is not None and found[0] == dotted and not _is_own(module, dotted):
                yield attribute, f"the code uses `{dotted}`", found[1]
    for read, word, change in missing_builtins(module.module, version):
        if _may_fail(module, read):
            yield read, f"the code uses `{word}`", change
    for syntax in newer_syntax(module.module, version):
        if not syntax.parses or module.runs(syntax.node):
            yield syntax.node, f"the code has {syntax.change.what}".rstrip(","), syntax.change


def _imported(
    module: ApplicationModule, handlers: list[Handler], binding: Binding, version: Version
) -> tuple[str, Change] | None:
    """The module or name that an import cannot find."""
    dotted = binding.imported or ""
    found = missing_module(dotted, version)
    if found is not None and any(_may_be_brought(handler, found[1]) for handler in handlers):
        return None
    found = found or missing_name(dotted, version)
    if found is None or module.program.is_local(module.module, binding):
        return None
    return found if _may_fail(module, binding.node) else None


def _may_fail(module: ApplicationModule, node: cst.CSTNode) -> bool:
    if not module.runs(node) or is_trial(module.module, node):
        return False
    return not is_for_versions(module.module, node)


def _is_own(module: ApplicationModule, dotted: str) -> bool:
    return module.program.module(dotted.split(".")[0]) is not None


def _may_be_brought(handler: Handler, change: Change) -> bool:
    """Whether a package that is listed, or may be there unseen, brings the module back."""
    if not change.brought_by:
        return False
    if handler.opaque:
        return True
    packages = handler.application.manifests.packages(handler)
    listed = {requirement.name for requirement in packages.requirements}
    return bool(packages.gaps) or not listed.isdisjoint(change.brought_by)


def _place(module: ApplicationModule, binding: Binding, name: str) -> cst.CSTNode:
    """The name of an import; the whole `from … import …` where the module itself is missing."""
    statement = module.module.parent(binding.node)
    if statement is None or isinstance(statement, cst.Import) or name == binding.imported:
        return binding.node
    return statement


def _runtime(function: LambdaFunction, runtime: str) -> Label:
    found = function.property("Runtime")
    path = found[0].path if found else None
    return function.label(f"runs on {runtime}", Role.RELATED, path, tied=True)
