"""How long the APIs in front of a function wait for it.

REST APIs wait 29 seconds unless an integration says otherwise, HTTP APIs 30 at most: API Gateway developer
guide, "Amazon API Gateway quotas". Behind a WebSocket API the connection stays, so that a function may go on
and post what it finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdalint.template.batches import number
from lambdalint.template.triggers import Mode, Trigger
from lambdalint.template.values import Known, Path

if TYPE_CHECKING:
    from lambdalint.template.template import Template

SECONDS = {"Api": 29.0, "HttpApi": 30.0}


def waits(trigger: Trigger) -> float | None:
    """The seconds that an API waits for the function; None where the trigger is no API's, where the API does
    not wait or hands the answer on in pieces, and where the template does not tell."""
    if trigger.source not in SECONDS or trigger.mode is not Mode.SYNC or trigger.proof == "permission":
        return None
    holder = _integration(trigger)
    if holder is None:
        return None
    template = trigger.template
    names = ("TimeoutInMillis", "timeoutInMillis")
    written = [one for name in names for one in template.alternatives((*holder, name))]
    streams = [
        one
        for name in ("ResponseTransferMode", "responseTransferMode")
        for one in template.alternatives((*holder, name))
    ]
    if any(not isinstance(one.value, Known) or str(one.value.value).upper() == "STREAM" for one in streams):
        return None
    if not written:
        return SECONDS[trigger.source]
    milliseconds = [number(one) for one in written]
    known = [each for each in milliseconds if each is not None]
    return max(known) / 1000 if len(known) == len(written) else None


def _integration(trigger: Trigger) -> Path | None:
    """Where the integration's settings stand; None for an OpenAPI definition in another file."""
    template: Template = trigger.template
    kind = template.get((*trigger.options[:2], "Type"))
    if trigger.proof == "event":
        return trigger.options
    if kind == "AWS::ApiGateway::Method":
        return (*trigger.options, "Integration")
    if kind == "AWS::ApiGatewayV2::Integration":
        return trigger.options
    inside = "x-amazon-apigateway-integration" in trigger.options
    return trigger.options if inside else None
