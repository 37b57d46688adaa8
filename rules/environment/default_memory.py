"""default-memory: a function that runs with the least memory there is, because nobody said how much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.wording import has, some
from lambdalint.finding import Finding
from lambdalint.rule import Rule
from lambdalint.template.function import DEFAULT_MEMORY
from lambdalint.template.shared import lacking

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class DefaultMemory(Rule):
    """A function has no MemorySize, so it gets 128 MB and a fourteenth of a processor.

    **Why**

    Lambda gives processor time in proportion to memory: at 1,769 MB a function has one vCPU, at the default
    of 128 MB a fourteenth of one. Imports, JSON and TLS handshakes then take many times as long, and since
    time is what is paid for, more memory often costs less. Whatever the right size is, it is seldom the
    smallest.

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
          MemorySize: 512
    ```

    Measure before settling on a number: AWS Lambda Power Tuning runs the function with several.

    **Limits**

    Only asks whether a number is written, not whether it is a good one: whoever writes 128 has thought of it.
    Functions that lack it together are one finding, at Globals where there is one. Silent for functions of a
    capacity provider, whose memory is another matter, and where a macro or transform may write it.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    - https://docs.aws.amazon.com/lambda/latest/operatorguide/computing-power.html
    """

    name = "default-memory"
    severity = "info"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        without = [
            each
            for each in template.functions
            if not each.property("MemorySize") and not each.property("CapacityProviderConfig")
        ]
        if not without or template.macros:
            return
        for group in lacking(without, "MemorySize"):
            names = [each.logical_id for each in group.functions]
            yield self.finding(
                f"{some(names)} {has(names)} no MemorySize: {DEFAULT_MEMORY} MB, a fourteenth of a vCPU",
                *group.labels("has no MemorySize"),
                help="set MemorySize; measure what is fastest for its price (AWS Lambda Power Tuning)",
                functions=(each.id for each in group.functions),
            )
