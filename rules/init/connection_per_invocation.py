"""connection-per-invocation: a database connection that every invocation opens anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.database_proxies import is_behind_proxy
from lambdalint.finding import Finding
from lambdalint.python.connections import guard
from lambdalint.python.varying import Varies, of_arguments
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.connections import Opened


class ConnectionPerInvocation(Rule):
    """A database connection is opened on each invocation.

    **Why**

    To connect takes several round trips, a TLS handshake and a login: tens of milliseconds that every
    invocation waits and pays for, and work that the database does instead of queries. Under load each
    execution environment opens and closes connections faster than the server can take them; one that an error
    leaves open counts against the server's limit until the environment ends.

    **Bad**

    ```python title=src/app.py
    import os

    import pymysql


    def handler(event, context):
        connection = pymysql.connect(host=os.environ["DB_HOST"], user="app", database="shop")
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM products WHERE id = %s", (event["id"],))
            found = cursor.fetchone()
        connection.close()
        return found
    ```

    **Good**

    ```python title=src/app.py
    import os

    import pymysql

    connection = pymysql.connect(host=os.environ["DB_HOST"], user="app", database="shop")


    def handler(event, context):
        connection.ping(reconnect=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM products WHERE id = %s", (event["id"],))
            return cursor.fetchone()
    ```

    A connection that is kept needs what makes it good again after the environment was frozen: see
    unguarded-connection. RDS Proxy keeps the connections outside of the function, for all environments.

    **Limits**

    Known are the rows of `data/connection_factories.toml` with `database = true`; the option `factories`
    names more, by import path. Silent where an argument comes from the event (one database a tenant), where
    what is connected to is an RDS Proxy (a resource of the template, or named so), for functions that are
    handed to a thread pool or a library, in `except` clauses, and where only schedules rarer than 15 minutes
    (or a state machine that they start) and deployments invoke the function.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.aws.amazon.com/lambda/latest/dg/services-rds.html
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html
    """

    name = "connection-per-invocation"
    severity = "warning"
    reads = "code"
    options: ClassVar[Mapping[str, OptionValue]] = {"factories": []}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each call that connects."""
        for opened in handler.connections_anew(self):
            if handler.seldom or is_behind_proxy(handler, opened):
                continue
            if of_arguments(handler.evaluator, opened.module, opened.call) is not Varies.YES:
                yield self._finding(handler, opened)

    def _finding(self, handler: Handler, opened: Opened) -> Finding:
        return self.finding(
            f"{opened.factory.what} is opened on each invocation",
            opened.module.label(opened.call, _closing(opened)),
            *handler.way(opened.made),
            help=_advice(opened),
            functions=handler.ids,
        )


def _closing(opened: Opened) -> str:
    if opened.closed == "always":
        return "opened, and closed again, for one invocation"
    if opened.closed == "normally":
        return "opened for one invocation; an exception before it is closed leaves it open"
    return "opened for one invocation, and nothing closes it"


def _advice(opened: Opened) -> str:
    factory = opened.factory
    if factory.reconnects:
        return "make it once, at module level: it connects again by itself where that is needed"
    advice = f"open it once, at module level, and {guard(factory)}"
    if factory.proxy:
        advice += "; or let RDS Proxy keep the connections"
    return advice
