"""The work of a run, cut into tasks and done here or by worker processes. Nothing else knows about workers.

A task is made of paths, so that it can be sent; what comes back is plain data, the same whoever made it.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from multiprocessing.connection import wait
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from lambdalint import source as sources
from lambdalint.application.overview import Overview
from lambdalint.application.units import Loose, loose_groups, template_groups
from lambdalint.engine_rules import TEMPLATE_ERROR
from lambdalint.finding import Finding
from lambdalint.garbage import collect_if_due, seldom_collected
from lambdalint.kept import Kept
from lambdalint.ledger import Ledger, Records
from lambdalint.outcome import ENGINE, Outcome, clock, describe, run, unreadable_template
from lambdalint.registry import ENGINE_THEME, Registry, RegistryError
from lambdalint.report import Crash
from lambdalint.rule import Rule, Settings

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Project
    from lambdalint.cache import Cache
    from lambdalint.discovery import Files

# Starting workers and sending findings back costs more than it saves on a handful of applications.
FEW_APPLICATIONS = 12

# Forked workers inherit what is loaded; macOS's own libraries do not survive a fork.
START_METHOD = "fork" if sys.platform == "linux" else "spawn"


class SettingsSource(Protocol):
    """Where the settings of an application come from; `config.Configuration` is one."""

    def for_folder(self, folder: PurePosixPath) -> Settings:
        """The settings of loose modules in a folder."""

    def for_template(self, path: PurePosixPath) -> Settings:
        """The settings of the application that a template makes."""


@dataclass(frozen=True)
class Options:
    """How to run. `jobs` is the number of processes, 0 for as many as pay off.

    `whole_application` reports on all files of each application that the given paths belong to.
    `invocations` puts modes and triggers into the report's links, which costs time. `cache` takes results
    over from earlier runs and keeps them for later ones, under the root.

    `executor` does the work in place of processes of our own: any of `concurrent.futures` or its like, whose
    workers see the same files at the same paths. It is left open.
    """

    jobs: int = 0
    whole_application: bool = False
    invocations: bool = True
    cache: bool = False
    executor: Executor | None = None


@dataclass(frozen=True)
class Task:
    """Applications to check one after the other: templates, and loose modules by folder."""

    templates: tuple[PurePosixPath, ...] = ()
    loose: tuple[Loose, ...] = ()

    @property
    def name(self) -> str:
        """What to call it where nothing else is known of it."""
        return str(self.templates[0] if self.templates else self.loose[0][0])

    @property
    def single(self) -> Sequence[Task]:
        """A task for each of its applications."""
        return [*(Task((path,)) for path in self.templates), *(Task(loose=(loose,)) for loose in self.loose)]


@dataclass
class Result:
    """What comes of a task. `folders` belong to its applications, also to those that nobody asked about;
    `unchanged` is how many of the outcomes come from an earlier run."""

    outcomes: list[Outcome] = field(default_factory=list)
    folders: list[PurePosixPath] = field(default_factory=list)
    unreadable: list[Finding] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)
    unchanged: int = 0


def do_all(
    files: Files,
    settings: SettingsSource,
    registry: Registry,
    options: Options,
    phases: dict[str, float] | None = None,
) -> Sequence[Result]:
    """Checks all applications that the given paths concern; the same however many processes there are.

    `phases` receives the seconds that looking for results of earlier runs took, and those of the analysis.
    Raises RegistryError for a rule that cannot be loaded, and what `settings` raises.
    """
    desk = Desk(files, settings, registry, options)
    seconds = phases if phases is not None else {}
    results = _do(desk, desk.template_tasks(), seconds)
    owned = [folder for result in results for folder in result.folders]
    return [*results, *_do(desk, desk.loose_tasks(owned), seconds)]


def settings_of(files: Files, settings: SettingsSource) -> Callable[[PurePosixPath], Settings]:
    """The settings by a template's path or the folder of loose modules."""
    templates = frozenset(files.templates)
    return lambda path: settings.for_template(path) if path in templates else settings.for_folder(path)


