"""Idle time of functions, seen with their template: which sleep longer than they may run, and what would wait
or try again for nothing in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.application.modes import invocations
from lambdalint.python.sdk import operations_of
from lambdalint.python.sleeping import Slept, longest
from lambdalint.python.symbols import EnvVar, Literal
from lambdalint.python.waiting import Retry, Wait, WaitKind, jobs
from lambdalint.template.function import DEFAULT_TIMEOUT
from lambdalint.template.triggers import Mode
from lambdalint.template.values import Known, Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.template.function import LambdaFunction, Property

__all__ = [
    "Overrun",
    "is_custom_resource",
    "is_simulated",
    "leaves_no_other",
    "named",
    "overruns",
    "retry_advice",
    "wait_advice",
]

MAX_TIMEOUT = 900
"""Seconds that Lambda allows at most."""

_LONGEST_DELAY = 900  # seconds that SQS delays a message at most
_RESPONDS = re.compile(
    r"\bResponseURL\b|\bcfnresponse\b|\bcrhelper\b|[\"']RequestType[\"']|\bPhysicalResourceId\b"
)
_SIMULATED = re.compile(r"simulat|mock|fake|dummy", re.IGNORECASE)
# Errors that botocore tries again in its standard modes, as code names them.
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
_BUSY = re.compile(
    r"Throttl|TooManyRequests|RequestLimitExceeded|BandwidthLimit|LimitExceeded|SlowDown|ThroughputExceeded"
    r"|PriorRequestNotComplete|ServiceUnavailable|InternalServer|InternalError|ConnectionError|Timeout"
    r"|EndpointConnection|RateExceeded|429|50[0-4]"
)
# Where code tells one error of AWS from another.
_CODES = re.compile(r"\[[\"']Code[\"']\]|\.exceptions\.\w+|error_code|ErrorCode|\bin (?:str\(|error_|err)")
_CALL_AGAIN = (
    "let CloudFormation call again: crhelper's `poll_create` and its like, or the isComplete handler of the "
    "CDK's provider framework"
)
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
_PACE = (
    'if it paces the calls, let botocore do so as needed: Config(retries={"mode": "adaptive"}); '
    "if it waits for what they began, let a Wait state of Step Functions or an event come back to it"
)
_STEP_FUNCTIONS = "let the failure out: the Retry of a Step Functions task, or who invokes it, calls again"


@dataclass(frozen=True)
class Overrun:
    """A function that can sleep for as long as it may run, or longer. `property` is where the Timeout is
    written; None where the default stands."""

    function: LambdaFunction
    timeout: int
    property: Property | None
    slept: Slept


def overruns(handler: Handler) -> Iterator[Overrun]:
    """The functions of a handler whose known sleeps on one path take up their Timeout, the worst outcome of
    each."""
    for function in handler.functions:
        for timeout, written in sorted(
            function.integers("Timeout", DEFAULT_TIMEOUT), key=lambda found: found[0]
        ):
            slept = longest(handler.evaluator, handler.reach, timeout, _variables(function))
            if slept is None:
                return
            if slept.seconds >= timeout:
                yield Overrun(function, timeout, written, slept)
                break


def _variables(function: LambdaFunction) -> Callable[[EnvVar], str | None]:
    """Gives the text of a function's environment variables, where it is known."""
    environment = function.environment

    def text(variable: EnvVar) -> str | None:
        if isinstance(environment, Unknown):
            return None
        outcomes = environment.get(variable.name)
        if outcomes is None:
            default = variable.default
            return str(default.value) if isinstance(default, Literal) else None
        values = [each.value for each in outcomes]
        return str(values[0].value) if len(values) == 1 and isinstance(values[0], Known) else None

    return text


def is_custom_resource(handler: Handler) -> bool:
    """Whether CloudFormation invokes the function while it deploys a stack."""
    if any(trigger.source == "CustomResource" for trigger in handler.triggers):
        return True
    # Libraries of event classes name the fields of every event, so only the handler's own modules count.
    own = {id(handler.module): handler.module, id(handler.imported): handler.imported}.values()
    return any(module.mentions(_RESPONDS) for module in own)


