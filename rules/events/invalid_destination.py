"""invalid-destination: a failure destination or dead-letter queue of a type that does not work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.finding import Finding, Role
from lambdalint.rule import Rule
from lambdalint.template.destinations import NAMES, TYPES, Slot, named, slots
from lambdalint.template.properties import nearest
from lambdalint.template.values import Alternative, Known

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.template import Template


class InvalidDestination(Rule):
    """A destination or dead-letter queue has a type that does not exist, or that what it names is not.

    **Why**

    SAM refuses a `Type` that it does not know. From a type it knows it derives what the function's role may
    do: `Type: SNS` with the ARN of a queue allows publishing to a topic, and Lambda refuses the queue at
    deployment because the role cannot send to it. Lambda itself takes queues and topics as dead-letter
    queues, functions and event buses as destinations too, EventBridge and SNS queues alone, and all of them
    ARNs: `!Ref` of a queue is its URL.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Failed:
        Type: AWS::SQS::Queue
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          DeadLetterQueue:
            Type: SNS
            TargetArn: !GetAtt Failed.Arn
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Failed:
        Type: AWS::SQS::Queue
      Work:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          DeadLetterQueue:
            Type: SQS
            TargetArn: !GetAtt Failed.Arn
    ```

    **Limits**

    What parameters, imports and other stacks bring is not known. Whether a FIFO queue stands where none can
    be is dlq-mismatch.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-deadletterqueue.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-onfailure.html
    """

    name = "invalid-destination"
    severity = "error"
    reads = "template"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        if template.incomplete:
            return
        for slot in slots(template):
            if not slot.types or slot.typed:
                yield from self._typed(template, slot)
                yield from self._named(template, slot)
            elif slot.needs_type:
                yield self.finding(
                    f"{slot.what} has no Type: the SAM transform refuses it",
                    template.label(slot.path, f"needs a Type: {_listed(slot.types)}", key=True),
                    help=f"add Type: {_meant(template, slot) or _listed(slot.types)}",
                    functions=slot.functions,
                )

    def _typed(self, template: Template, slot: Slot) -> Iterator[Finding]:
        for found in slot.typed:
            text = found.value.value if isinstance(found.value, Known) else None
            if not isinstance(text, str):
                continue
            if text not in slot.types:
                meant = nearest(text, slot.types) or _meant(template, slot)
                yield self.finding(
                    f"`{text}` is no Type for {slot.what}: the SAM transform refuses it",
                    template.label(found.path, f"did you mean `{meant}`?" if meant else "no such type"),
                    help=f"write {meant or _listed(slot.types)}",
                    functions=slot.functions,
                )
            elif TYPES[text] not in slot.services:
                yield self.finding(
                    f"{slot.what} cannot be {NAMES[TYPES[text]]}",
                    template.label(found.path, "not for this"),
                    help=f"send to {_any(slot)}",
                    functions=slot.functions,
                )

    def _named(self, template: Template, slot: Slot) -> Iterator[Finding]:
        for found in slot.named:
            what = named(template, found.value)
            if what is None:
                continue
            if what.service not in slot.services:
                yield self.finding(
                    f"{slot.what} names a resource of {what.service}, and can only be {_any(slot)}",
                    template.label(found.path, f"a resource of {what.service}"),
                    help=f"send to {_any(slot)}",
                    functions=slot.functions,
                )
            elif what.attribute:
                yield self.finding(
                    f"{slot.what} must be an ARN, and this is none",
                    template.label(found.path, "gives a name or URL"),
                    help=f"write !GetAtt with {what.attribute}",
                    functions=slot.functions,
                )
            else:
                yield from self._differs(template, slot, found, what.service)

    def _differs(self, template: Template, slot: Slot, found: Alternative, service: str) -> Iterator[Finding]:
        for typed in slot.typed:
            text = typed.value.value if isinstance(typed.value, Known) else None
            if not isinstance(text, str) or text not in slot.types or TYPES[text] == service:
                continue
            if set(typed.conditions) & {(name, not how) for name, how in found.conditions}:
                continue  # never both
            yield self.finding(
                f"{slot.what} says {text} and names {NAMES[service]}: "
                "the function's role gets the wrong permission",
                template.label(typed.path, f"is `{_type(slot, service)}`"),
                template.label(found.path, NAMES[service], Role.RELATED),
                help=f"write Type: {_type(slot, service)}",
                functions=slot.functions,
            )


def _meant(template: Template, slot: Slot) -> str:
    """The type of what the slot names."""
    for found in slot.named:
        what = named(template, found.value)
        if what is not None:
            return _type(slot, what.service)
    return ""


def _type(slot: Slot, service: str) -> str:
    return next((each for each in slot.types if TYPES[each] == service), "")


def _any(slot: Slot) -> str:
    return " or ".join(NAMES[service] for service in slot.services)


def _listed(types: tuple[str, ...]) -> str:
    return " or ".join(types)
