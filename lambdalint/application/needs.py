"""What the code of a function needs to be allowed: its calls within reach as actions on resources.

Two claims are kept apart. What is needed is certain as far as it goes. Whether that is all, for the services
of a policy statement, is another question: `Needs.closed` answers it, and `Needs.open` says why not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.application.features import features
from lambdalint.application.needed import ANY, Needed, Open
from lambdalint.application.policy_targets import of_trigger, to_target
from lambdalint.application.unseen import unseen
from lambdalint.iam import sdk, targets
from lambdalint.iam.match import Need
from lambdalint.iam.targets import NONE, UNKNOWN, Target
from lambdalint.memo import Memo

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.symbols import Symbol
    from lambdalint.template.function import LambdaFunction

__all__ = ["ANY", "Needed", "Needs", "Open", "needs"]


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


_known: Memo[LambdaFunction, Needs] = Memo()


def needs(application: Application, function: LambdaFunction) -> Needs:
    """What a function's code and features need. Computed once for each function."""
    if function not in _known:
        _known[function] = _compute(application, function)
    return _known[function]


def _compute(application: Application, function: LambdaFunction) -> Needs:
    found: dict[Need, Needed] = {}
    open_: dict[Open, None] = {}
    for item in (*features(function), *_code(application, function)):
        if isinstance(item, Open):
            open_[item] = None
            continue
        known = found.get(item.need)
        if known is not None:
            calls = tuple(dict.fromkeys((*known.calls, *item.calls)))
            item = Needed(
                need=item.need,
                calls=calls,
                feature=known.feature or item.feature,
                optional=known.optional and item.optional,
                certain=tuple(dict.fromkeys((*known.certain, *item.certain))),
            )
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
    for call in handler.calls.calls:
        yield from _call(handler, function, call)
    yield from unseen(handler)


def _call(handler: Handler, function: LambdaFunction, call: AwsCall) -> Iterator[Needed | Open]:
    from lambdalint.python.symbols import Credentials

    if call.credentials is Credentials.OTHER:
        return
    prefix = sdk.prefix(call.service)
    if call.credentials is Credentials.UNKNOWN:
        yield Open(f"{call.api} may use other credentials", (prefix or ANY,))
    arguments = _arguments(handler, call)
    permissions = sdk.permissions(call.service, _operation(call), arguments)
    if permissions is None:
        yield Open(f"the permission for {call.api} is not known", (prefix or ANY,))
        return
    acted_on: list[Target] = []
    for required in permissions.required:
        found = _targets(handler, function, call, required)
        acted_on.extend(found)
        sure = call.credentials is Credentials.OWN and not (required.depends and arguments is None)
        for target in found:
            parts = _parts(call, required.action)
            certain = (call,) if sure else ()
            yield Needed(Need(required.action, target, parts), (call,), certain=certain)
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
    if _is_one_of_several(handler, call):
        return (UNKNOWN,)
    if call.target.kind == "event":
        return (of_trigger(call, function, kind),)
    resolved = handler.target(call, function)
    return tuple(dict.fromkeys(to_target(option, kind) for option in resolved.options or (resolved,)))


def _is_one_of_several(handler: Handler, call: AwsCall) -> bool:
    """Whether one of several dictionaries is spread into the call: `call.arguments` are those of one."""
    from lambdalint.python.symbols import given

    return any(
        argument.star == "**" and len(given(handler.evaluator.value(call.module, argument.value))) > 1
        for argument in call.node.args
    )


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
    if call.open or _is_one_of_several(handler, call):
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
