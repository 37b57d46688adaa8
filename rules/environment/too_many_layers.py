"""too-many-layers: more layers than Lambda attaches to a function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Label, Role
from lambdalint.rule import Rule
from lambdalint.template.layers import MOST, Attached, lists, most_attached

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.values import Path


class TooManyLayers(Rule):
    """A function has more than the five layers that Lambda allows.

    **Why**

    Lambda refuses a function with more than five layers, so the stack does not deploy. SAM joins the layers
    of Globals and those of the function, so that neither list need be too long by itself.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Layers:
          - arn:aws:lambda:eu-west-1:123456789012:layer:logging:3
          - arn:aws:lambda:eu-west-1:123456789012:layer:tracing:8
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
          Layers:
            - arn:aws:lambda:eu-west-1:123456789012:layer:database:2
            - arn:aws:lambda:eu-west-1:123456789012:layer:models:14
            - arn:aws:lambda:eu-west-1:123456789012:layer:templates:1
            - arn:aws:lambda:eu-west-1:123456789012:layer:fonts:1
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Layers:
          - arn:aws:lambda:eu-west-1:123456789012:layer:logging:3
          - arn:aws:lambda:eu-west-1:123456789012:layer:tracing:8
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
          Layers:
            - arn:aws:lambda:eu-west-1:123456789012:layer:database:2
            - arn:aws:lambda:eu-west-1:123456789012:layer:models:14
            - arn:aws:lambda:eu-west-1:123456789012:layer:rendering:1
    ```

    **Limits**

    Counts what is attached for certain: always, or when one condition of the template holds, which the
    message then names. Two conditions are not combined, as they may exclude each other. A list that is not
    known (imported, or a parameter without a default) counts as empty.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html
    - https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
    """

    name = "too-many-layers"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        found: dict[Path, list[tuple[LambdaFunction, Attached]]] = {}
        for function in template.functions:
            places = lists(function)
            attached = most_attached(function) if places else Attached(0)
            if attached.count > MOST:
                found.setdefault(places[-1], []).append((function, attached))
        for path, pairs in found.items():
            yield self._too_many(path, pairs)

    def _too_many(self, path: Path, pairs: list[tuple[LambdaFunction, Attached]]) -> Finding:
        function, attached = pairs[0]
        subject = "Globals" if path[0] == "Globals" else f"`{function.logical_id}`"
        have = "list" if path[0] == "Globals" else "has"
        return self.finding(
            f"{subject} {have} {attached.count} layers{_when(attached)}: Lambda allows {MOST}",
            function.template.label(path, "more than five, in all"),
            *_related(path, [each for each, _ in pairs]),
            help="put what belongs together into one layer, or into the function's own package",
            functions=(each.id for each, _ in pairs),
        )


def _when(attached: Attached) -> str:
    if attached.condition is None:
        return ""
    name, outcome = attached.condition
    return f" where `{name}` is {str(outcome).lower()}"


def _related(path: Path, functions: list[LambdaFunction]) -> Iterator[Label]:
    """The other list that counts, and the functions that only take what Globals list."""
    first = functions[0]
    for other in lists(first)[:-1]:
        yield first.template.label(other, "these are attached as well", Role.RELATED)
    if path[0] == "Globals":
        for each in functions:
            yield each.label("takes them", Role.RELATED, tied=True)
