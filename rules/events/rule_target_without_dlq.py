"""rule-target-without-dlq: a rule or schedule whose undeliverable events are thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding
from lambdalint.rule import Rule
from lambdalint.template.deliveries import targets

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class RuleTargetWithoutDlq(Rule):
    """A target of an EventBridge rule or schedule has no dead-letter queue.

    **Why**

    EventBridge retries for a day when it cannot hand an event to a target: the target was throttled, deleted,
    or its permission is gone. Then it drops the event, at once where the error is not worth a retry. A
    dead-letter queue on the target keeps the event with the reason. It catches what never reached the
    function; what the function failed on is caught by its own failure destination.

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
          Events:
            Nightly:
              Type: Schedule
              Properties:
                Schedule: rate(1 day)
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
          Events:
            Nightly:
              Type: Schedule
              Properties:
                Schedule: rate(1 day)
                DeadLetterConfig:
                  Type: SQS
    ```

    With `Type: SQS` SAM makes the queue and its policy.

    **Limits**

    Silent where a macro of your own rewrites the template, and where a condition gives the target a queue in
    one branch. Rules that are made outside of the template are not seen.

    **References**

    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    - https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-deadletterconfig.html
    """

    name = "rule-target-without-dlq"
    severity = "info"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        if template.incomplete:
            return
        for target in targets(template):
            if target.keeps is False:
                yield self.finding(
                    f"{target.name} has no dead-letter queue: events that cannot be delivered are lost",
                    template.label(target.path, "has no DeadLetterConfig", key=target.key),
                    help="add a DeadLetterConfig with an SQS queue",
                    functions=target.functions,
                )