class Desk:
    """What it takes to do tasks. Every worker has its own."""

    def __init__(self, files: Files, settings: SettingsSource, registry: Registry, options: Options) -> None:
        self.files = files
        self.settings = settings
        self.registry = registry
        self.options = options
        # What an assembly's code was copied from is found by comparing files, which no ledger holds.
        self.cache = self._open_cache() if options.cache and not files.assemblies else None
        files.records = Records(enabled=self.cache is not None)
        self._rules = _Rules(registry)

    @cached_property
    def project(self) -> Project:
        """The applications; made only where something must be analysed."""
        return build_project(self.files, self.settings)

    def template_tasks(self) -> Sequence[Task]:
        """The templates that may hold what was asked about; neighbours together, as they share modules."""
        units = (tuple(filter(self._may_concern, group)) for group in template_groups(self.files))
        return [Task(paths) for paths in units if paths]

    def loose_tasks(self, owned: Iterable[PurePosixPath]) -> Sequence[Task]:
        """The handlers that no template deploys, in or around the given paths."""
        units = loose_groups(self.files, owned)
        near = (tuple(loose for loose in unit if self._is_near(loose[0])) for unit in units)
        return [Task(loose=loose) for loose in near if loose]

    def unchanged(self, task: Task) -> tuple[Result, Task]:
        """What is known of a task from earlier runs, and what is left of it. Raises what `settings`
        raises."""
        result = Result()
        if self.cache is None:
            return result, task
        templates = [path for path in task.templates if not self._take_over(path, result)]
        loose = [each for each in task.loose if not self._take_over_loose(*each, result)]
        return result, Task(tuple(templates), tuple(loose))

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Imports the rules that the tasks need, so that workers inherit them and errors come early."""
        for task in tasks:
            for path in task.templates:
                self._rules.load(self.settings.for_template(path))
            for folder, _ in task.loose:
                self._rules.load(self.settings.for_folder(folder))

    def do(self, task: Task) -> Result:
        """Does a task. Raises RegistryError and what `settings` raises; anything else becomes a crash."""
        result = Result()
        for path in task.templates:
            self._do_template(path, result)
            collect_if_due()
        for folder, paths in task.loose:
            self._do_loose(folder, paths, result)
            collect_if_due()
        return result

    def _run(self, application: Application) -> Outcome:
        return run(application, self.registry, self._rules, self.options.invocations)

    def _do_template(self, path: PurePosixPath, result: Result) -> None:
        crashes = len(result.crashes)
        with self.files.records.into(Ledger()) as ledger:
            application = self.project.application(path)
            if application is None:
                kept = Kept(unreadable=list(self._unreadable(path)))
            else:
                with self.files.records.into(application.ledger):
                    kept = self._analysed(path, application, result)
        self._add(kept, result)
        if self.cache is not None and len(result.crashes) == crashes:
            self._keep(ledger, kept, path)

    def _analysed(self, path: PurePosixPath, application: Application, result: Result) -> Kept:
        try:
            folders = application.folders
        except Exception as error:
            result.crashes.append(Crash(ENGINE, str(path), describe(error)))
            folders = ()
        return Kept(self._run(application) if self._concerns(path, folders) else None, folders)

    def _do_loose(self, folder: PurePosixPath, paths: tuple[PurePosixPath, ...], result: Result) -> None:
        application = self.project.loose_application(folder, paths)
        with self.files.records.into(application.ledger):
            has_any = application.handlers or application.failures
            kept = Kept(self._run(application) if has_any else None)
        self._add(kept, result)
        if self.cache is not None:
            self._keep(application.ledger, kept, folder, *paths)

    def _add(self, kept: Kept, result: Result) -> None:
        result.unreadable.extend(kept.unreadable)
        result.folders.extend(kept.folders)
        if kept.outcome is not None:
            result.outcomes.append(kept.outcome)

    def _keep(self, ledger: Ledger, kept: Kept, path: PurePosixPath, *more: PurePosixPath) -> None:
        if self.cache is not None and (kept.outcome is None or not kept.outcome.crashes):
            self.cache.keep(ledger, kept, path, *more)

    def _take_over(self, path: PurePosixPath, result: Result) -> bool:
        """Adds what is known of a template's application; False where that is not enough."""
        assert self.cache is not None
        kept = self.cache.find(path)
        if kept is None:
            return False
        if not kept.unreadable:
            if not self._concerns(path, kept.folders):
                kept.outcome = None
            elif kept.outcome is None:
                return False
        self._add(kept, result)
        result.unchanged += kept.outcome is not None
        return True

    def _take_over_loose(
        self, folder: PurePosixPath, paths: tuple[PurePosixPath, ...], result: Result
    ) -> bool:
        assert self.cache is not None
        kept = self.cache.find(folder, *paths)
        if kept is None:
            return False
        self._add(kept, result)
        result.unchanged += kept.outcome is not None
        return True

    def _open_cache(self) -> Cache | None:
        from lambdalint.cache import Cache

        by_path = settings_of(self.files, self.settings)
        cache = Cache(self.files, Overview(self.files), by_path, self.registry, self.options.invocations)
        return cache if cache.usable else None

    def _unreadable(self, path: PurePosixPath) -> Iterator[Finding]:
        if TEMPLATE_ERROR.name in {
            meta.name for meta in self.registry.select(self.settings.for_template(path))
        }:
            error = self.project.failures[path]
            help = "mend the file, or exclude it in the configuration"
            yield unreadable_template(path, f"the file {error.reason}", help, error.line, self.files)

    def _may_concern(self, path: PurePosixPath) -> bool:
        """Whether a template may own a given path: one around or below it, or any if it mentions `..`."""
        if any(_related(path.parent, given) for given in self.files.given):
            return True
        try:
            return "../" in self.files.read_text(path).text
        except sources.SourceError:
            return False

    def _concerns(self, path: PurePosixPath, folders: Sequence[PurePosixPath]) -> bool:
        if self.files.reported(path):
            return True
        return any(_related(folder, asked) for folder in folders for asked in self.files.asked)

    def _is_near(self, folder: PurePosixPath) -> bool:
        return any(_related(folder, given) for given in self.files.given)


