"""When cycles are searched for."""

from __future__ import annotations

import gc

import pytest

from lambdalint import garbage
from lambdalint.garbage import collect_if_due, seldom_collected


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
