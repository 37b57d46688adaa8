"""The shapes of faults: what edits the copy of an application so that it has one."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.ecosystem.applications import Application, get, scalar

Planted = list[Path]


@dataclass(frozen=True)
class Fault:
    """One shape of a fault. `plant` edits the copy and returns the files it edited, None where it cannot."""

    name: str
    plant: Callable[[Application, Path], Planted | None]


def code(name: str, top: str, body: str = "") -> Fault:
    """Code at module level after the last top-level import, and at the start of the handler's body."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.handler_file
        text = insert_top(file.read_text(encoding="utf-8"), top)
        if body:
            text = insert_body(text, place.handler_name, body) if text else None
        if text is None:
            return None
        file.write_text(text, encoding="utf-8")
        return [place.handler_file]

    return Fault(name, plant)


def module(name: str, helper_name: str, source: str, body: str) -> Fault:
    """A helper module beside the handler that the handler calls; the fault lies in the helper."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.handler_file
        helper = place.handler_file.with_name(helper_name + ".py")
        # A handler in a package is imported as one; only a flat bundle can import its neighbour by name.
        if (place.folder / helper).exists() or (file.parent / "__init__.py").exists():
            return None
        package = scalar(get(place.function, "Properties", "Handler")) or ""
        if package.count(".") + package.count("/") != 1:
            return None
        text = insert_top(file.read_text(encoding="utf-8"), f"import {helper_name}")
        text = insert_body(text, place.handler_name, body) if text else None
        if text is None:
            return None
        file.write_text(text, encoding="utf-8")
        (copy / helper).write_text(source, encoding="utf-8")
        return [helper]

    return Fault(name, plant)


def replace_handler(name: str, triggers: set[str], source: str) -> Fault:
    """The whole handler file replaced by one that only moves data, for a function with one such trigger."""

    def plant(place: Application, copy: Path) -> Planted | None:
        if not place.event_types or not set(place.event_types) <= triggers:
            return None
        (copy / place.handler_file).write_text(
            source.replace("HANDLER", place.handler_name), encoding="utf-8"
        )
        return [place.handler_file]

    return Fault(name, plant)


def event(name: str, text: str) -> Fault:
    """One more event for a function that has none or only synchronous and polled ones."""

    def plant(place: Application, copy: Path) -> Planted | None:
        properties = get(place.function, "Properties")
        events = get(properties, "Events")
        if _keeps_failures((copy / place.template).read_text(encoding="utf-8")):
            return None
        if not isinstance(properties, yaml.MappingNode) or properties.flow_style:
            return None
        if events is None:
            indent = properties.value[0][0].start_mark.column
            block = "Events:\n" + textwrap.indent(text, "  ")
            return _insert_yaml(place, copy, properties, indent, block)
        if not isinstance(events, yaml.MappingNode) or events.flow_style:
            return None
        return _insert_yaml(place, copy, events, events.value[0][0].start_mark.column, text)

    return Fault(name, plant)


def sole_event(name: str, text: str) -> Fault:
    """The function's only event, in the place of those that it has; not where something else of the template
    names the function, as it may invoke it."""

    def plant(place: Application, copy: Path) -> Planted | None:
        properties = get(place.function, "Properties")
        events = get(properties, "Events")
        file = copy / place.template
        template = file.read_text(encoding="utf-8")
        if not isinstance(properties, yaml.MappingNode) or properties.flow_style:
            return None
        if re.search(rf"(?:GetAtt|Ref:?|\$\{{|- ){{1}} *['\"]?{re.escape(place.logical_id)}\b", template):
            return None
        if events is None:
            indent = properties.value[0][0].start_mark.column
            block = "Events:\n" + textwrap.indent(text, "  ")
            return _insert_yaml(place, copy, properties, indent, block)
        if not isinstance(events, yaml.MappingNode) or events.flow_style or not events.value:
            return None
        first, last = events.value[0][0].start_mark, events.end_mark
        lines = template.splitlines(keepends=True)
        block = "".join(" " * first.column + line + "\n" for line in text.splitlines())
        lines[first.line : last.line] = [block]
        file.write_text("".join(lines), encoding="utf-8")
        return [place.template]

    return Fault(name, plant)


def replaced(name: str, source: str) -> Fault:
    """The whole handler file replaced; HANDLER stands for the handler's name."""

    def plant(place: Application, copy: Path) -> Planted | None:
        text = source.replace("HANDLER", place.handler_name)
        (copy / place.handler_file).write_text(text, encoding="utf-8")
        return [place.handler_file]

    return Fault(name, plant)


