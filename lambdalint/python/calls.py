"""The AWS API calls that code makes: which operation of which service, on what, with whose permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from typing import Literal as OneOf

import libcst as cst

from lambdalint.python import sdk
from lambdalint.python.index import Index
from lambdalint.python.module import PythonModule
from lambdalint.python.symbols import (
    Choice,
    Credentials,
    Display,
    EnvVar,
    External,
    FromEvent,
    Instance,
    Literal,
    Member,
    Parameter,
    Response,
    Sdk,
    Symbol,
    Text,
    Unknown,
    alternatives,
    given,
)

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.reach import Reach

__all__ = ["AwsCall", "AwsCalls", "Credentials", "Target", "UnresolvedCall", "aws_calls", "invocation_type"]

Interface = OneOf["client", "resource", "paginator", "waiter", "transfer", "powertools", "presign"]
TargetKind = OneOf["env", "literal", "parameter", "event", "none", "unknown"]


@dataclass(frozen=True)
class Target:
    """The resource that the main argument of a call names.

    `value` is, by kind: the variable's name, the literal, the parameter's name, the dotted path into the
    event; empty otherwise. `default` is what an unset variable is replaced by. `reason` says why a target is
    unknown. `member` is the API member (`TableName`); `node` the argument, None where the object supplies it.
    """

    kind: TargetKind
    value: str = ""
    default: str | None = None
    reason: str = ""
    member: str = ""
    node: cst.BaseExpression | None = field(default=None, compare=False)
    symbol: Symbol | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The same as `value`, for reading: a variable's or a parameter's name."""
        return self.value


NO_TARGET = Target("none")


@dataclass(frozen=True)
class AwsCall:
    """One API operation that a call in the source makes on one resource.

    A call that can act on several resources, or make several operations, is several AwsCalls with one `node`.
    `operation` is the client operation in snake case, whatever the interface. `receiver` is the object the
    method is called on; None for Powertools.
    """

    service: str
    operation: str
    target: Target
    credentials: Credentials
    module: PythonModule
    node: cst.Call
    function: cst.FunctionDef | None
    interface: Interface
    receiver: Sdk | None = None
    arguments: Mapping[str, tuple[PythonModule, cst.BaseExpression]] = field(
        default_factory=dict, compare=False, repr=False
    )
    open: bool = False

    def argument(self, name: str) -> cst.BaseExpression | None:
        """The expression given for an API parameter, dicts spread into the call included.

        None where it is not given, where it cannot be told (`open` is then true), or where the resource
        object supplies it.
        """
        found = self.arguments.get(name)
        return found[1] if found is not None else None

    @property
    def api(self) -> str:
        """Service and operation as people write them: "dynamodb.put_item"."""
        return f"{self.service}.{self.operation}"


@dataclass(frozen=True)
class UnresolvedCall:
    """A call that looks like the SDK's and whose service or operation cannot be told."""

    module: PythonModule
    node: cst.Call
    reason: str
    name: str = ""  # the method's


