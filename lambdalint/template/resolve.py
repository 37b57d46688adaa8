"""What the intrinsic functions of a template come to.

Nothing is guessed. `Fn::If` gives an Alternative for each branch that can be; a condition counts as decided
only where it does not rest on a parameter's default, which may be overridden when the stack is deployed.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lambdalint.template.values import Alternative, Condition, Known, Path, Reference, Text, Unknown, Value

_MAX_ALTERNATIVES = 16
_MAX_DEPTH = 40
_SUB = re.compile(r"\$\{(!?)\s*([^}]*?)\s*\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*\}\}")
_NESTED_STACKS = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")

Part = str | Reference | Unknown


class Resolver:
    """Resolves nodes of one template. `generated` tells whether SAM makes a resource of a name that is not
    declared."""

    def __init__(
        self,
        parameters: Mapping[str, Any],
        configured: Mapping[str, str],
        resources: Mapping[str, Any],
        mappings: Mapping[str, Any],
        conditions: Mapping[str, Any],
        generated: Callable[[str], bool],
    ) -> None:
        self._parameters = parameters
        self._configured = configured
        self._resources = resources
        self._mappings = mappings
        self._conditions = conditions
        self._generated = generated
        self._decided: dict[str, bool | None] = {}
        self._depth = 0

    def resolve(
        self, node: object, path: Path, conditions: tuple[Condition, ...] = ()
    ) -> tuple[Alternative, ...]:
        """Every outcome of a node. `AWS::NoValue` has none."""
        name = intrinsic(node)
        if name is None:
            return (Alternative(_literal(node), path, conditions),)
        if self._depth >= _MAX_DEPTH:
            return (Alternative(Unknown("nested too deeply", name), path, conditions),)
        self._depth += 1
        try:
            return self._intrinsic(name, node[name], path, conditions)  # type: ignore[index]
        finally:
            self._depth -= 1

    def step(self, alternatives: Iterable[Alternative], key: str | int) -> tuple[Alternative, ...]:
        """The values under a key or index of each alternative; nothing where it is absent."""
        found: list[Alternative] = []
        for alternative in alternatives:
            found.extend(self._below(alternative, key))
        return tuple(found[: _MAX_ALTERNATIVES * 4])

    def items(self, alternatives: Iterable[Alternative]) -> tuple[Alternative, ...]:
        """The items of each alternative that is a list; one that is not known stays as one Unknown item, a
        single value counts as a list of one."""
        found: list[Alternative] = []
        for alternative in alternatives:
            value = alternative.value
            if not (isinstance(value, Known) and isinstance(value.value, list)):
                found.append(alternative)
                continue
            for index, item in enumerate(value.value):
                found.extend(self.resolve(item, (*alternative.path, index), alternative.conditions))
        return tuple(found)

    def decide(self, name: str) -> bool | None:
        """Whether a condition of the template holds whatever is chosen at deployment; None if that
        decides."""
        if name not in self._decided:
            self._decided[name] = None  # what a condition that names itself comes to
            self._decided[name] = self._test(self._conditions.get(name), 0)
        return self._decided[name]

    def _below(self, alternative: Alternative, key: str | int) -> tuple[Alternative, ...]:
        value = alternative.value
        if isinstance(value, Known):
            container = value.value
            if isinstance(container, dict):
                if key in container:
                    return self.resolve(container[key], (*alternative.path, key), alternative.conditions)
                if has_macro(container):
                    return (Alternative(Unknown("transform"), alternative.path, alternative.conditions),)
            elif isinstance(container, list) and isinstance(key, int) and 0 <= key < len(container):
                return self.resolve(container[key], (*alternative.path, key), alternative.conditions)
            return ()
        if isinstance(value, Unknown):
            return (alternative,)
        return (Alternative(Unknown("reference"), alternative.path, alternative.conditions),)

    def _intrinsic(
        self, name: str, argument: Any, path: Path, conditions: tuple[Condition, ...]
    ) -> tuple[Alternative, ...]:
        inner = (*path, name)
        if name == "Ref":
            return self._ref(argument, path, conditions)
        if name == "Fn::If":
            return self._if(argument, inner, conditions)
        if name == "Fn::Sub":
            return self._sub(argument, path, inner, conditions)
        if name == "Fn::GetAtt":
            return (Alternative(self._attribute(argument), path, conditions),)
        if name == "Fn::Join":
            return self._join(argument, path, inner, conditions)
        if name == "Fn::Select":
            return self._select(argument, path, inner, conditions)
        if name == "Fn::Split":
            return self._split(argument, path, inner, conditions)
        if name == "Fn::FindInMap":
            return self._find_in_map(argument, path, inner, conditions)
        reason = {"Fn::ImportValue": "import", "Fn::Transform": "transform"}.get(name, name.split("::")[1])
        if name.startswith("Fn::ForEach"):
            reason = "Fn::ForEach"
        elif reason not in ("import", "transform"):
            reason = f"Fn::{reason}"
        return (Alternative(Unknown(reason), path, conditions),)

    def _ref(self, name: Any, path: Path, conditions: tuple[Condition, ...]) -> tuple[Alternative, ...]:
        if name == "AWS::NoValue":
            return ()
        if not isinstance(name, str):
            return (Alternative(Unknown("malformed Ref"), path, conditions),)
        if name in self._parameters:
            return (Alternative(self._parameter(name, strict=False), path, conditions, parameter=name),)
        return (Alternative(self._named(name), path, conditions),)

    def _named(self, name: str) -> Value:
        """What a name means that is no parameter: `Resource`, `Resource.Attribute`, a pseudo parameter."""
        if name.startswith("AWS::"):
            return Unknown("pseudo parameter", name)
        if name in self._resources:
            return Reference(name)
        if "." in name:
            return self._attribute(name.split(".", 1))
        return Reference(name) if self._generated(name) else Unknown("undefined", name)

    def _attribute(self, argument: Any) -> Value:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        if not (
            isinstance(argument, list)
            and len(argument) >= 2
            and all(isinstance(part, str) for part in argument)
        ):
            return Unknown("computed Fn::GetAtt")
        logical_id, attribute = str(argument[0]), ".".join(argument[1:])
        if "${" in attribute or "${" in logical_id:
            return Unknown("computed Fn::GetAtt")
        resource = self._resources.get(logical_id)
        if resource is None:
            return (
                Reference(logical_id, attribute)
                if self._generated(logical_id)
                else Unknown("undefined", logical_id)
            )
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind in _NESTED_STACKS and attribute.startswith("Outputs."):
            return Unknown("nested stack", f"{logical_id}.{attribute}")
        return Reference(logical_id, attribute)

    def _parameter(self, name: str, strict: bool) -> Value:
        """A parameter's value: configured, else (not strict) its default."""
        declaration = self._parameters[name]
        if not isinstance(declaration, dict):
            return Unknown("malformed parameter", name)
        kind = declaration.get("Type")
        if isinstance(kind, str) and kind.startswith("AWS::SSM::Parameter::Value"):
            return Unknown("ssm parameter", name)
        if name in self._configured:
            return _typed(self._configured[name], kind)
        if strict or "Default" not in declaration:
            return Unknown("parameter without default", name)
        default = _typed(declaration["Default"], kind)
        if isinstance(default, Known) and isinstance(default.value, str):
            return _literal(default.value)
        return default

    def _if(self, argument: Any, path: Path, conditions: tuple[Condition, ...]) -> tuple[Alternative, ...]:
        if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[0], str)):
            return (Alternative(Unknown("malformed Fn::If"), path, conditions),)
        name = str(argument[0])
        given = dict(conditions).get(name)
        decided = self.decide(name) if given is None else given
        found: list[Alternative] = []
        for index, outcome in ((1, True), (2, False)):
            if decided is None or decided is outcome:
                below = conditions if given is not None else (*conditions, (name, outcome))
                found.extend(self.resolve(argument[index], (*path, index), below))
        return tuple(found)

    def _sub(
        self, argument: Any, path: Path, inner: Path, conditions: tuple[Condition, ...]
    ) -> tuple[Alternative, ...]:
        variables: Mapping[str, Any] = {}
        template = argument
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            template, variables = argument
        if not isinstance(template, str):
            return (Alternative(Unknown("malformed Fn::Sub"), path, conditions),)
        choices: list[tuple[Alternative, ...]] = []
        end = 0
        for match in _SUB.finditer(template):
            choices.append(_fixed(template[end : match.start()]))
            end = match.end()
            name = match.group(2)
            if match.group(1):
                choices.append(_fixed("${" + name + "}"))
            elif name in variables:
                choices.append(self.resolve(variables[name], (*inner, 1, name), conditions))
            else:
                choices.append(self._ref(name, path, conditions))
        choices.append(_fixed(template[end:]))
        return self._concatenate(choices, path, conditions)

    def _join(
        self, argument: Any, path: Path, inner: Path, conditions: tuple[Condition, ...]
    ) -> tuple[Alternative, ...]:
        if not (isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str)):
            return (Alternative(Unknown("malformed Fn::Join"), path, conditions),)
        found: list[Alternative] = []
        for whole in self.resolve(argument[1], (*inner, 1), conditions):
            value = whole.value
            if not (isinstance(value, Known) and isinstance(value.value, list)):
                reason = value if isinstance(value, Unknown) else Unknown("reference")
                found.append(Alternative(reason, path, whole.conditions))
                continue
            options = [
                self.resolve(item, (*whole.path, index), whole.conditions)
                for index, item in enumerate(value.value)
            ]
            choices: list[tuple[Alternative, ...]] = []
            for option in options:
                if not option:  # AWS::NoValue
                    continue
                if choices:
                    choices.append(_fixed(str(argument[0])))
                choices.append(option)
            found.extend(self._concatenate(choices, path, whole.conditions))
        return tuple(found)

    def _concatenate(
        self, choices: Sequence[tuple[Alternative, ...]], path: Path, conditions: tuple[Condition, ...]
    ) -> tuple[Alternative, ...]:
        count = 1
        for choice in choices:
            count *= max(1, len(choice))
        if count > _MAX_ALTERNATIVES:
            return (Alternative(Unknown("too many alternatives"), path, conditions),)
        found: list[Alternative] = []
        for chosen in itertools.product(*(choice for choice in choices if choice)):
            union = _union(conditions, (condition for part in chosen for condition in part.conditions))
            if union is None:
                continue
            parameters = {part.parameter for part in chosen if part.parameter}
            parameter = parameters.pop() if len(parameters) == 1 else ""
            found.append(Alternative(_text(part.value for part in chosen), path, union, parameter))
        return tuple(found)

    def _select(
        self, argument: Any, path: Path, inner: Path, conditions: tuple[Condition, ...]
    ) -> tuple[Alternative, ...]:
        if not (isinstance(argument, list) and len(argument) == 2):
            return (Alternative(Unknown("malformed Fn::Select"), path, conditions),)
        found: list[Alternative] = []
        for position in self.resolve(argument[0], (*inner, 0), conditions):
            index = _integer(position.value)
            for whole in self.resolve(argument[1], (*inner, 1), position.conditions):
                value = whole.value
                if index is None or not (isinstance(value, Known) and isinstance(value.value, list)):
                    reason = value if isinstance(value, Unknown) else Unknown("Fn::Select")
                    found.append(Alternative(reason, path, whole.conditions))
                elif 0 <= index < len(value.value):
                    found.extend(self.resolve(value.value[index], (*whole.path, index), whole.conditions))
                else:
                    found.append(Alternative(Unknown("Fn::Select out of range"), path, whole.conditions))
        return tuple(found)

    def _split(
        self, argument: Any, path: Path, inner: Path, conditions: tuple[Condition, ...]
    ) -> tuple[Alternative, ...]:
        if not (
            isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str) and argument[0]
        ):
            return (Alternative(Unknown("malformed Fn::Split"), path, conditions),)
        found: list[Alternative] = []
        for text in self.resolve(argument[1], (*inner, 1), conditions):
            value = text.value
            if isinstance(value, Known) and isinstance(value.value, str):
                parts: Value = Known(value.value.split(argument[0]))
            else:
                parts = value if isinstance(value, Unknown) else Unknown("Fn::Split")
            found.append(Alternative(parts, path, text.conditions))
        return tuple(found)

    def _find_in_map(
        self, argument: Any, path: Path, inner: Path, conditions: tuple[Condition, ...]
    ) -> tuple[Alternative, ...]:
        if not (isinstance(argument, list) and len(argument) in (3, 4)):
            return (Alternative(Unknown("malformed Fn::FindInMap"), path, conditions),)
        choices = [self.resolve(part, (*inner, index), conditions) for index, part in enumerate(argument[:3])]
        default = argument[3] if len(argument) == 4 and isinstance(argument[3], dict) else {}
        has_default = "DefaultValue" in default
        found: list[Alternative] = []
        for chosen in itertools.islice(itertools.product(*choices), _MAX_ALTERNATIVES):
            union = _union(conditions, (condition for part in chosen for condition in part.conditions))
            if union is None:
                continue
            value = self._looked_up([part.value for part in chosen], has_default)
            if value is not None:
                found.append(Alternative(value, path, union))
            elif has_default:
                found.extend(self.resolve(default["DefaultValue"], (*inner, 3, "DefaultValue"), union))
            else:
                found.append(Alternative(Unknown("mapping"), path, union))
        return tuple(found)

    def _looked_up(self, keys: Sequence[Value], has_default: bool) -> Value | None:
        """The mapping's value; Unknown where a key is not known and the values differ; None if there is
        none."""
        name, *rest = keys
        if not (isinstance(name, Known) and isinstance(name.value, str)):
            return Unknown("mapping")
        tables: list[Any] = [self._mappings.get(name.value)]
        certain = True
        for key in rest:
            if isinstance(key, Known):
                wanted = _string(key.value)
                tables = [_member(table, wanted) for table in tables]
            else:
                certain = False
                tables = [value for table in tables if isinstance(table, dict) for value in table.values()]
        values = [table for table in tables if table is not None]
        if certain:
            return _literal(values[0]) if values else None
        if not values or has_default or any(value != values[0] for value in values):
            return Unknown("mapping", str(name.value))
        return _literal(values[0])

    def _test(self, node: Any, depth: int) -> bool | None:
        """A condition function, where it is decided without parameters' defaults."""
        if not isinstance(node, dict) or len(node) != 1 or depth > _MAX_DEPTH:
            return None
        ((name, argument),) = node.items()
        if name == "Condition":
            return self.decide(argument) if isinstance(argument, str) else None
        if not isinstance(argument, list):
            return None
        if name == "Fn::Equals" and len(argument) == 2:
            left, right = (self._constant(part) for part in argument)
            return None if left is None or right is None else left == right
        outcomes = [self._test(part, depth + 1) for part in argument]
        if name == "Fn::Not" and len(outcomes) == 1:
            return None if outcomes[0] is None else not outcomes[0]
        if name == "Fn::And":
            return False if False in outcomes else None if None in outcomes else True
        if name == "Fn::Or":
            return True if True in outcomes else None if None in outcomes else False
        return None

    def _constant(self, node: Any) -> str | None:
        """A string that no deployment can change."""
        if isinstance(node, dict):
            name = node.get("Ref") if len(node) == 1 else None
            if not isinstance(name, str) or name not in self._parameters:
                return None
            value = self._parameter(name, strict=True)
            return (
                _string(value.value)
                if isinstance(value, Known) and not isinstance(value.value, list)
                else None
            )
        return None if isinstance(node, list) or node is None else _string(node)


