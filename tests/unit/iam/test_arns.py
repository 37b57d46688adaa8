"""Forms of ARNs, and what patterns of them can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.iam import actions, arns
from lambdalint.iam.arns import PLAIN, UNKNOWN

BUCKET = "arn:${Partition}:s3:::${BucketName}"
OBJECT = "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
TABLE = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"
STREAM = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/stream/${StreamLabel}"
INDEX = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/index/${IndexName}"
FUNCTION = "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}"
PARAMETER = "arn:${Partition}:ssm:${Region}:${Account}:parameter/${ParameterNameWithoutLeadingSlash}"


@pytest.mark.parametrize(
    "arn",
    [
        "*",
        "",
        "arn:aws:s3:::bucket",
        "arn:aws:s3:::bucket/*",
        "arn:aws-us-gov:sns:us-gov-west-1:123456789012:topic",
        "arn:*:s3:::bucket",
        "arn:aws:sns:*:*:*",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:ec2:eu-west-1::image/ami-1",
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/f:*",
        "arn:aws:dynamodb:*",
        "arn:aws:s3:::${aws:username}/*",
        "arn:aws:sns:eu-west-1:1234567890??:topic",
        # What is not known may be right.
        UNKNOWN,
        f"{UNKNOWN}/*",
        f"arn:{PLAIN}:s3:::{PLAIN}/*",
        f"arn:aws:lambda:{PLAIN}:{PLAIN}:function:{UNKNOWN}",
        f"arn:aws:{UNKNOWN}",
        "arn:aws:s3:::<bucket>",
    ],
)
def test_well_formed(arn: str) -> None:
    assert arns.malformed(arn) is None


@pytest.mark.parametrize(
    ("arn", "says"),
    [
        ("bucket", "no ARN"),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/queue", "no ARN"),
        (f"table/{PLAIN}", "no ARN"),
        ("arn:aws:s3::bucket/*", "too few colons"),
        ("arn:aws:s3:bucket/*", "too few colons"),
        ("arn:aws:s3:::", "names nothing"),
        ("arn:awz1:s3:::bucket", "`awz1`"),
        ("arn::s3:::bucket", "no partition"),
        ("arn:aws::::bucket", "no service"),
        ("arn:aws:*:::bucket", "wildcard for its service"),
        ("arn:aws:S_3:::bucket", "`S_3`"),
        ("arn:aws:sns:EU_WEST:123456789012:topic", "`EU_WEST`"),
        ("arn:aws:sns:eu-west-1:12345:topic", "`12345`"),
        ("arn:aws:dynamodb:table/orders:123456789012:x", "`table/orders`"),
    ],
)
def test_malformed(arn: str, says: str) -> None:
    assert says in (arns.malformed(arn) or "")


@pytest.mark.parametrize(
    ("pattern", "arn_format", "expected"),
    [
        ("arn:aws:s3:::bucket", BUCKET, True),
        ("arn:aws:s3:::bucket", OBJECT, False),
        ("arn:aws:s3:::bucket/*", OBJECT, True),
        ("arn:aws:s3:::bucket/*", BUCKET, False),
        ("arn:aws:s3:::bucket*", OBJECT, True),  # a star goes over slashes
        ("arn:aws:s3:::*", BUCKET, True),
        (f"arn:aws:s3:::{PLAIN}", OBJECT, False),
        (f"arn:aws:s3:::{UNKNOWN}", OBJECT, True),
        (f"{UNKNOWN}/*", BUCKET, False),  # whatever it begins with, a bucket's name has no slash
        (f"{UNKNOWN}/*", OBJECT, True),
        (f"arn:{PLAIN}:s3:::{PLAIN}/*", OBJECT, True),
        ("arn:aws:dynamodb:*:*:table/orders", TABLE, True),
        ("arn:aws:dynamodb:*:*:table/orders", STREAM, False),
        ("arn:aws:dynamodb:*:*:table/orders/*", STREAM, True),
        ("arn:aws:dynamodb:*:*:table/orders/stream/*", TABLE, False),
        ("arn:aws:dynamodb:*:*:table/orders/index/*", INDEX, True),
        ("arn:aws:dynamodb:*", TABLE, True),  # what is missing is filled up with stars
        ("arn:aws:sqs:*:*:orders", TABLE, False),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f", FUNCTION, True),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f:live", FUNCTION, True),
        ("arn:aws:lambda:eu-west-1:123456789012:layer:f", FUNCTION, False),
        ("arn:aws:ssm:*:*:parameter/app/*", PARAMETER, True),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter", PARAMETER, False),
        ("arn:aws:s3:::${aws:username}/*", OBJECT, True),
    ],
)
def test_can_match(pattern: str, arn_format: str, expected: bool) -> None:
    assert arns.can_match(pattern, arn_format) is expected


FORMATS = sorted(
    {
        kind.arn
        for service in ("dynamodb", "lambda", "s3", "sns", "sqs", "ssm", "states")
        for action in actions.service_actions(service)
        for kind in action.resource_types
    }
)


@given(st.sampled_from(FORMATS))
def test_a_type_matches_its_own_shape(arn_format: str) -> None:
    assert arns.can_match(arns.shape(arn_format), arn_format)
    assert arns.can_match("*", arn_format)


@given(st.sampled_from(FORMATS), st.integers(0, 80))
def test_a_wildcard_never_takes_a_match_away(arn_format: str, place: int) -> None:
    shape = arns.shape(arn_format)
    cut = max(4, min(place, len(shape)))
    assert arns.can_match(f"{shape[:cut]}*", arn_format)


@given(st.text(alphabet="arn:aws3*?/$" + UNKNOWN + PLAIN, max_size=30))
def test_any_text_is_judged(text: str) -> None:
    assert arns.malformed(text) is None or isinstance(arns.malformed(text), str)
    assert arns.can_match(text, BUCKET) in (True, False)
