"""subscription-without-dlq: a subscription whose undeliverable messages are thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding
from lambdalint.rule import Rule
from lambdalint.template.deliveries import subscriptions

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class SubscriptionWithoutDlq(Rule):
    """An SNS subscription of a function or queue has no redrive policy.

    **Why**

    SNS retries for 23 days when a function or a queue cannot take a message, but drops it at once when the
    error is the client's: the function or queue was deleted, the policy that let SNS in has changed. A
    redrive policy sends such messages to a queue. It catches what never reached the function; what the
    function failed on is caught by its own failure destination.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SNS::Topic
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Order:
              Type: SNS
              Properties:
                Topic: !Ref Orders
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SNS::Topic
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Events:
            Order:
              Type: SNS
              Properties:
                Topic: !Ref Orders
                RedrivePolicy:
                  deadLetterTargetArn: !GetAtt Undelivered.Arn
      Undelivered:
        Type: AWS::SQS::Queue
        Properties:
          MessageRetentionPeriod: 1209600
    ```

    The queue needs a policy that lets the topic send to it.

    **Limits**

    Silent where a macro of your own rewrites the template, and where a condition gives the subscription a
    policy in one branch. Subscriptions of e-mail, HTTP and other protocols are not reported.

    **References**

    - https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sns-subscription.html
    """

    name = "subscription-without-dlq"
    severity = "info"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        if template.incomplete:
            return
        for each in subscriptions(template):
            if each.keeps is False:
                yield self.finding(
                    f"{each.name} has no redrive policy: messages that cannot be delivered are lost",
                    template.label(each.path, "has no RedrivePolicy", key=each.key),
                    help="make it an AWS::SNS::Subscription, which can have a RedrivePolicy"
                    if each.inline
                    else "add a RedrivePolicy with an SQS queue as deadLetterTargetArn",
                    functions=each.functions,
                )
