"""Policies as template data and as one line of YAML: policy templates, exact statements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lambdalint.iam.match import ExactStatement, TemplateUse

# Strings that can stand without quotes, in flow style too; in doubt they are quoted.
_PLAIN = re.compile(r"[A-Za-z/<][\w./:>@=+-]*(?:\*[\w./:>@=+-]*)*", re.ASCII)
_RESERVED = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null)")


def entry(use: TemplateUse) -> dict[str, Any]:
    """A policy template as an item of a function's `Policies`."""
    return {use.name: {parameter: value.node for parameter, value in use.parameters}}


def statement(exact: ExactStatement, sid: str | None = None, condition: object = None) -> dict[str, Any]:
    """An exact statement as an item of a policy document's `Statement`."""
    node: dict[str, Any] = {"Sid": sid} if sid else {}
    node["Effect"] = "Allow"
    node["Action"] = _one_or_list(exact.actions)
    node["Resource"] = _one_or_list([resource.node for resource in exact.resources])
    if condition is not None:
        node["Condition"] = condition
    return node


def document(statements: Iterable[ExactStatement]) -> dict[str, Any]:
    """Exact statements as an item of a function's `Policies`: an inline policy document."""
    return {"Statement": [statement(exact) for exact in statements]}


def inline(node: object) -> str:
    """A node as one line of YAML, with short-form intrinsics: `{TableName: !Ref Orders}`."""
    if isinstance(node, Mapping):
        tagged = _tagged(node)
        if tagged is not None:
            return tagged
        return "{" + ", ".join(f"{_string(str(key))}: {inline(value)}" for key, value in node.items()) + "}"
    if isinstance(node, (list, tuple)):
        return "[" + ", ".join(inline(item) for item in node) + "]"
    return _string(node) if isinstance(node, str) else json.dumps(node)


def written_template(use: TemplateUse) -> str:
    """A policy template as an item of `Policies` reads: `DynamoDBReadPolicy: {TableName: !Ref Orders}`."""
    ((name, parameters),) = entry(use).items()
    return f"{name}: {inline(parameters)}"


def _one_or_list(values: Iterable[Any]) -> Any:
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed


def _tagged(node: Mapping[Any, Any]) -> str | None:
    """An intrinsic function in short form; None for another mapping. A function right within another is in
    long form: YAML does not take two tags in a row."""
    if len(node) != 1:
        return None
    ((key, argument),) = node.items()
    if key == "Fn::GetAtt" and isinstance(argument, list) and all(isinstance(part, str) for part in argument):
        return f"!GetAtt {'.'.join(argument)}"
    if key == "Fn::Sub" and isinstance(argument, str):
        return f"!Sub {json.dumps(argument, ensure_ascii=False)}"
    if key != "Ref" and not (isinstance(key, str) and key.startswith("Fn::")):
        return None
    tag = f"!{key.removeprefix('Fn::')}"
    if isinstance(argument, Mapping):
        return f"{tag} {{{', '.join(f'{name}: {inline(value)}' for name, value in argument.items())}}}"
    return f"{tag} {inline(argument)}"


def _string(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _RESERVED.fullmatch(text) and not text.endswith(":"):
        return text
    return "'" + text.replace("'", "''") + "'" if text.isprintable() else json.dumps(text, ensure_ascii=False)
