"""What the code of a function needs to be allowed: its calls within reach as actions on resources.

Two claims are kept apart. What is needed is certain as far as it goes. Whether that is all, for the services
of a policy statement, is another question: `Needs.closed` answers it, and `Needs.open` says why not.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from lambdalint.application.targets import Resolved
from lambdalint.data import tables
from lambdalint.iam import sdk, targets
from lambdalint.iam.match import Need
from lambdalint.iam.targets import NONE, UNKNOWN, Target
from lambdalint.template.identity import render
from lambdalint.template.values import Known, Reference, Text, Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.symbols import Symbol
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.triggers import Trigger

ANY = "*"

# Where the Parameters and Secrets extension listens.
_EXTENSION_PORT = "2773"

_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_XRAY = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
# What Lambda's pollers do with the function's role: the managed policies AWSLambda*ExecutionRole.
_POLLERS: Mapping[str, tuple[str, ...]] = {
    "SQS": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "Kinesis": (
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:ListStreams",
        "kinesis:SubscribeToShard",
    ),
    "DynamoDB": (
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ),
}
_POLLED_OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "MSK": ("kafka", "kafka-cluster", "ec2", "secretsmanager", "kms"),
    "SelfManagedKafka": ("ec2", "secretsmanager", "kms"),
    "MQ": ("mq", "ec2", "secretsmanager", "kms"),
    "DocumentDB": ("rds", "ec2", "secretsmanager", "kms"),
}
_DESTINATIONS = {
    "sqs:queue": "sqs:SendMessage",
    "sns:topic": "sns:Publish",
    "lambda:function": "lambda:InvokeFunction",
    "events:event-bus": "events:PutEvents",
    "s3:bucket": "s3:PutObject",
}


@dataclass(frozen=True)
class Needed:
    """A need with what makes it: calls in the code, or a feature of the function (`SQS event Jobs`)."""

    need: Need
    calls: tuple[AwsCall, ...] = ()
    feature: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Open:
    """A reason why there may be more needs, of actions with these prefixes (`*`: any)."""

    reason: str
    prefixes: tuple[str, ...] = (ANY,)


@dataclass(frozen=True)
class Needs:
    """What a function needs. `linked` says whether its code was read at all."""

    needed: tuple[Needed, ...]
    open: tuple[Open, ...]
    linked: bool

    def why_open(self, prefixes: Collection[str]) -> tuple[str, ...]:
        """Why there may be more needs of actions with these prefixes; empty where `needed` is all.

        `*` in `prefixes` stands for actions of any service.
        """
        return tuple(
            dict.fromkeys(
                open_.reason
                for open_ in self.open
                if ANY in open_.prefixes
                or (ANY in prefixes and open_.prefixes)
                or not set(prefixes).isdisjoint(open_.prefixes)
            )
        )

    def closed(self, prefixes: Collection[str]) -> bool:
        """Whether every need of actions with these prefixes is known."""
        return self.linked and not self.why_open(prefixes)


_known: WeakKeyDictionary[LambdaFunction, Needs] = WeakKeyDictionary()


def needs(application: Application, function: LambdaFunction) -> Needs:
    """What a function's code and features need. Computed once for each function."""
    if function not in _known:
        _known[function] = _compute(application, function)
    return _known[function]


def _compute(application: Application, function: LambdaFunction) -> Needs:
    found: dict[Need, Needed] = {}
    open_: dict[Open, None] = {}
    for item in (*_features(function), *_code(application, function)):
        if isinstance(item, Open):
            open_[item] = None
            continue
        known = found.get(item.need)
        if known is not None:
            calls = tuple(dict.fromkeys((*known.calls, *item.calls)))
            item = Needed(item.need, calls, known.feature or item.feature, known.optional and item.optional)
        found[item.need] = item
    linked = application.handler(function) is not None
    return Needs(tuple(found.values()), tuple(open_), linked)


# -- code ----------------------------------------------------------------------------------------------------


def _code(application: Application, function: LambdaFunction) -> Iterator[Needed | Open]:
    handler = application.handler(function)
    if handler is None:
        unlinked = application.unlinked(function)
        yield Open(f"the code cannot be read ({unlinked.reason})" if unlinked else "the code cannot be read")
        return
    calls = handler.calls
    for call in calls.calls:
        yield from _call(handler, function, call)
    for unresolved in calls.unresolved:
        yield Open(f"the call {unresolved.name or 'of the SDK'} is not resolved ({unresolved.reason})")
    for library in calls.wrappers:
        yield Open(f"{library} calls AWS by itself", _libraries().prefixes(library.partition(".")[0]))
    yield from _unseen(handler)


