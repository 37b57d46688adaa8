"""Reads what is known of a rule, its RuleMeta, from the source of its file.

A rule's class says all about it in its docstring and in literal attributes, so that neither the rule nor what
it imports has to be loaded to list, document or select it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

from lambdalint.finding import Safety, Severity
from lambdalint.rule import OptionValue, Quantifier, Reads, RuleMeta

ENGINE_THEME = "engine"
ENGINE_RULES = Path(__file__).with_name("engine_rules.py")

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PRECISIONS = ("very-high", "high", "medium", "low")
_T = TypeVar("_T")


class RegistryError(Exception):
    """Rules that cannot be used, or a selector that names none. The message says where, and what to do."""


def read_file(path: Path, module: str, theme: str) -> tuple[RuleMeta, ...]:
    """The rules that a file defines, without importing it: one, named as the file is; the engine's has many.

    Raises RegistryError, with file and line, for a file that is no rule or a broken one.
    """
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError, OSError) as error:
        line = getattr(error, "lineno", None) or 1
        raise RegistryError(f"{path}:{line}: this rule cannot be read: {one_line(error)}") from error
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and _is_rule(node)]
    if path == ENGINE_RULES:
        return tuple(_meta(node, path, module, theme) for node in classes)
    if len(classes) != 1:
        raise RegistryError(
            f"{path}: a rule file defines one class with a `name`, this one has {len(classes)}; "
            f"begin the names of helper files with an underscore"
        )
    meta = _meta(classes[0], path, module, theme)
    if meta.name.replace("-", "_") != path.stem:
        raise RegistryError(
            f"{path}: the rule `{meta.name}` must stand in `{meta.name.replace('-', '_')}.py`"
        )
    return (meta,)


def _is_rule(node: ast.ClassDef) -> bool:
    derives = any(_last_name(base) == "Rule" for base in node.bases)
    return not node.name.startswith("_") and (derives or "name" in _attributes(node))


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _attributes(node: ast.ClassDef) -> dict[str, ast.expr]:
    attributes: dict[str, ast.expr] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            attributes.update((t.id, statement.value) for t in statement.targets if isinstance(t, ast.Name))
        elif (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.value
        ):
            attributes[statement.target.id] = statement.value
    return attributes


@dataclass(frozen=True)
class _Reader:
    """Reads the literal attributes of one class; every complaint names file, line and attribute."""

    path: Path
    node: ast.ClassDef
    attributes: Mapping[str, ast.expr]

    def error(self, message: str, attribute: str | None = None) -> RegistryError:
        at = self.attributes.get(attribute or "", self.node)
        return RegistryError(f"{self.path}:{at.lineno}: rule class `{self.node.name}`: {message}")

    def value(self, attribute: str, default: object) -> object:
        if attribute not in self.attributes:
            return default
        try:
            return ast.literal_eval(self.attributes[attribute])
        except (ValueError, TypeError, SyntaxError):
            raise self.error(f"`{attribute}` must be a literal: it is read, not run", attribute) from None

    def text(self, attribute: str) -> str:
        value = self.value(attribute, None)
        if value is None:
            raise self.error(f"`{attribute}` is missing; write it in the class itself")
        if not isinstance(value, str):
            raise self.error(f"`{attribute}` must be a string", attribute)
        return value

    def choice(self, attribute: str, choices: Sequence[_T], default: _T) -> _T:
        value = self.value(attribute, default)
        if value not in choices:
            allowed = ", ".join(repr(choice) for choice in choices)
            raise self.error(f"`{attribute}` must be one of {allowed}, not {value!r}", attribute)
        return cast("_T", value)


def _meta(node: ast.ClassDef, path: Path, module: str, theme: str) -> RuleMeta:
    read = _Reader(path, node, _attributes(node))
    name = read.text("name")
    if not _NAME.fullmatch(name):
        raise read.error(f"`name` must be words in lower case joined by hyphens, not {name!r}", "name")
    for required in ("severity", "reads"):
        read.text(required)
    doc = ast.get_docstring(node, clean=False)
    if not doc or not doc.strip():
        raise read.error("it has no docstring, which is a rule's documentation")
    severity = read.choice("severity", [severity.label for severity in Severity], "warning")
    fix = read.choice("fix", [None, *(safety.value for safety in Safety)], None)
    default: Literal[True, False] = read.choice("default", (True, False), True)
    return RuleMeta(
        name=name,
        theme=theme,
        severity=Severity[severity.upper()],
        reads=read.choice("reads", cast("tuple[Reads, ...]", get_args(Reads)), "both"),
        fix=Safety(fix) if fix else None,
        default=default,
        quantifier=read.choice("quantifier", cast("tuple[Quantifier, ...]", get_args(Quantifier)), "any"),
        supersedes=_supersedes(read),
        options=_options(read),
        precision=read.choice("precision", _PRECISIONS, "high"),
        security_severity=_security_severity(read),
        doc=inspect.cleandoc(doc),
        path=path,
        module=module,
        qualname=node.name,
    )


def _supersedes(read: _Reader) -> tuple[str, ...]:
    value = read.value("supersedes", ())
    if not isinstance(value, (tuple, list)) or not all(isinstance(item, str) for item in value):
        raise read.error("`supersedes` must be a tuple of rule names", "supersedes")
    return tuple(value)


def _options(read: _Reader) -> Mapping[str, OptionValue]:
    value = read.value("options", {})
    if not isinstance(value, dict) or not all(
        isinstance(key, str) and _is_option(item) for key, item in value.items()
    ):
        raise read.error(
            "`options` must map each option's name to its default: a string, number, boolean, list of "
            "strings or mapping of strings",
            "options",
        )
    return value


def _is_option(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    if isinstance(value, dict):
        return all(isinstance(item, str) for pair in value.items() for item in pair)
    return isinstance(value, (str, int, float, bool))


def _security_severity(read: _Reader) -> str | None:
    value = read.value("security_severity", None)
    if value is None or (isinstance(value, str) and re.fullmatch(r"10\.0|\d\.\d", value)):
        return value
    raise read.error('`security_severity` must be a string from "0.0" to "10.0"', "security_severity")


def one_line(error: BaseException) -> str:
    """An exception as a part of a message."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
