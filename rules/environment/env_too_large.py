"""env-too-large: a function's environment variables take more than Lambda's 4 KB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.environment_size import LIMIT, environment_size

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction


class EnvTooLarge(Rule):
    """A function's environment variables take more than the 4 KB that Lambda allows.

    **Why**

    The limit holds for the names and values of all variables together, and it cannot be raised. Lambda
    refuses the function: the stack fails and rolls back. Globals add to every function's own variables, so
    that a variable more in one place can break a function in another.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Validate:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              AT_HOSTS: &hosts >-
                north1.shops.example.org north2.shops.example.org north3.shops.example.org
                south1.shops.example.org south2.shops.example.org south3.shops.example.org
                east1.shops.example.org east2.shops.example.org east3.shops.example.org
                west1.shops.example.org west2.shops.example.org west3.shops.example.org
                alpine1.shops.example.org alpine2.shops.example.org alpine3.shops.example.org
                harbour1.shops.example.org harbour2.shops.example.org harbour3.shops.example.org
                island1.shops.example.org island2.shops.example.org island3.shops.example.org
                airport1.shops.example.org airport2.shops.example.org airport3.shops.example.org
              BE_HOSTS: *hosts
              CH_HOSTS: *hosts
              DE_HOSTS: *hosts
              DK_HOSTS: *hosts
              FR_HOSTS: *hosts
              IT_HOSTS: *hosts
              NL_HOSTS: *hosts
              PL_HOSTS: *hosts
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Validate:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          Environment:
            Variables:
              HOSTS_PARAMETER: /shop/hosts
          Policies:
            - SSMParameterReadPolicy:
                ParameterName: shop/hosts
    ```

    What does not change from one stage to the next can lie in a file of the package.

    **Limits**

    Counts the bytes of names and values; Lambda may count some more between them. What is known only at
    deployment counts nothing (of `!Sub`, what stands in the template does), so the real size is larger. Under
    conditions, the largest branch counts.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    - https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
    """

    name = "env-too-large"
    severity = "error"
    reads = "template"

    def check_function(self, function: LambdaFunction, application: Application) -> Iterator[Finding]:
        """One finding at the function's Environment, or at that of Globals where it has none of its own."""
        size = environment_size(function)
        if size is None or size.bytes <= LIMIT:
            return
        template = function.template
        own, globally = function.path("Environment"), ("Globals", "Function", "Environment")
        is_own = template.get(own) is not None
        under = " and ".join(f"{name} is {str(holds).lower()}" for name, holds in size.conditions)
        largest = function.property("Environment", "Variables", size.largest)[0]
        yield self.finding(
            f"the environment variables of `{function.logical_id}` take {size.bytes:,} bytes or more"
            f"{f' where {under}' if under else ''}: Lambda allows {LIMIT:,}",
            template.label(own if is_own else globally, "over 4 KB in all", key=True),
            template.label(largest.path, "the largest of them", Role.RELATED),
            *([] if is_own else [function.label("gets them", Role.RELATED, tied=True)]),
            help=f"keep `{size.largest}` in Parameter Store, in S3 or in a file of the package",
            functions=[function.id],
        )
