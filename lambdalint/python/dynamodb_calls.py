"""Calls of DynamoDB that the service or the SDK refuses, by what is written in them.

A table's resource takes no floats: boto3's TypeSerializer raises TypeError. The service refuses expressions
with placeholders that are not defined, definitions that no expression uses, and reserved words as names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python.dynamodb import is_reserved, names_in, placeholders_in
from lambdalint.python.floats import float_in
from lambdalint.python.module import PythonModule
from lambdalint.python.results import is_logging
from lambdalint.python.symbols import Display, Instance, Literal, Sdk, given

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

__all__ = ["Fault", "expression_faults", "float_faults", "writer_faults"]

_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_MAPS = {"#": "ExpressionAttributeNames", ":": "ExpressionAttributeValues"}
# Parameters of a table's methods that hold values of attributes.
_VALUES = (
    "AttributeUpdates",
    "ExclusiveStartKey",
    "Expected",
    "ExpressionAttributeValues",
    "Item",
    "Key",
)
_CONDITIONS = "boto3.dynamodb.conditions."

_Place = tuple[PythonModule, cst.BaseExpression]


@dataclass(frozen=True)
class Fault:
    """What is wrong: `node` is the value or text at fault, `call` the call that is refused; `origin` is where
    a float comes from, if elsewhere."""

    message: str
    help: str
    module: PythonModule = field(repr=False)
    node: cst.CSTNode = field(repr=False)
    call: cst.Call = field(repr=False)
    call_module: PythonModule = field(repr=False)
    origin: _Place | None = field(default=None, repr=False)


# Expressions


def expression_faults(evaluator: Evaluator, call: AwsCall) -> Iterator[Fault]:
    """What DynamoDB refuses in the expressions of a call."""
    if call.open or not any(name in call.arguments for name in (*_EXPRESSIONS, *_MAPS.values())):
        return
    if any(argument.star for argument in call.node.args) and not _spread_is_final(evaluator, call):
        return
    texts, complete = _texts(evaluator, call)
    yield from _reserved(call, texts)
    for sign, name in _MAPS.items():
        yield from _placeholders(evaluator, call, texts, complete, sign, name)


def _spread_is_final(evaluator: Evaluator, call: AwsCall) -> bool:
    """Whether the dicts that are spread into a call are as they are written."""
    for argument in call.node.args:
        if argument.star:
            symbol = evaluator.value(call.module, argument.value)
            if not isinstance(symbol, Display) or not _is_as_written(evaluator, symbol, call.node):
                return False
    return True


def _texts(evaluator: Evaluator, call: AwsCall) -> tuple[Mapping[str, tuple[_Place, str]], bool]:
    """The expressions that are written out, each with where; and whether there is no other text."""
    found: dict[str, tuple[_Place, str]] = {}
    complete = True
    for name in _EXPRESSIONS:
        if name not in call.arguments:
            continue
        module, expr = call.arguments[name]
        symbol = evaluator.value(module, expr)
        written = _written_at(evaluator, module, expr)
        if written is not None and isinstance(symbol, Literal) and isinstance(symbol.value, str):
            found[name] = (written, symbol.value)
        elif not _is_condition(evaluator, module, expr, 0):
            complete = False
    return found, complete


def _written_at(
    evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression, depth: int = 0
) -> _Place | None:
    """Where a text is written: behind a name, what the name was given. None where it is put together."""
    if isinstance(expr, (cst.SimpleString, cst.ConcatenatedString, cst.FormattedString, cst.Attribute)):
        return module, expr
    if depth > 6:
        return None
    if isinstance(expr, cst.BinaryOperation):
        sides = [_written_at(evaluator, module, side, depth + 1) for side in (expr.left, expr.right)]
        return None if None in sides else (module, expr)
    if isinstance(expr, cst.Name):
        bindings = evaluator.reaching(module, expr)
        if len(bindings) == 1 and bindings[0].value is not None:
            return _written_at(evaluator, module, bindings[0].value, depth + 1)
        if len(bindings) == 1 and bindings[0].is_import:
            return module, expr
    return None


def _is_condition(evaluator: Evaluator, module: PythonModule, expr: cst.BaseExpression, depth: int) -> bool:
    """Whether an expression is built of `Key` and `Attr`, whose placeholders boto3 makes itself."""
    if depth > 6:
        return False
    if isinstance(expr, cst.BinaryOperation) and isinstance(expr.operator, (cst.BitAnd, cst.BitOr)):
        return all(_is_condition(evaluator, module, side, depth + 1) for side in (expr.left, expr.right))
    if isinstance(expr, cst.UnaryOperation) and isinstance(expr.operator, cst.BitInvert):
        return _is_condition(evaluator, module, expr.expression, depth + 1)
    if isinstance(expr, cst.Name):
        bindings = evaluator.reaching(module, expr)
        values = [binding.value for binding in bindings if binding.value is not None]
        if values and len(values) == len(bindings):
            return all(_is_condition(evaluator, module, value, depth + 1) for value in values)
    symbol = evaluator.value(module, expr)
    return isinstance(symbol, Instance) and symbol.root.qualified.startswith(_CONDITIONS)


def _reserved(call: AwsCall, texts: Mapping[str, tuple[_Place, str]]) -> Iterator[Fault]:
    for name, ((module, node), text) in texts.items():
        words = list(dict.fromkeys(word for word in names_in(text) if is_reserved(word)))
        if words:
            verb = "are reserved words" if len(words) > 1 else "is a reserved word"
            listed = ", ".join(f"`{word}`" for word in words)
            first = words[0]
            yield Fault(
                f"{listed} in {name} {verb}: DynamoDB refuses the call",
                f'write `#{first}`, and pass ExpressionAttributeNames={{"#{first}": "{first}"}}',
                module,
                node,
                call.node,
                call.module,
            )


def _placeholders(
    evaluator: Evaluator,
    call: AwsCall,
    texts: Mapping[str, tuple[_Place, str]],
    complete: bool,
    sign: str,
    name: str,
) -> Iterator[Fault]:
    defined = _definitions(evaluator, call, name)
    if defined is None:
        return
    certain, possible = defined
    used: set[str] = set()
    for parameter, ((module, node), text) in texts.items():
        names = sorted(found for found in placeholders_in(text) if found.startswith(sign))
        used.update(names)
        missing = [found for found in names if found not in possible]
        if missing and None not in possible:
            listed = ", ".join(f"`{found}`" for found in missing)
            verb = "are" if len(missing) > 1 else "is"
            yield Fault(
                f"{listed} in {parameter} {verb} not in {name}: DynamoDB refuses the call",
                f"define what the expression uses in {name}",
                module,
                node,
                call.node,
                call.module,
            )
    for key, (module, node) in certain.items():
        if complete and key not in used:
            yield Fault(
                f"`{key}` is defined, and no expression of the call uses it: DynamoDB refuses the call",
                f"take it out of {name}, or use it",
                module,
                node,
                call.node,
                call.module,
            )


def _definitions(
    evaluator: Evaluator, call: AwsCall, name: str
) -> tuple[Mapping[str, _Place], frozenset[str | None]] | None:
    """The placeholders that are certainly defined, with their places, and those that may be (None among them:
    others, too). None where nothing can be told."""
    if name not in call.arguments:
        return {}, frozenset()
    symbol = evaluator.value(*call.arguments[name])
    if not isinstance(symbol, Display) or not isinstance(symbol.node, cst.Dict):
        return None
    certain: dict[str, _Place] = {}
    possible: set[str | None] = set()
    for element in symbol.node.elements:
        if not isinstance(element, cst.DictElement):
            possible.add(None)
            continue
        key = evaluator.value(symbol.module, element.key)
        if isinstance(key, Literal) and isinstance(key.value, str):
            certain[key.value] = (symbol.module, element.key)
            possible.add(key.value)
        else:
            possible.add(None)
    if not _is_as_written(evaluator, symbol, call.node):
        possible.add(None)  # more may be put into it
    return certain, frozenset(possible)


def _is_as_written(evaluator: Evaluator, display: Display, call: cst.Call) -> bool:
    """Whether nothing changes a dict or list between its writing and its use in a call."""
    module = display.module
    parent = module.parent(display.node)
    if isinstance(parent, (cst.DictElement, cst.Element)):
        return True  # the dict or list around it is looked at by itself
    if isinstance(parent, cst.Arg):
        return module.parent(parent) is call
    if not isinstance(parent, (cst.Assign, cst.AnnAssign)):
        return False
    if isinstance(parent, cst.Assign):
        targets = [target.target for target in parent.targets]
    else:
        targets = [parent.target]
    if len(targets) != 1 or not isinstance(targets[0], cst.Name):
        return False
    binding = module.names.bound_by(targets[0])
    return binding is not None and all(_leaves_it(evaluator, module, read, call) for read in binding.reads)


def _leaves_it(evaluator: Evaluator, module: PythonModule, read: cst.Name, call: cst.Call) -> bool:
    parent = module.parent(read)
    if isinstance(parent, cst.Arg):
        outer = module.parent(parent)
        return outer is call or (isinstance(outer, cst.Call) and is_logging(evaluator, module, outer))
    if isinstance(parent, cst.Subscript):
        return not isinstance(module.parent(parent), (cst.AssignTarget, cst.AugAssign, cst.Del))
    return isinstance(parent, (cst.DictElement, cst.If, cst.Return))


# Floats


def float_faults(evaluator: Evaluator, reach: Reach, call: AwsCall) -> Iterator[Fault]:
    """The floats among the values that a method of a table's resource gets."""
    if call.interface != "resource" or call.receiver is None or call.receiver.type != "Table":
        return
    for name in _VALUES:
        if name in call.arguments:
            module, expr = call.arguments[name]
            yield from _floats(_Floats(evaluator, reach, call.module, call.node), module, expr, 0)