def _unseen(handler: Handler) -> Iterator[Open]:
    """Code that runs with the role and cannot be read."""
    from lambdalint.python.names import BindingKind

    wrappers = {library.partition(".")[0] for library in handler.calls.wrappers}
    seen = sys.stdlib_module_names | _libraries().harmless | wrappers
    for module in handler.reach.modules:
        if _EXTENSION_PORT in module.source.text:
            yield Open("the code asks the Parameters and Secrets extension", ("secretsmanager", "ssm", "kms"))
        for binding in module.names.imports:
            qualified = binding.qualified or ""
            root = qualified.lstrip(".").partition(".")[0]
            if binding.kind is BindingKind.STAR_IMPORT or not root or root in seen:
                continue
            if root.startswith(("mypy_boto3", "types_")) or module.in_type_checking(binding.node):
                continue
            if not handler.program.is_local(module, binding):
                yield Open(f"what {root} calls is not in sight", _libraries().prefixes(root))


@dataclass(frozen=True)
class _Libraries:
    known: Mapping[str, tuple[str, ...]]
    layers: Mapping[str, tuple[str, ...]]
    harmless: frozenset[str]

    def prefixes(self, library: str) -> tuple[str, ...]:
        return self.known.get(library, (ANY,))


@cache
def _libraries() -> _Libraries:
    table = tables.load("aws_libraries.toml")
    return _Libraries(
        known={name: tuple(prefixes) for name, prefixes in table["libraries"].items()},
        layers={name: tuple(prefixes) for name, prefixes in table["layers"].items()},
        harmless=frozenset(table["harmless"]["names"]),
    )


def _call(handler: Handler, function: LambdaFunction, call: AwsCall) -> Iterator[Needed | Open]:
    from lambdalint.python.symbols import Credentials

    if call.credentials is Credentials.OTHER:
        return
    prefix = sdk.prefix(call.service)
    if call.credentials is Credentials.UNKNOWN:
        yield Open(f"{call.api} may use other credentials", (prefix or ANY,))
    permissions = sdk.permissions(call.service, _operation(call), _arguments(handler, call))
    if permissions is None:
        yield Open(f"the permission for {call.api} is not known", (prefix or ANY,))
        return
    acted_on: list[Target] = []
    for required in permissions.required:
        found = _targets(handler, function, call, required)
        acted_on.extend(found)
        for target in found:
            yield Needed(Need(required.action, target, _parts(call, required.action)), (call,))
    for action in permissions.optional:
        for target in _targets(handler, function, call, sdk.Required(action)):
            yield Needed(Need(action, target), (call,), optional=True)
    implied = tuple(
        one for one in permissions.implied if one != "kms" or not _without_key(function, acted_on)
    )
    if implied:
        yield Open(f"{call.api} may act on more with the function's role", implied)


# boto3's own methods that make several calls, which lambdalint.python.calls names by the main one.
_TRANSFERS = {"put_object": "upload_file", "get_object": "download_file", "copy_object": "copy"}


def _operation(call: AwsCall) -> str:
    return _TRANSFERS.get(call.operation, call.operation) if call.interface == "transfer" else call.operation


def _without_key(function: LambdaFunction, acted_on: Collection[Target]) -> bool:
    """Whether no customer-managed key encrypts the targets: AWS's own keys let everyone of the account use
    them through their service."""
    resources = [function.template.resources.get(target.key) for target in acted_on]
    return bool(resources) and all(
        resource is not None and "kms" not in str(resource.properties).lower() for resource in resources
    )


def _parts(call: AwsCall, action: str) -> tuple[str, ...]:
    """What the call touches below its target."""
    if action in ("dynamodb:Query", "dynamodb:Scan") and (call.open or "IndexName" in call.arguments):
        return ("index",)
    if action == "lambda:InvokeFunction" and (call.open or "Qualifier" in call.arguments):
        return (":*",)
    return ("/*",) if action == "ssm:GetParametersByPath" else ()


def _targets(
    handler: Handler, function: LambdaFunction, call: AwsCall, required: sdk.Required
) -> tuple[Target, ...]:
    kind = targets.main_type(required.action)
    if kind is None:
        return (UNKNOWN,)
    if required.argument is not None:
        return tuple(_of_argument(handler, function, call, required.argument, kind))
    if call.target.kind == "none":
        return (NONE,) if _names_none(call) else (UNKNOWN,)
    resolved = handler.target(call, function)
    return tuple(dict.fromkeys(to_target(option, kind) for option in resolved.options or (resolved,)))


def _names_none(call: AwsCall) -> bool:
    """Whether the call, by design, names no resource: a text message is published to a phone number."""
    return (call.service, call.operation) == ("sns", "publish") and "PhoneNumber" in call.arguments


