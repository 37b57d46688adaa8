"""Edits of templates: new properties, items and resources, and other values, in the file's own style.

Values are plain data with intrinsics in long form (`{"Fn::GetAtt": ["Queue", "Arn"]}`); they are written as
the file writes: YAML with its indentation and, unless it only knows the long form, with short-form tags; JSON
with its indentation. Every function gives None where the place cannot be edited without touching something
else: a value that an alias or a merge key shares, a mapping behind a short-form tag, a comment that would be
lost."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml
from yaml.resolver import Resolver

from lambdalint.finding import Edit
from lambdalint.memo import Memo
from lambdalint.source import Span
from lambdalint.template.values import Path

if TYPE_CHECKING:
    from lambdalint.template.template import Template

Data = Any
"""Scalars, lists and mappings of them."""

_PLAIN = re.compile(r"[A-Za-z0-9_./$*+-](?:[A-Za-z0-9_./$*+=@() -]|:(?=\S))*(?<! )", re.ASCII)
_ANCHOR = re.compile(r"(?:![^\s]*\s+)?&([^\s,\[\]{}]+)")
_COMMENT = re.compile(r"(?:^|[ \t])#", re.MULTILINE)
_DASH = re.compile(r"((?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*)[ \t]*-(?=\s)")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_SPACE = re.compile(r"[ \t]*")
_TO_LINE_END = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r|\n|$)")
_SHORT_FORM = re.compile(r"(?::|-|\[|,)\s+!(?:Ref|GetAtt|Sub)\b")
_COMPACT = re.compile(r'\{[ \t]*"(?:Ref|Fn::\w+)"[ \t]*:[^{}\r\n]*\}')
_JSON_OPENS = re.compile(r"^([ \t]*)(?:[^ \t\r\n].*)?[{\[][ \t]*\r?\n(?=([ \t]*)[^ \t\r\n}\]])", re.MULTILINE)
_LONG_FORM = re.compile(r"^\s*(?:- )?(?:Ref|Fn::GetAtt|Fn::Sub):", re.MULTILINE)


def insert_property(template: Template, parent: Path, key: str, value: Data) -> Edit | None:
    """Adds a key to the mapping at `parent`, as its last. Mappings missing on the way are made too."""
    existing = parent
    while existing and template.get(existing) is None and not _declares(template, existing):
        existing, key, value = existing[:-1], str(existing[-1]), {key: value}
    node = template.get(existing)
    if node is not None and (not isinstance(node, dict) or key in node):
        return None
    return _Editor(template).add_pair(existing, key, value)


def append_item(template: Template, path: Path, value: Data) -> Edit | None:
    """Adds an item to the list at a path, as its last."""
    if not isinstance(template.get(path), list):
        return None
    return _Editor(template).add_item(path, value)


def insert_resource(template: Template, after: str, logical_id: str, resource: Data) -> Edit | None:
    """Adds a resource after another, with a blank line between where the file has them."""
    if logical_id in template.resources or after not in template.resources:
        return None
    return _Editor(template).add_resource(after, logical_id, resource)


def replace_value(template: Template, path: Path, value: Data, drop_comments: bool = False) -> Edit | None:
    """Puts another value at a path: of a key or of an item. None where that would lose a comment, unless
    `drop_comments`."""
    return _Editor(template).replace(path, value, drop_comments)


def replace_items(
    template: Template, path: Path, items: Sequence[tuple[Data, int | None, bool]]
) -> Edit | None:
    """Writes the items of a list anew: each with the index of the item in whose place it comes (None for
    none), and whether it is that item as it was, so that its text stays. Full-line comments above an item
    stay with what comes in its place."""
    if not items:
        return replace_value(template, path, [], drop_comments=True)
    if not isinstance(template.get(path), list):
        return replace_value(template, path, [value for value, _, _ in items])
    editor = _Editor(template)
    edit = editor.replace_items(path, items)
    return edit or editor.replace(path, [value for value, _, _ in items], drop_comments=False)


def written(value: Data, indent: str = "", template: Template | None = None) -> list[str]:
    """The lines of a mapping or list in YAML's block style, as a template writes it; in a plain style without
    one, or for one in JSON."""
    style = _style(template) if template is not None and not template.json else _DEFAULT
    return _block(value, indent, style)


def free_name(template: Template, wanted: str) -> str:
    """A logical id that nothing in the template has: `wanted`, or with a number behind it."""
    taken = {*template.resources, *template.parameters, *template.conditions, *template.mappings}
    if wanted not in taken and template.generated(wanted) is None:
        return wanted
    number = 2
    while f"{wanted}{number}" in taken:
        number += 1
    return f"{wanted}{number}"


def together(edits: Iterable[Edit | None]) -> tuple[Edit, ...] | None:
    """Edits for one fix: insertions at the same place become one, in the order given. None if one is None."""
    joined: dict[tuple[PurePosixPath, Span], Edit] = {}
    for edit in edits:
        if edit is None:
            return None
        place = (edit.source.path, edit.span)
        known = joined.get(place)
        joined[place] = (
            edit if known is None else replace(edit, replacement=known.replacement + edit.replacement)
        )
    return tuple(joined.values())


@dataclass(frozen=True)
class _Style:
    """How a file is written."""

    newline: str
    step: str  # one level of indentation
    dash: int  # columns by which a list's dash is indented under its key
    short: bool  # `!Ref` rather than `Ref:`
    json: bool
    quote: str = "'"
    compact: bool = False  # JSON: intrinsic functions on one line


_DEFAULT = _Style(newline="\n", step="  ", dash=2, short=True, json=False)
_styles: Memo[Template, _Style] = Memo()


class _Editor:
    def __init__(self, template: Template) -> None:
        self._template = template
        self._text = template.source.text
        self._places = template.places
        self._style = _style(template)

    def add_pair(self, parent: Path, key: str, value: Data) -> Edit | None:
        node = self._editable(parent)
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._fill_empty(parent, node, key, value)
        if not isinstance(node, yaml.MappingNode) or node.tag.startswith("!"):
            return None
        if node.flow_style:
            name = _compact(key) if self._style.json else _scalar(key, self._style)
            return self._add_to_flow(parent, node, f"{name}: ", {key: value}, value)
        first = next((one for one, _ in node.value if self._own(one, node)), None)
        if first is None:
            return None
        indent = self._indent_at(self._bounds(first).start)
        return self._after_line(node, _block({key: value}, indent, self._style))

    def add_item(self, path: Path, value: Data) -> Edit | None:
        node = self._editable(path)
        if not isinstance(node, yaml.SequenceNode) or node.tag.startswith("!"):
            return None
        if node.flow_style:
            return self._add_to_flow(path, node, "", [value], value)
        dash = self._bounds(node).start
        if self._text[dash : dash + 1] != "-" or not self._own(node.value[-1], node):
            return None
        return self._after_line(node, _block([value], self._indent_at(dash), self._style))

    def replace_items(self, path: Path, items: Sequence[tuple[Data, int | None, bool]]) -> Edit | None:
        node = self._editable(path)
        if not isinstance(node, yaml.SequenceNode) or node.tag.startswith("!") or node.flow_style:
            return None
        dash = self._bounds(node).start
        indent = self._indent_at(dash)
        start = end = self._line_start(dash)
        if self._text[start:dash].strip() or self._keeps_newlines(node):
            return None
        places: list[tuple[str, str]] = []  # what stands above each item, and its own lines
        for child in node.value:
            found = _DASH.match(self._text, end)
            after = self._line_end(self._places.end(child))
            if found is None or after is None or not self._own(child, node):
                return None
            newline = _NEWLINE.match(self._text, after)
            below = newline.end() if newline else after
            places.append((self._text[end : found.end(1)], self._text[found.end(1) : after]))
            end, last = below, after
        lines: list[str] = []
        used: set[int] = set()
        for value, index, same in items:
            above = places[index][0] if index is not None and index not in used else ""
            own = self._style.newline.join(_block([value], indent, self._style))
            lines.append(above + (places[index][1] if same and index is not None else own))
            used.update([index] if index is not None else [])
        return Edit(self._template.source, Span(start, last), self._style.newline.join(lines))

    def add_resource(self, after: str, logical_id: str, resource: Data) -> Edit | None:
        path: Path = ("Resources", after)
        parent = self._editable(("Resources",))
        if not isinstance(parent, yaml.MappingNode) or self._editable(path) is None:
            return None
        full = self._places.full(path)
        indent = self._indent_at(full.start)
        blank = self._style.newline if self._blank_lines(parent) else ""
        if self._style.json or parent.flow_style:
            if not self._multiline(parent):
                text = f", {_flow_pair(logical_id, resource, self._style)}"
                return self._insert(full.end, text)
            if not self._style.json:
                return None
            pair = _json_pair(logical_id, resource, indent, self._style)
            return self._insert(full.end, f",{blank}{self._style.newline}{indent}{pair}")
        if self._keeps_newlines(self._places.node(path)):
            return None
        lines = _block({logical_id: resource}, indent, self._style)
        end = self._line_end(full.end)
        return None if end is None else self._insert(end, blank + self._lines(lines))

    def replace(self, path: Path, value: Data, drop_comments: bool) -> Edit | None:
        node = self._editable(path)
        if node is None or not path:
            return None
        span = self._places.whole(path)
        if path[-1] == "Fn::GetAtt" and node.tag == "!GetAtt":
            return None  # cfn-lint makes a list of what stands behind the tag
        if not drop_comments and self._has_comment(node, span):
            return None
        if self._style.json:
            indent = self._line_indent(span.start)
            return Edit(self._template.source, span, _json(value, indent, self._style))
        if self._in_flow(path):
            return Edit(self._template.source, span, _flow(value, self._style))
        inline = _inline(value, self._style)
        if inline is not None:
            return self._behind_key(path, span, inline)
        return self._replace_by_block(path, span, value)

    def _replace_by_block(self, path: Path, span: Span, value: Data) -> Edit | None:
        before = self._text[self._line_start(span.start) : span.start]
        if isinstance(path[-1], int):  # the first line stands behind the item's dash
            lines = _block(value, " " * len(before), self._style)
            return Edit(self._template.source, span, self._style.newline.join(lines).lstrip(" "))
        if not before.strip():  # a block below its key already
            indent = self._own_indent(path, value)
            lines = _block(value, indent, self._style)
            start = self._line_start(span.start)
            return Edit(self._template.source, Span(start, span.end), self._style.newline.join(lines))
        lines = _block(value, self._own_indent(path, value), self._style)
        start = len(self._text[: span.start].rstrip(" \t"))
        return Edit(self._template.source, Span(start, span.end), self._lines(lines))

    def _own_indent(self, path: Path, value: Data) -> str:
        """The indentation of a block value under the key that a path ends at."""
        key = self._indent_at(self._places.key(path).start)
        return key + (" " * self._style.dash if isinstance(value, list) else self._style.step)

    def _behind_key(self, path: Path, span: Span, inline: str) -> Edit:
        """A value of one line; one that stood below its key or tag goes up behind it."""
        start, text = span.start, inline
        if not isinstance(path[-1], int) and not self._text[self._line_start(start) : start].strip():
            key = self._places.key(path)
            colon = re.compile(r"[ \t]*:").match(self._text, key.end)
            end = colon.end() if colon else key.end
            if not self._text[end:start].strip():  # no comment in between
                start, text = end, f" {inline}"
        return Edit(self._template.source, Span(start, span.end), text)

    def _fill_empty(self, parent: Path, node: yaml.ScalarNode, key: str, value: Data) -> Edit | None:
        """A key with nothing behind it gets its first pair below."""
        if node.value or self._style.json or not parent:
            return None
        outer = self._places.key(parent)
        indent = self._indent_at(outer.start) + self._style.step
        end = self._line_end(self._bounds(node).end)
        return (
            None if end is None else self._insert(end, self._lines(_block({key: value}, indent, self._style)))
        )

    def _add_to_flow(
        self, path: Path, node: yaml.CollectionNode, prefix: str, whole: Data, value: Data
    ) -> Edit | None:
        bounds = self._bounds(node)
        inside = bounds.end - 1
        if not node.value:
            if self._text[bounds.start + 1 : inside].strip():
                return None
            outer = self._places.node(path[:-1])
            if not self._style.json:
                text = _flow(whole, self._style)
            elif outer is not None and self._multiline(outer):
                text = _json(whole, self._line_indent(bounds.start), self._style)
            else:
                text = _compact(whole)
            return Edit(self._template.source, bounds, text)
        last = node.value[-1]
        last = last[1] if isinstance(last, tuple) else last
        if not self._own(last, node):
            return None
        end = self._places.end(last)
        rest = self._text[end:inside]
        if "#" in rest:
            return None
        comma = "," if "," not in rest else ""
        at = end if comma else end + rest.index(",") + 1
        if self._style.json and self._multiline(node):
            first = node.value[0]
            start = self._bounds(first[0] if isinstance(first, tuple) else first).start
            indent = self._line_indent(start)
            body = _json(value, indent, self._style)
            return self._insert(at, f"{comma}{self._style.newline}{indent}{prefix}{body}")
        body = _compact(value) if self._style.json else _flow(value, self._style)
        return self._insert(at, f"{comma} {prefix}{body}")

    def _after_line(self, node: yaml.Node, lines: list[str]) -> Edit | None:
        if self._keeps_newlines(node):
            return None
        end = self._line_end(self._places.end(node))
        return None if end is None else self._insert(end, self._lines(lines))

    def _keeps_newlines(self, node: yaml.Node | None) -> bool:
        """Whether a node ends with a block scalar to which a newline behind it belongs: one that keeps blank
        lines (`|+`), or one at the end of a file that has no newline there."""
        while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
            last = node.value[-1]
            node = last[1] if isinstance(last, tuple) else last
        if not isinstance(node, yaml.ScalarNode) or node.style not in ("|", ">"):
            return False
        header = self._text[self._bounds(node).start :].split("\n", 1)[0]
        return "+" in header or not self._text[self._places.end(node) :]

    def _line_end(self, offset: int) -> int | None:
        """The end of the line on which content ends, its comment included; None if more content follows."""
        match = _TO_LINE_END.match(self._text, offset)
        return match.end() if match else None

    def _insert(self, offset: int, text: str) -> Edit:
        return Edit(self._template.source, Span(offset, offset), text)

    def _lines(self, lines: list[str]) -> str:
        return "".join(self._style.newline + line for line in lines)

    def _line_start(self, offset: int) -> int:
        source = self._template.source
        return source.line_starts[source.position(offset).line - 1]

    def _line_indent(self, offset: int) -> str:
        """The white space at the beginning of a line."""
        match = _SPACE.match(self._text, self._line_start(offset))
        return match.group() if match else ""

    def _indent_at(self, offset: int) -> str:
        """White space that leads to a column; behind a dash that is not the line's own."""
        before = self._text[self._line_start(offset) : offset]
        return before if not before.strip() else " " * len(before)

    def _bounds(self, node: yaml.Node) -> Span:
        shift = 1 if self._text.startswith("\ufeff") else 0
        return Span(node.start_mark.index + shift, node.end_mark.index + shift)

    def _own(self, node: yaml.Node, parent: yaml.Node) -> bool:
        """Whether a node stands inside its parent, not behind an alias."""
        return self._bounds(parent).contains(self._bounds(node))

    def _editable(self, path: Path) -> yaml.Node | None:
        """The node at a path, if nothing else in the file shares it."""
        node = self._places.node(())
        for depth in range(1, len(path) + 1):
            below = self._places.node(path[:depth])
            if node is None or below is None or not self._own(below, node) or self._is_shared(below):
                return None
            if self._is_alias(path[:depth], below, node):
                return None
            node = below
        return node

    def _is_shared(self, node: yaml.Node) -> bool:
        """Whether an alias elsewhere means this node."""
        anchor = _ANCHOR.match(self._text, self._bounds(node).start)
        return anchor is not None and re.search(rf"\*{re.escape(anchor[1])}(?![\w-])", self._text) is not None

    def _is_alias(self, path: Path, node: yaml.Node, parent: yaml.Node) -> bool:
        """Whether what stands at a path is an alias: its node stands before its key, or before the items that
        come before it."""
        start = self._bounds(node).start
        if isinstance(parent, yaml.MappingNode):
            return start < self._places.key(path).end and node is not parent
        if not isinstance(parent, yaml.SequenceNode) or not isinstance(path[-1], int):
            return False
        return any(start < self._bounds(each).end for each in parent.value[: path[-1]])

    def _in_flow(self, path: Path) -> bool:
        nodes = (self._places.node(path[:depth]) for depth in range(len(path)))
        return any(isinstance(node, yaml.CollectionNode) and node.flow_style for node in nodes)

    def _has_comment(self, node: yaml.Node, span: Span) -> bool:
        """Whether a span holds a comment: something like one outside of every scalar of the node."""
        text = self._text[span.start : span.end]
        if self._style.json or "#" not in text:
            return False
        blanked = list(text)
        for scalar in _scalars(node):
            own = self._bounds(scalar)
            for offset in range(max(own.start, span.start), min(own.end, span.end)):
                blanked[offset - span.start] = "x"
        return _COMMENT.search("".join(blanked)) is not None

    def _multiline(self, node: yaml.Node) -> bool:
        bounds = self._bounds(node)
        return "\n" in self._text[bounds.start : bounds.end]

    def _blank_lines(self, resources: yaml.MappingNode) -> bool:
        """Whether the file puts blank lines between resources."""
        pairs = resources.value
        for (_, value), (key, _) in itertools.pairwise(pairs):
            between = self._text[self._places.end(value) : self._bounds(key).start]
            return between.count("\n") > 1 and re.search(r"\n[ \t]*\r?\n", between) is not None
        return not self._style.json