def writer_faults(
    evaluator: Evaluator, reach: Reach, module: PythonModule, call: cst.Call
) -> Iterator[Fault]:
    """The floats among the values that `batch_writer()`'s methods get."""
    func = call.func
    if not isinstance(func, cst.Attribute) or func.attr.value not in ("put_item", "delete_item"):
        return
    receiver = given(evaluator.value(module, func.value))
    if not any(isinstance(option, Sdk) and option.kind == "batch_writer" for option in receiver):
        return
    for argument in call.args:
        if not argument.star:
            yield from _floats(_Floats(evaluator, reach, module, call), module, argument.value, 0)


@dataclass(frozen=True)
class _Floats:
    evaluator: Evaluator
    reach: Reach
    module: PythonModule
    call: cst.Call


def _floats(search: _Floats, module: PythonModule, expr: cst.BaseExpression, depth: int) -> Iterator[Fault]:
    evaluator = search.evaluator
    origin = float_in(evaluator, search.reach, module, expr)
    if origin is not None:
        elsewhere = origin if origin[1] is not expr else None
        yield Fault(
            "a table takes no float: boto3 raises TypeError",
            "use Decimal for a fraction (`Decimal(str(x))`), int for a time",
            module,
            expr,
            search.call,
            search.module,
            elsewhere,
        )
        return
    symbol = evaluator.value(module, expr)
    if depth > 4 or not isinstance(symbol, Display) or not _is_as_written(evaluator, symbol, search.call):
        return
    node = symbol.node
    if isinstance(node, cst.Call):
        return
    for element in node.elements:
        if isinstance(element, (cst.DictElement, cst.Element)):
            yield from _floats(search, symbol.module, element.value, depth + 1)
