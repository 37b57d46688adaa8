from __future__ import annotations

import re

import pytest

from lambdalint.template.runtimes import Feature, lifecycles, load_features, supports


def test_every_runtime_of_today_has_its_dates() -> None:
    python = lifecycles()["python3.8"]
    assert python.deprecated == "2024-10-14"
    assert python.deprecated < python.create_block < python.update_block
    assert python.successor == "python3.14"
    assert {"java8.al2", "nodejs18.x", "go1.x", "provided", "ruby3.2", "dotnet6"} <= set(lifecycles())


def test_dates_are_iso_and_successors_are_known() -> None:
    for runtime in lifecycles().values():
        for date in (runtime.deprecated, runtime.create_block, runtime.update_block):
            assert not date or re.fullmatch(r"\d{4}-\d\d-\d\d", date), runtime
        assert not runtime.successor or runtime.successor in lifecycles()


def test_every_feature_has_its_source() -> None:
    for rows in load_features().values():
        assert all(row["source"].startswith("https://docs.aws.amazon.com/") for row in rows)


@pytest.mark.parametrize(
    ("runtime", "feature", "outcome"),
    [
        ("python3.8", "snapstart", False),
        ("python3.11", "snapstart", False),
        ("python3.12", "snapstart", True),
        ("python3.99", "snapstart", True),  # newer than the table
        ("java8.al2", "snapstart", False),
        ("java11", "snapstart", True),
        ("java21", "snapstart", True),
        ("dotnetcore3.1", "snapstart", False),
        ("dotnet6", "snapstart", False),
        ("dotnet8", "snapstart", True),
        ("nodejs24.x", "snapstart", False),
        ("provided.al2023", "snapstart", False),
        ("python3.7", "arm64", False),
        ("python3.9", "arm64", True),
        ("nodejs10.x", "arm64", False),
        ("go1.x", "arm64", False),
        ("provided", "arm64", False),
        ("provided.al2", "arm64", True),
        ("java8.al2", "arm64", True),
        ("swift6", "arm64", None),
        ("not a runtime", "arm64", None),
    ],
)
def test_features(runtime: str, feature: Feature, outcome: bool | None) -> None:
    assert supports(runtime, feature) is outcome
