from __future__ import annotations

import pytest

from lambdalint.template.visibility import Short, short_timeouts
from tests.unit.template.templates import template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  P: {Type: String}
  Long: {Type: Number, Default: 100}
Conditions:
  C: !Equals [!Ref P, a]
"""


def short(queue: str = "{}", fn: str = "Timeout: 60", event: str = "", more: str = "") -> list[Short]:
    """A queue with these properties that is polled for a function."""
    return list(
        short_timeouts(
            template(
                f"{HEAD}{more}Resources:\n"
                f"  Queue: {{Type: AWS::SQS::Queue, Properties: {queue}}}\n"
                f"  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      {fn}\n"
                f"      Events: {{Q: {{Type: SQS, Properties: {{Queue: !GetAtt Queue.Arn{event}}}}}}}\n"
            )
        )
    )


@pytest.mark.parametrize(
    ("queue", "fn", "event", "seconds", "needed"),
    [
        ("{}", "Timeout: 60", "", 30, 360),
        ("{VisibilityTimeout: 359}", "Timeout: 60", "", 359, 360),
        ("{VisibilityTimeout: 360}", "Timeout: 60", ", MaximumBatchingWindowInSeconds: 1", 360, 361),
        ("{VisibilityTimeout: '100'}", "Timeout: !Ref Long", "", 100, 600),
        ("{VisibilityTimeout: 17}", "Handler: app.handler", "", 17, 18),
        ("{VisibilityTimeout: !Ref Long}", "Timeout: 60", "", 100, 360),
    ],
)
def test_six_times_the_timeout_and_the_window(
    queue: str, fn: str, event: str, seconds: int, needed: int
) -> None:
    (found,) = short(queue, fn, event)
    assert (found.seconds, found.needed) == (seconds, needed)


@pytest.mark.parametrize(
    ("queue", "fn", "event"),
    [
        ("{}", "Handler: app.handler", ""),
        ("{VisibilityTimeout: 360}", "Timeout: 60", ""),
        ("{VisibilityTimeout: !Ref P}", "Timeout: 60", ""),
        ("{VisibilityTimeout: !ImportValue x}", "Timeout: 60", ""),
        ("{}", "Timeout: !Ref P", ""),
        ("{VisibilityTimeout: 360}", "Timeout: 60", ", MaximumBatchingWindowInSeconds: !Ref P"),
        # Both long or both short.
        ("{VisibilityTimeout: !If [C, 600, 60]}", "Timeout: !If [C, 100, 10]", ""),
    ],
)
def test_what_is_long_enough_or_not_known_is_silent(queue: str, fn: str, event: str) -> None:
    assert short(queue, fn, event) == []


def test_a_branch_that_is_short_is_told_at_its_own_place() -> None:
    (found,) = short("{VisibilityTimeout: !If [C, 600, 60]}", "Timeout: 60")
    assert found.seconds == 60
    assert found.path[-1] == 2


@pytest.mark.parametrize(("seconds", "refused"), [(59, True), (60, False)])
def test_below_the_timeout_the_mapping_is_refused(seconds: int, refused: bool) -> None:
    (found,) = short(f"{{VisibilityTimeout: {seconds}}}")
    assert found.refused is refused


def test_timeouts_come_from_globals_too() -> None:
    (found,) = short(fn="Handler: app.handler", more="Globals: {Function: {Timeout: 10}}\n")
    assert found.demands[0].timeout_path == ("Globals", "Function", "Timeout")


def test_the_greatest_demand_of_several_functions_comes_first() -> None:
    found = template(
        f"{HEAD}Resources:\n  Queue: {{Type: AWS::SQS::Queue}}\n"
        + "".join(
            f"  F{seconds}:\n    Type: AWS::Lambda::Function\n    Properties: {{Timeout: {seconds}}}\n"
            f"  M{seconds}:\n    Type: AWS::Lambda::EventSourceMapping\n"
            f"    Properties: {{FunctionName: !Ref F{seconds}, EventSourceArn: !GetAtt Queue.Arn}}\n"
            for seconds in (4, 20, 8)
        )
    )
    (short,) = short_timeouts(found)
    assert [demand.function.logical_id for demand in short.demands] == ["F20", "F8"]
    assert short.needed == 120


def test_what_is_never_there_together_is_never_too_short() -> None:
    text = (
        f"{HEAD}Resources:\n"
        "  Queue: {Type: AWS::SQS::Queue, Condition: C, Properties: {VisibilityTimeout: 600}}\n"
        "  Fn: {Type: AWS::Lambda::Function, Properties: {Timeout: !If [C, 10, 300]}}\n"
        "  M:\n    Type: AWS::Lambda::EventSourceMapping\n"
        "    Properties: {FunctionName: !Ref Fn, EventSourceArn: !GetAtt Queue.Arn}\n"
    )
    assert list(short_timeouts(template(text))) == []
    assert list(short_timeouts(template(text.replace("Condition: C, ", ""))))


def test_the_queue_that_sam_makes_has_the_default() -> None:
    (found,) = short_timeouts(
        template(
            f"{HEAD}Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
            "      Timeout: 20\n      Events:\n"
            "        T: {Type: SNS, Properties: {Topic: !ImportValue t, SqsSubscription: true}}\n"
        )
    )
    assert (found.queue, found.seconds, found.needed) == (None, 30, 120)
    assert found.path[-1] == "SqsSubscription"
