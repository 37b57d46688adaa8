"""Secrets on their way into the log: what a call prints or logs, and what of it is secret."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python import symbols
from lambdalint.python.environment import environ_references
from lambdalint.python.index import Index
from lambdalint.python.names import BindingKind
from lambdalint.python.syntax import last_name, string_value

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["Logged", "logged_secrets"]

_LEVELS = frozenset({"critical", "debug", "error", "exception", "fatal", "info", "log", "warn", "warning"})
_PRINTERS = frozenset(
    {"builtins.print", "pprint.pprint", "pprint.pp", "sys.stdout.write", "sys.stderr.write", "rich.print"}
)
_LOGGERS = re.compile(r"(?:^|_)log(?:ger|ging)?s?$|^_?log(?:ger)?", re.IGNORECASE)
# Functions that hand on what they are given, as far as the log shows it.
_SHOWING = frozenset(
    {
        "builtins.dict",
        "builtins.list",
        "builtins.repr",
        "builtins.sorted",
        "builtins.str",
        "builtins.tuple",
        "builtins.vars",
        "copy.copy",
        "copy.deepcopy",
        "json.dumps",
        "json.loads",
        "pprint.pformat",
        "base64.b64decode",
        "orjson.dumps",
        "simplejson.dumps",
        "ujson.dumps",
    }
)
_SAME = frozenset(
    {"copy", "decode", "encode", "format", "items", "join", "strip", "values", "lower", "upper"}
)
_MAX_DEPTH = 6
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, eq=False)
class Logged:
    """A secret that a call logs: `node` is the part of its arguments that holds it, `origin` the call that
    read it, where there is one."""

    what: str
    module: PythonModule
    call: cst.Call
    node: cst.BaseExpression
    origin: tuple[PythonModule, cst.Call] | None = None


@dataclass(frozen=True)
class _Leak:
    what: str
    node: cst.BaseExpression
    origin: tuple[PythonModule, cst.Call] | None = None


def logged_secrets(
    evaluator: Evaluator,
    reach: Reach,
    read: Mapping[int, tuple[PythonModule, cst.Call]],
    plain_variables: Collection[str] = (),
    more: Sequence[str] = (),
) -> Iterator[Logged]:
    """The secrets that code within reach logs, one for each call that does.

    `read` are the calls that read a secret, by id; `plain_variables` the environment variables that are known
    to hold a name or reference; `more` are further names of secret fields.
    """
    finder = _Finder(evaluator, reach, read, frozenset(plain_variables), tuple(more))
    for module in reach.modules:
        for function, calls in Index.of(module).calls:
            if function is not None and reach.phase(module, calls[0]) is None:
                continue
            for call in calls:
                if _logs(module, call) and reach.phase(module, call) is not None:
                    leak = finder.in_call(module, call)
                    if leak is not None:
                        yield Logged(leak.what, module, call, leak.node, leak.origin)


def _logs(module: PythonModule, call: cst.Call) -> bool:
    if not call.args:
        return False
    func = call.func
    if isinstance(func, cst.Attribute) and func.attr.value in _LEVELS:
        receiver = func.value.func if isinstance(func.value, cst.Call) else func.value
        name = last_name(receiver)
        return bool(_LOGGERS.search(name)) or name == "getLogger"
    if isinstance(func, cst.Name) and func.value not in ("print", "pprint", "pp"):
        return False
    return (module.names.qualified(func) or "") in _PRINTERS


class _Finder:
    def __init__(
        self,
        evaluator: Evaluator,
        reach: Reach,
        read: Mapping[int, tuple[PythonModule, cst.Call]],
        plain_variables: frozenset[str],
        more: tuple[str, ...],
    ) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.read = read
        self.plain_variables = plain_variables
        self.more = more

    @cached_property
    def _calls_back(self) -> bool:
        """Whether a token is that of a state machine's task."""
        return any("send_task_" in module.source.text for module in self.reach.modules)

    def in_call(self, module: PythonModule, call: cst.Call) -> _Leak | None:
        for argument in call.args:
            leak = self.leak(module, argument.value, 0)
            if leak is not None:
                return leak
        return None

    def leak(self, module: PythonModule, expr: cst.BaseExpression, depth: int) -> _Leak | None:
        """The secret that an expression shows; None where it shows none."""
        if depth > _MAX_DEPTH:
            return None
        if isinstance(expr, (cst.Name, cst.Attribute, cst.Subscript)):
            return self._value(module, expr, depth)
        if isinstance(expr, cst.Call):
            return self._call(module, expr, depth)
        for part in _parts(expr):
            found = self.leak(module, part, depth + 1)
            if found is not None:
                return found
        return None

    def _call(self, module: PythonModule, call: cst.Call, depth: int) -> _Leak | None:
        known = self._of_symbol(module, call, self.evaluator.value(module, call))
        if known is not None:
            return known
        func = call.func
        name = module.names.qualified(func)
        if name in _SHOWING or (isinstance(func, cst.Attribute) and func.attr.value in _SAME):
            if isinstance(func, cst.Attribute) and name not in _SHOWING:
                found = self.leak(module, func.value, depth + 1)
                if found is not None:
                    return found
            for argument in call.args:
                found = self.leak(module, argument.value, depth + 1)
                if found is not None:
                    return found
        return None

    def _value(
        self, module: PythonModule, expr: cst.Name | cst.Attribute | cst.Subscript, depth: int
    ) -> _Leak | None:
        if self._is_environment(module, expr):
            return _Leak("whole environment", expr)
        symbol = self.evaluator.value(module, expr)
        found = self._of_symbol(module, expr, symbol)
        if found is not None or _is_told(symbol):
            return found
        name = _own_name(expr)
        if name and self._says_secret(name, fields=False):
            return _Leak(f"`{name}`", expr)
        if isinstance(expr, cst.Name):
            return self._of_binding(module, expr, depth)
        if isinstance(expr, cst.Subscript) and name is not None:
            base = self.leak(module, expr.value, depth + 1)
            if base is not None and self._is_member(name):
                return _Leak(base.what, expr, base.origin)
        return None

    def _of_binding(self, module: PythonModule, name: cst.Name, depth: int) -> _Leak | None:
        """The secret that a variable was made of."""
        binding = module.names.latest(name)
        if binding is None or binding.is_import:
            return None
        if binding.kind in (BindingKind.FOR, BindingKind.COMPREHENSION):
            loop = binding.node
            if isinstance(loop, (cst.For, cst.CompFor)) and _is_values_of(loop, name.value):
                over = loop.iter.func.value  # type: ignore[attr-defined]
                if self._is_environment(module, over):
                    return _Leak("whole environment", name)
            return None
        if binding.value is None or len(module.names.lookup(name)) > 1:
            return None
        found = self.leak(module, binding.value, depth + 1)
        return _Leak(found.what, name, found.origin) if found is not None else None

    def _is_environment(self, module: PythonModule, expr: cst.BaseExpression) -> bool:
        return any(
            reference.kind == "environ" and reference.node is expr for reference in environ_references(module)
        )

    def _of_symbol(
        self, module: PythonModule, expr: cst.BaseExpression, symbol: symbols.Symbol
    ) -> _Leak | None:
        for option in symbols.given(symbol):
            parts = option.parts if isinstance(option, symbols.Text) else (option,)
            for part in parts:
                for one in symbols.alternatives(part):
                    what, origin = self._secret(one)
                    if what:
                        return _Leak(what, expr, origin)
        return None

    def _secret(self, symbol: symbols.Symbol) -> tuple[str, tuple[PythonModule, cst.Call] | None]:
        if isinstance(symbol, symbols.Response):
            return self._answer(symbol), (symbol.module, symbol.node)
        if isinstance(symbol, symbols.Instance) and id(symbol.node) in self.read:
            return "secret's value", (symbol.module, symbol.node)
        if isinstance(symbol, symbols.EnvVar):
            secret = symbol.name not in self.plain_variables and self._says_secret(symbol.name, fields=True)
            return (f"variable `{symbol.name}`" if secret else ""), None
        part = symbols.laid_over(symbol)
        if part is not None and part.path and isinstance(part.path[-1], str):
            name = part.path[-1].lstrip(".")
            secret = self._says_secret(name, fields=True) and not (name == "token" and self._calls_back)
            return (f"field `{name}`" if secret else ""), None
        return "", None

    def _answer(self, response: symbols.Response) -> str:
        row = _responses().get(f"{response.service}.{response.operation}")
        if row is None or (row.get("decrypted") and not self._is_secret_parameter(response)):
            return ""
        if response.path and response.path[0] not in row["parts"]:
            return ""
        names = [step for step in response.path[1:] if isinstance(step, str)]
        return row["what"] if not names or self._is_member(names[-1]) else ""

    def _is_secret_parameter(self, response: symbols.Response) -> bool:
        """Whether a parameter is asked for decrypted, by a name that says that it is a secret: code asks so
        for plain ones, too."""
        if id(response.node) not in self.read:
            return False
        expressions, _ = self.evaluator.keyword_expressions(response.module, response.node)
        asked = [expressions[name] for name in ("Name", "Names", "Path") if name in expressions]
        words = load_names()["parameters"]
        return any(word in name.lower() for place in asked for name in self._texts(*place) for word in words)

    def _texts(self, module: PythonModule, expr: cst.BaseExpression) -> Iterator[str]:
        for option in symbols.given(self.evaluator.value(module, expr)):
            if isinstance(option, symbols.Display):
                for _, item in self.evaluator.items(option) or ():
                    yield from self._texts(option.module, item)
            parts = option.parts if isinstance(option, symbols.Text) else (option,)
            for part in parts:
                if isinstance(part, symbols.Literal):
                    yield str(part.value)
                elif isinstance(part, symbols.EnvVar):
                    yield part.name

    def _is_member(self, name: str) -> bool:
        """Whether a member of a secret is what is secret of it."""
        return _snake(name) in _members() or self._says_secret(name, fields=True)

    def _says_secret(self, name: str, fields: bool) -> bool:
        snake = _snake(name)
        table = load_names()
        if snake in self.more or (fields and snake in table["fields"]):
            return True
        for known in table["names"]:
            if snake == known:
                return True
            if snake.endswith(f"_{known}"):
                return snake.removesuffix(f"_{known}").rpartition("_")[2] not in table["others"]
        return False


