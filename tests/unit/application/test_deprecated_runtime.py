"""The one rule that goes by the date: it asks the application what day has come."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lambdalint.finding import Severity
from lambdalint.registry import load_registry
from tests.unit.template.templates import template

TEMPLATE = "Resources:\n  Fn: {Type: 'AWS::Lambda::Function', Properties: {Runtime: python3.11}}\n"


@pytest.mark.parametrize(
    ("today", "severity", "said"),
    [
        ("2027-06-29", None, ""),
        (
            "2027-06-30",
            Severity.WARNING,
            "on 2027-06-30; functions on it cannot be created from",
        ),
        ("2027-07-31", Severity.WARNING, "cannot be created since 2027-07-31, nor updated from 2027-08-31"),
        ("2027-08-31", Severity.ERROR, "and functions on it cannot be updated since 2027-08-31"),
    ],
)
def test_the_date_decides(today: str, severity: Severity | None, said: str) -> None:
    application: Any = SimpleNamespace(reached=lambda date: date <= today)
    registry = load_registry()
    rule = registry.load(registry.rules["deprecated-runtime"])
    found = list(rule.check_template(template(TEMPLATE), application))
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all(said in each.message for each in found)
