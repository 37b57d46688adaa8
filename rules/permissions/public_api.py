"""public-api: anyone may call an API's method whose handler writes, deletes or returns stored data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.exposed import asks_itself, exposed
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.api_access import methods

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction


class PublicApi(Rule):
    """An API's method asks nothing of who calls it, and its handler writes, deletes or returns stored data.

    **Why**

    An API of API Gateway is open to the internet from the moment it is deployed, and its address is no
    secret. Without an authorizer, IAM or an API key, whoever finds it reads or changes what the function
    may, as often as they like.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      DropOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              ORDERS: !Ref Orders
          Events:
            Drop:
              Type: Api
              Properties:
                Path: /orders/{id}
                Method: delete
    ```

    ```python title=src/app.py
    import os

    import boto3

    orders = boto3.resource("dynamodb").Table(os.environ["ORDERS"])


    def handler(event, context):
        orders.delete_item(Key={"id": event["pathParameters"]["id"]})
        return {"statusCode": 204}
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Api:
        Auth:
          DefaultAuthorizer: AWS_IAM
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      DropOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              ORDERS: !Ref Orders
          Events:
            Drop:
              Type: Api
              Properties:
                Path: /orders/{id}
                Method: delete
    ```

    ```python title=src/app.py
    import os

    import boto3

    orders = boto3.resource("dynamodb").Table(os.environ["ORDERS"])


    def handler(event, context):
        orders.delete_item(Key={"id": event["pathParameters"]["id"]})
        return {"statusCode": 204}
    ```

    **Limits**

    Opt-in: many an API is meant for everyone, and a template does not say which. `Authorizer: NONE`, or an
    empty `security` in OpenAPI, does say so: silent. Also silent where some method of the function is closed,
    where the API is private or has a resource policy, where a client certificate is asked for, and where the
    code has names of what callers prove themselves with (headers, tokens, signatures). A firewall is not
    seen, nor are databases other than those of AWS's API.

    **References**

    - https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-controlling-access-to-apis.html
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html
    """

    name = "public-api"
    severity = "warning"
    reads = "both"
    default = False
    security_severity = "6.0"

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        """One finding for each function, at its first method; an edit of the API closes them all."""
        reached = methods(function)
        handler = application.handler(function)
        if handler is None or not reached or not all(method.anyone for method in reached):
            return
        found = list(exposed(handler))
        if not found or asks_itself(handler):
            return
        call, verb = found[0]
        template = function.template
        first, *others = reached
        yield self.finding(
            f"anyone may call {first.description}, and {function.logical_id} {verb} {call.service}",
            template.label(first.path, "no authorizer, IAM or API key", key=True),
            call.module.label(call.node, f"`{call.api}`", Role.RELATED, function.id),
            *(template.label(one.path, "and this", Role.RELATED, key=True) for one in others),
            help="set a `DefaultAuthorizer` under `Auth` of the API, or `AWS_IAM` where services call it"
            if function.sam
            else "give the method an `AuthorizationType` and an authorizer, or `AWS_IAM`",
            functions=[function.id],
        )
