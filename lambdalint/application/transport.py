"""What of AWS takes the place of a function that only moves data: the table data/transport_advice.toml."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from lambdalint.application.modes import invocations
from lambdalint.data.tables import load
from lambdalint.finding import Severity
from lambdalint.python.library import HTTP_LIBRARIES
from lambdalint.python.provenance import Path, Provenance, Source

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.flow import Sink, Transport
    from lambdalint.template.triggers import Trigger

# The event, its records and their payload, as they come from each source: passing one of these on changes
# nothing. "()" is what JSON text holds; indexes and loops are None.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
_EVERYTHING: frozenset[Path] = frozenset({(), ("Records",), ("Records", None)})
_WHOLE: dict[str, frozenset[Path]] = {
    "CloudWatchLogs": frozenset(
        {
            (),
            ("awslogs",),
            ("awslogs", "data"),
            ("awslogs", "data", "()"),
            ("awslogs", "data", "()", "logEvents"),
            ("awslogs", "data", "()", "logEvents", None),
            ("awslogs", "data", "()", "logEvents", None, "message"),
        }
    ),
    "HttpApi": frozenset({("body",), ("body", "()")}),
    "Kinesis": _EVERYTHING
    | {
        ("Records", None, "kinesis"),
        ("Records", None, "kinesis", "data"),
        ("Records", None, "kinesis", "data", "()"),
    },
    "SNS": _EVERYTHING
    | {
        ("Records", None, "Sns"),
        ("Records", None, "Sns", "Message"),
        ("Records", None, "Sns", "Message", "()"),
    },
}
_RESHAPING = frozenset({"build", "dynamodb", "format", "map", "number", "urldecode"})
_OBJECT_KEY: Path = ("Records", None, "s3", "object", "key")

# By the first keys that code reads: what sends an event of this shape. None: several sources do.
_SHAPES: Sequence[tuple[Path, str]] = (
    (("Records", None, "Sns"), "SNS"),
    (("Records", None, "body"), "SQS"),
    (("Records", None, "dynamodb"), "DynamoDB"),
    (("Records", None, "kinesis"), "Kinesis"),
    (("Records", None, "s3"), "S3"),
    (("awslogs",), "CloudWatchLogs"),
    (("detail",), "EventBridgeRule"),
    (("body",), "HttpApi"),
    (("pathParameters",), "HttpApi"),
    (("queryStringParameters",), "HttpApi"),
)


@dataclass(frozen=True)
class Replacement:
    """What takes the place of one sink for one trigger. `advice` is a sentence, `page` documents it."""

    severity: Severity
    advice: str
    page: str


@dataclass(frozen=True)
class _Row:
    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    excepted: tuple[str, ...]
    severity: Severity
    advice: str
    page: str
    alone: bool = False
    loops: tuple[str, ...] = ()
    reads: str = "none"
    carries: str = ""
    whole: bool = False
    without: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    same_key: bool = False
    reply: bool = False


@cache
def _rows() -> tuple[_Row, ...]:
    return tuple(
        _Row(
            sources=tuple(row["sources"]),
            sinks=tuple(row["sinks"]),
            excepted=tuple(row.get("except", ())),
            severity=Severity[row["level"].upper()],
            advice=row["advice"],
            page=row["page"],
            alone=row.get("alone", False),
            loops=tuple(row.get("loops", ())),
            reads=row.get("reads", "none"),
            carries=row.get("carries", ""),
            whole=row.get("whole", False),
            without=frozenset(row.get("without", ())),
            absent=frozenset(row.get("absent", ())),
            fixed=frozenset(row.get("fixed", ())),
            same_key=row.get("same_key", False),
            reply=row.get("reply", False),
        )
        for row in load("transport_advice.toml")["row"]
    )


def may_be_replaced(handler: Handler) -> bool:
    """Whether it is worth asking if the handler only moves data; told by what is known anyway."""
    return bool(_sources(handler)) and _may_send(handler)


def replaced_by(handler: Handler, moved: Transport) -> tuple[Replacement, ...]:
    """What replaces a handler: () unless each of its triggers has a replacement for each of its sinks.

    Without a template, the fields that the code reads have to tell the trigger.
    """
    found: dict[Replacement, None] = {}
    for trigger in _sources(handler):
        source = trigger.source if trigger is not None else source_by_shape(moved)
        advice = replacements(moved, source) if source is not None else ()
        if not advice:
            return ()
        found.update(dict.fromkeys(advice))
    return tuple(found)


def replacements(transport: Transport, source: str) -> tuple[Replacement, ...]:
    """What replaces the function where this source triggers it: () unless every sink can be replaced.

    `source` is a trigger's, by the names of `template.triggers`.
    """
    found: dict[Replacement, None] = {}
    for sink in transport.sinks:
        row = next((row for row in _rows() if _fits(row, source, sink, transport)), None)
        if row is None:
            return ()
        advice = row.advice.format(sink=name_of(sink), source=_SOURCE_NAMES.get(source, source))
        found[Replacement(row.severity, advice, row.page)] = None
    return tuple(found)


def source_by_shape(transport: Transport) -> str | None:
    """What sends events of the shape that the handler reads; None where that does not show.

    An event of an API counts as an HTTP API's, for which there is less advice than for a REST API's.
    """
    sources = {
        source for path in transport.paths for shape, source in _SHAPES if _plain(path)[: len(shape)] == shape
    }
    return sources.pop() if len(sources) == 1 else None


def name_of(sink: Sink) -> str:
    """The sink as a message names it."""
    return sink.call.api if sink.call is not None else "the HTTP endpoint"


def _sources(handler: Handler) -> tuple[Trigger | None, ...]:
    """What invokes the functions; None for a handler without a template, () where some of it is not known."""
    if not handler.functions:
        return (None,)
    found: list[Trigger] = []
    for function in handler.functions:
        for invocation in invocations(handler.application, function):
            if invocation.trigger is None or _is_vague(invocation.trigger):
                return ()
            found.append(invocation.trigger)
        if not function.triggers:
            return ()
    return tuple(found)


def _is_vague(trigger: Trigger) -> bool:
    """A permission alone does not say which kind of API invokes."""
    return trigger.proof == "permission" and trigger.source == "Api"


_SDKS = ("boto", "aws_lambda_powertools")


def _may_send(handler: Handler) -> bool:
    # By the text, as finding the calls costs more than finding that a handler is no transport.
    return any(sdk in module.source.text for module in handler.reach.modules for sdk in _SDKS) or any(
        (binding.imported or "").split(".")[0] in HTTP_LIBRARIES
        for module in handler.reach.modules
        for binding in module.names.imports
    )


def _fits(row: _Row, source: str, sink: Sink, transport: Transport) -> bool:
    payload = sink.payload
    return (
        source in row.sources
        and _is_sink_of(row, sink)
        and not (row.alone and _calls(transport) > 1)
        and all(loop in row.loops for loop in sink.loops)
        and _reads_allowed(row, sink, transport)
        and _carries(row, payload)
        and not (payload.steps & row.without)
        and not (row.absent & sink.arguments.keys())
        and not any(_holds_data(sink, name) for name in row.fixed)
        and not (row.whole and not _is_whole(payload, source))
        and not (row.same_key and not _keeps_key(sink))
        and not (row.reply and transport.reply == "computed")
    )


def _is_sink_of(row: _Row, sink: Sink) -> bool:
    if sink.kind != "aws":
        return sink.kind in row.sinks
    call = sink.call
    if call is None or _matches(call, row.excepted):
        return False
    return _matches(call, row.sinks)


def _matches(call: AwsCall, patterns: Iterable[str]) -> bool:
    return any(pattern in ("*", call.api, f"{call.service}.*") for pattern in patterns)


def _calls(transport: Transport) -> int:
    sinks = [sink for sink in transport.sinks if sink.kind != "reply"]
    return len(sinks) + len(transport.reads) + len(transport.configuration)


def _reads_allowed(row: _Row, sink: Sink, transport: Transport) -> bool:
    if sink.kind == "reply":
        return len(transport.reads) == 1
    if row.reads == "object":
        return all(read.api in ("s3.get_object", "s3.head_object") for read in transport.reads) and all(
            read.target.kind == "event" for read in transport.reads
        )
    return not transport.reads


def _carries(row: _Row, payload: Provenance) -> bool:
    if row.carries == "event":
        return payload.is_data
    if row.carries == "static":
        return payload.only(Source.STATIC)
    return True


def _holds_data(sink: Sink, parameter: str) -> bool:
    found = sink.arguments.get(parameter)
    return found is not None and found.is_data


def _is_whole(payload: Provenance, source: str) -> bool:
    whole = _WHOLE.get(source, _EVERYTHING)
    return not payload.steps & _RESHAPING and all(_plain(path) in whole for path in payload.paths)


def _keeps_key(sink: Sink) -> bool:
    key = sink.arguments.get("Key")
    return key is not None and {_plain(path) for path in key.paths} == {_OBJECT_KEY}


def _plain(path: Path) -> Path:
    """A path with every index as None."""
    return tuple(None if isinstance(step, int) else step for step in path)


_SOURCE_NAMES = {
    "Kinesis": "the Kinesis stream",
    "MQ": "the broker",
    "MSK": "the Kafka topic",
    "SelfManagedKafka": "the Kafka topic",
}
