"""Which actions that a statement grants on any resource the code shows to need it on some, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.application.needs import needs
from lambdalint.application.serving import other_users
from lambdalint.iam import actions, targets
from lambdalint.iam.actions import AccessLevel, Action
from lambdalint.iam.match import Need
from lambdalint.iam.targets import NONE, UNKNOWN, Target
from lambdalint.template.values import Reference, Text, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.application.needs import Needs
    from lambdalint.application.wide import Wide
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.grants import Statement

# What no operation of an SDK stands for: requests that code signs itself, file systems, handing on a role.
_NO_OPERATION = (
    "aoss:APIAccessAll",
    "appsync:GraphQL",
    "codeartifact:Read*",
    "codecommit:Git*",
    "elasticfilesystem:Client*",
    "es:ESHttp*",
    "execute-api:*",
    "iam:PassRole",
    "iot:*",
    "kafka-cluster:*",
    "lambda:InvokeFunctionUrl",
    "neptune-db:*",
    "rds-db:*",
    "sts:*",
)


def limitable(
    application: Application, statement: Statement, functions: Sequence[LambdaFunction], found: Wide
) -> tuple[Action, ...]:
    """Those of the actions on any resource that need no star.

    An action is one where every call of it that is in sight names its resource, or where all calls are in
    sight and none needs it. What is called on a resource that only run time tells needs the star. Where no
    call of it is in sight and some may be hidden, the function's environment decides: it mostly says what the
    code works on.
    """
    if ":accesspoint/" in found.part.text:
        return ()  # its alias can stand wherever a bucket's name does
    known = [needs(application, function) for function in functions]
    shared = any(True for _ in other_users(statement, functions))
    return tuple(action for action in found.actions if _is_limitable(action, known, functions, shared))


def is_no_operation(pattern: str) -> bool:
    """Whether an action pattern may hold what no operation of an SDK stands for: signed requests, mounted
    file systems, roles that are handed on."""
    return any(
        actions.matches(known, pattern) or actions.matches(pattern, known.rstrip("*"))
        for known in _NO_OPERATION
    )


def told(functions: Sequence[LambdaFunction], found: Sequence[Action]) -> Iterator[Need]:
    """The actions as needs on the resources that the functions' environment and triggers tell of."""
    for action in found:
        kind = targets.main_type(action.full)
        for target in dict.fromkeys(one for function in functions for one in _told(function)):
            if target.type == kind:
                yield Need(action.full, target)


def _is_limitable(
    action: Action, known: Sequence[Needs], functions: Sequence[LambdaFunction], shared: bool
) -> bool:
    called = [
        needed.need.target
        for of_function in known
        for needed in of_function.needed
        if needed.need.action == action.full
    ]
    if called:
        return not any(target in (UNKNOWN, NONE) for target in called)
    if not shared and all(of_function.closed((action.prefix,)) for of_function in known):
        return not _is_part_of_others(action, known)
    return any(True for _ in told(functions, (action,)))


def _is_part_of_others(action: Action, known: Sequence[Needs]) -> bool:
    """Whether an action that no call stands for may be needed nevertheless."""
    if any(actions.matches(pattern, action.full) for pattern in _NO_OPERATION):
        return True
    tagging = action.level is AccessLevel.TAGGING or "Tag" in action.name
    return tagging and any(
        needed.need.action.startswith(f"{action.prefix}:")
        for of_function in known
        for needed in of_function.needed
    )


def _told(function: LambdaFunction) -> Iterator[Target]:
    """The resources of the template that a function is told of, where the template says as well what invokes
    it: what is invoked from elsewhere may be told of others there."""
    variables = function.environment
    if isinstance(variables, Unknown) or not _is_wired(function):
        return
    values: list[Value | None] = [one.value for outcomes in variables.values() for one in outcomes]
    values.extend(trigger.resource for trigger in function.triggers if trigger.source == "S3")
    for logical_id in _references(values):
        resource = function.template.resources.get(logical_id)
        target = resource and targets.of_resource(resource.type, logical_id, resource.properties)
        if target:
            yield target


def _is_wired(function: LambdaFunction) -> bool:
    return bool(function.triggers) and all(one.proof != "permission" for one in function.triggers)


def _references(values: Iterable[Value | None]) -> Iterator[str]:
    for value in values:
        if isinstance(value, Reference):
            yield value.logical_id
        elif isinstance(value, Text):
            yield from (reference.logical_id for reference in value.references)
