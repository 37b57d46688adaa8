"""unused-dependency: a requirement that is packaged with functions of which none imports it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.distributions import carried, distribution
from lambdalint.finding import Finding, Label
from lambdalint.python.development import development_distribution
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.application.distributions import Distribution
    from lambdalint.application.manifests import Packed
    from lambdalint.application.requirements import Requirement

_OPEN = re.compile(
    r"\b(?:import_module|__import__|entry_points|iter_modules|load_entry_point)\s*\(\s*[^\"')\s]"
)


class UnusedDependency(Rule):
    """A packaged requirement that nothing within reach of its functions' handlers imports.

    **Why**

    What a list of requirements names is in the package whether or not code imports it: each deployment
    and each cold start takes longer by it, and its known flaws have to be looked after.

    **Bad**

    ```text title=src/requirements.txt
    requests==2.32.3
    pandas==2.2.3
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

    Opt-in, because a package can serve without being imported: as a driver or plugin of another, by its
    command, or for a program outside the template that shares the list. Knows what distributions are
    imported as from its table (`data/distributions.toml`) and leaves others alone; `imports` adds more
    (distribution = "names"), and `keep` names what is there for a reason. Left alone: what another listed
    package brings along or makes use of (a pinned version of it), what is named in a string, servers and
    agents, packages for development (dev-only-dependency's), bundles that are not wholly in sight or whose
    code imports modules by computed names, and layers that the template hands on to others.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build.html
    """

    name = "unused-dependency"
    severity = "info"
    reads = "both"
    default = False
    quantifier = "all"
    options: ClassVar[Mapping[str, OptionValue]] = {"imports": {}, "keep": []}

    def check_application(self, application: Application) -> Iterator[Finding]:
        options = application.options(self)
        keep, more = options["keep"], options["imports"]
        assert isinstance(keep, list)
        assert isinstance(more, dict)
        for packed in application.manifests.packed:
            bundle = _Bundle(packed, {name: tuple(text.split()) for name, text in more.items()})
            if packed.open or packed.manifest.gaps or bundle.is_open:
                continue
            for requirement in packed.manifest.requirements:
                if (
                    requirement.name not in keep
                    and packed.holds(requirement)
                    and bundle.is_unused(requirement)
                ):
                    yield self._finding(packed, requirement)

    def _finding(self, packed: Packed, requirement: Requirement) -> Finding:
        return self.finding(
            f"{packed.manifest.path.name} packs `{requirement.shown}` with {packed.carriers}, and nothing"
            " that runs there imports it",
            Label(requirement.source, requirement.span, "no handler comes to an import of it"),
            *packed.labels("packaged with this function"),
            help="remove it, or move it to a list that is not packaged; if something needs it here without an"
            " import, name it in this rule's `keep`",
            functions=(function.id for function in packed.functions),
        )


class _Bundle:
    """What the handlers of a list import, and which of its requirements that leaves unused."""

    def __init__(self, packed: Packed, more: Mapping[str, tuple[str, ...]]) -> None:
        self._packed = packed
        self._more = more
        modules = {id(module): module for each in packed.handlers for module in each.reach.modules}
        self._texts = [module.source.text for module in modules.values()]
        self._roots = {
            (binding.imported or "").split(".")[0]
            for module in modules.values()
            for binding in module.names.imports
        }

    @property
    def is_open(self) -> bool:
        """Whether some module is imported whose name is not written out."""
        return any(_OPEN.search(text) for text in self._texts)

    def is_unused(self, requirement: Requirement) -> bool:
        """Whether nothing can be seen to need it."""
        row = self._row(requirement)
        if row is None or not row.imports or self._is_imported(row) or "*" in row.serves:
            return False
        if not self._roots.isdisjoint(row.serves) or development_distribution(row.name) is not None:
            return False
        names = "|".join(re.escape(name) for name in row.imports)
        if any(re.search(rf"[\"'+](?:{names})[\"'+:.\s]", text) for text in self._texts):
            return False
        return not self._may_be_brought(requirement)

    def _is_imported(self, row: Distribution) -> bool:
        return not self._roots.isdisjoint(row.imports)

    def _may_be_brought(self, requirement: Requirement) -> bool:
        """Whether another requirement may bring it along, so that it is listed for its version."""
        for other in self._packed.manifest.requirements:
            if other.name == requirement.name:
                continue
            brought = carried([other])
            if brought is None or requirement.name in brought:
                return True
        return False

    def _row(self, requirement: Requirement) -> Distribution | None:
        from lambdalint.application.distributions import Distribution

        if requirement.name in self._more:
            return Distribution(requirement.name, self._more[requirement.name], None)
        return distribution(requirement.name)
