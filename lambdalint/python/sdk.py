"""What the AWS SDK for Python's objects are and do: sessions, clients, resource objects, paginators, waiters.

The shapes of resource objects and the operation behind each of their methods come from boto3's own models, by
way of the tables in `lambdalint/data`; the SDK itself is never imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import libcst as cst

from lambdalint.python.module import PythonModule
from lambdalint.python.symbols import (
    NONE,
    Credentials,
    EnvVar,
    Instance,
    Literal,
    Response,
    Sdk,
    Symbol,
    Unknown,
    each,
    given,
)

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Arguments

_CLIENTS = frozenset({"boto3.client", "aioboto3.client", "aws_xray_sdk.client"})
_RESOURCES = frozenset({"boto3.resource", "aioboto3.resource"})
_SESSIONS = frozenset(
    {
        "aioboto3.Session",
        "aioboto3.session.Session",
        "aiobotocore.get_session",
        "aiobotocore.session.AioSession",
        "aiobotocore.session.get_session",
        "boto3.Session",
        "boto3._get_default_session",
        "boto3.session.Session",
        "botocore.session.Session",
        "botocore.session.get_session",
    }
)
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_CLIENT_POSITIONS = (
    "service_name",
    "region_name",
    "api_version",
    "use_ssl",
    "verify",
    "endpoint_url",
    *_KEYS,
    "config",
)
_SESSION_POSITIONS = (*_KEYS, "region_name", "botocore_session", "profile_name")
# The variables in which Lambda hands a function its own role's credentials.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_OWN_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})

# Client methods that call nothing by themselves.
# https://boto3.amazonaws.com/v1/documentation/api/latest/reference/core/session.html
LOCAL_METHODS = frozenset(
    {
        "can_paginate",
        "close",
        "exceptions",
        "get_available_subresources",
        "get_paginator",
        "get_waiter",
        "meta",
        "waiter_names",
    }
)

# Methods that boto3 adds to S3 objects: the operation they make, and their positional parameters.
# https://boto3.amazonaws.com/v1/documentation/api/latest/guide/s3.html
_TRANSFERS: Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "client": {
        "upload_file": ("put_object", ("Filename", "Bucket", "Key")),
        "upload_fileobj": ("put_object", ("Fileobj", "Bucket", "Key")),
        "download_file": ("get_object", ("Bucket", "Key", "Filename")),
        "download_fileobj": ("get_object", ("Bucket", "Key", "Fileobj")),
        "copy": ("copy_object", ("CopySource", "Bucket", "Key")),
    },
    "Bucket": {
        "upload_file": ("put_object", ("Filename", "Key")),
        "upload_fileobj": ("put_object", ("Fileobj", "Key")),
        "download_file": ("get_object", ("Key", "Filename")),
        "download_fileobj": ("get_object", ("Key", "Fileobj")),
        "copy": ("copy_object", ("CopySource", "Key")),
    },
    "Object": {
        "upload_file": ("put_object", ("Filename",)),
        "upload_fileobj": ("put_object", ("Fileobj",)),
        "download_file": ("get_object", ("Filename",)),
        "download_fileobj": ("get_object", ("Fileobj",)),
        "copy": ("copy_object", ("CopySource",)),
    },
}
_PRESIGN_URL = ("ClientMethod", "Params", "ExpiresIn", "HttpMethod")
_PRESIGN_POST = ("Bucket", "Key", "Fields", "Conditions", "ExpiresIn")
_AUTH_TOKENS = frozenset(
    {"generate_db_auth_token", "generate_db_connect_auth_token", "generate_db_connect_admin_auth_token"}
)
_COLLECTION_STEPS = frozenset({"all", "filter", "limit", "page_size", "pages"})

_STUBS = re.compile(r"^(?:types_aio|types_|mypy_|types_)?(?:aio)?boto(?:3|core)_(\w+)$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Operation:
    """The API operation behind a method of an SDK object.

    `filled` are the API members that the object itself supplies. `positional` names the parameters of methods
    that take positional arguments (those of API operations never do).
    """

    service: str
    name: str
    interface: str
    filled: tuple[tuple[str, Symbol], ...] = ()
    positional: tuple[str, ...] = ()


# Making


def makes(qualified: str) -> bool:
    """Whether calling the name makes a session, a client or a resource."""
    return qualified in _CLIENTS or qualified in _RESOURCES or qualified in _SESSIONS


def make(qualified: str, arguments: Arguments, module: PythonModule, node: cst.Call) -> Symbol | None:
    """What calling a factory of the SDK gives; None for any other name."""
    if qualified in _SESSIONS:
        credentials = _credentials(arguments, _SESSION_POSITIONS, Credentials.OWN)
        return Sdk("session", credentials=credentials, module=module, node=node)
    if qualified in _CLIENTS:
        return _make("client", Credentials.OWN, arguments, module, node)
    if qualified in _RESOURCES:
        return _make("resource", Credentials.OWN, arguments, module, node)
    return None


def _make(
    kind: str, inherited: Credentials, arguments: Arguments, module: PythonModule, node: cst.Call
) -> Symbol:
    service = arguments.get(0, "service_name", "resource_name")
    if service is None:
        return Unknown("dynamic service")
    credentials = _credentials(arguments, _CLIENT_POSITIONS, inherited)

    def one(name: Symbol) -> Symbol:
        if isinstance(name, Literal) and isinstance(name.value, str):
            return Sdk(kind, name.value, credentials=credentials, module=module, node=node)
        return Unknown("dynamic service")

    return each(service, one)


def _credentials(arguments: Arguments, positions: tuple[str, ...], inherited: Credentials) -> Credentials:
    for name in _KEYS:
        symbol = arguments.get(positions.index(name), name)
        if symbol is None or symbol == NONE:
            continue
        if not all(isinstance(option, EnvVar) and option.name in _OWN_KEYS for option in given(symbol)):
            return Credentials.OTHER
    if "profile_name" in positions:
        profile = arguments.get(positions.index("profile_name"), "profile_name")
        if profile is not None and profile != NONE:
            return Credentials.OTHER
        core = arguments.get(positions.index("botocore_session"), "botocore_session")
        if core is not None and core != NONE:
            return core.credentials if isinstance(core, Sdk) else Credentials.UNKNOWN
    return Credentials.UNKNOWN if arguments.open else inherited


def annotated(qualified: str) -> Sdk | None:
    """The SDK object that a type of the stub packages stands for (`mypy_boto3_s3.client.S3Client`)."""
    if qualified in ("boto3.Session", "boto3.session.Session"):
        return Sdk("session")
    if qualified == "boto3.dynamodb.table.TableResource":
        return Sdk("object", "dynamodb", "Table")
    head, _, rest = qualified.partition(".")
    match = _STUBS.match(head)
    if match is None or not rest:
        return None
    service = match.group(1).replace("_", "-")
    name = rest.rpartition(".")[2]
    if name.endswith("Client"):
        return Sdk("client", service)
    if name.endswith("ServiceResource"):
        return Sdk("resource", service)
    if name.endswith("Paginator"):
        operation = _CAMEL.sub("_", name.removesuffix("Paginator")).lower()
        return Sdk("paginator", service, operation)
    if "service_resource" in rest and name in _resources().get(service, {}):
        return Sdk("object", service, name)
    return None


# Following


def attribute(base: Sdk, name: str) -> Symbol | None:
    """An attribute that is an SDK object or an identifier; None for methods and data."""
    if name == "meta" and base.kind in ("client", "resource", "object"):
        return _like(base, "meta")
    if base.kind == "meta" and name == "client":
        return _like(base, "client")
    if base.kind == "batch_writer" or base.kind not in ("resource", "object"):
        return None
    table = _type(base)
    if table is None:
        return None
    if name in table.get("collections", {}):
        return Sdk(
            "collection",
            base.service,
            f"{base.type}.{name}",
            base.identifiers,
            base.credentials,
            base.module,
            base.node,
        )
    reference = table.get("has", {}).get(name)
    if reference is not None and not _takes_arguments(reference) and name.islower():
        return _object(base, reference, None)
    for identifier, symbol in base.identifiers:
        if _CAMEL.sub("_", identifier).lower() == name:
            return symbol
    return None


def call(base: Sdk, name: str, arguments: Arguments, module: PythonModule, node: cst.Call) -> Symbol:
    """What a method of an SDK object returns."""
    if base.kind == "session":
        return _session_call(base, name, arguments, module, node)
    if base.kind == "client":
        return _client_call(base, name, arguments, module, node)
    if base.kind == "paginator":
        return Response(base.service, base.type, module, node)
    if base.kind == "collection":
        return base if name in _COLLECTION_STEPS else Unknown("collection method", name)
    if base.kind in ("resource", "object"):
        return _object_call(base, name, arguments, module, node)
    return NONE


def item(many: Sdk) -> Symbol:
    """What iterating over an SDK object gives."""
    if many.kind != "collection":
        return Unknown("loop item")
    owner, _, name = many.type.rpartition(".")
    collection = _resources().get(many.service, {}).get(owner, {}).get("collections", {}).get(name)
    if collection is None or "returns" not in collection:
        return Unknown("loop item")
    return _object(many, collection["returns"], None)


def _like(base: Sdk, kind: str) -> Sdk:
    return Sdk(kind, base.service, credentials=base.credentials, module=base.module, node=base.node)


def _session_call(base: Sdk, name: str, arguments: Arguments, module: PythonModule, node: cst.Call) -> Symbol:
    if name in ("client", "create_client"):
        return _make("client", base.credentials, arguments, module, node)
    if name == "resource":
        return _make("resource", base.credentials, arguments, module, node)
    return Instance(f"boto3.Session().{name}", module, node)


def _client_call(base: Sdk, name: str, arguments: Arguments, module: PythonModule, node: cst.Call) -> Symbol:
    if name in ("get_paginator", "get_waiter"):
        kind = name.removeprefix("get_")
        what = arguments.get(0, "operation_name", "waiter_name")

        def one(symbol: Symbol) -> Symbol:
            if isinstance(symbol, Literal) and isinstance(symbol.value, str):
                return Sdk(
                    kind,
                    base.service,
                    symbol.value,
                    credentials=base.credentials,
                    module=base.module,
                    node=base.node,
                )
            return Unknown(f"dynamic {kind}")

        return each(what, one) if what is not None else Unknown(f"dynamic {kind}")
    return Response(base.service, name, module, node)


def _object_call(base: Sdk, name: str, arguments: Arguments, module: PythonModule, node: cst.Call) -> Symbol:
    if base.type == "Table" and name == "batch_writer":
        return Sdk(
            "batch_writer",
            base.service,
            "Table",
            base.identifiers,
            base.credentials,
            base.module,
            base.node,
        )
    table = _type(base)
    if table is None:
        return Unknown("resource type", base.type)
    made = table.get("has", {}).get(name)
    if made is not None:
        return _object(base, made, arguments)
    action = table.get("actions", {}).get(name)
    if action is None:
        return (
            NONE
            if name in _TRANSFERS.get(base.type, ()) or name.startswith("wait_until_")
            else Unknown("resource method", name)
        )
    if "returns" in action:
        return _object(base, action["returns"], arguments)
    return Response(base.service, action["op"], module, node)


def _object(base: Sdk, made: Mapping[str, Any], arguments: Arguments | None) -> Symbol:
    """The resource object that a relation or an action yields."""
    identifiers: list[tuple[str, Symbol]] = []
    position = 0
    for target, source in made["ids"].items():
        symbol: Symbol | None = Unknown("response data", target)
        if source == "input":
            symbol = arguments.get(position, target, _CAMEL.sub("_", target).lower()) if arguments else None
            position += 1
        elif source.startswith("own:"):
            symbol = base.identifier(source.removeprefix("own:"))
        elif source.startswith("argument:") and arguments is not None:
            symbol = arguments.get(-1, source.removeprefix("argument:"))
        identifiers.append((target, symbol or Unknown("identifier", target)))
    if base.service == "sqs" and made["type"] == "Queue" and arguments is not None:
        name = arguments.get(-1, "QueueName")
        if name is not None:
            identifiers.append(("QueueName", name))
    return Sdk(
        "object",
        base.service,
        made["type"],
        tuple(identifiers),
        base.credentials,
        base.module,
        base.node,
    )


def _takes_arguments(made: Mapping[str, Any]) -> bool:
    return "input" in made["ids"].values()


def _type(base: Sdk) -> Mapping[str, Any] | None:
    found = _resources().get(base.service, {}).get(base.type if base.kind == "object" else "")
    return found if isinstance(found, dict) else None


# Operations


def operation(receiver: Sdk, method: str, arguments: Arguments) -> Operation | None:
    """The API operation that calling a method makes; None where it makes none or is not known."""
    service = receiver.service
    if receiver.kind == "client":
        return _client_operation(service, method, arguments)
    if receiver.kind == "paginator" and method == "paginate":
        return Operation(service, receiver.type, "paginator")
    if receiver.kind == "waiter" and method == "wait":
        name = waiters(service).get(receiver.type)
        return Operation(service, name, "waiter") if name else None
    if receiver.kind == "collection":
        return _collection_operation(receiver, method)
    if receiver.kind in ("resource", "object"):
        return _object_operation(receiver, method)
    return None


def _client_operation(service: str, method: str, arguments: Arguments) -> Operation | None:
    if method in LOCAL_METHODS:
        return None
    if method == "generate_presigned_url":
        signed = arguments.get(0, "ClientMethod")
        if isinstance(signed, Literal) and isinstance(signed.value, str):
            return Operation(service, signed.value, "presign", positional=_PRESIGN_URL)
        return None
    if method == "generate_presigned_post":
        return Operation(service, "put_object", "presign", positional=_PRESIGN_POST)
    if method in _AUTH_TOKENS:
        return Operation(service, method, "presign")
    if service == "s3" and method in _TRANSFERS["client"]:
        name, positional = _TRANSFERS["client"][method]
        return Operation(service, name, "transfer", positional=positional)
    return Operation(service, method, "client")


def _object_operation(receiver: Sdk, method: str) -> Operation | None:
    service, kind = receiver.service, receiver.type
    if kind == "Table" and method == "batch_writer":
        filled = _filled(receiver, {"TableName": "Name"})
        return Operation(service, "batch_write_item", "resource", filled)
    if service == "s3" and method in _TRANSFERS.get(kind, {}):
        name, positional = _TRANSFERS[kind][method]
        own = {"Bucket": "Name"} if kind == "Bucket" else {"Bucket": "BucketName", "Key": "Key"}
        return Operation(service, name, "transfer", _filled(receiver, own), positional)
    table = _type(receiver)
    if table is None:
        return None
    action = table.get("actions", {}).get(method)
    if action is not None:
        return Operation(service, action["op"], "resource", _filled(receiver, action.get("params", {})))
    waiter = table.get("waiters", {}).get(method)
    if waiter is not None:
        return Operation(service, waiter["op"], "waiter", _filled(receiver, waiter.get("params", {})))
    return None


def _collection_operation(receiver: Sdk, method: str) -> Operation | None:
    owner, _, name = receiver.type.rpartition(".")
    types = _resources().get(receiver.service, {})
    collection = types.get(owner, {}).get("collections", {}).get(name)
    if collection is None:
        return None
    filled = _filled(receiver, collection.get("params", {}))
    if method in _COLLECTION_STEPS:
        return Operation(receiver.service, collection["op"], "resource", filled)
    batch = types.get(collection.get("type", ""), {}).get("batch", {}).get(method)
    return Operation(receiver.service, batch, "resource", filled) if batch else None


def _filled(receiver: Sdk, members: Mapping[str, str]) -> tuple[tuple[str, Symbol], ...]:
    found = []
    for member, identifier in members.items():
        symbol = receiver.identifier(identifier)
        if receiver.type == "Queue" and identifier == "Url":
            symbol = receiver.identifier("QueueName") or symbol
        found.append((member, symbol or Unknown("annotation")))
    return tuple(found)


# Tables


def waiters(service: str) -> Mapping[str, str]:
    """The operation that each waiter of a service polls."""
    found: Mapping[str, str] = _operations()["waiters"].get(service, {})
    return found


def is_operation(method: str) -> bool:
    """Whether some service that Lambda functions use has an operation of this name."""
    return method in _operation_names()


def target_paths(service: str, operation_name: str) -> tuple[str, ...] | None:
    """Where a call names the resource it acts on, in order; None for a service that the table leaves out."""
    table = _targets().get(service)
    if table is None:
        return None
    return tuple(table.get(operation_name, table.get("*", ())))


def services_with_targets() -> Iterator[str]:
    """The services of the table of main arguments."""
    yield from _targets()


@cache
def operations_of(service: str) -> frozenset[str]:
    """The client operations of a service, in snake case; empty for one that the table does not have."""
    return frozenset(_operations()["operations"].get(service, "").split())


@cache
def _operation_names() -> frozenset[str]:
    return frozenset(name for names in _operations()["operations"].values() for name in names.split())


@cache
def _operations() -> Mapping[str, Any]:
    found: Mapping[str, Any] = _load("sdk_methods.json")
    return found


@cache
def _resources() -> Mapping[str, Any]:
    found: Mapping[str, Any] = _load("sdk_resources.json")["services"]
    return found


@cache
def _targets() -> Mapping[str, Any]:
    return {name: table for name, table in _load("sdk_targets.json").items() if not name.startswith("_")}


def _load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("lambdalint.data").joinpath(name).read_text(encoding="utf-8"))
    return found
