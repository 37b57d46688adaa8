"""provisioned-without-alias: a head start for versions, of a function that has none, or cannot have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.published import publishes, unpublished_aliases
from lambdalint.template.runtimes import supports
from lambdalint.template.shared import Written, written
from lambdalint.template.values import Known, Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template

_HELP = "set AutoPublishAlias, and have callers use the alias"
_PLAIN_HELP = "publish an AWS::Lambda::Version and have callers use it, or an alias of it"


class ProvisionedWithoutAlias(Rule):
    """Provisioned concurrency or SnapStart for a function without a published version, or unable to have it.

    **Why**

    Both start environments of a published version ahead of time, and never of `$LATEST`. SAM refuses
    provisioned concurrency without AutoPublishAlias, and Lambda refuses it on an alias of `$LATEST`.
    SnapStart without a version deploys, and does nothing. On a runtime that has no SnapStart, Lambda refuses
    the function.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
          ProvisionedConcurrencyConfig:
            ProvisionedConcurrentExecutions: 5
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
          AutoPublishAlias: live
          ProvisionedConcurrencyConfig:
            ProvisionedConcurrentExecutions: 5
    ```

    **Limits**

    This rule also says that SnapStart is not to be had on a runtime or image, since a function that cannot
    have what it asks for is the same mistake. A runtime that is not in `data/runtime_features.toml` is
    unknown. Silent where a macro or a loop may publish the version, and about an alias whose version is
    chosen at deployment; versions that are published outside of the template are not seen.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
    - https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    """

    name = "provisioned-without-alias"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for each in written(template, "ProvisionedConcurrencyConfig"):
            without = tuple(
                function for function in each.functions if not function.property("AutoPublishAlias")
            )
            if without and not isinstance(each.property.value, Unknown):
                yield self._unpublished(Written(each.property, each.path, without), "provisioned concurrency")
        for alias, concurrency, version in unpublished_aliases(template):
            yield self.finding(
                f"the alias `{alias.logical_id}` has provisioned concurrency and stands for `$LATEST`",
                template.label(version, "is no published version, which alone can have it"),
                template.label(concurrency, "asks for provisioned concurrency", Role.RELATED),
                help="let the alias stand for an AWS::Lambda::Version of the function",
            )
        for each in written(template, "SnapStart", "ApplyOn"):
            value = each.property.value
            if isinstance(value, Known) and value.value == "PublishedVersions":
                yield from self._snapstart(each)

    def _snapstart(self, each: Written) -> Iterator[Finding]:
        able: list[LambdaFunction] = []
        for function in each.functions:
            what = _cannot(function)
            if what is None:
                able.append(function)
            else:
                yield self._refused(each, function, what)
        without = tuple(function for function in able if not publishes(function))
        if without:
            yield self._unpublished(Written(each.property, each.path, without), "SnapStart")

    def _unpublished(self, each: Written, what: str) -> Finding:
        first, *others = each.functions
        names = f"`{first.logical_id}`" + f" and {len(others)} more" * bool(others)
        return self.finding(
            f"{what} for {names} without a published version",
            *each.labels("is for published versions only", "publishes no version"),
            help=_HELP if first.sam else _PLAIN_HELP,
            functions=(function.id for function in each.functions),
        )

    def _refused(self, each: Written, function: LambdaFunction, what: str) -> Finding:
        runtime = function.property("Runtime")
        return self.finding(
            f"SnapStart is not to be had on {what}, so Lambda refuses `{function.logical_id}`",
            function.template.label(each.path, "asks for SnapStart"),
            function.label(f"runs on {what}", Role.RELATED, runtime[0].path if runtime else None, tied=True),
            help="move to python3.12, java11 or dotnet8, or newer; or take SnapStart out",
            functions=[function.id],
        )


def _cannot(function: LambdaFunction) -> str | None:
    """What keeps a function from having SnapStart; None where nothing does, or it is not known."""
    if function.known("PackageType") == "Image":
        return "an image"
    if function.runtime is None or supports(function.runtime, "snapstart") is not False:
        return None
    return f"`{function.runtime}`"
