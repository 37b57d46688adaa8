"""What a connector from a Lambda function to a resource grants.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/reference-sam-connector.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lambdalint.data import tables

# SAM looks profiles up by the type of what the transform makes.
_MADE_OF = {
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
}
DESTINATION = "%{Destination.Arn}"


@dataclass(frozen=True)
class ConnectorStatement:
    """Actions on resources, texts in which `%{Destination.Arn}` stands for the destination's ARN."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]


def categories(destination: str) -> frozenset[str]:
    """The access categories (`Read`, `Write`) that a function can have to a type of resource; none where no
    connector leads there."""
    return frozenset(_profiles().get(_MADE_OF.get(destination, destination), ()))


def statements(destination: str, permissions: Iterable[str]) -> tuple[ConnectorStatement, ...] | None:
    """What a connector to a type of resource grants; None where there is no such connector."""
    profile = _profiles().get(_MADE_OF.get(destination, destination))
    if profile is None or not set(permissions) <= set(profile):
        return None
    return tuple(
        ConnectorStatement(tuple(one["actions"]), tuple(one["resources"]))
        for category in permissions
        for one in profile[category]
    )


@cache
def _profiles() -> Mapping[str, Mapping[str, list[Any]]]:
    found: Mapping[str, Mapping[str, list[Any]]] = tables.load("connector_profiles.json")["destinations"]
    return found
