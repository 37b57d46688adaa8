from pathlib import PurePosixPath

import pytest

from lambdalint.application import distributions
from lambdalint.application.distributions import carried, distribution, providers
from lambdalint.application.requirements import Requirement, normalised, read_requirements
from lambdalint.data.tables import load
from lambdalint.source import SourceFile

ROWS = load("distributions.toml")["distributions"]


def requirements(text: str) -> list[Requirement]:
    source = SourceFile(PurePosixPath("requirements.txt"), text.replace(" ", "\n"))
    return read_requirements(source, lambda path: None).requirements


@pytest.mark.parametrize("name", sorted(ROWS))
def test_rows_are_sound(name: str) -> None:
    row = distribution(name)
    assert row is not None
    assert name == normalised(name)
    assert ROWS[name]["source"].startswith("https://")
    assert all(root.isidentifier() for root in row.imports)
    # Whatever is brought along must be in the table, or the whole could not be told.
    for brought in (*(row.brings or ()), *(each for extra in row.extras.values() for each in extra)):
        assert distribution(brought) is not None, brought


def test_what_is_brought_along() -> None:
    assert carried(requirements("requests")) == frozenset(
        {*("requests", "urllib3", "idna", "certifi", "charset-normalizer", "chardet")}
    )
    assert carried([]) == frozenset()
    together = carried(requirements("requests PyYAML"))
    assert together is not None
    assert {"pyyaml", "idna"} <= together


@pytest.mark.parametrize(
    "text",
    [
        "our-own-tools",
        "requests our-own-tools",
        "torch",
        "requests[ours]",
        "requests@https://example.com/r.whl",
    ],
)
def test_what_is_not_known_to_the_end_is_unknown(text: str) -> None:
    assert carried(requirements(text)) is None


def test_extras_bring_more() -> None:
    plain, parser = (carried(requirements(f"aws-lambda-powertools{extra}")) for extra in ("", "[parser]"))
    assert plain is not None
    assert parser is not None
    assert "pydantic" not in plain
    assert {"pydantic", "pydantic-core"} <= parser


def test_providers_begin_with_the_likeliest() -> None:
    assert providers("yaml") == ("pyyaml",)
    assert providers("requests")[0] == "requests"
    assert set(providers("psycopg2")) >= {"psycopg2", "psycopg2-binary"}
    assert providers("our_own_tools") == ()


def test_the_runtime_has_the_sdk() -> None:
    sdk = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"}
    assert sdk <= distributions.runtime().imports
    assert "requests" not in distributions.runtime().imports
