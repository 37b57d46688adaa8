"""Templates that the CDK wrote: which construct a resource is of, and where the code of a function is.

With path metadata, which `cdk synth` writes unless it is told not to, a resource says so itself; else the
assembly around the template may: https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html#identifiers-paths
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lambdalint.template.identity import render

if TYPE_CHECKING:
    from lambdalint.source import Span
    from lambdalint.template.template import Resource, Template
    from lambdalint.template.values import Path

_PATH = "aws:cdk:path"
_ASSET = "aws:asset:path"
# The resource itself at the end of its construct's path.
_SELF = ("/Resource", "/Default")
# What constructs of the CDK's library make for themselves, under fixed names: the handlers of its own custom
# resources (in aws-cdk-lib: aws-logs/lib/log-retention.ts, aws-s3/lib/notifications-resource,
# aws-s3-deployment, core/lib/custom-resource-provider, custom-resources/lib/aws-custom-resource), what its
# provider framework adds around the handlers that somebody wrote (custom-resources/lib/provider-framework),
# its nested stacks of providers for EKS and DynamoDB, and the hook that drains ECS hosts.
_OF_THE_CDK = re.compile(
    r"(?:^|/)(?:LogRetention[0-9a-f]{32}|BucketNotificationsHandler[0-9a-f]{32}"
    r"|Custom::CDKBucketDeployment[0-9A-F]{32}\w*|AWS679f53fac002430cb0da5b7982bd2287"
    r"|SingletonLambda224e77f9a32e4b4dac32983477abba16|Custom::[^/]+CustomResourceProvider"
    r"|framework-on(?:Event|Timeout)|framework-isComplete|waiter-state-machine"
    r"|@aws-cdk--aws-\w+\.[^/]+|DrainECSHook|CertificateRequestorFunction)(?=/|$)"
)
_OF_THE_CDK_BY_ID = re.compile(
    r"(?:LogRetention|BucketNotificationsHandler|CustomCDKBucketDeployment)[0-9a-fA-F]{32}\w*"
    r"|AWS679f53fac002430cb0da5b7982bd2287\w*|Custom\w+CustomResourceProviderHandler[0-9A-F]{8}"
)
# What `table.grant_read_data`, `bucket.grant_read_write`, `key.grant_encrypt_decrypt`, `stream.grant_read`
# and their like write into a policy: lib/perms.ts of aws-dynamodb and aws-s3, aws-kms/lib/private/perms.ts
# and aws-kinesis/lib/stream.ts.
_GRANTED = frozenset(
    {
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "kinesis:DescribeStreamConsumer",
        "kinesis:ListStreams",
        "kinesis:SubscribeToShard",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
        "s3:Abort*",
        "s3:DeleteObject*",
        "s3:GetBucket*",
        "s3:GetObject*",
        "s3:List*",
        "s3:PutObject*",
    }
)


@dataclass(frozen=True)
class Synthesis:
    """What the assembly tells of a template in it: the folder, relative to the template's, of each upload by
    its key, and the construct paths of logical ids."""

    assets: Mapping[str, str] = field(default_factory=dict)
    constructs: Mapping[str, str] = field(default_factory=dict)


def construct(resource: Resource) -> str | None:
    """The path of the construct that a resource is of, such as `Shop/Orders`; None where nothing tells."""
    template = resource.template
    path = template.get((*resource.path, "Metadata", _PATH))
    if not isinstance(path, str) and template.synthesis is not None:
        path = template.synthesis.constructs.get(resource.logical_id)
    if not isinstance(path, str) or not path:
        return None
    found = str(path)
    return next((found[: -len(end)] for end in _SELF if found.endswith(end)), found)


def is_of_the_cdk(resource: Resource) -> bool:
    """Whether a construct of the CDK's own library makes the resource for itself, so that nobody who uses it
    can change it: the handler of one of its custom resources, mostly."""
    if _OF_THE_CDK_BY_ID.fullmatch(resource.logical_id):
        return True
    path = construct(resource) if is_synthesised(resource.template) else None
    return path is not None and _OF_THE_CDK.search(path) is not None


def is_granted(template: Template, path: Path, actions: Iterable[str]) -> bool:
    """Whether a statement has the actions from a grant of the CDK's library, which nobody writes out."""
    resource = template.resources.get(str(path[1])) if len(path) > 1 else None
    policy = construct(resource) if resource is not None and is_synthesised(template) else None
    return policy is not None and policy.endswith("Policy") and _GRANTED.issuperset(actions)


def is_synthesised(template: Template) -> bool:
    """Whether the CDK wrote the template, in an assembly or with the paths of constructs in it."""
    return template.synthesis is not None or _PATH in template.source.text


def resource_at(template: Template, span: Span) -> Resource | None:
    """The resource that holds a span of the template."""
    found = (each for each in template.resources.values() if template.full_span(each.path).contains(span))
    return next(found, None)


def asset(resource: Resource, *keys: str) -> str | None:
    """The folder, file or build context, relative to the template's folder, of what a property such as
    `Code.S3Key` or `Code.ImageUri` names by where it is uploaded to. None where nothing tells."""
    template = resource.template
    path = template.get((*resource.path, "Metadata", _ASSET))
    if isinstance(path, str):  # what the CDK writes for SAM to find the code
        return str(path)
    if template.synthesis is None:
        return None
    for found in resource.get(*keys):
        text = render(found.value)
        key = text if text in template.synthesis.assets else text.rpartition(":")[2]
        key = key if key in template.synthesis.assets else text.rpartition("/")[2]
        if key in template.synthesis.assets:
            return template.synthesis.assets[key]
    return None
