from pathlib import PurePosixPath

import pytest

from lambdalint.source import SourceFile
from lambdalint.template.dependencies import depends_on
from lambdalint.template.template import load

TEXT = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Uploads:
    Type: AWS::S3::Bucket
  Table:
    Type: AWS::Serverless::SimpleTable
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {TABLE: !Ref Table}}
      Events:
        Upload: {Type: S3, Properties: {Bucket: !Ref Uploads, Events: s3:ObjectCreated:*}}
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
  Queue:
    Type: AWS::SQS::Queue
  Caller:
    Type: AWS::Serverless::Function
    DependsOn: [Queue]
    Properties:
      Role: !GetAtt ReaderRole.Arn
      Environment: {Variables: {TARGET: !Sub "${Reader.Arn}:live"}}
"""


@pytest.mark.parametrize(
    ("resource", "other", "waits"),
    [
        ("Reader", "Table", True),
        ("Table", "Reader", False),
        ("Uploads", "Reader", True),  # the bucket notifies the function
        ("Reader", "Queue", False),  # the mapping is a resource of its own
        ("Caller", "Queue", True),
        ("Caller", "Reader", True),
        ("Caller", "Table", True),
        ("Caller", "Caller", True),
        ("Missing", "Table", False),
    ],
)
def test_depends_on(resource: str, other: str, waits: bool) -> None:
    template = load(SourceFile(PurePosixPath("template.yaml"), TEXT))
    assert depends_on(template, resource, other) is waits
