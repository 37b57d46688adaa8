"""How seldom a handler runs, where only schedules and deployments invoke it (law 10).

An execution environment that nobody needs is thrown away after some minutes, and every one after a few hours
(Lambda developer guide, "Lambda execution environment lifecycle"). What a job that runs once a day keeps from
one invocation to the next is kept for nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.archives import archived
from lambdalint.template.machine_starts import schedules
from lambdalint.template.trigger_machines import runs_once
from lambdalint.template.values import Known, Path

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.triggers import Trigger

REUSE = 15
"""Minutes between invocations beyond which reuse is no matter."""
LIFETIME = 6 * 60
"""Minutes beyond which no environment lives to see the next invocation."""

_SCHEDULES = frozenset({"Schedule", "ScheduleV2"})
# What invokes at deployments, and at the rotation of a secret, which is rarer than every four hours.
_RARE_SOURCES = frozenset({"CloudFormation", "CodeDeploy", "CustomResource", "SecretsManager"})
# What only functions have to do with that answer a custom resource (or have CDK's provider framework answer),
# or rotate a secret.
_CUSTOM_RESOURCE = re.compile(
    r"^\s*(?:import|from)\s+(?:cfnresponse|crhelper)\b|[\"']ResponseURL[\"']|[\"']AWSPENDING[\"']"
    r"|[\"']RequestType[\"'].*?[\"'](?:ResourceProperties|PhysicalResourceId)[\"']",
    re.M | re.S,
)
# What CodePipeline hands to the function of an action.
_PIPELINE = re.compile(r"[\"']CodePipeline\.job[\"']")

_RATE = re.compile(r"^rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)$")
_CRON = re.compile(r"^cron\((.+)\)$")
_UNITS = {"minute": 1, "hour": 60, "day": 24 * 60}
_DAY = 24 * 60


def seldom(handler: Handler, minutes: int = REUSE) -> bool:
    """Whether all that invokes the handler is a schedule rarer than so many minutes, or a deployment.

    So is a state machine that only such schedules start, where one execution invokes the function but once.
    A schedule whose expression is not known counts (law 1); a handler that nothing in sight invokes does not,
    unless its code shows that it answers a custom resource or rotates a secret. What no template deploys may
    be in the archive of a function that names it.
    """
    application = handler.application
    functions = handler.functions
    if any(each.triggers or application.invokes.get(each.logical_id) for each in functions):
        return all(_is_seldom(application, each, minutes) for each in functions)
    if any(_CUSTOM_RESOURCE.search(module.source.text) for module in handler.reach.modules):
        return True
    archives = [] if functions else list(archived(handler))
    return bool(archives) and all(_is_seldom(owner, each, minutes) for owner, each in archives)


def may_be_idle(handler: Handler) -> bool:
    """Whether a template deploys the handler's functions and shows nothing that invokes any of them.

    Nobody can tell how often such functions run.
    """
    functions, invokes = handler.functions, handler.application.invokes
    return bool(functions) and not any(each.triggers or invokes.get(each.logical_id) for each in functions)


def serves_deployments(handler: Handler) -> bool:
    """Whether the code answers custom resources or pipelines, or rotates secrets, whatever else it may do."""
    texts = [module.source.text for module in handler.reach.modules]
    return any(_CUSTOM_RESOURCE.search(text) or _PIPELINE.search(text) for text in texts)


def _is_seldom(application: Application, function: LambdaFunction, minutes: int) -> bool:
    if not function.triggers or not all(_is_rare(trigger, minutes) for trigger in function.triggers):
        return False
    machines = [trigger.name for trigger in function.triggers if trigger.source == "StateMachine"]
    if len(machines) > len(set(machines)):
        return False  # two states of one execution
    return not application.invokes.get(function.logical_id)


def _is_rare(trigger: Trigger, minutes: int) -> bool:
    if trigger.source in _RARE_SOURCES:
        return True
    if trigger.source in _SCHEDULES:
        return all(each is None or each > minutes for each in intervals(trigger))
    if trigger.source == "StateMachine" and trigger.state and runs_once(trigger):
        starts = [
            _of_expression(trigger.template, path) for path in schedules(trigger.template, trigger.name)
        ]
        return bool(starts) and all(each is None or each > minutes for start in starts for each in start)
    return False


def intervals(trigger: Trigger) -> Iterator[float | None]:
    """The fewest minutes between two runs of a schedule, for each outcome of its expression."""
    for name in ("Schedule", "ScheduleExpression"):
        if trigger.options:
            yield from _of_expression(trigger.template, (*trigger.options, name))


def _of_expression(template: Template, path: Path) -> Iterator[float | None]:
    for outcome in template.alternatives(path):
        value = outcome.value.value if isinstance(outcome.value, Known) else None
        yield interval(value) if isinstance(value, str) else None


def interval(expression: str) -> float | None:
    """The fewest minutes between two runs of a schedule; infinite for `at(…)`, None where it is not known."""
    text = expression.strip().lower()
    if text.startswith("at("):
        return float("inf")
    rate = _RATE.match(text)
    if rate is not None:
        return int(rate[1]) * _UNITS[rate[2]]
    cron = _CRON.match(text)
    fields = cron[1].split() if cron is not None else []
    if len(fields) != 6:
        return None
    minutes, hours = _numbers(fields[0], 60), _numbers(fields[1], 24)
    if not minutes or not hours:
        return None
    times = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    # Any day may follow upon the other, so that the last of one and the first of the next are neighbours.
    return min(later - earlier for earlier, later in zip(times, [*times[1:], times[0] + _DAY], strict=True))


def _numbers(field: str, limit: int) -> set[int]:
    """The values of a minutes' or hours' field; empty where it is not understood."""
    found: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(\*|\d+)(?:-(\d+))?(?:/(\d+))?", part)
        if match is None:
            return set()
        first = 0 if match[1] == "*" else int(match[1])
        last = int(match[2]) if match[2] else limit - 1 if match[1] == "*" or match[3] else first
        step = int(match[3] or 1)
        if step == 0 or last >= limit or first > last:
            return set()
        found.update(range(first, last + 1, step))
    return found
