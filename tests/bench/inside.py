"""Measures inside one process, and prints JSON: `python -m tests.bench.inside code|templates FOLDER`.

What is ours and what it is measured against take turns over the same files, and the processor's time counts,
not the clock's: other programs on the machine then weigh little.
"""

from __future__ import annotations

import gc
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

import libcst as cst

from lambdalint import outcome
from lambdalint.application.application import Application, Project
from lambdalint.config import Configuration, Overrides
from lambdalint.discovery import discover
from lambdalint.garbage import collect_if_due, seldom_collected
from lambdalint.outcome import Outcome, run
from lambdalint.registry import ENGINE_THEME, Registry, load_registry
from lambdalint.rule import Rule
from lambdalint.source import read_text
from lambdalint.work import build_project

ROUNDS = 3
# Rules are measured as the whole is.
outcome.clock = time.process_time

S = TypeVar("S")
T = TypeVar("T")


def main() -> None:
    """Prints `ours` and `floor` in seconds (medians), the numbers of files and lines, and seconds by rule."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    print(json.dumps({"code": _code, "templates": _templates}[what](folder)))


def _code(root: Path) -> dict[str, object]:
    """Rules that read code, from source text to findings with their places, against parse_module."""
    ours: list[float] = []
    floor: list[float] = []
    for _ in range(ROUNDS):
        project, registry, rules = _project(root, without="template")
        applications = project.applications
        for application in applications:
            for function in application.functions:
                _ = function.triggers
        with seldom_collected():  # as the command line is, to its end
            seconds, outcomes = _timed(partial(_run, applications, registry, rules))
        ours.append(seconds)
        modules = [module.module for application in applications for module in application.modules]
        texts = list({module.source: module.source.text for module in modules}.values())
        floor.append(_timed(partial(_all, cst.parse_module, texts))[0])
    again = _run(applications, registry, rules)  # with all that the model has found out by now
    return {**_figures(ours, floor, texts, outcomes), "again": _by_rule(again)}


def _templates(root: Path) -> dict[str, object]:
    """Decoding and all rules that read templates, whose code is not there, against cfn-lint's decode."""
    from cfnlint.decode import decode

    with tempfile.TemporaryDirectory() as temporary:
        bare = Path(temporary)
        for path in discover(root, [root]).templates:
            (bare / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, bare / path)
        ours: list[float] = []
        floor: list[float] = []
        for _ in range(ROUNDS):
            project, registry, rules = _project(bare, without="code")
            paths = project.files.templates
            with seldom_collected():
                seconds, outcomes = _timed(partial(_run_project, project, registry, rules))
            ours.append(seconds)
            floor.append(_timed(partial(_all, decode, [str(bare / path) for path in paths]))[0])
        texts = [read_text(bare, path).text for path in paths]
        return _figures(ours, floor, texts, outcomes)


def _run(applications: Sequence[Application], registry: Registry, rules: dict[str, Rule]) -> list[Outcome]:
    # As lambdalint.work does it.
    outcomes = []
    with seldom_collected():
        for application in applications:
            outcomes.append(run(application, registry, rules, invocations=False))
            collect_if_due()
    return outcomes


def _run_project(project: Project, registry: Registry, rules: dict[str, Rule]) -> list[Outcome]:
    return _run(project.applications, registry, rules)


def _all(call: Callable[[S], T], arguments: Iterable[S]) -> list[T]:
    return [call(argument) for argument in arguments]


def _project(root: Path, without: str) -> tuple[Project, Registry, dict[str, Rule]]:
    """Without the rules that read this alone."""
    registry = load_registry()
    ignored = tuple(
        meta.name for meta in registry.rules.values() if meta.reads == without and meta.theme != ENGINE_THEME
    )
    configuration = Configuration(
        root, registry, isolated=True, overrides=Overrides(ignore=ignored, pedantic=True)
    )
    project = build_project(discover(root, [root]), configuration)
    metas = registry.select(configuration.for_folder(PurePosixPath()))
    rules = {meta.name: registry.load(meta) for meta in metas if meta.theme != ENGINE_THEME}
    return project, registry, rules


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    gc.collect()
    began = time.process_time()
    result = call()
    return time.process_time() - began, result


def _figures(
    ours: list[float], floor: list[float], texts: list[str], outcomes: list[Outcome]
) -> dict[str, object]:
    return {
        "ours": statistics.median(ours),
        "floor": statistics.median(floor),
        "files": len(texts),
        "lines": sum(text.count("\n") for text in texts),
        "by_rule": _by_rule(outcomes),
    }


def _by_rule(outcomes: Iterable[Outcome]) -> dict[str, float]:
    seconds: Counter[str] = Counter()
    for each in outcomes:
        seconds.update(each.seconds)
    return dict(seconds.most_common())


if __name__ == "__main__":
    main()
