"""workflow-in-handler: a workflow that one function runs step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.wording import and_
from lambdalint.finding import Finding, Role
from lambdalint.python.steps import Step, chain
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler


_ACTING = 2  # steps that do more than to read


class WorkflowInHandler(Rule):
    """The handler calls three services or more, one with or because of the other's result.

    **Why**

    A function that runs a workflow waits while each service works, and is billed for it; where the third step
    fails, the first two are done and nothing remembers it, so that a retry does them again. The order, the
    branches and the handling of errors hide in code that is hard to test. Step Functions calls the services
    by itself, retries each step alone, and shows where an execution stands.

    **Bad**

    ```python title=src/app.py
    import boto3

    textract = boto3.client("textract")
    comprehend = boto3.client("comprehend")
    table = boto3.resource("dynamodb").Table("documents")


    def handler(event, context):
        page = textract.detect_document_text(Document={"S3Object": event["document"]})
        text = " ".join(block["Text"] for block in page["Blocks"] if block["BlockType"] == "LINE")
        feeling = comprehend.detect_sentiment(Text=text, LanguageCode="en")
        table.put_item(Item={"id": event["id"], "sentiment": feeling["Sentiment"]})
    ```

    **Good**

    ```python title=src/app.py
    def handler(event, context):
        lines = [block["Text"] for block in event["Blocks"] if block["BlockType"] == "LINE"]
        return {"text": " ".join(lines)}
    ```

    A state machine calls Textract, this function, Comprehend and DynamoDB in turn.

    **Limits**

    Opt-in: whether a chain of calls deserves a state machine is a matter of taste and of size. A step counts
    once for each service, and two steps must do more than to read; calls for parameters, secrets, keys, logs
    and metrics, and calls to other than AWS services are no steps. `steps` says from how many on (3).

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/concepts-event-driven-architectures.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/use-cases.html
    - https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """

    name = "workflow-in-handler"
    severity = "info"
    reads = "code"
    default = False
    options: ClassVar[Mapping[str, OptionValue]] = {"steps": 3}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding, at the `def`, with each step labelled."""
        least = handler.application.options(self)["steps"]
        assert isinstance(least, int)
        steps = chain(handler.evaluator, handler.reach, handler.calls)
        if len(steps) < least or sum(step.acts for step in steps) < _ACTING:
            return
        yield self.finding(
            f"`{handler.name}` runs a workflow: {_listed(steps)}",
            handler.label("each step takes the result of the one before, or happens because of it"),
            *(
                step.call.module.label(step.call.node, f"step {number}: {step.api}", Role.RELATED)
                for number, step in enumerate(steps, 1)
            ),
            help="let a Step Functions state machine call the services, and the function only compute",
            functions=handler.ids,
        )


def _listed(steps: tuple[Step, ...]) -> str:
    return and_([f"`{step.api}`" for step in steps])
