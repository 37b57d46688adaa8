"""event-shape-mismatch: a handler requires a field of its event that no trigger sends."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from lambdalint.application.events import FieldPath, Shape, senders, shapes
from lambdalint.finding import Finding, Label, Role
from lambdalint.python.event_reads import EventRead, asked, required_reads
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.finding import FunctionId
    from lambdalint.template.triggers import Trigger

_Sent = Sequence[tuple["FunctionId", "Trigger", Shape]]


class EventShapeMismatch(Rule):
    """The handler requires a field of its event that no trigger of the function sends.

    **Why**

    Each source has events of its own: a queue sends `Records`, an EventBridge rule `detail`, an HTTP API has
    no `httpMethod` unless it uses payload format 1.0. A handler that was written for another source, or was
    moved to another kind of API, raises `KeyError` at every event.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src/
          Handler: app.handler
          Runtime: python3.13
          Events:
            Any:
              Type: HttpApi
    ```

    ```python title=src/app.py
    def handler(event, context):
        return {"statusCode": 200, "body": event["httpMethod"]}
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src/
          Handler: app.handler
          Runtime: python3.13
          Events:
            Any:
              Type: HttpApi
    ```

    ```python title=src/app.py
    def handler(event, context):
        return {"statusCode": 200, "body": event["requestContext"]["http"]["method"]}
    ```

    **Limits**

    Speaks only where the shape of all that invokes the function is known (`data/event_shapes.toml`; the
    option `fields` adds some, source to names with commas between): not of IoT rules, state machines, mapping
    templates, and schedules or rules with an input that is not written out. Only subscripts that run on every
    invocation count, not `get`. Silent where the code asks for a field that one of its sources does not send,
    for then it expects others; where `except KeyError` is around; and under decorators that are not known.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
    """

    name = "event-shape-mismatch"
    severity = "error"
    reads = "both"
    options: ClassVar[Mapping[str, OptionValue]] = {"fields": {}}

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        sent = self._sent(handler)
        if not sent or not handler.entry.kept.event:
            return
        wrong: dict[FieldPath, list[tuple[FieldPath, EventRead]]] = {}
        for read in required_reads(handler.evaluator, handler.reach):
            path: FieldPath = tuple(None if isinstance(step, int) else step for step in read.path)
            if self._is_missing(sent, path):
                wrong.setdefault(path[:-1], []).append((path, read))
        if not wrong or self._expects_others(handler, sent):
            return
        for reads in wrong.values():
            (path, first), *others = reads
            yield self.finding(
                f"`{handler.name}` requires {_texts(reads)}, which no trigger of it sends",
                first.module.label(first.node, "raises KeyError"),
                *(other.module.label(other.node, "so does this", Role.RELATED) for _, other in others),
                *_trigger_labels(sent),
                help=_help(path, [shape for _, _, shape in sent]),
                functions=handler.ids,
            )

    def _sent(self, handler: Handler) -> _Sent:
        found: list[tuple[FunctionId, Trigger, Shape]] = []
        for function in handler.functions:
            of_function = shapes(handler.application, function)
            if not of_function:
                return ()
            found.extend((function.id, trigger, shape) for trigger, shape in of_function)
        more = handler.application.options(self)["fields"]
        assert isinstance(more, dict)
        return [
            (owner, trigger, shape.with_fields(more.get(shape.source, ""))) for owner, trigger, shape in found
        ]

    def _is_missing(self, sent: _Sent, path: FieldPath) -> bool:
        """Whether no source sends the field, though all that it would lie in is sent by one."""
        return not any(shape.sends(path) for _, _, shape in sent) and (
            len(path) == 1 or any(shape.sends(path[:-1]) for _, _, shape in sent)
        )

    def _expects_others(self, handler: Handler, sent: _Sent) -> bool:
        names = asked(handler.evaluator, handler.reach)
        return any(not shape.sends((name,)) for name in names for _, _, shape in sent)


def _texts(reads: Sequence[tuple[FieldPath, EventRead]]) -> str:
    """What is missing at one place: one mistake, however many fields are read there."""
    paths = list(dict.fromkeys(path for path, _ in reads))
    shown = " and ".join(f"`{_text(path)}`" for path in paths[:2])
    return f"`{_text(paths[0])}` and {len(paths) - 1} more" if len(paths) > 2 else shown


def _text(path: FieldPath) -> str:
    """`event["Records"][…]["body"]`."""
    return "event" + "".join("[…]" if step is None else f'["{step}"]' for step in path)


def _trigger_labels(sent: _Sent) -> Iterator[Label]:
    for owner, trigger, shape in sent:
        listed = ", ".join(sorted(shape.fields)[:4]) + (", …" if len(shape.fields) > 4 else "")
        yield trigger.template.label(
            trigger.path, f"{shape.name} sends {listed}", Role.RELATED, key=True, function=owner
        )


def _help(path: FieldPath, known: Sequence[Shape]) -> str:
    for shape in known:
        other = shape.instead.get(path)
        if other is not None:
            return f"{shape.name} sends it as `{_text(other)}`"
    *outer, last = path
    there = {name for shape in known for name in shape.within(tuple(outer))}
    same = [name for name in there if name.lower() == str(last).lower()]
    near = same or difflib.get_close_matches(str(last), there, n=1, cutoff=0.8)
    if near:
        return f"did you mean `{_text((*outer, near[0]))}`? See {known[0].page}"
    names = list(dict.fromkeys(shape.name for shape in senders(path)))
    if names:
        return f"such events come from {' or '.join(names[:3])}: {known[0].page} has what comes here"
    return f"read a field that is sent: {known[0].page or 'see the input of the trigger'}"