def _parts(expr: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The expressions of which a text or container is made."""
    if isinstance(expr, cst.FormattedString):
        for part in expr.parts:
            if isinstance(part, cst.FormattedStringExpression):
                yield part.expression
    elif isinstance(expr, cst.ConcatenatedString) or (
        isinstance(expr, cst.BinaryOperation) and isinstance(expr.operator, (cst.Add, cst.Modulo))
    ):
        yield expr.left
        yield expr.right
    elif isinstance(expr, (cst.Tuple, cst.List, cst.Set)):
        for element in expr.elements:
            yield element.value
    elif isinstance(expr, cst.Dict):
        for entry in expr.elements:
            yield entry.value
    elif isinstance(expr, cst.IfExp):
        yield expr.body
        yield expr.orelse
    elif isinstance(expr, cst.BooleanOperation):
        yield expr.right


def _own_name(expr: cst.Name | cst.Attribute | cst.Subscript) -> str | None:
    """What an expression is called: a variable, an attribute, a constant key."""
    if isinstance(expr, cst.Subscript):
        index = expr.slice[0].slice if len(expr.slice) == 1 else None
        value = index.value if isinstance(index, cst.Index) else None
        text = string_value(value) if isinstance(value, cst.SimpleString) else None
        return text if isinstance(text, str) else None
    return last_name(expr)


def _is_told(symbol: symbols.Symbol) -> bool:
    """Whether it is known what a value is, and so that it is no secret by its name alone."""
    told = (
        symbols.Literal,
        symbols.EnvVar,
        symbols.FromEvent,
        symbols.Response,
        symbols.Function,
        symbols.Class,
        symbols.External,
        symbols.LocalModule,
        symbols.Sdk,
    )
    return all(
        isinstance(option, told) and not (isinstance(option, symbols.Literal) and option.value is None)
        for option in symbols.alternatives(symbol)
    )


def _is_values_of(loop: cst.For | cst.CompFor, name: str) -> bool:
    """Whether a loop gives a name the values of a mapping: `for k, v in x.items()`, `for v in x.values()`."""
    call = loop.iter
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return False
    if call.func.attr.value == "values":
        return True
    if call.func.attr.value != "items" or not isinstance(loop.target, cst.Tuple):
        return False
    return last_name(loop.target.elements[-1].value) == name


def _snake(name: str) -> str:
    return _CAMEL.sub("_", name).replace("-", "_").lower()


@cache
def _responses() -> Mapping[str, Mapping[str, Any]]:
    return {row["operation"]: row for row in load("logged_secrets.toml")["response"]}


@cache
def _members() -> frozenset[str]:
    return frozenset(load("logged_secrets.toml")["members"]["names"])


@cache
def load_names() -> Mapping[str, Sequence[str]]:
    """The names of secret fields, and the words that make them something else."""
    found: Mapping[str, Sequence[str]] = load("logged_secrets.toml")["named"]
    return found
