from __future__ import annotations

from textwrap import dedent, indent

import pytest

from lambdalint.template.permits import Unpermitted, Untimely, Unused, halves
from tests.unit.template.templates import template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  P: {Type: String}
Resources:
  Fn: {Type: AWS::Lambda::Function}
  Other: {Type: AWS::Lambda::Function}
"""
RULE = """\
Rule:
  Type: AWS::Events::Rule
  Properties:
    ScheduleExpression: rate(1 day)
    Targets: [{Id: a, Arn: !GetAtt Fn.Arn}]
"""
BUCKET = """\
Bucket:
  Type: AWS::S3::Bucket
  DependsOn: May
  Properties:
    BucketName: !Sub "${P}-in"
    NotificationConfiguration:
      LambdaConfigurations: [{Event: 's3:ObjectCreated:*', Function: !GetAtt Fn.Arn}]
"""


def may(
    service: str, source: str = "", name: str = "!Ref Fn", principal: str = "", action: str = "InvokeFunction"
) -> str:
    """A permission."""
    line = f"  SourceArn: {source}\n" if source else ""
    properties = f"Action: lambda:{action}\nFunctionName: {name}\n"
    properties += f"Principal: {principal or service + '.amazonaws.com'}\n{line.strip()}"
    return f"May:\n  Type: AWS::Lambda::Permission\n  Properties:\n{indent(properties, '    ')}\n"


def found(*resources: str) -> list[tuple[type, str]]:
    """What lacks its other half: the kind, and the resource."""
    text = HEAD + indent("".join(dedent(each) for each in resources), "  ")
    result: list[tuple[type, str]] = []
    for half in halves(template(text)):
        if isinstance(half, Unused):
            result.append((Unused, half.permission.logical_id))
        elif isinstance(half, Untimely):
            result.append((Untimely, half.bucket.logical_id))
        else:
            result.append((Unpermitted, str(half.trigger.path[1])))
    return result


TOPIC = "Topic:\n  Type: AWS::SNS::Topic\n"
SUBSCRIPTION = """\
S:
  Type: AWS::SNS::Subscription
  Properties: {Protocol: lambda, TopicArn: !Ref Topic, Endpoint: !GetAtt Fn.Arn}
"""
LOGS = """\
F:
  Type: AWS::Logs::SubscriptionFilter
  Properties: {DestinationArn: !GetAtt Fn.Arn, FilterPattern: "", LogGroupName: a}
"""
IOT = """\
I:
  Type: AWS::IoT::TopicRule
  Properties:
    TopicRulePayload: {Actions: [{Lambda: {FunctionArn: !GetAtt Fn.Arn}}], Sql: SELECT 1}
