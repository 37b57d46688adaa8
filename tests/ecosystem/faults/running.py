"""Faults for the rules about how functions run: runtimes, limits, layers, versions, tracing, logs, networks."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import (
    Fault,
    both,
    cut,
    dropped,
    property_of,
    replaced,
    resource,
    unless,
    written,
)

_LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer"
_SIX = "Layers:\n" + "\n".join(f"  - {_LAYER}:planted{number}:1" for number in range(6))
_PROVISIONED = "ProvisionedConcurrencyConfig:\n  ProvisionedConcurrentExecutions: 5"
_ALIAS = property_of("AutoPublishAlias", "AutoPublishAlias: planted")
_HAND_WRITTEN = """\
PlantedRole:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: {Service: lambda.amazonaws.com}
          Action: sts:AssumeRole
PlantedFunction:
  Type: AWS::Lambda::Function
  Properties:
    Runtime: python3.13
    Handler: index.handler
    Role: !GetAtt PlantedRole.Arn
    Code:
      ZipFile: |
        def handler(event, context):
            print(event["planted"])
"""
_PERMISSION = """\
PlantedPermission:
  Type: AWS::Lambda::Permission
  Properties:
    Action: lambda:InvokeFunction
    FunctionName: !Ref PlantedFunction
    Principal: s3.amazonaws.com
    SourceAccount: !Ref AWS::AccountId
"""
_MAPPING = """\
PlantedQueue:
  Type: AWS::SQS::Queue
PlantedMapping:
  Type: AWS::Lambda::EventSourceMapping
  Properties:
    FunctionName: !GetAtt PlantedFunction.Arn
    EventSourceArn: !GetAtt PlantedQueue.Arn
"""
_RULE = """\
PlantedRule:
  Type: AWS::Events::Rule
  Properties:
    ScheduleExpression: rate(1 hour)
    Targets:
      - {Id: planted, Arn: !GetAtt PlantedFunction.Arn}
PlantedAllowed:
  Type: AWS::Lambda::Permission
  Properties:
    Action: lambda:InvokeFunction
    FunctionName: !GetAtt PlantedFunction.Arn
    Principal: events.amazonaws.com
    SourceArn: !GetAtt PlantedRule.Arn
"""
_GROUP = """\
PlantedGroup:
  Type: AWS::EC2::SecurityGroup
  Properties:
    GroupDescription: planted
    VpcId: vpc-0123456789abcdef0
"""
_CLIENT = """\
import json

import boto3

planted = boto3.client("s3")


def HANDLER(event, context):
    body = planted.get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read()
    return {"size": len(json.loads(body))}
"""
_OBJECT = """\
import os
from datetime import datetime, timezone

import boto3
from botocore.exceptions import ClientError


def planted():
    return boto3.resource("dynamodb").Table("planted")


def HANDLER(event, context):
    try:
        planted().put_item(Item={"id": event["id"], "at": datetime.now(timezone.utc).isoformat()})
    except ClientError as error:
        print(error, os.environ.get("PLANTED"))
        raise
"""


def _networked(name: str, source: str, subnets: str, groups: str, *more: Fault) -> Fault:
    """A function in a VPC that only calls AWS; where a layer's code is not in sight, it may do more."""
    config = property_of("VpcConfig", f"VpcConfig:\n  SubnetIds: {subnets}\n  SecurityGroupIds: {groups}")
    return unless(both(name, config, replaced(name, source), *more), r"Layers:|VPCEndpoint|LayerArn")


def _portable(fault: Fault) -> Fault:
    """A function that could be on arm64: older runtimes cannot, and of layers it is not known."""
    return unless(fault, r"python3\.[67]\b|Layers:")


FAULTS: dict[str, tuple[Fault, ...]] = {
    "deprecated-runtime": (
        written("python3.8", "Runtime", lambda _: "python3.8"),
        written("python3.6", "Runtime", lambda _: '"python3.6"'),
        cut("put together", r"^( +)Runtime: *python\S+ *$", r"\1Runtime: !Sub python3.7"),
    ),
    "default-memory": (dropped("no memory", "MemorySize"),),
    "default-timeout": (dropped("no timeout", "Timeout"),),
    "too-many-layers": (property_of("Layers", _SIX),),
    "unpinned-layer": (
        property_of("Layers", f"Layers:\n  - {_LAYER}:planted"),
        property_of("Layers", f"Layers:\n  - {_LAYER}:planted:latest"),
        property_of(
            "Layers", "Layers:\n  - !Sub arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:layer:planted"
        ),
    ),
    "provisioned-without-alias": (
        property_of("ProvisionedConcurrencyConfig", _PROVISIONED),
        property_of("SnapStart", "SnapStart:\n  ApplyOn: PublishedVersions"),
    ),
    "provisioned-without-scaling": (
        both("fixed", _ALIAS, property_of("ProvisionedConcurrencyConfig", _PROVISIONED)),
    ),
    "no-tracing": (
        cut("nothing in Globals", r"^ +Tracing: *Active *\n"),
        cut("left to the caller", r"^( +)Tracing: *Active *$", r"\1Tracing: PassThrough"),
        cut("API", r"^ +TracingEnabled: *[Tt]rue *\n"),
    ),
    "log-retention": (
        # Groups of state machines and containers have retentions as well.
        cut("no retention", r"^( +LogGroupName: *.*/aws/lambda/.*\n) +RetentionInDays: *\S.*\n", r"\1"),
        cut("no retention", r"^ +RetentionInDays: *\S.*\n( +LogGroupName: *.*/aws/lambda/.*\n)", r"\1"),
        # A group that LoggingConfig refers to may have any name; a role written by hand may not create another.
        unless(
            cut("another name", r"LogGroupName: *.*/aws/lambda/.*$", "LogGroupName: /planted/elsewhere"),
            r"LoggingConfig|CreateLogStream",
        ),
    ),
    "x86-only": (
        _portable(cut("by default", r"^ +Architectures: *\n +- *arm64 *\n")),
        _portable(cut("asked for", r"^( +)(Architectures: *\n +- *)arm64 *$", r"\1\2x86_64")),
        _portable(property_of("Architectures", "Architectures: [x86_64]")),
    ),
    "plain-cloudformation-function": (
        resource("permission", _HAND_WRITTEN + _PERMISSION),
        resource("mapping", _HAND_WRITTEN + _MAPPING),
        resource("rule", _HAND_WRITTEN + _RULE),
    ),
    "vpc-without-need": (
        _networked("client", _CLIENT, "[subnet-0123456789abcdef0]", "[sg-0123456789abcdef0]"),
        _networked("imported", _OBJECT, "[!ImportValue planted-subnet]", "[!ImportValue planted-group]"),
        _networked(
            "own group",
            _CLIENT,
            "[subnet-0123456789abcdef0, subnet-0123456789abcdef1]",
            "[!GetAtt PlantedGroup.GroupId]",
            resource("group", _GROUP),
        ),
    ),
}
