"""unpinned-layer: the ARN of a layer, where Lambda wants that of a version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding
from lambdalint.rule import Rule
from lambdalint.template.layers import unversioned
from lambdalint.template.shared import Written, written_items

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class UnpinnedLayer(Rule):
    """A layer is named by an ARN without a version number, which Lambda refuses.

    **Why**

    A function is attached to a version of a layer, never to a layer: there is no "latest". An ARN that does
    not end with the number of a version fails the deployment.

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
          Layers:
            - !Sub arn:aws:lambda:${AWS::Region}:123456789012:layer:database
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
          Layers:
            - !Sub arn:aws:lambda:${AWS::Region}:123456789012:layer:database:7
    ```

    To follow the newest version, let the stack that publishes the layer keep its ARN in Parameter Store, and
    take it from there with a parameter of the type `AWS::SSM::Parameter::Value<String>`.

    **Limits**

    Silent where the name or the version is a parameter without a default, an import or the like.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html
    - https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """

    name = "unpinned-layer"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for each in written_items(template, "Layers"):
            found = unversioned(each.property.value)
            if found is not None:
                yield self._unpinned(each, *found)

    def _unpinned(self, each: Written, name: str, version: str) -> Finding:
        what = f"`{version}` for its version" if version else "no version"
        return self.finding(
            f"the ARN of the layer `{name}` has {what}, and Lambda takes a number only",
            *each.labels("names a layer, not a version of it", "is attached to it"),
            help="put the number of a version behind the name, as in `:7`",
            functions=(function.id for function in each.functions),
        )
