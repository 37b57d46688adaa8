"""unbounded-database-concurrency: nothing bounds how many instances connect to a database at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.databases import connecting, label_of, unbounded
from lambdalint.application.wording import some
from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.application.databases import Connects
    from lambdalint.application.modes import Invocation
    from lambdalint.template.function import LambdaFunction

_RESERVED = "ReservedConcurrentExecutions"
_QUEUE = "the MaximumConcurrency of the queue's ScalingConfig"


class UnboundedDatabaseConcurrency(Rule):
    """A function connects to a database, and nothing bounds how many run at once.

    **Why**

    A database takes a fixed number of connections; Lambda starts as many execution environments as there are
    events, up to a thousand in an account. Once the database is full it refuses the others, and not only this
    function but all that share the database fail.


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
      ReadProduct:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          ReservedConcurrentExecutions: 20
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

    **Limits**

    Streams have as many invocations as shards, schedules and deployments one at a time: these are left alone,
    as is a function behind a proxy. A bound and a proxy both keep a crowd from the database, so a function
    that has neither is one mistake: where database-without-proxy is selected too, it gives way to this rule.
    Opt-in: reserved concurrency is taken from what the account has, and few public applications have such a
    database for the rule to be measured on.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-rds.html
    """

    name = "unbounded-database-concurrency"
    severity = "info"
    reads = "both"
    default = False
    supersedes = ("database-without-proxy",)

    def check_application(self, application: Application) -> Iterator[Finding]:
        """One finding for those of a template that a queue invokes, and one for the others."""
        groups: dict[str, list[tuple[LambdaFunction, Connects, Invocation]]] = {}
        for _, function, found in connecting(application):
            crowd = unbounded(application, function)
            if crowd is not None:
                queue = crowd.trigger is not None and crowd.trigger.source == "SQS"
                groups.setdefault(_QUEUE if queue else _RESERVED, []).append((function, found, crowd))
        for bound, group in groups.items():
            functions = [function for function, _, _ in group]
            first, found, crowd = group[0]
            yield self.finding(
                f"{some([each.logical_id for each in functions])} "
                f"{'connects' if len(group) == 1 else 'connect'} to a database, "
                "and nothing bounds how many run at once",
                first.label("has no ReservedConcurrentExecutions"),
                label_of(found, "connects here"),
                crowd.label(f"{crowd.description} may invoke many at once"),
                *(each.label("connects as well", Role.RELATED, tied=True) for each in functions[1:]),
                help=f"bound it by {bound}, or put a proxy in between",
                functions=[each.id for each in functions],
            )
