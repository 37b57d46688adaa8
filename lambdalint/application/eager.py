"""What every cold start pays for and only some invocations use: heavy imports, and objects that init makes.

What one handler uses always is no matter of the others' branches: where several share a module, none may need
it on every invocation, and what cannot be told of one is told of none (law 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from lambdalint.application.rate import serves_deployments
from lambdalint.python.control import Runs
from lambdalint.python.heavy import HeavyImport, heavy_imports
from lambdalint.python.initial import CostlyObject, Kept, kept
from lambdalint.python.paths import Fork
from lambdalint.template.values import Known

if TYPE_CHECKING:
    import libcst as cst

    from lambdalint.application.application import Application, Handler
    from lambdalint.python.module import PythonModule
    from lambdalint.template.function import LambdaFunction

__all__ = ["Eager", "eager_imports", "eager_objects", "unused_objects"]

Subject = TypeVar("Subject", HeavyImport, Kept)
Place = tuple["PythonModule", "cst.CSTNode"]


@dataclass(frozen=True, eq=False)
class Eager(Generic[Subject]):
    """Something that is loaded at init and that only one side of `fork` uses; `use` is a place that does.

    `handlers` are those of which this is true.
    """

    subject: Subject
    fork: Fork
    use: Place
    handlers: tuple[Handler, ...]


@dataclass(eq=False)
class _Candidate(Generic[Subject]):
    subject: Subject
    use: Place
    forks: dict[Handler, Fork]
    needed: bool = False


# Imports


def eager_imports(
    application: Application, more: Sequence[str] = (), allowed: Sequence[str] = ()
) -> Iterator[Eager[HeavyImport]]:
    """The heavy imports of an application that only some invocations need, by module and package."""
    candidates: dict[tuple[int, str], _Candidate[HeavyImport]] = {}
    for handler in application.handlers:
        found = heavy_imports(handler.program, handler.reach, more, allowed)
        if not found:
            continue
        forks = _avoidable(handler, found)
        for each in found:
            root = each.package.root
            if not each.reads and not each.early and not each.unclear:
                continue  # of no matter to this handler
            use: Place = (each.module, each.reads[0] if each.reads else each.bindings[0].node)
            candidate = candidates.setdefault((id(each.module), root), _Candidate(each, use, {}))
            if root in forks:
                candidate.forks[handler] = forks[root]
            else:
                candidate.needed = True
    yield from _told(candidates.values())


def _avoidable(handler: Handler, found: Sequence[HeavyImport]) -> Mapping[str, Fork]:
    """The packages that only some invocations of a handler need, each with the branch that decides."""
    forks: dict[str, Fork] = {}
    roots = dict.fromkeys(each.package.root for each in found)
    for root in roots:
        own = [each for each in found if each.package.root == root]
        if any(each.early or each.unclear for each in own):
            continue
        usage = handler.paths.usage([(each.module, read) for each in own for read in each.reads])
        if usage.runs is Runs.SOMETIMES and usage.fork is not None:
            forks[root] = usage.fork
    # What another package brings along is loaded with it.
    brought = {
        name
        for each in found
        if each.package.root not in forks
        for name in each.package.brings
        if name != each.package.root
    }
    return {root: fork for root, fork in forks.items() if root not in brought}


# Objects


def eager_objects(
    application: Application, more: Mapping[str, CostlyObject] | None = None
) -> Iterator[Eager[Kept]]:
    """The objects that init makes and only some invocations use. Of a whole and its parts, the whole."""
    candidates: dict[int, _Candidate[Kept]] = {}
    for handler in application.handlers:
        found = _kept(handler, more)
        for each in found:
            if each.kind == "object" or (not each.reads and not each.open):
                continue
            candidate = candidates.setdefault(id(each.value), _Candidate(each, (each.module, each.value), {}))
            fork = _fork(handler, each, found)
            if fork is None:
                candidate.needed = True
                continue
            candidate.forks[handler] = fork
            read = next(read for read in each.reads if read.invoked)
            candidate.use = (read.module, read.node)
    eager = {
        id(candidate.subject.value): candidate for candidate in candidates.values() if not candidate.needed
    }
    yield from _told(
        candidate for candidate in eager.values() if not _is_part_of(candidate.subject, eager.keys())
    )


def _is_part_of(each: Kept, wholes: Iterable[int]) -> bool:
    known = set(wholes)
    seen: set[int] = set()
    whole = each.whole
    while whole is not None and id(whole) not in seen:
        if id(whole.value) in known:
            return True
        seen.add(id(whole))
        whole = whole.whole
    return False


def _fork(handler: Handler, each: Kept, among: Sequence[Kept]) -> Fork | None:
    """The branch that decides whether an object is used; None where it is, or others of its kind are,
    whichever way it goes: what routes have each for itself is one that they could share."""
    if each.open or not all(read.invoked for read in each.reads):
        return None
    usage = handler.paths.usage([(read.module, read.node) for read in each.reads])
    if usage.runs is not Runs.SOMETIMES:
        return None
    alike = [other for other in among if other.what == each.what and other.kind in ("client", "resource")]
    if len(alike) > 1:
        reads = [(read.module, read.node) for other in alike for read in other.reads if read.invoked]
        if handler.paths.usage(reads).runs is not Runs.SOMETIMES:
            return None
    return usage.fork


def unused_objects(
    application: Application, more: Mapping[str, CostlyObject] | None = None
) -> Iterator[tuple[Kept, tuple[Handler, ...]]]:
    """The objects that init makes and no handler whose reach holds the module uses. Of a whole and its parts,
    the whole."""
    found: dict[int, tuple[Kept, list[Handler]]] = {}
    for handler in application.handlers:
        for each in _kept(handler, more):
            if not each.reads and not each.open and _is_on_its_own(each):
                found.setdefault(id(each.value), (each, []))[1].append(handler)
    for each, handlers in found.values():
        view = application.module(each.module)
        if (
            view is not None
            and len(view.handlers) == len(handlers)
            and not _may_be_elsewhere(application, each)
        ):
            yield each, tuple(handlers)


def _is_on_its_own(each: Kept) -> bool:
    """Whether it is no part of something that is as unused as it is."""
    return each.whole is None or bool(each.whole.reads) or each.whole.open


def _may_be_elsewhere(application: Application, each: Kept) -> bool:
    """Whether a function that is not linked may have the module in its bundle."""
    path = each.module.source.path
    for function in application.functions:
        unlinked = application.unlinked(function)
        if unlinked is None or unlinked.bundle is None or function.is_python is False:
            continue
        if any(folder in path.parents for folder in unlinked.bundle.folders):
            return True
    return False


def _kept(handler: Handler, more: Mapping[str, CostlyObject] | None) -> Sequence[Kept]:
    return kept(handler.evaluator, handler.reach, more) if more else handler.kept


# Both


def _told(candidates: Iterable[_Candidate[Subject]]) -> Iterator[Eager[Subject]]:
    for candidate in candidates:
        if candidate.needed or not candidate.forks:
            continue
        handlers = tuple(handler for handler in candidate.forks if _pays(handler))
        if handlers:
            yield Eager(candidate.subject, candidate.forks[handlers[0]], candidate.use, handlers)


def _pays(handler: Handler) -> bool:
    """Whether callers wait for the handler's cold starts: not for those of a rare job (law 10) or of what
    serves deployments, nor where Lambda starts environments ahead."""
    if handler.seldom or serves_deployments(handler):
        return False
    return not handler.functions or not all(_starts_ahead(function) for function in handler.functions)


def _starts_ahead(function: LambdaFunction) -> bool:
    """Whether init runs before there is a request: provisioned concurrency, SnapStart."""
    if function.property("ProvisionedConcurrencyConfig"):
        return True
    return any(
        not isinstance(outcome.value, Known) or outcome.value.value != "None"
        for outcome in function.property("SnapStart", "ApplyOn")
    )
