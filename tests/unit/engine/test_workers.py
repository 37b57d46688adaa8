"""Workers: what dies, what is interrupted, and executors of others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from lambdalint import work
from lambdalint.engine import Options
from lambdalint.finding import Finding
from lambdalint.report import Report

from .fakes import application, finding, label, module_rule, places, run, source
from .test_work import run as run_whole

FILES = [source(f"f{number}.py", "spam") for number in range(9)]
APPLICATIONS = [application(f"{number}.yaml", file) for number, file in enumerate(FILES)]
PARENT = os.getpid()


def deadly(*numbers: int) -> Any:
    """A rule that finds something, or has the system kill the worker at some of the files."""

    def find(module: Any) -> Iterator[Finding]:
        if module.source in [FILES[number] for number in numbers] and os.getpid() != PARENT:
            os.kill(os.getpid(), signal.SIGKILL)
        yield finding("a-rule", label(module.source, "spam"))

    return module_rule("a-rule", find)


@pytest.mark.parametrize("dead", [(0,), (8,), (1, 2, 7), (3, 4), tuple(range(9))])
@pytest.mark.parametrize("together", [1, 4])
def test_only_what_kills_its_worker_is_lost(
    monkeypatch: pytest.MonkeyPatch, dead: tuple[int, ...], together: int
) -> None:
    """Each such application is named, however many make a task; the others are checked."""
    paths = [each.path for each in APPLICATIONS]
    groups = [tuple(paths[first : first + together]) for first in range(0, 9, together)]
    with pytest.MonkeyPatch.context() as patch:
        real = work.do_all

        def grouped(*arguments: Any) -> Any:
            patch.setattr(work, "template_groups", lambda files: groups)
            return real(*arguments)

        patch.setattr("lambdalint.engine.do_all", grouped)
        report = run(monkeypatch, [deadly(*dead)], *APPLICATIONS, options=Options(jobs=3))
    assert [crash.path for crash in report.crashes] == [f"{number}.yaml" for number in dead]
    assert all("worker process died" in crash.error for crash in report.crashes)
    assert [path for _, path, _ in places(report)] == [f"f{n}.py" for n in range(9) if n not in dead]


SLOW = """\
import sys, time
from pathlib import Path
from lambdalint import cli, outcome, work

def slow(*arguments):
    time.sleep(60)

work.run = slow
cli.main()
"""
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  F{number}:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: ., Handler: app.handler, Runtime: python3.13}}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
@pytest.mark.parametrize(
    ("deed", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_nothing_is_left_when_a_run_is_ended(tmp_path: Path, deed: signal.Signals, code: int) -> None:
    for number in range(6):
        folder = tmp_path / f"app{number}"
        folder.mkdir()
        (folder / "template.yaml").write_text(TEMPLATE.format(number=number))
        (folder / "app.py").write_text("def handler(event, context):\n    return event\n")
    begun = subprocess.Popen(
        [sys.executable, "-c", SLOW, "check", "--jobs", "3"], cwd=tmp_path, start_new_session=True
    )
    _until(lambda: len(_session(begun.pid)) >= 4)
    os.kill(begun.pid, deed)  # as an impatient user or the system does, to the parent alone
    assert begun.wait(20) == code
    _until(lambda: not _session(begun.pid))
    kept = tmp_path / ".lambdalint_cache"
    assert not kept.exists() or not [path for path in kept.iterdir() if path.name.startswith(".l")]


def _session(number: int) -> list[int]:
    """The processes of a session that are alive."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == number and fields[0] != "Z":
                found.append(int(path.name))
    return found


def _until(holds: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


# Executors of others


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for number in range(4):
        folder = tmp_path / f"app{number}"
        folder.mkdir()
        (folder / "template.yaml").write_text(TEMPLATE.format(number=number))
        (folder / "app.py").write_text("def handler(event, context)\n" if number % 2 else "handler = print\n")
    (tmp_path / ".git").mkdir()
    return tmp_path.resolve()


def assert_same(one: Report, other: Report) -> None:
    assert one.findings
    for part in ("findings", "suppressed", "crashes", "links", "rules"):
        assert getattr(one, part) == getattr(other, part)


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_the_engine_takes_any_executor(project: Path, kind: type[Executor]) -> None:
    alone = run_whole(project)
    with kind(2) as executor:  # type: ignore[call-arg]
        assert_same(alone, run_whole(project, options=Options(executor=executor)))
        assert_same(alone, run_whole(project, options=Options(executor=executor)))  # it is left open


class Losing(Executor):
    """One that loses its first task."""

    def __init__(self) -> None:
        self.count = 0

    def submit(self, call: Any, /, *arguments: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.count += 1
        if self.count == 1:
            future.set_exception(BrokenProcessPool("gone"))
        else:
            future.set_result(call(*arguments, **more))
        return future


def test_what_an_executor_loses_is_reported(project: Path) -> None:
    report = run_whole(project, options=Options(executor=Losing()))
    assert [(crash.path, crash.error) for crash in report.crashes] == [
        ("app0/template.yaml", "the executor lost the worker, perhaps for want of memory")
    ]
    assert len(report.links) == 3


def test_on_a_cluster_of_dask(project: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert_same(run_whole(project), run_whole(project, options=Options(executor=client.get_executor())))
