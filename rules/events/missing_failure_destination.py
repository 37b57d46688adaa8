"""missing-failure-destination: an asynchronously invoked function whose failed events are thrown away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdalint.application.modes import Invocation, asynchronous, invocations
from lambdalint.finding import Finding, Fix, Safety
from lambdalint.rule import Rule
from lambdalint.template.declined import declines
from lambdalint.template.failure_queue import add_failure_queue

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction


class MissingFailureDestination(Rule):
    """A function is invoked asynchronously, and nothing keeps the events it fails on.

    **Why**

    Whoever invokes a function asynchronously (S3, SNS, EventBridge, a schedule, …) only hands the event to
    Lambda and never hears how it went. When the function fails, Lambda tries twice more, some minutes apart,
    and then discards the event: no trace of it is left but a line in a log. A failure destination or a
    dead-letter queue keeps it, so that it can be looked into and sent again.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Uploads:
        Type: AWS::S3::Bucket
      MakeThumbnail:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Upload:
              Type: S3
              Properties:
                Bucket: !Ref Uploads
                Events: s3:ObjectCreated:*
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Uploads:
        Type: AWS::S3::Bucket
      MakeThumbnail:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Upload:
              Type: S3
              Properties:
                Bucket: !Ref Uploads
                Events: s3:ObjectCreated:*
          EventInvokeConfig:
            DestinationConfig:
              OnFailure:
                Type: SQS
                Destination: !GetAtt MakeThumbnailFailureQueue.Arn
      MakeThumbnailFailureQueue:
        Type: AWS::SQS::Queue
        Properties:
          MessageRetentionPeriod: 1209600
    ```

    Watch the queue with an alarm on ApproximateNumberOfMessagesVisible. A queue on the EventBridge target or
    the SNS subscription does not do the same: it catches events that could not be handed to Lambda.

    **Fix**

    Adds a queue and names it as the OnFailure destination; in plain CloudFormation by an
    AWS::Lambda::EventInvokeConfig. A role that stands in the template gets leave to send to the queue; SAM
    adds that to a role it makes. Unsafe, since it adds resources to the stack and a permission to the role.
    No fix where the role is not in the template, as Lambda refuses a destination that it cannot send to.

    **Limits**

    A permission to invoke counts as proof that its service does. What is configured outside of the template
    (the console, another stack) is not seen, nor an `Event` invoke whose function name is not known. Silent
    for functions behind a custom resource, which answer for themselves, and behind CodePipeline, which waits
    for theirs; for those that take another function's failures; where a macro or transform may add what is
    missing; and for functions that tell checkov (CKV_AWS_116), cfn-guard (LAMBDA_DLQ_CHECK), cdk-nag or
    serverless-rules (ES1007) to pass over a missing queue, in a comment or in their Metadata.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventinvokeconfiguration.html
    """

    name = "missing-failure-destination"
    severity = "warning"
    reads = "both"
    fix = "unsafe"

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        if function.failure_destination.state != "absent" or _answers_for_itself(function, application):
            return
        proofs = [each for each in asynchronous(application, function) if not _takes_failures(each)]
        if not proofs or declines(function.resource, _ELSEWHERE):
            return
        yield self.finding(
            f"`{function.logical_id}` is invoked asynchronously by {_named(proofs)}, "
            "and the events it fails on are lost",
            function.label("has neither an OnFailure destination nor a dead-letter queue"),
            *(proof.label("invokes it asynchronously") for proof in proofs),
            help="send failed events to a queue: Lambda discards them after two more tries",
            fix=_fix(function),
            functions=[function.id],
        )


# What other linters call a function with nowhere to send its failures to.
_ELSEWHERE = frozenset(
    {
        "CKV_AWS_116",
        "ES1007",
        "LAMBDA_DLQ_CHECK",
        "Serverless-LambdaAsyncFailureDestination",
        "Serverless-LambdaDLQ",
    }
)

_REPORTED_TO = frozenset({"CodePipeline", "CustomResource"})


def _answers_for_itself(function: LambdaFunction, application: Application) -> bool:
    """Whether the function reports its own failure to a caller that waits for the report."""
    found = invocations(application, function)
    return any(each.trigger is not None and each.trigger.source in _REPORTED_TO for each in found)


def _takes_failures(proof: Invocation) -> bool:
    """Whether what invokes the function is itself a failure destination: that chain has to end somewhere."""
    trigger = proof.trigger
    return trigger is not None and trigger.source == "Destination" and "OnFailure" in trigger.path


def _named(proofs: Sequence[Invocation]) -> str:
    names = list(dict.fromkeys(f"{'an ' * (each.call is not None)}{each.description}" for each in proofs))
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _fix(function: LambdaFunction) -> Fix | None:
    edits = add_failure_queue(function)
    if edits is None:
        return None
    return Fix(f"Keep the events that `{function.logical_id}` fails on in a queue", edits, Safety.UNSAFE)
