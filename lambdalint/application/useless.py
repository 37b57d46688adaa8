"""Dead-letter queues and destinations of functions to which nothing ever gets: Lambda only polls for them.

Lambda invokes a function for a queue or stream synchronously; what an asynchronous invocation fails on is all
that its DeadLetterQueue and its EventInvokeConfig ever take.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lambdalint.application.modes import only_polled
from lambdalint.template.values import Known, Path, Value

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.polls import Poll

Kind = Literal["DeadLetterQueue", "OnFailure", "OnSuccess"]

# Resources that name a function without anybody invoking it for that.
_BYSTANDERS = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Version",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
    }
)


@dataclass(frozen=True)
class Useless:
    """A property that takes what asynchronous invocations leave, on a function that has none. `path` leads to
    it; `shared` says that it stands in Globals."""

    kind: Kind
    path: Path
    shared: bool
    target: Value | None


def useless(application: Application, function: LambdaFunction) -> tuple[Useless, ...]:
    """The function's dead-letter queue and destinations, if nothing can ever get there; else ()."""
    found = tuple(_declared(function))
    if not found or function.property("DurableConfig"):
        return ()
    if function.template.incomplete or not only_polled(application, function):
        return ()
    if any(_may_invoke(function, path) for path in function.template.references(function.logical_id)):
        return ()
    return tuple(
        each
        for each in found
        if not each.shared or all(_takes_nothing(application, other, each) for other in _others(function))
    )


def is_useless_for(application: Application, poll: Poll) -> bool:
    """Whether a function's own dead-letter queue or OnFailure destination stands where the mapping's or the
    queue's should: that is one mistake, and dlq-on-polled-function tells it."""
    return any(
        each.kind != "OnSuccess" for function in poll.functions for each in useless(application, function)
    )


def _declared(function: LambdaFunction) -> Iterator[Useless]:
    for found in function.property("DeadLetterQueue"):
        target = function.template.alternatives((*found.path, "TargetArn"))
        yield Useless(
            "DeadLetterQueue", found.path, found.origin == "globals", target[0].value if target else None
        )
    kinds: Sequence[Kind] = ("OnFailure", "OnSuccess")
    for kind in kinds:
        for found in function.property("EventInvokeConfig", "DestinationConfig", kind):
            if isinstance(found.value, Known):
                named = function.template.alternatives((*found.path, "Destination"))
                value = named[0].value if named else None
                yield Useless(kind, found.path, found.origin == "globals", value)
        for config in function.invoke_configs:
            for each in config.get("DestinationConfig", kind, "Destination"):
                yield Useless(kind, each.path, False, each.value)


def _others(function: LambdaFunction) -> Iterator[LambdaFunction]:
    return (other for other in function.template.functions if other.sam and other is not function)


def _takes_nothing(application: Application, other: LambdaFunction, found: Useless) -> bool:
    """Whether another function does without a property of Globals, or has no use for it either."""
    takes = any(each.path == found.path for each in _declared(other))
    return not takes or only_polled(application, other)


def _may_invoke(function: LambdaFunction, path: Path) -> bool:
    """Whether who refers to a function at a path may invoke it, in a way that the triggers do not show."""
    template = function.template
    if path[0] == "Outputs":
        return "Export" in (template.get(path[:2]) or ())
    if path[0] != "Resources":
        return True
    resource = template.resources.get(str(path[1]))
    if resource is None or resource.type in _BYSTANDERS or resource.logical_id == function.logical_id:
        return resource is None
    return True