class _Rules(dict[str, Rule]):
    """The rules by name, each imported when it is first asked for."""

    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._registry = registry

    def __missing__(self, name: str) -> Rule:
        self[name] = rule = self._registry.load(self._registry.get(name))
        return rule

    def load(self, settings: Settings) -> None:
        for meta in self._registry.select(settings):
            if meta.theme != ENGINE_THEME:
                _ = self[meta.name]


def build_project(files: Files, settings: SettingsSource) -> Project:
    """The applications of the files, none of them made yet."""
    from lambdalint.application.application import Project

    return Project.build(files.root, files, settings_of(files, settings))


def _related(folder: PurePosixPath, given: PurePosixPath) -> bool:
    """Whether one of the two lies in the other."""
    return folder == given or folder in given.parents or given in folder.parents


def _do(desk: Desk, tasks: Sequence[Task], phases: dict[str, float]) -> list[Result]:
    begin = clock()
    known = [desk.unchanged(task) for task in tasks]
    left = [task for _, task in known if task.templates or task.loose]
    middle = clock()
    results = [*(result for result, _ in known), *_do_anew(desk, left)]
    phases["cache"] = phases.get("cache", 0.0) + middle - begin
    phases["analysis"] = phases.get("analysis", 0.0) + clock() - middle
    return results


def _do_anew(desk: Desk, tasks: Sequence[Task]) -> list[Result]:
    if not tasks:
        return []
    desk.prepare(tasks)
    workers = min(_workers(desk.options.jobs, tasks), len(tasks))
    with seldom_collected():
        if desk.options.executor is not None:
            results: Sequence[Result | Crash] = _sent(desk, tasks, desk.options.executor)
        elif workers > 1:
            results = _in_workers(desk, tasks, workers)
        else:
            results = [_contained(desk, task) for task in tasks]
    if desk.cache is not None:
        desk.cache.tidy()
    return [Result(crashes=[each]) if isinstance(each, Crash) else each for each in results]


def _workers(jobs: int, tasks: Sequence[Task]) -> int:
    if jobs:
        return jobs
    applications = sum(len(task.templates) + len(task.loose) for task in tasks)
    return (os.cpu_count() or 1) if applications >= FEW_APPLICATIONS else 1


def _contained(desk: Desk, task: Task) -> Result | Crash:
    from lambdalint.config import ConfigError

    try:
        return desk.do(task)
    except (RegistryError, ConfigError):
        raise
    except Exception as error:
        return Crash(ENGINE, task.name, describe(error))


# Processes of our own


def _in_workers(desk: Desk, tasks: Sequence[Task], workers: int) -> list[Result | Crash]:
    """A worker that dies takes the others' work with it. What may have been at work then, the first that are
    not done, is tried alone; the rest goes on together."""
    done: dict[int, Result | Crash] = {}
    left = list(range(len(tasks)))
    while left:
        found = _pooled(desk, [tasks[number] for number in left], workers)
        done.update({number: each for number, each in zip(left, found, strict=True) if each is not None})
        left = [number for number in left if number not in done]
        for number in left[:workers]:
            done[number] = _alone(desk, tasks[number])
        left = left[workers:]
    return [done[number] for number in range(len(tasks))]


def _alone(desk: Desk, task: Task) -> Result | Crash:
    """The task by itself, and where a worker dies of it, each of its applications by itself."""
    (found,) = _pooled(desk, (task,), 1)
    if found is not None:
        return found
    if len(task.single) == 1:
        return Crash(ENGINE, task.name, "the worker process died, perhaps for want of memory")
    whole = Result()
    for each in task.single:
        part = _alone(desk, each)
        if isinstance(part, Crash):
            whole.crashes.append(part)
            continue
        for name in ("outcomes", "folders", "unreadable", "crashes"):
            getattr(whole, name).extend(getattr(part, name))
    return whole


