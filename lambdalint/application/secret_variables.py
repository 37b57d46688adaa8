"""Secrets that a template puts into functions' environments: as text, through a parameter, or looked up when
the stack is deployed. A secret's name, ARN or path is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lambdalint.python.secret_patterns import is_password, password_in, secrets_in
from lambdalint.template.identity import render
from lambdalint.template.template import named_in
from lambdalint.template.values import Known, Path, Reference, Text, Value

if TYPE_CHECKING:
    from lambdalint.template.function import Property
    from lambdalint.template.template import Template
    from lambdalint.template.variables import Written

Way = Literal["text", "parameter", "lookup"]

# The last words of names whose values are secrets.
_SECRET = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|passphrase|secret|token|(?:api|secret|access|private|signing|encryption|master|auth)_?key"
    r"|apikey|credentials?)(?:_?(?:value|plain(?:text)?))?$"
)
_PASSWORD = re.compile(r"(?:password|passwd|pwd|passphrase)(?:_?(?:value|plain(?:text)?))?$")
# The last words of names whose values lead to something, or say something about it.
_NAME = re.compile(
    r"(?:^|_)(?:arns?|names?|ids?|paths?|prefix|file|location|region|version|parameter|param|ref|reference|label"
    r"|user|username|host|port|length|ttl|age|expir\w*|enabled|type|header|field|stage|label)$"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DYNAMIC = re.compile(r"\{\{resolve:(?P<service>[a-z-]+):(?P<rest>[^{}]*)\}\}")
_VARIABLE = re.compile(r"\$\{[^{}]*\}")
# The last words of keys for what secrets hold beside the secret itself.
_BESIDE = re.compile(
    r"(?:^|_)(?:user(?:_?name)?|login|host(?:_?name)?|endpoint|base_?url|port|db|db_?name|database|schema|engine|tenant"
    r"|account|domain|region|name|type|arn|(?:cluster|instance|tenant|client|account|app|project)_?id"
    r"|identifier)$"
)
# Attributes that give a secret, by type.
_ATTRIBUTES = {
    ("AWS::IAM::AccessKey", "SecretAccessKey"): "the secret of an access key",
    ("AWS::Cognito::UserPoolClient", "ClientSecret"): "the secret of a client",
}
_TOLD_NAME = re.compile(
    r"\b(?:arn|name|path|id|identifier|key) (?:of|in|for|to)\b|\barn\b|parameter store"
    r"|secrets? ?manager|\bssm\b",
    re.IGNORECASE,
)
_FEWEST = 8


@dataclass(frozen=True, eq=False)
class SecretVariable:
    """A variable that gets a secret. `what` is what it gets; `proof` is where the template says so elsewhere:
    the parameter or the resource."""

    variable: Written
    outcome: Property
    way: Way
    what: str
    proof: Path = ()
    hidden: bool = False


def secret_variables(template: Template, more: Mapping[str, str]) -> Iterator[SecretVariable]:
    """The variables of a template that get a secret, each outcome where it is written. `more` are further
    patterns of secrets."""
    parameters = _secret_parameters(template)
    for variable in template.variables:
        for outcome in variable.outcomes:
            found = (
                _through_parameter(template, variable, outcome, parameters)
                or _as_text(variable, outcome, more)
                or _looked_up(template, variable, outcome)
            )
            if found is not None:
                yield found


# As text


def _as_text(variable: Written, outcome: Property, more: Mapping[str, str]) -> SecretVariable | None:
    text = outcome.value.value if isinstance(outcome.value, Known) else None
    if not isinstance(text, str) or not text:
        return None
    secret = next(secrets_in(text, more), None)
    if secret is not None:
        return SecretVariable(variable, outcome, "text", secret.what)
    if outcome.parameter:  # its default is only what one deployment may get
        return None
    if (":" in text or "=" in text) and password_in(text) is not None:
        return SecretVariable(variable, outcome, "text", "password")
    name = _words(variable.name)
    if _SECRET.search(name) is None or not _is_plausible(name, text):
        return None
    return SecretVariable(variable, outcome, "text", "password" if _PASSWORD.search(name) else "secret")


def _is_plausible(name: str, text: str) -> bool:
    """Whether a text under a secret's name is the secret: a password as people make them up, else something
    that a machine made."""
    if not is_password(text) or any(mark in text for mark in (" ", "/", "::")):
        return False
    if _PASSWORD.search(name):
        return True
    kinds = [re.search(pattern, text) is not None for pattern in (r"\d", r"[A-Za-z]")]
    words = re.split(r"[-_.]", text)
    return len(text) >= 2 * _FEWEST and all(kinds) and max(map(len, words)) >= _FEWEST


# Through parameters


def _secret_parameters(template: Template) -> Mapping[str, bool]:
    """The parameters that take a secret, and whether NoEcho hides them."""
    found: dict[str, bool] = {}
    for name, declaration in template.parameters.items():
        if not isinstance(declaration, dict) or not isinstance(name, str):
            continue
        hidden = str(declaration.get("NoEcho", "")).lower() == "true"
        if declaration.get("Type", "String") != "String" or _NAME.search(_words(name)):
            continue
        if hidden or (_SECRET.search(_words(name)) and not _takes_name(declaration)):
            found[name] = hidden
    return found


def _takes_name(declaration: Mapping[str, object]) -> bool:
    """Whether what a parameter takes is the name of a secret, by its description or its default."""
    default = declaration.get("Default")
    if isinstance(default, str) and (
        "/" in default or default.startswith("arn:") or default in ("true", "false")
    ):
        return True
    told = declaration.get("Description")
    return bool(declaration.get("AllowedValues")) or (
        isinstance(told, str) and _TOLD_NAME.search(told) is not None
    )


def _through_parameter(
    template: Template, variable: Written, outcome: Property, parameters: Mapping[str, bool]
) -> SecretVariable | None:
    if not parameters or _NAME.search(_words(variable.name)):
        return None
    node = template.get(outcome.path)
    if not isinstance(node, dict) or _leads_elsewhere(outcome.value):
        return None
    for path, name in named_in(node):
        if name in parameters and "Fn::FindInMap" not in path:
            hidden = parameters[name]
            return SecretVariable(variable, outcome, "parameter", name, ("Parameters", name), hidden)
    return None


def _leads_elsewhere(value: Value) -> bool:
    """Whether a text only names a secret: an ARN, a path, a dynamic reference."""
    if isinstance(value, Known):
        return isinstance(value.value, str) and value.value.startswith(("arn:", "/"))
    return isinstance(value, Text) and render(value).startswith(("arn:", "/", "{{resolve:"))


# Looked up at deployment


def _looked_up(template: Template, variable: Written, outcome: Property) -> SecretVariable | None:
    value = outcome.value
    for reference in value.references if isinstance(value, Text) else (value,):
        if not isinstance(reference, Reference) or reference.logical_id not in template.resources:
            continue
        resource = template.resources[reference.logical_id]
        what = _ATTRIBUTES.get((resource.type, reference.attribute or ""))
        if what is not None:
            return SecretVariable(variable, outcome, "lookup", what, resource.path)
    for text in _texts(template.get(outcome.path)):
        for match in _DYNAMIC.finditer(_VARIABLE.sub("*", text)):
            if match["service"] == "ssm-secure" or (
                match["service"] == "secretsmanager" and not _BESIDE.search(_words(_json_key(match["rest"])))
            ):
                return SecretVariable(variable, outcome, "lookup", match["service"])
    return None


def _json_key(rest: str) -> str:
    """The key in `secret-id:SecretString:json-key:version-stage:version-id`; the id may be an ARN."""
    return rest.partition(":SecretString:")[2].partition(":")[0]


def _texts(node: object) -> Iterator[str]:
    """The strings of an intrinsic function, whole; those of Fn::Join put together."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
        if len(node) == 2 and isinstance(node[1], list):
            yield str(node[0]).join(part if isinstance(part, str) else "*" for part in node[1])


def _words(name: str) -> str:
    """A name's words in lower case, joined by underscores."""
    return "_".join(_WORDS.findall(name)).lower()
