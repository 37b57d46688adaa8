"""How whoever calls a function over HTTP hands the request over, and what it makes of the answer.

A REST API's proxy integration, the two payload formats of HTTP APIs, function URLs and target groups of load
balancers each have a shape of their own. Other integrations map both ways as their author wrote it.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from lambdalint.template.values import Alternative, Known, Reference

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template
    from lambdalint.template.triggers import Trigger

_MULTI_VALUE = "lambda.multi_value_headers.enabled"


class Contract(enum.Enum):
    """The shape of request and answer.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html,
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html,
    https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """

    REST = "rest"  # a REST API's proxy integration
    HTTP_1 = "http 1.0"
    HTTP_2 = "http 2.0"
    URL = "url"
    ALB = "alb"
    ALB_MULTI = "alb multi"  # with headers and query parameters of several values
    WEBSOCKET = "websocket"
    MAPPED = "mapped"  # by templates of the author's own


def contract(trigger: Trigger) -> Contract | None:
    """The contract of a trigger; None for one that is not HTTP's, and where the template does not tell."""
    if trigger.proof == "permission":
        return Contract.URL if trigger.source == "FunctionUrl" else None
    if trigger.source == "FunctionUrl":
        return Contract.URL
    if trigger.source == "ALB":
        return _target_group(trigger)
    if trigger.source == "WebSocketApi":
        return Contract.WEBSOCKET
    if trigger.source not in ("Api", "HttpApi"):
        return None
    if trigger.integration:
        return _integration(trigger.source, trigger.integration)
    if trigger.proof == "event":
        return _event(trigger)
    return _resource(trigger)


def described(function: LambdaFunction) -> tuple[Trigger, ...]:
    """The triggers of a function, without the events of APIs whose definition has an integration with it: the
    definition says more of the same call."""
    defined = {trigger.name for trigger in function.triggers if trigger.integration}
    return tuple(
        trigger
        for trigger in function.triggers
        if not (
            trigger.proof == "event"
            and isinstance(trigger.resource, Reference)
            and trigger.resource.logical_id in defined
        )
    )


def _integration(source: str, words: str) -> Contract | None:
    kind, _, version = words.partition(" ")
    if kind != "aws_proxy":
        return Contract.MAPPED if kind == "aws" else None
    return Contract.REST if source == "Api" else _version(version)


def _version(version: str) -> Contract | None:
    return {"1.0": Contract.HTTP_1, "2.0": Contract.HTTP_2}.get(version)


def _event(trigger: Trigger) -> Contract | None:
    """An event of a SAM function. SAM writes a proxy integration, unless the API's definition is given: then
    it only permits the call, and the definition says how."""
    api = _api(trigger)
    if api is not None and (api.get("DefinitionBody") or api.get("DefinitionUri")):
        return None
    if trigger.source == "Api":
        return Contract.REST
    chosen = trigger.option("PayloadFormatVersion")
    return _version(_text(chosen) or "") if chosen else Contract.HTTP_2


def _resource(trigger: Trigger) -> Contract | None:
    """AWS::ApiGateway::Method and AWS::ApiGatewayV2::Integration."""
    declared = trigger.template.resources.get(trigger.name)
    if declared is None:
        return None
    if declared.type == "AWS::ApiGateway::Method":
        return _integration("Api", (_text(declared.get("Integration", "Type")) or "").lower())
    if declared.type == "AWS::ApiGatewayV2::Integration":
        kind = (_text(declared.get("IntegrationType")) or "").lower()
        version = _text(declared.get("PayloadFormatVersion")) or ""
        return _integration("HttpApi", f"{kind} {version}")
    return None


def _target_group(trigger: Trigger) -> Contract | None:
    group = trigger.template.resources.get(trigger.name)
    if group is None:
        return None
    for attribute in group.items("TargetGroupAttributes"):
        if _text(trigger.template.step([attribute], "Key")) == _MULTI_VALUE:
            chosen = (_text(trigger.template.step([attribute], "Value")) or "").lower()
            return {"true": Contract.ALB_MULTI, "false": Contract.ALB}.get(chosen)
    return Contract.ALB


def _api(trigger: Trigger) -> Resource | None:
    """The API that a SAM event names."""
    template: Template = trigger.template
    if isinstance(trigger.resource, Reference):
        return template.resources.get(trigger.resource.logical_id)
    return None


def _text(found: tuple[Alternative, ...]) -> str | None:
    """The value as text where it is known and the same in every branch."""
    values = {str(one.value.value) if isinstance(one.value, Known) else None for one in found}
    return values.pop() if len(values) == 1 else None