def intrinsic(node: object) -> str | None:
    """The name of the intrinsic function that a node is, else None."""
    if not isinstance(node, dict) or len(node) != 1:
        return None
    name = next(iter(node))
    if isinstance(name, str) and (name == "Ref" or name.startswith("Fn::")):
        return str(name)
    return None


def is_macro(key: object) -> bool:
    """Whether a key of a mapping brings in what is not written: `Fn::Transform`, `Fn::ForEach::…`."""
    return isinstance(key, str) and (key == "Fn::Transform" or key.startswith("Fn::ForEach"))


def has_macro(keys: Iterable[object]) -> bool:
    """Whether one of the keys is a macro's."""
    for key in keys:  # noqa: SIM110 (asked of every mapping: a generator costs more than its few keys)
        if isinstance(key, str) and key[:4] == "Fn::" and is_macro(key):
            return True
    return False


def _fixed(text: str) -> tuple[Alternative, ...]:
    return (Alternative(Known(text), ()),) if text else ()


def _union(first: tuple[Condition, ...], others: Iterable[Condition]) -> tuple[Condition, ...] | None:
    """All the conditions, or None where two contradict each other."""
    union = dict(first)
    for name, outcome in others:
        if union.setdefault(name, outcome) is not outcome:
            return None
    return tuple(union.items())


