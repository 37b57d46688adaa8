"""The policy templates of AWS SAM: what each grants.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from lambdalint.data import tables
from lambdalint.iam import actions

# Made for one purpose: they are an answer only to a need for one of these actions. Without this,
# DynamoDBRestoreFromBackupPolicy ties with DynamoDBCrudPolicy.
_SIGNATURES: Mapping[str, frozenset[str]] = {
    "AWSSecretsManagerRotationPolicy": frozenset({"secretsmanager:UpdateSecretVersionStage"}),
    "CodePipelineLambdaExecutionPolicy": frozenset(
        {"codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"}
    ),
    "DynamoDBBackupFullAccessPolicy": frozenset(
        {"dynamodb:CreateBackup", "dynamodb:DeleteBackup", "dynamodb:DescribeContinuousBackups"}
    ),
    "DynamoDBRestoreFromBackupPolicy": frozenset({"dynamodb:RestoreTableFromBackup"}),
    "EC2CopyImagePolicy": frozenset({"ec2:CopyImage"}),
    "VPCAccessPolicy": frozenset({"ec2:CreateNetworkInterface"}),
}


@dataclass(frozen=True)
class TemplateStatement:
    """A statement of a policy template; resources are texts of `Fn::Sub` with `${Parameter}`s."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditional: bool

    @property
    def is_wide(self) -> bool:
        """Whether it grants, on resources that no parameter limits, actions that take a resource.

        cloudwatch:PutMetricData on `*` is as narrow as it gets; eks:DescribeCluster on `*` is not.
        """
        if self.conditional or any("${" in _without_pseudo(resource) for resource in self.resources):
            return False
        granted = [action for pattern in self.actions for action in actions.expand(pattern)]
        return any(action.needs_resource for action in granted)


@dataclass(frozen=True)
class PolicyTemplate:
    """A SAM policy template."""

    name: str
    parameters: tuple[str, ...]
    statements: tuple[TemplateStatement, ...]

    @property
    def granted(self) -> frozenset[str]:
        """Every existing action that it grants."""
        return _granted(self)

    @property
    def narrows(self) -> bool:
        """Whether offering it in place of a wildcard is honest: it is not as wide itself."""
        return _narrows(self)

    @property
    def services(self) -> frozenset[str]:
        """The IAM prefixes of what it grants."""
        patterns = (pattern for statement in self.statements for pattern in statement.actions)
        return frozenset(pattern.partition(":")[0] for pattern in patterns)

    @property
    def scoped(self) -> bool:
        """Whether a parameter limits it to a resource."""
        return bool(self.parameters)

    @property
    def signature(self) -> frozenset[str]:
        """For a template made for one purpose, the actions that tell the purpose; else empty."""
        return _SIGNATURES.get(self.name, frozenset())


@cache
def templates() -> Mapping[str, PolicyTemplate]:
    """All policy templates of SAM by name."""
    table = tables.load("sam_policy_templates.json")["templates"]
    return {
        name: PolicyTemplate(
            name,
            tuple(entry["parameters"]),
            tuple(
                TemplateStatement(
                    tuple(statement["actions"]),
                    tuple(statement["resources"]),
                    statement.get("conditional", False),
                )
                for statement in entry["statements"]
            ),
        )
        for name, entry in table.items()
    }


def find(name: str) -> PolicyTemplate | None:
    """The template of that name, or None."""
    return templates().get(name)


def nearest(name: str) -> str | None:
    """The existing template that a misspelt name most likely means."""
    close = difflib.get_close_matches(name, templates(), 1, 0.75)
    return close[0] if close else None


@cache
def granting(action: str) -> tuple[PolicyTemplate, ...]:
    """The templates that grant an action, by name."""
    return tuple(
        template
        for template in templates().values()
        if any(
            actions.matches(pattern, action)
            for statement in template.statements
            for pattern in statement.actions
        )
    )


@cache
def _granted(template: PolicyTemplate) -> frozenset[str]:
    return frozenset(
        action.full
        for statement in template.statements
        for pattern in statement.actions
        for action in actions.expand(pattern)
    )


@cache
def _narrows(template: PolicyTemplate) -> bool:
    if any(pattern.endswith(":*") for statement in template.statements for pattern in statement.actions):
        return False
    return not any(statement.is_wide for statement in template.statements)


def _without_pseudo(resource: str) -> str:
    return re.sub(r"\$\{AWS::\w+\}", "", resource)
