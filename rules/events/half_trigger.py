"""half-trigger: a trigger without its permission, or a permission without its trigger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role, Severity
from lambdalint.rule import Rule
from lambdalint.template.permits import Unpermitted, Untimely, Unused, halves

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class HalfTrigger(Rule):
    """A trigger has no permission to invoke the function, or a permission has no trigger.

    **Why**

    S3, SNS, EventBridge rules, CloudWatch Logs and IoT rules invoke a function only with its leave, an
    AWS::Lambda::Permission. Without it a rule or subscription deploys, and every event is refused and lost; a
    bucket notification or a subscription filter does not even deploy. S3 asks for the permission at the
    moment it makes the notification, so the bucket must wait for it. A permission that names a bucket, topic
    or rule which never invokes the function is the half of a trigger that somebody forgot, or an open door.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
      Nightly:
        Type: AWS::Events::Rule
        Properties:
          ScheduleExpression: rate(1 day)
          Targets:
            - Id: report
              Arn: !GetAtt Report.Arn
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
      Nightly:
        Type: AWS::Events::Rule
        Properties:
          ScheduleExpression: rate(1 day)
          Targets:
            - Id: report
              Arn: !GetAtt Report.Arn
      NightlyMayInvokeReport:
        Type: AWS::Lambda::Permission
        Properties:
          Action: lambda:InvokeFunction
          FunctionName: !Ref Report
          Principal: events.amazonaws.com
          SourceArn: !GetAtt Nightly.Arn
    ```

    An event of the SAM function brings both halves.

    **Limits**

    A permission without SourceArn, or for something outside of the template, counts as used there. Silent
    where a macro rewrites the template, where a connector joins the two, where a rule or its target has a
    role, where both are exported, and where a nested stack or a custom resource is told of the function or
    the sender and may add the other half. APIs, user pools and the other services that need a permission are
    not checked.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-s3-bucket-notificationconfiguration.html
    """

    name = "half-trigger"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for half in halves(template):
            if isinstance(half, Unpermitted):
                yield self._unpermitted(half)
            elif isinstance(half, Untimely):
                yield self._untimely(half)
            else:
                yield self._unused(half)

    def _unpermitted(self, half: Unpermitted) -> Finding:
        name = half.function.logical_id
        return self.finding(
            f"{half.trigger.description} has no permission to invoke `{name}`",
            half.trigger.template.label(half.trigger.path, f"{half.service} may not invoke it"),
            half.function.label("nothing lets it in", Role.RELATED),
            help=f"add an AWS::Lambda::Permission for `{name}` with Principal {half.service}.amazonaws.com",
            functions=[half.function.id],
        )

    def _untimely(self, half: Untimely) -> Finding:
        bucket, permission = half.bucket.logical_id, half.permission.logical_id
        advice = f"let `{bucket}` depend on `{permission}`"
        if half.circular:
            advice += ", and give the permission a SourceArn made of the bucket's name, or a SourceAccount"
        return self.finding(
            f"`{bucket}` notifies `{half.function.logical_id}` without waiting for the permission "
            f"`{permission}`: S3 refuses it",
            half.bucket.label(f"does not depend on `{permission}`"),
            half.permission.label(
                "waits for the bucket" if half.circular else "must be there first", Role.RELATED
            ),
            half.trigger.template.label(half.trigger.path, "checked when the bucket is made", Role.RELATED),
            help=advice,
            functions=[half.function.id],
        )

    def _unused(self, half: Unused) -> Finding:
        sender, name = half.sender.logical_id, half.function.logical_id
        return self.finding(
            f"`{half.permission.logical_id}` lets `{sender}` invoke `{name}`, and `{sender}` never does",
            half.permission.label("a permission with nothing behind it"),
            half.sender.label(f"does not invoke `{name}`", Role.RELATED),
            help=f"add the notification, target or subscription to `{sender}`, or remove the permission",
            functions=[half.function.id],
            severity=Severity.WARNING,
        )
