"""Where replacements of statements are written, and what they leave alone."""

from pathlib import Path
from textwrap import indent

import pytest

from lambdalint.application.advice import replacement
from lambdalint.application.policy_edits import replace_statement
from lambdalint.template.grants import role_statements
from tests.unit.application.projects import application_of

HEAD = """Transform: AWS::Serverless-2016-10-31
Conditions:
  Prod: !Equals [!Ref AWS::Region, eu-west-1]
Resources:
  Orders: {Type: AWS::Serverless::SimpleTable}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      CodeUri: src
      Environment: {Variables: {TABLE: !Ref Orders}}
      Policies:
"""
CODE = """
import os
import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    return table.get_item(Key=event)
"""
READ = "DynamoDBReadPolicy:\n    TableName: !Ref Orders\n"


def fixed(root: Path, policies: str, code: str = CODE) -> str | None:
    """The Policies after the first statement is replaced; None where there is no way."""
    text = HEAD + indent(policies.strip("\n"), " " * 8) + "\n"
    application = application_of(root, {"template.yaml": text, "src/app.py": code})
    template = application.template
    assert template is not None
    statement, functions = role_statements(template)[0]
    instead = replacement(application, statement, functions)
    assert instead.complete
    edits = replace_statement(template, statement, instead)
    if edits is None:
        return None
    source = template.source.text
    for edit in sorted(edits, key=lambda one: one.span.start, reverse=True):
        source = source[: edit.span.start] + edit.replacement + source[edit.span.end :]
    after = source.removeprefix(HEAD)
    assert after != source
    return "".join(line.removeprefix(" " * 8) for line in after.splitlines(keepends=True))


STATEMENT = "- Effect: Allow\n  Action: dynamodb:*\n  Resource: '*'\n"
OTHER = "- Effect: Allow\n  Action: xray:PutTraceSegments\n  Resource: '*' # for traces\n"


def document(*statements: str) -> str:
    return "- Statement:\n" + "".join(indent(one, "    ") for one in statements)


def test_the_only_statement_takes_its_document_with_it(tmp_path: Path) -> None:
    assert fixed(tmp_path, document(STATEMENT)) == f"- {READ}"


def test_other_policies_stay_as_they_are(tmp_path: Path) -> None:
    policies = "- AWSLambdaExecute # ours\n" + document(STATEMENT) + "- AWSXRayDaemonWriteAccess\n"
    assert fixed(tmp_path, policies) == f"- AWSLambdaExecute # ours\n- {READ}- AWSXRayDaemonWriteAccess\n"


def test_other_statements_stay_and_templates_stand_behind(tmp_path: Path) -> None:
    assert fixed(tmp_path, document(STATEMENT, OTHER)) == document(OTHER) + f"- {READ}"


def test_the_last_statement_gives_its_lines(tmp_path: Path) -> None:
    policies = document(OTHER.replace(" # for traces", ""), STATEMENT)
    text = HEAD + indent(policies, " " * 8)
    application = application_of(tmp_path, {"template.yaml": text, "src/app.py": CODE})
    template = application.template
    assert template is not None
    statement, functions = role_statements(template)[-1]
    edits = replace_statement(template, statement, replacement(application, statement, functions))
    assert edits is not None
    (edit,) = edits
    after = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    assert after == HEAD + indent(document(OTHER.replace(" # for traces", "")) + f"- {READ}", " " * 8)


def test_a_policy_that_is_no_list_becomes_one(tmp_path: Path) -> None:
    assert fixed(tmp_path, "Statement:\n" + indent(STATEMENT, "  ")) == f"- {READ}"


def test_a_condition_goes_on_holding(tmp_path: Path) -> None:
    more = "  Sid: Mine\n  Condition: {Bool: {aws:SecureTransport: true}}\n"
    after = fixed(tmp_path, document(STATEMENT + more))
    assert after is not None
    assert "Sid: Mine" in after
    assert "aws:SecureTransport: true" in after
    assert "Action: dynamodb:GetItem" in after
    assert "Resource: !GetAtt Orders.Arn" in after


@pytest.mark.parametrize(
    "policies",
    [
        document(STATEMENT.replace("Allow", "Allow # for now")),  # the comment would be lost
        "- !If [Prod, {Statement: {Effect: Allow, Action: 'dynamodb:*', Resource: '*'}}, AWSLambdaExecute]\n",
    ],
)
def test_where_the_text_does_not_allow_it_nothing_is_written(tmp_path: Path, policies: str) -> None:
    assert fixed(tmp_path, policies) is None
