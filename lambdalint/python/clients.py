"""The sessions, clients and resources of the AWS SDK that code makes, and how long each is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.finding import Edit
from lambdalint.python import sdk, symbols
from lambdalint.python.control import ArmKind, always, arms
from lambdalint.python.hoisting import hoist
from lambdalint.python.module import PythonModule
from lambdalint.python.reach import Phase
from lambdalint.python.varying import Varies, of_arguments

if TYPE_CHECKING:
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.lifetimes import Lifetimes, Made
    from lambdalint.python.reach import Reach

_METHODS = frozenset({"client", "resource", "create_client"})
_ROOTS = frozenset({"boto3", "botocore", "aws_xray_sdk"})
_BRANCHES = frozenset({ArmKind.IF, ArmKind.ELSE, ArmKind.CONDITIONAL})


@dataclass(frozen=True, eq=False)
class SdkObject:
    """A session, client or resource, and the call that makes it. `session` made it, where that is known.

    `services` are those that it can be of: none for a session.
    """

    kind: str
    services: tuple[str, ...]
    module: PythonModule
    call: cst.Call
    made: Made
    session: symbols.Sdk | None = None

    @property
    def name(self) -> str:
        """What a message calls it."""
        if self.kind == "session":
            return "the AWS session"
        known = " or ".join(f"`{service}`" for service in self.services if service)
        return f"the {known or 'boto3'} {self.kind}"


def sdk_objects(evaluator: Evaluator, reach: Reach, lifetimes: Lifetimes) -> tuple[SdkObject, ...]:
    """The SDK objects that are made within a reach with the function's own credentials and with arguments
    that are the same on every invocation, in the order of the source.

    Those of asynchronous libraries live as long as their event loop, and are left out.
    """
    found: list[SdkObject] = []
    for module in reach.modules:
        for call in _calls(module):
            made_here = [
                option
                for option in symbols.alternatives(evaluator.value(module, call))
                if isinstance(option, symbols.Sdk) and option.node is call and option.kind in _KINDS
            ]
            if not made_here or any(one.credentials is not symbols.Credentials.OWN for one in made_here):
                continue
            made = lifetimes.of(module, call)
            if not made.init and made.life is None:
                continue
            if is_entered(module, call) or of_arguments(evaluator, module, call) is not Varies.NO:
                continue
            sessions = _sessions(evaluator, module, call)
            if any(one is None or one.node is None for one in sessions):
                continue  # whose session it is cannot be told
            services = tuple(dict.fromkeys(one.service for one in made_here if one.service))
            session = sessions[0] if len(sessions) == 1 else None
            found.append(SdkObject(made_here[0].kind, services, module, call, made, session))
    return tuple(found)


_KINDS = frozenset({"session", "client", "resource"})


def _calls(module: PythonModule) -> Iterator[cst.Call]:
    roots = {(binding.imported or "").partition(".")[0] for binding in module.names.imports}
    methods = not roots.isdisjoint(_ROOTS)
    for call in module.nodes(cst.Call):
        func = call.func
        if isinstance(func, cst.Attribute) and func.attr.value in _METHODS:
            yield call
        elif methods:
            qualified = module.names.qualified(func)
            if qualified is not None and sdk.makes(qualified) and not qualified.startswith("aio"):
                yield call


def is_entered(module: PythonModule, call: cst.Call) -> bool:
    """Whether the call opens a `with` or is awaited: what it makes ends with the block or the loop."""
    parent = module.parent(call)
    return isinstance(parent, (cst.WithItem, cst.Await)) or (
        isinstance(parent, cst.Arg)
        and isinstance(around := module.parent(parent), cst.Call)
        and isinstance(around.func, cst.Attribute)
        and around.func.attr.value in ("enter_context", "enter_async_context")
    )


def _sessions(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> Sequence[symbols.Sdk | None]:
    """The sessions that a client may be made by; None for what is no session that is known."""
    if not isinstance(call.func, cst.Attribute) or module.names.qualified(call.func) is not None:
        return ()
    return [
        option if isinstance(option, symbols.Sdk) and option.kind == "session" else None
        for option in symbols.given(evaluator.value(module, call.func.value))
    ]


def to_module_level(evaluator: Evaluator, reach: Reach, each: SdkObject) -> tuple[Edit, ...]:
    """The edits that make an SDK object once, when its module is imported: with the resource that is taken
    from it at once, such as a table.

    None where that cannot be done without a doubt, and where only some invocations need it: what is made for
    all must be used by all.
    """
    module = each.module
    function = module.enclosing_function(each.call)
    if function is None or reach.function_phases(function) != {Phase.INVOKE}:
        return ()
    if not is_always_needed(evaluator, reach, each):
        return ()
    expr = _whole(evaluator, each)
    made = symbols.alternatives(evaluator.value(module, expr))[0]
    name, kind = "_".join(each.services), each.kind
    if isinstance(made, symbols.Sdk) and made.kind == "object":
        name, kind = made.type.lower(), "resource"
    wanted = (name, f"{name}_{kind}") if name else ("session", "aws_session")
    return hoist(module, expr, wanted, lambda call: _is_still(evaluator, module, call))


def _whole(evaluator: Evaluator, each: SdkObject) -> cst.Call:
    """`boto3.resource("dynamodb").Table(NAME)` of its first call."""
    module, whole = each.module, each.call
    while True:
        attribute = module.parent(whole)
        call = module.parent(attribute) if isinstance(attribute, cst.Attribute) else None
        if not isinstance(call, cst.Call) or call.func is not attribute:
            return whole
        options = symbols.alternatives(evaluator.value(module, call))
        if not all(isinstance(one, symbols.Sdk) and one.kind in ("object", *_KINDS) for one in options):
            return whole
        if of_arguments(evaluator, module, call) is not Varies.NO:
            return whole
        whole = call


def is_always_needed(evaluator: Evaluator, reach: Reach, each: SdkObject) -> bool:
    """Whether every invocation makes an SDK object and does something with it."""
    module, expr = each.module, _whole(evaluator, each)
    if not always(reach, module, expr):
        return False
    assign = module.parent(expr)
    if isinstance(assign, (cst.Assign, cst.AnnAssign)):
        target = assign.targets[0].target if isinstance(assign, cst.Assign) else assign.target
        binding = module.names.bound_by(target) if isinstance(target, cst.Name) else None
        return binding is not None and any(always(reach, module, read) for read in binding.reads)
    return True


def _is_still(evaluator: Evaluator, module: PythonModule, call: cst.Call) -> bool:
    """Whether a call does nothing but make an SDK object, its configuration, or read the environment."""
    for option in symbols.alternatives(evaluator.value(module, call)):
        if isinstance(option, symbols.Instance):
            if not option.qualified.startswith(("botocore.", "boto3.")) or "onfig" not in option.qualified:
                return False
        elif isinstance(option, symbols.Sdk):
            if option.kind not in ("object", *_KINDS):
                return False
        elif not isinstance(option, (symbols.EnvVar, symbols.Literal, symbols.Text, symbols.Display)):
            return False
    return True


def one_for_each_branch(objects: list[SdkObject]) -> Iterator[tuple[SdkObject, list[SdkObject]]]:
    """The objects, each with those that other arms of the same `if` make in its place."""
    groups: list[list[SdkObject]] = []
    for each in objects:
        branches = _branches(each)
        for group in groups:
            others = _branches(group[0])
            apart = any(others.get(node, part) != part for node, part in branches.items())
            if apart and _target(each) == _target(group[0]) and each.services == group[0].services:
                group.append(each)
                break
        else:
            groups.append([each])
    for group in groups:
        yield group[0], group[1:]


def _branches(each: SdkObject) -> dict[int, int]:
    """The branches around the call, each with the arm of it."""
    return {id(arm.node): id(arm.part) for arm in arms(each.module, each.call) if arm.kind in _BRANCHES}


def _target(each: SdkObject) -> str:
    statement = each.module.statement(each.call)
    if isinstance(statement, cst.SimpleStatementLine):
        for small in statement.body:
            if isinstance(small, cst.Assign):
                return each.module.tree.code_for_node(small.targets[0].target)
            if isinstance(small, cst.Return):
                return "return"
    return str(id(each.call))
