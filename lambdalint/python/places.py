"""Where two pieces of one function stand to each other: which binding can be the last before a read.

Positions are compared by statements and blocks, which the tree gives for nothing; lines and columns would
cost a generation of the code.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import libcst as cst

from lambdalint.python.module import PythonModule

_BLOCKS = (cst.IndentedBlock, cst.SimpleStatementSuite, cst.Module)
_LOOPS = (cst.For, cst.While)


class Relation(enum.Enum):
    """What a binding means for a read in the same scope."""

    REPLACES = enum.auto()  # always runs before the read: what was bound earlier is gone
    MAY_REACH = enum.auto()
    AFTER_IN_LOOP = enum.auto()  # stands after the read, in a loop around both
    NEVER = enum.auto()


@dataclass(frozen=True)
class Place:
    """A read's blocks within its scope, innermost first: id of the block → its statement there, and whether a
    loop lies around the block. `within` are the ids of all that is around the read."""

    blocks: dict[int, tuple[int, cst.CSTNode, bool]]
    within: frozenset[int]


class Places:
    """Compares places; keeps the positions of statements in their blocks."""

    def __init__(self) -> None:
        self._positions: dict[int, dict[int, int]] = {}

    def place(self, module: PythonModule, node: cst.CSTNode, scope: cst.CSTNode) -> Place:
        """The place of a node within the function or module that is its scope."""
        blocks: dict[int, tuple[int, cst.CSTNode, bool]] = {}
        found: list[tuple[cst.CSTNode, cst.CSTNode]] = []
        loops_from: list[int] = []
        within: list[int] = []
        below = node
        for ancestor in module.ancestors(node):
            within.append(id(ancestor))
            if isinstance(ancestor, _BLOCKS):
                found.append((ancestor, below))
            if isinstance(ancestor, _LOOPS) and below is ancestor.body:
                loops_from.append(len(found))
            if ancestor is scope:
                break
            below = ancestor
        for depth, (block, statement) in enumerate(found):
            looped = any(depth < from_depth for from_depth in loops_from)
            blocks[id(block)] = (self._position(block, statement), statement, looped)
        return Place(blocks, frozenset(within))

    def path(self, module: PythonModule, node: cst.CSTNode) -> tuple[int, ...]:
        """The position of a node's statement in its block, behind those of the statements around it: this
        sorts the statements of one function as they stand, but for the branches of one statement."""
        found: list[int] = []
        below = node
        for ancestor in module.ancestors(node):
            if isinstance(ancestor, _BLOCKS):
                found.append(self._position(ancestor, below))
            below = ancestor
        return tuple(reversed(found))

    def relation(self, module: PythonModule, binding: cst.CSTNode, place: Place) -> Relation:
        """How a binding stands to the read whose place this is."""
        if id(binding) in place.within and not self._in_body(binding, place):
            # `x = x or …`: the read comes first.
            looped = any(looped for _, _, looped in place.blocks.values())
            return Relation.AFTER_IN_LOOP if looped else Relation.NEVER
        below = binding
        nested = False
        for ancestor in (binding, *module.ancestors(binding)):
            if isinstance(ancestor, _BLOCKS) and ancestor is not binding:
                known = place.blocks.get(id(ancestor))
                if known is not None:
                    return self._compare(ancestor, below, known, nested)
                nested = nested or not isinstance(module.parent(ancestor), cst.With)
            below = ancestor
        # A parameter: bound before anything in the body.
        return Relation.REPLACES

    @staticmethod
    def _in_body(binding: cst.CSTNode, place: Place) -> bool:
        body = getattr(binding, "body", None)
        return body is not None and id(body) in place.within

    def _compare(
        self, block: cst.CSTNode, statement: cst.CSTNode, known: tuple[int, cst.CSTNode, bool], nested: bool
    ) -> Relation:
        position, around_read, looped = known
        if statement is around_read:
            # In the head of the statement around the read (`for x in …`, `with … as x`), or another branch.
            return Relation.MAY_REACH if nested else Relation.REPLACES
        if self._position(block, statement) > position:
            return Relation.AFTER_IN_LOOP if looped else Relation.NEVER
        return Relation.MAY_REACH if nested or isinstance(statement, _LOOPS) else Relation.REPLACES

    def _position(self, block: cst.CSTNode, statement: cst.CSTNode) -> int:
        positions = self._positions.get(id(block))
        if positions is None:
            positions = {id(child): index for index, child in enumerate(getattr(block, "body", ()))}
            self._positions[id(block)] = positions
        return positions.get(id(statement), -1)
