"""Faults for wildcard-permission."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, policy

FAULTS: dict[str, tuple[Fault, ...]] = {
    "wildcard-permission": (
        policy(
            "service:* on *",
            "- Statement:\n    - Effect: Allow\n      Action: dynamodb:*\n      Resource: '*'",
        ),
        policy(
            "actions in full on *",
            "- Statement:\n    - Effect: Allow\n      Action:\n        - s3:GetObject\n        - s3:PutObject\n"
            "      Resource: '*'",
        ),
        policy(
            "partial wildcard",
            "- Version: '2012-10-17'\n  Statement:\n    Effect: Allow\n    Action: [sqs:Send*]\n"
            "    Resource: !Sub arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:planted",
        ),
        policy(
            "an ARN that is only a star",
            "- Statement:\n    - Effect: Allow\n      Action: s3:GetObject\n      Resource: arn:aws:s3:::*",
        ),
        policy("star", '- Statement:\n    - Effect: Allow\n      Action: "*"\n      Resource: "*"'),
    ),
}
