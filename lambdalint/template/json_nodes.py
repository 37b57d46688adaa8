"""JSON to the YAML nodes that libyaml would make of it.

Libyaml refuses JSON with tabs for indentation and with escapes that YAML lacks. Such templates are composed
here, so that one kind of tree serves every template.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right

import yaml

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ATOM = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?(?![\w.])")
_TAG = "tag:yaml.org,2002:"


class JsonError(Exception):
    """The text is not JSON: why, and the offset of the character where it stops being so."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


def compose_json(text: str) -> yaml.Node:
    """The root node of a JSON text. Raises JsonError when it is not JSON or is nested too deeply."""
    composer = _Composer(text)
    try:
        node = composer.value(1 if text.startswith("\ufeff") else 0)
    except RecursionError:
        raise JsonError("it is nested too deeply: flatten it", 0) from None
    end = composer.skip(composer.end)
    if end < len(text):
        raise JsonError("there is more text after the end of the object", end)
    return node


class _Composer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.end = 0  # offset behind the last node composed
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def skip(self, offset: int) -> int:
        match = _SPACE.match(self.text, offset)
        return match.end() if match else offset

    def value(self, offset: int) -> yaml.Node:
        start = self.skip(offset)
        char = self.text[start : start + 1]
        if char == "{":
            return self._object(start)
        if char == "[":
            return self._array(start)
        if char == '"':
            return self._string(start)
        match = _ATOM.match(self.text, start)
        if match is None:
            raise JsonError(
                "a value is expected here" if char else "the text ends where a value is expected", start
            )
        self.end = match.end()
        return yaml.ScalarNode(_TAG + _kind(match), match.group(), self._mark(start), self._mark(self.end))

    def _string(self, start: int) -> yaml.ScalarNode:
        match = _STRING.match(self.text, start)
        if match is None:
            raise JsonError("the string that begins here has no end", start)
        self.end = match.end()
        value = match.group(1)
        if "\\" in value:
            try:
                value = json.loads(match.group(), strict=False)
            except json.JSONDecodeError as error:
                raise JsonError(error.msg.lower(), start + error.pos) from None
        return yaml.ScalarNode(_TAG + "str", value, self._mark(start), self._mark(self.end), style='"')

    def _object(self, start: int) -> yaml.MappingNode:
        pairs: list[tuple[yaml.Node, yaml.Node]] = []
        offset = self.skip(start + 1)
        while self.text[offset : offset + 1] != "}":
            if pairs:
                offset = self.skip(self._expect(",", offset, "a comma or a closing brace"))
            if self.text[offset : offset + 1] != '"':
                raise JsonError("a key in double quotes is expected here", offset)
            key = self._string(offset)
            value = self.value(self._expect(":", self.skip(self.end), "a colon"))
            pairs.append((key, value))
            offset = self.skip(self.end)
        self.end = offset + 1
        return yaml.MappingNode(_TAG + "map", pairs, self._mark(start), self._mark(self.end), flow_style=True)

    def _array(self, start: int) -> yaml.SequenceNode:
        items: list[yaml.Node] = []
        offset = self.skip(start + 1)
        while self.text[offset : offset + 1] != "]":
            if items:
                offset = self._expect(",", offset, "a comma or a closing bracket")
            items.append(self.value(offset))
            offset = self.skip(self.end)
        self.end = offset + 1
        return yaml.SequenceNode(
            _TAG + "seq", items, self._mark(start), self._mark(self.end), flow_style=True
        )

    def _expect(self, char: str, offset: int, name: str) -> int:
        if self.text[offset : offset + 1] != char:
            raise JsonError(f"{name} is expected here", offset)
        return offset + 1

    def _mark(self, offset: int) -> yaml.Mark:
        line = bisect_right(self._lines, offset) - 1
        return yaml.Mark("", offset, line, offset - self._lines[line], None, 0)


def _kind(match: re.Match[str]) -> str:
    if match.group() in ("true", "false"):
        return "bool"
    if match.group() == "null":
        return "null"
    return "float" if match.group(1) or match.group(2) else "int"