def is_simulated(handler: Handler) -> bool:
    """Whether the function stands for another, by its name."""
    return _SIMULATED.search(handler.name) is not None


# Advice


def wait_advice(handler: Handler, wait: Wait, more: Mapping[str, str]) -> str:
    """What would wait at no cost. `more` is advice by polled operation that the user configured."""
    own = next((more[call.api] for call in wait.calls if call.api in more), None)
    if own is not None:
        return own
    if wait.kind is WaitKind.SLEEP and wait.loop is not None and wait.calls:
        return _PACE
    if is_custom_resource(handler):
        return _CALL_AGAIN
    if wait.kind is WaitKind.SLEEP:
        return _pause_advice(wait)
    job = next((jobs()[call.api] for call in wait.calls if call.api in jobs()), None)
    if job is None:
        return "start it and return; a Wait state of Step Functions, or an event, comes back to it at no cost"
    ways = []
    if job.sync:
        ways.append(f"let Step Functions wait for {job.what} (`{job.sync}`)")
    if job.event:
        told = job.event if job.event.startswith("SNS") else f"EventBridge event `{job.event}`"
        start = "" if ways else f"start {job.what}, return, and "
        ways.append(f"{start}go on from the {told}")
    if not job.sync:
        ways.append("let a Wait state of Step Functions do the waiting")
    return f"{', or '.join(ways)} ({job.source})"


def _pause_advice(wait: Wait) -> str:
    length = wait.length.low if wait.length is not None else 0.0
    delay = " or a queue's DelaySeconds" if length <= _LONGEST_DELAY else ""
    return f"split the work at the pause: a Wait state of Step Functions{delay} waits at no cost"


def leaves_no_other(handler: Handler, retry: Retry) -> bool:
    """Whether nothing would retry in the function's place: it calls no AWS service, and whoever invokes it
    waits for its answer. Of a library's retry that is so, too, where nothing is known of who invokes it."""
    if retry.calls or is_custom_resource(handler):
        return False
    modes = {(mode, source == "StateMachine") for mode, source in _callers(handler)}
    if not modes:
        return bool(retry.library)
    return modes == {(Mode.SYNC, False)}


def retry_advice(handler: Handler, retry: Retry) -> str:
    """What would try again in the function's place."""
    ways = list(dict.fromkeys(_retries_by_caller(handler)))
    if retry.calls and _is_transient(retry):
        ways.insert(0, 'let botocore retry: Config(retries={"mode": "adaptive", "max_attempts": 10})')
    if is_custom_resource(handler):
        ways.append(_CALL_AGAIN)
    elif not ways:
        ways.append(_STEP_FUNCTIONS)
    return "; or ".join(ways)


def _is_transient(retry: Retry) -> bool:
    """Whether botocore would try again what the code does: it names no errors, or those of a busy service."""
    return _BUSY.search(retry.caught) is not None or _CODES.search(retry.caught) is None


def _retries_by_caller(handler: Handler) -> Iterator[str]:
    for mode, source in _callers(handler):
        if source == "StateMachine":
            yield "let the failure out: the Retry of the Step Functions task calls again"
        elif mode is Mode.QUEUE:
            yield "let the failure out: the message comes back when its visibility timeout ends"
        elif mode is Mode.STREAM:
            yield "let the failure out: the event source mapping retries the batch"
        elif mode is Mode.ASYNC:
            yield "let the failure out: Lambda runs the event twice more, a minute and two minutes later"


def _callers(handler: Handler) -> Iterable[tuple[Mode, str]]:
    for function in handler.functions:
        for each in invocations(handler.application, function):
            yield each.mode, each.trigger.source if each.trigger is not None else ""


def named(calls: Sequence[AwsCall]) -> str:
    """The first of some AWS calls as a message names it: without its service where that cannot be told, or
    where it is known not to have the operation."""
    first = calls[0]
    services = {call.service for call in calls if call.node is first.node}
    known = operations_of(first.service)
    return first.api if len(services) == 1 and (not known or first.operation in known) else first.operation
