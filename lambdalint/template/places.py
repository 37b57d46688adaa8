"""Where the keys and values of a template stand: paths to spans, from the tree of YAML nodes.

Nothing is computed before it is asked for. A short-form tag (`!Sub x`) is a mapping in the data; its key is
the tag, its value what follows the tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from lambdalint.source import Span
from lambdalint.template.decode import key_value
from lambdalint.template.values import Path

_TAG = re.compile(r"![^\s,\[\]{}]*")
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+\s*")
# White space and comments between a tag and its value.
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_ALIAS = re.compile(r"\s*:\s*\*[^\s,\[\]{}]+")
_LINE = re.compile(r"[^\r\n]*")
_UNCONVERTED = ("Ref", "Condition")


class Place(NamedTuple):
    """A node reached by a path. `inner` is set where the path ends at the value behind a short-form tag,
    `part` where it ends at a piece of a scalar (`!GetAtt A.B`)."""

    node: yaml.Node
    key: yaml.Node | None = None
    inner: bool = False
    part: Span | None = None


class Places:
    """Finds spans in one template. A path that is not there gives the span of its nearest ancestor."""

    def __init__(self, text: str, root: yaml.Node | None) -> None:
        self._text = text
        self._root = root
        self._shift = 1 if text.startswith("\ufeff") else 0  # libyaml does not count the mark
        self._children: dict[int, dict[object, tuple[yaml.Node, yaml.Node]]] = {}
        self._found: dict[Path, Place | None] = {}
        self._ends: dict[int, int] = {}

    def value(self, path: Path) -> Span:
        """The value: whole for scalars and flow collections; the first line of text for block scalars, block
        lists and block mappings. A value left empty is where its key is."""
        place = self._place(path)
        if place is None:
            return Span(0, 0)
        if place.part is not None:
            return place.part
        node = place.node
        if place.inner:
            span = self._content(place)
        else:
            span = Span(self._start(node), node.end_mark.index + self._shift)
        if span.start >= span.end and place.key is not None:
            return self._bounds(place.key)
        return self._first_line(node, span)

    def key(self, path: Path) -> Span:
        """The key, or the short-form tag. For an item of a list, the item."""
        place = self._place(path)
        if place is None:
            return Span(0, 0)
        if place.inner:
            tag = _TAG.search(self._text, self._bounds(place.node).start)
            return Span(*tag.span()) if tag else self._bounds(place.node)
        if place.key is not None:
            return self._bounds(place.key)
        return self.value(path)

    def full(self, path: Path) -> Span:
        """From the start of the key (of an item: of its value) to the end of the value's last line of
        content, without the newline, trailing comments and blank lines."""
        place = self._place(path)
        if place is None:
            return Span(0, 0)
        if place.part is not None:
            return place.part
        end = self.end(place.node)
        if place.inner or place.key is None:
            return Span(self._start(place.node), end)
        key = self._bounds(place.key)
        if (
            end < key.start or self._bounds(place.node).start < key.start
        ):  # an alias: the value stands elsewhere
            alias = _ALIAS.match(self._text, key.end)
            return Span(key.start, alias.end() if alias else key.end)
        return Span(key.start, max(end, key.end))

    def whole(self, path: Path) -> Span:
        """The value alone, from its tag or first character to the end of its last line of content."""
        place = self._place(path)
        if place is None:
            return Span(0, 0)
        if place.part is not None:
            return place.part
        start = self._content(place).start if place.inner else self._start(place.node)
        return Span(start, max(start, self.end(place.node)))

    def node(self, path: Path) -> yaml.Node | None:
        """The YAML node at exactly this path; None where the path ends inside a short-form tag or is not
        there."""
        place = self._place(path, exact=True)
        return None if place is None or place.part is not None else place.node

    def content(self, path: Path) -> Span:
        """A scalar as it is written, quotes, block header and all, but without its tag and anchor."""
        place = self._place(path)
        if place is None:
            return Span(0, 0)
        return place.part or self._content(place)

    def end(self, node: yaml.Node) -> int:
        """Where a node's last content ends: block collections and scalars take trailing comments and blank
        lines with them, which are nobody's."""
        known = self._ends.get(id(node))
        if known is None:
            known = self._ends[id(node)] = self._end(node)
        return known

    def _end(self, node: yaml.Node) -> int:
        bounds = self._bounds(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar_end(node, bounds)
        if _is_flow(node) or not node.value:
            return bounds.end
        ends = [self.end(child) for child in self._last_children(node) if self._inside(child, bounds)]
        end = max(ends, default=bounds.start)
        alias = _ALIAS.match(self._text, end)
        if alias and alias.end() <= bounds.end:
            return alias.end()
        if isinstance(node, yaml.SequenceNode) and not self._inside(node.value[-1], bounds):
            return self._trimmed(Span(max(end, bounds.start), bounds.end))
        return end

    def _last_children(self, node: yaml.Node) -> Iterator[yaml.Node]:
        """The children that can end a block collection. The merged pairs of `<<` come first and lie
        elsewhere."""
        if isinstance(node, yaml.SequenceNode):
            yield from node.value[-1:]
            for child in reversed(node.value[:-1]):
                if self._inside(child, self._bounds(node)):
                    yield child
                    return
            return
        for key, value in reversed(node.value):
            if self._inside(key, self._bounds(node)):
                yield key
                yield value
                return

    def _inside(self, node: yaml.Node, bounds: Span) -> bool:
        own = self._bounds(node)
        return bounds.start <= own.start and own.end <= bounds.end

    def _scalar_end(self, node: yaml.ScalarNode, bounds: Span) -> int:
        if node.style not in ("|", ">"):
            return bounds.end
        text = self._text[bounds.start : bounds.end].rstrip()
        return bounds.start + len(text)

    def _trimmed(self, span: Span) -> int:
        """End of the last line of a span that holds more than a comment."""
        end = span.start
        for line in re.finditer(r"[^\r\n]+", self._text[span.start : span.end]):
            content = re.sub(r"(^|\s)#.*", "", line.group()).rstrip()
            if content:
                end = span.start + line.start() + len(content)
        return end

    def _bounds(self, node: yaml.Node) -> Span:
        return Span(node.start_mark.index + self._shift, node.end_mark.index + self._shift)

    def _start(self, node: yaml.Node) -> int:
        """Where a node begins, its tag included, but not its anchor, which is not part of the value."""
        bounds = self._bounds(node)
        if not self._text.startswith("&", bounds.start):
            return bounds.start
        anchor = _ANCHOR.match(self._text, bounds.start)
        return min(anchor.end(), bounds.end) if anchor else bounds.start

    def _content(self, place: Place) -> Span:
        """A node without its tag and anchor."""
        bounds = self._bounds(place.node)
        start, end = bounds.start, bounds.end
        if self._text[start : start + 1] not in ("!", "&"):
            return bounds
        for pattern in (_ANCHOR, _TAG, _GAP, _ANCHOR):
            match = pattern.match(self._text, start, end)
            start = match.end() if match else start
        return Span(start, max(start, end))

    def _first_line(self, node: yaml.Node, span: Span) -> Span:
        if isinstance(node, yaml.ScalarNode):
            if node.style not in ("|", ">"):
                return span
            return self._first_text(span)
        if _is_flow(node):
            return span
        line = _LINE.match(self._text, span.start, span.end)
        return self._without_comment(Span(*line.span())) if line else span

    def _first_text(self, span: Span) -> Span:
        """The first line below a block scalar's header that is not blank; else the header."""
        header = _LINE.match(self._text, span.start, span.end)
        if header is None:
            return span
        for line in re.finditer(r"[^\r\n]+", self._text[header.end() : span.end]):
            text = line.group()
            if text.strip():
                start = header.end() + line.start() + len(text) - len(text.lstrip())
                return Span(start, header.end() + line.start() + len(text.rstrip()))
        return self._without_comment(Span(*header.span()))

    def _without_comment(self, span: Span) -> Span:
        text = self._text[span.start : span.end]
        if " #" in text and "'" not in text and '"' not in text:
            text = text[: text.index(" #")]
        return Span(span.start, span.start + len(text.rstrip()))

    def _place(self, path: Path, exact: bool = False) -> Place | None:
        """The place at a path; if it is not there, its nearest ancestor's unless `exact`."""
        place = self._exact(path)
        while place is None and path and not exact:
            path = path[:-1]
            place = self._exact(path)
        return place

    def _exact(self, path: Path) -> Place | None:
        if path in self._found:
            return self._found[path]
        if not path:
            found = Place(self._root) if self._root is not None else None
        else:
            above = self._exact(path[:-1])
            found = self._step(above, path[-1]) if above is not None else None
        self._found[path] = found
        return found

    def _step(self, place: Place, key: str | int) -> Place | None:
        node = place.node
        if place.part is not None:
            return None
        if node.tag.startswith("!") and not place.inner:
            return Place(node, place.key, inner=True) if key == _long_form(node.tag) else None
        if isinstance(node, yaml.SequenceNode):
            if isinstance(key, int) and 0 <= key < len(node.value):
                return Place(node.value[key])
            return None
        if isinstance(node, yaml.MappingNode):
            pair = self._pairs(node).get(key)
            return Place(pair[1], pair[0]) if pair else None
        if place.inner and node.tag == "!GetAtt" and isinstance(key, int):
            return self._attribute_part(place, key)
        return None

    def _attribute_part(self, place: Place, index: int) -> Place | None:
        """A piece of `!GetAtt A.B`: cfn-lint splits it at its first dot."""
        span = self._content(place)
        text = self._text[span.start : span.end]
        dot = text.find(".")
        if dot < 0 or index not in (0, 1):
            return None
        part = Span(span.start, span.start + dot) if index == 0 else Span(span.start + dot + 1, span.end)
        return Place(place.node, place.key, True, part)

    def _pairs(self, node: yaml.MappingNode) -> dict[object, tuple[yaml.Node, yaml.Node]]:
        pairs = self._children.get(id(node))
        if pairs is None:
            pairs = {key_value(key): (key, value) for key, value in node.value}
            self._children[id(node)] = pairs
        return pairs


def _long_form(tag: str) -> str:
    name = tag[1:]
    return name if name in _UNCONVERTED else f"Fn::{name}"


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)
