"""What is advised in place of a statement, and when it can be written there."""

from pathlib import Path
from textwrap import indent

import pytest

from lambdalint.application.advice import Replacement, replacement
from lambdalint.application.wording import and_, or_, some
from lambdalint.template.grants import role_statements
from tests.unit.application.projects import project_of

HEAD = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  BucketParam: {Type: String}
Resources:
  Orders: {Type: AWS::Serverless::SimpleTable}
  Uploads: {Type: AWS::S3::Bucket}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      CodeUri: src
      Environment:
        Variables:
          TABLE: !Ref Orders
          BUCKET: !Ref Uploads
          OTHER: !Ref BucketParam
"""
READ = 'boto3.client("dynamodb").get_item(TableName=os.environ["TABLE"])'
WRITE = 'boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="k")'


def sam(policies: str, more: str = "") -> str:
    return HEAD + "      Policies:\n" + indent(policies.strip("\n"), " " * 8) + "\n" + more


def role(statement: str, managed: str = "[]") -> str:
    return (
        HEAD
        + "      Role: !GetAtt Role.Arn\n"
        + "  Role:\n    Type: AWS::IAM::Role\n    Properties:\n"
        + f"      ManagedPolicyArns: {managed}\n"
        + "      Policies:\n        - PolicyName: p\n          PolicyDocument:\n            Statement:\n"
        + indent(statement.strip("\n"), " " * 14)
        + "\n"
    )


def allow(action: str, resource: str = '"*"') -> str:
    return f"- Effect: Allow\n  Action: {action}\n  Resource: {resource}\n"


def inline(action: str, resource: str = '"*"') -> str:
    return "- Statement:\n" + indent(allow(action, resource), "    ")


def advised(root: Path, template: str, code: str) -> Replacement:
    source = f"import os\nimport boto3\n\n\ndef handler(event, context):\n    {code}\n"
    project = project_of(root, {"template.yaml": template, "src/app.py": source})
    (application,) = (one for one in project.applications if one.template is not None)
    assert application.template is not None
    statement, functions = role_statements(application.template)[-1]
    return replacement(application, statement, functions)


def test_what_calls_need_takes_the_place(tmp_path: Path) -> None:
    found = advised(tmp_path, sam(inline("dynamodb:*")), READ)
    assert found.complete
    assert found.policies() == [{"DynamoDBReadPolicy": {"TableName": {"Ref": "Orders"}}}]
    assert "DynamoDBReadPolicy: {TableName: !Ref Orders}" in found.text()


def test_only_what_the_statement_serves_is_advised(tmp_path: Path) -> None:
    found = advised(tmp_path, sam(inline("s3:*")), f"{READ}; {WRITE}")
    assert [need.need.action for need in found.needed] == ["s3:PutObject"]


def test_what_another_policy_grants_is_not_advised_again(tmp_path: Path) -> None:
    policies = "- DynamoDBReadPolicy: {TableName: !Ref Orders}\n" + inline("dynamodb:*")
    found = advised(tmp_path, sam(policies), READ)
    assert found.needed == ()
    assert not found.complete
    assert (
        found.text()
        == "No call within reach of the code needs it: remove it, unless something else uses the role."
    )


def test_no_policy_template_stands_in_a_role(tmp_path: Path) -> None:
    basic = "[arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]"
    found = advised(tmp_path, role(allow("dynamodb:*"), basic), READ)
    assert found.complete
    assert "Policy" not in found.text()
    assert found.exact("Mine") == [
        {
            "Sid": "Mine",
            "Effect": "Allow",
            "Action": "dynamodb:GetItem",
            "Resource": {"Fn::GetAtt": ["Orders", "Arn"]},
        }
    ]


def test_a_role_keeps_what_its_function_needs_to_log(tmp_path: Path) -> None:
    found = advised(tmp_path, role(allow('["dynamodb:*", "logs:*"]')), READ)
    assert found.logging
    assert "`AWSLambdaBasicExecutionRole`" in found.text()
    assert found.complete
    logs = found.exact()[-1]
    assert logs["Action"] == ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    assert "log-group:/aws/lambda/*" in str(logs["Resource"])


def test_a_template_that_was_turned_down_is_named(tmp_path: Path) -> None:
    found = advised(tmp_path, sam(inline("s3:*")), WRITE)
    assert found.policies() == [
        {
            "Statement": [
                {"Effect": "Allow", "Action": "s3:PutObject", "Resource": {"Fn::Sub": "${Uploads.Arn}/*"}}
            ]
        }
    ]
    assert "(`S3WritePolicy` also grants" in found.text()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (f"{READ}; import our_library", "our_library"),
        (f"{READ}; boto3.client(event['service']).get_item()", "not resolved"),
        ('boto3.client("dynamodb").get_item(TableName=event["table"])', ""),
    ],
)
def test_what_is_not_all_known_is_advised_and_not_written(tmp_path: Path, code: str, why: str) -> None:
    found = advised(tmp_path, sam(inline("dynamodb:*")), code)
    assert found.advice
    assert not found.complete
    assert why in found.text()


def test_a_bucket_that_waits_for_the_function_is_not_named(tmp_path: Path) -> None:
    notified = "{Type: S3, Properties: {Bucket: !Ref Uploads, Events: s3:ObjectCreated:*}}"
    event = f"      Events:\n        New: {notified}\n"
    template = sam(inline("s3:*"), event).replace("          BUCKET: !Ref Uploads\n", "")
    template = template.replace(
        "{Type: AWS::S3::Bucket}", "{Type: AWS::S3::Bucket, Properties: {BucketName: files}}"
    )
    found = advised(tmp_path, template, 'boto3.client("s3").get_object(Bucket="files", Key="k")')
    assert found.policies() == [{"S3ReadPolicy": {"BucketName": "files"}}]


def test_without_code_the_listed_actions_are_limited(tmp_path: Path) -> None:
    template = sam(inline("dynamodb:GetItem")).replace("python3.12", "nodejs20.x")
    found = advised(tmp_path, template, READ)
    assert found.basis == "actions"
    assert not found.complete
    assert "DynamoDBReadPolicy: {TableName: !Ref Orders}" in found.text()  # the only table


def test_without_code_wildcards_get_the_templates_that_fit(tmp_path: Path) -> None:
    template = sam(inline("dynamodb:*", "!GetAtt Orders.Arn")).replace("python3.12", "nodejs20.x")
    found = advised(tmp_path, template, READ)
    assert found.basis == "nothing"
    assert found.fitting[0] == "`DynamoDBCrudPolicy: {TableName: !Ref Orders}`"
    assert not any("TextractPolicy" in name for name in found.fitting)


def test_a_wildcard_template_is_never_offered(tmp_path: Path) -> None:
    template = sam(inline("textract:*")).replace("python3.12", "nodejs20.x")
    assert "TextractPolicy" not in advised(tmp_path, template, READ).text()


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (
            "  Flow: {Type: AWS::StepFunctions::StateMachine, Properties: {RoleArn: !GetAtt Role.Arn}}\n",
            "Flow",
        ),
        ("Outputs:\n  Arn: {Value: !GetAtt Role.Arn, Export: {Name: role}}\n", "whoever imports Arn"),
    ],
)
def test_a_role_that_others_use_is_left_to_them(tmp_path: Path, user: str, name: str) -> None:
    found = advised(tmp_path, role(allow("dynamodb:*")) + user, READ)
    assert not found.complete
    assert found.why_open == (f"{name} uses the role too",)


def test_words() -> None:
    assert and_(["a"]) == "a"
    assert and_(["a", "b", "c"]) == "a, b and c"
    assert or_(["a", "b"]) == "a or b"
    assert some(["a", "b", "c", "d"]) == "`a`, `b`, `c` and `d`"
    assert some(["a", "b", "c", "d", "e"]) == "`a`, `b`, `c` and 2 more"
