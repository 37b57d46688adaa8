"""What the fixes of the permission rules grant, after the SAM transform: every need, and less than before."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdalint.iam import managed
from lambdalint.iam.actions import matches

pytest.importorskip("samtranslator")

FIXTURES = Path(__file__).parents[3] / "fixtures"
RULES = ("wildcard-permission", "broad-managed-policy", "broader-template")
HERE = "eu-west-1:123456789012"
TABLE = f"arn:aws:dynamodb:{HERE}:table"
QUEUE = f"arn:aws:sqs:{HERE}"

# Requests that each fixture's code (or its trigger) makes, and others that the wildcard allowed besides.
REQUESTS: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {
    "wildcard-permission/service-wildcard": (
        [("dynamodb:GetItem", f"{TABLE}/Orders"), ("sqs:SendMessage", f"{QUEUE}:Jobs")],
        [
            ("dynamodb:DeleteTable", f"{TABLE}/Orders"),
            ("dynamodb:GetItem", f"{TABLE}/Payroll"),
            ("sqs:SendMessage", f"{QUEUE}:Other"),
        ],
    ),
    "wildcard-permission/hand-written-role": (
        [("s3:ListBucket", "arn:aws:s3:::BucketName"), ("s3:PutObject", "arn:aws:s3:::BucketName/key")],
        [
            ("s3:DeleteObject", "arn:aws:s3:::BucketName/key"),
            ("s3:PutObject", "arn:aws:s3:::payroll/key"),
            ("s3:PutBucketPolicy", "arn:aws:s3:::BucketName"),
        ],
    ),
    "wildcard-permission/polled-queue": (
        [
            ("sqs:ReceiveMessage", f"{QUEUE}:Jobs"),
            ("sqs:DeleteMessage", f"{QUEUE}:Jobs"),
            ("sqs:GetQueueAttributes", f"{QUEUE}:Jobs"),
        ],
        [("sqs:SendMessage", f"{QUEUE}:Jobs"), ("sqs:ReceiveMessage", f"{QUEUE}:Other")],
    ),
    "wildcard-permission/partly": (
        [
            ("s3:GetBucketTagging", "arn:aws:s3:::any"),
            ("s3:PutObject", "arn:aws:s3:::Reports/key"),
        ],
        [("s3:PutObject", "arn:aws:s3:::any/key")],
    ),
    "wildcard-permission/json": (
        [("sns:Publish", f"arn:aws:sns:{HERE}:Topic")],
        [("sns:DeleteTopic", f"arn:aws:sns:{HERE}:Topic"), ("sns:Publish", f"arn:aws:sns:{HERE}:Other")],
    ),
    "broad-managed-policy/by-name": (
        [("dynamodb:GetItem", f"{TABLE}/Orders")],
        [("dynamodb:GetItem", f"{TABLE}/Payroll"), ("dynamodb:DeleteTable", f"{TABLE}/Orders")],
    ),
    "broader-template/crud": (
        [
            ("dynamodb:GetItem", f"{TABLE}/Orders"),
            ("dynamodb:Query", f"{TABLE}/Orders/index/by-date"),
            ("s3:GetObject", "arn:aws:s3:::Files/key"),
        ],
        [("dynamodb:DeleteItem", f"{TABLE}/Orders"), ("s3:PutObject", "arn:aws:s3:::Files/key")],
    ),
}


def test_every_fixed_fixture_is_covered() -> None:
    found = {f"{rule}/{case.name}" for rule in RULES for case in (FIXTURES / rule / "fixed").iterdir()}
    assert found == set(REQUESTS)


@pytest.mark.parametrize("case", REQUESTS)
def test_the_fix_grants_every_need_and_less_than_before(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    needed, besides = REQUESTS[case]
    rule, _, name = case.partition("/")
    before, after = (list(allowed(FIXTURES / rule / kind / name)) for kind in ("flagged", "fixed"))
    assert all(grants(before, *request) for request in (*needed, *besides))
    assert [request for request in needed if not grants(after, *request)] == []
    assert [request for request in besides if grants(after, *request)] == []


def grants(statements: list[tuple[list[str], list[str]]], action: str, resource: str) -> bool:
    return any(
        any(matches(pattern, action) for pattern in actions)
        and any(_like(one, resource) for one in resources)
        for actions, resources in statements
    )


def _like(pattern: str, resource: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), resource) is not None


def allowed(case: Path) -> Iterator[tuple[list[str], list[str]]]:
    """The statements of every role after the transform, with names for references."""
    resources = transformed(case)
    for resource in resources.values():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for arn in resource["Properties"].get("ManagedPolicyArns", []):
            for managed_ in managed.statements(str(arn).rpartition("/")[2]) or ():
                yield list(managed_.actions), list(managed_.resources)
        for policy in resource["Properties"].get("Policies", []):
            statements = policy["PolicyDocument"]["Statement"]
            for statement in statements if isinstance(statements, list) else [statements]:
                assert statement["Effect"] == "Allow"
                yield _listed(statement["Action"], resources), _listed(statement["Resource"], resources)


def transformed(case: Path) -> dict[str, Any]:
    from cfnlint.decode import cfn_yaml
    from samtranslator.translator import transform

    untyped: Any = cfn_yaml
    sam: Any = transform
    (path,) = case.glob("template.*")
    template = json.loads(json.dumps(untyped.loads(path.read_text())))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    found: dict[str, Any] = sam.transform(template, {}, _ManagedPolicies())["Resources"]
    return found


class _ManagedPolicies:
    def load(self) -> dict[str, str]:
        names = ("AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole", "AmazonDynamoDBFullAccess")
        return {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in names}


def _listed(node: Any, resources: dict[str, Any]) -> list[str]:
    return [_text(one, resources) for one in (node if isinstance(node, list) else [node])]


def _text(node: Any, resources: dict[str, Any]) -> str:
    """A node of a policy as the stack would have it, where every resource is named by its logical id."""
    if isinstance(node, str):
        return node
    ((function, argument),) = node.items()
    if function == "Ref":
        return _reference(argument, "Ref", resources)
    if function == "Fn::GetAtt":
        return _reference(argument[0], argument[1], resources)
    assert function == "Fn::Sub"
    text, variables = argument if isinstance(argument, list) else (argument, {})

    def piece(match: re.Match[str]) -> str:
        name = match[1]
        if name in variables:
            return _text(variables[name], resources)
        logical_id, _, attribute = name.partition(".")
        return _reference(logical_id, attribute or "Ref", resources)

    return re.sub(r"\$\{([^}]+)\}", piece, text)


def _reference(name: str, attribute: str, resources: dict[str, Any]) -> str:
    pseudo = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"}
    if name in pseudo:
        return pseudo[name]
    kind = resources[name]["Type"] if name in resources else ""
    arns = {
        "AWS::DynamoDB::Table": f"{TABLE}/{name}",
        "AWS::Serverless::SimpleTable": f"{TABLE}/{name}",
        "AWS::SQS::Queue": f"{QUEUE}:{name}",
        "AWS::SNS::Topic": f"arn:aws:sns:{HERE}:{name}",
        "AWS::S3::Bucket": f"arn:aws:s3:::{name}",
    }
    is_arn = attribute == "Arn" or (attribute == "Ref" and kind == "AWS::SNS::Topic")
    return arns[kind] if is_arn else name
