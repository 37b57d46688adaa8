"""Policies that resources carry themselves, by which somebody may have access without a grant of its role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdalint.memo import Memo

if TYPE_CHECKING:
    from lambdalint.template.template import Resource, Template

# What holds a policy for other resources, and the property that names them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
_POLICIES: Mapping[str, str] = {
    "AWS::ECR::RegistryPolicy": "",
    "AWS::Events::EventBusPolicy": "EventBusName",
    "AWS::Kinesis::ResourcePolicy": "ResourceArn",
    "AWS::S3::AccessPoint": "Bucket",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicInlinePolicy": "TopicArn",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueueInlinePolicy": "Queue",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
}
# Properties of resources that hold a policy of their own.
_OWN: Mapping[str, tuple[str, ...]] = {
    "AWS::DynamoDB::GlobalTable": ("Replicas",),
    "AWS::DynamoDB::Table": ("ResourcePolicy",),
    "AWS::ECR::Repository": ("RepositoryPolicyText",),
    "AWS::Events::EventBus": ("Policy",),
    "AWS::KMS::Key": ("KeyPolicy",),
    "AWS::EFS::FileSystem": ("FileSystemPolicy",),
    "AWS::OpenSearchService::Domain": ("AccessPolicies",),
    "AWS::Elasticsearch::Domain": ("AccessPolicies",),
    "AWS::SSM::Parameter": (),
}

_known: Memo[Template, frozenset[str]] = Memo()


def has_policy(template: Template, logical_id: str) -> bool:
    """Whether a resource of the template carries a policy, its own or one that names it; also where a policy
    is for resources that cannot be told."""
    if template not in _known:
        _known[template] = frozenset(_holders(template))
    found = _known[template]
    resource = template.resources.get(logical_id)
    return logical_id in found or (resource is not None and f"*{_service(resource.type)}" in found)


def _holders(template: Template) -> Iterator[str]:
    for kind, key in _POLICIES.items():
        for policy in template.of_type(kind):
            yield from _named(template, policy, key)
    for kind, keys in _OWN.items():
        for resource in template.of_type(kind):
            if any(key in resource.properties for key in keys):
                yield resource.logical_id
    for permission in template.of_type("AWS::Lambda::Permission"):
        principal = permission.properties.get("Principal")
        if not (isinstance(principal, str) and principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))):
            yield from template.identity.within(permission.properties.get("FunctionName"))


def _named(template: Template, policy: Resource, key: str) -> Iterator[str]:
    """The resources that a policy is for: all of its service, where it does not tell."""
    node = policy.properties.get(key)
    found = list(_references(node))
    yield from found
    if not found:
        yield f"*{_service(policy.type)}"


def _references(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict) and len(node) == 1:
        ((function, argument),) = node.items()
        if function == "Ref" and isinstance(argument, str):
            yield argument
        elif function == "Fn::GetAtt":
            first = argument.split(".")[0] if isinstance(argument, str) else argument[0]
            yield str(first)


def _service(kind: str) -> str:
    return kind.rpartition("::")[0]