def _literal(node: object) -> Value:
    """A node that is no intrinsic. Strings may hold dynamic references."""
    if isinstance(node, str) and "{{resolve:" in node:
        return _text([Known(node)])
    return Known(node)


def _text(values: Iterable[Value]) -> Value:
    """What pieces of a string come to when joined."""
    parts: list[Part] = []
    for value in values:
        if isinstance(value, Known):
            if isinstance(value.value, (list, dict)):
                parts.append(Unknown("list in text"))
            elif parts and isinstance(parts[-1], str):
                parts[-1] += _string(value.value)
            else:
                parts.append(_string(value.value))
        elif isinstance(value, Text):
            parts.extend(value.parts)
        else:
            parts.append(value)
    parts = _merged(parts)
    if not parts:
        return Known("")
    if len(parts) == 1:
        return Known(parts[0]) if isinstance(parts[0], str) else parts[0]
    return Text(tuple(parts))


def _merged(parts: Iterable[Part]) -> list[Part]:
    """Neighbouring strings as one; dynamic references as Unknown."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    if any(isinstance(part, str) and "{{resolve:" in _DYNAMIC.sub("", part) for part in joined):
        return [Unknown("dynamic reference")]  # one that is itself put together from pieces
    split: list[Part] = []
    for part in joined:
        if not isinstance(part, str) or "{{resolve:" not in part:
            split.append(part)
            continue
        end = 0
        for match in _DYNAMIC.finditer(part):
            split.extend([part[end : match.start()]] if match.start() > end else [])
            split.append(Unknown("dynamic reference", match.group()))
            end = match.end()
        split.extend([part[end:]] if end < len(part) else [])
    return split


def _string(value: object) -> str:
    """A scalar as CloudFormation writes it into a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return "" if value is None else str(value)


def _integer(value: Value) -> int | None:
    if not isinstance(value, Known):
        return None
    try:
        return int(str(value.value))
    except ValueError:
        return None


def _member(table: object, key: str) -> object:
    """A member of a level of a mapping, whose keys may be numbers in YAML."""
    if not isinstance(table, dict):
        return None
    if key in table:
        return table[key]
    return next((value for name, value in table.items() if _string(name) == key), None)


def _typed(value: object, kind: object) -> Value:
    """A parameter's value as its type has it: numbers as numbers, lists as lists of strings."""
    if isinstance(kind, str) and (kind == "CommaDelimitedList" or kind.startswith("List<")):
        text = _string(value) if not isinstance(value, list) else ",".join(map(_string, value))
        return Known([part.strip() for part in text.split(",")] if text else [])
    if kind == "Number":
        return Known(_number(value))
    return Known(_string(value)) if not isinstance(value, (list, dict)) else Known(value)


def _number(value: object) -> object:
    for convert in (int, float):
        try:
            return convert(str(value))
        except ValueError:
            continue
    return value
