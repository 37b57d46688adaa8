"""Requests over HTTP that code makes: by a function of a library, or on the object of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.python import symbols
from lambdalint.python.library import HTTP_READS, HTTP_SENDS, HTTP_SESSIONS

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule

__all__ = ["is_near", "is_request", "may_request"]

_METHODS = HTTP_READS | HTTP_SENDS | {"request", "stream", "send", "urlopen"}
_FUNCTIONS = frozenset(
    {
        *(f"{module}.{method}" for module in ("requests", "httpx", "requests.api") for method in _METHODS),
        "nltk.download",
        "urllib.request.urlopen",
        "urllib.request.urlretrieve",
        "urllib2.urlopen",
        "urllib3.request",
        "wget.download",
    }
)
_CONNECTIONS = ("http.client.HTTPConnection", "http.client.HTTPSConnection")
_LIBRARIES = frozenset({"http", "httpx", "nltk", "requests", "urllib", "urllib2", "urllib3", "wget"})
# What answers within the environment: extensions, the runtime, the metadata of containers.
_NEAR = ("localhost", "127.0.0.1", "169.254.", "sandbox", "[::1]", "0.0.0.0")
_NEAR_VARIABLES = ("AWS_LAMBDA_RUNTIME_API", "EXTENSION_HTTP_PORT")


def may_request(module: PythonModule) -> bool:
    """Whether a module imports a library that makes requests."""
    roots = {(binding.imported or "").partition(".")[0] for binding in module.names.imports}
    return not roots.isdisjoint(_LIBRARIES)


def is_request(evaluator: Evaluator, module: PythonModule, node: cst.Call) -> bool:
    """Whether a call requests something that lies outside of the environment."""
    known = module.names.qualified(node.func) in _FUNCTIONS or _is_session(evaluator, module, node)
    return known and not is_near(evaluator, module, node)


def _is_session(evaluator: Evaluator, module: PythonModule, node: cst.Call) -> bool:
    func = node.func
    if not isinstance(func, cst.Attribute) or func.attr.value not in _METHODS:
        return False
    return any(
        isinstance(option, symbols.Instance)
        and option.origin is None
        and option.qualified.startswith((*HTTP_SESSIONS, *_CONNECTIONS))
        for option in symbols.alternatives(evaluator.value(module, func.value))
    )


def is_near(evaluator: Evaluator, module: PythonModule, node: cst.Call) -> bool:
    """Whether a request goes to something within the environment, as far as its URL tells."""
    near = (*_NEAR, *_NEAR_VARIABLES)
    for argument in node.args[:2]:
        for option in symbols.alternatives(evaluator.value(module, argument.value)):
            written = (
                repr(option) if isinstance(option, (symbols.Literal, symbols.Text, symbols.EnvVar)) else ""
            )
            if any(word in written for word in near):
                return True
            if isinstance(option, symbols.Instance):  # `urllib.request.Request(url)`
                made = evaluator.arguments(option.module, option.node).get(0, "url")
                if made is not None and any(word in repr(made) for word in near):
                    return True
    return False
