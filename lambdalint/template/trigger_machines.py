"""Triggers by state machines: Task states that run a function.

A Task waits for the function unless it calls Lambda's Invoke with InvocationType "Event" (Step Functions
developer guide, "Invoke an AWS Lambda function with Step Functions").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lambdalint.template.decode import decode
from lambdalint.template.identity import render
from lambdalint.template.triggers import Claim, Mode, Trigger
from lambdalint.template.values import Alternative, Known, Path, Reference, Text, Value

if TYPE_CHECKING:
    from lambdalint.template.template import Resource, Template

_TYPES = ("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine")
_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


def machine_claims(template: Template) -> Iterator[Claim]:
    """What the state machines of a template invoke."""
    for resource in template.of_type(*_TYPES):
        yield from _Machine(template, resource).claims()


def definition_text(trigger: Trigger) -> str | None:
    """The definition of the state machine behind a trigger, with `${Name}` where it is not known; None
    where it cannot be read."""
    if not isinstance(trigger.resource, Reference) or trigger.source != "StateMachine":
        return None
    resource = trigger.template.resources.get(trigger.resource.logical_id)
    if resource is None:
        return None
    return _Machine(trigger.template, resource).text()


class _Machine:
    def __init__(self, template: Template, resource: Resource) -> None:
        self._template = template
        self._resource = resource
        self._substitutions = self._substituted()

    def text(self) -> str | None:
        """All that the definition says; None where some of it cannot be read."""
        found: list[str] = []
        for alternative in self._resource.get("Definition"):
            if not isinstance(alternative.value, Known):
                return None
            found.append(json.dumps(alternative.value.value, default=str))
        for alternative in self._resource.get("DefinitionString"):
            if not isinstance(alternative.value, (Known, Text)):
                return None
            found.append(render(alternative.value))
        for alternative in self._resource.get("DefinitionUri"):
            definition = self._file(alternative.value)
            if definition is None:
                return None
            found.append(json.dumps(definition, default=str))
        return "\n".join(found) or None

    def claims(self) -> Iterator[Claim]:
        read = False
        for found in self._resource.get("Definition"):
            if isinstance(found.value, Known) and isinstance(found.value.value, dict):
                read = True
                yield from self._tasks(found.value.value, found.path, inside=True)
        for found in self._resource.get("DefinitionString"):
            definition = _parsed(found.value)
            if definition is not None:
                read = True
                yield from self._tasks(definition, found.path, inside=False)
            else:
                yield from self._mentions(found)
        for found in self._resource.get("DefinitionUri"):
            definition = self._file(found.value)
            if definition is not None:
                read = True
                yield from self._tasks(definition, found.path, inside=False)
        if not read:
            yield from self._unread()

    def _tasks(self, definition: Mapping[str, Any], path: Path, inside: bool) -> Iterator[Claim]:
        for keys, task in _task_states(definition):
            parameters = task.get("Parameters", task.get("Arguments"))
            parameters = parameters if isinstance(parameters, dict) else {}
            name = next((key for key in ("FunctionName", "FunctionName.$") if key in parameters), None)
            targets: list[tuple[Path, Any]] = [(("Resource",), task.get("Resource"))]
            if name is not None:
                holder = "Parameters" if "Parameters" in task else "Arguments"
                targets.append(((holder, name), parameters[name]))
            for target, node in targets:
                here = (*path, *keys, *target) if inside else path
                for alternative in self._template.resolve(node, here):
                    for logical_id in self._functions(alternative.value):
                        yield (
                            logical_id,
                            self._trigger(
                                _mode(task.get("Resource"), parameters),
                                alternative.path if inside else path,
                                str(keys[-1]) if keys else "",
                            ),
                        )

    def _functions(self, value: Value) -> tuple[str, ...]:
        """Functions that a task names, by placeholders of DefinitionSubstitutions too."""
        named = self._template.identity.of(value)
        if named or not isinstance(value, (Known, Text)):
            return named
        found: list[str] = []
        for match in _PLACEHOLDER.finditer(render(value)):
            if match.group(1) in self._substitutions:
                found.extend(self._substitutions[match.group(1)])
            else:
                reference = {"Fn::Sub": match.group()}
                for alternative in self._template.resolve(reference, ()):
                    found.extend(self._template.identity.of(alternative.value))
        return tuple(dict.fromkeys(found))

    def _substituted(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        declared = self._template.get((*self._resource.path, "Properties", "DefinitionSubstitutions"))
        for name in declared if isinstance(declared, dict) else ():
            for alternative in self._resource.get("DefinitionSubstitutions", name):
                found[name] = (*found.get(name, ()), *self._template.identity.of(alternative.value))
        return found

    def _mentions(self, found: Alternative) -> Iterator[Claim]:
        """A definition that cannot be parsed still names its functions; nothing else in it takes their
        ARN."""
        value = found.value
        text = render(value)
        mode = Mode.UNKNOWN if "InvocationType" in text else Mode.SYNC
        for match in dict.fromkeys(_PLACEHOLDER.findall(text)):
            named = self._substitutions.get(match, ())
            if not named:
                for alternative in self._template.resolve({"Fn::Sub": f"${{{match}}}"}, ()):
                    named = (*named, *self._template.identity.of(alternative.value))
            for logical_id in named:
                yield logical_id, self._trigger(mode, found.path, "")

    def _unread(self) -> Iterator[Claim]:
        """A definition elsewhere: what is substituted into it is most likely a task, but how is not known."""
        for name, functions in self._substitutions.items():
            for logical_id in functions:
                path = (*self._resource.path, "Properties", "DefinitionSubstitutions", name)
                yield logical_id, self._trigger(Mode.UNKNOWN, path, "")

    def _file(self, value: Value) -> Mapping[str, Any] | None:
        location = value.value if isinstance(value, Known) else None
        if not isinstance(location, str) or "://" in location:
            return None
        text = self._template.read(location)
        data = decode(text).data if text is not None else None
        return data if isinstance(data, dict) and "States" in data else None

    def _trigger(self, mode: Mode, path: Path, state: str) -> Trigger:
        name = self._resource.logical_id
        description = f"the state `{state}` of `{name}`" if state else f"the state machine `{name}`"
        return Trigger(
            source="StateMachine",
            mode=mode,
            path=path,
            template=self._template,
            name=name,
            proof="resource",
            description=description,
            resource=Reference(name),
            options=(*self._resource.path, "Properties"),
            reason="state machine definition not read" if mode is Mode.UNKNOWN else "",
        )


def _mode(resource: object, parameters: Mapping[str, Any]) -> Mode:
    if isinstance(resource, str) and resource.lower().endswith(":lambda:invokeasync"):
        return Mode.ASYNC
    chosen = parameters.get("InvocationType")
    if chosen is None and "InvocationType.$" not in parameters:
        return Mode.SYNC
    if not isinstance(chosen, str):
        return Mode.UNKNOWN
    return Mode.ASYNC if chosen == "Event" else Mode.SYNC


def _parsed(value: Value) -> Mapping[str, Any] | None:
    """The definition in a string, with `${Name}` where it is not known."""
    if not isinstance(value, (Known, Text)):
        return None
    try:
        data = json.loads(render(value), strict=False)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _task_states(definition: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every Task state of a definition, in Map and Parallel too, with its keys."""
    stack: list[tuple[Path, Any]] = [((), definition)]
    while stack:
        keys, node = stack.pop()
        if isinstance(node, dict):
            if node.get("Type") == "Task" and "Resource" in node:
                yield keys, node
                continue
            stack.extend(((*keys, key), node[key]) for key in reversed(node))
        elif isinstance(node, list):
            stack.extend(((*keys, index), node[index]) for index in range(len(node) - 1, -1, -1))