def wrapped(name: str, top: str, before: str, after: str) -> Fault:
    """The handler's whole body, indented, between two pieces of code."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.handler_file
        text = insert_top(file.read_text(encoding="utf-8"), top)
        bounds = body_of(text, place.handler_name) if text else None
        if text is None or bounds is None:
            return None
        start, end, indent = bounds
        body = "".join(
            f"{indent}{line}" if line.strip() else line for line in text[start:end].splitlines(keepends=True)
        )
        head, tail = ("".join(f"{indent}{line}\n" for line in part.splitlines()) for part in (before, after))
        file.write_text(text[:start] + head + body.rstrip() + "\n" + tail + "\n" + text[end:], "utf-8")
        return [place.handler_file]

    return Fault(name, plant)


def decorated(name: str, top: str, decorator: str) -> Fault:
    """A decorator of the handler, next to its `def`."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.handler_file
        text = insert_top(file.read_text(encoding="utf-8"), top)
        if text is None:
            return None
        line = re.compile(rf"^def {re.escape(place.handler_name)}\(", re.M)
        file.write_text(line.sub(f"{decorator}\n\\g<0>", text, count=1), encoding="utf-8")
        return [place.handler_file]

    return Fault(name, plant)


def _keeps_failures(template: str) -> bool:
    """Whether some function of the template may have a destination, or its author declined one."""
    return re.search(r"OnFailure|DeadLetter(?:Queue|Config):|CKV_AWS_116|Custom::", template) is not None


def policy(name: str, statement: str) -> Fault:
    """One more policy for a function whose role SAM makes."""

    def plant(place: Application, copy: Path) -> Planted | None:
        properties = get(place.function, "Properties")
        policies = get(properties, "Policies")
        if place.has_role or not isinstance(properties, yaml.MappingNode) or properties.flow_style:
            return None
        if policies is None:
            indent = properties.value[0][0].start_mark.column
            block = "Policies:\n" + textwrap.indent(statement, "  ")
            return _insert_yaml(place, copy, properties, indent, block)
        if not isinstance(policies, yaml.SequenceNode) or policies.flow_style or policies.tag.startswith("!"):
            return None
        return _insert_yaml(place, copy, policies, policies.start_mark.column, statement)

    return Fault(name, plant)


def property_of(name: str, block: str) -> Fault:
    """One more property for a function that has none of that name."""

    def plant(place: Application, copy: Path) -> Planted | None:
        properties = get(place.function, "Properties")
        if not isinstance(properties, yaml.MappingNode) or properties.flow_style:
            return None
        if get(properties, name) is not None:
            return None
        return _insert_yaml(place, copy, properties, properties.value[0][0].start_mark.column, block)

    return Fault(name, plant)


def resource(name: str, block: str) -> Fault:
    """More resources, in front of the function; FUNCTION stands for its logical id."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.template
        text = file.read_text(encoding="utf-8")
        head = re.search(rf"^( +){re.escape(place.logical_id)}:[ \t]*(?:#.*)?$", text, re.M)
        if head is None:
            return None
        lines = textwrap.indent(block.replace("FUNCTION", place.logical_id), head[1])
        file.write_text(f"{text[: head.start()]}{lines}\n{text[head.start() :]}", encoding="utf-8")
        return [place.template]

    return Fault(name, plant)


def both(name: str, *faults: Fault) -> Fault:
    """Several edits that make one fault together. Those that go by the lines of the template as it was come
    first, from the bottom up (`event`, `sole_event`, then `property_of`); `resource` and code go by the text."""

    def plant(place: Application, copy: Path) -> Planted | None:
        edited: Planted = []
        for fault in faults:
            more = fault.plant(place, copy)
            if more is None:
                return None
            edited += more
        return edited

    return Fault(name, plant)


def unless(fault: Fault, pattern: str) -> Fault:
    """The fault, but not where the template has text that makes it none."""

    def plant(place: Application, copy: Path) -> Planted | None:
        if re.search(pattern, (copy / place.template).read_text(encoding="utf-8")):
            return None
        return fault.plant(place, copy)

    return Fault(fault.name, plant)


def often(fault: Fault) -> Fault:
    """The fault, but only where an event other than a schedule invokes the function: what is kept between two
    runs of a schedule or two deployments (custom resources) is no matter."""

    def plant(place: Application, copy: Path) -> Planted | None:
        if set(place.event_types) <= {"Schedule", "ScheduleV2"}:
            return None
        return fault.plant(place, copy)

    return Fault(fault.name, plant)


def triggered(fault: Fault, *triggers: str) -> Fault:
    """The fault in functions that have events, all of these types."""

    def plant(place: Application, copy: Path) -> Planted | None:
        if not place.event_types or not set(place.event_types) <= set(triggers):
            return None
        return fault.plant(place, copy)

    return Fault(fault.name, plant)


def written(name: str, key: str, change: Callable[[str], str]) -> Fault:
    """Another text for a property that the function itself has."""

    def plant(place: Application, copy: Path) -> Planted | None:
        node = get(place.function, "Properties", key)
        value = scalar(node)
        if value is None or node.start_mark.line != node.end_mark.line:
            return None
        file = copy / place.template
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        line = lines[node.start_mark.line]
        start, end = node.start_mark.column, node.end_mark.column
        lines[node.start_mark.line] = line[:start] + change(value) + line[end:]
        file.write_text("".join(lines), encoding="utf-8")
        return [place.template]

    return Fault(name, plant)


def signature(name: str, replacement: str) -> Fault:
    """Another `def` line for the handler; NAME stands for its name."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.handler_file
        text = file.read_text(encoding="utf-8")
        line = re.compile(rf"^def {re.escape(place.handler_name)}\(\w+, *\w+\)", re.M)
        if not line.search(text):
            return None
        file.write_text(line.sub(replacement.replace("NAME", place.handler_name), text, count=1), "utf-8")
        return [place.handler_file]

    return Fault(name, plant)


