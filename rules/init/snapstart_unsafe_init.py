"""snapstart-unsafe-init: what init makes that must not come out of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdalint.application.snapstart import snapstart
from lambdalint.finding import Finding, FunctionId, Label, Role
from lambdalint.python.connections import guard
from lambdalint.python.lifetimes import Place
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.connections import Connection
    from lambdalint.python.snapshots import Frozen


class SnapstartUnsafeInit(Rule):
    """SnapStart is on, and init makes what cannot come out of a snapshot.

    **Why**

    With SnapStart, Lambda runs init once, when a version is published, and begins every execution environment
    from the snapshot of its memory. An identifier or random value that init made is then the same in all of
    them, today and next month; a time is that of publication; temporary credentials have expired; and a
    connection leads nowhere, since the server at its other end knows nothing of the copy.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src
          Handler: app.handler
          Runtime: python3.13
          AutoPublishAlias: live
          SnapStart:
            ApplyOn: PublishedVersions
    ```

    ```python title=src/app.py
    import uuid

    WORKER = str(uuid.uuid4())


    def handler(event, context):
        return {"worker": WORKER, "order": event["order"]}
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src
          Handler: app.handler
          Runtime: python3.13
          AutoPublishAlias: live
          SnapStart:
            ApplyOn: PublishedVersions
    ```

    ```python title=src/app.py
    import uuid

    from snapshot_restore_py import register_after_restore

    worker = None


    @register_after_restore
    def begin():
        global worker
        worker = str(uuid.uuid4())


    def handler(event, context):
        return {"worker": worker, "order": event["order"]}
    ```

    Credentials and times are best made in the handler. A connection needs the guard that unguarded-connection
    asks for, which also finds the one of a snapshot dead; a hook alone helps for the first invocation only.

    **Limits**

    Known are the calls in `data/snapshot_state.toml` and the factories of unguarded-connection, whose finding
    gives way to this one. Silent about what a function or a hook of `snapshot_restore_py` makes anew, about
    engines and pools (they connect when they are used), and about `random` without a seed. A secret that is
    read at init is stale-secret's to say. What is stored by the first invocation is no part of a snapshot.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
    - https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
    - https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
    """

    name = "snapstart-unsafe-init"
    severity = "warning"
    reads = "both"
    supersedes = ("unguarded-connection",)

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each call of init."""
        switches = snapstart(handler)
        if not switches:
            return
        for each in handler.frozen:
            yield self._state(each, switches)
        for connection in handler.connections:
            if connection.made.init and not connection.guarded and not connection.factory.pool:
                yield self._connection(connection, switches)

    def _state(self, each: Frozen, switches: Mapping[FunctionId, Label]) -> Finding:
        message, help_ = _WORDS[each.kind.kind]
        return self.finding(
            message.format(each.kind.what),
            each.module.label(each.node, "made once, when the snapshot is taken"),
            _use(each.use),
            *switches.values(),
            help=help_,
            functions=switches,
        )

    def _connection(self, connection: Connection, switches: Mapping[FunctionId, Label]) -> Finding:
        use = connection.uses[0]
        return self.finding(
            f"{connection.factory.what} opened at init leads nowhere once a snapshot is restored",
            connection.module.label(connection.call, "opened once, when the snapshot is taken"),
            _use(Place(use.module, use.node)),
            *switches.values(),
            help=guard(connection.factory),
            functions=switches,
        )


def _use(place: Place) -> Label:
    return place.module.label(place.node, "used here, in every environment", Role.RELATED)


_AFTER = "make it in the handler, or in a function registered with register_after_restore"
_WORDS: Mapping[str, tuple[str, str]] = {
    "unique": ("the {} of init is the same in every environment that a snapshot is restored to", _AFTER),
    "random": ("the {} of init is the same in every environment that a snapshot is restored to", _AFTER),
    "generator": (
        "the {} of init draws the same in every environment that a snapshot is restored to",
        _AFTER,
    ),
    "seed": (
        "the {} of init has every environment that a snapshot is restored to draw the same",
        "seed it in the handler or after the restore, or draw from random.SystemRandom()",
    ),
    "time": ("the {} of init is that of the snapshot, however old it is", _AFTER),
    "credentials": (
        "the {} of init expire, and the snapshot keeps them",
        "ask for them in the handler, and again before they expire",
    ),
}
