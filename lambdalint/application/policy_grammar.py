"""What IAM refuses in the policy documents of a template.

The grammar is that of identity-based policies:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. It is checked here, not by
cfn-lint's rule, which costs more than a millisecond a statement and lets bad ARNs pass; a test holds the two
together. What intrinsic functions leave open is not judged.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdalint.application.resource_patterns import arn_attribute, named, pattern
from lambdalint.iam import arns
from lambdalint.template.resolve import has_macro
from lambdalint.template.values import Alternative, Known, Path, Text

if TYPE_CHECKING:
    from lambdalint.template.template import Template

_DOCUMENT = ("Version", "Id", "Statement")
_STATEMENT = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
_PRINCIPALS = ("Principal", "NotPrincipal")
_VERSIONS = ("2012-10-17", "2008-10-17")
_SID = re.compile(r"[0-9A-Za-z]*")
_PREFIX = re.compile(r"[a-z0-9-]+", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[^}]*\}")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_OPERATORS = (
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
)
_KNOWN_OPERATORS = {operator.lower() for operator in _OPERATORS}
_SETS = re.compile(r"(?:ForAllValues|ForAnyValue):", re.IGNORECASE)


@dataclass(frozen=True)
class Mistake:
    """Something that IAM refuses. `path` is where it stands (`key`: the key there), `what` says what it is,
    `place` the same in a few words, `advice` what to write instead."""

    path: Path
    what: str
    place: str
    advice: str
    key: bool = False


def mistakes(template: Template, document: Alternative) -> Iterator[Mistake]:
    """Everything that IAM refuses in a policy document, in the order it is written."""
    content = _mapping(document)
    if content is None:
        yield Mistake(document.path, "a policy document is no mapping", "is no document", _DOCUMENT_ADVICE)
        return
    if has_macro(content):
        return
    yield from _unknown_elements(document.path, content, _DOCUMENT, "policy document")
    if "Version" in content:
        yield from _version(template, document)
    statements = template.items(template.step([document], "Statement"))
    if "Statement" not in content and not _misspelt(content, "Statement", _DOCUMENT):
        yield Mistake(
            document.path, "a policy document has no `Statement`", "no `Statement`", _DOCUMENT_ADVICE
        )
    sids: set[str] = set()
    for statement in statements:
        yield from _statement(template, statement, sids)


_DOCUMENT_ADVICE = "write the statements as a list under `Statement`"


def _version(template: Template, document: Alternative) -> Iterator[Mistake]:
    for found in template.step([document], "Version"):
        value = found.value.value if isinstance(found.value, Known) else None
        if value is None or found.parameter:
            continue
        text = value.isoformat() if isinstance(value, datetime.date) else str(value)
        if text not in _VERSIONS:
            yield Mistake(
                found.path,
                f"the policy language has no version `{text}`",
                "no version of the policy language",
                f'write `Version: "{_VERSIONS[0]}"`: it names the language, not the policy',
            )


def _statement(template: Template, statement: Alternative, sids: set[str]) -> Iterator[Mistake]:
    if not isinstance(statement.value, Known):
        return
    content = _mapping(statement)
    if content is None:
        yield Mistake(
            statement.path,
            "a policy statement is no mapping",
            "is no statement",
            "a statement is a mapping with `Effect`, `Action` and `Resource`",
        )
        return
    if has_macro(content):
        return
    yield from _unknown_elements(statement.path, content, _STATEMENT, "policy statement")
    yield from _sid(template, statement, sids)
    yield from _effect(template, statement, content)
    for element in ("Action", "Resource"):
        yield from _one_of(template, statement, content, element)
    for element in ("Action", "NotAction"):
        for found in _items(template, statement, element):
            yield from _action(found)
    for element in ("Resource", "NotResource"):
        for found in _items(template, statement, element):
            yield from _resource(template, found)
    for found in template.step([statement], "Condition"):
        yield from _condition(template, found)


def _unknown_elements(
    path: Path, content: Mapping[Any, Any], known: Collection[str], what: str
) -> Iterator[Mistake]:
    for key in content:
        if key in known:
            continue
        if key in _PRINCIPALS:
            yield Mistake(
                (*path, key),
                f"a policy of a role has `{key}`, which only policies of resources take",
                "no element of a role's policy",
                f"remove `{key}`: it is the role that may",
                key=True,
            )
            continue
        near = _near(str(key), known)
        yield Mistake(
            (*path, key),
            f"a {what} has no element `{key}`",
            f"IAM knows no such element of a {what}",
            f"write `{near}`" if near else f"a {what} takes {', '.join(f'`{one}`' for one in known)}",
            key=True,
        )


def _sid(template: Template, statement: Alternative, sids: set[str]) -> Iterator[Mistake]:
    for found in template.step([statement], "Sid"):
        value = found.value
        if isinstance(value, Known):
            pieces = [str(value.value)]
        else:
            pieces = (
                [part for part in value.parts if isinstance(part, str)] if isinstance(value, Text) else []
            )
        if found.parameter:
            continue
        if not all(_SID.fullmatch(piece) for piece in pieces):
            yield Mistake(
                found.path,
                f"the Sid `{''.join(pieces)}` has other characters than letters and digits",
                "a Sid takes letters and digits only",
                "write it without spaces, hyphens, dots and underscores",
            )
        elif isinstance(value, Known) and not found.conditions:
            if value.value in sids:
                yield Mistake(
                    found.path,
                    f"two statements of a policy have the Sid `{value.value}`",
                    "an earlier statement has it too",
                    "give each statement a Sid of its own, or none",
                )
            sids.add(str(value.value))


def _effect(template: Template, statement: Alternative, content: Mapping[Any, Any]) -> Iterator[Mistake]:
    found = template.step([statement], "Effect")
    if not found and not _misspelt(content, "Effect", _STATEMENT):
        yield Mistake(
            statement.path,
            "a policy statement has no `Effect`",
            "no `Effect`",
            "write `Effect: Allow`, or `Deny`",
        )
    for one in found:
        if not isinstance(one.value, Known) or one.parameter or one.value.value in ("Allow", "Deny"):
            continue
        text = str(one.value.value)
        yield Mistake(
            one.path,
            f"a policy statement has the effect `{text}`",
            "neither `Allow` nor `Deny`",
            f"write `{_near(text, ('Allow', 'Deny')) or 'Allow'}`",
        )


def _one_of(
    template: Template, statement: Alternative, content: Mapping[Any, Any], element: str
) -> Iterator[Mistake]:
    opposite = f"Not{element}"
    here = [name for name in (element, opposite) if name in content]
    if len(here) == 2:
        both = [template.step([statement], name) for name in here]
        if all(both) and not any(one.conditions != statement.conditions for found in both for one in found):
            yield Mistake(
                (*statement.path, opposite),
                f"a policy statement has both `{element}` and `{opposite}`",
                f"and `{element}` in the same statement",
                "make two statements of it",
                key=True,
            )
        return
    if here and template.step([statement], here[0]) == ():
        here = []
    if here:
        empty = template.step([statement], here[0])
        only = empty[0] if len(empty) == 1 and not empty[0].parameter else None
        if only is not None and isinstance(only.value, Known) and only.value.value in ([], None):
            yield Mistake(
                (*statement.path, here[0]),
                f"the `{here[0]}` of a policy statement is empty",
                "names nothing",
                f"write what the statement is about, or remove it: IAM takes none without `{element}`",
                key=True,
            )
        return
    if _misspelt(content, element, _STATEMENT) or _misspelt(content, opposite, _STATEMENT):
        return
    yield Mistake(
        statement.path,
        f"a policy statement has no `{element}`",
        f"no `{element}`",
        f"add `{element}`: IAM takes no statement without",
    )


def _items(template: Template, statement: Alternative, element: str) -> tuple[Alternative, ...]:
    """The items of an element, but for those that a parameter's default brings: others may be given."""
    written = template.step([statement], element)
    return template.items(one for one in written if not one.parameter)