def _declares(template: Template, path: Path) -> bool:
    """Whether a key is there, be its value null."""
    holder = template.get(path[:-1])
    return isinstance(holder, dict) and path[-1] in holder


def _style(template: Template) -> _Style:
    known = _styles.get(template)
    if known is None:
        known = _styles[template] = _style_of(template)
    return known


def _style_of(template: Template) -> _Style:
    text = template.source.text
    step, dash = _indentation(template)
    return _Style(
        newline=template.source.newline,
        step=step,
        dash=dash,
        short=bool(_SHORT_FORM.search(text)) or not _LONG_FORM.search(text),
        json=template.json,
        quote='"' if text.count('"') >= text.count("'") else "'",
        compact=bool(_COMPACT.search(text)),
    )


def _indentation(template: Template) -> tuple[str, int]:
    """One level of indentation, and how far dashes are indented under their key: as the file mostly does,
    what stands under Resources first."""
    if template.json:
        return _json_step(template.source.text), 0
    for root in (("Resources",), ()):
        steps, dashes = _offsets(template.places.node(root))
        if steps:
            break
    step = _most(steps, 2)
    return " " * step, _most(dashes, step)


def _json_step(text: str) -> str:
    """What a line is indented by under the line before it that opens a mapping or list."""
    found: Counter[str] = Counter()
    for opening, line in _JSON_OPENS.findall(text):
        if line != opening and line.startswith(opening):
            found[line[len(opening) :]] += 1
    return max(found, key=found.__getitem__, default="  ")


