"""Tracing with X-Ray: what switches it on, and the edits that do.

A role that SAM makes gets the permission to send traces along with the switch; a role that is written by hand
has to be given it, since Lambda refuses active tracing without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.finding import Edit
from lambdalint.template.edits import append_item, insert_property, replace_value, together
from lambdalint.template.identity import render
from lambdalint.template.values import Alternative, Known, Path, Reference

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction, Property
    from lambdalint.template.shared import Lacking
    from lambdalint.template.template import Resource, Template

# By type: the property that switches tracing on.
SWITCHES: dict[str, tuple[str, ...]] = {
    "AWS::Serverless::Api": ("TracingEnabled",),
    "AWS::ApiGateway::Stage": ("TracingEnabled",),
    "AWS::Serverless::StateMachine": ("Tracing", "Enabled"),
    "AWS::StepFunctions::StateMachine": ("TracingConfiguration", "Enabled"),
}
_GLOBALS = {"AWS::Serverless::Api": "Api", "AWS::Serverless::StateMachine": "StateMachine"}
_ACTIVE = "Active"
_WRITE = "AWSXRayDaemonWriteAccess"
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
_WRITING = re.compile(r"xray", re.IGNORECASE)
# What traces by itself, and sends its traces elsewhere.
_OTHERS = re.compile(
    r"datadog|dd_|dynatrace|elastic-apm|epsagon|honeycomb|instana|lumigo|newrelic|sentry|signalfx|splunk|thundra",
    re.IGNORECASE,
)


def traces_elsewhere(function: LambdaFunction) -> bool:
    """Whether a layer or variable of a function belongs to another way of tracing."""
    layers = (render(layer.value) for layer in function.layers)
    variables = function.environment
    names = variables if isinstance(variables, dict) else ()
    return any(_OTHERS.search(text) for text in (*layers, *names))


def is_off(outcomes: Sequence[Property] | Sequence[Alternative], on: object) -> bool:
    """Whether a switch that is written is off in every branch, and no parameter can turn it on."""
    return bool(outcomes) and all(
        isinstance(each.value, Known) and not each.parameter and _text(each.value.value) != _text(on)
        for each in outcomes
    )


def switch_of(resource: Resource) -> tuple[Alternative, ...]:
    """What switches tracing on for an API or a state machine, from Globals where it has none itself."""
    keys = SWITCHES[resource.type]
    found = resource.get(*keys)
    common = _GLOBALS.get(resource.type)
    if found or common is None:
        return found
    return resource.template.alternatives(("Globals", common, *keys))


def trace_lacking(lack: Lacking) -> tuple[Edit, ...] | None:
    """The edits that have functions traced which say nothing of it; None where a role is out of reach."""
    template = lack.functions[0].template
    switches: list[Edit | None]
    if lack.globally:
        switches = [insert_property(template, ("Globals", "Function"), "Tracing", _ACTIVE)]
    else:
        switches = [_insert(template, each.path("Tracing"), _ACTIVE) for each in lack.functions]
    roles = _permissions(template, (each.property("Role") for each in lack.functions))
    return None if roles is None else together([*switches, *roles])


def trace_instead(path: Path, functions: Sequence[LambdaFunction]) -> tuple[Edit, ...] | None:
    """The edits that have functions traced which say otherwise at a path."""
    template = functions[0].template
    roles = _permissions(template, (each.property("Role") for each in functions))
    return None if roles is None else together([replace_value(template, path, _ACTIVE), *roles])


def trace_resource(resource: Resource, written: Path | None) -> tuple[Edit, ...] | None:
    """The edits that have an API or a state machine traced; `written` is where it says otherwise."""
    template = resource.template
    path: Path = (*resource.path, "Properties", *SWITCHES[resource.type])
    switch = _insert(template, path, True) if written is None else replace_value(template, written, True)
    holds_role = "StateMachine" in resource.type
    roles = _permissions(template, [resource.get("Role") or resource.get("RoleArn")] if holds_role else [])
    return None if roles is None else together([switch, *roles])


def _insert(template: Template, path: Path, value: object) -> Edit | None:
    return insert_property(template, path[:-1], str(path[-1]), value)


def _permissions(
    template: Template, roles: Iterable[Sequence[Property] | Sequence[Alternative]]
) -> list[Edit | None] | None:
    """What lets roles send traces: nothing where SAM makes them; None where one is not in the template."""
    found: dict[str, Resource] = {}
    for outcomes in roles:
        for outcome in outcomes:
            role = None
            if isinstance(outcome.value, Reference):
                role = template.resources.get(outcome.value.logical_id)
            if role is None or role.type != "AWS::IAM::Role":
                return None
            found[role.logical_id] = role
    return [_permission(role) for role in found.values() if not any(_written_for(role))]


def _permission(role: Resource) -> Edit | None:
    arn: object = f"arn:aws:iam::aws:policy/{_WRITE}"
    if "AWS::Partition" in role.template.source.text:
        arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{_WRITE}"}
    path: Path = (*role.path, "Properties", "ManagedPolicyArns")
    if "ManagedPolicyArns" in role.properties:
        return append_item(role.template, path, arn)
    return insert_property(role.template, path[:-1], "ManagedPolicyArns", [arn])


def _written_for(role: Resource) -> Iterator[bool]:
    """Whether a role, or a policy attached to it, names X-Ray: then it is left as it is."""
    span = role.template.full_span(role.path)
    yield _WRITING.search(role.template.source.text, span.start, span.end) is not None
    for policy in role.template.of_type(
        "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"
    ):
        span = role.template.full_span(policy.path)
        text = role.template.source.text[span.start : span.end]
        yield role.logical_id in text and _WRITING.search(text) is not None


def _text(value: object) -> str:
    return str(value).lower()