def _action(found: Alternative) -> Iterator[Mistake]:
    value = found.value
    if not isinstance(value, Known) or found.parameter or value.value in ([], None):
        return
    if not isinstance(value.value, str):
        written = value.value
        shown = (
            ", ".join(f"{key}: {one}" for key, one in written.items())
            if isinstance(written, dict)
            else written
        )
        yield Mistake(
            found.path,
            f"the action `{shown}` is no text",
            "is no text",
            "write it as service, colon, action, without a space: `dynamodb:GetItem`",
        )
        return
    text = _VARIABLE.sub("", value.value)
    prefix, colon, name = text.partition(":")
    if text == "*" or text != value.value:
        return
    if not colon or not name:
        yield Mistake(
            found.path,
            f"the action `{text}` names no service"
            if not colon
            else f"the action `{text}` names nothing to do",
            "not of the form service, colon, action",
            "write it with the prefix of its service: `dynamodb:GetItem`",
        )
    elif not _PREFIX.fullmatch(prefix) or ":" in name or " " in text:
        yield Mistake(
            found.path,
            f"`{text}` is no action",
            "not of the form service, colon, action",
            "write one service, without a wildcard, a colon, and an action: `dynamodb:Get*`",
        )


def _resource(template: Template, found: Alternative) -> Iterator[Mistake]:
    value = found.value
    if not isinstance(value, Text) and (found.parameter or value in (Known([]), Known(None))):
        return
    if isinstance(value, Known) and not isinstance(value.value, str):
        yield Mistake(
            found.path,
            "a resource of a policy statement is no text",
            "is no text",
            "write the ARN as text, or `*`",
        )
        return
    begins = named(template, value)
    if begins is not None:
        resource, what = begins
        arn = arn_attribute(resource)
        rest = "" if not isinstance(value, Text) else " and begin the text with it"
        yield Mistake(
            found.path,
            f"a policy takes ARNs, and this is the {what} of `{resource.logical_id}`",
            f"gives the {what}, not the ARN",
            f"write `{arn}`{rest}" if arn else "write the ARN",
        )
        return
    text = pattern(template, found)
    wrong = arns.malformed(text)
    if wrong is not None:
        shown = text.replace(arns.UNKNOWN, "…").replace(arns.PLAIN, "…")
        yield Mistake(
            found.path,
            f"the resource `{shown}` {wrong}",
            wrong,
            "an ARN is `arn:partition:service:region:account:resource`; some of its fields may be empty, "
            "the colons stay",
        )


