"""`lambdalint policy`: what it says, its exit codes, and that its blocks serve."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from lambdalint import cli
from lambdalint.iam.actions import matches

APPS = Path(__file__).parents[3] / "fixtures" / "apps"
HEAD = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::SimpleTable
"""
CODE = """\
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    table.put_item(Item=event)
"""
FUNCTION = """\
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Environment:
        Variables:
          TABLE: !Ref Orders
"""
_PLACE = {
    "type": "object",
    "required": ["name", "path", "line", "column"],
    "properties": {"path": {"type": ["string", "null"]}, "line": {"type": ["integer", "null"]}},
}
_PLACES = {"type": "array", "items": _PLACE}
_TEXT = {"type": ["string", "null"]}
SCHEMA = {
    "type": "object",
    "required": ["version", "functions"],
    "properties": {
        "version": {"const": 1},
        "functions": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "template": {"type": "string"},
                    "logical_id": {"type": "string"},
                    "line": {"type": "integer"},
                    "handler": _TEXT,
                    "reason": _TEXT,
                    "role": _TEXT,
                    "role_outside": {"type": "boolean"},
                    "shared_with": {"type": "array", "items": {"type": "string"}},
                    "needs": {
                        "type": "array",
                        "items": {
                            "required": ["action", "resource", "feature", "optional", "why"],
                            "properties": {
                                "action": {"pattern": "^[a-z0-9-]+:[A-Za-z0-9]+$"},
                                "calls": _PLACES,
                                "granted_by": _PLACES,
                                "state": {
                                    "enum": ["granted", "perhaps", "missing", "not granted", "not in sight"]
                                },
                            },
                        },
                    },
                    "grants": {
                        "type": "array",
                        "items": {
                            "required": ["text", "line", "denies", "conditional", "serves"],
                            "properties": {
                                "kind": {
                                    "enum": ["statement", "template", "managed", "connector", "implicit"]
                                }
                            },
                        },
                    },
                    "missing": {
                        "type": "array",
                        "items": {"properties": {"actions": {"minItems": 1}, "calls": _PLACES}},
                    },
                    "unseen": {
                        "type": "object",
                        "required": ["calls", "grants"],
                        "properties": {
                            "calls": {"items": {"required": ["reason", "services"]}},
                            "grants": {"items": {"type": "string"}},
                        },
                    },
                    "policies": {
                        "type": "array",
                        "items": {
                            "additionalProperties": False,
                            "required": ["resource", "property", "value", "changed", "stays", "yaml"],
                            "properties": {
                                name: {}
                                for name in ("resource", "property", "value", "changed", "stays", "yaml")
                            },
                        },
                    },
                    "fill_in": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


class Policy:
    """Runs the command in a folder."""

    def __init__(self, captured: pytest.CaptureFixture[bytes], root: Path) -> None:
        self.captured = captured
        self.root = root

    def __call__(self, *arguments: str) -> Result:
        code = cli.run(("policy", *arguments))
        sys.stdout.flush()
        output = self.captured.readouterr()
        assert b"Traceback" not in output.err
        return Result(code, output.out.decode(), output.err.decode())

    def write(self, template: str, code: str = CODE, name: str = "template.yaml") -> None:
        (self.root / "src").mkdir(exist_ok=True)
        (self.root / "src" / "app.py").write_text(code)
        (self.root / name).write_text(template)

    def app(self, name: str) -> None:
        shutil.copytree(APPS / name, self.root, dirs_exist_ok=True)

    def json(self, *arguments: str) -> Any:
        return json.loads(self("--output-format", "json", *arguments).out)


@pytest.fixture
def policy(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Policy:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Policy(capfdbinary, tmp_path)


class TestText:
    def test_says_what_is_needed_and_had_and_what_would_serve(self, policy: Policy) -> None:
        policy.app("storefront")
        result = policy("--function", "OrdersFunction")
        assert (result.code, result.err) == (0, "")
        assert re.search(
            r"dynamodb:PutItem on OrdersTable +src/orders/app.py:39 +template.yaml:80", result.out
        )
        assert re.search(r"dynamodb:\* on \$\{OrdersTable.Arn\} +template.yaml:80", result.out)
        assert "policies that would serve" in result.out
        assert (
            "      Policies:\n"
            "        - DynamoDBReadPolicy:\n"
            "            TableName: !Ref OrdersTable\n"
            "        - DynamoDBWritePolicy:\n"
            "            TableName: !Ref OrdersTable\n"
        ) in result.out
        assert "CatalogFunction" not in result.out

    def test_shows_every_function(self, policy: Policy) -> None:
        policy.app("storefront")
        result = policy(".")
        assert result.out.endswith("6 functions, nothing surely missing.\n")

    def test_plain_cloudformation_gets_exact_statements(self, policy: Policy) -> None:
        policy.app("ledger")
        found = policy.json("--function", "BookFunction")["functions"][0]
        assert found["role"] == "BookRole"
        (inline,) = [block for block in found["policies"] if block["property"] == "Policies"]
        (statement,) = inline["value"][0]["PolicyDocument"]["Statement"]
        assert statement == {
            "Effect": "Allow",
            "Action": "dynamodb:BatchWriteItem",
            "Resource": {"Fn::GetAtt": ["PostingsTable", "Arn"]},
        }

    def test_says_what_is_missing_and_fails(self, policy: Policy) -> None:
        policy.write(HEAD + FUNCTION)
        result = policy()
        assert result.code == 1
        assert "missing: dynamodb:PutItem on Orders\n           src/app.py:9" in result.out
        assert "grant `DynamoDBWritePolicy: {TableName: !Ref Orders}`" in result.out

    def test_a_missing_permission_of_a_feature(self, policy: Policy) -> None:
        policy.write(
            HEAD
            + FUNCTION
            + "      Role: !GetAtt Runs.Arn\n      Tracing: Active\n"
            + """\
  Runs:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: all
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: dynamodb:PutItem
                Resource: !GetAtt Orders.Arn
"""
        )
        result = policy()
        assert result.code == 1
        assert "for active tracing" in result.out
        assert "iam::aws:policy/AWSXRayDaemonWriteAccess" in result.out

    def test_says_what_it_could_not_see_and_keeps_it(self, policy: Policy) -> None:
        code = CODE + "    boto3.client(event['service']).list_things()\n"
        policy.write(HEAD + FUNCTION + "      Policies:\n        - AmazonS3FullAccess\n", code)
        result = policy()
        assert "not seen" in result.out
        assert "# stays: more may need it" in result.out
        assert "- AmazonS3FullAccess" in result.out

    def test_a_role_outside_the_template(self, policy: Policy) -> None:
        policy.write(HEAD + FUNCTION + "      Role: arn:aws:iam::123456789012:role/work\n")
        result = policy()
        assert result.code == 0
        assert "its role is not in the template" in result.out
        assert "what it has: role outside the template" in result.out
        assert "Action: dynamodb:PutItem" in result.out
        assert "not in sight" in result.out

    def test_code_that_cannot_be_read(self, policy: Policy) -> None:
        policy.write(HEAD + FUNCTION.replace("python3.13", "nodejs22.x"))
        result = policy()
        assert result.code == 0
        assert "code not read: " in result.out
        assert "1 whose code was not read" in result.out

    def test_a_json_template_gets_json(self, policy: Policy) -> None:
        policy.write(json.dumps(_data(HEAD + FUNCTION), indent=2), name="template.json")
        (policy.root / "template.yaml").unlink(missing_ok=True)
        result = policy()
        assert '"Policies": [' in result.out
        assert '"DynamoDBWritePolicy": {' in result.out

    def test_a_shared_role_is_served_for_all(self, policy: Policy) -> None:
        policy.write(
            HEAD
            + FUNCTION
            + "      Role: !GetAtt Runs.Arn\n"
            + FUNCTION.replace("Work:", "Other:")
            + "      Role: !GetAtt Runs.Arn\n"
            + "  Runs:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {}\n"
        )
        result = policy()
        assert "runs with the role Runs, as do Other" in result.out
        assert "policies: those of Runs, under Work" in result.out
        assert result.out.count("Action: dynamodb:PutItem") == 1


class TestJson:
    @pytest.mark.parametrize("app", ["storefront", "ledger", "clinic"])
    def test_has_its_form(self, policy: Policy, app: str) -> None:
        policy.app(app)
        found = policy.json()
        jsonschema.validate(found, SCHEMA)
        for function in found["functions"]:
            for block in function["policies"]:
                read = yaml.load(block["yaml"], _Loader)
                assert read == {block["property"]: block["value"]}

    def test_one_with_everything_missing(self, policy: Policy) -> None:
        policy.write(HEAD + FUNCTION)
        found = policy.json()
        jsonschema.validate(found, SCHEMA)
        (missing,) = found["functions"][0]["missing"]
        assert missing["actions"] == ["dynamodb:PutItem"]
        assert missing["calls"][0]["line"] == 9


class TestDiff:
    def test_shows_the_template_as_it_would_be(self, policy: Policy) -> None:
        policy.app("storefront")
        before = (policy.root / "template.yaml").read_text()
        result = policy("--diff", "--function", "OrdersFunction")
        assert result.code == 0
        assert "-              Action: dynamodb:*" in result.out
        assert "+        - DynamoDBReadPolicy:\n+            TableName: !Ref OrdersTable\n" in result.out
        assert (policy.root / "template.yaml").read_text() == before

    def test_adds_what_is_missing(self, policy: Policy) -> None:
        policy.write(HEAD + FUNCTION)
        result = policy("--diff")
        assert result.code == 1
        assert "+      Policies:\n" in result.out

    def test_nothing_to_change(self, policy: Policy) -> None:
        policy.app("clinic")
        assert policy("--diff").out == ""

    def test_keeps_what_stays_with_its_comments(self, policy: Policy) -> None:
        policy.write(
            HEAD
            + FUNCTION
            + """\
      Policies:
        # what SAM does not know
        - arn:aws:iam::123456789012:policy/own   # ours
        # for the table
        - Statement:
            - Effect: Allow
              Action: dynamodb:*
              Resource: '*'
"""
        )
        out = policy("--diff").out
        assert "         - arn:aws:iam::123456789012:policy/own   # ours\n" in out
        assert "         # for the table\n" in out
        assert "+        - DynamoDBWritePolicy:\n" in out

    def test_leaves_narrow_grants_that_nothing_in_sight_needs(self, policy: Policy) -> None:
        policy.write(
            HEAD
            + FUNCTION
            + """\
      Policies:
        - DynamoDBWritePolicy:
            TableName: !Ref Orders
        - SQSPollerPolicy:
            QueueName: jobs
        - Statement:
            - Effect: Allow
              Action: [sns:Publish]
              Resource: !Sub arn:aws:sns:${AWS::Region}:${AWS::AccountId}:news
"""
        )
        assert policy("--diff").out == ""
        text = policy().out
        assert "# stays: no call in sight needs it, so that it may be able to go" in text
        assert "policies that serve as they are" in text

    def test_cuts_down_a_statement_on_resources_that_cannot_be_told(self, policy: Policy) -> None:
        code = CODE.replace('os.environ["TABLE"]', "open('/tmp/table').read()")
        statement = "      Policies:\n        - Statement:\n            - Effect: Allow\n"
        statement += "              Action: dynamodb:*\n              Resource: '*'\n"
        policy.write(HEAD + FUNCTION + statement, code)
        out = policy("--diff").out
        assert "-              Action: dynamodb:*\n" in out
        assert "+              Action: dynamodb:PutItem\n" in out


class TestUse:
    def test_names_the_nearest_function(self, policy: Policy) -> None:
        policy.app("storefront")
        result = policy("--function", "OrderFunction")
        assert result.code == 2
        assert "there is no function `OrderFunction`; did you mean `OrdersFunction`?" in result.err

    def test_lists_the_functions_where_none_is_near(self, policy: Policy) -> None:
        policy.write(HEAD + FUNCTION)
        result = policy("--function", "zzz")
        assert (result.code, "there are Work" in result.err) == (2, True)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["nowhere"], "nowhere"),
            (["--output-format", "xml"], "xml"),
            (["--output-file", "nowhere/out.txt"], "there is no folder"),
            (["--config", "none.toml"], "there is no such file"),
        ],
    )
    def test_bad_input(self, policy: Policy, arguments: list[str], said: str) -> None:
        policy.write(HEAD + FUNCTION)
        result = policy(*arguments)
        assert result.code == 2
        assert said in result.err

    def test_nothing_to_say(self, policy: Policy) -> None:
        result = policy()
        assert (result.code, result.out) == (0, "")
        assert "nothing to lint" in result.err

    def test_a_template_that_cannot_be_read(self, policy: Policy) -> None:
        policy.write("Resources: {A: {Type: 'AWS::Lambda::Function'\n")
        assert policy().code in (0, 2)

    def test_by_the_code_of_a_function(self, policy: Policy) -> None:
        policy.app("storefront")
        found = policy.json("src/orders/app.py")["functions"]
        assert [function["logical_id"] for function in found] == ["OrdersFunction"]

    def test_into_a_file(self, policy: Policy) -> None:
        policy.write(HEAD + FUNCTION)
        assert policy("--output-file", "out.yaml", "--output-format", "yaml").out == ""
        assert (policy.root / "out.yaml").read_text().startswith("# template.yaml: Work\nPolicies:\n")


