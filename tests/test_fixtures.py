"""What must hold for every rule, on all fixtures; `lambdalint.testing` says what that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdalint.testing import Check, check_workers, checks

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.mark.parametrize("check", checks(FIXTURES), ids=str)
def test_rule(check: Check) -> None:
    check()


def test_one_worker_or_four_give_the_same_report() -> None:
    check_workers(FIXTURES, jobs=4)
