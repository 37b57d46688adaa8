"""Whether a database connection leads to a proxy, which keeps the connections to the database itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambdalint.python import symbols
from lambdalint.template.identity import render

if TYPE_CHECKING:
    import libcst as cst

    from lambdalint.application.application import Handler
    from lambdalint.python.connections import Opened
    from lambdalint.python.module import PythonModule

_PROXY = re.compile(r"proxy|pgbouncer", re.IGNORECASE)
_TYPES = frozenset({"AWS::RDS::DBProxy", "AWS::RDS::DBProxyEndpoint"})


def is_behind_proxy(handler: Handler, opened: Opened) -> bool:
    """Whether what a call connects to is a proxy: a resource of the template, or something named so."""
    return leads_to_proxy(handler, opened.module, opened.call)


def leads_to_proxy(handler: Handler, module: PythonModule, call: cst.Call) -> bool:
    """The same, of any call that connects."""
    template = handler.application.template
    if template is not None and any(template.of_type(kind) for kind in _TYPES):
        return True  # some environment variable, parameter or secret leads there
    arguments = handler.evaluator.arguments(module, call)
    given = [*arguments.positional, *arguments.keywords.values()]
    return any(_is_named_so(handler, option) for each in given for option in symbols.alternatives(each))


def _is_named_so(handler: Handler, symbol: symbols.Symbol) -> bool:
    if isinstance(symbol, symbols.Text):
        return any(_is_named_so(handler, part) for part in symbol.parts)
    if isinstance(symbol, symbols.Literal):
        return isinstance(symbol.value, str) and _PROXY.search(symbol.value) is not None
    if not isinstance(symbol, symbols.EnvVar):
        return False
    if _PROXY.search(symbol.name):
        return True
    values = [
        outcome.value
        for function in handler.functions
        if isinstance(function.environment, Mapping)
        for outcome in function.environment.get(symbol.name, ())
    ]
    return any(_PROXY.search(render(value)) for value in values)
