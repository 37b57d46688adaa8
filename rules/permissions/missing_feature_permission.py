"""missing-feature-permission: a feature is on, and the role that is written by hand does not allow it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.feature_grants import Feature, ungranted
from lambdalint.application.wording import and_, some
from lambdalint.finding import Finding, Role
from lambdalint.iam.match import Need
from lambdalint.rule import Rule
from lambdalint.template.grants import grants

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction

# The managed policy that AWS keeps for a feature.
_MANAGED = {
    "dynamodb": "AWSLambdaDynamoDBExecutionRole",
    "ec2": "AWSLambdaVPCAccessExecutionRole",
    "kinesis": "AWSLambdaKinesisExecutionRole",
    "xray": "AWSXRayDaemonWriteAccess",
}


class MissingFeaturePermission(Rule):
    """A feature is on, and the role that is written by hand does not allow it.

    **Why**

    Lambda itself uses the function's role to trace, to join a VPC, to read a queue or a stream and to pass on
    what failed. SAM grants that in the roles that it makes, and never in one that is given by `Role`. Without
    the grant the deployment fails, or traces and failed events are lost without a word.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Jobs:
        Type: AWS::SQS::Queue
      WorkRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {}
          ManagedPolicyArns:
            - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.handler
          CodeUri: src/
          Role: !GetAtt WorkRole.Arn
          Events:
            Job:
              Type: SQS
              Properties:
                Queue: !GetAtt Jobs.Arn
    ```

    ```python title=src/app.py
    def handler(event, context):
        print(event)
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Jobs:
        Type: AWS::SQS::Queue
      WorkRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {}
          ManagedPolicyArns:
            - arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: app.handler
          CodeUri: src/
          Role: !GetAtt WorkRole.Arn
          Events:
            Job:
              Type: SQS
              Properties:
                Queue: !GetAtt Jobs.Arn
    ```

    ```python title=src/app.py
    def handler(event, context):
        print(event)
    ```

    **Limits**

    Only roles that the template writes out in full. Only what the feature does not work without is asked for.
    Queues and topics with a policy of their own are left out. File systems, Kafka and MQ are not looked at.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/permissions-executionrole.html
    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """

    name = "missing-feature-permission"
    severity = "error"
    reads = "template"

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        """One finding for each feature that the role does not allow."""
        role = grants(function.template, function).role
        resource = function.template.resources.get(role) if role else None
        if resource is None:
            return
        for feature, lacking in ungranted(application, function):
            actions = [need.action for need in lacking]
            target = lacking[0].target
            on = f" on {target.shown}" if target.known else ""
            yield self.finding(
                f"{function.logical_id} has {feature.name}, and {role} does not allow {some(actions)}{on}",
                function.template.label(feature.path, f"needs {and_(actions)}", key=feature.at_key),
                resource.label("the role lacks it", Role.RELATED),
                help=_help(role or "", feature, lacking),
                functions=[function.id],
            )


def _help(role: str, feature: Feature, lacking: tuple[Need, ...]) -> str:
    service = lacking[0].action.partition(":")[0]
    actions = and_([f"`{need.action}`" for need in lacking])
    managed = "AWSLambdaSQSQueueExecutionRole" if len(feature.needs) > 1 and service == "sqs" else ""
    managed = managed or _MANAGED.get(service, "")
    more = f", or attach the managed policy `{managed}`" if managed else ""
    return f"Grant {actions} in {role}{more}."
