"""Actions that do not exist, and what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.iam import actions, misnamed


@pytest.mark.parametrize(
    "action",
    [
        "s3:GetObject",
        "S3:getobject",
        "s3:Get*",
        "s3:*",
        "s3:???Object",
        "*",
        "dynamodb:BatchGetItem",
        "execute-api:ManageConnections",
        "lambda:InvokeFunctionUrl",
        # Not of the form of an action: invalid-statement speaks of it.
        "GetObject",
        "s3:",
        "*:GetObject",
        # Of services that are no more.
        "iot1click:InvokeDeviceMethod",
        "aws-portal:ViewBilling",
    ],
)
def test_exists(action: str) -> None:
    assert misnamed.exists(action)


@pytest.mark.parametrize(
    ("action", "meant"),
    [
        ("s3:HeadObject", ("s3:GetObject",)),
        ("s3:ListObjectsV2", ("s3:ListBucket",)),
        ("s3:ListBuckets", ("s3:ListAllMyBuckets",)),
        ("s3:ListObjects", ("s3:ListBucket",)),
        ("dynamodb:GetItm", ("dynamodb:GetItem",)),
        ("stepfunctions:StartExecution", ("states:StartExecution",)),
        ("eventbridge:PutEvents", ("events:PutEvents",)),
        ("cloudwatchlogs:PutLogEvents", ("logs:PutLogEvents",)),
        ("dynamobd:GetItem", ("dynamodb:GetItem",)),
        ("sqs:SendMessages", ("sqs:SendMessage",)),
        ("quantum:Entangle", ()),
    ],
)
def test_meant(action: str, meant: tuple[str, ...]) -> None:
    assert not misnamed.exists(action)
    assert misnamed.meant(action) == meant


@pytest.mark.parametrize("action", ["s3:GetBucketz*", "dynamodb:Fetch*", "nosuch:*"])
def test_patterns_of_nothing(action: str) -> None:
    assert not misnamed.exists(action)


@pytest.mark.parametrize(("action", "never"), [("s3:DeletObject", "s3:GetObject")])
def test_another_verb_is_never_meant(action: str, never: str) -> None:
    assert never not in misnamed.meant(action)


SERVICES = st.sampled_from(["dynamodb", "s3", "sqs", "lambda", "states", "ssm"])


@given(SERVICES, st.data())
def test_what_is_meant_exists(service: str, data: st.DataObject) -> None:
    action = data.draw(st.sampled_from(actions.service_actions(service)))
    letters = list(action.name)
    place = data.draw(st.integers(0, len(letters) - 1))
    letters[place] = data.draw(st.sampled_from("abcXYZ"))
    misspelt = f"{service}:{''.join(letters)}"
    if not misnamed.exists(misspelt):
        assert all(misnamed.exists(meant) for meant in misnamed.meant(misspelt))
