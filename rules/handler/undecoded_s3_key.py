"""undecoded-s3-key: a notification's key is used as it stands, or a plain one is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Label, Role
from lambdalint.python.object_keys import KeyUse, decoded_bridge_keys, undecoded_keys, where_taken
from lambdalint.rule import Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.symbols import FromEvent


class UndecodedS3Key(Rule):
    """The key of an S3 notification goes to a read or write without URL decoding.

    **Why**

    In an S3 notification the object's key is URL-encoded: `my report.pdf` comes as `my+report.pdf`, `ü` as
    `%C3%BC`. Given to S3 as it stands, it names an object that is not there, and the function fails with
    NoSuchKey for every upload whose name holds a blank, a plus sign or a letter beyond ASCII; a delete or a
    write goes to the wrong object without a word. EventBridge's own S3 event has the key as it is: decoding
    that one spoils names that hold a plus or percent sign.

    **Bad**

    ```python title=src/app.py
    import boto3

    s3 = boto3.client("s3")


    def handler(event, context):
        for record in event["Records"]:
            bucket = record["s3"]["bucket"]["name"]
            key = record["s3"]["object"]["key"]
            s3.get_object(Bucket=bucket, Key=key)
    ```

    **Good**

    ```python title=src/app.py
    from urllib.parse import unquote_plus

    import boto3

    s3 = boto3.client("s3")


    def handler(event, context):
        for record in event["Records"]:
            bucket = record["s3"]["bucket"]["name"]
            key = unquote_plus(record["s3"]["object"]["key"])
            s3.get_object(Bucket=bucket, Key=key)
    ```

    **Limits**

    Sees the keys given to S3 itself and to services that read an object (Rekognition, Textract, Transcribe,
    …), alone, in dicts and as a part of longer keys, through helpers and through SNS and SQS. Not the key
    that is stored or sent on, nor one that goes through string functions first.

    **References**

    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    - https://docs.aws.amazon.com/lambda/latest/dg/with-s3-tutorial.html
    """

    name = "undecoded-s3-key"
    severity = "error"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each key, at the first call that gets it."""
        if any("key" in module.source.text for module in handler.reach.modules):
            yield from self._undecoded(handler)
            yield from self._decoded(handler)

    def _undecoded(self, handler: Handler) -> Iterator[Finding]:
        uses: dict[FromEvent, dict[int, KeyUse]] = {}
        for use in undecoded_keys(handler.evaluator, handler.calls):
            uses.setdefault(use.key, {}).setdefault(id(use.node), use)
        for key, found in uses.items():
            first, *others = found.values()
            yield self.finding(
                f"the key of an S3 notification goes to {first.call.api} without URL decoding",
                first.module.label(first.node, "blanks come as `+`, other characters as `%…`"),
                *(use.module.label(use.node, "and here", Role.RELATED) for use in others),
                *_taken(handler, key),
                *_triggers(handler),
                help="decode it first: urllib.parse.unquote_plus(key)",
                functions=handler.ids,
            )

    def _decoded(self, handler: Handler) -> Iterator[Finding]:
        for module, call, _ in decoded_bridge_keys(handler.evaluator, handler.reach):
            yield self.finding(
                "the key of EventBridge's S3 event is URL-decoded, but it is not encoded",
                module.label(call, "spoils keys that hold `+` or `%`"),
                help="use the key as it is; only the notifications that S3 sends itself are encoded",
                functions=handler.ids,
            )


def _taken(handler: Handler, key: FromEvent) -> Iterator[Label]:
    place = where_taken(handler.evaluator, handler.reach, key)
    if place is not None:
        module, node = place
        yield module.label(node, "taken from the event", Role.RELATED)


def _triggers(handler: Handler) -> Iterator[Label]:
    for function in handler.functions:
        for trigger in function.triggers:
            if trigger.source == "S3":
                message = f"{trigger.description} invokes it"
                yield trigger.template.label(
                    trigger.path, message, Role.RELATED, key=True, function=function.id
                )
