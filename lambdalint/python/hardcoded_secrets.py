"""Secrets that stand in code: by their structure, as keys of SDK clients, as passwords of connect calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.memo import Memo
from lambdalint.python import symbols
from lambdalint.python.index import Index
from lambdalint.python.module import PythonModule
from lambdalint.python.secret_patterns import (
    is_local,
    is_password,
    logins,
    may_hold_secret,
    password_in,
    secrets_in,
)
from lambdalint.python.syntax import string_value
from lambdalint.python.written import where_written

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach
    from lambdalint.python.secret_patterns import Login

__all__ = ["WrittenSecret", "written_secrets"]

_FACTORIES = frozenset({"boto3.client", "boto3.resource", "boto3.Session", "boto3.session.Session"})
_HOSTS = ("host", "hostname", "server", "dsn", "url")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
_SECRET_KEY = re.compile(r"[A-Za-z0-9/+=]{40}")
_SECRET_NAME = "aws_secret_access_key"
_PLACEHOLDER = "\0"


@dataclass(frozen=True, eq=False)
class WrittenSecret:
    """A secret in code. `node` is the string; `call` what it is given to, None where it stands for itself;
    `key_id` the key id that belongs to it."""

    what: str
    module: PythonModule
    node: cst.CSTNode
    call: tuple[PythonModule, cst.Call] | None = None
    key_id: tuple[PythonModule, cst.CSTNode] | None = None


def written_secrets(
    evaluator: Evaluator, reach: Reach, more: Mapping[str, str] | None = None
) -> Iterator[WrittenSecret]:
    """The secrets in what runs within a reach; each string once. `more` are further patterns."""
    seen: set[int] = set()
    for found in (*_in_calls(evaluator, reach), *_by_structure(reach, more or {})):
        if id(found.node) not in seen:
            seen.add(id(found.node))
            if found.key_id is not None:
                seen.add(id(found.key_id[1]))
            yield found


# By structure


_STRUCTURED: Memo[PythonModule, tuple[WrittenSecret, ...]] = Memo()


def _by_structure(reach: Reach, more: Mapping[str, str]) -> Iterator[WrittenSecret]:
    for module in reach.modules:
        found = _STRUCTURED.get(module) if not more else None
        if found is None:
            asked = bool(more) or may_hold_secret(module.source.text)
            found = tuple(_in_strings(module, more)) if asked else ()
            if not more:
                _STRUCTURED[module] = found
        yield from (each for each in found if reach.phase(module, each.node) is not None)


def _in_strings(module: PythonModule, more: Mapping[str, str]) -> Iterator[WrittenSecret]:
    """The strings of a module that hold a secret; those in several pieces as a whole."""
    for whole in module.nodes(cst.ConcatenatedString):
        if isinstance(module.parent(whole), cst.ConcatenatedString):
            continue
        value = whole.evaluated_value
        if isinstance(value, str):
            yield from _held(module, whole, value, more)
    for string in module.nodes(cst.SimpleString):
        parent = module.parent(string)
        if isinstance(parent, (cst.ConcatenatedString, cst.Expr)):
            continue
        value = string_value(string)
        yield from _held(module, string, value if isinstance(value, str) else value.decode("latin-1"), more)
    for part in module.nodes(cst.FormattedStringText):
        string_around = module.parent(part)
        if string_around is not None:
            yield from _held(module, string_around, part.value, more)


def _held(
    module: PythonModule, node: cst.CSTNode, text: str, more: Mapping[str, str]
) -> Iterator[WrittenSecret]:
    if len(text) >= 16 or more:
        for secret in secrets_in(text, more):
            yield WrittenSecret(secret.what, module, node)
            return


# Given to calls


def _in_calls(evaluator: Evaluator, reach: Reach) -> Iterator[WrittenSecret]:
    roots = _roots()
    for module in reach.modules:
        imported = {(binding.imported or "").partition(".")[0] for binding in module.names.imports}
        if imported.isdisjoint(roots) and _SECRET_NAME not in module.source.text:
            continue
        for _, calls in Index.of(module).calls:
            for call in calls:
                yield from _in_call(evaluator, reach, module, call)


@cache
def _roots() -> frozenset[str]:
    return frozenset({"boto3", *(name.partition(".")[0] for name in logins())})


def _in_call(
    evaluator: Evaluator, reach: Reach, module: PythonModule, call: cst.Call
) -> Iterator[WrittenSecret]:
    name = module.names.qualified(call.func)
    login = logins().get(name or "")
    # Other libraries take the keys by the same name as boto3, and mean the same.
    is_factory = name in _FACTORIES or any(
        each.keyword is not None and each.keyword.value == _SECRET_NAME for each in call.args
    )
    if login is None and not is_factory and isinstance(call.func, cst.Attribute):
        login, is_factory = _of_method(evaluator, module, call)
    if (login is None and not is_factory) or reach.phase(module, call) is None:
        return
    if is_factory:
        yield from _keys(evaluator, module, call)
    elif login is not None and not _is_local(evaluator, module, call):
        yield from _passwords(evaluator, module, call, login)


@cache
def _methods() -> frozenset[str]:
    named = {name.rpartition("().")[2] for name in logins() if "()." in name}
    return frozenset({"client", "resource", *named})


def _of_method(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> tuple[Login | None, bool]:
    assert isinstance(call.func, cst.Attribute)
    method = call.func.attr.value
    if method not in _methods():
        return None, False
    for option in symbols.given(evaluator.value(module, call.func.value)):
        if isinstance(option, symbols.Instance):
            found = logins().get(f"{option.qualified}().{method}")
            if found is not None:
                return found, False
        elif isinstance(option, symbols.Sdk) and option.kind == "session":
            return None, method in ("client", "resource")
    return None, False


def _keys(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> Iterator[WrittenSecret]:
    """The secret key (and with it, the key id) that an SDK client or session is given."""
    given = {each.keyword.value: each.value for each in call.args if each.keyword is not None}
    secret = given.get(_SECRET_NAME)
    if secret is None:
        return
    symbol = evaluator.value(module, secret)
    text = symbol.value if isinstance(symbol, symbols.Literal) else None
    if (
        isinstance(text, str)
        and _SECRET_KEY.fullmatch(text)
        and "EXAMPLE" not in text
        and len(set(text)) > 12
    ):
        home, node = where_written(evaluator, module, secret)
        key_id = given.get("aws_access_key_id")
        place = where_written(evaluator, module, key_id) if key_id is not None else None
        yield WrittenSecret("AWS secret access key", home, node, (module, call), place)


def _passwords(
    evaluator: Evaluator, module: PythonModule, call: cst.Call, login: Login
) -> Iterator[WrittenSecret]:
    positional = [each.value for each in call.args if each.keyword is None and not each.star]
    expressions = [each.value for each in call.args if each.keyword and each.keyword.value in login.names]
    if 0 <= login.position < len(positional):
        expressions.append(positional[login.position])
    for expr in expressions:
        last = expr.elements[-1].value if isinstance(expr, cst.Tuple) and expr.elements else expr
        if isinstance(expr, cst.Tuple) and len(expr.elements) != 2:
            continue
        text = _literal(evaluator.value(module, last))
        if text is not None and is_password(text):
            home, node = where_written(evaluator, module, last)
            yield WrittenSecret("password", home, node, (module, call))
    if not login.dsn:
        return
    named = [each.value for each in call.args if each.keyword and each.keyword.value in _HOSTS]
    for expr in (*positional[:1], *named):
        if password_in(_text(evaluator.value(module, expr))) is not None:
            home, node = where_written(evaluator, module, expr)
            yield WrittenSecret("password in a connection string", home, node, (module, call))


def _text(symbol: symbols.Symbol) -> str:
    """A text with a mark for what is not known of it, which no password matches."""
    if isinstance(symbol, symbols.Literal):
        return symbol.value if isinstance(symbol.value, str) else ""
    if isinstance(symbol, symbols.Text):
        return "".join(
            str(part.value) if isinstance(part, symbols.Literal) else f"${{{_PLACEHOLDER}}}"
            for part in symbol.parts
        )
    return ""


def _is_local(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> bool:
    """Whether the server is the machine itself."""
    hosts = [each.value for each in call.args if each.keyword is not None and each.keyword.value in _HOSTS]
    hosts += [each.value for each in call.args[:1] if each.keyword is None and not each.star]
    for expr in hosts:
        text = _literal(evaluator.value(module, expr))
        if text is not None and is_local(text):
            return True
    return False


def _literal(symbol: symbols.Symbol) -> str | None:
    return symbol.value if isinstance(symbol, symbols.Literal) and isinstance(symbol.value, str) else None