def _pooled(desk: Desk, tasks: Sequence[Task], workers: int) -> list[Result | Crash | None]:
    """The result of each task, None where a worker died."""
    recipe = desk if START_METHOD == "fork" else _recipe(desk)
    context = multiprocessing.get_context(START_METHOD)
    with _stopped(ProcessPoolExecutor(workers, context, _begin_worker, (recipe,))) as pool:
        futures = _submitted(pool, tasks)
        return [_result(task, future) for task, future in zip(tasks, futures, strict=True)]


def _submitted(pool: Executor, tasks: Sequence[Task]) -> Sequence[Future[bytes] | None]:
    """The tasks, handed in; None for those that a dead worker left no one to take."""
    futures: list[Future[bytes] | None] = []
    for task in tasks:
        try:
            futures.append(pool.submit(_do_in_worker, task))
        except BrokenExecutor:
            futures.append(None)
    return futures


@contextmanager
def _stopped(pool: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    """Lets the workers end when their work is done, and at once where it is broken off."""
    try:
        yield pool
    except BaseException:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        until = time.monotonic() + _GRACE_SECONDS
        for process in processes:
            process.join(max(0.0, until - time.monotonic()))
            process.kill()  # one that was stopped while it began still has its parent's handlers
        raise
    pool.shutdown()


# What a worker is given to end by itself; nothing that it does has to be finished.
_GRACE_SECONDS = 1.0
_desk: Desk | None = None


def _begin_worker(recipe: Desk | _Recipe) -> None:
    global _desk
    _end_with_parent()
    _desk = recipe.desk() if isinstance(recipe, _Recipe) else recipe


def _end_with_parent() -> None:
    """Leaves it to the parent what an interrupt means, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _do_in_worker(task: Task) -> bytes:
    assert _desk is not None
    return _packed(_desk, task)


# Somebody else's executor


def _sent(desk: Desk, tasks: Sequence[Task], executor: Executor) -> list[Result | Crash]:
    recipe = pickle.dumps(_recipe(desk), pickle.HIGHEST_PROTOCOL)
    futures = [executor.submit(_do_elsewhere, recipe, task) for task in tasks]
    lost = "the executor lost the worker, perhaps for want of memory"
    try:
        results = (_result(task, future) for task, future in zip(tasks, futures, strict=True))
        return [each or Crash(ENGINE, task.name, lost) for each, task in zip(results, tasks, strict=True)]
    except BaseException:
        for future in futures:
            future.cancel()
        raise


_elsewhere: tuple[bytes, Desk] | None = None
_one_at_a_time = threading.Lock()


def _do_elsewhere(recipe: bytes, task: Task) -> bytes:
    """Does a task in a worker that was not begun by us: perhaps a thread, perhaps on another machine."""
    global _elsewhere
    with _one_at_a_time:  # a desk is for one task after the other
        if _elsewhere is None or _elsewhere[0] != recipe:
            _elsewhere = recipe, pickle.loads(recipe).desk()
        return _packed(_elsewhere[1], task)


# What is sent


@dataclass(frozen=True)
class _Recipe:
    """What a worker needs that does not inherit its parent's memory."""

    files: Files
    settings: SettingsSource
    registry: Registry
    options: Options
    overlay: Mapping[str, bytes]

    def desk(self) -> Desk:
        """A desk like the one that this is the recipe of."""
        sources.begin_overlay(self.overlay)
        return Desk(self.files, self.settings, self.registry, self.options)


def _recipe(desk: Desk) -> _Recipe:
    options = replace(desk.options, executor=None)
    return _Recipe(desk.files, desk.settings, desk.registry, options, sources.current_overlay())


def _packed(desk: Desk, task: Task) -> bytes:
    buffer = io.BytesIO()
    with seldom_collected():
        _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(_contained(desk, task))
    return buffer.getvalue()


def _result(task: Task, future: Future[bytes] | None) -> Result | Crash | None:
    """What came of a task, None where the worker died."""
    from lambdalint.config import ConfigError

    if future is None:
        return None
    try:
        result: Result | Crash = pickle.loads(future.result())
        return result
    except BrokenExecutor:
        return None
    except (RegistryError, ConfigError):
        raise
    except Exception as error:  # what cannot be sent back
        return Crash(ENGINE, task.name, describe(error))


class _Pickler(pickle.Pickler):
    """Sends the strings of cfn-lint's decoder, whose class has no importable name, as plain ones."""

    def reducer_override(self, obj: object) -> Any:
        if isinstance(obj, str) and type(obj) is not str:
            return str, (str.__str__(obj),)
        return NotImplemented
