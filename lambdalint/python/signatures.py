"""With what a function can be called."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst


@dataclass(frozen=True)
class Signature:
    """How many positional arguments a function needs and takes (`most` None: any number), and which it needs
    by keyword."""

    least: int
    most: int | None
    keywords: tuple[str, ...] = ()

    def fits(self, count: int) -> bool:
        """Whether a call with so many positional arguments and no others works."""
        return not self.keywords and self.least <= count and (self.most is None or count <= self.most)


def signature(node: cst.FunctionDef | cst.Lambda, bound: int = 0) -> Signature:
    """The signature of a function of which the first `bound` parameters are filled already."""
    params = node.params
    positional = [*params.posonly_params, *params.params]
    required = [param for param in positional if param.default is None]
    keywords = tuple(param.name.value for param in params.kwonly_params if param.default is None)
    open_ended = isinstance(params.star_arg, cst.Param)
    return Signature(
        max(0, len(required) - bound),
        None if open_ended else max(0, len(positional) - bound),
        keywords,
    )
