from pathlib import PurePosixPath
from textwrap import dedent

import pytest

from lambdalint.source import SourceFile
from lambdalint.template.grants import Grants, grants, role_statements
from lambdalint.template.template import Template, load

SAM = "Transform: AWS::Serverless-2016-10-31\n"


def template_of(text: str) -> Template:
    return load(SourceFile(PurePosixPath("template.yaml"), SAM + dedent(text)))


def grants_of(text: str, name: str = "F") -> Grants:
    template = template_of(text)
    (function,) = [one for one in template.functions if one.logical_id == name]
    return grants(template, function)


def sam(policies: str, more: str = "") -> str:
    lines = "\n".join(" " * 12 + line for line in dedent(policies).strip().splitlines())
    return f"""
    Resources:
      F:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.handler
          Policies:
{lines}
{more}
    """


def test_items_of_policies() -> None:
    found = grants_of(
        sam(
            """
            - AWSLambdaExecute
            - !Sub arn:${AWS::Partition}:iam::aws:policy/AmazonS3ReadOnlyAccess
            - DynamoDBReadPolicy:
                TableName: !Ref Orders
            - Statement:
                - Effect: Allow
                  Action: [s3:GetObject, s3:PutObject]
                  Resource: "*"
                - Effect: Deny
                  NotAction: s3:*
                  NotResource: "*"
                  Condition: {Bool: {aws:SecureTransport: true}}
            """
        )
    )
    assert [one.name for one in found.managed] == [
        "AWSLambdaExecute",
        "arn:${AWS::Partition}:iam::aws:policy/AmazonS3ReadOnlyAccess",
    ]
    assert [(one.name, one.parameters) for one in found.policy_templates] == [
        ("DynamoDBReadPolicy", {"TableName": {"Ref": "Orders"}})
    ]
    first, second = found.statements
    assert [part.text for part in first.actions] == ["s3:GetObject", "s3:PutObject"]
    assert [part.text for part in first.resources] == ["*"]
    assert first.allows
    assert not second.allows
    assert [part.text for part in (*second.not_actions, *second.not_resources)] == ["s3:*", "*"]
    assert second.condition == {"Bool": {"aws:SecureTransport": True}}
    assert found.opaque == ()
    assert found.role is None
    assert found.implicit == ("AWSLambdaBasicExecutionRole",)


@pytest.mark.parametrize(
    ("policies", "managed", "statements"),
    [("AWSLambdaExecute", 1, 0), ("Statement:\n  Effect: Allow\n  Action: a:B\n  Resource: c", 0, 1)],
)
def test_a_single_policy_counts_as_a_list_of_one(policies: str, managed: int, statements: int) -> None:
    found = grants_of(sam(policies))
    assert (len(found.managed), len(found.statements)) == (managed, statements)


def test_every_branch_of_a_condition_counts() -> None:
    found = grants_of(
        sam(
            """
            - !If
              - Prod
              - AWSLambdaExecute
              - Statement:
                  - Effect: Allow
                    Action: s3:GetObject
                    Resource: !If [Prod, arn:aws:s3:::a/*, arn:aws:s3:::b/*]
            """,
            "    Conditions:\n      Prod: !Equals [!Ref AWS::Region, eu-west-1]",
        )
    )
    assert found.managed[0].conditions == (("Prod", True),)
    assert found.statements[0].conditions == (("Prod", False),)
    assert [part.text for part in found.statements[0].resources] == ["arn:aws:s3:::b/*"]


ROLE = """
    Resources:
      F:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.handler
          Role: !GetAtt Role.Arn
          Policies:
            - AWSLambdaExecute
      G:
        Type: AWS::Lambda::Function
        Properties:
          Handler: app.handler
          Role: !Sub arn:aws:iam::${AWS::AccountId}:role/worker
      Role:
        Type: AWS::IAM::Role
        Properties:
          RoleName: worker
          PermissionsBoundary: arn:aws:iam::aws:policy/PowerUserAccess
          ManagedPolicyArns:
            - arn:aws:iam::aws:policy/AWSLambdaExecute
            - !Ref Own
          Policies:
            - PolicyName: inline
              PolicyDocument:
                Statement:
                  Effect: Allow
                  Action: a:Inline
                  Resource: x
      Own:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: a:Own
                Resource: x
      Attached:
        Type: AWS::IAM::Policy
        Properties:
          Roles: [!Ref Role]
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: a:Attached
                Resource: x
      Other:
        Type: AWS::IAM::Policy
        Properties:
          Roles: [!Ref Another]
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: a:Other
                Resource: x
"""


