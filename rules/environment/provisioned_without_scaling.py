"""provisioned-without-scaling: as many environments at night as at noon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.published import provisioned, scales
from lambdalint.template.values import Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class ProvisionedWithoutScaling(Rule):
    """A provisioned concurrency is fixed: nothing adapts it to what is needed.

    **Why**

    Provisioned concurrency is paid for from the moment it is there, used or not. A fixed number is too much
    whenever the load is low, and too little at the peak, when requests then meet cold starts all the same.
    Application Auto Scaling follows the use, or a timetable.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
          AutoPublishAlias: live
          ProvisionedConcurrencyConfig:
            ProvisionedConcurrentExecutions: 50
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.14
          Handler: app.handler
          CodeUri: src/
          AutoPublishAlias: live
          ProvisionedConcurrencyConfig:
            ProvisionedConcurrentExecutions: 5
      OrdersScaling:
        Type: AWS::ApplicationAutoScaling::ScalableTarget
        DependsOn: OrdersAliaslive
        Properties:
          ServiceNamespace: lambda
          ScalableDimension: lambda:function:ProvisionedConcurrency
          ResourceId: !Sub function:${Orders}:live
          MinCapacity: 2
          MaxCapacity: 50
      OrdersScalingPolicy:
        Type: AWS::ApplicationAutoScaling::ScalingPolicy
        Properties:
          PolicyName: utilization
          PolicyType: TargetTrackingScaling
          ScalingTargetId: !Ref OrdersScaling
          TargetTrackingScalingPolicyConfiguration:
            TargetValue: 0.7
            PredefinedMetricSpecification:
              PredefinedMetricType: LambdaProvisionedConcurrencyUtilization
    ```

    **Limits**

    A scalable target in another stack is not seen. A number that is chosen at deployment (a parameter without
    a default) is silent, as is every one where a scalable target cannot be told from that of another
    function.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
    - https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-lambda.html
    """

    name = "provisioned-without-scaling"
    severity = "info"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        for kept in provisioned(template):
            if not isinstance(kept.value, Known) or scales(template, kept):
                continue
            names = [f"`{each.logical_id}`" for each in kept.functions]
            subject = names[0] if len(names) == 1 else f"{len(names)} functions"
            subject = subject if kept.functions else f"`{kept.holder.logical_id}`" if kept.holder else ""
            yield self.finding(
                f"{kept.value.value} environments of {subject} are kept, used or not",
                template.label(kept.path, "nothing changes this number"),
                *(
                    each.label("is kept warm", Role.RELATED, tied=True)
                    for each in kept.functions
                    if kept.path[:2] != each.resource.path
                ),
                help="add a scalable target of Application Auto Scaling, with a policy or scheduled actions",
                functions=kept.ids,
            )
