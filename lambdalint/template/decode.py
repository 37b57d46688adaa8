"""Text of a template to data, as cfn-lint has them, with the tree of YAML nodes that it was made from.

One composition serves both: libyaml composes the nodes, data are made of them, and the nodes stay for exact
places (cfn-lint's data has no marks on numbers, booleans and children of short-form tags). Plain templates,
which are nearly all, are built here, to data that equal cfn-lint's; what is unusual (aliases, merge keys,
keys given twice or null, odd tags) goes through cfn-lint's own constructors. This is the only module that
imports cfnlint, and only for such a template: the import takes 0.4-0.9 s, half of a small application's time.

What makes `cfnlint.decode` refuse a whole template (a key given twice, a null key) is a Problem here: the
pair is taken out of the tree, and the rest is still read. As in YAML, the last of two equal keys wins.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import yaml
from yaml.constructor import SafeConstructor

from lambdalint.source import Span
from lambdalint.template.json_nodes import JsonError, compose_json

# cfn-lint refuses the same (_MAX_EXPANDED_NODES): aliases may not blow a small file up for all who walk it.
MAX_NODES = 250_000

_QUOTE = " (quote it if it is text)"
_EMPTY = "the file is empty: a template needs a Resources section"

_LIST = "tag:yaml.org,2002:seq"
_MAPPING = "tag:yaml.org,2002:map"
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_STRING = "tag:yaml.org,2002:str"
# Scalars whose constructors PyYAML has.
_SCALARS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("bool", "float", "int", "null", "timestamp"))

_UNCONVERTED = frozenset({"Ref", "Condition"})  # the short forms that are not called Fn::…
_COMPOSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What may begin an anchor, as libyaml reads them.
_ANCHOR = re.compile(r"(?<![^\s\ufeff,\[\]{}:?-])&[0-9A-Za-z_-]")
# How deep the short way goes. The constructors say what is too deep.
_MAX_DEPTH = 60


@dataclass(frozen=True)
class Problem:
    """What is wrong with the text, what to do about it, and where. The message is a whole clause."""

    message: str
    span: Span


@dataclass(frozen=True)
class Decoded:
    """`data` and `root` are None where the text gave nothing that could be read."""

    data: Any
    root: yaml.Node | None
    problems: tuple[Problem, ...]
    json: bool


def decode(text: str) -> Decoded:
    """Decodes YAML or JSON. Whatever is wrong with the text comes back as problems; nothing is raised for
    it."""
    json = text.lstrip("\ufeff \t\r\n")[:1] == "{"
    try:
        root, json = _compose(text, json)
    except _Refused as refused:
        return Decoded(None, None, (refused.problem,), json)
    problems: list[Problem] = []
    anchored = _ANCHOR.search(text) is not None
    try:
        if root is None:
            raise _Refused(_EMPTY, Span(0, 0))
        if anchored:
            _refuse_explosion(root)
        if "<<" in text:
            problems.extend(_without_bad_merges(root))
        try:
            data = _build(root) if not anchored else None
            if data is None:
                data = _construct(text, root)
        except _Refused:
            problems.extend(_mend(root))
            data = _construct(text, root)
        if data is None:
            raise _Refused(_EMPTY, Span(0, 0))
    except _Refused as refused:
        return Decoded(None, root, (*problems, refused.problem), json)
    return Decoded(data, root, tuple(sorted(problems, key=lambda problem: problem.span)), json)


def key_value(node: yaml.Node) -> object:
    """What a mapping's key comes to: 200 for `200:`, "200" for `"200":`; None for a key that is no scalar."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    if node.tag == _STRING:
        return node.value
    try:
        value = SafeConstructor().construct_object(node, deep=True)
    except Exception:
        return node.value
    return value if isinstance(value, Hashable) else node.value


class _Refused(Exception):
    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.problem = Problem(message, span)


def _compose(text: str, json: bool) -> tuple[yaml.Node | None, bool]:
    """The root node and whether the text is JSON. Libyaml reads JSON too, but for tabs and some escapes."""
    try:
        # cfn-lint's loader differs from this one in its constructors alone.
        loader = _COMPOSER(text)
        try:
            return cast("yaml.Node | None", loader.get_single_node()), json
        finally:
            loader.dispose()
    except RecursionError:
        raise _Refused("the template is nested too deeply to be read: flatten it", Span(0, 0)) from None
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        if json:
            try:
                return compose_json(text), True
            except JsonError as json_error:
                if _looks_like_json(text):
                    span = _character(text, json_error.offset)
                    raise _Refused(f"the template is not valid JSON: {json_error.reason}", span) from None
        raise _refusal(error, text) from None


