"""unguarded-connection: a connection of init that nothing re-establishes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule

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
    AWS SDK, HTTP, Redis and MongoDB clients do. Any guard on a handler's invoke path counts, whether or not
    it comes before each use; so does a test of the connection's age, `pool_recycle`, and a decorator with
    `retry` in its name. A connection that is first opened by an invocation and kept after it is not seen, nor
    one kept in a list or dict.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.sqlalchemy.org/en/20/core/pooling.html#disconnect-handling-pessimistic
    """

    name = "unguarded-connection"
    severity = "warning"
    reads = "code"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each connection, at the call that opens it."""
        for connection in handler.connections:
            if not connection.guarded:
                yield self._finding(handler, connection)

    def _finding(self, handler: Handler, connection: Connection) -> Finding:
        what = connection.factory.what
        use = connection.uses[0]
        tied = handler.ids[0] if len(handler.ids) == 1 else None
        if connection.factory.pool:
            message = f"{what} made at init hands out connections that it does not test"
            place = "keeps connections while the environment is frozen"
        else:
            message = f"{what} opened at init is used on every invocation and never re-established"
            place = "opened once, when the environment starts"
        return self.finding(
            message,
            connection.module.label(connection.call, place),
            use.module.label(
                use.node, "used here, perhaps long after the server hung up", Role.RELATED, tied
            ),
            help=_advice(connection),
            functions=handler.ids,
        )


def _advice(connection: Connection) -> str:
    factory = connection.factory
    if "pool_pre_ping" in factory.safe_arguments:
        return "pass pool_pre_ping=True, so that a connection is tested before it is handed out"
    if factory.safe_arguments and factory.pool:
        option = next(iter(factory.safe_arguments))
        return f"pass {option}, so that a connection is tested before it is handed out"
    if "ping" in factory.reopens | factory.reopens_when_told:
        return "call its ping(reconnect=True) at the start of each invocation"
    if factory.pool:
        return "use a pool that tests connections, or connect again when using one fails"
    checks = sorted(factory.checks)
    if checks:
        return f"before use, check {checks[0]} and connect again; or connect again when using it fails"
    return "connect again when using it fails, or open it in the handler"
