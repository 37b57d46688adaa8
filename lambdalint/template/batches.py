"""What an event source mapping hands to a function at once, and what it makes of the answer.

API reference, "CreateEventSourceMapping", and the developer guide's pages on each source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.template.values import Alternative, Known, Path, Unknown

if TYPE_CHECKING:
    from lambdalint.template.triggers import Trigger

REPORT = "ReportBatchItemFailures"


@dataclass(frozen=True)
class Batching:
    """How a source batches.

    `default` is the batch size where none is written. `container` leads from the event to the records:
    a string is a key, None any item or value. `reports` says whether FunctionResponseTypes may be set.
    `filters` says whether FilterCriteria may be. `page` documents it.
    """

    default: int
    container: tuple[str | None, ...]
    reports: bool
    filters: bool
    page: str


_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/"

# "Default value: Varies by service. For Amazon SQS, the default is 10. For all other services, the default is
# 100." FunctionResponseTypes: "Kinesis, DynamoDB Streams, Amazon MSK, self-managed Apache Kafka, and Amazon
# SQS". FilterCriteria: "Control which events Lambda sends to your function" names all but DocumentDB.
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
BATCHING: Mapping[str, Batching] = {
    "DocumentDB": Batching(100, ("events",), False, False, _GUIDE + "with-documentdb.html"),
    "DynamoDB": Batching(100, ("Records",), True, True, _GUIDE + "services-ddb-batchfailurereporting.html"),
    "Kinesis": Batching(
        100, ("Records",), True, True, _GUIDE + "services-kinesis-batchfailurereporting.html"
    ),
    # ActiveMQ sends "messages", RabbitMQ "rmqMessagesByQueue".
    "MQ": Batching(100, (), False, True, _GUIDE + "with-mq.html"),
    "MSK": Batching(100, ("records", None), True, True, _GUIDE + "kafka-retry-configurations.html"),
    "SQS": Batching(10, ("Records",), True, True, _GUIDE + "services-sqs-errorhandling.html"),
    "SelfManagedKafka": Batching(
        100, ("records", None), True, True, _GUIDE + "kafka-retry-configurations.html"
    ),
    # A stream whose ARN does not tell of which service.
    "Stream": Batching(100, (), True, True, _GUIDE + "invocation-eventsourcemapping.html"),
}


def batching(trigger: Trigger) -> Batching | None:
    """How the trigger's source batches; None where the function does not get batches from it."""
    return None if trigger.proof == "permission" else BATCHING.get(trigger.source)


def batch_size(trigger: Trigger) -> Known | Unknown | None:
    """The most records that one event of the trigger can hold, over the branches of the template.

    None where the trigger sends no batches; Unknown where the template does not tell.
    """
    how = batching(trigger)
    if how is None:
        return None
    written = setting(trigger, "BatchSize")
    sizes = [how.default] if _may_be_absent(trigger, written) else []
    unknown: Unknown | None = None
    for found in written:
        size = number(found)
        if size is not None:
            sizes.append(size)
        else:
            unknown = found.value if isinstance(found.value, Unknown) else Unknown("reference")
    return Known(max(sizes)) if sizes else unknown


def batch_size_path(trigger: Trigger) -> Path | None:
    """Where the batch size that `batch_size` gives is written; None where it is the default."""
    known = batch_size(trigger)
    for found in setting(trigger, "BatchSize"):
        if isinstance(known, Known) and number(found) == known.value:
            return found.path
    return None


def reports_failures(trigger: Trigger) -> bool | None:
    """Whether Lambda reads `batchItemFailures` from the answer; None where that hangs on a condition or the
    template does not tell. False where the trigger sends no batches."""
    how = batching(trigger)
    if how is None or not how.reports:
        return False
    template = trigger.template
    written = setting(trigger, "FunctionResponseTypes")
    answers = {False} if _may_be_absent(trigger, written) else set()
    for found in written:
        if not isinstance(found.value, Known):
            return None
        items = template.items([found])
        if any(not isinstance(item.value, Known) for item in items):
            return None
        answers.add(any(isinstance(item.value, Known) and item.value.value == REPORT for item in items))
    return answers.pop() if len(answers) == 1 else None


def setting(trigger: Trigger, name: str) -> tuple[Alternative, ...]:
    """The values of a property of the mapping; of a queue that SAM puts before a function, of its own."""
    if trigger.source == "SQS" and trigger.template.get((*trigger.path, "Type")) == "SNS":
        # SAM's SqsSubscriptionObject has a BatchSize, and no other property of a mapping.
        return trigger.option("SqsSubscription", name) if name == "BatchSize" else ()
    found = trigger.option(name)
    return tuple(one for one in found if not (isinstance(one.value, Known) and one.value.value is None))


def _may_be_absent(trigger: Trigger, written: tuple[Alternative, ...]) -> bool:
    """Whether a property is absent in some branch in which the trigger is there: `AWS::NoValue` leaves but
    one alternative."""
    if len(written) != 1:
        return not written
    around = trigger.template.alternatives(trigger.options)
    return bool(set(written[0].conditions).difference(*(one.conditions for one in around)))


def number(found: Alternative) -> int | None:
    """The whole number that a value is; None where it is none or not known."""
    value = found.value.value if isinstance(found.value, Known) else None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    try:
        return int(value)
    except ValueError:
        return None
