"""invalid-statement: an inline policy that IAM, or the SAM transform, refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.policy_grammar import mistakes
from lambdalint.application.policy_items import misplaced
from lambdalint.application.role_labels import owners, who
from lambdalint.finding import Finding
from lambdalint.rule import Rule
from lambdalint.template.grants import role_documents

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class InvalidStatement(Rule):
    """An inline policy of a function's role is not one that IAM accepts.

    **Why**

    A misspelt effect, a statement without a resource, an ARN with a colon too few: the template is valid to
    every check before the deployment, and then the stack is rolled back, as IAM refuses the role. Most
    often it is a name where an ARN belongs: `!Ref` gives the name of a bucket, table or function, and the URL
    of a queue.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::DynamoDB::Table
        Properties:
          BillingMode: PAY_PER_REQUEST
          AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
          KeySchema: [{AttributeName: id, KeyType: HASH}]
      GetOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - Statement:
                - Effect: Alow
                  Action: dynamodb:GetItem
                  Resource: !Ref Orders
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::DynamoDB::Table
        Properties:
          BillingMode: PAY_PER_REQUEST
          AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
          KeySchema: [{AttributeName: id, KeyType: HASH}]
      GetOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - Statement:
                - Effect: Allow
                  Action: dynamodb:GetItem
                  Resource: !GetAtt Orders.Arn
    ```

    **Limits**

    Reads the policies that functions' roles carry: those of SAM functions, of the roles that they name, and
    of the policies attached to these. What a parameter, an import or a macro brings is not judged; nor is the
    size of a policy, the existence of condition keys, or whether a value fits its operator.

    **References**

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html#sam-function-policies
    """

    name = "invalid-statement"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for document, functions in role_documents(template):
            for mistake in mistakes(template, document.content):
                yield self.finding(
                    f"{who(functions)}: {mistake.what}",
                    template.label(mistake.path, mistake.place, key=mistake.key),
                    *owners(document.owner, functions),
                    help=mistake.advice,
                    functions=[function.id for function in functions],
                )
        for function, mistake in misplaced(template):
            yield self.finding(
                f"{function.logical_id}: {mistake.what}",
                template.label(mistake.path, mistake.place, key=mistake.key),
                help=mistake.advice,
                functions=[function.id],
            )
