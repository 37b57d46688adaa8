"""The environment of a function, by the template and its image, against what its code reads."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.application.mentions import unmentioned
from lambdalint.application.unseen import libraries
from lambdalint.python.variables import Reader, known_layer, readers, runtime_variable
from lambdalint.template.identity import render
from lambdalint.template.values import Known, Path, Reference, Text, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.application.link import Bundle
    from lambdalint.python.environment import EnvRead
    from lambdalint.template.function import LambdaFunction, Property
    from lambdalint.template.template import Template

# Why a bundle may get variables that neither template nor Dockerfile names (law 9).
_SETTERS = frozenset({"exec wrapper", "image with an entry point", "image on an unknown base"})


@dataclass(frozen=True, eq=False)
class Undeclared:
    """A variable that code requires, and the functions that have none of that name."""

    read: EnvRead
    functions: tuple[LambdaFunction, ...]


def declared(function: LambdaFunction, bundle: Bundle) -> frozenset[str] | None:
    """The variables that the template or the image gives a function in some branch, those that Lambda sets
    aside; None where there may be more."""
    environment = function.environment
    if isinstance(environment, Unknown) or function.template.incomplete:
        return None
    if not _SETTERS.isdisjoint(bundle.opaque) or _runs_on_a_device(function):
        return None
    return frozenset(environment).union(name for name, _ in bundle.environment)


def undeclared(handler: Handler) -> Iterator[Undeclared]:
    """The variables that a handler's reach requires and that some of its functions do not have, where their
    absence breaks it; a place once for each name."""
    from lambdalint.python.environment import Use
    from lambdalint.python.unset import excuse

    required = [read for read in handler.environment.reads if read.use is Use.REQUIRED]
    if not required:
        return
    known = [(function, declared(function, handler.bundle)) for function in handler.functions]
    for read in required:
        lacking = tuple(
            function
            for function, names in known
            if names is not None and not any(read.means(name) for name in names)
        )
        if not lacking or runtime_variable(read.name) is not None:
            continue
        if not excuse(handler.evaluator, handler.reach, handler.environment, read):
            yield Undeclared(read, lacking)


def _runs_on_a_device(function: LambdaFunction) -> bool:
    """Whether IoT Greengrass runs the function, in an environment that its own definition gives it."""
    template = function.template
    pending, seen = [function.logical_id], set[str]()
    while pending:
        name = pending.pop()
        for path in template.references(name):
            holder = template.resources.get(str(path[1])) if len(path) > 1 else None
            if holder is None or holder.logical_id in seen:
                continue
            seen.add(holder.logical_id)
            if holder.type.startswith("AWS::Greengrass"):
                return True
            if holder.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
                pending.append(holder.logical_id)
    return False


# Unused variables


@dataclass(frozen=True, eq=False)
class Unused:
    """A variable of a function's own that nothing in its bundle can read."""

    name: str
    function: LambdaFunction
    handler: Handler
    value: Property


# Values that change with each deployment are there to make Lambda take the new code.
_MARKS = re.compile(
    r"(?:^|_)(?:VERSION|SHA\d*|HASH|CHECKSUM|COMMIT|REVISION|BUILD|RELEASE|DEPLOY\w*|TIMESTAMP|FORCE\w*|UPDATED?)(?:_|$)",
    re.IGNORECASE,
)
_OUTSIDE = "layer outside the project"
_BY_API = ("get_function_configuration", "get_function(")


def unused(application: Application, handler: Handler) -> Iterator[Unused]:
    """The variables of its functions' own that nothing in a handler's bundle can read: neither the code of
    any handler in it, nor another file, nor a library or layer."""
    from lambdalint.python.handlers import is_stub

    if handler.bundle.root is None and is_stub(handler.node):
        return
    for function in handler.functions:
        known = _layer_readers(function, handler.bundle)
        if known is None or isinstance(function.environment, Unknown):
            continue
        candidates = {
            name: outcomes[0]
            for name, outcomes in function.environment.items()
            if outcomes and all(outcome.origin == "own" for outcome in outcomes)
        }
        names = [name for name in candidates if not _is_read_by_all(name, known)]
        for name in _unread(application, handler, names):
            yield Unused(name, function, handler, candidates[name])


def _is_read_by_all(name: str, known: Sequence[Reader]) -> bool:
    if _MARKS.search(name) or runtime_variable(name) is not None:
        return True
    common = (row for row in readers() if not row.imports and not row.layers)
    return any(row.reads(name) for row in (*common, *known))


