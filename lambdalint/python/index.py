"""What one pass over a module's tables tells: returns, assignments to parts, calls by function."""

from __future__ import annotations

import libcst as cst

from lambdalint.memo import Memo
from lambdalint.python.module import PythonModule
from lambdalint.python.syntax import assignments, last_name

_KNOWN: Memo[PythonModule, Index] = Memo()


class Index:
    """What one pass over a module's tables tells about its functions and classes."""

    def __init__(self, module: PythonModule) -> None:
        self.returns: dict[int, list[cst.BaseExpression | None]] = {}
        for statement in module.nodes(cst.Return):
            function = module.enclosing_function(statement)
            if function is not None:
                self.returns.setdefault(id(function), []).append(statement.value)
        self.yields: dict[int, list[cst.BaseExpression]] = {}
        for produced in module.nodes(cst.Yield):
            function = module.enclosing_function(produced)
            if function is not None and isinstance(produced.value, cst.BaseExpression):
                self.yields.setdefault(id(function), []).append(produced.value)
        # `x.name = value` and `x[key] = value`, by the name or attribute that is assigned to.
        self.attributes: dict[str, list[tuple[cst.Attribute, cst.BaseExpression]]] = {}
        self.items: dict[str, list[tuple[cst.Subscript, cst.BaseExpression]]] = {}
        for target, value in assignments(module):
            if isinstance(target, cst.Attribute):
                self.attributes.setdefault(target.attr.value, []).append((target, value))
            elif isinstance(target, cst.Subscript):
                self.items.setdefault(last_name(target.value), []).append((target, value))
        self.calls: list[tuple[cst.FunctionDef | cst.Lambda | None, list[cst.Call]]] = _by_function(module)

    @classmethod
    def of(cls, module: PythonModule) -> Index:
        """The index of a module, made once for all who ask."""
        found = _KNOWN.get(module)
        if found is None:
            found = _KNOWN[module] = cls(module)
        return found


def _by_function(module: PythonModule) -> list[tuple[cst.FunctionDef | cst.Lambda | None, list[cst.Call]]]:
    found: dict[int, tuple[cst.FunctionDef | cst.Lambda | None, list[cst.Call]]] = {}
    for call in module.nodes(cst.Call):
        function = module.enclosing_function(call)
        found.setdefault(id(function), (function, []))[1].append(call)
    return list(found.values())