def _looks_like_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n")[1:].lstrip()[:1] in ('"', "}", "'", "")


def _loader(text: str) -> Any:
    from cfnlint.decode import cfn_yaml

    loader: Any = cfn_yaml.CfnFullLoader(text, None)  # type: ignore[no-untyped-call]
    loader.add_multi_constructor("!", cfn_yaml.multi_constructor)
    return loader


def _build(root: yaml.Node) -> Any:
    """What `_construct` gives, at a fourth of its cost; None where anything in the tree is unusual."""
    try:
        return _Builder().build(root, 0)
    except Exception:  # constructors of scalars raise whatever they like; what it is, `_construct` finds out
        return None


class _Unusual(Exception):
    """Something that cfn-lint's constructors have to decide on: a merge key, a key that is given twice or is
    null, a tag of YAML's own, a depth."""


class _Builder:
    """Makes data that equal cfn-lint's of a tree that has no aliases."""

    def __init__(self) -> None:
        self._scalars = SafeConstructor()

    def build(self, node: Any, depth: int) -> Any:
        tag: str = node.tag
        kind = type(node)
        if kind is yaml.ScalarNode:
            if tag == _STRING:
                return node.value
            if tag in _SCALARS:
                return self._scalars.construct_object(node)
        if depth > _MAX_DEPTH:
            raise _Unusual
        if kind is yaml.MappingNode:
            if tag == _MAPPING:
                return self._pairs(node, depth)
        elif kind is yaml.SequenceNode and tag == _LIST:
            return [self.build(item, depth + 1) for item in node.value]
        if tag[:1] == "!":
            return self._short_form(node, tag[1:], kind, depth)
        raise _Unusual

    def _pairs(self, node: yaml.MappingNode, depth: int) -> dict[Any, Any]:
        pairs: dict[Any, Any] = {}
        for key, value in node.value:
            if type(key) is not yaml.ScalarNode or (key.tag != _STRING and key.tag not in _SCALARS):
                raise _Unusual
            pairs[self.build(key, depth)] = self.build(value, depth + 1)
        if len(pairs) != len(node.value) or None in pairs:
            raise _Unusual
        return pairs

    def _short_form(self, node: yaml.Node, suffix: str, kind: type, depth: int) -> Any:
        name = suffix if suffix in _UNCONVERTED else f"Fn::{suffix}"
        argument: Any
        if kind is yaml.ScalarNode:
            argument = node.value.split(".", 1) if suffix == "GetAtt" else node.value
        elif kind is yaml.SequenceNode:
            argument = [self.build(item, depth + 1) for item in node.value]
        elif suffix != "GetAtt":
            argument = self._pairs(cast("yaml.MappingNode", node), depth)
        else:
            raise _Unusual
        return {name: argument}


def _construct(text: str, root: yaml.Node) -> Any:
    loader = _loader("")
    try:
        return loader.construct_document(root)
    except RecursionError:
        raise _Refused("the template is nested too deeply to be read: flatten it", Span(0, 0)) from None
    except Exception as error:  # constructors raise whatever int(), date() and base64 raise
        raise _refusal(error, text) from None


def _refusal(error: Exception, text: str) -> _Refused:
    """The problem that an exception of PyYAML or of cfn-lint's constructors stands for."""
    mark = getattr(error, "problem_mark", None)
    # A text that should be a key, with no colon behind it, is noticed on a later line; it is the context.
    if mark is None or getattr(error, "context", None) == "while scanning a simple key":
        mark = getattr(error, "context_mark", None) or mark
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    if mark is None:
        position = getattr(error, "position", None)
        start = position if isinstance(position, int) else 0
    else:
        start = mark.index
    if text[start : start + 1] == "\t":
        problem = "a tab stands where only spaces may (indent with spaces)"
    span = _character(text, start)
    return _Refused(f"the template cannot be read as YAML: {problem}{_advice(problem)}", span)


def _character(text: str, offset: int) -> Span:
    """The span of one character; at the end of the text, of none."""
    return Span(min(offset, len(text)), min(offset + 1, len(text)))


def _advice(problem: str) -> str:
    if "cannot start any token" in problem:
        return " (quote values that begin with %, @ or `)"
    if "another document" in problem or "found another document" in problem:
        return " (keep one document in a file)"
    if "could not determine a constructor" in problem:
        return " (CloudFormation has no such tag)"
    if "mapping values are not allowed" in problem:
        return " (check the indentation, or quote the value)"
    if "recursive" in problem:
        return " (an alias must not stand inside the value it names)"
    return ""


