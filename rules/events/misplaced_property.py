"""misplaced-property: a property beside `Properties`, or one level too high or too low."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, FunctionId, Role
from lambdalint.rule import Rule
from lambdalint.template.misplacement import Misplacement, misplacements

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class MisplacedProperty(Rule):
    """A property of a resource or an event stands where nothing reads it.

    **Why**

    A property that is indented one step too little lands beside `Properties`. There the SAM transform drops
    it without a word: the function keeps the default timeout, the event has no filter, and the deployment
    succeeds. On a plain CloudFormation resource, and for a property that stands one object too high or too
    low, the deployment fails instead.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Import:
        Type: AWS::Serverless::Function
        Timeout: 300
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Orders:
              Type: SQS
              BatchSize: 1
              Properties:
                Queue: !ImportValue orders-queue-arn
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Import:
        Type: AWS::Serverless::Function
        Properties:
          Timeout: 300
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Orders:
              Type: SQS
              Properties:
                Queue: !ImportValue orders-queue-arn
                BatchSize: 1
    ```

    **Limits**

    Only names that the resource type or the event has elsewhere are reported: misspelt ones are not this.
    Known are the types of the services that serverless applications use, those of SAM, Lambda, API Gateway,
    DynamoDB, EventBridge, S3, SNS, SQS and Step Functions at every depth, the others by their own properties.
    A `Description` beside `Properties` counts as a comment. Silent in templates that a macro of your own
    rewrites, and in objects that an intrinsic function makes.

    **References**

    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-product-attribute-reference.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html
    """

    name = "misplaced-property"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for found in misplacements(template):
            first, *others = found.paths
            effect = found.effect.replace(" it", " them") if others else found.effect
            names = " and ".join(f"`{path[-1]}`" for path in found.paths)
            yield self.finding(
                f"{names} of `{found.name}` {'stand' if others else 'stands'} {found.where}, {effect}",
                template.label(first, f"belongs {found.belongs}", key=True),
                *(
                    template.label(path, f"belongs {found.belongs}", Role.RELATED, key=True)
                    for path in others
                ),
                help=f"move {'them' if others else 'it'} {found.belongs}",
                functions=_functions(template, found),
            )


def _functions(template: Template, found: Misplacement) -> list[FunctionId]:
    function = template.function(found.logical_id)
    return [function.id] if function is not None else []