def _offsets(root: yaml.Node | None) -> tuple[Counter[int], Counter[int]]:
    """By how many columns the block mappings and the dashes of block lists are indented under their key."""
    steps: Counter[int] = Counter()
    dashes: Counter[int] = Counter()
    for key, value in _block_pairs(root):
        offset = value.start_mark.column - key.start_mark.column
        if value.start_mark.line == key.start_mark.line:
            continue
        if isinstance(value, yaml.MappingNode) and offset > 0:
            steps[offset] += 1
        if isinstance(value, yaml.SequenceNode) and offset >= 0:
            dashes[offset] += 1
    return steps, dashes


def _most(found: Counter[int], default: int) -> int:
    return max(found, key=found.__getitem__, default=default)


def _block_pairs(root: yaml.Node | None) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The pairs of a tree's block mappings whose values are block mappings and lists."""
    stack: list[yaml.Node] = [root] if root is not None else []
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode) or node.flow_style:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if isinstance(value, yaml.CollectionNode) and not value.flow_style:
                    yield key, value
                    stack.append(value)
        else:
            stack.extend(node.value)


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, yaml.ScalarNode):
            yield current
        elif isinstance(current, yaml.MappingNode):
            stack.extend(child for pair in current.value for child in pair)
        else:
            stack.extend(current.value)


