"""Whether a text is a template, told without parsing it: it is asked of every YAML and JSON file there is."""

from __future__ import annotations

import re

_JINJA = re.compile(r"\{\{-?\s*cookiecutter\.|^\s*\{%", re.MULTILINE)
_YAML_INDENT = re.compile(r"\ufeff?(?:(?:[ \t]*(?:#.*)?|---[ \t]*|%.*)\r?\n)*( +)[\"']?[A-Za-z]")
_YAML_MARK = re.compile(r"^[\"']?AWSTemplateFormatVersion[\"']?\s*:", re.MULTILINE)
_YAML_TRANSFORM = re.compile(
    r"^[\"']?Transform[\"']?\s*:\s*(?:\[\s*|-\s+|\n\s*-\s+)?[\"']?AWS::", re.MULTILINE
)
# Not a list, which is what CodeDeploy's AppSpec files have there.
_YAML_RESOURCES = re.compile(
    r"^[\"']?Resources[\"']?[ \t]*:(?![ \t]*(?:#.*)?(?:\r?\n[ \t]*(?:#.*)?)*[ \t]*-[ \t])", re.MULTILINE
)
_YAML_TYPE = re.compile(r"^\s+[\"']?Type[\"']?\s*:\s*[\"']?(?:AWS|Custom|Alexa)::\w", re.MULTILINE)
_JSON_TYPE = re.compile(r'"Type"\s*:\s*"(?:AWS|Custom|Alexa)::\w')
_JSON_OBJECT = re.compile(r"\s*\{")
_JSON_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|[{}\[\]]', re.DOTALL)


def looks_like_template(text: str) -> bool:
    """Whether a text is a CloudFormation or SAM template, judged by its content without parsing it.

    Templates of templates (cookiecutter, Jinja) and files that only hold resources of CloudFormation
    somewhere inside (serverless.yml) are none.
    """
    if "AWSTemplateFormatVersion" not in text and "AWS::" not in text:
        return False
    text = _outdented(text)
    if text.lstrip("\ufeff \t\r\n")[:1] == "{" and not _YAML_RESOURCES.search(text):
        return _json_looks_like_template(text)
    if _JINJA.search(text):
        return False
    if _YAML_MARK.search(text) or _YAML_TRANSFORM.search(text):
        return True
    return bool(_YAML_RESOURCES.search(text) and _YAML_TYPE.search(text))


def _outdented(text: str) -> str:
    """YAML without the indentation of its outermost mapping, which may have one."""
    first = _YAML_INDENT.match(text)
    return re.sub(f"^{first.group(1)}", "", text, flags=re.MULTILINE) if first else text


def _json_looks_like_template(text: str) -> bool:
    """Whether the outermost object has the keys of a template."""
    marked = "AWSTemplateFormatVersion" in text
    typed = bool(_JSON_TYPE.search(text))
    if not marked and not typed:
        return False
    depth = 0
    for token in _JSON_TOKEN.finditer(text):
        first = token.group()[0]
        if first in "{[":
            depth += 1
        elif first in "}]":
            depth -= 1
        elif depth == 1 and token.group(2):
            key = token.group(1)
            if key == "AWSTemplateFormatVersion":
                return True
            if key == "Resources" and typed and _JSON_OBJECT.match(text, token.end()):
                return True
    return False