def _of_argument(
    handler: Handler, function: LambdaFunction, call: AwsCall, argument: str, kind: str
) -> Iterator[Target]:
    """The targets that another argument than the main one names: a literal string, a variable, or the bucket
    of a CopySource."""
    from lambdalint.application.targets import resolve
    from lambdalint.python import calls as python_calls
    from lambdalint.python.symbols import Display, EnvVar, Literal, given

    given_argument = call.arguments.get(argument)
    if given_argument is None:
        yield UNKNOWN
        return
    evaluator = handler.evaluator
    for symbol in given(evaluator.value(*given_argument)):
        found: Symbol | None = symbol
        if isinstance(symbol, Display):
            found = evaluator.item(symbol, "Bucket")
        for option in given(found) if found is not None else ():
            if isinstance(option, Literal) and isinstance(option.value, str):
                text = option.value
                text = text.lstrip("/").partition("/")[0] if argument == "CopySource" else text
                python_target = python_calls.Target("literal", text)
            elif isinstance(option, EnvVar):
                default = option.default.value if isinstance(option.default, Literal) else None
                python_target = python_calls.Target("env", option.name, str(default) if default else None)
            else:
                yield UNKNOWN
                continue
            yield to_target(resolve(python_target, function, handler.bundle, call.service), kind)
        if found is None:
            yield UNKNOWN


def _arguments(handler: Handler, call: AwsCall) -> frozenset[str] | None:
    """The call's API parameters, as `sdk.permissions` wants them; None where they are not all known."""
    if call.service == "dynamodb" and call.operation == "transact_write_items":
        return _transaction(handler, call)
    if call.service == "dynamodb" and "execute" in call.operation:
        return _partiql(handler, call)
    if call.open:
        return None
    names = set(call.arguments)
    for nested in ("ExtraArgs", "Content"):
        if nested in call.arguments:
            keys = _keys(handler, call, nested)
            if keys is None:
                return None
            names.update(f"{nested}.{key}" for key in keys)
    return frozenset(names)


def _keys(handler: Handler, call: AwsCall, argument: str) -> frozenset[str] | None:
    from lambdalint.python.symbols import Display, Literal, given

    found: set[str] = set()
    for symbol in given(handler.evaluator.value(*call.arguments[argument])):
        items = handler.evaluator.items(symbol) if isinstance(symbol, Display) else None
        if items is None:
            return None
        for key, _ in items:
            if not isinstance(key, Literal):
                return None
            found.add(str(key.value))
    return frozenset(found)


def _transaction(handler: Handler, call: AwsCall) -> frozenset[str] | None:
    """The kinds of items in a transaction that is written out."""
    from lambdalint.python.symbols import Display, Literal, given

    if "TransactItems" not in call.arguments:
        return None
    kinds: set[str] = set()
    for symbol in given(handler.evaluator.value(*call.arguments["TransactItems"])):
        entries = handler.evaluator.items(symbol) if isinstance(symbol, Display) else None
        if not entries or not isinstance(symbol, Display):
            return None
        for _, entry in entries:
            for option in given(handler.evaluator.value(symbol.module, entry)):
                keys = handler.evaluator.items(option) if isinstance(option, Display) else None
                if not keys or not all(isinstance(key, Literal) for key, _ in keys):
                    return None
                kinds.update(str(key.value) for key, _ in keys if isinstance(key, Literal))
    return frozenset(kinds)


def _partiql(handler: Handler, call: AwsCall) -> frozenset[str] | None:
    """The verb of a PartiQL statement whose text begins with a literal."""
    from lambdalint.python.symbols import Literal, Text, given

    if "Statement" not in call.arguments:
        return None
    statements: list[str] = []
    for symbol in given(handler.evaluator.value(*call.arguments["Statement"])):
        first = symbol.parts[0] if isinstance(symbol, Text) else symbol
        if not isinstance(first, Literal) or not isinstance(first.value, str):
            return None
        statements.append(first.value)
    return sdk.partiql_verbs(statements)


# -- targets -------------------------------------------------------------------------------------------------


def to_target(resolved: Resolved, kind: str) -> Target:
    """What IAM calls the resource that a call acts on; UNKNOWN where the template cannot name it."""
    value = resolved.value
    template = resolved.template
    if resolved.resource is not None:
        resource = resolved.resource
        found = targets.of_resource(resource.type, resource.logical_id, resource.properties)
        if found is not None and found.type == kind:
            return found
    if template is not None and resolved.path and not isinstance(value, Reference):
        written = template.get(resolved.path)
        if not isinstance(written, str):
            return _of_expression(written, resolved, kind)
    if resolved.literal is not None:
        return _of_literal(resolved.literal, kind)
    return UNKNOWN


