"""Which methods of APIs ask nothing of who calls them: no authorizer, no IAM, no API key.

`Auth` in SAM: sam-property-api-apiauth, -httpapi-httpapiauth and -function-apifunctionauth; without it, in
API Gateway: "Controlling and managing access". A method is only called open where that is sure: a private
API, a resource policy, mutual TLS, a definition that is not read and whatever is not known make it closed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdalint.template.values import Alternative, Known, Path, Reference

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template
    from lambdalint.template.triggers import Trigger

_SAM_APIS = {"Api": "AWS::Serverless::Api", "HttpApi": "AWS::Serverless::HttpApi"}
_NAMES = {"Api": "RestApiId", "HttpApi": "ApiId"}
_DEFINITIONS = ("DefinitionBody", "DefinitionUri")
_EXTENSION = "x-amazon-apigateway-integration"


@dataclass(frozen=True)
class Method:
    """A method of an API that invokes a function. `path` is where it is written, to be shown by its name;
    `description` what to call it. `anyone` says that nothing asks who calls it."""

    path: Path
    description: str
    anyone: bool


def methods(function: LambdaFunction) -> tuple[Method, ...]:
    """The methods of REST and HTTP APIs that invoke a function, but for those that answer a browser's
    preflight; () where something else invokes it too."""
    if any(trigger.source not in _SAM_APIS for trigger in function.triggers):
        return ()
    return tuple(method for trigger in function.triggers for method in _of(trigger))


def _of(trigger: Trigger) -> Iterator[Method]:
    template, options = trigger.template, trigger.options
    if trigger.proof == "permission":
        yield Method(trigger.path, trigger.description, False)
    elif trigger.proof == "event":
        if not _is(template, (*options, "Method"), "options"):
            anyone = not _mutual(template) and _open_event(trigger)
            yield Method(trigger.path, trigger.description, anyone)
    elif _EXTENSION in options:
        place = options[: options.index(_EXTENSION)]
        if str(place[-1]).lower() != "options":
            anyone = not _mutual(template) and _open_operation(template, place)
            yield Method(place, trigger.description, anyone)
    elif (resource := template.resources.get(str(options[1]))) is not None:
        yield from _written_out(trigger, resource)


def _written_out(trigger: Trigger, resource: Resource) -> Iterator[Method]:
    """Methods and routes as API Gateway's own resources; a definition in another file is not read."""
    template = trigger.template
    if resource.type == "AWS::ApiGateway::Method":
        if not _is(template, (*resource.path, "Properties", "HttpMethod"), "OPTIONS"):
            anyone = (
                not _mutual(template)
                and _asks_nothing(resource)
                and _unlocked(template, resource.get("RestApiId"), "AWS::ApiGateway::RestApi")
            )
            yield Method(resource.path, trigger.description, anyone)
    elif resource.type == "AWS::ApiGatewayV2::Integration":
        for route in template.of_type("AWS::ApiGatewayV2::Route"):
            if not _mentions(route.properties.get("Target"), resource.logical_id):
                continue
            if not _is(template, (*route.path, "Properties", "RouteKey"), "OPTIONS", prefix=True):
                anyone = (
                    not _mutual(template)
                    and _asks_nothing(route)
                    and _unlocked(template, route.get("ApiId"), "AWS::ApiGatewayV2::Api")
                )
                yield Method(route.path, f"the route `{route.logical_id}`", anyone)
    else:
        yield Method(trigger.path, trigger.description, False)


def _open_event(trigger: Trigger) -> bool:
    template, kind = trigger.template, trigger.source
    if not _asks_for_nothing(template.get((*trigger.options, "Auth"))):
        return False
    if not _asks_for_nothing(template.get(("Globals", kind, "Auth"))):
        return False
    if _is_limited(template.globals_.get(kind)):
        return False
    named = template.get((*trigger.options, _NAMES[kind]))
    if named is None:
        return True  # the API that SAM makes of all such events
    api = template.resources.get(named["Ref"]) if isinstance(named, dict) and "Ref" in named else None
    return api is not None and api.type == _SAM_APIS[kind] and _open_api(api)