def _layer_readers(function: LambdaFunction, bundle: Bundle) -> Sequence[Reader] | None:
    """What its layers hold that reads variables; None where layers or package are not all in sight."""
    if any(reason != _OUTSIDE for reason in bundle.opaque) or function.template.incomplete:
        return None
    found: list[Reader] = []
    for layer in function.layers:
        value = layer.value
        if isinstance(value, Reference) and value.logical_id in function.template.resources:
            continue
        row = known_layer(render(value))
        if row is None:
            return None
        found.append(row)
    return found


def _unread(application: Application, handler: Handler, names: Sequence[str]) -> Sequence[str]:
    """Those of the names that nothing in the bundle reads; cheap questions first."""
    if not names:
        return ()
    bundle = handler.bundle
    neighbours = [other for other in application.handlers if _shares(other.bundle, bundle, other, handler)]
    left = [name for name in names if not any(each.environment.why_read(name) for each in neighbours)]
    roots = _libraries(neighbours) if left else frozenset()
    if roots is None or _reads_configuration(application):
        return ()
    left = [name for name in left if not _is_read_by_library(name, roots)]
    read = {module.source.path for each in neighbours for module in each.reach.modules}
    return unmentioned(application.files, bundle.folders, left, read) if left else ()


def _shares(other: Bundle, bundle: Bundle, one: Handler, two: Handler) -> bool:
    return one is two or not frozenset(other.folders).isdisjoint(bundle.folders)


def _libraries(handlers: Sequence[Handler]) -> frozenset[str] | None:
    """The libraries that the code imports; None where one of them is not known, and may read anything."""
    found: set[str] = set()
    for handler in handlers:
        for module in handler.reach.modules:
            for binding in module.names.imports:
                root = (binding.imported or "").partition(".")[0]
                if not root or root in found or root in sys.stdlib_module_names:
                    continue
                if not module.in_type_checking(binding.node) and not handler.program.is_local(
                    module, binding
                ):
                    found.add(root)
    known = libraries()
    tabled = {name for row in readers() for name in row.imports}
    return frozenset(found) if found <= known.harmless | known.known.keys() | tabled else None


def _is_read_by_library(name: str, roots: frozenset[str]) -> bool:
    upper = name.upper()
    if any(upper.startswith(root.partition("_")[0].upper()) for root in roots):
        return True
    return any(not row.imports.isdisjoint(roots) and row.reads(name) for row in readers())


def _reads_configuration(application: Application) -> bool:
    """Whether code asks Lambda for a function's configuration, its environment included."""
    return any(text in module.source.text for module in application.modules for text in _BY_API)


# Secrets


@dataclass(frozen=True, eq=False)
class WrittenVariable:
    """A variable whose value in the template is a secret, with the functions that get it."""

    what: str
    name: str
    value: Property
    functions: tuple[LambdaFunction, ...]


def secrets_written(template: Template, more: Mapping[str, str]) -> Iterator[WrittenVariable]:
    """The environment variables of a template that hold a secret by its structure, once where each is
    written. `more` are further patterns."""
    from lambdalint.python.secret_patterns import may_hold_secret, secrets_in

    if not more and not may_hold_secret(template.source.text):
        return
    found: dict[Path, WrittenVariable] = {}
    for function in template.functions:
        environment = function.environment
        for name, outcomes in () if isinstance(environment, Unknown) else environment.items():
            for outcome in outcomes:
                text = outcome.value.value if isinstance(outcome.value, Known) else None
                secret = next(secrets_in(text, more), None) if isinstance(text, str) else None
                if secret is not None:
                    known = found.get(outcome.path)
                    functions = (*(known.functions if known is not None else ()), function)
                    found[outcome.path] = WrittenVariable(secret.what, name, outcome, functions)
    yield from found.values()


def holding_no_secret(handler: Handler) -> frozenset[str]:
    """The variables that hold a name, ARN, path or reference by the template, whatever they are called."""
    names: set[str] = set()
    for function in handler.functions:
        environment = function.environment
        for name, outcomes in () if isinstance(environment, Unknown) else environment.items():
            if all(_is_name(outcome.value) for outcome in outcomes):
                names.add(name)
    return frozenset(names)


def _is_name(value: Value) -> bool:
    if isinstance(value, Known):
        return isinstance(value.value, str) and value.value.startswith(("arn:", "/", "http"))
    if isinstance(value, Text):
        return bool(value.references) or render(value).startswith(("arn:", "/", "http"))
    return isinstance(value, Reference)
