"""The rules about init agree: what one advises, none of the others finds fault with."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdalint.fixtures import Case, as_is, cases, put, sample
from lambdalint.registry import load_registry
from lambdalint.rule import RuleMeta
from lambdalint.rule_docs import sections, snippets
from lambdalint.testing import lint

FIXTURES = Path(__file__).parent.parent / "fixtures"
REGISTRY = load_registry()
INIT = {name for name in REGISTRY.themes["init"] if REGISTRY.rules[name].module.startswith("lambdalint.")}
FIXED = [case for case in cases(FIXTURES) if case.kind == "fixed" and case.rule in INIT]


@pytest.mark.parametrize("meta", [REGISTRY.rules[name] for name in sorted(INIT)], ids=lambda meta: meta.name)
def test_good_examples(meta: RuleMeta, tmp_path: Path) -> None:
    for snippet in snippets(sections(meta)["Good"]):
        if snippet.path:
            put(tmp_path / snippet.path, snippet.text.encode())
    assert _found(tmp_path) == []


@pytest.mark.parametrize("case", FIXED, ids=str)
def test_fixed(case: Case) -> None:
    with sample(case.path, as_is) as (root, _):
        assert _found(root) == []


def _found(root: Path) -> list[str]:
    report = lint(root, INIT, REGISTRY, pedantic=True)
    assert not report.crashes
    return [f"{finding.path}: {finding.rule}: {finding.message}" for finding in report.findings]
