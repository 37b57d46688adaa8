"""Why code may call AWS unseen: through libraries, extensions, SDK objects that are handed on."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from lambdalint.application.needed import ANY, Open
from lambdalint.data import tables
from lambdalint.iam import sdk

if TYPE_CHECKING:
    import libcst as cst

    from lambdalint.application.application import Handler
    from lambdalint.python.module import PythonModule

# Where the Parameters and Secrets extension listens.
_EXTENSION_PORT = "2773"
# Callables that get SDK objects and whose calls are read, or that call nothing.
_READERS = (
    "builtins.",
    "aws_lambda_powertools.",
    "boto3.",
    "functools.",
    "logging.",
    "json.",
    "aws_xray_sdk.",
)


# Decorators that call the function when it is called, and keep it for nobody.
_AROUND = ("backoff.", "cachetools.", "retry.", "retrying.", "tenacity.")
_MAKERS = frozenset({"boto3.client", "boto3.resource"})
_REQUEST = "botocore.awsrequest"
_SIGNER = "botocore.auth"


@dataclass(frozen=True)
class Libraries:
    """`data/aws_libraries.toml`: libraries, modules of libraries and layers that call AWS, with the IAM
    prefixes of what they call, and libraries that do not."""

    known: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[str, ...]]
    layers: Mapping[str, tuple[str, ...]]
    harmless: frozenset[str]

    def prefixes(self, library: str) -> tuple[str, ...]:
        """The services that a library may call; any, for one that is not known."""
        return self.known.get(library, (ANY,))


@cache
def libraries() -> Libraries:
    """The table of libraries."""
    table = tables.load("aws_libraries.toml")
    return Libraries(
        known={name: tuple(prefixes) for name, prefixes in table["libraries"].items()},
        parts={name: tuple(prefixes) for name, prefixes in table["parts"].items()},
        layers={name: tuple(prefixes) for name, prefixes in table["layers"].items()},
        harmless=frozenset(table["harmless"]["names"]),
    )


def unseen(handler: Handler) -> Iterator[Open]:
    """Why more may be called within a handler's reach than its SDK calls say."""
    for unresolved in handler.calls.unresolved:
        yield Open(f"the call {unresolved.name or 'of the SDK'} is not resolved ({unresolved.reason})")
    for library in handler.calls.wrappers:
        if library.startswith(_REQUEST):
            continue  # made to be signed, which is another import
        if library.startswith(_SIGNER):
            yield Open(f"the code signs requests by itself ({library})", _signed(handler))
            continue
        yield Open(f"{library} calls AWS by itself", libraries().prefixes(library.partition(".")[0]))
    for module in handler.reach.modules:
        if _EXTENSION_PORT in module.source.text:
            yield Open("the code asks the Parameters and Secrets extension", ("secretsmanager", "ssm", "kms"))
        yield from _imports(handler, module)
        yield from _by_name(handler, module)
        yield from _handed_on(handler, module)
        yield from _registered(handler, module)


def _signed(handler: Handler) -> tuple[str, ...]:
    """The IAM prefixes of the services for which code signs requests: any, where one cannot be told.

    SigV4Auth(credentials, service_name, region_name) signs for the service of its second argument; its names
    are those of IAM's actions (`execute-api`, `es`, `aoss`, `lambda`).
    """
    import libcst as cst

    from lambdalint.python.symbols import Literal, given

    found: dict[str, None] = {}
    for module in handler.reach.modules:
        for call in module.nodes(cst.Call):
            if not (module.names.qualified(call.func) or "").startswith(f"{_SIGNER}."):
                continue
            service = handler.evaluator.arguments(module, call).get(1, "service_name")
            for option in given(service) if service is not None else ():
                text = option.value if isinstance(option, Literal) else None
                prefix = sdk.prefix(text) if isinstance(text, str) else None
                if prefix is None:
                    return (ANY,)
                found[prefix] = None
            if service is None:
                return (ANY,)
    return tuple(found) or (ANY,)


