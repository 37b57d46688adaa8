"""The names of AWS's managed policies, and what a misspelt one means."""

import importlib.util
import json
from pathlib import Path

import pytest

from lambdalint.data import generate, tables
from lambdalint.iam import actions, managed, managed_policies


def test_sam_knows_no_other_names() -> None:
    """The table comes from AWS's API by way of moto; SAM's own list is older, and asks for the same paths."""
    spec = importlib.util.find_spec("samtranslator")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "internal" / "data" / "aws_managed_policies.json"
    retired = set(tables.load("managed_policies.json")["retired"])
    for arns in json.loads(file.read_text(encoding="utf-8")).values():
        for arn in arns.values():
            path, _, name = arn.partition(":policy/")[2].rpartition("/")
            if name not in retired:
                assert managed_policies.path_of(name) == (f"{path}/" if path else ""), arn


def test_the_table_is_what_its_command_makes() -> None:
    pytest.importorskip("moto")
    made, table = generate.managed_policies(), tables.load("managed_policies.json")
    if made["source"] == table["source"]:
        assert {key: table[key] for key in ("names", "policies")} == {
            key: made[key] for key in ("names", "policies")
        }, f"run {generate.COMMAND}"


def test_policies_with_statements_have_their_path_and_name_actions() -> None:
    for name, (path, *lines) in tables.load("managed_policies.json")["policies"].items():
        assert f"/{managed_policies.path_of(name)}" == path, name
        found = managed.statements(name)
        assert found is not None, name
        assert len(found) == len(lines) > 0, name
        for statement in found:
            assert all(":" in action or action == "*" for action in statement.actions), name
            assert all(arn == "*" or arn.startswith("arn:") for arn in statement.resources), name


def test_actions_of_the_execution_roles_exist() -> None:
    names = ("AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole", "AWSXRayDaemonWriteAccess")
    for name in names:
        for statement in managed.statements(name) or ():
            assert all(actions.expand(action) for action in statement.actions), name


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("AWSLambdaBasicExecutionRole", "service-role/"),
        ("AmazonS3ReadOnlyAccess", ""),
        ("ViewOnlyAccess", "job-function/"),
        ("AWSLambdaBasicExecution", None),
        ("awslambdabasicexecutionrole", None),
    ],
)
def test_paths(name: str, path: str | None) -> None:
    assert managed_policies.path_of(name) == path


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("AWSLambdaVPCAccesExecutionRole", "AWSLambdaVPCAccessExecutionRole"),
        ("AWSLambdaBasicExcutionRole", "AWSLambdaBasicExecutionRole"),
        ("AmazonS3ReadonlyAccess", "AmazonS3ReadOnlyAccess"),
        ("AWSXrayDaemonWriteAccess", "AWSXRayDaemonWriteAccess"),
        # Retired in 2021: https://docs.aws.amazon.com/lambda/latest/dg/security-iam-awsmanpol.html
        ("AWSLambdaFullAccess", "AWSLambda_FullAccess"),
        ("AWSLambdaBasicExecutionRole", None),
        ("MyTeamsOwnPolicy", None),
        ("S3Access", None),
        # AWS adds versions; one that the table lacks may be new.
        ("AmazonDynamoDBFullAccess_v3", None),
        ("CloudWatchFullAccessV3", None),
        ("", None),
    ],
)
def test_nearest(name: str, meant: str | None) -> None:
    assert managed_policies.nearest(name) == meant


@pytest.mark.parametrize(
    ("arn", "account", "path", "name"),
    [
        ("arn:aws:iam::aws:policy/AmazonS3FullAccess", "aws:", "", "AmazonS3FullAccess"),
        ("arn:${AWS::Partition}:iam::aws:policy/service-role/X", "aws:", "service-role/", "X"),
        ("arn:aws:iam::policy/AmazonS3FullAccess", None, "", "AmazonS3FullAccess"),
    ],
)
def test_arns(arn: str, account: str | None, path: str, name: str) -> None:
    found = managed_policies.ARN.fullmatch(arn)
    assert found is not None
    assert (found["account"], found["path"], found["name"]) == (account, path, name)


@pytest.mark.parametrize("arn", ["arn:aws:iam::123456789012:policy/mine", "arn:aws:s3:::bucket", "mine"])
def test_other_arns(arn: str) -> None:
    assert managed_policies.ARN.fullmatch(arn) is None