@pytest.mark.parametrize("name", ["F", "G"])
def test_a_role_of_the_template_is_followed(name: str) -> None:
    found = grants_of(ROLE, name)
    assert [(one.actions[0].text, one.owner) for one in found.statements] == [
        ("a:Inline", "role"),
        ("a:Own", "managed-policy"),
        ("a:Attached", "policy"),
    ]
    assert [one.name for one in found.managed] == ["arn:aws:iam::aws:policy/AWSLambdaExecute"]
    assert found.policy_templates == ()  # with Role, SAM drops Policies
    assert found.implicit == ()
    assert found.boundary
    assert found.opaque == ()
    assert found.role == "Role"


def test_statements_of_a_shared_role_come_once_with_their_functions() -> None:
    found = role_statements(template_of(ROLE))
    assert [
        (statement.actions[0].text, [function.logical_id for function in functions])
        for statement, functions in found
    ] == [("a:Inline", ["F", "G"]), ("a:Own", ["F", "G"]), ("a:Attached", ["F", "G"])]


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("arn:aws:iam::123456789012:role/elsewhere", "role outside the template"),
        ("!Ref RoleArn", "role: parameter without default"),
        ("!ImportValue role", "role: import"),
        ("!GetAtt OtherRole.Arn", "role: undefined"),
    ],
)
def test_a_role_that_is_not_here_is_opaque(role: str, reason: str) -> None:
    text = f"""
    Parameters:
      RoleArn: {{Type: String}}
    Resources:
      F:
        Type: AWS::Serverless::Function
        Properties:
          Role: {role}
    """
    assert grants_of(text).opaque == (reason,)


def test_a_policy_may_be_attached_to_the_role_that_sam_makes() -> None:
    found = grants_of(
        """
        Resources:
          F:
            Type: AWS::Serverless::Function
            Properties: {Handler: app.handler}
          Attached:
            Type: AWS::IAM::Policy
            Properties:
              Roles: [!Ref FRole]
              PolicyDocument:
                Statement: {Effect: Allow, Action: a:B, Resource: x}
        """
    )
    assert [one.actions[0].text for one in found.statements] == ["a:B"]


def test_what_sam_adds_by_itself() -> None:
    found = grants_of(
        """
        Resources:
          F:
            Type: AWS::Serverless::Function
            Connectors: {ToOrders: {}}
            Properties:
              Tracing: Active
              VpcConfig: {SubnetIds: [a]}
              Events:
                Jobs: {Type: SQS, Properties: {Queue: x}}
          Link:
            Type: AWS::Serverless::Connector
            Properties: {Source: {Id: F}, Destination: {Id: Orders}, Permissions: [Read]}
        """
    )
    assert found.implicit == (
        "AWSLambdaBasicExecutionRole",
        "AWSXRayDaemonWriteAccess",
        "AWSLambdaVPCAccessExecutionRole",
        "AWSLambdaSQSQueueExecutionRole",
    )
    assert [one.name for one in found.connectors] == ["ToOrders", "Link"]


@pytest.mark.parametrize("policies", ["- !Ref Unknown", "- {PolicyName: a, PolicyDocument: {}}", "- !Ref F"])
def test_what_is_no_policy_is_opaque(policies: str) -> None:
    text = sam(policies).replace(
        "    Resources:", "    Parameters:\n      Unknown: {Type: String}\n    Resources:"
    )
    found = grants_of(text)
    assert found.opaque != ()
    assert found.statements == ()


def test_a_plain_function_without_role_is_opaque() -> None:
    assert grants_of("Resources:\n  F: {Type: AWS::Lambda::Function, Properties: {}}").opaque == ("no role",)
