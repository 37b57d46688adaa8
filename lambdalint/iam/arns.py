"""The form of ARNs in policies, and whether an ARN can be that of a resource of some type.

Texts hold `\\1` for a part that is not known (a parameter's value), and `\\2` for one that is a plain name:
whatever it is, it has neither slash nor colon (a bucket, a region, an account).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from lambdalint.iam import globs

UNKNOWN = "\1"
PLAIN = "\2"

_PARTITION = re.compile(r"aws(?:-[a-z]+)*|[*?\1\2]+")
_SERVICE = re.compile(r"[a-z0-9-]+")
_ACCOUNT = re.compile(r"\d{12}|\d*[*?\1\2][\d*?\1\2]*||aws|aws-managed|aws-marketplace|third-party|amazon")
_REGION = re.compile(r"[a-z0-9*?\1\2-]*")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
# A policy variable such as `${aws:username}`, which IAM fills in.
_POLICY_VARIABLE = re.compile(r"\$\{[^}]*\}")
_FIELDS = 6

# Names that have neither slash nor colon, by the variables that stand for them in the formats of the service
# authorization reference.
_PLAIN_VARIABLES = frozenset(
    {
        "Account",
        "BucketName",
        "DeliveryStreamName",
        "EventBusName",
        "IndexName",
        "KeyId",
        "Partition",
        "QueueName",
        "Region",
        "StateMachineName",
        "StreamLabel",
        "StreamName",
        "TableName",
        "TopicName",
    }
)


def malformed(arn: str) -> str | None:
    """What is wrong with the form of a resource in a policy, as what is left of "The resource …"; None where
    it may be right.

    An ARN of fewer than six fields is one: IAM fills up what is missing with wildcards. What has angle
    brackets is a form to be filled in.
    """
    if arn == "*" or not arn or arn[0] in (UNKNOWN, PLAIN, "*", "?", "$") or "<" in arn:
        return None
    if not arn.startswith("arn:"):
        if UNKNOWN in arn[:5] or "arn:".startswith(arn):
            return None
        return "is no ARN"
    fields = arn.split(":", _FIELDS - 1)
    partition, service, region, account = (*fields[1:], *([""] * _FIELDS))[:4]
    if not _PARTITION.fullmatch(partition) and not partition.startswith("$"):
        return f"has `{partition}` where an ARN has its partition" if partition else "has no partition"
    if len(fields) < 3:
        return None
    if not service:
        return "has no service"
    if (
        UNKNOWN not in service
        and PLAIN not in service
        and not _SERVICE.fullmatch(service)
        and "$" not in service
    ):
        wild = any(letter in service for letter in "*?")
        return "has a wildcard for its service" if wild else f"has `{service}` where an ARN has its service"
    if len(fields) < _FIELDS:
        return _short(fields)
    if not _REGION.fullmatch(region) and "$" not in region:
        return f"has `{region}` where an ARN has its region"
    if not _ACCOUNT.fullmatch(account) and "$" not in account:
        return f"has `{account}` where an ARN has its account"
    return None if fields[5] else "names nothing"


def can_match(pattern: str, arn_format: str) -> bool:
    """Whether some resource of a type can have an ARN that a policy's pattern covers."""
    return _overlap(pattern, arn_format)


def shape(arn_format: str) -> str:
    """The ARN of one resource of a type, of which nothing is known but that."""
    return _VARIABLE.sub(lambda match: PLAIN if match[1] in _PLAIN_VARIABLES else UNKNOWN, arn_format)


def _short(fields: Sequence[str]) -> str | None:
    """An ARN of three to five fields: one that does not end in a wildcard names a resource where region or
    account belong (`arn:aws:s3::bucket/*`)."""
    last = fields[-1]
    if len(fields) < 4 or not last or set(last) <= {"*"} or UNKNOWN in last or "$" in last:
        return None
    if len(fields) == 4:
        return None if _REGION.fullmatch(last) and "/" not in last else "has too few colons"
    if "/" in last or not re.fullmatch(r"[\d*?\1\2]{1,12}|aws", last):
        return "has too few colons"
    return None


@cache
def _overlap(pattern: str, arn_format: str) -> bool:
    # A star may stand for colons too, and a pattern of fewer fields is filled up with stars.
    if pattern.count(":") < _FIELDS - 1 and not pattern.endswith(("*", UNKNOWN)):
        pattern += ":*"
    return globs.meet(_tokens(pattern, pattern=True), _tokens(arn_format, pattern=False))


def _tokens(text: str, pattern: bool) -> tuple[str, ...]:
    text = text.replace("${Partition}", PLAIN)
    if pattern:
        text = _POLICY_VARIABLE.sub(UNKNOWN, text)
        kinds = {"*": globs.ANY, "?": globs.ONE, UNKNOWN: globs.ANY, PLAIN: globs.NAME}
    else:
        text = shape(text)
        kinds = {"*": globs.ANY, UNKNOWN: globs.ANY, PLAIN: globs.NAME}
    tokens: list[str] = []
    for letter in text:
        kind = kinds.get(letter, letter)
        tokens.extend((globs.PLAIN_ONE, globs.NAME) if kind == globs.NAME else (kind,))
    return tuple(tokens)