def _block(value: Data, indent: str, style: _Style) -> list[str]:
    """The lines of a mapping or list in block style."""
    if isinstance(value, Mapping):
        lines: list[str] = []
        for key, below in value.items():
            lines.extend(_entry(f"{indent}{_scalar(str(key), style)}:", below, indent, style))
        return lines
    lines = []
    for item in value:
        inline = _inline(item, style)
        if inline is not None:
            lines.append(f"{indent}- {inline}")
            continue
        below = _block(item, indent + "  ", style)
        lines.append(f"{indent}- {below[0].lstrip(' ')}")
        lines.extend(below[1:])
    return lines


def _entry(head: str, value: Data, indent: str, style: _Style) -> list[str]:
    inline = _inline(value, style)
    if inline is not None:
        return [f"{head} {inline}"]
    deeper = indent + (" " * style.dash if isinstance(value, list) else style.step)
    return [head, *_block(value, deeper, style)]


def _inline(value: Data, style: _Style) -> str | None:
    """A value that takes one line in block style: a scalar, a short-form tag, something empty; else None."""
    if isinstance(value, Mapping):
        return _tag(value, style) if style.short else None if value else "{}"
    if isinstance(value, list):
        return None if value else "[]"
    return _scalar(value, style)


def _tag(value: Mapping[str, Data], style: _Style) -> str | None:
    """The short form of Ref, Fn::GetAtt and Fn::Sub; "{}" for nothing; None for other mappings."""
    if not value:
        return "{}"
    if len(value) != 1:
        return None
    ((name, argument),) = value.items()
    if name == "Ref" and isinstance(argument, str):
        return f"!Ref {_scalar(argument, style)}"
    if (
        name == "Fn::GetAtt"
        and isinstance(argument, list)
        and all(isinstance(part, str) for part in argument)
    ):
        return f"!GetAtt {'.'.join(argument)}"
    if name == "Fn::Sub" and isinstance(argument, str):
        return f"!Sub {_scalar(argument, style)}"
    return None