def _insert_yaml(place: Application, copy: Path, before: yaml.Node, indent: int, block: str) -> Planted:
    """Puts a block in front of a collection's first entry, at its indentation."""
    file = copy / place.template
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(" " * indent + line + "\n" for line in block.splitlines())
    lines.insert(before.start_mark.line, text)
    file.write_text("".join(lines), encoding="utf-8")
    return [place.template]


def insert_top(text: str, code: str) -> str | None:
    """After the last unindented one-line import."""
    found = list(re.finditer(r"^(?:import|from) [^\n(\\]*$\n", text, re.M))
    if not found:
        return None
    at = found[-1].end()
    return f"{text[:at]}{code}\n{text[at:]}"


def insert_body(text: str, handler: str, body: str) -> str | None:
    """As the first statements of the handler, after its docstring."""
    match = re.search(
        rf'^def {handler}\([^\n]*\)[^\n]*:[^\n]*\n(?:\s*\n)*(?P<doc>[ \t]+(?:"""|\'\'\')(?:.|\n)*?(?:"""|\'\'\')[^\n]*\n)?'
        r"(?:\s*\n)*(?P<indent>[ \t]+)\S",
        text,
        re.M,
    )
    if match is None:
        return None
    at = match.start("indent")
    indent = match["indent"]
    code = "".join(f"{indent}{line}\n" if line else "\n" for line in body.splitlines())
    return text[:at] + code + text[at:]


def body_of(text: str, handler: str) -> tuple[int, int, str] | None:
    """Where the statements of a handler begin, behind its docstring, and end; and their indentation."""
    marked = insert_body(text, handler, "PLANTED_MARK")
    if marked is None:
        return None
    start = marked.index("PLANTED_MARK")
    start = marked.rindex("\n", 0, start) + 1
    indent = marked[start : marked.index("PLANTED_MARK")]
    following = re.compile(r"^(?=\S)(?!#|\))", re.M).search(text, start)
    end = following.start() if following is not None else len(text)
    body = text[start:end]
    # Text in several lines that are not indented, or tabs, cannot be moved.
    if "\t" in body or '"""' in body or "'''" in body or "\\\n" in body:
        return None
    return start, end, indent


def dropped(name: str, key: str) -> Fault:
    """Without a property that the function has on one line, where Globals do not have it either."""

    def plant(place: Application, copy: Path) -> Planted | None:
        node = get(place.function, "Properties", key)
        file = copy / place.template
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        if not isinstance(node, yaml.Node) or len(re.findall(rf"^\s*{key}:", "".join(lines), re.M)) != 1:
            return None
        line = node.start_mark.line
        if not re.match(rf"\s*{key}: *\S", lines[line]):
            return None
        file.write_text("".join([*lines[:line], *lines[line + 1 :]]), encoding="utf-8")
        return [place.template]

    return Fault(name, plant)


def cut(name: str, pattern: str, replacement: str = "") -> Fault:
    """The template without the first text that a pattern matches, or with another in its place."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.template
        text = file.read_text(encoding="utf-8")
        changed, count = re.subn(pattern, replacement, text, count=1, flags=re.M)
        if not count:
            return None
        file.write_text(changed, encoding="utf-8")
        return [place.template]

    return Fault(name, plant)