"""


@pytest.mark.parametrize(
    ("trigger", "service", "name"),
    [
        (RULE, "events", "Rule"),
        (TOPIC + SUBSCRIPTION, "sns", "S"),
        (LOGS, "logs", "F"),
        (IOT, "iot", "I"),
        (BUCKET, "s3", "Bucket"),
    ],
)
def test_a_trigger_needs_a_permission_of_its_service(trigger: str, service: str, name: str) -> None:
    assert found(trigger) == [(Unpermitted, name)]
    assert found(trigger, may("apigateway")) == [(Unpermitted, name)]
    assert found(trigger, may(service)) == []


@pytest.mark.parametrize(
    "permission",
    [
        may("events", "!GetAtt Rule.Arn"),
        may("events", "!Sub 'arn:aws:events:${AWS::Region}:${AWS::AccountId}:rule/*'"),
        may("events", "!ImportValue rule"),
        may("events", name="!GetAtt Fn.Arn"),
        may("events", name="!Ref P"),
        may("events", name="!ImportValue f"),
        may("events", principal="'*'"),
        may("events", principal="!Sub 'events.${AWS::URLSuffix}'"),
        may("events", principal="!Ref P"),
    ],
)
def test_what_may_be_the_permission(permission: str) -> None:
    assert found(RULE, permission) == []


@pytest.mark.parametrize(
    "permission",
    [
        may("events", name="!Ref Other"),
        may("sns"),
        may("events", "!GetAtt Elsewhere.Arn")
        + "Elsewhere:\n  Type: AWS::Events::Rule\n  Properties: {Targets: !ImportValue t}\n",
    ],
)
def test_a_permission_of_something_else(permission: str) -> None:
    assert (Unpermitted, "Rule") in found(RULE, permission)


@pytest.mark.parametrize(
    "more",
    [
        "C:\n  Type: AWS::Serverless::Connector\n"
        "  Properties: {Source: {Id: Rule}, Destination: {Id: Fn}, Permissions: [Write]}\n",
        "N:\n  Type: AWS::CloudFormation::Stack\n  Properties: {Parameters: {F: !GetAtt Fn.Arn}}\n",
        "N:\n  Type: Custom::Permission\n  Properties: {ServiceToken: !ImportValue t, F: !Ref Fn}\n",
    ],
)
def test_leave_may_come_from_elsewhere(more: str) -> None:
    assert found(RULE, more) == []


def test_a_custom_resource_that_the_function_makes_gives_no_leave() -> None:
    more = "N:\n  Type: Custom::Thing\n  Properties: {ServiceToken: !GetAtt Fn.Arn}\n"
    assert found(RULE, more) == [(Unpermitted, "Rule")]


def test_a_role_of_the_target_or_of_the_rule_may_be_leave() -> None:
    assert found(RULE.replace("Fn.Arn", "Fn.Arn, RoleArn: !ImportValue r")) == []
    assert found(RULE + "    RoleArn: !ImportValue r\n") == []


def test_events_of_sam_bring_their_permission() -> None:
    text = (
        "E:\n  Type: AWS::Serverless::Function\n  Properties:\n    Events:\n"
        "      S: {Type: Schedule, Properties: {Schedule: rate(1 day)}}\n"
    )
    assert found(text) == []


def test_a_bucket_waits_for_its_permission() -> None:
    permission = may("s3", "!Sub 'arn:aws:s3:::${P}-in'")
    assert found(BUCKET, permission) == []
    assert found(BUCKET.replace("  DependsOn: May\n", ""), permission) == [(Untimely, "Bucket")]


def test_a_permission_that_names_the_bucket_waits_for_it_in_turn() -> None:
    text = HEAD + indent(BUCKET.replace("  DependsOn: May\n", "") + may("s3", "!GetAtt Bucket.Arn"), "  ")
    (half,) = halves(template(text))
    assert isinstance(half, Untimely)
    assert half.circular


@pytest.mark.parametrize(
    ("sender", "service", "source"),
    [
        (TOPIC, "sns", "!Ref Topic"),
        ("Rule:\n  Type: AWS::Events::Rule\n  Properties: {Targets: []}\n", "events", "!GetAtt Rule.Arn"),
        ("Bucket:\n  Type: AWS::S3::Bucket\n", "s3", "!GetAtt Bucket.Arn"),
        ("Group:\n  Type: AWS::Logs::LogGroup\n", "logs", "!GetAtt Group.Arn"),
    ],
)
def test_a_permission_that_nobody_uses(sender: str, service: str, source: str) -> None:
    assert found(sender, may(service, source)) == [(Unused, "May")]
    # A nested stack that is told of the sender may make the trigger.
    stack = f"N:\n  Type: AWS::CloudFormation::Stack\n  Properties: {{Parameters: {{X: {source}}}}}\n"
    assert found(sender, may(service, source), stack) == []


@pytest.mark.parametrize(("fn", "unused"), [("Export: {Name: f}", 0), ("Description: f", 1)])
def test_another_stack_may_join_what_is_exported(fn: str, unused: int) -> None:
    text = HEAD + indent(TOPIC + may("sns", "!Ref Topic"), "  ")
    text += "Outputs:\n  T: {Value: !Ref Topic, Export: {Name: t}}\n"
    assert len(list(halves(template(f"{text}  F: {{Value: !GetAtt Fn.Arn, {fn}}}\n")))) == unused


@pytest.mark.parametrize(
    "more",
    [
        "S:\n  Type: AWS::SNS::Subscription\n"
        "  Properties: {Protocol: lambda, TopicArn: !Ref Topic, Endpoint: !Ref P}\n",
        "S:\n  Type: AWS::SNS::Subscription\n"
        "  Properties: {Protocol: lambda, TopicArn: !Ref P, Endpoint: !GetAtt Fn.Arn}\n",
    ],
)
def test_a_subscription_that_is_not_understood_may_use_it(more: str) -> None:
    assert found(TOPIC, more, may("sns", "!Ref Topic")) == []


def test_templates_that_a_macro_rewrites_are_not_read() -> None:
    text = (
        (HEAD + indent(RULE, "  ")).replace("Transform: AWS", "Transform: [Mine, AWS").replace("31", "31]", 1)
    )
    assert list(halves(template(text))) == []
