"""Whether a function's role may decrypt with the key that encrypts its environment.

Lambda makes a KMS grant for the role when a function with environment variables is created, so it works
without; the grant is for the role's identity, and ends with it when the role is made anew under its name:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.granted import granted
from lambdalint.application.patterns import Answer
from lambdalint.iam import targets, wildcards
from lambdalint.iam.match import Need
from lambdalint.iam.targets import UNKNOWN, Target
from lambdalint.template.identity import render
from lambdalint.template.values import Reference

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction, Property
    from lambdalint.template.template import Resource, Template
    from lambdalint.template.values import Alternative

DECRYPT = "kms:Decrypt"
# What Lambda encrypts with the key and the role decrypts.
_ENCRYPTED = ("Environment", "SnapStart")


def ungranted_keys(function: LambdaFunction) -> Iterator[Property]:
    """The keys of a function with which its role surely may not decrypt, by what is written; none where not
    all that the role grants is known, or where the key's own policy may let it."""
    keys = function.property("KmsKeyArn")
    if not keys or not any(function.property(name) for name in _ENCRYPTED):
        return
    known = granted(function)
    if not known.complete:
        return
    for key in keys:
        resource = _resource(function.template, key)
        if resource is not None and _admits(function.template, resource):
            continue
        if known.answer(Need(DECRYPT, _target(resource))) is Answer.NO:
            yield key


def _resource(template: Template, key: Property) -> Resource | None:
    name = key.value.logical_id if isinstance(key.value, Reference) else ""
    return template.resources.get(name)


def _target(resource: Resource | None) -> Target:
    if resource is None:
        return UNKNOWN
    return targets.of_resource(resource.type, resource.logical_id, resource.properties) or UNKNOWN


def _admits(template: Template, key: Resource) -> bool:
    """Whether the key's policy may let more in than the account, which leaves it to the policies of roles."""
    if key.type != "AWS::KMS::Key":
        return True
    statements = template.items(key.get("KeyPolicy", "Statement"))
    return any(_lets_in(template, statement) for statement in statements)


def _lets_in(template: Template, statement: Alternative) -> bool:
    if any(render(found.value) == "Deny" for found in template.step([statement], "Effect")):
        return False
    actions = [render(found.value) for found in template.items(template.step([statement], "Action"))]
    if actions and not any("${" in one for one in actions) and not wildcards.covered(tuple(actions), DECRYPT):
        return False
    principals = [render(found.value) for found in template.step([statement], "Principal")]
    by_account = template.items(template.step([statement], "Principal", "AWS"))
    return "*" in principals or not all(_is_account(render(found.value)) for found in by_account)


def _is_account(principal: str) -> bool:
    return principal.endswith(":root") or principal == "${AWS::AccountId}" or principal.isdigit()
