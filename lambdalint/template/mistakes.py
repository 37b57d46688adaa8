"""One mistake in a template, as rules report it that find many kinds of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.finding import FunctionId, Label, Role
from lambdalint.template.values import Path

if TYPE_CHECKING:
    from lambdalint.template.template import Template


@dataclass(frozen=True)
class Mistake:
    """`path` is where it is, its key where `key`; `place` is what it says of that place, `advice` what to do;
    `related` the place that proves it, and what that says."""

    path: Path
    key: bool
    message: str
    place: str
    advice: str
    functions: tuple[FunctionId, ...] = ()
    related: tuple[Path, str] | None = None

    def labels(self, template: Template) -> Iterator[Label]:
        """The place, and what proves it."""
        yield template.label(self.path, self.place, key=self.key)
        if self.related is not None:
            path, text = self.related
            yield template.label(path, text, Role.RELATED)


def lacks(
    path: Path, keys: Sequence[str], start: str, where: str, functions: tuple[FunctionId, ...]
) -> Mistake:
    """Keys that the SAM transform insists on are missing: `start` begins the message, `where` ends the
    advice."""
    needs = " and ".join(f"`{key}`" for key in keys)
    message = f"{start} {needs}: the SAM transform refuses it"
    return Mistake(path, True, message, f"needs {needs}", f"add {needs}{where}", functions)
