"""When cycles are searched for."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from lambdalint import garbage
from lambdalint.application.application import Application
from lambdalint.garbage import collect_if_due, seldom_collected
from lambdalint.python.module import PythonModule
from lambdalint.testing import lint


def test_what_was_before_is_restored() -> None:
    assert gc.isenabled()
    with seldom_collected():
        with seldom_collected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_restored_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), seldom_collected():
        _ = 1 / 0
    assert gc.isenabled()


def test_cycles_are_freed_once_enough_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with seldom_collected():
        gc.collect()
        cycle: list[object] = []
        cycle.append(cycle)
        kept: list[list[object]] = [[] for _ in range(2_000)]
        collect_if_due()
        assert gc.get_count()[0] > len(kept) // 2
        monkeypatch.setattr(garbage, "ENOUGH", 1_000)
        collect_if_due()
        assert gc.get_count()[0] < len(kept) // 2


def test_nothing_of_an_application_outlives_it() -> None:
    """What rules find out must not be kept where an organisation's worth of applications would pile up."""
    gc.collect()
    before = {id(each) for each in gc.get_objects() if isinstance(each, (Application, PythonModule))}
    report = lint(Path(__file__).parents[3] / "fixtures" / "apps" / "storefront", pedantic=True)
    assert report.findings
    gc.collect()
    left = [each for each in gc.get_objects() if isinstance(each, (Application, PythonModule))]
    assert not [each for each in left if id(each) not in before]
