"""missing-dependency: an import at init whose package is nowhere in what is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.absent import absent
from lambdalint.finding import Finding, Label, Role
from lambdalint.rule import Rule
from lambdalint.source import Span

if TYPE_CHECKING:
    from lambdalint.application.absent import Absent
    from lambdalint.application.application import Handler


class MissingDependency(Rule):
    """Code imports a third-party package that nothing puts into the bundle.

    **Why**

    Lambda imports the handler's module before the first invocation. Where a package that it imports is
    missing, every invocation ends with `Runtime.ImportModuleError`. On a developer's machine the package
    is installed, so nobody notices before the deployment.

    **Bad**

    ```text title=src/requirements.txt
    requests==2.32.3
    ```

    ```python title=src/app.py
    import requests
    import yaml


    def handler(event, context):
        return yaml.safe_load(requests.get(event["url"], timeout=5).text)
    ```

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Load:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
    ```

    **Good**

    ```text title=src/requirements.txt
    requests==2.32.3
    PyYAML==6.0.2
    ```

    ```python title=src/app.py
    import requests
    import yaml


    def handler(event, context):
        return yaml.safe_load(requests.get(event["url"], timeout=5).text)
    ```

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Load:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
    ```

    **Limits**

    Speaks only where it is sure: the CodeUri holds a requirements.txt (or a pyproject.toml that
    `BuildMethod: python-uv` installs), or the code stands in the template, which can carry no packages.
    Silent where a layer lies outside the project or is filled by a build, for images and Makefiles, where
    git ignores what could be the package, where code changes `sys.path`, and where a listed distribution
    is not in the table (`data/distributions.toml`) or may bring the package along. Imports inside
    functions and in `try` with `except ImportError` are left alone, as are packages that the table does
    not know.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build.html
    """

    name = "missing-dependency"
    severity = "error"
    reads = "both"
    precision = "very-high"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        seen: set[tuple[int, str]] = set()
        for each in absent(handler):
            key = (id(each.module), each.root)
            if key in seen:
                continue
            seen.add(key)
            yield self.finding(
                f"`{each.root}` {_where(each)}: the import fails at every cold start",
                each.module.label(each.binding.node, "nothing brings this package"),
                *_proof(handler, each),
                help=_help(each),
                functions=handler.ids,
            )


def _where(each: Absent) -> str:
    if each.packages is None:
        return "is not in the runtime, and inline code carries no packages"
    manifest = each.packages.own[0]
    layers = ", in a layer" if each.packages.layers else ""
    return f"is neither in {manifest.path}{layers} nor in the runtime"


def _proof(handler: Handler, each: Absent) -> Iterator[Label]:
    if each.packages is None:
        return
    for manifest in each.packages.manifests:
        first = manifest.source.line_span(1)
        span = Span(first.start, first.end)
        yield Label(manifest.source, span, "the list of what is installed", Role.RELATED)
    for function in handler.functions:
        yield function.label("packaged with this list", Role.RELATED, tied=True)


def _help(each: Absent) -> str:
    names = " or ".join(f"`{name}`" for name in each.providers[:3])
    if each.packages is None:
        return f"add a layer that holds {names}, or move the code to a folder with a requirements.txt"
    return f"add {names} to {each.packages.own[0].path}"