class TestTransformed:
    """The blocks, pasted and transformed by SAM, grant every need."""

    @pytest.mark.parametrize(
        ("app", "template"), [("storefront", "template.yaml"), ("clinic", "infra/template.yaml")]
    )
    def test_grants_every_need(
        self, policy: Policy, app: str, template: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("samtranslator")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        policy.app(app)
        data = _data((policy.root / template).read_text())
        functions = policy.json()["functions"]
        checked = 0
        for function in functions:
            for block in function["policies"]:
                read = yaml.load(block["yaml"], _Loader)
                data["Resources"][block["resource"]]["Properties"][block["property"]] = read["Policies"]
        resources = _transformed(data)
        for function in functions:
            allowed = list(_allowed(resources[f"{function['logical_id']}Role"]))
            for need in function["needs"]:
                if need["calls"] and need["state"] == "granted":
                    target = need["resource"].removesuffix(" and its indexes")
                    assert _grants(allowed, need["action"], target, data), (function["logical_id"], need)
                    checked += 1
        assert checked > 5


def _transformed(data: dict[str, Any]) -> dict[str, Any]:
    from samtranslator.translator import transform

    untyped: Any = transform
    for resource in data["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://bucket/key"
    values = {"Stage": "dev"}
    found: dict[str, Any] = untyped.transform(json.loads(json.dumps(data)), values, _Managed())["Resources"]
    return found


class _Managed:
    def load(self) -> dict[str, str]:
        return {}


def _allowed(role: dict[str, Any]) -> Iterator[tuple[list[str], list[str]]]:
    for policy in role["Properties"].get("Policies", []):
        statements = policy["PolicyDocument"]["Statement"]
        for one in statements if isinstance(statements, list) else [statements]:
            assert one["Effect"] == "Allow"
            yield _listed(one["Action"]), [json.dumps(node) for node in _listed(one["Resource"])]


def _listed(node: Any) -> list[Any]:
    return node if isinstance(node, list) else [node]


def _grants(
    allowed: list[tuple[list[str], list[str]]], action: str, target: str, data: dict[str, Any]
) -> bool:
    """Whether a statement has the action, and names the resource: by its logical id, or by its name."""
    properties = data["Resources"][target].get("Properties", {})
    name = properties.get("BucketName")
    signs = [f'"{target}"', f"${{{target}}}", f"${{{target}."]
    signs += [json.dumps(name)] if name is not None else []
    return any(
        any(matches(pattern, action) for pattern in actions)
        and any(sign in resource for sign in signs for resource in resources)
        for actions, resources in allowed
    )


class _Loader(yaml.SafeLoader):
    """Reads short-form intrinsics as long ones."""


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def _data(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(text, _Loader)
    return found
