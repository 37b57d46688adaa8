"""The work of a run, cut into tasks and done here or by worker processes. Nothing else knows about workers.

A task is made of paths, so that it can be sent; what comes back is plain data, the same whoever made it.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from lambdalint import source as sources
from lambdalint.engine_rules import TEMPLATE_ERROR
from lambdalint.finding import Finding
from lambdalint.garbage import collect_if_due, seldom_collected
from lambdalint.outcome import ENGINE, Outcome, describe, run, unreadable_template
from lambdalint.registry import ENGINE_THEME, Registry, RegistryError
from lambdalint.report import Crash
from lambdalint.rule import Rule, Settings

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Project
    from lambdalint.discovery import Files

# Starting workers and sending findings back costs more than it saves on a handful of applications.
FEW_APPLICATIONS = 12

# Forked workers inherit what is loaded; macOS's own libraries do not survive a fork.
START_METHOD = "fork" if sys.platform == "linux" else "spawn"

Loose = tuple[PurePosixPath, tuple[PurePosixPath, ...]]


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
    `invocations` puts modes and triggers into the report's links, which costs time.
    """

    jobs: int = 0
    whole_application: bool = False
    invocations: bool = True


@dataclass(frozen=True)
class Task:
    """Applications to check one after the other: templates, and loose modules by folder."""

    templates: tuple[PurePosixPath, ...] = ()
    loose: tuple[Loose, ...] = ()

    @property
    def name(self) -> str:
        """What to call it where nothing else is known of it."""
        return str(self.templates[0] if self.templates else self.loose[0][0])


@dataclass
class Result:
    """What comes of a task. `folders` belong to its applications, also to those that nobody asked about."""

    outcomes: list[Outcome] = field(default_factory=list)
    folders: list[PurePosixPath] = field(default_factory=list)
    unreadable: list[Finding] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)


def do_all(files: Files, settings: SettingsSource, registry: Registry, options: Options) -> Sequence[Result]:
    """Checks all applications that the given paths concern; the same however many processes there are.

    Raises RegistryError for a rule that cannot be loaded, and what `settings` raises.
    """
    desk = Desk(files, settings, registry, options)
    results = _do(desk, desk.template_tasks())
    owned = [folder for result in results for folder in result.folders]
    return [*results, *_do(desk, desk.loose_tasks(owned))]


class Desk:
    """What it takes to do tasks. Every worker has its own."""

    def __init__(self, files: Files, settings: SettingsSource, registry: Registry, options: Options) -> None:
        self.files = files
        self.settings = settings
        self.registry = registry
        self.options = options
        self.project = build_project(files, settings)
        self._rules = _Rules(registry)

    def template_tasks(self) -> Sequence[Task]:
        """The templates that may hold what was asked about; neighbours together, as they share modules."""
        units = (tuple(filter(self._may_concern, unit.templates)) for unit in self.project.template_units)
        return [Task(paths) for paths in units if paths]

    def loose_tasks(self, owned: Iterable[PurePosixPath]) -> Sequence[Task]:
        """The handlers that no template deploys, in or around the given paths."""
        units = (unit.loose for unit in self.project.loose_units(owned))
        near = (tuple(loose for loose in unit if self._is_near(loose[0])) for unit in units)
        return [Task(loose=loose) for loose in near if loose]

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
        application = self.project.application(path)
        if application is None:
            result.unreadable.extend(self._unreadable(path))
            return
        try:
            folders = application.folders
        except Exception as error:
            result.crashes.append(Crash(ENGINE, str(path), describe(error)))
            folders = ()
        result.folders.extend(folders)
        if self._concerns(application, folders):
            result.outcomes.append(self._run(application))

    def _do_loose(self, folder: PurePosixPath, paths: tuple[PurePosixPath, ...], result: Result) -> None:
        application = self.project.loose_application(folder, paths)
        if application.handlers or application.failures:
            result.outcomes.append(self._run(application))

    def _unreadable(self, path: PurePosixPath) -> Iterator[Finding]:
        if TEMPLATE_ERROR.name in {
            meta.name for meta in self.registry.select(self.settings.for_template(path))
        }:
            error = self.project.failures[path]
            help = "mend the file, or exclude it in the configuration"
            yield unreadable_template(path, f"the file {error.reason}", help, error.line, self.files.root)

    def _may_concern(self, path: PurePosixPath) -> bool:
        """Whether a template may own a given path: one around or below it, or any if it mentions `..`."""
        if any(_related(path.parent, given) for given in self.files.given):
            return True
        try:
            return "../" in self.files.read_text(path).text
        except sources.SourceError:
            return False

    def _concerns(self, application: Application, folders: Sequence[PurePosixPath]) -> bool:
        if self.files.reported(application.path):
            return True
        return any(_related(folder, given) for folder in folders for given in self.files.given)

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