def _of_literal(text: str, kind: str) -> Target:
    if kind == "bedrock:foundation-model" and (text.startswith("arn:") or text.count(".") != 1):
        return UNKNOWN  # an inference profile (`us.…`), whose models need their own statements
    if kind == "kms:key" and "alias/" in text:
        return UNKNOWN  # a policy cannot name a key by its alias
    if not text or "{{resolve:" in text:
        return UNKNOWN
    found = targets.of_text(text, kind)
    if kind == "ses:identity" and "@" in text:
        # The verified identity can be the address or its domain; only one of them is what IAM is asked about.
        return replace(found, key=f"<{text}>")
    return found


def _of_expression(node: object, resolved: Resolved, kind: str) -> Target:
    """A target that an intrinsic of the template gives: a parameter, an import, a text with parts."""
    text = render(resolved.value)
    if kind in ("bedrock:foundation-model", "kms:key") or not isinstance(node, dict):
        return UNKNOWN
    if isinstance(resolved.value, Unknown) and resolved.value.reason == "dynamic reference":
        return UNKNOWN
    parameter = resolved.parameter or (resolved.value.name if isinstance(resolved.value, Unknown) else "")
    known = text if isinstance(resolved.value, (Known, Text)) else None
    is_url = bool(known and "://" in known) or parameter.lower().endswith("url")
    if (
        is_url or "accesspoint" in parameter.lower()
    ):  # an access point's alias stands where a bucket's name can
        return UNKNOWN
    is_arn = known.startswith("arn:") if known else parameter.lower().endswith("arn")
    if kind == "secretsmanager:Secret" and not known and not is_arn:
        return UNKNOWN  # a secret's name or its ARN: both are accepted
    shown = f"`{parameter}`" if parameter else "a value of the template"
    return targets.of_expression(node, kind, is_arn, shown, known)


# -- features ------------------------------------------------------------------------------------------------


def _features(function: LambdaFunction) -> Iterator[Needed | Open]:
    """What Lambda itself does with the function's role."""
    for action in _LOGS:
        yield Needed(Need(action, UNKNOWN), feature="Lambda's own logging")
    if function.property("Tracing"):
        for action in _XRAY:
            yield Needed(Need(action, NONE), feature="Tracing")
    if function.property("VpcConfig"):
        for action in _INTERFACES:
            yield Needed(Need(action, UNKNOWN), feature="VpcConfig")
    if function.property("FileSystemConfigs"):
        yield Open("the function mounts a file system", ("elasticfilesystem", "s3"))
    for trigger in function.triggers:
        yield from _poller(function.template, trigger)
    yield from _destinations(function)
    for layer in function.layers:
        text = render(layer.value)
        for name, prefixes in _libraries().layers.items():
            if name in text:
                yield Open(f"the layer {name} uses the function's role", prefixes)


def _poller(template: Template, trigger: Trigger) -> Iterator[Needed | Open]:
    if trigger.source in _POLLED_OTHERWISE:
        yield Open(f"the {trigger.description} polls with the role", _POLLED_OTHERWISE[trigger.source])
    for action in _POLLERS.get(trigger.source, ()):
        kind = targets.main_type(action)
        target = UNKNOWN if kind is None or trigger.resource is None else _named(template, trigger, kind)
        yield Needed(Need(action, target), feature=trigger.description)


def _named(template: Template, trigger: Trigger, kind: str) -> Target:
    value = trigger.resource
    if isinstance(value, Text) and len(value.references) == 1:
        value = value.references[0]
    if isinstance(value, Reference):
        resource = template.resources.get(value.logical_id)
        if resource is not None:
            found = targets.of_resource(resource.type, resource.logical_id, resource.properties)
            return found if found is not None and found.type == kind else UNKNOWN
    if isinstance(value, Known) and isinstance(value.value, str) and kind != "dynamodb:table":
        return _of_literal(str(value.value), kind)
    return UNKNOWN


def _destinations(function: LambdaFunction) -> Iterator[Needed | Open]:
    config = ("EventInvokeConfig", "DestinationConfig")
    places = (
        ("DeadLetterQueue", "TargetArn"),
        (*config, "OnFailure", "Destination"),
        (*config, "OnSuccess", "Destination"),
    )
    for place in places:
        for outcome in function.property(*place):
            target = _destination(function.template, outcome.value)
            if target is None or target.type not in _DESTINATIONS:
                yield Open(
                    f"the target of {place[-2]} is not known", ("sqs", "sns", "lambda", "events", "s3")
                )
            else:
                yield Needed(Need(_DESTINATIONS[target.type], target), feature=place[-2])


def _destination(template: Template, value: object) -> Target | None:
    if not isinstance(value, Reference):
        return None
    resource = template.resources.get(value.logical_id)
    if resource is None:
        return None
    return targets.of_resource(resource.type, resource.logical_id, resource.properties)
