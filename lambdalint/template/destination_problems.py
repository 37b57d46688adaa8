"""Destinations and dead-letter queues that do not exist, or that their place does not take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.template.destinations import NAMES, TYPES, Slot, named, slots
from lambdalint.template.mistakes import Mistake
from lambdalint.template.properties import nearest
from lambdalint.template.values import Alternative, Known

if TYPE_CHECKING:
    from lambdalint.template.template import Template


def destination_problems(template: Template) -> Iterator[Mistake]:
    """Every mistake in what names where failed or finished events go."""
    for slot in slots(template):
        if not slot.types or slot.typed:
            yield from _typed(template, slot)
            yield from _named(template, slot)
        elif slot.needs_type:
            yield Mistake(
                slot.path,
                True,
                f"{slot.what} has no Type: the SAM transform refuses it",
                f"needs a Type: {_listed(slot.types)}",
                f"add Type: {_meant(template, slot) or _listed(slot.types)}",
                slot.functions,
            )


def _typed(template: Template, slot: Slot) -> Iterator[Mistake]:
    for found in slot.typed:
        text = found.value.value if isinstance(found.value, Known) else None
        if not isinstance(text, str):
            continue
        if text not in slot.types:
            meant = nearest(text, slot.types) or _meant(template, slot)
            message = f"`{text}` is no Type for {slot.what}: the SAM transform refuses it"
            place = f"did you mean `{meant}`?" if meant else "no such type"
            advice = f"write {meant or _listed(slot.types)}"
            yield Mistake(found.path, False, message, place, advice, slot.functions)
        elif TYPES[text] not in slot.services:
            message = f"{slot.what} cannot be {NAMES[TYPES[text]]}"
            yield Mistake(found.path, False, message, "not for this", f"send to {_any(slot)}", slot.functions)


def _named(template: Template, slot: Slot) -> Iterator[Mistake]:
    for found in slot.named:
        what = named(template, found.value)
        if what is None:
            continue
        if what.service not in slot.services:
            message = f"{slot.what} names a resource of {what.service}, and can only be {_any(slot)}"
            place = f"a resource of {what.service}"
            yield Mistake(found.path, False, message, place, f"send to {_any(slot)}", slot.functions)
        elif what.attribute:
            message = f"{slot.what} must be an ARN, and this is none"
            advice = f"write !GetAtt with {what.attribute}"
            yield Mistake(found.path, False, message, "gives a name or URL", advice, slot.functions)
        else:
            yield from _differs(slot, found, what.service)


def _differs(slot: Slot, found: Alternative, service: str) -> Iterator[Mistake]:
    for typed in slot.typed:
        text = typed.value.value if isinstance(typed.value, Known) else None
        if not isinstance(text, str) or text not in slot.types or TYPES[text] == service:
            continue
        if set(typed.conditions) & {(name, not how) for name, how in found.conditions}:
            continue  # never both
        yield Mistake(
            typed.path,
            False,
            f"{slot.what} says {text} and names {NAMES[service]}: "
            "the function's role gets the wrong permission",
            f"is `{_type(slot, service)}`",
            f"write Type: {_type(slot, service)}",
            slot.functions,
            (found.path, NAMES[service]),
        )


def _meant(template: Template, slot: Slot) -> str:
    """The type of what the slot names."""
    for found in slot.named:
        what = named(template, found.value)
        if what is not None:
            return _type(slot, what.service)
    return ""


def _type(slot: Slot, service: str) -> str:
    return next((each for each in slot.types if TYPES[each] == service), "")


def _any(slot: Slot) -> str:
    return " or ".join(NAMES[service] for service in slot.services)


def _listed(types: tuple[str, ...]) -> str:
    return " or ".join(types)
