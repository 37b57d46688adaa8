import pytest

from lambdalint.iam import actions
from lambdalint.iam.actions import AccessLevel


def test_an_action_is_found_in_any_case() -> None:
    found = actions.find("DynamoDB:getitem")
    assert found is not None
    assert found.full == "dynamodb:GetItem"
    assert found.level is AccessLevel.READ
    assert [kind.name for kind in found.resource_types] == ["table"]
    assert found.resource_types[0].arn.endswith(":table/${TableName}")


@pytest.mark.parametrize("name", ["dynamodb:GetItems", "dynamdb:GetItem", "dynamodb", "", "*"])
def test_what_does_not_exist_is_none(name: str) -> None:
    assert actions.find(name) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dynamodb:GetItems", "dynamodb:GetItem"),
        ("dynamdb:GetItem", "dynamodb:GetItem"),
        ("s3:PutObjct", "s3:PutObject"),
        ("s3:Frobnicate", None),
        ("qqqq:GetItem", None),
    ],
)
def test_nearest(name: str, meant: str | None) -> None:
    assert actions.nearest(name) == meant


def test_the_worst_of_several_access_levels_counts() -> None:
    found = actions.find("s3:PutObjectAcl")
    assert found is not None
    assert found.level is AccessLevel.PERMISSIONS
    assert actions.level(["s3:GetObject", "s3:PutObject"]) is AccessLevel.WRITE
    assert actions.level(["s3:NoSuchThing"]) is None


def test_wildcards_expand_to_existing_actions() -> None:
    assert [found.full for found in actions.expand("sqs:Send*")] == ["sqs:SendMessage"]
    assert {found.full for found in actions.expand("dynamodb:?etItem")} == {"dynamodb:GetItem"}
    assert len(actions.expand("dynamodb:*")) == len(actions.service_actions("dynamodb")) > 50
    assert actions.expand("dynamodb:getitem")[0].full == "dynamodb:GetItem"


@pytest.mark.parametrize("pattern", ["*", "dynamo*:GetItem", "nosuch:*", "dynamodb"])
def test_what_is_no_pattern_of_one_service_expands_to_nothing(pattern: str) -> None:
    assert actions.expand(pattern) == ()


@pytest.mark.parametrize(
    ("pattern", "value", "covers"),
    [
        ("s3:Get*", "s3:GetObject", True),
        ("S3:GET*", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("*", "s3:GetObject", True),
        ("s3:Put*", "s3:GetObject", False),
        ("s3.Get*", "s3:GetObject", False),
    ],
)
def test_matches(pattern: str, value: str, covers: bool) -> None:
    assert actions.matches(pattern, value) is covers


@pytest.mark.parametrize(
    ("action", "supports", "needs"),
    [
        ("dynamodb:GetItem", True, True),
        ("s3:GetObject", True, True),  # all its types are alternatives
        ("s3:ListAllMyBuckets", False, False),
        ("xray:PutTraceSegments", False, False),
        ("ec2:DescribeInstances", False, False),
        ("cloudwatch:PutMetricData", True, False),  # can name a dataset
        ("polly:SynthesizeSpeech", True, False),  # can name a lexicon
        ("rds:DescribeDBInstances", True, False),  # lists all where it names none
        ("lambda:TagResource", True, True),
    ],
)
def test_whether_a_star_is_what_an_action_takes(action: str, supports: bool, needs: bool) -> None:
    found = actions.find(action)
    assert found is not None
    assert (found.supports_resources, found.needs_resource) == (supports, needs)
