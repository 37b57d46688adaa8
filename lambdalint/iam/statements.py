"""Policies as the text of a template: entries for policy templates and exact statements, in YAML and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lambdalint.iam.match import ExactStatement, TemplateUse

_SHORT = {"Ref": "!Ref", "Condition": "!Condition"}
# Strings that can stand without quotes; in doubt they are quoted.
_PLAIN = re.compile(r"[A-Za-z/<][^\s#'\"\\{}\[\],&*!|>%@`]*(?:[*>?/$:{}.A-Za-z0-9_-]*)")
_RESERVED = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null|~)")


def entry(use: TemplateUse) -> dict[str, Any]:
    """A policy template as an item of a function's `Policies`."""
    return {use.name: {parameter: value.node for parameter, value in use.parameters}}


def statement(exact: ExactStatement, sid: str | None = None) -> dict[str, Any]:
    """An exact statement as an item of a policy document's `Statement`."""
    node: dict[str, Any] = {"Sid": sid} if sid else {}
    return {
        **node,
        "Effect": "Allow",
        "Action": _one_or_list(exact.actions),
        "Resource": _one_or_list([resource.node for resource in exact.resources]),
    }


def document(statements: Iterable[ExactStatement]) -> dict[str, Any]:
    """Exact statements as an item of a function's `Policies`: an inline policy document."""
    return {"Statement": [statement(exact) for exact in statements]}


def to_yaml(node: object, step: int = 2) -> str:
    """A node as block YAML with short-form intrinsics; no newline at the end.

    Its first line begins at column 0. Nested mappings, and items of a list below their key, are indented by
    `step`.
    """
    return "\n".join(_lines(node, step))


def to_json(node: object, step: int = 2) -> str:
    """A node as JSON with long-form intrinsics; no newline at the end."""
    return json.dumps(node, indent=step)


def _one_or_list(values: Iterable[Any]) -> Any:
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed


def _lines(node: object, step: int) -> list[str]:
    if isinstance(node, Mapping) and node and _tag(node) is None:
        return [line for key, value in node.items() for line in _pair(str(key), value, step)]
    if isinstance(node, list) and node:
        return [line for item in node for line in _item(item, step)]
    return [_scalar(node)] if _is_inline(node) else _tagged(node, step)


def _pair(key: str, value: object, step: int) -> list[str]:
    if _is_inline(value):
        return [f"{_string(key)}: {_scalar(value)}"]
    if isinstance(value, Mapping) and _tag(value) is not None:
        first, *rest = _tagged(value, step)
        return [f"{_string(key)}: {first}", *_indented(rest, step)]
    return [f"{_string(key)}:", *_indented(_lines(value, step), step)]


def _item(item: object, step: int) -> list[str]:
    first, *rest = _lines(item, step)
    return [f"- {first}", *_indented(rest, 2)]


def _indented(lines: Iterable[str], step: int) -> list[str]:
    return [" " * step + line for line in lines]


def _tag(node: Mapping[Any, Any]) -> str | None:
    """The short form of an intrinsic function; None for a mapping that is none."""
    if len(node) != 1:
        return None
    (key,) = node
    if key in _SHORT:
        return _SHORT[key]
    return f"!{key[4:]}" if isinstance(key, str) and key.startswith("Fn::") else None


def _is_inline(node: object) -> bool:
    if isinstance(node, Mapping):
        if not node:
            return True
        if _tag(node) is None:
            return False
        (argument,) = node.values()
        return isinstance(argument, str) or _is_attribute(node)
    return not isinstance(node, list) or not node


def _is_attribute(node: Mapping[Any, Any]) -> bool:
    argument = node.get("Fn::GetAtt")
    return isinstance(argument, list) and all(isinstance(part, str) for part in argument)


def _scalar(node: object) -> str:
    if isinstance(node, Mapping) and node:
        tag = _tag(node)
        (argument,) = node.values()
        if _is_attribute(node):
            return f"{tag} {'.'.join(argument)}"
        return f"{tag} {json.dumps(argument) if tag == '!Sub' else _string(argument)}"
    if isinstance(node, Mapping):
        return "{}"
    if isinstance(node, list):
        return "[]"
    if isinstance(node, str):
        return _string(node)
    return json.dumps(node)


def _tagged(node: object, step: int) -> list[str]:
    """An intrinsic function whose argument is a list or mapping, the lines after the tag not yet indented. A
    function right within it is in long form: YAML does not take two tags in a row."""
    assert isinstance(node, Mapping)
    tag = _tag(node)
    (argument,) = node.values()
    if isinstance(argument, Mapping) and _tag(argument) is not None:
        ((key, inner),) = argument.items()
        return [f"{tag}", *_pair(key, inner, step)]
    return [f"{tag}", *_lines(argument, step)]


def _string(text: str) -> str:
    plain = bool(_PLAIN.fullmatch(text)) and not _RESERVED.fullmatch(text) and not text.endswith(":")
    if plain and ": " not in text:
        return text
    return "'" + text.replace("'", "''") + "'" if text.isprintable() else json.dumps(text)
