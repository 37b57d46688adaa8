"""What a `Handler` names that is not there, and what it most likely means.

Only what is certain counts (law 9): code that a build makes, that a layer out of sight may bring or that an
upload replaces is unknown.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.application.link import (
    BUILT,
    FILE_NOT_FOUND,
    IGNORED,
    MAKEFILE,
    NAME_MALFORMED,
    Bundle,
    Linked,
    Unlinked,
)
from lambdalint.application.modules import ParseFailure, parse_inline
from lambdalint.application.overview import split_handler
from lambdalint.finding import Label, Role
from lambdalint.source import SourceError

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.python.module import PythonModule
    from lambdalint.template.function import LambdaFunction

# Of a bundle with these, the file that was read may not be the one that runs.
_REWRITTEN = frozenset({MAKEFILE, IGNORED, BUILT, "built from elsewhere", "exec wrapper", "image"})
_INLINE = "the inline code"
_BINDS_UNSEEN = re.compile(r"\bglobals\(|\bsetattr\(|\bexec\(|__getattr__|\bvars\(|__dict__")
_REQUIREMENTS = ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg")


@dataclass(frozen=True)
class Missing:
    """What is not there: a `kind` of "module", "function" or "name" (of a function), in `place`.

    `nearest` is the handler that is most likely meant, as it would be written; "" where nothing is near.
    `label` points at it.
    """

    kind: str
    name: str
    place: str
    nearest: str = ""
    label: Label | None = None


def missing(application: Application, function: LambdaFunction) -> Missing | None:
    """What the function's `Handler` names in vain; None where all is there, or nobody can tell."""
    text = function.handler_text
    if function.is_python is not True or text is None:
        return None
    found = application.located(function)
    if isinstance(found, Linked):
        return _function(application, function, found)
    if found.bundle is None:
        return None
    if found.reason == NAME_MALFORMED and _REWRITTEN.isdisjoint(found.bundle.opaque):
        return _malformed(application, text, found.bundle)
    if found.reason == FILE_NOT_FOUND and not found.bundle.opaque:
        return _module(application, text, found)
    return None


# A name that is no handler's


def _malformed(application: Application, text: str, bundle: Bundle) -> Missing | None:
    if bundle.root is None:
        return Missing("name", text, _INLINE, "index.handler")
    dotted = text.strip().removesuffix(".py").replace("/", ".")
    handlers = [each for each in _handlers_in(application, bundle) if each.rpartition(".")[0] == dotted]
    others = handlers or list(_handlers_in(application, bundle))
    return Missing("name", text, _shown(bundle.root), others[0] if len(others) == 1 else "")


# A module that is not there


def _module(application: Application, text: str, found: Unlinked) -> Missing | None:
    assert found.bundle is not None
    split = split_handler(text)
    if split is None:
        return None
    module, attribute = split
    if module.split(".")[0] in sys.stdlib_module_names:
        return None
    bundle = found.bundle
    if bundle.root is None:
        if _is_in_project(application, module):
            return None  # inline code stands in until the real one is uploaded
        return Missing("module", module, _INLINE, f"index.{attribute}")
    if not _python_in(application, bundle.root) or _is_required(application, bundle, module):
        return None
    nearest = _nearest_module(application, bundle, module, attribute)
    return Missing("module", module, _shown(bundle.root), nearest)


def _is_in_project(application: Application, module: str) -> bool:
    return bool(application.files.python_ending(module.replace(".", "/") + ".py"))


def _is_required(application: Application, bundle: Bundle, module: str) -> bool:
    """Whether a requirement of the bundle may bring the module: one whose name is the module's root."""
    root = module.split(".")[0].lower().replace("_", "-")
    folder = bundle.root
    for name in _REQUIREMENTS if folder is not None else ():
        assert folder is not None
        path = folder / name
        if not application.files.is_file(path):
            continue
        try:
            text = application.files.read_text(path).text
        except SourceError:
            return True
        if re.search(rf"(?<![\w-]){re.escape(root)}(?![\w-])", text.lower().replace("_", "-")):
            return True
    return False


def _python_in(application: Application, folder: PurePosixPath) -> Sequence[PurePosixPath]:
    return application.files.python_in(folder)


