"""dev-only-dependency: a packaged list of requirements names a package for development."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

from lambdalint.finding import Finding, Label
from lambdalint.python.development import (
    DevelopmentPackage,
    development_distribution,
    development_import,
)
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.application.manifests import Packed
    from lambdalint.application.requirements import Requirement


class DevOnlyDependency(Rule):
    """A list of requirements that is packaged with a function names a package for development.

    **Why**

    `sam build` installs all that `CodeUri/requirements.txt` lists beside the code. A test framework or a
    linter there makes each deployment larger and each cold start slower, counts against the 250 MB that a
    function may have, and adds code that somebody has to keep free of known flaws. moto and pytest bring
    dozens of packages with them.

    **Bad**

    ```text title=src/requirements.txt
    requests==2.32.3
    pytest
    ```

    ```python title=src/app.py
    import requests


    def handler(event, context):
        return requests.get(event["url"], timeout=5).json()
    ```

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Fetch:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
    ```

    **Good**

    ```text title=src/requirements.txt
    requests==2.32.3
    ```

    ```text title=requirements-dev.txt
    -r src/requirements.txt
    pytest
    ```

    ```python title=src/app.py
    import requests


    def handler(event, context):
        return requests.get(event["url"], timeout=5).json()
    ```

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Fetch:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
    ```

    **Limits**

    Reads the list that lies in the CodeUri: requirements.txt with what it includes, else pyproject.toml's
    runtime dependencies (`[project]` or Poetry), else Pipfile's packages; the list of a local layer; and
    what an image's Dockerfile installs with `pip install -r`. Silent where a Makefile builds, where `sam
    build` is told another manifest, and where a handler of the bundle cannot be read. A package that the
    code imports is dev-only-import's. setuptools and its like are left alone: other packages may need
    them. Knows the packages of its table (`data/development_packages.toml`); `packages` adds more, by
    their names in a manifest, `*` for any ending, and `allow` takes some out.

    **References**

    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build.html
    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """

    name = "dev-only-dependency"
    severity = "warning"
    reads = "both"
    options: ClassVar[Mapping[str, OptionValue]] = {"packages": [], "allow": []}

    def check_application(self, application: Application) -> Iterator[Finding]:
        for packed in application.manifests.packed:
            for requirement in packed.manifest.requirements:
                package = self._package(application, requirement)
                if package is None or not packed.holds(requirement) or _is_used(packed, package):
                    continue
                yield self.finding(
                    _message(packed, requirement, package),
                    Label(requirement.source, requirement.span, package.what),
                    *packed.labels("packaged with this function"),
                    help=f"move it to a list for development, which is not packaged: {package.reason}",
                    functions=(function.id for function in packed.functions),
                )

    def _package(self, application: Application, requirement: Requirement) -> DevelopmentPackage | None:
        options = application.options(self)
        more, allowed = options["packages"], options["allow"]
        assert isinstance(more, list)
        assert isinstance(allowed, list)
        if any(fnmatchcase(requirement.name, pattern.lower()) for pattern in allowed):
            return None
        if any(fnmatchcase(requirement.name, pattern.lower()) for pattern in more):
            return DevelopmentPackage("a development package", "the configuration lists it", ())
        package = development_distribution(requirement.name)
        return None if package is None or package.needed else package


def _is_used(packed: Packed, package: DevelopmentPackage) -> bool:
    """Whether the code imports it, or names it as a program to start."""
    names = "|".join(re.escape(name).replace(r"\*", r"\w*") for name in package.imports)
    mention = re.compile(rf"[\"'\s]-m[\"',\s]+(?:{names})\b|[\"'](?:{names})[\"'\s.]") if names else None
    for module in {id(module): module for h in packed.handlers for module in h.reach.modules}.values():
        for binding in module.names.imports:
            if binding.imported and development_import(binding.imported) is package:
                return True
        if mention is not None and mention.search(module.source.text):
            return True
    return False


def _message(packed: Packed, requirement: Requirement, package: DevelopmentPackage) -> str:
    name = packed.manifest.path.name
    if name.endswith(".txt"):
        return f"{name} packs `{requirement.shown}`, {package.what}, with {packed.carriers}"
    return f"{name} lists `{requirement.shown}`, {package.what}, among what {packed.carriers} needs to run"
