"""x86-only: a function on x86 that would run on arm64 as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.architecture import runs_on_arm
from lambdalint.application.wording import some
from lambdalint.finding import Finding
from lambdalint.rule import Rule
from lambdalint.template.shared import lacking, written
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction

_HELP = "set Architectures to [arm64], build the package for it, and compare"


class X86Only(Rule):
    """A function runs on x86, and nothing in its package keeps it from running on arm64.

    **Why**

    Lambda asks a fifth less for a millisecond on arm64 (AWS Graviton), and most code takes no longer there.
    Python itself runs on both; only native code has to be built for the one or the other.

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
    ```

    ```python title=src/app.py
    def handler(event, context):
        return {"total": sum(event["prices"])}
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
          Architectures: [arm64]
    ```

    ```python title=src/app.py
    def handler(event, context):
        return {"total": sum(event["prices"])}
    ```

    **Limits**

    Opt-in: whether it pays has to be measured. Only functions in Python 3.8 or later, as older runtimes have
    no arm64, whose whole package is in sight: silent with native files in it, a layer that cannot be read, a
    requirement that is a path or of which it is not known what it brings along (any distribution that
    `data/distributions.toml` does not have), or one that is for x86 only (`data/x86_only.toml`; the option
    `distributions` names more); for templates with a CloudFront distribution, since Lambda@Edge has x86 only;
    and where a macro may choose the architecture. Whether a wheel for arm64 exists of the very version that
    is pinned is not looked up.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html
    - https://aws.amazon.com/lambda/pricing/
    """

    name = "x86-only"
    severity = "info"
    reads = "template"
    default = False
    options: ClassVar = {"distributions": []}

    def check_application(self, application: Application) -> Iterator[Finding]:
        template = application.template
        if template is None or template.macros:
            return
        able = [each for each in template.functions if self._is_able(each, application)]
        for lack in lacking([each for each in able if not each.property("Architectures")], "Architectures"):
            yield self.finding(
                f"{some([each.logical_id for each in lack.functions])} would run on arm64, for a fifth less",
                *lack.labels("runs on x86_64 by default"),
                help=_HELP,
                functions=(each.id for each in lack.functions),
            )
        for each in written(template, "Architectures"):
            value = each.property.value
            if isinstance(value, Known) and value.value == ["x86_64"] and set(each.functions) <= set(able):
                names = [one.logical_id for one in each.functions]
                yield self.finding(
                    f"{some(names)} would run on arm64, for a fifth less",
                    *each.labels("asks for x86", "runs on it"),
                    help=_HELP,
                    functions=(one.id for one in each.functions),
                )

    def _is_able(self, function: LambdaFunction, application: Application) -> bool:
        more = application.options(self)["distributions"]
        return runs_on_arm(application, function, more if isinstance(more, list) else ())
