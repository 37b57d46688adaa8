"""How much of what real functions call is understood, and how their grants compare.

    python -m tests.ecosystem.permissions CHECKOUTS [CHECKOUTS …]

Over every function whose code was found and uses the SDK: the calls that come to IAM actions, the functions
all of whose calls do (*closed*), and the targets that a policy can name, by service; below, the reasons of
the rest, the most frequent first.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lambdalint.application.application import Application, Handler
from lambdalint.application.needs import ANY, needs
from lambdalint.config import Configuration
from lambdalint.discovery import discover
from lambdalint.iam import sdk
from lambdalint.iam.targets import NONE, UNKNOWN
from lambdalint.registry import load_registry
from lambdalint.template.function import LambdaFunction
from lambdalint.work import build_project
from tests.ecosystem.checkouts import checkouts

BOUND = ("dynamodb", "sqs", "sns", "lambda", "s3", "events", "stepfunctions", "secretsmanager", "ssm")
SHOWN = 25


@dataclass
class Totals:
    """What was counted so far."""

    functions: int = 0
    closed: int = 0
    sites: int = 0
    resolved: int = 0
    open: Counter[str] = field(default_factory=Counter)
    unresolved: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    targets: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


def main() -> None:
    """Reads every application in this process; takes some minutes for a hundred repositories."""
    totals = Totals()
    for application, function, handler in _functions([Path(name) for name in sys.argv[1:]]):
        count(totals, application, function, handler)
    report(totals)


def _functions(folders: list[Path]) -> Iterator[tuple[Application, LambdaFunction, Handler]]:
    registry = load_registry()
    for folder in folders:
        for checkout in checkouts(folder):
            root = checkout.folder.resolve()
            project = build_project(discover(root, [root]), Configuration(root, registry, isolated=True))
            for application in project.applications:
                if application.copy:
                    continue
                for function in application.functions:
                    handler = application.handler(function)
                    if handler is not None and (handler.calls.calls or handler.calls.unresolved):
                        yield application, function, handler


def count(totals: Totals, application: Application, function: LambdaFunction, handler: Handler) -> None:
    """Adds one function that uses the SDK."""
    totals.functions += 1
    found = needs(application, function)
    actions = {id(call.node) for needed in found.needed for call in needed.calls}
    nodes: dict[int, str] = {id(call.node): call.api for call in handler.calls.calls}
    known = 0
    for call in handler.calls.calls:
        if sdk.permissions(call.service, call.operation) is None:
            totals.unknown[call.api] += 1
    for node, api in nodes.items():
        service, _, operation = api.partition(".")
        if node in actions or sdk.permissions(service, operation) is not None:
            known += 1
    totals.sites += len(nodes) + len(handler.calls.unresolved)
    totals.resolved += known
    for unresolved in handler.calls.unresolved:
        totals.unresolved[f"{unresolved.name}: {unresolved.reason}"] += 1
    reasons = [one.reason for one in found.open if ANY in one.prefixes]
    totals.closed += not reasons
    totals.open.update(dict.fromkeys(reasons, 1))
    for needed in found.needed:
        for call in needed.calls:
            if call.service in BOUND:
                target = needed.need.target
                kind = "none" if target == NONE else "unknown" if target == UNKNOWN else "bound"
                totals.targets[call.service][kind] += 1


def report(totals: Totals) -> None:
    """Prints all of it."""
    print(f"functions that use the SDK: {totals.functions}")
    share = _share(totals.resolved, totals.sites)
    print(f"call sites: {totals.sites}, with actions {totals.resolved} ({share})")
    print(f"functions closed: {totals.closed} ({_share(totals.closed, totals.functions)})")
    for service, kinds in sorted(totals.targets.items()):
        every = sum(kinds.values())
        print(
            f"    {service}: {every} needs, target bound {kinds['bound']} ({_share(kinds['bound'], every)})"
        )
    for title, counter in (
        ("calls whose operation is not known", totals.unresolved),
        ("operations without an action", totals.unknown),
        ("why functions are open", totals.open),
    ):
        print(f"{title}:")
        for reason, number in counter.most_common(SHOWN):
            print(f"    {number:5}  {reason}")


def _share(part: int, whole: int) -> str:
    return f"{part / max(1, whole):.1%}"


if __name__ == "__main__":
    main()