@dataclass(frozen=True)
class AwsCalls:
    """The AWS calls within one reach.

    `wrappers` are imported libraries that call AWS by themselves (awswrangler, s3fs …): what they call is not
    in `calls`, so nobody may claim from these that a permission is unused.
    """

    calls: tuple[AwsCall, ...] = ()
    unresolved: tuple[UnresolvedCall, ...] = ()
    wrappers: tuple[str, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether every AWS call of the reach is in `calls`."""
        return not self.unresolved and not self.wrappers

    def __iter__(self) -> Iterator[AwsCall]:
        return iter(self.calls)

    def at(self, node: cst.CSTNode) -> tuple[AwsCall, ...]:
        """The AWS calls that one call in the source makes."""
        return tuple(call for call in self.calls if call.node is node)


# Powertools functions: service, operation, and the parameter that names the resource.
# https://docs.powertools.aws.dev/lambda/python/latest/utilities/parameters/
_PARAMETERS = "aws_lambda_powertools.utilities.parameters"
_POWERTOOLS: Mapping[str, tuple[tuple[str, str], ...]] = {
    f"{_PARAMETERS}.get_parameter": (("ssm", "get_parameter"),),
    f"{_PARAMETERS}.get_parameters": (("ssm", "get_parameters_by_path"),),
    f"{_PARAMETERS}.get_parameters_by_name": (("ssm", "get_parameters"),),
    f"{_PARAMETERS}.set_parameter": (("ssm", "put_parameter"),),
    f"{_PARAMETERS}.get_secret": (("secretsmanager", "get_secret_value"),),
    f"{_PARAMETERS}.set_secret": (("secretsmanager", "put_secret_value"),),
    f"{_PARAMETERS}.get_app_config": (
        ("appconfigdata", "start_configuration_session"),
        ("appconfigdata", "get_latest_configuration"),
    ),
}
_PROVIDERS: Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]] = {
    "SSMProvider": {
        "get": (("ssm", "get_parameter"),),
        "get_multiple": (("ssm", "get_parameters_by_path"),),
        "get_parameters_by_name": (("ssm", "get_parameters"),),
        "set": (("ssm", "put_parameter"),),
    },
    "SecretsProvider": {
        "get": (("secretsmanager", "get_secret_value"),),
        "set": (("secretsmanager", "put_secret_value"),),
    },
    "DynamoDBProvider": {
        "get": (("dynamodb", "get_item"),),
        "get_multiple": (("dynamodb", "query"),),
    },
    "AppConfigProvider": {"get": _POWERTOOLS[f"{_PARAMETERS}.get_app_config"]},
}
_PARAMETER_NAMES: Mapping[str, tuple[str, ...]] = {
    "get_parameter": ("name",),
    "get_parameters": ("path",),
    "get_parameters_by_path": ("path",),
    "put_parameter": ("name",),
    "get_secret_value": ("name",),
    "put_secret_value": ("name",),
}
_IDEMPOTENCY = (
    "aws_lambda_powertools.utilities.idempotency.DynamoDBPersistenceLayer",
    "aws_lambda_powertools.utilities.idempotency.persistence.dynamodb.DynamoDBPersistenceLayer",
)
_IDEMPOTENCY_CALLS = ("get_item", "put_item", "update_item", "delete_item")

# Responses that give the URL or ARN of a resource asked for by name, and the parameter with the name.
_LOOKUPS: Mapping[tuple[str, str, tuple[str | int | None, ...]], str] = {
    ("sqs", "create_queue", ("QueueUrl",)): "QueueName",
    ("sqs", "get_queue_url", ("QueueUrl",)): "QueueName",
    ("sns", "create_topic", ("TopicArn",)): "Name",
}

# Libraries that call AWS by themselves, by the first part of the import.
_WRAPPERS = frozenset(
    {
        "aioaws",
        "aws_durable_execution_sdk_python",
        "aws_msk_iam_sasl_signer",
        "aws_requests_auth",
        "aws_secretsmanager_caching",
        "awswrangler",
        "bedrock_agentcore",
        "chalice",
        "cloudpathlib",
        "dynamodb_encryption_sdk",
        "aws_encryption_sdk",
        "langchain_aws",
        "langchain_community",
        "llama_index",
        "pynamodb",
        "pyathena",
        "redshift_connector",
        "requests_auth_aws_sigv4",
        "requests_aws4auth",
        "s3fs",
        "s3transfer",
        "sagemaker",
        "smart_open",
        "strands",
        "watchtower",
    }
)
_SIGNERS = ("botocore.auth", "botocore.awsrequest", "botocore.signers", "opensearchpy.AWSV4SignerAuth")
_SDK_ROOTS = frozenset({"boto3", "botocore", "aioboto3", "aiobotocore", "aws_lambda_powertools"})

_CLIENT_NAME = re.compile(r"boto|client|resource|session|table", re.IGNORECASE)

# Methods of strings, containers and loggers that no SDK object has; half of all calls.
_EVERYDAY = frozenset(
    {
        "append",
        "critical",
        "debug",
        "decode",
        "encode",
        "endswith",
        "error",
        "exception",
        "extend",
        "format",
        "info",
        "isoformat",
        "items",
        "join",
        "keys",
        "lower",
        "lstrip",
        "replace",
        "rstrip",
        "split",
        "startswith",
        "strftime",
        "strip",
        "upper",
        "values",
        "warn",
        "warning",
    }
)

# One-word operations that many other libraries have too: a receiver that nothing is known of does not make
# them the SDK's.
_COMMON_WORDS = frozenset(
    {
        "chat",
        "close",
        "search",
        "sign",
        "subscribe",
        "unsubscribe",
        "verify",
        "wait",
        "put_object_acl",
    }
)


def aws_calls(evaluator: Evaluator, reach: Reach) -> AwsCalls:
    """The AWS calls that run within a reach, module by module, function by function."""
    wrappers = _wrappers(reach)
    if not _uses_sdk(reach):
        return AwsCalls(wrappers=wrappers)
    calls: list[AwsCall] = []
    unresolved: list[UnresolvedCall] = []
    for module, node in _running_calls(reach):
        found = list(calls_at(evaluator, module, node))
        calls.extend(found)
        if not found:
            reason = _unresolved_reason(evaluator, module, node)
            if reason is not None:
                unresolved.append(UnresolvedCall(module, node, *reason))
    return AwsCalls(tuple(calls), tuple(unresolved), wrappers)


def _running_calls(reach: Reach) -> Iterator[tuple[PythonModule, cst.Call]]:
    """The calls within reach that can be the SDK's."""
    for module in reach.modules:
        for function, calls in Index.of(module).calls:
            if function is not None and reach.phase(module, calls[0]) is None:
                continue
            for node in calls:
                func = node.func
                if func.__class__ is cst.Attribute and func.attr.value in _EVERYDAY:
                    continue
                if function is not None or reach.phase(module, node) is not None:
                    yield module, node


def calls_at(evaluator: Evaluator, module: PythonModule, node: cst.Call) -> Iterator[AwsCall]:
    """The AWS calls that one call makes: none for most."""
    seen: set[tuple[str, str, Target, Credentials]] = set()
    for option in given(evaluator.value(module, node.func)):
        if option.__class__ is not Member and option.__class__ is not External:
            continue
        for call in _of_function(evaluator, module, node, option):
            key = (call.service, call.operation, call.target, call.credentials)
            if key not in seen:
                seen.add(key)
                yield call


def invocation_type(evaluator: Evaluator, call: AwsCall) -> str | None:
    """How a `lambda` invoke calls: "Event", "RequestResponse" (also where omitted) or "DryRun".

    None where it cannot be told, or where the call is no invoke.
    """
    if (call.service, call.operation) != ("lambda", "invoke"):
        return "Event" if (call.service, call.operation) == ("lambda", "invoke_async") else None
    found = call.arguments.get("InvocationType")
    if found is None:
        return None if call.open else "RequestResponse"
    symbol = evaluator.value(*found)
    return symbol.value if isinstance(symbol, Literal) and isinstance(symbol.value, str) else None


# One call


def _of_function(
    evaluator: Evaluator, module: PythonModule, node: cst.Call, function: Symbol
) -> Iterator[AwsCall]:
    if isinstance(function, Member) and isinstance(function.base, Sdk):
        yield from _of_method(evaluator, module, node, function.base, function.name)
    elif isinstance(function, Member) and isinstance(function.base, Instance):
        yield from _of_provider(evaluator, module, node, function.base, function.name)
    elif isinstance(function, External):
        yield from _of_powertools(evaluator, module, node, function.qualified)


def _of_method(
    evaluator: Evaluator, module: PythonModule, node: cst.Call, receiver: Sdk, method: str
) -> Iterator[AwsCall]:
    operation = sdk.operation(receiver, method, evaluator.arguments(module, node))
    if operation is None:
        return
    arguments, more = evaluator.keyword_expressions(module, node)
    arguments = dict(arguments)
    for name, argument in zip(operation.positional, _positional(node), strict=False):
        arguments[name] = (module, argument)
    if operation.interface == "presign" and "Params" in arguments:
        nested = evaluator.value(*arguments["Params"])
        for option in given(nested):
            more |= not evaluator.spread(option, arguments)
    for target in _targets(evaluator, operation, arguments, more):
        yield AwsCall(
            operation.service,
            operation.name,
            target,
            receiver.credentials,
            module,
            node,
            _function_around(module, node),
            operation.interface,  # type: ignore[arg-type]
            receiver,
            arguments,
            more,
        )


def _positional(node: cst.Call) -> list[cst.BaseExpression]:
    found = []
    for argument in node.args:
        if argument.keyword is not None or argument.star:
            break
        found.append(argument.value)
    return found


def _of_powertools(
    evaluator: Evaluator, module: PythonModule, node: cst.Call, qualified: str
) -> Iterator[AwsCall]:
    if not qualified.startswith("aws_lambda_powertools."):
        return
    if qualified in _IDEMPOTENCY:
        arguments = evaluator.arguments(module, node)
        target = _target(arguments.get(0, "table_name"), "TableName", None)
        for operation in _IDEMPOTENCY_CALLS:
            yield _powertools_call(module, node, "dynamodb", operation, target)
        return
    for service, operation in _POWERTOOLS.get(qualified, ()):
        names = _PARAMETER_NAMES.get(operation, ("name",))
        symbol = evaluator.arguments(module, node).get(0, *names)
        member = next(iter(sdk.target_paths(service, operation) or ("",)), "")
        for option in alternatives(symbol) if symbol is not None else (None,):
            target = _target(option, member.removesuffix("[]"), None)
            yield _powertools_call(module, node, service, operation, target)


def _of_provider(
    evaluator: Evaluator, module: PythonModule, node: cst.Call, base: Instance, method: str
) -> Iterator[AwsCall]:
    if not base.qualified.startswith(_PARAMETERS):
        return
    provider = base.qualified.rpartition(".")[2]
    for service, operation in _PROVIDERS.get(provider, {}).get(method, ()):
        if provider == "DynamoDBProvider":
            symbol = evaluator.arguments(base.module, base.node).get(0, "table_name")
        else:
            symbol = evaluator.arguments(module, node).get(0, "name", "path")
        member = next(iter(sdk.target_paths(service, operation) or ("",)), "")
        yield _powertools_call(
            module, node, service, operation, _target(symbol, member.removesuffix("[]"), None)
        )


def _powertools_call(
    module: PythonModule, node: cst.Call, service: str, operation: str, target: Target
) -> AwsCall:
    function = _function_around(module, node)
    return AwsCall(service, operation, target, Credentials.OWN, module, node, function, "powertools")


def _function_around(module: PythonModule, node: cst.CSTNode) -> cst.FunctionDef | None:
    function = module.enclosing_function(node)
    while function is not None and not isinstance(function, cst.FunctionDef):
        function = module.enclosing_function(function)
    return function


# Targets


def _targets(
    evaluator: Evaluator,
    operation: sdk.Operation,
    arguments: Mapping[str, tuple[PythonModule, cst.BaseExpression]],
    more: bool,
) -> tuple[Target, ...]:
    """The resources that a call acts on: at least one Target."""
    filled = dict(operation.filled)
    paths = sdk.target_paths(operation.service, operation.name)
    if paths is None:
        return (Target("unknown", reason="service without a main argument in the table"),)
    for path in paths:
        member, steps = _steps(path)
        if member in filled:
            return _by_option(evaluator, filled[member], member, None)
        if member in arguments:
            module, expr = arguments[member]
            found = tuple(_walk(evaluator, module, expr, steps, member))
            if found:
                return tuple(dict.fromkeys(found))
            if operation.name == "put_events":
                # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
                return (Target("literal", "default", member=member, node=expr, symbol=Literal("default")),)
    for member, symbol in operation.filled:
        return _by_option(evaluator, symbol, member, None)
    if more and paths:
        return (Target("unknown", reason="arguments spread", member=_steps(paths[0])[0]),)
    return (NO_TARGET,)


def _steps(path: str) -> tuple[str, tuple[str, ...]]:
    """A path of the table: its member, and the steps into it ("[]", "{}", "*" or a key)."""
    head, *rest = path.split(".")
    steps: list[str] = []
    for mark in ("[]", "{}"):
        if head.endswith(mark):
            head = head.removesuffix(mark)
            steps.append(mark)
    return head, (*steps, *rest)


def _walk(
    evaluator: Evaluator,
    module: PythonModule,
    expr: cst.BaseExpression,
    steps: tuple[str, ...],
    member: str,
) -> Iterator[Target]:
    symbol = evaluator.value(module, expr)
    if not steps:
        yield from _by_option(evaluator, symbol, member, expr)
        return
    for option in given(symbol):
        entries = evaluator.items(option) if isinstance(option, Display) else None
        if entries is None or not isinstance(option, Display):
            yield Target("unknown", reason="entries built elsewhere", member=member, node=expr, symbol=option)
            continue
        step, rest = steps[0], steps[1:]
        if step == "{}":
            for key, _ in entries:
                yield from _by_option(evaluator, key or Unknown("key"), member, expr)
        elif step in ("[]", "*"):
            for _, inner in entries:
                yield from _walk(evaluator, option.module, inner, rest, member)
            if not entries and step == "[]":
                yield Target("unknown", reason="entries built elsewhere", member=member, node=expr)
        else:
            for key, inner in entries:
                if key == Literal(step):
                    yield from _walk(evaluator, option.module, inner, rest, member)


def _by_option(
    evaluator: Evaluator, symbol: Symbol, member: str, node: cst.BaseExpression | None
) -> tuple[Target, ...]:
    found: dict[Target, None] = {}
    for option in given(symbol):
        for named in given(_looked_up(evaluator, option)):
            found[_target(named, member, node)] = None
    return tuple(found)


def _looked_up(evaluator: Evaluator, symbol: Symbol) -> Symbol:
    """The name by which a URL or ARN was looked up: it says as well which resource is meant."""
    if not isinstance(symbol, Response):
        return symbol
    parameter = _LOOKUPS.get((symbol.service, symbol.operation, symbol.path))
    if parameter is None:
        return symbol
    return evaluator.arguments(symbol.module, symbol.node).keywords.get(parameter, symbol)


def _target(symbol: Symbol | None, member: str, node: cst.BaseExpression | None) -> Target:
    if symbol is None:
        return NO_TARGET
    if isinstance(symbol, Literal):
        if symbol.value is None:
            return Target("none", member=member, node=node, symbol=symbol)
        if isinstance(symbol.value, bool):
            return Target("unknown", reason="no text", member=member, node=node, symbol=symbol)
        return Target("literal", str(symbol.value), member=member, node=node, symbol=symbol)
    if isinstance(symbol, EnvVar):
        default = symbol.default
        known = str(default.value) if isinstance(default, Literal) and default.value else None
        return Target("env", symbol.name, known, member=member, node=node, symbol=symbol)
    if isinstance(symbol, Parameter):
        return Target("parameter", symbol.name, member=member, node=node, symbol=symbol)
    if isinstance(symbol, FromEvent):
        path = ".".join("*" if step is None else str(step) for step in symbol.path)
        return Target("event", path, member=member, node=node, symbol=symbol)
    return Target("unknown", reason=_reason(symbol), member=member, node=node, symbol=symbol)


def _reason(symbol: Symbol) -> str:
    if isinstance(symbol, Unknown):
        return symbol.reason
    if isinstance(symbol, Text):
        return "formatted text"
    if isinstance(symbol, Response):
        return f"result of {symbol.service}.{symbol.operation}"
    if isinstance(symbol, Choice):
        return "several values"
    return type(symbol).__name__.lower()


# What is not resolved


def _unresolved_reason(evaluator: Evaluator, module: PythonModule, node: cst.Call) -> tuple[str, str] | None:
    """Why a call that looks like the SDK's cannot be told, and its method's name; None for other calls."""
    func = node.func
    if isinstance(func, cst.Call) and _is_getattr_of_sdk(evaluator, module, func):
        return "getattr", "getattr"
    if not isinstance(func, cst.Attribute):
        return None
    method = func.attr.value
    base = evaluator.value(module, func.value)
    for option in given(base):
        if isinstance(option, Sdk):
            if option.kind == "waiter" or method in ("generate_presigned_url", "paginate"):
                return f"dynamic {option.kind}", method
            continue
        if isinstance(option, Unknown) and option.reason == "dynamic service":
            return option.reason, method
        reason = _receiver_reason(option)
        if reason is not None and sdk.is_operation(method) and method not in _COMMON_WORDS:
            return reason, method
    return None


def _is_getattr_of_sdk(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> bool:
    if evaluator.value(module, call.func) != External("builtins.getattr") or len(call.args) < 2:
        return False
    receiver = evaluator.value(module, call.args[0].value)
    dynamic = not isinstance(evaluator.value(module, call.args[1].value), Literal)
    return dynamic and any(
        isinstance(option, Sdk) or (isinstance(option, Unknown) and option.reason == "dynamic service")
        for option in given(receiver)
    )


def _receiver_reason(symbol: Symbol) -> str | None:
    """Why a receiver is not known; None where it is known to be something else than the SDK's."""
    if isinstance(symbol, Unknown):
        return f"receiver: {symbol.reason}"
    if isinstance(symbol, Instance) and _CLIENT_NAME.search(symbol.qualified.rpartition(".")[2]):
        # A client from a layer or package that is not in sight.
        return "receiver: object of a library"
    if isinstance(symbol, Parameter):
        return "receiver: parameter"
    if isinstance(symbol, Member) and isinstance(symbol.base, (Unknown, Parameter)):
        return "receiver: attribute of a parameter"
    return None


def _uses_sdk(reach: Reach) -> bool:
    return any(
        _root(binding.imported or binding.qualified) in _SDK_ROOTS
        for module in reach.modules
        for binding in module.names.imports
    )


def _wrappers(reach: Reach) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for module in reach.modules:
        for binding in module.names.imports:
            qualified = binding.imported or binding.qualified or ""
            if _root(qualified) in _WRAPPERS:
                found[_root(qualified)] = None
            elif qualified.startswith(_SIGNERS):
                found[qualified] = None
    return tuple(found)


def _root(qualified: str | None) -> str:
    return (qualified or "").partition(".")[0]
