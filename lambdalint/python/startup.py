"""What init does beside making things ready: requests, SDK calls that move data, waits, endless loops.

Opening clients and connections is what init is for, and reading secrets and parameters is another matter
(secret_reads). So are calls that only look something up once for all: an account, a queue's URL, an endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import libcst as cst

from lambdalint.data.tables import load
from lambdalint.python import symbols
from lambdalint.python.control import is_endless
from lambdalint.python.index import Index
from lambdalint.python.library import CONFIGURATION
from lambdalint.python.reach import Phase
from lambdalint.python.requests import is_request, may_request
from lambdalint.python.syntax import last_name

if TYPE_CHECKING:
    from lambdalint.python.calls import AwsCall, AwsCalls
    from lambdalint.python.evaluate import Evaluator
    from lambdalint.python.module import PythonModule
    from lambdalint.python.reach import Reach

__all__ = ["StartupWork", "startup_work"]

Kind = Literal["request", "aws", "sleep", "loop"]
Place = tuple["PythonModule", cst.CSTNode]

# Looked up once for all; and what only says how the function is doing.
_LOOKUPS = frozenset(
    {
        *CONFIGURATION,
        "cognito-idp.get_signing_certificate",
        "kms.decrypt",
        "kms.get_public_key",
        "lambda.get_function_configuration",
        "sns.create_topic",
        "sqs.get_queue_url",
        "sqs.create_queue",
        "sts.assume_role",
        "sts.assume_role_with_web_identity",
        "sts.get_session_token",
    }
)
_QUIET_SERVICES = frozenset({"logs", "xray"})
_LOOKING_UP = ("describe_", "generate_", "get_caller_", "can_")
_MAX_DEPTH = 8


@dataclass(frozen=True, eq=False)
class StartupWork:
    """Something that init does. `what` names it; `origin` is where module level sets it off, None where it
    stands there itself."""

    kind: Kind
    what: str
    module: PythonModule
    node: cst.CSTNode
    origin: Place | None = None


@cache
def _sleeps() -> frozenset[str]:
    return frozenset(load("waits.toml")["sleeps"])


def startup_work(evaluator: Evaluator, reach: Reach, calls: AwsCalls) -> Iterator[StartupWork]:
    """What the init phase of a reach does beside making things ready, in the order of the source."""
    aws: dict[int, AwsCall] = {}
    for call in calls:
        if _moves_data(call):
            aws.setdefault(id(call.node), call)
    for module in reach.modules:
        libraries = may_request(module)
        sleeps = "sleep" in module.source.text
        if libraries or sleeps or any(call.module is module for call in aws.values()):
            for node in _at_init(reach, module):
                found = _call(evaluator, module, node, aws.get(id(node)), libraries, sleeps)
                way = _way(evaluator, reach, module, node) if found is not None else None
                if found is not None and way is not None:
                    yield StartupWork(*found, module, node, way if way[1] is not node else None)
        for loop in module.nodes(cst.While):
            if is_endless(loop) and Phase.INIT in reach.phases(module, loop) and _never_ends(module, loop):
                way = _way(evaluator, reach, module, loop)
                if way is not None:
                    origin = way if way[1] is not loop else None
                    yield StartupWork("loop", "a loop without end", module, loop, origin)


def _moves_data(call: AwsCall) -> bool:
    if isinstance(call.node, cst.Call) and last_name(call.node.func)[:1].isupper():
        return False  # it makes an object, such as Powertools' persistence layer, which calls later
    if call.service in _QUIET_SERVICES or call.interface == "presign" or call.api in _LOOKUPS:
        return False
    return not call.operation.startswith(_LOOKING_UP)


def _at_init(reach: Reach, module: PythonModule) -> Iterator[cst.Call]:
    for function, calls in Index.of(module).calls:
        if function is not None and Phase.INIT not in reach.function_phases(function):
            continue
        for call in calls:
            if Phase.INIT in reach.phases(module, call):
                yield call


def _call(
    evaluator: Evaluator,
    module: PythonModule,
    node: cst.Call,
    aws: AwsCall | None,
    libraries: bool,
    sleeps: bool,
) -> tuple[Kind, str] | None:
    if aws is not None:
        return "aws", f"{aws.service}.{aws.operation}"
    if sleeps and module.names.qualified(node.func) in _sleeps():
        return "sleep", "a sleep"
    if not libraries:
        return None
    return ("request", "an HTTP request") if is_request(evaluator, module, node) else None


def _never_ends(module: PythonModule, loop: cst.While) -> bool:
    """Whether nothing in the loop's own function leaves it, but for what fails."""
    return not any(
        isinstance(node, cst.Return) and module.enclosing_function(node) is module.enclosing_function(loop)
        for node in module.descendants(loop.body)
    )


def _way(
    evaluator: Evaluator, reach: Reach, module: PythonModule, node: cst.CSTNode, depth: int = 0
) -> Place | None:
    """What at module level makes init come to a node: the call there that leads to it, the node itself where
    it stands there; None where that is only a guess by a method's name."""
    function = module.enclosing_function(node)
    if function is None:
        return module, node
    for caller, call in reach.call_sites(module, function) if depth < _MAX_DEPTH else ():
        if Phase.INIT not in reach.phases(caller, call) or not _calls(evaluator, caller, call, function):
            continue
        if caller.enclosing_function(call) is not function:
            found = _way(evaluator, reach, caller, call, depth + 1)
            if found is not None:
                return found
    return None


def _calls(evaluator: Evaluator, module: PythonModule, call: cst.Call, function: cst.CSTNode) -> bool:
    """Whether a call is of the function, or makes an object whose constructor it is."""
    for option in symbols.alternatives(evaluator.value(module, call.func)):
        if isinstance(option, symbols.Class):
            made = evaluator.method(option, "__init__")
            if made is not None and made.node is function:
                return True
        elif isinstance(option, symbols.Function) and option.node is function:
            return True
    return False
