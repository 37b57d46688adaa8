"""database-without-proxy: a function connects to an RDS or Aurora database with no proxy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.databases import connecting, label_of, rds_server, runs_alone
from lambdalint.application.wording import some
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.application.databases import Connects
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.values import Path


class DatabaseWithoutProxy(Rule):
    """A function connects to an RDS or Aurora database with no proxy in between.

    **Why**

    Every execution environment holds connections of its own. Under load Lambda starts hundreds of them, and a
    database takes as many connections as its memory allows: the others are refused, and those of environments
    that Lambda froze stay open for nothing. RDS Proxy keeps a pool that all environments share, and survives
    a failover of the database.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Shop:
        Type: AWS::RDS::DBInstance
        Properties:
          Engine: mysql
          DBInstanceClass: db.t4g.medium
          AllocatedStorage: "20"
      ReadProduct:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              DB_HOST: !GetAtt Shop.Endpoint.Address
          Events:
            Get:
              Type: Api
              Properties:
                Path: /products/{id}
                Method: get
    ```

    ```python title=src/app.py
    import os

    import pymysql

    connection = pymysql.connect(host=os.environ["DB_HOST"], user="app", database="shop")


    def handler(event, context):
        connection.ping(reconnect=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM products WHERE id = %s", (event["pathParameters"]["id"],))
            return {"statusCode": 200, "body": cursor.fetchone()[0]}
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Shop:
        Type: AWS::RDS::DBInstance
        Properties:
          Engine: mysql
          DBInstanceClass: db.t4g.medium
          AllocatedStorage: "20"
      ShopProxy:
        Type: AWS::RDS::DBProxy
        Properties:
          DBProxyName: shop
          EngineFamily: MYSQL
          RoleArn: !GetAtt ProxyRole.Arn
          Auth:
            - AuthScheme: SECRETS
              SecretArn: !Ref ShopSecret
          VpcSubnetIds: [subnet-0a1b2c3d4e5f60718, subnet-1a2b3c4d5e6f70819]
      ReadProduct:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              DB_HOST: !GetAtt ShopProxy.Endpoint
          Events:
            Get:
              Type: Api
              Properties:
                Path: /products/{id}
                Method: get
    ```

    ```python title=src/app.py
    import os

    import pymysql

    connection = pymysql.connect(host=os.environ["DB_HOST"], user="app", database="shop")


    def handler(event, context):
        connection.ping(reconnect=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM products WHERE id = %s", (event["pathParameters"]["id"],))
            return {"statusCode": 200, "body": cursor.fetchone()[0]}
    ```

    **Limits**

    That the database is one of RDS shows by a variable that leads to a resource of the template, or by a host
    of `rds.amazonaws.com`. Any proxy in the template counts, and any name with `proxy` in it. Silent where
    one instance at most may run: by its reserved concurrency, or because schedules and deployments alone
    invoke it. Gives way to unbounded-database-concurrency, which names the proxy as well. Opt-in: a proxy
    costs money by the hour, a function with few invocations does as well without, and few public applications
    have such a database for the rule to be measured on.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/services-rds.html
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html
    """

    name = "database-without-proxy"
    severity = "info"
    reads = "both"
    default = False

    def check_application(self, application: Application) -> Iterator[Finding]:
        """One finding for a template: one proxy serves all of its functions."""
        group: list[tuple[LambdaFunction, Connects, Path | str]] = []
        for handler, function, found in connecting(application):
            server = "" if _is_one(application, function) else rds_server(handler, function, found)
            if server:
                group.append((function, found, server))
        if not group:
            return
        functions = [function for function, _, _ in group]
        first, found, server = group[0]
        yield self.finding(
            f"{some([each.logical_id for each in functions])} "
            f"{'connects' if len(group) == 1 else 'connect'} to an RDS database with no proxy in between",
            first.label("each of its environments holds connections of its own"),
            label_of(found, "connects here"),
            *([] if isinstance(server, str) else [first.label("there", Role.RELATED, server)]),
            *(each.label("connects as well", Role.RELATED, tied=True) for each in functions[1:]),
            help="put an RDS Proxy in between, which shares connections among environments",
            functions=[each.id for each in functions],
        )


def _is_one(application: Application, function: LambdaFunction) -> bool:
    """Whether one instance at most runs, or hardly more."""
    return function.known("ReservedConcurrentExecutions") in (0, 1) or runs_alone(application, function)
