"""unknown-policy-template: a policy template, parameter or managed policy that does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.policy_items import attached, misnamed
from lambdalint.application.role_labels import owners, who
from lambdalint.finding import Finding
from lambdalint.rule import Rule
from lambdalint.template.grants import attachments

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class UnknownPolicyTemplate(Rule):
    """`Policies` names a SAM policy template, a parameter or a managed policy of AWS that does not exist.

    **Why**

    SAM refuses a policy template that it does not know, and one whose parameters are missing; the name of a
    managed policy that does not exist is handed on, and IAM refuses the role. Either way nothing is deployed,
    and the messages say little (`Policy at index 0 in the 'Policies' property is not valid`). A parameter
    that the template does not have is dropped without a word.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      GetOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - DynamoDBReadOnlyPolicy:
                TableName: !Ref Orders
            - AWSLambdaVPCAccesExecutionRole
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      GetOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - DynamoDBReadPolicy:
                TableName: !Ref Orders
            - AWSLambdaVPCAccessExecutionRole
    ```

    **Limits**

    The policy templates are those of the version of SAM that lambdalint's table was made from. AWS adds
    managed policies all the time: a name that is not in the table is flagged only where it is a letter or two
    off one that is, or differs in its path (`policy/AWSLambdaBasicExecutionRole` for
    `policy/service-role/AWSLambdaBasicExecutionRole`). One that AWS has retired for another of nearly the
    same name (`AWSLambdaFullAccess` for `AWSLambda_FullAccess`) is flagged, as no role can have it attached
    any more. Managed policies of one's own account are not seen.

    **References**

    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html#sam-function-policies
    - https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
    """

    name = "unknown-policy-template"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for function, mistake in misnamed(template):
            yield self.finding(
                f"{function.logical_id}: {mistake.what}",
                template.label(mistake.path, mistake.place, key=mistake.key),
                help=mistake.advice,
                functions=[function.id],
            )
        for item, functions in attachments(template):
            wrong = attached(item)
            if wrong is not None:
                yield self.finding(
                    f"{who(functions)}: {wrong.what}",
                    template.label(wrong.path, wrong.place),
                    *owners("role", functions),
                    help=wrong.advice,
                    functions=[function.id for function in functions],
                )