def _nearest_module(application: Application, bundle: Bundle, module: str, attribute: str) -> str:
    """The handler that is meant: the same file in another folder of the bundle, the only one with such a
    function, or the one with the most similar name."""
    assert bundle.root is not None
    dotted = {_dotted(bundle.root, path): path for path in _python_in(application, bundle.root)}
    last = module.rsplit(".", 1)[-1]
    moved = [name for name in dotted if name.rsplit(".", 1)[-1] == last]
    if len(moved) == 1:
        return _with_function(application, dotted[moved[0]], moved[0], attribute)
    near = difflib.get_close_matches(module, dotted, n=1, cutoff=0.75)
    if near:
        return _with_function(application, dotted[near[0]], near[0], attribute)
    holding = [name for name, path in dotted.items() if attribute in _defined_in(application, path)]
    if len(holding) == 1:
        return f"{holding[0]}.{attribute}"
    handlers = list(_handlers_in(application, bundle))
    return handlers[0] if len(handlers) == 1 else ""


def _with_function(application: Application, path: PurePosixPath, dotted: str, attribute: str) -> str:
    defined = _defined_in(application, path)
    if attribute in defined or not defined:
        return f"{dotted}.{attribute}"
    near = difflib.get_close_matches(attribute, defined, n=1) or [
        name for name in defined if "handler" in name
    ]
    return f"{dotted}.{near[0]}" if near else dotted + "." + attribute


_DEF = re.compile(r"^(?:async\s+)?def\s+(\w+)\s*\(|^(\w+)\s*=", re.MULTILINE)
_HANDLER = re.compile(r"^def\s+(\w*handler\w*)\s*\(\s*\w+[^,()]*,\s*\w+", re.MULTILINE | re.IGNORECASE)


def _defined_in(application: Application, path: PurePosixPath) -> list[str]:
    return [first or second for first, second in _DEF.findall(_text(application, path))]


def _handlers_in(application: Application, bundle: Bundle) -> Iterator[str]:
    """The handlers of a bundle as a template would name them."""
    assert bundle.root is not None
    for path in _python_in(application, bundle.root):
        if {"test", "tests"}.isdisjoint(path.parts):
            for name in _HANDLER.findall(_text(application, path)):
                yield f"{_dotted(bundle.root, path)}.{name}"


def _text(application: Application, path: PurePosixPath) -> str:
    try:
        return application.files.read_python(path).text
    except SourceError:
        return ""


def _dotted(root: PurePosixPath, path: PurePosixPath) -> str:
    relative = path.relative_to(root).with_suffix("")
    parts = relative.parts[:-1] if relative.name == "__init__" else relative.parts
    return ".".join(parts)


def _shown(folder: PurePosixPath) -> str:
    return f"`{folder}/`" if folder.parts else "the folder of the template"


# A function that is not in its module


def _function(application: Application, function: LambdaFunction, linked: Linked) -> Missing | None:
    from lambdalint.python.handlers import find_handlers_by_shape

    if application.handler(function) is not None or not _REWRITTEN.isdisjoint(linked.bundle.opaque):
        return None
    module = _parsed(application, linked)
    if module is None or _may_bind(module):
        return None
    if linked.embedded is not None and not module.nodes(cst.FunctionDef, cst.Import, cst.ImportFrom):
        return None  # a stub that is there to be deployed
    place = _INLINE if linked.embedded is not None else f"`{linked.path}`"
    shaped = [node for node in find_handlers_by_shape(module) if isinstance(node, cst.FunctionDef)]
    functions = {
        name: bindings[-1].node
        for name, bindings in module.names.module_scope.bindings.items()
        if isinstance(bindings[-1].node, cst.FunctionDef)
    }
    near = difflib.get_close_matches(linked.attribute, functions, n=1)
    node = shaped[0] if len(shaped) == 1 else functions[near[0]] if near else None
    if not isinstance(node, cst.FunctionDef):
        return Missing("function", linked.attribute, place)
    text = (function.handler_text or "").rpartition(".")[0]
    label = module.label(node.name, "this is there", Role.RELATED)
    return Missing("function", linked.attribute, place, f"{text}.{node.name.value}", label)


def _parsed(application: Application, linked: Linked) -> PythonModule | None:
    if linked.embedded is None:
        return application.project.modules.get(linked.path)
    inline = parse_inline(linked.embedded)
    return None if isinstance(inline, ParseFailure) else inline


def _may_bind(module: PythonModule) -> bool:
    """Whether the module may bind names in a way that cannot be seen."""
    if module.mentions(_BINDS_UNSEEN):
        return True
    return bool(module.names.module_scope.bindings.get("*"))