def _flow(value: Data, style: _Style) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, Mapping):
        tag = _tag(value, style) if style.short else None
        if tag is not None:
            return tag
        return "{" + ", ".join(_flow_pair(str(key), below, style) for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item, style) for item in value) + "]"
    return _scalar(value, style)


def _flow_pair(key: str, value: Data, style: _Style) -> str:
    if style.json:
        return f"{json.dumps(key, ensure_ascii=False)}: {_compact(value)}"
    return f"{_scalar(key, style)}: {_flow(value, style)}"


def _compact(value: Data) -> str:
    return json.dumps(value, ensure_ascii=False)


def _json(value: Data, indent: str, style: _Style) -> str:
    """A value in JSON over several lines, at an indentation."""
    deeper = indent + style.step
    is_intrinsic = isinstance(value, Mapping) and len(value) == 1 and _is_function(next(iter(value)))
    if not isinstance(value, (Mapping, list)) or not value or (is_intrinsic and style.compact):
        return _compact(value)
    if isinstance(value, Mapping):
        items = [f"{_compact(str(key))}: {_json(below, deeper, style)}" for key, below in value.items()]
    else:
        items = [_json(item, deeper, style) for item in value]
    opening, closing = "{}" if isinstance(value, Mapping) else "[]"
    lines = f",{style.newline}".join(deeper + item for item in items)
    return f"{opening}{style.newline}{lines}{style.newline}{indent}{closing}"


def _is_function(name: object) -> bool:
    return isinstance(name, str) and (name == "Ref" or name.startswith("Fn::"))


def _json_pair(key: str, value: Data, indent: str, style: _Style) -> str:
    return f"{json.dumps(key, ensure_ascii=False)}: {_json(value, indent, style)}"


@lru_cache(maxsize=1)
def _resolver() -> Any:
    return Resolver()


def _scalar(value: object, style: _Style) -> str:
    """A scalar as YAML, quoted where it would be read as something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and not text.startswith(("- ", "*")):
        tag = _resolver().resolve(yaml.ScalarNode, text, (True, False))
        if tag == "tag:yaml.org,2002:str" and text not in ("-", "---", "..."):
            return text
    if style.quote == "'" and "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)
