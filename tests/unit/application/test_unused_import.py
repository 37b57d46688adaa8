"""What unused-import advises."""

from __future__ import annotations

from pathlib import Path

from lambdalint.registry import load_registry
from tests.unit.application.projects import application_of, function

CODE = """
from typing import Any, Optional

import pandas


def handler(event: Any, context: Any) -> None: ...
"""


def test_the_cold_start_is_named_only_where_the_package_goes(tmp_path: Path) -> None:
    template = function("Runtime: python3.13\nHandler: app.handler\nCodeUri: src/")
    application = application_of(tmp_path, {"template.yaml": template, "src/app.py": CODE})
    (module,) = application.modules
    registry = load_registry()
    findings = registry.load(registry.get("unused-import")).check_module(module)
    advice = {found.message.split("`")[1]: found.help or "" for found in findings}
    assert set(advice) == {"pandas", "Optional"}
    assert "cold start" in advice["pandas"]
    assert "cold start" not in advice["Optional"]
