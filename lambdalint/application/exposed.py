"""What of stored data a function's callers come at: the calls that write, delete or return it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from lambdalint.iam import actions, sdk
from lambdalint.iam.actions import AccessLevel
from lambdalint.python.results import Way
from lambdalint.source import SourceError
from lambdalint.template.function import InlineCode, LocalCode

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    import libcst as cst

    from lambdalint.application.application import Application, Handler
    from lambdalint.discovery import Files
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.module import PythonModule
    from lambdalint.template.function import LambdaFunction

# The services that keep data, by boto3's names.
_STORES = frozenset(
    {
        "athena",
        "dynamodb",
        "rds-data",
        "redshift-data",
        "s3",
        "sdb",
        "secretsmanager",
        "ssm",
        "timestream-query",
    }
)
_SQL = frozenset({"rds-data", "redshift-data"})
# What starts a query there is a write to IAM, and reads.
_QUERIED = frozenset({"athena", "timestream-query"})
# Names of which one is in most code that finds out by itself who calls: of headers, tokens, signatures.
_ASKS = re.compile(
    r"authori[sz]|authenticat|bearer|\bjwt|\bjose\b|hmac|compare_digest|signature|password|passphrase|captcha"
    r"|cookie|shared_?secret|(?<!next)(?<!next_)(?<!continuation)(?<!request)token\b|verify_|principalid"
    r"|otp\b|(?:get\(|\[|headers\.)\s*['\"]?(?:x-)?api-?key\b",
    re.IGNORECASE,
)

_SOURCES = frozenset({".cjs", ".cs", ".go", ".java", ".js", ".kt", ".mjs", ".rb", ".rs", ".ts"})
_MOST_FILES = 60
# Parts of results that say how the call went, not what is kept.
_ABOUT = frozenset({"ResponseMetadata", "Count", "ScannedCount", "LastEvaluatedKey", "ETag", "VersionId"})
_DEPTH = 3

# Of these, what is not as well in code that proves itself to somebody else.
_ASKS_OTHERS = re.compile(
    r"hmac|compare_digest|signature|\bjwt|\bjose\b|verify_|task_?token|captcha|authorizer|principalid"
    r"|(?:get\(|\[|headers\.)\s*['\"]?(?:x-)?(?:authorization|api-?key)\b['\"]?\s*(?:[,)]|\](?!\s*=[^=]))",
    re.IGNORECASE,
)


def asks_itself(handler: Handler) -> bool:
    """Whether the code may find out by itself who calls: something in it is named so."""
    return any(module.mentions(_ASKS) for module in handler.reach.modules)


def code_asks(application: Application, function: LambdaFunction) -> bool:
    """Much the same of a function's code in whatever language, as far as it lies beside the template: whether
    it has names that are used of callers only."""
    handler = application.handler(function)
    if handler is not None:
        return any(module.mentions(_ASKS_OTHERS) for module in handler.reach.modules)
    code, files = function.code, application.files
    if isinstance(code, InlineCode):
        return _ASKS_OTHERS.search(code.source.text) is not None
    place = function.template.source.path.parent / code.path if isinstance(code, LocalCode) else None
    folder = files.resolve(place) if place is not None else None
    return folder is not None and any(_ASKS_OTHERS.search(text) for text in _texts(files, folder))


def _texts(files: Files, folder: PurePosixPath) -> Iterator[str]:
    """The sources below a folder, up to a limit."""
    left, found = [folder], 0
    while left and found < _MOST_FILES:
        here = left.pop()
        for name in files.children(here):
            path = here / name
            if files.vendored(path) or files.ignored(path) or name in ("node_modules", "target"):
                continue
            if files.is_dir(path):
                left.append(path)
            elif path.suffix in _SOURCES:
                found += 1
                with suppress(SourceError):
                    yield files.read_text(path).text


def exposed(handler: Handler) -> Iterator[tuple[AwsCall, str]]:
    """The calls of a handler that write, delete or give back stored data, each with the verb."""
    for call in handler.calls:
        if call.service in _STORES:
            verb = _verb(handler, call)
            if verb:
                yield call, verb


def _verb(handler: Handler, call: AwsCall) -> str:
    if call.interface in ("paginator", "waiter", "powertools"):
        return ""
    level = _level(call)
    if call.interface == "presign":
        return "signs URLs for"
    if level is None:
        return ""
    if call.service in _SQL and level >= AccessLevel.WRITE:
        return "runs SQL on"
    if level >= AccessLevel.WRITE and call.service not in _QUERIED:
        return "deletes from" if call.operation.startswith(("delete", "remove")) else "writes to"
    return "returns data of" if _given_back(handler, call.module, call.node, _DEPTH) else ""


def _given_back(handler: Handler, module: PythonModule, node: cst.CSTNode, depth: int) -> bool:
    """Whether a result, or a part of it that holds data, is the handler's answer or in it."""
    uses = handler.results.of(module, node)
    if uses.of(Way.RETURN):
        return True
    parts = [use for use in uses.of(Way.KEY) if use.key not in _ABOUT and use.node is not node]
    return depth > 0 and (
        any(_given_back(handler, use.module, use.node, depth - 1) for use in parts)
        or bool(handler.results.of_items(module, node).of(Way.RETURN))
    )


def _level(call: AwsCall) -> AccessLevel | None:
    permissions = sdk.permissions(call.service, call.operation, frozenset(call.arguments))
    if permissions is None:
        return None
    return actions.level(required.action for required in permissions.required)