def _by_name(handler: Handler, module: PythonModule) -> Iterator[Open]:
    """Methods of SDK objects that are taken by a name which only run time tells, and clients of a service
    that cannot be told."""
    import libcst as cst

    from lambdalint.python.symbols import External, Literal, Sdk, given

    for call in module.nodes(cst.Call):
        if handler.reach.phase(module, call) is None:
            continue
        if isinstance(call.func, cst.Name) and call.func.value == "getattr" and len(call.args) > 1:
            names = given(handler.evaluator.value(module, call.args[1].value))
            if names and all(isinstance(name, Literal) for name in names):
                continue
            for option in given(handler.evaluator.value(module, call.args[0].value)):
                if isinstance(option, Sdk):
                    prefix = (sdk.prefix(option.service) if option.service else None) or ANY
                    yield Open("a method of an SDK object is taken by a name", (prefix,))
                elif isinstance(option, External) and option.qualified.startswith("boto3"):
                    yield Open("a part of boto3 is taken by a name")
        elif (module.names.qualified(call.func) or "") in _MAKERS:
            made = given(handler.evaluator.value(module, call))
            if any(not isinstance(option, Sdk) or not option.service for option in made) or not made:
                yield Open("a client is made for a service that cannot be told")


def _imports(handler: Handler, module: PythonModule) -> Iterator[Open]:
    from lambdalint.python.names import BindingKind

    wrappers = {library.partition(".")[0] for library in handler.calls.wrappers}
    seen = sys.stdlib_module_names | libraries().harmless | wrappers
    for binding in module.names.imports:
        qualified = (binding.qualified or "").lstrip(".")
        root = qualified.partition(".")[0]
        for part, prefixes in libraries().parts.items():
            if f"{qualified}.".startswith(f"{part}."):
                yield Open(f"{part} calls AWS by itself", prefixes)
        if binding.kind is BindingKind.STAR_IMPORT or not root or root in seen:
            continue
        if root.startswith(("mypy_boto3", "types_")) or module.in_type_checking(binding.node):
            continue
        if not handler.program.is_local(module, binding):
            yield Open(f"what {root} calls is not in sight", libraries().prefixes(root))


def _registered(handler: Handler, module: PythonModule) -> Iterator[Open]:
    """Functions that a library's decorator may have it call, and nothing within reach does."""
    import libcst as cst

    for function in module.nodes(cst.FunctionDef):
        if not function.decorators or handler.reach.function_phases(function):
            continue
        for decorator in function.decorators:
            expr = decorator.decorator
            name = module.names.qualified(expr.func if isinstance(expr, cst.Call) else expr) or ""
            root = name.partition(".")[0]
            if root and not name.startswith((*_READERS, *_AROUND)) and root in _libraries(handler, module):
                yield Open(f"{root} may call {function.name.value}")


def _libraries(handler: Handler, module: PythonModule) -> frozenset[str]:
    return frozenset(
        (binding.qualified or "").partition(".")[0]
        for binding in module.names.imports
        if not handler.program.is_local(module, binding)
    ).difference(sys.stdlib_module_names)


def _handed_on(handler: Handler, module: PythonModule) -> Iterator[Open]:
    """Methods of SDK objects that are passed as values, and SDK objects that are passed to a library."""
    import libcst as cst

    for node in module.nodes(cst.Call):
        if not node.args or handler.reach.phase(module, node) is None:
            continue
        for argument in node.args:
            if isinstance(argument.value, (cst.Name, cst.Attribute)):
                yield from _passed(handler, module, node, argument.value)


def _passed(
    handler: Handler, module: PythonModule, call: cst.Call, value: cst.Name | cst.Attribute
) -> Iterator[Open]:
    from lambdalint.python.sdk import is_operation
    from lambdalint.python.symbols import Member, Sdk, given

    for symbol in given(handler.evaluator.value(module, value)):
        if isinstance(symbol, Member) and isinstance(symbol.base, Sdk) and is_operation(symbol.name):
            prefix = sdk.prefix(symbol.base.service) or ANY
            yield Open(f"{symbol.base.service}.{symbol.name} is handed on as a function", (prefix,))
        elif isinstance(symbol, Sdk) and symbol.service and _is_of_library(handler, module, call.func):
            yield Open(
                f"a {symbol.service} client is handed to a library", (sdk.prefix(symbol.service) or ANY,)
            )


def _is_of_library(handler: Handler, module: PythonModule, callee: cst.BaseExpression) -> bool:
    from lambdalint.python.symbols import External, Instance, Member, given

    for symbol in given(handler.evaluator.value(module, callee)):
        if isinstance(symbol, External) and not symbol.qualified.startswith(_READERS):
            return True
        if isinstance(symbol, Member) and isinstance(symbol.base, Instance):
            return True
    return False