def _refuse_explosion(root: yaml.Node) -> None:
    """Raises when aliases or merge keys make the tree larger than MAX_NODES. Linear in distinct nodes."""
    sizes: dict[int, int] = {}
    for node in _post_order(root):
        size = 1
        if isinstance(node, yaml.SequenceNode):
            size += sum(sizes.get(id(child), 0) for child in node.value)
        elif isinstance(node, yaml.MappingNode):
            size += sum(sizes.get(id(key), 0) + sizes.get(id(value), 0) for key, value in node.value)
        if size > MAX_NODES:
            start = node.start_mark.index
            raise _Refused(
                f"the template grows to more than {MAX_NODES} nodes once aliases are resolved: "
                "write the values out",
                Span(start, start + 1),
            )
        sizes[id(node)] = size


def _post_order(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every distinct node, children before parents where the tree has no cycle."""
    seen: set[int] = set()
    stack: list[tuple[yaml.Node, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            yield node
            continue
        if id(node) in seen:
            continue
        seen.add(id(node))
        stack.append((node, True))
        if isinstance(node, yaml.SequenceNode):
            stack.extend((child, False) for child in node.value)
        elif isinstance(node, yaml.MappingNode):
            stack.extend((child, False) for pair in node.value for child in pair)


def _mend(root: yaml.Node) -> list[Problem]:
    """Takes out of the tree what cfn-lint's constructors refuse: equal keys but the last, null keys, keys
    that are lists or mappings, and values that do not come to anything (a date with a thirteenth month)."""
    problems: list[Problem] = []
    for node in _post_order(root):
        if isinstance(node, yaml.MappingNode):
            node.value = _mended_pairs(node, problems)
            for _, value in node.value:
                _mend_scalar(value, problems)
        elif isinstance(node, yaml.SequenceNode):
            for child in node.value:
                _mend_scalar(child, problems)
    return sorted(problems, key=lambda problem: problem.span)


def _mended_pairs(node: yaml.MappingNode, problems: list[Problem]) -> list[tuple[yaml.Node, yaml.Node]]:
    kept: dict[object, tuple[yaml.Node, yaml.Node]] = {}
    # Merged pairs come first and are meant to be overridden (flatten_mapping has run already).
    merged = bool(getattr(node, "using_merge", False)) or any(key.tag == _MERGE for key, _ in node.value)
    for key, value in node.value:
        span = Span(key.start_mark.index, key.end_mark.index)
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem("a key must be plain text, not a list or a mapping: quote it", span))
            continue
        if key.tag == _NULL:
            problems.append(Problem(f"the key `{key.value}` is null: give it a name, or quote it", span))
            continue
        if key.tag == _MERGE:
            kept[id(key)] = (key, value)
            continue
        name = key_value(key)
        if name in kept and not merged:
            first = kept.pop(name)[0]
            line = first.start_mark.line + 1
            problems.append(
                Problem(
                    f"the key `{key.value}` is given twice (first on line {line}): keep one; the last wins",
                    span,
                )
            )
        kept[name] = (key, value)
    return list(kept.values())


def _without_bad_merges(root: yaml.Node) -> Iterator[Problem]:
    """Takes out the merge keys whose value is no mapping; PyYAML would drop them and stop halfway."""
    for node in _post_order(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        bad = [key for key, value in node.value if key.tag == _MERGE and not _mergeable(value)]
        for key in bad:
            span = Span(key.start_mark.index, key.end_mark.index)
            yield Problem("`<<` merges mappings only: give it an alias of a mapping", span)
        if bad:
            node.value = [pair for pair in node.value if pair[0] not in bad]


def _mergeable(node: yaml.Node) -> bool:
    if isinstance(node, yaml.SequenceNode):
        return all(isinstance(child, yaml.MappingNode) for child in node.value)
    return isinstance(node, yaml.MappingNode)


def _mend_scalar(node: yaml.Node, problems: list[Problem]) -> None:
    """Makes a string of a scalar that its own type refuses."""
    if not isinstance(node, yaml.ScalarNode) or node.tag in (_STRING, _NULL) or node.tag.startswith("!"):
        return
    try:
        SafeConstructor().construct_object(node, deep=True)
    except Exception as error:
        reason = str(getattr(error, "problem", None) or error)
        span = Span(node.start_mark.index, node.end_mark.index)
        problems.append(Problem(f"`{node.value}` cannot be read: {reason}{_advice(reason) or _QUOTE}", span))
        node.tag = _STRING
