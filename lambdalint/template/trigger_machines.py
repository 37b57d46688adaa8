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
_BARE_PLACEHOLDER = re.compile(r"(?<=[:\[,])(\s*)\$\{[^}]+\}(?=\s*[,\]}])")


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


def runs_once(trigger: Trigger) -> bool:
    """Whether one execution of the state machine behind a trigger comes to the trigger's state but once, its
    retries aside: in no Map and on no way that comes back. False where the definition cannot be read."""
    if not isinstance(trigger.resource, Reference) or trigger.source != "StateMachine" or not trigger.state:
        return False
    resource = trigger.template.resources.get(trigger.resource.logical_id)
    definitions = _Machine(trigger.template, resource).definitions() if resource is not None else ()
    found = [
        (definition, keys)
        for definition, _, _ in definitions
        for keys, _ in _task_states(definition)
        if keys[-1] == trigger.state
    ]
    return bool(found) and not any(_comes_back(definition, keys) for definition, keys in found)


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
        for definition, path, inside in self.definitions():
            read = True
            yield from self._tasks(definition, path, inside)
        for found in self._resource.get("DefinitionString"):
            if _parsed(found.value) is None:
                yield from self._mentions(found)
        if not read:
            yield from self._unread()

    def definitions(self) -> Iterator[tuple[Mapping[str, Any], Path, bool]]:
        """What can be read of the definition, with its place, and whether its keys are the template's."""
        for found in self._resource.get("Definition"):
            if isinstance(found.value, Known) and isinstance(found.value.value, dict):
                yield found.value.value, found.path, True
        for found in self._resource.get("DefinitionString"):
            definition = _parsed(found.value)
            if definition is not None:
                yield definition, found.path, False
        for found in self._resource.get("DefinitionUri"):
            definition = self._file(found.value)
            if definition is not None:
                yield definition, found.path, False

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
            state=state,
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
    """The definition in a string, with `${Name}` where it is not known, and 0 where that is a number."""
    if not isinstance(value, (Known, Text)):
        return None
    text = render(value)
    for candidate in (text, _BARE_PLACEHOLDER.sub(r"\g<1>0", text)):
        try:
            data = json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
        return data if isinstance(data, dict) else None
    return None


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


def _comes_back(definition: Mapping[str, Any], keys: Path) -> bool:
    """Whether a state may run more than once: it or a state around it is in a Map, or on a way to itself."""
    node: Any = definition
    for index, key in enumerate(keys):
        if index and keys[index - 1] == "States":
            if _leads_to(node, str(key), str(key)):
                return True
            if index < len(keys) - 1 and node[key].get("Type") == "Map":
                return True
        node = node[key]
    return False


def _leads_to(states: Mapping[str, Any], start: str, goal: str) -> bool:
    stack = list(_next(states.get(start)))
    seen: set[str] = set()
    while stack:
        name = stack.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            stack.extend(_next(states.get(name)))
    return False


def _next(state: object) -> Iterator[str]:
    """The states that may follow upon a state."""
    if not isinstance(state, dict):
        return
    for name in (state.get("Next"), state.get("Default")):
        if isinstance(name, str):
            yield str(name)
    for branches in (state.get("Choices"), state.get("Catch")):
        for branch in branches if isinstance(branches, list) else ():
            if isinstance(branch, dict) and isinstance(branch.get("Next"), str):
                yield str(branch["Next"])