def _condition(template: Template, found: Alternative) -> Iterator[Mistake]:
    if not isinstance(found.value, Known) or found.value.value in ({}, None):
        return
    content = _mapping(found)
    if content is None:
        yield Mistake(
            found.path,
            f"the Condition `{found.value.value}` of a policy statement is no mapping",
            "IAM's Condition has operators, keys and values",
            "choose between statements with `!If`: a condition of the template cannot stand here",
        )
        return
    if has_macro(content):
        return
    for operator in content:
        path: Path = (*found.path, operator)
        if _is_operator(str(operator)):
            yield from _operands(template, found, operator)
            continue
        near = _near(str(operator), _OPERATORS)
        yield Mistake(
            path,
            f"IAM has no condition operator `{operator}`",
            "no condition operator",
            f"write `{near}`" if near else "write an operator, such as `StringEquals`, and below it the keys",
            key=True,
        )


def _operands(template: Template, condition: Alternative, operator: object) -> Iterator[Mistake]:
    for found in template.step([condition], str(operator)):
        if not isinstance(found.value, Known) or isinstance(found.value.value, dict):
            continue
        yield Mistake(
            (*condition.path, str(operator)),
            f"the condition operator `{operator}` has no keys",
            "is followed by no condition key",
            "write the key and its values below it: `aws:SourceAccount: …`",
            key=True,
        )


def _is_operator(text: str) -> bool:
    bare = _SETS.sub("", text, count=1).lower()
    return bare.removesuffix("ifexists") in _KNOWN_OPERATORS


def _mapping(found: Alternative) -> Mapping[Any, Any] | None:
    value = found.value.value if isinstance(found.value, Known) else None
    return value if isinstance(value, dict) else None


def _misspelt(content: Mapping[Any, Any], element: str, known: Collection[str]) -> bool:
    """Whether an unknown key most likely means the element: that is the mistake, not that it is absent."""
    return any(key not in known and _near(str(key), known) == element for key in content)


def _near(text: str, known: Collection[str]) -> str | None:
    lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(text.lower(), lower, 1, 0.7)
    return lower[found[0]] if found else None