@dataclass(frozen=True)
class _Recipe:
    """What a worker needs that does not inherit its parent's memory."""

    files: Files
    settings: SettingsSource
    registry: Registry
    options: Options
    overlay: Mapping[str, bytes]


def build_project(files: Files, settings: SettingsSource) -> Project:
    """The applications of the files, none of them made yet."""
    from lambdalint.application.application import Project

    templates = frozenset(files.templates)

    def settings_of(path: PurePosixPath) -> Settings:
        return settings.for_template(path) if path in templates else settings.for_folder(path)

    return Project.build(files.root, files, settings_of)


def _related(folder: PurePosixPath, given: PurePosixPath) -> bool:
    """Whether one of the two lies in the other."""
    return folder == given or folder in given.parents or given in folder.parents


def _do(desk: Desk, tasks: Sequence[Task]) -> list[Result]:
    desk.prepare(tasks)
    workers = min(_workers(desk.options.jobs, tasks), len(tasks))
    with seldom_collected():
        results = (
            _in_workers(desk, tasks, workers) if workers > 1 else [_contained(desk, task) for task in tasks]
        )
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


def _in_workers(desk: Desk, tasks: Sequence[Task], workers: int) -> list[Result | Crash]:
    done = _pooled(desk, tasks, workers)
    for number, task in enumerate(tasks):
        if done[number] is None:
            # A worker that dies takes the others' work with it; alone, only the task that kills it is lost.
            done[number] = _pooled(desk, (task,), 1)[0]
    died = "the worker process died, perhaps for want of memory"
    return [each or Crash(ENGINE, task.name, died) for each, task in zip(done, tasks, strict=True)]


def _pooled(desk: Desk, tasks: Sequence[Task], workers: int) -> list[Result | Crash | None]:
    """The result of each task, None where a worker died."""
    recipe = desk if START_METHOD == "fork" else _recipe(desk)
    context = multiprocessing.get_context(START_METHOD)
    with ProcessPoolExecutor(workers, context, _begin_worker, (recipe,)) as pool:
        futures = [pool.submit(_do_in_worker, task) for task in tasks]
        return [_result(task, future) for task, future in zip(tasks, futures, strict=True)]


def _recipe(desk: Desk) -> _Recipe:
    return _Recipe(desk.files, desk.settings, desk.registry, desk.options, sources.current_overlay())


def _result(task: Task, future: Future[bytes]) -> Result | Crash | None:
    from lambdalint.config import ConfigError

    try:
        result: Result | Crash = pickle.loads(future.result())
        return result
    except BrokenProcessPool:
        return None
    except (RegistryError, ConfigError):
        raise
    except Exception as error:  # what cannot be sent back
        return Crash(ENGINE, task.name, describe(error))


_desk: Desk | None = None


def _begin_worker(recipe: Desk | _Recipe) -> None:
    global _desk
    if isinstance(recipe, _Recipe):
        sources.begin_overlay(recipe.overlay)
        recipe = Desk(recipe.files, recipe.settings, recipe.registry, recipe.options)
    _desk = recipe


def _do_in_worker(task: Task) -> bytes:
    assert _desk is not None
    buffer = io.BytesIO()
    with seldom_collected():
        _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(_contained(_desk, task))
    return buffer.getvalue()


class _Pickler(pickle.Pickler):
    """Sends the strings of cfn-lint's decoder, whose class has no importable name, as plain ones."""

    def reducer_override(self, obj: object) -> Any:
        if isinstance(obj, str) and type(obj) is not str:
            return str, (str.__str__(obj),)
        return NotImplemented