def _open_api(api: Resource) -> bool:
    if any(name in api.properties for name in _DEFINITIONS) or _is_limited(api.properties):
        return False
    return _asks_for_nothing(api.properties.get("Auth"))


def _asks_for_nothing(auth: object) -> bool:
    """Whether SAM's `Auth` surely adds nothing that every request is asked for. `Authorizer: NONE` is the
    author's word that all may call it, so no oversight."""
    if auth is None:
        return True
    if not isinstance(auth, dict) or any(str(key).startswith("Fn::") or key == "Ref" for key in auth):
        return False
    asked = ("Authorizer", "DefaultAuthorizer", "ApiKeyRequired", "ResourcePolicy", "OverrideApiAuth")
    return all(auth.get(name) in (None, False) for name in asked)


def _open_operation(template: Template, place: Path) -> bool:
    """Whether an operation of an OpenAPI body in the template asks for nothing: neither it nor the body has
    `security`. An empty list is the author's word, as above."""
    body_path = place[: place.index("paths")]
    body, operation = template.get(body_path), template.get(place)
    if not isinstance(body, dict) or not isinstance(operation, dict):
        return False
    asked = ("security", "x-amazon-apigateway-auth", "x-amazon-apigateway-policy")
    if any(name in node for node in (body, operation) for name in asked):
        return False
    if any(str(key).startswith("Fn::") for key in (*body, *operation)):
        return False
    api = template.resources[str(body_path[1])]
    kind = api.type.rpartition("::")[2]
    shared = template.globals_.get(kind) if api.type in _SAM_APIS.values() else None
    auths = (api.properties.get("Auth"), shared.get("Auth") if isinstance(shared, dict) else None)
    return not _is_limited(api.properties) and not _is_limited(shared) and all(map(_asks_for_nothing, auths))


def _asks_nothing(method: Resource) -> bool:
    """Whether a method or route as CloudFormation has it asks for neither identity nor key."""
    kinds = [one.value for one in method.get("AuthorizationType")]
    keys = [one.value for one in method.get("ApiKeyRequired")]
    return (
        "AuthorizerId" not in method.properties
        and all(kind == Known("NONE") for kind in kinds)
        and all(key in (Known(False), Known("false")) for key in keys)
    )


def _unlocked(template: Template, named: tuple[Alternative, ...], kind: str) -> bool:
    """Whether the API of a method is one of the template that nothing limits as a whole."""
    if len(named) != 1 or not isinstance(named[0].value, Reference):
        return False
    api = template.resources.get(named[0].value.logical_id)
    return api is not None and api.type == kind and not _is_limited(api.properties)


def _is_limited(api: object) -> bool:
    """Whether an API may be reached from a private network only, or has a policy; also where that is open."""
    if not isinstance(api, Mapping):
        return False
    if "Policy" in api or "MutualTlsAuthentication" in _text(api.get("Domain")):
        return True
    endpoint = _text(api.get("EndpointConfiguration"))
    return any(word in endpoint for word in ("PRIVATE", '"Ref"', '"Fn::'))


def _mutual(template: Template) -> bool:
    """Whether some domain of the template asks for the client's certificate."""
    domains = template.of_type("AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName")
    return any("MutualTlsAuthentication" in domain.properties for domain in domains)


def _is(template: Template, path: Path, word: str, prefix: bool = False) -> bool:
    written = template.get(path)
    text = written.lower() if isinstance(written, str) else ""
    return text.startswith(word.lower()) if prefix else text == word.lower()


def _mentions(node: object, logical_id: str) -> bool:
    return f'"{logical_id}"' in _text(node) or f"${{{logical_id}}}" in _text(node)


def _text(node: Any) -> str:
    return json.dumps(node, default=str)
