"""SQL and object-relational mappers: reads of whole tables of which code keeps some, and unused columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.module import PythonModule
from lambdalint.python.results import Use, Uses, Way
from lambdalint.python.symbols import Class, External, Instance, Literal, Member, Symbol, given
from lambdalint.python.syntax import last_name
from lambdalint.python.whole_reads import WholeRead, answered, chosen, listed

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall, AwsCalls
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.results import Results

__all__ = ["sql_reads"]


def sql_reads(results: Results, calls: AwsCalls) -> Iterator[WholeRead]:
    """The statements within reach that read a whole table or all columns."""
    for call in calls:
        if call.api == "rds-data.execute_statement":
            yield from _of_data_api(results, call)
    for module in results.reach.modules:
        text = module.source.text
        if "execute" in text and re.search(r"\bselect\b", text, re.IGNORECASE):
            yield from _of_cursors(results, module)
        if ".all()" in text or ".scan()" in text or ".select()" in text:
            yield from _of_mappers(results, module)


# One table, nothing that limits, joins, groups or computes.
_WHOLE_TABLE = re.compile(
    r"\s*select\s+(?P<columns>[^()]+?)\s+from\s+(?P<table>[\w.\"`\[\]$]+)"
    r"(?:\s+(?:as\s+)?(?!order\b|where\b|limit\b|join\b)\w+)?(?:\s+order\s+by\s+[^()]+?)?\s*;?\s*",
    re.IGNORECASE,
)
_LIMITED = re.compile(r"\b(?:distinct|limit|top|fetch\s+first|offset)\b", re.IGNORECASE)
_ALL_COLUMNS = re.compile(r"\s*select\s+\*\s+from\b", re.IGNORECASE)
_FETCH = frozenset({"all", "fetchall", "fetchmany", "fetchone", "one", "first"})
_EVERY = frozenset({"all", "fetchall"})


def _of_data_api(results: Results, call: AwsCall) -> Iterator[WholeRead]:
    if "sql" not in call.arguments or call.open:
        return
    table = _table_of(results.evaluator, *call.arguments["sql"])
    uses = listed(results, call, "records")
    found = chosen(results, uses, call.module, call.node) if table else None
    if found is not None:
        what = f"every row of `{table}`"
        yield WholeRead(call.module, call.node, "rows", what, kept=found, call=call)


def _of_cursors(results: Results, module: PythonModule) -> Iterator[WholeRead]:
    for call in module.nodes(cst.Call):
        func = call.func
        if not isinstance(func, cst.Attribute) or func.attr.value != "execute" or not call.args:
            continue
        if results.reach.phase(module, call) is None:
            continue
        text = _text(results.evaluator, module, call.args[0].value)
        if text is not None:
            yield from _of_statement(results, module, call, text)


def _of_statement(results: Results, module: PythonModule, call: cst.Call, text: str) -> Iterator[WholeRead]:
    match = _WHOLE_TABLE.fullmatch(text)
    fetched = list(_fetched(module, call))
    if match is not None and not _LIMITED.search(text):
        what = f"every row of `{match['table']}`"
        uses = [use for place in fetched for use in _rows(results, module, place, every=True)]
        found = chosen(results, uses, module, call)
        if found is not None:
            yield WholeRead(module, call, "rows", what, kept=found)
            return
        reply = answered(uses)
        if reply is not None:
            yield WholeRead(module, call, "rows", what, reply=reply)
            return
    if _ALL_COLUMNS.match(text):
        columns = _few_columns(results, module, fetched)
        if columns:
            yield WholeRead(module, call, "columns", "all columns", columns=columns)


def _fetched(module: PythonModule, call: cst.Call) -> Iterator[cst.CSTNode]:
    """The expressions that give the rows of a statement: what is fetched of its result, or of its cursor
    until that gets another one; or the cursor itself, gone through."""
    func = call.func
    assert isinstance(func, cst.Attribute)
    result = module.parent(call)
    if isinstance(result, cst.Attribute):
        outer = module.parent(result)
        if result.attr.value in _FETCH and isinstance(outer, cst.Call) and outer.func is result:
            yield outer
        return
    names = [func.value]
    if isinstance(result, cst.Assign) and len(result.targets) == 1:
        names.append(result.targets[0].target)
    wanted = {name.value for name in names if isinstance(name, cst.Name)}
    function = module.enclosing_function(call)
    later = False
    for node in module.nodes(cst.Call, cst.For, cst.CompFor):
        if node is call:
            later = True
            continue
        if not later or module.enclosing_function(node) is not function:
            continue
        if isinstance(node, (cst.For, cst.CompFor)):
            if isinstance(node.iter, cst.Name) and node.iter.value in wanted:
                yield node.iter
            continue
        assert isinstance(node, cst.Call)
        method = node.func
        if not isinstance(method, cst.Attribute) or not isinstance(method.value, cst.Name):
            continue
        if method.value.value in wanted and method.attr.value in _FETCH:
            yield node
        elif method.value.value in wanted and method.attr.value == "execute":
            return


def _rows(results: Results, module: PythonModule, place: cst.CSTNode, every: bool) -> Iterator[Use]:
    if isinstance(place, cst.Name):
        loop = module.parent(place)
        assert loop is not None
        yield Use(Way.WHOLE, module, loop)
    elif isinstance(place, cst.Call) and (not every or last_name(place.func) in _EVERY):
        yield from results.of(module, place)
    else:
        yield Use(Way.LOST, module, place)


def _few_columns(results: Results, module: PythonModule, fetched: list[cst.CSTNode]) -> tuple[int, ...]:
    """The columns that are read by position, where one before the last of them is not; () where rows go
    elsewhere, or all of them are read."""
    columns: set[int] = set()
    for place in fetched:
        if isinstance(place, cst.Name):
            loop = module.parent(place)
            rows = results.of_items(module, place) if isinstance(loop, (cst.For, cst.CompFor)) else Uses()
        elif isinstance(place, cst.Call) and last_name(place.func) in _EVERY:
            if any(use.way in (Way.LOST, Way.RETURN) for use in results.of(module, place)):
                return ()
            rows = results.of_items(module, place)
        else:
            rows = results.of(module, place)
        for use in rows:
            if use.way in (Way.TEST, Way.LOG):
                continue
            if use.way is not Way.KEY or not isinstance(use.key, int) or use.key < 0:
                return ()
            columns.add(use.key)
    found = tuple(sorted(columns))
    return found if found and found != tuple(range(len(found))) else ()


def _table_of(evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression) -> str:
    text = _text(evaluator, module, expr)
    match = _WHOLE_TABLE.fullmatch(text) if text is not None else None
    return match["table"] if match is not None and not _LIMITED.search(text or "") else ""


def _text(evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression) -> str | None:
    """The statement that is executed, `sqlalchemy.text(…)` taken off."""
    symbol: Symbol = evaluator.value(module, expr)
    if isinstance(symbol, Instance) and symbol.qualified in ("sqlalchemy.text", "sqlalchemy.sql.text"):
        symbol = evaluator.arguments(symbol.module, symbol.node).get(0, "text") or symbol
    return symbol.value if isinstance(symbol, Literal) and isinstance(symbol.value, str) else None


# Mappers

_SESSIONS = ("sqlalchemy.", "flask_sqlalchemy.", "sqlmodel.")
# The bases of models, by library, and the methods that read every row of one.
_MODELS = {
    "pynamodb.models.Model": "scan",
    "peewee.Model": "select",
}


def _of_mappers(results: Results, module: PythonModule) -> Iterator[WholeRead]:
    for call in module.nodes(cst.Call):
        func = call.func
        if not isinstance(func, cst.Attribute) or call.args:
            continue
        if func.attr.value not in ("all", "scan", "select") or results.reach.phase(module, call) is None:
            continue
        model = _model(results.evaluator, module, func)
        if not model:
            continue
        found = chosen(results, list(results.of(module, call)), module, call)
        if found is not None:
            yield WholeRead(module, call, "rows", f"every `{model}`", kept=found)


def _model(evaluator: Evaluator, module: PythonModule, func: cst.Attribute) -> str:
    """The name of the model of which a call reads every row; "" where it does not."""
    base = func.value
    if func.attr.value != "all":
        for option in given(evaluator.value(module, base)):
            if isinstance(option, Class) and _derives(evaluator, option, func.attr.value):
                return option.node.name.value
        return ""
    if isinstance(base, cst.Attribute) and base.attr.value in ("objects", "query"):
        # Django's manager and Flask-SQLAlchemy's query, of a class.
        for option in given(evaluator.value(module, base.value)):
            if isinstance(option, Class):
                return option.node.name.value
            if isinstance(option, External) and option.qualified.rpartition(".")[2][:1].isupper():
                return option.qualified.rpartition(".")[2]
    if isinstance(base, cst.Call) and last_name(base.func) == "query" and len(base.args) == 1:
        symbol = evaluator.value(module, base.func)
        session = symbol.base if isinstance(symbol, Member) else None
        if isinstance(session, Instance) and session.root.qualified.startswith(_SESSIONS):
            return last_name(base.args[0].value)
    return ""


def _derives(evaluator: Evaluator, cls: Class, method: str) -> bool:
    for argument in cls.node.bases:
        symbol = evaluator.value(cls.module, argument.value)
        if isinstance(symbol, External) and _MODELS.get(symbol.qualified) == method:
            return True
        if isinstance(symbol, Class) and _derives(evaluator, symbol, method):
            return True
    return False
