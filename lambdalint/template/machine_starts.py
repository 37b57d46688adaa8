"""What starts a state machine, by the template: the schedules where nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdalint.template.values import Path

if TYPE_CHECKING:
    from lambdalint.template.template import Template

_SCHEDULES = frozenset({"Schedule", "ScheduleV2"})
# What may name a state machine without ever starting it.
_WATCHERS = ("AWS::CloudWatch::", "AWS::Logs::")
# Who takes a role that may start a state machine because a schedule says so, or to run the machine itself.
_SCHEDULERS = ("events.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com")


def schedules(template: Template, machine: str) -> tuple[Path, ...]:
    """Where the expressions of the schedules stand that alone start a state machine; () where something else
    may start it, or nothing in sight does."""
    found: dict[Path, None] = {}
    for path in template.references(machine):
        if path[0] != "Resources":
            continue
        expression = _expression(template, str(path[1]), path)
        if expression is None:
            return ()
        found.update(dict.fromkeys(expression))
    events = template.get(("Resources", machine, "Properties", "Events"))
    for name, event in events.items() if isinstance(events, dict) else ():
        if not isinstance(event, dict) or event.get("Type") not in _SCHEDULES:
            return ()
        base = ("Resources", machine, "Properties", "Events", name, "Properties")
        found.update(dict.fromkeys((*base, key) for key in ("Schedule", "ScheduleExpression")))
    return tuple(path for path in found if template.get(path) is not None)


def _expression(template: Template, logical_id: str, path: Path) -> tuple[Path, ...] | None:
    """The schedule of what refers to a state machine: () where that starts nothing, None where it is not
    known to start it by a schedule alone."""
    resource = template.resources.get(logical_id)
    if resource is None:
        return None
    expression = (*resource.path, "Properties", "ScheduleExpression")
    if resource.type == "AWS::Scheduler::Schedule":
        return (expression,)
    if resource.type == "AWS::Events::Rule":
        scheduled = "ScheduleExpression" in resource.properties and "EventPattern" not in resource.properties
        return (expression,) if scheduled else None
    if resource.type.startswith(_WATCHERS):
        return ()
    if resource.type == "AWS::IAM::Role":
        trust = str(resource.properties.get("AssumeRolePolicyDocument"))
        services = [word for word in trust.replace('"', "'").split("'") if word.endswith(".amazonaws.com")]
        return () if services and all(word in _SCHEDULERS for word in services) else None
    return None
