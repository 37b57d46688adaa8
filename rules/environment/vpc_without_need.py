"""vpc-without-need: a function is in a VPC, and calls nothing but public AWS APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.private_network import is_always_in_vpc, is_tied_to_network, public_calls
from lambdalint.application.wording import and_, some
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.shared import written

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.python.calls import AwsCall
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template

_SHOWN = 3


class VpcWithoutNeed(Rule):
    """A function is in a VPC although all that its code calls is public AWS APIs.

    **Why**

    In a VPC a function has no way to the internet, and so none to AWS either, until somebody pays for a NAT
    gateway or for an interface endpoint of each service, by the hour and by the gigabyte. It can run out of
    the subnet's addresses, it takes permissions on network interfaces, and deploying and deleting it takes
    longer. A function outside of a VPC reaches the same APIs, with the same encryption and the same
    permissions, for nothing.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Subnets:
        Type: List<AWS::EC2::Subnet::Id>
      SecurityGroup:
        Type: AWS::EC2::SecurityGroup::Id
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      TakeOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              ORDERS: !Ref Orders
          VpcConfig:
            SubnetIds: !Ref Subnets
            SecurityGroupIds:
              - !Ref SecurityGroup
    ```

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["ORDERS"])


    def handler(event, context):
        table.put_item(Item={"id": event["id"], "product": event["product"]})
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::SimpleTable
      TakeOrder:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              ORDERS: !Ref Orders
    ```

    ```python title=src/app.py
    import os

    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["ORDERS"])


    def handler(event, context):
        table.put_item(Item={"id": event["id"], "product": event["product"]})
    ```

    **Limits**

    Opt-in: some organisations want every function in a VPC (AWS Config's `lambda-inside-vpc`, Security Hub's
    Lambda.3, cfn-nag's W89), and templates do not tell. Only functions whose code makes AWS calls, all of
    them resolved, and does nothing else over the network: silent with an HTTP request, a socket, a
    subprocess, a library that is not in `data/offline_libraries.toml`, a layer that cannot be read, and an
    `endpoint_url`. Silent too where the template ties the function to a network: a file system, a variable
    that names a server or by its name may, a security group that another resource names, a VPC endpoint, a
    policy that asks for the VPC (`aws:SourceVpc`), a trigger in a VPC, and a VpcConfig that a condition can
    take away.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
    - https://docs.aws.amazon.com/config/latest/developerguide/lambda-inside-vpc.html
    """

    name = "vpc-without-need"
    severity = "info"
    reads = "both"
    default = False

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        """One finding for each VpcConfig: the function's own, or that of Globals."""
        if "VpcConfig" not in template.source.text:
            return
        for each in written(template, "VpcConfig"):
            calls = {one: found for one in each.functions if (found := _needless(application, one))}
            if not calls:
                continue
            names = [one.logical_id for one in calls]
            shown = list(dict.fromkeys(call.api for found in calls.values() for call in found))
            more = [] if len(shown) <= _SHOWN else ["others"]
            apis = and_([*(f"`{api}`" for api in shown[:_SHOWN]), *more])
            first = next(iter(calls.values()))[0]
            yield self.finding(
                f"{some(names)} {'is' if len(names) == 1 else 'are'} in a VPC, and only {apis} "
                f"{'is' if len(shown) == 1 else 'are'} called from there, which needs none",
                template.label(each.path, "puts it there"),
                first.module.label(first.node, "goes to a public endpoint", Role.RELATED),
                *(
                    one.label("is there by this", Role.RELATED, tied=True)
                    for one in calls
                    if each.path[:2] != one.resource.path
                ),
                help="take VpcConfig away, and the permissions on network interfaces with it",
                functions=[one.id for one in calls],
            )


def _needless(application: Application, function: LambdaFunction) -> tuple[AwsCall, ...]:
    """The calls of a function that is in a VPC for nothing; () for any other."""
    if not is_always_in_vpc(function) or is_tied_to_network(function):
        return ()
    handler = application.handler(function)
    return public_calls(handler) if handler is not None else ()
