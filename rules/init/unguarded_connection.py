"""unguarded-connection: a connection of init that nothing re-establishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.rate import LIFETIME, seldom
from lambdalint.finding import Finding, Role
from lambdalint.python.connections import guard
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.connections import Connection


class UnguardedConnection(Rule):
    """A connection is opened at init, used on every invocation, and never re-established.

    **Why**

    Opening a connection outside the handler is right: the invocations of an execution environment share it.
    But between invocations Lambda freezes the environment, for seconds or for hours. Meanwhile the server, a
    proxy or a NAT gateway closes what is idle, or the database fails over. The next invocation finds a dead
    connection and fails, and so does every one after it, until Lambda happens to retire the environment.

    **Bad**

    ```python title=src/app.py
    import os

    import pymysql

    connection = pymysql.connect(host=os.environ["DB_HOST"], user="app", database="shop")


    def handler(event, context):
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM products WHERE id = %s", (event["id"],))
            return cursor.fetchone()
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

    Where the driver has no such method, connect again when it says that the connection is gone, by
    `if connection.closed:` before use or in `except OperationalError:` after it. Give a SQLAlchemy engine
    `pool_pre_ping=True`.

    **Limits**

    Known are the factories in `data/connection_factories.toml`, which also says what reconnects by itself:
    AWS SDK, HTTP, Redis and MongoDB clients do; the option `factories` names more, by import path. A
    connection that the first invocation opens and keeps (behind a test for `None`, by `lru_cache`, in a dict)
    is treated as one of init. Any guard on a handler's invoke path counts, whether or not it comes before
    each use; so does a test of the connection's age, `pool_recycle`, and a decorator with `retry` in its
    name. Not seen is what loops take from a list of connections. Silent where only schedules rarer than six
    hours and deployments invoke the function: no environment lives that long.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.sqlalchemy.org/en/20/core/pooling.html#disconnect-handling-pessimistic
    """

    name = "unguarded-connection"
    severity = "warning"
    reads = "code"
    options: ClassVar[Mapping[str, OptionValue]] = {"factories": []}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each connection, at the call that opens it."""
        for connection in handler.kept_connections(self):
            if not connection.guarded and not seldom(handler, LIFETIME):
                yield self._finding(handler, connection)

    def _finding(self, handler: Handler, connection: Connection) -> Finding:
        what = connection.factory.what
        use = connection.uses[0]
        tied = handler.ids[0] if len(handler.ids) == 1 else None
        first = "at init" if connection.made.init else "by the first invocation"
        if connection.factory.pool:
            message = f"{what} made {first} hands out connections that it does not test"
            place = "keeps connections while the environment is frozen"
        else:
            later = "every invocation" if connection.made.init else "all that follow"
            message = f"{what} opened {first} is used on {later} and never re-established"
            place = "opened once, when the environment starts" if connection.made.init else "opened once"
        return self.finding(
            message,
            connection.module.label(connection.call, place),
            use.module.label(
                use.node, "used here, perhaps long after the server hung up", Role.RELATED, tied
            ),
            help=guard(connection.factory),
            functions=handler.ids,
        )
